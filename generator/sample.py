"""Moves guests into the houses of generator/samples/, for `init`: the first is the one that `up` shows first.

The same day gives the same stays; only ids, links and secrets differ. No secret stands here: they are drawn.
"""

import secrets as randomness
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from generator.samples import dar_laqlaq, harbour_house, haus_arven
from generator.samples.plans import NOBODY, Planned, Sample
from guestlink import houses, secret_values, stays, zones
from guestlink.contacts import OptIn, Person
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from guestlink.records import Period, Property, Stay, Unit

SAMPLES = (harbour_house.SAMPLE, dar_laqlaq.SAMPLE, haus_arven.SAMPLE)
PER_ROOM = frozenset({"door-code", "safe-code"})
READY_FROM = time(12)


def add_sample(
    tx: Writing,
    ring: KeyRing,
    sample: Sample,
    *,
    secrets: Collection[str],
    taken: Callable[[str], bool],
    at: datetime,
    by: str,
) -> Property:
    """The house, its rooms, its stays, and a random value for each name in `secrets` that is not `taken`."""
    house = houses.add_property(tx, sample.house, at=at, by=by)
    rooms = {
        slug: houses.add_unit(tx, house, slug=slug, title=title, at=at, by=by)
        for slug, title in sample.rooms.items()
    }
    units = tuple(rooms.values())
    draw_secrets(tx, ring, house, sample=sample, units=units, names=secrets, taken=taken, at=at, by=by)
    reception = _Reception(tx=tx, ring=ring, sample=sample, house=house, rooms=rooms, at=at, by=by)
    for planned in sample.stays:
        stay = reception.add(planned)
        reception.live_through(stay, planned)
    return house


# -- secrets ---------------------------------------------------------------------------------------
def draw_secrets(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    *,
    sample: Sample,
    units: Collection[Unit],
    names: Collection[str],
    taken: Callable[[str], bool],
    at: datetime,
    by: str,
) -> None:
    """A random value for each name, for each room where rooms have their own."""
    for name in names:
        scopes: tuple[Unit | None, ...] = tuple(units) if name in PER_ROOM else (None,)
        for unit in scopes:
            value = new_value(sample, name, taken)
            secret_values.set_secret(tx, ring, house, name=name, value=value, unit=unit, at=at, by=by)


def new_value(sample: Sample, name: str, taken: Callable[[str], bool]) -> str:
    """A random value of the kind that the name says."""
    while True:
        value = _drawn(sample, name)
        if not taken(value):
            return value


def _drawn(sample: Sample, name: str) -> str:
    digits = f"{randomness.randbelow(10**6):06}"
    if name == "exact-address":
        return sample.address.format(number=randomness.randbelow(80) + 11)
    if name == "wifi-password":
        return "-".join([*(randomness.choice(sample.wifi_words) for _ in range(2)), digits])
    return digits if name == "door-code" else digits[:4]


# -- stays -----------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class _Reception:
    """The desk that has these guests: adds a stay, then changes it as its days went by."""

    tx: Writing
    ring: KeyRing
    sample: Sample
    house: Property
    rooms: Mapping[str, Unit]
    at: datetime
    by: str

    @property
    def today(self) -> date:
        return zones.local_date(self.at, self.house.zone)

    def add(self, planned: Planned) -> Stay:
        direct = planned.source == "direct"
        arrives, leaves = self.dates(planned)
        draft = stays.StayDraft(
            source=planned.source,
            source_uid=planned.reference,
            reference=planned.reference,
            language=self.sample.guests[planned.guest][1],
            adults=planned.adults,
            children=planned.children,
            pets=planned.pets,
            expected_arrival=planned.expected,
            amount=self.sample.nightly * (leaves - arrives).days if direct else None,
            check_in=planned.check_in,
            check_out=planned.check_out,
            party=planned.party,
            periods=(self.period(planned.unit, arrives, leaves),),
            guest=_person(self.sample, planned.guest, planned.source),
            opt_in=OptIn(at=self.at, how="booking form", words=self.sample.opt_in) if direct else None,
        )
        return stays.add_stay(self.tx, self.ring, self.house, draft, at=self.at, by=self.by, bulk=True)

    def live_through(self, stay: Stay, planned: Planned) -> None:
        if planned.one_night_more:
            longer = self.period(planned.unit, stay.from_on, stay.until_on + timedelta(days=1))
            stay = self.change(stay, "one night more", new_periods=(longer,))
        if planned.moves_to:
            unit, on = planned.moves_to[0], self.today + timedelta(days=planned.moves_to[1])
            rooms = self.period(planned.unit, stay.from_on, on), self.period(unit, on, stay.until_on)
            stay = self.change(stay, "room changed", new_periods=rooms)
        if planned.status != "confirmed":
            self.change(stay, planned.status.replace("_", " "), status=planned.status)
        elif planned.ready or planned.arrives < 0:
            ready = zones.local_instant(stay.from_on, READY_FROM, self.house.zone)
            self.change(stay, "room ready", ready_at=min(ready, self.at))

    def change(self, stay: Stay, why: str, **news: Any) -> Stay:
        return stays.change_stay(
            self.tx, self.ring, self.house, stay, at=self.at, by=self.by, why=why, bulk=True, **news
        )

    def dates(self, planned: Planned) -> tuple[date, date]:
        arrives, leaves = (self.today + timedelta(days=days) for days in (planned.arrives, planned.leaves))
        if planned.reference != self.sample.nearly_over:
            return arrives, leaves
        oldest = self.today.replace(day=1) - timedelta(days=zones.DAYS_AFTER_DEPARTURE - 1)
        return oldest - (leaves - arrives), oldest

    def period(self, slug: str, arrives: date, leaves: date) -> Period:
        unit = self.rooms[slug].id if slug else None
        return Period(unit_id=unit, unit=slug or None, from_on=arrives, until_on=leaves)


def _person(sample: Sample, guest: str, source: str) -> Person:
    """Channels hide e-mail addresses and some names; the numbers are those kept for fiction."""
    name, number = sample.guests[guest][0], list(sample.guests).index(guest)
    if guest in sample.on_whatsapp:
        return Person(name=name, **sample.on_whatsapp[guest])
    british, american = sample.phones
    phone = f"+447700900{british + number}" if number % 3 else f"+1555{american + number:04}"
    if guest == NOBODY:
        return Person(phone=phone[-4:])
    return Person(name=name, phone=phone, email="" if source == "airbnb" else f"{guest}@example.com")
