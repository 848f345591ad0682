"""What guests are told on WhatsApp when something becomes of their request. It writes to the outbox only.

Who never wrote to us and never agreed to be written to hears nothing: the page tells them.
"""

from datetime import date, datetime

from edge_api import board, correspondence, phrases
from edge_api.board import Stored
from edge_api.correspondence import Conversation
from edge_api.messages import GuestLinkOf, Outgoing
from edge_api.phrases import Voice
from edge_api.requests import Accepted, Cancelled, Change, Declined, Event, Reopened
from edge_api.streams import AUTOMATIC
from guestlink import contacts, language, records
from guestlink.database import Reading, Writing
from guestlink.language import Catalogue
from guestlink.records import Property, Stay


def tell(
    tx: Writing,
    voice: Voice,
    stored: Stored,
    event: Event,
    *,
    at: datetime,
    by: str,
) -> str | None:
    """Tells the guest what somebody did, in the words of their stay; the message's id, None when nobody is
    told. What guests do themselves is not told back to them.
    """
    if by.startswith("guest:") or by == AUTOMATIC:
        return None
    house, stay = records.house_by_id(tx, stored.property_id), records.stay_by_id(tx, stored.stay_id)
    talk = conversation_of(tx, voice, stay=stay, house=house, contact_id=stored.contact_id, at=at)
    said = _said(voice, stored, event, house=house, stay=stay) if talk else None
    if talk is None or said is None:
        return None
    return correspondence.say(
        tx, voice.ring, talk, said, at=at, by=by, why=_why(event), request_id=stored.id, stay_id=stay.id
    )


def talk_about(tx: Writing, voice: Voice, stored: Stored, *, at: datetime) -> Conversation | None:
    """The conversation with whoever asked for something."""
    house, stay = records.house_by_id(tx, stored.property_id), records.stay_by_id(tx, stored.stay_id)
    return conversation_of(tx, voice, stay=stay, house=house, contact_id=stored.contact_id, at=at)


def conversation_of(
    tx: Writing,
    voice: Voice,
    *,
    stay: Stay,
    house: Property,
    contact_id: str,
    at: datetime,
) -> Conversation | None:
    """Where a guest is written to: the conversation there is, or a new one with who agreed to it."""
    number_id = house.phone_number_id or voice.number_id
    if not number_id:
        return None
    contact = next((each for each in records.contacts(tx, stay) if each.id == contact_id), None)
    if contact is None:
        return None
    row = tx.one("conversation_of_contact", contact_id=contact_id)
    talk = correspondence.load(tx, str(row["id"])) if row else None
    if talk and correspondence.is_with(voice.ring, talk, contact):
        return talk
    if contact.opted_in_at is None:
        return None
    talk_or_none = correspondence.with_contact(
        tx, voice.ring, contact, number_id=number_id, at=at, language=stay.language
    )
    if talk_or_none is None or talk_or_none.contact_id != contact_id:
        return None
    return correspondence.bind(tx, voice.ring, talk_or_none, stay_id=stay.id, property_id=house.id)


def link_of(db: Reading, stay: Stay, contact_id: str) -> GuestLinkOf | None:
    """The link of a guest that nothing has replaced."""
    found = [
        each
        for each in records.stay_links(db, stay)
        if each.contact_id == contact_id and each.replaced_at is None
    ]
    return GuestLinkOf(link_id=found[-1].id) if found else None


def _said(voice: Voice, stored: Stored, event: Event, *, house: Property, stay: Stay) -> Outgoing | None:
    words = voice.words(stored.language)
    what = stored.title or words.text(phrases.YOUR_REQUEST)
    match event:
        case Accepted(change=change):
            template = voice.templates("request_confirmed", words.language, words, what=what)
            return phrases.confirmed(words, what, _changed(words, change, house), template)
        case Declined():
            reason = board.opened_reply(voice.ring, stored)
            template = voice.templates(
                "request_declined", words.language, words, what=what, reason=reason or "–"
            )
            return phrases.declined(words, what, reason, template)
        case Reopened():
            return phrases.reopened(words, what)
        case Cancelled():
            return phrases.taken_back(words, what)
    return None


def _changed(words: Catalogue, change: Change | None, house: Property) -> str:
    if change is None:
        return ""
    if change.name == "until_on":
        return phrases.until_day(words, language.format_day(date.fromisoformat(change.after), words.language))
    told = phrases.until_time if change.name == "check_out" else phrases.from_time
    return told(words, change.after)


def _why(event: Event) -> str:
    return f"{type(event).__struct_config__.tag} tells the guest"


def guest_name(db: Reading, voice: Voice, contact_id: str) -> str:
    """How staff call a guest; nothing when the guest was erased."""
    row = db.one("contact_by_id", id=contact_id)
    return contacts.opened(voice.ring, records.shaped(row, records.Contact)).name if row else ""
