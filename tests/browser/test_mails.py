"""Mails on small screens and on a desk: axe-core and the Nu HTML Checker find nothing; nothing is cut off."""

from pathlib import Path

import pytest

from tests.browser.conftest import Visits
from tests.browser.mails import SHOWN, mail
from tests.browser.test_accessibility import violations
from tests.browser.test_markup import errors

pytestmark = pytest.mark.browser

OF_PAGES = ("landmark-one-main", "page-has-heading-one", "region")  # a mail is shown inside somebody's page


@pytest.mark.parametrize(
    ("tag", "width", "scheme"),
    [("en", 320, "dark"), ("de", 360, "light"), ("ar", 1024, "dark"), ("ar", 320, "light")],
)
def test_nobody_is_shut_out_of_a_mail(visit: Visits, tag: str, width: int, scheme: str) -> None:
    page = visit(width=width, scheme=scheme)
    page.set_content(mail(tag, *SHOWN[tag]))
    assert [each for each in violations(page) if not each.startswith(OF_PAGES)] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    label = page.locator("a.label").bounding_box()
    assert label is not None
    assert label["height"] >= 44


def test_a_mail_is_html_without_errors(tmp_path: Path) -> None:
    for tag, shown in SHOWN.items():
        (tmp_path / f"{tag}.html").write_text(mail(tag, *shown), "utf-8")
    assert errors(tmp_path) == []
