"""What the house can look up: what became of a request, what guests said before they came and afterwards."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from edge_api import streams
from edge_api.board import Stored
from edge_api.requests import Asked, Assigned, Declined, Noted, Rated, Via
from guestlink import arrivals, contacts, records, zones
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.records import Arrival, Property, Rating


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that became true of a request; `at` on the clocks of the house. `via` is how somebody of the
    house heard what was asked, `to` by name who is to do it.
    """

    at: datetime
    what: str
    who: str
    words: str = ""
    via: Via = ""
    to: str = ""


class ArrivalLine(msgspec.Struct, frozen=True, kw_only=True):
    property: str
    arrival: date
    time: str
    unit: str
    guest: str
    adults: int
    children: int
    note: str
    word: str


class RatingLine(msgspec.Struct, frozen=True, kw_only=True):
    property: str
    stars: int
    stay: str
    guest: str
    words: str


def of_request(db: Reading, ring: KeyRing, stored: Stored) -> list[Happened]:
    """A request's story, oldest first."""
    house = next(house for house in records.properties(db) if house.id == stored.property_id)
    key = ring.guest_key(stored.wrapped, stored.contact_id) if stored.wrapped else None
    told = []
    for entry, event in streams.stream(db, stored.id):
        column, sealed = "", b""
        match event:
            case Declined(reason=sealed):
                column = "reply"
            case Noted(words=sealed) | Rated(words=sealed):
                column = "note"
        words = key.open(sealed, "requests", column, row=stored.id) if key and sealed else ""
        at = datetime.fromisoformat(entry.at).astimezone(ZoneInfo(house.zone))
        what = entry.kind.removeprefix("request-")
        via = event.via if isinstance(event, Asked) else ""
        to = who(db, ring, event.to) if isinstance(event, Assigned) else ""
        by = who(db, ring, entry.by_user)
        told.append(Happened(at=at, what=what, who=by, words=words, via=via, to=to))
    return told


def who(db: Reading, ring: KeyRing, by: str) -> str:
    """Who did something, in words for the house."""
    row = db.one("user_by_id", id=by)
    if row:
        return ring.open(row["name"], "users", "name", row=by)
    return "the guest" if by.startswith("guest:") else "the house"


def arrivals_of(db: Reading, ring: KeyRing, house: Property, *, at: datetime) -> list[ArrivalLine]:
    """What guests told who come today or tomorrow, by the clocks of the house."""
    today = zones.local_date(at, house.zone)
    days = {"from_on": today.isoformat(), "until_on": (today + timedelta(days=1)).isoformat()}
    lines = []
    for row in db.all("arrivals_told", property_id=house.id, **days):
        arrival = records.shaped(row, Arrival)
        stay = records.find_stay(db, arrival.stay_id)
        told = arrivals.open_arrival(ring, arrival, stay)
        lines.append(
            ArrivalLine(
                property=house.slug,
                arrival=stay.from_on,
                time=told.time,
                unit=records.periods(db, stay)[0].unit or "",
                guest=_name(db, ring, arrival.contact_id),
                adults=told.adults,
                children=told.children,
                note=told.note,
                word=told.word,
            )
        )
    return lines


def ratings_of(db: Reading, ring: KeyRing, house: Property) -> list[RatingLine]:
    """Stars and words, newest first."""
    lines = []
    for row in db.all("ratings_of_property", property_id=house.id):
        rating = records.shaped(row, Rating)
        told = arrivals.open_rating(ring, rating)
        lines.append(
            RatingLine(
                property=house.slug,
                stars=told.stars,
                stay=records.find_stay(db, rating.stay_id).reference,
                guest=_name(db, ring, rating.contact_id),
                words=told.words,
            )
        )
    return lines


def _name(db: Reading, ring: KeyRing, contact_id: str) -> str:
    return contacts.opened(ring, contacts.load_contact(db, contact_id)).name
