"""Catalogues are read as Babel reads them, or are left to Babel."""

import io
from pathlib import Path

import pytest
from babel.messages.pofile import PoFileError, read_po
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guestlink import plain_po

ROOT = Path(__file__).parents[2]
OURS = sorted((ROOT / "theme" / "locale").rglob("*.po"))
HEAD = (
    'msgid ""\nmsgstr ""\n"Language: de\\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
)
ENTRY = '\nmsgid "a"\nmsgstr "b"\n'
PIECES = [
    *("\n", 'msgid "a"\n', 'msgid "b"\n', 'msgstr "c"\n', 'msgid_plural "d"\n', 'msgstr[0] "e"\n'),
    *('msgstr[1] "f"\n', '"more"\n', 'msgstr ""\n', 'msgid ""\n', "#, python-brace-format\n", "#, fuzzy\n"),
    *(
        "# said by hand\n",
        '#~ msgid "old"\n',
        'msgctxt "x"\n',
        '"\\t\\"\\\\n"\n',
        '"\\x"\n',
        ENTRY,
        "\r\n",
        " ",
    ),
]


def slowly(text: str) -> tuple[plain_po.Messages, str] | None:
    """What Babel reads; None if it refuses or finds words that count for nothing."""
    try:
        book = read_po(io.StringIO(text), abort_invalid=True)
    except (PoFileError, ValueError, IndexError):
        return None
    told = {m.id if isinstance(m.id, str) else m.id[0]: m for m in book if m.id}
    forms = {each: m.string if isinstance(m.string, tuple) else (m.string,) for each, m in told.items()}
    return None if any(m.fuzzy for m in told.values()) else (forms, book.plural_expr)


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@settings(max_examples=400, deadline=None, derandomize=True)
@example(ENTRY)
@example(ENTRY + '\nmsgid "n"\nmsgid_plural "ns"\nmsgstr[0] "1"\nmsgstr[1] "2"\n')
def test_whatever_is_understood_is_understood_as_babel_does(text: str) -> None:
    quickly = plain_po.read(HEAD + text)
    assert quickly is None or quickly == slowly(HEAD + text)


@pytest.mark.parametrize(
    "text",
    [
        *("#, fuzzy" + ENTRY, "\n#, fuzzy" + ENTRY, "\n# by hand" + ENTRY, ENTRY + ENTRY, '\nmsgid "a"\n'),
        *('\nmsgctxt "x"' + ENTRY, ENTRY + '\nmsgid "n"\nmsgid_plural "ns"\nmsgstr[0] "1"\n', "stray"),
    ],
)
def test_what_may_mean_more_is_left_alone(text: str) -> None:
    assert plain_po.read(HEAD + text) is None
    assert plain_po.read(ENTRY) is None


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.parts[-3])
def test_our_own_catalogues_are_read_quickly_and_alike(path: Path) -> None:
    text = path.read_text("utf-8")
    assert plain_po.read(text) == slowly(text) is not None
