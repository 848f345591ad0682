"""Secrets through the API of the house: values come in, nothing shows one; who may set what."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import tokens
from edge_api.app import create_app
from edge_api.tokens import Role
from guestlink import houses, journal, rebuilds, records, secret_values
from guestlink.records import Secret
from guestlink.settings import Settings
from tests.house import AT, BY, DOOR, TODAY, WIFI, add_stay, make_home, opened

DAY = timedelta(days=1)
VALUE = "7293160"
UNIT = "properties/planted/units/room-1/secrets/door-code"


class Box(NamedTuple):
    """Programs of a house in which Marta has a token of each role."""

    settings: Settings
    client: TestClient[Litestar]
    clock: list[datetime]
    roles: dict[Role, str]
    stay_id: str

    def ask(self, method: str, path: str, *, role: Role = "host", **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.roles[role]}"}
        return self.client.request(method, f"/api/house/{path}", headers=headers, **told)

    def put(self, path: str, value: object = VALUE, *, role: Role = "host") -> httpx.Response:
        return self.ask("PUT", path, role=role, json={"value": value})

    def secrets(self) -> list[Secret]:
        database, _ = opened(self.settings)
        with database.read() as db:
            found = secret_values.load_secrets(db, records.find_property(db, "planted"))
        database.close()
        return found


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    settings = make_home(tmp_path)
    stay = add_stay(settings, "ana", unit="room-1", arrives=TODAY - DAY, leaves=TODAY + DAY)
    database, ring = opened(settings)
    roles: dict[Role, str] = {}
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        marta = houses.first_user(tx, ring, name="Marta", at=AT)
        for role in ("staff", "manager", "host"):
            told: dict[str, Any] = {"name": role, "role": role, "house": house, "user_id": marta}
            roles[role] = tokens.make_token(tx, **told, at=AT, by=BY)
        tx.do("drop_covered_rebuilds", property_id=house.id, at="9999")
    database.close()
    now = [AT]
    with TestClient(create_app(settings, at=lambda: now[0])) as client:
        yield Box(settings, client, now, roles, stay.id)


def test_a_value_of_a_unit_counts_from_now_on_and_pages_are_made_again(box: Box) -> None:
    answer = box.put(UNIT, role="staff")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["secret"], told["unit"], told["set_by"], told["valid_until"]) == (
        *("door-code", "room-1", "Marta"),
        None,
    )
    assert datetime.fromisoformat(told["valid_from"]) == AT
    database, ring = opened(box.settings)
    with database.read() as db:
        assert [each.why for each in rebuilds.waiting(db)] == ["door-code changed"]
    database.close()
    (secret,) = [each for each in box.secrets() if each.unit_id]
    assert secret_values.open_secret(ring, secret) == VALUE


def test_the_same_value_again_is_left_as_it_is(box: Box) -> None:
    first = box.put(UNIT).json()
    box.clock[0] += timedelta(minutes=1)
    assert box.put(UNIT).json() == first
    assert box.put(UNIT, "other").json()["id"] != first["id"]


def test_what_has_a_value_is_listed_and_its_past_too_without_a_value(box: Box) -> None:
    for minute, value in enumerate((VALUE, f"{VALUE}1")):
        box.clock[0] = AT + timedelta(minutes=minute)
        box.put(UNIT, value)
        box.put(f"stays/{box.stay_id}/secrets/door-code", value)
    listed = box.ask("GET", "properties/planted/secrets", role="staff").json()["secrets"]
    assert [(each["secret"], each["unit"], bool(each["stay_id"])) for each in listed] == [
        ("door-code", "", False),
        ("door-code", "room-1", False),
        ("door-code", "", True),
        ("exact-address", "", False),
        ("wifi-password", "", False),
    ]
    past = box.ask("GET", "properties/planted/secrets/door-code/history", role="staff").json()["secrets"]
    assert [each["unit"] for each in past if not each["stay_id"]] == ["room-1", "room-1", ""]
    assert past[0]["valid_until"] is None


def test_staff_set_codes_of_units_and_managers_all_that_the_house_has(box: Box) -> None:
    calls: list[tuple[str, Role, int]] = [
        (UNIT, "staff", 200),
        ("properties/planted/secrets/door-code", "staff", 403),
        ("properties/planted/secrets/door-code", "manager", 200),
        (f"stays/{box.stay_id}/secrets/door-code", "staff", 403),
        (f"stays/{box.stay_id}/secrets/door-code", "manager", 200),
        ("properties/planted/units/room-9/secrets/door-code", "host", 404),
        ("properties/planted/secrets/nothing-of-ours", "host", 404),
        ("properties/nobodys/secrets/door-code", "host", 404),
        ("properties/planted/secrets/%00", "host", 404),
    ]
    for path, role, status in calls:
        assert box.put(path, role=role).status_code == status, (path, role)


def test_what_is_no_value_is_refused_and_not_repeated(box: Box) -> None:
    for value, status in (
        *(("", 400), ("   ", 422), ("two\nlines", 422), ("x" * 501, 400)),
        *((2580, 400), (None, 400), ("\x00", 422)),
    ):
        answer = box.put(UNIT, value)
        assert answer.status_code == status, value
        assert answer.headers["content-type"] == "application/problem+json"
        assert "x" * 20 not in answer.text
    assert not [each for each in box.secrets() if each.unit_id]


def test_no_value_is_in_an_answer_the_log_or_the_journal(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answers = [
            box.put(UNIT),
            box.ask("PUT", UNIT, content=b'{"value": "' + VALUE.encode()),
            box.ask("PUT", UNIT, json={"value": VALUE, "more": VALUE}),
            box.put(f"properties/planted/secrets/{VALUE}"),
            box.ask("GET", "properties/planted/secrets"),
            box.ask("GET", "properties/planted/secrets/door-code/history"),
        ]
    assert [answer.status_code for answer in answers] == [200, 400, 400, 404, 200, 200]
    told = "".join(answer.text for answer in answers)
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("guestlink"))
    database, _ = opened(box.settings)
    with database.read() as db:
        told_on = "".join(entry.body for entry in journal.read_from(db, 0))
    database.close()
    assert "secrets" in ours
    assert "door-code" in told_on
    for place in (told, ours, told_on):
        assert not any(value in place for value in (VALUE, DOOR, WIFI))
