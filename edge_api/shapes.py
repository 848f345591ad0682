"""What the API of the house answers: its shapes. Times are `HH:MM` of the house, dates are its dates,
instants UTC, money is in minor units of `currency`. Pure.
"""

from datetime import date, datetime

import msgspec

from edge_api.history import Happened
from edge_api.offers import Offer
from edge_api.requests import State
from guestlink.records import Phase, Status


class HouseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the house sees it, in the house's language; `price` in minor units of `currency`. `by` is
    the id of who of the house made it what it is, empty for a guest or a program; `who` says it in words.
    `due_at`: until when the house wants it answered, while it waits.
    """

    id: str
    property: str
    stay_id: str
    stay: str
    contact_id: str
    guest: str
    unit: str
    service: str
    what: str
    said: tuple[tuple[str, str], ...]
    note: str
    secret: str
    state: State
    urgent: bool
    reason: str
    price: int | None
    per: str
    currency: str
    changes: str
    assigned_to: str
    by: str
    who: str
    asked_at: datetime
    changed_at: datetime
    due_at: datetime | None
    version: int

    def __repr__(self) -> str:
        return f"HouseRequest({self.id}, {self.state})"


class HouseRequests(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `next` goes into `before` for the page that follows."""

    requests: tuple[HouseRequest, ...]
    next: str | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    history: tuple[Happened, ...]


class UnitShown(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    title: str


class PropertyShown(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    zone: str
    currency: str
    default_language: str
    check_in: str
    check_out: str
    units: tuple[UnitShown, ...]


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    properties: tuple[PropertyShown, ...]


class Nights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One unit from the day of arrival to the day of leaving it; no unit is not assigned yet."""

    unit: str | None
    from_on: date
    until_on: date


class GuestShown(msgspec.Struct, frozen=True, kw_only=True):
    contact_id: str
    role: str
    name: str

    def __repr__(self) -> str:
        return f"GuestShown({self.contact_id})"


class StayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A stay with its guests; `amount` left to pay in minor units of `currency`, times agreed or empty. Rooms
    of one booking share a `party`.
    """

    id: str
    property: str
    source: str
    uid: str
    reference: str
    code: str
    status: Status
    phase: Phase
    language: str
    adults: int
    children: int
    pets: int
    expected_arrival: str
    amount: int | None
    currency: str
    check_in: str
    check_out: str
    ready_at: datetime | None
    from_on: date
    until_on: date
    party: str
    nights: tuple[Nights, ...]
    guests: tuple[GuestShown, ...]
    version: int


class Stays(msgspec.Struct, frozen=True, kw_only=True):
    """By arrival; `next` goes into `after`. A page may hold fewer than asked for, even none."""

    stays: tuple[StayShown, ...]
    next: str | None


class LinkShown(msgspec.Struct, frozen=True, kw_only=True):
    """Both open the guest's page: they are made at this moment and kept nowhere."""

    contact_id: str
    role: str
    link: str
    guide_code: str

    def __repr__(self) -> str:
        return f"LinkShown({self.contact_id})"


class Links(msgspec.Struct, frozen=True, kw_only=True):
    links: tuple[LinkShown, ...]


class ContactShown(msgspec.Struct, frozen=True, kw_only=True):
    """A guest in clear. `opted_in_words`: in which words they agreed to be written to."""

    id: str
    property: str
    name: str
    phone: str
    email: str
    opted_in_at: datetime | None
    opted_in_how: str
    opted_in_words: str
    version: int

    def __repr__(self) -> str:
        return f"ContactShown({self.id})"


class ServiceShown(msgspec.Struct, frozen=True, kw_only=True):
    property: str
    service: Offer


class Services(msgspec.Struct, frozen=True, kw_only=True):
    services: tuple[ServiceShown, ...]


class PersonShown(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the house; `id` is whom a request is assigned to."""

    id: str
    property: str
    name: str
    role: str
    is_on_duty: bool

    def __repr__(self) -> str:
        return f"PersonShown({self.id})"


class People(msgspec.Struct, frozen=True, kw_only=True):
    """By house, in the order in which they are asked, then the others."""

    people: tuple[PersonShown, ...]
