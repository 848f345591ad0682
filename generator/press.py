"""What a publish works with: settings, records, keys, target, theme, and each property's content.

It opens things and hands them out; it publishes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from generator import readings
from generator.builds import build_of, fingerprint, working_mark
from generator.files.host_content import HostContent
from generator.files.host_folder import has_pictures
from generator.files.shapes import Picture
from generator.kept_blocks import KeptBlocks
from generator.pages import Site
from generator.parts.theme import Compiled
from generator.readings import Files, Kept
from generator.rendering import Renderer, Theme
from generator.targets import Target, open_target
from guestlink import catalogue, records, secret_values
from guestlink.crypto import KeyRing, read_keys
from guestlink.database import Database, open_database
from guestlink.errors import ContentError, SettingsError
from guestlink.records import Property
from guestlink.settings import Settings

if TYPE_CHECKING:
    from generator.files.darkroom import Darkroom, Progress

T = TypeVar("T")

ENCODED, COMPILED, SEALED = "data/pictures", "data/templates", "data/sealed"
MOST_KEPT = 48  # properties, by who publishes them again and again; of one it takes about two megabytes


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A property's content to publish with. With `mistakes` it is the newest content that had none.

    `files` are the digests of the files it was read from, by path; empty when it was not read from files.
    `kept` is what to keep with it; `is_known` says that content and catalogue have been written before.
    """

    content: HostContent
    from_files: bool
    files: dict[str, str] = {}
    kept: Kept | None = None
    is_known: bool = False
    mistakes: ContentError | None = None


@dataclass(frozen=True, kw_only=True)
class Press:
    settings: Settings
    database: Database
    ring: KeyRing
    target: Target
    theme: Theme
    site: Site
    mark: int = 0
    most_kept: int = MOST_KEPT
    _files: dict[str, Files] = field(default_factory=dict)
    _decoded: dict[str, tuple[str, HostContent]] = field(default_factory=dict)
    _renderers: dict[str, tuple[tuple[str, Property], Renderer]] = field(default_factory=dict)
    _blocks: dict[str, KeptBlocks] = field(default_factory=dict)

    def content(
        self, house: Property, *, from_files: bool, at: datetime, progress: "Progress" = lambda *_: None
    ) -> Reading:
        """The property's files, or what was last published of them. New photographs are encoded.

        Files with mistakes do not hold guests' codes back: the last content without mistakes stands in, and
        the mistakes are told. ContentErrors when there is none yet.
        """
        last = None if from_files else self._last(house)
        if last:
            return Reading(content=last, from_files=False)
        try:
            return self._from_files(house, at, progress)
        except ContentError as mistakes:
            last = self._last(house)
            if last is None:
                raise
            return Reading(content=last, from_files=False, mistakes=mistakes)

    def renderer(self, house: Property, content: HostContent) -> Renderer:
        """A renderer with its fragments and frames, kept while content and property stay as they are."""
        key = content.digest, msgspec.structs.replace(house, changes=0)
        kept = self._renderers.get(house.slug)
        if kept is None or kept[0] != key:
            kept = key, Renderer(self.theme, content, house, self.site)
            self._keep(self._renderers, house.slug, kept)
        return kept[1]

    def kept_blocks(self, house: Property) -> KeptBlocks:
        """The private blocks of a property's pages, kept below data/ between publishes."""
        kept = self._blocks.get(house.slug)
        if kept is None:
            key = self.ring.derived("guestlink kept blocks v1")
            kept = KeptBlocks(self.settings.path(SEALED) / house.slug, key=key)
            self._keep(self._blocks, house.slug, kept)
        return kept

    @cached_property
    def darkroom(self) -> "Darkroom":
        """The encoded pictures of all properties, kept below data/ between publishes."""
        from generator.files.darkroom import Darkroom  # noqa: PLC0415 - Pillow, for who has pictures

        return Darkroom(self.settings.path(ENCODED), self.ring.file_name)

    def content_folder(self, house: Property) -> Path:
        return self.settings.content_folder / house.slug

    def files_digest(self, house: Property) -> str:
        """The digest of a property's files without reading what they mean; empty when there is no folder."""
        if not self.content_folder(house).is_dir():
            return ""
        with self.database.read() as db:
            kept = readings.load(db, house)
        return self._files_now(house, kept).digest

    def _files_now(self, house: Property, kept: Kept | None) -> Files:
        known = self._files.get(house.slug), kept.files if kept else None
        self._files[house.slug] = readings.files_of(self.content_folder(house), *known)
        return self._files[house.slug]

    def _last(self, house: Property) -> HostContent | None:
        """The content that was published last, decoded once for each hash of it."""
        known, content = self._decoded.get(house.slug, ("", None))
        with self.database.read() as db:
            now = catalogue.content_hash(db, house)
            if now == known:
                return content
            kept = catalogue.last_content(db, house)
        try:
            content = msgspec.json.decode(kept, type=HostContent) if kept else None
        except msgspec.ValidationError:  # an older program wrote it
            return None
        if content:
            self._keep(self._decoded, house.slug, (now, content))
        return content

    def _from_files(self, house: Property, at: datetime, progress: "Progress") -> Reading:
        """The content as it was read before, when nothing that it depends on has changed since."""
        folder = self.content_folder(house)
        if not folder.is_dir():
            mend = (
                f"`publish.py property add {house.slug}` writes a skeleton, or set `content` in the settings."
            )
            raise ContentError(f"There is no content folder {folder}.", hint=mend)
        with self.database.read() as db:
            units, secrets = records.units(db, house), secret_values.current(db, house, at=at)
            kept = readings.load(db, house)
        mark = readings.mark(house, folder, build=self.site.build, units=units, secrets=secrets)
        if kept and kept.mark == mark:
            files = self._files_now(house, kept)
            now = Kept(mark=mark, files=files)
            last = self._last(house) if kept.files.digests == files.digests else None
            if last and last.digest == files.digest and self._has(last.pictures):
                return Reading(
                    content=last, from_files=True, files=files.digests, kept=now, is_known=kept == now
                )
        from generator.content import read_property  # noqa: PLC0415 - Pelican, for who reads files

        stamp, digests = readings.stamp_of(folder), dict[str, str]()
        values = {secret_values.open_secret(self.ring, secret): secret.name for secret in secrets}
        content = read_property(
            folder,
            units=frozenset(unit.slug for unit in units),
            currency=house.currency,
            secret_names=frozenset(values.values()),
            values=values,
            darkroom=self.darkroom if has_pictures(folder) else None,
            progress=progress,
            digests=digests,
        )
        self._files[house.slug] = Files(digests=digests, stamp=stamp)
        now = Kept(mark=mark, files=self._files[house.slug])
        return Reading(content=content, from_files=True, files=digests, kept=now)

    def _has(self, pictures: Mapping[str, Picture]) -> bool:
        return not pictures or self.darkroom.has(pictures.values())

    def _keep(self, known: dict[str, T], slug: str, what: T) -> None:
        """Remembers something of a property, and forgets what was remembered first when there is too much."""
        known.pop(slug, None)
        known[slug] = what
        if len(known) > self.most_kept:
            del known[next(iter(known))]


def open_press(settings: Settings, *, most_kept: int = MOST_KEPT) -> Press:
    """Everything opened; a SettingsError says what is missing. What changes from here on changes its mark.
    It keeps in memory what it made for so many properties; who publishes each once needs no more than one.
    """
    mark = working_mark(settings)
    ring = read_keys(settings.keys_file)
    if not settings.signing_key_id:
        mend = "`publish.py keys show` lists the keys, `publish.py keys use ID` chooses one."
        raise SettingsError("No key signs the pages.", setting="signing_key_id", hint=mend)
    ring.signing_key(settings.signing_key_id)
    theme = Theme(settings.theme_folder, compiled=Compiled(settings.path(COMPILED)))
    build = build_of(settings, lambda: theme.fingerprint)
    return Press(
        settings=settings,
        database=open_database(settings.database_url, home=Path(settings.home)),
        ring=ring,
        target=open_target(settings),
        theme=theme,
        mark=mark,
        most_kept=most_kept,
        site=Site(
            public_url=settings.public_url,
            key_id=settings.signing_key_id,
            build=build,
            fingerprint=fingerprint(settings, build),
            guest_only=settings.page_languages == "guest",
        ),
    )
