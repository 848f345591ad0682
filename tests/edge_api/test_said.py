"""What people of the house write about codes and rooms, in eight languages: what is meant, what is masked."""

import re

import pytest

from edge_api import phrases, said, staff_phrases
from edge_api.messages import Text
from edge_api.said import AskedForRooms, House, Ready
from guestlink.language import LANGUAGES, load_catalogue
from tests.databases import ROOT

UNITS = [
    *((f"u{number}", f"room-{number}", f"Room {number}") for number in (1, 4, 12)),
    ("garden", "garden", "Garden Room", "Gartenzimmer"),
    ("sea", "sea", "海の間"),
]
NAMES = ("door-code", "gate-code", "wifi-password", "key-box", "safe-code", "exact-address")
LABELS = {"safe-code": ["Safe-Code", "Coffre"]}
INN = said.house_of("inn", units=UNITS, names=NAMES, labels=LABELS)
FLAT = said.house_of("flat", units=[("f1", "flat", "The flat")], names=["door-code"])


def meant(text: str, house: House = INN) -> tuple[str, str, str, str] | None:
    """Name, units, words for a unit that is not there, value."""
    heard = said.overheard(text, [house])
    if heard is None or not heard.found:
        return None
    ((_, code),) = heard.found
    units = "+".join(place.id for place in code.places)
    return "+".join(code.names), units, code.stray, code.value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code 4 2580", ("door-code", "u4", "", "2580")),
        ("code room-4 2580", ("door-code", "u4", "", "2580")),
        ("Code Room4: 2580", ("door-code", "u4", "", "2580")),
        ("new code for room 04 is 2580#", ("door-code", "u4", "", "2580#")),
        ("code for the garden room is C2580X please", ("door-code", "garden", "", "C2580X")),
        ("code gardn room 2580", ("door-code", "garden", "", "2580")),
        ("code 4 25 80", ("door-code", "u4", "", "25 80")),
        ("code 123 456", ("door-code", "", "", "123 456")),
        ("code 14 2580", ("door-code", "", "14", "2580")),
        ("code 2580", ("door-code", "", "", "2580")),
        ("wifi new-password", ("wifi-password", "", "", "new-password")),
        ("wifi: my new pass word", ("wifi-password", "", "", "my new pass word")),
        ("wifi ab:cd1234", ("wifi-password", "", "", "ab:cd1234")),
        ("wifi 4 NewPass99", ("wifi-password", "u4", "", "NewPass99")),
        ("gate 2580", ("gate-code", "", "", "2580")),
        ("safe 4 1234", ("safe-code", "u4", "", "1234")),
        ("key box 2580", ("key-box", "", "", "2580")),
        ("Türcode Zimmer 4 ist jetzt 2580", ("door-code", "u4", "", "2580")),
        ("Code Gartenzimmer 2580", ("door-code", "garden", "", "2580")),
        ("WLAN-Passwort ist Summer2026!", ("wifi-password", "", "", "Summer2026!")),
        ("Schlüsselbox: 2580", ("key-box", "", "", "2580")),
        ("Tor 2580", ("gate-code", "", "", "2580")),
        ("Tresor 4 1234", ("safe-code", "u4", "", "1234")),
        ("nuevo código habitación 4 2580", ("door-code", "u4", "", "2580")),
        ("contraseña del wifi: Verano-26", ("wifi-password", "", "", "Verano-26")),
        ("le code de la chambre 4 est 2580", ("door-code", "u4", "", "2580")),
        ("le code du portail est 2580", ("gate-code", "", "", "2580")),
        ("coffre 4 1234", ("safe-code", "u4", "", "1234")),
        ("codice camera 4: 2580", ("door-code", "u4", "", "2580")),
        ("cassetta delle chiavi 2580", ("key-box", "", "", "2580")),
        ("código da porta quarto 4: 2580", ("door-code", "u4", "", "2580")),
        ("senha do wifi Verao-2026", ("wifi-password", "", "", "Verao-2026")),
        ("رمز الغرفة ٤ هو ٢٥٨٠", ("door-code", "u4", "", "2580")),
        ("كود البوابة 2580", ("gate-code", "", "", "2580")),
        ("4号室のコードは2580です", ("door-code", "u4", "", "2580")),
        ("海の間 暗証番号 2580", ("door-code", "sea", "", "2580")),
        ("キーボックス 2580", ("key-box", "", "", "2580")),
    ],
)
def test_a_new_code_is_read_as_people_write_it(text: str, told: tuple[str, str, str, str]) -> None:
    assert meant(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "code 4 does not work",
        "the code of room 4 fails since 10:30",
        "gate open 24h",
        "wifi does not work",
        "code 4",
        "code 12",
        "what is the code of room 4?",
        "the guest in 4 needs 2580 towels",
        "ready 4",
        "hello Ana, see you at 15:00",
        "",
    ],
)
def test_what_tells_no_code_is_left_as_it_is(text: str) -> None:
    assert said.overheard(text, [INN, FLAT]) is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Hi\ncode 4 2580\nthanks", "Hi\ncode 4 ••••\nthanks"),
        ("code 4 2580 and code 12 2581", "code 4 •••• and code 12 ••••"),
        ("2580 is the new code", "•••• is the new code"),
        ("wifi: my new pass word", "wifi: ••••"),
        ("code 4  25  80", "code 4  ••••  ••••"),
        ("رمز الغرفة ٤ هو ٢٥٨٠", "رمز الغرفة ٤ هو ••••"),
        (
            "the alarm code changed yesterday morning to 77041",
            "the alarm code changed yesterday morning to ••••",
        ),
    ],
)
def test_no_value_is_left_in_what_is_kept_of_a_message(text: str, masked: str) -> None:
    heard = said.overheard(text, [INN])
    assert heard is not None
    assert heard.masked == masked


def test_several_codes_in_a_message_are_none_that_counts() -> None:
    heard = said.overheard("code 4 2580\ncode 12 2581", [INN])
    assert heard is not None
    assert (heard.found, heard.masked) == ((), "code 4 ••••\ncode 12 ••••")


def test_a_house_without_such_a_code_is_told_apart_from_words_about_others() -> None:
    assert meant("safe 1234", FLAT) == ("", "", "", "1234")
    assert meant("code 2580", FLAT) == ("door-code", "", "", "2580")


def test_no_value_stands_in_a_repr() -> None:
    assert "2580" not in repr(said.overheard("code 4 2580", [INN]))


@pytest.mark.parametrize(
    "text",
    [
        "rooms",
        "Rooms",
        "Zimmer",
        "chambres",
        "habitaciones",
        "camere",
        "quartos",
        "غرف",
        "部屋",
        "ready 14",
        "4 and 12?",
    ],
)
def test_the_list_of_rooms_is_asked_for(text: str) -> None:
    assert isinstance(said.ready_in(text, [INN, FLAT]), AskedForRooms) == (text != "4 and 12?")


@pytest.mark.parametrize(
    ("text", "unit", "is_ready"),
    [
        ("ready 4", "u4", True),
        ("4 ready", "u4", True),
        ("room 4 is clean", "u4", True),
        ("Garden Room ready", "garden", True),
        ("4 not ready yet", "u4", False),
        ("4 fertig", "u4", True),
        ("Zimmer 4 ist noch nicht fertig", "u4", False),
        ("chambre 4 prête", "u4", True),
        ("la 4 n’est pas prête", "u4", False),
        ("habitación 4 lista", "u4", True),
        ("camera 4 pronta", "u4", True),
        ("quarto 4 não está pronto", "u4", False),
        ("غرفة 4 جاهزة", "u4", True),
        ("4号室 準備完了", "u4", True),
    ],
)
def test_a_room_is_ready_or_not_in_eight_languages(text: str, unit: str, is_ready: bool) -> None:
    told = said.ready_in(text, [INN, FLAT])
    assert isinstance(told, Ready)
    assert ([place.id for place in told.places], told.is_ready) == ([unit], is_ready)


@pytest.mark.parametrize(
    "text", ["is room 4 ready?", "I am ready to go home", "clean towels please", "code 4 2580"]
)
def test_what_says_nothing_of_rooms_is_left_as_it_is(text: str) -> None:
    assert said.ready_in(text, [INN]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_staff_are_told_to_write_is_understood(language: str) -> None:
    words = load_catalogue(ROOT / "theme" / "locale", language)
    told = phrases.how_to(words)
    assert isinstance(told, Text)
    code, rooms, ready = re.findall(r"[“„«「]\s*(.+?)\s*[”“»」]", told.text.splitlines()[-1])
    assert meant(code) == ("door-code", "u4", "", "2580")
    assert isinstance(said.ready_in(rooms, [INN]), AskedForRooms)
    assert said.ready_in(ready, [INN]) == Ready((INN.places[1],), is_ready=True)
    again = staff_phrases.unclear_code(words)
    assert isinstance(again, Text)
    assert code in again.text
