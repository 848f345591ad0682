"""The API of the guest's page: who may ask, what is answered, and that everybody else learns nothing."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api.app import create_app
from edge_api.auth import GUESSING, PageGuard
from edge_api.callers import Guest
from guestlink import clock, links, records, stays
from guestlink.records import Stay
from guestlink.settings import Settings, load_settings, save_setting
from tests.desk import offer_services
from tests.edge_api.conftest import answers
from tests.house import AT, BY, TODAY, add_stay, command, make_home, opened
from tests.services import free_port, running

DAY = timedelta(days=1)
ID = "01a203df-e148-7c92-8119-6773653d612b"
ROUTES = [
    ("POST", "/api/requests"),
    ("GET", "/api/requests"),
    ("POST", f"/api/requests/{ID}/cancellation"),
    ("PUT", f"/api/requests/{ID}/rating"),
    ("PUT", "/api/arrival"),
    ("GET", "/api/arrival"),
    ("PUT", "/api/rating"),
    ("GET", "/api/rating"),
    ("POST", "/api/openings"),
]
TOWELS = {"service": "towels", "fields": {"sets": "2"}}


class Guests(NamedTuple):
    """A house whose API is asked: Ana is there, Tomas comes tomorrow, Yuki left yesterday."""

    settings: Settings
    client: TestClient[Litestar]
    stays: dict[str, Stay]
    clock: list[datetime]

    def token(self, name: str, *, ends: datetime | None = None) -> str:
        database, ring = opened(self.settings)
        with database.read() as db:
            stay = records.find_stay(db, self.stays[name].id)
            link = records.stay_links(db, stay)[-1]
        database.close()
        return links.page_token(ring, link, ends or links.policy_end(stay.until_on))

    def ask(self, method: str, path: str, *, token: str = "", **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        key = {"Idempotency-Key": "a-key-of-ana"} if path == "/api/requests" else {}
        return self.client.request(
            method, path, **{**told, "headers": headers | key | told.get("headers", {})}
        )

    def write(self, verb: Callable[..., object], name: str, **told: Any) -> None:
        """Changes a stay as the host does."""
        database, ring = opened(self.settings)
        with database.write() as tx:
            house = records.find_property(tx, "planted")
            stay = records.find_stay(tx, self.stays[name].id)
            subject = records.stay_links(tx, stay)[-1] if verb is stays.renew_link else stay
            verb(tx, ring, house, subject, at=AT, by=BY, **told)
        database.close()


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Stay]]:
    """A house with its guests, made once and copied for each test."""
    home = tmp_path_factory.mktemp("furnished")
    settings = make_home(home)
    dates = {"ana": (-2, 2, "room-1"), "tomas": (1, 3, "room-2"), "yuki": (-4, -1, "room-2")}
    stays_there = {
        name: add_stay(settings, name, unit=unit, arrives=TODAY + first * DAY, leaves=TODAY + last * DAY)
        for name, (first, last, unit) in dates.items()
    }
    database, _ = opened(settings)
    with database.write() as tx:
        offer_services(tx, records.find_property(tx, "planted"))
    database.close()
    return home, stays_there


@pytest.fixture
def guests(furnished: tuple[Path, dict[str, Stay]], tmp_path: Path) -> Iterator[Guests]:
    with asked(furnished, tmp_path) as guests:
        yield guests


@pytest.fixture(scope="module")
def same_guests(
    furnished: tuple[Path, dict[str, Stay]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guests]:
    with asked(furnished, tmp_path_factory.mktemp("still")) as guests:
        yield guests


@pytest.fixture
def still(same_guests: Guests) -> Guests:
    """For tests that change nothing; each comes two minutes after the one before, and may ask at once."""
    same_guests.clock[0] += timedelta(minutes=2)
    return same_guests


@contextmanager
def asked(furnished: tuple[Path, dict[str, Stay]], folder: Path) -> Iterator[Guests]:
    home, stays_there = furnished
    shutil.copytree(home, folder, dirs_exist_ok=True)
    settings = load_settings(folder, {})
    clock = [AT]
    with TestClient(create_app(settings, at=lambda: clock[0])) as client:
        yield Guests(settings, client, stays_there, clock)


def is_refused(answer: httpx.Response) -> bool:
    """The one answer to everybody who may not ask."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["detail"] == "Open your link again."
    return answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"


# -- who may ask -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_else_is_told_anything(still: Guests, method: str, path: str) -> None:
    token = still.token("ana")
    body = {"json": {"version": 1}} if method != "GET" else {}
    assert is_refused(still.ask(method, path, **body))
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    for bad in ("x", token[:-2], token + "A", forged, "é".encode().hex(), "A" * 59):
        assert is_refused(still.ask(method, path, token=bad, **body)), bad
    assert is_refused(still.ask(method, path, headers={"Authorization": f"Basic {token}"}, **body))
    assert is_refused(still.ask(method, path, token=still.token("ana", ends=AT), **body))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_link_that_was_replaced_and_a_stay_that_is_cancelled_ask_nothing(
    guests: Guests, method: str, path: str
) -> None:
    old = guests.token("ana")
    guests.write(stays.renew_link, "ana")
    assert is_refused(guests.ask(method, path, token=old, json={}))
    fresh = guests.token("ana")
    guests.write(stays.change_stay, "ana", status="cancelled")
    assert is_refused(guests.ask(method, path, token=fresh, json={}))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_page_of_another_site_asks_nothing_even_with_the_token(
    still: Guests, method: str, path: str
) -> None:
    token, origin = still.token("ana"), still.settings.public_url
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": origin},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": origin + ".evil.example"},
    ):
        assert is_refused(still.ask(method, path, token=token, headers=headers, json={})), headers
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": origin}):
        assert still.ask(method, path, token=token, headers=headers, json={}).status_code != 401


def test_the_token_of_another_stay_sees_and_changes_nothing_of_this_one(guests: Guests) -> None:
    request = guests.ask("POST", "/api/requests", token=guests.token("ana"), json=TOWELS).json()
    tomas = guests.token("tomas")
    assert guests.ask("GET", "/api/requests", token=tomas).json() == {"requests": []}
    path = f"/api/requests/{request['id']}/cancellation"
    answer = guests.ask("POST", path, token=tomas, json={"version": request["version"]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "id")
    assert guests.ask("GET", "/api/requests", token=guests.token("ana")).json()["requests"] == [request]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_link_that_is_replaced_while_it_asks_is_refused_alike(
    guests: Guests, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    let_in = PageGuard.guest

    def let_in_and_replaced(*told: Any, **named: Any) -> Guest:
        guest = let_in(*told, **named)
        guests.write(stays.renew_link, "ana")
        return guest

    monkeypatch.setattr(PageGuard, "guest", let_in_and_replaced)
    body = {"version": 1, "note": "more", "stars": 4}
    assert is_refused(guests.ask(method, path, token=guests.token("ana"), json=body))


def test_who_guesses_tokens_is_held_up_and_guests_at_the_same_address_are_not(guests: Guests) -> None:
    answers = [guests.ask("GET", "/api/requests", token="A" * 59) for _ in range(GUESSING.burst + 1)]
    assert [answer.status_code for answer in answers] == [401] * GUESSING.burst + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert guests.ask("GET", "/api/requests", token=guests.token("ana")).status_code == 200


def test_a_page_that_asks_without_end_is_told_to_wait(guests: Guests) -> None:
    token = guests.token("ana")
    statuses = [guests.ask("GET", "/api/rating", token=token).status_code for _ in range(70)]
    assert 429 in statuses
    guests.clock[0] += timedelta(minutes=1)
    assert guests.ask("GET", "/api/rating", token=token).status_code == 200


# -- what is answered ------------------------------------------------------------------------------
def test_a_request_is_made_once_listed_and_taken_back(guests: Guests) -> None:
    token = guests.token("ana")
    first = guests.ask("POST", "/api/requests", token=token, json=TOWELS)
    again = guests.ask("POST", "/api/requests", token=token, json=TOWELS)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    request = first.json()
    assert request["state"] == "accepted"
    assert request["said"] == [["How many", "2"]]
    assert set(request) >= {
        *("id", "service", "title", "state", "version", "asked_at", "changed_at", "fields", "note", "secret"),
        *("reason", "price", "currency", "urgent", "can_cancel"),
    }
    other = guests.ask("POST", "/api/requests", token=token, json={"note": "else"})
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")
    path = f"/api/requests/{request['id']}/cancellation"
    stale = guests.ask("POST", path, token=token, json={"version": 1})
    assert (stale.status_code, stale.json()["request"]) == (409, request)
    gone = guests.ask("POST", path, token=token, json={"version": request["version"]})
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert guests.ask("GET", "/api/requests", token=token).json() == {"requests": [gone.json()]}


def test_wrong_fields_are_told_by_name(guests: Guests) -> None:
    token = guests.token("ana")
    wrong = guests.ask(
        "POST", "/api/requests", token=token, json={"service": "towels", "fields": {"sets": "9"}}
    )
    assert wrong.status_code == 422
    assert wrong.json()["errors"] == [{"field": "sets", "message": "Please give a number from 1 to 6."}]
    assert guests.ask("POST", "/api/requests", token=token, json={}).json()["errors"][0]["field"] == "note"


def test_an_arrival_is_told_read_and_told_again(guests: Guests) -> None:
    token = guests.token("tomas")
    before = guests.ask("GET", "/api/arrival", token=token).json()
    assert (before["adults"], before["told_at"]) == (1, None)
    told = {"time": "18:30", "adults": "2", "children": "", "note": "by train", "word": "lighthouse"}
    answer = guests.ask("PUT", "/api/arrival", token=token, json=told)
    assert (answer.status_code, answer.json()["adults"], answer.json()["children"]) == (200, 2, 0)
    assert guests.ask("GET", "/api/arrival", token=token).json() == answer.json()
    wrong = guests.ask("PUT", "/api/arrival", token=token, json={"time": "soon", "adults": "many"})
    assert [each["field"] for each in wrong.json()["errors"]] == ["adults", "time"]
    assert guests.ask("PUT", "/api/arrival", token=guests.token("ana"), json=told).status_code == 409


def test_a_stay_is_rated_after_it(guests: Guests) -> None:
    token = guests.token("yuki")
    assert guests.ask("GET", "/api/rating", token=token).json()["stars"] == 0
    answer = guests.ask("PUT", "/api/rating", token=token, json={"stars": "4", "words": "The gulls!"})
    assert (answer.status_code, answer.json()["stars"]) == (200, 4)
    for stars in (0, 6, "five", True):
        assert guests.ask("PUT", "/api/rating", token=token, json={"stars": stars}).status_code in {400, 422}
    assert guests.ask("GET", "/api/rating", token=token).json()["words"] == "The gulls!"
    assert guests.ask("PUT", "/api/rating", token=guests.token("ana"), json={"stars": 5}).status_code == 409


def test_an_opening_is_answered_with_nothing(guests: Guests) -> None:
    token = guests.token("ana")
    for _ in range(2):
        answer = guests.ask("POST", "/api/openings", token=token, json={"codes": True})
        assert (answer.status_code, answer.content) == (204, b"")
    database, _ = opened(guests.settings)
    with database.read() as db:
        (link,) = records.stay_links(db, guests.stays["ana"])
    database.close()
    assert (link.opened_on, link.codes_seen_on) == (TODAY, TODAY)


# -- what no page sends ----------------------------------------------------------------------------
@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] != "GET"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000 + b"]" * 10_000,
        b'{"fields":' * 10_000 + b"1" + b"}" * 10_000,
        b"no json",
        b"[]",
        b'"text"',
        b'{"note": 1, "stars": {}, "time": [], "codes": "yes", "version": "x"}',
        b'{"note": "\xff", "time": "\xff", "words": "\xff", "codes": "\xff", "version": "\xff"}',
        b'{"note": "\\ud800", "time": "\\ud800", "words": "\\ud800", "codes": "\\ud800", "version": ""}',
    ],
    ids=[
        "nested lists",
        "nested objects",
        "no json",
        "a list",
        "a text",
        "other types",
        "bytes",
        "half a character",
    ],
)
def test_a_body_that_is_none_is_the_callers_mistake(
    still: Guests, method: str, path: str, body: bytes
) -> None:
    answer = still.ask(method, path, token=still.token("ana"), content=body)
    assert answer.status_code in {400, 413}
    assert answer.headers["content-type"] == "application/problem+json"


def test_nesting_is_refused_as_such_and_size_as_such(guests: Guests) -> None:
    token = guests.token("ana")
    nested = b"[" * 10_000 + b"]" * 10_000
    for body in (nested, b'{"unknown":' + nested + b"}", b'{"note":' + nested + b"}", b"[" * 30_000):
        assert guests.ask("POST", "/api/requests", token=token, content=body).status_code == 400
    large = guests.ask("POST", "/api/requests", token=token, json={"note": "x" * 40_000})
    assert large.status_code == 413


@pytest.mark.parametrize("name", ["%00", "..", "%2e%2e%2f", "' or 1=1 --", "x" * 300, ID.upper()])
def test_a_request_of_no_such_name_is_none_of_theirs(still: Guests, name: str) -> None:
    path = f"/api/requests/{name}/cancellation"
    answer = still.ask("POST", path, token=still.token("ana"), json={"version": 1})
    assert answer.status_code in {404, 422}  # 404: not this route at all
    assert answer.status_code == 422 or ".." in name or "%2f" in name


# -- a database that is down -----------------------------------------------------------------------
def test_the_site_is_served_when_the_database_is_not_there(tmp_path: Path) -> None:
    settings = make_home(tmp_path)
    (tmp_path / "data" / "site").mkdir(exist_ok=True)
    (tmp_path / "data" / "site" / "index.html").write_text("<title>Planted House</title>")
    down = save_setting(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    gone = save_setting(settings, database_url="sqlite:///data/elsewhere.db")
    for broken in (down, gone):
        with TestClient(create_app(broken, at=lambda: AT)) as client:
            assert client.get("/").status_code == 200
            client.headers["Authorization"] = f"Bearer {_a_token(settings)}"
            answer = client.get("/api/requests")
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            client.headers["Authorization"] = f"Bearer {'A' * 59}"
            assert client.get("/api/requests").status_code == 401
    assert not (tmp_path / "data" / "elsewhere.db").exists()


def _a_token(settings: Settings) -> str:
    """A token that we made, of a link that no database knows."""
    _, ring = opened(settings)

    class Known:
        id = ID
        generation = 1

    return links.page_token(ring, Known(), AT + DAY)


# -- the real thing --------------------------------------------------------------------------------
def test_publish_py_serve_answers_guests(tmp_path: Path) -> None:
    port, today = free_port(), clock.now().date()
    settings = save_setting(make_home(tmp_path), public_url=f"http://localhost:{port}")
    stay = add_stay(settings, "ana", unit="room-1", arrives=today - DAY, leaves=today + 2 * DAY)
    database, ring = opened(settings)
    with database.write() as tx:
        offer_services(tx, records.find_property(tx, "planted"))
        (link,) = records.stay_links(tx, stay)
    database.close()
    token = links.page_token(ring, link, links.policy_end(stay.until_on))
    serve = ["env", f"GUESTLINK_HOME={tmp_path}", *command(tmp_path), "serve", "--port", str(port)]
    headers = {"Authorization": f"Bearer {token}", "Origin": settings.public_url}
    with (
        running(list(serve), tmp_path, answers=lambda: answers(port)),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
    ):
        key = {"Idempotency-Key": "a-key-of-ana"}
        told = [client.post("/api/requests", json={"service": "taxi", "fields": {"to": "x"}}, headers=key)]
        told += [client.post("/api/requests", json={"service": "taxi", "fields": {"to": "x"}}, headers=key)]
        assert [answer.status_code for answer in told] == [201, 200]
        assert client.get("/api/requests").json() == {"requests": [told[0].json()]}
        assert client.post("/api/openings", json={"codes": False}).status_code == 204
        assert client.post("/api/requests", content=b"[" * 10_000).status_code == 400
        last = {"Connection": "close"}  # what follows a body that nobody read is read by nobody
        assert client.post("/api/requests", content=b"x" * 100_000, headers=last).status_code == 413
        assert client.get("/api/requests", headers={"Authorization": "Bearer x"}).status_code == 401
        log = (tmp_path / "log").read_text()
    assert token not in log
    assert link.id not in log
