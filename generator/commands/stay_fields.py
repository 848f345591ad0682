"""What a host can say of a stay, for `add` and `set` alike, and how a stay is called on a terminal."""

import argparse
from datetime import datetime
from typing import Any

from generator.commands import asking
from generator.files import grammar
from guestlink.contacts import OptIn
from guestlink.database import Reading
from guestlink.errors import InvalidInput
from guestlink.language import minor_digits
from guestlink.records import Property, Stay, Unit, find_unit
from guestlink.terminal import plain

NO_UNIT = "-"
MAY_BE_EMPTY = ("expected_arrival", "check_in", "check_out")
COUNTS = ("adults", "children", "pets")
TOLD_TO_THE_HOUSE = "told to the house"
LONGEST_WORDS = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arrival", metavar="DATE", help="2026-05-04, today or tomorrow")
    parser.add_argument("--departure", metavar="DATE")
    parser.add_argument("--unit", metavar="UNIT", help=f"the room for the whole stay; {NO_UNIT} for none yet")
    parser.add_argument("--reference", help="the booking reference")
    parser.add_argument("--party", metavar="REFERENCE", help="what several rooms of one booking share")
    parser.add_argument("--language", help="the guest's language, such as pt-BR")
    for name in COUNTS:
        parser.add_argument(f"--{name}", type=int, metavar="N")
    parser.add_argument("--expected-arrival", metavar="HH:MM", help="when they think they will come")
    parser.add_argument("--check-in", metavar="HH:MM", help="agreed for this stay; '' for the property's")
    parser.add_argument("--check-out", metavar="HH:MM", help="agreed for this stay; '' for the property's")
    parser.add_argument("--amount", metavar="12.50", help="what is left to pay, in the property's currency")
    what = "how the guest agreed to be written to on WhatsApp, in their words or yours; '' takes it back"
    parser.add_argument("--whatsapp-consent", metavar="WORDS", help=what)
    asking.add_guest_options(parser)


def told(args: argparse.Namespace, house: Property) -> dict[str, Any]:
    """What was said of the stay itself, by the names that the records have for it."""
    fields = {name: value for name in ("reference", "language") if (value := getattr(args, name))}
    for name in (*COUNTS, *MAY_BE_EMPTY):
        if getattr(args, name) is not None:
            fields[name] = getattr(args, name)
    if args.amount:
        price = grammar.price(minor_digits(house.currency))
        fields["amount"] = asking.read(price, args.amount, "--amount")
    return fields


def consent(args: argparse.Namespace, at: datetime) -> OptIn | None:
    """What the guest agreed to, as the host heard it; None when nothing was told or it was taken back."""
    words = plain(args.whatsapp_consent or "").strip()
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(f"--whatsapp-consent has more than {LONGEST_WORDS} letters.")
    return OptIn(at=at, how=TOLD_TO_THE_HOUSE, words=words) if words else None


def unit_named(db: Reading, house: Property, slug: str) -> Unit | None:
    return None if slug == NO_UNIT else find_unit(db, house, slug)


def name(stay: Stay) -> str:
    return f"Stay {plain(stay.reference)} (code {stay.code})"


def dates(stay: Stay) -> str:
    return f"{asking.dated(stay.from_on)} to {asking.dated(stay.until_on)}"
