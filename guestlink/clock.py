"""The only source of time and of ids. Everything else is told the time as `at`."""

import os
import time
from datetime import UTC, datetime


def now() -> datetime:
    """This instant, aware, in UTC, to the millisecond."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def new_id() -> str:
    """A UUIDv7 as text (RFC 9562, 5.7): 48 bits of Unix milliseconds, then randomness; sorts by age."""
    value = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def as_text(at: datetime) -> str:
    """An instant as the records keep it: `2026-11-22T12:00:00.000Z`; sorts as text."""
    utc = at.astimezone(UTC)  # strftime's %Y has no zeros before a small year
    return f"{utc.year:04d}{utc:-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def from_text(text: str) -> datetime:
    """The instant that `as_text` wrote."""
    return datetime.fromisoformat(text)
