"""The private blocks of one property's pages, kept in a file below data/: equal ones are not made again.

What lies there is what lies on the site: ciphertext and signed queries, for the owner alone. The file may be
deleted or damaged at any time: nothing of it is believed that does not carry our proof, and what cannot be
used is made anew. It knows no page and seals nothing.
"""

import fcntl
import hashlib
import hmac
import logging
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from generator.rendering import Blocks

LENGTH_BYTES: Final = 4
PROOF_BYTES: Final = 16
SIGNED_BYTES: Final = 16  # of a mark: they stand for what the query is made from
FAILURES: Final = (OSError, msgspec.DecodeError)
log = logging.getLogger("guestlink.kept-blocks")


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """`mark` stands for all that the blocks were made from."""

    path: str
    mark: bytes
    blocks: Blocks


class _Place(msgspec.Struct, frozen=True):
    """Where an entry lies in the file, with its proof: bytes from its beginning."""

    mark: bytes
    start: int
    length: int


class KeptBlocks:
    """A file of entries, each behind its length and its proof. Processes take turns by a lock on it, and who
    finds that another one has written reads it anew.
    """

    def __init__(self, file: Path, *, key: bytes) -> None:
        self._file = file
        self._key = key
        self._places: dict[str, _Place] = {}
        self._seen: tuple[int, int, int] | None = None

    def find(self, marks: Mapping[str, bytes]) -> dict[str, Blocks]:
        """What is kept of these pages (path -> mark) and was made from what the mark stands for."""
        return self._found(marks, None)

    def queries(self, marks: Mapping[str, bytes]) -> dict[str, str]:
        """The signed queries kept of these pages whose mark begins alike, whatever else was another then."""
        return {path: blocks.query for path, blocks in self._found(marks, SIGNED_BYTES).items()}

    def _found(self, marks: Mapping[str, bytes], alike: int | None) -> dict[str, Blocks]:
        found: dict[str, Blocks] = {}
        with self._opened() as file:
            if file is None:
                return found
            for path, mark in marks.items():
                place = self._places.get(path)
                entry = self._entry(file, place) if place and place.mark[:alike] == mark[:alike] else None
                if place and entry and (entry.path, entry.mark) == (path, place.mark):
                    found[path] = entry.blocks
        return found

    def keep(self, made: Mapping[str, Blocks], marks: Mapping[str, bytes]) -> None:
        """Keeps the blocks of pages, by their paths, in the place of older ones."""
        with self._opened(make=True) as file:
            if file is None:
                return
            self._wipe(file, made)
            end, frames = os.fstat(file).st_size, bytearray()
            for path, blocks in made.items():
                body = msgspec.msgpack.encode(_Entry(path, marks[path], blocks))
                length = PROOF_BYTES + len(body)
                self._places[path] = _Place(marks[path], end + len(frames) + LENGTH_BYTES, length)
                frames += length.to_bytes(LENGTH_BYTES, "big") + self._proof(body) + body
            _write(file, frames, end)

    def forget(self, paths: Collection[str]) -> None:
        """Wipes what is kept of these pages."""
        if not paths:
            return
        with self._opened() as file:
            if file is not None:
                self._wipe(file, paths)

    def keep_only(self, paths: Collection[str]) -> None:
        """Wipes what is kept of all other pages. A file that is mostly wiped becomes short again."""
        with self._opened() as file:
            if file is None:
                return
            self._wipe(file, self._places.keys() - set(paths))
            used = sum(LENGTH_BYTES + place.length for place in self._places.values())
            if used * 2 < os.fstat(file).st_size:
                self._shorten(file)

    # -- entries -------------------------------------------------------------------------------------
    def _entry(self, file: int, place: _Place) -> _Entry | None:
        """The entry in its place, if we wrote it and nobody has touched it since."""
        raw = os.pread(file, place.length, place.start)
        proof, body = raw[:PROOF_BYTES], raw[PROOF_BYTES:]
        is_ours = hmac.compare_digest(proof, self._proof(body))
        return msgspec.msgpack.decode(body, type=_Entry) if is_ours else None

    def _proof(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._key, digest_size=PROOF_BYTES).digest()

    def _wipe(self, file: int, paths: Collection[str]) -> None:
        for path in paths:
            if place := self._places.pop(path, None):
                _write(file, bytes(place.length), place.start)

    def _shorten(self, file: int) -> None:
        draft = self._file.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as short:
            for place in self._places.values():
                short.write(os.pread(file, LENGTH_BYTES + place.length, place.start - LENGTH_BYTES))
        draft.replace(self._file)

    # -- the file ------------------------------------------------------------------------------------
    @contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[int | None]:
        """The file, ours alone, with what is in it as `_places`; None where there is none. What fails is no
        error: the file goes, and its blocks are made again when they are needed.
        """
        with ExitStack() as stack:
            file = None
            try:
                file = self._locked(make=make)
                if file is not None:
                    stack.callback(os.close, file)
                    self._look(file)
            except FAILURES as error:
                self._drop(error)
                file = None
            try:
                yield file
                self._seen = _identity(file) if file is not None else None
            except FAILURES as error:
                self._drop(error)

    def _locked(self, *, make: bool) -> int | None:
        """A descriptor of the file that has this name while we hold its lock."""
        if make:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            try:
                file = os.open(self._file, os.O_RDWR | (os.O_CREAT if make else 0), 0o600)
            except FileNotFoundError:
                self._places.clear()
                return None
            fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if self._file.stat().st_ino == os.fstat(file).st_ino:
                    return file
            os.close(file)

    def _look(self, file: int) -> None:
        """Reads which entries there are, if they are not those that we left. What a killed process has
        written of an entry is cut off.
        """
        if self._seen == _identity(file):
            return
        self._places.clear()
        size, start = os.fstat(file).st_size, LENGTH_BYTES
        with open(file, "rb", closefd=False) as reading:
            while start < size:
                length = int.from_bytes(reading.read(LENGTH_BYTES), "big")
                if length <= PROOF_BYTES or start + length > size:
                    break
                body = reading.read(length)[PROOF_BYTES:]
                if body[0]:  # else it was wiped
                    entry = msgspec.msgpack.decode(body, type=_Entry)
                    self._places[entry.path] = _Place(entry.mark, start, length)
                start += length + LENGTH_BYTES
        if start != size + LENGTH_BYTES:
            os.ftruncate(file, start - LENGTH_BYTES)

    def _drop(self, error: Exception) -> None:
        log.warning("kept-blocks-dropped reason=%s", type(error).__name__)
        self._places.clear()
        self._seen = None
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


def _identity(file: int) -> tuple[int, int, int]:
    found = os.fstat(file)
    return found.st_ino, found.st_size, found.st_mtime_ns


def _write(file: int, raw: bytes | bytearray, start: int) -> None:
    written = 0
    while written < len(raw):
        written += os.pwrite(file, memoryview(raw)[written:], start + written)
