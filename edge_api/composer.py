"""What may be written to a guest now, until when, by which way and at what price: for whoever is about to.

It looks the way that the courier will look when it is the message's turn, and promises nothing.
"""

from datetime import datetime

import msgspec

from edge_api import conversation, correspondence, envelopes, staff_phone
from edge_api.conversation import ByTemplate, FreeForm, Nothing
from edge_api.correspondence import Conversation
from edge_api.envelopes import EMAIL
from edge_api.messages import MAIL, Template
from edge_api.outbox import Due
from edge_api.phrases import Voice
from edge_api.prices import Prices
from edge_api.template_files import numbered
from edge_api.templates import Templates
from guestlink.database import Reading
from guestlink.language import Catalogue

SAMPLE = "…"


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """The template that goes out instead; the words themselves follow when the guest writes."""

    name: str
    language: str
    text: str


class Composer(msgspec.Struct, frozen=True, kw_only=True):
    """`free_form`: the words go out as they are. Else by `template`, or not at all and `why_not` says why.
    `price` is in millionths of `currency`, None when nobody knows it.
    """

    free_form: bool
    template: Announcement | None
    price: int | None
    currency: str
    why_not: str


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a guest on WhatsApp may be answered in any words; None when they wrote too long ago."""

    open_until: datetime | None


def window(talk: Conversation, *, at: datetime) -> Window:
    if talk.number_id == MAIL or talk.heard_at is None or not conversation.is_open(talk.heard_at, at=at):
        return Window(open_until=None)
    return Window(open_until=talk.heard_at + conversation.WINDOW - conversation.MARGIN)


def composer(
    db: Reading,
    voice: Voice,
    talk: Conversation,
    *,
    templates: Templates,
    prices: Prices,
    words: Catalogue,
    at: datetime,
) -> Composer:
    """`words` are of whoever reads it."""
    if talk.is_lost:
        return _not_at_all(words, envelopes.ERASED)
    said = staff_phone.as_said(db, voice, talk, SAMPLE)
    due = Due(
        id="",
        conversation_id=talk.id,
        attempts=0,
        route="",
        asked_at=at,
        stay_id=talk.stay_id,
        answers="",
        free_from="",
    )
    if talk.number_id == MAIL:
        reason = envelopes.why_not_by_mail(db, voice.ring, talk, due)
        return _not_at_all(words, reason) if reason else _composer(db, voice, talk, EMAIL, prices=prices)
    way = envelopes.way(db, talk, due, said, at=at)
    match way:
        case Nothing(reason=reason):
            return _not_at_all(words, reason)
        case FreeForm(said=free):
            return _composer(db, voice, talk, envelopes.category_of(db, free), prices=prices)
        case ByTemplate(template=template):
            announced = _announced(voice, templates, template)
            category = envelopes.category_of(db, template)
            return _composer(db, voice, talk, category, prices=prices, template=announced)


def _composer(
    db: Reading,
    voice: Voice,
    talk: Conversation,
    category: str,
    *,
    prices: Prices,
    template: Announcement | None = None,
) -> Composer:
    price = prices.price(category, correspondence.address(voice.ring, talk))
    return Composer(
        free_form=template is None,
        template=template,
        price=(price or 0) if category == EMAIL else price,
        currency=prices.currency,
        why_not="",
    )


def _announced(voice: Voice, templates: Templates, template: Template) -> Announcement:
    """In the guest's language, as it will stand on their phone."""
    text, names = numbered(templates.form(template.name).body, voice.words(template.language))
    for number, (_, value) in enumerate(zip(names, template.values, strict=True), 1):
        text = text.replace(f"{{{{{number}}}}}", value)
    return Announcement(name=template.name, language=template.language, text=text)


def _not_at_all(words: Catalogue, reason: str) -> Composer:
    return Composer(free_form=False, template=None, price=None, currency="", why_not=words.text(reason))
