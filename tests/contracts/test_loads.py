"""What a command has to load before it can work is only what that work needs."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from generator.files import stamps
from guestlink import clock
from tests.house import ROOT, add_stay, make_home, run_publish

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import publish
from datetime import timedelta
from generator.files import stamps
stamps.SETTLED = timedelta()  # files were made just now
code = publish.main(sys.argv[2:])
print(code, json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""
READING = {"pelican", "docutils", "markdown", "nh3", "PIL"}
MAKING = {"jinja2", "babel", "segno", "cryptography"}
CLOUD = {"obstore", "boto3", "botocore", "psycopg", "psycopg_pool", "httpx", "urllib3"}
SERVING = {"litestar", "pywa", "asyncio", "aiosql", "sqlite_utils", "rich", "granian"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with one guest, published now by a program and theme that have been there for long."""
    monkeypatch.setattr(stamps, "SETTLED", timedelta())
    settings, today = make_home(tmp_path), clock.now().date()
    add_stay(settings, "ANA", unit="room-1", arrives=today, leaves=today + timedelta(days=2))
    run_publish(settings, at=clock.now())
    return tmp_path


def loaded_by(home: Path, *words: str) -> set[str]:
    environment = {name: word for name, word in os.environ.items() if not name.startswith("GUESTLINK_")}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), *words],
        env={**environment, "GUESTLINK_HOME": str(home)},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    code, _, names = ended.stderr.strip().splitlines()[-1].partition(" ")
    assert code == "0", ended.stderr
    return set(json.loads(names))


def test_a_publish_of_one_stay_loads_nothing_that_reads_files(home: Path):
    loaded = loaded_by(home, "publish", "--stay", "ANA", "--json")
    assert loaded >= {"jinja2", "cryptography"}  # the control: pages are made
    assert not loaded & (READING | CLOUD | SERVING)


def test_a_publish_that_changes_nothing_loads_nothing_that_makes_pages(home: Path):
    loaded = loaded_by(home, "publish", "--json")
    assert "sqlite3" in loaded
    assert not loaded & (READING | MAKING | CLOUD | SERVING)


def test_status_loads_nothing_that_makes_pages(home: Path):
    loaded = loaded_by(home, "status")
    assert "sqlite3" in loaded
    assert not loaded & (READING | CLOUD | SERVING | {"jinja2", "segno"})
