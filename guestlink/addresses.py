"""Which addresses all of the internet reaches: nobody makes this machine ask one of its own network.

Pure but for `resolve`, which asks the system what addresses a name has.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

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
