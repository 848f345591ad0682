"""Files of rows: CSV, TSV, JSON and NDJSON, with whichever separator, through sqlite-utils.

It knows lines and columns; what a column means is said in headers.py. JSON is read whole, the rest streamed.
"""

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlite_utils.utils import Format, RowsFromFileError, flatten, rows_from_file

from generator.intake.texts import SAVE_AS_CSV, Lines, encoding_of
from guestlink.errors import InvalidInput

Cells = dict[str, Any]
SAMPLE_LINES = 60
SAMPLE_ROWS = 200
SEPARATORS = ",;\t|"
EXTRAS = "\0extras"
LOST = "nothing after it can be read"


class Table:
    """A file of rows. `columns` are its headings in order, `notes` what a host should know of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoding = encoding_of(path)
        self.notes = [self._encoding.note] if self._encoding.note else []
        self._skipped = 0
        self._separator = ","
        self._decoded: list[Any] | None = None
        self.format = self._format()
        if self.format is Format.JSON:
            self._decoded = self._load_json()
        self.columns = self._columns()

    def rows(self) -> Iterator[tuple[int, Cells | str]]:
        """Each row with its line (in JSON its place in the list), or in words why it cannot be read."""
        if self._decoded is not None:
            yield from self._listed(self._decoded)
        elif self.format is Format.NL:
            yield from self._lines_of_json()
        else:
            yield from self._separated()

    # -- which kind ---------------------------------------------------------------------------------
    def _format(self) -> Format:
        if self.path.suffix.lower() in {".ndjson", ".jsonl", ".nljson"}:
            return Format.NL
        with self._text() as text:
            first = next((line for line in text if line.strip()), "").strip()
            more = any(line.strip() for line in islice(text, SAMPLE_LINES))
        if first.startswith("{") and more and _is_json(first):
            return Format.NL
        if first.startswith(("{", "[")) or self.path.suffix.lower() == ".json":
            return Format.JSON
        return Format.CSV

    def _columns(self) -> tuple[str, ...]:
        if self._decoded is not None:
            return _keys(cells for _, cells in self._listed(self._decoded))
        if self.format is Format.NL:
            return _keys(cells for _, cells in islice(self._lines_of_json(), SAMPLE_ROWS))
        return self._headings()

    def _headings(self) -> tuple[str, ...]:
        """Finds the separator and the first line that is not empty; Excel's own `sep=;` is not a heading."""
        with self._text() as text:
            lines = list(islice(text, SAMPLE_LINES))
        while lines and (not lines[0].strip() or lines[0].lower().startswith("sep=")):
            self._skipped += 1
            lines.pop(0)
        self._separator = max(SEPARATORS, key=lambda mark: _regularity(lines, mark))
        try:
            headings = next(csv.reader(lines, delimiter=self._separator), [])
        except csv.Error:
            raise InvalidInput(
                f"{self.path.name} begins with a cell that never ends.", hint=SAVE_AS_CSV
            ) from None
        if len(set(headings)) < len(headings):
            self.notes.append("two columns have the same heading: the last of them is read")
        return tuple(dict.fromkeys(heading for heading in headings if heading.strip()))

    # -- rows ---------------------------------------------------------------------------------------
    def _separated(self) -> Iterator[tuple[int, Cells | str]]:
        dialect = type("Dialect", (csv.excel,), {"delimiter": self._separator})
        with Lines(self.path, self._encoding.name, skip=self._skipped) as lines:
            source = cast(BinaryIO, lines)
            rows, _ = rows_from_file(source, Format.CSV, dialect=dialect, encoding="utf-8", extras_key=EXTRAS)
            before = self._skipped + 1
            try:
                for row in rows:
                    inside = _inner_lines(row) if lines.line - before > 1 else 0
                    before = lines.line
                    extras = row.pop(EXTRAS, None)
                    if lines.is_over and inside and lines.quotes % 2:
                        yield before - inside + _ends_open(row), f"a quotation mark is not closed: {LOST}"
                    elif isinstance(extras, list) and any(extras):
                        yield before - inside, "the row has more cells than there are headings"
                    else:
                        yield before - inside, row
            except csv.Error:
                yield before + 1, f"a cell never ends, perhaps for want of a quotation mark: {LOST}"

    def _lines_of_json(self) -> Iterator[tuple[int, Cells | str]]:
        with Lines(self.path, self._encoding.name) as lines:
            while not lines.is_over:
                try:
                    rows, _ = rows_from_file(cast(BinaryIO, lines), Format.NL)
                    for row in rows:
                        yield lines.line, _row_of(row)
                except (ValueError, RecursionError):
                    yield lines.line, "the line is not JSON"

    def _listed(self, decoded: list[Any]) -> Iterator[tuple[int, Cells | str]]:
        for place, row in enumerate(decoded, start=1):
            yield place, _row_of(row)

    def _load_json(self) -> list[Any]:
        with self._text() as text:
            whole = text.read()
        try:
            rows: list[Any] = list(rows_from_file(io.BytesIO(whole.encode()), Format.JSON)[0])
        except json.JSONDecodeError as error:
            raise InvalidInput(f"{self.path.name} is not JSON: line {error.lineno} cannot be read.") from None
        except (RowsFromFileError, RecursionError):
            rows, whole = [None], ""
        if whole.lstrip().startswith("["):
            return rows
        lists = [value for value in rows[0].values() if _is_rows(value)] if isinstance(rows[0], dict) else []
        if len(lists) != 1:
            raise InvalidInput(
                f"{self.path.name} holds no list of stays.", hint="Write [{…}, {…}], one {…} per stay."
            )
        return list(lists[0])

    def _text(self) -> io.TextIOWrapper:
        return self.path.open(encoding=self._encoding.name)


def _regularity(lines: list[str], separator: str) -> tuple[float, int]:
    """How many rows have as many cells as the headings, and how many that is; one cell means no separator."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        rows = []
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, 0
    return sum(len(row) == width for row in rows) / len(rows), width


def _inner_lines(row: Cells) -> int:
    return sum(text.count("\n") for text in row.values() if isinstance(text, str))


def _ends_open(row: Cells) -> bool:
    """True when the file's last line break lies inside a cell."""
    return any(isinstance(text, str) and text.endswith("\n") for text in row.values())


def _keys(rows: Iterator[Cells | str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for row in rows if isinstance(row, dict) for key in row))


def _row_of(row: object) -> Cells | str:
    return flatten(row) if isinstance(row, dict) else "the row is not an object with names and values"


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
