"""The way in without script: guide codes, the filled page, its plain forms, and what nobody gets to read."""

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from lxml import html

from edge_api import answers, auth, trees
from edge_api.app import create_app
from edge_api.offers import Days
from edge_api.walk_in import slots, tries
from edge_api.walk_in.routes import LONGEST_FORM
from guestlink import secret_values, stays
from guestlink.crypto import GUIDE_ALPHABET, KeyRing, PageSeal, guide_code_shown, guide_code_typed
from guestlink.database import Database
from guestlink.errors import TooMany
from guestlink.records import find_stay, stay_links
from guestlink.settings import Settings, load_settings, save_setting
from tests.databases import AT as BEGIN
from tests.databases import Place
from tests.guest import split
from tests.house import (
    ADDRESS,
    AT,
    BY,
    DOOR,
    PLANTED,
    TODAY,
    WIFI,
    add_stay,
    link_of,
    make_home,
    opened,
    run_publish,
    the_house,
    three_stays,
    write_files,
)

DAY = timedelta(days=1)
ORIGIN = "http://stay.example.test"
SERVICES = {
    "services/towels.en.md": """---
title: Fresh towels
order: 1
fields: sets | number 1-6 | required | How many sets
approval: instant
updated: 2026-01-01
---
They come soon.
""",
    "services/towels.de.md": """---
title: Frische Handtücher
labels: sets | Wie viele Garnituren
updated: 2026-01-02
---
Sie kommen bald.
""",
}


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)


class Entrance:
    """A published house, its edge and its clock; browsers are closed at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.now = Clock(AT)
        self._open = ExitStack()
        self._edges: dict[Settings, TestClient[Litestar]] = {}

    def browser(self, settings: Settings | None = None, **headers: str) -> TestClient[Litestar]:
        """Somebody with a browser of their own that sends forms from our own pages, all to one edge."""
        edge = self._edge(settings or self.settings)
        client = TestClient(edge.app, base_url=self.settings.public_url)
        client.blocking_portal = edge.blocking_portal
        client.headers.update({"Origin": self.settings.public_url, **headers})
        return client

    def _edge(self, settings: Settings) -> TestClient[Litestar]:
        """The one edge with these settings; it runs until the end."""
        if settings not in self._edges:
            app = create_app(settings, at=self.now)
            self._edges[settings] = self._open.enter_context(TestClient(app))
        return self._edges[settings]

    def close(self) -> None:
        self._open.close()

    def code(self, who: str) -> str:
        return guide_code_shown(PageSeal(split(link_of(self.settings, who))[1]).guide_code)

    def tries(self) -> list[dict[str, object]]:
        database, _ = opened(self.settings)
        with database.read() as db:
            row = db.one("tries_of_site", since="")
        database.close()
        assert row
        return row


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published house that is only copied."""
    return Path(new_home(tmp_path_factory.mktemp("furnished")).home)


@pytest.fixture(scope="module")
def home(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return copied(furnished, tmp_path_factory.mktemp("walk-in"))


def copied(furnished: Path, folder: Path) -> Settings:
    shutil.copytree(furnished, folder, dirs_exist_ok=True)
    return load_settings(folder, {})


def new_home(folder: Path, **changes: str) -> Settings:
    settings = make_home(folder)
    settings = save_setting(settings, **{"public_url": ORIGIN, **changes})
    write_files(settings, SERVICES)
    three_stays(settings)
    run_publish(settings)
    return settings


@pytest.fixture
def entrance(home: Settings) -> Iterator[Entrance]:
    entrance = Entrance(home)
    yield entrance
    entrance.close()
    database, _ = opened(home)
    with database.write() as tx:
        tx.do("sweep_tries", before="9999")
    database.close()


@pytest.fixture
def fresh(furnished: Path, tmp_path: Path) -> Iterator[Entrance]:
    """A house of the test's own, to be changed."""
    entrance = Entrance(copied(furnished, tmp_path))
    yield entrance
    entrance.close()


def text(answer: httpx.Response) -> str:
    """What a person reads in an answer: without what is hidden, styles and words for programs."""
    page = html.document_fromstring(answer.text)
    for gone in page.xpath("//*[@hidden] | //style | //template | //title"):
        gone.drop_tree()
    return " ".join(page.text_content().split())


def forms(answer: httpx.Response, action: str) -> list[dict[str, str]]:
    """The forms with an action, each as what a browser would send of it untouched."""
    page = html.document_fromstring(answer.text)
    return [dict(form.fields) for form in page.forms if form.get("action") == action]


def come_in(entrance: Entrance, who: str = "ANA") -> tuple[TestClient[Litestar], httpx.Response]:
    client = entrance.browser()
    answer = client.post("/open", data={"code": entrance.code(who)})
    assert answer.status_code == 200, text(answer)
    return client, answer


# -- codes as people type them -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed",
    [
        "7k2mq 9x4hd",
        "7K2MQ9X4HD",
        " 7k2mq-9x4hd ",
        "7k 2m q9\u00a0x4\u2011hd",
        "７ｋ２ｍｑ９ｘ４ｈｄ",
        "٧k٢mq ٩x٤hd",
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed: str) -> None:
    assert guide_code_typed(typed) == "7k2mq9x4hd"


def test_letters_that_look_like_digits_are_meant_as_those() -> None:
    assert guide_code_typed("OIL00 lio11") == "0110011011"


@pytest.mark.parametrize(
    "typed", ["", "7k2mq 9x4h", "7k2mq 9x4hdd", "7k2mq 9x4hu", "7k2mq 9x4h\0", "' or 1=1--"]
)
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert guide_code_typed(typed) == ""


def test_a_shown_code_is_the_one_that_opens() -> None:
    code = PageSeal(bytes(range(16))).guide_code
    assert len(code) == 10
    assert set(code) <= set(GUIDE_ALPHABET)
    assert guide_code_typed(guide_code_shown(code)) == code


# -- the form ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("accepted", "asked", "shown"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "", "de"),
        ("nl;q=1,ja;q=0.5,it;q=0.9", "", "it"),
        ("xx,*;q=0.1", "", "en"),
        ("de", "?language=ar", "ar"),
        ("de", "?language=xx", "de"),
        ("de;q=0,fr", "", "fr"),
        ("", "?language=../../etc", "en"),
    ],
)
def test_the_form_speaks_the_best_language(entrance: Entrance, accepted: str, asked: str, shown: str) -> None:
    answer = entrance.browser(**{"Accept-Language": accepted}).get(f"/open{asked}")
    assert answer.status_code == 200
    assert html.document_fromstring(answer.text).get("lang") == shown
    assert html.document_fromstring(answer.text).get("dir") == ("rtl" if shown == "ar" else "ltr")


def test_the_form_is_never_stored_and_runs_nothing(entrance: Entrance) -> None:
    answer = entrance.browser().get("/open")
    assert answer.headers["cache-control"] == "no-store"
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert entrance.browser().head("/open").status_code == 200


# -- in --------------------------------------------------------------------------------------------
def test_a_guide_code_opens_the_page_with_everything_in_its_place(entrance: Entrance) -> None:
    _, answer = come_in(entrance)
    said = text(answer)
    for planted in (DOOR, WIFI, ADDRESS, "Anaplanted"):
        assert planted in said
    assert f"Type {DOOR} and pull." in said
    assert f"Use {WIFI}." in said
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_runs_nothing_loads_nothing_foreign_and_names_its_style(entrance: Entrance) -> None:
    _, answer = come_in(entrance)
    page = html.document_fromstring(answer.text)
    assert page.xpath("//script | //template | //*[@data-copy] | //meta[@http-equiv]") == []
    assert page.xpath("//link[not(@rel='icon' or @rel='stylesheet')]") == []
    styles = page.xpath("//style/text()")
    assert len(styles) == 1
    policy = answer.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert answers.policy(page) == policy


def test_qr_codes_are_drawn_from_their_bits() -> None:
    drawing = trees.read_parts('<svg data-qr="ApA="></svg>')[0]  # two modules a side, the diagonal is dark
    trees.draw_square(drawing, drawing.get("data-qr"))
    assert drawing.get("viewBox") == "0 0 10 10"
    assert [path.get("d") for path in drawing] == ["M0 0h10v10H0z", "M4 4h1v1h-1zM5 5h1v1h-1z"]


def test_the_page_is_in_the_guests_language_and_in_any_that_is_offered(entrance: Entrance) -> None:
    client, answer = come_in(entrance, "TOMAS")
    assert html.document_fromstring(answer.text).get("lang") == "de"
    links = html.document_fromstring(answer.text).xpath("//a[@hreflang]/@href")
    assert sorted(links) == ["/open?language=de", "/open?language=en"]
    assert html.document_fromstring(client.get("/open?language=en").text).get("lang") == "en"
    assert html.document_fromstring(client.get("/open?language=it").text).get("lang") == "de"


def test_the_cookie_says_nothing_and_is_kept_from_scripts_and_strangers(entrance: Entrance) -> None:
    client = entrance.browser()
    answer = client.post("/open", data={"code": entrance.code("ANA")}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/open")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Max-Age=900"} <= set(cookie.split("; "))
    slug, _ = split(link_of(entrance.settings, "ANA"))
    assert slug not in cookie
    assert client.cookies.get("guestlink")


def test_over_tls_the_cookie_belongs_to_the_host_alone(tmp_path: Path) -> None:
    entrance = Entrance(new_home(tmp_path, public_url="https://stay.example.test"))
    client = entrance.browser()
    answer = client.post("/open", data={"code": entrance.code("ANA")}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-guestlink=")
    assert {"Secure", "Path=/", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert WIFI in client.get("/open").text
    closed = client.post("/open/close", follow_redirects=False)
    assert closed.headers["clear-site-data"] == '"cache"', "cookies would sign out the staff at a desk"
    entrance.close()


def test_a_quarter_of_an_hour_without_a_click_closes_the_page(entrance: Entrance) -> None:
    client, _ = come_in(entrance)
    entrance.now.later(minutes=14)
    assert WIFI in client.get("/open").text
    entrance.now.later(minutes=14)
    assert WIFI in client.get("/open").text, "reading goes on"
    entrance.now.later(minutes=16)
    answer = client.get("/open")
    assert WIFI not in answer.text
    assert "closed by itself" in text(answer)


@pytest.mark.parametrize("cookie", ["x", "A" * 80, "é", "A" * 5000, "."])
def test_a_cookie_that_we_did_not_make_opens_nothing(entrance: Entrance, cookie: str) -> None:
    client = entrance.browser()
    raw = [(b"cookie", f"guestlink={cookie}".encode())]
    answer = client.get("/open", headers=raw)
    assert answer.status_code == 200
    assert "Guide code" in text(answer)


def test_a_changed_cookie_opens_nothing(entrance: Entrance) -> None:
    client, _ = come_in(entrance)
    value = client.cookies["guestlink"]
    for at in range(0, len(value), 7):
        other = "A" if value[at] != "A" else "B"
        changed = entrance.browser(Cookie=f"guestlink={value[:at]}{other}{value[at + 1 :]}").get("/open")
        assert WIFI not in changed.text


def test_closing_forgets_the_guest_and_says_so(entrance: Entrance) -> None:
    client, answer = come_in(entrance)
    assert len(forms(answer, "/open/close")) == 1
    closed = client.post("/open/close", follow_redirects=False)
    assert closed.status_code == 303
    assert "Max-Age=0" in closed.headers["set-cookie"]
    after = client.get(closed.headers["location"])
    assert "Your page is closed" in text(after)
    assert WIFI not in client.get("/open").text


# -- not in ------------------------------------------------------------------------------------------
def test_a_wrong_code_says_one_sentence_and_keeps_what_was_typed(entrance: Entrance) -> None:
    answer = entrance.browser().post("/open", data={"code": "7k2mq 9x4hd"})
    assert answer.status_code == 422
    assert "This code opens no page." in text(answer)
    assert html.document_fromstring(answer.text).get_element_by_id("code").get("value") == "7k2mq 9x4hd"
    assert "set-cookie" not in answer.headers


def test_what_can_be_no_code_costs_no_try(entrance: Entrance) -> None:
    answer = entrance.browser().post("/open", data={"code": "7k2mq"})
    assert answer.status_code == 422
    assert "ten letters and digits" in text(answer)
    assert entrance.tries()["tries"] == 0


def test_every_reason_sounds_alike(fresh: Entrance) -> None:
    codes = {who: fresh.code(who) for who in ("ANA", "TOMAS", "YUKI")}
    database, ring = opened(fresh.settings)
    with database.write() as tx:
        house, ana = the_house(database), find_stay(tx, "ANA")
        stays.renew_link(tx, ring, house, stay_links(tx, ana)[0], at=AT, by=BY)
        stays.change_stay(tx, ring, house, find_stay(tx, "TOMAS"), at=AT, by=BY, status="cancelled")
    database.close()
    fresh.now.at = AT + timedelta(days=120)  # Yuki's page has ended
    answers_ = [fresh.browser().post("/open", data={"code": code}) for code in (*codes.values(), "0" * 10)]
    assert {answer.status_code for answer in answers_} == {422}
    bodies = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers_}
    assert len(bodies) == 1
    fresh.now.at = AT
    run_publish(fresh.settings)
    assert WIFI in come_in(fresh, "ANA")[1].text, "the new link has a code of its own"


def test_who_is_inside_is_out_when_the_link_is_replaced(fresh: Entrance) -> None:
    client, _ = come_in(fresh)
    database, ring = opened(fresh.settings)
    with database.write() as tx:
        link = stay_links(tx, find_stay(tx, "ANA"))[0]
        stays.renew_link(tx, ring, the_house(database), link, at=AT, by=BY)
    database.close()
    assert WIFI not in client.get("/open").text


def test_after_departure_nothing_is_secret_even_before_the_page_is_made_again(fresh: Entrance) -> None:
    fresh.now.later(days=3)
    _, old = come_in(fresh)
    run_publish(fresh.settings, at=fresh.now())
    _, new = come_in(fresh)
    assert "thank you for staying" in text(new)
    for planted in (DOOR, WIFI):
        assert planted not in old.text + new.text


def test_a_code_that_has_ended_by_our_clock_is_marked_and_leaves_the_text(fresh: Entrance) -> None:
    database, ring = opened(fresh.settings)
    next_one = {"name": "door-code", "value": "Next7door", "valid_from": AT + timedelta(hours=2)}
    with database.write() as tx:
        secret_values.set_secret(tx, ring, the_house(database), at=AT, by=BY, **next_one)
    database.close()
    run_publish(fresh.settings)
    _, before = come_in(fresh)
    fresh.now.later(hours=3)
    _, after = come_in(fresh)
    assert f"Type {DOOR} and pull." in text(before)
    assert f"Type {DOOR} and pull." not in text(after)
    assert "No longer valid" in text(after)


def test_a_page_that_is_not_published_yet_is_told(fresh: Entrance) -> None:
    add_stay(
        fresh.settings,
        "KAI",
        unit="room-1",
        arrives=AT.date() + timedelta(days=9),
        leaves=AT.date() + timedelta(days=11),
    )
    client = fresh.browser()
    answer = client.post("/open", data={"code": fresh.code("KAI")})
    assert answer.status_code == 503
    assert "not here yet" in text(answer)
    assert answer.headers["retry-after"]


# -- forms -------------------------------------------------------------------------------------------
def towels(answer: httpx.Response) -> dict[str, str]:
    return next(form for form in forms(answer, "/open/requests") if form["service"] == "towels")


def test_a_request_is_made_shown_and_cancelled_by_plain_forms(fresh: Entrance) -> None:
    client, page = come_in(fresh)
    sent = client.post("/open/requests", data=towels(page) | {"field-sets": "2"}, follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/open?")
    assert sent.headers["location"].endswith("#slot-requests")
    after = client.get(sent.headers["location"])
    assert "Sent. You see it under your requests." in text(after)
    listed = html.document_fromstring(after.text).xpath("//*[@data-slot='requests']")[0].text_content()
    assert "Fresh towels" in listed
    cancelled = client.post("/open/cancellation", data=forms(after, "/open/cancellation")[0])
    assert cancelled.status_code == 200
    assert "Your request is cancelled." in text(cancelled)
    assert forms(cancelled, "/open/cancellation") == []


def test_a_form_sent_twice_asks_once(fresh: Entrance) -> None:
    client, page = come_in(fresh)
    asked = towels(page) | {"field-sets": "2"}
    client.post("/open/requests", data=asked)
    again = client.post("/open/requests", data=asked)
    assert len(html.document_fromstring(again.text).xpath("//*[@data-is]")) == 1


def test_a_mistake_comes_back_at_its_field_with_what_was_typed(fresh: Entrance) -> None:
    client, page = come_in(fresh)
    answer = client.post("/open/requests", data=towels(page) | {"field-sets": "70"})
    assert answer.status_code == 422
    form = next(
        form for form in html.document_fromstring(answer.text).forms if form.fields.get("service") == "towels"
    )
    field = form.inputs["field-sets"]
    assert field.get("value") == "70"
    assert field.get("aria-invalid") == "true"
    assert form.get_element_by_id(field.get("aria-describedby")).text_content()
    assert "Look at what is marked" in form.text_content()
    assert [around.get("open") for around in form.iterancestors("details")]


@pytest.mark.parametrize("hidden", ["\x00", "\x0b", "\x1b[2J", "\ufffe", "\uffff"])
def test_characters_that_no_page_can_hold_break_none(fresh: Entrance, hidden: str) -> None:
    assert fresh.browser().post("/open", data={"code": f"7k2mq{hidden}"}).status_code == 422
    client, page = come_in(fresh)
    wrong = towels(page) | {"field-sets": f"7{hidden}0", f"field-{hidden}x": f"y{hidden}"}
    assert client.post("/open/requests", data=wrong).status_code == 422
    note = {"note": f"more{hidden} <b>pillows</b>", "service": ""}
    sent = client.post("/open/requests", data=towels(page) | note)
    assert sent.status_code == 200
    assert hidden not in sent.text
    assert "<b>pillows" not in sent.text
    assert client.get("/open").status_code == 200


def test_an_alarm_names_its_code(fresh: Entrance) -> None:
    client, page = come_in(fresh)
    alarm = next(form for form in forms(page, "/open/requests") if form.get("secret") == "door-code")
    answer = client.post("/open/requests", data=alarm)
    assert answer.status_code == 200
    assert len(html.document_fromstring(answer.text).xpath("//*[@data-is]")) == 1


def test_an_arrival_is_told_kept_and_told_again(fresh: Entrance) -> None:
    client, page = come_in(fresh, "TOMAS")
    arrival = forms(page, "/open/arrival")[0] | {"time": "18:30", "adults": "2", "word": "Leuchtturm"}
    answer = client.post("/open/arrival", data=arrival)
    assert answer.status_code == 200
    again = forms(answer, "/open/arrival")[0]
    assert (again["time"], again["adults"], again["word"]) == ("18:30", "2", "Leuchtturm")
    wrong = client.post("/open/arrival", data=again | {"time": "late", "note": "Gruß"})
    assert wrong.status_code == 422
    assert forms(wrong, "/open/arrival")[0]["note"] == "Gruß"


def test_a_date_may_be_typed_whenever_the_house_takes_it(fresh: Entrance) -> None:
    for today in (-1, 0, 1, 2, 9):
        days = Days(from_on=TODAY, until_on=TODAY + DAY, today=TODAY + today * DAY)
        (form,) = trees.read_parts('<form><input type="date" name="field-on"></form>')
        slots.limit_dates(form, days)
        (field,) = trees.all_with(form, "type", "date")
        assert field.get("min") == days.first.isoformat() <= field.get("max")


def test_stars_are_given_after_the_stay(fresh: Entrance) -> None:
    client, page = come_in(fresh, "YUKI")
    answer = client.post(
        "/open/rating", data=forms(page, "/open/rating")[0] | {"stars": "4", "words": "Lovely"}
    )
    assert answer.status_code == 200
    assert forms(answer, "/open/rating")[0]["stars"] == "4"


def test_an_expired_visit_does_nothing(fresh: Entrance) -> None:
    client, page = come_in(fresh)
    fresh.now.later(minutes=16)
    answer = client.post("/open/requests", data=towels(page) | {"field-sets": "2"})
    assert "Guide code" in text(answer)
    _, page = come_in(fresh)
    assert html.document_fromstring(page.text).xpath("//*[@data-is]") == []


# -- who may send ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": ORIGIN}, False),
        ({"Origin": ORIGIN}, True),
        ({"Origin": "http://localhost:8098"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
def test_a_form_of_another_site_is_refused(
    entrance: Entrance, headers: dict[str, str], is_taken: bool
) -> None:
    client = entrance.browser()
    del client.headers["Origin"]
    answer = client.post(
        "/open", data={"code": entrance.code("ANA")}, headers=headers, follow_redirects=False
    )
    assert answer.status_code == (303 if is_taken else 400)
    assert ("set-cookie" in answer.headers) is is_taken


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"code=" + b"7" * LONGEST_FORM, "application/x-www-form-urlencoded"),
        (b"&".join([b"code=7"] * 100), "application/x-www-form-urlencoded"),
        (b"code=%ff%fe", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b'{"code": "7k2mq 9x4hd"}', "application/json"),
        (b"7k2mq9x4hd", "text/plain"),
    ],
)
def test_what_is_no_form_of_ours_is_refused_in_words(entrance: Entrance, body: bytes, kind: str) -> None:
    answer = entrance.browser().post("/open", content=body, headers={"Content-Type": kind})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("text/html")
    assert "Guide code" in text(answer)


def test_an_empty_form_asks_for_the_code(entrance: Entrance) -> None:
    answer = entrance.browser().post("/open", data={})
    assert answer.status_code in {400, 422}
    assert "Guide code" in text(answer)


# -- tries -------------------------------------------------------------------------------------------
def test_after_ten_wrong_codes_an_address_waits_a_minute(entrance: Entrance) -> None:
    client = entrance.browser()
    statuses = [client.post("/open", data={"code": "7k2mq 9x4hd"}).status_code for _ in range(10)]
    assert statuses == [422] * 10
    answer = client.post("/open", data={"code": entrance.code("ANA")})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "Wait a minute" in text(answer)
    entrance.now.later(seconds=61)
    assert client.post("/open", data={"code": entrance.code("ANA")}).status_code == 200


def test_right_codes_never_use_up_the_tries_of_a_house(entrance: Entrance) -> None:
    for _ in range(15):
        come_in(entrance)


def test_only_what_our_own_machines_say_about_an_address_is_believed(
    home: Settings, entrance: Entrance
) -> None:
    liar = entrance.browser()
    statuses = [
        liar.post("/open", data={"code": "7k2mq 9x4hd"}, headers={"X-Forwarded-For": f"198.51.100.{n}"})
        for n in range(11)
    ]
    assert statuses[-1].status_code == 429
    entrance.now.later(minutes=2)
    settings = msgspec.structs.replace(home, proxies="1")
    client = entrance.browser(settings)
    for n in range(11):  # CloudFront adds the last one
        forwarded = {"X-Forwarded-For": f"203.0.113.9, 198.51.100.{n}"}
        assert client.post("/open", data={"code": "7k2mq 9x4hd"}, headers=forwarded).status_code == 422
    statuses = [
        client.post(
            "/open", data={"code": "7k2mq 9x4hd"}, headers={"X-Forwarded-For": f"{n}.1.1.1, 192.0.2.1"}
        )
        for n in range(11)
    ]
    assert statuses[-1].status_code == 429


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1:4711", "192.0.2.1:4712", True),
        ("[2001:db8::1]:4711", "[2001:db8::2]:4712", True),
        ("testclient", "testclient", True),
    ],
)
def test_an_address_is_known_by_its_network(one: str, other: str, is_same: bool) -> None:
    assert (auth.network(one) == auth.network(other)) is is_same


def spend(database: Database, ring: KeyRing, address: str, at: datetime) -> bool:
    try:
        with database.write() as tx:
            tries.spend_try(tx, ring, address, at=at)
    except TooMany:
        return False
    return True


def test_tries_of_many_machines_at_once_are_counted_exactly(place: Place, ring: KeyRing) -> None:
    machines = [place.open() for _ in range(3)]
    with ThreadPoolExecutor(9) as crowd:
        allowed = crowd.map(lambda n: spend(machines[n % 3], ring, "192.0.2.1", BEGIN), range(40))
        assert sum(allowed) == tries.OF_ADDRESS.most
    for machine in machines:
        machine.close()


def test_uncounted_tries_would_let_everybody_in(place: Place, ring: KeyRing) -> None:
    """The control of the test above: it can see more than the limit."""
    database = place.open()
    assert sum(spend(database, ring, f"192.0.2.{n}", BEGIN) for n in range(40)) == 40
    database.close()


def test_the_whole_site_has_a_limit_and_old_tries_are_swept(database: Database, ring: KeyRing) -> None:
    allowed = [spend(database, ring, f"192.0.2.{n}", BEGIN) for n in range(tries.OF_SITE.most + 3)]
    assert sum(allowed) == tries.OF_SITE.most
    later = BEGIN + timedelta(hours=1, seconds=1)
    assert spend(database, ring, "192.0.2.1", later)
    with database.read() as db:
        row = db.one("tries_of_site", since="")
    assert row
    assert row["tries"] == 1


def test_waiting_is_told_to_the_second(database: Database, ring: KeyRing) -> None:
    for second in range(10):
        assert spend(database, ring, "192.0.2.1", BEGIN + timedelta(seconds=second))
    with pytest.raises(TooMany) as told, database.write() as tx:
        tries.spend_try(tx, ring, "192.0.2.1", at=BEGIN + timedelta(seconds=30))
    assert told.value.retry_after == 30


def test_an_address_is_kept_as_a_blind_token_only(database: Database, ring: KeyRing) -> None:
    assert spend(database, ring, "192.0.2.77", BEGIN)
    with database.read() as db:
        blind = db.one("tries_of_address", address=ring.blind("address", "192.0.2.77"), since="")
        clear = db.one("tries_of_address", address="192.0.2.77", since="")
    assert blind
    assert clear
    assert (blind["tries"], clear["tries"]) == (1, 0)


# -- out of order ------------------------------------------------------------------------------------
def test_without_the_database_the_form_says_so_and_the_site_goes_on(entrance: Entrance) -> None:
    gone = "postgresql://nobody:secret-planted@127.0.0.1:1/none"
    client = entrance.browser(msgspec.structs.replace(entrance.settings, database_url=gone))
    answer = client.post("/open", data={"code": entrance.code("ANA")})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "out of order" in text(answer)
    assert "Traceback" not in answer.text
    assert "planted" not in answer.text
    assert client.get("/").status_code == 200
    assert client.get("/open").status_code == 200


def test_while_the_database_is_away_who_is_inside_stays_inside(entrance: Entrance) -> None:
    inside, _ = come_in(entrance)
    gone = "postgresql://nobody@127.0.0.1:1/none"
    client = entrance.browser(msgspec.structs.replace(entrance.settings, database_url=gone))
    answer = client.get("/open", headers={"Cookie": f"guestlink={inside.cookies['guestlink']}"})
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert WIFI in inside.get("/open").text


def test_without_the_storage_a_plain_sentence_is_left(fresh: Entrance) -> None:
    client, _ = come_in(fresh)
    shell = fresh.settings.path("data/site/shells/open.en.html")
    shell.unlink()
    shell.symlink_to(shell)
    answer = client.get("/open")
    assert answer.status_code == 503
    assert "ask your host" in answer.text


# -- logs --------------------------------------------------------------------------------------------
def test_no_code_key_name_or_address_reaches_a_log(
    fresh: Entrance, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    client, page = come_in(fresh)
    client.post("/open/requests", data=towels(page) | {"field-sets": "70", "note": "planted note"})
    fresh.browser().post("/open", data={"code": "7k2mq 9x4hd"})
    slug, _ = split(link_of(fresh.settings, "ANA"))
    link = link_of(fresh.settings, "ANA")
    said = caplog.text + "".join(capfd.readouterr())
    assert "edge-refused reason=guide-code" in said, "the log is looked at"
    code = fresh.code("ANA")
    for secret in (
        *PLANTED,
        slug,
        link.partition("#")[2],
        code,
        code.replace(" ", ""),
        "7k2mq",
        "planted note",
        client.cookies["guestlink"],
    ):
        assert secret not in said
