"""A current code is found in a text however it stands there, and not where it only seems to."""

import string
import time

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


def test_every_token_is_asked_about_once() -> None:
    asked: list[str] = []

    def leaks(token: str) -> str | None:
        asked.append(token)
        return "door-code" if token == "Kestrel" else None

    sieve = Sieve(leaks)
    assert sieve.found_in("Kestrel Kestrel house") == {"Kestrel": "door-code"}
    assert sieve.found_in("house", "Kestrel") == {"Kestrel": "door-code"}
    assert sorted(asked) == ["Kestrel", "house"]


def test_without_secrets_nothing_is_searched() -> None:
    assert Sieve(None).found_in("Kestrel") == {}


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
