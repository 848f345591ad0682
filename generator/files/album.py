"""The pictures of one property, by the names that hosts write. Looks at each file once, on first mention.

What lies in the folder `private` is for guests who have opened their page: only sections may show it.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import unquote

import msgspec

from generator.files.grammar import nearest
from generator.files.host_folder import HostFile, Role
from generator.files.problems import Problems
from generator.files.shapes import PRIVATE, Picture, is_private
from guestlink.errors import ContentError

if TYPE_CHECKING:
    from generator.files.darkroom import Darkroom

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


class Album:
    """`shown` holds the pictures that a text mentions, `words` what is written in each drawing among them.

    Without a darkroom the files are only looked at, and no picture has an address.
    """

    def __init__(
        self, files: Iterable[HostFile], problems: Problems, *, darkroom: "Darkroom | None" = None
    ) -> None:
        self.shown: dict[str, Picture] = {}
        self.words: dict[str, str] = {}
        self._files = {file.key: file for file in files if file.role == "picture"}
        self._broken: set[str] = set()
        self._problems = problems
        self._darkroom = darkroom

    def find(self, address: str, path: str, line: int, *, role: Role) -> Picture | None:
        """The picture of that name, for a text of that role. Tells what is wrong with it, or where one is
        mentioned that is missing or not for everybody.
        """
        if role == "journey":
            hint = "Take it out; the page shows pictures."
            self._problems.add(path, line, "A message has no pictures.", hint=hint)
            return None
        if _ELSEWHERE.match(address):
            hint = "Put it into pictures/ and write its name."
            self._problems.add(path, line, "This picture lies on another site.", hint=hint)
            return None
        name = normalize("NFC", unquote(address)).removeprefix("../").removeprefix("pictures/")
        if name not in self._files:
            self._problems.add(path, line, f"There is no picture “{name}”.", hint=self._instead(name))
            return None
        if is_private(name) and role != "section":
            told = f"“{name}” is private, and everybody can read this text."
            self._problems.add(path, line, told, hint="Show it in a section, or move it out of private/.")
            return None
        if name not in self.shown and name not in self._broken:
            self._look_at(self._files[name])
        return self.shown.get(name)

    def develop(self, progress: Callable[[str, int, int], None]) -> None:
        """Gives photographs their placeholders, encodes those that are new, tells those that are damaged."""
        self._tell_twice()
        if self._darkroom is None:
            return
        for picture, outcome in self._darkroom.develop(list(self.shown.values()), progress=progress):
            if isinstance(outcome, ContentError):
                self._tell(self._files[picture.name], outcome)
            else:
                self.shown[picture.name] = msgspec.structs.replace(picture, placeholder=outcome)

    def _instead(self, name: str) -> str:
        private = f"{PRIVATE}/{name}"
        if private in self._files:
            return f"Write “{private}”: it lies in the folder private."
        return nearest(name, sorted(self._files)) or "Put it into the folder pictures."

    def _look_at(self, file: HostFile) -> None:
        from generator.files import pictures  # noqa: PLC0415 - Pillow, for who has pictures

        try:
            picture, self.words[file.name] = pictures.look_at(Path(file.path), file.key)
        except ContentError as error:
            self._tell(file, error)
        except OSError as error:
            hint = "Check its permissions."
            self._tell(file, ContentError(f"This picture cannot be read: {error.strerror}.", hint=hint))
        else:
            house = file.name.partition("/")[0]
            self.shown[file.key] = (
                self._darkroom.addressed(picture, house=house) if self._darkroom else picture
            )

    def _tell(self, file: HostFile, error: ContentError) -> None:
        self._broken.add(file.key)
        self._problems.add(file.name, error.line, error.message, hint=error.hint)

    def _tell_twice(self) -> None:
        """A private picture that a text also shows from outside the folder is open to everybody."""
        clear = {p.digest: p.name for p in self.shown.values() if not p.private}
        for picture in self.shown.values():
            if picture.private and picture.digest in clear:
                name = clear[picture.digest]
                told = f"This private picture is also shown as “{name}”, which everybody can see."
                hint = f"Write “{picture.name}” instead of “{name}” everywhere, and remove that file."
                self._problems.add(self._files[picture.name].name, 0, told, hint=hint)
