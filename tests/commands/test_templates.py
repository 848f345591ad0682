"""A host hands message templates in and sees what Meta says: accepted, rejected with a reason, paused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_api.templates import load_templates
from guestlink.settings import load_settings, save_setting
from tests.commands.conftest import Say
from tests.databases import ROOT
from tests.edge_api.sandbox import conftest
from tests.edge_api.sandbox.place import NUMBER, WABA, Place, eventually

place, running_place = conftest.place, conftest.running_place
NAMES = 18


@pytest.fixture
def ask(in_house: Say, home: Path, place: Place) -> Callable[..., dict[tuple[str, str], tuple[str, str]]]:
    """`ask("submit")` runs the command; the states it shows, by name and language."""
    save_setting(
        load_settings(home, {}),
        whatsapp_url=place.url,
        whatsapp_token="sandbox-token",
        whatsapp_number_id=NUMBER,
        whatsapp_account_id=WABA,
    )
    place.settings(review_after=0)

    def asking(*words: str, code: int = 0) -> dict[tuple[str, str], tuple[str, str]]:
        answer = in_house("templates", "--json", *words)
        assert answer.code == code, answer.err
        rows = json.loads(answer.last)
        return {(row["name"], row["language"]): (row["state"], row["reason"]) for row in rows}

    return asking


def test_templates_are_shown_before_anything_is_asked(in_house: Say) -> None:
    shown = in_house("templates")
    assert shown.code == 0
    assert shown.out.count("not handed in") == NAMES
    assert f"0 of {NAMES} can be used." in shown.out


def test_what_is_handed_in_is_approved_and_not_handed_in_again(ask, place: Place) -> None:
    assert {state for state, _ in ask("submit").values()} == {"in review"}
    eventually(lambda: all(each["status"] == "APPROVED" for each in at_meta(place)))
    assert {state for state, _ in ask("refresh").values()} == {"approved"}
    ids = {each["id"] for each in at_meta(place)}
    assert {state for state, _ in ask("submit").values()} == {"approved"}
    assert {each["id"] for each in at_meta(place)} == ids


def test_other_languages_are_handed_in_when_they_are_named(ask, place: Place) -> None:
    ask("submit", "--language", "ar", "--language", "pt")
    assert {each["language"] for each in at_meta(place)} == {"ar", "pt_PT"}
    assert len(at_meta(place)) == 2 * NAMES


def test_a_rejection_comes_with_its_reason_and_a_pause_is_shown(ask, place: Place) -> None:
    place.settings(rejects={"stay_link": "INVALID_FORMAT"})
    ask("submit")
    eventually(lambda: all(each["status"] != "PENDING" for each in at_meta(place)))
    paused = next(each for each in at_meta(place) if each["name"] == "house_writes")
    place.post(f"/sandbox/templates/{paused['id']}/status", status="PAUSED")
    shown = ask("refresh")
    assert shown["stay_link", "en"] == ("rejected", "INVALID_FORMAT")
    assert shown["house_writes", "en"] == ("paused by Meta", "")


def test_other_words_are_handed_in_for_the_same_template(
    ask, home: Path, in_house: Say, place: Place
) -> None:
    ask("submit")
    eventually(lambda: all(each["status"] == "APPROVED" for each in at_meta(place)))
    save_setting(load_settings(home, {}), public_url="https://stay.example.com")
    assert ask()["stay_link", "en"] == ("in review", "other words than at Meta")
    told = in_house("templates", "submit").out
    linked = [name for name, form in load_templates(ROOT / "theme").forms.items() if form.link]
    assert len(linked) < NAMES
    assert [line for line in told.splitlines() if "handed in" in line] == [
        f"{name} (en) is handed in." for name in linked
    ]
    urls = [str(each["components"]) for each in at_meta(place) if each["name"] == "stay_link"]
    assert len(urls) == 1
    assert "https://stay.example.com/{{1}}" in urls[0]


def test_a_database_that_lost_its_rows_takes_over_what_is_at_meta(ask, place: Place) -> None:
    ask("submit")
    for each in at_meta(place):
        place.post(f"/sandbox/templates/{each['id']}/status", status="DISABLED")
    ask("refresh")
    place.reset()
    assert {state for state, _ in ask("refresh").values()} == {"not handed in"}
    assert {state for state, _ in ask("submit").values()} == {"in review"}


def test_what_meta_does_not_take_is_told_and_the_others_go_on(ask, in_house: Say, place: Place) -> None:
    place.fault("error", on="templates", code=131000, next=1)
    assert in_house("templates", "refresh").code == 1
    place.fault("outage", seconds=600)
    assert in_house("templates", "submit").code == 75
    place.http.delete("/sandbox/faults")
    assert {state for state, _ in ask("submit").values()} == {"in review"}


def test_a_missing_account_and_an_unknown_language_are_told(in_house: Say) -> None:
    answer = in_house("templates", "submit")
    assert (answer.code, "whatsapp_account_id" in answer.err) == (2, True)
    answer = in_house("templates", "--language", "sv")
    assert (answer.code, "'sv'" in answer.err) == (2, True)


def at_meta(place: Place) -> list[dict[str, str]]:
    told = place.http.get(
        f"/v24.0/{WABA}/message_templates",
        params={"limit": "200"},
        headers={"authorization": "Bearer sandbox-token"},
    )
    return list(told.json()["data"])
