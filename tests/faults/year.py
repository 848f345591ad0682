"""A worker through a year whose clock is stepped, in houses whose clocks turn at odd hours; and the guest of
each stay, who looks at the page again and again.
"""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from edge_api import deliveries, inbox
from edge_api.messages import Sender
from guestlink import clock, houses, records, secret_values, stays
from guestlink.contacts import Person
from guestlink.houses import HouseDraft
from guestlink.records import Period
from tests.faults.almanac import CHECK_IN, CHECK_OUT, RULES, Almanac, Guest, House, Look, Value
from tests.faults.journey import body_of, status
from tests.guest import open_page
from tests.house import BY, from_folder, link_of, opened, run_publish, write_files
from tests.town import Town, until

LEAD = timedelta(milliseconds=300)  # so long before a change everybody looks for the first time
TOO_LATE = timedelta(seconds=70)
PAUSE = 0.05
DUE = "select count(*) from rebuilds where (state = 'waiting' and due_at <= ?) or state = 'claimed'"
NEXT = "select min(due_at) from rebuilds where state = 'waiting' and due_at > ?"
PROPERTY = f"""---
name: The house
languages: en
area: Polwenna
accent: #1f6f78
phone: +44 1632 960100
secrets: {
    " ".join(
        f'''{name} | {rule}
        '''
        for name, rule in RULES.items()
    ).rstrip()
}
updated: 2023-01-01
---
Welcome.
"""
DOOR = """---
title: The door
order: 1
icon: door
updated: 2023-01-01
---
[[exact-address]], [[gate-code]], [[key-box]], [[door-code]].
"""


class Year:
    """The houses and guests of an almanac as records, `work --pages` beside them, and all looks so far."""

    def __init__(self, town: Town, almanac: Almanac) -> None:
        self.town, self.almanac = town, almanac
        self.looks: list[Look] = []
        for house in almanac.houses:
            self._build(house)
        self._set_values()
        self._take_in()
        for value in almanac.values:
            if value.begins or value.until:
                self._say(value)
        run_publish(town.settings, at=town.now())
        self._fetch = from_folder(town.settings)
        self._links = {guest: link_of(town.settings, guest.name) for guest in almanac.guests}

    # -- records -------------------------------------------------------------------------------------
    def _build(self, house: House) -> None:
        write_files(
            self.town.settings, {"property.md": PROPERTY, "sections/door.en.md": DOOR}, slug=house.slug
        )
        database, _ = opened(self.town.settings)
        units = {
            unit for guest in self.almanac.guests if guest.house == house.slug for unit, *_ in guest.nights
        }
        with closing(database), database.write() as tx:
            draft = HouseDraft(
                slug=house.slug,
                zone=house.zone,
                currency="GBP",
                default_language="en",
                check_in=f"{CHECK_IN:%H:%M}",
                check_out=f"{CHECK_OUT:%H:%M}",
            )
            made = houses.add_property(tx, draft, at=self.town.now(), by=BY)
            for slug in sorted(units):
                houses.add_unit(tx, made, slug=slug, title=slug, at=self.town.now(), by=BY)

    def _take_in(self) -> None:
        database, ring = opened(self.town.settings)
        with closing(database), database.write() as tx:
            for guest in self.almanac.guests:
                house = records.find_property(tx, guest.house)
                nights = tuple(
                    Period(
                        unit_id=records.find_unit(tx, house, unit).id,
                        unit=unit,
                        from_on=date.fromisoformat(arrives),
                        until_on=date.fromisoformat(leaves),
                    )
                    for unit, arrives, leaves in guest.nights
                )
                draft = stays.StayDraft(
                    source="test",
                    source_uid=guest.name,
                    reference=guest.name,
                    periods=nights,
                    guest=Person(name=guest.name),
                    check_in=guest.check_in,
                    check_out=guest.check_out,
                )
                stays.add_stay(tx, ring, house, draft, at=self.town.now(), by=BY)

    def _set_values(self) -> None:
        """Those that are valid at any time."""
        database, ring = opened(self.town.settings)
        with closing(database), database.write() as tx:
            for value in self.almanac.values:
                if value.begins or value.until:
                    continue
                house = records.find_property(tx, value.house)
                secret_values.set_secret(
                    tx,
                    ring,
                    house,
                    name=value.name,
                    value=value.value,
                    at=self.town.now(),
                    by=BY,
                    unit=records.find_unit(tx, house, value.unit) if value.unit else None,
                )

    def _say(self, value: Value) -> None:
        """By the command, as a host says it in local time."""
        file = Path(self.town.settings.home, "value")
        file.write_text(value.value)
        words = ["secret", "set", value.house, value.name, "--file", str(file)]
        words += ["--unit", value.unit] if value.unit else []
        words += ["--stay", value.guest] if value.guest else []
        words += ["--from", value.begins] if value.begins else []
        words += ["--until", value.until] if value.until else []
        self.town.say(*words)

    # -- the worker ----------------------------------------------------------------------------------
    def start(self, name: str = "pages") -> None:
        self.town.start(name)
        until(self._is_quiet, "the worker is up to date")

    def hear_something(self) -> datetime:
        """Meta tells something that nobody need answer; until when it was understood."""
        at, who = self.town.now(), Sender(wa_id="447700900999")
        told = status("others", "delivered", to=who, at=at)
        database, ring = opened(self.town.settings)
        with closing(database), database.write() as tx:
            inbox.receive(tx, ring, deliveries.split(body_of([told])), at=at)
        waits = "select count(*) from inbox where state = 'waiting'"
        until(lambda: self._row(waits) == 0, "it is understood")
        return self.town.now()

    def keeps_what_it_heard(self) -> bool:
        return self._row("select count(*) from inbox where body is not null") == 1

    def start_ahead(self, span: timedelta) -> None:
        """The worker's clock is so far ahead of everybody's."""
        true, fast = self.town.clock, Path(self.town.settings.home, "fast-clock")
        assert true is not None
        fast.write_text(f"{float(true.read_text()) + span.total_seconds():+.3f}")
        self.town.clock = fast
        self.town.start("pages")
        self.town.clock = true

    def _is_quiet(self) -> bool:
        return self._row(DUE) == 0

    def kill_worker(self) -> None:
        """When it holds nothing: a claim of the dead lasts as long as its lease."""
        claimed = "select count(*) from rebuilds where state = 'claimed'"
        until(lambda: self._row(claimed) == 0, "the worker rests")
        self.town.kill("pages")

    @contextmanager
    def asleep(self) -> Iterator[None]:
        process = self.town.processes["pages"]
        os.kill(process.pid, signal.SIGSTOP)
        yield
        os.kill(process.pid, signal.SIGCONT)

    # -- time ----------------------------------------------------------------------------------------
    def live_through(self, *, until_at: datetime | None = None, with_every_due: bool = False) -> None:
        """Steps to every instant at which something should change, and to those the records say something is
        due at, too, when told.
        """
        ready = self._ready_marks()
        end = until_at or datetime.max.replace(tzinfo=self.town.now().tzinfo)
        while (change := self._next_change(ready)) and change <= end:
            due = self._next_due() if with_every_due else None
            if due and due + timedelta(seconds=1) < change - LEAD:
                self.pass_by(due + timedelta(seconds=1))
            else:
                self.meet(change, ready.pop(change, None))
        self.pass_by(end) if until_at else None

    def meet(self, change: datetime, whose_room: Guest | None = None) -> None:
        """Looks before and after a change, until all is as it should be or it is too late."""
        self.town.set_clock(change - LEAD)
        self.look()
        while self.town.now() < change:
            self.look()
            time.sleep(PAUSE)
        if whose_room:
            self._make_ready(whose_room)
        while not self.look() and self.town.now() < change + TOO_LATE:
            time.sleep(PAUSE)

    def pass_by(self, at: datetime) -> None:
        self.town.set_clock(at)
        until(self._is_quiet, f"what is due at {at} is done")
        self.look()

    def _next_change(self, ready: dict[datetime, Guest]) -> datetime | None:
        now = self.town.now()
        changes = {at for guest in self.almanac.guests for at in self.almanac.changes(guest)}
        return min((at for at in {*changes, *ready} if at > now + LEAD), default=None)

    def _next_due(self) -> datetime | None:
        due = self._row(NEXT)
        return clock.from_text(str(due)) if due else None

    def _ready_marks(self) -> dict[datetime, Guest]:
        told = [guest for guest in self.almanac.guests if guest.ready]
        return {self.almanac.local(guest.house, guest.ready): guest for guest in told}

    def _make_ready(self, guest: Guest) -> None:
        database, ring = opened(self.town.settings)
        at = self.town.now()
        with closing(database), database.write() as tx:
            house = records.find_property(tx, guest.house)
            stays.change_stay(tx, ring, house, records.find_stay(tx, guest.name), at=at, by=BY, ready_at=at)
        self.almanac.ready[guest.name] = at

    def _row(self, query: str) -> object:
        path = Path(self.town.settings.home, "data/guestlink.db")
        with closing(sqlite3.connect(path, timeout=30)) as file:
            return file.execute(query, (clock.as_text(self.town.now()),)[: query.count("?")]).fetchone()[0]

    # -- looking -------------------------------------------------------------------------------------
    def look(self) -> bool:
        """Everybody opens their page; whether all of them read what they should now."""
        fine = True
        for guest in self.almanac.guests:
            before = self.town.now()
            seen = self._seen(guest)
            after = self.town.now()
            self.looks.append(Look(guest, before, after, seen))
            fine = fine and seen == self.almanac.readable(guest, after)
        return fine

    def _seen(self, guest: Guest) -> frozenset[str]:
        try:
            page = open_page(self._fetch, self._links[guest])
        except FileNotFoundError:
            return frozenset()
        return frozenset({"page", *(each.value for each in self.almanac.values if each.value in page.codes)})
