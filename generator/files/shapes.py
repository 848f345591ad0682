"""What hosts say and show, as values: sections, services, places, notices, messages, answers, the words of a
property, pictures. Reads nothing.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from generator.files import grammar
from generator.files.grammar import Field
from generator.files.moments import Moment

PRIVATE: Final = "private"  # the folder inside pictures/
DRAWN: Final = "image/svg+xml"
FORMATS: Final[Mapping[str, str]] = {"avif": "image/avif", "webp": "image/webp"}  # the one to prefer first
OFFERED: Final = tuple(phase for phase in grammar.PHASES if phase != "departed")


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the welcome page. `units` and `only_if` make it one for some guests only, hence sealed."""

    key: str
    language: str
    title: str = ""
    summary: str = ""
    html: str = ""
    text: str = ""
    order: int
    icon: str
    lead: tuple[str, ...]
    units: tuple[str, ...]
    shown_from: date | None
    shown_until: date | None
    only_if: str
    picture: str
    picture_alt: str = ""
    secrets: tuple[str, ...] = ()
    digest: str = ""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Something a guest can ask for. `price` is in minor units, 0 is free, None is not said.

    `closed` are dates and days of the week, `phases` those of the stay in which it is offered.
    """

    key: str
    language: str
    title: str = ""
    html: str = ""
    text: str = ""
    order: int
    icon: str
    price: int | None
    per: str
    hours: tuple[str, ...]
    closed: tuple[str, ...] = ()
    phases: tuple[str, ...] = OFFERED
    fields: tuple[Field, ...]
    approval: str
    urgent: bool
    changes: str
    keywords: tuple[str, ...] = ()
    digest: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Somewhere nearby. `walk` is in minutes, 0 is not said; degrees are WGS 84. `hours` are in the host's
    words, `open` and `closed` for the clock.
    """

    key: str
    language: str
    title: str = ""
    html: str = ""
    text: str = ""
    order: int
    kind: str
    latitude: float
    longitude: float
    walk: int
    hours: str = ""
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    phone: str
    website: str
    digest: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to know on some days, both of them included; with `units` for the guests of these alone."""

    key: str
    language: str
    title: str = ""
    html: str = ""
    text: str = ""
    units: tuple[str, ...]
    shown_from: date
    shown_until: date
    important: bool
    secrets: tuple[str, ...] = ()
    digest: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a stay's journey. `useful_for` is in minutes, 0 is not said; `channels` come in the order
    in which they are tried. All conditions of `only_if` must hold; `not_for` are booking sources. Subject,
    html and text have slots such as {house}, and no greeting.
    """

    key: str
    language: str
    subject: str = ""
    html: str = ""
    text: str = ""
    button: str = ""
    send: Moment
    useful_for: int
    channels: tuple[str, ...]
    template: str
    only_if: tuple[str, ...]
    units: tuple[str, ...]
    not_for: tuple[str, ...]
    at_any_hour: bool
    digest: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Words that people of the house send again and again, with slots such as {guest}; `services` are keys
    of those that it speaks of.
    """

    key: str
    language: str
    title: str = ""
    text: str = ""
    order: int
    services: tuple[str, ...]
    digest: str = ""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The property in one language. `labels` name secrets of the host's own, `units` its rooms."""

    language: str
    name: str
    tagline: str
    area: str
    greeting_html: str
    emergency: tuple[tuple[str, str], ...]
    labels: dict[str, str]
    units: dict[str, str] = {}


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a picture on the site."""

    path: str
    media_type: str
    width: int
    height: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as pages show it. `digest` covers file and recipe.

    `files` are what browsers choose from and `asset` is the address for those that cannot; both are empty
    until a darkroom has given the picture its addresses. `placeholder` is a data: address, of photographs
    that nothing shines through.
    """

    name: str
    path: str
    digest: str
    media_type: str
    width: int
    height: int
    asset: str
    files: tuple[Rendition, ...]
    placeholder: str = ""

    @property
    def private(self) -> bool:
        return is_private(self.name)

    @property
    def drawn(self) -> bool:
        return self.media_type == DRAWN


def is_private(name: str) -> bool:
    """Whether a picture of this name is only for guests who have opened their page."""
    return name.startswith(f"{PRIVATE}/")
