"""Which build of Guest Link makes the pages: one hash over its program, its theme and its libraries.

Its files are read again when one of them may have changed; what was told last lies below data/, in a file
that may go at any time.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from generator.files.stamps import Found, below, of, stamp
from guestlink.settings import PROGRAM, Settings

KEPT: Final = "data/build.json"
PACKAGES: Final = ("generator", "guestlink")
SHAPING: Final = {  # name of the library -> what Python calls it
    "babel": "babel",
    "jinja2": "jinja2",
    "markdown": "markdown",
    "nh3": "nh3",
    "pelican": "pelican",
    "pillow": "PIL",
    "segno": "segno",
}


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """`stamp` is that of all files when `build` was told of them and the key ring could be read."""

    stamp: str
    build: str


def build_of(settings: Settings, theme: Callable[[], str]) -> str:
    """The build; `theme` tells the theme's fingerprint when it has to be told. The key ring has been read:
    what is kept says that, too.
    """
    if known := known_build(settings):
        return known
    now = _stamp(settings)
    build = build_fingerprint(theme())
    if now:
        _keep(settings.path(KEPT), Build(stamp=now, build=build))
    return build


def known_build(settings: Settings) -> str:
    """The build as it was told before, while no file of program, theme, libraries or key ring has changed;
    else empty.
    """
    try:
        kept = msgspec.json.decode(settings.path(KEPT).read_bytes(), type=Build)
    except (OSError, msgspec.DecodeError):
        return ""
    return kept.build if kept.stamp == _stamp(settings) else ""


def build_fingerprint(theme: str) -> str:
    """One hash over everything but records, content and settings that reaches a page."""
    from importlib.metadata import version  # noqa: PLC0415 - takes 50 ms, and asks what is mostly known

    whole = hashlib.sha256()
    for text in (theme, *map(version, SHAPING)):
        whole.update(text.encode() + b"\0")
    for package in PACKAGES:
        for file in sorted((PROGRAM / package).rglob("*.py")):
            whole.update(file.relative_to(PROGRAM).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:32]


def fingerprint(settings: Settings, build: str) -> str:
    """Everything but records and content that reaches a page."""
    return f"{build}:{settings.signing_key_id}:{settings.public_url}:{settings.page_languages}"


def working_mark(settings: Settings) -> int:
    """Changes whenever a file changes that a publish depends on: settings, key ring, theme, program."""
    found = [*of([str(settings.file), str(settings.keys_file)]), *_made_with(settings)]
    return hash(tuple((path, told.st_mtime_ns, told.st_size) for path, told in found))


def _stamp(settings: Settings) -> str:
    """The stamp of key ring, theme, program and libraries; empty when it proves nothing."""
    libraries = _libraries()
    return stamp([*of([str(settings.keys_file)]), *_made_with(settings), *libraries]) if libraries else ""


def _made_with(settings: Settings) -> Iterator[Found]:
    yield from below(str(settings.theme_folder))
    for package in PACKAGES:
        yield from (each for each in below(str(PROGRAM / package)) if each[0].endswith(".py"))


def _libraries() -> list[Found]:
    """The folders of the libraries and those they lie in: one changes when another version is put there.
    Nothing when a library is in no folder.
    """
    origins = [spec.origin for spec in map(find_spec, SHAPING.values()) if spec and spec.origin]
    folders = {str(parent) for origin in origins for parent in (*Path(origin).parents,)[:2]}
    return [*of(sorted(folders))] if len(origins) == len(SHAPING) else []


def _keep(path: Path, build: Build) -> None:
    """On a full disk it is told anew each time."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        draft.write_bytes(msgspec.json.encode(build))
        draft.replace(path)
