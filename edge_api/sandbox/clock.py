"""The sandbox's own time and what is due in it. Time can be moved forward, held still and let go.

Instants are seconds since 1970. Nothing here waits on the machine's clock but `Agenda.run`.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from itertools import count

LONGEST_NAP = 0.5  # seconds; a held clock is moved by a request, which wakes the loop at once


class Clock:
    """The machine's time plus what was added; held, it stands still until it is moved or let go."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._held_at: float | None = None

    def now(self) -> float:
        return self._machine() + self._ahead if self._held_at is None else self._held_at

    def advance(self, seconds: float) -> None:
        if self._held_at is None:
            self._ahead += seconds
        else:
            self._held_at += seconds

    def start_over(self) -> None:
        """The machine's time again."""
        self._ahead, self._held_at = 0.0, None

    def hold(self) -> None:
        self._held_at = self.now()

    def let_go(self) -> None:
        """Time runs on from where it stood."""
        if self._held_at is not None:
            self._ahead = self._held_at - self._machine()
            self._held_at = None

    @property
    def is_held(self) -> bool:
        return self._held_at is not None

    @staticmethod
    def _machine() -> float:
        return time.time()  # noqa: TID251 - the sandbox imports nothing of ours, guestlink.clock included


class Agenda:
    """What is due later. Due things run in order of their time, then of their being asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._moved = asyncio.Event()

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """`do` runs once `seconds` have passed; it must not wait and must not raise."""
        heapq.heappush(self._due, (self._clock.now() + seconds, next(self._numbers), do))
        self._moved.set()

    def wake(self) -> None:
        """The clock was moved."""
        self._moved.set()

    def clear(self) -> None:
        self._due.clear()

    @property
    def waiting(self) -> int:
        return len(self._due)

    def run_due(self) -> None:
        while self._due and self._due[0][0] <= self._clock.now():
            heapq.heappop(self._due)[2]()

    async def run(self) -> None:
        """Runs what is due, for ever."""
        while True:
            self.run_due()
            self._moved.clear()
            nap = LONGEST_NAP
            if self._due and not self._clock.is_held:
                nap = min(nap, max(0.0, self._due[0][0] - self._clock.now()))
            try:
                await asyncio.wait_for(self._moved.wait(), nap)
            except TimeoutError:
                continue
