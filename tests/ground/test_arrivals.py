"""What guests tell: sealed under their own key, gone with it, and clean enough to be shown."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guestlink import arrivals, journal
from guestlink.arrivals import ArrivalTold, RatingTold, plain_words
from guestlink.errors import Refused
from guestlink.records import Stay
from tests.databases import AT, BY, Inn

TOLD = ArrivalTold(time="18:30", adults=2, children=1, note="by train", word="lighthouse")


def tell(inn: Inn, stay: Stay, told: ArrivalTold) -> Stay:
    with inn.database.write() as tx:
        (ana,) = inn.guests(stay)
        return arrivals.tell_arrival(tx, inn.ring, inn.house, stay=stay, contact=ana, told=told, at=AT, by=BY)


def test_what_was_told_last_is_kept_beside_what_was_booked(inn: Inn) -> None:
    stay = inn.add("ana", adults=4)
    stay = tell(inn, stay, TOLD)
    stay = tell(inn, stay, ArrivalTold(time="20:00", adults=3))
    with inn.database.read() as db:
        arrival = arrivals.find_arrival(db, stay)
        assert arrival is not None
        assert arrivals.open_arrival(inn.ring, arrival, stay) == ArrivalTold(time="20:00", adults=3)
    assert (arrival.version, arrival.note, stay.adults) == (2, None, 4)


def test_words_lie_nowhere_in_clear(inn: Inn) -> None:
    stay = tell(inn, inn.add("ana"), TOLD)
    with inn.database.read() as db:
        row = db.one("arrival_of_stay", stay_id=stay.id)
        bodies = "".join(entry.body for entry in journal.read_from(db, 0))
    assert row is not None
    for word in (TOLD.note, TOLD.word):
        assert word.encode() not in row["note"] + row["word"]
        assert word not in bodies
        assert word not in repr(TOLD)


def test_a_word_sealed_for_one_stay_does_not_open_in_another(inn: Inn) -> None:
    ana = tell(inn, inn.add("ana"), TOLD)
    again = inn.add("again", inn.period("room-2"))
    with inn.database.read() as db:
        arrival = arrivals.find_arrival(db, ana)
    assert arrival is not None
    moved = msgspec.structs.replace(arrival, stay_id=again.id)
    with pytest.raises(Refused, match="cannot be opened"):
        arrivals.open_word(inn.ring, moved)


def test_a_rating_is_replaced_by_the_next(inn: Inn) -> None:
    stay = inn.add("ana")
    (ana,) = inn.guests(stay)
    for told in (RatingTold(stars=2, words="cold"), RatingTold(stars=5)):
        with inn.database.write() as tx:
            arrivals.give_rating(tx, inn.ring, stay=stay, contact=ana, told=told, at=AT)
    with inn.database.read() as db:
        rating = arrivals.find_rating(db, stay)
    assert rating is not None
    assert (arrivals.open_rating(inn.ring, rating), rating.version) == (RatingTold(stars=5), 2)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" two\r\nlines \n", "two\nlines"),
        ("right\u202eleft\u2066", "rightleft"),
        ("nul\x00bell\x07", "nulbell"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\u200b\ufeff", ""),
    ],
)
def test_characters_that_nobody_sees_are_left_out(typed: str, kept: str) -> None:
    assert plain_words(typed) == kept


@given(st.text())
def test_clean_words_stay_as_they_are(text: str) -> None:
    assert plain_words(plain_words(text)) == plain_words(text)
