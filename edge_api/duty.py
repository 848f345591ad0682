"""Who belongs to a house, and the places in its duty list: verbs, each with its event of ids in the journal.

Whatever changes who can be told wakes the requests that wait. Who the people are is in team.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, get_args

import msgspec

from edge_api.rota import Duty, Member, Role, User, checked_hours, on_duty, people
from edge_api.team import (
    Somebody,
    checked,
    find_user,
    houses_of,
    load_user,
    opened,
    remember_bsuid,
    remember_phone,
    sealed,
    tell,
    user_of_sender,
    users,
)
from guestlink import clock, journal
from guestlink.contacts import phone_digits
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Row, Writing
from guestlink.errors import InvalidInput, NotFound, Refused
from guestlink.houses import checked_language
from guestlink.records import Property, shaped

__all__ = [
    "Duty",
    "Member",
    "Role",
    "Somebody",
    "User",
    "find_user",
    "houses_of",
    "load_user",
    "on_duty",
    "opened",
    "people",
    "remember_bsuid",
    "user_of_sender",
    "users",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
ASKED_FIRST: Final = frozenset({"manager", "staff"})  # who stands on the duty list from the beginning


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
    told = checked(Somebody(name=name, phone=phone, email=email))
    tx.do(
        "add_staff",
        id=user_id,
        **sealed(ring, user_id, told),
        language=checked_language(language),
        made_at=clock.as_text(at),
    )
    remember_phone(tx, ring, user_id, told.phone)
    user = load_user(tx, user_id)
    for house in houses:
        _make_member(tx, house, user, role=role, at=at)
    tell(tx, user_id, "user-added", {"language": language}, at=at, by=by)
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
    told = checked(
        Somebody(name=name or before.name, phone=phone or before.phone, email=email or before.email)
    )
    if language:
        checked_language(language)
    tx.do("change_user", id=user.id, **sealed(ring, user.id, told), language=language or user.language)
    if phone_digits(told.phone) != phone_digits(before.phone):
        _forget_ways(tx, user)
        remember_phone(tx, ring, user.id, told.phone)
    if (told.phone, told.email) != (before.phone, before.email):
        for house in houses_of(tx, user):
            _reconsider(tx, house, at=at)
    given = {"name": name, "phone": phone, "email": email, "language": language}
    fields = sorted(key for key, value in given.items() if value)
    tell(tx, user.id, "user-changed", {"fields": fields}, at=at, by=by)
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
    _forget_ways(tx, user)
    tx.do("revoke_tokens_of_user", user_id=user.id, at=clock.as_text(at))
    _sign_out(tx, user, at=at)
    for house in houses_of(tx, user):
        tx.do("forget_duty", property_id=house.id, user_id=user.id)
        _close_ranks(tx, house)
        _reconsider(tx, house, at=at)
    tell(tx, user.id, "user-left", {}, at=at, by=by)


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


# -- who is on duty --------------------------------------------------------------------------------
def members(db: Reading, house: Property, *, by_mail: bool = False) -> list[Member]:
    """Everybody of a house who has not left: the duty list in its order, then the others. `by_mail`: an
    e-mail address is a way to tell them, too.
    """
    rows = db.all("members_of_property", property_id=house.id)
    return [_member(row, by_mail=by_mail) for row in rows]


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
def _member(row: Row, *, by_mail: bool) -> Member:
    user, duty = shaped(row, User), _duty(row) if row["place"] is not None else None
    if by_mail and user.email:
        user = msgspec.structs.replace(user, ways=user.ways + 1)
    return Member(user=user, role=row["role"], duty=duty)


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


def _sign_out(tx: Writing, user: User, *, at: datetime) -> None:
    """From the next call on they are nobody, and nothing lets them in."""
    now = clock.as_text(at)
    tx.do("end_sessions_of_user", user_id=user.id, at=now)
    tx.do("forget_lost_push_subscriptions", at=now)
    tx.do("spend_codes_of_user", user_id=user.id, at=now)
    tx.do("forget_sign_in_links", user_id=user.id, at=now)
    tx.do("forget_passkeys", user_id=user.id)
    tx.do("forget_pins", user_id=user.id)


def _forget_ways(tx: Writing, user: User) -> None:
    """Whoever writes from the old phone is nobody of the house any more, and nothing is sent there."""
    tx.do("forget_user_tokens", user_id=user.id)
    tx.do("part_conversations", user_id=user.id)


def _reconsider(tx: Writing, house: Property, *, at: datetime) -> None:
    """Requests that wait are looked at again: somebody else may be there to take them now."""
    tx.do("reconsider_escalations", property_id=house.id, at=clock.as_text(at))


def _tell_house(
    tx: Writing, house: Property, kind: str, body: Mapping[str, object], *, at: datetime, by: str
) -> None:
    event = journal.Event(kind=kind, body=dict(body))
    journal.append(tx, f"property:{house.id}", [event], at=at, by=by, property_id=house.id)
