"""Calendars that are fetched by themselves, as the records know them: when next, and how each one stands.

It fetches nothing (polling.py does), and shows nothing of an address.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from guestlink import alerts, clock
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound
from guestlink.records import Property, Unit

EVERY: Final = timedelta(minutes=30)
SPREAD: Final = 0.1  # of a wait, more or less, by the unit: so that not all come to a server at once
LONGEST_WAIT: Final = timedelta(hours=6)
LONGEST_ASKED: Final = timedelta(days=1)  # that a server may put us off for
LEASE: Final = timedelta(minutes=5)
KINDS: Final[tuple[alerts.Kind, ...]] = ("feed-failing", "feed-lost-stays", "feed-left-out")


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The feed of one unit. `outcome` is what the last copy came to that changed anything, `reason` why the
    last try failed; `failures` are those in a row. An empty `due_at` is at once.
    """

    unit_id: str
    property_id: str
    house: str
    unit: str
    address: bytes
    due_at: str
    leased_until: str
    fence: int
    etag: str
    last_modified: str
    body_hash: str
    failures: int
    failing_since: datetime | None
    reason: str
    outcome: str
    fetched_at: datetime | None
    changed_at: datetime | None
    held_at: datetime | None


def calendars(db: Reading, property_id: str = "") -> list[Calendar]:
    """Those of one house or of all, by house and unit."""
    found = msgspec.convert(db.all("all_feeds"), list[Calendar])
    return [calendar for calendar in found if property_id in {"", calendar.property_id}]


def find_calendar(db: Reading, house: Property, unit: Unit) -> Calendar:
    row = db.one("feed_of_unit", unit_id=unit.id)
    if row is None:
        mend = f"`publish.py unit set {house.slug} {unit.slug} --feed` takes the address of one."
        raise NotFound(f"{unit.slug} of {house.slug} has no calendar.", hint=mend)
    return msgspec.convert(row, Calendar)


def is_due(db: Reading, *, at: datetime) -> bool:
    """Whether there is anything to claim: a look that keeps no writer waiting."""
    return db.one("is_feed_due", at=clock.as_text(at)) is not None


def claim_due(tx: Writing, *, at: datetime) -> Calendar | None:
    """Takes what has been due for longest, under a lease that ends when its worker dies."""
    row = tx.one("claim_due_feed", at=clock.as_text(at), leased_until=clock.as_text(at + LEASE))
    return _claimed(tx, str(row["unit_id"])) if row else None


def claim(tx: Writing, calendar: Calendar, *, at: datetime) -> Calendar | None:
    """Takes this one, due or not, held or not; None while somebody else has it."""
    lease = clock.as_text(at + LEASE)
    row = tx.one("claim_feed", unit_id=calendar.unit_id, at=clock.as_text(at), leased_until=lease)
    return _claimed(tx, calendar.unit_id) if row else None


def _claimed(tx: Writing, unit_id: str) -> Calendar:
    return msgspec.convert(tx.one("feed_of_unit", unit_id=unit_id), Calendar)


def record(tx: Writing, after: Calendar) -> bool:
    """Ends a claim. False, and nothing is written, when the address was changed meanwhile, or when the lease
    had ended and somebody else was faster.
    """
    row = msgspec.to_builtins(after, builtin_types=(bytes, datetime))
    for name in ("property_id", "house", "unit", "address", "leased_until", "held_at"):
        row.pop(name)
    for name in ("failing_since", "fetched_at", "changed_at"):
        row[name] = clock.as_text(row[name]) if row[name] else None
    return bool(tx.do("record_feed", **row))


def hold(tx: Writing, calendar: Calendar, *, at: datetime) -> bool:
    """Fetches it no more by itself, and ends what was complained of; False when it was held already."""
    for kind in KINDS:
        alerts.end_alert(tx, property_id=calendar.property_id, kind=kind, subject=calendar.unit_id, at=at)
    return bool(tx.do("hold_feed", unit_id=calendar.unit_id, held_at=clock.as_text(at)))


def resume(tx: Writing, calendar: Calendar) -> bool:
    """Fetches it again, at once; False when it was not held."""
    return bool(tx.do("resume_feed", unit_id=calendar.unit_id))


def next_wait(unit_id: str, failures: int = 0, *, asked: timedelta = timedelta()) -> timedelta:
    """How long to leave a calendar alone: half an hour, after a failure twice as long each time up to six
    hours, and never shorter than its server asked for, if that is at most a day.
    """
    wait: timedelta = min(EVERY * (1 << min(max(failures - 1, 0), 10)), LONGEST_WAIT)
    place = int.from_bytes(hashlib.sha256(unit_id.encode()).digest()[:4], "big") / 2**32
    return max(wait * (1 + SPREAD * (2 * place - 1)), min(asked, LONGEST_ASKED))


# -- in words --------------------------------------------------------------------------------------
def in_words(calendar: Calendar) -> str:
    """How it stands: `failed 2 times since 02 Nov 10:00 UTC: …`, `nothing new since …`."""
    if calendar.held_at:
        return f"held since {moment(calendar.held_at)}"
    if calendar.failing_since:
        times = "once" if calendar.failures == 1 else f"{calendar.failures} times"
        return f"failed {times} since {moment(calendar.failing_since)}: {calendar.reason}"
    if calendar.fetched_at is None:
        return "not fetched yet"
    if calendar.changed_at == calendar.fetched_at:
        return calendar.outcome
    return f"nothing new since {moment(calendar.changed_at)}" if calendar.changed_at else "nothing new"


def failing(db: Reading, house: Property) -> Iterator[str]:
    """Those whose last try failed and of which no alert tells yet, in words."""
    told = {alert.subject for alert in alerts.open_alerts(db, house.id) if alert.kind == "feed-failing"}
    for calendar in calendars(db, house.id):
        if calendar.failures and calendar.held_at is None and calendar.unit_id not in told:
            yield f"{calendar.unit} {in_words(calendar)}"


def moment(at: datetime) -> str:
    return f"{at:%d %b %H:%M} UTC"
