"""The theme as it is loaded: names of assets tell their bytes, the fingerprint tells every change."""

import hashlib
import shutil
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from generator.files.grammar import ICONS
from generator.parts.theme import Theme, packed
from tests.generator import sample


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample.THEME, tmp_path / "theme"))


def test_an_assets_name_holds_the_hash_of_its_bytes() -> None:
    for path, body in Theme(sample.THEME).assets().items():
        assert path.startswith("assets/")
        assert path.split(".")[1] == hashlib.sha256(body).hexdigest()[:16]


def test_what_lies_inside_pages_is_no_asset() -> None:
    assert sorted(path.split(".")[0] for path in Theme(sample.THEME).assets()) == [
        "assets/icon",
        "assets/welcome",
    ]


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


def test_a_style_is_packed_without_changing_what_it_means() -> None:
    style = "/* why */\n:root {\n  --a: 1px;\n  color: red\n}\na > b, c:hover d { margin: 0 auto }\n"
    assert packed(style) == ":root{--a:1px;color:red}a > b,c:hover d{margin:0 auto}"
