"""Who may ask: the page token of a guest, and whether a browser asks from our own page.

Every refusal is one 401: the CDN would turn 403 and 404 into its own page, and nothing can be probed.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from litestar import Request
from litestar.exceptions import NotAuthorizedException

from edge_api.callers import Guest, guest_of
from edge_api.holdings import Holdings
from edge_api.pacing import Meter, Pace
from edge_api.tries import network
from guestlink.errors import NotAllowed
from guestlink.links import PageToken, read_page_token

REFUSED: Final = "Open your link again."
BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{1,100})", re.IGNORECASE)
OUR_SITES: Final = frozenset({"same-origin", "none"})
SPEAKING: Final = Pace(burst=60, seconds=1)  # of one link: its page asks every few seconds
GUESSING: Final = Pace(burst=20, seconds=6)  # of one address, tokens that are none


class PageGuard:
    """Lets in who holds the token of a page that counts."""

    def __init__(self, holdings: Holdings, *, public_url: str, proxies: int) -> None:
        self._holdings = holdings
        self._origin = public_url.lower()
        self._proxies = proxies
        self._speaking = Meter(SPEAKING)
        self._guessing = Meter(GUESSING)

    def guest(self, request: Request[Any, Any, Any], *, at: datetime) -> Guest:
        """The guest whose page asks; 401 for every reason, TooMany for who asks without end.

        Who has a token that counts is never held up by others at the same address.
        """
        try:
            if is_cross_site(request.headers, self._origin):
                raise NotAllowed
            token = self._token(request.headers, at)
            with self._holdings.database.read() as db:
                guest = guest_of(db, token.link_id, at=at)
            if guest.link.generation != token.generation:
                raise NotAllowed
        except NotAllowed:
            self._guessing.spend(network(address_of(request, self._proxies)), now=at.timestamp())
            raise NotAuthorizedException(REFUSED, headers={"WWW-Authenticate": "Bearer"}) from None
        self._speaking.spend(token.link_id, now=at.timestamp())
        return guest

    def _token(self, headers: Mapping[str, str], at: datetime) -> PageToken:
        found = BEARER.fullmatch(headers.get("authorization", ""))
        if not found:
            raise NotAllowed
        return read_page_token(self._holdings.ring, found[1], at=at)


def is_cross_site(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a browser asks for somebody else's page (https://www.w3.org/TR/fetch-metadata/).

    What says neither is no browser that could be misled: those send an Origin with every POST.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site.lower() not in OUR_SITES
    told = headers.get("origin")
    return told is not None and told.lower() != origin


def address_of(request: Request[Any, Any, Any], proxies: int) -> str:
    """The address to count for. `proxies` are machines of ours that stand before this one and add to
    X-Forwarded-For; what callers write there themselves stands further left.
    """
    connected = request.client.host if request.client else ""
    if not proxies:
        return connected
    hops = [hop.strip() for hop in ",".join(request.headers.getall("x-forwarded-for", [])).split(",")]
    return hops[-proxies] if len(hops) >= proxies and hops[-proxies] else connected
