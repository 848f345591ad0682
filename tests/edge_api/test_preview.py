"""`serve --preview`: an open page reloads when it is published anew; all else is as it always is."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from playwright.sync_api import Page, expect

from edge_api.app import create_app
from tests.edge_api import house as place
from tests.edge_api.conftest import PROGRAM, SERVE, answers
from tests.edge_api.house import House, new_house
from tests.edge_api.wire import Edge
from tests.services import free_port, running

KEY = f"w/_/{place.SLUG}/en.html"
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
DOCUMENT = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Harbour House</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}"><body><p>{{}}</p></body></html>"""


@pytest.fixture
def preview() -> Iterator[Edge]:
    with tempfile.TemporaryDirectory(prefix="guestlink-preview-") as folder:
        house, port = new_house(Path(folder)), free_port()
        started = SERVE.replace("int(sys.argv[2]))", "int(sys.argv[2]), preview=True)")
        command = ["env", f"PYTHONPATH={PROGRAM}", sys.executable, "-c", started, folder, port]
        with running(command, Path(folder), answers=lambda: answers(port)):
            yield Edge(house, port, Path(folder, "log"))


@pytest.mark.browser
def test_an_open_page_reloads_when_it_is_published_anew(
    preview: Edge, page: Page, console_errors: list[str]
) -> None:
    preview.house.put(KEY, DOCUMENT.format("The door is blue.").encode())
    page.goto(f"http://localhost:{preview.port}{preview.house.page()}#key")
    expect(page.locator("p")).to_have_text("The door is blue.")
    preview.house.put(KEY, DOCUMENT.format("The door is green.").encode())
    expect(page.locator("p")).to_have_text("The door is green.")
    assert page.evaluate("location.hash") == "#key"
    assert console_errors == []


def test_only_pages_get_the_script(house: House) -> None:
    with TestClient(create_app(house.settings, at=lambda: house.at, preview=True)) as host:
        shown = host.get(house.page())
        assert shown.content.startswith(place.PAGE)
        assert b'<script async src="/api/preview/reload.js" data-page="' in shown.content
        assert host.get("/api/preview/reload.js").headers["Content-Type"].startswith("text/javascript")
        for path, body in (
            (f"/w/{place.SLUG}", place.GATE),
            ("/", place.LANDING),
            ("/w/sw.js", place.WORKER),
        ):
            assert host.get(path).content == body
        assert host.get(f"/{KEY}").status_code == 403


def test_a_version_is_told_of_what_is_there(house: House) -> None:
    with TestClient(create_app(house.settings, at=lambda: house.at, preview=True)) as host:
        before = host.get(f"/api/preview/versions/{KEY}")
        house.put(KEY, b"new")
        after = host.get(f"/api/preview/versions/{KEY}")
        assert (before.status_code, after.status_code) == (200, 200)
        assert before.text != after.text
        for nothing in ("w/_/none/en.html", ".lock", "%2e%2e/keys", "%00", ""):
            assert host.get(f"/api/preview/versions/{nothing}").status_code == 404


def test_without_preview_there_is_no_trace_of_it(house: House) -> None:
    with house.client() as guest:
        assert guest.get(house.page()).content == place.PAGE
        assert guest.get("/api/preview/reload.js").status_code == 404
        assert guest.get(f"/api/preview/versions/{KEY}").status_code == 404
