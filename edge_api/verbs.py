"""Routes of what the house does with a request: accept, give back, assign, decline, complete, cancel, reopen,
note.

Each verb is a resource of its own. A request that somebody else moved first is answered 409 with what it is
by now; the same word from the same person twice is once.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from edge_api import board, front_desk, registers, requests, streams, tokens
from edge_api.auth import Caller
from edge_api.board import Stored
from edge_api.counters import Asking, HouseCounter, answered, sent
from edge_api.history import Happened
from edge_api.openapi import told
from edge_api.requests import (
    Accept,
    Assign,
    Cancel,
    Command,
    Complete,
    Decline,
    Note,
    Overtaken,
    Release,
    Reopen,
)
from edge_api.shapes import HouseRequest
from guestlink.arrivals import LONGEST_NOTE, plain_words
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, Refused

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NOTE)]
Version = Annotated[int, msgspec.Meta(ge=0)]
ID_SHOWN: Final = "01a203df-e148-7c92-8119-6773653d612b"
SHOWN: Final[Mapping[int, tuple[type, object]]] = {200: (HouseRequest, None)}


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version`: what the caller saw; without it the newest counts."""

    version: Version | None = None


class Assignment(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`to`: the id of a person of this house."""

    to: str


class Refusal(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason`: in words for the guest."""

    reason: Words


class Remark(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`words`: among the people of the house; the guest never sees them."""

    words: Words


class Late(Refused):
    """Somebody was faster: what the request is now, and what happened last."""

    def __init__(self, message: str, request: HouseRequest, faster: Happened | None) -> None:
        self.request = request
        self.faster = faster
        super().__init__(message, hint="Look at what it is now.")


def verb_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    def plain(command: Command) -> Callable[[Writing, KeyRing, Stored, Any], Command]:
        return lambda *_: command

    def released(*_: object) -> Command:
        return Release(at=counter.at())

    asked: list[tuple[str, str, type[Seen], Callable[[Writing, KeyRing, Stored, Any], Command]]] = [
        ("acceptance", "Say yes; a stay changes as the service says.", Seen, plain(Accept())),
        ("completion", "It is done.", Seen, plain(Complete())),
        ("cancellation", "The guest takes it back.", Seen, plain(Cancel())),
        ("reopening", "It was not done, or no was wrong.", Seen, plain(Reopen())),
        ("release", "Whoever accepted it a moment ago did not mean to.", Seen, released),
        ("assignment", "Somebody of the house does it.", Assignment, _assign),
        ("decline", "Say no, and why.", Refusal, _decline),
        ("notes", "A word among the people of the house.", Remark, _note),
    ]
    return [
        _verb(counter, noun, summary, shape=shape, command_of=command_of)
        for noun, summary, shape, command_of in asked
    ]


EXAMPLES: Final[Mapping[type, object]] = {
    Seen: {"version": 1},
    Assignment: {"to": ID_SHOWN},
    Refusal: {"reason": "There is no taxi on Sundays.", "version": 1},
    Remark: {"words": "The guest waits in the hall."},
}


def _verb(
    counter: HouseCounter,
    noun: str,
    summary: str,
    *,
    shape: type[Seen],
    command_of: Callable[[Writing, KeyRing, Stored, Any], Command],
) -> HTTPRouteHandler:
    """One route: `POST /requests/{id}/<noun>`."""
    described = told(
        summary,
        name=f"post{noun.title()}",
        takes=shape,
        sends=EXAMPLES[shape],
        gives=SHOWN,
        refuses=(404, 409, 413, 415, 422),
    )

    @post(f"/requests/{{request_id:str}}/{noun}", status_code=200, sync_to_thread=True, **described)
    def act(request: Asking, request_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, said = counter.caller(request), sent(request, body, shape)

        def verb(tx: Writing, ring: KeyRing) -> HouseRequest:
            stored = registers.request_of(tx, caller.id, request_id)
            tx.all("lock_stay", id=stored.stay_id)
            stored = registers.request_of(tx, caller.id, request_id)
            command = command_of(tx, ring, stored, said)
            return _moved(tx, ring, counter, caller, stored=stored, command=command, version=said.version)

        return answered(counter.done(verb))

    return act


def _moved(
    tx: Writing,
    ring: KeyRing,
    counter: HouseCounter,
    caller: Caller,
    *,
    stored: Stored,
    command: Command,
    version: int | None,
) -> HouseRequest:
    """The request after the command. What this person has done before is no matter of versions: an answer
    may have been lost.
    """
    before, _ = streams.load(tx, stored.id)
    try:
        is_news = bool(requests.decide(before, command, by=caller.by))
    except Overtaken:
        raise _late(tx, ring, stored) from None
    except Refused as error:
        raise _late(tx, ring, stored, error.message) from None
    if is_news and version not in {None, stored.version}:
        raise _late(tx, ring, stored)
    at, voice = counter.at(), counter.voice()
    try:
        after = front_desk.answer(tx, ring, stored.id, command, at=at, by=caller.by, voice=voice)
    except Refused as error:
        raise _late(tx, ring, stored, error.message) from None
    return registers.request_shown(tx, ring, after)


def _late(db: Reading, ring: KeyRing, stored: Stored, words: str = "") -> Late:
    """What the request is now, and in words who was faster, on the clocks of the house."""
    last = registers.history_of(db, ring, stored).history[-1]
    when = f"{last.at:%H:%M} on {last.at.date()}"
    words = words or f"It is {stored.state} by now: {last.what} by {last.who} at {when}."
    return Late(words, registers.request_shown(db, ring, stored), last)


# -- commands --------------------------------------------------------------------------------------
def _assign(tx: Writing, _: KeyRing, stored: Stored, said: Assignment) -> Command:
    is_member = tx.one("membership", user_id=said.to, property_id=stored.property_id)
    if not is_member or stored.property_id not in {house.id for house in tokens.houses(tx, said.to)}:
        raise InvalidFields([("to", "Nobody of this house has this id.")])
    return Assign(to=said.to)


def _decline(_: Writing, ring: KeyRing, stored: Stored, said: Refusal) -> Command:
    return Decline(reason=_sealed(ring, stored, said.reason, field="reason"))


def _note(_: Writing, ring: KeyRing, stored: Stored, said: Remark) -> Command:
    return Note(words=_sealed(ring, stored, said.words, field="words"))


def _sealed(ring: KeyRing, stored: Stored, text: str, *, field: str) -> bytes:
    """Sealed under the guest's key: the words speak of that guest."""
    words = plain_words(text)
    if not words:
        raise InvalidFields([(field, "Please write something.")])
    if stored.wrapped is None:
        raise Refused("This guest was erased: nothing can be kept about them any more.")
    key = ring.guest_key(stored.wrapped, stored.contact_id)
    return board.sealed(key, words, "reply" if field == "reason" else "note", request_id=stored.id)
