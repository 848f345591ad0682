"""What a house says on a stay's journey: its files as publishing left them in the catalogue, then filled.

Kept while they stay equal. Slots are filled as text, in HTML escaped; a code never comes here.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from markupsafe import escape

from edge_api.journey import moments
from edge_api.journey.moments import Facts, Hours
from edge_api.journey.plans import Text
from guestlink import catalogue, language
from guestlink.database import Reading
from guestlink.records import Period, Property, Stay
from guestlink.records import moments as moments_of
from guestlink.secret_values import Rule

KIND: Final = "journey"
OFF_PLATFORM: Final = ("airbnb",)
SLOTS: Final = ("house", "room", "arrival", "departure", "check_in", "check_out")


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """The property's words in one language, as far as messages name it."""

    name: str = ""
    units: dict[str, str] = {}


class Revealed(msgspec.Struct, frozen=True, kw_only=True):
    rule: Literal["booking", "hours", "ready"]
    hours: int = 0


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Of the whole content, what messages go by."""

    words: dict[str, Name] = {}
    reveal: dict[str, Revealed] = {}
    off_platform: tuple[str, ...] = OFF_PLATFORM
    message_hours: str = ""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """All texts of a house. `texts` is by key and language, the original of each first."""

    house: Property
    digest: str
    texts: Mapping[str, Mapping[str, Text]]
    content: Content

    @property
    def hours(self) -> Hours:
        return moments.hours_of(self.content.message_hours, self.house.zone)

    @property
    def rules(self) -> dict[str, Rule]:
        """When guests see which secret, by its name."""
        return {name: Rule(kind=each.rule, hours=each.hours) for name, each in self.content.reveal.items()}

    @property
    def originals(self) -> Sequence[Text]:
        """Each text once: when, for whom and how are the same in all languages."""
        return [next(iter(versions.values())) for versions in self.texts.values()]

    def text(self, key: str, wanted: str) -> Text | None:
        """The text in the language closest to the guest's."""
        versions = self.texts.get(key)
        if not versions:
            return None
        order = language.fallback_order(wanted, self.house.default_language, tuple(versions))
        return versions[order[0]]

    def name(self, wanted: str) -> Name:
        """What the house and its rooms are called."""
        words = self.content.words
        order = language.fallback_order(wanted, self.house.default_language, tuple(words))
        return words[order[0]] if order else Name(name=self.house.slug)


class Shelf:
    """The books of all houses, read again when a house publishes other texts. Threads may share it: at worst
    a book is read twice.
    """

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}

    def book(self, db: Reading, house: Property) -> Book:
        row = db.one("content_hash", property_id=house.id)
        digest = str(row["content_hash"]) if row else ""
        known = self._books.get(house.id)
        if known is None or known.digest != digest or known.house != house:
            known = self._books[house.id] = _read(db, house, digest)
        return known


def _read(db: Reading, house: Property, digest: str) -> Book:
    body = catalogue.last_content(db, house)
    texts: dict[str, dict[str, Text]] = {}
    for row in db.all("catalogue_of_kind", property_id=house.id, kind=KIND):
        texts.setdefault(str(row["key"]), {})[str(row["language"])] = msgspec.json.decode(
            row["body"], type=Text
        )
    return Book(
        house=house,
        digest=digest,
        texts=texts,
        content=msgspec.json.decode(body, type=Content) if body else Content(),
    )


# -- filled for a stay ---------------------------------------------------------------------------------
def filled(text: Text, book: Book, facts: Facts, *, periods: Sequence[Period]) -> Text:
    """The text with its slots filled in its own language; subject and text as they are, HTML escaped."""
    values = slots(book, facts.stay, periods, text.language)
    return msgspec.structs.replace(
        text,
        subject=fill(text.subject, values),
        text=fill(text.text, values),
        html=fill(text.html, {slot: str(escape(value)) for slot, value in values.items()}),
    )


def slots(book: Book, stay: Stay, periods: Sequence[Period], spoken: str) -> dict[str, str]:
    """What fills each of SLOTS for a stay; empty is what is not known, such as a room not yet given."""
    name, zone, marks = book.name(spoken), book.house.zone, moments_of(stay, book.house)
    return {
        "house": name.name or book.house.slug,
        "room": _rooms(name, periods, spoken),
        "arrival": language.format_day(stay.from_on, spoken),
        "departure": language.format_day(stay.until_on, spoken),
        "check_in": language.format_time(marks.check_in, zone, spoken),
        "check_out": language.format_time(marks.departed, zone, spoken),
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    for slot, value in values.items():
        text = text.replace(f"{{{slot}}}", value)
    return text


def _rooms(name: Name, periods: Sequence[Period], spoken: str) -> str:
    rooms = [name.units.get(part.unit or "", part.title or "") for part in periods if part.unit]
    return language.format_list(list(dict.fromkeys(rooms)), spoken)
