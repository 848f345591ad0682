"""`publish.py status`: what is live, what waits, the next moments at which pages change, what is missing, and
what needs a person.
"""

import argparse
from collections.abc import Iterable, Iterator

import msgspec

from generator.standing import Standing, Trouble, standing, trouble, unused_folders
from guestlink import clock, records
from guestlink.alerts import Alert, Backlog
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
        general = trouble(db)
        asked = len(db.all("asked_invalidations", target=target_name(desk.settings)))
    if args.json:
        desk.json(
            {
                "properties": msgspec.to_builtins(found),
                "unused_folders": unused,
                "invalidations_waiting": asked,
                "alerts": msgspec.to_builtins(general.alerts),
                "messages": msgspec.to_builtins(general.messages),
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
    needs = _tell_trouble(desk, general) + sum(len(item.alerts) for item in found)
    desk.say(_whole(found, needs=needs), style="bold")
    return 0


def _whole(found: list[Standing], *, needs: int) -> str:
    """Everything in one sentence, with what to do next."""
    waiting = [item.slug for item in found if item.waits]
    mistakes = sum(line.kind == "error" for item in found for line in item.told)
    if not found:
        return "There is no property yet. `publish.py property add SLUG` makes one."
    if mistakes:
        what = "the mistake" if mistakes == 1 else f"the {mistakes} mistakes"
        return f"Mend {what} in the files, then `publish.py publish`."
    if waiting:
        return f"{', '.join(waiting)}: something waits. `publish.py publish` does it."
    return "Everything is live, and something above needs you." if needs else "Everything is live."


def _tell(desk: Desk, item: Standing) -> None:
    desk.say()
    desk.say(item.slug, style="bold")
    when = f"{item.published_at:%d %b %H:%M} UTC" if item.published_at else "never"
    stays = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in item.stays.items()) or "none"
    rows = [
        ("last publish", when),
        ("live", f"{_many(item.pages, 'page')}, {_many(item.gates, 'gate')}"),
        ("stays", stays),
        *_messages(item),
        *[("waits", wait) for wait in item.waits],
        *([("waits", f"{item.unfinished} objects of a publish that was cut off")] if item.unfinished else []),
        *[("changes at", f"{due:%d %b %H:%M} UTC") for due in item.boundaries],
        *[("secret missing", name) for name in item.missing_secrets],
        *[("no room yet", stay) for stay in item.unassigned],
        *[("to confirm", _vanished(stay)) for stay in item.proposed],
        *[("calendar", line) for line in item.failing_feeds],
        *[(WORDS.get(line.kind, line.kind), told(line)) for line in item.told],
        *[("needs you", line) for line in _worded(item.alerts)],
    ]
    for name, text in rows:
        desk.say(f"  {name:<15} {text}")


def _messages(item: Standing) -> Iterator[tuple[str, str]]:
    if item.messages_of_day:
        many = _many(item.messages_of_day, "message")
        yield "messages", f"{many} to guests within a day: `publish.py journey --property {item.slug}`"
    if item.cards:
        yield (
            "to print",
            f"{_many(item.cards, 'card')} for guests whom no message reaches: `publish.py cards`",
        )


def _tell_trouble(desk: Desk, general: Trouble) -> int:
    """What is wrong with the whole business, and how many lines that took."""
    lines = [*_worded(general.alerts), *_stuck(general.messages)]
    if lines:
        desk.say()
    for line in lines:
        desk.say(line)
    return len(lines)


def _worded(found: Iterable[Alert]) -> list[str]:
    """Alerts in words, those that say the same together."""
    since: dict[str, list[Alert]] = {}
    for alert in found:
        since.setdefault(alert.words, []).append(alert)
    return [
        f"{words} (since {those[0].raised_at:%d %b %H:%M} UTC{_times(len(those))})"
        for words, those in since.items()
    ]


def _times(count: int) -> str:
    return f", {count} times" if count > 1 else ""


def _stuck(messages: Backlog) -> Iterator[str]:
    if count := messages.outbox_dead:
        yield f"{_many(count, 'message')} could not be sent: `publish.py messages --failed` lists them."
    if count := messages.outbox_in_doubt:
        lists = "`publish.py messages --doubtful` lists them."
        yield f"{_many(count, 'message')} of which we don't know if they arrived: {lists}"
    if count := messages.inbox_quarantined:
        yield f"{_many(count, 'webhook')} could not be read."
    if count := messages.inbox_waiting:
        yield f"{_many(count, 'webhook')} {_wait(count)} to be read: `publish.py work` does that."
    if count := messages.outbox_waiting:
        yield f"{_many(count, 'message')} {_wait(count)} to be sent: `publish.py work` does that."


def _wait(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _vanished(stay: str) -> str:
    return f"{stay} vanished from its feed: `publish.py stay set {stay} --status cancelled` (or confirmed)"


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
