"""What guests and staff write, from the reception's door to the outbox, on both engines."""

from datetime import datetime, timedelta

import pytest

from edge_api import calls
from edge_api.messages import LinkButton, NumberChanged, Options, PreferenceChanged, Sender
from guestlink import alerts, contacts
from guestlink.contacts import Person
from guestlink.records import Stay
from tests.databases import ANA as ANA_ON_FILE
from tests.databases import TOMAS as TOMAS_ON_FILE
from tests.databases import Inn
from tests.desk import NIGHT, NOON
from tests.lobby import ANA, HANNE, JORY, MIRA, STRANGER, Lobby, photo

HOUR = timedelta(hours=1)


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    made = Lobby(inn)
    made.staff(MIRA)
    return made


@pytest.fixture
def stay(lobby: Lobby) -> Stay:
    return lobby.inn.add("ana")


def went_by_template(lobby: Lobby, message_id: str) -> None:
    """As the courier records a message whose template went out in its place."""
    way = {"route": "template", "category": "utility", "price": None, "currency": ""}
    with lobby.inn.database.write() as tx:
        tx.do_many("intend_to_send", [{"id": message_id, "leased_until": "", **way}])
        ended = {"state": "sent", "not_before": "", "route": "template", "code": 0, "reason": ""}
        assert tx.do("end_sending", id=message_id, attempts=1, at="2026-11-08T14:00:00.000Z", **ended)


# -- a guest asks ------------------------------------------------------------------------------------
def test_a_clear_wish_becomes_a_request_and_whoever_is_on_duty_hears_of_it(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "late check-out please") == "asked"
    assert lobby.requests() == [("late-checkout", "requested")]
    assert lobby.told(ANA) == [
        "Late check-out: we have your request. We write here as soon as it is confirmed."
    ]
    assert lobby.told(MIRA)[0].startswith("*Late check-out*\nRoom 1, Ana Lindqvist")
    assert lobby.buttons(MIRA) == ["Accept", "Decline"]


def test_yes_by_a_tap_reaches_the_guest_and_changes_the_stay(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    assert lobby.taps(MIRA, "Accept") == "accepted"
    assert lobby.requests() == [("late-checkout", "accepted")]
    assert lobby.told(ANA)[-1].startswith("Late check-out: confirmed.\nYou can stay until 14:00")
    assert lobby.told(MIRA)[-1] == "Late check-out, Room 1: it is yours. The guest knows."
    assert lobby.taps(MIRA, "Done") == "completed"


def test_a_no_says_why_in_the_guests_language(lobby: Lobby) -> None:
    lobby.inn.add("ana", language="de")
    lobby.says(ANA, "late check-out bitte")
    assert lobby.taps(MIRA, "Decline") == "asked for the reason"
    assert lobby.replies(MIRA, "why not?", "Das Zimmer ist vergeben.") == "declined"
    assert lobby.told(ANA)[-1].endswith("Das Zimmer ist vergeben.")


def test_of_two_who_accept_one_wins_and_the_other_is_told_who(lobby: Lobby, stay: Stay) -> None:
    lobby.staff(JORY)
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.read() as db:
        (row,) = db.all("requests_of_stay", stay_id=stay.id)
    assert lobby.says(JORY, "Accept", kind="button", choice=f"accept:{row['id']}:1") == "accepted"
    assert lobby.taps(MIRA, "Accept") == "refused"
    assert "Jory Holm was faster: accepted at" in lobby.told(MIRA)[-1]


def test_somebody_of_another_house_accepts_nothing(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    with lobby.inn.database.write() as tx:
        (row,) = tx.all("requests_of_stay", stay_id=stay.id)
        tx.do("forget_membership", user_id=lobby.talk(MIRA).user_id, property_id=lobby.inn.house.id)
    assert lobby.says(MIRA, "Accept", kind="button", choice=f"accept:{row['id']}:1") == "refused"
    assert lobby.requests() == [("late-checkout", "requested")]


def test_what_a_service_needs_is_asked_by_a_list_and_what_was_said_already_is_not(
    lobby: Lobby, stay: Stay
) -> None:
    assert lobby.says(ANA, "towels please") == "asked for details"
    assert isinstance(lobby.last(ANA), Options)
    assert lobby.taps(ANA, "2") == "arranged"
    assert lobby.says(ANA, "3 towels please", at=NOON + HOUR) == "arranged"
    assert lobby.requests() == [("towels", "accepted"), ("towels", "accepted")]
    assert lobby.buttons(MIRA) == ["I will do it", "Done"]


def test_what_needs_words_leads_to_the_form_on_the_page(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "I need a taxi") == "sent to the form"
    assert isinstance(lobby.last(ANA), LinkButton)
    assert lobby.requests() == []


def test_a_question_is_answered_from_the_texts_and_asks_for_nothing(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "When is breakfast?") == "answered from the text"
    assert "From 8 to 10" in lobby.told(ANA)[-1]
    assert lobby.requests() == []


def test_an_answer_never_has_a_code_in_it_nor_its_place(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Where can I park?")
    lobby.says(ANA, "How does the door open?")
    assert all("[[" not in text and "door-code" not in text for text in lobby.told(ANA))
    assert all("Type" not in text for text in lobby.told(ANA))


def test_the_guest_takes_a_request_back_and_staff_need_not_come(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    assert lobby.taps(ANA, "Cancel request") == "taken back"
    assert lobby.requests() == [("late-checkout", "cancelled")]
    assert "has cancelled it" in lobby.told(MIRA)[-1]


def test_hello_shows_what_there_is_and_a_tap_asks_for_it(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "Hello") == "showed what there is"
    assert "Late check-out" in lobby.buttons(ANA)
    assert lobby.taps(ANA, "Late check-out") == "asked"


def test_thanks_are_not_answered_since_every_message_costs(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "thank you so much") == "understood as thanks"
    assert lobby.told(ANA) == []


def test_the_same_message_twice_is_one(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please", wamid="wamid.same")
    assert lobby.says(ANA, "late check-out please", wamid="wamid.same") == "known already"
    assert len(lobby.requests()) == 1


# -- conversation ------------------------------------------------------------------------------------
def test_what_is_not_understood_goes_to_somebody_whose_reply_goes_to_the_guest(
    lobby: Lobby, stay: Stay
) -> None:
    assert lobby.says(ANA, "My grandmother knew this house before the war") == "passed on"
    assert "We pass this on" in lobby.told(ANA)[-1]
    assert "My grandmother" in lobby.told(MIRA)[-1]
    assert lobby.talk(ANA).waiting_since == NOON
    assert (
        lobby.replies(MIRA, "My grandmother", "How lovely. Do come and tell us.") == "passed on to the guest"
    )
    assert lobby.told(ANA)[-1] == "How lovely. Do come and tell us."
    assert lobby.talk(ANA).waiting_since is None


def test_while_a_person_answers_the_house_adds_no_words_of_its_own(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "My grandmother knew this house before the war")
    lobby.replies(MIRA, "My grandmother", "How lovely.")
    lobby.says(ANA, "She sat in the bay window every evening")
    assert lobby.told(ANA)[-1] == "How lovely."
    assert "bay window" in lobby.told(MIRA)[-1]


def test_a_yes_by_a_tap_is_no_conversation(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    lobby.taps(MIRA, "Accept")
    lobby.says(ANA, "My grandmother knew this house before the war")
    assert "pass this on" in lobby.told(ANA)[-1]


def test_what_staff_write_after_the_window_is_read_out_when_the_guest_writes(
    lobby: Lobby, stay: Stay
) -> None:
    lobby.says(ANA, "My grandmother knew this house before the war")
    late = NOON + 26 * HOUR
    lobby.replies(MIRA, "My grandmother", "She left her hat here.", at=late)
    assert "Not sent" in lobby.told(MIRA)[-1]
    (letter,) = [each for each in lobby.thread(ANA) if each.by == lobby.talk(MIRA).user_id]
    went_by_template(lobby, letter.id)
    assert lobby.says(ANA, "yes?", at=late + HOUR) == "read out what waited"
    assert lobby.told(ANA)[-1] == "She left her hat here."


def test_a_yes_that_a_template_told_is_not_told_again_when_the_guest_writes(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "late check-out please")
    lobby.taps(MIRA, "Accept")
    (yes,) = [each for each in lobby.thread(ANA) if each.by == lobby.talk(MIRA).user_id]
    went_by_template(lobby, yes.id)
    assert lobby.says(ANA, "2 bath towels please", at=NOON + HOUR) == "arranged"
    assert sum("Late check-out: confirmed" in words for words in lobby.told(ANA)) == 1


def test_a_reply_to_a_mere_announcement_reads_the_guests_words_out_first(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "My grandmother knew this house before the war")
    (note,) = [each for each in lobby.thread(MIRA) if each.direction == "out"]
    went_by_template(lobby, note.id)
    lobby.sent(note.id, MIRA, at=NOON)
    assert lobby.replies(MIRA, "My grandmother", "What is it?") == "read out what waited"
    assert lobby.told(ANA)[-1] != "What is it?"
    assert lobby.replies(MIRA, "My grandmother", "How lovely.") == "passed on to the guest"
    assert lobby.told(ANA)[-1] == "How lovely."


def test_a_photo_goes_to_the_archive_and_to_a_person(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, kind="image", media=photo()) == "passed on"
    assert "a photo" in lobby.told(MIRA)[-1]
    with lobby.inn.database.write() as tx:
        (row,) = tx.all("due_media", at="9999", most=5)
    assert b"900" not in row["source"]


def test_stop_is_honoured_at_once_and_confirmed_once(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(ANA, "STOP") == "opted out"
    assert lobby.talk(ANA).opted_out_at == NOON
    assert len(lobby.told(ANA)) == 1
    assert lobby.says(ANA, "START", at=NOON + HOUR) == "opted in again"
    assert lobby.talk(ANA).opted_out_at is None


def test_metas_own_preference_counts_like_the_word(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello")
    lobby.event(PreferenceChanged(number_id=lobby.voice.number_id, sender=ANA, wants="stop", at=NOON))
    assert lobby.talk(ANA).opted_out_at == NOON


# -- which stay --------------------------------------------------------------------------------------
def test_a_number_that_nobody_knows_gets_no_link_and_a_person(lobby: Lobby, stay: Stay) -> None:
    assert lobby.says(STRANGER, "towels please") == "passed on: an unknown number"
    assert "do not know this number" in lobby.told(STRANGER)[-1]
    assert lobby.requests() == []
    lobby.says(STRANGER, "hello?", at=NOON + HOUR)
    assert len(lobby.told(STRANGER)) == 1


def test_a_booking_word_from_a_new_number_waits_for_a_person_who_says_yes(lobby: Lobby, stay: Stay) -> None:
    hello = f"Hello, this is about my stay. My booking word is {stay.code}."
    assert lobby.says(STRANGER, hello) == "asked the house who it is"
    assert lobby.talk(STRANGER).contact_id is None
    assert not any(isinstance(each.content, LinkButton) for each in lobby.thread(STRANGER))
    assert lobby.taps(MIRA, "Yes, the guest") == "number is the guest's"
    assert isinstance(lobby.last(STRANGER), LinkButton)
    assert lobby.says(STRANGER, "late check-out please", at=NOON + HOUR) == "asked"


def test_no_to_a_new_number_leaves_it_a_stranger(lobby: Lobby, stay: Stay) -> None:
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    assert lobby.taps(MIRA, "No") == "number is not the guest's"
    assert lobby.talk(STRANGER).stay_id is None


def test_who_has_two_rooms_is_asked_which_and_what_was_asked_is_not_asked_again(lobby: Lobby) -> None:
    lobby.inn.add("one", lobby.inn.period("room-1"))
    lobby.inn.add("two", lobby.inn.period("room-2"))
    assert lobby.says(ANA, "late check-out please") == "asked which stay"
    assert sorted(lobby.buttons(ANA)) == ["Room 1", "Room 2"]
    assert lobby.taps(ANA, "Room 2") == "asked"
    assert "Room 2" in lobby.told(MIRA)[-1]
    assert lobby.says(ANA, "heating is cold", at=NOON + HOUR) != "asked which stay"


def test_after_the_stay_the_house_still_listens(lobby: Lobby, stay: Stay) -> None:
    after = NOON + 48 * HOUR
    assert lobby.says(ANA, "My grandmother knew this house before the war", at=after) == "passed on"
    assert "stay with us is over" in lobby.told(ANA)[-1]


def test_a_guest_known_by_a_user_id_alone_is_found_by_it(lobby: Lobby) -> None:
    lobby.inn.add("tomas", guest=Person(name="Tomas", bsuid="GB.1234567890"))
    nobody = Sender(user_id="GB.1234567890", name="T")
    assert lobby.says(nobody, "late check-out please") == "asked"


def test_a_new_number_goes_on_as_the_same_guest(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello")
    new = Sender(wa_id="447700900777")
    lobby.event(NumberChanged(wamid="w", number_id=lobby.voice.number_id, sender=ANA, new=new, at=NOON))
    assert lobby.says(new, "late check-out please", at=NOON + HOUR) == "asked"


# -- escalation --------------------------------------------------------------------------------------
def test_the_heating_at_night_goes_on_until_somebody_wakes(lobby: Lobby, stay: Stay) -> None:
    lobby.staff(JORY)
    lobby.staff(HANNE, role="host")
    assert lobby.says(ANA, "the heating is cold", at=NIGHT) == "asked"
    assert "*Urgent: Heating*" in lobby.told(MIRA)[0]
    assert lobby.told(JORY) == []
    until(lobby, NIGHT + timedelta(minutes=5))
    assert len(lobby.told(JORY)) == 1
    until(lobby, NIGHT + timedelta(minutes=10), since=timedelta(minutes=5))
    assert len(lobby.told(HANNE)) == 1
    until(lobby, NIGHT + timedelta(minutes=15), since=timedelta(minutes=10))
    assert "Please call" in lobby.told(ANA)[-1]
    assert "960100" in lobby.told(ANA)[-1]
    assert lobby.taps(JORY, "Accept", at=NIGHT + timedelta(minutes=16)) == "accepted"
    told = [len(lobby.told(who)) for who in (MIRA, JORY, HANNE)]
    until(lobby, NIGHT + 3 * HOUR, since=timedelta(minutes=16))
    assert [len(lobby.told(who)) for who in (MIRA, JORY, HANNE)] == told


def until(lobby: Lobby, at: datetime, *, since: timedelta = timedelta()) -> None:
    """The bells ring minute by minute."""
    now = NIGHT + since
    while now < at:
        now += timedelta(minutes=1)
        with lobby.inn.database.write() as tx:
            calls.ring_due(tx, lobby.voice, at=now)


def test_nobody_on_duty_is_an_alarm(inn: Inn) -> None:
    lobby = Lobby(inn)
    inn.add("ana")
    lobby.says(ANA, "late check-out please")
    with inn.database.read() as db:
        assert [each.kind for each in alerts.open_alerts(db)] == ["nobody-on-duty"]


def test_people_of_tests_are_on_file() -> None:
    """The senders of these tests are the contacts of the inn."""
    assert contacts.phone_digits(ANA_ON_FILE.phone) == ANA.wa_id
    assert contacts.phone_digits(TOMAS_ON_FILE.phone) == "15550142"
