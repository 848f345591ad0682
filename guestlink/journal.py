"""The journal: what happened, in which order, by whom. Append-only, each row chained to the one before.

Free text in a body is sealed by the caller; the digest runs over what is stored. It never decides anything.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from guestlink import clock
from guestlink.crypto import authenticated
from guestlink.database import Reading, Row, Writing
from guestlink.errors import Stale

PAGE = 1000


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that became true. `kind` is stable kebab-case, `body` holds ids and additive fields."""

    kind: str
    body: dict[str, Any] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    stream: str
    version: int
    kind: str
    property_id: str
    by_user: str
    at: str
    body: str
    digest: str


def append(
    tx: Writing,
    stream: str,
    events: Sequence[Event],
    *,
    at: datetime,
    by: str,
    property_id: str = "",
    expected_version: int | None = None,
) -> int:
    """Adds events to a stream and returns its new version; the version is the lock.

    With `expected_version`, Stale when the stream has moved on. The lock makes positions appear in commit
    order (a sequence alone does not: a reader would skip a late one for ever).
    """
    tx.all("lock_journal")
    version = stream_version(tx, stream)
    if expected_version is not None and version != expected_version:
        raise Stale(
            f"{stream} is at version {version}, not {expected_version}.", hint="Load it again and repeat."
        )
    head = tx.one("journal_head")
    digest = str(head["digest"]) if head else ""
    for event in events:
        version += 1
        row: Row = {
            "stream": stream,
            "version": version,
            "kind": event.kind,
            "property_id": property_id,
            "by_user": by,
            "at": clock.as_text(at),
            "body": msgspec.json.encode(event.body, order="sorted").decode(),
        }
        digest = row_digest(digest, row)
        tx.do("append_event", **row, digest=digest)
    return version


def stream_version(db: Reading, stream: str) -> int:
    row = db.one("stream_version", stream=stream)
    return int(row["version"] or 0) if row else 0


def load(db: Reading, stream: str) -> list[Entry]:
    return msgspec.convert(db.all("events_of_stream", stream=stream), list[Entry])


def read_from(db: Reading, position: int) -> Iterator[Entry]:
    """Entries after a position, oldest first."""
    while rows := msgspec.convert(db.all("events_since", position=position, most=PAGE), list[Entry]):
        yield from rows
        position = rows[-1].position


def broken_at(db: Reading) -> int | None:
    """The first position whose digest does not follow from the row before, or None: the chain holds."""
    previous = ""
    for entry in read_from(db, 0):
        if entry.digest != row_digest(previous, msgspec.structs.asdict(entry)):
            return entry.position
        previous = entry.digest
    return None


def row_digest(previous: str, row: Row) -> str:
    """sha256(previous ‖ row), every part with its length before it."""
    names = ("stream", "version", "kind", "property_id", "by_user", "at", "body")
    return hashlib.sha256(authenticated(previous, *(str(row[name]) for name in names))).hexdigest()
