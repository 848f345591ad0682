"""What was read of a property's files, and whether it still holds: equal files are not read twice.

It is kept in the catalogue beside the content itself. It understands no file and holds no secret's value.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from generator.files.host_folder import digest_of, file_digests
from guestlink import catalogue, clock
from guestlink.database import Reading
from guestlink.records import Property, Secret, Unit

SETTLED: Final = timedelta(seconds=2)  # a younger file may change again without its time doing so


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """The digests of a property's files by path, and the stamp of the folder that they were taken from."""

    digests: dict[str, str]
    stamp: str = ""

    @property
    def digest(self) -> str:
        """What `folder_digest` answers."""
        return digest_of(self.digests)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The files that the kept content was made from, and the mark of all else that it depends on."""

    mark: str
    files: Files


def files_of(folder: Path, *known: Files | None) -> Files:
    """The files as they are now; those that are known are not read again while the stamp is theirs."""
    stamp = stamp_of(folder)
    for files in known:
        if files and stamp and files.stamp == stamp:
            return files
    return Files(digests=file_digests(folder), stamp=stamp)


def mark(
    house: Property, folder: Path, *, build: str, units: Iterable[Unit], secrets: Iterable[Secret]
) -> str:
    """Changes with whatever else the content depends on; secrets by id and version, never by value."""
    told = [build, str(folder), house.currency, *sorted(unit.slug for unit in units)]
    told += sorted(f"{secret.id}:{secret.version}:{secret.name}" for secret in secrets)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def entry(kept: Kept) -> catalogue.Entry:
    """The row of the catalogue that says what its content was made from."""
    return catalogue.Entry(
        language="", kind=catalogue.READING, key="", body=msgspec.json.encode(kept).decode()
    )


def load(db: Reading, house: Property) -> Kept | None:
    """What was kept last, or None: nothing yet, or an older program's."""
    row = db.one("catalogue_entry", property_id=house.id, language="", kind=catalogue.READING, key="")
    try:
        return msgspec.json.decode(row["body"], type=Kept) if row else None
    except msgspec.ValidationError:
        return None


def stamp_of(folder: Path) -> str:
    """Names, sizes and times of all files, to be taken before they are read; empty while one is so young that
    they prove nothing.
    """
    whole, newest = hashlib.sha256(), 0.0
    for path, found in _entries(str(folder)):
        told = f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}\0{found.st_ino}\n"
        whole.update(told.encode("utf-8", "surrogateescape"))
        newest = max(newest, found.st_mtime, found.st_ctime)
    is_settled = newest <= (clock.now() - SETTLED).timestamp()
    return whole.hexdigest() if is_settled else ""


def _entries(folder: str) -> Iterator[tuple[str, os.stat_result]]:
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
            yield from _entries(each.path)
