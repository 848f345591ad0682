"""A database on each engine, a small inn with guests in it, and programs that run at the same moment."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from guestlink import clock, crypto, houses, rebuilds, records, stays
from guestlink.contacts import Person
from guestlink.crypto import KeyRing
from guestlink.database import Database, open_database
from guestlink.houses import HouseDraft
from guestlink.rebuilds import Rebuild
from guestlink.records import Contact, Link, Period, Property, Stay, Unit
from guestlink.stays import StayDraft

ROOT = Path(__file__).parent.parent
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
BY = "marta"
FRIDAY = date(2026, 11, 6)
ANA = Person(name="Ana Lindqvist", phone="+44 7700 900123", email="ana@example.com")
TOMAS = Person(name="Tomas Arrieta", phone="+1 555 0142")
PATIENCE = 60.0
TABLES = (
    "select tablename from pg_tables where schemaname = current_schema and tablename <> 'schema_versions'"
)
SQLITE_URL = "sqlite:///data/guestlink.db"


class Place(NamedTuple):
    """Where a database lies: what another process needs to open it too."""

    url: str
    home: Path

    def open(self) -> Database:
        return open_database(self.url, home=self.home)


class Inn(NamedTuple):
    """A property with three rooms; its verbs are one transaction each."""

    database: Database
    ring: KeyRing

    @property
    def house(self) -> Property:
        with self.database.read() as db:
            return records.find_property(db, "harbour-house")

    def unit(self, slug: str) -> Unit:
        with self.database.read() as db:
            return records.find_unit(db, records.find_property(db, "harbour-house"), slug)

    def period(self, room: str = "room-1", *, on: date = FRIDAY, nights: int = 2) -> Period:
        until = on + timedelta(days=nights)
        if not room:
            return Period(unit_id=None, from_on=on, until_on=until)
        unit = self.unit(room)
        return Period(unit_id=unit.id, unit=room, title=unit.title, from_on=on, until_on=until)

    def add(self, uid: str, *periods: Period, at: datetime = AT, **fields: Any) -> Stay:
        """A stay from Friday to Sunday in room-1 unless told otherwise; its guest is Ana."""
        told = {"source": "desk", "guest": ANA, **fields}
        draft = StayDraft(source_uid=uid, periods=periods or (self.period(),), **told)
        with self.database.write() as tx:
            return stays.add_stay(tx, self.ring, self.house, draft, at=at, by=BY)

    def change(self, stay: Stay, *, at: datetime = AT, **fields: Any) -> Stay:
        with self.database.write() as tx:
            return stays.change_stay(tx, self.ring, self.house, stay, at=at, by=BY, **fields)

    def stay(self, name: str) -> Stay:
        with self.database.read() as db:
            return records.find_stay(db, name)

    def periods(self, stay: Stay) -> tuple[Period, ...]:
        with self.database.read() as db:
            return records.periods(db, stay)

    def links(self, stay: Stay) -> list[Link]:
        with self.database.read() as db:
            return records.stay_links(db, stay)

    def guests(self, stay: Stay) -> list[Contact]:
        with self.database.read() as db:
            return records.contacts(db, stay)

    def queue(self) -> list[Rebuild]:
        with self.database.read() as db:
            return rebuilds.waiting(db)

    def empty_queue(self) -> None:
        with self.database.write() as tx:
            tx.do("drop_covered_rebuilds", property_id=self.house.id, at=clock.as_text(AT))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def empty_place(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Somewhere with nothing at all: no file, then a schema of its own on a real server."""
    if engine == "sqlite":
        return Place(SQLITE_URL, tmp_path)
    return _new_schema(request.getfixturevalue("postgres_url"), tmp_path)


@pytest.fixture
def place(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A migrated database without records: a copy of a file, then a schema that is emptied for each test."""
    if engine == "sqlite":
        (tmp_path / "data").mkdir()
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "data" / "guestlink.db")
        return Place(SQLITE_URL, tmp_path)
    url: str = request.getfixturevalue("migrated_schema")
    with psycopg.connect(url) as server:
        server.execute("set local session_replication_role = replica")  # in any order; faster than truncate
        server.execute(request.getfixturevalue("deletes"))
    return Place(url, tmp_path)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Place(SQLITE_URL, tmp_path_factory.mktemp("migrated"))
    place.open().close()
    return place.home / "data" / "guestlink.db"


@pytest.fixture(scope="session")
def migrated_schema(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = _new_schema(postgres_url, tmp_path_factory.mktemp("migrated"))
    place.open().close()
    return place.url


@pytest.fixture(scope="session")
def deletes(migrated_schema: str) -> sql.Composed:
    """What takes every row out of the schema, in one text: most tables are empty."""
    with psycopg.connect(migrated_schema) as server:
        tables = [sql.Identifier(name) for (name,) in server.execute(TABLES).fetchall()]
    return sql.SQL("; ").join(sql.SQL("delete from {}").format(table) for table in tables)


def _new_schema(url: str, home: Path) -> Place:
    name = f"place_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
    return Place(f"{url}?options=-csearch_path%3D{name}", home)


_numbers = count(1)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """An open database without records, on each engine."""
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    return KeyRing(crypto.new_keys(AT))


@pytest.fixture
def inn(database: Database, ring: KeyRing) -> Inn:
    """Harbour House on each engine: three rooms, nobody in them, nothing waiting."""
    furnish(database)
    return Inn(database, ring)


def furnish(database: Database) -> None:
    """Writes Harbour House and its rooms, and leaves nothing to publish."""
    draft = HouseDraft(slug="harbour-house", zone="Europe/London", currency="GBP", default_language="en")
    with database.write() as tx:
        house = houses.add_property(tx, draft, at=AT, by=BY)
        for number in (1, 2, 3):
            houses.add_unit(tx, house, slug=f"room-{number}", title=f"Room {number}", at=AT, by=BY)
        tx.do("drop_covered_rebuilds", property_id=house.id, at=clock.as_text(AT))


# -- other processes --------------------------------------------------------------------------------
BEGINNING = """
import sys
from pathlib import Path
from tests.databases import *
place = Place(sys.argv[1], Path(sys.argv[2]))
arguments = sys.argv[3:]

def go():
    print("ready", flush=True)
    sys.stdin.readline()
"""


class Ended(NamedTuple):
    output: str
    code: int


def together(program: str, place: Place, *arguments: Sequence[str]) -> list[Ended]:
    """Runs one process for each list of arguments; `go()` in the program waits until all of them have come so
    far.
    """
    crowd = [_started(program, place, words) for words in arguments]
    try:
        for process in crowd:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                pytest.fail(process.communicate(timeout=PATIENCE)[1], pytrace=False)
        for process in crowd:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [_ended(process) for process in crowd]
    finally:
        for process in crowd:
            process.kill()
            process.communicate()


def alone(program: str, place: Place, *words: str) -> Ended:
    """Runs a program in a process of its own until it ends, however it ends."""
    process = _started(program, place, words)
    try:
        return _ended(process)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def conversing(program: str, place: Place) -> Iterator[Callable[[str], str]]:
    """Runs a program in a process of its own that answers each line with one."""
    process = _started(program, place, ())
    assert process.stdin is not None
    assert process.stdout is not None
    said, heard = process.stdin, process.stdout

    def ask(line: str) -> str:
        said.write(f"{line}\n")
        said.flush()
        answer = heard.readline().strip()
        return answer or pytest.fail(process.communicate(timeout=PATIENCE)[1], pytrace=False)

    try:
        yield ask
    finally:
        process.kill()
        process.communicate()


def _started(program: str, place: Place, words: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BEGINNING + program, place.url, str(place.home), *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> Ended:
    output, complaint = process.communicate(timeout=PATIENCE)
    if "Traceback" in complaint:
        pytest.fail(complaint, pytrace=False)
    return Ended(output.strip(), process.returncode)
