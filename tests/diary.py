"""What guests of a story must have heard, from the words of the house's own files; and what they heard.

The oracle reads the files by itself, reckons with tables of what clocks showed, and calls nothing of ours. It
knows a guest's life as a list of turns: from an instant on, these things are true of the stay.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.faults.almanac import Turns, instant, shown

MOST = 5
SOON = timedelta(minutes=1)  # so much later than its moment a message may come
CODES = timedelta(hours=48)  # before check-in, as both houses' files say it
DAY_TURNS = time(4)
SPANS = {"minute": "minutes", "hour": "hours", "day": "days"}
NEVER = datetime.max.replace(tzinfo=UTC)
OF_EACH_ROOM = {"on late booking", "when codes are shown", "when the room is ready"}


class Letter(NamedTuple):
    """One journey file with its translations. `subjects` and `begins`, its first words, are patterns by
    language.
    """

    key: str
    send: str
    useful: timedelta
    channels: tuple[str, ...]
    only_if: tuple[str, ...]
    not_for: tuple[str, ...]
    at_any_hour: bool
    subjects: Mapping[str, str]
    begins: Mapping[str, str]


class House(NamedTuple):
    """`opens` and `closes` are the hours in which guests are written to."""

    slug: str
    turns: Turns
    language: str
    letters: tuple[Letter, ...]
    opens: time = time(8)
    closes: time = time(21)
    check_in: time = time(15)
    check_out: time = time(11)


class Facts(NamedTuple):
    """What is true of a stay. `ways` are the channels by which something arrives at its guest."""

    booked: datetime
    arrives: date
    leaves: date
    language: str
    ways: frozenset[str]
    source: str = "direct"
    is_on: bool = True
    has_told_arrival: bool = False
    has_opened: bool = False
    has_seen_codes: bool = False
    is_returning: bool = False
    has_other_room: bool = False
    children: int = 0
    pets: int = 0
    ready: datetime | None = None
    check_in: time | None = None
    check_out: time | None = None


class Life(NamedTuple):
    """A stay of the story. `more` is what its guests hear besides the files' messages."""

    reference: str
    name: str
    house: House
    turns: list[tuple[datetime, Facts]]
    more: list["Told"]

    @property
    def now(self) -> Facts:
        return self.turns[-1][1]

    def turn(self, at: datetime, **changes: object) -> None:
        self.turns.append((at, self.now._replace(**changes)))  # type: ignore[arg-type]


class Told(NamedTuple):
    """A message that reached a guest, or must have. `who` is empty for the one who booked."""

    at: datetime
    reference: str
    key: str
    channel: str
    language: str
    who: str = ""


# -- files -------------------------------------------------------------------------------------------
def read_letters(folder: Path) -> tuple[Letter, ...]:
    """The journey files of a house."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for file in sorted(folder.glob("*.md")):
        key, language, _ = file.name.split(".")
        _, head, body = file.read_text("utf-8").split("---", 2)
        told = dict(re.findall(r"(?m)^(\w+): *(.*)$", head))
        found.setdefault(key, {})[language] = told | {"begins": " ".join(body.split()[:3])}
    return tuple(_letter(key, versions) for key, versions in found.items())


def _letter(key: str, versions: Mapping[str, Mapping[str, str]]) -> Letter:
    told = next(each for each in versions.values() if "send" in each)
    channels = _listed(told.get("channels", "whatsapp, e-mail, print"))
    number, unit = re.fullmatch(r"(\d+) (minute|hour|day)s?", told["useful_for"]).groups()  # type: ignore[union-attr]
    return Letter(
        key=key,
        send=told["send"],
        useful=timedelta(**{SPANS[unit]: int(number)}),
        channels=tuple(each.replace("-", "") for each in channels),
        only_if=_listed(told.get("only_if", "")),
        not_for=_listed(told.get("not_for", "")),
        at_any_hour=told.get("at_any_hour") == "yes",
        subjects={tag: _pattern(each["subject"]) for tag, each in versions.items()},
        begins={tag: _pattern(each["begins"]) for tag, each in versions.items()},
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _pattern(subject: str) -> str:
    return ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", subject))


# -- what must be heard ------------------------------------------------------------------------------
def expected(life: Life) -> list[Told]:
    """All messages that must have reached the guests of a stay."""
    return [*_of_files(life), *life.more]


def next_expected(lives: Iterable[Life], after: datetime) -> datetime | None:
    """The next moment at which anybody must hear something, as things stand."""
    moments = [told.at for life in lives for told in expected(life)]
    return min((at for at in moments if at > after), default=None)


def _of_files(life: Life) -> Iterator[Told]:
    decided: set[str] = set()
    count = 0
    ends = [*(at for at, _ in life.turns[1:]), NEVER]
    for (begin, facts), end in zip(life.turns, ends, strict=True):
        while facts.is_on and (coming := _next(life, facts, decided, begin)) and coming[0] < end:
            at, due, letter = coming
            decided.add(letter.key)
            way = next((each for each in letter.channels if each in _ways(life.house, facts, at)), "")
            is_wanted = all(_holds(facts, condition) for condition in letter.only_if)
            if at < _is_of_use_until(life.house, letter, facts, due) and is_wanted and way and count < MOST:
                count += 1
                yield Told(at, life.reference, letter.key, way, facts.language)


def _next(
    life: Life, facts: Facts, decided: set[str], begin: datetime
) -> tuple[datetime, datetime, Letter] | None:
    """The next message: when it goes out, when it was due, which."""
    found = []
    for letter in _chosen(life.house, facts):
        due = _due(life.house, letter, facts)
        if letter.key not in decided and due and due >= facts.booked:
            at = max(due, begin)
            found.append((at if letter.at_any_hour else _by_day(life.house, at), due, letter))
    return min(found, key=lambda each: each[:2], default=None)


def _chosen(house: House, facts: Facts) -> list[Letter]:
    """A late booking gets one message that says what the others before check-in would have said."""
    letters = [letter for letter in house.letters if facts.source not in letter.not_for]
    if facts.has_other_room:  # of the same party: what is the same for both is said for the first
        letters = [letter for letter in letters if letter.send in OF_EACH_ROOM]
    if not _is_late(house, facts):
        return [letter for letter in letters if letter.send != "on late booking"]
    return [
        letter for letter in letters if letter.send != "on booking" and not _is_before(house, letter, facts)
    ]


def _is_late(house: House, facts: Facts) -> bool:
    """Booked after four in the morning of the day before, or after a moment that others hear something at."""
    day_before = facts.arrives - timedelta(days=1)
    moments = [_due(house, letter, facts) for letter in house.letters if _is_before(house, letter, facts)]
    return any(at <= facts.booked for at in [_at(house, day_before, DAY_TURNS), *moments] if at)


def _is_before(house: House, letter: Letter, facts: Facts) -> bool:
    """Whether its moment is before check-in, by itself and not by the booking."""
    due = None if "booking" in letter.send or "ready" in letter.send else _due(house, letter, facts)
    return due is not None and due < _check_in(house, facts)


def _due(house: House, letter: Letter, facts: Facts) -> datetime | None:
    if letter.send in {"on booking", "on late booking"}:
        return facts.booked
    if letter.send == "when the room is ready":
        return facts.ready
    if letter.send == "when codes are shown":
        return _check_in(house, facts) - CODES
    day, _, clock = letter.send.rpartition(",")
    days = int(found[0]) if (found := re.search(r"\d+", day)) else 0
    on = facts.arrives if "arrival" in day else facts.leaves
    on += timedelta(days=-days if "before" in day else days)
    return _at(house, on, time.fromisoformat(clock.strip()))


def _is_of_use_until(house: House, letter: Letter, facts: Facts, due: datetime) -> datetime:
    """As long as the file says; only thanks go to somebody who has left."""
    leaves = _at(house, facts.leaves, facts.check_out or house.check_out)
    return due + letter.useful if due >= leaves else min(due + letter.useful, leaves)


def _by_day(house: House, at: datetime) -> datetime:
    """At once, or when the hours begin."""
    local = shown(at, house.turns)
    if house.opens <= local.time() < house.closes:
        return at
    day = local.date() if local.time() < house.opens else local.date() + timedelta(days=1)
    return _at(house, day, house.opens)


def _ways(house: House, facts: Facts, at: datetime) -> frozenset[str]:
    """Paper is of no use to somebody who is there."""
    return facts.ways | ({"print"} if at < _check_in(house, facts) else set())


def _holds(facts: Facts, condition: str) -> bool:
    return {
        "arrival-unknown": not facts.has_told_arrival,
        "page-not-opened": not facts.has_opened,
        "codes-not-seen": not facts.has_seen_codes,
        "first-visit": not facts.is_returning,
        "returning": facts.is_returning,
        "children": facts.children > 0,
        "pets": facts.pets > 0,
        "more-than-one-night": (facts.leaves - facts.arrives).days > 1,
    }[condition]


def _check_in(house: House, facts: Facts) -> datetime:
    return _at(house, facts.arrives, facts.check_in or house.check_in)


def _at(house: House, on: date, clock: time) -> datetime:
    return instant(f"{on}T{clock:%H:%M}", house.turns)


# -- what was heard ----------------------------------------------------------------------------------
def differences(lives: Sequence[Life], heard: Iterable[Told]) -> list[str]:
    """What is missing, came twice, came at another time, another way, in another language, or to nobody."""
    wanted = sorted(told for life in lives for told in expected(life))
    left = sorted(heard)
    found = []
    for want in wanted:
        match = next((each for each in left if _is_same(want, each)), None)
        if match is None:
            found.append(f"missing: {want}")
        else:
            left.remove(match)
    return [*found, *(f"nobody asked for: {each}" for each in left)]


def _is_same(want: Told, heard: Told) -> bool:
    """A mail says its time to the second."""
    begins = want.at.replace(microsecond=0)
    return want[1:] == heard[1:] and begins <= heard.at <= want.at + SOON


def broken_rules(lives: Sequence[Life], heard: Iterable[Told]) -> list[str]:
    """What no guest may ever meet, whatever the files say."""
    by_name = {life.reference: life for life in lives}
    found, counts = [], dict.fromkeys(by_name, 0)
    for told in sorted(heard):
        life = by_name[told.reference]
        letters = {letter.key: letter for letter in life.house.letters}
        letter = letters.get(told.key)
        facts = [facts for at, facts in life.turns if at.replace(microsecond=0) <= told.at][-1]
        if not facts.is_on:
            found.append(f"after the stay was off: {told}")
        if letter and told.channel != "print":
            counts[told.reference] += 1
            local = shown(told.at, life.house.turns).time()
            if not letter.at_any_hour and not life.house.opens <= local < life.house.closes:
                found.append(f"at night: {told}")
    return [*found, *(f"{each}: {count} messages" for each, count in counts.items() if count > MOST)]


# -- the diary ---------------------------------------------------------------------------------------
WAYS = {"whatsapp": "WhatsApp", "email": "e-mail", "print": "paper"}


def diary(lives: Sequence[Life], heard: Iterable[Told]) -> list[str]:
    """What happened, a line for each event, in the local time of each house, as a table in Markdown."""
    by_name = {life.reference: life for life in lives}
    told = [(each.at, by_name[each.reference], _told(each)) for each in heard]
    done = [(at, life, what) for life in lives for at, what in _done(life)]
    lines = [_line(*each) for each in sorted([*done, *told], key=lambda each: (each[0], each[1].reference))]
    return ["| the house's clocks | who | what |", "|---|---|---|", *lines]


def _done(life: Life) -> Iterator[tuple[datetime, str]]:
    """What guests do, as far as it changes their dates."""
    before: Facts | None = None
    for at, facts in life.turns:
        dates = f"{facts.arrives:%a %d %b} to {facts.leaves:%a %d %b}"
        if before is None:
            yield at, f"*books {dates} ({facts.source})*"
        elif facts.is_on != before.is_on:
            yield at, f"*{'books again' if facts.is_on else 'comes no more'}*"
        elif (facts.arrives, facts.leaves) != (before.arrives, before.leaves):
            yield at, f"*stays {dates} instead*"
        before = facts


def _told(told: Told) -> str:
    to = f", to the {told.who}" if told.who else ""
    return f"{told.key}: {WAYS[told.channel]}, {told.language}{to}"


def _line(at: datetime, life: Life, what: str) -> str:
    return f"| {shown(at, life.house.turns):%a %d %b, %H:%M} | {life.name} | {what} |"
