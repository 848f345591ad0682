"""Publishing to a bucket beside its peers: rclone, s5cmd and bare obstore put the same files in the same run.

`make bench`, or `.venv/bin/python bench/publish.py --objects N --json`. The objects are the sample house's
gates and pages, as many of each as a stay has. One bucket is of `rclone serve s3` 30 ms away
(tests/distance.py), one of moto; the fields of the second end in `_moto`. Contenders take turns in changing
order, each into a folder of its own, and what lies there afterwards is compared by its tag, which is its MD5.
S3 has no folders; rclone's server has, and loses files that are put at once into one which it is just making
(its log: "Dir.Rename error: file does not exist"). So all folders are there before anybody's time begins.
Ours is a real plan with its ledger on SQLite; the peers keep no ledger. Peers are not charged for their
start: the time of a run with nothing to do is taken off. rclone and s5cmd choose how many puts they do at
once; obstore does as many as we.
"""

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import boto3  # noqa: E402
from obstore.store import S3Store  # noqa: E402

from generator import ledger  # noqa: E402
from generator.effects import effects  # noqa: E402
from generator.plan import Put, Wanted, plan  # noqa: E402
from generator.press import Press, open_press  # noqa: E402
from generator.targets import Target  # noqa: E402
from guestlink import clock  # noqa: E402
from guestlink.storage import ALWAYS_ASK, S3, open_storage  # noqa: E402
from tests.browser.house import Lodging  # noqa: E402
from tests.house import make_home, site_files, the_house  # noqa: E402
from tests.services import ACCESS_KEY, SECRET_KEY, distant, moto_serving, rclone_serving  # noqa: E402

OBJECTS, ROUNDS, MILLISECONDS = 1000, 5, 30
MOTO_OBJECTS, MOTO_ROUNDS = 200, 3  # its server is slow
BUCKET, REGION, HTML = "guests", "us-east-1", "text/html; charset=utf-8"
PLACEHOLDER = ".folder"
WIDTHS = {"rclone": (16, 64), "s5cmd": (64, 256)}  # puts at once that they choose from
PEERS = ("rclone", "s5cmd", "obstore")
AIMS: dict[str, tuple[str, float | None, str]] = {  # field: at most or at least, how much, what it is
    "ours_obj_s": (">=", None, "objects a second, rclone's server 30 ms away"),
    "rclone_obj_s": (">=", None, "the same by rclone at its best"),
    "s5cmd_obj_s": (">=", None, "the same by s5cmd at its best"),
    "obstore_obj_s": (">=", None, "the same by bare obstore, as many at once as we"),
    "ratio_obstore": (">=", 0.9, "ours by bare obstore"),
    "ratio_best_peer": (">=", 1.0, "ours by the better of rclone and s5cmd"),
    "cpu_ms_per_object": ("<=", 0.75, "processor time of our process for one object"),
}


class Place(NamedTuple):
    """A server with a bucket, and files to put: path -> MD5."""

    url: str
    files: Path
    digests: Mapping[str, str]


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--objects", type=int, default=OBJECTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--milliseconds", type=int, default=MILLISECONDS)
    args = parser.parse_args(words)
    for name in [name for name in os.environ if name.startswith(("GUESTLINK_", "AWS_", "RCLONE_", "S3_"))]:
        del os.environ[name]  # nobody's own settings
    os.environ.update(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_REGION=REGION)
    figures = measured(objects=args.objects, rounds=args.rounds, milliseconds=args.milliseconds)
    if args.json:
        print(json.dumps(figures))
    else:
        _table(figures)
    return 0


def measured(*, objects: int, rounds: int, milliseconds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        for name in ("files", "few", "empty", "buckets", "server", "proxy"):
            (home / name).mkdir()
        press = open_press(make_home(home / "press"))
        site = _site(home / "lodging")
        try:
            with (
                rclone_serving(home / "buckets", home=home / "server") as server,
                distant(server.url, milliseconds=milliseconds, home=home / "proxy") as url,
            ):
                far = Contest(press, _place(url, home / "files", site, objects), home / "empty", rounds)
                figures = far.figures()
            with moto_serving() as url:
                place = _place(url, home / "few", site, min(MOTO_OBJECTS, objects))
                near = Contest(press, place, home / "empty", min(MOTO_ROUNDS, rounds))
                figures |= {f"{name}_moto": value for name, value in near.figures().items()}
        finally:
            press.database.close()
    return figures


# -- what is put -----------------------------------------------------------------------------------
def _site(home: Path) -> list[tuple[str, bytes]]:
    """Gates and pages of a published house: (path below `w/`, body)."""
    house = Lodging(home)
    house.publish()
    files = site_files(house.settings)
    found = [(path, body) for path, body in files.items() if path.startswith("w/") and path != "w/sw.js"]
    random.Random(1).shuffle(found)
    return found


def _place(url: str, folder: Path, site: Sequence[tuple[str, bytes]], objects: int) -> Place:
    """So many files in a folder, no two with the same bytes, and an empty bucket for them."""
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET)
    digests = {}
    for number, (path, body) in enumerate(islice(cycle(site), objects)):
        again = number // len(site)
        name, whole = path.replace("w/", f"w/{again}-", 1), body + f"<!-- {again} -->".encode()
        name = f"w/_/{again}-{path.removeprefix('w/_/')}" if path.startswith("w/_/") else name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(whole)
        digests[name] = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    return Place(url, folder, digests)


# -- who puts it -----------------------------------------------------------------------------------
class Contest:
    """Turns of all contenders at one place."""

    def __init__(self, press: Press, place: Place, empty: Path, rounds: int) -> None:
        self.press, self.place, self.empty, self.rounds = press, place, empty, rounds
        self.client: Any = boto3.client("s3", endpoint_url=place.url)
        self.cpu: list[float] = []
        self._reading = 0.0
        self._turns = count(1)

    def figures(self) -> dict[str, float]:
        """Medians of all rounds; ratios are medians of each round's ratio."""
        widths = {name: self._best_width(name) for name in WIDTHS}
        names = ("ours", *PEERS)
        self._turn("ours", S3.at_once)
        self.cpu.clear()
        rates: dict[str, list[float]] = {name: [] for name in names}
        for round_ in range(self.rounds):
            for name in names[round_ % 4 :] + names[: round_ % 4]:
                rates[name].append(self._turn(name, widths.get(name, S3.at_once)))
        best = [max(pair) for pair in zip(rates["rclone"], rates["s5cmd"], strict=True)]
        return {
            **{f"{name}_obj_s": round(statistics.median(rates[name])) for name in names},
            "ratio_obstore": _ratio(rates["ours"], rates["obstore"]),
            "ratio_best_peer": _ratio(rates["ours"], best),
            "cpu_ms_per_object": round(statistics.median(self.cpu), 3),
        }

    def _best_width(self, name: str) -> int:
        return max(WIDTHS[name], key=lambda width: self._turn(name, width))

    def _turn(self, name: str, width: int) -> float:
        """Objects a second of one contender, into a folder of this turn."""
        prefix = f"turn-{next(self._turns)}"
        self._make_folders(prefix)
        if name == "ours":
            took = self._ours(prefix)
        elif name == "obstore":
            took = self._obstore(prefix, width)
        else:
            took = self._program(name, prefix, width, self.place.files)
            took -= self._program(name, prefix, width, self.empty)
        self._check(name, prefix)
        return len(self.place.digests) / took

    def _make_folders(self, prefix: str) -> None:
        """By an empty file in each; the first two make the folders that all others are in."""
        folders = sorted({path.rpartition("/")[0] for path in self.place.digests})

        def make(folder: str) -> None:
            self.client.put_object(Bucket=BUCKET, Key=f"{prefix}/{folder}/{PLACEHOLDER}", Body=b"")

        with ThreadPoolExecutor(8) as pool:
            for several in (folders[:1], folders[1:2], folders[2:]):
                list(pool.map(make, several))

    def _ours(self, prefix: str) -> float:
        """The publish path from a plan to the ledger's last row."""
        address = f"s3://{BUCKET}/{prefix}?region={REGION}&endpoint={self.place.url}"
        storage = open_storage(address, home=self.place.files)
        press = replace(self.press, target=Target(name=f"s3://{BUCKET}/{prefix}", storage=storage))
        at = clock.now()
        wanted = [
            Wanted(
                path=path,
                kind="welcome" if path.startswith("w/_/") else "gate",
                source_hash=self.place.digests[path],
                parts={"stay": "", "content": self.place.digests[path], "theme": prefix},
            )
            for path in self.place.digests
        ]
        puts, house = plan(wanted, [], at=at).puts, the_house(press.database)

        def bodies(chunk: Sequence[Put]) -> Iterator[bytes]:
            return (self._read(put.wanted.path) for put in chunk)

        with ledger.lease(press.database, house.id, target=press.target.name, locked=False) as held:
            began, cpu = time.perf_counter(), time.process_time()
            self._reading = 0.0
            with effects(press, held, bodies=bodies, at=at) as doing:
                doing.put(puts)
                with doing.transaction():
                    pass  # it records what landed last
            took, cpu = time.perf_counter() - began, time.process_time() - cpu - self._reading
        self.cpu.append(cpu * 1000 / len(wanted))
        return took

    def _read(self, path: str) -> bytes:
        """A body from the page cache. Pages come from memory, so this is no part of our processor time."""
        began = time.thread_time()
        body = (self.place.files / path).read_bytes()
        self._reading += time.thread_time() - began
        return body

    def _obstore(self, prefix: str, width: int) -> float:
        """Nothing but puts, from threads: on this machine faster than from coroutines."""
        store = S3Store(
            BUCKET,
            prefix=prefix,
            region=REGION,
            config={"endpoint": self.place.url, "virtual_hosted_style_request": False},
            client_options={"allow_http": True},
        )
        headers = {"Content-Type": HTML, "Cache-Control": ALWAYS_ASK}

        def put(path: str) -> None:
            store.put(path, self._read(path), attributes=headers, use_multipart=False)

        began = time.perf_counter()
        with ThreadPoolExecutor(width) as pool:
            list(pool.map(put, self.place.digests))
        return time.perf_counter() - began

    def _program(self, name: str, prefix: str, width: int, files: Path) -> float:
        bin_, url = Path(sys.executable).parent, self.place.url
        if name == "rclone":
            command = [bin_ / "rclone", "--config", "", "copy", files]
            command += [f":s3,provider=Other,env_auth,endpoint='{url}',region={REGION}:{BUCKET}/{prefix}"]
            command += ["--transfers", width, "--checkers", width, "--no-traverse", "--no-check-dest"]
            command += ["--s3-no-head", "--s3-no-check-bucket", "--quiet", "--ignore-times"]
            command += ["--header-upload", f"Cache-Control: {ALWAYS_ASK}"]
            command += ["--header-upload", f"Content-Type: {HTML}"]
        else:
            command = [bin_ / "s5cmd", "--log", "error", "--endpoint-url", url, "--numworkers", width, "cp"]
            command += ["--cache-control", ALWAYS_ASK, "--content-type", HTML]
            command += [f"{files}/", f"s3://{BUCKET}/{prefix}/"]
        began = time.perf_counter()
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
        if done.returncode and files != self.empty:  # s5cmd calls an empty folder an error
            raise SystemExit(f"{name} failed:\n{done.stdout}{done.stderr}")
        return took

    # -- what lies there afterwards ----------------------------------------------------------------
    def _check(self, name: str, prefix: str) -> None:
        """Every object has its bytes and its headers."""
        there = {}
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/"):
            for entry in page.get("Contents", []):
                path = entry["Key"].removeprefix(f"{prefix}/")
                if not path.endswith(f"/{PLACEHOLDER}"):
                    there[path] = entry["ETag"].strip('"')
        if wrong := set(there.items()) ^ set(self.place.digests.items()):
            raise SystemExit(f"{name} left something else at {self.place.url}: {sorted(wrong)[:4]}")
        head = self.client.head_object(Bucket=BUCKET, Key=f"{prefix}/{next(iter(self.place.digests))}")
        if (head.get("CacheControl"), head["ContentType"]) != (ALWAYS_ASK, HTML):
            raise SystemExit(f"{name} puts other headers: {head}")


def _ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(ours, others, strict=True)), 2)


def _table(figures: Mapping[str, float]) -> None:
    print(f"{'field':<26}{'measured':>10}{'aim':>10}  what it is")
    for name, measured_ in figures.items():
        sign, aim, what = AIMS[name.removesuffix("_moto")]
        is_moto = name.endswith("_moto")
        aim = None if is_moto else aim
        is_met = aim is None or (measured_ >= aim if sign == ">=" else measured_ <= aim)
        told = "" if aim is None else f"{sign} {aim:g}"
        words = what.replace("rclone's server 30 ms away", "moto") if is_moto else what
        print(f"{name:<26}{measured_:>10,g}{told:>10}  {words}{'' if is_met else '  (missed)'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
