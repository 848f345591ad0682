"""A loop is woken soon after something changed, whoever changed it; no wake-up is lost between two waits."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from guestlink import clock, wakeups
from guestlink.database import Database, PostgreSQL
from guestlink.errors import Refused
from guestlink.wakeups import Wakeups, open_wakeups
from tests.databases import AT, Place, together
from tests.services import free_port

PATIENCE = 20.0


@pytest.fixture
def awake(database: Database) -> Iterator[Wakeups]:
    """Wake-ups of which nothing is left over in this thread."""
    opened = open_wakeups(database)
    opened.wait(0)
    yield opened
    opened.close()


@pytest.fixture
def elsewhere(place: Place) -> Iterator[Database]:
    """The same database as another program has it open."""
    opened = place.open()
    yield opened
    opened.close()


def add_user(database: Database) -> None:
    with database.write() as tx:
        tx.do("add_user", id=clock.new_id(), name=b"ana", made_at=clock.as_text(AT))


def give_up(database: Database) -> None:
    with database.write() as tx:
        tx.do("add_user", id="ana", name=b"ana", made_at=clock.as_text(AT))
        raise Refused("no")


def test_nobody_is_woken_when_nothing_changes(database: Database, awake: Wakeups) -> None:
    with database.read() as db:
        db.one("first_user")
    with pytest.raises(Refused):
        give_up(database)
    assert not awake.wait(0.1)


def test_whoever_waits_is_woken_at_once_by_a_thread_that_announces(awake: Wakeups) -> None:
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(awake.wait, PATIENCE) for _ in range(2)]
        awake.announce(1)
        assert [waits.result(PATIENCE) for waits in waiting] == [True, True]


def test_what_happened_between_two_waits_wakes_once(
    database: Database, awake: Wakeups, elsewhere: Database
) -> None:
    others = open_wakeups(elsewhere)
    for changed in (database, elsewhere):
        add_user(changed)
        (awake if changed is database else others).announce(1)
        assert awake.wait(PATIENCE)
        assert not awake.wait(0.1)
    others.close()


def test_every_thread_has_its_own_last_wait(awake: Wakeups) -> None:
    awake.announce(1)
    assert awake.wait(0)
    assert not awake.wait(0)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(awake.wait, 0).result(PATIENCE)


def test_a_loop_that_is_told_to_stop_waits_no_longer(awake: Wakeups) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        awake.announce()
        pool.submit(awake.wait, 0).result(PATIENCE)  # this thread has heard that
        waiting = pool.submit(awake.wait, 3600.0, stop)
        stop.set()
        assert not waiting.result(PATIENCE)


HEAR_AND_TELL = """
from guestlink import clock
from guestlink.wakeups import open_wakeups
database = place.open()
wakeups = open_wakeups(database)
wakeups.wait(0)
go()
if arguments[0] == "hears":
    print(wakeups.wait(20.0))
else:
    with database.write() as tx:
        tx.do("add_user", id="ana", name=b"ana", made_at=clock.as_text(AT))
    wakeups.announce(1)
wakeups.close()
database.close()
"""


def test_processes_wake_each_other(place: Place, awake: Wakeups) -> None:
    ended = together(HEAR_AND_TELL, place, ["hears"], ["hears"], ["tells"])
    assert [end.output for end in ended] == ["True", "True", ""]
    assert awake.wait(PATIENCE)


def test_announcing_after_the_end_harms_nobody(database: Database) -> None:
    closed = open_wakeups(database)
    closed.close()
    closed.close()
    closed.announce(1)
    assert closed.wait(0)
    assert not closed.wait(0)


# -- SQLite -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ["sqlite"])
def test_commits_to_a_file_need_no_announcement(
    database: Database, awake: Wakeups, elsewhere: Database
) -> None:
    for changed in (database, elsewhere):
        add_user(changed)
        assert awake.wait(PATIENCE)
        assert not awake.wait(0.05)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_that_cannot_be_read_wakes_once_a_second_until_it_can(
    place: Place, database: Database, awake: Wakeups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "DEAF_SECONDS", 0.05)
    file = place.home / "data" / "guestlink.db"
    awake._drop()  # type: ignore[attr-defined]
    awake._path = file.parent / "nowhere" / "guestlink.db"  # type: ignore[attr-defined]
    assert awake.wait(PATIENCE)
    assert awake.wait(PATIENCE)
    awake._path = file  # type: ignore[attr-defined]
    wait_until_it_hears(awake)
    add_user(database)
    assert awake.wait(PATIENCE)


# -- PostgreSQL -------------------------------------------------------------------------------------
def wait_until_it_hears(awake: Wakeups) -> None:
    deadline = time.monotonic() + PATIENCE
    while awake._deaf:
        assert time.monotonic() < deadline
        awake.wait(0.01)
    while awake.wait(0.05):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_lost_connection_comes_back_and_wakes(place: Place, awake: Wakeups, elsewhere: Database) -> None:
    others = open_wakeups(elsewhere)
    for _ in range(2):
        with psycopg.connect(place.url, autocommit=True) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        assert awake.wait(PATIENCE)  # for what it may have missed
        wait_until_it_hears(awake)
        wait_until_it_hears(others)
        others.announce(1)
        assert awake.wait(PATIENCE)
    others.close()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_without_a_server_a_loop_is_woken_once_a_second(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(database, PostgreSQL)
    monkeypatch.setattr(database, "url", f"postgresql://guestlink@127.0.0.1:{free_port()}/nowhere")
    deaf = open_wakeups(database)
    deaf.announce(1)
    assert deaf.wait(0)
    began = time.monotonic()
    assert not deaf.wait(0.01)
    assert deaf.wait(PATIENCE)
    assert time.monotonic() - began >= wakeups.DEAF_SECONDS
    deaf.close()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_what_was_announced_before_the_end_is_told(awake: Wakeups, elsewhere: Database) -> None:
    others = open_wakeups(elsewhere)
    others.announce(7)
    others.close()
    assert awake.wait(PATIENCE)
