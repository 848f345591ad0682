"""What an accepted service changes about a stay: an agreed time, one more night. And how it is taken back.

Several requests may change the same: a stay shows what those together promise that nobody took back. The
rules about overlaps of nights stay in guestlink/stays.py; here are those of two guests on one day.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from edge_api import streams
from edge_api.requests import Change
from guestlink.crypto import KeyRing
from guestlink.database import Row, Writing
from guestlink.errors import Refused
from guestlink.records import TAKEN, Period, Property, Stay, moments, periods
from guestlink.stays import change_stay

WHY: Final = "a request was accepted"
TAKEN_BACK: Final = "a request was taken back"
DAY_ENDS: Final = "24:00"
LAST_MINUTE: Final = "23:59"
Name = Literal["check_in", "check_out", "until_on"]


def agree(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, changes: str, at: datetime, by: str
) -> Change | None:
    """Changes the stay as a service says in `changes`; None when there is nothing to change here, as for
    another unit, which a person finds. Refused in words when another guest has the room.
    """
    what, _, when = changes.partition(" ")
    if what not in {"check-in", "check-out", "night"}:
        return None
    if at >= moments(stay, house).departed or stay.status not in TAKEN:
        raise Refused("This stay is over or cancelled.", hint="Decline the request.")
    wanted = LAST_MINUTE if when == DAY_ENDS else when
    if what == "night":
        return _one_more_night(tx, ring, house, stay=stay, at=at, by=by)
    if what == "check-out":
        return _later(tx, ring, house, stay=stay, wanted=wanted, at=at, by=by)
    return _earlier(tx, ring, house, stay=stay, wanted=wanted, at=at, by=by)


def take_back(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, request_id: str, at: datetime, by: str
) -> None:
    """Undoes what a request changed; other requests keep what they were promised, and a stay that was changed
    by hand since is left alone. Refused when the time has come already.
    """
    promised = streams.promised(tx, stay.id)
    change = promised.pop(request_id)
    others = _fellows(promised.values(), change.name, change.before)
    left = _together(change.before, others)
    shown = _together(change.before, [*others, change])
    if left == shown or _now(stay, change.name) != shown:
        return
    new_periods = None
    if change.name == "until_on":
        if left <= str(stay.from_on):
            raise Refused("No night would be left.", hint="Change the stay with `publish.py stay set`.")
        restored = msgspec.structs.replace(stay, until_on=date.fromisoformat(left))
        new_periods = _until(periods(tx, stay), restored.until_on)
    else:
        restored = msgspec.structs.replace(stay, **{change.name: left})
    ends = moments(stay, house).check_in if change.name == "check_in" else moments(restored, house).departed
    if at >= ends:
        raise Refused("It is too late to take this back.", hint="Change the stay with `publish.py stay set`.")
    fields: dict[str, Any] = {} if new_periods else {change.name: left}
    change_stay(tx, ring, house, stay, at=at, by=by, why=TAKEN_BACK, new_periods=new_periods, **fields)


# -- several promises --------------------------------------------------------------------------------
def _together(before: str, promised: Collection[Change]) -> str:
    """What a stay shows when all of these hold: the widest time, or a night for each."""
    if not promised:
        return before
    name = next(iter(promised)).name
    if name == "until_on":
        return str(date.fromisoformat(before) + timedelta(days=len(promised)))
    return (max if name == "check_out" else min)(change.after for change in promised)


def _fellows(promised: Iterable[Change], name: Name, before: str) -> list[Change]:
    return [change for change in promised if (change.name, change.before) == (name, before)]


def _before(tx: Writing, stay: Stay, name: Name) -> str:
    """What the stay showed before any of the requests that made it what it shows now."""
    promised = streams.promised(tx, stay.id).values()
    for before in dict.fromkeys(change.before for change in promised if change.name == name):
        if _together(before, _fellows(promised, name, before)) == _now(stay, name):
            return before
    return _now(stay, name)


def _now(stay: Stay, name: Name) -> str:
    return str(getattr(stay, name))


# -- each of the changes -----------------------------------------------------------------------------
def _later(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, wanted: str, at: datetime, by: str
) -> Change | None:
    before = _before(tx, stay, "check_out")
    if (stay.check_out or house.check_out) >= wanted:
        return _also("check_out", before, stay, wanted)
    last = periods(tx, stay)[-1]
    if last.unit_id:
        tx.all("lock_unit", id=last.unit_id)
        next_guests = tx.all("stays_arriving", unit_id=last.unit_id, on=str(stay.until_on), stay_id=stay.id)
        early = [row for row in next_guests if (row["check_in"] or house.check_in) < wanted]
        _refuse(last, early, f"is needed from {_times(early, 'check_in', house.check_in)} on {stay.until_on}")
    change_stay(tx, ring, house, stay, at=at, by=by, why=WHY, check_out=wanted)
    return Change(name="check_out", before=before, after=wanted)


def _earlier(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, wanted: str, at: datetime, by: str
) -> Change | None:
    before = _before(tx, stay, "check_in")
    if at >= moments(stay, house).check_in:
        return None
    if (stay.check_in or house.check_in) <= wanted:
        return _also("check_in", before, stay, wanted)
    first = periods(tx, stay)[0]
    if first.unit_id:
        tx.all("lock_unit", id=first.unit_id)
        last_guests = tx.all("stays_leaving", unit_id=first.unit_id, on=str(stay.from_on), stay_id=stay.id)
        late = [row for row in last_guests if (row["check_out"] or house.check_out) > wanted]
        _refuse(first, late, f"is taken until {_times(late, 'check_out', house.check_out)} on {stay.from_on}")
    change_stay(tx, ring, house, stay, at=at, by=by, why=WHY, check_in=wanted)
    return Change(name="check_in", before=before, after=wanted)


def _one_more_night(
    tx: Writing, ring: KeyRing, house: Property, *, stay: Stay, at: datetime, by: str
) -> Change:
    before, longer = _before(tx, stay, "until_on"), stay.until_on + timedelta(days=1)
    new_periods = _until(periods(tx, stay), longer)
    change_stay(tx, ring, house, stay, at=at, by=by, why=WHY, new_periods=new_periods)
    return Change(name="until_on", before=before, after=str(longer))


def _also(name: Name, before: str, stay: Stay, wanted: str) -> Change | None:
    """A promise of what other requests changed already; none when the house gives it to everybody."""
    return Change(name=name, before=before, after=wanted) if before != _now(stay, name) else None


def _until(now: tuple[Period, ...], until_on: date) -> tuple[Period, ...]:
    """The periods with another end; a room for nights that are gone goes, too."""
    kept = [period for period in now if period.from_on < until_on]
    return (*kept[:-1], msgspec.structs.replace(kept[-1], until_on=until_on))


def _refuse(period: Period, others: list[Row], why: str) -> None:
    if others:
        names = ", ".join(str(row["reference"]) for row in others)
        mend = "Decline the request, or change one of the two stays first."
        raise Refused(f"{period.title or period.unit} {why} by {names}.", hint=mend)


def _times(rows: Iterable[Row], name: str, usual: str) -> str:
    return ", ".join(sorted({str(row[name] or usual) for row in rows}))
