"""What one file of a host says: a section, a service, a place, a notice, or the property's words.

Built from fields and prose. A translation takes all that is not language from the original. Reads no disk.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar

import msgspec

from generator.files import grammar
from generator.files.front_matter import Front
from generator.files.grammar import Field
from generator.files.host_folder import Role
from generator.files.prose import Prose
from generator.files.shapes import OFFERED, Answer, Letter, Notice, Picture, Place, Section, Service, Words

LAST: Final = 1000  # the order of what says none
_ORDER_HINT = "Add order: and a number; sections are shown from low to high."

# What only the original says, and what every translation says for itself.
OWN_FIELDS: Final[Mapping[Role, frozenset[str]]] = {
    "property": frozenset(
        {
            *("languages", "accent", "picture", "phone", "whatsapp", "wifi", "coordinates", "off_platform"),
            *("secrets", "reply_within", "host_after", "phone_after", "quiet_hours", "message_hours"),
        }
    ),
    "section": frozenset({"order", "icon", "lead", "units", "from", "until", "only_if", "picture"}),
    "service": frozenset(
        {
            *("order", "icon", "price", "per", "hours", "closed", "phases", "fields", "approval", "urgent"),
            "changes",
        }
    ),
    "place": frozenset({"order", "kind", "coordinates", "walk", "open", "closed", "phone", "website"}),
    "notice": frozenset({"from", "until", "units", "important"}),
    "journey": frozenset(
        {"send", "useful_for", "channels", "template", "only_if", "units", "not_for", "at_any_hour"}
    ),
    "answer": frozenset({"order", "for"}),
}
WORD_FIELDS: Final[Mapping[Role, frozenset[str]]] = {
    "property": frozenset(
        {"name", "tagline", "area", "emergency", "labels", "units", "updated", "not_a_code"}
    ),
    "section": frozenset({"title", "summary", "picture_alt", "updated", "not_a_code"}),
    "service": frozenset({"title", "labels", "keywords", "updated", "not_a_code"}),
    "place": frozenset({"title", "hours", "updated", "not_a_code"}),
    "notice": frozenset({"title", "updated", "not_a_code"}),
    "journey": frozenset({"subject", "button", "updated", "not_a_code"}),
    "answer": frozenset({"title", "updated", "not_a_code"}),
}


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry must agree with: the property's units, its currency's decimals, its pictures, its hours
    for messages.
    """

    units: frozenset[str]
    message_hours: str
    digits: int
    picture: Callable[[Front], str]
    shown: Mapping[str, Picture]


class HostText(msgspec.Struct, frozen=True, kw_only=True):
    """One file, read; `source` as it is written, `original` the fields that a translation inherits."""

    key: str
    language: str
    source: str
    front: Front
    original: Front
    prose: Prose


Entry = TypeVar("Entry", Section, Service, Place, Notice, Letter, Answer)
Named = TypeVar("Named", Field, grammar.HostSecret)


def section(text: HostText, original: Section | None, *, house: House) -> Section:
    front, prose = text.front, text.prose
    made = original or _new_section(text, house)
    made = msgspec.structs.replace(
        made,
        language=text.language,
        title=front.required("title", str, ""),
        summary=front.one("summary", str, made.summary),
        picture_alt=front.one("picture_alt", str, made.picture_alt),
        html=prose.html,
        text=prose.text,
        secrets=prose.secrets,
    )
    if made.picture and not made.picture_alt:
        hint = "Add picture_alt: what it shows, for guests who cannot see it."
        front.warn("picture", "This picture has no words.", hint=hint)
    shown = house.shown.get(made.picture)
    return with_digest(made, *((shown.digest, shown.asset) if shown else ()))


def service(text: HostText, original: Service | None, *, house: House) -> Service:
    front, prose = text.front, text.prose
    made = original or _new_service(text, house)
    made = msgspec.structs.replace(
        made,
        language=text.language,
        title=front.required("title", str, ""),
        keywords=front.many("keywords", str, commas=True) or made.keywords,
        fields=_relabelled(text, made.fields),
        html=prose.html,
        text=prose.text,
    )
    return with_digest(made)


def place(text: HostText, original: Place | None) -> Place:
    front, prose = text.front, text.prose
    made = original or _new_place(text)
    made = msgspec.structs.replace(
        made,
        language=text.language,
        title=front.required("title", str, ""),
        hours=front.one("hours", str, made.hours),
        html=prose.html,
        text=prose.text,
    )
    return with_digest(made)


def notice(text: HostText, original: Notice | None, *, house: House) -> Notice:
    front, prose = text.front, text.prose
    made = original or _new_notice(text, house)
    made = msgspec.structs.replace(
        made,
        language=text.language,
        title=front.required("title", str, ""),
        html=prose.html,
        text=prose.text,
        secrets=prose.secrets,
    )
    return with_digest(made)


def words(
    text: HostText, original: Words | None, *, secrets: Mapping[str, str], units: frozenset[str]
) -> Words:
    """The property's words. `secrets` gives every name its label in the original, often none."""
    front = text.front
    own = {name: label for name, label in secrets.items() if label}
    given = {
        name: label
        for name, label, _ in front.many("labels", _label_for(text.original.declared("secrets"), {}))
    }
    lacking = [name for name in own if original and name not in given]
    if lacking:
        front.note_missing(f"Guests have no words of this language for {', '.join(lacking)}.")
    return Words(
        language=text.language,
        name=front.one("name", str, original.name) if original else front.required("name", str, ""),
        tagline=front.one("tagline", str, original.tagline if original else ""),
        area=front.one("area", str, original.area if original else ""),
        greeting_html=text.prose.html,
        emergency=front.many("emergency", grammar.emergency) or (original.emergency if original else ()),
        labels={**own, **given},
        units={
            **(original.units if original else {}),
            **dict(front.many("units", grammar.room_label(units))),
        },
    )


def distinct(front: Front, name: str, lines: tuple[Named, ...]) -> tuple[Named, ...]:
    """The lines of a list field whose names must differ; tells those that do not."""
    names = [line.name for line in lines]
    for twice in sorted({each for each in names if names.count(each) > 1}):
        front.refuse(name, f"“{twice}” stands here twice.", hint="Remove one, or give it another name.")
    return lines


def refuse_empty(front: Front, *names: str, what: str) -> None:
    """Tell every field that says for whom something is and is left empty."""
    for name in names:
        if name in front.names and not front.has(name):
            hint = "Say for whom it is, or remove the line."
            front.refuse(name, f"“{name}” is empty: everybody would see this {what}.", hint=hint)


def units_of(front: Front, house: House) -> tuple[str, ...]:
    """The units that a file is for; none means all of them."""
    return front.many("units", grammar.one_of(sorted(house.units), "unit of this property"), commas=True)


def with_digest(made: Entry, *more: str) -> Entry:
    """The entry with a digest over all of it that can reach a page."""
    told = msgspec.json.encode((msgspec.structs.replace(made, digest=""), more))
    return msgspec.structs.replace(made, digest=hashlib.sha256(told).hexdigest())


def _new_section(text: HostText, house: House) -> Section:
    front = text.front
    refuse_empty(front, "units", "only_if", what="section")
    begins, ends = front.one("from", grammar.day, None), front.one("until", grammar.day, None)
    _check_order(front, begins, ends)
    return Section(
        key=text.key,
        language=text.language,
        order=front.required("order", grammar.whole(-999, LAST), LAST, hint=_ORDER_HINT),
        icon=front.one("icon", grammar.one_of(grammar.ICONS, "icon"), ""),
        lead=front.many("lead", grammar.one_of(grammar.PHASES, "phase of a stay"), commas=True),
        units=units_of(front, house),
        shown_from=begins,
        shown_until=ends,
        only_if=front.one("only_if", grammar.one_of(grammar.AUDIENCES, "kind of guest"), ""),
        picture=house.picture(front),
    )


def _new_notice(text: HostText, house: House) -> Notice:
    front = text.front
    refuse_empty(front, "units", what="notice")
    hint = "A notice has a first and a last day: from: 2026-12-24 and until: 2026-12-26."
    begins = front.required("from", grammar.day, date.min, hint=hint)
    ends = front.required("until", grammar.day, date.max, hint=hint)
    _check_order(front, begins, ends)
    return Notice(
        key=text.key,
        language=text.language,
        units=units_of(front, house),
        shown_from=begins,
        shown_until=ends,
        important=front.one("important", grammar.yes_or_no, False),
    )


def _check_order(front: Front, begins: date | None, ends: date | None) -> None:
    if begins and ends and ends < begins:
        front.refuse("until", "It ends before it begins.", hint="until is the last day on which it is shown.")


def _new_service(text: HostText, house: House) -> Service:
    front = text.front
    return Service(
        key=text.key,
        language=text.language,
        order=front.one("order", grammar.whole(-999, LAST), LAST),
        icon=front.one("icon", grammar.one_of(grammar.ICONS, "icon"), "service"),
        price=front.one("price", grammar.price(house.digits), None),
        per=front.one("per", grammar.one_of(grammar.PRICE_UNITS, "unit of a price"), ""),
        hours=front.many("hours", grammar.open_hours),
        closed=front.many("closed", grammar.closed_day, commas=True),
        phases=front.many("phases", grammar.one_of(grammar.PHASES, "phase of a stay"), commas=True)
        or OFFERED,
        fields=distinct(front, "fields", front.many("fields", grammar.field)),
        approval=front.one("approval", grammar.one_of(("instant", "approve"), "way to answer"), "approve"),
        urgent=front.one("urgent", grammar.yes_or_no, False),
        changes=front.one("changes", grammar.changes, ""),
    )


def _new_place(text: HostText) -> Place:
    front = text.front
    latitude, longitude = front.required("coordinates", grammar.coordinates, (0.0, 0.0))
    return Place(
        key=text.key,
        language=text.language,
        order=front.one("order", grammar.whole(-999, LAST), LAST),
        kind=front.required("kind", grammar.one_of(grammar.PLACE_KINDS, "kind of place"), ""),
        latitude=latitude,
        longitude=longitude,
        walk=front.one("walk", grammar.whole(1, 600), 0),
        open=front.many("open", grammar.open_hours),
        closed=front.many("closed", grammar.closed_day, commas=True),
        phone=front.one("phone", grammar.phone, ""),
        website=front.one("website", grammar.website, ""),
    )


def _relabelled(text: HostText, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields with this language's labels and choices."""
    counts = {field.name: len(field.choices) for field in fields}
    lines = text.front.many("labels", _label_for(text.original.declared("fields"), counts))
    given = {name: (label, choices) for name, label, choices in lines}
    for name in counts:
        if name not in given and text.front is not text.original:
            text.front.note_missing(f"The field “{name}” has no label in this language.")
    unchanged = {field.name: (field.label, field.choices) for field in fields}
    return tuple(_labelled(field, *{**unchanged, **given}[field.name]) for field in fields)


def _labelled(field: Field, label: str, choices: tuple[str, ...]) -> Field:
    return msgspec.structs.replace(field, label=label, choices=choices or field.choices)


def _label_for(
    known: frozenset[str], choices: Mapping[str, int]
) -> Callable[[str], tuple[str, str, tuple[str, ...]]]:
    """A reader of `labels:` lines: each names one of `known`, with as many choices as the original has."""

    def labelled(text: str) -> tuple[str, str, tuple[str, ...]]:
        name, label, translated = grammar.labelled(text)
        if name not in known:
            raise ValueError(f"There is no “{name}” to label.", grammar.suggestion(name, sorted(known)))
        if translated and len(translated) != choices.get(name, len(translated)):
            hint = "Translate all of them, in the same order."
            raise ValueError(f"“{name}” has {choices[name]} choices in the original.", hint)
        return name, label, translated

    return labelled
