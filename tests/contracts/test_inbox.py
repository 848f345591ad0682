"""The inbox on both engines: once, sealed, in order for each person, side by side for couriers."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_api import deliveries, inbox
from edge_api.deliveries import Single
from edge_api.inbox import Waiting
from guestlink.crypto import KeyRing
from guestlink.database import Database, Writing
from guestlink.errors import Refused
from guestlink.queries import named_queries
from tests.databases import AT, Place, alone, together

SECOND = timedelta(seconds=1)
NUMBER = "100000000000001"


def single(key: str, who: str = "ana", *, number_id: str = NUMBER) -> Single:
    return Single(f"message:{key}", "message", who, number_id, json.dumps({"says": key}).encode())


def arrive(database: Database, ring: KeyRing, *singles: Single) -> None:
    with database.write() as tx:
        inbox.receive(tx, ring, singles, at=AT)


def said(ring: KeyRing, rows: list[Waiting]) -> list[str]:
    return [json.loads(inbox.opened(ring, row))["says"] for row in rows]


def drained(database: Database, ring: KeyRing, *, most: int = 50) -> list[str]:
    """What couriers get when every event is understood."""
    found: list[str] = []
    while True:
        with database.write() as tx:
            rows = inbox.take(tx, at=AT, most=most)
            for row in rows:
                inbox.done(tx, row, at=AT, outcome="kept")
        if not rows:
            return found
        found += said(ring, rows)


# -- once ------------------------------------------------------------------------------------------
def test_an_event_that_comes_again_is_kept_once_whenever_that_is(database: Database, ring: KeyRing) -> None:
    arrive(database, ring, single("1"), single("1"), single("2"))
    assert sorted(drained(database, ring)) == ["1", "2"]
    with database.write() as tx:
        inbox.purge(tx, before=AT + 400 * 24 * 60 * 60 * SECOND)
    arrive(database, ring, single("1"), single("2"), single("3"))
    assert drained(database, ring) == ["3"]


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=5))
def test_however_events_come_each_is_handed_out_once(
    database: Database, ring: KeyRing, batches: list[list[int]]
) -> None:
    mark = next(_marks)
    for batch in batches:
        arrive(database, ring, *(single(f"{number}/{mark}", f"guest {number % 3}") for number in batch))
    assert sorted(drained(database, ring)) == sorted(
        {f"{each}/{mark}" for batch in batches for each in batch}
    )


_marks = count()


# -- sealed ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ["sqlite"])
def test_nobody_reads_in_the_file_who_wrote_what(place: Place, ring: KeyRing) -> None:
    database = place.open()
    arrive(database, ring, single("wamid.HBgM447700900101", "447700900101"))
    database.close()
    raw = (place.home / "data" / "guestlink.db").read_bytes()
    assert b"wamid.HBgM" not in raw
    assert b"447700900101" not in raw
    assert NUMBER.encode() in raw


def test_a_body_that_was_moved_to_another_event_does_not_open(database: Database, ring: KeyRing) -> None:
    arrive(database, ring, single("1"), single("2", "tomas"))
    with database.write() as tx:
        first, second = inbox.take(tx, at=AT, most=9)
    swapped = Waiting(
        **{name: getattr(first, name) for name in Waiting.__struct_fields__ if name != "event_key"},
        event_key=second.event_key,
    )
    with pytest.raises(Refused):
        inbox.opened(ring, swapped)


def test_the_same_person_at_two_numbers_has_two_lanes(database: Database, ring: KeyRing) -> None:
    arrive(database, ring, single("1"), single("2", number_id="2"), single("3"))
    with database.write() as tx:
        assert said(ring, inbox.take(tx, at=AT, most=9)) == ["1", "2"]


# -- in order --------------------------------------------------------------------------------------
def test_everybody_is_heard_in_the_order_in_which_they_spoke(database: Database, ring: KeyRing) -> None:
    words = [(f"{who}{number}", who) for number in range(5) for who in ("ana", "tomas", "mira")]
    arrive(database, ring, *(single(key, who) for key, who in words))
    found = drained(database, ring, most=2)
    for who in ("ana", "tomas", "mira"):
        assert [key for key in found if key.startswith(who)] == [f"{who}{number}" for number in range(5)]


def test_what_failed_holds_up_its_own_lane_and_no_other(database: Database, ring: KeyRing) -> None:
    arrive(database, ring, single("1"), single("2"), single("3", "tomas"), single("4", "tomas"))
    with database.write() as tx:
        first, other = inbox.take(tx, at=AT, most=9)
        inbox.failed(tx, first, at=AT, reason="ValueError")
        inbox.done(tx, other, at=AT, outcome="kept")
    assert drained(database, ring) == ["4"]
    with database.write() as tx:
        assert inbox.take(tx, at=AT + 1.9 * SECOND, most=9) == []
        assert said(ring, inbox.take(tx, at=AT + 2 * SECOND, most=9)) == ["1"]


def test_attempts_wait_twice_as_long_each_time_and_the_eighth_is_the_last(
    database: Database, ring: KeyRing
) -> None:
    arrive(database, ring, single("1"), single("2"))
    at, waits = AT, []
    for _ in range(8):
        with database.write() as tx:
            (row,) = inbox.take(tx, at=at, most=9)
            assert said(ring, [row]) == ["1"]
            inbox.failed(tx, row, at=at, reason="ValueError")
        wait = 0
        while wait < 1000 and not _something_waits(database, at + wait * SECOND):
            wait += 1
        waits.append(wait)
        at += wait * SECOND
    assert waits == [2, 4, 8, 16, 32, 64, 128, 0]  # then the lane goes on
    with database.read() as db:
        assert inbox.counts(db).quarantined == 1
    with database.write() as tx:
        assert said(ring, inbox.take(tx, at=at, most=9)) == ["2"]


def _something_waits(database: Database, at: object) -> bool:
    with database.write() as tx:
        return bool(inbox.take(tx, at=at, most=1))  # type: ignore[arg-type]


def test_a_flood_of_one_guest_keeps_no_other_waiting(database: Database, ring: KeyRing) -> None:
    arrive(database, ring, *(single(f"ana{number}") for number in range(200)), single("tomas", "tomas"))
    with database.write() as tx:
        assert said(ring, inbox.take(tx, at=AT, most=5)) == ["ana0", "tomas"]


# -- what nobody can read --------------------------------------------------------------------------
def test_an_unreadable_body_is_quarantined_with_every_byte(database: Database, ring: KeyRing) -> None:
    body = bytes(range(256)) * 9
    arrive(database, ring, deliveries.unreadable(body), deliveries.unreadable(body))
    with database.read() as db:
        assert (inbox.counts(db).quarantined, inbox.counts(db).waiting) == (1, 0)
    assert drained(database, ring) == []
    (row,) = inbox.sealed(ring, [deliveries.unreadable(body)], at=AT)
    names = ("event_key", "kind", "lane", "number_id", "body", "received_at")
    kept = Waiting(position=1, **{name: row[name] for name in names})
    assert inbox.opened(ring, kept) == body


# -- counted and forgotten -------------------------------------------------------------------------
def test_counts_tell_how_many_wait_and_since_when(database: Database, ring: KeyRing) -> None:
    with database.read() as db:
        assert inbox.counts(db) == inbox.Counts(waiting=0, quarantined=0, oldest="")
    arrive(database, ring, single("1"))
    with database.write() as tx:
        inbox.receive(tx, ring, [single("2")], at=AT + SECOND)
    with database.read() as db:
        assert inbox.counts(db) == inbox.Counts(waiting=2, quarantined=0, oldest="2026-11-02T09:00:00.000Z")


def test_bodies_go_when_they_were_done_long_enough_and_only_then(database: Database, ring: KeyRing) -> None:
    arrive(database, ring, single("1"), single("2", "tomas"), single("3", "mira"))
    with database.write() as tx:
        first, second, _ = inbox.take(tx, at=AT, most=9)
        inbox.done(tx, first, at=AT, outcome="kept")
        inbox.quarantine(tx, second, at=AT + SECOND, reason="ValueError")
        assert inbox.purge(tx, before=AT + SECOND) == 1
        assert inbox.purge(tx, before=AT + SECOND) == 0
        assert inbox.purge(tx, before=AT + 2 * SECOND) == 1
    assert drained(database, ring) == ["3"]


# -- side by side ----------------------------------------------------------------------------------
COURIER = """
import time
from edge_api import inbox
database = place.open()
go()
idle = 0
while idle < 20:
    with database.write() as tx:
        rows = inbox.take(tx, at=AT, most=3)
        for row in rows:
            print(row.lane, row.position, time.monotonic_ns())
            inbox.done(tx, row, at=AT, outcome="kept")
    idle = 0 if rows else idle + 1
"""


def test_couriers_side_by_side_hand_out_every_event_once_and_no_lane_overtakes_itself(
    database: Database, place: Place, ring: KeyRing
) -> None:
    arrive(database, ring, *(single(f"{number}", f"guest {number % 7}") for number in range(140)))
    ended = together(COURIER, place, ["a"], ["b"], ["c"])
    handed = [line.split() for each in ended for line in each.output.splitlines()]
    assert len(handed) == len({position for _, position, _ in handed}) == 140
    lanes: dict[str, list[int]] = {}
    for lane, position, _ in sorted(handed, key=lambda line: int(line[2])):
        lanes.setdefault(lane, []).append(int(position))
    assert len(lanes) == 7
    assert all(positions == sorted(positions) for positions in lanes.values())
    with database.read() as db:
        assert inbox.counts(db).waiting == 0


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_courier_gets_other_lanes_while_somebody_works_on_the_first(
    database: Database, ring: KeyRing
) -> None:
    arrive(database, ring, single("1"), single("2", "tomas"), single("3"), single("4", "mira"))
    with database.write() as tx:
        assert said(ring, inbox.take(tx, at=AT, most=2)) == ["1", "2"]
        assert _from_another_thread(database, ring) == ["4"]
        inbox.done(tx, _first(tx), at=AT, outcome="kept")
    assert sorted(_from_another_thread(database, ring)) == ["2", "3", "4"]


def _first(tx: Writing) -> Waiting:
    return inbox.take(tx, at=AT, most=1)[0]


def _from_another_thread(database: Database, ring: KeyRing) -> list[str]:
    found: list[str] = []

    def take() -> None:
        with database.write() as tx:
            found.extend(said(ring, inbox.take(tx, at=AT, most=9)))

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return found


def test_two_servers_that_get_the_same_repeats_are_not_in_each_others_way(
    database: Database, place: Place
) -> None:
    """In opposite order: on PostgreSQL each may wait for the other, and one of them has to come again."""
    program = """
import msgspec
from edge_api import inbox
from edge_api.deliveries import Single
from guestlink.errors import Stale
ring = KeyRing(msgspec.structs.replace(crypto.new_keys(AT), blind_key=b"0" * 32))
database = place.open()
singles = [Single(f"message:{number}", "message", "ana", "1", b"{}") for number in range(300)]
if arguments[0] == "back":
    singles.reverse()
go()
for _ in range(3):
    try:
        database.run(lambda tx: inbox.receive(tx, ring, singles, at=AT))
        break
    except Stale:
        continue
else:
    print("lost")
"""
    ended = together(program, place, ["forth"], ["back"])
    assert [each.output for each in ended] == ["", ""]
    with database.read() as db:
        assert inbox.counts(db).waiting == 300


# -- quick -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ["sqlite"])
def test_taking_looks_at_what_waits_and_never_at_what_is_done(place: Place) -> None:
    place.open().close()
    with closing(sqlite3.connect(place.home / "data" / "guestlink.db")) as driver:
        values = {"at": "", "look": 9, "most": 9, "positions": "[1]"}
        for name, index in (("hold_lanes", "INDEX inbox_waiting"), ("waiting_events", "PRIMARY KEY")):
            query = named_queries("sqlite")[name]
            plan = [row[3] for row in driver.execute(f"explain query plan {query}", values)]
            assert any(index in line for line in plan), plan
            assert "SCAN inbox" not in plan


def test_another_process_finds_what_this_one_kept(database: Database, place: Place, ring: KeyRing) -> None:
    arrive(database, ring, single("1"))
    program = """
from edge_api import inbox
with place.open().read() as db:
    print(inbox.counts(db).waiting)
"""
    assert alone(program, place).output == "1"
