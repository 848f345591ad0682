"""A number is connected step by step; the first thing that is missing is told with where to mend it.

The edge is a real server, Meta a real sandbox.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_api import connecting
from guestlink.settings import load_settings, save_setting
from tests.commands.conftest import Say
from tests.edge_api.conftest import PROGRAM, SERVE, answers
from tests.edge_api.sandbox import conftest
from tests.edge_api.sandbox.place import ANA, APP, NUMBER, WABA, Place, eventually
from tests.services import free_port, running

place, running_place = conftest.place, conftest.running_place
STEPS = "settings token number answers signature webhook subscription templates".split()
Check = Callable[..., dict[str, str]]


@pytest.fixture
def port(in_house: Say, home: Path, place: Place) -> int:
    """Settings for the sandbox, and a port at which nobody answers yet."""
    port = free_port()
    save_setting(
        load_settings(home, {}),
        public_url=f"http://localhost:{port}",
        whatsapp_url=place.url,
        whatsapp_token="sandbox-token",
        whatsapp_number_id=NUMBER,
        whatsapp_account_id=WABA,
        whatsapp_app_id=APP,
        whatsapp_app_secrets="sandbox-secret",
        whatsapp_verify_token="sandbox-verify",
    )
    place.settings(review_after=0)
    return port


@pytest.fixture
def edge(port: int, home: Path, place: Place) -> Iterator[None]:
    """`publish.py serve` of the house."""
    command = ["env", f"GUESTLINK_HOME={home}", f"PYTHONPATH={PROGRAM}", sys.executable, "-c", SERVE]
    with running([*command, str(home), str(port)], home, answers=lambda: answers(port)):
        yield
    place.patch("/sandbox/account", callback="")


@pytest.fixture
def check(in_house: Say, home: Path) -> Check:
    """`check("--subscribe", public_url="…")` walks with that changed; the texts of the steps."""

    def checking(*words: str, code: int = 0, **changed: str) -> dict[str, str]:
        before = load_settings(home, {})
        save_setting(before, **changed)
        answer = in_house("whatsapp", "check", "--json", *words)
        save_setting(before, **{name: getattr(before, name) for name in changed})
        steps = json.loads(answer.last)
        assert answer.code == code, steps[-1]
        assert all(step["holds"] for step in steps[:-1])
        assert steps[-1]["holds"] is (code == 0)
        return {step["name"]: step["text"] for step in steps}

    return checking


def hand_in(in_house: Say, place: Place) -> None:
    assert in_house("templates", "submit").code == 0

    def reviewed() -> bool:
        return all(each["status"] != "PENDING" for each in place.get("/sandbox/state")["templates"])

    eventually(reviewed)


@pytest.mark.usefixtures("edge")
def test_a_number_is_connected_from_nothing_to_a_delivered_message(
    check: Check, in_house: Say, place: Place
) -> None:
    steps = check(code=1)
    assert [*steps] == STEPS[:6]
    assert "--subscribe" in steps["webhook"]
    steps = check("--subscribe", code=1)
    assert [*steps] == STEPS
    assert "from now on" in steps["webhook"]
    assert "`publish.py templates submit`" in steps["templates"]
    hand_in(in_house, place)
    steps = check("--send", "+44 7700 900101", code=1)
    assert "Write any word from that phone" in steps["message"]
    place.says("Hello")
    steps = check("--send", "+44 7700 900101")
    assert steps["message"] == "delivered, and the webhook was told"
    assert place.last()["content"]["text"]["body"] == connecting.HELLO
    assert ANA not in json.dumps(steps)
    assert in_house("whatsapp", "check").out.splitlines()[-1] == "WhatsApp is connected."


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    ("changed", "step", "told", "code"),
    [
        ({"whatsapp_token": ""}, "settings", "System users", 2),
        ({"whatsapp_account_id": ""}, "settings", "API Setup", 2),
        ({"whatsapp_url": "https://graph.facebook.com"}, "settings", "https addresses only", 2),
        ({"whatsapp_token": "nobody-s"}, "token", "does not take the access token", 77),
        ({"whatsapp_app_id": "42"}, "token", "belongs to app", 2),
        ({"whatsapp_number_id": "42"}, "number", "It has: 100000000000001", 2),
        ({}, "answers", "Nobody answers", 75),
    ],
)
def test_the_first_thing_that_is_missing_is_told(
    check: Check, changed: dict[str, str], step: str, told: str, code: int
) -> None:
    steps = check(code=code, **changed)
    assert [*steps] == STEPS[: STEPS.index(step) + 1]
    assert told in steps[step]


@pytest.mark.usefixtures("port")
def test_a_token_without_a_right_or_after_its_end_is_told(check: Check, place: Place) -> None:
    place.patch("/sandbox/account", tokens={"sandbox-token": ["whatsapp_business_management"]})
    assert "lacks whatsapp_business_messaging" in check(code=77)["token"]
    place.patch("/sandbox/account", expired=["sandbox-token"])
    assert "Make one" in check(code=77)["token"]
    rights = ["whatsapp_business_messaging", "whatsapp_business_management"]
    place.patch("/sandbox/account", tokens={"sandbox-token": rights}, expired=[])


@pytest.mark.usefixtures("edge")
def test_words_and_secrets_that_do_not_agree_are_told(check: Check, place: Place) -> None:
    assert "Restart `publish.py serve`" in check(code=1, whatsapp_verify_token="another")["answers"]
    assert "Restart `publish.py serve`" in check(code=1, whatsapp_app_secrets="another")["signature"]
    place.patch("/sandbox/account", app_secrets=["replaced"])
    assert "does not take the app secret" in check(code=2)["webhook"]
    place.patch("/sandbox/account", app_secrets=["sandbox-secret"])


@pytest.mark.usefixtures("edge")
def test_a_review_that_goes_on_and_a_status_that_never_comes_are_told(
    check: Check, in_house: Say, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    check("--subscribe", code=1)
    place.settings(review_after=3600)
    assert in_house("templates", "submit").code == 0
    assert "in review" in check(code=75)["templates"]
    place.later("1h")
    place.says("Hello")
    assert "is no phone number" in check("--send", "call me", code=2)["message"]
    place.fault("failed", code=131026, next=1)
    assert "could not deliver it" in check("--send", "+44 7700 900101", code=1)["message"]
    monkeypatch.setattr(connecting, "STATUS_SECONDS", 0.5)
    place.settings(sent_after=3600)
    assert "no status came" in check("--send", "+44 7700 900101", code=75)["message"]
    place.patch("/sandbox/account", callback="http://127.0.0.1:1/webhook")
    assert "Meta posts webhooks to http://127.0.0.1:1/webhook." in check(code=1)["webhook"]


def test_nothing_is_asked_of_anybody_without_settings(in_house: Say) -> None:
    answer = in_house("whatsapp", "check")
    assert answer.code == 2
    assert "whatsapp_token" in answer.out
    assert answer.out.splitlines()[-1] == "It breaks at: settings."
