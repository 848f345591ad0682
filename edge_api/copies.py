"""Copies of the site's objects in memory: how long they count as fresh, their encoded forms and entity tags.

A folder is read again for every request; of a bucket the local edge is the cache, as CloudFront is. A copy no
longer fresh is never given away, also not while the storage is down.
"""

import gzip
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

import anyio.to_thread
import brotli  # type: ignore[import-untyped]
import msgspec

from guestlink.errors import NotFound
from guestlink.storage import TEXT_TYPES, Folder, Storage, Stored, body_tag, cache_control, content_type

HELD_BYTES = 64 * 2**20
COMPRESSED_SIZES = range(1_000, 10_000_001)  # bytes; the sizes that CloudFront compresses
BROTLI_QUALITY = 5
GZIP_LEVEL = 6
QUALITY = re.compile(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")
ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
LIFETIME = re.compile(r"(s-maxage|max-age)=(\d+)")


class Copy:
    """One object and its encoded forms; `since` is when it was last known to be what the storage has.

    `grown` hears of every form that is added, in bytes.
    """

    def __init__(
        self, stored: Stored, since: datetime, *, grown: Callable[["Copy", int], None] | None = None
    ) -> None:
        self.stored = stored
        self.since = since
        self._grown = grown
        self.media_type = content_type(stored.path)
        self.compressible = self.media_type.startswith(TEXT_TYPES) and stored.size in COMPRESSED_SIZES
        self._encoded: dict[str, bytes] = {"": stored.body}

    @property
    def held_bytes(self) -> int:
        """What it takes in memory, with all its encoded forms."""
        return sum(map(len, self._encoded.values()))

    def body(self, coding: str) -> bytes:
        """The bytes in a coding of `preferred_coding`, encoded once."""
        if coding not in self._encoded:
            self._encoded[coding] = _encode(self.stored.body, coding)
            if self._grown:
                self._grown(self, len(self._encoded[coding]))
        return self._encoded[coding]

    def entity_tag(self, coding: str) -> str:
        """A strong tag of the object in this coding (RFC 9110, 8.8.3)."""
        plain = self.stored.etag.removeprefix("W/").strip('"')
        return f'"{plain}-{coding}"' if coding else f'"{plain}"'


class Copies:
    """The objects of one storage as the edge knows them; the longest unused go first."""

    def __init__(self, storage: Storage, at: Callable[[], datetime]) -> None:
        self._storage = storage
        self._is_folder = isinstance(storage, Folder)
        self._at = at
        self._held: OrderedDict[str, Copy] = OrderedDict()
        self._bytes = 0

    async def get(self, path: str) -> Copy:
        """The object as it lies there, at most s-maxage old; raises NotFound, Outage or SettingsError."""
        copy, at = self._held.get(path), self._at()
        if copy and copy.since <= at < copy.since + self._lifetime(path):
            self._held.move_to_end(path)
            return copy
        try:
            stored = await self.read(path)
        except NotFound:
            self._drop(path)
            raise
        if copy and copy.stored.etag == stored.etag:
            copy.since = at
        else:
            copy = Copy(stored, at, grown=self._count)
        self._hold(path, copy)
        return copy

    async def read(self, path: str) -> Stored:
        """The object past all copies. A folder costs some 20 µs, less than going to a thread does."""
        if self._is_folder:
            return self._storage.get(path)
        stored = await anyio.to_thread.run_sync(self._storage.get, path)
        return stored if stored.etag else msgspec.structs.replace(stored, etag=body_tag(stored.body))

    def _lifetime(self, path: str) -> timedelta:
        if self._is_folder:
            return timedelta(0)
        seconds = dict(LIFETIME.findall(cache_control(path)))
        return timedelta(seconds=int(seconds.get("s-maxage") or seconds.get("max-age") or 0))

    def _hold(self, path: str, copy: Copy) -> None:
        self._drop(path)
        self._held[path] = copy
        self._count(copy, copy.held_bytes)

    def _count(self, copy: Copy, size: int) -> None:
        """Counts what a copy takes more, unless it went away meanwhile; then makes room."""
        if self._held.get(copy.stored.path) is copy:
            self._bytes += size
        while self._bytes > HELD_BYTES:
            self._drop(next(iter(self._held)))

    def _drop(self, path: str) -> None:
        if copy := self._held.pop(path, None):
            self._bytes -= copy.held_bytes


def preferred_coding(accepted: str) -> str:
    """`br`, `gzip` or empty for none: what the request likes best, br before gzip (RFC 9110, 12.5.3)."""
    quality = dict(_weighed(part) for part in accepted.lower().split(","))
    others = quality.get("*", 0.0)
    wish = {
        "br": quality.get("br", others),
        "gzip": quality.get("gzip", quality.get("x-gzip", others)),
        "": quality.get("identity", 0.0),
    }
    best = max(wish, key=lambda coding: wish[coding])
    return best if wish[best] > 0 else ""


def is_among(tag: str, if_none_match: str) -> bool:
    """Whether who asks has this representation already (RFC 9110, 13.1.2: weak comparison)."""
    return if_none_match.strip() == "*" or tag in ENTITY_TAG.findall(if_none_match)


def _weighed(part: str) -> tuple[str, float]:
    name, weighed, parameter = part.partition(";")
    quality = QUALITY.fullmatch(parameter)
    return name.strip(), float(quality[1]) if quality else 0.0 if weighed else 1.0


def _encode(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, GZIP_LEVEL, mtime=0)
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY))
