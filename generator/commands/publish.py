"""`publish.py publish`: make the pages, put them on the target, and say why each changed."""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from generator import standstill
from generator.builds import known_build
from generator.orders import Order, Outcome, Progress
from guestlink import clock, rebuilds
from guestlink.database import Database
from guestlink.errors import GuestLinkError, InvalidInput, Stale
from guestlink.records import find_property, find_stay
from guestlink.settings import target_name
from guestlink.terminal import Desk

if TYPE_CHECKING:
    from generator.press import Press

COUNTS = ("stays", "pages", "rendered", "unchanged", "uploaded", "deleted", "invalidated")
PATIENCE_SECONDS = 40.0
MOST_LINES = 12


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--property", metavar="SLUG", default="", help="only this property")
    parser.add_argument("--stay", default="", help="only this stay: reference, stay code or id")
    parser.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
    parser.add_argument(
        "--now", action="store_true", help="also make the CDN forget what it holds of changed pages"
    )
    parser.add_argument(
        "--delete-limit", type=int, metavar="N", help="how many unexpected deletes are allowed"
    )
    parser.add_argument(
        "--processes", type=int, metavar="N", default=0, help="share houses among N; 1: this one alone"
    )
    parser.add_argument("--json", action="store_true", help="counts for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    for name in ("delete_limit", "processes"):
        if (getattr(args, name) or 0) < 0:
            raise InvalidInput(f"--{name.replace('_', '-')} is a number from 0 up.")
    began, whole = time.monotonic(), Order(dry_run=args.dry_run, now=args.now, delete_limit=args.delete_limit)
    if not args.json:
        doing = "Looking what would change on" if args.dry_run else "Publishing to"
        desk.say(f"{doing} {target_name(desk.settings)}")
    outcomes = None if args.property or args.stay else _nothing_to_do(desk, whole)
    if outcomes is None:
        outcomes = _published(args, desk, whole)
    seconds = time.monotonic() - began
    if args.json:
        counts = {name: sum(getattr(outcome, name) for outcome in outcomes) for name in COUNTS}
        errors = [str(outcome.error) for outcome in outcomes if outcome.error]
        target = target_name(desk.settings)
        desk.json({**counts, "seconds": round(seconds, 3), "target": target, "errors": errors})
    else:
        tell(desk, outcomes, dry_run=args.dry_run, seconds=seconds)
    return max((outcome.error.exit_code for outcome in outcomes if outcome.error), default=0)


def _nothing_to_do(desk: Desk, order: Order) -> list[Outcome] | None:
    """What a publish would answer that changes nothing, before anything is loaded that makes pages."""
    build = "" if order.dry_run or order.now else known_build(desk.settings)
    if not build:
        return None
    return standstill.everything(desk.database, desk.settings, order, at=clock.now(), build=build)


def _published(args: argparse.Namespace, desk: Desk, whole: Order) -> list[Outcome]:
    from generator.press import open_press

    press = open_press(desk.settings, most_kept=1)
    order = _narrowed(whole, press.database, args)
    with closing(press.database), desk.progress() as progress:
        return _patiently(press, order, progress, desk, processes=args.processes)


def _narrowed(whole: Order, database: Database, args: argparse.Namespace) -> Order:
    """The order for one property or one stay, when somebody names it."""
    only_property, only_stay = args.property, ""
    with database.read() as db:
        if args.property:
            find_property(db, args.property)
        if args.stay:
            stay = find_stay(db, args.stay)
            row = db.one("property_by_id", id=stay.property_id)
            only_property, only_stay = str(row["slug"]) if row else "", stay.id
    return msgspec.structs.replace(
        whole, only_property=only_property, only_stay=only_stay, from_files=not only_stay
    )


def _patiently(
    press: "Press", order: Order, progress: Progress, desk: Desk, *, processes: int
) -> list[Outcome]:
    """Publishes again while another publisher holds a lease; what was done stays counted."""
    from generator.publishing import publish

    until, done = time.monotonic() + PATIENCE_SECONDS, list[Outcome]()
    while True:
        outcomes = publish(press, order, at=clock.now(), progress=progress, processes=processes)
        held = [outcome for outcome in outcomes if isinstance(outcome.error, Stale)]
        if not held or time.monotonic() > until:
            return [*done, *outcomes]
        done += [_effects(outcome) for outcome in outcomes if outcome.uploaded or outcome.deleted]
        desk.warn(f"{held[0].error} Trying again for {max(0, int(until - time.monotonic()))} s.")
        time.sleep(2)


def _effects(outcome: Outcome) -> Outcome:
    """What an earlier try did, without what the next one counts again."""
    return msgspec.structs.replace(outcome, stays=0, pages=0, unchanged=0, problems=(), error=None)


# -- telling ---------------------------------------------------------------------------------------
def tell(desk: Desk, outcomes: Sequence[Outcome], *, dry_run: bool, seconds: float | None) -> None:
    """Reasons and mistakes first; the last line says what is true now."""
    for outcome in outcomes:
        _tell_reasons(desk, outcome)
        for problem in outcome.problems[:MOST_LINES]:
            desk.warn(f"  {problem}")
        if len(outcome.problems) > MOST_LINES:
            desk.warn(f"  and {len(outcome.problems) - MOST_LINES} more; `publish.py status` lists them.")
        if outcome.error:
            _tell_error(desk, outcome.slug, outcome.error)
    _tell_clock(desk, outcomes, dry_run=dry_run)
    pages = sum(outcome.uploaded for outcome in outcomes)
    same = sum(outcome.unchanged + outcome.rendered - outcome.uploaded for outcome in outcomes)
    gone = sum(outcome.deleted for outcome in outcomes)
    removed = f", {gone} removed" if gone else ""
    live = [outcome.slug for outcome in outcomes if outcome.slug and not outcome.error]
    took = "" if seconds is None else f" in {seconds:.1f} s"
    verb = "would be put" if dry_run else "put"
    ending = (
        "" if dry_run or not live else f" {', '.join(live[:5])} {'is' if len(live) == 1 else 'are'} live."
    )
    if not any(outcome.slug for outcome in outcomes):
        ending = " There is no property yet: `publish.py property add SLUG` makes one."
    desk.say(f"{pages} {verb}, {same} unchanged{removed}{took}.{ending}", style="bold")


def _tell_reasons(desk: Desk, outcome: Outcome) -> None:
    for why, count in Counter(outcome.reasons).most_common(MOST_LINES):
        things = "object" if count == 1 else "objects"
        name = outcome.slug or "site"
        desk.say(f"  {name}: {count} {things}: {why}")


def _tell_error(desk: Desk, slug: str, error: GuestLinkError) -> None:
    mistakes = getattr(error, "problems", None)
    if mistakes is None:
        desk.warn(f"  {slug}: {error}", style="red")
        return
    what = "mistake" if len(mistakes) == 1 else "mistakes"
    desk.warn(f"  {slug}: {len(mistakes)} {what} in the files:", style="red")
    for line in str(error).splitlines():
        desk.warn(f"    {line}", style="red")
    warning = "  Its texts stay as they were last published; mend the files and publish again."
    desk.warn(warning, style="")


def _tell_clock(desk: Desk, outcomes: Sequence[Outcome], *, dry_run: bool) -> None:
    ahead = [outcome.boundary for outcome in outcomes if outcome.boundary]
    if not ahead or dry_run:
        return
    with desk.database.read() as db:
        late = [
            item for item in rebuilds.waiting(db) if item.due_at and item.due_at < clock.as_text(clock.now())
        ]
    behind = f" {len(late)} changes are late now." if late else ""
    desk.say(
        f"  Pages change by themselves from {min(ahead):%d %b %H:%M} UTC on (phases, codes): "
        f"`publish.py work` must run.{behind}"
    )
