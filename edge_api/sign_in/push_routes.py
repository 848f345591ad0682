"""Routes by which the browser of a session is told when something comes, as long as the session counts."""

from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody

from edge_api import push_services, pushes, vapid
from edge_api.auth import Asking
from edge_api.counters import answered, sent
from edge_api.openapi import told
from edge_api.pushes import Browser
from edge_api.sign_in.door import SESSION, nothing
from edge_api.sign_in.porter import Porter

SHOWN: Final[dict[str, Any]] = {  # the receiver's keys of RFC 8291, appendix A
    "endpoint": "https://push.example.com/wpush/v2/gAAAAABk",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}


class PushKey(msgspec.Struct, frozen=True, kw_only=True):
    """`key`: what `pushManager.subscribe` wants as applicationServerKey."""

    key: str


class PushKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    p256dh: Annotated[str, msgspec.Meta(max_length=100)]
    auth: Annotated[str, msgspec.Meta(max_length=40)]


class PushSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """`PushSubscription.toJSON()` of a browser. The endpoint is an https address of the internet."""

    endpoint: Annotated[str, msgspec.Meta(max_length=push_services.LONGEST_ADDRESS)]
    keys: PushKeys

    def __repr__(self) -> str:
        return "PushSubscription(hidden)"


def push_routes(porter: Porter) -> list[HTTPRouteHandler]:
    gate, own = porter.gate, porter.holdings.settings.push_url

    @get(
        "/push/key",
        sync_to_thread=True,
        **told(
            "With which key browsers subscribe.", name="getPushKey", gives={200: (PushKey, None)}, **SESSION
        ),
    )
    def key(request: Asking) -> Response[bytes]:
        gate.session(request, at=porter.at())
        return answered(PushKey(key=vapid.public_key(porter.holdings.ring)))

    @put(
        "/push/subscription",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told(
            "Tell this browser when something comes.",
            name="putPushSubscription",
            takes=PushSubscription,
            sends=SHOWN,
            gives={204: (None, None)},
            refuses=(413, 415, 422),
            **SESSION,
        ),
    )
    def listen(request: Asking, body: RawBody) -> Response[None]:
        """Until the session ends. One for each session; the eleventh browser of a person ends the first."""
        at, ring = porter.at(), porter.holdings.ring
        mine = gate.session(request, at=at)
        wanted = sent(request, body, PushSubscription)
        told_of = Browser(endpoint=wanted.endpoint, p256dh=wanted.keys.p256dh, auth=wanted.keys.auth)
        browser = push_services.checked(told_of, own=own)
        who = {"session_id": mine.id, "user_id": mine.user_id}
        porter.done(lambda tx: pushes.listen(tx, ring, browser, **who, at=at))
        return nothing()

    @delete(
        "/push/subscription",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told("Tell this browser nothing more.", name="endPush", gives={204: (None, None)}, **SESSION),
    )
    def stop(request: Asking) -> Response[None]:
        mine = gate.session(request, at=porter.at())
        porter.done(lambda tx: pushes.stop(tx, session_id=mine.id))
        return nothing()

    return [key, listen, stop]
