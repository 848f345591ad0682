"""Routes of the house for requests: list, look, ask for a guest. What is done with one is in verbs.py."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from edge_api import board, front_desk, registers
from edge_api.auth import Caller
from edge_api.counters import Asking, HouseCounter, answered, language_of, sent
from edge_api.openapi import told
from edge_api.requests import State, Via
from edge_api.shapes import History, HouseRequest, HouseRequests
from edge_api.wishes import Asked, Taken
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, NotAllowed, Refused
from guestlink.language import Catalogue
from guestlink.records import Stay

Page = Annotated[int, QueryParameter(ge=1, le=registers.MOST, description="How many at most.")]
ID_SHOWN: Final = "01a203df-e148-7c92-8119-6773653d612b"
SHOWN: Final[Mapping[int, tuple[type, object]]] = {200: (HouseRequest, None)}


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a guest said, `via` desk or phone; without a service it is what `note` says."""

    stay_id: str
    service: str = ""
    fields: dict[str, str] = {}
    note: str = ""
    secret: str = ""
    language: str = ""
    via: Via = ""
    urgent: bool = False

    def __repr__(self) -> str:
        return "Wish(hidden)"


def staff_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @get(
        "/requests",
        sync_to_thread=True,
        **told("Requests, newest first.", name="listRequests", gives={200: (HouseRequests, None)}),
    )
    def every(
        request: Asking,
        *,
        property: Annotated[str, QueryParameter(description="The short name of a house.")] = "",  # noqa: A002
        standing: Annotated[State, QueryParameter(name="state", description="Those in this state.")] = "",
        stay: Annotated[str, QueryParameter(description="The id of a stay.")] = "",
        before: Annotated[str, QueryParameter(description="The `next` of the page before.")] = "",
        most: Page = 50,
    ) -> Response[bytes]:
        wanted: dict[str, Any] = {"property": property, "state": standing, "stay_id": stay, "before": before}
        caller = counter.caller(request)
        return answered(
            counter.told(lambda db, ring: registers.requests(db, ring, caller.id, most=most, **wanted))
        )

    @get(
        "/requests/{request_id:str}",
        sync_to_thread=True,
        **told("One request.", name="getRequest", gives=SHOWN, refuses=(404,)),
    )
    def one(request: Asking, request_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)

        def look(db: Reading, ring: KeyRing) -> HouseRequest:
            return registers.request_shown(db, ring, registers.request_of(db, caller.id, request_id))

        return answered(counter.told(look))

    @get(
        "/requests/{request_id:str}/history",
        sync_to_thread=True,
        **told(
            "What became of a request, oldest first.",
            name="getHistory",
            gives={200: (History, None)},
            refuses=(404,),
        ),
    )
    def history(request: Asking, request_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)

        def look(db: Reading, ring: KeyRing) -> History:
            return registers.history_of(db, ring, registers.request_of(db, caller.id, request_id))

        return answered(counter.told(look))

    @post(
        "/requests",
        sync_to_thread=True,
        **told(
            "Ask for something for a guest.",
            name="askForGuest",
            takes=Wish,
            sends={"stay_id": ID_SHOWN, "service": "towels", "fields": {"sets": "2"}},
            key=True,
            gives={201: (HouseRequest, None), 200: (HouseRequest, None)},
            refuses=(404, 409, 413, 415, 422),
        ),
    )
    def ask(request: Asking, body: RawBody) -> Response[bytes]:
        caller, wish = counter.caller(request), sent(request, body, Wish)
        key = request.headers.get("idempotency-key", "")
        if not front_desk.KEY.fullmatch(key):
            mend = "Send 8 to 64 letters, digits, - and _, new for each."
            raise InvalidInput("The call has no Idempotency-Key.", hint=mend)
        words = counter.holdings.words(language_of(request))

        def verb(tx: Writing, ring: KeyRing) -> tuple[HouseRequest, bool]:
            stay = registers.stay_of(tx, caller.id, wish.stay_id)
            return _asked(tx, ring, counter, caller, wish=wish, stay=stay, key=key, words=words)

        shown, is_new = counter.done(verb)
        return answered(shown, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    return [every, one, history, ask]


def _asked(
    tx: Writing,
    ring: KeyRing,
    counter: HouseCounter,
    caller: Caller,
    *,
    wish: Wish,
    stay: Stay,
    key: str,
    words: Catalogue,
) -> tuple[HouseRequest, bool]:
    """The request in words of the house, and whether it is new. Mistakes are told in the caller's `words`."""
    told_of = {name: getattr(wish, name) for name in Asked.__struct_fields__ if name != "key"}
    voice = counter.voice()
    try:
        made = front_desk.ask_for(
            tx,
            ring,
            stay.id,
            Asked(key=key, **told_of),
            at=counter.at(),
            by=caller.by,
            words=words,
            voice=voice,
            taken=Taken(via=wish.via, urgent=wish.urgent),
        )
    except NotAllowed:
        raise Refused("This stay is cancelled or long over: nothing can be asked for it.") from None
    stored = board.by_id(tx, made.request.id)
    assert stored is not None
    return registers.request_shown(tx, ring, stored), made.is_new
