"""Plain Markdown is what Python-Markdown makes of it, or is left to Python-Markdown."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown import Markdown

from generator.files.front_matter import outline
from generator.files.plain_markdown import convert
from generator.files.problems import Problems
from tests.house import ROOT

PIECES = [
    *(
        "word",
        "Other words",
        "**bold**",
        "*em*",
        "**",
        "*",
        " ",
        "  ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "10. ",
        "# ",
    ),
    *(
        "## ",
        "[link](https://www.example.com/a)",
        "[[door-code]]",
        "[",
        "]",
        "(",
        ")",
        "    ",
        "+ ",
        "!",
        "“q”",
    ),
    *(
        ":",
        "é",
        "3",
        ".",
        ",",
        "--",
        "===",
        '"q"',
        "'s",
        "\n- ",
        "\n1. ",
        "\n   text",
        "[a] ",
        "> ",
        "~",
        "#",
    ),
    *("<b>", "&amp;", "_x_", "`c`", "\\", "|", "\t", "\N{NO-BREAK SPACE}", "![x](y)", "[a]: b", "***"),
]
WRITTEN = sorted((ROOT / "content").rglob("*.md"))


@cache
def reader() -> Markdown:
    tables = {"markdown.extensions.tables": {"use_align_attribute": True}}
    names = [f"markdown.extensions.{name}" for name in ("meta", "tables", "sane_lists")]
    return Markdown(extensions=names, extension_configs=tables)


FIELDS = st.lists(
    st.sampled_from(
        [
            "title: A",
            "Title:",
            "    more",
            "      ",
            "\tb",
            "   x: : y",
            "---: z",
            "...",
            "a_b-1:  c ",
            "A:b",
            "é: d",
        ]
    ),
    max_size=5,
).map(lambda rows: "\n".join(["---", *rows, "---", "text"]))


def slowly(text: str) -> str:
    return reader().reset().convert(f"---\ntitle: Anything\n---\n{text}")


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=1500, deadline=None, derandomize=True)
@example("#   Title")
@example("- one\n- two\n\n- three")
@example("1. one\n   more of it\n2. two")
@example("A **bold**word, *em* and ***both***")
@example("2. begins at two")
@example("[a](b) [a][b] [a] [b]")
def test_whatever_is_understood_is_understood_as_python_markdown_does(text: str):
    quickly = convert(text)
    assert quickly is None or quickly == slowly(text)


@given(FIELDS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_fields_are_read_as_python_markdown_reads_them(text: str):
    places = outline("a.md", text, Problems())
    reader().reset().convert(text)
    assert places is None or {**places.values} == reader().Meta


@pytest.mark.parametrize(
    "text", ["a <b>c</b>", "a & b", "`c`", "| a | b |", "![x](y)", "> said", "a  \nb", "_e_"]
)
def test_what_may_mean_more_is_left_alone(text: str):
    assert convert(text) is None


def test_most_of_what_the_sample_says_is_plain():
    bodies = [file.read_text("utf-8").split("---\n", 2)[2] for file in WRITTEN]
    made = [(convert(body), body) for body in bodies]
    assert sum(html is not None for html, _ in made) > len(made) * 0.7
    assert [body for html, body in made if html is not None and html != slowly(body)] == []
