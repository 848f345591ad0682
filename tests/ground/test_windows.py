"""When a stay sees which code: not before its rule, not after it left, always the narrowest that is valid."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guestlink.records import Period, Secret, Stay
from guestlink.secret_values import Rule, Window, windows
from tests.databases import BY
from tests.ground.stays import HOUSE, stay_over

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ANAS = stay_over("2026-11-06", "2026-11-09")
RULES = {
    "exact-address": Rule(kind="booking"),
    "door-code": Rule(kind="hours", hours=48),
    "key-box": Rule(kind="ready"),
}


def on(text: str) -> datetime:
    """`6 15:00` is an instant in November 2026, when London keeps UTC."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-11-{int(day):02}T{time}+00:00")


def rooms(*changes: tuple[str, int], stay: Stay = ANAS) -> tuple[Period, ...]:
    """Rooms with the day in November on which the guest moves in."""
    days = [day for _, day in changes] + [stay.until_on.day]
    return tuple(
        Period(
            unit_id=room or None,
            unit=room or None,
            from_on=date(2026, 11, start),
            until_on=date(2026, 11, end),
        )
        for (room, _), (start, end) in zip(changes, pairwise(days), strict=True)
    )


ONE_ROOM = rooms(("room-1", 6))
A_CHANGE = rooms(("room-1", 6), ("room-2", 8))
THERE_AND_BACK = rooms(("room-1", 6), ("room-2", 7), ("room-1", 8))
UNASSIGNED = rooms(("", 6))


def secret(key: str, name: str = "door-code", **fields: Any) -> Secret:
    plain: dict[str, Any] = {"unit_id": None, "stay_id": None, "rule": "", "hours": 0, "valid_from": LONG_AGO}
    plain |= {"valid_until": None, "value": b"", "set_by": BY, "set_at": LONG_AGO, "version": 1}
    return Secret(id=key, property_id="house", name=name, **{**plain, **fields})


def seen(
    secrets: list[Secret], at: str | datetime, *, stay: Stay = ANAS, periods: tuple[Period, ...] = ONE_ROOM
) -> list[str]:
    """The ids of the secrets that the stay sees at an instant, each with its room if it has one."""
    instant = on(at) if isinstance(at, str) else at
    found = windows(secrets, stay=stay, house=HOUSE, periods=periods, rules=RULES, at=instant)
    return sorted(f"{w.secret_id}@{w.unit}" if w.unit else w.secret_id for w in found if w.is_open(instant))


def stay_with(**fields: Any) -> Stay:
    return msgspec.structs.replace(ANAS, **fields)


HOUSES = secret("house")
ROOMS = secret("room", unit_id="room-1")
OTHER_ROOMS = secret("other-room", unit_id="room-2")
STAYS = secret("stay", stay_id="ana")
ADDRESS = secret("address", "exact-address")
KEY_BOX = secret("box", "key-box")
KEY_BOX_1 = secret("box-1", "key-box", unit_id="room-1")
KEY_BOX_2 = secret("box-2", "key-box", unit_id="room-2")


@pytest.mark.parametrize(
    ("secrets", "at", "ids"),
    [
        # when
        pytest.param([ADDRESS], "1 00:00", ["address"], id="the address is shown from booking on"),
        pytest.param(
            [HOUSES], "4 14:59", [], id="a door code is not shown 48 hours and a minute before check-in"
        ),
        pytest.param([HOUSES], "4 15:00", ["house"], id="a door code is shown 48 hours before check-in"),
        pytest.param([HOUSES], "9 10:59", ["house"], id="a door code is shown until check-out"),
        pytest.param([HOUSES], "9 11:00", [], id="a door code is not shown at check-out"),
        pytest.param([ADDRESS], "9 11:00", [], id="not even the address is shown after check-out"),
        pytest.param([KEY_BOX], "8 12:00", [], id="a key box waits until the room is ready, however late"),
        pytest.param(
            [secret("x", "safe-code")],
            "4 15:00",
            ["x"],
            id="a name that no file rules is shown 48 hours before",
        ),
        pytest.param(
            [secret("x", rule="booking")], "1 00:00", ["x"], id="a secret's own rule goes before the file's"
        ),
        pytest.param(
            [secret("x", rule="hours", hours=2)], "6 12:59", [], id="a rule of two hours is not three"
        ),
        pytest.param([secret("x", rule="hours", hours=2)], "6 13:00", ["x"], id="a rule of two hours"),
        pytest.param([secret("x", rule="hours")], "6 15:00", ["x"], id="a rule of no hours means check-in"),
        # whose
        pytest.param(
            [HOUSES, ROOMS], "7 12:00", ["room@room-1"], id="a room's value goes before the house's"
        ),
        pytest.param([ROOMS, HOUSES, STAYS], "7 12:00", ["stay"], id="a stay's value goes before the room's"),
        pytest.param([HOUSES, OTHER_ROOMS], "7 12:00", ["house"], id="another room's value is none of ours"),
        pytest.param(
            [secret("x", stay_id="tomas"), HOUSES], "7 12:00", ["house"], id="another stay's neither"
        ),
        pytest.param(
            [HOUSES, secret("x", "gate-code")], "7 12:00", ["house", "x"], id="each name counts by itself"
        ),
        pytest.param(
            [secret("x", stay_id="ana", unit_id="room-2"), ROOMS],
            "7 12:00",
            ["room@room-1"],
            id="a stay's value for another room waits",
        ),
        # how long
        pytest.param(
            [secret("x", valid_until=on("7 12:00"))], "7 11:59", ["x"], id="a value is shown until it ends"
        ),
        pytest.param(
            [secret("x", valid_until=on("7 12:00"))], "7 12:00", [], id="an ended value is not shown"
        ),
        pytest.param(
            [secret("x", valid_from=on("7 12:00"))], "7 11:59", [], id="a value is not shown before it begins"
        ),
        pytest.param(
            [secret("x", valid_until=on("20 12:00"))],
            "9 11:00",
            [],
            id="a value that lasts longer ends at check-out",
        ),
        pytest.param(
            [secret("old", valid_until=on("7 12:00")), secret("new", valid_from=on("7 12:00"))],
            "7 12:00",
            ["new"],
            id="the next value follows at once",
        ),
        pytest.param(
            [HOUSES, secret("x", unit_id="room-1", valid_until=on("7 12:00"))],
            "7 12:00",
            ["house"],
            id="after a room's value ended, the house's is shown",
        ),
        pytest.param(
            [HOUSES, secret("x", unit_id="room-1", valid_from=on("7 12:00"))],
            "7 11:59",
            ["house"],
            id="until a room's value begins, the house's is shown",
        ),
        pytest.param(
            [HOUSES, secret("x", unit_id="room-1", valid_from=on("7 12:00"))],
            "7 12:00",
            ["x@room-1"],
            id="when a room's value begins, the house's is not",
        ),
        pytest.param(
            [HOUSES, secret("x", stay_id="ana", valid_until=on("4 12:00"))],
            "4 15:00",
            ["house"],
            id="a stay's value that ended before it was shown hides nothing",
        ),
    ],
)
def test_a_guest_in_one_room_sees(secrets: list[Secret], at: str, ids: list[str]) -> None:
    assert seen(secrets, at) == ids


@pytest.mark.parametrize(
    ("stay", "at", "ids"),
    [
        pytest.param(
            stay_with(check_in="12:00"), "4 12:00", ["house"], id="early check-in: 48 hours before that"
        ),
        pytest.param(stay_with(check_in="12:00"), "4 11:59", [], id="early check-in: no earlier"),
        pytest.param(stay_with(check_in="22:00"), "4 21:59", [], id="agreed late arrival: later"),
        pytest.param(stay_with(check_out="14:00"), "9 13:59", ["house"], id="late check-out: until then"),
        pytest.param(stay_with(check_out="14:00"), "9 14:00", [], id="late check-out: no longer"),
        pytest.param(stay_with(check_out="08:00"), "9 08:00", [], id="agreed early check-out"),
        pytest.param(stay_with(until_on=date(2026, 11, 10)), "9 12:00", ["house"], id="an extra night"),
    ],
)
def test_agreed_times_move_the_window(stay: Stay, at: str, ids: list[str]) -> None:
    assert seen([HOUSES], at, stay=stay, periods=rooms(("room-1", 6), stay=stay)) == ids


@pytest.mark.parametrize(
    ("secrets", "at", "ids"),
    [
        pytest.param(
            [ROOMS, OTHER_ROOMS], "6 14:59", ["room@room-1"], id="the second room's code is not there yet"
        ),
        pytest.param(
            [ROOMS, OTHER_ROOMS],
            "6 15:00",
            ["other-room@room-2", "room@room-1"],
            id="it comes 48 hours before the change",
        ),
        pytest.param(
            [ROOMS, OTHER_ROOMS],
            "8 10:59",
            ["other-room@room-2", "room@room-1"],
            id="both until the house's check-out",
        ),
        pytest.param(
            [ROOMS, OTHER_ROOMS], "8 11:00", ["other-room@room-2"], id="then only the second room's"
        ),
        pytest.param([HOUSES], "8 12:00", ["house"], id="the house's code goes on between the rooms"),
        pytest.param(
            [secret("x", rule="hours")], "8 12:00", ["x"], id="even when it is shown at check-in only"
        ),
        pytest.param([STAYS], "8 12:00", ["stay"], id="so does the stay's"),
        pytest.param(
            [HOUSES, ROOMS], "6 14:59", ["room@room-1"], id="the room's own value while it is the next"
        ),
        pytest.param([HOUSES, ROOMS], "8 11:00", ["house"], id="the house's where the second room has none"),
        pytest.param([HOUSES, OTHER_ROOMS], "5 12:00", ["house"], id="the house's for the first room"),
        pytest.param(
            [HOUSES, OTHER_ROOMS], "8 15:00", ["other-room@room-2"], id="and the room's own for the second"
        ),
        pytest.param([ROOMS, OTHER_ROOMS], "9 11:00", [], id="nothing after check-out"),
    ],
)
def test_a_guest_who_changes_rooms_sees(secrets: list[Secret], at: str, ids: list[str]) -> None:
    assert seen(secrets, at, periods=A_CHANGE) == ids


@pytest.mark.parametrize(
    ("at", "ids"),
    [("6 16:00", ["x@room-1"]), ("7 12:00", []), ("8 14:59", []), ("8 15:00", ["x@room-1"]), ("9 11:00", [])],
)
def test_a_rooms_code_belongs_to_the_nights_in_that_room(at: str, ids: list[str]) -> None:
    assert seen([secret("x", rule="hours", unit_id="room-1")], at, periods=THERE_AND_BACK) == ids


def test_a_guest_without_a_room_yet_sees_the_houses_codes_only() -> None:
    assert seen(
        [HOUSES, ROOMS, secret("x", "gate-code", unit_id="room-1")], "7 12:00", periods=UNASSIGNED
    ) == ["house"]


@pytest.mark.parametrize(
    ("ready_at", "at", "ids"),
    [
        pytest.param("6 13:30", "6 13:29", [], id="not before the room is ready"),
        pytest.param("6 13:30", "6 13:30", ["box-1@room-1"], id="from the moment on when it is ready"),
        pytest.param(
            "6 13:30", "8 14:59", [], id="what was ready at arrival was the first room, not the second"
        ),
        pytest.param(
            "6 13:30", "8 15:00", ["box-2@room-2"], id="the second room's is shown at check-in time"
        ),
    ],
)
def test_a_key_box_is_shown_when_the_room_is_ready(ready_at: str, at: str, ids: list[str]) -> None:
    stay = stay_with(ready_at=on(ready_at))
    assert seen([KEY_BOX_1, KEY_BOX_2], at, stay=stay, periods=A_CHANGE) == ids


def test_what_waits_for_the_room_is_announced_without_a_time() -> None:
    (window,) = windows([KEY_BOX], stay=ANAS, house=HOUSE, periods=ONE_ROOM, rules=RULES, at=on("1 00:00"))
    assert (window.opens, window.ends) == (None, on("9 11:00"))
    assert not window.is_open(on("7 12:00"))


@pytest.mark.parametrize(
    ("arrives", "leaves", "opens", "ends"),
    [
        pytest.param(
            "2026-03-28",
            "2026-03-29",
            "2026-03-26T15:00",
            "2026-03-29T10:00",
            id="the night London loses an hour",
        ),
        pytest.param(
            "2026-03-30",
            "2026-03-31",
            "2026-03-28T14:00",
            "2026-03-31T10:00",
            id="48 hours are 48 hours over the change",
        ),
        pytest.param(
            "2026-10-24",
            "2026-10-25",
            "2026-10-22T14:00",
            "2026-10-25T11:00",
            id="the night London gains an hour",
        ),
    ],
)
def test_windows_keep_to_the_clocks_on_the_wall(arrives: str, leaves: str, opens: str, ends: str) -> None:
    dates = {"from_on": date.fromisoformat(arrives), "until_on": date.fromisoformat(leaves)}
    period = Period(unit_id="room-1", unit="room-1", **dates)
    (window,) = windows(
        [HOUSES], stay=stay_with(**dates), house=HOUSE, periods=(period,), rules=RULES, at=LONG_AGO
    )
    assert window.opens == datetime.fromisoformat(opens + "+00:00")
    assert window.ends == datetime.fromisoformat(ends + "+00:00")


def test_what_is_over_is_left_out() -> None:
    old = secret("old", valid_until=on("7 12:00"))
    assert windows([old], stay=ANAS, house=HOUSE, periods=ONE_ROOM, rules=RULES, at=on("7 12:00")) == []


# -- for any secrets at all -------------------------------------------------------------------------
HOURS = st.integers(-400, 400).map(lambda hours: on("6 15:00") + timedelta(hours=hours))
PERIODS = st.sampled_from([ONE_ROOM, A_CHANGE, THERE_AND_BACK, UNASSIGNED, rooms(("", 6), ("room-1", 8))])
STAY = st.builds(
    stay_with,
    check_in=st.sampled_from(["", "09:00", "23:30"]),
    check_out=st.sampled_from(["", "06:00", "18:00"]),
    ready_at=st.none() | HOURS,
)


@st.composite
def some_secrets(draw: st.DrawFn) -> list[Secret]:
    """Values as `set_secret` leaves them: in one scope, one after the other."""
    found: list[Secret] = []
    for scope in ({}, {"unit_id": "room-1"}, {"unit_id": "room-2"}, {"stay_id": "ana"}, {"stay_id": "tomas"}):
        times = sorted(draw(st.lists(HOURS, max_size=4, unique=True)))
        for begins, ends in pairwise([*times, None]):
            assert begins is not None
            rule = draw(st.sampled_from([("", 0), ("booking", 0), ("hours", 0), ("hours", 72), ("ready", 0)]))
            fields: dict[str, Any] = {
                "rule": rule[0],
                "hours": rule[1],
                "valid_from": begins,
                "valid_until": ends,
            }
            if draw(st.booleans()):
                found.append(secret(f"s{len(found)}", **fields, **scope))
    return found


@settings(max_examples=150)
@given(some_secrets(), STAY, PERIODS, HOURS)
def test_a_window_ends_after_it_opens_and_at_check_out_at_the_latest(
    secrets: list[Secret], stay: Stay, periods: tuple[Period, ...], at: datetime
) -> None:
    out = on("9 " + (stay.check_out or "11:00"))
    for window in windows(secrets, stay=stay, house=HOUSE, periods=periods, rules=RULES, at=at):
        known = next(s for s in secrets if s.id == window.secret_id)
        assert known.stay_id in (None, "ana")
        assert at < window.ends <= out
        assert window.opens is None or known.valid_from <= window.opens < window.ends
        assert known.valid_until is None or window.ends <= known.valid_until
    assert seen(secrets, max(at, out), stay=stay, periods=periods) == []


@settings(max_examples=150)
@given(some_secrets(), STAY, HOURS)
def test_in_one_room_there_is_never_more_than_one_value(
    secrets: list[Secret], stay: Stay, at: datetime
) -> None:
    assert len(seen(secrets, at, stay=stay)) <= 1


@settings(max_examples=150)
@given(some_secrets(), STAY, PERIODS, HOURS, st.integers(0, 10**6))
def test_between_two_boundaries_nothing_changes(
    secrets: list[Secret], stay: Stay, periods: tuple[Period, ...], at: datetime, part: int
) -> None:
    """So a page that is published at every boundary, and only then, is always right."""
    found = windows(secrets, stay=stay, house=HOUSE, periods=periods, rules=RULES, at=at)
    boundaries = [instant for w in found for instant in (w.opens, w.ends) if instant and instant > at]
    until = min(boundaries, default=at + timedelta(days=30))
    later = at + (until - at - timedelta(milliseconds=1)) * (part / 10**6)
    assert seen(secrets, later, stay=stay, periods=periods) == seen(secrets, at, stay=stay, periods=periods)


@given(some_secrets(), STAY, PERIODS, HOURS)
def test_windows_of_one_secret_never_overlap(
    secrets: list[Secret], stay: Stay, periods: tuple[Period, ...], at: datetime
) -> None:
    found = windows(secrets, stay=stay, house=HOUSE, periods=periods, rules=RULES, at=at)
    by_secret: dict[tuple[str, str], list[Window]] = {}
    for window in found:
        by_secret.setdefault((window.secret_id, window.unit), []).append(window)
    for mine in by_secret.values():
        for before, after in pairwise(mine):
            assert after.opens is not None
            assert before.ends < after.opens
