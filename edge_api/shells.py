"""The form of `/open` as the generator compiled it, one for each language: which it is, what it says."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from edge_api import trees
from edge_api.trees import Element
from guestlink.language import LANGUAGES, negotiate

NONE: Final = "zxx"  # no linguistic content (ISO 639-2)
MOST_WISHES: Final = 20
LONGEST_CODE: Final = 40
QUALITY: Final = re.compile(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")
CORRECTED: Final = ("short", "wrong")


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
