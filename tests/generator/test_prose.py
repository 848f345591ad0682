"""What Markdown made of a host's text becomes safe, typeset HTML and plain words."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import markdown
from markdown.extensions.tables import TableExtension

from generator.files.prose import LINK, SECRET_MARK, Prose, Sanitiser, finish, set_quotes
from generator.files.shapes import Picture

HOUSE = Picture(
    name="house.svg",
    path="house.svg",
    digest="00",
    media_type="image/svg+xml",
    width=640,
    height=480,
    asset="",
    files=(),
)
PLAIN = """
abbr b blockquote br code dd del dl dt em h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s small strong sub sup
table tbody thead tr u ul
"""
ALLOWED = {tag: frozenset[str]() for tag in PLAIN.split()} | {
    "a": frozenset({"href", "title", "rel"}),
    "abbr": frozenset({"title"}),
    "img": frozenset({"data-picture", "alt", "title"}),
    "ol": frozenset({"start"}),
    "span": frozenset({"data-secret"}),
    "td": frozenset({"align"}),
    "th": frozenset({"align"}),
}


def finished(text: str, *, language: str = "en") -> Prose:
    return finish(
        markdown(text, extensions=[TableExtension(use_align_attribute=True)]),
        sanitiser=Sanitiser(),
        language=language,
        secrets={"door-code", "key-box"},
        picture=lambda address: HOUSE if address == "house.svg" else None,
        dead_link=lambda _: None,
    )


class Strict(HTMLParser):
    """Fails on everything that a page does not allow, and on tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert name in ALLOWED[tag], (tag, name)
            assert name != "href" or LINK.match(value or ""), value
            assert name != "data-picture" or value == HOUSE.name
            assert name != "data-secret" or value in {"door-code", "key-box"}
        assert tag != "a" or dict(attrs)["rel"] == "noreferrer"
        if tag not in {"br", "hr", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def checked(html: str) -> str:
    reader = Strict()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return "".join(reader.words)


NASTY = st.sampled_from(
    """
<script>alert(1)</script>
<script src=//x.example>
<ScRiPt
</script>
<img src=x onerror=alert(1)>
<img src=house.svg onload='alert(1)' style=x>
<img src=/x><img src="/assets/p/1111111111111111.svg"><img alt=x>
<svg/onload=alert(1)>
<svg><script>
<math><mtext></table><mglyph><style>
<style>@import'//x'</style>
<p style='x' id=y class=z>
[x](javascript:alert(1))
<a href='java&#115;cript:x'>
<a href="java\tscript:x">
<a href="
[x](data:text/html,x)
![x](//x.example/y.png)
![x](house.svg)
![x](house.svg "'><script>")
[[door-code]]
[[key-box
]]
[x](https://x.example/[[door-code]])
<span data-secret='door-code' onclick=x>
<iframe src=x>
<template>
<!--
-->
<![CDATA[
<?php
&lt;script&gt;
&#60;
<
>
"
'
`
|a|b|
|-|-:|
<td align='x' onclick=y>
\\
**
""".split("\n")
) | st.sampled_from(["```\n", "\n\n", "# ", "###### ", "> ", "* ", "1. ", "\x00", "\n"])


@settings(max_examples=300, deadline=None)
@given(st.lists(NASTY | st.text(max_size=8), max_size=12))
def test_whatever_a_host_writes_nothing_runs_loads_or_styles(parts: list[str]) -> None:
    checked(finished("".join(parts)).html)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.from_regex(r"[^\W_]+", fullmatch=True), min_size=1, max_size=20))
def test_words_come_out_as_they_went_in(words: list[str]) -> None:
    prose = finished("x " + " ".join(words))
    assert checked(prose.html).split() == ["x", *words]
    assert prose.text.split() == ["x", *words]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab '\"-.<>&[]()*_`\n", max_size=60))
def test_typesetting_adds_and_loses_no_letters(text: str) -> None:
    prose = finished(text)
    assert "".join(c for c in checked(prose.html) if c in "ab") == "".join(c for c in prose.text if c in "ab")


def test_secrets_are_marked_in_text_code_tables_and_links_but_never_in_attributes() -> None:
    prose = finished(
        "Type [[door-code]] or `[[ Key-Box ]]`.\n\n|a|\n|-|\n|[[door-code]]|\n\n"
        '[[[key-box]]](https://a.example "[[door-code]]") [[gate-code]]'
    )
    assert prose.secrets == ("door-code", "key-box")
    assert prose.html.count('<span data-secret="door-code"></span>') == 2
    assert '<code><span data-secret="key-box"></span></code>' in prose.html
    assert 'title="[[door-code]]"' in prose.html
    assert "[[gate-code]]" in prose.html


def test_links_go_to_the_web_mail_phones_and_maps_without_saying_where_from() -> None:
    for address in (
        "https://a.example/x?y=1",
        "http://a.example",
        "mailto:ana@example.com",
        "tel:+15550100",
        "geo:1,2",
    ):
        assert f'<a href="{address}" rel="noreferrer">x</a>' in finished(f"[x]({address})").html
    for address in (
        "javascript:alert(1)",
        "//a.example",
        "/w/x",
        "#wifi",
        "data:,x",
        "ftp://a.example",
        "https:x",
    ):
        assert finished(f"[x]({address})").html == '<p><a rel="noreferrer">x</a></p>'


def test_headings_start_at_the_third_level_and_keep_their_order() -> None:
    assert finished("# A\n\n## B\n\n###### C").html == "<h3>A</h3>\n<h4>B</h4>\n<h6>C</h6>"
    assert finished("#### A\n\n##### B").html == "<h3>A</h3>\n<h4>B</h4>"


def test_tables_keep_the_side_of_their_columns() -> None:
    html = finished("|a|b|\n|---|---:|\n|1|2|").html
    assert '<td align="right">2</td>' in html
    assert "style" not in html


def test_a_picture_is_left_by_its_name_and_a_missing_one_leaves_nothing() -> None:
    html = finished("![A <quay>](house.svg) ![](other.svg)").html
    assert re.findall(r"<img[^>]*>", html) == ['<img alt="A &lt;quay&gt;" data-picture="house.svg">']


@pytest.mark.parametrize(
    ("language", "typed", "printed"),
    [
        ("en", "\"Don't,\" she said, 'it's the '90s'...", "“Don’t,” she said, ‘it’s the ’90s’…"),
        ("en", "a -- b --- c", "a – b — c"),
        ("de", "Sie sagt \"Komm 'rein\" und 'bitte'.", "Sie sagt „Komm ‚rein“ und ‚bitte‘."),
        ("fr", 'dit "oui", l\'eau', "dit «\u202foui\u202f», l’eau"),
        ("pt-BR", '("sim")', "(“sim”)"),
        ("ja", '"はい"', "“はい”"),
    ],
)
def test_quotes_are_set_as_the_language_prints_them(language: str, typed: str, printed: str) -> None:
    assert finished(typed, language=language).text == printed


def test_quotes_reach_over_tags_and_stay_straight_in_code() -> None:
    assert finished('"**Yes**" and `"no"`').html == '<p>“<strong>Yes</strong>” and <code>"no"</code></p>'


def test_text_without_quotes_is_left_alone() -> None:
    assert set_quotes("Lift the handle.") == "Lift the handle."


def test_plain_words_keep_paragraphs_rows_and_the_marks_of_secrets() -> None:
    text = "# Tea\n\nOne\ntwo &amp; [[door-code]]\n\n- a\n- b\n\n|x|y|\n|-|-|\n|1|2|"
    assert finished(text).text == "Tea\nOne two & [[door-code]]\na\nb\nx y\n1 2"


def test_a_mark_may_be_spaced() -> None:
    assert finished("[[ door-code ]] [[\nkey-box\n]]").secrets == ("door-code", "key-box")
    assert finished("[[]] [[ ]]").secrets == ()


@pytest.mark.parametrize("hard", ["[[" + " " * 20_000, "[[ " * 20_000, "[[" + "\n" * 20_000 + "x"])
def test_marks_that_never_end_are_passed_in_a_moment(hard: str) -> None:
    begun = time.perf_counter()
    assert SECRET_MARK.search(hard) is None
    assert time.perf_counter() - begun < 1
