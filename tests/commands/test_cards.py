"""`publish.py cards`: who arrives and cannot be written to gets a card that opens their page."""

import json
import re
import stat

import pytest
import segno

from edge_api.journey import ledger
from edge_api.journey.plans import Wanted
from guestlink import clock, crypto, records, secret_values
from guestlink.settings import load_settings

TOMORROW = ("HM-TERN52",)  # by a source that forbids to lead its guests elsewhere


@pytest.fixture
def printed(in_sample, home):
    """`printed("--on", "today")` is what the command says for machines, and the file's text."""

    def printing(*words: str) -> tuple[dict, str]:
        answer = in_sample("cards", *words, "--json")
        assert answer.code == 0, answer.err
        told = json.loads(answer.out)
        if not told["file"]:
            return told, ""
        file = home / "data" / "cards" / told["file"].rpartition("/")[2]
        return told, file.read_text("utf-8")

    return printing


def stays(told: dict) -> set[str]:
    return {row["stay"] for row in told["cards"]}


def square(link: str) -> str:
    drawing = segno.make_qr(link, error="m").svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    assert drawing.startswith("<svg")
    return drawing


def test_who_cannot_be_written_to_gets_a_card_that_opens_their_page(printed, in_sample):
    told, sheet = printed("harbour-house")
    assert stays(told) == set(TOMORROW)
    assert told["cards"][0]["why"] == "The booking source does not allow messages outside it."
    link, code = re.search(r"(http\S+)\n.*guide code (.{11})\.", in_sample("link", *TOMORROW).out).groups()
    assert square(link) in sheet
    assert square(link[:-1]) not in sheet, "the control: another link is another square"
    assert code in sheet
    assert sheet.count("<article") == 1


def test_a_card_speaks_the_guests_language_and_shows_no_code_of_the_house(printed, home, records_of):
    _, sheet = printed("harbour-house")
    assert '<article class="card" lang="pt" dir="ltr"' in sheet
    assert "Beatriz" in sheet
    assert "Ondaclara" not in sheet, "the given name is enough"
    ring = crypto.read_keys(load_settings(home, {}).keys_file)
    with records_of().read() as db:
        house = records.find_property(db, "harbour-house")
        values = secret_values.current_values(db, ring, house, at=clock.now())
    assert len(values) > 10
    assert [name for value, name in values.items() if re.search(rf"\b{re.escape(value)}\b", sheet)] == []


def test_all_arrivals_are_printed_when_that_is_wanted(printed):
    told, sheet = printed("--all")
    assert stays(told) == {*TOMORROW, "HH-1012", "HH-1013", "HH-1014", "HH-1015"}
    assert sheet.count('class="sheet"') == 2, "four cards on a sheet"


def test_a_guest_who_has_no_address_gets_one_and_the_reasons_are_told(printed, in_sample):
    told = ("--arrival", "2030-05-04", "--departure", "2030-05-06", "--language", "ar")
    assert in_sample("stay", "add", "harbour-house", "--reference", "NEW", *told).code == 0
    found, sheet = printed("--on", "2030-05-04")
    assert found["cards"] == [
        {
            "house": "harbour-house",
            "stay": "NEW",
            "room": "no room yet",
            "why": "No WhatsApp number of the guest is known. No e-mail address of the guest is known.",
            "live": False,
        }
    ]
    assert 'lang="ar" dir="rtl"' in sheet


def test_on_the_terminal_nobody_is_named_and_only_the_host_can_read_the_file(in_sample, home):
    answer = in_sample("cards")
    assert answer.code == 0, answer.err
    (file,) = (home / "data" / "cards").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in answer.last
    assert "Beatriz" not in answer.out
    assert "/w/" not in answer.out


def test_a_file_that_is_there_is_not_written_over_unless_told(in_sample, home):
    assert in_sample("cards").code == 0
    (file,) = (home / "data" / "cards").iterdir()
    file.write_text("kept")
    again = in_sample("cards")
    assert again.code == 1
    assert "--replace" in again.err
    assert file.read_text() == "kept"
    assert in_sample("cards", "--replace").code == 0
    assert "<article" in file.read_text("utf-8")


def test_a_day_without_arrivals_makes_no_file(in_sample, home):
    answer = in_sample("cards", "--on", "2031-01-01")
    assert (answer.code, answer.last) == (0, "No card is needed.")
    assert not (home / "data" / "cards").exists()


def test_whose_message_was_put_on_the_print_list_gets_a_card_though_another_channel_is_there(
    printed, records_of
):
    with records_of().write() as tx:
        stay = records.find_stay(tx, "HH-1012")
        (contact,) = records.contacts(tx, stay)
        want = Wanted(key="codes", state="planned", due_at=clock.now())
        ledger.write(tx, stay, contact_id=contact.id, want=want, at=clock.now())
        (row,) = ledger.of_stay(tx, stay.id)
        ledger.settle(tx, row, state="sent", channel="print", at=clock.now())
    assert stays(printed()[0]) == {*TOMORROW, "HH-1012"}


def test_a_cancelled_stay_gets_no_card(printed, in_sample):
    assert in_sample("stay", "set", *TOMORROW, "--status", "cancelled").code == 0
    assert stays(printed("--all")[0]).isdisjoint(TOMORROW)


def test_a_card_loads_nothing(printed):
    _, sheet = printed("--all")
    assert not re.search(r'(?:src|href)="|url\(', sheet)
