"""The staff board of the sample house as Mira sees it in the afternoon, for screenshots.py."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from edge_api import correspondence, duty, front_desk, house_day, phrases, replies
from edge_api.holdings import Holdings
from edge_api.requests import Accept
from edge_api.rota import User
from edge_api.sign_in import invitations
from edge_api.wishes import Asked
from guestlink import clock, records
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from guestlink.language import load_catalogue
from guestlink.settings import Settings, load_settings
from tests.browser.crew import PATIENCE
from tests.browser.test_up import running
from tests.browser.writers import Writer
from tests.house import ROOT, opened

SIZES: Final = {"phone": (360, 760, 2), "desk": (1440, 860, 1)}  # width, height, pixels for each of CSS
SCHEMES: Final = ("light", "dark")
ANA: Final = "+44 7700 900101"  # of the test phones
LANGUAGES: Final = {"phone": "ar", "desk": "de"}  # beside English
OPENED: Final = {  # what opens beside the board: by a tap where, and when it is whole
    "stay": (".stays [data-opens^='stay=']", "#pane .pane-body > *"),
    "talk": (".talks [data-opens^='talk=']", ".talk-note"),
}
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
    with tempfile.TemporaryDirectory(prefix="guestlink-board-") as home, running(home) as links:
        link = _afternoon(Path(home))
        _talk(browser, links["phones"], load_settings(Path(home)))
        page = _window(browser, "desk", "light")
        _sign_in(page, link())
        state, site = page.context.storage_state(), page.url.partition("/staff/")[0]
        for screen in SIZES:
            for name, place in OPENED.items():
                address = f"{site}/staff/en.html"
                made[f"board-{name}-en-{screen}-light"] = _take(
                    browser, address, state, (screen, "light"), opens=place
                )
            for scheme in SCHEMES:
                for tag in ("en", LANGUAGES[screen]) if scheme == "light" else ("en",):
                    shot = _take(browser, f"{site}/staff/{tag}.html", state, (screen, scheme))
                    made[f"board-{tag}-{screen}-{scheme}"] = shot
    return made


def _take(
    browser: Browser,
    address: str,
    state: object,
    look: tuple[str, str],
    *,
    opens: tuple[str, str] | None = None,
) -> bytes:
    page = _window(browser, *look, storage_state=state)
    page.goto(address)
    expect(page.locator("[data-slot=line]")).to_have_attribute("data-is", "live", timeout=PATIENCE)
    if opens:
        tap, whole = opens
        page.locator(tap).first.click()
        expect(page.locator(whole).first).to_be_visible(timeout=PATIENCE)
        page.mouse.move(0, 0)
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
        people = _people(tx, ring)
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


def _talk(browser: Browser, phones: str, settings: Settings) -> None:
    """Ana asks for something that no file of the house knows, Mira answers, Ana asks more."""
    page = browser.new_page()
    page.goto(phones)
    page.wait_for_selector("body[data-ready]")
    box, log = (
        page.get_by_role("textbox", name="Message of Ana"),
        page.get_by_role("region", name="Ana's phone"),
    )
    box.fill("Is there a piano in the house?")
    box.press("Enter")
    expect(log).to_contain_text("We pass this on", timeout=PATIENCE)
    database, ring = opened(settings)
    voice, at = phrases.voice_of(Holdings(settings)), clock.now()
    ana = Writer(settings, ANA, "Ana", number=settings.whatsapp_number_id).talk
    with database.write() as tx:
        talk, by = correspondence.load(tx, ana), _people(tx, ring)["Mira"].id
        replies.note(tx, ring, talk, "Room 2 has asked for quiet before ten.", at=at, by=by)
        replies.send(
            tx, voice, talk, "Yes, in the hall. Gladly from ten on.", key="answer-0001", at=at, by=by
        )
    database.close()
    expect(log).to_contain_text("Gladly from ten on.", timeout=PATIENCE)
    box.fill("Perfect. Do you have any music, Schubert perhaps?")
    box.press("Enter")
    expect(log.get_by_role("img", name="read", exact=True)).not_to_have_count(0, timeout=PATIENCE)
    page.close()


def _people(tx: Writing, ring: KeyRing) -> dict[str, User]:
    house = records.find_property(tx, "harbour-house")
    users = [each.user for each in duty.members(tx, house)]
    return {duty.opened(ring, user).name.partition(" ")[0]: user for user in users}
