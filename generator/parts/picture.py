"""A picture as HTML: a drawing as one image, a photograph in formats and widths to choose from.

Private pictures leave an empty place in what everybody can read; what belongs there is sealed.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from generator.files.host_content import HostContent
from generator.files.shapes import FORMATS, Picture, Section, is_private
from generator.parts.theme import Theme

SIZES: Final = "(min-width: 663px) 629px, calc(100vw - 42px)"  # how wide page.css sets the text, at 17 px
_SHOWN: Final = re.compile(r'<img(?: [\w-]+="[^"]*")*>')
_ATTRIBUTE: Final = re.compile(r' ([\w-]+)="([^"]*)"')
_PLACE: Final = Markup('<span data-picture="{}"></span>')
_SEALED: Final = Markup('<template data-picture="{}">{}</template>\n')


class Pictures:
    """The pictures of one property."""

    def __init__(self, theme: Theme, content: HostContent) -> None:
        self._template = theme.environment.get_template("picture.html")
        self._pictures = content.pictures

    def one(self, name: str, alt: str, *, eager: bool = False, style: str = "", title: str = "") -> Markup:
        """The picture of that name, or nothing; `eager` is for the one on the first screen."""
        picture = self._pictures.get(name)
        if picture is None:
            return Markup()
        sources = {kind: _choices(picture, media_type) for kind, media_type in FORMATS.items()}
        html = self._template.render(
            picture=picture, alt=alt, eager=eager, style=style, title=title, sources=sources, sizes=SIZES
        )
        return Markup(html.strip())  # noqa: S704 - autoescaped

    def of(self, section: Section, *, sealed: bool, over: bool, eager: bool = False) -> Markup:
        """The picture above a section. `sealed` are those for some guests alone, `over` is after the stay."""
        return self._in_place(section.picture, section.picture_alt, sealed=sealed, over=over, eager=eager)

    def expanded(self, html: str, *, sealed: bool = False, over: bool = False) -> str:
        """A host's text with its pictures."""

        def shown(found: re.Match[str]) -> str:
            said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found[0])}
            name, alt, title = said["data-picture"], said.get("alt", ""), said.get("title", "")
            return self._in_place(name, alt, sealed=sealed, over=over, title=title)

        return _SHOWN.sub(shown, html) if "<img" in html else html

    def private(self, sections: Iterable[Section], *, eager: str = "") -> Markup:
        """The private pictures of these clear sections, for the sealed block: each once, as first described.

        `eager` is the name of the one on the first screen.
        """
        found: dict[str, str] = {}
        for section in sections:
            for name, alt in mentioned(section):
                if is_private(name):
                    found.setdefault(name, alt)
        shown = (
            _SEALED.format(quote(name), self.one(name, alt, eager=name == eager))
            for name, alt in found.items()
        )
        return Markup().join(shown)

    def _in_place(
        self, name: str, alt: str, *, sealed: bool, over: bool, eager: bool = False, title: str = ""
    ) -> Markup:
        if is_private(name) and over:
            return Markup()
        if is_private(name) and not sealed:
            return _PLACE.format(quote(name))  # a name that a script can look for
        return self.one(name, alt, eager=eager, title=title)


def _choices(picture: Picture, media_type: str) -> str:
    """`srcset` of one format (HTML, 4.8.4.2.1)."""
    files = (file for file in picture.files if file.media_type == media_type)
    return ", ".join(f"/{file.path} {file.width}w" for file in files)


def mentioned(section: Section) -> Iterator[tuple[str, str]]:
    """The names of a section's pictures, with what stands in their place."""
    if section.picture:
        yield section.picture, section.picture_alt
    for image in _SHOWN.findall(section.html):
        said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(image)}
        yield said["data-picture"], said.get("alt", "")
