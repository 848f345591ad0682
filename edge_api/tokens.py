"""Tokens of programs: made once and shown once, kept as a hash, found by it; each has a role and a reach.

What a caller may touch is a join on the view `reach` (migration 0007), never a list of ids.
"""

import hashlib
import re
import secrets
from datetime import UTC, date, datetime
from typing import Final, Literal, get_args

import msgspec

from guestlink import clock, journal, records
from guestlink.arrivals import plain_words
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, NotFound, Refused
from guestlink.records import Property

Role = Literal["trigger", "staff", "manager", "host"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)  # from the least to the most
PREFIX: Final = "gl_"
RANDOM_BYTES: Final = 32
TEXT: Final = re.compile(r"gl_[A-Za-z0-9_-]{43}")
LONGEST_NAME: Final = 80
SHORTEST_ID: Final = 4


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is kept: never its text. No `property_id` means all houses, no `expires_at` no end."""

    id: str
    name: str
    role: Role
    property_id: str | None = None
    user_id: str | None = None
    made_at: datetime
    expires_at: datetime | None = None
    used_on: date | None = None
    revoked_at: datetime | None = None
    house: str | None = None

    @property
    def by(self) -> str:
        """How the journal calls who acts with it: its user, else the token itself."""
        return self.user_id or f"token:{self.id}"


def make_token(
    tx: Writing,
    *,
    name: str,
    role: Role,
    house: Property | None,
    at: datetime,
    by: str,
    user_id: str = "",
    expires_at: datetime | None = None,
) -> str:
    """A new token's text, which is kept nowhere: whoever loses it needs another. Without `house` it is for
    all of them.
    """
    if not 0 < len(name := plain_words(name)) <= LONGEST_NAME:
        raise InvalidInput(f"The name has not 1 to {LONGEST_NAME} characters.", hint="Say who will use it.")
    if role not in ROLES:
        raise InvalidInput(f"There is no role {role!r}.", hint=f"One of: {', '.join(ROLES)}.")
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("The token would be over before it began.", hint="Give more days.")
    if tx.all("api_tokens_named", name=name, pattern=""):
        raise Refused(f"A token is called {name!r}.", hint="Revoke it, or choose another name.")
    token_id, text = clock.new_id(), PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    tx.do(
        "add_api_token",
        id=token_id,
        name=name,
        role=role,
        property_id=house.id if house else None,
        user_id=user_id or None,
        hash=hashed(text),
        made_at=clock.as_text(at),
        expires_at=clock.as_text(expires_at) if expires_at else None,
    )
    event = journal.Event(kind="token-made", body={"role": role, "user": user_id})
    property_id = house.id if house else ""
    journal.append(tx, f"token:{token_id}", [event], at=at, by=by, property_id=property_id)
    return text


def find(db: Reading, text: str, *, at: datetime) -> Token | None:
    """The token with this text, None alike when there is none, it was revoked, or it is over.

    The look-up goes by the hash of 256 random bits, so its time tells nothing about other tokens.
    """
    row = db.one("api_token_by_hash", hash=hashed(text)) if TEXT.fullmatch(text) else None
    token = records.shaped(row, Token) if row else None
    return token if token and (token.expires_at is None or at < token.expires_at) else None


def mark_used(tx: Writing, token: Token, *, at: datetime) -> None:
    """Remembers the day of the last use, in UTC."""
    tx.do("mark_api_token_used", id=token.id, used_on=day(at).isoformat())


def revoke(tx: Writing, name: str, *, at: datetime, by: str) -> Token:
    """Ends the token with this name, this id, or the only one whose id ends so: from the next call on."""
    short = name.lower()
    is_id = len(short) >= SHORTEST_ID and set(short) <= set("0123456789abcdef-")
    found = tx.all("api_tokens_named", name=name, pattern=f"%{short}" if is_id else "")
    if not found:
        raise NotFound(f"There is no token {name!r}.", hint="`publish.py token list` lists them.")
    if len(found) > 1:
        raise Refused(f"{len(found)} tokens are called {name!r}.", hint="Give more of the id.")
    token = records.shaped(found[0], Token)
    tx.do("revoke_api_token", id=token.id, at=clock.as_text(at))
    event = journal.Event(kind="token-revoked")
    journal.append(tx, f"token:{token.id}", [event], at=at, by=by, property_id=token.property_id or "")
    return token


def all_tokens(db: Reading) -> list[Token]:
    """Every token there was, oldest first."""
    return records.shaped_all(db.all("api_tokens"), Token)


def houses(db: Reading, caller: str) -> list[Property]:
    """The houses that a token or a user reaches."""
    return records.shaped_all(db.all("houses_in_reach", caller=caller), Property)


def hashed(text: str) -> str:
    """SHA-256 as hex. A token has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def day(at: datetime) -> date:
    return at.astimezone(UTC).date()
