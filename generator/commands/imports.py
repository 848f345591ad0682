"""`publish.py import`: stays from a file or a feed, told in words, and why what was left out."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from generator.importing import ImportReport, import_file
from generator.intake.reports import summed
from guestlink import clock
from guestlink.errors import GuestLinkError, InvalidInput, NotFound
from guestlink.records import Property, Unit, find_property, find_unit, properties, units
from guestlink.terminal import Desk, plain

MOST_LINES = 40
BAD_ROWS = 2
TAKEN_WITHOUT = "The stay is taken without it."
CHUNK = 1 << 20


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where stays are read from; `name` may be shown, `address` may be as good as a key."""

    address: str
    name: str
    unit: Unit | None

    def __repr__(self) -> str:
        return f"Origin({self.name})"


def configure(parser: argparse.ArgumentParser) -> None:
    what = (
        "CSV, TSV, JSON, NDJSON or iCal file, or a feed's https address; else the feeds that `unit set` took"
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="", help=what)
    parser.add_argument("--property", metavar="SLUG", default="", help="whose stays these are")
    parser.add_argument("--unit", default="", help="where stays go that name no unit")
    parser.add_argument("--map", metavar="FIELD=COLUMN", action="append", default=[], help="mend a guess")
    parser.add_argument("--source", metavar="NAME", default="", help="where they were booked, such as airbnb")
    parser.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    mapping = _mapping(args.map)
    with desk.database.read() as db:
        house = find_property(db, args.property) if args.property else _only(properties(db))
        unit = find_unit(db, house, args.unit) if args.unit else None
        rooms = units(db, house)
    if args.file:
        origins = [Origin(address=args.file, name=_name(args.file), unit=unit)]
    else:
        origins = _feeds(desk, house, [unit] if unit else rooms)
    reports: dict[str, ImportReport] = {}
    failed = 0
    for origin in origins:
        try:
            reports[origin.name] = _import(args, desk, house, origin=origin, mapping=mapping)
        except GuestLinkError as error:
            if len(origins) == 1:
                raise
            failed = max(failed, error.exit_code)
            desk.warn(f"{origin.name}: {error}")
    if args.json:
        told = {name: msgspec.to_builtins(report) for name, report in reports.items()}
        desk.json(told if not args.file else next(iter(told.values())))
    else:
        _tell_end(desk, house, list(reports.values()), is_dry_run=args.dry_run)
    return failed or (0 if all(report.is_clean for report in reports.values()) else BAD_ROWS)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    told = {}
    for pair in pairs:
        field, mark, column = pair.partition("=")
        if not mark or not field.strip():
            raise InvalidInput(f"--map {pair!r} is no pair.", hint="Write --map arrival='Check in'.")
        told[field.strip()] = column.strip()
    return told


def _only(known: Sequence[Property]) -> Property:
    if len(known) != 1:
        names = ", ".join(house.slug for house in known) or "none yet"
        raise InvalidInput("--property is missing.", hint=f"It says whose stays these are. Known: {names}.")
    return known[0]


def _feeds(desk: Desk, house: Property, rooms: Sequence[Unit]) -> list[Origin]:
    """The sealed addresses that `unit set --feed` took."""
    found = []
    for unit in rooms:
        if unit.feed is not None:
            address = desk.ring.open(unit.feed, "units", "feed", row=unit.id)
            found.append(Origin(address=address, name=f"feed of {unit.slug}", unit=unit))
    if not found:
        which = rooms[0].slug if len(rooms) == 1 else "any unit"
        mend = f"Give a FILE, or keep a feed's address with `publish.py unit set {house.slug} UNIT --feed`."
        raise NotFound(f"There is no feed of {which} in {house.slug}.", hint=mend)
    return found


def _name(source: str) -> str:
    """A file's name or an address's machine: the rest of an address is secret."""
    return urlsplit(source).hostname or "feed" if "://" in source else Path(source).name


def _import(
    args: argparse.Namespace, desk: Desk, house: Property, *, origin: Origin, mapping: dict[str, str]
) -> ImportReport:
    if not args.json:
        doing = "Reading" if args.dry_run else "Importing"
        desk.say(f"{doing} {origin.name} for {house.slug}{': nothing is written' if args.dry_run else ''}")
    total = 0 if "://" in origin.address else _lines(Path(origin.address).expanduser())
    with desk.progress() as step:
        report = import_file(
            desk.database,
            desk.ring,
            origin.address,
            house=house,
            at=clock.now(),
            by=desk.user,
            unit=origin.unit,
            mapping=mapping,
            source_name=args.source,
            dry_run=args.dry_run,
            progress=lambda done: step("rows", done, max(done, total)),
        )
    if not args.json:
        _tell(desk, report)
    return report


def _lines(path: Path) -> int:
    """About how many rows a file has, for the progress bar."""
    try:
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
    except OSError:
        return 0


# -- telling ---------------------------------------------------------------------------------------
def _tell(desk: Desk, report: ImportReport) -> None:
    if report.mapping:
        desk.say("Columns (--map FIELD=COLUMN overrules, --map FIELD= leaves one out):")
        width = max(map(len, report.mapping))
        for field, column in report.mapping.items():
            desk.say(f"  {field:<{width}} = {plain(column)}")
    for change in report.changes[:MOST_LINES]:
        desk.say(f"  {plain(change)}")
    if len(report.changes) > MOST_LINES:
        desk.say(f"  and {len(report.changes) - MOST_LINES} more")
    mistakes = [(row, "") for row in report.bad_rows] + [(row, TAKEN_WITHOUT) for row in report.left_out]
    mistakes.sort(key=lambda mistake: mistake[0].line)
    for row, end in mistakes[:MOST_LINES]:
        reason = f"{row.field} {row.reason.rstrip('.')}.".lstrip()
        desk.warn("  " + plain(" ".join(filter(None, [f"line {row.line}: {reason}", row.hint, end]))))
    if len(mistakes) > MOST_LINES:
        desk.warn(f"  and {len(mistakes) - MOST_LINES} more; --json lists them all")
    for note in report.notes:
        desk.say(f"  {plain(note)}")


def _tell_end(desk: Desk, house: Property, reports: Sequence[ImportReport], *, is_dry_run: bool) -> None:
    told = summed(reports)
    if is_dry_run:
        desk.say(f"Nothing was written. It would be: {told}.", style="bold")
        return
    done = sum(report.added + report.changed + report.restored for report in reports)
    live = " `publish.py publish` or a running `publish.py work` puts them live." if done else ""
    desk.say(f"{house.slug}: {told}.{live}", style="bold")
