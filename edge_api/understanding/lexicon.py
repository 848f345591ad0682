"""The built-in words of hospitality in eight languages: what guests call usual things, and signs of what they
mean. Reads its own file, once.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from edge_api.understanding.words import Reading, folded, is_unspaced, read, spellings

FILE: Final = "lexicon.toml"


class Phrases(msgspec.Struct, frozen=True):
    """Phrases to be found in a text or to be all of it: between spaces, and for Japanese anywhere."""

    spaced: frozenset[str]
    unspaced: tuple[str, ...]
    longest: int

    def found(self, text: Reading) -> tuple[str, ...]:
        """Those that stand in a text, in words of the text."""
        words = [word.text for word in text.words]
        spans = {
            " ".join(words[start : start + length])
            for start in range(len(words))
            for length in range(1, self.longest + 1)
        }
        within = [phrase for phrase in self.unspaced if phrase in text.sounds] if text.is_unspaced else []
        return (*(spans & self.spaced), *within)


class Thing(msgspec.Struct, frozen=True):
    """What guests talk about, by its terms in each language. One that is `apart` belongs to no subject."""

    key: str
    terms: Mapping[str, tuple[str, ...]]
    is_trouble: bool = False
    is_apart: bool = False


class Lexicon(msgspec.Struct, frozen=True):
    things: tuple[Thing, ...]
    whole: Mapping[str, frozenset[str]]
    signs: Mapping[str, Phrases]
    harmless: Mapping[str, Phrases]
    moment: frozenset[str]
    unspaced_moment: tuple[str, ...]
    filler: frozenset[str]
    polite: frozenset[str]
    common: frozenset[str]
    unspaced_filler: tuple[str, ...]
    unspaced_whole: Mapping[str, tuple[str, ...]]


@cache
def lexicon() -> Lexicon:
    raw = tomllib.loads(resources.files(__package__).joinpath(FILE).read_text("utf-8"))
    filler = raw["filler"]
    signs = {name: _phrases(_split(text)) for name, text in raw["signs"].items()}
    polite = " ".join([*signs["request"].spaced, raw["whole"]["greeting"], raw["whole"]["thanks"]])
    return Lexicon(
        things=tuple(_thing(key, given) for key, given in raw["things"].items()),
        whole={
            name: frozenset(_squeezed(term) for term in _split(text)) for name, text in raw["whole"].items()
        },
        signs=signs,
        harmless={name: _phrases(_split(text)) for name, text in raw["harmless"].items()},
        moment=_words_of(raw["moment"]["words"]),
        unspaced_moment=tuple(raw["moment"]["unspaced"].split()),
        filler=frozenset(
            word
            for given in f"{filler['words']} {filler['more']}".split()
            for spelled in spellings(given)
            for word in _words_of(spelled)
        ),
        polite=_words_of(polite),
        common=_words_of(
            " ".join([*(p for each in signs.values() for p in each.spaced), *raw["whole"].values()])
        ),
        unspaced_filler=tuple(folded(filler["unspaced"]).split()),
        unspaced_whole={
            name: tuple(sounds for term in _split(text) if is_unspaced(sounds := read(term).sounds))
            for name, text in raw["whole"].items()
        },
    )


def _thing(key: str, given: Mapping[str, object]) -> Thing:
    terms = {tag: tuple(_split(text)) for tag, text in given.items() if isinstance(text, str)}
    return Thing(key, terms, is_trouble="trouble" in given, is_apart="apart" in given)


def _phrases(terms: list[str]) -> Phrases:
    readings = [read(spelled) for term in terms for spelled in spellings(term)]
    spaced = frozenset(text.spaced.strip() for text in readings if not is_unspaced(text.sounds))
    unspaced = tuple(text.sounds for text in readings if is_unspaced(text.sounds))
    return Phrases(spaced, unspaced, max((len(phrase.split()) for phrase in spaced), default=1))


def _words_of(text: str) -> frozenset[str]:
    return frozenset(word.text for part in re.split(r"[\s,]+", text) for word in read(part).words)


def _squeezed(term: str) -> str:
    return read(term).spaced.replace(" ", "")


def _split(text: str) -> list[str]:
    return [term.strip() for term in text.split(",") if term.strip()]
