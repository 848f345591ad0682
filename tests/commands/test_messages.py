"""A host at the terminal sees what could not be sent and what is in doubt, and decides."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_api import correspondence
from edge_api.dispatch import Office, dispatch_once
from edge_api.messages import Heard, Sender, Text
from edge_api.outcomes import NotSent, Unknown
from edge_api.prices import Prices
from guestlink import clock, records
from guestlink.database import Database
from tests.commands.conftest import Say
from tests.commands.test_requests import desk_of
from tests.post import NUMBER, PUBLIC, Graph

ANA = Sender(wa_id="447700900101", name="Ana")


class Outbox:
    """Ana's conversation, and a courier whose Graph API answers as it is told."""

    def __init__(self, home: Path) -> None:
        self.database: Database
        self.database, self.ring = desk_of(home)
        self.graph = Graph()
        self.office = Office(
            database=self.database,
            ring=lambda: self.ring,
            speaker=self.graph,
            public_url=PUBLIC,
            prices=Prices(currency="EUR", rows={"service": {"default": 1_500}}),
        )
        at = clock.now()
        heard = Heard(wamid="wamid.h", number_id=NUMBER, sender=ANA, at=at, kind="text", text="Hi\nthere")
        with self.database.write() as tx:
            stay = records.find_stay(tx, "ANA")
            talk = correspondence.open_with(tx, self.ring, ANA, number_id=NUMBER, at=at)
            talk = correspondence.bind(
                tx, self.ring, talk, contact=records.contacts(tx, stay)[0], stay_id=stay.id
            )
            correspondence.keep(tx, self.ring, talk, heard, by="guest:ana", at=at)
            self.talk = correspondence.mark(tx, talk, heard_at=at)

    def say(self, text: str) -> str:
        with self.database.write() as tx:
            return correspondence.say(
                tx, self.ring, self.talk, Text(text=text), at=clock.now(), by="desk", why="test"
            )

    def send(self) -> None:
        dispatch_once(self.office, at=clock.now())


@pytest.fixture
def outbox(in_house: Say, home: Path) -> Iterator[Outbox]:
    dates = ("--arrival", "today", "--departure", "tomorrow")
    ana = ("--unit", "room-1", "--reference", "ANA", "--name", "Ana")
    assert in_house("stay", "add", "casa-azul", *dates, *ana).code == 0
    made = Outbox(home)
    yield made
    made.database.close()


def test_what_could_not_be_sent_is_listed_with_the_reason_and_sent_again_by_hand(
    in_house: Say, outbox: Outbox
) -> None:
    outbox.graph.answers.append(NotSent(131026))
    message = outbox.say("Your towels are on their way")
    outbox.send()
    told = in_house("messages").out
    for part in ("1 message could not be sent", "Ana", "Your towels are", "The number is not on WhatsApp"):
        assert part in told
    assert "No message is in doubt" in told
    assert in_house("messages", "retry", message[-6:]).code == 0
    outbox.send()
    assert len(outbox.graph.said) == 2
    assert "All messages could be sent" in in_house("messages", "--failed").out
    assert json.loads(in_house("messages", "--json").out) == []


def test_what_is_in_doubt_is_said_to_be_so_and_sent_again_only_with_a_warning(
    in_house: Say, outbox: Outbox
) -> None:
    outbox.graph.answers.append(Unknown("ReadTimeout"))
    message = outbox.say("Your towels are on their way")
    outbox.send()
    assert "we don't know if it arrived" in in_house("messages", "--doubtful").out
    (line,) = json.loads(in_house("messages", "--json", "--stay", "ANA").out)
    assert (line["id"], line["state"], line["guest"]) == (message, "in_doubt", "Ana")
    assert "twice" in in_house("messages", "retry", message).out


def test_a_message_that_is_given_up_is_not_listed_any_more(in_house: Say, outbox: Outbox) -> None:
    outbox.graph.answers.append(NotSent(131026))
    message = outbox.say("Hello")
    outbox.send()
    assert in_house("messages", "drop", message[-6:]).code == 0
    assert json.loads(in_house("messages", "--json").out) == []
    answer = in_house("messages", "retry", message[-6:])
    assert answer.code == 1
    assert "There is no such message" in answer.err


def test_after_the_cause_is_gone_all_that_could_not_be_sent_is_sent_again(
    in_house: Say, outbox: Outbox
) -> None:
    outbox.graph.answers += [NotSent(190), NotSent(190), Unknown("ReadTimeout")]
    for text in ("1", "2", "3"):
        outbox.say(text)
    outbox.send()
    assert "2 messages will be sent again" in in_house("messages", "retry", "--all").out
    outbox.send()
    assert [said.said.text for said in outbox.graph.said] == ["1", "2", "3", "1", "2"]  # type: ignore[union-attr]


def test_a_conversation_is_shown_with_what_became_of_each_message_and_what_it_cost(
    in_house: Say, outbox: Outbox
) -> None:
    outbox.say("Hello Ana")
    outbox.send()
    told = in_house("messages", "show", "ANA").out
    assert "guest: Hi\n    there" in told
    assert "the house: Hello Ana" in told
    assert "1 message sent for 0.0015 EUR." in told
    shown = json.loads(in_house("messages", "--json", "show", "ANA").out)
    assert [said["words"] for said in shown["messages"]] == ["Hi\nthere", "Hello Ana"]


@pytest.mark.parametrize("words", [("retry",), ("retry", "zzzz"), ("drop", "")])
def test_a_message_that_is_none_is_told(in_house: Say, outbox: Outbox, words: tuple[str, ...]) -> None:
    assert in_house("messages", *words).code in {1, 2}


def test_a_stay_without_words_says_so(in_house: Say, home: Path) -> None:
    dates = ("--arrival", "today", "--departure", "tomorrow")
    assert in_house("stay", "add", "casa-azul", *dates, "--reference", "BEN").code == 0
    told = in_house("messages", "show", "BEN").out
    assert "Nothing was said" in told
    assert "No messages sent." in told
