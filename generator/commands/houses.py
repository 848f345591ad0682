"""`publish.py property add|set|list`: the houses. Adding one also writes the first files of its content."""

import argparse

from generator.commands import asking
from generator.commands.skeleton import write_skeleton
from guestlink import clock, houses, zones
from guestlink.errors import InvalidInput, Refused
from guestlink.houses import HouseDraft
from guestlink.records import Property, find_property, properties, shaped, units
from guestlink.terminal import Desk

QUESTIONS = {
    "zone": "Its time zone, such as Europe/Lisbon",
    "currency": "Its currency, such as EUR",
    "language": "The language its texts are first written in, such as en",
}


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|set|list")
    add = verbs.add_parser("add", help="a new house, with first files in content/SLUG")
    change = verbs.add_parser("set", help="change a house")
    for verb in (add, change):
        verb.add_argument("slug", metavar="SLUG", help="its short name, such as harbour-house")
        for name, question in QUESTIONS.items():
            verb.add_argument(f"--{name}", default="", help=question[0].lower() + question[1:])
        verb.add_argument("--check-in", default="", metavar="HH:MM", help="from when rooms are ready (15:00)")
        verb.add_argument("--check-out", default="", metavar="HH:MM", help="until when guests leave (11:00)")
    change.add_argument(
        "--whatsapp-number",
        metavar="ID",
        help="Meta's phone number id it writes from; “” is the deployment's",
    )
    show = verbs.add_parser("list", help="all houses")
    show.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    return {"add": _add, "set": _set, "list": _list}[args.verb](args, desk)


def _add(args: argparse.Namespace, desk: Desk) -> int:
    houses.checked_slug(args.slug)
    with desk.database.read() as db:
        there = db.one("property_by_slug", slug=args.slug)
    if there:
        return _write_files_again(desk, shaped(there, Property))
    told = {name: asking.wanted(getattr(args, name), f"--{name}", text) for name, text in QUESTIONS.items()}
    times = {name: value for name in ("check_in", "check_out") if (value := getattr(args, name))}
    draft = HouseDraft(
        slug=args.slug,
        zone=told["zone"],
        currency=told["currency"].upper(),
        default_language=told["language"],
        **times,
    )
    by, at = desk.user, clock.now()
    with desk.database.write() as tx:
        house = houses.add_property(tx, draft, at=at, by=by)
        written = _write_files(desk, house)
    hours = f"from {house.check_in} until {house.check_out}"
    desk.say(f"{house.slug} is a property now: {house.zone}, {house.currency}, {hours}.")
    _tell_files(desk, house, written)
    desk.say(f"{house.slug} has no rooms yet: `publish.py unit add {house.slug} room-1`.", style="bold")
    return 0


def _write_files_again(desk: Desk, house: Property) -> int:
    """For a property whose folder is gone, or whose first run was cut off."""
    written = _write_files(desk, house)
    if not written:
        raise Refused(f"The property {house.slug!r} exists.", hint="`publish.py property set` changes it.")
    _tell_files(desk, house, written)
    desk.say(f"The property {house.slug} was there already; its first files are there again.", style="bold")
    return 0


def _write_files(desk: Desk, house: Property) -> list[str]:
    today = zones.local_date(clock.now(), house.zone)
    return write_skeleton(desk.settings.content_folder / house.slug, house, on=today)


def _tell_files(desk: Desk, house: Property, written: list[str]) -> None:
    folder = desk.settings.content_folder / house.slug
    if not written:
        desk.say(f"{folder} is there already and stays as it is.")
        return
    desk.say(f"{len(written)} files to write on are in {folder}:")
    for name in written:
        desk.say(f"  {name}")
    if not house.zone.startswith("Europe/"):
        desk.say("Add `emergency: NUMBER | Fire, ambulance, police` to property.md: guests look for it.")


def _set(args: argparse.Namespace, desk: Desk) -> int:
    told = {
        "zone": args.zone,
        "currency": args.currency.upper(),
        "default_language": args.language,
        "check_in": args.check_in,
        "check_out": args.check_out,
    }
    number = args.whatsapp_number
    if not any(told.values()) and number is None:
        raise InvalidInput("Nothing to change was told.", hint="`publish.py property set --help` lists it.")
    by, at = desk.user, clock.now()
    with desk.database.write() as tx:
        house = find_property(tx, args.slug)
        news = {name: value for name, value in told.items() if value and value != getattr(house, name)}
        if news:
            houses.change_property(tx, house, at=at, by=by, **news)
        if number is not None and number != house.phone_number_id:
            houses.set_number(tx, house, number, at=at, by=by)
            news["phone_number_id"] = number
    if news:
        desk.say(f"Changing {house.slug}")
    for name, value in news.items():
        desk.say(f"  {name.replace('_', ' ')}: {getattr(house, name)} -> {value}")
    if news:
        desk.say(f"{house.slug} is changed. {asking.GOES_LIVE}", style="bold")
    else:
        desk.say(f"{house.slug} was like that already; nothing changed.", style="bold")
    return 0


def _list(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        rows = [
            {
                "property": house.slug,
                "zone": house.zone,
                "currency": house.currency,
                "language": house.default_language,
                "check_in": house.check_in,
                "check_out": house.check_out,
                "units": len(units(db, house)),
                "stays": sum(int(row["stays"]) for row in db.all("stay_counts", property_id=house.id)),
            }
            for house in properties(db)
        ]
    if args.json:
        desk.json(rows)
        return 0
    if rows:
        columns = ["property", "zone", "currency", "language", "check-in", "check-out", "units#", "stays#"]
        desk.table(columns, [list(row.values()) for row in rows])
    none = "There is no property yet. `publish.py property add SLUG` makes one."
    count = "1 property" if len(rows) == 1 else f"{len(rows)} properties"
    desk.say(f"{count}." if rows else none, style="bold")
    return 0
