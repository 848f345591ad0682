"""`publish.py feeds`: the calendars that `work` fetches by itself, what came of each; fetch, hold, resume."""

import argparse
from collections.abc import Sequence
from datetime import datetime

from generator import calendars, polling
from generator.calendars import Calendar, moment
from generator.intake.downloads import host_of
from guestlink import clock
from guestlink.database import Reading
from guestlink.errors import GuestLinkError, NotFound
from guestlink.records import find_property, find_unit
from guestlink.terminal import Desk, plain

BAD_ROWS = 2
MOST_LINES = 40


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(verb="list", property="", unit="", json=False)
    verbs = parser.add_subparsers(dest="verb", metavar="list|fetch|hold|resume")
    show = verbs.add_parser("list", help="all calendars, and what came of each")
    show.add_argument("property", metavar="PROPERTY", nargs="?", default="")
    show.add_argument("--json", action="store_true", help="for machines")
    fetch = verbs.add_parser("fetch", help="fetch now, of all houses, of one, or of one room")
    fetch.add_argument("property", metavar="PROPERTY", nargs="?", default="")
    fetch.add_argument("unit", metavar="UNIT", nargs="?", default="")
    losses = "believe a calendar that is empty or has lost most of its stays: propose to cancel them"
    fetch.add_argument("--take-losses", action="store_true", help=losses)
    for name, what in (("hold", "fetch it no more by itself"), ("resume", "fetch it by itself again")):
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("property", metavar="PROPERTY")
        verb.add_argument("unit", metavar="UNIT")


def run(args: argparse.Namespace, desk: Desk) -> int:
    verbs = {"list": _list, "fetch": _fetch, "hold": _hold, "resume": _resume}
    return verbs[args.verb or "list"](args, desk)


def _chosen(db: Reading, args: argparse.Namespace) -> list[Calendar]:
    if not args.property:
        return calendars.calendars(db)
    house = find_property(db, args.property)
    if args.unit:
        return [calendars.find_calendar(db, house, find_unit(db, house, args.unit))]
    return calendars.calendars(db, house.id)


# -- list ------------------------------------------------------------------------------------------
def _list(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        found = _chosen(db, args)
    if args.json:
        desk.json([_as_json(desk, calendar) for calendar in found])
        return 0
    if found:
        rows = [_row(desk, calendar, at) for calendar in found]
        desk.table(["property", "unit", "from", "last fetched", "next", "what came of it"], rows)
    none = "No calendar is fetched. `publish.py unit set PROPERTY UNIT --feed` takes the address of one."
    count = "1 calendar" if len(found) == 1 else f"{len(found)} calendars"
    desk.say(f"{count}; `publish.py work` fetches them." if found else none, style="bold")
    return 0


def _row(desk: Desk, calendar: Calendar, at: datetime) -> Sequence[str]:
    fetched = moment(calendar.fetched_at) if calendar.fetched_at else "never"
    words = calendars.in_words(calendar)
    return calendar.house, calendar.unit, _host(desk, calendar), fetched, _next(calendar, at), words


def _next(calendar: Calendar, at: datetime) -> str:
    if calendar.held_at:
        return "held"
    if calendar.leased_until > clock.as_text(at):
        return "now"
    is_due = calendar.due_at <= clock.as_text(at)
    return "at once" if is_due else moment(clock.from_text(calendar.due_at))


def _host(desk: Desk, calendar: Calendar) -> str:
    """The machine's name: the rest of an address is as good as a key."""
    return host_of(desk.ring.open(calendar.address, "units", "feed", row=calendar.unit_id))


def _as_json(desk: Desk, calendar: Calendar) -> dict[str, object]:
    return {
        "property": calendar.house,
        "unit": calendar.unit,
        "host": _host(desk, calendar),
        "fetched_at": calendar.fetched_at,
        "changed_at": calendar.changed_at,
        "due_at": calendar.due_at,
        "held_at": calendar.held_at,
        "failures": calendar.failures,
        "failing_since": calendar.failing_since,
        "told": calendars.in_words(calendar),
    }


# -- fetch, hold, resume ---------------------------------------------------------------------------
def _fetch(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        found = _chosen(db, args)
    wanted = found if args.unit else [calendar for calendar in found if calendar.held_at is None]
    if not wanted:
        mend = "`publish.py unit set PROPERTY UNIT --feed` takes the address of one."
        raise NotFound("There is no calendar to fetch.", hint=mend)
    return max(_fetch_one(args, desk, calendar) for calendar in wanted)


def _fetch_one(args: argparse.Namespace, desk: Desk, calendar: Calendar) -> int:
    name = f"{calendar.house}, {calendar.unit}"
    try:
        result = polling.poll_one(desk, calendar, at=clock.now(), takes_losses=args.take_losses)
    except GuestLinkError as error:
        desk.warn(f"{name}: {error}")
        return error.exit_code
    if result.error:
        desk.warn(f"{name}: {result.in_words}")
        return result.error.exit_code
    report = result.report
    assert report is not None
    desk.say(f"{name}: {result.in_words}.", style="bold")
    for change in [*report.changes[:MOST_LINES], *report.notes]:
        desk.say(f"  {plain(change)}")
    for row in report.bad_rows[:MOST_LINES]:
        reason = f"{row.field} {row.reason.rstrip('.')}.".lstrip()
        desk.warn("  " + plain(f"line {row.line}: {reason} {row.hint}"))
    return 0 if report.is_clean else BAD_ROWS


def _hold(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.write() as tx:
        (calendar,) = _chosen(tx, args)
        held = calendars.hold(tx, calendar, at=at)
    told = "is not fetched by itself any more" if held else "was held already"
    desk.say(f"{calendar.house}: the calendar of {calendar.unit} {told}; its stays are as they are.")
    return 0


def _resume(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.write() as tx:
        (calendar,) = _chosen(tx, args)
        resumed = calendars.resume(tx, calendar)
    told = "is fetched by itself again, now first" if resumed else "was not held"
    desk.say(f"{calendar.house}: the calendar of {calendar.unit} {told}.")
    return 0
