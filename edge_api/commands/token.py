"""`publish.py token`: add, list, revoke what lets programs ask the API. A token's text is printed once."""

import argparse
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import tokens
from edge_api.tokens import ROLES, Token
from guestlink import clock, records
from guestlink.errors import InvalidInput
from guestlink.terminal import Desk

DAYS: Final = 365
MOST_DAYS: Final = 3650
ALL_HOUSES: Final = "all"
ID_SHOWN: Final = 6  # its last characters; the first ones are only the time
COLUMNS: Final = ("id", "name", "role", "property", "made", "ends", "used", "state")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="add|list|revoke", required=True)
    add = verbs.add_parser("add", help="a new token, shown this once")
    add.add_argument("--role", required=True, choices=ROLES, help="trigger may only ask for rebuilds")
    add.add_argument("--property", metavar="PROPERTY", default="", help="of one house; else --all")
    add.add_argument("--all", action="store_true", help="of all houses, those to come as well")
    add.add_argument("--name", default="", help="who will use it, such as 'front desk tablet'")
    add.add_argument("--days", type=int, default=DAYS, help=f"how long it counts (default: {DAYS})")
    shown = verbs.add_parser("list", help="all tokens with their last day of use, never their text")
    shown.add_argument("--json", action="store_true", help="for machines")
    revoke = verbs.add_parser("revoke", help="it counts no more, from now on")
    revoke.add_argument("token", metavar="NAME", help="or the last characters of its id")


def run(args: argparse.Namespace, desk: Desk) -> int:
    return {"add": _add, "list": _list, "revoke": _revoke}[args.verb](args, desk)


def _add(args: argparse.Namespace, desk: Desk) -> int:
    if bool(args.property) == args.all:
        raise InvalidInput("Say for which houses.", hint="Give --property SLUG, or --all.")
    if not 0 < args.days <= MOST_DAYS:
        raise InvalidInput(f"--days is not between 1 and {MOST_DAYS}.")
    at, by = clock.now(), desk.user
    with desk.database.write() as tx:
        house = records.find_property(tx, args.property) if args.property else None
        text = tokens.make_token(
            tx,
            name=args.name or f"{args.role} {house.slug if house else ALL_HOUSES} {at:%Y-%m-%d %H:%M:%S}",
            role=args.role,
            house=house,
            at=at,
            by=by,
            expires_at=at + timedelta(days=args.days),
        )
    desk.say(text, style="cyan")
    desk.warn("This is the only time that it is shown: keep it where the program finds it, and nowhere else.")
    return 0


def _list(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        every = tokens.all_tokens(db)
    if args.json:
        desk.json(msgspec.to_builtins(every))
        return 0
    if every:
        desk.table(COLUMNS, [_row(token, _state(token, at)) for token in every])
    counting = sum(_state(token, at) == "counts" for token in every)
    what = "1 token counts" if counting == 1 else f"{counting or 'No'} tokens count"
    desk.say(f"{what}.", style="bold")
    return 0


def _row(token: Token, state: str) -> list[object]:
    return [
        token.id[-ID_SHOWN:],
        token.name,
        token.role,
        token.house or ALL_HOUSES,
        token.made_at.date(),
        token.expires_at.date() if token.expires_at else "never",
        token.used_on or "never",
        state,
    ]


def _state(token: Token, at: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "over" if token.expires_at and token.expires_at <= at else "counts"


def _revoke(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.write() as tx:
        token = tokens.revoke(tx, args.token, at=clock.now(), by=desk.user)
    desk.say(f"{token.name} counts no more.", style="bold")
    return 0
