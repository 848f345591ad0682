"""`publish.py demo` makes big houses of invented people, never among real ones without being told to."""

import json
from collections import Counter
from datetime import timedelta

from generator.crowd import crowd, fictitious_phones, rooms_needed
from guestlink import clock, records, zones
from guestlink.contacts import opened
from guestlink.crypto import read_keys
from guestlink.records import find_property
from guestlink.settings import load_settings

LANGUAGES = ("ar", "fr", "en")


def drafted(seed: str, stays: int, phones: list[str] | None = None):
    rooms = rooms_needed(stays, least=5)
    told = fictitious_phones(seed) if phones is None else phones
    return crowd(seed, rooms=rooms, stays=stays, languages=LANGUAGES, prefix="d1", phones=told)


def test_equal_seeds_give_equal_crowds_and_other_seeds_others():
    assert drafted("1", 300) == drafted("1", 300)
    assert drafted("1", 300) != drafted("2", 300)


def test_however_many_stays_no_room_has_two_on_one_night():
    for stays in (1, 4, 37, 2000):
        every = drafted("rooms", stays)
        assert len(every) == len({each.reference for each in every}) == stays
        nights = Counter((each.room, day) for each in every for day in range(each.arrives, each.leaves))
        assert max(nights.values()) == 1


def test_people_are_plausible_and_nobody_can_be_reached():
    every = drafted("people", 2000)
    assert set(LANGUAGES) < {each.language for each in every}
    assert sum(each.language in LANGUAGES for each in every) > 1200
    assert {"direct", "booking-com", "airbnb", "vrbo"} == {each.source for each in every}
    assert {"confirmed", "cancelled", "no_show", "proposed_cancelled"} == {each.status for each in every}
    assert any(each.arrives < 0 < each.leaves for each in every)
    assert set(Counter(each.party for each in every if each.party).values()) == {2}
    mails = [each.guest.email for each in every if each.guest.email]
    assert len(set(mails)) < len(mails), "some come again"
    assert all(mail.isascii() and mail.endswith("@example.com") for mail in mails)
    phones = {each.guest.phone for each in every} - {""}
    assert phones
    assert all(phone.startswith(("+447700900", "+441632960")) and len(phone) == 13 for phone in phones)


def test_a_fresh_home_gets_a_full_house_that_can_be_published(sayer, home, records_of):
    home.mkdir()
    answer = sayer(home)("demo", "--stays", "40", "--properties", "2", "--seed", "winter")
    assert answer.code == 0, answer.err
    assert "publish.py publish" in answer.out
    assert answer.last.endswith("Nobody of them is real.")
    settings = load_settings(home, {})
    ring = read_keys(settings.keys_file)
    with records_of().read() as db:
        houses = records.properties(db)
        assert [house.slug for house in houses] == ["demo-1", "demo-2"]
        for house in houses:
            today = zones.local_date(clock.now(), house.zone)
            rows = db.all("stays_of_property", property_id=house.id)
            stays = records.shaped_all(rows, records.Stay)
            assert len(stays) == 20
            assert min(stay.from_on for stay in stays) < today < max(stay.until_on for stay in stays)
            assert max(abs(stay.from_on - today) for stay in stays) < timedelta(days=60)
            assert all(opened(ring, records.contacts(db, stay)[0]).name for stay in stays)
    assert not (settings.content_folder / "demo-1" / "journey").exists(), "it writes to nobody"
    published = sayer(home)("publish", "--property", "demo-1")
    assert published.code == 0, published.err
    assert "demo-1 is live" in published.out
    asked = sayer(home)("demo", "requests", "--count", "5")
    assert asked.code == 0, asked.err
    assert asked.last.startswith("5 requests asked")
    open_now = json.loads(sayer(home)("requests", "--json", "--all").out)
    assert len(open_now) == 5


def test_a_home_with_a_real_house_is_left_alone_unless_told_so(in_house, records_of):
    refused = in_house("demo", "--stays", "3")
    assert refused.code == 1
    assert "casa-azul" in refused.err
    with records_of().read() as db:
        before = find_property(db, "casa-azul")
        assert [house.slug for house in records.properties(db)] == ["casa-azul"]
    answer = in_house("demo", "--stays", "3", "--yes")
    assert answer.code == 0
    assert "Beside casa-azul" in answer.out
    with records_of().read() as db:
        assert find_property(db, "casa-azul") == before
        assert find_property(db, "demo-1").id != before.id


def test_another_demo_is_put_beside_the_first(say):
    assert say("demo", "--stays", "2").code == 0
    again = say("demo", "--stays", "2")
    assert again.code == 0
    assert "demo-2" in again.last


def test_nobody_asks_for_anything_where_no_demo_house_is_published(in_house):
    refused = in_house("demo", "requests")
    assert refused.code == 1
    assert "publish.py demo" in refused.err


def test_impossible_numbers_are_named(say):
    assert say("demo", "--stays", "0").code == 2
    assert "at least one for each house" in say("demo", "--stays", "2", "--properties", "3").err
