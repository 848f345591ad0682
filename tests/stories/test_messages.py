"""A guest writes on WhatsApp, staff answer from their phone: whole processes, real pywa, both engines."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.databases import Place
from tests.guest import open_page
from tests.house import from_folder, link_of
from tests.town import Town, town, until

LATE = datetime(2026, 11, 7, 23, tzinfo=UTC)


@pytest.fixture
def here(empty_place: Place, tmp_path: Path) -> Iterator[Town]:
    """A running town on each engine: Ana in the house, Mira on duty."""
    url = "" if empty_place.url.startswith("sqlite") else empty_place.url
    with town(tmp_path / "home", database_url=url) as made:
        made.stay()
        made.publish()
        made.say("staff", "add", "Mira Holm", "--phone", "+44 7700 900201", "--property", "planted")
        made.start("sandbox", "serve")
        made.say("templates", "submit")
        made.start("work")
        made.has_templates()
        yield made


def test_towels_are_asked_for_accepted_and_confirmed_with_ticks(here: Town) -> None:
    here.writes("ana", "2 bath towels please")
    here.sees("ana", "Fresh towels: we have your request")
    here.sees("mira", "Fresh towels")
    here.taps("mira", "Accept")
    confirmed = here.sees("ana", "Fresh towels: confirmed")
    until(lambda: here.status_of("ana", confirmed["id"]) in {"delivered", "read"}, "the ticks come")
    here.sees("mira", "it is yours")
    assert "accepted" in here.say("requests", "--json")
    here.writes("ana", "late check-out please")
    here.sees("mira", "Late check-out")
    here.taps("mira", "Accept")
    here.sees("ana", "You can stay until 13:00")
    until(lambda: "13:00" in _page(here), "the page follows")
    assert _twice(here) == []


def _page(here: Town) -> str:
    return open_page(from_folder(here.settings), link_of(here.settings, "ANA")).stay


def _twice(here: Town) -> list[str]:
    """Messages that Meta was given more than once."""
    entries = here.phone.get("/sandbox/log").json()["entries"]
    ids = [each["callback_data"] for each in entries if each.get("callback_data")]
    return [each for each in set(ids) if ids.count(each) > 1]


def test_the_heating_fails_at_night_and_the_first_on_duty_sleeps(tmp_path: Path) -> None:
    with town(tmp_path / "home", at=LATE - timedelta(minutes=5)) as here:
        here.stay("EDITH", unit="room-2")
        here.publish()
        for name, phone, role in (
            ("Mira Holm", "+44 7700 900201", "staff"),
            ("Jory Tamblyn", "+44 7700 900202", "staff"),
            ("Hanne Brook", "+44 7700 900203", "host"),
        ):
            here.say("staff", "add", name, "--phone", phone, "--property", "planted", "--role", role)
        here.start("sandbox", "serve")
        here.say("templates", "submit")
        here.start("couriers")
        here.has_templates()
        here.set_clock(LATE)
        here.writes("ana", "the heating is off and it is freezing")
        here.sees("ana", "Heating: we have your request")
        here.sees("mira", "Heating")
        assert here.heard("jory") == []
        here.set_clock(LATE + timedelta(minutes=5, seconds=5))
        here.sees("jory", "Heating")
        assert here.heard("hanne") == []
        here.set_clock(LATE + timedelta(minutes=15, seconds=10))
        here.sees("hanne", "Heating")
        here.sees("ana", "Please call")
        here.taps("jory", "Accept")
        here.sees("ana", "Heating: confirmed")
        here.taps("mira", "Accept")
        here.sees("mira", "Jory Tamblyn was faster")
        told = {who: len(here.heard(who)) for who in ("jory", "hanne")}
        here.set_clock(LATE + timedelta(hours=2))
        here.writes("ana", "thank you")
        until(lambda: "thanks" in _outcomes(here), "the thanks were read")
        assert {who: len(here.heard(who)) for who in ("jory", "hanne")} == told


def _outcomes(here: Town) -> str:
    """What became of the events so far."""
    with sqlite3.connect(Path(here.settings.home, "data/guestlink.db")) as file:
        rows = file.execute("select outcome from inbox").fetchall()
    file.close()
    return " ".join(str(outcome) for (outcome,) in rows)
