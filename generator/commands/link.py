"""`publish.py link STAY`: the guest's link, its QR code, or a new link for it. No link is kept anywhere."""

import argparse
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import segno

from generator.commands import asking, nights, stay_fields
from generator.commands.messages import message
from generator.press import open_press
from guestlink import arrivals, clock, links, records, stays
from guestlink.contacts import opened
from guestlink.crypto import KeyRing, PageSeal, guide_code_shown
from guestlink.database import Reading
from guestlink.errors import InvalidInput, NotFound
from guestlink.records import Link, Phase, Property, Stay
from guestlink.settings import Settings, target_name
from guestlink.terminal import Desk

QR_KINDS = (".svg", ".png")
QR_SCALE = 8
QUIET_ZONE = 4


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """One contact's newest link. `link` and guide code open the page: shown to the host, kept nowhere."""

    role: str
    name: str
    link: str
    guide_code: str
    live: bool

    def __repr__(self) -> str:
        return f"Guest({self.role})"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stay", metavar="STAY", help="booking reference, stay code or id")
    parser.add_argument("--qr", metavar="FILE", default="", help="also write a QR code, as .svg or .png")
    parser.add_argument(
        "--renew", action="store_true", help="a new link; the old one says that it was replaced"
    )
    parser.add_argument(
        "--message", action="store_true", help="words to send with it, as the booking source allows"
    )
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if args.qr and Path(args.qr).suffix.lower() not in QR_KINDS:
        raise InvalidInput(f"A QR code is written as {' or '.join(QR_KINDS)}.", hint="Write --qr card.svg.")
    if args.renew:
        _renew(desk, args.stay)
    with desk.database.read() as db:
        stay = records.find_stay(db, args.stay)
        house = asking.house_of(db, stay)
        guests = _guests(db, desk.ring, desk.settings, stay)
        rooms = nights.told(records.periods(db, stay))
        arrival = arrivals.find_arrival(db, stay)
    if not guests:
        raise NotFound(f"{stay_fields.name(stay)} has no link.")
    if args.qr:
        _write_qr(Path(args.qr), guests[0].link)
    if args.json:
        desk.json({"stay": stay.code, "links": msgspec.to_builtins(guests)})
        return 0
    if args.message:
        word = arrivals.open_word(desk.ring, arrival) if arrival else ""
        _say_messages(desk, house, stay, guests, word=word)
        return 0
    desk.say(f"{stay_fields.name(stay)}, {rooms}, {stay_fields.dates(stay)}:")
    for guest in guests:
        desk.say(f"{guest.role}: {guest.link}" if len(guests) > 1 else guest.link, style="cyan")
        desk.say(f"Without the link: {desk.settings.public_url}/open with the guide code {guest.guide_code}.")
    _tell(desk, args, stay=stay, house=house, guests=guests)
    return 0


def _renew(desk: Desk, name: str) -> None:
    at, by = clock.now(), desk.user
    with desk.database.write() as tx:
        stay = records.find_stay(tx, name)
        house = asking.house_of(tx, stay)
        for link in _newest(tx, stay):
            stays.renew_link(tx, desk.ring, house, link, at=at, by=by)


def _newest(db: Reading, stay: Stay) -> list[Link]:
    """Each contact's link that nothing has replaced, the booker's first."""
    order = [contact.id for contact in records.contacts(db, stay)]
    current = {link.contact_id: link for link in records.stay_links(db, stay) if link.replaced_at is None}
    return [current[contact] for contact in order if contact in current]


def _guests(db: Reading, ring: KeyRing, settings: Settings, stay: Stay) -> list[Guest]:
    rows = db.all(
        "live_pages_of_stay", target=target_name(settings), property_id=stay.property_id, stay_id=stay.id
    )
    live = {row["path"] for row in rows if row["state"] == "live"}
    contacts = {contact.id: contact for contact in records.contacts(db, stay)}

    def guest(link: Link) -> Guest:
        key = stays.open_page_key(ring, contacts[link.contact_id], link)
        return Guest(
            role=contacts[link.contact_id].role,
            name=opened(ring, contacts[link.contact_id]).name,
            link=links.gate_link(settings.public_url, link.slug, key),
            guide_code=guide_code_shown(PageSeal(key).guide_code),
            live=links.gate_path(link.slug) in live,
        )

    return [guest(link) for link in _newest(db, stay)]


def _write_qr(path: Path, link: str) -> None:
    """Error correction M with the quiet zone that scanners need (ISO/IEC 18004); readable by you alone."""
    drawn = io.BytesIO()
    code = segno.make_qr(link, error="m")
    code.save(drawn, kind=path.suffix[1:].lower(), scale=QR_SCALE, border=QUIET_ZONE, light="white")
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(drawn.getvalue())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None


def _say_messages(desk: Desk, house: Property, stay: Stay, guests: Sequence[Guest], *, word: str) -> None:
    """One message for each guest, with an empty line between two; nothing else, so that it can be piped."""
    press = open_press(desk.settings)
    content = press.content(house, from_files=False, at=clock.now()).content
    catalogue = press.theme.catalogue(stay.language)
    for at, guest in enumerate(guests):
        if at:
            desk.say()
        desk.say(
            message(
                catalogue,
                content,
                stay,
                name=guest.name,
                link=guest.link,
                guide_code=guest.guide_code,
                word=word,
            )
        )


# -- telling ---------------------------------------------------------------------------------------
def _tell(
    desk: Desk, args: argparse.Namespace, *, stay: Stay, house: Property, guests: Sequence[Guest]
) -> None:
    if args.qr:
        whose = f" of the {guests[0].role}'s link" if len(guests) > 1 else ""
        desk.say(f"The QR code{whose} is in {args.qr}. Whoever scans it reads the page.")
    if args.renew:
        desk.say("The link from before is replaced: from the next publish on it says so to whoever opens it.")
    phase = records.phase(stay, house, clock.now())
    desk.say(_state(desk.settings, stay, phase, guests), style="bold")


def _state(settings: Settings, stay: Stay, phase: Phase, guests: Sequence[Guest]) -> str:
    if phase == "expired":
        return "The stay was too long ago: its pages are gone."
    if not all(guest.live for guest in guests):
        do = f"`publish.py publish --stay {stay.code}` puts it there."
        return f"It is not live yet on {target_name(settings)}. {do}"
    if stay.status in {"cancelled", "no_show"}:
        return f"The stay is {stay.status.replace('_', ' ')}: the link says so and shows nothing else."
    return f"It is live on {target_name(settings)}."
