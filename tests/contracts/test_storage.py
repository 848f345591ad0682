"""What every storage promises: a folder, and S3 on two servers that share no code."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from guestlink.errors import InvalidInput, NotFound, Outage, SettingsError, Stale
from guestlink.storage import Storage, cache_control, content_type, open_storage
from tests.contracts.test_services import s3
from tests.services import S3Server, free_port

BUCKET = "guests"
GATE, PAGE = "w/AAAAAAAAAAAAAAAAAAAAAA", "w/_/AAAAAAAAAAAAAAAAAAAAAA/en.html"
ASSET = "assets/site.0123456789abcdef.css"
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


@pytest.mark.parametrize("kind", ["rclone"])
def test_more_objects_than_s3_lists_at_once_are_all_listed(root: Root, storage: Storage) -> None:
    names = [f"assets/{number}.css" for number in range(1001)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: storage.put(name, b"."), names))
    assert root.client is not None
    assert root.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{root.prefix}/")["IsTruncated"]
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
        "put over": lambda: storage.put(PAGE, b"body", expected='"some etag"'),
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
