"""Days in the life of houses: guests book, change their minds, write, arrive and leave, while whole processes
run under a clock that is stepped from one moment to the next at which anything is due.

What somebody does is told to the oracle (tests/diary.py) as it is done. What reached phones and mailboxes is
read there, never from what we believe to have sent.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from guestlink import clock, records, stays
from guestlink.contacts import OptIn, Person
from guestlink.records import Period
from tests.diary import Facts, House, Life, Told, next_expected
from tests.faults.almanac import instant
from tests.guest import open_page
from tests.house import BY, from_folder, link_of, opened
from tests.postoffice import Mail, Mailbox
from tests.town import Town, until

A_MOMENT = timedelta(milliseconds=50)
UNDER_WAY = """
select (select count(*) from journey where state = 'planned' and due_at <> '' and due_at <= :at),
  (select count(*) from journal where position > coalesce(
    (select position from journey_marks where property_id = ''), -1)),
  (select count(*) from journey_marks where swept_to <> ''),
  (select count(*) from journey j join outbox o on o.id = j.message_id
    where j.state = 'sent' and j.reason = '' and o.state = 'dead'),
  (select count(*) from outbox where state = 'sending' or (state = 'waiting' and not_before <= :at)),
  (select count(*) from inbox where state = 'waiting'),
  (select count(*) from rebuilds where state = 'claimed' or (state = 'waiting' and due_at <= :at))
"""
NEXT = """
select min(due) from (
  select min(due_at) as due from journey where state = 'planned' and due_at > :at
  union select min(not_before) from outbox where state = 'waiting' and not_before > :at)
"""
SENT = """
select j.message_id, s.reference, j.key, j.channel, c.role, j.decided_at, s.language
from journey j join stays s on s.id = j.stay_id
join stay_contacts c on c.stay_id = j.stay_id and c.contact_id = j.contact_id where j.state = 'sent'
"""


class Act(NamedTuple):
    """Something that somebody does at a local time of a house."""

    when: str
    house: House
    does: Callable[["Story"], object]

    @property
    def at(self) -> datetime:
        return instant(self.when, self.house.turns)


class Story:
    """The town, its guests' lives as the oracle knows them, and their mailboxes."""

    def __init__(self, town: Town, post: Mailbox, *, by_command: bool) -> None:
        self.town, self.post, self.by_command = town, post, by_command
        self.lives: dict[str, Life] = {}
        self.phones: dict[str, str] = {}  # of guests in the sandbox
        self._http = httpx.Client(base_url=f"{town.settings.public_url}/api", timeout=20)
        self._token = ""

    def close(self) -> None:
        self._http.close()

    # -- time ----------------------------------------------------------------------------------------
    def play(self, acts: Sequence[Act], *, end: datetime) -> None:
        """Steps from act to act and to every instant in between at which anything is due, by the records or
        by the oracle.
        """
        for act in [*sorted(acts, key=lambda each: each.at), None]:
            self._pass_to(act.at if act else end)
            if act:
                act.does(self)
                self.settle()

    def _pass_to(self, at: datetime) -> None:
        while (due := self._next_due()) and due < at:
            self._step(due)
        self._step(at)

    def _step(self, at: datetime) -> None:
        if at + A_MOMENT > self.town.now():
            self.town.set_clock(at + A_MOMENT)
        self.settle()

    def _next_due(self) -> datetime | None:
        now = self.town.now()
        (due,) = self.row(NEXT, at=clock.as_text(now))
        told = [clock.from_text(due)] if due else []
        coming = next_expected(self.lives.values(), now)
        return min([*told, *([coming] if coming else [])], default=None)

    def settle(self) -> None:
        """Waits until nothing is due and nothing is under way."""
        until(self._is_quiet, lambda: f"nothing is under way at {self.town.now()}: {self._under_way()}")

    def _is_quiet(self) -> bool:
        if any(self._under_way()):
            return False
        waiting = self.town.phone.get("/sandbox/state").json()["waiting"]
        return not any(waiting.values()) and not any(self._under_way())

    def _under_way(self) -> tuple[int, ...]:
        return self.row(UNDER_WAY, at=clock.as_text(self.town.now()))

    def row(self, query: str, **values: str) -> tuple[Any, ...]:
        return next(self._rows(query, **values))

    def _rows(self, query: str, **values: str) -> Iterator[tuple[Any, ...]]:
        path = Path(self.town.settings.home, "data/guestlink.db")
        with closing(sqlite3.connect(path, timeout=30)) as file:
            yield from file.execute(query, values).fetchall()

    # -- what reached somebody -----------------------------------------------------------------------
    def heard(self) -> list[Told]:
        """All messages of journeys that are on a phone, in a mailbox, or on the list of what is printed."""
        rows = {row[0] or (row[1], row[2]): row for row in self._rows(SENT)}
        found = [*self._on_phones(rows), *self._in_mailboxes(rows)]
        printed = [row for row in rows.values() if row[3] == "print"]
        return found + [_told(row, clock.from_text(row[5]), row[6]) for row in printed]

    def _on_phones(self, rows: Mapping[Any, tuple[Any, ...]]) -> Iterator[Told]:
        for person in self.town.phone.get("/sandbox/people").json():
            for bubble in self.town.chat(person["id"]):
                row = rows.get(bubble["callback_data"])
                if row and not bubble["mine"] and bubble["status"] != "failed":
                    at = datetime.fromtimestamp(bubble["at"], UTC)
                    yield _told(row, at, self._language(row, bubble["content"]))

    def _language(self, row: tuple[Any, ...], content: Mapping[str, Any]) -> str:
        """Of a template the one Meta printed it in, of free words the one that has them."""
        if "template" in content:
            return str(content["template"]["language"]).partition("_")[0]
        words = json.dumps(content, ensure_ascii=False)
        letters = {letter.key: letter for letter in self.lives[row[1]].house.letters}
        if row[2] not in letters:
            return str(row[6])
        spoken = [tag for tag, begin in letters[row[2]].begins.items() if re.search(begin, words)]
        return spoken[0] if spoken else "?"

    def _in_mailboxes(self, rows: Mapping[Any, tuple[Any, ...]]) -> Iterator[Told]:
        """Each must have gone to this guest, in words of the file in the language that it says it has."""
        for mail in self.post.mails:
            row = rows.get(_ours(mail))
            if row:
                life, tag = self.lives[row[1]], _language_of(mail)
                letter = next((each for each in life.house.letters if each.key == row[2]), None)
                pattern = letter.subjects.get(tag, letter.subjects[life.house.language]) if letter else ""
                assert re.match(pattern, mail.subject), mail.subject
                assert life.name.split()[0] in mail.text or row[4] != "booker", "it greets whom it is for"
                yield _told(row, mail.message["Date"].datetime, tag)

    def mail_of(self, reference: str) -> Mail:
        """The newest mail of a stay's guest."""
        ids = {row[0] for row in self._rows(SENT) if row[1] == reference}
        return [mail for mail in self.post.mails if _ours(mail) in ids][-1]

    # -- what somebody does --------------------------------------------------------------------------
    def books(
        self,
        reference: str,
        house: House,
        name: str,
        *,
        unit: str,
        nights: tuple[str, str],
        ways: Iterable[str] = (),
        language: str = "en",
        source: str = "direct",
        phone: str = "",
        mail: str = "",
        consent: str = "",
        has_phone: bool = True,
        **more: str,
    ) -> None:
        """`ways` are the channels by which something reaches this guest in truth."""
        if phone and has_phone:
            self._has_phone(reference, phone)
        booked, (arrives, leaves) = self.town.now(), nights
        told = {"reference": reference, "unit": unit, "arrival": arrives, "departure": leaves}
        told |= {"name": name, "language": language, "source": source, "phone": phone, "email": mail}
        told |= {"whatsapp_consent": consent, **more}
        self._by_command(house, told) if self.by_command else self._by_hand(house, told)
        facts = Facts(
            booked=booked,
            arrives=date.fromisoformat(arrives),
            leaves=date.fromisoformat(leaves),
            language=language,
            ways=frozenset(ways),
            source=source,
            children=int(more.get("children", 0)),
            is_returning="returns" in more,
            has_other_room="second" in more,
            check_in=clock_time.fromisoformat(more["check_in"]) if "check_in" in more else None,
        )
        self.lives[reference] = Life(reference, name, house, [(booked, facts)], [])

    def _by_command(self, house: House, told: Mapping[str, str]) -> None:
        given = [(name, value) for name, value in told.items() if value and name not in {"returns", "second"}]
        options = [part for name, value in given for part in (f"--{name.replace('_', '-')}", value)]
        self.town.say("stay", "add", house.slug, *options)

    def _by_hand(self, house: House, told: Mapping[str, str]) -> None:
        """In this process, which is quicker than the command."""
        database, ring = opened(self.town.settings)
        at, words = self.town.now(), told["whatsapp_consent"]
        with closing(database), database.write() as tx:
            there = records.find_property(tx, house.slug)
            nights = Period(
                unit_id=records.find_unit(tx, there, told["unit"]).id,
                from_on=date.fromisoformat(told["arrival"]),
                until_on=date.fromisoformat(told["departure"]),
            )
            draft = stays.StayDraft(
                source=told["source"],
                source_uid=told["reference"],
                reference=told["reference"],
                language=told["language"],
                periods=(nights,),
                guest=Person(name=told["name"], phone=told["phone"], email=told["email"]),
                opt_in=OptIn(at=at, how="form", words=words) if words else None,
            )
            stays.add_stay(tx, ring, there, draft, at=at, by=BY)

    def changes(self, reference: str, *words: str, **facts: Any) -> None:
        """`stay set`; `facts` are what is true from then on."""
        at = self.town.now()
        self.town.say("stay", "set", reference, *words)
        self.lives[reference].turn(at, **facts)

    def turns(self, reference: str, does: Callable[[], object], **facts: Any) -> None:
        """Something happens that makes `facts` true of a stay."""
        at = self.town.now()
        does()
        self.lives[reference].turn(at, **facts)

    def hears(self, reference: str, key: str, channel: str, *, who: str = "") -> None:
        """From something that happens now a guest hears more than the files' messages."""
        life = self.lives[reference]
        life.more.append(Told(self.town.now(), reference, key, channel, life.now.language, who))

    def tells(self, house: House, key: str, days: tuple[str, str], *, title: str, text: str) -> None:
        """A notice to everybody who is there on these days or comes."""
        begins, ends = (date.fromisoformat(day) for day in days)
        words = ["notice", "add", house.slug, key, "--title", title, "--text", text]
        self.town.say(*words, "--from", days[0], "--until", days[1])
        for life in self.lives.values():
            facts = life.now
            is_meant = life.house.slug == house.slug and facts.is_on and facts.ways
            if is_meant and facts.arrives <= ends and facts.leaves >= begins:
                self.hears(life.reference, "notice", "whatsapp" if "whatsapp" in facts.ways else "email")
        self.town.say("notice", "send", house.slug, key, "--yes")

    # -- by the API ----------------------------------------------------------------------------------
    def api(self, method: str, path: str, reference: str, body: Mapping[str, Any]) -> None:
        """A program of the house changes a stay; `path` follows the stay's own."""
        if not self._token:
            self._token = self.town.say("token", "add", "--role", "manager", "--all").split()[0]
        (stay_id,) = self.row("select id from stays where reference = :name", name=reference)
        answer = self._http.request(
            method,
            f"/house/stays/{stay_id}{path}",
            json=body,
            headers={"authorization": f"Bearer {self._token}", "idempotency-key": clock.new_id()},
        )
        assert answer.is_success, answer.text

    # -- by phone and mail ---------------------------------------------------------------------------
    def _has_phone(self, reference: str, phone: str) -> None:
        answer = self.town.phone.post("/sandbox/people", json={"name": reference, "phone": phone})
        assert answer.is_success, answer.text
        self.phones[reference] = answer.json()["id"]

    def writes(self, reference: str, text: str) -> None:
        self.town.writes(self.phones[reference], text)

    def stops_mails(self, reference: str) -> None:
        """As a mail program does it with one click (RFC 8058)."""
        link = self.mail_of(reference).message["List-Unsubscribe"].strip("<>")
        answer = httpx.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=20)
        assert answer.is_success, answer.text

    # -- by the page ---------------------------------------------------------------------------------
    def tells_arrival(self, reference: str, clock_time: str) -> None:
        self.turns(
            reference,
            lambda: self._asks("PUT", "/arrival", reference, {"time": clock_time}),
            has_told_arrival=True,
        )

    def opens_page(self, reference: str, *, codes: bool = False) -> None:
        seen = {"has_opened": True, **({"has_seen_codes": True} if codes else {})}
        self.turns(reference, lambda: self._asks("POST", "/openings", reference, {"codes": codes}), **seen)

    def _asks(self, method: str, path: str, reference: str, body: Mapping[str, Any]) -> None:
        page = open_page(from_folder(self.town.settings), link_of(self.town.settings, reference))
        found = re.search(r'"token": ?"([^"]+)"', page.stay)
        assert found, "a page has its token"
        headers = {
            "authorization": f"Bearer {found[1]}",
            "sec-fetch-site": "same-origin",
            "idempotency-key": clock.new_id(),
        }
        answer = self._http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text


def _language_of(mail: Mail) -> str:
    """Of its frame."""
    found = re.search(r'<html[^>]* lang="([\w-]+)"', mail.html)
    return found[1] if found else "?"


def _ours(mail: Mail) -> str:
    """Our own id of a message."""
    return mail.id.strip("<>").partition("@")[0]


def _told(row: tuple[Any, ...], at: datetime, language: str) -> Told:
    _, reference, key, channel, role, _, _ = row
    return Told(
        at, reference, key.partition(":")[0], channel, language, "" if role == "booker" else str(role)
    )
