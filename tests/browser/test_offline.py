"""Without a network, or on a bad one: link, reload and icon open, and a newer page is offered."""

import json
import re
import time
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from guestlink.settings import load_settings
from tests.browser.house import SLUG
from tests.browser.inn import CACHES, IS_KEPT, Inn, expect_open, offline, traces, until

pytestmark = pytest.mark.browser

INSTAGRAM = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Instagram 400.0"
)


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
        assert 1.9 < time.monotonic() - begun < 7  # it waits for no network


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
