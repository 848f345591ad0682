"""Which messages a stay gets and when, as its files say: a table whose rows are sentences."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_api.journey import moments, plans
from edge_api.journey.moments import Facts, Moment
from edge_api.journey.plans import Drop, Go, Row, Text, Wait
from guestlink.records import Property, Stay

LONDON = "Europe/London"
BOOKED = datetime(2026, 10, 1, 9, tzinfo=UTC)
ARRIVAL, DEPARTURE = date(2026, 10, 23), date(2026, 10, 26)  # clocks go back on the 25th
HOURS = moments.hours_of("", LONDON)
HOUSE = Property(
    id="house",
    slug="harbour-house",
    zone=LONDON,
    currency="GBP",
    default_language="en",
    check_in="15:00",
    check_out="11:00",
    changes=0,
)


def text(key: str, anchor: Any, days: int = 0, time: str = "", **fields: Any) -> Text:
    send = Moment(anchor=anchor, days=days, time=time)
    return Text(key=key, language="en", subject=key, text=key, html=key, send=send, **fields)


BOOKING = text("booked", "booking")
FORM = text("arrival", "arrival", -4, "10:00", only_if=("arrival-unknown",))
CODES = text("codes", "codes")
READY = text("ready", "ready")
EVENING = text("evening", "arrival", 0, "19:00")
LEAVING = text("leaving", "departure", -1, "17:00")
THANKS = text("thanks", "departure", 1, "11:00")
LATE = text("late", "late-booking", at_any_hour=True)
ALL = (BOOKING, FORM, CODES, EVENING, LEAVING, THANKS, LATE)


def facts(*, booked_at: datetime = BOOKED, status: Any = "confirmed", **changes: Any) -> Facts:
    stay = Stay(
        id="stay",
        property_id="house",
        source="direct",
        source_uid="1",
        reference="HH-1",
        code="ABC123",
        party_id=None,
        status=status,
        language="en",
        adults=2,
        children=0,
        pets=0,
        expected_arrival="",
        amount=None,
        check_in="",
        check_out="",
        ready_at=None,
        imported="",
        from_on=ARRIVAL,
        until_on=DEPARTURE,
        version=1,
    )
    own = {name: changes.pop(name) for name in tuple(changes) if name in Stay.__struct_fields__}
    given = {
        "codes_at": datetime(2026, 10, 21, 14, tzinfo=UTC),
        "units": ("room-1",),
        "opened": False,
        "codes_seen": False,
        "arrival_told": False,
        "is_returning": False,
        **changes,
    }
    return Facts(stay=msgspec.structs.replace(stay, **own), house=HOUSE, booked_at=booked_at, **given)


def planned(told: Facts, *texts: Text, **fields: Any) -> dict[str, str]:
    """Key -> moment in London, or the reason why not."""
    found = plans.wanted(told, texts or ALL, since={}, hours=HOURS, **fields)
    return {
        each.key: f"{each.due_at:%d %b %H:%M}Z" if each.state == "planned" and each.due_at else each.reason
        for each in found
    }


def test_each_message_has_its_moment_by_the_clocks_of_the_house():
    assert planned(facts()) == {
        "booked": "01 Oct 09:00Z",
        "arrival": "19 Oct 09:00Z",
        "codes": "21 Oct 14:00Z",
        "evening": "23 Oct 18:00Z",
        "leaving": "25 Oct 17:00Z",  # since this night clocks are those of winter
        "thanks": plans.TOO_MANY,
        "late": plans.NOT_LATE,
    }


def test_what_is_decided_against_leaves_its_place_to_another():
    assert planned(facts(), dropped=["arrival"])["thanks"] == "27 Oct 11:00Z"
    assert planned(facts(), sent=["booked", "arrival"])["thanks"] == plans.TOO_MANY


def test_a_late_booking_gets_one_message_that_says_all():
    told = planned(facts(booked_at=datetime(2026, 10, 22, 21, 30, tzinfo=UTC)))
    assert told["late"] == "22 Oct 21:30Z"
    assert {told[key] for key in ("booked", "arrival", "codes")} == {plans.SAID_BY_LATE}
    assert told["evening"] == "23 Oct 18:00Z"
    assert told["thanks"] == "27 Oct 11:00Z"


def test_what_the_late_one_has_said_is_not_said_again_unless_the_dates_move_away():
    booked_at = datetime(2026, 10, 22, 21, 30, tzinfo=UTC)
    told = planned(facts(booked_at=booked_at), sent=["late"])
    assert {told[key] for key in ("booked", "arrival", "codes")} == {plans.SAID_BY_LATE}
    away = {"from_on": date(2026, 11, 23), "until_on": date(2026, 11, 26)}
    codes_at = datetime(2026, 11, 21, 15, tzinfo=UTC)
    told = planned(facts(booked_at=booked_at, codes_at=codes_at, **away), sent=["late"])
    assert (told["booked"], told["codes"]) == (plans.SAID_BY_LATE, "21 Nov 15:00Z")


def test_whoever_books_at_the_desk_gets_the_late_one_too_and_no_evening_that_is_over():
    told = planned(facts(booked_at=datetime(2026, 10, 23, 19, tzinfo=UTC)))
    assert told["late"] == "23 Oct 19:00Z"
    assert told["evening"] == plans.BEFORE_BOOKING


def test_whoever_was_there_already_when_the_stay_was_entered_is_only_told_what_comes():
    told = planned(
        facts(booked_at=datetime(2026, 10, 24, 9, tzinfo=UTC), codes_at=datetime(2026, 10, 24, 9, tzinfo=UTC))
    )
    assert {told[key] for key in ("booked", "late")} == {plans.BEGUN}
    assert {told[key] for key in ("codes", "arrival", "evening")} == {plans.BEFORE_BOOKING}
    assert told["leaving"] == "25 Oct 17:00Z"


def test_a_late_booking_without_such_a_text_gets_the_usual_first_one():
    told = planned(facts(booked_at=datetime(2026, 10, 22, 12, tzinfo=UTC)), BOOKING, FORM)
    assert told == {"booked": "22 Oct 12:00Z", "arrival": plans.BEFORE_BOOKING}


@pytest.mark.parametrize(
    ("told", "one", "why"),
    [
        (facts(source="airbnb"), text("a", "booking", not_for=("airbnb",)), plans.OTHER_SOURCE),
        (facts(), text("a", "booking", units=("room-2",)), plans.OTHER_ROOM),
        (facts(), text("a", "booking", only_if=("pets",)), plans.CONDITIONS["pets"]),
        (
            facts(is_returning=True),
            text("a", "booking", only_if=("first-visit",)),
            plans.CONDITIONS["first-visit"],
        ),
        (facts(), READY, plans.WAITS_FOR_ROOM),
        (facts(codes_at=None), CODES, plans.WAITS_FOR_CODES),
        (facts(status="cancelled"), BOOKING, plans.CANCELLED),
        (facts(status="no_show"), THANKS, plans.NOBODY_CAME),
        (facts(), text("a", "arrival", 0, "22:00", useful_for=60), plans.TOO_LATE),
    ],
)
def test_what_is_left_out_says_why(told, one, why):
    assert planned(told, one) == {one.key: why}


def test_a_proposed_cancellation_changes_nothing_for_the_guest():
    assert planned(facts(status="proposed_cancelled"), BOOKING) == {"booked": "01 Oct 09:00Z"}


def test_at_night_a_message_waits_for_the_morning_unless_its_file_says_otherwise():
    at_night = facts(ready_at=datetime(2026, 10, 24, 21, 30, tzinfo=UTC))
    assert planned(at_night, READY) == {"ready": "25 Oct 08:00Z"}  # the hours of winter begin
    assert planned(at_night, text("ready", "ready", at_any_hour=True)) == {"ready": "24 Oct 21:30Z"}


def test_a_text_written_later_is_not_sent_for_moments_that_had_passed():
    since = {"booked": BOOKED + timedelta(days=3)}
    (found,) = plans.wanted(facts(), [BOOKING], since=since, hours=HOURS)
    assert (found.state, found.reason) == ("skipped", plans.BEFORE_TEXT)


# -- at its moment -------------------------------------------------------------------------------------
def row(key: str = "arrival", **changes: Any) -> Row:
    base = Row(
        id="1",
        property_id="house",
        stay_id="stay",
        contact_id="ana",
        key=key,
        state="planned",
        due_at=datetime(2026, 10, 19, 9, tzinfo=UTC),
        ends_at=datetime(2026, 10, 23, 14, tzinfo=UTC),
        channel="",
        tried="",
        message_id=None,
        reason="",
        by_user="",
        decided_at=None,
    )
    return msgspec.structs.replace(base, **changes)


MORNING = datetime(2026, 10, 19, 9, tzinfo=UTC)
NIGHT = datetime(2026, 10, 19, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "at", "sent", "comes"),
    [
        (facts(), MORNING, 0, Go()),
        (facts(arrival_told=True), MORNING, 0, Drop("skipped", plans.CONDITIONS["arrival-unknown"])),
        (facts(expected_arrival="16:00"), MORNING, 0, Drop("skipped", plans.CONDITIONS["arrival-unknown"])),
        (facts(status="cancelled"), MORNING, 0, Drop("stopped", plans.CANCELLED)),
        (facts(), datetime(2026, 10, 23, 14, tzinfo=UTC), 0, Drop("skipped", plans.TOO_LATE)),
        (facts(), MORNING, 5, Drop("skipped", plans.TOO_MANY)),
        (facts(), NIGHT, 0, Wait(datetime(2026, 10, 20, 7, tzinfo=UTC))),
    ],
)
def test_what_is_due_is_looked_at_again(told, at, sent, comes):
    assert plans.verdict(row(), FORM, told, at=at, hours=HOURS, sent=sent) == comes


def test_what_somebody_wants_sent_now_goes_at_any_hour_but_never_to_a_cancelled_stay():
    by_hand = row(by_user="mira")
    assert plans.verdict(by_hand, FORM, facts(arrival_told=True), at=NIGHT, hours=HOURS, sent=0) == Go()
    gone = plans.verdict(by_hand, FORM, facts(status="cancelled"), at=NIGHT, hours=HOURS, sent=0)
    assert gone == Drop("stopped", plans.CANCELLED)


def test_what_was_sent_stays_sent_and_what_was_decided_waits_for_a_later_moment():
    want = plans.Wanted(key="arrival", state="planned", due_at=MORNING)
    assert not plans.differs(row(state="sent"), want)
    decided = row(state="skipped", decided_at=MORNING)
    assert not plans.differs(decided, want)
    assert plans.differs(decided, msgspec.structs.replace(want, due_at=MORNING + timedelta(days=1)))
    assert not plans.differs(row(state="stopped", decided_at=MORNING, by_user="mira"), want)


@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    zone=st.sampled_from([LONDON, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_whatever_the_hour_a_message_comes_within_the_hours_of_the_house(minutes, zone):
    at = BOOKED + timedelta(minutes=minutes)
    hours = moments.hours_of("09:30-20:00", zone)
    comes = moments.allowed(at, hours)
    assert at <= comes < at + timedelta(days=1, hours=1)
    assert moments.allowed(comes, hours) == comes
    assert comes < moments.last_allowed(comes, hours)


@given(booked=st.integers(-60, 5), nights=st.integers(1, 40), opened=st.booleans())
def test_no_stay_ever_gets_more_than_five(booked, nights, opened):
    when = datetime(2026, 10, 23, 12, tzinfo=UTC) + timedelta(days=booked)
    told = facts(booked_at=when, until_on=ARRIVAL + timedelta(days=nights), opened=opened)
    found = plans.wanted(told, (*ALL, READY), since={}, hours=HOURS)
    assert sum(each.state == "planned" for each in found) <= plans.MOST
