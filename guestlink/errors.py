"""The error tree, grouped by who can fix it and whether a retry helps.

GuestLinkError      plain words + hint; class attributes status, exit_code, retry
├─ ContentError     422/2   the host fixes a file: path, line, what was expected
│   └─ ContentErrors        several of them, told at once
├─ SettingsError     -/2    the operator fixes a setting: its name, how to set it
├─ InvalidInput     400/2   the caller fixes the call
│   └─ InvalidFields 422/2   several fields of a form, told at once
├─ NotAllowed       403/77  one message for all reasons
├─ NotFound         404/1
├─ Refused          409/1   the rules say no, never retry
├─ Stale            409/75  somebody was faster: reload, at most 3 times
├─ TooMany          429/75  asked too often: wait, retry_after
└─ Outage           503/75  the world is down: back off, retry_after
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol


class GuestLinkError(Exception):
    """Something a person can read. `message` says what happened, `hint` how to mend it."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        """Whatever an error is made of, it is the same in another process."""
        return _again, (type(self), self.args, self.__dict__)


def _again(
    kind: type[GuestLinkError], args: tuple[object, ...], said: Mapping[str, object]
) -> GuestLinkError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(said)
    return error


class Mistake(Protocol):
    """What a single mistake in a host's file is known by; `line` 0 means the file as a whole."""

    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str: ...


def told(mistake: Mistake) -> str:
    """One mistake as `wifi.en.md:3: message hint`."""
    place = f"{mistake.path}:{mistake.line}" if mistake.line else mistake.path
    return f"{place}: {mistake.message} {mistake.hint}".strip(" :")


class ContentError(GuestLinkError):
    """A host's file cannot be published as it is."""

    status = 422
    exit_code = 2

    def __init__(self, message: str, *, path: str = "", line: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.line = line

    def __str__(self) -> str:
        return told(self)


class ContentErrors(ContentError):
    """All mistakes of one property's content, so that a host mends them in one go."""

    def __init__(self, problems: Sequence[Mistake]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(told(problem) for problem in self.problems))

    def __str__(self) -> str:
        return self.message


class SettingsError(GuestLinkError):
    """A setting is missing or wrong. `setting` is its name in guestlink.toml."""

    exit_code = 2

    def __init__(self, message: str, *, setting: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class InvalidInput(GuestLinkError):
    """The call itself is wrong: a bad argument, row or body."""

    status = 400
    exit_code = 2


class InvalidFields(InvalidInput):
    """All mistakes of one form: which field, and what is wrong with it in words for who filled it in."""

    status = 422

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(dict.fromkeys(message for _, message in self.problems)))


class NotAllowed(GuestLinkError):
    """Not for this caller; one message for all reasons, so nothing can be probed."""

    status = 403
    exit_code = 77

    def __init__(self, message: str = "This is not allowed.", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class NotFound(GuestLinkError):
    """There is no such thing."""

    status = 404


class Refused(GuestLinkError):
    """The rules say no. Trying again changes nothing."""

    status = 409


class Stale(GuestLinkError):
    """Somebody was faster: reload and decide again, at most three times."""

    status = 409
    exit_code = 75
    retry = True


class TooMany(GuestLinkError):
    """Asked too often. Wait; `retry_after` is in seconds."""

    status = 429
    exit_code = 75
    retry = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float = 60.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Outage(GuestLinkError):
    """The world is down. Back off; `retry_after` is in seconds."""

    status = 503
    exit_code = 75
    retry = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float = 5.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
