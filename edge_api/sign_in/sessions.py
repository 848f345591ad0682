"""Sessions: who is signed in, on which browser, since when; renewed while they are used, ended at once.

What a session may touch is not written on it: it is what its person's memberships say at that moment.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from edge_api.rota import Role, User
from edge_api.sign_in.browsers import Device
from edge_api.team import tell
from edge_api.tokens import ROLES
from guestlink import clock, records
from guestlink.database import Reading, Writing

How = Literal["code", "link", "passkey", "pin"]
IDLE: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=30)
KEPT: Final = timedelta(days=30)  # how long one that is over can still be looked up


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `sessions`; `device` is a blind token of the browser's own cookie."""

    id: str
    user_id: str
    how: How
    browser: str
    device: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime


def begin(tx: Writing, user: User, *, how: How, device: Device, at: datetime) -> Session:
    """Somebody is signed in from now on."""
    session_id = clock.new_id()
    tx.do("sweep_sessions", before=clock.as_text(at - KEPT))
    tx.do(
        "add_session",
        id=session_id,
        user_id=user.id,
        how=how,
        browser=device.browser,
        device=device.token,
        at=clock.as_text(at),
        expires_at=clock.as_text(at + IDLE),
    )
    tell(tx, user.id, "signed-in", {"session": session_id, "how": how}, at=at, by=user.id)
    found = find(tx, session_id, at=at)
    assert found is not None
    return found


def find(db: Reading, session_id: str, *, at: datetime) -> Session | None:
    """The session, if it counts: not ended, not over, and its person has not left."""
    row = db.one("session_that_counts", id=session_id, at=clock.as_text(at))
    return records.shaped(row, Session) if row else None


def role_of(db: Reading, user_id: str) -> Role | None:
    """The most that somebody is in any house; None for who belongs to none any more."""
    roles = {str(row["role"]) for row in db.all("roles_of_user", user_id=user_id)}
    return next((role for role in reversed(ROLES) if role in roles and role != "trigger"), None)


def renew(tx: Writing, session: Session, *, at: datetime) -> None:
    """It is being used: it lasts a week more, but never longer than a month in all."""
    until = min(at + IDLE, session.made_at + LONGEST)
    tx.do("renew_session", id=session.id, at=clock.as_text(at), expires_at=clock.as_text(until))


def of_user(db: Reading, user_id: str, *, at: datetime) -> list[Session]:
    """Those that count, the last used first."""
    return records.shaped_all(db.all("sessions_of_user", user_id=user_id, at=clock.as_text(at)), Session)


def end(tx: Writing, session: Session, *, at: datetime, by: str) -> None:
    """From the next call on it does not count."""
    if tx.do("end_session", id=session.id, at=clock.as_text(at)):
        _hush(tx, at=at)
        tell(tx, session.user_id, "session-ended", {"session": session.id}, at=at, by=by)


def end_on(tx: Writing, device: Device, *, at: datetime) -> None:
    """Nobody is signed in on this browser any more: somebody else is about to be."""
    tx.do("end_sessions_on_device", device=device.token, at=clock.as_text(at))
    _hush(tx, at=at)


def end_all(tx: Writing, user_id: str, *, at: datetime, by: str) -> int:
    """Ends every session of somebody, with all that was on its way to become one; how many there were."""
    now = clock.as_text(at)
    ended = tx.do("end_sessions_of_user", user_id=user_id, at=now)
    tx.do("spend_codes_of_user", user_id=user_id, at=now)
    tx.do("forget_sign_in_links", user_id=user_id, at=now)
    _hush(tx, at=at)
    tell(tx, user_id, "sessions-ended", {"sessions": ended}, at=at, by=by)
    return ended


def _hush(tx: Writing, *, at: datetime) -> None:
    """Browsers whose sessions are over are told nothing more."""
    tx.do("forget_lost_push_subscriptions", at=clock.as_text(at))
