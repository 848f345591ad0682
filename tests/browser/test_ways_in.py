"""Every way of opening a page, as stories: none may leave an error on the console or a report of the policy.

Without network: test_offline.py. At the front desk, without script: test_walk_in.py.
"""

import io
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import Visits, opened
from tests.browser.house import ADDRESS, BOX, DOOR, GATE, PHASES, WIFI, Lodging

pytestmark = pytest.mark.browser

WRONG = "A" * 22
UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true })"
TWICE = {"fontSizes": {"standard": 32, "fixed": 26}}
MOST_TABS = 120


def greeting(page: Page):
    return page.get_by_role("heading", level=1)


# -- the link --------------------------------------------------------------------------------------
def test_a_link_opens_name_dates_and_codes(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("ana"))
    expect(greeting(page)).to_contain_text("Ana")
    for value in (DOOR, WIFI, GATE, BOX):
        expect(page.locator("#Codes")).to_contain_text(value)
    expect(page.locator("#Codes").get_by_text(DOOR)).to_be_visible()


@pytest.mark.parametrize(
    "query",
    ["?fbclid=IwAR0forwarded", "?utm_source=whatsapp&utm_medium=chat", "?"],
    ids=["fbclid", "utm", "empty"],
)
def test_a_forwarded_link_opens_whatever_was_put_into_it(lodging: Lodging, visit: Visits, query: str) -> None:
    gate, _, key = lodging.link("ana").partition("#")
    page = visit(f"{gate}{query}#{key}")
    expect(page.locator("#Codes")).to_contain_text(DOOR)
    assert "fbclid" not in page.url
    assert "utm" not in page.url


@pytest.mark.parametrize("junk", [").", "%20", "…", "&utm_source=sms", "?fbclid=1", "'>", ":~:text=door"])
def test_junk_behind_the_link_is_left_behind(lodging: Lodging, visit: Visits, junk: str) -> None:
    link = lodging.link("ana")
    page = visit(link + junk)
    expect(page.locator("#Codes")).to_contain_text(DOOR)
    assert page.url.endswith("#" + link.partition("#")[2])


def test_a_link_opens_after_an_extra_night_and_a_change_of_signing_keys(
    lodging: Lodging, visit: Visits
) -> None:
    link = lodging.link("grace")
    before = visit(link)
    expect(before.locator("#Codes")).to_contain_text(DOOR)
    leaves = lodging.today + timedelta(days=PHASES["in_house"][1] + 1)
    lodging.run("stay", "set", "grace", "--departure", leaves.isoformat())
    old = lodging.settings.signing_key_id
    new = lodging.run("keys", "add").split()[1]
    lodging.run("keys", "use", new)
    lodging.publish()
    lodging.run("keys", "retire", old)
    after = visit(link)
    expect(after.locator("#Codes")).to_contain_text(DOOR)
    expect(after.locator("main")).to_contain_text(f"{leaves.day} {leaves:%B}")
    assert f"Key-Pair-Id={new}" in after.evaluate("performance.getEntriesByType('navigation')[0].name")


# -- a key that does not fit -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fragment", "state"),
    [("", "whole"), ("#short", "whole"), (f"#{WRONG}", "wrong")],
    ids=["no key", "short", "wrong"],
)
def test_without_the_right_key_a_page_says_how_to_get_a_link_and_nothing_else(
    lodging: Lodging, visit: Visits, fragment: str, state: str
) -> None:
    page = visit(lodging.link("ana").partition("#")[0] + fragment)
    assert opened(page) == state
    expect(page.locator(f"[data-state={state}]")).to_be_visible()
    expect(greeting(page)).not_to_contain_text("Ana")
    seen = page.locator("body").inner_text()
    assert not [value for value in (DOOR, WIFI, GATE, BOX, ADDRESS) if value in seen]


# -- before and after ------------------------------------------------------------------------------
def test_before_its_time_a_page_says_when_a_code_comes(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("booked"))
    expect(greeting(page)).to_contain_text("Ana")
    comes = lodging.today + timedelta(days=PHASES["booked"][0] - 2)
    expect(page.locator("#Codes .code[data-name=door-code]")).to_contain_text(f"{comes.day} {comes:%B}")
    expect(page.locator("#Codes")).to_contain_text(ADDRESS)
    assert not [value for value in (DOOR, WIFI, GATE, BOX) if value in page.content()]


def test_after_departure_a_page_thanks_and_keeps_no_secret(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("edith"))
    expect(greeting(page)).to_contain_text("Edith")
    assert not [value for value in (DOOR, WIFI, GATE, BOX, ADDRESS) if value in page.content()]


@pytest.mark.parametrize(("who", "words"), [("cancelled", "cancelled"), ("renewed", "new")])
def test_a_link_that_no_longer_counts_says_so(lodging: Lodging, visit: Visits, who: str, words: str) -> None:
    path = lodging.replaced_path() if who == "renewed" else lodging.path(who)
    page = visit.phone().new_page()
    page.goto(f"{lodging.settings.public_url}{path}#{WRONG}")
    expect(page.locator("body")).to_contain_text(words)
    assert page.url.partition("#")[0].endswith(path)


# -- other ways of reading -------------------------------------------------------------------------
def test_without_script_the_house_can_be_read(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("ana"), script=False)
    page.get_by_role("link").first.click()
    expect(page.locator("[data-state=script]")).to_be_visible()
    page.locator("#House summary").first.click()
    expect(page.locator("#House details[open] .prose").first).to_be_visible()
    assert DOOR not in page.content()


def test_an_arabic_page_runs_from_right_to_left_and_its_codes_do_not(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("arriving", "ar"))
    assert page.locator("html").get_attribute("dir") == "rtl"
    expect(greeting(page)).to_contain_text("ليلى")
    house, switch = page.locator(".house").bounding_box(), page.locator(".languages").bounding_box()
    assert house
    assert switch
    assert house["x"] > switch["x"]
    expect(page.locator("#Codes").get_by_text(DOOR, exact=True)).to_be_visible()
    direction = "each => getComputedStyle(each).unicodeBidi"
    assert page.locator("#Codes .value").first.evaluate(direction) == "isolate"


@pytest.mark.parametrize("language", ["en", "de", "ar", "ja"])
@pytest.mark.parametrize("phase", PHASES)
def test_nothing_is_wider_than_a_screen_of_320(
    lodging: Lodging, visit: Visits, phase: str, language: str
) -> None:
    page = visit(lodging.link(phase, language), width=320, height=640)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("who", ["ana", "layla", "noah"])
def test_letters_twice_as_large_fit_and_hide_nothing(lodging: Lodging, visit: Visits, who: str) -> None:
    """WCAG 1.4.4: text alone at 200 %, as a phone's settings make it; the window's zoom is the next story."""
    page = visit(lodging.link(who))
    before = page.locator("main p").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    page.context.new_cdp_session(page).send("Page.setFontSizes", TWICE)
    page.evaluate(UNFOLD)
    after = page.locator("main p").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert after == pytest.approx(2 * before, rel=0.02)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_page_at_200_percent_needs_no_scrolling_sideways(lodging: Lodging, visit: Visits) -> None:
    """A browser that zooms a window of 1280 to 200 % lays it out as 640 with twice the pixels."""
    page = visit(lodging.link("ana"), width=640, height=400, device_scale_factor=2)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    expect(page.locator("#Codes").get_by_text(DOOR)).to_be_visible()


# -- keys of a keyboard ----------------------------------------------------------------------------
def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the focus is there, and sees that it shows."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert seen != "none", f"the focus on {selector} cannot be seen"
            return
    pytest.fail(f"{MOST_TABS} times Tab and no {selector}")


def test_everything_is_reached_with_the_keyboard_alone(lodging: Lodging, visit: Visits) -> None:
    page = visit(lodging.link("jonas"))
    tab_to(page, "nav.bar a[data-first=wifi-password]")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_contain_text(WIFI)
    tab_to(page, "#House > details:not([open]) > summary")
    page.keyboard.press("Enter")
    expect(page.locator("details[open] > summary:focus")).to_have_count(1)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.reload()
    opened(page)
    tab_to(page, ".languages > summary")
    page.keyboard.press("Enter")
    tab_to(page, ".languages a[hreflang=en]")
    page.keyboard.press("Enter")
    expect(page.locator("html[lang=en]")).to_be_attached()
    expect(greeting(page)).to_contain_text("Jonas, welcome")


# -- on paper --------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["ana", "jonas", "layla", "noah", "hannah", "edith"])
def test_an_arrival_card_is_one_sheet_of_a4(lodging: Lodging, visit: Visits, who: str) -> None:
    page = visit(lodging.link(who))
    sheet = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    assert len(sheet.pages) == 1
    width, height = (float(side) for side in sheet.pages[0].mediabox[2:])
    assert (width, height) == (pytest.approx(595, abs=2), pytest.approx(842, abs=2))
    text = sheet.pages[0].extract_text()
    if who in ("ana", "jonas", "hannah"):
        assert not [value for value in (DOOR, WIFI) if value not in text]
    page.emulate_media(media="print")
    if who in ("ana", "jonas", "layla"):
        expect(page.locator(".card svg.qr")).to_be_visible()


def test_the_print_of_a_page_that_was_not_opened_holds_no_secret(lodging: Lodging, visit: Visits) -> None:
    """The control: the words on paper come from the key, not from the file."""
    page = visit(lodging.link("ana").partition("#")[0] + f"#{WRONG}")
    sheet = PdfReader(io.BytesIO(page.pdf(format="A4")))
    assert DOOR not in "".join(each.extract_text() for each in sheet.pages)
