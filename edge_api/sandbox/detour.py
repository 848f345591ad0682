"""The way of an HTTP client to a sandbox in the place of Meta: for `pywa.WhatsApp(session=httpx.Client(…))`.

WhatsApp(token="sandbox-token", phone_id="100000000000001",
         session=httpx.Client(transport=Detour("http://localhost:8700")))
"""

from typing import Self

import httpx

GRAPH_HOSTS = {"graph.facebook.com", "api.facebook.com", "lookaside.fbsbx.com"}


class Detour(httpx.BaseTransport):
    """Sends what is meant for Meta's hosts to the sandbox; all else goes where it says."""

    def __init__(self, sandbox: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._sandbox = httpx.URL(sandbox)
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host in GRAPH_HOSTS:
            there = self._sandbox
            request.url = request.url.copy_with(scheme=there.scheme, host=there.host, port=there.port)
            request.headers["host"] = there.netloc.decode()
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        self._transport.__enter__()
        return self
