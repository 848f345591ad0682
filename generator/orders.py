"""What somebody wants published, and what came of it, in counts and in words. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from generator.plan import Plan, Wanted
from guestlink.errors import GuestLinkError

Progress = Callable[[str, int, int], None]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish and how. `from_files` reads hosts' files; without it, what was last published."""

    only_property: str = ""
    only_stay: str = ""
    from_files: bool = True
    dry_run: bool = False
    now: bool = False
    delete_limit: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one property, or to the site as a whole (empty slug)."""

    slug: str
    stays: int = 0
    pages: int = 0
    rendered: int = 0
    unchanged: int = 0
    uploaded: int = 0
    deleted: int = 0
    invalidated: int = 0
    reasons: dict[str, int] = {}
    boundary: datetime | None = None
    problems: tuple[str, ...] = ()
    error: GuestLinkError | None = None


def silent(what: str, done: int, total: int) -> None:
    """No progress is shown."""


class Told(msgspec.Struct, frozen=True):
    """One line of a publication's report, as `publish.py status` shows it."""

    kind: str
    path: str
    line: int
    message: str
    hint: str = ""


def counted(outcome: Outcome, steps: Plan, wanted: Sequence[Wanted]) -> Outcome:
    return msgspec.structs.replace(
        outcome,
        pages=sum(item.kind == "welcome" for item in wanted),
        rendered=len(steps.closing) + len(steps.puts),
        uploaded=len(steps.closing) + len(steps.puts),
        unchanged=steps.unchanged,
        deleted=len(steps.deletes) + len(steps.revocations),
        invalidated=len(steps.invalidations),
        reasons=reasons(steps),
    )


def reasons(steps: Plan) -> dict[str, int]:
    """How many objects change for which reason, most first."""
    counted = Counter(put.why for put in (*steps.closing, *steps.puts))
    counted.update(f"{step.why}: removed" for step in (*steps.revocations, *steps.deletes))
    return dict(counted.most_common())
