"""The staff board of the sample house as Mira sees it in the afternoon, for screenshots.py."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from edge_api import duty, front_desk, house_day
from edge_api.requests import Accept
from edge_api.sign_in import invitations
from edge_api.wishes import Asked
from guestlink import clock, records
from guestlink.language import load_catalogue
from guestlink.settings import load_settings
from tests.browser.crew import PATIENCE
from tests.browser.test_up import running
from tests.house import ROOT, opened

SIZES: Final = {"phone": (360, 760, 2), "desk": (1440, 860, 1)}  # width, height, pixels for each of CSS
SCHEMES: Final = ("light", "dark")
LANGUAGES: Final = {"phone": "ar", "desk": "de"}  # beside English
OPENED: Final = {"stay": ".stays [data-opens^='stay=']"}  # what opens beside the board, by a tap where
WISHES: Final = (  # minutes ago, what, whether somebody has it
    (44, Asked(key="wish-0001", note="An iron, please"), True),
    (31, Asked(key="wish-0002", service="towels", fields={"sets": "2"}), True),
    (16, Asked(key="wish-0003", note="A cot for our youngest"), False),
    (7, Asked(key="wish-0004", note="Sand everywhere, could somebody sweep?"), False),
    (2, Asked(key="wish-0005", note="Is there a chemist that is open on Sunday?"), False),
)


def shots(browser: Browser) -> dict[str, bytes]:
    """On a phone and on a desk, by day and by night, as PNG by the name of the file."""
    made = {}
    with tempfile.TemporaryDirectory(prefix="guestlink-board-") as home, running(home):
        link = _afternoon(Path(home))
        page = _window(browser, "desk", "light")
        _sign_in(page, link())
        state, site = page.context.storage_state(), page.url.partition("/staff/")[0]
        for screen in SIZES:
            for name, place in OPENED.items():
                address = f"{site}/staff/en.html"
                made[f"board-{name}-en-{screen}-light"] = _take(
                    browser, address, state, (screen, "light"), tap=place
                )
            for scheme in SCHEMES:
                for tag in ("en", LANGUAGES[screen]) if scheme == "light" else ("en",):
                    shot = _take(browser, f"{site}/staff/{tag}.html", state, (screen, scheme))
                    made[f"board-{tag}-{screen}-{scheme}"] = shot
    return made


def _take(browser: Browser, address: str, state: object, look: tuple[str, str], *, tap: str = "") -> bytes:
    page = _window(browser, *look, storage_state=state)
    page.goto(address)
    expect(page.locator("[data-slot=line]")).to_have_attribute("data-is", "live", timeout=PATIENCE)
    if tap:
        page.locator(tap).first.click()
        expect(page.locator("#pane .pane-body > *").first).to_be_visible(timeout=PATIENCE)
    shot = page.screenshot()
    page.context.close()
    return shot


def _window(browser: Browser, screen: str, scheme: str, **more: object) -> Page:
    width, height, scale = SIZES[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
        reduced_motion="reduce",
        **more,
    )
    return context.new_page()


def _sign_in(page: Page, link: str) -> None:
    page.goto(link.replace("/staff/", "/staff/en.html"))
    page.locator("[data-form=link] button").click()
    expect(page.locator("#board")).to_be_visible(timeout=PATIENCE)


def _afternoon(home: Path):
    """Wishes of guests in the house, and who gives the link to sign in by."""
    settings = load_settings(home)
    database, ring = opened(settings)
    words, now = load_catalogue(ROOT / "theme" / "locale", "en"), clock.now()
    with database.write() as tx:
        house = records.find_property(tx, "harbour-house")
        users = [each.user for each in duty.members(tx, house)]
        people = {duty.opened(ring, user).name.partition(" ")[0]: user for user in users}
        lines = house_day.around(tx, ring, house, at=now)
        stays = [line.stay_id for line in lines if line.from_on < now.date()] or [lines[0].stay_id]
        for place, (minutes, wish, is_taken) in enumerate(WISHES):
            stay, at = stays[place % len(stays)], now - timedelta(minutes=minutes)
            asked = front_desk.ask_for(tx, ring, stay, wish, at=at, by=f"guest:{stay}", words=words)
            who = people["Mira" if place % 2 else "Jory"]
            if is_taken:
                front_desk.answer(tx, ring, asked.request.id, Accept(), at=at, by=who.id)
    database.close()

    def link() -> str:
        database, _ = opened(settings)
        with database.write() as tx:
            url, at = settings.public_url, clock.now()
            made = invitations.invite(tx, people["Mira"], public_url=url, at=at, by="test")
        database.close()
        return made

    return link
