"""Whenever the couriers are killed while messages of journeys leave, every guest gets one at most, by one
channel, and what nobody knows is listed for a person.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rush import ROWS, Rush, rush
from tests.town import until

SEED = 20261126
GUESTS, KILLS = 60, 4
ROUNDS, MANY = 6, 60


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rush]:
    with rush(tmp_path / "home", seed=SEED) as made:
        yield made


def slowly(here: Rush) -> None:
    """Some answers take a while, some never come, so that kills meet messages under way."""
    fault = {"kind": "slow", "probability": 0.4, "delay": 0.3}
    here.town.phone.post("/sandbox/faults", json=fault).raise_for_status()
    here.never_answer("guest-7", "guest-21")


def everybody_was_written_to_once(here: Rush) -> None:
    arrived, states = here.arrived(), here.states()
    assert [each for each, times in arrived.items() if times > 1] == []
    assert Counter(row[0] for row in here.rows(ROWS)) == Counter(here.guests), "each has one row"
    assert {(row[1], row[2] in states) for row in here.rows(ROWS)} == {("sent", True)}
    assert len(states) == len(here.guests), "no second message was ever made"
    assert set(states.values()) <= {"sent", "in_doubt"}
    assert {each for each, state in states.items() if state == "sent"} <= arrived.keys()
    assert here.listed_in_doubt() == {each for each, state in states.items() if state == "in_doubt"}


def test_after_a_few_kills_every_guest_has_one_message_at_most(here: Rush) -> None:
    slowly(here)
    here.book(GUESTS)
    here.town.start("couriers")
    for _ in range(KILLS):
        here.kill_somewhere(within=GUESTS // KILLS)
    here.drain(within=60)
    everybody_was_written_to_once(here)
    assert here.listed_in_doubt(), "some kill met a message under way"


@pytest.mark.faults
def test_after_many_kills_every_guest_has_one_message_at_most(here: Rush) -> None:
    slowly(here)
    here.town.start("couriers")
    for _ in range(ROUNDS):
        here.book(GUESTS)
        for _ in range(MANY // ROUNDS):
            here.kill_somewhere(within=GUESTS * ROUNDS // MANY)
    here.drain(within=120)
    everybody_was_written_to_once(here)


def test_control_couriers_that_begin_with_what_was_under_way_send_twice(here: Rush) -> None:
    here.never_answer("guest-1", "guest-3")
    here.book(4)
    here.town.start("couriers")
    until(lambda: len(here.post.mails) == 2, "mails are under way and have arrived")
    here.town.kill("couriers")
    here.post.tell_nothing()
    here.start_as("send_again")
    until(lambda: max(here.arrived().values()) > 1, "something arrives twice")


def test_control_couriers_that_note_afterwards_make_a_second_message(here: Rush) -> None:
    here.book(4)
    here.start_as("note_afterwards")
    until(lambda: here.arrived().total() >= 2, "some have arrived")
    here.town.kill("couriers")
    here.town.start("couriers")
    until(lambda: max(here.heard().values()) > 1, "a guest reads it twice")
