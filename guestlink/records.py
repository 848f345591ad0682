"""Properties, units, stays, contacts, links, secrets: their shapes, look-ups, and the phase of a stay.

It never changes a record: verbs that change one are in stays.py, contacts.py, secret_values.py and houses.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeVar

import msgspec

from guestlink import zones
from guestlink.database import Reading, Row
from guestlink.errors import NotFound, Refused

Status = Literal["confirmed", "proposed_cancelled", "cancelled", "no_show"]
Phase = Literal["booked", "arriving", "in_house", "departing", "departed", "expired"]
PHASES: tuple[Phase, ...] = ("booked", "arriving", "in_house", "departing", "departed", "expired")
TAKEN: frozenset[Status] = frozenset({"confirmed", "proposed_cancelled"})
DAY_TURNS = time(4)


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """One house. `check_in` and `check_out` are local times as `HH:MM`; `changes` counts what touched its
    records.
    """

    id: str
    slug: str
    zone: str
    currency: str
    default_language: str
    phone_number_id: str = ""
    check_in: str
    check_out: str
    changes: int


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A room or flat. `feed` is the sealed address of its iCal feed."""

    id: str
    property_id: str
    slug: str
    title: str
    feed: bytes | None = None
    version: int


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One unit from a date until the date of leaving it; no unit means not yet assigned."""

    unit_id: str | None
    from_on: date
    until_on: date
    unit: str | None = None
    title: str | None = None


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """`from_on` is the arrival, `until_on` the departure; `check_in` and `check_out` are agreed times or
    empty.
    """

    id: str
    property_id: str
    source: str
    source_uid: str
    reference: str
    code: str
    party_id: str | None
    status: Status
    language: str
    adults: int
    children: int
    pets: int
    expected_arrival: str
    amount: int | None
    check_in: str
    check_out: str
    ready_at: datetime | None
    imported: str
    from_on: date
    until_on: date
    version: int


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A person as stored: everything that names them is sealed under their own key (`wrapped`)."""

    id: str
    property_id: str
    wrapped: bytes
    name: bytes | None = None
    phone: bytes | None = None
    wa_id: bytes | None = None
    bsuid: bytes | None = None
    email: bytes | None = None
    opted_in_at: datetime | None = None
    opted_in_how: str = ""
    opted_in_words: bytes | None = None
    version: int
    role: str = "booker"


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """What a list or a page needs of a contact: their name, sealed under their own key."""

    id: str
    role: str = "booker"
    name: bytes | None
    wrapped: bytes


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One guest link; `page_key` is K, sealed under the contact's key."""

    id: str
    stay_id: str
    contact_id: str
    slug: str
    generation: int
    page_key: bytes
    replaced_at: datetime | None = None
    opened_on: date | None = None
    codes_seen_on: date | None = None
    contact_version: int = 1


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a named secret for a property, a unit or a stay. An empty `rule` is the property file's
    rule.
    """

    id: str
    property_id: str
    unit_id: str | None
    stay_id: str | None
    name: str
    value: bytes
    rule: Literal["", "booking", "hours", "ready"]
    hours: int
    valid_from: datetime
    valid_until: datetime | None
    set_by: str
    set_at: datetime
    version: int


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest said before coming. `note` and `word` are sealed under the contact's key (`wrapped`)."""

    stay_id: str
    contact_id: str
    wrapped: bytes
    adults: int
    children: int
    note: bytes | None = None
    word: bytes | None = None
    told_at: datetime
    version: int


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest thought afterwards: one to five stars, `words` sealed like those of an arrival."""

    stay_id: str
    contact_id: str
    wrapped: bytes
    stars: int
    words: bytes | None = None
    told_at: datetime
    version: int


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """The instants at which a stay's page changes by itself, in order."""

    arriving: datetime
    check_in: datetime
    in_house: datetime
    departing: datetime
    departed: datetime
    expired: datetime


T = TypeVar("T")


def shaped(row: Row, kind: type[T]) -> T:
    """A database row as a record."""
    return msgspec.convert(row, kind)


def shaped_all(rows: Iterable[Row], kind: type[T]) -> list[T]:
    return [msgspec.convert(row, kind) for row in rows]


# -- look-ups --------------------------------------------------------------------------------------
def find_property(db: Reading, slug: str) -> Property:
    row = db.one("property_by_slug", slug=slug)
    if row is None:
        known = ", ".join(house.slug for house in properties(db)) or "none yet"
        raise NotFound(
            f"There is no property {slug!r}.", hint=f"Known: {known}. `publish.py property add` makes one."
        )
    return shaped(row, Property)


def properties(db: Reading) -> list[Property]:
    return shaped_all(db.all("properties"), Property)


def house_by_id(db: Reading, property_id: str) -> Property:
    """A house that another record names, so it is there."""
    row = db.one("property_by_id", id=property_id)
    assert row is not None
    return shaped(row, Property)


def stay_by_id(db: Reading, stay_id: str) -> Stay:
    """A stay that another record names, so it is there."""
    row = db.one("stay_by_id", id=stay_id)
    assert row is not None
    return shaped(row, Stay)


def units(db: Reading, house: Property) -> list[Unit]:
    return shaped_all(db.all("units", property_id=house.id), Unit)


def find_unit(db: Reading, house: Property, slug: str) -> Unit:
    row = db.one("unit_by_slug", property_id=house.id, slug=slug)
    if row is None:
        known = ", ".join(unit.slug for unit in units(db, house)) or "none yet"
        mend = f"Known: {known}. `publish.py unit add {house.slug} SLUG` makes one."
        raise NotFound(f"There is no unit {slug!r} in {house.slug}.", hint=mend)
    return shaped(row, Unit)


def find_stay(db: Reading, name: str) -> Stay:
    """The stay with this booking reference, stay code or id."""
    found = shaped_all(db.all("stays_named", name=name), Stay)
    taken = [stay for stay in found if stay.status in TAKEN] or found
    if not taken:
        raise NotFound(f"There is no stay {name!r}.", hint="Give a booking reference, a stay code or an id.")
    if len(taken) > 1:
        codes = ", ".join(f"{stay.code} (from {stay.from_on})" for stay in taken[:8])
        raise Refused(
            f"{len(taken)} stays are called {name!r}.", hint=f"Give the stay code instead: {codes}."
        )
    return taken[0]


def periods(db: Reading, stay: Stay) -> tuple[Period, ...]:
    return tuple(shaped_all(db.all("periods_of_stay", stay_id=stay.id), Period))


def periods_of(db: Reading, page: Iterable[Stay]) -> Mapping[str, Sequence[Period]]:
    """The periods of many stays in one look, by the id of the stay."""
    return _by_stay(db.all("periods_of_stays", stays=_ids(page)), Period)


def guests_of(db: Reading, page: Iterable[Stay]) -> Mapping[str, Sequence[Guest]]:
    """The guests of many stays in one look, by the id of the stay: the booker first."""
    return _by_stay(db.all("guests_of_stays", stays=_ids(page)), Guest)


def stay_links(db: Reading, stay: Stay) -> list[Link]:
    return shaped_all(db.all("links_of_stay", stay_id=stay.id), Link)


def contacts(db: Reading, stay: Stay) -> list[Contact]:
    return shaped_all(db.all("contacts_of_stay", stay_id=stay.id), Contact)


def _ids(page: Iterable[Stay]) -> str:
    return msgspec.json.encode([stay.id for stay in page]).decode()


def _by_stay(rows: Iterable[Row], kind: type[T]) -> Mapping[str, Sequence[T]]:
    """A stay without any has an empty list, too."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[str(row["stay_id"])].append(shaped(row, kind))
    return found


# -- time ------------------------------------------------------------------------------------------
def moments(stay: Stay, house: Property) -> Moments:
    """When the stay's phases begin. A guest's day turns at four in the morning, in the property's zone."""
    comes, goes = stay.check_in or house.check_in, stay.check_out or house.check_out
    return _moments(stay.from_on, comes, stay.until_on, goes, house.zone)


@lru_cache(maxsize=1024)
def _moments(from_on: date, check_in: str, until_on: date, check_out: str, zone: str) -> Moments:  # noqa: PLR0917
    arrives = zones.local_instant(from_on, local_time(check_in), zone)
    departs = zones.local_instant(until_on, local_time(check_out), zone)
    in_house = zones.local_instant(from_on + timedelta(days=1), DAY_TURNS, zone)
    return Moments(
        arriving=zones.local_instant(from_on - timedelta(days=1), DAY_TURNS, zone),
        check_in=arrives,
        in_house=min(in_house, departs),
        departing=min(zones.local_instant(until_on, DAY_TURNS, zone), departs),
        departed=departs,
        expired=max(zones.policy_end(until_on), departs),
    )


def phase(stay: Stay, house: Property, at: datetime) -> Phase:
    """Where a stay stands at an instant."""
    now: Phase = "booked"
    marks = moments(stay, house)
    for name in PHASES[1:]:
        if at >= getattr(marks, name):
            now = name
    return now


def next_phase_at(stay: Stay, house: Property, at: datetime) -> datetime | None:
    """The next instant at which the phase changes, or None when the stay is expired."""
    marks = moments(stay, house)
    later = [instant for name in PHASES[1:] if (instant := getattr(marks, name)) > at]
    return min(later) if later else None


@lru_cache(maxsize=1024)
def local_time(text: str) -> time:
    """`15:00` as a time."""
    return time.fromisoformat(text)


def touching(parts: Iterable[Period]) -> bool:
    """True when the periods follow each other without a gap or an overlap."""
    ordered = list(parts)
    return all(a.until_on == b.from_on for a, b in pairwise(ordered))
