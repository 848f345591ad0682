"""Makes docs/screenshots/: `make screenshots`. Every phase, phone and desktop, light and dark, two languages.

Look at them before committing them: that is what they are for. Only their dates differ from day to day.
"""

import io
import shutil
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import opened
from tests.browser.house import ROOT, Lodging
from tests.services import CHROMIUM_OPTIONS

FOLDER = ROOT / "docs" / "screenshots"
PHASES = ("booked", "arriving", "in_house", "departing", "departed")
LANGUAGES = ("en", "de")
SCHEMES = ("light", "dark")
SCREENS = {"phone": (390, 844, 2), "desk": (1280, 860, 1)}  # width, height, pixels for each of CSS
TOGETHER = ("booked-en-phone-light", "arriving-en-phone-light", "in_house-de-phone-dark")
QUALITY = 80
SECRETS = {
    "door-code": "403917",
    "wifi-password": "halyard-lantern-52",
    "gate-code": "2618",
    "key-box": "7045",
    "exact-address": "27 Old Quay, Polwenna, Cornwall",
}
SHEET = """<style>
body { margin: 0; display: flex; gap: 32px; padding: 32px; background: #e9e4d8; width: max-content }
img { width: 300px; border-radius: 22px; border: 6px solid #2b2a27 }</style>"""


def main() -> int:
    program = shutil.which("chromium")
    if not program:
        print("Chromium is not installed: run `make system`.", file=sys.stderr)  # noqa: T201 - a person reads it
        return 2
    with tempfile.TemporaryDirectory(prefix="guestlink-pictures-") as home:
        house = Lodging(Path(home), secrets=SECRETS)
        house.publish()
        house.start()
        try:
            with sync_playwright() as player:
                browser = player.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
                shots = take_all(browser, house)
                shots |= papers(browser, house)
                shots["guest"] = together(browser, [shots[name] for name in TOGETHER])
                browser.close()
        finally:
            house.stop()
    save(shots)
    return 0


def take_all(browser: Browser, house: Lodging) -> dict[str, bytes]:
    """Each screenshot as PNG by the name of its file."""
    return {
        f"{phase}-{language}-{screen}-{scheme}": take(browser, house.link(phase, language), screen, scheme)
        for phase in PHASES
        for language in LANGUAGES
        for screen in SCREENS
        for scheme in SCHEMES
    }


def take(browser: Browser, link: str, screen: str, scheme: str) -> bytes:
    width, height, scale = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(link)
    opened(page)
    page.wait_for_load_state("networkidle")
    shot = page.screenshot()
    context.close()
    return shot


def papers(browser: Browser, house: Lodging) -> dict[str, bytes]:
    """What is printed: a guest's arrival card, and the poster for the hall."""
    page = browser.new_page(viewport={"width": 794, "height": 1123})  # A4 at 96 dots an inch
    page.goto(house.link("arriving", "en"))
    opened(page)
    page.wait_for_load_state("networkidle")
    page.emulate_media(media="print")
    card = page.screenshot()
    page.close()
    house.run("poster", house.house.slug)
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.goto((house.home / "data" / "posters" / f"{house.house.slug}.html").as_uri())
    poster = page.screenshot()
    page.close()
    return {"arrival-card": card, "poster": poster}


def together(browser: Browser, shots: list[bytes]) -> bytes:
    """Phones side by side, for the README."""
    images = "".join(f'<img src="data:image/png;base64,{b64encode(shot).decode()}">' for shot in shots)
    page = browser.new_page(viewport={"width": 1090, "height": 740}, device_scale_factor=1.5)
    page.set_content(SHEET + images, wait_until="load")
    sheet = page.locator("body").screenshot()
    page.close()
    return sheet


def save(shots: dict[str, bytes]) -> None:
    """As WebP, in the place of whatever was there before."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in (*FOLDER.glob("*.png"), *FOLDER.glob("*.webp")):
        old.unlink()
    for name, shot in shots.items():
        with Image.open(io.BytesIO(shot)) as image:
            image.convert("RGB").save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main())
