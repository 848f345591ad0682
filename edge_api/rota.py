"""A duty list: who stands on it, in which hours, who is on duty at an instant. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from edge_api import offers
from edge_api.escalation import Person
from edge_api.offers import DAYS, Offer
from guestlink import zones
from guestlink.errors import InvalidInput

Role = Literal["host", "manager", "staff"]
AHEAD: Final = range(-1, 9)  # days among which the next duty is looked for
HOUR: Final = re.compile(
    r"(?:([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+)?(\d?\d):(\d\d)\s*-\s*(\d?\d):(\d\d)", re.ASCII
)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the business as stored, sealed; `ways` counts how they can be told."""

    id: str
    name: bytes
    phone: bytes | None = None
    email: bytes | None = None
    language: str = ""
    left_at: datetime | None = None
    ways: int = 0


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a house's duty list: 1 is asked first. No hours mean always."""

    place: int
    hours: str = ""
    off_until: datetime | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Who belongs to a house, as what, and when they are on duty; no duty: never asked in turn."""

    user: User
    role: Role
    duty: Duty | None = None


def on_duty(members: Sequence[Member], *, at: datetime, zone: str) -> list[Member]:
    """Who is on duty and can be written to, in the order in which they are asked."""
    there = [each for each in members if is_on(each, at=at, zone=zone) and each.user.ways]
    return sorted(there, key=lambda each: (each.duty.place if each.duty else 0, each.user.id))


def is_on(member: Member, *, at: datetime, zone: str) -> bool:
    """Whether it is somebody's duty now, by the clocks of the house. Hours past midnight belong to the day
    on which they begin.
    """
    duty = member.duty
    if duty is None or (duty.off_until and at < duty.off_until):
        return False
    hours = tuple(duty.hours.split("; ")) if duty.hours else ()
    return offers.is_open(Offer(key="duty", language="", hours=hours), at.astimezone(ZoneInfo(zone)))


def next_on(member: Member, *, at: datetime, zone: str) -> datetime | None:
    """When the next duty of somebody begins who is not on duty; None if none begins within a week."""
    if member.duty is None:
        return None
    off_until = member.duty.off_until
    moments = [off_until] if off_until else []
    beginning = max(at, off_until) if off_until else at
    on = zones.local_date(beginning, zone)
    for hours in filter(None, member.duty.hours.split("; ")):
        found = offers.HOURS.fullmatch(hours)
        assert found is not None
        opens = time(int(found[3]), int(found[4]))
        moments += [zones.local_instant(on + timedelta(days=days), opens, zone) for days in AHEAD]
    return min((each for each in moments if each > at and is_on(member, at=each, zone=zone)), default=None)


def people(members: Sequence[Member], *, at: datetime, zone: str) -> list[Person]:
    """Those who can be written to, as `escalation` sees them; when duties begin only while nobody is on."""
    reached = [each for each in members if each.user.ways]
    there = {each.user.id for each in reached if is_on(each, at=at, zone=zone)}
    return [
        Person(
            id=each.user.id,
            role=each.role,
            is_on_duty=each.user.id in there,
            order=each.duty.place if each.duty else 0,
            next_on=None if there else next_on(each, at=at, zone=zone),
        )
        for each in reached
    ]


def checked_hours(text: str) -> str:
    """Hours as they are kept, `mon-fri 08:00-20:00; sat 09:00-12:00`; empty or `always` is always."""
    plain = text.casefold().replace("–", "-").strip()
    if plain in {"", "always"}:
        return ""
    return "; ".join(_checked_span(part.strip()) for part in re.split(r"[;,]", plain) if part.strip())


def _checked_span(text: str) -> str:
    found = HOUR.fullmatch(text)
    hint = "Write mon-fri 08:00-20:00, several with a comma between them."
    if not found:
        raise InvalidInput(f"“{text}” are no hours.", hint=hint)
    days = [day for day in found.groups()[:2] if day]
    opens, closes = (f"{found[n]:0>2}:{found[n + 1]}" for n in (3, 5))
    if not set(days) <= set(DAYS):
        raise InvalidInput(f"“{text}” names no day of the week.", hint=f"Days are {', '.join(DAYS)}.")
    if opens >= "24:00" or closes > "24:00" or max(found[4], found[6]) > "59":
        raise InvalidInput(f"“{text}” names no time of day.", hint=hint)
    if opens == closes:
        raise InvalidInput(f"“{text}” begins and ends at the same time.", hint="Write 00:00-24:00 for a day.")
    return " ".join([*(["-".join(days)] if days else []), f"{opens}-{closes}"])
