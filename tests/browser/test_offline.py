"""Without a network: link, reload and icon open; a stay that is over leaves nothing on the phone."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from guestlink import clock, stays
from guestlink.records import Stay, find_property, find_stay, periods, stay_links
from guestlink.settings import load_settings
from tests.browser.house import DOOR, SLUG, Lodging
from tests.browser.road import Road
from tests.house import command, opened, run_publish
from tests.services import free_port, running

pytestmark = pytest.mark.browser

DAY = timedelta(days=1)
SECONDS = 15
INSTAGRAM = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Instagram 400.0"
)
CACHES = """async () => Promise.all((await caches.keys()).map(async (name) => {
  const cache = await caches.open(name);
  return [name, await Promise.all((await cache.keys()).map(async (request) => {
    const answer = await cache.match(request);
    return [request.url, answer.url, await answer.text()];
  }))];
}))"""
IS_KEPT = """async (slug) => {
  const loaded = performance.getEntriesByType("resource").map((each) => new URL(each.name).pathname);
  const paths = loaded.filter((path) => path.startsWith("/assets/"));
  const page = `/w/_/${slug}/${document.querySelector("main").dataset.language}.html`;
  const found = await Promise.all([`/w/${slug}`, page, ...paths].map((path) => caches.match(path)));
  return found.every(Boolean) && Boolean(navigator.serviceWorker.controller);
}"""
TRACES = """async (slug) => {
  const own = (names) => names.filter((name) => name.includes(slug));
  return own([...(await caches.keys()), ...Object.keys(localStorage)]);
}"""


class Inn(Lodging):
    """A house at the end of a road."""

    road: Road

    def start(self) -> None:
        port = free_port()
        serve = ["env", f"GUESTLINK_HOME={self.home}", *command(self.home), "serve", "--port", str(port)]
        house = f"http://localhost:{port}"
        self.inside = house
        self._server.enter_context(running(list(serve), self.home, answers=self._answers))
        self.road = Road(int(self.settings.public_url.rpartition(":")[2]), house)
        self._server.callback(self.road.close)

    def _answers(self) -> bool:
        outside = self.settings
        self.settings = msgspec.structs.replace(outside, public_url=self.inside)
        try:
            return super()._answers()
        finally:
            self.settings = outside

    def slug(self, who: str) -> str:
        return self.path(who).removeprefix("/w/")

    def publish_stay(self, stay: Stay, *, at: datetime | None = None) -> None:
        run_publish(load_settings(self.home), at=at or clock.now(), only_stay=stay.id)

    def change(self, reference: str, how: str, **fields: object) -> None:
        """A host changes something about a stay and publishes it."""
        database, ring = opened(self.settings)
        with database.write() as tx:
            house, stay = find_property(tx, SLUG), find_stay(tx, reference)
            if how == "renewed":
                stays.renew_link(tx, ring, house, stay_links(tx, stay)[-1], at=self.at, by="test")
            else:
                if how == "extended":
                    until = {"until_on": self.today + 2 * DAY}
                    fields["new_periods"] = tuple(
                        msgspec.structs.replace(p, **until) for p in periods(tx, stay)
                    )
                stays.change_stay(tx, ring, house, stay, at=self.at, by="test", why=how, **fields)
        database.close()
        self.publish_stay(stay)

    def long_over(self, reference: str) -> Stay:
        """A stay that ended three days ago, with the page of the day before: nobody published since."""
        stay = self.add(reference, "departed")
        self.publish_stay(stay, at=self.at - 4 * DAY)
        return stay


@pytest.fixture(scope="module")
def inn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inn]:
    inn = Inn(tmp_path_factory.mktemp("inn"))
    with ExitStack() as closing:
        closing.callback(inn.stop)
        inn.publish()
        inn.start()
        yield inn


@pytest.fixture(autouse=True)
def quiet(visit) -> None:
    """What a browser itself says about a request that finds no network is no mistake of ours."""
    for text in ("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "/api/", "status of 401"):
        visit.forgive(text)


@pytest.fixture
def arrive(inn: Inn, visit):
    """Opens somebody's link and waits until it is kept."""

    def arrive(who: str = "ana", **context: object) -> Page:
        page = visit.phone(**context).new_page()
        page.goto(inn.link(who))
        until(page, IS_KEPT, inn.slug(who))
        return page

    return arrive


def traces(page: Page, slug: str) -> list[str]:
    return page.evaluate(TRACES, slug)


def expect_no_traces(page: Page, slug: str) -> None:
    until(page, f"async (slug) => !(await ({TRACES})(slug)).length", slug)


def stop_workers(page: Page) -> None:
    tools = page.context.new_cdp_session(page)
    tools.send("ServiceWorker.enable")
    tools.send("ServiceWorker.stopAllWorkers")


def until(page: Page, script: str, slug: str) -> None:
    """Waits for a promise to say yes, also across the loads of a page."""
    for _ in range(SECONDS * 20):
        try:
            if page.evaluate(script, slug):
                return
        except PlaywrightError:
            page.wait_for_load_state()
        page.wait_for_timeout(50)
    pytest.fail(f"not within {SECONDS} seconds: {traces(page, slug)}")


def expect_open(page: Page) -> None:
    expect(page.locator("#Codes")).to_contain_text(DOOR)


def offline(page: Page) -> BrowserContext:
    page.context.set_offline(True)
    page.wait_for_function("!navigator.onLine")
    return page.context


# -- opening -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("junk", ["", ").", "&fbclid=1", "%E2%80%9D"])
def test_a_tap_on_the_sent_link_opens_without_a_network(inn: Inn, arrive, junk: str) -> None:
    tapped = offline(arrive()).new_page()
    tapped.goto(inn.link("ana") + junk)
    expect_open(tapped)
    expect(tapped).to_have_url(inn.link("ana"))


def test_a_query_that_an_app_adds_is_ignored(inn: Inn, arrive) -> None:
    tapped = offline(arrive()).new_page()
    tapped.goto(inn.link("ana").replace("#", "?utm_source=mail#"))
    expect_open(tapped)


def test_a_reload_opens_without_a_network(arrive) -> None:
    page = arrive()
    offline(page)
    page.reload()
    expect_open(page)
    page.reload()
    expect_open(page)


def test_a_phone_that_lost_the_link_opens_with_the_key_it_kept(inn: Inn, arrive) -> None:
    page = offline(arrive()).new_page()
    page.goto(inn.link("ana").partition("#")[0])
    expect_open(page)


def test_the_page_can_be_installed_and_its_icon_opens_without_a_network(inn: Inn, arrive) -> None:
    page = arrive()
    expect(page.locator("link[rel=manifest]")).to_have_count(1)
    tools = page.context.new_cdp_session(page)
    assert tools.send("Page.getInstallabilityErrors")["installabilityErrors"] in ([], IN_PRIVATE)
    found = tools.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert manifest["start_url"] == inn.link("ana")
    assert manifest["name"] == "Harbour House"
    started = offline(page).new_page()
    started.goto(manifest["start_url"])
    expect_open(started)


IN_PRIVATE = [{"errorId": "in-incognito", "errorArguments": []}]


def test_the_short_link_stands_in_the_address_bar(inn: Inn, arrive) -> None:
    page = arrive()
    expect(page).to_have_url(inn.link("ana"))
    assert page.evaluate("history.length") == 2  # about:blank and the page: no entry of its own


def test_the_language_read_last_opens(inn: Inn, arrive) -> None:
    page = arrive()
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    until(page, IS_KEPT, inn.slug("ana"))
    page.goto("about:blank")
    page.goto(inn.link("ana"))
    expect(page.locator("html")).to_have_attribute("lang", "de")
    offline(page)
    page.goto("about:blank")
    page.goto(inn.link("ana"))
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect_open(page)


def test_a_page_that_was_never_opened_says_so(inn: Inn, arrive, visit) -> None:
    page = offline(arrive(locale="en-GB")).new_page()
    page.goto(inn.link("grace"))
    expect(page.get_by_role("heading")).to_contain_text("There is no connection")
    expect(page.locator("main > [lang]")).to_have_count(8)


def test_two_stays_on_one_phone_are_both_kept(inn: Inn, arrive) -> None:
    page = arrive("ana")
    page.goto(inn.link("grace"))
    until(page, IS_KEPT, inn.slug("grace"))
    offline(page)
    for who, name in (("ana", "Ana"), ("grace", "Grace")):
        page.goto("about:blank")
        page.goto(inn.link(who))
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)


# -- what is kept ------------------------------------------------------------------------------------
def test_only_paths_are_kept_and_never_the_key(inn: Inn, arrive) -> None:
    page = arrive()
    page.reload()
    expect_open(page)
    key = inn.link("ana").partition("#")[2]
    for name, entries in page.evaluate(CACHES):
        assert name == f"guestlink:{inn.slug('ana')}"
        for address, told, body in entries:
            assert re.fullmatch(r"/(w/[\w-]{22}|w/_/[\w-]{22}/\w+\.html|assets/.+)", urlsplit(address).path)
            assert not urlsplit(address).query
            assert "#" not in address
            assert not told
            assert key not in body
    assert page.evaluate("localStorage.getItem(`guestlink:${guestlink.slug}:key`)") == key
    assert [path for path in inn.road.asked if key in unquote(path)] == []


def test_the_worker_lives_under_a_policy_of_its_own(inn: Inn, arrive) -> None:
    arrive()
    answer = inn.road.house.get("/w/sw.js")
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "max-age=0, s-maxage=60, must-revalidate"


# -- a bad road --------------------------------------------------------------------------------------
def test_on_a_silent_network_the_kept_page_appears_within_two_seconds_and_a_little(inn: Inn, arrive) -> None:
    page = arrive()
    page.goto("about:blank")
    with inn.road.being(delay=8):
        begun = time.monotonic()
        page.goto(inn.link("ana"), wait_until="commit")
        expect_open(page)
        assert 1.9 < time.monotonic() - begun < 3.5


def test_a_newer_page_that_comes_late_is_offered_in_words(inn: Inn, arrive) -> None:
    inn.publish_stay(inn.add("late", "arriving"))
    page = arrive("late")
    page.goto("about:blank")
    inn.change("late", "unit", check_in="16:10")
    with inn.road.being(delay=1.5, only="/w/"):
        page.goto(inn.link("late"))
        expect_open(page)
        expect(page.locator("main")).not_to_contain_text("16:10")
        expect(page.get_by_role("status").filter(has_text="This page has changed")).to_be_visible()
    page.get_by_role("button", name="Show the new one").click()
    expect(page.locator("main")).to_contain_text("16:10")
    expect(page.get_by_text("This page has changed")).to_have_count(0)


def test_a_newer_page_is_kept_with_all_that_it_loads(inn: Inn, arrive) -> None:
    page = arrive("grace")
    offline(page)
    page.reload()
    expect_open(page)
    towels = (inn.settings.content_folder / SLUG / "services/towels.en.md").read_text("utf-8")
    inn.write({"services/towels.en.md": towels.replace("number 1-6", "number 1-5")})
    inn.publish()
    page.context.set_offline(False)
    expect(page.get_by_text("This page has changed")).to_be_visible()
    offline(page)
    page.reload()
    expect(page.locator("li[data-service=towels] input[max='5']")).to_have_count(1)  # from the newer sheet


def test_a_page_that_was_opened_offline_looks_again_when_the_network_is_back(inn: Inn, arrive) -> None:
    inn.publish_stay(inn.add("again", "arriving"))
    page = arrive("again")
    offline(page)
    page.reload()
    expect_open(page)
    inn.change("again", "unit", check_in="16:20")
    page.context.set_offline(False)
    expect(page.get_by_text("This page has changed")).to_be_visible()


@pytest.mark.parametrize(
    "road",
    [
        {"status": 302, "location": "http://127.0.0.1:9/portal"},
        {"status": 302, "location": "/login"},
        {"status": 503},
        {"status": 429},
        {"status": 200},
    ],
    ids=str,
)
def test_a_portal_or_a_broken_server_clears_nothing(inn: Inn, arrive, road: dict[str, object]) -> None:
    page = arrive()
    with inn.road.being(**road, only="/w/"):
        page.reload()
        expect_open(page)
    assert len(traces(page, inn.slug("ana"))) >= 3


# -- the end -----------------------------------------------------------------------------------------
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


# -- versions, keys, apps ----------------------------------------------------------------------------
def test_a_new_worker_takes_over_and_the_open_page_goes_on(inn: Inn, arrive) -> None:
    page = arrive()
    script = inn.home / "data/site/w/sw.js"
    script.write_text(script.read_text("utf-8") + "\n// a later version\n", "utf-8")
    page.evaluate("""async () => {
      const taken = new Promise((go) => navigator.serviceWorker.addEventListener("controllerchange", go));
      await (await navigator.serviceWorker.getRegistration("/w/")).update();
      await taken;
    }""")
    expect_open(page)
    offline(page)
    page.reload()
    expect_open(page)


def test_after_a_key_rotation_an_old_language_link_still_leads_on(inn: Inn, arrive) -> None:
    page = arrive()
    page.locator(".languages summary").click()
    before, newest = load_settings(inn.home).signing_key_id, inn.run("keys", "add").split()[1]
    inn.run("keys", "use", newest)
    inn.publish()
    inn.run("keys", "retire", before)
    page.get_by_role("link", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect_open(page)


@pytest.mark.parametrize("without", ["worker", "browser"])
def test_a_window_inside_an_app_says_once_how_to_open_the_page(inn: Inn, visit, without: str) -> None:
    phone = visit.phone(**({"user_agent": INSTAGRAM} if without == "browser" else {}))
    if without == "worker":
        phone.add_init_script("delete Navigator.prototype.serviceWorker")
    page = phone.new_page()
    page.goto(inn.link("ana"))
    hint = page.get_by_role("status").filter(has_text="Open in browser")
    expect(hint).to_be_visible()
    codes, box = page.locator("#Codes").bounding_box(), hint.bounding_box()
    assert codes
    assert box
    assert box["y"] + box["height"] <= codes["y"]
    hint.get_by_role("button", name="Close").click()
    expect(hint).to_have_count(0)
    page.reload()
    expect_open(page)
    page.wait_for_timeout(500)
    expect(hint).to_have_count(0)
