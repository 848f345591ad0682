"""A published site of one stay, with its key ring, as the edge finds it."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from edge_api.app import create_app
from guestlink import clock, links
from guestlink.crypto import KeyRing, new_keys, new_signing_key, write_keys
from guestlink.settings import Settings

SLUG = "Quay-side_0123456789aQ"
OTHER_SLUG = "Tomas-has-another-linQ"
MONTHS = timedelta(days=45)
PAGE = ("<!doctype html><title>Harbour House</title>" + "<p>The door is on the quay.</p>" * 300).encode()
SEITE = PAGE.replace(b"The door is on the quay.", "Die Tür ist am Kai.".encode())
GATE = b"<!doctype html><title>Welcome</title><p>A page for you.</p>"
NOT_THERE = b"<!doctype html><title>Nothing here</title>" + b"<p>Ask your host.</p>" * 60
LANDING = b"<!doctype html><title>Harbour House</title>"
STYLE = b"main { inline-size: 34rem } " * 80
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg">' + b'<path d="M0 0h9v9"/>' * 60 + b"</svg>"
PHOTO = bytes(range(256)) * 8
WORKER = b"addEventListener('fetch', () => {});" * 40
SITE = {
    "index.html": LANDING,
    "404.html": NOT_THERE,
    f"w/{SLUG}": GATE,
    f"w/_/{SLUG}/en.html": PAGE,
    f"w/_/{SLUG}/de.html": SEITE,
    f"w/_/{OTHER_SLUG}/en.html": PAGE,
    "w/sw.js": WORKER,
    "assets/welcome.0a1b2c3d.css": STYLE,
    "assets/p/00ff00ff00ff00ff.svg": PICTURE,
    "assets/p/11ee11ee11ee11ee.jpg": PHOTO,
    "staff/index.html": LANDING,
    "host/index.html": LANDING,
    ".lock": b"somebody publishes",
    f"w/_/{SLUG}/.en.html.4711": PAGE,
    f"w/.{SLUG}.4711": GATE,
}


class House:
    """One deployment in a folder; `sign` makes the queries that the publisher would print."""

    def __init__(self, home: Path, *, at: datetime) -> None:
        self.settings = Settings(home=str(home))
        self.at = at
        self.stored = new_keys(at)
        self.key_id = self.stored.signing_keys[0].id
        write_keys(self.settings.keys_file, self.stored)
        for path, body in SITE.items():
            self.put(path, body)

    @property
    def site(self) -> Path:
        return Path(self.settings.home, "data", "site")

    def put(self, path: str, body: bytes) -> None:
        file = self.site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def add_key(self) -> str:
        """`keys add`: one more key, and its id."""
        key = new_signing_key(self.at)
        self._write(msgspec.structs.replace(self.stored, signing_keys=(*self.stored.signing_keys, key)))
        return key.id

    def retire_key(self, key_id: str) -> None:
        kept = tuple(key for key in self.stored.signing_keys if key.id != key_id)
        self._write(msgspec.structs.replace(self.stored, signing_keys=kept))

    def _write(self, stored: object) -> None:
        self.stored = msgspec.convert(stored, type(self.stored), from_attributes=True)
        write_keys(self.settings.keys_file, self.stored)

    def sign(self, slug: str = SLUG, *, ends: datetime | None = None, key_id: str = "") -> str:
        """The signed query of a slug's pages."""
        name = key_id or self.key_id
        policy = links.policy_text(self.settings.public_url, slug, ends or self.at + MONTHS)
        return links.signed_query(policy, key=KeyRing(self.stored).signer(name), key_id=name)

    def page(self, language: str = "en", slug: str = SLUG, *, query: str | None = None) -> str:
        """The path of a page with its signed query."""
        return f"/{links.page_path(slug, language)}?{self.sign() if query is None else query}"

    def app(self, **changes: str) -> Litestar:
        return create_app(msgspec.structs.replace(self.settings, **changes), at=lambda: self.at)

    def client(self, **changes: str) -> TestClient[Litestar]:
        """A browser that asks for no compression unless told so."""
        client = TestClient(self.app(**changes))
        client.headers["Accept-Encoding"] = "identity"
        return client


def new_house(home: Path) -> House:
    return House(home, at=clock.now())
