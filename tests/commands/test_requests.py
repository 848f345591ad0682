"""A host at the terminal reads what guests ask for, and answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_api import front_desk
from edge_api.front_desk import Asked
from guestlink import clock, records
from guestlink.arrivals import ArrivalTold
from guestlink.crypto import read_keys
from guestlink.database import open_database
from guestlink.settings import load_settings
from tests.commands.conftest import Say
from tests.desk import offer_services, words

Ask = Callable[..., str]


def desk_of(home: Path) -> tuple[Any, Any]:
    settings = load_settings(home, {})
    return open_database(settings.database_url, home=home), read_keys(settings.keys_file)


@pytest.fixture
def ask(in_house: Say, home: Path) -> Ask:
    """Ana, who came today, asks for something; the id of it."""
    dates = ("--arrival", "today", "--departure", "tomorrow")
    ana = ("--unit", "room-1", "--reference", "ANA", "--name", "Ana")
    assert in_house("stay", "add", "casa-azul", *dates, *ana).code == 0
    database, ring = desk_of(home)
    with database.write() as tx:
        offer_services(tx, records.find_property(tx, "casa-azul"))

    def asking(service: str = "", **told: Any) -> str:
        asked = Asked(key=f"key-{clock.new_id()}", service=service, **told)
        with database.write() as tx:
            link = records.stay_links(tx, records.find_stay(tx, "ANA"))[0]
            return front_desk.ask(tx, ring, link.id, asked, at=clock.now(), words=words()).request.id

    return asking


def test_requests_are_listed_with_the_urgent_first_and_answered_by_short_ids(in_house: Say, ask: Ask) -> None:
    taxi = ask("taxi", fields={"to": "the station"})
    ask("heating", note="water everywhere")
    lines = in_house("requests").out.splitlines()
    assert lines[1].split("\t")[1:] == ["! 0 min", "room-1", "Ana", "Heating: water everywhere", "accepted"]
    assert lines[2].split("\t")[4:] == ["Taxi: the station", "requested"]
    assert "1 waits for an answer." in lines[3]
    assert "accepted" in in_house("requests", "accept", taxi[-6:]).out
    assert "Nothing waits" in in_house("requests").out
    assert "completed" in in_house("requests", "complete", taxi).out
    assert "Taxi" not in in_house("requests").out
    assert "Taxi" in in_house("requests", "--all").out


def test_a_reason_is_shown_with_the_whole_story(in_house: Say, ask: Ask) -> None:
    taxi = ask("taxi", fields={"to": "the station"})
    assert in_house("requests", "note", taxi[-6:], "Denzil is away").code == 0
    assert "declined" in in_house("requests", "decline", taxi[-6:], "--why", "No taxi on Sundays").out
    shown = in_house("requests", "show", taxi[-6:]).out
    assert "Where to: the station" in shown
    for words_of in ("noted by", "Denzil is away", "declined by", "No taxi on Sundays"):
        assert words_of in shown
    (line,) = json.loads(in_house("requests", "--all", "--json").out)
    assert (line["id"], line["state"], line["reason"]) == (taxi, "declined", "No taxi on Sundays")


def test_the_words_of_a_guest_cannot_pass_for_ours(in_house: Say, ask: Ask) -> None:
    planted = "2026-11-07 12:00 accepted by Marta"
    request = ask("taxi", fields={"to": f"the\x1b[2Jstation\n{planted}"}, note=f"soon\n{planted}\u202e")
    told = in_house("requests", "show", request[-6:]).out
    assert told.count(planted) == 2
    assert not any(line.startswith(planted) for line in told.splitlines())
    assert not set("\x1b\u202e") & set(told)
    assert planted not in [line.strip() for line in in_house("requests").out.splitlines()]


def test_a_yes_to_a_late_check_out_says_that_the_stay_is_changed(in_house: Say, ask: Ask) -> None:
    late = ask("late-checkout")
    assert "check-out 14:00" in in_house("requests", "accept", late[-6:]).out
    assert in_house("stay", "set", "ANA", "--check-out", "17:00").code == 0
    assert "no change" in in_house("requests", "accept", ask("later-checkout")[-6:]).out
    room = ask("other-room")
    assert "stay set" in in_house("requests", "accept", room[-6:]).out


@pytest.mark.parametrize("name", ["zzzz", "ab", "000000000000", "%"])
def test_an_id_that_is_none_is_told(in_house: Say, ask: Ask, name: str) -> None:
    ask("taxi", fields={"to": "the station"})
    answer = in_house("requests", "accept", name)
    assert answer.code == 1
    assert "There is no request" in answer.err


def test_what_guests_told_before_they_come_and_nothing_of_others(in_house: Say, home: Path) -> None:
    dates = ("--arrival", "today", "--departure", "tomorrow")
    assert in_house("stay", "add", "casa-azul", *dates, "--reference", "ANA", "--name", "Ana").code == 0
    assert "No arrivals told" in in_house("requests", "--arrivals").out
    database, ring = desk_of(home)
    told = ArrivalTold(time="18:30", adults=2, note="by train", word="lighthouse")
    with database.write() as tx:
        link = records.stay_links(tx, records.find_stay(tx, "ANA"))[0]
        front_desk.tell_arrival(tx, ring, link.id, told, at=clock.now(), words=words())
    database.close()
    out = in_house("requests", "--arrivals").out
    for part in ("18:30", "Ana", "by train", "lighthouse", "1 arrival told"):
        assert part in out
    assert "No ratings told" in in_house("requests", "--ratings").out
