"""Whether files are still what they were, without reading them: by names, sizes, times and inodes."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final
from unicodedata import normalize

from guestlink import clock

SETTLED: Final = timedelta(seconds=2)  # a younger file may change again without its time doing so

Found = tuple[str, os.stat_result]


def stamp(found: Iterable[Found]) -> str:
    """Changes with each file; empty while one is so young that this proves nothing."""
    whole, newest = hashlib.sha256(), 0.0
    for path, told in found:
        line = f"{path}\0{told.st_size}\0{told.st_mtime_ns}\0{told.st_ctime_ns}\0{told.st_ino}\n"
        whole.update(line.encode("utf-8", "surrogateescape"))
        newest = max(newest, told.st_mtime, told.st_ctime)
    is_settled = newest <= (clock.now() - SETTLED).timestamp()
    return whole.hexdigest() if is_settled else ""


def digest_of(digests: Mapping[str, str]) -> str:
    """One digest for the files' own (by path in the folder), the same on every machine."""
    lines = (f"{normalize('NFC', inside)}\0{digest}\n" for inside, digest in digests.items())
    return hashlib.sha256("".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def below(folder: str) -> Iterator[Found]:
    """All in a folder and in its folders, in the order of names; what cannot be seen is left out."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for each in entries:
        try:
            yield each.path, each.stat()
        except OSError:
            continue
        if each.is_dir():
            yield from below(each.path)


def of(paths: Iterable[str]) -> Iterator[Found]:
    """Single files; one that is not there has no entry."""
    for path in paths:
        try:
            yield path, os.stat(path)  # noqa: PTH116 - a thousand of these are asked for
        except OSError:
            continue
