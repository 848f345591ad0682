"""Read models of requests: as their guest sees them, and as the house does. It changes nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from edge_api.offers import Offer, said
from edge_api.requests import OPEN, State
from guestlink import clock, records
from guestlink.contacts import opened
from guestlink.crypto import ColumnKey, KeyRing
from guestlink.database import Reading, Row
from guestlink.errors import NotFound, Refused
from guestlink.language import fallback_order
from guestlink.records import Property


class Words(msgspec.Struct, frozen=True):
    """What a guest wrote, as it lies under the seal: values by field, the same in words, and the note."""

    fields: dict[str, str] = {}
    said: tuple[tuple[str, str], ...] = ()
    note: str = ""

    def __repr__(self) -> str:
        return "Words(hidden)"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the read model. `wrapped` is the contact's key, gone when the contact was erased."""

    id: str
    property_id: str
    stay_id: str
    contact_id: str
    unit_id: str | None
    service: str
    title: str
    secret: str
    language: str
    state: State
    urgent: int
    price: int | None
    per: str
    currency: str
    words: bytes | None
    reply: bytes | None
    assigned_to: str
    asked_body: str
    asked_at: datetime
    changed_at: datetime
    version: int
    wrapped: bytes | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A request as its guest sees it, and as the API answers it."""

    id: str
    service: str
    title: str
    state: State
    version: int
    asked_at: datetime
    changed_at: datetime
    fields: dict[str, str]
    said: tuple[tuple[str, str], ...]
    note: str
    secret: str
    reason: str
    price: int | None
    per: str
    currency: str
    urgent: bool
    can_cancel: bool

    def __repr__(self) -> str:
        return f"Shown({self.id}, {self.state})"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the house sees it, in the house's language."""

    id: str
    property: str
    state: State
    urgent: bool
    unit: str
    guest: str
    stay: str
    what: str
    said: tuple[tuple[str, str], ...]
    note: str
    reason: str
    asked_at: datetime
    changed_at: datetime
    assigned_to: str
    changes: str
    version: int


def shown(ring: KeyRing, row: Row | Stored) -> Shown:
    stored = row if isinstance(row, Stored) else records.shaped(row, Stored)
    words = opened_words(ring, stored)
    return Shown(
        id=stored.id,
        service=stored.service,
        title=stored.title,
        state=stored.state,
        version=stored.version,
        asked_at=stored.asked_at,
        changed_at=stored.changed_at,
        fields=words.fields,
        said=(*words.said, *((("", words.note),) if words.note else ())),
        note=words.note,
        secret=stored.secret,
        reason=opened_reply(ring, stored),
        price=stored.price,
        per=stored.per,
        currency=stored.currency,
        urgent=bool(stored.urgent),
        can_cancel=stored.state in OPEN,
    )


def of_stay(db: Reading, ring: KeyRing, stay_id: str) -> list[Shown]:
    """All requests of a stay, newest first."""
    return [shown(ring, row) for row in db.all("requests_of_stay", stay_id=stay_id)]


def of_house(
    db: Reading, ring: KeyRing, house: Property, *, at: datetime, closed: timedelta = timedelta()
) -> list[Line]:
    """What waits, the urgent first, then the oldest; with `closed`, also what ended within that time."""
    since = clock.as_text(at - closed)
    rows = db.all("requests_of_property", property_id=house.id, since=since)
    return [line(db, ring, house, records.shaped(row, Stored)) for row in rows]


def line(db: Reading, ring: KeyRing, house: Property, stored: Stored) -> Line:
    words = opened_words(ring, stored)
    versions = offers(db, house, stored.service) if stored.service else {}
    tag = original(house, versions) if versions else ""
    stay = records.find_stay(db, stored.stay_id)
    units = {unit.id: unit.title for unit in records.units(db, house)}
    guests = {guest.id: guest for guest in records.contacts(db, stay)}
    guest = guests.get(stored.contact_id)
    return Line(
        id=stored.id,
        property=house.slug,
        state=stored.state,
        urgent=bool(stored.urgent),
        unit=units.get(stored.unit_id or "", ""),
        guest=opened(ring, guest).name if guest else "",
        stay=stay.reference,
        what=versions[tag].title if versions else stored.title or _unnamed(stored),
        said=said(versions[tag], versions[tag], words.fields) if versions else words.said,
        note=words.note,
        reason=opened_reply(ring, stored),
        asked_at=stored.asked_at,
        changed_at=stored.changed_at,
        assigned_to=stored.assigned_to,
        changes=versions[tag].changes if versions else "",
        version=stored.version,
    )


def find(db: Reading, name: str) -> Stored:
    """The request with this id, or the only one whose id ends so."""
    short = name.lower()
    is_plain = len(short) >= 4 and set(short) <= set("0123456789abcdef-")
    rows = db.all("requests_named", name=short, pattern=f"%{short}") if is_plain else []
    if len(rows) > 1:
        raise Refused(f"{len(rows)} requests end with {name!r}.", hint="Give more of the id.")
    stored = by_id(db, str(rows[0]["id"])) if rows else None
    if stored is None:
        mend = "`publish.py requests` lists the open ones."
        raise NotFound(f"There is no request {name!r}.", hint=mend)
    return stored


def by_id(db: Reading, request_id: str) -> Stored | None:
    row = db.one("request_by_id", id=request_id)
    return records.shaped(row, Stored) if row else None


# -- services --------------------------------------------------------------------------------------
def offers(db: Reading, house: Property, key: str) -> dict[str, Offer]:
    """A service by language, empty when there is none; from the catalogue, never from files."""
    rows = db.all("catalogue_of_service", property_id=house.id, key=key)
    return {str(row["language"]): msgspec.json.decode(row["body"], type=Offer) for row in rows}


def original(house: Property, versions: Mapping[str, Offer]) -> str:
    """The language whose words are kept: the property's own, else the first there is."""
    return worded_for(house.default_language, house, versions)


def worded_for(language: str, house: Property, languages: Iterable[str]) -> str:
    return fallback_order(language, house.default_language, tuple(languages))[0]


# -- seals -----------------------------------------------------------------------------------------
def opened_words(ring: KeyRing, stored: Stored) -> Words:
    text = _opened(ring, stored, "words")
    return msgspec.json.decode(text, type=Words) if text else Words()


def opened_reply(ring: KeyRing, stored: Stored) -> str:
    return _opened(ring, stored, "reply")


def sealed(key: ColumnKey, text: str, column: str, *, request_id: str) -> bytes:
    return key.seal(text, "requests", column, row=request_id) if text else b""


def _opened(ring: KeyRing, stored: Stored, column: str) -> str:
    value: bytes | None = getattr(stored, column)
    if not value or stored.wrapped is None:
        return ""
    key = ring.guest_key(stored.wrapped, stored.contact_id)
    return key.open(value, "requests", column, row=stored.id)


def _unnamed(stored: Stored) -> str:
    return f"{stored.secret} does not work" if stored.secret else "anything else"
