"""Cards for arriving guests whom no message reaches: who of a day's arrivals gets one, why, and the sheets.

A card opens the guest's page, so whoever prints it holds a key. It shows no code.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec
import segno
from markupsafe import Markup

from generator.files.host_content import HostContent
from generator.parts.theme import ACCENT, Theme
from generator.parts.wording import Wording, whole
from guestlink import contacts, links, reach, records, stays
from guestlink.crypto import KeyRing, PageSeal, guide_code_shown
from guestlink.database import Reading
from guestlink.reach import Channel
from guestlink.records import Contact, Property, Stay
from guestlink.settings import Settings, target_name

ON_A_SHEET: Final = 4
QUIET_ZONE: Final = 4  # modules (ISO/IEC 18004)
ON_THE_LIST: Final = "A message of the house waits to be printed."


class Arriving(msgspec.Struct, frozen=True, kw_only=True):
    """A guest who arrives, with the link that nothing has replaced. `why` tells why no message reaches them;
    empty when one does. `is_live` is whether the link leads to a page by now.
    """

    stay: Stay
    name: str
    rooms: tuple[records.Period, ...]
    link: str
    guide_code: str
    why: tuple[str, ...]
    is_live: bool

    def __repr__(self) -> str:
        return f"Arriving({self.stay.id}, hidden)"


class House(msgspec.Struct, frozen=True, kw_only=True):
    """One house with what its cards are made from."""

    record: Property
    content: HostContent
    settings: Settings
    ring: KeyRing


# -- who ---------------------------------------------------------------------------------------------
def arriving(db: Reading, house: House, *, on: date) -> list[Arriving]:
    """Everybody with a link of their own whose stay begins that day, by room."""
    rows = db.all("arrivals_on", property_id=house.record.id, arrives_on=on.isoformat())
    found = [guest for stay in records.shaped_all(rows, Stay) for guest in _guests(db, house, stay)]
    return sorted(found, key=lambda each: (_first_room(each), each.stay.id))


def _guests(db: Reading, house: House, stay: Stay) -> Iterator[Arriving]:
    ring, settings = house.ring, house.settings
    newest = {link.contact_id: link for link in records.stay_links(db, stay) if link.replaced_at is None}
    on_paper = {row["contact_id"] for row in db.all("messages_on_paper", stay_id=stay.id)}
    live = _live_paths(db, settings, stay)
    rooms = records.periods(db, stay)
    for contact in records.contacts(db, stay):
        link = newest.get(contact.id)
        if link is None:
            continue
        why = _obstacles(db, house, stay, contact)
        key = stays.open_page_key(ring, contact, link)
        yield Arriving(
            stay=stay,
            name=contacts.given_name(contacts.opened(ring, contact).name),
            rooms=rooms,
            link=links.gate_link(settings.public_url, link.slug, key),
            guide_code=guide_code_shown(PageSeal(key).guide_code),
            why=why or ((ON_THE_LIST,) if contact.id in on_paper else ()),
            is_live=links.gate_path(link.slug) in live,
        )


def _obstacles(db: Reading, house: House, stay: Stay, contact: Contact) -> tuple[str, ...]:
    """Why neither WhatsApp nor e-mail reaches somebody; empty when one of them does."""
    settings, off_platform = house.settings, house.content.off_platform
    speaks: set[Channel] = {"whatsapp"} if settings.speaks_whatsapp else set()
    speaks |= {"email"} if settings.speaks_mail else set()
    person = contacts.opened(house.ring, contact)
    guest = reach.known(db, person, contact_id=contact.id, opted_in=contact.opted_in_at is not None)
    channels: tuple[Channel, ...] = ("whatsapp", "email")
    told = [
        reach.obstacle(each, guest, source=stay.source, off_platform=off_platform, speaks=speaks)
        for each in channels
    ]
    return tuple(dict.fromkeys(told)) if all(told) else ()


def _live_paths(db: Reading, settings: Settings, stay: Stay) -> set[str]:
    rows = db.all(
        "live_pages_of_stay", target=target_name(settings), property_id=stay.property_id, stay_id=stay.id
    )
    return {str(row["path"]) for row in rows if row["state"] == "live"}


def _first_room(guest: Arriving) -> str:
    return next((each.title or "" for each in guest.rooms), "")


# -- the sheets --------------------------------------------------------------------------------------
def sheets(theme: Theme, guests: Sequence[tuple[House, Arriving]]) -> str:
    """A page of HTML that prints four cards on each sheet of A4; it loads nothing."""
    cards = [_card(theme, *each) for each in guests]
    return theme.environment.get_template("cards.html").render(
        sheets=[cards[at : at + ON_A_SHEET] for at in range(0, len(cards), ON_A_SHEET)]
    )


def _card(theme: Theme, house: House, guest: Arriving) -> dict[str, object]:
    stay, content, open_address = guest.stay, house.content, f"{house.settings.public_url}/open"
    wording = Wording(theme.catalogue(stay.language), content, house.record, language=stay.language)
    t, marks = wording.t, records.moments(stay, house.record)
    name = wording.words.name
    rooms = dict.fromkeys(room for period in guest.rooms if (room := wording.room(period)))
    return {
        "lang": wording.spoken,
        "dir": wording.direction,
        "accent": content.accent or ACCENT,
        "greeting": t("{name}, welcome to {house}", name=whole(guest.name), house=name)
        if guest.name
        else t("Welcome to {house}", house=name),
        "facts": [
            (t("Arrival"), wording.moment(marks.check_in)),
            (t("Departure"), wording.moment(marks.departed)),
            *([(t("Rooms") if len(rooms) > 1 else t("Room"), ", ".join(rooms))] if rooms else []),
        ],
        "qr": _qr(guest.link),
        "ways": [
            (t("With your phone"), t("Point the camera at the square: it opens with your codes.")),
            (t("Without signal"), t("Open it once while you have signal: after that it opens without.")),
            (
                t("On a borrowed computer"),
                t(
                    "Open {address} and type this guide code:",
                    address=whole(open_address.partition("://")[2]),
                ),
            ),
        ],
        "code": guest.guide_code,
        "keep": t("Whoever has this card can open your page: keep it like a key."),
        "phone": content.phone,
    }


def _qr(link: str) -> Markup:
    """As large modules as a card has room for; nobody prints over it."""
    code = segno.make_qr(link, error="m")
    drawing = code.svg_inline(
        omitsize=True, border=QUIET_ZONE, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return Markup(drawing)  # noqa: S704 - segno's own drawing
