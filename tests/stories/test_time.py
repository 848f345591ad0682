"""A worker that is left running shows and removes codes on time, and one that slept catches up."""

from datetime import timedelta

import pytest

from generator.press import open_press
from generator.rebuilder import work_once
from guestlink import records, secret_values
from guestlink.records import find_stay
from tests.guest import open_page
from tests.house import (
    AT,
    BY,
    DOOR,
    add_stay,
    from_folder,
    link_of,
    make_home,
    opened,
    run_publish,
    the_house,
    three_stays,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path):
    settings = make_home(tmp_path)
    three_stays(settings)
    run_publish(settings, at=AT - 5 * DAY)
    return settings


def shows_code(settings, reference: str) -> bool:
    return DOOR in open_page(from_folder(settings), link_of(settings, reference)).codes


def window_of(settings, reference: str):
    """When the door code of a stay is to be seen, by the rules and not by the pages."""
    database, _ = opened(settings)
    with database.read() as db:
        stay = find_stay(db, reference)
        house = records.find_property(db, "planted")
        marks = records.moments(stay, house)
    database.close()
    return marks.check_in - timedelta(hours=48), marks.departed


def test_codes_are_on_the_page_exactly_inside_their_window(settings):
    press = open_press(settings)
    opens, ends = window_of(settings, "TOMAS")
    at = AT - 5 * DAY
    seen = []
    while at < ends + 2 * DAY:
        work_once(press, at=at)
        shown = shows_code(settings, "TOMAS")
        assert shown == (opens <= at < ends), f"at {at}"
        seen.append(shown)
        at += 20 * MINUTE
    press.database.close()
    assert True in seen
    assert seen[0] is seen[-1] is False


def test_the_boundary_itself_is_met_to_the_second(settings):
    press = open_press(settings)
    opens, ends = window_of(settings, "TOMAS")
    second = timedelta(seconds=1)
    expected = [(opens - second, False), (opens, True), (ends - second, True), (ends, False)]
    for at, shown in expected:
        work_once(press, at=at)
        assert shows_code(settings, "TOMAS") is shown, f"at {at}"
    press.database.close()


def test_a_worker_that_slept_for_a_month_catches_up_in_one_step(settings):
    press = open_press(settings)
    _, ends = window_of(settings, "TOMAS")
    work_once(press, at=AT)
    work_once(press, at=ends + 20 * DAY)
    assert not shows_code(settings, "TOMAS")
    assert not shows_code(settings, "ANA")
    press.database.close()


def test_pages_and_gates_are_gone_when_their_policy_month_is_over(settings):
    press = open_press(settings)
    site = settings.path("data/site/w")
    assert list(site.rglob("*.html"))
    work_once(press, at=AT + 70 * DAY)
    assert [path.name for path in site.rglob("*") if path.is_file()] == ["sw.js"]
    press.database.close()


def test_a_changed_code_is_on_the_page_after_the_next_second_of_work(settings):
    press = open_press(settings)
    work_once(press, at=AT)
    database, ring = opened(settings)
    with database.write() as tx:
        house = the_house(database)
        secret_values.set_secret(tx, ring, house, name="door-code", value="Nn4changed", at=AT, by=BY)
    database.close()
    work_once(press, at=AT + timedelta(seconds=1))
    codes = open_page(from_folder(settings), link_of(settings, "ANA")).codes
    assert "Nn4changed" in codes
    assert DOOR not in codes
    press.database.close()


def test_a_stay_that_is_added_while_the_worker_runs_gets_its_page(settings):
    press = open_press(settings)
    work_once(press, at=AT)
    add_stay(settings, "NEW", unit="room-1", arrives=AT.date() + 30 * DAY, leaves=AT.date() + 32 * DAY)
    settled = work_once(press, at=AT + timedelta(seconds=1))
    assert settled == 1
    assert "Anaplanted" in open_page(from_folder(settings), link_of(settings, "NEW")).stay
    press.database.close()


def test_unpublished_edits_stay_unpublished_when_the_worker_rebuilds(settings):
    press = open_press(settings)
    draft = settings.content_folder / "planted/sections/wifi.en.md"
    draft.write_text(draft.read_text().replace("Use", "HALF-WRITTEN"))
    work_once(press, at=AT)
    pages = settings.path("data/site/w").rglob("*.html")
    assert not any("HALF-WRITTEN" in page.read_text() for page in pages)
    press.database.close()


def test_codes_end_on_time_although_a_file_has_a_mistake(settings):
    press = open_press(settings)
    _, ends = window_of(settings, "ANA")
    (settings.content_folder / "planted/sections/wifi.en.md").write_text("---\ntitle: Wi-Fi\n")
    work_once(press, at=ends - MINUTE)
    assert shows_code(settings, "ANA")
    work_once(press, at=ends)
    assert not shows_code(settings, "ANA")
    press.database.close()
