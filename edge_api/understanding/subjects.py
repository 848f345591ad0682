"""What guests may mean: the services and sections of a house, by the names they have in each language."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from guestlink.catalogue import Entry

Kind = Literal["service", "section"]
KINDS: Final[tuple[Kind, ...]] = ("service", "section")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """`names` are title and keywords by language; `texts` the plain text, searched when no name is found."""

    kind: Kind
    key: str
    names: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str] = {}


class _Body(msgspec.Struct):
    title: str = ""
    keywords: tuple[str, ...] = ()
    summary: str = ""
    text: str = ""


def subjects_of(entries: Iterable[Entry]) -> tuple[Subject, ...]:
    """The services and sections among a house's catalogue, whose bodies are JSON."""
    names: dict[tuple[Kind, str], dict[str, tuple[str, ...]]] = {}
    texts: dict[tuple[Kind, str], dict[str, str]] = {}
    for entry in entries:
        for kind in KINDS:
            if entry.kind == kind:
                body = msgspec.json.decode(entry.body, type=_Body)
                names.setdefault((kind, entry.key), {})[entry.language] = (body.title, *body.keywords)
                texts.setdefault((kind, entry.key), {})[entry.language] = f"{body.summary} {body.text}"
    return tuple(
        Subject(kind=kind, key=key, names=named, texts=texts[kind, key])
        for (kind, key), named in names.items()
    )
