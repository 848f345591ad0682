"""Hands what is told over to the push services of browsers (RFC 8030), encrypted for one browser (RFC 8291).

The addresses come from browsers, so only machines of the internet are asked, and no redirect is followed.
The only speaker of http_ece.
"""

import base64
import binascii
import os
import re
import ssl
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped] # it has no types
import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from edge_api import vapid
from edge_api.pushes import Browser
from guestlink.addresses import Resolver, resolve
from guestlink.crypto import KeyRing
from guestlink.errors import InvalidFields, InvalidInput, Outage
from guestlink.outside import Deadline, PublicOnly, asked_wait
from guestlink.settings import Settings

Became = Literal["sent", "gone", "refused", "later"]

SECONDS: Final = 10.0
PADDED: Final = 1024  # bytes: the length tells nothing
LONGEST_ADDRESS: Final = 1000
POINT_BYTES: Final = 65
SECRET_BYTES: Final = 16
UNTOLD: Final = -1.0
GONE: Final = frozenset({404, 410})
LATER: Final = frozenset({408, 425, 429})
# A name of the internet: no address in whatever spelling, and none that only our own network knows.
NAME: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
NO_SERVICE: Final = "This is no push service."
NO_KEY: Final = "This is no key of a browser."


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What is handed over: `body` for the browser alone, the rest for its service: for how many seconds it is
    kept, whether a sleeping phone is woken, in whose place it comes.
    """

    body: bytes
    seconds: int
    urgent: bool
    topic: str

    def __repr__(self) -> str:
        return f"Parcel({len(self.body)} bytes)"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `wait`: after how many seconds to try again, below zero when nobody said."""

    became: Became
    wait: float = UNTOLD


def checked(browser: Browser, *, own: str = "") -> Browser:
    """What a browser told of itself; InvalidFields for what cannot be right. `own` is the origin of a service
    that may be anywhere (the setting push_url).
    """
    wrong = []
    if not _is_service(browser.endpoint, own):
        wrong.append(("endpoint", NO_SERVICE))
    if not _is_point(browser.p256dh):
        wrong.append(("keys.p256dh", NO_KEY))
    if len(_bytes(browser.auth)) != SECRET_BYTES:
        wrong.append(("keys.auth", NO_KEY))
    if wrong:
        raise InvalidFields(wrong)
    return browser


class PushServices:
    """All push services there are. `resolver` stands in for the network in tests."""

    def __init__(self, settings: Settings, *, resolver: Resolver = resolve) -> None:
        self._own = settings.push_url
        self._contact = _contact(settings)
        self._resolver = resolver
        self._tls = ssl.create_default_context()

    def send(self, ring: KeyRing, browser: Browser, parcel: Parcel, *, at: datetime) -> Answer:
        """Hands it over within ten seconds. Nothing is raised: whatever happens is an answer."""
        if not _is_service(browser.endpoint, self._own):
            return Answer(became="gone")
        headers = {
            "Authorization": vapid.authorization(ring, browser.endpoint, contact=self._contact, at=at),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(parcel.seconds),
            "Urgency": "high" if parcel.urgent else "normal",
            "Topic": parcel.topic,
        }
        body, deadline = sealed(browser, parcel.body), Deadline(SECONDS)
        try:
            with self._client(browser.endpoint, deadline) as client, deadline:
                watched = {"trace": deadline.saw}
                answer = client.post(browser.endpoint, content=body, headers=headers, extensions=watched)
                return _judged(answer)
        except InvalidInput:  # its name leads into our own network
            return Answer(became="gone")
        except (Outage, httpx.HTTPError, httpx.InvalidURL, OSError):
            return Answer(became="later")

    def _client(self, endpoint: str, deadline: Deadline) -> httpx.Client:
        inner = httpx.HTTPTransport(verify=self._tls, limits=httpx.Limits(max_keepalive_connections=0))
        is_own = _is_below(endpoint, self._own)
        transport = inner if is_own else PublicOnly(inner, self._resolver, deadline)
        return httpx.Client(transport=transport, timeout=SECONDS, trust_env=False, follow_redirects=False)


def sealed(browser: Browser, body: bytes) -> bytes:
    """Encrypted for this browser alone, under a fresh key; spaces behind it hide how long it is."""
    padded: bytes = http_ece.encrypt(
        body.ljust(PADDED),
        salt=os.urandom(SECRET_BYTES),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_bytes(browser.p256dh),
        auth_secret=_bytes(browser.auth),
        version="aes128gcm",
    )
    return padded


def topic(ring: KeyRing, tag: str) -> str:
    """What a newer push comes in the place of, at the service: at most 32 characters of base64url that tell
    nothing (RFC 8030, 5.4).
    """
    return ring.blind("push topic", tag)


def _judged(answer: httpx.Response) -> Answer:
    if answer.is_success:
        return Answer(became="sent")
    if answer.status_code in GONE:
        return Answer(became="gone")
    if answer.status_code in LATER or answer.is_server_error:
        return Answer(became="later", wait=asked_wait(answer, UNTOLD))
    return Answer(became="refused")


def _contact(settings: Settings) -> str:
    if settings.mail_from:
        return f"mailto:{settings.mail_from}"
    return settings.public_url if settings.public_url.startswith("https:") else ""


# -- what browsers tell ------------------------------------------------------------------------------
def _is_service(endpoint: str, own: str) -> bool:
    if len(endpoint) > LONGEST_ADDRESS or not endpoint.isascii() or not endpoint.isprintable():
        return False
    if _is_below(endpoint, own):
        return True
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.scheme == "https" and port in {None, 443} and "@" not in parts.netloc
    return is_plain and "\\" not in endpoint and bool(NAME.fullmatch(parts.hostname or ""))


def _is_below(endpoint: str, own: str) -> bool:
    return bool(own) and endpoint.startswith(f"{own}/")


def _is_point(text: str) -> bool:
    raw = _bytes(text)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return len(raw) == POINT_BYTES


def _bytes(text: str) -> bytes:
    """base64url with or without its padding; nothing when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
