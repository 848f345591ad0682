"""`publish.py demo requests`: guests of the demo houses ask for things in the last hour and a half, and some
have an answer. Only houses called `demo-…` are touched; nobody is written to.
"""

import argparse
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

import msgspec

from edge_api import front_desk
from edge_api.callers import Guest, guest_at
from edge_api.holdings import Holdings
from edge_api.offers import Field, Offer
from edge_api.requests import Accept, Complete
from edge_api.wishes import Asked
from guestlink import clock, records, zones
from guestlink.database import Reading
from guestlink.errors import InvalidInput, Refused
from guestlink.records import Property, Stay
from guestlink.terminal import Desk

PREFIX: Final = "demo-"
MOST: Final = 2000
MOST_OF_ONE: Final = 3
MINUTES: Final = 90  # how far back the first of them was asked
THERE: Final = frozenset({"arriving", "in_house", "departing"})
TIMES: Final = ("08:30", "10:00", "17:45", "19:30")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("requests", choices=["requests"], help="guests of the demo houses ask for things")
    parser.add_argument("--count", type=int, default=40, metavar="N", help="how many requests, in all (40)")
    parser.add_argument("--seed", default="1", help="another word makes other wishes")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if not 1 <= args.count <= MOST:
        raise InvalidInput(f"--count is {args.count}.", hint=f"Write 1 to {MOST}.")
    now = clock.now()
    with desk.database.read() as db:
        guests = [guest for house in _demo_houses(db) for guest in _guests(db, house, at=now)]
        on_offer = {guest.house.id: _offers(db, guest.house) for guest in guests}
    able = [guest for guest in guests if on_offer[guest.house.id]]
    if not able:
        raise Refused(
            "Nobody of a demo house can ask for anything yet.",
            hint="`publish.py demo --stays 1000` makes a house, `publish.py publish` its services.",
        )
    chance = Random(args.seed)  # noqa: S311 - nothing here is secret, and it has to repeat
    asking = chance.sample(able * MOST_OF_ONE, k=min(args.count, len(able) * MOST_OF_ONE))
    ages = sorted((chance.uniform(0, MINUTES) for _ in asking), reverse=True)
    answered = sum(
        _one(desk, chance, guest, on_offer[guest.house.id], at=now - timedelta(minutes=age))
        for guest, age in zip(asking, ages, strict=True)
    )
    desk.say("Next: `publish.py up` opens the board, `publish.py requests` lists what is open.")
    desk.say(f"{len(asking)} requests asked, {answered} of them answered. Nobody was told.", style="bold")
    return 0


def _demo_houses(db: Reading) -> list[Property]:
    return [house for house in records.properties(db) if house.slug.startswith(PREFIX)]


def _guests(db: Reading, house: Property, *, at: datetime) -> list[Guest]:
    """Those who are there, or come and go today."""
    every = records.shaped_all(db.all("stays_of_property", property_id=house.id), Stay)
    there = [stay for stay in every if stay.status == "confirmed" and records.phase(stay, house, at) in THERE]
    return [guest_at(db, stay.id, at=at) for stay in there]


def _offers(db: Reading, house: Property) -> list[Offer]:
    """Its services in its own words, without those that need a text: nobody here has anything to write."""
    rows = db.all("catalogue_of_kind", property_id=house.id, kind="service")
    every = [msgspec.json.decode(row["body"], type=Offer) for row in rows]
    return [
        offer
        for offer in every
        if offer.language == house.default_language
        and not any(field.required and field.kind == "text" for field in offer.fields)
    ]


def _one(desk: Desk, chance: Random, guest: Guest, offers: Sequence[Offer], *, at: datetime) -> bool:
    """Asks for one thing; says whether it has an answer."""
    offer = chance.choice([offer for offer in offers if guest.phase in offer.phases])
    today = max(guest.stay.from_on, zones.local_date(at, guest.house.zone)).isoformat()
    said = {
        field.name: _value(chance, field, today, guest.stay)
        for field in offer.fields
        if field.required and field.kind != "text"
    }
    key = secrets.token_hex(16)
    asked = Asked(key=key, service=offer.key, fields=said)
    words = Holdings(desk.settings, desk.ring).words("en")
    luck = chance.random()
    with desk.database.write() as tx:
        made = front_desk.ask(tx, desk.ring, guest.link.id, asked, at=at, words=words)
    if offer.changes or luck > 0.5 or made.request.state != "requested":
        return made.request.state != "requested"
    answers: Sequence[Accept | Complete] = (Accept(), Complete()) if luck < 0.2 else (Accept(),)
    for command in answers:
        at += timedelta(minutes=chance.uniform(0, 1))
        with desk.database.write() as tx:
            front_desk.answer(tx, desk.ring, made.request.id, command, at=at, by=desk.user)
    return True


def _value(chance: Random, field: Field, today: str, stay: Stay) -> str:
    match field.kind:
        case "number":
            return str(min(field.high, max(field.low, stay.adults + stay.children)))
        case "choice":
            return chance.choice(field.choices)
        case "date":
            return today
        case _:
            return chance.choice(TIMES)
