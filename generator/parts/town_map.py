"""A light map of what is nearby, drawn from coordinates alone: numbered dots, distances on foot, north. Pure.

No tile, no street, no request: a drawing of about a kilobyte that says which way and how far.
"""

from collections.abc import Callable, Sequence
from math import ceil, cos, floor, hypot, radians
from typing import Final

import msgspec
from markupsafe import Markup

METRES_A_DEGREE: Final = 111_320
METRES_A_MINUTE: Final = 65  # a quiet step, with a quarter for corners
RINGS: Final = (2, 5, 10, 15, 30, 60, 120)  # minutes; the drawing shows the largest three that fit
MOST_RINGS: Final = 3
WIDTH: Final = 320
SHORTEST, TALLEST = 150, 300
MARGIN: Final = 16
ARROW: Final = (WIDTH - 10, 16)  # to the north
DOT: Final = 18  # how wide a dot is
BEND: Final = 0.6  # with a house in the middle, what is near gets more room than what is far
ROUNDS: Final = 60
ONE_DIGIT: Final = 9

Point = tuple[float, float]

_FRAME: Final = Markup(
    '<svg class="town" role="img" viewBox="0 0 {w} {h}" text-anchor="middle" dominant-baseline="central"'
    ' font-size="11"><title>{title}</title>{inner}</svg>'
)
_RING: Final = Markup('<circle cx="{x}" cy="{y}" r="{r}"/>')
_RINGS: Final = Markup('<g fill="none" stroke="currentcolor" opacity=".35">{rings}</g>')
_LABEL: Final = Markup('<text x="{x}" y="{y}" fill="currentcolor">{text}</text>')
_DOTS: Final = Markup('<path d="{d}" stroke="currentcolor" stroke-width="{wide}" stroke-linecap="round"/>')
_NUMBERS: Final = Markup('<g fill="var(--paper)" font-weight="600">{numbers}</g>')
_NUMBER: Final = Markup('<text x="{x}" y="{y}">{n}</text>')
_HOUSE: Final = Markup('<path d="M{x} {y}m-9 1l9-9 9 9h-3v8h-12v-8z" fill="currentcolor"/>')
_NORTH: Final = Markup('<path d="M{x} 8l5 16-5-4-5 4z" fill="currentcolor"/>')


class Sheet(msgspec.Struct, frozen=True):
    """Where the origin lies on the drawing, how wide a unit is, how far the farthest place is in metres."""

    x: float
    y: float
    height: int
    scale: float
    farthest: float
    bend: float

    def reach(self, metres: float) -> float:
        """A distance on the drawing."""
        return float((metres / self.farthest) ** self.bend) * self.scale


class Spot(msgspec.Struct, frozen=True):
    """A place and its number in the list; degrees are WGS 84."""

    number: int
    latitude: float
    longitude: float


def town_map(
    spots: Sequence[Spot],
    *,
    house: tuple[float, float] | None,
    title: str,
    minutes: Callable[[int], str],
) -> Markup:
    """The drawing, or nothing for fewer than two places. Equal places, equal drawing.

    The house is marked, and distances are told as rings around it, only where its coordinates are given.
    `minutes` says a time on foot.
    """
    if len(spots) + (house is not None) < 2:
        return Markup()
    middle = house or _middle(spots)
    metres = [_metres((spot.latitude, spot.longitude), middle) for spot in spots]
    bend = BEND if house else 1.0
    farthest = max(hypot(*point) for point in metres) or 1.0
    points = [_bent(point, farthest, bend) for point in metres]
    sheet = _fitted([*points, *([(0.0, 0.0)] if house else [])], farthest, bend)
    placed = _apart([(sheet.x + x * sheet.scale, sheet.y - y * sheet.scale) for x, y in points], sheet)
    inner = Markup().join(
        [
            _around(sheet, minutes) if house else Markup(),
            _DOTS.format(d="".join(f"M{x} {y}h0" for x, y in placed), wide=DOT),
            _NUMBERS.format(numbers=_numbers(spots, placed)),
            _NORTH.format(x=ARROW[0]),
        ]
    )
    return _FRAME.format(w=WIDTH, h=sheet.height, title=title, inner=inner)


# -- where things lie ------------------------------------------------------------------------------
def _middle(spots: Sequence[Spot]) -> Point:
    return (
        sum(spot.latitude for spot in spots) / len(spots),
        sum(spot.longitude for spot in spots) / len(spots),
    )


def _metres(at: Point, origin: Point) -> Point:
    """East and north of the origin; for a town the earth is flat."""
    east = (at[1] - origin[1]) * cos(radians(origin[0])) * METRES_A_DEGREE
    return east, (at[0] - origin[0]) * METRES_A_DEGREE


def _bent(point: Point, farthest: float, bend: float) -> Point:
    """The same direction, at a distance from 0 to 1."""
    distance = hypot(*point)
    stretch = (distance / farthest) ** bend / distance if distance else 0.0
    return point[0] * stretch, point[1] * stretch


def _fitted(points: Sequence[Point], farthest: float, bend: float) -> Sheet:
    """The smallest drawing that holds all points, as large as it may be."""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    room = WIDTH - 2 * MARGIN
    scale = min(room, room / max(east - west, 1e-9), (TALLEST - 2 * MARGIN) / max(north - south, 1e-9))
    height = max(SHORTEST, ceil((north - south) * scale) + 2 * MARGIN)
    x, y = (WIDTH - (east + west) * scale) / 2, (height + (north + south) * scale) / 2
    return Sheet(x=x, y=y, height=height, scale=scale, farthest=farthest, bend=bend)


def _apart(dots: Sequence[Point], sheet: Sheet) -> list[tuple[int, int]]:
    """The dots moved a little so that none covers another or the middle; the same each time."""
    moved = [list(dot) for dot in dots]
    for _ in range(ROUNDS):
        for here in range(len(moved)):
            _push(moved[here], [*ARROW], here, both=False)
            if sheet.bend != 1:
                _push(moved[here], [sheet.x, sheet.y], here, both=False)
            for there in range(here):
                _push(moved[here], moved[there], here - there, both=True)
        for dot in moved:
            dot[0] = min(max(dot[0], MARGIN), WIDTH - MARGIN)
            dot[1] = min(max(dot[1], MARGIN), sheet.height - MARGIN)
    return [(floor(x + 0.5), floor(y + 0.5)) for x, y in moved]


def _push(dot: list[float], other: list[float], nudge: int, *, both: bool) -> None:
    """Pushes two dots apart that are too close; two at one spot go different ways."""
    across, down = dot[0] - other[0], dot[1] - other[1]
    gap = hypot(across, down)
    if gap >= DOT + 2:
        return
    if gap < 0.1:
        across, down, gap = cos(nudge), cos(nudge + 1.6), 1.0
    step = (DOT + 2 - gap) / gap / (2 if both else 1)
    dot[0] += across * step
    dot[1] += down * step
    if both:
        other[0] -= across * step
        other[1] -= down * step


# -- what is drawn ---------------------------------------------------------------------------------
def _numbers(spots: Sequence[Spot], placed: Sequence[tuple[int, int]]) -> Markup:
    """All one-digit numbers in one element, a coordinate for each letter."""
    pairs = list(zip(spots, placed, strict=True))
    short = [(spot, at) for spot, at in pairs if spot.number <= ONE_DIGIT]
    together = _NUMBER.format(
        x=" ".join(str(x) for _, (x, _) in short),
        y=" ".join(str(y) for _, (_, y) in short),
        n="".join(str(spot.number) for spot, _ in short),
    )
    long = [_NUMBER.format(x=x, y=y, n=spot.number) for spot, (x, y) in pairs if spot.number > ONE_DIGIT]
    return together + Markup().join(long)


def _around(sheet: Sheet, minutes: Callable[[int], str]) -> Markup:
    """The house, and how far is how many minutes from it."""
    told = [n for n in RINGS if n * METRES_A_MINUTE <= sheet.farthest][-MOST_RINGS:] or [RINGS[0]]
    x, y = round(sheet.x), round(sheet.y)
    rings, labels = [], []
    for n in told:
        r = round(sheet.reach(n * METRES_A_MINUTE))
        rings.append(_RING.format(x=x, y=y, r=r))
        slant = round(r * 0.7)
        sides = ((x, y - r - 7), (x, y + r + 7), (x - slant, y + slant), (x + slant, y - slant))
        inside = [at for at in sides if _is_inside(at, sheet)]
        labels += [_LABEL.format(x=at[0], y=at[1], text=minutes(n)) for at in inside[:1]]
    return Markup().join([_RINGS.format(rings=Markup().join(rings)), *labels, _HOUSE.format(x=x, y=y)])


def _is_inside(at: Point, sheet: Sheet) -> bool:
    return MARGIN < at[0] < WIDTH - MARGIN and MARGIN / 2 < at[1] < sheet.height - MARGIN / 2
