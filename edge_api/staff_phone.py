"""What staff do from their phone: yes, no, mine, done by a button; a reply that goes on to the guest; a code,
a room.

Every tap is checked against the person's membership of the house, as on the board. A reply to a guest's words
goes to that guest; nothing else that staff write reaches anybody.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from edge_api import (
    board,
    calls,
    codes_by_phone,
    confirmations,
    conversation,
    correspondence,
    front_desk,
    phrases,
    rooms_by_phone,
)
from edge_api.board import Stored
from edge_api.correspondence import Conversation
from edge_api.duty import User
from edge_api.front_desk import Faster
from edge_api.messages import AFTERTHOUGHTS, ASIDES, MAIL, Heard, Letter, Outgoing
from edge_api.phrases import REASONS, Voice
from edge_api.requests import OPEN, Accept, Assign, Command, Complete, Decline, Overtaken
from edge_api.said import Overheard
from edge_api.streams import AUTOMATIC
from edge_api.taps import InWords, Tap, belongs, reply
from guestlink import contacts, records
from guestlink.arrivals import LONGEST_NOTE, plain_words
from guestlink.database import Reading, Writing
from guestlink.errors import NotAllowed, Refused
from guestlink.language import N_
from guestlink.records import Property, Stay

ASKING_WHY: Final = "asks staff for a reason"
ANNOUNCES: Final = "house_writes"  # the template that says that there are words of the house
READ_OUT: Final = "a guest's words that a template only announced"
HELP_EVERY: Final = timedelta(hours=24)
NO_SUCH_REQUEST: Final = N_("There is no such request any more.")
ONLY_TEXT: Final = N_("Only text can be passed on to a guest from here.")
GUEST_ERASED: Final = N_("This guest was erased.")
ANSWERED: Final = N_("Somebody has answered this already.")
CHANGED: Final = N_("The guest still has what you wrote first. Reply once more to correct it.")
SILENT: Final = N_("Their last message is more than 24 hours old; they get a note that you have an answer.")
NOBODIES: Final[Mapping[str, str]] = {"the guest": N_("The guest"), "the house": N_("The house")}
STATES: Final[Mapping[str, str]] = {
    "requested": N_("waiting"),
    "accepted": N_("accepted"),
    "completed": N_("done"),
    "declined": N_("turned down"),
    "cancelled": N_("cancelled"),
}


def hear(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    user: User,
    *,
    heard: Heard,
    message_id: str,
    at: datetime,
    code: Overheard | None = None,
) -> str:
    """Does what somebody of the house wants and answers them; returns what happened, for the inbox's row.
    `code` is what they say of a new one: in `heard` it is masked.
    """
    words = voice.words(user.language or talk.language)
    answered = correspondence.message_of(tx, voice.ring, heard.answers)
    tap = Tap(
        voice=voice,
        user=user,
        talk=talk,
        words=words,
        message_id=message_id,
        at=at,
        answers=str(answered["id"]) if answered else "",
    )
    read = _read_out(tx, tap)
    if code:
        return codes_by_phone.ask(tx, tap, code)
    if heard.kind in ASIDES:
        return _aside(tx, tap, heard, answered)
    verb, _, rest = heard.choice.partition(":")
    if verb in _TAPS:
        return _guarded(tx, tap, lambda: _TAPS[verb](tx, tap, rest))
    if answered is None and (done := rooms_by_phone.hear(tx, tap, heard.text)):
        return done
    if read and (answered is None or answered["id"] in read):
        return "read out what waited"
    if answered:
        if answered["why"] == ASKING_WHY and answered["request_id"] and heard.text:
            reason = f"{answered['request_id']}:{heard.text}"
            return _guarded(tx, tap, lambda: _declined(tx, tap, reason))
        guest_talk = _guest_of(tx, tap, answered)
        if guest_talk:
            return _relay(tx, tap, guest_talk, heard)
    if talk.greeted_at is None or at >= talk.greeted_at + HELP_EVERY:
        correspondence.mark(tx, talk, greeted_at=at)
        reply(tx, tap, phrases.how_to(words), why="staff wrote something else")
    return "staff wrote something else"


def _aside(tx: Writing, tap: Tap, heard: Heard, answered: Mapping[str, object] | None) -> str:
    """A reaction reaches nobody. A reply that is changed afterwards has left already."""
    if heard.kind in AFTERTHOUGHTS and answered and answered["answers"]:
        reply(tx, tap, phrases.too_late(tap.words, tap.words.text(CHANGED)), why="changed afterwards")
    return "noticed"


def _read_out(tx: Writing, tap: Tap) -> set[str]:
    """What guests wrote while this person's window was closed: a template told only that somebody waits. Who
    has not read it does not answer it yet; which messages those were.
    """
    rows = tx.all("quotes_unread", conversation_id=tap.talk.id, why=READ_OUT, held=calls.HELD)
    for row in rows:
        said = correspondence.said(tx, tap.voice.ring, str(row["id"]))
        if said:
            correspondence.say(
                tx,
                tap.voice.ring,
                tap.talk,
                said,
                at=tap.at,
                by=AUTOMATIC,
                why=READ_OUT,
                answers=str(row["id"]),
                about=str(row["about"]),
                stay_id=row["stay_id"],
            )
    return {str(row["id"]) for row in rows}


# -- taps --------------------------------------------------------------------------------------------
def _accept(tx: Writing, tap: Tap, rest: str) -> str:
    request_id, _, version = rest.partition(":")
    stored = _request(tx, tap, request_id)
    if version.isdecimal() and int(version) != stored.version and stored.state == "requested":
        stored = _request(tx, tap, request_id)  # reopened since: the answer counts for what is asked now
    after = _act(tx, tap, stored, Accept())
    reply(tx, tap, _yours(tx, tap, after, told_guest=True))
    return "accepted"


def _take(tx: Writing, tap: Tap, request_id: str) -> str:
    after = _act(tx, tap, _request(tx, tap, request_id), Assign(to=tap.user.id))
    reply(tx, tap, _yours(tx, tap, after, told_guest=False))
    return "assigned"


def _yours(db: Reading, tap: Tap, stored: Stored, *, told_guest: bool) -> Outgoing:
    """That it is theirs; and what a template could not say, if one brought them."""
    way = db.one("way_of_message", id=tap.answers)
    line = calls.line_of(db, tap.voice, stored, tap.words)
    details = phrases.details(line.said, line.note) if way and way["route"] == "template" else ()
    what = f"{line.what}, {line.unit}" if line.unit else line.what
    return phrases.yours(tap.words, what, stored.id, told_guest=told_guest, details=details)


def _done(tx: Writing, tap: Tap, request_id: str) -> str:
    after = _act(tx, tap, _request(tx, tap, request_id), Complete())
    reply(tx, tap, phrases.done(tap.words, _what(tx, tap, after)))
    return "completed"


def _decline(tx: Writing, tap: Tap, request_id: str) -> str:
    stored = _request(tx, tap, request_id)
    if stored.state not in OPEN:
        _act(tx, tap, stored, Decline(reason=b""))
        raise InWords(phrases.done_before(tap.words, tap.words.text(STATES[stored.state])))
    said = phrases.why_not(tap.words, _what(tx, tap, stored), stored.id)
    reply(tx, tap, said, why=ASKING_WHY, request_id=stored.id)
    return "asked for the reason"


def _reason(tx: Writing, tap: Tap, rest: str) -> str:
    request_id, _, number = rest.partition(":")
    stored = _request(tx, tap, request_id)
    chosen = int(number) if number.isdecimal() and int(number) < len(REASONS) else 0
    return _declined(tx, tap, f"{stored.id}:{tap.voice.words(stored.language).text(REASONS[chosen])}")


def _declined(tx: Writing, tap: Tap, rest: str) -> str:
    request_id, _, reason = rest.partition(":")
    stored = _request(tx, tap, request_id)
    if stored.wrapped is None:
        raise InWords(tap.words.text(GUEST_ERASED))
    key = tap.voice.ring.guest_key(stored.wrapped, stored.contact_id)
    text = plain_words(reason)[:LONGEST_NOTE]
    sealed = board.sealed(key, text, "reply", request_id=stored.id)
    after = _act(tx, tap, stored, Decline(reason=sealed))
    if after.version == stored.version:  # the guest has read another reason
        raise InWords(phrases.done_before(tap.words, tap.words.text(STATES[after.state])))
    reply(tx, tap, phrases.refused(tap.words, _what(tx, tap, after)))
    return "declined"


def _known(tx: Writing, tap: Tap, conversation_id: str) -> str:
    """Somebody of the house says that a new number is the guest's: from now on it is on file."""
    guest_talk = _conversation(tx, conversation_id)
    stay, house = _claimed(tx, tap, guest_talk)
    booker = next((each for each in records.contacts(tx, stay) if each.role == "booker"), None)
    if guest_talk and guest_talk.contact_id:
        raise InWords(tap.words.text(ANSWERED))
    if guest_talk is None or booker is None:
        raise InWords(tap.words.text(GUEST_ERASED))
    sender = correspondence.address(tap.voice.ring, guest_talk)
    known = contacts.opened(tap.voice.ring, booker)
    told = contacts.Person(
        phone="" if known.phone else f"+{sender.wa_id}" if sender.wa_id else "",
        wa_id=sender.wa_id,
        bsuid=sender.user_id,
    )
    booker = contacts.change_contact(tx, tap.voice.ring, booker, contacts.merged(known, told))
    bound = correspondence.bind(
        tx, tap.voice.ring, guest_talk, contact=booker, stay_id=stay.id, property_id=house.id
    )
    front_desk.note_number(tx, house, stay, contact_id=booker.id, at=tap.at, by=tap.user.id)
    link = front_desk.link_of(tx, stay, booker.id)
    said = phrases.welcome_back(tap.voice.words(stay.language), calls.name_of(tx, house), link)
    correspondence.say(
        tx,
        tap.voice.ring,
        bound,
        said,
        at=tap.at,
        by=tap.user.id,
        why="the number is the guest's",
        stay_id=stay.id,
    )
    correspondence.mark(tx, bound, waiting_since=None)
    calls.end_waiting(tx, bound, house.id, at=tap.at)
    reply(tx, tap, phrases.noted(tap.words))
    return "number is the guest's"


def _unknown(tx: Writing, tap: Tap, conversation_id: str) -> str:
    guest_talk = _conversation(tx, conversation_id)
    _claimed(tx, tap, guest_talk)
    assert guest_talk is not None
    if guest_talk.contact_id:
        raise InWords(tap.words.text(ANSWERED))
    tx.do("unbind_conversation", id=guest_talk.id)
    reply(tx, tap, phrases.noted(tap.words))
    return "number is not the guest's"


_TAPS: Final[Mapping[str, Callable[[Writing, Tap, str], str]]] = {
    "accept": _accept,
    "decline": _decline,
    "reason": _reason,
    "take": _take,
    "done": _done,
    "known": _known,
    "unknown": _unknown,
    "code": codes_by_phone.choose,
    "set-code": codes_by_phone.set_code,
    "drop-code": codes_by_phone.drop_code,
    "ready": rooms_by_phone.ready,
    "unready": rooms_by_phone.unready,
}


def _guarded(tx: Writing, tap: Tap, act: Callable[[], str]) -> str:
    """What the rules refuse is told to whoever tapped, in their words, and leaves nothing half-written."""
    try:
        with tx.attempt():
            return act()
    except Faster as late:
        who = tap.words.text(NOBODIES[late.who]) if late.who in NOBODIES else late.who
        why = phrases.was_faster(tap.words, who, tap.words.text(STATES[late.state]), f"{late.at_local:%H:%M}")
    except NotAllowed:
        why = tap.words.text(NO_SUCH_REQUEST)
    except Overtaken as done:
        why = phrases.done_before(tap.words, tap.words.text(STATES[done.state]))
    except InWords as told:
        why = told.message
    except Refused as refused:
        why = phrases.against(tap.words, refused.message)
    reply(tx, tap, phrases.too_late(tap.words, why), why="refused")
    return "refused"


def _act(tx: Writing, tap: Tap, stored: Stored, command: Command) -> Stored:
    return front_desk.answer(
        tx, tap.voice.ring, stored.id, command, at=tap.at, by=tap.user.id, voice=tap.voice
    )


def _request(db: Reading, tap: Tap, request_id: str) -> Stored:
    """The request, if this person belongs to its house; NotAllowed alike when there is none."""
    stored = board.by_id(db, request_id)
    if stored is None or not belongs(db, tap.user, stored.property_id):
        raise NotAllowed
    return stored


def _what(db: Reading, tap: Tap, stored: Stored) -> str:
    line = calls.line_of(db, tap.voice, stored, tap.words)
    return f"{line.what}, {line.unit}" if line.unit else line.what


# -- replies to guests -------------------------------------------------------------------------------
def _relay(tx: Writing, tap: Tap, guest_talk: Conversation, heard: Heard) -> str:
    """What staff write in reply to a guest's words goes to the guest; outside the window a note does."""
    who = calls.who_writes(tx, tap.voice, guest_talk)
    if guest_talk.property_id is None or not belongs(tx, tap.user, guest_talk.property_id):
        reply(tx, tap, phrases.too_late(tap.words, tap.words.text(NO_SUCH_REQUEST)), why="refused")
        return "refused"
    if not heard.text or guest_talk.is_lost:
        why = tap.words.text(GUEST_ERASED if guest_talk.is_lost else ONLY_TEXT)
        reply(tx, tap, phrases.not_delivered(tap.words, who, why), why="refused")
        return "refused"
    send(tx, tap.voice, guest_talk, heard.text, at=tap.at, by=tap.user.id)
    is_open = conversation.is_open(guest_talk.heard_at, at=tap.at)
    said = phrases.delivered_to_guest(tap.words, who)
    if not is_open:
        said = phrases.not_delivered(tap.words, who, tap.words.text(SILENT))
        reply(tx, tap, said, why="the window is closed")
    return "passed on to the guest"


def send(tx: Writing, voice: Voice, guest_talk: Conversation, text: str, *, at: datetime, by: str) -> str:
    """Somebody of the house writes to a guest; the conversation no longer waits for an answer."""
    said = as_said(tx, voice, guest_talk, text)
    message_id = correspondence.say(tx, voice.ring, guest_talk, said, at=at, by=by, why=calls.ANSWERS)
    correspondence.mark(tx, guest_talk, waiting_since=None)
    calls.end_waiting(tx, guest_talk, guest_talk.property_id or "", at=at)
    return message_id


def as_said(db: Reading, voice: Voice, guest_talk: Conversation, text: str) -> Outgoing:
    """What somebody of the house writes, as it goes out: an e-mail, or words with what announces them while
    the guest's window is closed. To somebody of whom nobody knows which house they mean, words alone.
    """
    if guest_talk.property_id is None:
        return phrases.from_staff(text, None)
    words, house = voice.words(guest_talk.language), records.house_by_id(db, guest_talk.property_id)
    name = calls.name_of(db, house)
    if guest_talk.number_id == MAIL:
        return Letter(subject=name, text=text, language=words.language, property_id=house.id)
    template = voice.templates(ANNOUNCES, words.language, words, house=name)
    return phrases.from_staff(text, template)


def is_announced(said: Outgoing) -> bool:
    """Whether its template says only that there are words of the house, and not which."""
    template = getattr(said, "template", None)
    return template is not None and template.name == ANNOUNCES


def _guest_of(tx: Writing, tap: Tap, row: Mapping[str, object]) -> Conversation | None:
    """The conversation with the guest whom a message to staff was about."""
    if row["about"]:
        about = tx.one("message_by_id", id=str(row["about"]))
        return correspondence.load(tx, str(about["conversation_id"])) if about else None
    stored = board.by_id(tx, str(row["request_id"])) if row["request_id"] else None
    return confirmations.talk_about(tx, tap.voice, stored, at=tap.at) if stored else None


def _conversation(db: Reading, conversation_id: str) -> Conversation | None:
    row = db.one("conversation_by_id", id=conversation_id)
    return records.shaped(row, Conversation) if row else None


def _claimed(db: Reading, tap: Tap, guest_talk: Conversation | None) -> tuple[Stay, Property]:
    """The stay that a conversation claims, if this person may speak for its house."""
    row = db.one("stay_by_id", id=guest_talk.stay_id) if guest_talk and guest_talk.stay_id else None
    if row is None or not belongs(db, tap.user, str(row["property_id"])):
        raise NotAllowed
    stay = records.shaped(row, Stay)
    return stay, records.house_by_id(db, stay.property_id)
