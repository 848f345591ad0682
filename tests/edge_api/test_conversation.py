"""What may be said at a moment: the window, agreement, the booking source, an opt-out."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_api import conversation
from edge_api.conversation import (
    NEVER_AGREED,
    NO_TEMPLATE,
    OPTED_OUT,
    SOURCE_FORBIDS,
    WINDOW_CLOSED,
    ByTemplate,
    FreeForm,
    Nothing,
    Route,
)
from edge_api.messages import Outgoing, Reaction, Template, Text

AT = datetime(2026, 11, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEMPLATE = Template(name="house_writes", language="en")
BARE = Text(text="Hello")
BOTH = Text(text="Hello", template=TEMPLATE)
IN_WINDOW, OUTSIDE = AT - HOUR, AT - 25 * HOUR


def route(said: Outgoing = BOTH, **facts: object) -> Route:
    told = {
        "heard_at": OUTSIDE,
        "at": AT,
        "opted_in": True,
        "opted_out": False,
        "source_allows": True,
        "is_staff": False,
        "template_usable": True,
    }
    return conversation.route(said, **{**told, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"heard_at": IN_WINDOW}, FreeForm(said=BOTH), id="inside the window as it is"),
        pytest.param(
            {"heard_at": IN_WINDOW, "opted_in": False, "source_allows": False, "template_usable": False},
            FreeForm(said=BOTH),
            id="who writes is answered, whatever they agreed to and wherever they booked",
        ),
        pytest.param({}, ByTemplate(template=TEMPLATE), id="outside by its template"),
        pytest.param({"heard_at": None}, ByTemplate(template=TEMPLATE), id="before the first word, too"),
        pytest.param({"opted_in": False}, Nothing(reason=NEVER_AGREED), id="not without agreement"),
        pytest.param({"source_allows": False}, Nothing(reason=SOURCE_FORBIDS), id="not against the source"),
        pytest.param({"template_usable": False}, Nothing(reason=NO_TEMPLATE), id="not before approval"),
        pytest.param(
            {"is_staff": True, "opted_in": False, "source_allows": False},
            ByTemplate(template=TEMPLATE),
            id="staff work for the house",
        ),
        pytest.param(
            {"opted_out": True, "heard_at": IN_WINDOW}, Nothing(reason=OPTED_OUT), id="never after STOP"
        ),
        pytest.param(
            {"opted_out": True, "is_staff": True}, Nothing(reason=OPTED_OUT), id="staff may stop, too"
        ),
    ],
)
def test_a_message_goes_the_way_that_is_allowed_now(facts: dict[str, object], expected: Route) -> None:
    assert route(**facts) == expected


def test_without_a_template_nothing_is_said_outside_the_window() -> None:
    assert route(BARE) == Nothing(reason=WINDOW_CLOSED)
    assert route(Reaction(emoji="👍", answers="wamid.1")) == Nothing(reason=WINDOW_CLOSED)


def test_a_template_alone_is_a_template_inside_the_window_too() -> None:
    assert route(TEMPLATE, heard_at=IN_WINDOW, opted_in=False) == ByTemplate(template=TEMPLATE)


@pytest.mark.parametrize(
    ("passed", "is_open"),
    [
        (timedelta(0), True),
        (24 * HOUR - timedelta(seconds=61), True),
        (24 * HOUR - timedelta(seconds=60), False),
        (24 * HOUR, False),
    ],
)
def test_the_window_closes_a_minute_before_meta_closes_it(passed: timedelta, is_open: bool) -> None:
    assert conversation.is_open(AT - passed, at=AT) == is_open


@pytest.mark.parametrize(
    ("heard", "asked", "is_reply", "silenced"),
    [
        pytest.param(-HOUR, -HOUR, False, True, id="what was on its way when they said STOP"),
        pytest.param(timedelta(0), timedelta(0), True, False, id="the one reply that says so"),
        pytest.param(timedelta(0), HOUR, False, True, id="anything else after STOP"),
        pytest.param(HOUR, HOUR, False, False, id="an answer to who writes again"),
        pytest.param(HOUR, -HOUR, True, True, id="not what was on its way, even then"),
    ],
)
def test_an_opt_out_silences_all_but_answers_to_what_is_written_after_it(
    heard: timedelta, asked: timedelta, is_reply: bool, silenced: bool
) -> None:
    found = conversation.is_silenced(
        heard_at=AT + heard, opted_out_at=AT, asked_at=AT + asked, is_reply=is_reply
    )
    assert found == silenced


def test_who_never_opted_out_is_not_silenced() -> None:
    assert not conversation.is_silenced(heard_at=None, opted_out_at=None, asked_at=AT, is_reply=False)


def test_a_booking_source_forbids_only_where_the_house_says_so() -> None:
    assert not conversation.source_allows("airbnb", ("airbnb",))
    assert conversation.source_allows("desk", ("airbnb",))
