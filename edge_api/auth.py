"""Who may ask: the page token of a guest, the token of a program of the house, a browser on our own page.

Every refusal of a page is one 401: the CDN would turn 403 and 404 into its own page, and nothing can be
probed. People of the house come in by a cookie beside the token (sign_in/gate.py); both become a `Caller`.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.exceptions import NotAuthorizedException

from edge_api import tokens
from edge_api.callers import Guest, guest_of
from edge_api.holdings import Holdings
from edge_api.pacing import Meter, Pace
from edge_api.tokens import ROLES, Role
from guestlink.errors import NotAllowed
from guestlink.links import PageToken, read_page_token

REFUSED: Final = "Open your link again."
UNKNOWN: Final = "This needs a token that counts."
NOT_THIS_ROLE: Final = "This role may not do that."
BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{1,100})", re.IGNORECASE)
OUR_SITES: Final = frozenset({"same-origin", "none"})
WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
FORWARDED: Final = ("x-forwarded-for", "forwarded", "via", "x-real-ip")
NETWORK_BITS: Final = 64  # of an IPv6 address: whoever has one has the whole network
SPEAKING: Final = Pace(burst=60, seconds=1)  # of one link: its page asks every few seconds
GUESSING: Final = Pace(burst=20, seconds=6)  # of one address, tokens that are none
WORKING: Final = Pace(burst=100, seconds=0.1)  # of one token: a program may ask ten times a second

Asking = Request[Any, Any, Any]
Letting = Callable[[Any, Any], Awaitable[None]]


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
            raise refusal() from None
        self._speaking.spend(token.link_id, now=at.timestamp())
        return guest

    def _token(self, headers: Mapping[str, str], at: datetime) -> PageToken:
        found = BEARER.fullmatch(headers.get("authorization", ""))
        if not found:
            raise NotAllowed
        return read_page_token(self._holdings.ring, found[1], at=at)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for the house. `id` is what the view `reach` knows them by, `by` how the journal calls them;
    no `property_id` means all houses that they reach. People have a `session_id`, and `role` is the most that
    they are in any house.
    """

    id: str
    by: str
    role: Role
    property_id: str | None
    session_id: str = ""

    def may(self, least: Role) -> bool:
        """Whether the role is this one or more: host, manager, staff, trigger."""
        return ROLES.index(self.role) >= ROLES.index(least)

    def acting_as(self, least: Role) -> "Caller":
        """The same, who reaches only the houses where they are this or more. Of a token that is all of them;
        a person may be host in one house and staff in another.
        """
        if not self.session_id or least not in {"manager", "host"}:
            return self
        return msgspec.structs.replace(self, id=f"{self.by}:{least}")


ByCookie = Callable[[Asking, datetime], Caller | None]


class StaffGuard:
    """Lets in programs with a token of the house, and people by the cookie of their session; what they
    reach is for the queries to say.
    """

    def __init__(self, holdings: Holdings, *, proxies: int, by_cookie: ByCookie | None = None) -> None:
        self._holdings = holdings
        self._proxies = proxies
        self._by_cookie = by_cookie
        self._working = Meter(WORKING)
        self._guessing = Meter(GUESSING)

    def caller(self, request: Asking, *, at: datetime, least: Role = "staff") -> Caller:
        """Who asks. 401 without a token or session that counts, NotAllowed for a role below `least`,
        TooMany for who asks without end. It reads the database, so it belongs into a thread.
        """
        caller = self._person(request, at) or self._program(request, at)
        if not caller.may(least):
            raise NotAllowed(NOT_THIS_ROLE, hint=f"It needs the role {least}, or more.")
        return caller.acting_as(least)

    def _person(self, request: Asking, at: datetime) -> Caller | None:
        if self._by_cookie is None or "authorization" in request.headers:
            return None
        caller = self._by_cookie(request, at)
        if caller is not None:
            self._working.spend(caller.session_id, now=at.timestamp())
        return caller

    def _program(self, request: Asking, at: datetime) -> Caller:
        found = BEARER.fullmatch(request.headers.get("authorization", ""))
        token = None
        if found and found[1].startswith(tokens.PREFIX):
            with self._holdings.database.read() as db:
                token = tokens.find(db, found[1], at=at)
        if token is None:
            self._guessing.spend(address_of(request, self._proxies), now=at.timestamp())
            raise refusal(UNKNOWN)
        self._working.spend(token.id, now=at.timestamp())
        if token.used_on != tokens.day(at):
            with self._holdings.database.write() as tx:
                tokens.mark_used(tx, token, at=at)
        return Caller(id=token.id, by=token.by, role=token.role, property_id=token.property_id)

    def letting_in(self, least: Role, *, at: Callable[[], datetime]) -> Letting:
        """For the `guards` of a route: it asks before anything of the body is read. `caller_of` tells who."""

        async def guard(request: Any, _: object) -> None:
            request.state.caller = await sync_to_thread(self.caller, request, at=at(), least=least)

        return guard


def caller_of(request: Asking) -> Caller:
    """Who was let in by a guard of this route."""
    caller: Caller = request.state.caller
    return caller


@contextmanager
def refused_alike() -> Iterator[None]:
    """What the records refuse after the guest was let in: somebody replaced the link at that moment."""
    try:
        yield
    except NotAllowed:
        raise refusal() from None


def leave_cookie(request: Asking, line: str) -> None:
    """Adds a Set-Cookie line to the answer, whatever it will be."""
    request.scope["state"].setdefault("cookies", []).append(line)


def refusal(words: str = REFUSED) -> NotAuthorizedException:
    return NotAuthorizedException(words, headers={"WWW-Authenticate": "Bearer"})


# -- where it comes from -----------------------------------------------------------------------------
def is_cross_site(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a browser asks for somebody else's page (https://www.w3.org/TR/fetch-metadata/).

    What says neither is no browser that could be misled: those send an Origin with every POST.
    """
    said = "sec-fetch-site" in headers or "origin" in headers
    return said and not is_own_form(headers, origin)


def is_own_page(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a page of ours asks by script: what a cookie alone lets in must come from there."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site.lower() == "same-origin"
    return headers.get("origin", "").lower() == origin.lower()


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


def is_this_machine(request: Asking, proxies: int) -> bool:
    """Whether a program on this machine asks, and not somebody through a machine of ours before it."""
    through = proxies > 0 or any(name in request.headers for name in FORWARDED)
    return not through and _is_loopback(request.client.host if request.client else "")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


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
