"""A burst passes, then one each interval, whatever the order of keys; a breaker lets one probe through."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_api.pacing import (
    LONGEST_REST,
    MOST_KEYS,
    OF_NUMBER,
    OF_PAIR,
    Breaker,
    Meter,
    Pace,
    Second,
    Ticket,
    counted,
    spent,
    starts,
)
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


# -- turns -----------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=40))
def test_in_and_out_together_never_exceed_eighty_in_any_second_unless_guests_do_it_alone(
    asked: list[tuple[float, int, int]],
) -> None:
    now, due = 1e9, 0.0
    out: list[float] = []
    heard: list[float] = []
    for passed, wanted, came in asked:
        now += passed
        due = counted(OF_NUMBER, due, now=now, many=came)
        heard += [now] * came
        found, due = starts(OF_NUMBER, due, now=now, most=wanted, within=0.1)
        assert all(now <= each <= now + 0.1 for each in found)
        out += found
    for begin in out:
        together = sum(begin <= each < begin + 1 for each in out)
        assert together <= 78
        last = max(each for each in out if each < begin + 1)
        before = [each for each in heard if begin <= each <= last]
        assert together + len(before) <= 80 + max((came for _, _, came in asked), default=0)


def test_turns_come_evenly_after_the_burst() -> None:
    found, _ = starts(OF_NUMBER, 0.0, now=1000.0, most=1000, within=10.0)
    assert 740 <= len(found) <= 745
    assert max(later - one for one, later in pairwise(found)) == pytest.approx(1 / 74, rel=1e-3)


def test_a_person_gets_a_burst_and_then_one_every_six_seconds_with_some_left_for_the_way() -> None:
    due, passed = 0.0, 0
    for second in range(600):
        due, wait = spent(OF_PAIR, due, now=1000.0 + second)
        passed += wait <= 0
    assert passed == 40 + 599 // 6


# -- a second ------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.floats(0, 0.1), st.floats(0, 3), st.floats(0, 1)), min_size=90, max_size=250))
def test_however_long_answers_take_the_other_side_never_counts_more_than_the_limit_in_a_second(
    sends: list[tuple[float, float, float]],
) -> None:
    second, now, answers, taken = Second(20), 0.0, [], []
    for passed, latency, share in sends:
        now += passed
        while True:
            for answer in sorted(each for each in answers if each <= now):
                second.answer(answer)
                answers.remove(answer)
            wait = second.wait(now)
            if wait == 0.0:
                break
            now = min([*answers, *([now + wait] if wait else [])])
        second.leave()
        answers.append(now + latency)
        taken.append(now + latency * share)  # when the other side counts it
    for begin in taken:
        assert sum(begin <= each < begin + 1 - 1e-9 for each in taken) <= 20


def test_what_comes_in_counts_for_a_second() -> None:
    second = Second(3)
    second.heard(2, 10.0)
    second.leave()
    assert second.wait(10.5) == 0.5
    assert second.wait(11.0) == 0.0


# -- the breaker -----------------------------------------------------------------------------------
def opened(breaker: Breaker, *, now: float = 0.0) -> None:
    for _ in range(5):
        ticket = breaker.begin(now)
        assert ticket is not None
        breaker.failed(ticket, now=now)


def test_it_opens_after_five_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(begun(breaker, 0.0), now=0.0)
    breaker.succeeded(begun(breaker, 0.0))
    for _ in range(4):
        breaker.failed(begun(breaker, 0.0), now=0.0)
    assert breaker.room(0.0) is None
    breaker.failed(begun(breaker, 0.0), now=0.0)
    assert breaker.room(0.0) == 0


def begun(breaker: Breaker, now: float) -> Ticket:
    ticket = breaker.begin(now)
    assert ticket is not None
    return ticket


def test_one_single_probe_passes_and_its_success_closes() -> None:
    breaker = Breaker()
    opened(breaker)
    assert breaker.begin(0.9) is None
    probe = begun(breaker, 1.0)
    assert [breaker.begin(1.0) for _ in range(50)] == [None] * 50
    breaker.succeeded(probe)
    assert breaker.room(1.0) is None


def test_the_rest_doubles_with_each_probe_that_fails_up_to_a_minute() -> None:
    breaker, now, rests = Breaker(), 0.0, []
    opened(breaker)
    for _ in range(8):
        began = now
        while breaker.room(now) == 0:
            now += 0.5
        rests.append(now - began)
        breaker.failed(begun(breaker, now), now=now)
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_probe_that_was_given_up_says_nothing_and_makes_room_for_another() -> None:
    breaker = Breaker()
    opened(breaker)
    breaker.given_up(begun(breaker, 1.0))
    assert begun(breaker, 1.0).is_probe


def test_late_outcomes_of_tries_from_before_change_nothing() -> None:
    breaker = Breaker()
    early = [begun(breaker, 0.0) for _ in range(10)]
    opened(breaker)
    for ticket in early[:5]:
        breaker.failed(ticket, now=0.5)
    breaker.succeeded(early[5])
    assert breaker.room(0.9) == 0
    breaker.succeeded(begun(breaker, 1.0))
    for ticket in early[6:]:
        breaker.failed(ticket, now=1.1)
        breaker.failed(ticket, now=1.1)
    assert breaker.room(1.1) is None


def test_a_clock_that_is_set_back_does_not_close_it_for_longer_than_a_minute() -> None:
    breaker = Breaker()
    opened(breaker, now=10_000.0)
    assert breaker.room(0.0) == 0
    assert breaker.room(LONGEST_REST) == 1


@given(st.lists(st.tuples(st.floats(0, 70), st.sampled_from(["good", "bad", "none", "wait"])), max_size=80))
def test_while_it_is_not_closed_at_most_one_try_is_under_way(steps: list[tuple[float, str]]) -> None:
    breaker, now, under_way = Breaker(), 0.0, []
    opened(breaker)
    for passed, what in steps:
        now += passed
        if what == "wait":
            if ticket := breaker.begin(now):
                under_way.append(ticket)
        elif under_way:
            ticket = under_way.pop()
            if what == "good":
                breaker.succeeded(ticket)
            elif what == "bad":
                breaker.failed(ticket, now=now)
            else:
                breaker.given_up(ticket)
        if breaker.room(now) is not None:
            assert sum(ticket.is_probe for ticket in under_way) <= 1
