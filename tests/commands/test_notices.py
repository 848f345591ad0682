"""`publish.py notice`: written and published in one go, looked at before it is sent, told once."""

import json
import re
from datetime import timedelta

import pytest

from edge_api.journey import ledger
from guestlink import clock, zones
from guestlink.records import find_stay

WATER = ("notice", "add", "harbour-house", "water", "--title", "No water on Tuesday")
DAYS = ("--from", "today", "--until", "tomorrow")
TEXT = ("--text", "From nine to eleven.")


@pytest.fixture
def posted(in_sample):
    """The sample with a notice of today and tomorrow."""
    answer = in_sample(*WATER, *TEXT, *DAYS)
    assert answer.code == 0, answer.err
    return in_sample


def file(home, language: str = "en"):
    return home / "content" / "harbour-house" / "notices" / f"water.{language}.md"


def notice(say) -> dict:
    return next(each for each in json.loads(say("notice", "list", "--json").out) if each["notice"] == "water")


def test_a_notice_is_written_and_published_and_a_translation_has_its_days(posted, home):
    german = ("--language", "de", "--title", "Kein Wasser am Dienstag", "--text", "Von neun bis elf.")
    assert posted(*WATER[:4], *german).code == 0
    assert "from:" not in file(home, "de").read_text("utf-8")
    today = zones.local_date(clock.now(), "Europe/London")
    told = notice(posted)
    assert told["titles"] == {"en": "No water on Tuesday", "de": "Kein Wasser am Dienstag"}
    assert (told["shown_from"], told["shown_until"]) == (str(today), str(today + timedelta(days=1)))


def test_a_file_that_is_there_is_not_written_over(posted, home):
    before = file(home).read_bytes()
    again = posted(*WATER, "--text", "Other words.", *DAYS)
    assert again.code == 1
    assert "is there already" in again.err
    assert file(home).read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((*TEXT, "--from", "tomorrow", "--until", "today"), "It ends before it begins"),
        ((*TEXT, *DAYS, "--units", "room-99"), "room-99"),
        (("--text", "The code is [[dor-code]].", *DAYS), "dor-code"),
        ((*TEXT, *DAYS, "--language", "it"), "not offered"),
        ((*TEXT, "--from", "today"), "--until is missing"),
        ((*TEXT, "--from", "soon", "--until", "today"), "--from"),
    ],
)
def test_a_notice_that_cannot_be_published_leaves_no_file(in_sample, home, words, told):
    answer = in_sample(*WATER, *words)
    assert answer.code == 2
    assert told in answer.err
    assert not list(file(home).parent.glob("water.*"))


def test_a_name_that_no_file_can_have_is_refused(in_sample):
    answer = in_sample("notice", "add", "harbour-house", "../water", "--title", "x", *TEXT, *DAYS)
    assert (answer.code, "no short name" in answer.err) == (2, True)


def test_nothing_is_sent_before_somebody_says_yes(posted, at_terminal):
    answer = posted("notice", "send", "harbour-house", "water")
    assert answer.code == 1
    (many,) = re.findall(r"en, (\d+): No water on Tuesday. From nine to eleven.", answer.out)
    assert re.search(rf"To be told: {many} \(\d+ by WhatsApp, \d+ by e-mail\)", answer.out)
    assert ". The booking source does not allow messages outside it." in answer.out
    asked = at_terminal({"Send it": "n"})
    assert posted("notice", "send", "harbour-house", "water").code == 1
    assert asked == [f"Send it to {many} guests? [y/N] "]
    assert notice(posted)["waiting"] == 0


def test_what_is_sent_is_planned_once_and_names_nobody(posted, at_terminal, records_of):
    at_terminal({"Send it": "y"})
    answer = posted("notice", "send", "harbour-house", "water")
    assert answer.code == 0, answer.err
    (many,) = re.findall(r"^(\d+) guests are told", answer.last)
    assert "Oliver" not in answer.out
    assert notice(posted)["waiting"] == int(many) > 0
    again = posted("notice", "send", "harbour-house", "water", "--yes")
    assert (again.code, again.last) == (0, "Nobody is told anything.")
    with records_of().read() as db:
        rows = ledger.of_stay(db, find_stay(db, "HH-1009").id)
    assert [(row.state, row.key.split(":")[:2]) for row in rows] == [("planned", ["notice", "water"])]


def test_only_who_is_in_house_or_only_who_arrives(posted):
    counts = {}
    for to in ("in-house", "arriving", "both"):
        told = posted("notice", "send", "harbour-house", "water", "--to", to)
        counts[to] = int(told.out.partition("To be told: ")[2].split()[0])
    assert counts["in-house"] > 0
    assert counts["arriving"] > 0
    assert counts["in-house"] + counts["arriving"] == counts["both"]


def test_a_notice_that_is_not_published_is_told(in_sample):
    answer = in_sample("notice", "send", "harbour-house", "fire")
    assert (answer.code, "No notice 'fire' is published" in answer.err) == (1, True)


def test_the_price_is_told_when_the_host_has_a_list(posted, home):
    (home / "prices.toml").write_text('currency = "GBP"\n[utility]\ndefault = 0.02\n', "utf-8")
    with (home / "data" / "guestlink.toml").open("a") as settings:
        settings.write('whatsapp_prices = "prices.toml"\n')
    told = posted("notice", "send", "harbour-house", "water").out
    (many,) = re.findall(r"\((\d+) by WhatsApp", told)
    assert int(many) > 0
    assert f"It costs {int(many) * 0.02:.4f} GBP." in told
