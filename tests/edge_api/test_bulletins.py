"""The API of the house for notices: what a sending would do, doing it once, and to whom it is open."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec

from edge_api.journey import ledger
from guestlink import catalogue, records
from tests.edge_api.test_staff_api import Desk, desk, furnished
from tests.house import AT, opened

__all__ = ["desk", "furnished"]
WISH = {"property": "planted"}


def post(desk: Desk, title: str = "No water", **told: Any) -> None:
    """A notice of today and tomorrow, as publishing leaves it in the catalogue."""
    days = {"shown_from": str(AT.date()), "shown_until": str(AT.date() + timedelta(days=1))}
    body = {"key": "water", "language": "en", "title": title, "text": "From nine to eleven.", **days, **told}
    entry = catalogue.Entry(
        language="en", kind="notice", key="water", body=msgspec.json.encode(body).decode()
    )
    database, _ = opened(desk.settings)
    with database.write() as tx:
        catalogue.remember(tx, records.find_property(tx, "planted"), [entry])
    database.close()


def ask(desk: Desk, path: str, token: str, **body: Any) -> httpx.Response:
    return desk.ask("POST", f"notices/{path}", token=token, json={**WISH, **body})


def planned(desk: Desk) -> list[str]:
    database, _ = opened(desk.settings)
    with database.read() as db:
        rows = [row for stay in desk.stays.values() for row in ledger.of_stay(db, stay.id)]
    database.close()
    return [row.state for row in rows]


def test_a_notice_is_looked_at_and_then_sent_once(desk: Desk) -> None:
    """One person with two stays; no channel is set up."""
    post(desk)
    token = desk.token("manager")
    looked = ask(desk, "water/preview", token)
    assert looked.status_code == 200
    told = looked.json()
    assert (told["guests"], [each["guests"] for each in told["unreached"]]) == (0, [1])
    assert planned(desk) == []
    sent = ask(desk, "water/sendings", token, version=told["version"])
    assert (sent.status_code, sent.json()["guests"]) == (201, 0)
    assert planned(desk) == ["skipped"]
    (listed,) = desk.ask("GET", "notices?property=planted", token=desk.token("staff")).json()["notices"]
    assert (listed["property"], listed["notice"], listed["not_told"]) == ("planted", "water", 1)


def test_what_was_not_looked_at_is_not_sent(desk: Desk) -> None:
    post(desk)
    version = ask(desk, "water/preview", desk.token()).json()["version"]
    post(desk, "No water at all")
    answer = ask(desk, "water/sendings", desk.token(), version=version)
    assert answer.status_code == 409
    assert planned(desk) == []
    assert ask(desk, "water/sendings", desk.token()).status_code == 400, "a version is needed"


def test_staff_may_look_up_notices_but_tell_none(desk: Desk) -> None:
    post(desk)
    assert desk.ask("GET", "notices", token=desk.token("staff")).status_code == 200
    for path in ("water/preview", "water/sendings"):
        assert ask(desk, path, desk.token("staff"), version="x").status_code == 403
        assert ask(desk, path, "").status_code == 401


def test_what_is_over_or_not_there_is_told(desk: Desk) -> None:
    post(desk, shown_until=str(AT.date() - timedelta(days=1)), shown_from="2020-01-01")
    assert ask(desk, "water/preview", desk.token()).status_code == 409
    for name in ("fire", "%00", "' or 1=1 --", "x" * 300):
        assert ask(desk, f"{name}/preview", desk.token()).status_code in {400, 404}
    assert ask(desk, "water/preview", desk.token(), property="other").status_code == 404
    assert ask(desk, "water/preview", desk.token(), to="everybody").status_code == 400
