"""What needs a person stands in `status`, in words and for machines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from guestlink import alerts, clock, records
from guestlink.alerts import Kind
from guestlink.database import Database
from tests.commands.conftest import Say
from tests.stuck import fill

WORDS = "Nobody is on duty in casa-azul."


@pytest.fixture
def raise_one(in_house: Say, records_of: Callable[[], Database]) -> Callable[..., None]:
    def raising(kind: Kind, words: str, *, subject: str = "", slug: str = "casa-azul") -> None:
        with records_of().write() as tx:
            property_id = records.find_property(tx, slug).id if slug else ""
            told = {"kind": kind, "subject": subject, "words": words, "at": clock.now()}
            alerts.raise_alert(tx, property_id=property_id, **told)  # type: ignore[arg-type]

    return raising


def test_a_house_tells_what_needs_its_host(in_house: Say, raise_one: Callable[..., None]) -> None:
    assert "needs you" not in in_house("status").out
    for subject in ("towels", "taxi"):
        raise_one("nobody-on-duty", WORDS, subject=subject)
    (line,) = [line for line in in_house("status").out.splitlines() if WORDS in line]
    assert line.strip().startswith("needs you")
    assert line.endswith("UTC, 2 times)")
    (house,) = json.loads(in_house("status", "--json").out)["properties"]
    assert {(each["kind"], each["subject"]) for each in house["alerts"]} == {
        ("nobody-on-duty", "towels"),
        ("nobody-on-duty", "taxi"),
    }


def test_what_is_wrong_with_the_whole_business_stands_after_the_houses(
    in_house: Say, raise_one: Callable[..., None]
) -> None:
    raise_one("account-stopped", "WhatsApp has stopped the account.", slug="")
    assert in_house("publish").code == 0
    told = in_house("status").out
    assert told.index("casa-azul") < told.index("WhatsApp has stopped the account. (since ")
    assert "Everything is live, and something above needs you." in told
    (alert,) = json.loads(in_house("status", "--json").out)["alerts"]
    assert alert["kind"] == "account-stopped"


def test_messages_that_got_stuck_are_counted(
    in_house: Say, home: Path, records_of: Callable[[], Database]
) -> None:
    with records_of().write() as tx:
        fill(
            tx,
            inbox={"waiting": 2, "quarantined": 3, "done": 1},
            outbox={"dead": 2, "in_doubt": 1, "sent": 4},
        )
    told = in_house("status").out
    for line in (
        "2 messages could not be sent: `publish.py messages --failed` lists them.",
        "1 message of which we don't know if they arrived",
        "3 webhooks could not be read.",
        "2 webhooks wait to be read",
    ):
        assert line in told
    assert json.loads(in_house("status", "--json").out)["messages"] == {
        "inbox_waiting": 2,
        "inbox_quarantined": 3,
        "outbox_waiting": 0,
        "outbox_in_doubt": 1,
        "outbox_dead": 2,
    }
