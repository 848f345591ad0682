"""Files of rows: encodings, separators, line numbers, JSON and NDJSON."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.intake.tables import Table
from guestlink.errors import InvalidInput


def table(folder: Path, body: str | bytes, name: str = "stays.csv") -> Table:
    path = folder / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return Table(path)


@pytest.mark.parametrize(
    "body",
    [
        "name;room\r\nZoë;1\r\n".encode(),
        "\ufeffname;room\r\nZoë;1\r\n".encode(),
        "name;room\r\nZoë;1\r\n".encode("cp1252"),
        "name;room\r\nZoë;1\r\n".encode("utf-16"),
        "name;room\rZoë;1\r".encode(),
        "\n\nname;room\nZoë;1\n".encode(),
        "sep=;\nname;room\nZoë;1\n".encode(),
    ],
    ids=[
        "utf-8",
        "byte-order mark",
        "windows",
        "utf-16",
        "old mac",
        "blank lines first",
        "excel's own first line",
    ],
)
def test_a_table_is_read_whatever_saved_it(tmp_path: Path, body: bytes) -> None:
    read = table(tmp_path, body)
    assert read.columns == ("name", "room")
    assert [cells for _, cells in read.rows()] == [{"name": "Zoë", "room": "1"}]


def test_a_windows_file_is_noted(tmp_path: Path) -> None:
    assert table(tmp_path, "name,room\nZoë,1\n".encode("cp1252")).notes == [
        "the file is not UTF-8: it is read as Windows-1252"
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    rows = [["name", "price", "note"], ["Ana", "1", "a"], ["Tomas", "2", "b"]]
    read = table(tmp_path, "\n".join(separator.join(row) for row in rows))
    assert read.columns == ("name", "price", "note")
    assert [list(cells.values()) for _, cells in read.rows() if isinstance(cells, dict)] == rows[1:]


def test_a_decimal_comma_is_no_separator(tmp_path: Path) -> None:
    assert table(tmp_path, "name;price\nAna;1,50\nTomas;2,50\n").columns == ("name", "price")


def test_lines_are_those_of_the_file_despite_quoted_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    body = 'ref,note\nA,"one\ntwo\nthree"\n\nB,x\n\n\nC,"y\nz"\nD,w'
    rows = list(table(tmp_path, body).rows())
    assert [(line, cells["ref"]) for line, cells in rows if isinstance(cells, dict)] == [
        (2, "A"),
        (6, "B"),
        (9, "C"),
        (11, "D"),
    ]


def test_a_row_with_too_many_cells_is_named_and_one_with_too_few_is_read(tmp_path: Path) -> None:
    assert list(table(tmp_path, "a,b\n1,2,3\n4\n5,6,\n").rows()) == [
        (2, "the row has more cells than there are headings"),
        (3, {"a": "4", "b": None}),
        (4, {"a": "5", "b": "6"}),
    ]


@pytest.mark.parametrize(
    "body", ['a,b\n1,2\n3,"open\n5,6\n7,8\n', 'a,b\n1,2\n3,"' + "x" * 200_000], ids=["to the end", "endless"]
)
def test_a_quotation_mark_that_is_not_closed_is_named_where_it_opens(tmp_path: Path, body: str) -> None:
    first, last = table(tmp_path, body).rows()
    assert first == (2, {"a": "1", "b": "2"})
    assert last[0] == 3
    assert "nothing after it can be read" in last[1]


def test_two_columns_of_one_name_are_noted(tmp_path: Path) -> None:
    assert table(tmp_path, "a,a\n1,2\n").notes == [
        "two columns have the same heading: the last of them is read"
    ]


def test_json_is_a_list_of_objects_and_nested_names_are_joined(tmp_path: Path) -> None:
    read = table(
        tmp_path, '[{"ref": "A", "guest": {"name": "Ana"}}, {"ref": "B", "paid": true}, 5]', "stays.json"
    )
    assert read.columns == ("ref", "guest_name", "paid")
    assert list(read.rows()) == [
        (1, {"ref": "A", "guest_name": "Ana"}),
        (2, {"ref": "B", "paid": True}),
        (3, "the row is not an object with names and values"),
    ]


def test_json_may_wrap_its_only_list(tmp_path: Path) -> None:
    assert list(table(tmp_path, '{"page": 1, "stays": [{"ref": "A"}]}', "stays.json").rows()) == [
        (1, {"ref": "A"})
    ]


@pytest.mark.parametrize(
    "body", ["42", '"text"', "null", "{}", '{"a": 1}', '{"a": [{}], "b": [{}]}', "[" * 100_000]
)
def test_json_that_is_no_list_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(InvalidInput, match=r"holds no list of stays|is not JSON"):
        table(tmp_path, body, "stays.json")


@pytest.mark.parametrize("name", ["stays.ndjson", "stays.jsonl", "stays.json", "stays.txt"])
def test_a_broken_line_of_ndjson_is_named_and_spoils_no_other(tmp_path: Path, name: str) -> None:
    read = table(tmp_path, '{"ref": "A"}\n\n{"ref": \n{"ref": "B", "n": 2}\n[]\n', name)
    assert read.columns == ("ref", "n")
    assert list(read.rows()) == [
        (1, {"ref": "A"}),
        (3, "the line is not JSON"),
        (4, {"ref": "B", "n": 2}),
        (5, "the row is not an object with names and values"),
    ]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(*[st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8)] * 2),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_quoted_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str]]
) -> None:
    quoted = ["".join(f'"{cell.replace(chr(34), chr(34) * 2)}",' for cell in row) + '"x"' for row in drawn]
    read = table(tmp_path_factory.mktemp("table"), "\n".join(["one,two,three", *quoted]))
    rows = [cells for _, cells in read.rows() if isinstance(cells, dict)]
    assert [(cells["one"], cells["two"]) for cells in rows] == drawn
