"""What an open page loads: there before it, alike for all stays, gone a day after the last page left it."""

import re
from datetime import timedelta

import pytest

from generator.plan import GRACE
from guestlink.arrivals import ArrivalTold, tell_arrival
from guestlink.records import contacts, find_stay
from guestlink.storage import Folder
from tests.guest import open_page
from tests.house import (
    AT,
    BY,
    PLANTED,
    add_stay,
    from_folder,
    link_of,
    make_home,
    opened,
    run_publish,
    site_files,
    the_house,
    three_stays,
    write_files,
)

TOWELS = """---
title: Fresh towels
price: free
fields: sets | number 1-6 | required | How many sets
updated: 2026-01-01
---
Within half an hour.
"""
NAMED = re.compile(rb'data-sheet="/([^"]+)"')


@pytest.fixture
def settings(tmp_path):
    settings = make_home(tmp_path / "home")
    write_files(settings, {"services/towels.en.md": TOWELS})
    three_stays(settings)
    return settings


def sheets(settings) -> set[str]:
    return {path for path in site_files(settings) if path.startswith("assets/sheets/")}


def named(settings) -> dict[str, str]:
    """Page -> the sheet that it loads."""
    pages = {path: NAMED.findall(body) for path, body in site_files(settings).items() if "w/_/" in path}
    return {path: found[0].decode() for path, found in pages.items()}


def test_every_page_loads_a_sheet_that_is_there_and_every_sheet_has_a_page(settings):
    run_publish(settings)
    assert set(named(settings).values()) == sheets(settings)
    assert {path.split(".")[1] for path in sheets(settings)} == {"en", "de", "ja"}


def test_a_sheet_is_put_before_the_first_page_that_loads_it(settings, monkeypatch):
    order, put = [], Folder.put

    def noted(folder, path, body, *, expected=None):
        tag = put(folder, path, body, expected=expected)
        order.append(path)
        return tag

    monkeypatch.setattr(Folder, "put", noted)
    run_publish(settings)
    for page, sheet in named(settings).items():
        assert order.index(sheet) < order.index(page)


def test_a_changed_service_is_a_new_sheet_and_the_old_one_stays_for_a_day(settings):
    run_publish(settings)
    before = sheets(settings)
    write_files(settings, {"services/towels.en.md": TOWELS.replace("1-6", "1-9")})
    run_publish(settings)
    fresh = set(named(settings).values())
    assert fresh.isdisjoint(before)
    assert sheets(settings) == before | fresh
    run_publish(settings, at=AT + GRACE / 2)
    assert before <= sheets(settings), "somebody may still hold the old page"
    run_publish(settings, at=AT + GRACE + timedelta(minutes=1))
    assert sheets(settings).isdisjoint(before)


def test_another_stay_in_a_known_language_brings_no_new_sheet(settings):
    run_publish(settings)
    before = sheets(settings)
    day = timedelta(days=1)
    stay = add_stay(settings, "NEW", unit="room-1", arrives=AT.date() + 9 * day, leaves=AT.date() + 10 * day)
    run_publish(settings, only_property="planted", only_stay=stay.id)
    assert sheets(settings) == before
    assert all(sheet in before for sheet in named(settings).values())


def test_a_stay_published_alone_in_a_new_language_brings_its_sheet(settings):
    run_publish(settings)
    day = timedelta(days=1)
    dates = {"arrives": AT.date() + 9 * day, "leaves": AT.date() + 10 * day}
    stay = add_stay(settings, "NEW", unit="room-1", language="fr", **dates)
    run_publish(settings, only_property="planted", only_stay=stay.id)
    assert any(".fr." in path for path in sheets(settings))
    assert set(named(settings).values()) <= sheets(settings)
    run_publish(settings, at=AT + GRACE + timedelta(minutes=1))
    assert set(named(settings).values()) == sheets(settings)


def test_a_sheet_holds_nothing_of_any_stay(settings):
    run_publish(settings)
    every = b"".join(body for path, body in site_files(settings).items() if path in sheets(settings))
    assert [word for word in PLANTED if word.encode() in every] == []
    assert b"field-sets" in every


def test_a_told_arrival_reaches_the_page_with_the_guests_own_word(settings):
    run_publish(settings)
    before = site_files(settings)
    database, ring = opened(settings)
    with database.write() as tx:
        stay = find_stay(tx, "TOMAS")
        contact = contacts(tx, stay)[0]
        told = ArrivalTold(time="21:45", adults=2, word="lighthouse")
        tell_arrival(tx, ring, the_house(database), stay=stay, contact=contact, told=told, at=AT, by=BY)
    database.close()
    run_publish(settings)
    after = site_files(settings)
    link = link_of(settings, "TOMAS")
    slug = link.split("/")[-1].partition("#")[0]
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {path for path in after if f"w/_/{slug}/" in path}
    page = open_page(from_folder(settings), link)
    assert "lighthouse" in page.stay
    assert "21:45" in page.stay
    assert not any(b"lighthouse" in body for body in after.values())
