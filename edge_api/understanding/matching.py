"""Which terms of a house stand in a message, and whose they are.

The longest term counts: in "late check-out" nobody means the check-out.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal

import msgspec

from edge_api.understanding.index import HOLLOW, Index, Term
from edge_api.understanding.lexicon import lexicon
from edge_api.understanding.words import Reading, Word, distance, may_differ, stem

How = Literal["name", "thing", "typo", "compound", "part", "text"]
EXACT: Final = 1.0
SAME_STEM: Final = 0.93
SHORT_MISTAKE: Final = 0.7  # in a word of four letters, too few to be sure
ONE_MISTAKE: Final = 0.86
TWO_MISTAKES: Final = 0.78
COMPOUND: Final = 0.8
PART: Final = 0.6
EVERYDAY: Final = 0.5  # a term of everyday words only, such as `children`
GAPS: Final = 4
_ARABIC_AND: Final = "و"
UNSPACED_FROM: Final = 1000  # places of characters come after places of words


class Spot(msgspec.Struct, frozen=True):
    """A word of the message that may be a word of a term."""

    place: int
    text: str
    quality: float
    how: How


class Hit(msgspec.Struct, frozen=True):
    """A term in a message: where it stands and how well."""

    term: int
    places: frozenset[int]
    quality: float
    how: How
    is_whole: bool = True


def hits(text: Reading, index: Index) -> list[Hit]:
    """The terms of a message, without those that are part of a longer one."""
    spots: dict[str, list[Spot]] = {}
    for place, word in enumerate(text.words):
        for root, quality, how in _meant(word, index):
            spots.setdefault(root, []).append(Spot(place, word.text, quality, how))
    numbers = {number for root in spots for number in index.by_stem[root]}
    found = [hit for number in sorted(numbers) if (hit := _hit(number, index.terms[number], spots))]
    if text.is_unspaced:
        found += [hit for n in index.unspaced if (hit := _unspaced(n, index.terms[n], text.sounds))]
    return _best(_longest([hit for hit in found if _is_close(hit, text)]))


def _meant(word: Word, index: Index) -> list[tuple[str, float, How]]:
    """Stems that a word may be of: its own, else what it was mistyped for, else what it is composed with.
    An everyday word is only itself.
    """
    if word.stem in index.by_stem:
        return [(word.stem, EXACT, "name")]
    if _is_everyday(word):
        return []
    if word.text.startswith(_ARABIC_AND):
        bare = word.text.removeprefix(_ARABIC_AND)
        if len(bare) > 2 and stem(bare) in index.by_stem:
            return [(stem(bare), SAME_STEM, "name")]
    return _mistyped(word, index) or _composed(word, index)


def _is_everyday(word: Word) -> bool:
    return word.text in lexicon().filler or word.text in lexicon().common


def _mistyped(word: Word, index: Index) -> list[tuple[str, float, How]]:
    most = may_differ(word.text)
    best: dict[str, int] = {}
    if most:
        letters = dict.fromkeys(word.text[:2])
        near = (known for letter in letters for known in index.near.get(letter, ()))
        for known in near:
            allowed = min(most, may_differ(known.text))
            if abs(len(known.text) - len(word.text)) <= allowed and allowed:
                if known.text[0] != word.text[0] and known.text[:2] != word.text[1::-1]:
                    continue
                if len(word.text) == len(known.text) == 4 and sorted(word.text) != sorted(known.text):
                    continue
                if len(set(known.text) ^ set(word.text)) > 2 * allowed:
                    continue
                apart = distance(word.text, known.text, allowed)
                if apart <= allowed:
                    best[known.stem] = min(apart, best.get(known.stem, 9))
    least = min(best.values(), default=0)
    quality = SHORT_MISTAKE if len(word.text) < 5 else ONE_MISTAKE if least == 1 else TWO_MISTAKES
    return [(root, quality, "typo") for root, apart in best.items() if apart == least]


def _composed(word: Word, index: Index) -> list[tuple[str, float, How]]:
    if len(word.text) < 8:
        return []
    heads = index.heads.get(word.stem[-3:], ())
    return [(head, COMPOUND, "compound") for head in heads if word.stem.endswith(head)]


def _hit(number: int, term: Term, spots: dict[str, list[Spot]]) -> Hit | None:
    slots = [_fitting(spots.get(root, ()), text) for root, text in zip(term.stems, term.texts, strict=True)]
    filled = [options for options in slots if options]
    if len(filled) < len(term.stems):
        share = len(filled) / len(term.stems)
        if term.thing or len(term.stems) < 3 or share < 0.6:
            return None
        some = frozenset(options[0].place for options in filled)
        return Hit(number, some, PART * share, "part", is_whole=False)
    chosen = _closest(filled)
    places = [spot.place for spot in chosen]
    if len(set(places)) < len(places) or max(places) - min(places) > len(places) - 1 + GAPS:
        return None
    quality = sum(spot.quality for spot in chosen) / len(chosen)
    if any(later < earlier for earlier, later in pairwise(places)):
        if term.thing.startswith("trouble"):
            return None
        quality *= 0.95
    worst = min(chosen, key=lambda spot: spot.quality)
    return Hit(number, frozenset(places), quality, worst.how)


def _fitting(options: Sequence[Spot], text: str) -> list[Spot]:
    """Spots for one word of a term; another form of it counts a little less, and no everyday word does."""
    fitting = []
    for spot in options:
        if spot.text == text or spot.quality < EXACT:
            fitting.append(spot)
        elif spot.text not in lexicon().filler and spot.text not in lexicon().common:
            fitting.append(msgspec.structs.replace(spot, quality=SAME_STEM))
    return fitting


def _is_close(hit: Hit, text: Reading) -> bool:
    """Everyday words are a term only next to each other: "clean the room", not "clean towels in room 4"."""
    if len(hit.places) < 2 or max(hit.places) >= UNSPACED_FROM:
        return True
    if not all(_is_everyday(text.words[place]) for place in hit.places):
        return True
    between = set(range(min(hit.places), max(hit.places))) - hit.places
    return all(text.words[place].text in HOLLOW for place in between)


def _closest(filled: Sequence[Sequence[Spot]]) -> list[Spot]:
    """One spot for each word of a term, next to each other as far as there is a choice."""
    chosen: list[Spot] = []
    for options in filled:
        free = [spot for spot in options if spot.place not in {taken.place for taken in chosen}] or options
        goal = chosen[-1].place + 1 if chosen else 0
        chosen.append(min(free, key=lambda spot: abs(spot.place - goal)))
    return chosen


def _unspaced(number: int, term: Term, sounds: str) -> Hit | None:
    at = sounds.find(term.sounds)
    if at < 0:
        return None
    places = frozenset(range(UNSPACED_FROM + at, UNSPACED_FROM + at + len(term.sounds)))
    return Hit(number, places, EXACT, "name")


def _longest(found: Iterable[Hit]) -> list[Hit]:
    listed = list(found)
    whole = {hit.places for hit in listed if hit.is_whole and hit.quality >= COMPOUND}
    return [hit for hit in listed if not any(hit.places < longer for longer in whole)]


def _best(found: Sequence[Hit]) -> list[Hit]:
    """Where a word is one term's own, it is not another form of another term's."""
    best: dict[frozenset[int], float] = {}
    for hit in found:
        best[hit.places] = max(hit.quality, best.get(hit.places, 0.0))
    return [hit for hit in found if hit.quality == EXACT or best[hit.places] < EXACT]
