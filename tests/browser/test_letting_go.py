"""The end of a stay, or of its link: nothing of it is left on the phone, and nothing goes too early."""

import msgspec
import pytest
from playwright.sync_api import expect

from guestlink import stays
from guestlink.records import find_property, find_stay, periods
from tests.browser.house import SLUG
from tests.browser.inn import (
    DAY,
    IS_KEPT,
    Inn,
    expect_no_traces,
    expect_open,
    offline,
    stop_workers,
    traces,
    until,
)
from tests.house import opened

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("how", "words"), [("renewed", "This link was replaced"), ("cancelled", "This stay was cancelled")]
)
def test_a_link_that_says_no_leaves_nothing(inn: Inn, arrive, how: str, words: str) -> None:
    inn.publish_stay(inn.add(how + "-later", "arriving"))
    link, slug = inn.link(how + "-later"), inn.slug(how + "-later")
    page = arrive(how + "-later")
    other = page.context.new_page()
    other.goto(link)
    expect_open(other)
    inn.change(how + "-later", how, **({"status": "cancelled"} if how == "cancelled" else {}))
    page.reload()
    expect(page.locator("body")).to_contain_text(words)
    expect_no_traces(page, slug)
    expect(other.locator("link[rel=manifest]")).to_have_count(0)
    other.close()
    assert traces(page, slug) == []


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("gone", ["/w/_/", "/w/"])
def test_what_is_no_longer_there_leaves_nothing(inn: Inn, arrive, visit, status: int, gone: str) -> None:
    visit.forgive(f"status of {status}")
    page = arrive()
    with inn.road.being(status=status, only=gone):
        page.reload()
        expect_no_traces(page, inn.slug("ana"))


def test_an_open_page_lets_go_when_its_link_was_replaced(inn: Inn, arrive) -> None:
    inn.publish_stay(inn.add("watching", "arriving"))
    slug = inn.slug("watching")
    page = arrive("watching")
    inn.change("watching", "renewed")
    offline(page)
    page.context.set_offline(False)
    expect_no_traces(page, slug)
    expect_open(page)  # what is read now is not taken out of the hands


def test_the_first_opening_after_departure_clears_and_keeps_showing(inn: Inn, arrive) -> None:
    stay = inn.long_over("gone-home")
    slug = inn.slug("gone-home")
    page = arrive("gone-home")
    page.evaluate(f"localStorage.setItem('guestlink:{slug}:folds', '{{}}')")
    inn.publish_stay(stay)
    page.reload()
    expect(page.locator("#Codes")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect_no_traces(page, slug)
    page.goto("about:blank")
    offline(page)
    page.goto(inn.link("gone-home"))
    expect(page.get_by_role("heading")).to_contain_text("There is no connection")
    assert traces(page, slug) == []


def test_without_a_network_the_page_goes_a_day_and_a_half_after_departure(inn: Inn, arrive) -> None:
    inn.long_over("in-the-train")
    slug = inn.slug("in-the-train")
    page = arrive("in-the-train", locale="de-DE")
    assert len(traces(page, slug)) >= 3
    offline(page)
    page.reload()
    expect(page.get_by_role("heading")).to_contain_text("Your stay is over")
    expect_no_traces(page, slug)


def test_within_that_day_and_a_half_it_stays(inn: Inn, arrive) -> None:
    inn.add("just-left", "departed")
    leaves = inn.today - DAY
    database, ring = opened(inn.settings)
    with database.write() as tx:
        house, stay = find_property(tx, SLUG), find_stay(tx, "just-left")
        moved = tuple(msgspec.structs.replace(p, until_on=leaves) for p in periods(tx, stay))
        stays.change_stay(tx, ring, house, stay, at=inn.at, by="test", new_periods=moved)
    database.close()
    inn.publish_stay(stay, at=inn.at - 2 * DAY)
    page = arrive("just-left")
    offline(page)
    page.reload()
    expect_open(page)


def test_an_extension_in_between_loses_nothing(inn: Inn, arrive) -> None:
    inn.long_over("stays-on")
    page = arrive("stays-on")
    inn.change("stays-on", "extended")
    stop_workers(page)  # the one that starts next tidies up first
    tapped = page.context.new_page()
    tapped.goto(inn.link("stays-on").partition("#")[0])  # with the key that the phone has kept
    expect_open(tapped)
    until(tapped, IS_KEPT, inn.slug("stays-on"))
    offline(tapped)
    tapped.reload()
    expect_open(tapped)


def test_another_stay_that_is_long_over_goes_when_the_worker_starts(inn: Inn, arrive, visit) -> None:
    inn.long_over("last-year")
    page = arrive("last-year")
    page.goto(inn.link("ana"))
    until(page, IS_KEPT, inn.slug("ana"))
    stop_workers(page)
    page.reload()
    expect_no_traces(page, inn.slug("last-year"))
    assert traces(page, inn.slug("ana"))
