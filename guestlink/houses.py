"""Verbs on properties, units and the people who run them.

One verb, one transaction's worth of rows: the change, the property's counter, the journal.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from babel.core import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from guestlink import catalogue, clock, journal, rebuilds
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, Refused
from guestlink.records import Property, Unit, find_property, find_unit

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")


class HouseDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says of a house; see `checked_house` for the rules."""

    slug: str
    zone: str
    currency: str
    default_language: str
    check_in: str = "15:00"
    check_out: str = "11:00"


def first_user(tx: Writing, ring: KeyRing, *, name: str, at: datetime) -> str:
    """The id of the deployment's first user, who is made when there is none."""
    row = tx.one("first_user")
    if row:
        return str(row["id"])
    user = clock.new_id()
    tx.do("add_user", id=user, name=ring.seal(name, "users", "name", row=user), made_at=clock.as_text(at))
    return user


def acting_user(db: Reading) -> str:
    """Who acts at the command line: the deployment's first user."""
    row = db.one("first_user")
    return str(row["id"]) if row else "command-line"


def add_property(tx: Writing, draft: HouseDraft, *, at: datetime, by: str) -> Property:
    checked_house(draft)
    if tx.one("property_by_slug", slug=draft.slug):
        raise Refused(f"The property {draft.slug!r} exists.", hint="`publish.py property set` changes it.")
    house_id = clock.new_id()
    tx.do("add_property", id=house_id, made_at=clock.as_text(at), **msgspec.structs.asdict(draft))
    if tx.one("first_user"):
        tx.do("add_membership", user_id=by, property_id=house_id, role="host")
    house = find_property(tx, draft.slug)
    changed(tx, house, "property-added", {"slug": draft.slug}, why=f"{draft.slug} added", at=at, by=by)
    return find_property(tx, draft.slug)


def change_property(tx: Writing, house: Property, *, at: datetime, by: str, **values: str) -> Property:
    """Changes zone, currency, default language or times; empty values stay as they are."""
    told = {name: value for name, value in values.items() if value}
    draft = HouseDraft(
        **{name: told.get(name) or getattr(house, name) for name in HouseDraft.__struct_fields__}
    )
    checked_house(draft)
    fields = msgspec.structs.asdict(draft)
    fields.pop("slug")
    tx.do("change_property", id=house.id, **fields)
    if draft.currency != house.currency:
        catalogue.remember(tx, house, ())  # prices there are in the old currency's minor units: read anew
    changed(tx, house, "property-changed", told, why="property changed", at=at, by=by)
    return find_property(tx, house.slug)


def set_number(tx: Writing, house: Property, number_id: str, *, at: datetime, by: str) -> Property:
    """Which WhatsApp number the house writes from: Meta's phone number id; empty is the deployment's own."""
    if not re.fullmatch(r"[0-9]{0,32}", number_id):
        mend = (
            "Write the phone number id, digits only: `publish.py whatsapp check` lists those of your account."
        )
        raise InvalidInput(f"{number_id!r} is not a phone number id.", hint=mend)
    tx.do("set_number_of_property", id=house.id, phone_number_id=number_id)
    event = {"phone_number_id": number_id}
    changed(tx, house, "property-number-set", event, why="WhatsApp number changed", at=at, by=by)
    return find_property(tx, house.slug)


def add_unit(tx: Writing, house: Property, *, slug: str, title: str, at: datetime, by: str) -> Unit:
    checked_slug(slug)
    if tx.one("unit_by_slug", property_id=house.id, slug=slug):
        raise Refused(f"The unit {slug!r} exists in {house.slug}.", hint="`publish.py unit set` changes it.")
    unit_id = clock.new_id()
    tx.do("add_unit", id=unit_id, property_id=house.id, slug=slug, title=title or slug)
    changed(tx, house, "unit-added", {"unit": unit_id, "slug": slug}, why=f"{slug} added", at=at, by=by)
    return find_unit(tx, house, slug)


def change_unit(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    unit: Unit,
    *,
    at: datetime,
    by: str,
    title: str = "",
    feed: str = "",
) -> Unit:
    """Renames a unit or sets the sealed address of its iCal feed, which is then due to be fetched."""
    sealed = ring.seal(feed, "units", "feed", row=unit.id) if feed else unit.feed
    tx.do("change_unit", id=unit.id, title=title or unit.title, feed=sealed)
    if feed:
        tx.do("begin_feed", unit_id=unit.id)
    changed(tx, house, "unit-changed", {"unit": unit.id}, why=f"{unit.slug} changed", at=at, by=by)
    return find_unit(tx, house, unit.slug)


def changed(
    tx: Writing,
    house: Property,
    kind: str,
    body: Mapping[str, object],
    *,
    why: str,
    at: datetime,
    by: str,
    stream: str = "",
    stay_id: str = "",
) -> None:
    """What every verb ends with: the property's counter, an event of ids, a rebuild that says why."""
    tx.do("touch_property", id=house.id)
    event = journal.Event(kind=kind, body=dict(body))
    journal.append(tx, stream or f"property:{house.id}", [event], at=at, by=by, property_id=house.id)
    rebuilds.ask(tx, house, why=why, at=at, stay_id=stay_id)


def checked_house(draft: HouseDraft) -> None:
    checked_slug(draft.slug)
    try:
        ZoneInfo(draft.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        mend = "Write a name such as Europe/Lisbon."
        raise InvalidInput(f"{draft.zone!r} is not a time zone.", hint=mend) from None
    if draft.currency not in list_currencies():
        raise InvalidInput(
            f"{draft.currency!r} is not a currency.", hint="Write its ISO 4217 code, such as EUR."
        )
    checked_language(draft.default_language)
    for name in ("check_in", "check_out"):
        checked_time(getattr(draft, name), name)


def checked_language(tag: str) -> str:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        raise InvalidInput(
            f"{tag!r} is not a language.", hint="Write its code, such as en or pt-BR."
        ) from None
    return tag


def checked_time(text: str, name: str) -> str:
    if not TIME.match(text):
        raise InvalidInput(f"{name} is {text!r}.", hint="Write hours and minutes, such as 15:00.")
    return text


def checked_slug(text: str) -> str:
    if not SLUG.match(text) or len(text) > 63:
        mend = "Use small letters, digits and hyphens, such as harbour-house."
        raise InvalidInput(f"{text!r} is not a short name.", hint=mend)
    return text
