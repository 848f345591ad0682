"""A line cut into words that keep how they were typed. Japanese is cut where a known word begins or ends."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from edge_api.said.vocabulary import squeezed, vocabulary
from edge_api.understanding.words import CJK, is_unspaced

LONGEST_TERM: Final = 6  # words
_RUN: Final = re.compile(rf"[{CJK}]+|[^\s{CJK}]+")
_SIGNS: Final = re.compile(r"[#*]+")


class Token(NamedTuple):
    """`raw` as it was typed, `text` as it is compared."""

    raw: str
    text: str


class Span(NamedTuple):
    """Words from `begins` to before `ends`, and what they say together."""

    begins: int
    ends: int
    text: str


def tokens(line: str, names: Sequence[str] = ()) -> list[Token]:
    """The words of a line; `names` are the house's own, squeezed. A lone # belongs to the word before it."""
    found: list[Token] = []
    for run in _RUN.findall(line):
        if _SIGNS.fullmatch(run) and found:
            found[-1] = Token(f"{found[-1].raw} {run}", found[-1].text)
        elif is_unspaced(run):
            found += _cut(run, names)
        elif text := squeezed(run):
            found.append(Token(run, text))
    return found


def spans(words: Sequence[Token]) -> list[Span]:
    """All neighbouring words taken together, the longest first, then from the left."""
    made = [
        Span(start, end, "".join(word.text for word in words[start:end]))
        for start in range(len(words))
        for end in range(start + 1, min(start + LONGEST_TERM, len(words)) + 1)
    ]
    return sorted(made, key=lambda span: (span.begins - span.ends, span.begins))


def _cut(run: str, names: Sequence[str]) -> Iterator[Token]:
    known = sorted((*_unspaced_words(), *names), key=len, reverse=True)
    start, unknown = 0, ""
    while start < len(run):
        word = next((each for each in known if run.startswith(each, start)), "")
        if not word:
            unknown += run[start]
            start += 1
            continue
        if unknown:
            yield Token(unknown, unknown)
        yield Token(word, word)
        start, unknown = start + len(word), ""
    if unknown:
        yield Token(unknown, unknown)


def _unspaced_words() -> list[str]:
    known = vocabulary()
    groups = (group.terms for group in known.groups)
    sets = (*groups, known.rooms, known.fillers, known.ready, known.unready, known.list)
    return [word for words in sets for word in words if is_unspaced(word)]
