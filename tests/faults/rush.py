"""Guests who have just booked, half of them to be written to on WhatsApp, half by e-mail; couriers that die
over it; and couriers that do it as it must not be done.
"""

import json
import random
import runpy
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from edge_api import correspondence, dispatch, outbox
from edge_api.journey import ledger, sending
from edge_api.messages import Sender
from guestlink import clock, records, stays
from guestlink.contacts import OptIn, Person
from guestlink.records import Period
from guestlink.settings import save_setting
from tests.house import BY, ROOT, opened, write_files
from tests.postoffice import SILENCE, PostOffice
from tests.services import free_port
from tests.town import Town, town, until

BOOKED = """---
subject: Your days at {house}
send: on booking
useful_for: 14 days
at_any_hour: yes
channels: whatsapp, e-mail
updated: 2026-01-01
---
We look forward to you.
"""
LEFT = """
select (select count(*) from outbox where state = 'waiting') +
  (select count(*) from journey where state = 'planned') + (select count(*) from stays s
    where not exists (select 1 from journey j where j.stay_id = s.id))
"""
MESSAGES = """
select m.id, s.source_uid, o.state
from messages m join outbox o on o.id = m.id join stays s on s.id = m.stay_id
"""
ROWS = "select s.source_uid, j.state, j.message_id from journey j join stays s on s.id = j.stay_id"


class Rush:
    """What is on its way, what came of it. `chance` decides who is killed when."""

    def __init__(self, town: Town, post: PostOffice, seed: int) -> None:
        self.town, self.post, self.chance = town, post, random.Random(seed)
        self.guests: list[str] = []
        self._silent: set[str] = set()
        self._unknown: set[str] = set()  # what somebody died over

    # -- who books -----------------------------------------------------------------------------------
    def book(self, many: int) -> None:
        """So many guests at once, every other one with a phone; all of them can be written to by e-mail."""
        new = [f"guest-{number}" for number in range(len(self.guests), len(self.guests) + many)]
        phones = {name: f"447700900{300 + int(name[6:])}" for name in new[::2]}
        for name, phone in phones.items():
            self.town.phone.post("/sandbox/people", json={"name": name, "phone": phone}).raise_for_status()
            self.town.writes(name, "hello")
        database, ring = opened(self.town.settings)
        at = clock.now()
        arrives, leaves = at.date() + timedelta(days=9), at.date() + timedelta(days=11)
        nights = Period(unit_id=None, from_on=arrives, until_on=leaves)
        with closing(database), database.write() as tx:
            house = records.find_property(tx, "planted")
            for name in new:
                nights = Period(
                    unit_id=None, from_on=at.date() + timedelta(9), until_on=at.date() + timedelta(11)
                )
                phone = phones.get(name, "")
                draft = stays.StayDraft(
                    source="test",
                    source_uid=name,
                    periods=(nights,),
                    guest=Person(name=name, phone=f"+{phone}" if phone else "", email=f"{name}@example.com"),
                    opt_in=OptIn(at=at, how="test", words="You may write to me.") if phone else None,
                )
                stays.add_stay(tx, ring, house, draft, at=at, by=BY, bulk=True)
                if phone:
                    number_id = self.town.settings.whatsapp_number_id
                    who = Sender(wa_id=phone, name=name)
                    talk = correspondence.open_with(tx, ring, who, number_id=number_id, at=at)
                    correspondence.mark(tx, talk, heard_at=at)
        self.guests += new

    # -- who dies ------------------------------------------------------------------------------------
    def kill_somewhere(self, *, within: int) -> None:
        """The couriers die when so many more have arrived as chance says, and new ones begin."""
        wanted = self.arrived().total() + self.chance.randint(1, within)
        until(lambda: self.arrived().total() >= wanted or self.left() == 0, "some arrive")
        self.town.kill("couriers")
        self._unknown |= self.under_way()
        self.town.start("couriers")

    def start_as(self, variant: str) -> None:
        """Starts one of the programs below in the place of the real one."""
        with Path(self.town.settings.home, "couriers.log").open("ab") as log:
            self.town.processes["couriers"] = subprocess.Popen(
                [sys.executable, "-c", f"from tests.faults import rush; rush.{variant}()"],
                env=self.town._environment(),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def drain(self, *, within: float) -> None:
        """Waits until nothing waits and the living hold nothing but what is never answered; then the next who
        looks gives up what somebody died over.
        """
        until(lambda: self.left() == 0, lambda: f"{self.left()} wait", within=within)
        until(lambda: not self.under_way() - self._unknown - self._never_answered(), "the rest has left")
        self.town.kill("couriers")
        database, _ = opened(self.town.settings)
        with closing(database), database.write() as tx:
            outbox.recover(tx, at=clock.now() + outbox.MAIL_LEASE)

    def under_way(self) -> set[str]:
        return {each for each, state in self.states().items() if state == "sending"}

    def _never_answered(self) -> set[str]:
        return {row[0] for row in self.rows(MESSAGES) if row[1] in self._silent}

    def never_answer(self, *guests: str) -> None:
        """The mail server takes what these guests get and says nothing."""
        self._silent |= set(guests)
        for guest in guests:
            self.post.tell(at="message", what=SILENCE, who=f"{guest}@example.com")

    # -- what is true --------------------------------------------------------------------------------
    def arrived(self) -> Counter[str]:
        """Message -> how often it is on a phone or in a mailbox."""
        log = self.town.phone.get("/sandbox/log", params={"entries": "100000"}).json()["entries"]
        on_phones = [entry["callback_data"] for entry in log if entry["way"] == "out"]
        in_mailboxes = [mail.id.strip("<>").partition("@")[0] for mail in self.post.mails]
        return Counter([*filter(None, on_phones), *in_mailboxes])

    def heard(self) -> Counter[str]:
        """Guest -> how many messages they have, however they came."""
        whose = {row[0]: row[1] for row in self.rows(MESSAGES)}
        found: Counter[str] = Counter()
        for message, times in self.arrived().items():
            found[whose[message]] += times
        return found

    def left(self) -> int:
        return int(self.rows(LEFT)[0][0])

    def states(self) -> dict[str, str]:
        return {row[0]: row[2] for row in self.rows(MESSAGES)}

    def listed_in_doubt(self) -> set[str]:
        """As a host sees them."""
        lines = json.loads(self.town.say("messages", "--doubtful", "--json"))
        return {line["id"] for line in lines}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        path = Path(self.town.settings.home, "data/guestlink.db")
        with closing(sqlite3.connect(path, timeout=30)) as file:
            return file.execute(query).fetchall()


@contextmanager
def rush(home: Path, *, seed: int) -> Iterator[Rush]:
    """A house whose couriers have not begun yet."""
    with town(home) as place, PostOffice(home / "post", port=free_port()) as post:
        place.settings = save_setting(place.settings, mail_url=post.url, mail_from="stay@example.com")
        write_files(place.settings, {"journey/booked.en.md": BOOKED})
        place.publish()
        place.start("sandbox")
        place.phone.patch("/sandbox/account", json={"callback": ""}).raise_for_status()
        freely = {"per_second": 0, "pair_every": 0.0, "pair_burst": 0}
        place.phone.patch("/sandbox/settings", json=freely).raise_for_status()
        yield Rush(place, post, seed)


# -- how it must not be done -------------------------------------------------------------------------
def send_again() -> None:
    """Begins with what was left while it was sent."""
    run = dispatch.run

    def again(office: dispatch.Office, *args: Any, **more: Any) -> None:
        with office.database.write() as tx:
            tx.statement("update outbox set state = 'waiting' where state = 'sending'")  # type: ignore[attr-defined]
        run(office, *args, **more)

    dispatch.run = again
    _run()


def note_afterwards() -> None:
    """Hands messages over first and notes a moment later that they were."""
    settle, send_due = ledger.settle, sending.send_due
    later: list[tuple[Any, Any]] = []

    def afterwards(database: Any, office: sending.Office, *, at: Any) -> int:
        done = send_due(database, office, at=at)
        time.sleep(3)
        with database.write() as tx:
            for row, told in later:
                settle(tx, row, **told)
        later.clear()
        return done

    ledger.settle = lambda _, row, **told: later.append((row, told))
    sending.send_due = afterwards
    _run()


def _run() -> None:
    sys.argv = ["publish.py", "couriers"]
    runpy.run_path(str(ROOT / "publish.py"), run_name="__main__")
