"""The page behind "Stop these e-mails": a button that stops them, and one that brings them back.

The token in its address is all that it takes. A look changes nothing, since mail programs look at links by
themselves; a post does, also that of a mail program's own button (RFC 8058).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import parse_qs

import anyio.to_thread
import msgspec
from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from edge_api import answers, calls, correspondence, trees
from edge_api.auth import Asking
from edge_api.copies import Copies
from edge_api.correspondence import Conversation
from edge_api.holdings import Holdings
from edge_api.pacing import Meter, Pace
from guestlink import consents, contacts, links, records
from guestlink.database import Reading, Writing
from guestlink.errors import NotAllowed, NotFound, Outage, SettingsError
from guestlink.language import LANGUAGES, N_
from guestlink.records import Contact

State = Literal["asked", "stopped", "resumed", "unknown"]
Wish = Literal["", "stop", "again"]
PATH: Final = "/api/guest/mail/{token:str}"
SHELL: Final = "shells/mail.{language}.html"
LONGEST_FORM: Final = 4096  # bytes
FORM_TYPE: Final = "application/x-www-form-urlencoded"
ASKING: Final = Pace(burst=30, seconds=2)  # of one link
NEVER_STORED: Final = {"cache-control": "no-store", "vary": "Accept-Language"}
PLAIN: Final[dict[State, str]] = {  # where no page lies yet
    "asked": N_("Stop these e-mails"),
    "stopped": N_("Done. We do not write to you by e-mail any more."),
    "resumed": N_("Done. We write to you by e-mail again."),
    "unknown": N_("This link is not complete. Open it from the e-mail again."),
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says: how things stand, whose house it is, in which language the guest reads."""

    state: State = "unknown"
    house: str = ""
    language: str = ""


class Counter:
    """Where guests say whether they want e-mails."""

    def __init__(self, holdings: Holdings, copies: Copies, *, at: Callable[[], datetime]) -> None:
        self._holdings, self._copies, self._at = holdings, copies, at
        self._asking = Meter(ASKING)

    async def answer(self, request: Asking, token: str, wish: Wish) -> Response[bytes]:
        """Does what a guest wants, and the page that says how things stand."""
        told = await anyio.to_thread.run_sync(self._done, token, wish)
        wishes = [request.query_params.get("language", ""), told.language]
        wishes += answers.accepted(request.headers.get("accept-language", ""))
        language = answers.best(wishes, LANGUAGES)
        status = HTTPStatus.NOT_FOUND if told.state == "unknown" else HTTPStatus.OK
        try:
            shell = (await self._copies.get(SHELL.format(language=language))).stored.body
        except (NotFound, Outage, SettingsError):
            said = self._holdings.words(language).text(PLAIN[told.state])
            return _sent(said.encode(), status, {"content-type": "text/plain; charset=utf-8"})
        return _page(shell, told, status)

    def _done(self, token: str, wish: Wish) -> Told:
        try:
            conversation_id = links.read_mail_token(self._holdings.ring, token)
        except NotAllowed:
            return Told()
        at = self._at()
        self._asking.spend(conversation_id, now=at.timestamp())
        if wish:
            with self._holdings.database.write() as tx:
                return _settled(tx, conversation_id, wish, at=at)
        with self._holdings.database.read() as db:
            found = _guest(db, conversation_id)
            return _told(db, found[0], "stopped" if found[0].opted_out_at else "asked") if found else Told()


def mail_wish_routes(
    holdings: Holdings, copies: Copies, *, at: Callable[[], datetime]
) -> list[HTTPRouteHandler]:
    """The address in every e-mail to a guest."""
    counter = Counter(holdings, copies, at=at)

    @route(PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def look(request: Asking, token: FromPath[str]) -> Response[bytes]:
        return await counter.answer(request, token, "")

    @route(PATH, http_method=HttpMethod.POST, request_max_body_size=LONGEST_FORM)
    async def settle(request: Asking, token: FromPath[str]) -> Response[bytes]:
        return await counter.answer(request, token, _wish(request, await request.body()))

    return [look, settle]


def _wish(request: Asking, body: bytes) -> Wish:
    """Only the page's own button brings e-mails back; everything else that is posted stops them."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8) if kind == FORM_TYPE else {}
    except ValueError:  # more of them than a form of ours has
        fields = {}
    return "again" if fields.get("wish") == ["again"] else "stop"


# -- how things stand --------------------------------------------------------------------------------
def _settled(tx: Writing, conversation_id: str, wish: Wish, *, at: datetime) -> Told:
    """What is so already changes nothing."""
    found = _guest(tx, conversation_id)
    if found is None:
        return Told()
    talk, contact = found
    stops, by = wish == "stop", f"guest:{contact.id}"
    if stops and talk.opted_out_at is None:
        correspondence.silence(tx, talk, at=at)
        consents.tell(tx, contact, why="guest stopped e-mails", at=at, by=by)
    if not stops and talk.opted_out_at is not None:
        correspondence.mark(tx, talk, opted_out_at=None)
        consents.tell(tx, contact, why="guest wants e-mails again", at=at, by=by)
    return _told(tx, talk, "stopped" if stops else "resumed")


def _guest(db: Reading, conversation_id: str) -> tuple[Conversation, Contact] | None:
    """None when the guest was erased."""
    row = db.one("conversation_by_id", id=conversation_id)
    if row is None or row["contact_id"] is None or row["wrapped"] is None:
        return None
    return records.shaped(row, Conversation), contacts.load_contact(db, str(row["contact_id"]))


def _told(db: Reading, talk: Conversation, state: State) -> Told:
    house = records.house_by_id(db, str(talk.property_id))
    name = calls.name_of(db, house, talk.language)
    return Told(state=state, house=name, language=talk.language or house.default_language)


# -- the page ------------------------------------------------------------------------------------------
def _page(shell: bytes, told: Told, status: HTTPStatus) -> Response[bytes]:
    page = trees.read_document(shell)
    for line in trees.all_with(page, "data-state", told.state):
        trees.show(line)
    for slot in trees.all_with(page, "data-house") if told.house else ():
        trees.clear(slot, told.house)
    for link in trees.all_with(page, "hreflang"):
        link.set("href", f"?language={link.get('hreflang')}")
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": answers.policy(page)}
    return _sent(answers.finished(page), status, headers)


def _sent(body: bytes, status: HTTPStatus, headers: Mapping[str, str]) -> Response[bytes]:
    return Response(body, status_code=status, headers={**NEVER_STORED, **headers})
