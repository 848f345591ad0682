"""How often something may happen: a limiter that lets through a burst and then one each interval, and a
breaker that stops asking who does not answer. Pure.

The generic cell rate algorithm (ITU-T I.371, A): all it keeps is one instant for each key.
"""

import threading
from collections import OrderedDict, deque
from typing import Final

import msgspec

from edge_api.messages import MAIL
from guestlink.errors import TooMany

MOST_KEYS: Final = 10_000
FAILURES: Final = 5  # in a row, until the breaker opens
FIRST_REST: Final = 1.0  # seconds
LONGEST_REST: Final = 60.0


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """`burst` at once, then one every `seconds`."""

    burst: int
    seconds: float


# Meta allows 80 a second, in and out together, and 45 to one person with one more every 6 s. Messages do not
# arrive as evenly as they leave: some of both is left for that.
OF_NUMBER: Final = Pace(burst=4, seconds=1 / 74)
OF_PAIR: Final = Pace(burst=40, seconds=6.0)
OF_MAIL: Final = Pace(burst=10, seconds=1 / 5)  # what small relays take
IN_A_SECOND: Final = 79
A_MOMENT: Final = 0.001  # seconds


def pace_of(number_id: str) -> Pace:
    """How often a number of ours may send, or e-mail."""
    return OF_MAIL if number_id == MAIL else OF_NUMBER


def spent(pace: Pace, due: float, *, now: float) -> tuple[float, float]:
    """The next instant to keep, and how long to wait; a wait above zero means that nothing was spent."""
    start = max(due, now)
    wait = start - now - (pace.burst - 1) * pace.seconds
    return (due, wait) if wait > 0 else (start + pace.seconds, 0.0)


class Meter:
    """One pace for many keys of this process; the oldest keys are forgotten first."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._due: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, key: str, *, now: float) -> None:
        """TooMany when this key was spent too often. `now` is in seconds of any steady clock."""
        with self._lock:
            due, wait = spent(self._pace, self._due.pop(key, 0.0), now=now)
            self._due[key] = due
            if len(self._due) > MOST_KEYS:
                self._due.popitem(last=False)
        if wait > 0:
            raise TooMany("You asked too often.", hint="Wait a little.", retry_after=wait)


def starts(
    pace: Pace, due: float, *, now: float, most: int, within: float
) -> tuple[tuple[float, ...], float]:
    """When up to `most` messages may leave before `now + within`, and the next instant to keep."""
    found: list[float] = []
    while len(found) < most:
        begin = max(now, due - (pace.burst - 1) * pace.seconds)
        if begin > now + within:
            break
        found.append(begin)
        due = max(due, begin) + pace.seconds
    return tuple(found), due


def counted(pace: Pace, due: float, *, now: float, many: int) -> float:
    """The next instant to keep when so many have happened that nobody could hold back."""
    return max(due, now) + many * pace.seconds if many else due


class Second:
    """No more than so many in any second, by whatever clock the other side counts: it has taken a message at
    some moment between its leaving and its answer, so that each counts until a second after its answer.
    """

    def __init__(self, most: int = IN_A_SECOND) -> None:
        self._most = most
        self._unanswered = 0
        self._answered: deque[float] = deque()

    def wait(self, now: float) -> float | None:
        """How long until one more may leave: 0 for now, None until an answer comes."""
        while self._answered and self._answered[0] <= now - 1:
            self._answered.popleft()
        if self._unanswered + len(self._answered) < self._most:
            return 0.0
        return max(self._answered[0] + 1 - now, A_MOMENT) if self._answered else None

    def leave(self) -> None:
        self._unanswered += 1

    def answer(self, now: float) -> None:
        self._unanswered -= 1
        self._answered.append(now)

    def heard(self, many: int, now: float) -> None:
        """So many came in."""
        self._answered.extend([now] * many)


class Ticket(msgspec.Struct, frozen=True):
    """A try that the breaker let begin; `round` says how often it had opened by then."""

    round: int
    is_probe: bool


class Breaker:
    """Closed, open, or half-open. It opens after some failures in a row and then lets one single probe
    through after a rest, which doubles with every probe that fails.

    A try that was given up says nothing: its probe is free again. Late outcomes of tries that began before
    it opened neither close it nor make the rest longer.
    """

    def __init__(
        self, *, failures: int = FAILURES, first: float = FIRST_REST, longest: float = LONGEST_REST
    ) -> None:
        self._most, self._first, self._longest = failures, first, longest
        self._failed = 0
        self._round = 0
        self._rest = first
        self._until: float | None = None
        self._probe: Ticket | None = None

    def room(self, now: float) -> int | None:
        """How many may begin: None for any number, 0 while it rests or a probe is under way, else 1."""
        if self._until is None:
            return None
        self._until = min(self._until, now + self._longest)  # a clock may be set back
        return 0 if self._probe or now < self._until else 1

    def begin(self, now: float) -> Ticket | None:
        """A ticket for one try, or None when it must wait."""
        room = self.room(now)
        if room == 0:
            return None
        ticket = Ticket(self._round, room is not None)
        if ticket.is_probe:
            self._probe = ticket
        return ticket

    def succeeded(self, ticket: Ticket) -> None:
        """Somebody answered, whatever the answer was about the one message."""
        if ticket is self._probe:
            self._until = self._probe = None
            self._rest = self._first
        if self._until is None:
            self._failed = 0

    def failed(self, ticket: Ticket, *, now: float) -> None:
        """Nobody answered, or only to say that it is too much."""
        if ticket is self._probe:
            self._probe = None
            self._rest = min(self._rest * 2, self._longest)
            self._until = now + self._rest
        elif self._until is None and ticket.round == self._round:
            self._failed += 1
            if self._failed >= self._most:
                self._open(now)

    def given_up(self, ticket: Ticket) -> None:
        """The try never took place."""
        if ticket is self._probe:
            self._probe = None

    def _open(self, now: float) -> None:
        self._failed, self._round, self._rest = 0, self._round + 1, self._first
        self._until = now + self._rest
