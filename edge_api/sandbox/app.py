"""The ASGI application of the sandbox: routes, the phone page's files, the loop that runs what is due."""

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path

from edge_api.sandbox.control import control_routes
from edge_api.sandbox.graph import Graph
from edge_api.sandbox.management import graph_routes
from edge_api.sandbox.phone import page_routes
from edge_api.sandbox.refusals import Refusal
from edge_api.sandbox.wire import (
    Answer,
    BadBody,
    Receive,
    Request,
    Routes,
    Scope,
    Send,
    TooLarge,
    read_request,
    send_answer,
)
from edge_api.sandbox.world import World

VERSION = re.compile(r"/v\d+(\.\d+)?(?=/)")
PAGE = Path(__file__).parent / "page"

log = logging.getLogger("sandbox")


class Sandbox:
    """One sandbox. Its state lives as long as the process."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._graph = Graph(world)
        self._own, self._graphs = Routes(), Routes()
        page_routes(world, self._own, PAGE)
        control_routes(world, self._own)
        graph_routes(self._graph, self._graphs)
        self._loop: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            self._begin()
            await send_answer(await self._answer(scope, receive), receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            request = await read_request(scope, receive)
            return await self._routed(request)
        except TooLarge:
            return Answer.json({"error": {"message": "Request entity too large", "code": 1}}, 413)
        except BadBody as error:
            return Answer.json({"error": str(error)}, 400)

    async def _routed(self, request: Request) -> Answer:
        if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"} and request.method != "GET":
            return Answer.json({"error": "Another page has no business here."}, 403)
        version = VERSION.match(request.path)
        path = request.path[version.end() :] if version else request.path
        own, parts, methods = self._own.find(request.method, request.path)
        if own is None and not methods:
            own, parts, methods = self._graphs.find(request.method, path)
        if own is None:
            told = f"Unsupported {request.method.lower()} request."
            return self._graph.refused(Refusal(100, told, message=told)) if methods else _not_there(path)
        return await own(
            Request(request.method, request.path, request.query, request.headers, request.body, parts)
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._begin()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._end()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _begin(self) -> None:
        if self._loop is None:
            self._loop = asyncio.ensure_future(self.world.agenda.run())

    async def _end(self) -> None:
        if self._loop:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        await self.world.deliveries.close()


def _not_there(path: str) -> Answer:
    told = f"Unknown path components: {path}"
    body = {"message": told, "type": "OAuthException", "code": 2500, "fbtrace_id": "A"}
    return Answer.json({"error": body}, 400)
