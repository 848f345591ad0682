"""`publish.py property` and `publish.py unit`: a host puts in their own house."""

import json
import stat
from datetime import UTC, datetime
from typing import get_args

import pytest

from generator.commands.skeleton import skeleton
from generator.content import read_property
from generator.files.moments import Anchor
from guestlink import records
from guestlink.crypto import read_keys
from guestlink.language import LANGUAGES
from guestlink.records import Property

TOLD = ("--zone", "Europe/Lisbon", "--currency", "EUR", "--language", "pt")
FEED = "https://calendar.example.com/export.ics?s=Planted77token"


def house_in(language: str, zone: str = "Europe/Paris") -> Property:
    return Property(
        id="1",
        slug="casa-azul",
        zone=zone,
        currency="EUR",
        default_language=language,
        check_in="15:00",
        check_out="11:00",
        changes=0,
    )


# -- properties ------------------------------------------------------------------------------------
def test_a_new_house_has_its_first_files_in_its_own_language(say, home):
    answer = say("property", "add", "casa-azul", *TOLD)
    assert answer.code == 0
    folder = home / "content/casa-azul"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    keys = ("arrival", "departure", "door", "house-rules", "wifi")
    moments = ("arrival", "booked", "codes", "evening", "late", "leaving", "thanks")
    messages = (f"journey/{key}.pt.md" for key in moments)
    assert names == {"property.md", *(f"sections/{key}.pt.md" for key in keys), *messages}
    assert "A porta" in (folder / "sections/door.pt.md").read_text("utf-8")
    assert "unit add casa-azul" in answer.last


@pytest.mark.parametrize("language", [*LANGUAGES, "nl", "pt-BR"])
def test_the_first_files_can_be_published_as_they_are(language, tmp_path):
    folder = tmp_path / "casa-azul"
    for name, text in skeleton(house_in(language), on=datetime(2026, 5, 4, tzinfo=UTC).date()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    content = read_property(folder, units=frozenset(), currency="EUR")
    assert content.problems == ()
    assert set(content.reveal) == {"exact-address", "door-code", "wifi-password"}
    assert {name for section in content.sections.values() for name in section[language].secrets} == set(
        content.reveal
    )
    every = [*content.sections.values(), *content.letters.values()]
    assert all("<!--" not in text[language].html for text in every)
    assert {letter[language].send.anchor for letter in content.letters.values()} == set(get_args(Anchor)) - {
        "ready"
    }
    assert content.words_in(language).emergency[0][0] == "112"


def test_no_emergency_number_is_guessed_outside_europe():
    texts = dict(skeleton(house_in("en", "America/New_York"), on=datetime(2026, 5, 4, tzinfo=UTC).date()))
    assert "emergency:" not in texts["property.md"]


def test_a_hosts_files_are_never_overwritten(say, home):
    folder = home / "content/casa-azul"
    folder.mkdir(parents=True)
    (folder / "property.md").write_text("mine")
    answer = say("property", "add", "casa-azul", *TOLD)
    assert answer.code == 0
    assert "stays as it is" in answer.out
    assert [path.name for path in folder.iterdir()] == ["property.md"]
    assert (folder / "property.md").read_text() == "mine"


def test_a_section_that_a_cut_off_run_left_is_kept(say, home):
    section = home / "content/casa-azul/sections/door.pt.md"
    section.parent.mkdir(parents=True)
    section.write_text("mine")
    assert say("property", "add", "casa-azul", *TOLD).code == 0
    assert section.read_text() == "mine"
    assert (home / "content/casa-azul/property.md").exists()


def test_a_lost_content_folder_is_written_again(say, home):
    say("property", "add", "casa-azul", *TOLD)
    for path in sorted((home / "content/casa-azul").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert say("property", "add", "casa-azul").code == 0
    assert (home / "content/casa-azul/property.md").exists()


def test_a_house_is_not_added_twice(say):
    say("property", "add", "casa-azul", *TOLD)
    answer = say("property", "add", "casa-azul", *TOLD)
    assert answer.code == 1
    assert "exists" in answer.err
    assert "property set" in answer.err


def test_what_is_missing_is_named_when_nobody_can_be_asked(say):
    answer = say("property", "add", "casa-azul", "--currency", "EUR", "--language", "pt")
    assert answer.code == 2
    assert "--zone is missing" in answer.err


def test_what_is_missing_is_asked_for_on_a_terminal(say, at_terminal, home):
    asked = at_terminal({"zone": "Europe/Lisbon", "currency": "eur", "language": "pt"})
    assert say("property", "add", "casa-azul", "--zone", "Europe/Madrid").code == 0
    assert len(asked) == 2
    row = json.loads(say("property", "list", "--json").out)[0]
    assert (row["zone"], row["currency"], row["language"]) == ("Europe/Madrid", "EUR", "pt")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--zone", "Atlantis/Main"), "not a time zone"),
        (("--currency", "XQZ"), "not a currency"),
        (("--language", "klingonish"), "not a language"),
        (("--check-in", "3 pm"), "check_in"),
    ],
)
def test_a_wrong_value_is_told_and_nothing_is_made(say, home, words, complaint):
    answer = say("property", "add", "casa-azul", *TOLD, *words)
    assert answer.code == 2
    assert complaint in answer.err
    assert not (home / "content/casa-azul").exists()
    assert json.loads(say("property", "list", "--json").out) == []


def test_a_changed_house_says_what_changed_and_asks_for_a_rebuild(say, records_of):
    say("property", "add", "casa-azul", *TOLD)
    answer = say("property", "set", "casa-azul", "--check-out", "12:00", "--zone", "Europe/Lisbon")
    assert answer.code == 0
    assert "check out: 11:00 -> 12:00" in answer.out
    assert "zone" not in answer.out
    with records_of().read() as db:
        assert records.find_property(db, "casa-azul").check_out == "12:00"
        assert db.all("waiting_rebuilds")


def test_setting_what_is_so_already_changes_nothing(say, records_of):
    say("property", "add", "casa-azul", *TOLD)
    with records_of().read() as db:
        changes = records.find_property(db, "casa-azul").changes
    assert "nothing changed" in say("property", "set", "casa-azul", "--currency", "eur").last
    with records_of().read() as db:
        assert records.find_property(db, "casa-azul").changes == changes


def test_setting_nothing_is_refused(say):
    say("property", "add", "casa-azul", *TOLD)
    assert say("property", "set", "casa-azul").code == 2


def test_houses_are_listed_with_their_rooms_and_stays(in_house):
    rows = json.loads(in_house("property", "list", "--json").out)
    assert rows == [
        {
            "property": "casa-azul",
            "zone": "Europe/Lisbon",
            "currency": "EUR",
            "language": "en",
            "check_in": "15:00",
            "check_out": "11:00",
            "units": 3,
            "stays": 0,
        }
    ]
    assert in_house("property", "list").last == "1 property."


# -- units -----------------------------------------------------------------------------------------
def test_a_room_is_added_once(in_house):
    answer = in_house("unit", "add", "casa-azul", "room-1")
    assert answer.code == 1
    assert "exists" in answer.err


def test_a_room_of_an_unknown_house_is_refused_with_the_known_ones(in_house):
    answer = in_house("unit", "add", "casa-verde", "room-1")
    assert answer.code == 1
    assert "casa-azul" in answer.err


def test_a_feed_is_kept_sealed_and_never_shown(in_house, home, records_of):
    answer = in_house("unit", "set", "casa-azul", "room-1", "--feed", typed=FEED + "\n")
    assert answer.code == 0
    listed = in_house("unit", "list").out + in_house("unit", "list", "--json").out
    assert "Planted77token" not in answer.out + answer.err + listed
    assert "yes" in listed
    assert b"Planted77token" not in b"".join(path.read_bytes() for path in home.rglob("guestlink.db*"))
    ring = read_keys(home / "data/keys/keyring.json")
    with records_of().read() as db:
        unit = records.find_unit(db, records.find_property(db, "casa-azul"), "room-1")
        assert ring.open(unit.feed, "units", "feed", row=unit.id) == FEED


@pytest.mark.parametrize("words", [("--feed", FEED), (f"--feed={FEED}",), ("--title", "One", FEED)])
def test_a_feed_on_the_command_line_is_refused_and_not_repeated(in_house, words):
    answer = in_house("unit", "set", "casa-azul", "room-1", *words)
    assert answer.code == 2
    assert "Planted77token" not in answer.out + answer.err
    assert "yes" not in in_house("unit", "list").out


@pytest.mark.parametrize("address", ["http://example.com/a.ics", "room.ics", "https://[oops/a.ics", ""])
def test_what_is_no_https_address_is_no_feed(in_house, address):
    assert in_house("unit", "set", "casa-azul", "room-1", "--feed", typed=address + "\n").code == 2


def test_a_feed_can_come_from_a_file(in_house, tmp_path):
    file = tmp_path / "feed.txt"
    file.write_text(FEED)
    file.chmod(stat.S_IRUSR)
    assert in_house("unit", "set", "casa-azul", "room-1", "--feed-file", str(file)).code == 0


def test_a_title_is_what_guests_read(in_house, records_of):
    assert in_house("unit", "set", "casa-azul", "room-2", "--title", "The blue room").code == 0
    with records_of().read() as db:
        house = records.find_property(db, "casa-azul")
        assert records.find_unit(db, house, "room-2").title == "The blue room"
