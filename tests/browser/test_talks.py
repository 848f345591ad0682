"""Conversations on the staff board: a guest writes, two of the house answer, each sees the other."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from guestlink import clock
from guestlink.contacts import OptIn, Person
from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards, live
from tests.browser.house import Lodging
from tests.browser.test_accessibility import violations
from tests.browser.writers import Writer, approve

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>\u202e gnp.exe \U0001f600" + "W" * 300
GUESTS = {
    "vera": ("+44 7700 900131", "Vera Lindqvist", "en"),
    "kurt": ("+44 7700 900133", "Kurt Lindqvist", "de"),
    "olga": ("+44 7700 900134", "Olga Lindqvist", "en"),
    "hugo": ("+44 7700 900135", "Hugo Lindqvist", "en"),
}
SAID = "Yes, in the hall."
OVER = "document.documentElement.scrollWidth"
RECEIPTS = ("sent", "delivered", "read")
Guests = Callable[[str], Writer]


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    approve(lodging.settings, "house_writes", "en", "de")
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    return boards(visit, crew)


@pytest.fixture(scope="module")
def guest(lodging: Lodging) -> Guests:
    """Somebody who lives in the house and has just written."""
    known: dict[str, Writer] = {}

    def guest(who: str) -> Writer:
        if who not in known:
            phone, name, language = GUESTS[who]
            agreed = OptIn(at=clock.now(), how="booking")
            person = Person(name=name, phone=phone)
            lodging.add(who, "in_house", language=language, guest=person, opt_in=agreed)
            known[who] = Writer(lodging.settings, phone, name)
            known[who].says("Is there a piano in the house?")
        return known[who]

    return guest


def line(page: Page, who: str) -> Locator:
    return page.locator(".talk-line").filter(has_text=GUESTS[who][1])


def opened(page: Page, who: str) -> Page:
    """The conversation in the pane, by a tap on its line."""
    found = line(page, who)
    expect(found).to_have_count(1, timeout=PATIENCE)
    if not found.is_visible():
        page.locator(".talks summary").click()
    found.get_by_role("button").click()
    expect(page.get_by_role("heading", name=GUESTS[who][1])).to_be_visible()
    expect(page.locator(".bubble").first).to_be_visible()
    return page


def box(page: Page) -> Locator:
    return page.get_by_label("Words for the guest")


def send(page: Page, words: str) -> None:
    """They stand there as being sent at once; after this the house has them."""
    box(page).fill(words)
    with page.expect_response(lambda answer: answer.url.endswith("/messages") and answer.ok):
        page.get_by_role("button", name="Send").click()


def bubble(page: Page, words: str) -> Locator:
    return page.locator(".bubble").filter(has=page.locator(".said", has_text=words)).last


def picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (640, 480), (60, 110, 130)).save(held, "JPEG")
    return held.getvalue()


# -- together --------------------------------------------------------------------------------------------
def test_a_guest_writes_one_answers_and_the_other_sees_it_as_it_happens(board: Boards, guest: Guests) -> None:
    mira, tom = board("Mira"), board("Tom", width=360, height=760)
    vera = guest("vera")
    for page in (mira, tom):
        expect(line(page, "vera").locator(".who")).to_have_text("waits", timeout=PATIENCE)
        opened(page, "vera")
        expect(bubble(page, "Is there a piano")).to_be_visible()
    expect(mira.locator("#board > .side")).to_be_hidden()
    mira.get_by_role("button", name="I take it").click()
    box(mira).press_sequentially("Yes, ")
    expect(tom.locator(".writers")).to_have_text(re.compile("Mira.* is writing"), timeout=PATIENCE)
    box(mira).press_sequentially("in the hall.")
    mira.keyboard.press("Control+Enter")
    expect(bubble(tom, SAID).locator(".from")).to_have_text("Mira", timeout=PATIENCE)
    expect(mira.locator(".bubble").filter(has_text=SAID)).to_have_count(1)
    expect(box(mira)).to_have_value("")
    for status in RECEIPTS:
        vera.gets(status)
        for page in (mira, tom):
            expect(bubble(page, SAID).locator(".ticks")).to_have_text(status, timeout=PATIENCE)
    mira.get_by_role("button", name="Note for the house").click()
    mira.get_by_label("Note, which the guest never sees").fill("She plays at nine.")
    mira.get_by_role("button", name="Keep the note").click()
    expect(tom.locator(".talk-note")).to_contain_text("Mira")
    expect(tom.locator(".talk-note")).to_contain_text("She plays at nine.")
    tom.get_by_role("button", name="Back").click()
    expect(tom.locator("#pane")).to_be_hidden()
    tom.locator(".talks summary").click()
    expect(line(tom, "vera").locator(".who")).to_have_text(re.compile("with .?Mira"))
    expect(line(mira, "vera")).to_contain_text(SAID)
    assert "#" not in tom.url


def test_a_closed_window_offers_its_template_and_what_cannot_be_sent_is_decided(
    board: Boards, guest: Guests
) -> None:
    mira, kurt = board("Mira"), guest("kurt")
    opened(mira, "kurt")
    expect(mira.locator(".composer")).to_contain_text("Open until")
    kurt.wrote_long_ago()
    mira.reload()
    expect(mira.locator(".composer")).to_contain_text("more than 24 hours ago")
    expect(mira.locator(".template blockquote")).to_have_attribute("lang", "de")
    expect(mira.locator(".template")).to_contain_text("Es gibt eine Nachricht von")
    send(mira, "Im Flur, bitte.")
    expect(bubble(mira, "Im Flur").locator(".ticks")).to_have_text("being sent")
    kurt.misses()
    expect(bubble(mira, "Im Flur").locator(".ticks")).to_have_text("could not be sent", timeout=PATIENCE)
    expect(line(mira, "kurt")).to_contain_text("could not be sent")
    bubble(mira, "Im Flur").get_by_role("button", name="Send again").click()
    expect(bubble(mira, "Im Flur").locator(".ticks")).to_have_text("being sent")
    kurt.misses()
    bubble(mira, "Im Flur").get_by_role("button", name="Leave it").click()
    expect(bubble(mira, "Im Flur").locator(".ticks")).to_have_text("given up")
    send(mira, "Ab zehn.")
    ours = mira.locator(".bubble.ours:not(.automatic)", has_text="Ab zehn")
    expect(ours.locator(".ticks")).to_have_text("being sent")
    kurt.gets("delivered", route="template")
    expect(ours.locator(".ticks")).to_contain_text("follow when the guest writes", timeout=PATIENCE)
    kurt.says("Ja?")
    expect(ours.locator(".ticks")).to_have_text("delivered", timeout=PATIENCE)
    kurt.says("STOP")
    expect(mira.locator(".composer")).to_contain_text("does not want messages", timeout=PATIENCE)
    expect(mira.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+447700900133")
    expect(box(mira)).to_be_hidden()


def test_words_are_kept_until_they_are_sent_and_sent_once(board: Boards, guest: Guests) -> None:
    mira, olga = board("Mira"), guest("olga")
    opened(mira, "olga")
    box(mira).fill("There is one")
    mira.reload()
    expect(box(mira)).to_have_value("There is one")
    lost: list[bool] = []

    def lose(route) -> None:
        """The house takes it, and its answer is lost on the way."""
        lost.append(bool(route.fetch().ok))
        route.abort()

    mira.context.route("**/messages", lose, times=1)
    mira.get_by_role("button", name="Send", exact=True).click()
    expect(bubble(mira, "There is one").locator(".ticks")).to_contain_text("there was no connection")
    bubble(mira, "There is one").get_by_role("button", name="Send again").click()
    expect(bubble(mira, "There is one").locator(".ticks")).to_have_text("being sent", timeout=PATIENCE)
    expect(mira.locator(".bubble.ours:not(.automatic)").filter(has_text="There is one")).to_have_count(1)
    assert lost == [True]
    box(mira).fill("For nobody else")
    mira.keyboard.press("Escape")
    expect(mira.locator(".talks summary")).to_be_focused()  # where the line is now
    mira.locator(".menu summary").click()
    mira.get_by_role("button", name="Sign out").click()
    expect(mira.get_by_label("Your phone number")).to_be_visible()
    assert mira.evaluate("Object.keys(sessionStorage)") == []
    assert olga.talk not in mira.url


def test_the_place_where_somebody_reads_stays_when_more_comes(board: Boards, guest: Guests) -> None:
    mira, hugo = board("Mira", height=700), guest("hugo")
    for number in range(1, 60):
        hugo.says(f"Word {number}")
    opened(mira, "hugo")
    log = mira.get_by_role("region", name="Messages")
    expect(bubble(mira, "Word 59")).to_be_in_viewport(timeout=PATIENCE)
    mira.get_by_role("button", name="Older messages").click()
    expect(bubble(mira, "Word 1")).to_be_attached()
    log.evaluate("node => { node.scrollTop = 100 }")
    hugo.says("Anybody there?")
    expect(mira.get_by_role("button", name="New: 1")).to_be_visible(timeout=PATIENCE)
    assert log.evaluate("node => node.scrollTop") == 100
    mira.get_by_role("button", name="New: 1").click()
    expect(bubble(mira, "Anybody there?")).to_be_in_viewport()
    expect(mira.get_by_role("button", name="New: 1")).to_be_hidden()
    guest("vera")
    expect(line(mira, "vera")).to_have_count(1, timeout=PATIENCE)
    mira.context.set_offline(True)
    expect(box(mira)).to_be_disabled(timeout=PATIENCE)
    line(mira, "vera").evaluate("node => node.querySelector('button').click()")
    expect(mira.locator("#pane")).to_contain_text("This is not kept on this device.")
    mira.context.set_offline(False)
    expect(bubble(mira, "Is there a piano")).to_be_visible(timeout=PATIENCE)


# -- for everybody ---------------------------------------------------------------------------------------
def test_a_conversation_goes_by_keyboard_alone(board: Boards, guest: Guests) -> None:
    guest("olga").says("And a music stand?")
    mira = board("Mira")
    expect(line(mira, "olga").locator(".who")).to_have_text("waits", timeout=PATIENCE)
    mira.keyboard.press("c")
    expect(mira.locator("#pane h2")).to_be_focused()
    expect(mira.locator(".bubble").first).to_be_visible()
    while not mira.get_by_role("heading", name="Olga").is_visible():
        mira.keyboard.press("c")
    expect(box(mira)).to_be_visible()
    for _ in range(20):
        mira.keyboard.press("Tab")
        if box(mira).evaluate("field => field === document.activeElement"):
            break
    expect(line(mira, "olga")).to_have_class(re.compile("open"))
    mira.keyboard.type("Two of them.")
    mira.keyboard.press("Control+Enter")
    expect(bubble(mira, "Two of them.")).to_be_visible()
    mira.keyboard.press("Escape")
    expect(mira.locator("#pane")).to_be_hidden()
    mira.go_forward()
    expect(mira.locator("#pane h2")).to_be_focused()


def test_files_and_hostile_words_are_shown_and_do_nothing(board: Boards, guest: Guests) -> None:
    vera = guest("vera")
    vera.sends(picture(), "image/jpeg", kind="image")
    vera.sends(b"OggS" + b"0" * 9000, "audio/ogg", kind="audio", is_voice=True)
    vera.sends(b"%PDF-1.4 " * 900, "application/pdf", kind="document", name="Insurance.pdf")
    vera.says(HOSTILE)
    mira = board("Mira", width=360, height=760)
    mira.on("dialog", lambda each: pytest.fail(f"a dialog: {each.message}"))
    opened(mira, "vera")
    expect(bubble(mira, "onerror=alert(1)")).to_be_visible()
    shot = mira.locator(".shot img")
    shot.scroll_into_view_if_needed()
    expect(shot).to_have_js_property("naturalWidth", 640)
    expect(mira.get_by_label("Voice message")).to_be_attached()
    with mira.expect_download() as saved:
        mira.get_by_role("link", name="Insurance.pdf").click()
    assert saved.value.suggested_filename == "Insurance.pdf"
    assert mira.evaluate(OVER) <= 360
    assert mira.locator(".said img").count() == 0


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "dark", 360), ("ar", "light", 1440)],
)
def test_nobody_is_shut_out_of_a_conversation(
    language: str, scheme: str, width: int, board: Boards, guest: Guests
) -> None:
    talk = guest("vera").talk
    mira = board("Mira", language=language, width=width, scheme=scheme, reduced_motion="reduce")
    mira.goto(f"{mira.url.partition('#')[0]}#talk={talk}")
    mira.reload()
    live(mira)
    expect(mira.locator(".bubble").first).to_be_visible(timeout=PATIENCE)
    mira.locator("[data-do=note]").click()
    found = violations(mira)
    assert not found, "\n".join(found)
    assert mira.evaluate(OVER) <= width
    pane, work = (mira.locator(name).bounding_box() for name in ("#pane", ".work"))
    assert pane
    assert work
    if width > 1000:
        assert (pane["x"] < work["x"]) == (language == "ar")
