"""Which nights in which unit: how a host's words change a stay's periods. Pure; refuses no overlap."""

from datetime import date

import msgspec

from guestlink.errors import InvalidInput
from guestlink.records import Period, Unit


def period(unit: Unit | None, arrival: date, departure: date) -> Period:
    """One unit from a date to a date; no unit is not yet assigned."""
    if unit is None:
        return Period(unit_id=None, from_on=arrival, until_on=departure)
    return Period(unit_id=unit.id, unit=unit.slug, title=unit.title, from_on=arrival, until_on=departure)


def with_dates(now: tuple[Period, ...], arrival: date, departure: date) -> tuple[Period, ...]:
    """The same rooms on other dates: the first and the last grow or shrink, those outside fall away."""
    if departure <= arrival:
        raise InvalidInput(
            f"The departure {departure} is not after {arrival}.", hint="A stay has one night at least."
        )
    kept = [part for part in now if part.from_on < departure and part.until_on > arrival]
    if not kept and len({part.unit_id for part in now}) > 1:
        raise InvalidInput(
            "The stay has another room on each of its dates.", hint="Add --unit for the new dates."
        )
    kept = kept or [now[0]]
    kept[0] = msgspec.structs.replace(kept[0], from_on=arrival)
    kept[-1] = msgspec.structs.replace(kept[-1], until_on=departure)
    return tuple(kept)


def with_unit(now: tuple[Period, ...], unit: Unit | None) -> tuple[Period, ...]:
    """The whole stay in one unit."""
    return (period(unit, now[0].from_on, now[-1].until_on),)


def with_move(now: tuple[Period, ...], unit: Unit | None, on: date) -> tuple[Period, ...]:
    """From a date on in another unit."""
    arrival, departure = now[0].from_on, now[-1].until_on
    if not arrival <= on < departure:
        raise InvalidInput(
            f"{on} is not a night of this stay.", hint=f"Its nights are {arrival} to {departure}."
        )
    before = [
        msgspec.structs.replace(part, until_on=min(part.until_on, on)) for part in now if part.from_on < on
    ]
    return joined((*before, period(unit, on, departure)))


def joined(parts: tuple[Period, ...]) -> tuple[Period, ...]:
    """Neighbours in the same unit as one period."""
    made: list[Period] = []
    for part in parts:
        if made and made[-1].unit_id == part.unit_id:
            made[-1] = msgspec.structs.replace(made[-1], until_on=part.until_on)
        else:
            made.append(part)
    return tuple(made)


def told(parts: tuple[Period, ...]) -> str:
    """`room-7, room-3` in the order of the nights."""
    return ", ".join(part.unit or "no room yet" for part in parts)
