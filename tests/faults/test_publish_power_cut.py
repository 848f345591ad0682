"""R9 with a power cut: the worker's machine dies at any operation of a publish and takes every commit since
the last durable one with it, while all that was put lies on the target. Then the last change is revoked. The
next round leaves what is wanted, nothing else, and knows when pages change next by themselves.
"""

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from generator import publishing, rebuilder
from generator.orders import Order
from generator.press import Press, open_press
from generator.rebuilder import work_once
from generator.verifying import verify
from guestlink import clock, rebuilds, stays
from guestlink.records import find_stay
from guestlink.settings import Settings, load_settings
from tests.faults.crashing import Crash, Fuse, Tail, faulty
from tests.faults.test_publish_crash import LATER, SEED, change_everything
from tests.house import BY, make_home, opened, run_publish, site_files, the_house, three_stays

AGAIN = LATER + timedelta(minutes=2)  # claims of the dead are over
SHORT = 8


class Found(AssertionError):
    """What a power cut left for ever."""


@pytest.fixture(autouse=True)
def _claims_are_not_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """These days are long past for a clock, so a renewed claim would never be over."""
    monkeypatch.setattr(rebuilder, "KEEP_AFTER", timedelta(days=3650))


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`before` waits for a worker; in `after` it has been, without a power cut."""
    root = tmp_path_factory.mktemp("homes")
    settings = make_home(root / "before")
    three_stays(settings)
    run_publish(settings)
    change_everything(settings)
    shutil.copytree(root / "before", root / "after")
    settings = load_settings(root / "after", {})
    work(settings)
    revoke(settings)
    work(settings, again=True)
    return root


def work(settings: Settings, *, again: bool = False) -> None:
    press = open_press(settings)
    work_once(press, at=AGAIN if again else LATER)
    press.database.close()


def revoke(settings: Settings) -> None:
    """The stay whose link was renewed just now is cancelled: its new page must not be there any more."""
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        stays.change_stay(tx, ring, house, find_stay(tx, "YUKI"), at=LATER, by=BY, status="cancelled")
    database.close()


def look(settings: Settings) -> dict[str, bytes]:
    """What guests read. It is what the records want, and the next change by itself is not forgotten."""
    press = open_press(settings)
    found = verify(press)
    order = Order(from_files=False)
    _, steps, outcome, _ = publishing._prepared(press, the_house(press.database), order, AGAIN)
    with press.database.read() as db:
        due = [row.due_at for row in rebuilds.waiting(db)]
    press.database.close()
    if found.missing or found.altered or found.foreign:
        raise Found(f"missing {found.missing}, altered {found.altered}, foreign {found.foreign}")
    assert (steps.puts, steps.deletes) == ((), ())
    assert outcome.boundary
    assert min(due) <= clock.as_text(outcome.boundary)
    return site_files(settings)


def begin(homes: Path, home: Path) -> tuple[Settings, Press]:
    shutil.copytree(homes / "before", home)
    settings = load_settings(home, {})
    return settings, open_press(settings)


def operations(homes: Path, scratch: Path) -> int:
    settings, press = begin(homes, scratch / "counted")
    fuse = Fuse()
    work_once(faulty(press, fuse, lambda: None), at=LATER)
    press.database.close()
    shutil.rmtree(settings.home)
    return fuse.count


def check_points(homes: Path, scratch: Path, points: list[int], *, takes_all: bool = False) -> None:
    wanted = look(load_settings(homes / "after", {}))
    for point in points:
        settings, press = begin(homes, scratch / f"home-{point}")
        tail = Tail(Path(settings.home, "data", "guestlink.db"), takes_all=takes_all)
        with pytest.raises(Crash):
            work_once(faulty(press, Fuse(point), lambda: None, tail=tail), at=LATER)
        press.database.close()
        tail.lose()
        revoke(settings)
        work(settings, again=True)
        assert look(settings) == wanted, f"after a power cut at operation {point}"
        shutil.rmtree(settings.home)


def test_a_power_cut_at_some_operations_leaves_nothing_that_the_worker_does_not_mend(homes, tmp_path):
    count = operations(homes, tmp_path)
    check_points(homes, tmp_path, random.Random(SEED).sample(range(count), SHORT))


@pytest.mark.faults
def test_a_power_cut_at_every_operation_leaves_nothing_that_the_worker_does_not_mend(homes, tmp_path):
    check_points(homes, tmp_path, list(range(operations(homes, tmp_path))))


def test_control_intents_that_a_power_cut_takes_are_caught(homes, tmp_path):
    points = list(range(0, operations(homes, tmp_path), 4))
    with pytest.raises(Found, match="foreign"):
        check_points(homes, tmp_path, points, takes_all=True)
