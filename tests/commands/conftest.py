"""A host at the terminal: commands run in this process, each with a desk of its own that is closed after."""

import importlib
import io
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from guestlink import terminal
from guestlink.database import Database, open_database

MODULES = {
    "init": "init",
    "demo": "demo",
    "demo requests": "edge_api.commands.demo",
    "property": "houses",
    "unit": "units",
    "secret": "secrets",
    "stay": "stays",
    "import": "imports",
    "feeds": "feeds",
    "link": "link",
    "publish": "publish",
    "poster": "poster",
    "cards": "cards",
    "notice": "edge_api.commands.notice",
    "notice add": "generator.commands.notices",
    "requests": "edge_api.commands.requests",
    "rooms": "edge_api.commands.rooms",
    "messages": "edge_api.commands.messages",
    "token": "edge_api.commands.token",
    "templates": "edge_api.commands.templates",
    "mail": "edge_api.commands.mail",
    "whatsapp": "edge_api.commands.whatsapp",
    "staff": "edge_api.commands.staff",
    "status": "status",
}


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.rstrip().splitlines()[-1]


Say = Callable[..., Answer]


class Typed(io.StringIO):
    """What comes in: a pipe, unless somebody sits at a terminal."""

    somebody_sits_there = False

    def isatty(self) -> bool:
        return self.somebody_sits_there


@pytest.fixture
def at_terminal(monkeypatch) -> Callable[[dict[str, str]], list[str]]:
    """`at_terminal({"zone": "Europe/Lisbon"})` answers the question with that word; returns the questions."""

    def answer(answers: dict[str, str]) -> list[str]:
        asked: list[str] = []

        def asking(question: str) -> str:
            asked.append(question)
            return next((words for word, words in answers.items() if word in question), "")

        monkeypatch.setattr(Typed, "somebody_sits_there", True)
        monkeypatch.setattr("builtins.input", asking)
        monkeypatch.setattr("getpass.getpass", asking)
        return asked

    return answer


@pytest.fixture
def sayer(monkeypatch, capsys) -> Iterator[Callable[[Path], Say]]:
    """`sayer(home)("stay", "list")` runs a command; `typed` is what a pipe gives it."""
    desks: list[terminal.Desk] = []

    class Watched(terminal.Desk):
        def __init__(self, home: Path) -> None:
            super().__init__(home)
            desks.append(self)

    monkeypatch.setattr(terminal, "Desk", Watched)
    monkeypatch.setenv("GUESTLINK_DEBUG", "1")

    def of(home: Path) -> Say:
        def say(name: str, *words: str, typed: str = "") -> Answer:
            place = MODULES.get(" ".join([name, *words[:1]]), MODULES[name])
            module = importlib.import_module(place if "." in place else f"generator.commands.{place}")
            with monkeypatch.context() as patch:
                patch.setattr(sys, "stdin", Typed(typed))
                code = terminal.run(module, name, words, home=home, help_text=name)
            _close(desks)
            return Answer(code, *capsys.readouterr())

        return say

    yield of
    _close(desks)


def _close(desks: list[terminal.Desk]) -> None:
    for desk in desks:
        if "database" in vars(desk):
            desk.database.close()
    desks.clear()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def say(sayer, home) -> Say:
    """A set-up deployment without a property."""
    home.mkdir()
    answer = sayer(home)
    assert answer("init", "--empty").code == 0
    return answer


@pytest.fixture
def in_house(say) -> Say:
    """A house with three rooms and no stay."""
    told = ("--zone", "Europe/Lisbon", "--currency", "EUR", "--language", "en")
    assert say("property", "add", "casa-azul", *told).code == 0
    for number in (1, 2, 3):
        assert say("unit", "add", "casa-azul", f"room-{number}").code == 0
    return say


@pytest.fixture(scope="session")
def _sample_home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("sample")
    desk = terminal.Desk(home)
    module = importlib.import_module("generator.commands.init")
    parser = terminal.argparse.ArgumentParser()
    module.configure(parser)
    assert module.run(parser.parse_args(["--sample", "harbour-house"]), desk) == 0
    desk.database.close()
    return home


@pytest.fixture
def in_sample(_sample_home, sayer, home) -> Say:
    """The first house to try, fresh for this test."""
    shutil.copytree(_sample_home, home)
    return sayer(home)


@pytest.fixture
def records_of(home) -> Iterator[Callable[[], Database]]:
    """Opens the deployment's database, for looking."""
    opened: list[Database] = []

    def look() -> Database:
        opened.append(open_database("sqlite:///data/guestlink.db", home=home))
        return opened[-1]

    yield look
    for database in opened:
        database.close()
