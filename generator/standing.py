"""How things stand: what is live, what waits, what comes next, what is missing. From the records alone."""

from datetime import datetime, timedelta

import msgspec

from generator import calendars, readings
from generator.ledger import Publication, load_publication
from generator.orders import Told
from guestlink import alerts, catalogue, clock, rebuilds, records, secret_values, zones
from guestlink.alerts import Alert, Backlog
from guestlink.database import Reading, Row
from guestlink.rebuilds import Rebuild
from guestlink.records import Property
from guestlink.settings import Settings, target_name


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One property on the target of the settings."""

    slug: str
    target: str
    published_at: datetime | None
    pages: int
    gates: int
    unfinished: int
    stays: dict[str, int]
    waits: tuple[str, ...]
    boundaries: tuple[datetime, ...]
    missing_secrets: tuple[str, ...]
    told: tuple[Told, ...]
    unassigned: tuple[str, ...]
    proposed: tuple[str, ...]
    failing_feeds: tuple[str, ...] = ()
    messages_of_day: int = 0
    cards: int = 0
    alerts: tuple[Alert, ...] = ()


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with the whole business: alerts of no house, messages that got stuck."""

    alerts: tuple[Alert, ...]
    messages: Backlog


class _Named(msgspec.Struct):
    """The part of the last content that status needs."""

    reveal: dict[str, object] = {}


def standing(db: Reading, house: Property, settings: Settings, *, at: datetime) -> Standing:
    target = target_name(settings)
    before = load_publication(db, house.id, target=target)
    counts = db.all("page_counts", target=target, property_id=house.id)
    asked = [item for item in rebuilds.waiting(db) if item.property_id == house.id]
    today = zones.local_date(at, house.zone).isoformat()
    proposed = db.all("stays_with_status", property_id=house.id, status="proposed_cancelled", today=today)
    unassigned = db.all("unassigned_stays", property_id=house.id, today=today)
    return Standing(
        slug=house.slug,
        target=target,
        published_at=before.published_at,
        pages=sum(int(row["pages"]) for row in counts if row["kind"] == "welcome"),
        gates=sum(int(row["pages"]) for row in counts if row["kind"] == "gate"),
        unfinished=sum(int(row["pages"]) for row in counts if row["state"] == "planned"),
        stays={row["status"]: int(row["stays"]) for row in db.all("stay_counts", property_id=house.id)},
        waits=(*_waiting_files(db, house, before, settings), *_waits(before, asked, at)),
        boundaries=tuple(sorted({clock.from_text(item.due_at) for item in asked if _ahead(item, at)}))[:5],
        missing_secrets=tuple(_missing_secrets(db, house, at)),
        told=tuple(msgspec.json.decode(before.report, type=list[Told])),
        unassigned=tuple(f"{row['reference']} (from {row['from_on']})" for row in unassigned),
        proposed=tuple(str(row["reference"]) for row in proposed),
        messages_of_day=_messages(db, house, at),
        cards=_count(db.one("cards_to_print", property_id=house.id, today=today)),
        failing_feeds=tuple(calendars.failing(db, house)),
        alerts=tuple(alerts.open_alerts(db, house.id)),
    )


def _messages(db: Reading, house: Property, at: datetime) -> int:
    """How many messages to guests are planned for the next day."""
    now, until = clock.as_text(at), clock.as_text(at + timedelta(days=1))
    return _count(db.one("messages_of_day", property_id=house.id, at=now, until=until))


def _count(row: Row | None) -> int:
    return int(row["many"]) if row else 0


def trouble(db: Reading) -> Trouble:
    return Trouble(alerts=tuple(alerts.open_alerts(db, "")), messages=alerts.backlog(db))


def unused_folders(db: Reading, settings: Settings) -> list[str]:
    """Content folders that belong to no property."""
    known = {house.slug for house in records.properties(db)}
    folder = settings.content_folder
    if not folder.is_dir():
        return []
    return sorted(item.name for item in folder.iterdir() if item.is_dir() and item.name not in known)


def _waiting_files(db: Reading, house: Property, before: Publication, settings: Settings) -> list[str]:
    folder = settings.content_folder / house.slug
    if before.published_at is None:
        return ["nothing is published yet"]
    if not folder.is_dir():
        return [f"its folder {folder} is missing; pages keep the texts of the last publish"]
    kept = readings.load(db, house)
    is_same = readings.files_of(folder, kept.files if kept else None).digest == before.content_hash
    return [] if is_same else ["files were edited since the last publish"]


def _waits(before: Publication, asked: list[Rebuild], at: datetime) -> list[str]:
    if before.published_at is None:
        return []
    waits = []
    late = [item for item in asked if item.state == "waiting" and not _ahead(item, at)]
    if late:
        reasons = ", ".join(dict.fromkeys(item.why for item in late))
        waits.append(f"changes wait to be published: {reasons}")
    waits += [
        f"it failed and is tried again: {item.outcome}" for item in asked if item.attempts and item.outcome
    ]
    return waits


def _ahead(item: Rebuild, at: datetime) -> bool:
    return bool(item.due_at) and clock.from_text(item.due_at) > at


def _missing_secrets(db: Reading, house: Property, at: datetime) -> list[str]:
    """Names that the files promise to guests and that have no value, for the house or for single units."""
    kept = catalogue.last_content(db, house)
    if kept is None:
        return []
    names = msgspec.json.decode(kept, type=_Named).reveal
    valid = [s for s in secret_values.load_secrets(db, house) if s.valid_until is None or s.valid_until > at]
    rows = secret_values.without_value(tuple(names), valid, records.units(db, house))
    return [f"{name} for {', '.join(rooms)}" if rooms else name for name, rooms in rows]
