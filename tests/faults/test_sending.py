"""R2 and R6 (DESIGN.md, section 8): trouble while sending never makes a message arrive twice, nor too fast.

The Cloud API is the strict sandbox over HTTP, the client real pywa; the sandbox's own log is the judge. Each
proof has a control that must fail: a retry around a send, a courier without a pace.
"""

import itertools
import random
import time
from collections.abc import Iterator

import pytest

from edge_api import pacing
from edge_api.pacing import Pace
from tests.databases import Inn
from tests.edge_api.sandbox import conftest
from tests.edge_api.sandbox.place import Place, eventually
from tests.faults.sending import NUMBER, Retrying, Road, Watched

running_place = conftest.running_place

TROUBLE = ("lost", "unanswered", "cut", "silent", "status", "error", "slow")


@pytest.fixture
def road(inn: Inn, running_place: Place) -> Iterator[Road]:
    running_place.reset()
    made = Road(inn, running_place)
    yield made
    made.close()


def trouble(road: Road, *, seed: int, chance: float) -> None:
    """Each kind of trouble by chance; limits are off, so that only trouble is measured."""
    road.place.reset(seed=seed)
    road.place.patch("/sandbox/account", callback=road.door.url)
    road.place.settings(per_second=0, pair_every=0.0, pair_burst=0)
    road.guests(20)
    for kind in TROUBLE:
        road.place.fault(kind, probability=chance, delay=0.2)


def settled(road: Road) -> None:
    """All statuses are in: whatever the sandbox has taken is not unknown any more."""
    road.place.http.delete("/sandbox/faults")
    accepted = road.accepted()
    eventually(lambda: all(road.post.state(each) == "sent" for each in accepted), within=30.0)


# -- R2 ----------------------------------------------------------------------------------------------
def nothing_arrives_twice_and_everything_is_settled_or_shown(road: Road, *, many: int, seed: int) -> None:
    trouble(road, seed=seed, chance=0.05)
    messages = road.write(many)
    with road.courier():
        road.drained(within=60 + many / 5)
    settled(road)
    accepted = road.accepted()
    assert [each for each, times in accepted.items() if times > 1] == []
    states = road.states(messages)
    assert set(states) <= {"sent", "in_doubt"}
    assert states["sent"] == len(accepted)
    shown = {each.id for each in road.post.unsent("in_doubt")}
    assert shown == set(messages) - set(accepted)
    assert shown  # nothing of what was cut off before it arrived is sent again by itself


@pytest.mark.parametrize("engine", ["sqlite"])
def test_after_lost_answers_nothing_arrives_twice_and_everything_is_settled_or_shown(road: Road) -> None:
    nothing_arrives_twice_and_everything_is_settled_or_shown(road, many=80, seed=7)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(3))
def test_after_very_many_lost_answers_nothing_arrives_twice(road: Road, seed: int) -> None:
    nothing_arrives_twice_and_everything_is_settled_or_shown(road, many=600, seed=seed)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_retry_around_a_send_makes_messages_arrive_twice(road: Road) -> None:
    trouble(road, seed=7, chance=0.05)
    road.use(Retrying(road.real))
    road.write(80)
    with road.courier():
        road.drained()
    assert max(road.accepted().values()) > 1


# -- R6 ----------------------------------------------------------------------------------------------
def in_order(road: Road, messages: list[str]) -> bool:
    place_of = {each: number for number, each in enumerate(messages)}
    kept = [[place_of[each] for each in theirs] for theirs in road.by_person().values()]
    return all(one < other for theirs in kept for one, other in itertools.pairwise(theirs))


def limits_are_kept_in_and_out(road: Road, *, many: int, seed: int) -> None:
    """Guests write meanwhile, answers are slow, Meta says now and then that it is too much."""
    road.guests(40)
    road.step(2)
    road.place.fault("slow", probability=0.2, delay=0.3)
    road.place.fault("error", probability=0.01, code=130429)
    road.place.fault("error", probability=0.01, code=131056)
    messages, chance, next_word = road.write(many), random.Random(seed), [0.0]

    def a_guest_writes() -> None:
        if time.monotonic() >= next_word[0]:
            next_word[0] = time.monotonic() + 0.25
            road.place.says(who=f"guest-{chance.randrange(40)}")

    with road.courier():
        road.drained(within=60 + many / 20, each=a_guest_writes)
    settled(road)
    told = road.log()
    assert told["violations_in_all"] == 0
    assert told["worst_second"][NUMBER] <= 80
    assert in_order(road, messages)
    assert road.states(messages) == {"sent": many}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_in_and_out_together_stay_below_the_limit_and_each_guest_gets_them_in_order(road: Road) -> None:
    limits_are_kept_in_and_out(road, many=150, seed=1)


@pytest.mark.faults
def test_in_and_out_together_stay_below_the_limit_for_minutes(road: Road) -> None:
    limits_are_kept_in_and_out(road, many=1000, seed=2)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_without_a_pace_the_limit_of_the_number_is_broken(road: Road) -> None:
    road.guests(40)
    road.step(2)
    road.place.patch("/sandbox/account", callback="")  # nothing else to do, and a limit for slow machines
    road.place.settings(per_second=20)
    road.use(road.real, is_paced=False)
    road.write(200)
    with road.courier():
        eventually(lambda: road.log()["violations"].get("130429"), within=30.0)


def burst_to_one_person(road: Road, many: int) -> list[str]:
    """The clock is stepped by a second until all have left."""
    road.guests(1)
    messages = road.write(many)
    for _ in range(6 * many):
        road.post.send(road.now())
        if len(road.accepted()) == many:
            break
        road.step(1)
    return messages


@pytest.mark.parametrize("engine", ["sqlite"])
def test_one_person_gets_no_more_than_one_in_six_seconds_after_a_burst(road: Road) -> None:
    messages = burst_to_one_person(road, 55)
    assert road.log()["violations_in_all"] == 0
    assert list(road.by_person().values()) == [messages]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_without_a_pace_of_the_pair_the_limit_of_the_pair_is_broken(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "OF_PAIR", Pace(burst=1000, seconds=0.001))
    burst_to_one_person(road, 50)
    assert road.log()["violations"]["131056"] > 0


@pytest.mark.parametrize("engine", ["sqlite"])
def test_in_ten_minutes_of_outage_one_probe_at_a_time_asks_and_afterwards_all_is_sent(road: Road) -> None:
    watched = Watched(road.real, road.is_there)
    road.guests(60)
    road.step(2)
    road.use(watched, is_there=watched.is_there)
    messages = road.write(120)
    road.place.fault("outage", seconds=600)
    road.post.send(road.now())
    before = len(watched.together)
    for _ in range(60):
        road.post.send(road.now())
        road.step(10)
    probes = watched.together[before:]
    assert probes == [1] * len(probes)
    assert 8 <= len(probes) <= 20
    for _ in range(90):
        road.post.send(road.now())
        road.step(2)
    settled(road)
    assert road.log()["violations_in_all"] == 0
    assert in_order(road, messages)
    states = road.states(messages)
    assert states["sent"] == len(road.accepted()) == 120 - states["in_doubt"]
    assert states["in_doubt"] == before  # a bare 503 proves nothing: they are shown
