"""Shades of a house's accent for where no style sheet can compute them: mails. Pure.

Colours are `#rrggbb`. Contrast is that of WCAG 2.2, 1.4.3.
"""

from functools import lru_cache
from typing import Final

_STEPS: Final = 20


@lru_cache(maxsize=256)
def readable(colour: str, *, on: str, contrast: float) -> str:
    """The colour, as much darker or lighter as it takes to be read on this ground with that contrast."""
    towards = "#000000" if _luminance(on) > _luminance("#777777") else "#ffffff"
    shades = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if contrast_of(shade, on) >= contrast)


def contrast_of(one: str, other: str) -> float:
    """From 1 (none) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
