"""Whether it answers: `live` is this process, `ready` the storage and the database behind it, too."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from litestar import HttpMethod, Response, route
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler

from edge_api.holdings import Holdings
from edge_api.openapi import told
from edge_api.site import Site
from guestlink.errors import Outage, SettingsError

NEVER_STORED: Final = {"Cache-Control": "no-store"}
METHODS: Final = (HttpMethod.GET, HttpMethod.HEAD)


class Standing(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


def health_routes(site: Site, holdings: Holdings) -> list[HTTPRouteHandler]:
    """503 in words while something does not answer; without a database it is not ready for guests."""

    def database_answers() -> None:
        with holdings.database.read() as db:
            db.one("answers")

    said: Mapping[int, tuple[type, object]] = {200: (Standing, {"status": "ok"})}

    def alive(path: str, name: str) -> HTTPRouteHandler:
        described = told("This process answers.", name=name, gives=said, scheme="", tag="health")

        @route(path, http_method=METHODS, **described)
        async def live() -> Response[Standing]:
            return Response(Standing(), headers=NEVER_STORED)

        return live

    @route(
        "/api/health/ready",
        http_method=METHODS,
        **told("Storage and database answer.", name="ready", gives=said, scheme="", tag="health"),
    )
    async def ready() -> Response[Standing]:
        try:
            await site.storage_answers()
        except SettingsError:
            raise Outage("The storage of the site refuses us.", hint="Look at site_url.") from None
        await sync_to_thread(database_answers)
        return Response(Standing(), headers=NEVER_STORED)

    return [alive("/api/health", "health"), alive("/api/health/live", "live"), ready]
