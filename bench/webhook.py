"""What the webhook takes: signed, distinct messages of 1.5 KB, each durable before it is answered.

`make bench`, or `.venv/bin/python bench/webhook.py --json`. One server process on one core, the load (wrk)
and the couriers on another. In the same run, in turns: ours; the peer, pywa_async's own FastAPI integration
under uvicorn (httptools; asyncio's loop, as ours has it) with a handler that does nothing and stores nothing;
the ceiling, granian with an application that reads the body and answers. Ratios are medians of the turns. How
long an answer takes at 500 a second is counted from the moment at which its message was due.
"""

import argparse
import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import staff  # noqa: E402
from edge_api.sandbox.deliveries import sign  # noqa: E402
from guestlink.crypto import read_keys  # noqa: E402
from guestlink.database import open_database  # noqa: E402
from guestlink.settings import load_settings  # noqa: E402
from tests.services import free_port  # noqa: E402

PATH = "/api/webhooks/whatsapp"
SECRET = "known-to-both"  # noqa: S105 - of servers that live as long as a turn
SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 64
TURNS = 3
MESSAGES = 20_000  # for ours and the ceiling; the peer gets a quarter
PER_SECOND, SECONDS = 500, 10
LINES = 16  # connections of the paced load
PATIENCE = 60
LONGEST = 120  # seconds of one load
NOW = "1793000000"
SAID = "The water in our bathroom has only been lukewarm since this morning. Could somebody look after it? "
AIMS: dict[str, tuple[str, float | None, str]] = {
    "ours_rps": (">=", None, "messages a second, each durable before its answer"),
    "peer_rps": (">=", None, "pywa_async with FastAPI and uvicorn, storing nothing"),
    "ceiling_rps": (">=", None, "granian and an application that only reads"),
    "ratio_peer": (">=", 4, "ours by the peer"),
    "ratio_ceiling": (">=", None, "ours by the ceiling"),
    "p99_ms_at_500": ("<=", 25, "milliseconds to an answer, at 500 a second"),
    "lost": ("<=", 0, "messages that were answered 200 and are not in the inbox"),
    "to_staff_p50_ms": ("<=", 60, "milliseconds from a webhook to the message to staff, at 50 a second"),
    "to_staff_p99_ms": ("<=", 250, "the same, of the slowest in a hundred"),
}


class Posts(NamedTuple):
    """Messages in a file that wrk reads: a signature, a space and a body in each line."""

    file: Path
    ids: list[str]


class Place(NamedTuple):
    """A server under load; `home` is ours, with its inbox."""

    port: int
    home: Path | None = None


def main(words: Sequence[str]) -> int:
    args = _arguments().parse_args(words)
    for name in [name for name in os.environ if name.startswith("GUESTLINK_")]:
        del os.environ[name]  # nobody's own settings
    if why := _missing():
        print(why, file=sys.stderr)
        return 2
    figures = measured(args)
    assert list(figures) == list(AIMS)
    if args.json:
        print(json.dumps(figures))
    else:
        _table(figures)
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--beside", default="publish.py couriers --quiet", help="what runs beside ours")
    return parser


def measured(args: argparse.Namespace) -> dict[str, float | None]:
    """Every figure, from a fresh home and fresh servers in each turn."""
    rates: dict[str, list[float]] = {"ours": [], "peer": [], "ceiling": []}
    slowest, lost = [], 0
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-") as folder:
        for turn in range(args.turns):
            where = Path(folder, str(turn))
            where.mkdir()
            many, few = (
                posts(where, f"{turn}", args.messages),
                posts(where, f"{turn}-few", args.messages // 4),
            )
            paced = posts(where, f"{turn}-paced", PER_SECOND * SECONDS)
            with ours(where, args.beside) as place:
                rates["ours"].append(load(place, many))
                acknowledged = [*many.ids, *asyncio.run(_hit(place, paced, slowest))]
                lost += missing(place, acknowledged)
            for name, server, said in (("peer", peer, few), ("ceiling", ceiling, many)):
                with server(where) as place:
                    rates[name].append(load(place, said))
            _say(turn, rates, slowest)
            shutil.rmtree(where)
    told = to_staff()
    return {
        **{f"{name}_rps": round(statistics.median(found)) for name, found in rates.items()},
        "ratio_peer": _ratio(rates["ours"], rates["peer"]),
        "ratio_ceiling": _ratio(rates["ours"], rates["ceiling"]),
        "p99_ms_at_500": round(statistics.median(slowest), 1),
        "lost": lost,
        "to_staff_p50_ms": told[0],
        "to_staff_p99_ms": told[1],
    }


def to_staff() -> tuple[float, float]:
    """From a webhook to the message to staff: median and 99th percentile in milliseconds (bench/staff.py)."""
    found = staff.measured()
    return found["to_staff_p50_ms"], found["to_staff_p99_ms"]


def _ratio(ours_: list[float], theirs: list[float]) -> float:
    return round(statistics.median(one / other for one, other in zip(ours_, theirs, strict=True)), 2)


# -- messages --------------------------------------------------------------------------------------
def posts(folder: Path, name: str, count: int) -> Posts:
    """Distinct text messages of 1.5 KB of a thousand guests, signed."""
    file, ids = folder / f"{name}.posts", []
    with file.open("w", encoding="ascii") as out:
        for number in range(count):
            ids.append(f"wamid.HBgM{name:_<12}{number:024d}")
            body = json.dumps(_update(ids[-1], number % 1000), separators=(",", ":"))
            out.write(f"{sign(body.encode(), SECRET).removeprefix('sha256=')} {body}\n")
    return Posts(file, ids)


def _update(wamid: str, guest: int) -> dict[str, Any]:
    phone, user_id = f"447700{900000 + guest}", f"GB.{10**17 + guest}"
    told = {"from": phone, "from_user_id": user_id, "id": wamid, "timestamp": NOW}
    text = (SAID * 12)[:1000]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "442079460100", "phone_number_id": "100000000000001"},
        "contacts": [{"profile": {"name": "Ana Lindqvist"}, "wa_id": phone, "user_id": user_id}],
        "messages": [told | {"type": "text", "text": {"body": text}}],
    }
    entry = {
        "id": "200000000000001",
        "time": int(NOW),
        "changes": [{"value": value, "field": "messages"}],
    }
    return {"object": "whatsapp_business_account", "entry": [entry]}


def missing(place: Place, ids: list[str]) -> int:
    """How many of these messages are not in the inbox."""
    assert place.home
    settings = load_settings(place.home, {})
    ring = read_keys(settings.keys_file)
    database = open_database(settings.database_url, home=place.home)
    with database.read() as db:
        lost = sum(
            db.one("event_received", event_key=ring.blind("inbox", f"message:{each}")) is None for each in ids
        )
    database.close()
    return lost


# -- servers ---------------------------------------------------------------------------------------
@contextmanager
def ours(folder: Path, beside: str) -> Iterator[Place]:
    """`serve` on a fresh SQLite file, and the couriers beside it."""
    home, port = folder / "home", free_port()
    home.mkdir()
    told = {"GUESTLINK_HOME": str(home), "GUESTLINK_WHATSAPP_APP_SECRETS": SECRET}
    publish = [sys.executable, str(ROOT / "publish.py")]
    subprocess.run([*publish, "init", "--empty"], env=os.environ | told, check=True, capture_output=True)
    with ExitStack() as running:
        serve = [*publish, "serve", "--port", str(port)]
        running.enter_context(_running(serve, SERVER_CORE, port, folder=home, told=told))
        if beside:
            words = shlex.split(beside)
            program = (
                [sys.executable, str(ROOT / words[0]), *words[1:]] if words[0].endswith(".py") else words
            )
            running.enter_context(_running(program, LOAD_CORE, None, folder=home, told=told))
        yield Place(port, home)


@contextmanager
def peer(folder: Path) -> Iterator[Place]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "webhook:pywa_app",
        "--app-dir",
        str(ROOT / "bench"),
    ]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    with _running(command, SERVER_CORE, port, folder=folder):
        yield Place(port)


@contextmanager
def ceiling(folder: Path) -> Iterator[Place]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--port",
        str(port),
        "--no-ws",
        "--no-log",
    ]
    command += ["--working-dir", str(ROOT / "bench"), "webhook:reads"]
    with _running(command, SERVER_CORE, port, folder=folder):
        yield Place(port)


def pywa_app() -> Any:
    """The peer: what pywa's documentation shows."""
    from fastapi import FastAPI  # noqa: PLC0415
    from pywa_async import WhatsApp  # noqa: PLC0415

    app = FastAPI()
    whatsapp = WhatsApp(
        phone_id="100000000000001",
        token="x",  # noqa: S106 - nothing is sent
        server=app,
        webhook_endpoint=PATH,
        verify_token="x",  # noqa: S106 - nobody asks
        app_secret=SECRET,
        validate_updates=True,
    )

    @whatsapp.on_message
    async def _(_: object, __: object) -> None:
        return None

    return app


async def reads(_: Any, receive: Any, send: Any) -> None:
    """The ceiling: reads the body and answers 200."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextmanager
def _running(
    command: list[str], core: int, port: int | None, *, folder: Path, told: dict[str, str] | None = None
) -> Iterator[None]:
    """A program on one core until the block ends."""
    with (folder / f"log-{core}").open("wb") as log:
        program = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *command],
            env=os.environ | (told or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while port and not _answers(port):
            if program.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(
                    f"{shlex.join(command)} does not answer:\n{(folder / f'log-{core}').read_text()}"
                )
            time.sleep(0.1)
        yield
    finally:
        program.send_signal(signal.SIGINT)
        try:
            program.wait(timeout=10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def _answers(port: int) -> bool:
    try:
        asyncio.run(_ask(port))
    except OSError:
        return False
    return True


async def _ask(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()


# -- load ------------------------------------------------------------------------------------------
def load(place: Place, said: Posts) -> float:
    """Messages a second, as fast as they are taken; every one of them is answered with 200."""
    command = ["taskset", "--cpu-list", str(LOAD_CORE), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{LONGEST}s"]
    command += ["-s", str(ROOT / "bench" / "webhook.lua"), f"http://127.0.0.1:{place.port}"]
    with subprocess.Popen([*command, "--", PATH, str(said.file)], stdout=subprocess.PIPE, text=True) as wrk:
        assert wrk.stdout
        told = next((line for line in wrk.stdout if line.startswith("answered")), "")
        wrk.send_signal(signal.SIGINT)
        wrk.stdout.read()
    found = re.match(r"answered (\d+) refused (\d+) seconds ([\d.]+)", told)
    if not found or (int(found[1]), int(found[2])) != (len(said.ids), 0):
        raise SystemExit(f"Not every message was taken: {told or 'wrk gave up.'}")
    return len(said.ids) / float(found[3])


async def _hit(place: Place, said: Posts, slowest: list[float]) -> list[str]:
    """500 a second, whatever the answers: the ids of what was taken; notes the 99th percentile."""
    os.sched_setaffinity(0, {LOAD_CORE})
    lines = [asyncio.Queue[tuple[float, str, bytes]]() for _ in range(LINES)]
    took: list[float] = []
    kept: list[str] = []
    talks = [asyncio.ensure_future(_talk(place.port, line, took, kept)) for line in lines]
    began = time.perf_counter() + 0.5
    with said.file.open("rb") as file:
        for number, post in enumerate(file):
            due = began + number / PER_SECOND
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            lines[number % LINES].put_nowait((due, said.ids[number], post.rstrip(b"\n")))
    for line in lines:
        line.put_nowait((0.0, "", b""))
    await asyncio.gather(*talks)
    slowest.append(statistics.quantiles(took, n=100)[98] * 1000)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    return kept


async def _talk(
    port: int, line: asyncio.Queue[tuple[float, str, bytes]], took: list[float], kept: list[str]
) -> None:
    """One connection, one message after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (post := await line.get())[1]:
        due, wamid, signed = post
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(signed) - 65}\r\n".encode()
        writer.write(head + b"X-Hub-Signature-256: sha256=" + signed[:64] + b"\r\n\r\n" + signed[65:])
        answer = await reader.readuntil(b"\r\n\r\n")
        took.append(time.perf_counter() - due)
        if answer.startswith(b"HTTP/1.1 200"):
            kept.append(wamid)
        else:
            raise SystemExit(f"A message was not taken: {answer[:40]!r}")
    writer.close()


# -- telling ---------------------------------------------------------------------------------------
def _missing() -> str:
    for program in ("wrk", "taskset"):
        if not shutil.which(program):
            return f"{program} is not installed: run `make system`."
    return "" if (os.cpu_count() or 1) > LOAD_CORE else "This needs two cores: one serves, one loads."


def _say(turn: int, rates: dict[str, list[float]], slowest: list[float]) -> None:
    told = ", ".join(f"{name} {found[-1]:,.0f}/s" for name, found in rates.items())
    print(f"Turn {turn + 1}: {told}, p99 {slowest[-1]:.1f} ms", file=sys.stderr)


def _table(figures: dict[str, float | None]) -> None:
    print(f"{'field':<18}{'measured':>10}{'aim':>10}  what it is")
    for name, (sign_, aim, what) in AIMS.items():
        found = figures[name]
        shown = "-" if found is None else f"{found:,g}"
        wanted = "" if aim is None else f"{sign_} {aim:,g}"
        good = found is None or aim is None or (found <= aim if sign_ == "<=" else found >= aim)
        print(f"{name:<18}{shown:>10}{wanted:>10}  {what}{'' if good else '  (missed)'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
