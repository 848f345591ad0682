"""What every test gets: an environment without anybody's accounts or settings, and golden files."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("untimed", deadline=None)  # speed is measured by bench/
hypothesis.settings.load_profile("untimed")

pytest_plugins = ["tests.services", "tests.databases"]

GOLDEN = Path(__file__).parent / "golden"
MEMORY = "/dev/shm"  # noqa: S108 - pytest makes folders of its own below it
ENOUGH = 6 * 2**30  # bytes
GARBAGE = (50_000, 20, 20)  # Python's own 700 cost every fifth second of the tests


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files, compare nothing")


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders lie in memory where there is room: nearly every test would wait for a disk to sync.
    Whoever names a folder of their own, by TMPDIR or --basetemp, gets it. What Python compiles it keeps for
    the programs that tests start, which are many.
    """
    gc.set_threshold(*GARBAGE)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" not in os.environ and not config.getoption("basetemp") and _room(MEMORY) > ENOUGH:
        os.environ["TMPDIR"] = MEMORY
        tempfile.tempdir = None


def _room(folder: str) -> int:
    """Bytes that are free there; 0 when there is no such folder."""
    return shutil.disk_usage(folder).free if Path(folder).is_dir() else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--update-golden` runs only the tests that have golden files."""
    if not config.getoption("--update-golden"):
        return
    kept = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: they are not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _nobodys_accounts() -> None:
    """No test may reach a person's AWS account or read a person's settings."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "GUESTLINK_", "PG"))]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "guestlink-tests",
        "AWS_SECRET_ACCESS_KEY": "known-to-everybody",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """`golden(path, body)`: the body is byte for byte what lies at tests/golden/<path>."""

    def compare(path: str, body: bytes) -> None:
        file = GOLDEN / path
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        assert file.exists(), f"tests/golden/{path} does not exist: look at the output, then `make golden`"
        assert body.decode(errors="replace") == file.read_text(errors="replace")
        assert body == file.read_bytes()

    return compare
