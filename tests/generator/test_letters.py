"""Messages of a stay's journey: files become letters, and every mistake is told with file and line."""

from pathlib import Path

import pytest

from generator.files.host_content import HostContent
from generator.files.host_folder import folder_digest
from generator.files.letters import SLOTS
from generator.files.moments import MESSAGE_HOURS, Moment, message_hours, moment, useful_for
from generator.files.prose import in_paragraphs
from tests.generator.test_content import HOUSE, content, mistakes, notes

FORM = """---
subject: When do you come to {house}?
send: 4 days before arrival, 10:00
useful_for: 2 days
channels: e-mail, whatsapp
template: our_form
only_if: arrival-unknown, first-visit
units: attic
not_for: vrbo
at_any_hour: no
button: Tell us
updated: 2026-10-01
---
You come on **{arrival}**, not before {check_in}.

Tell us more on [our map](https://map.example/quay).
"""
FORMULAR = """---
subject: Wann kommen Sie?
button: Antworten
updated: 2026-10-01
---
Sie kommen am {arrival}.
"""
BOOKED = """---
subject: Welcome
send: on booking
---
All is on your page.
"""
PATH = "journey/form.en.md"


def letters(parent: Path, **files: str) -> HostContent:
    return content(parent, {f"journey/{name.replace('_', '.')}.md": text for name, text in files.items()})


def test_a_message_says_when_to_whom_and_by_which_way_it_goes(tmp_path: Path) -> None:
    form = letters(tmp_path, form_en=FORM, form_de=FORMULAR).letters["form"]
    english, german = form["en"], form["de"]
    assert english.send == Moment(anchor="arrival", days=-4, time="10:00")
    assert (english.useful_for, english.channels) == (2 * 24 * 60, ("email", "whatsapp"))
    assert (english.template, english.at_any_hour) == ("our_form", False)
    assert english.only_if == ("arrival-unknown", "first-visit")
    assert (english.units, english.not_for) == (("attic",), ("vrbo",))
    assert (german.subject, german.button, german.text) == (
        "Wann kommen Sie?",
        "Antworten",
        "Sie kommen am {arrival}.",
    )
    assert (german.send, german.channels, german.only_if) == (english.send, english.channels, english.only_if)
    assert german.digest != english.digest


def test_the_words_of_a_message_keep_their_paragraphs_and_addresses(tmp_path: Path) -> None:
    form = letters(tmp_path, form_en=FORM).letters["form"]["en"]
    assert form.html.startswith("<p>You come on <strong>{arrival}</strong>, not before {check_in}.</p>")
    assert form.text == (
        "You come on {arrival}, not before {check_in}.\n\nTell us more on our map (https://map.example/quay)."
    )
    assert in_paragraphs("<p>Bring</p>\n<ul>\n<li>boots</li>\n<li>a  hat</li>\n</ul>") == (
        "Bring\n\n- boots\n- a hat"
    )


def test_a_message_goes_to_everybody_by_every_way_in_allowed_hours_unless_it_says_otherwise(
    tmp_path: Path,
) -> None:
    house = letters(tmp_path, booked_en=BOOKED)
    booked = house.letters["booked"]["en"]
    assert booked.channels == ("whatsapp", "email", "print")
    assert (booked.only_if, booked.units, booked.not_for, booked.template) == ((), (), (), "")
    assert (booked.useful_for, booked.at_any_hour, house.message_hours) == (0, False, MESSAGE_HOURS)


def test_a_house_says_between_which_hours_guests_are_written_to(tmp_path: Path) -> None:
    told = content(tmp_path, {"property.md": HOUSE.replace("wifi:", "message_hours: 9:00–20:30\nwifi:")})
    assert told.message_hours == "09:00-20:30"


@pytest.mark.parametrize(
    ("text", "anchor", "days", "time"),
    [
        ("on booking", "booking", 0, ""),
        ("On  late booking", "late-booking", 0, ""),
        ("when codes are shown", "codes", 0, ""),
        ("when the room is ready", "ready", 0, ""),
        ("1 day before departure, 17:00", "departure", -1, "17:00"),
        ("2 days before arrival 9:00", "arrival", -2, "09:00"),
        ("on the day of arrival, 19:00", "arrival", 0, "19:00"),
        ("60 days after departure, 00:00", "departure", 60, "00:00"),
    ],
)
def test_moments_are_understood_as_hosts_write_them(text: str, anchor: str, days: int, time: str) -> None:
    assert moment(text) == Moment(anchor=anchor, days=days, time=time)  # type: ignore[arg-type]


def test_a_length_of_time_is_counted_in_minutes() -> None:
    assert [useful_for(text) for text in ("90 minutes", "1 hour", "2 days")] == [90, 60, 2880]


def test_hours_are_written_with_two_digits() -> None:
    assert message_hours("7:30 - 23:59") == "07:30-23:59"


# what is wrong, what is replaced, by what, line, words
WRONG = [
    ("no moment", "send: 4 days before arrival, 10:00\n", "", 1, "“send” is missing. Add send: on booking."),
    ("an unknown moment", "4 days before arrival, 10:00", "on bookin", 3, "Did you mean “on booking”?"),
    (
        "a moment that is none",
        "4 days before",
        "some day before",
        3,
        "is no moment of a stay. Write on booking",
    ),
    (
        "a moment without its time",
        "arrival, 10:00",
        "arrival",
        3,
        "Add it after a comma: 4 days before arrival, 10:00.",
    ),
    ("a moment of no day", "10:00", "25:00", 3, "“25:00” is no time of day"),
    ("the end of a day", "10:00", "24:00", 3, "Write 23:59, or 00:00 of the day after"),
    ("a moment far away", "4 days", "61 days", 3, "at most 60 days"),
    ("no length of time", "2 days", "a while", 4, "Write 90 minutes, 12 hours or 2 days"),
    ("a length that is too long", "2 days", "61 days", 4, "at most 60 days"),
    ("an unknown way", "e-mail, whatsapp", "e-mail, watsapp", 5, "Did you mean “whatsapp”?"),
    ("no way at all", "channels: e-mail, whatsapp", "channels:", 5, "“channels” is empty"),
    ("a bad template", "our_form", "Our form", 6, "“Our form” is no template"),
    ("an unknown condition", "arrival-unknown", "arrival-unknow", 7, "Did you mean “arrival-unknown”?"),
    (
        "no condition",
        "only_if: arrival-unknown, first-visit",
        "only_if:",
        7,
        "everybody would see this message",
    ),
    ("an unknown unit", "units: attic", "units: atic", 8, "Did you mean “attic”?"),
    ("a bad answer", "at_any_hour: no", "at_any_hour: never", 10, "no answer to yes or no"),
    (
        "a long button",
        "Tell us",
        "Tell us when you come here",
        11,
        "This has 26 characters. Write at most 20.",
    ),
    ("no subject", "subject: When do you come to {house}?\n", "", 1, "“subject” is missing"),
    ("a long subject", "When", "When" * 50, 2, "Write at most 100."),
    ("an unknown slot", "{check_in}", "{check_inn}", 14, "“{check_inn}”. Did you mean “{check_in}”?"),
    ("a slot with two braces", "{check_in}", "{{check_in}}", 14, "Did you mean “{check_in}”?"),
    ("a slot with spaces", "{check_in}", "{ guest's first name }", 14, "There are {house}, {room}"),
    ("an unknown slot in the subject", "{house}", "{hose}", 2, "“{hose}”. Did you mean “{house}”?"),
    ("a slot in a link", "example/quay", "example/{room}", 14, "A link cannot hold a word in braces"),
    ("a code", "our map", "[[door-code]]", 16, "Codes are never in a message. Say that the page shows them"),
    ("a code that is unknown", "our map", "[[no-code]]", 16, "Codes are never in a message"),
    ("a code in the subject", "{house}", "[[door-code]]", 2, "Codes are never in a message"),
    ("a picture", "our map", "![map](house.svg)", 16, "A message has no pictures. Take it out"),
    ("an unknown field", "button:", "buton:", 11, "Did you mean “button”?"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_mistake_in_a_message_is_told_with_its_line_and_mend(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in FORM
    told = mistakes(tmp_path, {PATH: FORM.replace(old, new, 1)})
    assert len(told) == 1, told
    assert told[0].startswith(f"{PATH}:{line} ")
    assert words in told[0]


def test_a_message_without_words_is_a_mistake_and_a_translation_without_them_waits(tmp_path: Path) -> None:
    empty = FORM.partition("You come")[0]
    assert mistakes(tmp_path, {PATH: empty}) == [
        f"{PATH}:14 There is no text below the fields. Write two or three sentences."
    ]
    house = letters(tmp_path, form_en=FORM, form_de=FORMULAR.partition("Sie kommen am")[0])
    assert list(house.letters["form"]) == ["en"]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("21:00-08:00", "leaves no time for messages"),
        ("08:00-09:59", "leaves no time for messages"),
        ("mon-fri 08:00-20:00", "are no hours"),
        ("08:00-25:00", "is no time of day"),
        ("08:00-24:00", "is no time of day"),
    ],
)
def test_hours_for_messages_are_two_or_more_of_one_day(tmp_path: Path, hours: str, words: str) -> None:
    told = mistakes(tmp_path, {"property.md": HOUSE.replace("wifi:", f"message_hours: {hours}\nwifi:")})
    assert len(told) == 1
    assert told[0].startswith("property.md:9 ")
    assert words in told[0]


def test_a_long_message_is_a_warning(tmp_path: Path) -> None:
    house = letters(tmp_path, booked_en=BOOKED + "word " * 200)
    assert notes(house) == [("journey/booked.en.md", 5, "This message has 1020 characters, more than 900.")]


def test_a_moment_outside_the_hours_for_messages_is_a_warning_unless_it_may_come_then(tmp_path: Path) -> None:
    night = FORM.replace("10:00", "21:00")
    house = letters(tmp_path, form_en=night, other_en=night.replace("at_any_hour: no", "at_any_hour: yes"))
    assert notes(house) == [(PATH, 3, "At 21:00 nobody is written to: message_hours are 08:00-21:00.")]


def test_more_messages_for_everybody_than_a_stay_gets_are_a_warning(tmp_path: Path) -> None:
    five = {f"m{number}_en": BOOKED for number in range(5)}
    late = BOOKED.replace("on booking", "on late booking")
    assert notes(letters(tmp_path / "1", **five, late_en=late, form_en=FORM)) == []
    assert notes(letters(tmp_path / "2", **five, m5_en=BOOKED)) == [
        ("journey", 0, "6 messages are for every stay, and a stay gets at most 5.")
    ]


def test_every_slot_may_be_used(tmp_path: Path) -> None:
    house = letters(tmp_path, booked_en=BOOKED + " ".join(SLOTS))
    assert house.problems != ()  # of a translation that is missing
    assert notes(house) == []


def test_a_message_belongs_to_the_digest_of_the_folder(tmp_path: Path) -> None:
    house = letters(tmp_path, booked_en=BOOKED)
    folder = tmp_path / "harbour-house"
    assert house.digest == folder_digest(folder)
    (folder / "journey/booked.en.md").unlink()
    assert house.digest != folder_digest(folder) == content(tmp_path).digest
