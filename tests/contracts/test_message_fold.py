"""R7 on both engines: any order of deliveries is the fold of their set, one poison event stops no other, and
of commands that compete one wins.
"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_api import couriers, inbox, reception
from edge_api.messages import Heard, Sender
from tests.databases import Inn
from tests.desk import NOON
from tests.faults.journey import RANKS, REPLIES, WISHES, Event, Hall, body_of, fold, message, status
from tests.lobby import JORY, MIRA

MINUTE = timedelta(minutes=1)
POISON = "poison"
fresh = settings(
    deadline=None,
    max_examples=12,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def hall(inn: Inn) -> Hall:
    return Hall(inn)


# -- any order ---------------------------------------------------------------------------------------
def a_day(hall: Hall) -> tuple[list[Event], str]:
    """A new guest says a few things, and a message to them meets all that can become of it."""
    who = hall.guest()
    said = hall.write_to(who, is_known=len(hall.guests) % 2 == 0)
    texts = [*WISHES, *REPLIES]
    words = [message(who, text, at=NOON - n * MINUTE) for n, text in enumerate(texts, 1)]
    return [*words, *(status(said, each, to=who, at=NOON) for each in RANKS)], said


@fresh
@given(data=st.data())
def test_however_often_and_in_whatever_order_events_come_the_house_believes_their_fold(
    hall: Hall, data: st.DataObject
) -> None:
    events, said = a_day(hall)
    kept = data.draw(st.lists(st.sampled_from(events), min_size=1, unique=True))
    again = data.draw(st.lists(st.sampled_from(kept), max_size=12))
    stream = data.draw(st.permutations([*kept, *again]))
    size = data.draw(st.integers(1, len(stream)))
    for begin in range(0, len(stream), size):
        hall.post(body_of(stream[begin : begin + size]))
        if data.draw(st.booleans()):
            hall.understand()
    hall.understand()
    told = [said] if any(event.about == said for event in kept) else []
    assert hall.fold(told, of=hall.guests[-1:]) == fold(kept)


# -- poison ------------------------------------------------------------------------------------------
@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Understanding fails with one text, after it has begun to write."""
    hear = reception.hear

    def fails(tx: object, voice: object, event: object, **more: object) -> str:
        outcome = hear(tx, voice, event, **more)  # type: ignore[arg-type]
        if isinstance(event, Heard) and event.text == POISON:
            raise ZeroDivisionError
        return outcome

    monkeypatch.setattr(couriers.reception, "hear", fails)


def fifty(hall: Hall) -> list[Event]:
    """A bad event and forty-nine good ones of twenty-five guests; two of them stand behind the bad one."""
    guests = [hall.guest() for _ in range(25)]
    texts = [*WISHES, *REPLIES]
    good = [message(guests[n % 25], texts[n % len(texts)], at=NOON - n * MINUTE) for n in range(49)]
    bad = message(guests[3], POISON, at=NOON)
    return [bad, *good]


@pytest.mark.usefixtures("poisonous")
def test_of_fifty_events_in_one_post_a_poisonous_one_fails_alone(hall: Hall) -> None:
    events = fifty(hall)
    good = [event for event in events if event.what != POISON]
    hall.post(body_of(events))
    hall.understand()
    behind = [event for event in good if event.about == hall.guests[3].wa_id]
    assert len(behind) == 2
    assert hall.fold() == fold(event for event in good if event not in behind)
    for attempt in range(1, 8):  # the eighth is the last; waits double up to two minutes
        hall.understand(at=NOON + attempt * 3 * MINUTE)
    assert hall.outcomes() == {"waiting": 0, "quarantined": 1}
    assert hall.fold() == fold(good)


@pytest.mark.usefixtures("poisonous")
def test_control_without_an_attempt_of_its_own_poison_stops_all(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All events of a turn in one transaction, as it is simplest."""

    def naive(holdings: object, *, at: object) -> int:
        with hall.inn.database.write() as tx:
            rows = inbox.take(tx, at=NOON, most=100)
            for row in rows:
                event = couriers.incoming.read(inbox.opened(hall.inn.ring, row))
                assert event
                couriers.reception.hear(tx, hall.lobby.voice, event, at=NOON)
                inbox.done(tx, row, at=NOON, outcome="heard")
        return len(rows)

    monkeypatch.setattr(couriers, "work_once", naive)
    events = fifty(hall)
    hall.post(body_of(events))
    with pytest.raises(ZeroDivisionError):
        hall.understand()
    assert not hall.fold().archive


# -- commands that compete ---------------------------------------------------------------------------
def asked(hall: Hall) -> tuple[Sender, str]:
    """A guest has asked for a late check-out, and two people of the house may accept."""
    who = hall.guest()
    hall.post(body_of([message(who, "late check-out please", at=NOON)]))
    hall.understand()
    with hall.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=hall.stays[who.wa_id].id)
    return who, str(row["id"])


def side_by_side(hall: Hall, events: list[Event]) -> None:
    """Each comes in a POST of its own, at the same moment as a courier takes what there is."""
    gate = threading.Barrier(len(events))

    def one(event: Event) -> None:
        gate.wait(20)
        hall.post(body_of([event, event]))
        hall.understand()

    with ThreadPoolExecutor(len(events)) as pool:
        for running in [pool.submit(one, event) for event in events]:
            running.result(60)
    hall.understand()


def happened(hall: Hall, who: Sender) -> list[str]:
    """What the journal says became of the only request of a guest."""
    with hall.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=hall.stays[who.wa_id].id)
        stream = couriers.reception.staff_phone.front_desk.streams.stream(db, str(row["id"]))
        return [entry.kind.removeprefix("request-") for entry, _ in stream]


def newest(hall: Hall, who: Sender) -> str:
    return hall.lobby.told(who)[-1]


@pytest.mark.parametrize("seed", range(3))
def test_of_two_who_accept_at_once_exactly_one_wins_and_the_other_is_told(hall: Hall, seed: int) -> None:
    for each in (MIRA, JORY):
        hall.lobby.staff(each)
    who, request = asked(hall)
    taps = [message(each, "Accept", at=NOON, tapped=f"accept:{request}:1") for each in (MIRA, JORY)]
    random.Random(seed).shuffle(taps)
    side_by_side(hall, taps)
    assert happened(hall, who) == ["asked", "accepted"]
    told = sorted([newest(hall, MIRA), newest(hall, JORY)], key=lambda text: "was faster" in text)
    assert "it is yours" in told[0]
    assert "was faster: accepted at" in told[1]
    assert len([text for text in hall.lobby.told(who) if "confirmed" in text and "as soon" not in text]) == 1


@pytest.mark.parametrize("order", ["accepts first", "takes back first", "at once"])
def test_when_a_guest_takes_back_what_staff_accept_nobody_goes_on_believing_in_it(
    hall: Hall, order: str
) -> None:
    hall.lobby.staff(MIRA)
    who, request = asked(hall)
    accept = message(MIRA, "Accept", at=NOON, tapped=f"accept:{request}:1")
    take_back = message(who, "Cancel request", at=NOON, tapped=f"take-back:{request}")
    if order == "at once":
        side_by_side(hall, [accept, take_back])
    else:
        hall.post(body_of([accept, take_back] if order == "accepts first" else [take_back, accept]))
        hall.understand()
    story = happened(hall, who)
    assert story in (["asked", "accepted", "cancelled"], ["asked", "cancelled"])
    assert story[-1] == "cancelled"
    last = newest(hall, MIRA)
    if "accepted" in story:
        assert "it is yours" in " ".join(hall.lobby.told(MIRA))
        assert "the guest has cancelled it" in last
    else:
        assert "was faster: cancelled at" in last
    assert "taken back" in newest(hall, who) or "cancelled" in newest(hall, who)


# -- couriers side by side ---------------------------------------------------------------------------
def test_couriers_side_by_side_understand_everything_once(hall: Hall) -> None:
    chance = random.Random(7)
    guests = [hall.guest() for _ in range(10)]
    events = [message(who, text, at=NOON) for who in guests for text in (*WISHES, *REPLIES)]
    chance.shuffle(events)
    hall.post(body_of(events))
    with ThreadPoolExecutor(3) as pool:
        for running in [pool.submit(hall.understand) for _ in range(3)]:
            running.result(60)
    assert hall.outcomes() == {"waiting": 0, "quarantined": 0}
    assert hall.fold() == fold(events)
