"""A host's folder -> HostContent. Fields and Markdown are read, by Pelican's reader where they are not plain,
and go through `prose`.

Every mistake is told with file and line, all of a property at once. Knows no guest, tells no secret's value.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from generator.files import answers, entries, grammar, letters, moments, plain_markdown
from generator.files.entries import House
from generator.files.front_matter import Front, Outline
from generator.files.host_content import OFF_PLATFORM, HostContent
from generator.files.manuscripts import Manuscripts
from generator.files.shapes import Letter
from guestlink.language import minor_digits

if TYPE_CHECKING:
    from generator.files.darkroom import Darkroom, Progress
    from generator.reader import HostReader

T = TypeVar("T")

NO_VALUES: Mapping[str, str] = MappingProxyType({})
_CHANGED = ("\t", "\r", "\x02", "\x03")  # what Python-Markdown changes before it looks for fields


def read_property(
    folder: Path,
    *,
    units: frozenset[str],
    currency: str,
    secret_names: frozenset[str] = frozenset(),
    values: Mapping[str, str] = NO_VALUES,
    darkroom: "Darkroom | None" = None,
    progress: "Progress" = lambda *_: None,
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
        markdown=_Markdown().read_text,
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


class _Markdown:
    """A text's HTML and the values of its fields: quickly where it is plain, else by Pelican's reader."""

    def read_text(self, text: str, places: Outline) -> tuple[str, Mapping[str, str | list[str]]]:
        if not any(each in text for each in _CHANGED):
            html = plain_markdown.convert("\n".join(text.split("\n")[places.body_line - 1 :]))
            if html is not None:
                return html, places.values
        return self._reader.read_text(text)

    @cached_property
    def _reader(self) -> "HostReader":
        from generator.reader import HostReader  # noqa: PLC0415 - Pelican, for who writes more than plain texts

        return HostReader()
