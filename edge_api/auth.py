"""Who may ask: the page token of a guest, and whether a browser asks from our own page.

Every refusal is one 401: the CDN would turn 403 and 404 into its own page, and nothing can be probed.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from litestar import Request
from litestar.exceptions import NotAuthorizedException

from edge_api.callers import Guest, guest_of
from edge_api.holdings import Holdings
from edge_api.pacing import Meter, Pace
from guestlink.errors import NotAllowed
from guestlink.links import PageToken, read_page_token

REFUSED: Final = "Open your link again."
BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{1,100})", re.IGNORECASE)
OUR_SITES: Final = frozenset({"same-origin", "none"})
WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
NETWORK_BITS: Final = 64  # of an IPv6 address: whoever has one has the whole network
SPEAKING: Final = Pace(burst=60, seconds=1)  # of one link: its page asks every few seconds
GUESSING: Final = Pace(burst=20, seconds=6)  # of one address, tokens that are none


class PageGuard:
    """Lets in who holds the token of a page that counts."""

    def __init__(self, holdings: Holdings, *, public_url: str, proxies: int) -> None:
        self._holdings = holdings
        self._origin = public_url
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
            self._guessing.spend(address_of(request, self._proxies), now=at.timestamp())
            raise _refusal() from None
        self._speaking.spend(token.link_id, now=at.timestamp())
        return guest

    def _token(self, headers: Mapping[str, str], at: datetime) -> PageToken:
        found = BEARER.fullmatch(headers.get("authorization", ""))
        if not found:
            raise NotAllowed
        return read_page_token(self._holdings.ring, found[1], at=at)


@contextmanager
def refused_alike() -> Iterator[None]:
    """What the records refuse after the guest was let in: somebody replaced the link at that moment."""
    try:
        yield
    except NotAllowed:
        raise _refusal() from None


def _refusal() -> NotAuthorizedException:
    return NotAuthorizedException(REFUSED, headers={"WWW-Authenticate": "Bearer"})


# -- where it comes from -----------------------------------------------------------------------------
def is_cross_site(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a browser asks for somebody else's page (https://www.w3.org/TR/fetch-metadata/).

    What says neither is no browser that could be misled: those send an Origin with every POST.
    """
    said = "sec-fetch-site" in headers or "origin" in headers
    return said and not is_own_form(headers, origin)


def is_own_form(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a browser says that it asks from a page of ours; old ones say so by their Origin."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site.lower() in OUR_SITES
    return headers.get("origin", "").lower() == origin.lower()


def address_of(request: Request[Any, Any, Any], proxies: int) -> str:
    """The network to count for. `proxies` are machines of ours that stand before this one and add to
    X-Forwarded-For; what callers write there themselves stands further left.
    """
    connected = request.client.host if request.client else ""
    hops = [hop.strip() for hop in ",".join(request.headers.getall("x-forwarded-for", [])).split(",")]
    is_told = 0 < proxies <= len(hops) and hops[-proxies]
    return network(hops[-proxies] if is_told else connected)


def network(address: str) -> str:
    """What one caller can be known by: an IPv4 address, the network of an IPv6 one, else as it is. Some
    balancers write the port behind, which is another one for each try.
    """
    bare = WITH_PORT.fullmatch(address)
    try:
        found = ipaddress.ip_address((bare[1] or bare[2]) if bare else address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), NETWORK_BITS), strict=False))
