"""Words, dates, times, money, lists and the order of languages."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from guestlink.errors import ContentError, InvalidInput
from guestlink.language import (
    LANGUAGES,
    Catalogue,
    DateStyle,
    chrome_language,
    direction,
    fallback_order,
    format_date,
    format_day,
    format_list,
    format_moment,
    format_money,
    format_time,
    isolate,
    load_catalogue,
    minor_digits,
    native_name,
    negotiate,
)

SUNDAY = date(2026, 11, 22)
CHECK_OUT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)

GERMAN = """
msgid ""
msgstr ""
"Language: de\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Welcome to {house}"
msgstr "Willkommen im {house}"

msgid "{n} night"
msgid_plural "{n} nights"
msgstr[0] "{n} Nacht"
msgstr[1] "{n} Nächte"

msgid "Ask us"
msgstr ""

#, fuzzy
msgid "Wi-Fi"
msgstr "WLAN"
"""
ARABIC = """
msgid ""
msgstr ""
"Language: ar\\n"
"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 "
": n%100>=11 ? 4 : 5);\\n"

msgid "{n} night"
msgid_plural "{n} nights"
msgstr[0] "بلا ليال"
msgstr[1] "ليلة واحدة"
msgstr[2] "ليلتان"
msgstr[3] "{n} ليال"
msgstr[4] "{n} ليلة"
msgstr[5] "{n} ليلة كاملة"
"""


def write(folder: Path, language: str, text: str) -> Path:
    path = folder / language / "LC_MESSAGES" / "guestlink.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def german(tmp_path: Path) -> Catalogue:
    write(tmp_path, "de", GERMAN)
    return load_catalogue(tmp_path, "de")


@pytest.fixture
def strict_german(tmp_path: Path) -> Catalogue:
    write(tmp_path, "de", GERMAN)
    return load_catalogue(tmp_path, "de", strict=True)


# Which language


@pytest.mark.parametrize(
    ("wanted", "offered", "spoken"),
    [
        ("pt-BR", ("en", "pt"), "pt"),
        ("pt-BR", ("en", "pt", "pt-BR"), "pt-BR"),
        ("pt-BR", ("en", "pt-PT"), "pt-PT"),
        ("pt", ("en", "pt-PT"), "pt-PT"),
        ("PT_br", ("en", "pt-BR"), "pt-BR"),
        ("de-CH-1996", ("en", "de-CH", "de"), "de-CH"),
        ("zh-Hans", ("en", "fr"), "en"),
        ("zh-Hans", ("en", "zh-Hant"), "en"),
        ("zh-Hans-CN", ("en", "zh-Hans"), "zh-Hans"),
        ("", ("fr", "en"), "fr"),
        ("deutsch, bitte", ("fr", "de"), "fr"),
        ("de", (), "en"),
    ],
)
def test_a_guest_gets_the_closest_offered_language(
    wanted: str, offered: tuple[str, ...], spoken: str
) -> None:
    assert negotiate(wanted, offered) == spoken


@given(st.text(max_size=40))
def test_no_wish_for_a_language_is_ever_an_error(wanted: str) -> None:
    assert negotiate(wanted, LANGUAGES) in LANGUAGES
    assert direction(wanted) in {"ltr", "rtl"}
    assert native_name(wanted) or not wanted
    assert format_day(SUNDAY, wanted)


def test_the_interface_speaks_english_where_it_does_not_know_the_language() -> None:
    assert [chrome_language(language) for language in ("fr-CA", "nl", "?")] == ["fr", "en", "en"]


def test_texts_fall_back_from_the_guests_language_to_the_default_to_any() -> None:
    assert fallback_order("pt-BR", "fr", ("en", "fr", "pt", "pt-BR", "de")) == (
        "pt-BR",
        "pt",
        "fr",
        "en",
        "de",
    )


def test_a_language_nobody_offers_falls_back_to_the_default_not_to_the_first() -> None:
    assert fallback_order("ja", "fr", ("en", "fr")) == ("fr", "en")


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "English"),
        ("es", "Español"),
        ("fr", "Français"),
        ("de", "Deutsch"),
        ("it", "Italiano"),
        ("pt", "Português"),
        ("ar", "العربية"),
        ("ja", "日本語"),
        ("pt-BR", "Português (Brasil)"),
        ("xx", "xx"),
    ],
)
def test_a_language_is_listed_by_its_own_name(language: str, name: str) -> None:
    assert native_name(language) == name


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_languages_are_known_as_babel_knows_them(language: str) -> None:
    locale = Locale.parse(language)
    name = locale.get_display_name() or ""
    assert native_name(language) == name[0].upper() + name[1:]
    assert direction(language) == locale.text_direction


@pytest.mark.parametrize(
    ("language", "way"), [("ar", "rtl"), ("he-IL", "rtl"), ("de", "ltr"), ("ja", "ltr"), ("xx", "ltr")]
)
def test_arabic_runs_from_the_right(language: str, way: str) -> None:
    assert direction(language) == way


# Words


def test_a_message_is_translated_with_its_values(german: Catalogue) -> None:
    assert german.text("Welcome to {house}", house="Harbour Loft") == "Willkommen im Harbour Loft"


def test_a_value_that_looks_like_a_placeholder_is_left_alone(german: Catalogue) -> None:
    assert german.text("Welcome to {house}", house="{house}") == "Willkommen im {house}"


def test_a_message_without_its_value_is_refused(german: Catalogue) -> None:
    with pytest.raises(InvalidInput, match=r"needs a value for \{house\}"):
        german.text("Welcome to {house}")


def test_plain_values_give_plain_text_for_the_page_to_escape(german: Catalogue) -> None:
    assert not isinstance(german.text("Welcome to {house}", house="<b>"), Markup)


def test_markup_among_the_values_gives_markup_with_all_else_escaped(german: Catalogue) -> None:
    said = german.text("<{house}> & {guest}", house=Markup("<b>Loft</b>"), guest="<ana>")
    assert said == Markup("&lt;<b>Loft</b>&gt; &amp; &lt;ana&gt;")


def test_a_number_takes_the_form_of_the_language(german: Catalogue) -> None:
    assert [german.plural("{n} night", "{n} nights", n) for n in (0, 1, 2)] == [
        "0 Nächte",
        "1 Nacht",
        "2 Nächte",
    ]


def test_arabic_uses_its_six_forms(tmp_path: Path) -> None:
    write(tmp_path, "ar", ARABIC)
    arabic = load_catalogue(tmp_path, "ar", strict=True)
    assert [arabic.plural("{n} night", "{n} nights", n) for n in (0, 1, 2, 3, 11, 100)] == [
        "بلا ليال",
        "ليلة واحدة",
        "ليلتان",
        "3 ليال",
        "11 ليلة",
        "100 ليلة كاملة",
    ]


def test_a_guest_reads_english_where_a_translation_is_missing(german: Catalogue) -> None:
    assert (german.text("Ask us"), german.plural("{n} guest", "{n} guests", 2)) == ("Ask us", "2 guests")


def test_a_strict_catalogue_refuses_what_it_cannot_translate(strict_german: Catalogue) -> None:
    with pytest.raises(ContentError, match="“Ask us” has no translation into Deutsch"):
        strict_german.text("Ask us")


def test_a_strict_catalogue_refuses_a_plural_it_does_not_hold(strict_german: Catalogue) -> None:
    with pytest.raises(ContentError, match=r"“\{n\} guest”"):
        strict_german.plural("{n} guest", "{n} guests", 2)


def test_what_is_empty_or_uncertain_counts_as_missing(german: Catalogue) -> None:
    assert german.missing() == ("Ask us", "Wi-Fi")


def test_a_region_reads_the_catalogue_of_its_language(tmp_path: Path) -> None:
    write(tmp_path, "de", GERMAN)
    assert load_catalogue(tmp_path, "de-AT") is load_catalogue(tmp_path, "de")


def test_a_changed_catalogue_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "de", GERMAN)
    before = load_catalogue(tmp_path, "de").text("Ask us")
    path.write_text(GERMAN.replace('"Ask us"\nmsgstr ""', '"Ask us"\nmsgstr "Fragen Sie uns"'), "utf-8")
    assert (before, load_catalogue(tmp_path, "de").text("Ask us")) == ("Ask us", "Fragen Sie uns")


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"de/LC_MESSAGES/guestlink\.po: The words in Deutsch are missing"):
        load_catalogue(tmp_path, "de")


def test_a_broken_line_of_a_catalogue_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "de", 'msgid "Ask us"\nmsgtsr "Fragen"\n')
    with pytest.raises(ContentError) as told:
        load_catalogue(tmp_path, "de")
    assert (told.value.path, told.value.line) == (str(path), 2)


def test_a_catalogue_in_another_encoding_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "de", "").write_bytes("Nächte".encode("latin-1"))
    with pytest.raises(ContentError, match="no gettext catalogue"):
        load_catalogue(tmp_path, "de")


# Dates, times, money, lists


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "Sunday 22 November"),
        ("en-US", "Sunday, November 22"),
        ("es", "domingo, 22 de noviembre"),
        ("fr", "dimanche 22 novembre"),
        ("de", "Sonntag, 22. November"),
        ("it", "domenica 22 novembre"),
        ("pt", "domingo, 22 de novembro"),
        ("ar", "الأحد، 22 نوفمبر"),
        ("ja", "11月22日日曜日"),
        ("nl", "Sunday 22 November"),
    ],
)
def test_a_day_is_said_as_people_say_it_there(language: str, day: str) -> None:
    assert format_day(SUNDAY, language) == day


@pytest.mark.parametrize(
    ("language", "moment"),
    [
        ("en", "Sunday 22 November, 12:00"),
        ("en-US", "Sunday, November 22, 12:00\N{NARROW NO-BREAK SPACE}PM"),
        ("es", "domingo, 22 de noviembre, 12:00"),
        ("fr", "dimanche 22 novembre, 12:00"),
        ("de", "Sonntag, 22. November, 12:00"),
        ("it", "domenica 22 novembre, 12:00"),
        ("pt", "domingo, 22 de novembro, 12:00"),
        ("ar", "الأحد، 22 نوفمبر، 12:00\N{NO-BREAK SPACE}م"),
        ("ja", "11月22日日曜日 12:00"),
    ],
)
def test_a_moment_is_a_day_and_the_time_on_the_wall(language: str, moment: str) -> None:
    assert format_moment(CHECK_OUT, "Europe/Berlin", language) == moment


@pytest.mark.parametrize(
    ("style", "text"),
    [("short", "22/11/2026"), ("medium", "22 Nov 2026"), ("long", "22 November 2026")],
)
def test_a_date_with_its_year_comes_in_babels_styles(style: DateStyle, text: str) -> None:
    assert format_date(SUNDAY, "en", style) == text


def test_the_zone_of_the_property_decides_the_day() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert format_moment(late, "Asia/Tokyo", "en") == "Monday 23 November, 08:30"


def test_summer_time_is_kept() -> None:
    assert format_time(datetime(2026, 7, 1, 9, 0, tzinfo=UTC), "Europe/London", "en") == "10:00"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has no zone"):
        format_time(CHECK_OUT.replace(tzinfo=None), "Europe/London", "en")


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (1250, "GBP", "en", "£12.50"),
        (1250, "EUR", "de", "12,50 €"),
        (1200, "JPY", "ja", "￥1,200"),
        (1200, "JPY", "de", "1.200 ¥"),
        (1250, "KWD", "en", "KWD 1.250"),
        (1250, "MAD", "en", "MAD 12.50"),
        (1250, "MAD", "ar", "\u200f12.50 د.م.\u200f"),
        (-1250, "GBP", "en", "-£12.50"),
        (123456789, "EUR", "en", "€1,234,567.89"),
    ],
)
def test_money_has_the_decimals_of_its_currency(minor: int, currency: str, language: str, text: str) -> None:
    assert format_money(minor, currency, language).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_price_is_kept_in_the_minor_units_of_its_currency(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "sauna, pool and gym"), ("fr", "sauna, pool et gym"), ("ja", "sauna、pool、gym")],
)
def test_things_are_listed_as_in_a_sentence(language: str, text: str) -> None:
    assert format_list(["sauna", "pool", "gym"], language) == text


def test_a_list_of_nothing_is_nothing() -> None:
    assert format_list([], "en") == ""


def test_digits_are_the_same_everywhere_on_an_arabic_page() -> None:
    said = format_moment(CHECK_OUT, "Europe/London", "ar-EG") + format_money(1250, "EUR", "ar-EG")
    assert {letter for letter in said if letter.isdigit()} <= set("0123456789")


@pytest.mark.parametrize(("way", "first"), [("ltr", "\u2066"), ("rtl", "\u2067"), ("auto", "\u2068")])
def test_a_code_stays_whole_inside_text_that_runs_the_other_way(
    way: Literal["ltr", "rtl", "auto"], first: str
) -> None:
    assert isolate("4711 #", way) == f"{first}4711 #\u2069"


def test_babel_knows_all_eight_languages() -> None:
    assert [str(Locale.parse(language)) for language in LANGUAGES] == list(LANGUAGES)


def test_a_currency_sign_stays_behind_its_letters_in_arabic() -> None:
    assert format_money(1250, "GBP", "ar").endswith("UK£\N{LEFT-TO-RIGHT MARK}")
