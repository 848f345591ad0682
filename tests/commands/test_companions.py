"""`publish.py stay companion`, and consent as a host hears it."""

from collections.abc import Callable

import pytest

from guestlink import records
from guestlink.contacts import opened
from guestlink.crypto import read_keys
from guestlink.records import Contact

STAY = ("--arrival", "2030-05-04", "--departure", "2030-05-07", "--unit", "room-1", "--reference", "ANA-1")
ANA = ("--name", "Ana Planted", "--phone", "+44 7700 900123")


@pytest.fixture
def guests(records_of) -> Callable[[], list[Contact]]:
    def find() -> list[Contact]:
        with records_of().read() as db:
            return records.contacts(db, records.find_stay(db, "ANA-1"))

    return find


@pytest.fixture
def companion(in_house):
    assert in_house("stay", "add", "casa-azul", *STAY, *ANA).code == 0

    def say(deed: str, *words: str):
        return in_house("stay", "companion", deed, "ANA-1", *words)

    return say


def test_a_companion_is_added_renamed_listed_and_taken_off(in_house, companion, guests, home):
    added = companion("add", "--name", "Ben Planted", "--email", "ben@example.com")
    assert added.code == 0
    assert "Planted" not in added.out
    first = guests()[1]
    assert companion("rename", "1", "--name", "Benno Planted").code == 0
    assert opened(read_keys(home / "data/keys/keyring.json"), guests()[1]).name == "Benno Planted"
    listed = companion("list")
    assert "Benno Planted" in listed.out
    assert listed.last.endswith("1 companion.")
    links = in_house("link", "ANA-1").out
    assert links.count("companion: http") == links.count("booker: http") == 1
    assert companion("remove", "benno planted").code == 0
    assert first.id not in {guest.id for guest in guests()}
    assert in_house("link", "ANA-1").out.count("/w/") == 1


def test_a_companion_may_stand_in_a_file(companion, guests, home):
    told = home / "ben.json"
    told.write_text('{"name": "Ben Planted", "email": "ben@example.com", "language": "pt"}')
    assert companion("add", "--guest-file", str(told)).code == 0
    assert opened(read_keys(home / "data/keys/keyring.json"), guests()[1]).email == "ben@example.com"


def test_who_is_not_there_is_not_named_in_the_answer(companion):
    answer = companion("remove", "Cy Planted")
    assert answer.code == 1
    assert "Planted" not in answer.err
    assert "stay companion list" in answer.err


def test_consent_is_recorded_taken_back_and_told_once(in_house, guests):
    said = "yes, on the phone"
    assert in_house("stay", "add", "casa-azul", *STAY, *ANA, "--whatsapp-consent", said).code == 0
    (contact,) = guests()
    assert contact.opted_in_how == "told to the house"
    assert "nothing changed" in in_house("stay", "set", "ANA-1", "--whatsapp-consent", "yes").last
    back = in_house("stay", "set", "ANA-1", "--whatsapp-consent", "")
    assert "does not want WhatsApp" in back.out
    assert guests()[0].opted_in_at is None
    again = in_house("stay", "set", "ANA-1", "--whatsapp-consent", "changed her mind")
    assert "agrees to WhatsApp" in again.out
    assert said not in again.out


def test_a_reference_of_a_cancelled_stay_says_how_it_comes_back(in_house):
    in_house("stay", "add", "casa-azul", *STAY, *ANA)
    in_house("stay", "set", "ANA-1", "--status", "cancelled")
    answer = in_house("stay", "add", "casa-azul", *STAY, *ANA)
    assert answer.code == 1
    assert "cancelled" in answer.err
    assert "--status confirmed` brings it back" in answer.err
