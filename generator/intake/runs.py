"""One import under way: batches of entries go into a book, each batch whole or not at all.

A stay that cannot have its unit waits until the others have moved; what still cannot then is a bad row.
"""

from collections.abc import Sequence

import msgspec

from generator.intake.differences import SHOWN, Difference, day, difference, restoring
from generator.intake.entries import GONE_MARK, BadRow, Context, Entry, NotAStay, Repeated
from generator.intake.ledgers import Book
from generator.intake.reports import ImportReport
from guestlink.contacts import Person, opened
from guestlink.database import Database, Reading, Row
from guestlink.errors import GuestLinkError, InvalidInput, Refused, Stale
from guestlink.records import TAKEN, Contact, Stay, contacts, periods, shaped

BATCH = 500
ATTEMPTS = 3
ROUNDS = 10
MOST_WAITING = 20_000
Told = Entry | BadRow | tuple[BadRow, ...] | NotAStay | Repeated


class Outcome(msgspec.Struct, kw_only=True):
    """What a batch comes to; it counts only when the batch is committed."""

    added: list[Entry] = []
    changed: list[tuple[str, Difference]] = []
    unchanged: int = 0
    echoes: list[int] = []
    kept: list[tuple[str, str]] = []
    waiting: list[tuple[Entry, Refused]] = []
    bad: list[BadRow] = []
    touched: set[str] = set()


class Run:
    """Takes what a source tells, batch by batch, and reports. `touched` are ids of stays that it told of,
    `no_stays` lines of rows that are none, by what they are.
    """

    def __init__(
        self, database: Database, book: Book, context: Context, report: ImportReport, *, year: int
    ) -> None:
        self._database = database
        self._book = book
        self.context = context
        self._year = year
        self.report = report
        self.touched: set[str] = set()
        self.unassigned = 0
        self.closings = 0
        self.echoes: list[int] = []
        self.no_stays: dict[str, list[int]] = {}
        self._waiting: list[tuple[Entry, Refused]] = []

    def take(self, told: Sequence[Told]) -> None:
        entries: list[Entry] = []
        for item in told:
            if isinstance(item, Entry):
                entries.append(item)
                self.report.left_out += item.mistakes
            elif isinstance(item, BadRow):
                self.report.leave_out(item)
            elif isinstance(item, tuple):
                self.report.leave_out(*item)
            elif isinstance(item, NotAStay):
                self.report.blocked += 1
                self.no_stays.setdefault(item.why, []).append(item.line)
            else:
                self.report.unchanged += 1
                self.report.left_out += item.mistakes
        if news := self._news(entries):
            self._post(news)

    def finish(self) -> None:
        """Posts what had to wait, as long as that helps; the rest is left out."""
        for _ in range(ROUNDS):
            waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), BATCH):
                self._post([entry for entry, _ in waiting[start : start + BATCH]])
            if len(self._waiting) in {0, len(waiting)}:
                break
        for entry, refusal in self._waiting:
            self.report.leave_out(_left_out(entry, refusal))
        self.report.settle()

    # -- batches ------------------------------------------------------------------------------------
    def _news(self, entries: list[Entry]) -> list[Entry]:
        """The entries that may change something; most rows of a file that is imported again do not."""
        news = []
        with self._database.read() as db:
            for entry in entries:
                known = db.one("import_of_uid", **self._key(entry))
                if known and not _is_back(entry, known) and entry.is_known_as(known["imported"]):
                    self.touched.add(known["id"])
                    self.report.unchanged += 1
                else:
                    news.append(entry)
        return news

    def _post(self, entries: list[Entry]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            outcome = Outcome()
            try:
                with self._book.batch() as db:
                    for entry in entries:
                        self._post_one(db, entry, outcome)
            except Stale:
                if attempt == ATTEMPTS:
                    raise
            else:
                break
        self._count(outcome)

    def _post_one(self, db: Reading, entry: Entry, outcome: Outcome) -> None:
        stay = self._find(db, entry, outcome)
        try:
            if stay is None:
                outcome.touched.add(self._book.add(entry))
                outcome.added.append(entry)
            else:
                outcome.touched.add(stay.id)
                self._update(db, stay, entry, outcome)
        except Refused as refusal:
            is_waiting = stay is not None and not _has_unit(db, stay)
            if entry.may_be_echo and not is_waiting and self._is_elsewhere(db, entry):
                outcome.echoes.append(entry.line)
            else:
                hint = self._way_out(db, entry, stay) or refusal.hint
                outcome.waiting.append((entry, Refused(refusal.message, hint=hint)))
        except InvalidInput as error:
            outcome.bad.append(_left_out(entry, error))

    def _update(self, db: Reading, stay: Stay, entry: Entry, outcome: Outcome) -> None:
        is_known = entry.is_known_as(stay.imported)
        told = restoring(entry, stay) if is_known else self._difference(db, stay, entry)
        imported = entry.marked(stay.imported)
        if told:
            self._book.change(stay, told, imported=imported, why="changed at its source")
            outcome.changed.append((stay.reference, told))
        else:
            self._book.remember(stay, imported)
            outcome.unchanged += 1
        outcome.kept += [(stay.reference, why) for why in told.kept]

    def _count(self, outcome: Outcome) -> None:
        report, year = self.report, self._year
        for entry in outcome.added:
            report.added += 1
            self.unassigned += entry.unit is None
            self.closings += entry.may_be_echo
            where = f", {entry.unit.slug}" if entry.unit else ""
            span = f"{day(entry.arrival, year)} to {day(entry.departure, year)}"
            added = (
                "added"
                if entry.status in {"", *TAKEN}
                else f"added as {SHOWN.get(entry.status, entry.status)}"
            )
            report.tell(f"stay {entry.name}: {added}, {span}{where}")
        for name, told in outcome.changed:
            report.restored += told.is_restored
            report.changed += not told.is_restored
            report.tell(f"stay {name}: {', '.join(told.words)}")
        for name, why in outcome.kept:
            report.tell(f"stay {name}: {why}")
        for row in outcome.bad:
            report.leave_out(row)
        report.unchanged += outcome.unchanged
        report.blocked += len(outcome.echoes)
        self.echoes += outcome.echoes
        free = max(0, MOST_WAITING - len(self._waiting))
        self._waiting += outcome.waiting[:free]
        for entry, refusal in outcome.waiting[free:]:
            report.leave_out(_left_out(entry, refusal))
        self.touched |= outcome.touched

    # -- records ------------------------------------------------------------------------------------
    def _find(self, db: Reading, entry: Entry, outcome: Outcome) -> Stay | None:
        """The stay of this uid, else the source's only one of this reference: uids may change with dates."""
        if row := db.one("stay_by_uid", **self._key(entry)):
            return shaped(row, Stay)
        if entry.uid_without_unit:
            return self._find_without_unit(db, entry, outcome)
        reference = entry.plain.get("reference")
        if not reference or not (entry.is_from_feed or entry.uid == reference):
            return None
        house = self.context.house
        rows = db.all("stays_by_reference", property_id=house.id, source=entry.source, reference=reference)
        fresh = [row for row in rows if row["id"] not in self.touched and row["id"] not in outcome.touched]
        return shaped(fresh[0], Stay) if len(fresh) == 1 else None

    def _find_without_unit(self, db: Reading, entry: Entry, outcome: Outcome) -> Stay | None:
        """The stay that this was before anybody told its unit, unless another unit's source took it over."""
        row = db.one("stay_by_uid", **{**self._key(entry), "source_uid": entry.uid_without_unit})
        if row is None or row["id"] in self.touched or row["id"] in outcome.touched:
            return None
        stay = shaped(row, Stay)
        assert entry.unit is not None
        is_ours = entry.unit.id in {period.unit_id for period in periods(db, stay)}
        is_ours = is_ours or entry.is_known_as(stay.imported) or entry.is_of_same_feed(stay.imported)
        return stay if is_ours or not _has_unit(db, stay) else None

    def _difference(self, db: Reading, stay: Stay, entry: Entry) -> Difference:
        booker = next((contact for contact in contacts(db, stay) if contact.role == "booker"), None)
        return difference(
            entry if booker else msgspec.structs.replace(entry, guest=Person()),
            stay,
            current=periods(db, stay),
            booker=booker,
            known=self._person(booker),
            is_in_party=self._is_in_party(db, stay, entry),
            year=self._year,
        )

    def _person(self, booker: Contact | None) -> Person:
        """Nobody for somebody who was erased: an import does not bring them back."""
        return opened(self.context.ring, booker) if booker else Person()

    def _is_in_party(self, db: Reading, stay: Stay, entry: Entry) -> bool:
        house = self.context.house
        row = (
            db.one("party_by_reference", property_id=house.id, reference=entry.party) if entry.party else None
        )
        return row is not None and row["id"] == stay.party_id

    def _is_elsewhere(self, db: Reading, entry: Entry) -> bool:
        """True when a stay of another source has the unit on one of the nights."""
        return any(row["source"] != entry.source for row in self._in_the_way(db, entry))

    def _in_the_way(self, db: Reading, entry: Entry) -> list[Row]:
        if entry.unit is None:
            return []
        nights = {"from_on": entry.arrival.isoformat(), "until_on": entry.departure.isoformat()}
        return db.all("overlapping_stays", unit_id=entry.unit.id, stay_id="", **nights)

    def _way_out(self, db: Reading, entry: Entry, stay: Stay | None) -> str:
        """How to mend a row that is refused, when more is known than that two stays want one unit."""
        if stay is not None and not _has_unit(db, stay):
            mend = f"`publish.py stay set {stay.code} --unit UNIT`"
            return (
                f"Stay {stay.reference} has no unit yet: give it another one with {mend}, "
                f"or cancel one of the two with `--status cancelled`."
            )
        for row in self._in_the_way(db, entry) if stay is None else []:
            if row["source"] != entry.source and row["reference"] == entry.plain.get("reference"):
                known = row["source"]
                return f"It came from {known}: when both are one stay, import with `--source {known}`."
        return ""

    def _key(self, entry: Entry) -> dict[str, str]:
        return {"property_id": self.context.house.id, "source": entry.source, "source_uid": entry.uid}


def _is_back(entry: Entry, known: Row) -> bool:
    """True when a feed tells again of a stay that it had lost."""
    was_lost = known["status"] == "proposed_cancelled" or str(known["imported"]).endswith(GONE_MARK)
    return entry.is_from_feed and was_lost


def _has_unit(db: Reading, stay: Stay) -> bool:
    return any(period.unit_id for period in periods(db, stay))


def _left_out(entry: Entry, error: GuestLinkError) -> BadRow:
    field = "unit" if isinstance(error, Refused) else ""
    return BadRow(line=entry.line, field=field, reason=error.message.rstrip("."), hint=error.hint)
