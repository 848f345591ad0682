"""A host's photographs on the whole way: from the folder to the site, and private ones behind the seal."""

import re
import shutil
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from generator.files import darkroom
from generator.files.host_content import HostContent
from generator.orders import Order
from generator.press import open_press
from generator.publishing import publish
from generator.rebuilder import work_once
from guestlink.errors import ContentError
from guestlink.settings import load_settings
from tests.generator.photos import CAMERA, photo
from tests.guest import Opened, open_page
from tests.house import (
    AT,
    FILES,
    from_folder,
    link_of,
    make_home,
    run_publish,
    site_files,
    the_house,
    three_stays,
    write_files,
)

DAY = timedelta(days=1)
DOOR = """---
title: The door
order: 1
icon: door
lead: arriving, in_house
picture: private/door.jpg
picture_alt: Planted alt of the door
updated: 2026-01-01
---
Type [[door-code]] and pull. ![The box behind the rosemary](private/box.jpg)
"""
ATTIC = FILES["sections/attic.en.md"] + "\n![The beam](beam.jpg) ![The safe](private/safe.jpg)\n"
HARBOUR = """---
title: The harbour
order: 5
picture: harbour.jpg
picture_alt: The harbour
updated: 2026-01-01
---
Boats.
"""
PHOTOS = {
    "harbour.jpg": photo(1300, 900, where=True, turned=6),
    "beam.jpg": photo(500, 300),
    "private/door.jpg": photo(900, 700, where=True),
    "private/box.jpg": photo(620, 480),
    "private/safe.jpg": photo(640, 400),
}


@pytest.fixture
def settings(furnished, tmp_path):
    """A house of the test's own with photographs, published."""
    return load_settings(Path(shutil.copytree(furnished, tmp_path / "home")), {})


@pytest.fixture(scope="module")
def furnished(tmp_path_factory) -> Path:
    """That house as it is copied: its photographs are encoded once."""
    settings = make_home(tmp_path_factory.mktemp("furnished"))
    three_stays(settings)
    write_files(
        settings,
        {
            "sections/door.en.md": DOOR,
            "sections/attic.en.md": ATTIC,
            "sections/harbour.en.md": HARBOUR,
            "property.md": FILES["property.md"].replace("phone:", "picture: harbour.jpg\nphone:"),
        },
    )
    for name, raw in PHOTOS.items():
        put_photo(settings, name, raw)
    run_publish(settings)
    return Path(settings.home)


def put_photo(settings, name: str, raw: bytes) -> None:
    path = settings.content_folder / "planted/pictures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)


def content_of(settings) -> HostContent:
    press = open_press(settings)
    database = press.database
    content = press.content(the_house(database), from_files=False, at=AT).content
    database.close()
    return content


def addresses(settings, name: str) -> list[str]:
    return [file.path for file in content_of(settings).pictures[name].files]


def opened(settings, reference: str) -> Opened:
    return open_page(from_folder(settings), link_of(settings, reference))


def published(settings) -> dict[str, bytes]:
    return {path: body for path, body in site_files(settings).items() if path.startswith("assets/p/")}


def test_every_address_in_a_page_is_published_in_the_width_it_promises(settings):
    page = opened(settings, "ANA")
    files, promised = site_files(settings), 0
    for srcset in re.findall(r'srcset="([^"]+)"', page.page + page.stay):
        for choice in srcset.split(", "):
            address, width = choice.split(" ")
            assert Image.open(BytesIO(files[address.removeprefix("/")])).width == int(width.removesuffix("w"))
            promised += 1
    assert promised == 12, "harbour, door and box, each in two widths and two formats"
    for address in re.findall(r' src="/([^"]+)"', page.page + page.stay):
        assert address in files


def test_no_published_photograph_says_where_it_was_taken(settings):
    for body in published(settings).values():
        image = Image.open(BytesIO(body))
        assert not dict(image.getexif())
        assert CAMERA.encode() not in body
        assert b"Exif" not in body


def test_photographs_keep_their_place_and_the_first_one_comes_first(settings):
    booked = open_page(from_folder(publish_at(settings, AT - 20 * DAY)), link_of(settings, "TOMAS"))
    plate, *others = re.findall(r'<span class="photo.*?</span>', booked.page, re.DOTALL)
    assert 'class="photo plate"' in plate
    assert 'fetchpriority="high"' in plate
    assert "loading=" not in plate
    assert re.search(r'alt="" width="900" height="1300" fetchpriority', plate), "turned upright"
    assert re.search(r'<img class="blur" src="data:image/webp;base64,[\w+/=]{40,227}" alt=""', plate)
    assert others
    for other in others:
        assert 'loading="lazy" decoding="async"' in other
        assert "fetchpriority" not in other
    assert "style=" not in booked.page


def publish_at(settings, at):
    run_publish(settings, at=at, now=True)
    return settings


# Private ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "names"),
    [("ANA", ["private/door.jpg", "private/box.jpg"]), ("TOMAS", ["private/door.jpg"])],
)
def test_private_pictures_are_in_the_sealed_block_and_their_places_in_the_page(settings, reference, names):
    page = open_page(from_folder(settings), link_of(settings, reference))
    alt = {"ANA": "Planted alt of the door", "TOMAS": "Eine blaue Tür"}[reference]
    for name in names:
        assert f'<span data-picture="{name}"></span>' in page.page
        sealed = re.search(rf'<template data-picture="{name}">(.*?)</template>', page.stay, re.DOTALL)
        assert sealed
        assert all(address in sealed[1] for address in addresses(settings, name))
    assert alt in page.stay
    assert alt not in page.page


def test_a_section_for_some_guests_alone_keeps_its_pictures_inside(settings):
    tomas, ana = opened(settings, "TOMAS"), opened(settings, "ANA")
    for name in ("beam.jpg", "private/safe.jpg"):
        for address in addresses(settings, name):
            assert address in tomas.stay
            assert address not in ana.stay
            assert address not in tomas.page + ana.page
    assert '<template data-picture="private/safe.jpg">' not in tomas.stay


def test_after_the_stay_no_private_picture_is_anywhere_on_the_page(settings):
    yuki = opened(settings, "YUKI")
    assert 'data-picture="private' not in yuki.page + yuki.stay
    for name in ("private/door.jpg", "private/box.jpg"):
        assert not any(address in yuki.page + yuki.stay for address in addresses(settings, name))


def test_a_private_address_is_in_no_public_byte_of_the_site_in_any_phase(settings):
    private = [
        address.removeprefix("assets/p/")
        for name in PHOTOS
        if name.startswith("private/")
        for address in addresses(settings, name)
    ]
    assert len(private) == 12
    press = open_press(settings)
    for days in range(-20, 12, 2):
        work_once(press, at=AT + days * DAY)
        readable = [
            f"{path}: {name}"
            for path, body in site_files(settings).items()
            for name in private
            if name.encode() in body
        ]
        assert readable == [], f"{days} days from now"
    press.database.close()
    for name in private:
        assert f"assets/p/{name}" in published(settings), "control: they are published, under no known name"


def test_control_a_public_address_is_found_where_it_is_readable(settings):
    address = addresses(settings, "harbour.jpg")[0].encode()
    assert any(address in body for path, body in site_files(settings).items() if path.endswith(".html"))


def test_a_private_picture_that_is_also_shown_to_everybody_stops_the_publish(settings):
    put_photo(settings, "harbour.jpg", PHOTOS["private/door.jpg"])
    before = published(settings)
    outcomes = outcomes_of(settings)
    assert isinstance(outcomes[1].error, ContentError)
    assert "also shown as “harbour.jpg”" in str(outcomes[1].error)
    assert published(settings) == before


# Again and again --------------------------------------------------------------------------------------


def test_a_second_publish_opens_no_photograph(settings, monkeypatch):
    def opened_again(*_):
        raise ContentError("A photograph was decoded.")

    monkeypatch.setattr(darkroom, "_upright", opened_again)
    write_files(settings, {"sections/harbour.en.md": HARBOUR.replace("Boats", "Many boats")})
    assert sum(outcome.uploaded for outcome in run_publish(settings)) > 0
    put_photo(settings, "beam.jpg", photo(700, 300))
    with pytest.raises(ContentError, match="was decoded"):
        run_publish(settings)


def test_another_photograph_has_other_addresses_and_the_old_ones_go_after_a_day(settings):
    before = addresses(settings, "harbour.jpg")
    put_photo(settings, "harbour.jpg", photo(1300, 900, grain=True))
    run_publish(settings, at=AT + timedelta(hours=1))
    after = addresses(settings, "harbour.jpg")
    assert set(before).isdisjoint(after)
    assert set(before) | set(after) <= published(settings).keys(), "who still has the old page sees it whole"
    run_publish(settings, at=AT + timedelta(hours=26))
    assert set(before).isdisjoint(published(settings))
    assert set(after) <= published(settings).keys()


def test_a_photograph_that_came_too_short_holds_no_codes_back(settings):
    """Its mistake is told with its file; pages go on as they were last published."""
    raw = photo(1300, 900, grain=True)
    put_photo(settings, "beam.jpg", raw[: len(raw) // 2])
    outcomes = outcomes_of(settings, at=AT + 3 * DAY)
    told = str(outcomes[1].error)
    assert "planted/pictures/beam.jpg: This picture is damaged." in told
    assert "Copy it again from the camera, or save it again as JPEG." in told
    assert outcomes[1].uploaded > 0, "Ana has departed meanwhile"


def outcomes_of(settings, at=AT):
    press = open_press(settings)
    outcomes = publish(press, Order(), at=at)
    press.database.close()
    return outcomes


def test_encoding_shows_its_progress(settings):
    put_photo(settings, "beam.jpg", photo(700, 300))
    put_photo(settings, "harbour.jpg", photo(800, 600))
    told = []
    press = open_press(settings)
    publish(press, Order(), at=AT, progress=lambda *step: told.append(step))
    press.database.close()
    assert told[:2] == [("planted: photos", 1, 2), ("planted: photos", 2, 2)]
