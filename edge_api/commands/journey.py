"""`publish.py journey`: what a stay's guests are told by themselves, when, by which channel, or why not."""

import argparse
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from edge_api import phrases
from edge_api.commands.messages import RECEIPTS, STATES
from edge_api.journey import outlook
from edge_api.journey.outlook import Lamp, MessageShown
from edge_api.journey.texts import Shelf
from edge_api.prices import NONE_KNOWN, Prices, load_prices
from guestlink import clock, records
from guestlink.database import Reading
from guestlink.errors import InvalidInput
from guestlink.records import Property
from guestlink.terminal import Desk, plain

MILLION: Final = 1_000_000
SOON: Final = 40  # messages that are listed of a house
COLUMNS: Final = ("when", "message", "how it stands", "channel", "price", "why")
CHANNELS: Final = {"whatsapp": "WhatsApp", "email": "e-mail", "print": "paper"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stay", metavar="STAY", nargs="?", default="", help="booking reference, stay code or id"
    )
    parser.add_argument("--property", metavar="PROPERTY", default="", help="what comes next in this house")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--hold", metavar="MESSAGE", default="", help="this message is not sent")
    what.add_argument("--send", metavar="MESSAGE", default="", help="this message is sent now")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if args.hold or args.send:
        return _decide(args, desk)
    return _show(args, desk) if args.stay else _next(args, desk)


# -- looking -------------------------------------------------------------------------------------------
def _show(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        stay = records.find_stay(db, args.stay)
        house = records.house_by_id(db, stay.property_id)
        seen = outlook.of_stay(db, _lamp(desk), stay)
    if args.json:
        desk.json({"stay": stay.code, "messages": msgspec.to_builtins(seen)})
        return 0
    desk.say(f"{stay.reference or stay.code}, {stay.from_on} to {stay.until_on}", style="bold")
    if not seen:
        desk.say(
            "No messages are planned: texts lie in the folder journey of the house, and go with `publish`."
        )
        return 0
    desk.table(COLUMNS, [_cells(each, house) for each in seen])
    desk.say(f"Times are those of {house.zone}.")
    return 0


def _next(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        houses = [records.find_property(db, args.property)] if args.property else records.properties(db)
        lines = [line for house in houses for line in _coming(db, house)]
    lines.sort()
    if args.json:
        names = ("due_at", "property", "stay", "message")
        desk.json([dict(zip(names, line, strict=True)) for line in lines])
        return 0
    zones = {house.slug: house.zone for house in houses}
    rows = [
        (_local(clock.from_text(at), zones[slug]), slug, stay, key) for at, slug, stay, key in lines[:SOON]
    ]
    if rows:
        desk.table(("when", "property", "stay", "message"), rows)
    told = "No message" if not lines else "1 message" if len(lines) == 1 else f"{len(lines)} messages"
    desk.say(f"The next {SOON} messages." if len(lines) > SOON else f"{told} to come.", style="bold")
    return 0


def _coming(db: Reading, house: Property) -> list[tuple[str, str, str, str]]:
    rows = db.all("coming_messages", property_id=house.id, most=SOON + 1)
    return [(row["due_at"], house.slug, row["reference"] or row["code"], row["key"]) for row in rows]


def _cells(each: MessageShown, house: Property) -> tuple[str, ...]:
    when = _local(each.due_at, house.zone) if each.due_at else ""
    channel = CHANNELS.get(each.channel, "")
    return (
        when,
        f"{each.key}: {each.subject}" if each.subject != each.key else each.key,
        _stands(each),
        f"({channel})" if channel and each.state == "planned" else channel,
        f"{each.price / MILLION:.4f} {each.currency}" if each.price else "",
        plain(each.reason),
    )


def _stands(each: MessageShown) -> str:
    if each.state != "sent" or each.channel == "print":
        return each.state
    if each.outcome == "sent":
        return RECEIPTS.get(each.receipt, "sent")
    return STATES.get(each.outcome, each.outcome)


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _lamp(desk: Desk) -> Lamp:
    return Lamp(ring=desk.ring, shelf=Shelf(), speaks=phrases.channels(desk.settings), prices=_prices(desk))


def _prices(desk: Desk) -> Prices:
    listed = desk.settings.whatsapp_prices
    return load_prices(desk.settings.path(listed)) if listed else NONE_KNOWN


# -- by hand -------------------------------------------------------------------------------------------
def _decide(args: argparse.Namespace, desk: Desk) -> int:
    if not args.stay:
        raise InvalidInput("Of which stay?", hint="`publish.py journey STAY --send MESSAGE`.")
    at = clock.now()
    with desk.database.write() as tx:
        stay = records.find_stay(tx, args.stay)
        verb = outlook.hold if args.hold else outlook.hasten
        verb(tx, stay, args.hold or args.send, at=at, by=desk.user)
    desk.say(
        "It is not sent." if args.hold else "It goes out within seconds, while `work` runs.", style="bold"
    )
    return 0
