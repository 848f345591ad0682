"""What boards are told between two positions: whatever changed, as it is now, to whom it concerns, on both
engines; nothing is passed over, however transactions overlap.
"""

import threading
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from edge_api import duty, frames, front_desk, house_day, outbox, shift_notes, tokens
from edge_api.frames import News, Position
from edge_api.messages import Receipt
from edge_api.requests import Accept
from edge_api.wishes import Asked
from guestlink import houses, records, secret_values
from guestlink.contacts import Person
from guestlink.database import Database
from guestlink.houses import HouseDraft
from guestlink.records import Property
from guestlink.secret_values import Rule
from tests.databases import AT, BY, Inn
from tests.desk import NOON, words
from tests.lobby import ANA, MIRA, NUMBER, Lobby
from tests.town import until


class Watcher:
    """Somebody who looks at the board of a house, and keeps the position."""

    def __init__(self, inn: Inn, house: Property | None = None) -> None:
        self._inn = inn
        self._houses = frozenset({(house or inn.house).id})
        with inn.database.write() as tx:
            tx.do("move_board", kind="stay", subject="none")  # the first move there is
        until(lambda: not self._is_forgotten(), "the server has no older transaction")
        self.position = self.head()

    def _is_forgotten(self) -> bool:
        with self._inn.database.read() as db:
            return frames._is_forgotten(db, frames.head(db))

    def head(self) -> Position:
        with self._inn.database.read() as db:
            return frames.head(db)

    def news(self, since: Position | None = None) -> News:
        with self._inn.database.read() as db:
            return frames.news(db, self._inn.ring, since or self.position, at=NOON)

    def look(self) -> dict[str, Any]:
        """What is new since the last look; nothing when nothing is."""
        news = self.news()
        self.position = news.until
        told = news.told(self._houses)
        frame: dict[str, Any] = msgspec.json.decode(told) if told else {}
        return {name: value for name, value in frame.items() if value and name != "position"}


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    return Lobby(inn)


@pytest.fixture
def watcher(lobby: Lobby) -> Watcher:
    lobby.inn.add("ana")
    lobby.staff(MIRA)
    return Watcher(lobby.inn)


def ask(lobby: Lobby, key: str = "a-key-of-ana") -> str:
    stay = lobby.inn.stay(_reference(lobby))
    with lobby.inn.database.write() as tx:
        made = front_desk.ask_for(
            tx, lobby.inn.ring, stay.id, Asked(key=key, note="soap"), at=NOON, by=BY, words=words()
        )
    return made.request.id


def _reference(lobby: Lobby) -> str:
    with lobby.inn.database.read() as db:
        return str(db.all("stays_of_property", property_id=lobby.inn.house.id)[0]["id"])


def test_a_board_is_told_of_a_request_as_it_is_now_and_once(lobby: Lobby, watcher: Watcher) -> None:
    request_id = ask(lobby)
    with lobby.inn.database.write() as tx:
        front_desk.answer(tx, lobby.inn.ring, request_id, Accept(), at=NOON, by=BY)
    (told,) = watcher.look()["requests"]
    assert (told["id"], told["state"], told["guest"]) == (request_id, "accepted", "Ana Lindqvist")
    assert watcher.look() == {}


def test_nobody_is_told_of_another_house(lobby: Lobby, watcher: Watcher) -> None:
    draft = HouseDraft(slug="mill-house", zone="Europe/London", currency="GBP", default_language="en")
    with lobby.inn.database.write() as tx:
        mill = houses.add_property(tx, draft, at=AT, by=houses.acting_user(tx))
    elsewhere = Watcher(lobby.inn, mill)
    ask(lobby)
    lobby.says(ANA, "Is there a piano?")
    assert elsewhere.look() == {}
    assert watcher.look().keys() >= {"requests", "conversations"}


def test_whatever_is_said_moves_its_conversation_and_no_other(lobby: Lobby, watcher: Watcher) -> None:
    lobby.says(ANA, "Is there a piano?")
    (told,) = watcher.look()["conversations"]
    assert told["who"]["name"] == "Ana Lindqvist"
    assert told["waiting_since"]
    assert told["channel"] == "whatsapp"
    lobby.says(MIRA, "Good morning")
    assert "conversations" not in watcher.look()


def test_a_receipt_moves_a_conversation(lobby: Lobby, watcher: Watcher) -> None:
    lobby.says(ANA, "Is there a piano?")
    message_id = next(each.id for each in lobby.thread(ANA) if each.direction == "out")
    wamid = lobby.sent(message_id, ANA, at=NOON)
    watcher.look()
    receipt = Receipt(wamid=wamid, number_id=NUMBER, status="read", at=NOON, callback=message_id)
    with lobby.inn.database.write() as tx:
        assert outbox.settle(tx, lobby.inn.ring, receipt, at=NOON) == "sent"
    assert len(watcher.look()["conversations"]) == 1
    with lobby.inn.database.write() as tx:
        assert outbox.settle(tx, lobby.inn.ring, receipt, at=NOON) is None
    assert watcher.look() == {}


def test_a_stay_that_comes_today_is_told_and_one_that_does_not_any_more_is_gone(
    lobby: Lobby, watcher: Watcher
) -> None:
    inn = lobby.inn
    stay = inn.add("tomas", inn.period("room-2", on=NOON.date()), guest=Person(name="Tomas"))
    assert [line["guest"] for line in watcher.look()["stays"]] == ["Tomas"]
    link = inn.links(stay)[0]
    with inn.database.write() as tx:
        front_desk.opened_page(tx, link.id, codes=True, at=NOON)
    (line,) = watcher.look()["stays"]
    assert line["codes_seen"] == line["opened_page"] == NOON.date().isoformat()
    inn.change(inn.stay(stay.id), status="cancelled")
    assert watcher.look()["gone"] == [stay.id]


def test_a_line_says_since_when_codes_are_out_by_the_rule_and_for_the_room(lobby: Lobby) -> None:
    inn, told = lobby.inn, {"value": "583106", "at": AT, "by": BY}
    stay = inn.add("tomas", inn.period("room-2", on=NOON.date()), guest=Person(name="Tomas"))
    rules = {
        "wifi-password": ("room-1", Rule(kind="hours", hours=72)),
        "key-box": ("room-2", Rule(kind="ready")),
        "door-code": ("room-2", Rule(kind="hours", hours=24)),
    }
    with inn.database.write() as tx:
        for name, (room, rule) in rules.items():
            unit = inn.unit(room)
            secret_values.set_secret(tx, inn.ring, inn.house, name=name, unit=unit, rule=rule, **told)
    with inn.database.read() as db:
        line = house_day.line_of(db, inn.ring, inn.house, stay, at=NOON)
        check_in = records.moments(stay, inn.house).check_in
    assert line is not None
    assert line.codes_at == check_in - timedelta(hours=24)


def test_what_a_whole_board_shows_is_fetched_anew(lobby: Lobby, watcher: Watcher) -> None:
    with lobby.inn.database.write() as tx:
        shift_notes.write(tx, lobby.inn.ring, lobby.inn.house, "The boiler hums.", at=NOON, by=BY)
    assert watcher.look() == {"again": True}
    with lobby.inn.database.write() as tx:
        told = {"name": "door-code", "value": "583106", "at": NOON, "by": BY}
        secret_values.set_secret(tx, lobby.inn.ring, lobby.inn.house, **told)
    assert watcher.look() == {"again": True}
    with lobby.inn.database.read() as db:
        note = shift_notes.of_house(db, lobby.inn.ring, lobby.inn.house)
    assert note
    assert (note.words, note.version) == ("The boiler hums.", 1)


@pytest.mark.parametrize("most", [3])
def test_who_missed_too_much_or_knows_the_future_fetches_the_board_anew(
    lobby: Lobby, watcher: Watcher, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    before = watcher.position
    for number in range(most):
        ask(lobby, f"a-key-of-ana-{number}")
    monkeypatch.setattr(frames, "MOST", most)
    assert not watcher.news(before).is_lost
    ask(lobby, "one-more-key")
    assert watcher.news(before).is_lost
    now = watcher.head()
    assert watcher.news(Position(now.journal + 1, now.moves)).is_lost
    assert watcher.news(Position(now.journal, now.moves + 1)).is_lost


def test_purged_moves_are_never_passed_over_in_silence(lobby: Lobby, watcher: Watcher) -> None:
    before = watcher.position
    lobby.says(ANA, "Is there a piano?")
    lobby.says(ANA, "Or a harp?")
    with lobby.inn.database.write() as tx:
        tx.do("forget_moves", most=1)
    assert watcher.news(before).is_lost


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_transaction_that_ends_late_is_not_passed_over(lobby: Lobby, watcher: Watcher) -> None:
    """On PostgreSQL a change gets its number before it is committed, and another one may overtake it."""
    database = lobby.inn.database
    began, go = threading.Event(), threading.Event()

    def slow() -> None:
        with database.write() as tx:
            tx.do("move_board", kind="stay", subject=_reference(lobby))
            began.set()
            go.wait(20)

    slowly = threading.Thread(target=slow)
    slowly.start()
    began.wait(20)
    lobby.says(ANA, "Is there a piano?")
    news = watcher.news()
    assert "conversations" in {piece.kind for piece in news.pieces}
    with database.read() as db:
        again = frames.news(db, lobby.inn.ring, news.until, at=NOON, known=news.moves)
    assert again.pieces == ()
    go.set()
    slowly.join()
    with database.read() as db:
        late = frames.news(db, lobby.inn.ring, again.until, at=NOON, known=again.moves)
    assert [piece.kind for piece in late.pieces] == ["stays"]


def test_who_is_told_is_who_reaches_the_house_now(lobby: Lobby, database: Database) -> None:
    user = lobby.staff(MIRA)
    with database.write() as tx:
        text = tokens.make_token(tx, name="board", role="staff", house=lobby.inn.house, at=AT, by=BY)
        token = tokens.find(tx, text, at=AT)
        assert token
        assert frames.reach(tx, token.id) == frames.reach(tx, user.id) == {lobby.inn.house.id}
        tokens.revoke(tx, token.id, at=AT, by=BY)
        duty.part(tx, lobby.inn.house, user, at=AT, by=BY)
    with database.read() as db:
        assert frames.reach(db, token.id) == frames.reach(db, user.id) == frozenset()
