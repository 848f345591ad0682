"""Feeds from addresses: https only, public machines only, the machine that was checked, never too much."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from generator.intake import downloads
from generator.intake.downloads import Validators, download, fetch_copy
from guestlink.addresses import is_public, resolve
from guestlink.errors import InvalidInput, Outage, Refused
from tests.generator.tls import Here, serving

ADDRESS = "https://calendar.example/ical/1234.ics?s=token5678"
PUBLIC = "93.184.216.34"
Answer = Callable[[httpx.Request], httpx.Response]


def ask(answer: Answer, *addresses: str, url: str = ADDRESS) -> bytes:
    resolved = addresses or (PUBLIC,)
    return download(url, resolver=lambda _host, _port: resolved, transport=httpx.MockTransport(answer))


def ok(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"BEGIN:VCALENDAR")


# Where to


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",  # noqa: S104 - never bound, only refused
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "not an address",
        "",
    ],
)
def test_an_address_of_ones_own_network_is_never_asked(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(InvalidInput, match=r"^calendar\.example is not a public address"):
        ask(ok, address)
    with pytest.raises(InvalidInput):
        ask(ok, PUBLIC, address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_asked(address: str) -> None:
    assert is_public(address)
    assert ask(ok, address) == b"BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    "url",
    [
        "http://calendar.example/feed.ics",
        "ftp://calendar.example/feed.ics",
        "file:///etc/passwd",
        "https://",
        "https:///feed.ics",
        "HTTP://calendar.example/",
        "https://calendar.example:none/",
    ],
)
def test_only_https_addresses_are_fetched(url: str) -> None:
    with pytest.raises(InvalidInput):
        ask(ok, url=url)


def test_a_webcal_address_is_an_https_address() -> None:
    seen: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return ok(request)

    ask(answer, url="webcal://calendar.example/feed.ics")
    assert seen[0].scheme == "https"


def test_the_address_that_was_checked_is_the_one_that_is_asked_and_the_name_goes_with_it() -> None:
    lookups = iter([["93.184.216.34"], ["127.0.0.1"]])
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok(request)

    download(ADDRESS, resolver=lambda _host, _port: next(lookups), transport=httpx.MockTransport(answer))
    assert seen[0].url.host == "93.184.216.34"
    assert seen[0].headers["host"] == "calendar.example"
    assert seen[0].extensions["sni_hostname"] == "calendar.example"
    assert seen[0].url.raw_path == b"/ical/1234.ics?s=token5678"


def test_a_machine_with_several_addresses_is_asked_at_the_next_when_one_is_down() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "2606:4700::1111":
            raise httpx.ConnectError("no route")
        return ok(request)

    assert ask(answer, "2606:4700::1111", PUBLIC) == b"BEGIN:VCALENDAR"


# Redirects


def redirect(*steps: str) -> Answer:
    places = iter(steps)

    def answer(request: httpx.Request) -> httpx.Response:
        place = next(places, None)
        return httpx.Response(302, headers={"location": place}) if place else ok(request)

    return answer


def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    steps = [f"https://calendar.example/{n}" for n in range(4)]
    assert ask(redirect(*steps[:3])) == b"BEGIN:VCALENDAR"
    with pytest.raises(Refused, match="redirects more than 3 times"):
        ask(redirect(*steps))


@pytest.mark.parametrize(
    ("place", "resolved"),
    [
        ("http://calendar.example/", PUBLIC),
        ("https://inside.example/", "10.0.0.7"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254"),
        ("https://localhost/", "127.0.0.1"),
        ("https://[::1]/", "::1"),
        ("file:///etc/passwd", PUBLIC),
    ],
)
def test_every_redirect_is_checked_anew(place: str, resolved: str) -> None:
    def resolver(host: str, _port: int) -> list[str]:
        return [PUBLIC if host == "calendar.example" else resolved]

    with pytest.raises((InvalidInput, Outage)):
        download(ADDRESS, resolver=resolver, transport=httpx.MockTransport(redirect(place)))


# Answers


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, Refused),
        (403, Refused),
        (410, Refused),
        (204, Refused),
        (429, Outage),
        (500, Outage),
        (503, Outage),
    ],
)
def test_an_answer_that_is_no_feed_says_what_it_is_without_the_secret_part(
    status: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as refused:
        ask(lambda _request: httpx.Response(status))
    assert str(status) in str(refused.value)
    assert "calendar.example" in str(refused.value)
    assert "token5678" not in str(refused.value)


def test_more_than_ten_megabytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_BYTES", 1000)
    assert len(ask(lambda _request: httpx.Response(200, content=b"x" * 1000))) == 1000
    with pytest.raises(Refused, match="is larger than"):
        ask(lambda _request: httpx.Response(200, content=b"x" * 1001))


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "SECONDS", -1.0)
    with pytest.raises(Outage, match="takes longer"):
        ask(ok)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectTimeout("slow"), "takes longer than 20 seconds"),
        (httpx.ReadTimeout("slow"), "takes longer than 20 seconds"),
        (
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate"),
            "shows a certificate of another name",
        ),
        (httpx.ConnectError("refused"), "cannot be reached"),
        (httpx.RemoteProtocolError("odd"), "cannot be reached"),
    ],
)
def test_a_machine_that_does_not_answer_is_an_outage(error: httpx.HTTPError, words: str) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Outage, match=words) as outage:
        ask(answer)
    assert outage.value.retry


def test_a_name_that_nobody_has_is_an_outage() -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError

    with pytest.raises(Outage, match=r"No machine is known as calendar\.example"):
        download(ADDRESS, resolver=nobody, transport=httpx.MockTransport(ok))


def test_names_are_resolved_by_the_system() -> None:
    assert "127.0.0.1" in resolve("localhost", 443) or "::1" in resolve("localhost", 443)


def test_no_feed_is_read_from_this_very_machine() -> None:
    with pytest.raises(InvalidInput, match="localhost is not a public address"):
        download("https://localhost:1/feed.ics")


# Only what is new


def conditions(known: Validators) -> dict[str, str]:
    """What a server is told of the copy that we have."""
    seen: dict[str, str] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        seen.update(request.headers)
        return ok(request)

    fetch_copy(ADDRESS, known, resolver=public, transport=httpx.MockTransport(answer))
    return {name: value for name, value in seen.items() if name.startswith("if-")}


def public(_host: str, _port: int) -> list[str]:
    return [PUBLIC]


def test_a_server_is_told_what_it_called_our_copy() -> None:
    assert conditions(Validators()) == {}
    day = "Mon, 02 Nov 2026 09:00:00 GMT"
    told = conditions(Validators(etag='W/"a1"', last_modified=day))
    assert told == {"if-none-match": 'W/"a1"', "if-modified-since": day}


def test_what_has_not_changed_has_no_body_and_keeps_its_name() -> None:
    known = Validators(etag='"a1"')
    unchanged = httpx.MockTransport(lambda _request: httpx.Response(304))
    copy = fetch_copy(ADDRESS, known, resolver=public, transport=unchanged)
    assert (copy.is_unchanged, copy.body, copy.validators) == (True, b"", known)
    with pytest.raises(Refused, match="it answers 304"):
        fetch_copy(ADDRESS, resolver=public, transport=unchanged)


def test_the_name_of_a_copy_is_kept_unless_it_is_endless() -> None:
    def named(etag: str) -> str:
        answer = httpx.Response(200, headers={"etag": etag}, content=b"BEGIN:VCALENDAR")
        transport = httpx.MockTransport(lambda _request: answer)
        return fetch_copy(ADDRESS, resolver=public, transport=transport).validators.etag

    assert named('"a1"') == '"a1"'
    assert named('"' + "a" * 600 + '"') == ""


NINE = "Mon, 02 Nov 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300.0),
        ({"retry-after": "7200"}, 7200.0),
        ({"retry-after": "soon"}, 300.0),
        ({"retry-after": "-5"}, 300.0),
        ({"retry-after": "Mon, 02 Nov 2026 10:00:00 GMT", "date": NINE}, 3600.0),
        ({"retry-after": "Mon, 02 Nov 2026 08:00:00 GMT", "date": NINE}, 0.0),
        ({"retry-after": NINE}, 300.0),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone_is_told(headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(Outage) as outage:
        ask(lambda _request: httpx.Response(429, headers=headers))
    assert outage.value.retry_after == seconds


@pytest.mark.parametrize("packing", ["br", "gzip, gzip", "zstd"])
def test_what_could_unpack_without_an_end_is_not_read(packing: str) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": packing}, stream=httpx.ByteStream(b"x"))

    with pytest.raises(Refused, match="packs the feed in a way that is not read"):
        ask(answer)


# A real handshake


class Calendar(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    with serving(tmp_path, Calendar) as there:
        yield there


def test_the_certificate_is_that_of_the_name_although_the_connection_goes_to_an_address(here: Here) -> None:
    body = download(ADDRESS, resolver=lambda _host, _port: [PUBLIC], transport=here)
    assert body == b"calendar.example /ical/1234.ics?s=token5678"


def test_a_certificate_of_another_name_is_refused(here: Here) -> None:
    with pytest.raises(Outage, match=r"other\.example shows a certificate of another name"):
        download("https://other.example/", resolver=lambda _host, _port: [PUBLIC], transport=here)


class Dripping(BaseHTTPRequestHandler):
    """Sends a byte of a header now and then: never long silent, never at an end."""

    def do_GET(self) -> None:
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(200):
                time.sleep(0.05)  # what a slow server does
                self.wfile.write(b"x")

    def log_message(self, *_words: object) -> None:
        pass


def test_a_server_that_drips_headers_is_left_when_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "SECONDS", 1.0)
    began = time.monotonic()
    with serving(tmp_path, Dripping) as there:
        with pytest.raises(Outage, match="takes longer than 1 seconds"):
            download(ADDRESS, resolver=public, transport=there)
        assert time.monotonic() - began < 5
