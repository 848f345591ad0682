"""A code on its way, on each engine: it lies sealed until it is sent, then nowhere; each guess is counted."""

from datetime import timedelta

import pytest

from edge_api import codes as meta_codes
from edge_api import correspondence, duty, envelopes, outbox
from edge_api.messages import Sender, Template
from edge_api.outcomes import NotSent, Unknown
from edge_api.sign_in import codes, invitations
from guestlink.database import Row
from tests.databases import AT, BY, Inn
from tests.lobby import Lobby
from tests.post import Post

MIRA = Sender(wa_id="447700900501", name="Mira")
PHONE = "+44 7700 900501"
TEMPLATE = Template(name=codes.TEMPLATE, language="en", code="x")


class Desk:
    """Mira is staff of the inn, and Meta has approved the template of codes."""

    def __init__(self, inn: Inn) -> None:
        self.inn, self.post, self.lobby = inn, Post(inn), Lobby(inn)
        self.mira = self.lobby.staff(MIRA)
        self.post.approve(TEMPLATE, category="AUTHENTICATION")

    def ask(self, phone: str = PHONE) -> bool:
        with self.inn.database.write() as tx:
            return codes.ask(tx, self.lobby.voice, phone, at=AT)

    def spend(self, digits: str, *, phone: str = PHONE) -> bool:
        with self.inn.database.write() as tx:
            return codes.spend(tx, self.inn.ring, phone, digits, at=AT) is not None

    @property
    def sent(self) -> str:
        """The digits that the phone shows."""
        said = self.post.graph.said[-1].said
        assert isinstance(said, Template)
        return said.values[0]

    @property
    def waiting(self) -> list[Row]:
        """Codes whose digits still lie sealed."""
        with self.inn.database.read() as db:
            driver = db._driver  # type: ignore[attr-defined]
            rows = driver.execute("select id from sign_in_codes where value is not null").fetchall()
            return [dict(row) for row in rows]


@pytest.fixture
def desk(inn: Inn) -> Desk:
    return Desk(inn)


def test_the_digits_go_out_and_lie_nowhere_afterwards(desk: Desk) -> None:
    assert desk.ask()
    assert len(desk.waiting) == 1
    assert desk.post.send() == 1
    assert (len(desk.sent), desk.sent.isdecimal()) == (6, True)
    assert desk.waiting == []
    thread = desk.lobby.thread(MIRA)
    assert [each.content for each in thread] == [
        Template(name=codes.TEMPLATE, language="en", code=_id(thread))
    ]
    assert desk.spend(desk.sent)
    assert not desk.spend(desk.sent)


def _id(thread: list[correspondence.Said]) -> str:
    said = thread[-1].content
    assert isinstance(said, Template)
    return said.code


@pytest.mark.parametrize(
    ("answer", "state"),
    [(NotSent(meta_codes.NO_CONNECTION), "waiting"), (NotSent(131026), "dead"), (Unknown("cut"), "in_doubt")],
)
def test_the_digits_are_kept_only_while_they_are_tried_again(
    desk: Desk, answer: NotSent | Unknown, state: str
) -> None:
    desk.ask()
    (message,) = desk.lobby.thread(MIRA)
    desk.post.graph.answers.append(answer)
    desk.post.send()
    assert desk.post.state(message.id) == state
    assert len(desk.waiting) == (1 if state == "waiting" else 0)


def test_a_code_that_waited_too_long_is_not_sent_and_lies_nowhere(desk: Desk) -> None:
    desk.ask()
    desk.post.send(AT + codes.LIFE)
    assert (desk.post.graph.said, desk.waiting) == ([], [])


def test_a_code_that_somebody_sends_again_by_hand_says_that_it_does_not_count(desk: Desk) -> None:
    desk.ask()
    (message,) = desk.lobby.thread(MIRA)
    desk.post.graph.answers.append(Unknown("cut"))
    desk.post.send()
    with desk.inn.database.write() as tx:
        tx.do("send_by_hand", id=message.id)
    desk.post.send()
    assert [each.reason for each in desk.post.unsent("dead")] == [envelopes.NO_CODE]
    assert len(desk.post.graph.said) == 1


def test_nobody_is_sent_a_code_who_does_not_work_here(desk: Desk) -> None:
    assert not desk.ask("+44 7700 900599")
    with desk.inn.database.write() as tx:
        duty.part(tx, desk.inn.house, desk.mira, at=AT, by=BY)
    assert not desk.ask()


def test_a_second_code_ends_the_first(desk: Desk) -> None:
    desk.ask()
    desk.post.send()
    first = desk.sent
    desk.ask()
    desk.post.send(AT + timedelta(seconds=10))
    assert desk.spend(first) == (first == desk.sent)


def test_every_guess_is_counted_before_it_is_compared(desk: Desk) -> None:
    desk.ask()
    desk.post.send()
    wrong = f"{(int(desk.sent) + 1) % 1_000_000:06}"
    assert [desk.spend(wrong) for _ in range(codes.MOST_TRIES)] == [False] * codes.MOST_TRIES
    assert not desk.spend(desk.sent)


def test_a_link_counts_once_whoever_is_faster(desk: Desk) -> None:
    with desk.inn.database.write() as tx:
        text = invitations.invite(tx, desk.mira, public_url="https://stay.example.com", at=AT, by=BY)
    assert text.startswith("https://stay.example.com/staff/#in=")
    token = text.partition("=")[2]
    spent = []
    for _ in range(2):
        with desk.inn.database.write() as tx:
            spent.append(invitations.spend(tx, token, at=AT) is not None)
    assert spent == [True, False]


def test_forgetting_codes_touches_none_that_waits(desk: Desk) -> None:
    desk.ask()
    with desk.inn.database.write() as tx:
        outbox.forget_codes(tx)
    assert len(desk.waiting) == 1
