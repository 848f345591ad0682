"""A request's states: in whatever order people act, it is somewhere legal, and losers are told."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_api.requests import (
    MOMENT,
    Accept,
    Ask,
    Asked,
    Assign,
    Cancel,
    Change,
    Command,
    Complete,
    Decline,
    Event,
    Note,
    Overtaken,
    Rate,
    Release,
    Reopen,
    Request,
    decide,
    evolved,
)
from guestlink.errors import Refused

AT = datetime(2026, 11, 6, 20, tzinfo=UTC)
ASK = Ask(stay_id="s", contact_id="c", unit_id="u", language="en", service="towels", words=b"sealed")
LATER = Change(name="check_out", before="", after="13:00")
NEXT = {
    "": {"requested", "accepted"},
    "requested": {"accepted", "completed", "declined", "cancelled"},
    "accepted": {"completed", "declined", "cancelled"},
    "completed": {"requested"},
    "declined": {"requested"},
    "cancelled": set(),
}
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.just(ASK),
    st.just(msgspec.structs.replace(ASK, at_once=True)),
    st.sampled_from([Accept(), Accept(change=LATER), Complete(), Cancel(), Reopen()]),
    st.builds(Assign, to=st.sampled_from(["marta", "joao"])),
    st.builds(Decline, reason=st.binary(max_size=4)),
    st.builds(Note, words=st.binary(max_size=4)),
    st.builds(Rate, stars=st.integers(1, 5)),
)
PEOPLE = st.sampled_from(["guest:ana", "marta", "joao"])


def after(*commands: Command, by: str = "marta") -> Request:
    request = Request()
    for command in commands:
        request = evolved(request, decide(request, command, by=by), by=by, at=AT)
    return request


def outcome(request: Request, command: Command, by: str) -> tuple[tuple[Event, ...], Overtaken | None]:
    try:
        return decide(request, command, by=by), None
    except Overtaken as late:
        return (), late


@given(st.lists(st.tuples(COMMANDS, PEOPLE), max_size=12))
def test_any_order_of_commands_leads_only_through_legal_states(deeds: list[tuple[Command, str]]) -> None:
    request, at = Request(), AT
    for command, by in deeds:
        at += timedelta(minutes=1)
        events, late = outcome(request, command, by)
        if late:
            assert (late.state, late.by, late.at) == (request.state, request.by, request.at)
        moved = evolved(request, events, by=by, at=at)
        if moved.state != request.state:
            assert moved.state in NEXT[request.state]
            assert (moved.by, moved.at) == (by, at)
        assert moved.asked == request.asked or isinstance(command, Ask)
        request = moved


@given(st.lists(st.tuples(COMMANDS, PEOPLE), max_size=12))
def test_a_stream_that_is_stored_and_read_tells_the_same(deeds: list[tuple[Command, str]]) -> None:
    request, stored = Request(), Request()
    for command, by in deeds:
        try:
            events = decide(request, command, by=by)
        except Overtaken:
            continue
        raw = msgspec.json.encode(events)
        request = evolved(request, events, by=by, at=AT)
        stored = evolved(stored, msgspec.json.decode(raw, type=tuple[Event, ...]), by=by, at=AT)
    assert stored == request


@given(COMMANDS, COMMANDS)
def test_of_two_who_decide_on_the_same_request_the_second_is_told_who_was_faster(
    first: Command, second: Command
) -> None:
    request = after(ASK, by="guest:ana")
    try:
        won = evolved(request, decide(request, first, by="marta"), by="marta", at=AT)
    except Overtaken:
        return
    if won.state in {"declined", "completed", "cancelled"} and isinstance(
        second, Accept | Decline | Complete | Cancel
    ):
        with pytest.raises(Overtaken) as told:
            decide(won, second, by="joao")
        assert told.value.by == "marta"


def test_of_two_acceptances_one_wins() -> None:
    request = after(ASK, by="guest:ana")
    won = evolved(request, decide(request, Accept(), by="marta"), by="marta", at=AT)
    with pytest.raises(Overtaken, match="accepted") as told:
        decide(won, Accept(), by="joao")
    assert (told.value.by, told.value.at) == ("marta", AT)


def test_who_says_the_same_twice_has_said_it_once() -> None:
    for command in (Accept(), Decline(reason=b""), Complete(), Cancel()):
        assert decide(after(ASK, command), command, by="marta") == ()


def test_an_instant_service_is_accepted_in_the_same_breath() -> None:
    request = after(msgspec.structs.replace(ASK, at_once=True, change=LATER))
    assert (request.state, request.change) == ("accepted", LATER)


def test_what_is_done_without_a_word_was_accepted_too() -> None:
    events = decide(after(ASK), Complete(), by="marta")
    assert [type(event).__name__ for event in events] == ["Accepted", "Completed"]


def test_a_guest_who_took_it_back_asks_anew_instead_of_reopening() -> None:
    with pytest.raises(Overtaken):
        decide(after(ASK, Cancel()), Reopen(), by="marta")
    assert after(ASK, Decline(reason=b"x"), Reopen()).state == "requested"
    assert after(ASK, Complete(), Reopen()).reason == b""


def test_the_price_of_the_moment_lies_in_the_event() -> None:
    (asked,) = decide(Request(), msgspec.structs.replace(ASK, price=1250, currency="GBP"), by="guest:ana")
    assert isinstance(asked, Asked)
    assert (asked.price, asked.currency) == (1250, "GBP")


def test_notes_and_stars_leave_the_state_alone() -> None:
    request = after(ASK, Complete(), Note(words=b"n"), Rate(stars=5))
    assert (request.state, request.stars) == ("completed", 5)


def test_whoever_accepted_a_moment_ago_may_give_it_back_and_nobody_else() -> None:
    accepted = after(ASK, Accept())
    soon = Release(at=AT + MOMENT)
    assert evolved(accepted, decide(accepted, soon, by="marta"), by="marta", at=AT).state == "requested"
    late = Release(at=AT + MOMENT + timedelta(seconds=1))
    changed = after(ASK, Accept(change=LATER))
    for request, command, by in (
        (accepted, soon, "joao"),
        (accepted, late, "marta"),
        (changed, soon, "marta"),
    ):
        with pytest.raises(Refused):
            decide(request, command, by=by)
    with pytest.raises(Overtaken):
        decide(after(ASK, Complete()), soon, by="marta")
