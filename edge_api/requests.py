"""A service request: its states, what may be done in each, and what then became true. Pure.

requested -> accepted -> completed | declined | cancelled. Words of people come sealed and stay so; the
stream's version is the lock and lies with the journal.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from guestlink.errors import Refused

Via = Literal["", "desk", "phone"]  # how somebody of the house heard it; empty: the guest wrote it
State = Literal["", "requested", "accepted", "completed", "declined", "cancelled"]
MOMENT: Final = timedelta(minutes=5)  # in which an acceptance can be taken back
OPEN: Final[frozenset[State]] = frozenset({"requested", "accepted"})


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an acceptance changed about the stay, so that it can be taken back."""

    name: Literal["check_in", "check_out", "until_on"]
    before: str
    after: str


# -- commands --------------------------------------------------------------------------------------
class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A guest asks. No service is anything else; `secret` names a code that fails. `price` is in minor units
    of one. `at_once` promises it in the same breath.
    """

    stay_id: str
    contact_id: str
    unit_id: str | None
    language: str
    service: str = ""
    title: str = ""
    secret: str = ""
    urgent: bool = False
    price: int | None = None
    per: str = ""
    currency: str = ""
    words: bytes = b""
    via: Via = ""
    at_once: bool = False
    change: Change | None = None


class Accept(msgspec.Struct, frozen=True, kw_only=True):
    change: Change | None = None


class Assign(msgspec.Struct, frozen=True, kw_only=True):
    to: str


class Decline(msgspec.Struct, frozen=True, kw_only=True):
    reason: bytes


class Complete(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """The guest takes it back."""


class Reopen(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever accepted it a moment ago did not mean to: it waits again for everybody."""

    at: datetime


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What staff tell each other; the guest never sees it."""

    words: bytes


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    stars: int
    words: bytes = b""


Command = Ask | Accept | Assign | Decline | Complete | Cancel | Reopen | Release | Note | Rate


# -- events: stable names, fields are only ever added ----------------------------------------------
class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-asked"):
    stay_id: str
    contact_id: str
    unit_id: str | None
    language: str
    service: str = ""
    title: str = ""
    secret: str = ""
    urgent: bool = False
    price: int | None = None
    per: str = ""
    currency: str = ""
    words: bytes = b""
    via: Via = ""


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-accepted"):
    change: Change | None = None


class Assigned(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-assigned"):
    to: str


class Declined(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-declined"):
    reason: bytes = b""


class Completed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-completed"):
    pass


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-cancelled"):
    pass


class Reopened(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-reopened"):
    pass


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-noted"):
    words: bytes


class Rated(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="request-rated"):
    stars: int
    words: bytes = b""


Event = Asked | Accepted | Assigned | Declined | Completed | Cancelled | Reopened | Noted | Rated


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request stands, by whose doing and since when; `state` is empty before it was asked."""

    state: State = ""
    by: str = ""
    at: datetime | None = None
    asked: Asked | None = None
    assigned_to: str = ""
    change: Change | None = None
    reason: bytes = b""
    stars: int = 0


class Overtaken(Refused):
    """Somebody was faster: `state`, `by` and `at` say who made it what it is."""

    def __init__(self, request: Request, what: str) -> None:
        self.state, self.by, self.at = request.state, request.by, request.at
        super().__init__(f"This request is {request.state or 'not there'}: it cannot be {what} now.")


_MAY: Final[Mapping[type[Command], tuple[str, frozenset[State]]]] = {
    Ask: ("asked", frozenset({""})),
    Accept: ("accepted", frozenset({"requested"})),
    Assign: ("assigned", OPEN),
    Decline: ("declined", OPEN),
    Complete: ("completed", OPEN),
    Cancel: ("cancelled", OPEN),
    Reopen: ("reopened", frozenset({"declined", "completed"})),
    Release: ("released", frozenset({"accepted"})),
    Note: ("noted", frozenset({"requested", "accepted", "completed", "declined", "cancelled"})),
    Rate: ("rated", frozenset({"completed"})),
}
_REACHED: Final[Mapping[type[Command], State]] = {
    Accept: "accepted",
    Decline: "declined",
    Complete: "completed",
    Cancel: "cancelled",
}

_EVENTS: Final[Mapping[type[Command], type[Event]]] = {
    Accept: Accepted,
    Decline: Declined,
    Complete: Completed,
    Cancel: Cancelled,
    Reopen: Reopened,
    Note: Noted,
    Rate: Rated,
}


def decide(request: Request, command: Command, *, by: str) -> tuple[Event, ...]:
    """What becomes true; nothing when this person has done the same before. Overtaken when it is too late."""
    what, states = _MAY[type(command)]
    if request.state not in states:
        if request.by == by and request.state and _REACHED.get(type(command)) == request.state:
            return ()
        raise Overtaken(request, what)
    match command:
        case Ask():
            return _asked(command)
        case Assign(to=to):
            return (Assigned(to=to),) if to != request.assigned_to else ()
        case Release(at=at):
            return _released(request, by=by, at=at)
        case Complete() if request.state == "requested":
            return (Accepted(), Completed())
        case _:
            return (_told(command),)


def evolve(request: Request, event: Event, *, by: str, at: datetime) -> Request:
    """The request after an event. Notes, stars and assignments leave the state as it is."""
    changed = msgspec.structs.replace
    match event:
        case Noted():
            return request
        case Rated(stars=stars):
            return changed(request, stars=stars)
        case Assigned(to=to):
            return changed(request, assigned_to=to)
        case Asked():
            return Request(state="requested", by=by, at=at, asked=event)
        case Accepted(change=change):
            return changed(request, state="accepted", by=by, at=at, change=change or request.change)
        case Declined(reason=reason):
            return changed(request, state="declined", by=by, at=at, reason=reason, change=None)
        case Completed():
            return changed(request, state="completed", by=by, at=at)
        case Cancelled():
            return changed(request, state="cancelled", by=by, at=at, change=None)
        case Reopened():
            return changed(request, state="requested", by=by, at=at, reason=b"", assigned_to="")


def evolved(request: Request, events: Iterable[Event], *, by: str, at: datetime) -> Request:
    for event in events:
        request = evolve(request, event, by=by, at=at)
    return request


def _released(request: Request, *, by: str, at: datetime) -> tuple[Event, ...]:
    """Refused for all but who accepted it, after some minutes, and when it has changed the stay."""
    if request.by != by or request.at is None or at > request.at + MOMENT:
        raise Refused(
            "Only who accepted it a few minutes ago can give it back.", hint="Assign it to somebody."
        )
    if request.change:
        raise Refused("It has changed the stay.", hint="Decline it: that takes the change back.")
    return (Reopened(),)


def _told(command: Command) -> Event:
    """The event of a command that always makes one, with the same fields."""
    made = _EVENTS[type(command)]
    return made(**msgspec.structs.asdict(command))


def _asked(command: Ask) -> tuple[Event, ...]:
    fields = {name: getattr(command, name) for name in Asked.__struct_fields__}
    asked = Asked(**fields)
    return (asked, Accepted(change=command.change)) if command.at_once else (asked,)
