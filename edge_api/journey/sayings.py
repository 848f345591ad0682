"""What the house says by itself when something happens: a code has changed, somebody has a page of their own,
there is news. No file of the house says it; a notice's words are the notice's.
"""

from typing import Final

import msgspec
from markupsafe import escape

from edge_api.journey.plans import Text
from edge_api.journey.texts import Book
from guestlink import language
from guestlink.database import Reading
from guestlink.language import Catalogue
from guestlink.reach import Channel

CODES_CHANGED: Final = "codes-changed"
COMPANION_LINK: Final = "companion:link"
NOTICE: Final = "notice"
REACHED: Final[tuple[Channel, ...]] = ("whatsapp", "email")  # no paper: it would come too late, or to nobody


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice of the house's files in one language, as publishing left it."""

    language: str
    title: str
    html: str = ""
    text: str = ""
    digest: str = ""


def text(db: Reading, book: Book, key: str, *, wanted: str, words: Catalogue) -> Text | None:
    """The words of a message whose key has a colon; None when there is nothing left to say."""
    kind, _, rest = key.partition(":")
    if kind == CODES_CHANGED:
        return _codes_changed(key, book, words)
    if key == COMPANION_LINK:
        return _companion(key, book, words)
    notice_key = rest.partition(":")[0]
    found = notice(db, book, notice_key, wanted=wanted) if kind == NOTICE else None
    return _notice(key, found) if found else None


def notice(db: Reading, book: Book, key: str, *, wanted: str) -> Notice | None:
    """A notice in the language closest to the guest's."""
    rows = db.all("catalogue_of_key", property_id=book.house.id, kind=NOTICE, key=key)
    found = {str(row["language"]): row for row in rows}
    if not found:
        return None
    order = language.fallback_order(wanted, book.house.default_language, tuple(found))
    return msgspec.json.decode(found[order[0]]["body"], type=Notice)


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


def _notice(key: str, found: Notice) -> Text:
    return Text(
        key=key,
        language=found.language,
        subject=found.title,
        text=f"{found.title}\n\n{found.text}".strip(),
        html=found.html,
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
