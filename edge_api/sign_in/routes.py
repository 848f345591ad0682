"""Routes of signing in and out: a code, a link, a PIN, and what sessions there are. Routes only."""

import time
from http import HTTPStatus
from typing import Final

from litestar import Response, Router, delete, get, post, put
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from edge_api.auth import Asking
from edge_api.counters import LONGEST_BODY, answered, sent
from edge_api.openapi import told
from edge_api.sign_in import codes, pins, sessions
from edge_api.sign_in.door import OPEN, SESSION, entered, nothing, own_page_only, waited
from edge_api.sign_in.passkey_routes import passkey_routes
from edge_api.sign_in.porter import Porter
from edge_api.sign_in.push_routes import push_routes
from edge_api.sign_in.shapes import (
    CodeAsked,
    CodeWish,
    NewPin,
    Sessions,
    SessionShown,
    SignIn,
    Switch,
    sessions_listed,
)
from guestlink.errors import NotFound

PHONE: Final = "+44 7700 900123"
ID_SHOWN: Final = "01a203df-e148-7c92-8119-6773653d612b"


def sign_in_routes(porter: Porter) -> Router:
    """Everything below /api/session, /api/sessions, /api/passkeys and /api/push."""
    handlers = [
        *_doors(porter),
        *_session(porter),
        *_pins(porter),
        *passkey_routes(porter),
        *push_routes(porter),
    ]
    return Router("/api", route_handlers=handlers, request_max_body_size=LONGEST_BODY)


# -- the doors -----------------------------------------------------------------------------------------
def _doors(porter: Porter) -> list[HTTPRouteHandler]:
    @post(
        "/session/codes",
        **told(
            "Send a code to sign in to the phone of somebody of the house.",
            name="askForCode",
            takes=CodeWish,
            sends={"phone": PHONE},
            gives={202: (CodeAsked, {"seconds": 600})},
            refuses=(403, 413, 415, 422),
            **OPEN,
        ),
    )
    async def ask(request: Asking, body: RawBody) -> Response[bytes]:
        """Answers the same after the same time, whoever has this phone. The newest code counts: once, for ten
        minutes, for five tries.
        """
        began = time.monotonic()
        own_page_only(porter, request)
        wanted = sent(request, body, CodeWish)
        await sync_to_thread(porter.send_code, request, wanted.phone)
        await waited(began)
        return answered(CodeAsked(seconds=int(codes.LIFE.total_seconds())), HTTPStatus.ACCEPTED)

    @post(
        "/session",
        **told(
            "Sign in by a code or by the token of a link.",
            name="signIn",
            takes=SignIn,
            sends={"phone": PHONE, "code": "000000"},
            gives={201: (SessionShown, None)},
            refuses=(401, 403, 413, 415),
            **OPEN,
        ),
    )
    async def enter(request: Asking, body: RawBody) -> Response[bytes]:
        """Sets the cookie of the session, which only this host's pages send back. A link counts once."""
        began = time.monotonic()
        own_page_only(porter, request)
        wanted = sent(request, body, SignIn)
        if wanted.token:
            session = await sync_to_thread(porter.by_link, request, wanted.token)
        else:
            session = await sync_to_thread(porter.by_code, request, wanted.phone, wanted.code)
        return await entered(porter, session, began)

    return [ask, enter]


# -- the session ---------------------------------------------------------------------------------------
def _session(porter: Porter) -> list[HTTPRouteHandler]:
    gate = porter.gate

    @get(
        "/session",
        sync_to_thread=True,
        **told("Who is signed in here.", name="getSession", gives={200: (SessionShown, None)}, **SESSION),
    )
    def current(request: Asking) -> Response[bytes]:
        """A cookie that is over is renewed here, and here only, as long as the session counts."""
        return answered(porter.shown(gate.session(request, at=porter.at(), is_late=True)))

    @delete(
        "/session",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told("Sign out.", name="signOut", gives={204: (None, None)}, **SESSION),
    )
    def leave(request: Asking) -> Response[None]:
        at = porter.at()
        session = gate.session(request, at=at, is_late=True)
        porter.done(lambda tx: sessions.end(tx, session, at=at, by=session.user_id))
        gate.let_go(request)
        return nothing()

    @get(
        "/sessions",
        sync_to_thread=True,
        **told("Where else one is signed in.", name="listSessions", gives={200: (Sessions, None)}, **SESSION),
    )
    def every(request: Asking) -> Response[bytes]:
        at = porter.at()
        mine = gate.session(request, at=at)
        with porter.holdings.database.read() as db:
            found = sessions.of_user(db, mine.user_id, at=at)
        return answered(sessions_listed(found, mine=mine.id))

    @delete(
        "/sessions/{session_id:str}",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told(
            "End one of one’s own sessions.",
            name="endSession",
            gives={204: (None, None)},
            refuses=(404,),
            **SESSION,
        ),
    )
    def end(request: Asking, session_id: FromPath[str]) -> Response[None]:
        at = porter.at()
        mine = gate.session(request, at=at)
        with porter.holdings.database.read() as db:
            found = {each.id: each for each in sessions.of_user(db, mine.user_id, at=at)}
        if session_id not in found:
            raise NotFound("There is no such session.")
        porter.done(lambda tx: sessions.end(tx, found[session_id], at=at, by=mine.user_id))
        if session_id == mine.id:
            gate.let_go(request)
        return nothing()

    return [current, leave, every, end]


# -- PINs ----------------------------------------------------------------------------------------------
def _pins(porter: Porter) -> list[HTTPRouteHandler]:
    gate = porter.gate

    @put(
        "/session/pin",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told(
            "Set a PIN to come back to oneself on this browser.",
            name="setPin",
            takes=NewPin,
            sends={"pin": "2718"},
            gives={204: (None, None)},
            refuses=(413, 415, 422),
            **SESSION,
        ),
    )
    def set_pin(request: Asking, body: RawBody) -> Response[None]:
        at, ring = porter.at(), porter.holdings.ring
        mine = gate.session(request, at=at)
        pin = sent(request, body, NewPin).pin
        porter.done(lambda tx: pins.put(tx, ring, mine, pin, at=at))
        return nothing()

    @delete(
        "/session/pin",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told("Forget the PIN on this browser.", name="forgetPin", gives={204: (None, None)}, **SESSION),
    )
    def forget_pin(request: Asking) -> Response[None]:
        mine = gate.session(request, at=porter.at())
        porter.done(lambda tx: pins.forget(tx, mine))
        return nothing()

    @post(
        "/session/switch",
        **told(
            "Let somebody else go on here, by their PIN.",
            name="switchPerson",
            takes=Switch,
            sends={"user_id": ID_SHOWN, "pin": "2718"},
            gives={201: (SessionShown, None)},
            refuses=(413, 415),
            **SESSION,
        ),
    )
    async def switch(request: Asking, body: RawBody) -> Response[bytes]:
        """The session that was there is ended. After five wrong PINs theirs is forgotten: a code helps."""
        began = time.monotonic()
        mine = await sync_to_thread(gate.session, request, at=porter.at())
        wanted = sent(request, body, Switch)
        session = await sync_to_thread(porter.by_pin, request, mine, user_id=wanted.user_id, pin=wanted.pin)
        return await entered(porter, session, began)

    return [set_pin, forget_pin, switch]
