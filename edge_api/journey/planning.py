"""Keeps the plan of every stay true: what the journal tells, and what houses publish, plans stays anew.

Whoever changes a stay, a guest or a code needs to know nothing of messages: by command, API, import, phone or
an accepted request, the journal tells it. Small steps, so that no other writer waits long.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api.journey import known, ledger, moments, plans
from edge_api.journey.known import Guest
from edge_api.journey.plans import CANCELLED, NO_TEXT, Row, Wanted
from edge_api.journey.sayings import CODES_CHANGED, COMPANION_LINK
from edge_api.journey.texts import Book, Shelf
from guestlink import records, secret_values, zones
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import GuestLinkError
from guestlink.journal import Entry
from guestlink.records import TAKEN, Property, Secret, Stay

LONGEST_HOLD: Final = 0.01  # seconds in which others may not write
EVENTS: Final = 200  # looked at in one step
SWEPT: Final = 20  # stays of one step
BEGINS: Final = "0"  # before every id
ALL_HOUSES: Final = ""
FIRST_TEXTS: Final = timedelta(days=7)  # so far back go the first texts that a house writes
LOOKED_BACK: Final = 4  # days after departure
SEEN_BEFORE: Final = 8  # days before arrival, the longest that a code is shown by hours

log = logging.getLogger("guestlink.journey")


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far planning has come: in the journal, or with the texts of one house."""

    position: int = 0
    content_hash: str = ""
    known_since: str = "{}"
    swept_to: str = ""

    @property
    def since(self) -> dict[str, datetime]:
        return msgspec.json.decode(self.known_since, type=dict[str, datetime])


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What planning works with in one transaction: houses and their codes are read once."""

    tx: Writing
    ring: KeyRing
    shelf: Shelf
    at: datetime
    _secrets: dict[str, list[Secret]] = field(default_factory=dict)
    _houses: dict[str, Property] = field(default_factory=dict)

    def house(self, property_id: str) -> Property:
        if property_id not in self._houses:
            self._houses[property_id] = records.house_by_id(self.tx, property_id)
        return self._houses[property_id]

    def secrets(self, house: Property) -> list[Secret]:
        if house.id not in self._secrets:
            self._secrets[house.id] = secret_values.load_secrets(self.tx, house)
        return self._secrets[house.id]

    def since(self, house: Property) -> str:
        """The first departure that is still of interest."""
        return str(zones.local_date(self.at, house.zone) - timedelta(days=LOOKED_BACK))


def needs(db: Reading) -> bool:
    """Whether anything has happened since the last step; cheap."""
    row = db.one("planning_needs")
    return bool(row and (row["events"] or row["houses"]))


def step(tx: Writing, ring: KeyRing, shelf: Shelf, *, at: datetime) -> int:
    """Plans some of what has changed; how many events and stays that were."""
    desk, began = Desk(tx=tx, ring=ring, shelf=shelf, at=at), time.monotonic()
    return _follow(desk, began) + _sweep(desk, began)


@contextmanager
def _alone(desk: Desk, name: str) -> Iterator[None]:
    """A defect in one event or stay must not hold up the others: it is passed over until it changes."""
    try:
        with desk.tx.attempt():
            yield
    except Exception as error:
        if isinstance(error, GuestLinkError) and error.retry:
            raise
        log.warning("planning-failed %s error=%s", name, type(error).__name__)


# -- what the journal tells ----------------------------------------------------------------------------
def _follow(desk: Desk, began: float) -> int:
    tx = desk.tx
    mark = _mark(tx, ALL_HOUSES)
    if mark is None:  # every house is swept at first; what was before needs no second look
        end = tx.one("journal_end")
        _keep(tx, ALL_HOUSES, Mark(position=int(end["position"]) if end else 0))
        return 1
    rows = tx.all("events_since", position=mark.position, most=EVENTS)
    done, position, planned = 0, mark.position, set[str]()
    for event in records.shaped_all(rows, Entry):
        with _alone(desk, f"event={event.position}"):
            for stay_id in _touched(desk, event):
                if stay_id not in planned:
                    plan_stay(desk, stay_id)
                    planned.add(stay_id)
        position, done = event.position, done + 1
        if time.monotonic() - began > LONGEST_HOLD:
            break
    if done:
        _keep(tx, ALL_HOUSES, msgspec.structs.replace(mark, position=position))
    return done


def _touched(desk: Desk, event: Entry) -> Iterator[str]:
    """The stays that an event may give other messages."""
    tx = desk.tx
    kind, _, name = event.stream.partition(":")
    if kind == "stay":
        yield name
        stay = tx.one("stay_by_id", id=name)
        if stay and stay["party_id"]:
            fellows = tx.all("stays_of_party", party_id=stay["party_id"], stay_id=name)
            yield from (str(row["id"]) for row in fellows)
    elif kind == "contact":
        yield from (str(row["stay_id"]) for row in tx.all("stays_of_contact", contact_id=name))
    elif event.kind == "secret-set":
        yield from _of_secret(desk, event)
    elif event.kind == "property-changed":
        _sweep_again(tx, event.property_id)


def _of_secret(desk: Desk, event: Entry) -> Iterable[str]:
    tx, body = desk.tx, msgspec.json.decode(event.body, type=dict[str, str])
    house = desk.house(event.property_id)
    _tell_changed(desk, house, body["secret"])
    if body.get("stay_id"):
        return [body["stay_id"]]
    if body.get("unit_id"):
        rows = tx.all("stays_of_unit", unit_id=body["unit_id"], ended_since=desk.since(house))
        return [str(row["id"]) for row in rows]
    _sweep_again(tx, house.id)
    return []


def _tell_changed(desk: Desk, house: Property, secret_id: str) -> None:
    """Guests who were shown another value until this one began are told that their page has a new one."""
    new = next((each for each in desk.secrets(house) if each.id == secret_id), None)
    if new is None:
        return
    tx, begins = desk.tx, new.valid_from
    book = desk.shelf.book(tx, house)
    on = zones.local_date(begins, house.zone)
    until = str(on + timedelta(days=SEEN_BEFORE))
    for row in tx.all("stays_around", property_id=house.id, ended_since=str(on), until_on=until):
        for contact_id in _readers(desk, str(row["id"])):
            guest = known.guest(
                desk.tx, book, str(row["id"]), contact_id=contact_id, secrets=desk.secrets(house)
            )
            if guest and _is_changed_for(desk, book, guest, new=new):
                _tell(desk, guest, f"{CODES_CHANGED}:{secret_id}", due_at=begins, book=book)


def _readers(desk: Desk, stay_id: str) -> list[str]:
    return [each.id for each in records.contacts(desk.tx, records.stay_by_id(desk.tx, stay_id))]


def _is_changed_for(desk: Desk, book: Book, guest: Guest, *, new: Secret) -> bool:
    """Whether this guest was shown another value of it a moment before, and is shown this one now."""
    secrets, house = desk.secrets(book.house), book.house
    now = known.shown_values(book, guest, house=house, secrets=secrets, at=new.valid_from)
    if new.id not in now.get(new.name, set()):
        return False
    moment = timedelta(milliseconds=1)
    earlier = known.shown_values(book, guest, house=house, secrets=secrets, at=new.valid_from - moment)
    old = [each for each in secrets if each.id in earlier.get(new.name, set()) - {new.id}]
    value = secret_values.open_secret(desk.ring, new)
    return any(secret_values.open_secret(desk.ring, each) != value for each in old)


def _tell(desk: Desk, guest: Guest, key: str, *, due_at: datetime, book: Book) -> None:
    """Plans what the house says by itself. Who is in the house is told at any hour, everybody else by day."""
    marks, begins = guest.facts.marks, max(due_at, desk.at)
    is_here = marks.check_in <= begins < marks.departed
    due_at = due_at if is_here else moments.allowed(begins, book.hours)
    want = Wanted(key=key, state="planned", due_at=due_at, ends_at=marks.departed)
    mine = [row for row in ledger.of_stay(desk.tx, guest.stay.id) if row.contact_id == guest.contact.id]
    if all(row.key != key or row.state == "stopped" for row in mine):
        ledger.write(desk.tx, guest.stay, contact_id=guest.contact.id, want=want, at=desk.at)


# -- all stays of a house ------------------------------------------------------------------------------
def _sweep(desk: Desk, began: float) -> int:
    tx, done = desk.tx, 0
    for house in records.properties(tx):
        mark = _known_texts(desk, house)
        if not mark.swept_to:
            continue
        rows = tx.all(
            "stays_to_plan",
            property_id=house.id,
            ended_since=desk.since(house),
            after=mark.swept_to,
            most=SWEPT,
        )
        last = ""
        for row in rows:
            with _alone(desk, f"stay={row['id']}"):
                plan_stay(desk, str(row["id"]))
            last, done = str(row["id"]), done + 1
            if time.monotonic() - began > LONGEST_HOLD:
                break
        _keep(tx, house.id, msgspec.structs.replace(mark, swept_to=last))
        done += 1
        if time.monotonic() - began > LONGEST_HOLD:
            break
    return done


def _known_texts(desk: Desk, house: Property) -> Mark:
    """The house's mark, with texts that are new to us; a house that publishes anew is swept."""
    before = _mark(desk.tx, house.id)
    book = desk.shelf.book(desk.tx, house)
    if before and before.content_hash == book.digest:
        return before
    mark = before or Mark()
    since, first = mark.since, not mark.since
    for key in book.texts:
        since.setdefault(key, desk.at - FIRST_TEXTS if first else desk.at)
    after = Mark(
        content_hash=book.digest,
        known_since=msgspec.json.encode({key: since[key] for key in book.texts}, order="sorted").decode(),
        swept_to=BEGINS,
    )
    _keep(desk.tx, house.id, after)
    return after


def _sweep_again(tx: Writing, property_id: str) -> None:
    mark = _mark(tx, property_id)
    if mark:
        _keep(tx, property_id, msgspec.structs.replace(mark, swept_to=BEGINS))


def _mark(db: Reading, property_id: str) -> Mark | None:
    row = db.one("journey_mark", property_id=property_id)
    return records.shaped(row, Mark) if row else None


def _texts_since(db: Reading, house: Property) -> dict[str, datetime]:
    """Read without holding the mark: who sends holds a message, and plans its stay anew."""
    row = db.one("texts_known_since", property_id=house.id)
    return Mark(known_since=str(row["known_since"])).since if row else {}


def _keep(tx: Writing, property_id: str, mark: Mark) -> None:
    tx.do("keep_journey_mark", property_id=property_id, **msgspec.structs.asdict(mark))


# -- one stay ------------------------------------------------------------------------------------------
def plan_stay(desk: Desk, stay_id: str) -> None:
    """Writes down what its guests are to be told from now on; what was sent stays as it is."""
    stay = records.stay_by_id(desk.tx, stay_id)
    house = desk.house(stay.property_id)
    book = desk.shelf.book(desk.tx, house)
    guest = known.guest(desk.tx, book, stay_id, secrets=desk.secrets(house))
    if guest is None or desk.at >= guest.facts.marks.departed + plans.PLANNED_AFTER:
        return
    if stay.status not in TAKEN:
        ledger.withdraw(desk.tx, stay_id, reason=CANCELLED, at=desk.at)
    rows = ledger.of_stay(desk.tx, stay_id)
    mine = {row.key: row for row in rows if row.contact_id == guest.contact.id and row.is_of_file}
    sent = [row.key for row in mine.values() if row.state == "sent"]
    dropped = [row.key for row in mine.values() if row.state != "sent" and row.decided_at is not None]
    wants = plans.wanted(
        guest.facts,
        book.originals,
        since=_texts_since(desk.tx, house),
        hours=book.hours,
        sent=sent,
        dropped=dropped,
    )
    for want in wants:
        row = mine.get(want.key)
        if plans.differs(row, want):
            _write(desk, stay, guest.contact.id, want, row=row)
    _stop_others(desk, stay, rows, keys={want.key for want in wants}, booker=guest.contact.id)
    _invite_companions(desk, stay, rows, book=book)


def _stop_others(desk: Desk, stay: Stay, rows: list[Row], *, keys: set[str], booker: str) -> None:
    """What is planned and not wanted any more: a text that is gone, a stay that is, somebody else's place."""
    ends = stay.status not in TAKEN
    for row in rows:
        is_wanted = (row.key in keys and row.contact_id == booker) if row.is_of_file else not ends
        if row.state == "planned" and not is_wanted:
            reason = CANCELLED if ends else NO_TEXT
            ledger.settle(desk.tx, row, state="stopped", reason=reason, at=desk.at)


def _invite_companions(desk: Desk, stay: Stay, rows: list[Row], *, book: Book) -> None:
    """Everybody who has a link of their own gets it once."""
    invited = {row.contact_id for row in rows if row.key == COMPANION_LINK and row.state != "stopped"}
    for contact in known.companions(desk.tx, stay) if stay.status in TAKEN else ():
        guest = known.guest(desk.tx, book, stay.id, contact_id=contact.id, secrets=())
        if contact.id not in invited and guest and desk.at < guest.facts.marks.departed:
            _tell(desk, guest, COMPANION_LINK, due_at=desk.at, book=book)


def _write(desk: Desk, stay: Stay, contact_id: str, want: Wanted, *, row: Row | None) -> None:
    ledger.write(desk.tx, stay, contact_id=contact_id, want=want, at=desk.at, row_id=row.id if row else "")
