"""axe-core finds nothing on any page: pairs of kind, language, colour scheme, width and folds in every run,
all of them in `make browser`.
"""

from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visits
from tests.browser.house import Lodging
from tests.browser.pages import Row, every_row, pairwise_rows, show
from tests.services import missing

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const rules = { "target-size": { enabled: true } };
  const found = await axe.run(document, { resultTypes: ["violations"], rules });
  return found.violations.map((each) =>
    `${each.id} (${each.impact}): ${each.help}\\n` +
    each.nodes.slice(0, 3).map((node) => `    ${node.target}  ${node.html.slice(0, 160)}`).join("\\n"));
}"""


@cache
def axe() -> str:
    if not AXE.exists():
        missing("axe-core", "make tools")
    return AXE.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """What axe-core has against the page as it stands."""
    page.evaluate(axe())  # not as a script of the page: its policy would rightly refuse it
    return [str(each) for each in page.evaluate(RUN)]


def look(visit: Visits, house: Lodging, row: Row) -> None:
    if row[0] == "missing":
        visit.forgive("404")
    found = violations(show(visit, house, row))
    assert not found, "\n".join([" ".join(map(str, row)), *found])


@pytest.mark.parametrize("row", pairwise_rows(), ids=lambda row: "-".join(map(str, row)))
def test_nobody_is_shut_out_of_a_page(visit: Visits, still_lodging: Lodging, row: Row) -> None:
    look(visit, still_lodging, row)


@pytest.mark.matrix
@pytest.mark.parametrize("row", every_row(), ids=lambda row: "-".join(map(str, row)))
def test_nobody_is_shut_out_of_any_page(visit: Visits, still_lodging: Lodging, row: Row) -> None:
    look(visit, still_lodging, row)


def test_axe_finds_what_is_wrong_on_a_page(visit: Visits, still_lodging: Lodging) -> None:
    """The control: pale text, a picture and a field without a name."""
    page = visit(still_lodging.link("ana"))
    page.evaluate(
        """() => {
          const pale = document.createElement("p");
          pale.append("pale");
          Object.assign(pale.style, { color: "#ccc", background: "#fff" });
          document.querySelector("main").prepend(pale, new Image(), document.createElement("input"));
        }"""
    )
    told = "".join(violations(page))
    assert all(rule in told for rule in ("color-contrast", "image-alt", "label"))
