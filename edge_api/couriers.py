"""The loops of the message journey: what came in is understood, what is due rings, browsers are told,
journeys are planned and told, files come, words go out.

Plain threads. Each waits for a wake-up or a moment, at most a second, and compares with the clock, so that
tests can step whole processes. A failure stays on the row it belongs to, and the loop goes on.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from edge_api import (
    archive,
    calls,
    codes_by_phone,
    concierge,
    dispatch,
    inbox,
    incoming,
    phrases,
    pushes,
    reception,
)
from edge_api.holdings import Holdings
from edge_api.inbox import Waiting
from edge_api.journey import planning, sending
from edge_api.journey.texts import Shelf
from edge_api.mail import Mailer
from edge_api.messages import File
from edge_api.phrases import Voice
from edge_api.push_courier import PushCourier
from edge_api.push_services import PushServices
from edge_api.whatsapp import Speaker
from guestlink import clock, contacts, records
from guestlink.database import Writing
from guestlink.errors import GuestLinkError, Outage
from guestlink.settings import Settings
from guestlink.storage import Storage, open_storage
from guestlink.wakeups import Wakeups, open_wakeups

AT_ONCE: Final = 16  # events in one transaction, and no more after so many seconds:
LONGEST_HOLD: Final = 0.005  # on SQLite the webhook waits for us with every message it has to keep
IDLE: Final = 1.0  # seconds
# After each query a thread waits for Python's lock: as long as this while others send (0.005 unless told).
SWITCH: Final = 0.0005
PURGE_EVERY: Final = timedelta(hours=1)
RAW_KEPT: Final = timedelta(days=30)  # docs/privacy.md
MOVES_KEPT: Final = 100_000  # of conversations, for boards that were away (migration 0012)
NAMES_AT_ONCE: Final = 100
NOT_UNDERSTOOD: Final = "cannot be read"

log = logging.getLogger("guestlink.couriers")


def run(settings: Settings, stop: threading.Event) -> None:
    """Works until `stop` is set. Raises SettingsError before it begins when a setting is wrong."""
    holdings = Holdings(settings)
    phrases.voice_of(holdings)
    sys.setswitchinterval(SWITCH)
    media = open_storage(settings.media_url, home=Path(settings.home))
    with ExitStack() as closing:
        closing.callback(holdings.close)
        _get_ready(holdings)
        loops: dict[str, Callable[[], None]] = {
            "inbox": partial(_loop, holdings, stop, partial(_read_inbox, holdings)),
            "bells": partial(
                _look_again,
                stop,
                [
                    partial(_ring_bells, holdings),
                    partial(_forget_codes, holdings),
                    _Names(holdings),
                    _Purge(holdings),
                ],
            ),
            "journeys": partial(_look_again, stop, [Journeys(holdings)]),
        }
        browsers = PushCourier(holdings.database, partial(phrases.voice_of, holdings), PushServices(settings))
        closing.callback(browsers.close)
        loops["browsers"] = partial(_look_again, stop, [browsers])
        speaker = mailer = None
        if settings.speaks_whatsapp:
            speaker = Speaker(settings)
            closing.callback(speaker.close)
            fetch = partial(_fetch, holdings, media, speaker)
            loops["media"] = partial(_look_again, stop, [fetch])
        if settings.speaks_mail:
            mailer = Mailer(settings)
            closing.callback(mailer.close)
        if speaker or mailer:
            loops["outbox"] = partial(_send, holdings, stop, media, speaker=speaker, mailer=mailer)
        _side_by_side(loops, stop)


def _get_ready(holdings: Holdings) -> None:
    """What the first guest would have to wait for: each house's words, made ready for matching."""
    with holdings.database.read() as db:
        for house in records.properties(db):
            concierge.index_of(db, house)


def _side_by_side(loops: Mapping[str, Callable[[], None]], stop: threading.Event) -> None:
    """Runs every loop in a thread. One that ends by an error ends all, so that whoever started us sees it."""
    failed: list[BaseException] = []

    def guarded(loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:  # told below, in the thread that waits
            failed.append(error)
        finally:
            stop.set()

    threads = [threading.Thread(target=guarded, args=(loop,), name=name) for name, loop in loops.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def work_once(holdings: Holdings, *, at: datetime) -> int:
    """Understands what has come in and rings what is due; how many rows that were."""
    return _read_inbox(holdings, at) + _ring_bells(holdings, at)


# -- what came in ------------------------------------------------------------------------------------
def _read_inbox(holdings: Holdings, at: datetime) -> int:
    """A few events in one transaction, each in an attempt of its own: a poisonous one fails alone."""
    voice, done = phrases.voice_of(holdings), 0
    with holdings.database.write() as tx:
        began = time.monotonic()
        for row in inbox.take(tx, at=at, most=AT_ONCE):
            _settle(tx, voice, row, at=at)
            done += 1
            if time.monotonic() - began > LONGEST_HOLD:
                break
    return done


def _settle(tx: Writing, voice: Voice, row: Waiting, *, at: datetime) -> None:
    try:
        with tx.attempt():
            event = incoming.read(inbox.opened(voice.ring, row))
            outcome = reception.hear(tx, voice, event, at=at) if event else NOT_UNDERSTOOD
    except Outage:
        raise
    except Exception as error:  # the loop must go on; the row tells what happened
        log.warning("inbox-failed event=%d error=%s", row.position, type(error).__name__)
        inbox.failed(tx, row, at=at, reason=type(error).__name__)
    else:
        inbox.done(tx, row, at=at, outcome=outcome)


# -- what is due -------------------------------------------------------------------------------------
def _ring_bells(holdings: Holdings, at: datetime) -> int:
    with holdings.database.read() as db:
        row = db.one("is_escalation_due", at=clock.as_text(at))
    if not row or not row["due"]:
        return 0
    voice = phrases.voice_of(holdings)
    with holdings.database.write() as tx:
        return calls.ring_due(tx, voice, at=at)


def _forget_codes(holdings: Holdings, at: datetime) -> int:
    """New codes that nobody said yes to in time go."""
    with holdings.database.read() as db:
        if not codes_by_phone.is_late(db, at=at):
            return 0
    with holdings.database.write() as tx:
        return codes_by_phone.forget_late(tx, at=at)


class Journeys:
    """What stays are told by themselves: planned when something has changed, sent when it is due."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings, self._shelf = holdings, Shelf()

    def __call__(self, at: datetime) -> int:
        database, voice = self._holdings.database, phrases.voice_of(self._holdings)
        with database.read() as db:
            has_news, is_due = planning.needs(db), sending.is_due(db, at=at)
        done = 0
        if has_news:
            with database.write() as tx:
                done += planning.step(tx, voice.ring, self._shelf, at=at)
        if is_due:
            speaks = phrases.channels(self._holdings.settings)
            office = sending.Office(voice=voice, shelf=self._shelf, speaks=speaks)
            done += sending.send_due(database, office, at=at)
        return done


def _fetch(holdings: Holdings, media: Storage, speaker: Speaker, at: datetime) -> int:
    return archive.fetch_due(holdings.database, holdings.ring, media, speaker.fetch_media, at=at)


class _Names:
    """Guests who were written before guests could be found by name, some at a time until there are none."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings, self._is_done = holdings, False

    def __call__(self, _: datetime) -> int:
        if self._is_done:
            return 0
        with self._holdings.database.write() as tx:
            done = contacts.index_names(tx, self._holdings.ring, most=NAMES_AT_ONCE)
        self._is_done = not done
        return done


class _Purge:
    """Raw bodies that were understood long enough ago go, and what boards and browsers have long been told;
    the keys that tell repeats apart stay.
    """

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._last = datetime.min.replace(tzinfo=UTC)

    def __call__(self, at: datetime) -> int:
        if at < self._last + PURGE_EVERY:
            return 0
        with self._holdings.database.write() as tx:
            inbox.purge(tx, before=at - RAW_KEPT)
            tx.do("forget_moves", most=MOVES_KEPT)
            pushes.purge(tx, at=at)
        self._last = at
        return 0


# -- loops -------------------------------------------------------------------------------------------
def _loop(holdings: Holdings, stop: threading.Event, turn: Callable[[datetime], int]) -> None:
    """Turns until `stop`: at once while there is something to do, else at the next wake-up."""
    wakeups: Wakeups | None = None
    try:
        while not stop.is_set():
            try:
                wakeups = wakeups or open_wakeups(holdings.database)
                if not turn(clock.now()):
                    wakeups.wait(IDLE, stop)
            except GuestLinkError as error:
                if not error.retry:
                    raise
                log.warning("courier-waits reason=%s why=%r", type(error).__name__, error.message)
                stop.wait(IDLE)
    finally:
        if wakeups:
            wakeups.close()


def _look_again(stop: threading.Event, turns: Sequence[Callable[[datetime], int]]) -> None:
    """What becomes due by the clock, and files, which may wait a moment: looked for once a second. Every
    wake-up would cost the guests who wait for an answer.
    """
    while not stop.is_set():
        try:
            worked = sum(turn(clock.now()) for turn in turns)
        except GuestLinkError as error:
            if not error.retry:
                raise
            log.warning("courier-waits reason=%s why=%r", type(error).__name__, error.message)
            worked = 0
        if not worked:
            stop.wait(IDLE)


def _send(
    holdings: Holdings,
    stop: threading.Event,
    media: Storage,
    *,
    speaker: Speaker | None,
    mailer: Mailer | None,
) -> None:
    database = holdings.database

    def open_file(file: File) -> bytes:
        return media.get(file.path).body

    office = dispatch.open_office(
        holdings.settings, database, lambda: holdings.ring, speaker=speaker, mailer=mailer
    )
    office = replace(office, open_file=open_file)
    wakeups = open_wakeups(database)
    try:
        dispatch.run(office, stop, wakeups)
    finally:
        wakeups.close()
