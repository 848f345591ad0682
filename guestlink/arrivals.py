"""What guests say before they come and after they left: time, people, a note, a word of their own; stars.

Their words are sealed under their own key. The verbs work inside the caller's transaction.
"""

import unicodedata
from datetime import datetime

import msgspec

from guestlink import clock
from guestlink.crypto import ColumnKey, KeyRing
from guestlink.database import Reading, Writing
from guestlink.houses import changed
from guestlink.records import Arrival, Contact, Property, Rating, Stay, shaped
from guestlink.stays import change_stay

KEPT = "\n\u200c\u200d"
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})
LONGEST_WORD = 40
LONGEST_NOTE = 1000


class ArrivalTold(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival in clear. `time` is `HH:MM` in the property's zone or empty; `word` the guest's own word."""

    time: str = ""
    adults: int = 0
    children: int = 0
    note: str = ""
    word: str = ""

    def __repr__(self) -> str:
        return "ArrivalTold(hidden)"


class RatingTold(msgspec.Struct, frozen=True, kw_only=True):
    """A rating in clear: one to five stars."""

    stars: int
    words: str = ""

    def __repr__(self) -> str:
        return "RatingTold(hidden)"


def find_arrival(db: Reading, stay: Stay) -> Arrival | None:
    row = db.one("arrival_of_stay", stay_id=stay.id)
    return shaped(row, Arrival) if row else None


def find_rating(db: Reading, stay: Stay) -> Rating | None:
    row = db.one("rating_of_stay", stay_id=stay.id)
    return shaped(row, Rating) if row else None


def open_word(ring: KeyRing, arrival: Arrival) -> str:
    """The word that the guest chose, empty when there is none."""
    return _opened(ring, arrival, "arrivals", "word")


def open_arrival(ring: KeyRing, arrival: Arrival, stay: Stay) -> ArrivalTold:
    """An arrival in clear, with the time that stands in the stay."""
    return ArrivalTold(
        time=stay.expected_arrival,
        adults=arrival.adults,
        children=arrival.children,
        note=_opened(ring, arrival, "arrivals", "note"),
        word=open_word(ring, arrival),
    )


def open_rating(ring: KeyRing, rating: Rating) -> RatingTold:
    return RatingTold(stars=rating.stars, words=_opened(ring, rating, "ratings", "words"))


def tell_arrival(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    *,
    stay: Stay,
    contact: Contact,
    told: ArrivalTold,
    at: datetime,
    by: str,
) -> Stay:
    """Keeps what a guest says of their arrival; the page is made again with it. Equal words change nothing.

    The time goes into the stay; the people stay beside those that were booked, for the host to see both.
    """
    now = find_arrival(tx, stay)
    if now and open_arrival(ring, now, stay) == told:
        return stay
    key = ring.guest_key(contact.wrapped, contact.id)
    tx.do(
        "tell_arrival",
        stay_id=stay.id,
        contact_id=contact.id,
        adults=told.adults,
        children=told.children,
        note=_sealed(key, told.note, "arrivals.note", stay),
        word=_sealed(key, told.word, "arrivals.word", stay),
        told_at=clock.as_text(at),
    )
    after = change_stay(
        tx, ring, house, stay, at=at, by=by, why="arrival time told", expected_arrival=told.time
    )
    body: dict[str, object] = {"contact": contact.id, "adults": told.adults, "children": told.children}
    changed(
        tx,
        house,
        "arrival-told",
        body | {"has_note": bool(told.note), "has_word": bool(told.word)},
        why="arrival told",
        at=at,
        by=by,
        stream=f"stay:{stay.id}",
        stay_id=stay.id,
    )
    return after


def give_rating(
    tx: Writing, ring: KeyRing, *, stay: Stay, contact: Contact, told: RatingTold, at: datetime
) -> None:
    """Keeps the guest's stars and words, the last ones given; no page shows them."""
    key = ring.guest_key(contact.wrapped, contact.id)
    tx.do(
        "give_rating",
        stay_id=stay.id,
        contact_id=contact.id,
        stars=told.stars,
        words=_sealed(key, told.words, "ratings.words", stay),
        told_at=clock.as_text(at),
    )


def plain_words(text: str) -> str:
    """What somebody typed without characters that nobody sees; lines are kept, the ends are trimmed.

    Joiners stay among others: Persian and many emoji are written with them. What is not assigned stays, too,
    since emoji may be newer than we are; noncharacters are for nobody (Unicode, 23.7).
    """
    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
        if char in KEPT or not (unicodedata.category(char) in HIDDEN or _is_noncharacter(char))
    ).strip()
    return kept if any(char not in KEPT and not char.isspace() for char in kept) else ""


def _is_noncharacter(char: str) -> bool:
    return 0xFDD0 <= ord(char) <= 0xFDEF or ord(char) & 0xFFFE == 0xFFFE


def _sealed(key: ColumnKey, text: str, place: str, stay: Stay) -> bytes | None:
    table, _, column = place.partition(".")
    return key.seal(text, table, column, row=stay.id) if text else None


def _opened(ring: KeyRing, told: Arrival | Rating, table: str, column: str) -> str:
    sealed: bytes | None = getattr(told, column)
    if sealed is None:
        return ""
    key = ring.guest_key(told.wrapped, told.contact_id)
    return key.open(sealed, table, column, row=told.stay_id)
