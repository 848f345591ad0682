"""Routes of the house for messages of a stay's journey: what comes, what came of it; held, or sent now."""

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from edge_api import phrases, registers
from edge_api.counters import Asking, HouseCounter, answered
from edge_api.journey import outlook
from edge_api.journey.outlook import Lamp, MessageShown
from edge_api.journey.texts import Shelf
from edge_api.openapi import told
from edge_api.prices import NONE_KNOWN, load_prices
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.records import Stay


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    messages: tuple[MessageShown, ...]


def journey_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    settings = counter.holdings.settings
    shelf, speaks = Shelf(), phrases.channels(settings)
    listed = settings.whatsapp_prices
    prices = load_prices(settings.path(listed)) if listed else NONE_KNOWN

    def shown(db: Reading, ring: KeyRing, stay: Stay) -> Messages:
        lamp = Lamp(ring=ring, shelf=shelf, speaks=speaks, prices=prices)
        return Messages(messages=tuple(outlook.of_stay(db, lamp, stay)))

    @get(
        "/stays/{stay_id:str}/journey",
        sync_to_thread=True,
        **told(
            "What the guests of a stay are told by themselves, in order of the moments; and why not.",
            name="getJourney",
            gives={200: (Messages, None)},
            refuses=(404,),
        ),
    )
    def every(request: Asking, stay_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(
            counter.told(lambda db, ring: shown(db, ring, registers.stay_of(db, caller.id, stay_id)))
        )

    @post(
        "/stays/{stay_id:str}/journey/{message:str}/hold",
        status_code=200,
        sync_to_thread=True,
        **told(
            "This message is not sent.",
            name="holdMessage",
            gives={200: (Messages, None)},
            refuses=(404, 409),
        ),
    )
    def hold(request: Asking, stay_id: FromPath[str], message: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request, "manager")

        def verb(tx: Writing, ring: KeyRing) -> Messages:
            stay = registers.stay_of(tx, caller.id, stay_id)
            outlook.hold(tx, stay, message, at=counter.at(), by=caller.by)
            return shown(tx, ring, stay)

        return answered(counter.done(verb))

    @post(
        "/stays/{stay_id:str}/journey/{message:str}/sending",
        status_code=200,
        sync_to_thread=True,
        **told(
            "This message is sent now.",
            name="sendMessage",
            gives={200: (Messages, None)},
            refuses=(404, 409),
        ),
    )
    def send(request: Asking, stay_id: FromPath[str], message: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request, "manager")

        def verb(tx: Writing, ring: KeyRing) -> Messages:
            stay = registers.stay_of(tx, caller.id, stay_id)
            outlook.hasten(tx, stay, message, at=counter.at(), by=caller.by)
            return shown(tx, ring, stay)

        return answered(counter.done(verb))

    return [every, hold, send]
