"""A host at the terminal sees which rooms of today's arrivals are ready, without a name."""

import json
from datetime import timedelta

from edge_api.arrival_rooms import NIGHT
from guestlink import clock, zones
from tests.commands.conftest import Say

ZONE = "Europe/Lisbon"


def test_rooms_of_today_are_ready_or_not_and_no_guest_is_named(in_house: Say) -> None:
    today = zones.local_date(clock.now() - NIGHT, ZONE)  # a guest's day turns at four
    dates = ("--arrival", today.isoformat(), "--departure", (today + timedelta(days=2)).isoformat())
    for room, reference, more in (
        ("room-1", "ANA", ("--expected-arrival", "17:30")),
        ("room-2", "TOMAS", ()),
    ):
        words = ("--unit", room, "--reference", reference, "--name", "Planted", *more)
        assert in_house("stay", "add", "casa-azul", *dates, *words).code == 0
    assert in_house("stay", "set", "ANA", "--ready").code == 0
    told = in_house("rooms")
    assert told.code == 0
    assert "1 of 2 rooms" in told.out
    assert "Planted" not in told.out + in_house("rooms", "casa-azul", "--json").out
    rooms = json.loads(in_house("rooms", "casa-azul", "--json").out)
    assert [(each["room"], bool(each["ready"])) for each in rooms] == [("room-2", False), ("room-1", True)]
    assert rooms[1]["expected"] == "17:30"


def test_no_arrival_is_a_sentence(in_house: Say) -> None:
    assert in_house("rooms").out.strip() == "Nobody arrives today."
