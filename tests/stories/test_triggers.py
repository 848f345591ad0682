"""A host pushes texts, GitHub tells, `work` pulls and publishes: real processes, a real git, both engines."""

import hashlib
import hmac
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from generator.rebuilder import IDLE_SECONDS
from guestlink import clock, secret_values
from guestlink.settings import Settings, save_setting
from tests.edge_api.conftest import answers
from tests.forge import commit, git, new_forge
from tests.guest import open_page
from tests.house import (
    BY,
    FILES,
    PLANTED,
    add_stay,
    command,
    from_folder,
    link_of,
    make_home,
    opened,
    run_publish,
    the_house,
)
from tests.services import NOBODY, free_port
from tests.stories.test_processes import SECONDS, environment, say, within

SECRET = "a secret of the tests"
DOOR_FILE = "planted/sections/door.en.md"


class Host(NamedTuple):
    """Who writes texts at a desk of their own; the server follows their repository."""

    settings: Settings
    desk: Path
    log: Path

    @property
    def server(self) -> Path:
        return self.settings.content_folder

    def push(self, words: str, *, title: str = "title") -> None:
        """New words about the door."""
        text = FILES["sections/door.en.md"].replace("and pull.", words).replace("title", title)
        commit(self.desk, DOOR_FILE, text)
        git(self.desk, "push", "--quiet")

    def tell(self) -> httpx.Response:
        """What GitHub sends after a push."""
        body = json.dumps({"ref": "refs/heads/main", "after": git(self.desk, "rev-parse", "HEAD")}).encode()
        kind = {"X-GitHub-Event": "push", "Content-Type": "application/json"}
        return self._call("POST", "/api/rebuilds", signed=body, content=body, headers=kind)

    def look(self, watch: str) -> dict[str, str]:
        seen: dict[str, str] = self._call("GET", watch, signed=watch.encode()).json()
        return seen

    def _call(self, method: str, path: str, *, signed: bytes, **told: Any) -> httpx.Response:
        mark = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        told["headers"] = {**told.get("headers", {}), "X-Hub-Signature-256": mark}
        return httpx.request(method, self.settings.public_url + path, verify=NOBODY, **told)

    def page(self) -> str:
        return open_page(from_folder(self.settings), link_of(self.settings, "ANA")).page

    def codes(self) -> str:
        return open_page(from_folder(self.settings), link_of(self.settings, "ANA")).codes

    def ends(self, watch: str, state: str) -> dict[str, str]:
        """What the watch says as soon as it says so."""
        assert within(SECONDS, lambda: self.look(watch)["state"] == state), self.look(watch)
        return self.look(watch)


@pytest.fixture(params=["sqlite", "postgresql"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """Published today, with Ana in the house; `serve` and `work` run."""
    url = request.getfixturevalue("postgres_database") if request.param == "postgresql" else ""
    settings = make_home(tmp_path / "home", database_url=url)
    changes = {"rebuild_secret": SECRET, "public_url": f"http://localhost:{free_port()}"}
    settings = save_setting(settings, **changes)
    forge = new_forge(tmp_path / "forge.git")
    git(settings.content_folder, "init", "--quiet", "--initial-branch=main")
    git(settings.content_folder, "add", ".")
    git(settings.content_folder, "commit", "--quiet", "-m", "First texts")
    git(settings.content_folder, "remote", "add", "origin", forge)
    git(settings.content_folder, "push", "--quiet", "--set-upstream", "origin", "main")
    git(tmp_path, "clone", "--quiet", forge, "desk")
    today = clock.now().date()
    stays = {"arrives": today - timedelta(days=1), "leaves": today + timedelta(days=2)}
    add_stay(settings, "ANA", unit="room-1", **stays)
    run_publish(settings, at=clock.now())
    host = Host(settings, tmp_path / "desk", tmp_path / "log")
    with ExitStack() as stack:
        for words in ("serve", "work"):
            stack.enter_context(process(host, words))
        port = int(settings.public_url.rpartition(":")[2])
        assert within(SECONDS, lambda: answers(port))
        yield host


@contextmanager
def process(host: Host, *words: str) -> Iterator[None]:
    with host.log.open("ab") as log:
        running = subprocess.Popen(
            [*command(Path(host.settings.home)), *words],
            env={**environment(host.settings), "HOME": host.settings.home, "GIT_CONFIG_NOSYSTEM": "1"},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=SECONDS) == 0


def test_a_push_is_pulled_published_and_seen(host: Host) -> None:
    host.push("and push hard.")
    told = host.tell()
    assert told.status_code == 202
    done = host.ends(told.json()["watch"], "done")
    assert (done["source"], done["why"]) == ("git", "pushed to main")
    assert done["outcome"].startswith(f"main at {git(host.desk, 'rev-parse', '--short', 'HEAD')}: ")
    assert "and push hard." in host.page()
    assert "Everything is live." in say(host.settings, "status").stdout


def test_a_checkout_that_diverged_is_told_holds_no_code_back_and_is_made_up_for(host: Host) -> None:
    commit(host.server, DOOR_FILE, "written on the server")
    host.push("and push hard.")
    first = host.tell().json()
    failing = host.ends(first["watch"], "failing")
    assert "diverged" in failing["outcome"]
    log = host.log.read_text()
    assert f"rebuild-failed rebuild={first['id']} reason=Refused" in log
    assert [private for private in (*PLANTED, SECRET) if private in log] == []
    said = say(host.settings, "status").stdout
    assert "it failed and is tried again: The content folder has commits" in said

    change_code(host.settings, "Nn4changed")
    assert within(SECONDS, lambda: "Nn4changed" in host.codes())
    assert "and push hard." not in host.page()

    git(host.server, "reset", "--quiet", "--hard", "@{upstream}")
    host.ends(host.tell().json()["watch"], "done")
    assert "and push hard." in host.page()


def test_a_mistake_in_pushed_texts_is_told_by_file_and_line_and_the_page_stays(host: Host) -> None:
    before = host.page()
    host.push("and push hard.", title="titel")
    failed = host.ends(host.tell().json()["watch"], "failed")
    assert "sections/door.en.md:2: " in failed["outcome"]
    assert host.page() == before
    assert "door.en.md:2" in say(host.settings, "status").stdout
    host.push("and push harder.")
    host.ends(host.tell().json()["watch"], "done")
    assert "and push harder." in host.page()


def test_a_change_of_the_records_wakes_the_worker(host: Host) -> None:
    took = []
    for value in ("Nn4changed", "Mm5changed", "Kk6changed", "Jj7changed", "Hh8changed"):
        began = time.monotonic()
        change_code(host.settings, value)
        assert within(SECONDS, lambda value=value: value in host.codes())
        took.append(time.monotonic() - began)
    assert min(took) < IDLE_SECONDS, "nobody slept through it"


def change_code(settings: Settings, value: str) -> None:
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        secret_values.set_secret(tx, ring, house, name="door-code", value=value, at=clock.now(), by=BY)
    database.close()
