"""Who is told next of a request that nobody has accepted, and when. Pure.

In the first round the people on duty are told one after the other, then the hosts; in every further round all
of them at once. What was told so far is a `Case`, what to do now a `Step`; a person on duty is told again no
sooner than the rules' wait.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from guestlink import zones

MOST_ROUNDS: Final = 3
MOST_URGENT_ROUNDS: Final = 12  # about an hour; each telling may cost money

ACCEPTED: Final = "it is {state}"
QUIET: Final = "quiet hours"
WAITS: Final = "waits for an answer"
FIRST: Final = "first on duty"
NEXT: Final = "nobody before answered"
HOST: Final = "nobody on duty answered"
NOBODY: Final = "nobody is on duty"
AGAIN: Final = "still nobody answered"
OVER: Final = "everybody was told often enough"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A house's waits. `host_after` counts from the first telling, `phone_after` from the asking; `quiet` are
    local times, the second after the first or on the next day.
    """

    reply_within: timedelta = timedelta(minutes=10)
    host_after: timedelta = timedelta(minutes=30)
    phone_after: timedelta = timedelta(minutes=15)
    urgent_within: timedelta = timedelta(minutes=5)
    quiet: tuple[time, time] | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was told, in which round."""

    user_id: str
    at: datetime
    round: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A request as far as telling goes. `asked_at` is when it was asked, or reopened last."""

    request_id: str
    urgent: bool
    asked_at: datetime
    told: tuple[Told, ...] = ()
    guest_told_at: datetime | None = None
    rounds: int = 0
    state: str = "requested"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can be reached. `next_on` is when their next duty begins; it counts while nobody is on."""

    id: str
    role: str
    is_on_duty: bool
    order: int
    next_on: datetime | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now: whom to tell, whether the guest gets a phone number, an alert (`nobody-on-duty`,
    `nobody-answers`) to raise with the request's id as its subject, and when to look again; None: never.
    """

    tell: tuple[str, ...] = ()
    why: str
    tell_guest_phone: bool = False
    raise_alert: str = ""
    due_at: datetime | None = None
    round: int = 0


def next_step(case: Case, people: Sequence[Person], rules: Rules, *, at: datetime, zone: str) -> Step:
    """What to do at this instant; asked too early, nothing but when to look again.

    The same facts give the same step, so it may be asked at any time and as often as one likes.
    """
    if case.state != "requested":
        return Step(why=ACCEPTED.format(state=case.state))
    step = _telling(case, people, rules, at=at, zone=zone)
    if step.tell:
        then = _telling(after(case, step, at=at), people, rules, at=at, zone=zone)
        step = msgspec.structs.replace(step, due_at=at if then.tell else then.due_at)
    return _with_phone(case, step, rules, at=at)


def after(case: Case, step: Step, *, at: datetime) -> Case:
    """The case when a step was taken."""
    told = tuple(Told(user_id=user_id, at=at, round=step.round) for user_id in step.tell)
    return msgspec.structs.replace(
        case,
        told=case.told + told,
        rounds=step.round if step.tell else case.rounds,
        guest_told_at=at if step.tell_guest_phone else case.guest_told_at,
    )


def overdue_at(case: Case, rules: Rules, *, zone: str) -> datetime:
    """When the house’s own time for an answer is over; in quiet hours only what is urgent is waited for."""
    quiet = None if case.urgent else _quiet_until(rules, at=case.asked_at, zone=zone)
    return (quiet or case.asked_at) + _within(case, rules)


def reopened(case: Case, *, at: datetime) -> Case:
    """The case of a request that is open again: it starts anew."""
    return Case(request_id=case.request_id, urgent=case.urgent, asked_at=at)


# -- how it is kept --------------------------------------------------------------------------------
class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    asked_at: datetime
    told: tuple[Told, ...]


def kept(case: Case) -> str:
    """What the column `told` keeps of a case."""
    return msgspec.json.encode(_Kept(asked_at=case.asked_at, told=case.told)).decode()


def case_of(
    told: str,
    *,
    request_id: str,
    urgent: bool,
    asked_at: datetime,
    guest_told_at: datetime | None,
    rounds: int,
    state: str,
) -> Case:
    """A case from its row and its request; `asked_at` counts while nothing was kept."""
    before = msgspec.json.decode(told, type=_Kept) if told.startswith("{") else None
    return Case(
        request_id=request_id,
        urgent=urgent,
        asked_at=before.asked_at if before else asked_at,
        told=before.told if before else (),
        guest_told_at=guest_told_at,
        rounds=rounds,
        state=state,
    )


# -- what the files say ----------------------------------------------------------------------------
class _Content(msgspec.Struct):
    """Of the whole content, what concerns telling. Minutes; quiet hours as `22:00-07:00`."""

    phone: str = ""
    reply_within: int = 0
    host_after: int = 0
    phone_after: int = 0
    quiet_hours: str = ""


def rules_of(content_json: str | None) -> Rules:
    """The house's rules as its files say them; the usual ones where they say nothing."""
    said = _said(content_json)
    usual = Rules()
    return Rules(
        reply_within=_minutes(said.reply_within, usual.reply_within),
        host_after=_minutes(said.host_after, usual.host_after),
        phone_after=_minutes(said.phone_after, usual.phone_after),
        quiet=_span(said.quiet_hours),
    )


def phone_of(content_json: str | None) -> str:
    """The house's phone number, as it is written in its files; empty when they name none."""
    return _said(content_json).phone


def _said(content_json: str | None) -> _Content:
    return msgspec.json.decode(content_json, type=_Content) if content_json else _Content()


def _minutes(said: int, usual: timedelta) -> timedelta:
    return timedelta(minutes=said) if said else usual


def _span(text: str) -> tuple[time, time] | None:
    if not text:
        return None
    begins, ends = (time.fromisoformat("00:00" if part == "24:00" else part) for part in text.split("-"))
    return begins, ends


# -- whom ------------------------------------------------------------------------------------------
def _telling(case: Case, people: Sequence[Person], rules: Rules, *, at: datetime, zone: str) -> Step:
    if not case.urgent and (ends := _quiet_until(rules, at=at, zone=zone)):
        return Step(why=QUIET, due_at=ends)
    on_duty = sorted((each for each in people if each.is_on_duty), key=lambda each: (each.order, each.id))
    heads = [each.id for each in _heads(people)]
    if case.rounds > 1 or _is_round_over(case, on_duty, heads):
        return _all_again(case, on_duty, heads, people=people, rules=rules, at=at)
    return _one_by_one(case, on_duty, heads, people=people, rules=rules, at=at)


def _one_by_one(
    case: Case,
    on_duty: Sequence[Person],
    heads: Sequence[str],
    *,
    people: Sequence[Person],
    rules: Rules,
    at: datetime,
) -> Step:
    """The first round: the next on duty when the wait is over, the hosts after them all or at their time."""
    known = {told.user_id for told in case.told}
    waiting = [each.id for each in on_duty if each.id not in known][:1]
    heads = [each for each in heads if each not in known and each not in waiting]
    free_at = _free_at(case, rules)
    alert = "" if on_duty else "nobody-on-duty"
    heads_at = _heads_at(case, rules, free_at, is_chain_over=not waiting, is_staffed=bool(on_duty))
    tell = [*(waiting if at >= free_at else ()), *(heads if at >= heads_at else ())]
    if tell:
        why = (NEXT if known else FIRST) if tell[0] in waiting else (HOST if known else NOBODY)
        return Step(tell=tuple(tell), why=why, raise_alert=alert, round=1)
    moments = [*([free_at] if waiting else ()), *([heads_at] if heads else ())]
    if not waiting and not known:
        moments += _duties_to_come(people, at)
    why = WAITS if known else NOBODY
    return Step(why=why, raise_alert=alert, due_at=min(moments) if moments else None)


def _all_again(
    case: Case,
    on_duty: Sequence[Person],
    heads: Sequence[str],
    *,
    people: Sequence[Person],
    rules: Rules,
    at: datetime,
) -> Step:
    """Every further round: everybody, as often as the price allows."""
    everybody = tuple(dict.fromkeys([*(each.id for each in on_duty), *heads]))
    free_at = _free_at(case, rules)
    alert = "" if on_duty else "nobody-on-duty"
    if at < free_at:
        return Step(why=WAITS, due_at=free_at)
    if case.rounds >= (MOST_URGENT_ROUNDS if case.urgent else MOST_ROUNDS):
        return Step(why=OVER, raise_alert="nobody-answers")
    if not everybody:
        return Step(why=NOBODY, raise_alert=alert, due_at=min(_duties_to_come(people, at), default=None))
    return Step(tell=everybody, why=AGAIN, raise_alert=alert, round=case.rounds + 1)


def _is_round_over(case: Case, on_duty: Sequence[Person], heads: Sequence[str]) -> bool:
    known = {told.user_id for told in case.told}
    return bool(known) and known >= {each.id for each in on_duty} and known >= set(heads)


def _heads(people: Iterable[Person]) -> list[Person]:
    """The hosts; where none of them can be reached, the managers."""
    for role in ("host", "manager"):
        if found := sorted((each for each in people if each.role == role), key=lambda each: each.id):
            return found
    return []


# -- when ------------------------------------------------------------------------------------------
def _free_at(case: Case, rules: Rules) -> datetime:
    """From when on somebody may be told: those who were told last had their time to answer."""
    within = _within(case, rules)
    return max((told.at + within for told in case.told), default=case.asked_at)


def _within(case: Case, rules: Rules) -> timedelta:
    return min(rules.urgent_within, rules.reply_within) if case.urgent else rules.reply_within


def _heads_at(
    case: Case, rules: Rules, free_at: datetime, *, is_chain_over: bool, is_staffed: bool
) -> datetime:
    """From when on the hosts are told in the first round."""
    if not case.told and not is_staffed:
        return case.asked_at if case.urgent else case.asked_at + rules.host_after
    first = min((told.at for told in case.told), default=None)
    at_their_time = first + rules.host_after if first else datetime.max.replace(tzinfo=case.asked_at.tzinfo)
    return min(free_at, at_their_time) if is_chain_over else at_their_time


def _duties_to_come(people: Iterable[Person], at: datetime) -> list[datetime]:
    return [each.next_on for each in people if each.next_on and each.next_on > at]


def _quiet_until(rules: Rules, *, at: datetime, zone: str) -> datetime | None:
    """The end of the quiet hours in which `at` lies; None outside them."""
    if rules.quiet is None:
        return None
    begins, ends = rules.quiet
    local = at.astimezone(ZoneInfo(zone))
    now = local.time()
    is_quiet = begins <= now < ends if begins < ends else (now >= begins or now < ends)
    if not is_quiet:
        return None
    on = local.date() if now < ends else local.date() + timedelta(days=1)
    end = zones.local_instant(on, ends, zone)
    if end > at:
        return end
    return datetime.combine(on, ends.replace(fold=1), tzinfo=ZoneInfo(zone)).astimezone(at.tzinfo)


def _with_phone(case: Case, step: Step, rules: Rules, *, at: datetime) -> Step:
    """The guest of an urgent request gets a number to call, once."""
    if not case.urgent or case.guest_told_at:
        return step
    phone_at = case.asked_at + rules.phone_after
    if at >= phone_at:
        return msgspec.structs.replace(step, tell_guest_phone=True)
    return msgspec.structs.replace(step, due_at=min(step.due_at or phone_at, phone_at))
