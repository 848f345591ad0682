"""A guest asks on the page, the house answers on the command line, between real processes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.house import Lodging

pytestmark = pytest.mark.browser

UNREACHED = "Failed to load resource"  # what a browser writes about a house that does not answer
PATIENCE = 45_000  # milliseconds; a page asks every 5 to 30 seconds


@pytest.fixture
def asked(lodging: Lodging) -> Callable[[str], list[dict[str, Any]]]:
    """What the house knows of a guest's requests, ended ones included."""

    def known(stay: str) -> list[dict[str, Any]]:
        lines = json.loads(lodging.run("requests", "--all", "--json"))
        return [line for line in lines if line["stay"] == stay]

    return known


def own(page: Page) -> Locator:
    return page.locator("[data-slot=requests] [data-is]")


def ask(page: Page, words: str) -> Locator:
    """Asks for anything; gives the line that says what became of it."""
    page.locator("#Services").evaluate("section => { section.open = true }")
    form = page.locator("[data-slot=ask] form")
    form.locator("[name=note]").fill(words)
    form.get_by_role("button").click()
    return form.get_by_role("status")


def test_asked_accepted_seen_and_cancelled(lodging: Lodging, visit: Visits, asked) -> None:
    page = visit(lodging.link("grace"))
    expect(ask(page, "A longer lead for the kettle")).to_contain_text("Sent")
    expect(own(page)).to_have_attribute("data-is", "requested")
    assert "A longer lead for the kettle" in lodging.run("requests")
    (line,) = asked("grace")
    lodging.run("requests", "accept", line["id"])
    expect(own(page)).to_have_attribute("data-is", "accepted", timeout=PATIENCE)
    own(page).get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "cancelled")
    assert [line["state"] for line in asked("grace")] == ["cancelled"]


def test_a_no_says_why_even_to_who_cancels_too_late(lodging: Lodging, visit: Visits, asked) -> None:
    visit.forgive(UNREACHED)
    lodging.add("mara", "in_house")
    lodging.publish()
    page = visit(lodging.link("mara"))
    expect(ask(page, "A second dog")).to_contain_text("Sent")
    (line,) = asked("mara")
    lodging.run("requests", "decline", line["id"], "--why", "One is company.")
    own(page).get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "declined")
    expect(own(page)).to_contain_text("One is company.")


def test_what_is_asked_while_the_house_is_away_arrives_once(lodging: Lodging, visit: Visits, asked) -> None:
    visit.forgive(UNREACHED)
    page = visit(lodging.link("noah"))
    expect(page.locator("[data-slot=ask] form")).to_be_attached()
    lodging.stop()
    expect(ask(page, "Help with the bags")).to_contain_text("waits on this phone")
    expect(own(page)).to_have_attribute("data-is", "waits")
    lodging.start()
    page.reload()
    expect(own(page)).to_have_attribute("data-is", "requested", timeout=PATIENCE)
    page.reload()
    expect(own(page)).to_have_count(1)
    assert [line["note"] for line in asked("noah")] == ["Help with the bags"]


def test_two_tabs_and_no_connection_make_one_request_each(lodging: Lodging, visit: Visits, asked) -> None:
    visit.forgive(UNREACHED)
    first = visit(lodging.link("ana"))
    second = first.context.new_page()
    second.goto(lodging.link("ana"))
    for tab in (first, second):
        expect(tab.locator("[data-slot=ask] form")).to_be_attached()
    first.context.set_offline(True)
    for tab, words in ((first, "Oat milk"), (second, "A cot")):
        expect(ask(tab, words)).to_contain_text("waits on this phone")
    first.context.set_offline(False)
    for tab in (first, second):
        expect(own(tab).and_(tab.locator("[data-is=requested]"))).to_have_count(2, timeout=PATIENCE)
    assert sorted(line["note"] for line in asked("ana")) == ["A cot", "Oat milk"]


def test_a_code_that_fails_is_told_at_once(lodging: Lodging, visit: Visits, asked) -> None:
    page = visit(lodging.link("hannah"))
    alarm = page.locator(".code[data-name=door-code] .alarm")
    alarm.locator("summary").click()
    alarm.get_by_role("button").click()
    expect(alarm.get_by_role("status")).to_contain_text("has been told")
    (line,) = asked("hannah")
    assert line["urgent"]


def test_an_arrival_is_told_and_shown_again(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("ana"))
    form = page.locator("[data-slot=arrival] form")
    form.locator("[name=time]").fill("18:45")
    form.locator("[name=adults]").fill("2")
    form.locator("[name=word]").fill("lighthouse")
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("Saved")
    assert "18:45" in lodging.run("requests", "--arrivals")
    page.reload()
    expect(form.locator("[name=time]")).to_have_value("18:45")
    expect(form.locator("[name=word]")).to_have_value("lighthouse")


def test_a_departed_guest_rates_and_looks_for_a_glove(lodging: Lodging, visit: Visits, asked) -> None:
    page = visit(lodging.link("edith"))
    rating = page.locator("[data-slot=rating] form")
    rating.locator("[name=stars]").nth(3).check(force=True)
    filled = "stars => stars.map(star => getComputedStyle(star).fill !== 'none')"
    assert rating.locator(".stars .icon").evaluate_all(filled) == [True, True, True, True, False]
    rating.get_by_role("button").click()
    expect(rating.get_by_role("status")).to_contain_text("Thank you")
    lost = page.locator("[data-slot=lost] form")
    lost.locator("[name=field-what]").fill("A grey glove, under the bed")
    lost.get_by_role("radio", name="keep it for me").check()
    lost.get_by_role("button").click()
    expect(lost.get_by_role("status")).to_contain_text("Sent")
    assert [line["said"][0][1] for line in asked("edith")] == ["A grey glove, under the bed"]


def test_a_replaced_link_can_ask_for_nothing(lodging: Lodging, visit: Visits, asked) -> None:
    visit.forgive(UNREACHED)
    lodging.add("olga", "in_house")
    lodging.publish()
    page = visit(lodging.link("olga"))
    expect(page.locator("[data-slot=ask] form")).to_be_attached()
    lodging.run("link", "olga", "--renew")
    line = ask(page, "Who am I")
    expect(line).to_contain_text("no longer send")
    expect(line.get_by_role("link")).to_be_visible()
    assert asked("olga") == []
