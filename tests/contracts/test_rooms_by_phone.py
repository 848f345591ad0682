"""Rooms that staff say are ready on WhatsApp, on both engines: who arrives today, a tap, and back."""

from datetime import datetime, timedelta

import msgspec
import pytest

from edge_api.messages import Options
from guestlink import catalogue, journal, records
from guestlink.catalogue import Entry
from guestlink.records import Stay
from tests.databases import FRIDAY, TOMAS, Inn
from tests.desk import NOON
from tests.lobby import ANA, JORY, MIRA, Lobby

DAY = timedelta(days=1)
ARRIVAL = NOON - DAY  # Friday
LETTER = {"key": "ready", "language": "en", "send": {"anchor": "ready"}, "text": "Your room is ready."}


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    """Ana comes to room 1 on Friday, Tomas at four to room 2; Mira works there."""
    made = Lobby(inn)
    made.staff(MIRA)
    inn.add("ana", inn.period("room-1"), expected_arrival="17:30")
    inn.add("tomas", inn.period("room-2"), guest=TOMAS, expected_arrival="16:00")
    inn.add("later", inn.period("room-3", on=FRIDAY + DAY))
    return made


def ready_at(inn: Inn, stay: str) -> datetime | None:
    return inn.stay(stay).ready_at


def rows(lobby: Lobby) -> list[tuple[str, str]]:
    said = lobby.last(MIRA)
    assert isinstance(said, Options)
    return [(row.title, row.text) for group in said.groups for row in group.rows]


def test_the_rooms_of_today_come_in_the_order_of_their_guests_and_without_a_name(lobby: Lobby) -> None:
    assert lobby.says(MIRA, "Rooms", at=ARRIVAL) == "showed the rooms"
    assert rows(lobby) == [("Room 2", "Expected at 16:00"), ("Room 1", "Expected at 17:30")]
    assert lobby.taps(MIRA, "Room 2", at=ARRIVAL) == "room ready"
    assert lobby.told(MIRA)[-1] == "Room 2 is ready; the guest’s page says so."
    assert (ready_at(lobby.inn, "tomas"), ready_at(lobby.inn, "ana")) == (ARRIVAL, None)
    assert lobby.says(MIRA, "rooms", at=ARRIVAL) == "showed the rooms"
    assert [title for title, _ in rows(lobby)] == ["Room 1"]
    lobby.says(MIRA, "1 ready", at=ARRIVAL)
    lobby.says(MIRA, "rooms", at=ARRIVAL)
    assert lobby.told(MIRA)[-1] == "All rooms of today’s arrivals are ready."
    lobby.says(MIRA, "rooms", at=ARRIVAL - 7 * DAY)
    assert lobby.told(MIRA)[-1] == "Nobody arrives today."


def test_who_comes_after_midnight_belongs_to_the_day_before(lobby: Lobby) -> None:
    lobby.says(MIRA, "rooms", at=datetime(2026, 11, 7, 2, tzinfo=NOON.tzinfo))
    assert [title for title, _ in rows(lobby)] == ["Room 2", "Room 1"]
    lobby.says(MIRA, "rooms", at=datetime(2026, 11, 7, 5, tzinfo=NOON.tzinfo))
    assert [title for title, _ in rows(lobby)] == ["Room 3"]


def test_a_wrong_tap_is_taken_back(lobby: Lobby) -> None:
    lobby.says(MIRA, "ready 1", at=ARRIVAL)
    assert ready_at(lobby.inn, "ana") == ARRIVAL
    assert lobby.taps(MIRA, "Not ready yet", at=ARRIVAL) == "room not ready"
    assert ready_at(lobby.inn, "ana") is None
    lobby.says(MIRA, "ready 1", at=ARRIVAL)
    assert lobby.says(MIRA, "room 1 is not ready", at=ARRIVAL) == "room not ready"
    assert ready_at(lobby.inn, "ana") is None


def test_ready_twice_is_once(lobby: Lobby) -> None:
    for minute in (0, 5):
        lobby.says(MIRA, "ready 1", at=ARRIVAL + timedelta(minutes=minute))
    assert ready_at(lobby.inn, "ana") == ARRIVAL
    stay = lobby.inn.stay("ana")
    with lobby.inn.database.read() as db:
        events = journal.load(db, f"stay:{stay.id}")
    assert [event.kind for event in events] == ["stay-added", "stay-changed"]


def test_that_the_guest_is_told_is_said_only_if_the_house_has_a_message_for_it(lobby: Lobby) -> None:
    with lobby.inn.database.write() as tx:
        kept = catalogue.entries(tx, lobby.inn.house)
        body = msgspec.json.encode(LETTER).decode()
        letter = Entry(language="en", kind="journey", key="ready", body=body)
        catalogue.remember(tx, lobby.inn.house, [*kept, letter])
    lobby.says(MIRA, "ready 1", at=ARRIVAL)
    assert lobby.told(MIRA)[-1] == "Room 1 is ready; the guest is told."


def test_a_room_into_which_nobody_comes_and_one_that_is_none(lobby: Lobby) -> None:
    assert lobby.says(MIRA, "3 ready", at=ARRIVAL) == "nobody arrives there"
    assert lobby.says(MIRA, "14 ready", at=ARRIVAL) == "showed the rooms"


def test_people_of_no_house_and_guests_make_nothing_ready(lobby: Lobby) -> None:
    user = lobby.staff(JORY)
    stay: Stay = lobby.inn.stay("ana")
    with lobby.inn.database.write() as tx:
        tx.do("forget_membership", user_id=user.id, property_id=lobby.inn.house.id)
    for who in (JORY, ANA):
        lobby.says(who, "Room 1", kind="interactive", choice=f"ready:{stay.id}", at=ARRIVAL)
    assert ready_at(lobby.inn, "ana") is None
    with lobby.inn.database.read() as db:
        assert records.stay_by_id(db, stay.id).version == stay.version


def test_a_stay_that_was_cancelled_since_is_said_so(lobby: Lobby) -> None:
    lobby.says(MIRA, "rooms", at=ARRIVAL)
    lobby.inn.change(lobby.inn.stay("ana"), status="cancelled")
    assert lobby.taps(MIRA, "Room 1", at=ARRIVAL) == "refused"
    assert "cancelled" in lobby.told(MIRA)[-1]


def test_other_words_of_staff_are_answered_with_both_once_a_day(lobby: Lobby) -> None:
    assert lobby.says(MIRA, "good morning", at=ARRIVAL) == "staff wrote something else"
    assert "“code 4 2580”" in lobby.told(MIRA)[-1]
    assert "“rooms”" in lobby.told(MIRA)[-1]
