"""What a guest agreed to is kept with its words, and whoever took it back is not asked by an import."""

from datetime import timedelta

from guestlink import consents, contacts, journal
from guestlink.contacts import OptIn
from guestlink.records import Contact
from tests.databases import AT, BY, FRIDAY, Inn

LATER = AT + timedelta(days=1)
YES = OptIn(at=AT, how=consents.ON_PAGE, words="Harbour House may write to me.")


def agree(inn: Inn, contact: Contact, said: OptIn = YES) -> Contact:
    with inn.database.write() as tx:
        return consents.agree(tx, inn.ring, contact, said, at=said.at, by=BY)


def take_back(inn: Inn, contact: Contact, how: str = consents.ON_PAGE) -> Contact:
    with inn.database.write() as tx:
        return consents.take_back(tx, contact, how=how, at=LATER, by=BY)


def words(inn: Inn, contact: Contact) -> str:
    sealed, key = contact.opted_in_words, inn.ring.guest_key(contact.wrapped, contact.id)
    return key.open(sealed, "contacts", "opted_in_words", row=contact.id) if sealed else ""


def told(inn: Inn, contact: Contact) -> list[str]:
    with inn.database.read() as db:
        return [entry.kind for entry in journal.load(db, f"contact:{contact.id}")]


def test_the_first_yes_is_kept_with_its_words_and_told_once(inn: Inn) -> None:
    (contact,) = inn.guests(inn.add("ANA"))
    contact = agree(inn, agree(inn, contact), OptIn(at=LATER, how="import", words="yes"))
    assert (contact.opted_in_at, contact.opted_in_how, words(inn, contact)) == (AT, "page", YES.words)
    assert told(inn, contact) == ["contact-changed"]


def test_a_yes_makes_no_page_anew_that_shows_nothing_of_it(inn: Inn) -> None:
    (contact,) = inn.guests(inn.add("ANA"))
    assert agree(inn, contact).version == contact.version


def test_who_took_it_back_has_not_agreed_until_they_do_so_themselves(inn: Inn) -> None:
    (contact,) = inn.guests(inn.add("ANA"))
    contact = take_back(inn, take_back(inn, agree(inn, contact)))
    assert consents.has_taken_back(contact)
    assert words(inn, contact) == ""
    again = inn.add("AGAIN", inn.period("room-2"), opt_in=OptIn(at=LATER, how="import", words="yes"))
    assert inn.guests(again)[0].opted_in_at is None
    assert agree(inn, contact).opted_in_at == AT
    assert told(inn, contact) == ["contact-changed"] * 3


def test_a_returning_guest_who_never_said_anything_gets_what_the_new_booking_says(inn: Inn) -> None:
    inn.add("ANA")
    said = OptIn(at=LATER, how="import", words="WhatsApp: yes")
    stay = inn.add("AGAIN", inn.period(on=FRIDAY + timedelta(days=9)), opt_in=said)
    (contact,) = inn.guests(stay)
    assert (contact.opted_in_how, words(inn, contact)) == ("import", "WhatsApp: yes")
    assert told(inn, contact) == ["contact-changed"]


def test_an_older_yes_of_a_returning_guest_stays_as_it_was(inn: Inn) -> None:
    inn.add("ANA", opt_in=YES)
    stay = inn.add("AGAIN", inn.period("room-2"), opt_in=OptIn(at=LATER, how="import", words="ja"))
    (contact,) = inn.guests(stay)
    assert (contact.opted_in_at, contact.opted_in_how) == (AT, "page")
    assert not contacts.opened(inn.ring, contact).bsuid
