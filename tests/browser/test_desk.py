"""What a guest asks from the page: sent once, whatever the line does; shown, answered, cancelled."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import REQUESTS, TOKEN, Desk, Site, address, house, phases
from tests.generator import sample

pytestmark = pytest.mark.browser

AT = sample.MOMENTS["in_house"]
UNDERWAY = "Failed to load resource"  # what a browser itself writes about any refusal
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Desk]]:
    desk = Desk()
    with phases(tmp_path_factory.mktemp("site"), house(), desk) as site:
        yield site, desk


@pytest.fixture
def desk(place: tuple[Site, Desk]) -> Iterator[Desk]:
    """The house at the beginning of a day; it had to complain about nothing at the end."""
    desk = place[1]
    desk.__init__()  # type: ignore[misc]
    yield desk
    assert desk.complaints == []


@pytest.fixture
def visit(place: tuple[Site, Desk], desk: Desk, page: Page) -> Open:
    """Opens the page of a phase, in the test's own tab unless it brings one, at a time that runs on."""

    def opened(phase: str = "in_house", *, tab: Page | None = None) -> Page:
        tab = tab or page
        tab.clock.install(time=sample.MOMENTS[phase])
        tab.goto(address(place[0], phase))
        expect(tab.locator("[data-slot=search] input, [data-slot=rating] input").first).to_be_attached()
        return tab

    return opened


def towels(page: Page) -> Locator:
    """The form of the service, unfolded."""
    entry = page.locator("li[data-service=towels]")
    page.locator("#Services").evaluate("section => { section.open = true }")
    entry.locator(".order").evaluate("order => { order.open = true }")
    form = entry.locator("form")
    form.locator("[name=field-sets]").fill("2")
    return form


def own(page: Page) -> Locator:
    """The requests that the page lists as the guest's own."""
    return page.locator("[data-slot=requests] [data-is]")


def news(page: Page) -> Locator:
    return page.locator("[data-slot=requests] .requests > .told")


def settled(page: Page) -> None:
    """Waits until nothing is on its way or in line for it."""
    page.evaluate(
        """async () => {
          for (let busy = 1; busy; ) {
            const { held, pending } = await navigator.locks.query();
            busy = held.length + pending.length;
          }
        }"""
    )


def sent(desk: Desk) -> int:
    return desk.count(*REQUESTS)


def test_a_request_is_sent_answered_and_shown(visit: Open, desk: Desk, console_errors: list[str]) -> None:
    page = visit()
    expect(page.locator("[data-slot=requests]")).to_be_hidden()
    form = towels(page)
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("Sent")
    expect(own(page)).to_have_attribute("data-is", "requested")
    expect(own(page)).to_contain_text("£12.50")
    assert [body for *call, body in desk.calls if tuple(call) == REQUESTS] == [
        {
            "service": "towels",
            "fields": {"sets": "2"},
            "note": "",
            "secret": "",
            "language": "en",
        }
    ]
    desk.decide("accepted")
    page.clock.run_for(6000)
    expect(own(page)).to_have_attribute("data-is", "accepted")
    expect(news(page)).to_contain_text("The towels: accepted")
    assert console_errors == []


def test_what_is_accepted_at_once_is_said_where_it_was_asked(visit: Open, desk: Desk) -> None:
    desk.at_once = True
    form = towels(visit())
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_have_text("The towels: accepted")


def test_an_impatient_guest_sends_once(visit: Open, desk: Desk) -> None:
    page = visit()
    desk.slow = 0.3
    form = towels(page)
    form.get_by_role("button").evaluate("button => { button.click(); button.click(); button.click() }")
    expect(form.get_by_role("status")).to_contain_text("Sent")
    settled(page)
    assert sent(desk) == 1
    assert len(desk.requests) == 1


def test_the_next_filling_is_another_request(visit: Open, desk: Desk) -> None:
    page = visit()
    for _ in range(2):
        form = towels(page)
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).to_contain_text("Sent")
        form.get_by_role("status").evaluate("line => line.replaceChildren()")
    assert len(desk.requests) == 2


def test_a_wrong_field_says_so_and_has_the_focus(visit: Open, desk: Desk, console_errors: list[str]) -> None:
    page = visit()
    form = towels(page)
    field = form.locator("[name=field-sets]")
    field.fill("6")
    form.get_by_role("button").click()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("There are only five sets.")
    field.fill("2")
    form.get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "requested")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    assert len(desk.requests) == 1
    assert all(UNDERWAY in error for error in console_errors)


@pytest.mark.parametrize(
    ("status", "words"), [(429, "a lot at once"), (401, "no longer send"), (409, "full up")]
)
def test_a_refusal_says_why_and_whom_to_call(visit: Open, desk: Desk, status: int, words: str) -> None:
    page = visit()
    expect(page.locator("[data-slot=search] input")).to_be_visible()
    form = towels(page)
    desk.answers = [(status, {"title": "No", "detail": "We are full up."})]
    form.get_by_role("button").click()
    line = form.get_by_role("status")
    expect(line).to_contain_text(words)
    expect(line.get_by_role("link")).to_have_attribute("href", re.compile("^tel:"))
    expect(form.locator("[name=field-sets]")).to_have_value("2")
    assert sent(desk) == 1


def test_made_offline_it_waits_and_is_sent_once(visit: Open, desk: Desk, console_errors: list[str]) -> None:
    page = visit()
    page.context.set_offline(True)
    form = towels(page)
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("waits on this phone")
    expect(own(page)).to_have_attribute("data-is", "waits")
    assert sent(desk) == 0
    page.context.set_offline(False)
    expect(own(page)).to_have_attribute("data-is", "requested")
    page.clock.run_for(120000)
    assert sent(desk) == 1
    assert kept(page) == []
    assert all(UNDERWAY in error for error in console_errors)


def test_what_waits_is_still_there_after_a_reload(visit: Open, desk: Desk) -> None:
    page = visit()
    desk.down = True
    form = towels(page)
    form.get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "waits")
    with page.expect_response(lambda answer: answer.request.method == "POST" and "requests" in answer.url):
        page.reload()
    settled(page)
    expect(own(page)).to_have_attribute("data-is", "waits")
    expect(own(page)).to_contain_text("Fresh towels")
    desk.down = False
    page.clock.run_for(31000)
    expect(own(page)).to_have_attribute("data-is", "requested")
    expect(own(page)).to_have_count(1)
    assert len(desk.requests) == 1


def test_an_answer_that_got_lost_makes_no_second_request(visit: Open, desk: Desk) -> None:
    page = visit()
    desk.forgetful = True
    form = towels(page)
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("waits on this phone")
    assert len(desk.requests) == 1
    page.clock.run_for(31000)
    expect(own(page)).to_have_attribute("data-is", "requested")
    assert sent(desk) == 2
    assert len(desk.requests) == 1


def test_two_tabs_send_what_waits_once(visit: Open, desk: Desk, page: Page) -> None:
    first = visit()
    second = visit(tab=page.context.new_page())
    page.context.set_offline(True)
    for tab in (first, second):
        form = towels(tab)
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).to_contain_text("waits on this phone")
    expect(own(first)).to_have_count(2)
    desk.slow = 0.3
    page.context.set_offline(False)
    for tab in (first, second):
        expect(own(tab).and_(tab.locator("[data-is=requested]"))).to_have_count(2)
        expect(own(tab)).to_have_count(2)
    assert sent(desk) == 2
    assert len(desk.requests) == 2


def test_refused_after_waiting_it_says_why_and_can_be_removed(visit: Open, desk: Desk) -> None:
    page = visit()
    page.context.set_offline(True)
    form = towels(page)
    form.locator("[name=field-sets]").fill("6")
    form.get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "waits")
    page.context.set_offline(False)
    expect(own(page)).to_have_attribute("data-is", "refused")
    expect(own(page)).to_contain_text("There are only five sets.")
    page.reload()
    expect(own(page)).to_contain_text("There are only five sets.")
    own(page).get_by_role("button", name="Remove").click()
    expect(own(page)).to_have_count(0)
    assert sent(desk) == 1
    assert kept(page) == []


def test_a_request_is_cancelled_with_its_version(visit: Open, desk: Desk) -> None:
    page = visit()
    towels(page).get_by_role("button").click()
    own(page).get_by_role("button", name="Cancel").click()
    expect(own(page)).to_have_attribute("data-is", "cancelled")
    expect(own(page).get_by_role("button")).to_have_count(0)
    expect(own(page)).to_be_focused()


def test_cancelling_what_moved_meanwhile_shows_what_it_is_now(visit: Open, desk: Desk) -> None:
    page = visit()
    towels(page).get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "requested")
    desk.decide("declined", "All towels are wet.")
    own(page).get_by_role("button", name="Cancel").click()
    expect(own(page)).to_have_attribute("data-is", "declined")
    expect(own(page)).to_contain_text("All towels are wet.")


def test_the_page_asks_less_often_and_not_at_all_when_nothing_is_open(
    visit: Open, desk: Desk, page: Page
) -> None:
    with page.expect_response("**/api/requests"):
        visit()
    page.clock.run_for(600000)
    assert desk.count("GET", "/api/requests") == 1
    towels(page).get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "requested")
    for seconds in (5, 7, 11, 16, 25, 30, 30):
        with page.expect_response("**/api/requests"):
            page.clock.run_for(seconds * 1000 + 900)
    looks = desk.count("GET", "/api/requests")
    assert looks == 8
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    page.clock.run_for(600000)
    assert desk.count("GET", "/api/requests") == looks
    desk.decide("declined")
    page.evaluate("delete document.hidden")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    expect(own(page)).to_have_attribute("data-is", "declined")
    page.clock.run_for(600000)
    assert desk.count("GET", "/api/requests") == looks + 1


def test_it_does_not_work_is_told_at_once(visit: Open, desk: Desk) -> None:
    page = visit()
    alarm = page.locator(".code[data-name=door-code] .alarm")
    alarm.locator("summary").click()
    alarm.get_by_role("button").click()
    expect(alarm.get_by_role("status")).to_contain_text("has been told")
    expect(alarm.get_by_role("status").get_by_role("link")).to_have_attribute("href", re.compile("^tel:"))
    (request,) = desk.requests.values()
    assert (request["secret"], request["urgent"]) == ("door-code", True)
    expect(own(page).get_by_role("heading")).to_have_text("Door code")


def test_offline_the_alarm_says_to_call_and_does_not_wait(visit: Open, desk: Desk) -> None:
    page = visit()
    page.context.set_offline(True)
    alarm = page.locator(".code[data-name=wifi-password] .alarm")
    alarm.locator("summary").click()
    alarm.get_by_role("button").click()
    expect(alarm.get_by_role("status")).to_contain_text("nobody knows yet")
    expect(alarm.get_by_role("status").get_by_role("link")).to_be_visible()
    page.context.set_offline(False)
    page.clock.run_for(60000)
    assert desk.requests == {}


def test_the_arrival_form_shows_what_was_told_and_keeps_the_last_words(visit: Open, desk: Desk) -> None:
    desk.told["arrival"] = {
        "time": "18:30",
        "adults": 2,
        "children": 1,
        "note": "late boat",
        "word": "lighthouse",
    }
    page = visit("booked")
    form = page.locator("[data-slot=arrival] form")
    expect(form.locator("[name=time]")).to_have_value("18:30")
    expect(form.locator("[name=word]")).to_have_value("lighthouse")
    page.context.set_offline(True)
    for time in ("19:00", "20:15"):
        form.locator("[name=time]").fill(time)
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).to_contain_text("waits on this phone")
    page.context.set_offline(False)
    expect(form.get_by_role("status")).to_contain_text("Saved")
    assert desk.told["arrival"] == {
        "time": "20:15",
        "adults": 2,
        "children": 1,
        "note": "late boat",
        "word": "lighthouse",
    }
    assert desk.count("PUT", "/api/arrival") == 1


def test_a_rating_is_saved(visit: Open, desk: Desk) -> None:
    page = visit("departed")
    form = page.locator("[data-slot=rating] form")
    form.locator("[name=stars]").nth(3).check()
    form.locator("[name=words]").fill("The gulls sang.")
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("Thank you")
    assert desk.told["rating"] == {"stars": 4, "words": "The gulls sang."}


def test_dates_lie_within_the_stay(visit: Open) -> None:
    page = visit()
    day = towels(page).locator("[type=date]")
    expect(day).to_have_attribute("min", "2026-11-21")
    expect(day).to_have_attribute("max", "2026-11-22")


def test_an_opening_is_told_once_a_day(visit: Open, desk: Desk) -> None:
    page = visit()
    page.wait_for_function("() => Object.keys(localStorage).some((name) => name.includes('opened'))")
    page.reload()
    expect(page.locator("[data-slot=search] input")).to_be_visible()
    page.clock.run_for(1000)
    assert [call[2] for call in desk.calls if call[1] == "/api/openings"] == [{"codes": True}]


def test_nothing_secret_is_kept_or_said(visit: Open, desk: Desk, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    visit()
    page.context.set_offline(True)
    towels(page).get_by_role("button").click()
    expect(own(page)).to_have_attribute("data-is", "waits")
    everything = page.evaluate(
        "JSON.stringify({ ...localStorage, ...sessionStorage, cookies: document.cookie })"
    ).replace(f':key":"{sample.FRAGMENT}"', "")  # its one place
    for secret in (TOKEN, sample.FRAGMENT, *sample.VALUES.values()):
        assert secret not in everything + "".join(said)
    assert [
        line for call, line, _ in desk.calls if call == "LINE" and (TOKEN in line or sample.FRAGMENT in line)
    ] == []


def kept(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage).filter(name => name.includes(':queue'))")
