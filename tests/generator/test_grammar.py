"""What single values in a host's files may be; test_content.py shows what hosts read when they are wrong."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.files import grammar, moments
from generator.files.grammar import Field, Reveal

READERS: list[Callable[[str], object]] = [
    grammar.name,
    grammar.day,
    grammar.language,
    grammar.colour,
    grammar.phone,
    grammar.whatsapp,
    grammar.closed_day,
    grammar.room_label({"room-1"}),
    grammar.website,
    grammar.coordinates,
    grammar.price(0),
    grammar.price(2),
    grammar.price(3),
    grammar.whole(1, 600),
    grammar.clock_time,
    grammar.open_hours,
    grammar.wait,
    grammar.quiet_hours,
    grammar.changes,
    grammar.reveal,
    grammar.secret,
    grammar.labelled,
    grammar.emergency,
    grammar.field,
    grammar.yes_or_no,
    grammar.one_of(grammar.ICONS, "icon"),
    moments.moment,
    moments.useful_for,
    moments.message_hours,
    moments.channel,
    moments.template,
]


@pytest.mark.parametrize("reader", READERS)
@given(text=st.text(max_size=30) | st.from_regex(r"[-+.:,|/# 0-9a-f]{0,30}", fullmatch=True))
def test_a_value_is_understood_or_refused_with_a_sentence(reader: Callable[[str], object], text: str) -> None:
    try:
        reader(text)
    except ValueError as error:
        message, hint = error.args
        assert message.endswith(".")
        assert not hint or hint[-1] in ".?" or hint.startswith("Write it like this")


@pytest.mark.parametrize(
    ("digits", "text", "minor"),
    [
        (2, "12.50", 1250),
        (2, "12", 1200),
        (2, "0.05", 5),
        (2, "free", 0),
        (0, "1200", 1200),
        (3, "1.250", 1250),
    ],
)
def test_prices_are_minor_units_of_their_currency(digits: int, text: str, minor: int) -> None:
    assert grammar.price(digits)(text) == minor


@pytest.mark.parametrize(
    ("digits", "text"), [(2, "12.5"), (2, "-1"), (2, "12."), (2, "£12"), (0, "12.00"), (2, "١٢")]
)
def test_other_prices_are_none(digits: int, text: str) -> None:
    with pytest.raises(ValueError, match="is no price"):
        grammar.price(digits)(text)


def test_languages_are_spelled_as_usual() -> None:
    assert [grammar.language(tag) for tag in ("EN", "pt-br", "zh-hans-cn", "es-419")] == [
        "en",
        "pt-BR",
        "zh-Hans-CN",
        "es-419",
    ]


def test_short_colours_are_written_out() -> None:
    assert grammar.colour("#1aF") == "#11aaff"


def test_hours_may_pass_midnight_and_end_with_the_day() -> None:
    assert grammar.open_hours("22:00-2:00") == "22:00-02:00"
    assert grammar.open_hours("Sat  08:00 – 24:00") == "sat 08:00-24:00"


@pytest.mark.parametrize(
    ("text", "minutes"), [("10 minutes", 10), ("1  Minute", 1), ("1 hour", 60), ("24 hours", 1440)]
)
def test_waits_are_minutes_or_hours(text: str, minutes: int) -> None:
    assert grammar.wait(text) == minutes


@pytest.mark.parametrize("text", ["10", "0 minutes", "25 hours", "ten minutes", "10 min", "-1 hour"])
def test_other_waits_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no wait"):
        grammar.wait(text)


def test_quiet_hours_are_the_same_every_day() -> None:
    assert grammar.quiet_hours("22:00–7:00") == "22:00-07:00"
    with pytest.raises(ValueError, match="are no quiet hours"):
        grammar.quiet_hours("mon-fri 22:00-07:00")


def test_secrets_are_shown_on_booking_hours_ahead_or_when_the_room_is_ready() -> None:
    assert grammar.reveal("On booking") == Reveal(rule="booking")
    assert grammar.reveal("1 hour before arrival") == Reveal(rule="hours", hours=1)
    assert grammar.reveal("when the room is ready") == Reveal(rule="ready")


def test_fields_say_all_about_themselves() -> None:
    assert grammar.field("eggs | choice fried / boiled | optional | How?") == Field(
        name="eggs", kind="choice", required=False, label="How?", choices=("fried", "boiled")
    )


def test_changes_are_a_time_a_night_or_a_unit() -> None:
    assert [grammar.changes(text) for text in ("check-in 9:00", "Night", "unit")] == [
        "check-in 09:00",
        "night",
        "unit",
    ]
