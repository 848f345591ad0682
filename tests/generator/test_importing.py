"""Stays from files of rows: known again, compared, written, reported."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.importing import ImportReport
from generator.intake import runs
from guestlink import stays
from guestlink.errors import GuestLinkError, InvalidInput, NotFound, Stale
from guestlink.records import Period, Stay
from tests.generator.desk import AT, RECORDED, Desk, open_desk

HEAD = "reference,arrival,departure,unit,name,phone,adults\n"
ANA = "HB-1042,2026-05-03,2026-05-05,room-1,Ana,+44 7700 900123,2\n"
TOMAS = "HB-1043,2026-05-05,2026-05-07,room-1,Tomas,+1 555 0142,1\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from open_desk(tmp_path)


def counts(report: ImportReport) -> dict[str, int]:
    names = ("added", "changed", "unchanged", "proposed_cancelled", "restored", "blocked", "bad")
    return {name: number for name in names if (number := getattr(report, name))}


# What a file tells


def test_every_field_of_a_german_export_arrives_in_the_records(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "guesthouse.de.csv"), mapping={"unit": "Zimmer"})
    assert report.bad == 3  # the house calls its rooms Room 1 and Room 2
    text = (
        (RECORDED / "guesthouse.de.csv")
        .read_text("utf-8")
        .replace("Zimmer 1;", "room-1;")
        .replace("Zimmer 2;", "room 2;")
    )
    assert counts(desk.take_text(text)) == {"added": 3}
    stay = desk.stay("HB-1042")
    assert (stay.from_on, stay.until_on) == (date(2026, 5, 10), date(2026, 5, 14))
    assert (stay.language, stay.adults, stay.children, stay.pets) == ("pt", 2, 1, 0)
    assert (stay.expected_arrival, stay.amount, stay.status) == ("16:30", 123450, "confirmed")
    guest = desk.guest("HB-1042")
    assert (guest.name, guest.phone, guest.email) == ("Ana Pereira", "+447700900123", "ana@example.com")
    assert desk.stay("HB-1043").status == "cancelled"
    assert desk.rooms("HB-1044") == [("room-2", date(2026, 5, 14), date(2026, 5, 17))]


def test_names_in_any_script_are_kept_as_they_are_written(desk: Desk) -> None:
    names = {"R-1": "مريم الهاشمي", "R-2": "山田 花子", "R-3": "Zoë Ångström-Nuñez", "R-4": "O’Brien, Ana"}
    rows = [
        f'{name},2026-06-0{day},2026-06-0{day + 1},,"{who}"'
        for day, (name, who) in enumerate(names.items(), 1)
    ]
    desk.take_text("\n".join(["reference,arrival,departure,unit,guest", *rows]))
    assert {name: desk.guest(name).name for name in names} == names


def test_first_and_last_name_become_one_name(desk: Desk) -> None:
    desk.take_text("ref,Nombre,Apellidos,Llegada,Salida\nR-1,Ana,Pereira Lopes,2026-05-03,2026-05-04\n")
    assert desk.guest("R-1").name == "Ana Pereira Lopes"


def test_a_departure_follows_from_the_number_of_nights(desk: Desk) -> None:
    desk.take_text("ref,arrival,nights\nR-1,2026-05-03,3\n")
    assert desk.stay("R-1").until_on == date(2026, 5, 6)


def test_a_stay_without_a_name_still_has_a_contact(desk: Desk) -> None:
    desk.take_text("ref,arrival,departure\nR-1,2026-05-03,2026-05-04\n")
    assert desk.guest("R-1").name == ""


def test_a_stay_of_a_house_with_one_unit_needs_no_unit(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path, rooms=1):
        desk.take_text("ref,arrival,departure\nR-1,2026-05-03,2026-05-04\n")
        assert desk.rooms("R-1")[0][0] == "room-1"


def test_a_stay_of_a_larger_house_waits_for_its_unit_and_the_report_says_so(desk: Desk) -> None:
    report = desk.take_text("ref,arrival,departure\nR-1,2026-05-03,2026-05-04\n")
    assert desk.rooms("R-1")[0][0] is None
    assert "1 new stay has no unit yet: name it in the file or with --unit" in report.notes


def test_a_given_unit_is_where_all_stays_go(desk: Desk) -> None:
    report = desk.take_text("ref,arrival,departure,room\nR-1,2026-05-03,2026-05-04,attic\n", room="room-2")
    assert desk.rooms("R-1")[0][0] == "room-2"
    assert "the column 'room' is not read: the unit is given for all stays" in report.notes


def test_a_listing_that_names_no_unit_is_not_taken_for_one(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "airbnb.csv"), source_name="Airbnb")
    assert counts(report) == {"added": 3}
    assert any("'Listing' names no unit" in note for note in report.notes)
    assert desk.stay("HMANA00001").from_on == date(2026, 5, 10)


def test_a_windows_export_of_a_channel_is_read_with_its_status_words(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "booking-com.csv"), source_name="booking.com")
    assert [desk.stay(f"400000000{n}").status for n in (1, 2, 3)] == ["confirmed", "cancelled", "no_show"]
    assert desk.guest("4000000002").name == "Zoë Müller"
    assert desk.stay("4000000001").amount == 48050
    assert report.source == "booking-com"


def test_rows_about_requests_and_blocked_days_are_no_stays(desk: Desk) -> None:
    text = (
        "ref,arrival,departure,status\nR-1,2026-05-03,2026-05-04,Anfrage\nR-2,2026-05-03,2026-05-04,blocked\n"
    )
    report = desk.take_text(text)
    assert counts(report) == {"blocked": 2}
    assert "1 row is no stay (requests, offers or refusals): line 2" in report.notes
    assert "1 row is no stay (blocked days): line 3" in report.notes
    assert desk.stays() == []


def test_a_row_that_is_no_stay_has_no_mistakes(desk: Desk) -> None:
    report = desk.take_text("ref,arrival,departure,status,phone\nR-1,soon,,blocked,none yet\n")
    assert (counts(report), report.is_clean) == ({"blocked": 1}, True)


# Rooms of one booking


PARTY = (
    "booking number,arrival,departure,room,guest\n"
    "G-7,2026-05-03,2026-05-05,room-1,Ana\n"
    "G-7,2026-05-03,2026-05-05,room-2,Tomas\n"
    "G-8,2026-05-08,2026-05-09,room-1,Mira\n"
)


def test_rows_with_one_reference_and_several_units_are_a_party(desk: Desk) -> None:
    assert counts(desk.take_text(PARTY)) == {"added": 3}
    first, second, alone = (stay.party_id for stay in desk.stays())
    assert first == second is not None
    assert alone is None


def test_a_party_that_is_imported_again_changes_nothing(desk: Desk) -> None:
    desk.take_text(PARTY)
    before = desk.everything()
    assert counts(desk.take_text(PARTY)) == {"unchanged": 3}
    assert desk.everything() == before


def test_two_rows_with_one_uid_are_a_mistake_that_names_the_first(desk: Desk) -> None:
    text = "uid,arrival,departure,unit\nu1,2026-05-03,2026-05-05,room-1\nu1,2026-05-03,2026-05-05,room-2\n"
    report = desk.take_text(text)
    assert counts(report) == {"added": 1, "bad": 1}
    assert (report.bad_rows[0].line, report.bad_rows[0].field) == (3, "uid")
    assert report.bad_rows[0].reason == "is the same as in line 2"


def test_the_same_row_twice_counts_once(desk: Desk) -> None:
    assert counts(desk.take_text(HEAD + ANA + ANA)) == {"added": 1, "unchanged": 1}
    assert counts(desk.take_text(HEAD + ANA + ANA)) == {"unchanged": 2}


# Known again


def test_importing_twice_changes_nothing(desk: Desk) -> None:
    desk.take_text(HEAD + ANA + TOMAS)
    before = desk.everything()
    assert counts(desk.take_text(HEAD + ANA + TOMAS)) == {"unchanged": 2}
    assert desk.everything() == before


def test_a_changed_row_changes_its_stay_and_says_how(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    link = desk.everything()["links"]
    longer = ANA.replace("2026-05-05", "2026-05-06").replace("room-1", "room-3").replace(",2\n", ",3\n")
    report = desk.take_text(HEAD + longer)
    assert counts(report) == {"changed": 1}
    assert report.changes == ["stay HB-1042: departure 5 May -> 6 May, unit room-1 -> room-3, adults 2 -> 3"]
    assert desk.rooms("HB-1042") == [("room-3", date(2026, 5, 3), date(2026, 5, 6))]
    assert [row["slug"] for row in desk.everything()["links"]] == [row["slug"] for row in link]


def test_an_absent_column_leaves_what_a_host_changed_by_hand(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    desk.change("HB-1042", language="pt", check_in="18:00", pets=1)
    desk.take_text(HEAD + ANA.replace("2026-05-05", "2026-05-06"))
    stay = desk.stay("HB-1042")
    assert (stay.until_on, stay.language, stay.check_in, stay.pets) == (date(2026, 5, 6), "pt", "18:00", 1)


def test_an_unchanged_row_leaves_everything_a_host_changed_by_hand(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    desk.change("HB-1042", adults=4, status="cancelled")
    assert counts(desk.take_text(HEAD + ANA)) == {"unchanged": 1}
    assert (desk.stay("HB-1042").adults, desk.stay("HB-1042").status) == (4, "cancelled")


def test_an_empty_cell_forgets_nothing(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    desk.take_text(HEAD + "HB-1042,2026-05-03,2026-05-06,room-1,,,\n")
    assert desk.guest("HB-1042").name == "Ana"
    assert desk.stay("HB-1042").adults == 2


def test_a_change_of_rooms_made_by_hand_outlives_other_dates(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    first, second = (desk.unit("room-1"), desk.unit("room-2"))
    moved = tuple(
        Period(unit_id=unit.id, from_on=begins, until_on=begins + timedelta(days=1), unit=unit.slug)
        for unit, begins in ((first, date(2026, 5, 3)), (second, date(2026, 5, 4)))
    )
    desk.change("HB-1042", new_periods=moved)
    desk.take_text(HEAD + ANA.replace("2026-05-05", "2026-05-07"))
    assert desk.rooms("HB-1042") == [
        ("room-1", date(2026, 5, 3), date(2026, 5, 4)),
        ("room-2", date(2026, 5, 4), date(2026, 5, 7)),
    ]


def test_a_file_without_uid_and_reference_knows_its_stays_again(desk: Desk) -> None:
    text = (
        "arrival,departure,room,guest\n2026-05-03,2026-05-05,room-1,Ana\n2026-05-03,2026-05-05,room-2,Ana\n"
    )
    assert counts(desk.take_text(text)) == {"added": 2}
    report = desk.take_text(text.replace("Ana", "ANA"))
    assert counts(report) == {"changed": 2}
    assert "no column is a uid or reference: a stay whose dates change counts as a new one" in report.notes


def test_rows_that_nothing_tells_apart_are_reported(desk: Desk) -> None:
    text = "arrival,departure,guest,adults\n2026-05-03,2026-05-05,Ana,2\n2026-05-03,2026-05-05,Ana,1\n"
    report = desk.take_text(text)
    assert counts(report) == {"added": 1, "bad": 1}
    assert report.bad_rows[0].reason == "the row cannot be told from line 2"


def test_the_same_uid_from_another_source_is_another_stay(desk: Desk) -> None:
    text = "reference,arrival,departure\nR-1,2026-05-03,2026-05-05\n"
    desk.take_text(text, source_name="Airbnb")
    assert counts(desk.take_text(text, source_name="Vrbo")) == {"added": 1}


def test_a_source_column_tells_where_each_stay_comes_from(desk: Desk) -> None:
    rows = ("R-1,2026-05-03,2026-05-05,Booking.com", "R-2,2026-05-04,2026-05-05,HomeAway")
    text = "\n".join(["ref,arrival,departure,channel", *rows])
    desk.take_text(text)
    assert [stay.source for stay in desk.stays()] == ["booking-com", "vrbo"]


# Rows that cannot be


def test_a_bad_row_is_named_by_line_field_and_reason_and_spoils_no_other(desk: Desk) -> None:
    text = HEAD + ANA + "HB-9,soon,2026-05-09,room-2,Mira,,\nHB-8,2026-05-08,,room-2,Mira,,\n" + TOMAS
    report = desk.take_text(text)
    assert counts(report) == {"added": 2, "bad": 2}
    assert [(row.line, row.field, row.reason) for row in report.bad_rows] == [
        (3, "arrival", "is not a date"),
        (4, "departure", "is missing"),
    ]
    assert not report.is_clean


@pytest.mark.parametrize("nights", ["999999999", "999999", "80000"])
def test_nights_without_end_are_a_bad_row(desk: Desk, nights: str) -> None:
    report = desk.take_text(f"ref,arrival,nights\nHB-9,2026-05-03,{nights}\n")
    assert [(row.line, row.field, row.reason) for row in report.bad_rows] == [
        (2, "departure", "is not a date from 1990 to 2199"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("departure", "2026-05-01", "is not after the arrival"),
        ("departure", "2029-05-01", "is more than two years after the arrival"),
        ("departure", "2999-05-01", "is not a date"),
        ("unit", "Room 99", "is not one of the property's units"),
        ("status", "perhaps", "is not a known status"),
        ("name", "A" * 201, "is longer than 200 characters"),
        ("uid", "A" * 201, "is longer than 200 characters"),
    ],
)
def test_a_field_that_makes_the_stay_has_a_reason_that_repeats_no_value(
    desk: Desk, column: str, value: str, reason: str
) -> None:
    report = desk.take_text(one_stay(column, value))
    assert [(bad.line, bad.field, bad.reason) for bad in report.bad_rows] == [(2, column, reason)]
    assert (counts(report), report.left_out) == ({"bad": 1}, [])
    assert value not in repr(report)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("phone", "4.47700E+11", "was shortened by a spreadsheet"),
        ("email", "ana at example", "is not an e-mail address"),
        ("language", "Klingon", "is not a language"),
        ("adults", "many", "is not a number from 0 to 99"),
        ("amount", "12.345,678", "has more decimals than EUR has"),
        ("amount", "1,2,3", "is not an amount"),
        ("amount", "100 USD", "is in another currency than EUR"),
        ("children", "100", "is not a number from 0 to 99"),
        ("pets", "zoo", "is not a number from 0 to 99"),
        ("expected_arrival", "later", "is not a time"),
        ("check_in", "later", "is not a time"),
        ("check_out", "25:00", "is not a time"),
        ("nights", "a few", "is not a number of nights"),
    ],
)
def test_a_detail_that_cannot_be_read_costs_only_itself_and_its_reason_repeats_no_value(
    desk: Desk, column: str, value: str, reason: str
) -> None:
    report = desk.take_text(one_stay(column, value))
    assert [(row.line, row.field, row.reason) for row in report.left_out] == [(2, column, reason)]
    assert (counts(report), report.bad_rows, report.is_clean) == ({"added": 1}, [], False)
    assert value not in repr(report)
    again = desk.take_text(one_stay(column, value))
    assert (counts(again), again.left_out) == ({"unchanged": 1}, report.left_out)


def one_stay(column: str, value: str) -> str:
    row = {"reference": "R-1", "arrival": "2026-05-03", "departure": "2026-05-05", column: value}
    return ",".join(row) + "\n" + ",".join(f'"{cell}"' for cell in row.values()) + "\n"


def test_a_detail_that_cannot_be_read_forgets_nothing(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    report = desk.take_text(HEAD + ANA.replace("+44 7700 900123,2", "see app,3"))
    assert report.changes == ["stay HB-1042: adults 2 -> 3"]
    assert desk.guest("HB-1042").phone == "+447700900123"


def test_all_mistakes_of_a_row_are_told_and_the_row_counts_once(desk: Desk) -> None:
    rows = "u1,soon,,attic,see app,many\nu2,,,,,\nu3,2026-05-03,,,,lots\n"
    report = desk.take_text("uid,arrival,departure,unit,phone,adults\n" + rows)
    assert counts(report) == {"bad": 3}
    assert sorted((row.line, row.field) for row in report.bad_rows) == [
        (2, "adults"),
        (2, "arrival"),
        (2, "departure"),
        (2, "phone"),
        (2, "unit"),
        (3, "arrival"),
        (3, "departure"),
        (4, "adults"),
        (4, "departure"),
    ]


def test_a_row_that_is_refused_tells_its_other_mistakes_too(desk: Desk) -> None:
    rows = "X-1,2026-05-04,2026-05-06,room-1,Mira,see app,1\n" + ANA + ANA.replace(",2\n", ",many\n")
    report = desk.take_text(HEAD + ANA + rows)
    assert counts(report) == {"added": 1, "unchanged": 1, "bad": 2}
    told = [(row.line, row.field) for row in report.bad_rows]
    assert told == [(3, "unit"), (3, "phone"), (5, "unit"), (5, "adults")]
    assert report.left_out == []


def test_a_row_that_is_there_twice_tells_its_mistake_twice(desk: Desk) -> None:
    odd = ANA.replace(",2\n", ",many\n")
    report = desk.take_text(HEAD + odd + odd)
    assert counts(report) == {"added": 1, "unchanged": 1}
    assert [(row.line, row.field) for row in report.left_out] == [(2, "adults"), (3, "adults")]


def test_a_file_without_uid_and_reference_gives_its_stays_their_unit_later(desk: Desk) -> None:
    text = "arrival,departure,guest\n2026-05-03,2026-05-05,Ana\n2026-05-05,2026-05-07,Tomas\n"
    assert counts(desk.take_text(text)) == {"added": 2}
    assert counts(desk.take_text(text, room="room-1")) == {"changed": 2}
    assert counts(desk.take_text(text, room="room-1")) == {"unchanged": 2}
    assert {desk.rooms(stay.reference)[0][0] for stay in desk.stays()} == {"room-1"}


def test_the_second_of_two_overlapping_stays_in_a_unit_is_a_bad_row_that_names_the_first(desk: Desk) -> None:
    report = desk.take_text(HEAD + ANA + TOMAS.replace("2026-05-05", "2026-05-04"))
    assert counts(report) == {"added": 1, "bad": 1}
    row = report.bad_rows[0]
    assert (row.line, row.field) == (3, "unit")
    taken = "room-1 is taken from 2026-05-03 until 2026-05-05 by HB-1042"
    assert row.reason == f"{taken}, so HB-1043 cannot have it"


def test_a_cancelled_stay_is_in_nobodys_way(desk: Desk) -> None:
    rows = ("A,2026-05-03,2026-05-05,room-1,cancelled", "B,2026-05-03,2026-05-05,room-1,ok")
    text = "\n".join(["ref,arrival,departure,unit,status", *rows])
    assert counts(desk.take_text(text)) == {"added": 2}


def test_a_stay_may_take_a_unit_that_a_later_row_leaves(desk: Desk) -> None:
    desk.take_text(HEAD + ANA + TOMAS)
    text = HEAD + ANA.replace("2026-05-05", "2026-05-06") + TOMAS.replace("room-1", "room-2")
    report = desk.take_text(text)
    assert counts(report) == {"changed": 2}
    assert desk.rooms("HB-1042") == [("room-1", date(2026, 5, 3), date(2026, 5, 6))]


def test_a_refused_row_leaves_nothing_behind(desk: Desk) -> None:
    desk.take_text(HEAD + ANA)
    before = desk.everything()
    text = "ref,arrival,departure,unit,group\nX-1,2026-05-03,2026-05-04,room-1,Choir\n"
    assert counts(desk.take_text(text)) == {"bad": 1}
    assert desk.everything() == before
    with desk.database.read() as db:
        assert db.one("party_by_reference", property_id=desk.house.id, reference="Choir") is None


def test_a_report_names_no_person(desk: Desk) -> None:
    desk.take_text(
        "ref,arrival,departure,name,phone,email\nR-1,2026-05-03,2026-05-05,Ana,+447700900123,ana@example.com\n"
    )
    report = desk.take_text(
        "ref,arrival,departure,name,phone,email\n"
        "R-1,2026-05-03,2026-05-05,Anabel,+447700900999,anabel@example.com\n"
        "R-2,Anabel,2026-05-05,Anabel,+447700900999,anabel@example.com\n"
    )
    assert report.changes == ["stay R-1: guest's name changed, guest's phone changed, guest's e-mail changed"]
    for word in ("Ana", "7700900", "example.com"):
        assert word not in repr(report)


@pytest.mark.parametrize("hidden", ["\\u0000", "\\u0007", "\\ud800"])
def test_characters_that_no_record_can_hold_are_a_bad_row(desk: Desk, hidden: str) -> None:
    stay = '{"ref": "%s", "arrival": "2026-05-03", "nights": 2}'
    rows = f"[{stay % ('A' + hidden)}, {stay % 'B'}]"
    report = desk.take_text(rows, "stays.json")
    assert counts(report) == {"added": 1, "bad": 1}
    assert (report.bad_rows[0].line, report.bad_rows[0].field) == (1, "reference")


# Rehearsals, batches, many rows


def test_a_dry_run_says_what_the_import_then_does_and_changes_nothing(desk: Desk) -> None:
    desk.take_text(HEAD + ANA + TOMAS)
    text = (
        HEAD
        + ANA.replace("2026-05-05", "2026-05-06")
        + TOMAS.replace("room-1", "room-2")
        + "HB-1044,2026-05-06,2026-05-08,room-1,Mira,,\n"
        + "HB-1045,2026-05-07,2026-05-08,room-1,Mira,,\n"
        + "HB-1046,2026-05-06,2026-05-08,room-1,Mira,,\n"
        + "HB-1047,tomorrow,2026-05-08,room-1,Mira,,\n"
    )
    before = desk.everything()
    rehearsal = desk.take_text(text, dry_run=True)
    assert desk.everything() == before
    done = desk.take_text(text)
    assert counts(rehearsal) == counts(done) == {"added": 1, "changed": 2, "bad": 3}
    assert rehearsal.changes == done.changes
    assert rehearsal.bad_rows == done.bad_rows
    assert rehearsal.is_dry_run


def test_many_rows_go_in_by_batches_and_progress_is_told(desk: Desk) -> None:
    first = date(2020, 1, 1)
    rows = [f"R-{n},{first + timedelta(days=n)},{first + timedelta(days=n + 1)},room-1" for n in range(1200)]
    heard: list[int] = []
    report = desk.take_text("\n".join(["ref,arrival,departure,unit", *rows]), progress=heard.append)
    assert report.added == len(desk.stays()) == 1200
    assert heard == [500, 1000, 1200]


def test_a_batch_that_somebody_was_faster_than_is_repeated_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = iter([Stale("Somebody was faster."), Stale("Somebody was faster."), None])
    added = stays.add_stay

    def sometimes_late(*args: object, **options: object) -> Stay:
        if error := next(tries, None):
            raise error
        return added(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("generator.intake.ledgers.add_stay", sometimes_late)
    assert counts(desk.take_text(HEAD + ANA + TOMAS)) == {"added": 2}


def test_a_batch_that_is_always_late_gives_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def always_late(*_args: object, **_options: object) -> None:
        raise Stale("Somebody was faster.")

    monkeypatch.setattr("generator.intake.ledgers.add_stay", always_late)
    with pytest.raises(Stale):
        desk.take_text(HEAD + ANA)


def test_an_import_asks_for_one_rebuild_of_the_property(desk: Desk) -> None:
    desk.take_text(HEAD + ANA + TOMAS)
    with desk.database.read() as db:
        asked = db.all("waiting_rebuilds")
    assert len(asked) == 1


def test_rows_that_must_wait_forever_are_bad_when_there_are_too_many(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MOST_WAITING", 1)
    rows = "".join(f"R-{n},2026-05-03,2026-05-05,room-1,Mira,,\n" for n in range(4))
    report = desk.take_text(HEAD + rows)
    assert counts(report) == {"added": 1, "bad": 3}
    assert [row.line for row in report.bad_rows] == [3, 4, 5]


# Files with nothing in them


def test_a_file_of_headings_only_is_reported_with_what_they_mean(desk: Desk) -> None:
    report = desk.take_text("Anreise;Abreise;Gast\n")
    assert report.mapping == {"name": "Gast", "arrival": "Anreise", "departure": "Abreise"}
    assert counts(report) == {}
    assert "the file has no rows below its headings" in report.notes


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("empty.csv", b"", "empty.csv is empty."),
        ("blank.csv", b" \r\n\r\n", "blank.csv is empty."),
        ("stays.xlsx", b"PK\x03\x04rest", "stays.xlsx is an Excel or zip file, not text."),
        ("noise.csv", bytes(range(256)), "noise.csv is not text."),
        ("empty.ics", b"", "empty.ics is empty."),
        ("page.ics", b"<!doctype html><title>Sign in</title>", "page.ics is not an iCal feed."),
        ("one.json", b'{"arrival": "2026-05-03"}', "one.json holds no list of stays."),
        ("number.json", b"42", "number.json holds no list of stays."),
        ("broken.json", b'[{"arrival": ]', "broken.json is not JSON: line 1 cannot be read."),
        ("other.csv", b"colour,size\nred,9\n", "No column is known to be the arrival or the departure."),
    ],
)
def test_a_file_that_holds_no_stays_is_refused_in_plain_words(
    desk: Desk, name: str, body: bytes, words: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.take_text(body, name)
    assert refused.value.message == words
    assert refused.value.hint or name.endswith("broken.json")
    assert desk.stays() == []


def test_a_missing_file_and_a_folder_are_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.take(str(desk.folder / "nowhere.csv"))
    with pytest.raises(InvalidInput, match="is a folder"):
        desk.take(str(desk.folder))


def test_an_unknown_field_or_column_of_a_mapping_is_refused_with_what_there_is(desk: Desk) -> None:
    with pytest.raises(GuestLinkError, match="no field 'arival'"):
        desk.take_text(HEAD + ANA, mapping={"arival": "arrival"})
    with pytest.raises(GuestLinkError, match=r"no column 'Ankunft'.*The file has: reference, arrival"):
        desk.take_text(HEAD + ANA, mapping={"arrival": "Ankunft"})


# Any file


stays_drawn = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(0, 60),
        st.integers(1, 9),
        st.sampled_from(["room-1", "room-2", "room-3", ""]),
        st.sampled_from(["", "confirmed", "cancelled", "no-show"]),
        st.sampled_from(["Ana", "Tomas", ""]),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=stays_drawn, second=stays_drawn)
def test_whatever_two_files_say_a_second_import_of_the_last_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[object, ...]],
    second: list[tuple[object, ...]],
) -> None:
    for desk in open_desk(tmp_path_factory.mktemp("desk")):
        for rows in (first, second):
            text = "\n".join(["ref,arrival,departure,unit,status,guest", *map(_row, rows)])
            rehearsal = desk.take_text(text, dry_run=True)
            done = desk.take_text(text)
            assert (counts(rehearsal), rehearsal.changes) == (counts(done), done.changes)
        before = desk.everything()
        again = desk.take_text(text)
        assert desk.everything() == before
        assert counts(again).keys() <= {"unchanged", "bad"}
        assert desk.take_text(text, at=AT + timedelta(days=1)).bad == again.bad


def _row(drawn: tuple[object, ...]) -> str:
    number, begins, nights, *rest = drawn
    assert isinstance(begins, int)
    assert isinstance(nights, int)
    arrival = date(2026, 6, 1) + timedelta(days=begins)
    return ",".join([f"R-{number}", str(arrival), str(arrival + timedelta(days=nights)), *map(str, rest)])
