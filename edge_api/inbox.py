"""The inbox: each event of a webhook once, sealed, until somebody has understood it.

A key stays for ever, since Meta may repeat an event whenever it likes; its body goes some time after it is
done. Events about one person, a lane, are handed out one after the other in the order in which they came.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api.deliveries import UNREADABLE, Single
from guestlink import alerts, clock
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Row, Writing
from guestlink.errors import Refused

FIRST_WAIT: Final = timedelta(seconds=2)
MOST_ATTEMPTS: Final = 8
SET_ASIDE: Final = "A message that came in could not be understood: `publish.py messages reread` tries again."
LOOK: Final = 256  # so many of the oldest are looked at, so that a flood in one lane holds up few others


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An event to be understood; `attempts` were made before."""

    position: int
    event_key: str
    kind: str
    lane: str
    number_id: str
    body: bytes | None
    received_at: str
    attempts: int = 0

    def __repr__(self) -> str:
        return f"Waiting({self.position}, {self.kind}, hidden)"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """`oldest` is when the oldest waiting one came, empty when none waits."""

    waiting: int
    quarantined: int
    oldest: str


# -- in --------------------------------------------------------------------------------------------
def receive(tx: Writing, ring: KeyRing, singles: Iterable[Single], *, at: datetime) -> None:
    """Keeps events that are not known yet. What nobody can read is quarantined at once."""
    keep(tx, sealed(ring, singles, at=at))


def keep(tx: Writing, rows: Iterable[Row]) -> None:
    """Keeps what `sealed` made of events, and wakes whoever waits for them when they are committed. A file
    tells by itself that it changed (guestlink/wakeups.py).
    """
    tx.do_many("receive_event", rows)
    tx.all("announce_events")


def sealed(ring: KeyRing, singles: Iterable[Single], *, at: datetime) -> list[Row]:
    """Events as rows. Their keys and lanes are blind tokens: a wamid holds a phone number."""
    now = clock.as_text(at)
    return [_row(ring, single, now) for single in singles]


def _row(ring: KeyRing, single: Single, now: str) -> Row:
    key = ring.blind("inbox", single.key)
    is_lost = single.kind == UNREADABLE
    return {
        "event_key": key,
        "kind": single.kind,
        "lane": ring.blind("lane", f"{single.number_id}:{single.who}"),
        "number_id": single.number_id,
        "body": ring.seal_bytes(single.body, "inbox", "body", row=key),
        "received_at": now,
        "state": "quarantined" if is_lost else "waiting",
        "outcome": "cannot be read" if is_lost else "",
        "done_at": now if is_lost else None,
    }


# -- out -------------------------------------------------------------------------------------------
def take(tx: Writing, *, at: datetime, most: int) -> list[Waiting]:
    """What can be understood now, oldest first: of each lane the first, and none of a lane whose first one
    failed and waits for its next attempt. Until the transaction ends nobody else gets any of these lanes.
    """
    now = clock.as_text(at)
    held = tx.all("hold_lanes", at=now, look=max(LOOK, most), most=most)
    positions = msgspec.json.encode([row["position"] for row in held]).decode()
    rows = tx.all("waiting_events", positions=positions, at=now)  # another had the lane a moment ago
    return [Waiting(**{**row, "body": bytes(row["body"])}) for row in rows]


def opened(ring: KeyRing, row: Waiting) -> bytes:
    """The body of an event. Refused when it cannot be opened or is not kept any more."""
    if row.body is None:
        raise Refused("The body of this event is not kept any more.")
    return ring.open_bytes(row.body, "inbox", "body", row=row.event_key)


def done(tx: Writing, row: Waiting, *, at: datetime, outcome: str) -> None:
    """It was understood; `outcome` says what followed, and names no person."""
    _end(tx, row, state="done", outcome=outcome, at=at)


def failed(tx: Writing, row: Waiting, *, at: datetime, reason: str) -> None:
    """It is tried again after a wait that doubles; after eight attempts it is quarantined."""
    if row.attempts + 1 >= MOST_ATTEMPTS:
        quarantine(tx, row, at=at, reason=reason)
    else:
        not_before = clock.as_text(at + FIRST_WAIT * 2**row.attempts)
        tx.do("delay_event", position=row.position, not_before=not_before, outcome=reason)


def quarantine(tx: Writing, row: Waiting, *, at: datetime, reason: str) -> None:
    """It is set aside for a person to look at, and its lane goes on without it."""
    alerts.raise_alert(tx, kind="inbox-quarantined", subject="inbox", words=SET_ASIDE, at=at)
    _end(tx, row, state="quarantined", outcome=reason, at=at)


def again(tx: Writing, *, at: datetime) -> int:
    """What was set aside is tried once more, as after an upgrade; how many events. What cannot be read at all
    stays aside.
    """
    alerts.end_alert(tx, kind="inbox-quarantined", subject="inbox", at=at)
    return tx.do("try_events_again", unreadable=UNREADABLE)


def forget(tx: Writing, ring: KeyRing, wamid: str) -> None:
    """Forgets the body of a message at once, as the one that is being understood: a code stands in it."""
    tx.do("forget_event", event_key=ring.blind("inbox", f"message:{wamid}"))


def purge(tx: Writing, *, before: datetime) -> int:
    """Forgets the bodies of events that ended before; returns how many. Their keys stay."""
    return tx.do("purge_events", before=clock.as_text(before))


def counts(db: Reading) -> Counts:
    row = db.one("inbox_counts")
    assert row is not None
    return msgspec.convert(row, Counts)


def _end(tx: Writing, row: Waiting, *, state: str, outcome: str, at: datetime) -> None:
    done_at = clock.as_text(at)
    tx.do("finish_event", position=row.position, state=state, outcome=outcome, done_at=done_at)
