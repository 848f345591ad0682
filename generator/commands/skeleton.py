"""The first files of a new property: greeting, sections, messages in its language, for the host to write on.

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
_BY_MESSAGE = "channels: whatsapp, e-mail"
MOMENTS = {
    "booked": ("send: on booking", "useful_for: 14 days"),
    "arrival": (
        "send: 4 days before arrival, 10:00",
        "useful_for: 3 days",
        "only_if: arrival-unknown",
        _BY_MESSAGE,
    ),
    "codes": ("send: when codes are shown", "useful_for: 2 days", "only_if: codes-not-seen"),
    "evening": (
        "send: on the day of arrival, 19:00",
        "useful_for: 2 hours",
        "only_if: page-not-opened",
        _BY_MESSAGE,
    ),
    "leaving": (
        "send: 1 day before departure, 17:00",
        "useful_for: 4 hours",
        "only_if: more-than-one-night",
        _BY_MESSAGE,
    ),
    "thanks": ("send: 1 day after departure, 11:00", "useful_for: 3 days", _BY_MESSAGE),
    "late": ("send: on late booking", "useful_for: 24 hours", "at_any_hour: yes"),
}


class Messages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages of a stay in one language: subject and text, and one hint for all of them."""

    hint: str
    booked: tuple[str, str]
    arrival: tuple[str, str]
    codes: tuple[str, str]
    evening: tuple[str, str]
    leaving: tuple[str, str]
    thanks: tuple[str, str]
    late: tuple[str, str]


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
    messages: Messages


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
    for key, moment in MOMENTS.items():
        subject, text = getattr(texts.messages, key)
        fields = [f"subject: {subject}", *moment, f"updated: {on}"]
        yield f"journey/{key}.{tag}.md", _file(fields, text, texts.messages.hint)
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
