"""What the house says by itself when something happens: a code has changed, somebody has a page of their own,
there is news. No file of the house says it; a notice's words are the notice's.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec
from markupsafe import escape

from edge_api.journey.plans import Text
from edge_api.journey.texts import Book
from guestlink import language
from guestlink.database import Reading
from guestlink.language import N_, Catalogue
from guestlink.reach import Channel

CODES_CHANGED: Final = "codes-changed"
COMPANION_LINK: Final = "companion:link"
NOTICE: Final = "notice"
AT_ANY_HOUR: Final = N_("Somebody of the house wants it said at once.")  # the reason of a planned notice
SECRET_IN_TEXT: Final = re.compile(r"\[\[[a-z0-9_-]+\]\]")
SECRET_IN_HTML: Final = re.compile(r'<span data-secret="[a-z0-9_-]+"></span>')
REACHED: Final[tuple[Channel, ...]] = ("whatsapp", "email")  # no paper: it would come too late, or to nobody


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice of the house's files in one language, as publishing left it; both days are included."""

    language: str
    title: str
    html: str = ""
    text: str = ""
    units: tuple[str, ...] = ()
    shown_from: date
    shown_until: date
    important: bool = False


def text(db: Reading, book: Book, key: str, *, wanted: str, words: Catalogue) -> Text | None:
    """The words of a message whose key has a colon; None when there is nothing left to say."""
    kind, _, rest = key.partition(":")
    if kind == CODES_CHANGED:
        return _codes_changed(key, book, words)
    if key == COMPANION_LINK:
        return _companion(key, book, words)
    named, _, digest = rest.partition(":")
    found = versions(db, book, named) if kind == NOTICE else {}
    if digest not in {digest_of(each) for each in found.values()}:
        return None  # other words than those that somebody has looked at
    return _notice(key, closest(found, book, wanted), words)


def versions(db: Reading, book: Book, key: str) -> dict[str, Notice]:
    """A notice by language; nothing when it is not published."""
    rows = db.all("catalogue_of_key", property_id=book.house.id, kind=NOTICE, key=key)
    return {str(row["language"]): msgspec.json.decode(row["body"], type=Notice) for row in rows}


def closest(found: Mapping[str, Notice], book: Book, wanted: str) -> Notice:
    """A notice in the language closest to the guest's."""
    return found[language.fallback_order(wanted, book.house.default_language, tuple(found))[0]]


def notice_key(key: str, told: Notice) -> str:
    """The key of a message: the same words are the same message."""
    return f"{NOTICE}:{key}:{digest_of(told)}"


def digest_of(told: Notice) -> str:
    return hashlib.sha256(f"{told.title}\0{told.text}".encode()).hexdigest()[:12]


def _codes_changed(key: str, book: Book, words: Catalogue) -> Text:
    t, house = words.text, book.name(words.language).name
    return _said(
        key,
        words,
        t("A code has changed"),
        t("A code of your room at {house} has changed. Your page shows the new one.", house=house),
        template="codes_changed",
    )


def _companion(key: str, book: Book, words: Catalogue) -> Text:
    t, house = words.text, book.name(words.language).name
    return _said(
        key,
        words,
        t("Your page for {house}", house=house),
        t(
            "Somebody who travels with you to {house} gave us your address. This is your own page for the "
            "stay: arrival, Wi-Fi, the house and what is nearby.",
            house=house,
        ),
        template="companion_link",
    )


def _notice(key: str, found: Notice, words: Catalogue) -> Text:
    """A code that its text names stays on the page."""
    see = words.text("(see your codes)")
    return Text(
        key=key,
        language=found.language,
        subject=found.title,
        text=f"{found.title}\n\n{SECRET_IN_TEXT.sub(see, found.text)}".strip(),
        html=SECRET_IN_HTML.sub(str(escape(see)), found.html),
        channels=REACHED,
        template="house_notice",
        what=found.title,
    )


def _said(key: str, words: Catalogue, subject: str, says: str, *, template: str) -> Text:
    return Text(
        key=key,
        language=words.language,
        subject=subject,
        text=says,
        html=f"<p>{escape(says)}</p>",
        channels=REACHED,
        template=template,
        at_any_hour=True,  # planning has settled the hour
    )
