"""A server for tests of the page's scripts: rendered pages, and an API as strict as the real one's promises.

It keeps what it was asked. A test can take it down, let it forget to answer, or decide about a request.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import msgspec

from generator.files.grammar import Field
from generator.files.host_content import HostContent
from generator.files.shapes import Service
from guestlink.storage import content_type
from tests.generator import sample

TOKEN: Final = sample.TOKEN
ASKED_KEYS: Final = {"service", "fields", "note", "secret", "language"}
TOLD_KEYS: Final = {
    "arrival": {"time", "adults", "children", "note", "word", "language"},
    "rating": {"stars", "words", "language"},
}
Answer = tuple[int, dict[str, Any]]
REQUESTS: Final = ("POST", "/api/requests")
Site = Mapping[str, str]  # phase -> where it is served
NONE: Final[Mapping[str, str]] = {}


class Desk:
    """What the house knows: requests by id, what was told, and every call with its key."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.requests: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[dict[str, Any], str]] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.complaints: list[str] = []
        self.down = False
        self.forgetful = False
        self.at_once = False
        self.slow = 0.0
        self.answers: list[Answer] = []
        self._lock = threading.Lock()

    def count(self, method: str, path: str) -> int:
        return sum((method, path) == call[:2] for call in self.calls)

    def decide(self, state: str, reason: str = "") -> None:
        """Somebody at the desk answers the only open request."""
        (request,) = (each for each in self.requests.values() if each["state"] in {"requested", "accepted"})
        request |= {"state": state, "reason": reason, "version": request["version"] + 1}
        request["can_cancel"] = state == "accepted"

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Answer:
        with self._lock:
            self.calls.append((method, path, body))
            if self.down:
                return 503, {"title": "Down"}
            if headers.get("Authorization") != f"Bearer {self.token}":
                return 401, {"title": "Not allowed"}
            if self.answers:
                return self.answers.pop(0)
            return self._answer(method, path.removeprefix("/api/"), headers.get("Idempotency-Key"), body)

    def _answer(self, method: str, path: str, key: str | None, body: dict[str, Any]) -> Answer:
        match method, path.split("/"):
            case "GET", ["requests"]:
                return 200, {"requests": list(reversed(self.requests.values()))}
            case "POST", ["requests"]:
                return self._ask(key, body)
            case "POST", ["requests", request_id, "cancellation"]:
                return self._cancel(request_id, body)
            case "GET", ["guest", "channels"]:
                return 200, {"whatsapp": None, "email": None}
            case "GET", [("arrival" | "rating") as what]:
                return 200, self.told.get(what, {})
            case "PUT", [("arrival" | "rating") as what]:
                self._expect(set(body) == TOLD_KEYS[what], f"{what} has {sorted(body)}")
                self.told[what] = {name: value for name, value in body.items() if name != "language"}
                return 200, body
            case "POST", ["openings"]:
                self._expect(set(body) == {"codes"}, "an opening says whether codes were shown")
                return 204, {}
        self._expect(False, f"{method} {path}")
        return 404, {}

    def _ask(self, key: str | None, body: dict[str, Any]) -> Answer:
        self._expect(bool(key) and len(key or "") > 20, "a request has a key")
        self._expect(set(body) == ASKED_KEYS, f"a request has {sorted(body)}")
        assert key
        if key in self.keys:
            known, request_id = self.keys[key]
            return (200, self.requests[request_id]) if known == body else (409, {"detail": "other words"})
        if body["fields"].get("sets") == "6":
            error = {"field": "sets", "message": "There are only five sets."}
            return 422, {"title": "Wrong", "errors": [error]}
        request_id = f"r{len(self.requests) + 1}"
        self.keys[key] = body, request_id
        self.requests[request_id] = {
            **{name: body[name] for name in ("service", "fields", "note", "secret")},
            "id": request_id,
            "title": body["service"] and f"The {body['service']}",
            "state": "accepted" if self.at_once else "requested",
            "version": 1,
            "asked_at": f"2026-11-21T09:0{len(self.requests)}:00Z",
            "changed_at": "2026-11-21T09:00:00Z",
            "reason": "",
            "price": 1250,
            "currency": "GBP",
            "urgent": bool(body["secret"]),
            "can_cancel": True,
        }
        return 201, self.requests[request_id]

    def _cancel(self, request_id: str, body: dict[str, Any]) -> Answer:
        self._expect(set(body) == {"version"}, "a cancellation says which version was seen")
        request = self.requests[request_id]
        if request["version"] != body["version"]:
            return 409, {"title": "Somebody was faster", "request": request}
        request |= {"state": "cancelled", "can_cancel": False, "version": request["version"] + 1}
        return 200, request

    def _expect(self, right: bool, otherwise: str) -> None:
        if not right:
            self.complaints.append(otherwise)


class Handler(SimpleHTTPRequestHandler):
    """Files with the types that the target has; everything below /api/ goes to the desk."""

    def __init__(self, desk: Desk, *args: Any, **more: Any) -> None:
        self.desk = desk
        super().__init__(*args, **more)

    def guess_type(self, path: object) -> str:
        return content_type(str(path))

    def log_message(self, format: str, *_args: object) -> None:  # noqa: A002 - the base's name
        self.desk.calls.append(("LINE", self.requestline, {}))

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._api()
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self._api()

    def do_PUT(self) -> None:
        self._api()

    def _api(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        desk, forgets = self.desk, self.desk.forgetful and (self.command, self.path) == REQUESTS
        time.sleep(desk.slow)
        status, data = desk.answer(self.command, self.path, self.headers, json.loads(text) if text else {})
        if forgets:
            desk.forgetful = False
            self.close_connection = True
            return
        body = b"" if status == 204 else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A browser that goes away in the middle of an answer is no error here."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(folder: Path, desk: Desk) -> Iterator[str]:
    """The folder and the desk on localhost, since WebCrypto asks for a secure context."""
    server = Server(("127.0.0.1", 0), partial(Handler, desk, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


# -- the pages -------------------------------------------------------------------------------------
def house() -> HostContent:
    """The sample with what taps need: a service with fields, a place with hours, texts in other scripts."""
    plain = sample.content()
    towels = _service("towels", "Fresh towels", hours=("08:00-20:00",), fields=_FIELDS, price=1250)
    hamper = _service("hamper", "Breakfast hamper", hours=("mon-fri 06:00-09:00", "sat 07:00-24:00"))
    bakery = msgspec.structs.replace(
        plain.places["bakery"]["en"], open=("tue-sun 07:00-14:00",), closed=("2026-11-21",)
    )
    rubbish = sample.section("rubbish", "ゴミの日", "<p>カギは机の上。</p>", order=40)
    coffee = sample.section("coffee", "القهوة", "<p>في المطبخ إلى الأعلى. Café crème.</p>", order=41)
    return sample.content(
        services={"towels": {"en": towels}, "hamper": {"en": hamper}},
        places={"bakery": {"en": bakery}},
        sections={**plain.sections, "rubbish": {"en": rubbish}, "coffee": {"en": coffee}},
    )


@contextmanager
def phases(
    home: Path, host: HostContent, desk: Desk, *, languages: Mapping[str, str] = NONE
) -> Iterator[Site]:
    """The link of one stay in every phase, each served on an address of its own, where the gate is."""
    with ExitStack() as servers:
        found = {}
        for phase in sample.MOMENTS:
            _write_site(home / phase, host, phase, languages.get(phase, "en"))
            found[phase] = servers.enter_context(serving(home / phase, desk))
        yield found


def _write_site(home: Path, host: HostContent, phase: str, language: str) -> None:
    renderer = sample.renderer(host)
    for page in sample.pages(phase, shown=sample.view(language=language), host=host).values():
        if page.kind == "welcome":
            path, sheet = renderer.sheet(page.language)
            _write(home / path, sheet)
            (blocks,) = renderer.blocks([(page, sample.PRIVATE)])
            _write(home / page.path, renderer.page(page, blocks))
        else:
            _write(home / page.path, renderer.gate(page, sample.PRIVATE.query))
    for path, body in sample.renderer(host)._theme.assets().items():
        _write(home / path, body)
    _write(home / "assets/p/0000000000000000.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    _write(home / "w/sw.js", b"// keeps nothing: every test begins anew\n")


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def address(site: Site, phase: str, *, language: str = "en", fragment: str = f"#{sample.FRAGMENT}") -> str:
    """The signed address of a phase's page, with the key."""
    return f"{site[phase]}/w/_/{sample.SLUG}/{language}.html?{sample.PRIVATE.query}{fragment}"


_FIELDS: Final = (
    Field(name="sets", kind="number", required=True, label="How many sets", low=1, high=6),
    Field(name="day", kind="date", required=False, label="Which day"),
)


def _service(key: str, title: str, **more: Any) -> Service:
    given = {"key": key, "language": "en", "title": title, "html": "<p>Striped ones.</p>", "order": 10}
    rest = {"icon": "service", "price": None, "per": "", "fields": (), "approval": "approve"}
    return Service(**{**given, **rest, "urgent": False, "changes": "", **more})
