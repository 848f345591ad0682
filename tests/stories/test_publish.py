"""Publishing: what changes is put and nothing else, and says why; equal input, equal bytes."""

import json
import shutil
from datetime import timedelta

import pytest

from generator.orders import Order
from generator.press import open_press
from generator.publishing import publish
from generator.verifying import doubt, verify
from guestlink import catalogue, houses, stays
from guestlink.errors import ContentError
from guestlink.houses import HouseDraft
from guestlink.language import LANGUAGES
from guestlink.records import Period, find_stay, find_unit, stay_links
from guestlink.settings import load_settings
from tests.guest import open_page, through_gate
from tests.house import (
    AT,
    BY,
    DOOR,
    FILES,
    add_stay,
    from_folder,
    link_of,
    make_home,
    opened,
    run_publish,
    site_files,
    the_house,
    three_stays,
    write_files,
)

DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path):
    settings = make_home(tmp_path / "home")
    three_stays(settings)
    run_publish(settings)
    return settings


def change(settings, reference: str, **fields) -> None:
    database, ring = opened(settings)
    with database.write() as tx:
        stay = find_stay(tx, reference)
        stays.change_stay(tx, ring, the_house(database), stay, at=AT, by=BY, **fields)
    database.close()


def uploads(outcomes) -> int:
    return sum(outcome.uploaded for outcome in outcomes)


def test_two_publishes_from_scratch_give_the_same_bytes(settings, tmp_path):
    twin = tmp_path / "twin"
    shutil.copytree(settings.home, twin, ignore=shutil.ignore_patterns("site"))
    again = load_settings(twin, {"GUESTLINK_SITE_URL": "file:data/elsewhere"})
    run_publish(again)
    first = site_files(settings)
    second = {
        path.relative_to(twin / "data/elsewhere").as_posix(): path.read_bytes()
        for path in (twin / "data/elsewhere").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert first.keys() == second.keys()
    assert first == second


def test_a_second_publish_puts_nothing(settings):
    assert uploads(run_publish(settings)) == 0


def test_one_stay_changed_is_its_pages_and_nothing_else(settings):
    before = site_files(settings)
    change(settings, "ANA", check_out="12:30")
    outcomes = run_publish(settings)
    after = site_files(settings)
    slug = link_of(settings, "ANA").split("/")[-1].partition("#")[0]
    changed = {path for path in before if before[path] != after[path]}
    assert len(changed) == 2
    assert all(slug in path for path in changed)
    assert outcomes[1].reasons == {"stay changed, codes changed": 2}


def test_an_edited_file_is_named_as_the_reason(settings):
    write_files(
        settings, {"sections/wifi.en.md": FILES["sections/wifi.en.md"] + "\nAsk for the second network.\n"}
    )
    outcomes = run_publish(settings)
    assert list(outcomes[1].reasons) == ["sections/wifi.en.md edited"]


def catalogue_of(settings) -> dict[tuple[str, str, str], dict]:
    """What the edge reads, by kind, key and language."""
    database, _ = opened(settings)
    with database.read() as db:
        rows = catalogue.entries(db, the_house(database))
    database.close()
    return {(row.kind, row.key, row.language): json.loads(row.body) for row in rows}


def test_an_edited_message_changes_no_page_but_what_goes_out(settings):
    before = site_files(settings)
    message = "---\nsubject: Soon\nsend: 2 days before arrival, 10:00\n---\nCome to {house}.\n"
    write_files(settings, {"journey/soon.en.md": message})
    assert uploads(run_publish(settings)) == 0
    write_files(settings, {"journey/soon.en.md": message.replace("Soon", "Until soon")})
    assert uploads(run_publish(settings)) == 0
    assert site_files(settings) == before
    told = catalogue_of(settings)["journey", "soon", "en"]
    assert (told["subject"], told["text"]) == ("Until soon", "Come to {house}.")
    assert told["send"] == {"anchor": "arrival", "days": -2, "time": "10:00"}


def test_what_stands_around_mails_is_published_in_every_language_and_follows_the_house(settings):
    write_files(settings, {"property.md": FILES["property.md"].replace("name: Planted", "name: Plantain", 1)})
    run_publish(settings)
    frames = {
        language: frame for (kind, _, language), frame in catalogue_of(settings).items() if kind == "mail"
    }
    assert frames.keys() == set(LANGUAGES)
    assert all("Plantain" in frame["html"] and "Plantain" in frame["text_foot"] for frame in frames.values())
    assert 'dir="rtl"' in frames["ar"]["html"]


def test_a_dry_run_changes_nothing_and_tells_what_would(settings):
    before = site_files(settings)
    change(settings, "ANA", check_out="12:30")
    outcomes = run_publish(settings, dry_run=True)
    assert site_files(settings) == before
    assert uploads(outcomes) == 2
    assert uploads(run_publish(settings)) == 2


def test_a_sent_link_survives_an_extra_night(settings):
    link = link_of(settings, "ANA")
    database, _ = opened(settings)
    house = the_house(database)
    with database.read() as db:
        room = find_unit(db, house, "room-1")
        stay = find_stay(db, "ANA")
    database.close()
    longer = Period(unit_id=room.id, unit="room-1", from_on=stay.from_on, until_on=stay.until_on + 40 * DAY)
    before = through_gate(from_folder(settings), link)
    change(settings, "ANA", new_periods=(longer,))
    run_publish(settings)
    after = open_page(from_folder(settings), link)
    assert DOOR in after.codes
    assert after.address != before, "the signature lasts longer now"


def test_a_renewed_link_makes_the_old_one_say_so(settings):
    old = link_of(settings, "ANA")
    database, ring = opened(settings)
    with database.write() as tx:
        link = stay_links(tx, find_stay(tx, "ANA"))[0]
        stays.renew_link(tx, ring, the_house(database), link, at=AT, by=BY)
    database.close()
    run_publish(settings)
    assert "This link was replaced" in through_gate(from_folder(settings), old)
    assert DOOR in open_page(from_folder(settings), link_of(settings, "ANA")).codes
    slug = old.split("/")[-1].partition("#")[0]
    assert not (settings.path("data/site/w/_") / slug).exists()


def test_a_cancelled_stay_says_so_at_the_gate_and_loses_its_pages(settings):
    link = link_of(settings, "ANA")
    change(settings, "ANA", status="cancelled")
    run_publish(settings)
    assert "cancelled" in through_gate(from_folder(settings), link)
    slug = link.split("/")[-1].partition("#")[0]
    assert not (settings.path("data/site/w/_") / slug).exists()


def test_a_mistake_in_one_house_does_not_stop_another(settings, tmp_path):
    database, _ = opened(settings)
    with database.write() as tx:
        draft = HouseDraft(slug="second", zone="Asia/Tokyo", currency="JPY", default_language="en")
        houses.add_property(tx, draft, at=AT, by=BY)
    database.close()
    plain = {name: text for name, text in FILES.items() if "attic" not in name}
    write_files(settings, plain, slug="second")
    (settings.content_folder / "planted/sections/wifi.en.md").write_text("no front matter")
    change(settings, "ANA", check_out="12:30")
    press = open_press(settings)
    outcomes = {outcome.slug: outcome for outcome in publish(press, Order(), at=AT)}
    press.database.close()
    assert isinstance(outcomes["planted"].error, ContentError)
    assert "planted/sections/wifi.en.md" in str(outcomes["planted"].error)
    assert outcomes["planted"].uploaded == 2, "stays go live with the texts of the last good publish"
    assert outcomes["second"].error is None


def test_verify_names_what_is_missing_altered_and_foreign_and_publish_mends_it(settings):
    site = settings.path("data/site")
    pages = sorted((site / "w/_").rglob("*.html"))
    wanted = site_files(settings)
    pages[0].unlink()
    pages[1].write_bytes(b"altered")
    (site / "foreign.txt").write_text("who put this here")
    press = open_press(settings)
    found = verify(press)
    assert found.missing == (pages[0].relative_to(site).as_posix(),)
    assert found.altered == (pages[1].relative_to(site).as_posix(),)
    assert found.foreign == ("foreign.txt",)
    doubt(press, [*found.missing, *found.altered])
    press.database.close()
    run_publish(settings)
    assert site_files(settings) == {**wanted, "foreign.txt": b"who put this here"}


def test_one_stay_alone_can_be_published(settings):
    stay = add_stay(settings, "NEW", unit="room-1", arrives=AT.date() + 9 * DAY, leaves=AT.date() + 10 * DAY)
    change(settings, "ANA", check_out="12:30")
    outcomes = run_publish(settings, only_property="planted", only_stay=stay.id)
    assert outcomes[-1].uploaded == 3
    assert uploads(run_publish(settings)) == 2, "Ana's change was left for the next publish"
