"""How often something may happen: a limiter that lets through a burst and then one each interval. Pure.

The generic cell rate algorithm (ITU-T I.371, A): all it keeps is one instant for each key.
"""

import threading
from collections import OrderedDict
from typing import Final

import msgspec

from guestlink.errors import TooMany

MOST_KEYS: Final = 10_000


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """`burst` at once, then one every `seconds`."""

    burst: int
    seconds: float


def spent(pace: Pace, due: float, *, now: float) -> tuple[float, float]:
    """The next instant to keep, and how long to wait; a wait above zero means that nothing was spent."""
    start = max(due, now)
    wait = start - now - (pace.burst - 1) * pace.seconds
    return (due, wait) if wait > 0 else (start + pace.seconds, 0.0)


class Meter:
    """One pace for many keys of this process; the oldest keys are forgotten first."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._due: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, key: str, *, now: float) -> None:
        """TooMany when this key was spent too often. `now` is in seconds of any steady clock."""
        with self._lock:
            due, wait = spent(self._pace, self._due.pop(key, 0.0), now=now)
            self._due[key] = due
            if len(self._due) > MOST_KEYS:
                self._due.popitem(last=False)
        if wait > 0:
            raise TooMany("You asked too often.", hint="Wait a little.", retry_after=wait)
