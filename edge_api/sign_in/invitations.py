"""Links to sign in by: printed by the host, good for a day and once. The newest alone counts.

The token stands in the fragment, which no server sees, and is spent by a POST: a preview spends nothing.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from edge_api import team
from edge_api.rota import User
from guestlink import clock
from guestlink.database import Writing
from guestlink.errors import Refused

LIFE: Final = timedelta(hours=24)
RANDOM_BYTES: Final = 32
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
PAGE: Final = "/staff/#in="


def invite(tx: Writing, user: User, *, public_url: str, at: datetime, by: str) -> str:
    """A new link for somebody, which is kept nowhere; those before do not count any more."""
    if not team.houses_of(tx, user):
        raise Refused("They belong to no house.", hint="`publish.py staff set NAME --property HOUSE` first.")
    token = secrets.token_urlsafe(RANDOM_BYTES)
    tx.do("forget_sign_in_links", user_id=user.id, at=clock.as_text(at))
    tx.do(
        "add_sign_in_link",
        id=clock.new_id(),
        user_id=user.id,
        hash=_hashed(token),
        expires_at=clock.as_text(at + LIFE),
    )
    team.tell(tx, user.id, "sign-in-link-made", {}, at=at, by=by)
    return f"{public_url}{PAGE}{token}"


def spend(tx: Writing, token: str, *, at: datetime) -> User | None:
    """Whose link it is; None when it is none, was used, replaced or is over."""
    known = TOKEN.fullmatch(token)
    row = tx.one("link_that_counts", hash=_hashed(token), at=clock.as_text(at)) if known else None
    if row is None or not tx.do("spend_sign_in_link", id=row["id"]):
        return None
    user = team.load_user(tx, str(row["user_id"]))
    return user if team.houses_of(tx, user) else None


def _hashed(token: str) -> str:
    """SHA-256 as hex: of 256 random bits nothing slower is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
