"""All that the desk has to know of one stay, read at one moment: guests, consent, requests, conversations,
what may be asked for. It changes nothing and shows no link.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import msgspec

from edge_api import beginnings, board, correspondence, house_day, registers, threads
from edge_api.beginnings import Rules, Way
from edge_api.board import Stored
from edge_api.house_day import StayLine
from edge_api.offers import Offer
from edge_api.shapes import HouseRequest, Nights
from edge_api.threads import Summary
from guestlink import arrivals, contacts, reach, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.reach import Channel
from guestlink.records import TAKEN, Contact, Link, Phase, Property, Status, Stay

MOST: Final = 50  # requests, the newest


class GuestCard(msgspec.Struct, frozen=True, kw_only=True):
    """A guest of the stay in clear. `stopped` are channels that they do not want; `opened_page` and
    `codes_seen` the last days on which that was so; `ways` by which a conversation may be begun, none when
    something was said in one.
    """

    contact_id: str
    role: str
    name: str
    phone: str
    email: str
    opted_in_at: datetime | None
    opted_in_how: str
    stopped: tuple[Channel, ...]
    opened_page: date | None
    codes_seen: date | None
    ways: tuple[Way, ...]

    def __repr__(self) -> str:
        return f"GuestCard({self.contact_id})"


class StayCard(msgspec.Struct, frozen=True, kw_only=True):
    """A stay at the desk. `arrival_note` is what the guest said of how they come; `services` may be asked for
    now, in the reader's language; requests are the newest ones, the newest first.
    """

    line: StayLine
    code: str
    source: str
    status: Status
    phase: Phase
    language: str
    pets: int
    currency: str
    nights: tuple[Nights, ...]
    arrival_note: str
    guests: tuple[GuestCard, ...]
    requests: tuple[HouseRequest, ...]
    conversations: tuple[Summary, ...]
    services: tuple[Offer, ...]
    version: int

    def __repr__(self) -> str:
        return f"StayCard({self.line.stay_id})"


class _Placed(msgspec.Struct):
    """Of a service as its file says it, where it stands among the others."""

    order: int = 0


def card(db: Reading, ring: KeyRing, stay: Stay, *, language: str, rules: Rules, at: datetime) -> StayCard:
    """`language` is of whoever reads it."""
    house = records.house_by_id(db, stay.property_id)
    phase = records.phase(stay, house, at)
    told = arrivals.find_arrival(db, stay)
    links = {link.contact_id: link for link in records.stay_links(db, stay) if link.replaced_at is None}
    periods = records.periods(db, stay)
    talks = tuple(_conversations(db, ring, stay))
    talked = {talk.who.contact_id for talk in talks if talk.last}
    return StayCard(
        line=house_day.stay_lines(db, ring, house, [stay], at=at)[0],
        code=stay.code,
        source=stay.source,
        status=stay.status,
        phase=phase,
        language=stay.language,
        pets=stay.pets,
        currency=house.currency,
        nights=tuple(
            Nights(unit=part.title, from_on=part.from_on, until_on=part.until_on) for part in periods
        ),
        arrival_note=arrivals.open_arrival(ring, told, stay).note if told else "",
        guests=tuple(
            _guest(
                db,
                ring,
                guest,
                links.get(guest.id),
                ways=() if guest.id in talked else beginnings.ways(db, ring, guest, stay=stay, rules=rules),
            )
            for guest in records.contacts(db, stay)
        ),
        requests=tuple(_requests(db, ring, stay)),
        conversations=talks,
        services=tuple(_services(db, house, phase, language) if stay.status in TAKEN else ()),
        version=stay.version,
    )


def _guest(
    db: Reading, ring: KeyRing, contact: Contact, link: Link | None, *, ways: tuple[Way, ...]
) -> GuestCard:
    person = contacts.opened(ring, contact)
    known = reach.known(db, person, contact_id=contact.id, opted_in=contact.opted_in_at is not None)
    return GuestCard(
        contact_id=contact.id,
        role=contact.role,
        name=person.name,
        phone=person.phone,
        email=person.email,
        opted_in_at=contact.opted_in_at,
        opted_in_how=contact.opted_in_how,
        stopped=tuple(sorted(known.stopped)),
        opened_page=link.opened_on if link else None,
        codes_seen=link.codes_seen_on if link else None,
        ways=ways,
    )


def _requests(db: Reading, ring: KeyRing, stay: Stay) -> Iterator[HouseRequest]:
    for row in db.all("requests_of_stay", stay_id=stay.id)[:MOST]:
        yield registers.request_shown(db, ring, records.shaped(row, Stored))


def _conversations(db: Reading, ring: KeyRing, stay: Stay) -> Iterator[Summary]:
    """With guests of the stay, as far as they belong to its house."""
    for row in db.all("conversations_of_stay", stay_id=stay.id):
        talk = correspondence.load(db, str(row["id"]))
        if talk.property_id == stay.property_id and talk.user_id is None:
            yield threads.summary(db, ring, talk)


def _services(db: Reading, house: Property, phase: Phase, language: str) -> list[Offer]:
    """What may be asked for in this phase, in the order of the house."""
    found: dict[str, dict[str, bytes]] = {}
    for row in db.all("catalogue_of_kind", property_id=house.id, kind="service"):
        found.setdefault(str(row["key"]), {})[str(row["language"])] = row["body"]
    bodies = [versions[board.worded_for(language, house, versions)] for versions in found.values()]
    ordered = sorted(bodies, key=lambda body: msgspec.json.decode(body, type=_Placed).order)
    offered = [msgspec.json.decode(body, type=Offer) for body in ordered]
    return [offer for offer in offered if phase in offer.phases]
