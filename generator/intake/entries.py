"""One stay as a source tells it: only what was told, in our shapes, with a uid and a hash that stay the same.

It reads no file and no record: sheets.py and feeds.py make entries, ledgers.py compares them with stays.
"""

from collections.abc import Mapping, Set
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from generator.intake.cells import folded
from guestlink.consents import BY_IMPORT
from guestlink.contacts import OptIn, Person
from guestlink.crypto import KeyRing
from guestlink.records import Period, Property, Status, Unit
from guestlink.stays import FIRST_YEAR, LAST_YEAR, LONGEST_STAY_DAYS, StayDraft

PLAIN = (
    "reference",
    "language",
    "adults",
    "children",
    "pets",
    "expected_arrival",
    "amount",
    "check_in",
    "check_out",
)
ALIASES = {
    "homeaway": "vrbo",
    "abritel": "vrbo",
    "fewo-direkt": "vrbo",
    "booking": "booking-com",
    "air-bnb": "airbnb",
}
DEFAULT_SOURCE = "file"
FEED_MARK = "."
GONE_MARK = "-"  # ends the `imported` of a stay that its feed has lost, until it tells of it again


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mistake in a row, for which the row or the field is left out. `reason` follows the field's name and
    never repeats a value.
    """

    line: int
    field: str
    reason: str
    hint: str = ""


class NotAStay(msgspec.Struct, frozen=True, kw_only=True):
    """A row about days that nobody has booked. `why` is `blocked days` and the like."""

    line: int
    why: str


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """A row that tells what an earlier one told."""

    line: int
    mistakes: tuple[BadRow, ...] = ()


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says of being written to on WhatsApp, and in which words."""

    agrees: bool
    words: str


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What every entry of one import is read against. `unit` is where stays go that name none."""

    ring: KeyRing
    house: Property
    units: tuple[Unit, ...]
    unit: Unit | None
    source: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`plain` holds the told fields of PLAIN. `imported` is equal when everything told is: a keyed hash and,
    from a feed, its mark.

    `is_unit_in_row` is false when the unit was only given for the whole file. `may_be_echo` marks a nameless
    closed period that a channel may have taken over from another one. `mistakes` are in fields that it goes
    without. `uid_without_unit` is what a made-up uid was before the unit was told.
    """

    line: int
    source: str
    uid: str
    is_uid_told: bool
    arrival: date
    departure: date
    unit: Unit | None
    is_unit_in_row: bool
    status: Status | Literal[""]
    party: str
    plain: dict[str, Any]
    guest: Person
    imported: str
    is_from_feed: bool = False
    may_be_echo: bool = False
    mistakes: tuple[BadRow, ...] = ()
    uid_without_unit: str = ""
    consent: Consent | None = None

    @property
    def name(self) -> str:
        """What people call it in a report."""
        return str(self.plain.get("reference") or self.uid)

    @property
    def period(self) -> Period:
        unit = self.unit
        return Period(
            unit_id=unit.id if unit else None,
            from_on=self.arrival,
            until_on=self.departure,
            unit=unit.slug if unit else None,
            title=unit.title if unit else None,
        )

    def is_known_as(self, imported: str) -> bool:
        """True when a stay's `imported` says that just this was told before, by this feed if it is one."""
        known = imported.removesuffix(GONE_MARK)
        return self.imported in (known, known.partition(FEED_MARK)[0])

    def is_of_same_feed(self, imported: str) -> bool:
        mine, theirs = (
            text.removesuffix(GONE_MARK).partition(FEED_MARK) for text in (self.imported, imported)
        )
        return self.is_from_feed and mine[2] == theirs[2]

    def marked(self, imported: str) -> str:
        """What a stay's `imported` becomes; a file leaves the mark of the feed that a stay is in."""
        return (
            self.imported if self.is_from_feed else self.imported + "".join(imported.partition(FEED_MARK)[1:])
        )

    def opt_in(self, at: datetime) -> OptIn | None:
        """What a yes is recorded as; None without one."""
        said = self.consent
        return OptIn(at=at, how=BY_IMPORT, words=said.words) if said and said.agrees else None

    def draft(self, at: datetime | None = None) -> StayDraft:
        return StayDraft(
            source=self.source,
            source_uid=self.uid,
            status=self.status or "confirmed",
            party=self.party,
            imported=self.imported,
            periods=(self.period,),
            guest=self.guest,
            opt_in=self.opt_in(at) if at else None,
            **self.plain,
        )


def entry_of(
    context: Context,
    values: Mapping[str, Any],
    *,
    line: int,
    source: str,
    feed: str = "",
    may_be_echo: bool = False,
    mistakes: tuple[BadRow, ...] = (),
) -> Entry | tuple[BadRow, ...]:
    """The entry that read cells make, by field, or why they make none. A field that is absent is untold."""
    if wrong := wrong_dates(values, line=line):
        return wrong
    arrival, departure = values["arrival"], _departure(values)
    assert departure is not None
    unit = values.get("unit", context.unit)
    guest = Person(name=_full_name(values), phone=values.get("phone", ""), email=values.get("email", ""))
    told = {
        "source": source,
        "arrival": arrival,
        "departure": departure,
        "unit": unit.slug if unit else "",
        "status": values.get("status", ""),
        "party": values.get("party", ""),
        "guest": [guest.name, guest.phone, guest.email],
        **{name: values[name] for name in PLAIN if name in values},
        **({"opt_in": values["opt_in"]} if "opt_in" in values else {}),
    }
    own_uid = values.get("uid") or values.get("reference")
    uid = own_uid or row_uid(context.ring, told)
    return Entry(
        line=line,
        source=source,
        uid=uid,
        is_uid_told="uid" in values,
        arrival=arrival,
        departure=departure,
        unit=unit,
        is_unit_in_row="unit" in values,
        status=told["status"],
        party=told["party"],
        plain={name: values[name] for name in PLAIN if name in values},
        guest=guest,
        imported=context.ring.blind("import-row", _text({**told, "uid": uid})) + feed,
        is_from_feed=bool(feed),
        may_be_echo=may_be_echo,
        mistakes=mistakes,
        uid_without_unit=row_uid(context.ring, {**told, "unit": ""}) if unit and not own_uid else "",
        consent=values.get("opt_in"),
    )


def wrong_dates(
    values: Mapping[str, Any], *, line: int, unread: Set[str] = frozenset()
) -> tuple[BadRow, ...]:
    """Why the dates make no stay. Of fields that are `unread` it is known already that they are wrong."""
    arrival, departure = values.get("arrival"), _departure(values)
    wrong = []
    if arrival is None and "arrival" not in unread:
        wrong.append(BadRow(line=line, field="arrival", reason="is missing"))
    if not values.keys() & {"departure", "nights"} and not unread & {"departure", "nights"}:
        hint = "So is the number of nights."
        wrong.append(BadRow(line=line, field="departure", reason="is missing", hint=hint))
    if arrival and departure:
        pairs = _wrong_span(arrival, departure)
        wrong += [BadRow(line=line, field=field, reason=reason) for field, reason in pairs]
    return tuple(wrong)


def feed_mark(context: Context, source: str) -> str:
    """What ends the `imported` of stays that a feed told of: which source and unit the feed is for.

    A stay is missed in its own feed only: not in that of the room to which somebody moved it.
    """
    unit = context.unit.id if context.unit else ""
    return FEED_MARK + context.ring.blind("feed", f"{source}/{unit}")[:12]


def renamed(entry: Entry, context: Context, uid: str, party: str) -> Entry:
    """The same stay under another uid, as one of several rooms of a booking."""
    imported = context.ring.blind("import-row", _text([entry.imported, uid, party]))
    return msgspec.structs.replace(entry, uid=uid, party=party, imported=imported)


def row_uid(ring: KeyRing, told: Mapping[str, Any]) -> str:
    """The uid of a row that has none: the same for the same dates, unit and name, telling nothing of them."""
    same = [told["arrival"], told["departure"], told["unit"], folded(told["guest"][0])]
    return f"row-{ring.blind('row-uid', _text(same))[:16]}"


def source_name(text: str) -> str:
    """`Booking.com` as `booking-com`; brands of one channel are one source."""
    name = folded(text).replace(" ", "-")
    return ALIASES.get(name, name) or DEFAULT_SOURCE


def _departure(values: Mapping[str, Any]) -> date | None:
    """The departure, or what follows from arrival and nights."""
    told: date | None = values.get("departure")
    if told or not {"arrival", "nights"} <= values.keys():
        return told
    arrival: date = values["arrival"]
    try:
        return arrival + timedelta(days=values["nights"])
    except OverflowError:
        return date.max


def _wrong_span(arrival: date, departure: date) -> list[tuple[str, str]]:
    """The fields that make no stay of these dates, and why."""
    far = f"is not a date from {FIRST_YEAR} to {LAST_YEAR}"
    pairs = (("arrival", arrival), ("departure", departure))
    if wrong := [(field, far) for field, on in pairs if not FIRST_YEAR <= on.year <= LAST_YEAR]:
        return wrong
    if departure <= arrival:
        return [("departure", "is not after the arrival")]
    if (departure - arrival).days > LONGEST_STAY_DAYS:
        return [("departure", "is more than two years after the arrival")]
    return []


def _full_name(values: Mapping[str, Any]) -> str:
    """First and last name, wherever they stand; a `name` next to only one of them is the other one."""
    first, name, last = (values.get(field, "") for field in ("first_name", "name", "last_name"))
    if first and last:
        return f"{first} {last}"
    if name and last and not folded(name).endswith(folded(last)):
        return f"{name} {last}"
    if name and first and not folded(name).startswith(folded(first)):
        return f"{first} {name}"
    return str(name or first or last)


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
