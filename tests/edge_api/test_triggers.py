"""Rebuilds asked for over HTTP: by a token, by a signature, by a push of GitHub; and who learns nothing."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import rebuild_wishes, tokens, triggers
from edge_api.app import create_app
from edge_api.rebuild_wishes import NewRebuild
from edge_api.tokens import Role
from edge_api.triggers import GUESSING, LONGEST_BODY, LONGEST_READ, REPLAYING
from guestlink import clock, houses, rebuilds, records
from guestlink.errors import NotFound
from guestlink.houses import HouseDraft
from guestlink.rebuilds import Rebuild
from guestlink.settings import Settings, save_setting
from tests.databases import Inn
from tests.house import AT, BY, make_home, opened, three_stays

SECRET = "a secret of the tests"
NOBODY = "01a203df-e148-7c92-8119-6773653d612b"
PATH = "/api/rebuilds"
PUSH = {"ref": "refs/heads/main", "deleted": False, "commits": [{"modified": ["planted/property.md"]}]}


class Calls(NamedTuple):
    """Somebody who calls the API of two houses."""

    settings: Settings
    client: TestClient[Litestar]
    clock: list[datetime]

    def token(self, role: Role = "trigger", *, house: str = "planted") -> str:
        database, _ = opened(self.settings)
        with database.write() as tx:
            found = records.find_property(tx, house) if house else None
            name = f"{role} of {house or 'all'} {clock.new_id()}"
            text = tokens.make_token(tx, name=name, role=role, house=found, at=AT, by=BY)
        database.close()
        return text

    def ask(self, body: object = None, *, token: str = "", **headers: str) -> httpx.Response:
        sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            told["Authorization"] = f"Bearer {token}"
        return self.client.post(PATH, content=sent, headers=told)

    def sign(self, body: object, *, secret: str = SECRET, **headers: str) -> httpx.Response:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(sent, X_Hub_Signature_256=signature(sent, secret), **headers)

    def push(self, body: object = PUSH, *, event: str = "push", **headers: str) -> httpx.Response:
        return self.sign(body, X_GitHub_Event=event, **headers)

    def look(self, watch: str, *, token: str = "") -> httpx.Response:
        told = {"Authorization": f"Bearer {token}"} if token else {triggers.SIGNATURE: signature(watch)}
        return self.client.get(watch, headers=told)

    def queue(self) -> list[Rebuild]:
        database, _ = opened(self.settings)
        with database.read() as db:
            found = rebuilds.waiting(db)
        database.close()
        return [rebuild for rebuild in found if not rebuild.stay_id]


def signature(body: bytes | str, secret: str = SECRET) -> str:
    raw = body.encode() if isinstance(body, str) else body
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def second_house(settings: Settings) -> None:
    database, _ = opened(settings)
    draft = HouseDraft(slug="quay", zone="Europe/London", currency="GBP", default_language="en")
    with database.write() as tx:
        houses.add_property(tx, draft, at=AT, by=BY)
        for house in records.properties(tx):
            tx.do("drop_covered_rebuilds", property_id=house.id, at="9999")
    database.close()


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    with made(tmp_path) as calls:
        yield calls


@pytest.fixture(scope="module")
def same_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    with made(tmp_path_factory.mktemp("still")) as calls:
        yield calls


@pytest.fixture
def still(same_calls: Calls) -> Calls:
    """For tests after which nothing is asked for; each comes an hour after the one before, and may guess."""
    same_calls.clock[0] += timedelta(hours=1)
    return same_calls


@contextmanager
def made(folder: Path) -> Iterator[Calls]:
    settings = save_setting(make_home(folder), rebuild_secret=SECRET)
    three_stays(settings)
    second_house(settings)
    now = [AT]
    with TestClient(create_app(settings, at=lambda: now[0])) as client:
        yield Calls(settings, client, now)


def is_problem(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    told = answer.headers["Content-Type"] == "application/problem+json" and body["status"] == status
    return answer.status_code == status and told


# -- asked for ---------------------------------------------------------------------------------------
def test_who_asks_gets_an_id_to_watch(calls: Calls) -> None:
    token = calls.token()
    answer = calls.ask({"source": "files", "why": "texts of spring"}, token=token)
    assert answer.status_code == 202
    asked = answer.json()
    (waiting,) = calls.queue()
    assert (waiting.id, waiting.source, waiting.why) == (asked["id"], "files", "texts of spring")
    watched = calls.look(asked["watch"], token=token)
    assert watched.headers["Cache-Control"] == "no-store"
    assert watched.json() == {
        "id": asked["id"],
        "property": "planted",
        "stay": None,
        "source": "files",
        "state": "waiting",
        "why": "texts of spring",
        "outcome": "",
        "attempts": 0,
        "asked_at": "2026-05-04T16:00:00.000Z",
        "due_at": None,
        "finished_at": None,
        "watch": asked["watch"],
    }


def test_asking_again_while_it_waits_is_the_same_rebuild(calls: Calls) -> None:
    token = calls.token()
    ids = {calls.ask({"why": why}, token=token).json()["id"] for why in ("one", "two", "three")}
    assert len(ids) == 1
    assert [rebuild.why for rebuild in calls.queue()] == ["one"]


def test_without_a_property_every_house_in_reach_is_asked_for(calls: Calls) -> None:
    answer = calls.ask({}, token=calls.token(house="")).json()
    assert [asked["property"] for asked in answer["rebuilds"]] == ["planted", "quay"]
    assert "id" not in answer
    assert {rebuild.id for rebuild in calls.queue()} == {asked["id"] for asked in answer["rebuilds"]}
    assert calls.ask({"property": "quay"}, token=calls.token("host", house="")).json()["rebuilds"] == [
        answer["rebuilds"][1]
    ]


def test_one_stay_is_asked_for_by_its_reference(calls: Calls) -> None:
    answer = calls.ask({"stay": "ANA"}, token=calls.token())
    assert answer.status_code == 202
    database, _ = opened(calls.settings)
    with database.read() as db:
        ana = records.find_stay(db, "ANA")
        assert rebuilds.find(db, answer.json()["id"]).stay_id == ana.id
    database.close()


def test_one_stay_is_never_published_from_files(calls: Calls) -> None:
    answer = calls.ask({"stay": "ANA", "source": "git"}, token=calls.token())
    assert is_problem(answer, 422)
    assert answer.json()["errors"][0]["field"] == "source"


def test_a_reason_is_one_short_line(calls: Calls) -> None:
    calls.ask({"why": "spring\n\u202etexts " + "x" * 900}, token=calls.token())
    (waiting,) = calls.queue()
    assert waiting.why.startswith("spring texts xxx")
    assert len(waiting.why) == rebuild_wishes.LONGEST_WHY


# -- who may -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", tokens.ROLES)
def test_every_role_may_ask_and_watch(calls: Calls, role: Role) -> None:
    token = calls.token(role)
    watch = calls.ask({}, token=token).json()["watch"]
    assert calls.look(watch, token=token).status_code == 200


def test_a_token_of_one_house_knows_no_other(calls: Calls) -> None:
    ours, theirs = calls.token(house="planted"), calls.token(house="quay")
    watch = calls.ask({}, token=ours).json()["watch"]
    for answer in (
        calls.ask({"property": "planted"}, token=theirs),
        calls.ask({"stay": "ANA"}, token=theirs),
        calls.look(watch, token=theirs),
    ):
        assert is_problem(answer, 404)
    unknown = calls.ask({"property": "no-such-house"}, token=theirs)
    assert unknown.json() == calls.ask({"property": "planted"}, token=theirs).json()
    assert calls.look(f"{PATH}/{NOBODY}", token=theirs).json() == calls.look(watch, token=theirs).json()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer gl_" + "A" * 43},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {triggers.SIGNATURE: ""},
        {triggers.SIGNATURE: "sha256="},
        {triggers.SIGNATURE: signature(b"another body")},
        {triggers.SIGNATURE: signature(b"{}", "another secret")},
        {triggers.SIGNATURE: "sha1=" + hashlib.sha1(b"{}").hexdigest()},  # noqa: S324 - GitHub's old header
        {triggers.SIGNATURE: signature(b"{}").upper()},
    ],
)
def test_nobody_else_may(still: Calls, headers: dict[str, str]) -> None:
    for answer in (
        still.client.post(PATH, content=b"{}", headers=headers),
        still.client.get(f"{PATH}/{NOBODY}", headers=headers),
    ):
        assert is_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert still.queue() == []


def test_a_signature_in_no_alphabet_is_refused_like_any_other(still: Calls) -> None:
    answer = still.client.post(
        PATH, content=b"{}", headers={triggers.SIGNATURE: "sha256=é".encode("latin-1")}
    )
    assert is_problem(answer, 401)


def test_without_a_secret_no_signature_counts(tmp_path: Path) -> None:
    settings = make_home(tmp_path)
    with TestClient(create_app(settings, at=lambda: AT)) as client:
        body = b'{"source": "git"}'
        answer = client.post(PATH, content=body, headers={triggers.SIGNATURE: signature(body, "")})
    assert is_problem(answer, 401)


def test_a_signature_of_one_path_opens_no_other(calls: Calls) -> None:
    watch = calls.sign({"property": "planted"}).json()["watch"]
    assert calls.look(watch).json()["property"] == "planted"
    stolen = {triggers.SIGNATURE: signature(watch)}
    assert calls.client.get(f"{PATH}/{NOBODY}", headers=stolen).status_code == 401


# -- pushes ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", [False, True])
def test_a_push_asks_for_a_pull_of_every_house(calls: Calls, *, form: bool) -> None:
    body: object = urlencode({"payload": json.dumps(PUSH)}).encode() if form else PUSH
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    answer = calls.push(body, Content_Type=kind)
    assert answer.status_code == 202
    assert [(waiting.slug, waiting.source, waiting.why) for waiting in calls.queue()] == [
        ("planted", "git", "pushed to main"),
        ("quay", "git", "pushed to main"),
    ]


def test_a_push_makes_a_waiting_rebuild_stronger_and_nothing_weakens_it(calls: Calls) -> None:
    token = calls.token()
    first = calls.ask({"why": "by hand"}, token=token).json()["id"]
    calls.push()
    assert calls.ask({"source": "files", "why": "later"}, token=token).json()["id"] == first
    waiting = next(rebuild for rebuild in calls.queue() if rebuild.slug == "planted")
    assert (waiting.id, waiting.source, waiting.why) == (first, "git", "pushed to main")


def test_a_ping_is_answered(calls: Calls) -> None:
    answer = calls.push({"zen": "Keep it logically awesome."}, event="ping")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"action": "opened"}, "pull_request"),
        ({"ref": "refs/tags/v1"}, "push"),
        ({"ref": "refs/heads/old", "deleted": True}, "push"),
    ],
)
def test_what_changes_no_branch_is_ignored_in_words(still: Calls, body: object, event: str) -> None:
    answer = still.push(body, event=event)
    assert answer.status_code == 202
    assert "Only pushes" in answer.json()["ignored"]
    assert still.queue() == []


def test_a_push_too_long_to_read_still_counts(calls: Calls) -> None:
    answer = calls.push({**PUSH, "commits": ["x" * LONGEST_READ]})
    assert answer.status_code == 202
    assert {(waiting.source, waiting.why) for waiting in calls.queue()} == {("git", "pushed")}


# -- hostile -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 30_000,
        b'{"why": ' + b'{"a":' * 5_000,
        b'{"source": "elsewhere"}',
        b'{"property": 7}',
        b'{"properties": "planted"}',
        b'{"why": "\\ud800"}',
        b'{"stay": "\\u0000"}',
        b'{"property": "\\u0000"}',
    ],
)
def test_a_body_that_is_none_is_refused_in_words(still: Calls, body: bytes) -> None:
    answer = still.ask(body, token=still.token())
    assert answer.status_code in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert still.queue() == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b'{"ref": 7}', "application/json"),
        (b'{"commits": ' + b"[" * 50_000, "application/json"),
        (b"payload", "application/x-www-form-urlencoded"),
        (b"payload=%ff", "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 2000), "application/x-www-form-urlencoded"),
    ],
)
def test_a_push_that_is_none_is_refused_in_words(still: Calls, body: bytes, kind: str) -> None:
    assert is_problem(still.push(body, Content_Type=kind), 400)


@pytest.mark.parametrize("name", ["x", "..%2f..", "%00", "%0d%0a", "a" * 5000, NOBODY.upper(), NOBODY])
def test_a_rebuild_that_is_none_is_not_found(still: Calls, name: str) -> None:
    answer = still.client.get(f"{PATH}/{name}", headers={"Authorization": f"Bearer {still.token()}"})
    assert answer.status_code == 404


def test_a_body_without_end_is_refused_before_it_is_read(calls: Calls) -> None:
    read = []

    def endless() -> Iterator[bytes]:
        while len(read) < 4096:
            read.append(1)
            yield b" " * 8192

    told = {"Authorization": f"Bearer {calls.token()}"}
    assert is_problem(calls.client.post(PATH, content=endless(), headers=told), 413)
    assert is_problem(calls.ask(b" " * (LONGEST_BODY + 1), token=calls.token("host")), 413)


def test_a_replayed_body_is_slowed_down_and_others_are_not(calls: Calls) -> None:
    replayed = [calls.push().status_code for _ in range(REPLAYING.burst + 2)]
    assert replayed == [202] * REPLAYING.burst + [429] * 2
    assert "Retry-After" in calls.push().headers
    assert calls.push({**PUSH, "after": "another"}).status_code == 202
    assert len(calls.queue()) == 2
    calls.clock[0] += timedelta(minutes=2)
    assert calls.push().status_code == 202


def test_who_guesses_signatures_is_slowed_down_and_who_knows_is_not(calls: Calls) -> None:
    guessed = [calls.sign({}, secret=f"guess {number}").status_code for number in range(GUESSING.burst + 3)]
    assert guessed == [401] * GUESSING.burst + [429] * 3
    assert calls.sign({}).status_code == 202


# -- on both engines ---------------------------------------------------------------------------------
def test_reach_is_what_the_records_say(inn: Inn) -> None:
    with inn.database.write() as tx:
        text = tokens.make_token(tx, name="ci", role="trigger", house=inn.house, at=AT, by=BY)
    with inn.database.read() as db:
        token = tokens.find(db, text, at=AT)
    assert token is not None
    with inn.database.write() as tx:
        asked = rebuild_wishes.ask_for(tx, NewRebuild(), caller=token.id, at=AT)
        assert rebuild_wishes.looked(tx, asked.id, caller=token.id).state == "waiting"
        assert rebuild_wishes.looked(tx, asked.id, caller=rebuild_wishes.EVERYBODY).state == "waiting"
        with pytest.raises(NotFound):
            rebuild_wishes.looked(tx, asked.id, caller=NOBODY)


def test_a_watcher_sees_work_failure_and_end(inn: Inn) -> None:
    def state() -> tuple[str, str, bool]:
        with inn.database.read() as db:
            seen = rebuild_wishes.looked(db, asked, caller="")
        return seen.state, seen.outcome, seen.finished_at is not None

    with inn.database.write() as tx:
        asked = rebuild_wishes.ask_for(tx, NewRebuild(source="git"), caller="", at=AT).id
    (mine,) = rebuilds.claim_due(inn.database, at=AT)
    assert state() == ("working", "", False)
    with inn.database.write() as tx:
        rebuilds.fail(tx, mine, outcome="it has diverged", at=AT)
    assert state() == ("failing", "it has diverged", False)
    with inn.database.write() as tx:
        rebuilds.finish(tx, mine, outcome="3 put, 0 deleted", at=AT)
    assert state() == ("done", "3 put, 0 deleted", True)


def test_a_watcher_of_what_joined_another_is_led_on(inn: Inn) -> None:
    with inn.database.write() as tx:
        ids = [rebuilds.ask(tx, inn.house, why="pushed", at=AT, stay_id=name) for name in ("", "ana")]
    whole, part = sorted(rebuilds.claim_due(inn.database, at=AT), key=lambda rebuild: rebuild.stay_id)
    with inn.database.write() as tx:
        rebuilds.join(tx, part, whole, at=AT)
    with inn.database.read() as db:
        seen = rebuild_wishes.looked(db, ids[1], caller="")
    assert (seen.state, seen.watch) == ("joined", f"{PATH}/{ids[0]}")
