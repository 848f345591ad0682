"""A rebuild that is asked for inside a transaction that is still open is never lost, on either engine."""

import threading

from guestlink import rebuilds
from guestlink.records import find_property
from tests.databases import AT, Inn


def test_an_ask_that_waits_for_its_commit_outlives_a_worker_that_claims_meanwhile(inn: Inn) -> None:
    database, house = inn.database, inn.house
    with database.write() as tx:
        rebuilds.ask(tx, house, why="asked before", at=AT)

    def work() -> None:
        for claimed in rebuilds.claim_due(database, at=AT):
            with database.read() as db:
                seen.append(find_property(db, house.slug).changes)
            with database.write() as tx:
                rebuilds.finish(tx, claimed, outcome="published the old records", at=AT)

    seen: list[int] = []
    worker = threading.Thread(target=work)
    with database.write() as tx:
        tx.do("touch_property", id=house.id)
        after = find_property(tx, house.slug).changes
        rebuilds.ask(tx, house, why="asked by an import", at=AT)
        worker.start()
        worker.join(timeout=2)
    worker.join(timeout=20)
    assert inn.queue() or seen == [after], "it is still asked for, or was answered with the new records"
