"""What guests tell before and after their stay: how it is checked, how they see it again. Writes nothing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from edge_api import offers
from edge_api.offers import Mistake, NoGood
from guestlink.arrivals import LONGEST_NOTE, LONGEST_WORD, ArrivalTold, RatingTold, plain_words
from guestlink.errors import InvalidFields
from guestlink.language import N_, Catalogue

MOST_PEOPLE: Final = 99
LONGEST_NUMBER: Final = 6
NO_STARS: Final = N_("Please give one to five stars.")


class ArrivalShown(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival as its guest sees it; `told_at` is None before anything was told."""

    time: str
    adults: int
    children: int
    note: str
    word: str
    told_at: datetime | None


class RatingShown(msgspec.Struct, frozen=True, kw_only=True):
    """A rating as its guest sees it; no stars before it was given."""

    stars: int
    words: str
    told_at: datetime | None


def counted(value: int | str) -> int:
    """A number as a program or a form sends it; what is none is one that the front desk refuses."""
    if isinstance(value, int):
        return value
    text = value.strip()
    if not text:
        return 0
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else -1


def checked_arrival(told: ArrivalTold, words: Catalogue) -> ArrivalTold:
    """The same, clean; InvalidFields with every mistake."""
    word = " ".join(plain_words(told.word).split())
    told = msgspec.structs.replace(told, note=plain_words(told.note), word=word)
    mistakes = [*_too_long("note", told.note, LONGEST_NOTE), *_too_long("word", told.word, LONGEST_WORD)]
    for name in ("adults", "children"):
        if not 0 <= getattr(told, name) <= MOST_PEOPLE:
            values = {"low": 0, "high": MOST_PEOPLE}
            mistakes.append(Mistake(field=name, message=offers.NO_NUMBER, values=values))
    time = ""
    try:
        time = offers.checked_time(told.time.strip()) if told.time.strip() else ""
    except NoGood as error:
        mistakes.append(Mistake(field="time", message=error.message))
    refuse(mistakes, words)
    return msgspec.structs.replace(told, time=time)


def checked_rating(told: RatingTold, words: Catalogue) -> RatingTold:
    """The same, clean; InvalidFields with every mistake."""
    told = msgspec.structs.replace(told, words=plain_words(told.words))
    mistakes = [] if 1 <= told.stars <= 5 else [Mistake(field="stars", message=NO_STARS)]
    refuse([*mistakes, *_too_long("words", told.words, LONGEST_NOTE)], words)
    return told


def _too_long(field: str, text: str, most: int) -> list[Mistake]:
    if len(text) <= most:
        return []
    return [Mistake(field=field, message=offers.TOO_LONG, values={"most": most})]


def refuse(mistakes: Iterable[Mistake], words: Catalogue) -> None:
    """InvalidFields, in the guest's language, when there is any mistake."""
    problems = [(each.field, words.text(each.message, **each.values)) for each in mistakes]
    if problems:
        raise InvalidFields(problems)
