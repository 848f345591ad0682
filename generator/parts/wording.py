"""How a page says things in one language: moments, hours, prices, walks, the names of secrets and places.

Pure but for its caches. It decides nothing about who sees what.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Final

from babel import Locale
from babel.dates import get_day_names
from markupsafe import Markup

from generator.content import HostContent, Place, Service, Words
from generator.files.grammar import DAYS
from guestlink import language as languages
from guestlink import zones
from guestlink.language import N_, Catalogue
from guestlink.records import Property

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
SOME_DAY: Final = date(2000, 1, 1)


class Wording:
    """One language of one property. `language` is the page's, `spoken` the one its own words are in."""

    def __init__(self, catalogue: Catalogue, content: HostContent, house: Property, *, language: str) -> None:
        self.language = language
        self.spoken = language if language.partition("-")[0] == catalogue.language else catalogue.language
        self.t = catalogue.text
        self.tn = catalogue.plural
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

    # -- what secrets, services and places are called -------------------------------------------------
    def secret(self, name: str) -> str:
        t = self.t
        return t(SECRETS[name]) if name in SECRETS else self.words.labels.get(name, name)

    def service_facts(self, service: Service) -> list[str]:
        """Price and hours, one line each, where the host says them."""
        t = self.t
        lines = []
        if service.price is not None:
            price = languages.format_money(service.price, self._house.currency, self.language)
            lines.append(self._price(price, service.per) if service.price else t("Free of charge"))
        if service.hours:
            lines.append(" · ".join(self._hours(hours) for hours in service.hours))
        return lines

    def place_facts(self, place: Place) -> list[str]:
        t, tn = self.t, self.tn
        what = [t(PLACES[place.kind])]
        if place.walk:
            what.append(tn("{n} minute on foot", "{n} minutes on foot", place.walk))
        return [" · ".join(what), *([place.hours] if place.hours else [])]

    def _price(self, price: str, per: str) -> str:
        t = self.t
        return t(PRICES[per], price=price) if per else price

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
    return Markup("<bdi>{}</bdi>").format(name)


def dialled(phone: str) -> str:
    """What a `tel:` link calls (RFC 3966): digits, with their plus."""
    return "".join(char for char in phone.replace("(0)", "") if char.isdecimal() or char == "+")
