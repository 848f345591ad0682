"""What the two private blocks of a page say: greeting, dates, rooms, codes, and codes that are still to come,
the chat, the guest's own word, and what only the printed card has.

Values for templates only; it seals nothing and opens nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Final
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from generator.pages import Page
from generator.parts.squares import joining_code, link_code
from generator.parts.wording import Wording, inert_json, whole
from guestlink import zones
from guestlink.contacts import given_name
from guestlink.records import Period, Phase, local_time, moments
from guestlink.secret_values import Window

OTHERS: Final = "*"
# Which secret a guest needs first. The host's own come where OTHERS stands.
FIRST_NEEDED: Final[Mapping[Phase, tuple[str, ...]]] = {
    "booked": ("exact-address", "gate-code", "door-code", "key-box", OTHERS, "wifi-password"),
    "arriving": ("exact-address", "gate-code", "door-code", "key-box", OTHERS, "wifi-password"),
    "in_house": ("wifi-password", "door-code", "gate-code", "key-box", OTHERS, "exact-address"),
    "departing": ("key-box", "door-code", "gate-code", OTHERS, "wifi-password", "exact-address"),
}
NUMBER: Final = re.compile(r"[0-9A-Z#*-]{1,8}")
WORD: Final = re.compile(r"[!-~]{1,63}")
LONG: Final = 14  # characters that half a column holds
MAP: Final = "https://www.openstreetmap.org/search?query="
CHAT: Final = "https://wa.me/{number}?text={text}"


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that is shown. `until` is empty for what does not end with the stay, such as the address."""

    name: str
    label: str
    value: str
    shape: str
    wide: bool
    opens: int
    ends: int
    until: str
    copied: bool = False
    network: str = ""
    qr: str = ""
    map: str = ""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that is not shown: when it will be, if that is known."""

    name: str
    label: str
    when: str = ""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    lines: tuple[str, ...]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What the printed card alone has. `address` is the guest link without its key."""

    qr: str
    address: str
    open: str
    code: str


def codes(page: Page, values: Mapping[str, str], wording: Wording, *, network: str) -> list[Code]:
    """The secrets this page shows, the one needed first at the top."""
    titles = {period.unit: wording.room(period) for period in page.view.periods}
    twice = _repeated(window.name for window in (*page.shown, *page.coming))

    def code(window: Window) -> Code:
        value, label = values[window.secret_id], wording.secret(window.name)
        wifi, address = window.name == "wifi-password", window.name == "exact-address"
        room = titles.get(window.unit) if window.name in twice else None
        return Code(
            name=window.name,
            label=f"{label} · {room}" if room else label,
            value=value,
            shape=_shape(value),
            wide=wifi or _is_long(value),
            opens=int(window.opens.timestamp()) if window.opens else 0,
            ends=int(window.ends.timestamp()),
            until="" if address else wording.moment(window.ends),
            copied=wifi,
            network=network if wifi else "",
            qr=joining_code(network, value) if wifi and network else "",
            map=MAP + quote(value) if address else "",
        )

    return [code(window) for window in sorted(page.shown, key=_needed(page.phase))]


def waiting(page: Page, wording: Wording) -> list[Named]:
    """What is not shown yet, with the words that say from when it is."""
    t = wording.t
    titles = {period.unit: wording.room(period) for period in page.view.periods}
    twice = _repeated(window.name for window in (*page.shown, *page.coming))

    def label(window: Window) -> str:
        room = titles.get(window.unit) if window.name in twice else None
        return f"{wording.secret(window.name)} · {room}" if room else wording.secret(window.name)

    return [
        Named(
            name=window.name,
            label=label(window),
            when=t("Shown here from {moment}", moment=wording.moment(window.opens))
            if window.opens
            else t("Shown here when your room is ready"),
        )
        for window in sorted(page.coming, key=_needed(page.phase))
    ]


def missing(page: Page, wording: Wording) -> list[Named]:
    return [Named(name=name, label=wording.secret(name)) for name in page.missing]


def greeting(page: Page, name: str, wording: Wording) -> str:
    name = given_name(name)
    t, house, guest = wording.t, wording.words.name, whole(name)
    if page.phase == "departed":
        return (
            t("{name}, thank you for staying with us", name=guest)
            if name
            else t("Thank you for staying with us")
        )
    if page.phase == "departing":
        return t("{name}, your stay ends today", name=guest) if name else t("Your stay ends today")
    if not name:
        return t("Welcome to {house}", house=house)
    return t("{name}, welcome to {house}", name=guest, house=house)


def lede(page: Page, wording: Wording) -> str:
    """The sentence that answers the question of this hour."""
    t, marks = wording.t, moments(page.view.stay, page.view.house)
    if page.phase == "in_house":
        return t("You are with us until {moment}.", moment=wording.moment(marks.departed))
    if page.phase == "departing":
        return t("Check-out is by {moment}.", moment=wording.moment(marks.departed))
    if page.phase == "arriving" and page.view.stay.ready_at:
        return t("Your room is ready.")
    return t("Check-in is from {moment}.", moment=wording.moment(marks.check_in))


def facts(page: Page, wording: Wording) -> list[Fact]:
    """Arrival, departure and rooms of the stay, and when the guest means to come."""
    t, marks = wording.t, moments(page.view.stay, page.view.house)
    arrival = t("{day}, from {time}", day=wording.day(marks.check_in), time=wording.time(marks.check_in))
    departure = t("{day}, until {time}", day=wording.day(marks.departed), time=wording.time(marks.departed))
    rooms = _rooms(page, wording)
    return [
        Fact(label=t("Arrival"), lines=(arrival,)),
        *_expected(page, wording),
        Fact(label=t("Departure"), lines=(departure,)),
        Fact(label=t("Rooms") if len(rooms) > 1 else t("Room"), lines=rooms),
    ]


def about(page: Page, token: str) -> Markup:
    """What the page's scripts are told of the stay, as JSON that cannot end an element."""
    stay = page.view.stay
    told = {
        "token": token,
        "phase": page.phase,
        "departs": int(moments(stay, page.view.house).departed.timestamp()),
        "from": stay.from_on,
        "until": stay.until_on,
        "code": stay.code,
        "direct": page.direct,
    }
    return inert_json(told)


def chat(page: Page, wording: Wording, *, number: str) -> str:
    """Where a chat with the house begins, with the booking word in it; nothing where that is not allowed."""
    if not (number and page.direct):
        return ""
    text = wording.t("Hello, this is about my stay. My booking word is {code}.", code=page.view.stay.code)
    digits = "".join(char for char in number if char.isdecimal())
    return CHAT.format(number=digits, text=quote(text, safe=""))


def own_word(word: str, wording: Wording) -> str:
    """By its own word a guest knows that a message is ours."""
    if not word:
        return ""
    return wording.t("Your word: {word}. We say it in every message.", word=whole(word))


def card(page: Page, link: str, *, guide_code: str) -> Card:
    """For paper: the guest link as a square, and the two ways in for who cannot point a camera."""
    address = link.partition("#")[0].partition("://")[2]
    host = address.partition("/")[0]
    half = len(guide_code) // 2
    code = f"{guide_code[:half]} {guide_code[half:]}"
    return Card(qr=link_code(link), address=address, open=f"{host}/open", code=code)


def _expected(page: Page, wording: Wording) -> list[Fact]:
    stay, house = page.view.stay, page.view.house
    if not stay.expected_arrival or page.phase not in {"booked", "arriving"}:
        return []
    at = zones.local_instant(stay.from_on, local_time(stay.expected_arrival), house.zone)
    return [Fact(label=wording.t("You come"), lines=(wording.t("about {time}", time=wording.time(at)),))]


def _rooms(page: Page, wording: Wording) -> tuple[str, ...]:
    """The room, or one line for each when the guest changes rooms."""
    t = wording.t

    def room(period: Period) -> str:
        return wording.room(period) or t("We choose your room before you arrive.")

    changes = [next(same) for _, same in groupby(page.view.periods, key=lambda period: period.unit_id)]
    if len(changes) == 1:
        return (room(changes[0]),)
    return tuple(t("From {day}: {room}", day=wording.date(p.from_on), room=room(p)) for p in changes)


def _shape(value: str) -> str:
    """How large a value can be set: few digits at arm's length, a password in one line, the rest as text."""
    return "number" if NUMBER.fullmatch(value) else "word" if WORD.fullmatch(value) else "text"


def _is_long(value: str) -> bool:
    return len(value) > LONG


def _needed(phase: Phase) -> Callable[[Window], int]:
    order = FIRST_NEEDED.get(phase, FIRST_NEEDED["booked"])
    return lambda window: order.index(window.name if window.name in order else OTHERS)


def _repeated(names: Iterable[str]) -> set[str]:
    every = list(names)
    return {name for name in every if every.count(name) > 1}
