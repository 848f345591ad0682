"""`publish.py messages`: what could not be sent, what may not have arrived, and what was said with a guest.

Words and names are shown on the host's own terminal and go nowhere else.
"""

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from edge_api import by_hand, correspondence, history, inbox, outbox
from edge_api.by_hand import Spent
from edge_api.correspondence import Said
from edge_api.messages import Heard, Letter, Outgoing, Reaction, Template
from edge_api.outbox import State, Unsent
from guestlink import clock, records
from guestlink.database import Reading
from guestlink.errors import InvalidInput, Refused
from guestlink.records import Stay
from guestlink.terminal import Desk, plain

ID_SHOWN: Final = 6  # its last characters; the first ones are only the time
WORDS_SHOWN: Final = 40
MILLION: Final = 1_000_000
COLUMNS: Final = ("id", "asked", "stay", "guest", "what", "why")
STATES: Final[dict[str, str]] = {
    "dead": "could not be sent",
    "in_doubt": "we don't know if it arrived",
    "waiting": "waits to be sent",
    "sending": "is being sent",
    "dropped": "given up",
}
RECEIPTS: Final = {
    "sent": "sent",
    "delivered": "arrived",
    "read": "read",
    "played": "played",
    "failed": "failed",
}
DOUBT: Final = "WhatsApp did not say whether it took the message."
MAIL_DOUBT: Final = "The mail server did not say whether it took the e-mail."
LETTER: Final = "letter"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it is listed."""

    id: str
    state: State
    asked_at: datetime
    property: str | None
    stay: str | None
    guest: str
    what: str
    code: int
    why: str


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--failed", action="store_true", help="only what could not be sent")
    parser.add_argument("--doubtful", action="store_true", help="only what may not have arrived")
    parser.add_argument("--stay", metavar="STAY", default="", help="of one stay only")
    parser.add_argument("--json", action="store_true", help="for machines")
    verbs = parser.add_subparsers(dest="verb", metavar="retry|drop|reread|show")
    retry = verbs.add_parser("retry", help="send it again; what is in doubt may then arrive twice")
    retry.add_argument("id", metavar="ID", nargs="?", default="", help="or its last characters")
    retry.add_argument(
        "--all", action="store_true", help="all that could not be sent, after the cause is gone"
    )
    drop = verbs.add_parser("drop", help="give it up; it is not listed any more")
    drop.add_argument("id", metavar="ID", help="or its last characters")
    verbs.add_parser("reread", help="try once more to understand what came in and could not be")
    show = verbs.add_parser("show", help="what was said with the guests of a stay, and what it cost")
    show.add_argument("name", metavar="STAY", help="booking reference, stay code or id")


def run(args: argparse.Namespace, desk: Desk) -> int:
    if args.verb == "show":
        return _show(args, desk)
    if args.verb == "reread":
        return _reread(desk)
    if args.verb == "retry":
        return _retry_all(desk) if args.all else _retry(args.id, desk)
    if args.verb == "drop":
        return _drop(args.id, desk)
    return _list(args, desk)


# -- what could not be sent ------------------------------------------------------------------------
def _list(args: argparse.Namespace, desk: Desk) -> int:
    wanted: Sequence[State] = ("dead", "in_doubt")
    if args.failed != args.doubtful:
        wanted = ("dead",) if args.failed else ("in_doubt",)
    with desk.database.read() as db:
        stay_id = records.find_stay(db, args.stay).id if args.stay else ""
        lines = [
            _line(db, desk, each) for state in wanted for each in outbox.unsent(db, state, stay_id=stay_id)
        ]
    if args.json:
        desk.json(msgspec.to_builtins(lines))
        return 0
    for state in wanted:
        _table(desk, state, [line for line in lines if line.state == state])
    if lines:
        desk.say("`publish.py messages retry ID` sends one again, `drop ID` gives it up.")
    return 0


def _table(desk: Desk, state: State, lines: Sequence[Line]) -> None:
    what = f"{len(lines)} message{'' if len(lines) == 1 else 's'}"
    if state == "dead":
        desk.say(f"{what} could not be sent." if lines else "All messages could be sent.", style="bold")
    elif lines:
        desk.say(f"{what}: we don't know if {'it' if len(lines) == 1 else 'they'} arrived.", style="bold")
    else:
        desk.say("No message is in doubt.", style="bold")
    if lines:
        desk.table(COLUMNS, [[_cell(line, name) for name in COLUMNS] for line in lines])


def _cell(line: Line, name: str) -> str:
    if name == "id":
        return line.id[-ID_SHOWN:]
    if name == "asked":
        return f"{line.asked_at:%Y-%m-%d %H:%M}"
    return str(getattr(line, name) or "")


def _line(db: Reading, desk: Desk, each: Unsent) -> Line:
    said = correspondence.said(db, desk.ring, each.id)
    talk = correspondence.load(db, each.conversation_id)
    return Line(
        id=each.id,
        state=each.state,
        asked_at=each.asked_at,
        property=each.property,
        stay=each.stay,
        guest=correspondence.address(desk.ring, talk).name,
        what=_short(words_of(said)) if said else "",
        code=each.code,
        why=each.reason if each.state == "dead" else MAIL_DOUBT if each.kind == LETTER else DOUBT,
    )


# -- by hand ---------------------------------------------------------------------------------------
def _retry(name: str, desk: Desk) -> int:
    if not name:
        raise InvalidInput("Which message?", hint="Give its id, or --all for all that could not be sent.")
    with desk.database.write() as tx:
        found = by_hand.find(tx, name)
        if not by_hand.retry(tx, found.id, at=clock.now()):
            raise Refused("The message is being sent already.")
    desk.say("It will be sent again.")
    if found.state == "in_doubt":
        desk.say("If it did arrive the first time, the guest gets it twice.")
    return 0


def _reread(desk: Desk) -> int:
    with desk.database.write() as tx:
        count = inbox.again(tx, at=clock.now())
    what = "1 event is" if count == 1 else f"{count or 'No'} events are"
    desk.say(f"{what} read again; `publish.py status` tells what becomes of it.")
    return 0


def _retry_all(desk: Desk) -> int:
    at = clock.now()
    with desk.database.write() as tx:
        moved = sum(by_hand.retry(tx, each.id, at=at) for each in outbox.unsent(tx, "dead"))
    desk.say(f"{moved or 'No'} message{'' if moved == 1 else 's'} will be sent again.")
    return 0


def _drop(name: str, desk: Desk) -> int:
    with desk.database.write() as tx:
        by_hand.give_up(tx, by_hand.find(tx, name).id, at=clock.now())
    desk.say("It is given up and will not be sent.")
    return 0


# -- what was said ---------------------------------------------------------------------------------
def _show(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        stay = records.find_stay(db, args.name)
        threads = [
            correspondence.thread(db, desk.ring, str(row["id"]))
            for row in db.all("conversations_of_stay", stay_id=stay.id)
        ]
        names = {said.by: history.who(db, desk.ring, said.by) for thread in threads for said in thread}
        spent = by_hand.spent(db, stay.id)
    if args.json:
        desk.json(_told(stay, threads, spent))
        return 0
    for thread in threads:
        for said in thread:
            who = "guest" if said.direction == "in" else names[said.by]
            way = ", by e-mail" if said.kind == LETTER else ""
            desk.say(f"{said.at:%Y-%m-%d %H:%M}  {plain(who)}{way}: {_quoted(said)}{_became(said)}")
    if not any(threads):
        desk.say("Nothing was said about this stay.")
    desk.say(_cost(spent), style="bold")
    return 0


def _told(stay: Stay, threads: Sequence[Sequence[Said]], spent: Sequence[Spent]) -> dict[str, Any]:
    said = [{**msgspec.to_builtins(each), "words": _words(each)} for thread in threads for each in thread]
    return {"stay": stay.code, "messages": said, "spent": msgspec.to_builtins(spent)}


def _words(said: Said) -> str:
    return words_of(said.content) if said.content else ""


def _quoted(said: Said) -> str:
    """What people wrote, further lines set in: none of them can pass for a line of ours."""
    lines = [plain(line) for line in _words(said).splitlines()] or [f"({said.kind})"]
    return "\n    ".join(lines)


def _became(said: Said) -> str:
    if said.direction == "in":
        return ""
    told = RECEIPTS.get(said.receipt) if said.state == "sent" else STATES.get(said.state)
    why = f": {said.reason}" if said.state == "dead" and said.reason else ""
    return f"  [{told}{why}]" if told else ""


def words_of(said: Outgoing | Heard) -> str:
    """A message as plain words; a template's are those that fill it, an e-mail begins with its subject."""
    if isinstance(said, Template):
        return f"{said.name}: {', '.join(said.values)}" if said.values else said.name
    if isinstance(said, Reaction):
        return said.emoji
    if isinstance(said, Letter):
        return f"{said.subject}\n{said.text}"
    return said.text


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= WORDS_SHOWN else f"{words[: WORDS_SHOWN - 1]}…"


def _cost(spent: Sequence[Spent]) -> str:
    many = sum(each.messages for each in spent)
    text = f"{many or 'No'} message{'' if many == 1 else 's'} sent"
    sums: dict[str, int] = {}
    for each in spent:
        if each.messages > each.unpriced and each.currency:
            sums[each.currency] = sums.get(each.currency, 0) + each.price
    if sums:
        text += " for " + " and ".join(f"{price / MILLION:.4f} {name}" for name, price in sums.items())
    unpriced = sum(each.unpriced for each in spent)
    return f"{text}; the price of {unpriced} is not known." if unpriced else f"{text}."
