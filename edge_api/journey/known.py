"""What is known of a stay's guest at one moment, for planning and for sending; read in one transaction."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from edge_api.journey.moments import Facts
from edge_api.journey.texts import Book
from guestlink import clock, records
from guestlink.database import Reading
from guestlink.records import Contact, Period, Property, Secret, Stay
from guestlink.secret_values import codes_at, windows

COMPANION = "companion"


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """One guest of a stay; `facts` are what messages go by."""

    contact: Contact
    facts: Facts
    periods: tuple[Period, ...]

    @property
    def stay(self) -> Stay:
        return self.facts.stay


def guest(
    db: Reading, book: Book, stay_id: str, *, contact_id: str = "", secrets: Sequence[Secret]
) -> Guest | None:
    """The booker, or whoever is named; None when they were erased or are not of this stay any more."""
    stay = records.stay_by_id(db, stay_id)
    people = records.contacts(db, stay)
    wanted = [each for each in people if each.id == contact_id or (not contact_id and each.role != COMPANION)]
    if not wanted:
        return None
    contact, periods = wanted[0], records.periods(db, stay)
    mine = [link for link in records.stay_links(db, stay) if link.contact_id == contact.id]
    made, before = db.one("stay_was_made", id=stay.id), str(stay.from_on)
    assert made is not None
    booked_at = clock.from_text(made["made_at"])
    facts = Facts(
        stay=stay,
        house=book.house,
        booked_at=booked_at,
        codes_at=codes_at(
            secrets, stay=stay, house=book.house, periods=periods, rules=book.rules, at=booked_at
        ),
        units=tuple(part.unit for part in periods if part.unit),
        opened=any(link.opened_on for link in mine),
        codes_seen=any(link.codes_seen_on for link in mine),
        arrival_told=db.one("arrival_of_stay", stay_id=stay.id) is not None,
        is_returning=db.one("was_here_before", contact_id=contact.id, from_on=before) is not None,
        is_second_room=_is_second_room(db, stay, contact),
    )
    return Guest(contact=contact, facts=facts, periods=periods)


def _is_second_room(db: Reading, stay: Stay, contact: Contact) -> bool:
    if stay.party_id is None:
        return False
    found = db.one("first_of_party", party_id=stay.party_id, from_on=str(stay.from_on), contact_id=contact.id)
    return found is not None and found["id"] != stay.id


def companions(db: Reading, stay: Stay) -> list[Contact]:
    return [each for each in records.contacts(db, stay) if each.role == COMPANION]


def shown_values(
    book: Book, guest: Guest, *, house: Property, secrets: Sequence[Secret], at: datetime
) -> dict[str, set[str]]:
    """Name of a secret -> ids of the values that this guest sees at an instant."""
    found = windows(secrets, stay=guest.stay, house=house, periods=guest.periods, rules=book.rules, at=at)
    shown: dict[str, set[str]] = {}
    for each in found:
        if each.is_open(at):
            shown.setdefault(each.name, set()).add(each.secret_id)
    return shown
