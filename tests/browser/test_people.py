"""Who is at the board: how they come in, who goes on after them on the same device, and the end of it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards, live, row
from tests.browser.house import Lodging
from tests.browser.inn import until

pytestmark = pytest.mark.browser

KEPT = "async () => Boolean(await caches.match('/staff/kept-0.json'))"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    lodging.run("staff", "add", "Kerensa", "--role", "host", "--property", "harbour-house")
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    return boards(visit, crew)


def menu(page: Page, words: str) -> None:
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_role("button", name=words).click()


def account(page: Page) -> Locator:
    menu(page, "How you sign in")
    return page.get_by_role("dialog", name="How you sign in")


def set_pin(page: Page, pin: str, answer: str) -> None:
    dialog = account(page)
    dialog.get_by_label("Four to eight digits").fill(pin)
    dialog.get_by_role("button", name="Set a PIN").click()
    expect(dialog.get_by_text(answer)).to_be_visible()
    dialog.get_by_role("button", name="Close").click()


def go_on(page: Page, name: str, pin: str) -> Locator:
    dialog = page.get_by_role("dialog", name="Somebody else")
    if not dialog.is_visible():
        menu(page, "Somebody else")
    dialog.get_by_label(name).check()
    dialog.get_by_label("PIN").fill(pin)
    dialog.get_by_role("button", name="Go on").click()
    return dialog


def test_on_a_shared_device_somebody_else_goes_on_and_nothing_of_the_first_is_left(
    board: Boards, crew: Crew, visit: Visits
) -> None:
    visit.forgive("status of 422")
    page = board("Mira", width=360, height=760)
    set_pin(page, "1234", "Somebody would guess this one first.")
    set_pin(page, "2718", "On this device, this PIN brings you back.")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(crew.link("Tom"))
    page.locator("[data-form=link] button").click()
    live(page)
    line = crew.ask(page, "grace", "A kite")
    line.locator(".sum").click()
    line.locator(".verbs [data-do=note]").click()
    line.locator("textarea").fill("Tom's own words")
    until(page, KEPT, "")
    other = page.context.new_page()
    other.goto(page.url)
    row(other, "A kite")
    go_on(page, "Mira", "2719")
    expect(page.get_by_role("alert")).to_contain_text("This PIN does not count.")
    go_on(page, "Mira", "2718")
    for tab in (page, other):
        expect(tab.locator("[data-slot=me]")).to_have_text("Mira", timeout=PATIENCE)
        live(tab)
        row(tab, "A kite")
    assert "Tom's own words" not in page.content()


def test_after_five_wrong_ones_a_pin_is_gone_and_the_board_says_what_helps(board: Boards, crew: Crew) -> None:
    page = board("Mira")
    set_pin(page, "3141", "On this device, this PIN brings you back.")
    page.context.clear_cookies(name="guestlink-staff")
    page.goto(crew.link("Tom"))
    page.locator("[data-form=link] button").click()
    live(page)
    for _ in range(4):
        dialog = go_on(page, "Mira", "9990")
        expect(dialog.get_by_role("alert")).to_contain_text("After five wrong ones in a row it is gone.")
    go_on(page, "Mira", "9990")
    expect(dialog.get_by_role("alert")).to_contain_text("is gone after five wrong ones. A code or a link")
    expect(dialog.get_by_label("PIN")).to_be_hidden()


def test_a_passkey_lets_in_until_it_is_removed(board: Boards) -> None:
    page = board("Mira")
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    dialog = account(page)
    dialog.get_by_role("button", name="Add a passkey").click()
    expect(dialog.get_by_text("Next time, use the passkey.")).to_be_visible()
    expect(dialog.locator("[data-slot=passkeys]")).to_contain_text("Not used yet.")
    dialog.get_by_role("button", name="Close").click()

    def out_and_in() -> None:
        page.locator(".menu summary").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Use a passkey").click()

    out_and_in()
    live(page)
    dialog = account(page)
    expect(dialog.locator("[data-slot=sessions]")).to_contain_text("by a passkey")
    expect(dialog.locator("[data-slot=passkeys]")).to_contain_text("Last used on")
    dialog.get_by_role("button", name="Remove: Passkey 1").click()
    expect(dialog.locator("[data-slot=passkeys] li")).to_have_count(0)
    dialog.get_by_role("button", name="Close").click()
    out_and_in()
    expect(page.get_by_role("alert")).to_have_text("This passkey opens nothing here. Sign in by code.")


def test_where_somebody_is_signed_in_is_seen_and_ended(board: Boards) -> None:
    page, elsewhere, third = (board("Tom") for _ in range(3))
    dialog = account(page)
    lines = dialog.locator("[data-slot=sessions] li")
    expect(lines.first).to_contain_text("This device")
    count = lines.count()
    assert count >= 3
    lines.nth(1).get_by_role("button").click()
    expect(lines).to_have_count(count - 1)
    dialog.get_by_role("button", name="Sign out everywhere else").click()
    expect(lines).to_have_count(1)
    for gone in (elsewhere, third):
        gone.reload()
        expect(gone.get_by_label("Your phone number")).to_be_visible()
    lines.get_by_role("button").click()
    expect(page.get_by_label("Your phone number")).to_be_visible()


def test_who_runs_the_house_lets_a_colleague_in_and_signs_them_out(
    board: Boards, crew: Crew, visit: Visits
) -> None:
    host = board("Kerensa")
    menu(host, "Let somebody in")
    dialog = host.get_by_role("dialog", name="Let somebody in")
    tom = dialog.locator("[data-slot=colleagues] > li").filter(has_text="Tom")
    tom.get_by_role("button", name="Make a link").click()
    expect(tom.get_by_role("textbox")).to_be_visible()
    link = tom.get_by_role("textbox").input_value()
    page = visit.phone().new_page()
    page.goto(link)
    page.locator("[data-form=link] button").click()
    expect(page.locator("[data-slot=me]")).to_have_text("Tom", timeout=PATIENCE)
    page.locator(".menu summary").click()
    expect(page.locator(".menu").get_by_role("button", name="Let somebody in")).to_be_hidden()
    tom.get_by_role("button", name="Where they are signed in").click()
    expect(tom.locator("[data-of=theirs] li")).not_to_have_count(0)
    tom.get_by_label("Forget passkeys and PINs").check()
    tom.get_by_role("button", name="Sign out everywhere").click()
    expect(tom.get_by_text("is signed out everywhere.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your phone number")).to_be_visible()
    host.keyboard.press("Escape")
    menu(host, "Let somebody in")
    assert link not in host.content()
