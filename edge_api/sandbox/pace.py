"""How fast a number may send: the throughput of a second, in and out together, and the pair rate.

It also keeps what a bench asks afterwards: refusals by code, the worst second, the spacing of each pair.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from edge_api.sandbox.refusals import Json, Refusal

SECOND = 1.0


@dataclass
class Pair:
    """One number and one person: a bucket of `burst` messages that fills by one every `every` seconds."""

    tokens: float
    at: float
    sent: int = 0
    last: float = 0.0
    closest: float = float("inf")


@dataclass
class Pace:
    """The limits of all numbers. A limit of 0 is switched off."""

    per_second: int = 80
    pair_every: float = 6.0
    pair_burst: int = 45
    refused: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    worst_second: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _seconds: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)

    def note_received(self, number_id: str, at: float) -> None:
        """A person wrote: it counts, and is never refused."""
        self._note(number_id, at)

    def take(self, number_id: str, person_id: str, at: float) -> None:
        """Counts a send. Raises Refusal 130429 or 131056, which count as nothing but a violation."""
        if self.per_second and len(self._recent(number_id, at)) >= self.per_second:
            raise self._refusal(130429)
        pair = self._pairs.setdefault((number_id, person_id), Pair(float(self.pair_burst), at))
        if self.pair_burst and self.pair_every:
            pair.tokens = min(self.pair_burst, pair.tokens + (at - pair.at) / self.pair_every)
            pair.at = at
            if pair.tokens < 1 - 1e-6:
                raise self._refusal(131056)
            pair.tokens -= 1
        if pair.sent:
            pair.closest = min(pair.closest, at - pair.last)
        pair.sent, pair.last = pair.sent + 1, at
        self._note(number_id, at)

    def told(self) -> Json:
        """Violations, the worst second of each number, and how close two messages to one person came."""
        pairs = [
            {"number": number, "person": person, "sent": pair.sent}
            | ({"closest_seconds": round(pair.closest, 4)} if pair.sent > 1 else {})
            for (number, person), pair in self._pairs.items()
            if pair.sent
        ]
        return {
            "violations": {str(code): times for code, times in self.refused.items()},
            "violations_in_all": sum(self.refused.values()),
            "worst_second": dict(self.worst_second),
            "pairs": pairs,
        }

    def _refusal(self, code: int) -> Refusal:
        self.refused[code] += 1
        return Refusal(code)

    def _recent(self, number_id: str, at: float) -> deque[float]:
        recent = self._seconds[number_id]
        while recent and recent[0] <= at - SECOND:
            recent.popleft()
        return recent

    def _note(self, number_id: str, at: float) -> None:
        recent = self._recent(number_id, at)
        recent.append(at)
        self.worst_second[number_id] = max(self.worst_second[number_id], len(recent))
