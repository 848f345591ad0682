"""Whether a current secret's value stands in a host's text. Never prints, keeps or returns a value.

It knows no secret: it asks about every token once.
"""

import re
from collections.abc import Callable, Iterator
from itertools import product

Leaks = Callable[[str], str | None]  # a token -> the name of the secret whose current value it is

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
    """Asks `leaks` about every distinct token of a property's texts, and remembers the answers."""

    def __init__(self, leaks: Leaks | None) -> None:
        self._leaks = leaks
        self._asked: dict[str, str | None] = {}

    def found_in(self, *texts: str) -> dict[str, str]:
        """The tokens that are a current secret's value, each with the secret's name."""
        if self._leaks is None:
            return {}
        found = {}
        for token in tokens("\n".join(texts)):
            if token not in self._asked:
                self._asked[token] = self._leaks(token)
            if name := self._asked[token]:
                found[token] = name
        return found


def is_sure(token: str) -> bool:
    """Whether a token is too long to be a secret's value by chance."""
    return len(token) >= _SURE


def tokens(text: str) -> set[str]:
    """Whatever of 4 to 100 characters could be meant as one code: `AB12-cd34`, `AB12` and `cd34`."""
    chunks = set(_CHUNK.findall(text))
    found = {*chunks, *_JOINED.findall(text), *_WORD.findall(text)}
    for chunk in chunks:
        if not (chunk[0].isalnum() and chunk[-1].isalnum()):
            found.update(_peeled(chunk))
    return found


def lines_of(token: str, text: str) -> Iterator[int]:
    """On which lines a token stands by itself."""
    before = _WORDS_BEFORE if token[0].isalnum() else ""
    after = _WORDS_AFTER if token[-1].isalnum() else ""
    alone = re.compile(before + re.escape(token) + after)
    for hit in alone.finditer(text):
        yield text.count("\n", 0, hit.start()) + 1


def _peeled(chunk: str) -> Iterator[str]:
    """The chunk with fewer marks around it: `**Sommer#26!**` may hide `Sommer#26!` or `Sommer#26`."""
    edges = _EDGES.fullmatch(chunk)
    if edges:
        for left, right in product(range(len(edges[1]) + 1), range(len(edges[2]) + 1)):
            peeled = chunk[left : len(chunk) - right]
            if len(peeled) >= _SHORTEST:
                yield peeled
