"""What the house changes about stays and guests through its API; the rules are those of stays.py.

A field that is not told stays as it is. `version` is what the caller saw: Stale when it is not the newest.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from edge_api.registers import house_of
from edge_api.shapes import Nights
from guestlink import companions, contacts, houses, journal, records, stays
from guestlink.arrivals import plain_words
from guestlink.contacts import OptIn, Person
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, Stale
from guestlink.records import Contact, Period, Property, Stay
from guestlink.stays import StayDraft

SOURCE = "api"
BY_API = "told to the house"
LONGEST = 200  # characters of a name, a reference, an address

Short = Annotated[str, msgspec.Meta(max_length=LONGEST)]
Named = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=99)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Version = Annotated[int, msgspec.Meta(ge=1)]
Parts = Annotated[list[Nights], msgspec.Meta(min_length=1, max_length=50)]


class NewGuest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Short = ""
    phone: Short = ""
    email: Short = ""

    def __repr__(self) -> str:
        return "NewGuest(hidden)"


class Agreed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How somebody agreed to be written to, and in which words."""

    how: Named
    words: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class NewStay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`uid` is the caller's own id of it; `nights` follow each other without a gap."""

    property: str
    uid: Named
    nights: Parts
    reference: Short = ""
    language: Short = ""
    adults: Count = 1
    children: Count = 0
    pets: Count = 0
    expected_arrival: Clock = ""
    amount: Amount | None = None
    check_in: Clock = ""
    check_out: Clock = ""
    party: Short = ""
    guest: NewGuest = NewGuest()


class StayChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`nights` replace all there were; an empty time is the house's own, an empty `party` none."""

    version: Version | UnsetType = UNSET
    nights: Parts | UnsetType = UNSET
    reference: Named | UnsetType = UNSET
    status: Literal["confirmed", "cancelled", "no_show"] | UnsetType = UNSET
    language: Named | UnsetType = UNSET
    adults: Count | UnsetType = UNSET
    children: Count | UnsetType = UNSET
    pets: Count | UnsetType = UNSET
    expected_arrival: Clock | UnsetType = UNSET
    amount: Amount | UnsetType | None = UNSET
    check_in: Clock | UnsetType = UNSET
    check_out: Clock | UnsetType = UNSET
    party: Short | UnsetType = UNSET


class NewCompanion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Named
    phone: Short = ""
    email: Short = ""

    def __repr__(self) -> str:
        return "NewCompanion(hidden)"


class Readiness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    is_ready: bool


class ContactChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty text takes away what was known; `opt_in` null takes back what was agreed."""

    version: Version | UnsetType = UNSET
    name: Short | UnsetType = UNSET
    phone: Short | UnsetType = UNSET
    email: Short | UnsetType = UNSET
    opt_in: Agreed | UnsetType | None = UNSET

    def __repr__(self) -> str:
        return "ContactChange(hidden)"


# -- stays -----------------------------------------------------------------------------------------
def add(
    tx: Writing, ring: KeyRing, house: Property, draft: NewStay, *, at: datetime, by: str
) -> tuple[Stay, bool]:
    """The new stay, or the one that was made with this uid before; and whether it is new."""
    uid = plain_words(draft.uid)
    if not uid:
        raise InvalidFields([("uid", "Please write something.")])
    if row := tx.one("stay_by_uid", property_id=house.id, source=SOURCE, source_uid=uid):
        return records.shaped(row, Stay), False
    told = {name: _plain(value) for name, value in _told(draft).items()}
    made = StayDraft(
        source=SOURCE,
        source_uid=uid,
        periods=_periods(tx, house, draft.nights),
        guest=Person(**{name: plain_words(value) for name, value in _told(draft.guest).items()}),
        **{name: value for name, value in told.items() if name not in {"property", "uid", "nights", "guest"}},
    )
    return stays.add_stay(tx, ring, house, made, at=at, by=by), True


def change(tx: Writing, ring: KeyRing, stay: Stay, wanted: StayChange, *, at: datetime, by: str) -> Stay:
    _check_version(wanted.version, stay.version)
    house = house_of(tx, stay.property_id)
    fields = {name: _plain(value) for name, value in _told(wanted).items()}
    fields.pop("version", None)
    nights = fields.pop("nights", None)
    new_periods = _periods(tx, house, nights) if nights else None
    if fields.get("reference", "x") == "":
        raise InvalidFields([("reference", "Please write something.")])
    why = _why(fields, has_new_nights=new_periods is not None)
    return stays.change_stay(tx, ring, house, stay, at=at, by=by, why=why, new_periods=new_periods, **fields)


def set_ready(tx: Writing, ring: KeyRing, stay: Stay, is_ready: bool, *, at: datetime, by: str) -> Stay:
    """Ready since now, unless it was before."""
    if is_ready == (stay.ready_at is not None):
        return stay
    why = "room ready" if is_ready else "room not ready"
    house, ready_at = house_of(tx, stay.property_id), at if is_ready else None
    return stays.change_stay(tx, ring, house, stay, at=at, by=by, why=why, ready_at=ready_at)


def note_links_shown(tx: Writing, stay: Stay, *, at: datetime, by: str) -> None:
    """Whoever sees a link can read the page: the journal keeps who looked."""
    event = journal.Event(kind="links-shown")
    journal.append(tx, f"stay:{stay.id}", [event], at=at, by=by, property_id=stay.property_id)


def add_companion(
    tx: Writing, ring: KeyRing, stay: Stay, told: NewCompanion, *, at: datetime, by: str
) -> Contact:
    person = Person(**{name: plain_words(value) for name, value in _told(told).items()})
    return companions.add_companion(tx, ring, stay, person, at=at, by=by)[0]


def _periods(db: Reading, house: Property, nights: list[Nights]) -> tuple[Period, ...]:
    units = {unit.slug: unit for unit in records.units(db, house)}
    wrong = [
        (f"nights.{number}.unit", "There is no such unit.")
        for number, part in enumerate(nights)
        if part.unit is not None and part.unit not in units
    ]
    if wrong:
        raise InvalidFields(wrong)
    return tuple(
        Period(
            unit_id=units[part.unit].id if part.unit else None,
            unit=part.unit,
            from_on=part.from_on,
            until_on=part.until_on,
        )
        for part in nights
    )


def _why(fields: dict[str, Any], *, has_new_nights: bool) -> str:
    """The reason that the next publish tells."""
    reasons = {
        f"stay {str(fields.get('status', '')).replace('_', ' ')}": "status" in fields,
        "dates or room changed": has_new_nights,
        "check-out agreed": "check_out" in fields,
        "check-in agreed": "check_in" in fields,
    }
    return next((why for why, holds in reasons.items() if holds), "stay changed")


# -- guests ----------------------------------------------------------------------------------------
def change_guest(
    tx: Writing, ring: KeyRing, contact: Contact, wanted: ContactChange, *, at: datetime, by: str
) -> Contact:
    _check_version(wanted.version, contact.version)
    fields = _told(wanted)
    fields.pop("version", None)
    if not fields:
        return contact
    known = contacts.opened(ring, contact)
    named = {name: plain_words(value) for name, value in fields.items() if name != "opt_in"}
    person = msgspec.structs.replace(known, **named)
    if person != known:
        contact = contacts.change_contact(tx, ring, contact, person)
    if "opt_in" in fields:
        contact = _agree(tx, ring, contact, wanted.opt_in or None, at=at)
    body = {"contact": contact.id, "fields": sorted(fields)}
    house, stream = house_of(tx, contact.property_id), f"contact:{contact.id}"
    houses.changed(tx, house, "contact-changed", body, why="guest changed", at=at, by=by, stream=stream)
    return contact


def _agree(tx: Writing, ring: KeyRing, contact: Contact, agreed: Agreed | None, *, at: datetime) -> Contact:
    if agreed:
        said = OptIn(at=at, how=plain_words(agreed.how), words=plain_words(agreed.words))
        contacts.opt_in(tx, ring, contact, said)
    else:
        contacts.opt_out(tx, contact, how=BY_API)
    return contacts.load_contact(tx, contact.id)


# -- fields ----------------------------------------------------------------------------------------
def _told(said: msgspec.Struct) -> dict[str, Any]:
    """What was said, without what was not."""
    return {name: value for name, value in msgspec.structs.asdict(said).items() if value is not UNSET}


def _plain(value: Any) -> Any:
    return plain_words(value) if isinstance(value, str) else value


def _check_version(seen: int | UnsetType, now: int) -> None:
    if seen is not UNSET and seen != now:
        raise Stale(f"It is at version {now} by now, not {seen}.", hint="Load it again and repeat.")
