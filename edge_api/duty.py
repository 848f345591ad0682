"""The people of a house: who they are, how they are known on WhatsApp, their places in the duty list.

Names, phones and e-mails are sealed under the system key; a sender is found by blind tokens. The journal
keeps ids alone.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, get_args

import msgspec

from edge_api.rota import Duty, Member, Role, User, checked_hours, on_duty, people
from guestlink import clock, journal
from guestlink.contacts import folded, phone_digits
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Row, Writing
from guestlink.errors import InvalidInput, NotFound, Refused
from guestlink.houses import checked_language
from guestlink.records import Property, shaped, shaped_all

__all__ = ["Duty", "Member", "Role", "Somebody", "User", "on_duty", "people"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
ASKED_FIRST: Final = frozenset({"manager", "staff"})  # who stands on the duty list from the beginning
LONGEST_NAME: Final = 80
DIGITS: Final = range(8, 16)  # of a number with its country (E.164: 15 at most)


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """The same in clear; empty text means unknown. The phone is kept as it was written."""

    name: str
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "Somebody(hidden)"


# -- who there is ----------------------------------------------------------------------------------
def add_staff(
    tx: Writing,
    ring: KeyRing,
    *,
    name: str,
    phone: str = "",
    email: str = "",
    language: str = "en",
    role: Role,
    houses: Sequence[Property],
    at: datetime,
    by: str,
) -> User:
    """Somebody new in these houses. Staff and managers go to the end of their duty lists, at all hours.

    Refused when the phone is somebody else's; InvalidInput without a country code.
    """
    user_id = clock.new_id()
    told = _checked(Somebody(name=name, phone=phone, email=email))
    tx.do(
        "add_staff",
        id=user_id,
        **_sealed(ring, user_id, told),
        language=checked_language(language),
        made_at=clock.as_text(at),
    )
    _remember_phone(tx, ring, user_id, told.phone)
    user = load_user(tx, user_id)
    for house in houses:
        _make_member(tx, house, user, role=role, at=at)
    _tell(tx, user_id, "user-added", {"language": language}, at=at, by=by)
    for house in houses:
        _tell_house(tx, house, "member-joined", {"user": user_id, "role": role}, at=at, by=by)
    return user


def change_staff(
    tx: Writing,
    ring: KeyRing,
    user: User,
    *,
    name: str = "",
    phone: str = "",
    email: str = "",
    language: str = "",
    at: datetime,
    by: str,
) -> User:
    """Replaces what is told and not empty. With another phone, WhatsApp has to get to know them anew."""
    before = opened(ring, user)
    told = _checked(
        Somebody(name=name or before.name, phone=phone or before.phone, email=email or before.email)
    )
    if language:
        checked_language(language)
    tx.do("change_user", id=user.id, **_sealed(ring, user.id, told), language=language or user.language)
    if phone_digits(told.phone) != phone_digits(before.phone):
        tx.do("forget_user_tokens", user_id=user.id)
        _remember_phone(tx, ring, user.id, told.phone)
        for house in houses_of(tx, user):
            _reconsider(tx, house, at=at)
    given = {"name": name, "phone": phone, "email": email, "language": language}
    fields = sorted(key for key, value in given.items() if value)
    _tell(tx, user.id, "user-changed", {"fields": fields}, at=at, by=by)
    return load_user(tx, user.id)


def leave(tx: Writing, user: User, *, at: datetime, by: str) -> None:
    """Somebody left for good: no duty, no access, no address any more. The journal still knows their name."""
    first = tx.one("first_user")
    if first and first["id"] == user.id:
        raise Refused(
            "The first host acts at this command line and stays.",
            hint="Take them off the duty list instead: `publish.py staff duty HOUSE NAME --never`.",
        )
    tx.do("user_left", id=user.id, left_at=clock.as_text(at))
    tx.do("forget_user_tokens", user_id=user.id)
    tx.do("revoke_tokens_of_user", user_id=user.id, at=clock.as_text(at))
    for house in houses_of(tx, user):
        tx.do("forget_duty", property_id=house.id, user_id=user.id)
        _close_ranks(tx, house)
        _reconsider(tx, house, at=at)
    _tell(tx, user.id, "user-left", {}, at=at, by=by)


def join(tx: Writing, house: Property, user: User, *, role: Role, at: datetime, by: str) -> None:
    """Makes somebody a member of a house, or changes what they are there. New staff and managers go to the
    end of the duty list.
    """
    _make_member(tx, house, user, role=role, at=at)
    _tell_house(tx, house, "member-joined", {"user": user.id, "role": role}, at=at, by=by)


def _make_member(tx: Writing, house: Property, user: User, *, role: Role, at: datetime) -> None:
    if role not in ROLES:
        raise InvalidInput(f"{role!r} is no role.", hint=f"Write one of these: {', '.join(ROLES)}.")
    is_new = tx.one("membership", user_id=user.id, property_id=house.id) is None
    tx.do("add_membership", user_id=user.id, property_id=house.id, role=role)
    if is_new and role in ASKED_FIRST:
        place = len(tx.all("duties_of_property", property_id=house.id)) + 1
        tx.do("put_duty", **_row(house, user.id, Duty(place=place)))
    _reconsider(tx, house, at=at)


def part(tx: Writing, house: Property, user: User, *, at: datetime, by: str) -> None:
    """Takes somebody out of one house; in others they stay."""
    if not tx.do("forget_membership", user_id=user.id, property_id=house.id):
        raise NotFound(f"They do not belong to {house.slug}.")
    tx.do("forget_duty", property_id=house.id, user_id=user.id)
    _close_ranks(tx, house)
    _reconsider(tx, house, at=at)
    _tell_house(tx, house, "member-parted", {"user": user.id}, at=at, by=by)


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
    _tell(tx, user.id, "user-sender-known", {}, at=at, by=user.id)
    return True


# -- who is on duty --------------------------------------------------------------------------------
def members(db: Reading, house: Property) -> list[Member]:
    """Everybody of a house who has not left: the duty list in its order, then the others."""
    return [_member(row) for row in db.all("members_of_property", property_id=house.id)]


def set_duty(
    tx: Writing,
    house: Property,
    user: User,
    *,
    hours: str | None = None,
    place: int | None = None,
    off_until: datetime | None = None,
    is_back: bool = False,
    at: datetime,
    by: str,
) -> Duty:
    """Puts somebody on the duty list or changes what stands there; None stays as it is, `is_back` ends an
    absence. Whoever is moved to a place moves the others down.
    """
    if tx.one("membership", user_id=user.id, property_id=house.id) is None:
        raise Refused(
            f"They do not belong to {house.slug}.", hint="`publish.py staff set NAME --property HOUSE` first."
        )
    if off_until and off_until <= at:
        raise InvalidInput("That moment is over.", hint="Give one that is to come.")
    listed = {str(row["user_id"]): _duty(row) for row in tx.all("duties_of_property", property_id=house.id)}
    before = listed.pop(user.id, None)
    duty = Duty(
        place=min(max(place or (before.place if before else len(listed) + 1), 1), len(listed) + 1),
        hours=checked_hours(hours) if hours is not None else before.hours if before else "",
        off_until=None if is_back else off_until or (before.off_until if before else None),
    )
    ordered = list(listed.items())
    ordered.insert(duty.place - 1, (user.id, duty))
    _write_list(tx, house, dict(ordered))
    _reconsider(tx, house, at=at)
    until = clock.as_text(duty.off_until) if duty.off_until else ""
    body = {"user": user.id, "place": duty.place, "hours": duty.hours, "off_until": until}
    _tell_house(tx, house, "duty-set", body, at=at, by=by)
    return duty


def end_duty(tx: Writing, house: Property, user: User, *, at: datetime, by: str) -> bool:
    """Takes somebody off the duty list; False when they did not stand there."""
    if not tx.do("forget_duty", property_id=house.id, user_id=user.id):
        return False
    _close_ranks(tx, house)
    _reconsider(tx, house, at=at)
    _tell_house(tx, house, "duty-ended", {"user": user.id}, at=at, by=by)
    return True


# -- rows ------------------------------------------------------------------------------------------
def _member(row: Row) -> Member:
    return Member(
        user=shaped(row, User), role=row["role"], duty=_duty(row) if row["place"] is not None else None
    )


def _duty(row: Row) -> Duty:
    return Duty(
        place=int(row["place"]),
        hours=row["hours"],
        off_until=clock.from_text(row["off_until"]) if row["off_until"] else None,
    )


def _row(house: Property, user_id: str, duty: Duty) -> dict[str, str | int]:
    return {
        "property_id": house.id,
        "user_id": user_id,
        "place": duty.place,
        "hours": duty.hours,
        "off_until": clock.as_text(duty.off_until) if duty.off_until else "",
    }


def _write_list(tx: Writing, house: Property, ordered: Mapping[str, Duty]) -> None:
    for place, (user_id, duty) in enumerate(ordered.items(), start=1):
        tx.do("put_duty", **_row(house, user_id, msgspec.structs.replace(duty, place=place)))


def _close_ranks(tx: Writing, house: Property) -> None:
    rows = tx.all("duties_of_property", property_id=house.id)
    _write_list(tx, house, {str(row["user_id"]): _duty(row) for row in rows})


def _reconsider(tx: Writing, house: Property, *, at: datetime) -> None:
    """Requests that wait are looked at again: somebody else may be there to take them now."""
    tx.do("reconsider_escalations", property_id=house.id, at=clock.as_text(at))


def _sealed(ring: KeyRing, user_id: str, told: Somebody) -> dict[str, bytes | None]:
    fields = msgspec.structs.asdict(told)
    return {
        column: ring.seal(value, "users", column, row=user_id) if value else None
        for column, value in fields.items()
    }


def _remember_phone(tx: Writing, ring: KeyRing, user_id: str, phone: str) -> None:
    digits = phone_digits(phone)
    if not digits:
        return
    token = ring.blind("phone", digits)
    row = tx.one("user_by_token", kind="phone", token=token)
    if row:
        other = opened(ring, shaped(row, User)).name
        raise Refused(f"{other} has this phone number already.", hint="Every person needs one of their own.")
    tx.do("add_user_token", user_id=user_id, kind="phone", token=token)


def _checked(told: Somebody) -> Somebody:
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


def _tell(tx: Writing, user_id: str, kind: str, body: Mapping[str, object], *, at: datetime, by: str) -> None:
    journal.append(tx, f"user:{user_id}", [journal.Event(kind=kind, body=dict(body))], at=at, by=by)


def _tell_house(
    tx: Writing, house: Property, kind: str, body: Mapping[str, object], *, at: datetime, by: str
) -> None:
    event = journal.Event(kind=kind, body=dict(body))
    journal.append(tx, f"property:{house.id}", [event], at=at, by=by, property_id=house.id)
