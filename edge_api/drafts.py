"""A message template in one language as Meta reviews it, and the rules that review goes by. Pure.

Rules: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components and
…/templates/template-review.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

import msgspec

LONGEST_BODY: Final = 1024
LONGEST_BUTTON: Final = 25
LONGEST_NAME: Final = 512
AUTHENTICATION: Final = "AUTHENTICATION"
CODE_LIVES: Final = range(60, 901, 60)  # seconds; Meta takes no more than 15 minutes
MOST_QUICK_REPLIES: Final = 3  # Meta takes ten; more than three are folded away on the phone
WORDS_FOR_EACH_VARIABLE: Final = 3  # and one more: Meta refuses bodies that are mostly variables
NAME: Final = re.compile(r"[a-z0-9_]+\Z")
VARIABLE: Final = re.compile(r"\{\{(\d+)\}\}")
LETTERS_OF_A_WORD: Final = 4  # where words are written without spaces
UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
SPACES: Final = re.compile(r"\n{3,}| {5,}|\t")

# Meta has no plain Portuguese; ours is written as in Portugal.
META_LANGUAGES: Final = {"pt": "pt_PT"}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A button that opens `base` with a suffix of its own in each message."""

    title: str
    base: str
    example: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One template in one of our languages; `body` has {{1}}, {{2}} … with an example for each.

    `lives` is for how many seconds Meta may try to deliver it.
    """

    name: str
    language: str
    category: str
    body: str
    examples: tuple[str, ...] = ()
    quick_replies: tuple[str, ...] = ()
    link: Link | None = None
    lives: int = 0

    @property
    def digest(self) -> str:
        """Differs when anything does that Meta would have to review again."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    @property
    def carries_a_code(self) -> bool:
        """Whether its words are Meta's own, around a code (…/templates/authentication-templates)."""
        return self.category == AUTHENTICATION


def meta_language(language: str) -> str:
    """Meta's code for one of our languages."""
    return META_LANGUAGES.get(language, language.replace("-", "_"))


def our_language(code: str) -> str:
    """The other way round. A region that we never hand in stays one: `en_US` is not our `en`."""
    ours = {meta: language for language, meta in META_LANGUAGES.items()}
    return ours.get(code, code.replace("_", "-"))


def mistakes(draft: Draft) -> Iterator[tuple[str, str]]:
    """What review would refuse: the field and a sentence for each."""
    if not NAME.match(draft.name) or len(draft.name) > LONGEST_NAME:
        yield "name", "A name has small letters, digits and underscores, at most 512."
    if draft.carries_a_code:
        yield from _of_code(draft)
        return
    yield from (("body", told) for told in _of_body(draft))
    yield from _of_buttons(draft)


def _of_code(draft: Draft) -> Iterator[tuple[str, str]]:
    for field in ("body", "examples", "quick_replies", "link"):
        if getattr(draft, field):
            yield field, "Meta writes the words around a code itself: leave it out."
    if draft.lives not in CODE_LIVES:
        yield "lives", "A code needs 1m to 15m."


def _of_buttons(draft: Draft) -> Iterator[tuple[str, str]]:
    titled = [("quick_replies", title) for title in draft.quick_replies]
    titled += [("link", draft.link.title)] if draft.link else []
    for field, title in titled:
        if not title or len(title) > LONGEST_BUTTON:
            yield field, f"“{title}” must have 1 to {LONGEST_BUTTON} characters."
        if VARIABLE.search(title) or "\n" in title:
            yield field, f"“{title}” may have neither variables nor line breaks."
    if len({title for _, title in titled}) < len(titled):
        yield "quick_replies", "Two buttons have the same words."
    if len(draft.quick_replies) > MOST_QUICK_REPLIES:
        yield "quick_replies", f"At most {MOST_QUICK_REPLIES} quick replies."


def _of_body(draft: Draft) -> Iterator[str]:
    body, found = draft.body, VARIABLE.findall(draft.body)
    plain = VARIABLE.sub("", body)
    if not plain.strip():
        yield "There are no words."
    if len(body) > LONGEST_BODY:
        yield f"It has {len(body)} characters; at most {LONGEST_BODY} are allowed."
    if [*map(int, found)] != list(range(1, len(found) + 1)):
        yield "Variables are numbered from 1 in the order in which they stand, each once."
    if len(found) != len(draft.examples) or not all(each.strip() for each in draft.examples):
        yield "Every variable needs an example."
    if re.match(r"\W*" + VARIABLE.pattern, body) or re.search(VARIABLE.pattern + r"\W*\Z", body):
        yield "No variable at the start or the end."
    if re.search(VARIABLE.pattern + r"\s*" + VARIABLE.pattern, body):
        yield "Between two variables there must be words."
    if SPACES.search(body):
        yield "No tabs, no more than two line breaks or four spaces in a row."
    if "{" in plain or "}" in plain:
        yield "There is a curly bracket that belongs to no variable."
    if found and _words(plain) < WORDS_FOR_EACH_VARIABLE * len(found) + 1:
        yield f"Too few words for {len(found)} variables."


def _words(text: str) -> int:
    unspaced = len(UNSPACED.findall(text))
    return len(UNSPACED.sub(" ", text).split()) + unspaced // LETTERS_OF_A_WORD
