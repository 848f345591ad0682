"""What goes out for a message whose turn it is: words, address, way, guest link, price. It sends nothing.

Everything is decided at the moment of sending: the window may have closed since, the guest may be gone. A
guest link is built here and lies nowhere.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from edge_api import calls, conversation, correspondence, letters, team, templates
from edge_api.conversation import FreeForm, Nothing
from edge_api.correspondence import Conversation
from edge_api.letters import Cover, Frame
from edge_api.messages import MAIL, GuestLinkOf, Letter, LinkButton, Outgoing, Reaction, Sender, Template
from edge_api.outbox import Due, Intent
from edge_api.prices import Prices
from guestlink import catalogue, clock, contacts, language, links, records, stays
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.language import N_
from guestlink.records import Contact, Link, Property, Stay

SERVICE: Final = "service"
UNSURE: Final = "utility"  # what a template counts as until Meta has said its category
EMAIL: Final = "email"
FRAME_KIND, FRAME_KEY = "mail", "frame"  # in the catalogue
NO_LETTER: Final = N_("This message cannot be said by e-mail.")
ERASED: Final = N_("This guest was erased.")
NO_CODE: Final = N_("This code does not count any more.")
NO_LINK: Final = N_("The guest’s page is not there any more.")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Ready to go. `answers` is the wamid it replies to, `url` the guest link of its button, `mail` a whole
    e-mail with its guest link in it.
    """

    intent: Intent
    number_id: str
    said: Outgoing
    to: Sender
    answers: str
    url: str
    mail: bytes = b""

    def __repr__(self) -> str:
        return f"Envelope({self.intent.due.id}, hidden)"


class Clerk(msgspec.Struct, frozen=True, kw_only=True):
    """What envelopes are made with. The ring is asked for each time: it may be rotated meanwhile. E-mails
    come from `mail_from`, and answers to them go to `reply_to`.
    """

    ring: Callable[[], KeyRing]
    public_url: str
    prices: Prices
    mail_from: str = ""
    reply_to: str = ""


class _Sources(msgspec.Struct):
    """Of the whole content, the booking sources whose guests are not led elsewhere."""

    off_platform: tuple[str, ...] = ("airbnb",)


def enclose(db: Reading, clerk: Clerk, due: Due, *, at: datetime) -> Envelope | str:
    """The envelope, or why nothing may be sent, in words for the host."""
    ring, talk = clerk.ring(), correspondence.load(db, due.conversation_id)
    said = correspondence.said(db, ring, due.id)
    if talk.is_lost or said is None:
        return ERASED
    if talk.number_id == MAIL:
        return _mail(db, clerk, due, talk=talk, said=said, at=at)
    to = correspondence.address(ring, talk)
    chosen = way(db, talk, due, said, at=at)
    if isinstance(chosen, Nothing):
        return chosen.reason
    said = chosen.said if isinstance(chosen, FreeForm) else chosen.template
    if isinstance(said, Template) and said.code:
        digits = _digits(db, ring, due, at=at)
        if not digits:
            return NO_CODE
        said = msgspec.structs.replace(said, values=(digits,))
    url = _url(db, clerk, said)
    answers = correspondence.wamid_of(db, ring, due.answers) if due.answers else ""
    if url is None:
        return NO_LINK
    category = category_of(db, said)
    intent = Intent(
        due=due,
        route="template" if isinstance(said, Template) else "free-form",
        category=category,
        price=clerk.prices.price(category, to) if category else 0,
        currency=clerk.prices.currency,
    )
    return Envelope(intent=intent, number_id=talk.number_id, said=said, to=to, answers=answers, url=url)


def way(db: Reading, talk: Conversation, due: Due, said: Outgoing, *, at: datetime) -> conversation.Route:
    """How something may be said in a conversation on WhatsApp now."""
    contact = contacts.load_contact(db, talk.contact_id) if talk.contact_id else None
    template = conversation.template_of(said)
    heard_at = None if due.route == "template" else talk.heard_at  # Meta said that the window is closed
    begins = talk.user_id is None and not conversation.is_open(heard_at, at=at)
    return conversation.route(
        said,
        heard_at=heard_at,
        at=at,
        opted_in=contact is not None and contact.opted_in_at is not None,
        opted_out=conversation.is_silenced(
            heard_at=talk.heard_at,
            opted_out_at=talk.opted_out_at,
            asked_at=due.asked_at,
            is_reply=bool(due.answers),
        ),
        source_allows=not begins or _source_allows(db, talk, due),
        is_staff=talk.user_id is not None,
        template_usable=template is not None and templates.is_usable(db, template.name, template.language),
    )


def _source_allows(db: Reading, talk: Conversation, due: Due) -> bool:
    stay_id = due.stay_id or talk.stay_id
    row = db.one("stay_by_id", id=stay_id) if stay_id else None
    if row is None:
        return True
    stay = records.shaped(row, Stay)
    house = db.one("property_by_id", id=stay.property_id)
    body = catalogue.last_content(db, records.shaped(house, Property)) if house else None
    sources = msgspec.json.decode(body, type=_Sources) if body else _Sources()
    return conversation.source_allows(stay.source, sources.off_platform)


def category_of(db: Reading, said: Outgoing) -> str:
    """What Meta counts it as; a reaction costs nothing."""
    if isinstance(said, Reaction):
        return ""
    if not isinstance(said, Template):
        return SERVICE
    row = db.one("message_template", name=said.name, language=said.language)
    return str(row["category"]).lower() if row else UNSURE


def _digits(db: Reading, ring: KeyRing, due: Due, *, at: datetime) -> str:
    """The digits of a code to sign in, while they are to be sent; the archive never has them."""
    row = db.one("code_to_send", message_id=due.id, at=clock.as_text(at))
    return ring.open(row["value"], "sign_in_codes", "value", row=str(row["id"])) if row else ""


# -- by e-mail ---------------------------------------------------------------------------------------
def _mail(
    db: Reading, clerk: Clerk, due: Due, *, talk: Conversation, said: Outgoing, at: datetime
) -> Envelope | str:
    """The whole e-mail: no window and no template, but the same opt-out and the same booking sources."""
    if not isinstance(said, Letter):
        return NO_LETTER
    if reason := why_not_by_mail(db, clerk.ring(), talk, due, is_to_staff=said.is_to_staff):
        return reason
    to = _mailbox(db, clerk.ring(), talk)
    address = letters.checked_address(to.email)
    url = _url(db, clerk, said)
    if url is None:
        return NO_LINK
    house = records.house_by_id(db, said.property_id)
    token = "" if said.is_to_staff else links.mail_token(clerk.ring(), talk.id)
    cover = Cover(
        message_id=letters.message_id(clerk.mail_from, due.id),
        house=calls.name_of(db, house, said.language),
        mail_from=clerk.mail_from,
        reply_to=clerk.reply_to,
        to=to,
        address=address,
        at=at,
        url=url,
        unsubscribe=links.stop_link(clerk.public_url, token) if token else "",
    )
    intent = Intent(
        due=due,
        route="free-form",
        category=EMAIL,
        price=clerk.prices.price(EMAIL, to) or 0,
        currency=clerk.prices.currency,
    )
    mail = letters.composed(said, cover, frame_of(db, house, said.language))
    return Envelope(intent=intent, number_id=MAIL, said=said, to=to, answers="", url=url, mail=mail)


def why_not_by_mail(
    db: Reading, ring: KeyRing, talk: Conversation, due: Due, *, is_to_staff: bool = False
) -> str:
    """Why an e-mail may not be sent now, in words for the host; empty when it may."""
    is_silenced = conversation.is_silenced(
        heard_at=None, opted_out_at=talk.opted_out_at, asked_at=due.asked_at, is_reply=False
    )
    source_allows = is_to_staff or _source_allows(db, talk, due)
    address = letters.checked_address(_mailbox(db, ring, talk).email)
    return conversation.why_not_by_mail(address, opted_out=is_silenced, source_allows=source_allows)


def _mailbox(db: Reading, ring: KeyRing, talk: Conversation) -> Sender:
    """The address as it is on file now: it may have been corrected since."""
    if talk.contact_id:
        person = contacts.opened(ring, contacts.load_contact(db, talk.contact_id))
        return Sender(email=person.email, name=person.name)
    if talk.user_id:
        somebody = team.opened(ring, team.load_user(db, talk.user_id))
        return Sender(email=somebody.email, name=somebody.name)
    return Sender()


def frame_of(db: Reading, house: Property, wanted: str = "") -> Frame:
    """What publishing made of the house's letterhead; without one, plain words are sent."""
    spoken = language.chrome_language(wanted or house.default_language)
    row = db.one("catalogue_entry", property_id=house.id, language=spoken, kind=FRAME_KIND, key=FRAME_KEY)
    return msgspec.json.decode(row["body"], type=Frame) if row else letters.NO_FRAME


# -- the guest link ----------------------------------------------------------------------------------
def _url(db: Reading, clerk: Clerk, said: Outgoing) -> str | None:
    """The gate link that the message needs, empty when it needs none, None when there is none any more.

    The gate takes nothing after the key, so a section is not named.
    """
    wanted = said.link if isinstance(said, LinkButton | Template | Letter) else None
    if wanted is None:
        return ""
    link = _newest(db, wanted)
    if link is None:
        return None
    contact = _owner(db, link)
    if contact is None:
        return None
    return links.gate_link(clerk.public_url, link.slug, stays.open_page_key(clerk.ring(), contact, link))


def _newest(db: Reading, wanted: GuestLinkOf) -> Link | None:
    """The same guest's link that nothing has replaced."""
    row = db.one("link_by_id", id=wanted.link_id)
    if row is None:
        return None
    asked = records.shaped(row, Link)
    rows = db.all("links_of_stay", stay_id=asked.stay_id)
    current = [link for link in records.shaped_all(rows, Link) if link.replaced_at is None]
    return next((link for link in current if link.contact_id == asked.contact_id), None)


def _owner(db: Reading, link: Link) -> Contact | None:
    row = db.one("contact_by_id", id=link.contact_id)
    return records.shaped(row, Contact) if row else None
