"""What every storage promises: a folder, and S3 on two servers that share no code."""

import errno
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from guestlink.errors import InvalidInput, NotFound, Outage, SettingsError, Stale
from guestlink.storage import (
    ALWAYS_ASK,
    IMMUTABLE,
    Folder,
    Storage,
    cache_control,
    content_type,
    open_storage,
)
from tests.contracts.test_services import s3
from tests.services import S3Server, free_port

BUCKET = "guests"
GATE, PAGE, ASSET = (
    "w/AAAAAAAAAAAAAAAAAAAAAA",
    "w/_/AAAAAAAAAAAAAAAAAAAAAA/en.html",
    "assets/site.0123456789abcdef.css",
)
KINDS = ("folder", "moto", "rclone")


class Root(NamedTuple):
    """Where a test's objects lie; `client` speaks to the server without our code."""

    url: str
    home: Path
    prefix: str
    client: S3Client | None

    def open(self) -> Storage:
        return open_storage(self.url, home=self.home)


_numbers = count(1)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def root(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Root:
    """Somewhere empty: a folder, a prefix on moto, a prefix on rclone."""
    prefix = f"site-{next(_numbers)}"
    if kind == "folder":
        return Root(f"file:{prefix}", tmp_path, prefix, None)
    moto = kind == "moto"
    server = (
        S3Server(request.getfixturevalue("moto_server"), "ana", "any")
        if moto
        else request.getfixturevalue("rclone_s3")
    )
    client = s3(*server)
    try:
        client.head_bucket(Bucket=BUCKET)
    except ClientError:
        client.create_bucket(Bucket=BUCKET)
    options = f"endpoint={server.url}&region=us-east-1" + ("" if moto else "&conditional=no")
    return Root(f"s3://{BUCKET}/{prefix}?{options}", tmp_path, prefix, client)


@pytest.fixture
def storage(root: Root) -> Storage:
    return root.open()


only_conditional = pytest.mark.parametrize("kind", ["folder", "moto"])
only_s3 = pytest.mark.parametrize("kind", ["moto", "rclone"])
only_folder = pytest.mark.parametrize("kind", ["folder"])


def listed(storage: Storage, prefix: str = "") -> list[str]:
    return sorted(stored.path for stored in storage.list(prefix))


# -- put, get, delete, list -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [b"", b"<p>Ana</p>", bytes(range(256)), b"x" * 3_000_000],
    ids=["nothing", "text", "bytes", "3 MB"],
)
def test_what_was_put_is_got_byte_for_byte(storage: Storage, body: bytes) -> None:
    etag = storage.put(PAGE, body)
    stored = storage.get(PAGE)
    assert (stored.path, stored.body, stored.size, stored.etag) == (PAGE, body, len(body), etag)


def test_a_put_takes_the_place_of_what_was_there(storage: Storage) -> None:
    first = storage.put(PAGE, b"first")
    second = storage.put(PAGE, b"second")
    assert first != second
    assert storage.get(PAGE).body == b"second"


def test_the_same_bytes_have_the_same_tag(storage: Storage) -> None:
    assert storage.put(PAGE, b"same") == storage.put(PAGE, b"same") == storage.put(GATE, b"same")


def test_what_was_never_put_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound, match=f"There is no object {PAGE}"):
        storage.get(PAGE)


def test_a_folder_of_objects_is_no_object(storage: Storage) -> None:
    storage.put(PAGE, b"page")
    for path in ("w", "w/_", f"{PAGE}/deeper"):
        with pytest.raises(NotFound):
            storage.get(path)


def test_deleting_twice_is_like_deleting_once(storage: Storage) -> None:
    storage.put(PAGE, b"page")
    for _ in range(2):
        storage.delete(PAGE)
        with pytest.raises(NotFound):
            storage.get(PAGE)
    storage.delete("w/_/never/there.html")
    assert listed(storage) == []


def test_deleting_one_object_leaves_its_neighbours(storage: Storage) -> None:
    for path in (GATE, PAGE, PAGE.replace("en", "de")):
        storage.put(path, b"body")
    storage.delete(PAGE)
    assert listed(storage) == sorted([GATE, PAGE.replace("en", "de")])


def test_everything_is_listed_with_its_size(storage: Storage) -> None:
    storage.put(GATE, b"gate")
    storage.put(PAGE, b"the page")
    storage.put("index.html", b"")
    assert {stored.path: stored.size for stored in storage.list()} == {GATE: 4, PAGE: 8, "index.html": 0}


def test_a_list_can_be_limited_to_a_beginning(storage: Storage) -> None:
    for path in (GATE, PAGE, ASSET, "w/_/BBBBBBBBBBBBBBBBBBBBBB/en.html"):
        storage.put(path, b"body")
    assert listed(storage, "w/_/") == sorted([PAGE, "w/_/BBBBBBBBBBBBBBBBBBBBBB/en.html"])
    assert listed(storage, "w/_/AA") == [PAGE]
    assert listed(storage, "nothing") == []


def test_an_empty_storage_lists_nothing(storage: Storage) -> None:
    assert listed(storage) == []


@only_s3
def test_a_thousand_and_one_objects_are_all_listed(storage: Storage) -> None:
    """S3 lists at most a thousand at once."""
    names = [f"assets/{number}.css" for number in range(1001)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: storage.put(name, b"."), names))
    assert listed(storage) == sorted(names)


@pytest.mark.parametrize(
    "name", ["größe.html", "a b+c.html", "100%25.html", "x#y?z*.html", "~'!()@&=,.html", "日本.html"]
)
def test_a_name_may_have_any_letters(storage: Storage, name: str) -> None:
    path = f"assets/p/{name}"
    storage.put(path, b"body")
    assert storage.get(path).body == b"body"
    assert listed(storage) == [path]
    storage.delete(path)
    assert listed(storage) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../keys",
        "w/../../keys",
        "w/./x",
        "w//x",
        "w/",
        "w\\..\\keys",
        "w/x\0.html",
        "w/x\ny",
        "w/\tx",
        ".lock-site",
        "w/.x",
        "w/\udc80",
    ],
)
def test_a_path_that_is_none_is_refused(root: Root, storage: Storage, path: str) -> None:
    attempts = (lambda: storage.put(path, b"body"), lambda: storage.get(path), lambda: storage.delete(path))
    for attempt in attempts:
        with pytest.raises(InvalidInput, match="is not a path of an object"):
            attempt()
    assert listed(storage) == []
    assert not [file for file in root.home.rglob("*") if file.is_file()]


def test_two_sites_in_one_place_do_not_see_each_other(root: Root, storage: Storage) -> None:
    other = open_storage(root.url.replace(root.prefix, root.prefix + "-b"), home=root.home)
    storage.put(PAGE, b"ours")
    other.put(PAGE, b"theirs")
    other.delete(GATE)
    assert storage.get(PAGE).body == b"ours"
    assert listed(storage) == listed(other) == [PAGE]


# -- expected ---------------------------------------------------------------------------------------
def test_a_storage_says_whether_it_can_check(kind: str, storage: Storage) -> None:
    assert storage.conditional is (kind != "rclone")


@only_conditional
def test_nothing_is_expected_and_nothing_is_there(storage: Storage) -> None:
    storage.put(PAGE, b"first", expected="")
    with pytest.raises(Stale, match=f"{PAGE} was changed by another publisher"):
        storage.put(PAGE, b"second", expected="")
    assert storage.get(PAGE).body == b"first"


@only_conditional
def test_what_is_expected_is_what_lies_there(storage: Storage) -> None:
    first = storage.put(PAGE, b"first")
    second = storage.put(PAGE, b"second", expected=first)
    with pytest.raises(Stale, match="changed by another publisher"):
        storage.put(PAGE, b"third", expected=first)
    assert storage.get(PAGE).etag == second


@only_conditional
def test_what_is_expected_was_deleted(storage: Storage) -> None:
    first = storage.put(PAGE, b"first")
    storage.delete(PAGE)
    with pytest.raises(Stale):
        storage.put(PAGE, b"second", expected=first)
    assert listed(storage) == []


@only_conditional
def test_a_put_whose_answer_was_lost_can_be_repeated(storage: Storage) -> None:
    """The bytes that we want lie there already, whatever we expected."""
    first = storage.put(PAGE, b"first")
    second = storage.put(PAGE, b"second", expected=first)
    assert storage.put(PAGE, b"second", expected=first) == second
    assert storage.put(PAGE, b"second", expected="") == second


@only_conditional
def test_of_several_who_expect_nothing_exactly_one_puts(root: Root) -> None:
    def put(number: int) -> int:
        storage.put(PAGE, f"publisher {number}".encode(), expected="")
        return number

    storage, winners = root.open(), []
    with ThreadPoolExecutor(6) as pool:
        for attempt in [pool.submit(put, number) for number in range(6)]:
            try:
                winners.append(attempt.result())
            except Stale:
                continue
    assert len(winners) == 1
    assert storage.get(PAGE).body == f"publisher {winners[0]}".encode()


# -- types and caching ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "kind_of_media"),
    [
        (GATE, "text/html; charset=utf-8"),
        (PAGE, "text/html; charset=utf-8"),
        ("w/sw.js", "text/javascript; charset=utf-8"),
        (ASSET, "text/css; charset=utf-8"),
        ("assets/p/0123456789abcdef.svg", "image/svg+xml; charset=utf-8"),
        ("assets/p/0123456789abcdef.webp", "image/webp"),
        ("assets/p/0123456789abcdef.jpg", "image/jpeg"),
        ("assets/x.0123456789abcdef.woff2", "font/woff2"),
        ("assets/x.json", "application/json; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("assets/x.unheard-of", "application/octet-stream"),
    ],
)
def test_every_object_has_the_type_that_browsers_need(path: str, kind_of_media: str) -> None:
    assert content_type(path) == kind_of_media


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        (GATE, ALWAYS_ASK),
        (PAGE, ALWAYS_ASK),
        ("404.html", ALWAYS_ASK),
        ("w/sw.js", ALWAYS_ASK),
        (ASSET, IMMUTABLE),
    ],
)
def test_only_what_has_a_hashed_name_is_kept_without_asking(path: str, caching: str) -> None:
    assert cache_control(path) == caching


def test_pages_are_asked_for_again_and_never_served_stale() -> None:
    assert ALWAYS_ASK == "max-age=0, s-maxage=60, must-revalidate"
    assert "stale" not in ALWAYS_ASK + IMMUTABLE


@only_s3
@pytest.mark.parametrize("path", [GATE, PAGE, ASSET])
def test_s3_is_told_type_and_caching_of_an_object(kind: str, root: Root, storage: Storage, path: str) -> None:
    assert root.client is not None
    storage.put(path, b"body")
    head = root.client.head_object(Bucket=BUCKET, Key=f"{root.prefix}/{path}")
    assert head["ContentType"] == content_type(path)
    if kind == "moto":  # rclone's server keeps no Cache-Control
        assert head["CacheControl"] == cache_control(path)


# -- the world is down ------------------------------------------------------------------------------
VERBS = ("put", "get", "delete", "list")


def attempt(storage: Storage, verb: str) -> None:
    actions = {
        "put": lambda: storage.put(PAGE, b"body"),
        "get": lambda: storage.get(PAGE),
        "delete": lambda: storage.delete(PAGE),
        "list": lambda: list(storage.list()),
    }
    actions[verb]()


@pytest.mark.parametrize("verb", VERBS)
def test_a_stopped_server_is_an_outage_and_soon(tmp_path: Path, verb: str) -> None:
    storage = open_storage(f"s3://{BUCKET}?endpoint=http://127.0.0.1:{free_port()}", home=tmp_path)
    began = time.monotonic()
    with pytest.raises(Outage, match="Try again in a moment") as caught:
        attempt(storage, verb)
    assert time.monotonic() - began < 20
    assert caught.value.retry


@only_s3
@pytest.mark.parametrize("verb", [*VERBS, "put over"])
def test_a_missing_bucket_is_a_mistake_in_the_settings(root: Root, verb: str) -> None:
    storage = open_storage(root.url.replace(f"//{BUCKET}/", "//nobody/"), home=root.home)
    with pytest.raises(SettingsError, match="There is no bucket 'nobody'") as caught:
        if verb == "put over":
            storage.put(PAGE, b"body", expected='"some etag"')
        attempt(storage, verb)
    assert caught.value.setting == "site_url"
    assert "Create it" in caught.value.hint


@pytest.mark.parametrize("kind", ["rclone"])
@pytest.mark.parametrize("verb", VERBS)
def test_wrong_keys_are_a_mistake_in_the_settings(
    root: Root, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    with pytest.raises(SettingsError, match="refuses us") as caught:
        attempt(root.open(), verb)
    assert "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in caught.value.hint
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("kind", ["rclone"])
@pytest.mark.parametrize("verb", ["put", "list"])
def test_missing_keys_are_a_mistake_in_the_settings(
    root: Root, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SettingsError, match="There are no credentials for the bucket 'guests'") as caught:
        attempt(root.open(), verb)
    assert "Set AWS_ACCESS_KEY_ID" in caught.value.hint


def test_an_address_without_a_bucket_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="names no bucket"):
        open_storage("s3:///prefix", home=tmp_path)


# -- a folder ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", ["file:data/site", "file:/{home}/data/site", "file:///{home}/data/site"])
def test_a_folder_may_be_given_below_home_or_as_a_whole_path(tmp_path: Path, url: str) -> None:
    storage = open_storage(url.format(home=tmp_path.as_posix().lstrip("/")), home=tmp_path)
    storage.put(PAGE, b"page")
    assert (tmp_path / "data" / "site" / PAGE).read_bytes() == b"page"


@only_folder
def test_a_deleted_object_leaves_no_empty_folders(root: Root, storage: Storage) -> None:
    storage.put(PAGE, b"page")
    storage.put("index.html", b"home")
    storage.delete(PAGE)
    assert [file.name for file in (root.home / root.prefix).rglob("*")] == ["index.html"]


@only_folder
def test_a_reader_sees_the_whole_old_or_the_whole_new_file(storage: Storage) -> None:
    bodies = [bytes([letter]) * 200_000 for letter in b"ab"]
    storage.put(PAGE, bodies[0])
    stop = threading.Event()

    def read() -> int:
        seen = 0
        while not stop.is_set():
            assert storage.get(PAGE).body in bodies
            seen += 1
        return seen

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for number in range(100):
            storage.put(PAGE, bodies[number % 2])
        stop.set()
        assert reading.result() > 0


@only_folder
def test_puts_and_deletes_of_neighbours_never_disturb_each_other(storage: Storage) -> None:
    """A delete takes empty folders away, perhaps in the moment in which a put has made one."""

    def work(number: int) -> None:
        for _ in range(150):
            storage.put(f"w/_/slug/{number}.html", b"page")
            assert storage.get(f"w/_/slug/{number}.html").body == b"page"
            list(storage.list())
            storage.delete(f"w/_/slug/{number}.html")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert listed(storage) == []


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    yield Folder(tmp_path / "site")
    assert not [file for file in (tmp_path / "site").rglob(".*") if file.is_file()]  # no draft is left behind


def test_a_full_disk_is_an_outage_and_leaves_what_was_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put(PAGE, b"old")
    written = Path.write_bytes

    def full(self: Path, body: bytes) -> int:
        written(self, body[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Outage, match="cannot be written: No space left on device. Check free space"):
        folder.put(PAGE, b"new")
    assert folder.get(PAGE).body == b"old"


def test_a_refused_put_leaves_no_draft(folder: Folder) -> None:
    folder.put(PAGE, b"old")
    with pytest.raises(Stale):
        folder.put(PAGE, b"new", expected="")
    with pytest.raises(Outage):
        folder.put("w/_", b"a file where a folder is")
    assert folder.get(PAGE).body == b"old"


def test_drafts_and_locks_are_no_objects(folder: Folder) -> None:
    folder.put(PAGE, b"page")
    lock = folder.root / ".lock-site"
    lock.touch()
    assert listed(folder) == [PAGE]
    lock.unlink()
