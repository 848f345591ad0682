"""Dates and times as people and spreadsheets write them. Pure; a whole column decides what `3/4` means.

What cannot be read raises InvalidInput with a reason that never repeats the value.
"""

import re
from datetime import date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from generator.intake.cells import LANGUAGES, folded
from guestlink.errors import InvalidInput
from guestlink.stays import FIRST_YEAR, LAST_YEAR

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d).*", re.DOTALL)
_YEAR_LAST = re.compile(
    r"(?:[^\W\d]+[.,]*\s+)?(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)\.?(?:[\sT,].*)?", re.DOTALL
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T.*)?")
_DOTTED = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2}")
_OFFSET = re.compile(r"\d[T ]\d\d:?\d\d.*(Z|[+-]\d\d:?\d\d)\Z")
_DAY = re.compile(r"(\d{1,2})(st|nd|rd|th|er|o|a)?")
_AFTER_DATE = re.compile(r"(?:\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{4})[T ]+")
_SPAN = re.compile(r"\s*(?:[-–—]|\bto\b|\bbis\b|\ba\b|\bà\b)\s*")
_ABOUT = re.compile(
    r"\s*(?:(?:ca|circa|approx|approximately|about|around|from|after|at|ab|gegen|um|etwa|ungefähr|zirka|nach|von"
    r"|vers|environ|dès|après|depuis|les|à|a|partir|de|las|la|sobre|hacia|desde|después|alrededor|verso|le|alle|dalle"
    r"|dopo|ore|às|as|pelas|por|volta|cerca|das|depois|om|rond|omstreeks|tegen|vanaf|na)\b\.?\s*|[~≈@]\s*)+(?=\d)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(\d{1,2})(?:\s?(?:[:.h]|uhr)\s?(\d{2})(?:[:.]\d{2}(?:\.\d+)?)?)?\s?(?:h|uhr|hrs?)?(?:\s?([ap])\.?m\.?)?",
    re.IGNORECASE,
)


class DateOrder:
    """Whether a file writes 3/4 for the third of April or the fourth of March: all its dates decide."""

    def __init__(self) -> None:
        self.day_first = self.month_first = self.either = 0

    def see(self, text: str) -> None:
        found = _YEAR_LAST.fullmatch(text)
        if found is None or found[2] == ".":
            return
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            self.day_first += 1
        elif second > 12 >= first:
            self.month_first += 1
        elif first != second:
            self.either += 1

    @property
    def is_month_first(self) -> bool:
        return self.month_first > self.day_first

    @property
    def note(self) -> str:
        """What a host must know of the decision, or nothing."""
        if self.day_first and self.month_first:
            order = "month first" if self.is_month_first else "day first"
            return f"some dates are written day first, some month first: all are read {order}"
        if self.either and not self.day_first and not self.month_first:
            return "dates such as 3/4 could be two days and no date tells which: they are read day first"
        return ""


def read_date(text: str, *, month_first: bool, zone: str) -> date:
    """A date, with or without a time. An instant with an offset is its day in the property's zone."""
    try:
        return _read_date(text, month_first, zone)
    except (ValueError, OverflowError):
        raise InvalidInput("is not a date.", hint="Write it as 2026-05-03.") from None


def looks_like_date(text: str) -> bool:
    """True for anything that is a date in one order or the other."""
    for month_first in (False, True):
        try:
            _read_date(text, month_first, "UTC")
        except (ValueError, OverflowError):
            continue
        return True
    return False


@lru_cache(maxsize=4096)
def _read_date(text: str, month_first: bool, zone: str) -> date:
    if found := _YEAR_FIRST.fullmatch(text):
        if _OFFSET.search(text):
            return datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).date()
        return _date(found[1], found[3], found[4])
    if found := _YEAR_LAST.fullmatch(text):
        year = found[4] if len(found[4]) == 4 else f"20{found[4]}"
        if month_first and found[2] != ".":
            return _date(year, found[1], found[3])
        return _date(year, found[3], found[1])
    if found := _COMPACT.fullmatch(text):
        return _date(found[1], found[2], found[3])
    return _in_words(text)


def _date(year: str, month: str, day: str) -> date:
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise ValueError
    return date(int(year), int(month), int(day))


def _in_words(text: str) -> date:
    """`Sun, 3 May 2026`, `May 3, 2026`, `3. März 2026`, `3 de mayo de 2026`."""
    words = folded(text).split()
    months = [month for word in words if (month := _months().get(word))]
    years = [word for word in words if len(word) == 4 and word.isdecimal()]
    days = [found[1] for word in words if (found := _DAY.fullmatch(word))]
    if not (months and years and days):
        raise ValueError
    return _date(years[0], str(months[0]), days[0])


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for tag in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for month, name in get_month_names(width, "format", tag).items():
                names.setdefault(folded(name), int(month))
    return names


# -- times -----------------------------------------------------------------------------------------
@lru_cache(maxsize=1024)
def read_time(text: str) -> str:
    """A local time as `HH:MM`: of `ca. 17 Uhr`, the beginning of `15:00 - 18:00`, that of a whole date."""
    bare = _AFTER_DATE.sub("", text)
    about = _ABOUT.match(bare)
    begin, *rest = _SPAN.split(bare[about.end() :] if about else bare, maxsplit=1)
    found, end = _TIME.fullmatch(begin.strip()), _TIME.fullmatch(rest[0].strip()) if rest else None
    if found is None:
        raise InvalidInput("is not a time.", hint="Write it as 15:00.")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if end and end[3] and not half and 0 < hour <= 12:  # 3 - 5 pm, 11 - 1 pm
        half = end[3].lower() if hour % 12 <= int(end[1]) % 12 else "p" if end[3] in "aA" else "a"
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise InvalidInput("is not a time.", hint="Write it as 15:00.")
    return f"{hour:02d}:{minute:02d}"


def looks_like_time(text: str) -> bool:
    """Of 10.11.26, which could be both, it says no."""
    if _DOTTED.fullmatch(text) and looks_like_date(text):
        return False
    try:
        read_time(text)
    except InvalidInput:
        return False
    return True
