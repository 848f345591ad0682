"""What WhatsApp and Facebook see of a link that is sent: a card without a word of the stay, and no trace."""

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from guestlink import records
from tests.browser.conftest import Visits
from tests.browser.house import NAMES, PEOPLE, PHASES, SECRETS, Lodging
from tests.guest import through_gate
from tests.house import opened

pytestmark = pytest.mark.browser

AGENTS = {
    "WhatsApp": "WhatsApp/2.25.8.78 A",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "iMessage": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Telegram": "TelegramBot (like TwitterBot)",
}
WHO = ("ana", "jonas", "layla", "noah", "edith", "hannah", "cancelled")
SEEN_WITHIN = 10_000


class Card(HTMLParser):
    """The title and the named metas of a page: what a card is made from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: dict[str, str] = {}
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._in_title = tag == "title"
        if tag == "meta" and (name := found.get("property") or found.get("name")):
            self.words[name] = found.get("content") or ""

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.words["title"] = data
            self._in_title = False


def stay_words(house: Lodging, who: str) -> Iterator[str]:
    """Everything that would tell whose stay it is, where, when, or how to get in."""
    database, _ = opened(house.settings)
    with database.read() as db:
        stay = records.find_stay(db, who)
        periods = records.periods(db, stay)
    database.close()
    yield from (*SECRETS.values(), stay.id, stay.code)
    for name in (*NAMES.values(), *(each.name for each in PEOPLE.values())):
        yield from (name, name.partition(" ")[0])
    for period in periods:
        yield from (str(period.unit), period.title)
    for on in (stay.from_on, stay.until_on):
        yield from dates(on)


def dates(on: date) -> Iterator[str]:
    """A day as pages and machines write it."""
    yield from (
        f"{on:%Y-%m-%d}",
        f"{on:%Y%m%d}",
        f"{on:%d.%m.}",
        f"{on:%d/%m}",
        f"{on.day}. ",
        f"{on.day} {on:%B}",
    )
    yield f"{on:%B} {on.day}"


def leaks(house: Lodging, who: str, text: str) -> list[str]:
    lowered = re.sub(r"(?s)<style>.*?</style>", "", text).lower()
    return [
        word
        for word in stay_words(house, who)
        if re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", lowered)
    ]


def all_rows(house: Lodging) -> list[str]:
    """Every row of every table as text."""
    with closing(sqlite3.connect(house.settings.path("data/guestlink.db"))) as file:
        return list(file.iterdump())


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest, lodging: Lodging) -> Iterator[httpx.Client]:
    """A fetcher of previews: follows redirects, runs no script."""
    told = {"User-Agent": AGENTS[request.param], "Accept": "*/*"}
    with httpx.Client(base_url=lodging.settings.public_url, headers=told, follow_redirects=True) as client:
        yield client


@pytest.mark.parametrize("who", WHO)
def test_a_preview_holds_no_name_date_unit_or_code(lodging: Lodging, agent: httpx.Client, who: str) -> None:
    """Of the gate, of what it leads to, and of the picture if there is one."""
    before = all_rows(lodging)
    gate = agent.get(lodging.path(who))
    assert gate.status_code == httpx.codes.OK
    assert leaks(lodging, who, gate.text) == []
    way_on = through_gate(lambda path: agent.get(path).content, lodging.link(who))
    if way_on.startswith("/w/_/"):
        page = agent.get(way_on)
        assert page.status_code == httpx.codes.OK
        assert leaks(lodging, who, page.text) == []
    if picture := Card(gate.text).words.get("og:image"):
        assert urlsplit(picture).path.startswith("/assets/")
        assert agent.get(picture).status_code == httpx.codes.OK
    assert all_rows(lodging) == before


def test_every_stay_has_the_same_card(lodging: Lodging, agent: httpx.Client) -> None:
    cards = [Card(agent.get(lodging.path(phase)).text).words for phase in PHASES]
    assert all(card == cards[0] for card in cards)
    assert cards[0]["og:title"]
    assert cards[0]["robots"].startswith("noindex")


def test_the_way_on_tells_the_month_and_not_the_day_of_departure(
    lodging: Lodging, agent: httpx.Client
) -> None:
    way_on = through_gate(lambda path: agent.get(path).content, lodging.link("ana"))
    policy = parse_qs(urlsplit(way_on).query)["Policy"][0].translate(str.maketrans("-_~", "+=/"))
    told = json.loads(base64.b64decode(policy))
    (ends,) = re.findall(r'"AWS:EpochTime": ?(\d+)', json.dumps(told))
    moment = datetime.fromtimestamp(int(ends), UTC)
    assert moment.day == 1
    assert moment.date() - lodging.today > timedelta(days=28)


def test_a_preview_leaves_the_stay_unopened_and_a_guest_does_not(
    lodging: Lodging, agent: httpx.Client, visit: Visits
) -> None:
    """The guest is the control: an opening by somebody with the key is written down."""
    who = f"reader-{agent.headers['User-Agent'][:4]}".lower()
    lodging.add(who, "arriving")
    lodging.publish()
    agent.get(lodging.path(who))
    assert opened_on(lodging, who) is None
    page = visit(lodging.link(who))
    for _ in range(SEEN_WITHIN // 100):
        if opened_on(lodging, who):
            break
        page.wait_for_timeout(100)
    assert opened_on(lodging, who) == lodging.today
    expect(page.locator("#Codes")).to_be_visible()


def opened_on(house: Lodging, who: str) -> date | None:
    database, _ = opened(house.settings)
    with database.read() as db:
        link = records.stay_links(db, records.find_stay(db, who))[-1]
    database.close()
    return link.opened_on


@pytest.mark.parametrize(
    "planted", ["Ana", "583106", "Room {room}", "{arrival:%Y-%m-%d}", "{arrival.day} {arrival:%B}"]
)
def test_a_card_that_said_more_would_be_found(lodging: Lodging, planted: str) -> None:
    """The control: one word too many in the gate."""
    database, _ = opened(lodging.settings)
    with database.read() as db:
        room = records.periods(db, records.find_stay(db, "ana"))[0].title
    database.close()
    word = planted.format(room=str(room).removeprefix("Room "), arrival=lodging.today)
    gate = httpx.get(lodging.settings.public_url + lodging.path("ana")).text
    assert leaks(lodging, "ana", gate.replace("</title>", f" {word}</title>"))
