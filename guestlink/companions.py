"""Companions: more people of a stay, each with a link and pages of their own that call them by their name.

They read what the booker reads, the codes included. Every verb works inside the caller's transaction and
leaves an event and a rebuild behind.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from guestlink import clock, records
from guestlink.contacts import (
    Person,
    add_contact,
    change_contact,
    find_returning,
    folded,
    load_contact,
    merged,
    opened,
)
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, Refused
from guestlink.houses import changed
from guestlink.records import TAKEN, Contact, Link, Stay
from guestlink.stays import add_link

MOST: Final = 20
COMPANION: Final = "companion"


def of_stay(db: Reading, stay: Stay) -> list[Contact]:
    return [contact for contact in records.contacts(db, stay) if contact.role == COMPANION]


def add_companion(
    tx: Writing, ring: KeyRing, stay: Stay, person: Person, *, at: datetime, by: str
) -> tuple[Contact, Link]:
    """One more person of the stay, with a link. Refused when they belong to it already, when there are MOST
    of them, when the stay is cancelled.
    """
    tx.all("lock_stay", id=stay.id)
    if records.stay_by_id(tx, stay.id).status not in TAKEN:
        raise Refused(f"The stay {stay.reference} is cancelled.", hint="Confirm it again first.")
    person = _named(person)
    if len(of_stay(tx, stay)) >= MOST:
        raise Refused(f"A stay has at most {MOST} companions.", hint="Take somebody off first.")
    house = records.house_by_id(tx, stay.property_id)
    contact = find_returning(tx, ring, house, person)
    _check_new(tx, ring, stay, person, known=contact)
    is_known = contact is not None
    if contact is None:
        contact = add_contact(tx, ring, house, person=person, at=at)
    elif (fuller := merged(person, known := opened(ring, contact))) != known:
        contact = change_contact(tx, ring, contact, fuller)
    tx.do("join_stay", stay_id=stay.id, contact_id=contact.id, role=COMPANION)
    before = [link.generation for link in records.stay_links(tx, stay) if link.contact_id == contact.id]
    link = add_link(tx, ring, stay.id, contact, generation=max(before, default=0) + 1, at=at)
    body = {"contact": contact.id, "link": link.id}
    why = "companion added"
    _changed(tx, stay, kind="companion-added", body=body, why=why, at=at, by=by, wide=is_known)
    return msgspec.structs.replace(load_contact(tx, contact.id), role=COMPANION), link


def change_companion(
    tx: Writing, ring: KeyRing, stay: Stay, companion: Contact, *, person: Person, at: datetime, by: str
) -> Contact:
    """Another name, number or address of somebody; what is not told is kept, and so is the link."""
    known = opened(ring, companion)
    fuller = _named(merged(known, person))
    if fuller == known:
        return companion
    if folded(fuller.name) != folded(known.name):
        _check_new(tx, ring, stay, fuller)
    after = change_contact(tx, ring, companion, fuller)
    body = {"contact": companion.id, "fields": ["name", "phone", "email"]}
    stream = f"contact:{companion.id}"
    house = records.house_by_id(tx, stay.property_id)
    changed(tx, house, "contact-changed", body, why="companion changed", at=at, by=by, stream=stream)
    return after


def remove_companion(tx: Writing, stay: Stay, companion: Contact, *, at: datetime, by: str) -> None:
    """Takes somebody off the stay: their pages go, their link says that it was replaced. What they asked for
    and wrote is kept. Refused for who booked.
    """
    tx.all("lock_stay", id=stay.id)
    if not tx.do("leave_stay", stay_id=stay.id, contact_id=companion.id, role=COMPANION):
        raise Refused("Only a companion can be taken off a stay.", hint="Cancel the stay instead.")
    for link in records.stay_links(tx, stay):
        if link.contact_id == companion.id:
            tx.do("replace_link", id=link.id, replaced_at=clock.as_text(at))
    body = {"contact": companion.id}
    _changed(tx, stay, kind="companion-removed", body=body, why="companion taken off", at=at, by=by)


# -- rules -----------------------------------------------------------------------------------------
def _named(person: Person) -> Person:
    name = " ".join(person.name.split())
    if not name:
        raise InvalidInput("A companion needs a name.", hint="Their page calls them by it.")
    return msgspec.structs.replace(person, name=name)


def _check_new(
    db: Reading, ring: KeyRing, stay: Stay, person: Person, *, known: Contact | None = None
) -> None:
    """Refused for somebody who is there: the same contact, or another one of the same name."""
    for contact in records.contacts(db, stay):
        is_same = known is not None and known.id == contact.id
        if is_same or folded(opened(ring, contact).name) == folded(person.name):
            raise Refused(
                "Somebody of this name belongs to the stay already.", hint="Write the name in another way."
            )


def _changed(
    tx: Writing,
    stay: Stay,
    *,
    kind: str,
    body: Mapping[str, object],
    why: str,
    at: datetime,
    by: str,
    wide: bool = False,
) -> None:
    house, only = records.house_by_id(tx, stay.property_id), "" if wide else stay.id
    changed(tx, house, kind, body, why=why, at=at, by=by, stream=f"stay:{stay.id}", stay_id=only)
