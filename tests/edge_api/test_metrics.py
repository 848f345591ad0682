"""Numbers for Prometheus, ids of requests, lines of the log, and an end that breaks nothing off."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from edge_api import tokens
from edge_api.app import SECONDS_TO_STOP, create_app
from guestlink import clock, houses, links, records
from guestlink.houses import HouseDraft
from guestlink.settings import Settings
from tests.edge_api.conftest import PROGRAM, answers
from tests.edge_api.sandbox.place import eventually
from tests.house import AT, BY, add_stay, command, make_home, opened
from tests.services import free_port, running

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]
HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_home(tmp_path)


@contextmanager
def asked(settings: Settings, *, caller: tuple[str, int] = HERE, **changes: str) -> Iterator[TestClient[Any]]:
    app = create_app(msgspec.structs.replace(settings, **changes), at=lambda: AT)

    async def come_from(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": caller} if scope["type"] == "http" else scope, receive, send)

    with TestClient(come_from) as client:
        yield client


def token(settings: Settings, role: tokens.Role) -> dict[str, str]:
    database, _ = opened(settings)
    with database.write() as tx:
        name = f"{role} {clock.new_id()}"
        text = tokens.make_token(tx, name=name, role=role, house=None, at=AT, by=BY)
    database.close()
    return {"Authorization": f"Bearer {text}"}


def numbers(answer: httpx.Response) -> Numbers:
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: Numbers, name: str, **labels: str) -> float | None:
    return found.get((f"guestlink_{name}", frozenset(labels.items())))


# -- numbers ---------------------------------------------------------------------------------------
def test_answers_are_counted_by_template_and_class_of_status(settings: Settings) -> None:
    with asked(settings) as client:
        for _ in range(3):
            client.get(f"/api/house/stays/{clock.new_id()}")
        client.get("/api/health/live")
        client.get("/w/some-slug-of-a-guest-xx")
        answer = client.get("/api/metrics")
    found = numbers(answer)
    assert value(found, "requests_total", route="/api/house/stays/{stay_id}", method="GET", status="4xx") == 3
    assert value(found, "requests_total", route="/api/health/live", method="GET", status="2xx") == 1
    assert value(found, "request_seconds_count", route="/api/house/stays/{stay_id}") == 3
    assert "some-slug" not in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_what_waits_is_read_from_the_database(settings: Settings) -> None:
    database, _ = opened(settings)
    draft = HouseDraft(slug="quay", zone="Europe/London", currency="GBP", default_language="en")
    with asked(settings) as client:
        before = numbers(client.get("/api/metrics"))
        with database.write() as tx:
            houses.add_property(tx, draft, at=AT, by=BY)
        after = numbers(client.get("/api/metrics"))
    database.close()
    waiting = [value(found, "rebuilds_waiting") or 0 for found in (before, after)]
    assert waiting[1] == waiting[0] + 1
    for name in ("inbox_waiting", "inbox_oldest_seconds"):
        assert value(after, name) == 0
    assert value(after, "outbox_messages", state="dead") == 0
    assert value(after, "open_requests", state="requested") == 0
    assert value(after, "database_up") == 1


def test_a_database_that_is_down_is_a_number_too(settings: Settings) -> None:
    with asked(settings, database_url="sqlite:///data/none.db") as client:
        found = numbers(client.get("/api/metrics"))
    assert value(found, "database_up") == 0
    assert value(found, "inbox_waiting") is None


def test_numbers_are_for_this_machine_and_for_managers(settings: Settings) -> None:
    staff, manager = token(settings, "staff"), token(settings, "manager")
    with asked(settings, caller=("192.0.2.7", 50_000)) as client:
        assert client.get("/api/metrics").status_code == 401
        assert client.get("/api/metrics", headers=staff).status_code == 403
        assert client.get("/api/metrics", headers=manager).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_who_comes_through_another_machine_is_not_this_one(settings: Settings, header: str) -> None:
    with asked(settings) as client:
        assert client.get("/api/metrics", headers={header: "192.0.2.7"}).status_code == 401
    with asked(settings, proxies="1") as client:
        assert client.get("/api/metrics").status_code == 401


# -- ids and lines ---------------------------------------------------------------------------------
def test_an_id_that_is_sane_is_taken_over_and_any_other_is_not(settings: Settings) -> None:
    with asked(settings) as client:
        for given in ("a-trace.id_7", "x" * 64):
            answer = client.get("/api/health", headers={"X-Request-Id": given})
            assert answer.headers["x-request-id"] == given
        made = set()
        for given in ("", "x" * 65, "two words", "a=b", "é".encode(), "a\tb"):
            answer = client.get("/api/none", headers={"X-Request-Id": given})
            made.add(answer.headers["x-request-id"])
            assert given != answer.headers["x-request-id"]
        assert len(made) == 6


def test_a_call_of_the_api_leaves_one_line_and_only_when_it_is_switched_on(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with asked(settings) as client:
        client.get("/api/health", headers={"X-Request-Id": "quiet"})
        with caplog.at_level(logging.INFO, logger="guestlink.access"):
            client.get("/api/health?guest=Ana", headers={"X-Request-Id": "told"})
            client.get("/api/house/stays/Ana", headers={"X-Request-Id": "refused"})
    lines = [record.getMessage() for record in caplog.records if record.name == "guestlink.access"]
    assert [line.rpartition(" ")[0] for line in lines] == [
        "edge-answered id=told route=/api/health method=GET status=200",
        "edge-answered id=refused route=/api/house/stays/{stay_id} method=GET status=401",
    ]
    assert all(float(line.rpartition("=")[2]) >= 0 for line in lines)


def test_serve_writes_the_lines_when_told_and_none_of_a_person(settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    serve = ["env", f"GUESTLINK_HOME={tmp_path}", *command(tmp_path), "serve", "--port", str(port)]
    with running([*serve, "--log-requests"], tmp_path, answers=lambda: answers(port)):
        httpx.get(f"http://127.0.0.1:{port}/api/house/stays/Ana?x=Ana")
        line, log = "route=/api/house/stays/{stay_id} method=GET status=401", tmp_path / "log"
        eventually(lambda: line in log.read_text())
    assert "Ana" not in log.read_text()


# -- the end ---------------------------------------------------------------------------------------
SERVE = """
import sys
from pathlib import Path
from edge_api.app import serve
from guestlink.settings import load_settings
serve(load_settings(Path(sys.argv[1])), "127.0.0.1", int(sys.argv[2]))
"""


@contextmanager
def process(settings: Settings) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port, environment = free_port(), {**os.environ, "PYTHONPATH": str(PROGRAM)}
    words = [sys.executable, "-c", SERVE, settings.home, str(port)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            deadline = time.monotonic() + 30
            while not answers(port) and server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            yield server, port
        finally:
            server.kill()


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False


def test_a_request_that_is_under_way_is_finished_and_no_other_begun(settings: Settings) -> None:
    today = clock.now().date()
    stay = add_stay(settings, "ana", unit="room-1", arrives=today, leaves=today + timedelta(days=2))
    database, ring = opened(settings)
    with database.read() as db:
        (link,) = records.stay_links(db, stay)
    database.close()
    page = links.page_token(ring, link, links.policy_end(stay.until_on))
    body = json.dumps({"note": "soap"}).encode()
    head = (
        "POST /api/requests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {page}\r\nIdempotency-Key: a-key-of-ana\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with process(settings) as (server, port), socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(10)
        slow.sendall(head.encode() + body[:5])
        assert answers(port)  # whoever came before is being served by now
        server.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while not refuses(port) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert refuses(port)
        slow.sendall(body[5:])
        answer = b"".join(iter(lambda: slow.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 201")
        assert server.wait(timeout=10) == 0


def test_a_caller_who_never_ends_does_not_hold_up_the_end(settings: Settings) -> None:
    head = b"POST /api/openings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    with process(settings) as (server, port), socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(head)
        assert answers(port)
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
        assert time.monotonic() - began < SECONDS_TO_STOP + 3
