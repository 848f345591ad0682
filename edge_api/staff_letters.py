"""What the house tells those of its people by e-mail who have no WhatsApp.

A guest's own words and name stand in none. Nobody can answer such an e-mail, so each says whom to call.
"""

from datetime import datetime

import msgspec

from edge_api.messages import Letter
from edge_api.phrases import Ring
from guestlink import language
from guestlink.language import Catalogue
from guestlink.records import Property


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads it, about which house, and where the house can be called; its files may name no phone."""

    words: Catalogue
    greeting: str
    house: Property
    house_name: str
    phone: str


def reader(words: Catalogue, name: str, *, house: Property, house_name: str, phone: str) -> Reader:
    t = words.text
    greeting = t("Hello {name},", name=name) if name else t("Hello,")
    return Reader(words=words, greeting=greeting, house=house, house_name=house_name, phone=phone)


def asked(to: Reader, told: Ring, *, since: datetime) -> Letter:
    """A request that waits for somebody."""
    t = to.words.text
    what = ", ".join(each for each in (told.what, told.unit) if each)
    about = [told.what, told.unit, told.price, t("Asked on {when}.", when=_when(to, since))]
    if told.is_promised:
        about.append(t("The guest already knows that it is arranged."))
    way = (
        t("This e-mail cannot be answered. Call {phone} to say that you do it, or to ask.", phone=_phone(to))
        if to.phone
        else t("This e-mail cannot be answered. Tell the house that you do it.")
    )
    subject = t("Urgent: {what}", what=what) if told.urgent else what
    head = t("A guest of {house} asks for something:", house=to.house_name)
    return _letter(to, subject, [head, "\n".join(filter(None, about)), way])


def withdrawn(to: Reader, what: str, unit: str) -> Letter:
    """The guest needs it no more."""
    t = to.words.text
    said = t("{what}: the guest has cancelled it. Nobody has to come.", what=what)
    subject = t("Cancelled: {what}", what=", ".join(each for each in (what, unit) if each))
    return _letter(to, subject, [f"{said}\n{unit}".strip(), to.house_name])


def guest_writes(to: Reader, unit: str, *, since: datetime) -> Letter:
    """Somebody has written on WhatsApp, and only a person can answer."""
    t, where = to.words.text, unit or to.house_name
    lines = [
        t("Somebody has written to {house} on WhatsApp and waits for an answer.", house=to.house_name),
        "\n".join(filter(None, [unit, t("Waiting since {when}.", when=_when(to, since))])),
        t("What they wrote does not stand in this e-mail, which cannot be answered either."),
    ]
    if to.phone:
        lines.append(t("Call {phone} to find out more.", phone=_phone(to)))
    return _letter(to, t("Somebody writes: {where}", where=where), lines)


def _letter(to: Reader, subject: str, parts: list[str]) -> Letter:
    return Letter(
        subject=subject,
        greeting=to.greeting,
        text="\n\n".join(parts),
        language=to.words.language,
        property_id=to.house.id,
        is_to_staff=True,
    )


def _when(to: Reader, at: datetime) -> str:
    return language.format_moment(at, to.house.zone, to.words.language)


def _phone(to: Reader) -> str:
    return language.isolate(to.phone)
