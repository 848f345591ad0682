"""`publish.py staff`: who works here, who is asked first when a guest needs something, and when.

Names are shown on the host's own terminal; of phones only the last digits unless asked for.
"""

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge_api import duty, front_desk
from edge_api.duty import Member, User
from edge_api.rota import is_on
from guestlink import clock, records, zones
from guestlink.contacts import phone_digits
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput
from guestlink.records import Property
from guestlink.terminal import Desk

COLUMNS: Final = ("name", "phone", "language", "houses", "id")
ON_DUTY: Final = ("place#", "name", "as", "hours", "now")
ID_SHOWN: Final = 6
MOMENT: Final = re.compile(r"(today|tomorrow|\d{4}-\d\d-\d\d)[ T](\d\d?:\d\d)", re.ASCII)


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="add|list|set|duty|remove", required=True)
    add = verbs.add_parser("add", help="somebody new")
    add.add_argument("name", metavar="NAME")
    _add_fields(add)
    listing = verbs.add_parser("list", help="everybody")
    listing.add_argument("--phones", action="store_true", help="whole phone numbers")
    listing.add_argument("--json", action="store_true", help="for machines")
    change = verbs.add_parser("set", help="another name, phone, language, house or role")
    change.add_argument("named", metavar="WHO", help="a name, part of it, a phone or an id")
    change.add_argument("--name", default="")
    _add_fields(change)
    _configure_duty(verbs.add_parser("duty", help="who is asked first, and when"))
    remove = verbs.add_parser("remove", help="somebody who left")
    remove.add_argument("named", metavar="WHO")
    remove.add_argument("--property", metavar="PROPERTY", default="", help="leaves this house only")


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phone", default="", help="with the country: +44 …")
    parser.add_argument("--email", default="")
    parser.add_argument("--language", default="", help="in which they are written to, such as en")
    parser.add_argument("--property", metavar="PROPERTY", action="append", default=[], help="may be repeated")
    parser.add_argument("--role", choices=duty.ROLES, help="staff unless said otherwise")


def _configure_duty(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("property", metavar="PROPERTY")
    parser.add_argument("named", metavar="WHO", nargs="?", default="")
    parser.add_argument("--hours", help="such as “mon-fri 08:00-20:00, sat 09:00-12:00”, or “always”")
    parser.add_argument("--place", type=int, help="1 is asked first")
    parser.add_argument("--off-until", metavar="WHEN", help="“tomorrow 08:00” or “2026-12-01 08:00”")
    parser.add_argument("--on", action="store_true", help="back before that")
    parser.add_argument("--never", action="store_true", help="not asked in turn any more")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    verbs: dict[str, Callable[[argparse.Namespace, Desk], int]] = {
        "add": _add,
        "list": _list,
        "set": _set,
        "duty": _duty,
        "remove": _remove,
    }
    return verbs[args.verb](args, desk)


# -- people ----------------------------------------------------------------------------------------
def _add(args: argparse.Namespace, desk: Desk) -> int:
    by = desk.user

    def adding(tx: Writing) -> tuple[User, list[Property]]:
        houses = _named_houses(tx, args.property)
        return duty.add_staff(
            tx,
            desk.ring,
            name=args.name,
            phone=args.phone,
            email=args.email,
            language=args.language or houses[0].default_language,
            role=args.role or "staff",
            houses=houses,
            at=clock.now(),
            by=by,
        ), houses

    user, houses = front_desk.settled(desk.database, adding)
    name = duty.opened(desk.ring, user).name
    desk.say(f"{name} belongs to {_and([house.slug for house in houses])}.", style="bold")
    if not user.ways:
        desk.say(f"Without a phone nobody can ask {name}: `publish.py staff set {_quoted(name)} --phone +…`")
    elif args.role == "host":
        desk.say("Hosts are told when nobody on duty answers.")
    else:
        desk.say(f"{name} is on duty at all hours; `publish.py staff duty {houses[0].slug}` shows the list.")
    return 0


def _set(args: argparse.Namespace, desk: Desk) -> int:
    by = desk.user
    told = {field: getattr(args, field) for field in ("name", "phone", "email", "language")}
    if not any(told.values()) and not args.role and not args.property:
        raise InvalidInput("Nothing is to change.", hint="`publish.py staff set --help` lists what can.")

    def changing(tx: Writing) -> User:
        at, user = clock.now(), duty.find_user(tx, desk.ring, args.named)
        if any(told.values()):
            user = duty.change_staff(tx, desk.ring, user, at=at, by=by, **told)
        if args.role or args.property:
            houses = _named_houses(tx, args.property) if args.property else duty.houses_of(tx, user)
            for house in houses:
                role = args.role or _role_of(tx, house, user)
                duty.join(tx, house, user, role=role, at=at, by=by)
        return user

    user = front_desk.settled(desk.database, changing)
    desk.say(f"{duty.opened(desk.ring, user).name} is changed.", style="bold")
    return 0


def _list(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        rows = [_row(db, desk, user, is_whole=args.phones) for user in duty.users(db)]
    if args.json:
        desk.json(rows)
        return 0
    desk.table(
        COLUMNS,
        [
            [
                row["name"],
                row["phone"],
                row["language"],
                ", ".join(f"{slug} ({role})" for slug, role in row["houses"].items()),
                row["id"][-ID_SHOWN:],
            ]
            for row in rows
        ],
    )
    if len(rows) < 2:
        desk.say("`publish.py staff add NAME --phone +… --property PROPERTY` adds somebody.")
    return 0


def _row(db: Reading, desk: Desk, user: User, *, is_whole: bool) -> dict[str, Any]:
    told = duty.opened(desk.ring, user)
    houses = {house.slug: _role_of(db, house, user) for house in duty.houses_of(db, user)}
    return {
        "id": user.id,
        "name": told.name,
        "phone": told.phone if is_whole or not told.phone else f"…{phone_digits(told.phone)[-4:]}",
        "language": user.language,
        "houses": houses,
        "writes": user.ways > 0,
    }


def _remove(args: argparse.Namespace, desk: Desk) -> int:
    by = desk.user

    def removing(tx: Writing) -> User:
        user = duty.find_user(tx, desk.ring, args.named)
        if args.property:
            duty.part(tx, records.find_property(tx, args.property), user, at=clock.now(), by=by)
        else:
            duty.leave(tx, user, at=clock.now(), by=by)
        return user

    name = duty.opened(desk.ring, front_desk.settled(desk.database, removing)).name
    if args.property:
        desk.say(f"{name} does not belong to {args.property} any more.", style="bold")
    else:
        desk.say(f"{name} left: no messages and no access any more.", style="bold")
    return 0


# -- the duty list ---------------------------------------------------------------------------------
def _duty(args: argparse.Namespace, desk: Desk) -> int:
    is_change = args.hours is not None or args.place is not None or bool(args.off_until)
    if args.named and (is_change or args.on or args.never):
        _change_duty(args, desk)
    elif is_change or args.on or args.never:
        raise InvalidInput("Of whom?", hint=f"`publish.py staff duty {args.property} NAME …`")
    at = clock.now()
    with desk.database.read() as db:
        house = records.find_property(db, args.property)
        members = duty.members(db, house)
    named = {each.user.id: duty.opened(desk.ring, each.user).name for each in members}
    if args.json:
        desk.json([_duty_row(each, named[each.user.id], house, at) for each in members])
        return 0
    rows = [_duty_row(each, named[each.user.id], house, at) for each in members if each.duty]
    if rows:
        desk.table(
            ON_DUTY, [[row["place"], row["name"], row["role"], row["hours"], row["now"]] for row in rows]
        )
    there = [named[each.user.id] for each in duty.on_duty(members, at=at, zone=house.zone)]
    hosts = [named[each.user.id] for each in members if each.role == "host" and each.user.ways]
    _say_who(desk, house, there, hosts)
    return 0


def _change_duty(args: argparse.Namespace, desk: Desk) -> None:
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


def _duty_row(member: Member, name: str, house: Property, at: datetime) -> dict[str, Any]:
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
        return "no phone"
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
        desk.say(f"When nobody answers: {_and(hosts)}.")
    else:
        desk.say("No host has a phone here, so nobody is told when nobody answers: `publish.py staff set`.")


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


# -- words -----------------------------------------------------------------------------------------
def _named_houses(db: Reading, slugs: Sequence[str]) -> list[Property]:
    """The houses of these names; the only one there is when none is named."""
    if slugs:
        return [records.find_property(db, slug) for slug in dict.fromkeys(slugs)]
    houses = records.properties(db)
    if len(houses) != 1:
        known = ", ".join(house.slug for house in houses) or "none yet"
        raise InvalidInput("Of which house?", hint=f"Add --property. Known: {known}.")
    return houses


def _role_of(db: Reading, house: Property, user: User) -> Any:
    row = db.one("membership", user_id=user.id, property_id=house.id)
    return row["role"] if row else "staff"


def _then(names: Sequence[str]) -> str:
    return f", then {', then '.join(names)}" if names else ""


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
