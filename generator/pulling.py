"""`git pull --ff-only` in the folder of the hosts' files: what came, or in plain words why nothing came.

It never merges, never asks anybody for a password, runs no hook, and takes a minute at most. Nobody has to
wait for it: it runs beside whoever started it.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NamedTuple

from generator.git_troubles import told
from guestlink.errors import GuestLinkError, Outage, Refused, SettingsError
from guestlink.rebuilds import Rebuild

PATIENCE: Final = 60.0  # seconds for a pull
LOCAL_PATIENCE: Final = 10.0  # seconds for a look at the folder
FAREWELL: Final = 2.0  # seconds to leave no lock behind
KEEPING: Final = 10.0  # seconds between two renewals of what waits for a pull
LAST_WORDS: Final = 20_000  # bytes of git's output
KEPT: Final = """
    PATH HOME USER LOGNAME TMPDIR XDG_CONFIG_HOME SSH_AUTH_SOCK GIT_SSH_COMMAND GIT_SSH GIT_SSL_CAINFO
    SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY
""".split()
ALWAYS: Final = {"LC_ALL": "C", "LANGUAGE": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": ""}
CONFIG: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "core.quotePath=false",
    "credential.interactive=never",
    "merge.autoStash=false",
    "pull.rebase=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
)
PULL: Final = ("pull", "--ff-only", "--no-rebase", "--no-recurse-submodules", "--no-progress")


class Pull:
    """A pull on its way. The folder may be a part of the work tree."""

    def __init__(self, folder: Path, *, patience: float = PATIENCE) -> None:
        """A SettingsError when the folder is no checkout, or when there is no git."""
        self._folder = folder
        self._patience = patience
        _look(folder, "rev-parse", "--show-toplevel")
        environment = _environment(folder)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes it
        self._process = _started(folder, PULL, output=self._output, environment=environment)
        self._until = time.monotonic() + patience

    def is_over(self) -> bool:
        """Whether it has ended, or has had its time."""
        return self._process.poll() is not None or time.monotonic() > self._until

    def wait(self) -> str:
        """What came of it, as soon as it is over."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, self._until - time.monotonic()))
        return self.outcome()

    def outcome(self) -> str:
        """Where the folder stands now: `main at 1a2b3c4`. An error says in plain words what was in the way;
        Outage for what may pass by itself. Cuts off what is not over.
        """
        is_late = self._process.poll() is None
        said = self.stop()
        if is_late:
            mend = f"Try `git -C {self._folder} pull` by hand, as the user that runs `work`."
            raise Outage(f"git pull was cut off after {self._patience:.0f} s.", hint=mend)
        if self._process.returncode:
            raise told(said, str(self._folder))
        branch = _look(self._folder, "rev-parse", "--abbrev-ref", "HEAD")
        return f"{branch} at {_look(self._folder, 'rev-parse', '--short', 'HEAD')}"

    def stop(self) -> str:
        """Ends it if need be, and returns what it said."""
        if self._output.closed:
            return ""
        for sign, seconds in ((signal.SIGTERM, FAREWELL), (signal.SIGKILL, None)):
            if self._process.poll() is None:
                os.killpg(self._process.pid, sign)
                try:
                    self._process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        with self._output as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - LAST_WORDS))
            return output.read().decode(errors="replace")


# -- for whom ----------------------------------------------------------------------------------------
class Pulled(NamedTuple):
    """A pull that is over: for whom, and where the folder stands now or why not."""

    rows: list[Rebuild]
    words: str
    error: GuestLinkError | None


class Pulls:
    """Rebuilds that wait for `git pull`. One pull serves all that were there when it began; it runs beside
    the loop, so a remote that hangs holds nobody's codes back.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pull: Pull | None = None
        self._served: list[Rebuild] = []
        self._next: list[Rebuild] = []
        self._kept_at = time.monotonic()

    @property
    def rows(self) -> list[Rebuild]:
        return [*self._served, *self._next]

    def add(self, rows: Sequence[Rebuild]) -> None:
        self._next += rows

    def turn(self) -> Pulled | None:
        """Begins the next pull when none runs; tells of one that is over."""
        try:
            if self._pull is None and self._next:
                self._served, self._next = self._next, []
                self._pull = Pull(self._folder)
            if self._pull is None or not self._pull.is_over():
                return None
            return self._ended(self._pull.outcome(), None)
        except GuestLinkError as error:
            return self._ended("", error)

    def _ended(self, words: str, error: GuestLinkError | None) -> Pulled:
        rows, self._served, self._pull = self._served, [], None
        return Pulled(rows, words, error)

    def need_keeping(self) -> bool:
        """True now and then: their leases are shorter than a pull may take."""
        if not self.rows or time.monotonic() - self._kept_at < KEEPING:
            return False
        self._kept_at = time.monotonic()
        return True

    def close(self) -> None:
        if self._pull:
            self._pull.stop()


# -- git ---------------------------------------------------------------------------------------------
def _look(folder: Path, *words: str) -> str:
    """One line about the folder, from git alone: no network."""
    with tempfile.TemporaryFile() as output:
        process = _started(folder, words, output=output, environment=_minimal())
        try:
            process.wait(LOCAL_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Outage(f"git does not answer about {folder}.", hint="Is its disk there?") from None
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        raise told(said, str(folder))
    return said.strip()


def _started(
    folder: Path, words: tuple[str, ...], *, output: IO[bytes], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Git in a session of its own: nothing in it finds a terminal to ask at, and all of it can be ended."""
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}.", setting="content", hint="Clone it there.")
    settings = [part for setting in CONFIG for part in ("-c", setting)]
    try:
        return subprocess.Popen(
            ["git", *settings, *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except FileNotFoundError:
        mend = "Install git (apt-get install git), or publish by hand."
        raise SettingsError("There is no git on this machine.", setting="content", hint=mend) from None
    except OSError as error:
        raise Outage(f"git cannot be started: {error.strerror}.", hint="Look at the machine.") from None


def _minimal() -> dict[str, str]:
    """What git needs to know of our environment; no secret of ours is in it, and nobody's GIT_DIR."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | ALWAYS


def _environment(folder: Path) -> dict[str, str]:
    """Also tells ssh that nobody answers; a command that the host has set for this folder stays theirs."""
    environment = _minimal()
    if "GIT_SSH_COMMAND" in environment or "GIT_SSH" in environment:
        return environment
    try:
        command = _look(folder, "config", "--get", "core.sshCommand")
    except Refused:  # it is not set
        command = "ssh -o BatchMode=yes"
    return environment | {"GIT_SSH_COMMAND": command}
