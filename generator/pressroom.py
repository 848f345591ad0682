"""Several processes that publish houses side by side: this one, and others of the same program.

Each takes one house at a time, the big ones first, under that house's own lock and lease. What goes to
another process and comes back goes through pipes; what it runs is generator/pressman.py.
"""

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from generator.orders import Order, Outcome, Progress
from generator.pages import Site
from generator.press import Press
from generator.views import KEPT_DAYS
from guestlink import zones
from guestlink.errors import Outage
from guestlink.records import Property
from guestlink.settings import PROGRAM, Settings

MOST: Final = 4  # processes, unless somebody asks for more
HOUSE: Final = 20  # stays that cost as much as a house does before its first
WORTH: Final = 500  # stays for each process: with fewer it would be done before another one has begun
PATIENCE_SECONDS: Final = 10.0  # for a process that was asked to end
BEGIN: Final = "import sys; sys.path.insert(0, sys.argv[1]); from generator.pressman import main; main()"
log = logging.getLogger("guestlink.pressroom")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What another process has to know before its first house."""

    settings: Settings
    site: Site
    order: Order
    at: datetime


def weights(press: Press, houses: Sequence[Property], *, at: datetime) -> Mapping[str, int]:
    """About how much work each house is, by its slug, in stays that may have pages."""
    if len(houses) < 2:
        return {house.slug: HOUSE for house in houses}
    since = (zones.local_date(at, "UTC") - timedelta(days=KEPT_DAYS)).isoformat()
    with press.database.read() as db:
        stays = {row["property_id"]: int(row["stays"]) for row in db.all("stays_by_house", ended_since=since)}
    return {house.slug: HOUSE + stays.get(house.id, 0) for house in houses}


def hands(work: Sequence[int], *, asked: int) -> int:
    """How many processes share so much work, one number for each house that has any. `asked` is 0 when it is
    left to us: one more than there are processors, since there is always one that waits for the disk; fewer
    if it does not take long enough.
    """
    if asked:
        return max(1, min(asked, len(work)))
    return max(1, min(processors() + 1, MOST, len(work), sum(work) // WORTH))


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pressroom:
    """This process and others, for houses that have something to do. The others begin at once, so that they
    have loaded the program when houses are shared.
    """

    def __init__(
        self, press: Press, order: Order, houses: Sequence[Property], *, at: datetime, processes: int
    ) -> None:
        weight = weights(press, houses, at=at) if processes != 1 else {}
        self._houses = sorted(houses, key=lambda house: -weight.get(house.slug, 0))
        job = Job(settings=press.settings, site=press.site, order=order, at=at)
        others = hands([*weight.values()], asked=processes) - 1
        self._others = [_Other(job) for _ in range(others)]

    def __enter__(self) -> "Pressroom":
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody works on when the publish has ended, however it has."""
        for other in self._others:
            other.end()

    def share(self, here: Callable[[Property], Outcome], progress: Progress) -> dict[str, Outcome]:
        """Slug -> outcome. `here` publishes one in this process; the others tell `progress` what they do."""
        todo, outcomes = deque(self._houses), dict[str, Outcome]()
        threads = [
            threading.Thread(target=other.work, args=(todo, outcomes, progress), daemon=True)
            for other in self._others
        ]
        for thread in threads:
            thread.start()
        for house in _taken(todo):
            outcomes[house.slug] = here(house)
        for thread in threads:
            thread.join()
        return outcomes


def _taken(todo: deque[Property]) -> Iterator[Property]:
    """House by house, until somebody has taken the last one."""
    with suppress(IndexError):
        while True:
            yield todo.popleft()


class _Other:
    """Another process and the pipes to it. It has a process group of its own: Ctrl-C reaches this process,
    which ends it.
    """

    def __init__(self, job: Job) -> None:
        program = [sys.executable, "-c", BEGIN, str(PROGRAM)]
        self._process: Any = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        self._is_done = False
        with suppress(OSError):
            self._say(job)

    def work(self, todo: deque[Property], outcomes: dict[str, Outcome], progress: Progress) -> None:
        """Has houses published until there are no more. When the process dies, the house that it had in hand
        has an error; what it had not begun is left to the others.
        """
        if self._heard() is None:
            log.warning("publishing-process-lost status=%s", self._process.wait())
            return
        for house in _taken(todo):
            came = self._published(house, progress)
            if came is None:
                outcomes[house.slug] = Outcome(slug=house.slug, error=_lost(self._process.wait()))
                return
            outcomes[house.slug] = came
        with suppress(OSError):
            self._process.stdin.close()  # so that it ends while others have something in hand
        self._is_done = True

    def _published(self, house: Property, progress: Progress) -> Outcome | None:
        with suppress(OSError):
            self._say(house)
        while isinstance(said := self._heard(), tuple):
            progress(*said)
        return said if isinstance(said, Outcome) else None

    def _say(self, what: Job | Property) -> None:
        pickle.dump(what, self._process.stdin)
        self._process.stdin.flush()

    def _heard(self) -> Any:
        """The next thing that the process says; None when it is gone."""
        try:
            return pickle.load(self._process.stdout)  # noqa: S301 - this program's own words
        except (EOFError, OSError, pickle.UnpicklingError):
            return None

    def end(self) -> None:
        if not self._is_done:
            self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()


def _lost(status: int) -> Outage:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    mend = "Publish again: what it had done is kept, the rest follows."
    return Outage(f"The process that published it {how}.", hint=mend)
