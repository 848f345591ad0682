"""Browsers that are told when something comes, and what waits to be told them. It sends nothing.

A browser listens for a session and is forgotten with it. A push names what it is about by its id; its words
are made when it leaves, and it is dropped when somebody was faster.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from guestlink import clock, records
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing

Kind = Literal["request", "talk"]
State = Literal["waiting", "sent", "refused", "late", "over"]

MOST: Final = 10  # browsers of one person; the oldest goes
LASTS: Final = timedelta(hours=1)  # who looks later finds it on the board
LASTS_URGENT: Final = timedelta(minutes=30)  # by then others were told
TOLD_AGAIN: Final = timedelta(minutes=15)  # a guest who writes line after line rings once
LEASE: Final = timedelta(seconds=60)  # longer than handing one over may take
KEPT: Final = timedelta(days=1)
STATES: Final = ("waiting", "sent", "refused", "late", "over")


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """Where a browser listens: the address at its service, its public key and its secret, in base64url."""

    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        return "Browser(hidden)"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A push whose time has come; `language` is that of its reader."""

    id: str
    subscription_id: str
    kind: Kind
    subject: str
    urgent: int
    again: int
    attempts: int
    expires_at: datetime
    browser: bytes
    language: str


# -- who listens -------------------------------------------------------------------------------------
def listen(
    tx: Writing, ring: KeyRing, browser: Browser, *, session_id: str, user_id: str, at: datetime
) -> None:
    """From now on this browser is told, as long as the session counts; whoever listened there before is not.
    The same once more changes nothing.
    """
    token = ring.blind("push", browser.endpoint)
    known = tx.one("push_subscription_of_session", session_id=session_id)
    if known and known["endpoint_token"] == token:
        return
    tx.do("forget_push_subscription_of", session_id=session_id, endpoint_token=token)
    subscription_id = clock.new_id()
    tx.do(
        "add_push_subscription",
        id=subscription_id,
        session_id=session_id,
        user_id=user_id,
        endpoint_token=token,
        browser=ring.seal_bytes(
            msgspec.json.encode(browser), "push_subscriptions", "browser", row=subscription_id
        ),
        at=clock.as_text(at),
    )
    tx.do("forget_surplus_push_subscriptions", user_id=user_id, most=MOST)


def stop(tx: Writing, *, session_id: str) -> None:
    """The browser of a session is told nothing more."""
    tx.do("forget_push_subscription_of", session_id=session_id, endpoint_token="")


def forget(tx: Writing, subscription_id: str) -> None:
    """Its service says that this browser listens no more."""
    tx.do("forget_push_subscription", id=subscription_id)


def sessions_told(db: Reading, user_id: str, *, at: datetime) -> frozenset[str]:
    """The sessions of somebody whose browsers listen."""
    rows = db.all("push_subscriptions_of_user", user_id=user_id, at=clock.as_text(at))
    return frozenset(str(row["session_id"]) for row in rows)


def opened(ring: KeyRing, due: Due) -> Browser:
    text = ring.open_bytes(due.browser, "push_subscriptions", "browser", row=due.subscription_id)
    return msgspec.json.decode(text, type=Browser)


# -- what is told --------------------------------------------------------------------------------------
def tell(
    tx: Writing,
    user_id: str,
    kind: Kind,
    subject: str,
    *,
    urgent: bool = False,
    again: bool = False,
    waiting_since: datetime | None = None,
    at: datetime,
) -> None:
    """Every browser of somebody is told of a request or a conversation, in this transaction. Of what has been
    `waiting_since` then, at most once in a quarter of an hour.
    """
    lasts = LASTS_URGENT if urgent else LASTS
    since = clock.as_text(max(waiting_since, at - TOLD_AGAIN)) if waiting_since else ""
    for row in tx.all("push_subscriptions_of_user", user_id=user_id, at=clock.as_text(at)):
        to = row["id"]
        if since and tx.one("pushed_lately", subscription_id=to, subject=subject, since=since):
            continue
        tx.do(
            "add_push",
            id=clock.new_id(),
            subscription_id=to,
            kind=kind,
            subject=subject,
            urgent=int(urgent),
            again=int(again),
            at=clock.as_text(at),
            expires_at=clock.as_text(at + lasts),
        )


def needs(db: Reading, *, at: datetime) -> bool:
    row = db.one("pushes_need", at=clock.as_text(at))
    return bool(row and row["due"])


def claim(tx: Writing, *, at: datetime, most: int) -> list[Due]:
    """What is due, kept from other couriers for a minute; who dies meanwhile leaves it to the next."""
    tx.do("expire_pushes", at=clock.as_text(at))
    found = [records.shaped(row, Due) for row in tx.all("due_pushes", at=clock.as_text(at), most=most)]
    until = clock.as_text(at + LEASE)
    mine = [each for each in found if tx.do("claim_push", id=each.id, attempts=each.attempts, until=until)]
    return [msgspec.structs.replace(each, attempts=each.attempts + 1) for each in mine]


def end(tx: Writing, due: Due, state: State, *, at: datetime) -> None:
    tx.do("end_push", id=due.id, attempts=due.attempts, state=state, at=clock.as_text(at))


def delay(tx: Writing, due: Due, *, until: datetime) -> None:
    """It is tried again then, unless it is late by that time."""
    tx.do("delay_push", id=due.id, attempts=due.attempts, due_at=clock.as_text(until))


def purge(tx: Writing, *, at: datetime) -> None:
    """What was told long enough ago goes, and the browsers of sessions that are over."""
    tx.do("purge_pushes", before=clock.as_text(at - KEPT))
    tx.do("forget_lost_push_subscriptions", at=clock.as_text(at))


def standing(db: Reading) -> tuple[dict[str, int], int]:
    """How many pushes of the last day stand how, and how many browsers listen."""
    counted: Sequence[dict[str, int | str]] = db.all("push_standing")
    found = {str(row["state"]): int(row["pushes"]) for row in counted}
    row = db.one("push_browsers")
    return {state: found.get(state, 0) for state in STATES}, int(row["browsers"]) if row else 0
