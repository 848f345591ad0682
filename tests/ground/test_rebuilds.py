"""The queue of rebuilds: asked once, claimed once, tried again, never lost."""

from datetime import datetime, timedelta

from guestlink import rebuilds
from guestlink.rebuilds import FIRST_RETRY, KEPT, LEASE, LONGEST_RETRY, Rebuild
from tests.databases import AT, Inn

SECOND = timedelta(seconds=1)


def ask(
    inn: Inn, why: str = "host edited wifi.md", *, stay_id: str = "", due_at: datetime | None = None
) -> None:
    with inn.database.write() as tx:
        rebuilds.ask(tx, inn.house, why=why, at=AT, stay_id=stay_id, due_at=due_at)


def claim(inn: Inn, at: datetime = AT, *, most: int = 50) -> list[Rebuild]:
    return rebuilds.claim_due(inn.database, at=at, most=most)


def finish(inn: Inn, rebuild: Rebuild, *, at: datetime = AT) -> None:
    with inn.database.write() as tx:
        rebuilds.finish(tx, rebuild, outcome="3 put, 0 deleted", at=at)


def fail(inn: Inn, rebuild: Rebuild, *, at: datetime = AT) -> None:
    with inn.database.write() as tx:
        rebuilds.fail(tx, rebuild, outcome="the bucket did not answer", at=at)


# -- asked ------------------------------------------------------------------------------------------
def test_a_rebuild_says_of_what_and_why(inn: Inn) -> None:
    ask(inn, stay_id="ana")
    (waiting,) = inn.queue()
    assert (waiting.slug, waiting.stay_id, waiting.why) == ("harbour-house", "ana", "host edited wifi.md")
    assert (waiting.state, waiting.attempts, waiting.property_id) == ("waiting", 0, inn.house.id)


def test_asking_twice_is_asking_once(inn: Inn) -> None:
    ask(inn, "first")
    ask(inn, "second")
    assert [rebuild.why for rebuild in inn.queue()] == ["first"]


def test_another_stay_another_moment_or_a_claimed_one_is_another_rebuild(inn: Inn) -> None:
    ask(inn)
    claim(inn)
    for stay_id, due_at in (("", None), ("ana", None), ("tomas", None), ("ana", AT + SECOND)):
        ask(inn, stay_id=stay_id, due_at=due_at)
    assert len(inn.queue()) == 5


# -- claimed ----------------------------------------------------------------------------------------
def test_a_rebuild_is_due_at_its_moment_and_not_before(inn: Inn) -> None:
    ask(inn, due_at=AT + SECOND)
    assert claim(inn, AT) == []
    assert len(claim(inn, AT + SECOND)) == 1


def test_a_claimed_rebuild_is_claimed_once(inn: Inn) -> None:
    ask(inn)
    assert len(claim(inn)) == 1
    assert claim(inn) == []
    assert [rebuild.state for rebuild in inn.queue()] == ["claimed"]


def test_what_has_no_moment_comes_first_then_by_moment(inn: Inn) -> None:
    for stay_id, seconds in (("late", 2), ("early", 1)):
        ask(inn, stay_id=stay_id, due_at=AT + seconds * SECOND)
    ask(inn, stay_id="now")
    assert [rebuild.stay_id for rebuild in claim(inn, AT + 9 * SECOND, most=2)] == ["now", "early"]
    assert [rebuild.stay_id for rebuild in claim(inn, AT + 9 * SECOND)] == ["late"]


def test_what_a_dead_worker_claimed_is_due_again_when_its_lease_ends(inn: Inn) -> None:
    ask(inn)
    (first,) = claim(inn)
    assert claim(inn, AT + LEASE - SECOND) == []
    (again,) = claim(inn, AT + LEASE)
    assert (again.id, again.attempts) == (first.id, 1)
    assert claim(inn, AT + LEASE) == []


# -- finished ---------------------------------------------------------------------------------------
def test_a_finished_rebuild_is_gone_from_the_queue_and_may_be_asked_for_again(inn: Inn) -> None:
    ask(inn)
    finish(inn, claim(inn)[0])
    assert inn.queue() == []
    ask(inn)
    assert len(claim(inn)) == 1


def test_a_finished_rebuild_never_comes_back_with_its_lease(inn: Inn) -> None:
    ask(inn)
    finish(inn, claim(inn)[0])
    assert claim(inn, AT + 2 * LEASE) == []


def test_a_failed_rebuild_is_tried_again_after_a_wait_that_doubles_up_to_a_minute(inn: Inn) -> None:
    ask(inn)
    at, waits = AT, []
    for _ in range(10):
        (mine,) = claim(inn, at)
        fail(inn, mine, at=at)
        (waiting,) = inn.queue()
        due = datetime.fromisoformat(waiting.due_at)
        assert claim(inn, due - SECOND) == []
        waits.append(due - at)
        at = due
    assert waits[:4] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY, 8 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY
    assert waits == sorted(waits)


def test_a_failure_stays_in_sight_and_is_tried_again_whatever_its_reason(inn: Inn) -> None:
    ask(inn)
    fail(inn, claim(inn)[0])
    assert [(rebuild.state, rebuild.outcome) for rebuild in inn.queue()] == [
        ("waiting", "the bucket did not answer")
    ]
    assert len(claim(inn, AT + LONGEST_RETRY)) == 1


def test_a_claim_is_kept_while_its_work_goes_on(inn: Inn) -> None:
    ask(inn)
    (mine,) = claim(inn)
    with inn.database.write() as tx:
        rebuilds.renew(tx, [mine], at=AT + rebuilds.LEASE - SECOND)
    assert claim(inn, AT + rebuilds.LEASE) == []
    assert len(claim(inn, AT + 2 * rebuilds.LEASE)) == 1


def test_a_failed_rebuild_does_not_stand_in_the_way_of_a_new_one(inn: Inn) -> None:
    ask(inn)
    (mine,) = claim(inn)
    ask(inn, "asked while the first one ran")
    fail(inn, mine)
    assert [rebuild.why for rebuild in claim(inn)] == ["asked while the first one ran"]


def test_what_is_done_is_forgotten_after_a_week(inn: Inn) -> None:
    def kept() -> int:
        with inn.database.write() as tx:
            return tx.do("forget_rebuilds", before="9")

    ask(inn)
    finish(inn, claim(inn)[0])
    for days, left in ((KEPT, 2), (KEPT + KEPT + SECOND, 1)):
        ask(inn)
        later = AT + days
        finish(inn, claim(inn, later)[0], at=later)
        if left == 1:
            assert kept() == 1


def test_what_a_whole_publish_covers_need_not_be_rebuilt(inn: Inn) -> None:
    ask(inn, stay_id="ana")
    ask(inn, stay_id="tomas", due_at=AT + SECOND)
    inn.empty_queue()
    assert [rebuild.stay_id for rebuild in inn.queue()] == ["tomas"]
