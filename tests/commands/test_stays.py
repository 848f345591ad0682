"""`publish.py stay add|set|list`: who comes when, by hand."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from generator.samples import harbour_house
from guestlink import clock, records, zones
from guestlink.contacts import Person, opened
from guestlink.crypto import read_keys
from guestlink.records import Period, Stay

DATES = ("--arrival", "2030-05-04", "--departure", "2030-05-07")
ANA = ("--name", "Ana Planted", "--phone", "+44 7700 900123", "--email", "ana@example.com")


@pytest.fixture
def stay(records_of) -> Callable[[str], Stay]:
    def find(name: str) -> Stay:
        with records_of().read() as db:
            return records.find_stay(db, name)

    return find


@pytest.fixture
def rooms(records_of) -> Callable[[str], list[tuple[str | None, date, date]]]:
    def find(name: str) -> list[tuple[str | None, date, date]]:
        with records_of().read() as db:
            parts: tuple[Period, ...] = records.periods(db, records.find_stay(db, name))
        return [(part.unit, part.from_on, part.until_on) for part in parts]

    return find


@pytest.fixture
def guest(records_of, home) -> Callable[[str], Person]:
    def find(name: str) -> Person:
        with records_of().read() as db:
            contact = records.contacts(db, records.find_stay(db, name))[0]
        return opened(read_keys(home / "data/keys/keyring.json"), contact)

    return find


def test_a_new_stay_has_its_guest_its_room_and_a_link(in_house, stay, rooms, guest):
    answer = in_house("stay", "add", "casa-azul", *DATES, "--unit", "room-1", *ANA, "--reference", "ANA-1")
    assert answer.code == 0
    made = stay("ANA-1")
    assert rooms("ANA-1") == [("room-1", date(2030, 5, 4), date(2030, 5, 7))]
    assert guest("ANA-1") == Person(name="Ana Planted", phone="+447700900123", email="ana@example.com")
    assert made.language == "en"
    assert f"publish.py link {made.code}" in answer.last
    assert in_house("link", "ANA-1").code == 0


def test_the_answer_does_not_repeat_the_guests_name(in_house):
    answer = in_house("stay", "add", "casa-azul", *DATES, *ANA)
    assert "Planted" not in answer.out + answer.err


def test_a_stay_without_reference_gets_the_next_number(in_house, stay):
    for unit in ("room-1", "room-2"):
        in_house("stay", "add", "casa-azul", *DATES, "--unit", unit)
    assert stay("CA-1001").from_on == stay("CA-1002").from_on


def test_a_guest_file_keeps_the_name_out_of_the_list_of_processes(in_house, stay, guest, tmp_path):
    told = {"name": "Ana Planted", "email": "ana@example.com", "language": "de"}
    (tmp_path / "guest.json").write_text(json.dumps(told))
    answer = in_house(
        "stay", "add", "casa-azul", *DATES, "--reference", "A", "--guest-file", str(tmp_path / "guest.json")
    )
    assert answer.code == 0
    assert guest("A") == Person(name="Ana Planted", email="ana@example.com")
    assert stay("A").language == "de"


@pytest.mark.parametrize("body", ["", "[]", '{"nam": "Ana"}', '{"name": 7}', "\xff"])
def test_a_guest_file_that_is_none_is_told(in_house, tmp_path, body):
    (tmp_path / "guest.json").write_bytes(body.encode("latin-1"))
    answer = in_house("stay", "add", "casa-azul", *DATES, "--guest-file", str(tmp_path / "guest.json"))
    assert answer.code == 2
    assert '"name"' in answer.err


def test_a_host_at_the_terminal_is_asked(in_house, at_terminal, guest, stay):
    at_terminal(
        {"arrival": "2030-05-04", "departure": "2030-05-07", "name": "Tomas", "phone": "+44 7700 900124"}
    )
    assert in_house("stay", "add", "casa-azul", "--reference", "T").code == 0
    assert guest("T") == Person(name="Tomas", phone="+447700900124")
    assert stay("T").until_on == date(2030, 5, 7)


def test_dates_can_be_said_as_today_and_tomorrow(in_house, stay):
    in_house("stay", "add", "casa-azul", "--arrival", "today", "--departure", "tomorrow", "--reference", "A")
    today = zones.local_date(clock.now(), "Europe/Lisbon")
    assert (stay("A").from_on, stay("A").until_on) == (today, today + timedelta(days=1))


def test_all_that_can_be_said_of_a_stay_is_kept(in_house, stay):
    words = (
        *("--adults", "2", "--children", "1", "--pets", "1", "--language", "pt-BR", "--amount", "120.50"),
        *("--expected-arrival", "22:30", "--check-in", "13:00", "--check-out", "12:00", "--source", "airbnb"),
        *("--reference", "A", "--party", "P1"),
    )
    assert in_house("stay", "add", "casa-azul", *DATES, *words).code == 0
    made = stay("A")
    assert (made.adults, made.children, made.pets, made.amount) == (2, 1, 1, 12050)
    assert (made.language, made.expected_arrival, made.check_in, made.check_out) == (
        "pt-BR",
        "22:30",
        "13:00",
        "12:00",
    )
    assert made.source == "airbnb"
    assert made.party_id


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--arrival", "4 May"), "--arrival"),
        (("--departure", "2030-05-04"), "not after"),
        (("--departure", "2035-05-04"), "two years"),
        (("--arrival", "0206-05-04"), "--arrival: “0206-05-04” is too far away"),
        (("--departure", "9999-12-31"), "--departure: “9999-12-31” is too far away"),
        (("--unit", "room-9"), "no unit"),
        (("--adults", "-1"), "number of people"),
        (("--adults", "two"), "adults"),
        (("--language", "xx-nowhere-at-all"), "not a language"),
        (("--phone", "call me"), "--phone"),
        (("--email", "ana"), "--email"),
        (("--expected-arrival", "late"), "expected_arrival"),
        (("--amount", "a lot"), "--amount"),
    ],
)
def test_a_wrong_word_is_told_and_nothing_is_kept(in_house, words, complaint):
    answer = in_house("stay", "add", "casa-azul", *DATES, *words)
    assert answer.code in {1, 2}
    assert complaint in answer.err
    assert json.loads(in_house("stay", "list", "--all", "--json").out) == []


def test_an_overlap_is_refused_with_a_sentence(in_house):
    in_house("stay", "add", "casa-azul", *DATES, "--unit", "room-1", "--reference", "ANA")
    words = (
        "--arrival",
        "2030-05-06",
        "--departure",
        "2030-05-08",
        "--unit",
        "room-1",
        "--reference",
        "TOMAS",
    )
    answer = in_house("stay", "add", "casa-azul", *words)
    assert answer.code == 1
    assert "room-1 is taken from 2030-05-04 until 2030-05-07 by ANA, so TOMAS cannot have it." in answer.err
    assert in_house("link", "TOMAS").code == 1


def test_the_same_reference_twice_is_refused_with_the_first(in_house, stay):
    in_house("stay", "add", "casa-azul", *DATES, "--unit", "room-1", "--reference", "ANA")
    answer = in_house("stay", "add", "casa-azul", *DATES, "--unit", "room-2", "--reference", "ANA")
    assert answer.code == 1
    assert f"stay set {stay('ANA').code}" in answer.err


# -- changing --------------------------------------------------------------------------------------
@pytest.fixture
def ana(in_house):
    """Ana has room-1 from the fourth to the seventh."""
    words = ("--unit", "room-1", "--reference", "ANA", *ANA)
    assert in_house("stay", "add", "casa-azul", *DATES, *words).code == 0
    return in_house


def test_an_extra_night_keeps_the_link(ana, rooms):
    before = ana("link", "ANA").out.splitlines()[1]
    answer = ana("stay", "set", "ANA", "--departure", "2030-05-08")
    assert answer.code == 0
    assert "7 May 2030 -> 4 May 2030 to 8 May 2030" in answer.out
    assert rooms("ANA") == [("room-1", date(2030, 5, 4), date(2030, 5, 8))]
    assert ana("link", "ANA").out.splitlines()[1] == before


def test_a_room_change_has_two_periods(ana, rooms):
    assert ana("stay", "set", "ANA", "--move", "room-3 from 2030-05-05").code == 0
    assert rooms("ANA") == [
        ("room-1", date(2030, 5, 4), date(2030, 5, 5)),
        ("room-3", date(2030, 5, 5), date(2030, 5, 7)),
    ]


@pytest.mark.parametrize("words", ["room-3", "room-3 from", "room-3 from Tuesday", "room-9 from 2030-05-05"])
def test_a_room_change_that_is_none_is_told(ana, rooms, words):
    assert ana("stay", "set", "ANA", "--move", words).code in {1, 2}
    assert len(rooms("ANA")) == 1


def test_a_room_can_be_given_later_and_taken_away(ana, rooms):
    assert ana("stay", "set", "ANA", "--unit", "-").code == 0
    assert rooms("ANA")[0][0] is None
    assert ana("stay", "set", "ANA", "--unit", "room-2").code == 0
    assert rooms("ANA")[0][0] == "room-2"


def test_a_change_into_a_taken_room_is_refused_and_changes_nothing(ana, rooms, stay):
    ana("stay", "add", "casa-azul", *DATES, "--unit", "room-2", "--reference", "TOMAS")
    version = stay("ANA").version
    answer = ana("stay", "set", "ANA", "--unit", "room-2", "--check-out", "12:00")
    assert answer.code == 1
    assert "TOMAS" in answer.err
    assert rooms("ANA")[0][0] == "room-1"
    assert stay("ANA").version == version


def test_a_cancelled_stay_frees_its_room_and_can_come_back(ana, stay):
    answer = ana("stay", "set", "ANA", "--status", "cancelled")
    assert "status: confirmed -> cancelled" in answer.out
    ana("stay", "add", "casa-azul", *DATES, "--unit", "room-1", "--reference", "TOMAS")
    assert ana("stay", "set", "ANA", "--status", "confirmed").code == 1
    ana("stay", "set", "TOMAS", "--status", "no-show")
    assert ana("stay", "set", "ANA", "--status", "confirmed").code == 0
    assert stay("ANA").status == "confirmed"
    assert stay("TOMAS").status == "no_show"


def test_what_is_left_to_pay_is_told_as_money(ana, stay):
    assert "amount: none -> €120.50" in ana("stay", "set", "ANA", "--amount", "120.50").out
    assert stay("ANA").amount == 12050


def test_a_stay_can_join_a_party_and_leave_it(ana, stay):
    ana("stay", "set", "ANA", "--party", "P1")
    assert stay("ANA").party_id
    ana("stay", "set", "ANA", "--party", "")
    assert stay("ANA").party_id is None


def test_a_late_check_out_is_agreed_and_taken_back(ana, stay):
    ana("stay", "set", "ANA", "--check-out", "14:00")
    assert stay("ANA").check_out == "14:00"
    ana("stay", "set", "ANA", "--check-out", "")
    assert stay("ANA").check_out == ""


def test_a_ready_room_stays_ready_since_the_first_time(ana, stay):
    ana("stay", "set", "ANA", "--ready")
    since = stay("ANA").ready_at
    assert since
    assert "nothing changed" in ana("stay", "set", "ANA", "--ready").last
    assert stay("ANA").ready_at == since
    ana("stay", "set", "ANA", "--not-ready")
    assert stay("ANA").ready_at is None


def test_what_is_newly_known_of_the_guest_is_taken_over(ana, guest):
    answer = ana("stay", "set", "ANA", "--phone", "+44 7700 900199")
    assert "guest is taken over" in answer.out
    assert guest("ANA") == Person(name="Ana Planted", phone="+447700900199", email="ana@example.com")


def test_nothing_told_is_refused(ana):
    assert ana("stay", "set", "ANA").code == 2


def test_equal_values_change_nothing(ana, stay):
    version = stay("ANA").version
    answer = ana("stay", "set", "ANA", "--departure", "2030-05-07", "--unit", "room-1", "--adults", "1")
    assert "nothing changed" in answer.last
    assert stay("ANA").version == version


def test_no_adults_is_something_told(ana, stay):
    ana("stay", "set", "ANA", "--adults", "0")
    assert stay("ANA").adults == 0


def test_an_unknown_stay_is_told(ana):
    answer = ana("stay", "set", "NOBODY", "--ready")
    assert answer.code == 1
    assert "booking reference" in answer.err


def test_a_change_asks_for_a_rebuild_that_says_why(ana, records_of, stay):
    house = stay("ANA").property_id
    with records_of().write() as tx:
        tx.do("drop_covered_rebuilds", property_id=house, at="9999")
    ana("stay", "set", "ANA", "--status", "cancelled")
    with records_of().read() as db:
        assert [row["why"] for row in db.all("waiting_rebuilds")] == ["stay cancelled"]


# -- listing ---------------------------------------------------------------------------------------
def test_the_list_shows_who_is_not_over(in_sample):
    answer = in_sample("stay", "list", "harbour-house")
    assert answer.code == 0
    head = answer.out.splitlines()[0].split("\t")
    assert head == [
        "code",
        "reference",
        "guest",
        "unit",
        "arrival",
        "departure",
        "phase",
        "language",
        "status",
    ]
    assert "Oliver Quayside" in answer.out
    assert "departed" not in answer.out
    assert "--all shows them" in answer.last


def test_the_list_can_be_of_one_phase(in_sample):
    rows = json.loads(in_sample("stay", "list", "--phase", "in-house", "--json").out)
    assert rows
    assert {row["phase"] for row in rows} == {"in_house"}


def test_the_list_can_be_of_one_day(in_sample):
    today = zones.local_date(clock.now(), harbour_house.SAMPLE.house.zone).isoformat()
    rows = json.loads(in_sample("stay", "list", "--on", "today", "--json").out)
    assert rows
    assert all(row["arrival"] <= today <= row["departure"] for row in rows)
    assert any(row["departure"] == today for row in rows)


def test_the_whole_list_has_all_forty(in_sample):
    rows = json.loads(in_sample("stay", "list", "--all", "--json").out)
    assert len(rows) == 40
    assert {row["unit"] for row in rows} >= {"room-7, room-3", "no room yet"}


def test_a_name_cannot_draw_on_the_terminal(in_house):
    in_house("stay", "add", "casa-azul", *DATES, "--name", "Ana\x1b[2J\u202egnp\ttab")
    answer = in_house("stay", "list")
    assert "\x1b" not in answer.out
    assert "\u202e" not in answer.out
    assert len(answer.out.splitlines()[1].split("\t")) == 9


def test_no_stay_is_a_sentence(in_house):
    assert in_house("stay", "list").out.strip() == "No stays."
