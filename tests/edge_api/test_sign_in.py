"""Signing in over HTTP: codes, links, PINs, sessions; who is refused learns nothing of why."""

import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jwt
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import duty
from edge_api.app import create_app
from edge_api.sign_in import codes, door, invitations, porter, sessions, tickets, tries
from guestlink import houses, journal, records
from guestlink.houses import HouseDraft
from guestlink.settings import Settings, load_settings, save_setting
from tests.house import AT, BY, make_home, opened

IVO, MAREN = "+44 7700 900201", "+44 7700 900202"
NOBODYS = "+44 7700 900299"
OURS = {"Sec-Fetch-Site": "same-origin"}
PHONE = "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36"


class Door(NamedTuple):
    """A house where Ivo is staff and Maren host, who is staff in a second one, too; they sign in at a
    browser.
    """

    settings: Settings
    client: TestClient[Litestar]
    clock: list[datetime]

    def ask(self, method: str, path: str, **told: Any) -> httpx.Response:
        headers = OURS | told.pop("headers", {})
        return self.client.request(method, f"/api/{path}", headers=headers, **told)

    def digits(self, phone: str = IVO) -> str:
        """The code that is about to be sent: it lies sealed in its own row until then."""
        database, ring = opened(self.settings)
        with database.read() as db:
            user = duty.find_user(db, ring, phone)
            rows = db._driver.execute(  # type: ignore[attr-defined]
                "select id, value from sign_in_codes where user_id = ? and value is not null", (user.id,)
            ).fetchall()
        database.close()
        ((code_id, value),) = [tuple(row) for row in rows]
        return ring.open(value, "sign_in_codes", "value", row=code_id)

    def code(self, phone: str = IVO) -> str:
        assert self.ask("POST", "session/codes", json={"phone": phone}).status_code == 202
        return self.digits(phone)

    def link(self, name: str = "Ivo") -> str:
        database, ring = opened(self.settings)
        with database.write() as tx:
            user = duty.find_user(tx, ring, name)
            text = invitations.invite(tx, user, public_url=self.settings.public_url, at=self.clock[0], by=BY)
        database.close()
        return text.rpartition("=")[2]

    def enter(self, name: str = "Ivo") -> httpx.Response:
        answer = self.ask("POST", "session", json={"token": self.link(name)})
        assert answer.status_code == 201, answer.text
        return answer

    def other(self) -> "Door":
        """The same house from another browser."""
        now = self.clock
        return Door(self.settings, TestClient(create_app(self.settings, at=lambda: now[0])), self.clock)

    def leaves(self, name: str) -> None:
        database, ring = opened(self.settings)
        with database.write() as tx:
            duty.leave(tx, duty.find_user(tx, ring, name), at=self.clock[0], by=BY)
        database.close()


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("door")
    settings = save_setting(make_home(home), whatsapp_token="token", whatsapp_number_id="1060001")
    database, ring = opened(settings)
    draft = HouseDraft(slug="other-house", zone="Europe/London", currency="GBP", default_language="en")
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        other = houses.add_property(tx, draft, at=AT, by=BY)
        told: dict[str, Any] = {"at": AT, "by": BY}
        duty.add_staff(tx, ring, name="Olga", role="host", houses=[house, other], **told)
        maren = duty.add_staff(tx, ring, name="Maren", phone=MAREN, role="host", houses=[house], **told)
        duty.join(tx, other, maren, role="staff", **told)
        duty.add_staff(tx, ring, name="Ivo", phone=IVO, role="staff", houses=[house], **told)
    database.close()
    return home


@pytest.fixture
def at_door(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(door, "SECONDS", 0.01)
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    settings, now = load_settings(tmp_path, {}), [AT]
    with TestClient(create_app(settings, at=lambda: now[0])) as client:
        yield Door(settings, client, now)


# -- codes -----------------------------------------------------------------------------------------
def test_who_types_the_code_that_came_is_signed_in_and_told_where_they_belong(at_door: Door) -> None:
    answer = at_door.ask("POST", "session", json={"phone": IVO, "code": at_door.code()})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    told = at_door.ask("GET", "session").json()
    assert told["user"] | {"id": ""} == {"id": "", "name": "Ivo", "language": "en"}
    assert [(each["slug"], each["role"]) for each in told["houses"]] == [("planted", "staff")]
    assert (told["how"], told["has_pin"], told["passkeys"], told["others"]) == ("code", False, 0, [])
    assert at_door.ask("GET", "house/requests").status_code == 200


def test_a_code_counts_once_for_ten_minutes_and_only_the_newest(at_door: Door) -> None:
    def enter(code: str) -> int:
        return at_door.ask("POST", "session", json={"phone": IVO, "code": code}).status_code

    first, second = at_door.code(), at_door.code()
    if first != second:
        assert enter(first) == 401
    assert enter(f"{second[:3]} {second[3:]}") == 201
    assert enter(second) == 401
    third = at_door.code()
    at_door.clock[0] += codes.LIFE
    assert enter(third) == 401


def test_after_five_wrong_codes_the_right_one_does_not_count(at_door: Door) -> None:
    code = at_door.code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(codes.MOST_TRIES):
        assert at_door.ask("POST", "session", json={"phone": IVO, "code": wrong}).status_code == 401
    assert at_door.ask("POST", "session", json={"phone": IVO, "code": code}).status_code == 401


def test_neither_words_nor_time_tell_whether_a_phone_is_known(
    at_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SECONDS", 0.3)

    def asked(path: str, **body: str) -> tuple[int, bytes, bool]:
        began = time.monotonic()
        answer = at_door.ask("POST", path, json=body)
        return answer.status_code, answer.content, time.monotonic() - began >= door.SECONDS

    assert asked("session/codes", phone=IVO) == asked("session/codes", phone=NOBODYS)
    assert asked("session/codes", phone=IVO)[2]
    known = asked("session", phone=IVO, code="x")
    assert known == asked("session", phone=NOBODYS, code="x")
    assert known == asked("session", token="A" * 43)
    assert known == asked("session")
    assert (known[0], known[2]) == (401, True)


def test_who_tries_too_often_waits_alike_for_an_account_that_is_none(at_door: Door) -> None:
    most = tries.LIMITS["code-phone"].most
    for phone in (IVO, NOBODYS):
        statuses = [
            at_door.ask("POST", "session/codes", json={"phone": phone}).status_code for _ in range(most + 1)
        ]
        assert statuses == [202] * most + [429]
    at_door.clock[0] += timedelta(hours=1)
    assert at_door.ask("POST", "session/codes", json={"phone": IVO}).status_code == 202


def test_another_machine_counts_the_same_tries(at_door: Door) -> None:
    most = tries.LIMITS["enter-phone"].most
    other = at_door.other()
    for number in range(most):
        asking = (at_door, other)[number % 2]
        assert asking.ask("POST", "session", json={"phone": IVO, "code": "1"}).status_code == 401
    refused = other.ask("POST", "session", json={"phone": IVO, "code": "1"})
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert other.ask("POST", "session", json={"token": other.link()}).status_code == 201


def test_who_floods_the_door_is_answered_before_the_database_is_asked(
    at_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [
        at_door.ask("POST", "session", json={"token": "x"}).status_code for _ in range(porter.ASKING.burst)
    ]
    assert set(statuses) == {401, 429}
    monkeypatch.setattr(porter.Porter, "done", lambda *_: pytest.fail("The database was asked."))
    assert at_door.ask("POST", "session", json={"token": "x"}).status_code == 429
    assert at_door.ask("POST", "session/codes", json={"phone": IVO}).status_code == 429


def test_what_is_no_phone_is_refused_without_being_repeated(at_door: Door) -> None:
    refused = at_door.ask("POST", "session/codes", json={"phone": "07700 900201"})
    assert (refused.status_code, "900201" in refused.text) == (422, False)


# -- links -----------------------------------------------------------------------------------------
def test_a_link_lets_in_once_and_for_a_day_and_the_newest_alone(at_door: Door) -> None:
    def enter(token: str) -> int:
        return at_door.ask("POST", "session", json={"token": token}).status_code

    old, new = at_door.link(), at_door.link()
    assert at_door.ask("GET", f"session?token={new}").status_code == 401
    assert [enter(old), enter(new), enter(new)] == [401, 201, 401]
    late = at_door.link()
    at_door.clock[0] += invitations.LIFE
    assert enter(late) == 401


def test_a_manager_lets_a_colleague_in_who_is_no_more_than_they_are(at_door: Door) -> None:
    at_door.enter("Maren")
    people = {each["name"]: each["id"] for each in at_door.ask("GET", "house/people").json()["people"]}
    made = at_door.ask("POST", f"house/people/{people['Ivo']}/sign-in-links")
    assert (made.status_code, made.json()["seconds"]) == (201, 86400)
    assert at_door.ask("POST", f"house/people/{people['Olga']}/sign-in-links").status_code == 403
    assert at_door.ask("POST", "house/people/nobody/sign-in-links").status_code == 404
    token = made.json()["url"].partition("#in=")[2]
    other = at_door.other()
    assert other.ask("POST", "session", json={"token": token}).json()["user"]["name"] == "Ivo"
    assert other.ask("POST", f"house/people/{people['Ivo']}/sign-in-links").status_code == 403


def test_a_manager_ends_what_a_colleague_has_open_but_never_of_who_is_more(at_door: Door) -> None:
    at_door.enter("Maren")
    people = {each["name"]: each["id"] for each in at_door.ask("GET", "house/people").json()["people"]}
    theirs = f"house/people/{people['Ivo']}/sessions"
    ivo = at_door.other()
    ivo.enter("Ivo")
    assert ivo.ask("PUT", "session/pin", json={"pin": "2718"}).status_code == 204
    assert [each["is_this"] for each in at_door.ask("GET", theirs).json()["sessions"]] == [False]
    assert at_door.ask("DELETE", theirs).status_code == 204
    assert at_door.ask("GET", theirs).json()["sessions"] == []
    assert ivo.ask("GET", "session").status_code == 401
    ivo.enter("Ivo")
    assert ivo.ask("GET", "session").json()["has_pin"]
    assert at_door.ask("DELETE", f"{theirs}?passkeys=true").status_code == 204
    ivo.enter("Ivo")
    assert not ivo.ask("GET", "session").json()["has_pin"]
    for method in ("GET", "DELETE"):
        assert at_door.ask(method, f"house/people/{people['Olga']}/sessions").status_code == 403
        assert at_door.ask(method, "house/people/nobody/sessions").status_code == 404
        assert ivo.ask(method, theirs).status_code == 403


# -- sessions --------------------------------------------------------------------------------------
def test_the_cookie_is_kept_from_scripts_and_other_sites(at_door: Door) -> None:
    lines = at_door.enter().headers.get_list("set-cookie")
    assert [line.partition("=")[0] for line in lines] == ["guestlink-staff", "guestlink-device"]
    for line in lines:
        assert "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" in line
    secure = tickets.cookies_of("https://stay.example.com")
    assert secure.line(secure.session, "x", seconds=9) == (
        "__Host-guestlink-staff=x; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=9"
    )


def test_a_session_in_use_is_renewed_and_one_that_rests_too_long_is_over(at_door: Door) -> None:
    at_door.enter()
    for _ in range(12):
        at_door.clock[0] += timedelta(minutes=14)
        answer = at_door.ask("GET", "house/requests")
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, True)
    assert "set-cookie" not in at_door.ask("GET", "house/requests").headers
    at_door.clock[0] += tickets.LIFE
    assert at_door.ask("GET", "house/requests").status_code == 401
    assert at_door.ask("GET", "session").status_code == 200
    assert at_door.ask("GET", "house/requests").status_code == 200
    at_door.clock[0] += sessions.IDLE
    assert at_door.ask("GET", "session").status_code == 401


def test_no_session_lasts_longer_than_a_month(at_door: Door) -> None:
    at_door.enter()
    statuses = []
    for _ in range(10):
        at_door.clock[0] += timedelta(days=4)
        statuses.append(at_door.ask("GET", "session").status_code)
    assert statuses == [200] * 7 + [401] * 3


def test_one_sees_ones_sessions_and_ends_them_at_once(at_door: Door) -> None:
    at_door.enter()
    other = at_door.other()
    other.client.headers["User-Agent"] = PHONE
    other.enter()
    listed = at_door.ask("GET", "sessions").json()["sessions"]
    assert {each["browser"]: each["is_this"] for each in listed} == {"": True, "Chrome, Android": False}
    theirs = next(each["id"] for each in listed if not each["is_this"])
    assert at_door.ask("DELETE", f"sessions/{theirs}").status_code == 204
    assert at_door.ask("DELETE", f"sessions/{theirs}").status_code == 404
    assert other.ask("GET", "house/requests").status_code == 401
    assert other.ask("GET", "session").status_code == 401
    assert at_door.ask("DELETE", "session").status_code == 204
    assert at_door.ask("GET", "session").status_code == 401


def test_nobody_ends_somebody_elses_session(at_door: Door) -> None:
    at_door.enter()
    other = at_door.other()
    theirs = other.enter("Maren").json()["id"]
    assert at_door.ask("DELETE", f"sessions/{theirs}").status_code == 404
    assert other.ask("GET", "session").status_code == 200


def test_who_left_is_out_at_once_and_nothing_lets_them_in(at_door: Door) -> None:
    at_door.enter()
    code, token = at_door.code(), at_door.link()
    at_door.leaves("Ivo")
    for path in ("house/requests", "session", "sessions"):
        assert at_door.ask("GET", path).status_code == 401
    assert at_door.ask("POST", "session", json={"phone": IVO, "code": code}).status_code == 401
    assert at_door.ask("POST", "session", json={"token": token}).status_code == 401


def test_a_cookie_counts_only_from_our_own_page(at_door: Door) -> None:
    at_door.enter()

    def pin(**headers: str) -> int:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return at_door.client.put("/api/session/pin", json={"pin": "2718"}, headers=told).status_code

    for site in ("cross-site", "same-site", "none", ""):
        assert pin(Sec_Fetch_Site=site, Origin=at_door.settings.public_url) == 401, site
    assert pin(Origin="https://elsewhere.example.com") == 401
    assert pin() == 401
    assert at_door.client.get("/api/session", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401
    assert pin(Origin=at_door.settings.public_url) == 204
    assert pin(Sec_Fetch_Site="same-origin") == 204


def test_nobody_is_signed_in_by_another_sites_page(at_door: Door) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path, body in (("session", {"token": at_door.link()}), ("session/codes", {"phone": IVO})):
        assert at_door.ask("POST", path, json=body, headers=foreign).status_code == 403


def test_a_cookie_that_we_have_not_signed_so_lets_nobody_in(at_door: Door) -> None:
    told, name = at_door.enter().json(), "guestlink-staff"
    good = at_door.client.cookies[name]
    _, ring = opened(at_door.settings)
    key = tickets._key(ring)
    claims = jwt.decode(good, options={"verify_signature": False})
    assert (claims["sid"], claims["aud"]) == (told["id"], "staff")
    forged = {
        "none": jwt.encode(claims, "", algorithm="none"),
        "another algorithm": jwt.encode(claims, key * 2, algorithm="HS512"),
        "another key": jwt.encode(claims, bytes(32), algorithm="HS256"),
        "another audience": jwt.encode(claims | {"aud": "guest"}, key, algorithm="HS256"),
        "another issuer": jwt.encode(claims | {"iss": "https://example.com"}, key, algorithm="HS256"),
        "another person": jwt.encode(claims | {"sub": told["id"]}, key, algorithm="HS256"),
        "another session": jwt.encode(claims | {"sid": told["user"]["id"]}, key, algorithm="HS256"),
        "no end": jwt.encode({**claims, "exp": None}, key, algorithm="HS256"),
        "nonsense": "x" * 2000,
        "another end": good.rpartition(".")[0] + "." + good.rpartition(".")[2][::-1],
    }
    at_door.client.cookies.clear()
    for what, text in forged.items():
        for path in ("house/requests", "session"):
            headers = {"Cookie": f"{name}={text}"}
            assert at_door.ask("GET", path, headers=headers).status_code == 401, what
    assert at_door.ask("GET", "session", headers={"Cookie": f"{name}={good}"}).status_code == 200


# -- roles -----------------------------------------------------------------------------------------
def test_who_is_host_in_one_house_is_no_more_than_staff_in_the_other(at_door: Door) -> None:
    at_door.enter("Maren")
    slugs = [each["slug"] for each in at_door.ask("GET", "house/properties").json()["properties"]]
    assert slugs == ["other-house", "planted"]
    value = {"json": {"value": "4711 and more"}}
    assert at_door.ask("PUT", "house/properties/planted/secrets/door-code", **value).is_success
    assert at_door.ask("PUT", "house/properties/other-house/secrets/door-code", **value).status_code == 404


def test_a_role_that_is_taken_away_is_gone_at_the_next_call(at_door: Door) -> None:
    at_door.enter("Maren")
    path, value = "house/properties/planted/secrets/door-code", {"json": {"value": "4711 and more"}}
    assert at_door.ask("PUT", path, **value).is_success
    database, ring = opened(at_door.settings)
    with database.write() as tx:
        maren, house = duty.find_user(tx, ring, "Maren"), records.find_property(tx, "planted")
        duty.join(tx, house, maren, role="staff", at=AT, by=BY)
    assert at_door.ask("PUT", path, **value).status_code == 403
    with database.write() as tx:
        for slug in ("planted", "other-house"):
            duty.part(tx, records.find_property(tx, slug), maren, at=AT, by=BY)
    database.close()
    assert at_door.ask("GET", "house/requests").status_code == 401


# -- PINs ------------------------------------------------------------------------------------------
def test_people_who_share_a_browser_change_by_their_pins(at_door: Door) -> None:
    at_door.enter("Maren")
    assert at_door.ask("PUT", "session/pin", json={"pin": "2718"}).status_code == 204
    maren = at_door.ask("GET", "session").json()
    assert maren["has_pin"]
    ivo = at_door.enter("Ivo").json()
    assert [each["name"] for each in ivo["others"]] == ["Maren"]
    wrong = {"user_id": maren["user"]["id"], "pin": "2719"}
    assert at_door.ask("POST", "session/switch", json=wrong).status_code == 401
    assert at_door.ask("GET", "session").json()["user"]["name"] == "Ivo"
    switched = at_door.ask("POST", "session/switch", json=wrong | {"pin": "2718"})
    assert (switched.status_code, switched.json()["user"]["name"]) == (201, "Maren")
    assert [each["how"] for each in at_door.ask("GET", "sessions").json()["sessions"]] == ["pin"]
    back = {"user_id": ivo["user"]["id"], "pin": ""}
    assert at_door.ask("POST", "session/switch", json=back).status_code == 401


def test_a_pin_counts_on_its_own_browser_only_and_only_while_somebody_is_signed_in(at_door: Door) -> None:
    maren = at_door.enter("Maren").json()["user"]["id"]
    at_door.ask("PUT", "session/pin", json={"pin": "2718"})
    change = {"json": {"user_id": maren, "pin": "2718"}}
    other = at_door.other()
    assert other.enter("Ivo").json()["others"] == []
    assert other.ask("POST", "session/switch", **change).status_code == 401
    assert at_door.ask("DELETE", "session").status_code == 204
    assert at_door.ask("POST", "session/switch", **change).status_code == 401


def test_after_five_wrong_pins_it_is_gone(at_door: Door) -> None:
    maren = at_door.enter("Maren").json()["user"]["id"]
    at_door.ask("PUT", "session/pin", json={"pin": "2718"})
    at_door.enter("Ivo")
    for pin in ("1111", "2222", "3333", "4444", "5555", "2718"):
        wanted = {"user_id": maren, "pin": pin}
        assert at_door.ask("POST", "session/switch", json=wanted).status_code == 401
    assert at_door.ask("GET", "session").json()["others"] == []


def test_a_pin_that_anybody_would_guess_is_refused(at_door: Door) -> None:
    at_door.enter()
    for pin in ("", "123", "1234", "0000", "98765", "123456789", "12a4", "٤٤٤٥"):
        assert at_door.ask("PUT", "session/pin", json={"pin": pin}).status_code == 422, pin


# -- what is kept ----------------------------------------------------------------------------------
def test_nothing_that_lets_in_lies_in_the_database(at_door: Door) -> None:
    """Neither in a row nor in the file: phones, digits, tokens, PINs, cookies."""
    code, token = at_door.code(), at_door.link("Maren")
    at_door.ask("POST", "session", json={"phone": IVO, "code": code})
    at_door.ask("PUT", "session/pin", json={"pin": "27182818"})
    database, _ = opened(at_door.settings)
    with database.read() as db:
        kinds = [event.kind for event in journal.read_from(db, 0)]
        lines = "\n".join(db._driver.iterdump())  # type: ignore[attr-defined]
    database.close()
    assert {"signed-in", "sign-in-link-made", "pin-set"} <= set(kinds)
    cookies = [*at_door.client.cookies.values()]
    for planted in (token, "27182818", f"'{code}'", "7700900201", *cookies):
        assert planted not in lines, planted
