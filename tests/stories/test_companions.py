"""A companion opens a page of their own, with their own name and key; taken off, theirs alone is gone."""

import pytest

from guestlink import companions, links, records, stays
from guestlink.contacts import Person
from guestlink.records import Contact, Link, Stay
from tests.guest import open_page, through_gate
from tests.house import AT, BY, DOOR, WIFI, from_folder, link_of, make_home, opened, run_publish, three_stays


@pytest.fixture
def settings(tmp_path):
    settings = make_home(tmp_path / "home")
    three_stays(settings)
    return settings


def join(settings, name: str) -> tuple[Stay, Contact, Link, str]:
    """Ana's companion, and their guest link."""
    database, ring = opened(settings)
    with database.write() as tx:
        stay = records.find_stay(tx, "ANA")
        contact, link = companions.add_companion(tx, ring, stay, Person(name=name), at=AT, by=BY)
        key = stays.open_page_key(ring, contact, link)
    database.close()
    return stay, contact, link, links.gate_link(settings.public_url, link.slug, key)


def leave(settings, stay: Stay, contact: Contact) -> None:
    database, _ = opened(settings)
    with database.write() as tx:
        companions.remove_companion(tx, stay, contact, at=AT, by=BY)
    database.close()


def test_a_companion_has_a_page_of_their_own_until_they_are_taken_off(settings):
    fetch, hers = from_folder(settings), link_of(settings, "ANA")
    run_publish(settings)
    before = open_page(fetch, hers)
    stay, contact, link, his = join(settings, "Benplanted Other")
    run_publish(settings)
    mine = open_page(fetch, his)
    assert "Benplanted" in mine.stay
    assert "Anaplanted" not in mine.stay + mine.codes + mine.page
    assert "Benplanted" not in mine.page
    assert DOOR in mine.codes
    assert WIFI in mine.codes
    assert open_page(fetch, hers) == before, "who booked notices nothing"
    folder = settings.path(f"data/site/w/_/{link.slug}")
    assert list(folder.glob("*.html"))
    leave(settings, stay, contact)
    run_publish(settings)
    assert not list(folder.glob("*.html"))
    assert "replaced" in through_gate(fetch, his)
    assert open_page(fetch, hers) == before
