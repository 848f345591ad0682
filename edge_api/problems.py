"""Every error of the API as problem+json (RFC 9457): in words for a person, and data for a program.

What was sent is never repeated, and what nobody foresaw is told to the log by kind and place only.
"""

import logging
import math
import traceback
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException

from edge_api.front_desk import Moved
from edge_api.openapi import PROBLEM
from edge_api.verbs import Late
from guestlink.errors import GuestLinkError, InvalidFields, Outage, TooMany

NEVER_STORED: Final = {"Cache-Control": "no-store"}
NOT_AS_AGREED: Final = "This is not as agreed."
WORDS: Final = {
    HTTPStatus.BAD_REQUEST: "The call is not as agreed.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address takes another method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too long.",
}

log = logging.getLogger("guestlink.edge")


def problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to an error."""
    status, detail, hint = _told(error)
    headers = dict(NEVER_STORED)
    if isinstance(error, MethodNotAllowedException):
        allowed = {name.strip() for name in (error.headers or {}).get("allow", "").split(",")}
        headers["Allow"] = ", ".join(sorted(allowed - {"OPTIONS"}))
    if isinstance(error, HTTPException) and status == HTTPStatus.UNAUTHORIZED:
        headers |= error.headers or {}
    if isinstance(error, Outage | TooMany):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("edge-failed status=%d error=%s where=%s", status, type(error).__name__, _place(error))
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return Response(
        msgspec.json.encode(body | ({"hint": hint} if hint else {}) | _more(request, error)),
        status_code=status,
        media_type=PROBLEM,
        headers=headers,
    )


def _more(asking: Request[Any, Any, Any], error: Exception) -> dict[str, object]:
    """What a program can work with: which fields are wrong, or what a request is by now."""
    match error:
        case InvalidFields(problems=problems):
            return {"errors": [{"field": field, "message": message} for field, message in problems]}
        case ValidationException():
            return {"errors": list(_misread(asking, error))}
        case Late(request=request, faster=faster):
            return {"request": request, "faster": faster}
        case Moved(request=request):
            return {"request": request}
    return {}


def _misread(asking: Request[Any, Any, Any], error: ValidationException) -> Iterator[dict[str, str]]:
    """Parameters that Litestar could not read. Its words say what was expected, some of them what came."""
    for each in error.extra if isinstance(error.extra, list) else []:
        message = str(each.get("message", ""))
        is_safe = message.startswith("Expected ") and "'" not in message
        field = _as_called(asking, str(each.get("key", "")))
        yield {"field": field, "message": f"{message}." if is_safe else NOT_AS_AGREED}


def _as_called(asking: Request[Any, Any, Any], name: str) -> str:
    """A parameter by the name that callers know; a handler may not call one `state`."""
    known = asking.scope["route_handler"].parsed_fn_signature.parameters.get(name)
    return getattr(known and known.kwarg_definition, "name", None) or name


def _told(error: Exception) -> tuple[HTTPStatus, str, str]:
    """Status, detail and hint."""
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        return status, WORDS.get(status, error.detail), ""
    if isinstance(error, GuestLinkError) and error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return HTTPStatus(error.status), error.message, error.hint
    return HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here.", ""


def _place(error: Exception) -> str:
    """The line that raised, as `storage.py:107`."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
