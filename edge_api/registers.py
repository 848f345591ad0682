"""What the house looks up: stays, guests, services, houses, as far as the caller reaches. It changes nothing.

What a caller does not reach is not there: NotFound, as for what never was.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec

from edge_api import board, deadlines, duty, history, rota, streams, tokens
from edge_api.board import Stored
from edge_api.offers import Offer
from edge_api.shapes import (
    ContactShown,
    GuestShown,
    History,
    HouseRequest,
    HouseRequests,
    Links,
    LinkShown,
    Nights,
    People,
    PersonShown,
    Properties,
    PropertyShown,
    Services,
    ServiceShown,
    Stays,
    StayShown,
    UnitShown,
)
from guestlink import companions, contacts, links, records, stays
from guestlink.crypto import KeyRing, PageSeal, guide_code_shown
from guestlink.database import Reading
from guestlink.errors import InvalidInput, NotFound
from guestlink.records import Contact, Phase, Property, Stay

ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CURSOR: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.([0-9a-f-]{36})")
MOST: Final = 100


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which stays: an empty field wants all. `named` is a reference, stay code, id or unit."""

    property: str = ""
    on: date | None = None
    from_on: date | None = None
    until_on: date | None = None
    phase: Phase | Literal[""] = ""
    named: str = ""
    after: str = ""
    most: int = MOST


# -- requests --------------------------------------------------------------------------------------
def request_of(db: Reading, caller: str, request_id: str) -> Stored:
    known = ID.fullmatch(request_id) and db.one("request_in_reach", caller=caller, id=request_id)
    stored = board.by_id(db, request_id) if known else None
    if stored is None:
        raise NotFound("There is no such request.")
    return stored


def requests(
    db: Reading,
    ring: KeyRing,
    caller: str,
    *,
    property: str = "",  # noqa: A002 - as the query calls it
    state: str = "",
    stay_id: str = "",
    before: str = "",
    most: int = MOST,
) -> HouseRequests:
    rows = db.all(
        "requests_in_reach",
        caller=caller,
        property=property,
        state=state,
        stay_id=stay_id,
        before=before,
        most=most + 1,
    )
    found = [request_shown(db, ring, request_of(db, caller, str(row["id"]))) for row in rows[:most]]
    return HouseRequests(requests=tuple(found), next=found[-1].id if len(rows) > most else None)


def request_shown(db: Reading, ring: KeyRing, stored: Stored) -> HouseRequest:
    house = house_of(db, stored.property_id)
    line = board.line(db, ring, house, stored)
    told = {name: getattr(line, name) for name in HouseRequest.__struct_fields__ if hasattr(line, name)}
    by = streams.load(db, stored.id)[0].by
    told |= {"by": by if db.one("user_by_id", id=by) else "", "who": history.who(db, ring, by)}
    told["due_at"] = deadlines.due_at(db, house, stored)
    more = {name: getattr(stored, name) for name in HouseRequest.__struct_fields__ if name not in told}
    return HouseRequest(**more, **told)


def history_of(db: Reading, ring: KeyRing, stored: Stored) -> History:
    return History(history=tuple(history.of_request(db, ring, stored)))


# -- stays -----------------------------------------------------------------------------------------
def stay_of(db: Reading, caller: str, stay_id: str) -> Stay:
    row = db.one("stay_in_reach", caller=caller, id=stay_id) if ID.fullmatch(stay_id) else None
    if row is None:
        raise NotFound("There is no such stay.")
    return records.shaped(row, Stay)


def stays_wanted(db: Reading, ring: KeyRing, caller: str, wanted: Wanted, *, at: datetime) -> Stays:
    """The phase is a matter of the clock: it is looked at here, after the page was cut."""
    cursor = CURSOR.fullmatch(wanted.after)
    if wanted.after and not cursor:
        raise InvalidInput("`after` is not what a page before this one gave.", hint="Leave it out.")
    where = {
        "caller": caller,
        "property": wanted.property,
        "ends_from": str(wanted.on or wanted.from_on or ""),
        "begins_until": str(wanted.on or wanted.until_on or date.max),
        "after_on": cursor[1] if cursor else "",
        "after_id": cursor[2] if cursor else "",
    }
    if wanted.named:
        rows = db.all("named_stays_in_reach", named=wanted.named, most=wanted.most + 1, **where)
    else:
        rows = db.all("stays_in_reach", most=wanted.most + 1, **where)
    page = records.shaped_all(rows[: wanted.most], Stay)
    shown = stays_shown(db, ring, page, at=at)
    last = f"{page[-1].from_on}.{page[-1].id}" if len(rows) > wanted.most else None
    return Stays(stays=tuple(stay for stay in shown if wanted.phase in {"", stay.phase}), next=last)


def stay_shown(db: Reading, ring: KeyRing, stay: Stay, *, at: datetime) -> StayShown:
    return stays_shown(db, ring, [stay], at=at)[0]


def stays_shown(db: Reading, ring: KeyRing, page: Sequence[Stay], *, at: datetime) -> list[StayShown]:
    """Many stays in as few looks as one; of their guests only the names are opened."""
    houses = {each: house_of(db, each) for each in {stay.property_id for stay in page}}
    nights, guests = records.periods_of(db, page), records.guests_of(db, page)
    return [
        _stay(
            stay,
            houses[stay.property_id],
            at=at,
            party=_party(db, stay),
            nights=tuple(
                Nights(unit=part.unit, from_on=part.from_on, until_on=part.until_on)
                for part in nights[stay.id]
            ),
            guests=tuple(
                GuestShown(contact_id=guest.id, role=guest.role, name=contacts.name_of(ring, guest))
                for guest in guests[stay.id]
            ),
        )
        for stay in page
    ]


def _stay(stay: Stay, house: Property, *, at: datetime, **more: Any) -> StayShown:
    told = {name: getattr(stay, name) for name in StayShown.__struct_fields__ if hasattr(stay, name)}
    return StayShown(
        **told,
        property=house.slug,
        currency=house.currency,
        uid=stay.source_uid,
        phase=records.phase(stay, house, at),
        **more,
    )


def companion_of(db: Reading, stay: Stay, contact_id: str) -> Contact:
    """A companion of the stay; NotFound for its booker, too."""
    found = [each for each in companions.of_stay(db, stay) if each.id == contact_id]
    if not found:
        raise NotFound("There is no such companion.")
    return found[0]


def _party(db: Reading, stay: Stay) -> str:
    row = db.one("party_by_id", id=stay.party_id) if stay.party_id else None
    return str(row["reference"]) if row else ""


def links_of(db: Reading, ring: KeyRing, stay: Stay, *, public_url: str) -> Links:
    """Each guest's newest link, the booker's first."""
    current = {link.contact_id: link for link in records.stay_links(db, stay) if link.replaced_at is None}
    found = []
    for guest in records.contacts(db, stay):
        if link := current.get(guest.id):
            key = stays.open_page_key(ring, guest, link)
            found.append(
                LinkShown(
                    contact_id=guest.id,
                    role=guest.role,
                    link=links.gate_link(public_url, link.slug, key),
                    guide_code=guide_code_shown(PageSeal(key).guide_code),
                )
            )
    return Links(links=tuple(found))


# -- guests ----------------------------------------------------------------------------------------
def contact_of(db: Reading, caller: str, contact_id: str) -> Contact:
    row = db.one("contact_in_reach", caller=caller, id=contact_id) if ID.fullmatch(contact_id) else None
    if row is None:
        raise NotFound("There is no such contact.")
    return records.shaped(row, Contact)


def contact_shown(db: Reading, ring: KeyRing, contact: Contact) -> ContactShown:
    person = contacts.opened(ring, contact)
    key = ring.guest_key(contact.wrapped, contact.id)
    words = contact.opted_in_words
    return ContactShown(
        id=contact.id,
        property=house_of(db, contact.property_id).slug,
        name=person.name,
        phone=person.phone,
        email=person.email,
        opted_in_at=contact.opted_in_at,
        opted_in_how=contact.opted_in_how,
        opted_in_words=key.open(words, "contacts", "opted_in_words", row=contact.id) if words else "",
        version=contact.version,
    )


# -- houses and services ---------------------------------------------------------------------------
def properties(db: Reading, caller: str) -> Properties:
    return Properties(properties=tuple(_property(db, house) for house in tokens.houses(db, caller)))


def property_named(db: Reading, caller: str, slug: str) -> Property:
    found = [house for house in tokens.houses(db, caller) if house.slug == slug]
    if not found:
        raise NotFound("There is no such property.")
    return found[0]


def property_shown(db: Reading, caller: str, slug: str) -> PropertyShown:
    return _property(db, property_named(db, caller, slug))


def people(db: Reading, ring: KeyRing, caller: str, *, at: datetime) -> People:
    """Who runs the houses that the caller reaches, without those who left."""
    return People(
        people=tuple(
            PersonShown(
                id=member.user.id,
                property=house.slug,
                name=duty.opened(ring, member.user).name,
                role=member.role,
                is_on_duty=rota.is_on(member, at=at, zone=house.zone),
            )
            for house in tokens.houses(db, caller)
            for member in duty.members(db, house)
        )
    )


def services(
    db: Reading,
    caller: str,
    *,
    property: str = "",  # noqa: A002 - as the query calls it
    language: str = "",
) -> Services:
    """What the catalogue offers, from the last publish; never from files."""
    rows = db.all("services_in_reach", caller=caller, property=property, language=language)
    return Services(
        services=tuple(
            ServiceShown(property=row["property"], service=msgspec.json.decode(row["body"], type=Offer))
            for row in rows
        )
    )


def house_of(db: Reading, property_id: str) -> Property:
    row = db.one("property_by_id", id=property_id)
    assert row is not None
    return records.shaped(row, Property)


def _property(db: Reading, house: Property) -> PropertyShown:
    told = {name: getattr(house, name) for name in PropertyShown.__struct_fields__ if hasattr(house, name)}
    rooms = tuple(UnitShown(slug=unit.slug, title=unit.title) for unit in records.units(db, house))
    return PropertyShown(**told, units=rooms)
