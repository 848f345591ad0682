"""What a service asks of a guest and when it is there: its fields, its hours, its phases. Pure.

An offer is a service as the catalogue keeps it, in one language. Mistakes are told as messages to translate.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from guestlink.language import N_
from guestlink.records import Phase

LONGEST_TEXT: Final = 500
LONGEST_NOTE: Final = 1000
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS: Final = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)")
MISSING: Final = N_("Please fill this in.")
TOO_LONG: Final = N_("Please write at most {most} characters.")
NO_NUMBER: Final = N_("Please give a number from {low} to {high}.")
NO_CHOICE: Final = N_("Please choose one of these.")
NO_DATE: Final = N_("Please give a date.")
NOT_OF_STAY: Final = N_("Please give a day of your stay that is still to come.")
NO_TIME: Final = N_("Please give a time, such as 18:30.")
NOT_ASKED: Final = N_("This is not asked for here.")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a service asks for. `choices` belong to `choice`, `low` and `high` to `number`."""

    name: str
    kind: str
    required: bool = False
    label: str = ""
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A service in one language; `price` in minor units of the property's currency, None is not said."""

    key: str
    language: str
    title: str = ""
    price: int | None = None
    per: str = ""
    hours: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ("booked", "arriving", "in_house", "departing")
    fields: tuple[Field, ...] = ()
    approval: str = "approve"
    urgent: bool = False
    changes: str = ""


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """The dates a guest may name: of the stay, and not before today."""

    from_on: date
    until_on: date
    today: date

    @property
    def first(self) -> date:
        return max(self.from_on, min(self.today, self.until_on))


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a field; `message` is translated and filled with `values` where it is shown."""

    field: str
    message: str
    values: Mapping[str, object] = {}


class NoGood(ValueError):
    """A value that a field does not take."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


def is_answered_at_once(offer: Offer, local: datetime) -> bool:
    """An instant service is promised without a person, within its hours and on days when it is not closed.

    `local` is the time on the wall of the property.
    """
    return offer.approval == "instant" and is_open(offer, local)


def is_open(offer: Offer, local: datetime) -> bool:
    """Hours past midnight belong to the day on which they begin; no hours mean all day."""
    days = (local.date(), local.date() - timedelta(days=1))
    return any(_is_open_of(offer, day, local) for day in days if not _is_closed(offer, day))


def checked_fields(
    versions: Mapping[str, Offer], given: Mapping[str, str], *, original: str, days: Days
) -> tuple[dict[str, str], list[Mistake]]:
    """What is kept of a form, by field, and every mistake in it. Choices are kept in the original's words,
    whichever language they came in.
    """
    asked = {field.name for field in versions[original].fields}
    mistakes = [Mistake(field=name, message=NOT_ASKED) for name in sorted(given.keys() - asked)]
    kept = {}
    for number, field in enumerate(versions[original].fields):
        text = given.get(field.name, "")
        worded = [offer.fields[number].choices for offer in versions.values() if len(offer.fields) > number]
        try:
            if text:
                kept[field.name] = _READERS[field.kind](text, field, worded, days)
            elif field.required:
                raise NoGood(MISSING)
        except NoGood as error:
            mistakes.append(Mistake(field=field.name, message=error.message, values=error.values))
    return kept, mistakes


def said(offer: Offer, original: Offer, kept: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Labels and values in the words of one language; dates and times as they are kept."""
    lines = []
    for field, source in zip(offer.fields, original.fields, strict=False):
        value = kept.get(source.name, "")
        if value and value in source.choices and len(field.choices) == len(source.choices):
            value = field.choices[source.choices.index(value)]
        if value:
            lines.append((field.label or source.name, value))
    return tuple(lines)


# -- hours -----------------------------------------------------------------------------------------
def _is_closed(offer: Offer, day: date) -> bool:
    return day.isoformat() in offer.closed or DAYS[day.weekday()] in offer.closed


def _is_open_of(offer: Offer, day: date, local: datetime) -> bool:
    passed = (local.replace(tzinfo=None) - datetime.combine(day, time())) // timedelta(minutes=1)
    if not offer.hours:
        return 0 <= passed < 24 * 60
    return any(_covers(hours, day.weekday(), passed) for hours in offer.hours)


def _covers(hours: str, weekday: int, passed: int) -> bool:
    """Whether hours such as `mon-fri 22:00-02:00` hold, so many minutes after a day's midnight."""
    found = HOURS.fullmatch(hours)
    if not found:
        return False
    if found[1]:
        first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
        if (weekday - first) % 7 > (last - first) % 7:
            return False
    opens, closes = (int(found[n]) * 60 + int(found[n + 1]) for n in (3, 5))
    return opens <= passed < closes + (24 * 60 if closes <= opens else 0)


# -- one field -------------------------------------------------------------------------------------
def _text(text: str, _: Field, __: object, ___: Days) -> str:
    if len(text) > LONGEST_TEXT:
        raise NoGood(TOO_LONG, most=LONGEST_TEXT)
    return text


def _number(text: str, field: Field, _: object, __: Days) -> str:
    if not text.isdecimal() or len(text) > 6 or not field.low <= int(text) <= field.high:
        raise NoGood(NO_NUMBER, low=field.low, high=field.high)
    return str(int(text))


def _choice(text: str, field: Field, worded: list[tuple[str, ...]], _: Days) -> str:
    for choices in ((field.choices), *worded):
        if text in choices and choices.index(text) < len(field.choices):
            return field.choices[choices.index(text)]
    raise NoGood(NO_CHOICE)


def _date(text: str, _: Field, __: object, days: Days) -> str:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise NoGood(NO_DATE) from None
    if not days.first <= on <= days.until_on:
        raise NoGood(NOT_OF_STAY)
    return on.isoformat()


def _time(text: str, _: Field, __: object, ___: Days) -> str:
    return checked_time(text)


def checked_time(text: str) -> str:
    """`18:30` from what a browser or a person writes; NoGood for anything else."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?", text)
    if not found:
        raise NoGood(NO_TIME)
    return f"{found[1]:0>2}:{found[2]}"


_READERS: Final[Mapping[str, Callable[[str, Field, list[tuple[str, ...]], Days], str]]] = {
    "text": _text,
    "number": _number,
    "choice": _choice,
    "date": _date,
    "time": _time,
}
