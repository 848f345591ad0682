"""What an import did, for people and machines. Nothing in it names a person."""

import msgspec

from generator.intake.entries import BadRow

MOST_TOLD = 10_000


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did, or in a dry run would do.

    `mapping` is field -> column. `blocked` rows are no stays: blocked days, requests, offers.
    `changes` says what happened to each stay, the first MOST_TOLD; `notes` are what a host should know.
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
    changes: list[str] = []
    notes: list[str] = []

    @property
    def is_clean(self) -> bool:
        """True when no row was left out."""
        return self.bad == 0

    def tell(self, change: str) -> None:
        told = self.added + self.changed + self.restored + self.proposed_cancelled
        if len(self.changes) < MOST_TOLD:
            self.changes.append(change)
        elif told == MOST_TOLD + 1:
            self.notes.append(f"only the first {MOST_TOLD:,} changes are listed")

    def leave_out(self, row: BadRow) -> None:
        self.bad += 1
        self.bad_rows.append(row)
