"""The courier of messages, top-down: record what became of the last ones, claim the next, let them go.

One transaction records outcomes and says what is about to be sent; only after its commit anything leaves.
Nothing is sent twice: an unknown outcome is in doubt, and stays so until a status or a person settles it.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from edge_api import envelopes, outbox
from edge_api.account import Account
from edge_api.envelopes import Clerk, Envelope
from edge_api.flights import Flights, Landed, Speaks
from edge_api.messages import File
from edge_api.outbox import Due
from edge_api.outcomes import NotSent, Sent, Unknown
from edge_api.pacing import Breaker, Ticket
from edge_api.prices import NONE_KNOWN, Prices, load_prices
from edge_api.whatsapp import Speaker
from guestlink import clock
from guestlink.crypto import KeyRing
from guestlink.database import Database, Writing
from guestlink.errors import GuestLinkError, Outage, Refused
from guestlink.settings import Settings

AT_ONCE: Final = 24  # messages under way; the speaker has 32 connections
AHEAD: Final = 0.1  # seconds for which turns are reserved in one transaction
IDLE: Final = 1.0
SOON: Final = 0.2  # something waits for its time
LOOKS_AGAIN: Final = 2.0  # for numbers that have something to say
LOOKS_AT_ONCE: Final = 0.05  # the same, when those that are known say nothing
ALL_IS_WELL: Final = 60.0  # how often a success ends alerts
UNREADABLE: Final = "The message cannot be read."

log = logging.getLogger("guestlink.dispatch")


class Waits(Protocol):
    """What tells that something may have changed (guestlink/wakeups.py)."""

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Office:
    """What a courier works with. `ring` is asked each time; `open_file` reads the private media root;
    `is_there` asks Meta something that changes nothing; `breakers` are those of the numbers.

    Unpaced it is for a bench alone: Meta refuses whoever is too fast.
    """

    database: Database
    ring: Callable[[], KeyRing]
    speaker: Speaks
    public_url: str
    prices: Prices = NONE_KNOWN
    open_file: Callable[[File], bytes] | None = None
    is_there: Callable[[], bool] | None = None
    is_paced: bool = True
    at_once: int = AT_ONCE
    breakers: dict[str, Breaker] = field(default_factory=dict)


def open_office(
    settings: Settings, database: Database, ring: Callable[[], KeyRing], *, speaker: Speaker
) -> Office:
    """An office as the settings say; SettingsError when the list of prices is wrong."""
    listed, account = settings.whatsapp_prices, Account(speaker, settings)

    def is_there() -> bool:
        try:
            account.token()
        except Outage:
            return False
        except Refused:
            pass  # whatever it says, it answers
        return True

    return Office(
        database=database,
        ring=ring,
        speaker=speaker,
        public_url=settings.public_url,
        prices=load_prices(settings.path(listed)) if listed else NONE_KNOWN,
        is_there=is_there,
    )


def dispatch_once(office: Office, *, at: datetime) -> int:
    """Sends what is due at `at`, and what becomes due by that; how many came to an outcome. The clock goes on
    from `at` while it works.
    """
    began = time.monotonic()
    courier, handled = Courier(office), 0
    try:
        while True:
            now = at + timedelta(seconds=time.monotonic() - began)
            pause = courier.turn(now)
            handled = courier.handled
            if pause >= SOON and not courier.is_busy:
                return handled
            courier.wait(pause)
    finally:
        courier.close(at)


def run(
    office: Office, stop: threading.Event, wakeups: Waits, *, now: Callable[[], datetime] = clock.now
) -> None:
    """Sends until `stop`; what has left by then comes to its end, what has not waits again."""
    courier = Courier(office)

    def listen() -> None:
        while not stop.is_set():
            if wakeups.wait(IDLE, stop):
                courier.ring()
        courier.ring()

    listener = threading.Thread(target=listen, name="outbox-wakeups")
    listener.start()
    try:
        while not stop.is_set():
            courier.wait(_turn(courier, now()))
    finally:
        stop.set()
        listener.join()
        _end(courier, now())


def _turn(courier: "Courier", at: datetime) -> float:
    """A turn; when the database is down or somebody was faster, the same again a little later."""
    try:
        return courier.turn(at)
    except GuestLinkError as error:
        if not error.retry:
            raise
        log.warning("dispatch-waits reason=%s", type(error).__name__)
        return SOON


def _end(courier: "Courier", at: datetime) -> None:
    """What cannot be recorded any more is in doubt when its lease ends."""
    try:
        courier.close(at)
    except GuestLinkError as error:
        if not error.retry:
            raise
        log.warning("dispatch-ended-unrecorded reason=%s", type(error).__name__)


class Claim:
    """What one turn has claimed: envelopes with their tickets and instants (Unix time), how many messages
    changed without being sent, whether the pace held some back.
    """

    def __init__(self) -> None:
        self.ready: list[tuple[Envelope, Ticket, float]] = []
        self.changed = 0
        self.is_held = False


class Courier:
    """One process' part in sending. Its turns are taken by one thread."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._clerk = Clerk(ring=office.ring, public_url=office.public_url, prices=office.prices)
        self._flights = Flights(
            office.speaker,
            office.breakers,
            open_file=office.open_file,
            is_there=office.is_there,
            at_once=office.at_once,
            is_paced=office.is_paced,
        )
        self._landed: list[Landed] = []
        self._numbers: list[str] = []
        self._looked = self._praised = float("-inf")
        self.handled = 0

    @property
    def is_busy(self) -> bool:
        """Whether something is under way or not recorded yet."""
        return bool(self._flights.under_way or self._landed)

    def ring(self) -> None:
        self._flights.ring()

    def wait(self, seconds: float) -> None:
        self._flights.wait(seconds)

    def close(self, at: datetime) -> None:
        """Lets what has left come to its end and records it."""
        self._flights.close()
        self._landed += self._flights.collect(now=at.timestamp())
        if self._landed:
            with self._office.database.write() as tx:
                self._record(tx, at)
            self._landed.clear()

    # -- one turn ------------------------------------------------------------------------------------
    def turn(self, at: datetime) -> float:
        """Records, recovers, claims and launches; for how long nothing new happens unless the bell rings."""
        self._landed += self._flights.collect(now=at.timestamp())
        with self._office.database.read() as db:
            needs = outbox.needs(db, at=at)
        has_room = bool(needs.due or self._landed) and self._flights.free > 0
        if not (self._landed or has_room or needs.expired or needs.lapsed):
            return SOON if needs.waiting else IDLE
        claim = Claim()
        try:
            with self._office.database.write() as tx:
                self._record(tx, at)
                if needs.expired or needs.lapsed:
                    claim.changed += outbox.recover(tx, at=at)
                if has_room:
                    self._claim(tx, claim, at=at)
        except BaseException:
            for envelope, ticket, _ in claim.ready:
                self._flights.breaker(envelope.number_id).given_up(ticket)
            raise
        self.handled += len(self._landed) + claim.changed
        self._landed.clear()
        for envelope, ticket, start in claim.ready:
            self._flights.launch(envelope, ticket, after=start - at.timestamp())
        if claim.changed:
            return 0.0
        return AHEAD / 2 if claim.is_held else SOON if needs.waiting else IDLE

    def _claim(self, tx: Writing, claim: Claim, *, at: datetime) -> None:
        self._look(tx, at)
        for number_id in self._numbers:
            self._claim_of(tx, number_id, claim, at=at)
        if not claim.ready and self._look(tx, at, again=True):
            for number_id in self._numbers:
                self._claim_of(tx, number_id, claim, at=at)

    def _claim_of(self, tx: Writing, number_id: str, claim: Claim, *, at: datetime) -> None:
        breaker, now = self._flights.breaker(number_id), at.timestamp()
        room, free = breaker.room(now), self._flights.free - len(claim.ready)
        most = free if room is None else min(room, free)
        waiting = outbox.due(tx, number_id, at=at, most=most) if most > 0 else []
        if not waiting:
            return
        turns = (now,) * len(waiting)
        if self._office.is_paced:
            turns, heard = outbox.turns(tx, number_id, at=at, most=len(waiting), within=AHEAD)
            self._flights.heard(number_id, heard)
            claim.is_held |= len(turns) < len(waiting)
        made: list[Envelope] = []
        for due in waiting[: len(turns)]:
            envelope = self._enclosed(tx, due, at)
            if isinstance(envelope, str):
                outbox.bury(tx, due, envelope, at=at)
                claim.changed += 1
            else:
                made.append(envelope)
        for envelope, start in zip(made, turns, strict=False):
            ticket = breaker.begin(now)
            assert ticket is not None
            claim.ready.append((envelope, ticket, start))
        if made:
            outbox.intend(tx, [envelope.intent for envelope in made], at=at)

    def _look(self, tx: Writing, at: datetime, *, again: bool = False) -> bool:
        """Which numbers have something to say, now and then: it looks through all that waits."""
        now = time.monotonic()
        if now < self._looked + (LOOKS_AT_ONCE if again else LOOKS_AGAIN):
            return False
        before, self._looked = self._numbers, now
        self._numbers = outbox.numbers(tx, at=at)
        return self._numbers != before

    def _enclosed(self, tx: Writing, due: Due, at: datetime) -> Envelope | str:
        """The envelope, or why there is none; one that cannot be opened must not stop the others."""
        try:
            return envelopes.enclose(tx, self._clerk, due, at=at)
        except msgspec.MsgspecError:
            return UNREADABLE
        except GuestLinkError as error:
            if error.retry:
                raise
            return error.message

    # -- what became of the last ones ----------------------------------------------------------------
    def _record(self, tx: Writing, at: datetime) -> None:
        for landed in self._landed:
            intent, outcome = landed.envelope.intent, landed.outcome
            if outcome is None:
                outbox.released(tx, intent)
            elif isinstance(outcome, Sent):
                outbox.sent(tx, self._office.ring(), intent, outcome.wamid, at=at)
                self._praise(tx, landed.envelope.number_id, at)
            elif isinstance(outcome, NotSent):
                log.warning("message-refused id=%s code=%s", intent.due.id, outcome.code)
                outbox.refused(tx, intent, outcome.code, number_id=landed.envelope.number_id, at=at)
            elif isinstance(outcome, Unknown):
                log.warning("message-in-doubt id=%s", intent.due.id)
                outbox.in_doubt(tx, intent, outcome.reason, at=at)

    def _praise(self, tx: Writing, number_id: str, at: datetime) -> None:
        """What was sent shows that number and account work again."""
        if time.monotonic() >= self._praised + ALL_IS_WELL:
            self._praised = time.monotonic()
            outbox.end_alarms(tx, number_id, at=at)
