"""Units of work that share a commit: none is told of success before it is durable, none spoils another."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from guestlink import clock, group_commit, journal
from guestlink.database import Database, PostgreSQL, SQLite, Writing
from guestlink.errors import Outage, Refused, Stale
from guestlink.queries import named_queries
from tests.databases import AT, Place, alone

PATIENCE = 20.0


def user(name: str) -> Callable[[Writing], str]:
    """A unit that adds a user whose id is the name, and returns it."""

    def add(tx: Writing) -> str:
        tx.do("add_user", id=name, name=name.encode(), made_at=clock.as_text(AT))
        return name

    return add


def users(database: Database) -> list[str]:
    """Ids of all users, read by a connection of its own."""
    with database.read() as db:
        return [row["id"] for row in db.all("users_of_test")]


@pytest.fixture(autouse=True)
def _query_of_these_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program never needs all users."""
    for engine in ("sqlite", "postgresql"):
        monkeypatch.setitem(named_queries(engine), "users_of_test", "select id from users order by id")


class Gate:
    """A unit that holds the writer thread, so that what is handed in meanwhile becomes the next group."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, tx: Writing) -> None:
        self.entered.set()
        assert self.opened.wait(PATIENCE)


async def behind_a_gate(database: Database, *units: Callable[[Writing], object]) -> list[object]:
    """Hands the units in as one group; what each returned or raised."""
    gate = Gate()
    waiting: list[Awaitable[object]] = [database.submit(gate)]
    await asyncio.to_thread(gate.entered.wait, PATIENCE)
    waiting += [database.submit(unit) for unit in units]
    gate.opened.set()
    return list[object](await asyncio.gather(*waiting, return_exceptions=True))[1:]


def fails(error: BaseException) -> Callable[[Writing], None]:
    def unit(tx: Writing) -> None:
        user("half-way")(tx)
        raise error

    return unit


# -- one unit ---------------------------------------------------------------------------------------
def test_what_was_submitted_is_there_for_everybody_when_the_coroutine_resumes(
    place: Place, database: Database
) -> None:
    async def submit() -> tuple[str, list[str]]:
        return await database.submit(user("ana")), users(other)

    other = place.open()
    assert asyncio.run(submit()) == ("ana", ["ana"])
    other.close()


def test_a_thread_that_runs_a_unit_gets_what_it_returned_or_raised(database: Database) -> None:
    assert database.run(user("ana")) == "ana"
    with pytest.raises(Stale, match="Somebody changed the same record"):
        database.run(user("ana"))
    with pytest.raises(Refused, match="no"):
        database.run(fails(Refused("no")))
    assert users(database) == ["ana"]


def test_a_unit_runs_on_the_writer_thread_and_never_on_the_callers(database: Database) -> None:
    threads = {database.run(lambda tx: threading.current_thread()) for _ in range(3)}
    assert len(threads) == 1
    assert threading.current_thread() not in threads


# -- a group ----------------------------------------------------------------------------------------
def test_units_that_come_during_a_commit_share_the_next_one_in_their_order(database: Database) -> None:
    seen: list[Writing] = []
    order: list[int] = []

    def unit(number: int) -> Callable[[Writing], int]:
        def note(tx: Writing) -> int:
            seen.append(tx)
            order.append(number)
            return number

        return note

    outcomes = asyncio.run(behind_a_gate(database, *map(unit, range(50))))
    assert outcomes == order == list(range(50))
    assert len({id(tx) for tx in seen}) == 1


def test_a_group_has_a_bound(database: Database) -> None:
    seen: list[Writing] = []
    asyncio.run(behind_a_gate(database, *[seen.append] * (group_commit.GROUP_AT_MOST + 10)))
    assert len({id(tx) for tx in seen}) == 2


def test_a_unit_that_fails_fails_alone(database: Database) -> None:
    units = [user("ana"), fails(ValueError("mine")), user("tomas"), user("ana"), user("yuki")]
    outcomes = asyncio.run(behind_a_gate(database, *units, fails(Refused("no"))))
    assert [outcomes[number] for number in (0, 2, 4)] == ["ana", "tomas", "yuki"]
    assert [type(outcomes[number]) for number in (1, 3, 5)] == [ValueError, Stale, Refused]
    assert users(database) == ["ana", "tomas", "yuki"]


def test_a_unit_that_hides_its_mistake_does_not_spoil_the_others(database: Database) -> None:
    """PostgreSQL gives up the whole transaction at a mistake, and answers COMMIT with a silent rollback."""

    def hides(tx: Writing) -> str:
        user("tomas")(tx)
        try:
            user("ana")(tx)
        except Exception:  # noqa: BLE001 - whatever the driver raises
            return "hidden"
        return ""

    outcomes = asyncio.run(behind_a_gate(database, user("ana"), user("yuki"), hides))
    assert outcomes[:2] == ["ana", "yuki"]
    assert {"ana", "yuki"} <= set(users(database))
    assert ("tomas" in users(database)) == (outcomes[2] == "hidden")


def test_a_unit_that_stops_an_iteration_is_told_too(database: Database) -> None:
    async def submit() -> None:
        await database.submit(fails(StopIteration()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(submit())


def test_whoever_waits_may_be_cancelled_and_the_unit_is_done_all_the_same(database: Database) -> None:
    async def give_up() -> str:
        gate = Gate()
        first = database.submit(gate)
        await asyncio.to_thread(gate.entered.wait, PATIENCE)
        waiting = asyncio.ensure_future(database.submit(user("ana")))
        waiting.cancel()
        gate.opened.set()
        await first
        return await database.submit(user("tomas"))

    assert asyncio.run(give_up()) == "tomas"
    assert users(database) == ["ana", "tomas"]


def test_a_loop_that_ended_meanwhile_harms_nobody(database: Database) -> None:
    gate = Gate()

    async def leave() -> None:
        database.submit(gate)
        database.submit(user("ana"))

    asyncio.run(leave())
    gate.opened.set()
    assert database.run(user("tomas")) == "tomas"
    assert users(database) == ["ana", "tomas"]


def test_several_loops_and_threads_and_plain_writers_lose_nothing(database: Database) -> None:
    async def submit(name: str) -> None:
        await asyncio.gather(*[database.submit(user(f"{name}-{number}")) for number in range(40)])

    def writes(name: str) -> None:
        for number in range(20):
            with database.write() as tx:
                user(f"{name}-{number}")(tx)

    def runs(name: str) -> None:
        for number in range(20):
            database.run(user(f"{name}-{number}"))

    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(asyncio.run, submit(name)) for name in ("ana", "tomas")]
        jobs += [pool.submit(writes, "marta"), pool.submit(runs, "yuki"), pool.submit(runs, "sol")]
        for job in jobs:
            job.result(PATIENCE)
    assert len(users(database)) == 140


# -- what goes wrong outside ------------------------------------------------------------------------
def break_the_transaction(place: Place, database: Database) -> Callable[[Writing], None]:
    """A unit after which COMMIT fails: the transaction is gone, or the server's process."""

    def unit(tx: Writing) -> None:
        if isinstance(database, SQLite):
            database._writer.execute("rollback")
        else:
            drop_connections(place)

    return unit


def drop_connections(place: Place) -> None:
    with psycopg.connect(place.url, autocommit=True) as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_when_the_commit_fails_every_unit_of_the_group_is_told_and_none_is_there(
    place: Place, database: Database
) -> None:
    units = [user("ana"), user("tomas"), break_the_transaction(place, database)]
    outcomes = asyncio.run(behind_a_gate(database, *units))
    assert [type(outcome) for outcome in outcomes] == [Outage] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3
    assert users(place.open()) == []
    assert database.run(user("yuki")) == "yuki"


def test_when_a_unit_breaks_the_transaction_nothing_of_its_group_is_kept_in_part(
    place: Place, database: Database
) -> None:
    units = [user("ana"), break_the_transaction(place, database), user("tomas")]
    outcomes = asyncio.run(behind_a_gate(database, *units))
    kept = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert kept == users(place.open())
    assert isinstance(outcomes[1], Outage)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_connections_that_were_lost_cost_at_most_one_outage(place: Place, database: Database) -> None:
    assert isinstance(database, PostgreSQL)
    with ThreadPoolExecutor(6) as pool:  # a pool with several connections
        list(pool.map(lambda number: users(database), range(12)))
    drop_connections(place)
    outcomes = []
    for name in ("ana", "tomas", "yuki"):
        try:
            outcomes.append(database.run(user(name)))
        except Outage:
            outcomes.append("")
    assert outcomes[1:] == ["tomas", "yuki"]
    assert users(database) == [name for name in outcomes if name]


@contextmanager
def full_disk(database: SQLite) -> Iterator[None]:
    pages = database._writer.execute("pragma page_count").fetchone()[0]
    database._writer.execute(f"pragma max_page_count={pages}")
    yield
    database._writer.execute("pragma max_page_count=1000000")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_full_disk_is_an_outage_that_passes(database: Database) -> None:
    def big(tx: Writing) -> None:
        tx.do("add_user", id="big", name=bytes(1_000_000), made_at=clock.as_text(AT))

    assert isinstance(database, SQLite)
    with full_disk(database):
        outcomes = asyncio.run(behind_a_gate(database, big, big))
        assert [type(outcome) for outcome in outcomes] == [Outage, Outage]
        assert "full" in str(outcomes[0])
    assert users(database) == []
    database.run(big)
    assert users(database) == ["big"]


def test_when_too_many_wait_the_next_is_refused_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "WAITING_AT_MOST", 3)

    async def crowd() -> list[object]:
        return await behind_a_gate(database, *map(user, ["ana", "tomas", "yuki"]))

    async def too_many() -> None:
        gate = Gate()
        first = database.submit(gate)
        await asyncio.to_thread(gate.entered.wait, PATIENCE)
        waiting = [database.submit(user(f"guest-{number}")) for number in range(3)]
        with pytest.raises(Outage, match="Too many") as caught:
            await database.submit(user("late"))
        assert caught.value.retry_after == 1.0
        gate.opened.set()
        await asyncio.gather(first, *waiting)

    asyncio.run(too_many())
    assert asyncio.run(crowd()) == ["ana", "tomas", "yuki"]
    assert "late" not in users(database)


def test_closing_finishes_what_was_accepted_and_takes_nothing_more(place: Place) -> None:
    database = place.open()
    gate = Gate()
    with ThreadPoolExecutor(7) as pool:
        first = pool.submit(database.run, gate)
        assert gate.entered.wait(PATIENCE)
        jobs = [pool.submit(database.run, user(f"guest-{number}")) for number in range(5)]
        wait_until(lambda: len(database._groups._waiting) == 5)  # type: ignore[attr-defined]
        closing = pool.submit(database.close)
        wait_until(lambda: database._groups._closed)  # type: ignore[attr-defined]
        with pytest.raises(Outage, match="was closed"):
            database.run(user("late"))
        gate.opened.set()
        closing.result(PATIENCE)
        first.result(PATIENCE)
        assert [job.result(PATIENCE) for job in jobs] == [f"guest-{number}" for number in range(5)]
    assert len(users(place.open())) == 5


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# -- taking turns -----------------------------------------------------------------------------------
BACK_TO_BACK = """
from guestlink import journal
from guestlink.journal import Event
database = place.open()
while True:
    with database.write() as tx:
        if tx.one("user_by_id", id="enough"):
            break
        journal.append(tx, "busy", [Event(kind="counted")], at=AT, by="ana")
database.close()
"""


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_process_that_writes_back_to_back_lets_another_in_after_a_commit_or_two(
    place: Place, database: Database
) -> None:
    """SQLite alone keeps the other waiting for hundreds of commits."""

    def commits() -> int:
        with database.read() as db:
            return journal.stream_version(db, "busy")

    def commits_while_waiting() -> int:
        before = commits()
        wait_until(lambda: commits() > before + 2)
        before = commits()
        with database.write() as tx:
            return journal.stream_version(tx, "busy") - before

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(alone, BACK_TO_BACK, place)
        try:
            waited = [commits_while_waiting() for _ in range(15)]
        finally:
            database.run(user("enough"))
        assert writing.result(PATIENCE).code == 0
    assert sum(waited) < 5 * len(waited), waited
