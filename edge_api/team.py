"""The people who run the houses: their names, and how WhatsApp knows them.

Names, phones and e-mails are sealed under the system key; a sender is found by blind tokens. Verbs on people
and their places in duty lists are in duty.py.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from edge_api.rota import User
from guestlink import journal
from guestlink.contacts import folded, phone_digits
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, NotFound, Refused
from guestlink.records import Property, shaped, shaped_all

LONGEST_NAME: Final = 80
DIGITS: Final = range(8, 16)  # of a number with its country (E.164: 15 at most)


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """A user in clear; empty text means unknown. The phone is kept as it was written."""

    name: str
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "Somebody(hidden)"


# -- who there is ----------------------------------------------------------------------------------
def load_user(db: Reading, user_id: str) -> User:
    row = db.one("staff_by_id", id=user_id)
    if row is None:
        raise NotFound("There is no such person.")
    return shaped(row, User)


def users(db: Reading) -> list[User]:
    """Everybody who has not left, the first host first."""
    return shaped_all(db.all("users_here"), User)


def houses_of(db: Reading, user: User) -> list[Property]:
    return shaped_all(db.all("houses_of_user", user_id=user.id), Property)


def opened(ring: KeyRing, user: User) -> Somebody:
    def clear(column: str, sealed: bytes | None) -> str:
        return ring.open(sealed, "users", column, row=user.id) if sealed else ""

    return Somebody(
        name=clear("name", user.name), phone=clear("phone", user.phone), email=clear("email", user.email)
    )


def find_user(db: Reading, ring: KeyRing, named: str) -> User:
    """The one who has this id, phone, name, or a name with this word in it. NotFound, Refused when several.

    Both name people: this is for the terminal of a host.
    """
    everybody = {user.id: (user, opened(ring, user)) for user in users(db)}
    if named in everybody:
        return everybody[named][0]
    for is_meant in (_is_phone_of, _is_called, _has_word, _begins):
        found = [(user, told) for user, told in everybody.values() if is_meant(named, told)]
        if len(found) > 1:
            names = ", ".join(f"{told.name} ({user.id})" for user, told in found[:8])
            raise Refused(
                f"{len(found)} people are called {named!r}.",
                hint=f"Give more of the name, or an id: {names}.",
            )
        if found:
            return found[0][0]
    known = ", ".join(told.name for _, told in list(everybody.values())[:12]) or "nobody yet"
    raise NotFound(f"There is nobody called {named!r}.", hint=f"Known: {known}. `publish.py staff add` adds.")


def _is_phone_of(named: str, told: Somebody) -> bool:
    digits = phone_digits(named)
    return len(digits) in DIGITS and digits == phone_digits(told.phone)


def _is_called(named: str, told: Somebody) -> bool:
    return folded(named) == folded(told.name)


def _has_word(named: str, told: Somebody) -> bool:
    return folded(named) in folded(told.name).split()


def _begins(named: str, told: Somebody) -> bool:
    return bool(folded(named)) and folded(told.name).startswith(folded(named))


# -- who writes ------------------------------------------------------------------------------------
def user_of_sender(db: Reading, ring: KeyRing, *, wa_id: str = "", user_id: str = "") -> User | None:
    """Who of the house writes from this phone, or as this business-scoped user id (BSUID).

    The phone counts more: it is what the host wrote down, a BSUID is only remembered.
    """
    for kind, value in (("phone", phone_digits(wa_id)), ("bsuid", user_id)):
        row = db.one("user_by_token", kind=kind, token=ring.blind(kind, value)) if value else None
        if row:
            return shaped(row, User)
    return None


def remember_bsuid(tx: Writing, ring: KeyRing, user: User, bsuid: str, *, at: datetime) -> bool:
    """Remembers as whom WhatsApp knows somebody, in the place of what it was before; False when known."""
    token = ring.blind("bsuid", bsuid)
    known = tx.one("user_by_token", kind="bsuid", token=token)
    if known and known["id"] == user.id:
        return False
    tx.do("forget_user_token", kind="bsuid", token=token)
    tx.do("forget_user_tokens_of_kind", user_id=user.id, kind="bsuid")
    tx.do("add_user_token", user_id=user.id, kind="bsuid", token=token)
    tell(tx, user.id, "user-sender-known", {}, at=at, by=user.id)
    return True


# -- what is kept -----------------------------------------------------------------------------------
def sealed(ring: KeyRing, user_id: str, told: Somebody) -> dict[str, bytes | None]:
    fields = msgspec.structs.asdict(told)
    return {
        column: ring.seal(value, "users", column, row=user_id) if value else None
        for column, value in fields.items()
    }


def remember_phone(tx: Writing, ring: KeyRing, user_id: str, phone: str) -> None:
    digits = phone_digits(phone)
    if not digits:
        return
    token = ring.blind("phone", digits)
    row = tx.one("user_by_token", kind="phone", token=token)
    if row:
        other = opened(ring, shaped(row, User)).name
        raise Refused(f"{other} has this phone number already.", hint="Every person needs one of their own.")
    tx.do("add_user_token", user_id=user_id, kind="phone", token=token)


def checked(told: Somebody) -> Somebody:
    name = " ".join(told.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput("A person needs a name.", hint=f"Write 1 to {LONGEST_NAME} characters.")
    if told.email and not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+", told.email):
        raise InvalidInput(f"{told.email!r} is no e-mail address.")
    return Somebody(name=name, phone=checked_phone(told.phone), email=told.email)


def checked_phone(text: str) -> str:
    """A phone number with its country; empty stays empty."""
    phone = " ".join(text.split())
    if not phone:
        return ""
    has_country = phone.startswith(("+", "00"))
    if not has_country or re.search(r"[^\d\s()./+-]", phone) or len(phone_digits(phone)) not in DIGITS:
        raise InvalidInput(
            f"{phone!r} is no phone number with its country.",
            hint="Begin with + and the country: +44 7700 900123.",
        )
    return phone


def tell(tx: Writing, user_id: str, kind: str, body: Mapping[str, object], *, at: datetime, by: str) -> None:
    journal.append(tx, f"user:{user_id}", [journal.Event(kind=kind, body=dict(body))], at=at, by=by)
