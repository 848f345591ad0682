"""The reception: one event from WhatsApp, one verb, one transaction.

It finds out who writes and about which stay, and hands guests to the concierge, staff to their phone's verbs.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import (
    archive,
    callers,
    calls,
    codes_by_phone,
    concierge,
    correspondence,
    duty,
    inbox,
    outbox,
    phrases,
    staff_phone,
    templates,
    understanding,
    whereabouts,
)
from edge_api.concierge import Talker
from edge_api.correspondence import Conversation
from edge_api.duty import User
from edge_api.messages import (
    AFTERTHOUGHTS,
    ASIDES,
    AccountChanged,
    GuestLinkOf,
    Heard,
    Incoming,
    NumberChanged,
    Outgoing,
    PreferenceChanged,
    Receipt,
    Sender,
    TemplateChanged,
)
from edge_api.phrases import Voice
from edge_api.said import Overheard
from edge_api.streams import AUTOMATIC
from edge_api.whereabouts import Found, Whereabouts
from guestlink import alerts, consents, contacts, records
from guestlink.contacts import OptIn
from guestlink.database import Reading, Writing
from guestlink.errors import NotAllowed, Refused
from guestlink.language import format_day
from guestlink.records import Contact, Property, Stay

GREETED: Final = timedelta(hours=12)  # strangers are told once in this time that we do not know them
PICK: Final = "stay"
UNREAD: Final = "the guest asked to read it"


def hear(tx: Writing, voice: Voice, event: Incoming, *, at: datetime) -> str:
    """Takes in one event; returns what happened in a few words without personal data."""
    match event:
        case Heard():
            return _heard(tx, voice, event, at=at)
        case Receipt():
            return f"receipt {event.status}: {outbox.settle(tx, voice.ring, event, at=at) or 'nothing new'}"
        case NumberChanged():
            return _number_changed(tx, voice, event, at=at)
        case PreferenceChanged():
            return _preference(tx, voice, event, at=at)
        case TemplateChanged():
            return _template(tx, event, at=at)
        case AccountChanged():
            return _account(tx, event, at=at)


# -- messages ----------------------------------------------------------------------------------------
def _heard(tx: Writing, voice: Voice, heard: Heard, *, at: datetime) -> str:
    talk = correspondence.open_with(tx, voice.ring, heard.sender, number_id=heard.number_id, at=at)
    user = duty.user_of_sender(tx, voice.ring, wa_id=heard.sender.wa_id, user_id=heard.sender.user_id)
    code = codes_by_phone.overheard(tx, voice, user, heard) if user else None
    if code:
        inbox.forget(tx, voice.ring, heard.wamid)
        heard = msgspec.structs.replace(heard, text=code.masked)
    message_id = correspondence.keep(tx, voice.ring, talk, heard, by=_who(talk, user), at=at)
    if message_id is None:
        return "known already"
    if heard.kind not in AFTERTHOUGHTS:  # what is no new message opens no window
        written = min(heard.at, at)
        talk = correspondence.mark(tx, talk, heard_at=max(talk.heard_at or written, written))
    if user:
        return _from_staff(tx, voice, talk, user, heard=heard, message_id=message_id, at=at, code=code)
    return _from_guest(tx, voice, talk, heard, message_id=message_id, at=at)


def _from_staff(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    user: User,
    *,
    heard: Heard,
    message_id: str,
    at: datetime,
    code: Overheard | None,
) -> str:
    if talk.user_id != user.id:
        talk = correspondence.bind(tx, voice.ring, talk, user_id=user.id, language=user.language)
    if heard.sender.user_id:
        duty.remember_bsuid(tx, voice.ring, user, heard.sender.user_id, at=at)
    return staff_phone.hear(tx, voice, talk, user, heard=heard, message_id=message_id, at=at, code=code)


def _from_guest(
    tx: Writing, voice: Voice, talk: Conversation, heard: Heard, *, message_id: str, at: datetime
) -> str:
    text = heard.text if not heard.choice else ""
    if text and understanding.is_stop(text):
        return _stop(tx, voice, talk, message_id=message_id, at=at)
    if talk.opted_out_at and text and understanding.is_resume(text):
        return _resume(tx, voice, talk, message_id=message_id, at=at)
    codes = understanding.named_codes(text)
    where = whereabouts.find(
        tx,
        voice.ring,
        talk,
        stay_code=codes.stay_code,
        house_slug=codes.house,
        at=at,
    )
    picked = _picked(where, heard)
    if picked:
        where = Whereabouts(found=picked, house=picked.house)
    is_asked = _is_asked_already(talk, where, at=at)
    talk = _bound(tx, voice, talk, where)
    archive.take(tx, voice.ring, talk, message_id=message_id, heard=heard)
    if heard.kind in ASIDES and not where.found:
        return "noticed"
    if where.found:
        return _known_guest(tx, voice, talk, where.found, heard=heard, message_id=message_id, at=at)
    if where.several:
        return _ask_which(tx, voice, talk, where.several, message_id=message_id, at=at)
    if where.claimed and where.house and not is_asked:
        return _claims(tx, voice, talk, where.claimed, house=where.house, message_id=message_id, at=at)
    return _stranger(tx, voice, talk, where, heard=heard, message_id=message_id, at=at)


def _known_guest(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    found: Found,
    *,
    heard: Heard,
    message_id: str,
    at: datetime,
) -> str:
    """Whoever writes first agrees to be answered: that is recorded as an opt-in, in their words. Who has said
    no is answered, too, and has still said no.
    """
    contact, by = found.contact, f"guest:{found.contact.id}"
    if talk.opted_out_at is None and not consents.has_taken_back(contact):
        said = OptIn(at=at, how=consents.FIRST_MESSAGE, words=heard.text[:200])
        consents.agree(tx, voice.ring, contact, said, at=at, by=by, stay_id=found.stay.id)
    try:
        guest = callers.guest_at(tx, found.stay.id, found.contact.id, at=at)
    except NotAllowed:
        calls.pass_on(tx, voice, talk, message_id=message_id, quote=heard.text, house=found.house, at=at)
        return "passed on: the stay has no link"
    link = GuestLinkOf(link_id=guest.link.id)
    talker = Talker(
        voice=voice,
        talk=talk,
        guest=guest,
        words=voice.words(found.stay.language),
        link=link,
        heard=heard,
        message_id=message_id,
        at=at,
    )
    if _read_out(tx, voice, talk, at=at):
        return concierge.hear_beside(tx, talker) or "read out what waited"
    if heard.choice.startswith(f"{PICK}:"):
        return concierge.read_again(tx, talker, _asked_before(tx, voice, heard))
    if understanding.named_codes(heard.text).stay_code and len(heard.text.split()) == 1:
        return concierge.welcome(tx, talker)
    return concierge.hear(tx, talker)


def _asked_before(db: Reading, voice: Voice, heard: Heard) -> str:
    """What the guest had written before we asked which stay it is about."""
    row = correspondence.message_of(db, voice.ring, heard.answers)
    before = correspondence.heard(db, voice.ring, str(row["answers"])) if row and row["answers"] else None
    return before.text if before else ""


def _read_out(tx: Writing, voice: Voice, talk: Conversation, *, at: datetime) -> bool:
    """What staff wrote while the window was closed, when a note brought the guest to write; True when there
    was anything. A yes or no to a request was told by its own template: the guest has read it.
    """
    was_any = False
    for row in tx.all("letters_unread", conversation_id=talk.id, why=UNREAD):
        letter, by = str(row["id"]), str(row["by_user"])
        said = correspondence.said(tx, voice.ring, letter)
        if said and staff_phone.is_announced(said):
            correspondence.say(tx, voice.ring, talk, said, at=at, by=by, why=UNREAD, answers=letter)
            was_any = True
    return was_any


def _picked(where: Whereabouts, heard: Heard) -> Found | None:
    """The stay of a tap on our question; the question is open for the other stays, too, and stays so."""
    verb, _, stay_id = heard.choice.partition(":")
    mine = () if where.is_shared or verb != PICK else where.mine
    return next((each for each in mine if each.stay.id == stay_id), None)


def _ask_which(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    several: tuple[Found, ...],
    *,
    message_id: str,
    at: datetime,
) -> str:
    words = voice.words(several[0].stay.language)
    rows = []
    for each in several:
        rooms = [part.title for part in records.periods(tx, each.stay) if part.title]
        day = format_day(each.stay.until_on, words.language)
        rows.append((f"{PICK}:{each.stay.id}", rooms[-1] if rooms else each.stay.reference or "?", day))
    _reply(
        tx, voice, talk, phrases.which_stay(words, rows), message_id=message_id, at=at, why="several stays"
    )
    return "asked which stay"


def _stranger(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    where: Whereabouts,
    *,
    heard: Heard,
    message_id: str,
    at: datetime,
) -> str:
    """Nobody on file, or nobody knows who of several: never a link, never a request; somebody of the house
    looks at it.
    """
    words = voice.words(_language(tx, talk, where))
    house = where.house or _house_of(tx, talk) or _only_house(tx, talk)
    if house and talk.property_id is None:
        talk = correspondence.bind(tx, voice.ring, talk, property_id=house.id)
    quote = heard.text or words.text(concierge.KINDS.get(heard.kind, concierge.SOMETHING))
    talk = calls.pass_on(tx, voice, talk, message_id=message_id, quote=quote, house=house, at=at)
    why = "a shared number" if where.is_shared else "no stay" if where.is_on_file else "an unknown number"
    if talk.greeted_at is None or at >= talk.greeted_at + GREETED:
        correspondence.mark(tx, talk, greeted_at=at)
        says = phrases.passed_on if where.is_on_file else phrases.no_stay
        said = (phrases.shared_number if where.is_shared else says)(words)
        _reply(tx, voice, talk, said, message_id=message_id, at=at, why=why)
    return f"passed on: {why}"


def _claims(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    stay: Stay,
    *,
    house: Property,
    message_id: str,
    at: datetime,
) -> str:
    """A booking word from a number that is not on file for it: somebody of the house says who it is."""
    talk = correspondence.mark(tx, talk, waiting_since=talk.waiting_since or at)
    claim = stay.reference or stay.code
    calls.ask_who(tx, voice, talk, house=house, claim=claim, message_id=message_id, at=at)
    said = phrases.asked_the_house(voice.words(stay.language))
    _reply(tx, voice, talk, said, message_id=message_id, at=at, why="a new number with a booking word")
    return "asked the house who it is"


def _is_asked_already(talk: Conversation, where: Whereabouts, *, at: datetime) -> bool:
    """Whether the house was asked a moment ago about the same booking word; before it is bound again."""
    is_same = where.claimed is not None and talk.stay_id == where.claimed.id
    return is_same and talk.alerted_at is not None and at < talk.alerted_at + calls.TOLD_AGAIN


def _bound(tx: Writing, voice: Voice, talk: Conversation, where: Whereabouts) -> Conversation:
    """The conversation as it is about this stay; a booking word alone makes nobody its guest."""
    found, claimed, house = where.found, where.claimed, where.house
    if found and (talk.contact_id, talk.stay_id) != (found.contact.id, found.stay.id):
        return correspondence.bind(
            tx,
            voice.ring,
            talk,
            contact=found.contact,
            stay_id=found.stay.id,
            property_id=found.house.id,
            language=found.stay.language,
        )
    if claimed and talk.stay_id != claimed.id:
        return correspondence.bind(
            tx,
            voice.ring,
            talk,
            stay_id=claimed.id,
            property_id=claimed.property_id,
            language=claimed.language,
        )
    if house and talk.property_id is None:
        return correspondence.bind(tx, voice.ring, talk, property_id=house.id)
    return talk


def _who(talk: Conversation, user: User | None) -> str:
    if user:
        return user.id
    return f"guest:{talk.contact_id}" if talk.contact_id else "guest:"


def _language(db: Reading, talk: Conversation, where: Whereabouts) -> str:
    if where.claimed:
        return where.claimed.language
    house = where.house or _only_house(db, talk)
    return talk.language or (house.default_language if house else "en")


def _house_of(db: Reading, talk: Conversation) -> Property | None:
    """The house that somebody named before, or whose guest they were."""
    row = db.one("property_by_id", id=talk.property_id) if talk.property_id else None
    return records.shaped(row, Property) if row else None


def _only_house(db: Reading, talk: Conversation) -> Property | None:
    """The house that is written to by this number, when there is no other."""
    houses = [each for each in records.properties(db) if each.phone_number_id in {"", talk.number_id}]
    return houses[0] if len(houses) == 1 else None


def _reply(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    said: Outgoing,
    *,
    message_id: str,
    at: datetime,
    why: str,
) -> None:
    correspondence.say(tx, voice.ring, talk, said, at=at, by=AUTOMATIC, why=why, answers=message_id)


# -- wishes about messages ---------------------------------------------------------------------------
def _stop(tx: Writing, voice: Voice, talk: Conversation, *, message_id: str, at: datetime) -> str:
    was_stopped = talk.opted_out_at is not None
    talk = _silence(tx, voice, talk, how=consents.BY_STOP, at=talk.heard_at or at)
    if was_stopped:
        return "opted out already"
    said = phrases.stopped(voice.words(talk.language or "en"))
    _reply(tx, voice, talk, said, message_id=message_id, at=at, why="opted out")
    return "opted out"


def _resume(tx: Writing, voice: Voice, talk: Conversation, *, message_id: str, at: datetime) -> str:
    heard = correspondence.heard(tx, voice.ring, message_id)
    talk = _listen(tx, voice, talk, words=heard.text if heard else "", at=at)
    said = phrases.resumed(voice.words(talk.language or "en"))
    _reply(tx, voice, talk, said, message_id=message_id, at=at, why="opted in again")
    return "opted in again"


def _preference(tx: Writing, voice: Voice, event: PreferenceChanged, *, at: datetime) -> str:
    talk = correspondence.open_with(tx, voice.ring, event.sender, number_id=event.number_id, at=at)
    if talk.user_id:
        return "somebody of the house wants no marketing: calls are none"
    if event.wants == "stop":
        _silence(tx, voice, talk, how=consents.BY_STOP, at=min(event.at, at))
        return "opted out"
    _listen(tx, voice, talk, words="", at=at)
    return "opted in again"


def _silence(tx: Writing, voice: Voice, talk: Conversation, *, how: str, at: datetime) -> Conversation:
    """Everybody who is on file with this number wants no messages any more."""
    for contact in _people(tx, voice, talk):
        consents.take_back(tx, contact, how=how, at=at, by=f"guest:{contact.id}")
    return correspondence.mark(tx, talk, opted_out_at=at)


def _listen(tx: Writing, voice: Voice, talk: Conversation, *, words: str, at: datetime) -> Conversation:
    """What a STOP took back is agreed to again, in the new words."""
    said = OptIn(at=at, how=consents.BY_START, words=words[:200])
    for contact in _people(tx, voice, talk):
        if contact.opted_in_how == consents.BY_STOP:
            consents.agree(tx, voice.ring, contact, said, at=at, by=f"guest:{contact.id}")
    return correspondence.mark(tx, talk, opted_out_at=None)


def _people(db: Reading, voice: Voice, talk: Conversation) -> list[Contact]:
    """Whose conversation it is, and who else is on file with its number, in every house."""
    sender, houses = correspondence.address(voice.ring, talk), [house.id for house in records.properties(db)]
    people = {each.id: each for each in whereabouts.on_file(db, voice.ring, sender, houses=houses)}
    if talk.contact_id and not talk.is_lost:
        people.setdefault(talk.contact_id, contacts.load_contact(db, talk.contact_id))
    return list(people.values())


def _number_changed(tx: Writing, voice: Voice, event: NumberChanged, *, at: datetime) -> str:
    """A new number goes on as the same person, and whoever gets the old one is nobody's guest. A new identity
    is mostly a new phone: the number on file counts, and the house hears of it.
    """
    talk = correspondence.find(tx, voice.ring, event.sender, number_id=event.number_id)
    if talk is None or talk.is_lost:
        return "nobody we know"
    if event.is_new_identity:
        alerts.raise_alert(
            tx,
            property_id=talk.property_id or "",
            kind="conversation-waiting",
            subject=talk.id,
            words="A guest's WhatsApp is on a new phone: make sure who it is before you send a link.",
            at=at,
        )
        return "a new identity"
    before = correspondence.address(voice.ring, talk)
    for contact in whereabouts.on_file(
        tx, voice.ring, before, houses=[house.id for house in records.properties(tx)]
    ):
        _renumber(tx, voice, contact, before=before, new=event.new)
    talk = correspondence.moved(tx, voice.ring, talk, event.new)
    user = duty.user_of_sender(tx, voice.ring, wa_id=before.wa_id, user_id=before.user_id)
    if user is None or talk.user_id != user.id or not event.new.wa_id:
        return "a new number"
    try:
        with tx.attempt():
            phone = f"+{event.new.wa_id}"
            duty.change_staff(tx, voice.ring, user, phone=phone, at=at, by=user.id)
            correspondence.bind(tx, voice.ring, talk, user_id=user.id)
    except Refused:
        return "a new number that is somebody else's of the house"
    return "a new number of somebody of the house"


def _renumber(tx: Writing, voice: Voice, contact: Contact, *, before: Sender, new: Sender) -> None:
    """Writes a guest's new number, or that it is hidden, over the old one, wherever that stood."""
    known, old = contacts.opened(voice.ring, contact), contacts.phone_digits(before.wa_id)
    is_phone = bool(old) and contacts.phone_digits(known.phone) == old
    phone = f"+{new.wa_id}" if new.wa_id else ""
    told = msgspec.structs.replace(
        known,
        phone=phone if is_phone else known.phone,
        wa_id=new.wa_id,
        bsuid=new.user_id or known.bsuid,
    )
    contacts.change_contact(tx, voice.ring, contact, told)


# -- what Meta says of itself ------------------------------------------------------------------------
def _template(tx: Writing, event: TemplateChanged, *, at: datetime) -> str:
    is_ours = templates.record_state(tx, event, at=at)
    return f"template {event.state.lower()}" if is_ours else "a template of others"


def _account(tx: Writing, event: AccountChanged, *, at: datetime) -> str:
    words = f"WhatsApp says of the account: {event.field}, {event.what}. Look at Meta's Business Manager."
    alerts.raise_alert(tx, kind="whatsapp-configuration", subject=event.field, words=words, at=at)
    return "account news"
