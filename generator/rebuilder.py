"""The loop of the `work` process: claims rebuilds that are due and publishes what they ask for.

A phase that begins and a code that ends are rebuilds with a time, so a worker that is left running keeps
every page true, and one that slept catches up. It never reads hosts' files: unpublished edits stay
unpublished.
"""

import logging
import threading
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from generator.orders import Order, Outcome
from generator.press import Press, working_mark
from generator.publishing import publish_property, send_invalidations
from generator.site_objects import renew_site, site_is_old
from guestlink import clock, rebuilds, records
from guestlink.errors import GuestLinkError
from guestlink.rebuilds import Rebuild
from guestlink.records import Property
from guestlink.settings import load_settings

IDLE_SECONDS = 1.0
log = logging.getLogger("guestlink.rebuilder")


def run(press: Press, stop: threading.Event) -> bool:
    """Works until `stop` is set, or until what it works with has changed; True in the second case.

    A worker that went on with old settings, keys, theme or program would sign pages with a key that nobody
    trusts any more. It waits on monotonic time and compares with the clock, so that tests can step it.
    """
    if load_settings(Path(press.settings.home)) != press.settings:
        return True
    while not stop.is_set():
        if working_mark(press.settings) != press.mark:
            return True
        try:
            worked = work_once(press, at=clock.now())
        except GuestLinkError as error:
            log.warning("work-paused reason=%s", type(error).__name__)
            worked = 0
        if not worked:
            stop.wait(IDLE_SECONDS)
    return False


def work_once(press: Press, *, at: datetime) -> int:
    """Publishes everything that is due at this instant; returns how many rebuilds were settled.

    After an upgrade the theme's files go first: no page is ever live before what it loads.
    """
    claimed = rebuilds.claim_due(press.database, at=at)
    if claimed and site_is_old(press):
        renewed = renew_site(press, at=at)
        if renewed.error:
            _record_failure(press, claimed, str(renewed.error), at=at)
            return len(claimed)
    for house, group in _by_property(press, claimed):
        for stay_id, rows in _by_stay(group).items():
            _settle(press, house, rows, stay_id=stay_id, at=at)
    send_invalidations(press)
    return len(claimed)


def _by_property(press: Press, claimed: list[Rebuild]) -> list[tuple[Property, list[Rebuild]]]:
    groups = defaultdict(list)
    for rebuild in claimed:
        groups[rebuild.property_id].append(rebuild)
    with press.database.read() as db:
        known = {house.id: house for house in records.properties(db)}
    return [(known[property_id], group) for property_id, group in groups.items()]


def _by_stay(group: list[Rebuild]) -> dict[str, list[Rebuild]]:
    """One publish of the whole property serves everybody when anybody asks for it."""
    if any(not rebuild.stay_id for rebuild in group):
        return {"": group}
    stays = defaultdict(list)
    for rebuild in group:
        stays[rebuild.stay_id].append(rebuild)
    return stays


def _settle(press: Press, house: Property, rows: list[Rebuild], *, stay_id: str, at: datetime) -> None:
    order = Order(only_property=house.slug, only_stay=stay_id, from_files=False)

    def keep(what: str, done: int, total: int) -> None:
        with press.database.write() as tx:
            rebuilds.renew(tx, rows, at=clock.now())

    try:
        outcome = publish_property(press, house, order, at=at, progress=keep)
    except GuestLinkError as error:
        _record_failure(press, rows, str(error), at=at)
    except Exception as error:  # the loop must go on; the row tells what happened
        _record_failure(press, rows, f"{type(error).__name__}: a defect of the program", at=at)
    else:
        with press.database.write() as tx:
            for rebuild in rows:
                rebuilds.finish(tx, rebuild, outcome=in_words(outcome), at=at)


def in_words(outcome: Outcome) -> str:
    return f"{outcome.uploaded} put, {outcome.deleted} deleted"


def _record_failure(press: Press, rows: list[Rebuild], reason: str, *, at: datetime) -> None:
    """The widest rebuild of each property is tried again; what it covers needs no try of its own."""
    log.warning("rebuild-failed rebuild=%s", rows[0].id)
    seen: set[str] = set()
    with press.database.write() as tx:
        for rebuild in sorted(rows, key=lambda rebuild: (rebuild.property_id, rebuild.stay_id)):
            covered = rebuild.property_id in seen
            if not rebuild.stay_id:
                seen.add(rebuild.property_id)
            if covered:
                rebuilds.finish(tx, rebuild, outcome="tried again with another", at=at)
            else:
                rebuilds.fail(tx, rebuild, outcome=reason, at=at)
