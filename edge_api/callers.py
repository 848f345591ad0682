"""Who asks: a guest by their link, looked up inside the transaction, never believed. It changes nothing."""

from datetime import date, datetime

import msgspec

from edge_api.offers import Days
from guestlink import records, zones
from guestlink.database import Reading
from guestlink.errors import NotAllowed
from guestlink.records import TAKEN, Contact, Link, Period, Phase, Property, Stay, phase


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a link that holds, its stay, its house, its person; and when."""

    link: Link
    stay: Stay
    house: Property
    contact: Contact
    phase: Phase
    at: datetime

    @property
    def name(self) -> str:
        """How the journal calls them."""
        return f"guest:{self.contact.id}"

    @property
    def today(self) -> date:
        """The date on the wall of the house."""
        return zones.local_date(self.at, self.house.zone)

    @property
    def days(self) -> Days:
        """The dates they may name."""
        return Days(from_on=self.stay.from_on, until_on=self.stay.until_on, today=self.today)


def guest_of(db: Reading, link_id: str, *, at: datetime) -> Guest:
    """The guest of a link; NotAllowed alike when it was replaced, the stay is cancelled or long over."""
    row = db.one("link_by_id", id=link_id)
    link = records.shaped(row, Link) if row else None
    stay_row = db.one("stay_by_id", id=link.stay_id) if link else None
    if link is None or stay_row is None or link.replaced_at is not None:
        raise NotAllowed
    stay = records.shaped(stay_row, Stay)
    house_row = db.one("property_by_id", id=stay.property_id)
    assert house_row is not None
    house = records.shaped(house_row, Property)
    people = [person for person in records.contacts(db, stay) if person.id == link.contact_id]
    now = phase(stay, house, at)
    if stay.status not in TAKEN or now == "expired" or not people:
        raise NotAllowed
    return Guest(link=link, stay=stay, house=house, contact=people[0], phase=now, at=at)


def guest_at(db: Reading, stay_id: str, contact_id: str = "", *, at: datetime) -> Guest:
    """The guest of a stay by their contact, else its booker; NotAllowed as for a link that does not hold."""
    stay_row = db.one("stay_by_id", id=stay_id)
    if stay_row is None:
        raise NotAllowed
    stay = records.shaped(stay_row, Stay)
    people = [person.id for person in records.contacts(db, stay) if not contact_id or person.id == contact_id]
    current = [link for link in records.stay_links(db, stay) if link.replaced_at is None]
    found = [link for person in people for link in current if link.contact_id == person]
    if not found:
        raise NotAllowed
    return guest_of(db, found[0].id, at=at)


def unit_of(db: Reading, guest: Guest) -> str | None:
    """The unit where the guest is today, or will be first, or was last."""
    parts: tuple[Period, ...] = records.periods(db, guest.stay)
    ahead = [part for part in parts if part.until_on > guest.today]
    return (ahead[0] if ahead else parts[-1]).unit_id
