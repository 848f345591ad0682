"""The only speaker of SMTP: hands whole e-mails to a mail server, or lays them into a folder. Never twice.

Until the final dot of a message nothing was sent (RFC 5321, 4.1.1.4): whatever goes wrong before is not
delivered for certain. After it only a reply tells; without one nobody knows.
"""

import os
import re
import smtplib
import ssl
import threading
import time
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from edge_api.codes import MAIL_CLOSES, NO_ADDRESS, NO_ENCRYPTION, NO_MAIL_SERVER, RETRY
from edge_api.letters import checked_address, domain_of, message_id
from edge_api.messages import Outgoing, Sender
from edge_api.outcomes import NotSent, Sent, Unknown, mail_refusal
from guestlink.errors import SettingsError
from guestlink.settings import Settings

PORTS: Final = {"smtp": 587, "smtps": 465}
BEFORE: Final = 45.0  # seconds after which no new step begins; the lease of the outbox is longer than all
LONGEST_STEP: Final = 15.0
AFTER: Final = 60.0  # seconds in which a server may look at a message (RFC 5321, 4.5.3.2.6 allows more)
GOODBYE: Final = 2.0
KEPT: Final = 20.0  # seconds for which an idle connection is used again
MOST_ON_ONE: Final = 50
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
DOTS: Final = re.compile(rb"^\.", re.MULTILINE)
FINE: Final = range(200, 300)
GO_ON: Final = 354
NO_LOGIN: Final = 535
NO_TLS: Final = "WRONG_VERSION_NUMBER"  # the other side speaks none at all
UNANSWERED: Final = "the mail server did not answer after the message"


class Relay(NamedTuple):
    """Where mails go, as `mail_url` says it."""

    is_tls: bool
    host: str
    port: int
    user: str
    password: str

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


def relay_of(settings: Settings) -> Relay | None:
    """The mail server of the settings; None when mails are laid into a folder. SettingsError without one."""
    if not settings.mail_url:
        raise SettingsError("E-mail is not set up.", setting="mail_url", hint="See docs/operations.md.")
    if not settings.mail_from:
        told = "There is no address that e-mails come from."
        raise SettingsError(told, setting="mail_from", hint="Set it, such as stay@example.com.")
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        return None
    try:
        port = parts.port or PORTS[parts.scheme]
        assert parts.hostname
    except (ValueError, AssertionError):
        mend = "Write smtp://user:password@host:587; other characters of a password as %40 and so on."
        raise SettingsError("mail_url names no host and port.", setting="mail_url", hint=mend) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Relay(parts.scheme == "smtps", parts.hostname, port, user, password)


# -- one connection --------------------------------------------------------------------------------
class Stale:
    """A kept connection had ended before anything was handed over."""


class Line:
    """A connection to the mail server, for one thread."""

    def __init__(self, relay: Relay, our_name: str) -> None:
        self._relay, self._our_name = relay, our_name
        self._smtp: smtplib.SMTP | None = None
        self._until = time.monotonic() + BEFORE
        self._used, self._idle_since = 0, 0.0
        self._is_broken = False

    @property
    def can_be_kept(self) -> bool:
        is_young = self._used < MOST_ON_ONE and time.monotonic() < self._idle_since + KEPT
        return is_young and not self._is_broken

    @property
    def is_encrypted(self) -> bool:
        return self._smtp is not None and isinstance(self._smtp.sock, ssl.SSLSocket)

    def open(self) -> NotSent | None:
        """Connects, encrypted unless the server is on this machine; why not, if not."""
        try:
            return self._connect()
        except ssl.SSLCertVerificationError as error:
            return NotSent(NO_ENCRYPTION, error.verify_message)
        except ssl.SSLError as error:
            return NotSent(NO_ENCRYPTION if error.reason == NO_TLS else NO_MAIL_SERVER, error.reason or "")
        except smtplib.SMTPResponseException as error:
            return mail_refusal(error.smtp_code, _words(error.smtp_error), step="login")
        except (smtplib.SMTPException, OSError) as error:
            return NotSent(NO_MAIL_SERVER, str(error))

    def _connect(self) -> NotSent | None:
        host, port, is_local = self._relay.host, self._relay.port, self._relay.host in LOCAL
        trust = ssl.create_default_context()
        if is_local:  # nobody listens between us and this machine, whose certificates are its own
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        if self._relay.is_tls:
            self._smtp = smtplib.SMTP_SSL(host, port, self._our_name, timeout=LONGEST_STEP, context=trust)
            self._smtp.ehlo()
            return None
        self._smtp = smtplib.SMTP(host, port, self._our_name, timeout=LONGEST_STEP)
        self._smtp.ehlo()
        if self._smtp.has_extn("starttls"):
            self._smtp.starttls(context=trust)
            self._smtp.ehlo()
        elif not is_local:
            return NotSent(NO_ENCRYPTION)
        return None

    def log_in(self) -> NotSent | None:
        """Shows name and password, where the settings have some; why not, if it does not work."""
        if not self._relay.user:
            return None
        assert self._smtp is not None
        try:
            self._smtp.login(self._relay.user, self._relay.password)
        except smtplib.SMTPResponseException as error:
            return mail_refusal(error.smtp_code, _words(error.smtp_error), step="login")
        except smtplib.SMTPServerDisconnected as error:
            return NotSent(NO_MAIL_SERVER, str(error))
        except (smtplib.SMTPException, UnicodeError) as error:  # no way that both know, or other letters
            return NotSent(-NO_LOGIN, str(error))
        except OSError as error:
            return NotSent(NO_MAIL_SERVER, str(error))
        return None

    def hand_over(
        self, bounce: str, address: str, body: bytes, *, after: float = AFTER
    ) -> NotSent | Unknown | Stale | None:
        """One message; None when the server has taken it. `after` is for how long it may look at it."""
        was_used, self._used = self._used > 0, self._used + 1
        self._until = time.monotonic() + BEFORE
        try:
            refused = self._announced(bounce, address)
        except (smtplib.SMTPException, OSError) as error:
            self._is_broken = True
            return Stale() if was_used else NotSent(NO_MAIL_SERVER, str(error))
        if refused is None:
            return self._said(body, after)
        if refused.code == MAIL_CLOSES:
            self._is_broken = True
            return Stale() if was_used else refused
        self._begin_anew()
        return refused

    def _announced(self, bounce: str, address: str) -> NotSent | None:
        code, words = self._asked(f"MAIL FROM:<{bounce}>")
        if code not in FINE:
            return mail_refusal(code, words, step="sender")
        code, words = self._asked(f"RCPT TO:<{address}>")
        if code not in FINE:
            return mail_refusal(code, words, step="recipient")
        code, words = self._asked("DATA")
        return None if code == GO_ON else mail_refusal(code, words, step="message")

    def _said(self, body: bytes, after: float) -> NotSent | Unknown | None:
        smtp = self._smtp
        assert smtp is not None
        assert smtp.sock is not None
        smtp.sock.settimeout(after)
        try:
            smtp.send(DOTS.sub(b"..", body.removesuffix(b"\r\n")) + b"\r\n.\r\n")
        except (smtplib.SMTPException, OSError) as error:  # its last bytes, the dot, never left
            self._is_broken = True
            return NotSent(NO_MAIL_SERVER, str(error))
        try:
            code, told = smtp.getreply()
        except (smtplib.SMTPException, OSError):
            self._is_broken = True
            return Unknown(UNANSWERED)
        self._idle_since = time.monotonic()
        if code in FINE:
            return None
        self._is_broken = code == MAIL_CLOSES
        refused = mail_refusal(code, _words(told), step="message")
        return Unknown(UNANSWERED) if refused.code == NO_MAIL_SERVER else refused

    def _asked(self, line: str) -> tuple[int, str]:
        smtp = self._smtp
        assert smtp is not None
        if smtp.sock is None or time.monotonic() > self._until:
            raise smtplib.SMTPServerDisconnected
        smtp.sock.settimeout(LONGEST_STEP)
        code, told = smtp.docmd(line)
        return code, _words(told)

    def _begin_anew(self) -> None:
        """The server forgets what was announced; else this connection is of no more use."""
        self._idle_since = time.monotonic()
        try:
            code, _ = self._asked("RSET")
        except (smtplib.SMTPException, OSError):
            code = 0
        self._is_broken = code not in FINE

    def hang_up(self) -> None:
        if self._smtp is None:
            return
        try:
            if not self._is_broken and self._smtp.sock:
                self._smtp.sock.settimeout(GOODBYE)
                self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            pass
        finally:
            self._smtp.close()


def _words(told: bytes | str) -> str:
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else told


# -- saying it -------------------------------------------------------------------------------------
class Mailer:
    """Hands e-mails over, each once. One for a process; several threads may use it at once, each with a
    connection of its own, which is kept for a moment.
    """

    def __init__(self, settings: Settings, *, after: float = AFTER) -> None:
        self._relay = relay_of(settings)
        self._folder = settings.path(settings.mail_url.removeprefix("file:"))
        self._settings, self._after = settings, after
        self._mine = threading.local()
        self._open: set[Line] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Ends all connections; no thread may be sending."""
        with self._lock:
            lines, self._open = self._open, set()
        for line in lines:
            line.hang_up()

    def is_there(self) -> bool:
        """Whether the mail server answers; nothing is sent."""
        if self._relay is None:
            return True
        line = Line(self._relay, domain_of(self._settings.mail_from))
        try:
            told = line.open()
            return told is None or told.code not in RETRY
        finally:
            line.hang_up()

    def send(
        self,
        said: Outgoing,
        *,
        to: Sender,
        number_id: str,
        callback: str,
        answers: str = "",
        url: str = "",
        file: bytes = b"",
    ) -> Sent | NotSent | Unknown:
        """Hands over one e-mail, once: `file` is all of it, as letters.py made it."""
        address = checked_address(to.email)
        if not address or not file:
            return NotSent(NO_ADDRESS)
        known = message_id(self._settings.mail_from, callback)
        if self._relay is None:
            return self._laid(f"{callback}.eml", file, known)
        bounce = self._settings.mail_bounce or self._settings.mail_from
        return self._over_the_line(bounce, address, file, known)

    def _over_the_line(self, bounce: str, address: str, body: bytes, known: str) -> Sent | NotSent | Unknown:
        line = self._kept_line()
        if line is not None:
            told = line.hand_over(bounce, address, body, after=self._after)
            if not isinstance(told, Stale):
                return self._finished(line, told, known)
            self._drop(line)
        assert self._relay is not None
        line = Line(self._relay, domain_of(self._settings.mail_from))
        refused = line.open() or line.log_in()
        if refused is not None:
            line.hang_up()
            return refused
        with self._lock:
            self._open.add(line)
        self._mine.line = line
        told = line.hand_over(bounce, address, body, after=self._after)
        return self._finished(line, NotSent(NO_MAIL_SERVER) if isinstance(told, Stale) else told, known)

    def _finished(
        self, line: "Line", told: "NotSent | Unknown | None", known: str
    ) -> Sent | NotSent | Unknown:
        if not line.can_be_kept:
            self._drop(line)
        return Sent(known) if told is None else told

    def _kept_line(self) -> "Line | None":
        line: Line | None = getattr(self._mine, "line", None)
        if line is None or line.can_be_kept:
            return line
        self._drop(line)
        return None

    def _drop(self, line: "Line") -> None:
        with self._lock:
            self._open.discard(line)
        self._mine.line = None
        line.hang_up()

    def _laid(self, name: str, body: bytes, known: str) -> Sent | NotSent:
        """The same e-mail has the same name, so it never lies there twice."""
        draft = self._folder / f".{name}.new"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(draft, "wb", opener=_for_us_alone) as file:
                file.write(body)
            draft.replace(self._folder / name)
        except OSError as error:
            return NotSent(NO_MAIL_SERVER, error.strerror or "")
        return Sent(known)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
