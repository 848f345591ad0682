"""What the house looks up and changes, on both engines: only what a caller reaches is there."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from edge_api import amendments, duty, registers, tokens
from edge_api.amendments import Agreed, ContactChange, NewGuest, NewStay, StayChange
from edge_api.registers import Wanted
from edge_api.shapes import Nights, Stays
from guestlink import catalogue, clock, houses, journal, records
from guestlink.catalogue import Entry
from guestlink.errors import InvalidFields, InvalidInput, NotFound, Refused, Stale
from guestlink.houses import HouseDraft
from tests.databases import AT, BY, FRIDAY, TOMAS, Inn
from tests.desk import NOON, Desk

DAY = timedelta(days=1)
NOBODYS = "01a203df-e148-7c92-8119-6773653d612b"


def token(inn: Inn, *, of: str = "harbour-house", role: tokens.Role = "staff") -> str:
    """The id of a new token, as callers are known."""
    with inn.database.write() as tx:
        house = records.find_property(tx, of) if of else None
        name = f"{role} {of} {clock.new_id()}"
        text = tokens.make_token(tx, name=name, role=role, house=house, at=AT, by=BY)
        found = tokens.find(tx, text, at=AT)
    assert found
    return found.id


@pytest.fixture
def other(inn: Inn) -> str:
    """A caller of another house."""
    draft = HouseDraft(slug="quay-house", zone="Europe/London", currency="GBP", default_language="en")
    with inn.database.write() as tx:
        houses.add_property(tx, draft, at=AT, by=BY)
    return token(inn, of="quay-house")


def stays_of(inn: Inn, caller: str, **wanted: Any) -> Stays:
    with inn.database.read() as db:
        return registers.stays_wanted(db, inn.ring, caller, Wanted(**wanted), at=NOON)


def uids(inn: Inn, caller: str, **wanted: Any) -> list[str]:
    return [stay.uid for stay in stays_of(inn, caller, **wanted).stays]


# -- looking ---------------------------------------------------------------------------------------
def test_what_another_house_has_is_not_there(inn: Inn, other: str) -> None:
    desk, stay = Desk(inn), inn.add("ana")
    request = desk.ask(stay, note="soap").request
    contact = inn.guests(stay)[0]
    with inn.database.read() as db:
        assert registers.requests(db, inn.ring, other).requests == ()
        assert registers.stays_wanted(db, inn.ring, other, Wanted(), at=NOON).stays == ()
        assert registers.services(db, other).services == ()
        assert [house.slug for house in registers.properties(db, other).properties] == ["quay-house"]
        for look, name in (
            (registers.request_of, request.id),
            (registers.stay_of, stay.id),
            (registers.contact_of, contact.id),
            (registers.property_shown, "harbour-house"),
        ):
            with pytest.raises(NotFound) as theirs:
                look(db, other, name)  # type: ignore[operator]
            with pytest.raises(NotFound) as nobodys:
                look(db, other, NOBODYS)  # type: ignore[operator]
            assert str(theirs.value) == str(nobodys.value)


@pytest.mark.parametrize("name", ["", "%", "\x00", "x" * 300, "'", NOBODYS.upper(), NOBODYS + "\n"])
def test_a_crooked_id_is_nobodys(inn: Inn, name: str) -> None:
    caller = token(inn)
    with inn.database.read() as db:
        for look in (registers.request_of, registers.stay_of, registers.contact_of):
            with pytest.raises(NotFound):
                look(db, caller, name)


def test_requests_come_newest_first_page_by_page_and_none_twice(inn: Inn) -> None:
    desk, stay, caller = Desk(inn), inn.add("ana"), token(inn)
    made = [desk.ask(stay, note=f"number {n}", at=NOON + n * DAY / 24).request.id for n in range(5)]
    seen, before = [], ""
    with inn.database.read() as db:
        while True:
            page = registers.requests(db, inn.ring, caller, before=before, most=2)
            seen += [request.id for request in page.requests]
            if page.next is None:
                break
            before = page.next
    assert seen == made[::-1]


def test_requests_are_found_by_state_stay_and_house(inn: Inn) -> None:
    desk, ana, caller = Desk(inn), inn.add("ana"), token(inn)
    tomas = inn.add("tomas", inn.period("room-2"), guest=TOMAS)
    first, second = desk.ask(ana, "taxi", fields={"to": "x"}).request, desk.ask(tomas, note="soap").request
    desk.answer(first)
    with inn.database.read() as db:
        look = {"state": "accepted"}, {"stay_id": tomas.id}, {"property": "harbour-house"}, {"property": "no"}
        found = [
            [each.id for each in registers.requests(db, inn.ring, caller, **which).requests] for which in look
        ]
    assert found == [[first.id], [second.id], [second.id, first.id], []]


def test_a_request_that_waits_says_until_when_by_the_files_of_the_house(inn: Inn) -> None:
    desk, caller = Desk(inn), token(inn)
    told = Entry(language="", kind=catalogue.LAST_CONTENT, key="", body='{"reply_within":25,"sections":[1]}')
    with inn.database.write() as tx:
        catalogue.remember(tx, inn.house, [told])
    waiting = desk.ask(inn.add("ana"), note="soap").request

    def due_at() -> datetime | None:
        with inn.database.read() as db:
            return registers.requests(db, inn.ring, caller).requests[0].due_at

    assert due_at() == NOON + timedelta(minutes=25)
    desk.answer(waiting)
    assert due_at() is None


def test_stays_are_found_by_day_reference_code_and_unit(inn: Inn) -> None:
    ana = inn.add("ana", reference="HM-1")
    inn.add("tomas", inn.period("room-2", on=FRIDAY + 7 * DAY), guest=TOMAS)
    caller = token(inn)
    assert uids(inn, caller) == ["ana", "tomas"]
    assert uids(inn, caller, on=FRIDAY) == uids(inn, caller, on=ana.until_on) == ["ana"]
    assert uids(inn, caller, from_on=ana.until_on + DAY) == ["tomas"]
    assert uids(inn, caller, until_on=FRIDAY + 6 * DAY) == ["ana"]
    for name in ("HM-1", ana.code, ana.code.lower(), ana.id, "room-1"):
        assert uids(inn, caller, named=name) == ["ana"], name
    assert uids(inn, caller, phase="booked") == ["tomas"]
    assert uids(inn, caller, property="quay-house") == []


def test_stays_come_page_by_page_and_none_twice(inn: Inn) -> None:
    for number in range(5):
        inn.add(f"s{number}", inn.period("", on=FRIDAY + number // 2 * DAY), guest=TOMAS)
    caller, seen, after = token(inn), [], ""
    while True:
        page = stays_of(inn, caller, most=2, after=after)
        seen += [stay.uid for stay in page.stays]
        if page.next is None:
            break
        after = page.next
    assert sorted(seen) == [f"s{number}" for number in range(5)]
    with pytest.raises(InvalidInput):
        stays_of(inn, caller, after="2026-01-01.x")


def test_people_are_told_with_who_is_on_duty_and_only_of_ones_own_houses(inn: Inn, other: str) -> None:
    caller = token(inn)
    with inn.database.write() as tx:
        told: dict[str, Any] = {"houses": [inn.house], "at": AT, "by": BY}
        mira = duty.add_staff(tx, inn.ring, name="Mira", phone="+44 7700 900456", role="staff", **told)
        duty.set_duty(tx, inn.house, mira, hours="mon-fri 08:00-20:00", at=AT, by=BY)
    with inn.database.read() as db:
        for at, on_duty in ((AT, True), (NOON, False)):
            (person,) = registers.people(db, inn.ring, caller, at=at).people
            assert (person.name, person.id, person.is_on_duty) == ("Mira", mira.id, on_duty)
        assert registers.people(db, inn.ring, other, at=AT).people == ()


# -- changing --------------------------------------------------------------------------------------
def added(inn: Inn, uid: str = "desk-1", **told: Any) -> tuple[Any, bool]:
    nights = [Nights(unit="room-1", from_on=FRIDAY, until_on=FRIDAY + 2 * DAY)]
    draft = NewStay(**{"property": "harbour-house", "uid": uid, "nights": nights, **told})
    with inn.database.write() as tx:
        return amendments.add(tx, inn.ring, inn.house, draft, at=AT, by="token:x")


def changed(inn: Inn, stay: Any, **told: Any) -> Any:
    with inn.database.write() as tx:
        stay = records.find_stay(tx, stay.id)
        return amendments.change(tx, inn.ring, stay, StayChange(**told), at=AT, by="token:x")


def test_a_stay_is_made_once_for_each_uid(inn: Inn) -> None:
    first, is_new = added(inn, guest=NewGuest(name="Ana"))
    again, is_new_again = added(inn)
    assert (is_new, is_new_again, again) == (True, False, first)
    assert len(inn.links(first)) == 1
    with pytest.raises(Refused, match="taken"):
        added(inn, "desk-2")


def test_a_unit_that_is_none_is_named_by_its_place(inn: Inn) -> None:
    nights = [Nights(unit="room-9", from_on=FRIDAY, until_on=FRIDAY + DAY)]
    with pytest.raises(InvalidFields) as wrong:
        added(inn, nights=nights)
    assert wrong.value.problems == (("nights.0.unit", "There is no such unit."),)


def test_a_stay_moves_and_what_is_not_told_stays(inn: Inn) -> None:
    stay, _ = added(inn, adults=2, check_out="10:00")
    nights = [
        Nights(unit="room-1", from_on=FRIDAY, until_on=FRIDAY + DAY),
        Nights(unit="room-2", from_on=FRIDAY + DAY, until_on=FRIDAY + 3 * DAY),
    ]
    after = changed(inn, stay, nights=nights, check_out="", version=stay.version)
    assert (after.until_on, after.check_out, after.adults) == (FRIDAY + 3 * DAY, "", 2)
    assert [part.unit for part in inn.periods(after)] == ["room-1", "room-2"]
    with pytest.raises(Stale):
        changed(inn, stay, adults=1, version=stay.version)


def test_a_guest_is_corrected_and_agrees_and_takes_it_back(inn: Inn) -> None:
    contact = inn.guests(inn.add("ana"))[0]

    def change(**told: Any) -> Any:
        with inn.database.write() as tx:
            known = registers.contact_of(tx, caller, contact.id)
            wanted = ContactChange(**told)
            after = amendments.change_guest(tx, inn.ring, known, wanted, at=AT, by="token:x")
            return registers.contact_shown(tx, inn.ring, after)

    caller = token(inn)
    after = change(name="Ana L.", email="", opt_in=Agreed(how="desk", words="yes please"))
    assert (after.name, after.email, after.phone) == ("Ana L.", "", "+44 7700 900123")
    assert (after.opted_in_at, after.opted_in_how, after.opted_in_words) == (AT, "desk", "yes please")
    assert change(opt_in=None).opted_in_at is None
    with pytest.raises(Stale):
        change(name="x", version=contact.version)
    with inn.database.read() as db:
        told = [entry.body for entry in journal.load(db, f"contact:{contact.id}")]
    assert len(told) == 2
    assert not any(word in body for body in told for word in ("Ana", "yes please"))


def test_who_looks_at_links_is_kept(inn: Inn) -> None:
    stay = inn.add("ana")
    with inn.database.write() as tx:
        amendments.note_links_shown(tx, stay, at=AT, by="token:x")
        (link,) = registers.links_of(tx, inn.ring, stay, public_url="https://stay.example.com").links
        last = journal.load(tx, f"stay:{stay.id}")[-1]
    assert (last.kind, last.by_user, last.body) == ("links-shown", "token:x", "{}")
    assert link.link.startswith("https://stay.example.com/w/")
    assert link.link not in repr(link)
