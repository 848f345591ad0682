"""What was read of a property's files holds until something that it depends on changes."""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from generator.files import stamps
from generator.files.host_folder import file_digests
from generator.orders import Order
from generator.press import Reading, open_press
from generator.publishing import publish
from guestlink import secret_values
from guestlink.settings import Settings, load_settings
from tests.house import AT, make_home, the_house, write_files

LONG_AGO = AT.timestamp() - 3600


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A house that has been published from files that are an hour old."""
    monkeypatch.setattr(stamps, "SETTLED", timedelta())  # their inodes have changed just now
    settings = make_home(tmp_path)
    grow_old(settings)
    press = open_press(settings)
    with closing(press.database):
        publish(press, Order(), at=AT)
    return settings


def grow_old(settings: Settings) -> None:
    for file in settings.content_folder.rglob("*"):
        os.utime(file, (LONG_AGO, LONG_AGO))


def read_again(settings: Settings) -> Reading:
    """By a process that knows nothing but the records."""
    press = open_press(settings)
    with closing(press.database):
        return press.content(the_house(press.database), from_files=True, at=AT)


def test_equal_files_are_not_read_twice(settings: Settings):
    again = read_again(settings)
    assert again.is_known
    assert again.from_files
    assert again.content.sections["wifi"]["en"].title == "Wi-Fi"
    assert set(again.files) >= {"property.md", "sections/wifi.en.md"}


def test_a_changed_file_is_read_even_when_it_looks_as_old(settings: Settings):
    wifi = settings.content_folder / "planted" / "sections" / "wifi.en.md"
    text = wifi.read_text("utf-8").replace("Wi-Fi", "Wi-Fo")
    write_files(settings, {"sections/wifi.en.md": text})
    os.utime(wifi, (LONG_AGO, LONG_AGO))
    again = read_again(settings)
    assert not again.is_known
    assert again.content.sections["wifi"]["en"].title == "Wi-Fo"
    assert again.files == file_digests(settings.content_folder / "planted")


def test_a_new_secret_has_all_texts_searched_for_its_value(settings: Settings):
    press = open_press(settings)
    with closing(press.database), press.database.write() as tx:
        house = the_house(press.database)
        secret_values.set_secret(tx, press.ring, house, name="safe-code", value="Mind", at=AT, by="test")
    again = read_again(settings)
    assert not again.is_known
    assert any("safe-code" in problem.message for problem in again.content.problems)


def test_a_folder_that_lies_elsewhere_now_is_read_again(settings: Settings, tmp_path: Path):
    (tmp_path / "content").rename(tmp_path / "texts")
    moved = tmp_path / "data" / "guestlink.toml"
    moved.write_text(moved.read_text("utf-8") + f'content = "{tmp_path / "texts"}"\n', "utf-8")
    again = read_again(load_settings(tmp_path, {}))
    assert not again.is_known
    assert Path(again.content.pictures["door.svg"].path).is_relative_to(tmp_path / "texts")
