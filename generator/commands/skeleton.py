"""The first files of a new property: a greeting and five sections in its language, for the host to write on.

It never overwrites a file; property.md comes last, so a folder that has one is complete or somebody's own.
"""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec

from guestlink.errors import SettingsError
from guestlink.language import chrome_language
from guestlink.records import Property

TEXTS = Path(__file__).with_name("skeleton.toml")
FIRST_FILE = "property.md"
LEADS = {
    "arrival": ("arrival", "booked"),
    "door": ("door", "arriving"),
    "wifi": ("wifi", "in_house"),
    "house-rules": ("rules", ""),
    "departure": ("departure", "departing"),
}


class Texts(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """One language. A section is its title, its text, and a hint that only the host sees."""

    greeting: str
    hint: str
    emergency: str
    arrival: tuple[str, str, str]
    door: tuple[str, str, str]
    wifi: tuple[str, str, str]
    house_rules: tuple[str, str, str]
    departure: tuple[str, str, str]


def write_skeleton(folder: Path, house: Property, *, on: date) -> list[str]:
    """Writes what is not there yet and returns its names; nothing when the folder has a property.md."""
    if (folder / FIRST_FILE).exists():
        return []
    written = []
    try:
        for name, text in skeleton(house, on=on):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(text, "utf-8")
                written.append(name)
    except OSError as error:
        mend = "Let yourself write there, or set content to another folder."
        told = f"{folder} cannot be written: {error.strerror}."
        raise SettingsError(told, setting="content", hint=mend) from None
    return written


def skeleton(house: Property, *, on: date) -> Iterator[tuple[str, str]]:
    """Name and text of each file, property.md last."""
    tag = house.default_language
    texts = msgspec.convert(tomllib.loads(TEXTS.read_text("utf-8"))[chrome_language(tag)], Texts)
    for number, (key, (icon, lead)) in enumerate(LEADS.items(), start=1):
        title, text, hint = getattr(texts, key.replace("-", "_"))
        leads = [f"lead: {lead}"] if lead else []
        fields = [f"title: {title}", f"order: {10 * number}", f"icon: {icon}", *leads, f"updated: {on}"]
        yield f"sections/{key}.{tag}.md", _file(fields, text, hint)
    yield FIRST_FILE, _file(_front(house, texts, on), texts.greeting, texts.hint)


def _front(house: Property, texts: Texts, on: date) -> list[str]:
    """Only Europe has one emergency number that is right everywhere."""
    urgent = [f"emergency: 112 | {texts.emergency}"] if house.zone.startswith("Europe/") else []
    return [
        f"name: {house.slug.replace('-', ' ').title()}",
        f"languages: {house.default_language}",
        "accent: #1f6f78",
        *urgent,
        "secrets: exact-address | on booking",
        "    door-code | 48 hours before arrival",
        "    wifi-password | 48 hours before arrival",
        f"updated: {on}",
    ]


def _file(fields: list[str], text: str, hint: str) -> str:
    return "\n".join(["---", *fields, "---", text, "", f"<!-- {hint} -->", ""])
