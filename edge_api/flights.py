"""Messages under way: a small pool of threads sends them side by side, each at its own instant.

A slow answer to one guest holds up nobody else. Nothing is sent twice and nothing is recorded here: whoever
asks gets what landed. One breaker for each number stops sending when nobody answers; before its probe, a
question that changes nothing asks whether anybody is there, so that an outage puts few messages in doubt.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, Protocol

from edge_api import codes, pacing
from edge_api.envelopes import Envelope
from edge_api.messages import File, Outgoing, Sender
from edge_api.outcomes import NotSent, Sent, Unknown
from edge_api.pacing import Breaker, Second, Ticket
from guestlink.errors import GuestLinkError

OUTAGES: Final = codes.RETRY - {codes.PAIR_TOO_FAST}  # that nobody can send now, not only this message
UNEXPECTED: Final = "the program failed"

log = logging.getLogger("guestlink.dispatch")
Outcome = Sent | NotSent | Unknown


class Speaks(Protocol):
    """Says one message, once; what an answer proves is decided in outcomes.py."""

    def send(
        self,
        said: Outgoing,
        *,
        to: Sender,
        number_id: str,
        callback: str,
        answers: str = "",
        url: str = "",
        file: bytes = b"",
    ) -> Outcome: ...


class Flight(NamedTuple):
    """One message under way; it leaves at `start` of `time.monotonic`."""

    envelope: Envelope
    ticket: Ticket
    start: float


class Landed(NamedTuple):
    """What became of it; no outcome when it certainly never left, since we stop or nobody is there."""

    envelope: Envelope
    ticket: Ticket
    outcome: Outcome | None
    nobody_there: bool = False


class Flights:
    """All that is under way in one process by one speaker. One thread launches and collects; `bell` is rung
    when something landed.
    """

    def __init__(
        self,
        speaker: Speaks,
        breakers: dict[str, Breaker],
        *,
        open_file: Callable[[File], bytes] | None,
        is_there: Callable[[], bool] | None,
        at_once: int,
        is_paced: bool,
        bell: threading.Event,
    ) -> None:
        self._speaker, self._open_file, self._at_once = speaker, open_file, at_once
        self._is_there = is_there
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="send")
        self._landed: queue.SimpleQueue[Landed] = queue.SimpleQueue()
        self._is_paced = is_paced
        self._due: dict[str, float] = {}
        self._seconds: dict[str, Second] = {}
        self._turn = threading.Condition()
        self._breakers = breakers
        self._bell, self._closing = bell, threading.Event()
        self.under_way = 0

    @property
    def free(self) -> int:
        """How many more may be launched."""
        return 0 if self._closing.is_set() else self._at_once - self.under_way

    def breaker(self, number_id: str) -> Breaker:
        return self._breakers.setdefault(number_id, Breaker())

    def launch(self, envelope: Envelope, ticket: Ticket, *, after: float) -> None:
        """Sends in `after` seconds. A commit that took long must not make a crowd of what waited for it: the
        pace is kept here once more, by the steady clock.
        """
        start = time.monotonic() + max(after, 0.0)
        if self._is_paced:
            due, pace = self._due.get(envelope.number_id, 0.0), pacing.pace_of(envelope.number_id)
            (start,), due = pacing.starts(pace, due, now=start, most=1, within=float("inf"))
            self._due[envelope.number_id] = due
        self.under_way += 1
        self._pool.submit(self._fly, Flight(envelope, ticket, start))

    def collect(self, *, now: float) -> list[Landed]:
        """What landed since the last time; the breakers learn from it. `now` is Unix time."""
        found: list[Landed] = []
        while not self._landed.empty():
            landed = self._landed.get()
            self._teach(landed, now)
            found.append(landed)
        self.under_way -= len(found)
        return found

    def _teach(self, landed: Landed, now: float) -> None:
        breaker, outcome = self.breaker(landed.envelope.number_id), landed.outcome
        if outcome is None and not landed.nobody_there:
            breaker.given_up(landed.ticket)
        elif (
            outcome is None
            or isinstance(outcome, Unknown)
            or (isinstance(outcome, NotSent) and outcome.code in OUTAGES)
        ):
            breaker.failed(landed.ticket, now=now)
        else:
            breaker.succeeded(landed.ticket)

    def heard(self, number_id: str, many: int) -> None:
        """So many messages came in: they count with those that leave."""
        with self._turn:
            self._second(number_id).heard(many, time.monotonic())

    def close(self) -> None:
        """Waits for what has left; what has not left yet lands without an outcome."""
        self._closing.set()
        with self._turn:
            self._turn.notify_all()
        self._pool.shutdown(wait=True)

    # -- in the pool ---------------------------------------------------------------------------------
    def _fly(self, flight: Flight) -> None:
        number_id = flight.envelope.number_id
        if flight.ticket.is_probe and not self._somebody_is_there():
            self._land(Landed(flight.envelope, flight.ticket, None, nobody_there=True))
            return
        goes = not self._closing.wait(max(flight.start - time.monotonic(), 0.0)) and self._leave(number_id)
        outcome = self._sent(flight.envelope) if goes else None
        if goes:
            with self._turn:
                self._second(number_id).answer(time.monotonic())
                self._turn.notify()
        self._land(Landed(flight.envelope, flight.ticket, outcome))

    def _somebody_is_there(self) -> bool:
        try:
            return self._is_there is None or self._is_there()
        except Exception as error:
            log.warning("probe-failed reason=%s", type(error).__name__)
            return False

    def _land(self, landed: Landed) -> None:
        self._landed.put(landed)
        self._bell.set()

    def _leave(self, number_id: str) -> bool:
        """Waits until one more in this second is not too much; False when it shall not leave any more."""
        with self._turn:
            while not self._closing.is_set():
                wait = self._second(number_id).wait(time.monotonic()) if self._is_paced else 0.0
                if wait == 0.0:
                    self._second(number_id).leave()
                    return True
                self._turn.wait(wait)
        return False

    def _second(self, number_id: str) -> Second:
        return self._seconds.setdefault(number_id, Second())

    def _sent(self, envelope: Envelope) -> Outcome:
        try:
            file = self._file(envelope)
        except GuestLinkError:
            return NotSent(codes.NOT_KEPT)
        try:
            return self._speaker.send(
                envelope.said,
                to=envelope.to,
                number_id=envelope.number_id,
                callback=envelope.intent.due.id,
                answers=envelope.answers,
                url=envelope.url,
                file=file,
            )
        except Exception as error:
            log.warning("send-failed id=%s reason=%s", envelope.intent.due.id, type(error).__name__)
            return Unknown(UNEXPECTED)

    def _file(self, envelope: Envelope) -> bytes:
        said = envelope.said
        return self._open_file(said) if isinstance(said, File) and self._open_file else envelope.mail
