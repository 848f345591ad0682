"""The route of WhatsApp's webhook: signed, kept, answered, in this order. Understanding comes later.

It answers 200 when everything in a POST is durable or was before. The path is hot: no thread, no log line, no
look at the key ring's file for a single request. Nothing that a stranger sends makes it fail or grow.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import parse_qs

import msgspec
from litestar import asgi
from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Scope, Send

from edge_api import deliveries, inbox
from edge_api.deliveries import Single, Unreadable
from edge_api.holdings import Holdings
from guestlink.database import Database
from guestlink.errors import GuestLinkError, Outage, Stale
from guestlink.settings import Settings

PATH: Final = "/api/webhooks/whatsapp"
PATIENCE: Final = 10.0  # seconds in which a body is here
SMALL: Final = 64 * 1024  # bytes that everybody may send at once
ROOM: Final = 32 * 1024 * 1024  # bytes beyond those, for all bodies that are on their way
TRIES: Final = 3
LONGEST_CHALLENGE: Final = 1024
SIGNATURE_LENGTH: Final = len("sha256=") + 64

log = logging.getLogger("guestlink.webhooks")


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


def _refusal(status: int, title: str, detail: str, **headers: str) -> Answer:
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    lines = {"content-type": "application/problem+json", "cache-control": "no-store", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in lines.items()]
    return Answer(status, raw, msgspec.json.encode(told))


KEPT: Final = Answer(200, [(b"content-length", b"0"), (b"cache-control", b"no-store")])
UNSIGNED: Final = _refusal(401, "Unauthorized", "The signature is missing or wrong.")
UNVERIFIED: Final = _refusal(403, "Forbidden", "This is not the verification that was agreed.")
NO_SUCH_METHOD: Final = _refusal(405, "Method Not Allowed", "Webhooks come by POST.", allow="GET, POST")
TOO_SLOW: Final = _refusal(408, "Request Timeout", "The body did not come in time.", connection="close")
TOO_LARGE: Final = _refusal(413, "Content Too Large", "A webhook has at most 3 MB.", connection="close")
CROWDED: Final = _refusal(429, "Too Many Requests", "Too many large bodies at once.", retry_after="5")
GONE: Final = _refusal(400, "Bad Request", "The body broke off.")


def webhook_routes(
    holdings: Holdings, settings: Settings, *, at: Callable[[], datetime]
) -> list[ASGIRouteHandler]:
    """GET for the challenge of the verification, POST for what happened."""
    door = Door(holdings, settings, at=at)

    @asgi(PATH, copy_scope=False, name="whatsapp-webhook")
    async def whatsapp(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return
        answer = await door.answer(scope, receive)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    return [whatsapp]


class Door:
    """Who may come in, and what is answered."""

    def __init__(self, holdings: Holdings, settings: Settings, *, at: Callable[[], datetime]) -> None:
        self._secrets = settings.app_secrets
        self._word = settings.whatsapp_verify_token
        self._bodies = Bodies()
        self._gathering = Gathering(holdings, at=at)
        self._has_complained = False

    async def answer(self, scope: HTTPScope, receive: Receive) -> Answer:
        """Raises Outage, which becomes a 503 with Retry-After, when the records cannot be written."""
        method = scope["method"]
        if method == "POST":
            return await self._post(scope["headers"], receive)
        return self._challenge(scope["query_string"]) if method == "GET" else NO_SUCH_METHOD

    async def _post(self, headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> Answer:
        if not self._secrets:
            raise self._not_set_up()
        signature, length = _looked_up(headers)
        if len(signature) != SIGNATURE_LENGTH:
            return UNSIGNED
        if length.isdigit() and int(length[:9]) > deliveries.LARGEST:
            return TOO_LARGE
        body = await self._bodies.read(receive)
        if isinstance(body, Answer):
            return body
        if not await self._is_signed(body, signature):
            return UNSIGNED
        try:
            singles = deliveries.split(body)
        except Unreadable:
            singles = [deliveries.unreadable(body)]
        if singles:
            await self._gathering.keep(singles)
        return KEPT

    async def _is_signed(self, body: bytes, signature: bytes) -> bool:
        """Large bodies are looked at piece by piece: whoever forges them holds up nobody."""
        if len(body) <= SMALL:
            return deliveries.is_signed(body, signature, self._secrets)
        macs = [hmac.new(secret.encode(), digestmod="sha256") for secret in self._secrets]
        for at in range(0, len(body), SMALL):
            piece = memoryview(body)[at : at + SMALL]
            for mac in macs:
                mac.update(piece)
            await asyncio.sleep(0)
        return any(deliveries.is_right(mac.digest(), signature) for mac in macs)

    def _challenge(self, query: bytes) -> Answer:
        """Echoes the challenge to whoever knows our word."""
        try:
            asked = parse_qs(query.decode("ascii"), max_num_fields=8)
        except ValueError:
            return UNVERIFIED
        word, challenge = (asked.get(f"hub.{name}", [""])[0] for name in ("verify_token", "challenge"))
        knows = hmac.compare_digest(word.encode(), self._word.encode()) and self._word
        if not knows or asked.get("hub.mode") != ["subscribe"] or len(challenge) > LONGEST_CHALLENGE:
            return UNVERIFIED
        return Answer(200, [(b"content-type", b"text/plain; charset=utf-8")], challenge.encode())

    def _not_set_up(self) -> Outage:
        if not self._has_complained:
            self._has_complained = True
            log.error("webhook-not-set-up setting=whatsapp_app_secrets")
        return Outage("Webhooks are not set up here.", hint="Set whatsapp_app_secrets.", retry_after=60.0)


def _looked_up(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """X-Hub-Signature-256 and Content-Length, as they were sent."""
    signature = length = b""
    for name, value in headers:
        if name == b"x-hub-signature-256":
            signature = value
        elif name == b"content-length":
            length = value
    return signature, length


class Bodies:
    """Bodies on their way in. Together they take no more room than there is, however many are sent slowly."""

    def __init__(self) -> None:
        self._room = ROOM

    async def read(self, receive: Receive) -> bytes | Answer:
        """The body, or why there is none."""
        chunks, size, taken = [], 0, 0
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return GONE
                    chunks.append(message["body"])
                    size += len(chunks[-1])
                    needed = max(0, size - SMALL)
                    self._room -= needed - taken
                    taken = needed
                    if size > deliveries.LARGEST:
                        return TOO_LARGE
                    if self._room < 0:
                        return CROWDED
                    if not message["more_body"]:
                        return b"".join(chunks)
        except TimeoutError:
            return TOO_SLOW
        finally:
            self._room += taken


class Gathering:
    """What came in while a commit was under way goes into the next one together: sealed in one go, written by
    one statement.
    """

    def __init__(self, holdings: Holdings, *, at: Callable[[], datetime]) -> None:
        self._holdings, self._at = holdings, at
        self._database: Database | None = None
        self._waiting: list[tuple[list[Single], asyncio.Future[None]]] = []
        self._commits: asyncio.Task[None] | None = None

    async def keep(self, singles: list[Single]) -> None:
        """Returns when the events are durable. Outage when they are not."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._waiting.append((singles, kept))
        if self._commits is None:
            self._commits = loop.create_task(self._commit())
        await kept

    async def _commit(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                error: GuestLinkError | None = Outage("The records were not written.")
                try:
                    error = await self._write([single for singles, _ in group for single in singles])
                finally:
                    _tell(group, error)
        finally:
            self._commits = None

    async def _write(self, singles: list[Single]) -> GuestLinkError | None:
        """What went wrong, if anything did. Servers that get the same repeats may be in each other's way."""
        error: GuestLinkError | None = None
        for _ in range(TRIES):
            try:
                database = self._database or await self._opened()
                rows = inbox.sealed(self._holdings.ring, singles, at=self._at())
                await database.submit(partial(inbox.keep, rows=rows))
            except Stale as stale:
                error = stale
            except GuestLinkError as other:
                return other
            else:
                return None
        return error

    async def _opened(self) -> Database:
        """The database, opened beside the loop: a server that is down takes its time."""
        self._database = await asyncio.to_thread(lambda: self._holdings.database)
        return self._database


def _tell(group: Sequence[tuple[list[Single], asyncio.Future[None]]], error: GuestLinkError | None) -> None:
    for _, kept in group:
        if kept.done():  # whoever waited has gone
            continue
        if error is None:
            kept.set_result(None)
        else:
            kept.set_exception(Outage(error.message, hint=error.hint))
