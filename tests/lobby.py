"""An inn whose guests and staff write on WhatsApp: what is heard goes to the reception, in one transaction.

Nothing leaves the house here: what would be sent lies in the outbox and is read from there.
"""

from datetime import datetime
from itertools import count
from typing import Any

import msgspec

from edge_api import correspondence, duty, reception, templates
from edge_api.correspondence import Conversation, Said
from edge_api.duty import User
from edge_api.messages import Buttons, Heard, Incoming, LinkButton, MediaRef, Options, Outgoing, Sender, Text
from edge_api.phrases import Voice
from guestlink import catalogue
from guestlink.catalogue import Entry
from guestlink.database import Writing
from guestlink.records import Property
from guestlink.settings import Settings
from tests.databases import AT, BY, Inn
from tests.desk import GERMAN, NOON, SERVICES, words

NUMBER = "100000000000001"
ANA = Sender(wa_id="447700900123", name="Ana L")
TOMAS = Sender(wa_id="15550142", name="Tomas")
STRANGER = Sender(wa_id="447700900999", name="Somebody")
MIRA = Sender(wa_id="447700900501", name="Mira")
JORY = Sender(wa_id="447700900502", name="Jory")
HANNE = Sender(wa_id="447700900503", name="Hanne")
KEYWORDS = {
    "towels": ["towel", "towels", "bath towel"],
    "taxi": ["taxi", "cab"],
    "late-checkout": ["late check-out", "leave later"],
    "heating": ["heating", "radiator", "cold room"],
}
OFFERED = {
    key: SERVICES[key] for key in ("towels", "taxi", "late-checkout", "extra-night", "lost-property")
} | {"heating": {"title": "Heating", "urgent": True}}
SECTIONS = {
    "en": {
        "breakfast": {"title": "Breakfast", "text": "From 8 to 10 in the garden room."},
        "parking": {"title": "Parking", "text": "Behind the house. The gate opens with [[gate-code]]."},
        "door": {"title": "The door", "text": "Type [[door-code]] and pull.", "secrets": ["door-code"]},
        "attic": {"title": "The attic", "text": "Mind your head.", "units": ["room-2"]},
    },
    "de": {"breakfast": {"title": "Frühstück", "text": "Von 8 bis 10 im Gartenzimmer."}},
}
PROPERTY = {
    "phone": "+44 1632 960100",
    "words": {"en": {"name": "Harbour House"}, "de": {"name": "Hafenhaus"}},
    "quiet_hours": "22:00-07:00",
}


def furnish_texts(tx: Writing, house: Property, *, is_plain: bool = False) -> None:
    """What publishing writes of the files: services, sections, the property's words."""
    offered_in = {"en": OFFERED, "de": GERMAN}
    told = PROPERTY
    if is_plain:  # at any hour, and nothing to choose
        told = {**PROPERTY, "quiet_hours": ""}
        offered_in = {"en": OFFERED | {"towels": {"title": "Fresh towels"}}}
    entries = [
        Entry(
            language=tag,
            kind="service",
            key=key,
            body=_json({"key": key, "language": tag, "keywords": KEYWORDS.get(key, []), **body}),
        )
        for tag, offered in offered_in.items()
        for key, body in offered.items()
    ]
    entries += [
        Entry(language=tag, kind="section", key=key, body=_json({"key": key, "language": tag, **body}))
        for tag, sections in SECTIONS.items()
        for key, body in sections.items()
    ]
    entries.append(Entry(language="", kind=catalogue.LAST_CONTENT, key="", body=_json(told)))
    catalogue.remember(tx, house, entries)


def _json(body: object) -> str:
    return msgspec.json.encode(body).decode()


class Lobby:
    """The inn's reception. `hear` is one event; `told(who)` is what lies in the outbox for somebody."""

    def __init__(self, inn: Inn) -> None:
        self.inn = inn
        self._numbers = count(1)
        theme = Settings(home=".").theme_folder
        self.voice = Voice(
            ring=inn.ring, number_id=NUMBER, words=words, templates=templates.load_templates(theme).rendered
        )
        with inn.database.write() as tx:
            furnish_texts(tx, inn.house)

    def staff(self, who: Sender, *, role: Any = "staff", language: str = "en", at: datetime = AT) -> User:
        with self.inn.database.write() as tx:
            return duty.add_staff(
                tx,
                self.inn.ring,
                name=f"{who.name} Holm",
                phone=f"+{who.wa_id}",
                language=language,
                role=role,
                houses=[self.inn.house],
                at=at,
                by=BY,
            )

    def says(self, who: Sender, text: str = "", *, at: datetime = NOON, **fields: Any) -> str:
        """Somebody writes; what the reception did."""
        wamid = fields.pop("wamid", "") or f"wamid.{next(self._numbers)}"
        kind = fields.pop("kind", "text")
        heard = Heard(wamid=wamid, number_id=NUMBER, sender=who, at=at, kind=kind, text=text, **fields)
        return self.event(heard, at=at)

    def event(self, event: Incoming, *, at: datetime = NOON) -> str:
        with self.inn.database.write() as tx:
            return reception.hear(tx, self.voice, event, at=at)

    def taps(self, who: Sender, title: str, *, at: datetime = NOON) -> str:
        """Somebody taps a button or a row of the newest message that has one with this title."""
        for said in reversed(self.thread(who)):
            for payload, shown in _choices(said.content):
                if shown == title and said.direction == "out":
                    wamid = self.sent(said.id, who, at=at)
                    return self.says(who, title, at=at, kind="interactive", choice=payload, answers=wamid)
        raise AssertionError(f"{who.name} sees no button {title!r}: {self.told(who)}")

    def replies(self, who: Sender, to: str, text: str, *, at: datetime = NOON) -> str:
        """Somebody swipes the newest message of ours that contains `to`, and answers it."""
        said = next(each for each in reversed(self.thread(who)) if to in text_of(each.content))
        return self.says(who, text, at=at, answers=self.sent(said.id, who, at=at))

    def sent(self, message_id: str, who: Sender, *, at: datetime) -> str:
        """As if the message had left: it has a wamid from then on."""
        wamid = f"wamid.out.{message_id}"
        with self.inn.database.write() as tx:
            talk = self._talk(tx, who)
            if not correspondence.wamid_of(tx, self.inn.ring, message_id):
                correspondence.learn_wamid(tx, self.inn.ring, talk, message_id=message_id, wamid=wamid)
        return wamid

    def thread(self, who: Sender) -> list[Said]:
        with self.inn.database.read() as db:
            talk = correspondence.find(db, self.inn.ring, who, number_id=NUMBER)
            return correspondence.thread(db, self.inn.ring, talk.id) if talk else []

    def told(self, who: Sender) -> list[str]:
        """What we said to somebody, oldest first."""
        return [text_of(each.content) for each in self.thread(who) if each.direction == "out"]

    def last(self, who: Sender) -> Outgoing:
        content = [each.content for each in self.thread(who) if each.direction == "out"][-1]
        assert content is not None
        assert not isinstance(content, Heard)
        return content

    def buttons(self, who: Sender) -> list[str]:
        return [title for _, title in _choices(self.last(who))]

    def talk(self, who: Sender) -> Conversation:
        with self.inn.database.read() as db:
            return self._talk(db, who)

    def _talk(self, db: Any, who: Sender) -> Conversation:
        talk = correspondence.find(db, self.inn.ring, who, number_id=NUMBER)
        assert talk is not None, f"there is no conversation with {who.name}"
        return talk

    def requests(self) -> list[tuple[str, str]]:
        """Service and state of every request, oldest first."""
        with self.inn.database.read() as db:
            stays = db.all("stays_of_property", property_id=self.inn.house.id)
            rows = [row for stay in stays for row in db.all("requests_of_stay", stay_id=stay["id"])]
        return [(row["service"], row["state"]) for row in sorted(rows, key=lambda row: row["id"])]


def photo(kind: Any = "image") -> MediaRef:
    return MediaRef(id="900", media=kind, media_type="image/jpeg")


def text_of(content: object) -> str:
    match content:
        case Text(text=text) | Buttons(text=text) | Options(text=text) | LinkButton(text=text):
            return text
        case Heard(text=text):
            return text
    return ""


def _choices(content: object) -> list[tuple[str, str]]:
    match content:
        case Buttons(buttons=buttons):
            return [(each.payload, each.title) for each in buttons]
        case Options(groups=groups):
            return [(row.payload, row.title) for group in groups for row in group.rows]
    return []
