"""`publish.py demo`: a big house to try out, or several: thousands of invented stays around today.

The same seed and day give the same people and stays; ids, links and codes differ. Such a house writes to
nobody: it has no staff and no messages of the journey.
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, islice

import msgspec

from generator.commands import init
from generator.content import read_property
from generator.crowd import Drafted, crowd, fictitious_phones, rooms_needed
from generator.files import leaks
from generator.sample import SAMPLES, draw_secrets
from generator.samples.plans import Sample
from guestlink import clock, houses, stays, zones
from guestlink.database import Writing
from guestlink.errors import InvalidInput, Refused
from guestlink.records import Period, Property, Unit, properties
from guestlink.settings import PROGRAM
from guestlink.terminal import Desk

MOST_STAYS, MOST_PROPERTIES = 200_000, 200
IN_ONE_TRANSACTION = 500
PREFIX = "demo-"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stays", type=int, required=True, metavar="N", help="how many stays, in all")
    parser.add_argument("--properties", type=int, default=1, metavar="M", help="in how many houses (1)")
    parser.add_argument("--seed", default="1", help="another word makes other people and dates")
    parser.add_argument(
        "--yes", action="store_true", help="beside houses of your own, which stay as they are"
    )


def run(args: argparse.Namespace, desk: Desk) -> int:
    _checked(args)
    if not desk.settings.file.exists():
        init.set_up(desk, (), name="Host", at=clock.now())
        desk = Desk(desk.home)
    with desk:
        return _fill(args, desk)


def _checked(args: argparse.Namespace) -> None:
    if not 1 <= args.properties <= MOST_PROPERTIES:
        raise InvalidInput(f"--properties is {args.properties}.", hint=f"Write 1 to {MOST_PROPERTIES}.")
    if not args.properties <= args.stays <= MOST_STAYS:
        mend = f"Write at least one for each house, at most {MOST_STAYS}."
        raise InvalidInput(f"--stays is {args.stays}.", hint=mend)


def _fill(args: argparse.Namespace, desk: Desk) -> int:
    own = _own_houses(desk)
    if own and not args.yes:
        raise Refused(
            f"This home has houses that are not for trying out: {', '.join(own)}.",
            hint="Use a folder of its own, GUESTLINK_HOME=/tmp/demo, or say --yes: no house can be removed.",
        )
    beside = f" Beside {', '.join(own)}, which stay as they are." if own else ""
    desk.say(f"Making {args.stays} invented stays, seed {args.seed}.{beside}")
    builder = _Builder(desk=desk, at=clock.now(), by=desk.user)
    phones = fictitious_phones(args.seed)
    with desk.progress() as step:
        done = 0
        for number, slug in enumerate(islice(_free_slugs(desk), args.properties)):
            share = args.stays // args.properties + (number < args.stays % args.properties)
            sample = SAMPLES[number % len(SAMPLES)]
            house, rooms = builder.open_house(slug, sample, share)
            drafted = crowd(
                f"{args.seed}/{number}",
                rooms=len(rooms),
                stays=share,
                languages=builder.languages[slug],
                prefix=f"d{slug.removeprefix(PREFIX)}",
                phones=phones,
            )
            for part in builder.move_in(house, rooms, drafted, nightly=sample.nightly):
                done += part
                step("stays", done, args.stays)
    _tell(desk, builder)
    return 0


def _own_houses(desk: Desk) -> list[str]:
    to_try = {sample.slug for sample in SAMPLES}
    with desk.database.read() as db:
        known = [house.slug for house in properties(db)]
    return [slug for slug in known if slug not in to_try and not slug.startswith(PREFIX)]


def _free_slugs(desk: Desk) -> Iterator[str]:
    with desk.database.read() as db:
        taken = {house.slug for house in properties(db)}
    folders = desk.settings.content_folder
    every = (f"{PREFIX}{number}" for number in count(1))
    return (slug for slug in every if slug not in taken and not (folders / slug).exists())


# -- a house ---------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class _Builder:
    """Opens houses and moves their guests in; remembers how many of these are there today."""

    desk: Desk
    at: datetime
    by: str
    languages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    in_house: Counter[str] = field(default_factory=Counter)

    def open_house(self, slug: str, sample: Sample, share: int) -> tuple[Property, list[Unit]]:
        """Its texts, record, rooms and codes, modelled on one of the houses to try."""
        folder = self.desk.settings.content_folder / slug
        leave_out = shutil.ignore_patterns("journey")
        shutil.copytree(PROGRAM / "content" / sample.slug, folder, ignore=leave_out)
        titles = dict(sample.rooms)
        for number in range(len(titles) + 1, rooms_needed(share, least=len(titles)) + 1):
            titles[f"room-{number}"] = sample.another_room.format(number=number)
        content = read_property(folder, units=frozenset(titles), currency=sample.house.currency)
        self.languages[slug] = content.languages
        taken = leaks.tokens("\n".join(file.read_text("utf-8", "replace") for file in folder.rglob("*.md")))
        with self.desk.database.write() as tx:
            house = houses.add_property(
                tx, msgspec.structs.replace(sample.house, slug=slug), at=self.at, by=self.by
            )
            rooms = [
                houses.add_unit(tx, house, slug=name, title=title, at=self.at, by=self.by)
                for name, title in titles.items()
            ]
            draw_secrets(
                tx,
                self.desk.ring,
                house,
                sample=sample,
                units=rooms,
                names=tuple(content.reveal),
                taken=taken.__contains__,
                at=self.at,
                by=self.by,
            )
        return house, rooms

    def move_in(
        self, house: Property, rooms: Sequence[Unit], drafted: Sequence[Drafted], *, nightly: int
    ) -> Iterator[int]:
        """Writes them some hundred at a time; yields how many were."""
        today = zones.local_date(self.at, house.zone)
        for start in range(0, len(drafted), IN_ONE_TRANSACTION):
            part = drafted[start : start + IN_ONE_TRANSACTION]
            with self.desk.database.write() as tx:
                for each in part:
                    self._add(tx, house, _draft(each, rooms[each.room], nightly, today), today)
            yield len(part)

    def _add(self, tx: Writing, house: Property, draft: stays.StayDraft, today: date) -> None:
        ring, at, by = self.desk.ring, self.at, self.by
        stay = stays.add_stay(tx, ring, house, draft, at=at, by=by, bulk=True)
        if stay.status == "confirmed" and stay.from_on < today <= stay.until_on:
            self.in_house[house.slug] += 1
            why = "room ready"
            stays.change_stay(tx, ring, house, stay, at=at, by=by, why=why, bulk=True, ready_at=at)


def _draft(each: Drafted, room: Unit, nightly: int, today: date) -> stays.StayDraft:
    arrives, leaves = (today + timedelta(days=days) for days in (each.arrives, each.leaves))
    return stays.StayDraft(
        source=each.source,
        source_uid=each.reference,
        reference=each.reference,
        language=each.language,
        adults=each.adults,
        children=each.children,
        pets=each.pets,
        expected_arrival=each.expected,
        amount=nightly * (leaves - arrives).days if each.source == "direct" else None,
        status=each.status,
        party=each.party,
        periods=(Period(unit_id=room.id, unit=room.slug, from_on=arrives, until_on=leaves),),
        guest=each.guest,
    )


def _tell(desk: Desk, builder: _Builder) -> None:
    made = list(builder.languages)
    desk.say()
    desk.say("Next: `publish.py publish` makes the pages, `publish.py up` opens everything on this machine,")
    desk.say(f"and `publish.py stay list {made[0]}` shows who comes; then")
    desk.say("`publish.py demo requests` lets guests ask for things.")
    there = ", ".join(f"{builder.in_house[slug]} in {slug}" for slug in made[:5])
    more = f" and {len(made) - 5} more" if len(made) > 5 else ""
    desk.say(f"Guests are in the house today: {there}{more}. Nobody of them is real.", style="bold")
