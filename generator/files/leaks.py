"""Whether a current secret's value stands in a host's text, and how to quote that text without it.

Never prints a value. One without white space is searched as a token, one with white space as it is written.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product

_SURE = 6  # characters; a shorter value may stand in a text by chance
_SHORTEST = 4
_LONGEST = 100
_WORDS_BEFORE = r"(?<![^\W_])"
_WORDS_AFTER = r"(?![^\W_])"
_EDGES = re.compile(r"([\W_]{0,6}).*?([\W_]{0,6})", re.DOTALL)
_CHUNK = re.compile(rf"\S{{{_SHORTEST},{_LONGEST}}}")
_JOINED = re.compile(rf"[\w-]{{{_SHORTEST},{_LONGEST}}}")
_WORD = re.compile(rf"[^\W_]{{{_SHORTEST},{_LONGEST}}}")


class Sieve:
    """Knows the current values of a property's secrets, each with the secret's name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._phrases = [(value, value.split()) for value in values if _is_phrase(value)]

    def found_in(self, *texts: str) -> dict[str, str]:
        """The values that stand in the texts, each with the secret's name."""
        if not self._values:
            return {}
        whole = "\n".join(texts)
        near = {value for value in self._values if value in whole}  # a token stands in the text as it is
        found = tokens(whole) & near if near else near
        found |= {
            value
            for value, words in self._phrases
            if all(word in whole for word in words) and any(map(_alone(value).search, texts))
        }
        return {value: name for value, name in self._values.items() if value in found}

    def hide(self, words: str) -> str:
        """The words with `…` for every value in them, also where small and capital letters were changed."""
        return self._hidden.sub("…", words) if self._hidden else words

    @cached_property
    def _hidden(self) -> re.Pattern[str] | None:
        values = {folded for value in self._values if len(folded := _folded(value)) >= _SHORTEST}
        ordered = sorted(values, key=len, reverse=True)
        every = [_spelled(value) if is_sure(value) else _alone(value).pattern for value in ordered]
        return re.compile("|".join(every), re.IGNORECASE) if every else None


def is_sure(value: str) -> bool:
    """Whether a value is too long to stand in a text by chance."""
    return len(value) >= _SURE


def tokens(text: str) -> set[str]:
    """Whatever of 4 to 100 characters could be meant as one code: `AB12-cd34`, `AB12` and `cd34`."""
    chunks = set(_CHUNK.findall(text))
    found = {*chunks, *_JOINED.findall(text), *_WORD.findall(text)}
    for chunk in chunks:
        if not (chunk[0].isalnum() and chunk[-1].isalnum()):
            found.update(_peeled(chunk))
    return found


def lines_of(value: str, text: str) -> Iterator[int]:
    """On which lines a value stands by itself, or begins."""
    for hit in _alone(value).finditer(text):
        yield text.count("\n", 0, hit.start()) + 1


def _folded(text: str) -> str:
    return " ".join(text.split())


def _is_phrase(value: str) -> bool:
    return " " in (folded := _folded(value)) and is_sure(folded)


def _spelled(value: str) -> str:
    """A pattern of the value with any white space where it has some."""
    return r"\s+".join(map(re.escape, value.split()))


def _alone(value: str) -> re.Pattern[str]:
    """The value where it is no part of a longer word; of several words, where it is no part of a number.

    Some scripts put no space around a phrase, so that letters beside it say nothing.
    """
    is_phrase = _is_phrase(value)
    before, after = (r"(?<!\d)", r"(?!\d)") if is_phrase else (_WORDS_BEFORE, _WORDS_AFTER)
    guarded = str.isdigit if is_phrase else str.isalnum
    return re.compile(
        (before if guarded(value[0]) else "") + _spelled(value) + (after if guarded(value[-1]) else "")
    )


def _peeled(chunk: str) -> Iterator[str]:
    """The chunk with fewer marks around it: `**Sommer#26!**` may hide `Sommer#26!` or `Sommer#26`."""
    edges = _EDGES.fullmatch(chunk)
    if edges:
        for left, right in product(range(len(edges[1]) + 1), range(len(edges[2]) + 1)):
            peeled = chunk[left : len(chunk) - right]
            if len(peeled) >= _SHORTEST:
                yield peeled
