"""With all kinds of rules, rooms and dates at once, what is live is at every hour what the records say."""

import random
from datetime import timedelta

import msgspec
import pytest

from generator.pages import compose
from generator.press import Press, open_press
from generator.rebuilder import work_once
from generator.views import stay_views
from guestlink import records, secret_values, stays
from guestlink.contacts import Person
from guestlink.records import Period
from guestlink.secret_values import Rule
from guestlink.settings import Settings
from tests.house import AT, BY, TODAY, make_home, opened, run_publish, write_files

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STAYS = ((0, 3, "room-1"), (4, 3, "room-1"), (1, 5, "room-2"), (12, 4, "room-2"))
SPRING = f"from: {TODAY + 2 * DAY}\nuntil: {TODAY + 4 * DAY}"
FILES = {
    "sections/spring.en.md": f"---\ntitle: Spring\norder: 9\n{SPRING}\n---\nx\n",
    "sections/back.en.md": "---\ntitle: Back\norder: 8\nonly_if: returning\n---\nGood to see you again.\n",
}


def random_house(settings: Settings, dice: random.Random) -> None:
    """Four stays, one of which changes rooms, and secrets of all scopes, rules and validities."""
    write_files(settings, FILES)
    database, ring = opened(settings)
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        rooms = {slug: records.find_unit(tx, house, slug) for slug in ("room-1", "room-2")}
        for number, (offset, nights, slug) in enumerate(STAYS):
            first = TODAY + offset * DAY
            period = Period(unit_id=rooms[slug].id, unit=slug, from_on=first, until_on=first + nights * DAY)
            moved = _moved(period, rooms["room-1"].id) if number == 3 else (period,)
            draft = stays.StayDraft(
                source="test",
                source_uid=f"S{number}",
                check_out=dice.choice(["", "14:00", "03:00"]),
                check_in=dice.choice(["", "12:00"]),
                periods=moved,
                guest=Person(name=dice.choice(["Ana", f"N{number}"]), email="ana@example.com"),
            )
            stays.add_stay(tx, ring, house, draft, at=AT - 9 * DAY, by=BY)
        for number in range(6):
            begins = AT + dice.randrange(-200, 200) * HOUR
            rule = Rule(kind=dice.choice(["booking", "hours", "ready"]), hours=dice.randrange(1, 90))
            secret_values.set_secret(
                tx,
                ring,
                house,
                name=dice.choice(["door-code", "gate-code", "key-box", "wifi-password"]),
                value=f"value{number}",
                at=AT - 9 * DAY,
                by=BY,
                unit=dice.choice([None, *rooms.values()]),
                rule=dice.choice([None, rule]),
                valid_from=begins,
                valid_until=dice.choice([None, begins + dice.randrange(1, 300) * HOUR]),
            )
    database.close()


def _moved(period: Period, other: str) -> tuple[Period, ...]:
    change = period.from_on + DAY
    return (
        msgspec.structs.replace(period, until_on=change),
        msgspec.structs.replace(period, unit_id=other, unit="room-1", from_on=change),
    )


def differences(press: Press, at) -> list[str]:
    """Paths of which something else is live than the records say now."""
    with press.database.read() as db:
        house = records.find_property(db, "planted")
        views = stay_views(db, house, at=at)
        rows = db.all("live_pages", target=press.target.name, property_id=house.id)
    content = press.content(house, from_files=False, at=at).content
    live = {row["path"]: row for row in rows if row["path"].startswith("w/")}
    wanted = {page.path: page for view in views for page in compose(view, content, press.site, at=at)}
    wrong = list(live.keys() ^ wanted.keys())
    for path in live.keys() & wanted.keys():
        shown = {f"{window.secret_id}:{window.version}" for window in wanted[path].shown}
        if shown != set(msgspec.json.decode(live[path]["parts"])["shown"]):
            wrong.append(f"{path}: other codes")
        elif live[path]["source_hash"] != wanted[path].source_hash:
            wrong.append(f"{path}: stale")
    return wrong


def step_through(settings: Settings, seed: int, step: timedelta) -> None:
    random_house(settings, random.Random(seed))
    run_publish(settings, at=AT - 8 * DAY)
    press = open_press(settings)
    at = AT - 8 * DAY
    while at < AT + 18 * DAY:
        work_once(press, at=at)
        assert differences(press, at) == [], f"seed {seed} at {at}"
        at += step
    press.database.close()


@pytest.mark.parametrize("seed", [1, 3])
def test_what_is_live_is_what_the_records_say(tmp_path, seed):
    step_through(make_home(tmp_path), seed, 3 * HOUR)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(20))
def test_what_is_live_is_what_the_records_say_in_many_houses(tmp_path, seed):
    step_through(make_home(tmp_path), seed, HOUR)
