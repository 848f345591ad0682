"""How a guest may be written to, as their page shows and changes it: on WhatsApp after a yes, by e-mail until
a no.

A no counts at once, also for what waits in the outbox. A number is shown by its last digits only.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from edge_api import calls, correspondence, telling
from edge_api.callers import Guest, guest_of
from edge_api.correspondence import Conversation
from edge_api.messages import MAIL
from edge_api.offers import Mistake
from edge_api.phrases import Voice
from guestlink import catalogue, consents, contacts, reach
from guestlink.contacts import OptIn, Person
from guestlink.database import Reading, Writing
from guestlink.errors import Refused
from guestlink.language import N_, Catalogue
from guestlink.reach import Channel

ByMessage = Literal["whatsapp", "email"]
LONGEST_NUMBER: Final = 15  # digits (E.164)
SHOWN_DIGITS: Final = 2
NO_NUMBER: Final = N_("Please write the number with its country code, such as +44 7700 900123.")


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One channel: whether the house may use it, and where it leads, shortened: `23` of a number,
    `a…@example.com` of an address; empty when neither is known.
    """

    agreed: bool
    leads_to: str


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What a page offers; None for a channel that is not set up or that the booking source forbids."""

    whatsapp: Way | None = None
    email: Way | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest wants of one channel. `phone` counts when no number is on file."""

    channel: ByMessage
    agrees: bool
    phone: str = ""

    def __repr__(self) -> str:
        return f"Wish({self.channel}, {self.agrees})"


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What wishes are met with: how the house speaks, through which channels, in the guest's words."""

    voice: Voice
    speaks: frozenset[Channel]
    words: Catalogue


class _Sources(msgspec.Struct):
    """Of the whole content, the booking sources whose guests are not led elsewhere."""

    off_platform: tuple[str, ...] = ("airbnb",)


def ways(db: Reading, desk: Desk, link_id: str, *, at: datetime) -> Ways:
    """How things stand for the guest of a link."""
    return _ways(db, desk, guest_of(db, link_id, at=at))


def wish(tx: Writing, desk: Desk, link_id: str, wanted: Wish, *, at: datetime) -> Ways:
    """Does what the guest wants and tells how things stand then; what is so already changes nothing. Refused
    for a channel that is not offered, InvalidFields for a number that is none.
    """
    tx.all("lock_stay", id=guest_of(tx, link_id, at=at).stay.id)
    guest = guest_of(tx, link_id, at=at)
    way: Way | None = getattr(_ways(tx, desk, guest), wanted.channel)
    if way is None:
        raise Refused("The house does not write to you there.", hint="Load your page again.")
    if way.agreed != wanted.agrees:
        _settle(tx, desk, guest, wanted)
    return ways(tx, desk, link_id, at=at)


# -- how things stand --------------------------------------------------------------------------------
def _ways(db: Reading, desk: Desk, guest: Guest) -> Ways:
    body = catalogue.last_content(db, guest.house)
    sources = msgspec.json.decode(body, type=_Sources) if body else _Sources()
    if guest.stay.source in sources.off_platform:
        return Ways()
    person = contacts.opened(desk.voice.ring, guest.contact)
    is_agreed = guest.contact.opted_in_at is not None
    known = reach.known(db, person, contact_id=guest.contact.id, opted_in=is_agreed)
    has_whatsapp = "whatsapp" in desk.speaks and bool(guest.house.phone_number_id or desk.voice.number_id)
    number = contacts.phone_digits(person.wa_id) or contacts.dialled(person.phone)
    return Ways(
        whatsapp=Way(
            agreed=known.has_number and is_agreed and "whatsapp" not in known.stopped,
            leads_to=number[-SHOWN_DIGITS:],
        )
        if has_whatsapp
        else None,
        email=Way(agreed="email" not in known.stopped, leads_to=_shortened(person.email))
        if known.has_email and "email" in desk.speaks
        else None,
    )


def _shortened(address: str) -> str:
    name, _, machine = address.partition("@")
    return f"{name[:1]}…@{machine}"


# -- what changes ------------------------------------------------------------------------------------
def _settle(tx: Writing, desk: Desk, guest: Guest, wanted: Wish) -> None:
    if wanted.channel == "whatsapp":
        (_agree if wanted.agrees else _take_back)(tx, desk, guest, wanted)
    for talk in _talks(tx, desk, guest, wanted):
        if wanted.agrees:
            correspondence.mark(tx, talk, opted_out_at=None)
        else:
            correspondence.silence(tx, talk, at=guest.at)
    stay_id, said = guest.stay.id, f"{'yes' if wanted.agrees else 'no'} to {wanted.channel}"
    consents.tell(tx, guest.contact, why=f"guest said {said}", at=guest.at, by=guest.name, stay_id=stay_id)


def _agree(tx: Writing, desk: Desk, guest: Guest, wanted: Wish) -> None:
    """Records the very words that stood beside the tick."""
    ring = desk.voice.ring
    contact, person = guest.contact, contacts.opened(ring, guest.contact)
    if not (person.wa_id or person.bsuid or contacts.dialled(person.phone)):
        phone = _checked_phone(wanted.phone, desk.words)
        contact = contacts.change_contact(tx, ring, contact, contacts.merged(person, Person(phone=phone)))
    house = calls.name_of(tx, guest.house, desk.words.language)
    said = OptIn(at=guest.at, how=consents.ON_PAGE, words=desk.words.text(consents.MAY_WRITE, house=house))
    contacts.opt_in(tx, ring, contact, said)


def _take_back(tx: Writing, desk: Desk, guest: Guest, wanted: Wish) -> None:
    contacts.opt_out(tx, guest.contact, how=consents.ON_PAGE)


def _checked_phone(text: str, words: Catalogue) -> str:
    digits = contacts.dialled(text)
    if not digits or len(digits) > LONGEST_NUMBER:
        telling.refuse([Mistake(field="phone", message=NO_NUMBER)], words)
    return f"+{digits}"


def _talks(tx: Writing, desk: Desk, guest: Guest, wanted: Wish) -> list[Conversation]:
    """The guest's conversations of the channel. One is begun to remember a no; a number that others write
    from, too, is theirs.
    """
    ring, contact, language = desk.voice.ring, guest.contact, guest.stay.language
    if wanted.channel == "email":
        talk = correspondence.mail_with(tx, ring, contact, at=guest.at, language=language)
        return [talk] if talk else []
    rows = tx.all("conversations_of_contact", contact_id=contact.id)
    found = [correspondence.load(tx, str(row["id"])) for row in rows if row["number_id"] != MAIL]
    if not found and not wanted.agrees:
        number_id = guest.house.phone_number_id or desk.voice.number_id
        told = {"number_id": number_id, "language": language}
        talk = correspondence.with_contact(tx, ring, contact, at=guest.at, **told)
        found = [talk] if talk and talk.contact_id == contact.id else []
    return found
