"""Gate links, CloudFront signed URLs, page tokens, tokens that stop e-mails: made for guests, verified by the
edge.

It never stores a link: whoever sends one builds it at the moment of sending.
"""

import base64
import hmac
import json
import os
import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from guestlink.crypto import KeyRing
from guestlink.errors import NotAllowed
from guestlink.zones import policy_end as policy_end  # noqa: PLC0414 - what signatures end with

SLUG = re.compile(r"[A-Za-z0-9_-]{22}\Z")
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
TOKEN_SHAPE = struct.Struct(">16sIQ")
TOKEN_SEAL_BYTES = 16
PAGE, MAIL = "page", "mail"
SIGNED_PARAMETERS = ("Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")


def new_slug() -> str:
    """128 random bits as 22 URL-safe characters."""
    return text_of(os.urandom(16))


def new_page_key() -> bytes:
    """K of a link: 128 random bits."""
    return os.urandom(16)


def text_of(raw: bytes) -> str:
    """URL-safe base64 without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def gate_link(public_url: str, slug: str, key: bytes) -> str:
    """What is sent, printed and put in a QR: short, permanent, the key after the hash."""
    return f"{public_url}/w/{slug}#{text_of(key)}"


def house_word(house: str, unit: str = "") -> str:
    """What a poster's code says in a first message: which house, or which room; it opens nothing."""
    return f"#{house}/{unit}" if unit else f"#{house}"


def gate_path(slug: str) -> str:
    return f"w/{slug}"


def page_path(slug: str, language: str) -> str:
    return f"w/_/{slug}/{language}.html"


# -- page tokens -----------------------------------------------------------------------------------
class PageToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a page token says: the generation of a link, and until when. It never reveals anything."""

    link_id: str
    generation: int
    ends: datetime


class LinkLike(Protocol):
    """What a token is made from: a link as the records keep it."""

    @property
    def id(self) -> str: ...
    @property
    def generation(self) -> int: ...


def page_token(ring: KeyRing, link: LinkLike, ends: datetime) -> str:
    """What lies in a page's sealed stay block and lets it ask: 59 characters, equal for equal input.

    `ends` is the policy end of the stay.
    """
    body = TOKEN_SHAPE.pack(UUID(link.id).bytes, link.generation, int(ends.timestamp()))
    return text_of(body + _token_seal(ring, body, PAGE))


def read_page_token(ring: KeyRing, text: str, *, at: datetime) -> PageToken:
    """What a page token says, if we made it and it is not over; NotAllowed alike for every other reason.

    Whether the link was replaced or the stay cancelled is for the records to say.
    """
    link, generation, ends = TOKEN_SHAPE.unpack(_token_body(ring, text, PAGE, size=TOKEN_SHAPE.size))
    if at.timestamp() >= ends:
        raise NotAllowed
    return PageToken(
        link_id=str(UUID(bytes=link)), generation=generation, ends=datetime.fromtimestamp(ends, UTC)
    )


def mail_token(ring: KeyRing, conversation_id: str) -> str:
    """What stands in an e-mail and stops those of this conversation: 43 characters, without an end."""
    body = UUID(conversation_id).bytes
    return text_of(body + _token_seal(ring, body, MAIL))


def read_mail_token(ring: KeyRing, text: str) -> str:
    """The conversation of a token that we made; NotAllowed alike for every reason."""
    return str(UUID(bytes=_token_body(ring, text, MAIL, size=16)))


def stop_link(public_url: str, token: str) -> str:
    """Where a guest says that they want no more e-mails."""
    return f"{public_url}/api/guest/mail/{token}"


def _token_body(ring: KeyRing, text: str, kind: str, *, size: int) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise NotAllowed from None
    body, seal = raw[:size], raw[size:]
    is_ours = hmac.compare_digest(seal, _token_seal(ring, body, kind))
    if not is_ours or len(body) != size or text_of(raw) != text:
        raise NotAllowed
    return body


def _token_seal(ring: KeyRing, body: bytes, kind: str) -> bytes:
    return hmac.digest(ring.derived(f"guestlink {kind} token v1"), body, "sha256")[:TOKEN_SEAL_BYTES]


# -- signed addresses ------------------------------------------------------------------------------
def policy_text(public_url: str, slug: str, ends: datetime) -> str:
    """The custom policy: every page of one slug, until `ends`; an added query no longer matches `.html`.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
    """
    resource = f"{public_url}/w/_/{slug}/*.html"
    condition = {"DateLessThan": {"AWS:EpochTime": int(ends.timestamp())}}
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))


def signed_query(policy: str, *, key: ec.EllipticCurvePrivateKey, key_id: str) -> str:
    """The query that unlocks the policy's pages: ECDSA P-256 with SHA-256, deterministic by RFC 6979."""
    signature = key.sign(policy.encode(), ec.ECDSA(SHA256(), deterministic_signing=True))
    return (
        f"Policy={cloudfront_text(policy.encode())}&Signature={cloudfront_text(signature)}"
        f"&Key-Pair-Id={key_id}&Hash-Algorithm=SHA256"
    )


def cloudfront_text(raw: bytes) -> str:
    """Base64 with CloudFront's replacements for the characters that a query cannot hold."""
    return base64.b64encode(raw).decode().translate(str.maketrans("+=/", "-_~"))


def cloudfront_bytes(text: str) -> bytes:
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


def refusal(url: str, query: str, *, public_key_pem: Callable[[str], str | None], at: datetime) -> str:
    """Why CloudFront would refuse this signed URL, in words for a log; empty when it would serve it.

    `url` is scheme, host and path without the query. `public_key_pem` tells the PEM of a trusted key id.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    if any(name not in given for name in SIGNED_PARAMETERS[:3]):
        return "signature missing"
    if len({name for name, _ in pairs}) != len(pairs):
        return "parameter given twice"
    pem = public_key_pem(given["Key-Pair-Id"])
    if pem is None:
        return "unknown key"
    try:
        policy = cloudfront_bytes(given["Policy"])
        _check_signature(pem, policy, cloudfront_bytes(given["Signature"]), given)
        statement = json.loads(policy)["Statement"][0]
        ends = int(statement["Condition"]["DateLessThan"]["AWS:EpochTime"])
        resource = str(statement["Resource"])
    except (ValueError, KeyError, IndexError, TypeError, InvalidSignature):
        return "signature wrong"
    if at.timestamp() >= ends:
        return "expired"
    rest = "&".join(f"{name}={value}" for name, value in pairs if name not in SIGNED_PARAMETERS)
    asked = f"{url}?{rest}" if rest else url
    return "" if _matches(resource, asked) else "other folder"


def _check_signature(pem: str, policy: bytes, signature: bytes, given: Mapping[str, str]) -> None:
    if given.get("Hash-Algorithm") != "SHA256":
        raise InvalidSignature
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, policy, ec.ECDSA(SHA256()))


def _matches(resource: str, asked: str) -> bool:
    """CloudFront's wildcards: `*` stands for any characters, `?` for one."""
    pattern = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in resource)
    return re.fullmatch(pattern, asked, re.DOTALL) is not None
