"""Many boards at once, as a browser keeps one: a stream that is opened again with the last position, stalls,
and a state of its own that has to become the server's.
"""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

import msgspec

from edge_api import front_desk, tokens
from edge_api.requests import Accept, Complete
from edge_api.wishes import Asked
from guestlink import clock, records
from guestlink.crypto import KeyRing
from guestlink.database import Database
from guestlink.settings import Settings
from tests.desk import offer_services, words
from tests.house import ROOT, add_stay, opened

SERVE: Final = """
import sys
from pathlib import Path
from edge_api import auth
from edge_api.app import serve
from edge_api.pacing import Pace
from guestlink.settings import load_settings
auth.WORKING = auth.GUESSING = Pace(burst=10**9, seconds=1e-6)
serve(load_settings(Path(sys.argv[1])), "localhost", int(sys.argv[2]))
"""
DAY: Final = timedelta(days=1)
State = dict[str, tuple[str, int]]  # request -> state, version


class Place(NamedTuple):
    """A house where one guest asks for everything; the token of its boards, and the port they ask."""

    settings: Settings
    database: Database
    ring: KeyRing
    stay_id: str
    token: str
    port: int

    def serving(self) -> list[object]:
        command = ["env", f"PYTHONPATH={ROOT}", "PYTHONUNBUFFERED=1"]
        return [*command, ROOT / ".venv/bin/python", "-c", SERVE, self.settings.home, self.port]


def furnished(settings: Settings, port: int) -> Place:
    today = clock.now().date()
    stay = add_stay(settings, "ANA", unit="room-1", arrives=today - DAY, leaves=today + 3 * DAY)
    database, ring = opened(settings)
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        offer_services(tx, house)
        text = tokens.make_token(tx, name="boards", role="staff", house=house, at=clock.now(), by="test")
    return Place(settings, database, ring, stay.id, text, port)


class Desk:
    """Somebody asks, accepts, completes: `act` is one transaction. `asked` is when each was committed."""

    def __init__(self, place: Place, seed: int) -> None:
        self.place, self._chance = place, random.Random(seed)
        self._open: list[str] = []
        self.asked: dict[str, float] = {}

    def act(self) -> str:
        """The id of the request that changed."""
        with self.place.database.write() as tx:
            if self._open and self._chance.random() < 0.5:
                request_id = self._open.pop(self._chance.randrange(len(self._open)))
                command = self._chance.choice([Accept(), Complete()])
                front_desk.answer(tx, self.place.ring, request_id, command, at=clock.now(), by="test")
            else:
                asked = Asked(key=clock.new_id(), note="soap")
                told: dict[str, Any] = {"at": clock.now(), "by": "test", "words": words()}
                made = front_desk.ask_for(tx, self.place.ring, self.place.stay_id, asked, **told)
                request_id = made.request.id
                self._open.append(request_id)
        self.asked[request_id] = time.monotonic()
        return request_id


class Browser:
    """One board. A naive one forgets where it was when its stream is opened again; that is the control."""

    def __init__(self, place: Place, seed: int, *, is_naive: bool = False) -> None:
        self._place, self._chance, self._naive = place, random.Random(seed), is_naive
        self.state: State = {}
        self.position = ""
        self.opened = self.fetched = 0
        self.stalls_until = 0.0
        self.heard: Callable[[str], None] = lambda _: None

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                if not self.position:
                    await self._fetch()
                await self._listen()
            except (OSError, asyncio.IncompleteReadError, ValueError):
                pass
            await asyncio.sleep(0.1 + self._chance.random() * 0.9)

    async def _listen(self) -> None:
        """Opens the stream once and reads until it ends."""
        since = "" if self._naive else f"Last-Event-ID: {self.position}\r\n"
        reader, writer = await self._asked("live", since)
        try:
            self.opened += 1
            while True:
                chunk = await _chunk(reader)
                if not chunk:
                    return
                for line in chunk.split(b"\n"):
                    if line.startswith(b'data: {"'):
                        await self._take(line[6:])
                if (left := self.stalls_until - time.monotonic()) > 0:
                    await asyncio.sleep(left)
        finally:
            writer.close()

    async def _take(self, data: bytes) -> None:
        frame = msgspec.json.decode(data)
        if frame["again"]:
            await self._fetch()
            return
        self.position = frame["position"]
        for request in frame["requests"]:
            self.state[request["id"]] = (request["state"], request["version"])
            self.heard(request["id"])

    async def _fetch(self) -> None:
        self.fetched += 1
        board = await fetched(self._place)
        self.state, self.position = states(board), str(board["position"])

    async def _asked(self, path: str, more: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asked(self._place, path, more)


async def asked(place: Place, path: str, more: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An answer whose head was read; OSError unless it is 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    head = f"GET /api/house/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {place.token}\r\n"
    writer.write(f"{head}{more}\r\n".encode())
    told = await reader.readuntil(b"\r\n\r\n")
    if not told.startswith(b"HTTP/1.1 200"):
        writer.close()
        raise OSError(told[:20])
    return reader, writer


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """One part of a chunked answer; nothing at its end."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    return (await reader.readexactly(size + 2))[:-2]


async def fetched(place: Place) -> dict[str, Any]:
    """The whole board."""
    reader, writer = await asked(place, "board", "Connection: close\r\n")
    try:
        body = await reader.read()
    finally:
        writer.close()
    board: dict[str, Any] = msgspec.json.decode(body)
    return board


def states(board: dict[str, Any]) -> State:
    return {each["id"]: (each["state"], each["version"]) for each in board["requests"]}
