"""The rebuild queue: who asked for which property's or stay's pages to be made again, why, and from when on.

It never publishes; the rebuilder claims what is due here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from guestlink import clock
from guestlink.database import Database, Reading, Writing
from guestlink.errors import NotFound
from guestlink.records import Property

Source = Literal["", "files", "git"]  # of texts: as last published, the files, the files after a pull
AS_SOON_AS_POSSIBLE = ""
LEASE = timedelta(seconds=45)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=1)
KEPT = timedelta(days=7)
LONGEST_OUTCOME: Final = 4_000  # characters


class Rebuild(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `state` is waiting (again and again, while it fails), claimed, done, failed for good, or
    joined: it goes on as the rebuild whose id is its outcome.
    """

    id: str
    property_id: str
    stay_id: str
    why: str
    due_at: str
    attempts: int
    state: str = "waiting"
    outcome: str = ""
    slug: str = ""
    source: Source = ""
    asked_at: str = ""
    finished_at: str | None = None


def ask(
    tx: Writing,
    house: Property,
    *,
    why: str,
    at: datetime,
    stay_id: str = "",
    due_at: datetime | None = None,
    source: Source = "",
) -> str:
    """Asks for a rebuild, now or from `due_at` on, and returns its id. One that already waits for the same
    moment is enough, and one that failed is tried now; of two sources the stronger one counts.
    """
    if due_at is None:
        tx.do("hasten_failed_rebuild", property_id=house.id, stay_id=stay_id)
        tx.all("wake_rebuilder")
    row = tx.one(
        "ask_rebuild",
        id=clock.new_id(),
        property_id=house.id,
        stay_id=stay_id,
        why=why,
        due_at=clock.as_text(due_at) if due_at else AS_SOON_AS_POSSIBLE,
        asked_at=clock.as_text(at),
        source=source,
    )
    assert row is not None
    return str(row["id"])


def is_due(db: Reading, *, at: datetime) -> bool:
    """Whether there is anything to claim: a look that keeps no writer waiting."""
    return db.one("is_rebuild_due", at=clock.as_text(at)) is not None


def claim_due(database: Database, *, at: datetime, most: int = 50) -> list[Rebuild]:
    """Takes what is due under a lease; a claim whose worker died is due again when its lease ends, and one
    that is lost in a power cut at once.
    """
    with database.write(durable=False) as tx:
        taken = []
        for row in tx.all("due_rebuilds", at=clock.as_text(at), most=most):
            rebuild = msgspec.convert(row, Rebuild)
            lease = clock.as_text(at + LEASE)
            if tx.do("claim_rebuild", id=rebuild.id, leased_until=lease, at=clock.as_text(at)):
                taken.append(rebuild)
        return taken


def finish(tx: Writing, rebuild: Rebuild, *, outcome: str, at: datetime) -> None:
    _end(tx, rebuild, state="done", outcome=outcome, at=at, due_at=rebuild.due_at)
    tx.do("forget_rebuilds", before=clock.as_text(at - KEPT))


def fail(tx: Writing, rebuild: Rebuild, *, outcome: str, at: datetime) -> None:
    """Records a failure; it is due again after a wait that doubles up to a minute.

    Whatever the reason: a code that ends must leave the page as soon as the reason is gone.
    """
    wait = min(FIRST_RETRY * 2 ** min(rebuild.attempts, 10), LONGEST_RETRY)
    _end(tx, rebuild, state="waiting", outcome=outcome, at=at, due_at=clock.as_text(at + wait))


def give_up(tx: Writing, rebuild: Rebuild, *, outcome: str, at: datetime) -> None:
    """Records a failure that only other files can mend: it is not tried again."""
    _end(tx, rebuild, state="failed", outcome=outcome, at=at, due_at=rebuild.due_at)


def join(tx: Writing, rebuild: Rebuild, other: Rebuild, *, at: datetime) -> None:
    """What another rebuild does, too, needs no try of its own."""
    _end(tx, rebuild, state="joined", outcome=other.id, at=at, due_at=rebuild.due_at)


def renew(tx: Writing, claimed: Sequence[Rebuild], *, at: datetime) -> None:
    """Keeps claims while their work goes on."""
    for rebuild in claimed:
        tx.do("renew_claim", id=rebuild.id, leased_until=clock.as_text(at + LEASE))


def _end(tx: Writing, rebuild: Rebuild, *, state: str, outcome: str, at: datetime, due_at: str) -> None:
    tx.do(
        "finish_rebuild",
        id=rebuild.id,
        state=state,
        outcome=outcome if len(outcome) <= LONGEST_OUTCOME else outcome[: LONGEST_OUTCOME - 1] + "…",
        finished_at=clock.as_text(at),
        due_at=due_at,
    )


def waiting(db: Reading) -> list[Rebuild]:
    return msgspec.convert(db.all("waiting_rebuilds"), list[Rebuild])


def find(db: Reading, rebuild_id: str, *, caller: str = "") -> Rebuild:
    """One rebuild, for a week after its end. `caller` is who asks, as the view `reach` knows them; empty for
    us. NotFound alike when it is no more and when it is of another house.
    """
    row = db.one("rebuild_by_id", id=rebuild_id, caller=caller)
    if row is None:
        raise NotFound("There is no such rebuild.", hint="It is forgotten a week after its end.")
    return msgspec.convert(row, Rebuild)
