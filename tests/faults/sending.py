"""A courier with real pywa against a strict sandbox, and the door that the sandbox's webhooks come in by."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from edge_api import deliveries, dispatch, inbox, incoming, outbox
from edge_api.flights import Outcome, Speaks
from edge_api.messages import Receipt, Sender, Text
from edge_api.outcomes import Sent
from edge_api.whatsapp import Speaker
from guestlink import clock
from guestlink.settings import Settings
from guestlink.wakeups import open_wakeups
from tests.databases import Inn
from tests.edge_api.sandbox.place import NUMBER, Place
from tests.post import PUBLIC, Post

SHORT = httpx.Timeout(0.6, connect=5.0)  # the speaker's own patience is 20 s


class Retrying:
    """What nobody may do: a retry around a send, as a library's decorator makes it."""

    def __init__(self, speaker: Speaks) -> None:
        self._speaker = speaker

    def send(self, *args: Any, **more: Any) -> Outcome:
        for _ in range(3):
            outcome = self._speaker.send(*args, **more)
            if isinstance(outcome, Sent):
                break
        return outcome


class Watched:
    """A speaker of which it is known how many sends and questions were under way when each began."""

    def __init__(self, speaker: Speaks, is_there: Callable[[], bool]) -> None:
        self._speaker, self._is_there = speaker, is_there
        self._lock = threading.Lock()
        self._under_way = 0
        self.together: list[int] = []

    def send(self, *args: Any, **more: Any) -> Outcome:
        with self._counted():
            return self._speaker.send(*args, **more)

    def is_there(self) -> bool:
        with self._counted():
            return self._is_there()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
            self.together.append(self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1


class Road:
    """The inn, its post office and the sandbox, with one clock that can be stepped."""

    def __init__(self, inn: Inn, place: Place) -> None:
        self.inn, self.place = inn, place
        self.settings = Settings(
            home=".", whatsapp_url=place.url, whatsapp_token="sandbox-token", public_url=PUBLIC
        )
        self.real = Speaker(self.settings)
        self.real._http.timeout = SHORT
        self.post = Post(inn)
        self.ahead = timedelta()
        self.people: list[Sender] = []
        self.door = Door(self)
        place.patch("/sandbox/account", callback=self.door.url)
        self.use(self.real)

    def use(self, speaker: Speaks, **more: Any) -> None:
        """Sends by this speaker from now on."""
        self.post.office = dispatch.Office(
            database=self.inn.database, ring=lambda: self.inn.ring, speaker=speaker, public_url=PUBLIC, **more
        )

    def is_there(self) -> bool:
        """What a courier asks before its probe."""
        office = dispatch.open_office(
            self.settings, self.inn.database, lambda: self.inn.ring, speaker=self.real
        )
        assert office.is_there is not None
        return office.is_there()

    def now(self) -> datetime:
        return clock.now() + self.ahead

    def step(self, seconds: float) -> None:
        """The sandbox's clock and ours go on together."""
        self.place.later(f"{seconds}s")
        self.ahead += timedelta(seconds=seconds)

    def close(self) -> None:
        self.place.patch("/sandbox/account", callback="")
        self.door.close()
        self.real.close()

    # -- who and what ------------------------------------------------------------------------------
    def guests(self, many: int) -> None:
        """So many people who have written just now."""
        for number in range(len(self.people), len(self.people) + many):
            phone = f"447700900{500 + number}"  # fictitious
            self.place.post("/sandbox/people", name=f"guest-{number}", phone=phone)
            self.place.says(who=f"guest-{number}")
            self.people.append(Sender(wa_id=phone, name=f"guest-{number}"))

    def write(self, many: int) -> list[str]:
        """So many messages, to everybody in turn."""
        talks = [self.post.talk(sender, heard_at=self.now()) for sender in self.people]
        return [
            self.post.say(talks[number % len(talks)], Text(text=str(number)), at=self.now())
            for number in range(many)
        ]

    @contextmanager
    def courier(self) -> Iterator[None]:
        """The loop of a process, as `couriers` runs it."""
        stop, wakeups = threading.Event(), open_wakeups(self.inn.database)
        loop = threading.Thread(
            target=dispatch.run, args=(self.post.office, stop, wakeups), kwargs={"now": self.now}
        )
        loop.start()
        try:
            yield
        finally:
            stop.set()
            loop.join(60)
            wakeups.close()
        assert not loop.is_alive()

    def drained(self, *, within: float = 60.0, each: Callable[[], None] = lambda: None) -> None:
        """Waits until nothing waits and nothing is under way; `each` is done in between."""
        deadline = time.monotonic() + within
        while self._is_busy():
            if time.monotonic() > deadline:
                pytest.fail("The outbox was not emptied in time.")
            each()
            time.sleep(0.02)

    def _is_busy(self) -> bool:
        with self.inn.database.read() as db:
            needs = outbox.needs(db, at=self.now())
        return needs.waiting or needs.sending

    # -- what became of it -------------------------------------------------------------------------
    def log(self) -> Any:
        return self.place.get("/sandbox/log", entries="100000")

    def accepted(self) -> dict[str, int]:
        """Message -> how often the sandbox has taken it."""
        return Counter(entry["callback_data"] for entry in self.log()["entries"] if entry["way"] == "out")

    def by_person(self) -> dict[str, list[str]]:
        """Person -> messages in the order in which the sandbox took them."""
        found: dict[str, list[str]] = defaultdict(list)
        for entry in self.log()["entries"]:
            if entry["way"] == "out":
                found[entry["person"]].append(entry["callback_data"])
        return found

    def states(self, messages: list[str]) -> Counter[str]:
        return Counter(self.post.state(each) for each in messages)

    def told(self) -> bool:
        """Whether every status has come in that the sandbox has to tell."""
        state = self.place.get("/sandbox/deliveries", state="waiting")
        return not state["deliveries"]


class Door:
    """Takes webhooks in as the product does: known events are kept, statuses settle messages."""

    def __init__(self, road: Road) -> None:
        self._road = road
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, body: bytes) -> None:
        inn, at = self._road.inn, self._road.now()
        singles = deliveries.split(body)
        with inn.database.write() as tx:
            inbox.receive(tx, inn.ring, singles, at=at)
            for single in singles:
                event = incoming.read(single.body)
                if isinstance(event, Receipt):
                    outbox.settle(tx, inn.ring, event, at=at)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                door.take(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


__all__ = ["NUMBER", "Retrying", "Road", "Watched"]
