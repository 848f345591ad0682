"""What an accepted service changes about a stay: an agreed time, one more night. And how it is taken back.

The rules about overlaps of nights stay in guestlink/stays.py; here are those of two guests on one day.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from edge_api.requests import Change
from guestlink.crypto import KeyRing
from guestlink.database import Row, Writing
from guestlink.errors import Refused
from guestlink.records import Period, Property, Stay, moments, periods
from guestlink.stays import change_stay

WHY: Final = "a request was accepted"
TAKEN_BACK: Final = "a request was taken back"
DAY_ENDS: Final = "24:00"
LAST_MINUTE: Final = "23:59"


def agree(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, changes: str, at: datetime, by: str
) -> Change | None:
    """Changes the stay as a service says in `changes`; None when there is nothing to change here, as for
    another unit, which a person finds. Refused in words when another guest has the room.
    """
    what, _, when = changes.partition(" ")
    if what not in {"check-in", "check-out", "night"}:
        return None
    if at >= moments(stay, house).departed:
        raise Refused("This stay is over.", hint="Decline the request.")
    wanted = LAST_MINUTE if when == DAY_ENDS else when
    if what == "night":
        return _one_more_night(tx, ring, house, stay=stay, at=at, by=by)
    if what == "check-out":
        return _later(tx, ring, house, stay=stay, wanted=wanted, at=at, by=by)
    return _earlier(tx, ring, house, stay=stay, wanted=wanted, at=at, by=by)


def take_back(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, change: Change, at: datetime, by: str
) -> None:
    """Undoes a change unless the stay was changed again since; Refused when its time has come already."""
    if _now(stay, change) != change.after:
        return
    new_periods = None
    if change.name == "until_on":
        restored = msgspec.structs.replace(stay, until_on=date.fromisoformat(change.before))
        new_periods = _until(periods(tx, stay), restored.until_on)
    else:
        restored = msgspec.structs.replace(stay, **{change.name: change.before})
    ends = moments(stay, house).check_in if change.name == "check_in" else moments(restored, house).departed
    if at >= ends:
        raise Refused("It is too late to take this back.", hint="Change the stay with `publish.py stay set`.")
    fields: dict[str, Any] = {} if new_periods else {change.name: change.before}
    change_stay(tx, ring, house, stay, at=at, by=by, why=TAKEN_BACK, new_periods=new_periods, **fields)


def _later(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, wanted: str, at: datetime, by: str
) -> Change | None:
    if (stay.check_out or house.check_out) >= wanted:
        return None
    last = periods(tx, stay)[-1]
    if last.unit_id:
        tx.all("lock_unit", id=last.unit_id)
        next_guests = tx.all("stays_arriving", unit_id=last.unit_id, on=str(stay.until_on), stay_id=stay.id)
        early = [row for row in next_guests if (row["check_in"] or house.check_in) < wanted]
        _refuse(last, early, f"is needed from {_times(early, 'check_in', house.check_in)} on {stay.until_on}")
    change_stay(tx, ring, house, stay, at=at, by=by, why=WHY, check_out=wanted)
    return Change(name="check_out", before=stay.check_out, after=wanted)


def _earlier(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, wanted: str, at: datetime, by: str
) -> Change | None:
    if (stay.check_in or house.check_in) <= wanted or at >= moments(stay, house).check_in:
        return None
    first = periods(tx, stay)[0]
    if first.unit_id:
        tx.all("lock_unit", id=first.unit_id)
        last_guests = tx.all("stays_leaving", unit_id=first.unit_id, on=str(stay.from_on), stay_id=stay.id)
        late = [row for row in last_guests if (row["check_out"] or house.check_out) > wanted]
        _refuse(first, late, f"is taken until {_times(late, 'check_out', house.check_out)} on {stay.from_on}")
    change_stay(tx, ring, house, stay, at=at, by=by, why=WHY, check_in=wanted)
    return Change(name="check_in", before=stay.check_in, after=wanted)


def _one_more_night(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, at: datetime, by: str
) -> Change:
    longer = stay.until_on + timedelta(days=1)
    new_periods = _until(periods(tx, stay), longer)
    change_stay(tx, ring, house, stay, at=at, by=by, why=WHY, new_periods=new_periods)
    return Change(name="until_on", before=str(stay.until_on), after=str(longer))


def _until(now: tuple[Period, ...], until_on: date) -> tuple[Period, ...]:
    return (*now[:-1], msgspec.structs.replace(now[-1], until_on=until_on))


def _now(stay: Stay, change: Change) -> str:
    return str(getattr(stay, change.name))


def _refuse(period: Period, others: list[Row], why: str) -> None:
    if others:
        names = ", ".join(str(row["reference"]) for row in others)
        mend = "Decline the request, or change one of the two stays first."
        raise Refused(f"{period.title or period.unit} {why} by {names}.", hint=mend)


def _times(rows: Iterable[Row], name: str, usual: str) -> str:
    return ", ".join(sorted({str(row[name] or usual) for row in rows}))
