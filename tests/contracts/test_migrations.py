"""Migrations: an old database opens in new code, a killed one at the old or new schema, a newer one too."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from guestlink import database as module
from guestlink import records
from guestlink.database import Database, PostgreSQL, SQLite, migrate
from tests.databases import Place, conversing, furnish

Shape = dict[str, set[str]]
ENGINES = ("sqlite", "postgresql")
NUMBERS = [number for number, _ in module._migrations("sqlite")]
NEWEST = NUMBERS[-1]
OLD_PROPERTY = (
    "insert into properties (id, slug, zone, currency, default_language, check_in, check_out, made_at)"
    " values ('old', 'old-house', 'Europe/London', 'GBP', 'en', '15:00', '11:00', '2026-01-01T00:00:00.000Z')"
)


def raw(place: Place) -> Database:
    """The database as it lies there, not migrated."""
    if place.url.startswith("sqlite"):
        return SQLite(place.home / place.url.removeprefix("sqlite:///"))
    return PostgreSQL(place.url)


SQLITE_TABLES = "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite%'"
POSTGRESQL_COLUMNS = """
select table_name, column_name from information_schema.columns where table_schema = current_schema
"""


def shape(place: Place) -> Shape:
    """Table -> columns, read without our code."""
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.home / place.url.removeprefix("sqlite:///"))) as driver:
            tables = driver.execute(SQLITE_TABLES).fetchall()
            return {
                name: {row[1] for row in driver.execute(f"pragma table_info({name})")} for (name,) in tables
            }
    found: Shape = {}
    with psycopg.connect(place.url) as server:
        for table, column in server.execute(POSTGRESQL_COLUMNS):
            found.setdefault(table, set()).add(column)
    return found


def execute(place: Place, text: str) -> None:
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.home / place.url.removeprefix("sqlite:///"))) as driver, driver:
            driver.execute(text)
    else:
        with psycopg.connect(place.url) as server:
            server.execute(sql.SQL(text))  # type: ignore[arg-type]


def version(place: Place) -> int:
    database = raw(place)
    with database.read() as db:
        row = db.one("schema_version") if "schema_versions" in shape(place) else None
    database.close()
    return int(row["version"] or 0) if row else 0


def another(place: Place, name: str) -> Place:
    """A further empty place on the same engine."""
    if place.url.startswith("sqlite"):
        return Place(place.url, place.home / name)
    schema = f"{place.url.rpartition('%3D')[2]}_{name}"
    with psycopg.connect(place.url, autocommit=True) as server:
        server.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    return Place(place.url.rpartition("%3D")[0] + f"%3D{schema}", place.home)


@pytest.fixture
def place(empty_place: Place) -> Place:
    """Nothing is migrated yet when a test of this file begins."""
    return empty_place


@pytest.fixture
def further(place: Place) -> Callable[[str], Place]:
    return lambda name: another(place, name)


def shapes(further: Callable[[str], Place]) -> dict[int, Shape]:
    """Version -> the shape that it has when nothing goes wrong."""
    place, found = further("whole"), {}
    database = raw(place)
    for number in (0, *NUMBERS):
        assert migrate(database, upto=number) == number
        found[number] = shape(place)
    database.close()
    return found


# -- the files --------------------------------------------------------------------------------------
def test_migrations_are_numbered_without_a_gap_on_both_engines() -> None:
    for engine in ENGINES:
        assert [number for number, _ in module._migrations(engine)] == list(range(1, NEWEST + 1))


def test_every_file_belongs_to_both_engines_or_to_one() -> None:
    files = {file.name for engine in ENGINES for _, file in module._migrations(engine)}
    assert files == {file.name for file in (Path(module.__file__).parent / "migrations").glob("*")}


def test_both_engines_have_the_same_tables_and_columns(postgres_database: str, tmp_path: Path) -> None:
    twins = [Place("sqlite:///guestlink.db", tmp_path), Place(postgres_database, tmp_path)]
    for place in twins:
        place.open().close()
    with psycopg.connect(postgres_database) as server:
        assert server.execute("select current_schema").fetchone() == ("public",)
    assert shape(twins[0]) == shape(twins[1])


# -- old and newer databases ------------------------------------------------------------------------
@pytest.mark.parametrize("number", [0, *NUMBERS])
def test_a_database_of_every_older_version_opens_with_its_records(place: Place, number: int) -> None:
    database = raw(place)
    assert migrate(database, upto=number) == number
    database.close()
    if number:
        execute(place, OLD_PROPERTY)
    database = place.open()
    furnish(database)
    with database.read() as db:
        known = [house.slug for house in records.properties(db)]
    database.close()
    assert known == ["harbour-house", "old-house"][: 1 + (number > 0)]
    assert version(place) == NEWEST


def test_opening_again_changes_nothing(place: Place) -> None:
    place.open().close()
    before = shape(place)
    place.open().close()
    assert shape(place) == before
    assert version(place) == NEWEST


def test_a_database_of_a_newer_version_is_accepted(place: Place) -> None:
    """A newer release has expanded it; while the old one still runs, it goes on working."""
    place.open().close()
    execute(place, "alter table units add column floor bigint not null default 0")
    execute(place, "create table lifts (id text primary key)")
    execute(place, f"insert into schema_versions (version) values ({NEWEST + 7})")  # noqa: S608 - a number
    database = place.open()
    assert migrate(database) == NEWEST + 7
    furnish(database)
    with database.read() as db:
        house = records.find_property(db, "harbour-house")
        assert [unit.slug for unit in records.units(db, house)] == ["room-1", "room-2", "room-3"]
    database.close()


# -- killed in the middle ---------------------------------------------------------------------------
KILL = """
import os
from guestlink.database import Connection
from guestlink.queries import named_queries
from guestlink import database as module
named_queries("sqlite"), named_queries("postgresql"), module._pool()  # read once, not by each who dies

execute, do = Connection.statement, Connection.do

def dying(self, sql):
    global left
    execute(self, sql)
    left -= 1
    if left == 0:
        os._exit(9)

def recording(self, query, **values):
    global left
    changed = do(self, query, **values)
    left -= query == "record_migration"
    if left == 0:
        os._exit(9)
    return changed

for line in sys.stdin:
    left = int(line)
    if os.fork() == 0:
        Connection.statement, Connection.do = dying, recording
        place.open()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""
Kill = Callable[[int], bool]


@contextmanager
def killing(place: Place, program: str = KILL) -> Iterator[Kill]:
    """Migrates a database and dies right after that step, before the commit: whether it did."""
    with conversing(program, place) as ask:
        yield lambda step: ask(str(step)) == "9"


def statements(place: Place) -> dict[int, int]:
    """How many each migration has, on the engine of this place."""
    engine = "sqlite" if place.url.startswith("sqlite") else "postgresql"
    return {number: len(module._statements(file.read_text())) for number, file in module._migrations(engine)}


def test_a_migration_killed_anywhere_leaves_the_old_or_the_new_schema_and_goes_on(
    place: Place, further: Callable[[str], Place]
) -> None:
    """After its first statement, after one in the middle, after the last, after its record; and after its
    end, which is the first statement of the next.
    """
    whole = shapes(further)
    with killing(place) as kill:
        assert kill(1)
        for number, many in statements(place).items():
            for step in sorted({(many + 1) // 2, many, many + 1}):
                assert kill(step)
                assert version(place) == number - 1
                assert shape(place) == whole[number - 1]
            assert kill(many + 2) == (number < NEWEST)
            assert version(place) == number
            assert shape(place) == whole[number]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_without_transactions_a_killed_migration_would_be_torn(
    place: Place, further: Callable[[str], Place]
) -> None:
    """The control of the test above."""
    whole = shapes(further)
    program = """
from contextlib import contextmanager
from guestlink.database import SQLite

@contextmanager
def careless(self):
    yield Connection(self._writer, self.kind)

SQLite.write = careless
"""
    imports, _, rest = KILL.partition("\nexecute, do")
    with killing(place, imports + program + "\nexecute, do" + rest) as kill:
        assert kill(statements(place)[1] // 2)
    assert shape(place) not in whole.values()
