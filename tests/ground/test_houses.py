"""Properties, units and the people who run them."""

import re
from typing import Any

import msgspec
import pytest

from guestlink import houses, journal, records
from guestlink.database import Database
from guestlink.errors import InvalidInput, Refused
from guestlink.houses import HouseDraft, checked_language, checked_slug, checked_time
from guestlink.records import Property
from tests.databases import AT, BY, Inn

DRAFT = HouseDraft(slug="quay", zone="Africa/Casablanca", currency="MAD", default_language="fr")


def add(inn: Inn, draft: HouseDraft = DRAFT) -> Property:
    with inn.database.write() as tx:
        return houses.add_property(tx, draft, at=AT, by=BY)


def kinds(inn: Inn, house: Property) -> list[str]:
    with inn.database.read() as db:
        return [entry.kind for entry in journal.load(db, f"property:{house.id}")]


# -- properties -------------------------------------------------------------------------------------
def test_a_new_property_is_as_it_was_told_and_leaves_an_event_and_a_rebuild(inn: Inn) -> None:
    quay = add(inn)
    assert (quay.zone, quay.currency, quay.default_language) == ("Africa/Casablanca", "MAD", "fr")
    assert (quay.check_in, quay.check_out, quay.changes) == ("15:00", "11:00", 1)
    assert kinds(inn, quay) == ["property-added"]
    assert [(rebuild.slug, rebuild.why) for rebuild in inn.queue()] == [("quay", "quay added")]


def test_a_property_is_added_once(inn: Inn) -> None:
    add(inn)
    with pytest.raises(Refused, match=r"The property 'quay' exists.*`publish\.py property set` changes it"):
        add(inn)


def test_a_changed_property_keeps_what_is_not_told(inn: Inn) -> None:
    quay = add(inn)
    with inn.database.write() as tx:
        changed = houses.change_property(tx, quay, at=AT, by=BY, check_in="16:30", zone="")
    assert changed == msgspec.structs.replace(quay, check_in="16:30", changes=2)
    assert kinds(inn, quay) == ["property-added", "property-changed"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"slug": "The Quay"}, "small letters, digits and hyphens", id="a name with spaces"),
        pytest.param({"zone": "Cornwall"}, "'Cornwall' is not a time zone.*Europe/Lisbon", id="no zone"),
        pytest.param({"zone": "Europe"}, "is not a time zone", id="half a zone"),
        pytest.param({"zone": "../../etc/passwd"}, "is not a time zone", id="a file"),
        pytest.param({"zone": ""}, "is not a time zone", id="nothing"),
        pytest.param({"currency": "pounds"}, "'pounds' is not a currency.*ISO 4217", id="no currency"),
        pytest.param({"currency": "gbp"}, "is not a currency", id="a currency in small letters"),
        pytest.param({"default_language": "welsh"}, "'welsh' is not a language.*pt-BR", id="no language"),
        pytest.param({"check_in": "3 pm"}, "check_in is '3 pm'.*such as 15:00", id="no time"),
        pytest.param({"check_out": ""}, "check_out is ''", id="an empty time"),
    ],
)
def test_a_property_that_cannot_be_is_refused(inn: Inn, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        add(inn, msgspec.structs.replace(DRAFT, **fields))
    quay = add(inn)
    changes = {name: value for name, value in fields.items() if name != "slug" and value}
    if changes:
        with pytest.raises(InvalidInput, match=words), inn.database.write() as tx:
            houses.change_property(tx, quay, at=AT, by=BY, **changes)
        with inn.database.read() as db:
            assert records.find_property(db, "quay") == quay


# -- units ------------------------------------------------------------------------------------------
def test_a_unit_is_added_once_and_named_by_its_short_name_if_need_be(inn: Inn) -> None:
    with inn.database.write() as tx:
        attic = houses.add_unit(tx, inn.house, slug="attic", title="", at=AT, by=BY)
    assert (attic.title, attic.version, attic.feed) == ("attic", 1, None)
    with pytest.raises(Refused, match="The unit 'attic' exists in harbour-house"), inn.database.write() as tx:
        houses.add_unit(tx, inn.house, slug="attic", title="Attic", at=AT, by=BY)


def test_a_unit_of_another_house_may_have_the_same_name(inn: Inn) -> None:
    quay = add(inn)
    with inn.database.write() as tx:
        houses.add_unit(tx, quay, slug="room-1", title="", at=AT, by=BY)


def test_a_units_feed_is_sealed_and_kept_when_it_is_renamed(inn: Inn) -> None:
    feed = "https://example.com/feed.ics?token=planted"
    unit = inn.unit("room-1")
    with inn.database.write() as tx:
        with_feed = houses.change_unit(tx, inn.ring, inn.house, unit, at=AT, by=BY, feed=feed)
        renamed = houses.change_unit(tx, inn.ring, inn.house, with_feed, at=AT, by=BY, title="The Attic")
    assert renamed.feed is not None
    assert b"planted" not in renamed.feed
    assert inn.ring.open(renamed.feed, "units", "feed", row=unit.id) == feed
    assert (with_feed.title, renamed.title, renamed.version) == ("Room 1", "The Attic", 3)


# -- people -----------------------------------------------------------------------------------------
def test_the_first_user_is_made_once_and_acts_at_the_command_line(inn: Inn) -> None:
    with inn.database.write() as tx:
        assert houses.acting_user(tx) == "command-line"
        marta = houses.first_user(tx, inn.ring, name="Marta", at=AT)
        assert houses.first_user(tx, inn.ring, name="Somebody", at=AT) == marta
        assert houses.acting_user(tx) == marta
        row = tx.one("first_user")
    assert row is not None
    assert inn.ring.open(bytes(row["name"]), "users", "name", row=marta) == "Marta"


def test_whoever_adds_a_property_is_its_host(database: Database, inn: Inn) -> None:
    with database.write() as tx:
        marta = houses.first_user(tx, inn.ring, name="Marta", at=AT)
        quay = houses.add_property(tx, DRAFT, at=AT, by=marta)
        row = tx.one("membership", user_id=marta, property_id=quay.id)
    assert row is not None
    assert row["role"] == "host"


# -- what a host may type ---------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["00:00", "09:30", "15:00", "23:59"])
def test_a_time_is_hours_and_minutes(text: str) -> None:
    assert checked_time(text, "check_in") == text


@pytest.mark.parametrize(
    "text", ["", "24:00", "15:60", "9:30", "15.00", "15-00", "T1500", "12+01", "15:00\n", "١٥:٠٠"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(f"check_in is {text!r}")):
        checked_time(text, "check_in")


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant", "ja"])
def test_a_language_is_known(tag: str) -> None:
    assert checked_language(tag) == tag


@pytest.mark.parametrize("tag", ["", "x", "english", "en_US", "en-", "../en", "qq"])
def test_what_is_no_language_is_refused(tag: str) -> None:
    with pytest.raises(InvalidInput, match="is not a language"):
        checked_language(tag)


@pytest.mark.parametrize("text", ["room-1", "a", "7", "a" * 63])
def test_a_short_name_is_small_letters_digits_and_hyphens(text: str) -> None:
    assert checked_slug(text) == text


@pytest.mark.parametrize(
    "text", ["", "Room", "room 1", "-room", "room-", "a--b", "é", "a/b", "..", "a\n", "a" * 64]
)
def test_what_is_no_short_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a short name"):
        checked_slug(text)
