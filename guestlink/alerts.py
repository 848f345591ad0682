"""What waits for a person: alerts, each raised once while it is open, and messages that got stuck.

It tells nobody; `publish.py status` and whoever looks after the house read it. Words name no guest.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from guestlink import clock
from guestlink.database import Reading, Writing

Kind = Literal[
    "nobody-on-duty",
    "nobody-answers",
    "whatsapp-configuration",
    "account-stopped",
    "mail-configuration",
    "template-rejected",
    "template-missing",
    "conversation-waiting",
    "inbox-quarantined",
    "feed-failing",
    "feed-lost-stays",
    "feed-left-out",
]
KEPT = timedelta(days=90)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `subject` is an id or name, `words` are for the host; no slug: of no house."""

    id: str
    property_id: str
    kind: Kind
    subject: str
    words: str
    raised_at: datetime
    slug: str | None = None


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """Events that came in and messages that are to go out, by what became of them."""

    inbox_waiting: int = 0
    inbox_quarantined: int = 0
    outbox_waiting: int = 0
    outbox_in_doubt: int = 0
    outbox_dead: int = 0


def raise_alert(
    tx: Writing, *, property_id: str = "", kind: Kind, subject: str, words: str, at: datetime
) -> bool:
    """Raises an alert; False when the same one is open already, which then keeps its words and its time."""
    raised = tx.do(
        "raise_alert",
        id=clock.new_id(),
        property_id=property_id,
        kind=kind,
        subject=subject,
        words=words,
        raised_at=clock.as_text(at),
    )
    return bool(raised)


def end_alert(tx: Writing, *, property_id: str = "", kind: Kind, subject: str, at: datetime) -> bool:
    """Ends an alert; False when none was open. Ended ones are kept for 90 days."""
    ended = tx.do(
        "end_alert", property_id=property_id, kind=kind, subject=subject, ended_at=clock.as_text(at)
    )
    if ended:
        tx.do("forget_alerts", before=clock.as_text(at - KEPT))
    return bool(ended)


def end_all(tx: Writing, *, kind: Kind, at: datetime) -> int:
    """Ends every alert of a kind; how many there were."""
    return tx.do("end_alerts_of_kind", kind=kind, ended_at=clock.as_text(at))


def open_alerts(db: Reading, property_id: str | None = None) -> list[Alert]:
    """All that is open, oldest first: of one house, of none (`""`), or of everything."""
    if property_id is None:
        return msgspec.convert(db.all("open_alerts"), list[Alert])
    return msgspec.convert(db.all("open_alerts_of_property", property_id=property_id), list[Alert])


def backlog(db: Reading) -> Backlog:
    counts = {f"inbox_{row['state']}": int(row["events"]) for row in db.all("inbox_backlog")}
    counts |= {f"outbox_{row['state']}": int(row["messages"]) for row in db.all("outbox_backlog")}
    return Backlog(**counts)
