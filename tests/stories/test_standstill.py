"""A publish that has nothing to do is told so by records and stamps, and by nothing that could be old."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from generator import standstill
from generator.builds import known_build
from generator.files import stamps
from generator.ledger import SITE
from generator.orders import Order, Outcome
from guestlink import clock, houses
from guestlink.database import Database
from guestlink.houses import HouseDraft
from guestlink.settings import Settings
from tests.house import AT, BY, add_stay, make_home, opened, run_publish, the_house, three_stays

DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A house whose pages are live."""
    monkeypatch.setattr(stamps, "SETTLED", timedelta())  # its files were made just now
    settings = make_home(tmp_path)
    three_stays(settings)
    run_publish(settings)
    return settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database, _ = opened(settings)
    with closing(database):
        yield database


def answer(settings: Settings, database: Database, *, at: datetime = AT) -> list[Outcome] | None:
    """None: something may have to be published."""
    build = known_build(settings)
    return standstill.everything(database, settings, Order(), at=at, build=build) if build else None


def test_what_is_answered_is_what_a_publish_answers(settings: Settings, database: Database):
    assert answer(settings, database) == run_publish(settings)


def edited(settings: Settings, _: Database) -> None:
    file = settings.content_folder / "planted" / "sections" / "wifi.en.md"
    before = file.stat()
    file.write_text(file.read_text("utf-8").replace("Wi-Fi", "Wi-Fo"), "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def another_stay(settings: Settings, _: Database) -> None:
    add_stay(settings, "NEW", unit="room-1", arrives=AT.date() + 9 * DAY, leaves=AT.date() + 11 * DAY)


def another_house(_: Settings, database: Database) -> None:
    with database.write() as tx:
        draft = HouseDraft(slug="second", zone="Europe/Rome", currency="EUR", default_language="it")
        houses.add_property(tx, draft, at=AT, by=BY)


def cut_off(_: Settings, database: Database) -> None:
    with database.write() as tx:
        paths = [row["path"] for row in tx.all("all_live_pages", target="file:data/site")]
        tx.do("doubt_page", target="file:data/site", path=paths[0], why="cut off")


def to_invalidate(_: Settings, database: Database) -> None:
    with database.write() as tx:
        tx.do(
            "add_invalidation",
            id=clock.new_id(),
            target="file:data/site",
            property_id=the_house(database).id,
            paths="[]",
            why="",
            asked_at=clock.as_text(AT),
        )
        tx.do("ask_planned_invalidations", target="file:data/site", property_id=the_house(database).id)


CHANGES = (edited, another_stay, another_house, cut_off, to_invalidate)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_changes_is_left_to_a_publish(
    settings: Settings, database: Database, change: Callable[[Settings, Database], None]
):
    assert answer(settings, database)
    change(settings, database)
    assert answer(settings, database) is None


def test_a_phase_that_ends_is_left_to_a_publish(settings: Settings, database: Database):
    found = answer(settings, database)
    assert found
    boundary = next(each.boundary for each in found if each.slug != SITE)
    assert boundary
    assert answer(settings, database, at=boundary - timedelta(seconds=1))
    assert answer(settings, database, at=boundary) is None


def test_other_settings_are_left_to_a_publish(settings: Settings, database: Database):
    changes = (
        {"public_url": "https://other.example"},
        {"page_languages": "guest"},
        {"site_url": "file:data/b"},
    )
    for change in changes:
        assert answer(msgspec.structs.replace(settings, **change), database) is None
