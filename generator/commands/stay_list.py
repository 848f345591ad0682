"""`publish.py stay list`: stays as a table, with guests' names, on the host's own terminal."""

import argparse
from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

import msgspec

from generator.commands import asking, nights
from guestlink import clock, records, zones
from guestlink.contacts import opened
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import PHASES, TAKEN, Phase, Property, Stay
from guestlink.terminal import Desk, plain

OVER = frozenset({"departed", "expired"})
WIDE = 100
LEFT_OUT_WHEN_NARROW = frozenset({"phase", "language"})
COLUMNS = ("code", "reference", "guest", "unit", "arrival", "departure", "phase", "language", "status")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One stay as the host reads it."""

    property: str
    code: str
    reference: str
    guest: str
    unit: str
    arrival: date
    departure: date
    phase: Phase | Literal[""]
    language: str
    status: str


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("property", metavar="PROPERTY", nargs="?", default="")
    parser.add_argument("--phase", choices=[phase.replace("_", "-") for phase in PHASES], default="")
    parser.add_argument("--on", metavar="DATE", default="", help="who is there, comes or goes on a day")
    parser.add_argument("--all", action="store_true", help="those that are over too")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        houses = [records.find_property(db, args.property)] if args.property else records.properties(db)
        every = [(house, stay) for house in houses for stay in _stays(db, house)]
        chosen = [(house, stay) for house, stay in every if _is_wanted(args, house, stay, at)]
        lines = list(_lines(db, desk.ring, chosen, at))
    if args.json:
        desk.json(msgspec.to_builtins(lines))
        return 0
    if lines:
        several = len({line.property for line in lines}) > 1
        narrow = desk.is_terminal and desk.console.width < WIDE
        shown = [name for name in COLUMNS if not (narrow and name in LEFT_OUT_WHEN_NARROW)]
        columns = (*(["property"] if several else []), *shown)
        desk.table(columns, [[_cell(line, name) for name in columns] for line in lines])
    over = sum(records.phase(stay, house, at) in OVER for house, stay in every)
    rest = (
        f" {over} that are over: --all shows them."
        if over and not (args.all or args.phase or args.on)
        else ""
    )
    what = "1 stay." if len(lines) == 1 else f"{len(lines) or 'No'} stays."
    desk.say(f"{what}{rest}", style="bold")
    return 0


def _stays(db: Reading, house: Property) -> list[Stay]:
    return records.shaped_all(db.all("stays_of_property", property_id=house.id), Stay)


def _is_wanted(args: argparse.Namespace, house: Property, stay: Stay, at: datetime) -> bool:
    phase = records.phase(stay, house, at)
    if args.phase and (stay.status not in TAKEN or phase != args.phase.replace("-", "_")):
        return False
    if args.on:
        on = asking.day(args.on, "--on", today=zones.local_date(at, house.zone))
        return stay.from_on <= on <= stay.until_on
    return bool(args.all or args.phase) or phase not in OVER


def _lines(db: Reading, ring: KeyRing, chosen: list[tuple[Property, Stay]], at: datetime) -> Iterator[Line]:
    for house, stay in chosen:
        guests = [opened(ring, contact) for contact in records.contacts(db, stay)]
        yield Line(
            property=house.slug,
            code=stay.code,
            reference=plain(stay.reference),
            guest=plain(", ".join(guest.name for guest in guests if guest.name)),
            unit=nights.told(records.periods(db, stay)),
            arrival=stay.from_on,
            departure=stay.until_on,
            phase=records.phase(stay, house, at) if stay.status in TAKEN else "",
            language=stay.language,
            status=stay.status,
        )


def _cell(line: Line, column: str) -> str:
    text = str(getattr(line, column))
    return text.replace("_", " ") if column in {"phase", "status"} else text
