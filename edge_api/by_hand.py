"""What people decide about messages that could not be sent or may not have arrived; what a stay has cost."""

from datetime import datetime

import msgspec

from edge_api.outbox import CODE, Unsent, unsent
from guestlink import alerts, clock
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound, Refused


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one category that were sent for a stay; `unpriced` of them have no known price."""

    category: str
    currency: str
    messages: int
    price: int
    unpriced: int


def find(db: Reading, ending: str) -> Unsent:
    """The message that could not be sent or is in doubt, by its id or the last characters of it."""
    known = [*unsent(db, "dead"), *unsent(db, "in_doubt")]
    found = [each for each in known if ending and each.id.endswith(ending.lower())]
    if not found:
        mend = "`publish.py messages` lists what could not be sent."
        raise NotFound(f"There is no such message {ending!r}.", hint=mend)
    if len(found) > 1:
        raise Refused(f"{len(found)} messages end with {ending!r}.", hint="Give more of its last characters.")
    return found[0]


def retry(tx: Writing, message_id: str, *, at: datetime) -> bool:
    """Sends again what is dead or in doubt, because somebody says so; False when it is neither."""
    moved = tx.do("send_by_hand", id=message_id)
    tx.all("announce_events")
    _end_alarms(tx, at)
    return bool(moved)


def give_up(tx: Writing, message_id: str, *, at: datetime) -> bool:
    """It is not sent any more and not listed any more; False when it was sent or is being sent."""
    dropped = tx.do("drop_message", id=message_id, at=clock.as_text(at))
    _end_alarms(tx, at)
    return bool(dropped)


def _end_alarms(tx: Writing, at: datetime) -> None:
    """What was wrong with messages is over when none of them lies there any more."""
    left = {f"{CODE}{each.code}" for each in unsent(tx, "dead")}
    for alert in alerts.open_alerts(tx, ""):
        if alert.subject.startswith(CODE) and alert.subject not in left:
            alerts.end_alert(tx, kind=alert.kind, subject=alert.subject, at=at)


def spent(db: Reading, stay_id: str) -> list[Spent]:
    """How many messages a stay has cost, and how much, by category."""
    return msgspec.convert(db.all("spent_on_stay", stay_id=stay_id), list[Spent], strict=False)
