"""`publish.py staff duty`: who is asked first, with hours and absences, and who is on duty now."""

import argparse
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge_api import duty, front_desk
from edge_api.duty import Member
from edge_api.rota import is_on
from guestlink import clock, records, zones
from guestlink.database import Writing
from guestlink.errors import InvalidInput
from guestlink.records import Property
from guestlink.terminal import Desk

COLUMNS: Final = ("place#", "name", "as", "hours", "now")
MOMENT: Final = re.compile(r"(today|tomorrow|\d{4}-\d\d-\d\d)[ T](\d\d?:\d\d)", re.ASCII)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("property", metavar="PROPERTY")
    parser.add_argument("named", metavar="WHO", nargs="?", default="")
    parser.add_argument("--hours", help="such as “mon-fri 08:00-20:00, sat 09:00-12:00”, or “always”")
    parser.add_argument("--place", type=int, help="1 is asked first")
    parser.add_argument("--off-until", metavar="WHEN", help="“tomorrow 08:00” or “2026-12-01 08:00”")
    parser.add_argument("--on", action="store_true", help="back before that")
    parser.add_argument("--never", action="store_true", help="not asked in turn any more")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    is_change = args.hours is not None or args.place is not None or bool(args.off_until)
    if args.named and (is_change or args.on or args.never):
        _change(args, desk)
    elif is_change or args.on or args.never:
        raise InvalidInput("Of whom?", hint=f"`publish.py staff duty {args.property} NAME …`")
    at = clock.now()
    with desk.database.read() as db:
        house = records.find_property(db, args.property)
        members = duty.members(db, house, by_mail=desk.settings.speaks_mail)
    named = {each.user.id: duty.opened(desk.ring, each.user).name for each in members}
    if args.json:
        desk.json([_row(each, named[each.user.id], house, at) for each in members])
        return 0
    rows = [_row(each, named[each.user.id], house, at) for each in members if each.duty]
    if rows:
        desk.table(
            COLUMNS, [[row["place"], row["name"], row["role"], row["hours"], row["now"]] for row in rows]
        )
    there = [named[each.user.id] for each in duty.on_duty(members, at=at, zone=house.zone)]
    hosts = [named[each.user.id] for each in members if each.role == "host" and each.user.ways]
    _say_who(desk, house, there, hosts)
    return 0


def _change(args: argparse.Namespace, desk: Desk) -> None:
    by = desk.user

    def changing(tx: Writing) -> None:
        at, house = clock.now(), records.find_property(tx, args.property)
        user = duty.find_user(tx, desk.ring, args.named)
        if args.never:
            duty.end_duty(tx, house, user, at=at, by=by)
            return
        duty.set_duty(
            tx,
            house,
            user,
            hours=args.hours,
            place=args.place,
            off_until=_moment(args.off_until, house, at) if args.off_until else None,
            is_back=args.on,
            at=at,
            by=by,
        )

    front_desk.settled(desk.database, changing)


def _row(member: Member, name: str, house: Property, at: datetime) -> dict[str, Any]:
    kept, off_until = member.duty, member.duty.off_until if member.duty else None
    return {
        "place": kept.place if kept else None,
        "name": name,
        "role": member.role,
        "hours": (kept.hours or "always") if kept else "",
        "off_until": off_until if off_until and off_until > at else None,
        "now": _now(member, house, at),
        "id": member.user.id,
    }


def _now(member: Member, house: Property, at: datetime) -> str:
    if not member.user.ways:
        return "cannot be told"
    if member.duty is None:
        return "not asked in turn"
    if member.duty.off_until and at < member.duty.off_until:
        return f"off until {member.duty.off_until.astimezone(ZoneInfo(house.zone)):%a %d %b %H:%M}"
    return "on duty" if is_on(member, at=at, zone=house.zone) else "off"


def _say_who(desk: Desk, house: Property, there: Sequence[str], hosts: Sequence[str]) -> None:
    if there:
        desk.say(f"Asked first now: {there[0]}{_then(there[1:])}.", style="bold")
    else:
        desk.say(f"Nobody is on duty in {house.slug} now.", style="bold")
    if hosts:
        desk.say(f"When nobody answers: {joined(hosts)}.")
    else:
        desk.say("No host can be told here, so nobody is told when nobody answers: `publish.py staff set`.")


def _moment(text: str, house: Property, at: datetime) -> datetime:
    """`tomorrow 08:00` by the clocks of the house, or an instant with its own offset."""
    found = MOMENT.fullmatch(" ".join(text.split()))
    try:
        if not found:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise ValueError
            return instant.astimezone(UTC)
        today = zones.local_date(at, house.zone)
        days = {"today": today, "tomorrow": today + timedelta(days=1)}
        on = days.get(found[1]) or date.fromisoformat(found[1])
        return zones.local_instant(on, time.fromisoformat(f"{found[2]:0>5}"), house.zone)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"“{text}” is no moment.", hint="Write “tomorrow 08:00” or “2026-12-01 08:00”."
        ) from None


def _then(names: Sequence[str]) -> str:
    return f", then {', then '.join(names)}" if names else ""


def joined(names: Sequence[str]) -> str:
    """Names in one sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
