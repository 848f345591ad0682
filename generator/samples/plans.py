"""What a house to try is made of: its record, rooms, staff, guests, and stays in days from today."""

from collections.abc import Mapping

import msgspec

from guestlink.houses import HouseDraft
from guestlink.records import Status

NOBODY = "nobody"  # whom the channel gives no name, only the phone's last digits


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


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One house. `address` and `another_room` have room for a `{number}`; `nightly` is in minor units;
    `guests` are name and language by a short name; `phones` are the last digits from which their fictitious
    numbers count, British and American; the dates of the stay `nearly_over` follow the month, since pages end
    with a month.
    """

    house: HouseDraft
    rooms: Mapping[str, str]
    another_room: str
    address: str
    wifi_words: tuple[str, ...]
    nightly: int
    opt_in: str
    staff: tuple[tuple[str, str, str], ...]
    guests: Mapping[str, tuple[str, str]]
    phones: tuple[int, int]
    stays: tuple[Planned, ...]
    first_look: str
    nearly_over: str = ""
    on_whatsapp: Mapping[str, Mapping[str, str]] = {}

    @property
    def slug(self) -> str:
        return self.house.slug
