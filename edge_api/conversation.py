"""What may be said to somebody now, and how: free-form, by a template, by e-mail, or not at all. Pure.

The customer service window is told at
https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api.messages import Letter, Outgoing, Reaction, Template
from guestlink.language import N_

WINDOW: Final = timedelta(hours=24)
MARGIN: Final = timedelta(minutes=1)  # clocks differ, and a message is on its way for a moment

OPTED_OUT: Final = N_("This person does not want messages from us.")
NEVER_AGREED: Final = N_("The guest has not agreed to be written to on WhatsApp.")
SOURCE_FORBIDS: Final = N_("The booking source does not allow messages outside it.")
WINDOW_CLOSED: Final = N_("The guest wrote more than 24 hours ago, and this message has no template.")
NO_MAILBOX: Final = N_("No e-mail address is known that can be written to.")
NO_TEMPLATE: Final = N_("The message template is not approved in this language.")


class FreeForm(msgspec.Struct, frozen=True, kw_only=True):
    """As it is: the window is open."""

    said: Outgoing


class ByTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """What says the same outside the window."""

    template: Template


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing may be sent; `reason` is in words for the host, to be translated where it is shown."""

    reason: str


Route = FreeForm | ByTemplate | Nothing


def is_open(heard_at: datetime | None, *, at: datetime) -> bool:
    """Whether the customer service window is open: 24 hours from the person's last message, less a minute."""
    return heard_at is not None and at < heard_at + WINDOW - MARGIN


def is_silenced(
    *, heard_at: datetime | None, opted_out_at: datetime | None, asked_at: datetime, is_reply: bool
) -> bool:
    """Whether an opt-out forbids a message that was asked for at `asked_at`.

    Nothing that was on its way goes out any more. Who writes again after opting out is answered, since a
    person who asks for towels wants an answer; the word STOP itself gets one reply that says so.
    """
    if opted_out_at is None:
        return False
    if asked_at < opted_out_at or heard_at is None or heard_at < opted_out_at:
        return True
    return heard_at == opted_out_at and not is_reply


def source_allows(source: str, off_platform: Collection[str]) -> bool:
    """Whether we may begin to write to guests of this booking source (`off_platform` in property.md)."""
    return source not in off_platform


def why_not_by_mail(address: str, *, opted_out: bool, source_allows: bool) -> str:
    """Why nothing may be sent by e-mail now, in words for the host; empty when it may."""
    if opted_out:
        return OPTED_OUT
    if not source_allows:
        return SOURCE_FORBIDS
    return "" if address else NO_MAILBOX


def route(
    said: Outgoing,
    *,
    heard_at: datetime | None,
    at: datetime,
    opted_in: bool,
    opted_out: bool,
    source_allows: bool,
    is_staff: bool,
    template_usable: bool,
) -> Route:
    """How to say it now. Inside the window as it is, outside by its template.

    A guest must have agreed to templates and come by a source that permits them; staff work for the house.
    `opted_out` is what `is_silenced` says. A guest who wrote to us may be answered whatever the source.
    """
    if opted_out:
        return Nothing(reason=OPTED_OUT)
    window = is_open(heard_at, at=at)
    template = template_of(said)
    if window and not isinstance(said, Template):
        return FreeForm(said=said)
    if template is None:
        return Nothing(reason=WINDOW_CLOSED)
    if not (window or is_staff):
        if not opted_in:
            return Nothing(reason=NEVER_AGREED)
        if not source_allows:
            return Nothing(reason=SOURCE_FORBIDS)
    return ByTemplate(template=template) if template_usable else Nothing(reason=NO_TEMPLATE)


def template_of(said: Outgoing) -> Template | None:
    """What says the same outside the window; a reaction and an e-mail have no such thing."""
    if isinstance(said, Template):
        return said
    return None if isinstance(said, Reaction | Letter) else said.template
