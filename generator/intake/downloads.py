"""Fetches a feed from an https address of a public machine: nobody makes this one read its own network.

All addresses that a name resolves to are checked, at every redirect, and the connection goes to one of those
that were checked: so a name that changes its answer in between (DNS rebinding) gains nothing. Proxies of the
environment are not used: they would resolve the name anew. Path and query of an address are never shown.
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable

import httpx

from guestlink.errors import InvalidInput, Outage, Refused

SECONDS = 20.0
MOST_BYTES = 10 * 1024 * 1024
MOST_REDIRECTS = 3
HTTPS_PORT = 443
LATER = "Try again later, or import a file that you downloaded yourself."
COPY_AGAIN = "Copy the address anew from the calendar's export page."
HEADERS = {"Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "gzip", "User-Agent": "guest-link"}
_WRAPPED = ipaddress.IPv6Network("64:ff9b::/96")  # an IPv4 address behind NAT64 (RFC 6052)
_SPECIAL = tuple(  # IANA's special-purpose registries, where older Pythons know less of them
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
    )
)

Resolver = Callable[[str, int], Iterable[str]]


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as the system knows it, best first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def download(
    address: str, *, resolver: Resolver = resolve, transport: httpx.BaseTransport | None = None
) -> bytes:
    """The body behind an https address, at most 10 MB within 20 seconds; follows up to three redirects.

    InvalidInput for an address that may not be fetched, Refused when its server does not give it, Outage when
    it does not answer. `resolver` and `transport` stand in for the network in tests.
    """
    url = _parsed(address)
    checked = PublicOnly(transport or httpx.HTTPTransport(), resolver)
    client = httpx.Client(
        transport=checked, timeout=SECONDS, trust_env=False, headers=HEADERS, max_redirects=MOST_REDIRECTS
    )
    try:
        with client, client.stream("GET", url, follow_redirects=True) as answer:
            _check_status(answer, url.host)
            return _body(answer, url.host)
    except httpx.TooManyRedirects:
        raise Refused(f"{url.host} redirects more than {MOST_REDIRECTS} times.", hint=COPY_AGAIN) from None
    except httpx.TimeoutException:
        raise _too_slow(url.host) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        named = "shows a certificate of another name" if "CERTIFICATE" in str(error) else "cannot be reached"
        raise Outage(f"{url.host} {named}.", hint=LATER, retry_after=60.0) from None


class PublicOnly(httpx.BaseTransport):
    """Sends https requests to public addresses only, and to none but those that it checked itself."""

    def __init__(self, inner: httpx.BaseTransport, resolver: Resolver) -> None:
        self._inner = inner
        self._resolver = resolver

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if request.url.scheme != "https":
            raise InvalidInput(f"{host} is not addressed by https.", hint="Only https addresses are fetched.")
        *others, last = self._public_addresses(host, request.url.port or HTTPS_PORT)
        for address in others:
            try:
                return self._inner.handle_request(_direct(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._inner.handle_request(_direct(request, last))

    def close(self) -> None:
        self._inner.close()

    def _public_addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(self._resolver(host, port))
        except (OSError, UnicodeError):
            raise Outage(f"No machine is known as {host}.", hint="Check address and network.") from None
        if not addresses or not all(is_public(address) for address in addresses):
            mend = "Feeds are fetched from the internet, never from this machine's own network."
            raise InvalidInput(f"{host} is not a public address.", hint=mend)
        return addresses


def is_public(address: str) -> bool:
    """True for what all of the internet reaches: not loopback, private, link-local, shared, reserved.

    An IPv4 address wrapped in an IPv6 one counts as what it wraps; tunnels (6to4, Teredo) do not count.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found in _WRAPPED:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if found.is_site_local:
            return False
    if any(found in network for network in _SPECIAL):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _direct(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to one address; Host, certificate and SNI stay those of the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
    )


def _parsed(address: str) -> httpx.URL:
    scheme, _, rest = address.strip().partition("://")
    try:
        url = httpx.URL(f"https://{rest}" if scheme.lower() == "webcal" else address.strip())
    except httpx.InvalidURL:
        raise InvalidInput("The address cannot be read.", hint=COPY_AGAIN) from None
    if url.scheme != "https" or not url.host:
        mend = "Only https addresses are fetched."
        raise InvalidInput("The address does not begin with https://.", hint=mend)
    return url


def _check_status(answer: httpx.Response, host: str) -> None:
    code = answer.status_code
    if code in {408, 425, 429} or answer.is_server_error:
        raise Outage(f"{host} answers {code}.", hint=LATER, retry_after=300.0)
    if code != httpx.codes.OK:
        raise Refused(f"{host} does not give the feed: it answers {code}.", hint=COPY_AGAIN)


def _body(answer: httpx.Response, host: str) -> bytes:
    latest = time.monotonic() + SECONDS
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refused(f"What {host} sends is larger than {MOST_BYTES >> 20} MB.", hint=COPY_AGAIN)
        if time.monotonic() > latest:
            raise _too_slow(host)
    return bytes(body)


def _too_slow(host: str) -> Outage:
    return Outage(f"{host} takes longer than {SECONDS:.0f} seconds.", hint=LATER, retry_after=60.0)
