"""R9 in a bucket: a publisher that dies at any operation is repaired by the next run, on a server that
honours If-Match. The bucket is set back by its own protocol before each crash.
"""

import os
import random
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from generator import ledger
from generator.press import open_press
from generator.verifying import verify
from guestlink.settings import Settings, load_settings
from guestlink.storage import Storage, open_storage
from tests.faults.crashing import Crash, Fuse, Reader, faulty
from tests.faults.test_publish_crash import LATER, SEED, change_everything, record_too_early
from tests.house import make_home, run_publish, three_stays

SHORT = 5


class Bucket:
    """A home whose site is a bucket: `before` and `after` a publish that changes everything."""

    def __init__(self, url: str, root: Path) -> None:
        self.root = root
        settings = make_home(root / "before", site_url=url)
        three_stays(settings)
        run_publish(settings)
        self.storage: Storage = open_storage(url, home=root)
        self.before = {item.path: self.storage.get(item.path).body for item in self.storage.list()}
        self._before = self.tags()
        change_everything(settings)
        self.count = self._count()
        self.after = self.tags()

    def tags(self) -> dict[str, str]:
        return {item.path: item.etag for item in self.storage.list()}

    def set_back(self, name: str) -> Settings:
        """A copy of the home, with the bucket as it was."""
        there = self.tags()
        wrong = [path for path in self.before if there.get(path) != self._before[path]]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda path: self.storage.put(path, self.before[path]), wrong))
            list(pool.map(self.storage.delete, there.keys() - self.before.keys()))
        shutil.copytree(self.root / "before", self.root / name)
        return load_settings(self.root / name, {})

    def _count(self) -> int:
        """How many operations the publish has. A reader looks after each, and sees a whole site."""
        press, fuse = open_press(self.set_back("counted")), Fuse()
        reader = Reader(press.target.storage)
        run_publish(press.settings, at=LATER, press=faulty(press, fuse, reader))
        press.database.close()
        assert reader.broken == []
        return fuse.count

    def crash_at(self, points: Iterable[int]) -> None:
        for point in points:
            self._crash(point)

    def _crash(self, point: int) -> None:
        """Dies there, is looked at by a reader, and is published again."""
        settings = self.set_back(f"home-{point}")
        press = open_press(settings)
        reader = Reader(press.target.storage)
        with pytest.raises(Crash):
            run_publish(settings, at=LATER, press=faulty(press, Fuse(point), lambda: None))
        press.database.close()
        reader()
        assert reader.broken == [], f"at operation {point}"
        again = open_press(settings)
        run_publish(settings, at=LATER, press=again)
        found = verify(again)
        again.database.close()
        assert (found.missing, found.altered, found.foreign) == ((), (), ()), f"after operation {point}"
        assert self.tags() == self.after, f"after a crash at operation {point}"
        shutil.rmtree(settings.home)


@pytest.fixture(scope="module")
def bucket(moto_server: str, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    name = f"site-{os.urandom(4).hex()}"
    boto3.client("s3", endpoint_url=moto_server).create_bucket(Bucket=name)
    url = f"s3://{name}/pages?region=us-east-1&endpoint={moto_server}"
    return Bucket(url, tmp_path_factory.mktemp("bucket"))


@pytest.fixture(autouse=True)
def _lease_of_the_dead_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock of a system is freed here: the next publisher waits until the lease ends."""
    monkeypatch.setattr(ledger, "LEASE", timedelta(0))


def test_a_bucket_is_repaired_after_a_publisher_died_at_some_operations(bucket):
    bucket.crash_at(random.Random(SEED).sample(range(bucket.count), SHORT))


@pytest.mark.faults
def test_a_bucket_is_repaired_after_a_publisher_died_at_every_operation(bucket):
    bucket.crash_at(range(bucket.count))


def test_control_recording_the_outcome_before_the_put_is_caught_in_a_bucket(bucket, monkeypatch):
    record_too_early(monkeypatch)
    with pytest.raises(AssertionError, match="operation"):
        bucket.crash_at(range(5, bucket.count, 3))
