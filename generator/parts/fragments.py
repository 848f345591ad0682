"""What a property says, as HTML in one language: sections, notices, services, places, each rendered once.

The same for every guest: it knows no stay. Who sees which fragment is decided in `pages`.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import msgspec
from markupsafe import Markup, escape

from generator.files.host_content import HostContent
from generator.files.shapes import Notice, Place, Section, Service
from generator.pages import is_sealed
from generator.parts.molds import Fixed
from generator.parts.picture import Pictures
from generator.parts.theme import Theme
from generator.parts.town_map import Spot, town_map
from generator.parts.wording import Wording, dialled

SECRET: Final = re.compile(r'(<span data-secret="[a-z0-9_-]+">)(</span>)')
MARKED: Final = "data-"  # where a code or a picture stands in a host's text; the rest is the same at any time
MAP: Final = "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}&zoom=18"
GIST: Final = 3  # how many titles tell what a list holds


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A service or a place as its list shows it. `hours` and `closed` are for the page's clock."""

    key: str
    title: str
    lang: Markup
    html: Markup
    facts: tuple[str, ...]
    price: str = ""
    hours: str = ""
    closed: str = ""
    number: int = 0
    map: str = ""
    tel: str = ""
    phone: str = ""
    website: str = ""
    domain: str = ""


class Fragments:
    """All fragments of one property in one language."""

    def __init__(self, theme: Theme, content: HostContent, wording: Wording) -> None:
        self._theme = theme
        self._content = content
        self._wording = wording
        self._pictures = Pictures(theme, content)
        self._sections: dict[tuple[str, bool, bool, bool], Markup] = {}
        self._services: dict[tuple[str, ...], Markup] = {}

    def section(self, key: str, *, leads: bool, over: bool, first: bool = False) -> Markup:
        """One section; `leads` opens it, `over` says that codes are no longer shown, `first` that its picture
        is seen without scrolling.
        """
        section = self.pick(key)
        over = over and (MARKED in section.html or bool(section.picture))
        first = first and bool(section.picture)
        kept = self._sections.get((key, leads, over, first))
        if kept is None:
            kept = self._section(section, leads=leads, over=over, first=first)
            self._sections[key, leads, over, first] = kept
        return kept

    def private_pictures(self, keys: Sequence[str], *, first: str) -> Markup:
        """What the clear sections leave out, for the sealed block; `first` is what stands first."""
        eager = self.pick(first).picture if first else ""
        return self._pictures.private([self.pick(key) for key in keys], eager=eager)

    @cached_property
    def plate(self) -> Markup:
        """The property's own picture, at the head of a page."""
        return self._pictures.one(self._content.picture, "", eager=True, style="plate")

    @cached_property
    def letter(self) -> Markup:
        """The host's greeting."""
        return self._shown(self._wording.words.greeting_html)

    def picture(self, key: str) -> Markup:
        """A clear section's picture alone, where it is seen without scrolling."""
        return self._pictures.of(self.pick(key), sealed=False, over=False, eager=True)

    def pick(self, key: str) -> Section:
        return self._content.pick(self._content.sections[key], self._wording.language)

    def notice(self, key: str) -> Markup:
        """A dated strip, with the last day on which it counts."""
        notice = self._content.pick(self._content.notices[key], self._wording.language)
        until = self._wording.t("Until {day}", day=self._wording.date(notice.shown_until))
        return self._rendered(
            "notice.html",
            notice={"title": notice.title, "important": notice.important},
            lang=self._wording.lang(notice.language),
            html=self._prose(notice, over=False),
            until=until,
        )

    def services(self, keys: tuple[str, ...]) -> Markup:
        """The list of what can be asked for, in this order; nothing for none."""
        if keys not in self._services:
            every, tag = self._content.services, self._wording.language
            entries = [self._service(self._content.pick(every[key], tag)) for key in keys]
            tel = dialled(self._content.phone)
            self._services[keys] = self._listed("services.html", entries, tel=tel)
        return self._services[keys]

    @cached_property
    def guide(self) -> Markup:
        """The places in the host's order, with a drawing of where they are."""
        every = (
            self._content.pick(versions, self._wording.language) for versions in self._content.places.values()
        )
        places = sorted(every, key=lambda place: (place.order, place.key))
        numbered = list(enumerate(places, start=1))
        drawing = town_map(
            [Spot(number, place.latitude, place.longitude) for number, place in numbered],
            house=self._content.coordinates,
            title=self._wording.t("Map of the places in this list. North is up."),
            minutes=self._wording.minutes,
        )
        entries = [self._place(place, number) for number, place in numbered]
        return self._listed("guide.html", entries, drawing=drawing)

    def _section(self, section: Section, *, leads: bool, over: bool, first: bool) -> Markup:
        sealed = is_sealed(section)
        return self._rendered(
            "section.html",
            section={
                "key": section.key,
                "title": section.title,
                "summary": section.summary,
                "icon": Fixed(section.icon),
            },
            open=leads,
            lang=self._wording.lang(section.language),
            picture=self._pictures.of(section, sealed=sealed, over=over, eager=first),
            html=self._prose(section, over=over, sealed=sealed),
        )

    def _prose(self, entry: Section | Notice, *, over: bool, sealed: bool = False) -> Markup:
        """The host's text with its pictures, and with words where a code will stand."""
        t = self._wording.t
        if MARKED not in entry.html:
            return self._shown(entry.html)
        said = escape(t("(no longer shown)") if over else t("(see your codes)"))
        html = SECRET.sub(lambda found: f"{found[1]}{said}{found[2]}", entry.html)
        return self._shown(html, over=over, sealed=sealed)

    def _shown(self, html: str, *, over: bool = False, sealed: bool = False) -> Markup:
        return Markup(_lean(self._pictures.expanded(html, over=over, sealed=sealed)))  # noqa: S704 - sanitised by nh3

    def _listed(self, template: str, entries: Sequence[Entry], **context: object) -> Markup:
        """A list, or nothing where it would be empty."""
        if not entries:
            return Markup()
        gist = " · ".join(entry.title for entry in entries[:GIST])
        return self._rendered(template, entries=entries, gist=gist, **context)

    def _service(self, service: Service) -> Entry:
        return Entry(
            key=service.key,
            title=service.title,
            lang=self._wording.lang(service.language),
            html=self._shown(service.html),
            price=self._wording.price(service),
            facts=tuple(self._wording.service_facts(service)),
            hours="; ".join(service.hours),
            closed=" ".join(service.closed),
        )

    def _place(self, place: Place, number: int) -> Entry:
        return Entry(
            key=place.key,
            number=number,
            title=place.title,
            lang=self._wording.lang(place.language),
            html=self._shown(place.html),
            facts=tuple(self._wording.place_facts(place)),
            hours="; ".join(place.open),
            closed=" ".join(place.closed),
            map=MAP.format(latitude=place.latitude, longitude=place.longitude),
            tel=dialled(place.phone),
            phone=place.phone,
            website=place.website,
            domain=re.sub(r"https?://(www\.)?|/.*", "", place.website, flags=re.IGNORECASE),
        )

    def _rendered(self, template: str, **context: object) -> Markup:
        return self._theme.molds.filled(template, self._wording.speech, context)


def _lean(html: str) -> str:
    """A host's text as few bytes: line ends, unless they are meant, are spaces, which compress better."""
    return html if "<pre" in html else html.replace("\n", " ").replace("&nbsp;", "\N{NO-BREAK SPACE}")
