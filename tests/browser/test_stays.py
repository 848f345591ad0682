"""Stays on the staff board: found by typing, opened beside it; wishes at the desk, answers ready made."""

import re

import pytest
from playwright.sync_api import Page, expect

from guestlink import clock, records
from guestlink.contacts import OptIn, Person
from guestlink.settings import save_setting
from tests.browser.conftest import Visits
from tests.browser.crew import PATIENCE, Boards, Crew, boards, row
from tests.browser.house import Lodging
from tests.browser.test_accessibility import violations
from tests.browser.test_board import ask, guest
from tests.browser.writers import Writer
from tests.house import opened

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def crew(lodging: Lodging) -> Crew:
    """Of a house that writes e-mails."""
    lodging.stop()
    save_setting(lodging.settings, mail_url="smtp://localhost:1025", mail_from="house@example.com")
    lodging.start()
    return Crew(lodging)


@pytest.fixture
def board(visit: Visits, crew: Crew) -> Boards:
    return boards(visit, crew)


def stay_of(house: Lodging, who: str) -> records.Stay:
    database, _ = opened(house.settings)
    with database.read() as db:
        stay = records.find_stay(db, who)
    database.close()
    return stay


def look_for(page: Page, text: str) -> None:
    """By keyboard alone; the first that is found is there afterwards."""
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(text)
    expect(page.locator("#finds [role=option]").first).to_be_visible(timeout=PATIENCE)


def title(page: Page):
    return page.locator("#pane h2")


def test_a_stay_is_found_by_name_number_and_booking_without_a_mouse(lodging: Lodging, board: Boards) -> None:
    page, stay = board("Mira"), stay_of(lodging, "jonas")
    look_for(page, "jonas pl")
    page.keyboard.press("ArrowDown")
    active = page.locator("#find").get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_contain_text("Jonas Plantedname")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("Jonas Plantedname")
    expect(title(page)).to_be_focused()
    expect(page).to_have_url(re.compile(f"#stay={stay.id}$"))
    expect(page.locator("#pane .facts")).to_contain_text("German")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#pane")).to_be_hidden()
    look_for(page, stay.code.lower())
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("Jonas Plantedname")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("nobody of this name")
    expect(page.locator(".finds")).to_have_text("Nothing is found for this.", timeout=PATIENCE)


def test_what_a_guest_says_on_the_phone_is_on_both_boards_and_on_the_guests_page(
    lodging: Lodging, visit: Visits, board: Boards
) -> None:
    visit.forgive("status of 422")
    mira, tom = board("Mira"), board("Tom", width=360)
    grace = guest(visit, lodging, "grace")
    look_for(mira, "grace")
    mira.keyboard.press("Enter")
    mira.get_by_text("Ask for this guest").click()
    form = mira.locator(".asking form")
    form.locator("[name=service]").select_option(label="Taxi")
    form.get_by_role("button", name="Ask for it").click()
    expect(form.locator("[aria-invalid=true]").first).to_be_focused()
    form.get_by_label("Which day").fill(str(lodging.today))
    form.get_by_label("At what time").fill("16:30")
    form.get_by_label("How many of you").fill("2")
    form.get_by_label("Where to").fill("Liskeard station")
    form.get_by_label("On the phone").check()
    form.get_by_label("It is urgent").check()
    form.get_by_role("button", name="Ask for it").click()
    expect(mira.locator("#pane .asked").first).to_contain_text("Liskeard station", timeout=PATIENCE)
    for page in (mira, tom):
        line = row(page, "Liskeard station")
        expect(line).to_contain_text("Urgent")
    grace.reload()
    expect(grace.locator("[data-slot=requests]")).to_contain_text("Liskeard station", timeout=PATIENCE)
    line = row(tom, "Liskeard station")
    line.locator("[data-do=open]").click()
    expect(line.locator(".history")).to_contain_text(re.compile("said on the phone, written down by .?Mira"))
    line.get_by_role("button", name="The stay").click()
    expect(title(tom)).to_have_text("Grace Plantedname")
    assert tom.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(tom) == []


def test_answers_of_the_house_are_in_the_guests_language_for_a_no_and_for_a_message(
    lodging: Lodging, visit: Visits, board: Boards
) -> None:
    person = Person(name="Kurt Lindqvist", phone="+44 7700 900133")
    told = {"guest": person, "opt_in": OptIn(at=clock.now(), how="booking")}
    lodging.add("kurt", "in_house", language="de", **told)
    Writer(lodging.settings, "+44 7700 900133", "Kurt").says("Gibt es ein Klavier?")
    jonas = guest(visit, lodging, "jonas")
    ask(jonas, "Auschecken um drei")
    mira = board("Mira")
    line = row(mira, "Auschecken um drei")
    line.locator("[data-do=open]").click()
    line.get_by_role("button", name="Decline").click()
    line.get_by_text("Answers of the house").click()
    expect(line.get_by_label("Find by typing")).to_be_focused()
    mira.keyboard.type("LATE check")
    expect(line.locator(".answers li")).to_have_count(1)
    mira.keyboard.press("Enter")
    expect(line.locator("[name=reason]")).to_have_value(re.compile("deshalb bleibt es bei 20:00"))
    line.locator("form").get_by_role("button", name="Decline").click()
    expect(line.locator(".who")).to_contain_text("declined", timeout=PATIENCE)
    jonas.reload()
    expect(jonas.locator("[data-slot=requests]")).to_contain_text("deshalb bleibt es bei", timeout=PATIENCE)
    look_for(mira, "0133")  # the last digits of a phone
    mira.keyboard.press("Enter")
    mira.locator("#pane .asked button").click()
    mira.locator("#pane").get_by_text("Answers of the house").click()
    mira.locator("#pane .answers li").filter(has_text="We see to it").get_by_role("button").click()
    expect(mira.get_by_label("Words for the guest")).to_have_value(re.compile("Danke, Kurt Lindqvist."))
    assert violations(mira) == []
    lodging.add("nora", "in_house", language="de", guest=Person(name="Nora Holm", email="nora@example.com"))
    title(mira).focus()
    look_for(mira, "nora")  # to whom nobody has written yet
    mira.keyboard.press("Enter")
    expect(mira.locator("#pane .person")).to_contain_text("Has not agreed to WhatsApp messages")
    assert violations(mira) == []
    mira.get_by_role("button", name="Write to them").click()
    expect(title(mira)).to_contain_text("Nora Holm", timeout=PATIENCE)
    mira.get_by_label("Words for the guest").fill("Guten Morgen")
    mira.go_back()
    expect(mira.get_by_role("button", name="Write to them")).to_be_visible(timeout=PATIENCE)
    expect(mira.locator("#pane .asked button")).to_contain_text("Nora Holm")


def test_who_has_not_looked_since_codes_are_out_is_named_and_is_right_to_left_too(board: Boards) -> None:
    page = board("Tom", width=360, language="ar")
    unseen = page.locator(".unseen")
    unseen.locator("summary").click()
    unseen.get_by_role("button").filter(has_text="Hannah").click()
    expect(title(page)).to_have_text("Hannah Plantedname")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(unseen.get_by_role("button").filter(has_text="Hannah")).to_be_focused()
