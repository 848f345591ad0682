"""What people of the house look for: a guest by name, phone, e-mail or BSUID, a stay by reference, code or
room.

Names and numbers lie sealed; they are found by blind tokens, and what was found is opened and looked at. The
words of messages are not looked through.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from edge_api import correspondence, threads
from edge_api.threads import Summary
from guestlink import contacts, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Row
from guestlink.records import Contact, Status, Stay

MOST: Final = 20
MOST_NAMED: Final = 100  # guests whose name begins alike, who are looked at
MOST_STAYS: Final = 5  # of one guest
NUMBER: Final = re.compile(r"[+\d][\d\s()./-]{2,}")
BSUID: Final = re.compile(r"[A-Z]{2}\.\w{1,128}")
SLUG: Final = re.compile(r"[a-z0-9-]+")
LAST_DIGITS: Final = 4
SOON: Final = timedelta(days=7)


class StayFound(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    property: str
    reference: str
    code: str
    unit: str
    guest: str
    from_on: date
    until_on: date
    status: Status

    def __repr__(self) -> str:
        return f"StayFound({self.id})"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The stays that are nearest to today, and conversations, that go with what was looked for."""

    stays: tuple[StayFound, ...]
    conversations: tuple[Summary, ...]


def look_for(db: Reading, ring: KeyRing, caller: str, wanted: str, *, at: datetime) -> Found:
    """What the caller reaches of it, who is in the house first; nothing for nothing."""
    text = " ".join(wanted.split())
    stays: dict[str, Stay] = {}
    talks: dict[str, None] = {}
    if text:
        for row in db.all("stays_called", caller=caller, name=text, most=MOST):
            stays[str(row["id"])] = records.shaped(row, Stay)
        for row in _in_room(db, caller, text, at.date()):
            stays[str(row["id"])] = records.shaped(row, Stay)
        for kind, token in _talk_tokens(ring, text):
            for row in db.all("conversations_found", caller=caller, kind=kind, token=token):
                talks[str(row["id"])] = None
        for contact in _guests(db, ring, caller, text)[:MOST]:
            for row in db.all("newest_stays_of_contact", contact_id=contact.id, most=MOST_STAYS):
                stays[str(row["id"])] = records.shaped(row, Stay)
            for row in db.all("conversations_of_contact", contact_id=contact.id):
                talks[str(row["id"])] = None
    nearest = sorted(stays.values(), key=lambda stay: (_distance(stay, at.date()), stay.id))[:MOST]
    return Found(
        stays=tuple(_shown(db, ring, nearest)),
        conversations=tuple(
            threads.summary(db, ring, correspondence.load(db, each)) for each in list(talks)[:MOST]
        ),
    )


def _in_room(db: Reading, caller: str, text: str, today: date) -> list[Row]:
    """Who has a room of this name, or of this number, now or soon."""
    slug = text.lower().replace(" ", "-")
    return db.all(
        "stays_in_units_called",
        caller=caller,
        name=text,
        slug=slug,
        ending=f"%-{slug}" if SLUG.fullmatch(slug) else "",
        today=str(today),
        soon=str(today + SOON),
        most=MOST,
    )


def _distance(stay: Stay, today: date) -> timedelta:
    """How far today is from the days of a stay."""
    return max(stay.from_on - today, today - stay.until_on, timedelta())


def _guests(db: Reading, ring: KeyRing, caller: str, text: str) -> list[Contact]:
    """Guests on file, each once."""
    found: dict[str, Contact] = {}
    for kind, value in _guest_tokens(text):
        token = ring.blind(kind, value)
        rows = db.all("contacts_found", caller=caller, kind=kind, token=token, token_too="", most=MOST)
        found |= {contact.id: contact for contact in records.shaped_all(rows, Contact)}
    words = contacts.name_words(text)
    if words and not NUMBER.fullmatch(text):
        found |= {contact.id: contact for contact in _named(db, ring, caller, words)}
    return list(found.values())


def _named(db: Reading, ring: KeyRing, caller: str, words: list[str]) -> Iterator[Contact]:
    """Guests with a word in their name for each of these that begins with it."""
    known = sorted({contacts.beginnings(word)[-1] for word in words}, key=len, reverse=True)
    found = {"token": ring.blind("name", known[0]), "token_too": ""}
    if len(known) > 1 and len(known[1]) >= contacts.SHORTEST_BEGINNING:
        found["token_too"] = ring.blind("name", known[1])
    rows = db.all("contacts_found", caller=caller, kind="name", most=MOST_NAMED, **found)
    for contact in records.shaped_all(rows, Contact):
        name = contacts.name_words(contacts.name_of(ring, contact))
        if all(any(part.startswith(word) for part in name) for word in words):
            yield contact


def _guest_tokens(text: str) -> Iterator[tuple[str, str]]:
    if "@" in text:
        yield "email", contacts.folded(text)
    if BSUID.fullmatch(text):
        yield "bsuid", text
    digits = contacts.phone_digits(text)
    if NUMBER.fullmatch(text) and len(digits) >= contacts.SHORTEST_NUMBER:
        yield "phone", digits
    if NUMBER.fullmatch(text) and len(digits) == LAST_DIGITS:
        yield "phone4", digits


def _talk_tokens(ring: KeyRing, text: str) -> Iterator[tuple[str, str]]:
    """Who writes to us without being on file."""
    digits = contacts.phone_digits(text)
    if NUMBER.fullmatch(text) and len(digits) >= contacts.SHORTEST_NUMBER:
        yield "wa_id", ring.blind("conversation-wa_id", digits)
    if BSUID.fullmatch(text):
        yield "bsuid", ring.blind("conversation-bsuid", text)


def _shown(db: Reading, ring: KeyRing, page: Sequence[Stay]) -> Iterator[StayFound]:
    houses = {each: records.house_by_id(db, each) for each in {stay.property_id for stay in page}}
    nights, guests = records.periods_of(db, page), records.guests_of(db, page)
    for stay in page:
        parts, known = nights[stay.id], guests[stay.id]
        yield StayFound(
            id=stay.id,
            property=houses[stay.property_id].slug,
            reference=stay.reference,
            code=stay.code,
            unit=(parts[0].title or "") if parts else "",
            guest=contacts.name_of(ring, known[0]) if known else "",
            from_on=stay.from_on,
            until_on=stay.until_on,
            status=stay.status,
        )
