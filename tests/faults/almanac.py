"""An almanac of four houses: when whose codes are readable, worked out from the rules' words and from tables.

It calls nothing of ours and no time zone database. Its year is one that is over: what clocks did in it no
parliament can change any more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

RULES = {
    "exact-address": "on booking",
    "door-code": "48 hours before arrival",
    "gate-code": "30 hours before arrival",
    "key-box": "when the room is ready",
}
CHECK_IN, CHECK_OUT = time(15), time(11)
PAGE = "page"  # readable as long as the gate leads to one
GRACE = timedelta(minutes=1)
ANY_DAY = timedelta(days=500)

# -- clocks ------------------------------------------------------------------------------------------
Turns = tuple[tuple[str, int], ...]  # from this instant (UTC) on, so many minutes ahead of UTC
ZONES: dict[str, Turns] = {
    "Europe/London": (
        ("2023-03-26T01:00", 60),
        ("2023-10-29T01:00", 0),
        ("2024-03-31T01:00", 60),
        ("2024-10-27T01:00", 0),
    ),
    "America/New_York": (
        ("2023-03-12T07:00", -240),
        ("2023-11-05T06:00", -300),
        ("2024-03-10T07:00", -240),
        ("2024-11-03T06:00", -300),
    ),
    "Australia/Lord_Howe": (
        ("2023-04-01T15:00", 630),
        ("2023-09-30T15:30", 660),
        ("2024-04-06T15:00", 630),
        ("2024-10-05T15:30", 660),
    ),
    "Asia/Kolkata": (("2023-01-01T00:00", 330),),
}
NO_ZONES: dict[str, Turns] = dict.fromkeys(ZONES, (("2023-01-01T00:00", 0),))


def instant(local: str, turns: Turns) -> datetime:
    """`2023-10-29T01:30` on these clocks. Of a time that comes twice the first; one that is left out counts
    as the same span after the turn.
    """
    told = datetime.fromisoformat(local).replace(tzinfo=UTC)
    ahead = timedelta(minutes=turns[0][1])
    for turned, minutes in turns[1:]:
        begin = datetime.fromisoformat(turned).replace(tzinfo=UTC)
        if told - ahead < begin or told - timedelta(minutes=minutes) < begin:
            break  # in the second case the clocks never showed it
        ahead = timedelta(minutes=minutes)
    return told - ahead


def shown(at: datetime, turns: Turns) -> datetime:
    """What these clocks show at an instant."""
    ahead = [
        minutes for turned, minutes in turns if datetime.fromisoformat(turned).replace(tzinfo=UTC) <= at
    ][-1]
    return (at + timedelta(minutes=ahead)).replace(tzinfo=None)


# -- who stays, and what there is to see -------------------------------------------------------------
class House(NamedTuple):
    slug: str
    zone: str


class Guest(NamedTuple):
    """`nights` is unit, arrival and departure, once more for each move; times are agreed ones, in local time,
    or empty; `ready` is local, too.
    """

    name: str
    house: str
    nights: tuple[tuple[str, str, str], ...]
    check_in: str = ""
    check_out: str = ""
    ready: str = ""


class Value(NamedTuple):
    """One value of a secret, of a house, a unit or a stay; local times, empty when it has none."""

    house: str
    name: str
    value: str
    unit: str = ""
    guest: str = ""
    begins: str = ""
    until: str = ""


class Almanac:
    """What should be readable. `ready` is told as it happens: guest -> instant."""

    def __init__(
        self,
        houses: Iterable[House],
        guests: Iterable[Guest],
        values: Iterable[Value],
        *,
        zones: Mapping[str, Turns] = ZONES,
    ) -> None:
        self.houses, self.guests, self.values = tuple(houses), tuple(guests), tuple(values)
        self._turns = {house.slug: zones[house.zone] for house in self.houses}
        self.ready: dict[str, datetime] = {}

    def without_zones(self) -> "Almanac":
        """The same by somebody who thinks that it is the same time everywhere."""
        other = Almanac(self.houses, self.guests, self.values, zones=NO_ZONES)
        other.ready = self.ready
        return other

    def local(self, house: str, when: str) -> datetime:
        return instant(when, self._turns[house])

    def readable(self, guest: Guest, at: datetime) -> frozenset[str]:
        """The values that this guest can read at this instant, and PAGE."""
        if at >= self._expiry(guest):
            return frozenset()
        return frozenset({PAGE, *self._codes(guest, at)})

    def changes(self, guest: Guest) -> list[datetime]:
        """The instants at which something begins or ends to be readable."""
        some = sorted(set(self._marks(guest)))
        return [at for at in some if self.readable(guest, at) != self.readable(guest, at - GRACE / 60)]

    # -- one guest -----------------------------------------------------------------------------------
    def _codes(self, guest: Guest, at: datetime) -> Iterator[str]:
        stays = list(self._stretches(guest))
        for number, (unit, begins, ends) in enumerate(stays):
            following = stays[number + 1][1] if number + 1 < len(stays) else ends
            for name, rule in RULES.items():
                value = self._valid(guest, unit, name, at)
                until = ends if value and value.unit else following
                opens = self._opens(guest, rule, begins, is_first=number == 0)
                if value and opens and opens <= at < until:
                    yield value.value

    def _valid(self, guest: Guest, unit: str, name: str, at: datetime) -> Value | None:
        """The narrowest that is valid: of the stay, else of the unit, else of the house."""
        scopes = ((guest.name, ""), ("", unit), ("", ""))
        for whose, where in scopes:
            for value in self.values:
                is_mine = (value.house, value.name) == (guest.house, name)
                if is_mine and (value.guest, value.unit) == (whose, where) and self._is_valid(value, at):
                    return value
        return None

    def _is_valid(self, value: Value, at: datetime) -> bool:
        begins = not value.begins or self.local(value.house, value.begins) <= at
        return begins and (not value.until or at < self.local(value.house, value.until))

    def _opens(self, guest: Guest, rule: str, begins: datetime, *, is_first: bool) -> datetime | None:
        if rule == "on booking":
            return begins - ANY_DAY
        if hours := re.fullmatch(r"(\d+) hours before arrival", rule):
            return begins - timedelta(hours=int(hours[1]))
        ready = self.ready.get(guest.name)
        return ready if ready is None or is_first else max(ready, begins)

    def _stretches(self, guest: Guest) -> Iterator[tuple[str, datetime, datetime]]:
        """Unit, from when, until when: a guest who moves may be in both rooms between the two times."""
        last = len(guest.nights) - 1
        for number, (unit, arrives, leaves) in enumerate(guest.nights):
            begin = guest.check_in if number == 0 and guest.check_in else CHECK_IN.isoformat()
            end = guest.check_out if number == last and guest.check_out else CHECK_OUT.isoformat()
            yield (
                unit,
                self.local(guest.house, f"{arrives}T{begin}"),
                self.local(guest.house, f"{leaves}T{end}"),
            )

    def _expiry(self, guest: Guest) -> datetime:
        """The first of a month, 30 to 61 days after departure."""
        on = date.fromisoformat(guest.nights[-1][2]) + timedelta(days=30)
        while on.day != 1:
            on += timedelta(days=1)
        return datetime.combine(on, time(), tzinfo=UTC)

    def _marks(self, guest: Guest) -> Iterator[datetime]:
        yield self._expiry(guest)
        if guest.name in self.ready:
            yield self.ready[guest.name]
        for _, begins, ends in self._stretches(guest):
            yield from (begins, ends)
            yield from (begins - timedelta(hours=hours) for hours in (48, 30))
        for value in self.values:
            if value.house == guest.house:
                yield from (self.local(value.house, each) for each in (value.begins, value.until) if each)


# -- what was seen -----------------------------------------------------------------------------------
class Look(NamedTuple):
    """What one guest could read in a moment between two instants."""

    guest: Guest
    before: datetime
    after: datetime
    seen: frozenset[str]


def mistakes(almanac: Almanac, looks: Iterable[Look]) -> list[tuple[str, str, str, datetime]]:
    """`early` or `late` by more than a minute: guest, which, what, when."""
    changes = {guest: almanac.changes(guest) for guest in almanac.guests}
    return [
        (look.guest.name, kind, what, look.after)
        for look in looks
        for kind, what in _judged(almanac, look, changes[look.guest])
    ]


def _judged(almanac: Almanac, look: Look, changes: list[datetime]) -> Iterator[tuple[str, str]]:
    guest, since = look.guest, look.before - GRACE
    moments = [since, look.after, *(at for at in changes if since <= at <= look.after)]
    allowed = [almanac.readable(guest, at) for at in moments]
    later = [almanac.readable(guest, at) for at in changes if at > look.after]
    for what in look.seen - frozenset().union(*allowed):
        yield "early" if any(what in each for each in later) else "late", what
    for what in frozenset.intersection(*allowed) - look.seen:
        yield "late", what
