"""The list of all that is wrong with a host's files. It reads none of them, and repeats no secret's value."""

import re
from typing import Literal, NoReturn

import msgspec

from generator.files.leaks import Sieve
from guestlink.errors import ContentErrors

Kind = Literal["error", "warning", "missing", "stale"]

_QUOTED = re.compile(r"“[^“”]*”")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell the host; `path` begins with the property's slug, `line` 0 means the whole file."""

    path: str
    line: int
    message: str
    hint: str = ""
    kind: Kind = "error"


class Problems:
    """Everything found wrong while reading goes on, told at once at the end and without a secret's value."""

    def __init__(self, sieve: Sieve | None = None) -> None:
        self._sieve = sieve or Sieve({})
        self._found: dict[Problem, None] = {}

    def add(self, path: str, line: int, message: str, *, hint: str = "", kind: Kind = "error") -> None:
        message, hint = self._sieve.hide(message), self._sieve.hide(hint)
        self._found[Problem(path=path, line=line, message=message, hint=hint, kind=kind)] = None

    def add_about(self, path: str, line: int, written: str, error: ValueError) -> None:
        """What is wrong with the value of a field, `written` in one line. A message may quote half of it."""
        message, hint = error.args
        if self._sieve.found_in(written):
            message = _QUOTED.sub("“…”", message)
        self.add(path, line, message, hint=hint)

    def tells_of(self, path: str) -> bool:
        """Whether something is wrong with this file or folder."""
        return any(problem.path == path for problem in self._found)

    def told(self) -> tuple[Problem, ...]:
        """All that is no error, in the order of files and lines; raises ContentErrors if there are errors."""
        ordered = sorted(self._found, key=lambda problem: (problem.path, problem.line))
        if any(problem.kind == "error" for problem in ordered):
            self.give_up()
        return tuple(ordered)

    def give_up(self) -> NoReturn:
        """Raise what is known so far, where going on would only guess."""
        ordered = sorted(self._found, key=lambda problem: (problem.path, problem.line))
        raise ContentErrors([problem for problem in ordered if problem.kind == "error"])
