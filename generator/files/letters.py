"""A message of a stay's journey out of one file: when it goes out, to whom, and its words with slots.

It names no guest and shows no secret: the page does that. What fills the slots is the edge's.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import msgspec

from generator.files import grammar, moments, prose
from generator.files.entries import HostText, House, refuse_empty, units_of, with_digest
from generator.files.moments import Moment
from generator.files.shapes import Letter

SLOTS: Final = ("{house}", "{room}", "{arrival}", "{departure}", "{check_in}", "{check_out}")
MOST: Final = 5  # messages a stay
LONGEST_TEXT: Final = 900  # characters; WhatsApp takes 1024 with the greeting and what fills the slots
LONGEST_SUBJECT: Final = 100
LONGEST_BUTTON: Final = 20  # WhatsApp's (WHATSAPP.md)

_BRACED = re.compile(r"\{+[^{}\n]{0,60}\}+")
_IN_TAG = re.compile(r"<[^<>]*(?:\{|%7B)[^<>]*>")


def letter(text: HostText, original: Letter | None, *, house: House) -> Letter:
    front = text.front
    made = original or _new_letter(text, house)
    made = msgspec.structs.replace(
        made,
        language=text.language,
        subject=front.required("subject", _at_most(LONGEST_SUBJECT), ""),
        button=front.one("button", _at_most(LONGEST_BUTTON), made.button),
        html=text.prose.html,
        text=prose.in_paragraphs(text.prose.html),
    )
    if not made.text and original is None:
        hint = "Write two or three sentences."
        front.refuse_at(front.body_line, "There is no text below the fields.", hint=hint)
    if len(made.text) > LONGEST_TEXT:
        told = f"This message has {len(made.text)} characters, more than {LONGEST_TEXT}."
        front.warn_at(front.body_line, told, hint="Say what matters first; the page says the rest.")
    check_slots(text, SLOTS)
    return with_digest(made)


def check_slots(text: HostText, slots: Collection[str]) -> None:
    """Tell every word in braces that nothing fills, and those that stand where nothing can be filled."""
    for number, row in enumerate(text.source.split("\n"), start=1):
        for found in _BRACED.finditer(row):
            if found[0] not in slots:
                hint = grammar.nearest(found[0], slots) or f"There are {', '.join(slots)}."
                text.front.refuse_at(number, f"Nothing fills “{found[0]}”.", hint=hint)
    if _IN_TAG.search(text.prose.html):
        told = "A link cannot hold a word in braces."
        text.front.refuse_at(text.front.body_line, told, hint="Write it in plain text, outside the link.")


def too_many(letters: Mapping[str, Mapping[str, Letter]]) -> str:
    """What to tell a host who writes more messages for every stay than a stay gets; empty when it fits."""
    originals = [next(iter(versions.values())) for versions in letters.values()]
    count = sum(_is_for_everybody(each) for each in originals)
    return f"{count} messages are for every stay, and a stay gets at most {MOST}." if count > MOST else ""


def _is_for_everybody(letter: Letter) -> bool:
    """Whether every guest who books in time would get it."""
    return letter.send.anchor != "late-booking" and not (letter.only_if or letter.units or letter.not_for)


def _new_letter(text: HostText, house: House) -> Letter:
    front = text.front
    refuse_empty(front, "units", "only_if", "channels", what="message")
    made = Letter(
        key=text.key,
        language=text.language,
        send=front.required("send", moments.moment, Moment(anchor="booking"), hint="Add send: on booking."),
        useful_for=front.one("useful_for", moments.useful_for, 0),
        channels=_once(front.many("channels", moments.channel, commas=True)) or moments.CHANNELS,
        template=front.one("template", moments.template, ""),
        only_if=_once(
            front.many("only_if", grammar.one_of(moments.CONDITIONS, "condition of a message"), commas=True)
        ),
        units=units_of(front, house),
        not_for=_once(front.many("not_for", grammar.name, commas=True)),
        at_any_hour=front.one("at_any_hour", grammar.yes_or_no, False),
    )
    if made.send.time and not made.at_any_hour and not moments.is_within(made.send.time, house.message_hours):
        hint = "Choose a time within them, or add at_any_hour: yes."
        told = f"At {made.send.time} nobody is written to: message_hours are {house.message_hours}."
        front.warn("send", told, hint=hint)
    return made


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _at_most(length: int) -> Callable[[str], str]:
    """A reader of one line that is no longer than this."""

    def line(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"This has {len(text)} characters.", f"Write at most {length}.")
        return text

    return line
