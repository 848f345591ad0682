"""The sample house: twelve rooms and forty stays around today, for `init`. Every person in it is invented.

The same day gives the same stays; only ids, links and secrets differ. No secret stands here: they are drawn.
"""

import secrets as randomness
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from guestlink import houses, links, secret_values, stays, zones
from guestlink.contacts import OptIn, Person
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from guestlink.houses import HouseDraft
from guestlink.records import Period, Property, Status, Stay, Unit

HOUSE = HouseDraft(slug="harbour-house", zone="Europe/London", currency="GBP", default_language="en")
ROOMS = {f"room-{number}": f"Room {number}" for number in range(1, 13)}
WIFI_WORDS = ("anchor", "beacon", "cutter", "dinghy", "fender", "halyard", "inlet", "lantern")
PER_ROOM = frozenset({"door-code", "safe-code"})
NIGHTLY_RATE = 9400
READY_FROM = time(12)
OPT_IN = "You may write to me on WhatsApp about my stay."
NOBODY = "nobody"  # whom the channel gives no name, only the phone's last digits

GUESTS = {
    "oliver": ("Oliver Quayside", "en"),
    "hannah": ("Hannah Saltmarsh", "en"),
    "amelia": ("Amelia Lanternfield", "en"),
    "noah": ("Noah Driftwood", "en"),
    "grace": ("Grace Tidewell", "en"),
    "samuel": ("Samuel Rookhaven", "en"),
    "edith": ("Edith Marlstone", "en"),
    "lena": ("Lena Möwensand", "de"),
    "jonas": ("Jonas Leuchtfeuer", "de"),
    "friederike": ("Friederike Wattläufer", "de"),
    "emil": ("Emil Strandkorb", "de"),
    "camille": ("Camille Vent-du-Large", "fr"),
    "hugo": ("Hugo Portvieux", "fr"),
    "ines": ("Inès Belle-Marée", "fr"),
    "lucien": ("Lucien Grandphare", "fr"),
    "lucia": ("Lucía Marazul", "es"),
    "mateo": ("Mateo Puertobravo", "es"),
    "carmen": ("Carmen Faroalto", "es"),
    "giulia": ("Giulia Portovento", "it"),
    "marco": ("Marco Ondachiara", "it"),
    "elena": ("Elena Scogliera", "it"),
    "pietro": ("Pietro Ventomare", "it"),
    "chiara": ("Chiara Lanternina", "it"),
    "dario": ("Dario Cordamolle", "it"),
    "ana": ("Ana Mareverde", "en"),
    "tomas": ("Tomás Ventomanso", "pt"),
    "beatriz": ("Beatriz Ondaclara", "pt"),
    "rui": ("Rui Barcamansa", "pt"),
    "yusuf": ("يوسف بحر الضوء", "ar"),
    "layla": ("ليلى مرسى القمر", "ar"),
    "sami": ("سامي نسيم الموج", "ar"),
    "akari": ("灯台 あかり", "ja"),
    "haruka": ("波止場 はるか", "ja"),
    "minoru": ("潮風 みのる", "ja"),
    NOBODY: ("", "en"),
}


# Those of them who have a phone in the sandbox's phone page; one is known by a user id alone.
ON_WHATSAPP: Mapping[str, dict[str, str]] = {
    "ana": {"phone": "+447700900101", "email": "ana@example.com"},
    "tomas": {"bsuid": "GB.463504706672029391", "email": "tomas@example.com"},
}


STAFF = (
    ("Mira Holm", "+44 7700 900201", "staff"),
    ("Jory Tamblyn", "+44 7700 900202", "staff"),
    ("Kerensa Tamblyn", "+44 7700 900203", "host"),
)


class Planned(msgspec.Struct, frozen=True):
    """One stay: arrival and departure in days from today, and what happens to it after it was booked."""

    reference: str
    unit: str
    arrives: int
    leaves: int
    guest: str
    source: str = "direct"
    adults: int = 2
    children: int = 0
    pets: int = 0
    party: str = ""
    check_in: str = ""
    check_out: str = ""
    expected: str = ""
    ready: bool = False
    one_night_more: bool = False
    moves_to: tuple[str, int] | None = None
    status: Status = "confirmed"


FIRST_LOOK = "HH-1009"  # arrives today, the room is ready: every code is shown
NEARLY_OVER = "HH-1001"  # its dates follow the month, since pages end with a month
STAYS = (
    Planned("HH-1000", "room-9", -130, -126, "ana", adults=1),
    Planned(NEARLY_OVER, "room-4", -3, 0, "edith"),
    Planned("HM-KELP41", "room-11", -20, -16, "emil", "airbnb"),
    Planned("HH-1002", "room-10", -14, -11, "marco"),
    Planned("4417-2093", "room-2", -10, -6, "carmen", "booking-com"),
    Planned("HH-1003", "room-6", -9, -4, "sami", adults=1),
    Planned("HH-1004", "room-1", -7, -3, "lucien"),
    Planned("HM-GULL17", "room-3", -6, -2, "samuel", "airbnb", adults=1),
    Planned("HH-1005", "room-12", -6, 3, "mateo", children=2, pets=1, expected="17:30"),
    Planned("4417-2250", "room-4", -4, 1, "rui", "booking-com"),
    Planned("HH-1006", "room-9", -4, 1, "ana", adults=1),
    Planned("HH-1007", "room-1", -3, 0, "lena"),
    Planned("4417-2311", "room-8", -3, 0, "noah", "booking-com", check_out="14:00"),
    Planned("HM-FOAM08", "room-3", -2, 0, "akari", "airbnb", check_out="13:00"),
    Planned("HH-1008", "room-6", -2, 0, "lucia", one_night_more=True),
    Planned("HM-REED63", "room-7", -2, 4, "ines", "airbnb", children=1, moves_to=("room-3", 1)),
    Planned("4417-2377", "room-2", -1, 2, "giulia", "booking-com", children=1, expected="22:45"),
    Planned("HH-1010", "room-10", -1, 1, "friederike", pets=1),
    Planned("4417-2402", "room-5", -1, 2, "hannah", "booking-com", adults=1, status="no_show"),
    Planned(FIRST_LOOK, "room-1", 0, 3, "oliver", check_in="13:30", ready=True),
    Planned("HH-1011", "room-5", 0, 2, "hugo", adults=1, expected="22:30"),
    Planned("4417-2418", "room-11", 0, 1, "layla", "booking-com", expected="23:45"),
    Planned("HM-TERN52", "room-7", 1, 3, "beatriz", "airbnb", expected="21:00"),
    Planned("HH-1012", "room-8", 1, 4, "pietro", party="HH-P1", expected="16:00"),
    Planned("HH-1013", "room-9", 1, 4, "elena", party="HH-P1", children=2, expected="16:00"),
    Planned("HH-1014", "room-10", 1, 4, "chiara", party="HH-P1", expected="16:00"),
    Planned("HH-1015", "room-11", 1, 4, "dario", party="HH-P1", adults=1, pets=1, expected="19:30"),
    Planned("4417-2466", "room-4", 2, 6, "jonas", "booking-com", check_in="12:00"),
    Planned("HH-1016", "room-12", 3, 10, "haruka", children=1),
    Planned("HH-1017", "room-6", 4, 7, "yusuf", expected="20:15"),
    Planned("HH-1018", "room-2", 5, 8, "tomas", status="cancelled"),
    Planned("HH-1019", "room-2", 6, 10, "tomas"),
    Planned("HM-WAVE29", "room-3", 8, 12, "amelia", "airbnb", status="proposed_cancelled"),
    Planned("HH-1020", "room-8", 10, 14, "grace", pets=1),
    Planned("4417-2530", "room-1", 14, 18, "minoru", "booking-com", adults=1),
    Planned("HM-CLAM90", "", 16, 19, NOBODY, "airbnb"),
    Planned("HH-1021", "room-5", 21, 28, "hannah", children=1),
    Planned("4417-2604", "room-9", 24, 27, "layla", "booking-com"),
    Planned("HH-1022", "room-12", 30, 37, "camille", children=2),
    Planned("HH-1023", "room-6", 45, 52, "noah"),
)


def add_sample(
    tx: Writing,
    ring: KeyRing,
    *,
    secrets: Collection[str],
    taken: Callable[[str], bool],
    at: datetime,
    by: str,
) -> Property:
    """The house, its rooms, its stays, and a random value for each name in `secrets` that is not `taken`."""
    house = houses.add_property(tx, HOUSE, at=at, by=by)
    rooms = {
        slug: houses.add_unit(tx, house, slug=slug, title=title, at=at, by=by)
        for slug, title in ROOMS.items()
    }
    for name in secrets:
        scopes: tuple[Unit | None, ...] = tuple(rooms.values()) if name in PER_ROOM else (None,)
        for unit in scopes:
            value = new_value(name, taken)
            secret_values.set_secret(tx, ring, house, name=name, value=value, unit=unit, at=at, by=by)
    reception = _Reception(tx=tx, ring=ring, house=house, rooms=rooms, at=at, by=by)
    for planned in STAYS:
        stay = reception.add(planned)
        reception.live_through(stay, planned)
    return house


# -- secrets ---------------------------------------------------------------------------------------
def new_value(name: str, taken: Callable[[str], bool]) -> str:
    """A random value of the kind that the name says."""
    while True:
        value = _drawn(name)
        if not taken(value):
            return value


def _drawn(name: str) -> str:
    digits = f"{randomness.randbelow(10**6):06}"
    if name == "exact-address":
        return f"{randomness.randbelow(80) + 11} Old Quay, Polwenna, Cornwall"
    if name == "wifi-password":
        return "-".join([randomness.choice(WIFI_WORDS), randomness.choice(WIFI_WORDS), digits])
    return digits if name == "door-code" else digits[:4]


# -- stays -----------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class _Reception:
    """The desk that has these guests: adds a stay, then changes it as its days went by."""

    tx: Writing
    ring: KeyRing
    house: Property
    rooms: Mapping[str, Unit]
    at: datetime
    by: str

    @property
    def today(self) -> date:
        return zones.local_date(self.at, self.house.zone)

    def add(self, planned: Planned) -> Stay:
        direct = planned.source == "direct"
        arrives, leaves = _dates(planned, self.today)
        draft = stays.StayDraft(
            source=planned.source,
            source_uid=planned.reference,
            reference=planned.reference,
            language=GUESTS[planned.guest][1],
            adults=planned.adults,
            children=planned.children,
            pets=planned.pets,
            expected_arrival=planned.expected,
            amount=NIGHTLY_RATE * (leaves - arrives).days if direct else None,
            check_in=planned.check_in,
            check_out=planned.check_out,
            party=planned.party,
            periods=(self.period(planned.unit, arrives, leaves),),
            guest=_person(planned.guest, planned.source),
            opt_in=OptIn(at=self.at, how="booking form", words=OPT_IN) if direct else None,
        )
        return stays.add_stay(self.tx, self.ring, self.house, draft, at=self.at, by=self.by, bulk=True)

    def live_through(self, stay: Stay, planned: Planned) -> None:
        if planned.one_night_more:
            longer = self.period(planned.unit, stay.from_on, stay.until_on + timedelta(days=1))
            stay = self.change(stay, "one night more", new_periods=(longer,))
        if planned.moves_to:
            unit, on = planned.moves_to[0], self.today + timedelta(days=planned.moves_to[1])
            rooms = self.period(planned.unit, stay.from_on, on), self.period(unit, on, stay.until_on)
            stay = self.change(stay, "room changed", new_periods=rooms)
        if planned.status != "confirmed":
            self.change(stay, planned.status.replace("_", " "), status=planned.status)
        elif planned.ready or planned.arrives < 0:
            ready = zones.local_instant(stay.from_on, READY_FROM, self.house.zone)
            self.change(stay, "room ready", ready_at=min(ready, self.at))

    def change(self, stay: Stay, why: str, **news: Any) -> Stay:
        return stays.change_stay(
            self.tx, self.ring, self.house, stay, at=self.at, by=self.by, why=why, bulk=True, **news
        )

    def period(self, slug: str, arrives: date, leaves: date) -> Period:
        unit = self.rooms[slug].id if slug else None
        return Period(unit_id=unit, unit=slug or None, from_on=arrives, until_on=leaves)


def _dates(planned: Planned, today: date) -> tuple[date, date]:
    arrives, leaves = (today + timedelta(days=days) for days in (planned.arrives, planned.leaves))
    if planned.reference != NEARLY_OVER:
        return arrives, leaves
    oldest = today.replace(day=1) - timedelta(days=links.DAYS_AFTER_DEPARTURE - 1)
    return oldest - (leaves - arrives), oldest


def _person(guest: str, source: str) -> Person:
    """Channels hide e-mail addresses and some names; the numbers are those kept for fiction."""
    name, number = GUESTS[guest][0], list(GUESTS).index(guest)
    if guest in ON_WHATSAPP:
        return Person(name=name, **ON_WHATSAPP[guest])
    phone = f"+447700900{110 + number}" if number % 3 else f"+1555{100 + number:04}"
    if guest == NOBODY:
        return Person(phone=phone[-4:])
    return Person(name=name, phone=phone, email="" if source == "airbnb" else f"{guest}@example.com")
