"""A new code that somebody of the house writes on WhatsApp: from their words to the question and the yes.

The value waits sealed in `secret_wishes` for ten minutes and stands nowhere else: what is kept of the message
is masked, the event as it came is forgotten, and buttons hold only an id.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import callings, calls, correspondence, duty, said, staff_phrases
from edge_api.duty import User
from edge_api.messages import MOST_ROWS, Heard, Outgoing
from edge_api.phrases import Voice
from edge_api.said import NewCode, Overheard
from edge_api.taps import InWords, Tap, belongs, reply
from guestlink import clock, records, secret_values
from guestlink.database import Reading, Writing
from guestlink.errors import NotAllowed
from guestlink.records import Property, Secret, Unit

WAITS: Final = timedelta(minutes=10)
PER_ROOM: Final = frozenset({"door-code", "key-box", "safe-code"})  # until a value says otherwise


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `secret_wishes`: a value that counts as soon as its writer says yes."""

    id: str
    property_id: str
    unit_id: str | None
    name: str
    value: bytes
    user_id: str
    message_id: str
    expires_at: datetime


class _Meant(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a message may mean."""

    house: Property
    unit: Unit | None
    name: str
    value: str

    def __repr__(self) -> str:
        return f"_Meant({self.name}, hidden)"


# -- hearing -----------------------------------------------------------------------------------------
def overheard(db: Reading, voice: Voice, user: User, heard: Heard) -> Overheard | None:
    """What somebody of the house says of a new code; None for anything else, and for what goes to a guest."""
    if not heard.text or heard.choice or _is_for_a_guest(db, voice, heard):
        return None
    return said.overheard(heard.text, [callings.heard_in(db, house) for house in duty.houses_of(db, user)])


def _is_for_a_guest(db: Reading, voice: Voice, heard: Heard) -> bool:
    """Whether it answers what a guest wrote or asked for, or changes such an answer."""
    row = correspondence.message_of(db, voice.ring, heard.answers)
    if row and row["direction"] == "in":
        row = db.one("message_by_id", id=row["answers"]) if row["answers"] else None
    return bool(row and (row["about"] or row["request_id"]))


def ask(tx: Writing, tap: Tap, told: Overheard) -> str:
    """Asks whether the new value counts, or first what it is for; what happened, for the inbox's row."""
    houses = {house.id: house for house in duty.houses_of(tx, tap.user)}
    if not told.found:
        reply(tx, tap, staff_phrases.unclear_code(tap.words), why="a code that is not clear")
        return "asked to write a code again"
    meant = [
        each
        for house_id, code in told.found
        for name in code.names
        for each in _meant(tx, houses[house_id], code, name=name, at=tap.at)
    ]
    if not meant:
        reply(
            tx,
            tap,
            staff_phrases.no_such_code(tap.words, _known(tx, tap, houses.values())),
            why="no such code",
        )
        return "no such code"
    wishes = [(each, _keep(tx, tap, each)) for each in meant[:MOST_ROWS]]
    if len(wishes) == 1:
        reply(tx, tap, _question(tx, tap, *wishes[0]), why="asks whether a code counts")
        return "asked whether a code counts"
    is_stray = any(code.stray for _, code in told.found)
    rows = _rows(tx, tap, wishes, is_alone=len(houses) == 1)
    reply(
        tx,
        tap,
        staff_phrases.which_code(tap.words, rows, stray=is_stray, among=len(meant)),
        why="asks what a code is for",
    )
    return "asked what a code is for"


def _meant(db: Reading, house: Property, code: NewCode, *, name: str, at: datetime) -> Iterator[_Meant]:
    """What a new value of this name may be for in a house, the likeliest first."""
    units = {unit.id: unit for unit in records.units(db, house)}
    valid = [each for each in secret_values.load_secrets(db, house) if _is_of(each, name, at)]
    own = [unit_id for unit_id in units if any(secret.unit_id == unit_id for secret in valid)]
    of_house = any(secret.unit_id is None for secret in valid)
    likely = said.likely(code, callings.heard_in(db, house).places) if code.stray else ()
    if code.places:
        scopes = [*(place.id for place in code.places), *([""] if of_house and not own else [])]
    elif code.stray:
        scopes = [*(place.id for place in likely), *([""] if of_house else [])]
    else:
        scopes = _unnamed(name, list(units), own=own, of_house=of_house)
    for unit_id in scopes:
        yield _Meant(house=house, unit=units.get(unit_id), name=name, value=code.value)


def _unnamed(name: str, units: list[str], *, own: list[str], of_house: bool) -> list[str]:
    """Where no unit is named (an empty id is the house): the house, if it has a value for all; else the units
    that have their own before those that have none; at first, what is mostly by the room or mostly is not.
    """
    if of_house:
        return ["", *own]
    if own:
        return [*own, *(unit_id for unit_id in units if unit_id not in own)]
    return [*units, ""] if name in PER_ROOM and len(units) > 1 else [""]


def _is_of(secret: Secret, name: str, at: datetime) -> bool:
    is_lasting = secret.valid_until is None or secret.valid_until > at
    return secret.name == name and secret.stay_id is None and is_lasting


def _keep(tx: Writing, tap: Tap, meant: _Meant) -> str:
    """Seals a value until its writer says yes; an older one for the same is forgotten."""
    unit_id = meant.unit.id if meant.unit else None
    ids = {"user_id": tap.user.id, "property_id": meant.house.id, "name": meant.name}
    tx.do("forget_older_wishes", unit_id=unit_id or "", **ids)
    wish_id = clock.new_id()
    tx.do(
        "add_secret_wish",
        id=wish_id,
        unit_id=unit_id,
        value=tap.voice.ring.seal(meant.value, "secret_wishes", "value", row=wish_id),
        message_id=tap.message_id,
        expires_at=clock.as_text(tap.at + WAITS),
        **ids,
    )
    return wish_id


def _question(db: Reading, tap: Tap, meant: _Meant, wish_id: str) -> Outgoing:
    where, what = (
        _where(db, meant.house, meant.unit),
        callings.label_of(db, meant.house, meant.name, tap.words),
    )
    size = len("".join(meant.value.split()))
    return staff_phrases.is_it_valid(tap.words, where, what, size=size, wish_id=wish_id)


def _rows(
    db: Reading, tap: Tap, wishes: Sequence[tuple[_Meant, str]], *, is_alone: bool
) -> list[tuple[str, str, str]]:
    rows = []
    for meant, wish_id in wishes:
        what = callings.label_of(db, meant.house, meant.name, tap.words)
        house = "" if is_alone or meant.unit is None else calls.name_of(db, meant.house)
        rows.append((wish_id, _where(db, meant.house, meant.unit), f"{what}, {house}" if house else what))
    return rows


def _where(db: Reading, house: Property, unit: Unit | None) -> str:
    return unit.title if unit else calls.name_of(db, house)


def _known(db: Reading, tap: Tap, houses: Iterable[Property]) -> list[str]:
    """What the codes of these houses are called."""
    names = ((house, name) for house in houses for name in sorted(callings.secret_names(db, house)))
    return list(dict.fromkeys(callings.label_of(db, house, name, tap.words) for house, name in names))


# -- taps --------------------------------------------------------------------------------------------
def choose(tx: Writing, tap: Tap, wish_id: str) -> str:
    """What a code is for was chosen from the list: now it is asked whether it counts."""
    wish = _wish(tx, tap, wish_id)
    value = tap.voice.ring.open(wish.value, "secret_wishes", "value", row=wish.id)
    house, unit = _scope(tx, wish)
    meant = _Meant(house=house, unit=unit, name=wish.name, value=value)
    reply(tx, tap, _question(tx, tap, meant, wish.id), why="asks whether a code counts")
    return "asked whether a code counts"


def set_code(tx: Writing, tap: Tap, wish_id: str) -> str:
    """Yes: the value is valid from now on, once however often it is tapped."""
    wish = _wish(tx, tap, wish_id)
    value = tap.voice.ring.open(wish.value, "secret_wishes", "value", row=wish.id)
    house, unit = _scope(tx, wish)
    tx.do("forget_secret_wishes", message_id=wish.message_id)
    secret_values.set_now(
        tx, tap.voice.ring, house, name=wish.name, value=value, at=tap.at, by=tap.user.id, unit=unit
    )
    where, what = _where(tx, house, unit), callings.label_of(tx, house, wish.name, tap.words)
    has_own = _has_own(tx, house, unit, wish.name, at=tap.at)
    reply(tx, tap, staff_phrases.code_counts(tap.words, where, what, has_own=has_own))
    return "a code was set"


def drop_code(tx: Writing, tap: Tap, wish_id: str) -> str:
    wish = _wish(tx, tap, wish_id)
    tx.do("forget_secret_wishes", message_id=wish.message_id)
    reply(tx, tap, staff_phrases.nothing_changed(tap.words))
    return "a code was not set"


def _wish(db: Reading, tap: Tap, wish_id: str) -> Wish:
    """The value that waits. InWords when it is over, or was written by somebody else."""
    row = db.one("secret_wish", id=wish_id)
    wish = records.shaped(row, Wish) if row else None
    if wish is None or wish.user_id != tap.user.id or wish.expires_at <= tap.at:
        raise InWords(tap.words.text(staff_phrases.OVER))
    if not belongs(db, tap.user, wish.property_id):
        raise NotAllowed
    return wish


def _scope(db: Reading, wish: Wish) -> tuple[Property, Unit | None]:
    house = records.house_by_id(db, wish.property_id)
    return house, next((unit for unit in records.units(db, house) if unit.id == wish.unit_id), None)


def _has_own(db: Reading, house: Property, unit: Unit | None, name: str, *, at: datetime) -> bool:
    """Whether a stay that is not over in this room, or in any, has a value of its own."""
    for secret in secret_values.load_secrets(db, house):
        is_lasting = secret.valid_until is None or secret.valid_until > at
        if secret.name != name or secret.stay_id is None or not is_lasting:
            continue
        stay = records.stay_by_id(db, secret.stay_id)
        rooms = {part.unit_id for part in records.periods(db, stay)}
        is_over = records.moments(stay, house).departed <= at
        if not is_over and stay.status in records.TAKEN and (unit is None or unit.id in rooms):
            return True
    return False


def forget_late(tx: Writing, *, at: datetime) -> int:
    """Values that nobody said yes to in time go; how many."""
    return tx.do("forget_late_wishes", at=clock.as_text(at))


def is_late(db: Reading, *, at: datetime) -> bool:
    return db.one("late_wish", at=clock.as_text(at)) is not None
