"""API and database off: pages load and open, and a request made meanwhile is sent once when they are back.

The controls: without the worker nothing loads, and without its key a request would be there twice.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits, opened
from tests.browser.house import DOOR, Lodging

pytestmark = pytest.mark.browser

GUESTS = ("kai", "mara", "olga", "pia", "quentin")
PATIENCE = 45_000  # milliseconds; a page tries again every 5 to 30 seconds
AWAY = (
    "ERR_CONNECTION_REFUSED",
    "ERR_FAILED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "status of 503",
    "/api/",
)
KEPT = """async () => {
  await navigator.serviceWorker.ready;
  const names = await caches.keys();
  const sizes = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).length));
  return Boolean(navigator.serviceWorker.controller) && sizes.some((size) => size > 3);
}"""


@pytest.fixture(scope="module", autouse=True)
def _guests(lodging: Lodging) -> None:
    for who in GUESTS:
        lodging.add(who, "in_house")
    lodging.publish()


@pytest.fixture(autouse=True)
def _quiet(visit: Visits) -> None:
    """What a browser says about a house that does not answer is no mistake of ours."""
    for text in AWAY:
        visit.forgive(text)


@contextmanager
def everything_off(house: Lodging) -> Iterator[None]:
    """No server, and no database to start one with."""
    house.stop()
    with database_away(house):
        yield
    house.start()


@contextmanager
def database_off(house: Lodging) -> Iterator[None]:
    """A server whose database cannot be opened."""
    house.stop()
    with database_away(house):
        house.start()
        yield
        house.stop()
    house.start()


@contextmanager
def database_away(house: Lodging) -> Iterator[None]:
    """A folder stands where the database's file was, so that nobody makes a new one."""
    data = house.settings.path("data")
    moved = [path.rename(data / f"away-{path.name}") for path in data.glob("guestlink.db*")]
    (data / "guestlink.db").mkdir()
    yield
    (data / "guestlink.db").rmdir()
    for path in moved:
        path.rename(data / path.name.removeprefix("away-"))


def kept(visit: Visits, house: Lodging, who: str) -> Page:
    """A phone that has opened the link once and keeps what it needs."""
    page = visit(house.link(who))
    for _ in range(100):
        if page.evaluate(KEPT):
            break
        page.wait_for_timeout(100)
    expect(page.locator("[data-slot=ask] form")).to_be_attached()
    return page


def ask(page: Page, words: str) -> None:
    page.locator("#Services").evaluate("section => { section.open = true }")
    form = page.locator("[data-slot=ask] form")
    form.locator("[name=note]").fill(words)
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("waits on this phone")


def own(page: Page):
    return page.locator("[data-slot=requests] [data-is]")


def notes(house: Lodging, who: str) -> list[str]:
    lines = json.loads(house.run("requests", "--all", "--json"))
    return [line["note"] for line in lines if line["stay"] == who]


def test_with_everything_off_each_page_opens_and_each_request_is_sent_once(
    lodging: Lodging, visit: Visits
) -> None:
    links = {who: lodging.link(who) for who in GUESTS}
    pages = {who: kept(visit, lodging, who) for who in GUESTS}
    with everything_off(lodging):
        for who, page in pages.items():
            page.goto("about:blank")
            page.goto(links[who])
            assert opened(page) == "open", who
            expect(page.locator("#Codes")).to_contain_text(DOOR)
            ask(page, f"Towels for {who}")
            page.reload()
            expect(own(page)).to_have_attribute("data-is", "waits")
    for page in pages.values():
        page.reload()
        expect(own(page)).to_have_attribute("data-is", "requested", timeout=PATIENCE)
        page.reload()
        expect(own(page)).to_have_count(1)
    assert {who: notes(lodging, who) for who in GUESTS} == {who: [f"Towels for {who}"] for who in GUESTS}


def test_without_its_database_the_house_still_shows_every_page(lodging: Lodging, visit: Visits) -> None:
    """The edge needs no records: a fresh phone opens its codes, and what it asks waits."""
    link = lodging.link("noah")
    with database_off(lodging):
        page = visit(link)
        expect(page.locator("#Codes")).to_contain_text(DOOR)
        expect(page.locator("[data-slot=ask] form")).to_be_attached()
        ask(page, "Later, please")
    page.reload()
    expect(own(page)).to_have_attribute("data-is", "requested", timeout=PATIENCE)
    assert notes(lodging, "noah") == ["Later, please"]


def test_without_a_worker_nothing_would_load(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("grace"), service_workers="block")
    lodging.stop()
    try:
        with pytest.raises(PlaywrightError, match="ERR_CONNECTION_REFUSED"):
            page.reload()
    finally:
        lodging.start()


def test_sent_again_under_another_key_it_would_be_there_twice(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("jonas"))
    send = """async ([token, key]) => (await fetch("/api/requests", {
      method: "POST",
      headers: {
        "content-type": "application/json", authorization: `Bearer ${token}`, "idempotency-key": key,
      },
      body: JSON.stringify({ service: "", fields: {}, note: "Twice", secret: "", language: "en" }),
    })).status"""
    token = page.evaluate("guestlink.opened.then((found) => found.stay.token)")
    keys = ("key-number-one", "key-number-one", "key-number-two")
    answers = [page.evaluate(send, [token, key]) for key in keys]
    assert answers == [201, 200, 201]
    assert notes(lodging, "jonas") == ["Twice", "Twice"]
