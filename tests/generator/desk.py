"""A front desk for tests of the import: a property with three rooms, verbs to import and to look at stays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from generator.importing import ImportReport, import_file
from guestlink import crypto, houses, records, stays
from guestlink.contacts import Person, opened
from guestlink.crypto import KeyRing
from guestlink.database import Database, open_database
from guestlink.houses import HouseDraft
from guestlink.records import Property, Stay, Unit, shaped_all

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
BY = "marta"
RECORDED = Path(__file__).parents[1] / "recorded"


class Desk(NamedTuple):
    database: Database
    ring: KeyRing
    folder: Path

    # -- importing ----------------------------------------------------------------------------------
    def file(self, text: str | bytes, name: str = "stays.csv") -> str:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def take(self, source: str, *, room: str = "", at: datetime = AT, **options: Any) -> ImportReport:
        unit = self.unit(room) if room else None
        return import_file(
            self.database, self.ring, source, house=self.house, unit=unit, at=at, by=BY, **options
        )

    def take_text(self, text: str | bytes, name: str = "stays.csv", **options: Any) -> ImportReport:
        return self.take(self.file(text, name), **options)

    # -- looking ------------------------------------------------------------------------------------
    @property
    def house(self) -> Property:
        with self.database.read() as db:
            return records.find_property(db, "harbour-house")

    def unit(self, slug: str) -> Unit:
        with self.database.read() as db:
            return records.find_unit(db, records.find_property(db, "harbour-house"), slug)

    def stays(self) -> list[Stay]:
        with self.database.read() as db:
            return shaped_all(db.all("stays_of_property", property_id=self.house.id), Stay)

    def stay(self, name: str) -> Stay:
        with self.database.read() as db:
            return records.find_stay(db, name)

    def rooms(self, name: str) -> list[tuple[str | None, date, date]]:
        with self.database.read() as db:
            return [(p.unit, p.from_on, p.until_on) for p in records.periods(db, records.find_stay(db, name))]

    def guest(self, name: str) -> Person:
        with self.database.read() as db:
            return opened(self.ring, records.contacts(db, records.find_stay(db, name))[0])

    def change(self, name: str, **fields: Any) -> Stay:
        """What a host changes by hand."""
        with self.database.write() as tx:
            stay = records.find_stay(tx, name)
            return stays.change_stay(tx, self.ring, self.house, stay, at=AT, by=BY, **fields)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row that an import could touch."""
        with self.database.read() as db:
            house = self.house.id
            return {
                "stays": db.all("stays_of_property", property_id=house),
                "periods": db.all("periods_to_publish", property_id=house, ended_since="1900-01-01"),
                "links": db.all("links_to_publish", property_id=house, ended_since="1900-01-01"),
                "journal": db.all("events_since", position=0, most=100_000),
            }


def open_desk(folder: Path, *, rooms: int = 3, **house: str) -> Iterator[Desk]:
    """A new desk; closed afterwards. `house` overrides what the property is like."""
    database = open_database("sqlite:///desk.db", home=folder)
    draft = {
        "slug": "harbour-house",
        "zone": "Europe/Lisbon",
        "currency": "EUR",
        "default_language": "en",
        **house,
    }
    with database.write() as tx:
        found = houses.add_property(tx, HouseDraft(**draft), at=AT, by=BY)
        for number in range(1, rooms + 1):
            houses.add_unit(tx, found, slug=f"room-{number}", title=f"Room {number}", at=AT, by=BY)
    yield Desk(database, crypto.KeyRing(crypto.new_keys(AT)), folder)
    database.close()
