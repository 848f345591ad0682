"""What to put, delete and invalidate so that a target shows what is wanted, in which order and why. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from guestlink.errors import Refused

GRACE = timedelta(days=1)
FREE_DELETES = 256
ORDER = ("asset", "welcome", "shell", "gate")
REVOKING = ("replaced", "cancelled")
WORDS = {
    "stay": "stay changed",
    "codes": "codes changed",
    "key": "signature renewed",
    "link": "languages changed",
    "until": "signature extended",
    "theme": "program or theme changed",
    "content": "texts changed",
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An object that should be live. `parts` tell a change in words; `shown` is secret -> end of its window
    (epoch).
    """

    path: str
    kind: str
    source_hash: str
    stay_id: str = ""
    parts: Mapping[str, str] = {}
    shown: Mapping[str, int] = {}


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """An object as the records know it on this target; `planned` means a put or delete was begun and not
    confirmed.
    """

    path: str
    kind: str
    source_hash: str
    body_hash: str = ""
    etag: str = ""
    stay_id: str = ""
    state: str = "live"
    parts: Mapping[str, str] = {}
    shown: Mapping[str, int] = {}
    changed_at: datetime | None = None


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """`live` is what the records know of the path, None for a new one."""

    wanted: Wanted
    live: Live | None
    why: str


class Delete(msgspec.Struct, frozen=True, kw_only=True):
    """`expected` when the records say that its time is over; only others count against the delete limit."""

    path: str
    why: str
    expected: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of doing: gates that say no, their pages, all other puts, deletes.

    `leaving` are old assets that wait for their grace to end.
    """

    closing: tuple[Put, ...] = ()
    revocations: tuple[Delete, ...] = ()
    puts: tuple[Put, ...] = ()
    deletes: tuple[Delete, ...] = ()
    leaving: tuple[Delete, ...] = ()
    invalidations: tuple[str, ...] = ()
    unchanged: int = 0

    @property
    def empty(self) -> bool:
        return not (self.closing or self.revocations or self.puts or self.deletes or self.leaving)


def plan(
    wanted: Iterable[Wanted], live: Iterable[Live], *, at: datetime, edited: str = "", now: bool = False
) -> Plan:
    """Compares what is wanted with what the records say is live.

    `edited` names changed files for the reason; `now` invalidates every changed page ("publish now").
    """
    known = {row.path: row for row in live}
    targets = {item.path: item for item in wanted}
    puts = [
        Put(wanted=item, live=known.get(path), why=_why(item, known.get(path), edited))
        for path, item in targets.items()
        if not _is_live(item, known.get(path))
    ]
    puts.sort(key=lambda put: _rank(put, at))
    closing = [put for put in puts if _says_no(put.wanted)]
    goners = [row for path, row in known.items() if path not in targets]
    revoked = _revoked_slugs(targets.values())
    withdrawn_pages = [row for row in goners if _slug(row.path) in revoked]
    revocations = [Delete(path=row.path, why=revoked[_slug(row.path)]) for row in withdrawn_pages]
    deletes, leaving = _sweep([row for row in goners if _slug(row.path) not in revoked], at)
    return Plan(
        closing=tuple(closing),
        revocations=tuple(revocations),
        puts=tuple(put for put in puts if not _says_no(put.wanted)),
        deletes=tuple(sorted(deletes, key=lambda step: (_slug(step.path) != "", step.path))),
        leaving=tuple(leaving),
        invalidations=tuple(_invalidations(puts, revocations, at=at, now=now)),
        unchanged=len(targets) - len(puts),
    )


def check_delete_limit(steps: Plan, *, live: int, limit: int | None) -> None:
    """Refuses a plan that would empty a site: more unexpected deletes than `limit`, by default half of many.

    What is over, cancelled or replaced is expected: a worker that comes back after a long pause is not held
    up.
    """
    gone = sum(not step.expected for step in steps.deletes)
    allowed = max(FREE_DELETES, live // 2) if limit is None else limit
    if gone > allowed:
        raise Refused(
            f"This would delete {gone} of {live} objects; {allowed} are allowed.",
            hint=f"Look at `--dry-run`. If it is right, publish with --delete-limit {gone}.",
        )


# -- puts ------------------------------------------------------------------------------------------
def _is_live(item: Wanted, row: Live | None) -> bool:
    return row is not None and row.state == "live" and row.source_hash == item.source_hash


def _rank(put: Put, at: datetime) -> tuple[int, int, str]:
    """Assets first, then pages that lose a secret, other pages, shells, gates."""
    kind = ORDER.index(put.wanted.kind)
    return kind, 0 if withdrawn(put, at) else 1, put.wanted.path


def withdrawn(put: Put, at: datetime) -> bool:
    """True when the live page shows a secret whose time is not over and the new one does not."""
    if put.live is None:
        return False
    return any(
        ends > at.timestamp() and name not in put.wanted.shown for name, ends in put.live.shown.items()
    )


def _why(item: Wanted, row: Live | None, edited: str) -> str:
    if row is None:
        return {"asset": "new asset", "welcome": "new page", "gate": "new link"}.get(item.kind, "new")
    if row.state == "planned":
        return row_reason(row) or "an earlier publish was cut off"
    changed = [name for name, value in item.parts.items() if row.parts.get(name) != value]
    reasons = [_word(name, item, edited) for name in changed]
    return ", ".join(dict.fromkeys(reasons)) or "changed"


def row_reason(row: Live) -> str:
    return "" if row.source_hash else "missing or altered on the target"


def _word(name: str, item: Wanted, edited: str) -> str:
    if name == "phase":
        return f"now {item.parts[name].replace('_', ' ')}"
    if name == "stay" and item.parts[name] in REVOKING:
        return f"link {item.parts[name]}" if item.parts[name] == "replaced" else "stay cancelled"
    if name == "content" and edited:
        return edited
    return WORDS.get(name, f"{name} changed")


# -- deletes ---------------------------------------------------------------------------------------
def _says_no(item: Wanted) -> bool:
    """A gate that tells that its link was replaced or its stay cancelled."""
    return item.kind == "gate" and item.parts["stay"] in REVOKING


def _revoked_slugs(items: Iterable[Wanted]) -> dict[str, str]:
    """Slugs whose gate now says that the link was replaced or the stay cancelled -> why."""
    return {
        item.path.removeprefix("w/"): "link replaced"
        if item.parts["stay"] == "replaced"
        else "stay cancelled"
        for item in items
        if _says_no(item)
    }


def _slug(path: str) -> str:
    pieces = path.split("/")
    return pieces[2] if len(pieces) == 4 and pieces[:2] == ["w", "_"] else ""


def _sweep(goners: Sequence[Live], at: datetime) -> tuple[list[Delete], list[Delete]]:
    """Pages and gates go at once; an asset stays for a grace, for readers who still hold the old page."""
    deletes, leaving = [], []
    for row in goners:
        if row.kind != "asset":
            over = row.parts.get("until", "9999-12") <= f"{at:%Y-%m}" or row.state == "planned"
            deletes.append(Delete(path=row.path, why="over" if over else "no longer wanted", expected=over))
        elif row.state == "planned":
            deletes.append(Delete(path=row.path, why="no page uses it"))
        elif row.source_hash:
            leaving.append(Delete(path=row.path, why="no page uses it any more"))
        elif row.changed_at is None or row.changed_at + GRACE <= at:
            deletes.append(Delete(path=row.path, why="no page uses it"))
    return deletes, leaving


# -- invalidations ---------------------------------------------------------------------------------
def _invalidations(
    puts: Sequence[Put], revocations: Sequence[Delete], *, at: datetime, now: bool
) -> Iterable[str]:
    """A removed secret, a revocation, or "publish now"; a window that ends by time costs none."""
    slugs = sorted({_slug(step.path) for step in revocations})
    yield from (f"/w/_/{slug}/*" for slug in slugs)
    for put in puts:
        if put.live is None or put.wanted.kind == "asset":
            continue
        if now or withdrawn(put, at) or _says_no(put.wanted):
            yield f"/{put.wanted.path}"
