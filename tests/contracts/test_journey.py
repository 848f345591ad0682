"""A stay's messages on both engines: planned by what happens, sent once, by a channel that reaches them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from edge_api import correspondence, outbox, templates
from edge_api.journey import ledger, outlook, planning, plans, sending
from edge_api.journey.sayings import COMPANION_LINK
from edge_api.journey.texts import Shelf
from edge_api.messages import Letter, LinkButton
from edge_api.phrases import Voice
from guestlink import catalogue, clock, companions, reach, secret_values
from guestlink.catalogue import Entry
from guestlink.contacts import OptIn, Person
from guestlink.errors import Refused
from guestlink.records import Stay
from guestlink.settings import Settings
from tests.databases import AT, BY, FRIDAY, Inn
from tests.desk import words

NUMBER = "100000000000001"
EVERY: frozenset[reach.Channel] = frozenset({"whatsapp", "email", "print"})
AGREED = OptIn(at=AT, how="booking form", words="You may write to me on WhatsApp.")
ANA = Person(name="Ana Lindqvist", phone="+44 7700 900123", email="ana@example.com")
TOMAS = Person(name="Tomas Arrieta", email="tomas@example.com")
SENDS: dict[str, dict[str, Any]] = {
    "booked": {"send": {"anchor": "booking"}},
    "codes": {"send": {"anchor": "codes"}},
    "ready": {"send": {"anchor": "ready"}},
    "evening": {"send": {"anchor": "arrival", "time": "19:00"}, "only_if": ["page-not-opened"]},
    "thanks": {"send": {"anchor": "departure", "days": 1, "time": "11:00"}},
}
CONTENT = {
    "words": {"en": {"name": "Harbour House"}, "de": {"name": "Hafenhaus"}},
    "reveal": {"door-code": {"rule": "hours", "hours": 48}},
}


class House:
    """An inn whose texts are published, and a courier that plans and sends at an instant."""

    def __init__(self, inn: Inn) -> None:
        self.inn, self.shelf = inn, Shelf()
        theme = templates.load_templates(Settings(home=".").theme_folder)
        self.voice = Voice(ring=inn.ring, number_id=NUMBER, words=words, templates=theme.rendered)
        self.speaks = EVERY
        self.publish(SENDS)

    def publish(self, sends: dict[str, dict[str, Any]], **content: Any) -> None:
        entries = [
            Entry(
                language=tag,
                kind="journey",
                key=key,
                body=_json(
                    {
                        "key": key,
                        "language": tag,
                        "subject": f"{key} {tag}",
                        "text": f"{key} at {{house}}",
                        "html": "<p>{house}</p>",
                        **send,
                    }
                ),
            )
            for key, send in sends.items()
            for tag in ("en", "de")
        ]
        entries.append(
            Entry(
                language="",
                kind=catalogue.LAST_CONTENT,
                key="",
                body=_json({**CONTENT, **content, "letters": sends}),
            )
        )
        with self.inn.database.write() as tx:
            catalogue.remember(tx, self.inn.house, entries)

    def code(self, value: str, *, at: datetime = AT, room: str = "room-1") -> None:
        with self.inn.database.write() as tx:
            secret_values.set_secret(
                tx,
                self.inn.ring,
                self.inn.house,
                name="door-code",
                value=value,
                unit=self.inn.unit(room),
                at=at,
                by=BY,
            )

    def work(self, at: datetime) -> None:
        """Until nothing is left to do at this instant."""
        office = sending.Office(voice=self.voice, shelf=self.shelf, speaks=self.speaks)
        while True:
            with self.inn.database.write() as tx:
                done = planning.step(tx, self.inn.ring, self.shelf, at=at) if planning.needs(tx) else 0
            if not done and not sending.send_due(self.inn.database, office, at=at):
                return

    def rows(self, stay: Stay) -> dict[str, tuple[str, str, str]]:
        """Key -> state, channel, reason."""
        with self.inn.database.read() as db:
            return {each.key: (each.state, each.channel, each.reason) for each in ledger.of_stay(db, stay.id)}

    def states(self, stay: Stay) -> dict[str, str]:
        return {key: told[0] for key, told in self.rows(stay).items()}

    def said(self, stay: Stay) -> list[Any]:
        """What lies in the outbox for the stay, oldest first."""
        with self.inn.database.read() as db:
            talks = [row["id"] for row in db.all("conversations_of_stay", stay_id=stay.id)]
            every = [each for talk in talks for each in correspondence.thread(db, self.inn.ring, talk)]
        return [each.content for each in sorted(every, key=lambda each: each.id)]

    def leaves(self) -> None:
        """Whatever waits is handed over."""
        with self.inn.database.write() as tx:
            tx.statement("update outbox set state = 'sent' where state = 'waiting'")  # type: ignore[attr-defined]

    def dies(self, stay: Stay, key: str, reason: str, *, at: datetime) -> None:
        """WhatsApp says for certain that it cannot deliver."""
        with self.inn.database.write() as tx:
            (row,) = (each for each in ledger.of_stay(tx, stay.id) if each.key == key)
            tx.do("bury_message", id=row.message_id, code=131026, reason=reason, at=clock.as_text(at))

    def refuses(self, stay: Stay, key: str, code: int, *, at: datetime) -> None:
        """Meta or a mail server says no, with this code."""
        with self.inn.database.write() as tx:
            (row,) = (each for each in ledger.of_stay(tx, stay.id) if each.key == key)
            due = outbox.due(tx, NUMBER, at=at, most=9)
            intents = [
                outbox.Intent(due=each, route="template", category="utility", price=None, currency="")
                for each in due
            ]
            outbox.intend(tx, intents, at=at)
            (intent,) = (each for each in intents if each.due.id == row.message_id)
            outbox.refused(tx, intent, code, number_id=NUMBER, at=at)


def waiting(house: House) -> int:
    """How many messages are to leave."""
    with house.inn.database.read() as db:
        return len(outbox.unsent(db, "waiting"))


def _json(body: object) -> str:
    return msgspec.json.encode(body).decode()


@pytest.fixture
def house(inn: Inn) -> House:
    made = House(inn)
    made.code("1111")
    return made


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_each_message_leaves_once_at_its_moment(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)  # Friday the 6th to Sunday the 8th, booked on the 2nd
    house.work(AT)
    assert house.states(stay) == {
        "booked": "sent",
        "codes": "planned",
        "ready": "planned",
        "evening": "planned",
        "thanks": "planned",
    }
    house.work(at(4, 14, 59))
    assert house.states(stay)["codes"] == "planned"
    for _ in range(2):
        house.work(at(4, 15))
    house.inn.change(house.inn.stay("1"), at=at(6, 13), ready_at=at(6, 13))
    house.work(at(6, 13))
    house.work(at(6, 19))
    house.work(at(9, 11))
    assert set(house.states(stay).values()) == {"sent"}
    assert [each.text for each in house.said(stay)] == [
        f"{key} at Harbour House" for key in ("booked", "codes", "ready", "evening", "thanks")
    ]
    assert [each.template.name for each in house.said(stay)] == [
        "stay_link", "stay_codes", "stay_ready", "stay_evening", "stay_thanks"
    ]  # fmt: skip


def test_whoever_has_no_whatsapp_gets_letters_in_their_language(house: House) -> None:
    stay = house.inn.add("1", guest=TOMAS, language="de")
    house.work(AT)
    (letter,) = house.said(stay)
    assert isinstance(letter, Letter)
    assert (letter.subject, letter.text) == ("booked de", "booked at Hafenhaus")
    assert letter.html == "<p>Hafenhaus</p>"
    assert letter.greeting == words("de").text("Hello {name},", name="Tomas")
    assert letter.link is not None
    with house.inn.database.read() as db:
        (talk,) = db.all("conversations_of_stay", stay_id=stay.id)
        assert correspondence.load(db, str(talk["id"])).stay_id == stay.id


@pytest.mark.parametrize(
    ("guest", "fields", "comes"),
    [
        (ANA, {"opt_in": AGREED, "source": "airbnb"}, ("sent", "print")),
        (ANA, {}, ("sent", "email")),
        (Person(name="Nobody", phone="0123"), {"opt_in": AGREED}, ("sent", "print")),
    ],
)
def test_the_first_channel_that_may_be_used_is_taken(house: House, guest, fields, comes) -> None:
    stay = house.inn.add("1", guest=guest, **fields)
    house.work(AT)
    assert house.rows(stay)["booked"][:2] == comes


def test_paper_is_of_no_use_to_somebody_who_is_there(house: House) -> None:
    stay = house.inn.add("1", guest=Person(name="Nobody"))
    house.work(at(6, 19))
    state, _, reason = house.rows(stay)["evening"]
    assert state == "skipped"
    assert sending.NO_PAPER in reason
    assert reach.NO_ADDRESS in reason


def test_a_cancellation_stops_everything_and_a_second_booking_goes_on_without_repeating(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    house.leaves()
    stay = house.inn.change(stay, status="cancelled")
    house.work(AT)
    assert house.states(stay) == {
        "booked": "sent", "codes": "stopped", "ready": "stopped", "evening": "stopped", "thanks": "stopped"
    }  # fmt: skip
    house.work(at(4, 15))
    assert len(house.said(stay)) == 1
    house.inn.change(house.inn.stay("1"), status="confirmed", at=at(4, 16))
    house.work(at(4, 16))
    assert [each.text for each in house.said(stay)] == ["booked at Harbour House", "codes at Harbour House"]


def test_what_still_waits_to_leave_is_stopped_too_and_comes_after_a_second_booking(house: House) -> None:
    stay = house.inn.add("1", guest=TOMAS)
    house.work(AT)
    assert waiting(house) == 1
    stay = house.inn.change(stay, status="cancelled")
    house.work(AT)
    assert house.rows(stay)["booked"] == ("stopped", "", plans.CANCELLED)
    assert waiting(house) == 0
    house.inn.change(house.inn.stay("1"), status="confirmed")
    house.work(AT)
    assert (waiting(house), len(house.said(stay))) == (1, 2)


def test_what_has_left_before_the_cancellation_stays_sent(house: House) -> None:
    stay = house.inn.add("1", guest=TOMAS)
    house.work(AT)
    house.leaves()
    stay = house.inn.change(stay, status="cancelled")
    house.work(AT)
    assert house.rows(stay)["booked"] == ("sent", "email", "")


def test_what_waits_follows_the_dates_of_the_stay(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    later = house.inn.period(on=FRIDAY + timedelta(days=7), nights=3)
    house.inn.change(stay, new_periods=(later,))
    house.work(at(4, 15))
    assert house.states(stay)["codes"] == "planned"
    house.work(at(11, 15))
    assert house.states(stay)["codes"] == "sent"
    house.work(at(9, 11))
    assert house.states(stay)["thanks"] == "planned"


def test_a_channel_that_failed_for_certain_gives_way_to_the_next(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    house.dies(stay, "booked", "This number has no WhatsApp.", at=AT)
    house.work(AT + timedelta(minutes=1))
    assert house.rows(stay)["booked"] == ("sent", "email", "")
    assert [type(each) for each in house.said(stay)] == [LinkButton, Letter]
    with house.inn.database.read() as db:
        assert outbox.unsent(db, "dead") == []
    house.dies(stay, "booked", "Nobody has this address.", at=AT)
    house.work(AT + timedelta(minutes=2))
    assert house.rows(stay)["booked"][:2] == ("sent", "print")
    assert len(house.said(stay)) == 2


def test_what_failed_at_night_goes_by_the_other_channel_in_the_morning(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    house.dies(stay, "booked", "This number has no WhatsApp.", at=AT)
    house.work(at(2, 23))
    assert house.states(stay)["booked"] == "planned"
    house.work(at(3, 8))
    assert house.rows(stay)["booked"][:2] == ("sent", "email")


def test_what_somebody_wants_sent_at_night_goes_by_the_other_channel_at_night(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    with house.inn.database.write() as tx:
        outlook.hasten(tx, stay, "codes", at=at(2, 23), by=BY)
    house.work(at(2, 23))
    house.dies(stay, "codes", "This number has no WhatsApp.", at=at(2, 23))
    house.work(at(2, 23, 1))
    assert house.rows(stay)["codes"] == ("sent", "email", "")


def test_one_reason_of_several_channels_is_told_once(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED, source="airbnb")
    house.work(at(6, 19))
    assert house.rows(stay)["evening"] == ("skipped", "", f"{reach.FORBIDDEN} {sending.NO_PAPER}")


def test_what_could_not_leave_while_its_hours_lasted_comes_the_next_morning(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(at(2, 20, 59))
    with house.inn.database.write() as tx:
        assert outbox.recover(tx, at=at(2, 21)) == 1
    house.work(at(2, 21))
    assert house.states(stay)["booked"] == "planned"
    house.work(at(3, 8))
    assert house.rows(stay)["booked"][:2] == ("sent", "whatsapp")


def test_a_text_that_is_gone_is_not_sent_and_a_new_one_is_for_moments_to_come(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    welcome = {"send": {"anchor": "booking"}}
    house.publish(
        {
            "codes": SENDS["codes"],
            "leaving": {"send": {"anchor": "departure", "time": "09:00"}},
            "welcome": welcome,
        }
    )
    house.work(AT + timedelta(hours=1))
    told = house.states(stay)
    assert (told["evening"], told["leaving"], told["welcome"]) == ("stopped", "planned", "skipped")
    assert len(house.said(stay)) == 1


def test_whoever_was_shown_a_code_that_changes_is_told_and_nobody_else(house: House) -> None:
    here = house.inn.add("1", guest=ANA, opt_in=AGREED)
    next_door = house.inn.add("2", house.inn.period("room-2"), guest=TOMAS)
    later = house.inn.add("3", house.inn.period(on=FRIDAY + timedelta(days=9)), guest=TOMAS)
    house.work(at(7, 9))
    house.code("2222", at=at(7, 23))
    house.work(at(7, 23))
    told = house.said(here)[-1]
    assert told.template.name == "codes_changed"
    assert "2222" not in told.text
    for stay in (next_door, later):
        assert all("codes-changed" not in key for key in house.rows(stay))
    house.code("2222", at=at(7, 23, 30))  # the same again is no news
    house.work(at(7, 23, 30))
    assert sum("codes-changed" in key for key in house.rows(here)) == 1


def test_a_guest_who_comes_tomorrow_hears_of_a_new_code_in_the_morning(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(at(4, 15))
    house.code("2222", at=at(4, 23))
    house.work(at(4, 23))
    key = next(key for key in house.rows(stay) if key.startswith("codes-changed"))
    assert house.states(stay)[key] == "planned"
    house.work(at(5, 8))
    assert house.states(stay)[key] == "sent"


def test_who_is_told_in_the_morning_hears_once_of_a_code_that_changed_twice_by_night(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(at(4, 15))
    for value, minute in (("2222", 0), ("3333", 30)):
        house.code(value, at=at(4, 23, minute))
        house.work(at(4, 23, minute))
    house.work(at(5, 8))
    told = [told for key, told in house.rows(stay).items() if key.startswith("codes-changed")]
    assert sorted(told) == [("sent", "whatsapp", ""), ("skipped", "", sending.CHANGED_AGAIN)]


def test_stop_ends_one_channel_and_leaves_the_other(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    with house.inn.database.write() as tx:
        (talk,) = (
            correspondence.load(tx, row["id"]) for row in tx.all("conversations_of_stay", stay_id=stay.id)
        )
        correspondence.mark(tx, talk, opted_out_at=AT)
    house.work(at(4, 15))
    assert house.rows(stay)["codes"][:2] == ("sent", "email")


def test_a_number_without_whatsapp_is_not_tried_again_until_it_changes(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    house.refuses(stay, "booked", 131026, at=AT)
    house.work(AT)
    house.work(at(4, 15))
    assert house.rows(stay)["codes"][:2] == ("sent", "email")
    house.inn.change(house.inn.stay("1"), guest=Person(phone="+44 7700 900124"))
    house.inn.change(house.inn.stay("1"), at=at(6, 13), ready_at=at(6, 13))
    house.work(at(6, 13))
    assert house.rows(stay)["ready"][:2] == ("sent", "whatsapp")


def test_a_guest_with_two_rooms_of_a_party_is_told_once_what_is_the_same_for_both(house: House) -> None:
    first = house.inn.add("1", guest=ANA, opt_in=AGREED, party="P1")
    second = house.inn.add("2", house.inn.period("room-2"), guest=ANA, opt_in=AGREED, party="P1")
    house.code("1212", room="room-2")
    house.work(AT)
    assert house.states(first)["booked"] == "sent"
    assert house.rows(second)["booked"] == ("skipped", "", plans.FIRST_ROOM)
    house.inn.change(house.inn.stay("1"), status="cancelled")
    house.work(AT)
    assert house.states(second)["booked"] == "sent"


def test_a_stay_that_cannot_be_planned_holds_up_nobody(house: House) -> None:
    broken, *others = (
        house.inn.add(str(day), house.inn.period(on=FRIDAY + timedelta(days=3 * day))) for day in range(3)
    )
    with house.inn.database.write() as tx:
        tx.statement("update stays set check_in = 'noon' where source_uid = '0'")  # type: ignore[attr-defined]
    house.work(AT)
    house.inn.change(house.inn.stay("1"), at=AT, ready_at=AT)
    house.work(AT)
    assert house.rows(broken) == {}
    assert [house.states(each)["ready"] for each in others] == ["skipped", "planned"]


def test_planning_goes_on_where_a_crash_ended_it(house: House) -> None:
    stays = [
        house.inn.add(str(day), house.inn.period(on=FRIDAY + timedelta(days=3 * day))) for day in range(30)
    ]
    house.work(AT)
    house.publish({**SENDS, "hello": {"send": {"anchor": "arrival", "time": "12:00"}}})
    with house.inn.database.write() as tx:  # one step, then the process ends
        planning.step(tx, house.inn.ring, Shelf(), at=AT)
    house.shelf = Shelf()
    house.work(AT)
    assert {house.states(stay).get("hello") for stay in stays} == {"planned"}


def test_what_no_channel_is_left_for_stays_on_the_list_of_what_could_not_be_sent(house: House) -> None:
    house.publish({"booked": {"send": {"anchor": "booking"}, "channels": ["email"]}})
    stay = house.inn.add("1", guest=TOMAS)
    house.work(AT)
    house.dies(stay, "booked", "Nobody has this address.", at=AT)
    house.work(AT + timedelta(minutes=1))
    assert house.rows(stay)["booked"] == ("sent", "email", "Nobody has this address.")
    with house.inn.database.read() as db:
        assert len(outbox.unsent(db, "dead")) == 1


def test_what_failed_at_night_by_its_only_channel_waits_for_no_morning(house: House) -> None:
    house.publish({"booked": {"send": {"anchor": "booking"}, "channels": ["whatsapp"]}})
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(AT)
    house.dies(stay, "booked", "This number has no WhatsApp.", at=AT)
    house.work(at(2, 23))
    house.work(at(3, 8))
    assert house.rows(stay)["booked"] == ("sent", "whatsapp", "This number has no WhatsApp.")
    with house.inn.database.read() as db:
        assert len(outbox.unsent(db, "dead")) == 1


def test_what_another_process_has_sent_meanwhile_stays_sent(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    house.work(at(4, 14))
    with house.inn.database.read() as db:
        (seen,) = (row for row in ledger.of_stay(db, stay.id) if row.key == "codes")
    house.work(at(4, 15))
    with house.inn.database.write() as tx:
        assert not ledger.settle(tx, seen, state="stopped", reason=outlook.HELD, at=at(4, 15))
    assert house.rows(stay)["codes"] == ("sent", "whatsapp", "")


def test_a_companion_who_comes_later_is_decided_on_alone(house: House) -> None:
    stay = house.inn.add("1", guest=ANA, opt_in=AGREED)
    key, states = COMPANION_LINK, []

    def decide(verb: Callable[..., None] | None, when: datetime) -> None:
        if verb:
            with house.inn.database.write() as tx:
                verb(tx, stay, key, at=when, by=BY)
        house.work(when)
        with house.inn.database.read() as db:
            rows = [row for row in ledger.of_stay(db, stay.id) if row.key == key]
        states.append([row.state for row in sorted(rows, key=lambda row: row.id)])

    for name, when in (("Ben", at(2, 12)), ("Cleo", at(2, 23))):
        person = Person(name=name, email=f"{name}@example.com")
        with house.inn.database.write() as tx:
            companions.add_companion(tx, house.inn.ring, stay, person, at=when, by=BY)
        decide(None, when)
    decide(outlook.hold, at(2, 23))
    decide(None, at(3, 9))
    decide(outlook.hasten, at(3, 23))
    assert states == [["sent"], ["sent", "planned"], *[["sent", "stopped"]] * 2, ["sent", "sent"]]
    with pytest.raises(Refused):
        decide(outlook.hasten, at(3, 23))
