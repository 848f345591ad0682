"""Several writers at once, in threads and in processes: nothing is lost and nothing is had twice."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from guestlink import journal, rebuilds, records, stays
from guestlink.crypto import write_keys
from guestlink.database import Database, Writing
from guestlink.errors import Refused
from guestlink.journal import Event
from tests.databases import AT, BY, Inn, Place, furnish, together

PATIENCE = 20.0


# -- the journal ------------------------------------------------------------------------------------
APPEND = """
from guestlink import journal
from guestlink.journal import Event
database = place.open()
go()
for number in range(25):
    with database.write() as tx:
        journal.append(tx, "stay:ana", [Event(kind="counted")], at=AT, by=arguments[0])
database.close()
"""


def test_writers_in_several_processes_lose_nothing(place: Place, database: Database) -> None:
    seen: list[int] = []
    stop = threading.Event()

    def follow() -> None:
        """Reads on from the last position, as every follower of the journal does."""
        while not stop.is_set():
            with database.read() as db:
                seen.extend(entry.position for entry in journal.read_from(db, seen[-1] if seen else 0))

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        try:
            together(APPEND, place, ["ana"], ["tomas"], ["yuki"])
        finally:
            stop.set()
        following.result(PATIENCE)
    with database.read() as db:
        entries = journal.load(db, "stay:ana")
        assert [entry.version for entry in entries] == list(range(1, 76))
        assert journal.broken_at(db) is None
        rest = journal.read_from(db, seen[-1])
        assert [*seen, *(entry.position for entry in rest)] == [entry.position for entry in entries]


def test_writers_in_several_threads_lose_nothing(database: Database) -> None:
    def write(name: str) -> None:
        for _ in range(20):
            with database.write() as tx:
                journal.append(tx, "stay:ana", [Event(kind="counted")], at=AT, by=name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, ["ana", "tomas", "yuki", "marta"]))
    with database.read() as db:
        assert journal.stream_version(db, "stay:ana") == 80
        assert journal.broken_at(db) is None


def append_in_two_threads(database: Database, append: object) -> tuple[bool, list[journal.Entry]]:
    """Two appends that overlap; whether the second waited for the first, and what the journal says then."""
    assert callable(append)
    done = threading.Event()

    def second() -> None:
        with database.write() as tx:
            append(tx, "stay:tomas")
        done.set()

    with ThreadPoolExecutor(1) as pool:
        with database.write() as tx:
            append(tx, "stay:ana")
            later = pool.submit(second)
            waited = not done.wait(0.3)
        later.result(PATIENCE)
    with database.read() as db:
        return waited, list(journal.read_from(db, 0))


def test_positions_appear_in_the_order_of_the_commits(database: Database) -> None:
    def append(tx: Writing, stream: str) -> None:
        journal.append(tx, stream, [Event(kind="counted")], at=AT, by=BY)

    waited, entries = append_in_two_threads(database, append)
    assert waited
    assert [entry.stream for entry in entries] == ["stay:ana", "stay:tomas"]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_without_the_lock_positions_would_appear_in_another_order(database: Database) -> None:
    """The control of the test above: a sequence alone does not order commits, and the chain forks."""

    class Unlocked:
        def __init__(self, tx: Writing) -> None:
            self.one, self.do = tx.one, tx.do

        def all(self, query: str) -> None:
            assert query == "lock_journal"

    def append(tx: Writing, stream: str) -> None:
        journal.append(Unlocked(tx), stream, [Event(kind="counted")], at=AT, by=BY)  # type: ignore[arg-type]

    waited, entries = append_in_two_threads(database, append)
    assert not waited
    assert len(entries) == 2
    with database.read() as db:
        assert journal.broken_at(db) == entries[1].position


# -- races about records ----------------------------------------------------------------------------
BOOK = """
from guestlink.errors import Refused
from guestlink.crypto import read_keys
inn = Inn(place.open(), read_keys(place.home / "keyring.json"))
go()
for night in range(8):
    try:
        inn.add(f"{arguments[0]}-{night}", inn.period(on=FRIDAY + timedelta(days=night), nights=1))
        print(night, end=" ")
    except Refused as error:
        assert "room-1 is taken" in error.message, error
inn.database.close()
"""


def test_of_several_who_want_one_room_for_a_night_exactly_one_gets_it(place: Place, inn: Inn) -> None:
    write_keys(place.home / "keyring.json", inn.ring.stored)
    ended = together(BOOK, place, ["ana"], ["tomas"], ["yuki"])
    assert sorted(night for end in ended for night in end.output.split()) == [
        str(night) for night in range(8)
    ]
    with inn.database.read() as db:
        assert len(db.all("stays_of_property", property_id=inn.house.id)) == 8
        assert journal.broken_at(db) is None


def test_two_stays_that_move_into_the_same_room_at_once_do_not_both_get_it(place: Place, inn: Inn) -> None:
    """Both have a room already; only the last nights overlap."""
    movers = [inn.add("ANA", inn.period("room-2")), inn.add("TOMAS", inn.period("room-3"))]
    gate = threading.Barrier(2)
    wanted = inn.period("room-1")

    def move(number: int) -> str:
        mine = place.open()
        try:
            gate.wait(PATIENCE)
            with mine.write() as tx:
                stays.change_stay(
                    tx, inn.ring, inn.house, movers[number], at=AT, by=BY, new_periods=(wanted,)
                )
        except Refused as error:
            return error.message
        finally:
            mine.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(move, range(2)))
    assert answers[0] == ""
    assert answers[1].startswith("room-1 is taken from 2026-11-06 until 2026-11-08 by ")
    rooms = sorted(inn.periods(inn.stay(name))[0].unit or "" for name in ("ANA", "TOMAS"))
    assert rooms in (["room-1", "room-2"], ["room-1", "room-3"])


CLAIM = """
from guestlink import rebuilds
database = place.open()
go()
while claimed := rebuilds.claim_due(database, at=AT, most=3):
    print(*(rebuild.stay_id for rebuild in claimed), end=" ", flush=True)
database.close()
"""


def test_two_workers_never_claim_the_same_rebuild(place: Place, inn: Inn) -> None:
    house = inn.house
    with inn.database.write() as tx:
        for number in range(40):
            rebuilds.ask(tx, house, why="secret changed", at=AT, stay_id=f"stay-{number}")
    ended = together(CLAIM, place, [], [], [])
    claimed = [stay for end in ended for stay in end.output.split()]
    assert sorted(claimed) == sorted(f"stay-{number}" for number in range(40))


OPEN = """
go()
place.open().close()
"""


def test_several_processes_may_open_a_new_database_at_once(empty_place: Place) -> None:
    together(OPEN, empty_place, [], [], [], [])
    database = empty_place.open()
    furnish(database)
    with database.read() as db:
        assert records.find_property(db, "harbour-house").changes == 4
    database.close()
