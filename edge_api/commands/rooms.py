"""`publish.py rooms`: rooms of today's arrivals, ready or not, and when somebody is expected. No names."""

import argparse
from zoneinfo import ZoneInfo

import msgspec

from edge_api import arrival_rooms
from edge_api.arrival_rooms import ArrivalRoom
from guestlink import clock, records
from guestlink.records import Property
from guestlink.terminal import Desk, plain


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Times are on the clocks of the house; an empty `ready` is not ready yet."""

    property: str
    room: str
    expected: str
    ready: str
    stay: str


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("property", metavar="PROPERTY", nargs="?", default="", help="else of all houses")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        houses = [records.find_property(db, args.property)] if args.property else records.properties(db)
        lines = [_line(house, room) for house in houses for room in arrival_rooms.arriving(db, house, at=at)]
    if args.json:
        desk.json(msgspec.to_builtins(lines))
        return 0
    if lines:
        columns = (*(["property"] if len(houses) > 1 else []), "room", "expected", "ready", "stay")
        desk.table(columns, [[_cell(line, name) for name in columns] for line in lines])
    waiting = sum(not line.ready for line in lines)
    said = f"{waiting} of {len(lines)} rooms are not ready yet." if waiting else "All rooms are ready."
    desk.say(said if lines else "Nobody arrives today.", style="bold")
    if waiting:
        desk.say("`publish.py stay set STAY --ready` says that one is; staff write “rooms” on WhatsApp.")
    return 0


def _line(house: Property, room: ArrivalRoom) -> Line:
    ready_at = room.stay.ready_at
    return Line(
        property=house.slug,
        room=room.unit,
        expected=room.expected,
        ready=f"{ready_at.astimezone(ZoneInfo(house.zone)):%H:%M}" if ready_at else "",
        stay=room.stay.code,
    )


def _cell(line: Line, column: str) -> str:
    text = plain(str(getattr(line, column)))
    return text or {"room": "not assigned", "ready": "not yet"}.get(column, "")
