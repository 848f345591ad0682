"""A current code is found in a text however it stands there, and not where it only seems to."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.files.leaks import Sieve, is_sure, lines_of, tokens

CODES = st.text(alphabet=string.ascii_letters + string.digits + "-_#!?$%&", min_size=4, max_size=40).filter(
    lambda code: code[0].isalnum() and code[-1].isalnum()
)
AROUND = st.text(alphabet=" .,;:!?()[]{}*_`'\"|<>\n\t", max_size=6)


@given(CODES, AROUND, AROUND)
def test_a_code_is_found_whatever_marks_stand_around_it(code: str, before: str, after: str) -> None:
    assert code in tokens(f"The code is {before}{code}{after} and stays.")


@given(st.from_regex(r"[A-Za-z0-9]{4,12}(?:-[A-Za-z0-9]{4,12}){0,3}", fullmatch=True))
def test_the_whole_of_a_code_and_its_parts_are_both_tried(code: str) -> None:
    assert {code, *code.split("-")} <= tokens(f"https://a.example/{code}?x=1,")


def test_a_code_may_end_with_a_mark() -> None:
    assert {"Kestrel#26!", "Kestrel#26"} <= tokens("It is **Kestrel#26!**.")


def test_parts_of_longer_words_are_not_tried() -> None:
    assert "4711" not in tokens("14711 x4711 4711x")
    assert "abc" not in tokens("abc")


def test_what_is_found_is_told_with_its_secrets_name() -> None:
    sieve = Sieve({"Kestrel": "door-code", "Avocet": "key-box"})
    assert sieve.found_in("Kestrel Kestrel house") == {"Kestrel": "door-code"}
    assert sieve.found_in("house", "Kestrel") == {"Kestrel": "door-code"}


def test_without_secrets_nothing_is_found_and_nothing_hidden() -> None:
    assert Sieve({}).found_in("Kestrel") == {}
    assert Sieve({}).hide("Kestrel") == "Kestrel"


@pytest.mark.parametrize(
    "text",
    [
        "at 9 Planted Quay.",
        "at 9  Planted\n\tQuay",
        "9\N{NO-BREAK SPACE}Planted Quay",
        "住所は9 Planted Quayです",
    ],
)
def test_a_value_with_white_space_is_found_however_it_is_spaced(text: str) -> None:
    assert Sieve({"9 Planted Quay": "exact-address"}).found_in("", text) == {
        "9 Planted Quay": "exact-address"
    }
    assert list(lines_of("9 Planted Quay", text)) == [1]


@pytest.mark.parametrize("text", ["19 Planted Quay", "9 planted quay", "9 Planted, Quay", "9PlantedQuay"])
def test_another_address_or_spelling_is_not_the_value(text: str) -> None:
    assert Sieve({"9 Planted Quay": "exact-address"}).found_in(text) == {}


def test_a_value_does_not_reach_from_one_text_into_the_next() -> None:
    assert Sieve({"9 Planted Quay": "exact-address"}).found_in("at 9 Planted", "Quay side") == {}


def test_a_short_value_with_white_space_is_not_searched() -> None:
    sieve = Sieve({"a   b c": "door-code"})
    assert sieve.found_in("a b c") == {}
    assert sieve.hide("“a b c”") == "“…”"


def test_what_is_quoted_hides_every_value() -> None:
    sieve = Sieve({"Kestrel-77": "door-code", "4711": "key-box", "9 Planted Quay": "exact-address"})
    assert sieve.hide("“xKestrel-77x” “4711” “9  Planted Quay”") == "“x…x” “…” “…”"
    assert sieve.hide("“kestrel-77” 14711") == "“…” 14711"


def test_six_characters_are_no_coincidence() -> None:
    assert (is_sure("12345"), is_sure("123456")) == (False, True)


def test_lines_are_those_where_the_code_stands_alone() -> None:
    assert list(lines_of("4711", "4711\nx4711\n(4711)\n14711\na-4711 4711")) == [1, 3, 5, 5]
    assert list(lines_of("4711!", "4711!\n4711\n4711!!")) == [1, 3]


def test_a_big_text_is_searched_in_a_moment() -> None:
    text = "\n".join(f'**row{number}** (AB{number}-cd), "x!{number}"' for number in range(25_000))
    for hard in (text, "!" * 1_000_000, "a!" * 500_000, "-a" * 500_000):
        begun = time.perf_counter()
        tokens(hard)
        assert time.perf_counter() - begun < 5
