"""WhatsApp consent in hosts' files: what counts as yes, in which words, and what an import leaves alone."""

from pathlib import Path

import pytest

from generator.importing import ImportReport, import_file
from generator.intake.cells import read_consent
from generator.intake.headers import guess
from guestlink import consents
from guestlink.contacts import OptIn
from guestlink.errors import InvalidInput
from guestlink.records import Contact
from tests.databases import AT, BY, Inn


@pytest.mark.parametrize(
    ("text", "agrees"),
    [
        *((text, True) for text in "yes Y x TRUE 1 ja oui sí sim OK Opt-in agreed granted".split()),
        *((text, True) for text in ("opted in", "zugestimmt", "accepté", "aceptado", "autorizado")),
        *((text, False) for text in "no N 0 false nein non não nee refused".split()),
        *(
            (text, False)
            for text in ("opt-out", "not given", "abgelehnt", "no consent", "granted, withdrawn")
        ),
    ],
)
def test_a_cell_says_yes_or_no(text: str, agrees: bool) -> None:
    assert read_consent(text) == agrees


@pytest.mark.parametrize("text", ["2026-05-01", "maybe", "call first", "consent"])
def test_what_says_neither_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="neither yes nor no"):
        read_consent(text)


@pytest.mark.parametrize(
    "heading",
    [
        *("WhatsApp consent", "Opt-in", "Einwilligung", "Consentement", "Consentimiento WhatsApp"),
        *("Consenso WhatsApp", "Consentimento", "Toestemming"),
    ],
)
def test_the_heading_is_known_in_seven_languages(heading: str) -> None:
    columns = ("Arrival", "Departure", "Phone", heading)
    sample = [
        {"Arrival": "2026-11-06", "Departure": "2026-11-07", "Phone": "+44 7700 900123", heading: "yes"}
    ]
    assert guess(columns, sample, {}).mapping["opt_in"] == heading


def take(inn: Inn, home: Path, cell: str, *, more: str = "") -> ImportReport:
    home.joinpath("stays.csv").write_text(
        "reference,arrival,departure,unit,name,whatsapp consent,pets\n"
        f"HB-1,2026-11-03,2026-11-05,room-1,Ana Lindqvist,{cell},{more}\n",
        "utf-8",
    )
    return import_file(inn.database, inn.ring, str(home / "stays.csv"), house=inn.house, at=AT, by=BY)


def guest(inn: Inn) -> Contact:
    return inn.guests(inn.stay("HB-1"))[0]


def test_a_yes_is_recorded_with_heading_and_cell(inn: Inn, tmp_path: Path) -> None:
    take(inn, tmp_path, "Yes")
    contact = guest(inn)
    assert (contact.opted_in_at, contact.opted_in_how) == (AT, "import")
    key = inn.ring.guest_key(contact.wrapped, contact.id)
    assert contact.opted_in_words
    words = key.open(contact.opted_in_words, "contacts", "opted_in_words", row=contact.id)
    assert words == "whatsapp consent: Yes"


def test_a_file_may_say_yes_later_and_take_its_own_word_back(inn: Inn, tmp_path: Path) -> None:
    assert take(inn, tmp_path, "").added == 1
    assert take(inn, tmp_path, "yes").changes == ["stay HB-1: agrees to WhatsApp"]
    assert take(inn, tmp_path, "yes").unchanged == 1
    assert take(inn, tmp_path, "").unchanged == 1
    assert guest(inn).opted_in_at == AT
    assert take(inn, tmp_path, "no").changes == ["stay HB-1: no longer agrees to WhatsApp"]
    assert guest(inn).opted_in_at is None
    assert take(inn, tmp_path, "yes").changes == ["stay HB-1: agrees to WhatsApp"]


def test_what_a_guest_said_is_theirs_to_change(inn: Inn, tmp_path: Path) -> None:
    take(inn, tmp_path, "")
    with inn.database.write() as tx:
        said = OptIn(at=AT, how=consents.ON_PAGE, words="yes")
        consents.agree(tx, inn.ring, guest(inn), said, at=AT, by=BY)
    (line,) = take(inn, tmp_path, "no").changes
    assert "a no to WhatsApp is not taken over" in line
    assert guest(inn).opted_in_how == "page"
    with inn.database.write() as tx:
        consents.take_back(tx, guest(inn), how=consents.ON_PAGE, at=AT, by=BY)
    (line,) = take(inn, tmp_path, "yes").changes
    assert "a yes to WhatsApp is not taken over" in line
    assert guest(inn).opted_in_at is None


def test_a_cancelled_stay_that_a_file_repeats_without_a_status_stays_so_and_is_told(
    inn: Inn, tmp_path: Path
) -> None:
    take(inn, tmp_path, "")
    inn.change(inn.stay("HB-1"), status="cancelled")
    assert take(inn, tmp_path, "").unchanged == 1
    assert any("stays so" in line for line in take(inn, tmp_path, "", more="1").changes)
    assert inn.stay("HB-1").status == "cancelled"


def test_a_cell_that_says_neither_costs_the_field_only(inn: Inn, tmp_path: Path) -> None:
    with_both = take(inn, tmp_path, "perhaps")
    assert with_both.added == 1
    assert guest(inn).opted_in_at is None
