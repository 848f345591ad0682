"""`publish.py up` as a stranger meets it: its links open in a browser, altered ones are refused."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.guest import through_gate
from tests.house import command

pytestmark = pytest.mark.browser


@contextmanager
def running(home: str) -> Iterator[dict[str, str]]:
    """`up` with the houses to try; yields a guest's link by the words it is printed with."""
    process = subprocess.Popen(
        [*command(home), "up"],
        env={**os.environ, "GUESTLINK_HOME": home, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        links: dict[str, str] = {}
        words = ""
        assert process.stdout
        for line in process.stdout:
            if found := re.search(r"http\S+#[\w-]{22}", line):
                links[words] = found[0]
            elif words.startswith("Test phones"):
                links["phones"] = line.strip()
            elif words.startswith("The staff board"):
                links["board"] = line.strip()
            words = line.partition("A guest ")[2].removeprefix("who ").partition(" (")[0] or line
            if "is up at" in line:
                break
        yield links
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def links():
    with tempfile.TemporaryDirectory() as home, running(home) as found:
        yield found


def test_an_arriving_guest_sees_name_dates_and_codes(page: Page, console_errors, links):
    page.goto(links["arriving now"])
    expect(page.get_by_role("heading", level=1)).to_contain_text(", welcome to Harbour House")
    codes = page.locator("[data-fill=codes] .value")
    expect(codes.nth(3)).to_be_visible()
    assert re.search(r"\d{4}", " ".join(codes.all_inner_texts()))
    expect(page.locator("[data-fill=facts] dt").first).to_be_attached()
    expect(page).to_have_url(links["arriving now"])
    assert console_errors == []


def test_a_link_of_each_phase_is_printed_and_opens(page: Page, links):
    others = {f"arriving now at {house}" for house in ("dar-laqlaq", "haus-arven")}
    assert {"arriving now", "in the house", "comes later"} | others <= links.keys()
    for link in (each for each in links.values() if "/w/" in each):
        page.goto("about:blank")
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("[,،]"))


def test_every_alteration_of_the_signed_address_is_refused(links):
    arriving, later = links["arriving now"], links["comes later"]
    public = arriving.partition("/w/")[0]
    address = public + through_gate(lambda path: httpx.get(public + path).content, arriving)
    assert httpx.get(address).status_code == httpx.codes.OK
    path, _, query = address.partition("?")
    other = later.partition("/w/")[2].partition("#")[0]
    mine = arriving.partition("/w/")[2].partition("#")[0]
    altered = [
        path,
        f"{path}?{query}&x=1",
        f"{path}?{query.replace('Signature=M', 'Signature=A')}",
        f"{path}?{query.replace('Policy=', 'Policy=A')}",
        f"{path}?{query.partition('&')[2]}",
        f"{path.replace(mine, other)}?{query}",
        re.sub(r"Key-Pair-Id=\w+", "Key-Pair-Id=KUNKNOWN", address),
        f"{path.replace('.html', '.htm')}?{query}",
    ]
    assert [httpx.get(url).status_code for url in altered] == [httpx.codes.FORBIDDEN] * len(altered)


def test_ana_asks_for_towels_mira_accepts_and_the_ticks_turn(page: Page, console_errors, links):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(links["phones"])
    page.wait_for_selector("body[data-ready]")
    ana, mira = (page.get_by_role("region", name=f"{who}'s phone") for who in ("Ana", "Mira"))
    box = page.get_by_role("textbox", name="Message of Ana")
    box.fill("2 bath towels please")
    box.press("Enter")
    expect(ana.get_by_role("log")).to_contain_text("Fresh towels: we have your request", timeout=20_000)
    mira.get_by_role("button", name="Accept").last.click(timeout=20_000)
    confirmed = ana.locator("[data-id]", has_text="Fresh towels: confirmed").last
    expect(confirmed).to_be_visible(timeout=20_000)
    expect(confirmed.get_by_role("img", name=re.compile("delivered|read"))).to_be_visible(timeout=20_000)
    expect(mira.get_by_role("log")).to_contain_text("it is yours")
    assert console_errors == []


def test_somebody_of_the_house_signs_in_by_the_printed_link(page: Page, console_errors, links):
    page.goto(links["board"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
