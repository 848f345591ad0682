"""What changed on the boards of houses between two positions, read once for everybody who looks.

A position is two numbers: up to where the journal was read, and up to where the moves of conversations and
stays that are no events (migration 0012). What is told is always the newest state, so nobody is the worse for
hearing it twice; who is too far behind is told to fetch the board anew.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from edge_api import board, correspondence, house_day, registers, threads
from edge_api.house_day import StayLine
from edge_api.requests import OPEN
from edge_api.shapes import HouseRequest
from edge_api.threads import Summary, TypingLine
from guestlink import journal, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading
from guestlink.errors import InvalidInput
from guestlink.records import Property, Stay

MOST: Final = 1000  # events, and moves: who missed more fetches the board anew
TEXT: Final = re.compile(r"(\d{1,18})\.(\d{1,18})")
KINDS: Final = ("requests", "gone", "stays", "conversations", "typing")
NO_HOUSE: Final = ""
# What a whole board shows, or the lines of many stays at once.
SHARED: Final = ("unit-", "property-", "member-", "duty-", "secret-", "shift-note")


class Position(NamedTuple):
    journal: int
    moves: int

    def __str__(self) -> str:
        return f"{self.journal}.{self.moves}"


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What changed: each thing as it is now; `gone` are ids of requests, stays and conversations that the
    board does not show any more. With `again` the whole board is to be fetched anew.
    """

    position: str
    again: bool = False
    requests: tuple[HouseRequest, ...] = ()
    gone: tuple[str, ...] = ()
    stays: tuple[StayLine, ...] = ()
    conversations: tuple[Summary, ...] = ()
    typing: tuple[TypingLine, ...] = ()


class Piece(NamedTuple):
    """One thing that changed, of one house, encoded once for all who look."""

    kind: str
    property_id: str
    body: bytes


class News(NamedTuple):
    """What changed up to a position; `again` names houses whose board changed as a whole, `is_lost` says that
    this is so for all of them. `moves` were read: on PostgreSQL they come again while a transaction that
    began before them goes on.
    """

    until: Position
    pieces: tuple[Piece, ...] = ()
    again: frozenset[str] = frozenset()
    is_lost: bool = False
    moves: frozenset[int] = frozenset()

    def told(self, houses: frozenset[str]) -> bytes | None:
        """The frame for somebody who reaches these houses, as JSON; None when nothing in it is for them."""
        lists: dict[str, list[msgspec.Raw]] = {}
        for piece in self.pieces:
            if piece.property_id in houses:
                lists.setdefault(piece.kind, []).append(msgspec.Raw(piece.body))
        again = self.is_lost or not houses.isdisjoint(self.again)
        if not lists and not again:
            return None
        return framed(self.until, lists, again=again)


def framed(
    position: Position, lists: Mapping[str, list[msgspec.Raw]] | None = None, *, again: bool = False
) -> bytes:
    """A frame as JSON, in the shape of `Frame`."""
    told = lists or {}
    filled = {kind: told.get(kind, []) for kind in KINDS}
    return msgspec.json.encode({"position": str(position), "again": again, **filled})


def position_of(text: str) -> Position | None:
    """A position that was given out before, None for nothing; InvalidInput for anything else."""
    if not text:
        return None
    found = TEXT.fullmatch(text)
    if not found:
        raise InvalidInput("This is no position of a board.", hint="Send the `position` of the last answer.")
    return Position(int(found[1]), int(found[2]))


def head(db: Reading) -> Position:
    """Where the records of this snapshot stand."""
    last, moves = db.one("journal_head"), db.one("moves_head")
    return Position(int(last["position"]) if last else 0, int(moves["position"]) if moves else 0)


def reach(db: Reading, caller: str) -> frozenset[str]:
    """The ids of the houses that somebody reaches now; with NO_HOUSE, also who means none of them yet."""
    houses = frozenset(str(row["property_id"]) for row in db.all("reach_of_caller", caller=caller))
    return houses | {NO_HOUSE} if db.one("reaches_houseless", caller=caller) else houses


def news(
    db: Reading, ring: KeyRing, since: Position, *, at: datetime, known: frozenset[int] = frozenset()
) -> News:
    """What changed after a position, but for the moves that are `known`."""
    now = head(db)
    events = db.all("events_since", position=since.journal, most=MOST + 1)
    moves = db.all("moves_since", position=since.moves, most=MOST + 1)
    is_ahead = since.journal > now.journal or since.moves > now.moves
    if is_ahead or max(len(events), len(moves)) > MOST or (moves and _is_forgotten(db, since)):
        return News(now, is_lost=True)
    changed = _Changed()
    for entry in msgspec.convert(events, list[journal.Entry]):
        _sort_event(db, changed, entry)
    for move in moves:
        if move["id"] not in known:
            changed.add(str(move["kind"]), str(move["subject"]))
    pieces = _Pieces(db, ring, at).of(changed)
    read = frozenset(int(move["id"]) for move in moves)
    return News(now, tuple(pieces), frozenset(changed.again), moves=read)


def _is_forgotten(db: Reading, since: Position) -> bool:
    """Whether moves after a position may have been purged."""
    kept = db.one("moves_kept")
    return kept is not None and int(kept["first_id"]) > 1 and since.moves < int(kept["first_position"])


class _Changed:
    """Ids of what changed, each once, in the order in which it did."""

    def __init__(self) -> None:
        self.again: set[str] = set()
        self._ids: dict[str, dict[str, None]] = {}

    def add(self, kind: str, subject: str) -> None:
        self._ids.setdefault(kind, {})[subject] = None

    def ids(self, kind: str) -> list[str]:
        return list(self._ids.get(kind, ()))


def _sort_event(db: Reading, changed: _Changed, entry: journal.Entry) -> None:
    noun, _, subject = entry.stream.partition(":")
    match noun:
        case "request":
            changed.add("request", subject)
        case "stay":
            _sort_stay(db, changed, subject)
        case "contact":
            for row in db.all("stays_of_contact", contact_id=subject):
                _sort_stay(db, changed, str(row["stay_id"]))
            for row in db.all("conversations_of_contact", contact_id=subject):
                changed.add("conversation", str(row["id"]))
        case "property" if entry.kind.startswith(SHARED):
            changed.again.add(subject)


def _sort_stay(db: Reading, changed: _Changed, stay_id: str) -> None:
    """A stay, and its open requests, which name its guest and its room."""
    changed.add("stay", stay_id)
    for row in db.all("requests_of_stay", stay_id=stay_id):
        if row["state"] in OPEN:
            changed.add("request", str(row["id"]))


class _Pieces:
    """Looks up what changed, as it is now."""

    def __init__(self, db: Reading, ring: KeyRing, at: datetime) -> None:
        self._db, self._ring, self._at = db, ring, at
        self._houses: dict[str, Property] = {}

    def of(self, changed: _Changed) -> list[Piece]:
        looks = {
            "request": self._request,
            "stay": self._stay,
            "conversation": self._conversation,
            "typing": self._typing,
        }
        return [piece for kind, look in looks.items() for each in changed.ids(kind) for piece in look(each)]

    def _request(self, request_id: str) -> Iterable[Piece]:
        stored = board.by_id(self._db, request_id)
        if stored is None:
            return
        shown = registers.request_shown(self._db, self._ring, stored)
        yield _piece("requests", stored.property_id, shown)

    def _stay(self, stay_id: str) -> Iterable[Piece]:
        row = self._db.one("stay_by_id", id=stay_id)
        if row is None:
            return
        stay = records.shaped(row, Stay)
        line = house_day.line_of(self._db, self._ring, self._house(stay.property_id), stay, at=self._at)
        yield _piece("stays" if line else "gone", stay.property_id, line or stay_id)

    def _conversation(self, conversation_id: str) -> Iterable[Piece]:
        talk = correspondence.load(self._db, conversation_id)
        if talk.user_id is None:
            shown = threads.summary(self._db, self._ring, talk)
            yield _piece("conversations", talk.property_id or NO_HOUSE, shown)

    def _typing(self, conversation_id: str) -> Iterable[Piece]:
        talk = correspondence.load(self._db, conversation_id)
        if talk.user_id is None:
            for line in threads.typing_in(self._db, self._ring, conversation_id, at=self._at):
                yield _piece("typing", talk.property_id or NO_HOUSE, line)

    def _house(self, property_id: str) -> Property:
        if property_id not in self._houses:
            self._houses[property_id] = records.house_by_id(self._db, property_id)
        return self._houses[property_id]


def _piece(kind: str, property_id: str, thing: Any) -> Piece:
    return Piece(kind, property_id, msgspec.json.encode(thing))
