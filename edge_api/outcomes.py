"""What comes of asking the Cloud API or a mail server: done, not done for certain, or nobody knows. Pure.

What an answer proves is decided here and nowhere else (DESIGN.md, section 8).
"""

import re
from http import HTTPStatus
from typing import Final, Literal

import msgspec

from edge_api.codes import MAIL, MAIL_LATER, NO_MAIL_SERVER, is_known

Step = Literal["login", "sender", "recipient", "message"]
OF_US: Final = re.compile(r"\b5\.(1\.[78]|7\.(8|9|1[0-4]|2[0-9]))\b")  # RFC 3463, 4954, 7372
NOT_ALLOWED: Final = re.compile(r"\b5\.7\.[01]\b|relay", re.IGNORECASE)  # Exim says it in words only
WANTS_LOGIN: Final = frozenset({530, 534, 535, 538})
TOO_LARGE: Final = 552


class Sent(msgspec.Struct, frozen=True):
    """Meta or the mail server has taken the message. Whether it arrives is told by a status of Meta's; of an
    e-mail, `wamid` is its Message-ID.
    """

    wamid: str


class NotSent(msgspec.Struct, frozen=True):
    """It was not delivered, for certain: the code (edge_api/codes.py), their words, the HTTP status.

    Their words may quote what was sent: they are for the host's eyes, never for a log.
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


def mail_refusal(reply: int, words: str, *, step: Step) -> NotSent:
    """What a mail server's reply of 400 and above says, by the step that it answers (RFC 5321, 4.2). One that
    is about us, our login, sender or right to send, is no fault of the message.
    """
    if reply not in MAIL:
        return NotSent(NO_MAIL_SERVER, words)
    if reply in MAIL_LATER:
        return NotSent(reply, words)
    is_ours = (
        step == "login"
        or (step == "sender" and reply != TOO_LARGE)
        or reply in WANTS_LOGIN
        or OF_US.search(words)
        or (step == "recipient" and NOT_ALLOWED.search(words))
    )
    return NotSent(-reply if is_ours else reply, words)
