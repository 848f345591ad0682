"""Stays from iCal feeds: what channels write, what vanishes from them, what is broken in them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from generator.importing import ImportReport
from guestlink.errors import InvalidInput
from guestlink.records import Period
from tests.generator.desk import AT, RECORDED, Desk, open_desk

AIRBNB = "-//Airbnb Inc//Hosting Calendar 1.0//EN"
OTHER = "-//Somebody//Calendar//EN"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from open_desk(tmp_path)


def event(
    uid: str, start: str = "20260510", end: str = "20260512", *more: str, summary: str = "Reserved"
) -> str:
    dates = [f"DTSTART;VALUE=DATE:{start}"] if start else []
    dates += [f"DTEND;VALUE=DATE:{end}"] if end else []
    named = [f"UID:{uid}"] if uid else []
    return "\r\n".join(["BEGIN:VEVENT", *named, *dates, f"SUMMARY:{summary}", *more, "END:VEVENT"])


def calendar(*events: str, product: str = AIRBNB) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}", *events, "END:VCALENDAR", ""])


def take(
    desk: Desk, *events: str, product: str = AIRBNB, room: str = "room-1", **options: object
) -> ImportReport:
    return desk.take_text(calendar(*events, product=product), "feed.ics", room=room, **options)


def nights(desk: Desk, name: str) -> tuple[date, date]:
    stay = desk.stay(name)
    return stay.from_on, stay.until_on


# What channels write


def test_airbnb_tells_codes_last_digits_and_blocked_days(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "airbnb.ics"), room="room-1")
    assert (report.source, report.added, report.blocked, report.bad) == ("airbnb", 3, 1, 0)
    assert nights(desk, "HMANA00001") == (date(2026, 5, 10), date(2026, 5, 14))
    assert desk.stay("HMANA00001").source_uid == "1418fb94e984-0a1b2c3d4e5f60718293a4b5c6d7e8f9@airbnb.com"
    assert (desk.guest("HMANA00001").name, desk.guest("HMANA00001").phone) == ("", "0123")
    assert desk.rooms("HMANA00001")[0][0] == "room-1"


def test_booking_com_tells_nothing_but_dates_and_all_count_as_stays(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "booking-com.ics"), room="room-1")
    assert (report.source, report.added, report.blocked) == ("booking-com", 2, 0)
    assert report.notes == [
        "this feed does not tell stays from closed days: cancel what is no stay, it stays cancelled"
    ]


def test_vrbo_tells_names_blocked_days_and_cancelled_stays(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "vrbo.ics"), room="room-1")
    assert (report.source, report.added, report.blocked) == ("vrbo", 2, 1)
    assert desk.guest("HA-TM0001").name == "Tomas"
    assert desk.stay("HA-YK0002").status == "cancelled"


def test_ownerrez_tells_guests_in_descriptions_and_times_in_zones_of_its_own(desk: Desk) -> None:
    report = desk.take(str(RECORDED / "ownerrez.ics"), room="room-1")
    assert (report.source, report.added, report.blocked) == ("ownerrez", 1, 2)
    stay, guest = desk.stay("ORB4010001"), desk.guest("ORB4010001")
    assert (stay.adults, stay.children, stay.pets) == (2, 1, 0)
    assert (guest.name, guest.phone, guest.email) == ("Ana Pereira", "+15550100", "ana@example.com")
    assert nights(desk, "ORB4010001") == (date(2026, 8, 1), date(2026, 8, 5))


@pytest.mark.parametrize("recorded", ["airbnb.ics", "booking-com.ics", "vrbo.ics", "ownerrez.ics"])
def test_a_feed_that_is_imported_again_changes_nothing(desk: Desk, recorded: str) -> None:
    first = desk.take(str(RECORDED / recorded), room="room-1")
    before = desk.everything()
    again = desk.take(str(RECORDED / recorded), room="room-1")
    assert (again.unchanged, again.blocked) == (first.added, first.blocked)
    assert (again.added, again.changed, again.restored, again.proposed_cancelled) == (0, 0, 0, 0)
    assert desk.everything() == before


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("Reserved - Tomas", "Tomas"),
        ("Ana Pereira (HMABCDE123)", "Ana Pereira"),
        ("Booked by Mira", "Mira"),
        ("Reserviert: Zoë", "Zoë"),
        ("山田 花子", "山田 花子"),
        ("Hans Block", "Hans Block"),
        ("Reserved", ""),
        ("", ""),
    ],
)
def test_a_heading_names_the_guest_or_nobody(desk: Desk, summary: str, name: str) -> None:
    take(desk, event("u1", summary=summary), product=OTHER)
    assert desk.guest(desk.stays()[0].reference).name == name


@pytest.mark.parametrize(
    "summary",
    [
        "Airbnb (Not available)",
        "Not available",
        "Blocked",
        "Blocked for the family",
        "Maintenance - boiler",
        "Owner stay",
        "Reserved - Not available",
        "CLOSED - Not available",
        "Busy",
        "Tentative - Ana",
        "Gesperrt",
        "Nicht verfügbar",
        "Indisponible",
        "No disponible",
        "Non disponibile",
        "Indisponível",
        "Niet beschikbaar",
    ],
)
def test_blocked_days_are_no_stays(desk: Desk, summary: str) -> None:
    report = take(desk, event("u1", summary=summary), product=OTHER)
    assert (report.added, report.blocked) == (0, 1)


def test_an_older_booking_com_feed_tells_the_name(desk: Desk) -> None:
    take(desk, event("u1@booking.com", summary="CLOSED - Ana Pereira"), product="-//admin.booking.com//EN")
    assert desk.guest("u1@booking.com").name == "Ana Pereira"


def test_what_booking_com_closed_for_another_channels_stay_is_no_second_stay(desk: Desk) -> None:
    take(desk, event("a1", "20260510", "20260512"))
    report = take(
        desk,
        event("b1@booking.com", "20260510", "20260512", summary="CLOSED - Not available"),
        event("b2@booking.com", "20260520", "20260522", summary="CLOSED - Not available"),
        product="-//admin.booking.com//EN",
    )
    assert (report.added, report.blocked, report.bad) == (1, 1, 0)
    assert "1 closed period is a stay that is known from another source: line 4" in report.notes


def test_an_event_that_is_tentative_is_no_stay_yet_and_takes_none_away(desk: Desk) -> None:
    take(desk, event("u1"), event("u2", "20260601", "20260603"))
    report = take(
        desk, event("u1", "20260510", "20260512", "STATUS:TENTATIVE"), event("u2", "20260601", "20260603")
    )
    assert (report.blocked, report.proposed_cancelled) == (1, 0)
    assert desk.stay("u1").status == "confirmed"


@pytest.mark.parametrize(
    ("product", "uid", "source"),
    [
        (AIRBNB, "u1", "airbnb"),
        ("-//HomeAway.com, Inc.//EN", "u1", "vrbo"),
        ("-//Abritel//FR", "u1", "vrbo"),
        (OTHER, "abc@airbnb.com", "airbnb"),
        (OTHER, "abc@booking.com", "booking-com"),
        (OTHER, "u1", "ical"),
    ],
)
def test_the_source_is_known_by_its_program_or_by_its_uids(
    desk: Desk, product: str, uid: str, source: str
) -> None:
    assert take(desk, event(uid), product=product).source == source


def test_a_told_source_overrules_the_guess(desk: Desk) -> None:
    assert take(desk, event("u1"), source_name="Direct bookings").source == "direct-bookings"
    assert desk.stay("u1").source == "direct-bookings"


# Dates


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART;VALUE=DATE:20260510", "DTEND;VALUE=DATE:20260512"], ("2026-05-10", "2026-05-12")),
        (["DTSTART;VALUE=DATE:20260510"], ("2026-05-10", "2026-05-11")),
        (["DTSTART;VALUE=DATE:20260510", "DTEND;VALUE=DATE:20260510"], ("2026-05-10", "2026-05-11")),
        (["DTSTART;VALUE=DATE:20260510", "DURATION:P3D"], ("2026-05-10", "2026-05-13")),
        (["DTSTART;VALUE=DATE:20260510", "DURATION:P1W"], ("2026-05-10", "2026-05-17")),
        (["DTSTART:20260510", "DTEND:20260512"], ("2026-05-10", "2026-05-12")),
        (["DTSTART:20260510T150000", "DTEND:20260512T100000"], ("2026-05-10", "2026-05-12")),
        (["DTSTART:20260510T233000Z", "DTEND:20260512T090000Z"], ("2026-05-11", "2026-05-12")),
        (
            ["DTSTART;TZID=America/New_York:20260510T200000", "DTEND:20260512T090000Z"],
            ("2026-05-11", "2026-05-12"),
        ),
        (["DTSTART;TZID=India Standard Time:20260510T020000", "DURATION:P2D"], ("2026-05-09", "2026-05-11")),
        (["DTSTART;TZID=Nowhere/Land:20260510T020000", "DURATION:P2D"], ("2026-05-10", "2026-05-12")),
        (
            ["DTSTART;TZID=/example.org/Europe/Lisbon:20260510T020000", "DURATION:P2D"],
            ("2026-05-10", "2026-05-12"),
        ),
        (["dtstart;value=date:20260510", "dtend;value=date:20260512"], ("2026-05-10", "2026-05-12")),
    ],
)
def test_arrival_and_departure_are_days_in_the_propertys_zone(
    desk: Desk, lines: list[str], expected: tuple[str, str]
) -> None:
    report = take(desk, event("u1", "", "", *lines))
    assert report.bad_rows == []
    assert nights(desk, "u1") == (date.fromisoformat(expected[0]), date.fromisoformat(expected[1]))


def test_folded_lines_are_one_line_again(desk: Desk) -> None:
    folded = "SUMMARY:Reserved - Tomas \r\n Arrieta\r\n  de la Cruz"
    take(desk, event("u1").replace("SUMMARY:Reserved", folded), product=OTHER)
    assert desk.guest("u1").name == "Tomas Arrieta de la Cruz"


def test_bare_line_feeds_and_a_byte_order_mark_are_read(desk: Desk) -> None:
    text = "\ufeff" + calendar(event("u1")).replace("\r\n", "\n")
    assert desk.take_text(text, "feed.txt", room="room-1").added == 1


def test_a_repeated_event_counts_once_and_the_report_says_so(desk: Desk) -> None:
    override = event("u1", "20260520", "20260521", "RECURRENCE-ID;VALUE=DATE:20260517")
    report = take(desk, event("u1", "20260510", "20260512", "RRULE:FREQ=WEEKLY;COUNT=3"), override)
    assert report.added == 1
    assert "some events repeat: only the first time of each is a stay" in report.notes
    assert "some events change one day of a repeated event: those changes are not read" in report.notes


def test_of_two_versions_of_an_event_the_later_counts(desk: Desk) -> None:
    take(
        desk,
        event("u1", "20260510", "20260513", "SEQUENCE:2"),
        event("u1", "20260510", "20260512", "SEQUENCE:1"),
    )
    assert nights(desk, "u1") == (date(2026, 5, 10), date(2026, 5, 13))


# Broken events


@pytest.mark.parametrize(
    "broken",
    [
        event("bad", "20261345", "20261347"),
        event("bad", "20260510", "20260508"),
        event("bad", "", ""),
        event("bad", "20260510", "", "DTSTART;VALUE=DATE:20260511"),
        event("bad", "", "", "DTSTART:20260510T100000", "DTEND:20260510T160000"),
        event("bad", "20260510", "", "DURATION:for ever"),
        event("bad", "20260510", "99991231"),
        event("bad", "99991231", ""),
        event("bad", "", "", "DTSTART:99991231T235900Z", "DTEND:99991231T235959Z"),
        event("bad", "", "", "DTSTART:00010101T000000Z", "DTEND:20260510T160000Z"),
        event("bad", "20260510", "", "DURATION:P99999999D"),
        event("bad", "22000510", "22000512"),
        event("bad").removesuffix("\r\nEND:VEVENT"),
    ],
    ids=[
        "no such day",
        "backwards",
        "no beginning",
        "two beginnings",
        "no night",
        "odd duration",
        "for ever",
        "on the last day",
        "in the last minute",
        "since for ever",
        "ages",
        "a far year",
        "no end",
    ],
)
def test_a_broken_event_is_a_bad_row_and_spoils_no_other(desk: Desk, broken: str) -> None:
    report = take(desk, event("u1", "20260601", "20260603"), broken, event("u2", "20260610", "20260612"))
    assert (report.added, report.bad) == (2, 1)
    assert report.bad_rows[0].line == 10
    assert report.bad_rows[0].hint == "Its UID is bad."


def test_an_event_of_an_address_that_no_record_can_hold_is_a_bad_row(desk: Desk) -> None:
    feed = calendar(
        event("u1\x00"), event("u2" * 300, "20260601", "20260602"), event("u3", "20260610", "20260612")
    )
    report = desk.take("https://calendar.example/", room="room-1", fetch=lambda _address: feed.encode())
    assert (report.added, report.bad) == (1, 2)


def test_a_broken_event_does_not_make_its_stay_vanish(desk: Desk) -> None:
    take(desk, event("u1"), event("u2", "20260601", "20260603"))
    report = take(desk, event("u1", "20261345"), event("u2", "20260601", "20260603"))
    assert (report.bad, report.proposed_cancelled, desk.stay("u1").status) == (1, 0, "confirmed")


def test_an_event_without_uid_is_known_by_its_dates(desk: Desk) -> None:
    assert take(desk, event("", summary="Mira"), product=OTHER).added == 1
    assert take(desk, event("", summary="Mira"), product=OTHER).unchanged == 1


def test_overlapping_stays_in_one_unit_are_a_bad_row_that_names_the_first(desk: Desk) -> None:
    report = take(desk, event("u1"), event("u2", "20260511", "20260513"))
    assert (report.added, report.bad) == (1, 1)
    assert (
        report.bad_rows[0].reason
        == "room-1 is taken from 2026-05-10 until 2026-05-12 by u1, so u2 cannot have it"
    )


def test_what_is_no_calendar_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="is not an iCal feed"):
        desk.take_text("<html>Sign in</html>", "feed.ics")


# What vanishes


THREE = (
    event("u1", "20260601", "20260603"),
    event("u2", "20260605", "20260607"),
    event("u3", "20260610", "20260612"),
)


def test_a_stay_that_vanished_is_proposed_for_cancellation_and_nothing_else(desk: Desk) -> None:
    take(desk, *THREE)
    links = desk.everything()["links"]
    report = take(desk, *THREE[:2])
    assert (report.proposed_cancelled, report.unchanged) == (1, 2)
    assert report.changes == ["stay u3: no longer in the feed, proposed for cancellation"]
    assert desk.stay("u3").status == "proposed_cancelled"
    assert desk.everything()["links"] == links
    assert take(desk, *THREE[:2]).proposed_cancelled == 0


def test_a_stay_that_reappears_is_restored_with_what_a_host_changed_meanwhile(desk: Desk) -> None:
    take(desk, *THREE)
    take(desk, *THREE[:2])
    desk.change("u3", adults=4)
    report = take(desk, *THREE)
    assert (report.restored, report.unchanged) == (1, 2)
    assert report.changes == ["stay u3: status proposed for cancellation -> confirmed"]
    assert (desk.stay("u3").status, desk.stay("u3").adults) == ("confirmed", 4)


def test_a_stay_that_reappears_on_other_dates_is_restored_and_moved(desk: Desk) -> None:
    take(desk, *THREE)
    take(desk, *THREE[:2])
    report = take(desk, *THREE[:2], event("u3", "20260610", "20260614"))
    assert report.restored == 1
    assert report.changes == [
        "stay u3: departure 12 Jun -> 14 Jun, status proposed for cancellation -> confirmed"
    ]


def test_a_stay_that_a_person_confirmed_is_not_proposed_again_until_its_feed_told_of_it_once_more(
    desk: Desk,
) -> None:
    take(desk, *THREE)
    take(desk, *THREE[:2])
    desk.change("u3", status="confirmed")
    assert take(desk, *THREE[:2]).proposed_cancelled == 0
    assert take(desk, *THREE[:1]).proposed_cancelled == 1, "one of two that the feed is asked about"
    assert desk.stay("u3").status == "confirmed"
    assert take(desk, *THREE).restored == 1
    assert take(desk, *THREE[:2]).proposed_cancelled == 1
    assert desk.stay("u3").status == "proposed_cancelled"


def test_losses_that_a_person_takes_are_proposed_but_never_those_of_a_feed_that_breaks_off(
    desk: Desk,
) -> None:
    take(desk, *THREE)
    broken = calendar(*THREE[:1]).replace("END:VCALENDAR", "")
    report = desk.take_text(broken, "feed.ics", room="room-1", takes_losses=True)
    assert (report.proposed_cancelled, report.withheld) == (0, "the feed breaks off or cannot all be read")
    report = take(desk, takes_losses=True)
    assert (report.proposed_cancelled, report.withheld) == (3, "")
    report = take(desk)
    assert (report.proposed_cancelled, report.withheld) == (0, ""), "nothing is left to propose"


def test_a_stay_that_a_person_cancelled_is_neither_proposed_nor_restored(desk: Desk) -> None:
    take(desk, *THREE)
    desk.change("u3", status="cancelled")
    assert take(desk, *THREE[:2]).proposed_cancelled == 0
    assert take(desk, *THREE).unchanged == 3
    assert desk.stay("u3").status == "cancelled"


def test_a_cancelled_event_cancels_its_stay(desk: Desk) -> None:
    take(desk, *THREE)
    report = take(desk, *THREE[:2], event("u3", "20260610", "20260612", "STATUS:CANCELLED"))
    assert (report.changed, report.changes) == (1, ["stay u3: status confirmed -> cancelled"])


def test_an_empty_feed_proposes_nothing_and_says_so(desk: Desk) -> None:
    take(desk, *THREE)
    report = take(desk)
    assert report.proposed_cancelled == 0
    assert report.notes == ["the feed is empty: nothing is proposed"]


def test_a_feed_that_lost_more_than_half_proposes_nothing_and_says_so(desk: Desk) -> None:
    take(desk, *THREE)
    report = take(desk, THREE[0])
    assert report.proposed_cancelled == 0
    assert report.notes == ["the feed lost 2 of 3 stays: nothing is proposed"]


def test_a_feed_that_lost_just_half_proposes(desk: Desk) -> None:
    take(desk, *THREE[:2])
    assert take(desk, THREE[0]).proposed_cancelled == 1


def test_a_feed_that_breaks_off_proposes_nothing(desk: Desk) -> None:
    take(desk, *THREE)
    whole = calendar(*THREE)
    inside_an_event = whole[: whole.index("UID:u3")]
    between_events = calendar(*THREE[:2]).removesuffix("END:VCALENDAR\r\n")
    nameless = whole.replace("UID:u3", "X-ID:u3").replace("DTSTART;VALUE=DATE:20260610", "DTSTART:never")
    for text in (inside_an_event, between_events, nameless):
        report = desk.take_text(text, "feed.ics", room="room-1")
        assert report.proposed_cancelled == 0
        assert report.notes == ["the feed breaks off or cannot all be read: nothing is proposed"]


def test_stays_that_have_ended_by_the_propertys_today_do_not_vanish(desk: Desk) -> None:
    take(desk, *THREE)
    on_departure_day = AT + (date(2026, 6, 3) - AT.date())
    report = take(desk, *THREE[1:], at=on_departure_day)
    assert report.proposed_cancelled == 0
    assert take(desk, *THREE[1:], at=on_departure_day - timedelta(days=1)).proposed_cancelled == 1


def test_days_that_became_blocked_under_the_same_uid_are_a_vanished_stay(desk: Desk) -> None:
    take(desk, *THREE)
    blocked = event("u3", "20260610", "20260612", summary="Airbnb (Not available)")
    assert take(desk, *THREE[:2], blocked).proposed_cancelled == 1


def test_other_sources_and_other_units_feeds_propose_nothing_of_this_one(desk: Desk) -> None:
    take(desk, *THREE)
    assert take(desk, event("v1", "20260701", "20260702"), product="-//HomeAway//EN").proposed_cancelled == 0
    assert take(desk, event("u9", "20260701", "20260702"), room="room-2").proposed_cancelled == 0


def test_a_stay_that_was_moved_by_hand_is_missed_in_its_own_feed_only(desk: Desk) -> None:
    take(desk, *THREE)
    unit = desk.unit("room-2")
    moved = Period(unit_id=unit.id, unit=unit.slug, from_on=date(2026, 6, 10), until_on=date(2026, 6, 12))
    desk.change("u3", new_periods=(moved,))
    assert take(desk, event("u9", "20260701", "20260702"), room="room-2").proposed_cancelled == 0
    assert take(desk, *THREE).unchanged == 3
    assert desk.rooms("u3")[0][0] == "room-2"
    assert take(desk, *THREE[:2]).proposed_cancelled == 1


def test_stays_from_files_and_by_hand_never_vanish_from_a_feed(desk: Desk) -> None:
    rows = "ref,arrival,departure,unit\nH-1,2026-06-20,2026-06-22,room-1\nH-2,2026-06-23,2026-06-24,room-1\n"
    desk.take_text(rows, source_name="airbnb")
    assert take(desk, *THREE).proposed_cancelled == 0


def test_a_file_of_rows_proposes_nothing(desk: Desk) -> None:
    rows = "ref,arrival,departure\nH-1,2026-06-20,2026-06-22\nH-2,2026-06-23,2026-06-24\n"
    desk.take_text(rows)
    assert desk.take_text(rows.split("H-2", 1)[0]).proposed_cancelled == 0


def test_a_rehearsal_says_what_would_be_proposed(desk: Desk) -> None:
    take(desk, *THREE)
    before = desk.everything()
    report = take(desk, *THREE[:2], dry_run=True)
    assert (report.proposed_cancelled, report.changes) == (
        1,
        ["stay u3: no longer in the feed, proposed for cancellation"],
    )
    assert desk.everything() == before


# One stay, told of twice


CODE = "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMANA00001\\n"


def test_an_extra_night_under_a_new_uid_keeps_stay_and_link(desk: Desk) -> None:
    take(desk, event("old", "20260510", "20260512", CODE), *THREE)
    links = desk.everything()["links"]
    report = take(desk, event("new", "20260510", "20260513", CODE), *THREE)
    assert (report.added, report.changed, report.proposed_cancelled) == (0, 1, 0)
    assert [link["slug"] for link in desk.everything()["links"]] == [link["slug"] for link in links]
    assert take(desk, event("new", "20260510", "20260513", CODE), *THREE).unchanged == 4


def test_an_export_fills_in_what_the_feed_does_not_tell_and_the_feed_forgets_none_of_it(desk: Desk) -> None:
    feed, export = str(RECORDED / "airbnb.ics"), str(RECORDED / "airbnb.csv")
    desk.take(feed, room="room-1")
    report = desk.take(export, source_name="airbnb")
    assert (report.changed, report.added) == (2, 1)
    again = desk.take(feed, room="room-1")
    assert (again.unchanged, again.changed, again.bad) == (3, 0, 0)
    guest = desk.guest("HMANA00001")
    assert (guest.name, guest.phone) == ("Ana Pereira", "+15550100123")
    assert desk.rooms("HMANA00001")[0][0] == "room-1"


def test_a_stay_in_both_an_export_and_a_feed_still_vanishes_from_the_feed(desk: Desk) -> None:
    take(desk, event("u0", "20260510", "20260512", CODE), *THREE)
    desk.take_text("ref,arrival,departure,name\nHMANA00001,2026-05-10,2026-05-12,Ana\n", source_name="airbnb")
    assert take(desk, *THREE).proposed_cancelled == 1


def test_a_feed_without_a_unit_makes_stays_that_wait_for_one_and_a_unit_given_later_takes_them(
    desk: Desk,
) -> None:
    report = take(desk, *THREE, room="")
    assert "3 new stays have no unit yet: name it in the file or with --unit" in report.notes
    assert desk.rooms("u1")[0][0] is None
    assert take(desk, *THREE).changed == 3
    assert desk.rooms("u1")[0][0] == "room-1"


@pytest.mark.parametrize("uid", ["u1", ""], ids=["with uid", "without uid"])
def test_a_stay_that_got_its_unit_later_stays_one_stay_whatever_happens_to_it(desk: Desk, uid: str) -> None:
    mira = event(uid, summary="Mira")
    assert take(desk, mira, product=OTHER, room="").added == 1
    name = desk.stays()[0].reference
    for _ in range(2):
        report = take(desk, mira, product=OTHER)
        assert (report.added, report.bad, len(desk.stays())) == (0, 0, 1)
        assert desk.rooms(name)[0][0] == "room-1"
    unit = desk.unit("room-2")
    moved = Period(unit_id=unit.id, unit=unit.slug, from_on=date(2026, 5, 10), until_on=date(2026, 5, 12))
    desk.change(name, new_periods=(moved,))
    assert take(desk, mira, product=OTHER).unchanged == 1
    assert desk.rooms(name)[0][0] == "room-2"


def test_the_same_nights_in_the_feeds_of_two_units_are_two_stays(desk: Desk) -> None:
    take(desk, event("", summary="Reserved"), product=OTHER, room="")
    assert take(desk, event("", summary="Reserved"), product=OTHER, room="room-1").changed == 1
    assert take(desk, event("", summary="Reserved"), product=OTHER, room="room-2").added == 1
    assert take(desk, event("", summary="Reserved"), product=OTHER, room="room-1").unchanged == 1
    assert len(desk.stays()) == 2


def test_a_stay_that_is_known_by_its_code_gets_its_unit_under_a_new_uid(desk: Desk) -> None:
    take(desk, event("old", "20260510", "20260512", CODE), room="")
    report = take(desk, event("new", "20260510", "20260513", CODE))
    assert (report.added, report.changed, report.bad) == (0, 1, 0)
    assert desk.rooms("HMANA00001") == [("room-1", date(2026, 5, 10), date(2026, 5, 13))]
    assert take(desk, event("new", "20260510", "20260513", CODE)).unchanged == 1


def test_of_two_stays_without_unit_that_want_the_same_one_the_second_is_named_with_a_way_out(
    desk: Desk,
) -> None:
    both = (event("u1"), event("u2", "20260511", "20260513"))
    assert take(desk, *both, room="").added == 2
    rehearsal, report = take(desk, *both, dry_run=True), take(desk, *both)
    assert (report.changed, report.bad, rehearsal.bad_rows) == (1, 1, report.bad_rows)
    assert (
        report.bad_rows[0].reason
        == "room-1 is taken from 2026-05-10 until 2026-05-12 by u1, so u2 cannot have it"
    )
    code = desk.stay("u2").code
    assert report.bad_rows[0].hint == (
        f"Stay u2 has no unit yet: give it another one with `publish.py stay set {code} --unit UNIT`, "
        "or cancel one of the two with `--status cancelled`."
    )
    unit = desk.unit("room-2")
    moved = Period(unit_id=unit.id, unit=unit.slug, from_on=date(2026, 5, 11), until_on=date(2026, 5, 13))
    desk.change("u2", new_periods=(moved,))
    assert (take(desk, *both).bad, take(desk, *both).unchanged) == (0, 2)


def test_an_echo_that_came_in_without_a_unit_is_named_until_somebody_cancels_it(desk: Desk) -> None:
    closed = event("b1@booking.com", summary="CLOSED - Not available")
    take(desk, closed, product="-//admin.booking.com//EN", room="")
    take(desk, event("a1"))
    report = take(desk, closed, product="-//admin.booking.com//EN")
    assert (report.bad, report.blocked) == (1, 0)
    assert "b1@booking.com has no unit yet" in report.bad_rows[0].hint
    desk.change("b1@booking.com", status="cancelled")
    assert take(desk, closed, product="-//admin.booking.com//EN").is_clean


def test_a_closed_period_that_comes_back_without_a_unit_is_refused_in_words(desk: Desk) -> None:
    closed = event("b1@booking.com", summary="CLOSED - Not available")
    booking = "-//admin.booking.com//EN"
    take(desk, closed, product=booking)
    desk.change("b1@booking.com", status="cancelled")
    take(desk, event("a1"))
    sold = closed.replace("END:VEVENT", "STATUS:CONFIRMED\r\nEND:VEVENT")
    report = take(desk, sold, product=booking, room="")
    assert (report.bad, report.bad_rows[0].field) == (1, "unit")


def test_a_stay_that_a_file_told_under_another_source_is_named_as_perhaps_the_same(desk: Desk) -> None:
    desk.take_text("ref,arrival,departure,unit\nHMANA00001,2026-05-10,2026-05-12,room-1\n")
    report = take(desk, event("u1", "20260510", "20260512", CODE))
    assert report.bad_rows[0].hint == (
        "It came from file: when both are one stay, import with `--source file`."
    )
    assert take(desk, event("u1", "20260510", "20260512", CODE), source_name="file").bad == 0


def test_rows_that_are_no_stays_are_named_by_their_lines_the_first_ten(desk: Desk) -> None:
    blocked = [event(f"u{n}", summary="Blocked") for n in range(12)]
    tentative = event("t1", "20260601", "20260603", "STATUS:TENTATIVE")
    notes = take(desk, *blocked, tentative, product=OTHER).notes
    lines = "4, 10, 16, 22, 28, 34, 40, 46, 52, 58 and 2 more"
    assert f"12 events are no stays (blocked days): lines {lines}" in notes
    assert "1 event is no stay (tentative): line 76" in notes


def test_a_feed_that_lost_its_only_stay_says_so_in_the_right_number(desk: Desk) -> None:
    take(desk, THREE[0])
    blocked = event("b", "20260801", "20260803", summary="Blocked")
    assert "the feed lost its only stay: nothing is proposed" in take(desk, blocked).notes


def test_a_feed_from_an_address_is_fetched_and_its_address_is_never_repeated(desk: Desk) -> None:
    address = "https://calendar.example/ical/1234.ics?s=token5678"
    asked: list[str] = []

    def fetch(wanted: str) -> bytes:
        asked.append(wanted)
        return calendar(*THREE).encode()

    report = desk.take(address, room="room-1", fetch=fetch)
    assert (asked, report.added) == ([address], 3)
    assert "token5678" not in repr(report)
    with pytest.raises(InvalidInput, match=r"^calendar\.example is not an iCal feed"):
        desk.take(address, room="room-1", fetch=lambda _address: b"<html>")
    with pytest.raises(InvalidInput, match="gives an empty answer"):
        desk.take(address, room="room-1", fetch=lambda _address: b" ")
