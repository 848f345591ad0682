"""The built-in words for codes and rooms in eight languages (`vocabulary.toml`). Reads its own file, once."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from edge_api.understanding.words import folded, spellings

FILE: Final = "vocabulary.toml"
ANY: Final = "any"  # the group of words that may mean every code


class Group(msgspec.Struct, frozen=True):
    """What a kind of secret is called; `stems` are parts of short names that belong to it."""

    key: str
    stems: frozenset[str]
    terms: frozenset[str]


class Vocabulary(msgspec.Struct, frozen=True):
    """All words squeezed: folded, without spaces and signs."""

    groups: tuple[Group, ...]
    rooms: frozenset[str]
    fillers: frozenset[str]
    ready: frozenset[str]
    unready: frozenset[str]
    list: frozenset[str]

    @property
    def generic(self) -> frozenset[str]:
        return next(group.terms for group in self.groups if group.key == ANY)


@cache
def vocabulary() -> Vocabulary:
    raw = tomllib.loads(resources.files(__package__).joinpath(FILE).read_text("utf-8"))
    groups = tuple(
        Group(key, frozenset(given["stems"]), _terms(given)) for key, given in raw["codes"].items()
    )
    fillers = {tag: ",".join(text.split()) for tag, text in raw["fillers"].items()}
    return Vocabulary(
        groups=groups,
        rooms=_terms(raw["rooms"]),
        fillers=_terms(fillers),
        ready=_terms(raw["ready"]),
        unready=_terms(raw["unready"]),
        list=_terms(raw["list"]),
    )


def squeezed(text: str) -> str:
    """A text as it is compared: letters and digits only, without case and accents."""
    return "".join(char for char in folded(text) if char.isalnum())


def ways_to_write(terms: Iterable[str]) -> frozenset[str]:
    return frozenset(squeezed(spelled) for term in terms for spelled in spellings(term)) - {""}


def _terms(given: Mapping[str, object]) -> frozenset[str]:
    texts = (text for text in given.values() if isinstance(text, str))
    return ways_to_write(term for text in texts for term in text.split(","))
