"""A guest who comes in by a guide code: found by it, remembered by a cookie for a quarter of an hour.

It answers "nobody" for every reason alike: a wrong code, a replaced link, a cancelled stay, an ended page.
"""

import base64
import os
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge_api.callers import Guest, guest_of
from guestlink import links, stays
from guestlink.crypto import NONCE_BYTES, KeyRing, derive
from guestlink.database import Reading
from guestlink.errors import NotAllowed

IDLE: Final = timedelta(minutes=15)
LONGEST_COOKIE: Final = 400
PURPOSE: Final = "guestlink visit v1"


class Remembered(msgspec.Struct, frozen=True, array_like=True):
    """What the cookie says under its seal; `ends` in epoch seconds."""

    link_id: str
    generation: int
    ends: int


def come_in(db: Reading, ring: KeyRing, code: str, *, at: datetime) -> Guest | None:
    """The guest whose guide code this is, or nobody."""
    row = db.one("link_of_guide", guide_token=ring.blind("guide", code))
    return _let_in(db, row["id"], at=at) if row else None


def come_back(db: Reading, ring: KeyRing, cookie: str, *, at: datetime) -> Guest | None:
    """The guest of a cookie that `remember` made, unless time or the records say no by now."""
    known = _opened(ring, cookie)
    if known is None or at.timestamp() >= known.ends:
        return None
    found = _let_in(db, known.link_id, at=at)
    return found if found and found.link.generation == known.generation else None


def remember(ring: KeyRing, guest: Guest, *, at: datetime) -> str:
    """What the cookie holds: sealed, so that it says nothing to whoever finds it."""
    ends = int((at + IDLE).timestamp())
    plain = msgspec.json.encode(Remembered(guest.link.id, guest.link.generation, ends))
    nonce = os.urandom(NONCE_BYTES)
    return links.text_of(nonce + _seal(ring).encrypt(nonce, plain, PURPOSE.encode()))


def page_key(ring: KeyRing, guest: Guest) -> bytes:
    """K of the guest's link."""
    return stays.open_page_key(ring, guest.contact, guest.link)


def _let_in(db: Reading, link_id: str, *, at: datetime) -> Guest | None:
    try:
        return guest_of(db, link_id, at=at)
    except NotAllowed:
        return None


def _opened(ring: KeyRing, cookie: str) -> Remembered | None:
    if len(cookie) > LONGEST_COOKIE:
        return None
    try:
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        plain = _seal(ring).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], PURPOSE.encode())
        return msgspec.json.decode(plain, type=Remembered)
    except (ValueError, InvalidTag, msgspec.DecodeError):
        return None


def _seal(ring: KeyRing) -> AESGCM:
    return AESGCM(derive(ring.stored.blind_key, PURPOSE, 32))
