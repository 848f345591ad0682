"""The courier of pushes: what each says in its reader's language, and how it leaves.

A push holds no name, no phone and no words of a guest: a kind, a room, a house. One transaction claims, after
its commit they are handed over side by side, another one records what became of them. Who dies in between
leaves them to be told once more, and the browser puts the second in the place of the first.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import board, calls, correspondence, pushes, streams
from edge_api.phrases import Voice
from edge_api.push_services import Answer, Parcel, PushServices, topic
from edge_api.pushes import Due
from guestlink import records
from guestlink.database import Database, Reading, Writing
from guestlink.errors import Refused
from guestlink.language import N_, Catalogue, direction

AT_ONCE: Final = 16
SIDE_BY_SIDE: Final = 8
FIRST_PAUSE: Final = 5.0  # seconds; each further one is twice as long
LONGEST_PAUSE: Final = 300.0

log = logging.getLogger("guestlink.push")


TITLES: Final = {  # of a request, by whether it is urgent, and whether somebody was told before
    (False, False): N_("A new request, {where}"),
    (False, True): N_("Nobody has it yet: a request, {where}"),
    (True, False): N_("Urgent: a new request, {where}"),
    (True, True): N_("Urgent, and nobody has it yet: {where}"),
}
WRITES: Final = N_("Somebody writes: {where}")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the board's worker shows (theme/templates/staff_sw.js). `about` follows the # of the board's
    address, and names what a newer one comes in the place of.
    """

    title: str
    body: str
    about: str
    urgent: bool
    lang: str
    dir: str


class PushCourier:
    """One process' part in telling browsers."""

    def __init__(self, database: Database, voice: Callable[[], Voice], services: PushServices) -> None:
        self._database, self._voice, self._services = database, voice, services
        self._hands = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="push")

    def close(self) -> None:
        self._hands.shutdown(cancel_futures=True)

    def __call__(self, at: datetime) -> int:
        """Tells what is due; how many that were."""
        database, voice, began = self._database, self._voice(), time.monotonic()
        with database.read() as db:
            if not pushes.needs(db, at=at):
                return 0
        with database.write() as tx:
            claimed = pushes.claim(tx, at=at, most=AT_ONCE)
            leaving = [(due, note) for due in claimed if (note := _still_true(tx, voice, due, at=at))]
        answers = list(self._hands.map(lambda pair: self._hand_over(voice, *pair, at=at), leaving))
        if answers:
            then = at + timedelta(seconds=time.monotonic() - began)
            with database.write() as tx:
                for (due, _), answer in zip(leaving, answers, strict=True):
                    _record(tx, due, answer, at=then)
        return len(claimed)

    def _hand_over(self, voice: Voice, due: Due, note: Note, *, at: datetime) -> Answer:
        parcel = Parcel(
            body=msgspec.json.encode(note),
            seconds=max(0, int((due.expires_at - at).total_seconds())),
            urgent=note.urgent,
            topic=topic(voice.ring, note.about),
        )
        try:
            browser = pushes.opened(voice.ring, due)
        except Refused:  # of another key ring
            return Answer(became="gone")
        return self._services.send(voice.ring, browser, parcel, at=at)


def _still_true(tx: Writing, voice: Voice, due: Due, *, at: datetime) -> Note | None:
    """What it says now; nothing when somebody was faster, and then it is over."""
    words = voice.words(due.language)
    made = _of_request(tx, due, words) if due.kind == "request" else _of_talk(tx, due, words)
    if made is None:
        pushes.end(tx, due, "over", at=at)
    return made


def _record(tx: Writing, due: Due, answer: Answer, *, at: datetime) -> None:
    if answer.became == "gone":
        pushes.forget(tx, due.subscription_id)
    elif answer.became == "later":
        pause = answer.wait if answer.wait >= 0 else _pause(due.attempts)
        pushes.delay(tx, due, until=at + timedelta(seconds=max(1.0, pause)))
    else:
        pushes.end(tx, due, answer.became, at=at)
    log.info("push became=%s tries=%d", answer.became, due.attempts)


def _pause(attempts: int) -> float:
    return min(FIRST_PAUSE * 2.0 ** (attempts - 1), LONGEST_PAUSE)


# -- what it says --------------------------------------------------------------------------------------
def _of_request(db: Reading, due: Due, words: Catalogue) -> Note | None:
    stored = board.by_id(db, due.subject)
    if stored is None or streams.state_for_house(db, stored) != "requested":
        return None
    house = records.house_by_id(db, stored.property_id)
    units = {unit.id: unit.title for unit in records.units(db, house)}
    name = calls.name_of(db, house, words.language)
    title = words.text(
        TITLES[bool(due.urgent), bool(due.again)], where=units.get(stored.unit_id or "") or name
    )
    return _note(due, title, name, words)


def _of_talk(db: Reading, due: Due, words: Catalogue) -> Note | None:
    talk = correspondence.load(db, due.subject)
    if talk.waiting_since is None:
        return None
    house = records.house_by_id(db, talk.property_id) if talk.property_id else None
    name = calls.name_of(db, house, words.language) if house else ""
    where = (calls.unit_of(db, talk) if talk.contact_id else "") or name
    title = words.text(WRITES, where=where)
    return _note(due, title, name, words)


def _note(due: Due, title: str, house: str, words: Catalogue) -> Note:
    return Note(
        title=title,
        body=house,
        about=f"{due.kind}={due.subject}",
        urgent=bool(due.urgent),
        lang=words.language,
        dir=direction(words.language),
    )
