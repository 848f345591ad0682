"""A message in which somebody of the house tells a new code: which secret, which room, which value.

A value is never shown again: `masked` is the message as it may be kept. What looks like a code in a message
that speaks of one is masked also when nobody can tell what is meant.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from edge_api.said.places import House, Place, closest, is_number_like, named
from edge_api.said.tokens import Token, spans, tokens
from edge_api.said.vocabulary import vocabulary

MASK: Final = "••••"
LONGEST: Final = 4096
MOST_GROUPS: Final = 3  # a code may be written in groups of equal length: 123 456
MOST_STRAY: Final = 2  # words that may be a room nobody knows; with more it is something else
SHORTEST_WORDS: Final = 8  # characters of a password that has no digit
SHORTEST_MIXED: Final = 5
_SEPARATOR: Final = re.compile(r"\s*(?:[:=：＝→]|->)\s*")
_CODE: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9*#.-]{3,20}(?: [#*]+)?")
_TIME: Final = re.compile(
    r"\d{1,2}[:.h]\d{2}h?|\d{1,2}[:.]\d{2}(?:[:.]\d{2,4})?|\d{1,2}(?:h|am|pm)", re.IGNORECASE
)
_QUOTES: Final = "\"'“”„«»‘’「」"
_ENDS: Final = ",.;!?。、！"


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: the secrets of the house that may be meant, none when it has no such one. `places`: the units
    that are named; `stray`: the words for a unit that it does not have.
    """

    names: tuple[str, ...]
    value: str
    places: tuple[Place, ...] = ()
    stray: str = ""

    def __repr__(self) -> str:
        return f"NewCode({', '.join(self.names)}, hidden)"


class Overheard(msgspec.Struct, frozen=True, kw_only=True):
    """`found`: by house what is meant; empty when it cannot be read. `is_several`: several codes at once."""

    masked: str
    found: tuple[tuple[str, NewCode], ...] = ()
    is_several: bool = False

    def __repr__(self) -> str:
        return f"Overheard({len(self.found)}, hidden)"


class _Way(msgspec.Struct, frozen=True):
    """A line parted into words and value. `apart`: by a colon; `cut`: at every colon, as no password is."""

    words: list[Token]
    value: str
    apart: bool = False
    cut: bool = False


def overheard(text: str, houses: Sequence[House]) -> Overheard | None:
    """What a message says of a code; None when it says nothing of one."""
    found: list[list[tuple[str, NewCode]]] = []
    secret: set[str] = set()
    for line in text[:LONGEST].splitlines():
        read = [(house.id, code) for house in houses if (code := _read(line, house))]
        if read:
            found.append(read)
            secret |= {part for _, code in read for part in _as_typed(code.value, line)}
        for house in houses:
            secret |= _suspects(line, house)
    if not secret:
        return None
    only = tuple(found[0]) if len(found) == 1 else ()
    return Overheard(masked=masked(text, secret), found=only, is_several=len(found) > 1)


def masked(text: str, secret: Iterable[str]) -> str:
    """The text without these words, however their digits are written."""
    plain = sorted(secret, key=len, reverse=True)
    for word in plain:
        text = text.replace(word, MASK)
    parts = re.split(r"(\s+)", text)
    return "".join(MASK if any(word in _ascii_digits(part) for word in plain) else part for part in parts)


def _as_typed(value: str, line: str) -> list[str]:
    """A value as it stands in its line; part by part, when it stands there in another way."""
    return [value] if value in line else [part for part in value.split() if len(part) > 1]


# -- one line ----------------------------------------------------------------------------------------
def _read(line: str, house: House) -> NewCode | None:
    read = [told for way in _ways(line, house) if (told := _told(way, house))]
    return min(read, key=lambda code: bool(code.stray)) if read else None


def _ways(line: str, house: House) -> Iterator[_Way]:
    """How a line may be parted: at a colon, else before its last word or its last groups of digits."""
    colon = _SEPARATOR.search(line)
    if colon and colon.end() < len(line):
        words = tokens(line[: colon.start()], house.unspaced)
        is_inside = len(colon[0]) == 1 and words and words[-1].text in vocabulary().fillers
        if not is_inside:
            yield _Way(words, line[colon.end() :].strip().strip(_QUOTES), apart=True)
    for text in dict.fromkeys((line, _SEPARATOR.sub(" ", line))):
        words = _without_ending(tokens(text, house.unspaced))
        for count in range(1, min(MOST_GROUPS, len(words) - 1) + 1):
            value = " ".join(word.raw for word in words[-count:])
            yield _Way(words[:-count], value, cut=text != line)


def _without_ending(words: list[Token]) -> list[Token]:
    """Without "please" and "thank you" at the end."""
    while words and words[-1].text in vocabulary().fillers:
        words = words[:-1]
    return words


def _told(way: _Way, house: House) -> NewCode | None:
    """What one way of parting the line comes to."""
    split = _without_term(way.words, house)
    if split is None:
        return None
    names, rest = split
    places, left = named(rest, house.places)
    if len(left) > MOST_STRAY or (left and places):
        return None
    numeric = frozenset(name for name in names if is_number_like(name))
    value = _as_code(way.value, () if places else house.places) if numeric or not names else ""
    if value:
        names = numeric
    elif names - numeric:
        names, value = names - numeric, _as_words(way, left)
    stray = " ".join(word.raw for word in left)
    told = NewCode(names=tuple(sorted(names)), value=value, places=tuple(places), stray=stray)
    return told if value else None


def _without_term(words: Sequence[Token], house: House) -> tuple[frozenset[str], list[Token]] | None:
    """Which secrets the words name, and the other words. A word for any code says nothing beside another one;
    what is a unit's name is not taken for a term.
    """
    unit_names = {name for place in house.places for name in place.names}
    gone: set[int] = set()
    kept: set[int] = set()
    meant: list[frozenset[str]] = []
    usual: list[frozenset[str]] = []
    for span in spans(words):
        within = set(range(span.begins, span.ends))
        if within & (gone | kept):
            continue
        if span.text in unit_names:
            kept |= within
        elif span.text in house.terms:
            gone |= within
            (usual if span.text in vocabulary().generic else meant).append(house.terms[span.text])
    names = frozenset.intersection(*meant) if meant else usual[0] if usual else frozenset()
    if not gone or (len(meant) > 1 and not names):
        return None
    return names, [word for n, word in enumerate(words) if n not in gone]


# -- values ------------------------------------------------------------------------------------------
def _as_code(raw: str, places: Sequence[Place]) -> str:
    """A value for a keypad, digits as it has them; empty for a time, a room, a word without a digit."""
    text = _ascii_digits(raw).strip(_QUOTES).rstrip(_ENDS)
    groups = text.split(" ")
    is_grouped = len(groups) > 1 and all(group.isdecimal() for group in groups)
    if is_grouped and len({len(group) for group in groups}) == 1 and 3 <= len("".join(groups)) <= 20:
        return text
    if not _CODE.fullmatch(text) or _TIME.fullmatch(text):
        return ""
    return "" if named(tokens(text), places)[0] else text


def _as_words(way: _Way, left: Sequence[Token]) -> str:
    """A password: after a colon whatever stands there, else one word that is no everyday one."""
    value = way.value.strip(_QUOTES)
    if way.cut:
        return ""
    if way.apart:
        return value if 4 <= len(value) <= 200 and not left else ""
    has_sign = any(not char.isalpha() for char in value)
    is_enough = len(value) >= (SHORTEST_MIXED if has_sign else SHORTEST_WORDS)
    is_stray = bool(left) and not any(char.isdecimal() for word in left for char in word.text)
    return value if is_enough and " " not in value and not is_stray else ""


def _suspects(line: str, house: House) -> set[str]:
    """Words that may be a code in a line that speaks of one."""
    words = tokens(_SEPARATOR.sub(" ", line), house.unspaced)
    if not any(span.text in house.terms for span in spans(words)):
        return set()
    return {code for word in words if (code := _as_code(word.raw, house.places))}


def _ascii_digits(text: str) -> str:
    """Digits of other scripts and wide letters as a keypad has them."""
    return "".join(str(unicodedata.decimal(char, char)) for char in unicodedata.normalize("NFKC", text))


def likely(code: NewCode, places: Iterable[Place]) -> list[Place]:
    """The units of a house, those first that the stray words may mean."""
    return closest("".join(code.stray.casefold().split()), places) if code.stray else list(places)
