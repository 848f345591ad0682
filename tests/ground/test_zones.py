"""Dates and times on the wall of a place, through every change of its clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guestlink.zones import local_date, local_instant, month_end_after

LONDON, CASABLANCA, APIA = "Europe/London", "Africa/Casablanca", "Pacific/Apia"
SOME_DAY = st.dates(date(2000, 1, 1), date(2037, 12, 31))
SOME_ZONE = st.sampled_from(
    [LONDON, CASABLANCA, APIA, "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"]
)


@pytest.mark.parametrize(
    ("zone", "on", "at", "instant"),
    [
        pytest.param(LONDON, "2026-11-06", "15:00", "2026-11-06T15:00", id="London in winter is UTC"),
        pytest.param(
            LONDON, "2026-07-06", "15:00", "2026-07-06T14:00", id="London in summer is an hour ahead"
        ),
        pytest.param(
            LONDON, "2026-03-29", "00:59", "2026-03-29T00:59", id="just before London's clocks go forward"
        ),
        pytest.param(
            LONDON,
            "2026-03-29",
            "01:30",
            "2026-03-29T01:30",
            id="a time London skips counts as the same span after",
        ),
        pytest.param(
            LONDON,
            "2026-03-29",
            "02:30",
            "2026-03-29T01:30",
            id="and is the instant of an hour later on the wall",
        ),
        pytest.param(
            LONDON,
            "2026-10-25",
            "01:30",
            "2026-10-25T00:30",
            id="of a time London repeats the first is meant",
        ),
        pytest.param(
            LONDON, "2026-10-25", "02:00", "2026-10-25T02:00", id="just after London's clocks go back"
        ),
        pytest.param(
            CASABLANCA, "2026-01-15", "15:00", "2026-01-15T14:00", id="Casablanca is an hour ahead all year"
        ),
        pytest.param(CASABLANCA, "2026-03-01", "15:00", "2026-03-01T15:00", id="but not in Ramadan"),
        pytest.param(
            CASABLANCA,
            "2026-02-15",
            "02:30",
            "2026-02-15T01:30",
            id="of a time Casablanca repeats the first is meant",
        ),
        pytest.param(
            CASABLANCA,
            "2026-03-22",
            "02:30",
            "2026-03-22T02:30",
            id="a time Casablanca skips counts as after",
        ),
        pytest.param(
            APIA, "2011-12-29", "15:00", "2011-12-30T01:00", id="Apia before it crossed the date line"
        ),
        pytest.param(
            APIA, "2011-12-30", "15:00", "2011-12-31T01:00", id="the day Apia skipped counts as the day after"
        ),
        pytest.param(
            APIA, "2011-12-31", "15:00", "2011-12-31T01:00", id="Apia after it crossed the date line"
        ),
        pytest.param(APIA, "2026-01-15", "15:00", "2026-01-15T02:00", id="Apia has no summer time any more"),
    ],
)
def test_a_time_on_the_wall_is_one_instant(zone: str, on: str, at: str, instant: str) -> None:
    found = local_instant(date.fromisoformat(on), time.fromisoformat(at), zone)
    assert found == datetime.fromisoformat(instant + "+00:00")
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "instant", "on"),
    [
        pytest.param(LONDON, "2026-07-06T22:59", "2026-07-06", id="a minute before midnight in summer"),
        pytest.param(LONDON, "2026-07-06T23:00", "2026-07-07", id="midnight in summer"),
        pytest.param(LONDON, "2026-11-06T23:59", "2026-11-06", id="a minute before midnight in winter"),
        pytest.param(APIA, "2011-12-30T09:59", "2011-12-29", id="Apia's last minute behind the date line"),
        pytest.param(APIA, "2011-12-30T10:00", "2011-12-31", id="Apia's first minute ahead of it"),
    ],
)
def test_an_instant_has_the_date_that_the_wall_shows(zone: str, instant: str, on: str) -> None:
    assert local_date(datetime.fromisoformat(instant + "+00:00"), zone) == date.fromisoformat(on)


@given(SOME_DAY, SOME_ZONE)
def test_noon_of_a_day_is_on_that_day(on: date, zone: str) -> None:
    if (zone, on) != (APIA, date(2011, 12, 30)):
        assert local_date(local_instant(on, time(12), zone), zone) == on


@given(SOME_DAY, SOME_ZONE, st.times(), st.times())
def test_a_later_time_of_a_day_is_never_an_hour_before_an_earlier_one(
    on: date, zone: str, one: time, other: time
) -> None:
    first, second = sorted([one, other])
    assert local_instant(on, second, zone) - local_instant(on, first, zone) > timedelta(hours=-1)


@pytest.mark.parametrize(
    ("on", "ends"),
    [
        pytest.param("2026-11-08", "2027-01-01", id="over the end of the year"),
        pytest.param("2026-12-02", "2027-01-01", id="thirty days later is the first of a month"),
        pytest.param("2026-12-03", "2027-02-01", id="a day after that waits a month more"),
        pytest.param("2026-01-30", "2026-03-01", id="over a short February"),
        pytest.param("2028-01-31", "2028-03-01", id="over a leap day"),
        pytest.param("2026-10-31", "2026-12-01", id="the last of a long month"),
    ],
)
def test_a_month_end_is_the_first_of_the_first_month_that_is_far_enough(on: str, ends: str) -> None:
    found = month_end_after(date.fromisoformat(on), days=30)
    assert found == datetime.fromisoformat(ends + "T00:00+00:00")


@given(SOME_DAY)
def test_a_month_end_is_a_first_of_a_month_30_to_61_days_later(on: date) -> None:
    ends = month_end_after(on, days=30)
    assert (ends.day, ends.time(), ends.tzinfo) == (1, time(0), UTC)
    assert timedelta(days=30) <= ends.date() - on <= timedelta(days=61)
