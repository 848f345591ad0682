"""The service worker is one script, speaks all languages, and its small page keeps its own policy."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from generator.parts.theme import Theme, source_hash
from generator.parts.worker import SAID, worker
from guestlink.language import LANGUAGES
from tests.generator import sample
from tests.house import make_home, run_publish, three_stays
from tests.services import missing


@pytest.fixture(scope="module")
def script() -> str:
    return worker(Theme(sample.THEME))["w/sw.js"].decode()


def constant(script: str, name: str) -> object:
    found = re.search(rf"^const {name} = (.*);$", script, re.MULTILINE)
    assert found
    return json.loads(found[1])


def test_it_is_a_script(script: str, tmp_path: Path) -> None:
    node = shutil.which("node") or missing("node", "apt-get install nodejs")
    (tmp_path / "sw.js").write_text(script, "utf-8")
    done = subprocess.run([node, "--check", tmp_path / "sw.js"], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_same_theme_gives_the_same_bytes_so_no_phone_updates_for_nothing(script: str) -> None:
    assert worker(Theme(sample.THEME))["w/sw.js"].decode() == script


def test_it_says_everything_in_every_language(script: str) -> None:
    said = constant(script, "SAID")
    assert isinstance(said, dict)
    assert {tag: sorted(words) for tag, words in said.items()} == {tag: sorted(SAID) for tag in LANGUAGES}


def test_a_translation_with_markup_in_it_stays_text(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sample.THEME, tmp_path / "theme"))
    book = folder / "locale/de/LC_MESSAGES/guestlink.po"
    entry = f'\nmsgid "{SAID["over"]}"\nmsgstr "</script><b>Ende"\n'
    kept = re.sub(rf'(?m)^msgid "{re.escape(SAID["over"])}"\nmsgstr .*\n', "", book.read_text("utf-8"))
    book.write_text(kept + entry, "utf-8")
    said = constant(worker(Theme(folder))["w/sw.js"].decode(), "SAID")
    assert isinstance(said, dict)
    assert said["de"]["over"] == "&lt;/script&gt;&lt;b&gt;Ende"


def test_the_small_page_runs_and_wears_only_what_its_policy_names(script: str) -> None:
    page, policy = str(constant(script, "SMALL_PAGE")), str(constant(script, "SMALL_POLICY"))
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (inside,) = re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", page)
        assert f"{tag}-src {source_hash(inside)}" in policy


def test_it_is_put_before_any_page_and_again_only_when_it_changed(tmp_path: Path) -> None:
    settings = make_home(tmp_path)
    three_stays(settings)
    run_publish(settings)
    site = settings.path("data/site")
    pages = [page.stat().st_mtime_ns for page in site.glob("w/_/*/*.html")]
    assert pages
    assert (site / "w/sw.js").stat().st_mtime_ns < min(pages)
    assert run_publish(settings)[0].uploaded == 0
