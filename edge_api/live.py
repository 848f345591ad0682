"""Routes of the staff board: all of it, what changed since then, and the same as it happens.

A stream and a poll give the same frames. A stream ends after some minutes, when the database is down, and
when whoever listens is too slow: they come again with the position they know, and miss nothing.
"""

import asyncio
import random
import time
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter, RawBody
from litestar.types import Receive, Scope, Send

from edge_api import frames, house_day, registers, shift_notes, threads, tokens
from edge_api.auth import Caller
from edge_api.board import Stored
from edge_api.counters import JSON, NEVER_STORED, Asking, HouseCounter, answered, sent
from edge_api.feed import Board, Feed
from edge_api.frames import Frame
from edge_api.house_day import StayLine
from edge_api.openapi import told
from edge_api.shapes import HouseRequest, PersonShown
from edge_api.shift_notes import ShiftNote
from guestlink import clock, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.records import Property

ENDED_FOR: Final = timedelta(hours=1)
LONGEST_WAIT: Final = 20
BEAT: Final = 15.0  # seconds after which a stream says that it is alive
SLOWEST: Final = 10.0  # seconds that one frame may take to leave
LONGEST_LIFE: Final = 720  # seconds; a third of it by chance: not all boards come again at one moment
COME_AGAIN: Final = 1000  # milliseconds
STREAM: Final = "text/event-stream"
STREAM_HEADERS: Final = [
    (b"content-type", STREAM.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
Since = Annotated[str, QueryParameter(description="The `position` of the last answer.")]


class BoardShown(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the board: what is open or ended within the hour, who comes and goes today and tomorrow,
    the people of the houses, how many conversations wait for a person. `at` is the time of the data,
    `today` the day of each house.
    """

    position: str
    at: datetime
    today: dict[str, date]
    requests: tuple[HouseRequest, ...]
    arrivals: tuple[StayLine, ...]
    departures: tuple[StayLine, ...]
    duty: tuple[PersonShown, ...]
    conversations_waiting: int
    note: tuple[ShiftNote, ...]


class ShiftNotes(msgspec.Struct, frozen=True, kw_only=True):
    note: tuple[ShiftNote, ...]


class Leaving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the next shift has to know; no words take the note away."""

    property: str
    words: Annotated[str, msgspec.Meta(max_length=shift_notes.LONGEST)] = ""

    def __repr__(self) -> str:
        return "Leaving(hidden)"


def live_routes(counter: HouseCounter, feed: Feed) -> list[HTTPRouteHandler]:
    @get(
        "/board",
        sync_to_thread=True,
        **told("The whole board.", name="getBoard", gives={200: (BoardShown, None)}, refuses=(404,)),
    )
    def whole(
        request: Asking,
        *,
        property: Annotated[str, QueryParameter(description="The short name of a house.")] = "",  # noqa: A002
    ) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(counter.told(lambda db, ring: _shown(db, ring, counter, caller, slug=property)))

    @get(
        "/changes",
        **told(
            "What changed on the board; with `wait`, as soon as something does.",
            name="getChanges",
            gives={200: (Frame, None)},
        ),
    )
    async def changes(
        request: Asking,
        *,
        since: Since = "",
        wait: Annotated[int, QueryParameter(ge=0, le=LONGEST_WAIT, description="Seconds at most.")] = 0,
    ) -> Response[bytes]:
        known = frames.position_of(since)
        listening, frame = await feed.join(counter.caller(request), known, is_poll=True)
        try:
            if wait and known and not listening.has_missed:
                frame = await listening.next(wait) or frame
        finally:
            feed.leave(listening)
        return Response(frame, media_type=JSON, headers=NEVER_STORED)

    @get(
        "/live",
        **told(
            "What changes on the board, as it happens: Server-Sent Events with a frame each.",
            name="getLive",
            gives={200: (str, None)},
            media_type=STREAM,
        ),
    )
    async def live(
        request: Asking,
        *,
        since: Since = "",
        seconds: Annotated[
            int, QueryParameter(ge=0, le=LONGEST_LIFE, description="After how long it ends at most.")
        ] = LONGEST_LIFE,
    ) -> Response[bytes]:
        known = frames.position_of(request.headers.get("last-event-id", "") or since)
        listening, first = await feed.join(counter.caller(request), known)
        return Streamed(feed, listening, first, seconds=seconds * random.uniform(0.67, 1))  # noqa: S311 - no secret

    @put(
        "/shift-note",
        status_code=200,
        sync_to_thread=True,
        **told(
            "What the next shift has to know.",
            name="putShiftNote",
            takes=Leaving,
            sends={"property": "harbour-house", "words": "The boiler of room 2 is looked at on Monday."},
            gives={200: (ShiftNotes, None)},
            refuses=(404, 413, 415, 422),
        ),
    )
    def leave_note(request: Asking, body: RawBody) -> Response[bytes]:
        caller, said = counter.caller(request), sent(request, body, Leaving)

        def verb(tx: Writing, ring: KeyRing) -> ShiftNotes:
            house = registers.property_named(tx, caller.id, said.property)
            shift_notes.write(tx, ring, house, said.words, at=counter.at(), by=caller.by)
            return ShiftNotes(note=shift_notes.of_caller(tx, ring, caller.id))

        return answered(counter.done(verb))

    return [whole, changes, live, leave_note]


# -- the whole board ---------------------------------------------------------------------------------
def _shown(db: Reading, ring: KeyRing, counter: HouseCounter, caller: Caller, *, slug: str) -> BoardShown:
    at = counter.at()
    houses = [registers.property_named(db, caller.id, slug)] if slug else tokens.houses(db, caller.id)
    slugs = {house.slug for house in houses}
    days = {house.slug: house_day.today_of(house, at=at) for house in houses}
    lines = [line for house in houses for line in house_day.around(db, ring, house, at=at)]
    waiting = (db.one("conversations_waiting", property_id=house.id) for house in houses)
    return BoardShown(
        position=str(frames.head(db)),
        at=at,
        today=days,
        requests=tuple(each for house in houses for each in _requests(db, ring, house, at=at)),
        arrivals=tuple(line for line in lines if house_day.arrives(line, days[line.property])),
        departures=tuple(line for line in lines if house_day.leaves(line, days[line.property])),
        duty=tuple(
            each for each in registers.people(db, ring, caller.id, at=at).people if each.property in slugs
        ),
        conversations_waiting=sum(int(row["waiting"]) for row in waiting if row)
        + (0 if slug else len(threads.houseless(db, ring, caller.id, waiting=True))),
        note=tuple(each for each in shift_notes.of_caller(db, ring, caller.id) if each.property in slugs),
    )


def _requests(db: Reading, ring: KeyRing, house: Property, *, at: datetime) -> list[HouseRequest]:
    since = clock.as_text(at - ENDED_FOR)
    rows = db.all("requests_of_property", property_id=house.id, since=since)
    return [registers.request_shown(db, ring, records.shaped(row, Stored)) for row in rows]


# -- the stream --------------------------------------------------------------------------------------
class Streamed(Response[bytes]):
    """Frames as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html) until the
    board is let go, goes by itself, or its time is over. Each carries its position as the event's id.
    """

    def __init__(self, feed: Feed, listening: Board, first: bytes, *, seconds: float) -> None:
        super().__init__(b"", media_type=STREAM)
        self._feed, self._board, self._first = feed, listening, first
        self._until = time.monotonic() + seconds

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        return self._answer

    async def _answer(self, _: Scope, receive: Receive, send: Send) -> None:
        talking = asyncio.ensure_future(self._talk(send))
        going = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({talking, going}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(self._board)
            for each in (talking, going):
                each.cancel()
            await asyncio.gather(talking, going, return_exceptions=True)

    async def _talk(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        await _say(send, f"retry: {COME_AGAIN}\n\n".encode() + self._event(self._first))
        while (left := self._until - time.monotonic()) > 0:
            frame = await self._board.next(min(BEAT, left))
            if frame is None:
                break
            await _say(send, self._event(frame) if frame else self._beat())
        await _say(send, b"", more=False)

    def _event(self, frame: bytes) -> bytes:
        return b"id: %s\ndata: %s\n\n" % (str(self._board.position).encode(), frame)

    def _beat(self) -> bytes:
        """A comment for whatever stands between, an event for the page: the line is alive."""
        return b": alive\nevent: beat\ndata: %s\n\n" % str(self._board.position).encode()


async def _say(send: Send, body: bytes, *, more: bool = True) -> None:
    """TimeoutError when it cannot leave for too long: somebody's line is dead or too slow."""
    async with asyncio.timeout(SLOWEST):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
