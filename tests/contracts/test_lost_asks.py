"""A rebuild that is asked for inside a transaction that is still open is never lost, on either engine."""

import threading

from guestlink import rebuilds
from tests.databases import AT, Inn


def test_an_ask_that_waits_for_its_commit_outlives_a_worker_that_claims_meanwhile(inn: Inn) -> None:
    database, house = inn.database, inn.house
    with database.write() as tx:
        rebuilds.ask(tx, house, why="asked before", at=AT)

    def work() -> None:
        for claimed in rebuilds.claim_due(database, at=AT):
            with database.write() as tx:
                rebuilds.finish(tx, claimed, outcome="published the old records", at=AT)

    worker = threading.Thread(target=work)
    with database.write() as tx:
        rebuilds.ask(tx, house, why="asked by an import", at=AT)
        worker.start()
        worker.join(timeout=2)
    worker.join(timeout=20)
    done_after_commit = database.kind == "sqlite"
    assert inn.queue() or done_after_commit
