"""Answers that people send again and again: texts with slots; mistakes are told with file and line."""

from pathlib import Path

from generator.content import read_property
from tests.generator.test_content import content, mistakes, notes
from tests.house import ROOT

TAXI = """---
title: No taxi
order: 5
for: taxi
updated: 2026-11-26
---
The last one leaves at ten, {guest}. Shall we ask
for tomorrow?

- [the bus](https://bus.example/6)
"""
KEIN_TAXI = """---
title: Kein Taxi
updated: 2026-11-26
---
Das letzte fährt um zehn, {guest}.
"""
PATH = "answers/no-taxi.en.md"
SERVICE = {"services/taxi.en.md": "---\ntitle: Taxi\nupdated: 2026-10-01\n---\nWe ring Denzil.\n"}


def test_an_answer_has_a_title_words_for_a_phone_and_the_services_that_it_is_for(tmp_path: Path) -> None:
    house = content(tmp_path, {**SERVICE, PATH: TAXI, "answers/no-taxi.de.md": KEIN_TAXI})
    english, german = house.answers["no-taxi"]["en"], house.answers["no-taxi"]["de"]
    assert (english.title, english.order, english.services) == ("No taxi", 5, ("taxi",))
    assert english.text == (
        "The last one leaves at ten, {guest}. Shall we ask for tomorrow?\n\n- the bus (https://bus.example/6)"
    )
    assert (german.title, german.text) == ("Kein Taxi", "Das letzte fährt um zehn, {guest}.")
    assert (german.order, german.services) == (english.order, english.services)


def test_what_is_wrong_with_an_answer_is_told_with_its_line(tmp_path: Path) -> None:
    text = "---\nodrer: 5\nfor: taxy\n---\nAsk {gest} for [[door-code]], {check_out}.\n"
    told = mistakes(tmp_path / "one", {**SERVICE, PATH: text})
    assert told == [
        f"{PATH}:1 “title” is missing. Add title: … at the top.",
        f"{PATH}:2 There is no field “odrer” here. Did you mean “order”?",
        f"{PATH}:3 “taxy” is no service of this property. Did you mean “taxi”?",
        f"{PATH}:5 Codes are never in a message. Say that the page shows them.",
        f"{PATH}:5 Nothing fills “{{gest}}”. Did you mean “{{guest}}”?",
    ]
    empty = mistakes(tmp_path / "two", {PATH: "---\ntitle: Nothing\n---\n"})
    assert empty == [f"{PATH}:4 There is no text below the fields. Write what is sent."]
    long = mistakes(tmp_path / "three", {PATH: f"---\ntitle: Much\n---\n{'word ' * 200}\n"})
    hint = "Make two of it, or leave some of it to the page."
    assert long == [f"{PATH}:4 This answer has 999 characters, more than 900. {hint}"]


def test_a_translation_that_is_not_there_is_told(tmp_path: Path) -> None:
    house = content(tmp_path, {**SERVICE, PATH: TAXI})
    assert ("answers/no-taxi.de.md", 0, "There is no translation into de yet.") in notes(house, "missing")


def test_the_sample_house_answers_in_each_of_its_languages() -> None:
    rooms = frozenset(f"room-{number}" for number in range(1, 13))
    house = read_property(ROOT / "content" / "harbour-house", units=rooms, currency="GBP")
    assert len(house.answers) >= 6
    assert {tuple(versions) for versions in house.answers.values()} == {house.languages}
