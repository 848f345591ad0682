"""Whatever strangers call themselves and write is text on the staff board: it runs nothing, turns nothing
round and moves nothing out of its place.
"""

from collections.abc import Iterable

import pytest
from playwright.sync_api import Locator, Page, expect

from guestlink import houses, records
from guestlink.contacts import Person
from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards, row
from tests.browser.house import SLUG, Lodging
from tests.browser.writers import Writer
from tests.house import opened

pytestmark = pytest.mark.browser

MARKUP = (
    "<u class=planted>M</u><img src=x onerror=alert(1)><script>alert(2)</script><a href=javascript:alert(3)>x"
)
TURNED = "\u202eturned \u2066\u2067never closed"
NOBODY = "zero\u200bwidth\u200djoined\ufeff"
ZALGO = "Z" + "\u0334\u0353\u0310" * 60 + "algo"
ENDLESS = "Donaudampfschifffahrt" * 90
EMOJI = "\N{GRINNING FACE}" * 4096
HEBREW = "\u05e9\u05e8\u05d4"
WORDS = {"markup": MARKUP, "turned": TURNED, "nobody": NOBODY, "zalgo": ZALGO, "endless": ENDLESS}
PLAIN = "Two plain towels"
PHONE = "+44 7700 900555"
FOUND = """() => {
  const wrong = [], seen = document.body.innerText, page = document.documentElement;
  const planted = ".planted, [onerror], a[href^='javascript' i], #board script";
  if (document.querySelector(planted)) wrong.push("markup");
  if (/[\\u202a-\\u202e\\u2067]/.test(seen)) wrong.push("turned");
  let depth = 0;
  for (const each of seen) depth += /[\\u2066\\u2068]/.test(each) ? 1 : each === "\\u2069" ? -1 : 0;
  if (depth) wrong.push("not closed");
  const inside = [...document.querySelectorAll(".pane-body, .log, dialog[open]")];
  if ([page, ...inside].some((each) => each.scrollWidth > each.clientWidth + 1)) wrong.push("sideways");
  return wrong;
}"""
BETWEEN = """(node, [first, second]) => {
  const left = (words) => {
    const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const at = text.data.indexOf(words);
      if (at < 0) continue;
      range.setStart(text, at);
      range.setEnd(text, at + words.length);
      return range.getBoundingClientRect().left;
    }
    throw new Error("not there");
  };
  return left(first) < left(second);
}"""


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    """Guests, rooms and a colleague with names that nobody would want."""
    database, ring = opened(lodging.settings)
    names = {**WORDS, "hebrew": HEBREW}
    for place, (reference, name) in enumerate(names.items()):
        phone = PHONE if name == MARKUP else ""
        who = Person(name=name[:150], phone=phone)
        stay = lodging.add(reference, "arriving" if place % 2 else "in_house", guest=who)
        with database.write() as tx:
            house = records.find_property(tx, SLUG)
            unit = next(
                each for each in records.units(tx, house) if each.id == records.periods(tx, stay)[0].unit_id
            )
            houses.change_unit(tx, ring, house, unit, title=name[:100], at=lodging.at, by="test")
    database.close()
    lodging.run("staff", "add", HEBREW, "--phone", "+44 7700 900103", "--property", SLUG)
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    return boards(visit, crew)


def places(line: Locator) -> list[float]:
    """Where the parts of a line begin, and where its buttons end."""
    parts = (".age", ".unit", ".guest", ".text", ".who")
    boxes = [line.locator(part).first.bounding_box() for part in parts]
    acts = line.locator(".acts").bounding_box()
    assert acts
    return [*(round(box["x"]) for box in boxes if box), round(acts["x"] + acts["width"])]


def is_harmless(pages: Iterable[Page]) -> None:
    assert [page.evaluate(FOUND) for page in pages] == [[], []]


def test_whatever_is_written_is_text_in_its_place(
    lodging: Lodging, board: Boards, crew: Crew, visit: Visits
) -> None:
    visit.forgive("status of 422")
    desk, phone = board("Mira"), board("Tom", width=360, height=760)
    both = (desk, phone)
    for page in both:
        page.on("dialog", lambda each: pytest.fail(f"a dialog: {each.message}"))
    crew.ask(desk, "grace", PLAIN)
    before = [places(row(page, PLAIN)) for page in both]
    for who, words in WORDS.items():
        crew.ask(desk, who, words[:990], shows=False)
    for page in both:
        expect(page.locator(".row").filter(has_text="Donaudampf")).to_have_count(1, timeout=PATIENCE)
    assert [places(row(page, PLAIN)) for page in both] == before
    for page in both:
        heights = page.locator(".row").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
        assert max(heights) < 2.2 * min(heights), "a closed line is as high as any"
        expect(page.locator(".row").filter(has_text="onerror=alert(1)").locator(".unit")).to_have_text(
            MARKUP[:100]
        )
    is_harmless(both)

    # a name from right to left within our sentence
    line = desk.locator(".row").filter(has_text=PLAIN)
    line.locator(".sum").click()
    line.locator(".verbs [data-do=assign]").click()
    theirs = line.locator("option").filter(has_text=HEBREW).get_attribute("value")
    line.locator("select").select_option(theirs)
    line.get_by_role("button", name="Give it to them").click()
    who = line.locator(".who")
    expect(who).to_contain_text(HEBREW)
    assert who.evaluate(BETWEEN, ["for", "waits"])

    # reasons, notes, the next shift
    line = desk.locator(".row").filter(has_text="Donaudampf")
    line.locator(".sum").click()
    for verb, words in (("note", MARKUP + TURNED), ("decline", TURNED + ENDLESS[:900])):
        line.locator(f".verbs [data-do={verb}]").click()
        line.locator(f"[data-form={verb}] textarea").fill(words)
        line.locator(f"[data-form={verb}] .main").click()
        expect(line.locator(f"[data-form={verb}] textarea")).to_have_count(0)
    desk.get_by_role("button", name="Write a note").click()
    desk.get_by_label("What the next shift has to know").fill(f"{TURNED}\n{MARKUP}\n{ENDLESS[:1500]}")
    desk.locator(".shift .main").click()
    for page in both:
        expect(page.locator(".shift")).to_contain_text("onerror=alert(1)", timeout=PATIENCE)
        page.locator(".row .sum[aria-expanded=false]").evaluate_all(
            "all => all.slice(0, 4).map((button) => button.click())"
        )
        expect(page.locator(".row .more:visible")).not_to_have_count(0)
    is_harmless(both)


def test_whatever_is_sent_and_searched_is_text_in_its_place(lodging: Lodging, board: Boards) -> None:
    desk, phone = board("Mira"), board("Tom", width=360, height=760)
    both = (desk, phone)
    for page in both:
        page.on("dialog", lambda each: pytest.fail(f"a dialog: {each.message}"))
    writer = Writer(lodging.settings, PHONE, MARKUP + TURNED)
    for words in (*WORDS.values(), "x" * 10_000, EMOJI):
        writer.says(words)
    for page in both:
        page.locator(".talk-line .sum").first.click(timeout=PATIENCE)
        expect(page.locator(".bubble.theirs")).to_have_count(len(WORDS) + 2, timeout=PATIENCE)
        expect(page.locator(".bubble").filter(has_text="onerror=alert(1)")).not_to_have_count(0)
    is_harmless(both)
    for page in both:
        page.keyboard.press("Escape")
        expect(page.locator("#pane")).to_be_hidden()
        page.locator("#find").fill("Donaudampfschifffahrt")
        expect(page.locator("#finds [role=option]").first).to_be_visible(timeout=PATIENCE)
    is_harmless(both)
    for page in both:
        page.locator("#find").press("ArrowDown")
        page.locator("#find").press("Enter")
        expect(page.locator("#pane h2")).to_contain_text("Donaudampf", timeout=PATIENCE)
    is_harmless(both)


def test_a_board_that_took_text_for_more_would_be_found(board: Boards, crew: Crew) -> None:
    """The control: markup that is read, an override that reaches the page, a word that pushes its line."""
    page = board("Mira")
    line = crew.ask(page, "grace", "A harmless wish")
    assert page.evaluate(FOUND) == []
    gist = line.locator(".what")
    for wrong, told in (
        ("(node) => { node.innerHTML = '<u class=planted>M</u>' }", ["markup"]),
        ("(node) => { node.textContent = '\\u202eturned' }", ["turned"]),
        ("(node) => { node.textContent = '\\u2066never closed' }", ["not closed"]),
    ):
        gist.evaluate(wrong)
        assert page.evaluate(FOUND) == told
    gist.evaluate("(node) => { node.textContent = '' }")
    page.locator(".shift .words").evaluate(
        "(node, word) => { node.textContent = word; node.style.whiteSpace = 'pre' }", ENDLESS
    )
    page.locator(".shift .words").evaluate("(node) => { node.style.overflowWrap = 'normal' }")
    assert page.evaluate(FOUND) == ["sideways"]
