"""The documents say what is there: modules, tables, settings, commands, fields, paths.

Their command lines are understood, their examples are read without a mistake, their mistakes told as shown.
"""

import argparse
import ast
import importlib
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from generator.content import read_property
from generator.files import grammar, moments
from generator.files.entries import OWN_FIELDS, WORD_FIELDS
from generator.files.letters import SLOTS
from generator.intake.headers import fields, guess
from guestlink.errors import ContentErrors
from guestlink.secret_values import STANDARD
from guestlink.settings import HELP
from tests.house import ROOT, command

SOURCES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
DOCUMENTS = [file.relative_to(ROOT).as_posix() for file in SOURCES]
FOLDERS = sorted(
    file.parent.relative_to(ROOT).as_posix()
    for room in ("guestlink", "generator", "edge_api")
    for file in (ROOT / room).rglob("__init__.py")
)
ROLES = ("property", "section", "service", "place", "notice", "journey", "answer")
WORDS = {
    "phases": grammar.PHASES,
    "icons": grammar.ICONS,
    "kinds of place": grammar.PLACE_KINDS,
    "kinds of guest": grammar.AUDIENCES,
    "units of a price": grammar.PRICE_UNITS,
    "secrets": STANDARD,
    "conditions of a message": moments.CONDITIONS,
    "slots of a message": SLOTS,
}
CODE_BLOCK = re.compile(r"(?ms)^```.*?^```$")
OUR_PATH = re.compile(r"`((?:content|deploy|docs|edge_api|generator|guestlink|tests|theme)/[\w./-]+)`")
DEFINED = re.compile(r"(?m)^(?:async )?def (test_\w+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SHOWN_IN = "content/harbour-view"  # the house of the guide, which nobody has


def text_of(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def first_column(document: str, mark: str) -> dict[str, list[str]]:
    """Names in the first column of the table below `<!-- mark -->` -> the other cells of their row."""
    found = re.search(rf"<!-- {re.escape(mark)} -->\n((?:\|.*\n)+)", text_of(document))
    assert found, f"{document} has no table `<!-- {mark} -->`"
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in found[1].splitlines()[2:]]
    named = [(re.findall(r"`([^`]+)`", first), [cell.strip() for cell in cells]) for first, *cells in rows]
    return {name: cells for names, cells in named for name in names}


# -- the map ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_has_its_line_on_the_map_and_every_line_its_module(folder):
    there = {file.name for file in (ROOT / folder).glob("*.py")} - {"__init__.py"}
    rows = first_column("docs/architecture.md", f"modules: {folder}")
    assert rows.keys() == there
    assert all(cells[0] for cells in rows.values())


def test_the_map_names_every_table():
    made = re.compile(r"create table (?:if not exists )?(\w+)")
    sources = [*(ROOT / "guestlink/migrations").glob("*.sql"), ROOT / "guestlink/sql/schema.sql"]
    tables = {name for file in sources for name in made.findall(file.read_text("utf-8"))}
    text = text_of("docs/architecture.md")
    assert [name for name in sorted(tables) if f"`{name}`" not in text] == []


def test_the_map_names_every_contract_of_the_imports():
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    text = text_of("docs/architecture.md")
    assert [contract["id"] for contract in contracts if f"`{contract['id']}`" not in text] == []


# -- settings and commands -------------------------------------------------------------------------
@pytest.mark.parametrize("name", HELP)
def test_every_setting_is_documented(name):
    assert re.search(rf"(?m)^\| `{name}` \|", text_of("docs/operations.md"))


def commands() -> dict[str, str]:
    """Command -> module: publish.py's table, read without importing it."""
    return {name: module for name, (module, _) in table("COMMANDS").items()}


def table(name: str) -> dict:
    for node in ast.parse(text_of("publish.py")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"publish.py has no {name}")


@pytest.mark.parametrize("name", commands())
def test_every_command_is_documented(name):
    told = text_of("docs/operations.md") + text_of("docs/hosts.md")
    assert re.search(rf"publish\.py {name}\b", told)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_document_names_is_there(document):
    named = set(re.findall(r"publish\.py ([a-z]+)", text_of(document)))
    assert named <= commands().keys()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_line_in_a_document_is_understood(document):
    code = "\n".join(CODE_BLOCK.findall(text_of(document)))
    for line in re.findall(r"(?m)^(?:\S*python )?publish\.py (\S.*)$", code):
        name, *words = shlex.split(re.split(r"\s{2,}", line)[0], comments=True)
        parser = argparse.ArgumentParser(prog=f"publish.py {name}")
        module = table("VERBS").get(" ".join([name, *words[:1]]), commands()[name])
        importlib.import_module(module).configure(parser)
        parser.parse_args(words)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_a_document_names_is_there(document):
    known = set(re.findall(r"(?m)^([a-z]+):", text_of("Makefile")))
    assert set(re.findall(r"(?m)(?:`|^)make ([a-z]+)", text_of(document))) <= known


# -- links and paths -------------------------------------------------------------------------------
@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_link_leads_nowhere(document):
    prose = re.sub(r"`[^`\n]*`", "", CODE_BLOCK.sub("", text_of(document)))
    broken = []
    for address in LINK.findall(prose):
        if re.match(r"https?:|mailto:", address):
            continue
        path, _, anchor = address.partition("#")
        target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(target)):
            broken.append(address)
    assert broken == []


def anchors(document: Path) -> set[str]:
    """The addresses of a document's headings, as forges make them."""
    titles = re.findall(r"(?m)^#+ (.+)$", CODE_BLOCK.sub("", document.read_text("utf-8")))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_of_ours_that_a_document_names_is_there(document):
    named = {path for path in OUR_PATH.findall(text_of(document)) if not path.startswith(SHOWN_IN)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_is_there(document):
    files = (ROOT / "tests").rglob("test_*.py")
    made = {name for file in files for name in DEFINED.findall(file.read_text("utf-8"))}
    assert set(re.findall(r"`(test_\w+)`", text_of(document))) <= made


# -- what hosts write ------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ROLES)
def test_hosts_are_told_every_field_and_none_that_is_not(role):
    rows = first_column("docs/hosts.md", f"fields: {role}")
    assert rows.keys() == OWN_FIELDS[role] | WORD_FIELDS[role]


@pytest.mark.parametrize("what", WORDS)
def test_hosts_are_told_every_word_a_field_takes(what):
    text = text_of("docs/hosts.md")
    assert [word for word in WORDS[what] if f"`{word}`" not in text] == []


def test_hosts_are_told_every_field_of_an_import_under_headings_that_are_understood():
    rows = first_column("docs/hosts.md", "fields: import")
    assert rows.keys() == set(fields())
    for field, (headings, _) in rows.items():
        alike = {name for name, cells in rows.items() if cells[0] == headings}
        value = "15:00" if field.startswith("check_") else ""
        for heading in filter(None, headings.split(", ")):
            found = guess([heading], [{heading: value}], {}).mapping
            assert found.keys() & alike, f"{heading} is understood as {found}"


def test_the_first_page_in_the_hosts_guide_comes_about_by_its_commands(tmp_path):
    block = re.search(r"<!-- run: first-page -->\n```sh\n(.*?)```", text_of("docs/hosts.md"), re.DOTALL)
    assert block
    environment = {**os.environ, "GUESTLINK_HOME": str(tmp_path)}
    for line in block[1].splitlines():
        words = [*command(tmp_path), *shlex.split(line)[1:]]
        done = subprocess.run(
            words, env=environment, input="Kx93door\n", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    assert re.search(r"http\S+/w/[\w-]{22}#[\w-]{22}\n", done.stdout)
    assert "It is live" in done.stdout


def examples() -> dict[str, str]:
    """The files that stand in docs/hosts.md."""
    block = re.compile(r"<!-- file: (\S+) -->\n```markdown\n(.*?)```", re.DOTALL)
    return dict(block.findall(text_of("docs/hosts.md")))


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def house(tmp_path: Path) -> Path:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"></svg>'
    pictures = {
        "pictures/house.svg": drawing,
        "pictures/private/door.svg": drawing.replace("0 0 40 30", "0 0 30 40"),
    }
    return write(tmp_path / "harbour-view", examples() | pictures)


def test_the_files_in_the_hosts_guide_are_read_without_a_mistake(house):
    content = read_property(house, units=frozenset({"room-1"}), currency="GBP")
    assert {problem.kind for problem in content.problems} <= {"missing"}
    assert content.words["de"].labels == {"safe-code": "Safe-Code"}
    assert content.sections.keys() == {"door"}
    assert content.notices.keys() == {"water"}
    assert content.services.keys() == {"breakfast"}
    assert content.places.keys() == {"bakery"}
    assert content.letters.keys() == {"leaving"}


def test_the_mistakes_in_the_hosts_guide_are_told_as_they_stand_there(house):
    block = re.compile(r"<!-- run: mistakes -->\n```markdown\n(.*?)```.*?```\n(.*?)```", re.DOTALL)
    shown = block.search(text_of("docs/hosts.md"))
    assert shown
    write(house, {"sections/wifi.en.md": shown[1]})
    values = {"Lp4wifi-long": "wifi-password"}
    with pytest.raises(ContentErrors) as told:
        read_property(house, units=frozenset({"room-1"}), currency="GBP", values=values)
    assert str(told.value) == shown[2].strip()
