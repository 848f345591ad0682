"""Routes of passkeys: making, listing, forgetting them, and signing in by one. Routes only."""

import time
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, delete, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from edge_api.auth import Asking
from edge_api.counters import answered, sent
from edge_api.openapi import told
from edge_api.sign_in import passkeys
from edge_api.sign_in.door import OPEN, SESSION, entered, nothing, own_page_only
from edge_api.sign_in.porter import Porter
from edge_api.sign_in.shapes import Answered, Options, Passkeys, PasskeyShown, SessionShown

CREDENTIAL: Final[dict[str, Any]] = {"credential": {"id": "AbCd", "type": "public-key", "response": {}}}


def passkey_routes(porter: Porter) -> list[HTTPRouteHandler]:
    return [*_making(porter), *_using(porter)]


def _making(porter: Porter) -> list[HTTPRouteHandler]:
    gate = porter.gate

    @post(
        "/passkeys/options",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        **told(
            "What a browser makes a passkey with.",
            name="passkeyOptions",
            gives={200: (Options, None)},
            refuses=(409,),
            **SESSION,
        ),
    )
    def options(request: Asking) -> Response[bytes]:
        """Good for five minutes and one passkey."""
        at = porter.at()
        mine = gate.session(request, at=at)
        return answered(Options(options=porter.passkey_to_make(mine, at=at)))

    @post(
        "/passkeys",
        sync_to_thread=True,
        **told(
            "Keep the passkey that a browser has made.",
            name="addPasskey",
            takes=Answered,
            sends=CREDENTIAL,
            gives={201: (PasskeyShown, None)},
            refuses=(409, 413, 415),
            **SESSION,
        ),
    )
    def add(request: Asking, body: RawBody) -> Response[bytes]:
        at, site = porter.at(), porter.site
        mine = gate.session(request, at=at)
        credential = sent(request, body, Answered).credential
        passkeys.library()
        made = porter.done(lambda tx: passkeys.create(tx, site, mine.user_id, credential, at=at))
        return answered(made, HTTPStatus.CREATED)

    @get(
        "/passkeys",
        sync_to_thread=True,
        **told("One’s own passkeys.", name="listPasskeys", gives={200: (Passkeys, None)}, **SESSION),
    )
    def every(request: Asking) -> Response[bytes]:
        mine = gate.session(request, at=porter.at())
        with porter.holdings.database.read() as db:
            return answered(Passkeys(passkeys=tuple(passkeys.of_user(db, mine.user_id))))

    @delete(
        "/passkeys/{passkey_id:str}",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told(
            "Forget one of one’s own passkeys.",
            name="forgetPasskey",
            gives={204: (None, None)},
            refuses=(404,),
            **SESSION,
        ),
    )
    def forget(request: Asking, passkey_id: FromPath[str]) -> Response[None]:
        at = porter.at()
        mine = gate.session(request, at=at)
        porter.done(lambda tx: passkeys.forget(tx, mine.user_id, passkey_id, at=at))
        return nothing()

    return [options, add, every, forget]


def _using(porter: Porter) -> list[HTTPRouteHandler]:
    @post(
        "/session/passkey/options",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        **told(
            "What a browser signs in with by a passkey.",
            name="signInOptions",
            gives={200: (Options, None)},
            refuses=(403, 409),
            **OPEN,
        ),
    )
    def ask(request: Asking) -> Response[bytes]:
        """The same whoever asks; good for five minutes and one answer."""
        own_page_only(porter, request)
        return answered(Options(options=porter.passkey_question(request)))

    @post(
        "/session/passkey",
        **told(
            "Sign in by a passkey.",
            name="signInByPasskey",
            takes=Answered,
            sends=CREDENTIAL,
            gives={201: (SessionShown, None)},
            refuses=(401, 403, 409, 413, 415),
            **OPEN,
        ),
    )
    async def enter(request: Asking, body: RawBody) -> Response[bytes]:
        began = time.monotonic()
        own_page_only(porter, request)
        credential = sent(request, body, Answered).credential
        session = await sync_to_thread(porter.by_passkey, request, credential)
        return await entered(porter, session, began)

    return [ask, enter]
