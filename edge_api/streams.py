"""A request's stream in the journal and its row in the read model, always written together."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from edge_api import board, requests
from edge_api.board import Stored
from edge_api.callers import Guest
from edge_api.requests import Ask, Change, Event, Request, State
from guestlink import clock, journal
from guestlink.database import Reading, Writing

AUTOMATIC: Final = "house"  # who promises an instant service


def stream(db: Reading, request_id: str) -> Iterator[tuple[journal.Entry, Event]]:
    """What became true of a request, oldest first."""
    for entry in journal.load(db, _stream(request_id)):
        body = {"kind": entry.kind, **msgspec.json.decode(entry.body)}
        yield entry, msgspec.convert(body, Event)


def load(db: Reading, request_id: str) -> tuple[Request, int]:
    """A request as its stream tells it, and the stream's version."""
    request, version = Request(), 0
    for entry, event in stream(db, request_id):
        request = requests.evolve(request, event, by=entry.by_user, at=clock.from_text(entry.at))
        version = entry.version
    return request, version


def state_for_house(db: Reading, stored: Stored) -> State:
    """What the house goes by: its promise is `requested` as long as nobody is there who keeps it."""
    if stored.state != "accepted" or stored.assigned_to:
        return stored.state
    request, _ = load(db, stored.id)
    return "requested" if request.by == AUTOMATIC else "accepted"


def promised(db: Reading, stay_id: str) -> dict[str, Change]:
    """What requests changed about a stay and nobody took back, by request, oldest first."""
    rows = reversed(db.all("requests_of_stay", stay_id=stay_id))
    ended = {"declined", "cancelled"}
    changes = {str(row["id"]): load(db, row["id"])[0].change for row in rows if row["state"] not in ended}
    return {request_id: change for request_id, change in changes.items() if change}


def enter(
    tx: Writing, guest: Guest, command: Ask, *, request_id: str, asked_key: str, asked_body: str, by: str
) -> Stored:
    """A new request of a guest, by whoever wrote it down; what is promised at once the house promises."""
    events = requests.decide(Request(), command, by=by)
    after = requests.evolved(Request(), events, by=by, at=guest.at)
    tx.do(  # before the journal, whose lock comes last: this one waits for whoever holds the room
        "add_request",
        id=request_id,
        property_id=guest.house.id,
        stay_id=guest.stay.id,
        contact_id=guest.contact.id,
        unit_id=command.unit_id,
        service=command.service,
        title=command.title,
        secret=command.secret,
        language=command.language,
        state=after.state,
        urgent=int(command.urgent),
        price=command.price,
        per=command.per,
        currency=command.currency,
        words=command.words or None,
        asked_key=asked_key,
        asked_body=asked_body,
        asked_at=clock.as_text(guest.at),
        changed_at=clock.as_text(guest.at),
        version=len(events),
    )
    for version, (event, who) in enumerate(zip(events, (by, AUTOMATIC), strict=False)):
        _append(tx, request_id, [event], property_id=guest.house.id, version=version, at=guest.at, by=who)
    stored = board.by_id(tx, request_id)
    assert stored is not None
    return stored


def move(
    tx: Writing,
    stored: Stored,
    before: Request,
    events: Sequence[Event],
    *,
    version: int,
    at: datetime,
    by: str,
) -> Stored:
    """What became true of a request; Stale when its stream is not at `version` any more."""
    after = requests.evolved(before, events, by=by, at=at)
    grown = _append(tx, stored.id, events, property_id=stored.property_id, version=version, at=at, by=by)
    tx.do(
        "move_request",
        id=stored.id,
        state=after.state,
        reply=after.reason or None,
        assigned_to=after.assigned_to,
        changed_at=clock.as_text(at),
        version=grown,
    )
    moved = board.by_id(tx, stored.id)
    assert moved is not None
    return moved


def _append(
    tx: Writing,
    request_id: str,
    events: Iterable[Event],
    *,
    property_id: str,
    version: int,
    at: datetime,
    by: str,
) -> int:
    rows = [_entry(event) for event in events]
    if not rows:
        return version
    return journal.append(
        tx, _stream(request_id), rows, at=at, by=by, property_id=property_id, expected_version=version
    )


def _entry(event: Event) -> journal.Event:
    """The event as the journal keeps it; sealed bytes are base64 there."""
    body: dict[str, object] = msgspec.to_builtins(event)
    return journal.Event(kind=str(body.pop("kind")), body=body)


def _stream(request_id: str) -> str:
    return f"request:{request_id}"
