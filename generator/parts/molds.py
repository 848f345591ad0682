"""Templates rendered once for each shape of what they print, then filled by joining texts.

A template prints a value, asks whether there is one, or loops over a list of them. Nobody else escapes what a
mold is filled with.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

from guestlink.errors import ContentError, SettingsError

Render = Callable[[str, Mapping[str, object]], str]

MOST: Final = 1024  # molds; that of a page takes twenty kilobytes
HOLE: Final = "\0"


class Fixed(str):
    """A text that a template may compare, or hand to what looks at it: there is a mold for each."""

    __slots__ = ()


PRINTED: Final = frozenset({str, Markup, int})
SIMPLE: Final = PRINTED | {bool, type(None), Fixed}


class Hole:
    """Stands in a template for a value that is there. Whatever would look at the value is refused."""

    def __init__(self, number: int) -> None:
        self._mark = Markup(f"\0{number}\0")  # noqa: S704 - a number

    def __html__(self) -> str:
        return self._mark

    def __str__(self) -> str:
        raise _refusal()

    def __eq__(self, _other: object) -> bool:
        raise _refusal()

    def __hash__(self) -> int:
        raise _refusal()


class Mold(msgspec.Struct, frozen=True):
    """`parts` are texts with an empty place between each two, `holes` which value goes there."""

    parts: list[str]
    holes: list[int]

    @classmethod
    def split(cls, rendered: str) -> "Mold":
        """The mold of what a template printed with holes. A text with marks of its own is refused."""
        parts = rendered.split("\0")
        if len(parts) % 2 == 0 or not all(map(str.isdecimal, parts[1::2])):
            mend = "Write the line again, or save it as UTF-8."
            raise ContentError("A text holds a NUL character.", hint=mend)
        return cls(parts, [int(number) for number in parts[1::2]])

    def poured(self, values: list[str]) -> Markup:
        parts = self.parts.copy()
        parts[1::2] = [values[at] for at in self.holes]
        return Markup("".join(parts))  # noqa: S704 - the template escaped its own, `_escaped` the values


class Molds:
    """The molds of one theme; `render` renders a template of that name with these values."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._known: dict[tuple[Hashable, ...], Mold] = {}

    def filled(self, template: str, fixed: Mapping[str, Hashable], said: Mapping[str, object]) -> Markup:
        """A template with its values.

        `said` holds texts, numbers, truths, None, and lists, mappings and structs of these. Of its texts and
        numbers a mold knows only whether they are there, unless they are Fixed. For each value of `fixed`
        there is a mold, too.
        """
        shape: list[Hashable] = [template, *fixed, *fixed.values()]
        values: list[str] = []
        _measure(said, shape, values)
        key = tuple(shape)
        mold = self._known.get(key)
        if mold is None:
            mold = Mold.split(self._render(template, {**fixed, **_holed(said, count())}))
            if len(self._known) == MOST:
                self._known.clear()
            self._known[key] = mold
        return mold.poured(_escaped(values))


def _refusal() -> SettingsError:
    return SettingsError(
        "A template decides by a value that it may only print.",
        setting="theme",
        hint="Print it, or ask whether it is there, as the program's own templates do.",
    )


def _measure(value: Any, shape: list[Hashable], values: list[str]) -> None:
    """Adds what of a value's inner ones a template can tell, and the texts that it prints."""
    names, inner = _opened(value)
    shape.append(names)
    for each in inner:
        kind = type(each)
        if kind not in SIMPLE:
            _measure(each, shape, values)
        elif each and kind in PRINTED:
            shape.append(HOLE)
            values.append(str(each) if kind is int else each)
        else:
            shape.append(each)


def _holed(value: Any, numbers: Iterator[int]) -> Any:
    """The same value with holes for texts and numbers, in the order in which `_measure` meets them."""
    if type(value) in PRINTED:
        return Hole(next(numbers)) if value else value
    if type(value) in SIMPLE:
        return value
    names, inner = _opened(value)
    holed = [_holed(each, numbers) for each in inner]
    return dict(zip(names, holed, strict=True)) if isinstance(names, tuple) else holed


def _opened(value: Any) -> tuple[tuple[str, ...] | int, Iterable[Any]]:
    """Its names, or how many it has, and what it holds."""
    kind = type(value)
    if kind is tuple or kind is list:
        return len(value), value
    if kind is dict:
        return tuple(value), value.values()
    return value.__struct_fields__, msgspec.structs.astuple(value)


def _escaped(values: list[str]) -> list[str]:
    """Texts as HTML, all in one call, since a call costs more than what it does. Markup stays as it is."""
    plain = [value for value in values if type(value) is not Markup]
    told = str(escape(HOLE.join(plain))).split(HOLE)
    if len(told) != len(plain):  # a text with a NUL of its own, or none at all
        told = [str(escape(value)) for value in plain]
    texts = iter(told)
    return [value if type(value) is Markup else next(texts) for value in values]
