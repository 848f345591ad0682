"""What one shift leaves for the next: one note for each house, sealed; the journal keeps who wrote it."""

from datetime import datetime
from typing import Final

import msgspec

from edge_api import history, tokens
from guestlink import clock, journal
from guestlink.arrivals import plain_words
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields
from guestlink.records import Property

LONGEST: Final = 2000


class ShiftNote(msgspec.Struct, frozen=True, kw_only=True):
    property: str
    words: str
    by: str
    at: datetime
    version: int

    def __repr__(self) -> str:
        return f"ShiftNote({self.property})"


def of_caller(db: Reading, ring: KeyRing, caller: str) -> tuple[ShiftNote, ...]:
    """The notes of the houses that somebody reaches; an empty one is none."""
    found = (of_house(db, ring, house) for house in tokens.houses(db, caller))
    return tuple(note for note in found if note and note.words)


def of_house(db: Reading, ring: KeyRing, house: Property) -> ShiftNote | None:
    row = db.one("shift_note", property_id=house.id)
    if row is None:
        return None
    return ShiftNote(
        property=house.slug,
        words=ring.open(row["words"], "shift_notes", "words", row=house.id),
        by=history.who(db, ring, row["by_user"]),
        at=clock.from_text(row["at"]),
        version=row["version"],
    )


def write(tx: Writing, ring: KeyRing, house: Property, words: str, *, at: datetime, by: str) -> None:
    """Replaces the note; no words take it away."""
    plain = plain_words(words)
    if len(plain) > LONGEST:
        raise InvalidFields([("words", f"A note has at most {LONGEST} characters.")])
    sealed = ring.seal(plain, "shift_notes", "words", row=house.id)
    tx.do("put_shift_note", property_id=house.id, words=sealed, by_user=by, at=clock.as_text(at))
    event = journal.Event(kind="shift-note-written")
    journal.append(tx, f"property:{house.id}", [event], at=at, by=by, property_id=house.id)
