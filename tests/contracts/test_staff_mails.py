"""Staff without WhatsApp are told by e-mail: what, where, since when, whom to call; no word of the guest."""

from datetime import timedelta

import msgspec
import pytest

from edge_api import correspondence, duty
from edge_api.duty import User
from edge_api.messages import Letter
from guestlink import alerts
from tests.databases import AT, BY, Inn
from tests.desk import NOON
from tests.lobby import ANA, JORY, STRANGER, Lobby

MINUTE = timedelta(minutes=1)
MAIL = "nessa@example.com"


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    made = Lobby(inn)
    made.voice = msgspec.structs.replace(made.voice, mails=True)
    return made


def nessa(lobby: Lobby, *, language: str = "en", phone: str = "") -> User:
    """Somebody on duty who has an e-mail address."""
    with lobby.inn.database.write() as tx:
        return duty.add_staff(
            tx,
            lobby.inn.ring,
            name="Nessa Holm",
            phone=phone,
            email=MAIL,
            language=language,
            role="staff",
            houses=[lobby.inn.house],
            at=AT,
            by=BY,
        )


def letters(lobby: Lobby, user: User) -> list[Letter]:
    with lobby.inn.database.write() as tx:
        told = {"email": MAIL, "name": "Nessa Holm", "language": ""}
        talk = correspondence.mail_with_user(tx, lobby.inn.ring, user.id, at=AT, **told)
        assert talk is not None
        thread = correspondence.thread(tx, lobby.inn.ring, talk.id)
    return [said.content for said in thread if isinstance(said.content, Letter)]


def test_a_request_says_what_where_since_when_and_whom_to_call_and_not_who(lobby: Lobby) -> None:
    user = nessa(lobby)
    lobby.inn.add("ana")
    lobby.says(ANA, "late check-out please")
    (letter,) = letters(lobby, user)
    assert letter.is_to_staff
    assert (letter.subject, letter.greeting) == ("Late check-out, Room 1", "Hello Nessa,")
    assert letter.text.splitlines() == [
        "A guest of Harbour House asks for something:",
        "",
        "Late check-out",
        "Room 1",
        "£20.00",
        "Asked on Saturday 7 November, 12:00.",
        "",
        "This e-mail cannot be answered. Call \u2066+44 1632 960100\u2069 to say that you do it, or to ask.",
    ]
    assert not any(word in letter.text + letter.subject for word in ("Ana", "Lindqvist", "please"))


def test_an_urgent_one_says_so_in_their_own_language(lobby: Lobby) -> None:
    user = nessa(lobby, language="de")
    lobby.inn.add("ana")
    lobby.says(ANA, "the heating is broken")
    (letter,) = letters(lobby, user)
    assert letter.subject == "Dringend: Heating, Room 1"
    assert letter.text.startswith("Ein Gast von Hafenhaus bittet um etwas:")


def test_what_a_guest_takes_back_is_told_too(lobby: Lobby) -> None:
    user = nessa(lobby)
    lobby.inn.add("ana")
    lobby.says(ANA, "late check-out please")
    lobby.taps(ANA, "Cancel request", at=NOON + MINUTE)
    assert [letter.subject for letter in letters(lobby, user)] == [
        "Late check-out, Room 1",
        "Cancelled: Late check-out, Room 1",
    ]


def test_when_a_guest_writes_only_that_is_told_and_not_for_every_message(lobby: Lobby) -> None:
    user = nessa(lobby)
    lobby.inn.add("ana")
    for minutes in (0, 1, 20):
        lobby.says(ANA, "My passport number is X1234567", at=NOON + minutes * MINUTE)
    told = letters(lobby, user)
    assert [letter.subject for letter in told] == ["Somebody writes: Room 1"] * 2
    assert not any(word in letter.text for letter in told for word in ("passport", "Ana"))
    assert "Waiting since Saturday 7 November, 12:00." in told[0].text


def test_a_question_that_needs_a_yes_or_no_still_waits_for_the_host(lobby: Lobby) -> None:
    user = nessa(lobby)
    stay = lobby.inn.add("ana")
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    assert [letter.subject for letter in letters(lobby, user)] == ["Somebody writes: Harbour House"]
    with lobby.inn.database.read() as db:
        assert [each.kind for each in alerts.open_alerts(db)] == ["conversation-waiting"]


def test_who_has_whatsapp_is_told_there_and_nowhere_else(lobby: Lobby) -> None:
    user = nessa(lobby, phone=f"+{JORY.wa_id}")
    lobby.inn.add("ana")
    lobby.says(ANA, "late check-out please")
    assert letters(lobby, user) == []
    assert len(lobby.told(JORY)) == 1


def test_without_a_mail_server_an_address_is_no_way(inn: Inn) -> None:
    lobby = Lobby(inn)
    user = nessa(lobby)
    inn.add("ana")
    lobby.says(ANA, "late check-out please")
    assert letters(lobby, user) == []
    with inn.database.read() as db:
        assert [each.kind for each in alerts.open_alerts(db)] == ["nobody-on-duty"]
