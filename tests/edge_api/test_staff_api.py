"""The API of the house over HTTP: who is let in, what a verb answers, who was faster, what is never told."""

import logging
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import auth, tokens
from edge_api.app import create_app
from edge_api.tokens import Role
from guestlink import clock, houses, links, records
from guestlink.records import Stay
from guestlink.settings import Settings, load_settings
from tests.desk import offer_services
from tests.house import AT, BY, EMAIL, NAME, PHONE, TODAY, add_stay, make_home, opened

DAY = timedelta(days=1)
KEY = {"Idempotency-Key": "a-key-of-the-desk"}


class Desk(NamedTuple):
    """Programs of a house where Ana stays and Tomas comes tomorrow."""

    settings: Settings
    client: TestClient[Litestar]
    stays: dict[str, Stay]
    clock: list[datetime]

    def token(self, role: Role = "host", *, user: str = "", ends: datetime | None = None) -> str:
        database, _ = opened(self.settings)
        with database.write() as tx:
            house = records.find_property(tx, "planted")
            told: dict[str, Any] = {"name": clock.new_id(), "role": role, "house": house}
            text = tokens.make_token(tx, **told, user_id=user, expires_at=ends, at=AT, by=BY)
        database.close()
        return text

    def ask(self, method: str, path: str, *, token: str = "", **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.request(
            method, f"/api/house/{path}", **{**told, "headers": headers | told.get("headers", {})}
        )

    def wish(
        self, token: str, *, stay: str = "ana", key: str = "a-key-of-the-desk", **wish: Any
    ) -> httpx.Response:
        body = {"stay_id": self.stays[stay].id, **(wish or {"note": "soap"})}
        return self.ask("POST", "requests", token=token, json=body, headers={"Idempotency-Key": key})

    def page_token(self, name: str) -> str:
        database, ring = opened(self.settings)
        with database.read() as db:
            (link,) = records.stay_links(db, records.find_stay(db, self.stays[name].id))
        database.close()
        return links.page_token(ring, link, links.policy_end(self.stays[name].until_on))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Stay]]:
    home = tmp_path_factory.mktemp("staff")
    settings = make_home(home)
    dates = {"ana": (-2, 2, "room-1"), "tomas": (1, 3, "room-2")}
    there = {
        name: add_stay(settings, name, unit=unit, arrives=TODAY + first * DAY, leaves=TODAY + last * DAY)
        for name, (first, last, unit) in dates.items()
    }
    database, _ = opened(settings)
    with database.write() as tx:
        offer_services(tx, records.find_property(tx, "planted"))
    database.close()
    return home, there


@pytest.fixture
def desk(furnished: tuple[Path, dict[str, Stay]], tmp_path: Path) -> Iterator[Desk]:
    home, there = furnished
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    settings, now = load_settings(tmp_path, {}), [AT]
    with TestClient(create_app(settings, at=lambda: now[0])) as client:
        yield Desk(settings, client, there, now)


# -- who is let in ---------------------------------------------------------------------------------
def test_without_a_token_that_counts_nobody_is_told_anything(desk: Desk) -> None:
    text = desk.token()
    for token in (
        "",
        "x",
        text[:-1],
        text + "A",
        text.swapcase(),
        desk.page_token("ana"),
        desk.token(ends=AT + DAY),
    ):
        desk.clock[0] = AT + 2 * DAY
        answer = desk.ask("GET", "requests", token=token)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), token
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
    assert desk.ask("GET", "requests", token=text).status_code == 200
    assert desk.ask("GET", "requests", headers={"Authorization": f"Basic {text}"}).status_code == 401


def test_who_may_not_is_told_before_the_body_is_read(desk: Desk) -> None:
    body = {"content": b"{", "headers": {"Content-Type": "text/plain"}}
    assert desk.ask("POST", "stays", **body).status_code == 401
    assert desk.ask("POST", "stays", token=desk.token("staff"), **body).status_code == 403
    assert desk.ask("POST", "stays", token=desk.token("manager"), **body).status_code == 415


def test_a_revoked_token_is_refused_at_the_next_call(desk: Desk) -> None:
    text = desk.token()
    assert desk.ask("GET", "properties", token=text).status_code == 200
    database, _ = opened(desk.settings)
    with database.write() as tx:
        tokens.revoke(tx, tokens.all_tokens(tx)[-1].id, at=AT, by=BY)
    database.close()
    assert desk.ask("GET", "properties", token=text).status_code == 401


def test_the_day_of_use_is_written_once_a_day(desk: Desk) -> None:
    text = desk.token()
    database, _ = opened(desk.settings)
    for day in (0, 0, 1):
        desk.clock[0] = AT + day * DAY
        assert desk.ask("GET", "properties", token=text).status_code == 200
        with database.read() as db:
            assert tokens.all_tokens(db)[-1].used_on == (AT + day * DAY).date()
    database.close()


def test_who_guesses_is_held_up_and_who_has_a_token_at_the_same_address_is_not(desk: Desk) -> None:
    statuses = [desk.ask("GET", "stays", token="gl_" + "A" * 43) for _ in range(auth.GUESSING.burst + 1)]
    assert [answer.status_code for answer in statuses] == [401] * auth.GUESSING.burst + [429]
    assert int(statuses[-1].headers["retry-after"]) > 0
    assert desk.ask("GET", "stays", token=desk.token()).status_code == 200


def test_a_token_that_asks_without_end_is_told_when_to_come_again(desk: Desk) -> None:
    busy, calm = desk.token(), desk.token()
    answers = [desk.ask("GET", "properties", token=busy) for _ in range(auth.WORKING.burst + 1)]
    assert [answer.status_code for answer in answers] == [200] * auth.WORKING.burst + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert desk.ask("GET", "properties", token=calm).status_code == 200
    desk.clock[0] += timedelta(seconds=1)
    assert desk.ask("GET", "properties", token=busy).status_code == 200


# -- requests --------------------------------------------------------------------------------------
def test_a_wish_for_a_guest_is_made_once_and_the_guest_sees_it(desk: Desk) -> None:
    token = desk.token("staff")
    first, again = desk.wish(token, note="a cot"), desk.wish(token, note="a cot")
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert desk.wish(token, note="two cots").status_code == 409
    seen = desk.client.get("/api/requests", headers={"Authorization": f"Bearer {desk.page_token('ana')}"})
    assert [request["id"] for request in seen.json()["requests"]] == [first.json()["id"]]
    (listed,) = desk.ask("GET", "requests", token=token).json()["requests"]
    assert listed == first.json() == desk.ask("GET", f"requests/{listed['id']}", token=token).json()


def test_a_form_that_is_wrong_names_its_fields(desk: Desk) -> None:
    answer = desk.wish(desk.token(), service="towels", fields={"sets": "99"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["sets"]


def test_nothing_is_asked_for_a_stay_that_is_cancelled(desk: Desk) -> None:
    token = desk.token()
    path = f"stays/{desk.stays['tomas'].id}"
    assert desk.ask("PATCH", path, token=token, json={"status": "cancelled"}).status_code == 200
    answer = desk.wish(token, stay="tomas")
    assert (answer.status_code, "cancelled" in answer.json()["detail"]) == (409, True)


def test_a_wish_needs_a_key(desk: Desk) -> None:
    assert desk.wish(desk.token(), key="short").status_code == 400


def test_of_two_who_accept_one_wins_and_the_other_is_told_who_was_faster(desk: Desk) -> None:
    database, ring = opened(desk.settings)
    with database.write() as tx:
        marta = houses.first_user(tx, ring, name="Marta", at=AT)
    database.close()
    hers, other = desk.token("staff", user=marta), desk.token("staff")
    request = desk.wish(other).json()
    path = f"requests/{request['id']}/acceptance"
    won = desk.ask("POST", path, token=hers, json={"version": request["version"]})
    lost = desk.ask("POST", path, token=other, json={"version": request["version"]})
    assert (won.status_code, won.json()["state"], lost.status_code) == (200, "accepted", 409)
    told = lost.json()
    assert lost.headers["content-type"] == "application/problem+json"
    assert "Marta" in told["detail"]
    assert (told["faster"]["who"], told["faster"]["what"]) == ("Marta", "accepted")
    assert told["request"] == won.json()


def test_the_same_word_twice_is_once_also_when_the_first_answer_was_lost(desk: Desk) -> None:
    token = desk.token("staff")
    request = desk.wish(token).json()
    path, body = f"requests/{request['id']}/acceptance", {"version": request["version"]}
    first, again = (desk.ask("POST", path, token=token, json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()


def test_a_version_that_is_not_the_newest_is_told_what_it_is_now(desk: Desk) -> None:
    token = desk.token("staff")
    request = desk.wish(token).json()
    path = f"requests/{request['id']}"
    assert desk.ask("POST", f"{path}/notes", token=token, json={"words": "soon"}).status_code == 200
    answer = desk.ask(
        "POST", f"{path}/decline", token=token, json={"reason": "no", "version": request["version"]}
    )
    assert (answer.status_code, answer.json()["request"]["version"]) == (409, request["version"] + 1)
    assert desk.ask("GET", path, token=token).json()["state"] == "requested"


def test_every_verb_moves_a_request_and_its_story_is_kept(desk: Desk) -> None:
    token = desk.token("staff")
    path = f"requests/{desk.wish(token).json()['id']}"
    words = {"words": "He waits in the hall."}
    steps = [
        ("acceptance", {}, "accepted"),
        ("notes", words, "accepted"),
        ("completion", {}, "completed"),
        ("reopening", {}, "requested"),
        ("decline", {"reason": "Sold out."}, "declined"),
        ("reopening", {}, "requested"),
        ("cancellation", {}, "cancelled"),
    ]
    for verb, body, state in steps:
        answer = desk.ask("POST", f"{path}/{verb}", token=token, json=body)
        assert (answer.status_code, answer.json().get("state")) == (200, state), verb
    story = desk.ask("GET", f"{path}/history", token=token).json()["history"]
    told = [each["what"] for each in story]
    wanted = ["asked", "accepted", "noted", "completed", "reopened", "declined", "reopened", "cancelled"]
    assert told == wanted
    assert [each["words"] for each in story if each["words"]] == ["He waits in the hall.", "Sold out."]


def test_only_people_of_the_house_are_given_work(desk: Desk) -> None:
    database, ring = opened(desk.settings)
    with database.write() as tx:
        marta = houses.first_user(tx, ring, name="Marta", at=AT)
    token = desk.token("staff")
    path = f"requests/{desk.wish(token).json()['id']}/assignment"
    assert desk.ask("POST", path, token=token, json={"to": marta}).status_code == 422
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        tx.do("add_membership", user_id=marta, property_id=house.id, role="staff")
    database.close()
    assert desk.ask("POST", path, token=token, json={"to": marta}).json()["assigned_to"] == marta
    assert desk.ask("POST", path, token=token, json={"to": "' or 1=1"}).status_code == 422


def test_a_late_check_out_that_is_accepted_is_on_the_stay(desk: Desk) -> None:
    token = desk.token("staff")
    request = desk.wish(token, service="late-checkout").json()
    assert request["changes"] == "check-out 14:00"
    desk.ask("POST", f"requests/{request['id']}/acceptance", token=token, json={})
    assert desk.ask("GET", f"stays/{desk.stays['ana'].id}", token=token).json()["check_out"] == "14:00"


# -- stays, guests, links --------------------------------------------------------------------------
def test_a_link_is_for_managers_and_opens_the_page_and_who_looked_is_kept(desk: Desk) -> None:
    path = f"stays/{desk.stays['ana'].id}/links"
    assert desk.ask("GET", path, token=desk.token("staff")).status_code == 403
    answer = desk.ask("GET", path, token=desk.token("manager"))
    (link,) = answer.json()["links"]
    assert link["link"].startswith(f"{desk.settings.public_url}/w/")
    assert answer.headers["cache-control"] == "no-store"
    database, _ = opened(desk.settings)
    with database.read() as db:
        kinds = [row["kind"] for row in db.all("events_of_stream", stream=f"stay:{desk.stays['ana'].id}")]
    database.close()
    assert kinds[-1] == "links-shown"


def test_a_room_is_ready_and_not_after_all_by_any_of_the_staff(desk: Desk) -> None:
    token, path = desk.token("staff"), f"stays/{desk.stays['tomas'].id}"
    ready = desk.ask("PUT", f"{path}/readiness", token=token, json={"is_ready": True}).json()
    again = desk.ask("PUT", f"{path}/readiness", token=token, json={"is_ready": True}).json()
    assert (ready["ready_at"], again["version"]) == (again["ready_at"], ready["version"])
    assert (
        desk.ask("PUT", f"{path}/readiness", token=token, json={"is_ready": False}).json()["ready_at"] is None
    )


def test_a_room_that_is_taken_is_refused_and_nothing_changed(desk: Desk) -> None:
    token, path = desk.token(), f"stays/{desk.stays['tomas'].id}"
    before = desk.ask("GET", path, token=token).json()
    nights = [{"unit": "room-1", "from_on": before["from_on"], "until_on": before["until_on"]}]
    answer = desk.ask("PATCH", path, token=token, json={"nights": nights, "adults": 4})
    assert (answer.status_code, "taken" in answer.json()["detail"]) == (409, True)
    assert desk.ask("GET", path, token=token).json() == before


# -- what is never told ----------------------------------------------------------------------------
NESTED = b'{"a":' * 5_000 + b"1" + b"}" * 5_000


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (NESTED, "application/json", 400),
        (b"[" * 15_000 + b"]" * 15_000, "application/json", 400),
        (b'{"uid": "\xff"}', "application/json", 400),
        (b'{"uid": "\\ud800"}', "application/json", 400),
        (b"", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"surname": "Lindqvist"}', "application/json", 400),
        (b"uid=7", "application/x-www-form-urlencoded", 415),
        (b"x" * 40_000, "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_the_callers_mistake_and_is_not_repeated(
    desk: Desk, body: bytes, kind: str, status: int
) -> None:
    headers = {"Content-Type": kind}
    answer = desk.ask("POST", "stays", token=desk.token(), content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Lindqvist" not in answer.text


@pytest.mark.parametrize(
    "query", ["most=Lindqvist", "most=0", "most=101", "state=Lindqvist", "most=1e9", "most="]
)
def test_a_parameter_that_is_none_is_named_and_not_repeated(desk: Desk, query: str) -> None:
    answer = desk.ask("GET", f"requests?{query}", token=desk.token())
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]
    assert "Lindqvist" not in answer.text
    assert "?" not in answer.text


@pytest.mark.parametrize("name", ["%00", "%0d%0aX:y", "..", "%2e%2e%2f", "' or 1=1 --", "x" * 300, "%ff"])
def test_a_crooked_name_in_a_path_is_not_found(desk: Desk, name: str) -> None:
    token = desk.token()
    for path in (f"requests/{name}", f"stays/{name}", f"contacts/{name}", f"properties/{name}"):
        assert desk.ask("GET", path, token=token).status_code in {400, 404}, path


def test_no_person_reaches_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    token = desk.token()
    with caplog.at_level(logging.DEBUG):
        stay = desk.ask("GET", "stays?named=ana", token=token).json()["stays"][0]
        contact = stay["guests"][0]["contact_id"]
        person = desk.ask("GET", f"contacts/{contact}", token=token).json()
        desk.ask("GET", f"stays/{stay['id']}/links", token=token)
        desk.wish(token, note="a private word")
        desk.ask("GET", f"requests/{clock.new_id()}?x=Lindqvist", token=token)
    assert (person["name"], person["phone"], person["email"]) == (NAME, PHONE, EMAIL)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("guestlink"))
    assert "route=/api/house/contacts/{contact_id} method=GET status=200" in ours
    for private in (
        NAME,
        PHONE,
        EMAIL,
        token,
        contact,
        stay["id"],
        stay["code"],
        "private",
        "named",
        "Lindqvist",
    ):
        assert private not in ours


def test_an_acceptance_is_taken_back_within_minutes_by_who_gave_it(desk: Desk) -> None:
    token, other = desk.token("staff"), desk.token("staff")
    path = f"requests/{desk.wish(token).json()['id']}"
    assert desk.ask("POST", f"{path}/acceptance", token=token).json()["state"] == "accepted"
    refused = desk.ask("POST", f"{path}/release", token=other)
    assert (refused.status_code, refused.json()["request"]["state"]) == (409, "accepted")
    assert desk.ask("POST", f"{path}/release", token=token).json()["state"] == "requested"
    assert desk.ask("POST", f"{path}/acceptance", token=other).json()["state"] == "accepted"
    desk.clock[0] = AT + timedelta(minutes=6)
    assert desk.ask("POST", f"{path}/release", token=other).status_code == 409
