"""Objects that belong to no property: theme's files, worker, landing page, the page for what is not there."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from generator import ledger
from generator.effects import effects
from generator.files.host_content import Doorplate
from generator.ledger import SITE
from generator.orders import Order, Outcome, counted
from generator.parts.staff_app import manifests
from generator.parts.staff_pages import staff_worker
from generator.parts.worker import worker
from generator.plan import Put, Wanted, plan
from generator.press import Press
from generator.standstill import settled, shown_hash
from generator.targets import publishing_lock
from guestlink import catalogue, records
from guestlink.errors import GuestLinkError


def publish_assets(press: Press, order: Order, *, at: datetime) -> Outcome:
    """The theme's files and the workers, before any page that loads them. Errors are in the outcome."""
    with press.database.read() as db:
        before = ledger.load_publication(db, SITE, target=press.target.name)
        made_by = press.site.fingerprint
        is_whole = (before.fingerprint, before.files) == (made_by, settled(made_by))
        is_whole = is_whole and not ledger.unfinished(db, SITE, target=press.target.name)
        rows = db.all("page_counts", target=press.target.name, property_id=SITE) if is_whole else []
    if is_whole and not order.now:
        return Outcome(slug=SITE, unchanged=sum(row["pages"] for row in rows if row["kind"] == "asset"))
    return _told(lambda: _publish_assets(press, order, at=at))


def _publish_assets(press: Press, order: Order, *, at: datetime) -> Outcome:
    theme = press.theme
    files = {**theme.assets(), **worker(theme), **staff_worker(theme), **manifests(theme)}
    outcome = _publish_site(press, order, files, kind="asset", at=at)
    with press.database.read() as db:
        before = ledger.load_publication(db, SITE, target=press.target.name)
        paths = {
            row.path for row in ledger.live_objects(db, SITE, target=press.target.name) if row.kind == "asset"
        }
    if paths == files.keys() and before.files != settled(press.site.fingerprint) and not order.dry_run:
        with press.database.write() as tx:
            ledger.record_site(tx, msgspec.structs.replace(before, files=settled(press.site.fingerprint)))
    return outcome


def site_is_old(press: Press) -> bool:
    """True when another program or theme published the site last."""
    with press.database.read() as db:
        before = ledger.load_publication(db, SITE, target=press.target.name)
    return before.fingerprint != press.site.fingerprint


def renew_site(press: Press, *, at: datetime) -> Outcome:
    """Everything that belongs to no property, for a worker that runs newer code than the last publish."""
    outcome = publish_assets(press, Order(), at=at)
    return outcome if outcome.error else publish_shells(press, Order(), at=at)


def publish_shells(press: Press, order: Order, *, at: datetime) -> Outcome:
    """Landing page and 404, after the properties they name; made when something they show changed."""
    return _told(lambda: _publish_shells(press, order, at=at))


def _told(work: Callable[[], Outcome]) -> Outcome:
    try:
        return work()
    except GuestLinkError as error:
        return Outcome(slug=SITE, error=error)


def _publish_shells(press: Press, order: Order, *, at: datetime) -> Outcome:
    with press.database.read() as db:
        houses = sorted(records.properties(db), key=lambda house: house.slug)
        digest = shown_hash(db, houses)
        before = ledger.load_publication(db, SITE, target=press.target.name)
        unfinished = ledger.unfinished(db, SITE, target=press.target.name)
    if (before.content_hash, before.fingerprint) == (digest, press.site.fingerprint) and not unfinished:
        return Outcome(slug=SITE)
    with press.database.read() as db:
        kept = (catalogue.last_content(db, house) for house in houses)
        shown = [msgspec.json.decode(text, type=Doorplate) for text in kept if text]
    from generator.pelican_plugin import shells  # noqa: PLC0415 - Pelican, for whoever has shells to make

    outcome = _publish_site(press, order, shells(press.theme, shown), kind="shell", at=at)
    if not order.dry_run:
        with press.database.write() as tx:
            now = msgspec.structs.replace(before, content_hash=digest, fingerprint=press.site.fingerprint)
            ledger.record_site(tx, msgspec.structs.replace(now, published_at=at))
    return outcome


def _publish_site(
    press: Press, order: Order, files: Mapping[str, bytes], *, kind: str, at: datetime
) -> Outcome:
    """Puts objects that belong to no property."""
    wanted = [
        Wanted(path=path, kind=kind, source_hash=hashlib.sha256(body).hexdigest())
        for path, body in files.items()
    ]
    target = press.target.name
    with press.database.read() as db:
        live = [row for row in ledger.live_objects(db, SITE, target=target) if row.kind == kind]
    steps = plan(wanted, live, at=at, now=order.now)
    if kind == "asset" and not _all_current(press):
        steps = msgspec.structs.replace(steps, deletes=(), leaving=())
    if steps.empty or order.dry_run:
        return counted(Outcome(slug=SITE), steps, wanted)

    def bodies(puts: Sequence[Put]) -> list[bytes]:
        return [files[put.wanted.path] for put in puts]

    with (
        publishing_lock(press.target, SITE) as locked,
        ledger.lease(press.database, SITE, target=target, locked=locked) as held,
        effects(press, held, bodies=bodies, at=at) as doing,
    ):
        doing.put(steps.puts)
        doing.delete(steps.deletes)
        with doing.transaction() as tx:
            ledger.record_leaving(tx, held, steps.leaving, at=at)
            held.give_back(tx)
    return msgspec.structs.replace(counted(Outcome(slug=SITE), steps, wanted), uploaded=doing.uploaded)


def _all_current(press: Press) -> bool:
    """True when every property was last published by this very program and theme.

    Until then pages are live that load the old theme's files, and none of those may leave.
    """
    target = press.target.name
    with press.database.read() as db:
        made = {
            row["property_id"]: row["fingerprint"] for row in db.all("publications_of_target", target=target)
        }
        houses = [house.id for house in records.properties(db)]
    return all(made.get(house) == press.site.fingerprint for house in (SITE, *houses))
