"""What a service takes in its fields, and when it is there."""

from datetime import date, datetime

import pytest

from edge_api.offers import Days, Field, Offer, checked_fields, is_answered_at_once, is_open, said

DAYS = Days(from_on=date(2026, 11, 6), until_on=date(2026, 11, 8), today=date(2026, 11, 7))
FIELDS = (
    Field(name="sets", kind="number", required=True, label="How many", low=1, high=6),
    Field(name="kind", kind="choice", required=True, label="Which", choices=("bath", "beach")),
    Field(name="day", kind="date", label="Day"),
    Field(name="at", kind="time", label="When"),
    Field(name="words", kind="text", label="More"),
)
EN = Offer(key="towels", language="en", title="Towels", fields=FIELDS)
DE = Offer(
    key="towels",
    language="de",
    title="Handtücher",
    fields=tuple(
        Field(name=f.name, kind=f.kind, label=f.label + "?", choices=("Bad", "Strand") if f.choices else ())
        for f in FIELDS
    ),
)
GOOD = {"sets": "2", "kind": "beach"}


def checked(**changes: str) -> tuple[dict[str, str], list[str]]:
    given = {name: text for name, text in {**GOOD, **changes}.items() if text}
    kept, mistakes = checked_fields({"en": EN, "de": DE}, given, original="en", days=DAYS)
    return kept, [mistake.field for mistake in mistakes]


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, {}),
        ({"kind": "Strand"}, {}),
        ({"sets": "٣"}, {"sets": "3"}),
        ({"day": "2026-11-07"}, {"day": "2026-11-07"}),
        ({"at": "8:05"}, {"at": "08:05"}),
        ({"at": "18:30:00"}, {"at": "18:30"}),
        ({"words": "x" * 500}, {"words": "x" * 500}),
    ],
)
def test_what_a_form_may_say(changes: dict[str, str], kept: dict[str, str]) -> None:
    assert checked(**changes) == ({**GOOD, **kept}, [])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("sets", text) for text in ("", "0", "7", "2.5", "-1", "two", "²", "1" * 7)),
        *(("kind", text) for text in ("", "silk", "BATH")),
        *(("day", text) for text in ("tomorrow", "2026-11-06", "2026-11-09", "2026-02-30")),
        *(("at", text) for text in ("24:00", "noon", "12", "12:60")),
        ("words", "x" * 501),
        ("else", "anything"),
    ],
)
def test_what_a_form_may_not_say(field: str, text: str) -> None:
    assert checked(**{field: text})[1] == [field]


def test_every_mistake_is_told_at_once() -> None:
    assert checked(sets="9", kind="", day="x", extra="1")[1] == ["extra", "sets", "kind", "day"]


def test_what_was_said_is_told_in_the_words_of_each_language() -> None:
    kept = {"sets": "2", "kind": "beach"}
    assert said(DE, EN, kept) == (("How many?", "2"), ("Which?", "Strand"))
    assert said(EN, EN, kept) == (("How many", "2"), ("Which", "beach"))


@pytest.mark.parametrize(
    ("hours", "closed", "when", "there"),
    [
        ((), (), "2026-11-06 03:00", True),
        (("08:00-20:00",), (), "2026-11-06 08:00", True),
        (("08:00-20:00",), (), "2026-11-06 20:00", False),
        (("mon-fri 08:00-20:00",), (), "2026-11-07 09:00", False),
        (("mon-fri 08:00-20:00", "sat 09:00-12:00"), (), "2026-11-07 09:00", True),
        (("22:00-02:00",), (), "2026-11-07 01:59", True),
        (("22:00-02:00",), (), "2026-11-07 02:00", False),
        (("fri 22:00-02:00",), (), "2026-11-07 01:00", True),
        (("fri 22:00-02:00",), (), "2026-11-06 01:00", False),
        (("fri 22:00-02:00",), ("2026-11-06",), "2026-11-07 01:00", False),
        (("08:00-24:00",), (), "2026-11-06 23:59", True),
        (("sat-mon 08:00-09:00",), (), "2026-11-08 08:30", True),
        (("sat-mon 08:00-09:00",), (), "2026-11-10 08:30", False),
        ((), ("sun",), "2026-11-08 12:00", False),
        (("08:00-20:00",), ("2026-12-25",), "2026-12-25 12:00", False),
    ],
)
def test_when_a_service_is_there(
    hours: tuple[str, ...], closed: tuple[str, ...], when: str, there: bool
) -> None:
    offer = Offer(key="towels", language="en", approval="instant", hours=hours, closed=closed)
    local = datetime.fromisoformat(when)
    assert is_open(offer, local) is there
    assert is_answered_at_once(offer, local) is there


def test_what_a_person_has_to_approve_is_never_promised_at_once() -> None:
    assert not is_answered_at_once(
        Offer(key="taxi", language="en"), datetime.fromisoformat("2026-11-06 12:00")
    )
