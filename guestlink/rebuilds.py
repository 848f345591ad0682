"""The rebuild queue: who asked for which property's or stay's pages to be made again, why, and from when on.

It never publishes; the rebuilder claims what is due here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from guestlink import clock
from guestlink.database import Database, Reading, Writing
from guestlink.records import Property

AS_SOON_AS_POSSIBLE = ""
LEASE = timedelta(seconds=45)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=1)
KEPT = timedelta(days=7)


class Rebuild(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    property_id: str
    stay_id: str
    why: str
    due_at: str
    attempts: int
    state: str = "waiting"
    outcome: str = ""
    slug: str = ""


def ask(
    tx: Writing, house: Property, *, why: str, at: datetime, stay_id: str = "", due_at: datetime | None = None
) -> None:
    """Asks for a rebuild, now or from `due_at` on; one that already waits for the same moment is enough."""
    tx.do(
        "ask_rebuild",
        id=clock.new_id(),
        property_id=house.id,
        stay_id=stay_id,
        why=why,
        due_at=clock.as_text(due_at) if due_at else AS_SOON_AS_POSSIBLE,
        asked_at=clock.as_text(at),
    )


def claim_due(database: Database, *, at: datetime, most: int = 50) -> list[Rebuild]:
    """Takes what is due under a lease; a claim whose worker died is due again when its lease ends."""
    with database.write() as tx:
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


def renew(tx: Writing, claimed: Sequence[Rebuild], *, at: datetime) -> None:
    """Keeps claims while their work goes on."""
    for rebuild in claimed:
        tx.do("renew_claim", id=rebuild.id, leased_until=clock.as_text(at + LEASE))


def _end(tx: Writing, rebuild: Rebuild, *, state: str, outcome: str, at: datetime, due_at: str) -> None:
    tx.do(
        "finish_rebuild",
        id=rebuild.id,
        state=state,
        outcome=outcome,
        finished_at=clock.as_text(at),
        due_at=due_at,
    )


def waiting(db: Reading) -> list[Rebuild]:
    return msgspec.convert(db.all("waiting_rebuilds"), list[Rebuild])
