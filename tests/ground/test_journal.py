"""The journal: in order, for ever, and whoever changes it afterwards is found out."""

import pytest

from guestlink import clock, journal
from guestlink.errors import Stale
from guestlink.journal import Event
from tests.databases import AT, BY, Inn, Place
from tests.ground.tampering import tamper

STREAM = "stay:ana"


def append(inn: Inn, *kinds: str, stream: str = STREAM, expected_version: int | None = None) -> int:
    events = [Event(kind=kind, body={"night": number}) for number, kind in enumerate(kinds)]
    with inn.database.write() as tx:
        return journal.append(tx, stream, events, at=AT, by=BY, expected_version=expected_version)


def broken_at(inn: Inn) -> int | None:
    with inn.database.read() as db:
        return journal.broken_at(db)


def test_events_are_read_as_they_were_written(inn: Inn) -> None:
    with inn.database.write() as tx:
        event = Event(kind="stay-changed", body={"b": "ü", "a": 1})
        journal.append(tx, STREAM, [event], at=AT, by=BY, property_id=inn.house.id)
    with inn.database.read() as db:
        (entry,) = journal.load(db, STREAM)
    assert (entry.stream, entry.version, entry.kind) == (STREAM, 1, "stay-changed")
    assert (entry.property_id, entry.by_user, entry.at) == (inn.house.id, BY, clock.as_text(AT))
    assert entry.body == '{"a":1,"b":"ü"}'


def test_each_stream_counts_for_itself_and_positions_go_over_all(inn: Inn) -> None:
    assert append(inn, "a", "b") == 2
    assert append(inn, "c", stream="stay:tomas") == 1
    assert append(inn, "d") == 3
    with inn.database.read() as db:
        entries = [entry for entry in journal.read_from(db, 0) if entry.stream.startswith("stay:")]
        assert journal.stream_version(db, "stay:nobody") == 0
    assert [(entry.stream, entry.version) for entry in entries] == [
        (STREAM, 1),
        (STREAM, 2),
        ("stay:tomas", 1),
        (STREAM, 3),
    ]
    positions = [entry.position for entry in entries]
    assert positions == sorted(set(positions))


def test_the_version_is_the_lock(inn: Inn) -> None:
    assert append(inn, "a", expected_version=0) == 1
    with pytest.raises(Stale, match="stay:ana is at version 1, not 0"):
        append(inn, "b", expected_version=0)
    assert append(inn, "b", expected_version=1) == 2


def test_no_events_are_no_version(inn: Inn) -> None:
    assert append(inn) == 0


def test_reading_goes_on_from_a_position_over_pages(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    append(inn, *"abcdefg")
    monkeypatch.setattr(journal, "PAGE", 3)
    with inn.database.read() as db:
        every = list(journal.read_from(db, 0))
        assert list(journal.read_from(db, every[4].position)) == every[5:]
        assert list(journal.read_from(db, every[-1].position)) == []
    assert [entry.kind for entry in every[-7:]] == list("abcdefg")


def test_what_was_rolled_back_never_happened(inn: Inn) -> None:
    append(inn, "a")

    def write() -> None:
        with inn.database.write() as tx:
            journal.append(tx, STREAM, [Event(kind="b")], at=AT, by=BY)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write()
    append(inn, "c")
    with inn.database.read() as db:
        assert [entry.kind for entry in journal.load(db, STREAM)] == ["a", "c"]
    assert broken_at(inn) is None


def test_an_untouched_chain_holds(inn: Inn) -> None:
    assert broken_at(inn) is None
    append(inn, *"abc")
    assert broken_at(inn) is None


COLUMNS = "stream, version, kind, property_id, by_user, at, body, digest"
EDITS = [
    "stream = 'x'",
    "version = 99",
    "kind = 'x'",
    "property_id = 'x'",
    "by_user = 'x'",
    "at = 'x'",
    "body = 'x'",
]


def position_of(place: Place, kind: str) -> int:
    return tamper(place, "select 1", kind=kind)


@pytest.mark.parametrize("edit", [*EDITS, "digest = 'x'"])
def test_an_edit_of_any_column_is_found(place: Place, inn: Inn, edit: str) -> None:
    append(inn, *"abc")
    position = position_of(place, "b")
    tamper(place, f"update journal set {edit} where kind = 'b'", kind="a")  # noqa: S608 - the test's own words
    assert broken_at(inn) == position


def test_a_row_that_was_cut_out_is_found_at_the_next(place: Place, inn: Inn) -> None:
    append(inn, *"abc")
    position = tamper(place, "delete from journal where kind = 'b'", kind="c")
    assert broken_at(inn) == position


def test_a_beginning_that_was_cut_off_is_found(place: Place, inn: Inn) -> None:
    append(inn, *"abc")
    position = tamper(place, "delete from journal where kind <> 'c'", kind="c")
    assert broken_at(inn) == position


def test_two_rows_that_were_swapped_are_found(place: Place, inn: Inn) -> None:
    append(inn, *"abc")
    first = position_of(place, "a")
    override = "overriding system value" if "postgresql" in place.url else ""
    tamper(place, "create table aside as select * from journal where kind in ('a', 'b')", kind="a")
    tamper(place, "delete from journal where kind in ('a', 'b')", kind="c")
    for kind, position in (("b", first), ("a", first + 1)):
        back = f"select {position}, {COLUMNS} from aside where kind = '{kind}'"  # noqa: S608 - the test's own words
        tamper(place, f"insert into journal (position, {COLUMNS}) {override} {back}", kind=kind)
    tamper(place, "drop table aside", kind="a")
    assert broken_at(inn) == first


def test_a_row_that_was_put_in_is_found(place: Place, inn: Inn) -> None:
    append(inn, *"abc")
    copy = COLUMNS.replace("version, kind", "4, 'd'")
    words = f"insert into journal ({COLUMNS}) select {copy} from journal where kind = 'c'"  # noqa: S608
    assert tamper(place, words, kind="d") == broken_at(inn)
