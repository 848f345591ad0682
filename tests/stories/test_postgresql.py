"""The publish journey on a real PostgreSQL: the same stories hold."""

from datetime import timedelta

from generator.press import open_press
from generator.rebuilder import work_once
from generator.verifying import verify
from guestlink import secret_values
from tests.guest import open_page
from tests.house import (
    AT,
    BY,
    DOOR,
    from_folder,
    link_of,
    make_home,
    opened,
    run_publish,
    the_house,
    three_stays,
)


def test_publish_change_and_work_on_postgresql(tmp_path, postgres_database):
    settings = make_home(tmp_path, database_url=postgres_database)
    three_stays(settings)
    run_publish(settings)
    assert sum(outcome.uploaded for outcome in run_publish(settings)) == 0
    assert DOOR in open_page(from_folder(settings), link_of(settings, "ANA")).codes
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        secret_values.set_secret(tx, ring, house, name="door-code", value="Nn4changed", at=AT, by=BY)
    database.close()
    press = open_press(settings)
    assert work_once(press, at=AT + timedelta(seconds=1)) >= 1
    assert "Nn4changed" in open_page(from_folder(settings), link_of(settings, "ANA")).codes
    assert work_once(press, at=AT + timedelta(days=100)) >= 1
    assert verify(press).missing == ()
    kept = settings.path("data/site/w")
    assert [path.name for path in kept.rglob("*") if path.is_file()] == ["sw.js"]
    press.database.close()
