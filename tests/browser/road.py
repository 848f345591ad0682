"""The road between a phone and the house: it can be long, blocked, or end at somebody else's desk.

A phone that is merely told to be offline knows it; on a bad road it does not, and that is the harder case.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HERE_ONLY = {"host", "connection", "accept-encoding"}
PASSED_ON = ("cache-control", "content-security-policy", "content-type", "etag", "referrer-policy")
DESK = b'<!doctype html><link rel="icon" href="data:,"><title>Not the house</title><p>Not the house'


class Road(ThreadingHTTPServer):
    """Listens where guests' links lead and asks the house, which listens elsewhere.

    `delay` is in seconds; `status` other than 0 is answered by the road itself, with `location` if there is
    one; `only` limits both to paths that begin so.
    """

    daemon_threads = True

    def __init__(self, port: int, house: str) -> None:
        super().__init__(("127.0.0.1", port), Traveller)
        self.house = httpx.Client(base_url=house, timeout=30)
        self.clear()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def clear(self) -> None:
        self.delay, self.status, self.location, self.only = 0.0, 0, "", "/"
        self.asked: list[str] = []

    @contextmanager
    def being(
        self, *, delay: float = 0, status: int = 0, location: str = "", only: str = "/"
    ) -> Iterator[None]:
        self.delay, self.status, self.location, self.only = delay, status, location, only
        try:
            yield
        finally:
            self.clear()

    def handle_error(self, *_whom: object) -> None:
        """A traveller whose phone or house went away."""

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self.house.close()


class Traveller(BaseHTTPRequestHandler):
    """One request on its way."""

    server: Road

    def do_GET(self) -> None:  # the base's name
        road = self.server
        road.asked.append(self.path)
        touched = self.path.startswith(road.only)
        if touched and road.delay:
            time.sleep(road.delay)
        if touched and road.status:
            return self._say(road.status, {"content-type": "text/html", "location": road.location}, DESK)
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        told = {name: value for name, value in self.headers.items() if name.lower() not in HERE_ONLY}
        answer = road.house.request(self.command, self.path, headers=told, content=body)
        headers = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
        return self._say(answer.status_code, headers, answer.content)

    do_POST = do_PUT = do_GET  # noqa: N815 - the base's names

    def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # nobody waits any more
            self.wfile.write(body)

    def log_message(self, format: str, *_args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing."""
