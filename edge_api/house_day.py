"""Who arrives and who leaves today and tomorrow, by the clocks of the house, as the board shows them.

A day of the house turns at four in the morning: who comes at one belongs to the evening before.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from edge_api import code_times
from edge_api.arrival_rooms import NIGHT
from guestlink import contacts, records, zones
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import TAKEN, Period, Property, Stay


class StayLine(msgspec.Struct, frozen=True, kw_only=True):
    """A stay that begins or ends today or tomorrow. `unit` is where it begins, `leaves` where it ends; times
    are `HH:MM` of the house, `expected` empty while nobody said. `opened_page` and `codes_seen` are the last
    days on which that was so, for whichever of its guests; `codes_at` is when the first of the codes that
    come some hours before arrival is on the page.
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
    codes_at: datetime | None
    version: int

    def __repr__(self) -> str:
        return f"StayLine({self.stay_id})"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """When a stay's links that count were last opened, and codes seen."""

    opened_page: date | None = None
    codes_seen: date | None = None


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
    lines = stay_lines(db, ring, house, records.shaped_all(rows, Stay), at=at)
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
    return stay_lines(db, ring, house, [stay], at=at)[0]


def stay_lines(
    db: Reading, ring: KeyRing, house: Property, page: Sequence[Stay], *, at: datetime
) -> list[StayLine]:
    """Lines of many stays of a house in as few looks as one; of their guests only a name is opened."""
    nights, guests, seen = records.periods_of(db, page), records.guests_of(db, page), _openings(db, page)
    codes = code_times.codes_of(db, house, {stay: nights[stay.id] for stay in page}, at=at)
    return [
        _line(
            house,
            stay,
            nights[stay.id],
            guest=contacts.name_of(ring, known[0]) if (known := guests[stay.id]) else "",
            seen=seen.get(stay.id, Opened()),
            codes_at=codes[stay.id],
        )
        for stay in page
    ]


def _line(
    house: Property,
    stay: Stay,
    parts: Sequence[Period],
    *,
    guest: str,
    seen: Opened,
    codes_at: datetime | None,
) -> StayLine:
    return StayLine(
        stay_id=stay.id,
        property=house.slug,
        stay=stay.reference,
        unit=(parts[0].title or "") if parts else "",
        leaves=(parts[-1].title or "") if parts else "",
        guest=guest,
        adults=stay.adults,
        children=stay.children,
        from_on=stay.from_on,
        until_on=stay.until_on,
        expected=stay.expected_arrival,
        check_in=stay.check_in or house.check_in,
        check_out=stay.check_out or house.check_out,
        is_ready=stay.ready_at is not None,
        ready_at=stay.ready_at,
        opened_page=seen.opened_page,
        codes_seen=seen.codes_seen,
        codes_at=codes_at,
        version=stay.version,
    )


def _openings(db: Reading, page: Sequence[Stay]) -> dict[str, Opened]:
    stays = msgspec.json.encode([stay.id for stay in page]).decode()
    rows = db.all("openings_of_stays", stays=stays)
    return {str(row["stay_id"]): records.shaped(row, Opened) for row in rows}
