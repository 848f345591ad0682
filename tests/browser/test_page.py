"""The welcome page in a real browser: what the key opens, what a wrong one says, what time does to a code."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import Desk, Site, address, phases
from tests.generator import sample

pytestmark = pytest.mark.browser

OPEN, WRONG = f"#{sample.FRAGMENT}", "#" + "A" * 22


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, desk: Desk) -> Iterator[Site]:
    """The page of each phase; before arrival the guest reads Arabic."""
    home = tmp_path_factory.mktemp("site")
    with phases(home, sample.content(), desk, languages={"booked": "ar"}) as found:
        yield found


def visit(page: Page, site: Site, phase: str, *, fragment: str = OPEN, language: str = "en") -> None:
    page.clock.set_fixed_time(sample.MOMENTS[phase])
    page.goto(address(site, phase, language=language, fragment=fragment))


def unfold(page: Page) -> None:
    """Opens every section and every form, when the forms have come."""
    expect(page.locator("form").first).to_be_attached()
    page.evaluate("document.querySelectorAll('details').forEach(section => { section.open = true })")


def test_the_key_opens_name_dates_room_and_codes(page: Page, site: Site, console_errors: list[str]) -> None:
    visit(page, site, "arriving")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{sample.GIVEN}, welcome to Harbour House")
    expect(page.get_by_text("Sunday 22 November, until 11:00")).to_be_visible()
    expect(page.get_by_text(sample.ROOM)).to_be_visible()
    expect(page.locator("#Codes").get_by_text(sample.VALUES["door"])).to_be_visible()
    expect(page.locator("#door").get_by_text(sample.VALUES["door"])).to_be_visible()
    expect(page.get_by_text("Valid until Sunday 22 November, 11:00").first).to_be_visible()
    expect(page.locator("details#attic + details#wifi")).to_have_count(1)
    assert console_errors == []


@pytest.mark.parametrize("phase", sample.MOMENTS)
def test_every_phase_opens_without_an_error(
    page: Page, site: Site, console_errors: list[str], phase: str
) -> None:
    visit(page, site, phase)
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.GIVEN)
    assert console_errors == []


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ("", "opens with the whole link"),
        ("#short", "opens with the whole link"),
        (WRONG, "does not open your dates"),
    ],
)
def test_without_the_right_key_the_page_says_what_to_do(
    page: Page, site: Site, fragment: str, words: str
) -> None:
    visit(page, site, "arriving", fragment=fragment)
    expect(page.locator(".lede[role=status]")).to_contain_text(words)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Harbour House")
    expect(page.locator("#door")).to_contain_text("(see your codes)")


def test_without_script_the_house_can_be_read(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(site, "arriving"))
    expect(page.get_by_text("Open your link again in Safari, Chrome or Firefox").first).to_be_visible()
    expect(page.get_by_text("then the green key")).to_be_visible()
    context.close()


def test_the_gate_goes_on_with_the_key_and_without_the_junk(
    page: Page, site: Site, console_errors: list[str]
) -> None:
    with page.expect_navigation(url=re.compile(r"/en\.html\?Policy=")):
        page.goto(f"{site['arriving']}/w/{sample.SLUG}?fbclid=1{OPEN}).")
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.GIVEN)
    assert console_errors == []


def test_a_code_ends_by_the_phones_clock(page: Page, site: Site) -> None:
    visit(page, site, "departing")
    door = page.locator("#Codes .code").filter(has_text="Door code")
    expect(door.get_by_text("Valid until")).to_be_visible()
    page.clock.set_fixed_time(sample.MOMENTS["departed"])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    expect(door.get_by_text("No longer valid")).to_be_visible()
    expect(door.get_by_text("Valid until")).to_be_hidden()
    expect(page.locator("#door")).to_contain_text("(see your codes)")


def test_a_code_ends_while_the_page_lies_open(page: Page, site: Site) -> None:
    page.clock.install(time=sample.MOMENTS["departing"])
    page.goto(address(site, "departing"))
    expect(page.get_by_text("Valid until").first).to_be_visible()
    for _ in range(4):
        page.clock.run_for("01:00:00")
    expect(page.get_by_text("Valid until").first).to_be_hidden()
    expect(page.get_by_text("No longer valid").first).to_be_visible()


def test_another_language_opens_with_the_same_key(page: Page, site: Site, console_errors: list[str]) -> None:
    visit(page, site, "arriving")
    page.locator(".languages summary").click()
    with page.expect_navigation(url=re.compile(rf"/de\.html\?Policy=.*#{sample.FRAGMENT}$")):
        page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.GIVEN)
    assert console_errors == []


def test_a_jump_on_the_page_keeps_the_key_in_the_address(page: Page, site: Site) -> None:
    visit(page, site, "arriving")
    expect(page.locator("#Codes").get_by_text(sample.VALUES["door"])).to_be_visible()
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_role("link", name="Wi-Fi", exact=True).click()
    assert page.url.endswith(OPEN)
    expect(page.locator(".code:focus")).to_contain_text(sample.VALUES["wifi"])


def test_the_wifi_password_is_copied(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, site, "in_house")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == sample.VALUES["wifi"]


def test_an_arabic_page_runs_from_right_to_left(page: Page, site: Site, console_errors: list[str]) -> None:
    visit(page, site, "booked", language="ar")
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.GIVEN)
    house, switch = page.locator(".house").bounding_box(), page.locator(".languages").bounding_box()
    assert house
    assert switch
    assert house["x"] > switch["x"]
    assert console_errors == []


@pytest.mark.parametrize("width", [320, 360, 1440])
@pytest.mark.parametrize("phase", sample.MOMENTS)
def test_nothing_is_wider_than_the_screen(page: Page, site: Site, phase: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 780})
    visit(page, site, phase)
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.GIVEN)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_can_be_tapped_is_large_enough(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    visit(page, site, "in_house")
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.GIVEN)
    unfold(page)
    small = page.evaluate(
        """[...document.querySelectorAll(`summary, button:not([hidden] *), nav a,
          input:not([type=hidden], [type=radio], [type=checkbox]), .tick, textarea, .numbers a,
          .entries a, .call`)].filter(each => each.checkVisibility())
        .filter(each => each.getBoundingClientRect().height < 44).map(each => each.outerHTML)"""
    )
    assert small == []


def test_the_last_line_can_be_read_above_the_bar(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    visit(page, site, "in_house")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last, bar = page.locator("footer p").last.bounding_box(), page.locator(".bar").bounding_box()
    assert last
    assert bar
    assert last["y"] + last["height"] <= bar["y"]


def test_the_key_reaches_no_server(page: Page, site: Site, desk: Desk) -> None:
    visit(page, site, "in_house")
    expect(page.locator("[data-slot=search] input")).to_be_visible()
    lines = [line for kind, line, _ in desk.calls if kind == "LINE"]
    assert any("/w/_/" in line for line in lines)
    assert [line for line in lines if sample.FRAGMENT in line or sample.TOKEN in line] == []
    assert page.evaluate("[sessionStorage.length, document.cookie]") == [0, ""]
