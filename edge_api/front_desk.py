"""The front desk: what guests ask for and what the house answers. One verb, one transaction.

Each verb writes the journal, the read model and whatever follows from it together, or nothing at all. Guests
come by the id of their link.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from edge_api import agreements, board, calls, confirmations, history, requests, streams, telling, wishes
from edge_api.board import Shown, Stored
from edge_api.callers import Guest, guest_at, guest_of
from edge_api.messages import GuestLinkOf
from edge_api.phrases import Voice
from edge_api.requests import Accepted, Cancel, Cancelled, Command, Declined, Event, Overtaken, Rate
from edge_api.telling import ArrivalShown, RatingShown
from edge_api.wishes import BY_THEMSELVES, Asked, Taken
from guestlink import arrivals, clock, journal, records
from guestlink.arrivals import ArrivalTold, RatingTold
from guestlink.crypto import KeyRing
from guestlink.database import Database, Reading, Writing
from guestlink.errors import InvalidFields, InvalidInput, NotFound, Refused, Stale, TooMany
from guestlink.language import N_, Catalogue
from guestlink.records import Property, Stay

KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
ID: Final = re.compile(r"[0-9a-f-]{36}")
TRIES: Final = 3
NO_SUCH_REQUEST: Final = N_("There is no such request.")
ARRIVED: Final = N_("You have arrived.")
NOT_OVER: Final = N_("This can be rated after the stay.")
T = TypeVar("T")


class Answered(NamedTuple):
    request: Shown
    is_new: bool


class Limit(NamedTuple):
    """For one stay: how many without an answer at once, in a day, in a minute."""

    waiting: int
    of_day: int
    of_minute: int


LIMIT: Final = Limit(10, 30, 5)
ALARM_LIMIT: Final = Limit(5, 20, 3)


class Moved(Refused):
    """The request is not what the guest saw any more; `request` is what it is now."""

    def __init__(self, request: Shown, message: str) -> None:
        self.request = request
        super().__init__(message)


class Faster(Refused):
    """Somebody else did it before: `who` in words for the house, `state` it is in, and since when on the
    clocks of the house.
    """

    def __init__(self, who: str, state: str, at_local: datetime) -> None:
        self.who, self.state, self.at_local = who, state, at_local
        super().__init__(
            f"{who[0].upper()}{who[1:]} was faster: it is {state} since {at_local:%H:%M on %Y-%m-%d}.",
            hint="`publish.py requests show` tells what happened.",
        )


def settled(database: Database, verb: Callable[[Writing], T]) -> T:
    """Runs a verb in one transaction, and again when somebody was faster."""
    for left in reversed(range(TRIES)):
        try:
            with database.write() as tx:
                return verb(tx)
        except Stale:
            if not left:
                raise
    raise AssertionError


# -- what guests ask -------------------------------------------------------------------------------
def ask(
    tx: Writing,
    ring: KeyRing,
    link_id: str,
    asked: Asked,
    *,
    at: datetime,
    words: Catalogue,
    voice: Voice | None = None,
) -> Answered:
    """A new request, or the one that was made with this key before. Refused when the key says something else,
    InvalidFields, TooMany. Staff on duty are told in the same transaction.
    """
    return _ask(tx, ring, _guest_alone(tx, link_id, at=at), asked, words=words, voice=voice)


def ask_for(
    tx: Writing,
    ring: KeyRing,
    stay_id: str,
    asked: Asked,
    *,
    at: datetime,
    by: str,
    words: Catalogue,
    voice: Voice | None = None,
    taken: Taken = BY_THEMSELVES,
) -> Answered:
    """The same by somebody of the house, for a guest at the desk or on the phone; it counts against no
    limit. NotAllowed when the stay is cancelled or long over.
    """
    tx.all("lock_stay", id=stay_id)
    guest = guest_at(tx, stay_id, at=at)
    return _ask(tx, ring, guest, asked, words=words, voice=voice, by=by, taken=taken)


def _ask(
    tx: Writing,
    ring: KeyRing,
    guest: Guest,
    asked: Asked,
    *,
    words: Catalogue,
    voice: Voice | None,
    by: str = "",
    taken: Taken = BY_THEMSELVES,
) -> Answered:
    if not KEY.fullmatch(asked.key):
        raise InvalidInput(
            "The request has no Idempotency-Key.", hint="Send 8 to 64 letters, digits, - and _, new for each."
        )
    asked = wishes.cleaned(asked)
    key, body = _tokens(ring, guest, asked)
    if before := tx.one("request_by_key", stay_id=guest.stay.id, asked_key=key):
        if before["asked_body"] != body:
            raise Refused("This key was used for another request.", hint="Make a new key for a new request.")
        return Answered(board.shown(ring, before), False)
    if not by:
        _check_limit(tx, guest, is_alarm=bool(asked.secret))
    wish = wishes.read(tx, guest, asked)
    telling.refuse(wish.mistakes, words)
    request_id = clock.new_id()
    command = wishes.command(tx, ring, guest, wish, request_id=request_id, taken=taken)
    stored = streams.enter(
        tx, guest, command, request_id=request_id, asked_key=key, asked_body=body, by=by or guest.name
    )
    calls.begin(tx, voice, stored, at=guest.at)
    return Answered(board.shown(ring, stored), True)


def cancel(
    tx: Writing,
    ring: KeyRing,
    link_id: str,
    request_id: str,
    *,
    version: int | None,
    at: datetime,
    words: Catalogue,
    voice: Voice | None = None,
) -> Shown:
    """The guest takes a request back. Moved when it is not at this version any more."""
    guest = _guest_alone(tx, link_id, at=at)
    stored = board.by_id(tx, request_id) if ID.fullmatch(request_id) else None
    if stored is None or stored.stay_id != guest.stay.id:
        raise InvalidFields([("id", words.text(NO_SUCH_REQUEST))])
    if stored.state == "cancelled":
        return board.shown(ring, stored)
    if version is not None and version != stored.version:
        raise Moved(board.shown(ring, stored), "This request changed meanwhile.")
    try:
        return board.shown(ring, _act(tx, ring, stored, Cancel(), at=at, by=guest.name, voice=voice))
    except Refused as error:
        raise Moved(board.shown(ring, stored), error.message) from None


def rate_request(
    tx: Writing,
    ring: KeyRing,
    link_id: str,
    request_id: str,
    *,
    told: RatingTold,
    at: datetime,
    words: Catalogue,
) -> Shown:
    """Keeps what a guest thought of a request that is done; a later word replaces an earlier one in the
    history. InvalidFields, Moved when it is not done.
    """
    guest = _guest_alone(tx, link_id, at=at)
    stored = board.by_id(tx, request_id) if ID.fullmatch(request_id) else None
    if stored is None or stored.stay_id != guest.stay.id:
        raise InvalidFields([("id", words.text(NO_SUCH_REQUEST))])
    told = telling.checked_rating(told, words)
    key = ring.guest_key(guest.contact.wrapped, guest.contact.id)
    if stored.contact_id != guest.contact.id and stored.wrapped:
        key = ring.guest_key(stored.wrapped, stored.contact_id)
    rated = Rate(stars=told.stars, words=board.sealed(key, told.words, "note", request_id=stored.id))
    try:
        return board.shown(ring, _act(tx, ring, stored, rated, at=at, by=guest.name, voice=None))
    except Refused as error:
        raise Moved(board.shown(ring, stored), error.message) from None


def own_requests(db: Reading, ring: KeyRing, link_id: str, *, at: datetime) -> list[Shown]:
    """All requests of the guest's stay, newest first."""
    return board.of_stay(db, ring, guest_of(db, link_id, at=at).stay.id)


# -- what guests say -------------------------------------------------------------------------------
def tell_arrival(
    tx: Writing, ring: KeyRing, link_id: str, told: ArrivalTold, *, at: datetime, words: Catalogue
) -> ArrivalShown:
    """Keeps when and how guests come, until they are here. InvalidFields, Refused later."""
    guest = _guest_alone(tx, link_id, at=at)
    if guest.phase not in {"booked", "arriving"}:
        raise Refused(words.text(ARRIVED), hint="Ask for what you need instead.")
    told = telling.checked_arrival(told, words)
    arrivals.tell_arrival(
        tx, ring, guest.house, stay=guest.stay, contact=guest.contact, told=told, at=at, by=guest.name
    )
    return arrival(tx, ring, link_id, at=at)


def arrival(db: Reading, ring: KeyRing, link_id: str, *, at: datetime) -> ArrivalShown:
    """What was told, or what is booked before anything was."""
    stay = guest_of(db, link_id, at=at).stay
    row = arrivals.find_arrival(db, stay)
    told = (
        arrivals.open_arrival(ring, row, stay)
        if row
        else ArrivalTold(time=stay.expected_arrival, adults=stay.adults, children=stay.children)
    )
    return ArrivalShown(**msgspec.structs.asdict(told), told_at=row.told_at if row else None)


def rate(
    tx: Writing, ring: KeyRing, link_id: str, told: RatingTold, *, at: datetime, words: Catalogue
) -> RatingShown:
    """Keeps what guests thought when they have left. InvalidFields, Refused before."""
    guest = _guest_alone(tx, link_id, at=at)
    if guest.phase != "departed":
        raise Refused(words.text(NOT_OVER), hint="Tell us now what we can do better.")
    told = telling.checked_rating(told, words)
    arrivals.give_rating(tx, ring, stay=guest.stay, contact=guest.contact, told=told, at=at)
    return rating(tx, ring, link_id, at=at)


def rating(db: Reading, ring: KeyRing, link_id: str, *, at: datetime) -> RatingShown:
    row = arrivals.find_rating(db, guest_of(db, link_id, at=at).stay)
    told = arrivals.open_rating(ring, row) if row else RatingTold(stars=0)
    return RatingShown(stars=told.stars, words=told.words, told_at=row.told_at if row else None)


def opened_page(tx: Writing, link_id: str, *, codes: bool, at: datetime) -> None:
    """Remembers the last day on which a page was opened, and the last on which it showed codes."""
    guest = guest_of(tx, link_id, at=at)
    if not is_known_opening(guest, codes=codes):
        today = guest.today.isoformat()
        tx.do("mark_opened", id=guest.link.id, opened_on=today, codes_seen_on=today if codes else None)


def is_known_opening(guest: Guest, *, codes: bool) -> bool:
    """Whether `opened_page` would change nothing."""
    link = guest.link
    return link.opened_on == guest.today and (not codes or link.codes_seen_on == guest.today)


# -- what the house does ---------------------------------------------------------------------------
def answer(
    tx: Writing,
    ring: KeyRing,
    request_id: str,
    command: Command,
    *,
    at: datetime,
    by: str,
    voice: Voice | None = None,
) -> Stored:
    """Accept, assign, decline, complete, cancel, reopen, note or rate, by somebody of the house. Accepting
    changes the stay where the service says so; the guest is told in the same transaction. Refused names who
    was faster.
    """
    stored = board.by_id(tx, request_id)
    if stored is None:
        raise NotFound("There is no such request.")
    tx.all("lock_stay", id=stored.stay_id)
    try:
        return _act(tx, ring, stored, command, at=at, by=by, voice=voice)
    except Overtaken as late:
        if late.by == by or not late.at:
            raise
        zone = ZoneInfo(records.house_by_id(tx, stored.property_id).zone)
        who = history.who(tx, ring, late.by)
        raise Faster(who, late.state, late.at.astimezone(zone)) from None


def _act(
    tx: Writing,
    ring: KeyRing,
    stored: Stored,
    command: Command,
    *,
    at: datetime,
    by: str,
    voice: Voice | None,
) -> Stored:
    """Decides, changes the stay if that is agreed or taken back, writes it down and tells who has to know."""
    before, version = streams.load(tx, stored.id)
    events = requests.decide(before, command, by=by)
    if not events:
        return stored
    house, stay = records.house_by_id(tx, stored.property_id), records.stay_by_id(tx, stored.stay_id)
    if any(isinstance(event, Accepted) for event in events) and not before.change:  # kept when reopened
        versions = board.offers(tx, house, stored.service) if stored.service else {}
        changes = versions[board.original(house, versions)].changes if versions else ""
        change = agreements.agree(tx, ring, house, stay=stay, changes=changes, at=at, by=by)
        events = tuple(_with_change(event, change) for event in events)
    if before.change and any(isinstance(event, Declined | Cancelled) for event in events):
        agreements.take_back(tx, ring, house, stay=stay, request_id=stored.id, at=at, by=by)
    moved = streams.move(tx, stored, before, events, version=version, at=at, by=by)
    calls.follow(tx, voice, moved, events[-1], at=at, by=by)
    if voice:
        confirmations.tell(tx, voice, moved, events[0], at=at, by=by)
    return moved


def _with_change(event: Event, change: requests.Change | None) -> Event:
    return Accepted(change=change) if isinstance(event, Accepted) else event


def note_number(tx: Writing, house: Property, stay: Stay, *, contact_id: str, at: datetime, by: str) -> None:
    """Somebody of the house said that a new number is a guest's: the journal keeps who did."""
    event = journal.Event(kind="contact-number-confirmed", body={"contact": contact_id})
    journal.append(tx, f"stay:{stay.id}", [event], at=at, by=by, property_id=house.id)


def link_of(db: Reading, stay: Stay, contact_id: str) -> GuestLinkOf | None:
    """A guest's link, to be named in a message."""
    return confirmations.link_of(db, stay, contact_id)


# -- rules -----------------------------------------------------------------------------------------
def _guest_alone(tx: Writing, link_id: str, *, at: datetime) -> Guest:
    """The guest, with the stay's row held: what is asked for one stay happens one after the other."""
    tx.all("lock_stay", id=guest_of(tx, link_id, at=at).stay.id)
    return guest_of(tx, link_id, at=at)


def _tokens(ring: KeyRing, guest: Guest, asked: Asked) -> tuple[str, str]:
    """The key and the whole of it as blind tokens: a plain hash of few words would give them away."""
    body = msgspec.json.encode(msgspec.structs.replace(asked, key="", language=""), order="sorted").decode()
    return ring.blind("request-key", asked.key), ring.blind("request-body", f"{guest.stay.id}:{body}")


def _check_limit(tx: Writing, guest: Guest, *, is_alarm: bool) -> None:
    limit = ALARM_LIMIT if is_alarm else LIMIT
    counts = tx.one(
        "request_counts",
        stay_id=guest.stay.id,
        alarm=int(is_alarm),
        day_ago=clock.as_text(guest.at - timedelta(days=1)),
        minute_ago=clock.as_text(guest.at - timedelta(minutes=1)),
    )
    assert counts is not None
    for name, wait in (("of_minute", 60), ("waiting", 900), ("of_day", 3600)):
        if counts[name] >= getattr(limit, name):
            raise TooMany(
                "That is a lot at once.", hint="Wait a little, or call the house.", retry_after=wait
            )
