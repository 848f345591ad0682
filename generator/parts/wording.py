"""How a page says things in one language: moments, hours, prices, walks, the names of secrets and places.

Pure but for its caches. It decides nothing about who sees what.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Final

import msgspec
from babel import Locale
from babel.dates import get_day_names
from babel.units import format_unit
from markupsafe import Markup, escape

from generator.files.grammar import DAYS
from generator.files.host_content import HostContent
from generator.files.shapes import Place, Service, Words
from guestlink import language as languages
from guestlink import zones
from guestlink.language import N_, Catalogue
from guestlink.records import Period, Property

SECRETS: Final = {
    "exact-address": N_("Address"),
    "gate-code": N_("Gate code"),
    "door-code": N_("Door code"),
    "key-box": N_("Key box"),
    "wifi-password": N_("Wi-Fi password"),
}
PLACES: Final = {
    "cafe": N_("Café"),
    "bakery": N_("Bakery"),
    "restaurant": N_("Restaurant"),
    "pub": N_("Pub"),
    "shop": N_("Shop"),
    "beach": N_("Beach"),
    "sight": N_("Sight"),
    "pharmacy": N_("Pharmacy"),
    "doctor": N_("Doctor"),
    "transport": N_("Transport"),
    "viewpoint": N_("Viewpoint"),
}
PRICES: Final = {
    "stay": N_("{price} per stay"),
    "person": N_("{price} per person"),
    "night": N_("{price} per night"),
    "item": N_("{price} each"),
    "time": N_("{price} each time"),
}
INERT: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}
SOME_DAY: Final = date(2000, 1, 1)


class Wording:
    """One language of one property. `language` is the page's, `spoken` the one its own words are in."""

    def __init__(self, catalogue: Catalogue, content: HostContent, house: Property, *, language: str) -> None:
        self.language = language
        self.spoken = language if language.partition("-")[0] == catalogue.language else catalogue.language
        self.t = catalogue.text
        self.tn = catalogue.plural
        self.speech: dict[str, Hashable] = {
            "t": self.t,
            "tn": self.tn,
            "lang": self.spoken,
            "dir": self.direction,
        }
        self._content = content
        self._house = house
        self._moments: dict[tuple[str, datetime], str] = {}
        self._days: dict[date, str] = {}

    @cached_property
    def words(self) -> Words:
        return self._content.words_in(self.language)

    @cached_property
    def direction(self) -> str:
        return languages.direction(self.spoken)

    def lang(self, tag: str) -> Markup:
        """The attributes of an element whose language is not the page's."""
        if tag == self.spoken:
            return Markup()
        return Markup(' lang="{}" dir="{}"').format(tag, languages.direction(tag))

    # -- time --------------------------------------------------------------------------------------
    def moment(self, at: datetime) -> str:
        """`Sunday 22 November, 11:00`."""
        return self._once("moment", at, languages.format_moment)

    def time(self, at: datetime) -> str:
        return self._once("time", at, languages.format_time)

    def day(self, at: datetime) -> str:
        return self.date(zones.local_date(at, self._house.zone))

    def date(self, on: date) -> str:
        """`Sunday 22 November`."""
        if on not in self._days:
            self._days[on] = languages.format_day(on, self.language)
        return self._days[on]

    def _once(self, kind: str, at: datetime, said: Callable[[datetime, str, str], str]) -> str:
        if (kind, at) not in self._moments:
            self._moments[kind, at] = said(at, self._house.zone, self.language)
        return self._moments[kind, at]

    def minutes(self, n: int) -> str:
        """`5 min`, as the language writes it."""
        locale = languages.chrome_language(self.language)
        return str(format_unit(n, "duration-minute", length="short", locale=locale))

    # -- what secrets, services and places are called -------------------------------------------------
    def secret(self, name: str) -> str:
        t = self.t
        return t(SECRETS[name]) if name in SECRETS else self.words.labels.get(name, name)

    def room(self, period: Period) -> str:
        """A room as it is called in this language; empty while none is assigned."""
        return self.words.units.get(period.unit or "", period.title or "")

    def service_facts(self, service: Service) -> list[str]:
        """Hours and closed days, one line each, where the host says them."""
        hours, closed = self.hours(service.hours), self.closed(service.closed)
        return [line for line in (hours, closed) if line]

    def price(self, service: Service) -> str:
        """What it costs; empty where the host does not say."""
        t = self.t
        if not service.price:
            return "" if service.price is None else t("Free of charge")
        price = languages.format_money(service.price, self._house.currency, self.language)
        return t(PRICES[service.per], price=price) if service.per else price

    def hours(self, spans: Iterable[str]) -> str:
        """`mon-fri 08:00-20:00` and more of these as people write them."""
        return " · ".join(self._hours(hours) for hours in spans)

    def place_facts(self, place: Place) -> list[str]:
        t, tn = self.t, self.tn
        what = [t(PLACES[place.kind])]
        if place.walk:
            what.append(tn("{n} minute on foot", "{n} minutes on foot", place.walk))
        hours = place.hours or self.hours(place.open)
        return [line for line in (" · ".join(what), hours, self.closed(place.closed)) if line]

    def closed(self, days: Iterable[str]) -> str:
        """`Closed: Sun · Friday 25 December`; empty where nothing is said."""
        said = [self._weekday(day) if day in DAYS else self.date(date.fromisoformat(day)) for day in days]
        return self.t("Closed: {days}", days=" · ".join(said)) if said else ""

    def _hours(self, hours: str) -> str:
        """`mon-fri 08:00-20:00` as people write it."""
        days, _, span = hours.rpartition(" ")
        when = "–".join(self._clock(part) for part in span.split("-"))
        return " ".join([*(["–".join(self._weekday(day) for day in days.split("-"))] if days else []), when])

    def _clock(self, text: str) -> str:
        shown = time.fromisoformat("00:00" if text == "24:00" else text)
        return languages.format_time(datetime.combine(SOME_DAY, shown, UTC), "UTC", self.language)

    def _weekday(self, day: str) -> str:
        names = get_day_names(
            "abbreviated", "stand-alone", Locale.parse(languages.chrome_language(self.language))
        )
        return str(names[DAYS.index(day)])


def whole(name: str) -> Markup:
    """A name or number that keeps its own direction inside a sentence."""
    return Markup(f"<bdi>{escape(name)}</bdi>")  # noqa: S704 - escaped


def inert_json(told: object) -> Markup:
    """JSON for a script, inside a template: no character of it is HTML's."""
    text = msgspec.json.encode(told).decode()
    return Markup(text.translate(INERT))  # noqa: S704 - nothing in it is HTML's


def dialled(phone: str) -> str:
    """What a `tel:` link calls (RFC 3966): digits, with their plus."""
    return "".join(char for char in phone.replace("(0)", "") if char.isdecimal() or char == "+")
