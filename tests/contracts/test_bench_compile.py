"""The benchmark of compiling compares like with like: the same words, as many pages, nearly as many bytes."""

import base64
import html
import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import compile as bench
from bench.compiling import estate, peers
from generator.orders import Order
from generator.press import Press, open_press
from generator.publishing import publish
from generator.views import Opener, stay_views
from guestlink import records
from guestlink.crypto import PageSeal
from guestlink.settings import save_setting

AT = datetime(2026, 5, 4, 7, tzinfo=UTC)  # who leaves today has not left yet
STAYS = 24
SECTION = re.compile(r'<details id="([a-z]+)"[^>]*>(.*?)</details>', re.DOTALL)
SEALED = re.compile(r'<template data-sealed="(\w+)">([^<]+)</template>')


class Sites:
    """What Guest Link and the other programs made of the same few houses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir()
        settings = estate.build(home, stays=STAYS, houses=2, at=AT)
        settings = save_setting(settings, page_languages="guest", site_url="file:data/site")
        press = open_press(settings)
        with closing(press.database):
            publish(press, Order(), at=AT)
            peers.make(press, folder, at=AT)
            self.keys = _keys(press)
        self.ours = home / "data" / "site"
        for name in peers.FOLDERS:
            bench.peer(name, folder / name, self.site(name))

    def site(self, name: str) -> Path:
        return self.folder / f"site-{name}"

    def pages(self, site: Path) -> dict[str, bytes]:
        return {
            file.relative_to(site / "w" / "_").as_posix(): file.read_bytes()
            for file in (site / "w" / "_").glob("*/*.html")
        }


def _keys(press: Press) -> dict[str, bytes]:
    """K of every link, by slug."""
    opener = Opener(press.ring, public_url=press.site.public_url, key_id=press.site.key_id)
    found = {}
    with press.database.read() as db:
        for house in records.properties(db):
            content = press.content(house, from_files=True, at=AT).content
            for view in stay_views(db, house, at=AT):
                for page in peers.compose(view, content, press.site, at=AT):
                    found[view.link.slug] = opener.private(page).page_key
    return found


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return Sites(tmp_path_factory.mktemp("compile"))


def opened(page: bytes, path: str, key: bytes) -> str:
    """Our page with its sealed blocks in clear, as the others print them."""
    slug, tag = path.removesuffix(".html").split("/")

    def block(found: re.Match[str]) -> str:
        sealed = base64.b64decode(found[2])
        clear = PageSeal(key).open(sealed, slug=slug, language=tag, block=found[1]).decode()
        return f'<template data-sealed="{found[1]}">{clear}</template>'

    return SEALED.sub(block, page.decode())


def words(markup: str) -> str:
    """What somebody reads of it."""
    bare = re.sub(
        r"(?s)<(style|script|svg)\b.*?</\1>|<template data-stay>.*?</template>|<[^>]+>", " ", markup
    )
    return " ".join(re.sub(r"\s+([.,:;])", r"\1", " ".join(html.unescape(bare).split())).split())


def sections(markup: str) -> dict[str, str]:
    return {found[1]: words(found[2]) for found in SECTION.finditer(markup)}


@pytest.mark.parametrize("name", peers.FOLDERS)
def test_everybody_says_the_same_in_every_section_and_around_them(sites: Sites, name: str):
    ours, theirs = sites.pages(sites.ours), sites.pages(sites.site(name))
    assert ours.keys() == theirs.keys()
    assert len(ours) == STAYS
    for path, page in ours.items():
        mine = opened(page, path, sites.keys[path.partition("/")[0]])
        their = theirs[path].decode()
        assert sections(mine) == sections(their), path
        assert words(mine) == words(their), path


@pytest.mark.parametrize("name", peers.FOLDERS)
def test_pages_and_gates_weigh_the_same_within_a_tenth(sites: Sites, name: str):
    ours, theirs = sites.pages(sites.ours), sites.pages(sites.site(name))
    for path, page in ours.items():
        assert 0.9 < len(theirs[path]) / len(page) < 1.1, path
    gates = {file.name: file for file in (sites.ours / "w").iterdir() if file.is_file() and not file.suffix}
    assert len(gates) == STAYS
    for slug, file in gates.items():
        size = (sites.site(name) / "w" / f"{slug}.html").stat().st_size
        assert 0.9 < size / file.stat().st_size < 1.1, slug


def test_every_phase_is_among_the_pages(sites: Sites):
    bodies = sites.pages(sites.site("hugo")).values()
    found = {phase for body in bodies for phase in re.findall(rb'"phase":"(\w+)"', body)}
    assert found == {b"booked", b"arriving", b"in_house", b"departing", b"departed"}
