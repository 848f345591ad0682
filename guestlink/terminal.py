"""The terminal: arguments in, tables, progress and plain sentences out. Every command runs through `run`.

It turns every error into words and an exit code; nobody at a terminal ever sees a traceback.
"""

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TextIO

from guestlink.database import Database, open_database
from guestlink.errors import GuestLinkError, InvalidInput, SettingsError
from guestlink.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.console import Console

    from guestlink.crypto import KeyRing

INTERRUPTED = 130
MOVING = dict.fromkeys(map(ord, "\a\b\v\f\r"))  # what moves a cursor when somebody looks at it later
SHORTENED = frozenset({"guest"})  # columns that give way on a narrow terminal
UNSAFE = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Command(Protocol):
    """A module of a command: `configure` names its arguments, `run` returns the exit code."""

    def configure(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, args: Any, desk: "Desk") -> int: ...


class Desk:
    """What a command works with; everything is opened at its first use."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.home)

    @cached_property
    def ring(self) -> "KeyRing":
        from guestlink.crypto import read_keys

        return read_keys(self.settings.keys_file)

    @cached_property
    def database(self) -> Database:
        url = self.settings.database_url
        if url.startswith("sqlite") and not self.settings.path(url.removeprefix("sqlite:///")).exists():
            mend = "Run `publish.py init` first, or check GUESTLINK_HOME and database_url."
            raise SettingsError("There is no database yet.", setting="database_url", hint=mend)
        return open_database(url, home=Path(self.settings.home))

    @cached_property
    def user(self) -> str:
        from guestlink import houses

        with self.database.read() as db:
            return houses.acting_user(db)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        if "database" in self.__dict__:
            self.database.close()

    # -- telling ---------------------------------------------------------------------------------
    @cached_property
    def console(self) -> "Console":
        return _console(stderr=False)

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads what is said, and not a program."""
        return _is_terminal(sys.stdout)

    def say(self, text: str = "", *, style: str = "") -> None:
        _print(text, style, sys.stdout)

    def warn(self, text: str, *, style: str = "yellow") -> None:
        _print(text, style, sys.stderr)

    def json(self, value: object) -> None:
        print(json.dumps(value, ensure_ascii=False, default=str))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """An aligned table; a column whose name ends with `#` is a number."""
        if not self.is_terminal:
            for row in [[name.rstrip("#") for name in columns], *rows]:
                print("\t".join(plain(cell) for cell in row))
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            side: Any = "right" if name.endswith("#") else "left"
            fits = name not in SHORTENED
            table.add_column(name.rstrip("#"), justify=side, no_wrap=True, min_width=len(name) if fits else 6)
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self.console.print(table)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """A bar on a terminal, for anything over a second; nothing in a pipe."""
        if not _is_terminal(sys.stderr):
            yield lambda *_: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=_console(stderr=True),
            transient=True,
        )
        tasks: dict[str, Any] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        with bar:
            yield step


def run(command: Command, name: str, words: Sequence[str], *, home: Path, help_text: str) -> int:
    """Runs one command and returns its exit code (DESIGN.md, section 7)."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    desk = Desk(home)
    parser = _Parser(prog=f"publish.py {name}", description=help_text[0].upper() + help_text[1:] + ".")
    try:
        command.configure(parser)
        with desk:
            return command.run(parser.parse_args(list(words)), desk)
    except GuestLinkError as error:
        return _told(desk, error)
    except KeyboardInterrupt:
        desk.warn("Stopped.", style="")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("GUESTLINK_DEBUG"):
            raise
        desk.warn(f"This is a defect of Guest Link: {type(error).__name__}.", style="red")
        desk.warn("Set GUESTLINK_DEBUG=1 and run it again to see where, and tell us.", style="")
        return 1


def _told(desk: Desk, error: GuestLinkError) -> int:
    desk.warn(str(error) if not error.hint else error.message, style="red")
    if error.hint:
        desk.warn(error.hint, style="")
    return error.exit_code


def _print(text: str, style: str, stream: TextIO) -> None:
    """Plain text for a program that reads, at once. On a terminal rich knows which colours there are; it is
    imported there alone, since that takes longer than many a command.
    """
    if not _is_terminal(stream):
        print(text.translate(MOVING), file=stream, flush=True)
        return
    from rich.text import Text

    _console(stderr=stream is sys.stderr).print(Text(text, style=style))


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


@cache
def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def plain(cell: object) -> str:
    """One line of text that cannot move a terminal's cursor or turn the writing of its neighbours round."""
    return UNSAFE.sub(" ", "" if cell is None else str(cell)).strip()


class _Parser(argparse.ArgumentParser):
    """argparse whose mistakes are our errors."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message[0].upper()}{message[1:]}.", hint=f"`{self.prog} --help` tells more.")


def asked(prompt: str, *, file: str = "") -> str:
    """A secret from a file's first line, or typed without echo; never from the command line's words."""
    if file:
        try:
            return Path(file).read_text("utf-8-sig").splitlines()[0].strip()
        except (OSError, UnicodeDecodeError, IndexError):
            raise InvalidInput(
                f"{file} cannot be read.", hint="Give a text file with the value in line 1."
            ) from None
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    import getpass

    return getpass.getpass(prompt + ": ").strip()
