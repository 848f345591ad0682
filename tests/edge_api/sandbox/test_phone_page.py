"""The phone page in a browser: a newcomer plays Ana and Mira, and sees what became of each message."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pywa import types

from tests.edge_api.sandbox.place import ANA, MIRA, Place, eventually

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "browser/node_modules/axe-core/axe.min.js"
REPORTS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP report: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


@pytest.fixture
def page(page: Page, place: Place, console_errors: list[str]) -> Iterator[Page]:
    """The page as it opens; at the end nothing may have complained."""
    page.add_init_script(REPORTS)
    page.set_viewport_size({"width": 1200, "height": 820})
    page.goto(place.url)
    page.wait_for_selector("body[data-ready]")
    yield page
    assert console_errors == []


def phone(page: Page, who: str) -> Locator:
    return page.get_by_role("region", name=f"{who}'s phone")


def write(page: Page, who: str, text: str) -> None:
    box = page.get_by_role("textbox", name=f"Message of {who}")
    box.fill(text)
    box.press("Enter")


def test_ana_writes_and_the_app_hears_it(page, place, app):
    write(page, "Ana", "Two towels, please")
    expect(phone(page, "Ana").get_by_role("log")).to_contain_text("Two towels, please")
    eventually(lambda: [message["text"]["body"] for message in app.all("messages")] == ["Two towels, please"])
    expect(page.get_by_role("textbox", name="Message of Ana")).to_have_value("")


def test_ticks_move_from_sent_to_delivered_to_read(page, place):
    place.says(who="tomas")
    place.hold()
    tomas = place.get("/sandbox/people/tomas/chat")["person"]["user_id"]
    sent = place.business().send_message(tomas, "Your room is ready")
    page.get_by_role("button", name=re.compile("^T? ?Tomas")).click()
    bubble = page.locator(f'[data-id="{sent.id}"]')
    place.later("0s")
    expect(bubble.get_by_role("img", name="sent", exact=True)).to_be_visible()
    page.get_by_role("button", name="Put Tomas's phone away").click()
    expect(bubble).to_have_count(0)
    place.later("1s")
    assert place.status_of(sent.id, "tomas") == "delivered"
    expect(page.get_by_text("1 unread")).to_be_visible()
    page.get_by_role("button", name=re.compile("Tomas")).first.click()
    expect(bubble.get_by_role("img", name="read", exact=True)).to_be_visible()
    assert place.status_of(sent.id, "tomas") == "read"


def test_mira_accepts_by_a_button_while_ana_waits(page, place, app):
    place.says(who="mira")
    buttons = [types.Button("Accept", "accept-4"), types.Button("Decline", "decline-4")]
    place.business().send_message(MIRA, "Room 4 asks for *towels*.", buttons=buttons)
    mira = phone(page, "Mira")
    expect(mira.locator("strong")).to_have_text("towels")
    mira.get_by_role("button", name="Accept").click()
    expect(mira.locator("li.mine").last).to_contain_text("Accept")
    eventually(lambda: "button_reply" in str(app.all("messages")))
    assert app.all("messages")[-1]["interactive"]["button_reply"]["id"] == "accept-4"


def test_a_list_opens_and_a_row_is_chosen_by_keyboard(page, place, app):
    place.says()
    rows = [types.SectionRow("Towels", "towels", "two of them"), types.SectionRow("Extra bed", "bed")]
    sections = types.SectionList("Services", [types.Section("House", rows)])
    place.business().send_message(ANA, "What may we do?", buttons=sections)
    phone(page, "Ana").get_by_role("button", name="Services").focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("two of them")
    sheet.get_by_role("button", name="Extra bed").focus()
    page.keyboard.press("Enter")
    expect(phone(page, "Ana").locator("li.mine").last).to_contain_text("Extra bed")
    eventually(
        lambda: app.all("messages")[-1].get("interactive", {}).get("list_reply", {}).get("id") == "bed"
    )


def test_a_template_is_shown_as_it_is_printed(page, place):
    body = {"type": "BODY", "text": "Room {{1}} is ready now.", "example": {"body_text": [["4"]]}}
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]}
    place.approved(components=[body, buttons])
    values = [{"type": "body", "parameters": [{"type": "text", "text": "7"}]}]
    template = {"name": "hello", "language": {"code": "en"}, "components": values}
    assert place.send(type="template", template=template).is_success
    log = phone(page, "Ana").get_by_role("log")
    expect(log).to_contain_text("Room 7 is ready now.")
    log.get_by_role("button", name="Thanks").click()
    expect(log.locator("li.mine")).to_contain_text("Thanks")


def test_a_photo_a_voice_message_and_a_location_are_sent(page, place, app):
    ana = phone(page, "Ana")
    for name, found in (
        ("A photo", "li.mine img"),
        ("A voice message", "li.mine audio"),
        ("A location", "li.mine a"),
    ):
        ana.locator("summary[aria-label=Attach]").click()
        ana.get_by_role("button", name=name).click()
        expect(ana.locator(found).first).to_be_attached()
    eventually(lambda: len(app.all("messages")) == 3)
    assert {message["type"] for message in app.all("messages")} == {"image", "audio", "location"}
    expect(ana.locator("li.mine img")).to_have_js_property("complete", True)


def test_a_reply_quotes_and_a_failed_message_says_why(page, place):
    first = place.says("Towels?")
    place.business().send_message(ANA, "Of course", reply_to_message_id=first)
    ana = phone(page, "Ana")
    expect(ana.locator("li.theirs .quote")).to_have_text("Towels?")
    place.fault("failed", code=131049, next=1)
    place.business().send_message(ANA, "Never arrives")
    expect(ana.get_by_role("log")).to_contain_text("131049")
    expect(ana.get_by_role("img", name="not delivered")).to_be_visible()


def test_the_clock_jumps_past_the_window(page, place):
    place.says()
    window = phone(page, "Ana").locator(".window")
    expect(window).to_contain_text("window until")
    page.get_by_role("button", name="+25 h").click()
    expect(window).to_contain_text("window closed")
    assert place.send(type="text", text={"body": "x"}).json()["error"]["code"] == 131047


def test_stop_is_said_and_marketing_stopped_in_the_menu(page, place, app):
    ana = phone(page, "Ana")
    for name in ("Say STOP", "Stop marketing messages"):
        ana.locator("summary[aria-label='Ana: more']").click()
        ana.get_by_role("button", name=name).click()
    expect(ana.get_by_role("log")).to_contain_text("STOP")
    eventually(lambda: app.all("user_preferences"))


def test_somebody_new_comes_with_a_phone_of_their_own(page, console_errors):
    page.get_by_text("Add somebody").click()
    page.get_by_label("Name").fill("Noor")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(phone(page, "Noor")).to_contain_text("no phone, GB.")
    write(page, "Noor", "Salut")
    expect(phone(page, "Noor").get_by_role("log")).to_contain_text("Salut")
    page.get_by_text("Add somebody").click()
    page.get_by_label("Name").fill("Bo")
    page.get_by_label("Phone", exact=True).fill("12")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#add [role=alert]")).to_contain_text("7 to 15 digits")
    assert [each for each in console_errors if "400" not in each] == []
    console_errors.clear()


def test_markup_in_a_message_is_text(page, place):
    place.says("<img src=x onerror=alert(1)> *<b>bold</b>*")
    log = phone(page, "Ana").get_by_role("log")
    expect(log).to_contain_text("<img src=x onerror=alert(1)>")
    assert log.locator("img").count() == 0


def test_on_a_narrow_screen_one_phone_at_a_time(page, place):
    page.evaluate("sessionStorage.clear()")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.get_by_role("navigation", name="People")).to_be_visible()
    page.locator("#people [data-person=ana]").click()
    expect(phone(page, "Ana")).to_be_visible()
    expect(page.get_by_role("navigation", name="People")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Put Ana's phone away").click()
    expect(page.get_by_role("navigation", name="People")).to_be_visible()
    expect(page.locator("#people [data-person=ana]")).to_be_focused()


def test_a_sandbox_that_starts_over_is_followed(page, place):
    place.says("Gone soon")
    log = phone(page, "Ana").get_by_role("log")
    expect(log).to_contain_text("Gone soon")
    place.reset()
    expect(log).not_to_contain_text("Gone soon")


def test_the_policy_allows_nothing_unsafe(place):
    policy = place.http.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert place.http.get("/page/../app.py").status_code >= 400
    assert place.http.get("/page/%2e%2e/app.py").status_code >= 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_nothing(browser: Browser, place: Place, scheme, width):
    assert AXE.exists(), "axe-core is not installed: run `make test`"
    place.says("Hello")
    place.business().send_message(ANA, "Well?", buttons=[types.Button("Yes", "y")], footer="House")
    place.fault("failed", code=131049, next=1)
    place.business().send_message(ANA, "Never arrives")
    context = browser.new_context(
        viewport={"width": width, "height": 820}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(place.url)
    page.wait_for_selector("body[data-ready]")
    if width == 390:
        page.locator("#people [data-person=ana]").click()
    expect(page.get_by_role("img", name="not delivered")).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, {rules: {region: {enabled: false}}})")
    context.close()
    told = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]]
    assert told == [], json.dumps(told, indent=1)
