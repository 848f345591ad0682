"""Feeds whose addresses lead into this machine or its network: no connection is ever made (S3).

A trap listens on loopback and counts who comes, and every connection that the process opens is seen: one to
a public address ends at a local https server, anything else that is no loopback at an error. The control is
a plain httpx client that follows redirects: for each address that leads somewhere it does go there.
"""

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from generator.intake.downloads import Copy, fetch_copy
from guestlink import houses, records
from guestlink.errors import GuestLinkError
from tests.generator.tls import serving
from tests.house import AT, BY, ROOT, command, make_home, opened

PUBLIC = "93.184.216.34"
NAMES = {  # what a name's owner says it is; of several answers each look-up gets the next
    "calendar.example": [[PUBLIC]],
    "mixed.example": [["127.0.0.1", PUBLIC]],
    "inside.example": [["127.0.0.1"]],
    "inside6.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "router.example": [["192.168.1.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "localhost.": [["127.0.0.1"]],
    "localhost.localdomain": [["127.0.0.1"]],
    "sub.localhost": [["127.0.0.1"]],
}
HOSTS = """
    127.0.0.1 127.1 127.8.9.10 2130706433 0177.0.0.1 0x7f.0.0.1 0x7f000001 017700000001 0.0.0.0 0 [::1]
    [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [64:ff9b::7f00:1] [fe80::1]
    [fd00::1] 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 localhost LOCALHOST localhost.
    localhost.localdomain sub.localhost inside.example inside6.example mapped.example mixed.example
    metadata.example router.example nat64.example
""".split()
SHORT = """
    127.0.0.1 2130706433 017700000001 [::ffff:127.0.0.1] localhost. mixed.example 169.254.169.254
    [64:ff9b::7f00:1]
""".split()
USERS = """
    calendar.example@ calendar.example:443@ calendar.example%2f@ calendar.example%23@ 127.0.0.1:@
""".split()
NOBODY_READS = {"0177.0.0.1"}  # httpx takes it for no address at all


class Redirecting(BaseHTTPRequestHandler):
    """A public server that sends everybody where its query says."""

    def do_GET(self) -> None:
        place = parse_qs(urlsplit(self.path).query).get("to", [""])[0]
        self.send_response(307 if place else 200)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


class Trap:
    """Counts who connects, to loopback in either version of the protocol, and hangs up."""

    def __init__(self) -> None:
        self.came = 0
        self._listening = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._listening[0].getsockname()[1]
        with suppress(OSError):  # a machine without the newer version
            self._listening.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [
            threading.Thread(target=self._count, args=(each,), daemon=True) for each in self._listening
        ]
        for thread in self._threads:
            thread.start()

    def _count(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                caller, _ = listening.accept()
                self.came += 1
                caller.close()

    def close(self) -> None:
        for each in self._listening:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()


class Net(NamedTuple):
    """What a fetch meets: the trap, where connections went, and whom to trust."""

    trap: Trap
    went: list[str]
    trust: ssl.SSLContext
    answers: dict[str, list[list[str]]]

    def fetch(self, url: str) -> Copy:
        return fetch_copy(url, transport=httpx.HTTPTransport(verify=self.trust))

    def ours(self, url: str) -> None:
        with pytest.raises(GuestLinkError):
            self.fetch(url)

    def naive(self, url: str) -> None:
        with suppress(httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            httpx.Client(follow_redirects=True, verify=False, trust_env=False, timeout=5).get(url)  # noqa: S501

    def led_inside(self) -> bool:
        return bool(set(self.went) - {PUBLIC})


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    real_look_up, real_connect = socket.getaddrinfo, socket.create_connection
    answers = {name: [list(each) for each in told] for name, told in NAMES.items()}
    went: list[str] = []

    def look_up(host: Any, port: Any, *args: Any, **told: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in answers:
            return real_look_up(host, port, *args, **told)
        addresses = answers[name].pop(0) if len(answers[name]) > 1 else answers[name][0]
        return [entry for each in addresses for entry in real_look_up(each, port, *args, **told)]

    with serving(tmp_path, Redirecting) as there:

        def connect(address: tuple[str, int], *args: Any, **told: Any) -> socket.socket:
            host, port = address
            found = look_up(host, port, type=socket.SOCK_STREAM)[0][4][0]
            went.append(found)
            if found == PUBLIC:
                return real_connect(("127.0.0.1", there.port), *args, **told)
            if found.startswith(("127.", "0.", "::")):
                return real_connect((found, port), *args, **told)
            raise OSError("no test leaves this machine")

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(socket, "create_connection", connect)
        trap = Trap()
        yield Net(trap, went, there.trust, answers)
        trap.close()


def addresses(host: str) -> list[str]:
    """An address by itself, behind user names that look like a public host, and behind a redirect."""
    plain = f"https://{host}:{{port}}/calendar.ics"
    hidden = [f"https://{user}{host}:{{port}}/" for user in USERS]
    return [plain, *hidden, *(redirected(place) for place in (plain, plain.replace("https", "http")))]


def redirected(place: str) -> str:
    return f"https://calendar.example/?to={quote(place, safe='{}')}"


def never_goes_inside(net: Net, address: str) -> None:
    """Ours first; then the control must go there, or the address proves nothing."""
    url, before = address.format(port=net.trap.port), net.trap.came
    net.went.clear()
    net.ours(url)
    assert net.trap.came == before, url
    assert not net.led_inside(), f"{url} led to {net.went}"
    net.naive(url)
    assert net.led_inside() or urlsplit(url).hostname in NOBODY_READS, f"the control did not follow {url}"


@pytest.mark.parametrize("host", SHORT)
def test_no_connection_is_made_to_this_machine_or_its_network(net: Net, host: str) -> None:
    never_goes_inside(net, f"https://{host}:{{port}}/calendar.ics")


@pytest.mark.faults
@pytest.mark.parametrize("host", HOSTS)
def test_no_connection_is_made_however_the_address_is_written(net: Net, host: str) -> None:
    for address in addresses(host):
        if "to=" in address and host in NOBODY_READS:
            continue
        never_goes_inside(net, address)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_no_redirect_leads_to_this_machine(net: Net, scheme: str) -> None:
    never_goes_inside(net, redirected(f"{scheme}://127.0.0.1:{{port}}/"))


def test_a_name_that_changes_its_answer_once_it_was_checked_gains_nothing(net: Net) -> None:
    url = f"https://calendar.example:{net.trap.port}/"
    net.answers["calendar.example"] = [[PUBLIC], ["127.0.0.1"]]
    net.fetch(url)
    assert (net.trap.came, net.went) == (0, [PUBLIC])


def test_a_name_that_changes_its_answer_for_a_redirect_gains_nothing(net: Net) -> None:
    url = f"https://calendar.example:{net.trap.port}/"
    net.answers["calendar.example"] = [[PUBLIC], ["127.0.0.1"]]
    net.ours(f"{url}?to={quote(url)}")
    assert (net.trap.came, net.went) == (0, [PUBLIC])


def test_whoever_looks_first_and_asks_by_name_afterwards_walks_into_the_trap(net: Net) -> None:
    """The control of the two above."""
    net.answers["calendar.example"] = [[PUBLIC], ["127.0.0.1"]]
    (found, *_) = socket.getaddrinfo("calendar.example", net.trap.port, type=socket.SOCK_STREAM)
    assert found[4][0] == PUBLIC
    net.naive(f"https://calendar.example:{net.trap.port}/")
    assert net.led_inside()


def test_a_worker_with_such_an_address_connects_to_nothing_and_says_why(tmp_path: Path) -> None:
    settings = make_home(tmp_path / "home")
    database, ring = opened(settings)
    trap = Trap()
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        for slug, host in (("room-1", "localhost"), ("room-2", "2130706433")):
            room = records.find_unit(tx, house, slug)
            feed = f"https://{host}:{trap.port}/Planted77token.ics"
            houses.change_unit(tx, ring, house, room, at=AT, by=BY, feed=feed)
    database.close()
    told = {**os.environ, "GUESTLINK_HOME": settings.home}
    words = [*command(Path(settings.home)), "work", "--once"]
    work = subprocess.run(words, env=told, cwd=ROOT, capture_output=True, text=True, check=True)
    trap.close()
    assert trap.came == 0
    assert "2 calendars fetched, 2 failed." in work.stdout
    shown = subprocess.run(
        [*words[:-2], "feeds"], env=told, capture_output=True, text=True, check=True
    ).stdout
    assert "localhost is not a public address" in shown
    assert "2130706433 is not a public address" in shown
    assert "Planted77token" not in work.stdout + work.stderr + shown
