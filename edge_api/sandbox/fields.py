"""Strict reading of a request's objects: names, types, lengths and counts, with details that say where."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from edge_api.sandbox.refusals import Refusal

LONGEST_URL = 2000


class Fields:
    """An object of the request. `at` is where it stands; every refusal is of `code`."""

    def __init__(self, value: object, at: str, code: int = 100) -> None:
        self.at = at
        self.code = code
        if not isinstance(value, dict):
            raise self.refused(f"{at or 'body'} must be a JSON object.")
        self.value: dict[str, object] = value

    def refused(self, details: str) -> Refusal:
        if self.code == 100:
            return Refusal(100, details, message=f"(#100) {details}")
        return Refusal(self.code, details)

    def only(self, *names: str) -> "Fields":
        """Refuses any other name than these."""
        for name in self.value:
            if name not in names:
                raise self.refused(f'Unexpected key "{name}" on param "{self.at}".')
        return self

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def text(self, name: str, longest: int, *, shortest: int = 1, optional: bool = False) -> str:
        """A string of that many characters; empty if it is optional and not there."""
        found = self.value.get(name)
        if found is None and optional:
            return ""
        if found is None:
            raise self._missing(name)
        if not isinstance(found, str):
            raise self.refused(f"Param {self._name(name)} must be a string.")
        if len(found) > longest:
            raise self.refused(f"Param {self._name(name)} must be at most {longest} characters long.")
        if len(found) < shortest or (shortest and not found.strip()):
            raise self.refused(f"Param {self._name(name)} must be at least {shortest} characters long.")
        return found

    def url(self, name: str) -> str:
        found = self.text(name, LONGEST_URL)
        parts = urlsplit(found)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise self.refused(f"Param {self._name(name)} is not a valid URI.")
        return found

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        found = self.value.get(name)
        if found is None:
            raise self._missing(name)
        if found not in allowed:
            raise self.refused(
                f"Param {self._name(name)} must be one of {{{', '.join(allowed)}}} - got {found!r}."
            )
        return str(found)

    def number(self, name: str, lowest: float, highest: float) -> float:
        """A number, or a string of one."""
        found = self.value.get(name)
        if found is None:
            raise self._missing(name)
        try:
            read = float(found) if isinstance(found, int | float | str) else None
        except ValueError:
            read = None
        if read is None or isinstance(found, bool) or not lowest <= read <= highest:
            raise self.refused(f"Param {self._name(name)} must be a number from {lowest:g} to {highest:g}.")
        return read

    def flag(self, name: str) -> bool:
        found = self.value.get(name, False)
        if not isinstance(found, bool):
            raise self.refused(f"Param {self._name(name)} must be a boolean.")
        return found

    def child(self, name: str) -> "Fields":
        if self.value.get(name) is None:
            raise self._missing(name)
        return Fields(self.value[name], self._name(name), self.code)

    def children(self, name: str, *, fewest: int, most: int) -> list["Fields"]:
        """A list of objects, not fewer and not more than that."""
        found = self.value.get(name)
        if found is None:
            raise self._missing(name)
        if not isinstance(found, list):
            raise self.refused(f"Param {self._name(name)} must be an array.")
        if not fewest <= len(found) <= most:
            told = f"Invalid {name} count. Min allowed {name}: {fewest}, Max allowed {name}: {most}"
            raise self.refused(told)
        return [Fields(each, f"{self._name(name)}[{at}]", self.code) for at, each in enumerate(found)]

    def _name(self, name: str) -> str:
        return f"{self.at}['{name}']" if self.at else name

    def _missing(self, name: str) -> Refusal:
        if self.code == 100:
            return self.refused(f"The parameter {self._name(name)} is required.")
        return Refusal(131008, f"The parameter {self._name(name)} is required.")


def no_two_alike(fields: Fields, values: Sequence[str], what: str) -> None:
    """Refuses a list in which a value comes twice."""
    for value in values:
        if values.count(value) > 1:
            raise fields.refused(f"Duplicated {what} : {value}. Make sure every {what} is unique.")
