"""Values of secrets over time: set, replaced, kept in the history, never told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from guestlink import journal, secret_values
from guestlink.errors import InvalidInput
from guestlink.records import Secret
from guestlink.secret_values import current_values, load_secrets, open_secret, set_secret
from tests.databases import AT, BY, Inn


def put(inn: Inn, value: str, *, name: str = "door-code", at: datetime = AT, **fields: Any) -> None:
    with inn.database.write() as tx:
        set_secret(tx, inn.ring, inn.house, name=name, value=value, at=at, by=BY, **fields)


def stored(inn: Inn) -> list[Secret]:
    with inn.database.read() as db:
        return load_secrets(db, inn.house)


def history(inn: Inn) -> dict[str, tuple[datetime, datetime | None]]:
    return {open_secret(inn.ring, s): (s.valid_from, s.valid_until) for s in stored(inn)}


def test_a_new_value_ends_the_old_one_and_keeps_it_in_the_history(inn: Inn) -> None:
    put(inn, "4711")
    put(inn, " 4712 ", at=AT + timedelta(days=1))
    assert history(inn) == {
        "4711": (AT, AT + timedelta(days=1)),
        "4712": (AT + timedelta(days=1), None),
    }
    assert [(s.version, s.set_by) for s in stored(inn)] == [(2, BY), (1, BY)]


def test_a_value_for_a_room_or_a_stay_ends_no_other(inn: Inn) -> None:
    stay = inn.add("ANA")
    put(inn, "4711")
    put(inn, "4712", unit=inn.unit("room-1"))
    put(inn, "4713", unit=inn.unit("room-2"))
    put(inn, "4714", stay=stay)
    put(inn, "4715", name="gate-code")
    assert all(ends is None for _, ends in history(inn).values())
    assert [(s.unit_id, s.stay_id) for s in stored(inn) if s.stay_id] == [(None, stay.id)]


def test_a_value_from_monday_on_leaves_the_old_one_until_then(inn: Inn) -> None:
    monday = AT + timedelta(days=7)
    put(inn, "4711")
    put(inn, "4712", valid_from=monday)
    assert history(inn) == {"4711": (AT, monday), "4712": (monday, None)}


def test_a_value_until_friday_does_not_end_the_one_planned_for_monday(inn: Inn) -> None:
    friday, monday = AT + timedelta(days=4), AT + timedelta(days=7)
    put(inn, "4711", valid_from=monday)
    put(inn, "4712", valid_until=friday)
    assert history(inn) == {"4711": (monday, None), "4712": (AT, friday)}


def test_a_value_for_ever_takes_the_place_of_a_planned_one(inn: Inn) -> None:
    monday = AT + timedelta(days=7)
    put(inn, "4711", valid_from=monday)
    put(inn, "4712")
    assert history(inn) == {"4711": (monday, monday), "4712": (AT, None)}


@pytest.mark.parametrize(
    ("value", "fields", "words"),
    [
        pytest.param("  ", {}, "The value of door-code is empty", id="nothing"),
        pytest.param("4" * 501, {}, "longer than 500 characters", id="a novel"),
        pytest.param("4711\n4712", {}, "or several lines", id="several lines"),
        pytest.param("4711", {"name": "Door Code"}, "is not a short name", id="a name with spaces"),
        pytest.param(
            "4711", {"valid_until": AT}, "would end before it begins", id="an end before the beginning"
        ),
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(
    inn: Inn, value: str, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        put(inn, value, **fields)
    assert not value.strip() or value not in str(caught.value)
    assert stored(inn) == []


def test_a_value_is_sealed_and_leaves_an_event_and_a_rebuild_that_do_not_tell_it(inn: Inn) -> None:
    put(inn, "planted-4711")
    (found,) = stored(inn)
    assert b"planted" not in found.value
    with inn.database.read() as db:
        (event,) = [entry for entry in journal.read_from(db, 0) if entry.kind == "secret-set"]
    assert "planted" not in repr(event)
    assert [(rebuild.why, rebuild.stay_id) for rebuild in inn.queue()] == [("door-code changed", "")]


def test_what_content_must_not_contain_is_every_value_that_is_or_will_be_valid(inn: Inn) -> None:
    put(inn, "long-gone", at=AT - timedelta(days=9))
    put(inn, "in-use", at=AT - timedelta(days=1))
    put(inn, "planned", name="gate-code", valid_from=AT + timedelta(days=5))
    put(inn, "for-ana", stay=inn.add("ANA"))
    with inn.database.read() as db:
        known = current_values(db, inn.ring, inn.house, at=AT)
    assert known == {"in-use": "door-code", "planned": "gate-code", "for-ana": "door-code"}


def test_the_standard_secrets_are_named_as_files_name_them() -> None:
    assert secret_values.STANDARD == ("exact-address", "gate-code", "door-code", "key-box", "wifi-password")
