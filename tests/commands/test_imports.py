"""`publish.py import`: what a host is told, and the exit code that says whether all of it went in."""

import json
from pathlib import Path

import pytest

from generator import importing
from generator.commands import imports

GOOD = """Reservation number,Guest name,Check-in,Check-out,Room,Adults,Notes
R1,Ana Planted,2030-05-04,2030-05-07,room-1,2,
R2,Tomas Planted,2030-05-05,2030-05-08,room-2,1,
"""
BAD = GOOD + "R3,Yuki Planted,2030-05-09,never,room-1,2,\n"
FEED = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN
BEGIN:VEVENT
DTSTART;VALUE=DATE:20300504
DTEND;VALUE=DATE:20300507
SUMMARY:Reserved
UID:planted-1@airbnb.com
DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMPLANT1
 \\nPhone Number (Last 4 Digits): 0123
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str, name: str = "stays.csv") -> str:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return write


def test_good_rows_go_in_and_the_columns_are_shown(in_house, file):
    answer = in_house("import", file(GOOD), "--property", "casa-azul")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "Importing stays.csv for casa-azul"
    assert "arrival   = Check-in" in answer.out or "arrival" in answer.out
    assert answer.last.startswith("casa-azul: 2 added.")
    assert "publish.py publish" in answer.last
    assert len(json.loads(in_house("stay", "list", "--json").out)) == 2


def test_a_bad_row_is_told_and_does_not_stop_the_others(in_house, file):
    answer = in_house("import", file(BAD), "--property", "casa-azul")
    assert answer.code == 2
    assert "line 4: departure is not a date." in answer.err
    assert "2 added, 1 row left out." in answer.last
    assert len(json.loads(in_house("stay", "list", "--json").out)) == 2


def test_a_mistake_in_a_detail_is_told_and_the_stay_goes_in_without_it(in_house, file):
    odd = GOOD.replace("room-1,2,", "room-1,many,") + "R3,Yuki Planted,2030-05-09,never,room-1,lots,\n"
    answer = in_house("import", file(odd), "--property", "casa-azul")
    assert answer.code == 2
    assert answer.err.splitlines() == [
        "  line 2: adults is not a number from 0 to 99. The stay is taken without it.",
        "  line 4: departure is not a date. Write it as 2026-05-03.",
        "  line 4: adults is not a number from 0 to 99.",
    ]
    assert answer.last.startswith("casa-azul: 2 added, 1 row left out, 1 field left out.")
    told = json.loads(in_house("import", file(odd), "--property", "casa-azul", "--json").out)
    assert [row["line"] for row in told["left_out"]] == [2]
    mended = odd.replace("many", "2").replace("never", "2030-05-10").replace("lots", "")
    assert in_house("import", file(mended)).code == 0


def test_counts_are_told_in_the_right_number(in_house, file):
    feed = FEED.replace("SUMMARY:Reserved", "SUMMARY:Airbnb (Not available)")
    answer = in_house("import", file(feed, "airbnb.ics"), "--property", "casa-azul", "--unit", "room-1")
    assert "  1 event is no stay (blocked days): line 4" in answer.out.splitlines()
    assert answer.last == "casa-azul: 1 row is no stay."
    rows = GOOD.replace(",Notes", ",Status").replace(",2,\n", ",2,request\n").replace(",1,\n", ",1,request\n")
    answer = in_house("import", file(rows), "--property", "casa-azul")
    assert "  2 rows are no stays (requests, offers or refusals): lines 2, 3" in answer.out.splitlines()
    assert answer.last == "casa-azul: 2 rows are no stays."


def test_no_guest_is_named(in_house, file):
    answer = in_house("import", file(BAD), "--property", "casa-azul")
    assert "Planted" not in answer.out + answer.err


def test_a_dry_run_says_what_would_change_and_changes_nothing(in_house, file):
    answer = in_house("import", file(GOOD), "--property", "casa-azul", "--dry-run")
    assert answer.code == 0
    assert answer.last == "Nothing was written. It would be: 2 added."
    assert json.loads(in_house("stay", "list", "--all", "--json").out) == []


def test_a_second_import_changes_nothing(in_house, file):
    in_house("import", file(GOOD), "--property", "casa-azul")
    answer = in_house("import", file(GOOD), "--property", "casa-azul")
    assert answer.code == 0
    assert answer.last == "casa-azul: 2 unchanged."


def test_a_guess_can_be_mended(in_house, file):
    text = GOOD.replace("Reservation number", "Kennung")
    answer = in_house("import", file(text), "--property", "casa-azul", "--map", "reference=Kennung")
    assert answer.code == 0
    assert in_house("link", "R1").code == 0


@pytest.mark.parametrize("pair", ["reference", "=Kennung", "reference=Nothing like it", "colour=Room"])
def test_a_mapping_that_is_none_is_told(in_house, file, pair):
    answer = in_house("import", file(GOOD), "--property", "casa-azul", "--map", pair)
    assert answer.code == 2
    assert answer.err


def test_machines_get_one_object(in_house, file):
    answer = in_house("import", file(BAD), "--property", "casa-azul", "--json")
    assert answer.code == 2
    told = json.loads(answer.out)
    assert (told["added"], told["bad"]) == (2, 1)
    assert told["bad_rows"][0]["line"] == 4
    assert told["mapping"]["arrival"] == "Check-in"


def test_with_one_house_its_name_can_be_left_out(in_house, file):
    assert in_house("import", file(GOOD)).code == 0


def test_with_several_houses_it_must_be_told(in_house, file):
    in_house(
        "property", "add", "casa-rossa", "--zone", "Europe/Rome", "--currency", "EUR", "--language", "it"
    )
    answer = in_house("import", file(GOOD))
    assert answer.code == 2
    assert "casa-azul, casa-rossa" in answer.err


def test_a_file_that_is_not_there_is_told(in_house, tmp_path):
    answer = in_house("import", str(tmp_path / "none.csv"), "--property", "casa-azul")
    assert answer.code in {1, 2}
    assert "none.csv" in answer.err


# -- feeds -----------------------------------------------------------------------------------------
ADDRESS = "https://calendar.example.com/ical/1.ics?s=Planted77token"


@pytest.fixture
def feed(monkeypatch) -> list[str]:
    """The network: hands out FEED and notes which addresses were asked for."""
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return FEED.encode()

    real = importing.import_file
    monkeypatch.setattr(imports, "import_file", lambda *args, **told: real(*args, **told, fetch=fetch))
    return asked


def test_a_kept_feed_is_read_without_telling_its_address_again(in_house, feed):
    in_house("unit", "set", "casa-azul", "room-2", "--feed", typed=ADDRESS)
    answer = in_house("import", "--property", "casa-azul")
    assert answer.code == 0
    assert feed == [ADDRESS]
    assert "Planted77token" not in answer.out + answer.err
    rows = json.loads(in_house("stay", "list", "--json").out)
    assert [row["unit"] for row in rows] == ["room-2"]


def test_an_address_shows_only_its_machine(in_house, feed):
    answer = in_house("import", ADDRESS, "--property", "casa-azul", "--unit", "room-1")
    assert answer.out.splitlines()[0] == "Importing calendar.example.com for casa-azul"
    assert "Planted77token" not in answer.out + answer.err


def test_one_feed_that_fails_does_not_stop_the_others(in_house, monkeypatch, feed):
    for unit in ("room-1", "room-2"):
        in_house("unit", "set", "casa-azul", unit, "--feed", typed=ADDRESS.replace("1.ics", f"{unit}.ics"))
    working = imports.import_file

    def broken(*args, unit, **told):
        if unit.slug == "room-1":
            raise importing.InvalidInput("The feed is broken.")
        return working(*args, unit=unit, **told)

    monkeypatch.setattr(imports, "import_file", broken)
    answer = in_house("import", "--property", "casa-azul")
    assert answer.code == 2
    assert "feed of room-1: The feed is broken." in answer.err
    assert "1 added" in answer.last


def test_no_file_and_no_feed_is_told(in_house):
    answer = in_house("import", "--property", "casa-azul")
    assert answer.code == 1
    assert "--feed" in answer.err


def test_the_count_of_rows_for_the_bar_never_fails(tmp_path):
    assert imports._lines(Path("/nowhere/at/all")) == 0
    (tmp_path / "rows").write_bytes(b"a\nb\n")
    assert imports._lines(tmp_path / "rows") == 2
