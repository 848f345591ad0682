"""The pictures of one property, by the names that hosts write. Looks at each file once, on first mention."""

import re
from collections.abc import Iterable
from unicodedata import normalize
from urllib.parse import unquote

import msgspec

from generator.files import pictures
from generator.files.front_matter import Problems
from generator.files.grammar import nearest
from generator.files.host_folder import HostFile
from generator.files.pictures import Picture
from guestlink.errors import ContentError

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


class Album:
    """`shown` holds the pictures that a text mentions, `words` what is written in each drawing among them."""

    def __init__(self, files: Iterable[HostFile], problems: Problems) -> None:
        self.shown: dict[str, Picture] = {}
        self.words: dict[str, str] = {}
        self._files = {file.key: file for file in files if file.role == "picture"}
        self._broken: set[str] = set()
        self._problems = problems

    def find(self, address: str, path: str, line: int) -> Picture | None:
        """The picture of that name. Tells what is wrong with it, or where a missing one is mentioned."""
        if _ELSEWHERE.match(address):
            hint = "Put it into pictures/ and write its name."
            self._problems.add(path, line, "This picture lies on another site.", hint=hint)
            return None
        name = normalize("NFC", unquote(address)).removeprefix("../").removeprefix("pictures/")
        if name not in self._files:
            hint = nearest(name, sorted(self._files)) or "Put it into the folder pictures."
            self._problems.add(path, line, f"There is no picture “{name}”.", hint=hint)
            return None
        if name not in self.shown and name not in self._broken:
            self._look_at(self._files[name])
        return self.shown.get(name)

    def _look_at(self, file: HostFile) -> None:
        try:
            picture, self.words[file.name] = pictures.look_at(file.path, file.key)
            self.shown[file.key] = _owned(picture, house=file.name.partition("/")[0])
        except ContentError as error:
            self._broken.add(file.key)
            self._problems.add(file.name, error.line, error.message, hint=error.hint)
        except OSError as error:
            self._broken.add(file.key)
            hint = "Check its permissions."
            self._problems.add(file.name, 0, f"This picture cannot be read: {error.strerror}.", hint=hint)


def _owned(picture: Picture, *, house: str) -> Picture:
    """The picture at an address of its own property: two houses with one logo never share an object."""
    return msgspec.structs.replace(picture, asset=picture.asset.replace("/p/", f"/p/{house}/", 1))
