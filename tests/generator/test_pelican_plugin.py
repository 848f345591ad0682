"""Landing page, 404 and the forms of /open: the same each time, with general words and without a sound."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import Environment

from generator.parts.sheet import PLACEHOLDER
from generator.parts.staff_pages import WORDS, staff_worker
from generator.parts.theme import Compiled
from generator.pelican_plugin import ANSWERS, shells
from generator.rendering import Theme
from guestlink.language import LANGUAGES, direction
from tests.generator import sample

GENERAL = ("404.html", "index.html")
FORMS = [f"shells/{name}.{language}.html" for name in ("open", "mail") for language in LANGUAGES]
BOARD = ["staff/index.html", *(f"staff/{language}.html" for language in LANGUAGES)]


@pytest.fixture(scope="module")
def theme() -> Theme:
    return Theme(sample.THEME)


@pytest.mark.parametrize("path", ["index.html", "404.html", "shells/open.en.html", "shells/mail.en.html"])
def test_a_shell_is_what_was_looked_at(path: str, theme: Theme, golden: Callable[[str, bytes], None]) -> None:
    golden(f"shell/{Path(path).name}", shells(theme, [sample.content()])[path])


def test_two_runs_are_equal_wherever_they_work(theme: Theme, tmp_path: Path) -> None:
    assert shells(theme, [sample.content()], build=tmp_path / "here") == shells(theme, [sample.content()])


def test_pelican_compiles_no_template_that_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shells(Theme(sample.THEME, compiled=Compiled(tmp_path)), [sample.content()])
    monkeypatch.delattr(Environment, "_compile")
    assert shells(Theme(sample.THEME, compiled=Compiled(tmp_path)), [sample.content()]) == first


def test_pelican_is_not_heard(
    theme: Theme, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    shells(theme, [sample.content()])
    assert capfd.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == []


def test_both_pages_speak_to_every_guest_in_the_languages_of_the_houses_first(theme: Theme) -> None:
    made = shells(theme, [sample.content(languages=("de", "en"))])
    for path in GENERAL:
        page = made[path].decode()
        tags = [re.findall('<html lang="([a-z]+)"', page)[0], *re.findall('<li lang="([a-z]+)"', page)]
        assert tags[:2] == ["de", "en"]
        assert sorted(tags) == sorted(LANGUAGES)


def test_the_landing_page_names_the_houses_and_the_other_names_none(theme: Theme) -> None:
    made = shells(theme, [sample.content()])
    assert b"Harbour House" in made["index.html"]
    assert b"Harbour" not in made["404.html"]


def test_there_are_pages_before_there_is_a_house(theme: Theme) -> None:
    assert sorted(shells(theme, [])) == sorted([*GENERAL, *FORMS, *BOARD])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_of_a_guide_code_is_in_every_language_and_runs_nothing(language: str, theme: Theme) -> None:
    page = shells(theme, [sample.content()])[f"shells/open.{language}.html"].decode()
    assert f'<html lang="{language}" dir="{direction(language)}">' in page
    assert "<script" not in page
    assert "script-src" not in page
    assert 'action="/open"' in page
    words = json.loads(html.unescape(re.findall(r"<template data-words>(.*?)</template>", page)[0]))
    assert words.keys() == ANSWERS.keys()
    assert all(words.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_staff_board_is_in_every_language_and_holds_no_house(language: str, theme: Theme) -> None:
    page = shells(theme, [sample.content()])[f"staff/{language}.html"].decode()
    assert f'<html lang="{language}" dir="{direction(language)}">' in page
    assert "Harbour" not in page
    assert "unsafe" not in page
    assert " style=" not in page
    words = json.loads(re.findall(r"<template data-words>(.*?)</template>", page)[0])
    assert words.keys() == WORDS.keys()
    assert all(words.values())
    assert {name for name, said in words.items() if PLACEHOLDER.findall(said)} == {
        name for name, said in WORDS.items() if PLACEHOLDER.findall(said)
    }


def test_every_word_of_the_board_is_said_and_every_said_one_is_there() -> None:
    """Names are written out, or begin as those that a script puts together."""
    said = "".join(file.read_text("utf-8") for file in (sample.THEME / "static/staff").glob("*.js"))
    literal = set(re.findall(r'"(\w+)"', said))
    made = tuple(re.findall(r"`(\w+_)\$\{", said))
    assert {name for name in WORDS if name not in literal and not name.startswith(made)} == set()


def test_the_boards_modules_are_named_by_their_bytes(theme: Theme) -> None:
    page = shells(theme, [])["staff/en.html"].decode()
    modules = json.loads(re.findall(r'<script type="importmap">(.*?)</script>', page)[0])["imports"]
    said = "".join(file.read_text("utf-8") for file in (sample.THEME / "static/staff").glob("*.js"))
    assert set(re.findall(r'from "(staff/[^"]+)"', said)) <= modules.keys()
    assert {path.removeprefix("/") for path in modules.values()} <= theme.assets().keys()
    assert all(path.encode() in staff_worker(theme)["staff/sw.js"] for path in modules.values())


def test_a_host_cannot_write_markup_into_them(theme: Theme) -> None:
    words = {"en": sample.content().words["en"]}
    hostile = type(words["en"])(
        language="en",
        name="<script>{{ 7 * 7 }}</script>",
        tagline="",
        area="",
        greeting_html="",
        emergency=(),
        labels={},
    )
    page = shells(theme, [sample.content(words={"en": hostile})])["index.html"].decode()
    assert "&lt;script&gt;{{ 7 * 7 }}" in page
    assert "<script" not in page
