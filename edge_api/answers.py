"""Answers for guests without script: the compiled page with its opened blocks in their places, as the page's
own script would put them (theme/static/open.js), and the form of `/open` that the generator compiled.

It decides nothing about who may read, opens no file and writes no word of its own.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from edge_api import trees
from edge_api.trees import Element
from guestlink.crypto import PageSeal
from guestlink.errors import Refused
from guestlink.language import LANGUAGES, negotiate

DEAD: Final = ("script", "noscript")  # what nobody runs here
DEAD_MARKS: Final = ("data-copy", "data-print", "data-state")
KEPT_LINKS: Final = ("icon", "stylesheet")
NONE: Final = "zxx"  # no linguistic content (ISO 639-2)
MOST_WISHES: Final = 20
LONGEST_CODE: Final = 40
QUALITY: Final = re.compile(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")
CORRECTED: Final = ("short", "wrong")
POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; form-action 'self'; style-src {styles}; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class Told(msgspec.Struct, frozen=True):
    """What the stay block says to programs."""

    phase: str = ""
    departs: int = 0


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A page with its blocks in place, and what the page knows about itself."""

    document: Element
    told: Told
    language: str
    zone: str
    sheet: str
    shows_codes: bool


def open_page(body: bytes, key: bytes, *, at: datetime) -> Opened:
    """Opens a compiled page with K and fills it. Refused when it was not sealed with that key.

    After departure the codes stay sealed, also while the page of before is still there.
    """
    document = trees.read_document(body)
    main = trees.all_of(document, "main")[0]
    slug, language = main.get("data-slug"), main.get("data-language")
    seal, blocks = PageSeal(key), {}
    for holder in trees.all_with(document, "data-sealed"):
        name = holder.get("data-sealed")
        sealed = base64.b64decode(trees.text_of(holder))
        blocks[name] = seal.open(sealed, slug=slug, language=language, block=name).decode()
        trees.remove(holder)
    if "stay" not in blocks:
        raise Refused("This page has no stay block.")
    stay = trees.read_parts(blocks["stay"])
    told = _told(stay)
    is_over = bool(told.departs) and at.timestamp() >= told.departs
    codes = [] if is_over else trees.read_parts(blocks.get("codes", ""))
    _place(codes, stay, document=document, at=at)
    _without_script(document)
    return Opened(
        document=document,
        told=told,
        language=language,
        zone=main.get("data-zone") or "UTC",
        sheet=(main.get("data-sheet") or "").removeprefix("/"),
        shows_codes=bool(codes),
    )


def finished(document: Element) -> bytes:
    """The page as bytes: what was only meant to be copied from is gone."""
    for template in trees.all_of(document, "template"):
        trees.remove(template)
    return trees.written(document)


def policy(document: Element) -> str:
    """The page's Content-Security-Policy: its own styles by hash, and no script at all."""
    sources = ["'self'"]
    for style in trees.all_of(document, "style"):
        digest = hashlib.sha256((style.text or "").encode()).digest()
        sources.append(f"'sha256-{base64.b64encode(digest).decode()}'")
    return POLICY.format(styles=" ".join(sources))


# -- the form ----------------------------------------------------------------------------------------
def shell_path(wishes: Iterable[str]) -> str:
    """Where the form lies in the language that somebody reads best."""
    return f"shells/open.{best(wishes, LANGUAGES)}.html"


def best(wishes: Iterable[str], offered: Sequence[str]) -> str:
    """The first wish that is offered in some form, else the first of what is offered."""
    found = (negotiate(wish, (NONE, *offered)) for wish in wishes)
    return next((tag for tag in found if tag != NONE), offered[0])


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the liked ones first (RFC 9110, 12.5.4)."""
    weighed = []
    for part in header.split(",")[:MOST_WISHES]:
        tag, _, parameter = part.partition(";")
        quality = QUALITY.fullmatch(parameter)
        weight = float(quality[1]) if quality else 0.0 if parameter else 1.0
        if weight:
            weighed.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def filled_form(shell: bytes, *, state: str, typed: str, language: str) -> Element:
    """The form with what was typed and the language that was chosen, and the sentence of a state, if any."""
    form = trees.read_document(shell)
    for line in trees.all_with(form, "data-state", state or NONE):
        trees.show(line)
    for field in trees.all_with(form, "name", "language"):
        field.set("value", language)
    for field in trees.all_with(form, "id", "code"):
        field.set("value", typed[:LONGEST_CODE])
        if state in CORRECTED:
            field.set("aria-invalid", "true")
            field.set("autofocus", "")
    return form


def put_close(page: Element, shell: Element) -> None:
    """The button that closes the page, at its very top."""
    for template in trees.all_with(shell, "data-part", "close"):
        for main in trees.all_of(page, "main"):
            trees.put_first(main, template)


# -- what was sealed, in its place -------------------------------------------------------------------
def _told(stay: Sequence[Element]) -> Told:
    said = [part for part in stay if part.get("data-stay") is not None]
    return msgspec.json.decode(trees.text_of(said[0]), type=Told) if said else Told()


def _place(codes: Sequence[Element], stay: Sequence[Element], *, document: Element, at: datetime) -> None:
    """Sections first, since they have places of their own; then fills, pictures, cards and codes in texts."""
    for part in stay:
        if anchor := _by_id(document, part.get("data-before")):
            trees.put_before(anchor[0], part)
        if into := _by_id(document, part.get("data-into")):
            trees.append(into[0], part)
    cards = [_card(part, at) for part in (*codes, *stay) if part.get("data-secret") and len(part)]
    for slot in trees.all_with(document, "data-fill", "codes") if cards else ():
        trees.clear(slot)
        slot.extend(cards)
    for part in stay:
        for slot in trees.all_with(document, "data-fill", part.get("data-fill") or "-"):
            trees.fill(slot, part)
        for slot in trees.all_with(document, "data-picture", part.get("data-picture") or "-"):
            trees.fill(slot, part)
    for drawing in trees.all_with(document, "data-qr"):
        trees.draw_square(drawing, drawing.get("data-qr"))
    _say_codes(document, [card for card in cards if card.get("data-over") is None])


def _by_id(document: Element, name: str | None) -> list[Element]:
    return trees.all_with(document, "id", name)[:1] if name else []


def _card(part: Element, at: datetime) -> Element:
    """A code's card; marked as ended when it has, by our clock."""
    card = part[0]
    card.tail = None
    card.set("data-name", part.get("data-secret"))
    until = part.get("data-until")
    if until and int(until) <= at.timestamp():
        card.set("data-over", "")
        for line in card.iterdescendants():
            if trees.has_class(line, "valid") or trees.has_class(line, "ended"):
                trees.show(line, shown=trees.has_class(line, "ended"))
    return card


def _say_codes(document: Element, cards: Sequence[Element]) -> None:
    """Codes inside the text of sections, and links that lead to a code's card."""
    for span in [each for each in trees.all_with(document, "data-secret") if each.tag == "span"]:
        known = [card for card in cards if card.get("data-name") == span.get("data-secret")]
        values = [value for card in known for value in trees.all_with(card, "data-inline")]
        if values:
            trees.join(span, values, " / ")
    for link in trees.all_with(document, "data-first"):
        wanted = [card for card in cards if card.get("data-name") == link.get("data-first")]
        if wanted:
            wanted[0].set("id", f"code-{link.get('data-first')}")
            link.set("href", f"#code-{link.get('data-first')}")


# -- what needs a script -----------------------------------------------------------------------------
def _without_script(document: Element) -> None:
    """Takes away what only a script could do, and leads other languages through this door."""
    dead = [element for tag in DEAD for element in trees.all_of(document, tag)]
    dead += [link for link in trees.all_of(document, "link") if link.get("rel") not in KEPT_LINKS]
    dead += [meta for meta in trees.all_of(document, "meta") if meta.get("http-equiv")]  # we send a header
    dead += [element for name in DEAD_MARKS for element in trees.all_with(document, name)]
    for element in dead:
        trees.remove(element)
    for link in trees.all_with(document, "hreflang"):
        link.set("href", f"/open?language={link.get('hreflang')}")
