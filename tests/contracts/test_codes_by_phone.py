"""New codes that staff write on WhatsApp, on both engines: what is asked, what counts, where no value is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from edge_api import codes_by_phone
from edge_api.messages import Heard
from guestlink import journal, secret_values
from guestlink.errors import Refused
from guestlink.records import Secret
from guestlink.secret_values import Rule
from tests.databases import AT, BY, TABLES, Inn, Place
from tests.desk import NOON
from tests.faults.journey import Hall, body_of, message
from tests.lobby import ANA, HANNE, JORY, MIRA, Lobby, text_of

MINUTE = timedelta(minutes=1)
CODE = "7293160"
SHOWS = Rule(kind="ready")


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    """Mira works in a house with a code for each room, a gate and a Wi-Fi."""
    made = Lobby(inn)
    made.staff(MIRA)
    furnish_codes(inn)
    return made


def furnish_codes(inn: Inn) -> None:
    with inn.database.write() as tx:
        for room in ("room-1", "room-2", "room-3"):
            told: dict[str, Any] = {
                "name": "door-code",
                "value": "1111",
                "unit": inn.unit(room),
                "rule": SHOWS,
            }
            secret_values.set_secret(tx, inn.ring, inn.house, at=AT, by=BY, **told)
        for name in ("gate-code", "wifi-password", "safe-code"):
            secret_values.set_secret(tx, inn.ring, inn.house, name=name, value="old-value", at=AT, by=BY)
    inn.empty_queue()


def valid(inn: Inn, name: str, room: str = "") -> Secret:
    """The value that counts at noon."""
    unit_id = inn.unit(room).id if room else None
    with inn.database.read() as db:
        every = secret_values.load_secrets(db, inn.house)
    (found,) = [
        each
        for each in every
        if (each.name, each.unit_id, each.stay_id) == (name, unit_id, None)
        and each.valid_from <= NOON + MINUTE
        and (each.valid_until is None or each.valid_until > NOON + MINUTE)
    ]
    return found


def value(inn: Inn, name: str, room: str = "") -> str:
    return secret_values.open_secret(inn.ring, valid(inn, name, room))


# -- asking and saying yes ---------------------------------------------------------------------------
def test_a_new_code_counts_from_the_yes_on_and_keeps_when_guests_see_it(lobby: Lobby) -> None:
    user = lobby.staff(JORY)
    assert lobby.says(JORY, f"code 2 {CODE}") == "asked whether a code counts"
    assert lobby.told(JORY)[-1].startswith("*Room 2: Door code*")
    assert value(lobby.inn, "door-code", "room-2") == "1111"
    assert lobby.taps(JORY, "Yes") == "a code was set"
    secret = valid(lobby.inn, "door-code", "room-2")
    assert (secret.set_by, secret.valid_from, secret.rule) == (user.id, NOON, "ready")
    assert value(lobby.inn, "door-code", "room-2") == CODE
    assert value(lobby.inn, "door-code", "room-1") == "1111"
    assert [each.why for each in lobby.inn.queue()] == ["door-code changed"]
    with lobby.inn.database.read() as db:
        event = journal.load(db, f"property:{lobby.inn.house.id}")[-1]
    assert (event.kind, secret.id in event.body) == ("secret-set", True)


def test_no_changes_nothing(lobby: Lobby) -> None:
    lobby.says(MIRA, f"code 2 {CODE}")
    assert lobby.taps(MIRA, "No") == "a code was not set"
    assert value(lobby.inn, "door-code", "room-2") == "1111"
    assert lobby.taps(MIRA, "Yes") == "refused"
    assert not wishes(lobby)


def test_a_second_yes_does_nothing_twice(lobby: Lobby) -> None:
    lobby.says(MIRA, f"gate {CODE}")
    assert lobby.taps(MIRA, "Yes") == "a code was set"
    before = len(history(lobby, "gate-code"))
    assert lobby.taps(MIRA, "Yes", at=NOON + MINUTE) == "refused"
    assert len(history(lobby, "gate-code")) == before


def test_a_code_of_the_house_needs_no_room(lobby: Lobby) -> None:
    lobby.says(MIRA, "wifi new-password")
    assert "*Harbour House: Wi-Fi password*" in lobby.told(MIRA)[-1]
    lobby.taps(MIRA, "Yes")
    assert value(lobby.inn, "wifi-password") == "new-password"


def test_where_it_is_not_clear_what_for_it_is_asked_back_and_one_answer_ends_all(lobby: Lobby) -> None:
    for text in (f"code {CODE}", f"code 14 {CODE}"):
        assert lobby.says(MIRA, text) == "asked what a code is for"
        assert lobby.buttons(MIRA) == ["Room 1", "Room 2", "Room 3"]
    assert lobby.taps(MIRA, "Room 3") == "asked whether a code counts"
    assert lobby.taps(MIRA, "Yes") == "a code was set"
    assert value(lobby.inn, "door-code", "room-3") == CODE
    assert lobby.taps(MIRA, "Room 1") == "refused"


def test_after_ten_minutes_nobody_says_yes_any_more_and_the_value_is_gone(lobby: Lobby) -> None:
    lobby.says(MIRA, f"code 2 {CODE}")
    late = NOON + codes_by_phone.WAITS
    assert lobby.taps(MIRA, "Yes", at=late) == "refused"
    assert value(lobby.inn, "door-code", "room-2") == "1111"
    with lobby.inn.database.write() as tx:
        assert not codes_by_phone.is_late(tx, at=late - MINUTE)
        assert codes_by_phone.is_late(tx, at=late)
        assert codes_by_phone.forget_late(tx, at=late) == 1
    assert not wishes(lobby)


def test_a_later_message_for_the_same_room_stands_in_the_place_of_the_first(lobby: Lobby) -> None:
    lobby.says(MIRA, "code 2 4711")
    (first,) = wishes(lobby)
    lobby.says(MIRA, f"code 2 {CODE}", at=NOON + MINUTE)
    assert lobby.says(MIRA, "Yes", kind="interactive", choice=f"set-code:{first}") == "refused"
    lobby.taps(MIRA, "Yes", at=NOON + MINUTE)
    assert value(lobby.inn, "door-code", "room-2") == CODE


def test_a_message_that_is_corrected_afterwards_asks_anew(lobby: Lobby) -> None:
    lobby.says(MIRA, "code 2 4711", wamid="wamid.first")
    assert (
        lobby.says(MIRA, f"code 2 {CODE}", kind="edit", answers="wamid.first")
        == "asked whether a code counts"
    )
    lobby.taps(MIRA, "Yes")
    assert value(lobby.inn, "door-code", "room-2") == CODE


# -- who may -----------------------------------------------------------------------------------------
def test_a_tap_by_somebody_else_or_by_nobody_of_the_house_sets_nothing(lobby: Lobby) -> None:
    lobby.staff(JORY)
    lobby.inn.add("ana")
    lobby.says(MIRA, f"code 2 {CODE}")
    (wish,) = wishes(lobby)
    for who in (JORY, ANA):
        lobby.says(who, "Yes", kind="interactive", choice=f"set-code:{wish}")
    assert value(lobby.inn, "door-code", "room-2") == "1111"
    with lobby.inn.database.write() as tx:
        tx.do("forget_membership", user_id=lobby.talk(MIRA).user_id or "", property_id=lobby.inn.house.id)
    assert lobby.taps(MIRA, "Yes") == "refused"
    assert value(lobby.inn, "door-code", "room-2") == "1111"


def test_what_guests_and_strangers_write_is_no_code_of_the_house(lobby: Lobby) -> None:
    lobby.inn.add("ana")
    lobby.says(ANA, f"code 2 {CODE}")
    lobby.says(HANNE, f"code 2 {CODE}")
    assert not wishes(lobby)


def test_a_reply_to_a_guest_goes_to_the_guest_as_it_is(lobby: Lobby) -> None:
    lobby.inn.add("ana")
    lobby.says(ANA, "My grandmother knew this house before the war")
    assert lobby.replies(MIRA, "grandmother", f"code 2 {CODE}") == "passed on to the guest"
    assert lobby.told(ANA)[-1] == f"code 2 {CODE}"
    assert not wishes(lobby)


def test_a_code_that_the_house_does_not_have_is_answered_with_those_that_it_has(lobby: Lobby) -> None:
    assert lobby.says(MIRA, f"key box {CODE}") == "no such code"
    assert "Door code, Gate code, Safe code, Wi-Fi password" in lobby.told(MIRA)[-1]
    assert lobby.says(MIRA, f"{CODE} is the code now") == "asked to write a code again"


def test_a_stay_with_a_code_of_its_own_keeps_it_and_that_is_said(lobby: Lobby) -> None:
    stay = lobby.inn.add("ana", lobby.inn.period("room-2"))
    with lobby.inn.database.write() as tx:
        told: dict[str, Any] = {"name": "door-code", "value": "2222", "at": AT, "by": BY, "stay": stay}
        secret_values.set_secret(tx, lobby.inn.ring, lobby.inn.house, **told)
    for room, says in (("1", False), ("2", True)):
        lobby.says(MIRA, f"code {room} {CODE}")
        lobby.taps(MIRA, "Yes")
        assert ("value of their own" in lobby.told(MIRA)[-1]) is says


def test_what_was_set_for_later_still_begins_then(lobby: Lobby) -> None:
    later = NOON + 60 * MINUTE
    with lobby.inn.database.write() as tx:
        told: dict[str, Any] = {"name": "gate-code", "value": "3333", "at": AT, "by": BY, "valid_from": later}
        secret_values.set_secret(tx, lobby.inn.ring, lobby.inn.house, **told)
    lobby.says(MIRA, f"gate {CODE}")
    lobby.taps(MIRA, "Yes")
    assert valid(lobby.inn, "gate-code").valid_until == later
    assert [each.valid_from for each in history(lobby, "gate-code")] == [AT, NOON, later]


# -- where the value is not --------------------------------------------------------------------------
@pytest.mark.parametrize("text", [f"code 2 {CODE}", f"code {CODE}", f"key box {CODE}", f"{CODE} is the code"])
def test_the_value_is_in_no_row_in_clear_and_opens_nowhere_but_as_a_secret(
    place: Place, inn: Inn, text: str
) -> None:
    """From the webhook on: the event as it came, the archive, the outbox, the journal."""
    hall = Hall(inn)
    hall.lobby.staff(MIRA)
    furnish_codes(inn)
    hall.post(body_of([message(MIRA, text, at=NOON), message(MIRA, "a word of hers", at=NOON)]))
    assert [CODE in text for text in opened(place, inn, ("inbox",))] == [True, False]
    hall.understand()
    assert hall.outcomes() == {"waiting": 0, "quarantined": 0}
    assert not any(CODE in cell for cell in cells(place))
    read = list(opened(place, inn, ("inbox", "messages")))
    assert not any(CODE in text for text in read)
    assert sum("a word of hers" in text for text in read) == 2  # the same search finds what is kept
    if hall.lobby.buttons(MIRA) == ["Yes", "No"]:
        hall.lobby.taps(MIRA, "Yes")
        assert CODE not in "".join([*cells(place), *opened(place, inn, ("inbox", "messages"))])
        assert sum(CODE in text for text in opened(place, inn, ("secrets",))) == 1
        assert not wishes(hall.lobby)


def test_the_archive_shows_that_a_code_was_told_and_not_which(lobby: Lobby) -> None:
    lobby.says(MIRA, f"code 2 {CODE}")
    (heard,) = [each.content for each in lobby.thread(MIRA) if isinstance(each.content, Heard)]
    assert heard.text == "code 2 ••••"
    assert not any(CODE in text_of(each.content) for each in lobby.thread(MIRA))


# -- looking -----------------------------------------------------------------------------------------
def wishes(lobby: Lobby) -> list[str]:
    """Ids of the values that wait for a yes."""
    with lobby.inn.database.read() as db:
        return [row["id"] for row in db._driver.execute("select id from secret_wishes").fetchall()]  # type: ignore[attr-defined]


def history(lobby: Lobby, name: str) -> list[Secret]:
    with lobby.inn.database.read() as db:
        every = secret_values.load_secrets(db, lobby.inn.house)
    return sorted((each for each in every if each.name == name), key=lambda each: each.valid_from)


def rows_of(place: Place, table: str) -> list[dict[str, object]]:
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.home / "data" / "guestlink.db")) as driver:
            driver.row_factory = sqlite3.Row
            return [dict(row) for row in driver.execute(f"select * from {table}")]  # noqa: S608 - our own names
    with psycopg.connect(place.url, row_factory=psycopg.rows.dict_row) as server:
        return server.execute(sql.SQL("select * from {}").format(sql.Identifier(table))).fetchall()


def tables_of(place: Place) -> list[str]:
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.home / "data" / "guestlink.db")) as driver:
            return [name for (name,) in driver.execute("select name from sqlite_master where type = 'table'")]
    with psycopg.connect(place.url) as server:
        return [name for (name,) in server.execute(TABLES)]


def cells(place: Place) -> Iterator[str]:
    """Everything in the database as it lies there."""
    for table in tables_of(place):
        for row in rows_of(place, table):
            yield from (
                cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in row.values()
            )


def opened(place: Place, inn: Inn, tables: tuple[str, ...]) -> Iterator[str]:
    """All that the system key opens in these tables."""
    for table in tables:
        for row in rows_of(place, table):
            named = str(row["event_key"] if table == "inbox" else row["id"])
            for column, cell in row.items():
                if isinstance(cell, bytes):
                    try:
                        yield inn.ring.open(cell, table, column, row=named)
                    except Refused:
                        continue
