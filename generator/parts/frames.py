"""A page with holes: rendered once, split at its slots into bytes, joined again for every stay.

A slot is printed, never branched on. It knows nothing about what it holds.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from markupsafe import Markup

from guestlink.errors import ContentError

NAMES: Final = ("slug", "query", "stay", "codes")
SLOTS: Final = {name: Markup(f"\0{name}\0") for name in NAMES}  # noqa: S704 - no host can write a NUL that stays


class Frame(msgspec.Struct, frozen=True):
    """`pieces[0]`, then the slot `slots[0]`, then `pieces[1]`, and so on."""

    pieces: tuple[bytes, ...]
    slots: tuple[str, ...]

    @classmethod
    def split(cls, rendered: str) -> "Frame":
        """The frame of what a template printed with `SLOTS`. A text with marks of its own is refused."""
        parts = rendered.split("\0")
        pieces, slots = parts[::2], parts[1::2]
        if len(pieces) != len(slots) + 1 or not set(slots) <= set(NAMES):
            raise ContentError(
                "A text holds a NUL character.", hint="Write the line again, or save it as UTF-8."
            )
        return cls(tuple(piece.encode() for piece in pieces), tuple(slots))

    def filled(self, values: Mapping[str, bytes]) -> bytes:
        out = [self.pieces[0]]
        for slot, piece in zip(self.slots, self.pieces[1:], strict=True):
            out += values[slot], piece
        return b"".join(out)
