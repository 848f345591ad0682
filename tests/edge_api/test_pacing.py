"""A burst passes, then one each interval, whatever the order of keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_api.pacing import MOST_KEYS, Meter, Pace, spent
from guestlink.errors import TooMany

PACE = Pace(burst=3, seconds=10)


@given(st.lists(st.floats(0, 500), min_size=1, max_size=60))
def test_no_window_ever_sees_more_than_the_burst_and_the_pace(moments: list[float]) -> None:
    due, passed = 0.0, []
    for now in sorted(moments):
        due, wait = spent(PACE, due, now=now)
        if wait <= 0:
            passed.append(now)
    for start in passed:
        assert sum(start <= now < start + 30 for now in passed) <= PACE.burst + 3


def test_who_asked_too_often_is_told_how_long_to_wait_and_then_served() -> None:
    meter = Meter(PACE)
    for _ in range(3):
        meter.spend("ana", now=100)
    meter.spend("tomas", now=100)
    with pytest.raises(TooMany) as refusal:
        meter.spend("ana", now=100)
    meter.spend("ana", now=100 + refusal.value.retry_after)


def test_a_meter_forgets_the_oldest_keys_first() -> None:
    meter = Meter(Pace(burst=1, seconds=1e9))
    for number in range(MOST_KEYS + 1):
        meter.spend(str(number), now=1)
    meter.spend("0", now=1)
    with pytest.raises(TooMany):
        meter.spend(str(MOST_KEYS), now=1)
