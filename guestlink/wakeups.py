"""Wake-ups: what tells a loop that something may have changed, at once or soon, whoever changed it.

A wake-up is a hint, never the news: who is woken reads the database, and looks by itself once a second.
"""

import importlib
import os
import select
import sqlite3
import threading
import time
from contextlib import closing
from typing import Any, Final

from guestlink.database import Database, PostgreSQL, SQLite

CHANNEL: Final = "guestlink"
LOOK_SECONDS: Final = 0.010
STOP_SECONDS: Final = 0.050
DEAF_SECONDS: Final = 1.0
FIRST_PAUSE, LAST_PAUSE = 0.1, 10.0


def open_wakeups(database: Database) -> "Wakeups":
    """The twin for this database. One object serves all threads of a process; each has its own last wait."""
    if isinstance(database, SQLite):
        return FileWakeups(database)
    assert isinstance(database, PostgreSQL)
    return ServerWakeups(database)


class Wakeups:
    """Wakes the threads of this process; the twins below hear from others and tell them."""

    pause = STOP_SECONDS

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._times = 0
        self._mine = threading.local()
        self._deaf = False

    def announce(self, position: int = 0) -> None:
        """To be called after a commit, with the last position in the journal if it grew. Never waits for a
        server, never raises, and may be called from an event loop.
        """
        self._ring()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """True as soon as something may have changed since the last wait of this thread; False after
        `seconds`, or soon after `stop` was set. While nothing can be heard, True once a second.
        """
        began = time.monotonic()
        while not self._news(began):
            left = began + seconds - time.monotonic()
            if left <= 0 or (stop is not None and stop.is_set()):
                return False
            with self._rung:
                if self._times == getattr(self._mine, "times", 0):
                    self._rung.wait(min(left, self.pause))
        return True

    def close(self) -> None:
        """Hears nothing more."""

    def _news(self, began: float) -> bool:
        self._look()
        times = self._times
        if times == getattr(self._mine, "times", 0):
            return self._deaf and time.monotonic() - began >= DEAF_SECONDS
        self._mine.times = times
        return True

    def _look(self) -> None:
        """Where a twin looks for what others did."""

    def _ring(self) -> None:
        with self._rung:
            self._times += 1
            self._rung.notify_all()


# -- SQLite ----------------------------------------------------------------------------------------
class FileWakeups(Wakeups):
    """`pragma data_version` of a connection that never writes changes with every commit of all others, in
    this process too (sqlite.org/pragma.html#pragma_data_version): nobody need announce anything.
    """

    pause = LOOK_SECONDS

    def __init__(self, database: SQLite) -> None:
        super().__init__()
        self._path = database.path
        self._looking = threading.Lock()
        self._driver: sqlite3.Connection | None = None
        self._closed = False
        self._try_again = 0.0
        self._version = self._read()

    def _look(self) -> None:
        with self._looking:
            version = self._read()
            changed = version not in {0, self._version}
            self._version = version or self._version
        if changed:
            self._ring()

    def _read(self) -> int:
        """0 while the file cannot be read; then it is opened again a second later."""
        if self._closed or (self._deaf and time.monotonic() < self._try_again):
            return 0
        try:
            if self._driver is None:
                self._driver = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            version = int(self._driver.execute("pragma data_version").fetchone()[0])
        except sqlite3.Error:
            self._drop()
            self._deaf, self._try_again = True, time.monotonic() + DEAF_SECONDS
            return 0
        self._deaf = False
        return version

    def _drop(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def close(self) -> None:
        with self._looking:
            self._closed = True
            self._drop()


# -- PostgreSQL ------------------------------------------------------------------------------------
class ServerWakeups(Wakeups):
    """One thread on a connection of its own says NOTIFY for us and hears LISTEN; connects again by itself."""

    def __init__(self, database: PostgreSQL) -> None:
        super().__init__()
        self._psycopg: Any = importlib.import_module("psycopg")
        self._url = database.url
        self._deaf = True
        self._untold: int | None = None
        self._closed = threading.Event()
        self._heard, self._poke = os.pipe()
        os.set_blocking(self._poke, False)
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="wakeups", daemon=True)
        self._thread.start()
        listening.wait(DEAF_SECONDS)

    def announce(self, position: int = 0) -> None:
        self._ring()
        with self._rung:
            if self._closed.is_set():
                return
            self._untold = max(position, self._untold or 0)
            self._wake_the_thread()

    def close(self) -> None:
        with self._rung:
            if self._closed.is_set():
                return
            self._closed.set()
            self._wake_the_thread()
        self._thread.join()
        with self._rung:
            os.close(self._heard)
            os.close(self._poke)

    def _wake_the_thread(self) -> None:
        try:
            os.write(self._poke, b"!")
        except BlockingIOError:  # it has enough to read
            return

    def _run(self, listening: threading.Event) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            try:
                with closing(self._connected()) as driver:
                    self._deaf, pause = False, FIRST_PAUSE
                    self._ring()  # for what happened while nobody listened
                    listening.set()
                    self._talk(driver)
            except (self._psycopg.Error, OSError, ValueError):  # gone, perhaps in the middle of a select
                self._deaf, self._untold = True, self._untold or 0  # what was announced may be lost
                listening.set()
                self._closed.wait(pause)
                pause = min(pause * 2, LAST_PAUSE)

    def _connected(self) -> Any:
        driver = self._psycopg.connect(self._url, autocommit=True, connect_timeout=10)
        driver.execute(f"listen {CHANNEL}")
        return driver

    def _talk(self, driver: Any) -> None:
        """Until it is closed: tells what was announced here, hears what was announced elsewhere."""
        me = driver.info.backend_pid
        while True:
            with self._rung:
                position, self._untold, ends = self._untold, None, self._closed.is_set()
            if position is not None:
                driver.execute("select pg_notify(%s, %s)", (CHANNEL, str(position)))
            if {note.pid for note in driver.notifies(timeout=0)} - {me}:
                self._ring()
            if ends:
                return
            ready, _, _ = select.select([driver.fileno(), self._heard], [], [])
            if self._heard in ready:
                os.read(self._heard, 4096)
