"""The key ring, sealed columns (AES-256-GCM), the blind index and the seal of a page's private blocks.

It never stores anything but the key ring's own file and never decides who may read what.
"""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from guestlink.errors import Refused, SettingsError

FORMAT = b"\x01"
NONCE_BYTES = 12
SEAL_EFFORT = 6
GUIDE_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32: no i, l, o, u
GUIDE_LENGTH = 10
_NO_SALT = bytes(32)
GUIDE_LOOKALIKES = str.maketrans("oil", "011")


def authenticated(*parts: str | bytes) -> bytes:
    """AAD of several parts, each with its length before it, so that no two lists read the same."""
    pieces: list[bytes] = []
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        pieces += (len(raw).to_bytes(4, "big"), raw)
    return b"".join(pieces)


class ColumnKey:
    """Seals and opens values of database columns under one 256-bit key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._key = key

    def __repr__(self) -> str:
        return "ColumnKey(hidden)"

    def seal(self, value: str, table: str, column: str, *, row: str) -> bytes:
        return self.seal_bytes(value.encode(), table, column, row=row)

    def open(self, sealed: bytes, table: str, column: str, *, row: str) -> str:
        return self.open_bytes(sealed, table, column, row=row).decode()

    def seal_bytes(self, value: bytes, table: str, column: str, *, row: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + self._aead.encrypt(nonce, value, authenticated(table, column, row))

    def open_bytes(self, sealed: bytes, table: str, column: str, *, row: str) -> bytes:
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if sealed[:1] != FORMAT:
                raise InvalidTag
            return self._aead.decrypt(nonce, body, authenticated(table, column, row))
        except (InvalidTag, ValueError):
            raise Refused(
                f"A sealed value of {table}.{column} cannot be opened.",
                hint="The key ring is not the one it was sealed with: restore data/keys from the backup.",
            ) from None


class SystemKey:
    """The key ring with the manners of one column key: for what belongs to no guest."""

    def __init__(self, ring: "KeyRing") -> None:
        self.seal, self.open = ring.seal, ring.open
        self.seal_bytes, self.open_bytes = ring.seal_bytes, ring.open_bytes


class StoredColumnKey(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    made_at: str
    key: bytes

    def __repr__(self) -> str:
        return f"StoredColumnKey({self.id}, hidden)"


class StoredSigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """One CloudFront key pair. `id` is the Key-Pair-Id that links carry."""

    id: str
    made_at: str
    private_pem: str
    public_pem: str

    def __repr__(self) -> str:
        return f"StoredSigningKey({self.id!r}, hidden)"


class StoredKeys(msgspec.Struct, frozen=True, kw_only=True):
    column_keys: tuple[StoredColumnKey, ...]
    blind_key: bytes
    signing_keys: tuple[StoredSigningKey, ...]

    def __repr__(self) -> str:
        return "StoredKeys(hidden)"


class KeyRing:
    """All long-lived keys of one deployment; the newest column key seals, older ones still open."""

    def __init__(self, stored: StoredKeys) -> None:
        self.stored = stored
        self._columns = {key.id: ColumnKey(key.key) for key in stored.column_keys}
        self._newest = max(self._columns)
        self._signers: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._derived: dict[str, bytes] = {}
        self._last_guest: tuple[bytes, str, ColumnKey] | None = None

    def __repr__(self) -> str:
        return f"KeyRing({len(self._columns)} column keys, {len(self.stored.signing_keys)} signing keys)"

    # -- what belongs to no guest ---------------------------------------------------------------
    def seal(self, value: str, table: str, column: str, *, row: str) -> bytes:
        """Seals under the system key; the first byte of the result names the key."""
        return self.seal_bytes(value.encode(), table, column, row=row)

    def open(self, sealed: bytes, table: str, column: str, *, row: str) -> str:
        return self.open_bytes(sealed, table, column, row=row).decode()

    def seal_bytes(self, value: bytes, table: str, column: str, *, row: str) -> bytes:
        sealed = self._columns[self._newest].seal_bytes(value, table, column, row=row)
        return self._newest.to_bytes(1, "big") + sealed

    def open_bytes(self, sealed: bytes, table: str, column: str, *, row: str) -> bytes:
        return self._column(sealed).open_bytes(sealed[1:], table, column, row=row)

    def _column(self, sealed: bytes) -> ColumnKey:
        key = self._columns.get(sealed[0]) if sealed else None
        if key is None:
            raise Refused(
                "A sealed value names a key that is not in the key ring.",
                hint="Restore data/keys from the backup.",
            )
        return key

    # -- what belongs to one guest --------------------------------------------------------------
    def new_guest_key(self, contact: str) -> tuple[ColumnKey, bytes]:
        """A fresh data key for one contact and its wrapped form; destroying the latter erases the contact."""
        key = os.urandom(32)
        return ColumnKey(key), self.seal(key.hex(), "guest_keys", "wrapped", row=contact)

    def guest_key(self, wrapped: bytes, contact: str) -> ColumnKey:
        """A guest's key. The last one is kept: several things of one guest are opened one after the other."""
        last = self._last_guest
        if last is None or last[:2] != (wrapped, contact):
            key = bytes.fromhex(self.open(wrapped, "guest_keys", "wrapped", row=contact))
            last = self._last_guest = wrapped, contact, ColumnKey(key)
        return last[2]

    def column_key(self, wrapped: bytes | None, contact: str | None) -> ColumnKey | SystemKey:
        """A guest's key, or the system key for what belongs to no guest."""
        if contact is None:
            return SystemKey(self)
        if wrapped is None:
            raise Refused("This guest was erased: nothing of theirs can be opened any more.")
        return self.guest_key(wrapped, contact)

    # -- looking up without reading -------------------------------------------------------------
    def blind(self, kind: str, value: str) -> str:
        """A token, equal for equal values, that says nothing without the key (HMAC-SHA-256, 128 bits)."""
        return hmac.digest(self.stored.blind_key, authenticated(kind, value), "sha256").hex()[:32]

    # -- addresses that nobody can test ---------------------------------------------------------
    def file_name(self, *parts: str) -> str:
        """A name for a public file that is equal for equal parts and cannot be told from them (128 bits)."""
        key = self.derived("guestlink file names v1")
        return hmac.new(key, authenticated(*parts), hashlib.sha256).hexdigest()[:32]

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, made from the blind key."""
        if purpose not in self._derived:
            self._derived[purpose] = derive(self.stored.blind_key, purpose, 32)
        return self._derived[purpose]

    # -- signatures of links --------------------------------------------------------------------
    def signer(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        if key_id not in self._signers:
            pem = self.signing_key(key_id).private_pem.encode()
            key = load_pem_private_key(pem, password=None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            self._signers[key_id] = key
        return self._signers[key_id]

    def signing_key(self, key_id: str) -> StoredSigningKey:
        for key in self.stored.signing_keys:
            if key.id == key_id:
                return key
        raise SettingsError(
            f"There is no signing key {key_id!r} in the key ring.",
            setting="signing_key_id",
            hint="`publish.py keys show` lists the keys; `publish.py keys use ID` sets signing_key_id.",
        )


def new_keys(at: datetime) -> StoredKeys:
    """A first key ring: one column key, one blind key, one signing key."""
    return StoredKeys(
        column_keys=(StoredColumnKey(id=1, made_at=at.astimezone(UTC).isoformat(), key=os.urandom(32)),),
        blind_key=os.urandom(32),
        signing_keys=(new_signing_key(at),),
    )


def new_signing_key(at: datetime, *, key_id: str = "") -> StoredSigningKey:
    """An ECDSA P-256 pair as CloudFront takes it; without an id, one that says it was made here."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = key_id or "L" + base64.b32encode(os.urandom(8)).decode().rstrip("=")
    return StoredSigningKey(
        id=name,
        made_at=at.astimezone(UTC).isoformat(),
        private_pem=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        public_pem=private.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def write_keys(path: Path, stored: StoredKeys) -> None:
    """Writes the key ring's file, mode 0600, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(msgspec.json.format(msgspec.json.encode(stored), indent=2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_keys(path: Path) -> KeyRing:
    """The key ring of a deployment; refuses a file that others may read."""
    hint = "Bring it back from the backup. For a new deployment `publish.py init` makes one."
    try:
        if path.stat().st_mode & 0o077:
            mend = f"Run `chmod 600 {path}`."
            raise SettingsError(f"The key ring {path} can be read by others.", setting="keys", hint=mend)
        return KeyRing(msgspec.json.decode(path.read_bytes(), type=StoredKeys))
    except FileNotFoundError:
        raise SettingsError(f"The key ring {path} does not exist.", setting="keys", hint=hint) from None
    except (OSError, msgspec.DecodeError, ValueError) as error:
        raise SettingsError(
            f"The key ring {path} cannot be read: {error}.", setting="keys", hint=hint
        ) from None


# -- the seal of a page ---------------------------------------------------------------------------
class PageSeal:
    """Seals the private blocks of one link's pages under keys derived from the link's K (16 bytes).

    HKDF-SHA-256 without salt gives a seal key, a nonce key and the guide code. What is sealed is deflated
    first (RFC 1951), because nothing shrinks it afterwards. The nonce is derived from the plaintext, so equal
    input gives equal bytes and a changed code never reuses a nonce.
    """

    VERSION = "1"

    def __init__(self, key: bytes) -> None:
        secret = hmac.digest(_NO_SALT, key, "sha256")
        self._aead = AESGCM(_expanded(secret, "guestlink seal v1", 32))
        self._nonce_key = _expanded(secret, "guestlink nonce v1", 32)
        raw = int.from_bytes(_expanded(secret, "guestlink guide v1", 8), "big")
        shifts = range(0, 5 * GUIDE_LENGTH, 5)
        self.guide_code = "".join(GUIDE_ALPHABET[raw >> shift & 31] for shift in shifts)

    def __repr__(self) -> str:
        return "PageSeal(hidden)"

    def seal(self, plaintext: bytes, *, slug: str, language: str, block: str) -> bytes:
        aad = authenticated(slug, language, block, self.VERSION)
        small = zlib.compress(plaintext, SEAL_EFFORT, wbits=-zlib.MAX_WBITS)
        nonce = hmac.digest(self._nonce_key, aad + small, "sha256")[:NONCE_BYTES]
        return nonce + self._aead.encrypt(nonce, small, aad)

    def open(self, sealed: bytes, *, slug: str, language: str, block: str) -> bytes:
        aad = authenticated(slug, language, block, self.VERSION)
        try:
            small = self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
            return zlib.decompress(small, -zlib.MAX_WBITS)
        except (InvalidTag, ValueError, zlib.error):
            raise Refused("This block was not sealed with this key.") from None


def guide_code_shown(code: str) -> str:
    """A guide code as it is printed: two groups of five."""
    return f"{code[:5]} {code[5:]}"


def guide_code_typed(text: str) -> str:
    """The guide code that somebody typed in whatever way people do; empty when it can be none.

    Letters that look like digits are meant as those (Crockford's base32), and so are the digits of other
    scripts; spaces and hyphens only separate.
    """
    plain = "".join(str(unicodedata.decimal(char, char)) for char in unicodedata.normalize("NFKC", text))
    code = re.sub(r"[\s\u2010-\u2015-]", "", plain.lower().translate(GUIDE_LOOKALIKES))
    return code if len(code) == GUIDE_LENGTH and set(code) <= set(GUIDE_ALPHABET) else ""


def derive(key: bytes, purpose: str, length: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869), no salt."""
    return _expanded(hmac.digest(_NO_SALT, key, "sha256"), purpose, length)


def _expanded(secret: bytes, purpose: str, length: int) -> bytes:
    """The second step: as many blocks of 32 bytes as are needed, each made with the one before."""
    block = made = hmac.digest(secret, purpose.encode() + b"\x01", "sha256")
    while len(made) < length:
        block = hmac.digest(secret, block + purpose.encode() + bytes([len(made) // 32 + 1]), "sha256")
        made += block
    return made[:length]
