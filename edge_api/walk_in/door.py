"""What `/open` answers: the form for a guide code, the guest's page, or a sentence about what is in the way.

The door asks the records who it is, the storage for what was compiled, and the front desk for what a guest
wants. It keeps no session: all that a machine needs to know lies in the guest's cookie.
"""

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import anyio.to_thread
import msgspec

from edge_api import answers, front_desk, trees
from edge_api.callers import Guest
from edge_api.copies import Copies
from edge_api.holdings import Holdings
from edge_api.trees import Element
from edge_api.walk_in import forms, slots, tries, visits
from edge_api.walk_in.slots import Desk, Mistake
from edge_api.walk_in.visits import IDLE
from guestlink import clock, links
from guestlink.crypto import guide_code_typed
from guestlink.database import Reading
from guestlink.errors import GuestLinkError, NotAllowed, NotFound, Outage, SettingsError, TooMany
from guestlink.settings import Settings, target_name

NEVER_STORED: Final = {"cache-control": "no-store", "vary": "Accept-Language, Cookie"}
A_WHILE: Final = 120  # seconds; whoever has to wait longer is told of an hour
WAIT_FOR_PAGE: Final = 60.0
DOWN: Final = b"This page cannot be shown right now. Try again in a moment, or ask your host.\n"
LOCAL: Final = ("http://localhost", "http://127.0.0.1", "http://[::1]")

log = logging.getLogger("guestlink.edge")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: their cookie, the language they chose, those they accept, the address tries count for."""

    cookie: str = ""
    language: str = ""
    accepted: str = ""
    address: str = ""

    @property
    def wishes(self) -> list[str]:
        return [self.language, *answers.accepted(self.accepted)]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A guest who may read: K, the pages there are by language, and what the house knows from them."""

    guest: Guest
    key: bytes
    pages: Mapping[str, str]
    desk: Desk


class Door:
    """One deployment's way in without script."""

    def __init__(
        self, settings: Settings, holdings: Holdings, copies: Copies, *, at: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._holdings = holdings
        self._copies = copies
        self._at = at
        self._secure = settings.public_url.startswith("https:")

    @property
    def cookie_name(self) -> str:
        """A name that only this host can set over TLS; on plain http no browser takes that one."""
        return "__Host-guestlink" if self._secure else "guestlink"

    # -- what a guest can do -----------------------------------------------------------------------
    async def show(self, visitor: Visitor, *, state: str = "", happened: str = "") -> Reply:
        """The guest's page, or the form."""
        if not visitor.cookie:
            return await self.form(visitor, state=state)
        return await self._answered(visitor, self._page(visitor, happened=happened))

    async def enter(self, visitor: Visitor, typed: str) -> Reply:
        """A guide code opens the page, or there is one sentence for every reason why not."""
        code = guide_code_typed(typed)
        if not code:
            return await self.form(visitor, state="short", status=422, typed=typed)
        try:
            cookie = await anyio.to_thread.run_sync(self._come_in, code, visitor.address)
        except TooMany as many:
            state = "hour" if many.retry_after > A_WHILE else "minute"
            return await self.form(visitor, state=state, status=429, typed=typed, wait=many.retry_after)
        except (Outage, SettingsError) as error:
            return await self._down(visitor, error)
        if not cookie:
            return await self.form(visitor, state="wrong", status=422, typed=typed)
        return self._go_on(visitor, cookie)

    async def do(self, visitor: Visitor, verb: str, typed: Mapping[str, str]) -> Reply:
        """What a form asks for: done, and back to the page; or the page again with what is wrong."""
        return await self._answered(visitor, self._done(visitor, verb, typed))

    async def close(self, visitor: Visitor) -> Reply:
        """Forgets the guest on this device. Other cookies stay: a sign-in at the desk is none of ours."""
        reply = self._go_on(visitor, "", query={"state": "closed"})
        is_trusted = self._secure or self._settings.public_url.startswith(LOCAL)
        swept = {"clear-site-data": '"cache"'} if is_trusted else {}
        return msgspec.structs.replace(reply, headers={**reply.headers, **swept})

    # -- the form ----------------------------------------------------------------------------------
    async def form(
        self, visitor: Visitor, *, state: str = "", status: int = 200, typed: str = "", wait: float = 0
    ) -> Reply:
        """The form for a guide code, with a sentence when there is a reason for one."""
        headers = {"retry-after": str(math.ceil(wait))} if wait else {}
        try:
            copy = await self._copies.get(answers.shell_path(visitor.wishes))
        except (NotFound, Outage, SettingsError) as error:
            log.error("edge-failed status=503 error=%s", type(error).__name__)
            plain = {"content-type": "text/plain; charset=utf-8"}
            return Reply(status=503, body=DOWN, headers=NEVER_STORED | headers | plain)
        form = answers.filled_form(copy.stored.body, state=state, typed=typed, language=visitor.language)
        return _html(status, form, headers)

    async def _down(self, visitor: Visitor, error: Outage | SettingsError) -> Reply:
        """Out of order; whoever was in stays in."""
        log.error("edge-failed status=503 error=%s", type(error).__name__)
        wait = error.retry_after if isinstance(error, Outage) else WAIT_FOR_PAGE
        return await self.form(visitor, state="broken", status=503, wait=wait)

    def _come_in(self, code: str, address: str) -> str:
        """The cookie for a guide code, or nothing. Every try is counted before anything is looked up."""
        ring, at, database = self._holdings.ring, self._at(), self._holdings.database
        with database.write() as tx:
            spent = tries.spend_try(tx, ring, address, at=at)
        with database.read() as db:
            guest = visits.come_in(db, ring, code, at=at)
        if guest is None:
            log.warning("edge-refused reason=guide-code")
            return ""
        with database.write() as tx:
            tries.give_back(tx, spent)
        return visits.remember(ring, guest, at=at)

    # -- the page ----------------------------------------------------------------------------------
    async def _answered(self, visitor: Visitor, work: Awaitable[Reply]) -> Reply:
        try:
            return await work
        except NotAllowed:
            return self._go_on(visitor, "", query={"state": "over"})
        except NotFound:
            return await self.form(visitor, state="absent", status=503, wait=WAIT_FOR_PAGE)
        except (Outage, SettingsError) as error:
            return await self._down(visitor, error)

    async def _done(self, visitor: Visitor, verb: str, typed: Mapping[str, str]) -> Reply:
        outcome = await anyio.to_thread.run_sync(self._act, visitor, verb, typed)
        if isinstance(outcome, Mistake):
            return await self._page(visitor, mistake=outcome)
        happened = forms.happened(verb, typed)
        return self._go_on(visitor, outcome, query={"happened": happened}, anchor=slots.PLACES[happened])

    async def _page(self, visitor: Visitor, *, mistake: Mistake | None = None, happened: str = "") -> Reply:
        """The guest's page in the language they chose here, else in that of their stay."""
        found = await anyio.to_thread.run_sync(self._find, visitor)
        if not found.pages:
            raise NotFound("There is no page of this stay.")
        wishes = [visitor.language, found.guest.stay.language, found.guest.house.default_language]
        path = found.pages[answers.best(wishes, list(found.pages))]
        opened = answers.open_page((await self._copies.get(path)).stored.body, found.key, at=self._at())
        sheet = (await self._copies.get(opened.sheet)).stored.body if opened.sheet else b""
        await anyio.to_thread.run_sync(self._note_opening, found.guest, opened.shows_codes)
        shell = trees.read_document(
            (await self._copies.get(answers.shell_path([opened.language]))).stored.body
        )
        answers.put_close(opened.document, shell)
        slots.place_desk(opened, trees.read_parts(sheet.decode()), found.desk, new_key=clock.new_id)
        said = slots.words_of([shell])
        if mistake:
            slots.mark_mistake(opened.document, mistake, said)
        elif happened in slots.PLACES:
            slots.tell(opened.document, slots.PLACES[happened], said.get(happened, ""))
        cookie = visits.remember(self._holdings.ring, found.guest, at=self._at())
        status = mistake.status if mistake else 200
        return _html(status, opened.document, {"set-cookie": self._cookie(cookie)})

    # -- what the records say, in a thread of its own ----------------------------------------------
    def _find(self, visitor: Visitor) -> Found:
        holdings, at = self._holdings, self._at()
        with holdings.database.read() as db:
            guest = self._known(db, visitor)
            return Found(
                guest=guest,
                key=visits.page_key(holdings.ring, guest),
                pages=self._pages(db, guest),
                desk=forms.desk_of(db, holdings, guest, at=at),
            )

    def _act(self, visitor: Visitor, verb: str, typed: Mapping[str, str]) -> str | Mistake:
        """The cookie that goes on, or what is wrong."""
        holdings, at = self._holdings, self._at()
        with holdings.database.read() as db:
            guest = self._known(db, visitor)
        language = visitor.language or guest.stay.language
        mistake = forms.run(holdings, guest.link.id, verb, typed, language=language, at=at)
        return mistake or visits.remember(holdings.ring, guest, at=at)

    def _note_opening(self, guest: Guest, codes: bool) -> None:
        """That the page was opened on this day; nobody's reading fails for it."""
        if front_desk.is_known_opening(guest, codes=codes):
            return
        with suppress(GuestLinkError):
            front_desk.settled(
                self._holdings.database,
                lambda tx: front_desk.opened_page(tx, guest.link.id, codes=codes, at=guest.at),
            )

    def _known(self, db: Reading, visitor: Visitor) -> Guest:
        guest = visits.come_back(db, self._holdings.ring, visitor.cookie, at=self._at())
        if guest is None:
            raise NotAllowed
        return guest

    def _pages(self, db: Reading, guest: Guest) -> dict[str, str]:
        """Language -> path of every page of this link that is live."""
        stay, folder = guest.stay, links.page_path(guest.link.slug, "").removesuffix(".html")
        rows = db.all(
            "live_pages_of_stay",
            target=target_name(self._settings),
            property_id=stay.property_id,
            stay_id=stay.id,
        )
        return {
            row["path"].removeprefix(folder).removesuffix(".html"): row["path"]
            for row in rows
            if row["state"] == "live" and row["path"].startswith(folder)
        }

    # -- cookies and ways on -----------------------------------------------------------------------
    def _go_on(
        self, visitor: Visitor, cookie: str, *, query: Mapping[str, str] | None = None, anchor: str = ""
    ) -> Reply:
        """See other: a reload never sends a form again. Without a cookie the guest is forgotten."""
        told = {"language": visitor.language} if visitor.language else {}
        asked = urlencode(told | dict(query or {}))
        where = "/open" + (f"?{asked}" if asked else "") + (f"#slot-{anchor}" if anchor else "")
        headers = {"location": where, "set-cookie": self._cookie(cookie)}
        return Reply(status=303, headers=NEVER_STORED | headers)

    def _cookie(self, value: str) -> str:
        seconds = int(IDLE.total_seconds()) if value else 0
        kind = "Path=/; Secure" if self._secure else "Path=/open"
        return f"{self.cookie_name}={value}; {kind}; HttpOnly; SameSite=Strict; Max-Age={seconds}"


def _html(status: int, document: Element, headers: Mapping[str, str]) -> Reply:
    described = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": answers.policy(document),
    }
    body = answers.finished(document)
    return Reply(status=status, body=body, headers=NEVER_STORED | described | dict(headers))
