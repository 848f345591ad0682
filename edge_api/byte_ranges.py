"""Which part of a file somebody asks for (RFC 9110, 14.2): players on phones play nothing without. Pure."""

import re
from typing import Final

ONE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


def part(wanted: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole file, as for anything that is not one range.
    The same number twice when there is no such part.
    """
    found = ONE.match(wanted.strip())
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    begins, ends = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < begins:
        return None
    return (begins, ends) if begins < size else (size, size)
