"""What need not be published: asked of records and of stamps of files, for all houses in a few queries.

It imports nothing that makes pages, so that a publish that changes nothing is over at once. What it cannot
tell it leaves to `publishing`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from generator import readings
from generator.builds import fingerprint
from generator.ledger import SITE, Publication
from generator.orders import Order, Outcome, Told
from guestlink import catalogue, records
from guestlink.database import Database, Reading
from guestlink.errors import told
from guestlink.records import Property
from guestlink.settings import Settings, target_name

if TYPE_CHECKING:
    from generator.press import Press

Counts = Mapping[tuple[str, str], int]  # kind and state of objects -> how many there are


def everything(
    database: Database, settings: Settings, order: Order, *, at: datetime, build: str
) -> list[Outcome] | None:
    """What a whole publish by this build would answer that has nothing to do; None when there may be
    something.
    """
    made_by = fingerprint(settings, build)
    with database.read() as db:
        houses, scene = records.properties(db), _Scene.of(db, settings, made_by)
        found = scene.quiet(db, houses, order, at=at)
        is_quiet = len(found) == len(houses) and scene.site_is_current(db, houses)
        if not is_quiet or db.all("asked_invalidations", target=scene.target):
            return None
    assets = Outcome(slug=SITE, unchanged=_of_kind(scene.counts[SITE], "asset"))
    return [assets, *(found[house.slug] for house in houses), Outcome(slug=SITE)]


def quiet(press: "Press", houses: Sequence[Property], order: Order, *, at: datetime) -> dict[str, Outcome]:
    """By its slug what a publish answers of each house that has surely nothing to do; the others may have."""
    if order.only_stay or order.now:
        return {}
    with press.database.read() as db:
        return _Scene.of(db, press.settings, press.site.fingerprint).quiet(db, houses, order, at=at)


class _Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What the records say of a target: the last publish and the objects of each house."""

    settings: Settings
    target: str
    made_by: str
    published: dict[str, Publication]
    counts: dict[str, dict[tuple[str, str], int]]

    @staticmethod
    def of(db: Reading, settings: Settings, made_by: str) -> "_Scene":
        target = target_name(settings)
        rows = db.all("publications_of_target", target=target)
        counts: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        for row in db.all("page_counts_of_target", target=target):
            counts[row["property_id"]][row["kind"], row["state"]] = int(row["pages"])
        published = {row["property_id"]: msgspec.convert(row, Publication) for row in rows}
        return _Scene(settings=settings, target=target, made_by=made_by, published=published, counts=counts)

    def quiet(
        self, db: Reading, houses: Sequence[Property], order: Order, *, at: datetime
    ) -> dict[str, Outcome]:
        kept = readings.load_all(db) if order.from_files else {}
        found = {}
        for house in houses:
            before, counts = self.published.get(house.id), self.counts[house.id]
            if before is None or _unfinished(counts):
                continue
            if not is_current(before, house, at, made_by=self.made_by):
                continue
            if not order.from_files or self._has_same_files(house, before, kept.get(house.id)):
                found[house.slug] = unchanged(house, before, counts)
        return found

    def site_is_current(self, db: Reading, houses: Sequence[Property]) -> bool:
        """Whether the theme's files, the workers and the shells are those of this build."""
        before = self.published.get(SITE)
        if before is None or _unfinished(self.counts[SITE]):
            return False
        is_ours = (before.fingerprint, before.files) == (self.made_by, settled(self.made_by))
        return is_ours and before.content_hash == shown_hash(db, houses)

    def _has_same_files(self, house: Property, before: Publication, kept: readings.Kept | None) -> bool:
        """Whether the files are those of the last publish, by their stamp alone."""
        if kept is None or not kept.files.stamp or kept.files.digest != before.content_hash:
            return False
        return readings.stamp_of(self.settings.content_folder / house.slug) == kept.files.stamp


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


def settled(made_by: str) -> str:
    """What the records say of a target that has the files of this program and theme and no others."""
    return msgspec.json.encode({"settled": made_by}).decode()


def shown_hash(db: Reading, houses: Sequence[Property]) -> str:
    """A hash of what the pages that belong to no property show."""
    hashes = catalogue.content_hashes(db)
    known = [(house.slug, hashes.get(house.id, "")) for house in sorted(houses, key=lambda house: house.slug)]
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _unfinished(counts: Counts) -> bool:
    return any(state == "planned" for _, state in counts)


def _of_kind(counts: Counts, kind: str) -> int:
    return sum(many for (each, _), many in counts.items() if each == kind)
