"""QR codes as bits: what comes out again is what segno drew, and it is small."""

import base64

import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from segno import helpers

from generator.parts.squares import joining_code, link_code

LINK = "https://stay.example.com/w/Zq3vT0mX8kLr5nWc2YhPbg#EBESExQVFhcYGRobHB0eHw"


def rows(bits: str) -> list[list[int]]:
    """What a script does: the first byte is the side, then a bit for each module."""
    side, *raw = base64.b64decode(bits)
    every = [byte >> shift & 1 for byte in raw for shift in range(7, -1, -1)]
    return [every[at : at + side] for at in range(0, side * side, side)]


def test_the_bits_are_the_modules_row_by_row():
    drawn = segno.make_qr(LINK, error="L")
    assert rows(link_code(LINK)) == [list(row) for row in drawn.matrix]


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", max_size=290))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_links_of_any_length_are_drawn_as_segno_draws_them(ending: str):
    link = f"https://stay.example.com/w/{ending}"
    assert rows(link_code(link)) == [list(row) for row in segno.make_qr(link, error="L").matrix]


@given(st.text('aB7;:,\\" é', min_size=1, max_size=32), st.text('aB7;:,\\"é', min_size=8, max_size=63))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_network_is_joined_by_the_code_that_segno_draws(network: str, password: str):
    drawn = helpers.make_wifi(ssid=network, password=password, security="WPA")
    assert rows(joining_code(network, password)) == [list(row) for row in drawn.matrix]


def test_the_last_byte_is_whole():
    side, *raw = base64.b64decode(link_code(LINK))
    assert len(raw) == (side * side + 7) // 8


def test_a_joining_code_tells_network_and_password_apart():
    assert joining_code("Harbour;House", 'a"b') == joining_code("Harbour;House", 'a"b')
    assert joining_code("Harbour", "House") != joining_code("House", "Harbour")


def test_a_square_is_far_smaller_than_its_path():
    path = segno.make_qr(LINK, error="L").svg_inline(omitsize=True, border=4)
    assert len(link_code(LINK)) < 300 < len(path)
