"""Files that guests send: fetched from Meta by id, checked, sealed and kept in the private media root.

What cannot be had, is too large or is not what it says is told on its row and not fetched again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from edge_api import codes
from edge_api.correspondence import Conversation
from edge_api.messages import Heard
from edge_api.outcomes import Fetched, NotSent, Unknown
from guestlink import clock
from guestlink.crypto import KeyRing
from guestlink.database import Database, Reading, Writing
from guestlink.errors import NotFound, Outage, Refused
from guestlink.storage import Storage

MOST_TRIES: Final = 8
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
LEASE: Final = timedelta(minutes=3)
ERASED: Final = "the guest was erased"
Fetch = Callable[[str], Fetched | NotSent | Unknown]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is to be fetched."""

    message_id: str
    contact_id: str | None
    wrapped: bytes | None
    source: bytes
    attempts: int


def take(tx: Writing, ring: KeyRing, talk: Conversation, *, message_id: str, heard: Heard) -> None:
    """Notes that a message has a file to fetch. It is sealed for whoever the conversation is with now; a
    stranger who turns out to be a guest does not change what lies there already.
    """
    if heard.media is None:
        return
    key = ring.column_key(talk.wrapped, talk.contact_id)
    name = heard.media.name
    tx.do(
        "add_media",
        message_id=message_id,
        contact_id=talk.contact_id,
        source=key.seal(heard.media.id, "media", "source", row=message_id),
        media_type=heard.media.media_type,
        name=key.seal(name, "media", "name", row=message_id) if name else None,
    )


def fetch_due(database: Database, ring: KeyRing, storage: Storage, fetch: Fetch, *, at: datetime) -> int:
    """Fetches what is due, one file after the other; how many there were. Who dies on the way leaves a lease
    that ends.
    """
    with database.read() as db:
        row = db.one("is_media_due", at=clock.as_text(at))
    if not row or not row["due"]:
        return 0
    with database.write() as tx:
        rows = tx.all("due_media", at=clock.as_text(at), most=10)
        for row in rows:
            tx.do("lease_media", message_id=row["message_id"], leased_until=clock.as_text(at + LEASE))
    for row in rows:
        waiting = msgspec.convert(row, Waiting)
        outcome = _fetched(ring, storage, fetch, waiting)
        with database.write() as tx:
            _record(tx, waiting, outcome, at=at)
    return len(rows)


def opened(db: Reading, ring: KeyRing, storage: Storage, message_id: str) -> tuple[bytes, str, str]:
    """A kept file: bytes, type and name. NotFound when there is none, or its guest was erased."""
    row = db.one("media_of_message", message_id=message_id)
    if row is None or row["state"] != "kept" or (row["contact_id"] and row["wrapped"] is None):
        raise NotFound("There is no such file.")
    key = ring.column_key(row["wrapped"], row["contact_id"])
    body = key.open_bytes(storage.get(row["path"]).body, "media", "body", row=message_id)
    name = key.open(row["name"], "media", "name", row=message_id) if row["name"] else ""
    return body, str(row["media_type"]), name


def _fetched(ring: KeyRing, storage: Storage, fetch: Fetch, waiting: Waiting) -> dict[str, Any]:
    """What to write on the row."""
    if waiting.contact_id and waiting.wrapped is None:
        return {"state": "refused", "reason": ERASED}
    key = ring.column_key(waiting.wrapped, waiting.contact_id)
    try:
        source = key.open(waiting.source, "media", "source", row=waiting.message_id)
    except Refused as error:
        return {"state": "refused", "reason": error.message}
    got = fetch(source)
    if isinstance(got, Unknown):
        return {"reason": got.reason}
    if isinstance(got, NotSent):
        is_brief = codes.action_of(got.code) in {"retry", "wait-long"}
        return {"reason": codes.words_of(got.code), **({} if is_brief else {"state": "refused"})}
    path = f"media/{waiting.message_id}"
    try:
        storage.put(path, key.seal_bytes(got.body, "media", "body", row=waiting.message_id))
    except Outage as down:
        return {"reason": down.message}
    return {"state": "kept", "path": path, "size": len(got.body), "media_type": got.media_type}


def _record(tx: Writing, waiting: Waiting, outcome: dict[str, Any], *, at: datetime) -> None:
    attempts = waiting.attempts + 1
    wait = min(FIRST_WAIT * 2**waiting.attempts, LONGEST_WAIT)
    state = outcome.get("state") or ("refused" if attempts >= MOST_TRIES else "waiting")
    tx.do(
        "record_media",
        message_id=waiting.message_id,
        state=state,
        path=outcome.get("path", ""),
        size=outcome.get("size", 0),
        media_type=outcome.get("media_type"),
        attempts=attempts,
        not_before=clock.as_text(at + wait),
        reason=outcome.get("reason", ""),
    )
