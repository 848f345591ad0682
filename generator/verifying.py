"""Compares the target with the records: the only thing that ever lists a target."""

import msgspec

from generator.press import Press


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Paths that are recorded but not there, there but other bytes, there but not recorded."""

    live: int
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    foreign: tuple[str, ...]


def verify(press: Press) -> Comparison:
    with press.database.read() as db:
        rows = db.all("all_live_pages", target=press.target.name)
    recorded = {row["path"]: row["etag"] for row in rows if row["state"] == "live"}
    begun = {row["path"] for row in rows if row["state"] != "live"}
    there = {item.path: item.etag for item in press.target.storage.list()}
    altered = [path for path, etag in there.items() if path in recorded and recorded[path] != etag]
    return Comparison(
        live=len(recorded.keys() & there.keys()) - len(altered),
        missing=tuple(sorted(recorded.keys() - there.keys())),
        altered=tuple(sorted(altered)),
        foreign=tuple(sorted(there.keys() - recorded.keys() - begun)),
    )


def doubt(press: Press, paths: list[str]) -> None:
    """Records that these objects are not what they should be, so that the next publish puts them."""
    if not paths:
        return
    why = "missing or altered on the target"
    with press.database.write() as tx:
        tx.do_many("doubt_page", [{"target": press.target.name, "path": path, "why": why} for path in paths])
        tx.do("doubt_publications", target=press.target.name)


