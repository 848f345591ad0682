"""Events as Meta posts them, and their fold: what must be true when all of them were understood, however
often and in whatever order they came.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import msgspec

from edge_api import correspondence, couriers, deliveries, inbox
from edge_api.holdings import Holdings
from edge_api.messages import Heard, Sender, Text
from guestlink import clock
from guestlink.contacts import Person
from guestlink.records import Stay
from guestlink.settings import Settings
from tests.databases import Inn
from tests.desk import NOON
from tests.lobby import Lobby

NUMBER = "100000000000001"
WISHES = {
    "late check-out please": ("late-checkout", "requested"),
    "the heating is off": ("heating", "requested"),
    "2 bath towels please": ("towels", "accepted"),
}
REPLIES = {"hello": 1, "when is breakfast?": 1, "thank you": 0}
RANKS = ("sent", "failed", "delivered", "read")  # the highest counts
NEVER_AGAIN = 131026
EACH_TELLS = {"sent": True, "delivered": True}  # of the price
SIZES = """
select (select count(*) from messages) as kept, (select count(*) from outbox) as said,
  (select count(*) from journal) as happened
"""
_wamids = count(1)


class Event(NamedTuple):
    """A message of a guest or a status of a message of ours, and the change that Meta words it in."""

    about: str  # the guest's number, or the id of our message
    what: str  # the words, or the status
    wamid: str
    at: datetime
    change: bytes


def message(who: Sender, text: str, *, at: datetime, tapped: str = "", answers: str = "") -> Event:
    """Somebody writes, or taps what is below a message."""
    wamid = f"wamid.in.{next(_wamids)}"
    told: dict[str, Any] = {"id": wamid, "from": who.wa_id, "timestamp": str(int(at.timestamp()))}
    if tapped:
        told |= {"type": "interactive", "context": {"id": answers}}
        told["interactive"] = {"type": "button_reply", "button_reply": {"id": tapped, "title": text}}
    else:
        told |= {"type": "text", "text": {"body": text}}
    contact = {"wa_id": who.wa_id, "profile": {"name": who.name}}
    return Event(who.wa_id, text, wamid, at, _change(contacts=[contact], messages=[told]))


def status(message_id: str, what: str, *, to: Sender, at: datetime) -> Event:
    """What became of a message of ours. Meta says the price with some, and asks nothing for this one."""
    told: dict[str, Any] = {
        "id": f"wamid.out.{message_id}",
        "status": what,
        "timestamp": str(int(at.timestamp())),
        "recipient_id": to.wa_id,
        "biz_opaque_callback_data": message_id,
    }
    if EACH_TELLS.get(what):
        told["pricing"] = {"billable": False, "category": "utility"}
    if what == "failed":
        told["errors"] = [{"code": NEVER_AGAIN, "title": "Message undeliverable"}]
    return Event(message_id, what, told["id"], at, _change(statuses=[told]))


def body_of(events: Iterable[Event]) -> bytes:
    """One POST."""
    changes = b",".join(event.change for event in events)
    head = b'{"object":"whatsapp_business_account","entry":[{"id":"2","time":1,"changes":['
    return head + changes + b"]}]}"


def _change(**lists: object) -> bytes:
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER}, **lists}
    return msgspec.json.encode({"field": "messages", "value": value})


# -- the fold ----------------------------------------------------------------------------------------
class Fold(NamedTuple):
    """What is true. Of our messages receipt, state and price; of a guest the newest word; what was said, how
    many requests, how many replies to each message.
    """

    receipts: dict[str, tuple[str, str, str, int | None]]
    heard: dict[str, datetime]
    archive: Counter[tuple[str, str, str]]
    requests: Counter[tuple[str, str, str]]
    replies: Counter[str]


def fold(events: Iterable[Event]) -> Fold:
    """Of the sorted unique set; an event has one key, however it travelled."""
    unique = sorted(set(events))
    found = Fold({}, {}, Counter(), Counter(), Counter())
    statuses = [event for event in unique if event.what in RANKS]
    for message_id in {event.about for event in statuses}:
        told = {event.what for event in statuses if event.about == message_id}
        found.receipts[message_id] = _receipt(told)
    for event in unique:
        if event.what in RANKS:
            continue
        found.heard[event.about] = max(found.heard.get(event.about, event.at), event.at)
        found.archive[event.about, event.wamid, event.what] += 1
        if wish := WISHES.get(event.what):
            found.requests[(event.about, *wish)] += 1
        if replies := REPLIES.get(event.what, 1):
            found.replies[event.wamid] = replies
    return found


def _receipt(told: set[str]) -> tuple[str, str, str, int | None]:
    highest = max(told, key=RANKS.index)
    is_priced = any(EACH_TELLS.get(each) for each in told)
    state = "dead" if highest == "failed" else "sent"
    return highest, state, *(("utility", 0) if is_priced else ("service", 9))  # type: ignore[return-value]


# -- a house to which it happens ---------------------------------------------------------------------
class Hall:
    """An inn with guests, whom the desk has written to; events come in as POSTs and are understood."""

    def __init__(self, inn: Inn) -> None:
        self.inn, self.lobby = inn, Lobby(inn)
        settings = Settings(home=".", whatsapp_token="token", whatsapp_number_id=NUMBER)
        self.holdings = Holdings(settings, inn.ring)
        self.holdings._database = inn.database
        self.stays: dict[str, Stay] = {}
        self.guests: list[Sender] = []

    def guest(self) -> Sender:
        """One more guest who is in the house; fictitious numbers end after a thousand."""
        number = f"44770090{len(self.guests):04d}"
        who = Sender(wa_id=number, name=f"Guest {len(self.guests)}")
        person = Person(name=who.name, phone=f"+{number}")
        self.stays[number] = self.inn.add(f"stay-{number}", self.inn.period(""), guest=person)
        self.guests.append(who)
        return who

    def write_to(self, who: Sender, *, is_known: bool = True) -> str:
        """The desk has written to a guest; whether the answer of the Cloud API was seen, too."""
        inn, ring = self.inn, self.inn.ring
        way = {"route": "free-form", "category": "service", "price": 9, "currency": "EUR"}
        with inn.database.write() as tx:
            talk = correspondence.open_with(tx, ring, who, number_id=NUMBER, at=NOON)
            said = correspondence.say(tx, ring, talk, Text(text="Hello"), at=NOON, by="desk", why="test")
            until = clock.as_text(NOON + timedelta(days=90))
            tx.do_many("intend_to_send", [{"id": said, "leased_until": until, **way}])
            if is_known:
                correspondence.learn_wamid(tx, ring, talk, message_id=said, wamid=f"wamid.out.{said}")
        return said

    def post(self, body: bytes, *, at: datetime = NOON) -> None:
        """As the webhook's route keeps a POST before it answers 200."""
        with self.inn.database.write() as tx:
            inbox.receive(tx, self.inn.ring, deliveries.split(body), at=at)

    def understand(self, *, at: datetime = NOON) -> int:
        """As couriers do it, until nothing is left that can be understood now."""
        done = 0
        while turn := couriers.work_once(self.holdings, at=at):
            done += turn
        return done

    def outcomes(self) -> Counter[str]:
        with self.inn.database.read() as db:
            counts = inbox.counts(db)
        return Counter(waiting=counts.waiting, quarantined=counts.quarantined)

    def fold(self, messages: Iterable[str] = (), *, of: Sequence[Sender] | None = None) -> Fold:
        """What the house believes, of all guests or some; the same shape as the fold of the events."""
        found = Fold({}, {}, Counter(), Counter(), Counter())
        with self.inn.database.read() as db:
            for message_id in messages:
                row = db.one("message_to_settle", id=message_id)
                assert row is not None
                found.receipts[message_id] = tuple(
                    row[name] for name in ("receipt", "state", "category", "price")
                )  # type: ignore[assignment]
            for who in self.guests if of is None else of:
                for request in db.all("requests_of_stay", stay_id=self.stays[who.wa_id].id):
                    found.requests[who.wa_id, request["service"], request["state"]] += 1
                talk = correspondence.find(db, self.inn.ring, who, number_id=NUMBER)
                if talk is None:
                    continue
                if talk.heard_at:
                    found.heard[who.wa_id] = talk.heard_at
                self._read(db, who, talk.id, found)
        return found

    def _read(self, db: Any, who: Sender, talk_id: str, found: Fold) -> None:
        thread = correspondence.thread(db, self.inn.ring, talk_id)
        wamids = {}
        for said in thread:
            if isinstance(said.content, Heard):
                wamids[said.id] = said.content.wamid
                found.archive[who.wa_id, said.content.wamid, said.content.text] += 1
        found.replies.update(wamids[said.answers] for said in thread if said.answers in wamids)

    def forget(self, *, before: datetime) -> None:
        """Bodies of events go, as they do after thirty days."""
        with self.inn.database.write() as tx:
            inbox.purge(tx, before=before)

    def sizes(self) -> dict[str, int]:
        """How many messages were ever kept, said and how many events are in the journal."""
        with self.inn.database.read() as db:
            row = db._driver.execute(SIZES).fetchone()  # type: ignore[attr-defined]
        return dict(row)


# -- what happens ------------------------------------------------------------------------------------
def days_events(
    hall: Hall, chance: random.Random, *, guests: int, many: int
) -> tuple[list[Event], list[str]]:
    """So many different events of new guests, half of them statuses; and the messages these are about."""
    events: list[Event] = []
    messages: list[str] = []
    arrived = [hall.guest() for _ in range(guests)]
    wishes = [(who, text) for who in arrived for text in WISHES]
    chance.shuffle(wishes)
    while len(events) < many:
        who = chance.choice(arrived)
        at = NOON - timedelta(seconds=chance.randint(1, 3600))
        if chance.random() < 0.2:
            messages.append(hall.write_to(who, is_known=chance.random() < 0.5))
            told = chance.sample(RANKS, chance.randint(1, len(RANKS)))
            events += [status(messages[-1], each, to=who, at=at) for each in told]
        elif wishes and chance.random() < 0.25:
            events.append(message(*wishes.pop(), at=at))
        else:
            events.append(message(who, chance.choice(list(REPLIES)), at=at))
    return events, messages


def shuffled(events: Sequence[Event], chance: random.Random, *, times: int) -> Iterator[list[Event]]:
    """POSTs of up to 50 events, in which each comes so many times."""
    stream = [*events] * times
    chance.shuffle(stream)
    at = 0
    while at < len(stream):
        size = chance.randint(1, 50)
        yield stream[at : at + size]
        at += size
