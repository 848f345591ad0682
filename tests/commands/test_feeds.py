"""`publish.py feeds`: what came of each calendar in words, a fetch at once, calendars that are held."""

import json

import pytest

from generator import polling
from generator.intake.downloads import Copy, Validators
from guestlink.errors import Outage

ADDRESS = "https://calendar.example.com/ical/1.ics?s=Planted77token"
NONE = "No calendar is fetched. `publish.py unit set PROPERTY UNIT --feed` takes the address of one."


def calendar_of(*days: int) -> bytes:
    events = [
        f"BEGIN:VEVENT\r\nUID:HV-{day}\r\nDTSTART;VALUE=DATE:209011{day}\r\n"
        f"DTEND;VALUE=DATE:209011{day + 2}\r\nSUMMARY:Reserved\r\nEND:VEVENT\r\n"
        for day in days
    ]
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


class Server:
    """The machine that has the calendar."""

    def __init__(self) -> None:
        self.days: tuple[int, ...] = (10, 13, 16)
        self.trouble: Outage | None = None

    def __call__(self, address: str, known: Validators) -> Copy:
        assert address == ADDRESS
        if self.trouble:
            raise self.trouble
        return Copy(body=calendar_of(*self.days))


@pytest.fixture
def server(monkeypatch) -> Server:
    made, real = Server(), polling.poll_one
    monkeypatch.setattr(polling, "poll_one", lambda *args, **told: real(*args, **told, fetch=made))
    return made


@pytest.fixture
def with_feed(in_house, server):
    in_house("unit", "set", "casa-azul", "room-2", "--feed", typed=ADDRESS)
    return in_house


def row(say) -> list[str]:
    """The only calendar of the table."""
    return say("feeds").out.splitlines()[1].split("\t")


def test_a_house_without_calendars_is_told_how_to_give_one(in_house):
    assert in_house("feeds").last == NONE
    answer = in_house("feeds", "fetch")
    assert (answer.code, "--feed" in answer.err) == (1, True)
    answer = in_house("feeds", "fetch", "casa-azul", "room-1")
    assert answer.err.startswith("room-1 of casa-azul has no calendar.")


def test_a_calendar_is_told_by_its_machine_and_by_what_came_of_it(with_feed):
    assert row(with_feed) == [
        *("casa-azul", "room-2", "calendar.example.com", "never", "at once", "not fetched yet")
    ]
    answer = with_feed("feeds", "fetch")
    assert answer.out.splitlines()[0] == "casa-azul, room-2: 3 added."
    shown = row(with_feed)
    assert shown[3].endswith("UTC")
    assert shown[5] == "3 added"
    (told,) = json.loads(with_feed("feeds", "list", "--json").out)
    assert (told["host"], told["failures"], told["told"]) == ("calendar.example.com", 0, "3 added")
    everything = answer.out + answer.err + with_feed("feeds").out + json.dumps(told)
    assert "Planted77token" not in everything


def test_a_failure_is_told_here_and_by_status_before_anybody_is_alarmed(with_feed, server):
    server.trouble = Outage("calendar.example.com answers 503.")
    answer = with_feed("feeds", "fetch", "casa-azul", "room-2")
    assert (answer.code, answer.err.strip()) == (75, "casa-azul, room-2: calendar.example.com answers 503.")
    assert row(with_feed)[5].startswith("failed once since ")
    status = with_feed("status").out
    assert "calendar        room-2 failed once since " in status
    assert "calendar.example.com answers 503." in status
    for _ in range(4):
        with_feed("feeds", "fetch", "casa-azul", "room-2")
    status = with_feed("status").out
    assert "needs you       The calendar of room-2 has not come since " in status
    assert "room-2 failed" not in status


def test_losses_are_taken_by_whoever_knows_that_they_are_right(with_feed, server):
    with_feed("feeds", "fetch")
    server.days = (10,)
    answer = with_feed("feeds", "fetch")
    assert "the feed lost 2 of 3 stays: nothing is proposed" in answer.out
    assert "--take-losses" in with_feed("status").out
    answer = with_feed("feeds", "fetch", "casa-azul", "room-2", "--take-losses")
    assert "2 gone from the feed and proposed for cancellation" in answer.out
    status = with_feed("status").out
    assert "--take-losses" not in status
    assert status.count("vanished from its feed") == 2


def test_a_held_calendar_is_fetched_by_name_only(with_feed):
    assert "is not fetched by itself any more" in with_feed("feeds", "hold", "casa-azul", "room-2").out
    assert row(with_feed)[4] == "held"
    assert with_feed("feeds", "fetch").code == 1
    assert with_feed("feeds", "fetch", "casa-azul", "room-2").code == 0
    assert "by itself again" in with_feed("feeds", "resume", "casa-azul", "room-2").out
    assert row(with_feed)[4] == "at once"
