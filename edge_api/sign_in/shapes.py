"""What is sent to sign in, and what people are told about their session."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from edge_api.sign_in.sessions import How, Session

Phone = Annotated[str, msgspec.Meta(max_length=40)]
Digits = Annotated[str, msgspec.Meta(max_length=20)]


class CodeWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`phone`: with its country, as the host has written it down."""

    phone: Phone

    def __repr__(self) -> str:
        return "CodeWish(hidden)"


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`phone` and the `code` that came to it, or the `token` of a link."""

    phone: Phone = ""
    code: Digits = ""
    token: Annotated[str, msgspec.Meta(max_length=100)] = ""

    def __repr__(self) -> str:
        return "SignIn(hidden)"


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`user_id`: one of `others`."""

    user_id: str
    pin: Digits

    def __repr__(self) -> str:
        return "Switch(hidden)"


class NewPin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`pin`: four to eight digits."""

    pin: Digits

    def __repr__(self) -> str:
        return "NewPin(hidden)"


class Answered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the browser made of the options: `PublicKeyCredential.toJSON()`."""

    credential: dict[str, Any]


# -- what is told -----------------------------------------------------------------------------------
class CodeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever has this phone has a code now, for so many seconds; nobody is told whether somebody has it."""

    seconds: int


class PersonNamed(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    language: str


class HouseOf(msgspec.Struct, frozen=True, kw_only=True):
    """A house to which somebody belongs, and as what."""

    slug: str
    name: str
    role: str


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in here. `others` can be switched to on this browser by their PIN."""

    id: str
    how: How
    user: Me
    houses: tuple[HouseOf, ...]
    expires_at: datetime
    has_pin: bool
    passkeys: int
    others: tuple[PersonNamed, ...]


class SessionListed(msgspec.Struct, frozen=True, kw_only=True):
    """One of somebody's sessions; `is_this` is the one that asks."""

    id: str
    how: How
    browser: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_this: bool


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    sessions: tuple[SessionListed, ...]


def sessions_listed(found: Iterable[Session], *, mine: str | None) -> Sessions:
    """`mine`: the id of the session that asks."""
    names = [name for name in SessionListed.__struct_fields__ if name != "is_this"]
    told = ({name: getattr(each, name) for name in names} | {"is_this": each.id == mine} for each in found)
    return Sessions(sessions=tuple(msgspec.convert(each, SessionListed) for each in told))


class PasskeyShown(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    made_at: datetime
    used_on: date | None


class Passkeys(msgspec.Struct, frozen=True, kw_only=True):
    passkeys: tuple[PasskeyShown, ...]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What `navigator.credentials` is asked with, in JSON (parseCreationOptionsFromJSON and its sister)."""

    options: Mapping[str, Any]
