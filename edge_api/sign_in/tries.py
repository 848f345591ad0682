"""How often somebody may try to sign in: for one account and from one address, counted in the database, so
that all machines count together. Accounts that are none count alike.

Phones and addresses are kept as blind tokens only, and for an hour at most.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from guestlink import clock
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from guestlink.errors import TooMany


class Limit(NamedTuple):
    """So many tries within a time."""

    most: int
    within: timedelta


Kind = Literal["code-phone", "code-address", "enter-phone", "enter-address", "passkey-address"]
HOUR: Final = timedelta(hours=1)
LIMITS: Final[dict[Kind, Limit]] = {
    "code-phone": Limit(5, HOUR),
    "code-address": Limit(30, HOUR),
    "enter-phone": Limit(10, HOUR),  # against a million codes, each of which takes five
    "enter-address": Limit(40, HOUR),
    "passkey-address": Limit(120, HOUR),
}


def spend(tx: Writing, ring: KeyRing, kind: Kind, subject: str, *, at: datetime) -> str:
    """Counts one try and returns its id; TooMany when there is none left. A refused try is not counted, so
    that whoever waits is served.
    """
    limit, token = LIMITS[kind], ring.blind(f"sign-in-{kind}", subject)
    tx.all("lock_sign_in")
    row = tx.one("sign_in_tries_of", subject=token, since=clock.as_text(at - limit.within))
    if row and row["tries"] >= limit.most:
        free = clock.from_text(row["oldest"]) + limit.within
        wait = max(1.0, (free - at).total_seconds())
        raise TooMany("Too many tries to sign in.", hint="Wait, then try again.", retry_after=wait)
    tx.do("sweep_sign_in_tries", before=clock.as_text(at - HOUR))
    spent = clock.new_id()
    tx.do("add_sign_in_try", id=spent, subject=token, at=clock.as_text(at))
    return spent


def give_back(tx: Writing, *spent: str) -> None:
    """Tries that opened the door do not count: the people of a house share its address."""
    for each in spent:
        tx.do("give_back_sign_in_try", id=each)
