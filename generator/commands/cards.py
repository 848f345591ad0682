"""`publish.py cards [PROPERTY] --on DAY`: cards to print for arriving guests whom no message reaches.

Each card opens a guest's page, so the file is readable by you alone. On the terminal nobody is named.
"""

import argparse
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from generator import arrival_cards
from generator.arrival_cards import Arriving, House
from generator.commands import asking, nights
from generator.press import Press, open_press
from guestlink import clock, records, zones
from guestlink.errors import InvalidInput, Refused
from guestlink.records import Property
from guestlink.terminal import Desk

Listed = tuple[House, Arriving]
COLUMNS = ("house", "stay", "room", "why")
REACHED = "A message reaches the guest."


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("property", metavar="PROPERTY", nargs="?", default="", help="all houses if left out")
    parser.add_argument("--on", metavar="DAY", default="tomorrow", help="of arrival: today, 2026-05-04")
    parser.add_argument("--all", action="store_true", help="for every arrival, also where a message arrives")
    parser.add_argument("--out", metavar="FILE", default="", help="default: data/cards/PROPERTY-DAY.html")
    parser.add_argument("--replace", action="store_true", help="over a file that is there")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    press, at = open_press(desk.settings), clock.now()
    with desk.database.read() as db:
        houses = [records.find_property(db, args.property)] if args.property else records.properties(db)
    if not houses:
        raise InvalidInput("There is no house yet.", hint="`publish.py property add` makes one.")
    on = asking.day(args.on, "--on", today=zones.local_date(at, houses[0].zone))
    everybody = [each for house in houses for each in _listed(press, desk, house, on)]
    listed = [each for each in everybody if args.all or each[1].why]
    path = _path(args, desk, on) if listed else None
    if path:
        _write(path, arrival_cards.sheets(press.theme, listed), may_replace=args.replace)
    if args.json:
        desk.json({"file": str(path) if path else None, "cards": [_row(each) for each in listed]})
        return 0
    _tell(desk, listed, on=on, arrivals=len(everybody), path=path)
    return 0


def _listed(press: Press, desk: Desk, record: Property, on: date) -> list[Listed]:
    content = press.content(record, from_files=False, at=clock.now()).content
    house = House(record=record, content=content, settings=desk.settings, ring=desk.ring)
    with desk.database.read() as db:
        return [(house, guest) for guest in arrival_cards.arriving(db, house, on=on)]


# -- the file ----------------------------------------------------------------------------------------
def _path(args: argparse.Namespace, desk: Desk, on: date) -> Path:
    name = f"{args.property or 'arrivals'}-{on}.html"
    return Path(args.out) if args.out else Path(desk.settings.home) / "data" / "cards" / name


def _write(path: Path, text: str, *, may_replace: bool) -> None:
    """Readable by you alone, whole or not at all."""
    if path.exists() and not may_replace:
        raise Refused(f"{path} is there already.", hint="--replace writes over it, --out FILE elsewhere.")
    draft = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None


# -- telling -----------------------------------------------------------------------------------------
def _tell(desk: Desk, listed: Sequence[Listed], *, on: date, arrivals: int, path: Path | None) -> None:
    came = f"{arrivals} guest{'' if arrivals == 1 else 's'} with a link arrive{'s' if arrivals == 1 else ''}"
    desk.say(f"{came} on {asking.dated(on)}.")
    if path is None:
        desk.say(
            "A message reaches everybody: no card is needed." if arrivals else "No card is needed.",
            style="bold",
        )
        return
    rows = [_row(each) for each in listed]
    desk.table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])
    missing = sum(not each[1].is_live for each in listed)
    if missing:
        desk.say(f"Not live yet: {missing} of {len(listed)} pages. `publish.py publish` puts them there.")
    desk.say("Whoever scans a card reads the guest's page: print the file, then delete it.")
    many = f"{len(listed)} card{'' if len(listed) == 1 else 's'}"
    desk.say(f"{many} in {path}: open it in a browser and print it on A4.", style="bold")


def _row(each: Listed) -> dict[str, Any]:
    house, guest = each
    return {
        "house": house.record.slug,
        "stay": guest.stay.reference or guest.stay.code,
        "room": nights.told(guest.rooms),
        "why": " ".join(guest.why) or REACHED,
        "live": guest.is_live,
    }
