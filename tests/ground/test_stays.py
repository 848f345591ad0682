"""Stays: added, changed, moved, cancelled, with one link that goes on through everything but its renewal."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from guestlink import journal, records, stays
from guestlink.contacts import OptIn, Person, opened
from guestlink.crypto import GUIDE_ALPHABET, PageSeal
from guestlink.errors import InvalidInput, Refused, Stale
from guestlink.records import Link, Period, Stay
from tests.databases import ANA, AT, BY, FRIDAY, TOMAS, Inn

DAY = timedelta(days=1)
SUNDAY = FRIDAY + 2 * DAY


def events(inn: Inn, stay: Stay) -> list[journal.Entry]:
    with inn.database.read() as db:
        return journal.load(db, f"stay:{stay.id}")


def everything(inn: Inn) -> list[dict[str, Any]]:
    """All that a refused or needless change must leave as it was."""
    with inn.database.read() as db:
        stays_ = db.all("stays_of_property", property_id=inn.house.id)
        rest = [msgspec.structs.asdict(entry) for entry in journal.read_from(db, 0)]
        periods = [row for stay in stays_ for row in db.all("periods_of_stay", stay_id=stay["id"])]
    return [*stays_, *rest, *periods, {"changes": inn.house.changes}]


def renew(inn: Inn, link: Link) -> Link:
    with inn.database.write() as tx:
        return stays.renew_link(tx, inn.ring, inn.house, link, at=AT, by=BY)


# -- added ------------------------------------------------------------------------------------------
def test_a_new_stay_has_a_guest_a_link_a_code_an_event_and_a_rebuild(inn: Inn) -> None:
    changes = inn.house.changes
    stay = inn.add("HM4711", adults=2, children=1, pets=1, expected_arrival="21:30", amount=12_300)
    assert (stay.from_on, stay.until_on, stay.status, stay.version) == (FRIDAY, SUNDAY, "confirmed", 1)
    assert (stay.adults, stay.children, stay.pets, stay.expected_arrival, stay.amount) == (
        2,
        1,
        1,
        "21:30",
        12_300,
    )
    (guest,), (link,) = inn.guests(stay), inn.links(stay)
    assert (opened(inn.ring, guest), guest.role) == (ANA, "booker")
    assert (link.contact_id, link.generation, link.replaced_at) == (guest.id, 1, None)
    (event,) = events(inn, stay)
    assert (event.kind, event.by_user, event.property_id) == ("stay-added", BY, inn.house.id)
    assert [(rebuild.stay_id, rebuild.why) for rebuild in inn.queue()] == [(stay.id, "stay added")]
    assert inn.house.changes == changes + 1


def test_what_is_not_told_is_the_houses(inn: Inn) -> None:
    stay = inn.add("HM4711")
    assert (stay.reference, stay.language, stay.check_in, stay.check_out) == ("HM4711", "en", "", "")


def test_a_stay_code_cannot_be_misread(inn: Inn) -> None:
    code = inn.add("HM4711").code
    assert len(code) == 6
    assert set(code) <= set(GUIDE_ALPHABET.upper())


def test_no_event_tells_who_the_guest_is(inn: Inn) -> None:
    stay = inn.change(inn.add("HM4711"), guest=TOMAS, adults=2)
    told = "".join(entry.body for entry in events(inn, stay))
    assert not [word for word in (*ANA.name.split(), *TOMAS.name.split(), "7700", "555", "@") if word in told]


def test_the_same_uid_of_the_same_source_is_one_stay(inn: Inn) -> None:
    inn.add("HM4711")
    with pytest.raises(Refused):
        inn.add("HM4711", inn.period("room-2"))
    inn.add("HM4711", inn.period("room-2"), source="airbnb")


def test_a_hundred_stays_of_an_import_ask_for_one_rebuild(inn: Inn) -> None:
    house = inn.house
    with inn.database.write() as tx:
        for number in range(5):
            period = Period(unit_id=None, from_on=FRIDAY, until_on=SUNDAY)
            draft = stays.StayDraft(source="csv", source_uid=str(number), periods=(period,))
            stays.add_stay(tx, inn.ring, house, draft, at=AT, by=BY, bulk=True)
    assert [rebuild.stay_id for rebuild in inn.queue()] == [""]


def test_rooms_of_one_booking_are_a_party(inn: Inn) -> None:
    one, two = (inn.add(room, inn.period(room), party="P1") for room in ("room-1", "room-2"))
    alone = inn.add("room-3", inn.period("room-3"))
    assert one.party_id == two.party_id is not None
    assert alone.party_id is None
    assert inn.change(alone, party="P1").party_id == one.party_id
    assert inn.change(one, party="").party_id is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"adults": -1}, "number of people", id="less than nobody"),
        pytest.param({"children": 100}, "number of people", id="a school"),
        pytest.param(
            {"expected_arrival": "late"}, "expected_arrival is 'late'", id="an arrival that is no time"
        ),
        pytest.param({"check_in": "25:00"}, "check_in is '25:00'", id="a check-in after midnight"),
        pytest.param({"check_out": "T1100"}, "check_out is 'T1100'", id="a time in another writing"),
        pytest.param({"language": "klingon"}, "'klingon' is not a language", id="no language"),
    ],
)
def test_what_makes_no_sense_is_refused_when_added_and_when_changed(
    inn: Inn, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        inn.add("HM4711", **fields)
    stay = inn.add("HM4711")
    before = everything(inn)
    with pytest.raises(InvalidInput, match=words):
        inn.change(stay, **fields)
    assert everything(inn) == before


@pytest.mark.parametrize(
    ("nights", "words"),
    [
        pytest.param([], "The stay has no dates", id="no dates"),
        pytest.param([(0, 0)], "2026-11-06 is not after 2026-11-06", id="no night"),
        pytest.param([(2, 0)], "is not after", id="leaving before arriving"),
        pytest.param([(0, 1), (2, 3)], "do not follow each other", id="a gap"),
        pytest.param([(0, 2), (1, 3)], "do not follow each other", id="in two rooms at once"),
        pytest.param([(0, 731)], "longer than two years", id="moving in"),
    ],
)
def test_dates_that_are_no_stay_are_refused(inn: Inn, nights: list[tuple[int, int]], words: str) -> None:
    periods = tuple(
        Period(unit_id=None, from_on=FRIDAY + begins * DAY, until_on=FRIDAY + ends * DAY)
        for begins, ends in nights
    )
    draft = stays.StayDraft(source="desk", source_uid="HM4711", periods=periods)
    with pytest.raises(InvalidInput, match=words), inn.database.write() as tx:
        stays.add_stay(tx, inn.ring, inn.house, draft, at=AT, by=BY)


# -- one unit, one stay -----------------------------------------------------------------------------
OVERLAPS = [
    pytest.param(0, 2, True, id="the same nights"),
    pytest.param(-1, 1, True, id="the first night"),
    pytest.param(1, 3, True, id="the last night"),
    pytest.param(-3, 9, True, id="all around"),
    pytest.param(-2, 0, False, id="leaving on the day of arrival"),
    pytest.param(2, 4, False, id="arriving on the day of departure"),
]


@pytest.mark.parametrize(("begins", "ends", "is_taken"), OVERLAPS)
def test_a_room_is_taken_by_night(inn: Inn, begins: int, ends: int, is_taken: bool) -> None:
    inn.add("ANA")
    other = inn.add("TOMAS", inn.period("", on=FRIDAY + begins * DAY, nights=ends - begins), guest=TOMAS)
    wanted = inn.period("room-1", on=FRIDAY + begins * DAY, nights=ends - begins)
    before = everything(inn)
    for attempt in (lambda: inn.add("YUKI", wanted), lambda: inn.change(other, new_periods=(wanted,))):
        if is_taken:
            with pytest.raises(
                Refused, match="room-1 is taken from 2026-11-06 until 2026-11-08 by ANA"
            ) as caught:
                attempt()
            assert "give another unit" in caught.value.hint
            assert everything(inn) == before
    if not is_taken:
        assert inn.change(other, new_periods=(wanted,)).version == 2


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_a_stay_that_is_off_frees_its_room_and_cannot_come_back_into_a_taken_one(
    inn: Inn, status: str
) -> None:
    ana = inn.change(inn.add("ANA"), status=status)
    tomas = inn.add("TOMAS", guest=TOMAS)
    with pytest.raises(Refused, match="room-1 is taken"):
        inn.change(ana, status="confirmed")
    inn.change(tomas, status="cancelled")
    assert inn.change(ana, status="confirmed").status == "confirmed"


def test_a_proposed_cancellation_keeps_the_room(inn: Inn) -> None:
    inn.change(inn.add("ANA"), status="proposed_cancelled")
    with pytest.raises(Refused):
        inn.add("TOMAS")


def test_a_stay_that_is_added_as_cancelled_takes_no_room(inn: Inn) -> None:
    inn.add("ANA")
    inn.add("TOMAS", status="cancelled")


def test_stays_without_a_room_never_overlap(inn: Inn) -> None:
    for uid in ("ANA", "TOMAS"):
        assert inn.periods(inn.add(uid, inn.period("")))[0].unit_id is None


def test_a_stay_may_overlap_with_itself_as_it_was(inn: Inn) -> None:
    stay = inn.add("ANA")
    assert inn.change(stay, new_periods=(inn.period("room-1", on=FRIDAY + DAY),)).from_on == FRIDAY + DAY


# -- changed ----------------------------------------------------------------------------------------
def test_an_extra_night_keeps_the_link(inn: Inn) -> None:
    stay = inn.add("ANA")
    links = inn.links(stay)
    longer = inn.change(stay, new_periods=(inn.period("room-1", nights=3),))
    assert (longer.until_on, longer.version) == (SUNDAY + DAY, 2)
    assert inn.links(longer) == links


def test_a_change_of_rooms_keeps_the_stay_and_frees_the_first_room(inn: Inn) -> None:
    stay = inn.add("ANA")
    moved = inn.change(
        stay, new_periods=(inn.period(nights=1), inn.period("room-2", on=FRIDAY + DAY, nights=1))
    )
    assert [period.unit for period in inn.periods(moved)] == ["room-1", "room-2"]
    assert (moved.id, moved.from_on, moved.until_on) == (stay.id, FRIDAY, SUNDAY)
    inn.add("TOMAS", inn.period("room-1", on=FRIDAY + DAY, nights=1), guest=TOMAS)


def test_leaving_early_frees_the_last_night(inn: Inn) -> None:
    stay = inn.add("ANA")
    inn.change(stay, new_periods=(inn.period(nights=1),))
    inn.add("TOMAS", inn.period(on=FRIDAY + DAY, nights=1), guest=TOMAS)


FIELDS: list[tuple[str, Any]] = [
    ("reference", "HM4712"),
    ("status", "no_show"),
    ("language", "de"),
    ("adults", 2),
    ("children", 1),
    ("pets", 1),
    ("expected_arrival", "21:30"),
    ("amount", 100),
    ("check_in", "12:00"),
    ("check_out", "14:00"),
    ("ready_at", AT),
    ("imported", "a hash"),
]


@pytest.mark.parametrize(("name", "value"), FIELDS)
def test_every_field_can_be_changed_and_says_so(inn: Inn, name: str, value: object) -> None:
    stay = inn.add("ANA")
    inn.empty_queue()
    changes = inn.house.changes
    changed = inn.change(stay, why="host said so", **{name: value})
    assert getattr(changed, name) == value
    assert msgspec.structs.replace(changed, **{name: getattr(stay, name)}, version=1) == stay
    assert (changed.version, inn.house.changes) == (2, changes + 1)
    assert name in events(inn, stay)[-1].body
    assert [(rebuild.stay_id, rebuild.why) for rebuild in inn.queue()] == [(stay.id, "host said so")]


NOTHING_NEW: list[Callable[[Inn, Stay], dict[str, Any]]] = [
    lambda inn, stay: {name: getattr(stay, name) for name, _ in FIELDS},
    lambda inn, stay: {"new_periods": inn.periods(stay)},
    lambda inn, stay: {"new_periods": (inn.period(),)},
    lambda inn, stay: {"guest": ANA},
    lambda inn, stay: {"guest": Person(name=ANA.name)},
    lambda inn, stay: {"guest": Person()},
    lambda inn, stay: {"party": "P1"},
    lambda inn, stay: {},
]


@pytest.mark.parametrize("told", NOTHING_NEW)
def test_equal_values_change_nothing(inn: Inn, told: Callable[[Inn, Stay], dict[str, Any]]) -> None:
    stay = inn.change(inn.add("ANA", party="P1"), ready_at=AT, amount=100)
    inn.empty_queue()
    before = everything(inn)
    assert inn.change(stay, **told(inn, stay)) == stay
    assert everything(inn) == before
    assert inn.queue() == []


def test_a_change_of_an_older_version_is_stale_and_changes_nothing(inn: Inn) -> None:
    stay = inn.add("ANA")
    inn.change(stay, adults=2)
    before = everything(inn)
    with pytest.raises(Stale, match="changed by somebody else"):
        inn.change(stay, new_periods=(inn.period("room-2"),), guest=TOMAS, party="P2", adults=3)
    assert everything(inn) == before
    assert opened(inn.ring, inn.guests(stay)[0]) == ANA


# -- guests -----------------------------------------------------------------------------------------
def test_what_is_newly_known_of_a_guest_is_added_to_what_was(inn: Inn) -> None:
    stay = inn.add("ANA", guest=Person(name="Ana Lindqvist"))
    renamed = inn.change(stay, guest=Person(email=ANA.email, phone=ANA.phone))
    assert opened(inn.ring, inn.guests(renamed)[0]) == ANA
    assert (renamed.version, inn.guests(renamed)[0].version) == (2, 2)
    assert {rebuild.stay_id for rebuild in inn.queue()} == {
        stay.id,
        "",
    }  # other stays of Ana may show her name


def test_a_returning_guest_is_one_person_with_two_links(inn: Inn) -> None:
    first, second = inn.add("one"), inn.add("two", inn.period(on=FRIDAY + 30 * DAY))
    assert inn.guests(first) == inn.guests(second)
    assert inn.links(first)[0].slug != inn.links(second)[0].slug


def test_what_a_returning_guest_tells_anew_is_kept_and_nothing_is_lost(inn: Inn) -> None:
    first = inn.add("one", guest=Person(email=ANA.email, phone=ANA.phone))
    inn.empty_queue()
    told = Person(name=ANA.name, email=ANA.email.upper(), phone=ANA.phone)
    second = inn.add("two", inn.period(on=FRIDAY + 30 * DAY), guest=told)
    assert inn.guests(first) == inn.guests(second)
    assert opened(inn.ring, inn.guests(second)[0]) == ANA
    assert [rebuild.stay_id for rebuild in inn.queue()] == [""]  # the first stay's page learns the name


def test_a_guest_without_a_name_still_has_a_link(inn: Inn) -> None:
    stay = inn.add("ANA", guest=Person())
    assert opened(inn.ring, inn.guests(stay)[0]) == Person()
    assert len(inn.links(stay)) == 1


def test_consent_comes_with_the_booking(inn: Inn) -> None:
    stay = inn.add("ANA", opt_in=OptIn(at=AT, how="import", words="Yes"))
    assert inn.guests(stay)[0].opted_in_at == AT


# -- links ------------------------------------------------------------------------------------------
def test_a_links_key_opens_with_the_guests_key_and_is_found_by_the_guide_code(inn: Inn) -> None:
    stay = inn.add("ANA")
    (guest,), (link,) = inn.guests(stay), inn.links(stay)
    key = stays.open_page_key(inn.ring, guest, link)
    assert len(key) == 16
    with inn.database.read() as db:
        (row,) = db.all("links_of_stay", stay_id=stay.id)
    assert row["guide_token"] == inn.ring.blind("guide", PageSeal(key).guide_code)
    assert key not in bytes(row["page_key"])


def test_one_guests_link_does_not_open_with_another_guests_key(inn: Inn) -> None:
    ana, tomas = inn.add("ANA"), inn.add("TOMAS", inn.period("room-2"), guest=TOMAS)
    with pytest.raises(Refused):
        stays.open_page_key(inn.ring, inn.guests(tomas)[0], inn.links(ana)[0])


def test_a_renewed_link_is_new_in_everything_and_says_that_the_old_one_was_replaced(inn: Inn) -> None:
    stay = inn.add("ANA")
    (old,) = inn.links(stay)
    inn.empty_queue()
    fresh = renew(inn, old)
    replaced, listed = inn.links(stay)
    assert listed == fresh
    assert replaced == msgspec.structs.replace(old, replaced_at=AT)
    assert fresh.generation == old.generation + 1
    assert fresh.slug != old.slug
    (guest,) = inn.guests(stay)
    assert stays.open_page_key(inn.ring, guest, fresh) != stays.open_page_key(inn.ring, guest, old)
    assert events(inn, stay)[-1].kind == "link-replaced"
    assert [(rebuild.stay_id, rebuild.why) for rebuild in inn.queue()] == [(stay.id, "link renewed")]


def test_a_link_is_renewed_once(inn: Inn) -> None:
    (old,) = inn.links(inn.add("ANA"))
    renew(inn, old)
    with pytest.raises(Stale, match="replaced a moment ago"):
        renew(inn, old)


@pytest.mark.parametrize(
    "change",
    [
        lambda inn: {"status": "cancelled"},
        lambda inn: {"new_periods": (inn.period("room-2", nights=9),)},
        lambda inn: {"guest": TOMAS},
        lambda inn: {"language": "ja", "reference": "other"},
    ],
)
def test_no_change_of_a_stay_touches_its_link(inn: Inn, change: Callable[[Inn], dict[str, Any]]) -> None:
    stay = inn.add("ANA")
    (before,) = inn.links(stay)
    (after,) = inn.links(inn.change(stay, **change(inn)))
    assert msgspec.structs.replace(after, contact_version=before.contact_version) == before


def test_links_to_publish_are_those_of_stays_that_have_not_ended_long_ago(inn: Inn) -> None:
    stay = inn.add("ANA")
    with inn.database.read() as db:
        for since, count in ((date(2026, 11, 8), 1), (date(2026, 11, 9), 0)):
            rows = db.all("links_to_publish", property_id=inn.house.id, ended_since=since.isoformat())
            assert len(rows) == count
        assert records.find_stay(db, stay.code) == stay
