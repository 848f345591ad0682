"""Routes of the guest's page: requests, arrival, rating, channels, openings. They read, ask and answer.

Handlers run in threads, since the database waits. A body is small, flat JSON or it is refused.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeVar, cast, get_args

import msgspec
from litestar import HttpMethod, Response, Router, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from edge_api import channels, front_desk
from edge_api.auth import PageGuard, refused_alike
from edge_api.board import Shown
from edge_api.callers import Guest
from edge_api.channels import ByMessage, Ways, Wish
from edge_api.counters import LONGEST_BODY, NEVER_STORED, Asking, answered, read_body
from edge_api.holdings import Holdings
from edge_api.openapi import told
from edge_api.phrases import channels as channels_of
from edge_api.phrases import voice_of
from edge_api.telling import ArrivalShown, RatingShown, counted
from edge_api.wishes import Asked
from guestlink.arrivals import ArrivalTold, RatingTold
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput
from guestlink.language import Catalogue

WITH_BODY: Final = (409, 413, 422)
T = TypeVar("T")


class NewRequest(msgspec.Struct, frozen=True, kw_only=True):
    service: str = ""
    fields: dict[str, str] = {}
    note: str = ""
    secret: str = ""
    language: str = ""


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    version: int


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    time: str = ""
    adults: int | str = 0
    children: int | str = 0
    note: str = ""
    word: str = ""
    language: str = ""


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    stars: int | str = 0
    words: str = ""
    language: str = ""


class ChannelWish(msgspec.Struct, frozen=True, kw_only=True):
    """`phone` is asked for when no number is on file."""

    agrees: bool
    phone: str = ""
    language: str = ""

    def __repr__(self) -> str:
        return f"ChannelWish({self.agrees})"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    codes: bool = False


class OwnRequests(msgspec.Struct, frozen=True, kw_only=True):
    """All requests of the guest's stay, newest first."""

    requests: list[Shown]


class Counter:
    """What every route does: let the guest in, read the body, ask the front desk, answer."""

    def __init__(self, holdings: Holdings, guard: PageGuard, *, at: Callable[[], datetime]) -> None:
        self._guard = guard
        self._at = at
        self.holdings = holdings

    def guest(self, request: Asking) -> Guest:
        return self._guard.guest(request, at=self._at())

    def words(self, guest: Guest, language: str) -> Catalogue:
        return self.holdings.words(language or guest.stay.language)

    def channels(self, guest: Guest, language: str = "") -> channels.Desk:
        """What is needed to say how a guest may be written to."""
        speaks, words = channels_of(self.holdings.settings), self.words(guest, language)
        return channels.Desk(voice=voice_of(self.holdings), speaks=speaks, words=words)

    def told(self, look: Callable[[Reading, KeyRing], object]) -> Response[bytes]:
        """What the front desk knows."""
        with refused_alike(), self.holdings.database.read() as db:
            return answered(look(db, self.holdings.ring))

    def done(self, verb: Callable[[Writing, KeyRing], T]) -> T:
        """What the front desk did, in one transaction."""
        with refused_alike():
            return front_desk.settled(self.holdings.database, lambda tx: verb(tx, self.holdings.ring))


def guest_routes(holdings: Holdings, *, public_url: str, proxies: int, at: Callable[[], datetime]) -> Router:
    """Everything below /api that a guest's page asks for."""
    counter = Counter(holdings, PageGuard(holdings, public_url=public_url, proxies=proxies), at=at)
    handlers = [*request_routes(counter), *telling_routes(counter), *channel_routes(counter)]
    return Router("/api", route_handlers=handlers, request_max_body_size=LONGEST_BODY)


def request_routes(counter: Counter) -> list[HTTPRouteHandler]:
    @route(
        "/requests",
        http_method=HttpMethod.POST,
        sync_to_thread=True,
        **told(
            "Ask for something; the same key asks once.",
            name="ask",
            takes=NewRequest,
            sends={"service": "towels", "fields": {"sets": "2"}},
            key=True,
            gives={201: (Shown, None), 200: (Shown, None)},
            scheme="page",
            refuses=WITH_BODY,
        ),
    )
    def ask(request: Asking, body: RawBody) -> Response[bytes]:
        guest, sent = counter.guest(request), read_body(body, NewRequest)
        asked = Asked(key=request.headers.get("idempotency-key", ""), **msgspec.structs.asdict(sent))
        told = counter.done(
            lambda tx, ring: front_desk.ask(
                tx,
                ring,
                guest.link.id,
                asked,
                at=guest.at,
                words=counter.words(guest, sent.language),
                voice=voice_of(counter.holdings),
            )
        )
        return answered(told.request, HTTPStatus.CREATED if told.is_new else HTTPStatus.OK)

    @route(
        "/requests",
        http_method=HttpMethod.GET,
        sync_to_thread=True,
        **told(
            "What this stay has asked for.",
            name="ownRequests",
            gives={200: (OwnRequests, None)},
            scheme="page",
        ),
    )
    def own_requests(request: Asking) -> Response[bytes]:
        guest = counter.guest(request)
        return counter.told(
            lambda db, ring: {"requests": front_desk.own_requests(db, ring, guest.link.id, at=guest.at)}
        )

    @route(
        "/requests/{request_id:str}/cancellation",
        http_method=HttpMethod.POST,
        sync_to_thread=True,
        **told(
            "Take a request back.",
            name="takeBack",
            takes=Cancellation,
            sends={"version": 1},
            gives={200: (Shown, None)},
            scheme="page",
            refuses=WITH_BODY,
        ),
    )
    def cancel(request: Asking, request_id: FromPath[str], body: RawBody) -> Response[bytes]:
        guest, seen = counter.guest(request), read_body(body, Cancellation)
        words = counter.words(guest, "")
        return answered(
            counter.done(
                lambda tx, ring: front_desk.cancel(
                    tx,
                    ring,
                    guest.link.id,
                    request_id,
                    version=seen.version,
                    at=guest.at,
                    words=words,
                    voice=voice_of(counter.holdings),
                )
            )
        )

    @route(
        "/requests/{request_id:str}/rating",
        http_method=HttpMethod.PUT,
        sync_to_thread=True,
        **told(
            "What a guest thought of a request that is done.",
            name="rateRequest",
            takes=Rating,
            sends={"stars": 5, "words": "So quick"},
            gives={200: (Shown, None)},
            scheme="page",
            refuses=WITH_BODY,
        ),
    )
    def rate_request(request: Asking, request_id: FromPath[str], body: RawBody) -> Response[bytes]:
        guest, sent = counter.guest(request), read_body(body, Rating)
        words = counter.words(guest, sent.language)
        stars = RatingTold(stars=counted(sent.stars), words=sent.words)
        return answered(
            counter.done(
                lambda tx, ring: front_desk.rate_request(
                    tx, ring, guest.link.id, request_id, told=stars, at=guest.at, words=words
                )
            )
        )

    return [ask, own_requests, cancel, rate_request]


def telling_routes(counter: Counter) -> list[HTTPRouteHandler]:
    @route(
        "/arrival",
        http_method=HttpMethod.PUT,
        sync_to_thread=True,
        **told(
            "When and how the guests come.",
            name="tellArrival",
            takes=Arrival,
            sends={"time": "18:30", "adults": 2, "note": "by train"},
            gives={200: (ArrivalShown, None)},
            scheme="page",
            refuses=WITH_BODY,
        ),
    )
    def tell_arrival(request: Asking, body: RawBody) -> Response[bytes]:
        guest, sent = counter.guest(request), read_body(body, Arrival)
        words = counter.words(guest, sent.language)
        people = {"adults": counted(sent.adults), "children": counted(sent.children)}
        told = ArrivalTold(time=sent.time, note=sent.note, word=sent.word, **people)
        return answered(
            counter.done(
                lambda tx, ring: front_desk.tell_arrival(
                    tx, ring, guest.link.id, told, at=guest.at, words=words
                )
            )
        )

    @route(
        "/arrival",
        http_method=HttpMethod.GET,
        sync_to_thread=True,
        **told(
            "What was told about the arrival.",
            name="arrival",
            gives={200: (ArrivalShown, None)},
            scheme="page",
        ),
    )
    def arrival(request: Asking) -> Response[bytes]:
        guest = counter.guest(request)
        return counter.told(lambda db, ring: front_desk.arrival(db, ring, guest.link.id, at=guest.at))

    @route(
        "/rating",
        http_method=HttpMethod.PUT,
        sync_to_thread=True,
        **told(
            "What the guests thought, after their stay.",
            name="rate",
            takes=Rating,
            sends={"stars": 5, "words": "Lovely"},
            gives={200: (RatingShown, None)},
            scheme="page",
            refuses=WITH_BODY,
        ),
    )
    def rate(request: Asking, body: RawBody) -> Response[bytes]:
        guest, sent = counter.guest(request), read_body(body, Rating)
        told, words = (
            RatingTold(stars=counted(sent.stars), words=sent.words),
            counter.words(guest, sent.language),
        )
        return answered(
            counter.done(
                lambda tx, ring: front_desk.rate(tx, ring, guest.link.id, told, at=guest.at, words=words)
            )
        )

    @route(
        "/rating",
        http_method=HttpMethod.GET,
        sync_to_thread=True,
        **told(
            "What was told about the stay.",
            name="rating",
            gives={200: (RatingShown, None)},
            scheme="page",
        ),
    )
    def rating(request: Asking) -> Response[bytes]:
        guest = counter.guest(request)
        return counter.told(lambda db, ring: front_desk.rating(db, ring, guest.link.id, at=guest.at))

    @route(
        "/openings",
        http_method=HttpMethod.POST,
        sync_to_thread=True,
        **told(
            "The page was opened; kept as a day.",
            name="openPage",
            takes=Opening,
            sends={"codes": False},
            gives={204: (None, None)},
            scheme="page",
            refuses=(413,),
        ),
    )
    def opened(request: Asking, body: RawBody) -> Response[bytes]:
        guest, codes = counter.guest(request), read_body(body, Opening).codes
        if not front_desk.is_known_opening(guest, codes=codes):  # most are not the first of a day
            counter.done(lambda tx, _: front_desk.opened_page(tx, guest.link.id, codes=codes, at=guest.at))
        return Response(b"", status_code=HTTPStatus.NO_CONTENT, headers=NEVER_STORED)

    return [tell_arrival, arrival, rate, rating, opened]


def channel_routes(counter: Counter) -> list[HTTPRouteHandler]:
    @route(
        "/guest/channels",
        http_method=HttpMethod.GET,
        sync_to_thread=True,
        **told(
            "How the house may write to the guest; null for a channel that it does not use.",
            name="channels",
            gives={200: (Ways, None)},
            scheme="page",
        ),
    )
    def ways(request: Asking) -> Response[bytes]:
        guest = counter.guest(request)
        desk = counter.channels(guest)
        return counter.told(lambda db, _: channels.ways(db, desk, guest.link.id, at=guest.at))

    @route(
        "/guest/channels/{channel:str}",
        http_method=HttpMethod.PUT,
        sync_to_thread=True,
        **told(
            "A yes or a no to one channel. A no counts at once, also for what waits.",
            name="setChannel",
            takes=ChannelWish,
            sends={"agrees": True, "phone": "+44 7700 900123"},
            gives={200: (Ways, None)},
            scheme="page",
            refuses=WITH_BODY,
        ),
    )
    def wish(request: Asking, channel: FromPath[str], body: RawBody) -> Response[bytes]:
        guest, sent = counter.guest(request), read_body(body, ChannelWish)
        if channel not in get_args(ByMessage):
            raise InvalidInput("There is no such channel.", hint=f"Known: {', '.join(get_args(ByMessage))}.")
        wanted = Wish(channel=cast("ByMessage", channel), agrees=sent.agrees, phone=sent.phone)
        desk = counter.channels(guest, sent.language)
        return answered(
            counter.done(lambda tx, _: channels.wish(tx, desk, guest.link.id, wanted, at=guest.at))
        )

    return [ways, wish]
