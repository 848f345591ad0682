"""plan(): what is put, deleted and invalidated, in which order and why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.plan import GRACE, Live, Wanted, check_delete_limit, plan
from guestlink.errors import Refused

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = int((AT + timedelta(hours=5)).timestamp())
EARLIER = int((AT - timedelta(minutes=1)).timestamp())
SLUG = "a" * 22
PAGE = f"w/_/{SLUG}/en.html"
GATE = f"w/{SLUG}"


def wanted(path: str = PAGE, **changes: object) -> Wanted:
    kind = "gate" if path == GATE else "asset" if path.startswith("assets/") else "welcome"
    values = {"path": path, "kind": kind, "source_hash": "new", "parts": {"stay": "open"}, **changes}
    return Wanted(**values)  # type: ignore[arg-type]


def live(path: str = PAGE, **changes: object) -> Live:
    kind = "gate" if path == GATE else "asset" if path.startswith("assets/") else "welcome"
    values = {
        "path": path,
        "kind": kind,
        "source_hash": "old",
        "parts": {"stay": "open"},
        "changed_at": AT,
        **changes,
    }
    return Live(**values)  # type: ignore[arg-type]


REASONS = [
    ("a page that was never live is new", None, {}, "new page"),
    ("a put that was cut off is done again", {"state": "planned"}, {}, "an earlier publish was cut off"),
    (
        "what verify doubted says so",
        {"state": "planned", "source_hash": ""},
        {},
        "missing or altered on the target",
    ),
    ("a changed stay says so", {"parts": {"stay": "1"}}, {"parts": {"stay": "2"}}, "stay changed"),
    (
        "a changed phase names the new one",
        {"parts": {"phase": "booked"}},
        {"parts": {"phase": "in_house"}},
        "now in house",
    ),
    (
        "an edited file is named",
        {"parts": {"content": "1"}},
        {"parts": {"content": "2"}},
        "wifi.en.md edited",
    ),
    (
        "several reasons are all told",
        {"parts": {"codes": "1", "theme": "1"}},
        {"parts": {"codes": "2", "theme": "2"}},
        "codes changed, program or theme changed",
    ),
]


@pytest.mark.parametrize(("sentence", "before", "after", "why"), REASONS, ids=[row[0] for row in REASONS])
def test_every_put_carries_its_reason(sentence, before, after, why):
    known = [] if before is None else [live(**before)]
    steps = plan([wanted(**after)], known, at=AT, edited="wifi.en.md edited")
    assert [put.why for put in steps.puts] == [why]


def test_what_is_live_with_the_same_source_is_left_alone():
    steps = plan([wanted(source_hash="old")], [live()], at=AT)
    assert steps.empty
    assert steps.unchanged == 1


def test_assets_go_before_pages_and_pages_before_gates():
    steps = plan([wanted(GATE), wanted(PAGE), wanted("assets/a.css")], [], at=AT)
    assert [put.wanted.kind for put in steps.puts] == ["asset", "welcome", "gate"]


def test_a_page_that_loses_a_secret_goes_before_other_pages():
    other = f"w/_/{SLUG}/de.html"
    known = [live(), live(other, shown={"code:1": LATER})]
    steps = plan([wanted(), wanted(other)], known, at=AT)
    assert [put.wanted.path for put in steps.puts] == [other, PAGE]


def test_a_removed_secret_is_invalidated_and_one_whose_time_ended_is_not():
    removed = plan([wanted()], [live(shown={"code:1": LATER})], at=AT)
    ended = plan([wanted()], [live(shown={"code:1": EARLIER})], at=AT)
    assert removed.invalidations == (f"/{PAGE}",)
    assert ended.invalidations == ()


def test_publish_now_invalidates_every_changed_page_and_no_new_one():
    new = f"w/_/{SLUG}/de.html"
    steps = plan([wanted(), wanted(new)], [live()], at=AT, now=True)
    assert steps.invalidations == (f"/{PAGE}",)


@pytest.mark.parametrize(("state", "why"), [("replaced", "link replaced"), ("cancelled", "stay cancelled")])
def test_a_revoked_link_closes_its_gate_then_loses_its_pages_and_is_invalidated(state, why):
    steps = plan([wanted(GATE, parts={"stay": state})], [live(), live(GATE)], at=AT)
    assert [put.wanted.path for put in steps.closing] == [GATE]
    assert [(step.path, step.why) for step in steps.revocations] == [(PAGE, why)]
    assert set(steps.invalidations) == {f"/w/_/{SLUG}/*", f"/{GATE}"}


def test_an_old_asset_leaves_only_after_its_grace():
    asset = "assets/old.css"
    first = plan([], [live(asset)], at=AT)
    assert [step.path for step in first.leaving] == [asset]
    assert first.deletes == ()
    gone = live(asset, source_hash="", changed_at=AT)
    assert plan([], [gone], at=AT + GRACE - timedelta(seconds=1)).deletes == ()
    assert [step.path for step in plan([], [gone], at=AT + GRACE).deletes] == [asset]


def test_a_plan_that_would_empty_a_site_is_refused_and_says_how_to_allow_it():
    known = [live(f"w/_/{SLUG}/{number}.html", parts={"until": "2027-01"}) for number in range(600)]
    steps = plan([], known, at=AT)
    with pytest.raises(Refused, match="600 of 600") as told:
        check_delete_limit(steps, live=600, limit=None)
    assert "--delete-limit 600" in told.value.hint
    check_delete_limit(steps, live=600, limit=600)


def test_pages_whose_time_is_over_do_not_count_against_the_limit():
    known = [live(f"w/_/{SLUG}/{number}.html", parts={"until": "2026-05"}) for number in range(600)]
    check_delete_limit(plan([], known, at=AT), live=600, limit=None)


paths = st.sampled_from([PAGE, GATE, f"w/_/{SLUG}/de.html", "assets/a.css", "assets/b.css"])


@given(st.sets(paths), st.sets(paths))
def test_after_a_plan_is_done_nothing_is_left_to_do(want, have):
    items = [wanted(path) for path in want]
    steps = plan(items, [live(path) for path in have], at=AT)
    after = {path: live(path) for path in have}
    assert steps.closing == ()
    for step in (*steps.revocations, *steps.deletes):
        del after[step.path]
    for put in steps.puts:
        after[put.wanted.path] = live(put.wanted.path, source_hash=put.wanted.source_hash)
    for step in steps.leaving:
        after.pop(step.path)
    assert plan(items, after.values(), at=AT).empty
    assert set(after) == {item.path for item in items}


@given(st.sets(paths), st.sets(paths))
def test_no_page_is_put_before_an_asset_and_nothing_wanted_is_deleted(want, have):
    steps = plan([wanted(path) for path in want], [live(path) for path in have], at=AT)
    kinds = [put.wanted.kind for put in steps.puts]
    assert kinds == sorted(kinds, key=("asset", "welcome", "shell", "gate").index)
    assert want.isdisjoint(step.path for step in (*steps.deletes, *steps.revocations, *steps.leaving))
