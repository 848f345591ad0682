"""What a guest means, measured over tables of phrases as guests write them: tests/edge_api/phrases/.

`python -m tests.edge_api.test_understanding` prints the figures and every phrase that is missed.
"""

import time
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_api.offers import Field
from edge_api.understanding import (
    Codes,
    Index,
    Subject,
    Understanding,
    is_resume,
    is_stop,
    named_codes,
    prepare,
    subjects_of,
    understand,
    values_for,
)
from edge_api.understanding.subjects import Kind
from generator.content import read_property
from guestlink import links
from guestlink.catalogue import Entry
from guestlink.language import LANGUAGES
from tests.house import ROOT

PHRASES: Final = Path(__file__).with_name("phrases")
HOUSE: Final = ROOT / "content" / "harbour-house"
UNITS: Final = frozenset({*(f"room-{number}" for number in range(1, 13)), "garden-flat"})
PRECISION: Final = 0.97
RECALL: Final = 0.85
FIELDS: Final = (
    Field(name="sets", kind="number", low=1, high=6),
    Field(name="kind", kind="choice", choices=("bath", "beach", "both")),
    Field(name="day", kind="date"),
    Field(name="at", kind="time"),
    Field(name="kind", kind="choice", choices=("Bad", "Strand", "beides")),
)
ASKED_ABOUT: Final = {
    "en": "How much is it:",
    "de": "Was kostet das:",
    "fr": "Combien coûte :",
    "es": "¿Cuánto cuesta:",
    "it": "Quanto costa:",
    "pt": "Quanto custa:",
    "ar": "كم سعر",
    "ja": "いくらですか。",
}
TODAY: Final = date(2026, 11, 6)


class Phrase(NamedTuple):
    """A row of a table: a guest's words, and what is meant by them."""

    language: str
    table: str
    text: str
    meant: tuple[str, ...]


class Measured(NamedTuple):
    """`sure` and `wrong`: services that would have been asked for at once; the rest are shares of phrases."""

    sure: int
    wrong: list[Phrase]
    missed: list[Phrase]
    hesitant: list[Phrase]
    misheard: list[Phrase]
    precision: float
    recall: float


@cache
def phrases() -> tuple[Phrase, ...]:
    return tuple(
        Phrase(language, table, text, (meant,) if isinstance(meant, str) else tuple(meant))
        for language in LANGUAGES
        for table, rows in tomllib.loads((PHRASES / f"{language}.toml").read_text("utf-8")).items()
        for text, meant in rows.items()
    )


@cache
def harbour_house() -> Index:
    """The sample house as publishing puts it into the catalogue."""
    content = read_property(HOUSE, units=UNITS, currency="GBP")
    kinds: Mapping[str, Mapping[str, Mapping[str, msgspec.Struct]]] = {
        "section": content.sections,
        "service": content.services,
    }
    return prepare(
        subjects_of(
            Entry(language=tag, kind=kind, key=key, body=msgspec.json.encode(entry).decode())
            for kind, entries in kinds.items()
            for key, versions in entries.items()
            for tag, entry in versions.items()
        )
    )


def meant(text: str) -> Understanding:
    return understand(text, harbour_house())


def sure_keys(text: str) -> list[str]:
    return [match.key for match in meant(text).matches if match.is_sure]


def first_key(text: str) -> str:
    found = meant(text)
    return found.matches[0].key if found.intent == "subject" and found.matches else ""


def measured(rows: tuple[Phrase, ...]) -> Measured:
    keys = [(row, key) for row in rows for key in sure_keys(row.text)]
    wrong = [row for row, key in keys if row.table not in {"asks", "several"} or key not in row.meant]
    about = [row for row in rows if row.table != "says"]
    missed = [row for row in about if first_key(row.text) not in row.meant]
    return Measured(
        sure=len(keys),
        wrong=wrong,
        missed=missed,
        hesitant=[row for row in rows if row.table == "asks" and not meant(row.text).is_sure],
        misheard=[row for row in rows if row.table == "says" and meant(row.text).intent not in row.meant],
        precision=1 - len(wrong) / len(keys),
        recall=1 - len(missed) / len(about),
    )


def told(rows: tuple[Phrase, ...]) -> Iterator[str]:
    """The figures of some phrases, and those that are missed."""
    found = measured(rows)
    yield (
        f"{len(rows)} phrases: precision of sure services {found.precision:.3f} of {found.sure},"
        f" recall of subjects {found.recall:.3f}, {len(found.hesitant)} asked back,"
        f" {len(found.misheard)} misheard"
    )
    for name in ("wrong", "missed", "hesitant", "misheard"):
        yield from (f"  {name}: {row.language} {row.text}" for row in getattr(found, name))


# -- the tables ------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_phrases_of_every_kind(language: str) -> None:
    own = [row for row in phrases() if row.language == language]
    assert len(own) >= 60
    assert {row.table for row in own} == {"asks", "several", "names", "says"}


def test_what_is_asked_for_at_once_was_asked_for() -> None:
    assert measured(phrases()).precision >= PRECISION, "\n".join(told(phrases()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_guests_are_understood_in_every_language(language: str) -> None:
    own = tuple(row for row in phrases() if row.language == language)
    found = measured(own)
    assert found.recall >= RECALL, "\n".join(told(own))
    assert len(found.hesitant) <= 0.15 * len([row for row in own if row.table == "asks"])
    assert len(found.misheard) <= 0.1 * len([row for row in own if row.table == "says"])


def test_a_matcher_that_knows_no_signs_would_ask_for_too_much() -> None:
    """The control: who takes every named service for a request is far from precise."""
    named = [
        (row, match) for row in phrases() for match in meant(row.text).matches if match.kind == "service"
    ]
    right = [row for row, match in named if row.table in {"asks", "several"} and match.key in row.meant]
    assert len(right) / len(named) < PRECISION


def test_several_things_at_once_are_each_sure_and_the_whole_is_not() -> None:
    for row in phrases():
        if row.table == "several":
            assert set(sure_keys(row.text)) == set(row.meant), row.text
            assert not meant(row.text).is_sure


# -- rules -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        *("Do you have towels?", "where are the towels please", "no more towels please", "Towels are dirty"),
        *("thanks for the towels", "if we need towels we will tell you", "the towels came, thank you"),
        *("We need to know when the taxi comes", "how do I book a taxi?", "towel rail broken", "towel?"),
        *("Keine Handtücher bitte", "Was kostet ein Taxi", "Combien pour un taxi ?", "¿Hay toallas?"),
        *(
            "タオルはありますか",
            "タオルはいりません",
            "هل لديكم مناشف؟",
            "لا نريد مناشف",
            "heating?",
            "late checkout?",
        ),
        *("is the heating broken if it is off in summer?", "the taxi driver was rude", "no"),
    ],
)
def test_a_question_or_a_no_asks_for_nothing_at_once(text: str) -> None:
    assert not meant(text).is_sure


def test_who_needs_a_doctor_comes_before_everything_else() -> None:
    for text in (
        "Our baby is sick we need a doctor",
        "towels please and call an ambulance",
        "fire in the sauna!!",
    ):
        assert (first_key(text), sure_keys(text)) == ("emergency", []), text


def test_the_longest_name_counts() -> None:
    assert first_key("late check-out please") == "late-checkout"
    assert first_key("check-out?") == "departure"


def test_what_a_guest_does_not_have_is_not_named() -> None:
    hidden: set[tuple[Kind, str]] = {("service", "taxi")}
    assert not understand("taxi please", harbour_house(), hidden=hidden).matches


def test_a_question_without_a_name_is_looked_up_in_the_texts() -> None:
    found = meant("is there a telescope?")
    assert (found.matches[0].key, found.matches[0].how) == ("room-3", "text")


def test_the_guests_languages_decide_between_equals() -> None:
    index = prepare(
        [
            Subject(kind="service", key="bread", names={"ja": ("パン",), "es": ("Pan",)}),
            Subject(kind="service", key="pan", names={"en": ("Pan",)}),
        ]
    )
    for language, key in (("en-GB", "pan"), ("es", "bread")):
        found = understand("pan", index, languages=(language,))
        assert (found.matches[0].key, found.is_sure) == (key, False)


def test_a_house_whose_files_speak_one_language_is_understood_in_all() -> None:
    towels = Subject(kind="service", key="linen", names={"de": ("Frische Handtücher",)})
    index = prepare([towels])
    for text in (
        "towels please",
        "タオルをお願いします",
        "ممكن مناشف لو سمحت",
        "des serviettes svp",
        "toallas porfa",
    ):
        assert understand(text, index).is_sure, text


def test_a_houses_own_words_need_no_dictionary() -> None:
    index = prepare([Subject(kind="service", key="crab-lines", names={"en": ("Crab lines",)})])
    assert understand("could we have 2 crab lines please", index).is_sure
    assert understand("we'd like to see the crabs", index).matches == ()


@pytest.mark.parametrize(
    "text", ["STOP", "stop!", " S t o p ", "Stopp", "ARRÊT", "arret", "BAJA", "Sair", "توقف", "إيقاف"]
)
def test_stop_is_heard_in_every_language(text: str) -> None:
    assert is_stop(text)
    assert meant(text).intent == "stop"


@pytest.mark.parametrize(
    "text", ["please don't stop", "bus stop", "stop by our room with towels", "unstoppable", ""]
)
def test_stop_within_a_sentence_is_no_stop(text: str) -> None:
    assert not is_stop(text)


def test_start_is_heard() -> None:
    assert is_resume("START")
    assert is_resume("再開")
    assert not is_resume("when does it start")


# -- codes -----------------------------------------------------------------------------------------
def test_the_booking_word_is_found_in_the_pages_text_in_every_language() -> None:
    for language in LANGUAGES:
        file = ROOT / "theme" / "locale" / language / "LC_MESSAGES" / "guestlink.po"
        line = next(
            line
            for line in file.read_text("utf-8").split("msgid ")
            if line.startswith('"Hello, this is about my stay. My booking word is {code}."')
        )
        text = line.split("msgstr ")[1].splitlines()[0].strip('"') or line.splitlines()[0].strip('"')
        assert named_codes(text.format(code="7K3MNP")).stay_code == "7K3MNP", language
        assert named_codes(text.format(code="ABCDEF")).stay_code == "ABCDEF", language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(
            ("7K3MNP", "7K3MNP"),
            ("7k3mnp", "7K3MNP"),
            (" 7K3 MNP. ", "7K3MNP"),
            ("my booking word is 7k3-mnp", "7K3MNP"),
        ),
        *(
            ("Hi, 7K3MNP here, any towels?", "7K3MNP"),
            ("booking word: 7K3MOP", "7K3M0P"),
            ("７Ｋ３ＭＮＰ", "7K3MNP"),
        ),
        *(
            ("towels", ""),
            ("123456", ""),
            ("PLEASE", ""),
            ("", ""),
            ("booking word", ""),
            ("7K3MNP or 8K3MNP", ""),
        ),
    ],
)
def test_a_booking_word_is_read_as_people_type_it(text: str, code: str) -> None:
    assert named_codes(text).stay_code == code


@pytest.mark.parametrize("written", ["{}", "  {} ", "Hi! {}", "{}. We need towels", "({})"])
def test_a_posters_word_is_found(written: str) -> None:
    for unit in ("", "room-4"):
        word = links.house_word("harbour-house", unit)
        for spelled in (
            word,
            word.upper(),
            word.replace("/", " / "),
            word.replace("#", "# "),
            word.replace("-", "‑"),
        ):
            assert named_codes(written.format(spelled)) == Codes(house="harbour-house", unit=unit)


# -- values ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "2 towels for the beach tomorrow at 18:30",
            {"sets": "2", "kind": "beach", "day": "2026-11-07", "at": "18:30"},
        ),
        ("zwei Handtücher für den Strand", {"sets": "2", "kind": "Strand"}),
        ("three bath towels to room 4", {"sets": "3", "kind": "bath"}),
        ("タオルを２枚、明日9時半に", {"sets": "2", "day": "2026-11-07", "at": "09:30"}),
        ("٣ مناشف غدا", {"sets": "3", "day": "2026-11-07"}),
        ("morgen um 9 Uhr", {"day": "2026-11-07", "at": "09:00"}),
        ("heute Abend 8 Uhr", {"day": "2026-11-06", "at": "20:00"}),
        ("demain à 9h30", {"day": "2026-11-07", "at": "09:30"}),
        ("at 7pm tonight", {"day": "2026-11-06", "at": "19:00"}),
        ("day after tomorrow", {"day": "2026-11-08"}),
        *(
            ("towels at 5", {}),
            ("towels for 2 nights", {}),
            ("on 2026-99-99", {}),
            ("2026-11-08", {"day": "2026-11-08"}),
            ("9 towels", {}),
            ("2 or 3 towels", {}),
            ("bath and beach", {}),
        ),
        *(("at 18:30 or 19:00", {}), ("Guten Morgen", {}), ("room 4", {}), ("", {})),
    ],
)
def test_fields_are_filled_with_what_is_clear_and_nothing_else(text: str, values: dict[str, str]) -> None:
    assert values_for(text, FIELDS, today=TODAY) == values


def test_two_fields_of_a_kind_are_not_guessed_apart() -> None:
    fields = (
        Field(name="bikes", kind="number", low=1, high=4),
        Field(name="days", kind="number", low=1, high=9),
    )
    assert values_for("2 bikes", fields) == {}


# -- any text --------------------------------------------------------------------------------------
@given(st.text(max_size=300))
@settings(deadline=None)
def test_no_text_is_too_strange(text: str) -> None:
    found = meant(text)
    assert all(0 <= match.score <= 1 for match in found.matches)
    assert found == meant(text)
    values_for(text, FIELDS, today=TODAY)
    named_codes(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_asked_about_is_not_asked_for(language: str) -> None:
    for row in phrases():
        if row.language == language and row.table == "asks" and row.meant != ("heating-trouble",):
            assert not meant(f"{ASKED_ABOUT[language]} {row.text}").is_sure, row.text


@pytest.mark.parametrize(
    "text", ["😂" * 4096, "a" * 100_000, "towels " * 20_000, "タオル" * 9_000, "م" * 50_000, "ﷺ" * 4096]
)
def test_a_long_message_costs_little(text: str) -> None:
    harbour_house()
    began = time.process_time()
    meant(text)
    values_for(text, FIELDS, today=TODAY)
    named_codes(text)
    assert time.process_time() - began < 0.5


if __name__ == "__main__":
    print("\n".join(told(phrases())))  # noqa: T201 - a helper that people run
