"""A property's folder on disk: which of its files count, what their names say, how they are read and hashed.

Understands no field and no text, and follows no link out of the folder.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal
from unicodedata import normalize

import msgspec

from generator.files import grammar
from generator.files.problems import Problems
from generator.files.shapes import PRIVATE
from generator.files.stamps import digest_of

Role = Literal["property", "section", "service", "place", "notice", "journey", "answer", "picture"]

ROLES: Final[Mapping[str, Role]] = {
    "sections": "section",
    "services": "service",
    "places": "place",
    "notices": "notice",
    "journey": "journey",
    "answers": "answer",
    "pictures": "picture",
}
LARGEST_TEXT: Final = 1_000_000  # bytes
TYPES: Final = frozenset({".svg", ".png", ".jpg", ".jpeg", ".webp"})  # of pictures
OTHER_TYPES: Final = frozenset({".heic", ".heif", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".jxl"})

_IGNORED = re.compile(r"\..*|.*~|#.*#|Thumbs\.db|desktop\.ini", re.IGNORECASE)
_KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


class HostFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that counts. `name` is what problems call it, `inside` its path in the property's folder."""

    path: str
    name: str
    inside: str
    role: Role
    key: str = ""
    language: str = ""  # empty: property.md and pictures, which belong to all of them


def files_of(folder: Path, problems: Problems) -> tuple[HostFile, ...]:
    """The files of a property in the order of their names; tells whatever does not belong there."""
    slug, home = folder.absolute().name, Path(os.path.realpath(folder))
    files: list[HostFile] = []
    for entry in _entries(folder, slug, home=home, problems=problems):
        name = f"{slug}/{entry.name}"
        role = ROLES.get(entry.name.casefold())
        if not entry.is_dir():
            files += _named(entry, name, role="property", problems=problems)
        elif role is None:
            hint = f"Its folders are {', '.join(ROLES)}."
            problems.add(name, 0, "Nothing reads this folder.", hint=hint, kind="warning")
        else:
            for inner in _entries(Path(entry.path), name, home=home, problems=problems):
                if role == "picture" and inner.is_dir() and inner.name.casefold() == PRIVATE:
                    files += _private(inner, f"{name}/{inner.name}", home=home, problems=problems)
                else:
                    files += _named(inner, f"{name}/{inner.name}", role=role, problems=problems)
    return tuple(files)


def has_pictures(folder: Path) -> bool:
    """Whether a property has a folder of them, be it an empty one."""
    return any(ROLES.get(name.casefold()) == "picture" for name in os.listdir(folder))  # noqa: PTH208 - names


def _private(folder: os.DirEntry[str], name: str, *, home: Path, problems: Problems) -> Iterator[HostFile]:
    """The pictures that texts call `private/door.jpg`."""
    for entry in _entries(Path(folder.path), name, home=home, problems=problems):
        for file in _named(entry, f"{name}/{entry.name}", role="picture", problems=problems):
            yield msgspec.structs.replace(file, key=f"{PRIVATE}/{file.key}")


def folder_digest(folder: Path) -> str:
    """`HostContent.digest` without understanding a file: equal folders, equal digests, on every machine."""
    return digest_of(file_digests(folder))


def file_digests(folder: Path) -> dict[str, str]:
    """Path in the folder -> digest, of every file that counts."""
    return {file.inside: file_digest(file) for file in files_of(folder, Problems())}


def file_digest(file: HostFile) -> str:
    """SHA-256 of a file's bytes."""
    try:
        with Path(file.path).open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def read_text(file: HostFile, problems: Problems) -> tuple[str | None, str]:
    """A file's text with plain line ends, and its digest. What cannot be text is told, and None."""
    try:
        with open(file.path, "rb", buffering=0) as handle:  # noqa: PTH123 - thousands of small files
            is_large = os.fstat(handle.fileno()).st_size > LARGEST_TEXT
            raw = b"" if is_large else handle.read()
    except OSError as error:
        problems.add(
            file.name, 0, f"This file cannot be read: {error.strerror}.", hint="Check its permissions."
        )
        return None, file_digest(file)
    if is_large:
        hint = "Split the text, and keep pictures in pictures/."
        problems.add(file.name, 0, "This file has more than 1 MB.", hint=hint)
        return None, file_digest(file)
    return _decoded(raw, file.name, problems), hashlib.sha256(raw).hexdigest()


def _decoded(raw: bytes, name: str, problems: Problems) -> str | None:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(name, line, "This file is not UTF-8 text.", hint="Save it with the encoding UTF-8.")
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problems.add(name, line, "This file contains NUL bytes.", hint="Save it again as plain text.")
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _entries(folder: Path, name: str, *, home: Path, problems: Problems) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, without what editors and systems leave there, and without links to elsewhere."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(
                (entry for entry in found if not _IGNORED.fullmatch(entry.name)), key=lambda e: e.name
            )
    except OSError as error:
        hint = "Check that it is a folder and may be read."
        problems.add(name, 0, f"This folder cannot be read: {error.strerror}.", hint=hint)
        return
    for entry in entries:
        if not entry.is_symlink() or _leads_inside(
            entry, f"{name}/{entry.name}", home=home, problems=problems
        ):
            yield entry


def _leads_inside(entry: os.DirEntry[str], name: str, *, home: Path, problems: Problems) -> bool:
    target = Path(os.path.realpath(entry.path))
    if not target.is_relative_to(home):
        problems.add(name, 0, "This link leads out of the property's folder.", hint="Copy the file here.")
        return False
    if not target.exists():
        problems.add(name, 0, "This link leads nowhere.", hint="Remove it, or copy the file here.")
        return False
    return True


def _named(entry: os.DirEntry[str], name: str, *, role: Role, problems: Problems) -> list[HostFile]:
    """The file if its name makes sense where it lies; else tells why not."""
    stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122 - no path is made of it
    wanted = TYPES if role == "picture" else {".md"}
    known = wanted | OTHER_TYPES if role == "picture" else wanted  # whoever shows one is told what to do
    if not entry.is_file() or suffix.casefold() not in known:
        hint = f"Files here end with {', '.join(sorted(wanted))}."
        problems.add(name, 0, "Nothing reads this file.", hint=hint, kind="warning")
        return []
    key, _, language = stem.partition(".") if role == "property" else stem.rpartition(".")
    if role == "picture":
        key, language = normalize("NFC", entry.name), ""
    elif role != "property" and not key:
        key, language = stem, ""
    file = HostFile(
        path=entry.path,
        name=name,
        inside=name.partition("/")[2],
        role=role,
        key=key,
        language=language,
    )
    return [file] if role == "picture" else _in_language(file, problems)


def _in_language(file: HostFile, problems: Problems) -> list[HostFile]:
    """A text with its key and language in their usual spelling; tells what is wrong with its name."""
    key, language = file.key, file.language
    if file.role == "property" and key.casefold() != "property":
        hint = "Other texts lie in sections, services, places, notices, journey and answers."
        problems.add(file.name, 0, "Nothing reads this file.", hint=hint, kind="warning")
        return []
    if not language and file.role != "property":
        hint = f"Name it {key}.en.md, with the letters of its language."
        problems.add(file.name, 0, "The name does not say which language this is.", hint=hint)
        return []
    try:
        tag = grammar.language(language) if language else ""
    except ValueError as error:
        problems.add(
            file.name, 0, str(error.args[0]), hint=f"Name it {key}.en.md, with the letters of its language."
        )
        return []
    if not _KEY.fullmatch(key.casefold()):
        hint = "Use the letters a to z, digits and hyphens: house-rules.en.md."
        problems.add(file.name, 0, f"“{key}” is no name for a page's address.", hint=hint)
        return []
    if (key.casefold(), tag) == (key, language):
        return [file]
    return [msgspec.structs.replace(file, key=key.casefold(), language=tag)]
