"""A running sandbox in the hands of a test: real pywa for the business, plain HTTP for everybody else."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pywa

from edge_api.sandbox.detour import Detour
from tests.services import NOBODY

NUMBER, WABA, APP = "100000000000001", "200000000000001", "300000000000001"
ANA, MIRA = "447700900101", "447700900201"
PATIENCE = 10.0


class Posted(NamedTuple):
    """A webhook as it came in."""

    body: bytes
    signature: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def values(self, name: str) -> list[Any]:
        """Every message, status or preference in it."""
        changes = [change for entry in self.json["entry"] for change in entry["changes"]]
        return [each for change in changes for each in change["value"].get(name, [])]


class Place:
    """The sandbox at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=PATIENCE, verify=NOBODY)
        self._clients: list[httpx.Client] = []

    def business(self, token: str = "sandbox-token", *, timeout: float = 5.0) -> pywa.WhatsApp:
        """Real pywa. Only the transport differs: it leads to the sandbox in the place of Meta."""
        way = Detour(self.url, transport=httpx.HTTPTransport(verify=NOBODY))
        client = httpx.Client(transport=way, timeout=timeout)
        self._clients.append(client)
        return pywa.WhatsApp(token=token, phone_id=NUMBER, waba_id=WABA, app_id=APP, session=client)

    def graph(self, path: str, body: object, *, token: str = "sandbox-token") -> httpx.Response:
        """A request that pywa would not make."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(f"/v24.0{path}", content=raw, headers=headers)

    def send(self, **message: object) -> httpx.Response:
        told = {"messaging_product": "whatsapp", "to": ANA, **message}
        return self.graph(f"/{NUMBER}/messages", told)

    # -- people and the rest -----------------------------------------------------------------------
    def get(self, path: str, **query: str) -> Any:
        return _fine(self.http.get(path, params=query))

    def post(self, path: str, **body: object) -> Any:
        return _fine(self.http.post(path, json=body))

    def patch(self, path: str, **body: object) -> Any:
        return _fine(self.http.patch(path, json=body))

    def reset(self, **how: object) -> None:
        self.post("/sandbox/reset", **how)

    def settings(self, **changed: object) -> None:
        self.patch("/sandbox/settings", **changed)

    def fault(self, kind: str, **more: object) -> Any:
        return self.post("/sandbox/faults", kind=kind, **more)

    def hold(self) -> None:
        """The clock stands still: nothing is due until it is moved."""
        self.post("/sandbox/clock", held=True)

    def later(self, span: str) -> None:
        self.post("/sandbox/clock", advance=span)

    def says(self, text: str = "Hello", *, who: str = "ana", **more: object) -> str:
        """Somebody writes; the id of the message."""
        told = self.post(f"/sandbox/people/{who}/messages", type="text", text=text, **more)
        return str(told["id"])

    def does(self, kind: str, *, who: str = "ana", **more: object) -> Any:
        return self.post(f"/sandbox/people/{who}/messages", type=kind, **more)

    def chat(self, who: str = "ana") -> list[Any]:
        return list(self.get(f"/sandbox/people/{who}/chat")["bubbles"])

    def last(self, who: str = "ana") -> Any:
        return self.chat(who)[-1]

    def status_of(self, message_id: str, who: str = "ana") -> str:
        return str(next(each["status"] for each in self.chat(who) if each["id"] == message_id))

    def approved(self, **template: Any) -> Any:
        """A template that review has let pass."""
        told = {"name": "hello", "language": "en", "category": "UTILITY", **template}
        made = self.graph(f"/{WABA}/message_templates", told).json()
        return self.post(f"/sandbox/templates/{made['id']}/status", status="APPROVED")

    def close_clients(self) -> None:
        while self._clients:
            self._clients.pop().close()

    def close(self) -> None:
        self.close_clients()
        self.http.close()


class App:
    """An HTTP server that answers webhooks with 200, or with what `answers` holds, first one first."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.answers: list[int] = []
        self.verify_token = "sandbox-verify"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def all(self, name: str) -> list[Any]:
        """Every message, status or preference that came, in order."""
        return [each for posted in self.posted for each in posted.values(name)]

    def statuses(self, message_id: str) -> list[str]:
        return [each["status"] for each in self.all("statuses") if each["id"] == message_id]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                knows = asked.get("hub.verify_token") == app.verify_token
                self._answer(200 if knows else 403, asked.get("hub.challenge", "").encode() if knows else b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                app.posted.append(Posted(body, self.headers["x-hub-signature-256"]))
                self._answer(app.answers.pop(0) if app.answers else 200, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def eventually(is_so: Callable[[], object], *, within: float = PATIENCE) -> None:
    """Waits until it is so; fails when it is not in time."""
    deadline = time.monotonic() + within
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail("It did not come about in time.")
        time.sleep(0.01)


def _fine(answer: httpx.Response) -> Any:
    assert answer.is_success, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    return answer.json()


def validator(secret: str) -> pywa.WhatsApp:
    """pywa as an app has it: it checks signatures and sends nothing."""
    return pywa.WhatsApp(
        token="x",
        server=None,
        verify_token="v",
        app_secret=secret,
        session=httpx.Client(verify=NOBODY),
        validate_updates=True,
    )


def got(app: App, name: str = "messages", count: int = 1) -> list[dict[str, object]]:
    eventually(lambda: len(app.all(name)) >= count)
    return app.all(name)
