"""The sheet of a property in one language: forms, parts and words that scripts put into the page.

The same for all stays: it knows no guest and holds no secret. Values for its template only.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import Final

import msgspec
from markupsafe import Markup

from generator.files.grammar import Field
from generator.files.host_content import LOST_PROPERTY, HostContent
from generator.files.shapes import Service
from generator.parts.wording import Wording, dialled, inert_json
from guestlink.consents import MAY_WRITE
from guestlink.language import N_

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")

# What the scripts say, by the name they ask for it; they fill the placeholders.
WORDS: Final = {
    "copied": N_("Copied"),
    "found": N_("Found: {n}"),
    "nothing": N_("Nothing here says “{text}”."),
    "open_now": N_("Open now"),
    "open_until": N_("Open now until {time}"),
    "closed_opens": N_("Closed now, opens at {time}"),
    "closed_until": N_("Closed now, opens {moment}"),
    "closed_today": N_("Closed today"),
    "copy_yourself": N_("Hold the marked text to copy it"),
    "sending": N_("Sending"),
    "sent": N_("Sent. The answer appears under “Your requests”."),
    "saved": N_("Saved. You can change it here."),
    "rated": N_("Thank you. It is saved."),
    "whatsapp_yes": N_("Thank you. We write to you on WhatsApp about your stay."),
    "whatsapp_no": N_("Done. We do not write to you on WhatsApp any more."),
    "email_yes": N_("Done. We write to you by e-mail again."),
    "email_no": N_("Done. We do not write to you by e-mail any more."),
    "ends_in": N_("The number ends in {ends}."),
    "waits": N_("There is no connection. This waits on this phone and is sent when there is one."),
    "alarmed": N_("The house has been told. Do not wait long for an answer."),
    "alarm_offline": N_("There is no connection, so nobody knows yet."),
    "cancel_offline": N_("There is no connection, so it is not cancelled yet. Try again when there is one."),
    "call": N_("You can call {phone}."),
    "check": N_("Something is missing or wrong: see the marked fields."),
    "refused": N_("This could not be sent: {reason}"),
    "too_many": N_("That was a lot at once. Try again in a few minutes."),
    "gone": N_("This page can no longer send anything. Open the newest link that you were sent."),
    "removed": N_("Removed from this phone. It was not sent."),
    "remove": N_("Remove"),
    "anything": N_("Your message"),
    "asked": N_("Asked {moment}"),
    "news": N_("{title}: {state}"),
    "state_requested": N_("asked, not answered yet"),
    "state_accepted": N_("accepted"),
    "state_completed": N_("done"),
    "state_declined": N_("declined"),
    "state_cancelled": N_("cancelled"),
    "state_waits": N_("waits on this phone until there is a connection"),
    "state_refused": N_("could not be sent"),
    "fresh": N_("This page has changed."),
    "reload": N_("Show the new one"),
    "offline_since": N_("Offline. This is how it was at {time}."),
    "in_app": N_(
        "This window cannot keep the page for when you have no signal. Choose “Open in browser” in its menu, "
        "or copy the link and open it in Safari, Chrome or Firefox."
    ),
    "copy_link": N_("Copy the link"),
    "close": N_("Close"),
}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to choose: `value` is what is sent, the original's words; `label` what the guest reads."""

    value: str
    label: str


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to fill in."""

    name: str
    label: str
    kind: str
    required: bool
    low: int
    high: int
    choices: tuple[Choice, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The form of one service. With `note` it has no text field of its own, so there is one for anything."""

    key: str
    title: str
    lang: Markup
    price: str
    approve: bool
    urgent: bool
    note: bool
    fields: tuple[Input, ...]


def sheet_path(slug: str, language: str, digest: str) -> str:
    """Where a sheet lies; `digest` is that of its bytes, in hex."""
    return f"assets/sheets/{slug}.{language}.{digest[:16]}.html"


def sheet_orders(content: HostContent, wording: Wording) -> dict[str, Hashable]:
    """The forms of services, and that for what was left behind."""
    every = orders(content, wording)
    taken = LOST_PROPERTY if _takes_lost_property(content) else ""
    return {"services": every, "lost": next((order for order in every if order.key == taken), None)}


def sheet_values(content: HostContent, wording: Wording) -> dict[str, str]:
    """What else the template of the sheet prints."""
    return {
        "language": wording.language,
        "name": wording.words.name,
        "phone": content.phone,
        "tel": dialled(content.phone),
        "may_write": wording.t(MAY_WRITE, house=wording.words.name),
        "phrases": _phrases(wording.t),
    }


def _takes_lost_property(content: HostContent) -> bool:
    """Whether what was left behind is a service; else it is asked for in free words."""
    versions = content.services.get(LOST_PROPERTY, {})
    return any("departed" in service.phases for service in versions.values())


@lru_cache(maxsize=32)
def _phrases(t: Callable[..., str]) -> Markup:
    """What the scripts say in the language of `t`."""
    return inert_json({name: _phrase(words, t) for name, words in WORDS.items()})


def _phrase(words: str, t: Callable[..., str]) -> str:
    """A sentence with its placeholders still in it."""
    return t(words, **{name: f"{{{name}}}" for name in PLACEHOLDER.findall(words)})


def orders(content: HostContent, wording: Wording) -> tuple[Order, ...]:
    """The form of every service, in the host's order."""
    made = [
        (content.pick(versions, wording.language), content.pick(versions, content.languages[0]))
        for versions in content.services.values()
    ]
    made.sort(key=lambda pair: (pair[0].order, pair[0].key))
    return tuple(_order(service, original, wording) for service, original in made)


def _order(service: Service, original: Service, wording: Wording) -> Order:
    return Order(
        key=service.key,
        title=service.title,
        lang=wording.lang(service.language),
        price=wording.price(service),
        approve=service.approval == "approve",
        urgent=service.urgent,
        note=all(field.kind != "text" for field in service.fields),
        fields=tuple(_inputs(service.fields, original.fields)),
    )


def _inputs(fields: Iterable[Field], originals: Iterable[Field]) -> Iterable[Input]:
    for field, original in zip(fields, originals, strict=True):
        pairs = zip(original.choices, field.choices, strict=True)
        yield Input(
            name=field.name,
            label=field.label,
            kind=field.kind,
            required=field.required,
            low=field.low,
            high=field.high,
            choices=tuple(Choice(value=value, label=label) for value, label in pairs),
        )
