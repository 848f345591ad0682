"""Staff, how WhatsApp knows them, and the duty list, on each engine."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from edge_api import duty
from edge_api.duty import Role, User
from guestlink import clock, houses, journal, records
from guestlink.database import Connection, Writing
from guestlink.errors import InvalidInput, NotFound, Refused
from guestlink.records import Property
from tests.databases import AT, BY, Inn
from tests.desk import Desk

HOUR = timedelta(hours=1)
TALK = """insert into conversations (id, number_id, user_id, address, made_at)
values ('talk', '1', '{user}', 'mira', '2026-11-02T09:00:00.000Z')"""
TOKEN = """insert into api_tokens (id, name, role, user_id, hash, made_at)
values ('{user}', 'till', 'staff', '{user}', '{user}', '2026-11-02T09:00:00.000Z')"""
ESCALATION = """insert into escalations (request_id, property_id, due_at)
values ('{request}', '{house}', {due_at})"""
MIRA = "+44 7700 900101"
JORY = "+44 7700 900102"
ZONE = "Europe/London"


def hire(inn: Inn, name: str = "Mira Holm", *, phone: str = MIRA, role: Role = "staff", **told: str) -> User:
    with inn.database.write() as tx:
        house = records.find_property(tx, "harbour-house")
        return duty.add_staff(
            tx, inn.ring, name=name, phone=phone, role=role, houses=(house,), at=AT, by=BY, **told
        )


def run(tx: Writing, statement: str, **values: str) -> None:
    assert isinstance(tx, Connection)
    tx.statement(statement.format(**values))


def found(inn: Inn, named: str) -> User:
    with inn.database.read() as db:
        return duty.find_user(db, inn.ring, named)


def sender(inn: Inn, *, wa_id: str = "", user_id: str = "") -> User | None:
    with inn.database.read() as db:
        return duty.user_of_sender(db, inn.ring, wa_id=wa_id, user_id=user_id)


def listed(inn: Inn, *, at: datetime = AT) -> list[str]:
    """Names of who is on duty, in order."""
    with inn.database.read() as db:
        there = duty.on_duty(duty.members(db, inn.house), at=at, zone=ZONE)
    return [duty.opened(inn.ring, member.user).name for member in there]


def put(inn: Inn, user: User, **told: object) -> duty.Duty:
    with inn.database.write() as tx:
        return duty.set_duty(tx, inn.house, user, at=AT, by=BY, **told)  # type: ignore[arg-type]


def events(inn: Inn, stream: str) -> list[journal.Entry]:
    with inn.database.read() as db:
        return journal.load(db, stream)


# -- who there is -----------------------------------------------------------------------------------
def test_somebody_new_is_kept_sealed_and_told_in_the_journal_without_a_name(inn: Inn) -> None:
    mira = hire(inn, email="mira@example.com", language="de")
    told = duty.opened(inn.ring, mira)
    assert (told.name, told.phone, told.email, mira.language) == (
        "Mira Holm",
        MIRA,
        "mira@example.com",
        "de",
    )
    assert b"Mira" not in mira.name
    assert mira.phone is not None
    assert b"900101" not in mira.phone
    (added,) = events(inn, f"user:{mira.id}")
    joined = events(inn, f"property:{inn.house.id}")[-1]
    assert (added.kind, joined.kind) == ("user-added", "member-joined")
    assert mira.id in joined.body
    for planted in ("Mira", "Holm", "7700", "mira@"):
        assert planted not in added.body + joined.body


def test_somebody_without_a_name_country_or_known_language_is_refused(inn: Inn) -> None:
    for wrong in (
        {"name": " "},
        {"phone": "07700 900101"},
        {"phone": "+44 7700 90010x"},
        {"phone": "+12"},
        {"language": "klingonisch"},
        {"email": "mira"},
        {"role": "boss"},
    ):
        with pytest.raises(InvalidInput):
            hire(inn, **wrong)  # type: ignore[arg-type]
    with inn.database.read() as db:
        assert duty.users(db) == []


def test_two_people_cannot_have_one_phone_however_it_is_written(inn: Inn) -> None:
    hire(inn)
    with pytest.raises(Refused, match="Mira Holm has this phone number"):
        hire(inn, "Jory", phone="0044 7700 900101")
    jory = hire(inn, "Jory", phone=JORY)
    with pytest.raises(Refused), inn.database.write() as tx:
        duty.change_staff(tx, inn.ring, jory, phone=MIRA, at=AT, by=BY)
    assert sender(inn, wa_id="447700900102") == jory


def test_people_are_found_by_name_part_of_it_phone_and_id(inn: Inn) -> None:
    mira = hire(inn)
    hire(inn, "Mirabel Holm", phone=JORY)
    for named in (mira.id, "mira holm", "MIRA", "Mira H", MIRA, "00447700900101"):
        assert found(inn, named) == mira
    with pytest.raises(Refused, match="2 people"):
        found(inn, "holm")
    with pytest.raises(NotFound) as told:
        found(inn, "Jory")
    assert "Mirabel Holm" in told.value.hint


def test_a_change_replaces_what_is_told_and_keeps_the_rest(inn: Inn) -> None:
    mira = hire(inn, email="mira@example.com")
    with inn.database.write() as tx:
        changed = duty.change_staff(tx, inn.ring, mira, name="Mira Holm-Penrose", at=AT, by=BY)
    told = duty.opened(inn.ring, changed)
    assert (told.name, told.phone, told.email) == ("Mira Holm-Penrose", MIRA, "mira@example.com")
    last = events(inn, f"user:{mira.id}")[-1]
    assert (last.kind, last.body) == ("user-changed", '{"fields":["name"]}')


def test_who_leaves_is_on_no_list_known_by_no_phone_and_keeps_only_a_name(inn: Inn) -> None:
    first = houses_first(inn)
    mira, jory = hire(inn), hire(inn, "Jory", phone=JORY)
    with inn.database.write() as tx:
        duty.leave(tx, mira, at=AT, by=BY)
    assert listed(inn) == ["Jory"]
    assert sender(inn, wa_id="447700900101") is None
    with inn.database.read() as db:
        gone = duty.load_user(db, mira.id)
        assert duty.users(db) == [first, jory]
        assert [row["place"] for row in db.all("duties_of_property", property_id=inn.house.id)] == [1]
    assert (gone.phone, gone.email, gone.ways) == (None, None, 0)
    assert duty.opened(inn.ring, gone).name == "Mira Holm"
    assert hire(inn, "Nessa", phone=MIRA).id != mira.id


def test_the_first_host_cannot_leave_the_command_line(inn: Inn) -> None:
    first = houses_first(inn)
    with pytest.raises(Refused, match="command line"), inn.database.write() as tx:
        duty.leave(tx, first, at=AT, by=BY)


def test_leaving_ends_the_tokens_for_programs_too(inn: Inn) -> None:
    houses_first(inn)
    mira, jory = hire(inn), hire(inn, "Jory", phone=JORY)
    with inn.database.write() as tx:
        for user in (mira, jory):
            run(tx, TOKEN, user=user.id)
        duty.leave(tx, mira, at=AT, by=BY)
        assert tx.do("revoke_tokens_of_user", user_id=mira.id, at=clock.as_text(AT)) == 0
        assert tx.do("revoke_tokens_of_user", user_id=jory.id, at=clock.as_text(AT)) == 1


@pytest.mark.parametrize("how", ["leaves", "another phone"])
def test_a_conversation_with_an_old_phone_is_one_with_nobody_of_the_house(inn: Inn, how: str) -> None:
    houses_first(inn)
    mira = hire(inn)
    with inn.database.write() as tx:
        run(tx, TALK, user=mira.id)
        if how == "leaves":
            duty.leave(tx, mira, at=AT, by=BY)
        else:
            duty.change_staff(tx, inn.ring, mira, phone=JORY, at=AT, by=BY)
        assert tx.do("part_conversations", user_id=mira.id) == 0


def test_parting_from_one_house_is_no_leaving(inn: Inn) -> None:
    mira = hire(inn)
    with inn.database.write() as tx:
        duty.part(tx, inn.house, mira, at=AT, by=BY)
    assert listed(inn) == []
    assert found(inn, "Mira").ways == 1
    with pytest.raises(NotFound), inn.database.write() as tx:
        duty.part(tx, inn.house, mira, at=AT, by=BY)


def houses_first(inn: Inn) -> User:
    with inn.database.write() as tx:
        first = houses.first_user(tx, inn.ring, name="Marta", at=AT - HOUR)
        return duty.load_user(tx, first)


# -- who writes -------------------------------------------------------------------------------------
def test_a_sender_is_known_by_phone_then_by_the_id_that_was_remembered(inn: Inn) -> None:
    mira = hire(inn)
    assert sender(inn, wa_id="447700900101", user_id="GB.1001") == mira
    assert sender(inn, user_id="GB.1001") is None
    assert sender(inn) is None
    with inn.database.write() as tx:
        assert duty.remember_bsuid(tx, inn.ring, mira, "GB.1001", at=AT)
        assert not duty.remember_bsuid(tx, inn.ring, mira, "GB.1001", at=AT)
    known = sender(inn, user_id="GB.1001")
    assert known is not None
    assert known.id == mira.id


def test_a_new_id_replaces_the_old_one_and_goes_over_with_a_phone(inn: Inn) -> None:
    mira, jory = hire(inn), hire(inn, "Jory", phone=JORY)
    with inn.database.write() as tx:
        for user, bsuid in ((mira, "GB.1"), (mira, "GB.2"), (jory, "GB.2")):
            duty.remember_bsuid(tx, inn.ring, user, bsuid, at=AT)
    assert sender(inn, user_id="GB.1") is None
    known = sender(inn, user_id="GB.2")
    assert known is not None
    assert known.id == jory.id


def test_another_phone_forgets_the_old_ways(inn: Inn) -> None:
    mira = hire(inn)
    with inn.database.write() as tx:
        duty.remember_bsuid(tx, inn.ring, mira, "GB.1001", at=AT)
        duty.change_staff(tx, inn.ring, mira, phone=JORY, at=AT, by=BY)
    assert sender(inn, wa_id="447700900101") is None
    assert sender(inn, user_id="GB.1001") is None
    assert sender(inn, wa_id="447700900102") is not None


# -- who is on duty ---------------------------------------------------------------------------------
def test_staff_are_asked_in_the_order_of_their_coming_and_hosts_not_in_turn(inn: Inn) -> None:
    hire(inn)
    hire(inn, "Jory", phone=JORY)
    hire(inn, "Kerensa", phone="+44 7700 900103", role="host")
    hire(inn, "Denzil", phone="")
    assert listed(inn) == ["Mira Holm", "Jory"]


def test_a_place_moves_the_others_down(inn: Inn) -> None:
    hire(inn)
    jory = hire(inn, "Jory", phone=JORY)
    kerensa = hire(inn, "Kerensa", phone="+44 7700 900103", role="host")
    assert put(inn, jory, place=1).place == 1
    assert listed(inn) == ["Jory", "Mira Holm"]
    assert put(inn, kerensa, place=2).place == 2
    assert listed(inn) == ["Jory", "Kerensa", "Mira Holm"]
    assert put(inn, jory, place=99).place == 3
    assert listed(inn) == ["Kerensa", "Mira Holm", "Jory"]


def test_hours_and_absences_stay_until_they_are_changed(inn: Inn) -> None:
    mira = hire(inn)
    put(inn, mira, hours="Mon-Fri 8:00-20:00, sat 09:00-12:00")
    put(inn, mira, off_until=AT + 2 * HOUR)
    kept = put(inn, mira, place=1)
    assert kept == duty.Duty(place=1, hours="mon-fri 08:00-20:00; sat 09:00-12:00", off_until=AT + 2 * HOUR)
    assert listed(inn) == []
    assert listed(inn, at=AT + 2 * HOUR) == ["Mira Holm"]
    put(inn, mira, is_back=True)
    assert listed(inn) == ["Mira Holm"]
    put(inn, mira, hours="always")
    assert listed(inn, at=AT + timedelta(hours=14)) == ["Mira Holm"]


def test_duty_is_for_members_and_for_moments_to_come(inn: Inn) -> None:
    mira = hire(inn)
    with pytest.raises(InvalidInput):
        put(inn, mira, off_until=AT)
    with inn.database.write() as tx:
        duty.part(tx, inn.house, mira, at=AT, by=BY)
    with pytest.raises(Refused):
        put(inn, mira, place=1)


def test_whoever_comes_off_the_list_is_not_asked_and_stays_a_member(inn: Inn) -> None:
    mira = hire(inn)
    with inn.database.write() as tx:
        assert duty.end_duty(tx, inn.house, mira, at=AT, by=BY)
        assert not duty.end_duty(tx, inn.house, mira, at=AT, by=BY)
        assert [(each.user.id, each.duty) for each in duty.members(tx, inn.house)] == [(mira.id, None)]
    assert events(inn, f"property:{inn.house.id}")[-1].kind == "duty-ended"


def test_lists_of_two_houses_do_not_mix(inn: Inn) -> None:
    mira = hire(inn)
    other = second_house(inn, mira)
    with inn.database.write() as tx:
        duty.join(tx, other, mira, role="manager", at=AT, by=BY)
        duty.set_duty(tx, other, mira, hours="mon 08:00-09:00", at=AT, by=BY)
        assert [each.role for each in duty.members(tx, other)] == ["manager"]
        assert [house.slug for house in duty.houses_of(tx, mira)] == ["harbour-house", "hill-house"]
    assert listed(inn) == ["Mira Holm"]


def second_house(inn: Inn, host: User) -> Property:
    draft = houses.HouseDraft(slug="hill-house", zone=ZONE, currency="GBP", default_language="en")
    with inn.database.write() as tx:
        return houses.add_property(tx, draft, at=AT, by=host.id)


# -- requests that wait -----------------------------------------------------------------------------
@pytest.fixture
def waiting(inn: Inn) -> Callable[[], dict[str, str]]:
    """A request that is told again in an hour, one that nobody can be told of, one that somebody took; when
    each is looked at next.
    """
    desk = Desk(inn)
    stay = inn.add("ana")
    later = clock.as_text(AT + HOUR)
    shown = [desk.ask(stay, "taxi", key=f"taxi-{n}-key", fields={"to": "work"}).request for n in range(3)]
    asked = [request.id for request in shown]
    with inn.database.write() as tx:
        for request_id, due_at in zip(asked, (f"'{later}'", "null", "null"), strict=True):
            run(tx, ESCALATION, request=request_id, house=inn.house.id, due_at=due_at)
    desk.answer(shown[2])

    def due() -> dict[str, str]:
        with inn.database.read() as db:
            rows = [db.one("escalation_of", request_id=request_id) for request_id in asked]
        told = [str(row["due_at"] or "") if row else "" for row in rows]
        return dict(zip(("later", "nobody", "taken"), told, strict=True))

    return due


def test_whatever_changes_who_can_be_told_wakes_the_requests_that_wait(
    inn: Inn, waiting: Callable[[], dict[str, str]]
) -> None:
    at = clock.as_text(AT)
    assert waiting() == {"later": clock.as_text(AT + HOUR), "nobody": "", "taken": ""}
    hire(inn)
    assert waiting() == {"later": at, "nobody": at, "taken": ""}
