"""Every sentence that the house says on WhatsApp, in eight languages: whole within Meta's lengths, plain,
complete.
"""

import inspect
import re
from collections.abc import Iterator

import msgspec
import pytest

from edge_api import callings, concierge, phrases, staff_phone, staff_phrases
from edge_api.messages import (
    LONGEST_BUTTON,
    Buttons,
    Choice,
    GuestLinkOf,
    LinkButton,
    Options,
    Outgoing,
    Text,
    fitted,
)
from edge_api.phrases import REASONS, Ring
from guestlink.language import LANGUAGES, Catalogue, format_day, isolate, load_catalogue
from tests.databases import AT, ROOT

WHAT = "A cot and bedding for a small child, Garden Room"
WHO = "Ana Lindqvist, Garden Room"
HOUSE = "Harbour House"
PHONE = "+44 1632 960100"
REQUEST_ID, TALK_ID = "0193-request", "0193-conversation"
LINK = GuestLinkOf(link_id="0193-link", anchor="breakfast")
TEXT = "From 8 to 10 in the garden room. " * 30
CHOICES = [("ask:cot:0=0", "One"), ("ask:cot:0=1", "Two")]
OFFERED = [("ask:towels", "Towels", "£2.50"), ("ask:late-checkout", "Late check-out", "")]
MANY = [(f"ask:{number}", f"A service with a name {number}") for number in range(9)]
ROOMS = [(f"stay:{number}", f"Room {number}", "Sunday 22 November") for number in range(4)]
Said = Outgoing | str


def all_said(words: Catalogue) -> dict[str, list[Said]]:
    """What each function of phrases.py makes of ordinary values."""
    asked = Ring(
        request_id=REQUEST_ID, version=3, house=HOUSE, unit="Garden Room", guest="Ana Lindqvist", what=WHAT
    )
    urgent = msgspec.structs.replace(asked, urgent=True, unit="", guest="")
    promised = msgspec.structs.replace(
        asked, is_promised=True, said=(("How many", "2"), ("", "Window")), note=TEXT, price="£12.50"
    )
    states = [words.text(state) for state in staff_phone.STATES.values()]
    reasons = [words.text(reason) for reason in REASONS]
    kinds = [words.text(kind) for kind in (*concierge.KINDS.values(), concierge.SOMETHING)]
    refusals = [
        words.text(why)
        for why in (
            *(staff_phone.NO_SUCH_REQUEST, staff_phone.ANSWERED, staff_phone.ONLY_TEXT, staff_phone.SILENT),
            *(staff_phone.CHANGED, phrases.TOO_LATE),
        )
    ]
    cannot = [words.text(why) for why in (concierge.NOT_NOW, concierge.TOO_MUCH, phrases.TOO_LATE)]
    day = format_day(AT.date(), words.language)
    changes = [phrases.until_time(words, "14:00"), phrases.until_day(words, day), ""]
    return {
        "asked": [phrases.asked(words, WHAT, REQUEST_ID)],
        "arranged": [phrases.arranged(words, words.text(phrases.YOUR_REQUEST), REQUEST_ID)],
        "confirmed": [phrases.confirmed(words, WHAT, change, None) for change in changes],
        "until_time": [phrases.until_time(words, "14:00")],
        "from_time": [phrases.from_time(words, "13:00")],
        "until_day": [phrases.until_day(words, day)],
        "declined": [phrases.declined(words, WHAT, reason, None) for reason in (*reasons, "")],
        "reopened": [phrases.reopened(words, WHAT)],
        "taken_back": [phrases.taken_back(words, WHAT)],
        "call_us": [phrases.call_us(words, WHAT, isolate(PHONE))],
        "choose": [phrases.choose(words, WHAT, label, CHOICES) for label in ("How many?", "")],
        "fill_in": [phrases.fill_in(words, WHAT, LINK)],
        "problem": [phrases.problem(words, WHAT, why, link) for why in cannot for link in (LINK, None)],
        "menu": [phrases.menu(words, rows, link) for rows in (OFFERED, []) for link in (LINK, None)],
        "answer": [phrases.answer(words, "Breakfast", TEXT, link) for link in (LINK, None)],
        "of_service": [
            phrases.of_service(words, WHAT, price, TEXT, payload="ask:cot")
            for price in ("£12.50", words.text(concierge.FREE), "")
        ],
        "which_one": [phrases.which_one(words, rows) for rows in (CHOICES, [row[:2] for row in MANY])],
        "which_stay": [phrases.which_stay(words, rows) for rows in (ROOMS[:2], ROOMS)],
        "passed_on": [phrases.passed_on(words)],
        "no_stay": [phrases.no_stay(words)],
        "asked_the_house": [phrases.asked_the_house(words)],
        "stay_is_over": [phrases.stay_is_over(words)],
        "welcome_back": [phrases.welcome_back(words, HOUSE, link) for link in (LINK, None)],
        "stopped": [phrases.stopped(words)],
        "resumed": [phrases.resumed(words)],
        "from_staff": [phrases.from_staff("She left her hat here.", None)],
        "ring": [phrases.ring(words, each, None) for each in (asked, urgent, promised)],
        "yours": [phrases.yours(words, WHAT, REQUEST_ID, told_guest=told) for told in (True, False)],
        "done": [phrases.done(words, WHAT)],
        "withdrawn": [phrases.withdrawn(words, WHAT, unit) for unit in ("Garden Room", "")],
        "was_faster": [phrases.was_faster(words, "Jory Holm", state, "14:02") for state in states],
        "done_before": [phrases.done_before(words, state) for state in states],
        "against": [phrases.against(words, "Room 2 is needed from 13:00 on 2026-11-26 by HX-4711.")],
        "noted": [phrases.noted(words)],
        "shared_number": [phrases.shared_number(words)],
        "too_late": [phrases.too_late(words, why) for why in refusals],
        "why_not": [phrases.why_not(words, WHAT, REQUEST_ID)],
        "refused": [phrases.refused(words, WHAT)],
        "guest_writes": [phrases.guest_writes(words, WHO, quote, None) for quote in (*kinds, TEXT)],
        "whose_number": [phrases.whose_number(words, "Somebody", "HX-4711", TALK_ID)],
        "delivered_to_guest": [phrases.delivered_to_guest(words, WHO)],
        "not_delivered": [phrases.not_delivered(words, WHO, why) for why in refusals],
        "how_to": [phrases.how_to(words)],
        **of_codes_and_rooms(words),
    }


def of_codes_and_rooms(words: Catalogue) -> dict[str, list[Said]]:
    """What staff_phrases.py makes of them."""
    where, what = "Garden Room", words.text(callings.LABELS["wifi-password"])
    known = [words.text(label) for label in callings.LABELS.values()]
    codes = [(str(number), f"Room {number}", what) for number in range(10)]
    rooms = [(str(number), f"Room {number}", staff_phrases.expected(words, "16:00")) for number in range(12)]
    over = [words.text(why) for why in (staff_phrases.OVER, staff_phrases.NO_STAY)]
    return {
        "is_it_valid": [staff_phrases.is_it_valid(words, where, what, size=4, wish_id=REQUEST_ID), *over],
        "which_code": [
            staff_phrases.which_code(words, codes, stray=stray, among=12) for stray in (True, False)
        ],
        "code_counts": [staff_phrases.code_counts(words, where, what, has_own=own) for own in (True, False)],
        "nothing_changed": [staff_phrases.nothing_changed(words)],
        "no_such_code": [staff_phrases.no_such_code(words, each) for each in (known, [])],
        "unclear_code": [staff_phrases.unclear_code(words)],
        "rooms": [
            staff_phrases.rooms(words, rows, arrivals=arrivals)
            for rows, arrivals in ((rooms, 12), (rooms[:1], 1), ([], 3), ([], 0))
        ],
        "expected": [staff_phrases.expected(words, "16:00")],
        "room_ready": [
            staff_phrases.room_ready(words, where, REQUEST_ID, is_told=told) for told in (True, False)
        ],
        "room_not_ready": [staff_phrases.room_not_ready(words, where)],
        "nobody_comes": [staff_phrases.nobody_comes(words, where)],
    }


def speaking() -> set[str]:
    """The functions of phrases.py and staff_phrases.py that make a message or a part of one."""
    return {
        name
        for module in (phrases, staff_phrases)
        for name, made in vars(module).items()
        if inspect.isfunction(made) and made.__module__ == module.__name__ and not name.startswith("_")
        if inspect.signature(made).return_annotation in (Outgoing, str)
    }


def shown(said: Said) -> Iterator[str]:
    """All that a person reads of it."""
    match said:
        case str():
            yield said
        case Text(text=text):
            yield text
        case Buttons(text=text, buttons=buttons, footer=footer):
            yield from (text, footer, *(button.title for button in buttons))
        case LinkButton(text=text, label=label, footer=footer):
            yield from (text, footer, label)
        case Options(text=text, button=button, groups=groups, footer=footer):
            yield from (text, footer, button, *(group.title for group in groups))
            yield from (each for group in groups for row in group.rows for each in (row.title, row.text))
        case _:
            raise AssertionError(f"phrases.py says no {type(said).__name__}")


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Catalogue:
    """A catalogue that refuses what it cannot translate."""
    return load_catalogue(ROOT / "theme" / "locale", request.param, strict=True)


def test_every_function_of_the_phrases_is_tried_here(words: Catalogue) -> None:
    assert speaking() == all_said(words).keys()


def test_every_message_fits_metas_lengths_without_being_cut(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for said in made:
            assert isinstance(said, str) or fitted(said) == said, name


def test_a_title_is_never_shortened_by_us_beforehand_but_that_of_a_reason(words: Catalogue) -> None:
    """A reason's title ends early where it must: the row's text below it is whole, and the guest gets it."""
    for name, made in all_said(words).items():
        for said in made:
            titles = [text for text in list(shown(said))[1:] if text.endswith("…")]
            assert not titles or name == "why_not", (name, titles)
    (why,) = all_said(words)["why_not"]
    assert isinstance(why, Options)
    assert [row.text for group in why.groups for row in group.rows] == [words.text(each) for each in REASONS]


def test_the_buttons_of_staff_templates_are_as_short_as_those_of_messages(words: Catalogue) -> None:
    assert all(len(words.text(title)) <= LONGEST_BUTTON for title in ("Accept", "Decline"))


def test_no_message_has_a_place_that_was_not_filled(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for text in (text for said in made for text in shown(said)):
            assert not re.search(r"[{}]|\[\[|%[sd(]", text), (name, text)


def test_no_message_exclaims(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for text in (text for said in made for text in shown(said)):
            assert not re.search("[!¡！]", text), (name, text)


def test_no_message_shows_a_link_an_id_or_markup_of_pages(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for text in (text for said in made for text in shown(said)):
            assert not re.search(r"0193-|https?:|www\.|<\w|&\w+;", text), (name, text)


def test_bold_begins_and_ends(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for text in (text for said in made for text in shown(said)):
            assert all(line.count("*") in {0, 2} for line in text.splitlines()), (name, text)


def test_no_text_is_empty_and_no_line_of_it(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for said in made:
            assert all(line.strip() for line in next(shown(said)).split("\n")), name


def test_buttons_and_rows_of_a_message_differ_in_title_and_payload(words: Catalogue) -> None:
    for name, made in all_said(words).items():
        for said in made:
            choices = choices_of(said)
            assert len({each.title for each in choices}) == len(choices), name
            assert len({each.payload for each in choices}) == len(choices), name


def choices_of(said: Said) -> list[Choice]:
    match said:
        case Buttons(buttons=buttons):
            return list(buttons)
        case Options(groups=groups):
            return [row for group in groups for row in group.rows]
    return []
