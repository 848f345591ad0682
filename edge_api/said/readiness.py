"""A message in which somebody of the house says that a room is ready, or asks which ones are not."""

from collections.abc import Sequence
from typing import Final

import msgspec

from edge_api.said.places import House, Place, named
from edge_api.said.tokens import Span, Token, spans, tokens
from edge_api.said.vocabulary import squeezed, vocabulary
from edge_api.understanding.signs import is_marked
from edge_api.understanding.words import read

MOST_WORDS: Final = 9
MOST_STRAY: Final = 1


class AskedForRooms(msgspec.Struct, frozen=True):
    """The rooms of today's arrivals, please; also when a room is named that nobody knows."""


class Ready(msgspec.Struct, frozen=True):
    """These units are ready, or not after all."""

    places: tuple[Place, ...]
    is_ready: bool


def ready_in(text: str, houses: Sequence[House]) -> AskedForRooms | Ready | None:
    """What a message says of rooms; None when it says nothing of them. A question says nothing."""
    if len(text) > 200 or is_marked(read(text)):
        return None
    if squeezed(text) in vocabulary().list:
        return AskedForRooms()
    found: dict[str, Place] = {}
    is_ready, is_stray = True, False
    for house in houses:
        told = _told(tokens(text, house.unspaced), house)
        if told is None:
            continue
        places, is_ready, stray = told
        found |= {place.id: place for place in places}
        is_stray = is_stray or stray
    if found:
        return Ready(tuple(found.values()), is_ready)
    return AskedForRooms() if is_stray else None


def _told(words: list[Token], house: House) -> tuple[list[Place], bool, bool] | None:
    """The rooms, whether they are ready, and whether one is named that the house does not have."""
    known = vocabulary()
    said = _first(words, known.ready)
    if said is None or len(words) > MOST_WORDS:
        return None
    words = [*words[: said.begins], *words[said.ends :]]
    no = _first(words, known.unready)
    if no is not None:
        words = [*words[: no.begins], *words[no.ends :]]
    places, left = named(words, house.places)
    if len(left) > MOST_STRAY or (left and places):
        return None
    is_stray = bool(left) and any(char.isdecimal() for char in left[0].text)
    return (places, no is None, is_stray) if not left or is_stray else None


def _first(words: Sequence[Token], terms: frozenset[str]) -> Span | None:
    return next((span for span in spans(words) if span.text in terms), None)
