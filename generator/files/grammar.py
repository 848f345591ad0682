"""What one value in a host's file may be: dates, prices, hours, rules, fields. Pure, and strict.

Every reader takes the text as written and returns its value, or raises ValueError(message, hint).
"""

import re
from collections.abc import Callable, Collection
from datetime import date
from difflib import get_close_matches
from typing import Final, Literal

import msgspec

from guestlink import records, secret_values
from guestlink.stays import FIRST_YEAR, LAST_YEAR

PHASES: Final = tuple(phase for phase in records.PHASES if phase != "expired")
ICONS: Final = (
    *("arrival", "door", "wifi", "rules", "breakfast", "appliances", "room", "map", "service", "emergency"),
    *("departure", "parking", "heating", "pets", "children", "notice", "key", "info", "bed", "phone"),
)
PLACE_KINDS: Final = (
    *("cafe", "bakery", "restaurant", "pub", "shop", "beach", "sight", "pharmacy", "doctor"),
    *("transport", "viewpoint"),
)
AUDIENCES: Final = ("children", "pets", "party", "returning", "direct")
PRICE_UNITS: Final = ("stay", "person", "night", "item", "time")
FIELD_KINDS: Final = ("text", "time", "date", "number", "choice")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d[\d ()./-]{1,24}")
_WEBSITE = re.compile(r"https?://[^\s<>\"'/]+\.[^\s<>\"'/]+(?:/[^\s<>\"]*)?", re.IGNORECASE)
_NUMBER = r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*"
_COORDINATES = re.compile(f"{_NUMBER},{_NUMBER}")
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_HOURS = re.compile(r"(?:([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+)?([\d:]+)\s*-\s*([\d:]+)")
_WAIT = re.compile(r"([0-9]{1,4}) (minute|hour)s?")
_REVEAL = re.compile(r"(\d{1,4}) hours? before arrival")
_LONGEST_WAIT = 24 * 60  # minutes
_LONGEST_NOTICE = 90 * 24  # hours; earlier than that a secret is simply shown on booking


class Reveal(msgspec.Struct, frozen=True, kw_only=True):
    """From when a guest sees a secret; `hours` before arrival count for the rule `hours` alone."""

    rule: Literal["booking", "hours", "ready"]
    hours: int = 0


class HostSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that texts may name. Only the host's own need a `label`: the catalogues know the others."""

    name: str
    reveal: Reveal
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a service asks for. `choices` belong to `choice`, `low` and `high` to `number`."""

    name: str
    kind: str
    required: bool
    label: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


def nearest(word: str, options: Collection[str]) -> str:
    """The one of `options` that was meant, as a hint, if it can be guessed."""
    near = get_close_matches(word.casefold(), options, n=1, cutoff=0.6)
    return f"Did you mean “{near[0]}”?" if near else ""


def suggestion(word: str, options: Collection[str]) -> str:
    """The nearest of `options`, else all of them, as a hint."""
    every = f"Write one of these: {', '.join(options)}." if options else "There are none yet."
    return nearest(word, options) or every


def one_of(options: Collection[str], what: str) -> Callable[[str], str]:
    """A reader of one word out of `options`; `what` says what it would have been."""

    def word(text: str) -> str:
        if text.casefold() not in options:
            raise ValueError(f"“{text}” is no {what}.", suggestion(text, options))
        return text.casefold()

    return word


def yes_or_no(text: str) -> bool:
    return one_of(("yes", "no"), "answer to yes or no")(text) == "yes"


def name(text: str) -> str:
    """A name that other files can use: small letters, digits and hyphens."""
    if not _NAME.fullmatch(text) or len(text) > 60:
        raise ValueError(f"“{text}” is no name.", "Use small letters a to z, digits and hyphens: door-code.")
    return text


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def number(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"“{text}” is no whole number from {low} to {high}.", "")
        return int(text)

    return number


def day(text: str) -> date:
    """An ISO 8601 date of a year that records can hold."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"“{text}” is no date.", "Write year-month-day: 2026-10-01.")
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(f"“{text}” is too far away.", f"Write a year from {FIRST_YEAR} to {LAST_YEAR}.")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"There is no {text} in the calendar.", "Correct the day or month.") from error


def language(text: str) -> str:
    """A language tag in its usual spelling (BCP 47, section 2.1.1): `pt-BR`."""
    found = _LANGUAGE.fullmatch(text)
    if not found:
        raise ValueError(f"“{text}” is no language.", "Write its two or three letters: en, de, pt-BR.")
    primary, script, region = found.groups("")
    return "-".join(part for part in (primary.lower(), script.title(), region.upper()) if part)


def colour(text: str) -> str:
    """One colour as `#rrggbb`."""
    digits = text.removeprefix("#").lower()
    if not text.startswith("#") or not re.fullmatch(r"[0-9a-f]{3}|[0-9a-f]{6}", digits):
        raise ValueError(f"“{text}” is no colour.", "Write # and six digits of 0 to 9 and a to f: #1f6f78.")
    return "#" + (digits if len(digits) == len("rrggbb") else "".join(digit * 2 for digit in digits))


def phone(text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise ValueError(f"“{text}” is no phone number.", "Write digits and spaces: +44 1632 960100.")
    return text


def whatsapp(text: str) -> str:
    """A number that WhatsApp knows: with its country, since `wa.me` takes no other."""
    if not text.startswith("+") or not _PHONE.fullmatch(text):
        raise ValueError(f"“{text}” is no WhatsApp number.", "Begin with the country: +44 7700 900123.")
    return text


def website(text: str) -> str:
    if not _WEBSITE.fullmatch(text):
        raise ValueError(f"“{text}” is no web address.", "Write all of it: https://example.com.")
    return text


def coordinates(text: str) -> tuple[float, float]:
    """Latitude and longitude in degrees (WGS 84)."""
    found = _COORDINATES.fullmatch(text)
    if found and abs(latitude := float(found[1])) <= 90 and abs(longitude := float(found[2])) <= 180:
        return latitude, longitude
    raise ValueError(
        f"“{text}” is no place on the map.",
        "Write latitude, comma, longitude with decimal points: 50.1526, -5.0663.",
    )


def price(digits: int) -> Callable[[str], int]:
    """A reader of amounts in minor units of a currency that has `digits` decimals; `free` is 0."""
    example = "12" if not digits else f"12.{'50000'[:digits]}"

    def amount(text: str) -> int:
        if text.casefold() == "free":
            return 0
        whole, _, cents = text.partition(".")
        written = re.fullmatch(r"[0-9]{1,7}", whole) and re.fullmatch(r"[0-9]*", cents)
        if not written or len(cents) not in {0, digits} or text.endswith("."):
            raise ValueError(f"“{text}” is no price.", f"Write {example} without the currency, or free.")
        return int(whole + cents.ljust(digits, "0"))

    return amount


def clock_time(text: str) -> str:
    """A time of day as `HH:MM`; 24:00 is the day's end."""
    found = _CLOCK.fullmatch(text)
    if not found or (found[1] == "24" and found[2] != "00"):
        raise ValueError(f"“{text}” is no time of day.", "Write hours and minutes: 08:00.")
    return f"{found[1]:0>2}:{found[2]}"


def open_hours(text: str) -> str:
    """Opening hours of some or all days: `mon-fri 08:00-20:00`, `22:00-02:00` past midnight."""
    found = _HOURS.fullmatch(text.casefold().replace("–", "-"))
    if not found:
        raise ValueError(f"“{text}” are no hours.", "Write 08:00-20:00 or mon-fri 08:00-20:00.")
    days = [one_of(DAYS, "day of the week")(part) for part in found.groups()[:2] if part]
    opens, closes = clock_time(found[3]), clock_time(found[4])
    if opens == closes or opens == "24:00":
        raise ValueError(f"“{text}” are no hours.", "It opens and closes at the same time.")
    return " ".join([*(["-".join(days)] if days else []), f"{opens}-{closes}"])


def wait(text: str) -> int:
    """How long somebody waits for an answer, in minutes: `10 minutes`, `1 hour`."""
    found = _WAIT.fullmatch(" ".join(text.casefold().split()))
    minutes = int(found[1]) * (60 if found[2] == "hour" else 1) if found else 0
    if not 1 <= minutes <= _LONGEST_WAIT:
        raise ValueError(f"“{text}” is no wait.", "Write 10 minutes or 1 hour; at most 24 hours.")
    return minutes


def quiet_hours(text: str) -> str:
    """From when until when people sleep: `22:00-07:00`."""
    if re.match(r"[a-z]", text.casefold()):
        raise ValueError(f"“{text}” are no quiet hours.", "Write 22:00-07:00, the same for every day.")
    return open_hours(text)


def closed_day(text: str) -> str:
    """A day on which something is closed: a date, or every such day of the week."""
    if re.match(r"[0-9]", text):
        return day(text).isoformat()
    return one_of(DAYS, "day of the week or date")(text)


def changes(text: str) -> str:
    """What a granted service changes about the stay."""
    what, _, at = text.casefold().partition(" ")
    if text.casefold() in {"night", "unit"}:
        return text.casefold()
    if what in {"check-in", "check-out"} and at:
        return f"{what} {clock_time(at.strip())}"
    raise ValueError(
        f"“{text}” is no change.",
        "Write check-out 14:00, check-in 12:00, night (one more) or unit (another).",
    )


def reveal(text: str) -> Reveal:
    """When guests see a secret."""
    rule = " ".join(text.casefold().split())
    hours = _REVEAL.fullmatch(rule)
    if rule == "on booking":
        return Reveal(rule="booking")
    if rule == "when the room is ready":
        return Reveal(rule="ready")
    if hours and 0 < int(hours[1]) <= _LONGEST_NOTICE:
        return Reveal(rule="hours", hours=int(hours[1]))
    raise ValueError(
        f"“{text}” does not say when guests see it.",
        "Write on booking, 48 hours before arrival, or when the room is ready.",
    )


def secret(text: str) -> HostSecret:
    """A line of `secrets:`: name | rule | label, the last for names of the host's own."""
    parts = _parts(text, 2, "door-code | 48 hours before arrival")
    label = parts[2] if len(parts) > 2 else ""
    if name(parts[0]) not in secret_values.STANDARD and not label:
        raise ValueError(
            f"“{parts[0]}” has no label.",
            "Add what guests read as the third part, such as Safe code.",
        )
    return HostSecret(name=parts[0], reveal=reveal(parts[1]), label=label)


def labelled(text: str) -> tuple[str, str, tuple[str, ...]]:
    """A line of `labels:`: name, label, and the choices in the same order where there are some."""
    parts = _parts(text, 2, "safe-code | Safe-Code")
    return name(parts[0]), parts[1], _choices(parts[2]) if len(parts) > 2 else ()


def room_label(units: Collection[str]) -> Callable[[str], tuple[str, str]]:
    """A reader of a line of `units:`: a room or flat of the property and what it is called there."""

    def labelled_room(text: str) -> tuple[str, str]:
        slug, label = _parts(text, 2, "room-1 | Zimmer zum Hafen")[:2]
        return one_of(sorted(units), "unit of this property")(slug), label

    return labelled_room


def emergency(text: str) -> tuple[str, str]:
    """A line of `emergency:`: the number to call and what it is for."""
    number, what = _parts(text, 2, "112 | Fire, ambulance, police")[:2]
    return phone(number), what


def field(text: str) -> Field:
    """A line of `fields:`: name | kind | required or optional | label."""
    parts = _parts(text, 4, "guests | number 1-8 | required | How many of you?")
    kind, _, detail = parts[1].partition(" ")
    one_of(FIELD_KINDS, "kind of field")(kind)
    low, high = _bounds(parts[1]) if kind == "number" else (0, 0)
    choices = _choices(detail) if kind == "choice" else ()
    if kind == "choice" and len(choices) < 2:
        raise ValueError(
            f"“{parts[1]}” leaves no choice.", "Write the answers with slashes: choice tea / coffee."
        )
    return Field(
        name=name(parts[0]),
        kind=kind,
        required=one_of(("required", "optional"), "word for that")(parts[2]) == "required",
        label=parts[3],
        choices=choices,
        low=low,
        high=high,
    )


def _bounds(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"number (\d{1,6})\s*[-–]\s*(\d{1,6})", text)
    if not found or int(found[1]) >= int(found[2]):
        raise ValueError(f"“{text}” has no bounds.", "Write the lowest and the highest number: number 1-8.")
    return int(found[1]), int(found[2])


def _choices(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("/") if part.strip())


def _parts(text: str, least: int, example: str) -> list[str]:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) < least or not all(parts):
        raise ValueError(f"“{text}” lacks a part between its bars.", f"Write it like this: {example}")
    return parts
