"""The front desk's verbs on both engines: what is promised is written down once, whole, and sealed."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import msgspec
import pytest

from edge_api import board, callers, front_desk, history, streams
from edge_api.board import sealed
from edge_api.front_desk import ALARM_LIMIT, LIMIT, Moved
from edge_api.requests import Assign, Complete, Decline, Note, Reopen
from edge_api.wishes import Asked
from guestlink import arrivals, clock, journal, records, secret_values, stays
from guestlink.arrivals import ArrivalTold, RatingTold
from guestlink.errors import InvalidFields, InvalidInput, NotAllowed, Refused, TooMany
from guestlink.records import Arrival, Stay
from tests.databases import AT, BY, TOMAS, Inn
from tests.desk import AFTERWARDS, NIGHT, NOON, Desk, words

PLANTED = "planted-word-of-a-guest"
PATIENCE = 30.0


@pytest.fixture
def desk(inn: Inn) -> Desk:
    return Desk(inn)


@pytest.fixture
def stay(desk: Desk) -> Stay:
    return desk.inn.add("ana")


def rows(desk: Desk, query: str, **values: str) -> list[dict[str, object]]:
    with desk.inn.database.read() as db:
        return db.all(query, **values)


# -- asking ----------------------------------------------------------------------------------------
def test_an_instant_service_is_promised_at_once_within_its_hours(desk: Desk, stay: Stay) -> None:
    towels = desk.ask(stay, "towels", fields={"sets": "2", "kind": "Strand"}, language="de").request
    assert (towels.state, towels.title, towels.version) == ("accepted", "Handtücher", 2)
    assert towels.fields == {"sets": "2", "kind": "beach"}
    assert towels.said == (("Wie viele", "2"), ("Welche", "Strand"))
    assert desk.ask(stay, "towels", at=NIGHT, fields={"sets": "1"}).request.state == "requested"


def test_a_request_knows_its_room_and_its_price_of_that_moment(desk: Desk, stay: Stay) -> None:
    asked = desk.ask(stay, "late-checkout").request
    assert (asked.price, asked.per, asked.currency, asked.can_cancel) == (2000, "stay", "GBP", True)
    with desk.inn.database.read() as db:
        (line,) = board.of_house(db, desk.inn.ring, desk.inn.house, at=NOON)
    assert (line.unit, line.guest, line.what) == ("Room 1", "Ana Lindqvist", "Late check-out")


def test_the_same_wish_sent_again_is_one_request(desk: Desk, stay: Stay) -> None:
    first = desk.ask(stay, "taxi", key="offline-1", fields={"to": "the station"})
    again = desk.ask(stay, "taxi", key="offline-1", fields={"to": "the station "})
    assert (first.is_new, again.is_new, again.request) == (True, False, first.request)
    with pytest.raises(Refused, match="another request"):
        desk.ask(stay, "taxi", key="offline-1", fields={"to": "the airport"})
    assert len(desk.all(stay)) == 1


def test_the_same_wish_sent_by_many_at_once_is_one_request(desk: Desk, stay: Stay) -> None:
    with ThreadPoolExecutor(6) as pool:
        asking = [
            pool.submit(desk.ask, stay, "taxi", key="offline-1", fields={"to": "the station"})
            for _ in range(6)
        ]
        answers = [each.result(PATIENCE) for each in asking]
    assert len({answer.request.id for answer in answers}) == 1
    assert sum(answer.is_new for answer in answers) == 1
    assert len(desk.all(stay)) == 1


def test_who_asks_waits_for_whoever_holds_the_room_and_holds_up_nobody(desk: Desk, stay: Stay) -> None:
    asked, done = Asked(key="a-key-of-ana", note="more"), Event()

    def ask() -> bool:
        with desk.inn.database.write() as tx:
            link = desk.link(stay)
            is_new = front_desk.ask(tx, desk.inn.ring, link, asked, at=NOON, words=words()).is_new
        done.set()
        return is_new

    with ThreadPoolExecutor(1) as pool:
        with desk.inn.database.write() as tx:
            tx.all("lock_unit", id=desk.inn.unit("room-1").id)
            asking = pool.submit(ask)
            assert not done.wait(0.3)
            journal.append(tx, "stay:tomas", [journal.Event(kind="counted")], at=NOON, by=BY)
        assert asking.result(PATIENCE)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"service": "towels"}, "sets"),
        ({"service": "towels", "fields": {"sets": "99"}}, "sets"),
        ({"service": "sauna"}, "service"),
        ({"service": "lost-property"}, "service"),
        ({}, "note"),
        ({"note": "\u200b \u202e"}, "note"),
        ({"note": "x" * 1001}, "note"),
        ({"secret": "no-such-code"}, "secret"),
        ({"service": "taxi", "fields": {"to": "the station"}, "secret": "my words in clear"}, "secret"),
        ({"note": "\u200c \u200d"}, "note"),
    ],
)
def test_what_cannot_be_asked_is_told_by_field_and_leaves_nothing(
    desk: Desk, stay: Stay, told: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidFields) as wrong:
        desk.ask(stay, **told)  # type: ignore[arg-type]
    assert [name for name, _ in wrong.value.problems] == [field]
    assert desk.all(stay) == []


def test_after_departure_only_what_is_meant_for_it_is_offered(desk: Desk, stay: Stay) -> None:
    with pytest.raises(InvalidFields):
        desk.ask(stay, "towels", at=AFTERWARDS, fields={"sets": "1"})
    assert desk.ask(stay, "lost-property", at=AFTERWARDS, note="a charger").request.state == "requested"


def test_who_asks_without_end_is_told_to_wait(desk: Desk, stay: Stay) -> None:
    at = NOON
    for number in range(LIMIT.waiting):
        at += timedelta(minutes=2)
        desk.ask(stay, at=at, key=f"wish-{number:04}", note="more")
    with pytest.raises(TooMany):
        desk.ask(stay, at=at + timedelta(minutes=2), key="one-too-many", note="more")
    other = desk.inn.add("tomas", desk.inn.period("room-2"), guest=TOMAS)
    assert desk.ask(other, at=at, note="something").is_new
    again = desk.ask(stay, at=at, key="wish-0000", note="more")
    assert not again.is_new


def test_what_was_promised_at_once_keeps_nobody_from_asking_more(desk: Desk, stay: Stay) -> None:
    for number in range(LIMIT.waiting + 1):
        at = NOON + timedelta(minutes=2 * number)
        assert desk.ask(stay, "towels", at=at, fields={"sets": "1"}).request.state == "accepted"


def test_an_alarm_has_a_limit_of_its_own(desk: Desk, stay: Stay) -> None:
    for number in range(LIMIT.of_minute):
        desk.ask(stay, key=f"wish-{number:04}", note="more")
    set_code(desk)
    alarm = desk.ask(stay, secret="door-code", key="alarm-0000").request
    assert (alarm.urgent, alarm.state, alarm.secret) == (True, "requested", "door-code")
    for number in range(1, ALARM_LIMIT.of_minute):
        desk.ask(stay, secret="door-code", key=f"alarm-{number:04}")
    with pytest.raises(TooMany):
        desk.ask(stay, secret="door-code", key="alarm-9999")


def set_code(desk: Desk) -> None:
    with desk.inn.database.write() as tx:
        secret_values.set_secret(
            tx, desk.inn.ring, desk.inn.house, name="door-code", value="4711", at=AT, by=BY
        )


# -- answering -------------------------------------------------------------------------------------
def test_of_two_acceptances_at_the_same_moment_exactly_one_wins(desk: Desk, stay: Stay) -> None:
    request = desk.ask(stay, "taxi", fields={"to": "the station"}).request
    people = [f"person-{number}" for number in range(6)]

    def accept(by: str) -> str:
        try:
            desk.answer(request, by=by)
        except Refused as late:
            return late.message
        return ""

    with ThreadPoolExecutor(6) as pool:
        told = dict(zip(people, pool.map(accept, people, timeout=PATIENCE), strict=True))
    won = [by for by, refusal in told.items() if not refusal]
    assert len(won) == 1
    assert all("faster" in told[by] for by in people if by not in won)
    with desk.inn.database.read() as db:
        now, version = streams.load(db, request.id)
    assert (now.state, now.by, version) == ("accepted", won[0], 2)


def test_the_guest_sees_the_reason_and_staff_see_each_others_notes(desk: Desk, stay: Stay) -> None:
    request = desk.ask(stay, "taxi", fields={"to": "the station"}).request
    ring = desk.inn.ring
    (ana,) = desk.inn.guests(stay)
    key = ring.guest_key(ana.wrapped, ana.id)
    desk.answer(request, Note(words=sealed(key, "Denzil is away", "note", request_id=request.id)))
    reason = sealed(key, "No taxi on Sundays", "reply", request_id=request.id)
    assert desk.answer(request, Decline(reason=reason)).reason == "No taxi on Sundays"
    assert desk.answer(request, Reopen()).reason == ""
    assert desk.answer(request, Complete()).state == "completed"
    with desk.inn.database.read() as db:
        stored = board.find(db, request.id[-6:])
        told = history.of_request(db, ring, stored)
    assert [(each.what, each.who, each.words) for each in told][:2] == [
        ("asked", "the guest", ""),
        ("noted", "the house", "Denzil is away"),
    ]
    assert [each.what for each in told[2:]] == ["declined", "reopened", "accepted", "completed"]


def test_a_guest_takes_back_what_they_saw_and_nothing_newer(desk: Desk, stay: Stay) -> None:
    request = desk.ask(stay, "taxi", fields={"to": "the station"}).request
    desk.answer(request)
    with pytest.raises(Moved) as moved:
        desk.cancel(stay, request)
    assert moved.value.request.state == "accepted"
    gone = desk.cancel(stay, moved.value.request)
    assert (gone.state, gone.can_cancel) == ("cancelled", False)
    assert desk.cancel(stay, request) == gone
    other = desk.inn.add("tomas", desk.inn.period("room-2"), guest=TOMAS)
    with pytest.raises(InvalidFields):
        desk.cancel(other, gone)


# -- what an acceptance changes ----------------------------------------------------------------------
def test_a_late_check_out_changes_the_stay_and_asks_for_its_pages(desk: Desk, stay: Stay) -> None:
    request = desk.ask(stay, "late-checkout").request
    desk.inn.empty_queue()
    desk.answer(request)
    assert desk.inn.stay(stay.id).check_out == "14:00"
    assert [rebuild.stay_id for rebuild in desk.inn.queue()] == [stay.id]
    desk.cancel(stay, desk.all(stay)[0])
    assert desk.inn.stay(stay.id).check_out == ""


def test_a_room_that_somebody_needs_cannot_be_kept(desk: Desk, stay: Stay) -> None:
    desk.inn.add("tomas", desk.inn.period(on=stay.until_on), guest=TOMAS, check_in="13:00")
    request = desk.ask(stay, "late-checkout").request
    with pytest.raises(Refused, match="Room 1 is needed from 13:00"):
        desk.answer(request)
    assert (desk.all(stay)[0].state, desk.inn.stay(stay.id).check_out) == ("requested", "")
    night = desk.ask(stay, "extra-night").request
    with pytest.raises(Refused, match="is taken from"):
        desk.answer(night)
    assert desk.ask(stay, "quick-night").request.state == "requested"
    assert desk.inn.stay(stay.id).until_on == stay.until_on


def test_an_early_check_in_needs_an_empty_room(desk: Desk, stay: Stay) -> None:
    early = desk.ask(stay, "early-checkin", at=AT).request
    before = desk.inn.add("tomas", desk.inn.period(on=stay.from_on - timedelta(days=2)), guest=TOMAS)
    desk.inn.change(before, check_out="13:00")
    with pytest.raises(Refused, match="Room 1 is taken until 13:00"):
        desk.answer(early, at=AT)
    desk.inn.change(desk.inn.stay(before.id), check_out="11:30")
    desk.answer(early, at=AT)
    assert desk.inn.stay(stay.id).check_in == "12:00"


def test_one_more_night_moves_the_departure_and_can_be_taken_back_in_time(desk: Desk, stay: Stay) -> None:
    night = desk.ask(stay, "quick-night").request
    assert night.state == "accepted"
    longer = desk.inn.stay(stay.id)
    assert longer.until_on == stay.until_on + timedelta(days=1)
    assert desk.inn.periods(longer)[-1].until_on == longer.until_on
    late = datetime(2026, 11, 8, 12, tzinfo=NOON.tzinfo)  # after the departure that was booked
    with pytest.raises(Moved, match="too late"):
        desk.cancel(stay, night, at=late)
    assert desk.cancel(stay, night).state == "cancelled"
    assert desk.inn.stay(stay.id).until_on == stay.until_on


def test_a_time_that_two_requests_promise_stands_until_both_are_taken_back(desk: Desk, stay: Stay) -> None:
    requests = [desk.ask(stay, "late-checkout", key=f"late-{number}-of-two").request for number in (1, 2)]
    for request in requests:
        desk.answer(request)
    for request, left in zip(requests, ("14:00", ""), strict=True):
        desk.cancel(stay, request, version=2)
        assert desk.inn.stay(stay.id).check_out == left


@pytest.mark.parametrize(("first", "left"), [("late-checkout", "16:00"), ("later-checkout", "14:00")])
def test_of_two_promised_times_the_one_that_is_left_holds(
    desk: Desk, stay: Stay, first: str, left: str
) -> None:
    made = {name: desk.ask(stay, name).request for name in ("late-checkout", "later-checkout")}
    for request in made.values():
        desk.answer(request)
    desk.cancel(stay, made.pop(first), version=2)
    assert desk.inn.stay(stay.id).check_out == left
    desk.cancel(stay, made.popitem()[1], version=2)
    assert desk.inn.stay(stay.id).check_out == ""


def test_each_of_two_more_nights_is_taken_back_by_itself(desk: Desk, stay: Stay) -> None:
    nights = [desk.ask(stay, "quick-night", key=f"night-{number}-of-two").request for number in (1, 2)]
    assert desk.inn.stay(stay.id).until_on == stay.until_on + timedelta(days=2)
    for night, left in zip(nights, (1, 0), strict=True):
        desk.cancel(stay, night)
        assert desk.inn.stay(stay.id).until_on == stay.until_on + timedelta(days=left)


def test_what_the_host_changed_since_is_left_alone(desk: Desk, stay: Stay) -> None:
    late = desk.ask(stay, "late-checkout").request
    desk.answer(late)
    desk.inn.change(desk.inn.stay(stay.id), check_out="15:00")
    later = desk.ask(stay, "later-checkout").request
    desk.answer(later)
    desk.cancel(stay, late, version=2)
    assert desk.inn.stay(stay.id).check_out == "16:00"
    desk.cancel(stay, later, version=2)
    assert desk.inn.stay(stay.id).check_out == "15:00"


def test_a_night_in_a_room_of_its_own_is_taken_back_with_the_room(desk: Desk, stay: Stay) -> None:
    night = desk.ask(stay, "quick-night").request
    longer = desk.inn.stay(stay.id)
    rooms = (desk.inn.period(), desk.inn.period("room-2", on=stay.until_on, nights=1))
    desk.inn.change(longer, new_periods=rooms)
    desk.cancel(stay, night)
    assert desk.inn.periods(stay) == (desk.inn.period(),)


def test_the_last_night_of_a_stay_that_was_moved_is_not_taken_back(desk: Desk, stay: Stay) -> None:
    night = desk.ask(stay, "quick-night").request
    moved = desk.inn.change(
        desk.inn.stay(stay.id), new_periods=(desk.inn.period(on=stay.until_on, nights=1),)
    )
    with pytest.raises(Moved, match="No night"):
        desk.cancel(stay, night)
    assert desk.inn.stay(stay.id) == moved


def test_what_is_opened_again_and_accepted_again_changes_the_stay_once(desk: Desk, stay: Stay) -> None:
    night = desk.ask(stay, "extra-night").request
    for command in (None, Complete(), Reopen(), None):
        desk.answer(night, command)
    assert desk.inn.stay(stay.id).until_on == stay.until_on + timedelta(days=1)


def test_nothing_is_agreed_about_a_stay_that_is_cancelled(desk: Desk, stay: Stay) -> None:
    request = desk.ask(stay, "late-checkout").request
    cancelled = desk.inn.change(stay, status="cancelled")
    with pytest.raises(Refused, match="cancelled"):
        desk.answer(request)
    assert desk.inn.stay(stay.id) == cancelled


def test_another_room_is_for_a_person_to_find(desk: Desk, stay: Stay) -> None:
    request = desk.ask(stay, "other-room").request
    assert desk.answer(request).state == "accepted"
    assert desk.inn.periods(stay) == desk.inn.periods(desk.inn.stay(stay.id))


# -- who asks --------------------------------------------------------------------------------------
def test_a_replaced_link_a_cancelled_stay_and_an_ended_one_can_ask_nothing(desk: Desk, stay: Stay) -> None:
    inn, old = desk.inn, desk.link(stay)
    with inn.database.write() as tx:
        stays.renew_link(tx, inn.ring, inn.house, inn.links(stay)[0], at=NOON, by=BY)
    fresh = desk.link(stay)
    long_after = NOON + timedelta(days=90)
    cases = [(old, NOON), (fresh, long_after), ("01a203df-e148-7c92-8119-6773653d612b", NOON)]
    for link, at in cases:
        with inn.database.read() as db, pytest.raises(NotAllowed):
            front_desk.own_requests(db, inn.ring, link, at=at)
    inn.change(inn.stay(stay.id), status="cancelled")
    with inn.database.read() as db, pytest.raises(NotAllowed):
        front_desk.own_requests(db, inn.ring, fresh, at=NOON)


# -- what guests say ---------------------------------------------------------------------------------
def tell(desk: Desk, stay: Stay, told: ArrivalTold, *, at: datetime = AT) -> front_desk.ArrivalShown:
    return front_desk.settled(
        desk.inn.database,
        lambda tx: front_desk.tell_arrival(tx, desk.inn.ring, desk.link(stay), told, at=at, words=words()),
    )


def test_a_told_arrival_reaches_the_stay_the_page_and_the_host(desk: Desk, stay: Stay) -> None:
    desk.inn.empty_queue()
    told = ArrivalTold(time="18:30", adults=2, children=1, note="by train", word=" light  house\u202e ")
    shown = tell(desk, stay, told)
    assert (shown.time, shown.word, shown.told_at) == ("18:30", "light house", AT)
    assert desk.inn.stay(stay.id).expected_arrival == "18:30"
    assert [rebuild.stay_id for rebuild in desk.inn.queue()] == [stay.id]
    (row,) = rows(desk, "arrivals_to_publish", property_id=desk.inn.house.id, ended_since="2026-01-01")
    arrival = records.shaped(row, Arrival)
    assert arrivals.open_word(desk.inn.ring, arrival) == "light house"
    desk.inn.empty_queue()
    tell(desk, stay, told)
    assert desk.inn.queue() == []
    with desk.inn.database.read() as db:
        (line,) = history.arrivals_of(db, desk.inn.ring, desk.inn.house, at=NOON - timedelta(days=2))
    assert (line.guest, line.adults, line.note) == ("Ana Lindqvist", 2, "by train")


@pytest.mark.parametrize(
    ("field", "value"),
    [("time", "late"), ("adults", 100), ("children", -1), ("note", "x" * 1001), ("word", "x" * 41)],
)
def test_an_arrival_that_cannot_be_is_told_by_field(
    desk: Desk, stay: Stay, field: str, value: object
) -> None:
    with pytest.raises(InvalidFields) as wrong:
        tell(desk, stay, ArrivalTold(**{field: value}))
    assert [name for name, _ in wrong.value.problems] == [field]


def test_an_arrival_is_told_before_it_and_a_rating_after_departure(desk: Desk, stay: Stay) -> None:
    with pytest.raises(Refused):
        tell(desk, stay, ArrivalTold(time="18:30"), at=NOON)

    def rate(at: datetime, stars: int = 4) -> front_desk.RatingShown:
        told = RatingTold(stars=stars, words="The gulls!")
        return front_desk.settled(
            desk.inn.database,
            lambda tx: front_desk.rate(tx, desk.inn.ring, desk.link(stay), told, at=at, words=words()),
        )

    with pytest.raises(Refused):
        rate(NOON)
    with pytest.raises(InvalidFields):
        rate(AFTERWARDS, stars=6)
    assert rate(AFTERWARDS).stars == 4
    assert rate(AFTERWARDS, stars=5).words == "The gulls!"
    with desk.inn.database.read() as db:
        (line,) = history.ratings_of(db, desk.inn.ring, desk.inn.house)
    assert (line.stars, line.words) == (5, "The gulls!")


def test_an_opening_is_a_date_and_nothing_more(desk: Desk, stay: Stay) -> None:
    changes = desk.inn.house.changes

    def opened(*, codes: bool, at: datetime) -> None:
        with desk.inn.database.write() as tx:
            front_desk.opened_page(tx, desk.link(stay), codes=codes, at=at)

    opened(codes=False, at=AT)
    assert (desk.inn.links(stay)[0].opened_on, desk.inn.links(stay)[0].codes_seen_on) == (AT.date(), None)
    opened(codes=True, at=NOON)
    opened(codes=False, at=NIGHT)
    link = desk.inn.links(stay)[0]
    assert (link.opened_on, link.codes_seen_on) == (NOON.date(), NOON.date())
    assert desk.inn.house.changes == changes


def test_an_opening_that_was_told_late_forgets_nothing(
    desk: Desk, stay: Stay, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.inn.database.read() as db:
        before = callers.guest_of(db, desk.link(stay), at=NOON)
    with desk.inn.database.write() as tx:
        front_desk.opened_page(tx, desk.link(stay), codes=True, at=NOON)
    monkeypatch.setattr(front_desk, "guest_of", lambda *_, **__: before)  # as another process read it
    with desk.inn.database.write() as tx:
        front_desk.opened_page(tx, desk.link(stay), codes=False, at=NOON)
    assert desk.inn.links(stay)[0].codes_seen_on == NOON.date()


# -- what is kept ------------------------------------------------------------------------------------
def test_the_journal_holds_and_tells_no_word_of_a_guest(desk: Desk, stay: Stay) -> None:
    tell(desk, stay, ArrivalTold(time="18:30", note=PLANTED, word=PLANTED))
    request = desk.ask(stay, "taxi", key=PLANTED, fields={"to": PLANTED}, note=PLANTED).request
    assert request.note == PLANTED
    with desk.inn.database.read() as db:
        assert journal.broken_at(db) is None
        bodies = " ".join(entry.body for entry in journal.read_from(db, 0))
        stored = board.by_id(db, request.id)
    assert stored is not None
    assert stored.words is not None
    assert base64.b64encode(stored.words).decode() in bodies
    for hidden in (PLANTED, base64.b64encode(PLANTED.encode()).decode()[:20]):
        assert hidden not in bodies
        assert hidden not in repr(stored)


def test_what_is_said_in_the_journal_is_what_the_read_model_says(desk: Desk, stay: Stay) -> None:
    towels = desk.ask(stay, "towels", fields={"sets": "2"}).request
    late = desk.ask(stay, "late-checkout").request
    taxi = desk.ask(stay, "taxi", fields={"to": "the station"}).request
    (ana,) = desk.inn.guests(stay)
    key = desk.inn.ring.guest_key(ana.wrapped, ana.id)
    no = Decline(reason=sealed(key, "No taxi on Sundays", "reply", request_id=taxi.id))
    deeds = [
        (towels, Complete()),
        (late, None),
        (late, Assign(to="denzil")),
        (taxi, Assign(to="denzil")),
        (taxi, no),
    ]
    for minutes, (request, command) in enumerate(deeds):
        desk.answer(request, command, at=NOON + timedelta(minutes=minutes))
    for request in (towels, late, taxi):
        with desk.inn.database.read() as db:
            now, version = streams.load(db, request.id)
            first, *_, last = [entry for entry, _ in streams.stream(db, request.id)]
            stored = board.by_id(db, request.id)
        assert stored is not None
        assert now.asked is not None
        told = msgspec.structs.asdict(now.asked) | {"state": now.state, "assigned_to": now.assigned_to}
        told |= {"version": version, "property_id": first.property_id, "reply": now.reason or None}
        told |= {"asked_at": clock.from_text(first.at), "changed_at": clock.from_text(last.at)}
        assert told.pop("via") == ""  # the journal alone keeps it
        row = msgspec.structs.asdict(stored)
        assert {name: row.pop(name) for name in ("id", "asked_body", "wrapped")}
        assert row == told | {"words": now.asked.words or None}


def test_a_key_that_is_none_is_refused(desk: Desk, stay: Stay) -> None:
    for key in ("short", "x" * 65, "with space", "ümlaut-key"):
        with pytest.raises(InvalidInput, match="Idempotency-Key"):
            desk.ask(stay, key=key, note="more")


def test_a_request_that_is_done_is_rated_and_no_other(desk: Desk, stay: Stay) -> None:
    taxi = desk.ask(stay, "taxi", fields={"to": "the station"}).request
    told = RatingTold(stars=4, words="So quick")

    def rate() -> None:
        with desk.inn.database.write() as tx:
            front_desk.rate_request(
                tx, desk.inn.ring, desk.link(stay), taxi.id, told=told, at=NOON, words=words()
            )

    with pytest.raises(Moved):
        rate()
    desk.answer(taxi, Complete())
    rate()
    with desk.inn.database.read() as db:
        stored = board.by_id(db, taxi.id)
        assert stored
        happened = history.of_request(db, desk.inn.ring, stored)
        assert streams.load(db, taxi.id)[0].stars == 4
    assert [(each.what, each.words) for each in happened][-1] == ("rated", "So quick")
