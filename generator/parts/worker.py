"""The service worker `w/sw.js`: one script for all guests, with what it says itself in every language inside.

It is written in the theme; here it gets its sentences, its one small page and that page's policy.
"""

from typing import Final

from markupsafe import escape

from generator.parts.theme import Theme, source_hash
from guestlink.language import LANGUAGES, N_

PATH: Final = "w/sw.js"
SAID: Final = {
    "away": N_(
        "There is no connection, and this page is not on your phone. Try again when you have a signal."
    ),
    "over": N_("Your stay is over. This page is no longer on your phone."),
    "moved": N_("This link has changed. One moment, please."),
}
_POLICY: Final = (
    "default-src 'none'; img-src data:; script-src {}; style-src {}; base-uri 'none'; frame-ancestors 'none'"
)


def worker(theme: Theme) -> dict[str, bytes]:
    """The path and bytes of the worker; equal themes give equal bytes, so no phone updates for nothing."""
    style, script = theme.gate_style(), theme.small_page_script()
    template = theme.environment.get_template
    body = template("sw.js").render(
        said={tag: _said(theme, tag) for tag in LANGUAGES},
        small_page=template("small.html").render(style=style, script=script),
        small_policy=_POLICY.format(source_hash(script), source_hash(style)),
    )
    return {PATH: body.encode()}


def _said(theme: Theme, tag: str) -> dict[str, str]:
    t = theme.catalogue(tag).text
    return {name: str(escape(t(message))) for name, message in SAID.items()}
