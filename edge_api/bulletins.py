"""Routes of the house for notices told by message: which there are, what a sending would do, and doing it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from edge_api import phrases, registers, tokens
from edge_api.counters import Asking, HouseCounter, answered, sent
from edge_api.journey import notices
from edge_api.journey.addressees import Audience, Wish
from edge_api.journey.notices import Posted, Preview
from edge_api.journey.outlook import Lamp
from edge_api.journey.texts import Shelf
from edge_api.openapi import told
from edge_api.prices import NONE_KNOWN, load_prices
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing

HouseName = Annotated[str, QueryParameter(description="The short name of a house.")]
WISHED: Final = {"property": "harbour-house", "to": "both"}
REFUSES: Final = (404, 409, 413, 415)


class NoticeShown(Posted, frozen=True, kw_only=True):
    """A notice as it was published last. `told`, `waiting` and `not_told` count its messages."""

    property: str


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    notices: tuple[NoticeShown, ...]


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """Of which house, and to whom: in-house, arriving or both; `at_any_hour` also by night."""

    property: str
    to: Audience = "both"
    at_any_hour: bool = False

    def wish(self, notice: str) -> Wish:
        return Wish(notice=notice, to=self.to, at_any_hour=self.at_any_hour)


class ConfirmedSending(Sending, frozen=True, kw_only=True):
    """`version` is the preview's: what has changed since is not sent."""

    version: str


def bulletin_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    lamp = _lamps(counter)
    return [_list(counter), _look(counter, lamp), _send(counter, lamp)]


def _lamps(counter: HouseCounter) -> Callable[[KeyRing], Lamp]:
    settings, shelf = counter.holdings.settings, Shelf()
    speaks, listed = phrases.channels(settings), settings.whatsapp_prices
    prices = load_prices(settings.path(listed)) if listed else NONE_KNOWN
    return lambda ring: Lamp(ring=ring, shelf=shelf, speaks=speaks, prices=prices)


def _list(counter: HouseCounter) -> HTTPRouteHandler:
    @get(
        "/notices",
        sync_to_thread=True,
        **told(
            "Notices that are published, and what became of their messages.",
            name="listNotices",
            gives={200: (Notices, None)},
            refuses=(404,),
        ),
    )
    def every(request: Asking, property: HouseName = "") -> Response[bytes]:  # noqa: A002 - as callers write it
        caller = counter.caller(request)

        def look(db: Reading, _: KeyRing) -> Notices:
            houses = (
                [registers.property_named(db, caller.id, property)]
                if property
                else tokens.houses(db, caller.id)
            )
            return Notices(
                notices=tuple(
                    NoticeShown(property=house.slug, **msgspec.structs.asdict(each))
                    for house in houses
                    for each in notices.posted(db, house)
                )
            )

        return answered(counter.told(look))

    return every


def _look(counter: HouseCounter, lamp: Callable[[KeyRing], Lamp]) -> HTTPRouteHandler:
    @post(
        "/notices/{notice:str}/preview",
        status_code=HTTPStatus.OK,
        sync_to_thread=True,
        **told(
            "What a sending would do now: for how many guests, by which channels, at what price.",
            name="previewNotice",
            takes=Sending,
            sends=WISHED,
            gives={200: (Preview, None)},
            refuses=REFUSES,
        ),
    )
    def look(request: Asking, notice: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, wanted = counter.caller(request, "manager"), sent(request, body, Sending)

        def looking(db: Reading, ring: KeyRing) -> Preview:
            house = registers.property_named(db, caller.id, wanted.property)
            return notices.preview(db, lamp(ring), house, wanted.wish(notice), at=counter.at())

        return answered(counter.told(looking))

    return look


def _send(counter: HouseCounter, lamp: Callable[[KeyRing], Lamp]) -> HTTPRouteHandler:
    @post(
        "/notices/{notice:str}/sendings",
        status_code=HTTPStatus.CREATED,
        sync_to_thread=True,
        **told(
            "Sends it as it was looked at; nobody gets the same words twice. The answer is what was done.",
            name="sendNotice",
            takes=ConfirmedSending,
            sends={**WISHED, "version": "5f0c3a9d1e27b684"},
            gives={201: (Preview, None)},
            refuses=REFUSES,
        ),
    )
    def send(request: Asking, notice: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, wanted = counter.caller(request, "manager"), sent(request, body, ConfirmedSending)

        def verb(tx: Writing, ring: KeyRing) -> Preview:
            house = registers.property_named(tx, caller.id, wanted.property)
            return notices.send(
                tx,
                lamp(ring),
                house,
                wanted.wish(notice),
                version=wanted.version,
                at=counter.at(),
                by=caller.by,
            )

        return answered(counter.done(verb), HTTPStatus.CREATED)

    return send
