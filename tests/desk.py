"""Services of a small inn as its catalogue keeps them, and a guest who asks for them at the front desk."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from edge_api import board, front_desk
from edge_api.board import Shown
from edge_api.front_desk import Answered
from edge_api.requests import Accept, Command
from edge_api.wishes import Asked
from guestlink import catalogue
from guestlink.database import Writing
from guestlink.language import Catalogue, load_catalogue
from guestlink.records import Property, Stay
from guestlink.settings import Settings
from tests.databases import Inn

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)  # Saturday; the guests of Friday are in the house
NIGHT = datetime(2026, 11, 7, 23, tzinfo=UTC)
AFTERWARDS = datetime(2026, 11, 9, 12, tzinfo=UTC)
SETS = {"name": "sets", "kind": "number", "required": True, "label": "How many", "low": 1, "high": 6}
KIND = {"name": "kind", "kind": "choice", "required": False, "label": "Which", "choices": ["bath", "beach"]}
TO = {"name": "to", "kind": "text", "required": True, "label": "Where to"}
ALL_DAY = ["08:00-20:00"]
SERVICES: dict[str, dict[str, Any]] = {
    "towels": {
        "title": "Fresh towels",
        "approval": "instant",
        "hours": ALL_DAY,
        "fields": [SETS, KIND],
    },
    "taxi": {
        "title": "Taxi",
        "fields": [TO],
    },
    "late-checkout": {"title": "Late check-out", "price": 2000, "per": "stay", "changes": "check-out 14:00"},
    "later-checkout": {"title": "Later check-out", "changes": "check-out 16:00"},
    "early-checkin": {"title": "Early check-in", "changes": "check-in 12:00"},
    "extra-night": {"title": "One more night", "changes": "night"},
    "quick-night": {"title": "One more night, at once", "changes": "night", "approval": "instant"},
    "other-room": {"title": "Another room", "changes": "unit"},
    "heating": {"title": "Heating", "urgent": True, "approval": "instant"},
    "lost-property": {"title": "Left behind", "phases": ["departed"]},
}
GERMAN = {
    "towels": {
        "title": "Handtücher",
        "approval": "instant",
        "hours": ALL_DAY,
        "fields": [{**SETS, "label": "Wie viele"}, {**KIND, "label": "Welche", "choices": ["Bad", "Strand"]}],
    }
}


def offer_services(tx: Writing, house: Property) -> None:
    """What publishing writes of the services' files."""
    catalogue.remember(
        tx,
        house,
        [
            catalogue.Entry(
                language=tag,
                kind="service",
                key=key,
                body=msgspec.json.encode({"key": key, "language": tag, **body}).decode(),
            )
            for tag, services in (("en", SERVICES), ("de", GERMAN))
            for key, body in services.items()
        ],
    )


def words(language: str = "en") -> Catalogue:
    return load_catalogue(Settings(home=".").theme_folder / "locale", language)


class Desk:
    """The front desk of an inn; each call is one transaction."""

    def __init__(self, inn: Inn) -> None:
        self.inn = inn
        with inn.database.write() as tx:
            offer_services(tx, inn.house)

    def link(self, stay: Stay) -> str:
        return self.inn.links(stay)[-1].id

    def ask(
        self, stay: Stay, service: str = "", *, at: datetime = NOON, key: str = "", **told: Any
    ) -> Answered:
        asked = Asked(key=key or f"{service or 'anything'}-{at:%d%H%M%S}", service=service, **told)
        return front_desk.settled(
            self.inn.database,
            lambda tx: front_desk.ask(tx, self.inn.ring, self.link(stay), asked, at=at, words=words()),
        )

    def cancel(self, stay: Stay, request: Shown, *, at: datetime = NOON, version: int | None = None) -> Shown:
        return front_desk.settled(
            self.inn.database,
            lambda tx: front_desk.cancel(
                tx,
                self.inn.ring,
                self.link(stay),
                request.id,
                version=version or request.version,
                at=at,
                words=words(),
            ),
        )

    def answer(
        self, request: Shown, command: Command | None = None, *, at: datetime = NOON, by: str = "marta"
    ) -> Shown:
        stored = front_desk.settled(
            self.inn.database,
            lambda tx: front_desk.answer(tx, self.inn.ring, request.id, command or Accept(), at=at, by=by),
        )
        return board.shown(self.inn.ring, stored)

    def all(self, stay: Stay, *, at: datetime = NOON) -> list[Shown]:
        with self.inn.database.read() as db:
            return front_desk.own_requests(db, self.inn.ring, self.link(stay), at=at)
