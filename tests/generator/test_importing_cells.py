"""Single cells: dates, times, money, counts, phones, languages, status, as people write them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.intake.amounts import DecimalMark, read_amount
from generator.intake.cells import (
    folded,
    is_nothing,
    read_count,
    read_email,
    read_language,
    read_nights,
    read_phone,
    read_status,
    text_of,
)
from generator.intake.dates import DateOrder, looks_like_date, read_date, read_time
from guestlink.errors import InvalidInput

MAY_3 = date(2026, 5, 3)
EARLIEST, LATEST = (datetime.fromisoformat(text) for text in ("1991-01-01", "2198-01-01"))
days = st.dates(date(1990, 1, 1), date(2199, 12, 31))


def read(text: str, *, month_first: bool = False) -> date:
    return read_date(text, month_first=month_first, zone="Europe/Lisbon")


# Dates


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-03",
        "2026/5/3",
        "2026.05.03",
        "20260503",
        "2026-05-03 16:00",
        "2026-05-03T16:00:00",
        "2026-05-03T16:00:00Z",
        "3.5.2026",
        "03.05.2026",
        "3. 5. 2026",
        "03.05.26",
        "03/05/2026",
        "3/5/26",
        "03-05-2026",
        "03/05/2026 16:00",
        "03/05/2026, 4:00 PM",
        "So 03.05.2026",
        "Sun, 3 May 2026",
        "May 3, 2026",
        "3rd May 2026",
        "03-May-2026",
        "3. Mai 2026",
        "3 mai 2026",
        "3 de mayo de 2026",
        "3 maggio 2026",
        "3 de maio de 2026",
        "3 mei 2026",
    ],
)
def test_a_date_is_read_in_any_of_its_spellings(text: str) -> None:
    assert read(text) == MAY_3


@pytest.mark.parametrize(
    "text",
    ["", "soon", "46145", "31.02.2026", "2026-13-01", "0026-05-03", "32/01/2026", "May", "3 May", "May 2026"],
)
def test_what_is_no_date_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert refused.value.message == "is not a date."


def test_an_instant_is_the_day_it_is_at_the_property() -> None:
    assert read("2026-05-02T23:30:00Z") == MAY_3
    assert read("2026-05-03T00:30:00+02:00") == date(2026, 5, 2)


@pytest.mark.parametrize(
    ("values", "month_first", "note"),
    [
        (["03/05/2026", "13/05/2026"], False, ""),
        (["03/05/2026", "05/13/2026"], True, ""),
        (["03.05.2026", "04.05.2026"], False, ""),
        (["2026-05-03", "3 May 2026"], False, ""),
        (["05/05/2026"], False, ""),
        (["03/05/2026"], False, "could be two days"),
        (["13/05/2026", "05/13/2026"], False, "all are read day first"),
        (["13/05/2026", "05/13/2026", "05/14/2026"], True, "all are read month first"),
    ],
)
def test_all_dates_of_a_file_decide_which_number_is_the_day(
    values: list[str], month_first: bool, note: str
) -> None:
    order = DateOrder()
    for value in values:
        order.see(value)
    assert order.is_month_first is month_first
    assert note in order.note
    assert bool(order.note) is bool(note)


@given(days)
def test_every_date_that_is_written_day_first_is_read_back(on: date) -> None:
    for text in (f"{on.day}.{on.month}.{on.year}", f"{on:%d/%m/%Y}", f"{on:%d-%m-%Y} 10:00", on.isoformat()):
        assert read(text) == on
    assert read(f"{on:%m/%d/%Y}", month_first=True) == on


@given(st.lists(days, min_size=1, max_size=30), st.booleans())
def test_a_file_with_one_day_above_twelve_is_always_read_right(drawn: list[date], month_first: bool) -> None:
    style = "%m/%d/%Y" if month_first else "%d/%m/%Y"
    order = DateOrder()
    for on in [*drawn, date(2026, 5, 30)]:
        order.see(on.strftime(style))
    assert [read(on.strftime(style), month_first=order.is_month_first) for on in drawn] == drawn


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    looks_like_date(text)


@given(st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)))
def test_instants_move_by_one_day_at_most(at: datetime) -> None:
    assert abs((read(at.isoformat(timespec="seconds")) - at.date()).days) <= 1


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("15:00", "15:00"),
        ("9:05", "09:05"),
        ("15.30", "15:30"),
        ("3 PM", "15:00"),
        ("3:30 p.m.", "15:30"),
        ("12 am", "00:00"),
        ("15h", "15:00"),
        ("15h30", "15:30"),
        ("15 Uhr", "15:00"),
        ("15:00:00", "15:00"),
        ("15:00 - 18:00", "15:00"),
        ("2026-05-03 16:20", "16:20"),
        ("17 Uhr", "17:00"),
        ("17.30 Uhr", "17:30"),
        ("17 Uhr 30", "17:30"),
        ("ca. 17 Uhr", "17:00"),
        ("Ca.17 Uhr", "17:00"),
        ("ab 16 Uhr", "16:00"),
        ("ab ca. 16 Uhr", "16:00"),
        ("gegen 17:30", "17:30"),
        ("um 18h", "18:00"),
        ("around 5 pm", "17:00"),
        ("from 3 to 5 pm", "15:00"),
        ("11 - 1 pm", "11:00"),
        ("11 - 1 am", "23:00"),
        ("vers 18h", "18:00"),
        ("15h à 18h", "15:00"),
        ("à partir de 18h", "18:00"),
        ("a las 19:30", "19:30"),
        ("alle ore 18", "18:00"),
        ("por volta das 18h", "18:00"),
        ("omstreeks 18:00", "18:00"),
        ("~17:00", "17:00"),
    ],
)
def test_a_time_is_read_in_any_of_its_spellings(text: str, time: str) -> None:
    assert read_time(text) == time


@pytest.mark.parametrize(
    "text",
    [
        "late",
        "25:00",
        "12:60",
        "1500",
        "",
        "ca.",
        "around",
        "a las",
        "before 6 pm",
        "01.12.2026",
        "22.11.2026",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a time"):
        read_time(text)


# Money


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1.234,50", "EUR", 123450),
        ("1,234.50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("1 234,50 €", "EUR", 123450),
        ("1\u00a0234,50", "EUR", 123450),
        ("€ 250", "EUR", 25000),
        ("250.00 EUR", "EUR", 25000),
        ("EUR 12,5", "EUR", 1250),
        ("£99.99", "GBP", 9999),
        ("$ 10", "USD", 1000),
        ("1.234", "EUR", 123400),
        ("1.234.567", "EUR", 123456700),
        ("0,99", "EUR", 99),
        ("12.500", "JPY", 12500),
        ("1.234", "KWD", 1234),
        ("0", "EUR", 0),
    ],
)
def test_an_amount_is_read_in_any_of_its_spellings(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, mark="", currency=currency) == minor


def test_a_number_of_json_is_an_amount_as_it_is() -> None:
    assert read_amount(1234.5, mark=",", currency="EUR") == 123450


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("free", "is not an amount"),
        ("-5", "is not an amount"),
        ("(5)", "is not an amount"),
        ("5 of 6", "is not an amount"),
        ("1,23,4", "is not an amount"),
        ("9" * 20, "is not an amount"),
        ("250 USD", "is in another currency than EUR"),
        ("£ 100", "is in another currency than EUR"),
        ("0.125", "has more decimals than EUR has"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_amount(text, mark="", currency="EUR")


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["1.234", "12,50"], ","),
        (["1.234", "12.50"], "."),
        (["1.234,50"], ","),
        (["1.234"], ""),
        ([12.5, None], ""),
    ],
)
def test_all_amounts_of_a_column_decide_what_the_dot_is(values: list[object], mark: str) -> None:
    seen = DecimalMark()
    for value in values:
        seen.see(value)
    assert seen.mark == mark


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    st.sampled_from(["{:,.2f}", "{:.2f}"]),
    st.booleans(),
)
def test_a_column_of_amounts_is_read_back_to_the_cent(drawn: list[int], style: str, comma: bool) -> None:
    swap = str.maketrans(".,", ",.")
    texts = [style.format(amount / 100) for amount in drawn]
    written = [text.translate(swap) if comma else text for text in texts]
    seen = DecimalMark()
    for text in written:
        seen.see(text)
    assert [read_amount(text, mark=seen.mark, currency="EUR") for text in written] == drawn


# People


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+44 7700 900123", "+447700900123"),
        ("0044 7700-900-123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("'+447700900123", "+447700900123"),
        ("07700 900123", "07700900123"),
        ("0123", "0123"),
        ("+44 7700 900123 / +44 7700 900124", "+447700900123"),
    ],
)
def test_a_phone_is_international_or_its_digits(text: str, phone: str) -> None:
    assert read_phone(text) == phone


@pytest.mark.parametrize("text", ["123", "none", "+1234567890123456", "4,477E+11"])
def test_what_is_no_phone_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_phone(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de_AT", "de-AT"),
        ("pt-br", "pt-BR"),
        ("en_US.UTF-8", "en-US"),
        ("GER", "de"),
        ("German", "de"),
        ("Deutsch", "de"),
        ("allemand", "de"),
        ("alemán", "de"),
        ("tedesco", "de"),
        ("alemão", "de"),
        ("Duits", "de"),
        ("日本語", "ja"),
        ("العربية", "ar"),
    ],
)
def test_a_language_is_read_by_code_or_by_name(text: str, code: str) -> None:
    assert read_language(text) == code


@pytest.mark.parametrize("text", ["Klingonish", "xx", "GB", "German and French"])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a language"):
        read_language(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("2.0", 2), ("2 adults", 2), ("yes", 1), ("nein", 0), ("sí", 1), ("não", 0)],
)
def test_people_and_pets_are_counted(text: str, number: int) -> None:
    assert read_count(text) == number


@pytest.mark.parametrize("text", ["many", "100", "-1", "1,5", "2026-05-03"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_count(text)


def test_nights_are_at_least_one() -> None:
    assert read_nights("3 nights") == 3
    with pytest.raises(InvalidInput):
        read_nights("0")


def test_an_address_is_kept_as_it_is_written() -> None:
    assert read_email("mailto:Ana@Example.com") == "Ana@Example.com"
    for text in ("ana", "ana@example", "ana@example.com, tomas@example.com"):
        with pytest.raises(InvalidInput):
            read_email(text)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            "confirmed",
            "OK; Confirmed; booked; Currently hosting; Arriving in 3 days; Awaiting guest review; paid",
        ),
        (
            "confirmed",
            "bestätigt; gebucht; confirmée; réservée; confirmada; confermata; prenotato; bevestigd; Neu",
        ),
        (
            "cancelled",
            "Cancelled; canceled by guest; cancelled_by_hotel; storniert; annulée; cancelada; annullata",
        ),
        ("cancelled", "anulada; geannuleerd; Cancellation requested"),
        (
            "no_show",
            "no_show; No-show; Nicht erschienen; non présenté; no se presentó; não compareceu",
        ),
        (
            "",
            "Inquiry; request to book; pending; declined; expired; Anfrage; en attente; pendiente; in attesa",
        ),
        ("", "pendente; aanvraag; blocked; tentative; payment pending"),
    ],
)
def test_status_words_of_seven_languages_are_known(status: str, words: str) -> None:
    assert {word: read_status(word) for word in words.split("; ")} == dict.fromkeys(words.split("; "), status)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is not a known status"):
        read_status("blue")


# Text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" Ana ", "Ana"),
        (None, ""),
        (True, "yes"),
        (2.0, "2"),
        (2.5, "2.5"),
        (["a", 1], "a, 1"),
        ("–", ""),
        ("Null", "Null"),
    ],
)
def test_any_value_of_json_is_a_cell_of_text(value: object, text: str) -> None:
    assert text_of(value) == text


def test_comparing_ignores_accents_case_and_punctuation() -> None:
    assert folded("N° de Réservation:") == "n de reservation"
    assert folded("STRASSE") == folded("Straße")
    assert is_nothing("N/A")
    assert not is_nothing("Nan Goldin")
