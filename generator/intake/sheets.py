"""A table as stays: which column is which field, what dates and amounts mean as a whole, rows as entries.

It reads the file twice: once to decide, once to hand over the rows. It never reads or writes a record.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from generator.intake.amounts import DecimalMark, read_amount
from generator.intake.cells import (
    NOT_A_STAY,
    folded,
    is_nothing,
    is_text,
    read_consent,
    read_count,
    read_email,
    read_language,
    read_nights,
    read_phone,
    read_status,
    text_of,
    why_no_stay,
)
from generator.intake.dates import DateOrder, read_date, read_time
from generator.intake.entries import (
    DEFAULT_SOURCE,
    BadRow,
    Consent,
    Context,
    Entry,
    NotAStay,
    Repeated,
    entry_of,
    renamed,
    source_name,
    wrong_dates,
)
from generator.intake.headers import guess
from generator.intake.tables import SAMPLE_ROWS, Cells, Table
from guestlink.errors import InvalidInput
from guestlink.records import Unit

OPTIONAL = frozenset(
    {
        *("phone", "email", "language", "adults", "children", "pets"),
        *("expected_arrival", "check_in", "check_out", "amount", "opt_in"),
    }
)  # a mistake in one of them costs the field, not the stay
FREE_TEXT = frozenset({"name", "first_name", "last_name", "uid", "reference", "party"})
LONGEST_TEXT = 200
MOST_NAMED = 12

Seen = dict[tuple[str, str], tuple[int, str]]  # source and uid -> line and hash of the first such row


class Sheet:
    """A table that is understood. `mapping` is field -> column, for people to look at."""

    def __init__(self, table: Table, context: Context, overrides: Mapping[str, str]) -> None:
        self._table = table
        self._context = context
        self._dates, self._marks = DateOrder(), DecimalMark()
        self._units = {folded(name): unit for unit in context.units for name in (unit.title, unit.slug)}
        self._parties: frozenset[str] = frozenset()
        found = guess(table.columns, self._sample(), overrides)
        self.mapping = dict(found.mapping)
        self.notes = list(table.notes)
        for field, column in found.unfit.items():
            self.notes.append(f"the column {column!r} is not read: it holds no {field.replace('_', ' ')}")
        self._require_dates()
        self._decide(is_unit_unsure=found.is_unit_unsure, is_unit_told="unit" in overrides)
        self._readers = self._chosen_readers()

    def entries(self) -> Iterator[Entry | BadRow | tuple[BadRow, ...] | NotAStay | Repeated]:
        """Each row as what it tells; of rows with one uid the first counts."""
        seen: Seen = {}
        for line, cells in self._table.rows():
            if isinstance(cells, str):
                yield BadRow(line=line, field="", reason=cells)
            elif told := self._read(line, cells):
                yield self._single(told, seen) if isinstance(told, Entry) else told

    # -- the whole file -----------------------------------------------------------------------------
    def _sample(self) -> list[dict[str, str]]:
        rows = (cells for _, cells in islice(self._table.rows(), SAMPLE_ROWS) if isinstance(cells, dict))
        return [{column: text_of(value) for column, value in cells.items()} for cells in rows]

    def _require_dates(self) -> None:
        missing = [] if "arrival" in self.mapping else ["arrival"]
        if not self.mapping.keys() & {"departure", "nights"}:
            missing.append("departure")
        if missing:
            columns = ", ".join(self._table.columns) or "none"
            raise InvalidInput(
                f"No column is known to be the {' or the '.join(missing)}.",
                hint=f"Say which one it is, such as --map '{missing[0]}=COLUMN'. The file has: {columns}.",
            )

    def _decide(self, *, is_unit_unsure: bool, is_unit_told: bool) -> None:
        """What only all rows together tell: order of dates, decimal mark, parties, what a unit is."""
        rooms: dict[str, str] = {}
        parties: set[str] = set()
        has_rows = knows_units = False
        for _, cells in self._table.rows():
            has_rows = True
            if isinstance(cells, str):
                continue
            for field in ("arrival", "departure"):
                self._dates.see(self._text(field, cells))
            self._marks.see(cells.get(self.mapping.get("amount", "")))
            room = self._text("unit", cells)
            knows_units = knows_units or folded(room) in self._units
            reference = "" if "uid" in self.mapping else self._text("reference", cells)
            if reference and rooms.setdefault(reference, room) != room:
                parties.add(reference)
        self._parties = frozenset(parties)
        self._note(has_rows=has_rows)
        self._settle_units(keep=is_unit_told or knows_units or not is_unit_unsure)

    def _note(self, *, has_rows: bool) -> None:
        if not has_rows:
            self.notes.append("the file has no rows below its headings")
        if self._dates.note:
            self.notes.append(self._dates.note)
        if not self.mapping.keys() & {"uid", "reference"}:
            self.notes.append(
                "no column is a uid or reference: a stay whose dates change counts as a new one"
            )

    def _settle_units(self, *, keep: bool) -> None:
        column = self.mapping.get("unit")
        if column and self._context.unit and len(self._context.units) > 1:
            self.notes.append(f"the column {column!r} is not read: the unit is given for all stays")
            del self.mapping["unit"]
        elif column and not keep:
            self.notes.append(
                f"the column {column!r} names no unit and is not read; --map 'unit={column}' insists"
            )
            del self.mapping["unit"]

    # -- one row ------------------------------------------------------------------------------------
    def _read(self, line: int, cells: Cells) -> Entry | tuple[BadRow, ...] | NotAStay | None:
        values, mistakes = self._values(line, cells)
        if values.get("status") == NOT_A_STAY:
            return NotAStay(line=line, why=why_no_stay(self._text("status", cells)))
        if not values and not mistakes:
            return None
        unread = {mistake.field for mistake in mistakes}
        if unread - OPTIONAL - ({"nights"} if "departure" in values else set()):
            return (*mistakes, *wrong_dates(values, line=line, unread=unread))
        source = self._context.source or values.pop("source", DEFAULT_SOURCE)
        if not values.get("party") and values.get("reference") in self._parties and "unit" in values:
            values["party"] = values["reference"]
        told = entry_of(self._context, values, line=line, source=source, mistakes=mistakes)
        return told if isinstance(told, Entry) else (*mistakes, *told)

    def _values(self, line: int, cells: Cells) -> tuple[dict[str, Any], tuple[BadRow, ...]]:
        """What the cells of a row tell, by field, and every mistake in them."""
        values: dict[str, Any] = {}
        mistakes: list[BadRow] = []
        for field, column in self.mapping.items():
            cell = cells.get(column)
            text = text_of(cell)
            if not text or (field not in FREE_TEXT and is_nothing(text)):
                continue
            try:
                if not is_text(text):
                    raise InvalidInput("holds characters that are no text.")
                values[field] = self._readers[field](cell if field == "amount" else text)
            except InvalidInput as error:
                reason = error.message.rstrip(".")
                mistakes.append(BadRow(line=line, field=field, reason=reason, hint=error.hint))
        return values, tuple(mistakes)

    def _single(self, entry: Entry, seen: Seen) -> Entry | tuple[BadRow, ...] | Repeated:
        """Tells rows with one uid apart: rooms of one booking by their units, repetitions, mistakes."""
        first = seen.setdefault((entry.source, entry.uid), (entry.line, entry.imported))
        if first[0] == entry.line:
            return entry
        if first[1] == entry.imported:
            return Repeated(line=entry.line, mistakes=entry.mistakes)
        if entry.is_uid_told or not entry.is_unit_in_row or entry.unit is None:
            return self._double(entry, first[0])
        room = renamed(entry, self._context, f"{entry.uid}/{entry.unit.slug}", entry.party)
        before = seen.setdefault((room.source, room.uid), (room.line, room.imported))
        return room if before[0] == room.line else self._double(entry, before[0])

    def _double(self, entry: Entry, line: int) -> tuple[BadRow, ...]:
        field = "uid" if entry.is_uid_told else "reference" if "reference" in entry.plain else ""
        reason = f"is the same as in line {line}" if field else f"the row cannot be told from line {line}"
        hint = "Give every stay a uid of its own."
        return (BadRow(line=entry.line, field=field, reason=reason, hint=hint), *entry.mistakes)

    def _text(self, field: str, cells: Cells) -> str:
        column = self.mapping.get(field)
        return text_of(cells.get(column)) if column else ""

    # -- one cell -----------------------------------------------------------------------------------
    def _chosen_readers(self) -> dict[str, Callable[[Any], Any]]:
        month_first, mark, house = self._dates.is_month_first, self._marks.mark, self._context.house
        special: dict[str, Callable[[Any], Any]] = {
            "arrival": lambda text: read_date(text, month_first=month_first, zone=house.zone),
            "departure": lambda text: read_date(text, month_first=month_first, zone=house.zone),
            "nights": read_nights,
            "amount": lambda value: read_amount(value, mark=mark, currency=house.currency),
            "unit": self._unit,
            "phone": read_phone,
            "email": read_email,
            "language": read_language,
            "status": read_status,
            "opt_in": self._consent,
            "source": source_name,
            **dict.fromkeys(("adults", "children", "pets"), read_count),
            **dict.fromkeys(("expected_arrival", "check_in", "check_out"), read_time),
        }
        return {field: special.get(field, _short) for field in self.mapping}

    def _consent(self, text: str) -> Consent:
        """In which words: the heading and the cell."""
        return Consent(agrees=read_consent(text), words=_short(f"{self.mapping['opt_in']}: {text}"))

    def _unit(self, text: str) -> Unit:
        if unit := self._units.get(folded(text)):
            return unit
        named = [unit.slug for unit in self._context.units[:MOST_NAMED]]
        more = ", …" if len(self._context.units) > MOST_NAMED else ""
        known = (
            f"Known: {', '.join(named)}{more}." if named else "There are no units yet: `publish.py unit add`."
        )
        raise InvalidInput("is not one of the property's units.", hint=known)


def _short(text: str) -> str:
    """Names and references as they are, on one line."""
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"is longer than {LONGEST_TEXT} characters.")
    return " ".join(text.split())
