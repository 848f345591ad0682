"""The staff board as an app on a home screen: one manifest for each language.

A phone from Apple tells nobody anything of a page that is not there.
"""

from typing import Final

import msgspec

from generator.parts.theme import Theme
from guestlink.language import LANGUAGES, N_, direction

SCOPE: Final = "/staff/"
PAPER: Final = "#faf6ee"
ICONS: Final = {"app-192.png": "192x192", "app-512.png": "512x512"}


def manifest_path(tag: str) -> str:
    return f"staff/{tag}.webmanifest"


def manifests(theme: Theme) -> dict[str, bytes]:
    """Path -> bytes of the manifest in every language."""
    return {manifest_path(tag): _manifest(theme, tag) for tag in LANGUAGES}


def _manifest(theme: Theme, tag: str) -> bytes:
    name = theme.catalogue(tag).text(N_("Staff board"))
    told = {
        "id": SCOPE,
        "name": name,
        "short_name": name,
        "lang": tag,
        "dir": direction(tag),
        "start_url": f"{SCOPE}{tag}.html",
        "scope": SCOPE,
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": f"/{theme.asset(name)}", "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes in ICONS.items()
            for purpose in ("any", "maskable")
        ],
    }
    return msgspec.json.encode(told)
