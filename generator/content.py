"""A host's folder -> HostContent. Fields and Markdown go through Pelican's reader, then through `prose`.

Every mistake is told with file and line, all of a property at once. Knows no guest, tells no secret's value.
"""

import logging
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec
from markdown.extensions.meta import MetaExtension, MetaPreprocessor
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from pelican.readers import Markdown, MarkdownReader  # type: ignore[import-untyped]

from generator.files import answers, entries, grammar, letters, moments, plain_markdown
from generator.files.darkroom import Darkroom, Progress
from generator.files.entries import House
from generator.files.front_matter import Front, Outline
from generator.files.host_content import OFF_PLATFORM, HostContent
from generator.files.manuscripts import Manuscripts
from generator.files.shapes import Letter
from guestlink.language import minor_digits

logging.setLoggerClass(logging.Logger)  # Pelican's import replaced it by one that swallows repetitions

T = TypeVar("T")

NO_VALUES: Mapping[str, str] = MappingProxyType({})
_CHANGED = ("\t", "\r", "\x02", "\x03")  # what Python-Markdown changes before it looks for fields
_META = 27  # where MetaExtension puts it: before anything that knows Markdown


def read_property(
    folder: Path,
    *,
    units: frozenset[str],
    currency: str,
    secret_names: frozenset[str] = frozenset(),
    values: Mapping[str, str] = NO_VALUES,
    darkroom: Darkroom | None = None,
    progress: Progress = lambda *_: None,
    digests: dict[str, str] | None = None,
) -> HostContent:
    """Everything in a property's folder. `values` are the secrets' current ones, each with its secret's name.

    The darkroom encodes photographs that are new; without one, pictures have no addresses to publish at.
    `digests` gets that of each file that was read, by its path in the folder.

    Raises ContentErrors with all mistakes. What is no mistake (translations missing or stale, files that
    nothing reads, short tokens that may be codes) is in `problems`.
    """
    files = Manuscripts(
        folder,
        markdown=_HostReader().read_text,
        secret_names=secret_names,
        values=values,
        darkroom=darkroom,
    )
    front = files.first.front
    secrets = entries.distinct(front, "secrets", front.many("secrets", grammar.secret))
    labels = {secret.name: secret.label for secret in secrets}
    house = House(
        units=units,
        message_hours=front.one("message_hours", moments.message_hours, moments.MESSAGE_HOURS),
        digits=minor_digits(currency),
        picture=files.picture,
        shown=files.album.shown,
    )
    words = files.entries("property", partial(entries.words, secrets=labels, units=units))["property"]
    services = files.entries("service", partial(entries.service, house=house))
    content = HostContent(
        slug=files.slug,
        languages=files.languages,
        accent=front.one("accent", grammar.colour, ""),
        picture=files.picture(front),
        phone=front.one("phone", grammar.phone, ""),
        whatsapp=front.one("whatsapp", grammar.whatsapp, ""),
        wifi=front.one("wifi", str, ""),
        coordinates=front.one("coordinates", grammar.coordinates, None),
        off_platform=_off_platform(front),
        reply_within=front.one("reply_within", grammar.wait, 0),
        host_after=front.one("host_after", grammar.wait, 0),
        phone_after=front.one("phone_after", grammar.wait, 0),
        quiet_hours=front.one("quiet_hours", grammar.quiet_hours, ""),
        message_hours=house.message_hours,
        reveal={secret.name: secret.reveal for secret in secrets},
        words={tag: words.get(tag, words[files.languages[0]]) for tag in files.languages},
        sections=files.entries("section", partial(entries.section, house=house)),
        services=services,
        places=files.entries("place", entries.place),
        notices=files.entries("notice", partial(entries.notice, house=house)),
        letters=_letters(files, house),
        answers=files.entries("answer", partial(answers.answer, services=services)),
        pictures={},
        problems=(),
        digest=files.digest(),
    )
    files.album.develop(progress)
    if digests is not None:
        digests.update(sorted(files.digests.items()))
    return msgspec.structs.replace(content, pictures=files.album.shown, problems=files.told())


def _letters(files: Manuscripts, house: House) -> dict[str, dict[str, Letter]]:
    made = files.entries("journey", partial(letters.letter, house=house))
    if told := letters.too_many(made):
        hint = "Remove one, or say with only_if, units or not_for whom it is for."
        files.warn("journey", told, hint=hint)
    return made


def _off_platform(front: Front) -> tuple[str, ...]:
    """The sources that are named, or the usual ones; `none` alone says that all guests may be written to."""
    named = front.many("off_platform", grammar.name, commas=True) or OFF_PLATFORM
    return () if named == ("none",) else named


class _HostReader(MarkdownReader):  # type: ignore[misc] # Pelican has no types
    """Pelican's reader, for a text that has been read and checked already, and with fields of our own."""

    def __init__(self) -> None:
        super().__init__({"MARKDOWN": {}, "FORMATTED_FIELDS": []})

    @cached_property
    def _md(self) -> Markdown:
        """By their names, extensions would be looked for in all packages that are installed."""
        tables = TableExtension(use_align_attribute=True)
        return Markdown(extensions=[MetaExtension(), tables, SaneListExtension()])

    def process_metadata(self, _name: str, value: T) -> T:
        """Pelican gives some fields a meaning of its own (status, tags); here they are merely unknown."""
        return value

    def read_text(self, text: str, places: Outline) -> tuple[str, Mapping[str, str | list[str]]]:
        """The HTML of the text and the values of the fields, one or a list for each."""
        if (html := _plain(text, places)) is not None:
            return html, places.values
        self._md.reset()
        html = self._md.convert(text)
        values: dict[str, str | list[str]] = self._parse_metadata(self._md.Meta)
        self._md.preprocessors.register(MetaPreprocessor(self._md), "meta", _META)  # Pelican has taken it out
        return html, values


def _plain(text: str, places: Outline) -> str | None:
    """The HTML of a text that is simple enough; its fields are in `places` then."""
    if any(each in text for each in _CHANGED):
        return None
    return plain_markdown.convert("\n".join(text.split("\n")[places.body_line - 1 :]))
