"""The sentences of the house on WhatsApp, to guests and staff in their own language. It decides nothing.

A code never stands in a message, nor does a link: a message names whose link goes with it.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from edge_api import templates
from edge_api.holdings import Holdings
from edge_api.messages import (
    MOST_BUTTONS,
    Buttons,
    Choice,
    Group,
    GuestLinkOf,
    LinkButton,
    Options,
    Outgoing,
    Template,
    Text,
    shortened,
)
from guestlink.crypto import KeyRing
from guestlink.language import N_, Catalogue
from guestlink.reach import Channel
from guestlink.settings import Settings

LONGEST_QUOTE: Final = 700
LONGEST_ANSWER: Final = 500
OPEN_PAGE: Final = N_("Open your page")
TAKE_BACK: Final = N_("Cancel request")
YOUR_REQUEST: Final = N_("Your request")
SOMEBODY: Final = N_("Somebody")
CODE_FAILS: Final = N_("A code does not work")
PASSED_ON: Final = N_("Thank you. We pass this on to the house and answer here.")
TOO_LATE: Final = N_("It is too late to cancel this here. Please call the house.")
REASONS: Final = (
    N_("This is not possible today."),
    N_("We have none left."),
    N_("Somebody at the house talks to you about it."),
)


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """How the house speaks: from which number when none is known yet, whether by e-mail, in which words, by
    which templates; and the keys of its letters. Without a number it is silent on WhatsApp.
    """

    ring: KeyRing
    number_id: str = ""
    mails: bool = False
    words: Callable[[str], Catalogue]
    templates: Callable[..., Template | None]


def voice_of(holdings: Holdings) -> Voice:
    """How this deployment speaks; silent while there is no number to speak from."""
    settings = holdings.settings
    rendered = _templates(settings.theme_folder).rendered
    number_id = settings.whatsapp_number_id if settings.speaks_whatsapp else ""
    return Voice(
        ring=holdings.ring,
        number_id=number_id,
        mails=settings.speaks_mail,
        words=holdings.words,
        templates=rendered,
    )


def channels(settings: Settings) -> frozenset[Channel]:
    """By which channels this deployment can speak."""
    speaks: set[Channel] = {"print"}
    if settings.speaks_whatsapp:
        speaks.add("whatsapp")
    if settings.speaks_mail:
        speaks.add("email")
    return frozenset(speaks)


@cache
def _templates(theme: Path) -> templates.Templates:
    return templates.load_templates(theme)


def _buttons(text: str, buttons: Sequence[tuple[str, str]], template: Template | None = None) -> Buttons:
    made = tuple(Choice(payload=payload, title=title) for payload, title in buttons)
    return Buttons(text=text, buttons=made, template=template)


# -- to guests: what they asked for ----------------------------------------------------------------
def asked(words: Catalogue, what: str, request_id: str) -> Outgoing:
    t = words.text
    text = t("{what}: we have your request. We write here as soon as it is confirmed.", what=what)
    return _buttons(text, [(f"take-back:{request_id}", t(TAKE_BACK))])


def arranged(words: Catalogue, what: str, request_id: str) -> Outgoing:
    t = words.text
    return _buttons(t("{what}: that is arranged.", what=what), [(f"take-back:{request_id}", t(TAKE_BACK))])


def confirmed(words: Catalogue, what: str, change: str, template: Template | None) -> Outgoing:
    t = words.text
    text = t("{what}: confirmed.", what=what)
    return Text(text=f"{text}\n{change}" if change else text, template=template)


def until_time(words: Catalogue, when: str) -> str:
    return words.text("You can stay until {when}. Your page and your codes say so, too.", when=when)


def from_time(words: Catalogue, when: str) -> str:
    return words.text("You can come from {when} on. Your page and your codes say so, too.", when=when)


def until_day(words: Catalogue, day: str) -> str:
    return words.text("You now leave on {day}. Your page and your codes say so, too.", day=day)


def declined(words: Catalogue, what: str, reason: str, template: Template | None) -> Outgoing:
    text = words.text("{what}: we are sorry, we cannot do this.", what=what)
    return Text(text=f"{text}\n{reason}" if reason else text, template=template)


def reopened(words: Catalogue, what: str) -> Outgoing:
    return Text(text=words.text("{what}: we look into it again and write here.", what=what))


def taken_back(words: Catalogue, what: str) -> Outgoing:
    return Text(text=words.text("{what}: your request is cancelled.", what=what))


def call_us(words: Catalogue, what: str, phone: str) -> Outgoing:
    text = words.text(
        "{what}: we have not reached anybody yet. Please call {phone}; we keep trying.",
        what=what,
        phone=phone,
    )
    return Text(text=text)


def choose(words: Catalogue, what: str, label: str, rows: Sequence[tuple[str, str]]) -> Outgoing:
    """A question with ready answers, one row each."""
    made = tuple(Choice(payload=payload, title=title) for payload, title in rows)
    question = label or words.text("Please choose one.")
    return Options(text=f"{what}\n{question}", button=words.text("Choose"), groups=(Group(rows=made),))


def fill_in(words: Catalogue, what: str, link: GuestLinkOf) -> Outgoing:
    text = words.text("{what}: we need a few details. Your page has a short form for it.", what=what)
    return LinkButton(text=text, label=words.text(OPEN_PAGE), link=link)


def problem(words: Catalogue, what: str, why: str, link: GuestLinkOf | None) -> Outgoing:
    text = f"{what}\n{why}".strip()
    return LinkButton(text=text, label=words.text(OPEN_PAGE), link=link) if link else Text(text=text)


# -- to guests: conversation -----------------------------------------------------------------------
def menu(words: Catalogue, rows: Sequence[tuple[str, str, str]], link: GuestLinkOf | None) -> Outgoing:
    """What can be asked for: payload, title, a few words."""
    t = words.text
    if not rows:
        text = t("Hello. Tell us what you need: somebody at the house reads this.")
        return LinkButton(text=text, label=t(OPEN_PAGE), link=link) if link else Text(text=text)
    made = tuple(Choice(payload=payload, title=title, text=more) for payload, title, more in rows)
    text = t("Hello. What can we do for you? Choose, or say it in your own words.")
    return Options(text=text, button=t("What we offer"), groups=(Group(rows=made),))


def answer(
    words: Catalogue, title: str, text: str, link: GuestLinkOf | None, *, is_passed_on: bool = False
) -> Outgoing:
    """What the house's text says of it, and the page where all of it stands; that a person hears it, too."""
    body = f"*{title}*\n{shortened(text, LONGEST_ANSWER)}".strip()
    body = f"{body}\n\n{words.text(PASSED_ON)}" if is_passed_on else body
    return LinkButton(text=body, label=words.text(OPEN_PAGE), link=link) if link else Text(text=body)


def of_service(words: Catalogue, title: str, price: str, text: str, *, payload: str) -> Outgoing:
    """What the house says of a service, with the button that asks for it."""
    t = words.text
    head = f"*{title}* · {price}" if price else f"*{title}*"
    buttons = [(payload, t("Ask for it")), ("human", t("Something else"))]
    return _buttons(f"{head}\n{shortened(text, LONGEST_ANSWER)}".strip(), buttons)


def which_one(words: Catalogue, rows: Sequence[tuple[str, str]]) -> Outgoing:
    """Several things may be meant; the last row passes the message on."""
    t = words.text
    rows = [*rows, ("human", t("Something else"))]
    text = t("Which of these do you mean?")
    if len(rows) <= MOST_BUTTONS and all(len(title) <= 20 for _, title in rows):
        return _buttons(text, rows)
    made = tuple(Choice(payload=payload, title=title) for payload, title in rows)
    return Options(text=text, button=t("Choose"), groups=(Group(rows=made),))


def which_stay(words: Catalogue, rows: Sequence[tuple[str, str, str]]) -> Outgoing:
    t = words.text
    made = tuple(Choice(payload=payload, title=title, text=more) for payload, title, more in rows)
    text = t("You have several rooms with us. Which one is this about?")
    if len(rows) <= MOST_BUTTONS:
        return Buttons(text=text, buttons=made)
    return Options(text=text, button=t("Choose"), groups=(Group(rows=made),))


def passed_on(words: Catalogue) -> Outgoing:
    return Text(text=words.text(PASSED_ON))


def no_stay(words: Catalogue) -> Outgoing:
    t = words.text
    text = t(
        "Hello. We do not know this number. If you are staying with us, write to us from your page with"
        " “{button}”, or tell us your name and room. Somebody at the house reads this.",
        button=t("Write on WhatsApp"),
    )
    return Text(text=text)


def shared_number(words: Catalogue) -> Outgoing:
    """An agency's number serves many guests: nobody is told of another's stay."""
    t = words.text
    text = t(
        "Hello. Several of our guests share this number. Write to us from your page with “{button}”, so that"
        " we know which stay it is about. Somebody at the house reads this.",
        button=t("Write on WhatsApp"),
    )
    return Text(text=text)


def asked_the_house(words: Catalogue) -> Outgoing:
    """Somebody has a booking word and writes from a number that is not on file."""
    text = words.text(
        "Thank you. Your number is new to us, so somebody at the house looks at this first and answers here."
    )
    return Text(text=text)


def stay_is_over(words: Catalogue) -> Outgoing:
    return Text(text=words.text("Your stay with us is over. We pass this on to the house and answer here."))


def welcome_back(words: Catalogue, house: str, link: GuestLinkOf | None) -> Outgoing:
    text = words.text("You are in the right place: this is {house}.", house=house)
    return LinkButton(text=text, label=words.text(OPEN_PAGE), link=link) if link else Text(text=text)


def stopped(words: Catalogue) -> Outgoing:
    text = words.text("We no longer write to you here. Write START to change that; your page stays as it is.")
    return Text(text=text)


def resumed(words: Catalogue) -> Outgoing:
    return Text(text=words.text("Thank you. We write to you here again."))


def from_staff(text: str, template: Template | None) -> Outgoing:
    """What somebody of the house writes, as it is."""
    return Text(text=text, template=template)


# -- to staff --------------------------------------------------------------------------------------
class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """A request as staff read it on the phone."""

    request_id: str
    version: int
    house: str
    unit: str
    guest: str
    what: str
    said: tuple[tuple[str, str], ...] = ()
    note: str = ""
    urgent: bool = False
    is_promised: bool = False
    price: str = ""


def ring(words: Catalogue, told: Ring, template: Template | None) -> Outgoing:
    t = words.text
    head = t("Urgent: {what}", what=told.what) if told.urgent else told.what
    lines = [f"*{head}*", ", ".join(each for each in (told.unit, told.guest, told.house) if each)]
    lines += details(told.said, told.note)
    if told.price:
        lines.append(told.price)
    if told.is_promised:
        lines.append(t("The guest already knows that it is arranged."))
        buttons = [(f"take:{told.request_id}", t("I will do it")), (f"done:{told.request_id}", t("Done"))]
    else:
        buttons = [
            (f"accept:{told.request_id}:{told.version}", t("Accept")),
            (f"decline:{told.request_id}", t("Decline")),
        ]
    return _buttons("\n".join(lines), buttons, template)


def details(said: Sequence[tuple[str, str]], note: str) -> list[str]:
    """What a guest told of a request, line by line."""
    lines = [f"{label}: {value}" if label else value for label, value in said]
    return [*lines, f"“{shortened(note, LONGEST_QUOTE)}”"] if note else lines


def yours(
    words: Catalogue, what: str, request_id: str, *, told_guest: bool, details: Sequence[str] = ()
) -> Outgoing:
    t = words.text
    text = (
        t("{what}: it is yours. The guest knows.", what=what)
        if told_guest
        else t("{what}: yours.", what=what)
    )
    return _buttons("\n".join([text, *details]), [(f"done:{request_id}", t("Done"))])


def done(words: Catalogue, what: str) -> Outgoing:
    return Text(text=words.text("{what}: done. Thank you.", what=what))


def withdrawn(words: Catalogue, what: str, unit: str) -> Outgoing:
    """The guest needs it no more."""
    t = words.text
    text = t("{what}: the guest has cancelled it. Nobody has to come.", what=what)
    return Text(text=f"{text}\n{unit}" if unit else text)


def was_faster(words: Catalogue, who: str, state: str, when: str) -> str:
    return words.text("{who} was faster: {state} at {when}.", who=who, state=state, when=when)


def done_before(words: Catalogue, state: str) -> str:
    return words.text("You have answered this already: {state}.", state=state)


def against(words: Catalogue, why: str) -> str:
    """What stands against it is told as the house's computer tells it: it names other stays."""
    return f"{words.text('This is not possible as the stays are now.')}\n{why}"


def noted(words: Catalogue) -> Outgoing:
    return Text(text=words.text("Noted. Thank you."))


def too_late(words: Catalogue, why: str) -> Outgoing:
    return Text(text=why)


def why_not(words: Catalogue, what: str, request_id: str) -> Outgoing:
    """Asks for the reason of a no: ready ones, or the answer to this message."""
    t = words.text
    rows = tuple(
        Choice(payload=f"reason:{request_id}:{number}", title=shortened(t(reason), 24), text=t(reason))
        for number, reason in enumerate(REASONS)
    )
    text = t(
        "{what}: why not? Choose what the guest reads, or reply to this message in your own words.",
        what=what,
    )
    return Options(text=text, button=t("Choose"), groups=(Group(rows=rows),))


def refused(words: Catalogue, what: str) -> Outgoing:
    return Text(text=words.text("{what}: declined. The guest knows why.", what=what))


def guest_writes(words: Catalogue, who: str, quote: str, template: Template | None) -> Outgoing:
    """What a guest wrote; a reply to this message goes to the guest."""
    t = words.text
    hint = t("Reply to this message to answer.")
    return Text(text=f"*{who}*\n“{shortened(quote, LONGEST_QUOTE)}”\n{hint}", template=template)


def whose_number(
    words: Catalogue, told: str, claim: str, conversation_id: str, *, template: Template | None = None
) -> Outgoing:
    """Somebody with a booking word writes from an unknown number: is it the guest?"""
    t = words.text
    text = t(
        "{name} has the booking word for {stay} but writes from a new number. Is this the guest?",
        name=told,
        stay=claim,
    )
    return _buttons(
        text,
        [(f"known:{conversation_id}", t("Yes, the guest")), (f"unknown:{conversation_id}", t("No"))],
        template,
    )


def delivered_to_guest(words: Catalogue, who: str) -> Outgoing:
    return Text(text=words.text("Sent to {who}.", who=who))


def not_delivered(words: Catalogue, who: str, why: str) -> Outgoing:
    return Text(text=words.text("Not sent to {who}: {why}", who=who, why=why))


def how_to(words: Catalogue) -> Outgoing:
    text = words.text(
        "This number is for guests' requests. Tap the buttons below a request; reply to a guest's message to"
        " answer it."
    )
    more = words.text(
        "New code: write “code 4 2580”. Rooms of today’s arrivals: write “rooms”, or “ready 4” when one is"
        " ready."
    )
    return Text(text=f"{text}\n{more}")
