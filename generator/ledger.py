"""The ledger of a target: what the records say is live there, and who may write to it just now.

Intent is recorded before an effect and the outcome after it; every entry is made under a lease with a fencing
number.
"""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from generator.plan import Delete, Live, Put
from guestlink import clock
from guestlink.database import Database, Reading, Row, Writing
from guestlink.errors import Stale

LEASE = timedelta(seconds=30)
SITE = ""
DOUBTED = "missing or altered on the target"


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """The last whole publish of one property to one target; `report` is JSON for `status`."""

    property_id: str
    target: str
    fence: int = 0
    content_hash: str = ""
    changes: int = -1
    fingerprint: str = ""
    next_boundary: datetime | None = None
    files: str = "{}"
    report: str = "[]"
    published_at: datetime | None = None


class Lease(msgspec.Struct, kw_only=True):
    """The right to write to one property's objects on one target, while its fence is the newest."""

    property_id: str
    target: str
    fence: int
    holder: str
    is_given_back: bool = False

    def renew(self, tx: Writing) -> None:
        """Stale when somebody else has taken over; called in every transaction of a publish."""
        until = clock.as_text(clock.now() + LEASE)
        if not tx.do("renew_lease", **self._name(), leased_until=until):
            raise Stale(
                "Another publisher has taken over.", hint="Nothing is lost: it publishes the same records."
            )

    def give_back(self, tx: Writing) -> None:
        """For the last transaction of a publish; without it the lease is given back by one of its own."""
        tx.do("release_lease", **self._name())
        self.is_given_back = True

    def _name(self) -> Row:
        names = {"property_id": self.property_id, "target": self.target}
        return {**names, "fence": self.fence, "holder": self.holder}


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A put that happened, or was not needed because the same bytes are live."""

    put: Put
    body_hash: str
    etag: str
    uploaded: bool


@contextmanager
def lease(database: Database, property_id: str, *, target: str, locked: bool) -> Iterator[Lease]:
    """Takes the lease, refuses while another publisher holds it, gives it back at the end.

    `locked` says that a lock of the system already keeps others away, so a lease of a dead publisher is taken
    over. Taking and giving back need not survive a power cut by themselves: a publisher does nothing before
    its first intent, which makes the lease durable with it, and a lease that was not given back ends.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{clock.new_id()[-6:]}"
    now = clock.now()
    with database.write(durable=False) as tx:
        tx.do("make_publication", property_id=property_id, target=target)
        taken = tx.one(
            "take_lease",
            property_id=property_id,
            target=target,
            holder=holder,
            leased_until=clock.as_text(now + LEASE),
            at=clock.as_text(now),
            locked="yes" if locked else "no",
        )
        if not taken:
            raise Stale("Another publish of this property is running.", hint="Wait until it is done.")
    held = Lease(property_id=property_id, target=target, fence=int(taken["fence"]), holder=holder)
    try:
        yield held
    except BaseException:
        held.is_given_back = False
        raise
    finally:
        if not held.is_given_back:
            with database.write(durable=False) as tx:
                held.give_back(tx)


def load_publication(db: Reading, property_id: str, *, target: str) -> Publication:
    row = db.one("publication", property_id=property_id, target=target)
    return msgspec.convert(row, Publication) if row else Publication(property_id=property_id, target=target)


def live_objects(db: Reading, property_id: str, *, target: str, only_stay: str = "") -> list[Live]:
    """What may be live: everything of a property, or of one stay."""
    if only_stay:
        rows = db.all("live_pages_of_stay", target=target, property_id=property_id, stay_id=only_stay)
    else:
        rows = db.all("live_pages", target=target, property_id=property_id)
    return [_live(row) for row in rows]


def live_assets(db: Reading, property_id: str, *, target: str) -> list[Live]:
    """What pages of a property may load: a publish of one stay looks at these and its own pages."""
    return [_live(row) for row in db.all("live_assets", target=target, property_id=property_id)]


def unfinished(db: Reading, property_id: str, *, target: str) -> bool:
    """True when a publish was cut off between an intent and its outcome."""
    row = db.one("unfinished_pages", target=target, property_id=property_id)
    return bool(row and row["pages"])


def record_publication(tx: Writing, held: Lease, publication: Publication) -> None:
    tx.do("record_publication", **_row(publication, fence=held.fence))


def record_site(tx: Writing, publication: Publication) -> None:
    tx.do("make_publication", property_id=publication.property_id, target=publication.target)
    fence = load_publication(tx, publication.property_id, target=publication.target).fence
    tx.do("record_publication", **_row(publication, fence=fence))


def _row(publication: Publication, *, fence: int) -> Row:
    row = msgspec.structs.asdict(msgspec.structs.replace(publication, fence=fence))
    for name in ("next_boundary", "published_at"):
        row[name] = clock.as_text(row[name]) if row[name] else None
    return row


# -- intent and outcome, in transactions that have renewed the lease ---------------------------------
def plan_puts(tx: Writing, held: Lease, puts: Sequence[Put], *, at: datetime) -> None:
    now = clock.as_text(at)
    rows = [
        {**_named(held, put), "source_hash": put.wanted.source_hash, "parts": "{}", "changed_at": now}
        for put in puts
    ]
    tx.do_many("plan_page", rows)


def record_puts(tx: Writing, held: Lease, done: Iterable[Done], *, at: datetime) -> None:
    now = clock.as_text(at)
    rows = [
        {
            **_named(held, item.put),
            "source_hash": item.put.wanted.source_hash,
            "body_hash": item.body_hash,
            "etag": item.etag,
            "parts": _parts_text(item.put),
            "changed_at": now,
        }
        for item in done
    ]
    tx.do_many("page_live", rows)


def plan_deletes(tx: Writing, held: Lease, deletes: Sequence[Delete], *, at: datetime) -> None:
    tx.do_many("plan_delete", [_delete_row(held, step, at) for step in deletes])


def record_deletes(tx: Writing, held: Lease, deletes: Sequence[Delete]) -> None:
    tx.do_many("page_gone", [{"target": held.target, "path": step.path} for step in deletes])


def record_leaving(tx: Writing, held: Lease, leaving: Sequence[Delete], *, at: datetime) -> None:
    tx.do_many("page_leaving", [_delete_row(held, step, at) for step in leaving])


def doubt_objects(tx: Writing, held: Lease, paths: Sequence[str]) -> set[str]:
    """Has the next publish put these anew; returns which of them the records know at all."""
    held.renew(tx)
    recorded = {row["path"] for row in tx.all("all_live_pages", target=held.target)}
    known = recorded.intersection(paths)
    tx.do_many(
        "doubt_page", [{"target": held.target, "path": path, "why": DOUBTED} for path in sorted(known)]
    )
    return known


def _delete_row(held: Lease, step: Delete, at: datetime) -> Row:
    return {"target": held.target, "path": step.path, "why": step.why, "changed_at": clock.as_text(at)}


def _named(held: Lease, put: Put) -> Row:
    return {
        "target": held.target,
        "path": put.wanted.path,
        "property_id": held.property_id,
        "stay_id": put.wanted.stay_id,
        "kind": put.wanted.kind,
        "why": put.why,
    }


# -- parts, by which a change is told in words -----------------------------------------------------
class _Parts(msgspec.Struct):
    parts: dict[str, str] = {}
    shown: dict[str, int] = {}


def _parts_text(put: Put) -> str:
    return msgspec.json.encode(
        _Parts(dict(put.wanted.parts), dict(put.wanted.shown)), order="sorted"
    ).decode()


def _live(row: Row) -> Live:
    kept = msgspec.json.decode(row["parts"], type=_Parts)
    return Live(
        path=row["path"],
        kind=row["kind"],
        source_hash=row["source_hash"],
        body_hash=row["body_hash"],
        etag=row["etag"],
        stay_id=row["stay_id"],
        state=row["state"],
        parts=kept.parts,
        shown=kept.shown,
        changed_at=clock.from_text(row["changed_at"]),
    )
