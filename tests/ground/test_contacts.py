"""People: sealed under a key of their own, found again without being read."""

import re
import sqlite3
from datetime import timedelta

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from guestlink import contacts, houses, secret_values
from guestlink.contacts import FIELDS, OptIn, Person, find_returning, folded, merged, opened, phone_digits
from guestlink.crypto import KeyRing, new_keys
from guestlink.errors import Refused
from guestlink.records import Contact
from tests.databases import ANA, AT, BY, TOMAS, Inn, Place

PLANTED = Person(
    name="Plantedana Quillfeather",
    phone="+44 7700 900771",
    wa_id="447700900771",
    bsuid="GB.9007710077123456789",
    email="plantedana@quillfeather.example",
)


def add(inn: Inn, person: Person, *, opt_in: OptIn | None = None) -> Contact:
    with inn.database.write() as tx:
        return contacts.add_contact(tx, inn.ring, inn.house, person=person, at=AT, opt_in=opt_in)


def found(inn: Inn, person: Person) -> Contact | None:
    with inn.database.read() as db:
        return find_returning(db, inn.ring, inn.house, person)


# -- kept -------------------------------------------------------------------------------------------
def test_a_person_is_read_back_as_they_were_told(inn: Inn) -> None:
    assert opened(inn.ring, add(inn, PLANTED)) == PLANTED


def test_a_person_without_a_name_is_a_person_too(inn: Inn) -> None:
    nobody = add(inn, Person())
    assert opened(inn.ring, nobody) == Person()
    assert [getattr(nobody, name) for name in FIELDS] == [None] * len(FIELDS)


def test_a_changed_person_is_a_new_version_of_the_same(inn: Inn) -> None:
    before = add(inn, ANA)
    with inn.database.write() as tx:
        after = contacts.change_contact(tx, inn.ring, before, TOMAS)
    assert opened(inn.ring, after) == TOMAS
    assert (after.id, after.version) == (before.id, before.version + 1)


def test_consent_is_kept_with_its_time_its_way_and_its_words(inn: Inn) -> None:
    opt_in = OptIn(at=AT - timedelta(days=3), how="booking form", words="You may write to me.")
    kept = add(inn, ANA, opt_in=opt_in)
    assert (kept.opted_in_at, kept.opted_in_how) == (opt_in.at, opt_in.how)
    assert kept.opted_in_words
    key = inn.ring.guest_key(kept.wrapped, kept.id)
    assert key.open(kept.opted_in_words, "contacts", "opted_in_words", row=kept.id) == opt_in.words
    assert add(inn, TOMAS).opted_in_at is None


def test_without_the_persons_own_key_nothing_of_them_opens(inn: Inn) -> None:
    ana, tomas = add(inn, ANA), add(inn, TOMAS)
    with pytest.raises(Refused):
        opened(inn.ring, msgspec.structs.replace(ana, wrapped=tomas.wrapped))
    with pytest.raises(Refused):
        opened(inn.ring, msgspec.structs.replace(ana, name=tomas.name))
    with pytest.raises(Refused):
        opened(KeyRing(new_keys(AT)), ana)


def test_a_person_is_never_shown_by_their_repr(inn: Inn) -> None:
    for thing in (PLANTED, add(inn, PLANTED)):
        assert not readable(repr(thing).encode())


# -- never in clear ---------------------------------------------------------------------------------
WORDS = re.compile(
    rb"plantedana|quillfeather|7700\W*900\W*771|9007710077|planted-code|planted-feed|planted-user",
    re.IGNORECASE,
)


def readable(body: bytes) -> list[bytes]:
    return WORDS.findall(body)


def everything_told(inn: Inn) -> None:
    """Planted words in every place that holds something of a person or a code."""
    stay = inn.add("HM4711", guest=PLANTED)
    other = inn.add("HM4712", inn.period("room-2"), guest=Person(name="Plantedana"))
    inn.change(stay, guest=Person(name="Plantedana Quillfeather-Oakes"), adults=2)
    inn.change(other, status="cancelled")
    unit = inn.unit("room-1")
    with inn.database.write() as tx:
        houses.first_user(tx, inn.ring, name="planted-user", at=AT)
        houses.change_unit(
            tx, inn.ring, inn.house, unit, at=AT, by=BY, feed="https://example.com/planted-feed.ics"
        )
        for number in (1, 2):
            value = f"planted-code-{number}"
            secret_values.set_secret(tx, inn.ring, inn.house, name="door-code", value=value, at=AT, by=BY)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_nobody_can_be_read_in_the_file_of_the_database(place: Place, inn: Inn) -> None:
    everything_told(inn)
    folder = place.home / "data"
    assert (folder / "guestlink.db-wal").stat().st_size > 0
    open_files = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    inn.database.close()
    closed_file = (folder / "guestlink.db").read_bytes()
    assert b"HM4711" in open_files  # the control: what is not sealed is found
    assert b"HM4711" in closed_file
    assert not readable(open_files)
    assert not readable(closed_file)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_person_kept_without_a_seal_would_be_found(place: Place, inn: Inn) -> None:
    """The control of the test above."""
    inn.database.close()
    file = place.home / "data" / "guestlink.db"
    driver = sqlite3.connect(file)
    driver.execute("update units set title = 'Plantedana'")
    driver.commit()
    driver.close()
    assert readable(file.read_bytes())


@pytest.mark.parametrize("engine", ["postgresql"])
def test_nobody_can_be_read_in_any_row_of_the_server(place: Place, inn: Inn) -> None:
    everything_told(inn)
    rows = b""
    with psycopg.connect(place.url) as server:
        tables = server.execute(
            "select tablename from pg_tables where schemaname = current_schema"
        ).fetchall()
        for (table,) in tables:
            for row in server.execute(sql.SQL("select * from {}").format(sql.Identifier(table))):
                rows += b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
    assert b"HM4711" in rows
    assert not readable(rows)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_was_forgotten_cannot_be_read_in_the_file_either(place: Place, inn: Inn) -> None:
    token = inn.ring.blind("email", ANA.email).encode()
    ana = add(inn, ANA)
    folder = place.home / "data"
    assert token in b"".join(file.read_bytes() for file in folder.iterdir())
    with inn.database.write() as tx:
        contacts.change_contact(tx, inn.ring, ana, TOMAS)
    inn.database.close()
    assert token not in (folder / "guestlink.db").read_bytes()


# -- found again ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "is_ana"),
    [
        pytest.param(Person(name="Ana Lindqvist", email="ana@example.com"), True, id="the same e-mail"),
        pytest.param(Person(name="Ana Lindqvist", email=" Ana@Example.COM "), True, id="in other letters"),
        pytest.param(
            Person(name="ANA  lindqvist", email="ana@example.com"), True, id="the name in other letters"
        ),
        pytest.param(Person(email="ana@example.com"), False, id="an e-mail without a name"),
        pytest.param(Person(name="Ana Lindqvist", phone="+44 7700 900123"), True, id="the same phone"),
        pytest.param(
            Person(name="Ana Lindqvist", phone="0044 7700-900 123"), True, id="a phone written otherwise"
        ),
        pytest.param(
            Person(name="Ana Lindqvist", phone="+44 (0)7700 900123"),
            True,
            id="a phone with a zero in brackets",
        ),
        pytest.param(
            Person(name="Ana Lindqvist", phone="+1 555 0199", email="ana@example.com"),
            True,
            id="the e-mail with a new phone",
        ),
        pytest.param(Person(name="Ana Lindqvist", phone="0123"), False, id="only the end of the phone"),
        pytest.param(Person(name="Ana Lindqvist", phone="+44 7700 900124"), False, id="another phone"),
        pytest.param(Person(name="Ana Lindqvist"), False, id="only the same name"),
        pytest.param(
            Person(name="Mikkel Lindqvist", email="ana@example.com"),
            False,
            id="another name at the same e-mail",
        ),
        pytest.param(Person(), False, id="nothing at all"),
    ],
)
def test_a_returning_guest_is_known_by(inn: Inn, told: Person, is_ana: bool) -> None:
    ana = add(inn, ANA)
    assert found(inn, told) == (ana if is_ana else None)


def test_accents_may_be_written_in_two_ways() -> None:
    assert folded("Jose\u0301 Groß") == folded("JOSÉ GROSS")


def test_a_guest_who_gave_no_name_is_known_by_phone_and_e_mail_together(inn: Inn) -> None:
    unnamed = add(inn, Person(phone=ANA.phone, email=ANA.email))
    assert found(inn, ANA) == unnamed


def test_an_agencys_address_does_not_make_two_guests_one(inn: Inn) -> None:
    add(inn, Person(name="Bella", email="agency@example.com"))
    assert found(inn, Person(email="agency@example.com")) is None


def test_a_guest_is_known_by_what_was_told_last(inn: Inn) -> None:
    ana = add(inn, ANA)
    with inn.database.write() as tx:
        contacts.change_contact(tx, inn.ring, ana, Person(name=ANA.name, email="new@example.com"))
    assert found(inn, ANA) is None
    again = found(inn, Person(name=ANA.name, email="new@example.com"))
    assert again is not None
    assert again.id == ana.id


def test_guests_of_another_house_are_strangers(inn: Inn) -> None:
    draft = houses.HouseDraft(slug="quay", zone="Europe/London", currency="GBP", default_language="en")
    with inn.database.write() as tx:
        quay = houses.add_property(tx, draft, at=AT, by=BY)
    add(inn, ANA)
    with inn.database.read() as db:
        assert find_returning(db, inn.ring, quay, ANA) is None


# -- small rules ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+44 7700 900123", "447700900123"),
        ("0044 7700 900123", "447700900123"),
        ("+44 (0)7700-900.123", "447700900123"),
        ("ends in 0123", "0123"),
        ("", ""),
        ("no phone", ""),
    ],
)
def test_a_phone_is_its_digits(text: str, digits: str) -> None:
    assert phone_digits(text) == digits


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_what_is_told_goes_before_what_is_known_unless_it_is_empty() -> None:
    assert merged(ANA, Person(phone="+1 555 0142")) == msgspec.structs.replace(ANA, phone="+1 555 0142")
    assert merged(ANA, Person()) == ANA
