"""What is kept of a build holds until a file of program, theme, libraries or key ring changes."""

import os
import shutil
from datetime import timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path

import msgspec
import pytest

from generator import builds
from generator.builds import build_of, known_build
from generator.files import stamps
from guestlink.settings import Settings, load_settings

THEME = builds.PROGRAM / "theme"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Program, theme, libraries and key ring of a test, and a build that was told of them."""
    monkeypatch.setattr(stamps, "SETTLED", timedelta())
    for file in ("program/generator/pages.py", "program/guestlink/records.py", "libraries/babel/__init__.py"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text("one = 1\n")
    shutil.copytree(THEME / "static", tmp_path / "theme" / "static")
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "data" / "keys" / "keyring.json").write_text("{}")
    monkeypatch.setattr(builds, "PROGRAM", tmp_path / "program")
    place = str(tmp_path / "libraries" / "babel" / "__init__.py")
    monkeypatch.setattr(builds, "find_spec", lambda name: ModuleSpec(name, None, origin=place))
    settings = msgspec.structs.replace(load_settings(tmp_path, {}), theme="theme")
    build_of(settings, lambda: "theme")
    return settings


def test_a_build_is_told_again_without_reading(settings: Settings):
    assert known_build(settings)
    assert build_of(settings, lambda: pytest.fail("the theme was read")) == known_build(settings)


@pytest.mark.parametrize(
    "file",
    [
        "program/generator/pages.py",
        "program/guestlink/records.py",
        "theme/static/page.css",
        "data/keys/keyring.json",
    ],
)
def test_a_file_that_looks_as_old_is_read_all_the_same(settings: Settings, file: str):
    path = settings.path(file)
    before, text = path.stat(), path.read_bytes()
    path.write_bytes(text.swapcase())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert known_build(settings) == ""


@pytest.mark.parametrize(
    "file", ["program/generator/new.py", "theme/static/new.css", "libraries/babel-9.dist-info"]
)
def test_what_is_new_counts(settings: Settings, file: str):
    settings.path(file).write_text("new")
    assert known_build(settings) == ""


def test_a_library_that_is_in_no_folder_is_asked_each_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(builds, "find_spec", lambda _: None)
    build_of(settings, lambda: "theme")
    assert known_build(settings) == ""


def test_files_that_may_still_change_prove_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stamps, "SETTLED", timedelta(hours=1))
    assert known_build(settings) == ""


def test_what_is_damaged_is_told_anew(settings: Settings):
    before = known_build(settings)
    settings.path(builds.KEPT).write_bytes(b'{"stamp": 1')
    assert known_build(settings) == ""
    assert build_of(settings, lambda: "theme") == before == known_build(settings)
