"""What both houses read of the hosts' files."""

from guestlink import catalogue, houses
from guestlink.catalogue import LAST_CONTENT, Entry
from tests.databases import AT, BY, Inn

TAXI = Entry(language="en", kind="service", key="taxi", body='{"title":"Taxi"}')
WIFI = Entry(language="de", kind="section", key="wifi", body='{"title":"WLAN"}')


def remember(inn: Inn, *entries: Entry) -> None:
    with inn.database.write() as tx:
        catalogue.remember(tx, inn.house, entries)


def test_entries_are_read_as_they_were_remembered(inn: Inn) -> None:
    remember(inn, TAXI, WIFI)
    with inn.database.read() as db:
        assert catalogue.entries(db, inn.house) == [WIFI, TAXI]


def test_what_is_remembered_takes_the_place_of_everything_before(inn: Inn) -> None:
    remember(inn, TAXI, WIFI)
    remember(inn, WIFI)
    with inn.database.read() as db:
        assert catalogue.entries(db, inn.house) == [WIFI]
    remember(inn)
    with inn.database.read() as db:
        assert catalogue.entries(db, inn.house) == []


def test_each_house_has_its_own_catalogue(inn: Inn) -> None:
    draft = houses.HouseDraft(slug="quay", zone="Europe/London", currency="GBP", default_language="en")
    with inn.database.write() as tx:
        quay = houses.add_property(tx, draft, at=AT, by=BY)
        catalogue.remember(tx, quay, [TAXI])
    remember(inn, WIFI)
    with inn.database.read() as db:
        assert catalogue.entries(db, quay) == [TAXI]


def test_the_last_content_without_mistakes_is_kept(inn: Inn) -> None:
    with inn.database.read() as db:
        assert catalogue.last_content(db, inn.house) is None
    remember(inn, Entry(language="", kind=LAST_CONTENT, key="", body='{"slug":"harbour-house"}'))
    with inn.database.read() as db:
        assert catalogue.last_content(db, inn.house) == '{"slug":"harbour-house"}'
