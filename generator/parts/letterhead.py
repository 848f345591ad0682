"""What stands around a house's mails in one language: HTML and plain words with slots for the edge.

A slot is `@@name@@`. Whoever fills them does so in one go, so that nothing is looked for in what fills one.
It knows no guest and no message.
"""

from typing import Final

import msgspec

from generator.files.host_content import HostContent
from generator.parts import tints
from generator.parts.theme import ACCENT, Theme
from generator.parts.wording import Wording, dialled
from guestlink.language import isolate

# The page's colours (page.css) as mail programs take them: by day, by night.
DAY: Final = {
    "paper": "#fbf7ef",
    "table": "#f0eadf",
    "ink": "#291f18",
    "soft": "#594e43",
    "line": "#d5cdc0",
}
NIGHT: Final = {
    "paper": "#1c1915",
    "table": "#120f0c",
    "ink": "#e6e1d6",
    "soft": "#b1aa9e",
    "line": "#3f3a33",
}


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """The slots of `html` are subject, preheader, greeting, body, button and foot, those of `button` url and
    label. What lies between `<!--unsubscribe-->` and `<!--/unsubscribe-->`, in `html` and in `text_foot`, is
    for guests alone and has the slot unsubscribe, an address.
    """

    html: str
    button: str
    text_foot: str


def letterhead(theme: Theme, content: HostContent, wording: Wording) -> Letterhead:
    """The frame of a house's mails in the language of the wording."""
    accent = content.accent or ACCENT
    values: dict[str, object] = {
        "start": "right" if wording.direction == "rtl" else "left",
        "day": _tinted(DAY, accent, contrast=4.5),
        "night": _tinted(NIGHT, accent, contrast=7),
        "name": wording.words.name,
        "tagline": wording.words.tagline,
        "words_lang": wording.lang(wording.words.language),
        "phone": content.phone,
        "tel": dialled(content.phone),
    }
    filled = theme.molds.filled
    return Letterhead(
        html=_lean(str(filled("mail.html", wording.speech, values))),
        button=_lean(str(filled("mail_button.html", wording.speech, values))),
        text_foot=_text_foot(content, wording),
    )


def _tinted(colours: dict[str, str], accent: str, *, contrast: float) -> dict[str, str]:
    """The colours with that of links and buttons; what stands on a button has the paper's."""
    return {**colours, "tone": tints.readable(accent, on=colours["paper"], contrast=contrast)}


def _text_foot(content: HostContent, wording: Wording) -> str:
    t, name = wording.t, wording.words.name
    phone = isolate(content.phone) if wording.direction == "rtl" else content.phone
    lines = [
        "-- ",  # RFC 3676, 4.3
        " · ".join([name, *([phone] if phone else [])]),
        "<!--unsubscribe-->" + t("You get this because you have a booking at {house}.", house=name),
        t("Stop these e-mails"),
        "@@unsubscribe@@<!--/unsubscribe-->",
    ]
    return "\n".join(lines) + "\n"


def _lean(html: str) -> str:
    """Without the indentation and the empty lines that only people need."""
    return "\n".join(line for line in map(str.strip, html.split("\n")) if line) + "\n"
