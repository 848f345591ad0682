"""Text files of unknown make: their encoding, that they are text at all, and their lines one by one."""

import codecs
import io
from pathlib import Path

import msgspec

from guestlink.errors import InvalidInput, NotFound

CHUNK = 1 << 20
SAVE_AS_CSV = "Save it as CSV (UTF-8) and import that."
_KNOWN_BINARY = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_BINARY_BYTES = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1a\x1b")


class Encoding(msgspec.Struct, frozen=True):
    name: str
    note: str = ""


def encoding_of(path: Path) -> Encoding:
    """UTF-8 if every byte of the file allows it, else Windows-1252. What is no text at all is refused."""
    try:
        with path.open("rb") as file:
            head = file.read(CHUNK)
            if not head.strip():
                raise InvalidInput(
                    f"{path.name} is empty.", hint="Export it again: not even headings are in it."
                )
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return _checked(path, Encoding("utf-16"))
            _refuse_binary(path, head)
            decoder = codecs.getincrementaldecoder("utf-8")()
            for chunk in iter(lambda: file.read(CHUNK), b""):
                decoder.decode(head)
                head = chunk
            decoder.decode(head, final=True)
    except UnicodeDecodeError:
        return _checked(path, Encoding("cp1252", "the file is not UTF-8: it is read as Windows-1252"))
    except FileNotFoundError:
        raise NotFound(
            f"There is no file {path}.", hint="Check the path; an address begins with https://."
        ) from None
    except IsADirectoryError:
        raise InvalidInput(f"{path} is a folder.", hint="Name one file in it.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    return Encoding("utf-8-sig")


def _checked(path: Path, encoding: Encoding) -> Encoding:
    try:
        with path.open(encoding=encoding.name) as file:
            for _ in iter(lambda: file.read(CHUNK), ""):
                pass
    except UnicodeError:
        raise InvalidInput(f"{path.name} is neither UTF-8 nor Windows-1252 text.", hint=SAVE_AS_CSV) from None
    return encoding


def _refuse_binary(path: Path, head: bytes) -> None:
    for magic, name in _KNOWN_BINARY.items():
        if head.startswith(magic):
            raise InvalidInput(f"{path.name} is {name}, not text.", hint=SAVE_AS_CSV)
    if not _BINARY_BYTES.isdisjoint(head):
        raise InvalidInput(f"{path.name} is not text.", hint=SAVE_AS_CSV)


class Lines(io.BufferedIOBase):
    """A file as UTF-8, handed over line by line, so that a reader's place in it is always known."""

    def __init__(self, path: Path, encoding: str, *, skip: int = 0) -> None:
        self._text = path.open(encoding=encoding)
        self.line = self.quotes = 0
        self.is_over = False
        for _ in range(skip):
            self.read1()

    def readable(self) -> bool:
        return True

    def read1(self, _size: int = -1, /) -> bytes:
        line = self._text.readline()
        if not line:
            self.is_over = True
            return b""
        self.line += 1
        self.quotes += line.count('"')
        return line.encode()

    def readline(self, _size: int | None = -1, /) -> bytes:
        return self.read1()

    def close(self) -> None:
        self._text.close()
        super().close()
