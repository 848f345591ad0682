"""What people of a house look for is found on both engines: by a booking however it is written, by a room."""

from datetime import timedelta

import pytest

from edge_api import search, tokens
from guestlink.contacts import Person
from tests.databases import AT, BY, FRIDAY, Inn
from tests.desk import NOON


def looked_for(inn: Inn, text: str) -> list[str]:
    """The references of the stays that a program of the house finds."""
    with inn.database.write() as tx:
        told = {"name": text, "role": "staff", "house": inn.house, "user_id": ""}
        token = tokens.find(tx, tokens.make_token(tx, **told, at=AT, by=BY), at=AT)
        assert token
        found = search.look_for(tx, inn.ring, token.id, text, at=NOON)
    return [stay.reference for stay in found.stays]


@pytest.mark.parametrize("text", ["lindqvist", "hb-7", "HB-7", "room-2", "Room 2", "2"])
def test_a_stay_is_found_by_guest_booking_and_room(inn: Inn, text: str) -> None:
    inn.add("HB-7", inn.period("room-2"), guest=Person(name="Ana Lindqvist"), reference="HB-7")
    inn.add("HB-8", inn.period("room-1"), guest=Person(name="Tomas Arrieta"), reference="HB-8")
    assert looked_for(inn, text) == ["HB-7"]


def test_who_is_in_the_house_comes_before_who_was_there_and_who_will_be(inn: Inn) -> None:
    for name, days in (("later", 60), ("before", -30), ("now", 0)):
        guest = Person(name="Ana Lindqvist")
        inn.add(name, inn.period("room-2", on=FRIDAY + timedelta(days=days)), guest=guest, reference=name)
    assert looked_for(inn, "lindqvist") == ["now", "before", "later"]
