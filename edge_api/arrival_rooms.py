"""The rooms of today's arrivals: ready or not, and when their guests are expected. It names no guest."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from guestlink import records, zones
from guestlink.database import Reading
from guestlink.records import DAY_TURNS, Property, Stay

NIGHT: Final = timedelta(hours=DAY_TURNS.hour)  # who comes at one in the morning belongs to the day before
READY: Final = "ready"


class ArrivalRoom(msgspec.Struct, frozen=True, kw_only=True):
    """`unit` and `title` are empty while no room is assigned; `expected` is a time of the house or empty."""

    stay: Stay
    unit_id: str
    unit: str
    title: str
    expected: str

    @property
    def is_ready(self) -> bool:
        return self.stay.ready_at is not None


def arriving(db: Reading, house: Property, *, at: datetime) -> list[ArrivalRoom]:
    """Who arrives on the day of the house that this instant belongs to, in the order in which they come."""
    on = zones.local_date(at - NIGHT, house.zone)
    rows = db.all("arrivals_on", property_id=house.id, arrives_on=on.isoformat())
    rooms = [_room(db, stay) for stay in records.shaped_all(rows, Stay)]
    return sorted(rooms, key=lambda room: (room.expected or room.stay.check_in or house.check_in, room.title))


def room_of(db: Reading, stay: Stay) -> str:
    """What the room is called in which a stay begins."""
    return _room(db, stay).title or stay.reference


def _room(db: Reading, stay: Stay) -> ArrivalRoom:
    first = records.periods(db, stay)[0]
    return ArrivalRoom(
        stay=stay,
        unit_id=first.unit_id or "",
        unit=first.unit or "",
        title=first.title or first.unit or "",
        expected=stay.expected_arrival,
    )


class _Send(msgspec.Struct, frozen=True):
    anchor: str = ""


class _Letter(msgspec.Struct, frozen=True):
    """Of a message of the journey, what it waits for."""

    send: _Send = _Send()


def tells_guests(db: Reading, house: Property) -> bool:
    """Whether the house has a message for guests whose room is ready."""
    rows = db.all("catalogue_of_kind", property_id=house.id, kind="journey")
    return any(msgspec.json.decode(row["body"], type=_Letter).send.anchor == READY for row in rows)
