"""What every route does at its counter: know who asks, read the body, ask inside a transaction, answer."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response

from edge_api import front_desk
from edge_api.auth import NOT_THIS_ROLE, Caller, caller_of
from edge_api.holdings import Holdings
from edge_api.phrases import Voice
from edge_api.tokens import Role
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput, NotAllowed

LONGEST_BODY: Final = 32 * 1024
NEVER_STORED: Final = {"Cache-Control": "no-store"}
JSON: Final = "application/json"
T = TypeVar("T")
Asking = Request[Any, Any, Any]


class HouseCounter:
    """Where programs of the house are served; a guard of the router has let them in."""

    def __init__(
        self, holdings: Holdings, *, at: Callable[[], datetime], voice: Callable[[], Voice | None]
    ) -> None:
        self.holdings = holdings
        self.at = at
        self.voice = voice

    def caller(self, request: Asking, least: Role = "staff") -> Caller:
        """Who asks, reaching only houses where they are `least`; NotAllowed for who is so nowhere."""
        caller = caller_of(request)
        if not caller.may(least):
            raise NotAllowed(NOT_THIS_ROLE, hint=f"It needs the role {least}.")
        return caller.acting_as(least)

    def told(self, look: Callable[[Reading, KeyRing], T]) -> T:
        """What the records say, in one snapshot."""
        with self.holdings.database.read() as db:
            return look(db, self.holdings.ring)

    def done(self, verb: Callable[[Writing, KeyRing], T]) -> T:
        """What a verb did, in one transaction."""
        return front_desk.settled(self.holdings.database, lambda tx: verb(tx, self.holdings.ring))


class NotJson(InvalidInput):
    """A body of another kind than the one that is read here."""

    status = 415


def language_of(request: Asking) -> str:
    """The first language that the caller reads."""
    return request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip() or "en"


def answered(body: object, status: int = HTTPStatus.OK) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type=JSON, headers=NEVER_STORED)


def sent(request: Asking, body: bytes, shape: type[T]) -> T:
    """The body of a program's call, which says that it is JSON."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if body and kind != JSON:
        raise NotJson("The body is not called JSON.", hint=f"Send Content-Type: {JSON}.")
    return read_body(body, shape)


def read_body(body: bytes, shape: type[T]) -> T:
    """JSON of this shape; InvalidInput for anything else, however deep it is nested (that would be a 500)."""
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"The body is not as agreed: {_place(error)}.", hint="See the API.") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise InvalidInput("The body is not JSON.", hint="Send an object in UTF-8.") from None


def _place(error: msgspec.ValidationError) -> str:
    """Where it is wrong; never what was written there."""
    return str(error).rpartition(" - at ")[2] or "its shape"
