"""Signs of what a message is: STOP, a greeting, yes or no; a question, a wish, something wrong."""

from typing import Final, Literal

import msgspec

from edge_api.understanding.lexicon import lexicon
from edge_api.understanding.words import Reading, read

Answer = Literal["no", "yes", "human", "menu", "thanks", "greeting"]
# What counts when a message is made of several: "hi, no thanks" is a no.
BY_WEIGHT: Final[tuple[Answer, ...]] = ("no", "human", "menu", "yes", "thanks", "greeting")
LONGEST_PHRASE: Final = 6
POLITE: Final = frozenset(
    "please bitte porfavor por favor svp sil te plait pls plz per favore ❤ 😊 🙂 😀 😃 😄 🤗 😁".split()
)
_QUESTION_MARKS: Final = ("?", "؟", "？", "¿")
_ASKING_ENDS: Final = ("か", "かな", "の?")


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a message beside the things it names; words as they were found."""

    question: tuple[str, ...]
    is_marked: bool
    request: tuple[str, ...]
    negation: tuple[str, ...]
    trouble: tuple[str, ...]
    over: tuple[str, ...]
    condition: tuple[str, ...]

    @property
    def is_question(self) -> bool:
        """Something is asked that an answer satisfies. "Could we have towels?" is no question."""
        return bool(self.question or (self.is_marked and not self.request))


def signs_of(text: Reading) -> Signs:
    found = {name: phrases.found(text) for name, phrases in lexicon().signs.items()}
    harmless = lexicon().harmless
    if harmless["if"].found(text):
        found["condition"] = ()
    if found["negation"] == ("no",) and harmless["no"].found(text):
        found["negation"] = ()
    return Signs(is_marked=is_marked(text), **found)


def is_marked(text: Reading) -> bool:
    end = text.plain.rstrip(" .。!！…")
    return any(mark in text.plain for mark in _QUESTION_MARKS) or (
        text.is_unspaced and any(end.endswith(asking) for asking in _ASKING_ENDS)
    )


def is_stop(text: str) -> bool:
    """True for STOP and its translations, alone in a message."""
    return is_whole(read(text), "stop")


def is_resume(text: str) -> bool:
    """True for START and its translations, alone in a message: the guest wants messages again."""
    return is_whole(read(text), "resume")


def is_said(text: str) -> bool:
    """True for a greeting, thanks and the like and nothing else."""
    return answer_of(read(text)) is not None


def is_whole(text: Reading, name: str) -> bool:
    """Whether a message is one of these phrases and nothing else; spaces do not count."""
    squeezed = text.spaced.replace(" ", "")
    return 0 < len(squeezed) <= 60 and squeezed in lexicon().whole[name]


def answer_of(text: Reading) -> Answer | None:
    """What a message is that is made of nothing but usual phrases; a name after a greeting is one of them."""
    for intent in BY_WEIGHT:
        if is_whole(text, intent):
            return intent
    said = _segments([word.text for word in text.words if word.text not in POLITE])
    return next((intent for intent in BY_WEIGHT if intent in said), None)


def _segments(words: list[str]) -> set[Answer]:
    """The intents of phrases that fill the words one after the other; none when something else is said."""
    said: set[Answer] = set()
    start = 0
    while start < len(words):
        length, intents = _phrase_at(words, start)
        if not length:
            is_name = said == {"greeting"} and start == len(words) - 1
            return said if is_name else set()
        said |= intents
        start += length
    return said


def _phrase_at(words: list[str], start: int) -> tuple[int, set[Answer]]:
    for length in range(min(LONGEST_PHRASE, len(words) - start), 0, -1):
        phrase = "".join(words[start : start + length])
        if intents := {name for name in BY_WEIGHT if phrase in lexicon().whole[name]}:
            return length, intents
    return 0, set()
