"""A disk whose power can be cut, and SQLite upon it, spoken to as through Python's own driver.

What was written and not yet synced reaches the platter in part, sector by sector, as chance has it. This
SQLite is APSW's own, newer than Python's: both write the same file format.
"""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import apsw

SECTOR = 512
SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)  # how much of what was on its way arrives


# -- the disk --------------------------------------------------------------------------------------
class Platter:
    """One file: what would be there after a cut for certain, and what is on its way, oldest first."""

    def __init__(self, durable: bytes | None) -> None:
        self.is_named = durable is not None  # a new file's name is on its way too
        self.durable = bytearray(durable or b"")
        self.pending: list[tuple[int, bytes] | int] = []

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()
        self.is_named = True

    def survives(self, chance: random.Random) -> bytes | None:
        """What is found after a cut; None when the file is not there."""
        if not self.is_named and chance.random() < 0.5:
            return None
        found, share = bytearray(self.durable), chance.choice(SHARES)
        for change in self.pending:
            for part in [change] if isinstance(change, int) else _sectors(*change):
                if chance.random() < share:
                    _apply(found, part)
        return bytes(found)


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    """A write, or a new size."""
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
    else:
        offset, data = change
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


def _sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    end = offset + len(data)
    while offset < end:
        until = min(end, (offset // SECTOR + 1) * SECTOR)
        yield offset, data[len(data) - (end - offset) : len(data) - (end - until)]
        offset = until


class Disk(apsw.VFS):
    """SQLite's way to its files (sqlite.org/vfs.html) until operation number `cut_at`, counting all or those
    of one kind, such as `sync wal`. Real files hold what a running program sees; the shared memory beside
    them is lost in a cut and made anew.
    """

    def __init__(self, name: str, *, cut_at: int, of: str = "") -> None:
        super().__init__(name, "")
        self.name = name
        self.cut_at, self.of = cut_at, of
        self.operations = 0
        self.last = ""
        self.is_dead = False
        self.platters: dict[str, Platter] = {}
        self.ghosts: dict[str, Platter] = {}

    def step(self, what: str) -> None:
        """One operation that changes something; the one that meets the cut does not happen."""
        counts = self.of in {"", what}
        if not self.is_dead and counts and self.operations == self.cut_at:
            self.is_dead, self.last = True, what
        if self.is_dead:
            raise apsw.IOError("the power is gone")
        self.operations += counts

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        if name is None:  # a temporary file, of no use after a cut
            return apsw.VFSFile("", name, flags)
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        if path.name not in self.platters:
            self.platters[path.name] = Platter(path.read_bytes() if path.exists() else None)
            self.ghosts.pop(path.name, None)
        return OpenFile(self, name, flags, self.platters[path.name])

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802 - SQLite's name
        self.step("delete")
        super().xDelete(name, sync)
        platter = self.platters.pop(Path(name).name, None)
        if platter is not None and not sync:
            self.ghosts[Path(name).name] = platter

    def write_what_survived(self, folder: Path, chance: random.Random) -> None:
        """The files as the next start finds them; one whose deletion was on its way may be back."""
        for name, platter in {**self.ghosts, **self.platters}.items():
            content = platter.survives(chance)
            if name in self.ghosts and name not in self.platters and chance.random() < 0.5:
                content = None
            if content is not None:
                (folder / name).write_bytes(content)


class OpenFile(apsw.VFSFile):
    """Writes go on to the real file, since that is what readers see, and are noted as not yet durable."""

    def __init__(self, disk: Disk, name: Any, flags: list[int], platter: Platter) -> None:
        super().__init__("", name, flags)
        self._disk, self._platter = disk, platter
        self._role = "wal" if flags[0] & apsw.SQLITE_OPEN_WAL else "database"

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.step(f"write {self._role}")
        super().xWrite(data, offset)
        self._platter.pending.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.step(f"truncate {self._role}")
        super().xTruncate(size)
        self._platter.pending.append(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.step(f"sync {self._role}")
        self._platter.sync()


# -- Python's driver -------------------------------------------------------------------------------
def driver_on(disk: Disk, *, rewrite: Callable[[str], str] = str) -> SimpleNamespace:
    """The module `sqlite3` as far as guestlink/database.py uses it, on this disk. For controls, `rewrite`
    changes statements.
    """

    def connect(path: Path, *, timeout: float, **_: Any) -> Connection:
        return Connection(disk, path, timeout, rewrite)

    return SimpleNamespace(**{**vars(sqlite3), "connect": connect})


class Connection:
    row_factory: Any = None

    def __init__(self, disk: Disk, path: Path, timeout: float, rewrite: Callable[[str], str]) -> None:
        self._rewrite = rewrite
        with _as_python_says():
            self.apsw = apsw.Connection(str(path), vfs=disk.name)
            self.apsw.set_busy_timeout(int(timeout * 1000))

    @property
    def in_transaction(self) -> bool:
        return self.apsw.in_transaction

    def cursor(self) -> "Cursor":
        return Cursor(self.apsw, self._rewrite)

    def execute(self, statement: str, values: Mapping[str, Any] | tuple[()] = ()) -> "Cursor":
        return self.cursor().execute(statement, values)

    def close(self) -> None:
        """A program that lost its power writes nothing any more, and does not mind."""
        with suppress(apsw.Error):
            self.apsw.close(True)


class Cursor:
    """Rows are dictionaries, read at once."""

    rowcount = -1

    def __init__(self, driver: apsw.Connection, rewrite: Callable[[str], str]) -> None:
        self._driver, self._rewrite = driver, rewrite
        self._rows: Iterator[dict[str, Any]] = iter(())

    def execute(self, statement: str, values: Mapping[str, Any] | tuple[()] = ()) -> Self:
        with _as_python_says():
            before = self._driver.total_changes()
            cursor = self._driver.execute(self._rewrite(statement), values)
            self._rows = iter([_named(cursor, row) for row in cursor])
            self.rowcount = self._driver.total_changes() - before
        return self

    def executemany(self, statement: str, many: Iterable[Mapping[str, Any]]) -> Self:
        for values in many:
            self.execute(statement, values)
        return self

    def fetchone(self) -> dict[str, Any] | None:
        return next(self._rows, None)

    def fetchall(self) -> list[dict[str, Any]]:
        return list(self._rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._rows

    def close(self) -> None:
        """Nothing is left open: all rows were read."""


def _named(cursor: apsw.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip([column[0] for column in cursor.description], row, strict=True))


@contextmanager
def _as_python_says() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
        told = kind(str(error))
        told.sqlite_errorcode = getattr(error, "extendedresult", sqlite3.SQLITE_ERROR)
        raise told from None


def where(cuts: Iterable[str]) -> str:
    """In what the cuts fell, for a report."""
    return ", ".join(f"{what}: {times}" for what, times in sorted(Counter(cuts).items()))
