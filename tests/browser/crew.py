"""People of a house at the staff board, each in a browser of their own, and guests who ask for something."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

from edge_api import duty
from edge_api.sign_in import invitations
from guestlink import clock
from guestlink.records import find_stay
from tests.browser.conftest import Visits
from tests.browser.house import SLUG, Lodging
from tests.house import opened as records_of

PEOPLE = {"Mira": "+44 7700 900101", "Tom": "+44 7700 900102"}
PATIENCE = 30_000  # milliseconds
AWAY = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INTERNET_DISCONNECTED",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "ERR_FAILED",
    "status of 401",
    "status of 409",
    "status of 503",
)
CHOOSE = "location.host && localStorage.setItem('guestlink:staff:language', 'LANGUAGE')"
ASK = """async ([stay, note, key, more]) => (await fetch("/api/house/requests", {
  method: "POST",
  headers: { "content-type": "application/json", "idempotency-key": key },
  body: JSON.stringify({ stay_id: stay, note, ...more }),
})).status"""


class Crew:
    """Mira and Tom of the house."""

    def __init__(self, house: Lodging) -> None:
        self.house = house
        self._asked = 0
        for name, phone in PEOPLE.items():
            house.run("staff", "add", name, "--phone", phone, "--property", SLUG)

    def link(self, name: str) -> str:
        """A new link for somebody to sign in by."""
        database, ring = records_of(self.house.settings)
        url, at = self.house.settings.public_url, clock.now()
        with database.write() as tx:
            every = (member.user for member in duty.members(tx, self.house.house))
            user = next(user for user in every if duty.opened(ring, user).name == name)
            link = invitations.invite(tx, user, public_url=url, at=at, by="test")
        database.close()
        return link

    def sign_in(self, context: BrowserContext, name: str, *, language: str = "en") -> Page:
        """The board of somebody, live."""
        if language != "en":
            context.add_init_script(CHOOSE.replace("LANGUAGE", language))
        page = context.new_page()
        page.goto(self.link(name).replace("/staff/", f"/staff/{language}.html"))
        page.locator("[data-form=link] button").click()
        expect(page.locator("#board")).to_be_visible(timeout=PATIENCE)
        live(page)
        return page

    def ask(self, page: Page, who: str, note: str, *, shows: bool = True, **more: object) -> Locator:
        """Somebody writes down what a guest wants; the line of it on their board, once it is there.
        `more` are further fields of the wish.
        """
        database, _ = records_of(self.house.settings)
        with database.read() as db:
            stay = find_stay(db, who)
        database.close()
        self._asked += 1
        assert page.evaluate(ASK, [stay.id, note, f"key-number-{self._asked:04}", more]) == 201
        return row(page, note) if shows else page.locator(".row").filter(has_text=note)


def row(page: Page, words: str) -> Locator:
    """The line of a request on a board."""
    found = page.locator(".row").filter(has_text=words)
    expect(found).to_have_count(1, timeout=PATIENCE)
    return found


def live(page: Page) -> None:
    expect(page.locator("[data-slot=line]")).to_have_attribute("data-is", "live", timeout=PATIENCE)


def step(line: Locator, verb: str) -> None:
    """Taps the likely next step of a line, which is called so."""
    button = line.locator("[data-do=next]")
    expect(button).to_have_text(verb)
    button.click()


Boards = Callable[..., Page]


def boards(visit: Visits, crew: Crew) -> Boards:
    """`board("Tom", width=360)` signs somebody in in a browser of their own."""
    for text in AWAY:
        visit.forgive(text)

    def board(name: str, *, language: str = "en", **context: object) -> Page:
        return crew.sign_in(visit.phone(**{"width": 1440, "height": 900, **context}), name, language=language)

    return board
