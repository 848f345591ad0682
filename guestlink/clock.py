"""The only source of time and of ids. Everything else is told the time as `at`."""

import os
import threading
import time
from datetime import UTC, datetime

_STEPS = 1 << 12  # of a millisecond, in the 12 bits that RFC 9562 leaves for finer time (6.2, method 3)
_RESET = 10_000 * _STEPS  # a clock that was set back further than this begins anew
_lock = threading.Lock()
_last = 0


def now() -> datetime:
    """This instant, aware, in UTC, to the millisecond."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def new_id() -> str:
    """A UUIDv7 as text (RFC 9562, 5.7): milliseconds, a finer step, randomness. Sorts by age, and within one
    process in the order in which ids were made.
    """
    global _last  # noqa: PLW0603 - the step of the last id, so that the next one is later
    step = time.time_ns() * _STEPS // 1_000_000
    with _lock:
        if step <= _last < step + _RESET:
            step = _last + 1
        _last = step
    value = bytearray((step >> 12).to_bytes(6, "big") + (step & 0xFFF).to_bytes(2, "big") + os.urandom(8))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def as_text(at: datetime) -> str:
    """An instant as the records keep it: `2026-11-22T12:00:00.000Z`; sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_text(text: str) -> datetime:
    """The instant that `as_text` wrote."""
    return datetime.fromisoformat(text)
