"""A small inn that writes to its guests, and a Graph API that answers as it is told."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from edge_api import correspondence, outbox, templates
from edge_api.correspondence import Conversation
from edge_api.dispatch import Office, dispatch_once
from edge_api.flights import Outcome
from edge_api.messages import Outgoing, Receipt, Sender, Template, TemplateChanged, Text
from edge_api.outcomes import Sent
from guestlink import clock
from guestlink.database import Row
from guestlink.records import Contact
from tests.databases import AT, Inn

NUMBER = "100000000000001"
PUBLIC = "https://stay.example.com"
ANA = Sender(wa_id="447700900101", user_id="GB.1", name="Ana")
HELLO = Text(text="Hello")
HELLO_TEMPLATE = Template(name="house_writes", language="en", values=("Harbour House",))


class Said(NamedTuple):
    """One request to the Graph API."""

    said: Outgoing
    to: Sender
    callback: str
    answers: str
    url: str


class Graph:
    """The Graph API: answers in order what it was told to, else that it has taken the message."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.answers: deque[Outcome | Exception] = deque()
        self.for_person: dict[str, deque[Outcome]] = defaultdict(deque)
        self.hold: Callable[[Said], None] = lambda _: None
        self._lock = threading.Lock()

    def send(
        self,
        said: Outgoing,
        *,
        to: Sender,
        number_id: str,
        callback: str,
        answers: str = "",
        url: str = "",
        file: bytes = b"",
    ) -> Outcome:
        asked = Said(said, to, callback, answers, url)
        self.hold(asked)
        with self._lock:
            self.said.append(asked)
            mine = self.for_person[to.wa_id]
            answer = mine.popleft() if mine else self.answers.popleft() if self.answers else None
            wamid = f"wamid.{len(self.said)}"
        if isinstance(answer, Exception):
            raise answer
        return answer or Sent(wamid)


class Post:
    """The inn's post office; its verbs are one transaction each."""

    def __init__(self, inn: Inn, **more: Any) -> None:
        self.inn, self.graph = inn, Graph()
        self.office = Office(
            database=inn.database, ring=lambda: inn.ring, speaker=self.graph, public_url=PUBLIC, **more
        )

    def talk(
        self,
        sender: Sender = ANA,
        *,
        heard_at: datetime | None = AT,
        contact: Contact | None = None,
        **more: Any,
    ) -> Conversation:
        """A conversation with somebody who wrote at `heard_at`."""
        ring = self.inn.ring
        with self.inn.database.write() as tx:
            talk = correspondence.open_with(tx, ring, sender, number_id=NUMBER, at=AT)
            if contact or more:
                talk = correspondence.bind(tx, ring, talk, contact=contact, **more)
            return correspondence.mark(tx, talk, heard_at=heard_at)

    def say(self, talk: Conversation, said: Outgoing = HELLO, *, at: datetime = AT, **more: Any) -> str:
        with self.inn.database.write() as tx:
            return correspondence.say(tx, self.inn.ring, talk, said, at=at, by="desk", why="test", **more)

    def approve(self, template: Template = HELLO_TEMPLATE, *, category: str = "UTILITY") -> None:
        """Meta has approved the template."""
        told = {"name": template.name, "language": template.language, "at": as_text(AT)}
        with self.inn.database.write() as tx:
            tx.do("begin_template", category=category, **told)
        changed = TemplateChanged(
            meta_id="", name=template.name, language=template.language, state="APPROVED"
        )
        with self.inn.database.write() as tx:
            assert templates.record_state(tx, changed, at=AT)

    def send(self, at: datetime = AT) -> int:
        return dispatch_once(self.office, at=at)

    def settle(
        self, message_id: str, status: Any, *, wamid: str = "", at: datetime = AT, **more: Any
    ) -> str | None:
        """A status comes in; without `wamid` it is of the last request about the message."""
        known = [f"wamid.{n}" for n, said in enumerate(self.graph.said, 1) if said.callback == message_id]
        receipt = Receipt(
            wamid=wamid or known[-1], number_id=NUMBER, status=status, at=at, callback=message_id, **more
        )
        with self.inn.database.write() as tx:
            return outbox.settle(tx, self.inn.ring, receipt, at=at)

    def row(self, message_id: str) -> Row:
        with self.inn.database.read() as db:
            row = db.one("message_to_settle", id=message_id)
            assert row is not None
            return row

    def state(self, message_id: str) -> str:
        return str(self.row(message_id)["state"])

    def unsent(self, state: Any) -> list[outbox.Unsent]:
        with self.inn.database.read() as db:
            return outbox.unsent(db, state)

    @property
    def texts(self) -> list[str]:
        """What was asked of the Graph API, in order."""
        return [said.said.text if isinstance(said.said, Text) else "?" for said in self.graph.said]


def later(**span: float) -> datetime:
    return AT + timedelta(**span)


def as_text(at: datetime) -> str:
    return clock.as_text(at)
