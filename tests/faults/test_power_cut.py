"""R3: when the power is cut, what was acknowledged is there, whole, and what was not is there whole or not at
all.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from edge_api import correspondence, inbox
from edge_api.deliveries import Single
from edge_api.messages import Sender, Text
from guestlink import database as module
from guestlink import journal
from guestlink.crypto import KeyRing
from guestlink.database import SQLite, Writing, open_database
from guestlink.errors import Outage
from guestlink.journal import Event
from tests.databases import AT, BY, furnish
from tests.faults.power import Disk, driver_on, where

URL = "sqlite:///guestlink.db"
CUTS, SHORT = 1000, 25
CUTS_OF_A_LIFE = 20
OPERATIONS = {"": 700, "sync wal": 40, "write database": 200, "sync database": 1, "delete": 0}
KINDS = ("", "", "", "", "", "", *OPERATIONS)
SEED = 20261126
NUMBER = "106540352242922"


class Lost(AssertionError):
    """A commit that was acknowledged is not there."""


class Known(NamedTuple):
    """What was acknowledged, or was found after a cut: keys of the inbox, messages of the outbox."""

    received: set[str]
    said: set[str]


class House(NamedTuple):
    """A home whose database lies on a disk; its verbs are those of webhook and courier."""

    database: SQLite
    ring: KeyRing
    known: Known

    def receive(self, chance: random.Random) -> None:
        singles = [_single(chance) for _ in range(chance.randint(1, 5))]
        rows = inbox.sealed(self.ring, singles, at=AT)
        self.database.run(lambda tx: inbox.keep(tx, rows))
        self.known.received.update(str(row["event_key"]) for row in rows)

    def understand(self, chance: random.Random) -> None:
        said = []
        with self.database.write() as tx:
            for row in inbox.take(tx, at=AT, most=chance.randint(1, 4)):
                with tx.attempt():
                    said.append(self.say(tx, chance))
                    self.record(tx, row, said[-1])
        self.known.said.update(said)

    def say(self, tx: Writing, chance: random.Random) -> str:
        talk = correspondence.find(tx, self.ring, GUEST, number_id=NUMBER)
        assert talk is not None
        words = Text(text="Towels are on their way. " * chance.randint(1, 40))
        return correspondence.say(tx, self.ring, talk, words, at=AT, by=BY, why="request received")

    def record(self, tx: Writing, row: inbox.Waiting, message: str) -> None:
        events = [Event(kind="asked", body={"message": message})]
        journal.append(tx, f"request:{row.position}", events, at=AT, by=BY)
        inbox.done(tx, row, at=AT, outcome=message)


GUEST = Sender(wa_id="447700900123", name="Ana")


def _single(chance: random.Random) -> Single:
    """A message of somebody; its body is as long as real ones are."""
    key = f"wamid.{chance.getrandbits(96):x}"
    body = f'{{"id":"{key}","text":"{"x" * chance.randint(300, 2500)}"}}'.encode()
    return Single(key, "message", f"guest-{chance.randrange(8)}", NUMBER, body)


# -- one cut ---------------------------------------------------------------------------------------
def live(house: House, chance: random.Random) -> bool:
    """Works until the power goes; for a long time when it does not. Whether it went."""
    for _ in range(chance.randint(40, 80)):
        verb = house.receive if chance.random() < 0.5 else house.understand
        try:
            verb(chance)
        except Outage:
            return True
    return False


def check(house: House) -> None:
    """After a cut: nothing is corrupt, nothing acknowledged is lost, nothing is there by half."""
    driver = house.database._writer
    assert driver.execute("pragma integrity_check").fetchall() == [{"integrity_check": "ok"}]
    assert driver.execute("pragma foreign_key_check").fetchall() == []
    with house.database.read() as db:
        assert journal.broken_at(db) is None
    received = _column(house, "select event_key from inbox")
    said = _column(house, "select id from outbox")
    if lost := (house.known.received - received) | (house.known.said - said):
        raise Lost(f"{len(lost)} acknowledged commits are not there")
    assert said == _column(house, "select json_extract(body, '$.message') from journal where kind = 'asked'")
    assert said == _column(house, "select id from messages")
    assert said == _column(house, "select outcome from inbox where state = 'done'")
    house.known.received.update(received)
    house.known.said.update(said)


def _column(house: House, statement: str) -> set[str]:
    rows = house.database._writer.execute(statement).fetchall()
    return {value for row in rows for value in dict(row).values()}


class Trial(NamedTuple):
    """Lives of a database with many cuts in each."""

    base: Path
    ring: KeyRing
    scratch: Path
    patch: pytest.MonkeyPatch
    rewrite: Callable[[str], str] = str

    def cuts(self, count: int, *, seed: int) -> list[str]:
        """Cuts the power that often and checks after each; what the program was doing at every cut."""
        chance, cuts = random.Random(seed), list[str]()
        while len(cuts) < count:
            cuts += self._life(chance, min(CUTS_OF_A_LIFE, count - len(cuts)))
        return cuts

    def _life(self, chance: random.Random, count: int) -> list[str]:
        home, known, cuts = self.base, Known(set(), set()), list[str]()
        while True:
            kind = chance.choice(KINDS)
            disk = Disk("power", cut_at=chance.randint(0, OPERATIONS[kind]), of=kind)
            house = self._open(disk, home, known)
            try:
                check(house)
                if len(cuts) == count:
                    return cuts
                assert live(house, chance) == disk.is_dead
            finally:
                house.database.close()
            cuts.append(disk.last or "closed in peace")
            home = self._next_home()
            disk.write_what_survived(home, chance)

    def _open(self, disk: Disk, found: Path, known: Known) -> House:
        self.patch.setattr(module, "sqlite3", driver_on(disk, rewrite=self.rewrite))
        home = found
        if found == self.base:
            home = self._next_home()
            shutil.copy(found / "guestlink.db", home)
        database = open_database(URL, home=home)
        assert isinstance(database, SQLite)
        return House(database, self.ring, known)

    def _next_home(self) -> Path:
        home = self.scratch / "home"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        return home


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, ring: KeyRing) -> Path:
    """A house with one guest who writes, in a file that was closed in peace."""
    home = tmp_path_factory.mktemp("base")
    database = open_database(URL, home=home)
    furnish(database)
    with database.write() as tx:
        correspondence.open_with(tx, ring, GUEST, number_id=NUMBER, at=AT)
    database.close()
    return home


@pytest.fixture
def trial(base: Path, ring: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    return Trial(base, ring, tmp_path, monkeypatch)


def test_no_acknowledged_commit_is_lost_in_some_power_cuts(trial: Trial) -> None:
    assert len(trial.cuts(SHORT, seed=SEED)) == SHORT


@pytest.mark.faults
def test_no_acknowledged_commit_is_lost_in_a_thousand_power_cuts(trial: Trial) -> None:
    cuts = trial.cuts(CUTS, seed=SEED + 1)
    assert len(cuts) == CUTS
    missed = {"write wal", "sync wal", "write database", "sync database", "delete"} - set(cuts)
    assert not missed, where(cuts)


def test_control_without_full_synchronisation_acknowledged_commits_are_lost(trial: Trial) -> None:
    def weaken(statement: str) -> str:
        return statement.replace("synchronous=full", "synchronous=normal")

    with pytest.raises(Lost):
        trial._replace(rewrite=weaken).cuts(SHORT, seed=SEED)


def test_control_an_answer_in_a_transaction_of_its_own_is_caught(trial: Trial) -> None:
    """The message first, its event after it: a cut between them leaves a message that nothing explains."""

    def understand(house: House, chance: random.Random) -> None:
        with house.database.write() as tx:
            rows = inbox.take(tx, at=AT, most=1)
            said = [house.say(tx, chance) for _ in rows]
        with house.database.write() as tx:
            for row, message in zip(rows, said, strict=True):
                house.record(tx, row, message)

    trial.patch.setattr(House, "understand", understand)
    with pytest.raises(AssertionError) as caught:
        trial.cuts(SHORT, seed=SEED)
    assert not isinstance(caught.value, Lost)
