"""Pages as bytes: the same each time, nothing private outside the seal, no host text run as a program."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from html.parser import HTMLParser
from urllib.parse import quote, unquote

import msgspec
import pytest

from generator.files.host_content import HostContent
from generator.files.shapes import Notice, Words
from generator.pages import Page, StayView
from generator.parts.frames import Frame
from generator.parts.squares import joining_code, link_code
from generator.parts.wording import inert_json
from generator.rendering import Private, Renderer
from guestlink.crypto import PageSeal
from guestlink.errors import ContentError
from guestlink.language import LANGUAGES
from guestlink.links import text_of
from guestlink.records import Period
from tests.generator import sample

VOID = {"img", "link", "meta", "br", "hr", "path", "circle", "ellipse"}
EVERY = [*sample.MOMENTS]


def rendered(
    phase: str,
    *,
    language: str = "en",
    shown: StayView | None = None,
    host: HostContent | None = None,
    private: Private = sample.PRIVATE,
) -> str:
    pages = sample.pages(phase, shown=shown, host=host)
    return made(sample.renderer(host), pages[language], private).decode()


def made(renderer: Renderer, page: Page, private: Private) -> bytes:
    (blocks,) = renderer.blocks([(page, private)])
    return renderer.page(page, blocks)


def gate(phase: str = "booked", *, shown: StayView | None = None) -> str:
    pages = sample.pages(phase, shown=shown)
    return sample.renderer().gate(pages["gate"], sample.PRIVATE.query).decode()


def opened(html: str, block: str, *, language: str = "en") -> str:
    """What a guest reads in a sealed block; empty when the page has none."""
    found = re.search(f'<template data-sealed="{block}">([^<]*)</template>', html)
    if not found:
        return ""
    sealed = base64.b64decode(found[1])
    return PageSeal(sample.KEY).open(sealed, slug=sample.SLUG, language=language, block=block).decode()


def forms(word: str) -> set[bytes]:
    """A word as bytes, as base64 at each of the three offsets, in both alphabets, as hex, in an address."""
    raw = word.encode()
    inner = {base64.b64encode(b"\0" * pad + raw)[4 * (pad > 0) : -4] for pad in range(3)}
    inner |= {part.translate(bytes.maketrans(b"+/", b"-_")) for part in inner}
    return {raw, raw.hex().encode(), quote(word).encode(), *(part for part in inner if len(part) > 5)}


# -- the same bytes --------------------------------------------------------------------------------
@pytest.mark.parametrize("phase", EVERY)
def test_a_page_of_each_phase_is_what_was_looked_at(phase: str, golden: Callable[[str, bytes], None]) -> None:
    golden(f"page/{phase}.en.html", rendered(phase).encode())


@pytest.mark.parametrize("state", ["open", "replaced", "cancelled"])
def test_a_gate_of_each_state_is_what_was_looked_at(state: str, golden: Callable[[str, bytes], None]) -> None:
    views = {
        "open": sample.view(),
        "replaced": sample.view(replaced=True),
        "cancelled": sample.view(status="cancelled"),
    }
    golden(f"gate/{state}.en.html", gate(shown=views[state]).encode())


@pytest.mark.parametrize("phase", EVERY)
def test_two_renders_are_equal(phase: str) -> None:
    assert rendered(phase) == rendered(phase)


def test_a_renderer_that_has_seen_other_stays_makes_the_same_bytes() -> None:
    renderer = sample.renderer()
    tomas = msgspec.structs.replace(sample.PRIVATE, name="Tomas", page_key=bytes(16))
    other = msgspec.structs.replace(sample.ATTIC, unit_id="u2", unit="other", title="Loft")
    for phase in EVERY:
        for shown in (sample.view(periods=(other,), language="de"), sample.view(language="ar")):
            for tag, page in sample.pages(phase, shown=shown).items():
                if tag == "gate":
                    renderer.gate(page, "Policy=other")
                else:
                    made(renderer, page, tomas)
    for phase in EVERY:
        assert made(renderer, sample.pages(phase)["en"], sample.PRIVATE).decode() == rendered(phase)


# -- the seal --------------------------------------------------------------------------------------
@pytest.mark.parametrize("phase", EVERY)
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_private_is_readable_outside_the_seal(phase: str, language: str) -> None:
    page = rendered(phase, language=language).encode() + gate(phase).encode()
    assert [word for word in sample.PLANTED for form in forms(word) if form in page] == []


def test_the_search_for_private_words_would_find_them() -> None:
    page = b"x" + base64.b64encode(b"so " + sample.VALUES["wifi"].encode() + b" is it")
    assert any(form in page for form in forms(sample.VALUES["wifi"]))


def test_the_dates_of_a_stay_are_sealed() -> None:
    page = rendered("arriving")
    assert "20 November" not in page
    assert "20 November" in opened(page, "stay")


def test_the_blocks_open_with_the_key_of_the_link() -> None:
    page = rendered("arriving")
    stay, codes = opened(page, "stay"), opened(page, "codes")
    assert f"<bdi>{sample.GIVEN}</bdi>, welcome to Harbour House" in stay
    assert "Sunday 22 November, until 11:00" in stay
    assert sample.ROOM in stay
    assert "Planted Feather" in stay
    assert '<bdi class="value number" data-inline>583106</bdi>' in codes
    assert "Valid until Sunday 22 November, 11:00" in codes


def test_a_block_of_one_language_does_not_pass_for_another() -> None:
    page = rendered("arriving")
    with pytest.raises(Exception, match="not sealed with this key"):
        opened(page, "stay", language="de")


def test_a_code_carries_the_seconds_from_and_until_it_is_valid() -> None:
    codes = opened(rendered("arriving"), "codes")
    ends = int(sample.MOMENTS["departed"].timestamp()) - 3 * 3600
    opens = int((sample.MOMENTS["arriving"] + timedelta(hours=3 - 48)).timestamp())
    assert f'<template data-secret="door-code" data-from="{opens}" data-until="{ends}">' in codes


def test_the_wifi_card_holds_network_password_and_a_joining_code() -> None:
    codes = opened(rendered("in_house"), "codes")
    assert "Network: HarbourHouse" in codes
    assert sample.VALUES["wifi"] in codes
    assert f'data-qr="{joining_code("HarbourHouse", sample.VALUES["wifi"])}"' in codes


@pytest.mark.parametrize(("phase", "first"), [("arriving", "exact-address"), ("in_house", "wifi-password")])
def test_the_code_that_is_needed_first_stands_first(phase: str, first: str) -> None:
    assert re.findall('data-secret="([^"]+)"', opened(rendered(phase), "codes"))[0] == first


def test_a_departed_guest_gets_thanks_and_no_codes() -> None:
    page = rendered("departed")
    assert opened(page, "codes") == ""
    assert "data-secret=" not in opened(page, "stay")
    assert "thank you for staying with us" in opened(page, "stay")
    assert "Your codes appear here" not in page


def test_a_code_that_is_to_come_says_when() -> None:
    stay = opened(rendered("booked"), "stay")
    assert "Shown here from Wednesday 18 November, 15:00" in stay
    assert "Shown here when your room is ready" in stay


def test_a_secret_without_a_value_says_ask_us() -> None:
    view = msgspec.structs.replace(sample.view(), secrets=sample.SECRETS[:2])
    stay = opened(rendered("arriving", shown=view), "stay")
    card = re.search(r'<template data-secret="door-code">(.*?)</template>', stay, re.DOTALL)
    assert card
    assert "<h3>Door code</h3>" in card[1]
    assert '<a class="ask"' in card[1]


def test_a_room_change_is_told_room_by_room() -> None:
    between = sample.ARRIVAL + timedelta(days=1)
    periods = (
        Period(unit_id="u1", unit="one", title="Room 1", from_on=sample.ARRIVAL, until_on=between),
        Period(unit_id="u2", unit="two", title="Room 2", from_on=between, until_on=sample.DEPARTURE),
    )
    stay = opened(rendered("booked", shown=sample.view(periods=periods)), "stay")
    assert "<dd>From Friday 20 November: Room 1</dd>" in stay
    assert "<dd>From Saturday 21 November: Room 2</dd>" in stay


def test_a_sealed_section_knows_its_place_among_the_others() -> None:
    stay = opened(rendered("arriving"), "stay")
    assert re.search(r'<template data-before="wifi">\s*<details id="attic">', stay)
    assert 'id="attic"' not in rendered("arriving")


# -- what only the guest reads ----------------------------------------------------------------------
def stay_of(phase: str, *, language: str = "en", **changes: object) -> str:
    host, source = changes.pop("host", None), changes.pop("shown", None)
    page = rendered(phase, language=language, host=host, shown=source, **changes)  # type: ignore[arg-type]
    return opened(page, "stay", language=language)


def about(stay: str) -> dict[str, object]:
    found = re.findall("<template data-stay>(.*?)</template>", stay)
    return json.loads(found[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("phase", EVERY)
def test_scripts_are_told_of_the_stay_inside_the_seal(phase: str) -> None:
    assert about(stay_of(phase)) == {
        "token": sample.TOKEN,
        "phase": phase,
        "departs": int(datetime(2026, 11, 22, 11, tzinfo=UTC).timestamp()),
        "from": "2026-11-20",
        "until": "2026-11-22",
        "code": "plantedcode",
        "direct": True,
    }


def test_what_scripts_are_told_ends_no_element() -> None:
    assert inert_json({"a": "</template><b>&"}) == '{"a":"\\u003c/template\\u003e\\u003cb\\u003e\\u0026"}'


CHAT = "https://wa.me/447700900100?text="


def test_a_chat_begins_with_the_booking_word() -> None:
    stay = stay_of("in_house", host=sample.content(whatsapp="+44 7700 900100"))
    address = re.findall(rf'href="({re.escape(CHAT)}[^"]+)"', stay)
    assert len(address) == 1
    assert "plantedcode" in unquote(address[0])


def test_a_stay_of_a_source_that_forbids_it_has_no_chat() -> None:
    host = sample.content(whatsapp="+44 7700 900100")
    airbnb = stay_of("in_house", host=host, shown=sample.view(source="airbnb"))
    assert "wa.me" not in airbnb
    assert about(airbnb)["direct"] is False
    assert "wa.me" not in stay_of("in_house"), "nor has a house without a number"


def test_a_guest_reads_their_own_word_until_they_leave() -> None:
    assert f"<bdi>{sample.WORD}</bdi>" in stay_of("in_house")
    assert sample.WORD not in stay_of("departed")
    without = msgspec.structs.replace(sample.PRIVATE, word="")
    assert 'data-fill="word"' not in stay_of("in_house", private=without)


def test_a_later_check_out_is_offered_to_those_who_do_not_have_it_yet() -> None:
    hamper = sample.content().services["hamper"]["en"]
    later = msgspec.structs.replace(hamper, key="later", title="Late check-out", changes="check-out 13:00")
    host = sample.content(services={"later": {"en": later}})
    offer = 'href="#Service-later"'
    renderer = sample.renderer(host)
    offered = []
    for check_out in ("", "12:30", "13:00", "22:00", ""):
        page = sample.pages("departing", shown=sample.view(check_out=check_out), host=host)
        offered.append(offer in made(renderer, page["en"], sample.PRIVATE).decode())
    assert offered == [True, True, False, False, True]
    assert offer not in rendered("booked", host=host)


def test_the_printed_card_has_the_link_as_a_square_and_a_guide_code() -> None:
    stay = stay_of("arriving")
    assert f'data-qr="{link_code(sample.PRIVATE.link)}"' in stay
    guide_code = PageSeal(sample.KEY).guide_code
    assert f"{guide_code[:5]} {guide_code[5:]}" in stay
    assert "stay.example.com/open" in stay
    assert 'data-fill="card"' not in stay_of("departed")


def test_no_key_is_written_out_anywhere() -> None:
    for phase in EVERY:
        page = rendered(phase)
        assert sample.FRAGMENT not in page + opened(page, "stay") + opened(page, "codes")


def test_an_arrival_that_was_told_is_said_until_it_has_come() -> None:
    late = sample.view(expected_arrival="22:30")
    assert re.search(r"<dt>You come</dt>\s*<dd>about 22:30</dd>", stay_of("booked", shown=late))
    assert "22:30" not in stay_of("in_house", shown=late)
    assert "You come" not in stay_of("booked")


def test_a_room_is_called_what_the_language_calls_it() -> None:
    host = sample.content()
    german = msgspec.structs.replace(host.words["de"], language="de", units={"plantedunit": "Dachkammer"})
    labelled = sample.content(words={**host.words, "de": german})
    assert "<dd>Dachkammer</dd>" in stay_of("booked", host=labelled, language="de")
    assert f"<dd>{sample.ROOM}</dd>" in stay_of("booked", host=labelled)


# -- notices, services, places ----------------------------------------------------------------------
def notice(**changes: object) -> Notice:
    fields: dict[str, object] = {
        "key": "water",
        "language": "en",
        "title": "No planted water",
        "html": "<p>Fill the kettle.</p>",
        "units": (),
        "shown_from": sample.ARRIVAL,
        "shown_until": sample.DEPARTURE,
        "important": False,
    }
    return Notice(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_notice_stands_at_the_top_with_its_last_day() -> None:
    page = rendered("in_house", host=sample.content(notices={"water": {"en": notice()}}))
    assert page.index("No planted water") < page.index('data-sealed="stay"')
    assert "Until Sunday 22 November" in page


def test_a_notice_for_some_rooms_is_in_the_sealed_block_alone() -> None:
    sealed = notice(units=("plantedunit",))
    page = rendered("in_house", host=sample.content(notices={"water": {"en": sealed}}))
    assert "No planted water" not in page
    assert re.search(r'<template data-into="Notices">.*No planted water', opened(page, "stay"), re.DOTALL)
    assert 'id="Notices"' in page


def test_services_and_places_tell_the_clock_when_they_are_open() -> None:
    host = sample.content()
    hamper = msgspec.structs.replace(host.services["hamper"]["en"], closed=("2026-12-25", "sun"))
    bakery = msgspec.structs.replace(host.places["bakery"]["en"], open=("tue-sun 07:00-14:00",))
    page = rendered(
        "in_house",
        host=sample.content(services={"hamper": {"en": hamper}}, places={"bakery": {"en": bakery}}),
    )
    assert (
        'data-service="hamper" data-hours="mon-fri 06:00-09:00; sat 07:00-24:00" data-closed="2026-12-25 sun"'
    ) in page
    assert 'data-hours="tue-sun 07:00-14:00"' in page
    assert "Closed: Friday 25 December · Sun" in page


def test_places_are_numbered_as_on_the_drawing() -> None:
    host = sample.content()
    bakery = host.places["bakery"]["en"]
    cafe = msgspec.structs.replace(bakery, key="cafe", title="Café", order=1, latitude=50.16)
    page = rendered("in_house", host=sample.content(places={"bakery": {"en": bakery}, "cafe": {"en": cafe}}))
    assert '<svg class="town"' in page
    assert re.search(r">1<.*?Café.*?>2<.*?Fore Street Bakery", page, re.DOTALL)
    assert '<svg class="town"' not in rendered("in_house"), "one place alone needs no map"


# -- the order of bytes -----------------------------------------------------------------------------
@pytest.mark.parametrize("phase", EVERY)
def test_what_opens_the_codes_comes_before_the_text_of_the_house(phase: str) -> None:
    page = rendered(phase)
    inline = page.index("<script>(() =>")
    assert page.index('data-sealed="stay"') < inline < page.index('id="House"')
    assert page.find('data-sealed="codes"') < inline
    assert page.index("<h1") < page.index('data-sealed="stay"')


def test_a_page_names_its_sheet_and_its_zone() -> None:
    path, _ = sample.renderer().sheet("en")
    page = rendered("in_house")
    assert f'data-sheet="/{path}"' in page
    assert 'data-zone="Europe/London"' in page


# -- the gate --------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["open", "replaced", "cancelled"])
def test_a_gate_is_smaller_than_two_kilobytes(language: str, state: str) -> None:
    status = "cancelled" if state == "cancelled" else "confirmed"
    view = sample.view(language=language, replaced=state == "replaced", status=status)
    long = sample.PRIVATE.query + "~" * (480 - len(sample.PRIVATE.query))  # that of a long host name
    page = sample.pages("booked", shown=view)["gate"]
    assert len(sample.renderer().gate(page, long)) < 2048


def test_a_gate_shows_the_name_of_the_house_and_nothing_else_of_the_stay() -> None:
    told = dict(re.findall('property="og:([^"]+)" content="([^"]+)"', gate()))
    assert told["title"] == "Harbour House"
    assert [word for word in sample.PLANTED if word in " ".join(told.values())] == []
    ends = sample.view(until_on=sample.DEPARTURE + timedelta(days=1))
    assert gate(shown=ends) == gate()


@pytest.mark.parametrize("shown", [sample.view(replaced=True), sample.view(status="cancelled")])
def test_a_gate_that_is_closed_leads_nowhere(shown: StayView) -> None:
    assert sample.SLUG not in gate(shown=shown)
    assert 'href="/' not in gate(shown=shown)
    assert "<script" not in gate(shown=shown)


# -- what a browser allows -------------------------------------------------------------------------
def hashed(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


@pytest.mark.parametrize("made", [partial(rendered, "arriving"), partial(rendered, "departed"), gate])
def test_the_policy_names_every_inline_part_by_its_hash(made: Callable[[], str]) -> None:
    html = made()
    policy = re.findall('<meta http-equiv="Content-Security-Policy" content="([^"]+)">', html)[0]
    inline = re.findall("<style>(.*?)</style>", html, re.DOTALL) + re.findall(
        "<script>(.*?)</script>", html, re.DOTALL
    )
    assert sorted(re.findall("'sha256-[^']+'", policy)) == sorted(map(hashed, inline))
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


@pytest.mark.parametrize("phase", EVERY)
def test_no_element_carries_style_or_script_and_nothing_is_loaded_from_elsewhere(phase: str) -> None:
    page = rendered(phase)
    whole = page + opened(page, "stay") + opened(page, "codes")
    assert re.findall(r"<[^>]+ (?:style|on[a-z]+)=", whole) == []
    assert re.findall(r'<(?:img|script|link)[^>]+(?:src|href)="(?!/assets/)', whole) == []
    assert [
        tag for tag in re.findall(r'<a [^>]*href="https?:[^>]*>', whole) if 'rel="noreferrer"' not in tag
    ] == []


class Outline(HTMLParser):
    """Open elements, ids and what links point at; complains about what is never closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._note(dict(attrs))

    def handle_startendtag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def _note(self, given: dict[str, str | None]) -> None:
        self.ids += filter(None, [given.get("id")])
        href = given.get("href") or ""
        self.targets += [href[1:]] if href.startswith("#") else []


@pytest.mark.parametrize("phase", EVERY)
def test_every_element_is_closed_every_id_is_there_once_and_every_jump_lands(phase: str) -> None:
    page = rendered(phase)
    outline = Outline()
    outline.feed(page + opened(page, "stay") + opened(page, "codes"))
    outline.close()
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.targets) <= set(outline.ids)


# -- languages -------------------------------------------------------------------------------------
def test_a_section_in_another_language_says_which() -> None:
    page = rendered("arriving", language="de")
    assert '<html lang="de" dir="ltr">' in page
    assert '<details id="arrival">' in page
    assert '<details id="door" lang="en" dir="ltr" open>' in page


def test_arabic_runs_from_right_to_left() -> None:
    page = rendered("in_house", language="ar", shown=sample.view(language="ar"))
    assert '<html lang="ar" dir="rtl">' in page
    assert '<details id="door" lang="en" dir="ltr">' in page


def test_a_language_without_words_of_ours_is_told_as_what_it_is() -> None:
    dutch = msgspec.structs.replace(sample.content(), languages=("en", "nl"))
    assert '<html lang="en" dir="ltr">' in rendered("booked", language="nl", host=dutch)


def test_each_language_link_holds_the_whole_signature() -> None:
    found = re.findall(rf'href="/w/_/{sample.SLUG}/([a-z]+)\.html\?([^"]+)" hreflang', rendered("booked"))
    assert found == [(tag, sample.PRIVATE.query.replace("&", "&amp;")) for tag in ("en", "de")]


def test_one_language_is_no_choice() -> None:
    assert "hreflang" not in rendered("booked", host=sample.content(languages=("en",)))


# -- phases ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("phase", "first"),
    [
        ("booked", "arrival"),
        ("arriving", "door"),
        ("in_house", "wifi"),
        ("departing", "leaving"),
        ("departed", "goodbye"),
    ],
)
def test_the_sections_of_the_hour_are_open_and_first(phase: str, first: str) -> None:
    page = rendered(phase)
    sections = re.findall('<details id="([a-z]+)"( open)?>', page)
    assert sections[0] == (first, " open")
    assert [key for key, open_ in sections if open_] == [first]


def test_the_text_says_where_the_codes_are_until_the_page_is_opened() -> None:
    assert '<span data-secret="door-code">(see your codes)</span>' in rendered("arriving")


# -- host text is data -----------------------------------------------------------------------------
HOSTILE = "{{7*7}}<script>alert(1)</script>{% raw %}"


def test_a_guests_name_is_text() -> None:
    stay = opened(rendered("arriving", private=msgspec.structs.replace(sample.PRIVATE, name=HOSTILE)), "stay")
    assert "<script" not in stay
    assert "{{7*7}}&lt;script&gt;" in stay


def test_a_secrets_value_is_text() -> None:
    values = {**sample.VALUES, "door": "<b>1&2</b>"}
    codes = opened(
        rendered("arriving", private=msgspec.structs.replace(sample.PRIVATE, values=values)), "codes"
    )
    assert "&lt;b&gt;1&amp;2&lt;/b&gt;" in codes


def test_what_a_host_writes_is_no_template() -> None:
    words: Words = msgspec.structs.replace(sample.content().words["en"], name=HOSTILE)
    page = rendered("arriving", host=sample.content(words={"en": words}))
    assert "<script>alert" not in page
    assert page.count("{{7*7}}&lt;script&gt;") >= 2


def test_a_text_that_pretends_to_be_a_slot_is_refused() -> None:
    words: Words = msgspec.structs.replace(sample.content().words["en"], area="\0name\0")
    with pytest.raises(ContentError, match="NUL"):
        rendered("arriving", host=sample.content(words={"en": words}))


def test_a_frame_is_filled_in_order() -> None:
    frame = Frame.split("a\0slug\0b\0stay\0c\0slug\0")
    assert frame.filled({"slug": b"1", "stay": b"2"}) == b"a1b2c1"


def test_what_is_opened_for_a_link_is_hidden_in_logs() -> None:
    assert sample.NAME not in repr(sample.PRIVATE)


def test_a_page_without_a_phone_offers_no_call() -> None:
    page = rendered("in_house", host=sample.content(phone="", places={}))
    assert re.findall('href="tel:([^"]+)"', page) == ["999"]


def test_the_key_of_a_page_is_its_path_in_both_alphabets() -> None:
    pages: dict[str, Page] = sample.pages("booked")
    assert [page.path for page in pages.values()] == [
        f"w/_/{sample.SLUG}/en.html",
        f"w/_/{sample.SLUG}/de.html",
        f"w/{sample.SLUG}",
    ]
    assert text_of(sample.KEY) == sample.FRAGMENT
