"""The rooms and the secrets of a house by the names that people give them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from edge_api.said.tokens import Token, spans
from edge_api.said.vocabulary import ANY, squeezed, vocabulary, ways_to_write
from edge_api.understanding.words import distance, is_unspaced, may_differ

DOOR: Final = "door-code"
IN_WORDS: Final = frozenset({"password", "wifi", "wlan", "address", "phrase"})  # such secrets are no numbers
LEFT_OUT: Final = frozenset({"password"})  # beside the words for any code: "safe" is the safe-code
_PARTS: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\d+")
_WITH_NUMBER: Final = re.compile(r"(\D+)(\d+\D?)")  # "room4"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A unit, by what it is called."""

    id: str
    titles: tuple[str, ...]
    names: frozenset[str]


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What a house has: units, and which secrets a term may mean; of a built-in term it may be none."""

    id: str
    places: tuple[Place, ...]
    terms: Mapping[str, frozenset[str]]
    names: tuple[str, ...] = ()

    @property
    def unspaced(self) -> list[str]:
        own = (name for place in self.places for name in place.names)
        return [word for word in (*self.terms, *own) if is_unspaced(word)]


def house_of(
    house_id: str,
    *,
    units: Iterable[tuple[str, ...]],
    names: Iterable[str] = (),
    labels: Mapping[str, Iterable[str]] | None = None,
) -> House:
    """`units` are id, slug and titles; `names` are short names of secrets, `labels` what they are called."""
    known = tuple(sorted(set(names)))
    return House(
        id=house_id,
        places=tuple(_place(*unit) for unit in units),
        terms=_terms(known, labels or {}),
        names=known,
    )


def is_number_like(name: str) -> bool:
    """Whether a secret of this name is typed on a keypad; else it is words."""
    return not IN_WORDS & set(name.split("-"))


def named(words: Sequence[Token], places: Sequence[Place]) -> tuple[list[Place], list[Token]]:
    """The units that these words name, the longest names first; and the words that mean something else."""
    known = vocabulary()
    found: dict[str, Place] = {}
    taken: set[int] = set()
    for span in spans(words):
        mine = [place for place in places if not place.names.isdisjoint(_as_named(span.text))]
        if mine and taken.isdisjoint(range(span.begins, span.ends)):
            found |= {place.id: place for place in mine}
            taken |= set(range(span.begins, span.ends))
    around = known.fillers | known.rooms
    left = [word for n, word in enumerate(words) if n not in taken and word.text not in around]
    if left and not found:
        near = _near("".join(word.text for word in left), places)
        return (near, []) if near else ([], left)
    return list(found.values()), left


def closest(word: str, places: Iterable[Place]) -> list[Place]:
    """All units, those first whose names are most like a word."""
    return sorted(places, key=lambda place: min(distance(word, name, 9) for name in place.names))


def _near(text: str, places: Sequence[Place]) -> list[Place]:
    """Units whose name was mistyped, else those with this word in their title."""
    most = may_differ(text)
    typed = [
        place
        for place in places
        if most
        and any(
            len(name) > 4 and not _NUMBER.search(name) and distance(text, name, most) <= most
            for name in place.names
        )
    ]
    parts = [place for place in places if len(text) > 3 and text in _words_of(place.titles)]
    return typed or parts


def _words_of(titles: Iterable[str]) -> set[str]:
    return {squeezed(part) for title in titles for part in _PARTS.findall(title)}


def _place(unit_id: str, slug: str, *titles: str) -> Place:
    known = vocabulary()
    texts = (slug, *titles)
    bare = [
        " ".join(part for part in _PARTS.findall(text) if squeezed(part) not in known.rooms) for text in texts
    ]
    numbers = {found[0].lstrip("0") or "0" for text in texts if len(found := _NUMBER.findall(text)) == 1}
    names = ways_to_write((*texts, *bare)) | (numbers if len(numbers) == 1 else set())
    return Place(id=unit_id, titles=titles, names=frozenset(names))


def _as_named(text: str) -> set[str]:
    """A word as it is, and a number without what stands before it."""
    parted = _WITH_NUMBER.fullmatch(text)
    bare = parted[2] if parted and parted[1] in vocabulary().rooms else text
    return {text, bare, (bare.lstrip("0") or "0") if bare.isdecimal() else bare}


# -- secrets -----------------------------------------------------------------------------------------
def _terms(names: Sequence[str], labels: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    made: dict[str, set[str]] = {}
    for group in vocabulary().groups:
        mine = _any_code(names) if group.key == ANY else _with_stem(names, group.stems)
        for term in group.terms:
            made.setdefault(term, set()).update(mine)
    for name in names:
        for term in _own(name, labels.get(name, ())):
            made.setdefault(term, set()).add(name)
    return {term: frozenset(found) for term, found in made.items()}


def _with_stem(names: Iterable[str], stems: frozenset[str]) -> set[str]:
    return {name for name in names if stems & set(name.split("-"))}


def _any_code(names: Sequence[str]) -> set[str]:
    """ "Code" alone is the door's, if there is one."""
    return {DOOR} if DOOR in names else {name for name in names if is_number_like(name)}


def _own(name: str, labels: Iterable[str]) -> set[str]:
    """What one secret is called: its short name and its labels, with and without the word for any code."""
    usual = vocabulary().generic | LEFT_OUT
    texts = (name, *labels)
    bare = [" ".join(part for part in _PARTS.findall(text) if squeezed(part) not in usual) for text in texts]
    return set(ways_to_write((*texts, *bare))) - vocabulary().generic - vocabulary().rooms
