"""Who arrives and who leaves today and tomorrow, by the clocks of the house, as the board shows them.

A day of the house turns at four in the morning: who comes at one belongs to the evening before.
"""

from datetime import date, datetime, timedelta

import msgspec

from edge_api.arrival_rooms import NIGHT
from guestlink import contacts, records, zones
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import TAKEN, Link, Property, Stay


class StayLine(msgspec.Struct, frozen=True, kw_only=True):
    """A stay that begins or ends today or tomorrow. `unit` is where it begins, `leaves` where it ends; times
    are `HH:MM` of the house, `expected` empty while nobody said. `opened_page` and `codes_seen` are the last
    days on which that was so, for whichever of its guests.
    """

    stay_id: str
    property: str
    stay: str
    unit: str
    leaves: str
    guest: str
    adults: int
    children: int
    from_on: date
    until_on: date
    expected: str
    check_in: str
    check_out: str
    is_ready: bool
    ready_at: datetime | None
    opened_page: date | None
    codes_seen: date | None
    version: int

    def __repr__(self) -> str:
        return f"StayLine({self.stay_id})"


def today_of(house: Property, *, at: datetime) -> date:
    """The day of the house that an instant belongs to."""
    return zones.local_date(at - NIGHT, house.zone)


def around(db: Reading, ring: KeyRing, house: Property, *, at: datetime) -> list[StayLine]:
    """Who arrives or leaves today or tomorrow, in the order in which they come."""
    today = today_of(house, at=at)
    tomorrow = today + timedelta(days=1)
    rows = db.all(
        "stays_coming_or_going", property_id=house.id, today=today.isoformat(), tomorrow=tomorrow.isoformat()
    )
    lines = [stay_line(db, ring, house, stay) for stay in records.shaped_all(rows, Stay)]
    return sorted(
        lines, key=lambda line: (line.from_on, line.expected or line.check_in, line.unit, line.stay_id)
    )


def arrives(line: StayLine, today: date) -> bool:
    return line.from_on in {today, today + timedelta(days=1)}


def leaves(line: StayLine, today: date) -> bool:
    return line.until_on in {today, today + timedelta(days=1)}


def line_of(db: Reading, ring: KeyRing, house: Property, stay: Stay, *, at: datetime) -> StayLine | None:
    """The line of a stay; None when it neither arrives nor leaves today or tomorrow."""
    today = today_of(house, at=at)
    days = {today, today + timedelta(days=1)}
    if stay.status not in TAKEN or not days & {stay.from_on, stay.until_on}:
        return None
    return stay_line(db, ring, house, stay)


def stay_line(db: Reading, ring: KeyRing, house: Property, stay: Stay) -> StayLine:
    parts = records.periods(db, stay)
    guests = records.contacts(db, stay)
    links = [link for link in records.stay_links(db, stay) if link.replaced_at is None]
    return StayLine(
        stay_id=stay.id,
        property=house.slug,
        stay=stay.reference,
        unit=(parts[0].title or "") if parts else "",
        leaves=(parts[-1].title or "") if parts else "",
        guest=contacts.opened(ring, guests[0]).name if guests else "",
        adults=stay.adults,
        children=stay.children,
        from_on=stay.from_on,
        until_on=stay.until_on,
        expected=stay.expected_arrival,
        check_in=stay.check_in or house.check_in,
        check_out=stay.check_out or house.check_out,
        is_ready=stay.ready_at is not None,
        ready_at=stay.ready_at,
        opened_page=_newest(links, "opened_on"),
        codes_seen=_newest(links, "codes_seen_on"),
        version=stay.version,
    )


def _newest(links: list[Link], name: str) -> date | None:
    return max((on for link in links if (on := getattr(link, name))), default=None)
