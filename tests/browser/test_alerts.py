"""The staff board tells that something has come: by its browser, by a sound, by a number on its icon.

No push service can be reached from here, so a browser's subscription is made up; all else of it is real.
"""

import json
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from edge_api import duty, pushes
from guestlink import clock
from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards, live, row, step
from tests.browser.house import Lodging
from tests.browser.test_accessibility import axe, violations
from tests.house import opened
from tests.push_service import KEY

pytestmark = pytest.mark.browser

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)
SUBSCRIBES = """
const keys = { p256dh: "THE KEY", auth: "BTBZMqHH6r4Tts7J_aSIgg" };
const made = { endpoint: "https://push.example.com/" + Math.random(), keys, expirationTime: null };
let now = null;
PushManager.prototype.getSubscription = async () => now;
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => (now = {
  options: { userVisibleOnly, applicationServerKey: applicationServerKey.buffer },
  toJSON: () => made,
  unsubscribe: async () => (now = null, true),
});
""".replace("THE KEY", KEY)
HEARS = """
const begin = OscillatorNode.prototype.start;
window.heard = [];
OscillatorNode.prototype.start = function (at) {
  heard.push(this.frequency.value);
  begin.call(this, at);
};
navigator.setAppBadge = async (count) => (window.badge = count);
"""
SHOWN = "async () => (await registration.getNotifications()).map(({ title, tag }) => [title, tag])"
NAME = "async () => (await (await fetch(document.querySelector('link[rel=manifest]').href)).json()).name"
WITHOUT = "delete window.PushManager"
DENIED = """
Notification.requestPermission = async () => "denied";
"""
UNREACHED = """
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = () => Promise.reject(new DOMException("Registration failed", "AbortError"));
"""
FRESH, URGENT = [660, 880], [880, 660, 880, 660]


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    """`board("Mira")` signs her in in a browser that can subscribe and tells what sounds."""
    boards(visit, crew)

    def board(name: str, *scripts: str, **told: Any) -> Page:
        context = visit.phone(**{"width": 1280, "height": 800, "permissions": ["notifications"], **told})
        for script in (HEARS, *(scripts or (SUBSCRIBES,))):
            context.add_init_script(script)
        return crew.sign_in(context, name)

    return board


def switch(page: Page, name: str):
    """Opens the menu; one of its switches."""
    menu = page.locator(".menu")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    return page.get_by_label(name)


def close(page: Page) -> None:
    page.keyboard.press("Escape")


def head(page: Page) -> list[str]:
    """What axe-core has against the head with its open menu, which covers the rest."""
    page.evaluate(axe())
    found: list[str] = page.evaluate("async () => (await axe.run('.top')).violations.map(({ id }) => id)")
    return found


def listening(house: Lodging, name: str) -> int:
    """How many browsers of somebody are told."""
    database, ring = opened(house.settings)
    with database.read() as db:
        user = duty.find_user(db, ring, name)
        found = pushes.sessions_told(db, user.id, at=clock.now())
    database.close()
    return len(found)


class Pusher:
    """Hands a push to the worker of a page, as a browser does when its service has one."""

    def __init__(self, page: Page) -> None:
        page.evaluate("async () => { await navigator.serviceWorker.ready }")
        self._page = page
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._found: list[dict] = []
        self._cdp.on(
            "ServiceWorker.workerRegistrationUpdated", lambda told: self._found.extend(told["registrations"])
        )
        self._cdp.send("ServiceWorker.enable")

    def shows(self, *wanted: list[str]) -> None:
        """Waits until the browser shows just this: titles and what they are about."""
        (worker,) = self._page.context.service_workers
        found: list[list[str]] = []
        for _ in range(PATIENCE // 50):
            found = worker.evaluate(SHOWN)
            if found == list(wanted):
                return
            self._page.wait_for_timeout(50)
        assert found == list(wanted)

    def __call__(self, **note: object) -> None:
        told = {
            "title": "A new request, Room 1",
            "body": "Harbour House",
            "urgent": False,
            "lang": "en",
            "dir": "ltr",
            **note,
        }
        while not self._found:
            self._page.wait_for_timeout(50)
        site = "/".join(self._page.url.split("/")[:3])
        self._cdp.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": site, "registrationId": self._found[-1]["registrationId"], "data": json.dumps(told)},
        )


# -- by the browser ------------------------------------------------------------------------------------
def test_who_turns_it_on_is_told_while_the_board_is_closed_and_led_to_the_line(
    lodging: Lodging, board: Boards, crew: Crew, visit: Visits
) -> None:
    mira = board("Mira")
    line = crew.ask(mira, "grace", "Something for the night")
    about = f"request={line.get_attribute('data-id')}"
    tell = switch(mira, "Tell me when something comes")
    assert head(mira) == []
    tell.check()
    expect(mira.locator("[data-slot=tell-told]")).to_have_text(
        "You are told on this device, also while the board is closed."
    )
    assert listening(lodging, "Mira") == 1
    assert head(mira) == []
    close(mira)
    push, site = Pusher(mira), mira.url.partition("/staff/")[0]
    push(about="request=other")
    push(about=about, title="Urgent: a new request, Room 1", urgent=True)
    push.shows(["Urgent: a new request, Room 1", about])
    (worker,) = mira.context.service_workers
    worker.evaluate("about => lead(about)", about)
    expect(line.locator(".sum")).to_be_focused()
    expect(line.locator(".sum")).to_have_attribute("aria-expanded", "true")
    visit.forgive("status of 404")  # nobody has written in this house
    worker.evaluate("about => lead(about)", "talk=01a203df-e148-7c92-8119-6773653d612b")
    expect(mira.locator("#pane")).to_be_visible()
    mira.goto("about:blank")
    for title in ("A new request, Room 1", "Nobody has it yet: a request, Room 1"):
        push(about=about, title=title)
    push.shows(["Nobody has it yet: a request, Room 1", about])
    mira.goto(f"{site}/staff/#{about}")
    expect(row(mira, "Something for the night").locator(".sum")).to_be_focused(timeout=PATIENCE)
    push.shows()
    assert "#" not in mira.url


def test_a_browser_is_told_for_who_is_signed_in_there_and_for_nobody_else(
    lodging: Lodging, board: Boards, crew: Crew
) -> None:
    mira = board("Mira")
    switch(mira, "Tell me when something comes").check()
    expect(mira.locator("[data-slot=tell-told]")).to_be_visible()
    before = listening(lodging, "Mira")
    mira.get_by_role("button", name="Sign out").click()
    expect(mira.locator("#entry")).to_be_visible()
    assert listening(lodging, "Mira") == before - 1
    assert listening(lodging, "Tom") == 0
    mira.goto(crew.link("Tom").replace("/staff/", "/staff/en.html"))
    mira.reload()  # only what follows the # was new
    mira.locator("[data-form=link] button").click()
    live(mira)
    expect(switch(mira, "Tell me when something comes")).to_be_checked()
    assert listening(lodging, "Tom") == 1
    switch(mira, "Tell me when something comes").uncheck()
    expect(switch(mira, "Tell me when something comes")).to_be_enabled()
    assert listening(lodging, "Tom") == 0


@pytest.mark.parametrize(
    ("script", "told", "words"),
    [
        (DENIED, {}, "Allow notifications for this page"),
        (WITHOUT, {"user_agent": IPHONE}, "add this page to the home screen first"),
        (WITHOUT, {}, "Try another one"),
        (UNREACHED, {}, "push service does not answer"),
    ],
)
def test_what_stands_in_the_way_is_said_in_words(
    board: Boards, script: str, told: dict[str, Any], words: str
) -> None:
    mira = board("Mira", script, **told)
    switch(mira, "Tell me when something comes").click()
    expect(mira.locator("[data-slot=tell-told]")).to_contain_text(words)
    expect(switch(mira, "Tell me when something comes")).not_to_be_checked()


def test_the_board_can_be_put_on_a_home_screen_in_every_language(board: Boards) -> None:
    mira = board("Mira")
    cdp, names = mira.context.new_cdp_session(mira), set()
    for tag in ("en", "ar", "ja"):
        mira.goto(mira.url.partition("/staff/")[0] + f"/staff/{tag}.html")
        live(mira)
        assert cdp.send("Page.getAppManifest")["errors"] == []
        told = cdp.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [each["errorId"] for each in told if each["errorId"] != "in-incognito"] == []
        names.add(mira.evaluate(NAME))
        assert mira.locator("#board h1").text_content() in names
    assert len(names) == 3


# -- by a sound ----------------------------------------------------------------------------------------
def test_what_comes_sounds_and_what_is_urgent_again_each_minute_until_somebody_has_it(
    board: Boards, crew: Crew
) -> None:
    mira, tom = board("Mira"), board("Tom")
    mira.clock.install()
    crew.ask(tom, "grace", "Something silent")
    row(mira, "Something silent")
    assert mira.evaluate("heard") == []
    switch(mira, "Sound").check()
    sounds(mira, FRESH)
    close(mira)
    crew.ask(tom, "grace", "Something soft")
    row(mira, "Something soft")
    sounds(mira, FRESH * 2)
    crew.ask(mira, "grace", "Of her own")
    line = crew.ask(tom, "grace", "Cold in here", urgent=True)
    sounds(mira, FRESH * 2 + URGENT)
    mira.clock.fast_forward(61_000)
    sounds(mira, FRESH * 2 + URGENT * 2)
    live(tom)
    step(line, "Accept")
    expect(row(mira, "Cold in here").locator(".who")).to_have_text("Tom", timeout=PATIENCE)
    mira.clock.fast_forward(61_000)
    mira.clock.fast_forward(61_000)
    assert mira.evaluate("heard") == FRESH * 2 + URGENT * 2
    waiting = mira.title().partition(")")[0].lstrip("(")
    assert mira.evaluate("String(badge)") == waiting


def test_the_board_says_that_the_browser_keeps_it_silent_until_it_is_touched(board: Boards) -> None:
    mira = board("Mira")
    switch(mira, "Sound").check()
    close(mira)
    expect(mira.locator("[data-slot=sound-told]")).to_be_hidden()
    mira.reload()
    live(mira)
    expect(mira.locator("[data-slot=sound-told]")).to_have_text(
        "The browser keeps the sound off until you tap this page once."
    )
    assert violations(mira) == []
    mira.locator("h2").first.click()
    expect(mira.locator("[data-slot=sound-told]")).to_be_hidden()


def sounds(page: Page, notes: list[int]) -> None:
    page.wait_for_function("notes => String(heard) === String(notes)", arg=notes, timeout=PATIENCE)
