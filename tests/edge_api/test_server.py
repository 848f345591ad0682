"""The edge as a process: the same promises over a real socket, however it was started."""

import gzip
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import boto3
import brotli  # type: ignore[import-untyped]
import pytest

from guestlink.storage import open_storage
from tests.edge_api import house as place
from tests.edge_api.conftest import PROGRAM, SERVE, answers
from tests.edge_api.house import House
from tests.edge_api.wire import Edge
from tests.services import free_port, running

PAGE = f"/w/_/{place.SLUG}/en.html"


def test_a_signed_page_is_served(edge: Edge) -> None:
    answer = edge.ask(edge.house.page())
    assert (answer.status, answer.body) == (200, place.PAGE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Length"] == str(len(place.PAGE))


def test_an_unsigned_and_an_expired_page_are_refused(edge: Edge) -> None:
    over = edge.house.sign(ends=edge.house.at - timedelta(days=1))
    for target in (PAGE, edge.house.page(query=over), edge.house.page(query=edge.house.sign() + "&a=b")):
        answer = edge.ask(target)
        assert (answer.status, answer.body) == (403, place.NOT_THERE)


def test_both_languages_open_under_one_policy(edge: Edge) -> None:
    query = edge.house.sign()
    assert edge.ask(edge.house.page("de", query=query)).body == place.SEITE
    assert edge.ask(edge.house.page("en", query=query)).body == place.PAGE


def test_a_rotation_needs_no_restart(edge: Edge) -> None:
    first = edge.house.key_id
    second = edge.house.add_key()
    old, new = edge.house.page(), edge.house.page(query=edge.house.sign(key_id=second))
    assert [edge.ask(link).status for link in (old, new)] == [200, 200]
    edge.house.retire_key(first)
    edge.house.key_id = second  # `keys use`, for the tests that follow
    assert [edge.ask(link).status for link in (old, new)] == [403, 200]


def test_compressed_bytes_decode_to_the_page(edge: Edge) -> None:
    link = edge.house.page()
    br, gz = (edge.ask(link, accept_encoding=coding) for coding in ("gzip, br", "gzip"))
    assert brotli.decompress(br.body) == gzip.decompress(gz.body) == place.PAGE
    assert [answer.headers["Content-Encoding"] for answer in (br, gz)] == ["br", "gzip"]
    assert br.headers["Vary"] == "Accept-Encoding"
    again = edge.ask(link, accept_encoding="br", if_none_match=br.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert edge.ask(link, accept_encoding="gzip", if_none_match=br.headers["ETag"]).status == 200


def test_head_tells_the_length_and_sends_nothing(edge: Edge) -> None:
    answer = edge.ask(edge.house.page(), method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(place.PAGE))


def test_only_get_and_head(edge: Edge) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        answer = edge.ask(edge.house.page(), method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_gate_ignores_any_query(edge: Edge) -> None:
    for query in ("", "?", "?utm_source=wa", "?Policy=x&Policy=y", "?%00", "?" + "a" * 4000):
        answer = edge.ask(f"/w/{place.SLUG}{query}")
        assert (answer.status, answer.body) == (200, place.GATE)


TRAVERSALS = """
/../data/keys/keyring.json
/w/../../keys/keyring.json
/w/_/../{slug}
/w/_/{slug}/../{slug}/en.html
/w/x/../_/{slug}/en.html
/./index.html
//index.html
/w//{slug}
/w/{slug}/
/w/_//{slug}/en.html
/%2e%2e/keys/keyring.json
/..%2fkeys%2fkeyring.json
/%2e%2e%2fkeys%2fkeyring.json
/..%252fkeys
/..%5ckeys
/w/%51uay-side_0123456789aQ
/w/%5f/{slug}/en.html
/w%2f_%2f{slug}%2fen.html
/%77/_/{slug}/en.html
/w/{slug}%00
/w/{slug}%0d%0aSet-Cookie:%20a=b
/w/{slug}%20
/w/{slug};a=b
/w/{slug}.
/w/{slug}~
/w/{slug}:x
/w\\{slug}
/..\\..\\keys
/.lock
/w/.{slug}.4711
/w/_/{slug}/.en.html.4711
/w/*
/w/$(id)
/%
/%zz
/%c0%ae%c0%ae/keys
*
/http://localhost/index.html
""".replace("{slug}", place.SLUG).split()


@pytest.mark.parametrize("target", TRAVERSALS)
def test_a_crooked_path_is_never_found_and_never_a_failure(edge: Edge, target: str) -> None:
    answer = edge.ask(target)
    assert (answer.status, answer.body) == (404, place.NOT_THERE)
    assert "Set-Cookie" not in answer.headers


ODD = {
    "letters": "/w/é".encode(),
    "a long name": b"/" + b"a" * 300,
    "a long path": b"/a" * 600,
    "many names": b"/" + b"a/" * 5000,
    "a very long name": b"/w/_/" + b"a" * 60_000,
}
NOT_HTTP = {
    "a nul": b"/\x00",
    "a cr": b"/w/\r",
    "spaces": b"/ x y",
    "no text": b"/w/\xff\xfe",
    "nothing": b"",
}
LISTS = [",".join(['"a"'] * 9000), ";q=" * 9000, "*;q=" + "1" * 9000, "a" * 60_000, "\xff"]


@pytest.mark.parametrize("target", ODD.values(), ids=ODD)
def test_an_odd_path_is_404(edge: Edge, target: bytes) -> None:
    assert edge.ask(target).status == 404


@pytest.mark.parametrize("target", NOT_HTTP.values(), ids=NOT_HTTP)
def test_what_is_not_http_is_turned_away(edge: Edge, target: bytes) -> None:
    assert edge.ask(target).status == 400


@pytest.mark.parametrize("name", ["accept_encoding", "if_none_match", "host", "accept", "cookie", "range"])
def test_no_header_makes_it_fail(edge: Edge, name: str) -> None:
    for value in LISTS:
        assert edge.ask(edge.house.page(), **{name: value}).status in {200, 400, 431}


def test_the_log_tells_reasons_and_no_path_or_slug(edge: Edge) -> None:
    broken = edge.house.site / "w" / "_" / place.SLUG / "fr.html"
    broken.symlink_to(broken)
    targets = [
        PAGE,
        edge.house.page("fr"),
        f"/w/{place.SLUG}",
        "/nowhere",
        edge.house.page("it"),
        "/api/none",
    ]
    assert [edge.ask(target).status for target in targets] == [403, 503, 200, 404, 404, 404]
    lines = edge.log.read_text()
    assert "edge-refused reason=signature-missing\n" in lines
    assert "edge-failed status=503 error=Outage\n" in lines
    told = re.sub(r"^\[INFO\] .*|^edge-(refused|failed)( \w+=[\w-]+)+$|^\n", "", lines, flags=re.MULTILINE)
    assert told.strip() == ""
    for private in (place.SLUG, place.OTHER_SLUG, "/w/", "Policy", "en.html", edge.house.key_id):
        assert private not in lines


# -- starting and stopping -----------------------------------------------------------------------
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_stops_when_told_also_with_a_browser_connected(house: House, number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVE, house.settings.home, str(port)]
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as server:
        try:
            deadline = time.monotonic() + 30
            while not answers(port) and server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            with socket.create_connection(("127.0.0.1", port)) as browser:
                browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert browser.recv(9) == b"HTTP/1.1 "
                server.send_signal(number)
                output, _ = server.communicate(timeout=10)
        finally:
            server.kill()
    assert (server.returncode, output) == (0, b"")


def test_a_bucket_is_served_like_a_folder(house: House, moto_server: str) -> None:
    site_url = f"s3://edge-server?region=us-east-1&endpoint={moto_server}"
    boto3.client("s3", endpoint_url=moto_server, region_name="us-east-1").create_bucket(Bucket="edge-server")
    bucket = open_storage(site_url, home=house.site)
    for path in (f"w/{place.SLUG}", f"w/_/{place.SLUG}/en.html", "404.html"):
        bucket.put(path, place.SITE[path])
    port = free_port()
    command = ["env", f"PYTHONPATH={PROGRAM}", f"GUESTLINK_SITE_URL={site_url}"]
    command += [sys.executable, "-c", SERVE, house.settings.home, str(port)]
    with running(list(command), Path(house.settings.home), answers=lambda: answers(port)):
        edge = Edge(house, port, Path(house.settings.home, "log"))
        for _ in range(2):
            assert edge.ask(house.page()).body == place.PAGE
            assert edge.ask(f"/w/{place.SLUG}").body == place.GATE
            assert edge.ask(PAGE).status == 403


def test_serving_leaves_nothing_behind(house: House) -> None:
    before = {path.relative_to(house.site) for path in Path(house.site).rglob("*")}
    with house.client() as guest:
        for target in (house.page(), "/", "/nowhere", f"/w/{place.SLUG}"):
            guest.get(target)
    assert {path.relative_to(house.site) for path in Path(house.site).rglob("*")} == before
