"""Who we are to the push services of browsers (VAPID, RFC 8292): one pair of keys for each deployment.

It is derived from the key ring, so every deployment has one, and every process the same.
"""

import base64
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guestlink.crypto import KeyRing, derive

PURPOSE: Final = "guestlink push v1"
BYTES: Final = 48  # so much more than the order of the group that no key is likelier (FIPS 186-5, A.2.1)
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
LIFE: Final = timedelta(hours=12)  # a day is the longest that services take


def public_key(ring: KeyRing) -> str:
    """The applicationServerKey: the uncompressed point in base64url."""
    point = _pair(ring).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def authorization(ring: KeyRing, endpoint: str, *, contact: str, at: datetime) -> str:
    """The header that says who asks the service of this endpoint. `contact`: whom its people may write to, a
    `mailto:` or https address; empty for nobody.
    """
    parts = urlsplit(endpoint)
    claims: dict[str, object] = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((at + LIFE).timestamp()),
    }
    if contact:
        claims["sub"] = contact
    return f"vapid t={jwt.encode(claims, _pair(ring), algorithm='ES256')}, k={public_key(ring)}"


def _pair(ring: KeyRing) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(derive(ring.stored.blind_key, PURPOSE, BYTES))
    return ec.derive_private_key(number % (ORDER - 1) + 1, ec.SECP256R1())
