"""R15: where clocks are turned, by an hour or by half of one, and where a year has 366 days, every code can
be read exactly as long as its rule says in the house's own time.

The worker is a whole process under libfaketime. Guests look at the origin, a moment before each change and
then until it came; an almanac that shares nothing with the program says what they should have seen.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.almanac import Almanac, Guest, House, Value, mistakes
from tests.faults.year import Year
from tests.town import town, until

LONDON, YORK = House("gull-house", "Europe/London"), House("brownstone", "America/New_York")
LORD_HOWE, KOLKATA = House("reef-house", "Australia/Lord_Howe"), House("garden-house", "Asia/Kolkata")
BEGIN = datetime(2023, 9, 26, 12, tzinfo=UTC)
WEEKEND = datetime(2023, 10, 27, 12, tzinfo=UTC)
END = datetime(2024, 11, 5, tzinfo=UTC)  # 406 days later
KEPT = timedelta(days=30)  # docs/privacy.md
TURNED = "2023-10-29T01:30"  # comes twice in London

VALUES = (
    Value(LONDON.slug, "exact-address", "Zq01"),
    Value(LONDON.slug, "door-code", "Zq02", unit="room-1"),
    Value(LONDON.slug, "door-code", "Zq03", unit="room-2"),
    Value(LONDON.slug, "door-code", "Zq04"),
    Value(LONDON.slug, "gate-code", "Zq05", until=TURNED),
    Value(LONDON.slug, "gate-code", "Zq06", begins=TURNED),
    Value(LONDON.slug, "key-box", "Zq07"),
    Value(LORD_HOWE.slug, "door-code", "Zq08"),
    Value(KOLKATA.slug, "door-code", "Zq09"),
)
MORE_VALUES = (
    Value(
        LONDON.slug,
        "gate-code",
        "Zq10",
        guest="for-a-year",
        begins="2024-03-31T01:30",
        until="2024-10-27T01:59",
    ),
    Value(LORD_HOWE.slug, "gate-code", "Zq11", until="2024-04-07T01:45"),
    Value(LORD_HOWE.slug, "gate-code", "Zq12", begins="2024-04-07T01:45"),
    Value(YORK.slug, "exact-address", "Zq13"),
    Value(YORK.slug, "door-code", "Zq14"),
    Value(YORK.slug, "gate-code", "Zq15"),
    Value(KOLKATA.slug, "gate-code", "Zq16", unit="room-1"),
    Value(KOLKATA.slug, "key-box", "Zq17"),
)


def one(name: str, house: House, arrives: str, leaves: str, *, unit: str = "room-1", **more: str) -> Guest:
    return Guest(name, house.slug, ((unit, arrives, leaves),), **more)


ON_ODD_DAYS = (
    one(
        "comes-as-clocks-go-back", LONDON, "2023-10-29", "2023-10-30", unit="room-3", ready="2023-10-29T14:00"
    ),
    one("leaves-in-the-hour-that-comes-twice", LONDON, "2023-10-27", "2023-10-29", check_out="01:30"),
    Guest(
        "moves-as-clocks-go-back",
        LONDON.slug,
        (("room-2", "2023-10-28", "2023-10-29"), ("room-1", "2023-10-29", "2023-10-30")),
    ),
    one("comes-in-the-hour-that-is-left-out", LONDON, "2024-03-31", "2024-04-01", check_in="01:30"),
    one("comes-as-half-an-hour-comes-twice", LORD_HOWE, "2024-04-07", "2024-04-08"),
    one("leaves-on-leap-day", KOLKATA, "2024-02-28", "2024-02-29"),
    one("comes-on-leap-day", KOLKATA, "2024-02-29", "2024-03-01"),
)
ALL_YEAR = (
    *ON_ODD_DAYS,
    Guest("for-a-year", LONDON.slug, (("room-4", "2023-09-30", "2024-11-01"),), ready="2023-09-30T12:30"),
    one("leaves-as-clocks-go-forward", LONDON, "2024-03-30", "2024-03-31", unit="room-2"),
    one("comes-as-clocks-go-back-again", LONDON, "2024-10-27", "2024-10-28", ready="2024-10-27T13:00"),
    one("leaves-as-clocks-go-back-again", LONDON, "2024-10-26", "2024-10-27", unit="room-2"),
    one("london-leap-night", LONDON, "2024-02-29", "2024-03-01", ready="2024-02-29T15:10"),
    one("york-comes", YORK, "2023-11-05", "2023-11-06"),
    one("york-leaves", YORK, "2023-11-03", "2023-11-05", unit="room-2", check_out="01:15"),
    one("york-comes-in-spring", YORK, "2024-03-10", "2024-03-12", check_in="02:30"),
    one("york-leaves-in-spring", YORK, "2024-03-08", "2024-03-10", unit="room-2"),
    one("york-stays-over-autumn", YORK, "2024-11-02", "2024-11-04"),
    one("reef-comes-in-spring", LORD_HOWE, "2023-10-01", "2023-10-02", check_in="02:15"),
    one("reef-leaves-in-spring", LORD_HOWE, "2024-10-05", "2024-10-06"),
    one("reef-leaves-in-autumn", LORD_HOWE, "2024-04-05", "2024-04-07", unit="room-2", check_out="01:45"),
    one("reef-comes-again", LORD_HOWE, "2024-10-06", "2024-10-07"),
    one(
        "garden-stays-over-leap-day",
        KOLKATA,
        "2024-02-27",
        "2024-03-02",
        unit="room-2",
        ready="2024-02-27T16:00",
    ),
)


@contextmanager
def a_year(
    home: Path, guests: Sequence[Guest], values: Sequence[Value], *, begin: datetime = BEGIN
) -> Iterator[Year]:
    """Its houses are those whose guests are told."""
    slugs = {guest.house for guest in guests}
    there = [house for house in (LONDON, YORK, LORD_HOWE, KOLKATA) if house.slug in slugs]
    known = [value for value in values if value.house in slugs]
    with town(home, at=begin) as place:
        yield Year(place, Almanac(there, guests, known))


def everything_was_on_time(year: Year) -> None:
    assert mistakes(year.almanac, year.looks) == []
    seen = frozenset().union(*(look.seen for look in year.looks))
    assert seen == {"page", *(value.value for value in year.almanac.values)}, "every value was there once"
    wrong = Counter(kind for _, kind, *_ in mistakes(year.almanac.without_zones(), year.looks))
    assert wrong.keys() == {"early", "late"}, "whoever thinks in UTC says that it was wrong"


def test_codes_are_on_time_on_days_that_are_longer_shorter_or_rare(tmp_path: Path) -> None:
    with a_year(tmp_path / "home", ON_ODD_DAYS, VALUES, begin=WEEKEND) as year:
        year.start()
        year.live_through(until_at=datetime(2024, 4, 8, 2, tzinfo=UTC))
        everything_was_on_time(year)


@pytest.mark.faults
def test_codes_are_on_time_for_four_hundred_days(tmp_path: Path) -> None:
    with a_year(tmp_path / "home", ALL_YEAR, (*VALUES, *MORE_VALUES)) as year:
        year.start("work")
        ends = year.hear_something() + KEPT
        year.live_through(until_at=ends - timedelta(minutes=1), with_every_due=True)
        assert year.keeps_what_it_heard()
        year.live_through(until_at=ends + timedelta(hours=1), with_every_due=True)
        until(lambda: not year.keeps_what_it_heard(), "what Meta told is forgotten, within the hour")
        year.live_through(until_at=END, with_every_due=True)
        everything_was_on_time(year)


def test_control_a_worker_that_stands_still_is_late_and_one_whose_clock_is_fast_is_early(
    tmp_path: Path,
) -> None:
    guest = ON_ODD_DAYS[-1]
    with a_year(tmp_path / "home", [guest], VALUES) as year:
        opens, ends, _ = year.almanac.changes(guest)
        year.town.set_clock(opens - timedelta(seconds=100))
        year.start_ahead(timedelta(minutes=2))
        until(lambda: not year.look(), "a code is there before its time")
        assert {kind for _, kind, *_ in mistakes(year.almanac, year.looks)} == {"early"}
        year.kill_worker()
        year.looks.clear()
        year.start()
        with year.asleep():
            year.town.set_clock(ends + timedelta(seconds=62))
            year.look()
        assert {kind for _, kind, *_ in mistakes(year.almanac, year.looks)} == {"late"}
        until(year.look, "it catches up")
