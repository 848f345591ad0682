"""HTML as trees: read, cut, filled, written again. It knows no guest; the only speaker of lxml.

What a template element holds are plain children here, so everything inside it is found, too.
"""

import base64
import re
from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

from lxml import html  # type: ignore[import-untyped]

Element = Any
QUIET_ZONE: Final = 4
UNHOLDABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_document(body: bytes) -> Element:
    """A whole page; its root is the `html` element."""
    return html.document_fromstring(body.decode(), parser=html.HTMLParser(remove_comments=True))


def read_parts(text: str) -> list[Element]:
    """The elements of a piece of a page, one after the other."""
    holder = html.fragment_fromstring(text, create_parent="div")
    return [part for part in holder if isinstance(part.tag, str)]


def written(document: Element) -> bytes:
    out: bytes = html.tostring(document, encoding="utf-8", doctype="<!doctype html>")
    return out


# -- finding ---------------------------------------------------------------------------------------
def all_with(root: Element, name: str, value: str | None = None) -> list[Element]:
    """The elements below that have an attribute, or have it with just this value."""
    found: list[Element] = (
        root.xpath("descendant::*[@*[name() = $name]]", name=name)
        if value is None
        else root.xpath("descendant::*[@*[name() = $name and . = $value]]", name=name, value=value)
    )
    return found


def first_with(root: Element, name: str, value: str) -> Element | None:
    return next(iter(all_with(root, name, value)), None)


def all_of(root: Element, tag: str) -> list[Element]:
    return list(root.iterdescendants(tag))


def has_class(element: Element, name: str) -> bool:
    return name in (element.get("class") or "").split()


def text_of(element: Element) -> str:
    return str(element.text_content())


# -- changing --------------------------------------------------------------------------------------
def remove(element: Element) -> None:
    """Takes an element away with all it holds; the text behind it stays."""
    element.drop_tree()


def clear(element: Element, text: str = "") -> None:
    """Leaves an element with nothing but a text inside."""
    for child in list(element):
        element.remove(child)
    element.text = holdable(text)


def holdable(text: str) -> str:
    """The same without characters that no tree can hold (XML 1.0, 2.2)."""
    return UNHOLDABLE.sub("", text)


def fill(slot: Element, template: Element) -> None:
    """Puts a copy of what a template holds in place of what a slot holds."""
    clear(slot, template.text or "")
    slot.extend(deepcopy(list(template)))


def append(slot: Element, template: Element) -> list[Element]:
    """Puts a copy of what a template holds at the end of a slot, and returns the new elements."""
    fresh = deepcopy(list(template))
    slot.extend(fresh)
    return fresh


def put_before(anchor: Element, template: Element) -> None:
    """Puts a copy of what a template holds before an element."""
    for child in deepcopy(list(template)):
        anchor.addprevious(child)


def put_first(slot: Element, template: Element) -> None:
    for at, child in enumerate(deepcopy(list(template))):
        slot.insert(at, child)


def show(element: Element, *, shown: bool = True) -> None:
    if shown:
        element.attrib.pop("hidden", None)
    else:
        element.set("hidden", "")


def join(slot: Element, groups: Iterable[Element], between: str) -> None:
    """Puts copies of elements into a slot with a text between them."""
    clear(slot)
    for at, element in enumerate(groups):
        if at:
            slot[-1].tail = between
        copy = deepcopy(element)
        copy.tail = None
        slot.append(copy)


# -- squares that cameras read ---------------------------------------------------------------------
def draw_square(drawing: Element, code: str) -> None:
    """Draws a QR code from its bits: the modules of a side, then row by row, the first bit the highest."""
    raw = base64.b64decode(code)
    side, edge = raw[0], raw[0] + 2 * QUIET_ZONE
    dark = "".join(f"{byte:08b}" for byte in raw[1:])
    rows = [dark[row * side : (row + 1) * side] for row in range(side)]
    path = "".join(
        f"M{run.start() + QUIET_ZONE} {row + QUIET_ZONE}h{len(run[0])}v1h-{len(run[0])}z"
        for row, bits in enumerate(rows)
        for run in re.finditer("1+", bits)
    )
    drawing.set("viewBox", f"0 0 {edge} {edge}")
    clear(drawing)
    drawing.append(drawing.makeelement("path", {"fill": "#fff", "d": f"M0 0h{edge}v{edge}H0z"}))
    drawing.append(drawing.makeelement("path", {"fill": "#000", "d": path}))
