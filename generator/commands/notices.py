"""`publish.py notice add`: writes a notice's file in one language, and publishes the house with it.

A file that is there is never written over; one with which the house cannot be published is taken away again.
"""

import argparse
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

from generator.commands import asking
from generator.commands.publish import tell
from generator.orders import Order, Outcome
from generator.press import Press, open_press
from generator.publishing import publish
from guestlink import catalogue, clock, records, zones
from guestlink.errors import ContentError, InvalidInput, Refused, SettingsError
from guestlink.records import Property
from guestlink.terminal import Desk, plain

FOLDER: Final = "notices"
KEY: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="add", required=True)
    add = verbs.add_parser("add", help="write its file and publish the house")
    add.add_argument("property", metavar="PROPERTY")
    add.add_argument("key", metavar="KEY", help="a short name of its own, such as water")
    add.add_argument("--title", default="", help="one line, such as 'No water on Tuesday'")
    add.add_argument("--text", default="", help="a few sentences, in Markdown")
    add.add_argument(
        "--from", metavar="DAY", dest="begins", default="", help="the first day: today, 2026-11-23"
    )
    add.add_argument("--until", metavar="DAY", default="", help="the last day on which it is shown")
    add.add_argument("--language", default="", help="the house's first language if left out")
    add.add_argument("--units", default="", help="only for guests of these: 'room-1, room-2'")
    add.add_argument("--important", action="store_true", help="before other notices, and says so")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if not KEY.fullmatch(args.key):
        raise InvalidInput(f"{args.key!r} is no short name.", hint="Small letters, digits, hyphens: water.")
    press, at = open_press(desk.settings), clock.now()
    with desk.database.read() as db:
        house = records.find_property(db, args.property)
    folder = press.content_folder(house) / FOLDER
    language = args.language or _first_language(press, house)
    is_translation = any(folder.glob(f"{args.key}.*.md"))
    fields = _fields(args, today=zones.local_date(at, house.zone), is_translation=is_translation)
    path = folder / f"{args.key}.{language}.md"
    _write(path, "\n".join(["---", *fields, "---", args.text.strip(), ""]))
    order = Order(only_property=house.slug, from_files=True)
    outcomes = publish(press, order, at=at)
    _take_away_if_wrong(path, outcomes)
    tell(desk, outcomes, dry_run=False, seconds=None)
    desk.say(f"{path} is written. `publish.py notice send {house.slug} {args.key}` tells it by message.")
    return max((each.error.exit_code for each in outcomes if each.error), default=0)


def _first_language(press: Press, house: Property) -> str:
    with press.database.read() as db:
        is_published = catalogue.last_content(db, house) is not None
    if not is_published:
        return house.default_language
    return press.content(house, from_files=False, at=clock.now()).content.languages[0]


def _fields(args: argparse.Namespace, *, today: date, is_translation: bool) -> list[str]:
    """The lines above the text. A translation has the days and rooms of its original."""
    args.title = plain(asking.wanted(args.title, "--title", "The title, one line"))
    args.text = asking.wanted(args.text, "--text", "The text, a few sentences")
    return [f"title: {args.title}", *_days(args, today, is_translation), f"updated: {today}"]


def _days(args: argparse.Namespace, today: date, is_translation: bool) -> Iterator[str]:
    if is_translation and not (args.begins or args.until):
        if args.units or args.important:
            raise InvalidInput("Rooms and importance are said in the first language alone.")
        return
    begins = asking.wanted(args.begins, "--from", "The first day, such as 2026-11-23")
    until = asking.wanted(args.until, "--until", "The last day, such as 2026-11-24")
    yield f"from: {asking.day(begins, '--from', today=today)}"
    yield f"until: {asking.day(until, '--until', today=today)}"
    if args.units:
        yield f"units: {plain(args.units)}"
    if args.important:
        yield "important: yes"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{path} is there already.", hint="Write into it, or choose another name.") from None
    except OSError as error:
        mend = "Let yourself write there, or set content to another folder."
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.", setting="content", hint=mend
        ) from None


def _take_away_if_wrong(path: Path, outcomes: list[Outcome]) -> None:
    wrong = next((each.error for each in outcomes if isinstance(each.error, ContentError)), None)
    if wrong:
        with suppress(OSError):
            path.unlink()
        raise wrong
