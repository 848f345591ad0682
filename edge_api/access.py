"""Every request on its way: its id, how long it took, a line for the log. It knows a route by its template.

A line is `edge-answered id=… route=… method=… status=… ms=…`, at INFO: never a path, a query, an address.
Pages of the site are counted and leave no line.
"""

import logging
import re
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from edge_api.metrics import Metrics
from guestlink import clock

SANE: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
API: Final = "/api/"
HEADER: Final = b"x-request-id"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BROKEN_OFF: Final = 499  # nobody was there any more for the answer

log = logging.getLogger("guestlink.access")


def watched(metrics: Metrics) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware of an application. X-Request-Id is taken over when it is sane, else made; and echoed."""

    id_of = _ids()

    def around(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            request_id = id_of(scope) if scope["path"].startswith(API) else b""
            status, began = BROKEN_OFF, time.perf_counter()

            async def noted(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    if request_id:
                        message["headers"] = [*message["headers"], (HEADER, request_id)]
                await send(message)

            try:
                await app(scope, receive, noted)
            finally:
                seconds = time.perf_counter() - began
                method = scope["method"] if scope["method"] in METHODS else "other"
                route = str(scope.get("path_template") or "none")
                metrics.answered(route=route, method=method, status=status, seconds=seconds)
                if request_id and log.isEnabledFor(logging.INFO):
                    told = (request_id.decode(), route, method, status, seconds * 1000)
                    log.info("edge-answered id=%s route=%s method=%s status=%d ms=%.1f", *told)

        return answer

    return around


def _ids() -> Callable[[Scope], bytes]:
    """The id that the caller gave, when it is one that a log can hold; else the next of this process."""
    numbers, process = count(1), clock.new_id()

    def id_of(scope: Scope) -> bytes:
        for name, value in scope["headers"]:
            if name == HEADER and SANE.fullmatch(value):
                return value
        return f"{process}.{next(numbers)}".encode()

    return id_of
