"""Who is told next: in order, not too often, all of them, until somebody answers."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_api import escalation
from edge_api.escalation import Case, Person, Rules, Step, Told

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ZONE = "Europe/London"
MIRA = Person(id="mira", role="staff", is_on_duty=True, order=1)
JORY = Person(id="jory", role="staff", is_on_duty=True, order=2)
KERENSA = Person(id="kerensa", role="host", is_on_duty=False, order=0)
NESSA = Person(id="nessa", role="manager", is_on_duty=False, order=0)
HOUSE = (KERENSA, JORY, MIRA)
RULES = Rules(quiet=(time(22), time(7)))
Line = tuple[int, tuple[str, ...]]


def asked(at: datetime = NOON, *, urgent: bool = False) -> Case:
    return Case(request_id="heating" if urgent else "towels", urgent=urgent, asked_at=at)


def step(
    case: Case,
    people: Sequence[Person] = HOUSE,
    *,
    at: datetime = NOON,
    rules: Rules = RULES,
    zone: str = ZONE,
) -> Step:
    return escalation.next_step(case, people, rules, at=at, zone=zone)


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a case that nobody accepted, step by step, whenever it was due."""

    case: Case
    steps: tuple[tuple[datetime, Step], ...]

    @property
    def lines(self) -> list[Line]:
        """Minutes after the asking, and who was told."""
        return [((at - self.case.asked_at) // MINUTE, each.tell) for at, each in self.steps if each.tell]

    @property
    def alerts(self) -> list[str]:
        return [each.raise_alert for _, each in self.steps if each.raise_alert]


def let_run(case: Case, people: Sequence[Person] = HOUSE, *, rules: Rules = RULES, zone: str = ZONE) -> Ran:
    at: datetime | None = case.asked_at
    steps = []
    while at is not None:
        done = step(case, people, at=at, rules=rules, zone=zone)
        steps.append((at, done))
        case = escalation.after(case, done, at=at)
        assert done.due_at is None or done.due_at > at
        assert len(steps) < 200
        at = done.due_at
    return Ran(case=case, steps=tuple(steps))


# -- an ordinary request ----------------------------------------------------------------------------
def test_the_first_on_duty_is_told_at_once_then_the_next_then_the_host() -> None:
    assert let_run(asked()).lines[:3] == [(0, ("mira",)), (10, ("jory",)), (20, ("kerensa",))]


def test_afterwards_all_are_told_together_and_at_last_nobody_answers() -> None:
    ran = let_run(asked())
    everybody = ("mira", "jory", "kerensa")
    assert ran.lines[3:] == [(30, everybody), (40, everybody)]
    assert ran.alerts == ["nobody-answers"]
    assert ran.steps[-1][1].due_at is None
    assert not any(each.tell_guest_phone for _, each in ran.steps)


def test_the_host_is_told_at_their_time_however_long_the_list_is() -> None:
    rules = msgspec.structs.replace(RULES, host_after=15 * MINUTE)
    assert let_run(asked(), rules=rules).lines[:3] == [
        (0, ("mira",)),
        (10, ("jory",)),
        (15, ("kerensa",)),
    ]


def test_where_no_host_can_be_written_to_a_manager_stands_in() -> None:
    assert let_run(asked(), (MIRA, NESSA)).lines[1] == (10, ("nessa",))
    assert let_run(asked(), (MIRA, NESSA, KERENSA)).lines[1] == (10, ("kerensa",))


def test_a_host_on_duty_is_told_in_turn_and_once_a_round() -> None:
    host = msgspec.structs.replace(KERENSA, is_on_duty=True, order=3)
    assert [who for _, who in let_run(asked(), (MIRA, host)).lines[:3]] == [
        ("mira",),
        ("kerensa",),
        ("mira", "kerensa"),
    ]


@pytest.mark.parametrize("state", ["accepted", "declined", "completed", "cancelled"])
@pytest.mark.parametrize("urgent", [True, False])
def test_it_is_over_when_somebody_answered(state: str, urgent: bool) -> None:
    case = msgspec.structs.replace(asked(urgent=urgent), state=state)
    over = step(case, at=NOON + 3 * timedelta(hours=1))
    assert over == Step(why=f"it is {state}")


def test_a_request_that_is_open_again_starts_again() -> None:
    ran = let_run(asked())
    again = NOON + timedelta(hours=5)
    assert let_run(escalation.reopened(ran.case, at=again)).lines == ran.lines


def test_somebody_who_comes_on_duty_is_told_next_and_not_before_it_is_time() -> None:
    first = escalation.after(asked(), step(asked(), (MIRA, KERENSA)), at=NOON)
    assert step(first, at=NOON + 9 * MINUTE).tell == ()
    assert step(first, at=NOON + 10 * MINUTE).tell == ("jory",)


# -- quiet hours ------------------------------------------------------------------------------------
def test_an_ordinary_request_at_night_waits_for_the_morning() -> None:
    night = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    waits = step(asked(night), at=night)
    assert waits == Step(why="quiet hours", due_at=datetime(2026, 11, 3, 7, tzinfo=UTC))
    assert let_run(asked(night)).lines[0] == (450, ("mira",))


def test_a_wait_that_reaches_into_the_night_goes_on_in_the_morning() -> None:
    evening = datetime(2026, 11, 2, 21, 55, tzinfo=UTC)
    assert let_run(asked(evening)).lines[:2] == [(0, ("mira",)), (545, ("jory", "kerensa"))]


def test_quiet_hours_within_one_day_end_on_it() -> None:
    rules = msgspec.structs.replace(RULES, quiet=(time(13), time(15)))
    assert step(asked(), rules=rules).tell == ("mira",)
    for hour, ends in ((13, 15), (14, 15)):
        at = NOON.replace(hour=hour)
        assert step(asked(at), at=at, rules=rules).due_at == NOON.replace(hour=ends)
    assert step(asked(), at=NOON.replace(hour=15), rules=rules).tell == ("mira",)


@pytest.mark.parametrize(
    ("night", "ends"),
    [
        pytest.param("2026-03-29T00:30+00:00", "2026-03-29T06:00+00:00", id="shorter"),
        pytest.param("2026-10-25T00:30+01:00", "2026-10-25T07:00+00:00", id="longer"),
    ],
)
def test_the_night_of_a_clock_change_ends_when_the_clock_says_so(night: str, ends: str) -> None:
    at = datetime.fromisoformat(night)
    assert step(asked(at), at=at).due_at == datetime.fromisoformat(ends)


def test_quiet_hours_that_end_in_a_repeated_hour_end_in_the_future() -> None:
    rules = msgspec.structs.replace(RULES, quiet=(time(22), time(1, 30)))
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 01:15 for the second time
    assert step(asked(second), at=second, rules=rules).due_at == second + 15 * MINUTE


@pytest.mark.parametrize(
    ("hour", "minutes", "urgent"),
    [
        pytest.param(12, 10, False, id="by-day"),
        pytest.param(23, 490, False, id="at-night-from-the-morning-on"),
        pytest.param(23, 5, True, id="urgent-at-any-hour"),
    ],
)
def test_an_answer_is_overdue_by_the_time_of_the_house(hour: int, minutes: int, urgent: bool) -> None:
    case = asked(NOON.replace(hour=hour), urgent=urgent)
    assert escalation.overdue_at(case, RULES, zone=ZONE) == case.asked_at + minutes * MINUTE


# -- an urgent request ------------------------------------------------------------------------------
def test_heating_at_eleven_at_night_wakes_the_next_when_the_first_one_sleeps() -> None:
    night = datetime(2026, 11, 2, 23, tzinfo=UTC)
    ran = let_run(asked(night, urgent=True))
    assert ran.lines[:4] == [
        (0, ("mira",)),
        (5, ("jory",)),
        (10, ("kerensa",)),
        (15, ("mira", "jory", "kerensa")),
    ]


def test_the_guest_of_an_urgent_request_gets_a_phone_number_once() -> None:
    ran = let_run(asked(urgent=True))
    told = [(at - NOON) // MINUTE for at, each in ran.steps if each.tell_guest_phone]
    assert told == [15]
    assert ran.case.guest_told_at == NOON + 15 * MINUTE


def test_an_urgent_request_is_repeated_and_ends_with_an_alert() -> None:
    ran = let_run(asked(urgent=True))
    assert max(told.round for told in ran.case.told) == ran.case.rounds == 12
    assert ran.alerts == ["nobody-answers"]
    assert ran.lines[-1] == (65, ("mira", "jory", "kerensa"))


# -- nobody on duty ---------------------------------------------------------------------------------
def off(person: Person, *, next_on: datetime | None = None) -> Person:
    return msgspec.structs.replace(person, is_on_duty=False, next_on=next_on)


def test_nobody_on_duty_is_an_alert_and_the_host_is_told_of_what_is_urgent() -> None:
    first = step(asked(urgent=True), (off(MIRA), KERENSA))
    assert (first.tell, first.raise_alert) == (("kerensa",), "nobody-on-duty")


def test_an_ordinary_request_waits_for_the_next_duty() -> None:
    begins = NOON + 20 * MINUTE
    waits = step(asked(), (off(MIRA, next_on=begins), KERENSA))
    assert (waits.tell, waits.raise_alert, waits.due_at) == ((), "nobody-on-duty", begins)
    assert step(asked(), (MIRA, KERENSA), at=begins).tell == ("mira",)


def test_or_for_the_time_of_the_host() -> None:
    people = (off(MIRA, next_on=NOON + 45 * MINUTE), KERENSA)
    waits = step(asked(), people)
    assert waits.due_at == NOON + 30 * MINUTE
    assert step(asked(), people, at=NOON + 30 * MINUTE).tell == ("kerensa",)


def test_where_there_is_nobody_at_all_the_alert_is_all_and_a_guest_in_need_gets_a_number() -> None:
    assert step(asked(), ()) == Step(why="nobody is on duty", raise_alert="nobody-on-duty")
    ran = let_run(asked(urgent=True), ())
    assert ran.lines == []
    assert ran.case.guest_told_at == NOON + 15 * MINUTE


# -- any house, any times ---------------------------------------------------------------------------
minutes = st.integers(1, 90).map(lambda count: count * MINUTE)
clock_times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
quiet_hours = st.tuples(clock_times, clock_times).filter(lambda span: span[0] != span[1])
all_rules = st.builds(
    Rules,
    reply_within=minutes,
    host_after=minutes,
    phone_after=minutes,
    urgent_within=minutes,
    quiet=st.none() | quiet_hours,
)
instants = st.integers(0, 365 * 24 * 60).map(lambda count: NOON + count * MINUTE)
changing = st.sampled_from(
    [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
)
cases = st.builds(asked, instants | changing, urgent=st.booleans())
houses = st.lists(
    st.builds(
        Person,
        id=st.uuids().map(str),
        role=st.sampled_from(["host", "manager", "staff"]),
        is_on_duty=st.booleans(),
        order=st.integers(0, 5),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
zones = st.sampled_from(["Europe/London", "Asia/Tokyo", "America/St_Johns", "Australia/Lord_Howe"])


def wait(case: Case, rules: Rules) -> timedelta:
    return min(rules.urgent_within, rules.reply_within) if case.urgent else rules.reply_within


@given(cases, houses, all_rules, zones, st.lists(st.integers(0, 40), max_size=60))
def test_nobody_is_told_twice_within_the_wait_whenever_it_is_looked_at(
    case: Case, people: list[Person], rules: Rules, zone: str, pauses: list[int]
) -> None:
    at = case.asked_at
    for pause in pauses:
        at += pause * MINUTE
        case = escalation.after(case, step(case, people, at=at, rules=rules, zone=zone), at=at)
    for person in people:
        times = [told.at for told in case.told if told.user_id == person.id]
        assert all(later - earlier >= wait(case, rules) for earlier, later in pairwise(times))


@given(cases, houses, all_rules, zones)
def test_everybody_on_duty_and_the_heads_are_told_and_it_ends(
    case: Case, people: list[Person], rules: Rules, zone: str
) -> None:
    ran = let_run(case, people, rules=rules, zone=zone)
    told = {each.user_id for each in ran.case.told}
    hosts = {each.id for each in people if each.role == "host"}
    heads = hosts or {each.id for each in people if each.role == "manager"}
    assert told == {each.id for each in people if each.is_on_duty} | heads
    assert ran.steps[-1][1].due_at is None
    assert (ran.alerts[-1:] == ["nobody-answers"]) == bool(told)
    assert ran.case.rounds <= escalation.MOST_URGENT_ROUNDS
    assert (ran.case.guest_told_at is not None) == case.urgent


@given(cases, houses, all_rules, zones)
def test_the_first_round_keeps_the_order_of_the_list(
    case: Case, people: list[Person], rules: Rules, zone: str
) -> None:
    ran = let_run(case, people, rules=rules, zone=zone)
    places = {each.id: (each.order, each.id) for each in people if each.is_on_duty and each.role == "staff"}
    first = [places[told.user_id] for told in ran.case.told if told.round == 1 and told.user_id in places]
    assert first == sorted(first)


@given(cases, houses, all_rules, zones, st.integers(1, 600))
def test_before_it_is_due_nothing_happens(
    case: Case, people: list[Person], rules: Rules, zone: str, early: int
) -> None:
    for (at, done), (due, _) in pairwise(let_run(case, people, rules=rules, zone=zone).steps):
        case = escalation.after(case, done, at=at)
        between = max(at, due - early * MINUTE)
        if between == due:
            continue
        looked = step(case, people, at=between, rules=rules, zone=zone)
        assert (looked.tell, looked.tell_guest_phone) == ((), False)
        assert looked.due_at == due or looked.why == "quiet hours"


@given(cases, houses, all_rules, zones, st.integers(0, 300))
def test_ordinary_requests_bother_nobody_in_quiet_hours(
    case: Case, people: list[Person], rules: Rules, zone: str, later: int
) -> None:
    at = case.asked_at + later * MINUTE
    done = step(case, people, at=at, rules=rules, zone=zone)
    if rules.quiet is None or case.urgent:
        assert done.why != "quiet hours"
        return
    begins, ends = rules.quiet
    now = at.astimezone(ZoneInfo(zone)).time()
    if (begins <= now < ends) if begins < ends else (now >= begins or now < ends):
        assert done.tell == ()
        assert done.due_at is not None
        assert at < done.due_at <= at + timedelta(hours=25)


@given(cases, houses, all_rules, zones, st.randoms())
def test_the_order_in_which_people_are_named_changes_nothing(
    case: Case, people: list[Person], rules: Rules, zone: str, random: object
) -> None:
    mixed = sorted(people, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert let_run(case, people, rules=rules, zone=zone) == let_run(case, mixed, rules=rules, zone=zone)


# -- how it is kept and where rules come from -------------------------------------------------------
def test_a_case_is_kept_and_comes_back() -> None:
    case = let_run(escalation.reopened(asked(urgent=True), at=NOON + 90 * MINUTE)).case
    told = {
        "request_id": case.request_id,
        "urgent": True,
        "guest_told_at": case.guest_told_at,
        "rounds": case.rounds,
        "state": "requested",
    }
    assert escalation.case_of(escalation.kept(case), asked_at=NOON, **told) == case  # type: ignore[arg-type]
    new = escalation.case_of(
        "[]",
        request_id="towels",
        urgent=False,
        asked_at=NOON,
        guest_told_at=None,
        rounds=0,
        state="requested",
    )
    assert new == asked()
    assert Told(user_id="mira", at=NOON, round=1) in escalation.after(new, step(new), at=NOON).told


def test_rules_come_from_the_content_and_are_the_usual_ones_without_it() -> None:
    assert escalation.rules_of(None) == escalation.rules_of('{"slug":"harbour-house"}') == Rules()
    waits = '"reply_within":5,"host_after":20,"phone_after":8'
    said = f'{{{waits},"quiet_hours":"22:00-07:00","phone":"+44 1632 960100"}}'
    assert escalation.rules_of(said) == Rules(
        reply_within=5 * MINUTE, host_after=20 * MINUTE, phone_after=8 * MINUTE, quiet=(time(22), time(7))
    )
    assert escalation.rules_of('{"quiet_hours":"20:00-24:00"}').quiet == (time(20), time(0))
    assert (escalation.phone_of(said), escalation.phone_of(None)) == ("+44 1632 960100", "")
