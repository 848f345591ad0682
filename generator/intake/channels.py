"""What booking channels write into their iCal feeds, and what it means. Pure.

Airbnb       A stay is `Reserved`, with no name; its code and the phone's last digits are in the description.
             `Airbnb (Not available)` is blocked: by the host, by another calendar or by the booking window.
Booking.com  Each period that cannot be booked is `CLOSED - Not available`, sold or closed: the feed does not
             tell which, so all are stays (in older feeds the guest's name follows `CLOSED -`). A nameless one
             on nights that a stay of another source has is that stay's echo and is left out.
Vrbo         A stay is `Reserved - Name`, `Blocked` is blocked. A cancelled stay just vanishes.
OwnerRez     A stay is headed as the host chose, mostly by its guest; `Blocked`, `Maintenance` are blocked.
Others       What is not called blocked, closed, unavailable, busy or maintenance is a stay of that name.
"""

import re
from collections.abc import Iterable

import msgspec

from generator.intake.cells import folded


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """`marks` are parts of its product and event ids; `code` finds a booking's code in an event's text."""

    source: str
    marks: tuple[str, ...] = ()
    code: str = r"(?!)"
    sells_by_closing: bool = False


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What an event's heading says: a stay or not, of whom if it tells."""

    is_stay: bool
    name: str = ""
    may_be_echo: bool = False


CHANNELS = (
    Channel(source="airbnb", marks=("airbnb",), code=r"/details/([A-Z0-9]{5,14})\b|\b(HM[A-Z0-9]{6,10})\b"),
    Channel(source="booking-com", marks=("booking.com",), sells_by_closing=True),
    Channel(
        source="vrbo",
        marks=("homeaway", "vrbo", "abritel", "fewo-direkt", "stayz", "bookabach"),
        code=r"\b(HA-[A-Z0-9]{5,10})\b",
    ),
    Channel(source="ownerrez", marks=("ownerrez", "ownerreservations"), code=r"\b(ORB?\d{5,12})\b"),
)
OTHER = Channel(source="ical")

_CLOSED = re.compile(r"closed\s*[-–—:]*\s*(.*)", re.IGNORECASE | re.DOTALL)
_BLOCKED = re.compile(
    r"((airbnb|vrbo|homeaway|booking com|ownerrez) )?"
    r"(not available|tentative|inquiry|enquiry|unavailable|blocked|block( off)?$|closed|busy$|maintenance"
    r"|owner (stay|time|hold|block|use)|hold$|on hold|nicht verfugbar|gesperrt|blockiert|geschlossen"
    r"|indisponible|bloque|ferme$"
    r"|no disponible|bloqueado|cerrado|non disponibile|bloccato|chiuso|indisponivel|nao disponivel"
    r"|niet beschikbaar|geblokkeerd|gesloten)"
)
_RESERVED = re.compile(
    r"(?:reserved|reservation|booked|booking|reserviert|gebucht|buchung|reservierung|r[ée]serv[ée]e?|r[ée]servation"
    r"|reservado|reserva|prenotato|prenotazione|gereserveerd|geboekt|boeking)\b\s*(?:by|for|von|für|par|pour|por|da|di"
    r"|per|door|voor)?\s*[-–—:]*\s*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_BRACKETED = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*")
_NOBODY = frozenset(
    {
        *("", "airbnb", "vrbo", "homeaway", "booking com", "ownerrez"),
        *("guest", "gast", "reserved", "stay", "not specified"),
    }
)


def channel_of(product: str, uids: Iterable[str]) -> Channel:
    """The channel a feed comes from, by the program that wrote it, else by what all its event ids share."""
    known = [uid.lower() for uid in uids]
    for channel in CHANNELS:
        if any(mark in product.lower() for mark in channel.marks):
            return channel
    for channel in CHANNELS:
        if known and all(any(mark in uid for mark in channel.marks) for uid in known):
            return channel
    return OTHER


def meaning_of(channel: Channel, summary: str) -> Meaning:
    """What the heading of an event says in a feed of this channel."""
    if channel.sells_by_closing and (closed := _CLOSED.fullmatch(summary)):
        name = _name(closed[1])
        return Meaning(is_stay=True, name=name, may_be_echo=not name)
    if _BLOCKED.match(folded(summary)):
        return Meaning(is_stay=False)
    if reserved := _RESERVED.fullmatch(summary):
        return Meaning(is_stay=not _BLOCKED.match(folded(reserved[1])), name=_name(reserved[1]))
    return Meaning(is_stay=True, name=_name(summary))


def code_in(channel: Channel, *texts: str) -> str:
    """The booking's code, as guests know it, or nothing."""
    for text in texts:
        if found := re.search(channel.code, text):
            return next(group for group in found.groups() if group)
    return ""


def _name(text: str) -> str:
    """A guest's name without codes in brackets; nothing for words that name nobody."""
    name = " ".join(_BRACKETED.sub(" ", text).split()).strip(" -–—:")
    return "" if folded(name) in _NOBODY or _BLOCKED.match(folded(name)) else name
