"""Notices told by message: looked at first, then planned once for everybody whom they concern.

The words are those of the notice's file as it was published. Nobody gets the same words twice, however often
they are sent; who books later reads them on the page.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from edge_api.journey import ledger, sayings
from edge_api.journey.addressees import Addressee, Audience, Case, Wish, addressees
from edge_api.journey.outlook import Lamp
from edge_api.journey.plans import Wanted
from edge_api.journey.sayings import AT_ANY_HOUR, NOTICE, Notice
from guestlink import journal, zones
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound, Refused, Stale
from guestlink.records import Property

KEY: Final = re.compile(r"[a-z0-9_-]{1,100}\Z")
UNDER_WAY: Final = frozenset({"waiting", "sending"})


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The words in one language, and how many guests get them so."""

    language: str
    title: str
    text: str
    guests: int


class Unreached(msgspec.Struct, frozen=True, kw_only=True):
    """Guests whom no message reaches, and why."""

    reason: str
    guests: int


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """In millionths of the currency; of `unknown` messages nobody knows the price."""

    currency: str
    amount: int
    unknown: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a sending would do now. `guests` get a message, by `channels`; the first leaves at `leaves_at`.

    `version` stands for the words, days and rooms that were looked at.
    """

    notice: str
    version: str
    shown_from: date
    shown_until: date
    units: tuple[str, ...]
    to: Audience
    said: tuple[Said, ...]
    guests: int
    channels: dict[str, int]
    was_told: int
    unreached: tuple[Unreached, ...]
    cost: Cost
    leaves_at: datetime | None


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A published notice, and what became of its messages: of any of its words, old or new."""

    notice: str
    titles: dict[str, str]
    shown_from: date
    shown_until: date
    units: tuple[str, ...]
    important: bool
    told: int = 0
    waiting: int = 0
    not_told: int = 0


# -- looking -----------------------------------------------------------------------------------------
def posted(db: Reading, house: Property) -> list[Posted]:
    """All published notices of a house, by their days."""
    found: dict[str, list[Notice]] = {}
    for row in db.all("catalogue_of_kind", property_id=house.id, kind=NOTICE):
        found.setdefault(str(row["key"]), []).append(msgspec.json.decode(row["body"], type=Notice))
    counts = _counts(db.all("notice_messages", property_id=house.id))
    every = [_posted(key, versions, counts.get(key, {})) for key, versions in found.items()]
    return sorted(every, key=lambda each: (each.shown_from, each.notice))


def preview(db: Reading, lamp: Lamp, house: Property, wish: Wish, *, at: datetime) -> Preview:
    """What would be sent to whom. NotFound for a notice that is not published, Refused for one that is
    over.
    """
    case = _case(db, lamp, house, wish, at=at)
    return _summary(case, addressees(db, case))


# -- sending -----------------------------------------------------------------------------------------
def send(
    tx: Writing, lamp: Lamp, house: Property, wish: Wish, *, version: str, at: datetime, by: str
) -> Preview:
    """Plans the messages, and tells what was done as a preview does. Stale when the notice is another one
    than was looked at.
    """
    case = _case(tx, lamp, house, wish, at=at)
    every = addressees(tx, case)
    done = _summary(case, every)
    if done.version != version:
        raise Stale("The notice has changed since it was looked at.", hint="Look at it again, then send it.")
    fresh = [each for each in every if not each.was_told]
    for each in fresh:
        _plan(tx, case, each, by=by)
    if fresh:
        told = {"notice": wish.notice, "to": wish.to, "guests": done.guests}
        event = journal.Event(kind="notice-sent", body=told)
        journal.append(tx, f"property:{house.id}", [event], at=at, by=by, property_id=house.id)
    return done


def _case(db: Reading, lamp: Lamp, house: Property, wish: Wish, *, at: datetime) -> Case:
    book = lamp.shelf.book(db, house)
    versions = sayings.versions(db, book, wish.notice) if KEY.match(wish.notice) else {}
    if not versions:
        mend = f"`publish.py notice list {house.slug}` shows those that are."
        raise NotFound(f"No notice {wish.notice!r} is published in {house.slug}.", hint=mend)
    case = Case(wish=wish, versions=versions, book=book, lamp=lamp, at=at)
    if case.notice.shown_until < zones.local_date(at, house.zone):
        raise Refused("The days of this notice are over.", hint="Give its file a later day in `until:`.")
    return case


def _plan(tx: Writing, case: Case, each: Addressee, *, by: str) -> None:
    want = Wanted(
        key=each.key,
        state="planned" if each.channel else "skipped",
        due_at=each.due_at,
        ends_at=each.ends_at,
        reason=each.reason or (AT_ANY_HOUR if case.wish.at_any_hour else ""),
    )
    ledger.write(tx, each.stay, contact_id=each.contact_id, want=want, at=case.at, by=by)


# -- counting ----------------------------------------------------------------------------------------
def _summary(case: Case, every: Sequence[Addressee]) -> Preview:
    fresh = [each for each in every if not each.was_told]
    reached = [each for each in fresh if each.channel]
    without = Counter(each.reason for each in fresh if not each.channel)
    notice, languages = case.notice, Counter(each.language for each in reached)
    return Preview(
        notice=case.wish.notice,
        version=_version(case.versions),
        shown_from=notice.shown_from,
        shown_until=notice.shown_until,
        units=notice.units,
        to=case.wish.to,
        said=tuple(
            Said(language=tag, title=each.title, text=each.text, guests=languages[tag])
            for tag, each in case.versions.items()
        ),
        guests=len(reached),
        channels=dict(Counter(str(each.channel) for each in reached)),
        was_told=len(every) - len(fresh),
        unreached=tuple(Unreached(reason=reason, guests=many) for reason, many in without.most_common()),
        cost=Cost(
            currency=case.lamp.prices.currency,
            amount=sum(each.price or 0 for each in reached),
            unknown=sum(each.price is None for each in reached),
        ),
        leaves_at=min((each.due_at for each in reached), default=None),
    )


def _version(versions: Mapping[str, Notice]) -> str:
    told = msgspec.json.encode([versions[tag] for tag in sorted(versions)])
    return hashlib.sha256(told).hexdigest()[:16]


def _counts(rows: Iterable[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """Notice -> how many of its messages were told, wait, or were not told."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        key = str(row["key"]).split(":")[1]
        counts.setdefault(key, Counter())[_standing(str(row["state"]), str(row["outcome"]))] += 1
    return counts


def _standing(state: str, outcome: str) -> str:
    if state == "planned" or (state == "sent" and outcome in UNDER_WAY):
        return "waiting"
    return "told" if state == "sent" and outcome in {"", "sent"} else "not_told"


def _posted(key: str, versions: Sequence[Notice], counts: Mapping[str, int]) -> Posted:
    first = versions[0]
    return Posted(
        notice=key,
        titles={each.language: each.title for each in versions},
        shown_from=first.shown_from,
        shown_until=first.shown_until,
        units=first.units,
        important=first.important,
        **counts,
    )
