"""Somebody of the house signs in by the code on their phone: whole processes and real pywa."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.town import Town, town, until

MIRA = "+44 7700 900201"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    """A running town where Mira works."""
    with town(tmp_path / "home") as made:
        made.say("staff", "add", "Mira Holm", "--phone", MIRA, "--property", "planted")
        made.start("sandbox", "serve")
        made.say("templates", "submit")
        made.start("couriers")
        made.has_templates()
        yield made


def test_mira_signs_in_by_her_phone_stays_so_through_a_restart_and_is_signed_out_at_once(here: Town) -> None:
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
        here.say("staff", "sessions", "Mira", "--end")
        assert browser.get("/api/house/requests").status_code == 401
    for told in (here.say("messages", "--json"), here.say("staff", "list", "--json")):
        assert digits not in told
