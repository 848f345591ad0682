"""Scripted trouble: what goes wrong with the next requests, for a while, or now and then by chance."""

import random
from itertools import count

import msgspec

from edge_api.sandbox.codes import CODES

KINDS = ("lost", "unanswered", "cut", "silent", "status", "error", "failed", "slow", "outage")
TARGETS = ("messages", "media", "templates", "any")


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One script. Without `next` it holds for `seconds`, without both until it is taken back."""

    kind: str  # lost, unanswered: accepted first; cut, silent: before; status, outage: HTTP; failed: later
    on: str = "messages"
    next: int | None = None
    seconds: float | None = None
    probability: float = 1.0
    code: int = 131000  # of `error` and `failed`
    status: int = 503  # of `status` and `outage`
    delay: float = 1.0  # seconds, of `slow`
    person: str | None = None  # only messages to this person
    id: int = 0
    until: float | None = None
    struck: int = 0

    def mistake(self) -> str:
        """What is wrong with the script, or nothing."""
        if self.kind not in KINDS:
            return f"kind is one of {', '.join(KINDS)}"
        if self.on not in TARGETS:
            return f"on is one of {', '.join(TARGETS)}"
        if self.kind in {"error", "failed"} and self.code not in CODES:
            return f"{self.code} is not a code of the Cloud API that the sandbox knows"
        if not 0 <= self.probability <= 1:
            return "probability is from 0 to 1"
        if self.next is not None and self.next < 1:
            return "next is at least 1"
        return ""


class Faults:
    """All scripts, in the order they were asked; the first that strikes counts."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._numbers = count(1)
        self.scripts: list[Fault] = []

    def add(self, fault: Fault, at: float) -> Fault:
        fault.id = next(self._numbers)
        if fault.kind == "outage" and fault.on == "messages":
            fault.on = "any"
        if fault.seconds is not None:
            fault.until = at + fault.seconds
        self.scripts.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> None:
        self.scripts = [each for each in self.scripts if fault_id is not None and each.id != fault_id]

    def strike(self, on: str, at: float, *, person: str | None = None) -> Fault | None:
        """The fault that hits this request, if any; one fewer is left of it."""
        self.scripts = [each for each in self.scripts if each.until is None or at < each.until]
        for fault in self.scripts:
            if fault.on not in {on, "any"} or (fault.person and fault.person != person):
                continue
            if fault.probability < 1 and self._chance.random() >= fault.probability:
                continue
            fault.struck += 1
            if fault.next is not None:
                fault.next -= 1
                if not fault.next:
                    self.scripts.remove(fault)
            return fault
        return None
