"""When a message of a stay goes out, to whom, by which way: as hosts write it. Pure, and strict as `grammar`.

The edge makes instants of these moments; a time of day is that of the house's clocks.
"""

import re
from typing import Final, Literal

import msgspec

from generator.files import grammar

Anchor = Literal["booking", "late-booking", "codes", "ready", "arrival", "departure"]

CONDITIONS: Final = (
    *("arrival-unknown", "page-not-opened", "codes-not-seen", "first-visit", "returning", "children"),
    *("pets", "more-than-one-night"),
)
CHANNELS: Final = ("whatsapp", "email", "print")
MESSAGE_HOURS: Final = "08:00-21:00"
LONGEST: Final = 60  # days between a moment and the arrival or departure that it goes by

_WORDS: Final[dict[str, Anchor]] = {
    "on booking": "booking",
    "on late booking": "late-booking",
    "when codes are shown": "codes",
    "when the room is ready": "ready",
}
_DAY = re.compile(r"(?:(\d{1,3}) days? (before|after)|on the day of) (arrival|departure)(?: ?, ?| )(\S+)")
_UNTIMED = re.compile(r"(?:\d{1,3} days? (?:before|after)|on the day of) (?:arrival|departure)")
_USEFUL = re.compile(r"(\d{1,5}) (minute|hour|day)s?")
_SPAN = re.compile(r"([\d:]+)\s*[-–]\s*([\d:]+)")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 24 * 60}
_SHORTEST_SPAN: Final = 120  # minutes; less would hardly ever let a message out
_TEMPLATE = re.compile(r"[a-z0-9_]{1,512}")


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """`days` are counted from the anchor, before it below zero; they and `time` (`HH:MM`) belong to arrival
    and departure alone.
    """

    anchor: Anchor
    days: int = 0
    time: str = ""


def moment(text: str) -> Moment:
    """The moment of a message: `on booking`, `2 days before arrival, 10:00`."""
    words = " ".join(text.casefold().split())
    if words in _WORDS:
        return Moment(anchor=_WORDS[words])
    found = _DAY.fullmatch(words)
    if found is None:
        raise _no_moment(text, words)
    days = int(found[1] or 0)
    if days > LONGEST:
        raise ValueError(f"“{text}” is too far away.", f"Write at most {LONGEST} days.")
    anchor: Anchor = "arrival" if found[3] == "arrival" else "departure"
    return Moment(anchor=anchor, days=-days if found[2] == "before" else days, time=_time(found[4]))


def _no_moment(text: str, words: str) -> ValueError:
    if _UNTIMED.fullmatch(words):
        return ValueError(f"“{text}” has no time of day.", f"Add it after a comma: {words}, 10:00.")
    hint = grammar.nearest(words, tuple(_WORDS))
    every = f"Write {', '.join(_WORDS)}, 2 days before arrival, 10:00 or on the day of departure, 09:00."
    return ValueError(f"“{text}” is no moment of a stay.", hint or every)


def _time(text: str) -> str:
    at = grammar.clock_time(text)
    if at == "24:00":
        raise ValueError(f"“{text}” is no time of day.", "Write 23:59, or 00:00 of the day after.")
    return at


def useful_for(text: str) -> int:
    """How long after its moment a message still helps, in minutes: `90 minutes`, `12 hours`, `2 days`."""
    found = _USEFUL.fullmatch(" ".join(text.casefold().split()))
    minutes = int(found[1]) * _MINUTES[found[2]] if found else 0
    if not 1 <= minutes <= LONGEST * _MINUTES["day"]:
        hint = f"Write 90 minutes, 12 hours or 2 days; at most {LONGEST} days."
        raise ValueError(f"“{text}” is no length of time.", hint)
    return minutes


def message_hours(text: str) -> str:
    """From when until when guests may be written to, within one day: `08:00-21:00`."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"“{text}” are no hours.", "Write 08:00-21:00, the same for every day.")
    opens, closes = _time(found[1]), _time(found[2])
    if _minute(closes) - _minute(opens) < _SHORTEST_SPAN:
        hint = "Write two hours or more of one day, the earlier one first: 08:00-21:00."
        raise ValueError(f"“{text}” leaves no time for messages.", hint)
    return f"{opens}-{closes}"


def is_within(time: str, hours: str) -> bool:
    """Whether a message may go out at this time of day; the end of the hours is none of them."""
    opens, _, closes = hours.partition("-")
    return opens <= time < closes


def channel(text: str) -> str:
    """A way to reach somebody; `e-mail` is the usual spelling of `email`."""
    return grammar.one_of((*CHANNELS, "e-mail"), "way to reach a guest")(text).replace("-", "")


def template(text: str) -> str:
    """The name of a message template at Meta."""
    if not _TEMPLATE.fullmatch(text):
        raise ValueError(f"“{text}” is no template.", "Use small letters a to z, digits and _: stay_codes.")
    return text


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
