"""Compiled content that both houses read: services, section titles with plain texts, and the last content
that held.

Publishing writes it in the transaction that records the pages; the edge opens no content file and no
template.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from guestlink.database import Reading, Writing
from guestlink.records import Property

LAST_CONTENT, READING = "content", "reading"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is section, service, place, notice, journey, answer, mail or content; `body` is JSON."""

    language: str
    kind: str
    key: str
    body: str


def remember(tx: Writing, house: Property, entries: Iterable[Entry]) -> None:
    """Replaces everything that is known of the property's files."""
    tx.do("forget_catalogue", property_id=house.id)
    rows = [
        {**msgspec.structs.asdict(entry), "property_id": house.id, "content_hash": _hash(entry.body)}
        for entry in entries
    ]
    if rows:
        tx.do_many("add_catalogue_row", rows)


def entries(db: Reading, house: Property) -> list[Entry]:
    return msgspec.convert(db.all("catalogue_of_property", property_id=house.id), list[Entry])


def last_content(db: Reading, house: Property) -> str | None:
    """The JSON of the newest content that had no mistakes, or None before the first publish."""
    row = db.one("catalogue_entry", property_id=house.id, language="", kind=LAST_CONTENT, key="")
    return str(row["body"]) if row else None


def content_hash(db: Reading, house: Property) -> str:
    """The hash of what `last_content` answers; empty before the first publish."""
    row = db.one("catalogue_hash", property_id=house.id)
    return str(row["content_hash"]) if row else ""


def content_hashes(db: Reading) -> dict[str, str]:
    """The same of all houses, by id; a house without content has none."""
    rows = db.all("content_hashes")
    return {row["property_id"]: row["content_hash"] for row in rows}


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:32]
