"""What need not be published: asked of the records and of the stamps of files, for all houses in a few queries.

It imports nothing that makes pages, so that a publish that changes nothing is over at once. What it cannot
tell it leaves to `publishing`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from generator import builds, readings
from generator.files.stamps import below, stamp
from generator.ledger import SITE, Publication
from generator.orders import Order, Outcome, Told
from guestlink import catalogue, records
from guestlink.database import Database, Reading, open_database
from guestlink.errors import told
from guestlink.records import Property
from guestlink.settings import Settings, target_name

Counts = Mapping[tuple[str, str], int]  # kind and state of objects -> how many there are


def everything(settings: Settings, order: Order, *, at: datetime) -> list[Outcome] | None:
    """What a whole publish would answer that has nothing to do; None when there may be something."""
    file = settings.database_url.removeprefix("sqlite:///")
    is_there = file == settings.database_url or settings.path(file).exists()
    if order.only_stay or order.only_property or order.dry_run or order.now or not is_there:
        return None
    build = builds.known_build(settings)
    if not build:
        return None
    database = open_database(settings.database_url, home=settings.path(""))
    try:
        with database.read() as db:
            return _everything(db, settings, fingerprint(settings, build), order, at)
    finally:
        database.close()


def _everything(
    db: Reading, settings: Settings, made_by: str, order: Order, at: datetime
) -> list[Outcome] | None:
    target, houses = target_name(settings), records.properties(db)
    found = _quiet(db, settings, houses, order, at=at, made_by=made_by)
    before, counts = _publications(db, target).get(SITE), _counts(db, target)[SITE]
    is_whole = before and (before.fingerprint, before.files) == (made_by, settled(made_by))
    is_same = before and before.content_hash == shown_hash(db, houses)
    if len(found) < len(houses) or not is_whole or not is_same or _unfinished(counts):
        return None
    if db.all("asked_invalidations", target=target):
        return None
    return [unchanged_site(counts), *(found[house.slug] for house in houses), Outcome(slug=SITE)]


def quiet(
    database: Database, settings: Settings, houses: Sequence[Property], order: Order, *, at: datetime, made_by: str
) -> dict[str, Outcome]:
    """By its slug what a publish answers of each house that has surely nothing to do; the others may have."""
    if order.only_stay or order.now:
        return {}
    with database.read() as db:
        return _quiet(db, settings, houses, order, at=at, made_by=made_by)


def _quiet(
    db: Reading, settings: Settings, houses: Sequence[Property], order: Order, *, at: datetime, made_by: str
) -> dict[str, Outcome]:
    target = target_name(settings)
    published, counts = _publications(db, target), _counts(db, target)
    kept = readings.load_all(db) if order.from_files else {}
    found = {}
    for house in houses:
        before = published.get(house.id)
        if before is None or _unfinished(counts[house.id]) or not is_current(before, house, at, made_by=made_by):
            continue
        if order.from_files and not _has_same_files(before, kept.get(house.id), settings, house):
            continue
        found[house.slug] = unchanged(house, before, counts[house.id])
    return found


def is_current(before: Publication, house: Property, at: datetime, *, made_by: str) -> bool:
    """Whether records, program and time are what they were at the last publish; of files it knows nothing."""
    is_due = before.next_boundary is not None and before.next_boundary <= at
    return (before.changes, before.fingerprint) == (house.changes, made_by) and not is_due


def unchanged(house: Property, before: Publication, counts: Counts) -> Outcome:
    """What is told of a house that has nothing to do."""
    lines = msgspec.json.decode(before.report, type=list[Told])
    return Outcome(
        slug=house.slug,
        pages=_of_kind(counts, "welcome"),
        unchanged=sum(counts.values()),
        stays=_of_kind(counts, "gate"),
        boundary=before.next_boundary,
        problems=tuple(told(item) for item in lines),
    )


def unchanged_site(counts: Counts) -> Outcome:
    """The same of the theme's files and the workers."""
    return Outcome(slug=SITE, unchanged=_of_kind(counts, "asset"))


def fingerprint(settings: Settings, build: str) -> str:
    """Everything but records and content that reaches a page."""
    return f"{build}:{settings.signing_key_id}:{settings.public_url}:{settings.page_languages}"


def settled(made_by: str) -> str:
    """What the records say of a target that has the files of this program and theme and no others."""
    return msgspec.json.encode({"settled": made_by}).decode()


def shown_hash(db: Reading, houses: Sequence[Property]) -> str:
    """A hash of what the pages that belong to no property show."""
    hashes = catalogue.content_hashes(db)
    known = [(house.slug, hashes.get(house.id, "")) for house in sorted(houses, key=lambda house: house.slug)]
    return hashlib.sha256(repr(known).encode()).hexdigest()


# -- records and stamps ----------------------------------------------------------------------------
def _publications(db: Reading, target: str) -> dict[str, Publication]:
    rows = db.all("publications_of_target", target=target)
    return {row["property_id"]: msgspec.convert(row, Publication) for row in rows}


def _counts(db: Reading, target: str) -> dict[str, dict[tuple[str, str], int]]:
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for row in db.all("page_counts_of_target", target=target):
        found[row["property_id"]][row["kind"], row["state"]] = int(row["pages"])
    return found


def _unfinished(counts: Counts) -> bool:
    return any(state == "planned" for _, state in counts)


def _of_kind(counts: Counts, kind: str) -> int:
    return sum(many for (each, _), many in counts.items() if each == kind)


def _has_same_files(
    before: Publication, kept: readings.Kept | None, settings: Settings, house: Property
) -> bool:
    """Whether the files are those of the last publish, by their stamp alone."""
    if kept is None or not kept.files.stamp:
        return False
    now = stamp(below(str(settings.content_folder / house.slug)))
    return now == kept.files.stamp and kept.files.digest == before.content_hash
