"""`publish.py stay set`: other dates, another room, agreed times, a cancellation. The sent link goes on."""

import argparse
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from generator.commands import asking, nights, stay_fields
from guestlink import clock, consents, stays, zones
from guestlink.contacts import Person
from guestlink.database import Writing
from guestlink.errors import InvalidInput
from guestlink.language import format_money
from guestlink.records import Period, Property, Stay, contacts, find_stay, periods
from guestlink.terminal import Desk, plain

STATUS = ("confirmed", "cancelled", "no-show")
COMPARED = ("status", "reference", "language", *stay_fields.COUNTS, *stay_fields.MAY_BE_EMPTY, "amount")
CAN_BE_TAKEN_AWAY = frozenset({*stay_fields.MAY_BE_EMPTY, "party", "whatsapp_consent"})
MOVE = re.compile(r"(\S+)\s+from\s+(\S+)")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What the host's words come to."""

    fields: dict[str, Any]
    guest: Person | None
    party: str | None
    consent: str | None
    currency: str
    before: tuple[Period, ...]
    after: tuple[Period, ...]

    @property
    def dates_differ(self) -> bool:
        return _span(self.before) != _span(self.after)

    @property
    def rooms_differ(self) -> bool:
        return [part.unit_id for part in self.before] != [part.unit_id for part in self.after]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stay", metavar="STAY", help="booking reference, stay code or id")
    stay_fields.configure(parser)
    parser.add_argument("--status", choices=STATUS, help="confirm, cancel, or say that nobody came")
    ready = parser.add_mutually_exclusive_group()
    ready.add_argument("--ready", action="store_true", help="the room is ready now")
    ready.add_argument("--not-ready", action="store_true", help="the room is not ready after all")
    parser.add_argument("--move", metavar="'UNIT from DATE'", default="", help="another room from a date on")


def run(args: argparse.Namespace, desk: Desk) -> int:
    _check_told(args)
    at, by = clock.now(), desk.user
    asking.take_guest_file(args)
    guest = asking.guest(args)
    with desk.database.write() as tx:
        stay = find_stay(tx, args.stay)
        house = asking.house_of(tx, stay)
        before = periods(tx, stay)
        today = zones.local_date(at, house.zone)
        change = Change(
            fields=_fields(args, house, stay, at),
            guest=guest,
            party=args.party,
            consent=args.whatsapp_consent,
            currency=house.currency,
            before=before,
            after=_periods(tx, args, house, before, today=today),
        )
        changed = stays.change_stay(
            tx,
            desk.ring,
            house,
            stay,
            at=at,
            by=by,
            why=_why(change),
            new_periods=change.after if change.after != before else None,
            guest=guest,
            party=args.party,
            **change.fields,
        )
        has_news = _agree(tx, desk, args, changed, at=at)
    return _tell(desk, stay, changed, change, has_news=has_news)


def _agree(tx: Writing, desk: Desk, args: argparse.Namespace, stay: Stay, *, at: datetime) -> bool:
    """Records what the booker agreed to, or that they take it back; whether that is news."""
    said = stay_fields.consent(args, at)
    booker = next(guest for guest in contacts(tx, stay) if guest.role == "booker")
    if args.whatsapp_consent is None:
        return False
    if said:
        after = consents.agree(tx, desk.ring, booker, said, at=at, by=desk.user, stay_id=stay.id)
    else:
        how = stay_fields.TOLD_TO_THE_HOUSE
        after = consents.take_back(tx, booker, how=how, at=at, by=desk.user, stay_id=stay.id)
    return after != msgspec.structs.replace(booker, role=after.role)


def _check_told(args: argparse.Namespace) -> None:
    """An empty text is something told only where it takes a value away."""
    for name, value in vars(args).items():
        silent = value is None or value is False or (value == "" and name not in CAN_BE_TAKEN_AWAY)
        if name not in {"stay", "verb"} and not silent:
            return
    raise InvalidInput("Nothing to change was told.", hint="`publish.py stay set --help` lists what can be.")


def _fields(args: argparse.Namespace, house: Property, stay: Stay, at: datetime) -> dict[str, Any]:
    fields = stay_fields.told(args, house)
    if args.status:
        fields["status"] = args.status.replace("-", "_")
    if args.ready and stay.ready_at is None:
        fields["ready_at"] = at
    if args.not_ready:
        fields["ready_at"] = None
    return fields


def _periods(
    tx: Writing, args: argparse.Namespace, house: Property, now: tuple[Period, ...], *, today: date
) -> tuple[Period, ...]:
    """Dates first, then the room for all of them, then the room from a date on."""
    arrival, departure = _span(now)
    if args.arrival:
        arrival = asking.day(args.arrival, "--arrival", today=today)
    if args.departure:
        departure = asking.day(args.departure, "--departure", today=today)
    parts = now
    if args.unit:
        parts = nights.with_unit(now, stay_fields.unit_named(tx, house, args.unit))
    if (arrival, departure) != _span(now):
        parts = nights.with_dates(parts, arrival, departure)
    if args.move:
        found = MOVE.fullmatch(args.move.strip())
        if found is None:
            raise InvalidInput(f"--move is {args.move!r}.", hint="Write 'room-3 from 2026-05-04'.")
        on = asking.day(found[2], "--move", today=today)
        parts = nights.with_move(parts, stay_fields.unit_named(tx, house, found[1]), on)
    return parts


def _span(parts: tuple[Period, ...]) -> tuple[date, date]:
    return parts[0].from_on, parts[-1].until_on


# -- words -----------------------------------------------------------------------------------------
def _why(change: Change) -> str:
    """The reason that the next publish tells."""
    fields = change.fields
    reasons = {
        f"stay {fields.get('status', '').replace('_', ' ')}": "status" in fields,
        "room ready": fields.get("ready_at") is not None,
        "room not ready": "ready_at" in fields,
        "dates changed": change.dates_differ,
        "room changed": change.rooms_differ,
        "check-out agreed": "check_out" in fields,
        "check-in agreed": "check_in" in fields,
    }
    return next((why for why, holds in reasons.items() if holds), "stay changed")


def _tell(desk: Desk, before: Stay, after: Stay, change: Change, *, has_news: bool) -> int:
    name = stay_fields.name(after)
    if after.version == before.version and not has_news:
        desk.say(f"{name} was like that already; nothing changed.", style="bold")
        return 0
    desk.say(f"Changing {name[0].lower()}{name[1:]}")
    for line in _news(before, after, change):
        desk.say(f"  {line}")
    if has_news:
        said = "agrees to WhatsApp, in these words" if change.consent else "does not want WhatsApp"
        desk.say(f"  it is recorded that the guest {said}")
    link = (
        "its link's page says so soon"
        if after.status in {"cancelled", "no_show"}
        else "its link stays the same"
    )
    desk.say(f"{name} is changed, {link}. {asking.GOES_LIVE}", style="bold")
    return 0


def _news(before: Stay, after: Stay, change: Change) -> Iterator[str]:
    for name in COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            shown = [_shown(name, value, change.currency) for value in (old, new)]
            yield f"{name.replace('_', ' ')}: {' -> '.join(shown)}"
    if change.dates_differ:
        yield f"dates: {stay_fields.dates(before)} -> {stay_fields.dates(after)}"
    if change.rooms_differ:
        yield f"room: {nights.told(change.before)} -> {nights.told(change.after)}"
    if before.ready_at != after.ready_at:
        yield "the room is ready" if after.ready_at else "the room is not ready"
    if before.party_id != after.party_id:
        yield f"party: {change.party or 'none'}"
    if change.guest:
        yield "what was told of the guest is taken over"


def _shown(name: str, value: Any, currency: str) -> str:
    if value is None or value == "":
        return "none"
    if name == "amount":
        return format_money(value, currency, "en")
    return plain(str(value)).replace("_", " ") if name == "status" else plain(str(value))
