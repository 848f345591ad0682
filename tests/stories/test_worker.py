"""A worker through bad days: upgrades, rotated keys, lost permissions, houses that share a picture."""

import shutil
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from generator.keys import add_key, use_key
from generator.orders import Order
from generator.press import open_press, working_mark
from generator.publishing import publish, publish_property, send_invalidations
from generator.rebuilder import work_once
from generator.verifying import verify
from guestlink import houses, secret_values, stays
from guestlink.crypto import read_keys
from guestlink.errors import SettingsError
from guestlink.houses import HouseDraft
from guestlink.records import find_stay, stay_links
from guestlink.settings import load_settings, save_setting
from tests.faults.crashing import Reader
from tests.guest import open_page
from tests.house import (
    AT,
    BY,
    DOOR,
    FILES,
    ROOT,
    add_stay,
    from_folder,
    link_of,
    make_home,
    opened,
    run_publish,
    the_house,
    three_stays,
    write_files,
)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def settings(tmp_path):
    """Published once, with a theme of its own that a test may change."""
    settings = make_home(tmp_path / "home")
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    settings = save_setting(settings, theme=str(tmp_path / "theme"))
    three_stays(settings)
    run_publish(settings)
    return settings


def upgrade(settings) -> None:
    script = settings.theme_folder / "static/welcome.js"
    script.write_text(script.read_text() + "// newer\n")


def broken_links(settings) -> list[str]:
    press = open_press(settings)
    reader = Reader(press.target.storage)
    reader()
    press.database.close()
    return reader.broken


def change_code(settings, value: str = "Nn4changed") -> None:
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        secret_values.set_secret(tx, ring, house, name="door-code", value=value, at=AT, by=BY)
    database.close()


def work(settings, at) -> None:
    press = open_press(settings)
    work_once(press, at=at)
    press.database.close()


def test_a_worker_after_an_upgrade_puts_the_themes_files_before_any_page(settings):
    upgrade(settings)
    change_code(settings)
    work(settings, AT + SECOND)
    assert "Nn4changed" in open_page(from_folder(settings), link_of(settings, "ANA")).codes
    assert broken_links(settings) == []


def test_old_theme_files_stay_while_any_page_loads_them(settings):
    other = add_stay(settings, "NEW", unit="room-1", arrives=AT.date() + 9 * DAY, leaves=AT.date() + 10 * DAY)
    run_publish(settings)
    upgrade(settings)
    for days in (0, 2, 4):
        run_publish(
            settings, at=AT + days * DAY, only_property="planted", only_stay=other.id, from_files=False
        )
        assert broken_links(settings) == []
    for days in (6, 8, 10):
        run_publish(settings, at=AT + days * DAY)
        assert broken_links(settings) == []
    assets = settings.path("data/site/assets")
    assert len(list(assets.glob("welcome.*.js"))) == 1, "in the end the old one is swept"


def test_a_worker_notices_that_keys_settings_theme_or_program_changed(settings):
    press = open_press(settings)
    mark = working_mark(settings)
    assert press.mark == mark
    new = add_key(settings, read_keys(settings.keys_file), key_id="", at=AT)
    marks = {mark, working_mark(settings)}
    use_key(settings, read_keys(settings.keys_file), new.id, new_id="")
    marks.add(working_mark(settings))
    upgrade(settings)
    marks.add(working_mark(settings))
    press.database.close()
    assert len(marks) == 4


def test_a_lost_permission_at_the_very_boundary_is_made_up_for(settings):
    press = open_press(settings)
    link = link_of(settings, "ANA")
    ends = AT + 2 * DAY

    def refused(*args, **kwargs):
        raise SettingsError("The bucket refuses us.", setting="site_url")

    storage = press.target.storage
    put = storage.put
    storage.put = refused
    work_once(press, at=ends)
    assert DOOR in open_page(from_folder(settings), link).codes
    storage.put = put
    work_once(press, at=ends + timedelta(minutes=1))
    assert DOOR not in open_page(from_folder(settings), link).codes
    press.database.close()


def second_house(settings) -> None:
    database, _ = opened(settings)
    with database.write() as tx:
        draft = HouseDraft(slug="second", zone="Asia/Tokyo", currency="JPY", default_language="en")
        houses.add_property(tx, draft, at=AT, by=BY)
    database.close()
    write_files(settings, {name: text for name, text in FILES.items() if "attic" not in name}, slug="second")


def test_two_houses_with_the_same_picture_never_take_it_from_each_other(settings):
    second_house(settings)
    run_publish(settings)
    door = settings.content_folder / "second/sections/door.en.md"
    door.write_text(door.read_text().replace("picture: door.svg\npicture_alt: A blue door\n", ""))
    translated = settings.content_folder / "second/sections/door.de.md"
    translated.write_text(translated.read_text().replace("picture_alt: Eine blaue Tür\n", ""))
    for days in (1, 3, 5):
        run_publish(settings, at=AT + days * DAY)
        assert broken_links(settings) == []


def test_a_defect_in_one_house_does_not_hold_back_another(settings, monkeypatch):
    second_house(settings)
    press = open_press(settings)
    real = type(press).content

    def defective(self, house, **order):
        if house.slug == "planted":
            raise OverflowError
        return real(self, house, **order)

    monkeypatch.setattr(type(press), "content", defective)
    outcomes = {outcome.slug: outcome for outcome in publish(press, Order(now=True), at=AT)}
    press.database.close()
    assert "defect" in str(outcomes["planted"].error)
    assert outcomes["second"].error is None


def test_an_invalidation_waits_until_its_put_is_recorded(settings):
    """Sent earlier, the CDN would fetch the old page once more and keep it."""
    press = open_press(settings)
    target = msgspec.structs.replace(press.target, distribution="E1")
    press = replace(press, target=target)
    sent_during: list[int] = []
    change_code(settings)
    storage = press.target.storage
    put = storage.put

    def watched(path, body, **rules):
        with press.database.read() as db:
            sent_during.append(len(db.all("asked_invalidations", target=press.target.name)))
        return put(path, body, **rules)

    storage.put = watched
    order = Order(from_files=False, only_property="planted")
    publish_property(press, the_house(press.database), order, at=AT)
    assert sent_during
    assert set(sent_during) == {0}
    with press.database.read() as db:
        assert len(db.all("asked_invalidations", target=press.target.name)) == 1
    press.database.close()


def test_a_guest_who_no_longer_comes_again_is_no_longer_told_so(settings):
    words = "---\ntitle: Back\norder: 8\nonly_if: returning\n---\nGood to see you again.\n"
    write_files(settings, {"sections/back.en.md": words})
    add_stay(settings, "AGAIN", unit="room-1", arrives=AT.date() + 20 * DAY, leaves=AT.date() + 22 * DAY)
    run_publish(settings)
    assert "Good to see you again" in open_page(from_folder(settings), link_of(settings, "AGAIN")).stay
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        stays.change_stay(tx, ring, house, find_stay(tx, "ANA"), at=AT, by=BY, status="cancelled")
    database.close()
    work(settings, AT + SECOND)
    assert "Good to see you again" not in open_page(from_folder(settings), link_of(settings, "AGAIN")).stay


def test_publishing_one_stay_leaves_unpublished_edits_alone(settings):
    stay = add_stay(settings, "NEW", unit="room-1", arrives=AT.date() + 9 * DAY, leaves=AT.date() + 10 * DAY)
    write_files(settings, {"sections/wifi.en.md": FILES["sections/wifi.en.md"] + "\nHALF-WRITTEN\n"})
    run_publish(settings, only_property="planted", only_stay=stay.id, from_files=False)
    assert "HALF-WRITTEN" not in open_page(from_folder(settings), link_of(settings, "NEW")).page


def test_everything_is_as_recorded_after_all_of_it(settings):
    upgrade(settings)
    change_code(settings)
    work(settings, AT + SECOND)
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        stays.renew_link(tx, ring, house, stay_links(tx, find_stay(tx, "ANA"))[0], at=AT, by=BY)
    database.close()
    work(load_settings(settings.path("."), {}), AT + 2 * SECOND)
    press = open_press(settings)
    found = verify(press)
    assert send_invalidations(press) == 0
    press.database.close()
    assert (found.missing, found.altered, found.foreign) == ((), (), ())
