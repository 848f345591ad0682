"""Group commit: units of work from many callers share one transaction, and none is told of success before it.

Owns the queue and the one thread that empties it. Knows no engine: `write` begins a transaction that can
attempt.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from guestlink.errors import GuestLinkError, Outage, Stale

if TYPE_CHECKING:
    import asyncio

WINDOW_SECONDS: Final = 0.002  # between a commit and the next group: it gathers, and lets other writers in
GROUP_AT_MOST: Final = 256
WAITING_AT_MOST: Final = 4096


class Attempting(Protocol):
    """What a transaction must offer: a savepoint around one unit."""

    def attempt(self) -> AbstractContextManager[None]: ...


T = TypeVar("T")
Tx = TypeVar("Tx", bound=Attempting)
Unit = Callable[[Tx], Any]
Waiter: TypeAlias = "asyncio.Future[Any] | Future[Any]"


class Failed:
    """The outcome of a unit that raised."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class GroupCommit(Generic[Tx]):
    """Runs units in the order in which they were handed in; what they left is durable when they are told."""

    def __init__(self, write: Callable[[], AbstractContextManager[Tx]]) -> None:
        self._write = write
        self._waiting: deque[tuple[Unit[Tx], Waiter, asyncio.AbstractEventLoop | None]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asleep = False
        self._closed = False

    def submit(self, unit: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """For coroutines: a future of the running loop. Outage at once when too many units wait."""
        import asyncio  # noqa: PLC0415 - there already, for who runs a loop; the others need not wait for it

        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._add(unit, waiter, loop)
        return waiter

    def run(self, unit: Callable[[Tx], T]) -> T:
        """For threads: waits for the commit and returns what the unit returned, or raises what it raised."""
        waiter: Future[T] = Future()
        self._add(unit, waiter, None)
        return waiter.result()

    def close(self) -> None:
        """Finishes what was accepted and takes nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _add(self, unit: Unit[Tx], waiter: Waiter, loop: "asyncio.AbstractEventLoop | None") -> None:
        with self._changed:
            if self._closed:
                raise Outage("The database was closed.", hint="Ask again when the program runs again.")
            if len(self._waiting) >= WAITING_AT_MOST:
                raise Outage("Too many changes wait for the database.", hint="Try again.", retry_after=1.0)
            self._waiting.append((unit, waiter, loop))
            if self._asleep:
                self._changed.notify()
            elif self._thread is None:
                self._thread = threading.Thread(target=self._work, name="group-commit", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        """The writer thread. A lone unit is committed at once; others gather while a commit is under way and
        in the window after it.
        """
        while group := self._next():
            outcomes = self._outcomes([unit for unit, _, _ in group])
            finished = time.monotonic()
            _tell(group, outcomes)
            time.sleep(max(0.0, WINDOW_SECONDS - (time.monotonic() - finished)))

    def _next(self) -> "list[tuple[Unit[Tx], Waiter, asyncio.AbstractEventLoop | None]]":
        """The next group, oldest first; empty when the queue is closed and done."""
        with self._changed:
            self._asleep = True
            while not self._waiting and not self._closed:
                self._changed.wait()
            self._asleep = False
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_AT_MOST))]

    def _outcomes(self, units: Sequence[Unit[Tx]]) -> list[Any]:
        """Runs the units in one transaction. One that raises spoils it for the others, so it is rolled back
        and they run again with a savepoint each, which costs more and keeps them apart.
        """
        began, done = False, []
        try:
            with self._write() as tx:
                began = True
                for unit in units:
                    done.append(unit(tx))  # noqa: PERF401 - how many were done tells what failed
        except BaseException as error:
            if not began or (len(done) == len(units) and not isinstance(error, Stale)):
                return _all_failed(units, error)
            if len(units) == 1:
                return [Failed(error)]
            return self._apart(units)
        return done

    def _apart(self, units: Sequence[Unit[Tx]]) -> list[Any]:
        outcomes: list[Any] = []
        try:
            with self._write() as tx:
                for unit in units:
                    outcomes.append(_attempted(tx, unit))  # noqa: PERF401 - none counts when the commit fails
        except BaseException as error:
            reasons = [outcome.error for outcome in outcomes if isinstance(outcome, Failed)]
            outages = [reason for reason in reasons if isinstance(reason, Outage)]
            return _all_failed(units, outages[0] if outages else error)
        return outcomes


def _attempted(tx: Tx, unit: Unit[Tx]) -> Any:
    try:
        with tx.attempt():
            return unit(tx)
    except BaseException as error:
        return Failed(error)


def _all_failed(units: Sequence[Unit[Tx]], error: BaseException) -> list[Any]:
    """Nobody knows whether a commit that failed is there, so everybody is asked to come again."""
    words = error.message if isinstance(error, GuestLinkError) else "The database could not keep the change."
    hint = error.hint if isinstance(error, GuestLinkError) else "Check disk space and the server."
    return [Failed(Outage(words, hint=hint)) for _ in units]


# -- telling the callers ---------------------------------------------------------------------------
def _tell(
    group: "Sequence[tuple[Any, Waiter, asyncio.AbstractEventLoop | None]]", outcomes: list[Any]
) -> None:
    """Wakes every event loop once for all its units."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiter, Any]]] = {}
    for (_, waiter, loop), outcome in zip(group, outcomes, strict=True):
        if loop is None:
            _settle([(waiter, outcome)])
        else:
            by_loop.setdefault(loop, []).append((waiter, outcome))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:  # the loop was closed: nobody waits any more
            continue


def _settle(settled: list[tuple[Waiter, Any]]) -> None:
    for waiter, outcome in settled:
        if waiter.done():  # whoever waited was cancelled; the unit is committed all the same
            continue
        if not isinstance(outcome, Failed):
            waiter.set_result(outcome)
        elif isinstance(outcome.error, StopIteration):  # a future cannot carry it
            waiter.set_exception(RuntimeError("a unit of work raised StopIteration"))
        else:
            waiter.set_exception(outcome.error)
