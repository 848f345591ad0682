"""Types and caching of objects, and the folder that is a storage."""

import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guestlink import storage
from guestlink.errors import Outage, Stale
from guestlink.storage import (
    ALWAYS_ASK,
    IMMUTABLE,
    Folder,
    Storage,
    cache_control,
    content_type,
    open_storage,
)

GATE, PAGE = "w/AAAAAAAAAAAAAAAAAAAAAA", "w/_/AAAAAAAAAAAAAAAAAAAAAA/en.html"
ASSET = "assets/site.0123456789abcdef.css"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    yield Folder(tmp_path / "site")
    assert not [file for file in (tmp_path / "site").rglob(".*") if file.is_file()]  # no draft is left behind


def listed(folder: Storage) -> list[str]:
    return sorted(stored.path for stored in folder.list())


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


# -- a folder ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", ["file:data/site", "file:/{home}/data/site", "file:///{home}/data/site"])
def test_a_folder_may_be_given_below_home_or_as_a_whole_path(tmp_path: Path, url: str) -> None:
    opened = open_storage(url.format(home=tmp_path.as_posix().lstrip("/")), home=tmp_path)
    opened.put(PAGE, b"page")
    assert (tmp_path / "data" / "site" / PAGE).read_bytes() == b"page"


def test_a_deleted_object_leaves_no_empty_folders(folder: Folder) -> None:
    folder.put(PAGE, b"page")
    folder.put("index.html", b"home")
    folder.delete(PAGE)
    assert {file.name for file in folder.root.rglob("*")} == {"index.html", ".drafts"}


def test_a_reader_sees_the_whole_old_or_the_whole_new_file(folder: Folder) -> None:
    bodies = [bytes([letter]) * 200_000 for letter in b"ab"]
    folder.put(PAGE, bodies[0])
    stop = threading.Event()

    def read() -> int:
        seen = 0
        while not stop.is_set():
            assert folder.get(PAGE).body in bodies
            seen += 1
        return seen

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for number in range(100):
            folder.put(PAGE, bodies[number % 2])
        stop.set()
        assert reading.result() > 0


def test_puts_and_deletes_of_neighbours_never_disturb_each_other(folder: Folder) -> None:
    """A delete takes empty folders away, perhaps in the moment in which a put has made one."""

    def work(number: int) -> None:
        for _ in range(150):
            folder.put(f"w/_/slug/{number}.html", b"page")
            assert folder.get(f"w/_/slug/{number}.html").body == b"page"
            list(folder.list())
            folder.delete(f"w/_/slug/{number}.html")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert listed(folder) == []


def test_a_full_disk_is_an_outage_and_leaves_what_was_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put(PAGE, b"old")
    written = os.write

    def full(descriptor: int, body: memoryview) -> int:
        if len(body) < len(b"new"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(descriptor, body[:1])

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(Outage, match=r"cannot be written: No space left on device\. Check free space"):
            folder.put(PAGE, b"new")
    assert folder.get(PAGE).body == b"old"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced, by its path, in order; `all` stands for the whole file system."""
    paths: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: paths.append(str(Path(f"/proc/self/fd/{fd}").readlink())))
    monkeypatch.setattr(storage, "_sync_all", lambda _: paths.append("all"))
    return paths


def test_few_changes_are_settled_file_by_file_and_then_the_folders_with_their_names(
    folder: Folder, synced: list[str]
) -> None:
    folder.put(PAGE, b"page")
    folder.settle()
    file = folder.root / PAGE
    assert synced[0] == str(file)
    assert {*synced[1:]} == {*map(str, [*file.parents][:4])}  # all of them are new


def test_a_page_in_a_folder_that_is_known_costs_two_syncs_and_nothing_new_costs_none(
    folder: Folder, synced: list[str]
) -> None:
    folder.put(PAGE, b"old")
    folder.settle()
    synced.clear()
    folder.put(PAGE, b"new")
    folder.settle()
    folder.settle()
    assert synced == [str(folder.root / PAGE), str((folder.root / PAGE).parent)]


def test_a_delete_is_settled_by_the_folders_that_lost_an_entry(folder: Folder, synced: list[str]) -> None:
    folder.put("index.html", b"home")
    folder.put(PAGE, b"page")
    folder.settle()
    synced.clear()
    folder.delete(PAGE)
    folder.settle()
    assert synced == [str(folder.root)]  # the others left with it


def test_many_changes_are_settled_at_once(folder: Folder, synced: list[str]) -> None:
    for number in range(storage.FEW):
        folder.put(f"w/_/{number}/en.html", b"page")
    folder.settle()
    assert synced == ["all"]


def test_a_whole_file_system_is_synced_and_its_refusal_is_an_outage(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(storage.FEW):
        folder.put(f"w/_/{number}/en.html", b"page")
    folder.settle()
    folder.put(PAGE, b"page")

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Outage, match="Input/output error"):
        folder.settle()


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
