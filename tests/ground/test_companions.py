"""More people of a stay: each has a link of their own, which goes on, and ends when they are taken off."""

import pytest

from guestlink import companions, journal, records, stays
from guestlink.contacts import Person, opened
from guestlink.errors import InvalidInput, Refused
from guestlink.records import Contact, Link, Stay
from tests.databases import ANA, AT, BY, TOMAS, Inn


def add(inn: Inn, stay: Stay, person: Person = TOMAS) -> tuple[Contact, Link]:
    with inn.database.write() as tx:
        return companions.add_companion(tx, inn.ring, stay, person, at=AT, by=BY)


def remove(inn: Inn, stay: Stay, contact: Contact) -> None:
    with inn.database.write() as tx:
        companions.remove_companion(tx, stay, contact, at=AT, by=BY)


def rename(inn: Inn, stay: Stay, contact: Contact, **told: str) -> Contact:
    with inn.database.write() as tx:
        return companions.change_companion(tx, inn.ring, stay, contact, person=Person(**told), at=AT, by=BY)


def current(inn: Inn, stay: Stay) -> dict[str, str]:
    """Contact -> slug of every link that nothing replaced."""
    return {link.contact_id: link.slug for link in inn.links(stay) if link.replaced_at is None}


def told(inn: Inn, stream: str) -> list[str]:
    with inn.database.read() as db:
        return [entry.kind for entry in journal.load(db, stream)]


def test_a_companion_has_a_link_with_a_key_of_their_own(inn: Inn) -> None:
    stay = inn.add("ANA")
    inn.empty_queue()
    before = inn.links(stay)
    contact, link = add(inn, stay)
    assert [opened(inn.ring, guest).name for guest in inn.guests(stay)] == [ANA.name, TOMAS.name]
    assert contact.role == "companion"
    assert link.slug != before[0].slug
    booker = inn.guests(stay)[0]
    keys = {stays.open_page_key(inn.ring, booker, before[0]), stays.open_page_key(inn.ring, contact, link)}
    assert len(keys) == 2
    assert told(inn, f"stay:{stay.id}")[-1] == "companion-added"
    assert [rebuild.stay_id for rebuild in inn.queue()] == [stay.id]


def test_who_is_taken_off_loses_the_link_and_the_others_keep_theirs(inn: Inn) -> None:
    stay = inn.add("ANA")
    booker = current(inn, stay)
    contact, _ = add(inn, stay)
    remove(inn, stay, contact)
    assert current(inn, stay) == booker
    assert [guest.role for guest in inn.guests(stay)] == ["booker"]
    assert told(inn, f"stay:{stay.id}")[-1] == "companion-removed"
    _, link = add(inn, stay)
    assert link.generation == 2


def test_who_booked_is_not_taken_off_and_nobody_twice(inn: Inn) -> None:
    stay = inn.add("ANA")
    contact, _ = add(inn, stay)
    remove(inn, stay, contact)
    for guest in (contact, *inn.guests(stay)):
        with pytest.raises(Refused, match="Only a companion"):
            remove(inn, stay, guest)


def test_another_name_keeps_the_link_and_what_is_known(inn: Inn) -> None:
    stay = inn.add("ANA")
    contact, link = add(inn, stay)
    after = rename(inn, stay, contact, name="Tomás Arrieta")
    assert opened(inn.ring, after) == Person(name="Tomás Arrieta", phone=TOMAS.phone)
    assert after.version == contact.version + 1
    assert current(inn, stay)[contact.id] == link.slug
    assert told(inn, f"contact:{contact.id}") == ["contact-changed"]


def test_one_name_is_one_person_of_a_stay(inn: Inn) -> None:
    stay = inn.add("ANA")
    contact, _ = add(inn, stay)
    for person in (TOMAS, Person(name="ana  lindqvist"), Person(name=TOMAS.name, email="t@example.com")):
        with pytest.raises(Refused, match="belongs to the stay already"):
            add(inn, stay, person)
    with pytest.raises(Refused, match="belongs to the stay already"):
        rename(inn, stay, contact, name=ANA.name)
    with pytest.raises(InvalidInput, match="needs a name"):
        add(inn, stay, Person(email="t@example.com"))


def test_a_companion_who_was_here_before_is_the_same_person(inn: Inn) -> None:
    first = inn.add("TOMAS", inn.period("room-2"), guest=TOMAS)
    stay = inn.add("ANA")
    contact, _ = add(inn, stay, Person(name=TOMAS.name, phone=TOMAS.phone, email="tomas@example.com"))
    assert contact.id == inn.guests(first)[0].id
    assert opened(inn.ring, contact).email == "tomas@example.com"


def test_a_stay_that_is_off_takes_nobody_and_a_full_one_no_more(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay = inn.add("ANA")
    monkeypatch.setattr(companions, "MOST", 2)
    for name in ("Ben", "Cy"):
        add(inn, stay, Person(name=name))
    with pytest.raises(Refused, match="at most 2"):
        add(inn, stay)
    off = inn.change(inn.add("OFF", inn.period("room-2")), status="cancelled")
    with pytest.raises(Refused, match="is cancelled"):
        add(inn, off)
    with inn.database.read() as db:
        assert [guest.role for guest in records.contacts(db, off)] == ["booker"]
