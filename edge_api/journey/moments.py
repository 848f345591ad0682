"""When a message of the journey is due, until when it is of use, and at which hours it may arrive. Pure.

Dates and clock times are those of the house; an hour that a change of clocks repeats or leaves out is settled
as everywhere (guestlink/zones.py).
"""

from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from guestlink import zones
from guestlink.records import Moments, Property, Stay, local_time, moments

Anchor = Literal["booking", "late-booking", "codes", "ready", "arrival", "departure"]
BOOKED: Final[frozenset[Anchor]] = frozenset({"booking", "late-booking"})
DEFAULT_HOURS: Final = "08:00-21:00"
USEFUL_ON_THE_DAY: Final = timedelta(hours=12)
USEFUL_AFTERWARDS: Final = timedelta(days=3)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """`send` of a journey file: days before (negative) or after an arrival or departure at a time of day, or
    something that happens.
    """

    anchor: Anchor
    days: int = 0
    time: str = ""


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """Between which hours of a day guests are written to, in the zone of the house."""

    begins: time
    ends: time
    zone: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stay, as far as its messages go by it; `codes_at` is when its first code is shown,
    None while that is open. Of a party's rooms that one guest has booked, all but one are second rooms.
    """

    stay: Stay
    house: Property
    booked_at: datetime
    codes_at: datetime | None
    units: tuple[str, ...]
    opened: bool
    codes_seen: bool
    arrival_told: bool
    is_returning: bool
    is_second_room: bool = False

    @property
    def marks(self) -> Moments:
        return moments(self.stay, self.house)

    @property
    def nights(self) -> int:
        return (self.stay.until_on - self.stay.from_on).days


def due(send: Moment, facts: Facts) -> datetime | None:
    """The instant, None while what it waits for has not happened."""
    match send.anchor:
        case "booking" | "late-booking":
            return facts.booked_at
        case "codes":
            return facts.codes_at
        case "ready":
            return facts.stay.ready_at
    on = facts.stay.from_on if send.anchor == "arrival" else facts.stay.until_on
    return zones.local_instant(on + timedelta(days=send.days), local_time(send.time), facts.house.zone)


def useful_until(send: Moment, due_at: datetime, facts: Facts, *, minutes: int) -> datetime:
    """After it the message says nothing that is still true: what the file says, else what the moment means.
    Only thanks go to somebody who has left.
    """
    marks = facts.marks
    told = due_at + timedelta(minutes=minutes) if minutes else None
    is_after = send.anchor == "departure" and due_at >= marks.departed
    if is_after:
        return told or due_at + USEFUL_AFTERWARDS
    if send.anchor == "booking" or (send.anchor == "arrival" and due_at < marks.check_in):
        usual = marks.check_in
    elif send.anchor in {"codes", "late-booking"}:
        usual = marks.departed
    else:
        usual = due_at + USEFUL_ON_THE_DAY
    return min(told or usual, marks.departed)


def hours_of(text: str, zone: str) -> Hours:
    """`08:00-21:00` of the house."""
    begins, _, ends = (text or DEFAULT_HOURS).partition("-")
    return Hours(begins=local_time(begins), ends=local_time(ends), zone=zone)


def allowed(at: datetime, hours: Hours) -> datetime:
    """The instant itself when it lies within the hours, else the next at which they begin."""
    local = at.astimezone(ZoneInfo(hours.zone))
    if hours.begins <= local.time() < hours.ends:
        return at
    day = local.date() if local.time() < hours.begins else local.date() + timedelta(days=1)
    return zones.local_instant(day, hours.begins, hours.zone)


def last_allowed(at: datetime, hours: Hours) -> datetime:
    """When the hours end that `at` lies in."""
    local = at.astimezone(ZoneInfo(hours.zone))
    return zones.local_instant(local.date(), hours.ends, hours.zone)
