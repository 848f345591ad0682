"""A house at the end of a bad road, and what a phone has kept of it: for the tests without a network."""

from datetime import datetime, timedelta

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

DAY = timedelta(days=1)
SECONDS = 15
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
  const { language } = document.querySelector("main").dataset;
  const page = `/w/_/${slug}/${language}.html`;
  const found = await Promise.all([`/w/${slug}`, page, ...paths].map((path) => caches.match(path)));
  const told = found[0] && (await found[0].json()).language === language;
  return told && found.every(Boolean) && Boolean(navigator.serviceWorker.controller);
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
