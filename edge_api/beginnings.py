"""Guests of a stay to whom nobody has written yet: by which channels the house may, the conversation begun.

It sends nothing: what may be written in it, and at what price, the composer says.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from edge_api import confirmations, correspondence
from edge_api.correspondence import Conversation
from edge_api.phrases import Voice
from guestlink import contacts, journal, reach, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound, Refused
from guestlink.language import N_, Catalogue
from guestlink.reach import Channel
from guestlink.records import Contact, Stay

Spoken = Literal["whatsapp", "email"]
SPOKEN: Final[tuple[Spoken, ...]] = get_args(Spoken)
BEGUN: Final = "conversation-begun"
NOT_THEIRS: Final = N_("Somebody else writes from this number.")


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, and why the guest cannot be written to by it; no reason when they can."""

    channel: Spoken
    why_not: str


class Rules(NamedTuple):
    """What counts beside the guest: channels that are set up, sources whose guests are not led elsewhere, and
    in which words a reason is told.
    """

    speaks: Collection[Channel]
    off_platform: Collection[str]
    words: Catalogue


def ways(db: Reading, ring: KeyRing, contact: Contact, *, stay: Stay, rules: Rules) -> tuple[Way, ...]:
    person = contacts.opened(ring, contact)
    guest = reach.known(db, person, contact_id=contact.id, opted_in=contact.opted_in_at is not None)
    reasons = {
        channel: reach.obstacle(
            channel, guest, source=stay.source, off_platform=rules.off_platform, speaks=rules.speaks
        )
        for channel in SPOKEN
    }
    return tuple(
        Way(channel=channel, why_not=rules.words.text(reason) if reason else "")
        for channel, reason in reasons.items()
    )


def begin(
    tx: Writing,
    voice: Voice,
    stay: Stay,
    contact_id: str,
    *,
    channel: Spoken,
    rules: Rules,
    at: datetime,
    by: str,
) -> Conversation:
    """The conversation with a guest by a channel: the one there is, or a new one, and the journal keeps who
    began it. NotFound for somebody else than the stay's guests, Refused for whom the channel cannot reach.
    """
    contact = next((each for each in records.contacts(tx, stay) if each.id == contact_id), None)
    if contact is None:
        raise NotFound("There is no such guest of this stay.")
    possible = {way.channel: way.why_not for way in ways(tx, voice.ring, contact, stay=stay, rules=rules)}
    if possible[channel]:
        raise Refused(possible[channel])
    known = {row["id"] for row in tx.all("conversations_of_contact", contact_id=contact.id)}
    if channel == "email":
        talk = _by_mail(tx, voice, stay, contact, at=at)
    else:
        house = records.house_by_id(tx, stay.property_id)
        talk = confirmations.conversation_of(tx, voice, stay=stay, house=house, contact_id=contact.id, at=at)
    if talk is None:
        raise Refused(rules.words.text(NOT_THEIRS))
    if talk.id not in known:
        body = {"conversation": talk.id, "contact": contact.id, "channel": channel}
        begun = [journal.Event(kind=BEGUN, body=body)]
        journal.append(tx, f"stay:{stay.id}", begun, at=at, by=by, property_id=stay.property_id)
    return talk


def _by_mail(tx: Writing, voice: Voice, stay: Stay, contact: Contact, *, at: datetime) -> Conversation | None:
    talk = correspondence.mail_with(tx, voice.ring, contact, at=at, language=stay.language)
    if talk is None or talk.stay_id is not None:
        return talk
    return correspondence.bind(tx, voice.ring, talk, stay_id=stay.id)
