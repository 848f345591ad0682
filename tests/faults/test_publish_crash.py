"""R9: a publisher that dies at any operation leaves whole pages, and the next run ends in the right state."""

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from generator import effects, ledger, plan
from generator.press import open_press
from generator.verifying import verify
from guestlink import secret_values, stays
from guestlink.records import find_stay, stay_links
from guestlink.settings import Settings, load_settings
from tests.faults.crashing import Crash, Fuse, Reader, faulty
from tests.house import (
    AT,
    BY,
    DOOR,
    FILES,
    PICTURE,
    make_home,
    opened,
    run_publish,
    site_files,
    the_house,
    three_stays,
    write_files,
)

LATER = AT + timedelta(minutes=10)
SHORT = 14
SEED = 20261122


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> Path:
    """`before` is published and then changed in every way at once; `after` is the same with the changes
    published.
    """
    root = tmp_path_factory.mktemp("homes")
    settings = make_home(root / "before")
    three_stays(settings)
    run_publish(settings)
    change_everything(settings)
    shutil.copytree(root / "before", root / "after")
    run_publish(load_settings(root / "after", {}), at=LATER)
    return root


def change_everything(settings: Settings) -> None:
    """A new picture and text, a changed code, a cancelled stay, a renewed link, a new stay's worth of
    changes.
    """
    texts = {
        "sections/wifi.en.md": FILES["sections/wifi.en.md"] + "\n![The box](box.svg)\n",
        "pictures/box.svg": PICTURE.replace("1f6f78", "784a1f"),
        "pictures/door.svg": PICTURE.replace("1f6f78", "102030"),
    }
    write_files(settings, texts)
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        secret_values.set_secret(tx, ring, house, name="door-code", value=DOOR[::-1], at=AT, by=BY)
        stays.change_stay(tx, ring, house, find_stay(tx, "TOMAS"), at=AT, by=BY, status="cancelled")
        link = stay_links(tx, find_stay(tx, "YUKI"))[0]
        stays.renew_link(tx, ring, house, link, at=AT, by=BY)
    database.close()


def crash_at(homes: Path, scratch: Path, point: int) -> tuple[bool, list[str], dict[str, bytes]]:
    """Publishes with a crash, then again without: (crashed, what a reader saw, final files)."""
    home = scratch / f"home-{point}"
    shutil.copytree(homes / "before", home)
    settings = load_settings(home, {})
    press = open_press(settings)
    reader = Reader(press.target.storage)
    crashed = False
    try:
        run_publish(settings, at=LATER, press=faulty(press, Fuse(point), reader))
    except Crash:
        crashed = True
    press.database.close()
    reader()
    run_publish(settings, at=LATER)
    again = open_press(settings)
    found = verify(again)
    again.database.close()
    assert (found.missing, found.altered, found.foreign) == ((), (), ())
    files = site_files(settings)
    shutil.rmtree(home)
    return crashed, reader.broken, files


def operations(homes: Path, scratch: Path) -> int:
    """How many operations a publish of the changes has."""
    home = scratch / "counted"
    shutil.copytree(homes / "before", home)
    press = open_press(load_settings(home, {}))
    fuse = Fuse()
    run_publish(press.settings, at=LATER, press=faulty(press, fuse, lambda: None))
    press.database.close()
    return fuse.count


def check_points(homes: Path, scratch: Path, points: list[int]) -> None:
    wanted = site_files(load_settings(homes / "after", {}))
    for point in points:
        crashed, broken, files = crash_at(homes, scratch, point)
        assert crashed, f"nothing happened at operation {point}"
        assert broken == [], f"at operation {point}"
        assert files == wanted, f"after a crash at operation {point}"


def test_a_publisher_that_dies_at_some_operations_is_repaired_by_the_next_run(homes, tmp_path):
    count = operations(homes, tmp_path)
    assert count > 60
    check_points(homes, tmp_path, random.Random(SEED).sample(range(count), SHORT))


@pytest.mark.faults
def test_a_publisher_that_dies_at_every_operation_is_repaired_by_the_next_run(homes, tmp_path):
    check_points(homes, tmp_path, list(range(operations(homes, tmp_path))))


def record_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The naive publisher: says `live` first and puts afterwards."""

    def too_early(press, held, put, body):
        done = ledger.Done(put=put, body_hash="0" * 64, etag="0", uploaded=True)
        with press.database.write() as tx:
            ledger.record_puts(tx, held, [done], at=LATER)
        return real(press, held, put, body)

    real = effects._put_one
    monkeypatch.setattr(effects, "_put_one", too_early)


def test_control_recording_the_outcome_before_the_put_is_caught(homes, tmp_path, monkeypatch):
    points = range(0, operations(homes, tmp_path), 3)
    record_too_early(monkeypatch)
    with pytest.raises(AssertionError):
        check_points(homes, tmp_path, list(points))


def test_control_pages_before_their_assets_are_caught(homes, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "ORDER", ("welcome", "asset", "shell", "gate"))
    with pytest.raises(AssertionError, match="without assets"):
        check_points(homes, tmp_path, list(range(0, operations(homes, tmp_path), 4)))


def test_the_changes_of_this_story_are_real(homes):
    before, after = (site_files(load_settings(homes / name, {})) for name in ("before", "after"))
    assert before.keys() - after.keys()
    assert after.keys() - before.keys()
    assert any(before[path] != after[path] for path in before.keys() & after.keys())
