"""The edge's application: wiring, and the server it runs in.

It decides nothing itself, and nothing happens at import.
"""

import gc
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from litestar import HttpMethod, Litestar, Response, Router, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, Message, Scope

from edge_api.access import watched
from edge_api.auth import StaffGuard
from edge_api.bulletins import bulletin_routes
from edge_api.conversations import conversation_routes
from edge_api.counters import LONGEST_BODY, HouseCounter
from edge_api.desk import desk_routes
from edge_api.feed import Feed
from edge_api.guests import guest_routes
from edge_api.health import health_routes
from edge_api.holdings import Holdings, KeyFile
from edge_api.host import host_routes
from edge_api.journeys import journey_routes
from edge_api.keybox import keybox_routes
from edge_api.live import live_routes
from edge_api.mail_wishes import mail_wish_routes
from edge_api.metrics import Metrics, metrics_routes
from edge_api.openapi import described_routes
from edge_api.phrases import voice_of
from edge_api.preview import SCRIPT, SCRIPT_PATH, VERSIONS_PATH, PreviewFolder
from edge_api.problems import problem
from edge_api.sign_in.gate import Gate
from edge_api.sign_in.invitation_routes import invitation_routes
from edge_api.sign_in.porter import Porter
from edge_api.sign_in.routes import sign_in_routes
from edge_api.site import Site, guard_headers, object_key, site_route
from edge_api.staff import staff_routes
from edge_api.triggers import trigger_routes
from edge_api.verbs import verb_routes
from edge_api.walk_in.door import Door
from edge_api.walk_in.routes import walk_in_routes
from edge_api.webhooks import webhook_routes
from guestlink import clock
from guestlink.crypto import KeyRing
from guestlink.errors import InvalidInput, NotFound, Outage, SettingsError
from guestlink.settings import Settings, load_settings
from guestlink.storage import Folder, Storage, open_storage

NEVER_STORED = {"Cache-Control": "no-store"}
GARBAGE = (50_000, 20, 20)  # Python's own 700 cost the webhook a fifth of its speed (bench/webhook.py)
SECONDS_TO_STOP = 3  # an open stream would hold the server for ever

log = logging.getLogger("guestlink.edge")


def create_app(
    settings: Settings,
    *,
    key_ring: KeyRing | None = None,
    at: Callable[[], datetime] = clock.now,
    preview: bool = False,
) -> Litestar:
    """The application of one deployment. Without a key ring, the one in the settings' file is followed.

    With `preview` the open pages of a local folder reload when they are published anew.
    """
    storage = open_storage(settings.site_url, home=Path(settings.home))
    if preview and isinstance(storage, Folder):
        storage = PreviewFolder(storage.root)
    site = Site(
        storage,
        public_url=settings.public_url,
        public_key_pem=_public_keys(key_ring).get if key_ring else TrustedKeys(settings.keys_file).pem,
        at=at,
    )
    holdings = Holdings(settings, key_ring)
    proxies = int(settings.proxies)
    gate = Gate(holdings, public_url=settings.public_url)
    guard = StaffGuard(holdings, proxies=proxies, by_cookie=gate.caller)
    metrics = Metrics(holdings, at=at)
    feed = Feed(holdings, at=at)
    guests = guest_routes(holdings, public_url=settings.public_url, proxies=proxies, at=at)
    triggers = trigger_routes(holdings, settings, guard, at=at)
    door = Door(settings, holdings, site.copies, at=at)
    walk_in = walk_in_routes(door, public_url=settings.public_url, proxies=proxies)
    api: list[ControllerRouterHandler] = [
        *health_routes(site, holdings),
        *metrics_routes(metrics, guard, proxies=proxies, at=at),
        guests,
        house_routes(holdings, guard, feed, at=at),
        sign_in_routes(Porter(holdings, gate, at=at, voice=lambda: voice_of(holdings))),
        *triggers,
    ]
    webhooks = webhook_routes(holdings, settings, at=at)
    pages = [
        *preview_routes(storage),
        *walk_in,
        *mail_wish_routes(holdings, site.copies, at=at),
        nothing_there,
        site_route(site),
    ]
    return Litestar(
        [*api, *described_routes(api, cookie=gate.cookies.session), *webhooks, *pages],
        on_shutdown=[feed.close, holdings.close],
        middleware=[watched(metrics)],
        before_send=[_guard(settings.public_url)],
        exception_handlers={Exception: problem},
        openapi_config=None,
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )


def serving() -> Litestar:
    """The application below $GUESTLINK_HOME: `granian --interface asgi --factory edge_api.app:serving`."""
    home = os.environ.get("GUESTLINK_HOME")
    if not home:
        mend = "Set GUESTLINK_HOME to the folder that holds data/."
        raise SettingsError("GUESTLINK_HOME is not set.", setting="GUESTLINK_HOME", hint=mend)
    return create_app(load_settings(Path(home)))


def serve(
    settings: Settings, host: str, port: int, *, preview: bool = False, log_requests: bool = False
) -> None:
    """Serves until SIGINT or SIGTERM. Prints nothing; a line of trouble goes to the log, with `log_requests`
    a line for each call of the API.

    The application lives in a worker process: Granian's embedded server may abort when the interpreter ends.
    """
    make = partial(_worker, settings, preview=preview, log_requests=log_requests)
    make()  # a mistake in settings or keys is told here, not in the worker
    server = Granian(
        "edge_api.app:create_app",
        listening_address(host, port),
        port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        workers_kill_timeout=SECONDS_TO_STOP,
    )
    try:
        server.serve(target_loader=make, wrap_loader=False)
    except SystemExit:
        raise Outage("The server stopped by itself.", hint="Start it again.") from None


def _worker(settings: Settings, *, preview: bool, log_requests: bool) -> Litestar:
    """The application, with the log as this process is told to keep it."""
    if log_requests:
        logging.basicConfig(format="%(message)s")
        logging.getLogger("guestlink.access").setLevel(logging.INFO)
    app = create_app(settings, preview=preview)
    gc.collect()
    gc.freeze()  # what lives as long as the process is not looked through again and again
    gc.set_threshold(*GARBAGE)
    return app


def listening_address(host: str, port: int) -> str:
    """The IP address to listen on. Granian shares a port with whoever has it already, so we look first."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        mend = "Stop the program that listens there, or choose another port."
        raise InvalidInput(f"Nothing can listen on {host}:{port}: {error.strerror}.", hint=mend) from None
    return str(address[0])


class TrustedKeys:
    """The public halves of the key ring's file, read again when it changes: a rotation needs no restart."""

    def __init__(self, file: Path) -> None:
        self._keys = KeyFile(file)

    def pem(self, key_id: str) -> str | None:
        try:
            ring = self._keys.ring
        except SettingsError:
            ring = self._keys.last_ring
            log.error("edge-keys-unreadable kept=%d", len(ring.stored.signing_keys))
        return _public_keys(ring).get(key_id)


def _public_keys(key_ring: KeyRing) -> dict[str, str]:
    return {key.id: key.public_pem for key in key_ring.stored.signing_keys}


def house_routes(holdings: Holdings, guard: StaffGuard, feed: Feed, *, at: Callable[[], datetime]) -> Router:
    """Everything below /api/house that programs of the house ask for; who may is asked before all else."""
    counter = HouseCounter(holdings, at=at, voice=lambda: voice_of(holdings))
    return Router(
        "/api/house",
        route_handlers=[
            *staff_routes(counter),
            *verb_routes(counter),
            *host_routes(counter),
            *desk_routes(counter),
            *keybox_routes(counter),
            *journey_routes(counter),
            *bulletin_routes(counter),
            *invitation_routes(counter),
            *live_routes(counter, feed),
            *conversation_routes(counter),
        ],
        guards=[guard.letting_in("staff", at=at)],
        request_max_body_size=LONGEST_BODY,
    )


def preview_routes(storage: Storage) -> list[HTTPRouteHandler]:
    """What the pages of a preview ask for; nothing unless there is one."""
    if not isinstance(storage, PreviewFolder):
        return []

    @route(SCRIPT_PATH, http_method=HttpMethod.GET)
    async def reload_script() -> Response[str]:
        return Response(SCRIPT, media_type="text/javascript", headers=NEVER_STORED)

    @route(VERSIONS_PATH + "/{page:path}", http_method=HttpMethod.GET)
    async def version(page: FromPath[Path]) -> Response[str]:
        key = object_key(page.as_posix())
        if key is None:
            raise NotFound("There is no such page.")
        return Response(storage.version(key), media_type="text/plain", headers=NEVER_STORED)

    return [reload_script, version]


@route(["/api", "/api/{rest:path}"], http_method=list(HttpMethod), name="nothing-there")
async def nothing_there() -> None:
    """An address below /api that no route has: a program asked, so a program's answer."""
    raise NotFound("There is nothing at this address.")


def _guard(public_url: str) -> Callable[[Message, Scope], Awaitable[None]]:
    """Adds the headers of every answer where the answer itself has none, and the cookies that were left."""
    guards = [(name.encode(), value.encode()) for name, value in guard_headers(public_url).items()]

    async def guarded(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            cookies = [(b"set-cookie", line.encode()) for line in scope["state"].get("cookies", ())]
            added = [*(pair for pair in guards if pair[0] not in own), *cookies]
            message["headers"] = [*message["headers"], *added]

    return guarded
