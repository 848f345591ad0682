"""The webhook's route: who is let in, what is durable before the answer, what strangers cannot do."""

import asyncio
import json
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient, TestClient

from edge_api import inbox, webhooks
from edge_api.app import create_app
from edge_api.holdings import Holdings
from edge_api.sandbox.deliveries import sign
from edge_api.webhooks import PATH, Bodies, Gathering
from guestlink import clock
from guestlink.crypto import KeyRing
from guestlink.database import open_database
from guestlink.errors import Outage
from guestlink.settings import Settings
from tests.databases import Place
from tests.edge_api.conftest import PROGRAM
from tests.edge_api.house import House

SECRET = "known-to-meta-and-us"
WORD = "our-word"
HELLO = {"id": "wamid.1", "from": "447700900101", "type": "text", "timestamp": "1", "text": {"body": "Hello"}}


def body_of(*messages: dict[str, Any]) -> bytes:
    value = {"metadata": {"phone_number_id": "100000000000001"}, "messages": list(messages)}
    entry = {"id": "2", "time": 1, "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": sign(body, secret), "content-type": "application/json"}


class Office:
    """A deployment whose webhook is set up, and somebody who posts to it."""

    def __init__(self, house: House, client: TestClient[Litestar]) -> None:
        self.house, self.client = house, client

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        return self.client.post(PATH, content=body, headers=signed(body) | headers)

    def counts(self) -> inbox.Counts:
        url, home = self.house.settings.database_url, Path(self.house.settings.home)
        with closing(open_database(url, home=home)) as one, one.read() as db:
            return inbox.counts(db)


@pytest.fixture
def settings(house: House) -> Settings:
    open_database(house.settings.database_url, home=Path(house.settings.home)).close()
    secrets = f"{SECRET}, the-one-before"
    return msgspec.structs.replace(house.settings, whatsapp_app_secrets=secrets, whatsapp_verify_token=WORD)


@pytest.fixture
def office(house: House, settings: Settings) -> Iterator[Office]:
    with TestClient(create_app(settings, at=lambda: house.at)) as client:
        yield Office(house, client)


# -- the challenge ---------------------------------------------------------------------------------
def asked(**changes: str) -> dict[str, str]:
    told = {"mode": "subscribe", "verify_token": WORD, "challenge": "1158201444"} | changes
    return {f"hub.{name}": value for name, value in told.items()}


def test_the_challenge_is_echoed_as_plain_text_to_whoever_knows_our_word(office: Office) -> None:
    answer = office.client.get(PATH, params=asked())
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        {},
        asked(verify_token="another"),
        asked(verify_token=""),
        asked(verify_token="wörd"),
        asked(mode="unsubscribe"),
        asked(challenge="x" * 2000),
        asked() | {f"more{number}": "x" for number in range(20)},
    ],
)
def test_nobody_else_gets_an_echo(office: Office, query: dict[str, str]) -> None:
    answer = office.client.get(PATH, params=query)
    assert answer.status_code == 403
    assert answer.json()["title"] == "Forbidden"


def test_without_a_word_of_ours_nobody_is_verified(house: House) -> None:
    with house.client() as client:
        assert client.get(PATH, params=asked(verify_token="")).status_code == 403


# -- signatures ------------------------------------------------------------------------------------
def test_what_is_signed_is_kept_before_it_is_answered_with_nothing(office: Office) -> None:
    answer = office.post(body_of(HELLO))
    assert (answer.status_code, answer.content) == (200, b"")
    assert office.counts().waiting == 1


def test_either_secret_counts_while_one_is_replaced(office: Office) -> None:
    body = body_of(HELLO)
    for secret, status in ((SECRET, 200), ("the-one-before", 200), ("another", 401)):
        answer = office.client.post(PATH, content=body, headers=signed(body, secret))
        assert answer.status_code == status


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=" + "0" * 64, "sha256=" + "0" * 64, "ü" * 71])
def test_without_a_right_signature_nothing_is_read_and_nothing_kept(
    office: Office, header: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks.deliveries, "split", _never)
    headers = {} if header is None else {"x-hub-signature-256": header.encode()}
    answer = office.client.post(PATH, content=body_of(HELLO), headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")
    assert office.counts().waiting == 0


def _never(_: object) -> list[Any]:
    raise AssertionError("The body was parsed before its signature was looked at.")


def test_without_an_app_secret_meta_is_asked_to_come_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    body = body_of(HELLO)
    with house.client() as client, caplog.at_level(logging.ERROR, "guestlink.webhooks"):
        answers = [client.post(PATH, content=body, headers=signed(body, "")) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].headers["retry-after"] == "60"
    assert caplog.text.count("webhook-not-set-up setting=whatsapp_app_secrets") == 1


def test_other_methods_are_told_which_ones_there_are(office: Office) -> None:
    answer = office.client.put(PATH, content=b"{}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


# -- what is kept ----------------------------------------------------------------------------------
def test_a_batch_is_kept_whole_and_a_repeat_once(office: Office) -> None:
    batch = body_of(*(HELLO | {"id": f"wamid.{number}"} for number in range(40)))
    assert [office.post(each).status_code for each in (batch, batch, body_of(HELLO))] == [200] * 3
    assert office.counts().waiting == 40


def test_a_signed_body_that_nobody_can_read_is_quarantined_and_answered(office: Office) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    for body in (b"", b"not json", b"\xff\x00", deep, b'{"entry":7}'):
        assert office.post(body).status_code == 200
    assert (office.counts().waiting, office.counts().quarantined) == (0, 5)


def test_a_post_without_events_is_fine(office: Office) -> None:
    assert office.post(b'{"object":"x","entry":[]}').status_code == 200
    assert office.counts().waiting == 0


def test_many_at_once_share_a_commit_and_all_are_kept(settings: Settings, house: House) -> None:
    async def all_at_once() -> list[int]:
        async with AsyncTestClient(create_app(settings)) as client:
            bodies = [body_of(HELLO | {"id": f"wamid.{number}"}) for number in range(60)]
            answers = await asyncio.gather(
                *(client.post(PATH, content=body, headers=signed(body)) for body in bodies)
            )
            return [answer.status_code for answer in answers]

    assert asyncio.run(all_at_once()) == [200] * 60
    with TestClient(create_app(settings)) as client:
        assert Office(house, client).counts().waiting == 60


# -- sizes -----------------------------------------------------------------------------------------
def test_three_megabytes_are_read_and_more_are_refused(office: Office) -> None:
    whole = body_of(HELLO | {"text": {"body": "x" * (3 * 1024 * 1024 - 400)}})
    assert 3 * 1024 * 1024 - 300 < len(whole) <= 3 * 1024 * 1024
    assert office.post(whole).status_code == 200
    assert office.post(whole + b" " * 400).status_code == 413
    assert office.counts().waiting == 1


def test_chunks_are_counted_as_they_come(office: Office) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64:
            sent += 1
            yield b" " * 65_536

    headers = {"x-hub-signature-256": "sha256=" + "0" * 64}
    answer = office.client.post(PATH, content=endless(), headers=headers)
    assert answer.status_code == 413


class Sender:
    """Somebody who sends a body in pieces: an ASGI `receive`."""

    def __init__(self, *chunks: bytes, ends: bool = True, then: Callable[[], Any] | None = None) -> None:
        self._chunks, self._ends, self._then = list(chunks), ends, then

    async def __call__(self) -> Any:
        if not self._chunks:
            if self._then:
                return self._then()
            await asyncio.Event().wait()
        chunk = self._chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self._chunks) or not self._ends}


def test_pieces_are_put_together_in_order() -> None:
    assert asyncio.run(Bodies().read(Sender(b"a", b"", b"b"))) == b"ab"


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE", 0.05)
    assert asyncio.run(Bodies().read(Sender(b"a", ends=False))) is webhooks.TOO_SLOW


def test_a_sender_who_goes_is_let_go() -> None:
    gone = Sender(b"a", ends=False, then=lambda: {"type": "http.disconnect"})
    assert asyncio.run(Bodies().read(gone)) is webhooks.GONE


def test_bodies_on_their_way_share_a_room_that_is_given_back() -> None:
    large = b"x" * (1024 * 1024)
    most = webhooks.ROOM // (len(large) - webhooks.SMALL)

    async def crowd() -> None:
        bodies = Bodies()
        slow = [asyncio.ensure_future(bodies.read(Sender(large, ends=False))) for _ in range(most)]
        await asyncio.sleep(0)
        assert await bodies.read(Sender(large)) is webhooks.CROWDED
        assert await bodies.read(Sender(b"small")) == b"small"
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert await bodies.read(Sender(large)) == large

    asyncio.run(crowd())


# -- trouble with the records ----------------------------------------------------------------------
class Failing:
    """A disk that is full for a while, at the border to the driver."""

    def __init__(self, holdings: Holdings) -> None:
        self._writer = holdings.database._writer  # type: ignore[attr-defined]
        self.is_broken = False
        holdings.database._writer = self  # type: ignore[attr-defined]

    def execute(self, *words: Any) -> Any:
        if self.is_broken and words[0] == "commit":
            self._writer.execute("rollback")
            raise sqlite3.OperationalError("database or disk is full")
        return self._writer.execute(*words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def test_a_commit_that_fails_is_never_answered_with_200(
    settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Failing] = []
    opened = Holdings._opened

    def broken_disk(holdings: Holdings) -> Any:
        holdings._database = opened(holdings)
        monkeypatch.setattr(Holdings, "database", holdings._database)
        made.append(Failing(holdings))
        return holdings._database

    monkeypatch.setattr(Holdings, "_opened", broken_disk)
    with TestClient(create_app(settings, at=lambda: house.at)) as client:
        office = Office(house, client)
        assert office.post(body_of(HELLO)).status_code == 200
        made[0].is_broken = True
        for number in range(2, 6):
            answer = office.post(body_of(HELLO | {"id": f"wamid.{number}"}))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        made[0].is_broken = False
        assert office.counts().waiting == 1
        assert office.post(body_of(HELLO | {"id": "wamid.2"})).status_code == 200
        assert office.counts().waiting == 2


def test_a_database_that_is_not_there_is_an_outage_and_no_loss(house: House) -> None:
    body = body_of(HELLO)
    with house.client(whatsapp_app_secrets=SECRET) as client:
        answer = client.post(PATH, content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["detail"]) == (503, "The database does not answer.")


def test_events_are_kept_and_announced_on_both_engines(place: Place, ring: KeyRing) -> None:
    place.open().close()
    settings = Settings(
        home=str(place.home), database_url=place.url, whatsapp_app_secrets=SECRET, site_url="file:site"
    )
    body = body_of(HELLO)
    with TestClient(create_app(settings, key_ring=ring)) as client:
        assert client.post(PATH, content=body, headers=signed(body)).status_code == 200
    with closing(place.open()) as database, database.write() as tx:
        (row,) = inbox.take(tx, at=clock.now(), most=9)
        assert b"Hello" in inbox.opened(ring, row)


def test_whoever_goes_meanwhile_leaves_the_others_their_answer(settings: Settings) -> None:
    async def together() -> None:
        holdings = Holdings(settings)
        gathering = Gathering(holdings, at=clock.now)
        singles = [webhooks.deliveries.split(body_of(HELLO | {"id": f"wamid.{at}"})) for at in range(3)]
        tasks = [asyncio.ensure_future(gathering.keep(each)) for each in singles]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(*tasks[1:])
        holdings.close()

    asyncio.run(together())


def test_an_error_that_nobody_foresaw_reaches_everybody_who_waits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen")

    async def together() -> list[object]:
        gathering = Gathering(Holdings(settings), at=clock.now)
        task = asyncio.ensure_future(gathering.keep([]))
        await asyncio.sleep(0)
        commits = gathering._commits
        assert commits is not None
        return await asyncio.gather(task, commits, return_exceptions=True)

    monkeypatch.setattr(inbox, "sealed", broken)
    told, ended = asyncio.run(together())
    assert isinstance(told, Outage)
    assert isinstance(ended, RuntimeError)


# -- quiet and light -------------------------------------------------------------------------------
def test_no_line_of_the_log_tells_who_wrote_what(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        office.post(body_of(HELLO))
        office.post(b"447700900101 not json")
        office.client.post(PATH, content=body_of(HELLO))
    assert "447700900101" not in caplog.text
    assert "wamid" not in caplog.text


def test_the_edge_starts_without_loading_what_others_need() -> None:
    look = "import sys, edge_api.app; print([m for m in ('pywa', 'pelican', 'boto3') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=PROGRAM, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_thread_is_started_for_a_request(office: Office) -> None:
    office.post(body_of(HELLO))
    before = threading.active_count()
    for number in range(20):
        office.post(body_of(HELLO | {"id": f"wamid.{number}"}))
    assert threading.active_count() <= before
