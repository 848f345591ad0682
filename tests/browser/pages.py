"""Every kind of page a guest can meet, opened in one language, colour scheme, width and fold."""

import itertools
from collections.abc import Iterable

from playwright.sync_api import Page

from guestlink.crypto import PageSeal, guide_code_shown
from tests.browser.conftest import Visits, opened
from tests.browser.house import LANGUAGES, PHASES, Lodging
from tests.guest import split

WRONG_KEY = "A" * 22
PLAIN = ("replaced", "cancelled", "landing", "missing")  # one page for everybody
KINDS = (*PHASES, "wrong", "gate", "walk_in", "guided", *PLAIN)
SCHEMES = ("light", "dark")
WIDTHS = (320, 390, 1440)
FOLDS = ("closed", "open")
Row = tuple[str, str, str, int, str]


def every_row(languages: Iterable[str] = LANGUAGES) -> list[Row]:
    """Kind, language, colour scheme, width and folds in every way there is."""
    rows = itertools.product(KINDS, languages, SCHEMES, WIDTHS, FOLDS)
    return [row for row in rows if row[0] not in PLAIN or (row[1], row[4]) == ("en", "closed")]


def pairwise_rows() -> list[Row]:
    """Few rows in which each two values meet that can meet, in three languages; the same at each run."""
    candidates = every_row(("en", "de", "ar"))
    wanted, rows = {pair for row in candidates for pair in _pairs(row)}, list[Row]()
    while wanted:
        best = max(candidates, key=lambda row: len(wanted.intersection(_pairs(row))))
        wanted.difference_update(_pairs(best))
        rows.append(best)
    return rows


def _pairs(row: Row) -> Iterable[tuple[object, object]]:
    return itertools.combinations(enumerate(row), 2)


def show(visit: Visits, house: Lodging, row: Row) -> Page:
    """The page of a row, open and unfolded as the row asks."""
    kind, language, scheme, width, folds = row
    context = visit.phone(width=width, scheme=scheme, locale=language, reduced_motion="reduce")
    if kind == "gate":  # its script goes on at once; an answer without content leaves it standing
        context.route("**/w/_/**", lambda route: route.fulfill(status=204))
    page = context.new_page()
    page.goto(address(house, kind, language), wait_until="commit" if kind == "gate" else "load")
    if kind in (*PHASES, "wrong"):
        opened(page)
    if kind in PHASES:
        has_forms(page)
    if kind == "guided":
        type_code(page, house.link("arriving", language))
    if folds == "open":
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    return page


def has_forms(page: Page) -> None:
    """Waits until the sheet has come and its forms are in their places."""
    page.wait_for_selector("form[action='/open/requests']", state="attached")


def type_code(page: Page, link: str) -> None:
    """What somebody without script does: the guide code, then the page that the house has opened."""
    page.locator("#code").fill(guide_code_shown(PageSeal(split(link)[1]).guide_code))
    page.locator("main button").click()
    page.wait_for_selector("#Codes")


def address(house: Lodging, kind: str, language: str) -> str:
    public = house.settings.public_url
    match kind:
        case "wrong":
            return house.link("arriving", language).partition("#")[0] + f"#{WRONG_KEY}"
        case "gate":
            return house.link("arriving", language)
        case "replaced":
            return public + house.replaced_path()
        case "cancelled":
            return house.link("cancelled")
        case "landing":
            return f"{public}/"
        case "missing":
            return f"{public}/nothing-here"
        case "walk_in" | "guided":
            return f"{public}/open"
        case _:
            return house.link(kind, language)
