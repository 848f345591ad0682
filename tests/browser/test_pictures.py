"""Photographs in a real browser: the right format and width, no jumps, and private ones for the key alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from generator.press import open_press
from guestlink.records import find_property
from tests.browser.house import SLUG, Lodging
from tests.generator.photos import photo

pytestmark = pytest.mark.browser

CLEAR = """---
title: The harbour wall
order: 15
icon: map
lead: in_house
picture: wall.jpg
picture_alt: Boats behind the wall
updated: 2026-10-01
---
Mind the tide. ![The planted step](private/step.jpg)
"""
PHOTOS = {
    "wall.jpg": photo(2400, 1600),
    "front.jpg": photo(3000, 1300),
    "private/step.jpg": photo(1000, 900),
}
SHIFTS = """() => new Promise((told) => new PerformanceObserver((list, observer) => {
  observer.disconnect();
  told(list.getEntries().reduce((sum, shift) => sum + shift.value, 0));
}).observe({ type: "layout-shift", buffered: true }) ?? setTimeout(() => told(0), 500))"""
CHOSEN = "(image) => image.decode().then(() => new URL(image.currentSrc).pathname.slice(1))"


@pytest.fixture(scope="module")
def pictured(lodging: Lodging) -> Lodging:
    """The house with photographs: at its head, in a section, and one for guests alone."""
    folder = lodging.settings.content_folder / SLUG
    for name, raw in PHOTOS.items():
        path = folder / "pictures" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw)
    front = (folder / "property.md").read_text("utf-8")
    lodging.write(
        {
            "sections/wall.en.md": CLEAR,
            "property.md": re.sub(r"^picture: .*$", "picture: front.jpg", front, flags=re.MULTILINE),
        }
    )
    lodging.publish()
    return lodging


def files(lodging: Lodging) -> dict[str, tuple[str, str, int]]:
    """Address -> picture, media type and width."""
    press = open_press(lodging.settings)
    with press.database.read() as db:
        house = find_property(db, SLUG)
    content = press.content(house, from_files=False, at=lodging.at).content
    press.database.close()
    return {
        file.path: (picture.name, file.media_type, file.width)
        for picture in content.pictures.values()
        for file in picture.files
    }


@pytest.mark.parametrize(
    ("width", "density", "fits"),
    [(390, 3, 1200), (390, 2, 800), (320, 1, 480), (1440, 1, 800), (1440, 2, 1600)],
)
def test_the_browser_takes_avif_in_a_width_that_fits(pictured, visit, width, density, fits):
    page = visit(pictured.link("grace"), width=width, device_scale_factor=density)
    image = page.get_by_alt_text("Boats behind the wall")
    image.scroll_into_view_if_needed()
    assert files(pictured)[image.evaluate(CHOSEN)] == ("wall.jpg", "image/avif", fits)


def test_a_browser_without_avif_takes_webp(pictured, visit):
    page = visit(pictured.link("grace"))
    image = page.get_by_alt_text("Boats behind the wall")
    image.evaluate("(image) => image.previousElementSibling.remove()")
    image.scroll_into_view_if_needed()
    assert files(pictured)[image.evaluate(CHOSEN)][1] == "image/webp"


def test_the_picture_at_the_head_is_asked_for_at_once_and_moves_nothing(pictured, visit):
    page = visit(pictured.link("booked").partition("#")[0])  # what the key brings is not this test's
    plate = page.locator(".plate img").last
    assert files(pictured)[plate.evaluate(CHOSEN)][0] == "front.jpg"
    assert page.evaluate(SHIFTS) == pytest.approx(0, abs=0.01)
    wide = plate.evaluate("(image) => image.getBoundingClientRect().width")
    assert wide == pytest.approx(
        page.locator(".plate .blur").evaluate("(i) => i.getBoundingClientRect().width")
    )


def test_a_private_picture_is_there_with_the_key_and_nowhere_without_it(pictured, visit):
    link = pictured.link("grace")
    page = visit(link)
    step = page.get_by_alt_text("The planted step")
    step.scroll_into_view_if_needed()
    address = step.evaluate(CHOSEN)
    assert files(pictured)[address][0] == "private/step.jpg"
    asked = asked_for(without := visit(), link.partition("#")[0])
    expect(without.get_by_alt_text("The planted step")).to_have_count(0)
    expect(without.locator('span[data-picture="private/step.jpg"]').first).to_be_attached()
    assert not any(address in each for each in asked)
    assert address not in without.content()


def asked_for(page: Page, address: str) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("main[data-slug]", state="attached")
    page.wait_for_load_state("networkidle")
    return asked


def test_a_photograph_is_seen_as_a_blur_until_it_has_come(pictured, visit, tmp_path: Path):
    page = visit()
    page.route("**/*.avif", lambda route: None)  # never answered
    page.goto(pictured.link("booked"), wait_until="commit")
    blur = page.locator(".plate .blur")
    expect(blur).to_be_visible()
    assert blur.evaluate("(image) => image.decode().then(() => image.naturalWidth)") in range(2, 17)
    assert "blur(" in blur.evaluate("(image) => getComputedStyle(image).filter")
    shot = blur.screenshot(path=tmp_path / "blur.png")
    assert len(shot) > 1000
