"""The theme as it is loaded: names of assets tell their bytes, the fingerprint tells every change."""

import hashlib
import re
import shutil
import zlib
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from generator.files.grammar import ICONS
from generator.parts.theme import TEMPLATE_OPTIONS, Compiled, Theme, packed, packed_script, page_policy
from tests.generator import sample


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample.THEME, tmp_path / "theme"))


def test_an_assets_name_holds_the_hash_of_its_bytes() -> None:
    for path, body in Theme(sample.THEME).assets().items():
        assert path.startswith("assets/")
        assert path.split(".")[1] == hashlib.sha256(body).hexdigest()[:16]


def test_what_lies_inside_pages_is_no_asset() -> None:
    guests = (path for path in Theme(sample.THEME).assets() if not path.startswith("assets/staff/"))
    assert sorted(path.split(".")[0] for path in guests) == [
        "assets/app-192",
        "assets/app-512",
        "assets/desk",
        "assets/icon",
        "assets/offline",
        "assets/print",
        "assets/welcome",
    ]


def test_the_boards_door_and_style_lie_inside_its_pages() -> None:
    names = [path.split(".")[0] for path in Theme(sample.THEME).assets()]
    assert "assets/staff/staff" in names
    assert not {"assets/staff/door"} & {*names}
    assert not [path for path in Theme(sample.THEME).assets() if path.endswith("staff.css")]


@pytest.mark.parametrize(
    "name", ["templates/section.html", "static/page.css", "locale/de/LC_MESSAGES/guestlink.po"]
)
def test_a_changed_file_changes_the_fingerprint(name: str, copied: Path) -> None:
    before = Theme(copied).fingerprint
    (copied / name).write_text((copied / name).read_text("utf-8") + "\n", "utf-8")
    assert Theme(copied).fingerprint != before


def test_the_fingerprint_is_the_same_in_another_folder(copied: Path) -> None:
    assert Theme(copied).fingerprint == Theme(sample.THEME).fingerprint


def test_every_icon_a_host_may_name_is_drawn() -> None:
    theme = Theme(sample.THEME)
    assert [name for name in ICONS if "<path" not in theme.icon(name)] == []


def test_a_template_that_forgets_a_value_is_not_printed(copied: Path) -> None:
    (copied / "templates/new.html").write_text("{{ nobody }}")
    with pytest.raises(UndefinedError, match="nobody"):
        Theme(copied).environment.get_template("new.html").render()


def test_compiled_templates_are_kept_for_the_next_process_and_a_changed_text_is_compiled_anew(
    copied: Path, tmp_path: Path
) -> None:
    template, kept = copied / "templates/new.html", tmp_path / "data/templates"
    for text in ("one", "one", "two"):
        template.write_text(text)
        theme = Theme(copied, compiled=Compiled(kept))
        assert theme.environment.get_template("new.html").render() == text
    assert len([*kept.iterdir()]) == 1
    assert kept.stat().st_mode & 0o077 == 0


def test_what_was_compiled_with_other_options_is_not_used(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copied / "templates/new.html").write_text("{{ said }}")
    for is_escaped, shown in ((True, "&lt;"), (False, "<"), (True, "&lt;")):
        monkeypatch.setitem(TEMPLATE_OPTIONS, "autoescape", is_escaped)
        theme = Theme(copied, compiled=Compiled(tmp_path / "kept"))
        assert theme.environment.get_template("new.html").render(said="<") == shown


def test_templates_are_compiled_each_time_where_nothing_can_be_kept(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (copied / "templates/new.html").write_text("one")
    for folder in (tmp_path / "file", tmp_path / "file/templates"):
        theme = Theme(copied, compiled=Compiled(folder))
        assert theme.environment.get_template("new.html").render() == "one"


def test_a_style_is_packed_without_changing_what_it_means() -> None:
    style = "/* why */\n:root {\n  --a: 1px;\n  color: red\n}\na > b, c:hover d { margin: 0 auto }\n"
    assert packed(style) == ":root{--a:1px;color:red}a > b,c:hover d{margin:0 auto}"


def test_a_script_is_packed_line_by_line() -> None:
    script = "// why\n\nconst a = 1\n  // more\n  const b = `//x: y; z` // kept\n"
    assert packed_script(script) == "const a = 1\nconst b = `//x: y; z` // kept"


@pytest.mark.parametrize("name", ["welcome.js", "desk.js", "offline.js", "open.js", "gate.js"])
def test_no_script_has_a_text_over_several_lines_that_packing_would_change(name: str) -> None:
    source = (sample.THEME / "static" / name).read_text("utf-8")
    assert [line for line in source.splitlines() if line.count("`") % 2] == []


def test_what_opens_the_codes_is_small_enough_to_come_with_the_first_packets() -> None:
    theme = Theme(sample.THEME)
    assert len(zlib.compress(theme.opener.encode(), 9)) < 2_000
    assert len(zlib.compress(theme.page_style("#1f6f78").encode(), 9)) < 4_100


def test_a_page_runs_only_what_its_policy_names() -> None:
    policy = page_policy("a{}", "b()")
    assert "script-src 'self' 'sha256-" in policy
    assert "style-src 'self' 'sha256-" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", ["page.css", "print.css"])
def test_a_style_knows_no_left_and_no_right(name: str) -> None:
    style = packed((sample.THEME / "static" / name).read_text("utf-8"))
    assert re.findall(r"[^{};]*(?<!inline)\b(?:left|right)\b[^;}]*", style) == []
    given = [sides.split() for sides in re.findall(r"(?:padding|margin):([^;}]+)", style)]
    assert [sides for sides in given if len(sides) == 4 and sides[1] != sides[3]] == []
