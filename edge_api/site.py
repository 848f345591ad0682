"""The local edge: serves the published site and refuses what the CDN would refuse (deploy/cloudfront.yaml).

It never writes, never lists, never opens a seal. No path or query reaches a log: a path is half of a link.
"""

import logging
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from litestar import HttpMethod, Request, route
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from edge_api.copies import Copies, Copy, is_among, preferred_coding
from guestlink import links
from guestlink.errors import NotFound, Outage, SettingsError
from guestlink.storage import Storage, cache_control

SIGNED_FOLDER = "w/_/"
LANDING_PAGE, ERROR_PAGE, WORKER = "index.html", "404.html", "w/sw.js"
LONGEST_PATH = 1024  # an object's key in a bucket
LONGEST_NAME = 255  # a file's name in a folder
FOLDERS = {"/": LANDING_PAGE, "/staff/": "staff/index.html"}
STRICT_TRANSPORT = "max-age=63072000"
NO_FRAMES = "frame-ancestors 'none'"
WORKER_POLICY = f"default-src 'none'; connect-src 'self'; {NO_FRAMES}"
PICTURE_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; sandbox; {NO_FRAMES}"

# Letters, digits, _ and - with single dots inside: no escape, no empty or hidden name, no way up.
NAME = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
PATH = re.compile(rf"/(?:{NAME}(?:/{NAME})*)?")

log = logging.getLogger("guestlink.edge")


def guard_headers(public_url: str) -> dict[str, str]:
    """What every answer carries, unless it says so itself (DESIGN.md, section 4)."""
    headers = {
        "content-security-policy": NO_FRAMES,
        "referrer-policy": "strict-origin",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
    if public_url.startswith("https:"):
        headers["strict-transport-security"] = STRICT_TRANSPORT
    return headers


def site_route(site: "Site") -> HTTPRouteHandler:
    """Every path that no other route has. (A mount at `/` would hide all routes with parameters.)"""

    @route(["/", "/{path:path}"], http_method=[HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS])
    async def show(request: Request[Any, Any, Any]) -> ASGIApp:
        if request.method == HttpMethod.OPTIONS:
            raise MethodNotAllowedException(headers={"allow": "GET, HEAD"})
        return await site.answer(request.scope)

    return show


class Answer(msgspec.Struct, frozen=True):
    """A whole answer, and the ASGI application that sends it; for a HEAD the server leaves the body out."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Site:
    """The objects of a storage, for whoever may see them."""

    def __init__(
        self,
        storage: Storage,
        *,
        public_url: str,
        public_key_pem: Callable[[str], str | None],
        at: Callable[[], datetime],
    ) -> None:
        self._copies = Copies(storage, at)
        self._public_url = public_url
        self._public_key_pem = public_key_pem
        self._at = at

    @property
    def copies(self) -> Copies:
        """The site's objects in memory, for whoever answers with them, too."""
        return self._copies

    async def answer(self, scope: HTTPScope) -> Answer:
        """The answer to a GET or HEAD, whatever the request looks like."""
        try:
            return await self._judged(scope)
        except (Outage, SettingsError) as error:
            log.error("edge-failed status=503 error=%s", type(error).__name__)
            return _unavailable(error)

    async def storage_answers(self) -> None:
        """Raises Outage or SettingsError unless the storage answers; "there is none" is an answer."""
        try:
            await self._copies.read(LANDING_PAGE)
        except NotFound:
            return

    async def _judged(self, scope: HTTPScope) -> Answer:
        """The path counts as it was sent: what has to be decoded first is none of ours."""
        path = scope["raw_path"].partition(b"?")[0].decode("latin-1")  # some servers leave the query on
        key = object_key(path)
        if key is None:
            return await self._error_page(404, scope)
        if reason := self._refusal(key, path, scope["query_string"].decode("latin-1")):
            log.warning("edge-refused reason=%s", reason.replace(" ", "-"))
            return await self._error_page(403, scope)
        try:
            copy = await self._copies.get(key)
        except NotFound:
            return await self._error_page(404, scope)
        return shown(copy, scope)

    def _refusal(self, key: str, path: str, query: str) -> str:
        if not key.lower().startswith(SIGNED_FOLDER):  # lower: some file systems open w/_ for W/_
            return ""
        url = self._public_url + path
        return links.refusal(url, query, public_key_pem=self._public_key_pem, at=self._at())

    async def _error_page(self, status: int, scope: HTTPScope) -> Answer:
        try:
            copy = await self._copies.get(ERROR_PAGE)
        except NotFound:
            return _plain(status, "There is nothing here.", {"cache-control": cache_control(ERROR_PAGE)})
        return _complete(status, copy, _coding(copy, scope))


def object_key(path: str) -> str | None:
    """The storage's key for a path; None for a path that can be no object of ours."""
    if path in FOLDERS:
        return FOLDERS[path]
    if len(path) > LONGEST_PATH or not PATH.fullmatch(path):
        return None
    if any(len(name) > LONGEST_NAME for name in path.split("/")):
        return None
    return path[1:]


def shown(copy: Copy, scope: HTTPScope) -> Answer:
    """200 with the object, or 304 for somebody who has just these bytes."""
    coding = _coding(copy, scope)
    tag = {"etag": copy.entity_tag(coding)}
    if is_among(tag["etag"], _header(scope, b"if-none-match")):
        return Answer(304, _headers_of(copy) | tag)
    complete = _complete(200, copy, coding)
    return Answer(200, complete.headers | tag, complete.body)


def _complete(status: int, copy: Copy, coding: str) -> Answer:
    body = copy.body(coding)
    headers = {"content-type": copy.media_type, "content-length": str(len(body))}
    if coding:
        headers["content-encoding"] = coding
    return Answer(status, headers | _headers_of(copy), body)


def _headers_of(copy: Copy) -> dict[str, str]:
    """What a 304 repeats, too (RFC 9110, 15.4.5)."""
    path = copy.stored.path
    headers = {"cache-control": cache_control(path)}
    if copy.compressible:
        headers["vary"] = "Accept-Encoding"
    if path == WORKER:
        headers["content-security-policy"] = WORKER_POLICY
    elif path.endswith(".svg"):
        headers["content-security-policy"] = PICTURE_POLICY
    return headers


def _coding(copy: Copy, scope: HTTPScope) -> str:
    return preferred_coding(_header(scope, b"accept-encoding")) if copy.compressible else ""


def _header(scope: HTTPScope, wanted: bytes) -> str:
    """A request's header; sent several times it is one list (RFC 9110, 5.3)."""
    return b", ".join(value for name, value in scope["headers"] if name.lower() == wanted).decode("latin-1")


def _unavailable(error: Outage | SettingsError) -> Answer:
    wait = error.retry_after if isinstance(error, Outage) else 60.0
    headers = {"retry-after": str(math.ceil(wait)), "cache-control": "no-store"}
    return _plain(503, "This page cannot be shown right now. Try again in a moment.", headers)


def _plain(status: int, text: str, headers: dict[str, str]) -> Answer:
    body = f"{text}\n".encode()
    described = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    return Answer(status, headers | described, body)
