"""How long the edge may give away what it has, and in which coding."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import anyio
import boto3
import pytest

from edge_api import copies
from edge_api.copies import Copies, Copy, is_among, preferred_coding
from guestlink.errors import NotFound, Outage
from guestlink.storage import S3, Storage, Stored

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE, ASSET = "w/_/Quay-side_0123456789aQ/en.html", "assets/welcome.0a1b2c3d.css"


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def step(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Bucket:
    """A bucket in memory that counts who asks and can be down."""

    conditional = True

    def __init__(self, **objects: bytes) -> None:
        self.objects = {name.replace("__", "/"): body for name, body in objects.items()}
        self.asked: list[str] = []
        self.is_down = False

    def get(self, path: str) -> Stored:
        self.asked.append(path)
        if self.is_down:
            raise Outage("The bucket is down.")
        if path not in self.objects:
            raise NotFound("There is no such object.")
        body = self.objects[path]
        return Stored(path, f'"{hash(body):x}"', len(body), body)

    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str:
        raise AssertionError("the edge never writes")

    def delete(self, path: str) -> None:
        raise AssertionError("the edge never deletes")

    def list(self, prefix: str = "") -> Iterator[Stored]:
        raise AssertionError("the edge never lists")


def read(kept: Copies, path: str) -> bytes:
    async def body() -> bytes:
        return (await kept.get(path)).stored.body

    return anyio.run(body)


def over(storage: Storage) -> tuple[Copies, Clock]:
    clock = Clock()
    return Copies(storage, clock), clock


# -- freshness -----------------------------------------------------------------------------------
def test_a_page_of_a_bucket_is_at_most_a_minute_old() -> None:
    bucket = Bucket()
    bucket.objects[PAGE] = b"code 4711"
    kept, clock = over(bucket)
    assert read(kept, PAGE) == b"code 4711"
    bucket.objects[PAGE] = b"code gone"
    clock.step(59.9)
    assert read(kept, PAGE) == b"code 4711"
    clock.step(0.1)
    assert read(kept, PAGE) == b"code gone"
    assert bucket.asked == [PAGE, PAGE]


def test_a_deleted_page_is_gone_within_a_minute() -> None:
    bucket = Bucket()
    bucket.objects[PAGE] = b"page"
    kept, clock = over(bucket)
    read(kept, PAGE)
    del bucket.objects[PAGE]
    clock.step(60)
    for _ in range(2):
        with pytest.raises(NotFound):
            read(kept, PAGE)


def test_a_page_that_was_missing_is_there_as_soon_as_it_is_published() -> None:
    bucket = Bucket()
    kept, _ = over(bucket)
    with pytest.raises(NotFound):
        read(kept, PAGE)
    bucket.objects[PAGE] = b"page"
    assert read(kept, PAGE) == b"page"


def test_an_old_page_is_never_served_while_the_bucket_is_down() -> None:
    bucket = Bucket()
    bucket.objects |= {PAGE: b"page", ASSET: b"style"}
    kept, clock = over(bucket)
    read(kept, PAGE), read(kept, ASSET)
    clock.step(60)
    bucket.is_down = True
    with pytest.raises(Outage):
        read(kept, PAGE)
    assert read(kept, ASSET) == b"style"  # its name carries its hash: it cannot be old
    bucket.is_down = False
    assert read(kept, PAGE) == b"page"


def test_a_clock_that_is_set_back_makes_no_page_fresher() -> None:
    bucket = Bucket()
    bucket.objects[PAGE] = b"old"
    kept, clock = over(bucket)
    read(kept, PAGE)
    bucket.objects[PAGE] = b"new"
    clock.step(-3600)
    assert read(kept, PAGE) == b"new"


def test_an_unchanged_page_is_encoded_once() -> None:
    bucket = Bucket()
    bucket.objects[PAGE] = b"<p>The door is on the quay.</p>" * 100
    kept, clock = over(bucket)

    async def encoded() -> bytes:
        return (await kept.get(PAGE)).body("br")

    first = anyio.run(encoded)
    clock.step(3600)
    assert anyio.run(encoded) is first


def test_memory_is_bounded_and_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "HELD_BYTES", 250)
    bucket = Bucket(assets__a=b"a" * 100, assets__b=b"b" * 100, assets__c=b"c" * 100, assets__d=b"d" * 300)
    kept, _ = over(bucket)
    for name in "abac":  # c is one too many: b has been unused for longest
        read(kept, f"assets/{name}")
    bucket.asked.clear()
    for name in "acb":
        read(kept, f"assets/{name}")
    assert bucket.asked == ["assets/b"]
    assert read(kept, "assets/d") == b"d" * 300  # larger than the memory, and served all the same


def test_encoded_forms_count_as_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "HELD_BYTES", 3_000)
    bucket = Bucket(assets__a=os.urandom(1_200).hex().encode()[:1_200], assets__b=b"b" * 1_200)
    kept, _ = over(bucket)
    read(kept, "assets/a"), read(kept, "assets/b")

    async def encoded(path: str) -> bytes:
        return (await kept.get(path)).body("gzip")

    anyio.run(encoded, "assets/a")  # some 700 bytes more: b, unused for longest, has no place any more
    bucket.asked.clear()
    read(kept, "assets/a")
    assert bucket.asked == []
    read(kept, "assets/b")
    assert bucket.asked == ["assets/b"]


def test_a_copy_that_went_away_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "HELD_BYTES", 1_500)
    bucket = Bucket(assets__a=b"a" * 1_400, assets__b=b"b" * 1_400)
    kept, _ = over(bucket)

    async def story() -> None:
        gone = await kept.get("assets/a")
        await kept.get("assets/b")
        gone.body("gzip"), gone.body("br")
        bucket.asked.clear()
        await kept.get("assets/b")

    anyio.run(story)
    assert bucket.asked == []


def test_a_real_bucket_is_read_through_a_minute_of_copies(moto_server: str) -> None:
    name = "edge-copies"
    boto3.client("s3", endpoint_url=moto_server, region_name="us-east-1").create_bucket(Bucket=name)
    bucket = S3(f"s3://{name}/site?region=us-east-1&endpoint={moto_server}")
    bucket.put(PAGE, b"first")
    kept, clock = over(bucket)
    assert read(kept, PAGE) == b"first"
    bucket.put(PAGE, b"second")
    assert read(kept, PAGE) == b"first"
    clock.step(60)
    assert read(kept, PAGE) == b"second"
    with pytest.raises(NotFound):
        read(kept, "w/_/nobody/en.html")


# -- codings and tags ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("BR;Q=1, GZIP", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0.8,br;q=0.8", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", ""),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", ""),
        ("gzip;q=0.5, *;q=0.1", "gzip"),
        ("identity, br;q=0.5", ""),
        ("identity;q=0.1, br;q=0.001", ""),
        ("identity;q=0, gzip;q=0.2", "gzip"),
        ("br ; q=0.9 , gzip ;q=0.1", "br"),
        ("br;q=2", ""),
        ("br;q=nan, gzip;q=inf", ""),
        ("br;level=5", ""),
        ("deflate, zstd", ""),
        (",,;;q=,", ""),
        ("brotli, gzip-", ""),
    ],
)
def test_the_coding_is_the_one_that_is_liked_best(accepted: str, coding: str) -> None:
    assert preferred_coding(accepted) == coding


@pytest.mark.parametrize(
    ("held", "has_it"),
    [
        ('"ana"', True),
        ('W/"ana"', True),
        ('"tomas", "ana"', True),
        ('"tomas",W/"ana" , "eva"', True),
        ("*", True),
        (" * ", True),
        ("", False),
        ("ana", False),
        ('"tomas"', False),
        ('"ana-br"', False),
        ('"an", "a"', False),
        ('"*"', False),
        ('w/"tomas", ana"', False),
    ],
)
def test_a_list_of_tags_is_searched(held: str, has_it: bool) -> None:
    assert is_among('"ana"', held) is has_it


@pytest.mark.parametrize("etag", ["ana", '"ana"', 'W/"ana"'])
def test_tags_are_strong_and_differ_by_coding(etag: str) -> None:
    copy = Copy(Stored(PAGE, etag, 0), NOON)
    assert [copy.entity_tag(coding) for coding in ("", "br", "gzip")] == ['"ana"', '"ana-br"', '"ana-gzip"']
