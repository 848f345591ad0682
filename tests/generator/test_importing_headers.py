"""Headings: what a column holds is guessed in seven languages, shown, and overruled by people."""

import pytest

from generator.intake.cells import folded
from generator.intake.headers import HEADINGS, fields, guess
from guestlink.errors import InvalidInput


def mapped(headings: str, *rows: str, **overrides: str) -> dict[str, str]:
    columns = headings.split(",")
    sample = [dict(zip(columns, row.split(","), strict=True)) for row in rows]
    return guess(columns, sample, overrides).mapping


@pytest.mark.parametrize(
    ("headings", "named"),
    [
        ("Reference,Guest name,Phone,Language,Arrival,Departure,Room,Adults,Children,Pets,Status", "en"),
        ("Buchungsnummer,Gast,Telefon,Sprache,Anreise,Abreise,Zimmer,Erwachsene,Kinder,Hund,Status", "de"),
        (
            "N° de réservation,Voyageur,Tél,Langue,Arrivée,Départ,Chambre,Adultes,Enfants,Chiens,Statut",
            "fr",
        ),
        (
            "Nº de reserva,Huésped,Teléfono,Idioma,Llegada,Salida,Habitación,Adultos,Niños,Mascotas,Estado",
            "es",
        ),
        (
            "Numero prenotazione,Ospite,Telefono,Lingua,Arrivo,Partenza,Camera,Adulti,Bambini,Animali,Stato",
            "it",
        ),
        (
            "Número da reserva,Hóspede,Telefone,Idioma,Chegada,Saída,Quarto,Adultos,Crianças,Animais,Estado",
            "pt",
        ),
        (
            "Boekingsnummer,Gast,Telefoon,Taal,Aankomst,Vertrek,Kamer,Volwassenen,Kinderen,Huisdieren,Status",
            "nl",
        ),
    ],
)
def test_the_headings_of_seven_languages_are_known(headings: str, named: str) -> None:
    expected = "reference name phone language arrival departure unit adults children pets status".split()
    assert mapped(headings) == dict(zip(expected, headings.split(","), strict=True)), named


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("ARRIVAL DATE", "arrival"),
        ("arrival_date", "arrival"),
        ("checkInDate", "arrival"),
        ("Check-out", "departure"),
        ("Abreise am:", "departure"),
        ("# of adults", "adults"),
        ("Nombre d'enfants", "children"),
        ("Duration (nights)", "nights"),
        ("Guest name(s)", "name"),
        ("E-Mail", "email"),
        ("expected_arrival", "expected_arrival"),
        ("Heure d'arrivée", "expected_arrival"),
        ("Restbetrag", "amount"),
        ("check_in", "check_in"),
        ("Vorname", "first_name"),
        ("Apellidos", "last_name"),
        ("Gruppe", "party"),
        ("Kanal", "source"),
        ("UID", "uid"),
    ],
)
def test_case_accents_and_punctuation_do_not_matter(heading: str, field: str) -> None:
    assert mapped(heading) == {field: heading}


def test_the_exports_of_two_channels_are_understood() -> None:
    airbnb = (
        "Confirmation code,Status,Guest name,Contact,# of adults,# of children,# of infants,"
        "Start date,End date,# of nights,Booked,Listing,Earnings"
    )
    assert mapped(airbnb, "HM1,Confirmed,Ana,+1 555 0100,2,0,0,5/3/2026,5/5/2026,2,2026-01-01,Flat,$9") == {
        "reference": "Confirmation code",
        "name": "Guest name",
        "phone": "Contact",
        "arrival": "Start date",
        "departure": "End date",
        "nights": "# of nights",
        "unit": "Listing",
        "adults": "# of adults",
        "children": "# of children",
        "status": "Status",
    }
    booking = (
        "Book number,Booked by,Guest name(s),Check-in,Check-out,Booked on,Rooms,People,Price,Phone number"
    )
    assert mapped(booking, "1,Ana,Tomas,2026-05-03,2026-05-05,2026-01-01,1,2,90 EUR,+44 7700 900123") == {
        "reference": "Book number",
        "name": "Guest name(s)",
        "phone": "Phone number",
        "arrival": "Check-in",
        "departure": "Check-out",
        "adults": "People",
        "amount": "Price",
    }


def test_a_check_in_of_three_o_clock_is_a_time_and_no_arrival() -> None:
    assert mapped("Arrival,Departure,Check-in,Check-out", "2026-05-03,2026-05-05,15:00,10:00") == {
        "arrival": "Arrival",
        "departure": "Departure",
        "check_in": "Check-in",
        "check_out": "Check-out",
    }
    assert mapped("Arrival,Departure,Check-in", "2026-05-03,2026-05-05,2026-05-03").keys() == {
        "arrival",
        "departure",
    }


def test_a_column_that_holds_something_else_is_left_out_and_named() -> None:
    found = guess(["Arrival", "Guests"], [{"Arrival": "2026-05-03", "Guests": "Ana and Tomas"}], {})
    assert found.mapping == {"arrival": "Arrival"}
    assert found.unfit == {"adults": "Guests"}


def test_an_override_wins_and_an_empty_one_leaves_a_field_out() -> None:
    headings = "Ref,Arrival,Departure,Remark,Phone"
    assert mapped(headings, arrival="departure", reference="Remark", phone="") == {
        "reference": "Remark",
        "arrival": "Departure",
    }


@pytest.mark.parametrize(("field", "column"), [("colour", "Ref"), ("arrival", "Ankunft")])
def test_an_override_of_what_is_not_there_is_refused(field: str, column: str) -> None:
    with pytest.raises(InvalidInput):
        mapped("Ref,Arrival", **{field: column})


def test_every_heading_in_the_list_is_folded_and_every_field_is_known_in_seven_languages() -> None:
    text = HEADINGS.read_text("utf-8")
    names = [name for line in text.splitlines() if " = " in line for name in line.split('"')[1].split(", ")]
    assert [name for name in names if folded(name) != name] == []
    assert [
        field
        for field in fields()
        if field != "uid" and text.split(f"[{field}]")[1].split("[")[0].count(" = ") != 7
    ] == []


@pytest.mark.parametrize("last", ["01.12.2026", "1.12.26"])
def test_a_day_with_points_between_is_no_time_of_check_out(last: str) -> None:
    """Its beginning would be one: 01.12."""
    assert mapped("Check-in,Check-out", f"28.11.2026,{last}") == {
        "arrival": "Check-in",
        "departure": "Check-out",
    }
