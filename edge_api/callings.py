"""What a house calls its rooms and secrets: in its records, its files and their translations."""

from collections.abc import Mapping
from typing import Final

import msgspec

from edge_api import said
from guestlink import catalogue, records, secret_values
from guestlink.database import Reading
from guestlink.language import N_, Catalogue
from guestlink.records import Property

LABELS: Final[Mapping[str, str]] = {
    "exact-address": N_("Address"),
    "gate-code": N_("Gate code"),
    "door-code": N_("Door code"),
    "key-box": N_("Key box"),
    "wifi-password": N_("Wi-Fi password"),
}


class _Words(msgspec.Struct):
    labels: dict[str, str] = {}
    units: dict[str, str] = {}


class Content(msgspec.Struct):
    """Of the newest content, what its texts call secrets and rooms."""

    reveal: dict[str, object] = {}
    words: dict[str, _Words] = {}


def content_of(db: Reading, house: Property) -> Content:
    body = catalogue.last_content(db, house)
    return msgspec.json.decode(body, type=Content) if body else Content()


def secret_names(db: Reading, house: Property) -> set[str]:
    """Secrets that the house has: those that its files name, and those that ever had a value."""
    return {*content_of(db, house).reveal, *(each.name for each in secret_values.load_secrets(db, house))}


def heard_in(db: Reading, house: Property) -> said.House:
    """The house as its people talk of it."""
    content = content_of(db, house)
    labels: dict[str, list[str]] = {}
    for words in content.words.values():
        for name, label in words.labels.items():
            labels.setdefault(name, []).append(label)
    units = [
        (
            unit.id,
            unit.slug,
            unit.title,
            *(w.units[unit.slug] for w in content.words.values() if unit.slug in w.units),
        )
        for unit in records.units(db, house)
    ]
    return said.house_of(house.id, units=units, names=secret_names(db, house), labels=labels)


def label_of(db: Reading, house: Property, name: str, words: Catalogue) -> str:
    """A secret's name for people: the files' own, else the usual one, else its short name."""
    told = content_of(db, house).words
    for tag in (words.language, house.default_language, *told):
        if tag in told and told[tag].labels.get(name):
            return told[tag].labels[name]
    return words.text(LABELS[name]) if name in LABELS else name.replace("-", " ").capitalize()
