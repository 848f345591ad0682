"""Contacts: who a stay belongs to. Everything that names a person is sealed under that person's own key.

It never shows a person to anybody: `opened` gives the words to whoever composes a page or a list.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from guestlink import clock
from guestlink.crypto import ColumnKey, KeyRing
from guestlink.database import Reading, Writing
from guestlink.records import Contact, Guest, Property, shaped, shaped_all

FIELDS = ("name", "phone", "wa_id", "bsuid", "email")
SHORTEST_NUMBER: Final = 7  # digits
LAST_GIVEN_FIRST: Final = 0x10FF  # scripts after Georgian: Hangul, kana, Han write the family name first
SHORTEST_NAME: Final = 2
SHORTEST_BEGINNING, LONGEST_BEGINNING = 3, 6  # letters of a name by which it is found
LAST_LETTERS: Final = 0x2E7F  # scripts after it write a word with one or two signs
TITLES: Final = frozenset("mr mrs ms miss dr prof herr frau m mme sig sr sra".split())


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A contact in clear; empty text means unknown. Phones are E.164 or only the last digits."""

    name: str = ""
    phone: str = ""
    wa_id: str = ""
    bsuid: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "Person(hidden)"


class OptIn(msgspec.Struct, frozen=True, kw_only=True):
    """When, how and in which words somebody agreed to be written to."""

    at: datetime
    how: str
    words: str = ""


def add_contact(
    tx: Writing, ring: KeyRing, house: Property, *, person: Person, at: datetime, opt_in: OptIn | None = None
) -> Contact:
    """A new contact with a data key of its own; a person without a name still becomes one."""
    contact_id = clock.new_id()
    key, wrapped = ring.new_guest_key(contact_id)
    tx.do(
        "add_contact",
        id=contact_id,
        property_id=house.id,
        **_sealed(key, contact_id, person),
        opted_in_at=clock.as_text(opt_in.at) if opt_in else None,
        opted_in_how=opt_in.how if opt_in else "",
        opted_in_words=_words(key, contact_id, opt_in),
        made_at=clock.as_text(at),
    )
    tx.do("add_guest_key", contact_id=contact_id, wrapped=wrapped)
    _remember_tokens(tx, ring, person, property_id=house.id, contact_id=contact_id)
    return load_contact(tx, contact_id)


def change_contact(tx: Writing, ring: KeyRing, contact: Contact, person: Person) -> Contact:
    """Replaces what is known of a person; the contact's version grows, so their pages follow."""
    key = ring.guest_key(contact.wrapped, contact.id)
    tx.do("change_contact", id=contact.id, **_sealed(key, contact.id, person))
    tx.do("forget_tokens", contact_id=contact.id)
    _remember_tokens(tx, ring, person, property_id=contact.property_id, contact_id=contact.id)
    tx.do("try_addresses_again", contact_id=contact.id)
    return load_contact(tx, contact.id)


def opt_in(tx: Writing, ring: KeyRing, contact: Contact, agreed: OptIn) -> None:
    """Records when, how and in which words somebody agreed to be written to."""
    key = ring.guest_key(contact.wrapped, contact.id)
    tx.do(
        "opt_in_contact",
        id=contact.id,
        opted_in_at=clock.as_text(agreed.at),
        opted_in_how=agreed.how,
        opted_in_words=_words(key, contact.id, agreed),
    )


def opt_out(tx: Writing, contact: Contact, *, how: str) -> None:
    """Records that somebody took back what they agreed to, and how; the words of then are gone."""
    tx.do("opt_in_contact", id=contact.id, opted_in_at=None, opted_in_how=how, opted_in_words=None)


def load_contact(db: Reading, contact_id: str) -> Contact:
    row = db.one("contact_by_id", id=contact_id)
    assert row is not None
    return shaped(row, Contact)


def opened(ring: KeyRing, contact: Contact) -> Person:
    key = ring.guest_key(contact.wrapped, contact.id)
    return Person(
        **{
            name: key.open(sealed, "contacts", name, row=contact.id)
            for name in FIELDS
            if (sealed := getattr(contact, name)) is not None
        }
    )


def name_of(ring: KeyRing, contact: Contact | Guest) -> str:
    """What somebody is called, without opening the rest; nothing when that is not known."""
    if contact.name is None:
        return ""
    return ring.guest_key(contact.wrapped, contact.id).open(contact.name, "contacts", "name", row=contact.id)


def find_returning(db: Reading, ring: KeyRing, house: Property, person: Person) -> Contact | None:
    """The contact that is surely the same person: an address in common and the same name.

    Without a name on either side e-mail and phone must both agree: an agency's address serves many guests.
    """
    found: dict[str, tuple[Contact, int]] = {}
    for kind, value in _tokens(person):
        if kind == "phone4":
            continue
        rows = db.all("contacts_by_token", property_id=house.id, kind=kind, token=ring.blind(kind, value))
        for contact in shaped_all(rows, Contact):
            found[contact.id] = contact, found.get(contact.id, (contact, 0))[1] + 1
    for contact, agreeing in found.values():
        known = opened(ring, contact).name
        named = bool(known and person.name)
        if folded(known) == folded(person.name) if named else agreeing == len(("e-mail", "phone")):
            return contact
    return None


def merged(known: Person, told: Person) -> Person:
    """What is known, replaced by whatever is told that is not empty."""
    return Person(**{name: getattr(told, name) or getattr(known, name) for name in FIELDS})


def folded(text: str) -> str:
    """A name or address as it is compared: case, spaces and the way that accents are written do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def phone_digits(text: str) -> str:
    """The digits of a phone number; `+44 7700 900123`, `0044…` and `+44 (0)…` are the same number."""
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    return digits.removeprefix("00")


def dialled(phone: str) -> str:
    """A phone as it is called from anywhere, digits only; nothing when only its last digits are known."""
    digits = phone_digits(phone)
    return digits if len(digits) >= SHORTEST_NUMBER and phone.strip().startswith(("+", "00")) else ""


def name_words(name: str) -> list[str]:
    """The words of a name as they are looked for: without case and accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return re.findall(r"\w+", "".join(char for char in plain if not unicodedata.combining(char)))


def beginnings(word: str) -> list[str]:
    """The first three to six letters of a word; of one that is shorter or is not written in letters, all."""
    shortest = 1 if ord(word[0]) > LAST_LETTERS else min(SHORTEST_BEGINNING, len(word))
    return [word[:length] for length in range(shortest, min(LONGEST_BEGINNING, len(word)) + 1)]


def index_names(tx: Writing, ring: KeyRing, *, most: int) -> int:
    """Makes contacts findable by name that were written before that was so; how many there were."""
    rows = tx.all("contacts_without_names", most=most)
    for contact in shaped_all(rows, Contact):
        told = {"property_id": contact.property_id, "contact_id": contact.id}
        tx.do_many("add_token", _name_rows(ring, opened(ring, contact), **told))
    return len(rows)


def given_name(name: str) -> str:
    """What a host calls a guest: `Ana` of `Ana Marques` and of `Marques, Ana`.

    A name that begins with a title or an initial, or in a script that puts the family first, is left whole.
    """
    _, comma, given = name.partition(",")
    words = (given if comma and given.strip() else name).split()
    first = words[0] if words else ""
    family_first = any(ord(letter) > LAST_GIVEN_FIRST for letter in first)
    if family_first or len(first) < SHORTEST_NAME or "." in first or first.casefold() in TITLES:
        return name
    return first


def _sealed(key: ColumnKey, contact_id: str, person: Person) -> dict[str, bytes | None]:
    return {
        name: key.seal(value, "contacts", name, row=contact_id) if (value := getattr(person, name)) else None
        for name in FIELDS
    }


def _words(key: ColumnKey, contact_id: str, opt_in: OptIn | None) -> bytes | None:
    """In which words somebody agreed: sealed, since they may say anything."""
    words = opt_in.words if opt_in else ""
    return key.seal(words, "contacts", "opted_in_words", row=contact_id) if words else None


def _remember_tokens(
    tx: Writing, ring: KeyRing, person: Person, *, property_id: str, contact_id: str
) -> None:
    rows = [
        {"contact_id": contact_id, "property_id": property_id, "kind": kind, "token": ring.blind(kind, value)}
        for kind, value in _tokens(person)
    ]
    tx.do_many("add_token", rows + _name_rows(ring, person, property_id=property_id, contact_id=contact_id))


def _name_rows(ring: KeyRing, person: Person, *, property_id: str, contact_id: str) -> list[dict[str, str]]:
    """How a name is found by its beginnings; the empty one says that this was done."""
    parts = sorted({"", *(part for word in name_words(person.name) for part in beginnings(word))})
    return [
        {
            "contact_id": contact_id,
            "property_id": property_id,
            "kind": "name",
            "token": ring.blind("name", part),
        }
        for part in parts
    ]


def _tokens(person: Person) -> Iterable[tuple[str, str]]:
    digits = phone_digits(person.phone)
    if person.email:
        yield "email", folded(person.email)
    dialled = {each for each in (digits, phone_digits(person.wa_id)) if len(each) >= SHORTEST_NUMBER}
    for number in sorted(dialled):  # WhatsApp writes some countries' numbers in its own way
        yield "phone", number
    if person.bsuid:
        yield "bsuid", person.bsuid
    if len(digits) >= 4:
        yield "phone4", digits[-4:]
