"""Who of the house is told that a guest needs something: staff on duty, the next ones, the host, an alert.

Who is next is decided in escalation.py. A telling, what it was about and when to look again become true in
one transaction; loops ask `ring_due` for what has become due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import (
    board,
    confirmations,
    conversation,
    correspondence,
    duty,
    escalation,
    phrases,
    pushes,
    staff_letters,
    streams,
)
from edge_api.board import Line, Stored
from edge_api.correspondence import Conversation
from edge_api.duty import Member
from edge_api.escalation import Case, Step
from edge_api.messages import MAIL, Outgoing, Sender
from edge_api.phrases import Ring, Voice
from edge_api.requests import Cancelled, Event, Reopened
from edge_api.staff_letters import Reader
from edge_api.streams import AUTOMATIC
from guestlink import alerts, catalogue, clock, contacts, language, records
from guestlink.database import Reading, Row, Writing
from guestlink.language import N_, Catalogue
from guestlink.records import Property

TOLD_AGAIN: Final = timedelta(
    minutes=15
)  # a template costs; within this time one is enough for a conversation
UNANSWERED: Final = timedelta(minutes=15)  # so long one person has to answer a guest
LONGEST_USE: Final = timedelta(hours=12)  # a call that comes later wakes somebody for nothing
MOST_OF_GUEST: Final = 40  # messages within an hour that are passed on; all are kept
MOST_OF_STRANGER: Final = 10
TELLING_AGAIN: Final = frozenset({escalation.NEXT, escalation.HOST, escalation.AGAIN})
SOMETHING_ELSE: Final = N_("Something else")
HELD: Final = "It is read out when they write to us."
ANSWERS: Final = "somebody of the house answers"
NOBODY_ON_DUTY: Final = "Nobody is on duty in {house}, and a guest asks for something: `publish.py requests`."
FLOOD: Final = "Somebody writes more than is passed on: `publish.py messages`."
NOBODY_ANSWERS: Final = "Nobody has answered a guest of {house}: `publish.py requests`."


# -- a request ---------------------------------------------------------------------------------------
def begin(tx: Writing, voice: Voice | None, stored: Stored, *, at: datetime) -> None:
    """A request was asked: the first one on duty is told now, in this transaction."""
    if voice is None:
        return
    tx.do(
        "begin_escalation",
        request_id=stored.id,
        property_id=stored.property_id,
        due_at=clock.as_text(at),
        told="[]",
    )
    step(tx, voice, stored, at=at)


def follow(tx: Writing, voice: Voice | None, stored: Stored, event: Event, *, at: datetime, by: str) -> None:
    """Something became of a request: the telling ends, or begins again when it was reopened."""
    row = tx.one("escalation_of", request_id=stored.id)
    if row is None or voice is None:
        return
    if isinstance(event, Reopened):
        case = escalation.reopened(_case(tx, row, stored), at=at)
        _keep(tx, stored.id, case, due_at=at)
        step(tx, voice, stored, at=at)
        return
    if streams.state_for_house(tx, stored) != "requested":
        tx.do("end_escalation", request_id=stored.id)
        for kind in ("nobody-on-duty", "nobody-answers"):
            alerts.end_alert(tx, property_id=stored.property_id, kind=kind, subject=stored.id, at=at)
    if isinstance(event, Cancelled):
        _tell_taken_back(tx, voice, stored, _case(tx, row, stored), at=at, by=by)


def step(tx: Writing, voice: Voice, stored: Stored, *, at: datetime) -> Step | None:
    """Does what is next for a request, if anything is; None when nobody follows it."""
    row = tx.one("escalation_of", request_id=stored.id)
    if row is None:
        return None
    house, case = records.house_by_id(tx, stored.property_id), _case(tx, row, stored)
    content = catalogue.last_content(tx, house)
    members = duty.members(tx, house, by_mail=voice.mails)
    people = duty.people(members, at=at, zone=house.zone)
    made = escalation.next_step(case, people, escalation.rules_of(content), at=at, zone=house.zone)
    for member in members:
        if member.user.id in made.tell:
            _tell(tx, voice, stored, house=house, member=member, why=made.why, at=at)
    if made.tell_guest_phone:
        _give_phone(tx, voice, stored, house=house, phone=escalation.phone_of(content), at=at)
    if made.raise_alert:
        _raise(tx, made.raise_alert, house, stored.id, at=at)
    elif made.tell:
        alerts.end_alert(tx, property_id=house.id, kind="nobody-on-duty", subject=stored.id, at=at)
    _keep(tx, stored.id, escalation.after(case, made, at=at), due_at=made.due_at)
    return made


def ring_due(tx: Writing, voice: Voice, *, at: datetime, most: int = 20) -> int:
    """Takes the next step of every request whose time has come; how many there were."""
    rows = tx.all("due_escalations", at=clock.as_text(at), most=most)
    for row in rows:
        stored = board.by_id(tx, str(row["request_id"]))
        if stored is None or step(tx, voice, stored, at=at) is None:
            tx.do("end_escalation", request_id=row["request_id"])
    return len(rows)


def _tell(
    tx: Writing,
    voice: Voice,
    stored: Stored,
    *,
    house: Property,
    member: Member,
    why: str,
    at: datetime,
) -> None:
    urgent, is_again = bool(stored.urgent), why in TELLING_AGAIN
    pushes.tell(tx, member.user.id, "request", stored.id, urgent=urgent, again=is_again, at=at)
    talk = talk_with(tx, voice, member, house=house, at=at)
    if talk is None:
        return
    words = voice.words(member.user.language)
    line = line_of(tx, voice, stored, words)
    told = Ring(
        request_id=stored.id,
        version=stored.version,
        house=name_of(tx, house),
        unit=line.unit,
        guest=line.guest,
        what=line.what,
        said=line.said,
        note=line.note,
        urgent=line.urgent,
        is_promised=stored.state == "accepted",
        price=language.format_money(stored.price, stored.currency, words.language) if stored.price else "",
    )
    if talk.number_id == MAIL:
        letter = staff_letters.asked(_reader(tx, voice, member, house), told, since=stored.asked_at)
        _say(tx, voice, talk, letter, why=why, stored=stored, at=at)
        return
    template = voice.templates(
        "request_urgent" if told.urgent else "request_new",
        words.language,
        words,
        payloads=(f"accept:{stored.id}:{stored.version}", f"decline:{stored.id}"),
        house=told.house,
        unit=told.unit or "–",
        what=told.what,
        guest=told.guest or "–",
    )
    _say(tx, voice, talk, phrases.ring(words, told, template), why=why, stored=stored, at=at)


def _say(
    tx: Writing, voice: Voice, talk: Conversation, said: Outgoing, *, why: str, stored: Stored, at: datetime
) -> None:
    """Something about a request, to somebody of the house."""
    correspondence.say(
        tx,
        voice.ring,
        talk,
        said,
        at=at,
        by=AUTOMATIC,
        why=why,
        request_id=stored.id,
        stay_id=stored.stay_id,
        expires_at=at + LONGEST_USE,
    )


def _reader(db: Reading, voice: Voice, member: Member, house: Property) -> Reader:
    """Somebody of the house as a reader of e-mails."""
    words = voice.words(member.user.language)
    name = contacts.given_name(duty.opened(voice.ring, member.user).name)
    phone = escalation.phone_of(catalogue.last_content(db, house))
    told = name_of(db, house, words.language)
    return staff_letters.reader(words, name, house=house, house_name=told, phone=phone)


def _give_phone(
    tx: Writing,
    voice: Voice,
    stored: Stored,
    *,
    house: Property,
    phone: str,
    at: datetime,
) -> None:
    if not phone:
        return
    stay = records.stay_by_id(tx, stored.stay_id)
    talk = confirmations.conversation_of(
        tx, voice, stay=stay, house=house, contact_id=stored.contact_id, at=at
    )
    if talk is None:
        return
    words = voice.words(stored.language)
    what = stored.title or words.text(phrases.YOUR_REQUEST)
    said = phrases.call_us(words, what, language.isolate(phone))
    correspondence.say(
        tx,
        voice.ring,
        talk,
        said,
        at=at,
        by=AUTOMATIC,
        why="nobody has answered an urgent request",
        request_id=stored.id,
        stay_id=stay.id,
        expires_at=at + timedelta(hours=1),
    )


def _tell_taken_back(tx: Writing, voice: Voice, stored: Stored, case: Case, *, at: datetime, by: str) -> None:
    """Those who were told of a request hear that nobody has to come any more."""
    house = records.house_by_id(tx, stored.property_id)
    known = {told.user_id for told in case.told} - {by}
    for member in duty.members(tx, house):
        talk = talk_with(tx, voice, member, house=house, at=at) if member.user.id in known else None
        if talk:
            words = voice.words(member.user.language)
            line = line_of(tx, voice, stored, words)
            said = (
                staff_letters.withdrawn(_reader(tx, voice, member, house), line.what, line.unit)
                if talk.number_id == MAIL
                else phrases.withdrawn(words, line.what, line.unit)
            )
            _say(tx, voice, talk, said, why="the guest took it back", stored=stored, at=at)


def _raise(tx: Writing, name: str, house: Property, subject: str, *, at: datetime) -> None:
    kind: alerts.Kind = "nobody-on-duty" if name == "nobody-on-duty" else "nobody-answers"
    text = NOBODY_ON_DUTY if kind == "nobody-on-duty" else NOBODY_ANSWERS
    words = text.format(house=house.slug)
    alerts.raise_alert(tx, property_id=house.id, kind=kind, subject=subject, words=words, at=at)


# -- a conversation ----------------------------------------------------------------------------------
def pass_on(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    *,
    message_id: str,
    quote: str,
    house: Property | None,
    at: datetime,
) -> Conversation:
    """A guest wrote what only a person can answer: whoever answers this guest already hears of it, else the
    first on duty, else the hosts. A reply to that message goes to the guest.
    """
    waiting = correspondence.mark(tx, talk, waiting_since=talk.waiting_since or at)
    if _is_flooding(tx, talk, at=at):
        alerts.raise_alert(
            tx,
            property_id=house.id if house else "",
            kind="conversation-waiting",
            subject=talk.id,
            words=FLOOD,
            at=at,
        )
        return waiting
    if house is None:
        alerts.raise_alert(
            tx, kind="conversation-waiting", subject=talk.id, words="Somebody unknown writes.", at=at
        )
        return waiting
    told = False
    for member in _listeners(tx, voice, house, talk, at=at):
        _knock(tx, member, waiting, at=at)
        staff_talk = talk_with(tx, voice, member, house=house, at=at)
        if staff_talk is None:
            continue
        told = True
        if staff_talk.number_id == MAIL:
            _mail_of(tx, voice, talk, house, member=member, staff_talk=staff_talk, about=message_id, at=at)
            continue
        _quote(
            tx, voice, talk, house, member=member, staff_talk=staff_talk, about=message_id, quote=quote, at=at
        )
    return _told(tx, waiting, house, is_told=told, at=at)


def _quote(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    house: Property,
    *,
    member: Member,
    staff_talk: Conversation,
    about: str,
    quote: str,
    at: datetime,
) -> None:
    """What a guest wrote, to somebody of the house. Outside the window one template announces all of it, and
    the words wait until they write.
    """
    ids = {"conversation_id": staff_talk.id, "guest_conversation_id": talk.id}
    since = clock.as_text(at - TOLD_AGAIN)
    is_recent = tx.one("quoted_lately", **ids, since=since) is not None
    words, who = voice.words(member.user.language), who_writes(tx, voice, talk)
    template = (
        None
        if is_recent
        else voice.templates("message_waiting", words.language, words, who=who, house=name_of(tx, house))
    )
    message_id = correspondence.say(
        tx,
        voice.ring,
        staff_talk,
        phrases.guest_writes(words, who, quote, template),
        at=at,
        by=AUTOMATIC,
        why="a guest writes",
        stay_id=talk.stay_id,
        about=about,
        expires_at=at + LONGEST_USE,
    )
    if is_recent and not conversation.is_open(staff_talk.heard_at, at=at):
        tx.do("hold_message", id=message_id, reason=HELD, at=clock.as_text(at))


def _mail_of(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    house: Property,
    *,
    member: Member,
    staff_talk: Conversation,
    about: str,
    at: datetime,
) -> None:
    """By e-mail only that somebody writes, not too often; their words stay where they are."""
    ids = {"conversation_id": staff_talk.id, "guest_conversation_id": talk.id}
    if tx.one("quoted_lately", **ids, since=clock.as_text(at - TOLD_AGAIN)):
        return
    to, since = _reader(tx, voice, member, house), talk.waiting_since or at
    unit = unit_of(tx, talk) if talk.contact_id else ""  # a booking word alone is nobody's room
    correspondence.say(
        tx,
        voice.ring,
        staff_talk,
        staff_letters.guest_writes(to, unit, since=since),
        at=at,
        by=AUTOMATIC,
        why="a guest writes",
        stay_id=talk.stay_id,
        about=about,
        expires_at=at + LONGEST_USE,
    )


def _knock(tx: Writing, member: Member, talk: Conversation, *, at: datetime) -> None:
    """The browsers of somebody of the house are told that a guest waits."""
    since = talk.waiting_since or at
    pushes.tell(tx, member.user.id, "talk", talk.id, waiting_since=since, at=at)


def _is_flooding(db: Reading, talk: Conversation, *, at: datetime) -> bool:
    """Whether so much came from one person within an hour that it would stand in the way of other calls."""
    row = db.one("count_heard", conversation_id=talk.id, since=clock.as_text(at - timedelta(hours=1)))
    return row is not None and int(row["heard"]) > (MOST_OF_GUEST if talk.contact_id else MOST_OF_STRANGER)


def _told(tx: Writing, talk: Conversation, house: Property, *, is_told: bool, at: datetime) -> Conversation:
    """Writes down that somebody heard of a conversation; an alert waits for the host when nobody could."""
    if is_told:
        end_waiting(tx, talk, house.id, at=at)
        return correspondence.mark(tx, talk, alerted_at=at)
    words = f"A guest of {house.slug} writes, and nobody could be told: `publish.py messages`."
    alerts.raise_alert(
        tx, property_id=house.id, kind="conversation-waiting", subject=talk.id, words=words, at=at
    )
    return talk


def end_waiting(tx: Writing, talk: Conversation, property_id: str, *, at: datetime) -> None:
    """Somebody knows of a conversation: nothing waits for the host, nor from before its house was known."""
    for of in dict.fromkeys((property_id, "")):
        alerts.end_alert(tx, property_id=of, kind="conversation-waiting", subject=talk.id, at=at)


def ask_who(
    tx: Writing,
    voice: Voice,
    talk: Conversation,
    *,
    house: Property,
    claim: str,
    message_id: str,
    at: datetime,
) -> None:
    """A booking word comes from a number that is not on file: somebody of the house says whether it is the
    guest. Outside the window a template announces it, and the question waits until they write.
    """
    told = False
    for member in _listeners(tx, voice, house, talk, at=at):
        _knock(tx, member, talk, at=at)
        staff_talk = talk_with(tx, voice, member, house=house, at=at)
        if staff_talk and staff_talk.number_id == MAIL:  # an e-mail cannot be answered by yes or no
            _mail_of(tx, voice, talk, house, member=member, staff_talk=staff_talk, about=message_id, at=at)
        elif staff_talk:
            told = True
            words = voice.words(member.user.language)
            who = correspondence.address(voice.ring, talk).name or words.text(phrases.SOMEBODY)
            name = name_of(tx, house)
            template = voice.templates("message_waiting", words.language, words, who=who, house=name)
            said = phrases.whose_number(words, who, claim, talk.id, template=template)
            correspondence.say(
                tx,
                voice.ring,
                staff_talk,
                said,
                at=at,
                by=AUTOMATIC,
                why="a new number",
                about=message_id,
                expires_at=at + LONGEST_USE,
            )
    _told(tx, talk, house, is_told=told, at=at)


def talk_with(
    tx: Writing, voice: Voice, member: Member, *, house: Property, at: datetime
) -> Conversation | None:
    """The conversation with somebody of the house: on WhatsApp, where both sides have a number, else by
    e-mail; None when there is no way.
    """
    number_id = house.phone_number_id or voice.number_id
    row = tx.one("conversation_of_user", user_id=member.user.id)
    known = correspondence.load(tx, str(row["id"])) if row else None
    if known and not known.is_lost and (number_id or not voice.mails):
        return known
    somebody = duty.opened(voice.ring, member.user)
    phone, email = somebody.phone, somebody.email
    if not number_id or not phone:
        if not voice.mails:
            return None
        told = {"name": somebody.name, "language": member.user.language}
        return correspondence.mail_with_user(tx, voice.ring, member.user.id, email=email, at=at, **told)
    sender = Sender(wa_id=contacts.phone_digits(phone))
    talk = correspondence.open_with(
        tx, voice.ring, sender, number_id=number_id, at=at, language=member.user.language
    )
    return correspondence.bind(tx, voice.ring, talk, user_id=member.user.id)


def line_of(db: Reading, voice: Voice, stored: Stored, words: Catalogue) -> Line:
    """A request as somebody of the house reads it; one without a title, in their language."""
    line = board.line(db, voice.ring, records.house_by_id(db, stored.property_id), stored)
    if stored.title or stored.service:
        return line
    what = words.text(phrases.CODE_FAILS if stored.secret else SOMETHING_ELSE)
    return msgspec.structs.replace(line, what=what)


def who_writes(db: Reading, voice: Voice, talk: Conversation) -> str:
    """How staff know a guest: name and room; only the name they gave themselves when we know none."""
    name = confirmations.guest_name(db, voice, talk.contact_id) if talk.contact_id else ""
    name = name or correspondence.address(voice.ring, talk).name or "?"
    unit = unit_of(db, talk) if talk.contact_id else ""
    return f"{name}, {unit}" if unit else name


def unit_of(db: Reading, talk: Conversation) -> str:
    """The room that a conversation is about; nothing when that is not known."""
    if talk.stay_id is None:
        return ""
    units = [part.title for part in records.periods(db, records.stay_by_id(db, talk.stay_id)) if part.title]
    return units[-1] if units else ""


def _listeners(
    db: Reading, voice: Voice, house: Property, talk: Conversation, *, at: datetime
) -> list[Member]:
    """Who answered this guest last, the first on duty, else the hosts: at most one person, or the hosts.
    Everybody on duty and the hosts, when a guest has waited for an answer and writes again.
    """
    members = duty.members(db, house, by_mail=voice.mails)
    hosts = [each for each in members if each.role == "host"]
    if talk.contact_id and talk.waiting_since and at >= talk.waiting_since + UNANSWERED:
        everybody = [*duty.on_duty(members, at=at, zone=house.zone), *hosts]
        return list({each.user.id: each for each in everybody}.values())
    row = db.one("last_who_answered", conversation_id=talk.id, why=ANSWERS)
    answering = [each for each in members if row and each.user.id == row["by_user"]]
    if answering and _is_on_duty(answering[0], members, house, at):
        return answering
    on_duty = duty.on_duty(members, at=at, zone=house.zone)
    return on_duty[:1] or hosts


def _is_on_duty(member: Member, members: Sequence[Member], house: Property, at: datetime) -> bool:
    return any(each.user.id == member.user.id for each in duty.on_duty(members, at=at, zone=house.zone))


# -- what is kept ------------------------------------------------------------------------------------
def _case(db: Reading, row: Row, stored: Stored) -> Case:
    return escalation.case_of(
        str(row["told"]),
        request_id=stored.id,
        urgent=bool(stored.urgent),
        asked_at=stored.asked_at,
        guest_told_at=clock.from_text(row["guest_told_at"]) if row["guest_told_at"] else None,
        rounds=int(row["rounds"]),
        state=streams.state_for_house(db, stored),
    )


def _keep(tx: Writing, request_id: str, case: Case, *, due_at: datetime | None) -> None:
    tx.do(
        "keep_escalation",
        request_id=request_id,
        told=escalation.kept(case),
        guest_told_at=clock.as_text(case.guest_told_at) if case.guest_told_at else None,
        rounds=case.rounds,
        due_at=clock.as_text(due_at) if due_at else None,
    )


class _Named(msgspec.Struct):
    """Of the whole content, the property's name in each language."""

    words: dict[str, dict[str, object]] = {}


def name_of(db: Reading, house: Property, wanted: str = "") -> str:
    """What the house calls itself, in a language if it does so there; else its short name."""
    body = catalogue.last_content(db, house)
    words = msgspec.json.decode(body, type=_Named).words if body else {}
    order = language.fallback_order(wanted, house.default_language, tuple(words))
    told = [str(words[tag].get("name") or "") for tag in order]
    return next(filter(None, told), house.slug)
