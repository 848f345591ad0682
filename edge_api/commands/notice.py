"""`publish.py notice list|send`: which notices are published, and telling one to the guests it concerns.

`notice add` writes a notice's files (generator/commands/notices.py). Looking comes before sending, always.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final, get_args
from zoneinfo import ZoneInfo

import msgspec

from edge_api import phrases
from edge_api.journey import notices
from edge_api.journey.addressees import Audience, Wish
from edge_api.journey.notices import Posted, Preview
from edge_api.journey.outlook import Lamp
from edge_api.journey.texts import Shelf
from edge_api.prices import MILLION, NONE_KNOWN, load_prices
from guestlink import clock, records
from guestlink.errors import Refused
from guestlink.records import Property
from guestlink.terminal import Desk, plain

COLUMNS: Final = ("house", "notice", "from", "until", "for", "languages", "told#", "waiting#", "not told#")
CHANNELS: Final = {"whatsapp": "by WhatsApp", "email": "by e-mail"}
TO: Final = {"in-house": "in house", "arriving": "who arrive", "both": "in house or arriving"}


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="add|list|send", required=True)
    verbs.add_parser("add", help="write its files: `publish.py notice add --help`")
    listing = verbs.add_parser("list", help="notices that are published, and what became of them")
    listing.add_argument("property", metavar="PROPERTY", nargs="?", default="", help="all houses if left out")
    listing.add_argument("--json", action="store_true", help="for machines")
    send = verbs.add_parser("send", help="tell it to the guests whose days it is about; shown first")
    send.add_argument("property", metavar="PROPERTY")
    send.add_argument("key", metavar="KEY", help="its short name, as in notices/KEY.en.md")
    send.add_argument("--to", choices=get_args(Audience), default="both", help="both unless said otherwise")
    send.add_argument(
        "--now", action="store_true", help="also outside the hours at which guests are written to"
    )
    send.add_argument("--yes", action="store_true", help="without asking")
    send.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    verbs: dict[str, Callable[[argparse.Namespace, Desk], int]] = {"list": _list, "send": _send}
    return verbs[args.verb](args, desk)


# -- looking -----------------------------------------------------------------------------------------
def _list(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        houses = [records.find_property(db, args.property)] if args.property else records.properties(db)
        found = [(house, each) for house in houses for each in notices.posted(db, house)]
    if args.json:
        desk.json([{"property": house.slug, **msgspec.to_builtins(each)} for house, each in found])
        return 0
    if not found:
        desk.say("No notice is published.", style="bold")
        return 0
    desk.table(COLUMNS, [_cells(house, each) for house, each in found])
    desk.say("`publish.py notice send PROPERTY KEY` tells one to the guests it concerns, shown first.")
    return 0


def _cells(house: Property, each: Posted) -> tuple[object, ...]:
    rooms, languages = ", ".join(each.units) or "everybody", " ".join(each.titles)
    days = each.shown_from, each.shown_until
    return house.slug, each.notice, *days, rooms, languages, each.told, each.waiting, each.not_told


# -- sending -----------------------------------------------------------------------------------------
def _send(args: argparse.Namespace, desk: Desk) -> int:
    wish = Wish(notice=args.key, to=args.to, at_any_hour=args.now)
    lamp, at = _lamp(desk), clock.now()
    with desk.database.read() as db:
        house = records.find_property(db, args.property)
        looked = notices.preview(db, lamp, house, wish, at=at)
    if not args.json:
        _show(desk, house, looked)
    if looked.guests or looked.unreached:
        _confirm(args, looked)
        with desk.database.write() as tx:
            at, by = clock.now(), desk.user
            looked = notices.send(tx, lamp, house, wish, version=looked.version, at=at, by=by)
    if args.json:
        desk.json(msgspec.to_builtins(looked))
    elif looked.guests:
        who = "1 guest is" if looked.guests == 1 else f"{looked.guests} guests are"
        desk.say(f"{who} told{_when(house, looked, at)}.", style="bold")
    else:
        desk.say("Nobody is told anything.", style="bold")
    return 0


def _confirm(args: argparse.Namespace, looked: Preview) -> None:
    if args.yes or not looked.guests:
        return
    if not sys.stdin.isatty():
        raise Refused("Nothing was sent: nobody has said yes.", hint="--yes sends it without asking.")
    answer = input(f"Send it to {looked.guests} guest{'' if looked.guests == 1 else 's'}? [y/N] ")
    if answer.strip().casefold() not in {"y", "yes"}:
        raise Refused("Nothing was sent.")


def _lamp(desk: Desk) -> Lamp:
    settings = desk.settings
    listed = settings.whatsapp_prices
    prices = load_prices(settings.path(listed)) if listed else NONE_KNOWN
    return Lamp(ring=desk.ring, shelf=Shelf(), speaks=phrases.channels(settings), prices=prices)


# -- telling -----------------------------------------------------------------------------------------
def _show(desk: Desk, house: Property, looked: Preview) -> None:
    rooms = f", guests of {', '.join(looked.units)}" if looked.units else ""
    desk.say(
        f"{looked.notice}, {looked.shown_from} to {looked.shown_until}, {house.slug}: "
        f"guests {TO[looked.to]}{rooms}",
        style="bold",
    )
    for each in looked.said:
        desk.say(f"  {each.language}, {each.guests}: {plain(each.title)}. {plain(each.text)}")
    ways = ", ".join(f"{many} {CHANNELS[channel]}" for channel, many in looked.channels.items())
    desk.say(f"To be told: {looked.guests}{f' ({ways})' if ways else ''}. {_price(looked)}".rstrip())
    if looked.was_told:
        desk.say(f"Told before, or about to be: {looked.was_told}. They do not get it twice.")
    for gap in looked.unreached:
        desk.say(f"Not reached: {gap.guests}. {gap.reason}")
    if looked.unreached:
        desk.say("Their page tells them. For those who arrive, `publish.py cards` prints a card.")


def _price(looked: Preview) -> str:
    cost = looked.cost
    is_known = cost.currency and cost.unknown < looked.guests
    known = f"It costs {cost.amount / MILLION:.4f} {cost.currency}." if is_known else ""
    unknown = f"Of {cost.unknown} nobody knows the price." if cost.unknown else ""
    return f"{known} {unknown}".strip()


def _when(house: Property, looked: Preview, at: datetime) -> str:
    if looked.leaves_at is None or looked.leaves_at <= at:
        return ", while `work` runs"
    local = looked.leaves_at.astimezone(ZoneInfo(house.zone))
    return f" from {local:%Y-%m-%d %H:%M} on, {house.zone}"
