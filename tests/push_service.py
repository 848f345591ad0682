"""A push service on this machine: keeps what it is handed, opened with the keys of its browsers, and answers
as it was told to.
"""

import base64
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_api.pushes import Browser

SECRET = b"sixteen bytes it"


KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"  # of RFC 8291


class Push(NamedTuple):
    """What came: for which browser, with which headers and claims, and what the browser reads."""

    to: str
    headers: dict[str, str]
    claims: dict[str, Any]
    note: dict[str, Any]


class PushService:
    """`answers` are given one after the other, then 201. `on_push` is called before each."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pushes: list[Push] = []
        self.answers: deque[tuple[int, dict[str, str]]] = deque()
        self.on_push: Callable[[], None] = lambda: None
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}

    def browser(self, name: str) -> Browser:
        """A browser that has just subscribed here."""
        self._keys[name] = ec.generate_private_key(ec.SECP256R1())
        return Browser(
            endpoint=f"{self.url}/{name}", p256dh=_text(_point(self._keys[name])), auth=_text(SECRET)
        )

    def titles(self, to: str) -> list[str]:
        return [push.note["title"] for push in self.pushes if push.to == to]

    def take(self, to: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        scheme, _, told = headers["authorization"].partition(" ")
        ours = dict(part.strip().split("=", 1) for part in told.split(","))
        assert scheme == "vapid"
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _raw(ours["k"]))
        options = {"verify_exp": False}  # the clock of these tests stands elsewhere
        claims = jwt.decode(ours["t"], key, algorithms=["ES256"], audience=self.url, options=options)
        note = json.loads(_opened(self._keys[to], body))
        self.pushes.append(Push(to, headers, claims, note))
        self.on_push()
        return self.answers.popleft() if self.answers else (201, {})


def _opened(key: ec.EllipticCurvePrivateKey, body: bytes) -> bytes:
    """RFC 8188, 2.1 and RFC 8291, 3.4, written down from their text."""
    salt, record_size, sender = body[:16], int.from_bytes(body[16:20]), body[21 : 21 + body[20]]
    sealed = body[21 + body[20] :]
    assert len(sealed) <= record_size
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    info = b"WebPush: info\x00" + _point(key) + sender
    secret = _derived(key.exchange(ec.ECDH(), theirs), SECRET, info, 32)
    cipher = AESGCM(_derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16))
    plain = cipher.decrypt(_derived(secret, salt, b"Content-Encoding: nonce\x00", 12), sealed, None)
    text, end, padding = plain.rpartition(b"\x02")
    assert end
    assert not padding.strip(b"\x00")
    return text


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def push_service() -> Iterator[PushService]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.service = PushService(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.service  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, told = self.server.service.take(self.path[1:], headers, body)  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in {"Content-Length": "0", **told}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
