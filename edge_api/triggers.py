"""Routes of `/api/rebuilds`: who may ask for new pages, what a push of GitHub means, how a rebuild goes.

They ask and return at once; `work` pulls and publishes. A body counts by a token, or by its own signature.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec
from litestar import HttpMethod, Request, Response, route
from litestar.concurrency import sync_to_thread
from litestar.exceptions import NotAuthorizedException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from edge_api import front_desk
from edge_api.auth import StaffGuard, address_of
from edge_api.counters import answered, read_body
from edge_api.holdings import Holdings
from edge_api.openapi import told
from edge_api.pacing import Meter, Pace
from edge_api.rebuild_wishes import (
    EVERYBODY,
    PATH,
    Answer,
    NewRebuild,
    Push,
    Wanted,
    Watched,
    ask_for,
    checked,
    looked,
    payload,
    pushed,
    shown,
)
from guestlink.settings import Settings

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
SIGNATURE: Final = "x-hub-signature-256"
EVENT: Final = "x-github-event"
LONGEST_BODY: Final = 32 * 1024
LONGEST_PUSH: Final = 25 * 1024 * 1024  # what GitHub sends at most; it is signed as it comes, and not kept
LONGEST_READ: Final = 1024 * 1024  # a longer push is one of every branch
SIGNING: Final = Pace(burst=60, seconds=1)  # of all who know the secret
REPLAYING: Final = Pace(burst=6, seconds=10)  # of one body
GUESSING: Final = Pace(burst=20, seconds=6)  # of one address, signatures that are none
UNKNOWN: Final = "This needs a token that counts, or a signature."

Asking = Request[Any, Any, Any]


class Pong(msgspec.Struct, frozen=True, kw_only=True):
    status: str = "ok"


class Signed(NamedTuple):
    """A body that was signed: its beginning, and whether that is all."""

    body: bytes
    whole: bool


def trigger_routes(
    holdings: Holdings, settings: Settings, guard: StaffGuard, *, at: Callable[[], datetime]
) -> list[HTTPRouteHandler]:
    gate = Gate(settings)

    def look(rebuild_id: str, caller: str) -> Watched:
        with holdings.database.read() as db:
            return looked(db, rebuild_id, caller=caller)

    @route(
        PATH,
        http_method=HttpMethod.POST,
        request_max_body_size=LONGEST_PUSH,
        **told(
            "Ask for new pages.",
            name="askForRebuild",
            takes=NewRebuild,
            sends={"source": "files", "why": "texts of spring"},
            gives={202: (Answer, None), 200: (Pong, None)},
            refuses=(404, 409, 413, 422),
        ),
    )
    async def ask(request: Asking) -> Response[bytes]:
        """Asks `work` for new pages of one house, or of all that the caller reaches; what waits already is
        enough. Instead of a token, `X-Hub-Signature-256: sha256=…` may stand, the HMAC-SHA-256 of the body
        with the setting `rebuild_secret`: so a webhook of GitHub counts. Its push asks for a `git pull`.
        """
        now = at()
        if SIGNATURE in request.headers:
            caller, signed = EVERYBODY, await gate.signed_body(request, at=now)
        else:
            caller = (await sync_to_thread(guard.caller, request, at=now, least="trigger")).id
            signed = Signed(await small_body(request), whole=True)
        event = request.headers.get(EVENT, "")
        if event == "ping":
            return answered(Pong())
        wanted = understood(event, signed, request.headers.get("content-type", ""))
        if wanted.rebuild is None:
            return answered(Answer(rebuilds=[], ignored=wanted.words), HTTPStatus.ACCEPTED)
        wish = checked(wanted.rebuild)
        asked = await sync_to_thread(
            front_desk.settled, holdings.database, lambda tx: ask_for(tx, wish, caller=caller, at=now)
        )
        return answered(asked, HTTPStatus.ACCEPTED)

    @route(
        PATH + "/{rebuild_id:str}",
        http_method=HttpMethod.GET,
        **told("How a rebuild goes.", name="watchRebuild", gives={200: (Watched, None)}, refuses=(404,)),
    )
    async def watch(request: Asking, rebuild_id: FromPath[str]) -> Response[bytes]:
        """State, reason and outcome, until a week after the end. Whoever signs, signs the path."""
        now = at()
        if SIGNATURE in request.headers:
            caller = gate.signed_path(request, at=now)
        else:
            caller = (await sync_to_thread(guard.caller, request, at=now, least="trigger")).id
        return answered(await sync_to_thread(look, rebuild_id, caller))

    return [ask, watch]


# -- who may -----------------------------------------------------------------------------------------
class Gate:
    """Lets in what was signed with the secret of the settings; without a secret, nothing."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.rebuild_secret.encode()
        self._proxies = int(settings.proxies)
        self._signing = Meter(SIGNING)
        self._replaying = Meter(REPLAYING)
        self._guessing = Meter(GUESSING)

    async def signed_body(self, request: Asking, *, at: datetime) -> Signed:
        """The body; 401 when it is not signed as it says, TooMany for one that comes again and again.

        It is signed as it comes in, and only its beginning is kept, however long it is.
        """
        if not self._secret:
            raise self._refusal(request, at)
        sign, kept, length = self._hmac(), bytearray(), 0
        async for chunk in request.stream():
            sign.update(chunk)
            length += len(chunk)
            if len(kept) < LONGEST_READ:
                kept += chunk[: LONGEST_READ - len(kept)]
        self._check(request, sign, at=at)
        self._replaying.spend(sign.hexdigest(), now=at.timestamp())
        return Signed(bytes(kept), whole=length <= LONGEST_READ)

    def signed_path(self, request: Asking, *, at: datetime) -> str:
        """Everybody who signed the path; a look has no body that could be signed."""
        sign = self._hmac()
        sign.update(request.url.path.encode("utf-8", "replace"))
        self._check(request, sign, at=at)
        return EVERYBODY

    def _hmac(self) -> "hmac.HMAC":
        return hmac.new(self._secret, digestmod=hashlib.sha256)

    def _check(self, request: Asking, sign: "hmac.HMAC", *, at: datetime) -> None:
        said = request.headers[SIGNATURE].encode("utf-8", "replace")
        is_right = hmac.compare_digest(said, b"sha256=" + sign.hexdigest().encode())
        if not self._secret or not is_right:
            raise self._refusal(request, at)
        self._signing.spend("", now=at.timestamp())

    def _refusal(self, request: Asking, at: datetime) -> NotAuthorizedException:
        self._guessing.spend(address_of(request, self._proxies), now=at.timestamp())
        return NotAuthorizedException(UNKNOWN, headers={"WWW-Authenticate": "Bearer"})


async def small_body(request: Asking) -> bytes:
    """The body of a program's call; 413 as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise RequestEntityTooLarge
    return bytes(body)


def understood(event: str, signed: Signed, media_type: str) -> Wanted:
    """What a body asks for: our own kind of wish, or an event of GitHub."""
    if not event:
        return Wanted(read_body(signed.body, NewRebuild))
    if event != "push":
        return Wanted(None, f"Only pushes count; this is {shown(event)}.")
    if not signed.whole:
        return Wanted(NewRebuild(source="git", why="pushed"))
    return pushed(read_body(payload(signed.body, media_type), Push))
