"""Verbs that change a stay: add, change, cancel, renew its link. The rules about overlaps live here and
nowhere else.

Every verb works inside the caller's transaction and leaves a version, an event and a rebuild behind.
"""

import secrets as randomness
from datetime import date, datetime
from typing import Any

import msgspec

from guestlink import clock, consents, links
from guestlink.contacts import OptIn, Person, add_contact, change_contact, find_returning, merged, opened
from guestlink.crypto import GUIDE_ALPHABET, KeyRing, PageSeal
from guestlink.database import Row, Writing
from guestlink.errors import InvalidInput, Refused, Stale
from guestlink.houses import changed, checked_language, checked_time
from guestlink.records import (
    TAKEN,
    Contact,
    Guest,
    Link,
    Period,
    Property,
    Status,
    Stay,
    contacts,
    periods,
    shaped,
    stay_links,
    touching,
)

LONGEST_STAY_DAYS = 730
FIRST_YEAR, LAST_YEAR = 1990, 2199


class StayDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A stay as a host or an import tells it. `party` is the reference that rooms of one booking share."""

    source: str
    source_uid: str
    reference: str = ""
    language: str = ""
    adults: int = 1
    children: int = 0
    pets: int = 0
    expected_arrival: str = ""
    amount: int | None = None
    check_in: str = ""
    check_out: str = ""
    status: Status = "confirmed"
    party: str = ""
    imported: str = ""
    periods: tuple[Period, ...]
    guest: Person = Person()
    opt_in: OptIn | None = None


def add_stay(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    draft: StayDraft,
    *,
    at: datetime,
    by: str,
    bulk: bool = False,
) -> Stay:
    """A new stay with its guest and first link. Refused when a unit is taken; nothing is written then.

    With `bulk`, one rebuild of the whole property is asked for instead of one for each stay.
    """
    _checked(draft.periods, draft)
    uid: dict[str, str] = {"source": draft.source, "source_uid": draft.source_uid}
    if tx.one("stay_by_uid", property_id=house.id, **uid):
        mend = "`publish.py stay set` changes it."
        raise Refused(f"The stay {draft.source_uid!r} of {draft.source} exists.", hint=mend)
    name = draft.reference or draft.source_uid
    _free_units(tx, draft.periods, stay_id="", name=name, status=draft.status)
    contact = find_returning(tx, ring, house, draft.guest)
    stay_id = clock.new_id()
    tx.do(
        "add_stay",
        id=stay_id,
        property_id=house.id,
        code=_new_code(tx),
        party_id=_party(tx, house, draft.party),
        from_on=draft.periods[0].from_on.isoformat(),
        until_on=draft.periods[-1].until_on.isoformat(),
        made_at=clock.as_text(at),
        **_plain(draft, house),
    )
    _write_periods(tx, stay_id, draft.periods)
    is_fuller = False
    if contact is None:
        contact = add_contact(tx, ring, house, person=draft.guest, at=at, opt_in=draft.opt_in)
    else:
        known = opened(ring, contact)
        is_fuller = merged(draft.guest, known) != known
        contact = change_contact(tx, ring, contact, merged(draft.guest, known)) if is_fuller else contact
        if draft.opt_in and not consents.has_taken_back(contact):
            consents.agree(tx, ring, contact, draft.opt_in, at=at, by=by, stay_id=stay_id)
    tx.do("join_stay", stay_id=stay_id, contact_id=contact.id, role="booker")
    link = add_link(tx, ring, stay_id, contact, generation=1, at=at)
    stay = load_stay(tx, stay_id)
    body = {"source": draft.source, "contact": contact.id, "link": link.id, "status": stay.status}
    wide = bulk or is_fuller or _is_shared(tx, stay)
    _changed(tx, house, stay, kind="stay-added", body=body, why="stay added", at=at, by=by, bulk=wide)
    return stay


def change_stay(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    stay: Stay,
    *,
    at: datetime,
    by: str,
    why: str = "stay changed",
    new_periods: tuple[Period, ...] | None = None,
    guest: Person | None = None,
    party: str | None = None,
    bulk: bool = False,
    **fields: Any,
) -> Stay:
    """Changes fields, periods or the guest's name of a stay; the link goes on. Equal values change nothing.

    Fields are those of Stay: reference, status, language, adults, children, pets, expected_arrival, amount,
    check_in, check_out, ready_at, imported. Stale when `stay` is not the newest version.
    """
    after = msgspec.structs.replace(stay, **fields)
    wanted = new_periods or periods(tx, stay)
    _checked(wanted, after)
    after = msgspec.structs.replace(after, from_on=wanted[0].from_on, until_on=wanted[-1].until_on)
    if new_periods or (after.status in TAKEN and stay.status not in TAKEN):
        _free_units(tx, wanted, stay_id=stay.id, name=after.reference, status=after.status)
    moved = new_periods is not None and _shape(wanted) != _shape(periods(tx, stay))
    renamed = guest is not None and _rename(tx, ring, stay, guest)
    if party is not None:
        after = msgspec.structs.replace(after, party_id=_party(tx, house, party))
    if after == stay and not moved and not renamed:
        return stay
    if moved:
        tx.do("forget_periods", stay_id=stay.id)
        _write_periods(tx, stay.id, wanted)
    _write(tx, after)
    names = [*fields, *(["party_id"] if party is not None else [])]
    told = {name: str(getattr(after, name)) for name in names if getattr(after, name) != getattr(stay, name)}
    body: dict[str, object] = {**told, "moved": moved, "renamed": renamed}
    dated = (after.status, after.from_on, after.until_on) != (stay.status, stay.from_on, stay.until_on)
    wide = bulk or renamed or (dated and _is_shared(tx, stay))
    _changed(tx, house, stay, kind="stay-changed", body=body, why=why, at=at, by=by, bulk=wide)
    return load_stay(tx, stay.id)


def renew_link(tx: Writing, ring: KeyRing, house: Property, link: Link, *, at: datetime, by: str) -> Link:
    """A new slug and key for the same guest; the old link's gate says that it was replaced."""
    if not tx.do("replace_link", id=link.id, replaced_at=clock.as_text(at)):
        raise Stale("This link was replaced a moment ago.", hint="Run the command again.")
    stay = load_stay(tx, link.stay_id)
    contact = next(contact for contact in contacts(tx, stay) if contact.id == link.contact_id)
    fresh = add_link(tx, ring, stay.id, contact, generation=link.generation + 1, at=at)
    body: dict[str, object] = {"link": fresh.id, "replaces": link.id}
    _changed(tx, house, stay, kind="link-replaced", body=body, why="link renewed", at=at, by=by)
    return fresh


def add_link(
    tx: Writing, ring: KeyRing, stay_id: str, contact: Contact, *, generation: int, at: datetime
) -> Link:
    """One more link of a stay, with a slug and a key of its own; it asks for no rebuild."""
    link_id, key = clock.new_id(), links.new_page_key()
    guest_key = ring.guest_key(contact.wrapped, contact.id)
    tx.do(
        "add_link",
        id=link_id,
        stay_id=stay_id,
        contact_id=contact.id,
        slug=links.new_slug(),
        generation=generation,
        page_key=guest_key.seal(key.hex(), "links", "page_key", row=link_id),
        guide_token=ring.blind("guide", PageSeal(key).guide_code),
        made_at=clock.as_text(at),
    )
    return next(link for link in stay_links(tx, load_stay(tx, stay_id)) if link.id == link_id)


def open_page_key(ring: KeyRing, contact: Contact | Guest, link: Link) -> bytes:
    """K of a link: 16 bytes."""
    return bytes.fromhex(
        ring.guest_key(contact.wrapped, contact.id).open(link.page_key, "links", "page_key", row=link.id)
    )


def load_stay(tx: Writing, stay_id: str) -> Stay:
    row = tx.one("stay_by_id", id=stay_id)
    assert row is not None
    return shaped(row, Stay)


# -- rules -----------------------------------------------------------------------------------------
def _checked(wanted: tuple[Period, ...], stay: StayDraft | Stay) -> None:
    _checked_dates(wanted)
    _checked_people(stay)


def _checked_dates(wanted: tuple[Period, ...]) -> None:
    if not wanted:
        raise InvalidInput("The stay has no dates.", hint="Give an arrival and a departure.")
    for period in wanted:
        if period.until_on <= period.from_on:
            when = f"{period.until_on} is not after {period.from_on}"
            raise InvalidInput(f"The departure {when}.", hint="A stay has at least one night.")
    if not FIRST_YEAR <= wanted[0].from_on.year <= wanted[-1].until_on.year <= LAST_YEAR:
        raise InvalidInput(
            f"The dates are not between {FIRST_YEAR} and {LAST_YEAR}.", hint="Check the years."
        )
    if not touching(wanted):
        raise InvalidInput(
            "The stay's periods do not follow each other.", hint="Each begins on the day the last ends."
        )
    if (wanted[-1].until_on - wanted[0].from_on).days > LONGEST_STAY_DAYS:
        raise InvalidInput("The stay is longer than two years.", hint="Check the dates.")


def _checked_people(stay: StayDraft | Stay) -> None:
    if min(stay.adults, stay.children, stay.pets) < 0 or max(stay.adults, stay.children, stay.pets) > 99:
        raise InvalidInput("The number of people is not between 0 and 99.")
    for name in ("check_in", "check_out", "expected_arrival"):
        if getattr(stay, name):
            checked_time(getattr(stay, name), name)
    if stay.language:
        checked_language(stay.language)


def _free_units(tx: Writing, wanted: tuple[Period, ...], *, stay_id: str, name: str, status: Status) -> None:
    """Refused when another stay has a unit on one of the nights; whoever changes periods locks the units'
    rows.
    """
    if status not in TAKEN:
        return
    for unit_id in sorted({period.unit_id for period in wanted if period.unit_id}):
        tx.all("lock_unit", id=unit_id)
    for period in wanted:
        if period.unit_id is None:
            continue
        dates: dict[str, str] = {
            "from_on": period.from_on.isoformat(),
            "until_on": period.until_on.isoformat(),
        }
        taken = tx.one("overlapping_stay", unit_id=period.unit_id, stay_id=stay_id, **dates)
        if taken:
            raise overlap(period, taken, wanted_by=name)


def overlap(period: Period, taken: Row, *, wanted_by: str) -> Refused:
    """The refusal of a period whose unit another stay has; it names both stays by their references."""
    return Refused(
        f"{period.unit or 'The unit'} is taken from {taken['from_on']} until {taken['until_on']} "
        f"by {taken['reference']}, so {wanted_by} cannot have it.",
        hint="Change or cancel one of the two stays, or give another unit.",
    )


def _is_shared(tx: Writing, stay: Stay) -> bool:
    """True when its guests have other stays, whose pages may tell that they come again."""
    return any(len(tx.all("stays_of_contact", contact_id=guest.id)) > 1 for guest in contacts(tx, stay))


def _shape(wanted: tuple[Period, ...]) -> list[tuple[str | None, date, date]]:
    return [(period.unit_id, period.from_on, period.until_on) for period in wanted]


# -- rows ------------------------------------------------------------------------------------------
def _plain(draft: StayDraft, house: Property) -> dict[str, Any]:
    return {
        "source": draft.source,
        "source_uid": draft.source_uid,
        "reference": draft.reference or draft.source_uid,
        "status": draft.status,
        "language": draft.language or house.default_language,
        "adults": draft.adults,
        "children": draft.children,
        "pets": draft.pets,
        "expected_arrival": draft.expected_arrival,
        "amount": draft.amount,
        "check_in": draft.check_in,
        "check_out": draft.check_out,
        "imported": draft.imported,
    }


def _write(tx: Writing, stay: Stay) -> None:
    row = msgspec.structs.asdict(stay)
    for name in ("property_id", "source", "source_uid", "code"):
        row.pop(name)
    row["ready_at"] = clock.as_text(stay.ready_at) if stay.ready_at else None
    row["from_on"], row["until_on"] = stay.from_on.isoformat(), stay.until_on.isoformat()
    if not tx.do("change_stay", **row):
        raise Stale("The stay was changed by somebody else.", hint="Load it again and repeat.")


def _write_periods(tx: Writing, stay_id: str, wanted: tuple[Period, ...]) -> None:
    for period in wanted:
        tx.do(
            "add_period",
            id=clock.new_id(),
            stay_id=stay_id,
            unit_id=period.unit_id,
            from_on=period.from_on.isoformat(),
            until_on=period.until_on.isoformat(),
        )


def _party(tx: Writing, house: Property, reference: str) -> str | None:
    if not reference:
        return None
    tx.do("add_party", id=clock.new_id(), property_id=house.id, reference=reference)
    row = tx.one("party_by_reference", property_id=house.id, reference=reference)
    assert row is not None
    return str(row["id"])


def _rename(tx: Writing, ring: KeyRing, stay: Stay, guest: Person) -> bool:
    """Takes over what is newly known of the booker; a name that is not told is kept."""
    booker = next(contact for contact in contacts(tx, stay) if contact.role == "booker")
    known = opened(ring, booker)
    fuller = merged(known, guest)
    if fuller == known:
        return False
    change_contact(tx, ring, booker, fuller)
    return True


def _new_code(tx: Writing) -> str:
    """A stay code that nobody has: six characters that cannot be misread, letters and digits among them, so
    that it is no word and no number when a guest sends it alone.
    """
    while True:
        code = "".join(randomness.choice(GUIDE_ALPHABET) for _ in range(6)).upper()
        is_mixed = not code.isalpha() and not code.isdecimal()
        if is_mixed and not tx.one("code_taken", code=code):
            return code


def _changed(
    tx: Writing,
    house: Property,
    stay: Stay,
    *,
    kind: str,
    body: dict[str, Any],
    why: str,
    at: datetime,
    by: str,
    bulk: bool = False,
) -> None:
    only = "" if bulk else stay.id
    changed(tx, house, kind, body, why=why, at=at, by=by, stream=f"stay:{stay.id}", stay_id=only)
