"""HTTP on one page: requests, answers, routes and the ASGI application that joins them.

No framework: the sandbox has to be able to break an answer off, to stay silent, and to be quick.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY = 101 * 1024 * 1024  # a document of 100 MB and its form
PROMISED = b"512"  # bytes an answer promises that is then broken off
PART_HEADER = re.compile(rb'([\w-]+)="([^"]*)"')


class TooLarge(Exception):
    """The body is larger than anything the API takes."""


class BadBody(Exception):
    """The body cannot be read as what it says it is."""


@dataclass(frozen=True)
class Request:
    """A request whose body was read whole."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    parts: dict[str, str] = field(default_factory=dict)  # what the route found in the path

    def json(self) -> dict[str, Any]:
        """The body as an object; an empty body is an empty object."""
        if not self.body:
            return {}
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadBody(str(error)) from None
        if not isinstance(found, dict):
            raise BadBody("An object is expected.")
        return found

    @property
    def origin(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}"

    def form(self) -> dict[str, tuple[dict[str, str], bytes]]:
        """The fields of multipart/form-data: name -> (filename and content type, value)."""
        kind, _, rest = self.headers.get("content-type", "").partition(";")
        boundary = re.search(r'boundary="?([^";]+)', rest)
        if kind.strip().lower() != "multipart/form-data" or not boundary:
            raise BadBody("multipart/form-data is expected.")
        fields = {}
        for part in (b"\r\n" + self.body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
            head, found, value = part.partition(b"\r\n\r\n")
            if not found:
                raise BadBody("A part has no end of its headers.")
            told = {name.decode(): text.decode(errors="replace") for name, text in PART_HEADER.findall(head)}
            mime = re.search(rb"(?i)content-type:\s*([^\r\n;]+)", head)
            told["content-type"] = mime[1].decode().strip() if mime else ""
            fields[told.get("name", "")] = (told, value)
        return fields


@dataclass
class Answer:
    """A status, headers and a body; `stream` sends chunks until the caller goes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None

    @classmethod
    def json(cls, body: object, status: int = 200) -> "Answer":
        return cls(msgspec.json.encode(body), status, {"content-type": "application/json; charset=UTF-8"})


class Silence(Answer):
    """No answer at all: the caller waits until it has had enough."""


class BrokenOff(Answer):
    """The connection breaks before the answer is whole."""


Handler = Callable[[Request], Awaitable[Answer]]


class Routes:
    """Handlers by method and path; `{name}` stands for one part of a path."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._routes.append((method, re.compile(pattern + "/?"), handler))

    def find(self, method: str, path: str) -> tuple[Handler | None, dict[str, str], set[str]]:
        """The handler, what it found in the path, and which methods the path has."""
        methods = set()
        for known, pattern, handler in self._routes:
            if found := pattern.fullmatch(path):
                if known == method:
                    return handler, found.groupdict(), set()
                methods.add(known)
        return None, {}, methods


async def read_request(scope: Scope, receive: Receive) -> Request:
    """The whole request. Raises TooLarge."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise TooLarge
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    return Request(
        scope["method"],
        scope["path"],
        dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        bytes(body),
    )


async def send_answer(answer: Answer, receive: Receive, send: Send) -> None:
    """Sends an answer, or what is left of it."""
    if isinstance(answer, Silence):
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    if isinstance(answer, BrokenOff):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", PROMISED)]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.stream is None:
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})
        return
    gone = asyncio.ensure_future(receive())
    try:
        async for chunk in answer.stream:
            if gone.done():
                break
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        gone.cancel()
        await answer.stream.aclose()  # type: ignore[attr-defined]
