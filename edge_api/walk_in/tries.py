"""How often guide codes may be tried: by one address and on the whole site, counted in the database, so that
all machines count together.

An address is kept as a blind token only, and for an hour at most.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from guestlink import clock
from guestlink.crypto import KeyRing
from guestlink.database import Row, Writing
from guestlink.errors import TooMany


class Limit(NamedTuple):
    """So many tries within a time."""

    most: int
    within: timedelta


OF_ADDRESS: Final = Limit(10, timedelta(minutes=1))
OF_SITE: Final = Limit(300, timedelta(hours=1))  # 2.6 million a year against 2**50 codes


def spend_try(tx: Writing, ring: KeyRing, address: str, *, at: datetime) -> str:
    """Counts one try and returns its id; TooMany when the address or the site has none left.

    A refused try is not counted, so that whoever waits is served. Tries happen one after the other.
    """
    token = ring.blind("address", address)
    tx.all("lock_tries")
    since = clock.as_text(at - OF_ADDRESS.within)
    _check(tx.one("tries_of_address", address=token, since=since), OF_ADDRESS, at)
    since = clock.as_text(at - OF_SITE.within)
    _check(tx.one("tries_of_site", since=since), OF_SITE, at)
    tx.do("sweep_tries", before=since)
    spent = clock.new_id()
    tx.do("add_try", id=spent, address=token, at=clock.as_text(at))
    return spent


def give_back(tx: Writing, spent: str) -> None:
    """A try that opened a page does not count: many guests share the address of a house."""
    tx.do("forget_try", id=spent)


def _check(row: Row | None, limit: Limit, at: datetime) -> None:
    if row and row["tries"] >= limit.most:
        free = clock.from_text(row["oldest"]) + limit.within
        wait = max(1.0, (free - at).total_seconds())
        raise TooMany("Too many guide codes were tried.", hint="Wait, then try again.", retry_after=wait)
