"""R1 (DESIGN.md, sections 3 and 8): whoever is killed at whatever moment, an acknowledged event is there and
was understood once, and no message leaves twice.

Whole processes: `serve` with its worker, `couriers`, the sandbox as the Cloud API; the sender re-sends until
it is answered 200. SIGKILL proves nothing about power cuts: tests/faults/test_power_cut.py does.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.storm import REPLIES, WISH, Storm
from tests.town import town, until

SEED = 20261128
KILLS, SHORT = 100, 3
WISHED = 30  # rounds with wishes: Mira is told of each, and WhatsApp limits what one person gets
VICTIMS = (("serve",), ("couriers",), ("serve", "couriers"))


@pytest.fixture
def guests() -> int:
    return 12


@pytest.fixture
def seed() -> int:
    return SEED


@pytest.fixture
def storm(tmp_path: Path, guests: int, seed: int) -> Iterator[Storm]:
    with town(tmp_path / "home") as place:
        made = Storm(place, guests=guests, seed=seed)
        yield made
        made.close()


def kills(storm: Storm, many: int, *, burst: int, wishes: int) -> None:
    """Each in a burst, when so many of its events were acknowledged as chance says."""
    for number in range(many):
        events = storm.events(burst, wishes=wishes if number < WISHED else 0)
        victims = storm.chance.choice(VICTIMS)
        moment = len(storm.meta.acknowledged) + storm.chance.randint(1, burst)
        storm.meta.offer(events)
        storm.meta.reached(moment)
        storm.kill(*victims)
        storm.town.start(*victims)
        until(storm.is_at_work, storm.trouble)


def what_nobody_knows_is_listed_until_it_is_settled(storm: Storm) -> None:
    """The couriers die over messages of which some left and some did not; statuses come later."""
    storm.sandbox("settings", sent_after=3600.0)
    storm.nobody_answers()
    storm.meta.offer(storm.questions(8))
    until(lambda: storm.is_under_way(8), "messages are under way")
    storm.kill("couriers")
    unknown, known = storm.unknown(), storm.in_doubt()
    storm.all_answer()
    storm.lapse()
    assert storm.in_doubt() == unknown | known
    assert storm.listed_in_doubt() == storm.in_doubt()
    storm.town.start("couriers")
    storm.later("2h")
    taken = set(storm.accepted())
    assert unknown & taken
    assert unknown - taken
    until(lambda: not storm.in_doubt() & taken, "statuses settle what arrived")


def everything_happened_once(storm: Storm) -> None:
    found, messages = storm.found(), [event for event in storm.offered if event.what in REPLIES]
    assert storm.meta.acknowledged == set(storm.offered)
    assert storm.lost() == set()
    assert {found.inbox[storm.key(event)] for event in storm.offered} == {"done"}
    tokens = {event.wamid: storm.ring.blind("wamid", event.wamid) for event in messages}
    assert {tokens[event.wamid]: found.archived[tokens[event.wamid]] for event in messages} == dict.fromkeys(
        tokens.values(), 1
    )
    assert found.archived.total() == len(messages) + 1  # and Mira's
    replies = {tokens[event.wamid]: REPLIES[event.what] for event in messages}
    assert {token: found.replies[token] for token in replies} == replies
    wishes = sum(event.what == WISH for event in messages)
    assert (len(found.requests), found.asked) == (wishes, wishes)
    assert found.first_told == Counter(dict.fromkeys(found.requests, 1))
    assert storm.broken_at() is None


def nothing_left_twice_and_the_unknown_is_listed(storm: Storm) -> None:
    found, accepted = storm.found(), storm.accepted()
    assert set(found.states) == found.said
    assert [each for each, times in accepted.items() if times > 1] == []
    assert {each for each, state in found.states.items() if state == "sent"} == set(accepted)
    rest = {each: found.states[each] for each in found.said - set(accepted)}
    assert set(rest.values()) <= {"in_doubt", "waiting"}
    assert storm.listed_in_doubt() == {each for each, state in rest.items() if state == "in_doubt"}


def survives(storm: Storm, many: int, *, burst: int, wishes: int, within: float) -> None:
    storm.fault("slow", probability=0.3, delay=0.3)
    kills(storm, many, burst=burst, wishes=wishes)
    storm.drained(within=within)
    storm.all_answer()
    what_nobody_knows_is_listed_until_it_is_settled(storm)
    storm.drained(within=within)
    storm.stop("couriers")
    everything_happened_once(storm)
    nothing_left_twice_and_the_unknown_is_listed(storm)


def test_after_a_few_kills_nothing_is_lost_and_nothing_happened_twice(storm: Storm) -> None:
    survives(storm, SHORT, burst=100, wishes=2, within=60)


@pytest.mark.faults
@pytest.mark.parametrize(("guests", "seed"), [(60, SEED + 1)])
def test_after_a_hundred_kills_nothing_is_lost_and_nothing_happened_twice(storm: Storm) -> None:
    survives(storm, KILLS, burst=250, wishes=1, within=400)


def test_control_a_server_that_answers_before_the_commit_loses_events(storm: Storm) -> None:
    storm.kill("serve")
    storm.start_as("serve", "serve_hastily")
    storm.meta.offer(storm.events(100))
    storm.meta.reached(80)
    storm.kill("serve")
    storm.town.start("serve")
    until(lambda: storm.meta.is_done, "all is acknowledged")
    assert storm.lost()


def test_control_a_courier_that_begins_with_what_was_being_sent_sends_twice(storm: Storm) -> None:
    storm.sandbox("settings", sent_after=3600.0)
    storm.nobody_answers()
    storm.meta.offer(storm.questions(8))
    until(lambda: storm.is_under_way(8), "messages are under way")
    storm.kill("couriers")
    storm.all_answer()
    storm.start_as("couriers", "send_again")
    until(lambda: max(storm.accepted().values()) > 1, "something arrives twice")
