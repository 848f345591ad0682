"""The worker's rounds: what needs the records only waits for nobody's files and for no remote."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from generator import pulling
from generator.press import Press, open_press
from generator.pulling import Pulls
from generator.rebuilder import LONGEST_PULLING, step, work_once
from guestlink import houses, rebuilds, records, secret_values
from guestlink.houses import HouseDraft
from guestlink.rebuilds import FIRST_RETRY, Rebuild, Source
from guestlink.settings import Settings
from tests.forge import git, new_forge
from tests.guest import open_page
from tests.house import AT, BY, FILES, from_folder, link_of, make_home, run_publish, three_stays, write_files

SECOND = timedelta(seconds=1)
DOOR_FILE = "sections/door.en.md"


class Work(NamedTuple):
    """A published house in a checkout, and the press of its worker."""

    settings: Settings
    press: Press
    forge: Path

    def ask(self, source: Source = "", *, at: datetime = AT, slug: str = "planted") -> str:
        with self.press.database.write() as tx:
            house = records.find_property(tx, slug)
            return rebuilds.ask(tx, house, why="asked", at=at, source=source)

    def row(self, rebuild_id: str) -> Rebuild:
        with self.press.database.read() as db:
            return rebuilds.find(db, rebuild_id)

    def change_code(self, value: str) -> None:
        with self.press.database.write() as tx:
            house = records.find_property(tx, "planted")
            told = {"name": "door-code", "value": value, "at": AT, "by": BY}
            secret_values.set_secret(tx, self.press.ring, house, **told)

    def edit(self, words: str, *, title: str = "title") -> None:
        text = FILES[DOOR_FILE].replace("and pull.", words).replace("title", title)
        write_files(self.settings, {DOOR_FILE: text})

    @property
    def ana(self):
        return open_page(from_folder(self.settings), link_of(self.settings, "ANA"))


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    settings = make_home(tmp_path / "home")
    three_stays(settings)
    run_publish(settings)
    forge = tmp_path / "forge.git"
    url, folder = new_forge(forge), settings.content_folder
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "First texts")
    git(folder, "remote", "add", "origin", url)
    git(folder, "push", "--quiet", "--set-upstream", "origin", "main")
    press = open_press(settings)
    yield Work(settings, press, forge)
    press.database.close()


def test_edited_files_are_published_only_when_somebody_asks_for_files(work: Work) -> None:
    work.edit("and push.")
    work.ask()
    work_once(work.press, at=AT + SECOND)
    assert "and push." not in work.ana.page
    asked = work.ask("files")
    assert work_once(work.press, at=AT + SECOND) == 1
    assert "and push." in work.ana.page
    assert work.row(asked).state == "done"


def test_the_landing_page_follows_the_files(work: Work) -> None:
    write_files(work.settings, {"property.md": FILES["property.md"].replace("by the water", "by the sea")})
    work.ask("files")
    work_once(work.press, at=AT + SECOND)
    assert "by the sea" in work.settings.path("data/site/index.html").read_text()


def test_a_mistake_in_the_files_is_told_once_and_holds_no_code_back(work: Work) -> None:
    work.edit("and push.", title="titel")
    work.change_code("Nn4changed")
    asked = work.ask("files")
    work_once(work.press, at=AT + SECOND)
    row = work.row(asked)
    assert row.state == "failed"
    assert "sections/door.en.md:2: " in row.outcome
    assert "and push." not in work.ana.page
    assert "Nn4changed" in work.ana.codes
    assert work_once(work.press, at=AT + 9 * SECOND) == 0


def test_a_remote_that_hangs_holds_no_code_back(
    work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate, ssh = tmp_path / "gate", tmp_path / "ssh-that-waits"
    ssh.write_text(
        f'#!/bin/sh\nwhile [ ! -e {gate} ]; do sleep 0.05; done\nfor last; do :; done\nexec sh -c "$last"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(ssh))
    git(work.settings.content_folder, "remote", "set-url", "origin", f"ssh://nowhere{work.forge}")
    asked = work.ask("git")
    with closing(Pulls(work.settings.content_folder)) as pulls:
        assert step(work.press, pulls, at=AT + SECOND) == 0
        work.change_code("Nn4changed")
        assert step(work.press, pulls, at=AT + SECOND) == 1
        assert "Nn4changed" in work.ana.codes
        assert work.row(asked).state == "claimed"
        gate.touch()
        while pulls.rows:
            step(work.press, pulls, at=AT + SECOND)
    assert work.row(asked).state == "done"


def test_what_joined_a_pull_that_cannot_be_is_published_all_the_same(work: Work) -> None:
    shutil.rmtree(work.settings.content_folder / ".git")
    asked = work.ask("git")
    work.change_code("Nn4changed")
    assert work.row(asked).state == "waiting"
    work_once(work.press, at=AT + SECOND)
    assert "Nn4changed" in work.ana.codes
    row = work.row(asked)
    assert (row.state, row.source) == ("waiting", "git")
    assert "in no git checkout" in row.outcome


def test_one_pull_serves_all_houses(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    with work.press.database.write() as tx:
        draft = HouseDraft(slug="quay", zone="Europe/London", currency="GBP", default_language="en")
        quay = houses.add_property(tx, draft, at=AT, by=BY)
        houses.add_unit(tx, quay, slug="room-2", title="Room 2", at=AT, by=BY)
    write_files(work.settings, FILES, slug="quay")
    pulls = []

    class Counted(pulling.Pull):
        def __init__(self, folder: Path) -> None:
            pulls.append(folder)
            super().__init__(folder)

    monkeypatch.setattr(pulling, "Pull", Counted)
    asked = [work.ask("git"), work.ask("git", slug="quay")]
    assert work_once(work.press, at=AT + SECOND) == 2
    assert {work.row(rebuild_id).state for rebuild_id in asked} == {"done"}
    assert len(pulls) == 1


def test_a_pull_that_fails_is_tried_for_a_day_and_no_longer(work: Work) -> None:
    shutil.rmtree(work.settings.content_folder / ".git")
    asked = work.ask("git")
    work_once(work.press, at=AT)
    assert work_once(work.press, at=AT + FIRST_RETRY - SECOND) == 0
    assert work_once(work.press, at=AT + FIRST_RETRY) == 1
    assert work.row(asked).state == "waiting"
    work_once(work.press, at=AT + LONGEST_PULLING + SECOND)
    assert work.row(asked).state == "failed"
