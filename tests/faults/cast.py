"""Who stays in two houses, and what they do; everybody is invented. Who books when stands in a table, in
which `ways` are the channels by which something really reaches a guest. On the last Sunday of October clocks
go back in one house, a week later in the other.
"""

import csv
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, time
from pathlib import Path
from typing import Any

from generator import calendars
from generator.intake.downloads import Copy
from generator.polling import poll_one
from guestlink import houses, records
from tests.diary import Facts, House, Life
from tests.faults.story import Act, Story
from tests.house import BY, opened

TABLES = Path(__file__).parent
CONSENT = "You may write to me on WhatsApp about my stay."
NOT_ON_WHATSAPP = "no-whatsapp"
FEED = "https://calendar.example.com/room-12.ics"
CALENDAR = """BEGIN:VCALENDAR
PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN
VERSION:2.0
BEGIN:VEVENT
DTSTAMP:20231001T060000Z
DTSTART;VALUE=DATE:{}
DTEND;VALUE=DATE:{}
SUMMARY:Reserved
UID:1418fb94e984-0a1b2c3d4e5f60718293a4b5c6d7e8f9@airbnb.com
DESCRIPTION:https://www.airbnb.com/hosting/reservations/details/HMFEED0001
END:VEVENT
END:VCALENDAR
"""


def bookings(table: str, houses_there: Mapping[str, House]) -> Iterator[Act]:
    with (TABLES / table).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            house = houses_there[row["house"]]
            yield Act(row["booked"], house, lambda story, row=row, house=house: _book(story, house, row))


def _book(story: Story, house: House, row: Mapping[str, str]) -> None:
    """Who has a phone with all its digits has agreed to be written to on it."""
    more = dict(part.split("=") for part in row["more"].split() if "=" in part)
    story.books(
        row["reference"],
        house,
        row["name"],
        unit=row["unit"],
        nights=(row["arrives"], row["leaves"]),
        ways=row["ways"].split(),
        language=row["language"],
        source=row["source"],
        phone=row["phone"],
        mail=row["mail"],
        consent=CONSENT if row["phone"].startswith("+") else "",
        has_phone=row["more"] != NOT_ON_WHATSAPP,
        **more,
    )


def _change(when: str, house: House, reference: str, *words: str, **facts: Any) -> Act:
    return Act(when, house, lambda story: story.changes(reference, *words, **facts))


def ten_days(house: House) -> Iterator[Act]:
    yield from bookings("ten_days.csv", {house.slug: house})
    yield Act("2023-10-24T12:00", house, lambda story: story.tells_arrival("LENA", "17:30"))
    yield _change("2023-10-26T12:00", house, "NOAH", "--status", "cancelled", is_on=False)
    longer = date(2023, 11, 1)
    yield _change("2023-10-30T12:00", house, "SAM", "--departure", f"{longer}", leaves=longer)


def forty_days(harbour: House, ferry: House) -> Iterator[Act]:
    yield from bookings("forty_days.csv", {harbour.slug: harbour, ferry.slug: ferry})
    yield from _change_of_mind(harbour)
    yield from _guests_do(harbour)
    yield from _house_does(harbour)
    yield from _rooms_are_ready(ferry)


def _change_of_mind(house: House) -> Iterator[Act]:
    off, on = ("--status", "cancelled"), ("--status", "confirmed")
    yield _change("2023-10-11T23:00", house, "GONE", *off, is_on=False)
    yield _change("2023-11-01T12:00", house, "AWAY", *off, is_on=False)
    yield _change("2023-10-20T12:30", house, "BACK", *off, is_on=False)
    yield _change("2023-10-24T12:00", house, "BACK", *on, is_on=True)
    yield _change("2023-10-28T10:00", house, "NO-SHOW", "--status", "no-show", is_on=False)
    longer = date(2023, 10, 30)
    yield _change("2023-10-28T12:00", house, "EXTRA", "--departure", f"{longer}", leaves=longer)
    yield Act("2023-10-27T12:10", house, _leaves_earlier)
    yield _change("2023-10-29T13:00", house, "MOVES", "--move", "room-5 from 2023-10-30")


def _leaves_earlier(story: Story) -> None:
    nights = {"unit": "room-11", "from_on": "2023-10-26", "until_on": "2023-10-29"}
    story.turns(
        "SHORTER",
        lambda: story.api("PATCH", "", "SHORTER", {"nights": [nights]}),
        leaves=date(2023, 10, 29),
    )


def _guests_do(house: House) -> Iterator[Act]:
    yield Act("2023-10-10T18:00", house, lambda story: story.tells_arrival("LENA", "17:30"))
    yield Act("2023-10-22T07:10", house, lambda story: story.opens_page("SEEN", codes=True))
    yield Act("2023-10-22T16:00", house, _asks_for_a_late_check_out)
    yield Act("2023-10-30T12:00", house, _brings_somebody)
    yield Act("2023-11-02T12:00", house, _writes_stop)
    yield Act("2023-11-05T12:00", house, _stops_mails)


def _asks_for_a_late_check_out(story: Story) -> None:
    story.writes("ANA", "late check-out please")
    story.town.taps("mira", "Accept")
    story.lives["ANA"].turn(story.town.now(), check_out=time(13))


def _brings_somebody(story: Story) -> None:
    story.hears("PAIR", "companion", "email", who="companion")
    words = ("--name", "Inès Belle-Marée", "--email", "ines@example.com")
    story.town.say("stay", "companion", "add", "PAIR", *words)


def _writes_stop(story: Story) -> None:
    story.turns("STOP", lambda: story.writes("STOP", "STOP"), ways=frozenset({"email"}))


def _stops_mails(story: Story) -> None:
    story.turns("UNSUBSCRIBES", lambda: story.stops_mails("UNSUBSCRIBES"), ways=frozenset())


def _house_does(house: House) -> Iterator[Act]:
    yield Act("2023-10-15T09:00", house, lambda story: _calendar(story, house, "2023-11-12", "2023-11-14"))
    yield Act("2023-10-25T09:00", house, lambda story: _calendar(story, house, "2023-11-13", "2023-11-15"))
    yield Act("2023-10-24T12:10", house, _changes_a_code)
    yield Act("2023-11-06T10:00", house, lambda story: _tells_of_the_water(story, house))


def _changes_a_code(story: Story) -> None:
    """A cleaner does, on the phone; who lives in the room is told."""
    story.town.writes("mira", "code room-4 258014")
    story.hears("RELAY", "codes-changed", "email")
    story.town.taps("mira", "Yes")


def _tells_of_the_water(story: Story, house: House) -> None:
    days, words = ("2023-11-06", "2023-11-07"), {"title": "No water on Tuesday", "text": "From 9 to 11."}
    story.tells(house, "water", days, **words)
    story.hears("PAIR", "notice", "email", who="companion")


def _calendar(story: Story, house: House, arrives: str, leaves: str) -> None:
    """What a booking site says of room 12; no process may fetch it from this machine, so the test does."""
    at, days = story.town.now(), (arrives.replace("-", ""), leaves.replace("-", ""))
    body = CALENDAR.format(*days).replace("\n", "\r\n").encode()
    database, ring = opened(story.town.settings)
    with closing(database):
        with database.write() as tx:
            there = records.find_property(tx, house.slug)
            unit = records.find_unit(tx, there, "room-12")
            houses.change_unit(tx, ring, there, unit, at=at, by=BY, feed=FEED)
            calendar = calendars.find_calendar(tx, there, unit)
            calendars.hold(tx, calendar, at=at)
        office = _Office(database, ring)
        poll_one(office, calendar, at=at, fetch=lambda *_: Copy(body=body))
    facts = {"arrives": date.fromisoformat(arrives), "leaves": date.fromisoformat(leaves)}
    if life := story.lives.get("HMFEED0001"):
        life.turn(at, **facts)
    else:
        booked = Facts(booked=at, language="en", ways=frozenset(), source="airbnb", **facts)
        story.lives["HMFEED0001"] = Life("HMFEED0001", "Somebody", house, [(at, booked)], [])


class _Office:
    def __init__(self, database: Any, ring: Any) -> None:
        self.database, self.ring = database, ring


def _rooms_are_ready(house: House) -> Iterator[Act]:
    """One by a program, one by the command when nobody is written to any more, one by phone."""
    yield Act("2023-10-30T11:00", house, _is_ready_by_the_api)
    yield Act("2023-11-04T21:00", house, lambda story: _is_ready(story, "CHILDREN"))
    yield Act("2023-11-05T10:00", house, _is_ready_by_phone)


def _is_ready(story: Story, reference: str) -> None:
    story.changes(reference, "--ready", ready=story.town.now())


def _is_ready_by_the_api(story: Story) -> None:
    wish = {"is_ready": True}
    story.turns("LUCIA", lambda: story.api("PUT", "/readiness", "LUCIA", wish), ready=story.town.now())


def _is_ready_by_phone(story: Story) -> None:
    story.turns("RUI", lambda: story.town.writes("jory", "ready 3"), ready=story.town.now())
