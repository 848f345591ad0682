"""PINs: a quick change of person on a browser that people share. One counts on the browser where it was
set, for the one who set it, while somebody is signed in there; after five wrong ones it is gone.
"""

import hmac
import re
from datetime import datetime
from typing import Final

from edge_api import team
from edge_api.rota import User
from edge_api.sign_in.sessions import Session
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields

PIN: Final = re.compile(r"[0-9]{4,8}")
MOST_TRIES: Final = 5
RUNS: Final = "01234567890 09876543210"


def put(tx: Writing, ring: KeyRing, session: Session, pin: str, *, at: datetime) -> None:
    """Sets somebody's PIN on this browser; InvalidFields for one that anybody would guess."""
    if not PIN.fullmatch(pin):
        raise InvalidFields([("pin", "Four to eight digits.")])
    if len(set(pin)) == 1 or pin in RUNS:
        raise InvalidFields([("pin", "This would be guessed first.")])
    tx.do(
        "put_pin",
        user_id=session.user_id,
        device=session.device,
        hash=_hashed(ring, session.user_id, session.device, pin),
    )
    team.tell(tx, session.user_id, "pin-set", {"session": session.id}, at=at, by=session.user_id)


def forget(tx: Writing, session: Session) -> None:
    tx.do("forget_pin", user_id=session.user_id, device=session.device)


def has_one(db: Reading, session: Session) -> bool:
    """Whether somebody has set a PIN on this browser."""
    return db.one("pin_of", user_id=session.user_id, device=session.device) is not None


def others(db: Reading, session: Session) -> list[User]:
    """Who else can be switched to on this browser."""
    ids = [str(row["user_id"]) for row in db.all("pins_on_device", device=session.device)]
    people = [team.load_user(db, each) for each in ids if each != session.user_id]
    return [each for each in people if team.houses_of(db, each)]


def spend(tx: Writing, ring: KeyRing, session: Session, *, user_id: str, pin: str) -> User | None:
    """Who has typed their PIN; None alike for who has none here, a wrong one, or one wrong too often. The
    try is counted before the digits are compared, so it must be committed either way.
    """
    named = {"user_id": user_id, "device": session.device}
    row = tx.one("pin_of", **named)
    if row is None or not tx.do("count_pin_try", **named, most=MOST_TRIES):
        return None
    if not hmac.compare_digest(_hashed(ring, user_id, session.device, pin), row["hash"]):
        if row["tries"] + 1 >= MOST_TRIES:
            tx.do("forget_pin", **named)
        return None
    tx.do("right_pin", **named)
    user = team.load_user(tx, user_id)
    return user if team.houses_of(tx, user) else None


def _hashed(ring: KeyRing, user_id: str, device: str, pin: str) -> str:
    return ring.blind("pin", f"{user_id} {device} {pin}")
