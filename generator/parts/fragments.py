"""What a property says, as HTML in one language: its sections, services and places, each rendered once.

The same for every guest: it knows no stay. Who sees which fragment is decided in `pages`.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

from generator.content import HostContent, Place, Section, Service
from generator.parts.theme import Theme
from generator.parts.wording import Wording, dialled

SECRET: Final = re.compile(r'(<span data-secret="[a-z0-9_-]+">)(</span>)')
GIST: Final = 3  # how many titles tell what a list holds


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A service or a place as its list shows it."""

    title: str
    lang: Markup
    html: Markup
    facts: tuple[str, ...]
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
        self._sections: dict[tuple[str, bool, bool], Markup] = {}

    def section(self, key: str, *, leads: bool, over: bool) -> Markup:
        """One section; `leads` opens it, `over` says that codes are no longer shown."""
        kept = self._sections.get((key, leads, over))
        if kept is None:
            kept = self._sections[key, leads, over] = self._section(self.pick(key), leads=leads, over=over)
        return kept

    def pick(self, key: str) -> Section:
        return self._content.pick(self._content.sections[key], self._wording.language)

    @cached_property
    def services(self) -> Markup:
        return self._listed("services.html", self._content.services, self._service)

    @cached_property
    def guide(self) -> Markup:
        return self._listed("guide.html", self._content.places, self._place)

    def _section(self, section: Section, *, leads: bool, over: bool) -> Markup:
        t = self._wording.t
        words = t("(no longer shown)") if over else t("(see your codes)")
        said = escape(words)
        return self._rendered(
            "section.html",
            section=section,
            open=leads,
            lang=self._wording.lang(section.language),
            picture=self._content.pictures.get(section.picture),
            html=Markup(SECRET.sub(lambda found: f"{found[1]}{said}{found[2]}", section.html)),  # noqa: S704 - by nh3
        )

    def _listed(self, template: str, entries: Mapping[str, Mapping[str, Any]], shown: Any) -> Markup:
        """A list in the host's order, or nothing."""
        picked = [self._content.pick(versions, self._wording.language) for versions in entries.values()]
        if not picked:
            return Markup()
        picked.sort(key=lambda entry: (entry.order, entry.key))
        gist = " · ".join(entry.title for entry in picked[:GIST])
        return self._rendered(template, entries=[shown(entry) for entry in picked], gist=gist)

    def _service(self, service: Service) -> Entry:
        return Entry(
            title=service.title,
            lang=self._wording.lang(service.language),
            html=Markup(service.html),  # noqa: S704 - sanitised by nh3
            facts=tuple(self._wording.service_facts(service)),
        )

    def _place(self, place: Place) -> Entry:
        at = f"{place.latitude}/{place.longitude}"
        return Entry(
            title=place.title,
            lang=self._wording.lang(place.language),
            html=Markup(place.html),  # noqa: S704 - sanitised by nh3
            facts=tuple(self._wording.place_facts(place)),
            map=f"https://www.openstreetmap.org/?mlat={place.latitude}&mlon={place.longitude}#map=18/{at}",
            tel=dialled(place.phone),
            phone=place.phone,
            website=place.website,
            domain=re.sub(r"https?://(www\.)?|/.*", "", place.website, flags=re.IGNORECASE),
        )

    def _rendered(self, template: str, **context: object) -> Markup:
        source = self._theme.environment.get_template(template)
        return Markup(source.render(t=self._wording.t, **context))  # noqa: S704 - autoescaped
