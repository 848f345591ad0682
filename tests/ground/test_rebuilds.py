"""The queue of rebuilds: asked once, claimed once, tried again, never lost."""

from datetime import datetime, timedelta

import pytest

from guestlink import rebuilds
from guestlink.errors import NotFound
from guestlink.rebuilds import FIRST_RETRY, KEPT, LEASE, LONGEST_OUTCOME, LONGEST_RETRY, Rebuild, Source
from tests.databases import AT, Inn

SECOND = timedelta(seconds=1)


def ask(
    inn: Inn,
    why: str = "host edited wifi.md",
    *,
    stay_id: str = "",
    due_at: datetime | None = None,
    source: Source = "",
) -> str:
    with inn.database.write() as tx:
        return rebuilds.ask(tx, inn.house, why=why, at=AT, stay_id=stay_id, due_at=due_at, source=source)


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


def test_what_waits_keeps_its_id_when_it_is_asked_for_again(inn: Inn) -> None:
    first = ask(inn)
    assert {ask(inn), ask(inn, source="git")} == {first}
    claim(inn)
    assert ask(inn) != first


@pytest.mark.parametrize("stronger", ["files", "git"])
def test_of_two_sources_the_stronger_one_counts_in_any_order(inn: Inn, stronger: Source) -> None:
    weaker: Source = "" if stronger == "files" else "files"
    for order in ((weaker, stronger), (stronger, weaker)):
        for source in order:
            ask(inn, f"asked from {source or 'records'}", source=source)
        (waiting,) = claim(inn)
        assert (waiting.source, waiting.why) == (stronger, f"asked from {stronger}")
        finish(inn, waiting)


def test_a_rebuild_that_failed_and_is_asked_for_again_keeps_its_id_and_is_tried_now(inn: Inn) -> None:
    first = ask(inn, source="git")
    fail(inn, claim(inn)[0])
    assert claim(inn) == []
    assert ask(inn) == first
    assert [(rebuild.id, rebuild.source, rebuild.attempts) for rebuild in claim(inn)] == [(first, "git", 1)]


def test_what_failed_is_not_hastened_by_what_is_asked_for_later_on(inn: Inn) -> None:
    ask(inn)
    fail(inn, claim(inn)[0])
    ask(inn, due_at=AT + 9 * SECOND)
    assert claim(inn) == []


def test_one_that_failed_stays_apart_from_one_that_waits_already(inn: Inn) -> None:
    ask(inn)
    (mine,) = claim(inn)
    second = ask(inn)
    fail(inn, mine)
    assert ask(inn) == second
    assert [rebuild.id for rebuild in claim(inn)] == [second]


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


def test_what_only_other_files_can_mend_is_not_tried_again(inn: Inn) -> None:
    asked = ask(inn, source="files")
    (mine,) = claim(inn)
    with inn.database.write() as tx:
        rebuilds.give_up(tx, mine, outcome="wifi.en.md:3: there is no field 'titel'", at=AT)
    assert claim(inn, AT + KEPT) == []
    with inn.database.read() as db:
        found = rebuilds.find(db, asked)
    assert (found.state, found.outcome) == ("failed", "wifi.en.md:3: there is no field 'titel'")


def test_an_outcome_is_as_long_as_a_person_reads(inn: Inn) -> None:
    asked = ask(inn)
    (mine,) = claim(inn)
    with inn.database.write() as tx:
        rebuilds.fail(tx, mine, outcome="x" * 99_999, at=AT)
    with inn.database.read() as db:
        assert len(rebuilds.find(db, asked).outcome) == LONGEST_OUTCOME


def test_whether_something_is_due_is_known_without_claiming_it(inn: Inn) -> None:
    def is_due(at: datetime) -> bool:
        with inn.database.read() as db:
            return rebuilds.is_due(db, at=at)

    assert not is_due(AT)
    ask(inn, due_at=AT + SECOND)
    assert (is_due(AT), is_due(AT + SECOND)) == (False, True)
    claim(inn, AT + SECOND)
    assert (is_due(AT + 2 * SECOND), is_due(AT + SECOND + LEASE)) == (False, True)


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


def test_what_was_covered_can_still_be_looked_up(inn: Inn) -> None:
    asked = ask(inn)
    inn.empty_queue()
    with inn.database.read() as db:
        found = rebuilds.find(db, asked)
    assert (found.state, found.outcome) == ("done", "published with another")


def test_a_publish_covers_nothing_that_waits_for_newer_files(inn: Inn) -> None:
    sources: tuple[Source, ...] = ("", "files", "git")
    for number, source in enumerate(sources):
        ask(inn, stay_id=str(number), source=source)
    inn.empty_queue()
    assert [rebuild.source for rebuild in inn.queue()] == ["files", "git"]


def test_what_nobody_asked_for_is_not_found(inn: Inn) -> None:
    with inn.database.read() as db, pytest.raises(NotFound):
        rebuilds.find(db, "01a203df-e148-7c92-8119-6773653d612b")
