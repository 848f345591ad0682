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
from functools import partial
from typing import Final, Protocol

import msgspec

from edge_api import conversation, envelopes, outbox, templates
from edge_api.account import Account
from edge_api.envelopes import Clerk, Envelope
from edge_api.flights import Flights, Landed, Speaks
from edge_api.mail import Mailer
from edge_api.messages import MAIL, File, Template
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
MAILS_AT_ONCE: Final = 6  # e-mails, each on a connection of its own: small relays take no more
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
    `is_there` and `is_mail_there` ask Meta and the mail server something that changes nothing; `breakers` are
    those of the numbers. Without a speaker or mailer, messages of its kind wait.

    Unpaced it is for a bench alone: Meta refuses whoever is too fast.
    """

    database: Database
    ring: Callable[[], KeyRing]
    speaker: Speaks | None = None
    mailer: Speaks | None = None
    public_url: str
    mail_from: str = ""
    reply_to: str = ""
    prices: Prices = NONE_KNOWN
    open_file: Callable[[File], bytes] | None = None
    is_there: Callable[[], bool] | None = None
    is_mail_there: Callable[[], bool] | None = None
    is_paced: bool = True
    at_once: int = AT_ONCE
    breakers: dict[str, Breaker] = field(default_factory=dict)


def open_office(
    settings: Settings,
    database: Database,
    ring: Callable[[], KeyRing],
    *,
    speaker: Speaker | None = None,
    mailer: Mailer | None = None,
) -> Office:
    """An office as the settings say; SettingsError when the list of prices is wrong."""
    listed = settings.whatsapp_prices
    return Office(
        database=database,
        ring=ring,
        speaker=speaker,
        mailer=mailer,
        public_url=settings.public_url,
        mail_from=settings.mail_from,
        reply_to=settings.mail_reply_to,
        prices=load_prices(settings.path(listed)) if listed else NONE_KNOWN,
        is_there=partial(_answers, Account(speaker, settings)) if speaker else None,
        is_mail_there=mailer.is_there if mailer else None,
    )


def _answers(account: Account) -> bool:
    """Whether Meta does, whatever it says."""
    try:
        account.token()
    except Outage:
        return False
    except Refused:
        pass
    return True


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
    """What one turn has claimed: envelopes with their tickets, instants (Unix time) and flights, how many
    messages changed without being sent, whether the pace held some back.
    """

    def __init__(self) -> None:
        self.ready: list[tuple[Envelope, Ticket, float, Flights]] = []
        self.changed = 0
        self.is_held = False

    def begun_by(self, flights: Flights) -> int:
        return sum(each[3] is flights for each in self.ready)


class Courier:
    """One process' part in sending. Its turns are taken by one thread."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._clerk = Clerk(
            ring=office.ring,
            public_url=office.public_url,
            prices=office.prices,
            mail_from=office.mail_from,
            reply_to=office.reply_to,
        )
        self._bell = threading.Event()
        self._by_number = self._flights_by(office.speaker, office.is_there, office.at_once)
        self._by_mail = self._flights_by(office.mailer, office.is_mail_there, MAILS_AT_ONCE)
        self._landed: list[Landed] = []
        self._numbers: list[str] = []
        self._looked = self._praised = float("-inf")
        self.handled = 0

    def _flights_by(
        self, speaker: Speaks | None, is_there: Callable[[], bool] | None, at_once: int
    ) -> Flights | None:
        """Each speaker has threads of its own: a mail server that is slow holds no other message up."""
        if speaker is None:
            return None
        office = self._office
        return Flights(
            speaker,
            office.breakers,
            open_file=office.open_file,
            is_there=is_there,
            at_once=at_once,
            is_paced=office.is_paced,
            bell=self._bell,
        )

    @property
    def _flights(self) -> list[Flights]:
        return [each for each in (self._by_number, self._by_mail) if each]

    def _flights_of(self, number_id: str) -> Flights | None:
        return self._by_mail if number_id == MAIL else self._by_number

    @property
    def is_busy(self) -> bool:
        """Whether something is under way or not recorded yet."""
        return bool(self._landed or any(each.under_way for each in self._flights))

    def ring(self) -> None:
        self._bell.set()

    def wait(self, seconds: float) -> None:
        """Until something landed or somebody rang, at most so long."""
        self._bell.wait(seconds)
        self._bell.clear()

    def close(self, at: datetime) -> None:
        """Lets what has left come to its end and records it."""
        for flights in self._flights:
            flights.close()
        self._collect(at)
        if self._landed:
            with self._office.database.write() as tx:
                self._record(tx, at)
            self._landed.clear()

    # -- one turn ------------------------------------------------------------------------------------
    def turn(self, at: datetime) -> float:
        """Records, recovers, claims and launches; for how long nothing new happens unless the bell rings."""
        self._collect(at)
        with self._office.database.read() as db:
            needs = outbox.needs(db, at=at)
        has_room = bool(needs.due or self._landed) and any(each.free > 0 for each in self._flights)
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
            for envelope, ticket, _, flights in claim.ready:
                flights.breaker(envelope.number_id).given_up(ticket)
            raise
        self.handled += len(self._landed) + claim.changed
        self._landed.clear()
        for envelope, ticket, start, flights in claim.ready:
            flights.launch(envelope, ticket, after=start - at.timestamp())
        if claim.changed:
            return 0.0
        return AHEAD / 2 if claim.is_held else SOON if needs.waiting else IDLE

    def _collect(self, at: datetime) -> None:
        for flights in self._flights:
            self._landed += flights.collect(now=at.timestamp())

    def _claim(self, tx: Writing, claim: Claim, *, at: datetime) -> None:
        self._look(tx, at)
        for number_id in self._numbers:
            self._claim_of(tx, number_id, claim, at=at)
        if not claim.ready and self._look(tx, at, again=True):
            for number_id in self._numbers:
                self._claim_of(tx, number_id, claim, at=at)

    def _claim_of(self, tx: Writing, number_id: str, claim: Claim, *, at: datetime) -> None:
        flights = self._flights_of(number_id)
        if flights is None:
            return
        breaker, now = flights.breaker(number_id), at.timestamp()
        room, free = breaker.room(now), flights.free - claim.begun_by(flights)
        most = free if room is None else min(room, free)
        waiting = outbox.due(tx, number_id, at=at, most=most) if most > 0 else []
        if not waiting:
            return
        turns = (now,) * len(waiting)
        if self._office.is_paced:
            turns, heard = outbox.turns(tx, number_id, at=at, most=len(waiting), within=AHEAD)
            flights.heard(number_id, heard)
            claim.is_held |= len(turns) < len(waiting)
        made: list[Envelope] = []
        for due in waiting[: len(turns)]:
            envelope = self._enclosed(tx, due, at)
            if isinstance(envelope, str):
                outbox.bury(tx, due, envelope, at=at)
                if envelope == conversation.NO_TEMPLATE:
                    templates.note_missing(tx, due.conversation_id, at=at)
                claim.changed += 1
            else:
                made.append(envelope)
        for envelope, start in zip(made, turns, strict=False):
            ticket = breaker.begin(now)
            assert ticket is not None
            claim.ready.append((envelope, ticket, start, flights))
        if made:
            lease = outbox.MAIL_LEASE if number_id == MAIL else outbox.LEASE
            outbox.intend(tx, [envelope.intent for envelope in made], at=at, lease=lease)

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
            self._record_one(tx, landed, at)
        if any(isinstance(each.envelope.said, Template) and each.envelope.said.code for each in self._landed):
            outbox.forget_codes(tx)

    def _record_one(self, tx: Writing, landed: Landed, at: datetime) -> None:
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
