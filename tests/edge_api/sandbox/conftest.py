"""A sandbox in a process of its own for each module, and an app that gets its webhooks."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.edge_api.sandbox.place import App, Place
from tests.services import NOBODY, free_port, running

PROGRAM = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def running_place() -> Iterator[Place]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="guestlink-sandbox-") as folder:
        command = [
            "env",
            f"PYTHONPATH={PROGRAM}",
            sys.executable,
            "-m",
            "edge_api.sandbox",
            "--port",
            str(port),
        ]
        with running(list(command), Path(folder), answers=lambda: _answers(port)):
            place = Place(f"http://127.0.0.1:{port}")
            yield place
            place.close()


@pytest.fixture
def place(running_place: Place) -> Iterator[Place]:
    """The sandbox as on its first day."""
    running_place.reset()
    yield running_place
    running_place.close_clients()


@pytest.fixture
def app(place: Place) -> Iterator[App]:
    """Somebody's app: it keeps what is posted to it, and answers as it is told."""
    listening = App()
    place.patch("/sandbox/account", callback=listening.url)
    yield listening
    place.patch("/sandbox/account", callback="")
    listening.close()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/sandbox/clock", timeout=5, verify=NOBODY).is_success
    except httpx.HTTPError:
        return False
