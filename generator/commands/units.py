"""`publish.py unit add|set|list`: rooms and flats. A calendar feed's address is asked for without echo."""

import argparse
from urllib.parse import urlsplit

from generator.commands import asking
from guestlink import clock, houses
from guestlink.errors import InvalidInput
from guestlink.records import find_property, find_unit, properties, units
from guestlink.terminal import Desk, asked

LONGEST_FEED = 2000
ASK = "ask"
REFUSAL = InvalidInput(
    "These words were not understood, and nothing was changed.",
    hint="A feed's address is as good as a key: --feed asks for it, --feed-file reads it.",
)


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = asking.discreet_verbs(parser, "add|set|list", REFUSAL)
    add = verbs.add_parser("add", help="a new room or flat")
    change = verbs.add_parser("set", help="change its title or its calendar feed")
    for verb in (add, change):
        verb.add_argument("property", metavar="PROPERTY")
        verb.add_argument("slug", metavar="SLUG", help="its short name, such as room-3")
        verb.add_argument("--title", default="", help="what guests read, such as 'Room 3'")
    feed = change.add_mutually_exclusive_group()
    asks = "ask for the address of its iCal feed, without echo"
    feed.add_argument("--feed", nargs="?", const=ASK, default="", metavar="", help=asks)
    feed.add_argument(
        "--feed-file", metavar="FILE", default="", help="the first line of this file is the address"
    )
    show = verbs.add_parser("list", help="all rooms and flats")
    show.add_argument("property", metavar="PROPERTY", nargs="?", default="")
    show.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    return {"add": _add, "set": _set, "list": _list}[args.verb](args, desk)


def _add(args: argparse.Namespace, desk: Desk) -> int:
    by, at = desk.user, clock.now()
    with desk.database.write() as tx:
        house = find_property(tx, args.property)
        unit = houses.add_unit(tx, house, slug=args.slug, title=args.title.strip(), at=at, by=by)
        count = len(units(tx, house))
    desk.say(f"{house.slug} has {unit.slug} ({unit.title}) now, {count} in all.", style="bold")
    return 0


def _set(args: argparse.Namespace, desk: Desk) -> int:
    if args.feed not in {"", ASK}:
        raise REFUSAL
    if not (args.title.strip() or args.feed or args.feed_file):
        raise InvalidInput("Nothing to change was told.", hint="Give --title, --feed or --feed-file.")
    with desk.database.read() as db:
        find_unit(db, find_property(db, args.property), args.slug)
    feed = _feed(args.feed_file) if args.feed or args.feed_file else ""
    by, at = desk.user, clock.now()
    with desk.database.write() as tx:
        house = find_property(tx, args.property)
        unit = find_unit(tx, house, args.slug)
        told = {"title": args.title.strip(), "feed": feed}
        unit = houses.change_unit(tx, desk.ring, house, unit, at=at, by=by, **told)
    kept = " Its calendar is kept sealed; `publish.py feeds` tells what comes of it." if feed else ""
    desk.say(f"{house.slug}: {unit.slug} is {unit.title}.{kept}", style="bold")
    return 0


def _feed(file: str) -> str:
    address = asked("Address of the iCal feed", file=file)
    try:
        parts = urlsplit(address)
        good = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or len(address) > LONGEST_FEED or not address.isprintable():
        raise InvalidInput("This is no address of a feed.", hint="It begins with https://.")
    return address


def _list(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        chosen = [find_property(db, args.property)] if args.property else properties(db)
        found = [(house, unit) for house in chosen for unit in units(db, house)]
    if args.json:
        desk.json(
            [
                {
                    "property": house.slug,
                    "unit": unit.slug,
                    "title": unit.title,
                    "feed": unit.feed is not None,
                }
                for house, unit in found
            ]
        )
        return 0
    if found:
        rows = [(house.slug, unit.slug, unit.title, "yes" if unit.feed else "") for house, unit in found]
        desk.table(["property", "unit", "title", "feed"], rows)
    where = args.property or "any property"
    none = f"There is no unit in {where} yet. `publish.py unit add PROPERTY SLUG` makes one."
    count = "1 unit" if len(found) == 1 else f"{len(found)} units"
    desk.say(f"{count}." if found else none, style="bold")
    return 0
