"""The rows of `journey`: written by planning, settled at their moment. It decides nothing."""

from datetime import datetime

import msgspec

from edge_api.journey.plans import Row, State, Wanted
from guestlink import clock, records
from guestlink.database import Reading, Writing
from guestlink.records import Stay


def of_stay(db: Reading, stay_id: str) -> list[Row]:
    """All messages of a stay in order of their moments; what waits for something, last."""
    return records.shaped_all(db.all("journey_of_stay", stay_id=stay_id), Row)


def due(tx: Writing, *, at: datetime, most: int) -> list[Row]:
    """What has come due, oldest first; on PostgreSQL what others hold is passed over."""
    return records.shaped_all(tx.all("due_journey", at=clock.as_text(at), most=most), Row)


def write(
    tx: Writing, stay: Stay, *, contact_id: str, want: Wanted, at: datetime, row_id: str = "", by: str = ""
) -> bool:
    """A message as it is planned now; one that was sent stays as it is: then False."""
    changed = tx.do(
        "plan_message",
        id=row_id or clock.new_id(),
        property_id=stay.property_id,
        stay_id=stay.id,
        contact_id=contact_id,
        key=want.key,
        state=want.state,
        due_at=clock.as_text(want.due_at) if want.due_at else "",
        ends_at=clock.as_text(want.ends_at) if want.ends_at else None,
        reason=want.reason,
        by_user=by,
        at=clock.as_text(at),
    )
    return changed > 0


def withdraw(tx: Writing, stay_id: str, *, reason: str, at: datetime) -> None:
    """What waits in the outbox does not leave, and is planned as if it had not been due yet. What has left,
    or is about to, stays as it is.
    """
    for row in of_stay(tx, stay_id):
        told = {"id": row.message_id, "reason": reason, "at": clock.as_text(at)}
        if row.state == "sent" and row.message_id and tx.do("withdraw_message", **told):
            settle(tx, row, state="planned", message_id=None, channel="", at=at)


def settle(tx: Writing, row: Row, *, state: State, at: datetime, by: str = "", **told: object) -> bool:
    """What came of a message at its moment. `told` are channel, tried, message_id, reason, due_at. False
    when another process was faster: what it has sent stays sent.
    """
    after = msgspec.structs.replace(row, state=state, by_user=by or row.by_user, **told)
    changed = tx.do(
        "settle_journey",
        id=row.id,
        before=row.state,
        state=state,
        due_at=clock.as_text(after.due_at) if after.due_at else "",
        channel=after.channel,
        tried=after.tried,
        message_id=after.message_id,
        reason=after.reason,
        by_user=after.by_user,
        decided_at=None if state == "planned" else clock.as_text(at),
        at=clock.as_text(at),
    )
    return changed > 0
