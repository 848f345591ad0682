"""`publish.py stay add|set|list|companion`: who comes when, by hand. Imports do it for many."""

import argparse

from generator.commands import asking, companions, nights, stay_change, stay_fields, stay_list
from guestlink import clock, stays, zones
from guestlink.contacts import Person
from guestlink.database import Writing
from guestlink.errors import Refused
from guestlink.records import TAKEN, Property, find_property
from guestlink.terminal import Desk

FIRST_NUMBER = 1001


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|set|list|companion")
    add = verbs.add_parser("add", help="a new stay with its guest and link")
    add.add_argument("property", metavar="PROPERTY")
    add.add_argument("--source", default="direct", help="where it was booked (direct)")
    stay_fields.configure(add)
    stay_change.configure(verbs.add_parser("set", help="change a stay; its link goes on"))
    stay_list.configure(verbs.add_parser("list", help="stays that are not over"))
    companions.configure(
        verbs.add_parser("companion", help="more people of a stay, each with their own link")
    )


def run(args: argparse.Namespace, desk: Desk) -> int:
    verbs = {"add": _add, "set": stay_change.run, "list": stay_list.run, "companion": companions.run}
    return verbs[args.verb](args, desk)


def _add(args: argparse.Namespace, desk: Desk) -> int:
    at, by = clock.now(), desk.user
    with desk.database.read() as db:
        house = find_property(db, args.property)
    today = zones.local_date(at, house.zone)
    arrival = asking.wanted(args.arrival or "", "--arrival", "The day of arrival, such as 2026-05-04")
    departure = asking.wanted(args.departure or "", "--departure", "The day of departure, such as 2026-05-08")
    dates = asking.day(arrival, "--arrival", today=today), asking.day(departure, "--departure", today=today)
    asking.take_guest_file(args)
    asking.ask_guest(args)
    guest = asking.guest(args) or Person()
    with desk.database.write() as tx:
        unit = stay_fields.unit_named(tx, house, args.unit or stay_fields.NO_UNIT)
        fields = stay_fields.told(args, house)
        reference = fields.pop("reference", "") or _next_reference(tx, house)
        _check_new(tx, house, args.source, reference)
        draft = stays.StayDraft(
            source=args.source,
            source_uid=reference,
            reference=reference,
            party=args.party or "",
            periods=(nights.period(unit, *dates),),
            guest=guest,
            opt_in=stay_fields.consent(args, at),
            **fields,
        )
        stay = stays.add_stay(tx, desk.ring, house, draft, at=at, by=by)
    where = f"in {unit.slug}" if unit else "without a room yet (--unit gives it one)"
    desk.say(f"{stay_fields.name(stay)} is in {house.slug}, {where}, {stay_fields.dates(stay)}.")
    desk.say(f"{asking.GOES_LIVE} Then `publish.py link {stay.code}` prints the guest's link.", style="bold")
    return 0


def _next_reference(tx: Writing, house: Property) -> str:
    """The house's initials and a number that no stay is called by."""
    letters = "".join(word[0] for word in house.slug.split("-")).upper()
    number = FIRST_NUMBER + sum(int(row["stays"]) for row in tx.all("stay_counts", property_id=house.id))
    while tx.all("stays_named", name=f"{letters}-{number}"):
        number += 1
    return f"{letters}-{number}"


def _check_new(tx: Writing, house: Property, source: str, reference: str) -> None:
    there = tx.one("stay_by_uid", property_id=house.id, source=source, source_uid=reference)
    if there:
        when = f"{there['from_on']} to {there['until_on']}"
        change = f"publish.py stay set {there['code']}"
        is_off = there["status"] not in TAKEN
        mend = f"`{change} --status confirmed` brings it back" if is_off else f"`{change}` changes it"
        raise Refused(
            f"There is a stay {reference!r} from {source} already, {when}"
            f"{', ' + there['status'].replace('_', ' ') if is_off else ''}.",
            hint=f"{mend}; a new one needs another reference.",
        )
