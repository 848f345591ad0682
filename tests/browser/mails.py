"""Makes docs/screenshots/mail-*.webp: messages of the sample house as mails, on a phone and on a desk, by day
and by night, in three languages; the last one has texts of another language than its frame.

Look at them before committing them: `.venv/bin/python -m tests.browser.mails`.
"""

import re
import shutil
import sys
from html import escape
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from generator.content import HostContent, read_property
from generator.pages import Site
from generator.rendering import Renderer, Theme
from guestlink.language import chrome_language, direction
from guestlink.records import Property
from tests.browser.screenshots import save
from tests.house import ROOT
from tests.services import CHROMIUM_OPTIONS

WIDTHS: Final = {"phone": (360, 2), "desk": (1024, 1)}
SCHEMES: Final = ("light", "dark")
SHOWN: Final = {"en": "booked", "de": "codes", "ar": "arrival"}
VALUES: Final = {
    "en": ("Ana,", "Friday 20 November", "Sunday 22 November", "Open your page"),
    "de": ("Jonas,", "Freitag, 20. November", "Sonntag, 22. November", "Seite öffnen"),
    "ar": ("ليلى،", "الجمعة، 20 نوفمبر", "الأحد، 22 نوفمبر", "افتحوا صفحتكم"),
}
HOUSE: Final = Property(
    id="1",
    slug="harbour-house",
    zone="Europe/London",
    currency="GBP",
    default_language="en",
    check_in="15:00",
    check_out="11:00",
    changes=0,
)


def main() -> int:
    program = shutil.which("chromium")
    if not program:
        print("Chromium is not installed: run `make system`.", file=sys.stderr)  # noqa: T201 - a person reads it
        return 2
    mails = {tag: mail(tag, key) for tag, key in SHOWN.items()}
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        shots = {
            f"mail-{tag}-{screen}-{scheme}": take(browser, html, screen, scheme)
            for tag, html in mails.items()
            for screen in WIDTHS
            for scheme in SCHEMES
        }
        browser.close()
    save(shots, is_all=False)
    return 0


def mail(tag: str, key: str) -> str:
    """One message of the sample house as a guest who speaks this language gets it."""
    house = sample()
    letter = house.pick(house.letters[key], tag)
    frame = Renderer(
        Theme(ROOT / "theme"), house, HOUSE, Site(public_url="", key_id="", build="", fingerprint="")
    )
    head = frame.letterhead(chrome_language(tag))
    greeting, arrival, departure, label = VALUES[tag]
    slots = {"house": house.words_in(tag).name, "arrival": arrival, "departure": departure}
    button = filled(head.button, {"url": "https://stay.example.com/w/abc", "label": letter.button or label})
    start = "right" if direction(letter.language) == "rtl" else "left"
    other = f'<div lang="{letter.language}" dir="{direction(letter.language)}" style="text-align:{start}">'
    return filled(
        head.html,
        {
            "subject": letter.subject.format(**slots),
            "preheader": "",
            "greeting": escape(greeting),
            "body": (letter.html if letter.language == tag else f"{other}{letter.html}</div>").format(
                **slots
            ),
            "button": button,
            "foot": "",
            "unsubscribe": "https://stay.example.com/api/guest/mail/abc",
        },
    )


def sample() -> HostContent:
    units = frozenset({*(f"room-{number}" for number in range(1, 13)), "attic", "garden-flat", "net-loft"})
    return read_property(ROOT / "content" / HOUSE.slug, units=units, currency=HOUSE.currency)


def filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"@@(\w+)@@", lambda slot: values[slot[1]], text)


def take(browser: Browser, html: str, screen: str, scheme: str) -> bytes:
    width, scale = WIDTHS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
    )
    page = context.new_page()
    page.set_content(html)
    shot = page.screenshot(full_page=True)
    context.close()
    return shot


if __name__ == "__main__":
    sys.exit(main())
