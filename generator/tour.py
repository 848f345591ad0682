"""A few stays worth opening first: one in each phase of the oldest house, and one of each further house,
with the guest's link. For `up`, on the host's own terminal.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import msgspec

from guestlink import language, links, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import TAKEN, Phase, Property, Stay
from guestlink.settings import Settings, target_name
from guestlink.stays import open_page_key

ORDER: tuple[tuple[Phase, str], ...] = (
    ("arriving", "A guest arriving now"),
    ("in_house", "A guest in the house"),
    ("departing", "A guest leaving today"),
    ("booked", "A guest who comes later"),
)
MOST_HOUSES = 3


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    words: str
    link: str


def stops(db: Reading, ring: KeyRing, settings: Settings, *, at: datetime) -> list[Stop]:
    """Of the oldest house one stay of each phase whose gate is live, of two further houses one each."""
    found: list[Stop] = []
    oldest_first = sorted(records.properties(db), key=lambda house: house.id)
    for number, house in enumerate(oldest_first[:MOST_HOUSES]):
        told = [
            _stop(db, ring, settings, stay, words=f"{words} at {house.slug}" if number else words)
            for words, stay in _by_phase(db, house, settings, at=at)
        ]
        found += told[:1] if number else told
    return found


def _by_phase(db: Reading, house: Property, settings: Settings, *, at: datetime) -> list[tuple[str, Stay]]:
    """The first stay of each phase, the phases in their order."""
    found: dict[Phase, Stay] = {}
    for stay in sorted(_live_stays(db, house, settings), key=partial(_plainness, house)):
        found.setdefault(records.phase(stay, house, at), stay)
    return [(words, found[name]) for name, words in ORDER if name in found]


def _plainness(house: Property, stay: Stay) -> tuple[bool, bool, str]:
    """First a stay in the house's own language whose room is ready: the one that shows most to its host."""
    return stay.language != house.default_language, stay.ready_at is None, stay.reference


def _live_stays(db: Reading, house: Property, settings: Settings) -> Iterator[Stay]:
    rows = db.all("live_pages", target=target_name(settings), property_id=house.id)
    live = {row["stay_id"] for row in rows if row["kind"] == "gate" and row["state"] == "live"}
    for row in db.all("stays_of_property", property_id=house.id):
        stay = records.shaped(row, Stay)
        if stay.id in live and stay.status in TAKEN:
            yield stay


def _stop(db: Reading, ring: KeyRing, settings: Settings, stay: Stay, *, words: str) -> Stop:
    link = next(link for link in reversed(records.stay_links(db, stay)) if link.replaced_at is None)
    contact = next(contact for contact in records.contacts(db, stay) if contact.id == link.contact_id)
    key = open_page_key(ring, contact, link)
    when = f"{language.format_day(stay.from_on, 'en')} to {language.format_day(stay.until_on, 'en')}"
    return Stop(
        words=f"{words} ({when}, {language.native_name(stay.language)}):",
        link=links.gate_link(settings.public_url, link.slug, key),
    )
