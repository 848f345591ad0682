"""An e-mail from its letter: frame, guest link and headers become bytes that any mail server takes. Pure.

Plain words and HTML say the same. Neither a guest's name nor a code stands in a subject. A link is in here
only while the e-mail is on its way, and nothing is kept.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Final

import msgspec

from edge_api.messages import Letter, Sender, shortened

ADDRESS: Final = re.compile(r"""([^\s@<>()\[\],:;"\\\x00-\x1f\x7f]{1,64})@([^\s@<>()\[\],:;"\\]{1,253})\Z""")
DOMAIN: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
SLOT: Final = re.compile(r"@@([a-z]+)@@")
FOR_GUESTS: Final = re.compile(r"<!--unsubscribe-->(.*?)<!--/unsubscribe-->", re.DOTALL)
PREHEADER: Final = 110
UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
LONGEST_NAME: Final = 60
SEVEN_BITS: Final = SMTP.clone(cte_type="7bit")
ONE_CLICK: Final = "List-Unsubscribe=One-Click"  # RFC 8058


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What a house's e-mails look like, as publishing left it in the catalogue."""

    html: str = ""
    button: str = ""
    text_foot: str = ""


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on and around one letter: its id as Message-ID, who writes, where answers go, the guest
    link, and the address at which e-mails are stopped; the last two may be empty.
    """

    message_id: str
    house: str
    mail_from: str
    reply_to: str = ""
    to: Sender
    address: str
    at: datetime
    url: str = ""
    unsubscribe: str = ""

    def __repr__(self) -> str:
        return f"Cover({self.message_id}, hidden)"


NO_FRAME: Final = Frame()


def composed(letter: Letter, cover: Cover, frame: Frame = NO_FRAME) -> bytes:
    """The whole e-mail with CRLF line ends and no byte above 127; plain words alone without a frame."""
    mail = EmailMessage(SEVEN_BITS)
    mail["From"] = _address(cover.house, cover.mail_from)
    mail["To"] = _address(cover.to.name, cover.address)
    mail["Subject"] = _named(letter.subject)
    mail["Date"] = format_datetime(cover.at)
    mail["Message-ID"] = cover.message_id
    if cover.reply_to and cover.reply_to != cover.mail_from:
        mail["Reply-To"] = _address(cover.house, cover.reply_to)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    mail.set_content(plain(letter, cover, frame))
    if frame.html:
        mail.add_alternative(html(letter, cover, frame), subtype="html")
    if letter.language:
        mail["Content-Language"] = letter.language
    return _ways_to_stop(cover) + mail.as_bytes()


def plain(letter: Letter, cover: Cover, frame: Frame = NO_FRAME) -> str:
    """The words alone."""
    parts = [letter.greeting, letter.text.strip()]
    if cover.url:
        parts.append(f"{letter.button}\n{cover.url}" if letter.button else cover.url)
    foot = _for_whom(frame.text_foot, cover)
    said = "\n\n".join(part for part in parts if part) + "\n"
    return f"{said}\n{_filled(foot, {'unsubscribe': cover.unsubscribe})}" if foot else said


def html(letter: Letter, cover: Cover, frame: Frame) -> str:
    """The frame, filled in one go: nothing is looked for in what fills it."""
    told = {"url": escape(cover.url), "label": escape(letter.button or cover.url)}
    button = _filled(frame.button, told) if cover.url else ""
    values = {
        "subject": escape(_named(letter.subject)),
        "preheader": escape(shortened(" ".join(letter.text.split()), PREHEADER)),
        "greeting": escape(letter.greeting),
        "body": letter.html or _paragraphs(letter.text),
        "button": button,
        "foot": "",
        "unsubscribe": escape(cover.unsubscribe),
    }
    return _filled(_for_whom(frame.html, cover), values)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def message_id(mail_from: str, callback: str) -> str:
    """The Message-ID of an e-mail: our own id of it, at the domain that it comes from."""
    return f"<{callback}@{domain_of(mail_from)}>"


def checked_address(text: str) -> str:
    """An address as it goes on the wire, a domain with other letters in its ASCII form; empty when it is
    none, or has letters before the @ that only few servers take.
    """
    found = ADDRESS.match(text.strip())
    if not found or not found[1].isascii() or found[1].startswith(".") or found[1].endswith("."):
        return ""
    try:
        domain = found[2].encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{found[1]}@{domain}" if DOMAIN.fullmatch(domain) else ""


def _paragraphs(text: str) -> str:
    parts = [escape(part.strip()).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text)]
    return "\n".join(f"<p>{part}</p>" for part in parts if part)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return SLOT.sub(lambda found: values.get(found[1], ""), text)


def _for_whom(text: str, cover: Cover) -> str:
    """With the lines for guests, or without them when there is nothing to stop."""
    return FOR_GUESTS.sub(lambda found: found[1] if cover.unsubscribe else "", text)


def _address(name: str, address: str) -> Address:
    before, _, domain = address.rpartition("@")
    return Address(shortened(_named(name), LONGEST_NAME), before, domain)


def _named(text: str) -> str:
    """One line: a header has no line ends (RFC 5322, 2.2)."""
    return " ".join(UNPRINTABLE.sub(" ", text).split())


def _ways_to_stop(cover: Cover) -> bytes:
    """Headers for the buttons of mail programs that stop e-mails (RFC 2369, RFC 8058). An address must not be
    cut or encoded, so they are written here.
    """
    if not cover.unsubscribe:
        return b""
    ways = [f"<{cover.unsubscribe}>"]
    if cover.reply_to:
        ways.append(f"<mailto:{cover.reply_to}?subject=unsubscribe>")
    one_click = f"List-Unsubscribe-Post: {ONE_CLICK}\r\n" if cover.unsubscribe.startswith("https:") else ""
    told = ",\r\n ".join(ways)
    return f"List-Unsubscribe: {told}\r\n{one_click}".encode("ascii")
