"""What a host says on the command line: asked on a terminal when it is missing, read strictly, shown safely.

It never asks for a secret: those are typed without echo, by `terminal.asked`.
"""

import argparse
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from generator.files import grammar
from generator.intake import cells
from guestlink import zones
from guestlink.contacts import Person
from guestlink.database import Reading
from guestlink.errors import InvalidInput, NotFound
from guestlink.records import Property, Stay, find_stay, shaped
from guestlink.terminal import plain

T = TypeVar("T")

GOES_LIVE = "A running `publish.py work` puts it live; `publish.py publish` does it now."
GUEST_FILE = 'Write {"name": "…", "phone": "+44 7700 900123", "email": "…", "language": "de"}, or less.'
LONGEST_NAME = 200
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::\d\d)?)?")


class Guest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a guest file may say."""

    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""


class _Discreet(argparse.ArgumentParser):
    """A parser that never repeats words it does not know: one of them may be a secret."""

    refusal: InvalidInput

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            raise self.refusal
        return found, unknown


def discreet_verbs(parser: argparse.ArgumentParser, names: str, refusal: InvalidInput) -> Any:
    """Sub-commands that answer words they do not know with `refusal`, which must not repeat them."""
    kind = type("Discreet", (_Discreet, type(parser)), {"refusal": refusal})
    made = cast("type[argparse.ArgumentParser]", kind)
    return parser.add_subparsers(dest="verb", required=True, metavar=names, parser_class=made)


def wanted(value: str, option: str, question: str) -> str:
    """The value, else the answer to a question on a terminal; InvalidInput names the option."""
    if not value and sys.stdin.isatty():
        value = input(f"{question}: ").strip()
    if not value:
        raise InvalidInput(f"{option} is missing.", hint=f"It says: {question[0].lower()}{question[1:]}.")
    return value


def read(reader: Callable[[str], T], text: str, option: str) -> T:
    """What a strict reader makes of an option's value; its complaint becomes ours, with the option's name."""
    try:
        return reader(text)
    except ValueError as error:
        message, hint = (*error.args, "")[:2]
        raise InvalidInput(f"{option}: {message}", hint=str(hint)) from None
    except InvalidInput as error:
        raise InvalidInput(f"The value of {option} {error.message}", hint=error.hint) from None


def day(text: str, option: str, *, today: date) -> date:
    """An ISO date, `today`, `tomorrow` or `yesterday`."""
    near = {"today": today, "tomorrow": today + timedelta(days=1), "yesterday": today - timedelta(days=1)}
    return near.get(text.casefold()) or read(grammar.day, text, option)


def moment(text: str, option: str, *, zone: str) -> datetime:
    """A date, with or without a time, on the property's clocks; an offset from UTC is understood too."""
    if found := _MOMENT.fullmatch(text.strip()):
        on = read(grammar.day, found[1], option)
        try:
            return zones.local_instant(on, time.fromisoformat(found[2] or "00:00"), zone)
        except (ValueError, OverflowError):
            pass
    else:
        try:
            told = datetime.fromisoformat(text.strip())
        except ValueError:
            told = None
        if told and told.tzinfo is not None:
            read(grammar.day, told.date().isoformat(), option)
            return told.astimezone(UTC)
    mend = "Write it as the clocks of the property show it: 2026-05-04T15:00."
    raise InvalidInput(f"{option}: {text!r} is no date and time.", hint=mend)


# -- people ----------------------------------------------------------------------------------------
def add_guest_options(parser: argparse.ArgumentParser) -> None:
    """The options that name a person; others on the machine can see a running command's words."""
    why = "others on this machine can see the words of a command (ps): --guest-file hides them"
    parser.add_argument("--name", default="", help=f"the guest's name; {why}")
    parser.add_argument("--phone", default="", help="the guest's phone, such as '+44 7700 900123'")
    parser.add_argument("--email", default="", help="the guest's e-mail address")
    what = "name, phone, email and language as a JSON object"
    parser.add_argument("--guest-file", metavar="FILE", default="", help=what)


def take_guest_file(args: argparse.Namespace) -> None:
    """Fills what the options leave out from the guest file."""
    if args.guest_file:
        for name, value in msgspec.structs.asdict(_guest_file(args.guest_file)).items():
            setattr(args, name, getattr(args, name, "") or value)


def ask_guest(args: argparse.Namespace) -> None:
    """Asks who the guest is, on a terminal, when nothing was told."""
    if sys.stdin.isatty() and not (args.name or args.phone or args.email):
        for name, word in (("name", "name"), ("phone", "phone"), ("email", "e-mail")):
            setattr(args, name, input(f"Guest's {word} (Enter: not known): ").strip())


def guest(args: argparse.Namespace) -> Person | None:
    """The person that was told of, or None."""
    if not (args.name or args.phone or args.email):
        return None
    if len(args.name) > LONGEST_NAME:
        raise InvalidInput(f"The guest's name has more than {LONGEST_NAME} letters.")
    return Person(
        name=plain(args.name),
        phone=read(cells.read_phone, args.phone, "--phone") if args.phone else "",
        email=read(cells.read_email, args.email, "--email") if args.email else "",
    )


def _guest_file(name: str) -> Guest:
    try:
        return msgspec.json.decode(Path(name).read_bytes().removeprefix(b"\xef\xbb\xbf"), type=Guest)
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.", hint=GUEST_FILE) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidInput(f"{name} is not what a guest file is.", hint=GUEST_FILE) from None


# -- records ---------------------------------------------------------------------------------------
def house_of(db: Reading, stay: Stay) -> Property:
    row = db.one("property_by_id", id=stay.property_id)
    assert row is not None
    return shaped(row, Property)


def stay_in(db: Reading, house: Property, name: str) -> Stay:
    """The stay with this name, which must be in this house."""
    stay = find_stay(db, name)
    if stay.property_id != house.id:
        raise NotFound(
            f"The stay {name!r} is not in {house.slug}.", hint="`publish.py stay list` shows where."
        )
    return stay


# -- telling ---------------------------------------------------------------------------------------
def dated(on: date) -> str:
    """`4 May 2026`."""
    return f"{on.day} {on:%b %Y}"
