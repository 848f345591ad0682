"""Asks https addresses of public machines only: nobody makes this one ask its own network.

All addresses that a name resolves to are checked, at every redirect, and the connection goes to one of those
that were checked: so a name that changes its answer in between (DNS rebinding) gains nothing.
"""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from guestlink.addresses import Resolver, is_public
from guestlink.errors import InvalidInput, Outage

HTTPS_PORT: Final = 443


class Deadline:
    """Ends what takes too long as a whole. A time-out counts from one sign of life to the next, so
    that a server which sends a byte now and then would keep us for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def left(self) -> float:
        return self._until - time.monotonic()

    def saw(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpx tells of a request (its extension `trace`)."""
        if event == "connection.start_tls.complete":
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self.left() <= 0:
                self._cut()

    def _cut(self) -> None:
        for each in tuple(self._sockets):
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)  # whoever reads sees the end at once


class PublicOnly(httpx.BaseTransport):
    """Sends https requests to public addresses only, and to none but those that it checked itself."""

    def __init__(self, inner: httpx.BaseTransport, resolver: Resolver, deadline: Deadline) -> None:
        self._inner = inner
        self._resolver = resolver
        self._deadline = deadline

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if request.url.scheme != "https":
            raise InvalidInput(f"{host} is not addressed by https.", hint="Only https addresses are asked.")
        *others, last = self._public_addresses(host, request.url.port or HTTPS_PORT)
        for number, address in enumerate(others):
            try:
                return self._ask(request, address, share=len(others) + 1 - number)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._ask(request, last)

    def close(self) -> None:
        self._inner.close()

    def _ask(self, request: httpx.Request, address: str, *, share: int = 1) -> httpx.Response:
        """Asks one address; a connection may take one `share`-th of the time that is left."""
        left = self._deadline.left()
        if left <= 0:
            raise httpx.ReadTimeout("no time is left", request=request)
        timeout = httpx.Timeout(left, connect=left / share)
        return self._inner.handle_request(_direct(request, address, timeout))

    def _public_addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(self._resolver(host, port))
        except (OSError, UnicodeError):
            raise Outage(f"No machine is known as {host}.", hint="Check address and network.") from None
        if not addresses or not all(is_public(address) for address in addresses):
            mend = "Only the internet is asked, never this machine's own network."
            raise InvalidInput(f"{host} is not a public address.", hint=mend)
        return addresses


def _direct(request: httpx.Request, address: str, timeout: httpx.Timeout) -> httpx.Request:
    """The same request to one address; Host, certificate and SNI stay those of the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={
            **request.extensions,
            "sni_hostname": request.url.raw_host.decode("ascii"),
            "timeout": timeout.as_dict(),
        },
    )


def asked_wait(answer: httpx.Response, untold: float) -> float:
    """Seconds for which a server wants to be left alone (Retry-After; RFC 9110, 10.2.3); a date counts from
    the date of the answer, whatever our clock says.
    """
    told = answer.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        later = parsedate_to_datetime(told) - parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return untold
    return max(0.0, later.total_seconds())
