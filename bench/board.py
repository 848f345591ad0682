"""The staff board under 300 listeners: how soon the last hears, what one costs, how lists are looked up.

`make bench`, or `.venv/bin/python bench/board.py --json`. One server process; the listeners, the house that
works and the measuring share another. In the same run the same listeners ask a bare Litestar application that
hands frames of the same size to queues, reads nothing and checks nobody: the ratios are by that peer. The
server is killed once and started again. `list` is a page of stays, `search` a guest by beginnings of names.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from guestlink import clock, records, stays  # noqa: E402
from guestlink.contacts import Person  # noqa: E402
from guestlink.records import Period  # noqa: E402
from tests.faults.boards import Browser, Desk, Place, asked, fetched, furnished, states  # noqa: E402
from tests.faults.test_boards import serving  # noqa: E402
from tests.house import make_home  # noqa: E402
from tests.services import free_port  # noqa: E402

CLIENTS, PER_SECOND, SECONDS, STAYS, LOOKS = 300, 20, 15, 20_000, 200
PEER = """
import asyncio
import sys
from litestar import Litestar, get, post
from litestar.response import ServerSentEvent
from granian import Granian
queues = set()
@get("/api/house/live")
async def live() -> ServerSentEvent:
    queue = asyncio.Queue()
    queues.add(queue)
    async def told():
        try:
            yield "{}"
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)
    return ServerSentEvent(told())
@post("/say", status_code=204)
async def say(data: dict) -> None:
    for queue in queues:
        queue.put_nowait(data["frame"])
@get("/api/health/live")
async def alive() -> str:
    return "yes"
app = Litestar([live, say, alive], logging_config=None)
if __name__ == "__main__":
    Granian("peer:app", "127.0.0.1", int(sys.argv[1]), interface="asgi", websockets=False, log_enabled=False,
            workers_kill_timeout=3).serve()
"""
AIMS = {
    "sse_clients": (">=", 300, "boards that listen to one process"),
    "sse_p99_ms": ("<=", 250, "milliseconds from a change to the last board that hears of it, 99 of 100"),
    "sse_p50_ms": ("<=", None, "the same, half of them"),
    "peer_p99_ms": ("<=", None, "the same of a bare Litestar stream"),
    "ratio_p99": ("<=", None, "ours by the peer"),
    "kb_per_client": ("<=", 80, "KB of the server for one board"),
    "peer_kb_per_client": ("<=", None, "the same of the peer"),
    "ratio_kb": ("<=", None, "ours by the peer"),
    "converge_s": ("<=", 10, "seconds after a killed server answers until every board shows its state"),
    "divergent": ("<=", 0, "boards that do not"),
    "list_p99_ms": ("<=", 30, "milliseconds for a page of 50 stays out of 20,000"),
    "search_p99_ms": ("<=", 30, "the same for a guest by the beginning of a name"),
}


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--stays", type=int, default=STAYS)
    args = parser.parse_args(words)
    for name in [name for name in os.environ if name.startswith("GUESTLINK_")]:
        del os.environ[name]  # nobody's own settings
    figures = measured(clients=args.clients, seconds=args.seconds, many=args.stays)
    if args.json:
        print(json.dumps(figures))
        return 0
    print(f"{'field':<20}{'measured':>10}{'aim':>10}  what it is")
    for name, (sign, aim, what) in AIMS.items():
        is_met = aim is None or (figures[name] >= aim if sign == ">=" else figures[name] <= aim)
        told = "" if aim is None else f"{sign} {aim:,g}"
        print(f"{name:<20}{figures[name]:>10,g}{told:>10}  {what}{'' if is_met else '  (missed)'}")
    return 0


def measured(*, clients: int = CLIENTS, seconds: int = SECONDS, many: int = STAYS) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-") as folder:
        place = furnished(make_home(Path(folder, "home")), free_port())
        try:
            ours = asyncio.run(_ours(place, clients, seconds))
            peer = asyncio.run(_peer(Path(folder), clients, seconds))
            _fill(place, many)
            looked = _looked(place)
        finally:
            place.database.close()
    return {
        "sse_clients": clients,
        **ours,
        **peer,
        "ratio_p99": round(ours["sse_p99_ms"] / peer["peer_p99_ms"], 2),
        "ratio_kb": round(ours["kb_per_client"] / peer["peer_kb_per_client"], 2),
        **looked,
    }


# -- ours ----------------------------------------------------------------------------------------------
async def _ours(place: Place, clients: int, seconds: int) -> dict[str, float]:
    browsers = [Browser(place, number) for number in range(clients)]
    desk, heard = Desk(place, seed=1), Heard()
    for browser in browsers:
        browser.heard = heard
    tasks: list[asyncio.Task[None]] = []
    try:
        with serving(place) as server:
            (await asked(place, "live"))[1].close()  # everything is loaded
            before = _kilobytes(server.pid)
            tasks += [asyncio.create_task(each.run()) for each in browsers]
            await _until(lambda: all(each.opened for each in browsers), "all boards listen")
            each = (_kilobytes(server.pid) - before) / clients
            await _at_pace(desk.act, seconds)
            await asyncio.sleep(1)
        p50, p99 = heard.cuts(desk.asked, clients)
        await asyncio.to_thread(desk.act)
        with serving(place):
            began = time.monotonic()
            wanted = states(await fetched(place))
            behind = browsers
            while behind and time.monotonic() - began < 10:
                behind = [each for each in browsers if each.state != wanted]
                await asyncio.sleep(0.05)
            converged = time.monotonic() - began
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "sse_p50_ms": p50,
        "sse_p99_ms": p99,
        "kb_per_client": round(each, 1),
        "converge_s": round(converged, 2),
        "divergent": len(behind),
    }


class Heard:
    """When each change was heard of for the last time, and by how many."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, int]] = {}

    def __call__(self, what: str) -> None:
        self._last[what] = (time.monotonic(), self._last.get(what, (0.0, 0))[1] + 1)

    def cuts(self, began: dict[str, float], clients: int) -> tuple[float, float]:
        """Median and 99th percentile, milliseconds, of changes that all heard of."""
        took = [
            (self._last[what][0] - at) * 1000
            for what, at in began.items()
            if what in self._last and self._last[what][1] % clients == 0
        ]
        if len(took) < len(began) * 0.9:
            raise SystemExit(f"Only {len(took)} of {len(began)} changes were heard of by everybody.")
        cuts = statistics.quantiles(took, n=100)
        return round(cuts[49], 1), round(cuts[98], 1)


# -- the peer ------------------------------------------------------------------------------------------
@contextmanager
def _peer_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "peer.py").write_text(PEER)
    server = subprocess.Popen([sys.executable, "peer.py", str(port)], cwd=folder)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/health/live")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield server
    finally:
        server.terminate()
        server.wait()


async def _peer(folder: Path, clients: int, seconds: int) -> dict[str, float]:
    port, heard, began = free_port(), Heard(), dict[str, float]()
    opened, filler = 0, "x" * 700  # a request is about as long

    async def listen() -> None:
        nonlocal opened
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/house/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            await reader.readuntil(b"\r\n\r\n")
            opened += 1
            while True:
                line = await reader.readuntil(b"\n")
                if line.startswith(b'data: {"id'):
                    heard(json.loads(line[6:])["id"])
        finally:
            writer.close()

    with _peer_server(folder, port) as server:
        before = _kilobytes(server.pid)
        tasks = [asyncio.create_task(listen()) for _ in range(clients)]
        await _until(lambda: opened == clients, "everybody listens to the peer")
        each = (_kilobytes(server.pid) - before) / clients
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:

            def say() -> None:
                what = clock.new_id()
                began[what] = time.monotonic()
                client.post("/say", json={"frame": json.dumps({"id": what, "filler": filler})})

            await _at_pace(say, seconds)
            await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"peer_p99_ms": heard.cuts(began, clients)[1], "peer_kb_per_client": round(each, 1)}


# -- looking up ----------------------------------------------------------------------------------------
def _fill(place: Place, many: int) -> None:
    """Stays of guests whose names begin in many ways."""
    at, first = clock.now(), clock.now().date() - timedelta(days=many // 200)
    names = ("Ana", "Bruno", "Chiara", "Dora", "Emil", "Farah", "Goran", "Hanne", "Ines", "Jory")
    for start in range(0, many, 500):
        with place.database.write() as tx:
            house = records.find_property(tx, "planted")
            for number in range(start, min(start + 500, many)):
                on = first + timedelta(days=number // 100)
                name = (
                    f"{names[number % 10]}{chr(97 + number % 26)} {chr(97 + number // 26 % 26)}lund{number}"
                )
                draft = stays.StayDraft(
                    source="bench",
                    source_uid=f"b-{number}",
                    reference=f"B{number}",
                    periods=(Period(unit_id=None, from_on=on, until_on=on + timedelta(days=2)),),
                    guest=Person(name=name, phone=f"+4477009{number:05}"),
                )
                stays.add_stay(tx, place.ring, house, draft, at=at, by="bench")


def _looked(place: Place) -> dict[str, float]:
    with serving(place), httpx.Client(base_url=f"http://127.0.0.1:{place.port}/api/house/") as client:
        client.headers["Authorization"] = f"Bearer {place.token}"
        today = clock.now().date()

        def p99(path: str, asks: list[dict[str, Any]]) -> float:
            took = []
            for params in [asks[0]] * 10 + asks:
                began = time.perf_counter()
                client.get(path, params=params).raise_for_status()
                took.append((time.perf_counter() - began) * 1000)
            return round(statistics.quantiles(took[10:], n=100)[98], 1)

        lists = [{"from": str(today + timedelta(days=n % 90)), "most": 50} for n in range(LOOKS)]
        words = [{"q": f"Bruno{chr(97 + n % 26)} {chr(97 + n % 7)}l"} for n in range(LOOKS)]
        return {"list_p99_ms": p99("stays", lists), "search_p99_ms": p99("search", words)}


# -- all of them ---------------------------------------------------------------------------------------
async def _at_pace(act: Any, seconds: int) -> None:
    """So many a second, whatever becomes of them."""
    began = time.monotonic()
    for number in range(PER_SECOND * seconds):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        await asyncio.to_thread(act)


async def _until(is_so: Any, what: str) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not come about: {what}")
        await asyncio.sleep(0.05)


def _kilobytes(pid: int) -> int:
    """Memory of a server and the processes that it started."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        except OSError:
            continue
        if str(pid) in {told["Pid"].strip(), told["PPid"].strip(), told.get("NSpgid", "").strip()}:
            found += int(told.get("VmRSS", "0 kB").split()[0])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
