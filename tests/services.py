"""Real servers for tests: PostgreSQL, two S3 servers that share no code, Chromium.

The first test that asks starts one on a free loopback port; it is stopped at the end. A missing program
fails the tests that need it, never skips them.
"""

import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from os import geteuid
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from psycopg import sql

ACCESS_KEY = "guestlink-tests"
SECRET_KEY = "known-to-everybody"
POSTGRES_USER = "postgres"
PATIENCE = 60.0
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # is trusted: httpx need not read everybody anew
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class S3Server(NamedTuple):
    """Where an S3 server listens and which keys it takes."""

    url: str
    access_key: str
    secret_key: str


# -- PostgreSQL -----------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server of its own; fsync is off, so nothing here proves durability."""
    programs = _postgres_programs()
    owner = POSTGRES_USER if geteuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="guestlink-pg-", ignore_cleanup_errors=True) as folder:
        home, port = Path(folder), free_port()
        secret = home / "password"
        secret.write_text(SECRET_KEY)
        if owner:
            shutil.chown(home, owner)
            shutil.chown(secret, owner)
        make = [programs / "initdb", "--pgdata", home / "data", "--username", "guestlink", "--pwfile", secret]
        make += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        _run(make, home, owner)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": home,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "autovacuum": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            "max_wal_size": "64MB",
            "max_connections": 200,
        }
        serve = [programs / "postgres", "-D", home / "data"]
        serve += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        url = f"postgresql://guestlink:{SECRET_KEY}@127.0.0.1:{port}/postgres"
        with running(serve, home, owner=owner, answers=lambda: _takes_connections(url)):
            yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of an empty database of this test alone."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        yield postgres_url.rpartition("/")[0] + f"/{name}"
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


_numbers = count(1)


def _postgres_programs() -> Path:
    """The folder of initdb and postgres; Debian keeps them off the PATH, one folder for each version."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if not versions:
        missing("PostgreSQL (initdb)", "apt-get install postgresql")
    return versions[-1].parent


def _takes_connections(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


# -- S3 -------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The address of moto's S3 and CloudFront. It takes any key and honours If-Match and If-None-Match."""
    with moto_serving() as url:
        yield url


@contextmanager
def moto_serving() -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    with (
        tempfile.TemporaryDirectory(prefix="guestlink-moto-") as folder,
        running(serve, Path(folder), answers=lambda: _status(f"{url}/moto-api/") == 200),
    ):
        yield url


@pytest.fixture(scope="session")
def rclone_s3() -> Iterator[S3Server]:
    """rclone's S3 server over a folder. It checks signatures and ignores If-Match and If-None-Match."""
    with tempfile.TemporaryDirectory(prefix="guestlink-rclone-") as folder:
        buckets = Path(folder, "buckets")
        buckets.mkdir()
        with rclone_serving(buckets, home=Path(folder)) as server:
            yield server


@contextmanager
def rclone_serving(buckets: Path, *, home: Path) -> Iterator[S3Server]:
    """Each folder in `buckets` is a bucket; `home` gets the log."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [rclone_program(), "--config", "", "serve", "s3", buckets, "--addr", f"127.0.0.1:{port}"]
    serve += ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"]
    with running(serve, home, answers=lambda: _status(url) > 0):
        yield S3Server(url, ACCESS_KEY, SECRET_KEY)


def rclone_program() -> Path:
    rclone = Path(sys.executable).with_name("rclone")
    return rclone if rclone.exists() else missing("rclone", "make setup")


@contextmanager
def distant(url: str, *, milliseconds: int, home: Path) -> Iterator[str]:
    """The address at which the server at `url` is that far away; `home` gets the log."""
    port, to_port = free_port(), urlsplit(url).port
    serve = [sys.executable, Path(__file__).with_name("distance.py"), port, to_port, milliseconds]
    there = f"http://127.0.0.1:{port}"
    with running(serve, home, answers=lambda: _status(there) > 0):
        yield there


def _status(url: str) -> int:
    """The status code of a GET, 0 while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except OSError:
        return 0


# -- Chromium -------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module of tests: while Playwright runs, its event loop bars `asyncio.run`."""
    program = shutil.which("chromium") or missing("Chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def console_errors() -> list[str]:
    """What the test's `page` has written to the console as an error, uncaught exceptions included."""
    return []


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    """A page in a profile of its own: no cookies, no storage, no service worker from another test."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            console_errors.append(message.text)

    context = browser.new_context()
    fresh = context.new_page()
    fresh.on("console", note)
    fresh.on("pageerror", lambda error: console_errors.append(str(error)))
    yield fresh
    context.close()


# -- starting and stopping ------------------------------------------------------------------------
def missing(program: str, mend: str) -> NoReturn:
    """Fails the test that needs a program which is not installed."""
    pytest.fail(f"{program} is not installed: run `{mend}`.", pytrace=False)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[object], home: Path, *, answers: Callable[[], bool], owner: str | None = None
) -> Iterator[None]:
    """Runs a server until the block ends. On Linux it also ends when the tests are killed."""
    tied = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    log = home / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*tied, *map(str, command)],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=owner,
            group=owner,
            extra_groups=[] if owner else None,
        )
    try:
        _wait(server, log, answers)
        yield
    finally:
        _stop(server)


def _wait(server: subprocess.Popen[bytes], log: Path, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{server.args!r} does not answer:\n{log.read_text(errors='replace')}", pytrace=False)
        time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _run(command: list[object], home: Path, owner: str | None) -> None:
    groups: list[str] | None = [] if owner else None
    done = subprocess.run(
        [*map(str, command)],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        user=owner,
        group=owner,
        extra_groups=groups,
    )
    if done.returncode:
        pytest.fail(f"{command[0]} failed:\n{done.stdout}{done.stderr}", pytrace=False)
