"""Compares the target with the records: the only thing that ever lists a target."""

import hashlib

import msgspec

from generator import ledger
from generator.press import Press
from guestlink.errors import NotFound


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Paths that are recorded but not there, there but other bytes, there but not recorded."""

    live: int
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    foreign: tuple[str, ...]


def verify(press: Press) -> Comparison:
    with press.database.read() as db:
        rows = db.all("all_live_pages", target=press.target.name)
    recorded = {row["path"]: (row["etag"], row["body_hash"]) for row in rows if row["state"] == "live"}
    begun = {row["path"] for row in rows if row["state"] != "live"}
    there = {item.path: item.etag for item in press.target.storage.list()}
    altered = [
        path for path in recorded.keys() & there.keys() if _differs(press, path, there[path], recorded[path])
    ]
    return Comparison(
        live=len(recorded.keys() & there.keys()) - len(altered),
        missing=tuple(sorted(recorded.keys() - there.keys())),
        altered=tuple(sorted(altered)),
        foreign=tuple(sorted(there.keys() - recorded.keys() - begun)),
    )


def _differs(press: Press, path: str, etag: str, recorded: tuple[str, str]) -> bool:
    """Equal tags are equal bytes; of unequal ones only the bytes tell (a listing may tag otherwise than a
    put).
    """
    known_etag, known_hash = recorded
    if etag == known_etag:
        return False
    try:
        return hashlib.sha256(press.target.storage.get(path).body).hexdigest() != known_hash
    except NotFound:
        return True


def doubt(press: Press, paths: list[str]) -> None:
    """Records that these objects are not what they should be, so that the next publish puts them."""
    if not paths:
        return
    target = press.target.name
    with press.database.write() as tx:
        tx.do_many("doubt_page", [{"target": target, "path": path, "why": ledger.DOUBTED} for path in paths])
        tx.do("doubt_publications", target=press.target.name)
