"""The loop of the `work` process: claims rebuilds that are due and publishes what they ask for.

A phase that begins and a code that ends are rebuilds with a time, so a worker that is left running keeps
every page true, and one that slept catches up. It never reads hosts' files: unpublished edits stay
unpublished.
"""

import logging
import threading
from collections import defaultdict
from datetime import datetime

from generator.orders import Order, Outcome
from generator.press import Press
from generator.publishing import publish_property, send_invalidations
from guestlink import clock, rebuilds, records
from guestlink.errors import GuestLinkError
from guestlink.rebuilds import Rebuild
from guestlink.records import Property

IDLE_SECONDS = 1.0
log = logging.getLogger("guestlink.rebuilder")


def run(press: Press, stop: threading.Event) -> None:
    """Works until `stop` is set. Waits on monotonic time and compares with the clock, so that tests can step
    it.
    """
    while not stop.is_set():
        try:
            worked = work_once(press, at=clock.now())
        except GuestLinkError as error:
            log.warning("work-paused reason=%s", type(error).__name__)
            worked = 0
        if not worked:
            stop.wait(IDLE_SECONDS)


def work_once(press: Press, *, at: datetime) -> int:
    """Publishes everything that is due at this instant; returns how many rebuilds were settled."""
    claimed = rebuilds.claim_due(press.database, at=at)
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
    try:
        outcome = publish_property(press, house, order, at=at)
    except GuestLinkError as error:
        _record_failure(press, rows, str(error), retry=error.retry, at=at)
    except Exception as error:  # the loop must go on; the row tells what happened
        _record_failure(press, rows, f"{type(error).__name__}: a defect of the program", retry=True, at=at)
    else:
        with press.database.write() as tx:
            for rebuild in rows:
                rebuilds.finish(tx, rebuild, outcome=in_words(outcome), at=at)


def in_words(outcome: Outcome) -> str:
    return f"{outcome.uploaded} put, {outcome.deleted} deleted"


def _record_failure(press: Press, rows: list[Rebuild], reason: str, *, retry: bool, at: datetime) -> None:
    widest, *others = sorted(rows, key=lambda rebuild: rebuild.stay_id)
    log.warning("rebuild-failed rebuild=%s retry=%s", widest.id, retry)
    with press.database.write() as tx:
        rebuilds.fail(tx, widest, outcome=reason, at=at, retry=retry)
        for rebuild in others:
            rebuilds.finish(tx, rebuild, outcome="tried again with another", at=at)
