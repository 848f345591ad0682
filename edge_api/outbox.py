"""What is to be sent, and what became of it. The intent to send is committed before anything leaves.

waiting -> sending -> sent | in_doubt | dead; a person gives up: dropped. It never sends and opens no words.
What is in doubt is never sent again by itself: a status that echoes the id settles it, or a person decides.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from edge_api import codes, pacing
from edge_api.messages import MAIL, Receipt
from guestlink import alerts, clock
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.language import N_

State = Literal["waiting", "sending", "sent", "in_doubt", "dead", "dropped"]
By = Literal["", "free-form", "template"]

AT_ONCE: Final = ""
LEASE: Final = timedelta(seconds=60)  # longer than any send may take
MAIL_LEASE: Final = timedelta(minutes=5)  # a mail server may take its time to look at a message
PATIENCE: Final = timedelta(minutes=10)  # what waits longer for its next try lets others pass
MOST_TRIES: Final = 20
OPTED_OUT: Final = 131050
UNREACHABLE: Final = frozenset({131026, 550, 551, 553})  # not on WhatsApp; no such mailbox (RFC 5321)
RANKS: Final = {"": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
TOO_LATE: Final = N_("It was too late to be of use.")
NO_OUTCOME: Final = N_("The program ended before the answer was known.")
TRIED_ENOUGH: Final = N_("It was tried too often.")
OF_TEMPLATES: Final = range(132000, 133000)
OF_MESSAGE: Final = frozenset({100, 131008, 131009})  # something in the message, not number or account
CODE: Final = "code "  # begins the subject of an alert that is about messages
ALARMS: Final[dict[codes.Action, alerts.Kind]] = {
    "configure": "whatsapp-configuration",
    "stopped": "account-stopped",
}
OF_MAIL: Final[alerts.Kind] = "mail-configuration"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose turn it is in its conversation. `route` is `template` when free-form was refused."""

    id: str
    conversation_id: str
    attempts: int
    route: By
    asked_at: datetime
    stay_id: str | None
    answers: str
    free_from: str


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """How a message is about to be sent; `price` is in millionths of `currency`, None when unknown."""

    due: Due
    route: By
    category: str
    price: int | None
    currency: str

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""
        return self.due.attempts + 1


class Turns(NamedTuple):
    """When messages may leave (Unix time), and how many have come in since the last time."""

    starts: tuple[float, ...]
    heard: int


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to do: messages that wait at all or are due, that are too late, that are being sent, or
    were left behind by whoever sent them.
    """

    waiting: bool
    due: bool
    expired: bool
    sending: bool
    lapsed: bool


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be sent or may not have arrived, without its words."""

    id: str
    state: State
    code: int
    reason: str
    attempts: int
    asked_at: datetime
    settled_at: datetime | None
    conversation_id: str
    kind: str
    why: str
    contact_id: str | None
    user_id: str | None
    property: str | None
    stay: str | None


def put(
    tx: Writing,
    message_id: str,
    conversation_id: str,
    *,
    at: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Queues an archived message and, when that is committed, wakes the courier. After `expires_at` it is of
    no use any more and is not sent.
    """
    tx.do(
        "put_message",
        id=message_id,
        conversation_id=conversation_id,
        not_before=clock.as_text(not_before) if not_before else AT_ONCE,
        expires_at=clock.as_text(expires_at) if expires_at else None,
        asked_at=clock.as_text(at),
    )
    tx.all("announce_events")


def unsent(db: Reading, state: State, *, stay_id: str = "") -> list[Unsent]:
    """Those that are `dead` (could not be sent) or `in_doubt` (nobody knows), oldest first."""
    return msgspec.convert(db.all("unsent_messages", state=state, stay_id=stay_id), list[Unsent])


# -- sending -----------------------------------------------------------------------------------------
def needs(db: Reading, *, at: datetime) -> Needs:
    """Whether a courier has anything to do; cheap, so that it can be asked at every wake-up."""
    return msgspec.convert(db.one("outbox_needs", at=clock.as_text(at)), Needs, strict=False)


def numbers(db: Reading, *, at: datetime) -> list[str]:
    """The numbers of ours that have something to say."""
    return [str(row["number_id"]) for row in db.all("numbers_to_serve", at=clock.as_text(at))]


def recover(tx: Writing, *, at: datetime) -> int:
    """Ends what is too late, and what was left while it was sent: nobody knows whether that arrived."""
    now = clock.as_text(at)
    ended = tx.do("expire_messages", at=now, reason=TOO_LATE)
    ended += tx.do("doubt_lapsed", at=now, reason=NO_OUTCOME)
    forget_codes(tx)
    return ended


def forget_codes(tx: Writing) -> None:
    """Digits whose message has come to an end, whichever, lie nowhere any more."""
    tx.do("forget_sent_codes")


def turns(tx: Writing, number_id: str, *, at: datetime, most: int, within: float) -> Turns:
    """Reserves up to `most` instants at which the number may send, within so many seconds.

    The pace lies in the database, one row for each number that is held until the commit: several processes
    may send for one number, and a process that dies takes nothing with it. What people wrote counts, too.
    """
    row = tx.one("pace_of_number", number_id=number_id)
    if row is None:  # only a row that is there can be held
        tx.do("begin_pace", number_id=number_id)
        row = tx.one("pace_of_number", number_id=number_id)
    assert row is not None
    due, since = row["due"] / 1e6, int(row["heard"])
    heard = tx.one("heard_since", number_id=number_id, position=since)
    assert heard is not None
    now, pace = at.timestamp(), pacing.pace_of(number_id)
    due = pacing.counted(pace, due, now=now, many=int(heard["messages"]))
    found, due = pacing.starts(pace, due, now=now, most=most, within=within)
    tx.do("keep_pace", number_id=number_id, due=int(due * 1e6), heard=int(heard["position"]))
    return Turns(found, int(heard["messages"]))


def due(tx: Writing, number_id: str, *, at: datetime, most: int) -> list[Due]:
    """The oldest unfinished message of each conversation, when it may be sent now.

    On PostgreSQL rows are held until the commit and those of others are passed over. A message that is
    planned for later, or waits long for its next try, does not hold back the ones behind it.
    """
    rows = tx.all(
        "due_messages",
        number_id=number_id,
        at=clock.as_text(at),
        patience=clock.as_text(at + PATIENCE),
        most=most,
    )
    return msgspec.convert(rows, list[Due])


def intend(tx: Writing, intents: Sequence[Intent], *, at: datetime, lease: timedelta = LEASE) -> None:
    """Says that these are about to be sent. Only after its commit may anything leave."""
    until = clock.as_text(at + lease)
    tx.do_many(
        "intend_to_send",
        [
            {
                "id": intent.due.id,
                "leased_until": until,
                "route": intent.route,
                "category": intent.category,
                "price": intent.price,
                "currency": intent.currency,
            }
            for intent in intents
        ],
    )
    tx.do_many(
        "pace_conversation",
        [{"id": each.due.conversation_id, "free_from": _free_from(each.due, at)} for each in intents],
    )


def _free_from(due: Due, at: datetime) -> str:
    """When one more may be sent to this person: Meta's pair rate."""
    pace, now = pacing.OF_PAIR, at.timestamp()
    slack = (pace.burst - 1) * pace.seconds
    known = clock.from_text(due.free_from).timestamp() + slack if due.free_from else 0.0
    next_due, _ = pacing.spent(pace, known, now=now)
    return clock.as_text(at + timedelta(seconds=next_due - slack - now))


# -- what came of it ---------------------------------------------------------------------------------
def sent(tx: Writing, ring: KeyRing, intent: Intent, wamid: str, *, at: datetime) -> None:
    """WhatsApp has taken it; whether it arrives is told by statuses, which may have come before."""
    if not _end(tx, intent, state="sent", at=at):
        return
    row = tx.one("message_to_settle", id=intent.due.id)
    assert row is not None
    if row["wamid_token"] != ring.blind("wamid", wamid):
        _learn(tx, ring, row, wamid)
        if row["receipt"]:  # of a try that failed
            tx.do("learn_receipt", id=intent.due.id, receipt="", receipt_at=None)


def refused(tx: Writing, intent: Intent, code: int, *, number_id: str, at: datetime) -> State:
    """It was not delivered for certain: tried again, said by its template, or dead, as the code demands."""
    fate = _fate(code, attempt=intent.attempt, route=intent.route, at=at)
    if _end(tx, intent, at=at, code=code, **fate):
        _alarm(tx, code, number_id=number_id, at=at)
        _honour(tx, code, intent.due.id, at=at)
    return fate["state"]  # type: ignore[no-any-return]


def _honour(tx: Writing, code: int, message_id: str, *, at: datetime) -> None:
    """Meta says that this person does not want to hear from us: from now on they do not. Nor is an address
    tried again and again that nobody has.
    """
    if code == OPTED_OUT:
        tx.do("opt_out_by_message", id=message_id, at=clock.as_text(at))
    if code in UNREACHABLE:
        tx.do("mark_unreachable", id=message_id, at=clock.as_text(at))


def in_doubt(tx: Writing, intent: Intent, reason: str, *, at: datetime) -> None:
    """Nobody knows whether it left: a status settles it, or a person."""
    _end(tx, intent, state="in_doubt", reason=reason, at=at)


def released(tx: Writing, intent: Intent) -> None:
    """It certainly never left the house: it waits again, as if nothing had been."""
    tx.do("unsend", id=intent.due.id, attempts=intent.attempt)


def bury(tx: Writing, due: Due, reason: str, *, at: datetime) -> None:
    """It may not be sent at all."""
    tx.do("bury_message", id=due.id, code=0, reason=reason, at=clock.as_text(at))
    forget_codes(tx)


def _end(
    tx: Writing,
    intent: Intent,
    *,
    state: State,
    at: datetime,
    code: int = 0,
    reason: str = "",
    not_before: str = AT_ONCE,
    route: By | None = None,
) -> int:
    """Of this try only: a status may have ended it before, and another try may be under way."""
    return tx.do(
        "end_sending",
        id=intent.due.id,
        attempts=intent.attempt,
        state=state,
        not_before=not_before,
        route=intent.route if route is None else route,
        code=code,
        reason=reason,
        at=clock.as_text(at),
    )


def _fate(code: int, *, attempt: int, route: str, at: datetime) -> dict[str, Any]:
    action = codes.action_of(code)
    reason = codes.words_of(code)
    if action == "template" and route != "template":
        return {"state": "waiting", "route": "template", "reason": reason}
    if action not in {"retry", "wait-long"}:
        return {"state": "dead", "reason": reason}
    if attempt >= MOST_TRIES and code not in codes.NOT_REACHED:
        return {"state": "dead", "reason": TRIED_ENOUGH}
    wait = codes.wait_after(action, attempt, code=code)
    return {"state": "waiting", "not_before": clock.as_text(at + wait), "reason": reason, "route": route}


def _alarm(tx: Writing, code: int, *, number_id: str, at: datetime) -> None:
    kind = ALARMS.get(codes.action_of(code))
    if kind and number_id == MAIL:
        kind = OF_MAIL
    if kind:
        words = codes.words_of(code)
        alerts.raise_alert(tx, kind=kind, subject=_subject(code, number_id), words=words, at=at)


def _subject(code: int, number_id: str) -> str:
    """A number of ours, which the next success clears; or a code that is about the message itself."""
    is_of_message = code in OF_TEMPLATES or code in OF_MESSAGE or not codes.is_known(code)
    return f"{CODE}{code}" if is_of_message and number_id != MAIL else number_id


def end_alarms(tx: Writing, number_id: str, *, at: datetime) -> None:
    """The number can send: whatever was wrong with it or its account is over."""
    for kind in (*ALARMS.values(), OF_MAIL):
        alerts.end_alert(tx, kind=kind, subject=number_id, at=at)


# -- statuses ----------------------------------------------------------------------------------------
def settle(tx: Writing, ring: KeyRing, receipt: Receipt, *, at: datetime) -> State | None:
    """Takes a status in, in whatever order they come: the receipt only moves forward. Returns the state that
    the message got by it, or None when it is none of ours or says nothing new.

    A status proves that a message left, whatever we knew. `failed` proves that it did not arrive: it is
    tried again, said by its template, or dead, as the code demands; `delivered` outranks it.
    """
    message_id = _id_of(tx, ring, receipt)
    row = tx.one("message_to_settle", id=message_id) if message_id else None
    if row is None:
        return None
    before = str(row["receipt"])
    if row["wamid_token"] != ring.blind("wamid", receipt.wamid):
        if row["wamid_token"] and not _is_of_newer_try(row, receipt):
            return None
        _learn(tx, ring, row, receipt.wamid)
        before = ""
    is_tried_again = before == "failed" and row["state"] != "dead"
    if receipt.category and not is_tried_again:  # not every status tells it, and `read` may come first
        is_free = int(receipt.billable is False)
        tx.do("settle_price", id=message_id, category=receipt.category, is_free=is_free)
    if RANKS[receipt.status] <= RANKS[before]:
        return None
    tx.do("learn_receipt", id=message_id, receipt=receipt.status, receipt_at=clock.as_text(receipt.at))
    if receipt.status == "failed":
        return _settle_failed(tx, row, receipt, at=at)
    tx.do("settle_as_sent", id=message_id, at=clock.as_text(at))
    return "sent"


def _id_of(tx: Writing, ring: KeyRing, receipt: Receipt) -> str:
    """Our id of the message: what we sent along, else by Meta's id."""
    if receipt.callback:
        try:
            return str(UUID(receipt.callback))
        except ValueError:
            return ""
    row = tx.one("outbox_by_wamid", token=ring.blind("wamid", receipt.wamid))
    return str(row["id"]) if row else ""


def _is_of_newer_try(row: dict[str, Any], receipt: Receipt) -> bool:
    """The known try failed, and this is about one that began later."""
    failed_at = clock.from_text(row["receipt_at"]) if row["receipt_at"] else receipt.at
    return row["receipt"] == "failed" and row["state"] != "waiting" and receipt.at >= failed_at


def _learn(tx: Writing, ring: KeyRing, row: dict[str, Any], wamid: str) -> None:
    """Keeps Meta's id: a token to find it by, and sealed, since a phone number stands in it."""
    if row["contact_id"] is not None and row["wrapped"] is None:  # the guest was erased
        return
    key = ring.column_key(row["wrapped"], row["contact_id"])
    sealed = key.seal(wamid, "messages", "wamid", row=row["id"])
    tx.do("learn_wamid", id=row["id"], token=ring.blind("wamid", wamid), wamid=sealed)


def _settle_failed(tx: Writing, row: dict[str, Any], receipt: Receipt, *, at: datetime) -> State:
    fate = _fate(receipt.code, attempt=int(row["attempts"]), route=row["route"], at=at)
    values = {"not_before": AT_ONCE, "route": row["route"], **fate}
    ended = tx.do("settle_as_failed", id=row["id"], code=receipt.code, at=clock.as_text(at), **values)
    if ended:
        tx.all("announce_events")
        _alarm(tx, receipt.code, number_id=row["number_id"], at=at)
        _honour(tx, receipt.code, str(row["id"]), at=at)
    return values["state"]  # type: ignore[no-any-return]
