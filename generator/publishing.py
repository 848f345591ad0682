"""The publish journey, top-down: compose -> plan -> put -> record -> invalidate -> sweep.

Every step may be repeated: a row is `planned` before its put and `live` after it, and a crash is repaired by
running again. The records, not the target, say what is live; only `verify` lists the target.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from generator import ledger, readings, standstill
from generator.effects import Bodies, Effects, effects
from generator.files.host_content import HostContent
from generator.ledger import Lease, Publication
from generator.orders import Order, Outcome, Progress, Told, counted, silent
from generator.pages import Page, compose, next_boundary
from generator.plan import GRACE, Plan, Put, Wanted, check_delete_limit, plan
from generator.press import Press, Reading
from generator.pressroom import Pressroom
from generator.rendering import Blocks
from generator.sealing import Marks, Sealing
from generator.site_objects import publish_assets, publish_shells
from generator.targets import invalidate, publishing_lock
from generator.views import Opener, stay_views
from guestlink import catalogue, clock, rebuilds, records
from guestlink.database import Writing
from guestlink.errors import GuestLinkError, told
from guestlink.language import LANGUAGES
from guestlink.records import Property

MOST_NAMES = 3
Ending = Callable[[Writing, Outcome], None]


def publish(
    press: Press, order: Order, *, at: datetime, progress: Progress = silent, processes: int = 1
) -> list[Outcome]:
    """Makes the target show what records and content say; one property's error does not stop the others.
    Houses are shared among so many `processes`; 0: as many as are worth it.
    """
    houses = _houses(press, order)
    quiet = _quiet(press, houses, order, at)
    busy = [house for house in houses if house.slug not in quiet]
    with Pressroom(press, order, busy, at=at, processes=processes) as room:
        outcomes = [publish_assets(press, order, at=at)]
        if outcomes[0].error:
            return outcomes
        found = room.share(lambda house: published(press, house, order, at=at, progress=progress), progress)
    outcomes += [found.get(house.slug) or quiet[house.slug] for house in houses]
    if not order.only_stay:
        outcomes.append(publish_shells(press, order, at=at))
    if not order.dry_run:
        try:
            send_invalidations(press)
        except GuestLinkError as error:
            outcomes.append(Outcome(slug="", error=error))
    return outcomes


def published(
    press: Press, house: Property, order: Order, *, at: datetime, progress: Progress = silent
) -> Outcome:
    """What came of one property; an error is in the outcome."""
    try:
        return publish_property(press, house, order, at=at, progress=progress)
    except GuestLinkError as error:
        return Outcome(slug=house.slug, error=error)
    except Exception as error:  # one property's defect must not hold the others' codes back
        if os.environ.get("GUESTLINK_DEBUG"):
            raise
        return Outcome(slug=house.slug, error=_defect(error))


def _defect(error: Exception) -> GuestLinkError:
    mend = "Set GUESTLINK_DEBUG=1 and run `publish.py publish` to see where, and tell us."
    return GuestLinkError(f"This is a defect of Guest Link: {type(error).__name__}.", hint=mend)


def publish_property(
    press: Press,
    house: Property,
    order: Order,
    *,
    at: datetime,
    progress: Progress = silent,
    ending: Ending | None = None,
) -> Outcome:
    """One property, or one of its stays; skipped without a request when nothing that reaches a page has
    changed.

    `ending` settles, in the last transaction, what durably asks for this publish: then that transaction may
    be lost in a power cut, and what asked is due again. It is not called when there was nothing to do.
    """
    if not order.only_stay and _is_current(press, house, order, at):
        return _unchanged(press, house)
    if order.dry_run:
        wanted, steps, outcome, _ = _prepared(press, house, order, at)
        return counted(outcome, steps, wanted)
    progress = _titled(progress, house.slug)
    early = _encoded_first(press, house, order, at=at, progress=progress)
    with (
        publishing_lock(press.target, house.slug) as locked,
        ledger.lease(press.database, house.id, target=press.target.name, locked=locked) as held,
    ):
        wanted, steps, outcome, work = _prepared(press, house, order, at, early=early)
        check_delete_limit(steps, live=work.live, limit=order.delete_limit)
        _forget_blocks(press, house, order, wanted=wanted, steps=steps)
        _ask_invalidation(press, held, steps.invalidations, at=at)
        with effects(press, held, bodies=work.bodies, at=at) as doing:
            doing.put(steps.closing)
            doing.delete(steps.revocations)
            doing.put(steps.puts, progress=progress)
            doing.delete(steps.deletes)
            outcome = counted(outcome, steps, wanted)
            outcome = msgspec.structs.replace(outcome, rendered=doing.rendered, uploaded=doing.uploaded)
            _record(press, doing, work, steps, outcome=outcome, order=order, ending=ending, at=at)
    return outcome


# -- compose and plan ------------------------------------------------------------------------------
class Work(msgspec.Struct, kw_only=True):
    """What one property's publish knows after composing: everything that recording needs later."""

    house: Property
    reading: Reading
    before: Publication
    boundaries: dict[str, datetime]
    bodies: Bodies
    live: int
    old_assets: bool


def _prepared(
    press: Press, house: Property, order: Order, at: datetime, *, early: Reading | None = None
) -> tuple[list[Wanted], Plan, Outcome, Work]:
    reading = early if early and _holds(press, house, early) else None
    reading = reading or press.content(house, from_files=order.from_files, at=at)
    content = reading.content
    with press.database.read() as db:
        house = records.find_property(db, house.slug)
        before = ledger.load_publication(db, house.id, target=press.target.name)
        views = stay_views(db, house, at=at, only_stay=order.only_stay)
        live = ledger.live_objects(db, house.id, target=press.target.name, only_stay=order.only_stay)
        assets = ledger.live_assets(db, house.id, target=press.target.name) if order.only_stay else []
    pages: list[Page] = []
    boundaries: dict[str, datetime] = {}
    for view in views:
        pages += compose(view, content, press.site, at=at)
        if due := next_boundary(view, content, at=at):
            boundaries[view.stay.id] = min(due, boundaries.get(view.stay.id, due))
    sheets = _sheets(press, house, content, pages)
    wanted = [*map(_wanted, pages), *_pictures(content), *map(_asset, sheets)]
    if order.only_stay:
        paths = {item.path for item in wanted}
        live += [row for row in assets if row.path in paths]
    steps = plan(wanted, live, at=at, edited=_edited(before, reading.files), now=order.now)
    work = Work(
        house=house,
        reading=reading,
        before=before,
        boundaries=boundaries,
        bodies=_bodies(press, house, content, pages=pages, sheets=sheets),
        live=len(live),
        old_assets=any(row.kind == "asset" and not row.source_hash for row in live),
    )
    problems = [told(problem) for problem in content.problems]
    outcome = Outcome(
        slug=house.slug,
        stays=len({view.stay.id for view in views}),
        boundary=min(boundaries.values(), default=None),
        problems=tuple(problems),
        error=reading.mistakes,
    )
    return wanted, steps, outcome, work


def _encoded_first(
    press: Press, house: Property, order: Order, *, at: datetime, progress: Progress
) -> Reading | None:
    """The files, read before the lock: new photographs take minutes, and nobody else has to wait for them."""
    return press.content(house, from_files=True, at=at, progress=progress) if order.from_files else None


def _holds(press: Press, house: Property, early: Reading) -> bool:
    """Whether neither files nor records have changed while this publish waited for its turn."""
    with press.database.read() as db:
        changes = records.find_property(db, house.slug).changes
    return changes == house.changes and early.content.digest == press.files_digest(house)


def _wanted(page: Page) -> Wanted:
    shown = {f"{w.secret_id}:{w.version}": int(w.ends.timestamp()) for w in page.shown}
    return Wanted(
        path=page.path,
        kind=page.kind,
        source_hash=page.source_hash,
        stay_id=page.view.stay.id,
        parts=page.parts,
        shown=shown,
    )


def _pictures(content: HostContent) -> list[Wanted]:
    return [
        Wanted(path=file.path, kind="asset", source_hash=picture.digest)
        for picture in content.pictures.values()
        for file in picture.files
    ]


def _sheets(
    press: Press, house: Property, content: HostContent, pages: Iterable[Page]
) -> Mapping[str, bytes]:
    """Path -> bytes of what pages load once they are open, in each language that a page has."""
    renderer = press.renderer(house, content)
    return dict(renderer.sheet(tag) for tag in sorted({p.language for p in pages if p.kind == "welcome"}))


def _asset(path: str) -> Wanted:
    """An asset whose name says its bytes."""
    return Wanted(path=path, kind="asset", source_hash=hashlib.sha256(path.encode()).hexdigest())


def _edited(before: Publication, files: Mapping[str, str]) -> str:
    """The files that changed since the last publish, in words: `wifi.en.md edited`."""
    known: dict[str, str] = msgspec.json.decode(before.files)
    names = sorted(path for path in known.keys() | files.keys() if known.get(path) != files.get(path))
    if not names or not known or not files:
        return ""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{', '.join(names[:MOST_NAMES])}{more} edited"


def _bodies(
    press: Press,
    house: Property,
    content: HostContent,
    *,
    pages: Sequence[Page],
    sheets: Mapping[str, bytes],
) -> Bodies:
    """What yields the bytes of puts: pages are rendered and pictures read only when they are really put."""
    by_path = {page.path: page for page in pages}
    pictures = {file.path: picture for picture in content.pictures.values() for file in picture.files}
    renderer = press.renderer(house, content)
    sealing = _sealing(press, house, content)

    def body(path: str, blocks: Mapping[str, Blocks]) -> bytes:
        page, sheet = by_path.get(path), sheets.get(path)
        if sheet is not None:
            return sheet
        if page is None:
            return press.darkroom.body(pictures[path], path)
        if page.kind == "gate":
            return renderer.gate(page, sealing.query(page))
        return renderer.page(page, blocks[path])

    def bodies(puts: Sequence[Put]) -> Iterator[bytes]:
        paths = [put.wanted.path for put in puts]
        welcome = [by_path[path] for path in paths if path in by_path and by_path[path].kind == "welcome"]
        blocks = sealing.blocks(welcome)
        yield from (body(path, blocks) for path in paths)

    return bodies


def _sealing(press: Press, house: Property, content: HostContent) -> Sealing:
    return Sealing(
        press.renderer(house, content),
        Opener(press.ring, public_url=press.site.public_url, key_id=press.site.key_id),
        marks=Marks(content, press.site, key=press.ring.derived("guestlink marks of blocks v1")),
        kept=press.kept_blocks(house),
    )


def _forget_blocks(
    press: Press, house: Property, order: Order, *, wanted: Iterable[Wanted], steps: Plan
) -> None:
    """What was kept of pages that go leaves before them: a crash between repeats both."""
    kept = press.kept_blocks(house)
    if order.only_stay:
        kept.forget([step.path for step in (*steps.revocations, *steps.deletes)])
    else:
        kept.keep_only([item.path for item in wanted if item.kind == "welcome"])


# -- record and invalidate -------------------------------------------------------------------------
def _record(
    press: Press,
    doing: Effects,
    work: Work,
    steps: Plan,
    *,
    outcome: Outcome,
    order: Order,
    ending: Ending | None,
    at: datetime,
) -> None:
    """One transaction says all that became true: what left, what the edge may read, what comes next."""
    house, held = work.house, doing.held
    is_read = work.reading.from_files and not work.reading.is_known and not order.only_stay
    entries = _catalogue(press, house, work.reading) if is_read else []
    due = [*work.boundaries.values(), *([at + GRACE] if steps.leaving or work.old_assets else [])]
    with doing.transaction(durable=ending is None) as tx:
        ledger.record_leaving(tx, held, steps.leaving, at=at)
        tx.do("ask_planned_invalidations", target=held.target, property_id=held.property_id)
        if due:
            rebuilds.ask(
                tx, house, why="a phase or a code changes", at=at, stay_id=order.only_stay, due_at=min(due)
            )
        if entries:
            catalogue.remember(tx, house, entries)
        if not order.only_stay:
            known = tx.one("lock_property", id=house.id)
            if known and known["changes"] == house.changes:
                tx.do("drop_covered_rebuilds", property_id=house.id, at=clock.as_text(at))
            publication = _publication(press, work, boundary=min(due, default=None), at=at)
            ledger.record_publication(tx, held, publication)
        if ending:
            ending(tx, outcome)
        held.give_back(tx)


def _publication(press: Press, work: Work, *, boundary: datetime | None, at: datetime) -> Publication:
    content, mistakes = work.reading.content, work.reading.mistakes
    fresh = work.reading.from_files
    lines = [Told(p.kind, p.path, p.line, p.message, p.hint) for p in content.problems]
    lines += [Told("error", p.path, p.line, p.message, p.hint) for p in getattr(mistakes, "problems", [])]
    return msgspec.structs.replace(
        work.before,
        content_hash=content.digest if fresh else "" if mistakes else work.before.content_hash,
        changes=work.house.changes,
        fingerprint=press.site.fingerprint,
        next_boundary=boundary,
        files=msgspec.json.encode(work.reading.files, order="sorted").decode()
        if fresh
        else work.before.files,
        report=msgspec.json.encode(lines).decode(),
        published_at=at,
    )


def _catalogue(press: Press, house: Property, reading: Reading) -> list[catalogue.Entry]:
    """What the edge needs of the files and of the theme, and the whole content for rebuilds without files."""
    content = reading.content
    kinds: Mapping[str, Mapping[str, Mapping[str, msgspec.Struct]]] = {
        "section": content.sections,
        "service": content.services,
        "place": content.places,
        "notice": content.notices,
        "journey": content.letters,
        "answer": content.answers,
    }
    renderer = press.renderer(house, content)
    every = [
        *(
            (tag, kind, key, entry)
            for kind, named in kinds.items()
            for key, versions in named.items()
            for tag, entry in versions.items()
        ),
        *((tag, "mail", "frame", renderer.letterhead(tag)) for tag in LANGUAGES),
        ("", catalogue.LAST_CONTENT, "", content),
    ]
    rows = [
        catalogue.Entry(language=tag, kind=kind, key=key, body=msgspec.json.encode(entry).decode())
        for tag, kind, key, entry in every
    ]
    return [*rows, readings.entry(reading.kept)] if reading.kept else rows


def _ask_invalidation(press: Press, held: Lease, paths: Sequence[str], *, at: datetime) -> None:
    """Recorded before the first put: were it recorded after, a crash between would leave old copies on the
    CDN.
    """
    if not paths or not press.target.distribution:
        return
    with press.database.write() as tx:
        held.renew(tx)
        tx.do(
            "add_invalidation",
            id=clock.new_id(),
            target=press.target.name,
            property_id=held.property_id,
            paths=msgspec.json.encode(list(paths)).decode(),
            why="a code or a link was withdrawn",
            asked_at=clock.as_text(at),
        )


def send_invalidations(press: Press) -> int:
    """Sends what was asked for; the row's id is the CallerReference, so a repetition is the same
    invalidation.
    """
    with press.database.read() as db:
        rows = db.all("asked_invalidations", target=press.target.name)
    sent = 0
    for row in rows:
        sent += invalidate(press.target, msgspec.json.decode(row["paths"]), reference=row["id"])
        with press.database.write() as tx:
            tx.do("invalidation_sent", id=row["id"], sent_at=clock.as_text(clock.now()))
    return sent


# -- skipping --------------------------------------------------------------------------------------
def _is_current(press: Press, house: Property, order: Order, at: datetime) -> bool:
    """True when content, records, program and time are what they were at the last publish to this target."""
    with press.database.read() as db:
        before = ledger.load_publication(db, house.id, target=press.target.name)
        unfinished = ledger.unfinished(db, house.id, target=press.target.name)
    is_same = standstill.is_current(before, house, at, made_by=press.site.fingerprint)
    if unfinished or order.now or not is_same:
        return False
    return not order.from_files or before.content_hash == press.files_digest(house)


def _quiet(press: Press, houses: Sequence[Property], order: Order, at: datetime) -> Mapping[str, Outcome]:
    """By its slug what came of each house that has nothing to do. Where stamps cannot tell, files do."""
    if order.only_stay:
        return {}
    found = standstill.quiet(press, houses, order, at=at)
    seen = [house for house in houses if house.slug in found or _is_surely_current(press, house, order, at)]
    return {house.slug: found.get(house.slug) or _unchanged(press, house) for house in seen}


def _is_surely_current(press: Press, house: Property, order: Order, at: datetime) -> bool:
    """False, too, when that cannot be told: publishing the property tells why."""
    try:
        return _is_current(press, house, order, at)
    except (GuestLinkError, OSError):
        return False


def _unchanged(press: Press, house: Property) -> Outcome:
    with press.database.read() as db:
        rows = db.all("page_counts", target=press.target.name, property_id=house.id)
        before = ledger.load_publication(db, house.id, target=press.target.name)
    counts = {(row["kind"], row["state"]): int(row["pages"]) for row in rows}
    return standstill.unchanged(house, before, counts)


def _houses(press: Press, order: Order) -> list[Property]:
    with press.database.read() as db:
        return (
            [records.find_property(db, order.only_property)]
            if order.only_property
            else records.properties(db)
        )


def _titled(progress: Progress, slug: str) -> Progress:
    return lambda what, done, total: progress(f"{slug}: {what}", done, total)
