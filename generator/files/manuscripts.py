"""One property's files from bytes to entries: opened, sorted by language, compared, searched for codes.

Keeps the list of problems. What an entry consists of is not decided here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from generator.files import grammar, host_folder, leaks, prose
from generator.files.album import Album
from generator.files.entries import OWN_FIELDS, WORD_FIELDS, HostText
from generator.files.front_matter import Front, Outline, outline
from generator.files.host_folder import HostFile, Role
from generator.files.leaks import Sieve
from generator.files.problems import Kind, Problem, Problems
from generator.files.prose import Prose
from generator.files.stamps import digest_of

if TYPE_CHECKING:
    from generator.files.darkroom import Darkroom

T = TypeVar("T")
Versions = dict[str, HostFile]  # one file for each language
Markdown = Callable[[str, Outline], tuple[str, Mapping[str, str | list[str]]]]  # -> HTML, values of fields

TOLERANCE: Final = 60  # seconds; files checked out together differ by less

# The words never repeat the value.
_LEAKED: Final[Mapping[Kind, str]] = {
    "error": "The current value of {} stands here.",
    "warning": "This may be the current value of {}.",
}

_IN_MESSAGES: Final[Mapping[Role, str]] = {
    "journey": "Say that the page shows them; the button leads there.",
    "answer": "Say that the page shows them.",
}


_FIELDS: Final = {role: OWN_FIELDS[role] | WORD_FIELDS[role] for role in OWN_FIELDS}


class _Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose fields can be asked; nothing in it is understood yet."""

    file: HostFile
    source: str
    html: str
    front: Front
    updated: date | None

    def line_of(self, text: str) -> int:
        """Where the text below the fields has these words first, or where it begins."""
        rows = self.source.split("\n")[self.front.body_line - 1 :]
        hits = (number for number, row in enumerate(rows, start=self.front.body_line) if text in row)
        return next(hits, self.front.body_line)


class Manuscripts:
    """One reading of one property. `first` is property.md, `album` its pictures; `digests` are those of the
    files that have been read, by path in the folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        markdown: Markdown,
        secret_names: frozenset[str],
        values: Mapping[str, str],
        darkroom: "Darkroom | None" = None,
    ) -> None:
        self.slug = folder.absolute().name
        self._sieve = Sieve(values)
        self._problems = Problems(self._sieve)
        files = host_folder.files_of(folder, self._problems)
        self.digests = {
            file.inside: host_folder.file_digest(file) for file in files if file.role == "picture"
        }
        self._markdown = markdown
        self._sanitiser = prose.Sanitiser()
        self.album = Album(files, self._problems, darkroom=darkroom)
        self.first = self._first(files)
        self.languages = self._languages()
        self._files = self._sorted_out(files)
        self._secrets = secret_names | self.first.front.declared("secrets")

    def entries(self, role: Role, build: Callable[[HostText, T | None], T]) -> dict[str, dict[str, T]]:
        """All entries of one kind by key and language, the original first."""
        mine = {key: versions for (kind, key), versions in sorted(self._files.items()) if kind == role}
        built = {key: self._in_all_languages(key, versions, build) for key, versions in mine.items()}
        return {key: versions for key, versions in built.items() if versions}

    def picture(self, front: Front) -> str:
        """The name of the picture that a file's fields ask for, if there is one."""
        name = front.one("picture", str, "")
        role: Role = "property" if front is self.first.front else "section"
        found = self.album.find(name, front.path, front.line("picture"), role=role) if name else None
        return found.name if found else ""

    def warn(self, inside: str, message: str, *, hint: str) -> None:
        """Tell something about a folder as a whole."""
        self._problems.add(f"{self.slug}/{inside}", 0, message, hint=hint, kind="warning")

    def digest(self) -> str:
        """What `folder_digest` answers, of the bytes that were read."""
        return digest_of(self.digests)

    def told(self) -> tuple[Problem, ...]:
        """Problems that are no errors; raises ContentErrors if there are errors."""
        for name, words in self.album.words.items():
            for token, secret in self._sieve.found_in(words).items():
                kind: Kind = "error" if leaks.is_sure(token) else "warning"
                hint = f"Draw no codes: texts show it where they say [[{secret}]]."
                self._problems.add(name, 0, _LEAKED[kind].format(secret), hint=hint, kind=kind)
        return self._problems.told()

    # Opening and sorting ------------------------------------------------------------------------------

    def _first(self, files: Iterable[HostFile]) -> _Opened:
        """property.md; without it nothing else can be judged."""
        found = [file for file in files if file.role == "property" and not file.language]
        opened = self._open(found[0]) if found else None
        if not found and not self._problems.tells_of(self.slug):
            hint = "Write one that says its name and languages."
            self._problems.add(f"{self.slug}/property.md", 0, "There is no property.md.", hint=hint)
        return opened or self._problems.give_up()

    def _languages(self) -> tuple[str, ...]:
        """The offered languages, the main one first; without them nothing can be sorted."""
        front = self.first.front
        offered = front.many("languages", grammar.language, commas=True)
        if not front.has("languages"):
            hint = "Add languages: en, de with the main one first."
            front.refuse("languages", "“languages” is missing.", hint=hint)
        elif len(set(offered)) < len(offered):
            front.refuse("languages", "A language is named twice.", hint="Name each one once.")
        return tuple(dict.fromkeys(offered)) or self._problems.give_up()

    def _sorted_out(self, files: Iterable[HostFile]) -> dict[tuple[Role, str], Versions]:
        """The files of every entry by language; tells those that no guest could be shown."""
        entries: dict[tuple[Role, str], Versions] = {}
        for file in sorted(files, key=_canonical):
            tag = file.language or self.languages[0]
            versions = entries.setdefault((file.role, file.key), {}) if file.role != "picture" else {}
            if tag not in self.languages:
                hint = f"Add {tag} to languages in property.md, or remove this file."
                self._problems.add(file.name, 0, f"The language {tag} is not offered.", hint=hint)
            elif tag in versions:
                hint = "Remove one of them."
                self._problems.add(
                    file.name, 0, f"{versions[tag].inside} already says this in {tag}.", hint=hint
                )
            else:
                versions[tag] = file
        return {entry: versions for entry, versions in entries.items() if versions}

    def _open(self, file: HostFile) -> _Opened | None:
        """A file's fields and HTML; None, and told, if it has no shape."""
        source, self.digests[file.inside] = host_folder.read_text(file, self._problems)
        places = outline(file.name, source, self._problems) if source is not None else None
        if source is None or places is None:
            return None
        try:
            html, values = self._markdown(source, places)
        except RecursionError:
            hint = "Write it with fewer lists or quotes inside each other."
            self._problems.add(file.name, places.body_line, "This text is nested too deeply.", hint=hint)
            return None
        front = Front(file.name, values, places=places, problems=self._problems)
        for name in front.names:
            _check_field(name, front, _FIELDS[file.role])
        return _Opened(
            file=file, source=source, html=html, front=front, updated=front.one("updated", grammar.day, None)
        )

    # One entry in all its languages -------------------------------------------------------------------

    def _in_all_languages(
        self, key: str, versions: Versions, build: Callable[[HostText, T | None], T]
    ) -> dict[str, T]:
        """The original and its translations. If the original cannot be opened, nothing can be built on it."""
        order = [tag for tag in self.languages if tag in versions]
        original = self.first if versions[order[0]] == self.first.file else self._open(versions[order[0]])
        self._tell_missing(versions, order)
        made: dict[str, T] = {}
        for tag in order:
            opened = original if tag == order[0] else self._open(versions[tag])
            if opened is None or original is None:
                continue
            text = HostText(
                key=key,
                language=tag,
                source=opened.source,
                front=opened.front,
                original=original.front,
                prose=self._prose(opened, original, tag),
            )
            entry = build(text, made.get(order[0]))
            if self._is_translated(opened, original):
                made[tag] = entry
        return made

    def _tell_missing(self, versions: Versions, order: Sequence[str]) -> None:
        original = versions[order[0]]
        folder, _, name = original.name.rpartition("/")
        for tag in self.languages:
            if tag not in versions:
                path = f"{folder}/{original.key}.{tag}.md"
                hint = f"Until then these guests read {name}."
                self._problems.add(
                    path, 0, f"There is no translation into {tag} yet.", hint=hint, kind="missing"
                )

    def _is_translated(self, opened: _Opened, original: _Opened) -> bool:
        """Whether a file can stand for the original; tells what is old, empty or not its to say."""
        if opened is original:
            return True
        for name in OWN_FIELDS[opened.file.role].intersection(opened.front.names):
            if opened.front.has(name) and opened.front.rows(name) != original.front.rows(name):
                hint = f"Change it in {original.file.inside}, or remove it here."
                opened.front.warn(
                    name, f"Only the original says “{name}”: this line does nothing.", hint=hint
                )
        if _is_older(opened, original):
            hint = "Compare the two, then set updated: here to the original's date."
            message = f"{original.file.inside} has changed since this was translated."
            self._problems.add(opened.file.name, 0, message, hint=hint, kind="stale")
        if original.html and not opened.html:
            hint = "The original is shown until then."
            message = "There is no text below the fields yet."
            self._problems.add(opened.file.name, opened.front.body_line, message, hint=hint, kind="missing")
        return bool(opened.html or not original.html)

    def _prose(self, opened: _Opened, original: _Opened, language: str) -> Prose:
        """The text made safe; tells missing pictures, dead links, unknown secrets and leaked codes."""
        file, front = opened.file, opened.front

        def dead_link(address: str) -> None:
            hint = "A link begins with https://, mailto:, tel: or geo:."
            message = f"The link to “{address}” was left out."
            self._problems.add(file.name, opened.line_of(address), message, hint=hint, kind="warning")

        finished = prose.finish(
            opened.html,
            sanitiser=self._sanitiser,
            language=language,
            secrets=self._secrets,
            picture=lambda address: self.album.find(
                address, file.name, opened.line_of(address), role=file.role
            ),
            dead_link=dead_link,
        )
        self._check_marks(opened, finished)
        if found := self._sieve.found_in(opened.source, finished.text):
            fronts = (front, original.front)
            spared = {code for each in fronts for code in each.many("not_a_code", str, commas=True)}
            self._tell_codes(opened, found, spared)
        return finished

    def _check_marks(self, opened: _Opened, finished: Prose) -> None:
        for mark in prose.SECRET_MARK.finditer(opened.source):
            name, line = prose.marked_name(mark), opened.source.count("\n", 0, mark.start()) + 1
            if hint := _IN_MESSAGES.get(opened.file.role, ""):
                self._problems.add(opened.file.name, line, "Codes are never in a message.", hint=hint)
            elif line < opened.front.body_line:
                hint = "Codes are shown in the text below."
                self._problems.add(opened.file.name, line, "A field cannot show a secret.", hint=hint)
            elif name not in self._secrets:
                hint = grammar.nearest(name, sorted(self._secrets))
                hint = hint or "Say under secrets: in property.md when guests see it."
                self._problems.add(opened.file.name, line, f"There is no secret “{name}”.", hint=hint)
            elif name not in finished.secrets:
                hint = "Write it in plain text, outside links and descriptions of pictures."
                message = f"The secret “{name}” cannot be shown here."
                self._problems.add(opened.file.name, line, message, hint=hint)

    def _tell_codes(self, opened: _Opened, found: Mapping[str, str], spared: set[str]) -> None:
        """Tell current codes, both as they are written and as guests would read them."""
        for token, secret in found.items():
            kind: Kind = "error" if leaks.is_sure(token) else "warning"
            if kind == "warning" and token in spared:
                continue
            instead = "" if kind == "error" else ", or add it to not_a_code: if it is something else"
            for line in tuple(leaks.lines_of(token, opened.source)) or (opened.front.body_line,):
                message, hint = _LEAKED[kind].format(secret), f"Write [[{secret}]]{instead}."
                self._problems.add(opened.file.name, line, message, hint=hint, kind=kind)


def _check_field(name: str, front: Front, known: frozenset[str]) -> None:
    if name not in known:
        hint = grammar.suggestion(name, sorted(known))
        front.refuse(name, f"There is no field “{name}” here.", hint=hint)


def _canonical(file: HostFile) -> tuple[bool, str, str]:
    """Orders property.md before its translations, and small letters first: the others are what is double."""
    return bool(file.language), file.name.casefold(), file.name.swapcase()


def _is_older(opened: _Opened, original: _Opened) -> bool:
    """By the dates they give themselves; only if neither does, by the files' own times."""
    if opened.updated and original.updated:
        return opened.updated < original.updated
    if opened.updated or original.updated:
        return False
    return Path(opened.file.path).stat().st_mtime + TOLERANCE < Path(original.file.path).stat().st_mtime
