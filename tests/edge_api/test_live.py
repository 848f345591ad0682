"""The boards of a process: told soon and in order, let go when they are slow or may not look any more."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import duty, feed, front_desk, tokens
from edge_api.app import create_app
from edge_api.auth import Caller
from edge_api.feed import Board, Feed
from edge_api.frames import Position
from edge_api.holdings import Holdings
from edge_api.sign_in import sessions
from edge_api.sign_in.browsers import Device
from edge_api.wishes import Asked
from guestlink import clock, houses, records
from guestlink.crypto import KeyRing
from guestlink.database import Database
from guestlink.errors import Outage
from guestlink.settings import Settings
from tests.desk import offer_services, words
from tests.house import AT, BY, TODAY, add_stay, make_home, opened

SOON = 10.0  # seconds


class Place(NamedTuple):
    settings: Settings
    database: Database
    ring: KeyRing
    stay_id: str
    text: str
    token: tokens.Token

    @property
    def caller(self) -> Caller:
        return Caller(id=self.token.id, by=self.token.by, role="staff", property_id=None)

    def ask(self) -> str:
        with self.database.write() as tx:
            asked = Asked(key=clock.new_id(), note="soap")
            made = front_desk.ask_for(tx, self.ring, self.stay_id, asked, at=AT, by=BY, words=words())
        return made.request.id


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    settings = make_home(tmp_path)
    day = timedelta(days=1)
    stay = add_stay(settings, "ANA", unit="room-1", arrives=TODAY - day, leaves=TODAY + day)
    database, ring = opened(settings)
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        offer_services(tx, house)
        text = tokens.make_token(tx, name="board", role="staff", house=house, at=AT, by=BY)
        token = tokens.find(tx, text, at=AT)
    assert token
    yield Place(settings, database, ring, stay.id, text, token)
    database.close()


@asynccontextmanager
async def listening(place: Place) -> AsyncIterator[Feed]:
    made = Feed(Holdings(place.settings), at=lambda: AT)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.close)


async def told(board: Board) -> dict[str, Any]:
    frame = await board.next(SOON)
    assert frame, "nothing came"
    found: dict[str, Any] = msgspec.json.decode(frame)
    return found


def test_a_board_hears_at_once_and_who_comes_again_what_was_missed(place: Place) -> None:
    async def story() -> None:
        async with listening(place) as boards:
            board, _ = await boards.join(place.caller, None)
            began = time.monotonic()
            request_id = await asyncio.to_thread(place.ask)
            frame = await told(board)
            assert [each["id"] for each in frame["requests"]] == [request_id]
            assert time.monotonic() - began < SOON / 2
            boards.leave(board)
            missed = {await asyncio.to_thread(place.ask) for _ in range(3)}
            assert board.position
            again, first = await boards.join(place.caller, board.position)
            assert {each["id"] for each in msgspec.json.decode(first)["requests"]} == missed
            assert again.has_missed
            boards.leave(again)
            assert len(boards) == 0

    asyncio.run(story())


def test_a_board_that_takes_nothing_is_let_go_and_the_others_hear_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_FRAMES", 2)

    async def story() -> None:
        async with listening(place) as boards:
            slow, _ = await boards.join(place.caller, None)
            quick, _ = await boards.join(place.caller, None)
            for _ in range(4):
                asked = await asyncio.to_thread(place.ask)
                assert [each["id"] for each in (await told(quick))["requests"]] == [asked]
            assert slow.is_over
            assert await slow.next(SOON) is None

    asyncio.run(story())


@pytest.mark.parametrize("how", ["token revoked", "session ended", "left the house"])
def test_who_may_not_look_any_more_is_told_nothing_more(place: Place, how: str) -> None:
    with place.database.write() as tx:
        house = records.find_property(tx, "planted")
        houses.first_user(tx, place.ring, name="Marta", at=AT)
        mira = duty.add_staff(tx, place.ring, name="Mira", role="staff", houses=[house], at=AT, by=BY)
        device = Device(value="v", token="t", browser="b") if "session" in how else None
        session = sessions.begin(tx, mira, how="code", device=device, at=AT).id if device else ""
    by_cookie = Caller(id=mira.id, by=mira.id, role="staff", property_id=None, session_id=session)
    caller = place.caller if "token" in how else by_cookie

    def part() -> None:
        with place.database.write() as tx:
            if "token" in how:
                tokens.revoke(tx, place.token.id, at=AT, by=BY)
            elif "session" in how:
                tx.do("end_session", id=session, at=clock.as_text(AT))
            else:
                duty.leave(tx, mira, at=AT, by=BY)

    async def story() -> None:
        async with listening(place) as boards:
            board, _ = await boards.join(caller, None)
            await asyncio.to_thread(part)
            await asyncio.to_thread(place.ask)
            assert await board.next(SOON) is None

    asyncio.run(story())


def test_without_a_database_boards_are_let_go_and_nobody_joins(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FIRST_FRAME", 0.5)

    async def story() -> None:
        async with listening(place) as boards:
            board, _ = await boards.join(place.caller, None)
            file = place.settings.path("data/guestlink.db")
            await asyncio.to_thread(file.rename, file.with_name("away.db"))
            assert await board.next(SOON) is None
            with pytest.raises(Outage):
                await boards.join(place.caller, None)
            await asyncio.to_thread(file.with_name("away.db").rename, file)

    asyncio.run(story())


# -- over HTTP -------------------------------------------------------------------------------------
@pytest.fixture
def client(place: Place) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(place.settings, at=lambda: AT)) as client:
        client.headers["Authorization"] = f"Bearer {place.text}"
        yield client


def test_a_stream_is_stored_nowhere_and_buffered_by_nobody(
    place: Place, client: TestClient[Litestar]
) -> None:
    position = client.get("/api/house/board").json()["position"]
    request_id = place.ask()
    for since, header in ((position, {}), ("", {"Last-Event-ID": position})):
        answer = client.get("/api/house/live", params={"since": since, "seconds": 0}, headers=header)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        retry, event, *_ = answer.text.split("\n\n")
        assert retry == "retry: 1000"
        named, data = event.split("\n")
        frame = msgspec.json.decode(data.removeprefix("data: "))
        assert named == f"id: {frame['position']}"
        assert [each["id"] for each in frame["requests"]] == [request_id]


def test_where_enough_boards_listen_further_ones_poll(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_BOARDS", 0)
    answer = client.get("/api/house/live", params={"seconds": 0})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert client.get("/api/house/changes").status_code == 200


def test_a_poll_waits_until_something_changes(place: Place, client: TestClient[Litestar]) -> None:
    position = client.get("/api/house/board").json()["position"]
    assert client.get("/api/house/changes", params={"since": position}).json()["requests"] == []
    later = threading.Timer(0.3, place.ask)
    later.start()
    frame = client.get("/api/house/changes", params={"since": position, "wait": 10}).json()
    later.join()
    assert len(frame["requests"]) == 1
    assert client.get("/api/house/changes", params={"since": "1.x"}).status_code == 400
    ahead = str(Position(10**6, 0))
    assert client.get("/api/house/changes", params={"since": ahead}).json()["again"] is True


def test_the_board_shows_who_comes_and_goes_and_what_is_open(
    place: Place, client: TestClient[Litestar]
) -> None:
    request_id = place.ask()
    said = client.put("/api/house/shift-note", json={"property": "planted", "words": "The boiler hums."})
    assert said.status_code == 200
    board = client.get("/api/house/board", params={"property": "planted"}).json()
    assert [each["id"] for each in board["requests"]] == [request_id]
    assert (board["arrivals"], [each["stay"] for each in board["departures"]]) == ([], ["ANA"])
    assert [each["words"] for each in board["note"]] == ["The boiler hums."]
    assert client.get("/api/house/board", params={"property": "nowhere"}).status_code == 404
