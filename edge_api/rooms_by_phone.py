"""Rooms that staff say are ready, on WhatsApp: a list of today's arrivals, a tap on one, "ready 4", not yet.

The guest is told by the stay's journey, which follows what changed.
"""

from edge_api import amendments, arrival_rooms, callings, calls, duty, said, staff_phrases
from edge_api.arrival_rooms import ArrivalRoom
from edge_api.said import AskedForRooms
from edge_api.taps import InWords, Tap, belongs, reply
from guestlink import records
from guestlink.database import Reading, Writing
from guestlink.errors import NotAllowed
from guestlink.records import TAKEN, Property, Stay


def hear(tx: Writing, tap: Tap, text: str) -> str:
    """Answers a message about rooms; what happened, for the inbox's row; empty when it is about others."""
    houses = duty.houses_of(tx, tap.user)
    told = said.ready_in(text, [callings.heard_in(tx, house) for house in houses]) if text else None
    if told is None:
        return ""
    if isinstance(told, AskedForRooms) or len(told.places) != 1:
        return show(tx, tap, houses)
    unit_id = told.places[0].id
    for house in houses:
        for room in arrival_rooms.arriving(tx, house, at=tap.at):
            if room.unit_id == unit_id:
                return _set(tx, tap, house, room.stay, is_ready=told.is_ready)
    unit = next(unit for house in houses for unit in records.units(tx, house) if unit.id == unit_id)
    reply(tx, tap, staff_phrases.nobody_comes(tap.words, unit.title), why="nobody arrives there")
    return "nobody arrives there"


def show(tx: Writing, tap: Tap, houses: list[Property]) -> str:
    """The rooms of today's arrivals that are not ready, to be tapped."""
    every = [(house, room) for house in houses for room in arrival_rooms.arriving(tx, house, at=tap.at)]
    rows = [
        (room.stay.id, room.title, _more(tx, tap, house, room, is_alone=len(houses) == 1))
        for house, room in every
        if room.unit_id and not room.is_ready
    ]
    reply(tx, tap, staff_phrases.rooms(tap.words, rows, arrivals=len(every)), why="asked for the rooms")
    return "showed the rooms"


def _more(db: Reading, tap: Tap, house: Property, room: ArrivalRoom, *, is_alone: bool) -> str:
    when = staff_phrases.expected(tap.words, room.expected) if room.expected else ""
    return ", ".join(part for part in ("" if is_alone else calls.name_of(db, house), when) if part)


def ready(tx: Writing, tap: Tap, stay_id: str) -> str:
    return _set(tx, tap, *_stay(tx, tap, stay_id), is_ready=True)


def unready(tx: Writing, tap: Tap, stay_id: str) -> str:
    return _set(tx, tap, *_stay(tx, tap, stay_id), is_ready=False)


def _set(tx: Writing, tap: Tap, house: Property, stay: Stay, *, is_ready: bool) -> str:
    amendments.set_ready(tx, tap.voice.ring, stay, is_ready, at=tap.at, by=tap.user.id)
    room = arrival_rooms.room_of(tx, stay)
    if not is_ready:
        reply(tx, tap, staff_phrases.room_not_ready(tap.words, room))
        return "room not ready"
    is_told = arrival_rooms.tells_guests(tx, house)
    reply(tx, tap, staff_phrases.room_ready(tap.words, room, stay.id, is_told=is_told))
    return "room ready"


def _stay(db: Reading, tap: Tap, stay_id: str) -> tuple[Property, Stay]:
    """The stay whose room was tapped, if this person belongs to its house."""
    row = db.one("stay_by_id", id=stay_id)
    stay = records.shaped(row, Stay) if row else None
    if stay is None or not belongs(db, tap.user, stay.property_id):
        raise NotAllowed
    if stay.status not in TAKEN:
        raise InWords(tap.words.text(staff_phrases.NO_STAY))
    return records.house_by_id(db, stay.property_id), stay
