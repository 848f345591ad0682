"""What is due goes out, top-down: look again whether it is still true, choose a channel, hand it over.

Row and outbox are written in one transaction, so a crash neither loses nor repeats a message. A channel that
failed for certain gives way to the next; what may have arrived is never sent by another one.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import confirmations, correspondence, outbox
from edge_api.journey import known, ledger, moments, planning, plans, sayings, texts
from edge_api.journey.known import Guest
from edge_api.journey.moments import Moment
from edge_api.journey.plans import Drop, Row, Text, Wait
from edge_api.journey.texts import Book, Shelf
from edge_api.messages import Letter, LinkButton, Outgoing
from edge_api.phrases import OPEN_PAGE, Voice
from edge_api.streams import AUTOMATIC
from guestlink import clock, contacts, language, reach, records, secret_values
from guestlink.contacts import Person
from guestlink.database import Database, Reading, Writing
from guestlink.errors import NotFound, Outage, Stale
from guestlink.language import N_, Catalogue
from guestlink.reach import Channel

AT_ONCE: Final = 8  # messages in one transaction
AT_ONCE_MARK: Final = "at-once"  # among the channels that were tried: what has no time for the morning
AGAIN: Final = timedelta(minutes=5)  # after a defect of ours
ON_PAPER: Final = N_("On the print list of the day of arrival.")
NO_PAPER: Final = N_("The guest is there already: paper would be of no use.")
NO_LINK: Final = N_("The guest has no link any more.")
NO_WORDS: Final = N_("There is no message template of this name.")
CHANGED_AGAIN: Final = N_("The page shows another code by now, or none.")
GONE: Final = N_("The guest was erased or is not of this stay any more.")

log = logging.getLogger("guestlink.journey")


@dataclass(frozen=True, kw_only=True)
class Office:
    """What messages of journeys are made with; `speaks` are the channels that are set up."""

    voice: Voice
    shelf: Shelf
    speaks: frozenset[Channel]


class Letters(msgspec.Struct, frozen=True, kw_only=True):
    """One message with everything that it is made of."""

    row: Row
    text: Text
    book: Book
    guest: Guest
    person: Person
    words: Catalogue
    at: datetime

    @property
    def left(self) -> list[Channel]:
        """The channels that have not failed yet, in the order of the house."""
        tried = self.row.tried.split()
        return [channel for channel in self.text.channels if channel not in tried]

    @property
    def is_at_any_hour(self) -> bool:
        """By its file, or since somebody of the house wants it sent now."""
        return self.text.at_any_hour or bool(self.row.by_user and self.row.is_of_file)

    @property
    def expires_at(self) -> datetime | None:
        """It may wait in the outbox as long as it is of use and its hours last."""
        if self.is_at_any_hour:
            return self.row.ends_at
        until = moments.last_allowed(self.at, self.book.hours)
        return min(until, self.row.ends_at) if self.row.ends_at else until


def is_due(db: Reading, *, at: datetime) -> bool:
    row = db.one("is_journey_due", at=clock.as_text(at))
    return bool(row and (row["due"] or row["failed"]))


def send_due(database: Database, office: Office, *, at: datetime) -> int:
    """Settles what has come due and what a channel could not deliver; how many messages that were."""
    with database.write() as tx:
        due = ledger.due(tx, at=at, most=AT_ONCE)
        for row in due:
            _guarded(tx, row, at, lambda row=row: _send(tx, office, row, at=at))  # type: ignore[misc]
        failed = tx.all("failed_journey", most=AT_ONCE)
        for told in failed:
            row = records.shaped(told, Row)
            why = str(told["failure"])
            _guarded(tx, row, at, lambda row=row, why=why: _fall_back(tx, office, row, why=why, at=at))  # type: ignore[misc]
    return len(due) + len(failed)


def _guarded(tx: Writing, row: Row, at: datetime, act: Callable[[], None]) -> None:
    """A defect in one message must not hold up the others: it is tried again a little later."""
    try:
        with tx.attempt():
            act()
    except (Outage, Stale):  # all of them again, a moment later
        raise
    except Exception as error:
        log.warning("journey-failed id=%s error=%s", row.id, type(error).__name__)
        if row.state == "planned":
            ledger.settle(tx, row, state="planned", due_at=at + AGAIN, at=at)
        else:
            ledger.settle(tx, row, state="sent", reason=type(error).__name__, at=at)


# -- at its moment -------------------------------------------------------------------------------------
def _send(tx: Writing, office: Office, row: Row, *, at: datetime) -> None:
    letters = _made(tx, office, row, at=at)
    if isinstance(letters, Drop):
        _drop(tx, office, row, letters, at=at)
        return
    sent = [each for each in ledger.of_stay(tx, row.stay_id) if each.state == "sent" and each.is_of_file]
    decided = plans.verdict(
        row, letters.text, letters.guest.facts, at=at, hours=letters.book.hours, sent=len(sent)
    )
    if isinstance(decided, Drop):
        _drop(tx, office, row, decided, at=at)
    elif isinstance(decided, Wait):
        ledger.settle(tx, row, state="planned", due_at=decided.until, at=at)
    else:
        reasons = _say(tx, office, letters)
        if reasons is not None:
            why = " ".join(dict.fromkeys(reasons.values())) or outbox.TRIED_ENOUGH
            _drop(tx, office, row, Drop("skipped", why), at=at)


def _drop(tx: Writing, office: Office, row: Row, decided: Drop, *, at: datetime) -> None:
    """It is not said, and leaves its place among the five to another one."""
    ledger.settle(tx, row, state=decided.state, reason=decided.reason, at=at)
    if row.is_of_file:
        desk = planning.Desk(tx=tx, ring=office.voice.ring, shelf=office.shelf, at=at)
        planning.plan_stay(desk, row.stay_id)


def _made(tx: Writing, office: Office, row: Row, *, at: datetime) -> Letters | Drop:
    """The message filled for its guest, or why there is none."""
    house = records.house_by_id(tx, row.property_id)
    book = office.shelf.book(tx, house)
    secrets = secret_values.load_secrets(tx, house)
    guest = known.guest(tx, book, row.stay_id, contact_id=row.contact_id, secrets=secrets)
    if guest is None:
        return Drop("stopped", GONE)
    kind, _, secret_id = row.key.partition(":")
    if kind == sayings.CODES_CHANGED:
        shown = known.shown_values(book, guest, house=house, secrets=secrets, at=at)
        if not any(secret_id in ids for ids in shown.values()):
            return Drop("skipped", CHANGED_AGAIN)
    words = office.voice.words(guest.stay.language)
    text = (
        book.text(row.key, guest.stay.language)
        if row.is_of_file
        else sayings.text(tx, book, row.key, wanted=guest.stay.language, words=words)
    )
    if text is None:
        return Drop("stopped", plans.NO_TEXT)
    if row.is_of_file:
        text = texts.filled(text, book, guest.facts, periods=guest.periods)
    elif row.reason == sayings.AT_ANY_HOUR or AT_ONCE_MARK in row.tried.split():
        text = msgspec.structs.replace(text, at_any_hour=True)
        row = msgspec.structs.replace(row, tried=AT_ONCE_MARK if row.state == "planned" else row.tried)
    person = contacts.opened(office.voice.ring, guest.contact)
    return Letters(row=row, text=text, book=book, guest=guest, person=person, words=words, at=at)


# -- by which channel ----------------------------------------------------------------------------------
def _say(tx: Writing, office: Office, letters: Letters) -> Mapping[Channel, str] | None:
    """Hands the message to the first channel that takes it; when none does, why, by channel. Those that were
    tried have no say, so there may be no reason at all.
    """
    row = letters.row
    reasons: dict[Channel, str] = {}
    for channel in letters.left:
        reasons[channel] = obstacle(tx, office, letters, channel)
        if reasons[channel]:
            continue
        if channel == "print":
            ledger.settle(
                tx, row, state="sent", channel=channel, message_id=None, reason=ON_PAPER, at=letters.at
            )
            return None
        said = _by_whatsapp(tx, office, letters) if channel == "whatsapp" else _by_mail(tx, office, letters)
        if said.message_id:
            ledger.settle(
                tx, row, state="sent", channel=channel, message_id=said.message_id, reason="", at=letters.at
            )
            return None
        reasons[channel] = said.reason
    return reasons


def obstacle(db: Reading, office: Office, letters: Letters, channel: Channel) -> str:
    """Why this guest cannot be told by a channel now; empty when they can."""
    if channel == "print" and letters.at >= letters.guest.facts.marks.check_in:
        return NO_PAPER
    contact = letters.guest.contact
    guest = reach.known(db, letters.person, contact_id=contact.id, opted_in=contact.opted_in_at is not None)
    return reach.obstacle(
        channel,
        guest,
        source=letters.guest.stay.source,
        off_platform=letters.book.content.off_platform,
        speaks=office.speaks,
    )


class _Said(msgspec.Struct, frozen=True):
    message_id: str = ""
    reason: str = ""


def _by_whatsapp(tx: Writing, office: Office, letters: Letters) -> _Said:
    guest, text, words = letters.guest, letters.text, letters.words
    link = confirmations.link_of(tx, guest.stay, guest.contact.id)
    if link is None:
        return _Said(reason=NO_LINK)
    talk = confirmations.conversation_of(
        tx,
        office.voice,
        stay=guest.stay,
        house=letters.book.house,
        contact_id=guest.contact.id,
        at=letters.at,
    )
    if talk is None:
        return _Said(reason=reach.NO_NUMBER)
    name = letters.book.name(words.language).name
    values = {"house": name, **({"what": text.what} if text.what else {})}
    try:
        template = office.voice.templates(
            text.template or template_of(text.send), words.language, words, link=link, **values
        )
    except NotFound:
        return _Said(reason=NO_WORDS)
    said = LinkButton(text=text.text, label=_label(letters), link=link, template=template)
    return _Said(message_id=_put(tx, office, letters, talk=talk, said=said))


def _by_mail(tx: Writing, office: Office, letters: Letters) -> _Said:
    guest, text, words = letters.guest, letters.text, letters.words
    link = confirmations.link_of(tx, guest.stay, guest.contact.id)
    talk = correspondence.mail_with(
        tx, office.voice.ring, guest.contact, at=letters.at, language=guest.stay.language
    )
    if link is None or talk is None:
        return _Said(reason=reach.NO_ADDRESS if talk is None else NO_LINK)
    if talk.stay_id != guest.stay.id:
        talk = correspondence.bind(tx, office.voice.ring, talk, stay_id=guest.stay.id)
    name = contacts.given_name(letters.person.name)
    said = Letter(
        subject=text.subject,
        text=text.text,
        html=_in_its_language(text, words),
        language=words.language,
        property_id=letters.book.house.id,
        greeting=words.text("Hello {name},", name=name) if name else words.text("Hello,"),
        button=_label(letters),
        link=link,
    )
    return _Said(message_id=_put(tx, office, letters, talk=talk, said=said))


def _in_its_language(text: Text, words: Catalogue) -> str:
    """A text that is not in the guest's language says so, and runs its own way in the frame."""
    if not text.html or language.chrome_language(text.language) == words.language:
        return text.html
    way = language.direction(text.language)
    side = "right" if way == "rtl" else "left"
    return f'<div lang="{text.language}" dir="{way}" style="text-align:{side}">{text.html}</div>'


def _label(letters: Letters) -> str:
    return letters.text.button or letters.words.text(OPEN_PAGE)


def _put(
    tx: Writing, office: Office, letters: Letters, *, talk: correspondence.Conversation, said: Outgoing
) -> str:
    return correspondence.say(
        tx,
        office.voice.ring,
        talk,
        said,
        at=letters.at,
        by=letters.row.by_user or AUTOMATIC,
        why=f"journey {letters.row.key}",
        stay_id=letters.guest.stay.id,
        expires_at=letters.expires_at,
    )


def template_of(send: Moment) -> str:
    """What says the same outside the customer service window, when the house's file names no template."""
    match send.anchor:
        case "arrival":
            return "stay_arrival" if send.days < 0 else "stay_evening"
        case "departure":
            return "stay_leaving" if send.days <= 0 else "stay_thanks"
    return {"late-booking": "stay_all", "codes": "stay_codes", "ready": "stay_ready"}.get(
        send.anchor, "stay_link"
    )


# -- when a channel failed -----------------------------------------------------------------------------
def _fall_back(tx: Writing, office: Office, row: Row, *, why: str, at: datetime) -> None:
    """It was not delivered for certain: another hour, another channel, or a person decides."""
    letters = _made(tx, office, row, at=at)
    is_useful = row.ends_at is None or at < row.ends_at
    if isinstance(letters, Drop) or not is_useful or plans.ended(letters.guest.facts):
        ledger.settle(tx, row, state="sent", reason=why, at=at)
        return
    is_late = why == outbox.TOO_LATE  # the hours of the day ended before it could leave
    tried = row if is_late else msgspec.structs.replace(row, tried=f"{row.tried} {row.channel}".strip())
    letters = msgspec.structs.replace(letters, row=tried)
    comes = at if letters.is_at_any_hour else moments.allowed(at, letters.book.hours)
    can_wait = any(not obstacle(tx, office, letters, channel) for channel in letters.left)
    if can_wait and (is_late or comes > at):
        later = msgspec.structs.replace(tried, message_id=None, channel="")
        ledger.settle(tx, later, state="planned", due_at=comes, at=at)
    elif not can_wait or _say(tx, office, letters) is not None:
        ledger.settle(tx, row, state="sent", reason=why, at=at)
        return
    tx.do("drop_message", id=row.message_id, at=clock.as_text(at))
