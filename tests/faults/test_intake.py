"""Hostile bodies among good webhooks, and a disk that takes no more: against a real `serve` (R8 and R4).

Slow, oversized, endless, deeply nested, unsigned and badly signed bodies come beside good traffic that is
paced. No answer is a 5xx, good messages are answered about as fast as without, the server does not grow. The
control is a handler that reads everything and parses it before it looks at the signature.
"""

import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from edge_api import inbox
from edge_api.sandbox.deliveries import sign
from edge_api.webhooks import PATH, ROOM
from guestlink.database import open_database
from tests.edge_api.conftest import PROGRAM, SERVE, answers
from tests.edge_api.house import House, new_house
from tests.services import free_port, running

SECRET = "known-to-meta-and-us"
SEED = 8
PER_SECOND = 60
LINES = 8  # connections of good traffic
NAIVE = """
import hashlib, hmac, json, sys
from granian import Granian
from granian.constants import Interfaces

async def app(scope, receive, send):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body")
    if body:
        json.loads(body)
    right = hmac.new(b"known-to-meta-and-us", body, hashlib.sha256).hexdigest()
    given = dict(scope["headers"]).get(b"x-hub-signature-256", b"").decode("latin-1")
    status = 200 if scope["method"] == "GET" or given == "sha256=" + right else 401
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})

server = Granian("app", "127.0.0.1", int(sys.argv[2]), interface=Interfaces.ASGI, log_enabled=False)
server.serve(target_loader=lambda: app, wrap_loader=False)
"""


class Server(NamedTuple):
    house: House
    port: int

    @property
    def processes(self) -> list[int]:
        """The process and its worker: both were started with our folder."""
        mark = self.house.settings.home.encode()
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = file.read_bytes().split(b"\0")
                if mark in words and b"python" in words[0]:
                    found.append(int(file.parent.name))
        return found

    @property
    def megabytes(self) -> float:
        pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in self.processes)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2

    def counts(self) -> inbox.Counts:
        url, home = self.house.settings.database_url, Path(self.house.settings.home)
        with closing(open_database(url, home=home)) as database, database.read() as db:
            return inbox.counts(db)


@contextmanager
def serving(script: str = SERVE) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="guestlink-intake-") as folder:
        house, port = new_house(Path(folder)), free_port()
        open_database(house.settings.database_url, home=Path(folder)).close()
        command = ["env", f"PYTHONPATH={PROGRAM}", f"GUESTLINK_WHATSAPP_APP_SECRETS={SECRET}"]
        command += [sys.executable, "-c", script, folder, str(port)]
        with running(list(command), Path(folder), answers=lambda: answers(port)):
            yield Server(house, port)


# -- good traffic ----------------------------------------------------------------------------------
class Good(NamedTuple):
    seconds: list[float]
    statuses: list[int]

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]


def message(number: int) -> bytes:
    told = {"id": f"wamid.{number}", "from": "447700900101", "type": "text", "text": {"body": "Hello " * 150}}
    value = {"metadata": {"phone_number_id": "1"}, "messages": [told]}
    return json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()


def head(length: int | None, signature: str) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", size, f"X-Hub-Signature-256: {signature}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def good_traffic(port: int, numbers: range) -> Good:
    """Paced whatever the answers; each time counts from the moment at which a message was due."""
    good, queue = Good([], []), asyncio.Queue[tuple[float, int]]()
    began = time.perf_counter()

    async def line() -> None:
        async with connection(port) as (reader, writer):
            while True:
                due, number = await queue.get()
                body = message(number)
                writer.write(head(len(body), sign(body, SECRET)) + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length(answer))
                good.seconds.append(time.perf_counter() - due)
                good.statuses.append(int(answer.split()[1]))
                queue.task_done()

    lines = [asyncio.ensure_future(line()) for _ in range(LINES)]
    for at, number in enumerate(numbers):
        due = began + at / PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        queue.put_nowait((due, number))
    await queue.join()
    for each in lines:
        each.cancel()
    await asyncio.gather(*lines, return_exceptions=True)
    return good


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


def _length(answer: bytes) -> int:
    found = re.search(rb"(?i)content-length: (\d+)", answer)
    return int(found[1]) if found else 0


# -- hostile traffic -------------------------------------------------------------------------------
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FORGED = "sha256=" + "0" * 64
DEEP = b"[" * 300_000 + b"]" * 300_000


def sent(body: bytes, signature: str, *, length: int | None = None) -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(len(body) if length is None else length, signature) + body)
        await writer.drain()

    return talk


async def slow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head(1500, FORGED))
    for _ in range(20):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head(None, FORGED))
    for _ in range(160):  # 10 MB, if nobody says no
        writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")


HOSTILE: dict[str, Talk] = {
    "slow": slow,
    "endless": endless,
    "oversized": sent(b" " * 100_000, FORGED, length=5_000_000),
    "huge length": sent(b"", FORGED, length=10**18),
    "deep and signed": sent(DEEP, sign(DEEP, SECRET)),
    "deep and forged": sent(DEEP, FORGED),
    "broken off": sent(b"{", FORGED, length=1000),
    "large and forged": sent(b" " * 3_000_000, FORGED),
    "unsigned": sent(message(0), ""),
    "badly signed": sent(message(0), sign(message(0), "another")),
    "no JSON": sent(b"\xff" * 99, sign(b"\xff" * 99, SECRET)),
}


ATTACK = """
import asyncio, json, sys
from tests.faults.test_intake import hostile_traffic

async def attack():
    over, statuses = asyncio.Event(), set()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    print("ready", flush=True)
    await hostile_traffic(int(sys.argv[1]), over, statuses)
    print(json.dumps(sorted(statuses)))

asyncio.run(attack())
"""


@contextmanager
def attacked(port: int, statuses: set[tuple[str, int]]) -> Iterator[None]:
    """Hostile traffic from a process of its own: good messages must not wait for its sender."""
    command = [sys.executable, "-c", ATTACK, str(port)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=PROGRAM, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "ready\n"
        yield
        process.stdin.close()
        told = process.stdout.read()
        statuses.update((name, status) for name, status in json.loads(told))


async def hostile_traffic(port: int, until: asyncio.Event, statuses: set[tuple[str, int]]) -> None:
    """Each kind on a connection of its own, again and again."""
    chance = random.Random(SEED)

    async def attack(name: str, talk: Talk, pauses: random.Random) -> None:
        while not until.is_set():
            with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                async with connection(port) as (reader, writer):
                    with suppress(ConnectionError):  # refused before all was sent: the answer still counts
                        await talk(reader, writer)
                    async with asyncio.timeout(0.2 if name in {"slow", "broken off"} else 5):
                        answer = await reader.readuntil(b"\r\n")
                        statuses.add((name, int(answer.split()[1])))
            await asyncio.sleep(pauses.uniform(0.1, 0.3))

    await asyncio.gather(
        *(attack(name, talk, random.Random(chance.random())) for name, talk in HOSTILE.items())
    )


# -- the promise -----------------------------------------------------------------------------------
class Seen(NamedTuple):
    quiet: Good
    beset: Good
    statuses: set[tuple[str, int]]
    grown: list[float]  # megabytes, after each stretch under attack


async def beset(server: Server, *, count: int, stretches: int) -> Seen:
    await good_traffic(server.port, range(PER_SECOND))  # so that everything is warm
    quiet = await good_traffic(server.port, range(PER_SECOND, PER_SECOND + count))
    before, statuses, all_good, grown = server.megabytes, set[tuple[str, int]](), Good([], []), list[float]()
    for stretch in range(1, stretches + 1):
        first = PER_SECOND + count * stretch
        with attacked(server.port, statuses):
            good = await good_traffic(server.port, range(first, first + count))
        all_good.seconds.extend(good.seconds)
        all_good.statuses.extend(good.statuses)
        grown.append(server.megabytes - before)
    return Seen(quiet, all_good, statuses, grown)


def check(seen: Seen, *, slack: float) -> None:
    assert [each for each in seen.statuses if each[1] >= 500] == []
    assert set(seen.beset.statuses) == {200}
    assert seen.beset.p99 <= 2 * seen.quiet.p99 + slack
    assert seen.grown[0] < ROOM / 1024**2 + 32
    assert seen.grown[-1] - seen.grown[0] < 16


def check_kinds(seen: Seen) -> None:
    """What each kind is told; nobody waits for the answer to a body that does not come."""
    told: dict[str, set[int]] = {}
    for name, status in seen.statuses:
        told.setdefault(name, set()).add(status)
    assert told.pop("deep and signed") == {200}
    assert told.pop("no JSON") == {200}
    for name in ("unsigned", "badly signed", "deep and forged", "large and forged"):
        assert told.pop(name) == {401}
    assert {status for statuses in told.values() for status in statuses} <= {400, 408, 413}


def test_hostile_bodies_neither_fail_nor_fatten_nor_slow_the_webhook() -> None:
    with serving() as server:
        seen = asyncio.run(beset(server, count=120, stretches=1))
        assert server.counts().waiting == PER_SECOND + 240
        assert server.counts().quarantined == 2
    check_kinds(seen)
    check(seen, slack=1.0)


@pytest.mark.faults
def test_hostile_bodies_for_a_minute_change_nothing() -> None:
    with serving() as server:
        seen = asyncio.run(beset(server, count=20 * PER_SECOND, stretches=3))
        assert server.counts().waiting == PER_SECOND + 4 * 20 * PER_SECOND
    check_kinds(seen)
    check(seen, slack=0.05)


def test_control_a_handler_that_parses_before_it_looks_is_caught() -> None:
    with serving(NAIVE) as server:
        seen = asyncio.run(beset(server, count=60, stretches=1))
    with pytest.raises(AssertionError):
        check(seen, slack=1.0)
    assert ("deep and forged", 500) in seen.statuses


# -- a disk that takes no more ---------------------------------------------------------------------
def test_a_full_disk_is_told_and_never_called_kept_and_soon_forgotten() -> None:
    with serving() as server:

        def post(number: int) -> int:
            return asyncio.run(good_traffic(server.port, range(number, number + 1))).statuses[0]

        kept = [post(number) for number in range(10)]
        limit(server, "0")
        full = [post(number) for number in range(10, 20)]
        assert server.counts().waiting == 10
        limit(server, "unlimited")
        began = time.monotonic()
        while post(10) != 200:
            assert time.monotonic() - began < 5
        after = [post(number) for number in range(20)]
        assert (kept, set(full), after) == ([200] * 10, {503}, [200] * 20)
        assert server.counts().waiting == 20


def limit(server: Server, size: str) -> None:
    """How large a file may grow that the server writes: what a full disk answers, without a disk."""
    for process in server.processes:
        subprocess.run(["prlimit", "--pid", str(process), f"--fsize={size}:unlimited"], check=True)
