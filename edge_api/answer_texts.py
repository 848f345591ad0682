"""Answers that people of a house send again and again: its files as publishing left them in the catalogue,
filled for a guest in their language. It sends nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from edge_api.journey import texts
from edge_api.journey.texts import Book
from guestlink import contacts, language, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import Property, Stay

KIND: Final = "answer"
_OPEN: Final = re.compile(r"\{([a-z_]+)\}")


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """Of a file as it lies in the catalogue."""

    key: str
    language: str
    title: str
    text: str
    order: int
    services: tuple[str, ...]


class AnswerShown(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `title` is for whoever picks it, `text` for the guest, in `language`; `open` are slots that
    nothing filled: they still stand in the text. `services` are those that it speaks of.
    """

    property: str
    key: str
    title: str
    language: str
    text: str
    open: tuple[str, ...]
    services: tuple[str, ...]


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of the house."""

    answers: tuple[AnswerShown, ...]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """For whom: the stay, and of its guests a companion; empty is the booker. `tongue` is the guest's
    language, empty the one of the stay or the house; `reader` is the language of who picks.
    """

    stay: Stay | None = None
    contact_id: str = ""
    tongue: str = ""
    reader: str = ""


def answers(db: Reading, ring: KeyRing, book: Book, wanted: Wanted) -> list[AnswerShown]:
    """All answers of the book's house."""
    house = book.house
    tongue = wanted.tongue or (wanted.stay.language if wanted.stay else house.default_language)
    templates: dict[str, dict[str, Template]] = {}
    for row in db.all("catalogue_of_kind", property_id=house.id, kind=KIND):
        template = msgspec.json.decode(row["body"], type=Template)
        templates.setdefault(template.key, {})[template.language] = template
    pairs = [
        (_closest(each, tongue, house), _closest(each, wanted.reader or tongue, house))
        for each in templates.values()
    ]
    values = {
        spoken: _values(db, ring, book, wanted, spoken=spoken)
        for spoken in {said.language for said, _ in pairs}
    }
    return [
        _shown(house, said, read.title, values[said.language])
        for said, read in sorted(pairs, key=lambda pair: (pair[0].order, pair[0].key))
    ]


def _closest(versions: Mapping[str, Template], wanted: str, house: Property) -> Template:
    return versions[language.fallback_order(wanted, house.default_language, tuple(versions))[0]]


def _shown(house: Property, said: Template, title: str, values: Mapping[str, str]) -> AnswerShown:
    known = {slot: value for slot, value in values.items() if value}
    wanting = dict.fromkeys(slot for slot in _OPEN.findall(said.text) if slot not in known)
    return AnswerShown(
        property=house.slug,
        key=said.key,
        title=title,
        language=said.language,
        text=texts.fill(said.text, known),
        open=tuple(wanting),
        services=said.services,
    )


def _values(db: Reading, ring: KeyRing, book: Book, wanted: Wanted, *, spoken: str) -> dict[str, str]:
    """What fills the slots; the guest's name last, since it is the guest's own words."""
    stay = wanted.stay
    if stay is None:
        return {"house": book.name(spoken).name or book.house.slug}
    people = records.contacts(db, stay)
    named = [each for each in people if each.id == wanted.contact_id] or people
    guest = contacts.opened(ring, named[0]).name if named else ""
    return {**texts.slots(book, stay, records.periods(db, stay), spoken), "guest": guest}
