"""A host's text on its way to the page: safe, fitting headings, set quotes, marked secrets and pictures.

Takes what Markdown made of it. Knows no file; whoever calls says what a picture's name means.
"""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from html import unescape
from typing import Final

import msgspec
import nh3

from generator.files.shapes import Picture

SECRET_MARK: Final = re.compile(r"\[\[([^\[\]]{1,100})\]\]")
LINK: Final = re.compile(r"(?:https?://[^/\s]|mailto:|tel:|geo:)", re.IGNORECASE)

_TAGS: Final = frozenset(
    "a abbr b blockquote br code dd del dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s "
    "small strong sub sup table tbody td th thead tr u ul".split()
)
_DROPPED_WHOLE: Final = frozenset(
    "iframe math noscript object script style svg template textarea title".split()
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},  # the address becomes the picture's name: `data-picture`
    "ol": {"start"},
}
_SIDES: Final = {"left", "center", "right"}

# HTML that the sanitiser leaves as it is, but for the `rel` of links: no entity, no other tag, nothing inside
# another but words, no address that it could read in two ways.
_WORDS: Final = r"[^<>&\x00-\x08\x0b-\x1f\x7f\xa0]"
_ADDRESS: Final = (
    r"(?:https?://(?:[A-Za-z0-9]{1,30}[.-]){1,5}[A-Za-z]{2,20}(?:[/?#][A-Za-z0-9./?#=~%@!$,;:+-]*+)?"
    r"|(?:mailto|tel|geo):[A-Za-z0-9.@+,-]++)"
)
_LINE: Final = (
    rf'(?:{_WORDS}++|<(?:strong>{_WORDS}*+</strong|em>{_WORDS}*+</em|a href="{_ADDRESS}">{_WORDS}*+</a)>)*+'
)
_BLOCK: Final = rf"(?:<(?:p>{_LINE}</p|h1>)|<(ul|ol)>\n(?:<li>{_LINE}</li>\n)++</\2>)"
_TAG = re.compile(r'(<[^<>"]*(?:"[^"]*"[^<>"]*)*>)')
_HEADING = re.compile(r"(</?h)([1-6])>")
_IMAGE = re.compile(r'<img(?: [^<>"]*(?:"[^"]*"[^<>"]*)*)?>')
_SOURCE = re.compile(r' src="([^"]+)"')
_BREAK = re.compile(r"</?(?:blockquote|br|d[ltd]|h[1-6]|hr|li|ol|p|pre|table|tbody|thead|tr|ul)[ >]")
_PARAGRAPH = re.compile(r"</(?:blockquote|dl|h[1-6]|ol|p|pre|table|ul)>")
_ROW = re.compile(r"<(?:br|tr|d[dt])(?: /)?>")
_ANCHOR = re.compile(r'<a [^<>]*?href="([^"]*)"[^<>]*>(.*?)</a>', re.DOTALL)
_CELL = re.compile(r"</t[dh]>")
_TYPED = re.compile(r"<(/?)(?:code|kbd|pre)>")
_BLANKS = re.compile(r"[ \t]+")
_UNSET = ('"', "'", "...", "--")

_ENGLISH_QUOTES = ("“", "”", "‘", "’")
_QUOTES: Final = {
    "de": ("„", "“", "‚", "‘"),
    "fr": ("«\N{NARROW NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}»", "“", "”"),
    "es": ("«", "»", "“", "”"),
    "it": ("«", "»", "“", "”"),
    "pt": ("“", "”", "‘", "’"),
    "ar": ("«", "»", "“", "”"),
}
_OPENS = r"(?<![^\s(\[{«„“‚‘—–/-])"


Attribute = Callable[[str, str, str], str | None]  # tag, name, value -> value


class Prose(msgspec.Struct, frozen=True, kw_only=True):
    """A text ready for the page, and as plain words with its secrets still written `[[name]]`."""

    html: str
    text: str
    secrets: tuple[str, ...]


class Sanitiser:
    """Takes out of HTML what no text may hold. It is one for many texts, since making it takes longer than
    cleaning does; not for two threads at once.
    """

    def __init__(self) -> None:
        asked: list[Attribute] = []  # not an attribute of self: the cleaner must not lead back to its owner
        self._asked = asked

        def attribute(tag: str, name: str, value: str) -> str | None:
            return asked[-1](tag, name, value)

        self._cleaner = nh3.Cleaner(
            tags=set(_TAGS),
            clean_content_tags=set(_DROPPED_WHOLE),
            attributes=dict(_ATTRIBUTES),
            attribute_filter=attribute,
            tag_attribute_values={"td": {"align": _SIDES}, "th": {"align": _SIDES}},
            url_schemes={"http", "https", "mailto", "tel", "geo"},
            link_rel="noreferrer",
        )

    def clean(self, html: str, attribute: Attribute) -> str:
        """`attribute` answers what an attribute's value becomes, or None where it goes."""
        self._asked.append(attribute)
        try:
            return self._cleaner.clean(html)
        finally:
            self._asked.pop()


def finish(
    html: str,
    *,
    sanitiser: Sanitiser,
    language: str,
    secrets: Collection[str],
    picture: Callable[[str], Picture | None],
    dead_link: Callable[[str], None],
) -> Prose:
    """Make Markdown's output safe and typeset.

    `picture` gets the address of every image and answers with the picture or nothing; `dead_link` hears of
    every link that was left out. Headings start at h3, since the section's title is the h2. A picture is
    left as `<img data-picture="name">`: where its files lie and who may see them is decided later.
    """

    def attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("img", "src"):
            found = picture(value)
            return found.name if found else None
        if (tag, name) == ("a", "href") and not LINK.match(value):
            dead_link(value)
            return None
        return value

    safe = sanitiser.clean(html, attribute)
    return _typeset(_with_names(_headings_from_h3(safe)), language, secrets)


def marked_name(mark: re.Match[str]) -> str:
    """The secret that a SECRET_MARK names."""
    return " ".join(mark[1].split()).casefold()


def in_paragraphs(html: str) -> str:
    """Plain words for a message: an empty line between paragraphs, a dash before each item of a list, and a
    link's address after its words.
    """
    text = re.sub(r"\s+", " ", html)
    text = _ANCHOR.sub(_with_address, text)
    text = _ROW.sub("\n", text).replace("<li>", "\n- ")
    text = unescape(_TAG.sub("", _PARAGRAPH.sub("\n\n", text)))
    rows = "\n".join(row.strip(" ") for row in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", rows).strip()


def _with_address(found: re.Match[str]) -> str:
    address = re.sub(r"(?:mailto|tel):", "", found[1])
    return found[2] if found[2] in {found[1], address} else f"{found[2]} ({address})"


def _headings_from_h3(html: str) -> str:
    if "<h" not in html:
        return html
    levels = [int(found[2]) for found in _HEADING.finditer(html)]
    if not levels:
        return html
    down = 3 - min(levels)
    return _HEADING.sub(lambda found: f"{found[1]}{min(6, int(found[2]) + down)}>", html)


def _with_names(html: str) -> str:
    """Pictures by their names; an image without a picture goes."""

    def named(found: re.Match[str]) -> str:
        return _SOURCE.sub(r' data-picture="\1"', found[0]) if _SOURCE.search(found[0]) else ""

    return _IMAGE.sub(named, html) if "<img" in html else html


def _typeset(html: str, language: str, secrets: Collection[str]) -> Prose:
    """One walk over tags and text: quotes of the language, spans for secrets, and the plain words."""
    quotes = _QUOTES.get(language.partition("-")[0], _ENGLISH_QUOTES)
    pieces, words = _TAG.split(html.strip()), []
    is_set = _is_set("".join(pieces[::2]))
    named: dict[str, None] = {}
    before, typed = " ", 0

    def marked(found: re.Match[str]) -> str:
        name = marked_name(found)
        if name not in secrets:
            return found[0]
        named[name] = None
        return f'<span data-secret="{name}"></span>'

    for at, piece in enumerate(pieces):
        if at % 2:
            deeper, parting = _meaning(piece)
            typed += deeper
            words.append(parting)
            before = " " if parting else before
        elif piece:
            text = set_quotes(piece, quotes, before=before) if not (is_set or typed) else piece
            words.append(text if typed else text.replace("\n", " "))
            before = text[-1]
            pieces[at] = SECRET_MARK.sub(marked, text) if "[[" in text else text
    return Prose(html="".join(pieces), text=_plain("".join(words)), secrets=tuple(named))


@lru_cache(maxsize=256)
def _meaning(tag: str) -> tuple[int, str]:
    """Whether words are as typed from here on (1) or no more (-1), and what parts the plain words here."""
    kind = _TYPED.fullmatch(tag)
    deeper = {"": 1, "/": -1}[kind[1]] if kind else 0
    return deeper, "\n" if _BREAK.match(tag) else " " if _CELL.match(tag) else ""


def set_quotes(text: str, quotes: tuple[str, str, str, str] = _ENGLISH_QUOTES, *, before: str = " ") -> str:
    """Straight quotes, dots and double hyphens as a printer sets them; `before` stands ahead of `text`."""
    if _is_set(text):
        return text
    opens, closes, opens_inner, closes_inner = quotes
    ahead = "x" if before in "\"'" else before
    line = ahead + text.replace("...", "…").replace("---", "—").replace("--", "–")
    line = re.sub(r"(?<=\w)'(?=\w)", "’", line)
    line = re.sub(rf'{_OPENS}"(?=\S|\Z)', opens, line).replace('"', closes)
    line = re.sub(rf"{_OPENS}'(?=[^\W\d]|\Z)", opens_inner, line)
    line = re.sub(rf"{opens_inner}([^{opens_inner}']*)'", rf"{opens_inner}\1{closes_inner}", line)
    return line.replace("'", "’")[1:]


def _is_set(text: str) -> bool:
    """Whether nothing in it is to be set as a printer would."""
    return not any(mark in text for mark in _UNSET)


def _plain(text: str) -> str:
    text = unescape(text)
    if "  " in text or "\t" in text:
        text = _BLANKS.sub(" ", text)
    rows = (row.strip(" ") for row in text.split("\n"))
    return "\n".join(row for row in rows if row)
