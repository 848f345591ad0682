"""What was read of a property's files, and whether it still holds: equal files are not read twice.

It is kept in the catalogue beside the content itself. It understands no file and holds no secret's value.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from generator.files.stamps import below, digest_of, stamp
from guestlink import catalogue
from guestlink.database import Reading
from guestlink.records import Property, Secret, Unit


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
    now = stamp_of(folder)
    for files in known:
        if files and now and files.stamp == now:
            return files
    from generator.files.host_folder import file_digests  # noqa: PLC0415 - for who has files that changed

    return Files(digests=file_digests(folder), stamp=now)


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
    return _decoded(row["body"]) if row else None


def load_all(db: Reading) -> dict[str, Kept | None]:
    """What was kept of each house, by its id."""
    rows = db.all("catalogue_entry_of_houses", kind=catalogue.READING)
    return {row["property_id"]: _decoded(row["body"]) for row in rows}


def _decoded(body: str) -> Kept | None:
    try:
        return msgspec.json.decode(body, type=Kept)
    except msgspec.ValidationError:
        return None


def stamp_of(folder: Path) -> str:
    """The stamp of all files, to be taken before they are read; empty while it proves nothing."""
    return stamp(below(str(folder)))
