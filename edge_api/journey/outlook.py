"""A stay's messages as people of the house see them, and what they decide about one: not at all, or now."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from edge_api.journey import known, ledger, plans, texts
from edge_api.journey.known import Guest
from edge_api.journey.plans import Row, State
from edge_api.journey.sayings import AT_ANY_HOUR, CODES_CHANGED, COMPANION_LINK, NOTICE, REACHED
from edge_api.journey.texts import Book, Shelf
from edge_api.messages import Sender
from edge_api.prices import Prices
from guestlink import contacts, reach, records
from guestlink.contacts import Person
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound, Refused
from guestlink.language import N_
from guestlink.reach import Channel
from guestlink.records import Stay

HELD: Final = N_("Somebody of the house stopped it.")
ARRIVED: Final = frozenset({"delivered", "read", "played"})
BY_ITSELF: Final = {
    CODES_CHANGED: N_("A code has changed"),
    COMPANION_LINK.partition(":")[0]: N_("A page of their own"),
    NOTICE: N_("Notice"),
}


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `channel` is whatsapp, email or print: the one it went by, or would go by today; `outcome`
    is its state in the outbox; `price` is in millionths of `currency`, None when unknown or not sent.
    """

    key: str
    subject: str
    contact_id: str
    state: State
    due_at: datetime | None
    ends_at: datetime | None
    channel: str
    outcome: str
    receipt: str
    reason: str
    price: int | None
    currency: str
    by: str


class Lamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a look needs: the keys, the texts, the channels that are set up, the price list."""

    ring: KeyRing
    shelf: Shelf
    speaks: Collection[Channel]
    prices: Prices


def of_stay(db: Reading, lamp: Lamp, stay: Stay) -> list[MessageShown]:
    """All messages of a stay, in order of their moments."""
    house = records.house_by_id(db, stay.property_id)
    book = lamp.shelf.book(db, house)
    outcomes = {str(row["id"]): row for row in db.all("journey_outcomes", stay_id=stay.id)}
    guests: dict[str, Guest | None] = {}
    found = []
    for row in ledger.of_stay(db, stay.id):
        if row.contact_id not in guests:
            guests[row.contact_id] = known.guest(db, book, stay.id, contact_id=row.contact_id, secrets=())
        outcome = outcomes.get(row.message_id or "", {})
        channel, price = row.channel, outcome.get("price")
        guest = guests[row.contact_id]
        if row.state == "planned" and guest:
            channel, price = _likely(db, lamp, book, row=row, guest=guest)
        found.append(
            MessageShown(
                key=row.key,
                subject=_subject(book, row, stay, guest),
                contact_id=row.contact_id,
                state=row.state,
                due_at=row.due_at,
                ends_at=row.ends_at,
                channel=channel,
                outcome=str(outcome.get("state", "")),
                receipt=str(outcome.get("receipt", "")),
                reason=str(outcome.get("reason") or row.reason),
                price=price,
                currency=str(outcome.get("currency") or lamp.prices.currency),
                by=row.by_user,
            )
        )
    return found


def _subject(book: Book, row: Row, stay: Stay, guest: Guest | None) -> str:
    if not row.is_of_file:
        return BY_ITSELF.get(row.key.partition(":")[0], row.key)
    text = book.text(row.key, stay.language)
    if text and guest:
        return texts.filled(text, book, guest.facts, periods=guest.periods).subject
    return text.subject if text else row.key


def _likely(db: Reading, lamp: Lamp, book: Book, *, row: Row, guest: Guest) -> tuple[str, int | None]:
    """The channel that a planned message would go by if it went now, and its price."""
    person = contacts.opened(lamp.ring, guest.contact)
    text = book.text(row.key, guest.stay.language) if row.is_of_file else None
    now = reach.known(db, person, contact_id=guest.contact.id, opted_in=guest.contact.opted_in_at is not None)
    for channel in text.channels if text else REACHED:
        if channel not in row.tried.split() and not reach.obstacle(
            channel,
            now,
            source=guest.stay.source,
            off_platform=book.content.off_platform,
            speaks=lamp.speaks,
        ):
            return channel, price_of(lamp.prices, channel, person)
    return "", None


def price_of(prices: Prices, channel: Channel, person: Person) -> int | None:
    """What one message costs by a channel, in millionths; by WhatsApp, as a template."""
    if channel == "print":
        return 0
    if channel == "email":
        return prices.price("email", Sender()) or 0
    return prices.price(
        "utility", Sender(wa_id=person.wa_id or contacts.dialled(person.phone), user_id=person.bsuid)
    )


# -- by hand -------------------------------------------------------------------------------------------
def hold(tx: Writing, stay: Stay, key: str, *, at: datetime, by: str) -> None:
    """It is not sent, to nobody who has not got it yet. Refused when it has left already."""
    stopped = [
        ledger.settle(tx, row, state="stopped", reason=HELD, at=at, by=by)
        for row in _rows(tx, stay, key)
        if row.state != "sent"
    ]
    if not any(stopped):
        raise Refused(f"{key!r} was sent already.", hint="`publish.py journey STAY` tells when.")


def hasten(tx: Writing, stay: Stay, key: str, *, at: datetime, by: str) -> None:
    """It is sent now to everybody who has not got it, if the rules let it. Refused when it was sent, or the
    stay is over.
    """
    waits = [row for row in _rows(tx, stay, key) if row.state != "sent"]
    if waits and stay.status not in records.TAKEN:
        raise Refused(plans.CANCELLED)
    begun = [_hasten(tx, stay, row, at=at, by=by) for row in waits]
    if not any(begun):
        raise Refused(f"{key!r} was sent already; nothing is sent twice.")


def _hasten(tx: Writing, stay: Stay, row: Row, *, at: datetime, by: str) -> bool:
    ends_at = row.ends_at if row.ends_at and row.ends_at > at else None
    why = "" if row.is_of_file else AT_ANY_HOUR
    want = plans.Wanted(key=row.key, state="planned", due_at=at, ends_at=ends_at, reason=why)
    return ledger.write(tx, stay, contact_id=row.contact_id, want=want, at=at, row_id=row.id, by=by)


def _rows(db: Reading, stay: Stay, key: str) -> list[Row]:
    found = [row for row in ledger.of_stay(db, stay.id) if row.key == key]
    if not found:
        keys = ", ".join(dict.fromkeys(row.key for row in ledger.of_stay(db, stay.id))) or "none"
        raise NotFound(f"{stay.reference or stay.code} has no message {key!r}.", hint=f"There are: {keys}.")
    return found
