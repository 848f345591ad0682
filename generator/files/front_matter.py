"""The lines between two `---` at the top of a host's file: which fields stand there, and on which lines.

The values are those of Python-Markdown's `meta` syntax; this file knows on which line each one stands.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from generator.files.problems import Problems

T = TypeVar("T")
D = TypeVar("D")

_FIELD: Final = re.compile(r"[ ]{0,3}(?P<key>[A-Za-z0-9_-]+):\s*(?P<value>.*)")
_MORE: Final = re.compile(r"[ ]{4,}(?P<value>.*)")
_ENDS = ("---", "...")


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """What stands where in a file: the values of every field and a line for each, the text's first line."""

    values: Mapping[str, list[str]]
    lines: Mapping[str, Sequence[int]]
    body_line: int


def outline(path: str, text: str, problems: Problems) -> Outline | None:
    """Where the fields and the text of a file stand; None, and told, if its front matter is out of shape."""
    rows = text.split("\n")
    if rows[0].rstrip() != "---":
        problems.add(path, 1, "This file does not begin with ---.", hint="Begin with ---, title: …, ---.")
        return None
    lines: dict[str, list[int]] = {}
    values: dict[str, list[str]] = {}
    field = ""
    for number, row in enumerate(rows[1:], start=2):
        if row.rstrip() in _ENDS:
            return Outline(values=values, lines=lines, body_line=number + 1)
        wide = row.expandtabs(4)
        if (found := _FIELD.match(wide)) and not row.startswith(_ENDS):
            field = found["key"].lower()
        else:
            found = _MORE.match(wide) if field and row.strip() else None
        if not found:
            _tell_stray(path, number, row, closed=_closes(rows[number:]), problems=problems)
            return None
        lines.setdefault(field, []).append(number)
        values.setdefault(field, []).append(found["value"].strip())
    _tell_stray(path, len(rows), "", closed=False, problems=problems)
    return None


def _closes(rows: Sequence[str]) -> bool:
    return any(row.rstrip() in _ENDS for row in rows)


def _tell_stray(path: str, line: int, row: str, *, closed: bool, problems: Problems) -> None:
    if not closed:
        hint = "Write --- alone on a line after the last field."
        problems.add(path, line, "The fields at the top have no end.", hint=hint)
    elif not row.strip():
        problems.add(path, line, "An empty line stands among the fields.", hint="Remove it.")
    else:
        hint = "Write name: value; indent a list's further lines by four spaces."
        problems.add(path, line, "This line is no field.", hint=hint)


class Front:
    """The fields of one file. Whatever is wrong with one is told with its line, and its default is used."""

    def __init__(
        self, path: str, values: Mapping[str, str | list[str]], *, places: Outline, problems: Problems
    ) -> None:
        self.path = path
        self.body_line = places.body_line
        self._problems = problems
        self._given: dict[str, list[tuple[int, str]]] = {}
        for name, value in values.items():
            rows = [value] if isinstance(value, str) else value
            pairs = zip(places.lines.get(name, ()), rows, strict=False)
            self._given[name] = [(line, row) for line, row in pairs if row]
        self._lines = places.lines

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are written, with or without a value."""
        return tuple(self._lines)

    def has(self, name: str) -> bool:
        return bool(self._given.get(name))

    def line(self, name: str) -> int:
        """Where the field stands, or the file's first line."""
        given, written = self._given.get(name), self._lines.get(name)
        return given[0][0] if given else written[0] if written else 1

    def rows(self, name: str) -> tuple[str, ...]:
        """The field as it is written."""
        return tuple(row for _, row in self._given.get(name, ()))

    def declared(self, name: str) -> frozenset[str]:
        """The names that the lines of a list begin with, whatever is wrong with the rest."""
        return frozenset(row.partition("|")[0].strip() for row in self.rows(name))

    def one(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        """The field's value, or `default` if it is not there."""
        given = self._given.get(name, [])
        for line, _ in given[1:]:
            self._problems.add(self.path, line, f"“{name}” has one value only.", hint="Remove this line.")
        return self._parsed(given[0], given[0][1], parse, default) if given else default

    def required(self, name: str, parse: Callable[[str], T], default: T, *, hint: str = "") -> T:
        """The field's value; its absence is told."""
        if not self.has(name):
            self.refuse(name, f"“{name}” is missing.", hint=hint or f"Add {name}: … at the top.")
        return self.one(name, parse, default)

    def many(self, name: str, parse: Callable[[str], T], *, commas: bool = False) -> tuple[T, ...]:
        """The field's values: one a line, or also several to a line between commas."""
        values: list[T] = []
        for line, row in self._given.get(name, []):
            for part in row.split(",") if commas else [row]:
                value = self._parsed((line, row), part.strip(), parse, None) if part.strip() else None
                if value is not None:
                    values.append(value)
        return tuple(values)

    def refuse(self, name: str, message: str, *, hint: str = "") -> None:
        """Tell that a field is wrong in a way that it alone does not show."""
        self._problems.add(self.path, self.line(name), message, hint=hint)

    def refuse_at(self, line: int, message: str, *, hint: str = "") -> None:
        """Tell what is wrong on a line of the file."""
        self._problems.add(self.path, line, message, hint=hint)

    def warn(self, name: str, message: str, *, hint: str = "") -> None:
        self.warn_at(self.line(name), message, hint=hint)

    def warn_at(self, line: int, message: str, *, hint: str = "") -> None:
        self._problems.add(self.path, line, message, hint=hint, kind="warning")

    def note_missing(self, message: str) -> None:
        """Tell that a translation lacks something; the original's words are shown instead."""
        self._problems.add(self.path, 0, message, hint="The original's words are shown.", kind="missing")

    def _parsed(self, given: tuple[int, str], text: str, parse: Callable[[str], T], default: D) -> T | D:
        try:
            return parse(text)
        except ValueError as error:
            self._problems.add_about(self.path, *given, error)
            return default
