"""Webhooks on their way: packed, signed, posted, repeated until somebody answers 200; then kept."""

import asyncio
import hashlib
import hmac
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import monotonic

import httpx
import msgspec

from edge_api.sandbox.clock import Agenda, Clock
from edge_api.sandbox.hooks import Change, body_of
from edge_api.sandbox.people import Account
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.settings import Settings

LONGEST_WAIT = 3600.0  # seconds between two tries
KEPT = 20_000  # deliveries that can be looked at


@dataclass
class Delivery:
    """One POST, with every try."""

    id: int
    url: str
    body: bytes
    asked_at: float
    repeats: int | None = None  # the delivery it is a duplicate of
    state: str = "waiting"  # delivered, given up
    tries: list[Json] = field(default_factory=list)

    def told(self, *, whole: bool = True) -> Json:
        told: Json = {"id": self.id, "url": self.url, "asked_at": self.asked_at, "state": self.state}
        told |= {"repeats": self.repeats, "tries": self.tries}
        return told | ({"body": msgspec.Raw(self.body)} if whole else {})


class Deliveries:
    """The way from the sandbox to the app. Who does not answer is tried again later."""

    def __init__(self, clock: Clock, agenda: Agenda, chance: random.Random) -> None:
        self._clock, self._agenda, self._chance = clock, agenda, chance
        self._numbers = count(1)
        self._gathered: dict[str, list[Change]] = {}
        self._ready: deque[Delivery] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self.kept: deque[Delivery] = deque(maxlen=KEPT)
        self.dropped = 0  # updates nobody had subscribed to
        self.account, self.settings = Account(), Settings()
        self.noticed: Callable[[], None] = lambda: None

    def send(self, change: Change) -> None:
        """Takes an update on its way; alone, or in a batch with what else comes in the next moment."""
        url = self._url(change)
        if not url:
            self.dropped += 1
            return
        gathered = self._gathered.setdefault(url, [])
        gathered.append(change)
        if len(gathered) >= self.settings.batch:
            self._pack(url)
        elif len(gathered) == 1:
            self._agenda.after(self.settings.gather, partial(self._pack, url))

    def repeat(self, delivery_id: int) -> Delivery | None:
        """Posts an old body again, as Meta does when an answer got lost."""
        found = next((each for each in self.kept if each.id == delivery_id), None)
        return self._post(found.url, found.body, repeats=found.id) if found else None

    @property
    def waiting(self) -> int:
        """POSTs that nobody has answered with 200 yet, and updates that wait for their batch."""
        unanswered = sum(each.state == "waiting" for each in self.kept)
        return unanswered + sum(map(len, self._gathered.values()))

    def forget(self) -> None:
        """Forgets everything; what is under way is given up."""
        for task in self._under_way:
            task.cancel()
        self._gathered.clear()
        self._ready.clear()
        self.kept.clear()
        self.dropped = 0

    async def close(self) -> None:
        self.forget()
        if self._client:
            await self._client.aclose()

    async def challenge(self, url: str, verify_token: str) -> str:
        """Asks a webhook to prove itself. What was wrong, or nothing."""
        expected = str(self._chance.randrange(10**9))
        asked = {"hub.mode": "subscribe", "hub.challenge": expected, "hub.verify_token": verify_token}
        try:
            answer = await self._http().get(url, params=asked, timeout=self.settings.patience)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"The URL couldn't be reached. {type(error).__name__}"
        if answer.status_code != 200:
            return f"HTTP Status Code = {answer.status_code}; HTTP Message = {answer.reason_phrase}"
        return "" if answer.text == expected else "The challenge was not echoed."

    def _url(self, change: Change) -> str:
        account = self.account
        if not account.subscribed:
            return ""
        if account.subscribed_fields and change.field not in account.subscribed_fields:
            return ""
        number = account.numbers.get(change.number_id)
        return (number.callback if number else "") or account.waba_callback or account.callback

    def _pack(self, url: str) -> None:
        changes = self._gathered.pop(url, [])
        if not changes:
            return
        settings = self.settings
        if settings.batch > 1 and self._chance.random() < settings.disorder:
            self._chance.shuffle(changes)
        body = msgspec.json.encode(body_of(changes, self._clock.now()))
        held = settings.batch == 1 and self._chance.random() < settings.disorder
        first = self._post(url, body, after=settings.held_back if held else 0.0)
        if self._chance.random() < settings.duplicates:
            self._post(url, body, repeats=first.id, after=settings.held_back)

    def _post(self, url: str, body: bytes, *, repeats: int | None = None, after: float = 0.0) -> Delivery:
        made = Delivery(next(self._numbers), url, body, self._clock.now(), repeats)
        self.kept.append(made)
        if after:
            self._agenda.after(after, partial(self._queue, made))
        else:
            self._queue(made)
        return made

    def _queue(self, delivery: Delivery) -> None:
        self._ready.append(delivery)
        self._start()

    def _start(self) -> None:
        while self._ready and len(self._under_way) < self.settings.at_once:
            task = asyncio.ensure_future(self._try(self._ready.popleft()))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._start()
        self.noticed()

    async def _try(self, delivery: Delivery) -> None:
        began = monotonic()
        tried: Json = {"at": self._clock.now()}
        try:
            headers = {"content-type": "application/json", "user-agent": "facebookexternalua"}
            headers["x-hub-signature-256"] = sign(delivery.body, self.account.app_secrets[0])
            answer = await self._http().post(
                delivery.url, content=delivery.body, headers=headers, timeout=self.settings.patience
            )
            tried["status"] = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            tried["error"] = type(error).__name__
        tried["ms"] = round((monotonic() - began) * 1000, 2)
        delivery.tries.append(tried)
        self._judge(delivery, is_taken=tried.get("status") == 200)

    def _judge(self, delivery: Delivery, *, is_taken: bool) -> None:
        if is_taken:
            delivery.state = "delivered"
            return
        wait = min(LONGEST_WAIT, self.settings.retry_first * 2 ** min(len(delivery.tries) - 1, 20))
        if self._clock.now() + wait - delivery.asked_at > self.settings.give_up_after:
            delivery.state = "given up"
            return
        self._agenda.after(wait, partial(self._queue, delivery))

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        return self._client


def sign(body: bytes, app_secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
