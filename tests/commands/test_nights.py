"""Which nights in which unit, after a host's words."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.commands.nights import joined, period, told, with_dates, with_move, with_unit
from guestlink.errors import InvalidInput
from guestlink.records import Period, Unit, touching

UNITS = {slug: Unit(id=slug, property_id="1", slug=slug, title=slug, version=1) for slug in ("a", "b", "c")}


def may(day: int) -> date:
    return date(2026, 5, day)


def made(*parts: str) -> tuple[Period, ...]:
    """`a4-7` is unit a from the fourth to the seventh of May; `-4-7` has no unit."""
    periods = []
    for part in parts:
        first, last = part[1:].split("-")
        periods.append(period(UNITS.get(part[0]), may(int(first)), may(int(last))))
    return tuple(periods)


@pytest.mark.parametrize(
    ("now", "dates", "after"),
    [
        (("a4-7",), (4, 8), ("a4-8",)),  # one night more
        (("a4-7",), (3, 7), ("a3-7",)),  # comes earlier
        (("a4-7",), (4, 5), ("a4-5",)),  # leaves early
        (("a4-6", "b6-9"), (4, 10), ("a4-6", "b6-10")),  # the last room is longer
        (("a4-6", "b6-9"), (4, 6), ("a4-6",)),  # leaves before the change
        (("a4-6", "b6-9"), (7, 9), ("b7-9",)),  # comes after the change
        (("a4-6", "b6-9"), (4, 5), ("a4-5",)),
        (("a4-7",), (20, 23), ("a20-23",)),  # other dates altogether
        (("-4-7",), (5, 9), ("-5-9",)),
    ],
)
def test_new_dates_keep_the_rooms(now, dates, after):
    assert with_dates(made(*now), *map(may, dates)) == made(*after)


def test_other_dates_of_several_rooms_need_a_room():
    with pytest.raises(InvalidInput, match="--unit"):
        with_dates(made("a4-6", "b6-9"), may(20), may(23))


def test_a_departure_before_the_arrival_is_refused():
    with pytest.raises(InvalidInput, match="not after"):
        with_dates(made("a4-7"), may(7), may(7))


@pytest.mark.parametrize(
    ("now", "unit", "on", "after"),
    [
        (("a4-9",), "b", 6, ("a4-6", "b6-9")),
        (("a4-9",), "b", 4, ("b4-9",)),
        (("a4-6", "b6-9"), "c", 5, ("a4-5", "c5-9")),
        (("a4-6", "b6-9"), "c", 7, ("a4-6", "b6-7", "c7-9")),
        (("a4-6", "b6-9"), "a", 6, ("a4-9",)),  # the change is taken back
    ],
)
def test_a_move_begins_on_its_date(now, unit, on, after):
    assert with_move(made(*now), UNITS[unit], may(on)) == made(*after)


@pytest.mark.parametrize("on", [3, 9, 10])
def test_a_move_outside_the_stay_is_refused(on):
    with pytest.raises(InvalidInput, match="not a night of this stay"):
        with_move(made("a4-9"), UNITS["b"], may(on))


def test_one_room_for_the_whole_stay():
    assert with_unit(made("a4-6", "b6-9"), UNITS["c"]) == made("c4-9")
    assert told(with_unit(made("a4-6"), None)) == "no room yet"


@given(
    moves=st.lists(st.tuples(st.sampled_from("abc"), st.integers(4, 19)), max_size=6),
    dates=st.tuples(st.integers(1, 30), st.integers(1, 30)).filter(lambda pair: pair[0] < pair[1]),
)
def test_whatever_happens_the_nights_follow_each_other(moves, dates):
    parts = made("a4-20")
    for unit, on in moves:
        parts = with_move(parts, UNITS[unit], may(on))
    assert touching(parts)
    assert joined(parts) == parts
    if len(parts) == 1 or (dates[0] < 20 and dates[1] > 4):
        parts = with_dates(parts, *map(may, dates))
        assert (parts[0].from_on, parts[-1].until_on) == tuple(map(may, dates))
        assert touching(parts)
        assert all(part.from_on < part.until_on for part in parts)
