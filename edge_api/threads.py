"""Read models of conversations with guests: in one line, and whole. It changes nothing.

Words are opened here for people of the house; what a guest's erasure took is empty.
"""

from datetime import datetime
from typing import Final

import msgspec

from edge_api import calls, correspondence
from edge_api.correspondence import Conversation, Said
from edge_api.history import who
from edge_api.messages import (
    MAIL,
    Buttons,
    File,
    Heard,
    Letter,
    LinkButton,
    Options,
    Outgoing,
    Reaction,
    Template,
    Text,
    shortened,
)
from guestlink import clock, contacts, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.errors import NotFound
from guestlink.language import Catalogue

LONGEST_LINE: Final = 160
MOST_MESSAGES: Final = 100
MOST_NOTES: Final = 100
MOST_HOUSELESS: Final = 20


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """With whom: a guest on file has a `contact_id`; of others `name` is what they call themselves."""

    name: str
    contact_id: str | None
    phone: str
    email: str

    def __repr__(self) -> str:
        return "Who(hidden)"


class LastSaid(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message in a few words; `automatic` is what nobody of the house wrote."""

    direction: str
    kind: str
    text: str
    at: datetime
    automatic: bool

    def __repr__(self) -> str:
        return "LastSaid(hidden)"


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in one line. `waiting_since` is when a guest began to wait for a person, `waits_for` is
    what they said last if something was answered by itself since. `unsent` counts messages that could not be
    sent or are in doubt, `in_doubt` these alone.
    """

    id: str
    property: str
    channel: str
    who: Who
    unit: str
    stay_id: str | None
    stay: str
    waiting_since: datetime | None
    heard_at: datetime | None
    last: LastSaid | None
    waits_for: LastSaid | None
    unsent: int
    in_doubt: int
    assigned_to: str
    version: int


class FileShown(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a guest: `state` waiting, kept or refused; kept ones are at /api/house/media/{message id}."""

    state: str
    media_type: str
    size: int
    reason: str
    name: str = ""
    is_voice: bool = False

    def __repr__(self) -> str:
        return f"FileShown({self.state})"


class PlaceShown(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody says they are; degrees."""

    latitude: float
    longitude: float

    def __repr__(self) -> str:
        return "PlaceShown(hidden)"


class MessageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `by` names who of the house wrote it; `state` is of the outbox: waiting, sending, sent,
    in_doubt, dead, dropped; `receipt` what WhatsApp told of it. `answers` is the message that it replies to,
    reacts to, edits or takes back. `announced`: a template went out that says there are words of the house;
    they follow, as an answer to this one, when the guest writes.
    """

    id: str
    direction: str
    by: str
    kind: str
    text: str
    media: FileShown | None
    place: PlaceShown | None
    at: datetime
    receipt: str
    receipt_at: datetime | None
    state: str
    reason: str
    automatic: bool
    announced: bool
    request_id: str | None
    answers: str

    def __repr__(self) -> str:
        return f"MessageLine({self.id})"


class NoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """What people of the house tell each other about a conversation; no guest sees it."""

    id: str
    by: str
    words: str
    at: datetime

    def __repr__(self) -> str:
        return f"NoteLine({self.id})"


class TypingLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the house writes a reply, or did a few seconds ago."""

    conversation_id: str
    by: str
    who: str
    until: datetime

    def __repr__(self) -> str:
        return f"TypingLine({self.conversation_id})"


def in_reach(db: Reading, caller: str, conversation_id: str) -> Conversation:
    """A conversation with a guest of a house that the caller reaches; NotFound for all others alike."""
    if db.one("conversation_in_reach", caller=caller, id=conversation_id) is None:
        raise NotFound("There is no such conversation.")
    return correspondence.load(db, conversation_id)


def listed(
    db: Reading,
    ring: KeyRing,
    caller: str,
    *,
    waiting: bool,
    property: str,  # noqa: A002 - as the query calls it
    before: str,
    most: int,
) -> tuple[list[Summary], str | None]:
    """A page of conversations, and where the next one begins."""
    wanted = {"caller": caller, "property": property, "before": before}
    if waiting:
        rows = db.all("waiting_conversations", most=most + 1, **wanted)
    else:
        rows = db.all("newest_conversations", most=most + 1, **wanted)
    found = [summary(db, ring, correspondence.load(db, str(row["id"]))) for row in rows[:most]]
    following = str(rows[most - 1]["last"]) if len(rows) > most else None
    if property or before:
        return found, following
    return [*houseless(db, ring, caller, waiting=waiting), *found], following


def houseless(db: Reading, ring: KeyRing, caller: str, *, waiting: bool) -> list[Summary]:
    """Conversations of strangers of whom nobody knows which house they mean: for managers and hosts of any
    house, until one of them says so.
    """
    if db.one("reaches_houseless", caller=caller) is None:
        return []
    rows = db.all("houseless_conversations", only_waiting=int(waiting), most=MOST_HOUSELESS)
    return [summary(db, ring, correspondence.load(db, str(row["id"]))) for row in rows]


def of_stay(db: Reading, ring: KeyRing, caller: str, stay_id: str) -> list[Summary]:
    """The conversations with the guests of a stay that the caller reaches, those about it first."""
    rows = db.all("talks_about_stay", caller=caller, stay_id=stay_id)
    return [summary(db, ring, correspondence.load(db, str(row["id"]))) for row in rows]


def summary(db: Reading, ring: KeyRing, talk: Conversation) -> Summary:
    house = records.house_by_id(db, talk.property_id) if talk.property_id else None
    stay = records.stay_by_id(db, talk.stay_id) if talk.stay_id else None
    unsent = db.one("unsent_in_conversation", conversation_id=talk.id)
    last = _last(correspondence.newest(db, ring, talk.id))
    is_answered = talk.waiting_since is not None and last is not None and last.direction == "out"
    return Summary(
        id=talk.id,
        property=house.slug if house else "",
        channel="email" if talk.number_id == MAIL else "whatsapp",
        who=person(db, ring, talk),
        unit=calls.unit_of(db, talk) if talk.contact_id else "",
        stay_id=talk.stay_id,
        stay=stay.reference if stay else "",
        waiting_since=talk.waiting_since,
        heard_at=talk.heard_at,
        last=last,
        waits_for=_last(correspondence.newest_heard(db, ring, talk.id)) if is_answered else None,
        unsent=int(unsent["unsent"]) if unsent else 0,
        in_doubt=int(unsent["in_doubt"] or 0) if unsent else 0,
        assigned_to=talk.assigned_to or "",
        version=talk.version,
    )


def person(db: Reading, ring: KeyRing, talk: Conversation) -> Who:
    """Who a conversation is with, in clear; nobody when the guest was erased."""
    sender = correspondence.address(ring, talk)
    row = db.one("contact_by_id", id=talk.contact_id) if talk.contact_id else None
    known = contacts.opened(ring, records.shaped(row, records.Contact)) if row else contacts.Person()
    return Who(
        name=known.name or sender.name,
        contact_id=talk.contact_id,
        phone=f"+{sender.wa_id}" if sender.wa_id else known.phone,
        email=sender.email or known.email,
    )


def messages_of(
    db: Reading,
    ring: KeyRing,
    talk: Conversation,
    *,
    words: Catalogue,
    before: str = "",
    most: int = MOST_MESSAGES,
) -> list[MessageLine]:
    """The newest messages, or those before one of them; the oldest of them first. Reasons are in `words`."""
    page = correspondence.page(db, ring, talk.id, before=before, most=most)
    return [_line(db, ring, said, words) for said in reversed(page)]


def notes_of(db: Reading, ring: KeyRing, talk: Conversation) -> list[NoteLine]:
    """The newest notes, the oldest of them first; those about an erased guest are gone."""
    lines = []
    for row in reversed(db.all("notes_of_conversation", conversation_id=talk.id, most=MOST_NOTES)):
        if row["contact_id"] is not None and row["wrapped"] is None:
            continue
        key = ring.column_key(row["wrapped"], row["contact_id"])
        words = key.open(row["words"], "conversation_notes", "words", row=str(row["id"]))
        at = clock.from_text(row["at"])
        lines.append(NoteLine(id=row["id"], by=who(db, ring, row["by_user"]), words=words, at=at))
    return lines


def typing_in(db: Reading, ring: KeyRing, conversation_id: str, *, at: datetime) -> list[TypingLine]:
    rows = db.all("typing_in", conversation_id=conversation_id, at=clock.as_text(at))
    return [
        TypingLine(
            conversation_id=conversation_id,
            by=row["by_user"],
            who=who(db, ring, row["by_user"]),
            until=clock.from_text(row["until_at"]),
        )
        for row in rows
    ]


def words_of(content: Heard | Outgoing | None) -> str:
    """What a message says, without what its buttons carry."""
    match content:
        case (
            Text(text=text)
            | Buttons(text=text)
            | Options(text=text)
            | LinkButton(text=text)
            | File(text=text)
        ):
            return text
        case Heard(text=text, place=place):
            return text or (f"{place.name} {place.address}".strip() if place else "")
        case Letter(subject=subject, text=text):
            return f"{subject}\n\n{text}"
        case Template(values=values):
            return " · ".join(values)
        case Reaction(emoji=emoji):
            return emoji
    return ""


def _line(db: Reading, ring: KeyRing, said: Said, words: Catalogue) -> MessageLine:
    automatic = _is_automatic(said)
    return MessageLine(
        id=said.id,
        direction=said.direction,
        by="" if automatic or said.direction == "in" else who(db, ring, said.by),
        kind=said.kind,
        text=words_of(said.content),
        media=_file(db, said, words),
        place=_place(said),
        at=said.at,
        receipt=said.receipt,
        receipt_at=said.receipt_at,
        state=said.state,
        reason=words.text(said.reason) if said.reason else "",
        automatic=automatic,
        announced=not automatic and said.state == "sent" and _is_announced(db, said),
        request_id=said.request_id,
        answers=said.answers,
    )


def _is_automatic(said: Said) -> bool:
    """Whether nobody of the house wrote these words: a confirmation has somebody's name and our words."""
    return said.direction == "out" and said.why != calls.ANSWERS


def _is_announced(db: Reading, said: Said) -> bool:
    way = db.one("way_of_message", id=said.id)
    return way is not None and way["route"] == "template"


def _file(db: Reading, said: Said, words: Catalogue) -> FileShown | None:
    row = db.one("media_state", message_id=said.id)
    if row is None:
        return None
    sent = said.content.media if isinstance(said.content, Heard) else None
    told = {**row, "reason": words.text(row["reason"]) if row["reason"] else ""}
    named = {"name": sent.name, "is_voice": sent.is_voice} if sent else {}
    return msgspec.convert({**told, **named}, FileShown)


def _place(said: Said) -> PlaceShown | None:
    place = said.content.place if isinstance(said.content, Heard) else None
    return PlaceShown(latitude=place.latitude, longitude=place.longitude) if place else None


def _last(said: Said | None) -> LastSaid | None:
    if said is None:
        return None
    return LastSaid(
        direction=said.direction,
        kind=said.kind,
        text=shortened(" ".join(words_of(said.content).split()), LONGEST_LINE),
        at=said.at,
        automatic=_is_automatic(said),
    )
