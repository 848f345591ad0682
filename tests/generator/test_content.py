"""A host's folder becomes content, or every mistake in it is told with file and line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest

from edge_api.escalation import Rules, rules_of
from generator.content import read_property
from generator.files.grammar import Reveal
from generator.files.host_content import HostContent
from generator.files.host_folder import folder_digest
from generator.files.problems import Problem
from guestlink.errors import ContentErrors
from tests.house import ROOT

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480"><path d="M0 0h9"/></svg>'
HOUSE = """---
name: Harbour House
languages: en, de
tagline: Twelve rooms above the old quay
area: Polwenna, Cornwall
accent: #1F6F78
picture: house.svg
phone: +44 1632 960100
wifi: HarbourHouse
emergency: 999 | Fire, ambulance, police
    112 | The same from a mobile
secrets: exact-address | on booking
    door-code | 48 hours before arrival
    key-box | when the room is ready
    safe-code | 24 hours before arrival | Safe code
updated: 2026-10-01
---
Put your bags down. Your code: [[door-code]].
"""
HAUS = """---
tagline: Zwölf Zimmer über dem alten Kai
emergency: 112 | Feuerwehr und Rettung
labels: safe-code | Safe-Code
updated: 2026-10-01
---
Stellen Sie die Koffer ab.
"""
DOOR = """---
title: The door
order: 20
icon: door
summary: The blue one.
lead: arriving, in_house
picture: house.svg
picture_alt: A white house with a blue door.
updated: 2026-10-01
---
Type [[door-code]], then push.

## If it sticks

Lift the handle.
"""
TUER = """---
title: Die Tür
summary: Die blaue.
picture_alt: Ein weißes Haus mit blauer Tür.
updated: 2026-10-02
---
Geben Sie [[door-code]] ein.
"""
SAUNA = """---
title: Sauna
order: 1
icon: service
price: 12.50
per: person
hours: mon-fri 08:00–20:00
    sat 9:00-12:00
fields: at | time | required | When?
    people | number 1-8 | required | How many?
    oil | choice pine / mint | optional | Which oil?
approval: instant
urgent: no
changes: check-out 14:00
keywords: sauna, sweat
---
Forty minutes of heat.
"""
SCHWITZEN = """---
title: Dampfbad
keywords: schwitzen
labels: at | Wann?
    people | Wie viele?
    oil | Welches Öl? | Kiefer / Minze
---
Vierzig Minuten Hitze.
"""
BAKERY = """---
title: The Bakehouse
order: 1
kind: bakery
coordinates: 50.1526, -5.0663
walk: 4
hours: Tuesday to Sunday from eight
phone: +44 1632 960111
website: https://bakehouse.example
---
Go before ten.
"""
BAECKER = """---
title: The Bakehouse
hours: Dienstag bis Sonntag ab acht
---
Vor zehn gehen.
"""
WATER = """---
title: No water on Tuesday
from: 2026-11-23
until: 2026-11-24
units: attic
important: yes
---
Fill the kettle before. The tap is behind [[door-code]].
"""
FILES: Mapping[str, str | bytes] = {
    "property.md": HOUSE,
    "property.de.md": HAUS,
    "sections/door.en.md": DOOR,
    "sections/door.de.md": TUER,
    "services/sauna.en.md": SAUNA,
    "services/sauna.de.md": SCHWITZEN,
    "places/bakery.en.md": BAKERY,
    "places/bakery.de.md": BAECKER,
    "pictures/house.svg": DRAWING,
}


def write(parent: Path, files: Mapping[str, str | bytes], *, slug: str = "harbour-house") -> Path:
    folder = parent / slug
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def read(
    folder: Path, *, codes: Mapping[str, str] | None = None, names: frozenset[str] = frozenset()
) -> HostContent:
    return read_property(
        folder,
        units=frozenset({"attic", "net-loft"}),
        currency="GBP",
        secret_names=names,
        values=codes or {},
    )


Changed = Mapping[str, str | bytes]


def content(
    parent: Path, changed: Changed = MappingProxyType({}), *, codes: Mapping[str, str] | None = None
) -> HostContent:
    return read(write(parent, {**FILES, **changed}), codes=codes)


def mistakes(parent: Path, changed: Changed, *, codes: Mapping[str, str] | None = None) -> list[str]:
    """All errors as `file:line message hint`, paths without the property's slug."""
    with pytest.raises(ContentErrors) as caught:
        content(parent, changed, codes=codes)
    return [
        f"{problem.path.removeprefix('harbour-house/')}:{problem.line} {problem.message} {problem.hint}"
        for problem in caught.value.problems
    ]


def notes(read: HostContent, kind: str = "warning") -> list[tuple[str, int, str]]:
    wanted: list[Problem] = [problem for problem in read.problems if problem.kind == kind]
    return [
        (problem.path.removeprefix("harbour-house/"), problem.line, problem.message) for problem in wanted
    ]


# What a folder says -----------------------------------------------------------------------------------


def test_a_property_says_its_languages_colours_and_when_guests_see_its_secrets(tmp_path: Path) -> None:
    house = content(tmp_path)
    assert (house.slug, house.languages, house.accent) == ("harbour-house", ("en", "de"), "#1f6f78")
    assert (house.picture, house.phone, house.wifi) == ("house.svg", "+44 1632 960100", "HarbourHouse")
    assert house.reveal == {
        "exact-address": Reveal(rule="booking"),
        "door-code": Reveal(rule="hours", hours=48),
        "key-box": Reveal(rule="ready"),
        "safe-code": Reveal(rule="hours", hours=24),
    }
    assert house.problems == ()


def test_a_propertys_words_are_there_in_every_offered_language(tmp_path: Path) -> None:
    house = content(tmp_path, {"property.md": HOUSE.replace("en, de", "en, de, fr")})
    english, german, french = (house.words[tag] for tag in house.languages)
    assert english.emergency == (("999", "Fire, ambulance, police"), ("112", "The same from a mobile"))
    assert (
        english.greeting_html
        == '<p>Put your bags down. Your code: <span data-secret="door-code"></span>.</p>'
    )
    assert (german.language, german.name, german.area) == ("de", "Harbour House", "Polwenna, Cornwall")
    assert (german.emergency, german.labels) == (
        (("112", "Feuerwehr und Rettung"),),
        {"safe-code": "Safe-Code"},
    )
    assert (french, french.language) == (english, "en")


def test_a_section_says_what_the_page_needs(tmp_path: Path) -> None:
    door = content(tmp_path).sections["door"]["en"]
    assert (door.title, door.summary, door.order, door.icon) == ("The door", "The blue one.", 20, "door")
    assert (door.lead, door.units, door.only_if) == (("arriving", "in_house"), (), "")
    assert (door.picture, door.secrets) == ("house.svg", ("door-code",))
    assert door.html == (
        '<p>Type <span data-secret="door-code"></span>, then push.</p>\n'
        "<h3>If it sticks</h3>\n<p>Lift the handle.</p>"
    )
    assert door.text == "Type [[door-code]], then push.\nIf it sticks\nLift the handle."


def test_a_section_may_be_for_some_units_guests_and_dates(tmp_path: Path) -> None:
    fields = "order: 20\nunits: attic, net-loft\nonly_if: pets\nfrom: 2026-12-01\nuntil: 2026-12-24"
    door = content(tmp_path, {"sections/door.en.md": DOOR.replace("order: 20", fields)}).sections["door"][
        "de"
    ]
    assert (door.units, door.only_if) == (("attic", "net-loft"), "pets")
    assert (door.shown_from, door.shown_until) == (date(2026, 12, 1), date(2026, 12, 24))


def test_a_service_says_its_price_in_minor_units_its_hours_and_what_it_asks(tmp_path: Path) -> None:
    sauna = content(tmp_path).services["sauna"]["en"]
    assert (sauna.price, sauna.per, sauna.approval, sauna.urgent) == (1250, "person", "instant", False)
    assert sauna.hours == ("mon-fri 08:00-20:00", "sat 09:00-12:00")
    assert (sauna.changes, sauna.keywords) == ("check-out 14:00", ("sauna", "sweat"))
    assert [(field.name, field.kind, field.required) for field in sauna.fields] == [
        ("at", "time", True),
        ("people", "number", True),
        ("oil", "choice", False),
    ]
    assert (sauna.fields[1].low, sauna.fields[1].high) == (1, 8)
    assert sauna.fields[2].choices == ("pine", "mint")


def test_a_place_says_where_it_is(tmp_path: Path) -> None:
    bakery = content(tmp_path).places["bakery"]["en"]
    assert (bakery.kind, bakery.latitude, bakery.longitude, bakery.walk) == ("bakery", 50.1526, -5.0663, 4)
    assert (bakery.hours, bakery.website) == ("Tuesday to Sunday from eight", "https://bakehouse.example")


def test_a_service_says_when_it_is_closed_and_in_which_phases_it_is_offered(tmp_path: Path) -> None:
    more = "closed: sun, 2026-12-25\n    2026-12-26\nphases: in_house, departed\nurgent: no"
    sauna = content(tmp_path, {"services/sauna.en.md": SAUNA.replace("urgent: no", more)}).services["sauna"]
    assert sauna["de"].closed == ("sun", "2026-12-25", "2026-12-26")
    assert sauna["de"].phases == ("in_house", "departed")


def test_a_service_is_offered_until_the_guest_leaves_unless_it_says_otherwise(tmp_path: Path) -> None:
    sauna = content(tmp_path).services["sauna"]["en"]
    assert sauna.phases == ("booked", "arriving", "in_house", "departing")


def test_a_place_tells_the_clock_when_it_is_open(tmp_path: Path) -> None:
    more = "walk: 4\nopen: tue-sat 7:00-14:00\n    sun 08:00-12:00\nclosed: 2026-12-25"
    bakery = content(tmp_path, {"places/bakery.en.md": BAKERY.replace("walk: 4", more)}).places["bakery"][
        "de"
    ]
    assert bakery.open == ("tue-sat 07:00-14:00", "sun 08:00-12:00")
    assert bakery.closed == ("2026-12-25",)
    assert bakery.hours == "Dienstag bis Sonntag ab acht"


def test_a_notice_has_its_days_its_rooms_and_its_translation(tmp_path: Path) -> None:
    german = "---\ntitle: Kein Wasser\n---\nFüllen Sie den Kessel.\n"
    house = content(tmp_path, {"notices/water.en.md": WATER, "notices/water.de.md": german})
    water = house.notices["water"]
    assert (water["en"].shown_from, water["en"].shown_until) == (date(2026, 11, 23), date(2026, 11, 24))
    assert (water["en"].units, water["en"].important) == (("attic",), True)
    assert (water["de"].title, water["de"].units, water["de"].important) == ("Kein Wasser", ("attic",), True)
    assert water["en"].secrets == ("door-code",)


def test_a_house_says_where_it_writes_and_lies_and_whom_it_leads_nowhere(tmp_path: Path) -> None:
    house = content(tmp_path)
    assert (house.whatsapp, house.coordinates, house.off_platform) == ("", None, ("airbnb",))
    more = (
        "wifi: HarbourHouse\nwhatsapp: +44 7700 900123\ncoordinates: 50.15, -5.06\noff_platform: vrbo, airbnb"
    )
    told = content(tmp_path, {"property.md": HOUSE.replace("wifi: HarbourHouse", more)})
    assert (told.whatsapp, told.coordinates) == ("+44 7700 900123", (50.15, -5.06))
    assert told.off_platform == ("vrbo", "airbnb")


def test_a_house_may_write_to_all_its_guests(tmp_path: Path) -> None:
    told = content(tmp_path, {"property.md": HOUSE.replace("wifi:", "off_platform: none\nwifi:")})
    assert told.off_platform == ()


def test_a_house_says_how_long_it_waits_for_an_answer_and_when_it_sleeps(tmp_path: Path) -> None:
    silent = content(tmp_path)
    assert (silent.reply_within, silent.host_after, silent.phone_after, silent.quiet_hours) == (0, 0, 0, "")
    waits = (
        "reply_within: 5 minutes\nhost_after: 1 hour\nphone_after: 10 minutes\nquiet_hours: 22:00-7:00\nwifi:"
    )
    told = content(tmp_path, {"property.md": HOUSE.replace("wifi:", waits)})
    assert (told.reply_within, told.host_after, told.phone_after, told.quiet_hours) == (
        5,
        60,
        10,
        "22:00-07:00",
    )
    kept = rules_of(msgspec.json.encode(told).decode())
    assert kept == Rules(
        reply_within=timedelta(minutes=5),
        host_after=timedelta(hours=1),
        phone_after=timedelta(minutes=10),
        quiet=(time(22), time(7)),
    )


def test_rooms_have_labels_in_each_language_or_those_of_the_first(tmp_path: Path) -> None:
    english = HOUSE.replace("wifi:", "units: attic | The attic\n    net-loft | The net loft\nwifi:")
    german = HAUS.replace("labels:", "units: attic | Unterm Dach\nlabels:")
    house = content(tmp_path, {"property.md": english, "property.de.md": german})
    assert house.words["en"].units == {"attic": "The attic", "net-loft": "The net loft"}
    assert house.words["de"].units == {"attic": "Unterm Dach", "net-loft": "The net loft"}


def test_content_that_an_older_program_kept_is_still_read(tmp_path: Path) -> None:
    whole = json.loads(msgspec.json.encode(content(tmp_path)))
    for name in ("whatsapp", "coordinates", "off_platform", "notices", "reply_within", "quiet_hours"):
        del whole[name]
    for name in ("letters", "message_hours"):
        del whole[name]
    for name in ("closed", "phases"):
        del whole["services"]["sauna"]["en"][name]
    for name in ("open", "closed"):
        del whole["places"]["bakery"]["en"][name]
    del whole["words"]["en"]["units"]
    old = msgspec.json.decode(json.dumps(whole), type=HostContent)
    assert old.off_platform == ("airbnb",)
    assert "departed" not in old.services["sauna"]["en"].phases


def test_a_picture_in_a_text_is_told_by_its_name(tmp_path: Path) -> None:
    house = content(tmp_path, {"sections/door.en.md": DOOR + "\n![A quay](pictures/house.svg)\n"})
    assert (house.pictures["house.svg"].width, house.pictures["house.svg"].height) == (640, 480)
    found = re.search(r"<img[^>]*>", house.sections["door"]["en"].html)
    assert found
    assert sorted(found[0].split()) == sorted('<img alt="A quay" data-picture="house.svg">'.split())


def test_files_may_begin_with_a_byte_order_mark_and_end_lines_as_on_windows(tmp_path: Path) -> None:
    windows = b"\xef\xbb\xbf" + DOOR.replace("\n", "\r\n").encode()
    assert content(tmp_path, {"sections/door.en.md": windows}).sections["door"]["en"].title == "The door"


def test_what_one_file_defines_means_nothing_in_another(tmp_path: Path) -> None:
    house = content(
        tmp_path,
        {
            "places/bakery.en.md": BAKERY + "\n[quay]: https://quay.example\n",
            "sections/door.en.md": DOOR + "\nSee [quay].\n",
        },
    )
    assert house.sections["door"]["en"].html.endswith("<p>See [quay].</p>")


# Translations -----------------------------------------------------------------------------------------


def test_a_translation_repeats_only_what_is_language(tmp_path: Path) -> None:
    house = content(tmp_path)
    door, sauna = house.sections["door"]["de"], house.services["sauna"]["de"]
    bakery = house.places["bakery"]["de"]
    assert (door.title, door.order, door.lead, door.picture) == (
        "Die Tür",
        20,
        ("arriving", "in_house"),
        "house.svg",
    )
    assert (sauna.title, sauna.price, sauna.keywords) == ("Dampfbad", 1250, ("schwitzen",))
    assert [(field.label, field.choices) for field in sauna.fields] == [
        ("Wann?", ()),
        ("Wie viele?", ()),
        ("Welches Öl?", ("Kiefer", "Minze")),
    ]
    assert (bakery.walk, bakery.hours) == (4, "Dienstag bis Sonntag ab acht")


def test_a_translation_cannot_change_what_is_not_language_and_is_told_so(tmp_path: Path) -> None:
    house = content(
        tmp_path, {"sections/door.de.md": TUER.replace("title", "order: 5\nicon: door\ntitle", 1)}
    )
    assert house.sections["door"]["de"].order == 20
    assert notes(house) == [
        ("sections/door.de.md", 2, "Only the original says “order”: this line does nothing."),
    ]


def test_an_entry_without_the_first_language_begins_with_the_next_one(tmp_path: Path) -> None:
    folder = write(tmp_path, {**FILES, "sections/wifi.de.md": "---\ntitle: WLAN\norder: 3\n---\nÜberall.\n"})
    house = read(folder)
    assert house.pick(house.sections["wifi"], "en").title == "WLAN"
    assert notes(house, "missing") == [("sections/wifi.en.md", 0, "There is no translation into en yet.")]


def test_picking_falls_back_from_the_guests_language_to_the_first_to_any(tmp_path: Path) -> None:
    house = content(tmp_path, {"sections/wifi.de.md": "---\ntitle: WLAN\norder: 3\n---\nÜberall.\n"})
    assert house.pick(house.sections["door"], "de-AT").language == "de"
    assert house.pick(house.sections["door"], "ja").language == "en"
    assert house.pick(house.sections["wifi"], "ja").language == "de"
    assert house.words_in("ja").language == "en"


def test_missing_translations_are_told_and_are_no_mistake(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if not name.endswith(".de.md")}
    house = read(write(tmp_path, files))
    assert [path for path, _, _ in notes(house, "missing")] == [
        "places/bakery.de.md",
        "property.de.md",
        "sections/door.de.md",
        "services/sauna.de.md",
    ]


def test_a_translation_without_text_is_missing_and_the_original_is_shown(tmp_path: Path) -> None:
    house = content(tmp_path, {"sections/door.de.md": "---\ntitle: Die Tür\nupdated: 2026-10-01\n---\n"})
    assert notes(house, "missing") == [("sections/door.de.md", 5, "There is no text below the fields yet.")]
    assert house.pick(house.sections["door"], "de").language == "en"


def test_labels_that_a_translation_lacks_are_told(tmp_path: Path) -> None:
    house = content(
        tmp_path,
        {
            "services/sauna.de.md": SCHWITZEN.replace("    people | Wie viele?\n", ""),
            "property.de.md": HAUS.replace("labels: safe-code | Safe-Code\n", ""),
        },
    )
    assert [message for _, _, message in notes(house, "missing")] == [
        "Guests have no words of this language for safe-code.",
        "The field “people” has no label in this language.",
    ]
    assert house.services["sauna"]["de"].fields[1].label == "How many?"


def test_a_translation_older_than_its_original_is_stale(tmp_path: Path) -> None:
    house = content(tmp_path, {"sections/door.de.md": TUER.replace("2026-10-02", "2026-09-30")})
    message = "sections/door.en.md has changed since this was translated."
    assert notes(house, "stale") == [("sections/door.de.md", 0, message)]


@pytest.mark.parametrize(("seconds", "stale"), [(59, 0), (61, 1)])
def test_without_dates_the_files_own_times_tell_what_is_stale(
    tmp_path: Path, seconds: int, stale: int
) -> None:
    folder = write(tmp_path, FILES)
    for name in FILES:
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))
    os.utime(folder / "places/bakery.en.md", (1_000_000_000 + seconds, 1_000_000_000 + seconds))
    assert len(notes(read(folder), "stale")) == stale


def test_a_date_in_only_one_of_two_files_tells_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path, {**FILES, "sections/door.de.md": TUER.replace("updated: 2026-10-02\n", "")})
    os.utime(folder / "sections/door.de.md", (1, 1))
    assert notes(read(folder), "stale") == []


# Secrets ----------------------------------------------------------------------------------------------


def test_a_secret_of_the_database_may_be_named_too(tmp_path: Path) -> None:
    changed = {"sections/door.en.md": DOOR.replace("[[door-code]]", "[[Cellar-Code]]")}
    folder = write(tmp_path, {**FILES, **changed})
    assert read(folder, names=frozenset({"cellar-code"})).sections["door"]["en"].secrets == ("cellar-code",)


def test_a_current_code_in_a_text_is_refused_without_repeating_it(tmp_path: Path) -> None:
    changed = {"sections/door.en.md": DOOR + "\nThe code is **Kestrel-77**, keep it.\n"}
    told = mistakes(tmp_path, changed, codes={"Kestrel-77": "door-code"})
    assert told == ["sections/door.en.md:17 The current value of door-code stands here. Write [[door-code]]."]
    assert "Kestrel" not in "".join(told)


def test_a_code_is_found_in_fields_in_parts_and_behind_escapes(tmp_path: Path) -> None:
    changed = {
        "sections/door.en.md": DOOR.replace("The blue one.", "It is AB12CD34-xy, really."),
        "services/sauna.en.md": SAUNA + "\nType kes\\_trel77.\n",
        "places/bakery.en.md": BAKERY + "\nAsk for Mar**mala**de9.\n",
        "pictures/house.svg": DRAWING.replace("<path", "<text>cellar-9911</text><path"),
    }
    codes = {
        "AB12CD34": "key-box",
        "kes_trel77": "safe-code",
        "Marmalade9": "door-code",
        "cellar-9911": "safe-code",
    }
    assert [
        line.split(" Write")[0].split(" Draw")[0] for line in mistakes(tmp_path, changed, codes=codes)
    ] == [
        "pictures/house.svg:0 The current value of safe-code stands here.",
        "places/bakery.en.md:11 The current value of door-code stands here.",
        "sections/door.en.md:5 The current value of key-box stands here.",
        "services/sauna.en.md:17 The current value of safe-code stands here.",
    ]


def test_a_short_code_is_a_warning_on_every_line_it_stands_on(tmp_path: Path) -> None:
    house = content(
        tmp_path,
        {"sections/door.en.md": DOOR + "\nBus 4711.\n\nRoom 14711.\n\n(4711)\n"},
        codes={"4711": "door-code"},
    )
    told = "This may be the current value of door-code."
    assert notes(house) == [("sections/door.en.md", 17, told), ("sections/door.en.md", 21, told)]


def test_not_a_code_silences_short_ones_in_all_languages_and_long_ones_never(tmp_path: Path) -> None:
    spared = DOOR.replace("order: 20", "order: 20\nnot_a_code: 4711, Kestrel-77") + "\nBus 4711.\n"
    changed = {"sections/door.en.md": spared, "sections/door.de.md": TUER + "\nBus 4711.\n"}
    assert notes(content(tmp_path, changed, codes={"4711": "door-code"})) == []
    told = mistakes(
        tmp_path, {"sections/door.en.md": spared + "Kestrel-77\n"}, codes={"Kestrel-77": "door-code"}
    )
    assert [line.split()[0] for line in told] == ["sections/door.en.md:4", "sections/door.en.md:19"]


def test_a_value_of_several_words_is_found_however_it_is_spaced_and_marked(tmp_path: Path) -> None:
    changed = {
        "sections/door.en.md": DOOR + "\nWe live at 9 Planted\nQuay, and you?\n",
        "services/sauna.en.md": SAUNA + "\nSay *correct* **horse&nbsp;battery**.\n",
        "places/bakery.en.md": BAKERY.replace("from eight", "9  Planted Quay"),
        "pictures/house.svg": DRAWING.replace(
            "<path", "<text><tspan>9 Planted</tspan><tspan>Quay</tspan></text><path"
        ),
    }
    codes = {"9 Planted Quay": "exact-address", "correct horse battery": "wifi-password"}
    assert [
        line.split(" Write")[0].split(" Draw")[0] for line in mistakes(tmp_path, changed, codes=codes)
    ] == [
        "pictures/house.svg:0 The current value of exact-address stands here.",
        "places/bakery.en.md:7 The current value of exact-address stands here.",
        "sections/door.en.md:17 The current value of exact-address stands here.",
        "services/sauna.en.md:17 The current value of wifi-password stands here.",
    ]


PLANTED = {
    "Zq7door-planted": "door-code",
    "zq7small-planted": "safe-code",
    "9 Planted Quay": "exact-address",
    "correct horse battery": "wifi-password",
    "Kx93": "key-box",
    "AB|CD-planted": "gate-code",
}


@pytest.mark.parametrize(
    ("name", "what", "instead"),
    [
        ("property.md", "48 hours before arrival", "Zq7door-planted"),
        ("property.md", "48 hours before arrival", "9  Planted Quay"),
        ("property.md", "door-code | 48 hours", "zq7small-planted | 48 hours"),
        ("property.md", "door-code | 48 hours", "Zq7door-planted | 48 hours"),
        ("property.md", "door-code | 48 hours before arrival", "AB|CD-planted"),
        ("property.md", "#1F6F78", "Kx93"),
        ("property.md", "languages: en, de", "languages: en, de, correct horse battery"),
        ("property.md", "updated:", "Zq7door-planted: x\nupdated:"),
        ("property.md", "[[door-code]]", "[[9 Planted Quay]]"),
        ("property.md", "[[door-code]]", "![](Zq7door-planted.png)"),
        ("property.md", "[[door-code]]", "![](%5Aq7door-planted.png)"),
        ("property.md", "[[door-code]]", "[link](/Zq7door-planted/)"),
        ("services/sauna.en.md", "at | time", "at | correct horse battery"),
        ("services/sauna.en.md", "mon-fri 08:00–20:00", "Kx93"),
        ("sections/door.en.md", "arriving, in_house", "arriving, Kx93"),
        ("pictures/house.svg", "<path", "<Zq7door-planted/><path"),
    ],
)
def test_no_mistake_repeats_a_current_value(tmp_path: Path, name: str, what: str, instead: str) -> None:
    text = str(FILES[name])
    assert what in text
    told = "\n".join(
        mistakes(tmp_path, {name: text.replace(what, instead, 1), **BROKEN}, codes=PLANTED)
    ).lower()
    for piece in ("planted", "correct", "horse", "battery", "kx93", "cd-", "“9"):
        assert piece not in told


BROKEN = {"places/bakery.de.md": "no fields"}  # so that there are mistakes whatever else is wrong


# Mistakes ---------------------------------------------------------------------------------------------

# what is wrong, what is replaced, by what, line, words
IN_A_SECTION = [
    ("an unknown field", "icon:", "ikon:", 4, "no field “ikon” here. Did you mean “icon”?"),
    ("a field of Pelican's", "icon: door", "date: soon", 4, "no field “date” here"),
    ("an empty line among the fields", "icon: door", "", 4, "empty line stands among"),
    ("a line that is no field", "icon: door", "the icon", 4, "This line is no field"),
    ("no title", "title: The door\n", "", 1, "“title” is missing"),
    ("an empty title", "The door", "", 2, "“title” is missing"),
    ("two titles", "icon: door", "title: Door", 4, "“title” has one value only"),
    ("no order", "order: 20\n", "", 1, "“order” is missing"),
    ("a bad order", "order: 20", "order: first", 3, "“first” is no whole number"),
    ("an unknown icon", "icon: door", "icon: dor", 4, "no icon. Did you mean “door”?"),
    ("an unknown phase", "in_house", "in-house", 6, "Did you mean “in_house”?"),
    ("a phase that sees no page", "in_house", "expired", 6, "no phase of a stay"),
    ("an unknown unit", "icon: door", "units: attic, netloft", 4, "Did you mean “net-loft”?"),
    ("an empty list of units", "icon: door", "units:", 4, "everybody would see this section"),
    ("an empty audience", "icon: door", "only_if:", 4, "everybody would see this section"),
    ("an unknown audience", "icon: door", "only_if: dogs", 4, "“dogs” is no kind of guest"),
    ("a bad date", "2026-10-01", "1 October", 9, "“1 October” is no date"),
    ("a year far away", "2026-10-01", "9999-12-31", 9, "too far away. Write a year from 1990 to 2199."),
    ("an end far away", "icon: door", "until: 0206-05-04", 4, "“0206-05-04” is too far away"),
    ("a day that never comes", "2026-10-01", "2026-02-30", 9, "no 2026-02-30 in the calendar"),
    ("an early end", "icon: door", "from: 2026-05-02\nuntil: 2026-05-01", 5, "ends before it begins"),
    ("a missing picture", ": house.svg", ": hose.svg", 7, "Did you mean “house.svg”?"),
    ("a missing picture in the text", "Lift", "![](quay.png)", 15, "no picture “quay.png”"),
    ("a picture from elsewhere", "Lift", "![](https://quay.example/a.png)", 15, "lies on another site"),
    ("an unknown secret", "Lift", "[[door-cod]]", 15, "“door-cod”. Did you mean “door-code”?"),
    ("a secret that is not declared", "Lift", "[[gate-code]]", 15, "no secret “gate-code”"),
    ("a secret in a field", "The blue one.", "[[door-code]]", 5, "A field cannot show a secret"),
    ("a secret in a link", "Lift", "[a](https://a.example/[[key-box]])", 15, "cannot be shown here"),
    ("a text nested too deeply", "Lift", "- " * 3000, 11, "nested too deeply"),
    ("NUL bytes", "Lift", "Li\0ft", 15, "NUL bytes"),
    ("a huge text", "Lift", "x" * 1_000_000, 0, "more than 1 MB"),
]
IN_THE_PROPERTY = [
    ("no name", "name: Harbour House\n", "", 1, "“name” is missing"),
    ("no languages", "languages: en, de\n", "", 1, "“languages” is missing"),
    ("a language that is none", "en, de", "en, de, swahili", 3, "“swahili” is no language"),
    ("a language twice", "en, de", "en, de, EN", 3, "named twice"),
    ("a bad accent colour", "#1F6F78", "teal", 6, "“teal” is no colour"),
    ("a bad phone number", "+44 1632 960100", "reception", 8, "“reception” is no phone number"),
    (
        "a WhatsApp number of no country",
        "wifi:",
        "whatsapp: 01632 960100\nwifi:",
        9,
        "Begin with the country",
    ),
    ("a source that is no name", "wifi:", "off_platform: Air bnb\nwifi:", 9, "“Air bnb” is no name"),
    ("a wait that is none", "wifi:", "reply_within: soon\nwifi:", 9, "“soon” is no wait. Write 10 minutes"),
    ("nights that never end", "wifi:", "quiet_hours: 22:00\nwifi:", 9, "“22:00” are no hours"),
    ("nights of some days", "wifi:", "quiet_hours: mon 22:00-07:00\nwifi:", 9, "the same for every day"),
    ("a house that is nowhere", "wifi:", "coordinates: here\nwifi:", 9, "no place on the map"),
    ("a label for no room", "wifi:", "units: atic | Dach\nwifi:", 9, "Did you mean “attic”?"),
    ("a room without a label", "wifi:", "units: attic\nwifi:", 9, "lacks a part between its bars"),
    ("a bad emergency line", "112 | The same", "112: the same", 11, "lacks a part between its bars"),
    ("a bad rule of a secret", "48 hours", "two days", 13, "does not say when guests see it"),
    ("a secret without a label", " | Safe code", "", 15, "“safe-code” has no label"),
    ("a secret twice", "key-box |", "door-code |", 12, "“door-code” stands here twice"),
]
IN_A_SERVICE = [
    ("a bad price", "12.50", "12,50", 5, "no price. Write 12.50 without the currency"),
    ("half a price", "12.50", "12.5", 5, "“12.5” is no price"),
    ("a bad unit of a price", "per: person", "per: hour", 6, "no unit of a price"),
    ("bad hours", "9:00-12:00", "nine to noon", 8, "are no hours"),
    ("hours of no day", "mon-fri", "mon-fry", 7, "“fry” is no day of the week"),
    ("hours after the day's end", "20:00", "24:30", 7, "“24:30” is no time of day"),
    ("a field without a label", " | When?", "", 9, "lacks a part between its bars"),
    ("a field of no kind", "| time |", "| tine |", 9, "Did you mean “time”?"),
    ("a number without bounds", "number 1-8", "number", 10, "has no bounds"),
    ("a choice of one", "pine / mint", "pine", 11, "leaves no choice"),
    ("a field twice", "    oil", "    at | text | optional | Why?\n    oil", 9, "“at” stands here twice"),
    ("a bad way to answer", "instant", "at once", 12, "“at once” is no way to answer"),
    ("neither yes nor no", "urgent: no", "urgent: maybe", 13, "“maybe” is no answer to yes or no"),
    ("a day that is none", "urgent:", "closed: sunday\nurgent:", 13, "no day of the week or date"),
    ("a date that is none", "urgent:", "closed: 2026-02-30\nurgent:", 13, "no 2026-02-30 in the calendar"),
    ("an unknown phase", "urgent:", "phases: always\nurgent:", 13, "“always” is no phase of a stay"),
    ("a bad change", "check-out 14:00", "late", 14, "“late” is no change"),
]
IN_A_PLACE = [
    ("a field of another kind", "walk: 4", "price: 4", 6, "no field “price” here"),
    ("a bad coordinate", "50.1526", "95.1526", 5, "no place on the map"),
    ("coordinates with commas", "50.1526", "50,1526", 5, "no place on the map"),
    ("no coordinates", "coordinates: 50.1526, -5.0663\n", "", 1, "“coordinates” is missing"),
    ("a bad walk", "walk: 4", "walk: 4 min", 6, "“4 min” is no whole number from 1 to 600"),
    ("opening hours in words", "walk: 4", "open: all day", 6, "are no hours"),
    ("an unknown kind of place", "kind: bakery", "kind: bakry", 4, "Did you mean “bakery”?"),
    ("a bad web address", "https://", "", 9, "is no web address"),
]
IN_A_NOTICE = [
    ("no first day", "from: 2026-11-23\n", "", 1, "A notice has a first and a last day"),
    ("no last day", "until: 2026-11-24\n", "", 1, "A notice has a first and a last day"),
    ("an end before the beginning", "until: 2026-11-24", "until: 2026-11-22", 4, "It ends before it begins"),
    ("an empty list of units", "units: attic", "units:", 5, "everybody would see this notice"),
    ("a room that is none", "units: attic", "units: atic", 5, "Did you mean “attic”?"),
    ("a field of a section", "important: yes", "order: 1", 6, "no field “order” here"),
]
IN_TRANSLATIONS = [
    ("property.de.md", "a label for nothing", "safe-code |", "save-code |", 4, "Did you mean “safe-code”?"),
    ("services/sauna.de.md", "too few choices", " / Minze", "", 6, "“oil” has 2 choices in the original"),
    ("services/sauna.de.md", "a label for no field", "oil |", "soap |", 6, "no “soap” to label"),
]
# what is wrong, file, its content, line, words
WHOLE_FILES: list[tuple[str, str, str | bytes, int, str]] = [
    ("no end of the fields", "sections/door.en.md", "---\ntitle: Door\norder: 1\n", 4, "have no end"),
    ("no beginning of the fields", "sections/door.en.md", "title: Door\n---\n", 1, "not begin with ---"),
    ("an empty file", "sections/door.en.md", "", 1, "does not begin with ---"),
    ("no UTF-8", "sections/door.de.md", TUER.encode("latin-1"), 2, "is not UTF-8"),
    ("UTF-16", "sections/door.de.md", TUER.encode("utf-16"), 1, "is not UTF-8"),
    ("a language nobody is offered", "sections/door.it.md", TUER, 0, "The language it is not offered"),
    ("a language that is none", "sections/door.german.md", TUER, 0, "“german” is no language"),
    ("a name without a language", "sections/door.md", DOOR, 0, "which language this is. Name it door.en.md"),
    ("a name nobody can link to", "sections/the door.en.md", DOOR, 0, "“the door” is no name"),
    ("two files for one text", "sections/Door.EN.md", DOOR, 0, "sections/door.en.md already says this in en"),
    ("the first language twice", "property.en.md", HAUS, 0, "property.md already says this in en"),
]


def table() -> list[object]:
    named = {
        "sections/door.en.md": IN_A_SECTION,
        "property.md": IN_THE_PROPERTY,
        "services/sauna.en.md": IN_A_SERVICE,
        "places/bakery.en.md": IN_A_PLACE,
    }
    rows = [(file, *row) for file, group in named.items() for row in group] + IN_TRANSLATIONS
    changed = [
        (what, file, str(FILES[file]).replace(old, new, 1), *told) for file, what, old, new, *told in rows
    ]
    changed += [
        (what, "notices/water.en.md", WATER.replace(old, new, 1), line, words)
        for what, old, new, line, words in IN_A_NOTICE
    ]
    return [pytest.param(*row[1:], id=str(row[0]).replace(" ", "-")) for row in [*changed, *WHOLE_FILES]]


@pytest.mark.parametrize(("file", "text", "line", "words"), table())
def test_a_mistake_is_told_with_file_line_and_what_is_expected(
    tmp_path: Path, file: str, text: str | bytes, line: int, words: str
) -> None:
    told = mistakes(tmp_path, {file: text})
    assert len(told) == 1, told
    assert told[0].startswith(f"{file}:{line} ")
    assert words in told[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    changed = {
        "sections/door.en.md": DOOR.replace("order: 20", "order: x").replace("icon: door", "icon: x")
        + "[[x]]",
        "property.md": HOUSE.replace("#1F6F78", "x"),
        "places/bakery.en.md": BAKERY.replace("walk: 4", "walk: x"),
        "sections/door.it.md": TUER,
    }
    told = [line.split()[0] for line in mistakes(tmp_path, changed)]
    assert told == [
        "places/bakery.en.md:6",
        "property.md:6",
        "sections/door.en.md:3",
        "sections/door.en.md:4",
        "sections/door.en.md:16",
        "sections/door.it.md:0",
    ]


def test_a_broken_original_is_told_once_and_not_through_its_translations(tmp_path: Path) -> None:
    assert len(mistakes(tmp_path, {"sections/door.en.md": "---\ntitle: Door\n"})) == 1


def test_the_message_of_all_mistakes_reads_one_to_a_line(tmp_path: Path) -> None:
    with pytest.raises(ContentErrors) as caught:
        content(tmp_path, {"property.md": HOUSE.replace("#1F6F78", "x"), "sections/door.md": DOOR})
    assert [line.partition(": ")[0] for line in str(caught.value).split("\n")] == [
        "harbour-house/property.md:6",
        "harbour-house/sections/door.md",
    ]
    assert (caught.value.status, caught.value.exit_code) == (422, 2)


# Folders ----------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_or_has_no_property_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContentErrors, match=r"^harbour-house: This folder cannot be read: No such file"):
        read(tmp_path / "harbour-house")
    with pytest.raises(ContentErrors, match=r"^harbour-house/property.md: There is no property.md"):
        read(write(tmp_path, {"sections/door.en.md": DOOR}))


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, scandir = write(tmp_path, FILES), os.scandir

    def guarded(path: Path) -> object:
        if Path(path).name == "services":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(
        ContentErrors, match=r"^harbour-house/services: This folder cannot be read: Permission denied"
    ):
        read(folder)


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, opened = write(tmp_path, FILES), open

    def guarded(path: str, mode: str, buffering: int = -1) -> object:
        if path.endswith("bakery.de.md"):
            raise PermissionError(13, "Permission denied")
        return opened(path, mode, buffering)

    monkeypatch.setattr("builtins.open", guarded)
    with pytest.raises(
        ContentErrors, match=r"^harbour-house/places/bakery\.de\.md: This file cannot be read"
    ):
        read(folder)


def test_a_link_out_of_the_folder_is_refused_and_never_read(tmp_path: Path) -> None:
    folder = write(tmp_path, FILES)
    (tmp_path / "elsewhere.md").write_text(DOOR)
    (folder / "sections/wifi.en.md").symlink_to(tmp_path / "elsewhere.md")
    (folder / "sections/gone.en.md").symlink_to(folder / "nothing.md")
    with pytest.raises(ContentErrors) as caught:
        read(folder)
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [
        ("harbour-house/sections/gone.en.md", "This link leads nowhere."),
        ("harbour-house/sections/wifi.en.md", "This link leads out of the property's folder."),
    ]


def test_a_linked_folder_is_refused_and_a_link_inside_is_followed(tmp_path: Path) -> None:
    folder = write(tmp_path, FILES)
    (folder / "pictures/quay.svg").symlink_to(folder / "pictures/house.svg")
    assert read(folder).problems == ()
    (folder / "places").rename(tmp_path / "places")
    (folder / "places").symlink_to(tmp_path / "places")
    with pytest.raises(ContentErrors, match=r"^harbour-house/places: This link leads out"):
        read(folder)


def test_files_that_nothing_reads_are_told_and_editors_leftovers_are_not(tmp_path: Path) -> None:
    strays: dict[str, str | bytes] = {
        "README.md": "Read me",
        "menu.pdf": b"%PDF",
        "sections/door.en.txt": "Door",
        "sections/old/door.en.md": DOOR,
        "pictures/quay.pdf": b"",
        "drafts/door.en.md": DOOR,
        ".DS_Store": b"\0",
        "sections/.door.en.md.swp": b"\0",
        "sections/door.en.md~": DOOR,
    }
    assert [path for path, _, _ in notes(content(tmp_path, strays))] == [
        "README.md",
        "drafts",
        "menu.pdf",
        "pictures/quay.pdf",
        "sections/door.en.txt",
        "sections/old",
    ]


def test_a_picture_of_a_kind_that_browsers_do_not_know_is_refused_where_it_is_shown(tmp_path: Path) -> None:
    heic = b"\0\0\0\x18ftypheic" + bytes(20)
    shown = DOOR + "\n![](quay.heic) ![](renamed.jpg)\n"
    pictures: Changed = {"pictures/quay.heic": heic, "pictures/renamed.jpg": heic}
    told = "HEIC is not shown by every browser. Save it as JPEG."
    assert mistakes(tmp_path / "a", {"sections/door.en.md": shown, **pictures}) == [
        f"pictures/quay.heic:0 {told}",
        f"pictures/renamed.jpg:0 {told}",
    ]
    assert content(tmp_path / "b", pictures).problems == ()


def test_a_private_picture_is_for_sections_alone(tmp_path: Path) -> None:
    private: Changed = {"pictures/private/door.svg": DRAWING.replace("M0", "M2")}
    house = content(
        tmp_path / "a",
        {"sections/door.en.md": DOOR.replace(": house.svg", ": private/door.svg"), **private},
    )
    assert house.sections["door"]["en"].picture == "private/door.svg"
    assert house.pictures["private/door.svg"].private
    told = "“private/door.svg” is private, and everybody can read this text."
    hint = "Show it in a section, or move it out of private/."
    sauna = FILES["services/sauna.en.md"]
    assert isinstance(sauna, str)
    public: Changed = {
        "property.md": HOUSE.replace(": house.svg", ": private/door.svg"),
        "services/sauna.en.md": sauna + "\n![](private/door.svg)\n",
    }
    assert mistakes(tmp_path / "b", {**public, **private}) == [
        f"property.md:7 {told} {hint}",
        f"services/sauna.en.md:{sauna.count(chr(10)) + 2} {told} {hint}",
    ]


def test_a_private_picture_that_is_also_shown_to_everybody_is_a_mistake(tmp_path: Path) -> None:
    shown = DOOR + "\n![](private/door.svg)\n"
    told = mistakes(tmp_path, {"sections/door.en.md": shown, "pictures/private/door.svg": DRAWING})
    twice = "This private picture is also shown as “house.svg”, which everybody can see."
    mend = "Write “private/door.svg” instead of “house.svg” everywhere, and remove that file."
    assert told == [f"pictures/private/door.svg:0 {twice} {mend}"]


def test_a_picture_that_lies_in_the_folder_private_is_found_by_its_whole_name(tmp_path: Path) -> None:
    told = mistakes(
        tmp_path,
        {
            "sections/door.en.md": DOOR + "\n![](door.svg)\n",
            "pictures/private/door.svg": DRAWING.replace("M0", "M2"),
            "pictures/private/deep/door.svg": DRAWING,
        },
    )
    hint = "Write “private/door.svg”: it lies in the folder private."
    assert told == [f"sections/door.en.md:17 There is no picture “door.svg”. {hint}"]


def test_a_link_that_would_lead_nowhere_is_left_out_and_told(tmp_path: Path) -> None:
    house = content(
        tmp_path, {"sections/door.en.md": DOOR + "\n[The menu](menu.pdf), [mail](mailto:ana@example.com)\n"}
    )
    assert notes(house) == [("sections/door.en.md", 17, "The link to “menu.pdf” was left out.")]
    assert '<a href="mailto:ana@example.com" rel="noreferrer">mail</a>' in house.sections["door"]["en"].html
    assert "menu.pdf" not in house.sections["door"]["en"].html


# Digests ----------------------------------------------------------------------------------------------


def test_the_digest_is_that_of_the_folder_without_times_or_places(tmp_path: Path) -> None:
    first, second = (
        write(tmp_path / "a", FILES),
        write(tmp_path / "b", {name: FILES[name] for name in reversed(list(FILES))}),
    )
    os.utime(second / "property.md", (1, 1))
    (second / ".DS_Store").write_bytes(b"x")
    assert folder_digest(first) == folder_digest(second) == read(first).digest


@pytest.mark.parametrize("name", [*FILES, "sections/new.en.md", "pictures/new.svg"])
def test_the_digest_changes_with_every_file(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path, FILES)
    before = folder_digest(folder)
    with (folder / name).open("a") as file:
        file.write("\n")
    assert folder_digest(folder) != before


def test_the_digest_of_a_broken_folder_can_be_asked(tmp_path: Path) -> None:
    folder = write(tmp_path, {**FILES, "property.md": b"\xff\xfe", "sections/x.md": "x"})
    assert re.fullmatch("[0-9a-f]{64}", folder_digest(folder))
    assert folder_digest(tmp_path / "nowhere") == folder_digest(tmp_path / "nowhere either")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("sections/door.en.md", DOOR.replace("20", "21")),
        ("sections/door.en.md", DOOR.replace("The blue one.", "The red one.")),
        ("sections/door.en.md", DOOR.replace("icon: door", "units: attic")),
        ("sections/door.en.md", DOOR.replace("push", "pull")),
        ("pictures/house.svg", DRAWING.replace("M0", "M1")),
    ],
)
def test_a_sections_digest_covers_all_that_reaches_a_page(tmp_path: Path, file: str, text: str) -> None:
    before = content(tmp_path / "a").sections["door"]["en"].digest
    assert content(tmp_path / "b", {file: text}).sections["door"]["en"].digest != before


def test_a_sections_digest_keeps_still_when_only_its_date_changes(tmp_path: Path) -> None:
    before = content(tmp_path / "a").sections["door"]["en"].digest
    touched: Changed = {"sections/door.en.md": DOOR.replace("2026-10-01", "2026-10-02")}
    assert content(tmp_path / "b", touched).sections["door"]["en"].digest == before


@pytest.mark.parametrize(
    ("text", "imported"), [("Lift the **handle**.", set()), ("Lift the `handle`.", {"pelican", "PIL"})]
)
def test_what_reads_more_than_plain_texts_is_imported_when_one_is_met(
    text: str, imported: set[str], tmp_path: Path
) -> None:
    folder = write(tmp_path, {"property.md": f"---\nname: House\nlanguages: en\n---\n{text}\n"})
    told = (
        "import sys; from pathlib import Path; from generator.content import read_property; "
        f"read_property(Path({str(folder)!r}), units=frozenset(), currency='EUR'); "
        "print(*{'pelican', 'PIL'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {*ran.stdout.split()} == imported
