"""Meta as a sender that gives up on nothing: it re-sends until it is answered 200, repeats some that were,
and remembers what was acknowledged.
"""

import heapq
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable
from itertools import count
from urllib.parse import urlsplit

from edge_api.sandbox.deliveries import sign
from tests.faults.journey import Event, body_of
from tests.town import APP_SECRET, PATIENCE

PATH = "/api/webhooks/whatsapp"
PER_SECOND = 500.0
AT_ONCE = 8
REPEATED = 0.05
AGAIN_AFTER = 0.25  # seconds


class Meta:
    """Posts events at their time from a few threads; one that is not answered with 200 comes again."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._address = urlsplit(url).netloc
        self._chance = chance
        self._queue: list[tuple[float, int, Event, bool]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._under_way = 0
        self._closed = False
        self.acknowledged: set[Event] = set()
        self.tries = Counter[str]()
        self._threads = [threading.Thread(target=self._work, name=f"meta-{n}") for n in range(AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def offer(self, events: Iterable[Event]) -> None:
        begin = time.monotonic()
        with self._changed:
            for number, event in enumerate(events):
                self._put(begin + number / PER_SECOND, event)
            self._changed.notify_all()

    @property
    def is_done(self) -> bool:
        """Whether everything was acknowledged, the repeats included."""
        with self._changed:
            return not self._queue and not self._under_way

    def reached(self, many: int) -> None:
        """Waits until so many events were acknowledged."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= many, PATIENCE), self.tries

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, due: float, event: Event, *, is_repeat: bool = False) -> None:
        heapq.heappush(self._queue, (due, next(self._numbers), event, is_repeat))

    def _work(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        while (taken := self._next()) is not None:
            event, is_repeat = taken
            is_taken = self._post(connection, event)
            with self._changed:
                self._under_way -= 1
                self.tries["taken" if is_taken else "refused"] += 1
                if not is_taken:
                    self._put(time.monotonic() + AGAIN_AFTER, event, is_repeat=is_repeat)
                elif not is_repeat:
                    self.acknowledged.add(event)
                    if self._chance.random() < REPEATED:
                        self._put(time.monotonic() + AGAIN_AFTER, event, is_repeat=True)
                self._changed.notify_all()
        connection.close()

    def _next(self) -> tuple[Event, bool] | None:
        with self._changed:
            while not self._closed:
                wait = self._queue[0][0] - time.monotonic() if self._queue else None
                if wait is not None and wait <= 0:
                    _, _, event, is_repeat = heapq.heappop(self._queue)
                    self._under_way += 1
                    return event, is_repeat
                self._changed.wait(wait)
        return None

    def _post(self, connection: http.client.HTTPConnection, event: Event) -> bool:
        body = body_of([event])
        headers = {"content-type": "application/json", "x-hub-signature-256": sign(body, APP_SECRET)}
        try:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        return answer.status == 200
