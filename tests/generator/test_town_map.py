"""The light map: numbered dots where places are, minutes around the house, the same each time, and small."""

import re
from itertools import pairwise
from math import hypot

import pytest

from generator.parts.town_map import DOT, WIDTH, Spot, town_map

QUAY = (50.3312, -4.6302)
NORTH, EAST = Spot(1, 50.3352, -4.6302), Spot(2, 50.3312, -4.6215)
TOWN = tuple(Spot(n, 50.33 + (n * 7 % 13) / 4000, -4.64 + (n * 5 % 11) / 1000) for n in range(1, 14))


def drawn(spots: tuple[Spot, ...], house: tuple[float, float] | None = None) -> str:
    return str(town_map(spots, house=house, title="Map <of> places", minutes=lambda n: f"{n} min"))


def dots(svg: str) -> list[tuple[int, int]]:
    path = re.findall(r'<path d="((?:M\d+ \d+h0)+)"', svg)[0]
    return [(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h0", path)]


def test_equal_places_are_drawn_equally():
    assert drawn(TOWN, QUAY) == drawn(TOWN, QUAY)
    assert drawn(TOWN, QUAY) != drawn(TOWN[:-1], QUAY)


def test_north_is_up_and_east_where_text_goes_from_left_to_right():
    north, east = dots(drawn((NORTH, EAST)))
    assert north[1] < east[1]
    assert north[0] < east[0]


@pytest.mark.parametrize("house", [QUAY, None])
def test_every_place_has_its_number_and_its_dot_inside_the_drawing(house):
    svg = drawn(TOWN, house)
    height = int(re.findall(rf'viewBox="0 0 {WIDTH} (\d+)"', svg)[0])
    assert len(dots(svg)) == len(TOWN)
    assert all(DOT / 2 <= x <= WIDTH - DOT / 2 and DOT / 2 <= y <= height - DOT / 2 for x, y in dots(svg))
    assert ">123456789</text>" in svg
    assert re.findall(r">(1\d)</text>", svg) == ["10", "11", "12", "13"]


def test_no_dot_covers_another_even_when_two_places_share_a_door():
    same = tuple(Spot(n, *QUAY) for n in range(1, 5))
    found = dots(drawn((*same, Spot(5, 50.34, -4.62)), QUAY))
    near = [(a, b) for at, a in enumerate(found) for b in found[:at] if hypot(a[0] - b[0], a[1] - b[1]) < DOT]
    assert near == []


def test_only_a_house_that_says_where_it_is_is_marked_with_minutes_around_it():
    assert "2 min</text>" in drawn(TOWN, QUAY)
    radii = [int(r) for r in re.findall(r' r="(\d+)"', drawn(TOWN, QUAY))]
    assert all(inner < outer for inner, outer in pairwise(radii))
    assert " min<" not in drawn(TOWN)
    assert "<circle" not in drawn(TOWN)


def test_one_place_alone_needs_no_map():
    assert drawn((NORTH,)) == ""
    assert "<svg" in drawn((NORTH,), QUAY)


def test_a_map_of_thirteen_places_is_small_and_says_what_it_is():
    assert len(drawn(TOWN, QUAY)) < 1200
    assert '<svg class="town" role="img"' in drawn(TOWN)
    assert "<title>Map &lt;of&gt; places</title>" in drawn(TOWN)
