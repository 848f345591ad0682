"""A house for each test, and real servers of the edge on loopback."""

import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.edge_api.house import House, new_house
from tests.edge_api.wire import Edge
from tests.services import free_port, running

PROGRAM = Path(__file__).parents[2]
SERVE = """
import sys
from pathlib import Path
from edge_api.app import serve
from guestlink.settings import load_settings
serve(load_settings(Path(sys.argv[1])), "localhost", int(sys.argv[2]))
"""
FACTORY = "--interface asgi --factory --no-ws --workers-kill-timeout 3 edge_api.app:serving"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path)


@pytest.fixture
def guest(house: House) -> Iterator[TestClient[Litestar]]:
    """Somebody who asks the edge of the house."""
    with house.client() as client:
        yield client


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house for tests that only look at it."""
    return new_house(tmp_path_factory.mktemp("still"))


@pytest.fixture(scope="module")
def passer(still: House) -> Iterator[TestClient[Litestar]]:
    """Somebody who asks the edge of that house and changes nothing."""
    with still.client() as client:
        yield client


@pytest.fixture(scope="module", params=["serve", "granian --factory"])
def edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """The edge of a house of its own, in a process of its own, started in both ways there are."""
    with tempfile.TemporaryDirectory(prefix="guestlink-edge-") as folder:
        house, port = new_house(Path(folder)), free_port()
        command = ["env", f"GUESTLINK_HOME={folder}", f"PYTHONPATH={PROGRAM}", sys.executable]
        if request.param == "serve":
            command += ["-c", SERVE, folder, str(port)]
        else:
            command += ["-m", "granian", "--port", str(port), *FACTORY.split()]
        with running(list(command), Path(folder), answers=lambda: answers(port)):
            yield Edge(house, port, Path(folder, "log"))


def answers(port: int) -> bool:
    """Whether somebody serves there already."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health/live", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except OSError:
        return False
