"""Wiring: health, problems in words, keys and settings, and what starting costs."""

import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar, get
from litestar.testing import TestClient

from edge_api.app import create_app, serve, serving
from edge_api.problems import problem
from guestlink.crypto import KeyRing
from guestlink.database import open_database
from guestlink.errors import (
    GuestLinkError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Outage,
    Refused,
    SettingsError,
    Stale,
)
from tests.edge_api.house import House

Guest = TestClient[Litestar]
PROGRAM = Path(__file__).parents[2]


# -- health --------------------------------------------------------------------------------------
@pytest.fixture
def records(house: House) -> None:
    """A database without records."""
    open_database(house.settings.database_url, home=Path(house.settings.home)).close()


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("path", ["/api/health", "/api/health/live", "/api/health/ready"])
def test_health_is_a_word_nobody_stores(guest: Guest, path: str) -> None:
    answer = guest.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert (guest.head(path).status_code, guest.post(path).status_code) == (200, 405)


@pytest.mark.usefixtures("records")
def test_a_site_without_any_page_is_ready_too(house: House, guest: Guest) -> None:
    (house.site / "index.html").unlink()
    assert guest.get("/api/health/ready").status_code == 200


def test_live_and_not_ready_while_the_storage_is_down(house: House, guest: Guest) -> None:
    file = house.site / "index.html"
    file.unlink()
    file.symlink_to(file)
    answer = guest.get("/api/health/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert guest.get("/api/health/live").status_code == 200


@pytest.mark.parametrize("url", ["sqlite:///data/none.db", "postgresql://nobody@127.0.0.1:1/none"])
def test_live_and_not_ready_while_the_database_is_down(house: House, url: str) -> None:
    with house.client(database_url=url) as guest:
        answer = guest.get("/api/health/ready")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert "database" in answer.json()["detail"]
        assert guest.get("/api/health/live").status_code == 200


# -- problems ------------------------------------------------------------------------------------
def failing(error: Exception) -> Guest:
    @get("/api/failing")
    async def fails() -> None:
        raise error

    app = Litestar([fails], exception_handlers={Exception: problem}, openapi_config=None, logging_config=None)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (InvalidInput("There is no such date.", hint="Write 2026-11-22."), 400, "Bad Request"),
        (NotAllowed(), 403, "Forbidden"),
        (NotFound("There is no such stay."), 404, "Not Found"),
        (Refused("The room is taken.", hint="Choose another."), 409, "Conflict"),
        (Stale("Somebody was faster."), 409, "Conflict"),
        (Outage("The database is down.", retry_after=7.2), 503, "Service Unavailable"),
    ],
)
def test_an_error_is_a_problem_in_words(error: GuestLinkError, status: int, title: str) -> None:
    with failing(error) as guest:
        answer = guest.get("/api/failing")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.status_code == status
    expected = {"type": "about:blank", "title": title, "status": status, "detail": error.message}
    assert answer.json() == (expected | {"hint": error.hint} if error.hint else expected)
    assert answer.headers.get("Retry-After") == ("8" if status == 503 else None)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("the door code is 4711"),
        KeyError("/w/Quay-side_0123456789aQ"),
        SettingsError("The key ring /srv/keys cannot be read.", setting="keys", hint="chmod 600 /srv/keys"),
    ],
)
def test_what_nobody_foresaw_is_told_by_kind_and_place_only(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with failing(error) as guest:
        answer = guest.get("/api/failing")
    assert (answer.status_code, answer.json()["detail"]) == (500, "Something went wrong here.")
    [line] = [record.getMessage() for record in caplog.records if record.name == "guestlink.edge"]
    assert line.startswith(f"edge-failed status=500 error={type(error).__name__} where=test_app.py:")
    for private in ("4711", "Quay", "/srv"):
        assert private not in answer.text + caplog.text


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/none", "/api/health/none", "/api/requests/7/acceptance"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_below_api_a_program_gets_a_programs_answer(guest: Guest, path: str, method: str) -> None:
    answer = guest.request(method, path)
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
    assert answer.headers["Content-Type"] == "application/problem+json"


# -- settings and keys ---------------------------------------------------------------------------
def test_a_given_key_ring_is_the_one_that_counts(house: House) -> None:
    link = house.page()
    house.settings.keys_file.unlink()
    app = create_app(house.settings, key_ring=KeyRing(house.stored), at=lambda: house.at)
    with TestClient(app) as guest:
        assert guest.get(link).status_code == 200


def test_without_keys_the_edge_does_not_start(house: House) -> None:
    house.settings.keys_file.unlink()
    with pytest.raises(SettingsError, match="does not exist"):
        house.app()


def test_the_factory_reads_the_folder_from_the_environment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUESTLINK_HOME", house.settings.home)
    with TestClient(serving()) as guest:
        assert guest.get("/").status_code == 200


@pytest.mark.parametrize("home", [None, ""])
def test_the_factory_says_which_variable_is_missing(
    monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.delenv("GUESTLINK_HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("GUESTLINK_HOME", home)
    with pytest.raises(SettingsError, match="GUESTLINK_HOME"):
        serving()


def test_a_port_that_is_taken_is_not_shared(house: House) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"127.0.0.1:{port}: Address already in use"):
            serve(house.settings, "127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 8080), ("no-such-host.invalid", 8080)])
def test_an_address_that_is_not_ours_is_named(house: House, host: str, port: int) -> None:
    with pytest.raises(InvalidInput, match=f"Nothing can listen on {host}:{port}"):
        serve(house.settings, host, port)


def test_the_edge_loads_no_compiler_and_no_cloud() -> None:
    heavy = ["pelican", "boto3", "botocore", "jinja2", "generator", "psycopg", "sqlite_utils", "webauthn"]
    check = f"import sys, edge_api.app; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=PROGRAM, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_settings_of_the_environment_switch_nothing_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    monkeypatch.setenv("LITESTAR_PDB", "1")
    app = create_app(msgspec.structs.replace(house.settings), at=lambda: house.at)
    assert (app.debug, app.pdb_on_exception) == (False, False)
