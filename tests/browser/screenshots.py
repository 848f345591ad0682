"""Makes docs/screenshots/: `make screenshots`. Every phase, phone and desktop, light and dark, two languages;
the test phones with what Ana and Mira wrote; mails; the staff board. With the words `pages`, `phones`,
`mails` or `board`, these alone.

Look at them before committing them: that is what they are for. Only their dates differ from day to day.
"""

import io
import shutil
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import boards, mails
from tests.browser.conftest import opened
from tests.browser.house import ROOT, Lodging
from tests.browser.test_up import running
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
PATIENCE = 20_000  # milliseconds
SHEET = """<style>
body { margin: 0; display: flex; gap: 32px; padding: 32px; background: #e9e4d8; width: max-content }
img { width: 300px; border-radius: 22px; border: 6px solid #2b2a27 }</style>"""


def main(words: list[str]) -> int:
    program = shutil.which("chromium")
    if not program:
        print("Chromium is not installed: run `make system`.", file=sys.stderr)  # noqa: T201 - a person reads it
        return 2
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        makers = {"pages": pages, "phones": phones, "mails": mails.shots, "board": boards.shots}
        made = [make(browser) for name, make in makers.items() if name in words or not words]
        browser.close()
    save({name: shot for each in made for name, shot in each.items()}, is_all=not words)
    return 0


def pages(browser: Browser) -> dict[str, bytes]:
    """What guests see, on screens and on paper."""
    with tempfile.TemporaryDirectory(prefix="guestlink-pictures-") as home:
        house = Lodging(Path(home), secrets=SECRETS)
        house.publish()
        house.start()
        try:
            shots = take_all(browser, house)
            shots |= papers(browser, house)
        finally:
            house.stop()
    shots["guest"] = together(browser, [shots[name] for name in TOGETHER])
    return shots


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
    page = _screen(browser, screen, scheme)
    page.goto(link)
    opened(page)
    page.wait_for_load_state("networkidle")
    shot = page.screenshot()
    page.context.close()
    return shot


def phones(browser: Browser) -> dict[str, bytes]:
    """The page of the test phones, as `publish.py up` opens it, after towels and a question."""
    with tempfile.TemporaryDirectory(prefix="guestlink-phones-") as home, running(home) as links:
        page = _phones(browser, links["phones"], "desk", "light")
        _talk(page)
        page.context.close()
        shots = {}
        for scheme in SCHEMES:
            page = _phones(browser, links["phones"], "desk", scheme)
            shots[f"phones-desk-{scheme}"] = page.screenshot()
            page.context.close()
            for who in ("Ana", "Mira"):
                page = _phones(browser, links["phones"], "phone", scheme)
                page.get_by_role("button", name=who).first.click()
                expect(page.get_by_role("region", name=f"{who}'s phone")).to_contain_text("owels")
                shots[f"phones-{who.lower()}-{scheme}"] = page.screenshot()
                page.context.close()
    return shots


def _phones(browser: Browser, address: str, screen: str, scheme: str) -> Page:
    page = _screen(browser, screen, scheme)
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    return page


def _screen(browser: Browser, screen: str, scheme: str) -> Page:
    width, height, scale = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
    return context.new_page()


def _talk(page: Page) -> None:
    """Ana asks for towels, Mira says yes, Ana asks about the Wi-Fi."""
    ana, mira = (page.get_by_role("region", name=f"{who}'s phone") for who in ("Ana", "Mira"))
    _write(page, "Mira", "Good morning")  # her window is open: she gets words, not a template
    expect(mira.get_by_role("log")).to_contain_text("requests", timeout=PATIENCE)
    _write(page, "Ana", "2 bath towels please")
    mira.get_by_role("button", name="Accept").last.click(timeout=PATIENCE)
    expect(ana.get_by_role("log")).to_contain_text("Fresh towels: confirmed", timeout=PATIENCE)
    _write(page, "Ana", "what is the wifi password?")
    expect(ana.get_by_role("log")).to_contain_text("Open your page", timeout=PATIENCE)
    expect(ana.get_by_role("img", name="read", exact=True)).to_have_count(3, timeout=PATIENCE)
    expect(mira.get_by_role("img", name="read", exact=True)).to_have_count(3, timeout=PATIENCE)


def _write(page: Page, who: str, text: str) -> None:
    box = page.get_by_role("textbox", name=f"Message of {who}")
    box.fill(text)
    box.press("Enter")


def papers(browser: Browser, house: Lodging) -> dict[str, bytes]:
    """What is printed: a guest's arrival card, the poster for the hall, a sheet of cards for arrivals."""
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
    house.run("cards", "--on", "today", "--out", str(house.home / "cards.html"))
    page = browser.new_page(viewport={"width": 794, "height": 1123}, device_scale_factor=1.5)
    page.goto((house.home / "cards.html").as_uri())
    page.emulate_media(media="print")
    cards = page.locator(".sheet").first.screenshot()
    page.close()
    return {"arrival-card": card, "poster": poster, "cards": cards}


def together(browser: Browser, shots: list[bytes]) -> bytes:
    """Phones side by side, for the README."""
    images = "".join(f'<img src="data:image/png;base64,{b64encode(shot).decode()}">' for shot in shots)
    page = browser.new_page(viewport={"width": 1090, "height": 740}, device_scale_factor=1.5)
    page.set_content(SHEET + images, wait_until="load")
    sheet = page.locator("body").screenshot()
    page.close()
    return sheet


def save(shots: dict[str, bytes], *, is_all: bool) -> None:
    """As WebP, in the place of whatever was there before."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in (*FOLDER.glob("*.png"), *FOLDER.glob("*.webp")):
        if is_all or old.stem in shots:
            old.unlink()
    for name, shot in shots.items():
        with Image.open(io.BytesIO(shot)) as image:
            image.convert("RGB").save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
