"""What a page says about prices, hours, walks and rooms, in the words of its language."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from generator.files.shapes import Service
from generator.parts import blocks
from generator.parts.theme import Theme
from generator.parts.wording import Wording, dialled
from guestlink import contacts
from guestlink.records import Period
from tests.generator import sample


def wording(language: str = "en") -> Wording:
    catalogue = Theme(sample.THEME).catalogue(language)
    return Wording(catalogue, sample.content(), sample.house(), language=language)


def service(**changes: object) -> Service:
    return msgspec.structs.replace(sample.content().services["hamper"]["en"], **changes)


def test_a_service_tells_its_price_and_hours() -> None:
    assert wording().price(service()) == "£12.50 per person"
    assert wording().service_facts(service()) == ["Mon–Fri 06:00–09:00 · Sat 07:00–00:00"]


def test_closed_days_are_said_by_their_names() -> None:
    closed = service(hours=(), closed=("sun", "2026-12-25"))
    assert wording().service_facts(closed) == ["Closed: Sun · Friday 25 December"]
    place = msgspec.structs.replace(sample.content().places["bakery"]["en"], closed=("mon",))
    assert wording().place_facts(place)[-1] == "Closed: Mon"


def test_a_place_without_hours_in_words_says_those_of_the_clock() -> None:
    place = msgspec.structs.replace(
        sample.content().places["bakery"]["en"], hours="", open=("mon-sat 07:00-14:00",)
    )
    assert wording().place_facts(place)[1] == "Mon–Sat 07:00–14:00"
    assert wording("de").place_facts(place)[1] == "Mo–Sa 07:00–14:00"


def test_minutes_are_said_as_the_language_writes_them() -> None:
    assert [wording(tag).minutes(5) for tag in ("en", "de", "ja")] == ["5 min", "5 Min.", "5 分"]


def test_a_room_has_the_label_of_the_language_or_the_title_it_was_given() -> None:
    english = sample.content().words["en"]
    host = sample.content(words={"en": msgspec.structs.replace(english, units={"plantedunit": "The attic"})})
    labelled = Wording(Theme(sample.THEME).catalogue("en"), host, sample.house(), language="en")
    assert labelled.room(sample.ATTIC) == "The attic"
    assert wording().room(sample.ATTIC) == sample.ROOM
    assert wording().room(msgspec.structs.replace(sample.ATTIC, unit=None, title=None)) == ""


@pytest.mark.parametrize(
    ("price", "per", "said"),
    [
        (0, "night", "Free of charge"),
        (1800, "", "£18.00"),
        (300, "item", "£3.00 each"),
        (None, "stay", ""),
    ],
)
def test_a_price_is_told_as_the_host_means_it(price: int | None, per: str, said: str) -> None:
    assert wording().price(service(price=price, per=per, hours=())) == said


def test_hours_follow_the_clock_of_the_language() -> None:
    assert wording("de").service_facts(service(price=None)) == ["Mo–Fr 06:00–09:00 · Sa 07:00–00:00"]


def test_a_place_tells_its_kind_and_the_way() -> None:
    place = sample.content().places["bakery"]["en"]
    assert wording().place_facts(place) == ["Bakery · 4 minutes on foot", "Mon to Sat, 7 to 14"]
    assert wording().place_facts(msgspec.structs.replace(place, walk=0, hours="")) == ["Bakery"]


def test_a_moment_is_told_in_the_houses_zone() -> None:
    assert wording().moment(datetime(2026, 7, 3, 10, tzinfo=UTC)) == "Friday 3 July, 11:00"


@pytest.mark.parametrize(
    ("phone", "number"),
    [("+44 1632 960100", "+441632960100"), ("+44 (0)1632/960-100", "+441632960100"), ("112", "112")],
)
def test_a_phone_number_is_dialled_without_what_people_write_between(phone: str, number: str) -> None:
    assert dialled(phone) == number


@pytest.mark.parametrize(
    ("value", "shape"),
    [("583106", "number"), ("7714#", "number"), ("lobster-29", "word"), ("14 Old Quay", "text")],
)
def test_a_value_is_set_as_large_as_it_can_be(value: str, shape: str) -> None:
    page = sample.pages("arriving")["en"]
    codes = blocks.codes(page, {**sample.VALUES, "door": value}, wording(), network="")
    assert [code.shape for code in codes if code.name == "door-code"] == [shape]


def test_two_door_codes_of_two_rooms_say_which_room_they_open() -> None:
    between = sample.ARRIVAL + timedelta(days=1)
    periods = (
        msgspec.structs.replace(sample.ATTIC, until_on=between),
        Period(unit_id="u2", unit="loft", title="Net Loft", from_on=between, until_on=sample.DEPARTURE),
    )
    doors = (
        sample.secret("door-code", "first", unit_id="u1"),
        sample.secret("door-code", "second", unit_id="u2"),
    )
    view = msgspec.structs.replace(sample.view(periods=periods), secrets=doors)
    page = sample.pages("arriving", shown=view)["en"]
    codes = blocks.codes(page, {"first": "11", "second": "22"}, wording(), network="")
    assert [(code.label, code.value) for code in codes] == [
        (f"Door code · {sample.ROOM}", "11"),
        ("Door code · Net Loft", "22"),
    ]


def test_an_unassigned_room_is_promised() -> None:
    view = sample.view(periods=(msgspec.structs.replace(sample.ATTIC, unit_id=None, unit=None, title=None),))
    rooms = blocks.facts(sample.pages("booked", shown=view)["en"], wording())[-1]
    assert rooms.lines == ("We choose your room before you arrive.",)


def test_an_agreed_late_check_out_is_what_the_page_says() -> None:
    page = sample.pages("departing", shown=sample.view(check_out="14:00"))["en"]
    assert blocks.lede(page, wording()) == "Check-out is by Sunday 22 November, 14:00."


def test_a_room_that_is_ready_is_told_at_once() -> None:
    page = sample.pages("arriving", shown=sample.view(ready_at=sample.MOMENTS["arriving"]))["en"]
    assert blocks.lede(page, wording()) == "Your room is ready."


@pytest.mark.parametrize(
    ("phase", "name", "greeting"),
    [
        ("arriving", "", "Welcome to Harbour House"),
        ("departing", "", "Your stay ends today"),
        ("departing", "Ana", "<bdi>Ana</bdi>, your stay ends today"),
        ("departed", "", "Thank you for staying with us"),
    ],
)
def test_the_greeting_fits_the_hour(phase: str, name: str, greeting: str) -> None:
    assert blocks.greeting(sample.pages(phase)["en"], name, wording()) == greeting


def test_the_joining_code_is_the_same_each_time() -> None:
    assert blocks.joining_code("House", "pass;word") == blocks.joining_code.__wrapped__("House", "pass;word")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Ana Marques", "Ana"),
        ("Marques, Ana", "Ana"),
        ("Ana", "Ana"),
        ("", ""),
        ("山田 花子", "山田 花子"),
        ("Dr. Ana Marques", "Dr. Ana Marques"),
        ("Mrs Marques", "Mrs Marques"),
        ("A. Marques", "A. Marques"),
        ("ليلى حداد", "ليلى"),
    ],
)
def test_a_guest_is_greeted_as_a_host_would_call_them(name, given):
    assert contacts.given_name(name) == given
