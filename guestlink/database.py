"""The database twins: SQLite for one machine, PostgreSQL for many, one set of named queries (guestlink/sql/).

Read by `db`, write by `tx`; `with database.write() as tx:` is the unit of work and the only place that begins
one. A coroutine hands its unit to `submit`, which runs it on the writer thread (guestlink/group_commit.py).
"""

import importlib
import os
import re
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from guestlink.errors import GuestLinkError, InvalidInput, Outage, SettingsError, Stale
from guestlink.group_commit import GroupCommit
from guestlink.queries import named_queries
from guestlink.settings import without_secrets
from guestlink.turns import LOOK_AGAIN_SECONDS, Turn

HERE = Path(__file__).parent
BUSY_SECONDS = 20.0
Row = dict[str, Any]
Value = str | int | bytes | None
T = TypeVar("T")


class Reading(Protocol):
    """A connection that may read. Queries are called by the names they have in guestlink/sql/."""

    def all(self, query: str, **values: Value) -> list[Row]: ...
    def one(self, query: str, **values: Value) -> Row | None: ...


class Writing(Reading, Protocol):
    """A connection inside one transaction: commits when its `with` block ends, rolls back when it raises."""

    def do(self, query: str, **values: Value) -> int: ...
    def do_many(self, query: str, rows: Iterable[Mapping[str, Value]]) -> None: ...
    def attempt(self) -> AbstractContextManager[None]:
        """A part that may fail alone: an error rolls back what its `with` block did and passes on, in our
        words. Attempts nest. After an Outage the whole transaction is gone and refuses what follows.
        """


class Database(Protocol):
    """What both twins offer; `kind` is `sqlite` or `postgresql`. A read sees one snapshot."""

    @property
    def kind(self) -> str: ...
    def read(self) -> AbstractContextManager[Reading]: ...
    def write(self, *, durable: bool = True) -> AbstractContextManager[Writing]:
        """One transaction. What it left survives a power cut; with `durable=False` it may be lost in one,
        together with everything that was committed after it, until the next durable commit makes all of it
        survive. For what a durable record has repeated after a cut, and for nobody who is told of success.
        """

    def submit(self, unit: Callable[[Writing], T]) -> Awaitable[T]:
        """For coroutines: runs `unit(tx)` on the writer thread and resumes after the commit, which it shares
        with others (group commit). What it raises is raised here, and the others are not touched; when the
        commit fails, or too many wait, Outage. A unit may be run twice: it changes nothing but `tx`. It is
        run even when whoever waits is cancelled.
        """

    def run(self, unit: Callable[[Writing], T]) -> T:
        """The same for threads: many that write small things at once share commits. Never from an event loop,
        nor inside a `write`.
        """

    def close(self) -> None:
        """Finishes what `submit` and `run` accepted."""


def open_database(url: str, *, home: Path) -> Database:
    """Opens and migrates `sqlite:///data/guestlink.db` (below `home`) or `postgresql://…`."""
    database: Database
    if url.startswith("sqlite:"):
        database = SQLite(home / url.removeprefix("sqlite:///"))
    else:
        database = PostgreSQL(url)
    migrate(database)
    return database


# -- named queries ---------------------------------------------------------------------------------
class Connection:
    """Runs named queries on one driver connection."""

    def __init__(self, driver: Any, engine: str) -> None:
        self._driver = driver
        self._queries = named_queries(engine)

    def _named(self, query: str) -> str:
        return self._queries[query]

    def all(self, query: str, **values: Value) -> list[Row]:
        with closing(self._driver.cursor()) as cursor:
            return [dict(row) for row in cursor.execute(self._named(query), values)]

    def one(self, query: str, **values: Value) -> Row | None:
        with closing(self._driver.cursor()) as cursor:
            row = cursor.execute(self._named(query), values).fetchone()
            return None if row is None else dict(row)

    def do(self, query: str, **values: Value) -> int:
        with closing(self._driver.cursor()) as cursor:
            return int(cursor.execute(self._named(query), values).rowcount)

    def do_many(self, query: str, rows: Iterable[Mapping[str, Value]]) -> None:
        with closing(self._driver.cursor()) as cursor:
            cursor.executemany(self._named(query), list(rows))

    @contextmanager
    def attempt(self) -> Iterator[None]:
        with _translated():
            self.statement("savepoint attempt")
            try:
                yield
                self.statement("release savepoint attempt")
            except BaseException:
                if self._is_open():
                    self.statement("rollback to savepoint attempt")
                    self.statement("release savepoint attempt")
                raise

    def statement(self, sql: str) -> None:
        """One statement as it stands: of a migration's file, or about the transaction."""
        self._driver.execute(sql)

    def _is_open(self) -> bool:
        return not self._driver.closed


class SQLiteWriting(Connection):
    """SQLite rolls back a transaction by itself when the disk is full or broken. What came after that would
    be committed alone, statement by statement.
    """

    def _named(self, query: str) -> str:
        self._refuse_alone()
        return super()._named(query)

    def statement(self, sql: str) -> None:
        self._refuse_alone()
        super().statement(sql)

    def _refuse_alone(self) -> None:
        if not self._driver.in_transaction:
            raise Outage("The transaction was rolled back.", hint="Check disk space and repeat.")

    def _is_open(self) -> bool:
        return bool(self._driver.in_transaction)


# -- SQLite ----------------------------------------------------------------------------------------
class SQLite:
    """One file: WAL, synchronous=FULL unless a unit of work asks for less, one writer at a time, a reading
    connection for each reader at once.
    """

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = str(path)  # a Path costs more than what it is asked here
        self._writing = threading.RLock()
        self._turn = Turn(path.parent)
        self._is_durable = True
        self._opened: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self._groups: GroupCommit[Writing] = GroupCommit(self.write)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._writer = self._open()
            self._writer.execute("pragma busy_timeout=0")  # _begin waits, and more evenly
            self._file = _identity(self._at)
        except (sqlite3.Error, OSError) as error:
            self.close()
            mend = "Check database_url and that the folder can be written."
            raise SettingsError(
                f"The database {path} cannot be opened: {error}.", setting="database_url", hint=mend
            ) from None

    def _open(self) -> sqlite3.Connection:
        driver = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        driver.row_factory = sqlite3.Row
        self._opened.append(driver)
        _switch_to_wal(driver)
        for pragma in ("synchronous=full", "secure_delete=on", "foreign_keys=on"):
            driver.execute(f"pragma {pragma}")
        return driver

    @contextmanager
    def read(self) -> Iterator[Reading]:
        with _translated():
            self._check_file()
            try:
                driver = self._idle.pop()
            except IndexError:
                driver = self._open()
            driver.execute("begin")
            try:
                yield Connection(driver, self.kind)
            finally:
                driver.execute("rollback")
                self._idle.append(driver)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Writing]:
        with _translated(), self._turn_to_write(durable):
            try:
                yield SQLiteWriting(self._writer, self.kind)
                self._writer.execute("commit")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("rollback")
                raise

    @contextmanager
    def _turn_to_write(self, durable: bool) -> Iterator[None]:
        """Holds the writing lock; the transaction has begun."""
        deadline = time.monotonic() + BUSY_SECONDS
        with self._turn.taken(deadline):
            if not self._writing.acquire(timeout=BUSY_SECONDS):
                raise Outage("The database does not answer: a change takes too long.", hint="Try again.")
            try:
                self._check_file()
                self._sync(durable)
                self._begin(deadline)
            except BaseException:
                self._writing.release()
                raise
        try:
            yield
        finally:
            self._writing.release()

    def _sync(self, durable: bool) -> None:
        """WAL is one sequence of commits, so the next sync of it makes those before it durable, too."""
        if durable != self._is_durable:
            self._writer.execute(f"pragma synchronous={'full' if durable else 'normal'}")
            self._is_durable = durable

    def _begin(self, deadline: float) -> None:
        while True:
            try:
                self._writer.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_AGAIN_SECONDS)
            else:
                return

    def submit(self, unit: Callable[[Writing], T]) -> Awaitable[T]:
        return self._groups.submit(unit)

    def run(self, unit: Callable[[Writing], T]) -> T:
        return self._groups.run(unit)

    def _check_file(self) -> None:
        """What is written to a file that another one has replaced, a backup brought back, is lost unseen."""
        if _identity(self._at) != self._file:
            mend = "Stop `serve` and `work`, and start them again."
            raise Outage("The database file was replaced while this program ran.", hint=mend)

    def close(self) -> None:
        self._groups.close()
        with self._writing:
            for driver in self._opened:
                driver.close()
            self._opened.clear()
            self._idle.clear()
        self._turn.close()


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _identity(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _switch_to_wal(driver: sqlite3.Connection) -> None:
    """SQLite does not wait for others by itself when two processes switch a new file at the same moment."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            driver.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


@cache
def _psycopg() -> Any:
    """The driver, imported when a server is really used: a command on SQLite need not wait 130 ms for it."""
    return importlib.import_module("psycopg")


@cache
def _pool() -> Any:
    return importlib.import_module("psycopg_pool")


# -- PostgreSQL ------------------------------------------------------------------------------------
class PostgreSQL:
    """A server, through a pool of connections used from threads."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url
        self._groups: GroupCommit[Writing] = GroupCommit(self.write)
        self._pool = _pool().ConnectionPool(
            url,
            min_size=1,
            max_size=8,
            timeout=BUSY_SECONDS,
            open=False,
            kwargs={"row_factory": _psycopg().rows.dict_row},
        )
        try:
            _psycopg().connect(url, connect_timeout=10).close()
            self._pool.open(wait=True, timeout=BUSY_SECONDS)
        except (_psycopg().Error, _pool().PoolTimeout) as error:
            self._pool.close()
            raise SettingsError(
                f"The database server {without_secrets(url)} refuses us: {_reason(error)}.",
                setting="database_url",
                hint="Check that it runs and that database_url names user, password, host and database.",
            ) from None

    @contextmanager
    def read(self) -> Iterator[Reading]:
        with self._connection() as driver:
            driver.execute("set transaction isolation level repeatable read read only")
            yield Connection(driver, self.kind)
            driver.rollback()

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Writing]:
        with self._connection() as driver:
            if not durable:
                driver.execute("set local synchronous_commit to off")
            yield Connection(driver, self.kind)
            if driver.info.transaction_status == _psycopg().pq.TransactionStatus.INERROR:
                # The server would answer COMMIT with a rollback, and the driver would call that success.
                raise Stale("A part of the change failed.", hint="Load it again and repeat.")
            driver.commit()  # leaving the pool's block says nothing when the connection is lost

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection of the pool. When it turns out to be dead, the others are looked at too, so that one
        Outage is all that a restarted server costs.
        """
        with _translated():
            driver = None
            try:
                with self._pool.connection() as driver:
                    yield driver
            except _psycopg().OperationalError:
                if driver is not None and driver.closed:
                    self._pool.check()
                raise

    def submit(self, unit: Callable[[Writing], T]) -> Awaitable[T]:
        return self._groups.submit(unit)

    def run(self, unit: Callable[[Writing], T]) -> T:
        return self._groups.run(unit)

    def close(self) -> None:
        self._groups.close()
        self._pool.close()


@contextmanager
def _translated() -> Iterator[None]:
    """Drivers' exceptions in our words: a broken constraint means that somebody was faster."""
    try:
        yield
    except GuestLinkError:
        raise
    except (sqlite3.IntegrityError, _psycopg().IntegrityError):
        raise Stale(
            "Somebody changed the same record at the same time.", hint="Load it again and repeat."
        ) from None
    except _psycopg().DataError as error:
        raise InvalidInput(f"A value cannot be kept: {_reason(error)}.") from None
    except (_psycopg().errors.SerializationFailure, _psycopg().errors.DeadlockDetected):
        raise Stale("Two writers were in each other's way.", hint="Repeat.") from None
    except _psycopg().errors.InFailedSqlTransaction:
        raise Stale("A part of the change failed.", hint="Load it again and repeat.") from None
    except (sqlite3.OperationalError, _psycopg().OperationalError, _pool().PoolTimeout) as error:
        raise Outage(
            f"The database does not answer: {_reason(error)}.", hint="Check disk space and the server."
        ) from None


def _reason(error: Exception) -> str:
    """The first line of a driver's words; a URL that it cannot read is not repeated, since a password stands
    there.
    """
    if isinstance(error, _psycopg().ProgrammingError):
        return "its URL cannot be read"
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


# -- migrations ------------------------------------------------------------------------------------
def migrate(database: Database, *, upto: int = 10_000) -> int:
    """Applies missing migrations, each in a transaction of its own; returns the schema version.

    A newer schema than this code knows is accepted: migrations expand first and contract a release later.
    """
    known = _schema_version(database)
    if known is None:
        with database.write() as tx:
            tx.all("lock_schema")
            tx.do("make_schema_table")
    for number, file in _migrations(database.kind):
        if number > upto:
            break
        if number <= (known or 0):
            continue
        with database.write() as tx:
            assert isinstance(tx, Connection)
            tx.all("lock_schema")
            done = tx.one("schema_version")
            if done and int(done["version"] or 0) >= number:
                continue
            for statement in _statements(file.read_text("utf-8")):
                tx.statement(statement)
            tx.do("record_migration", version=number)
    return _schema_version(database) or 0


def _schema_version(database: Database) -> int | None:
    """The newest migration that was applied, read without a write lock; None when there is no schema yet."""
    with database.read() as db:
        there = db.one("has_schema")
        row = db.one("schema_version") if there and there["tables"] else None
    return int(row["version"] or 0) if row else None


def _migrations(engine: str) -> list[tuple[int, Path]]:
    found = []
    for file in sorted((HERE / "migrations").glob("*.sql")):
        suffix = file.stem.partition(".")[2]
        if suffix in {"", engine}:
            found.append((int(file.stem[:4]), file))
    return found


def _statements(text: str) -> list[str]:
    """A statement ends with a semicolon, and the next begins in the first column: the lines of a trigger's or
    a function's body are indented, its `end` too.
    """
    bare = re.sub(r"--[^\n]*", "", text)
    return [each.strip().removesuffix(";") for each in re.split(r";\s*\n(?=\S)", bare) if each.strip()]
