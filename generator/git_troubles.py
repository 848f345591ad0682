"""What git complains about when it pulls, in plain words with what to do about it. Pure.

No password that stands in an address gets through.
"""

import re
from typing import Final, NamedTuple

from guestlink.errors import GuestLinkError, Outage, Refused, SettingsError

MOST_FILES: Final = 5
CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s'\"]*@")
QUERY: Final = re.compile(r"(://[^\s'\"?]*)\?[^\s'\"]*")


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


def told(said: str, folder: str) -> GuestLinkError:
    """What git complained about, in words for who runs the house."""
    said = without_credentials(said)
    trouble = next(each for each in TROUBLES if re.search(each.said, said, re.IGNORECASE))
    facts = {"folder": folder, "reason": _reason(said), "files": _files(said)}
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
