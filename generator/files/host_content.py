"""All that a property's files say, as one value: what pages are composed and rendered from. Reads nothing."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from generator.files.grammar import Reveal
from generator.files.moments import MESSAGE_HOURS
from generator.files.problems import Problem
from generator.files.shapes import Answer, Letter, Notice, Picture, Place, Section, Service, Words
from guestlink.language import fallback_order

T = TypeVar("T")

LOST_PROPERTY = "lost-property"  # the service that a departed guest's page has a form of its own for
OFF_PLATFORM = ("airbnb",)  # forbids to lead its guests elsewhere


class HostContent(msgspec.Struct, frozen=True, kw_only=True):
    """All that a property's files say. `words` has each offered language, else another one's words.

    Guests of the booking sources in `off_platform` are not led to a chat outside them. Waits are in minutes,
    0 is not said.
    """

    slug: str
    languages: tuple[str, ...]
    accent: str
    picture: str
    phone: str
    whatsapp: str = ""
    wifi: str
    coordinates: tuple[float, float] | None = None
    off_platform: tuple[str, ...] = OFF_PLATFORM
    reply_within: int = 0
    host_after: int = 0
    phone_after: int = 0
    quiet_hours: str = ""
    message_hours: str = MESSAGE_HOURS
    reveal: dict[str, Reveal]
    words: dict[str, Words]
    sections: dict[str, dict[str, Section]]
    services: dict[str, dict[str, Service]]
    places: dict[str, dict[str, Place]]
    notices: dict[str, dict[str, Notice]] = {}
    letters: dict[str, dict[str, Letter]] = {}
    answers: dict[str, dict[str, Answer]] = {}
    pictures: dict[str, Picture]
    problems: tuple[Problem, ...]
    digest: str

    def pick(self, entry: Mapping[str, T], language: str) -> T:
        """The entry in the language closest to the guest's, else in the property's first, else in any."""
        return _picked(entry, language, self.languages[0])

    def words_in(self, language: str) -> Words:
        """The property's words in the closest language."""
        return self.pick(self.words, language)


class Doorplate(msgspec.Struct, frozen=True, kw_only=True):
    """What pages without a guest say of a house: it is decoded out of the content of each of them."""

    languages: tuple[str, ...]
    accent: str
    words: dict[str, Words]

    def words_in(self, language: str) -> Words:
        """As of HostContent."""
        return _picked(self.words, language, self.languages[0])


def _picked(entry: Mapping[str, T], language: str, first: str) -> T:
    if language in entry:
        return entry[language]
    return entry[fallback_order(language, first, tuple(entry))[0]]
