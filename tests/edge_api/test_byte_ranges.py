"""Which part of a file a player asks for."""

import pytest

from edge_api import byte_ranges


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("bytes=0-1", (0, 2)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=10-", (10, 10)),
        ("bytes=-0", (10, 10)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        (f"bytes={'9' * 40}-", None),
    ],
)
def test_one_range_gives_its_part_and_anything_else_the_whole_file(
    wanted: str, found: tuple[int, int] | None
) -> None:
    assert byte_ranges.part(wanted, 10) == found
