"""What a tap does on the page: search, hours by the clock of the house, the phone's own map, folds, paper."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import Desk, Site, address, house, phases
from tests.generator import sample

pytestmark = pytest.mark.browser

HOUSE = ZoneInfo("Europe/London")
SATURDAY = datetime(2026, 11, 21, tzinfo=HOUSE)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with phases(tmp_path_factory.mktemp("site"), house(), Desk()) as found:
        yield found


def visit(page: Page, site: Site, *, at: datetime = SATURDAY + timedelta(hours=9)) -> Page:
    page.clock.install(time=at)
    page.goto(address(site, "in_house"))
    expect(page.locator("[data-slot=search] input")).to_be_visible()
    return page


# -- search ------------------------------------------------------------------------------------------
def search(page: Page, words: str) -> list[str]:
    """The titles of the sections that are left, all of them open."""
    page.get_by_role("searchbox").fill(words)
    left = page.locator("#House > details:visible")
    assert left.evaluate_all("all => all.every(section => section.open)") or not words
    return left.locator("summary h2").all_inner_texts()


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("GREEN key", ["The front door"]),
        ("cafe creme", ["القهوة"]),
        ("saffron", ["Nearby"]),
        ("towels", ["Services"]),
        ("ごみ", ["ゴミの日"]),
        ("鍵", []),
        ("かぎ", ["ゴミの日"]),
        ("القهوه", ["القهوة"]),
        ("الاعلي", ["القهوة"]),
        ("nothing of this kind", []),
    ],
)
def test_search_finds_words_however_they_are_written(
    page: Page, site: Site, words: str, titles: list[str]
) -> None:
    visit(page, site)
    assert search(page, words) == titles
    said = page.locator("[data-slot=search] [data-of=found]")
    expect(said).to_contain_text("Found: 1" if titles else "Nothing here says")


def test_search_shows_only_the_services_that_match(page: Page, site: Site) -> None:
    visit(page, site)
    search(page, "hamper")
    expect(page.locator("li[data-service=hamper]")).to_be_visible()
    expect(page.locator("li[data-service=towels]")).to_be_hidden()


def test_wifi_is_found_without_its_hyphen_and_stays_where_it_was(page: Page, site: Site) -> None:
    visit(page, site)
    assert search(page, "wifi") == []
    expect(page.locator("[data-of=found]")).to_have_text("Found: 1")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#wifi > summary")).to_be_focused()


def test_escape_ends_the_search_and_folds_everything_as_it_was(page: Page, site: Site) -> None:
    visit(page, site)
    sections = page.locator("#House > details").count()
    page.locator("#door > summary").click()
    assert search(page, "saffron") == ["Nearby"]
    page.get_by_role("searchbox").press("Escape")
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("#House > details:visible")).to_have_count(sections)
    expect(page.locator("#House > details[open]")).to_have_count(1)
    expect(page.locator("[data-of=found]")).to_be_empty()


def test_a_way_to_a_hidden_section_ends_the_search(page: Page, site: Site) -> None:
    visit(page, site)
    search(page, "green key")
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.locator("#Guide .entries")).to_be_visible()


# -- hours -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "clock", "place", "words"),
    [
        (21, "09:00", "li[data-service=towels]", "Open now until 20:00"),
        (21, "06:30", "li[data-service=towels]", "Closed now, opens at 08:00"),
        (21, "20:00", "li[data-service=towels]", "Closed now, opens Sunday 08:00"),
        (21, "09:00", "li[data-service=hamper]", "Open now until 00:00"),
        (22, "09:00", "li[data-service=hamper]", "Closed today"),
        (21, "09:00", "#Guide li", "Closed today"),  # by its date
        (22, "09:00", "#Guide li", "Open now until 14:00"),
        (23, "09:00", "#Guide li", "Closed today"),
    ],
)
def test_hours_are_those_of_the_house(
    browser: Browser, site: Site, day: int, clock: str, place: str, words: str
) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    hour, minute = map(int, clock.split(":"))
    page = visit(context.new_page(), site, at=datetime(2026, 11, day, hour, minute, tzinfo=HOUSE))
    expect(page.locator(place).locator(".soon")).to_have_text(words)
    context.close()


def test_hours_move_on_while_the_page_lies_open(page: Page, site: Site) -> None:
    visit(page, site, at=SATURDAY + timedelta(hours=19, minutes=59))
    line = page.locator("li[data-service=towels] .soon")
    expect(line).to_have_attribute("data-open", "yes")
    page.clock.run_for(90000)
    expect(line).to_have_attribute("data-open", "no")


# -- map ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("agent", "address"),
    [
        (ANDROID, "geo:50.1526,-5.0663?q=50.1526,-5.0663(Fore%20Street%20Bakery)"),
        (IPHONE, "https://maps.apple.com/?ll=50.1526,-5.0663&q=Fore%20Street%20Bakery"),
        ("", "https://www.openstreetmap.org/?mlat=50.1526&mlon=-5.0663&zoom=18"),
    ],
)
def test_a_place_opens_in_the_phones_own_map(browser: Browser, site: Site, agent: str, address: str) -> None:
    context = browser.new_context(user_agent=agent or None)
    page = visit(context.new_page(), site)
    link = page.locator("#Guide h3 a")
    page.locator("#Guide > summary").click()
    page.evaluate("addEventListener('click', event => event.preventDefault())")
    link.click()
    expect(link).to_have_attribute("href", address)
    context.close()


# -- folds, copy, paper --------------------------------------------------------------------------------
def test_open_sections_are_remembered(page: Page, site: Site) -> None:
    visit(page, site)
    page.locator("#door > summary").press("Enter")
    page.locator("#wifi > summary").click()
    page.reload()
    expect(page.locator("#door")).to_have_attribute("open", "")
    expect(page.locator("#wifi")).not_to_have_attribute("open", "")
    search(page, "saffron")
    page.reload()
    expect(page.locator("#Guide")).not_to_have_attribute("open", "")


def test_when_the_clipboard_is_refused_the_value_is_copied_another_way(page: Page, site: Site) -> None:
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    visit(page, site)
    card = page.locator(".code[data-name=wifi-password]")
    card.get_by_role("button", name="Copy").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == sample.VALUES["wifi"]


def test_when_nothing_copies_the_value_is_marked_and_the_guest_is_told(page: Page, site: Site) -> None:
    page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(1); document.execCommand = () => false"
    )
    visit(page, site)
    card = page.locator(".code[data-name=wifi-password]")
    card.get_by_role("button", name="Copy").click()
    expect(card.get_by_role("button", name="Hold the marked text")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == sample.VALUES["wifi"]


def test_the_whole_guide_is_printed_only_when_asked(page: Page, site: Site) -> None:
    page.add_init_script(
        """window.printed = [];
        window.print = () => {
          dispatchEvent(new Event("beforeprint"));
          const open = document.querySelectorAll("#House > details[open]").length;
          printed.push([document.documentElement.dataset.print ?? "card", open]);
          dispatchEvent(new Event("afterprint"));
        }"""
    )
    visit(page, site)
    sections = page.locator("#House > details").count()
    page.get_by_role("button", name="Print the whole guide").click()
    page.get_by_role("button", name="Print the arrival card").click()
    assert page.evaluate("printed") == [["guide", sections], ["card", 0]]
    expect(page.locator("html")).not_to_have_attribute("data-print", "guide")
    expect(page.locator("#House > details[open]")).to_have_count(0)
