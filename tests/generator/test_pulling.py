"""Pulling hosts' files with a real git: what comes, what stands in the way, and what nobody is ever asked."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from generator.git_troubles import MOST_FILES, told, without_credentials
from generator.pulling import Pull
from guestlink.errors import GuestLinkError, Outage, Refused, SettingsError
from tests.forge import commit, git, new_forge
from tests.services import PATIENCE, free_port


class Repository(NamedTuple):
    """A bare repository as a forge keeps it, the host's own clone, and the checkout of the server."""

    bare: Path
    desk: Path
    server: Path

    @property
    def content(self) -> Path:
        return self.server / "content"

    def push(self, name: str = "content/wifi.md", text: str = "new") -> None:
        """The host writes a file and pushes it."""
        commit(self.desk, name, text)
        git(self.desk, "push", "--quiet", "origin", "main")

    def pull(self, **told: float) -> str:
        return Pull(self.content, **told).wait()

    def text(self, name: str = "content/wifi.md") -> str:
        return (self.server / name).read_text()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    found = Repository(tmp_path / "forge.git", tmp_path / "desk", tmp_path / "server")
    url = new_forge(found.bare)
    git(tmp_path, "clone", "--quiet", url, str(found.desk))
    git(found.desk, "checkout", "--quiet", "-B", "main")
    commit(found.desk, "content/wifi.md", "old")
    git(found.desk, "push", "--quiet", "--set-upstream", "origin", "main")
    git(tmp_path, "clone", "--quiet", url, str(found.server))
    return found


# -- what comes --------------------------------------------------------------------------------------
def test_what_was_pushed_is_there_after_a_pull(repository: Repository) -> None:
    repository.push(text="new")
    assert repository.pull() == f"main at {git(repository.desk, 'rev-parse', '--short', 'HEAD')}"
    assert repository.text() == "new"


def test_a_pull_without_anything_new_changes_nothing(repository: Repository) -> None:
    before = git(repository.server, "rev-parse", "HEAD")
    repository.pull()
    assert git(repository.server, "rev-parse", "HEAD") == before


def test_the_folder_may_be_a_part_of_the_work_tree(repository: Repository) -> None:
    repository.push("elsewhere/notes.md", "beside the content")
    repository.pull()
    assert repository.text("elsewhere/notes.md") == "beside the content"


def test_edits_that_are_not_in_the_way_stay(repository: Repository) -> None:
    (repository.content / "draft.md").write_text("mine")
    repository.push(text="new")
    repository.pull()
    assert (repository.text(), repository.text("content/draft.md")) == ("new", "mine")


def test_a_pull_runs_beside_whoever_began_it(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = slow_remote(repository, monkeypatch)
    pull = Pull(repository.content)
    assert not pull.is_over()
    gate.write_text("go")
    assert pull.wait().startswith("main at ")


# -- what stands in the way --------------------------------------------------------------------------
def failure(repository: Repository, **told: float) -> GuestLinkError:
    with pytest.raises(GuestLinkError) as caught:
        repository.pull(**told)
    return caught.value


@pytest.mark.parametrize("setting", ["", "pull.rebase", "merge.autoStash", "rebase.autoStash"])
def test_a_checkout_that_has_diverged_is_left_as_it_is(repository: Repository, setting: str) -> None:
    if setting:
        git(repository.server, "config", setting, "true")
    commit(repository.server, "content/wifi.md", "written on the server")
    repository.push(text="new")
    error = failure(repository)
    assert isinstance(error, Refused)
    assert "diverged" in error.message
    assert f"git -C {repository.content} reset --hard @{{upstream}}" in error.hint
    assert repository.text() == "written on the server"
    assert git(repository.server, "rev-list", "--merges", "HEAD") == ""


@pytest.mark.parametrize("setting", ["", "pull.rebase", "merge.autoStash", "rebase.autoStash"])
def test_local_edits_are_named_and_never_lost(repository: Repository, setting: str) -> None:
    if setting:
        git(repository.server, "config", setting, "true")
    (repository.content / "wifi.md").write_text("edited on the server")
    repository.push(text="new")
    error = failure(repository)
    assert isinstance(error, Refused)
    assert "content/wifi.md" in error.message
    assert repository.text() == "edited on the server"
    assert git(repository.server, "stash", "list") == ""


def test_new_files_in_the_way_are_named_as_they_are_written(repository: Repository) -> None:
    (repository.content / "frühstück.md").write_text("mine")
    repository.push("content/frühstück.md", "theirs")
    error = failure(repository)
    assert "content/frühstück.md" in error.message
    assert repository.text("content/frühstück.md") == "mine"


def test_a_branch_that_follows_nothing_is_a_setting_to_mend(repository: Repository) -> None:
    git(repository.server, "checkout", "--quiet", "-b", "mine")
    error = failure(repository)
    assert isinstance(error, SettingsError)
    assert "follows no branch" in error.message
    git(repository.server, "checkout", "--quiet", "--detach")
    assert "follows no branch" in failure(repository).message


def test_a_folder_that_is_no_checkout_is_a_setting_to_mend(repository: Repository) -> None:
    shutil.rmtree(repository.server / ".git")
    error = failure(repository)
    assert isinstance(error, SettingsError)
    assert "in no git checkout" in error.message
    shutil.rmtree(repository.content)
    assert "There is no folder" in failure(repository).message


def test_a_machine_without_git_is_told_what_to_install(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = failure(repository)
    assert isinstance(error, SettingsError)
    assert "install git" in error.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to somebody else")
def test_a_folder_of_somebody_else_is_told_with_both_ways_out(repository: Repository) -> None:
    for path in [repository.server, *repository.server.rglob("*")]:
        os.chown(path, 65534, 65534)
    error = failure(repository)
    assert isinstance(error, SettingsError)
    assert "safe.directory" in error.hint
    assert str(repository.content) in error.hint


def test_another_git_at_work_may_be_over_soon(repository: Repository) -> None:
    (repository.server / ".git" / "index.lock").touch()
    repository.push(text="new")
    error = failure(repository)
    assert isinstance(error, Outage)
    assert ".lock" in error.hint


def test_a_remote_that_is_away_is_tried_again_and_its_password_is_told_to_nobody(
    repository: Repository,
) -> None:
    url = f"http://marta:pass-of-marta@127.0.0.1:{free_port()}/houses.git?key=1234"
    git(repository.server, "remote", "set-url", "origin", url)
    error = failure(repository)
    assert isinstance(error, Outage)
    assert "does not answer" in error.message
    for private in ("marta", "pass-of-marta", "1234"):
        assert private not in str(error)


def test_a_remote_that_is_gone_is_told(repository: Repository) -> None:
    shutil.rmtree(repository.bare)
    assert "does not answer" in failure(repository).message


# -- what nobody is asked ----------------------------------------------------------------------------
def slow_remote(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A remote that answers nothing until the file that is returned exists."""
    gate = repository.bare.with_name("gate")
    program = repository.bare.with_name("ssh-that-waits")
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, sys, time\n"
        f"open({str(gate.with_name('helper.new'))!r}, 'w').write(str(os.getpid()))\n"
        f"os.rename({str(gate.with_name('helper.new'))!r}, {str(gate.with_name('helper'))!r})\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.02)\n"
        "os.execvp('sh', ['sh', '-c', sys.argv[-1]])\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(program))
    git(repository.server, "remote", "set-url", "origin", f"ssh://nowhere{repository.bare}")
    return gate


@contextmanager
def locked_remote() -> Iterator[str]:
    """A forge that lets nobody in."""

    class Locked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="houses"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Locked) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/houses.git"
        server.shutdown()
        thread.join()


def test_a_pull_that_takes_too_long_is_ended_and_leaves_no_lock(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_remote(repository, monkeypatch)
    error = failure(repository, patience=0.3)
    assert isinstance(error, Outage)
    assert "cut off" in error.message
    assert list((repository.server / ".git").rglob("*.lock")) == []


def test_a_pull_that_is_stopped_takes_its_helpers_with_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = slow_remote(repository, monkeypatch).with_name("helper")
    pull = Pull(repository.content)
    assert within(PATIENCE, helper.exists)
    process = int(helper.read_text())
    assert is_running(process)
    pull.stop()
    assert within(PATIENCE, lambda: not is_running(process))


def is_running(process: int) -> bool:
    """Whether it is there and not only waited for."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_nobody_is_asked_for_a_password(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = repository.bare.with_name("asked")
    program = repository.bare.with_name("ask")
    program.write_text(f"#!/bin/sh\ntouch {asked}\necho guess\n")
    program.chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(program))
    git(repository.server, "config", "core.askPass", str(program))
    with locked_remote() as url:
        git(repository.server, "remote", "set-url", "origin", url)
        error = failure(repository)
    assert isinstance(error, Refused)
    assert "does not let us in" in error.message
    assert "deploy key" in error.hint
    assert not asked.exists()


def test_no_hook_runs_and_no_secret_reaches_a_helper(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = repository.bare.with_name("seen")
    for name in ("post-merge", "post-checkout", "reference-transaction"):
        hook = repository.server / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {seen}\n")
        hook.chmod(0o755)
    environment = repository.bare.with_name("environment")
    git(repository.server, "config", "filter.peek.smudge", f"env > {environment}; cat")
    (repository.server / ".git" / "info").mkdir(exist_ok=True)
    (repository.server / ".git" / "info" / "attributes").write_text("*.md filter=peek\n")
    monkeypatch.setenv("GUESTLINK_REBUILD_SECRET", "a secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "known-to-nobody")
    repository.push(text="new")
    repository.pull()
    assert repository.text() == "new"
    assert not seen.exists()
    told = environment.read_text()
    assert "GIT_TERMINAL_PROMPT=0" in told
    assert "a secret" not in told
    assert "known-to-nobody" not in told


def test_somebody_elses_repository_in_the_environment_is_not_ours(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    assert repository.pull().startswith("main at ")


def test_the_command_that_a_host_set_for_ssh_is_used(repository: Repository) -> None:
    program = repository.bare.with_name("ssh-with-a-deploy-key")
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o755)
    git(repository.server, "config", "core.sshCommand", str(program))
    git(repository.server, "remote", "set-url", "origin", f"ssh://nowhere{repository.bare}")
    repository.push(text="new")
    repository.pull()
    assert repository.text() == "new"


# -- in words ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("git@github.com: Permission denied (publickey).\nfatal: Could not read", Refused, "let us in"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", Refused, "let us in"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", Refused, "let us in"),
        ("Host key verification failed.\nfatal: Could not read from remote", Refused, "not known here"),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", Outage, "does not answer"),
        ("fatal: the remote end hung up unexpectedly", Outage, "does not answer"),
        ("error: cannot open '.git/FETCH_HEAD': Permission denied", SettingsError, "cannot be written"),
        ("fatal: write error: No space left on device", SettingsError, "cannot be written"),
        ("fatal: You have not concluded your merge (MERGE_HEAD exists).", Refused, "merge unfinished"),
        ("fatal: something new", Refused, "git pull failed: something new."),
        ("", Refused, "git pull failed: it said nothing."),
    ],
)  # fmt: skip
def test_every_trouble_is_told_in_words(said: str, kind: type[GuestLinkError], words: str) -> None:
    error = told(said, "/srv/houses")
    assert type(error) is kind
    assert words in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("'https://marta:pass@example.com/a.git'", "'https://…@example.com/a.git'"),
        ("https://token@example.com/a.git/", "https://…@example.com/a.git/"),
        ("https://example.com/a.git?private_token=1234", "https://example.com/a.git?…"),
        ("https://a:b@example.com and https://c:d@example.com", "https://…@example.com and https://…@example.com"),
        ("git@example.com:houses.git", "git@example.com:houses.git"),
    ],
)  # fmt: skip
def test_no_password_stands_in_what_is_told(said: str, shown: str) -> None:
    assert without_credentials(said) == shown


def test_many_files_in_the_way_are_told_by_the_first_few() -> None:
    names = "".join(f"\tcontent/{number}.md\n" for number in range(9))
    said = f"error: Your local changes to the following files would be overwritten by merge:\n{names}"
    error = told(said, "/srv/houses")
    assert "content/4.md and 4 more" in error.message
    assert MOST_FILES == 5
