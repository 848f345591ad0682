"""R7 (DESIGN.md, sections 3 and 8): however often, late and disorderly events come, the house believes the
fold of the set of them.
"""

import random
from datetime import timedelta

import pytest

from edge_api import outbox
from edge_api.messages import Receipt
from guestlink import clock, journal
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from tests.databases import Inn
from tests.desk import NOON
from tests.faults.journey import Hall, body_of, days_events, fold, shuffled

SEED = 20261107
TIMES = 10
MONTH = timedelta(days=31)
pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


def what_the_house_believes_is_the_fold(hall: Hall, *, guests: int, many: int, seed: int) -> None:
    chance = random.Random(seed)
    events, messages = days_events(hall, chance, guests=guests, many=many)
    for post in shuffled(events, chance, times=TIMES):
        hall.post(body_of(post))
        if chance.random() < 0.1:
            hall.understand()
    hall.understand()
    assert hall.outcomes() == {"waiting": 0, "quarantined": 0}
    assert hall.fold(messages) == fold(events)
    nothing_changes_when_all_comes_again(
        hall, messages, [body_of(post) for post in shuffled(events, chance, times=1)]
    )


def nothing_changes_when_all_comes_again(hall: Hall, messages: list[str], posts: list[bytes]) -> None:
    """A month later, when the bodies of events are long forgotten."""
    later = NOON + MONTH
    hall.understand(at=later)  # what became due meanwhile
    hall.forget(before=later)
    before = hall.fold(messages), hall.sizes()
    for post in posts:
        hall.post(post, at=later)
    assert hall.understand(at=later) == 0
    assert (hall.fold(messages), hall.sizes()) == before
    with hall.inn.database.read() as db:
        assert journal.broken_at(db) is None


def test_a_thousand_deliveries_in_any_order_are_the_fold_of_their_set(inn: Inn) -> None:
    what_the_house_believes_is_the_fold(Hall(inn), guests=8, many=100, seed=SEED)


@pytest.mark.faults
def test_a_hundred_thousand_deliveries_in_any_order_are_the_fold_of_their_set(inn: Inn) -> None:
    what_the_house_believes_is_the_fold(Hall(inn), guests=400, many=10_000, seed=SEED + 1)


def test_control_when_the_last_status_wins_the_house_believes_something_else(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_wins(tx: Writing, ring: KeyRing, receipt: Receipt, *, at: object) -> str:
        told_at = clock.as_text(receipt.at)
        tx.do("learn_receipt", id=receipt.callback, receipt=receipt.status, receipt_at=told_at)
        return "sent"

    monkeypatch.setattr(outbox, "settle", last_wins)
    hall, chance = Hall(inn), random.Random(SEED)
    events, messages = days_events(hall, chance, guests=8, many=100)
    for post in shuffled(events, chance, times=TIMES):
        hall.post(body_of(post))
    hall.understand()
    believed, true = hall.fold(messages).receipts, fold(events).receipts
    assert {each: told[0] for each, told in believed.items()} != {
        each: told[0] for each, told in true.items()
    }
