"""`publish.py secret`: values come in unseen and are never shown again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from guestlink import clock, records, secret_values
from guestlink.crypto import read_keys
from guestlink.database import Database
from guestlink.records import Secret
from tests.house import ROOT

VALUE = "Kx93-planted"
SECONDS = 30


@pytest.fixture
def kept(home, records_of: Callable[[], Database]) -> Callable[[], dict[str, list[Secret]]]:
    def read() -> dict[str, list[Secret]]:
        with records_of().read() as db:
            found = secret_values.load_secrets(db, records.find_property(db, "casa-azul"))
        return {name: [secret for secret in found if secret.name == name] for name in {s.name for s in found}}

    return read


@pytest.fixture
def opened(home) -> Callable[[Secret], str]:
    return lambda secret: secret_values.open_secret(read_keys(home / "data/keys/keyring.json"), secret)


# -- how a value comes in --------------------------------------------------------------------------
def test_a_value_from_a_pipe_is_kept_sealed(in_house, kept, opened, home):
    answer = in_house("secret", "set", "casa-azul", "door-code", typed=VALUE + "\n")
    assert answer.code == 0
    assert VALUE not in answer.out + answer.err
    assert opened(kept()["door-code"][0]) == VALUE
    assert VALUE.encode() not in b"".join(path.read_bytes() for path in home.rglob("guestlink.db*"))


def test_a_value_is_asked_for_on_a_terminal(in_house, at_terminal, kept, opened):
    asked = at_terminal({"door-code": VALUE})
    assert in_house("secret", "add", "casa-azul", "door-code", "--unit", "room-1").code == 0
    assert asked == ["door-code for casa-azul room-1: "]
    assert opened(kept()["door-code"][0]) == VALUE


def test_a_value_is_the_first_line_of_a_file(in_house, kept, opened, tmp_path):
    (tmp_path / "code.txt").write_text(f"{VALUE}\nnot this\n")
    assert in_house("secret", "set", "casa-azul", "gate-code", "--file", str(tmp_path / "code.txt")).code == 0
    assert opened(kept()["gate-code"][0]) == VALUE


@pytest.mark.parametrize(
    "words",
    [
        ("door-code", VALUE),
        ("door-code", "--unit", "room-1", VALUE),
        ("door-code", "--value", VALUE),
        ("door-code", f"--value={VALUE}"),
        (f"door-code={VALUE}",),
    ],
)
def test_a_value_on_the_command_line_is_refused_and_not_repeated(in_house, kept, words):
    answer = in_house("secret", "set", "casa-azul", *words, typed="another\n")
    assert answer.code == 2
    assert VALUE not in answer.out + answer.err
    assert "--file" in answer.err
    assert kept() == {}


def test_a_typed_value_is_not_echoed(in_house, home):
    """On a real terminal: what comes back is the question, not the answer."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "publish.py"), "secret", "set", "casa-azul", "door-code"],
        env={**os.environ, "GUESTLINK_HOME": str(home)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = _read_until(ours, b"door-code for casa-azul:")
    os.write(ours, VALUE.encode() + b"\n")
    seen += _read_until(ours, b"new value now")
    assert process.wait(SECONDS) == 0
    os.close(ours)
    assert VALUE.encode() not in seen


def _read_until(terminal: int, words: bytes) -> bytes:
    seen, until = b"", time.monotonic() + SECONDS
    while words not in seen and time.monotonic() < until:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
    assert words in seen, seen
    return seen


@pytest.mark.parametrize("typed", ["", "\n", "   \n", "x" * 501 + "\n"])
def test_no_value_or_far_too_much_is_refused(in_house, kept, typed):
    assert in_house("secret", "set", "casa-azul", "door-code", typed=typed).code == 2
    assert kept() == {}


def test_there_is_no_way_to_show_a_value(in_house):
    in_house("secret", "set", "casa-azul", "door-code", typed=VALUE + "\n")
    assert in_house("secret", "show", "casa-azul", "door-code").code == 2
    for words in ((), ("--json",), ("--missing",), ("--missing", "--json")):
        answer = in_house("secret", "list", "casa-azul", *words)
        assert answer.code == 0
        assert VALUE not in answer.out + answer.err


# -- for whom, from when, shown when ---------------------------------------------------------------
def test_a_value_can_be_for_one_stay(in_house, kept, records_of):
    in_house(
        "stay",
        "add",
        "casa-azul",
        "--arrival",
        "2030-05-04",
        "--departure",
        "2030-05-07",
        "--reference",
        "ANA",
    )
    answer = in_house("secret", "set", "casa-azul", "door-code", "--stay", "ANA", typed=VALUE)
    assert answer.code == 0
    with records_of().read() as db:
        assert kept()["door-code"][0].stay_id == records.find_stay(db, "ANA").id


def test_a_stay_of_another_house_is_refused(in_house):
    told = ("--zone", "Europe/Rome", "--currency", "EUR", "--language", "it")
    in_house("property", "add", "casa-rossa", *told)
    in_house(
        "stay",
        "add",
        "casa-rossa",
        "--arrival",
        "2030-05-04",
        "--departure",
        "2030-05-07",
        "--reference",
        "ANA",
    )
    assert in_house("secret", "set", "casa-azul", "door-code", "--stay", "ANA", typed=VALUE).code == 1


def test_times_are_those_on_the_propertys_clocks(in_house, kept):
    words = ("--from", "2030-07-01T15:00", "--until", "2030-07-03 11:00")
    assert in_house("secret", "set", "casa-azul", "door-code", *words, typed=VALUE).code == 0
    secret = kept()["door-code"][0]
    assert secret.valid_from == datetime(2030, 7, 1, 14, tzinfo=UTC)
    assert secret.valid_until == datetime(2030, 7, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "when", ["0206-05-04", "9999-12-31T15:00", "0001-01-01T00:00+14:00", "9999-12-31T23:00-12:00"]
)
@pytest.mark.parametrize("option", ["--from", "--until"])
def test_a_year_far_away_is_told(in_house, kept, option, when):
    answer = in_house("secret", "set", "casa-azul", "door-code", option, when, typed=VALUE)
    assert answer.code == 2
    assert f"{option}: “{when[:10]}” is too far away.\nWrite a year from 1990 to 2199." in answer.err
    assert kept() == {}


@pytest.mark.parametrize("when", ["tomorrow noon", "2030-02-30", "2030-05-04T25:00", "15:00"])
def test_a_time_that_is_none_is_told(in_house, when):
    answer = in_house("secret", "set", "casa-azul", "door-code", "--from", when, typed=VALUE)
    assert answer.code == 2
    assert "--from" in answer.err


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("on booking", ("booking", 0)),
        ("72 hours before arrival", ("hours", 72)),
        ("when the room is ready", ("ready", 0)),
    ],
)
def test_a_value_can_have_a_rule_of_its_own(in_house, kept, words, rule):
    assert in_house("secret", "set", "casa-azul", "door-code", "--shown", words, typed=VALUE).code == 0
    secret = kept()["door-code"][0]
    assert (secret.rule, secret.hours) == rule


def test_a_rule_that_is_none_is_told_with_those_that_are(in_house):
    answer = in_house("secret", "set", "casa-azul", "door-code", "--shown", "soon", typed=VALUE)
    assert answer.code == 2
    assert "48 hours before arrival" in answer.err


def test_a_new_value_ends_the_one_before(in_house, kept):
    for value in ("first-value", "second-value"):
        in_house("secret", "set", "casa-azul", "door-code", typed=value)
    old, new = kept()["door-code"]
    assert old.valid_until == new.valid_from
    assert len(json.loads(in_house("secret", "list", "casa-azul", "--json").out)) == 1


# -- what a host is told ---------------------------------------------------------------------------
def test_a_value_that_stands_in_a_text_is_named_with_file_and_line(in_house, home):
    door = home / "content/casa-azul/sections/door.en.md"
    line = len(door.read_text("utf-8").splitlines()) + 1
    with door.open("a") as file:
        file.write(f"The code is {VALUE}.\n")
    answer = in_house("secret", "set", "casa-azul", "door-code", typed=VALUE)
    assert f"casa-azul/sections/door.en.md:{line}:" in answer.err
    assert "publishing refuses" in answer.err
    assert VALUE not in answer.err


def test_a_value_of_several_words_that_stands_in_a_text_is_named_too(in_house, home):
    with (home / "content/casa-azul/sections/door.en.md").open("a") as file:
        file.write("We live at 9 Planted\nQuay.\n")
    answer = in_house("secret", "set", "casa-azul", "exact-address", typed="9 Planted Quay")
    assert "publishing refuses" in answer.err
    assert "Planted" not in answer.err


def test_what_is_missing_is_told_without_a_value(in_house, home):
    in_house("secret", "set", "casa-azul", "door-code", typed=VALUE)
    front = home / "content/casa-azul/property.md"
    front.write_text(front.read_text("utf-8").replace("secrets:", f"accent: {VALUE}\nsecrets:", 1), "utf-8")
    answer = in_house("secret", "list", "casa-azul", "--missing")
    assert answer.code == 2
    assert VALUE not in answer.out + answer.err


def test_a_name_that_the_files_do_not_promise_is_told(in_house):
    assert "property.md" in in_house("secret", "set", "casa-azul", "door-cod", typed=VALUE).err
    assert "property.md" not in in_house("secret", "set", "casa-azul", "door-code", typed=VALUE).err


def test_the_list_says_what_for_whom_since_when_by_whom_and_when_shown(in_house):
    in_house("secret", "set", "casa-azul", "wifi-password", typed=VALUE)
    in_house(
        "secret", "set", "casa-azul", "door-code", "--unit", "room-2", "--shown", "on booking", typed=VALUE
    )
    door, wifi = json.loads(in_house("secret", "list", "casa-azul", "--json").out)
    assert (door["secret"], door["for"], door["shown"], door["by"]) == (
        "door-code",
        "room-2",
        "on booking",
        "Host",
    )
    assert (wifi["secret"], wifi["for"], wifi["shown"]) == ("wifi-password", "all", "as property.md says")
    assert door["from"][:4] == str(clock.now().year)


def test_what_is_missing_is_told_by_house_and_by_room(in_house):
    in_house("secret", "set", "casa-azul", "door-code", "--unit", "room-2", typed=VALUE)
    rows = json.loads(in_house("secret", "list", "casa-azul", "--missing", "--json").out)
    assert rows == [
        {"secret": "exact-address", "units": []},
        {"secret": "door-code", "units": ["room-1", "room-3"]},
        {"secret": "wifi-password", "units": []},
    ]
    in_house("secret", "set", "casa-azul", "door-code", typed=VALUE)
    assert "door-code" not in in_house("secret", "list", "casa-azul", "--missing").out


def test_nothing_missing_is_a_sentence(in_sample):
    answer = in_sample("secret", "list", "harbour-house", "--missing")
    assert answer.code == 0
    assert "has values for all" in answer.last


def test_the_history_says_who_set_what_and_when_the_newest_first_and_never_a_value(in_house):
    for value in (VALUE, f"{VALUE}-2"):
        in_house("secret", "set", "casa-azul", "door-code", "--unit", "room-2", typed=value)
    in_house("secret", "set", "casa-azul", "wifi-password", typed=VALUE)
    answer = in_house("secret", "history", "casa-azul", "door-code", "--json")
    newest, first = json.loads(answer.out)
    assert (newest["for"], newest["by"], newest["until"]) == ("room-2", "Host", "")
    assert first["until"] == newest["from"]
    shown = in_house("secret", "history", "casa-azul")
    assert "3 values so far" in shown.out
    unknown = in_house("secret", "history", "casa-azul", VALUE)
    assert unknown.code == 1
    assert VALUE not in answer.out + shown.out + unknown.out + unknown.err
