"""Requests as bytes on a socket: what a polite client would never send."""

import socket
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import NamedTuple

from tests.edge_api.house import House


class Answered(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Edge(NamedTuple):
    """A running server: whose house it serves, where it listens, what it writes."""

    house: House
    port: int
    log: Path

    def ask(self, target: str | bytes, *, method: str = "GET", **headers: str) -> Answered:
        """One request on a connection of its own; `if_none_match=…` becomes `if-none-match: …`."""
        raw = target.encode("latin-1") if isinstance(target, str) else target
        lines = {"host": f"localhost:{self.port}", "connection": "close"}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as wire:
            wire.sendall(method.encode() + b" " + raw + b" HTTP/1.1\r\n" + told.encode() + b"\r\n")
            answer = b"".join(iter(lambda: wire.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        first, _, rest = head.partition(b"\r\n")
        return Answered(int(first.split()[1]), BytesParser().parsebytes(rest, headersonly=True), body)
