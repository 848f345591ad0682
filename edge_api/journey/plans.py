"""What a stay's messages come to: which are planned for when, which are left out, and why. Pure.

`wanted` is the plan of a stay as files and records say it now, `verdict` what is done with one message at its
moment. Every decision carries its reason, in words for the host.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from edge_api.journey import moments
from edge_api.journey.moments import Facts, Hours, Moment
from guestlink.language import N_
from guestlink.reach import CHANNELS, Channel
from guestlink.records import TAKEN

State = Literal["planned", "sent", "skipped", "stopped"]
MOST: Final = 5  # messages of the house's files for one stay
PLANNED_AFTER: Final = timedelta(days=4)  # after departure nothing new is planned

CANCELLED: Final = N_("The stay is cancelled.")
NOBODY_CAME: Final = N_("Nobody came.")
NO_TEXT: Final = N_("The house has no such text any more.")
OTHER_ROOM: Final = N_("The text is for other rooms.")
OTHER_SOURCE: Final = N_("The text is not for guests of this booking source.")
FIRST_ROOM: Final = N_("It is said once for all rooms of the party.")
NOT_LATE: Final = N_("The stay was booked early enough for the others.")
SAID_BY_LATE: Final = N_("The message for late bookings says it.")
BEFORE_BOOKING: Final = N_("Its moment was before the booking.")
BEFORE_TEXT: Final = N_("Its moment was before the house wrote this text.")
BEGUN: Final = N_("The guest was in the house already when the stay was entered.")
TOO_MANY: Final = N_("A stay gets at most five messages; it comes if another is left out.")
TOO_LATE: Final = N_("It would have come too late to be of use.")
WAITS_FOR_CODES: Final = N_("Waits until the house has set a code.")
WAITS_FOR_ROOM: Final = N_("Waits until the room is ready.")
CONDITIONS: Final[Mapping[str, str]] = {
    "arrival-unknown": N_("The guest has told when they arrive."),
    "page-not-opened": N_("The guest has opened the page."),
    "codes-not-seen": N_("The guest has seen the codes."),
    "first-visit": N_("The guest has been here before."),
    "returning": N_("The guest is here for the first time."),
    "children": N_("No children come along."),
    "pets": N_("No pets come along."),
    "more-than-one-night": N_("The stay is for one night."),
}
OF_ROOM: Final = frozenset({"codes", "ready", "late-booking"})  # what each room of a party says for itself
CHANGES_UNTIL_SENT: Final = frozenset({"arrival-unknown", "page-not-opened", "codes-not-seen"})


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A journey file as publishing left it in the catalogue, in one language; or what the house says by
    itself when something happens, which has no file.
    """

    key: str
    language: str
    subject: str
    text: str
    html: str
    button: str = ""
    send: Moment = Moment(anchor="booking")
    useful_for: int = 0
    channels: tuple[Channel, ...] = CHANNELS
    template: str = ""
    only_if: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    not_for: tuple[str, ...] = ()
    at_any_hour: bool = False
    what: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `journey`. `decided_at` is set when its moment has come or a person has decided; then only a
    later moment plans it again. `tried` names channels that failed.
    """

    id: str
    property_id: str
    stay_id: str
    contact_id: str
    key: str
    state: State
    due_at: datetime | None
    ends_at: datetime | None
    channel: str
    tried: str
    message_id: str | None
    reason: str
    by_user: str
    decided_at: datetime | None

    @property
    def is_of_file(self) -> bool:
        """Whether a text of the house's files says it; what happens by itself has a key with a colon."""
        return ":" not in self.key


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it should stand now."""

    key: str
    state: State
    due_at: datetime | None = None
    ends_at: datetime | None = None
    reason: str = ""


# -- the plan of a stay --------------------------------------------------------------------------------
def wanted(
    facts: Facts,
    texts: Sequence[Text],
    *,
    since: Mapping[str, datetime],
    hours: Hours,
    sent: Collection[str] = (),
    dropped: Collection[str] = (),
) -> list[Wanted]:
    """Every text with its moment or the reason why it is left out, in order of their moments. `since` tells
    from when on the house has each text, `sent` what this guest got already, `dropped` what was decided
    against when its moment had come: it leaves its place to another one.
    """
    if reason := ended(facts):
        return [Wanted(key=text.key, state="stopped", reason=reason) for text in texts]
    covered = _covered(facts, texts, sent=sent)
    found = [_wanted(facts, text, covered=covered, since=since, hours=hours) for text in texts]
    found.sort(key=lambda each: (each.due_at is None, each.due_at, each.key))
    return _at_most(found, sent=sent, dropped=dropped)


def ended(facts: Facts) -> str:
    """Why nothing is said any more; empty while the stay goes on."""
    if facts.stay.status in TAKEN:
        return ""
    return NOBODY_CAME if facts.stay.status == "no_show" else CANCELLED


def _wanted(
    facts: Facts, text: Text, *, covered: Mapping[str, str], since: Mapping[str, datetime], hours: Hours
) -> Wanted:
    due = moments.due(text.send, facts)
    reason = _not_for(facts, text) or covered.get(text.key, "")
    if due is None:
        waits = WAITS_FOR_ROOM if text.send.anchor == "ready" else WAITS_FOR_CODES
        return Wanted(key=text.key, state="skipped" if reason else "planned", reason=reason or waits)
    reason = reason or _too_early(facts, text, due, since)
    ends = moments.useful_until(text.send, due, facts, minutes=text.useful_for)
    comes = due if text.at_any_hour else moments.allowed(due, hours)
    if not reason and comes >= ends:
        reason = TOO_LATE
    state: State = "skipped" if reason else "planned"
    return Wanted(key=text.key, state=state, due_at=comes, ends_at=ends, reason=reason)


def _not_for(facts: Facts, text: Text) -> str:
    if text.units and not set(text.units) & set(facts.units):
        return OTHER_ROOM
    if facts.stay.source in text.not_for:
        return OTHER_SOURCE
    if facts.is_second_room and text.send.anchor not in OF_ROOM:
        return FIRST_ROOM
    return unmet([each for each in text.only_if if each not in CHANGES_UNTIL_SENT], facts)


def unmet(conditions: Iterable[str], facts: Facts) -> str:
    """Why a text is not for this guest, by the first of its conditions that does not hold."""
    holds = {
        "arrival-unknown": not facts.arrival_told and not facts.stay.expected_arrival,
        "page-not-opened": not facts.opened,
        "codes-not-seen": not facts.codes_seen,
        "first-visit": not facts.is_returning,
        "returning": facts.is_returning,
        "children": facts.stay.children > 0,
        "pets": facts.stay.pets > 0,
        "more-than-one-night": facts.nights > 1,
    }
    return next((CONDITIONS[each] for each in conditions if not holds[each]), "")


def _too_early(facts: Facts, text: Text, due: datetime, since: Mapping[str, datetime]) -> str:
    is_of_booking = text.send.anchor in moments.BOOKED
    if facts.booked_at >= facts.marks.in_house and is_of_booking:
        return BEGUN
    if due < facts.booked_at or (due == facts.booked_at and not is_of_booking):
        return BEFORE_BOOKING
    known = since.get(text.key)
    return BEFORE_TEXT if known and due < known else ""


def _covered(facts: Facts, texts: Sequence[Text], *, sent: Collection[str]) -> dict[str, str]:
    """Keys that are not said on their own, with the reason: of a late booking one message says all that would
    come before check-in; everybody else does not get that one.
    """
    if facts.booked_at >= facts.marks.in_house:
        return {}
    late = [text for text in texts if text.send.anchor == "late-booking"]
    before = {
        text.key: due
        for text in texts
        if text.send.anchor in {"codes", "arrival"}
        and (due := moments.due(text.send, facts)) is not None
        and due < facts.marks.check_in
    }
    is_late = facts.booked_at >= facts.marks.arriving or any(
        due <= facts.booked_at for due in before.values()
    )
    booked = [text.key for text in texts if text.send.anchor == "booking"]
    if is_late and late:
        return dict.fromkeys([*before, *booked], SAID_BY_LATE)
    if any(text.key in sent for text in late):  # and then the dates moved away
        return dict.fromkeys(booked, SAID_BY_LATE)
    return {text.key: NOT_LATE for text in late}


def _at_most(found: list[Wanted], *, sent: Collection[str], dropped: Collection[str]) -> list[Wanted]:
    room = MOST - len(sent)
    kept = []
    for each in found:
        if each.state == "planned" and each.key not in sent and each.key not in dropped:
            room -= 1
            if room < 0:
                kept.append(Wanted(key=each.key, state="skipped", due_at=each.due_at, reason=TOO_MANY))
                continue
        kept.append(each)
    return kept


# -- against what was planned before -------------------------------------------------------------------
def differs(row: Row | None, want: Wanted) -> bool:
    """Whether a row has to be written: what was sent stays sent, what was decided stays so unless its moment
    moves to a later time.
    """
    if row is None:
        return want.state != "stopped" and want.reason != NOT_LATE
    if row.state == "sent" or (row.by_user and row.state == "planned" and want.state != "stopped"):
        return False
    if row.decided_at is not None:
        moves = want.state == "planned" and want.due_at is not None and want.due_at > row.decided_at
        return moves and not row.by_user
    return (row.state, row.due_at, row.ends_at, row.reason) != (
        want.state,
        want.due_at,
        want.ends_at,
        want.reason,
    )


# -- at its moment -------------------------------------------------------------------------------------
class Go(msgspec.Struct, frozen=True):
    """It is said now."""


class Wait(msgspec.Struct, frozen=True):
    """Its hour is over: it comes at another time."""

    until: datetime


class Drop(msgspec.Struct, frozen=True):
    """It is not said."""

    state: State
    reason: str


def verdict(
    row: Row, text: Text | None, facts: Facts, *, at: datetime, hours: Hours, sent: int
) -> Go | Wait | Drop:
    """What is done with a message that is due. `sent` is how many of the house's texts this stay got. What
    somebody wants sent now goes at any hour and whatever its conditions.
    """
    if reason := ended(facts):
        return Drop("stopped", reason)
    if text is None:
        return Drop("stopped", NO_TEXT)
    if row.ends_at is not None and at >= row.ends_at:
        return Drop("skipped", TOO_LATE)
    if row.is_of_file and sent >= MOST:
        return Drop("skipped", TOO_MANY)
    if row.by_user and row.is_of_file:
        return Go()
    if reason := unmet(text.only_if, facts):
        return Drop("skipped", reason)
    comes = at if text.at_any_hour else moments.allowed(at, hours)
    if comes > at:
        is_too_late = row.ends_at is not None and comes >= row.ends_at
        return Drop("skipped", TOO_LATE) if is_too_late else Wait(comes)
    return Go()
