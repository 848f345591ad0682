"""A guest without script at a borrowed computer: guide code, page, plain forms, and nothing left behind."""

import re

import pytest
from playwright.sync_api import Page, expect

from guestlink.crypto import PageSeal, guide_code_shown
from tests.browser.conftest import Visits
from tests.browser.house import ADDRESS, DOOR, WIFI, Lodging
from tests.browser.test_accessibility import violations
from tests.guest import split

pytestmark = pytest.mark.browser

# Lines of text that a person can read, all folds opened; what only a script does is left out on both sides.
READ = """() => {
  const dead = '.leave, .soon, [data-slot=search], [data-copy], [data-print], .languages';
  document.querySelectorAll(dead).forEach((part) => part.remove());
  document.querySelectorAll('details').forEach((fold) => (fold.open = true));
  return document.body.innerText;
}"""


def code_of(link: str) -> str:
    return guide_code_shown(PageSeal(split(link)[1]).guide_code)


def walk_in(visit: Visits, lodging: Lodging, who: str, language: str = "en", **context: object) -> Page:
    """A browser without script, in which somebody has typed the guide code of a person."""
    page = visit(f"{lodging.settings.public_url}/open", script=False, **context)
    page.locator("#code").fill(code_of(lodging.link(who, language)))
    page.locator("main button").click()
    return page


def test_a_code_opens_the_page_and_plain_forms_ask_show_and_cancel(visit: Visits, lodging: Lodging) -> None:
    page = walk_in(visit, lodging, "grace")
    expect(page.locator("h1")).to_contain_text("Grace")
    expect(page.locator("#Codes")).to_contain_text(DOOR)
    expect(page.locator("#Codes")).to_contain_text(WIFI)
    towels = page.locator("li[data-service=towels]")
    page.locator("#Services > summary").click()
    towels.locator("summary").click()
    towels.locator("[name=field-sets]").fill("2")
    towels.get_by_label("beach").check()
    towels.locator("button").click()
    requests = page.locator("[data-slot=requests]")
    expect(requests).to_contain_text("Fresh towels")
    expect(page).to_have_url(re.compile("#slot-requests$"))
    requests.get_by_role("button").click()
    expect(requests.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Close this page").click()
    expect(page.locator("#code")).to_have_value("")
    assert DOOR not in page.content()
    page.goto(f"{lodging.settings.public_url}/open")
    expect(page.locator("#code")).to_be_visible()
    page.go_back()
    assert DOOR not in page.content()


def test_a_wrong_code_is_told_at_its_field(visit: Visits, lodging: Lodging) -> None:
    visit.forgive("422")
    page = visit(f"{lodging.settings.public_url}/open", script=False)
    page.locator("#code").fill("00000 00000")
    page.locator("main button").click()
    expect(page.get_by_role("alert")).to_contain_text("opens no page")
    expect(page.locator("#code")).to_have_value("00000 00000")
    expect(page.locator("#code")).to_be_focused()


def test_arabic_runs_from_right_to_left_and_the_code_does_not(visit: Visits, lodging: Lodging) -> None:
    page = visit(f"{lodging.settings.public_url}/open", script=False, locale="ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#code")).to_have_css("direction", "ltr")
    page.locator("#code").fill(code_of(lodging.link("layla")))
    page.locator("main button").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("h1")).to_contain_text("ليلى")
    page.locator(".languages summary").click()
    page.locator("a[hreflang=en]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize(
    ("who", "language"),
    [
        ("booked", "ar"),
        ("arriving", "en"),
        ("in_house", "ja"),
        ("departing", "de"),
        ("departed", "en"),
    ],
)
def test_it_says_what_the_page_with_script_says(
    visit: Visits, lodging: Lodging, who: str, language: str
) -> None:
    scripted = visit(lodging.link(who, language))
    expect(scripted.locator("form[action='/open/requests']").first).to_be_attached()
    scripted.wait_for_load_state("networkidle")
    plain = walk_in(visit, lodging, who, language)
    expect(plain.locator("h1")).to_be_visible()
    assert lines(plain) == lines(scripted)


def lines(page: Page) -> list[str]:
    return [line for line in (" ".join(raw.split()) for raw in page.evaluate(READ).splitlines()) if line]


def test_after_departure_nothing_is_secret(visit: Visits, lodging: Lodging) -> None:
    page = walk_in(visit, lodging, "edith")
    expect(page.locator("[data-slot=rating] form")).to_be_visible()
    for planted in (DOOR, WIFI, ADDRESS):
        assert planted not in page.content()


def test_the_arrival_card_prints_its_square_and_code(visit: Visits, lodging: Lodging) -> None:
    page = walk_in(visit, lodging, "ana")
    page.emulate_media(media="print")
    card = page.locator("[data-fill=card]")
    expect(card).to_contain_text(code_of(lodging.link("ana")))
    expect(card.locator("svg path").first).to_be_visible()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ar", "dark"), ("de", "light")])
def test_nobody_is_shut_out(visit: Visits, lodging: Lodging, language: str, scheme: str) -> None:
    """The form, a wrong code, the page; script is on only for axe-core, which is none of the page's."""
    visit.forgive("422")
    page = visit(scheme=scheme)
    page.goto(f"{lodging.settings.public_url}/open?language={language}")
    assert violations(page) == []
    page.locator("#code").fill("00000 00000")
    page.locator("main button").click()
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    page.locator("#code").fill(code_of(lodging.link("in_house", language)))
    page.locator("main button").click()
    expect(page.locator("#Codes")).to_be_visible()
    assert violations(page) == []


def test_no_code_key_or_name_is_in_the_log_of_the_server(visit: Visits, lodging: Lodging) -> None:
    walk_in(visit, lodging, "grace")
    log = (lodging.home / "log").read_text()
    link = lodging.link("grace")
    slug, _ = split(link)
    for planted in (DOOR, WIFI, "Plantedname", slug, link.partition("#")[2], code_of(link)):
        assert planted not in log
