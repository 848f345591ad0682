"""Notices on both engines: whom they concern is told once, by a channel that reaches them, at an hour that is
allowed, in the words that somebody has looked at.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from edge_api.journey import ledger, notices, sayings
from edge_api.journey.addressees import Wish
from edge_api.journey.notices import Preview
from edge_api.journey.outlook import Lamp
from edge_api.prices import Prices
from guestlink import catalogue, companions, contacts, journal, records
from guestlink.catalogue import Entry
from guestlink.contacts import Person
from guestlink.errors import NotFound, Refused, Stale
from guestlink.records import Stay
from tests.contracts.test_journey import AGREED, ANA, TOMAS, House
from tests.databases import BY, Inn

PRICES = Prices(currency="EUR", rows={"utility": {"default": 20_000, "1": 50_000}, "email": {"default": 100}})
WATER = {
    "en": ("No water on Tuesday", "From nine to eleven."),
    "de": ("Kein Wasser am Dienstag", "Von neun bis elf."),
}
NOBODY = Person(name="Edith Marlstone")
TUESDAY = datetime(2026, 11, 10, 12, tzinfo=UTC)  # noon of the first day
DAY = timedelta(days=1)


class Board:
    """A house with a notice for 10 and 11 November, and guests around it."""

    def __init__(self, inn: Inn) -> None:
        self.inn, self.house = inn, House(inn)
        self.house.publish({})
        self.post()

    def post(self, words: dict[str, tuple[str, str]] = WATER, **fields: Any) -> None:
        told = {"shown_from": "2026-11-10", "shown_until": "2026-11-11", **fields}
        with self.inn.database.write() as tx:
            others = [each for each in catalogue.entries(tx, self.inn.house) if each.kind != "notice"]
            posted = [
                Entry(language=tag, kind="notice", key="water", body=_json(tag, title, text, told))
                for tag, (title, text) in words.items()
            ]
            catalogue.remember(tx, self.inn.house, [*others, *posted])

    def stay(self, uid: str, first: int, last: int, room: str = "", **fields: Any) -> Stay:
        """From a day of November to another."""
        on = date(2026, 11, first)
        period = self.inn.period(room, on=on, nights=last - first)
        told = {"guest": ANA, "opt_in": AGREED, **fields}
        return self.inn.add(uid, period, **told)

    @property
    def lamp(self) -> Lamp:
        return Lamp(ring=self.inn.ring, shelf=self.house.shelf, speaks=self.house.speaks, prices=PRICES)

    def look(self, at: datetime = TUESDAY, **wish: Any) -> Preview:
        with self.inn.database.read() as db:
            return notices.preview(db, self.lamp, self.inn.house, Wish(notice="water", **wish), at=at)

    def send(self, at: datetime = TUESDAY, *, version: str = "", **wish: Any) -> Preview:
        """What was looked at is sent, and whatever is due leaves."""
        version = version or self.look(at, **wish).version
        with self.inn.database.write() as tx:
            wanted = Wish(notice="water", **wish)
            done = notices.send(tx, self.lamp, self.inn.house, wanted, version=version, at=at, by=BY)
        self.house.work(at)
        return done

    def told(self, stay: Stay) -> list[str]:
        """The first lines of the notices that lie in the outbox for a stay."""
        return [each.text.splitlines()[0] for each in self.house.said(stay)]

    def states(self, stay: Stay) -> list[str]:
        with self.inn.database.read() as db:
            return [each.state for each in ledger.of_stay(db, stay.id)]


def _json(tag: str, title: str, text: str, told: dict[str, Any]) -> str:
    body = {"key": "water", "language": tag, "title": title, "text": text, "html": f"<p>{text}</p>", **told}
    return msgspec.json.encode(body).decode()


@pytest.fixture
def board(inn: Inn) -> Board:
    return Board(inn)


def test_whose_days_it_touches_is_told_once_in_their_language_by_what_reaches_them(board: Board) -> None:
    here = board.stay("here", 8, 12)
    leaves = board.stay("leaves", 7, 10, guest=TOMAS, language="de")
    comes = board.stay("comes", 11, 14, guest=Person(name="Rui", email="rui@example.com"), language="fr")
    left = board.stay("left", 6, 9, guest=Person(name="Lena", email="lena@example.com"))
    later = board.stay("later", 12, 14, guest=Person(name="Jonas", email="jonas@example.com"))
    morning = datetime(2026, 11, 10, 9, tzinfo=UTC)
    done = board.send(morning)
    assert (done.guests, done.channels, done.was_told) == (3, {"whatsapp": 1, "email": 2}, 0)
    assert {each.language: each.guests for each in done.said} == {"de": 1, "en": 2}
    assert board.told(here) == board.told(comes) == ["No water on Tuesday"]
    assert board.told(leaves) == ["Kein Wasser am Dienstag"]
    assert board.told(left) == board.told(later) == []
    (said,) = board.house.said(here)
    assert (said.template.name, said.template.values) == (
        "house_notice",
        ("Harbour House", "No water on Tuesday"),
    )


def test_nobody_gets_the_same_words_twice_however_often_they_are_sent(board: Board) -> None:
    here = board.stay("here", 8, 12)
    board.send()
    again = board.send(TUESDAY + timedelta(hours=1))
    assert (again.guests, again.was_told) == (0, 1)
    assert board.told(here) == ["No water on Tuesday"]
    booked_since = board.stay("new", 10, 13, guest=TOMAS)
    board.house.work(TUESDAY + timedelta(hours=2))
    assert board.told(booked_since) == [], "the page tells who books later"
    assert board.send(TUESDAY + timedelta(hours=3)).guests == 1
    assert board.told(booked_since) == ["No water on Tuesday"]


def test_other_words_are_told_to_everybody_again(board: Board) -> None:
    here, german = board.stay("here", 8, 12), board.stay("german", 8, 12, guest=TOMAS, language="de")
    board.send()
    board.post({**WATER, "en": ("No water on Wednesday", "From nine to eleven.")})
    assert board.send().guests == 1
    assert board.told(here) == ["No water on Tuesday", "No water on Wednesday"]
    assert board.told(german) == ["Kein Wasser am Dienstag"]


def test_what_has_changed_since_it_was_looked_at_is_not_sent(board: Board) -> None:
    here = board.stay("here", 8, 12)
    looked = board.look()
    board.post({"en": ("No water on Wednesday", "From nine to eleven.")})
    with pytest.raises(Stale):
        board.send(version=looked.version)
    assert board.states(here) == []


def test_at_night_it_waits_for_the_morning_unless_it_has_to_be_said_at_once(board: Board) -> None:
    night, morning = datetime(2026, 11, 10, 2, tzinfo=UTC), datetime(2026, 11, 10, 8, tzinfo=UTC)
    here = board.stay("here", 8, 12)
    assert board.send(night).leaves_at == morning
    board.house.work(morning - timedelta(minutes=1))
    assert board.told(here) == []
    assert board.send(night).was_told == 1
    urgent = board.send(night + timedelta(hours=1), at_any_hour=True)
    assert (urgent.guests, urgent.leaves_at) == (1, night + timedelta(hours=1))
    assert board.told(here) == ["No water on Tuesday"]
    board.house.work(morning)
    assert board.told(here) == ["No water on Tuesday"]


def test_what_waits_for_the_morning_is_not_said_in_words_that_nobody_has_looked_at(board: Board) -> None:
    here = board.stay("here", 8, 12)
    board.send(datetime(2026, 11, 10, 2, tzinfo=UTC))
    board.post({"en": ("No water on Wednesday", "From nine to eleven.")})
    board.house.work(datetime(2026, 11, 10, 8, tzinfo=UTC))
    assert (board.states(here), board.told(here)) == (["stopped"], [])
    board.send()
    assert board.told(here) == ["No water on Wednesday"]


def test_it_goes_to_those_in_house_or_to_those_who_come(board: Board) -> None:
    here, comes = board.stay("here", 8, 12), board.stay("comes", 10, 12, guest=TOMAS)
    assert board.send(to="arriving").guests == 1, "check-in is at three"
    assert (board.told(here), board.told(comes)) == ([], ["No water on Tuesday"])
    assert board.send(to="in-house").guests == 1
    assert board.told(here) == ["No water on Tuesday"]


def test_it_goes_to_the_guests_of_its_rooms_alone(board: Board) -> None:
    board.post(units=["room-2"])
    board.stay("one", 8, 12, "room-1")
    board.stay("none", 8, 12, guest=NOBODY)
    moved = board.inn.add(
        "moved",
        board.inn.period("room-2", on=date(2026, 11, 7), nights=2),
        board.inn.period("room-3", on=date(2026, 11, 9), nights=4),
        guest=Person(name="Rui", email="rui@example.com"),
    )
    two = board.stay("two", 10, 12, "room-2", guest=TOMAS)
    assert board.send().guests == 1
    assert (board.told(two), board.told(moved)) == (["No water on Tuesday"], [])


def test_whom_nothing_reaches_is_counted_with_the_reason_and_reached_once_that_is_gone(board: Board) -> None:
    nobody = board.stay("nobody", 8, 12, guest=NOBODY, opt_in=None)
    board.stay("airbnb", 8, 12, guest=TOMAS, source="airbnb")
    done = board.send()
    assert {each.reason: each.guests for each in done.unreached} == {
        "No WhatsApp number of the guest is known. No e-mail address of the guest is known.": 1,
        "The booking source does not allow messages outside it.": 1,
    }
    assert board.states(nobody) == ["skipped"]
    with board.inn.database.write() as tx:
        (contact,) = records.contacts(tx, nobody)
        contacts.change_contact(tx, board.inn.ring, contact, TOMAS)
    assert board.send().guests == 1
    assert board.told(nobody) == ["No water on Tuesday"]


def test_a_person_with_two_rooms_is_told_once_and_a_companion_by_their_own_address(board: Board) -> None:
    first = board.stay("1", 8, 12)
    second = board.stay("2", 9, 12)
    companion = Person(name="Tomas", email="tomas@example.com")
    with board.inn.database.write() as tx:
        companions.add_companion(tx, board.inn.ring, first, companion, at=TUESDAY, by=BY)
        companions.add_companion(tx, board.inn.ring, first, Person(name="Kai"), at=TUESDAY, by=BY)
        (contact,) = (each for each in records.contacts(tx, first) if each.role == "booker")
        assert [each.id for each in records.contacts(tx, second)] == [contact.id], "the same Ana"
    done = board.look()
    assert (done.guests, done.channels, done.unreached) == (2, {"whatsapp": 1, "email": 1}, ())


def test_what_it_costs_is_told_before_it_is_sent(board: Board) -> None:
    board.stay("1", 8, 12)
    american = Person(name="Noah", phone="+1 555 0142")
    board.stay("2", 8, 12, guest=american)
    board.stay("3", 8, 12, guest=Person(name="Rui", email="rui@example.com"))
    cost = board.look().cost
    assert (cost.currency, cost.amount, cost.unknown) == ("EUR", 70_100, 0)


def test_a_stay_that_is_cancelled_before_the_morning_is_not_told(board: Board) -> None:
    comes = board.stay("comes", 11, 14)
    board.send(datetime(2026, 11, 10, 2, tzinfo=UTC))
    board.inn.change(comes, at=datetime(2026, 11, 10, 3, tzinfo=UTC), status="cancelled")
    board.house.work(TUESDAY)
    assert (board.states(comes), board.told(comes)) == (["stopped"], [])


def test_who_leaves_before_the_hours_begin_is_not_told_afterwards(board: Board) -> None:
    board.stay("leaves", 8, 11)
    done = board.look(datetime(2026, 11, 10, 22, tzinfo=UTC))
    assert done.guests == 1, "until eleven tomorrow"
    board.stay("early", 8, 11, guest=TOMAS, check_out="07:30")
    done = board.look(datetime(2026, 11, 10, 22, tzinfo=UTC))
    assert [(each.reason, each.guests) for each in done.unreached] == [
        ("It would have come too late to be of use.", 1)
    ]


def test_a_notice_that_is_over_or_not_published_is_refused(board: Board) -> None:
    board.stay("here", 8, 14)
    with pytest.raises(Refused, match="over"):
        board.look(TUESDAY + 2 * DAY)
    with board.inn.database.read() as db, pytest.raises(NotFound, match="'fire'"):
        notices.preview(db, board.lamp, board.inn.house, Wish(notice="fire"), at=TUESDAY)


def test_a_code_that_the_text_names_stays_on_the_page(board: Board) -> None:
    here = board.stay("here", 8, 12, guest=TOMAS)
    board.post({"en": ("The gate is new", "Its code is [[gate-code]] now.")})
    board.send()
    (letter,) = board.house.said(here)
    assert letter.text.endswith("Its code is (see your codes) now.")
    marked = '<p>Its code: <span data-secret="gate-code"></span>.</p>'
    assert sayings.SECRET_IN_HTML.sub("x", marked) == "<p>Its code: x.</p>"


def test_the_list_and_the_journal_tell_who_was_told_and_by_whom(board: Board) -> None:
    board.stay("here", 8, 12)
    board.stay("nobody", 8, 12, guest=NOBODY, opt_in=None)
    board.send(datetime(2026, 11, 10, 2, tzinfo=UTC))
    with board.inn.database.read() as db:
        (posted,) = notices.posted(db, board.inn.house)
        assert posted.titles == {"de": "Kein Wasser am Dienstag", "en": "No water on Tuesday"}
        assert (posted.told, posted.waiting, posted.not_told) == (0, 1, 1)
        events = journal.load(db, f"property:{board.inn.house.id}")
    (event,) = (each for each in events if each.kind == "notice-sent")
    assert (event.by_user, event.body) == (BY, '{"guests":1,"notice":"water","to":"both"}')
