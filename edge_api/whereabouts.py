"""Which stay somebody writes about: by the number on file, by the booking word in the text, by what the
conversation was about before. It binds nothing and never shows a link.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from edge_api.correspondence import Conversation
from edge_api.messages import Sender
from guestlink import contacts, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import TAKEN, Contact, Phase, Property, Stay, phase

CURRENT: Final[frozenset[Phase]] = frozenset({"arriving", "in_house", "departing"})


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A stay of somebody who is on file with it."""

    stay: Stay
    house: Property
    contact: Contact
    phase: Phase


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known: `found` is the stay; `several` when it may be any of these; `claimed` is the stay of a
    booking word that came from a number which is not on file; `house` is known by a poster's word alone.
    """

    found: Found | None = None
    several: tuple[Found, ...] = ()
    claimed: Stay | None = None
    house: Property | None = None


def find(
    db: Reading,
    ring: KeyRing,
    talk: Conversation,
    sender: Sender,
    *,
    stay_code: str = "",
    house_slug: str = "",
    at: datetime,
) -> Whereabouts:
    """Where a person is, of all properties that are reached by this number."""
    houses = {
        house.id: house for house in records.properties(db) if house.phone_number_id in {"", talk.number_id}
    }
    mine = [
        Found(stay=stay, house=houses[stay.property_id], contact=contact, phase=now)
        for contact in _people(db, ring, talk, sender=sender, houses=houses)
        for stay in _stays(db, contact)
        if stay.property_id in houses and (now := phase(stay, houses[stay.property_id], at)) != "expired"
    ]
    coded = _by_code(db, stay_code)
    house = next((each for each in houses.values() if each.slug == house_slug), None)
    if coded:
        known = next((each for each in mine if each.stay.id == coded.id), None)
        if known:
            return Whereabouts(found=known, house=known.house)
        return Whereabouts(claimed=coded, house=houses.get(coded.property_id))
    return _chosen(mine, talk, house)


def _chosen(mine: list[Found], talk: Conversation, house: Property | None) -> Whereabouts:
    if house:
        mine = [each for each in mine if each.house.id == house.id]
    for phases in (CURRENT, {"booked"}, {"departed"}):
        fitting = [each for each in mine if each.phase in phases]
        before = [each for each in fitting if each.stay.id == talk.stay_id]
        if before or len(fitting) == 1:
            found = (before or fitting)[0]
            return Whereabouts(found=found, house=found.house)
        if fitting and phases is CURRENT:
            return Whereabouts(several=tuple(sorted(fitting, key=_order)), house=house or fitting[0].house)
        if fitting:
            order = min if phases == {"booked"} else max
            found = order(fitting, key=_order)
            return Whereabouts(found=found, house=found.house)
    return Whereabouts(house=house)


def _order(found: Found) -> tuple[str, str]:
    return found.stay.from_on.isoformat(), found.stay.id


def _people(
    db: Reading, ring: KeyRing, talk: Conversation, *, sender: Sender, houses: Iterable[str]
) -> list[Contact]:
    """Everybody on file with this number or user id; who was confirmed by staff before, first."""
    people: dict[str, Contact] = {}
    row = db.one("contact_by_id", id=talk.contact_id) if talk.contact_id else None
    if row:
        known = records.shaped(row, Contact)
        people[known.id] = known
    digits = contacts.phone_digits(sender.wa_id)
    for kind, value in (("phone", digits), ("bsuid", sender.user_id)):
        for house_id in houses if value else ():
            rows = db.all("contacts_by_token", property_id=house_id, kind=kind, token=ring.blind(kind, value))
            people |= {each.id: each for each in records.shaped_all(rows, Contact)}
    return list(people.values())


def _stays(db: Reading, contact: Contact) -> list[Stay]:
    rows = [
        db.one("stay_by_id", id=row["stay_id"]) for row in db.all("stays_of_contact", contact_id=contact.id)
    ]
    stays = [records.shaped(row, Stay) for row in rows if row]
    return [stay for stay in stays if stay.status in TAKEN]


def _by_code(db: Reading, code: str) -> Stay | None:
    row = db.one("stay_by_code", code=code) if code else None
    stay = records.shaped(row, Stay) if row else None
    return stay if stay and stay.status in TAKEN else None
