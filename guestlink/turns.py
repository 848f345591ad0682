"""Where the writers of one SQLite file queue, threads and processes alike.

SQLite lets who waits look again ever more seldom, so one that writes back to back shuts the others out.
Whoever waits here holds a lock on the folder until its transaction has begun, and who has just written must
take that lock first: writers alternate. The kernel frees it when its holder dies.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from guestlink.errors import Outage

LOOK_AGAIN_SECONDS: Final = 0.0005


class Turn:
    """The right to begin next. `deadline` is in seconds of time.monotonic()."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = -1
        self._threads = threading.Lock()

    @contextmanager
    def taken(self, deadline: float) -> Iterator[None]:
        """Raises Outage when the turn does not come in time."""
        if not self._threads.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise _too_late()
        try:
            self._wait(deadline)
            try:
                yield
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _wait(self, deadline: float) -> None:
        while not self._lock():
            if time.monotonic() > deadline:
                raise _too_late()
            time.sleep(LOOK_AGAIN_SECONDS)

    def _lock(self) -> bool:
        try:
            if self._descriptor < 0:
                self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            mend = "Check the folder of the database."
            raise Outage(f"The database does not answer: {error.strerror}.", hint=mend) from None
        return True

    def close(self) -> None:
        with self._threads:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1


def _too_late() -> Outage:
    return Outage("The database does not answer: database is locked.", hint="Another program is writing.")
