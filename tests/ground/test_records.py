"""Look-ups, and the phases of a stay: when each begins, in every zone, for every length."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guestlink import houses, records
from guestlink.errors import NotFound, Refused
from guestlink.records import PHASES, Period, moments, next_phase_at, phase, touching
from tests.databases import AT, BY, FRIDAY, TOMAS, Inn
from tests.ground.stays import HOUSE, stay_over

SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- phases -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("begins", "name"),
    [
        pytest.param("2026-11-05T04:00", "arriving", id="arriving begins at four on the day before"),
        pytest.param("2026-11-07T04:00", "in_house", id="in house begins at four after the first night"),
        pytest.param("2026-11-09T04:00", "departing", id="departing begins at four on the last day"),
        pytest.param("2026-11-09T11:00", "departed", id="departed begins at check-out"),
        pytest.param("2027-01-01T00:00", "expired", id="expired begins with the policy's end"),
    ],
)
def test_each_phase_begins_at_its_instant(begins: str, name: str) -> None:
    stay = stay_over("2026-11-06", "2026-11-09")
    before = PHASES[PHASES.index(name) - 1]
    assert phase(stay, HOUSE, at(begins)) == name
    assert phase(stay, HOUSE, at(begins) - SECOND) == before
    assert next_phase_at(stay, HOUSE, at(begins) - SECOND) == at(begins)


def test_before_everything_a_stay_is_booked_and_after_everything_nothing_follows() -> None:
    stay = stay_over("2026-11-06", "2026-11-09")
    assert phase(stay, HOUSE, at("2020-01-01T00:00")) == "booked"
    assert next_phase_at(stay, HOUSE, at("2020-01-01T00:00")) == at("2026-11-05T04:00")
    assert phase(stay, HOUSE, at("2030-01-01T00:00")) == "expired"
    assert next_phase_at(stay, HOUSE, at("2027-01-01T00:00")) is None


def test_a_stay_of_one_night_goes_from_arriving_to_departing() -> None:
    stay = stay_over("2026-11-06", "2026-11-07")
    assert phase(stay, HOUSE, at("2026-11-07T03:59")) == "arriving"
    assert phase(stay, HOUSE, at("2026-11-07T04:00")) == "departing"
    assert phase(stay, HOUSE, at("2026-11-07T11:00")) == "departed"


@pytest.mark.parametrize(
    ("arrives", "leaves", "departing", "departed"),
    [
        pytest.param(
            "2026-03-28",
            "2026-03-29",
            "2026-03-29T03:00",
            "2026-03-29T10:00",
            id="the night London loses an hour",
        ),
        pytest.param(
            "2026-10-24",
            "2026-10-25",
            "2026-10-25T04:00",
            "2026-10-25T11:00",
            id="the night London gains an hour",
        ),
        pytest.param(
            "2028-02-28", "2028-02-29", "2028-02-29T04:00", "2028-02-29T11:00", id="leaving on a leap day"
        ),
    ],
)
def test_phases_keep_to_the_clocks_on_the_wall(
    arrives: str, leaves: str, departing: str, departed: str
) -> None:
    marks = moments(stay_over(arrives, leaves), HOUSE)
    assert (marks.departing, marks.departed) == (at(departing), at(departed))


def test_phases_follow_the_zone_of_the_house() -> None:
    there = msgspec.structs.replace(HOUSE, zone="Pacific/Apia")
    marks = moments(stay_over("2026-11-06", "2026-11-09"), there)
    assert (marks.arriving, marks.departed) == (at("2026-11-04T15:00"), at("2026-11-08T22:00"))


@pytest.mark.parametrize(
    ("check_out", "instant", "name"),
    [
        pytest.param("14:00", "2026-11-09T13:59", "departing", id="late check-out: departing until then"),
        pytest.param("14:00", "2026-11-09T14:00", "departed", id="late check-out: departed then"),
        pytest.param("03:00", "2026-11-09T02:59", "in_house", id="leaving before four: in house until then"),
        pytest.param("03:00", "2026-11-09T03:00", "departed", id="leaving before four: departed then"),
    ],
)
def test_an_agreed_check_out_moves_the_departure(check_out: str, instant: str, name: str) -> None:
    stay = stay_over("2026-11-06", "2026-11-09", check_out=check_out)
    assert phase(stay, HOUSE, at(instant)) == name


def test_an_agreed_check_in_moves_only_the_check_in() -> None:
    plain, early = (stay_over("2026-11-06", "2026-11-09", check_in=told) for told in ("", "12:00"))
    assert moments(early, HOUSE).check_in == at("2026-11-06T12:00")
    assert msgspec.structs.replace(moments(early, HOUSE), check_in=moments(plain, HOUSE).check_in) == moments(
        plain, HOUSE
    )


def test_a_stay_is_never_expired_before_its_guest_has_left() -> None:
    far_west = msgspec.structs.replace(HOUSE, zone="Pacific/Pago_Pago")
    stay = stay_over("2026-11-06", "2026-12-02", check_out="23:59")
    assert moments(stay, far_west).departed < moments(stay, far_west).expired


@given(
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.integers(1, 60),
    st.sampled_from(
        ["Europe/London", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu"]
    ),
    st.sampled_from(["", "00:00", "03:00", "23:59"]),
    st.integers(-400, 2500),
)
def test_phases_only_go_forward_and_change_just_at_the_announced_instant(
    arrives: date, nights: int, zone: str, check_out: str, hours: int
) -> None:
    stay = stay_over(arrives.isoformat(), (arrives + timedelta(days=nights)).isoformat(), check_out=check_out)
    house = msgspec.structs.replace(HOUSE, zone=zone)
    instant = datetime(arrives.year, arrives.month, arrives.day, tzinfo=UTC) + timedelta(hours=hours)
    following = next_phase_at(stay, house, instant)
    if following is None:
        assert phase(stay, house, instant) == "expired"
        return
    assert following > instant
    assert phase(stay, house, following - timedelta(milliseconds=1)) == phase(stay, house, instant)
    assert PHASES.index(phase(stay, house, following)) > PHASES.index(phase(stay, house, instant))


# -- look-ups ---------------------------------------------------------------------------------------
def test_a_property_and_a_unit_are_found_by_their_short_names(inn: Inn) -> None:
    assert inn.house.zone == "Europe/London"
    assert inn.unit("room-2").title == "Room 2"


def test_an_unknown_property_or_unit_says_which_there_are(inn: Inn) -> None:
    with inn.database.read() as db:
        with pytest.raises(NotFound, match=r"no property 'quay'.*Known: harbour-house\."):
            records.find_property(db, "quay")
        with pytest.raises(
            NotFound, match=r"no unit 'attic' in harbour-house.*Known: room-1, room-2, room-3\."
        ):
            records.find_unit(db, records.find_property(db, "harbour-house"), "attic")


def test_units_are_listed_as_people_count(inn: Inn) -> None:
    with inn.database.write() as tx:
        for slug in ("room-10", "attic"):
            houses.add_unit(tx, inn.house, slug=slug, title="", at=AT, by=BY)
    with inn.database.read() as db:
        assert [unit.slug for unit in records.units(db, inn.house)] == [
            "attic",
            "room-1",
            "room-2",
            "room-3",
            "room-10",
        ]


def test_a_stay_is_found_by_reference_by_code_and_by_id(inn: Inn) -> None:
    stay = inn.add("HM4711")
    for name in ("HM4711", stay.code, stay.code.lower(), stay.id):
        assert inn.stay(name) == stay


def test_an_unknown_stay_says_what_to_give(inn: Inn) -> None:
    with pytest.raises(NotFound, match="Give a booking reference, a stay code or an id"):
        inn.stay("HM4711")


def test_of_a_cancelled_and_rebooked_stay_the_booked_one_is_meant(inn: Inn) -> None:
    first = inn.add("one", reference="HM4711")
    inn.change(first, status="cancelled")
    again = inn.add("two", reference="HM4711")
    assert inn.stay("HM4711") == again
    inn.change(again, status="cancelled")
    with pytest.raises(Refused, match="2 stays are called 'HM4711'"):
        inn.stay("HM4711")


def test_two_stays_of_one_name_are_told_apart_by_code(inn: Inn) -> None:
    two = [
        inn.add(uid, inn.period(room), reference="HM4711") for uid, room in (("a", "room-1"), ("b", "room-2"))
    ]
    with pytest.raises(Refused, match="Give the stay code instead") as caught:
        inn.stay("HM4711")
    assert all(stay.code in caught.value.hint for stay in two)


def test_a_stays_periods_links_and_guests_are_listed(inn: Inn) -> None:
    stay = inn.add("ANA", inn.period("room-1"), inn.period("", on=FRIDAY + timedelta(days=2)))
    assert [(period.unit, period.title) for period in inn.periods(stay)] == [
        ("room-1", "Room 1"),
        (None, None),
    ]
    assert [link.contact_id for link in inn.links(stay)] == [contact.id for contact in inn.guests(stay)]
    other = inn.add("TOMAS", inn.period("room-2"), guest=TOMAS)
    assert inn.guests(other)[0].id != inn.guests(stay)[0].id


@pytest.mark.parametrize(
    ("days", "is_touching"),
    [
        ([(6, 8), (8, 9)], True),
        ([(6, 8), (9, 10)], False),
        ([(6, 8), (7, 9)], False),
        ([(6, 8)], True),
        ([], True),
    ],
)
def test_periods_touch_when_each_begins_where_the_last_ends(
    days: list[tuple[int, int]], is_touching: bool
) -> None:
    parts = [
        Period(unit_id=None, from_on=date(2026, 11, begins), until_on=date(2026, 11, ends))
        for begins, ends in days
    ]
    assert touching(parts) is is_touching
