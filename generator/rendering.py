"""Pages -> bytes. Fragments once per section and language, frames once per phase; a stay only fills slots.

Host text is data, decisions are made in `pages`, and equal input gives equal bytes: no time, no randomness.
"""

import base64
import hashlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec
from markupsafe import Markup, escape

from generator.files.host_content import HostContent
from generator.files.shapes import Words
from generator.pages import Page, Site
from generator.parts import blocks, ways
from generator.parts.fragments import Fragments
from generator.parts.frames import SLOTS, Frame
from generator.parts.letterhead import Letterhead, letterhead
from generator.parts.molds import Fixed
from generator.parts.sheet import sheet_orders, sheet_path, sheet_values
from generator.parts.theme import Theme, gate_policy, page_policy
from generator.parts.wording import Wording, dialled
from guestlink import language as languages
from guestlink.crypto import PageSeal
from guestlink.records import Property

__all__ = ["Blocks", "Private", "Renderer", "Theme"]

PLATED: Final = frozenset({"booked", "departed"})  # phases whose page begins with the property's picture
PLACED: Final = Markup('<template data-{}="{}">\n{}</template>\n')
ALIKE: Final[Mapping[str, Hashable]] = {}  # for a template that compares nothing
SEALED: Final = b'<template data-sealed="%b">%b</template>'


class Private(msgspec.Struct, frozen=True, kw_only=True):
    """What is opened for one link: the guest's name and word or nothing, values by secret id, K, the signed
    query, the guest link, the page token.
    """

    name: str
    word: str = ""
    values: dict[str, str]
    page_key: bytes
    query: str
    link: str
    token: str

    def __repr__(self) -> str:
        return "Private(hidden)"


class Blocks(msgspec.Struct, frozen=True, kw_only=True):
    """What of a page is one link's alone, as it is published: the signed query, the sealed blocks in base64.
    A page that shows no codes has none.
    """

    query: str
    stay: bytes
    codes: bytes = b""


class Renderer:
    """Renders the pages of one property; keeps what many stays share for as long as it lives."""

    def __init__(self, theme: Theme, content: HostContent, house: Property, _site: Site) -> None:
        self._theme = theme
        self._content = content
        self._house = house
        self._wordings: dict[str, Wording] = {}
        self._fragments: dict[str, Fragments] = {}
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._placed: dict[tuple[object, ...], Markup] = {}
        self._sheets: dict[str, tuple[str, bytes]] = {}
        self._letterheads: dict[str, Letterhead] = {}
        self._seals: dict[bytes, PageSeal] = {}

    def page(self, page: Page, blocks: Blocks) -> bytes:
        """The welcome page of one stay in one language."""
        return self._frame(page).filled(
            {
                "slug": page.view.link.slug.encode(),
                "query": escape(blocks.query).encode(),
                "stay": blocks.stay,
                "codes": SEALED % (b"codes", blocks.codes) if blocks.codes else b"",
            }
        )

    def blocks(self, opened: Sequence[tuple[Page, Private]]) -> list[Blocks]:
        """The private blocks of several pages. Each step is done for all of them before the next: what it
        works with is still near the processor then, and it takes half the time.
        """
        self._seals = {private.page_key: PageSeal(private.page_key) for _, private in opened}
        written = [
            (self._stay(page, private), self._codes(page, private) if page.shown else "")
            for page, private in opened
        ]
        return [
            Blocks(
                query=private.query,
                stay=self._sealed(page, private, block="stay", html=stay),
                codes=self._sealed(page, private, block="codes", html=codes) if codes else b"",
            )
            for (page, private), (stay, codes) in zip(opened, written, strict=True)
        ]

    def gate(self, page: Page, query: str) -> bytes:
        """The gate of one link: public, so there is nothing in it but the house's name and the way on."""
        key = "gate", page.gate, page.language
        if key not in self._frames:
            self._frames[key] = self._gate_frame(page)
        slug = page.view.link.slug.encode()
        return self._frames[key].filled({"slug": slug, "query": escape(query).encode()})

    def sheet(self, tag: str) -> tuple[str, bytes]:
        """Path and bytes of the forms and words that pages of one language load once they are open."""
        if tag not in self._sheets:
            wording = self._wording(tag)
            orders, values = sheet_orders(self._content, wording), sheet_values(self._content, wording)
            body = self._rendered("sheet.html", wording, orders, **values).encode()
            path = sheet_path(self._house.slug, tag, hashlib.sha256(body).hexdigest())
            self._sheets[tag] = path, body
        return self._sheets[tag]

    def letterhead(self, tag: str) -> Letterhead:
        """What stands around the house's mails in one language."""
        if tag not in self._letterheads:
            self._letterheads[tag] = letterhead(self._theme, self._content, self._wording(tag))
        return self._letterheads[tag]

    # -- what is sealed ------------------------------------------------------------------------------
    def _stay(self, page: Page, private: Private) -> Markup:
        wording = self._wording(page.language)
        over, seal = page.phase == "departed", self._seals[private.page_key]
        return self._rendered(
            "stay.html",
            wording,
            stay=blocks.about(page, private.token),
            greeting=blocks.greeting(page, private.name, wording),
            lede="" if over else blocks.lede(page, wording),
            facts=() if over else blocks.facts(page, wording),
            waiting=blocks.waiting(page, wording),
            missing=blocks.missing(page, wording),
            sections=self._sealed_sections(page) + self._private_pictures(page),
            tel=dialled(self._content.phone),
            chat=blocks.chat(page, wording, number=self._content.whatsapp),
            word="" if over else blocks.own_word(private.word, wording),
            card=None if over else blocks.card(page, private.link, guide_code=seal.guide_code),
        )

    def _codes(self, page: Page, private: Private) -> str:
        wording = self._wording(page.language)
        codes = blocks.codes(page, private.values, wording, network=self._content.wifi)
        return self._rendered("codes.html", wording, codes=codes)

    def _sealed(self, page: Page, private: Private, *, block: str, html: str) -> bytes:
        seal, slug = self._seals[private.page_key], page.view.link.slug
        return base64.b64encode(seal.seal(html.encode(), slug=slug, language=page.language, block=block))

    def _sealed_sections(self, page: Page) -> Markup:
        """Sections and notices for some stays alone, each with the place it goes to among the clear ones."""
        key = page.language, page.phase, page.clear, page.sealed, page.sealed_notices
        if key not in self._placed:
            self._placed[key] = Markup().join(self._placings(page))
        return self._placed[key]

    def _private_pictures(self, page: Page) -> Markup:
        """What the clear sections of this page leave out; nothing after the stay."""
        if page.phase == "departed":
            return Markup()
        key = "pictures", page.language, page.phase, page.clear
        if key not in self._placed:
            first = self._first(page, self._ordered(page, page.clear))
            pictures = self._fragments_in(page.language).private_pictures(page.clear, first=first)
            self._placed[key] = pictures
        return self._placed[key]

    def _first(self, page: Page, ordered: list[str]) -> str:
        """The section whose picture is on the first screen, where the property's own does not stand there."""
        leads = [key for key in ordered if self._leads(page, key)]
        return leads[0] if leads and page.phase not in PLATED else ""

    def _placings(self, page: Page) -> Iterator[Markup]:
        over, fragments = page.phase == "departed", self._fragments_in(page.language)
        ordered = self._ordered(page, (*page.clear, *page.sealed))
        for at, key in enumerate(ordered):
            leads = self._leads(page, key)
            if key in page.clear or (over and not leads):
                continue
            alike = [
                other for other in ordered[at:] if other in page.clear and self._leads(page, other) == leads
            ]
            place = ("before", alike[0]) if alike else ("into", "Leads" if leads else "House")
            yield PLACED.format(*place, fragments.section(key, leads=leads, over=over))
        for key in page.sealed_notices:
            yield PLACED.format("into", "Notices", fragments.notice(key))

    # -- what all stays share ------------------------------------------------------------------------
    def _frame(self, page: Page) -> Frame:
        late = ways.later(page, self._content)
        key = page.language, page.languages, page.phase, page.clear, page.notices, late
        if key not in self._frames:
            self._frames[key] = self._page_frame(page)
        return self._frames[key]

    def _page_frame(self, page: Page) -> Frame:
        content, wording = self._content, self._wording(page.language)
        fragments, over = self._fragments_in(page.language), page.phase == "departed"
        ordered = self._ordered(page, page.clear)
        first = self._first(page, ordered)
        return Frame.split(
            self._rendered(
                f"phases/{page.phase}.html",
                wording,
                slot=SLOTS,
                phase=Fixed(page.phase),
                csp=self._policy,
                style=self._style,
                curtain=self._theme.curtain,
                opener=self._theme.opener,
                words=_printed(wording.words),
                zone=self._house.zone,
                sheet=self.sheet(page.language)[0],
                title=wording.words.name,
                language=Fixed(page.language),
                language_name=languages.native_name(page.language),
                languages=[{**each, "tag": Fixed(each["tag"])} for each in ways.offered(page)],
                bar=[
                    {**way, "icon": Fixed(way["icon"])} for way in ways.bar(page, content, fragments, wording)
                ],
                leads=[
                    fragments.section(k, leads=True, over=over, first=k == first)
                    for k in ordered
                    if self._leads(page, k)
                ],
                sections=[
                    fragments.section(k, leads=False, over=over) for k in ordered if not self._leads(page, k)
                ],
                has_notices=bool(content.notices),
                notices=[fragments.notice(key) for key in page.notices],
                door=ways.door(page, [k for k in ordered if self._leads(page, k)], fragments),
                late=ways.late(page, content, wording),
                has_services=bool(page.services),
                services=fragments.services(page.services),
                guide=fragments.guide,
                emergency=[
                    {"number": number, "tel": dialled(number), "what": what}
                    for number, what in wording.words.emergency
                ],
                words_lang=wording.lang(wording.words.language),
                plate=fragments.plate,
                letter=fragments.letter,
                has_codes=bool(content.reveal),
                phone=content.phone,
                tel=dialled(content.phone),
            )
        )

    def _gate_frame(self, page: Page) -> Frame:
        wording = self._wording(page.language)
        t, style, script = wording.t, self._theme.gate_style(), self._theme.gate_script()
        words = {
            "open": "",
            "replaced": t("This link was replaced. Ask your host for the new one."),
            "cancelled": t("This stay was cancelled. If you did not expect that, ask your host."),
        }
        return Frame.split(
            self._rendered(
                "gate.html",
                wording,
                slot=SLOTS,
                state=Fixed(page.gate),
                csp=gate_policy(style, script),
                style=style,
                script=script,
                title=wording.words.name,
                language=page.language,
                words=words[page.gate],
            )
        )

    def _ordered(self, page: Page, keys: tuple[str, ...]) -> list[str]:
        fragments = self._fragments_in(page.language)
        return sorted(keys, key=lambda key: (not self._leads(page, key), fragments.pick(key).order, key))

    def _leads(self, page: Page, key: str) -> bool:
        return page.phase in self._fragments_in(page.language).pick(key).lead

    def _wording(self, tag: str) -> Wording:
        if tag not in self._wordings:
            self._wordings[tag] = Wording(
                self._theme.catalogue(tag), self._content, self._house, language=tag
            )
        return self._wordings[tag]

    def _fragments_in(self, tag: str) -> Fragments:
        if tag not in self._fragments:
            self._fragments[tag] = Fragments(self._theme, self._content, self._wording(tag))
        return self._fragments[tag]

    @cached_property
    def _style(self) -> Markup:
        return self._theme.page_style(self._content.accent)

    @cached_property
    def _policy(self) -> Markup:
        return page_policy(self._style, self._theme.curtain, self._theme.opener)

    def _rendered(
        self, template: str, wording: Wording, fixed: Mapping[str, Hashable] = ALIKE, **said: object
    ) -> Markup:
        return self._theme.molds.filled(template, {**wording.speech, **fixed}, said)


def _printed(words: Words) -> dict[str, str]:
    return {"name": words.name, "tagline": words.tagline, "area": words.area}
