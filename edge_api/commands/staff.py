"""`publish.py staff`: who works here, who is asked first when a guest needs something, and when.

Names are shown on the host's own terminal; of phones only the last digits unless asked for.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Final

from edge_api import duty, front_desk
from edge_api.commands import staff_access, staff_duty
from edge_api.commands.staff_duty import joined
from edge_api.duty import User
from guestlink import clock, records
from guestlink.contacts import phone_digits
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput
from guestlink.records import Property
from guestlink.terminal import Desk

COLUMNS: Final = ("name", "phone", "told by", "language", "houses", "id")
ID_SHOWN: Final = 6


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(
        dest="verb", metavar="add|list|set|duty|link|sessions|remove", required=True
    )
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
    staff_duty.configure(verbs.add_parser("duty", help="who is asked first, and when"))
    staff_access.configure(verbs)
    remove = verbs.add_parser("remove", help="somebody who left")
    remove.add_argument("named", metavar="WHO")
    remove.add_argument("--property", metavar="PROPERTY", default="", help="leaves this house only")


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phone", default="", help="with the country: +44 …")
    parser.add_argument("--email", default="", help="where they are told who have no phone for WhatsApp")
    parser.add_argument("--language", default="", help="in which they are written to, such as en")
    parser.add_argument("--property", metavar="PROPERTY", action="append", default=[], help="may be repeated")
    parser.add_argument("--role", choices=duty.ROLES, help="staff unless said otherwise")


def run(args: argparse.Namespace, desk: Desk) -> int:
    verbs: dict[str, Callable[[argparse.Namespace, Desk], int]] = {
        "add": _add,
        "list": _list,
        "set": _set,
        "duty": staff_duty.run,
        "link": staff_access.link,
        "sessions": staff_access.list_sessions,
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
    desk.say(f"{name} belongs to {joined([house.slug for house in houses])}.", style="bold")
    way = _way(desk, user)
    if not way:
        desk.say(f"Without a phone nobody can ask {name}: `publish.py staff set {_quoted(name)} --phone +…`")
    elif way == "e-mail":
        desk.say(f"{name} is told by e-mail, and answers by calling the house.")
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
                row["told_by"] or "nothing",
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
        "told_by": _way(desk, user),
    }


def _way(desk: Desk, user: User) -> str:
    """How they are told what guests need; empty when they cannot be."""
    if user.ways:
        return "WhatsApp"
    return "e-mail" if user.email and desk.settings.speaks_mail else ""


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


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
