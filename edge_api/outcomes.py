"""What comes of asking the Cloud API: done, not done for certain, or nobody knows. Pure.

What an answer proves is decided here and nowhere else (DESIGN.md, section 8).
"""

from http import HTTPStatus

import msgspec

from edge_api.codes import is_known


class Sent(msgspec.Struct, frozen=True):
    """Meta has taken the message; whether it arrives is told by a status."""

    wamid: str


class NotSent(msgspec.Struct, frozen=True):
    """It was not delivered, for certain: the code (edge_api/codes.py), Meta's words, the HTTP status.

    Meta's words may quote what was sent: they are for the host's eyes, never for a log.
    """

    code: int
    words: str = ""
    http_status: int = 0


class Unknown(msgspec.Struct, frozen=True):
    """It may have been done or not: nobody may do it again without being told to."""

    reason: str


class Fetched(msgspec.Struct, frozen=True):
    """A file that somebody sent; `sha256` is ours, in hex."""

    body: bytes
    media_type: str
    sha256: str


class _Details(msgspec.Struct):
    details: str = ""


class _Error(msgspec.Struct):
    code: int
    message: str = ""
    error_data: _Details | str | None = None


class _Answer(msgspec.Struct):
    error: _Error


def refusal(status: int, body: bytes) -> NotSent | Unknown:
    """What an HTTP answer of 400 and above says. An error of Graph proves that nothing was sent. A server's
    error without one, or with a code that nobody knows, proves nothing.
    """
    try:
        error = msgspec.json.decode(body, type=_Answer).error
    except msgspec.MsgspecError:
        is_refused = status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT
        return NotSent(-status, http_status=status) if is_refused else Unknown(f"HTTP {status}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_known(error.code):
        return Unknown(f"HTTP {status}, code {error.code}")
    told = error.error_data.details if isinstance(error.error_data, _Details) else error.error_data
    return NotSent(error.code, told or error.message, status)
