"""`publish.py poster` and `publish.py link --message`: what hangs in the hall, and what is sent to whom."""

import re

import pytest

PAGE = re.compile(r"data-[a-z]+|<script", re.IGNORECASE)


def poster(answer, home, name="harbour-house"):
    assert answer.code == 0, answer.err
    return (home / "data" / "posters" / f"{name}.html").read_text("utf-8")


@pytest.fixture
def said_to(in_sample):
    """The message for a stay, as its lines."""

    def said(reference: str) -> list[str]:
        answer = in_sample("link", reference, "--message")
        assert answer.code == 0, answer.err
        return answer.out.strip().splitlines()

    return said


def test_a_poster_speaks_every_language_of_the_house_and_names_no_guest(in_sample, home):
    sheet = poster(in_sample("poster", "harbour-house"), home)
    assert re.findall(r'<li lang="(\w+)"', sheet) == ["en", "de", "fr"]
    assert "#harbour-house" in sheet
    assert "/w/" not in sheet


def test_a_rooms_poster_says_the_rooms_word(in_sample, home):
    sheet = poster(in_sample("poster", "harbour-house", "--unit", "room-4"), home, "harbour-house-room-4")
    assert "#harbour-house/room-4" in sheet
    assert "Room 4" in sheet


def test_beside_the_square_that_begins_a_chat_there_is_one_for_the_guide_code(in_sample, home):
    footer = poster(in_sample("poster", "harbour-house"), home).partition("<footer>")[2]
    assert footer.count('class="qr"') == 1
    assert "/open</bdi>" in footer
    words = home / "content" / "harbour-house" / "property.md"
    words.write_text(re.sub(r"(?m)^whatsapp: .*\n", "", words.read_text("utf-8")), "utf-8")
    assert in_sample("publish").code == 0
    assert poster(in_sample("poster", "harbour-house"), home).count('class="qr"') == 1


def test_a_poster_loads_nothing_and_prints_one_sheet(in_sample, home):
    sheet = poster(in_sample("poster", "harbour-house"), home)
    assert not re.search(r'(?:src|href)="', sheet)
    assert "size: A4" in sheet


def test_a_poster_that_cannot_be_written_says_where(in_sample, tmp_path):
    (tmp_path / "file").write_text("in the way")
    answer = in_sample("poster", "harbour-house", "--out", str(tmp_path / "file" / "poster.html"))
    assert answer.code == 2
    assert "cannot be written" in answer.err


def test_a_guest_who_booked_directly_gets_the_link(said_to, in_sample):
    lines = said_to("HH-1009")
    assert lines[1] == in_sample("link", "HH-1009").out.splitlines()[1]
    assert "Oliver" in lines[0]


def test_a_guest_of_a_platform_that_forbids_it_gets_neither_link_nor_number(said_to):
    text = "\n".join(said_to("HM-TERN52"))
    assert "http" not in text
    assert "wa.me" not in text
    assert "+44" not in text
    assert re.search(r"\b[0-9a-z]{5}[ -][0-9a-z]{5}\b", text), "the guide code is there"
