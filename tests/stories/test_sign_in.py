"""Somebody of the house signs in by the code on their phone and is told on their browser: whole processes and
real pywa.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from guestlink.settings import save_setting
from tests.push_service import PushService, push_service
from tests.town import Town, town, until

MIRA = "+44 7700 900201"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as there:
        yield there


@pytest.fixture
def here(tmp_path: Path, service: PushService) -> Iterator[Town]:
    """A running town where Mira works."""
    with town(tmp_path / "home") as made:
        made.settings = save_setting(made.settings, push_url=service.url)
        made.say("staff", "add", "Mira Holm", "--phone", MIRA, "--property", "planted")
        made.start("sandbox", "serve")
        made.say("templates", "submit")
        made.start("couriers")
        made.has_templates()
        yield made


def test_mira_signs_in_by_her_phone_stays_so_through_a_restart_and_is_signed_out_at_once(
    here: Town, service: PushService
) -> None:
    with httpx.Client(base_url=here.settings.public_url, headers=OURS, timeout=20) as browser:
        assert browser.get("/api/house/requests").status_code == 401
        assert browser.post("/api/session/codes", json={"phone": MIRA}).status_code == 202
        shown = here.sees("mira", "is your verification code")
        (digits,) = set(re.findall(r"\d{6}", str(shown["content"])))
        until(lambda: here.status_of("mira", shown["id"]) in {"delivered", "read"}, "it arrives")
        entered = browser.post("/api/session", json={"phone": MIRA, "code": digits})
        assert (entered.status_code, entered.json()["user"]["name"]) == (201, "Mira Holm")
        here.kill("serve")
        here.start("serve")
        assert browser.get("/api/house/requests").status_code == 200
        assert "code" in here.say("staff", "sessions", "Mira")
        is_told_on_her_browser(here, browser, service)
        here.say("staff", "sessions", "Mira", "--end")
        assert browser.get("/api/house/requests").status_code == 401
    for told in (here.say("messages", "--json"), here.say("staff", "list", "--json")):
        assert digits not in told


def is_told_on_her_browser(here: Town, browser: httpx.Client, service: PushService) -> None:
    there = service.browser("phone")
    subscribed = {"endpoint": there.endpoint, "keys": {"p256dh": there.p256dh, "auth": there.auth}}
    foreign = {**subscribed, "endpoint": "https://localhost/phone"}
    assert len(browser.get("/api/push/key").json()["key"]) == 87
    assert browser.put("/api/push/subscription", json=foreign).status_code == 422
    assert browser.put("/api/push/subscription", json=subscribed).status_code == 204
    (session,) = msgspec.json.decode(here.say("staff", "sessions", "Mira", "--json"))
    assert session["push"] == "yes"
    wish = {"stay_id": here.stay().id, "note": "An iron"}
    asked = browser.post("/api/house/requests", json=wish, headers={"Idempotency-Key": "wish-number-1"})
    assert asked.status_code == 201
    until(lambda: service.titles("phone") == ["A new request, Room-1"], "the couriers tell her")
    assert service.pushes[0].note["about"] == f"request={asked.json()['id']}"
    sent = 'guestlink_push_messages{state="sent"} 1.0'
    until(lambda: sent in browser.get("/api/metrics").text, "it is counted")
    assert "guestlink_push_browsers 1.0" in browser.get("/api/metrics").text
