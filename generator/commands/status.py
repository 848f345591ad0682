"""`publish.py status`: what is live, what waits, the next moments at which pages change, what is missing."""

import argparse

import msgspec

from generator.standing import Standing, standing, unused_folders
from guestlink import clock, records
from guestlink.errors import told
from guestlink.settings import target_name
from guestlink.terminal import Desk

WORDS = {"missing": "translation missing", "stale": "translation older than its original"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    at = clock.now()
    with desk.database.read() as db:
        houses = records.properties(db)
        found = [standing(db, house, desk.settings, at=at) for house in houses]
        unused = unused_folders(db, desk.settings)
        asked = len(db.all("asked_invalidations", target=target_name(desk.settings)))
    if args.json:
        desk.json(
            {
                "properties": msgspec.to_builtins(found),
                "unused_folders": unused,
                "invalidations_waiting": asked,
            }
        )
        return 0
    desk.say(f"Guest Link on {target_name(desk.settings)}, links begin with {desk.settings.public_url}")
    for item in found:
        _tell(desk, item)
    for name in unused:
        desk.say(f"content/{name} is unused: no such property. `publish.py property add {name}` makes one.")
    if asked:
        desk.say(f"{asked} invalidations wait to be sent to CloudFront; the next publish sends them.")
    waiting = [item.slug for item in found if item.waits]
    mistakes = sum(line.kind == "error" for item in found for line in item.told)
    if not found:
        desk.say("There is no property yet. `publish.py property add SLUG` makes one.", style="bold")
    elif mistakes:
        what = "the mistake" if mistakes == 1 else f"the {mistakes} mistakes"
        desk.say(f"Mend {what} in the files, then `publish.py publish`.", style="bold")
    elif waiting:
        desk.say(f"{', '.join(waiting)}: something waits. `publish.py publish` does it.", style="bold")
    else:
        desk.say("Everything is live.", style="bold")
    return 0


def _tell(desk: Desk, item: Standing) -> None:
    desk.say()
    desk.say(item.slug, style="bold")
    when = f"{item.published_at:%d %b %H:%M} UTC" if item.published_at else "never"
    stays = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in item.stays.items()) or "none"
    rows = [
        ("last publish", when),
        ("live", f"{_many(item.pages, 'page')}, {_many(item.gates, 'gate')}"),
        ("stays", stays),
        *[("waits", wait) for wait in item.waits],
        *([("waits", f"{item.unfinished} objects of a publish that was cut off")] if item.unfinished else []),
        *[("changes at", f"{due:%d %b %H:%M} UTC") for due in item.boundaries],
        *[("secret missing", name) for name in item.missing_secrets],
        *[("no room yet", stay) for stay in item.unassigned],
        *[("to confirm", _vanished(stay)) for stay in item.proposed],
        *[(WORDS.get(line.kind, line.kind), told(line)) for line in item.told],
    ]
    for name, text in rows:
        desk.say(f"  {name:<15} {text}")


def _vanished(stay: str) -> str:
    return f"{stay} vanished from its feed: `publish.py stay set {stay} --status cancelled` (or confirmed)"


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
