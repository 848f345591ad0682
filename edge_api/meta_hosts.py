"""Meta's hosts: which addresses the access token may go to, and another Cloud API in their place."""

from typing import Final

import httpx

META: Final = "https://graph.facebook.com"
META_HOSTS: Final = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})


def is_trusted(url: httpx.URL, api: str) -> bool:
    """Whether the access token may be sent there: one of Meta's hosts by https, or just the API of `api`."""
    is_metas = url.scheme == "https" and url.host in META_HOSTS and url.port is None
    return (is_metas or _origin(url) == _origin(httpx.URL(api))) and not url.userinfo


class Elsewhere(httpx.BaseTransport):
    """Sends what is meant for Meta's hosts to another Cloud API, such as the sandbox; pywa knows one only."""

    def __init__(self, there: str, *, limits: httpx.Limits) -> None:
        self._there = httpx.URL(there)
        self._transport = httpx.HTTPTransport(limits=limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host not in META_HOSTS:
            return self._transport.handle_request(request)
        there = self._there
        url = request.url.copy_with(scheme=there.scheme, host=there.host, port=there.port)
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        moved = httpx.Request(
            request.method,
            url,
            headers=[(b"Host", there.netloc), *headers],
            stream=request.stream,
            extensions=request.extensions,
        )
        return self._transport.handle_request(moved)

    def close(self) -> None:
        self._transport.close()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
