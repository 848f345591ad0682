"""`publish.py poster PROPERTY`: a sheet for the hall, with a QR code that says the house's word.

It names no guest and opens no page: whoever scans it writes to the house, or types the code they were given.
"""

import argparse
import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

import segno
from markupsafe import Markup

from generator.files.host_content import HostContent
from generator.parts.theme import Theme
from generator.parts.wording import dialled
from generator.press import Press, open_press
from guestlink import clock, links, records
from guestlink.errors import InvalidInput
from guestlink.language import chrome_language, direction
from guestlink.records import Property, Unit
from guestlink.terminal import Desk

QUIET_ZONE: Final = 4  # modules (ISO/IEC 18004)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("property", metavar="PROPERTY", help="its short name")
    parser.add_argument("--unit", default="", help="a poster for one room or flat, with its own word")
    parser.add_argument("--out", metavar="FILE", default="", help="default: data/posters/PROPERTY.html")


def run(args: argparse.Namespace, desk: Desk) -> int:
    press = open_press(desk.settings)
    with desk.database.read() as db:
        house = records.find_property(db, args.property)
        unit = records.find_unit(db, house, args.unit) if args.unit else None
    content = press.content(house, from_files=False, at=clock.now()).content
    name = f"{house.slug}-{unit.slug}" if unit else house.slug
    path = Path(args.out) if args.out else Path(desk.settings.home) / "data" / "posters" / f"{name}.html"
    _write(path, _poster(press, content, house, unit))
    reached = "WhatsApp" if content.whatsapp else f"{press.site.public_url}/open"
    desk.say(f"The code leads to {reached} and says the word {links.house_word(house.slug, _slug(unit))}.")
    if not content.whatsapp:
        desk.say("With `whatsapp:` in property.md it opens a chat with the house instead.")
    desk.say(f"{path} is ready: open it in a browser and print it on A4.", style="bold")
    return 0


def _poster(press: Press, content: HostContent, house: Property, unit: Unit | None) -> str:
    word = links.house_word(house.slug, _slug(unit))
    open_address = f"{press.site.public_url}/open"
    first = content.words_in(house.default_language)
    return press.theme.environment.get_template("poster.html").render(
        title=first.name,
        room=unit.title if unit else "",
        tagline=first.tagline,
        language=first.language,
        dir=direction(first.language),
        accent=content.accent,
        qr=_qr(
            f"https://wa.me/{dialled(content.whatsapp).lstrip('+')}?text={quote(word)}"
            if content.whatsapp
            else open_address
        ),
        word=word if content.whatsapp else "",
        open_qr=_qr(open_address) if content.whatsapp else "",
        open_address=open_address.partition("://")[2],
        lines=[_lines(press.theme, content, tag) for tag in content.languages],
    )


def _lines(theme: Theme, content: HostContent, tag: str) -> dict[str, str]:
    """What the poster says in one language: what scanning does, and where a guide code is typed."""
    spoken = chrome_language(tag)
    t = theme.catalogue(spoken).text
    asked = (
        t("Need something, or a question? Scan this and write to us.")
        if content.whatsapp
        else t("Your welcome page, without the link: scan this and type your guide code.")
    )
    return {
        "tag": spoken,
        "dir": direction(spoken),
        "asked": asked,
        "page": t("Your welcome page, with the guide code you were given:"),
    }


def _qr(text: str) -> Markup:
    """Error correction Q: a poster fades and gets scratched."""
    code = segno.make_qr(text, error="q")
    drawing = code.svg_inline(
        omitsize=True, border=QUIET_ZONE, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return Markup(drawing)  # noqa: S704 - segno's own drawing


def _slug(unit: Unit | None) -> str:
    return unit.slug if unit else ""


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        os.replace(draft, path)  # noqa: PTH105 - one rename, or none
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None
