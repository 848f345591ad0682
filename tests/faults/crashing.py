"""A machine that dies at a chosen operation: every storage and database operation of a press counts.

After the crash nothing works any more, as after kill -9: open transactions are gone, locks are free. A `Tail`
makes it a power cut that takes all commits since the last durable one.
"""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from generator.press import Press
from guestlink.errors import NotFound
from guestlink.storage import Storage


class Crash(BaseException):
    """The machine is gone. Not an Exception: nothing may catch it and carry on."""


class Fuse:
    """Blows at operation number `at`; counts when it never blows."""

    def __init__(self, at: int = -1) -> None:
        self.at = at
        self.count = 0
        self.dead = False
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            if self.dead or self.count == self.at:
                self.dead = True
                raise Crash
            self.count += 1


class FaultyStorage:
    """Dies before or after the effect of a put or a delete; `look` is called after each effect."""

    def __init__(self, inner: Storage, fuse: Fuse, look: Callable[[], None]) -> None:
        self._inner, self._fuse, self._look = inner, fuse, look
        self.conditional, self.chunk, self.at_once = inner.conditional, inner.chunk, inner.at_once

    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str:
        self._fuse.step()
        etag = self._inner.put(path, body, expected=expected)
        self._look()
        self._fuse.step()
        return etag

    def delete(self, path: str) -> None:
        self._fuse.step()
        self._inner.delete(path)
        self._look()
        self._fuse.step()

    def settle(self) -> None:
        self._fuse.step()

    def drop_drafts(self) -> None:
        self._inner.drop_drafts()

    def get(self, path: str) -> Any:
        self._fuse.step()
        return self._inner.get(path)

    def list(self, prefix: str = "") -> Any:
        return self._inner.list(prefix)


class Tail:
    """What a power cut may take of a SQLite file: every commit since the last durable one. With
    `takes_all` no commit counts as durable.
    """

    def __init__(self, file: Path, *, takes_all: bool = False) -> None:
        self._file, self._kept = file, file.with_suffix(".kept")
        self._takes_all = takes_all
        self._is_behind = False

    def before(self, *, durable: bool) -> None:
        if not self._is_behind and (self._takes_all or not durable):
            self._kept.unlink(missing_ok=True)
            with closing(sqlite3.connect(self._file)) as now, closing(sqlite3.connect(self._kept)) as kept:
                now.backup(kept)
            self._is_behind = True

    def after(self, *, durable: bool) -> None:
        if durable and not self._takes_all:
            self._is_behind = False

    def lose(self) -> None:
        """What is found after the cut; every connection was closed before."""
        if self._is_behind:
            for name in (self._file, *self._file.parent.glob(f"{self._file.name}-*")):
                name.unlink()
            self._kept.rename(self._file)


class FaultyDatabase:
    """Dies before a transaction begins, before it commits, or right after it."""

    def __init__(self, inner: Any, fuse: Fuse, tail: Tail | None = None) -> None:
        self._inner, self._fuse, self._tail = inner, fuse, tail
        self.kind = inner.kind

    @contextmanager
    def read(self) -> Iterator[Any]:
        self._fuse.step()
        with self._inner.read() as db:
            yield db

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Any]:
        self._fuse.step()
        if self._tail:
            self._tail.before(durable=durable)
        with self._inner.write(durable=durable) as tx:
            yield tx
            self._fuse.step()
        if self._tail:
            self._tail.after(durable=durable)
        self._fuse.step()

    def close(self) -> None:
        self._inner.close()


class ReaderSawABrokenSite(AssertionError):
    """A guest met a page without its assets, or a gate that leads to no page."""


class Reader:
    """Looks at the site as guests do, between any two operations."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.broken: list[str] = []

    def __call__(self) -> None:
        paths = {item.path for item in self._storage.list()}
        for path in paths:
            if path.startswith("w/"):
                self._look_at(path, paths)

    def _look_at(self, path: str, paths: set[str]) -> None:
        try:
            text = self._storage.get(path).body.decode()
        except NotFound:
            return
        for asset in re.findall(r'["(]/(assets/[^"\')?]+)', text):
            if asset not in paths:
                self.broken.append(f"{path} without {asset}")
        for page in re.findall(r'href="/(w/_/[^"?]+)\?', text):
            if page not in paths and not path.startswith("w/_/"):
                self.broken.append(f"gate {path} leads to nothing")


def faulty(press: Press, fuse: Fuse, look: Callable[[], None], *, tail: Tail | None = None) -> Press:
    """The same press on a machine that dies."""
    target = msgspec.structs.replace(press.target, storage=FaultyStorage(press.target.storage, fuse, look))
    return replace(press, target=target, database=FaultyDatabase(press.database, fuse, tail))
