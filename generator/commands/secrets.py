"""`publish.py secret set|list|history`: door codes, passwords, addresses.

A value comes from the keyboard without echo or from a file, never from the command's words. None is shown.
"""

import argparse
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.commands import asking
from generator.content import read_property
from generator.files import grammar, leaks
from guestlink import clock, secret_values
from guestlink.database import Reading
from guestlink.errors import InvalidInput, NotFound
from guestlink.records import Property, Secret, Stay, Unit, find_property, find_unit, units
from guestlink.secret_values import Rule, without_value
from guestlink.terminal import Desk, asked

MOST_PLACES = 5
REFUSAL = InvalidInput(
    "A secret is never taken from the command line, or a word was not understood: nothing was set.",
    hint="Others on this machine can see a command's words, and the shell keeps them. Leave the value out "
    "and it is asked for, or give --file; and if you have written it there, choose another one.",
)


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = asking.discreet_verbs(parser, "set|list|history", REFUSAL)
    for name, words in (("set", "a new value, asked for without echo"), ("add", "the same as set")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("property", metavar="PROPERTY")
        verb.add_argument("name", metavar="NAME", help="such as door-code; texts say [[door-code]]")
        scope = verb.add_mutually_exclusive_group()
        scope.add_argument("--unit", default="", help="only for this unit")
        scope.add_argument("--stay", default="", help="only for this stay")
        verb.add_argument("--file", default="", help="the value is the first line of this file")
        verb.add_argument(
            "--from", dest="begins", metavar="WHEN", default="", help="local time: 2026-05-04T15:00"
        )
        verb.add_argument(
            "--until", metavar="WHEN", default="", help="local time; else until the stay's departure"
        )
        rules = "'on booking', '48 hours before arrival', 'when the room is ready'; else property.md's rule"
        verb.add_argument("--shown", metavar="RULE", default="", help=f"when guests see it: {rules}")
    show = verbs.add_parser("list", help="names, never values")
    show.add_argument("property", metavar="PROPERTY")
    show.add_argument("--missing", action="store_true", help="what the files promise and nobody has set")
    show.add_argument("--json", action="store_true", help="for machines")
    past = verbs.add_parser("history", help="who set what and when, the newest first; never values")
    past.add_argument("property", metavar="PROPERTY")
    past.add_argument("name", metavar="NAME", nargs="?", default="", help="of one secret")
    past.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if args.verb == "list":
        return _missing(args, desk) if args.missing else _list(args, desk)
    if args.verb == "history":
        return _history(args, desk)
    return _set(args, desk)


# -- setting ---------------------------------------------------------------------------------------
def _set(args: argparse.Namespace, desk: Desk) -> int:
    if "=" in args.name:
        raise REFUSAL
    with desk.database.read() as db:
        house = find_property(db, args.property)
        unit = find_unit(db, house, args.unit) if args.unit else None
        stay = asking.stay_in(db, house, args.stay) if args.stay else None
    begins = asking.moment(args.begins, "--from", zone=house.zone) if args.begins else None
    ends = asking.moment(args.until, "--until", zone=house.zone) if args.until else None
    rule = _rule(args.shown) if args.shown else None
    by, at, where = desk.user, clock.now(), _where(house, unit, stay)
    value = asked(f"{args.name} for {where}", file=args.file)
    with desk.database.write() as tx:
        secret_values.set_secret(
            tx,
            desk.ring,
            house,
            name=args.name,
            value=value,
            at=at,
            by=by,
            unit=unit,
            stay=stay,
            rule=rule,
            valid_from=begins,
            valid_until=ends,
        )
    _warn(desk, desk.settings.content_folder / house.slug, args.name, value)
    when = f"from {_local(begins, house)}" if begins else "now"
    desk.say(f"{args.name} for {where} has a new value {when}. {asking.GOES_LIVE}", style="bold")
    return 0


def _rule(text: str) -> Rule:
    told = asking.read(grammar.reveal, text, "--shown")
    return Rule(kind=told.rule, hours=told.hours)


def _where(house: Property, unit: Unit | None, stay: Stay | None) -> str:
    return f"{house.slug} {unit.slug}" if unit else f"stay {stay.code}" if stay else house.slug


def _warn(desk: Desk, folder: Path, name: str, value: str) -> None:
    """Where the value stands in the host's texts, and whether they know the name."""
    front = folder / "property.md"
    told = re.compile(rf"^(?:secrets:)?\s+{re.escape(name)}\s*\|", re.MULTILINE)
    if front.exists() and not told.search(front.read_text("utf-8", "replace")):
        desk.warn(
            f"property.md does not say under `secrets:` when guests see {name}; they see it 48 hours before."
        )
    sure = leaks.is_sure(value.strip())
    what = "publishing refuses that" if sure else "everybody with a link can read it"
    for place in list(_places(folder, value.strip()))[:MOST_PLACES]:
        where = f"{folder.name}/{place}"
        desk.warn(f"{where}: the new value of {name} stands here; {what}. Write [[{name}]] instead.")


def _places(folder: Path, value: str) -> Iterator[str]:
    sieve = leaks.Sieve({value: "new"})
    for file in sorted(folder.rglob("*.md")):
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
        if sieve.found_in(text):
            for line in leaks.lines_of(value, text):
                yield f"{file.relative_to(folder).as_posix()}:{line}"


# -- listing ---------------------------------------------------------------------------------------
def _list(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        house = find_property(db, args.property)
        rows = [_row(db, desk, house, secret) for secret in _in_order(db, house, at)]
    if args.json:
        desk.json(rows)
        return 0
    if rows:
        desk.table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])
    none = f"{house.slug} has no secrets yet. `publish.py secret set {house.slug} door-code` asks for one."
    values = "1 value" if len(rows) == 1 else f"{len(rows)} values"
    desk.say(f"{house.slug} has {values}; they are never shown here." if rows else none, style="bold")
    return 0


def _history(args: argparse.Namespace, desk: Desk) -> int:
    """Every value there was, without it; a name that nobody knows is not repeated: it may be a value."""
    with desk.database.read() as db:
        house = find_property(db, args.property)
        known = secret_values.load_secrets(db, house)
        if args.name and args.name not in {secret.name for secret in known}:
            names = ", ".join(sorted({secret.name for secret in known})) or "none yet"
            raise NotFound(f"{house.slug} has no secret of this name.", hint=f"Known: {names}.")
        mine = [secret for secret in known if args.name in {"", secret.name}]
        newest = sorted(mine, key=lambda secret: (secret.set_at, secret.id), reverse=True)
        rows = [_row(db, desk, house, secret) for secret in newest]
    if args.json:
        desk.json(rows)
        return 0
    if rows:
        columns = ("set", "by", "secret", "for", "from", "until")
        desk.table(columns, [[row[name] for name in columns] for row in rows])
    values = "1 value" if len(rows) == 1 else f"{len(rows) or 'No'} values"
    desk.say(f"{values} so far; they are never shown.", style="bold")
    return 0


def _row(db: Reading, desk: Desk, house: Property, secret: Secret) -> dict[str, str]:
    units_by_id = {unit.id: unit.slug for unit in units(db, house)}
    stay = db.one("stay_by_id", id=secret.stay_id) if secret.stay_id else None
    user = db.one("user_by_id", id=secret.set_by)
    by = desk.ring.open(user["name"], "users", "name", row=secret.set_by) if user else secret.set_by
    return {
        "secret": secret.name,
        "for": f"stay {stay['code']}" if stay else units_by_id.get(secret.unit_id or "", "all"),
        "shown": _shown(secret),
        "from": _local(secret.valid_from, house),
        "until": _local(secret.valid_until, house) if secret.valid_until else "",
        "set": _local(secret.set_at, house),
        "by": by,
    }


def _in_order(db: Reading, house: Property, at: datetime) -> list[Secret]:
    """By name; those of the house, then of its rooms, then of single stays; the oldest first."""
    order = {unit.id: number for number, unit in enumerate(units(db, house), start=1)}

    def place(secret: Secret) -> tuple[str, bool, int, datetime]:
        return secret.name, secret.stay_id is not None, order.get(secret.unit_id or "", 0), secret.valid_from

    return sorted(_lasting(db, house, at), key=place)


def _lasting(db: Reading, house: Property, at: datetime) -> list[Secret]:
    """Values that are or will be valid."""
    return [s for s in secret_values.load_secrets(db, house) if s.valid_until is None or s.valid_until > at]


def _shown(secret: Secret) -> str:
    return {
        "": "as property.md says",
        "booking": "on booking",
        "hours": f"{secret.hours} hours before arrival",
        "ready": "when the room is ready",
    }[secret.rule]


def _local(at: datetime, house: Property) -> str:
    return f"{at.astimezone(ZoneInfo(house.zone)):%Y-%m-%d %H:%M}"


# -- what is missing -------------------------------------------------------------------------------
def _missing(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        house = find_property(db, args.property)
        rooms = units(db, house)
        valid = _lasting(db, house, at)
        values = secret_values.current_values(db, desk.ring, house, at=at)
    content = read_property(
        desk.settings.content_folder / house.slug,
        units=frozenset(unit.slug for unit in rooms),
        currency=house.currency,
        secret_names=frozenset(secret.name for secret in valid),
        values=values,
    )
    rows = list(without_value(tuple(content.reveal), valid, rooms))
    if args.json:
        desk.json([{"secret": name, "units": list(slugs)} for name, slugs in rows])
        return 0
    for name, slugs in rows:
        desk.say(f"{name}: no value for {', '.join(slugs)}" if slugs else f"{name}: no value")
    named = f"all {len(content.reveal)} secrets" if len(content.reveal) != 1 else "the one secret"
    mend = f"`publish.py secret set {house.slug} {rows[0][0]}` asks for it." if rows else ""
    every = f"{house.slug} has values for {named} that its files name."
    desk.say(f"Guests read “ask us” where a value is missing. {mend}" if rows else every, style="bold")
    return 0
