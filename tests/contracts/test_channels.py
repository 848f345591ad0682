"""How a guest may be written to: a yes and a no on the page, a first message, STOP and START, companions."""

from datetime import timedelta
from typing import Any

import pytest

from edge_api import channels, confirmations, conversation, correspondence
from edge_api.channels import Way, Ways, Wish
from edge_api.messages import PreferenceChanged, Text
from guestlink import companions, journal, records, stays
from guestlink.contacts import OptIn, Person, opened
from guestlink.errors import InvalidFields, Refused
from guestlink.records import Contact, Stay
from tests.databases import AT, BY, Inn
from tests.desk import NOON, words
from tests.lobby import ANA, TOMAS, Lobby

HOUR = timedelta(hours=1)
SENTENCE = "Harbour House may write to me on WhatsApp about my stay."


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    return Lobby(inn)


@pytest.fixture
def stay(lobby: Lobby) -> Stay:
    return lobby.inn.add("ANA")


def desk(lobby: Lobby, *speaks: Any) -> channels.Desk:
    spoken = frozenset(speaks or ("whatsapp", "email"))
    return channels.Desk(voice=lobby.voice, speaks=spoken, words=words())


def say(lobby: Lobby, stay: Stay, channel: Any, agrees: bool, *, phone: str = "", at=NOON) -> Ways:
    link, wanted = lobby.inn.links(stay)[-1].id, Wish(channel=channel, agrees=agrees, phone=phone)
    with lobby.inn.database.write() as tx:
        return channels.wish(tx, desk(lobby), link, wanted, at=at)


def look(lobby: Lobby, stay: Stay, *speaks: Any) -> Ways:
    with lobby.inn.database.read() as db:
        return channels.ways(db, desk(lobby, *speaks), lobby.inn.links(stay)[-1].id, at=NOON)


def guest(lobby: Lobby, stay: Stay) -> Contact:
    return lobby.inn.guests(stay)[0]


def consent_words(lobby: Lobby, contact: Contact) -> str:
    key, sealed = lobby.inn.ring.guest_key(contact.wrapped, contact.id), contact.opted_in_words
    return key.open(sealed, "contacts", "opted_in_words", row=contact.id) if sealed else ""


def told(lobby: Lobby, contact: Contact) -> list[str]:
    with lobby.inn.database.read() as db:
        return [entry.by_user for entry in journal.load(db, f"contact:{contact.id}")]


def test_a_tick_records_the_very_words_and_where_it_leads_is_shown_by_its_end(
    lobby: Lobby, stay: Stay
) -> None:
    assert look(lobby, stay).whatsapp == Way(agreed=False, leads_to="23")
    lobby.inn.empty_queue()
    assert say(lobby, stay, "whatsapp", True).whatsapp == Way(agreed=True, leads_to="23")
    contact = guest(lobby, stay)
    assert (contact.opted_in_at, contact.opted_in_how) == (NOON, "page")
    assert consent_words(lobby, contact) == SENTENCE
    assert told(lobby, contact) == [f"guest:{contact.id}"]
    assert [rebuild.stay_id for rebuild in lobby.inn.queue()] == [stay.id]
    say(lobby, stay, "whatsapp", True, at=NOON + HOUR)
    assert guest(lobby, stay) == contact
    assert len(told(lobby, contact)) == 1


def test_a_no_counts_at_once_also_for_what_waits_and_lasts_when_they_write_again(
    lobby: Lobby, stay: Stay
) -> None:
    say(lobby, stay, "whatsapp", True)
    with lobby.inn.database.write() as tx:
        house = records.house_by_id(tx, stay.property_id)
        told_of = {"stay": stay, "house": house, "contact_id": guest(lobby, stay).id, "at": NOON}
        talk = confirmations.conversation_of(tx, lobby.voice, **told_of)
        assert talk is not None
        said = {"at": NOON, "by": BY, "why": "test"}
        correspondence.say(tx, lobby.inn.ring, talk, Text(text="Hello"), **said)
    later = NOON + HOUR
    ways = say(lobby, stay, "whatsapp", False, at=later)
    assert ways.whatsapp == Way(agreed=False, leads_to="23")
    assert lobby.talk(ANA).opted_out_at == later
    talk = lobby.talk(ANA)
    when = {"heard_at": talk.heard_at, "opted_out_at": talk.opted_out_at, "asked_at": NOON}
    assert conversation.is_silenced(**when, is_reply=False)
    lobby.says(ANA, "Hello again", at=later + HOUR)
    contact = guest(lobby, stay)
    assert (contact.opted_in_at, contact.opted_in_how) == (None, "page")
    assert say(lobby, stay, "whatsapp", True, at=later + 2 * HOUR).whatsapp.agreed
    assert lobby.talk(ANA).opted_out_at is None


def test_a_no_before_any_word_is_remembered_with_a_conversation_of_its_own(lobby: Lobby) -> None:
    stay = lobby.inn.add("ANA", opt_in=OptIn(at=AT, how="import", words="yes"))
    assert look(lobby, stay).whatsapp == Way(agreed=True, leads_to="23")
    say(lobby, stay, "whatsapp", False)
    assert lobby.talk(ANA).opted_out_at == NOON


def test_a_number_is_asked_for_when_none_is_known_and_only_then(lobby: Lobby) -> None:
    stay = lobby.inn.add("ANA", guest=Person(name="Ana Lindqvist", phone="0123"))
    assert look(lobby, stay).whatsapp == Way(agreed=False, leads_to="")
    for wrong in ("", "07700 900123", "+44", "+" + "1" * 16):
        with pytest.raises(InvalidFields) as caught:
            say(lobby, stay, "whatsapp", True, phone=wrong)
        assert [field for field, _ in caught.value.problems] == ["phone"]
    assert guest(lobby, stay).opted_in_at is None
    assert say(lobby, stay, "whatsapp", True, phone="+44 7700 900124").whatsapp == Way(
        agreed=True, leads_to="24"
    )
    say(lobby, stay, "whatsapp", False)
    say(lobby, stay, "whatsapp", True, phone="+44 7700 900999")
    assert opened(lobby.inn.ring, guest(lobby, stay)).phone == "+447700900124"


def test_mail_is_welcome_until_a_no(lobby: Lobby, stay: Stay) -> None:
    assert look(lobby, stay).email == Way(agreed=True, leads_to="a…@example.com")
    assert say(lobby, stay, "email", False).email == Way(agreed=False, leads_to="a…@example.com")
    assert look(lobby, stay).whatsapp == Way(agreed=False, leads_to="23")
    assert guest(lobby, stay).opted_in_how == ""
    assert say(lobby, stay, "email", True).email.agreed
    assert len(told(lobby, guest(lobby, stay))) == 2


def test_what_is_not_set_up_or_not_allowed_is_not_offered(lobby: Lobby, stay: Stay) -> None:
    assert look(lobby, stay, "print") == Ways()
    assert look(lobby, stay, "email").whatsapp is None
    other = lobby.inn.add("B", lobby.inn.period("room-2"), source="airbnb")
    assert look(lobby, other) == Ways()
    with pytest.raises(Refused):
        say(lobby, other, "whatsapp", True)


def test_a_first_message_is_a_yes_in_its_words_and_stop_and_start_follow(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello, when is breakfast?")
    contact = guest(lobby, stay)
    assert (contact.opted_in_how, consent_words(lobby, contact)) == (
        "first message",
        "Hello, when is breakfast?",
    )
    lobby.says(ANA, "STOP", at=NOON + HOUR)
    assert guest(lobby, stay).opted_in_at is None
    lobby.says(ANA, "Towels please", at=NOON + 2 * HOUR)
    assert guest(lobby, stay).opted_in_at is None
    lobby.says(ANA, "START", at=NOON + 3 * HOUR)
    contact = guest(lobby, stay)
    assert (contact.opted_in_how, consent_words(lobby, contact)) == ("START", "START")
    assert len(told(lobby, contact)) == 3


def test_stop_is_confirmed_once_however_often_it_is_said(lobby: Lobby, stay: Stay) -> None:
    words = ("STOP", "stop", "STOP", "START", "STOP")
    lobby.says(ANA, "Hello", at=NOON - HOUR)
    told = [lobby.says(ANA, word, at=NOON + hour * HOUR) for hour, word in enumerate(words)]
    assert told == ["opted out", "opted out already", "opted out already", "opted in again", "opted out"]
    with lobby.inn.database.read() as db:
        (talk,) = (row["id"] for row in db.all("conversations_of_stay", stay_id=stay.id))
        said = [each for each in correspondence.thread(db, lobby.inn.ring, talk) if each.direction == "out"]
    assert [each.why for each in said][1:] == ["opted out", "opted in again", "opted out"]


def test_metas_own_switch_is_a_no_and_a_yes_too(lobby: Lobby, stay: Stay) -> None:
    lobby.says(ANA, "Hello")
    for wants, at in (("stop", NOON + HOUR), ("resume", NOON + 2 * HOUR)):
        event = PreferenceChanged(number_id=lobby.voice.number_id, sender=ANA, wants=wants, at=at)
        lobby.event(event, at=at)
        assert (guest(lobby, stay).opted_in_at is None) == (wants == "stop")


def test_a_companions_own_number_is_known_as_theirs(lobby: Lobby, stay: Stay) -> None:
    with lobby.inn.database.write() as tx:
        person = Person(name="Tomas Arrieta", phone="+1 555 0142")
        companion, link = companions.add_companion(tx, lobby.inn.ring, stay, person, at=AT, by=BY)
    lobby.says(TOMAS, "Fresh towels please, 2 sets")
    talk = lobby.talk(TOMAS)
    assert (talk.contact_id, talk.stay_id) == (companion.id, stay.id)
    assert lobby.inn.guests(stay)[0].opted_in_at is None
    with lobby.inn.database.read() as db:
        found = confirmations.link_of(db, stay, companion.id)
    assert found is not None
    assert found.link_id == link.id
    assert stays.open_page_key(lobby.inn.ring, companion, link)
