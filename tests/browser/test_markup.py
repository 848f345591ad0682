"""The Nu HTML Checker finds no error: in all that is published, in opened pages, in what `/open` answers."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.browser.conftest import Visits
from tests.browser.house import LANGUAGES, PHASES, Lodging
from tests.browser.pages import has_forms, show
from tests.services import missing

pytestmark = pytest.mark.browser

CHECKER = Path(__file__).parent / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
SHEET = '<!doctype html><html lang="{}"><title>A sheet</title><main>{}</main></html>'
OF_ONE_LINK = re.compile(r'(data-sealed="\w+">)[^<]*|/w/[^" ]*|data-slug="[^"]*"')
YOUNGER = ("@container", "“container”", "“field-sizing”")  # CSS that the checker does not know yet
SECONDS = 120


def errors(folder: Path) -> list[str]:
    """What the checker has against the .html files of a folder, each with its file, line and extract."""
    if not shutil.which("java"):
        missing("Java", "make system")
    if not CHECKER.exists():
        missing("vnu-jar", "make tools")
    check = [
        "java",
        "-XX:TieredStopAtLevel=1",  # its run is too short for the second compiler
        "-XX:+UseSerialGC",
        "-Xss2m",
        "-jar",
        CHECKER,
        "--errors-only",
        "--format",
        "json",
        "--stdout",
        "--exit-zero-always",
    ]
    done = subprocess.run(
        [*map(str, check), str(folder)], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return sorted(
        f"{each.get('url', '').rpartition(folder.name)[2]}:{each.get('lastLine')}: {each['message']}"
        f"  {each.get('extract', '')!r}"
        for each in json.loads(done.stdout)["messages"]
        if not (each["message"].startswith("CSS: ") and any(name in each["message"] for name in YOUNGER))
    )


def published(house: Lodging) -> Iterator[tuple[str, str]]:
    """Every page on the target by a file name; sheets, only templates, get a document around them."""
    site = house.settings.path("data/site")
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if not path.is_file() or path.name.startswith("."):
            continue
        if name.startswith("assets/sheets/"):
            yield name, SHEET.format(path.name.split(".")[1], path.read_text("utf-8"))
        elif name.endswith(".html"):
            yield name, path.read_text("utf-8")
        elif name.startswith("w/") and path.suffix != ".js":
            yield f"{name}.html", path.read_text("utf-8")


def distinct(pages: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Pages that differ in nothing but their link and what is sealed stand for each other."""
    seen = set[str]()
    for name, text in pages:
        plain = OF_ONE_LINK.sub(r"\1", text)
        if plain not in seen:
            seen.add(plain)
            yield name, text


def write(folder: Path, pages: Iterator[tuple[str, str]]) -> int:
    count = 0
    for count, (name, text) in enumerate(pages, 1):  # noqa: B007 - the number of the last one is wanted
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return count


def test_everything_that_is_published_is_html(still_lodging: Lodging, tmp_path: Path) -> None:
    assert write(tmp_path, distinct(published(still_lodging))) > len(PHASES)
    found = errors(tmp_path)
    assert not found, "\n".join(found[:20])


def test_an_opened_page_is_html(still_lodging: Lodging, visit: Visits, tmp_path: Path) -> None:
    """What the blocks hold and what the scripts add stands in the document that the browser has made."""

    def pages() -> Iterator[tuple[str, str]]:
        for phase in PHASES:
            for language in ("en", "ar"):
                page = visit(still_lodging.link(phase, language))
                has_forms(page)
                yield f"{phase}.{language}.html", page.content()
                page.close()

    assert write(tmp_path, pages()) == len(PHASES) * 2
    found = errors(tmp_path)
    assert not found, "\n".join(found[:20])


def test_the_way_in_without_script_is_html(still_lodging: Lodging, visit: Visits, tmp_path: Path) -> None:
    """The bytes of `/open` in each language, and of the page that a guide code opens."""

    def pages() -> Iterator[tuple[str, str]]:
        for language in LANGUAGES:
            ask = Request(f"{still_lodging.settings.public_url}/open", headers={"Accept-Language": language})
            with urlopen(ask, timeout=30) as answer:
                yield f"open.{language}.html", answer.read().decode()
        for language in ("en", "ar"):
            page = show(visit, still_lodging, ("guided", language, "light", 390, "closed"))
            yield f"guided.{language}.html", page.content()

    write(tmp_path, pages())
    found = errors(tmp_path)
    assert not found, "\n".join(found[:20])


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    """The control: a list item outside a list, and two elements with one id."""
    body = '<!doctype html><html lang="en"><title>x</title><p id="a"><div><li id="a">x</li></div></p>'
    write(tmp_path, iter([("wrong.html", body)]))
    told = "\n".join(errors(tmp_path))
    assert "li" in told
    assert "Duplicate ID" in told
