"""Nobody is shut out of the staff board: axe-core and the Nu HTML Checker find nothing in any of its states,
the keyboard reaches all of it, large text, forced colours and more contrast are honoured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards
from tests.browser.house import SLUG, Lodging
from tests.browser.test_accessibility import violations
from tests.browser.test_markup import errors, write
from tests.browser.writers import Writer

pytestmark = pytest.mark.browser

PHONE = "+44 7700 900123"
FOCUSED = "document.activeElement.closest('dialog') ? document.activeElement.closest('dialog').id : ''"
CLIPPED = """() => {
  const is = (node, name) => getComputedStyle(node)[name];
  return [...document.querySelectorAll("button, summary, h2, label")]
    .filter((node) => node.checkVisibility() && is(node, "display") !== "inline")
    .filter((node) => is(node, "overflowX") === "visible" && node.scrollWidth > node.clientWidth + 1)
    .map((node) => node.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    lodging.run("staff", "add", "Kerensa", "--role", "host", "--property", SLUG)
    Writer(lodging.settings, PHONE, "Somebody new").says("Is there a room with a view?")
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    return boards(visit, crew)


@contextmanager
def chosen(page: Page, name: str) -> Iterator[None]:
    """What the menu opens, as long as the block."""
    page.locator(".menu summary").click()
    page.locator(f".menu [data-do={name}]").click()
    expect(page.locator(f"dialog#{name}")).to_be_visible()
    yield
    page.keyboard.press("Escape")


def states(page: Page, crew: Crew, note: str) -> Iterator[str]:
    """The board in one state after the other."""
    yield "the board"
    line = crew.ask(page, "grace", note)
    line.locator(".sum").click()
    expect(line.locator(".history li")).not_to_have_count(0)
    for form in ("decline", "assign", "note"):
        line.locator(f".verbs [data-do={form}]").click()
        yield f"a line with the form {form}"
    line.locator("[data-do=next]").click()
    expect(line.locator("[data-do=back]")).to_be_visible()
    page.locator(".shift button").first.click()
    page.locator(".menu summary").click()
    yield "a line with its undo, the note of the shift, the menu"
    page.keyboard.press("Escape")
    for name in ("account", "switch", "colleagues", "keys"):
        with chosen(page, name):
            if name == "colleagues":
                page.locator("#colleagues [data-do=invite]").first.click()
                page.locator("#colleagues [data-do=sessions]").first.click()
                expect(page.locator("#colleagues input[name=link]").first).to_be_visible()
            yield f"the dialog {name}"
    page.locator(".talk-line .sum").first.click(timeout=PATIENCE)
    expect(page.locator(".bubble").first).to_be_visible(timeout=PATIENCE)
    yield "a conversation"
    page.keyboard.press("Escape")
    page.locator(".stay .guest button").first.click()
    expect(page.locator("#pane .stay-card")).to_be_visible(timeout=PATIENCE)
    yield "a stay"
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    expect(page.locator("[data-slot=stale]")).to_be_visible(timeout=PATIENCE)
    yield "without a connection"
    page.context.set_offline(False)


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 360), ("ar", "dark", 1440), ("de", "light", 768)],
)
def test_nobody_is_shut_out_of_any_state(
    language: str, scheme: str, width: int, board: Boards, crew: Crew, visit: Visits, tmp_path: Path
) -> None:
    look = {"width": width, "scheme": scheme, "reduced_motion": "reduce"}
    page, found, pages = board("Kerensa", language=language, **look), [], {}
    for place, state in enumerate(states(page, crew, f"Towels, {language}")):
        found += [f"{state}: {each}" for each in violations(page)]
        pages[f"{place}.html"] = page.content()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state
    entry = visit.phone(**look).new_page()
    for address in (f"{crew.house.settings.public_url}/staff/{language}.html", crew.link("Tom")):
        entry.goto(address.replace("/staff/#", f"/staff/{language}.html#"))
        expect(entry.locator("#entry form:not([hidden])").first).to_be_visible()
        found += violations(entry)
    entry.goto("about:blank")
    entry.goto(f"{crew.house.settings.public_url}/staff/{language}.html")
    entry.locator("[name=phone]").fill(PHONE)
    entry.locator("[data-form=phone] button").click()
    expect(entry.locator("[data-form=code]")).to_be_visible()
    found += violations(entry)
    write(tmp_path, iter([*pages.items(), ("entry.html", entry.content())]))
    assert not found + errors(tmp_path), "\n".join(found + errors(tmp_path))


def test_people_are_changed_and_let_in_by_keyboard_alone(board: Boards) -> None:
    page = board("Kerensa")
    press = page.keyboard.press
    page.locator(".menu summary").focus()
    for name, steps in (("account", 2), ("colleagues", 3)):
        press("Enter")
        for _ in range(steps):
            press("Tab")
        press("Enter")
        expect(page.locator(f"dialog#{name}")).to_be_visible()
        assert page.evaluate(FOCUSED) == name
        press("Escape")
        expect(page.locator(".menu summary")).to_be_focused()
    press("Enter")
    press("Tab")
    press("Escape")
    expect(page.locator(".menu")).not_to_have_attribute("open", "")
    expect(page.locator(".menu summary")).to_be_focused()


def test_large_text_other_colours_and_more_contrast_are_honoured(board: Boards, crew: Crew) -> None:
    page = board("Kerensa", width=1280, height=900)
    line = crew.ask(page, "grace", "A lamp")
    line.locator(".sum").click()
    tools = page.context.new_cdp_session(page)
    tools.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    expect(page.locator("h2").first).to_have_css("font-size", "38.4px")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate(CLIPPED) == []
    with chosen(page, "account"):
        assert page.evaluate(CLIPPED) == []
    tools.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    page.emulate_media(forced_colors="active")
    for button in (line.locator("[data-do=next]"), page.locator(".shift button").first):
        expect(button).to_have_css("border-top-style", "solid")
        expect(button).not_to_have_css("border-top-width", "0px")
    line.locator(".sum").focus()
    page.keyboard.press("Tab")
    expect(line.locator("[data-do=next]")).to_have_css("outline-style", "solid")
    page.emulate_media(forced_colors="none", contrast="more")
    ink = page.locator("body").evaluate("body => getComputedStyle(body).color")
    expect(line.locator(".guest")).to_have_css("color", ink)
