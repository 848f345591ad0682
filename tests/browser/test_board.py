"""The staff board in a real browser: who is in, what is asked, who has it; also when the house is away."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards, live, row, step
from tests.browser.house import Lodging
from tests.browser.inn import until

pytestmark = pytest.mark.browser

GUESTS = ("ana", "grace", "jonas", "noah", "hannah")
KEPT = "async () => Boolean(await caches.match('/staff/kept-0.json'))"
WORKS = "async () => Boolean(await navigator.serviceWorker.ready)"


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    return boards(visit, crew)


def guest(visit: Visits, house: Lodging, who: str) -> Page:
    page = visit(house.link(who))
    expect(page.locator("[data-slot=ask] form")).to_be_attached(timeout=PATIENCE)
    return page


def ask(page: Page, words: str) -> None:
    page.locator("#Services").evaluate("section => { section.open = true }")
    form = page.locator("[data-slot=ask] form")
    form.locator("[name=note]").fill(words)
    form.get_by_role("button").click()


def state(page: Page):
    return page.locator("[data-slot=requests] [data-is]").first


# -- together --------------------------------------------------------------------------------------------
def test_a_request_is_on_both_boards_and_each_sees_who_took_it_through_a_restart(
    lodging: Lodging, visit: Visits, board: Boards
) -> None:
    mira, tom, ana = board("Mira"), board("Tom", width=360), guest(visit, lodging, "ana")
    ask(ana, "Two bath towels")
    row(mira, "Two bath towels")
    step(row(tom, "Two bath towels"), "Accept")
    expect(row(mira, "Two bath towels").locator(".who")).to_have_text("Tom")
    lodging.stop()
    expect(mira.locator("[data-slot=line]")).to_contain_text("Offline since", timeout=PATIENCE)
    expect(row(mira, "Two bath towels").get_by_role("button", name="Done")).to_be_hidden()
    lodging.start()
    for page in (mira, tom):
        live(page)
    expect(state(ana)).to_have_attribute("data-is", "accepted", timeout=PATIENCE)
    step(row(mira, "Two bath towels"), "Done")
    expect(row(tom, "Two bath towels").locator(".who")).to_contain_text("done by")
    expect(state(ana)).to_have_attribute("data-is", "completed", timeout=PATIENCE)
    ask(ana, "And a pillow")
    for page in (mira, tom):
        row(page, "And a pillow")
        expect(page).to_have_title(re.compile(r"\(\d+\) Staff board"))


def test_who_was_slower_reads_who_was_faster(board: Boards, crew: Crew) -> None:
    mira, tom = board("Mira"), board("Tom")
    crew.ask(mira, "grace", "A taxi at nine")
    row(tom, "A taxi at nine")
    tom.context.route("**/api/house/changes**", lambda route: route.abort())
    tom.context.route("**/acceptance", lambda route: (accept(mira), route.continue_()))
    step(row(tom, "A taxi at nine"), "Accept")
    expect(row(tom, "A taxi at nine").get_by_role("alert")).to_contain_text("was faster and accepted this at")
    expect(row(tom, "A taxi at nine").locator(".who")).to_have_text("Mira")


def accept(page: Page) -> None:
    step(row(page, "A taxi at nine"), "Accept")
    expect(row(page, "A taxi at nine").locator(".who")).to_have_text("you")


def test_what_was_done_by_mistake_is_undone_beside_it(board: Boards, crew: Crew) -> None:
    mira = board("Mira")
    line = crew.ask(mira, "grace", "A cot")
    undo = line.get_by_role("button", name="Undo")
    for verb in ("Accept", "Done"):
        step(line, verb)
        undo.click()
        expect(line.locator(".who")).to_have_text("waits")
        step(line, "Accept")
    undo.focus()
    mira.keyboard.press("u")
    expect(line.locator(".who")).to_have_text("waits")


def test_what_the_house_promised_by_itself_waits_until_somebody_does_it(board: Boards, crew: Crew) -> None:
    mira, tom = board("Mira"), board("Tom")
    line = crew.ask(
        mira, "grace", "And no hot water", service="heating-trouble", fields={"what": "cold room"}
    )
    expect(line).to_have_attribute("data-weight", "fresh")
    expect(line.locator(".who")).to_have_text("Nobody has it")
    seen = row(tom, "And no hot water")
    seen.locator(".sum").click()
    expect(seen.locator(".history li")).to_have_count(2)
    step(line, "I will do it")
    expect(line.locator(".who")).to_have_text("you")
    expect(seen.locator(".who")).to_have_text("Mira")
    expect(seen.locator(".history")).to_contain_text("taken by \u2068Mira\u2069")
    step(line, "Done")


def test_what_could_not_be_sent_stands_as_before(board: Boards, crew: Crew) -> None:
    mira = board("Mira")
    line = crew.ask(mira, "grace", "An iron")
    mira.context.route("**/acceptance", lambda route: route.abort())
    step(line, "Accept")
    expect(line.get_by_role("alert")).to_contain_text("no connection to the house")
    step(line, "Accept")


# -- by keyboard -------------------------------------------------------------------------------------------
def test_a_shift_goes_by_keyboard_alone(lodging: Lodging, visit: Visits, board: Boards) -> None:
    mira, noah = board("Mira"), guest(visit, lodging, "noah")
    ask(noah, "A taxi on Sunday")
    line = row(mira, "A taxi on Sunday")
    press = mira.keyboard.press
    press("?")
    expect(mira.get_by_role("dialog")).to_contain_text("Next line")
    press("Escape")
    for _ in range(mira.locator(".row").count()):
        press("j")
        if line.locator(".sum").evaluate("button => button === document.activeElement"):
            break
    expect(line.locator(".sum")).to_be_focused()
    press("n")
    mira.keyboard.type("He waits in the hall")
    press("Tab")
    press("Enter")
    expect(line.locator(".history")).to_contain_text("He waits in the hall")
    press("w")
    press("T")
    press("Tab")
    press("Enter")
    expect(line.locator(".who")).to_contain_text("Tom")
    press("x")
    mira.keyboard.type("There is no taxi on Sundays.")
    press("Tab")
    press("Enter")
    expect(line.locator(".who")).to_contain_text("declined by")
    expect(state(noah)).to_contain_text("There is no taxi on Sundays.", timeout=PATIENCE)
    press("u")
    expect(line.locator(".who")).to_have_text("waits")


def test_keys_can_be_switched_off(board: Boards, crew: Crew) -> None:
    mira = board("Mira")
    line = crew.ask(mira, "grace", "A plug")
    mira.keyboard.press("?")
    mira.get_by_label("Keys are on").uncheck()
    mira.keyboard.press("Escape")
    mira.keyboard.press("a")
    expect(line.locator("[data-do=next]")).to_have_text("Accept")
    expect(line.locator(".sum")).not_to_be_focused()


# -- the line ----------------------------------------------------------------------------------------------
def test_tabs_share_one_stream_and_go_on_when_its_tab_closes(board: Boards, crew: Crew) -> None:
    first = board("Mira")
    theirs: list[str] = []  # streams of the other tabs

    def asked(request: Request) -> None:
        if "/api/house/live" in request.url and request.frame.page is not first:
            theirs.append(request.url)

    first.context.on("request", asked)
    others = [first.context.new_page() for _ in range(6)]  # six open streams would block the seventh call
    for page in others:
        page.goto(f"{crew.house.settings.public_url}/staff/en.html")
        expect(page.locator("#board")).to_be_visible(timeout=PATIENCE)
        live(page)
    assert theirs == []
    crew.ask(first, "grace", "A kettle")
    row(others[-1], "A kettle")
    first.close()
    crew.ask(others[0], "grace", "A second kettle")
    row(others[-1], "A second kettle")
    assert len(theirs) == 1


def test_where_streams_fail_the_board_asks_every_few_seconds(
    board: Boards, crew: Crew, visit: Visits
) -> None:
    tom, mira = board("Tom"), board("Mira")
    mira.context.route("**/api/house/live**", lambda route: route.fulfill(status=503))
    mira.reload()
    expect(mira.locator("[data-slot=line]")).to_have_text("Live, every few seconds", timeout=PATIENCE)
    crew.ask(tom, "grace", "A lamp")
    expect(mira.locator(".row").filter(has_text="A lamp")).to_have_count(1, timeout=6000)


def test_without_a_connection_the_board_is_read_and_says_of_when_it_is(board: Boards, crew: Crew) -> None:
    mira = board("Mira")
    crew.ask(mira, "grace", "A blanket")
    until(mira, KEPT, "")
    until(mira, WORKS, "")
    mira.reload()
    live(mira)
    mira.context.set_offline(True)
    expect(mira.locator("[data-slot=line]")).to_contain_text("Offline since")
    mira.reload()
    expect(mira.locator("[data-slot=stale]")).to_contain_text("This is how it was at")
    expect(row(mira, "A blanket").locator("[data-do=next]")).to_be_hidden()
    mira.context.set_offline(False)
    live(mira)
    step(row(mira, "A blanket"), "Accept")


def test_who_signs_out_leaves_nothing_behind_in_any_tab(board: Boards, crew: Crew) -> None:
    mira = board("Mira")
    crew.ask(mira, "grace", "A towel rail")
    until(mira, KEPT, "")
    other = mira.context.new_page()
    other.goto(f"{crew.house.settings.public_url}/staff/en.html")
    row(other, "A towel rail")
    mira.locator(".menu summary").click()
    mira.get_by_role("button", name="Sign out").click()
    for page in (mira, other):
        expect(page.get_by_label("Your phone number")).to_be_visible()
        expect(page.locator(".row, .talk-line, .stays .stay, .shift")).to_have_count(0)
        expect(page.locator(".top")).not_to_contain_text(re.compile("Mira|Live|Harbour"))
    assert not mira.evaluate(KEPT)
    mira.reload()
    expect(mira.get_by_label("Your phone number")).to_be_visible()


# -- coming in ---------------------------------------------------------------------------------------------
def test_a_link_lets_in_once_and_a_look_at_it_spends_nothing(visit: Visits, crew: Crew) -> None:
    visit.forgive("status of 401")
    link = crew.link("Mira")
    first, second = visit.phone().new_page(), visit.phone().new_page()
    for page in (first, second):
        page.goto(link)
        expect(page.locator("[data-form=link] button")).to_be_visible()
    first.locator("[data-form=link] button").click()
    expect(first.locator("#board")).to_be_visible()
    assert "#" not in first.url
    second.locator("[data-form=link] button").click()
    expect(second.get_by_role("alert")).to_contain_text("This link was used before, or is over.")
    expect(second.get_by_label("Your phone number")).to_be_visible()


def test_a_wrong_code_says_so_and_nobody_learns_who_works_here(visit: Visits, crew: Crew) -> None:
    visit.forgive("status of 401")
    page = visit.phone().new_page()
    page.goto(f"{crew.house.settings.public_url}/staff/")
    for phone in ("+44 7700 900101", "+44 7700 900999"):
        page.get_by_label("Your phone number").fill(phone)
        page.get_by_role("button", name="Send me a code").click()
        expect(page.get_by_role("alert")).to_contain_text("If this number belongs to somebody here")
        page.get_by_label("The code, six digits").fill("000000")
        page.locator("[data-form=code] button").click()
        expect(page.get_by_role("alert")).to_contain_text("This code does not count.")


@pytest.mark.parametrize("language", ["de", "ar", "ja"])
def test_the_door_leads_to_the_board_in_ones_own_language(language: str, visit: Visits, crew: Crew) -> None:
    visit.forgive("status of 401")
    page = visit.phone(locale=language).new_page()
    page.goto(f"{crew.house.settings.public_url}/staff/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("[data-form=phone]")).to_be_visible()


# -- today -------------------------------------------------------------------------------------------------
def test_a_room_made_ready_is_so_on_every_board(lodging: Lodging, board: Boards) -> None:
    lodging.run("stay", "set", "hannah", "--not-ready")
    mira, tom = board("Mira"), board("Tom")
    at_mira, at_tom = (
        page.locator("[data-slot=today-arrivals] .stay").filter(has_text="Hannah") for page in (mira, tom)
    )
    expect(at_tom).to_contain_text("Room not ready")
    at_mira.get_by_role("button").click()
    expect(at_tom).to_contain_text("Room ready")
    at_mira.get_by_role("button").click()
    expect(at_tom).to_contain_text("Room not ready")


def test_what_a_shift_leaves_is_read_by_the_next(board: Boards) -> None:
    mira, tom = board("Mira"), board("Tom")
    mira.get_by_role("button", name="Write a note").click()
    mira.get_by_label("What the next shift has to know").fill("The boiler hums. <b>Leave it.</b>")
    mira.get_by_role("button", name="Keep the note").click()
    expect(tom.locator(".shift")).to_contain_text("The boiler hums. <b>Leave it.</b>")
    expect(tom.locator(".shift")).to_contain_text("Mira")
