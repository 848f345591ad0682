"""What stands around mails: nothing is loaded, everything can be read, every language has its direction."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.parts import tints
from generator.parts.letterhead import DAY, NIGHT, Letterhead
from guestlink.language import LANGUAGES
from tests.generator import sample

SLOT = re.compile(r"@@([a-z]+)@@")
FOR_GUESTS = re.compile(r"<!--unsubscribe-->(.*?)<!--/unsubscribe-->", re.DOTALL)
LARGEST = 20_000  # bytes
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def letterhead(language: str = "en", **changes: object) -> Letterhead:
    return sample.renderer(sample.content(**changes)).letterhead(language)


def test_a_frame_is_what_was_looked_at(golden: Callable[[str, bytes], None]) -> None:
    made = letterhead()
    golden("mail/frame.en.html", made.html.encode())
    golden("mail/button.html", made.button.encode())
    golden("mail/foot.en.txt", made.text_foot.encode())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_frame_is_small_loads_nothing_and_has_every_slot(language: str) -> None:
    made = letterhead(language)
    assert len(made.html.encode()) + len(made.button.encode()) < LARGEST
    assert set(SLOT.findall(made.html)) == {
        *("subject", "preheader", "greeting", "body", "button", "foot", "unsubscribe")
    }
    assert set(SLOT.findall(made.button)) == {"url", "label"}
    for loads in ("<script", "<link", "<img", "src=", "url(", "@import", "@font-face", "background="):
        assert loads not in made.html + made.button


@pytest.mark.parametrize(("language", "direction", "start"), [("en", "ltr", "left"), ("ar", "rtl", "right")])
def test_a_frame_runs_the_way_of_its_language(language: str, direction: str, start: str) -> None:
    made = letterhead(language)
    other = {"left": "right", "right": "left"}[start]
    assert f'<html lang="{language}" dir="{direction}">' in made.html
    assert f'align="{start}"' in made.html + made.button
    assert f'align="{other}"' not in made.html + made.button
    assert f"text-align:{other}" not in made.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_for_guests_alone_can_be_taken_out(language: str) -> None:
    made = letterhead(language)
    for text in (made.html, made.text_foot):
        assert len(FOR_GUESTS.findall(text)) == 1
        assert "@@unsubscribe@@" in text
        rest = FOR_GUESTS.sub("", text)
        assert "@@unsubscribe@@" not in rest
        assert "unsubscribe" not in rest
        assert sample.content().words_in(language).name in rest


def test_a_house_without_phone_and_tagline_has_no_holes() -> None:
    made = letterhead(phone="")
    assert "tel:" not in made.html
    assert "·" not in made.text_foot


def test_all_text_of_a_frame_is_at_least_16_pixels_tall() -> None:
    made = letterhead()
    shown = made.html.partition("</head>")[2].replace("font-size:1px", "")  # the preheader is hidden
    sizes = [int(size) for size in re.findall(r"font-size:(\d+)px", shown + made.button)]
    assert len(sizes) > 4
    assert min(sizes) >= 16


@given(accent=COLOURS)
def test_links_and_buttons_can_be_read_in_any_accent_by_day_and_by_night(accent: str) -> None:
    for colours in (DAY, NIGHT):
        tone = tints.readable(accent, on=colours["paper"], contrast=4.5)
        assert tints.contrast_of(tone, colours["paper"]) >= 4.5


@pytest.mark.parametrize("colours", [DAY, NIGHT])
def test_what_is_read_stands_out_from_the_paper(colours: dict[str, str]) -> None:
    assert tints.contrast_of(colours["ink"], colours["paper"]) >= 7
    assert tints.contrast_of(colours["soft"], colours["paper"]) >= 4.5


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    assert tints.readable("#1f6f78", on="#ffffff", contrast=4.5) == "#1f6f78"
    assert tints.contrast_of("#000000", "#ffffff") == pytest.approx(21)
