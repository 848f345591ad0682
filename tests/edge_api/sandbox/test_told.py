"""docs/sandbox.md tells every route, setting and fault, and a foreign page in a browser moves nothing."""

import re
from pathlib import Path

import pytest

from edge_api.sandbox.control import control_routes
from edge_api.sandbox.faults import KINDS
from edge_api.sandbox.settings import Settings
from edge_api.sandbox.wire import Routes
from edge_api.sandbox.world import World

TOLD = (Path(__file__).parents[3] / "docs/sandbox.md").read_text("utf-8")


class Noted(Routes):
    """Routes that remember how they were written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[str, str]] = []

    def add(self, method, path, handler):
        self.written.append((method, path.removeprefix("/sandbox/")))
        super().add(method, path, handler)


def test_every_route_is_told():
    routes = Noted()
    control_routes(World(), routes)
    rows = re.findall(r"(?m)^\| (`(?:GET|POST|PUT|PATCH|DELETE)\b.*?) \|", TOLD)
    told = {
        (method, path)
        for row in rows
        for path in re.findall(r"(?:GET|POST|PUT|PATCH|DELETE) ([\w/{}]+)", row)
        for method in re.findall(r"GET|POST|PUT|PATCH|DELETE", row)
    }
    alike = {("GET", "clock"), ("DELETE", "faults/{id}"), ("GET", "media/{id}")}  # what one would guess
    assert set(routes.written) - told - alike == set()


@pytest.mark.parametrize("name", [*Settings.__struct_fields__, *KINDS])
def test_every_setting_and_fault_is_told(name):
    assert f"`{name}`" in TOLD


def test_a_page_of_somebody_else_moves_nothing(place):
    for site in ("cross-site", "same-site"):
        refused = place.http.post("/sandbox/reset", headers={"sec-fetch-site": site})
        assert refused.status_code == 403
    assert place.http.post("/sandbox/reset", headers={"sec-fetch-site": "same-origin"}).is_success
