"""`publish.py requests`: what guests ask for, said before they came and thought afterwards, and our answers.

Names and words are shown on the host's own terminal and go nowhere else.
"""

import argparse
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import board, front_desk, history, streams
from edge_api.board import Line, Stored
from edge_api.history import ArrivalLine, RatingLine
from edge_api.holdings import Holdings
from edge_api.phrases import voice_of
from edge_api.requests import Accept, Command, Complete, Decline, Note, Reopen
from guestlink import clock, records
from guestlink.arrivals import LONGEST_NOTE, plain_words
from guestlink.contacts import load_contact
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, Refused
from guestlink.language import format_money
from guestlink.records import Property
from guestlink.terminal import Desk, plain

RECENTLY: Final = timedelta(days=30)
ID_SHOWN: Final = 6  # its last characters; the first ones are only the time
ALREADY: Final = "The stay needed no change: it has that, or it is too late."
COLUMNS: Final = ("id", "age", "unit", "guest", "what", "state")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--property", metavar="PROPERTY", default="", help="of one house only")
    parser.add_argument("--all", action="store_true", help="those of the last 30 days that ended, too")
    parser.add_argument("--arrivals", action="store_true", help="what guests said who come today or tomorrow")
    parser.add_argument("--ratings", action="store_true", help="what guests thought of their stay")
    parser.add_argument("--json", action="store_true", help="for machines")
    verbs = parser.add_subparsers(dest="verb", metavar="show|accept|decline|complete|reopen|note")
    for name, text in (
        ("show", "all there is to know of a request"),
        ("accept", "say yes; the guest's page says so"),
        ("decline", "say no, and why"),
        ("complete", "it is done"),
        ("reopen", "it was not done, or no was wrong"),
        ("note", "a word among the people of the house"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("id", metavar="ID", help="or its last characters")
        if name == "decline":
            verb.add_argument("--why", required=True, help="in words for the guest")
        if name == "note":
            verb.add_argument("words", metavar="WORDS")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if args.verb == "show":
        return _show(args, desk)
    if args.verb:
        return _answer(args, desk)
    if args.arrivals or args.ratings:
        return _told(args, desk)
    return _list(args, desk)


# -- looking ---------------------------------------------------------------------------------------
def _list(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    closed = RECENTLY if args.all else timedelta()
    with desk.database.read() as db:
        lines = [
            line
            for house in _houses(db, args)
            for line in board.of_house(db, desk.ring, house, at=at, closed=closed)
        ]
    if args.json:
        desk.json(msgspec.to_builtins(lines))
        return 0
    several = len({line.property for line in lines}) > 1
    if lines:
        columns = (*(["property"] if several else []), *COLUMNS)
        desk.table(columns, [[_cell(line, name, at) for name in columns] for line in lines])
    waiting = sum(line.state == "requested" for line in lines)
    desk.say(f"{waiting or 'Nothing'} {'wait' if waiting > 1 else 'waits'} for an answer.", style="bold")
    if waiting:
        desk.say("`publish.py requests accept ID` says yes, `show ID` tells all.")
    return 0


def _show(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        stored = board.find(db, args.id)
        line = _line(db, desk, stored)
        happened = history.of_request(db, desk.ring, stored)
    if args.json:
        desk.json(msgspec.to_builtins({"request": line, "history": happened}))
        return 0
    desk.say(f"{line.what}, {line.state}{', urgent' if line.urgent else ''}", style="bold")
    desk.say(plain(f"{line.guest or 'A guest'}, {line.unit or 'no room yet'}, stay {line.stay}"))
    for label, value in line.said:
        desk.say(_quoted(f"{label}: {value}"))
    if line.note:
        desk.say(_quoted(f"“{line.note}”"))
    if stored.price:
        desk.say(
            f"Price: {format_money(stored.price, stored.currency, 'en')}, as the page said when it was asked."
        )
    if line.changes:
        desk.say(f"Accepting changes the stay: {line.changes}.")
    for each in happened:
        words = f": {_quoted(each.words)}" if each.words else ""
        desk.say(f"{each.at:%Y-%m-%d %H:%M}  {each.what} by {each.who}{words}")
    return 0


def _quoted(text: str) -> str:
    """What people wrote, further lines set in: none of them can pass for a line of ours."""
    return "\n    ".join(plain(line) for line in text.splitlines())


def _told(args: argparse.Namespace, desk: Desk) -> int:
    """What guests said at arrival, of today and tomorrow; or what they thought, newest first."""
    at = clock.now()
    rows: list[ArrivalLine] | list[RatingLine]
    with desk.database.read() as db:
        chosen = _houses(db, args)
        if args.arrivals:
            rows = [row for house in chosen for row in history.arrivals_of(db, desk.ring, house, at=at)]
        else:
            rows = [row for house in chosen for row in history.ratings_of(db, desk.ring, house)]
    if args.json:
        desk.json(msgspec.to_builtins(rows))
        return 0
    if rows:
        columns = rows[0].__struct_fields__
        desk.table(columns, [[getattr(row, name) for name in columns] for row in rows])
    what = "arrival" if args.arrivals else "rating"
    desk.say(f"{len(rows) or 'No'} {what}{'' if len(rows) == 1 else 's'} told.", style="bold")
    return 0


def _houses(db: Reading, args: argparse.Namespace) -> list[Property]:
    return [records.find_property(db, args.property)] if args.property else records.properties(db)


def _line(db: Reading, desk: Desk, stored: Stored) -> Line:
    house = next(house for house in records.properties(db) if house.id == stored.property_id)
    return board.line(db, desk.ring, house, stored)


def _cell(line: Line, column: str, at: datetime) -> str:
    if column == "id":
        return line.id[-ID_SHOWN:]
    if column == "age":
        return f"{'! ' if line.urgent else ''}{_age(at - line.asked_at)}"
    if column == "what":
        details = [value for _, value in line.said] + ([line.note] if line.note else [])
        return ": ".join([line.what, *([", ".join(details)] if details else [])])
    return str(getattr(line, column))


def _age(passed: timedelta) -> str:
    minutes = int(passed.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


# -- answering -------------------------------------------------------------------------------------
def _answer(args: argparse.Namespace, desk: Desk) -> int:
    at, by = clock.now(), desk.user
    voice = voice_of(Holdings(desk.settings, desk.ring))
    with desk.database.read() as db:
        stored = board.find(db, args.id)
        changes = _line(db, desk, stored).changes
    after = front_desk.settled(
        desk.database,
        lambda tx: front_desk.answer(
            tx, desk.ring, stored.id, _command(args, desk, tx, stored), at=at, by=by, voice=voice
        ),
    )
    if args.verb == "note":
        desk.say("Noted.")
        return 0
    desk.say(f"It is {'open again' if args.verb == 'reopen' else after.state}. The guest's page says so.")
    if args.verb == "accept" and changes == "unit":
        desk.say("Now give the stay its other room: `publish.py stay set`.", style="bold")
    elif args.verb == "accept" and changes:
        with desk.database.read() as db:
            is_changed = stored.id in streams.promised(db, stored.stay_id)
        desk.say(f"The stay is changed: {changes}. Page and codes follow." if is_changed else ALREADY)
    return 0


def _command(args: argparse.Namespace, desk: Desk, tx: Writing, stored: Stored) -> Command:
    """The command with its words sealed under the guest's key: they speak of that guest."""
    match args.verb:
        case "accept":
            return Accept()
        case "complete":
            return Complete()
        case "reopen":
            return Reopen()
    words = plain_words(args.why if args.verb == "decline" else args.words)
    if not words or len(words) > LONGEST_NOTE:
        raise InvalidInput(f"Write 1 to {LONGEST_NOTE} characters.")
    if stored.wrapped is None:
        raise Refused("This guest was erased: nothing can be kept about them any more.")
    contact = load_contact(tx, stored.contact_id)
    key = desk.ring.guest_key(contact.wrapped, contact.id)
    column = "reply" if args.verb == "decline" else "note"
    sealed = board.sealed(key, words, column, request_id=stored.id)
    return Decline(reason=sealed) if args.verb == "decline" else Note(words=sealed)
