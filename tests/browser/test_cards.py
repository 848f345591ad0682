"""Cards for arrivals on paper: four on a sheet of A4, nothing cut off, whatever the language and the name."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import LANGUAGES, Lodging

pytestmark = pytest.mark.browser

LONG = "Maximiliane-Charlotte von und zu Schleswigwattenmeerstein"
OUTSIDE = """(long) => [...document.querySelectorAll(".card")].flatMap((card) => {
  if (long) card.querySelector("h1").prepend(long + ", ");
  const edge = card.getBoundingClientRect();
  const inside = (box) => box.left >= edge.left && box.right <= edge.right && box.top >= edge.top
    && box.bottom <= edge.bottom - 20;
  return [...card.querySelectorAll("h1, dd, .qr, p, .code, footer")]
    .filter((each) => !inside(each.getBoundingClientRect()))
    .map((each) => card.lang + " " + (each.getAttribute("class") ?? each.tagName));
})"""
OVERLAPPING = """() => [...document.querySelectorAll(".card")].filter((card) =>
  card.querySelector("dl").getBoundingClientRect().bottom
    > card.querySelector(".ways").getBoundingClientRect().top).map((card) => card.lang)"""


@pytest.fixture
def printed(still_lodging: Lodging, browser: Browser, tmp_path: Path) -> Page:
    file = tmp_path / "cards.html"
    still_lodging.run("cards", "--on", "today", "--out", str(file))
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    return page


def test_four_cards_lie_on_a_sheet_of_paper(printed: Page) -> None:
    cards = printed.locator(".card").count()
    assert cards >= len(LANGUAGES)
    pages = printed.pdf(prefer_css_page_size=True, print_background=True).count(b"/Type /Page\n")
    assert pages == -(-cards // 4)


@pytest.mark.parametrize("name", ["", LONG])
def test_nothing_is_cut_off_in_any_language(printed: Page, name: str) -> None:
    shown = {card.get_attribute("lang") for card in printed.locator(".card").all()}
    assert shown == set(LANGUAGES)
    assert printed.evaluate(OUTSIDE, name) == []
    assert printed.evaluate(OVERLAPPING) == []


def test_a_card_with_too_much_on_it_would_be_found(printed: Page) -> None:
    """The control: the greeting grows as it likes."""
    printed.add_style_tag(content="h1 { -webkit-line-clamp: none !important }")
    assert printed.evaluate(OUTSIDE, LONG * 12) != []
