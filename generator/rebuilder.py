"""The loop of the `work` process: claims rebuilds that are due and publishes what they ask for.

A phase that begins and a code that ends are rebuilds with a time, so a worker that is left running keeps
every page true, and one that slept catches up. It reads hosts' files only for a rebuild that says so:
other unpublished edits stay unpublished.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from generator.builds import working_mark
from generator.orders import Order, Outcome, Progress
from generator.press import Press
from generator.publishing import Ending, publish_property, send_invalidations
from generator.pulling import Pulls
from generator.site_objects import publish_shells, renew_site, site_is_old
from guestlink import clock, rebuilds, records
from guestlink.database import Writing
from guestlink.errors import ContentError, GuestLinkError
from guestlink.rebuilds import Rebuild
from guestlink.records import Property
from guestlink.settings import load_settings
from guestlink.wakeups import open_wakeups

IDLE_SECONDS: Final = 1.0
PULLING_SECONDS: Final = 0.05  # between two looks at a pull
KEEP_AFTER: Final = rebuilds.LEASE / 4
LONGEST_PULLING: Final = timedelta(days=1)  # nobody asked again: whoever wants it will
log = logging.getLogger("guestlink.rebuilder")


def run(press: Press, stop: threading.Event) -> bool:
    """Works until `stop` is set, or until what it works with has changed; True in the second case.

    A worker that went on with old settings, keys, theme or program would sign pages with a key that nobody
    trusts any more. It waits for a wake-up, at most a second of monotonic time, and compares with the clock,
    so that tests can step it.
    """
    if load_settings(Path(press.settings.home)) != press.settings:
        return True
    look_at = time.monotonic()
    with (
        closing(Pulls(press.settings.content_folder)) as pulls,
        closing(open_wakeups(press.database)) as wakeups,
    ):
        while not stop.is_set():
            try:
                due = _is_due(press, at=clock.now())
                if due or time.monotonic() >= look_at:
                    look_at = time.monotonic() + IDLE_SECONDS
                    if working_mark(press.settings) != press.mark:
                        return True
                worked = step(press, pulls, at=clock.now())
            except GuestLinkError as error:
                log.warning("work-paused reason=%s", type(error).__name__)
                stop.wait(IDLE_SECONDS)
            else:
                if not worked:
                    wakeups.wait(PULLING_SECONDS if pulls.rows else IDLE_SECONDS, stop)
    return False


def work_once(press: Press, *, at: datetime) -> int:
    """Publishes everything that is due at this instant, and waits for pulls; returns how many rebuilds were
    settled.
    """
    with closing(Pulls(press.settings.content_folder)) as pulls:
        settled = step(press, pulls, at=at)
        while pulls.rows:
            time.sleep(PULLING_SECONDS)
            settled += step(press, pulls, at=at)
    return settled


def step(press: Press, pulls: Pulls, *, at: datetime) -> int:
    """One round: what needs the records only goes first, since a code may end; what needs a pull waits for it
    beside the loop. Returns how many rebuilds were settled.

    After an upgrade the theme's files go first: no page is ever live before what it loads.
    """
    claimed = rebuilds.claim_due(press.database, at=at) if _is_due(press, at=at) else []
    if claimed and site_is_old(press):
        renewed = renew_site(press, at=at)
        if renewed.error:
            _record_failure(press, claimed, renewed.error, at=at)
            return len(claimed)
    plain = [rebuild for rebuild in claimed if not rebuild.source]
    for house, group in _by_property(press, plain):
        for stay_id, rows in _by_stay(group).items():
            _settle_from_records(press, house, stay_id, rows=rows, at=at)
    filed = [rebuild for rebuild in claimed if rebuild.source == "files"]
    _settle_from_files(press, filed, at=at)
    pulled = _settle_pulls(press, pulls, [rebuild for rebuild in claimed if rebuild.source == "git"], at=at)
    send_invalidations(press)
    return len(plain) + len(filed) + pulled


def _is_due(press: Press, *, at: datetime) -> bool:
    with press.database.read() as db:
        return rebuilds.is_due(db, at=at)


# -- from the records, from the files ----------------------------------------------------------------
def _settle_from_records(
    press: Press, house: Property, stay_id: str, *, rows: list[Rebuild], at: datetime
) -> None:
    """A publish that ends with the rebuilds that asked for it, in one transaction."""
    settled: list[Outcome] = []

    def ending(tx: Writing, outcome: Outcome) -> None:
        if outcome.error is None:
            _finish(tx, rows, in_words(outcome), at=at)
            settled.append(outcome)

    order = Order(only_property=house.slug, only_stay=stay_id, from_files=False)
    outcome = _published(press, house, order, rows=rows, at=at, ending=ending)
    if outcome.error or not settled:
        _record(press, rows, outcome, at=at)


def _settle_from_files(press: Press, rows: list[Rebuild], *, at: datetime, pulled: str = "") -> None:
    """What hosts wrote, and then the landing page that shows it."""
    if not rows:
        return
    outcomes = []
    for house, group in _by_property(press, rows):
        _keep(press, rows)
        order = Order(only_property=house.slug)
        outcomes.append((group, _published(press, house, order, rows=rows, at=at)))
    shells = publish_shells(press, Order(), at=at)
    for group, outcome in outcomes:
        _record(press, group, outcome if outcome.error else _with(outcome, shells), at=at, pulled=pulled)


def _with(outcome: Outcome, shells: Outcome) -> Outcome:
    return shells if shells.error else outcome


def _by_property(press: Press, claimed: list[Rebuild]) -> list[tuple[Property, list[Rebuild]]]:
    groups = defaultdict(list)
    for rebuild in claimed:
        groups[rebuild.property_id].append(rebuild)
    if not groups:
        return []
    with press.database.read() as db:
        return [(records.house_by_id(db, property_id), group) for property_id, group in groups.items()]


def _by_stay(group: list[Rebuild]) -> dict[str, list[Rebuild]]:
    """One publish of the whole property serves everybody when anybody asks for it."""
    if any(not rebuild.stay_id for rebuild in group):
        return {"": group}
    stays = defaultdict(list)
    for rebuild in group:
        stays[rebuild.stay_id].append(rebuild)
    return stays


def _published(
    press: Press,
    house: Property,
    order: Order,
    *,
    rows: Sequence[Rebuild],
    at: datetime,
    ending: Ending | None = None,
) -> Outcome:
    """What came of it; an error is in the outcome, since the loop must go on."""
    keeping = _keeping(press, rows, at=at)
    try:
        return publish_property(press, house, order, at=at, progress=keeping, ending=ending)
    except GuestLinkError as error:
        return Outcome(slug=house.slug, error=error)
    except Exception as error:
        defect = GuestLinkError(f"{type(error).__name__}: a defect of the program")
        defect.__cause__ = error
        return Outcome(slug=house.slug, error=defect)


def _keeping(press: Press, rows: Sequence[Rebuild], *, at: datetime) -> Progress:
    """Renews claims that were made at that instant, now and then while a publish goes on."""
    renew_at = at + KEEP_AFTER

    def keep(*_: object) -> None:
        nonlocal renew_at
        if clock.now() >= renew_at:
            renew_at = clock.now() + KEEP_AFTER
            _keep(press, rows)

    return keep


def _keep(press: Press, rows: Sequence[Rebuild]) -> None:
    """A claim whose renewal is lost in a power cut is due again the sooner."""
    with press.database.write(durable=False) as tx:
        rebuilds.renew(tx, rows, at=clock.now())


# -- after a pull ------------------------------------------------------------------------------------
def _settle_pulls(press: Press, pulls: Pulls, rows: list[Rebuild], *, at: datetime) -> int:
    _publish_records(press, rows, at=at)
    pulls.add(rows)
    if pulls.need_keeping():
        _keep(press, pulls.rows)
    pulled = pulls.turn()
    if pulled is None:
        return 0
    if pulled.error:
        long_ago = clock.as_text(at - LONGEST_PULLING)
        given_up = [rebuild for rebuild in pulled.rows if rebuild.asked_at < long_ago]
        _give_up(press, given_up, pulled.error, at=at)
        _record_failure(press, [row for row in pulled.rows if row not in given_up], pulled.error, at=at)
    else:
        _settle_from_files(press, pulled.rows, at=at, pulled=f"{pulled.words}: ")
    return len(pulled.rows)


def _publish_records(press: Press, rows: list[Rebuild], *, at: datetime) -> None:
    """What the records say waits for no pull: an ask for a changed code may have joined the one for files."""
    for house, group in _by_property(press, rows):
        order = Order(only_property=house.slug, from_files=False)
        outcome = _published(press, house, order, rows=group, at=at)
        if outcome.error:
            _log(group, outcome.error)


# -- on the rows -------------------------------------------------------------------------------------
def _record(press: Press, rows: list[Rebuild], outcome: Outcome, *, at: datetime, pulled: str = "") -> None:
    """A mistake in the files is told and left to who wrote it: they push, or ask, again."""
    error = outcome.error
    if error is None:
        with press.database.write() as tx:
            _finish(tx, rows, pulled + in_words(outcome), at=at)
    elif isinstance(error, ContentError) and all(rebuild.source for rebuild in rows):
        _give_up(press, rows, error, at=at, pulled=pulled)
    else:
        _record_failure(press, rows, error, at=at)


def _finish(tx: Writing, rows: Sequence[Rebuild], words: str, *, at: datetime) -> None:
    for rebuild in rows:
        rebuilds.finish(tx, rebuild, outcome=words, at=at)


def _give_up(
    press: Press, rows: list[Rebuild], error: GuestLinkError, *, at: datetime, pulled: str = ""
) -> None:
    _log(rows, error)
    with press.database.write() as tx:
        for rebuild in rows:
            rebuilds.give_up(tx, rebuild, outcome=f"{pulled}{error}", at=at)


def in_words(outcome: Outcome) -> str:
    return f"{outcome.uploaded} put, {outcome.deleted} deleted"


def _record_failure(press: Press, rows: list[Rebuild], error: GuestLinkError, *, at: datetime) -> None:
    """The widest rebuild of each property is tried again; what it covers needs no try of its own. A pull
    covers nothing but pulls: what is in its way must not hold back what the records say.
    """
    _log(rows, error)
    widest: dict[tuple[str, str], Rebuild] = {}
    with press.database.write() as tx:
        for rebuild in sorted(rows, key=lambda row: (row.property_id, row.source, row.stay_id)):
            other = widest.get((rebuild.property_id, rebuild.source))
            if other:
                rebuilds.join(tx, rebuild, other, at=at)
                continue
            if not rebuild.stay_id:
                widest[rebuild.property_id, rebuild.source] = rebuild
            rebuilds.fail(tx, rebuild, outcome=str(error), at=at)


def _log(rows: Sequence[Rebuild], error: GuestLinkError) -> None:
    reason = type(error.__cause__ or error).__name__
    for rebuild in rows[:1]:
        log.warning("rebuild-failed rebuild=%s reason=%s", rebuild.id, reason)
