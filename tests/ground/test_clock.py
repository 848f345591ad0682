"""The only source of time and ids."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guestlink import clock

SOME_TIME = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the zone is given below
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


def test_now_is_aware_in_utc_and_to_the_millisecond() -> None:
    at = clock.now()
    assert at.tzinfo is UTC
    assert at.microsecond % 1000 == 0


def test_an_id_is_a_uuid_of_version_7_that_says_when_it_was_made() -> None:
    before = clock.now()
    value = uuid.UUID(clock.new_id())
    after = clock.now()
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert before.timestamp() * 1000 <= (value.int >> 80) + 1
    assert (value.int >> 80) <= after.timestamp() * 1000 + 1


def test_an_id_is_written_as_a_uuid_is_written() -> None:
    text = clock.new_id()
    assert str(uuid.UUID(text)) == text


def test_ids_sort_by_age(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for millisecond in (0, 1, 255, 256, 1_793_000_000_000, 1_793_000_000_001, 2**48 - 1):
        monkeypatch.setattr(clock, "time", SimpleNamespace(time_ns=lambda at=millisecond: at * 1_000_000))
        made.append(clock.new_id())
    assert made == sorted(made)


def test_ids_of_one_process_sort_in_the_order_in_which_they_were_made() -> None:
    made = [clock.new_id() for _ in range(10_000)]
    assert made == sorted(made)


def test_ten_thousand_ids_are_all_different() -> None:
    assert len({clock.new_id() for _ in range(10_000)}) == 10_000


def test_an_instant_is_written_in_utc_with_milliseconds() -> None:
    summer_time = timezone(timedelta(hours=1))
    assert (
        clock.as_text(datetime(2026, 7, 1, 15, 0, 30, 7_000, tzinfo=summer_time))
        == "2026-07-01T14:00:30.007Z"
    )


def test_a_small_year_has_four_digits_too() -> None:
    at = datetime(206, 5, 4, tzinfo=UTC)
    assert clock.as_text(at) == "0206-05-04T00:00:00.000Z"
    assert clock.from_text(clock.as_text(at)) == at


@given(SOME_TIME, SOME_TIME)
def test_written_instants_sort_like_instants(one: datetime, other: datetime) -> None:
    if one - other >= timedelta(milliseconds=1):
        assert clock.as_text(one) > clock.as_text(other)


@given(SOME_TIME)
def test_a_written_instant_is_read_back_to_the_millisecond(at: datetime) -> None:
    read = clock.from_text(clock.as_text(at))
    assert timedelta() <= at - read < timedelta(milliseconds=1)
    assert read.utcoffset() == timedelta()
