"""A mail server with mailboxes, which refuses, waits and breaks off as it is told.

In a test: `with PostOffice(folder) as office`. As a program of its own, for stories of whole processes:
`python -m tests.postoffice FOLDER PORT [--login NAME:PASSWORD]`, ready when FOLDER/ready is there. Both speak
by files: each mail lies in FOLDER as one .eml, what to do is read from FOLDER/rules.json at every step.
"""

import argparse
import asyncio
import json
import os
import signal
import ssl
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Stage = Literal["mail", "rcpt", "message"]
EVERYBODY = "*"
DROP = "drop"  # breaks the connection off; a mail that was whole is kept
SILENCE = "silence"  # keeps the mail and never answers
LONGEST_SILENCE = 3600
RULES, READY = "rules.json", "ready"


class Mail(NamedTuple):
    """One mail as it was handed in: the envelope, and what lay in it."""

    sender: str
    to: str
    message: EmailMessage
    raw: bytes

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content().replace("\r\n", "\n") if part else ""


class Mailbox:
    """What lies in the folder of a mail server, whoever runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def mails(self) -> list[Mail]:
        """All of them, in the order in which they came."""
        return [_read(file) for file in sorted(self.folder.glob("*.eml"))]

    def of(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.to == address]

    def tell(self, *, at: Stage, what: str, who: str = EVERYBODY, times: int = 1_000_000) -> None:
        """At this stage, for mails to (at `mail`, from) `who`, the first so many tries get a reply such as
        `450 4.2.0 Later`, or DROP or SILENCE.
        """
        rules = [*_rules(self.folder), {"at": at, "what": what, "who": who, "times": times}]
        self._write(rules)

    def tell_nothing(self) -> None:
        self._write([])

    def _write(self, rules: Sequence[Mapping[str, Any]]) -> None:
        _put(self.folder / RULES, json.dumps(rules).encode())


class PostOffice(Mailbox):
    """A mail server in a thread of this process."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        host: str = "127.0.0.1",
        login: tuple[str, str] | None = None,
        tls: "Certificate | None" = None,
    ) -> None:
        super().__init__(folder)
        self.host, self.port = host, port
        self._hall = _Hall(folder, login)
        self._controller = _Controller(self._hall, login=login, tls=tls, hostname=host, port=port)

    @property
    def connections(self) -> int:
        """How many there were."""
        return self._hall.connections

    @property
    def tries(self) -> int:
        """How often somebody named a recipient."""
        return sum(many for (stage, _), many in self._hall.tries.items() if stage == "rcpt")

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def __enter__(self) -> "PostOffice":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class _Hall:
    """What aiosmtpd asks at every step."""

    def __init__(self, folder: Path, login: tuple[str, str] | None) -> None:
        self._folder, self._login = folder, login
        self._numbers = count(1 + len(list(folder.glob("*.eml"))))
        self.tries: Counter[tuple[Stage, str]] = Counter()
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if told := self._told("mail", address, server):
            return told
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Fine"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if told := self._told("rcpt", address, server):
            return told
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Fine"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        told = self._rule("message", address)
        if not told or told in {DROP, SILENCE}:
            for each in envelope.rcpt_tos:
                self._keep(envelope, each)
        if told == SILENCE:
            await asyncio.sleep(LONGEST_SILENCE)
        return self._done(told, server) or "250 2.0.0 Taken"

    def _told(self, stage: Stage, address: str, server: SMTP) -> str:
        return self._done(self._rule(stage, address), server)

    def _done(self, told: str, server: SMTP) -> str:
        if told == DROP:
            server.transport.abort()
            return "421 4.0.0 Gone"
        return told

    def _rule(self, stage: Stage, address: str) -> str:
        """What to do now, and one try more."""
        tried = self.tries[stage, address]
        self.tries[stage, address] += 1
        for rule in _rules(self._folder):
            if rule["at"] == stage and rule["who"] in {EVERYBODY, address} and tried < rule["times"]:
                return str(rule["what"])
        return ""

    def _keep(self, envelope: Envelope, address: str) -> None:
        assert isinstance(envelope.content, bytes)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {address}\r\n".encode()
        _put(self._folder / f"{next(self._numbers):06}.eml", head + envelope.content)

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._login, handled=False)


class _Controller(Controller):
    def __init__(
        self, hall: _Hall, *, login: tuple[str, str] | None, tls: "Certificate | None", **more: Any
    ) -> None:
        self._options: dict[str, Any] = {"ident": "Post office", "hostname": "post.example.com"}
        if login:
            self._options |= {"authenticator": hall.authenticate, "auth_require_tls": False}
        if tls:
            self._options["tls_context"] = tls.context()
        super().__init__(hall, ready_timeout=20, **more)

    def factory(self) -> SMTP:
        return SMTP(self.handler, **self._options)


def _rules(folder: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads((folder / RULES).read_bytes())
    except FileNotFoundError:
        return []
    return found


def _put(file: Path, body: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_bytes(body)
    draft.replace(file)


def _read(file: Path) -> Mail:
    head, _, raw = file.read_bytes().partition(b"\r\n")
    more, _, raw = raw.partition(b"\r\n")
    sender, to = (line.decode().partition(": ")[2] for line in (head, more))
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(sender, to, message, raw)


# -- certificates ----------------------------------------------------------------------------------
class Certificate(NamedTuple):
    """A certificate that signs itself, and its key, in one file."""

    file: Path

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file)
        return made


def certificate(file: Path, *, host: str) -> Certificate:
    """For an address of this machine; whoever is to trust it names the file in SSL_CERT_FILE."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Post office")])
    now = datetime.now(UTC)  # noqa: TID251 - OpenSSL goes by the machine's clock
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return Certificate(file)


# -- a program of its own --------------------------------------------------------------------------
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.postoffice")
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--login", default="", metavar="NAME:PASSWORD")
    args = parser.parse_args()
    name, _, password = args.login.partition(":")
    end = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: end.set())
    with PostOffice(args.folder, port=args.port, login=(name, password) if name else None):
        _put(args.folder / READY, b"")
        end.wait()


if __name__ == "__main__":
    main()
