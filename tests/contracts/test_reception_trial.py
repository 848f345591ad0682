"""What a critical stranger tried at the reception: whose link, whose number, and what a person must hear."""

from datetime import timedelta

import pytest

from edge_api import calls
from edge_api.messages import Buttons, LinkButton, NumberChanged, Options, Sender
from guestlink import alerts, contacts, records
from guestlink.contacts import Person
from guestlink.records import Contact, Stay
from tests.databases import ANA as ANA_ON_FILE
from tests.databases import AT, BY, Inn
from tests.desk import NIGHT, NOON
from tests.lobby import ANA, HANNE, JORY, MIRA, STRANGER, Lobby, photo

HOUR = timedelta(hours=1)
BEN = Person(name="Ben Okafor", phone=ANA_ON_FILE.phone)
NEW = Sender(wa_id="447700900777")


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    made = Lobby(inn)
    made.staff(MIRA)
    return made


@pytest.fixture
def stay(lobby: Lobby) -> Stay:
    return lobby.inn.add("ana")


def booker(lobby: Lobby, stay: Stay) -> Contact:
    with lobby.inn.database.read() as db:
        return records.contacts(db, stay)[0]


def links_told(lobby: Lobby, who: Sender) -> int:
    return sum(isinstance(each.content, LinkButton) for each in lobby.thread(who) if each.direction == "out")


def open_alerts(lobby: Lobby) -> list[str]:
    with lobby.inn.database.read() as db:
        return [each.kind for each in alerts.open_alerts(db)]


def went_by_template(lobby: Lobby, message_id: str) -> None:
    way = {"route": "template", "category": "utility", "price": None, "currency": ""}
    with lobby.inn.database.write() as tx:
        tx.do_many("intend_to_send", [{"id": message_id, "leased_until": "", **way}])
        ended = {"state": "sent", "not_before": "", "route": "template", "code": 0, "reason": ""}
        assert tx.do("end_sending", id=message_id, attempts=1, at="2026-11-08T14:00:00.000Z", **ended)


# -- whose stay ---------------------------------------------------------------------------------------
def test_a_number_of_several_people_shows_nobody_the_stay_of_another(lobby: Lobby, stay: Stay) -> None:
    lobby.inn.add("ben", lobby.inn.period("room-2"), guest=BEN)
    assert lobby.says(ANA, "What is the door code?") == "passed on: a shared number"
    assert links_told(lobby, ANA) == 0
    assert not any("Room" in text for text in lobby.told(ANA))
    assert "What is the door code?" in lobby.told(MIRA)[-1]


def test_a_guest_who_comes_later_does_not_see_who_is_in_the_house_by_a_shared_number(
    lobby: Lobby, stay: Stay
) -> None:
    later = lobby.inn.period("room-2", on=NOON.date() + timedelta(days=20))
    lobby.inn.add("ben", later, guest=BEN)
    assert lobby.says(ANA, "How does the door open?") == "passed on: a shared number"
    assert links_told(lobby, ANA) == 0


def test_with_the_booking_word_a_shared_number_is_answered_about_that_stay(lobby: Lobby, stay: Stay) -> None:
    other = lobby.inn.add("ben", lobby.inn.period("room-2"), guest=BEN)
    lobby.says(ANA, f"My booking word is {other.code}.")
    assert lobby.talk(ANA).stay_id == other.id
    assert lobby.says(ANA, "late check-out please", at=NOON + HOUR) == "asked"
    assert "Room 2, Ben Okafor" in lobby.told(MIRA)[-1]


def test_a_choice_cannot_be_forged_to_get_at_another_stay_of_a_shared_number(
    lobby: Lobby, stay: Stay
) -> None:
    other = lobby.inn.add("ben", lobby.inn.period("room-2"), guest=BEN)
    lobby.says(ANA, "Room 2", kind="interactive", choice=f"stay:{other.id}")
    assert lobby.talk(ANA).contact_id is None
    assert links_told(lobby, ANA) == 0


def test_a_couple_with_one_phone_and_one_room_is_not_asked_which_room(lobby: Lobby, stay: Stay) -> None:
    with lobby.inn.database.write() as tx:
        told = Person(name="Bo Lindqvist", phone=ANA_ON_FILE.phone)
        partner = contacts.add_contact(tx, lobby.inn.ring, lobby.inn.house, person=told, at=AT)
        tx.do("join_stay", stay_id=stay.id, contact_id=partner.id, role="guest")
    assert lobby.says(ANA, "late check-out please") == "asked"


def test_the_question_for_the_room_stays_open_for_the_other_room(lobby: Lobby) -> None:
    lobby.inn.add("one", lobby.inn.period("room-1"))
    lobby.inn.add("two", lobby.inn.period("room-2"))
    lobby.says(ANA, "late check-out please")
    lobby.taps(ANA, "Room 2")
    assert "Room 2" in lobby.told(MIRA)[-1]
    lobby.taps(ANA, "Room 1", at=NOON + HOUR)
    assert "Room 1" in lobby.told(MIRA)[-1]


def test_a_stay_that_is_not_this_guests_is_no_answer_to_which_room(lobby: Lobby, stay: Stay) -> None:
    other = lobby.inn.add(
        "eve", lobby.inn.period("room-2"), guest=Person(name="Eve", phone="+44 7700 900888")
    )
    lobby.says(ANA, "Room 2", kind="interactive", choice=f"stay:{other.id}")
    assert lobby.talk(ANA).stay_id == stay.id


def test_a_guest_whose_stay_is_cancelled_is_no_stranger_and_gets_no_link(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello")
    lobby.inn.change(stay, status="cancelled")
    before = links_told(lobby, ANA)
    assert lobby.says(ANA, "What is the door code?", at=NOON + HOUR) == "passed on: no stay"
    assert "do not know this number" not in lobby.told(ANA)[-1]
    assert links_told(lobby, ANA) == before
    assert "What is the door code?" in lobby.told(MIRA)[-1]


# -- whose number -------------------------------------------------------------------------------------
def test_a_number_that_was_corrected_gets_no_link_and_no_confirmation_any_more(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.write() as tx:
        told = Person(name=ANA_ON_FILE.name, phone="+44 7700 900666")
        contacts.change_contact(tx, lobby.inn.ring, booker(lobby, stay), told)
    before = lobby.told(ANA)
    assert lobby.taps(MIRA, "Accept") == "accepted"
    assert lobby.told(ANA) == before
    assert lobby.says(ANA, "How does the door open?", at=NOON + HOUR) == "passed on: an unknown number"
    assert links_told(lobby, ANA) == 0
    assert "confirmed" in lobby.told(Sender(wa_id="447700900666"))[-1]


def test_whoever_gets_a_number_that_a_guest_gave_up_is_a_stranger(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello")
    lobby.event(NumberChanged(wamid="w", number_id=lobby.voice.number_id, sender=ANA, new=NEW, at=NOON))
    assert lobby.says(ANA, "How does the door open?", at=NOON + HOUR) == "passed on: an unknown number"
    assert links_told(lobby, ANA) == 0
    assert lobby.says(NEW, "How does the door open?", at=NOON + HOUR) == "answered from the text"


def test_a_guest_who_hides_the_new_number_is_known_by_the_user_id_and_the_old_number_is_nobodys(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(ANA, "Hello")
    hidden = Sender(user_id="GB.4711", name="Ana")
    lobby.event(NumberChanged(wamid="w", number_id=lobby.voice.number_id, sender=ANA, new=hidden, at=NOON))
    assert lobby.says(ANA, "How does the door open?", at=NOON + HOUR) == "passed on: an unknown number"
    assert lobby.says(hidden, "How does the door open?", at=NOON + HOUR) == "answered from the text"


def test_staff_with_a_new_number_go_on_as_staff_and_the_old_number_is_nobodys(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(MIRA, "Hello")
    lobby.event(NumberChanged(wamid="w", number_id=lobby.voice.number_id, sender=MIRA, new=NEW, at=NOON))
    lobby.says(ANA, "late check-out please")
    assert lobby.taps(NEW, "Accept") == "accepted"
    assert lobby.says(MIRA, "Hello again", at=NOON + HOUR) == "passed on: an unknown number"


def test_an_erased_guest_who_writes_again_is_somebody_new(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello")
    with lobby.inn.database.write() as tx:
        tx.statement("delete from guest_keys")  # type: ignore[attr-defined]
    assert lobby.says(ANA, "Is anybody there?", at=NOON + HOUR) == "passed on: an unknown number"
    assert "Is anybody there?" in lobby.told(MIRA)[-1]


def test_yes_is_said_once_and_a_later_no_takes_nothing_back_in_silence(lobby: Lobby, stay: Stay) -> None:
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    lobby.taps(MIRA, "Yes, the guest")
    assert lobby.taps(MIRA, "Yes, the guest") == "refused"
    assert links_told(lobby, STRANGER) == 1
    assert lobby.taps(MIRA, "No") == "refused"
    assert "answered this already" in lobby.told(MIRA)[-1]


def test_the_house_is_asked_once_about_a_booking_word_and_hears_the_words_after_it(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    lobby.says(STRANGER, f"Hello? {stay.code}, we stand at the door")
    asked = [text for text in lobby.told(MIRA) if "new number" in text]
    assert len(asked) == 1
    assert "we stand at the door" in lobby.told(MIRA)[-1]
    assert "Room 1" not in lobby.told(MIRA)[-1]


def test_the_question_whose_number_it_is_reaches_staff_whose_window_is_closed(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    (question,) = [each for each in lobby.thread(MIRA) if each.direction == "out"]
    assert isinstance(question.content, Buttons)
    assert question.content.template is not None
    went_by_template(lobby, question.id)
    assert lobby.says(MIRA, "ok") == "read out what waited"
    assert lobby.taps(MIRA, "Yes, the guest") == "number is the guest's"


def test_a_guest_who_sends_the_booking_word_alone_is_welcomed(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, stay.code) == "showed what there is"


def test_a_booking_word_that_nobody_can_be_asked_about_is_an_alarm(inn: Inn) -> None:
    lobby = Lobby(inn)
    stay = inn.add("ana")
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    assert open_alerts(lobby) == ["conversation-waiting"]


# -- what a person must hear --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        "How does the door open? The code does not work",
        "The door does not open, we are locked out",
        "The breakfast was cold and we left hungry",
    ],
)
def test_what_goes_wrong_is_heard_by_a_person_though_a_text_speaks_of_it(
    lobby: Lobby, stay: Stay, words: str
) -> None:
    assert lobby.says(ANA, words) == "answered from the text, and passed on"
    assert words in lobby.told(MIRA)[-1]
    assert "We pass this on" in lobby.told(ANA)[-1]
    assert len(lobby.told(ANA)) == 1


def test_a_thumb_or_a_heart_wakes_nobody_but_a_question_mark_does(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "🙏🏽❤️") == "noticed"
    assert lobby.told(MIRA) == []
    assert lobby.says(ANA, "??") == "passed on"


def test_a_mere_question_wakes_nobody(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "When is breakfast please?") == "answered from the text"
    assert lobby.says(ANA, "breakfast") == "answered from the text"
    assert lobby.told(MIRA) == []


def test_who_accepts_by_a_template_then_reads_what_the_guest_wrote(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please, my train is at 3")
    if isinstance(lobby.last(ANA), Options):
        lobby.taps(ANA, "Late check-out")
    (ring,) = [each for each in lobby.thread(MIRA) if each.direction == "out"]
    went_by_template(lobby, ring.id)
    assert lobby.taps(MIRA, "Accept") == "accepted"
    assert "my train is at 3" in lobby.told(MIRA)[-1]


def test_an_alarm_that_nobody_is_on_duty_ends_when_somebody_was_told(inn: Inn) -> None:
    lobby = Lobby(inn)
    inn.add("ana")
    lobby.says(ANA, "the heating is cold", at=NIGHT)
    assert open_alerts(lobby) == ["nobody-on-duty"]
    lobby.staff(JORY)
    with inn.database.write() as tx:
        calls.ring_due(tx, lobby.voice, at=NIGHT + HOUR)
    assert lobby.told(JORY)
    assert open_alerts(lobby) == []


def test_an_alarm_for_a_conversation_ends_when_somebody_was_told(inn: Inn) -> None:
    lobby = Lobby(inn)
    lobby.says(STRANGER, "Is anybody there?")
    assert open_alerts(lobby) == ["conversation-waiting"]
    lobby.staff(JORY)
    lobby.says(STRANGER, "Hello?", at=NOON + HOUR)
    assert open_alerts(lobby) == []


def test_what_a_guest_writes_when_a_letter_brings_them_back_is_not_lost(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "There is a strange smell in the corridor")
    lobby.replies(MIRA, "strange smell", "We looked: it is the neighbours.", at=NOON)
    letter = [each for each in lobby.thread(ANA) if each.direction == "out"][-1]
    went_by_template(lobby, letter.id)
    later = NOON + 2 * HOUR
    assert lobby.says(ANA, "late check-out please", at=later) == "asked"
    assert any("it is the neighbours" in text for text in lobby.told(ANA)[-2:])
    assert lobby.requests() == [("late-checkout", "requested")]


def test_a_reply_to_words_that_were_read_reaches_the_guest_though_others_wait(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(ANA, "There is a strange smell in the corridor")
    lobby.says(ANA, "And a strange noise in the attic", at=NOON + timedelta(minutes=16))
    told = [each for each in lobby.thread(MIRA) if each.direction == "out"]
    went_by_template(lobby, told[-1].id)
    assert lobby.replies(MIRA, "strange smell", "We look at once.") == "passed on to the guest"
    assert lobby.told(ANA)[-1] == "We look at once."


def test_a_guest_who_waited_and_writes_again_is_heard_by_more_than_the_one_who_sleeps(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.staff(JORY)
    lobby.staff(HANNE, role="host")
    lobby.says(ANA, "We are locked out in the rain", at=NIGHT)
    lobby.says(ANA, "Hello, is anybody reading this at all", at=NIGHT + timedelta(minutes=2))
    assert (len(lobby.told(JORY)), len(lobby.told(HANNE))) == (0, 0)
    lobby.says(ANA, "Still locked out in the rain", at=NIGHT + timedelta(minutes=16))
    assert "Still locked out" in lobby.told(JORY)[-1]
    assert "Still locked out" in lobby.told(HANNE)[-1]
    lobby.replies(HANNE, "Still locked out", "I am on my way.", at=NIGHT + timedelta(minutes=17))
    lobby.says(ANA, "We stand at the back with the blue car", at=NIGHT + timedelta(minutes=40))
    assert len(lobby.told(JORY)) == 1


def test_all_that_a_guest_wrote_is_read_out_though_one_template_announced_it(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(ANA, "There is a strange smell in the corridor")
    lobby.says(ANA, "And a strange noise in the attic", at=NOON + timedelta(minutes=1))
    first, second = [each for each in lobby.thread(MIRA) if each.direction == "out"]
    assert (first.state, second.state) == ("waiting", "dropped")
    went_by_template(lobby, first.id)
    assert lobby.says(MIRA, "Hello", at=NOON + timedelta(minutes=2)) == "read out what waited"
    assert ["smell" in text or "noise" in text for text in lobby.told(MIRA)[-2:]] == [True, True]
    lobby.says(MIRA, "Hello", at=NOON + timedelta(minutes=3))
    lobby.says(ANA, "It is the neighbours, we think", at=NOON + timedelta(minutes=4))
    assert [each.state for each in lobby.thread(MIRA) if each.direction == "out"][-1] == "waiting"


def test_a_stranger_who_floods_us_does_not_stand_in_the_way_of_other_calls(lobby: Lobby, stay: Stay) -> None:
    for number in range(calls.MOST_OF_STRANGER + 20):
        lobby.says(STRANGER, f"Buy boats, number {number}")
    assert len(lobby.told(MIRA)) == calls.MOST_OF_STRANGER
    assert len(lobby.told(STRANGER)) == 1
    assert open_alerts(lobby) == ["conversation-waiting"]


@pytest.mark.parametrize("kind", ["edit", "revoke", "reaction"])
def test_what_is_done_to_an_old_message_asks_for_nothing_and_opens_no_window(
    lobby: Lobby, stay: Stay, kind: str
) -> None:
    lobby.says(ANA, "late check-out please", wamid="wamid.first")
    told, heard_at = len(lobby.told(ANA)), lobby.talk(ANA).heard_at
    lobby.says(ANA, "late check-out please", kind=kind, answers="wamid.first", at=NOON + HOUR)
    assert lobby.requests() == [("late-checkout", "requested")]
    assert lobby.talk(ANA).heard_at == (NOON + HOUR if kind == "reaction" else heard_at)
    assert len(lobby.told(ANA)) <= told + (kind == "edit")
    assert lobby.says(STRANGER, "late", kind=kind, answers="wamid.first") == "noticed"


def test_a_person_reads_what_a_guest_changed_afterwards(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Ask the owner about boats", wamid="wamid.first")
    lobby.says(ANA, "Ask the owner about ships", kind="edit", answers="wamid.first")
    assert "about ships" in lobby.told(MIRA)[-1]
    assert len(lobby.told(ANA)) == 1


def test_a_thumb_of_staff_is_no_reply_and_no_reason(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    lobby.taps(MIRA, "Decline")
    told = lobby.told(ANA)
    question = [each for each in lobby.thread(MIRA) if each.direction == "out"][-1]
    wamid = lobby.sent(question.id, MIRA, at=NOON)
    assert lobby.says(MIRA, "👍", kind="reaction", answers=wamid) == "noticed"
    assert lobby.requests() == [("late-checkout", "requested")]
    assert lobby.told(ANA) == told


def test_staff_who_change_a_reply_hear_that_the_guest_has_the_first(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Ask the owner about boats")
    (quote,) = [each for each in lobby.thread(MIRA) if each.direction == "out"]
    answers = lobby.sent(quote.id, MIRA, at=NOON)
    lobby.says(MIRA, "They come at five", answers=answers, wamid="wamid.reply")
    lobby.says(MIRA, "They come at six", kind="edit", answers="wamid.reply")
    assert lobby.told(ANA)[-1] == "They come at five"
    assert "Reply once more" in lobby.told(MIRA)[-1]


# -- in the words of whoever reads it -----------------------------------------------------------------
def test_staff_read_no_english_left_overs_when_the_guest_was_faster(lobby: Lobby, stay: Stay) -> None:
    lobby.staff(HANNE, role="host", language="de")
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=stay.id)
    lobby.taps(ANA, "Cancel request")
    assert lobby.says(HANNE, "Ja", kind="button", choice=f"accept:{row['id']}:1") == "refused"
    assert lobby.told(HANNE)[-1].startswith("Der Gast war schneller")


def test_a_second_answer_of_the_same_person_is_told_in_their_language(lobby: Lobby, stay: Stay) -> None:
    lobby.staff(HANNE, role="host", language="de")
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=stay.id)
    lobby.says(HANNE, "Fertig", kind="button", choice=f"done:{row['id']}")
    assert lobby.says(HANNE, "Ja", kind="button", choice=f"accept:{row['id']}:1") == "refused"
    assert lobby.told(HANNE)[-1].startswith("Das haben Sie schon beantwortet")


def test_a_second_no_says_that_the_guest_has_read_the_first(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    lobby.taps(MIRA, "Decline")
    assert lobby.replies(MIRA, "why not?", "The room is taken.") == "declined"
    told = lobby.told(ANA)
    assert lobby.replies(MIRA, "why not?", "We have none left.") == "refused"
    assert lobby.taps(MIRA, "Decline") == "refused"
    assert lobby.told(MIRA)[-1] == "You have answered this already: turned down."
    assert lobby.told(ANA) == told


# -- taps that are not theirs -------------------------------------------------------------------------
def test_a_guest_who_sends_the_payloads_of_staff_changes_nothing(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=stay.id)
    for verb in ("accept", "done", "take", "decline", "reason", "known", "unknown"):
        lobby.says(ANA, "x", kind="button", choice=f"{verb}:{row['id']}:1")
    assert lobby.requests() == [("late-checkout", "requested")]


def test_a_guest_cancels_no_request_of_another_stay(lobby: Lobby, stay: Stay) -> None:
    eve = Sender(wa_id="447700900888", name="Eve")
    lobby.inn.add("eve", lobby.inn.period("room-2"), guest=Person(name="Eve", phone="+44 7700 900888"))
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=stay.id)
    said = lobby.says(eve, "Cancel request", kind="button", choice=f"take-back:{row['id']}")
    assert said == "could not be taken back"
    assert lobby.requests() == [("late-checkout", "requested")]


@pytest.mark.parametrize("rest", ["", ":", "late-checkout:99=99", "towels:0=9999999", "nothing", "é:0=²"])
def test_a_payload_that_makes_no_sense_is_answered_and_breaks_nothing(
    lobby: Lobby, stay: Stay, rest: str
) -> None:
    assert lobby.says(ANA, "x", kind="interactive", choice=f"ask:{rest}")
    assert lobby.says(MIRA, "x", kind="interactive", choice=f"reason:{rest}") == "refused"


def test_a_photo_of_somebody_on_a_shared_number_is_kept_and_heard_of(lobby: Lobby, stay: Stay) -> None:
    lobby.inn.add("ben", lobby.inn.period("room-2"), guest=BEN)
    assert lobby.says(ANA, kind="image", media=photo()) == "passed on: a shared number"
    assert "a photo" in lobby.told(MIRA)[-1]


def test_the_hands_of_these_tests_are_those_of_the_inn() -> None:
    assert (BY, BEN.phone) == ("marta", ANA_ON_FILE.phone)
