"""Calendars that are fetched by themselves: when, how politely, what is believed, whom troubles concern."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from generator import calendars, polling
from generator.calendars import EVERY, LEASE, SPREAD, Calendar, next_wait
from generator.intake.downloads import Copy, Validators
from generator.press import open_press
from generator.rebuilder import work_once
from guestlink import alerts, clock, crypto, houses, records
from guestlink.errors import GuestLinkError, Outage, Refused
from tests.databases import AT, BY, Inn, Place, together
from tests.guest import open_page
from tests.house import AT as THEN
from tests.house import DOOR, from_folder, link_of, make_home, run_publish, three_stays

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SECRET = "Planted77token"
ADDRESS = f"https://calendar.example.com/ical/1.ics?s={SECRET}"
THREE = (("a", 10), ("b", 13), ("c", 16))


def calendar_of(*stays: tuple[str, int]) -> bytes:
    """A calendar of stays of two nights each: uid and day of November."""
    events = [
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART;VALUE=DATE:202611{day}\r\nDTEND;VALUE=DATE:202611{day + 2}\r\n"
        "SUMMARY:Reserved\r\nEND:VEVENT\r\n"
        for uid, day in stays
    ]
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\n"
    return (head + "".join(events) + "END:VCALENDAR\r\n").encode()


class Server:
    """The machine that has the calendars. `stays` is what it tells, `trouble` what is in the way."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Validators]] = []
        self.stays: tuple[tuple[str, int], ...] = THREE
        self.etag = ""
        self.trouble: GuestLinkError | Exception | None = None

    def __call__(self, address: str, known: Validators) -> Copy:
        self.asked.append((address, known))
        if self.trouble:
            raise self.trouble
        if self.etag and known.etag == self.etag:
            return Copy(is_unchanged=True, validators=known)
        return Copy(body=calendar_of(*self.stays), validators=Validators(etag=self.etag))


class Desk(NamedTuple):
    """The inn with a calendar for its first room, and the server that has it."""

    inn: Inn
    server: Server

    def give(self, room: str = "room-1", address: str = ADDRESS, *, at: datetime = AT) -> None:
        inn = self.inn
        with inn.database.write() as tx:
            houses.change_unit(tx, inn.ring, inn.house, inn.unit(room), at=at, by=BY, feed=address)

    def poll(self, at: datetime = AT) -> list[str]:
        """What came of everything that is due at this instant."""
        return [each.in_words for each in polling.poll_due(self.inn, at=at, fetch=self.server)]

    def poll_now(self, at: datetime = AT, **options: bool) -> str:
        return polling.poll_one(self.inn, self.calendar(), at=at, fetch=self.server, **options).in_words

    def calendar(self, room: str = "room-1") -> Calendar:
        with self.inn.database.read() as db:
            return calendars.find_calendar(db, self.inn.house, self.inn.unit(room))

    def due_in(self, at: datetime = AT) -> timedelta:
        return clock.from_text(self.calendar().due_at) - at

    def alerts(self) -> dict[str, str]:
        with self.inn.database.read() as db:
            return {each.kind: each.words for each in alerts.open_alerts(db, self.inn.house.id)}

    def statuses(self) -> list[str]:
        with self.inn.database.read() as db:
            return [row["status"] for row in db.all("stays_of_property", property_id=self.inn.house.id)]


@pytest.fixture
def desk(inn: Inn) -> Desk:
    made = Desk(inn, Server())
    made.give()
    return made


# -- when ------------------------------------------------------------------------------------------
def test_a_new_address_is_fetched_at_once_and_then_every_half_hour(desk: Desk) -> None:
    assert desk.poll() == ["3 added"]
    assert desk.server.asked == [(ADDRESS, Validators())]
    assert desk.statuses() == ["confirmed"] * 3
    wait = desk.due_in()
    assert EVERY * (1 - SPREAD) <= wait <= EVERY * (1 + SPREAD)
    assert desk.poll(AT + wait - SECOND) == []
    assert desk.poll(AT + wait + SECOND) == ["nothing new"]


def test_waits_differ_by_the_unit_and_stay_the_same_for_each() -> None:
    ids = [clock.new_id() for _ in range(500)]
    waits = [next_wait(each) for each in ids]
    assert waits == [next_wait(each) for each in ids]
    assert EVERY * (1 - SPREAD) <= min(waits) < EVERY * (1 - SPREAD / 2)
    assert EVERY * (1 + SPREAD) >= max(waits) > EVERY * (1 + SPREAD / 2)


def test_one_that_is_held_waits_until_it_is_resumed_or_asked_for_by_name(desk: Desk) -> None:
    with desk.inn.database.write() as tx:
        assert calendars.hold(tx, desk.calendar(), at=AT)
        assert not calendars.hold(tx, desk.calendar(), at=AT)
    assert desk.poll() == []
    assert desk.poll_now() == "3 added"
    with desk.inn.database.write() as tx:
        assert calendars.resume(tx, desk.calendar())
    assert desk.poll() == ["nothing new"]


# -- politely --------------------------------------------------------------------------------------
def test_what_the_server_calls_unchanged_is_not_read_again(desk: Desk) -> None:
    desk.server.etag = '"v1"'
    desk.poll()
    before = desk.inn.stay("a").version
    assert desk.poll(AT + HOUR) == ["nothing new"]
    assert desk.server.asked[-1][1] == Validators(etag='"v1"')
    assert (desk.calendar().fetched_at, desk.calendar().changed_at) == (AT + HOUR, AT)
    desk.server.etag, desk.server.stays = '"v2"', (*THREE, ("d", 19))
    assert desk.poll(AT + 2 * HOUR) == ["1 added, 3 unchanged"]
    assert desk.calendar().etag == '"v2"'
    assert desk.inn.stay("a").version == before


def test_an_equal_body_is_nothing_to_do_even_when_the_server_forgot_that(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    monkeypatch.setattr(polling, "import_file", None)  # whoever calls it fails
    assert desk.poll(AT + HOUR) == ["nothing new"]


def test_failures_double_the_wait_up_to_six_hours_and_a_success_ends_that(desk: Desk) -> None:
    desk.server.trouble = Outage("calendar.example.com answers 503.")
    at, waits = AT, []
    for _ in range(7):
        desk.poll(at)
        waits.append(desk.due_in(at))
        at += waits[-1] + SECOND
    share = waits[0] / EVERY
    assert [round(wait / share / HOUR, 3) for wait in waits] == [0.5, 1, 2, 4, 6, 6, 6]
    desk.server.trouble = None
    assert desk.poll(at) == ["3 added"]
    assert desk.due_in(at) == waits[0]


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        (0, timedelta(), EVERY * (1 + SPREAD)),
        (3 * 3600, 3 * HOUR, 3 * HOUR),
        (365 * 86400, 24 * HOUR, 24 * HOUR),
    ],
)
def test_a_server_that_asks_to_be_left_alone_is_up_to_a_day(
    asked: int, least: timedelta, most: timedelta
) -> None:
    assert least <= next_wait("unit", 1, asked=timedelta(seconds=asked)) <= most


def test_the_wait_that_a_server_asks_for_is_kept(desk: Desk) -> None:
    desk.server.trouble = Outage("calendar.example.com answers 429.", retry_after=5 * 3600.0)
    desk.poll()
    assert desk.due_in() == 5 * HOUR


# -- never twice at once ---------------------------------------------------------------------------
def test_what_somebody_fetches_is_left_alone_until_the_lease_ends(desk: Desk) -> None:
    with desk.inn.database.write() as tx:
        assert calendars.claim_due(tx, at=AT)
    assert desk.poll(AT + LEASE - SECOND) == []
    with pytest.raises(GuestLinkError, match="is being fetched at this moment"):
        desk.poll_now()
    assert desk.poll(AT + LEASE) == ["3 added"]


def test_who_comes_too_late_or_fetched_an_old_address_records_nothing(desk: Desk) -> None:
    with desk.inn.database.write() as tx:
        late = calendars.claim_due(tx, at=AT)
    assert late
    desk.give(address=ADDRESS.replace("1.ics", "2.ics"))
    with desk.inn.database.write() as tx:
        assert not calendars.record(tx, late)
    desk.poll()
    assert [address for address, _ in desk.server.asked] == [ADDRESS.replace("1.ics", "2.ics")]


RACE = """
from generator import polling
from generator.intake.downloads import Copy
from tests.generator.test_polling import calendar_of
asked, keys = arguments
inn = Inn(place.open(), crypto.read_keys(Path(keys)))

def fetch(address, known):
    with open(asked, "a") as file:
        print(address, file=file, flush=True)
    return Copy(body=calendar_of())

go()
polling.poll_due(inn, at=AT, fetch=fetch)
"""


def test_workers_side_by_side_fetch_each_calendar_once(desk: Desk, place: Place, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        desk.give(f"room-{number}", f"https://calendar.example.com/{number}.ics")
    crypto.write_keys(tmp_path / "keys.json", desk.inn.ring.stored)
    told = [str(tmp_path / "asked"), str(tmp_path / "keys.json")]
    together(RACE, place, *[told] * 2)
    asked = (tmp_path / "asked").read_text().split()
    assert sorted(asked) == [f"https://calendar.example.com/{number}.ics" for number in (1, 2, 3)]


# -- what is believed ------------------------------------------------------------------------------
def test_a_calendar_that_lost_most_of_its_stays_proposes_nothing_and_tells_the_host(desk: Desk) -> None:
    desk.server.etag = '"v1"'
    desk.poll()
    desk.server.etag, desk.server.stays = '"v2"', THREE[:1]
    assert desk.poll(AT + HOUR) == ["1 unchanged"]
    assert desk.statuses() == ["confirmed"] * 3
    assert desk.alerts() == {
        "feed-lost-stays": (
            "The calendar of room-1: the feed lost 2 of 3 stays, so nothing is proposed for cancellation. "
            "If that is right: `publish.py feeds fetch harbour-house room-1 --take-losses`."
        )
    }
    desk.server.etag, desk.server.stays = '"v3"', THREE
    desk.poll(AT + 2 * HOUR)
    assert desk.alerts() == {}


@pytest.mark.parametrize("stays", [(), THREE[:1]], ids=["empty", "one left"])
def test_a_host_who_knows_better_takes_the_losses(desk: Desk, stays: tuple[tuple[str, int], ...]) -> None:
    desk.poll()
    desk.server.stays = stays
    desk.poll(AT + HOUR)
    assert desk.alerts().keys() == {"feed-lost-stays"}
    assert "gone from the feed and proposed" in desk.poll_now(AT + HOUR + SECOND, takes_losses=True)
    assert desk.statuses().count("proposed_cancelled") == 3 - len(stays)
    assert desk.alerts() == {}


def test_losses_that_were_settled_by_hand_end_the_alert_although_the_calendar_stays_the_same(
    desk: Desk,
) -> None:
    desk.server.etag = '"v1"'
    desk.poll()
    desk.server.etag, desk.server.stays = '"v2"', THREE[:1]
    desk.poll(AT + HOUR)
    for uid in ("b", "c"):
        desk.inn.change(desk.inn.stay(uid), status="cancelled")
    assert desk.poll(AT + 2 * HOUR) == ["1 unchanged"]
    assert desk.alerts() == {}
    assert desk.poll(AT + 3 * HOUR) == ["nothing new"]


def test_an_empty_calendar_of_a_room_without_stays_is_fine(desk: Desk) -> None:
    desk.server.stays = ()
    assert desk.poll() == ["no rows"]
    assert desk.alerts() == {}


def test_a_stay_that_has_no_room_is_told_and_tried_again_until_it_has_one(desk: Desk) -> None:
    desk.server.etag = '"v1"'
    taken = desk.inn.add("by-hand", desk.inn.period(on=date(2026, 11, 11)))
    assert desk.poll() == ["2 added, 1 row left out"]
    words = desk.alerts()["feed-left-out"]
    assert "room-1 is taken from 2026-11-11 until 2026-11-13 by by-hand" in words
    desk.inn.change(taken, status="cancelled")
    assert desk.poll(AT + HOUR) == ["1 added, 2 unchanged"]
    assert desk.alerts() == {}


# -- whom troubles concern -------------------------------------------------------------------------
def test_five_failures_in_a_row_are_told_and_a_success_ends_that(desk: Desk) -> None:
    desk.server.trouble = Refused("calendar.example.com does not give the feed: it answers 404.")
    at = AT
    for failures in range(1, 6):
        assert desk.alerts() == {}
        desk.poll(at)
        assert desk.calendar().failures == failures
        at += desk.due_in(at)
    assert desk.alerts() == {
        "feed-failing": "The calendar of room-1 has not come since 02 Nov 09:00 UTC. "
        "calendar.example.com does not give the feed: it answers 404."
    }
    desk.server.trouble = None
    desk.poll(at)
    assert desk.alerts() == {}


def test_a_day_of_failures_is_told_however_few_they_are(desk: Desk) -> None:
    desk.server.trouble = Outage("calendar.example.com answers 429.", retry_after=10**9)
    desk.poll()
    assert desk.alerts() == {}
    desk.poll(AT + 25 * HOUR)
    assert desk.alerts().keys() == {"feed-failing"}


def test_what_is_no_calendar_and_a_defect_are_failures_like_others(desk: Desk) -> None:
    desk.server.trouble = OverflowError("planted")
    assert desk.poll() == ["OverflowError: a defect of the program."]
    desk.server.trouble = None
    server: Callable[[str, Validators], Copy] = lambda _address, _known: Copy(body=b"<html>")  # noqa: E731
    (result,) = polling.poll_due(desk.inn, at=AT + HOUR, fetch=server)
    assert result.in_words.startswith("calendar.example.com is not an iCal feed.")
    assert desk.calendar().failures == 2


def test_whoever_holds_a_calendar_hears_no_complaint_of_it(desk: Desk) -> None:
    desk.server.trouble = Outage("calendar.example.com answers 503.")
    for day in range(2):
        desk.poll(AT + day * 25 * HOUR)
    assert desk.alerts().keys() == {"feed-failing"}
    with desk.inn.database.write() as tx:
        calendars.hold(tx, desk.calendar(), at=AT)
    assert desk.alerts() == {}


def test_the_secret_part_of_an_address_is_in_no_row_and_no_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "guestlink")
    desk.poll()
    desk.server.trouble = Outage("calendar.example.com answers 503.")
    desk.poll(AT + HOUR)
    with desk.inn.database.read() as db:
        rows = [*db.all("all_feeds"), *db.all("events_since", position=0, most=1000), *db.all("open_alerts")]
    assert SECRET not in repr(rows) + caplog.text + repr(polling.poll_due(desk.inn, at=AT))
    assert "calendar-read" in caplog.text
    assert "calendar-failed" in caplog.text


# -- beside other work -----------------------------------------------------------------------------
class Hanging:
    """A server that keeps us waiting until it is let go."""

    def __init__(self) -> None:
        self.was_asked, self.go_on = threading.Event(), threading.Event()

    def __call__(self, _address: str, _known: Validators) -> Copy:
        self.was_asked.set()
        self.go_on.wait(20)
        return Copy(body=calendar_of())


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.go_on.set()


def test_a_calendar_that_hangs_keeps_no_code_on_a_page(tmp_path: Path, hanging: Hanging) -> None:
    settings = make_home(tmp_path / "home")
    three_stays(settings)
    run_publish(settings)
    press, stop = open_press(settings), threading.Event()
    with press.database.write() as tx:
        house = records.find_property(tx, "planted")
        room = records.find_unit(tx, house, "room-1")
        houses.change_unit(tx, press.ring, house, room, at=THEN, by=BY, feed=ADDRESS)
    thread = threading.Thread(target=polling.run, args=(press, stop), kwargs={"fetch": hanging})
    thread.start()
    try:
        assert hanging.was_asked.wait(10)
        assert DOOR in open_page(from_folder(settings), link_of(settings, "ANA")).codes
        work_once(press, at=THEN + timedelta(days=2))
        assert DOOR not in open_page(from_folder(settings), link_of(settings, "ANA")).codes
    finally:
        stop.set()
        hanging.go_on.set()
        thread.join()
        press.database.close()
