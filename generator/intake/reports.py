"""What an import did, for people and machines. Nothing in it names a person."""

from collections.abc import Iterable

import msgspec

from generator.intake.entries import BadRow

MOST_TOLD = 10_000
COUNTS = {  # in words for one and for several
    "added": ("added", "added"),
    "changed": ("changed", "changed"),
    "restored": ("back in the feed", "back in the feed"),
    "proposed_cancelled": ("gone from the feed and proposed for cancellation",) * 2,
    "unchanged": ("unchanged", "unchanged"),
    "blocked": ("row is no stay", "rows are no stays"),
    "bad": ("row left out", "rows left out"),
}


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did, or in a dry run would do.

    `mapping` is field -> column. `blocked` rows are no stays: blocked days, requests, offers. `bad` rows were
    left out, for the mistakes in `bad_rows`; `left_out` are mistakes for which only a field was.
    `changes` says what happened to each stay, the first MOST_TOLD; `notes` are what a host should know.
    `withheld` says in words why stays that are gone from a feed were not proposed for cancellation.
    """

    source: str = ""
    is_dry_run: bool = False
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    proposed_cancelled: int = 0
    restored: int = 0
    blocked: int = 0
    bad: int = 0
    mapping: dict[str, str] = {}
    bad_rows: list[BadRow] = []
    left_out: list[BadRow] = []
    changes: list[str] = []
    notes: list[str] = []
    withheld: str = ""

    @property
    def is_clean(self) -> bool:
        """True when no row and no field was left out."""
        return self.bad == 0 and not self.left_out

    def tell(self, change: str) -> None:
        told = self.added + self.changed + self.restored + self.proposed_cancelled
        if len(self.changes) < MOST_TOLD:
            self.changes.append(change)
        elif told == MOST_TOLD + 1:
            self.notes.append(f"only the first {MOST_TOLD:,} changes are listed")

    def leave_out(self, *mistakes: BadRow) -> None:
        """Counts one row, with all its mistakes."""
        self.bad += 1
        self.bad_rows += mistakes

    def settle(self) -> None:
        """Tells all mistakes of a row that was left out in one place, and all of them by line."""
        gone = {row.line for row in self.bad_rows}
        self.bad_rows += [row for row in self.left_out if row.line in gone]
        self.left_out = [row for row in self.left_out if row.line not in gone]
        self.bad_rows.sort(key=lambda row: row.line)
        self.left_out.sort(key=lambda row: row.line)


def summed(reports: Iterable[ImportReport]) -> str:
    """`2 added, 1 changed`: what several imports did together."""
    told = list(reports)
    sums = {name: sum(getattr(report, name) for report in told) for name in COUNTS}
    parts = [counted(sums[name], *words) for name, words in COUNTS.items() if sums[name]]
    if fields := sum(len(report.left_out) for report in told):
        parts.append(counted(fields, "field left out", "fields left out"))
    return ", ".join(parts) or "no rows"


def counted(number: int, one: str, many: str) -> str:
    """`1 stay`, `2 stays`."""
    return f"{number:,} {one if number == 1 else many}"
