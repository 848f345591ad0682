"""What every way in has in common: our own page only, the same words and the same time for all who stay
out.
"""

import time
from http import HTTPStatus
from typing import Any, Final

import anyio
from litestar import Response
from litestar.concurrency import sync_to_thread

from edge_api.auth import Asking, is_cross_site, refusal
from edge_api.counters import NEVER_STORED, answered
from edge_api.sign_in.porter import Porter
from edge_api.sign_in.sessions import Session
from guestlink.errors import NotAllowed

SECONDS: Final = 0.3  # longer than any of it takes
NOT_IN: Final = "This does not let anybody in."
OTHER_PAGE: Final = "This was asked by another site’s page."
SESSION: Final[dict[str, Any]] = {"scheme": "session", "tag": "session"}
OPEN: Final[dict[str, Any]] = {"scheme": "", "tag": "session"}


def nothing() -> Response[None]:
    return Response(None, status_code=HTTPStatus.NO_CONTENT, headers=NEVER_STORED)


def own_page_only(porter: Porter, request: Asking) -> None:
    """Nobody is to be signed in by somebody else's page, as whoever that likes."""
    if is_cross_site(request.headers, porter.site.origin):
        raise NotAllowed(OTHER_PAGE)


async def entered(porter: Porter, session: Session | None, began: float) -> Response[bytes]:
    """The answer to who wants to come in; who is not let in waits a moment."""
    if session is None:
        await waited(began)
        raise refusal(NOT_IN)
    return answered(await sync_to_thread(porter.shown, session), HTTPStatus.CREATED)


async def waited(began: float) -> None:
    """Until everybody would have been answered who began then, by the steady clock."""
    await anyio.sleep(max(0.0, began + SECONDS - time.monotonic()))
