"""A small house for tests: two rooms, three guests, a handful of files, planted words that must never be
readable.
"""

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from generator.orders import Order, Outcome
from generator.parts.theme import Compiled, Theme
from generator.press import COMPILED, Press, open_press
from generator.publishing import publish
from guestlink import crypto, houses, links, records, secret_values, stays
from guestlink.contacts import Person
from guestlink.database import Database, open_database
from guestlink.houses import HouseDraft
from guestlink.records import Period, Property, Stay
from guestlink.settings import Settings, load_settings, save_setting

ROOT = Path(__file__).parent.parent
AT = datetime(2026, 5, 4, 16, tzinfo=UTC)
TODAY = AT.date()
BY = "test"
DOOR = "Zq7door-planted"
WIFI = "Wv9wifi-planted"
ADDRESS = "9 Planted Quay"
NAME = "Anaplanted Teststone"
PHONE = "+447700900123"
EMAIL = "ana.planted@example.com"
PLANTED = (DOOR, WIFI, ADDRESS, NAME, "Anaplanted", PHONE, "7700900123", EMAIL)
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30">
<rect width="40" height="30" fill="#1f6f78"/></svg>"""

FILES = {
    "property.md": """---
name: Planted House
languages: en, de
tagline: Two rooms by the water
area: Polwenna
accent: #1f6f78
phone: +44 1632 960100
wifi: PlantedHouse
emergency: 999 | All services
secrets: exact-address | on booking
         door-code | 48 hours before arrival
         wifi-password | 48 hours before arrival
updated: 2026-01-01
---
Welcome.
""",
    "property.de.md": """---
tagline: Zwei Zimmer am Wasser
area: Polwenna
updated: 2026-01-02
---
Willkommen.
""",
    "sections/door.en.md": """---
title: The door
order: 1
icon: door
lead: arriving
picture: door.svg
picture_alt: A blue door
updated: 2026-01-01
---
Type [[door-code]] and pull.
""",
    "sections/door.de.md": """---
title: Die Tür
picture_alt: Eine blaue Tür
updated: 2026-01-02
---
[[door-code]] eingeben.
""",
    "sections/wifi.en.md": """---
title: Wi-Fi
order: 2
icon: wifi
lead: in_house
updated: 2026-01-01
---
Use [[wifi-password]].
""",
    "sections/attic.en.md": """---
title: The attic
order: 3
icon: room
units: room-2
updated: 2026-01-01
---
Mind your head.
""",
    "pictures/door.svg": PICTURE,
}


def make_home(home: Path, *, site_url: str = "file:data/site", database_url: str = "") -> Settings:
    """A set-up deployment with content, one property, two units, secrets; no stays yet."""
    settings = load_settings(home, {})
    keys = crypto.new_keys(AT)
    crypto.write_keys(settings.keys_file, keys)
    changes = {
        "site_url": site_url,
        "signing_key_id": keys.signing_keys[0].id,
        "public_url": "http://localhost:8099",
    }
    if database_url:
        changes["database_url"] = database_url
    settings = save_setting(settings, **changes)
    write_files(settings, FILES)
    put_compiled(settings)
    if not database_url:
        put_migrated(settings)
    database, ring = opened(settings)
    with database.write() as tx:
        draft = HouseDraft(slug="planted", zone="Europe/London", currency="GBP", default_language="en")
        house = houses.add_property(tx, draft, at=AT, by=BY)
        for slug in ("room-1", "room-2"):
            houses.add_unit(tx, house, slug=slug, title=slug.title(), at=AT, by=BY)
        for name, value in (("door-code", DOOR), ("wifi-password", WIFI), ("exact-address", ADDRESS)):
            secret_values.set_secret(
                tx, ring, house, name=name, value=value, at=AT - timedelta(days=30), by=BY
            )
    database.close()
    return settings


def put_migrated(settings: Settings) -> None:
    """Lays down a database without records as this process has migrated it once."""
    file = settings.path("data/guestlink.db")
    file.touch(mode=0o600)
    file.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory(prefix="guestlink-migrated-") as folder:
        open_database("sqlite:///guestlink.db", home=Path(folder)).close()
        return Path(folder, "guestlink.db").read_bytes()


def put_compiled(settings: Settings) -> None:
    """Lays down the theme's templates as this process has compiled them once."""
    folder = settings.path(COMPILED)
    folder.mkdir(mode=0o700)
    for name, code in _compiled().items():
        (folder / name).write_bytes(code)


@cache
def _compiled() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="guestlink-compiled-") as folder:
        theme = Theme(Settings(home=".").theme_folder, compiled=Compiled(Path(folder)))
        for name in theme.environment.list_templates():
            theme.environment.get_template(name)
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def write_files(settings: Settings, files: dict[str, str], slug: str = "planted") -> None:
    for name, text in files.items():
        path = settings.content_folder / slug / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def opened(settings: Settings) -> tuple[Database, crypto.KeyRing]:
    return (
        open_database(settings.database_url, home=Path(settings.home)),
        crypto.read_keys(settings.keys_file),
    )


def the_house(database: Database) -> Property:
    with database.read() as db:
        return records.find_property(db, "planted")


def add_stay(
    settings: Settings,
    reference: str,
    *,
    unit: str,
    arrives: date,
    leaves: date,
    guest: Person | None = None,
    source: str = "test",
    **fields,
) -> Stay:
    """A stay in one unit; its guest is Ana unless told otherwise."""
    database, ring = opened(settings)
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        room = records.find_unit(tx, house, unit)
        period = Period(unit_id=room.id, unit=unit, from_on=arrives, until_on=leaves)
        draft = stays.StayDraft(
            source=source,
            source_uid=reference,
            reference=reference,
            periods=(period,),
            guest=guest or Person(name=NAME, phone=PHONE, email=EMAIL),
            **fields,
        )
        stay = stays.add_stay(tx, ring, house, draft, at=AT - timedelta(days=9), by=BY)
    database.close()
    return stay


def three_stays(settings: Settings) -> dict[str, Stay]:
    """Ana is in the house, Tomas arrives tomorrow, Yuki left yesterday."""
    day = timedelta(days=1)
    return {
        "ana": add_stay(settings, "ANA", unit="room-1", arrives=TODAY - 2 * day, leaves=TODAY + 2 * day),
        "tomas": add_stay(
            settings,
            "TOMAS",
            unit="room-2",
            arrives=TODAY + day,
            leaves=TODAY + 3 * day,
            guest=Person(name="Tomas"),
            language="de",
        ),
        "yuki": add_stay(
            settings,
            "YUKI",
            unit="room-2",
            arrives=TODAY - 4 * day,
            leaves=TODAY - day,
            guest=Person(name="Yuki"),
            language="ja",
        ),
    }


def run_publish(
    settings: Settings, *, at: datetime = AT, press: Press | None = None, **order: object
) -> list[Outcome]:
    """Publishes; any error of an outcome is raised."""
    mine = press or open_press(settings)
    outcomes = publish(mine, msgspec.convert(order, Order), at=at)
    if press is None:
        mine.database.close()
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    return outcomes


def site_files(settings: Settings) -> dict[str, bytes]:
    """Everything in the site's folder but locks: path -> bytes."""
    root = settings.path("data/site")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def command(home: Path) -> list[str]:
    """How a test calls publish.py; its environment must say GUESTLINK_HOME."""
    return [sys.executable, str(ROOT / "publish.py")]


def link_of(settings: Settings, reference: str) -> str:
    """The newest guest link of a stay."""
    database, ring = opened(settings)
    with database.read() as db:
        stay = records.find_stay(db, reference)
        link = records.stay_links(db, stay)[-1]
        contact = next(contact for contact in records.contacts(db, stay) if contact.id == link.contact_id)
    database.close()
    return links.gate_link(settings.public_url, link.slug, stays.open_page_key(ring, contact, link))


def from_folder(settings: Settings) -> Callable[[str], bytes]:
    """Fetches objects straight from the site's folder, without the edge's lock."""
    return lambda path: (settings.path("data/site") / path.partition("?")[0].strip("/")).read_bytes()
