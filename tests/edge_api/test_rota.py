"""A duty list by the clocks of the house: nights, absences, changes of the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_api import rota
from edge_api.rota import Duty, Member, Role, User
from guestlink.errors import InvalidInput

MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
ZONE = "Europe/London"


def member(
    name: str = "mira",
    *,
    place: int = 1,
    hours: str = "",
    off_until: datetime | None = None,
    role: Role = "staff",
    ways: int = 1,
) -> Member:
    duty = Duty(place=place, hours=rota.checked_hours(hours), off_until=off_until) if place else None
    return Member(user=User(id=name, name=b"", ways=ways), role=role, duty=duty)


def names(members: Sequence[Member], at: datetime = MONDAY, zone: str = ZONE) -> list[str]:
    return [each.user.id for each in rota.on_duty(members, at=at, zone=zone)]


def at_night(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_those_on_duty_come_in_the_order_of_their_places() -> None:
    team = [member("jory", place=2), member("nessa", place=3, hours="tue 08:00-20:00"), member()]
    assert names(team) == ["mira", "jory"]


def test_who_has_no_place_or_no_phone_is_not_asked() -> None:
    assert names([member(place=0), member("jory", ways=0)]) == []


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = [member(hours="mon 22:00-06:00")]
    assert names(night, at_night(21, 59)) == []
    assert names(night, at_night(22)) == ["mira"]
    assert names(night, at_night(5, 59, day=3)) == ["mira"]
    assert names(night, at_night(6, day=3)) == []
    assert names(night, at_night(5, 59, day=2)) == []


def test_hours_are_those_of_the_house() -> None:
    team = [member(hours="08:00-09:00")]
    assert names(team, datetime(2026, 11, 2, 23, 30, tzinfo=UTC), "Asia/Tokyo") == ["mira"]
    assert names(team, datetime(2026, 11, 2, 8, 30, tzinfo=UTC), "Asia/Tokyo") == []


def test_somebody_who_is_off_is_back_at_that_moment() -> None:
    team = [member(off_until=MONDAY + MINUTE)]
    assert names(team) == []
    assert names(team, MONDAY + MINUTE) == ["mira"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("Always", ""),
        ("8:00-20:00", "08:00-20:00"),
        ("Mon – Fri 8:00–20:00", "mon-fri 08:00-20:00"),
        ("mon-fri 08:00-20:00; sat 09:00-24:00", "mon-fri 08:00-20:00; sat 09:00-24:00"),
        ("fri-mon 22:00-06:00, tue 00:00-24:00", "fri-mon 22:00-06:00; tue 00:00-24:00"),
    ],
)
def test_hours_are_kept_in_one_way_however_they_are_written(written: str, kept: str) -> None:
    assert rota.checked_hours(written) == kept
    assert rota.checked_hours(kept) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        "soon",
        "mon",
        "foo 08:00-20:00",
        "08:00",
        "25:00-26:00",
        "08:00-24:30",
        "08:60-09:00",
        "08:00-08:00",
        "٠8:00-09:00",
    ],
)
def test_what_are_no_hours_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        rota.checked_hours(wrong)


def test_the_next_duty_is_known() -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert rota.next_on(member(hours="tue 08:00-20:00"), at=MONDAY, zone=ZONE) == tuesday.replace(hour=8)
    away = member(hours="tue-wed 08:00-20:00", off_until=tuesday.replace(hour=10))
    assert rota.next_on(away, at=MONDAY, zone=ZONE) == tuesday.replace(hour=10)
    long_away = member(hours="mon 08:00-20:00", off_until=MONDAY + timedelta(days=50))
    assert rota.next_on(long_away, at=MONDAY, zone=ZONE) == MONDAY + timedelta(days=55, hours=23)
    assert rota.next_on(member(place=0), at=MONDAY, zone=ZONE) is None


def test_people_are_those_who_can_be_written_to_with_what_telling_needs() -> None:
    team = [member(hours="tue 08:00-20:00"), member("kerensa", place=0, role="host"), member("jory", ways=0)]
    mira, kerensa = rota.people(team, at=MONDAY, zone=ZONE)
    assert (mira.is_on_duty, mira.order, mira.next_on) == (False, 1, MONDAY + timedelta(hours=23))
    assert (kerensa.role, kerensa.is_on_duty, kerensa.next_on) == ("host", False, None)


spans = st.builds(
    lambda days, opens, lasts: (
        f"{days}{opens // 60:02}:{opens % 60:02}-{(opens + lasts) % 1440 // 60:02}:{(opens + lasts) % 60:02}"
    ),
    st.sampled_from(["", "mon ", "sat-sun ", "fri-tue "]),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
instants = st.integers(0, 365 * 24 * 60).map(lambda count: MONDAY + count * MINUTE)
zones = st.sampled_from(["Europe/London", "Asia/Tokyo", "America/St_Johns", "Australia/Lord_Howe"])


@given(st.lists(spans, min_size=1, max_size=3), instants, zones, st.integers(0, 4000))
def test_nobody_is_on_duty_before_their_next_duty_begins(
    hours: list[str], at: datetime, zone: str, passed: int
) -> None:
    mira = member(hours=", ".join(hours))
    if rota.is_on(mira, at=at, zone=zone):
        return
    begins = rota.next_on(mira, at=at, zone=zone)
    assert begins is not None
    assert rota.is_on(mira, at=begins, zone=zone)
    between = at + passed * MINUTE
    moved = (begins - timedelta(hours=2), begins)  # where a clock change skips the beginning
    if between < begins and not moved[0] <= between:
        assert not rota.is_on(mira, at=between, zone=zone)
