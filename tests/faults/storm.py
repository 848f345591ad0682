"""A town under load whose processes are killed, and programs that do it as it must not be done.

What is true afterwards is read from the database's file and from the sandbox's own log.
"""

import asyncio
import random
import runpy
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from edge_api import deliveries, dispatch, duty, outbox, webhooks
from edge_api.messages import Sender
from guestlink import clock, journal, records, stays
from guestlink.contacts import Person
from guestlink.crypto import read_keys
from guestlink.records import Period
from tests.faults.journey import Event, body_of, message, status
from tests.faults.meta import Meta
from tests.house import BY, ROOT, opened
from tests.town import PATIENCE, Town, until

WISH, QUESTION, THANKS = "2 bath towels please", "hello", "thank you"
REPLIES = {WISH: 1, QUESTION: 1, THANKS: 0}
FIRST = "first on duty"
LEFT = """
select (select count(*) from inbox where state = 'waiting'),
  (select count(*) from outbox where state = 'waiting')
"""


# -- the town ----------------------------------------------------------------------------------------
class Found(NamedTuple):
    """What the database says after the storm: keys of the inbox with their states, how often each wamid was
    archived, replies by wamid, staff told first by request, and how many requests.
    """

    inbox: dict[str, str]
    archived: Counter[str]
    replies: Counter[str]
    first_told: Counter[str]
    requests: set[str]
    asked: int
    said: set[str]
    states: dict[str, str]


class Storm:
    """A small house under load. `chance` decides what is sent, who is killed and when."""

    def __init__(self, town: Town, *, guests: int, seed: int) -> None:
        self.town, self.chance = town, random.Random(seed)
        self.settings, self.ring = town.settings, read_keys(town.settings.keys_file)
        self.guests = [
            Sender(wa_id=f"447700900{300 + number}", name=f"guest-{number}") for number in range(guests)
        ]
        self.offered: list[Event] = []
        self._furnish()
        town.publish()
        town.start("sandbox", "serve", "couriers")
        self._open_windows()
        self.meta = Meta(self.settings.public_url, random.Random(seed))

    def close(self) -> None:
        self.meta.close()

    def _furnish(self) -> None:
        database, ring = opened(self.settings)
        at, day = clock.now(), timedelta(days=1)
        with closing(database), database.write() as tx:
            house = records.find_property(tx, "planted")
            duty.add_staff(
                tx,
                ring,
                name="Mira Holm",
                phone="+44 7700 900201",
                role="staff",
                houses=[house],
                at=at,
                by=BY,
            )
            for who in self.guests:
                nights = Period(unit_id=None, from_on=(at - day).date(), until_on=(at + 2 * day).date())
                person = Person(name=who.name, phone=f"+{who.wa_id}")
                draft = stays.StayDraft(source="test", source_uid=who.name, periods=(nights,), guest=person)
                stays.add_stay(tx, ring, house, draft, at=at, by=BY)

    def _open_windows(self) -> None:
        """At the sandbox everybody has written; with us only Mira, so that her calls are free-form."""
        self.sandbox("settings", per_second=0, pair_every=0.0, pair_burst=0, retry_first=0.2)
        callback = self.town.phone.get("/sandbox/account").json()["callback"]
        self.sandbox("account", callback="")
        for who in self.guests:
            self.town.phone.post("/sandbox/people", json={"name": who.name, "phone": who.wa_id})
            self.town.writes(who.name, QUESTION)
        self.sandbox("account", callback=callback)
        self.town.writes("mira", QUESTION)
        until(lambda: self.count("select count(*) from outbox where state = 'sent'") == 1, "Mira is answered")

    def sandbox(self, what: str, **changed: object) -> None:
        self.town.phone.patch(f"/sandbox/{what}", json=changed).raise_for_status()

    def fault(self, kind: str, **more: object) -> None:
        self.town.phone.post("/sandbox/faults", json={"kind": kind, **more}).raise_for_status()

    def nobody_answers(self) -> None:
        """Of what is sent from now on the first four do not arrive, the others do; no answer comes of any."""
        self.fault("silent", next=4)
        self.fault("unanswered")

    def all_answer(self) -> None:
        self.town.phone.delete("/sandbox/faults").raise_for_status()

    def later(self, span: str) -> None:
        self.town.phone.post("/sandbox/clock", json={"advance": span}).raise_for_status()

    # -- load --------------------------------------------------------------------------------------
    def events(self, many: int, *, wishes: int = 0) -> list[Event]:
        """Of ten events one is a guest's message, so that Meta's own limit of a number is kept; the others
        are statuses of messages that are none of ours.
        """
        made = [self._message(WISH) for _ in range(wishes)]
        while len(made) < many:
            if self.chance.random() < 0.1:
                made.append(self._message(self.chance.choice((QUESTION, THANKS))))
            else:
                who, others = self.chance.choice(self.guests), clock.new_id()
                made.append(status(others, "delivered", to=who, at=clock.now()))
        self.chance.shuffle(made)
        self.offered += made
        return made

    def questions(self, many: int) -> list[Event]:
        """From as many guests, so that the answers are sent side by side."""
        made = [message(who, QUESTION, at=clock.now()) for who in self.guests[:many]]
        self.offered += made
        return made

    def _message(self, text: str) -> Event:
        """Wishes go round, since the house lets a guest ask for five things in a minute."""
        asked = sum(event.what == WISH for event in self.offered)
        who = self.guests[asked % len(self.guests)] if text == WISH else self.chance.choice(self.guests)
        return message(who, text, at=clock.now())

    # -- kills -------------------------------------------------------------------------------------
    def kill(self, *names: str) -> None:
        for name in names:
            self.town.kill(name)

    def stop(self, name: str) -> None:
        """Ends a process in peace: what is under way comes to its end."""
        process = self.town.processes.pop(name)
        process.terminate()
        process.wait(PATIENCE)

    def start_as(self, name: str, variant: str) -> None:
        """Starts one of the programs below in the place of the real one."""
        with Path(self.settings.home, f"{name}.log").open("ab") as log:
            self.town.processes[name] = subprocess.Popen(
                [sys.executable, "-c", f"from tests.faults import storm; storm.{variant}()"],
                env=self.town._environment(),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_at_work(self) -> bool:
        """Whether the couriers understand again what comes in."""
        return self.count("select count(*) from inbox where state = 'waiting'") < 20

    def trouble(self) -> str:
        """What waits, and what the processes said last."""
        logs = sorted(Path(self.settings.home).glob("*.log"))
        said = [f"{log.name}: {log.read_text('utf-8', 'replace')[-1500:]}" for log in logs]
        return "\n".join(["the couriers are at work", str(self.rows(LEFT)), *said])

    def drained(self, *, within: float) -> None:
        """Waits until all that waited has left; what somebody died over is not waited for."""
        until(lambda: self.meta.is_done, lambda: f"all is acknowledged: {self.meta.tries}", within=within)
        until(lambda: self.rows(LEFT) == [(0, 0)], lambda: f"nothing waits: {self.rows(LEFT)}", within=within)

    def accepted(self) -> Counter[str]:
        """Message -> how often the sandbox has taken it."""
        log = self.town.phone.get("/sandbox/log", params={"entries": "100000"}).json()["entries"]
        return Counter(entry["callback_data"] for entry in log if entry["way"] == "out")

    def unknown(self) -> set[str]:
        """Messages that left, or did not: nobody was there to hear the answer."""
        return {row[0] for row in self.rows("select id from outbox where state = 'sending'")}

    def listed_in_doubt(self) -> set[str]:
        """As `publish.py messages` lists them."""
        database, _ = opened(self.settings)
        with closing(database), database.read() as db:
            return {each.id for each in outbox.unsent(db, "in_doubt")}

    def is_under_way(self, many: int) -> bool:
        """Whether so many messages are being sent, and half of them have arrived."""
        unknown = self.unknown()
        return len(unknown) >= many and len(unknown & set(self.accepted())) >= many // 2

    def in_doubt(self) -> set[str]:
        return {row[0] for row in self.rows("select id from outbox where state = 'in_doubt'")}

    def lapse(self) -> None:
        """What the next courier does when the lease of those who died is over."""
        database, _ = opened(self.settings)
        with closing(database), database.write() as tx:
            outbox.recover(tx, at=clock.now() + outbox.LEASE)

    # -- what is true ------------------------------------------------------------------------------
    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(Path(self.settings.home, "data/guestlink.db"), timeout=30)) as file:
            return file.execute(query, values).fetchall()

    def count(self, query: str, *values: object) -> int:
        return int(self.rows(query, *values)[0][0])

    def key(self, event: Event) -> str:
        (single,) = deliveries.split(body_of([event]))
        return self.ring.blind("inbox", single.key)

    def lost(self) -> set[str]:
        """Keys of events that were acknowledged and are not there."""
        kept = {key for (key,) in self.rows("select event_key from inbox")}
        return {self.key(event) for event in self.meta.acknowledged} - kept

    def found(self) -> Found:
        replies = """
            select i.wamid_token from messages m join messages i on i.id = m.answers
            where m.direction = 'out' and i.direction = 'in'
        """
        told = "select request_id from messages where direction = 'out' and why = ?"
        return Found(
            inbox=dict(self.rows("select event_key, state from inbox")),
            archived=Counter(
                one for (one,) in self.rows("select wamid_token from messages where direction = 'in'")
            ),
            replies=Counter(one for (one,) in self.rows(replies)),
            first_told=Counter(one for (one,) in self.rows(told, FIRST)),
            requests={one for (one,) in self.rows("select id from requests")},
            asked=self.count("select count(*) from journal where kind = 'request-asked'"),
            said={one for (one,) in self.rows("select id from messages where direction = 'out'")},
            states=dict(self.rows("select id, state from outbox")),
        )

    def broken_at(self) -> int | None:
        database, _ = opened(self.settings)
        with closing(database), database.read() as db:
            return journal.broken_at(db)


# -- how it must not be done -------------------------------------------------------------------------
def serve_hastily() -> None:
    """Answers 200 first and stores a moment later."""
    keep = webhooks.Gathering.keep
    later: set[asyncio.Task[None]] = set()

    async def hastily(self: webhooks.Gathering, singles: list[deliveries.Single]) -> None:
        async def afterwards() -> None:
            await asyncio.sleep(0.1)
            await keep(self, singles)

        later.add(task := asyncio.create_task(afterwards()))
        task.add_done_callback(later.discard)

    webhooks.Gathering.keep = hastily  # type: ignore[method-assign]
    _run("serve")


def send_again() -> None:
    """A dispatcher that begins with what was left while it was sent."""
    run = dispatch.run

    def again(office: dispatch.Office, *args: Any, **more: Any) -> None:
        with office.database.write() as tx:
            tx.statement("update outbox set state = 'waiting' where state = 'sending'")  # type: ignore[attr-defined]
        run(office, *args, **more)

    dispatch.run = again
    _run("couriers")


def _run(name: str) -> None:
    sys.argv = ["publish.py", name]
    runpy.run_path(str(ROOT / "publish.py"), run_name="__main__")
