"""What is to be sent, and what became of it. The intent to send is committed before anything leaves.

waiting -> sending -> sent | in_doubt | dead; a person gives up: dropped. It never sends and opens no words.
"""

from datetime import datetime

from guestlink import clock
from guestlink.database import Writing

AT_ONCE = ""


def put(
    tx: Writing,
    message_id: str,
    conversation_id: str,
    *,
    at: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Queues an archived message. After `expires_at` it is of no use any more and is not sent."""
    tx.do(
        "put_message",
        id=message_id,
        conversation_id=conversation_id,
        not_before=clock.as_text(not_before) if not_before else AT_ONCE,
        expires_at=clock.as_text(expires_at) if expires_at else None,
        asked_at=clock.as_text(at),
    )
