"""Messages of the sample house as mails, filled as they go out, and how they look; the Arabic one is of a
new house. For screenshots.py and test_mails.py.
"""

import tomllib
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from playwright.sync_api import Browser

from edge_api import letters
from edge_api.letters import Cover, Frame
from edge_api.messages import Letter, Sender
from generator.commands.skeleton import TEXTS, Texts
from generator.content import read_property
from generator.files.host_content import HostContent
from generator.pages import Site
from generator.rendering import Renderer, Theme
from guestlink.language import format_day
from guestlink.records import Property
from tests.house import ROOT

WIDTHS: Final = {"phone": (360, 2), "desk": (1024, 1)}  # pixels of CSS, pixels for each of them
SCHEMES: Final = ("light", "dark")
SHOWN: Final = {"en": ("booked", "Ana"), "de": ("codes", "Jonas"), "ar": ("booked", "ليلى")}
COMES, GOES = date(2026, 11, 20), date(2026, 11, 22)
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


def shots(browser: Browser) -> dict[str, bytes]:
    """On a phone and on a desk, by day and by night, as PNG by the name of the file."""
    mails = {tag: mail(tag, *shown) for tag, shown in SHOWN.items()}
    return {
        f"mail-{tag}-{screen}-{scheme}": take(browser, html, screen, scheme)
        for tag, html in mails.items()
        for screen in WIDTHS
        for scheme in SCHEMES
    }


def mail(tag: str, key: str, name: str) -> str:
    """One message as a guest who speaks this language gets it."""
    house, theme = sample(), Theme(ROOT / "theme")
    t = theme.catalogue(tag).text
    site = Site(public_url="", key_id="", build="", fingerprint="")
    head = Renderer(theme, house, HOUSE, site).letterhead(tag)
    letter = written(house, tag, key)
    said = Letter(
        subject=letter[0],
        text=letter[1],
        html="".join(f"<p>{part}</p>" for part in letter[1].split("\n\n")),
        language=tag,
        greeting=t("Hello {name},", name=name),
        button=letter[2] or t("Open your page"),
    )
    return letters.html(said, cover(), msgspec.convert(msgspec.to_builtins(head), Frame))


def written(house: HostContent, tag: str, key: str) -> tuple[str, str, str]:
    """Subject, text and button, from the house's files or the first ones of a new house."""
    if tag in house.letters[key]:
        letter = house.letters[key][tag]
        subject, text, button = letter.subject, letter.text, letter.button
    else:
        texts = msgspec.convert(tomllib.loads(TEXTS.read_text("utf-8"))[tag], Texts)
        (subject, text), button = getattr(texts.messages, key), ""
    slots = {
        "house": house.words_in(tag).name,
        "arrival": format_day(COMES, tag),
        "departure": format_day(GOES, tag),
    }
    return subject.format(**slots), text.format(**slots), button


def cover() -> Cover:
    return Cover(
        message_id="<1@example.com>",
        house="Harbour House",
        mail_from="stay@example.com",
        to=Sender(),
        address="guest@example.com",
        at=datetime(2026, 11, 1, 9, tzinfo=UTC),
        url="https://stay.example.com/w/abc",
        unsubscribe="https://stay.example.com/api/guest/mail/abc",
    )


def sample() -> HostContent:
    units = frozenset({*(f"room-{number}" for number in range(1, 13)), "attic", "garden-flat", "net-loft"})
    return read_property(ROOT / "content" / HOUSE.slug, units=units, currency=HOUSE.currency)


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
