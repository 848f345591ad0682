"""From `init --empty` to the first guest link on S3, by the commands of docs/operations.md alone."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest

from tests.guest import open_page
from tests.house import ROOT

SECONDS = 30


def documented() -> list[list[str]]:
    """The commands of the story, as they stand in the document."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    block = re.search(r"<!-- run: first-link -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert block
    return [shlex.split(line)[1:] for line in block[1].splitlines() if line.startswith("publish.py ")]


@pytest.fixture
def bucket(moto_server: str) -> str:
    boto3.client("s3", endpoint_url=moto_server).create_bucket(Bucket="first-link")
    return f"s3://first-link?region=us-east-1&endpoint={moto_server}"


@pytest.fixture
def environment(tmp_path: Path, bucket: str) -> dict[str, str]:
    (tmp_path / "door-code.txt").write_text("Kx93door\n")
    (tmp_path / "wifi-password.txt").write_text("Lp4wifi-long\n")
    (tmp_path / "guest.json").write_text(
        json.dumps({"name": "Ana", "email": "ana@example.com", "language": "de"})
    )
    return {
        **os.environ,
        "GUESTLINK_HOME": str(tmp_path),
        "GUESTLINK_SITE_URL": bucket,
        "GUESTLINK_PUBLIC_URL": f"http://localhost:{free_port()}",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def edge(environment: dict[str, str], tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Starts the local edge when the story needs it; ends it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.terminate()
        process.wait(timeout=SECONDS)


def say(words: list[str], environment: dict[str, str], folder: Path) -> str:
    """One command; its answer. A failure shows what it said."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "publish.py"), *words],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"publish.py {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def serve(environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, str(ROOT / "publish.py"), "serve"]
    process = subprocess.Popen(words, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            httpx.get(environment["GUESTLINK_PUBLIC_URL"] + "/api/health/ready").raise_for_status()
            return process
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError("the edge does not answer")


def test_the_documented_commands_end_with_a_guests_page(environment, edge, tmp_path):
    answers = {}
    for words in documented():
        if words[0] == "check":
            edge.append(serve(environment, tmp_path))
        answers[words[0]] = say(words, environment, tmp_path)
    link = re.search(r"http\S+#[\w-]{22}", answers["link"])
    assert link
    public = environment["GUESTLINK_PUBLIC_URL"]
    page = open_page(lambda path: httpx.get(public + path).raise_for_status().content, link[0])
    assert "Ana" in page.stay
    assert 'lang="de"' in page.page
    assert httpx.get(public + page.address.partition("?")[0]).status_code == httpx.codes.FORBIDDEN
    assert (
        httpx.get(public + page.address.replace("Signature=", "Signature=A")).status_code
        == httpx.codes.FORBIDDEN
    )
