"""An answer that people of a house send again and again, out of one file: its title, its words with slots.

Markdown as everywhere, for what stands on a phone: paragraphs, lists, links. It shows no secret.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from generator.files import grammar, letters, prose
from generator.files.entries import LAST, HostText, with_digest
from generator.files.shapes import Answer

SLOTS: Final = (*letters.SLOTS, "{guest}")
LONGEST_TEXT: Final = 900  # characters; a reason why not has 1000, with what fills the slots


def answer(text: HostText, original: Answer | None, *, services: Collection[str]) -> Answer:
    front = text.front
    made = original or _new_answer(text, services)
    made = msgspec.structs.replace(
        made,
        language=text.language,
        title=front.required("title", str, ""),
        text=prose.in_paragraphs(text.prose.html),
    )
    if not made.text and original is None:
        front.refuse_at(front.body_line, "There is no text below the fields.", hint="Write what is sent.")
    if len(made.text) > LONGEST_TEXT:
        told = f"This answer has {len(made.text)} characters, more than {LONGEST_TEXT}."
        front.refuse_at(front.body_line, told, hint="Make two of it, or leave some of it to the page.")
    letters.check_slots(text, SLOTS)
    return with_digest(made)


def _new_answer(text: HostText, services: Collection[str]) -> Answer:
    front = text.front
    known = grammar.one_of(sorted(services), "service of this property")
    return Answer(
        key=text.key,
        language=text.language,
        order=front.one("order", grammar.whole(-999, LAST), LAST),
        services=tuple(dict.fromkeys(front.many("for", known, commas=True))),
    )
