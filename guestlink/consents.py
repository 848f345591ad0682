"""What a guest agreed to: that the house writes to them on WhatsApp; when, how and in which words.

Whoever took it back has not agreed until they do so anew: what was told before them never brings it back.
"""

from datetime import datetime
from typing import Final

from guestlink import contacts, houses, records
from guestlink.contacts import OptIn
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from guestlink.language import N_
from guestlink.records import Contact

MAY_WRITE: Final = N_("{house} may write to me on WhatsApp about my stay.")
BY_IMPORT: Final = "import"
ON_PAGE: Final = "page"
FIRST_MESSAGE: Final = "first message"
BY_STOP: Final = "STOP"
BY_START: Final = "START"


def agree(
    tx: Writing, ring: KeyRing, contact: Contact, said: OptIn, *, at: datetime, by: str, stay_id: str = ""
) -> Contact:
    """Records that a guest agreed. What they agreed to before, and in which words, stays as it is."""
    if contact.opted_in_at is not None:
        return contact
    contacts.opt_in(tx, ring, contact, said)
    tell(tx, contact, why="guest agreed to WhatsApp", at=at, by=by, stay_id=stay_id)
    return contacts.load_contact(tx, contact.id)


def take_back(
    tx: Writing, contact: Contact, *, how: str, at: datetime, by: str, stay_id: str = ""
) -> Contact:
    """Records that a guest does not agree any more, also when they never did; `how` as in OptIn."""
    if has_taken_back(contact) or (contact.opted_in_at is None and contact.opted_in_how == how):
        return contact
    contacts.opt_out(tx, contact, how=how)
    tell(tx, contact, why="guest took WhatsApp back", at=at, by=by, stay_id=stay_id)
    return contacts.load_contact(tx, contact.id)


def has_taken_back(contact: Contact) -> bool:
    """Whether somebody said no to us: a booking or an import is no new yes. A no of an import is none."""
    return contact.opted_in_at is None and contact.opted_in_how not in {"", BY_IMPORT}


def tell(tx: Writing, contact: Contact, *, why: str, at: datetime, by: str, stay_id: str = "") -> None:
    """What every change of what somebody agreed to ends with: planning follows the event."""
    body = {"contact": contact.id, "fields": ["opt_in"]}
    house, stream = records.house_by_id(tx, contact.property_id), f"contact:{contact.id}"
    houses.changed(tx, house, "contact-changed", body, why=why, at=at, by=by, stream=stream, stay_id=stay_id)
