"""Feeds from addresses: https only, public machines only, the machine that was checked, never too much."""

import datetime as dt
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from generator.intake import downloads
from generator.intake.addresses import is_public, resolve
from generator.intake.downloads import download
from guestlink.errors import InvalidInput, Outage, Refused

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


# A real handshake


class Here(httpx.BaseTransport):
    """The internet as this machine: every public address leads to one local server."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        self._real = httpx.HTTPTransport(verify=trust, trust_env=False)
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


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
    """A server that shows a certificate for calendar.example only."""
    trust, files = certificate(tmp_path, "calendar.example")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Calendar)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(*files)
    server.socket = shown.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Here(server.server_port, trust)
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_certificate_is_that_of_the_name_although_the_connection_goes_to_an_address(here: Here) -> None:
    body = download(ADDRESS, resolver=lambda _host, _port: [PUBLIC], transport=here)
    assert body == b"calendar.example /ical/1234.ics?s=token5678"


def test_a_certificate_of_another_name_is_refused(here: Here) -> None:
    with pytest.raises(Outage, match=r"other\.example shows a certificate of another name"):
        download("https://other.example/", resolver=lambda _host, _port: [PUBLIC], transport=here)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, tuple[Path, Path]]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
    return ssl.create_default_context(cafile=str(files[0])), files
