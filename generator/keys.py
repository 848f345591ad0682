"""Verbs on the signing keys: add, use, retire. A key that signs something live is never forgotten."""

from datetime import datetime

import msgspec

from guestlink.crypto import KeyRing, StoredSigningKey, new_signing_key, write_keys
from guestlink.database import Database
from guestlink.errors import InvalidInput, Refused
from guestlink.settings import Settings, save_setting

MOST_KEYS = 2


def add_key(settings: Settings, ring: KeyRing, *, key_id: str, at: datetime) -> StoredSigningKey:
    """A further key pair; CloudFront's key group holds two, so a third has to wait."""
    keys = ring.stored.signing_keys
    if len(keys) >= MOST_KEYS:
        names = " and ".join(key.id for key in keys)
        raise Refused(f"There are two keys already: {names}.", hint="`publish.py keys retire ID` makes room.")
    key = new_signing_key(at, key_id=_checked(key_id))
    _write(settings, ring, (*keys, key))
    return key


def use_key(settings: Settings, ring: KeyRing, name: str, *, new_id: str) -> str:
    """Signs with this key from the next publish on; `new_id` is what CloudFront calls it."""
    key = ring.signing_key(name)
    if new_id and new_id != name:
        others = [other for other in ring.stored.signing_keys if other.id != name]
        if any(other.id == new_id for other in others):
            raise Refused(f"Another key is called {new_id} already.")
        renamed = msgspec.structs.replace(key, id=_checked(new_id))
        _write(settings, ring, (*others, renamed))
    save_setting(settings, signing_key_id=new_id or name)
    return new_id or name


def retire_key(settings: Settings, ring: KeyRing, database: Database, name: str) -> None:
    """Forgets a key; refused while anything live on any target is signed with it."""
    ring.signing_key(name)
    if name == settings.signing_key_id:
        raise Refused(f"{name} signs the pages.", hint="`publish.py keys use OTHER` first, then publish.")
    if live := pages_signed_with(database, name):
        raise Refused(
            f"{live} live objects are signed with {name}.", hint="`publish.py publish` signs them anew first."
        )
    _write(settings, ring, tuple(key for key in ring.stored.signing_keys if key.id != name))


def pages_signed_with(database: Database, name: str) -> int:
    """How many live pages and gates carry a signature of this key, on all targets."""
    with database.read() as db:
        row = db.one("pages_signed_with", pattern=f"%:{name}:%")
    return int(row["pages"]) if row else 0


def _checked(key_id: str) -> str:
    if key_id and not (key_id.isascii() and key_id.isalnum() and len(key_id) <= 64):
        raise InvalidInput(f"{key_id!r} is not a key id.", hint="CloudFront's look like K2JCJMDEHXQW5F.")
    return key_id


def _write(settings: Settings, ring: KeyRing, keys: tuple[StoredSigningKey, ...]) -> None:
    write_keys(settings.keys_file, msgspec.structs.replace(ring.stored, signing_keys=keys))
