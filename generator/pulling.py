"""`git pull --ff-only` in the folder of the hosts' files: what came, or in plain words why nothing came.

It never merges, never asks anybody for a password, runs no hook, and takes a minute at most. Nobody has to
wait for it: it runs beside whoever started it.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NamedTuple

from guestlink.errors import GuestLinkError, Outage, Refused, SettingsError

PATIENCE: Final = 60.0  # seconds for a pull
LOCAL_PATIENCE: Final = 10.0  # seconds for a look at the folder
FAREWELL: Final = 2.0  # seconds to leave no lock behind
LAST_WORDS: Final = 20_000  # bytes of git's output
MOST_FILES: Final = 5
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
CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s'\"]*@")
QUERY: Final = re.compile(r"(://[^\s'\"?]*)\?[^\s'\"]*")


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
            raise told(said, self._folder)
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
        raise told(said, folder)
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


# -- in words ----------------------------------------------------------------------------------------
class Trouble(NamedTuple):
    """What git says, as a pattern, and what we make of it. `{reason}` is git's own line, `{files}` are those
    that it lists.
    """

    said: str
    kind: type[GuestLinkError]
    words: str
    hint: str


OF_ANOTHER_USER: Final = "Run `work` as the user whom {folder} belongs to"
TROUBLES: Final = (
    Trouble(
        r"dubious ownership",
        SettingsError,
        "The content folder belongs to another user.",
        OF_ANOTHER_USER + "; or, as the user of `work`: git config --global --add safe.directory {folder}",
    ),
    Trouble(
        r"not a git repository|must be run in a work tree",
        SettingsError,
        "{folder} is in no git checkout.",
        "Clone your repository there, or set `content` to the checkout.",
    ),
    Trouble(
        r"no tracking information|not currently on a branch|no such ref was fetched",
        SettingsError,
        "The checkout of the content folder follows no branch that is there.",
        "Try: git -C {folder} switch main && git -C {folder} branch --set-upstream-to=origin/main",
    ),
    Trouble(
        r"not possible to fast-forward|diverging branches|refusing to merge unrelated",
        Refused,
        "The content folder has commits that were never pushed: it has diverged.",
        "Look with `git -C {folder} status`; push what is only there, or throw it away with "
        "`git -C {folder} reset --hard @{{upstream}}`.",
    ),
    Trouble(
        r"local changes to the following files would be overwritten",
        Refused,
        "Files edited in the content folder stand in the way: {files}.",
        "Commit and push them, or undo them with `git -C {folder} checkout -- FILE`.",
    ),
    Trouble(
        r"untracked working tree files would be (overwritten|removed)",
        Refused,
        "Files that git does not know stand in the way: {files}.",
        "Move them away; the pushed ones come in their place.",
    ),
    Trouble(
        r"MERGE_HEAD exists|unmerged files|not concluded your merge|unresolved conflict",
        Refused,
        "Somebody left a merge unfinished in the content folder.",
        "Finish it, or `git -C {folder} merge --abort`.",
    ),
    Trouble(
        r"\.lock': File exists",
        Outage,
        "Another git works in the content folder.",
        "If none runs there, one was cut off: remove the .lock file that it left in .git.",
    ),
    Trouble(
        r"host key verification failed|REMOTE HOST IDENTIFICATION",
        Refused,
        "The key of the remote machine is not known here, or has changed.",
        "As the user that runs `work`, try `git -C {folder} pull` once and compare the key.",
    ),
    Trouble(
        r"could not read (username|password)|authentication failed|permission denied \("
        r"|repository ('.*' )?not found|error: 40[134]",
        Refused,
        "The remote repository does not let us in: {reason}.",
        "Give the user that runs `work` a deploy key or a credential helper, then try "
        "`git -C {folder} pull` as that user.",
    ),
    Trouble(
        r"(cannot|could not|unable to) (open|create|write|unlink|append).*(permission denied|read-only)"
        r"|insufficient permission|no space left",
        SettingsError,
        "The content folder cannot be written: {reason}.",
        OF_ANOTHER_USER + ", and look at its disk.",
    ),
    Trouble(
        r"could not resolve|unable to (access|connect)|could not read from remote|connection|hung up"
        r"|unexpected disconnect|early EOF|does not appear to be a git repository",
        Outage,
        "The remote repository does not answer: {reason}.",
        "It is tried again.",
    ),
    Trouble(r"", Refused, "git pull failed: {reason}.", "Try `git -C {folder} pull` by hand."),
)


def told(said: str, folder: Path) -> GuestLinkError:
    """What git complained about, in words for who runs the house. Pure."""
    said = without_credentials(said)
    trouble = next(each for each in TROUBLES if re.search(each.said, said, re.IGNORECASE))
    facts = {"folder": str(folder), "reason": _reason(said), "files": _files(said)}
    words, hint = trouble.words.format(**facts), trouble.hint.format(**facts)
    if issubclass(trouble.kind, SettingsError):
        return trouble.kind(words, setting="content", hint=hint)
    return trouble.kind(words, hint=hint)


def without_credentials(text: str) -> str:
    """Git's words with user, password and query cut out of every address."""
    return QUERY.sub(r"\1?…", CREDENTIALS.sub("…@", text))


def _reason(said: str) -> str:
    """The line that matters most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for mark in ("fatal: ", "error: ", "remote: "):
        for line in lines:
            if line.startswith(mark):
                return line.removeprefix(mark).rstrip(".")
    return lines[-1].rstrip(".") if lines else "it said nothing"


def _files(said: str) -> str:
    """The files that git names, which stand on lines of their own after a tab."""
    named = [line.strip() for line in said.splitlines() if line.startswith("\t")]
    more = f" and {len(named) - MOST_FILES} more" if len(named) > MOST_FILES else ""
    return ", ".join(named[:MOST_FILES]) + more
