"""Everything the sandbox knows, in memory. Only one event loop touches it, never across an `await`."""

import asyncio
import random
import re
from collections import deque

from edge_api.sandbox.clock import Agenda, Clock
from edge_api.sandbox.deliveries import Deliveries
from edge_api.sandbox.faults import Faults
from edge_api.sandbox.media import MediaShelf
from edge_api.sandbox.pace import Pace
from edge_api.sandbox.people import Account, Chat, Number, Person, first_account, user_id_of
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.settings import Settings
from edge_api.sandbox.templates import Template

LONGEST_LOG = 200_000
FIRST_PEOPLE = (
    ("Ana", "+44 7700 900101", "guest"),
    ("Tomas", None, "guest"),
    ("Mira", "+44 7700 900201", "staff"),
)


class World:
    """People, chats, templates, media, limits and faults of one sandbox."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.clock = Clock()
        self.agenda = Agenda(self.clock)
        self._chances = {name: random.Random() for name in ("webhooks", "faults")}  # noqa: S311 - to come again
        self._seed_chances()
        self.chance = (
            random.SystemRandom()
        )  # ids never come again: who keeps them would take them for repeats
        self.deliveries = Deliveries(self.clock, self.agenda, self._chances["webhooks"])
        self.position = 0
        self.beginnings = 0  # who waits across an await looks whether the world is still the same
        self._watchers: set[asyncio.Event] = set()
        self._begin(first_account(), Settings())
        self.deliveries.noticed = self.moved

    def reset(self, *, seed: int | None = None, keep_account: bool = True) -> None:
        """As on the first day. The account stays, so that a running app keeps its webhook and token."""
        self.seed = self.seed if seed is None else seed
        self._seed_chances()
        self.clock.start_over()
        self.agenda.clear()
        self.deliveries.forget()
        self._begin(self.account if keep_account else first_account(), Settings())
        self.moved()

    def _seed_chances(self) -> None:
        for name, chance in self._chances.items():
            chance.seed(f"{self.seed} {name}")

    def _begin(self, account: Account, settings: Settings) -> None:
        self.beginnings += 1
        self.account = account
        self.people: dict[str, Person] = {}
        self._by_phone: dict[str, Person] = {}
        self._by_user_id: dict[str, Person] = {}
        self.chats: dict[tuple[str, str], Chat] = {}
        self.messages: dict[str, Chat] = {}
        self.templates: dict[str, Template] = {}
        self.media = MediaShelf(self.chance)
        self.faults = Faults(self._chances["faults"])
        self.log: deque[Json] = deque(maxlen=LONGEST_LOG)
        self.adopt(settings)
        for name, phone, role in FIRST_PEOPLE:
            self.add_person(name, phone=phone, role=role)

    def adopt(self, settings: Settings) -> None:
        """Settings as they are from now on. What the pace has counted stays."""
        self.settings = settings
        self.pace = getattr(self, "pace", None) or Pace()
        if not self.chats and not self.log:
            self.pace = Pace()
        self.pace.per_second = settings.per_second
        self.pace.pair_every, self.pace.pair_burst = settings.pair_every, settings.pair_burst
        self.deliveries.account, self.deliveries.settings = self.account, settings

    # -- people ------------------------------------------------------------------------------------
    def add_person(
        self,
        name: str,
        *,
        phone: str | None = None,
        role: str = "guest",
        user_id: str = "",
        username: str = "",
    ) -> Person:
        """Somebody new. Raises ValueError when the phone number is taken or is none."""
        digits = None if phone is None else re.sub(r"\D", "", phone)
        if digits is not None and not 7 <= len(digits) <= 15:
            raise ValueError("A phone number has 7 to 15 digits, country code included.")
        if digits in self._by_phone or (user_id and user_id in self._by_user_id):
            raise ValueError("Somebody has this number already.")
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "person"
        person_id, at = slug, 1
        while person_id in self.people:
            at += 1
            person_id = f"{slug}-{at}"
        handle = username or (None if digits else slug)
        made = Person(person_id, name, user_id or user_id_of(person_id), digits, handle, role)
        self.people[person_id] = self._by_user_id[made.user_id] = made
        if digits:
            self._by_phone[digits] = made
        return made

    def person_by_phone(self, phone: str) -> Person | None:
        """The person who has this number, as it is written: `+44 7700 …` or `447700…`."""
        digits = re.sub(r"\D", "", phone)
        found = self._by_phone.get(digits)
        if found is None and self.settings.strangers == "create" and 7 <= len(digits) <= 15:
            found = self.add_person(f"+{digits}", phone=digits)
        return found

    def person_by_user_id(self, user_id: str) -> Person | None:
        return self._by_user_id.get(user_id)

    def change_number(self, person: Person, phone: str) -> str:
        """A new phone number and, as WhatsApp does it, a new user id. Returns the old number."""
        digits = re.sub(r"\D", "", phone)
        if not 7 <= len(digits) <= 15 or digits in self._by_phone:
            raise ValueError("This is no phone number, or somebody has it.")
        old = person.phone or ""
        self._by_phone.pop(old, None)
        del self._by_user_id[person.user_id]
        person.phone, person.user_id = digits, user_id_of(f"{person.id} {digits}")
        self._by_phone[digits] = self._by_user_id[person.user_id] = person
        return old

    # -- chats -------------------------------------------------------------------------------------
    def number(self, number_id: str = "") -> Number | None:
        """The number of that id; without an id the first one."""
        if not number_id:
            return next(iter(self.account.numbers.values()))
        return self.account.numbers.get(number_id)

    def chat(self, number: Number, person: Person) -> Chat:
        return self.chats.setdefault((number.id, person.id), Chat(number.id, person.id))

    def template(self, name: str, language: str) -> Template | None:
        alike = (each for each in self.templates.values() if each.name == name and each.language == language)
        return next(alike, None)

    def note(self, way: str, **more: object) -> None:
        """A line of the log: what came in, went out or was refused."""
        self.log.append({"at": self.clock.now(), "way": way, **more})

    # -- being watched -----------------------------------------------------------------------------
    def moved(self) -> None:
        """Something changed: whoever watches looks again."""
        self.position += 1
        for each in self._watchers:
            each.set()

    async def next_move(self, position: int, within: float) -> bool:
        """Waits until something changes after that position, at most so many real seconds."""
        if position < self.position:
            return True
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            await asyncio.wait_for(event.wait(), within)
        except TimeoutError:
            return False
        finally:
            self._watchers.discard(event)
        return True
