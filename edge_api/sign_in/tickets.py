"""The cookie of a session: a short-lived JWT (RFC 7519) that names it. The only speaker of PyJWT.

It proves nothing beyond who was given it: whether the session counts is asked of the records each time.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
import msgspec

from guestlink.crypto import KeyRing, derive

LIFE: Final = timedelta(minutes=15)
ALGORITHM: Final = "HS256"
AUDIENCE: Final = "staff"
LONGEST: Final = 1000
PURPOSE: Final = "guestlink session v1"
CLAIMS: Final = ("iss", "aud", "sub", "sid", "iat", "exp")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What a cookie says: which session of whom, from when until when. It may be over."""

    session_id: str
    user_id: str
    made_at: datetime
    ends_at: datetime


def make(ring: KeyRing, *, session_id: str, user_id: str, issuer: str, at: datetime) -> str:
    """A new cookie's text, good for a quarter of an hour."""
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": user_id,
        "sid": session_id,
        "iat": int(at.timestamp()),
        "exp": int((at + LIFE).timestamp()),
    }
    return jwt.encode(claims, _key(ring), algorithm=ALGORITHM)


def read(ring: KeyRing, text: str, *, issuer: str) -> Ticket | None:
    """What a cookie of ours says; None for anything that we have not signed so, with this one algorithm. Time
    is compared by the caller, who knows what time it is.
    """
    if not text or len(text) > LONGEST:
        return None
    try:
        told = jwt.decode(
            text,
            _key(ring),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=issuer,
            options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False},
        )
        return Ticket(
            session_id=str(told["sid"]),
            user_id=str(told["sub"]),
            made_at=datetime.fromtimestamp(int(told["iat"]), UTC),
            ends_at=datetime.fromtimestamp(int(told["exp"]), UTC),
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
        return None


class Cookies(msgspec.Struct, frozen=True, kw_only=True):
    """The two cookies by name and in full: of the session, and of the browser on which people sign in.

    Over TLS their names are such as only this host can set; on plain http no browser takes those.
    """

    is_secure: bool

    @property
    def session(self) -> str:
        return self._named("guestlink-staff")

    @property
    def device(self) -> str:
        return self._named("guestlink-device")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.is_secure else name

    def line(self, name: str, value: str, *, seconds: int) -> str:
        """A Set-Cookie line; no seconds take the cookie away."""
        kind = "Path=/; Secure" if self.is_secure else "Path=/"
        return f"{name}={value}; {kind}; HttpOnly; SameSite=Strict; Max-Age={max(seconds, 0)}"


def cookies_of(public_url: str) -> Cookies:
    return Cookies(is_secure=urlsplit(public_url).scheme == "https")


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _key(ring: KeyRing) -> bytes:
    return derive(ring.stored.blind_key, PURPOSE, 32)
