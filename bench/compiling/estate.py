"""A hundred invented houses with files in five languages and as many stays as wanted, the same for a seed.

`build` makes them as Guest Link knows them: a home with content and records. What other programs get is made
of it by peers.py.
"""

import itertools
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from bench.compiling.words import EMERGENCY, SENTENCES, TITLES
from guestlink import crypto, houses, secret_values, stays, zones
from guestlink.contacts import Person
from guestlink.database import Writing, open_database
from guestlink.houses import HouseDraft
from guestlink.records import Period, Property, Unit
from guestlink.settings import Settings, load_settings, save_setting

HOUSES: Final = 100
LANGUAGES: Final = tuple(TITLES)
ZONES: Final = ("Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome")
UNITS: Final = ("loft", "garden", "tower")
SECTIONS: Final = (  # key, icon, lead, unit
    ("arrival", "arrival", "booked", ""),
    ("door", "door", "arriving", ""),
    ("wifi", "wifi", "in_house", ""),
    ("heating", "heating", "", ""),
    ("kitchen", "appliances", "", ""),
    ("breakfast", "breakfast", "", ""),
    ("parking", "parking", "", ""),
    ("rubbish", "rules", "", ""),
    ("departure", "departure", "departing", ""),
    *((unit, "room", "", unit) for unit in UNITS),
)
SHOWN: Final = {"arrival": "exact-address", "door": "door-code", "wifi": "wifi-password"}
FIRST: Final = "Ana Bruno Chiara Dora Emil Farah Goran Hanne Ines Jory Kaj Lea Mateo Nils Olga Pia".split()
LAST: Final = "Sandbank Quayside Marazul Ventoforte Leuchtfeuer Grandphare Ondachiara Saltmarsh".split()
NIGHTS: Final = 2
PAST: Final = 0.15  # of all stays
LONGEST_AGO: Final = 28  # days: their pages are still live
DATED: Final = "2026-01-01"
BATCH: Final = 500
WRITTEN: Final = 50  # expired stays of a house
OF_EXPIRED: Final = {  # table -> the column by which its rows belong to a stay or a guest, parents first
    "contacts": "id",
    "guest_keys": "contact_id",
    "contact_tokens": "contact_id",
    "stays": "id",
    "stay_periods": "stay_id",
    "stay_contacts": "stay_id",
    "links": "stay_id",
    "journal": "stream",
}
COPIED: Final = {  # column -> its value in the copy number n
    "position": "null",
    "code": "code || n",
    "source_uid": "source_uid || '-' || n",
    "reference": "reference || '-' || n",
    **{
        name: f"substr({name}, 1, length({name}) - 17) || printf('%04x', n) || substr({name}, -13)"
        for name in ("id", "stay_id", "contact_id", "slug", "guide_token", "stream")
    },
}


def build(
    home: Path, *, stays: int, at: datetime, seed: int = 1, expired: int = 0, houses: int = HOUSES
) -> Settings:
    """Content, keys, database. `expired` are further stays whose pages have ended long ago: of many of them
    only a few of each house are written by the real verbs, and the others are copies of those.
    """
    chance = random.Random(seed)
    settings = load_settings(home, {})
    keys = crypto.new_keys(at)
    crypto.write_keys(settings.keys_file, keys)
    settings = save_setting(
        settings, signing_key_id=keys.signing_keys[0].id, public_url="https://stay.example.com"
    )
    names = [f"house-{number:03}" for number in range(min(houses, max(1, stays)))]
    for name in names:
        write_content(settings.content_folder / name, name, chance)
    times = max(1, expired // len(names) // WRITTEN)
    database = open_database(settings.database_url, home=home)
    ring = crypto.read_keys(settings.keys_file)
    try:
        for number, name in enumerate(names):
            with database.write() as tx:
                desk = _Desk(tx, ring, at)
                house, units = desk.furnish(name, ZONES[number % len(ZONES)], chance)
            share = stays // len(names) + (number < stays % len(names))
            old = -(-expired // len(names) // times)
            drafts = itertools.chain(
                _drafts(house, units, share, at=at, chance=chance, ago=LONGEST_AGO),
                _drafts(
                    house, units, old, at=at - timedelta(days=400), chance=chance, ago=10_000, kind="old"
                ),
            )
            for batch in iter(lambda: list(itertools.islice(drafts, BATCH)), []):  # noqa: B023 - used at once
                with database.write() as tx:
                    desk = _Desk(tx, ring, at)
                    for draft in batch:
                        desk.add(house, draft)
    finally:
        database.close()
    _copy_expired(home / "data" / "guestlink.db", times - 1)
    return settings


# -- records -------------------------------------------------------------------------------------------
class _Desk:
    """Who writes records in one transaction."""

    def __init__(self, tx: Writing, ring: crypto.KeyRing, at: datetime) -> None:
        self._tx, self._ring, self._at = tx, ring, at

    def furnish(self, name: str, zone: str, chance: random.Random) -> tuple[Property, list[Unit]]:
        tx, at = self._tx, self._at
        draft = HouseDraft(slug=name, zone=zone, currency="EUR", default_language="en")
        house = houses.add_property(tx, draft, at=at, by="bench")
        units = [
            houses.add_unit(tx, house, slug=unit, title=unit.title(), at=at, by="bench") for unit in UNITS
        ]

        def secret(name: str, value: str, unit: Unit | None = None) -> None:
            early = at - timedelta(days=90)
            secret_values.set_secret(
                tx, self._ring, house, name=name, value=value, at=early, by="bench", unit=unit
            )

        secret("exact-address", f"{chance.randrange(2, 90)} Example Quay, Polwenna")
        secret("wifi-password", f"harbour-{chance.randrange(10**5):05}-lantern")
        for unit in units:
            secret("door-code", f"{chance.randrange(10**6):06}", unit)
        return house, units

    def add(self, house: Property, draft: stays.StayDraft) -> None:
        stays.add_stay(self._tx, self._ring, house, draft, at=self._at, by="bench", bulk=True)


def _drafts(
    house: Property,
    units: list[Unit],
    many: int,
    *,
    at: datetime,
    chance: random.Random,
    ago: int,
    kind: str = "",
) -> Iterator[stays.StayDraft]:
    """Stays of two nights one after the other in each unit, some of them over, most to come."""
    each = -(-many // len(units))
    before = min(ago, max(1, int(each * PAST)) * NIGHTS + 1)
    begins = zones.local_date(at, house.zone) - timedelta(days=before)
    for number in range(many):
        turn, room = divmod(number, len(units))
        unit, on = units[room], begins + timedelta(days=NIGHTS * turn - room % 2)  # some leave today
        yield _draft(house, unit, on, name=f"{house.slug}{kind}-{number:05}", chance=chance)


def _draft(house: Property, unit: Unit, on: date, *, name: str, chance: random.Random) -> stays.StayDraft:
    period = Period(unit_id=unit.id, from_on=on, until_on=on + timedelta(days=NIGHTS))
    return stays.StayDraft(
        source="direct",
        source_uid=name,
        reference=name,
        language=chance.choice(LANGUAGES),
        adults=2,
        expected_arrival="17:30" if chance.random() < 0.3 else "",
        periods=(period,),
        guest=Person(name=f"{chance.choice(FIRST)} {chance.choice(LAST)} {name[-5:]}"),
    )


def _copy_expired(path: Path, copies: int) -> None:
    """The rows of expired stays, so many times more, under other ids. What is sealed in them nobody opens."""
    if copies < 1:
        return
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create temp table expired as select id from stays where source_uid like '%old-%'")
        guests = "select contact_id from stay_contacts where stay_id in (select id from expired)"
        database.execute(f"insert into expired {guests}")
        database.execute("insert into expired select 'stay:' || id from expired")
        database.execute("create temp table numbers (n integer)")
        database.executemany("insert into numbers values (?)", [(n,) for n in range(1, copies + 1)])
        for table, column in OF_EXPIRED.items():
            names = [row[1] for row in database.execute(f"pragma table_info({table})")]
            values = ", ".join(COPIED.get(name, name) for name in names)
            copied = f"from {table} cross join numbers where {column} in (select id from expired)"  # noqa: S608 - our own words
            database.execute(f"insert into {table} select {values} {copied}")


# -- files ---------------------------------------------------------------------------------------------
class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A host's text in one language as any program may read it. `secret` stands where `{secret}` is."""

    key: str
    language: str
    title: str
    summary: str
    body: str
    secret: str = ""


def texts(chance: random.Random) -> list[Text]:
    """The sections of one house in every language."""
    found = []
    for at, (key, *_rest) in enumerate(SECTIONS):
        for tag in LANGUAGES:
            body = _body(tag, chance, mark="{secret}" if key in SHOWN else "")
            title = TITLES[tag].split("|")[at]
            summary = chance.choice(SENTENCES[tag])
            found.append(
                Text(
                    key=key, language=tag, title=title, summary=summary, body=body, secret=SHOWN.get(key, "")
                )
            )
    return found


def _body(tag: str, chance: random.Random, *, mark: str) -> str:
    """About a thousand characters: paragraphs, something bold, a list, a link."""

    def some(many: int) -> str:
        return " ".join(chance.sample(SENTENCES[tag], many))

    bold, _, rest = some(3).partition(" ")
    items = "\n".join(f"- {chance.choice(SENTENCES[tag])}" for _ in range(4))
    shown = f" {mark}" if mark else ""
    link = f"[{chance.choice(SENTENCES[tag])}](https://www.example.com/{chance.randrange(1000)})"
    return f"{some(3)}{shown}\n\n**{bold}** {rest}\n\n{items}\n\n{some(2)} {link}\n"


def write_content(folder: Path, name: str, chance: random.Random) -> None:
    """The folder of one house as hosts of Guest Link write it."""
    (folder / "sections").mkdir(parents=True)
    accent = f"#{chance.randrange(16, 100):02x}{chance.randrange(40, 110):02x}{chance.randrange(60, 120):02x}"
    for tag in LANGUAGES:
        own = (
            f"name: {called(name)}\nlanguages: {', '.join(LANGUAGES)}\naccent: {accent}\n"
            f"phone: +44 1632 960{chance.randrange(100, 1000)}\nwifi: {called(name).replace(' ', '')}\n"
            "secrets: exact-address | on booking\n    door-code | 48 hours before arrival\n"
            "    wifi-password | 48 hours before arrival\n"
        )
        fields = f"{own if tag == 'en' else ''}area: Polwenna\nemergency: 112 | {EMERGENCY[tag]}\n"
        ending = "" if tag == "en" else f".{tag}"
        letter = " ".join(chance.sample(SENTENCES[tag], 3))
        _write(folder / f"property{ending}.md", fields, letter)
    facts = {key: (icon, lead, unit) for key, icon, lead, unit in SECTIONS}
    for text in texts(chance):
        icon, lead, unit = facts[text.key]
        order = list(facts).index(text.key)
        own = f"order: {order}\nicon: {icon}\n"
        own += (f"lead: {lead}\n" if lead else "") + (f"units: {unit}\n" if unit else "")
        fields = f"title: {text.title}\nsummary: {text.summary}\n{own if text.language == 'en' else ''}"
        body = text.body.replace("{secret}", f"[[{text.secret}]]")
        _write(folder / "sections" / f"{text.key}.{text.language}.md", fields, body)


def called(slug: str) -> str:
    """The name of a house."""
    return slug.replace("-", " ").title()


def _write(path: Path, fields: str, body: str) -> None:
    path.write_text(f"---\n{fields}updated: {DATED}\n---\n{body}", "utf-8")
