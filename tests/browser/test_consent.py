"""The tick beside "may write to me on WhatsApp": by a script and without one, and the way back."""

import pytest
from playwright.sync_api import Locator, Page, expect

from guestlink.contacts import opened as known
from guestlink.crypto import PageSeal
from guestlink.records import Contact, contacts, find_stay
from guestlink.settings import save_setting
from tests.browser.conftest import Visits
from tests.browser.house import Lodging
from tests.browser.test_accessibility import violations
from tests.guest import split
from tests.house import opened

pytestmark = pytest.mark.browser

NUMBER = "+44 7700 900142"
SENTENCE = "Harbour House may write to me on WhatsApp about my stay."


@pytest.fixture(scope="module")
def writing(lodging: Lodging) -> Lodging:
    """A house that can write on WhatsApp."""
    lodging.stop()
    save_setting(lodging.settings, whatsapp_number_id="100000000000001", whatsapp_token="planted-token")
    lodging.start()
    return lodging


def guest(lodging: Lodging, who: str) -> tuple[Contact, str, str]:
    """The contact, their phone, and the words they agreed to."""
    database, ring = opened(lodging.settings)
    with database.read() as db:
        contact = contacts(db, find_stay(db, who))[0]
    database.close()
    key, sealed = ring.guest_key(contact.wrapped, contact.id), contact.opted_in_words
    words = key.open(sealed, "contacts", "opted_in_words", row=contact.id) if sealed else ""
    return contact, known(ring, contact).phone, words


def test_a_tick_is_recorded_shown_again_and_taken_back_on_a_small_phone(
    writing: Lodging, visit: Visits
) -> None:
    visit.forgive("status of 422")
    page = visit(writing.link("ana"), width=360, height=740)
    form = page.locator("form[data-slot=whatsapp]")
    expect(form.get_by_text(SENTENCE)).to_be_visible()
    expect(page.locator("form[data-slot=email]")).to_be_hidden()
    assert violations(page) == []
    form.get_by_role("checkbox").check()
    form.locator("[name=phone]").fill("07700 900142")
    form.get_by_role("button").click()
    expect(form.locator(".wrong")).to_contain_text("country code")
    form.locator("[name=phone]").fill(NUMBER)
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("Thank you")
    expect(form.get_by_role("status")).to_be_focused()
    contact, phone, words = guest(writing, "ana")
    assert (contact.opted_in_how, phone, words) == ("page", NUMBER.replace(" ", ""), SENTENCE)
    assert violations(page) == []
    page.reload()
    expect(form).to_contain_text("ends in 42")
    assert NUMBER[-6:] not in page.content()
    form.get_by_role("button", name="Do not write").click()
    expect(form.get_by_role("status")).to_contain_text("do not write to you on WhatsApp any more")
    expect(form.get_by_role("checkbox")).to_be_visible()
    assert guest(writing, "ana")[0].opted_in_at is None
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(wide)


def test_the_same_without_a_script(writing: Lodging, visit: Visits) -> None:
    def form(page: Page) -> Locator:
        return page.locator("form[data-slot=whatsapp]")

    visit.forgive("status of 422")
    page = visit(f"{writing.settings.public_url}/open", script=False, width=360)
    page.locator("#code").fill(PageSeal(split(writing.link("grace"))[1]).guide_code)
    page.locator("main button").click()
    form(page).get_by_role("checkbox").check()
    form(page).locator("[name=phone]").fill("12")
    form(page).get_by_role("button").click()
    expect(form(page).locator(".wrong")).to_contain_text("country code")
    form(page).get_by_role("checkbox").check()
    form(page).locator("[name=phone]").fill(NUMBER)
    form(page).get_by_role("button").click()
    expect(form(page).locator(".told")).to_contain_text("Thank you")
    assert guest(writing, "grace")[1:] == (NUMBER.replace(" ", ""), SENTENCE)
    form(page).get_by_role("button", name="Do not write").click()
    expect(form(page).locator(".told")).to_contain_text("any more")
    assert guest(writing, "grace")[0].opted_in_at is None
