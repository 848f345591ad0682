"""Which stay somebody writes about: by the number on file, by the booking word in the text, by what the
conversation was about before. It binds nothing and never shows a link.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from edge_api import correspondence
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
    `mine` are all stays of the number. `is_shared`: it is on file for several people, as an agency's is, and
    nothing says whose stay this is about. `is_on_file`: we know the number, if not its stay.
    """

    found: Found | None = None
    several: tuple[Found, ...] = ()
    claimed: Stay | None = None
    house: Property | None = None
    mine: tuple[Found, ...] = ()
    is_shared: bool = False
    is_on_file: bool = False


def find(
    db: Reading,
    ring: KeyRing,
    talk: Conversation,
    *,
    stay_code: str = "",
    house_slug: str = "",
    at: datetime,
) -> Whereabouts:
    """Where a person is, of all properties that are reached by this number."""
    houses = {
        house.id: house for house in records.properties(db) if house.phone_number_id in {"", talk.number_id}
    }
    sender = correspondence.address(ring, talk)
    people = sorted(on_file(db, ring, sender, houses=houses), key=lambda each: each.id != talk.contact_id)
    by_stay: dict[str, Found] = {}
    for contact in people:
        for stay in _stays(db, contact):
            at_home = houses.get(stay.property_id)
            if at_home and (now := phase(stay, at_home, at)) != "expired":
                by_stay.setdefault(stay.id, Found(stay=stay, house=at_home, contact=contact, phase=now))
    mine = list(by_stay.values())
    coded = _by_code(db, stay_code)
    coded_at = houses.get(coded.property_id) if coded else None
    house = next((each for each in houses.values() if each.slug == house_slug), None)
    where = _chosen(ring, mine, talk, house)
    if coded and coded_at and phase(coded, coded_at, at) != "expired":
        known = by_stay.get(coded.id)
        claimed = None if known else coded
        where = Whereabouts(found=known, claimed=claimed, house=coded_at)
    return msgspec.structs.replace(where, mine=tuple(mine), is_on_file=bool(people))


def _chosen(ring: KeyRing, mine: list[Found], talk: Conversation, house: Property | None) -> Whereabouts:
    if house:
        mine = [each for each in mine if each.house.id == house.id]
    ahead = [each for each in mine if each.phase != "departed"] or mine
    if not any(each.stay.id == talk.stay_id for each in ahead) and _are_several_people(ring, ahead):
        return Whereabouts(is_shared=True, house=house or ahead[0].house)
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


def _are_several_people(ring: KeyRing, found: list[Found]) -> bool:
    """Whether these are stays of different people. Contacts of one name and number are one person, who is on
    file in several houses.
    """
    if len({each.contact.id for each in found}) < 2:
        return False
    names = [contacts.folded(contacts.opened(ring, each.contact).name) for each in found]
    return len(set(names)) > 1 or not names[0]


def on_file(db: Reading, ring: KeyRing, sender: Sender, *, houses: Iterable[str]) -> list[Contact]:
    """Everybody on file with this number or user id in these houses. Who was so before and is no more, since
    the host corrected a number, is not found.
    """
    people: dict[str, Contact] = {}
    digits, here = contacts.phone_digits(sender.wa_id), frozenset(houses)
    for kind, value in (("phone", digits), ("bsuid", sender.user_id)):
        if value:
            rows = db.all("contacts_anywhere", kind=kind, token=ring.blind(kind, value))
            known = records.shaped_all(rows, Contact)
            people |= {each.id: each for each in known if each.property_id in here}
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
