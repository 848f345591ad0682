"""Whom a notice concerns: guests whose days and rooms it touches, each once, and how they can be told now."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from edge_api.journey import known, moments, outlook, plans, sayings
from edge_api.journey.outlook import Lamp
from edge_api.journey.sayings import REACHED, Notice
from edge_api.journey.texts import Book
from guestlink import clock, contacts, reach, records, zones
from guestlink.database import Reading
from guestlink.reach import Channel
from guestlink.records import Contact, Period, Stay

Audience = Literal["in-house", "arriving", "both"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which notice somebody wants to tell, and to whom; `at_any_hour` also outside the house's hours."""

    notice: str
    to: Audience = "both"
    at_any_hour: bool = False


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A wish with all that it is looked at by; `versions` are the notice's words by language."""

    wish: Wish
    versions: Mapping[str, Notice]
    book: Book
    lamp: Lamp
    at: datetime

    @property
    def notice(self) -> Notice:
        """Days and rooms are the same in every language."""
        return next(iter(self.versions.values()))

    @property
    def due_at(self) -> datetime:
        return self.at if self.wish.at_any_hour else moments.allowed(self.at, self.book.hours)

    @property
    def ends_at(self) -> datetime:
        """The end of its last day, by the clocks of the house."""
        day, zone = self.notice.shown_until + timedelta(days=1), self.book.house.zone
        return zones.local_instant(day, records.local_time("00:00"), zone)


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """One guest. Without a channel nobody reaches them, and `reason` says why. `price` is in millionths, None
    when nobody knows it.
    """

    stay: Stay
    contact_id: str
    language: str
    key: str
    was_told: bool = False
    channel: Channel | Literal[""] = ""
    reason: str = ""
    price: int | None = None
    due_at: datetime
    ends_at: datetime


def addressees(db: Reading, case: Case) -> list[Addressee]:
    """By arrival. Somebody who has two stays is told of it in the first; a companion whom nothing reaches
    hears it from the booker.
    """
    done, found = _done(db, case), dict[str, Addressee]()
    for stay in _stays(db, case):
        for contact in records.contacts(db, stay):
            if contact.id in found:
                continue
            each = _addressee(db, case, stay, contact)
            if each.channel or contact.role != known.COMPANION:
                was_told = (contact.id, each.key) in done
                found[contact.id] = msgspec.structs.replace(each, was_told=was_told)
    return list(found.values())


def _stays(db: Reading, case: Case) -> Iterator[Stay]:
    notice, house, to = case.notice, case.book.house, case.wish.to
    rows = db.all(
        "stays_around",
        property_id=house.id,
        ended_since=notice.shown_from.isoformat(),
        until_on=notice.shown_until.isoformat(),
    )
    every = [records.stay_by_id(db, str(row["id"])) for row in rows]
    for stay in sorted(every, key=lambda each: (each.from_on, each.id)):
        marks = records.moments(stay, house)
        is_here = marks.check_in <= case.at
        if case.at >= marks.departed or to == ("arriving" if is_here else "in-house"):
            continue
        if not notice.units or _has_room(records.periods(db, stay), notice):
            yield stay


def _has_room(periods: Iterable[Period], notice: Notice) -> bool:
    """Whether a stay has one of the rooms on one of the days."""
    return any(
        part.unit in notice.units
        and part.from_on <= notice.shown_until
        and part.until_on >= notice.shown_from
        for part in periods
    )


def _addressee(db: Reading, case: Case, stay: Stay, contact: Contact) -> Addressee:
    said = sayings.closest(case.versions, case.book, stay.language)
    channel, reason, price = _way(db, case, stay, contact)
    ends_at = min(case.ends_at, records.moments(stay, case.book.house).departed)
    if channel and case.due_at >= ends_at:
        channel, reason, price = "", plans.TOO_LATE, None
    return Addressee(
        stay=stay,
        contact_id=contact.id,
        language=said.language,
        key=sayings.notice_key(case.wish.notice, said),
        channel=channel,
        reason=reason,
        price=price,
        due_at=case.due_at,
        ends_at=ends_at,
    )


def _way(
    db: Reading, case: Case, stay: Stay, contact: Contact
) -> tuple[Channel | Literal[""], str, int | None]:
    """The channel, or why there is none; and what a message by it costs."""
    person = contacts.opened(case.lamp.ring, contact)
    guest = reach.known(db, person, contact_id=contact.id, opted_in=contact.opted_in_at is not None)
    off_platform, speaks = case.book.content.off_platform, case.lamp.speaks
    reasons = []
    for channel in REACHED:
        reason = reach.obstacle(channel, guest, source=stay.source, off_platform=off_platform, speaks=speaks)
        if not reason:
            return channel, "", outlook.price_of(case.lamp.prices, channel, person)
        reasons.append(reason)
    return "", " ".join(dict.fromkeys(reasons)), None


def _done(db: Reading, case: Case) -> set[tuple[str, str]]:
    """Who has which words already, or gets them anyway; said at any hour, what waits for the morning leaves
    now.
    """
    now = clock.as_text(case.at)
    return {
        (str(row["contact_id"]), str(row["key"]))
        for row in db.all("notice_messages", property_id=case.book.house.id)
        if row["state"] == "sent"
        or (row["state"] == "planned" and not (case.wish.at_any_hour and str(row["due_at"]) > now))
    }
