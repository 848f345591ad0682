"""Which column of a host's file holds what: guessed from headings in seven languages and first values.

A guess is shown to people and overruled by them; it never looks at more than the sample it is given.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from generator.intake.cells import folded, read_consent
from generator.intake.dates import looks_like_date, looks_like_time
from guestlink.errors import InvalidInput

HEADINGS = Path(__file__).with_name("headings.toml")
UNSURE_UNITS = frozenset(
    {
        *("property name", "listing", "listing name", "accommodation", "rental"),
        *(
            "objekt",
            "unterkunft",
            "inserat",
            "annonce",
            "hebergement",
            "anuncio",
            "alojamiento",
            "alojamento",
        ),
        *("annuncio", "alloggio", "accommodatie"),
    }
)
_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")
_COUNTING = re.compile(
    r"\b(of|n|no|nr|number|num|numero|nombre|anzahl|zahl|der|nb|aantal|quantita|cantidad|quantidade|de|d|di|total)\b"
)


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """`mapping` is field -> column as headed in the file.

    `unfit` are columns left out since their values are not what the heading promises (field -> column).
    `is_unit_unsure` says that the unit's heading often names something else, such as an advertisement.
    """

    mapping: dict[str, str]
    unfit: dict[str, str] = {}
    is_unit_unsure: bool = False


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, str]], overrides: Mapping[str, str]) -> Guess:
    """The likeliest column of each field. An override wins; one without a column leaves its field out.

    InvalidInput when an override names a field or a column that does not exist.
    """
    told = {field: _named(field, column, columns) for field, column in overrides.items()}
    mapping = {field: column for field, column in told.items() if column}
    candidates = [pair for pair in sorted(_candidates(columns)) if pair[1] not in told]
    for _, field, column in candidates:
        fits = column == field or _fits(field, [row[column] for row in sample if row.get(column)])
        if fits and field not in mapping and column not in mapping.values():
            mapping[field] = column
    unfit: dict[str, str] = {}
    for (rank, *_), field, column in candidates:
        if field not in mapping and column not in mapping.values() and _is_unmistakable(column):
            (mapping if rank == 0 else unfit)[field] = column
    return Guess(
        mapping={field: mapping[field] for field in fields() if field in mapping},
        unfit=unfit,
        is_unit_unsure="unit" not in told and folded(mapping.get("unit", "")) in UNSURE_UNITS,
    )


@cache
def fields() -> tuple[str, ...]:
    """Every field a file can tell, in the order in which they are shown."""
    return tuple(_headings())


def _named(field: str, column: str, columns: Sequence[str]) -> str:
    if field not in fields():
        raise InvalidInput(f"There is no field {field!r}.", hint=f"Known fields: {', '.join(fields())}.")
    if not column or column in columns:
        return column
    alike = [known for known in columns if folded(known) == folded(column)]
    if not alike:
        raise InvalidInput(f"There is no column {column!r}.", hint=f"The file has: {', '.join(columns)}.")
    return alike[0]


def _candidates(columns: Sequence[str]) -> Iterator[tuple[tuple[int, int, int], str, str]]:
    """Every pair of a field and a column whose heading names it, with how well: lower sorts first."""
    for place, column in enumerate(columns):
        for looseness, heading in enumerate(_readings(column)):
            for field, rank in _ranks().get(heading.replace(" ", ""), {}).items():
                surely = 0 if column == field else rank + looseness
                yield (surely, fields().index(field), place), field, column


def _is_unmistakable(column: str) -> bool:
    """True when the heading can mean one field only."""
    return (
        len({field for heading in _readings(column) for field in _ranks().get(heading.replace(" ", ""), {})})
        == 1
    )


def _readings(column: str) -> Iterable[str]:
    """The heading as it is, without brackets, and without words of counting: `# of adults` is `adults`."""
    bare = folded(_BRACKETS.sub(" ", column))
    counted = " ".join(_COUNTING.sub(" ", bare).split())
    return dict.fromkeys([folded(column), bare, counted])


@cache
def _ranks() -> dict[str, dict[str, int]]:
    """Heading without spaces -> field -> how far down its language's list it stands."""
    ranks: dict[str, dict[str, int]] = {}
    for field, languages in _headings().items():
        for names in (field.replace("_", " "), *languages.values()):
            for rank, name in enumerate(names.split(", ")):
                places = ranks.setdefault(name.replace(" ", ""), {})
                places[field] = min(rank, places.get(field, rank))
    return ranks


@cache
def _headings() -> dict[str, dict[str, str]]:
    return tomllib.loads(HEADINGS.read_text("utf-8"))


def _fits(field: str, values: Sequence[str]) -> bool:
    """False when none of the values can be what the heading promises: a `check in` of 15:00 is no date."""
    if not values:
        return field not in ("check_in", "check_out")
    holds = _HOLDING.get(field, bool)
    return any(holds(value) for value in values)


def _has_digits(value: str) -> bool:
    return any(char.isdecimal() for char in value)


def _is_counted(value: str) -> bool:
    return value[0].isdecimal()


def _is_address(value: str) -> bool:
    return "@" in value


def _is_named(value: str) -> bool:
    return any(char.isalpha() for char in value) and not looks_like_date(value)


def _is_consent(value: str) -> bool:
    try:
        read_consent(value)
    except InvalidInput:
        return False
    return True


_HOLDING: dict[str, Callable[[str], bool]] = {
    "arrival": looks_like_date,
    "departure": looks_like_date,
    "check_in": looks_like_time,
    "check_out": looks_like_time,
    "expected_arrival": looks_like_time,
    "adults": _is_counted,
    "children": _is_counted,
    "nights": _is_counted,
    "name": _is_named,
    "first_name": _is_named,
    "last_name": _is_named,
    "email": _is_address,
    "phone": _has_digits,
    "amount": _has_digits,
    "opt_in": _is_consent,
}
