"""Eight languages say all that the interface says, and the tool that collects the messages can be trusted."""

from gettext import c2py
from pathlib import Path

import pytest
from babel import Locale
from jinja2 import TemplateSyntaxError

from guestlink.language import LANGUAGES, load_catalogue
from tests.contracts.catalogues import PLURAL_FORMS, ROOT, Messages, collect, po_path, problems, read, update

TEMPLATE = """{{ t("Welcome to {house}", house=house) }} {{ tn("{n} night", "{n} nights", nights) }}"""
WANTED: Messages = {"Welcome to {house}": "", "{n} night": "{n} nights", "Door code": "", "Copied": ""}
HEADER = 'msgid ""\nmsgstr ""\n"Language: de\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
WELCOME = 'msgid "Welcome to {house}"\nmsgstr "Willkommen im {house}"\n'
NIGHTS = 'msgid "{n} night"\nmsgid_plural "{n} nights"\nmsgstr[0] "Eine Nacht"\nmsgstr[1] "{n} Nächte"\n'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for path, text in {
        "theme/templates/welcome.html": TEMPLATE,
        "theme/static/guest.js": "button.textContent = t('Copied');",
        "generator/pages.py": 'LABELS = {"door-code": N_("Door code")}\nprint(t(LABELS["door-code"]))\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


def told(tmp_path: Path, body: str, wanted: Messages, *, header: str = HEADER) -> list[str]:
    path = tmp_path / "guestlink.po"
    path.write_text(header + body, "utf-8")
    return problems("de", wanted, read(path))


@pytest.fixture(scope="module")
def interface() -> Messages:
    """All that the interface says: half a thousand files are read for it."""
    return collect(ROOT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything_the_interface_says(language: str, interface: Messages) -> None:
    assert problems(language, interface, read(po_path(ROOT, language))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_written_as_the_tool_writes_it(language: str, tmp_path: Path) -> None:
    twin = po_path(tmp_path, language)
    twin.parent.mkdir(parents=True)
    twin.write_bytes(po_path(ROOT, language).read_bytes())
    update(tmp_path)
    assert twin.read_bytes() == po_path(ROOT, language).read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plural_forms_are_those_of_cldr(language: str, tmp_path: Path) -> None:
    update(tmp_path)
    book = read(po_path(tmp_path, language))
    form, rule = c2py(book.plural_expr), Locale.parse(language).plural_form
    used = {(form(n), rule(n)) for n in range(1000)}
    assert len(used) == book.num_plurals


def test_the_tool_writes_the_languages_the_product_speaks() -> None:
    assert tuple(PLURAL_FORMS) == LANGUAGES


def test_messages_are_found_in_templates_scripts_and_python(house: Path) -> None:
    assert collect(house) == WANTED


def test_messages_are_found_in_message_templates(house: Path) -> None:
    (house / "theme/whatsapp").mkdir()
    text = 'category = "UTILITY"\nbody = "From {house}"\nquick_replies = ["Yes", "No"]\nlink = "Open"\n'
    (house / "theme/whatsapp/asked.toml").write_text(text, "utf-8")
    assert collect(house) == WANTED | dict.fromkeys(["From {house}", "Yes", "No", "Open"], "")


def test_a_message_is_found_where_its_translator_is_an_attribute(house: Path) -> None:
    (house / "generator/notes.py").write_text('self._wording.t("Until {day}", day=day)', "utf-8")
    (house / "generator/ways.py").write_text('wording.tn("{n} step", "{n} steps", 2)', "utf-8")
    assert collect(house) == {**WANTED, "Until {day}": "", "{n} step": "{n} steps"}


def test_a_message_is_found_where_a_catalogue_is_asked_for_it(house: Path) -> None:
    (house / "edge_api").mkdir()
    said = 'words.text("Sent to {who}.", who=who), tap.words.text("free"), fields.text("type")'
    (house / "edge_api" / "phrases.py").write_text(said, "utf-8")
    assert collect(house) == {**WANTED, "Sent to {who}.": "", "free": ""}


def test_a_message_with_two_plurals_is_refused(house: Path) -> None:
    (house / "edge_api").mkdir()
    (house / "edge_api" / "board.py").write_text('t("{n} night")', "utf-8")
    with pytest.raises(ValueError, match="different plurals"):
        collect(house)


def test_a_broken_template_is_not_passed_over(house: Path) -> None:
    (house / "theme/templates/broken.html").write_text('{{ t("Ask us" }}', "utf-8")
    with pytest.raises(TemplateSyntaxError, match=r"in .*broken\.html"):
        collect(house)


def test_english_is_complete_after_an_update(house: Path) -> None:
    update(house)
    assert problems("en", WANTED, read(po_path(house, "en"))) == []


def test_new_messages_wait_for_a_translator(house: Path) -> None:
    update(house)
    assert load_catalogue(house / "theme/locale", "ja").missing() == tuple(sorted(WANTED))


def test_an_update_keeps_translations_and_comments(house: Path) -> None:
    update(house)
    path = po_path(house, "de")
    untouched, mended = 'msgid "Copied"\nmsgstr ""', '# short\nmsgid "Copied"\nmsgstr "Kopiert"'
    text = path.read_text("utf-8").replace(untouched, mended)
    path.write_text(text, "utf-8")
    update(house)
    assert path.read_text("utf-8") == text


def test_a_message_that_gains_a_plural_is_asked_for_again(house: Path) -> None:
    update(house)
    path = po_path(house, "de")
    path.write_text(
        path.read_text("utf-8").replace('"Copied"\nmsgstr ""', '"Copied"\nmsgstr "Kopiert"'), "utf-8"
    )
    (house / "theme/static/guest.js").write_text("tn('Copied', '{n} copied', n)", "utf-8")
    update(house)
    assert 'msgid_plural "{n} copied"\nmsgstr[0] ""\nmsgstr[1] ""' in path.read_text("utf-8")


def test_an_update_gives_the_same_bytes_each_time(house: Path) -> None:
    update(house)
    before = {path: path.read_bytes() for path in house.rglob("*.po")}
    update(house)
    assert before == {path: path.read_bytes() for path in house.rglob("*.po")}


def test_an_update_drops_nothing_and_a_prune_drops_what_is_used_nowhere(house: Path) -> None:
    update(house)
    (house / "theme/static/guest.js").unlink()
    update(house)
    kept = "Copied" in po_path(house, "de").read_text("utf-8")
    update(house, prune=True)
    assert (kept, "Copied" in po_path(house, "de").read_text("utf-8")) == (True, False)


def test_a_good_catalogue_has_no_problems(tmp_path: Path) -> None:
    wanted = {"Welcome to {house}": "", "{n} night": "{n} nights"}
    assert told(tmp_path, WELCOME + "\n" + NIGHTS, wanted) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "not in the file (update)"),
        (WELCOME.replace("Willkommen im {house}", ""), "not translated"),
        (WELCOME.replace("im {house}", "im {haus}"), "other placeholders"),
        (WELCOME.replace("im {house}", "im Haus"), "other placeholders"),
        ("#, fuzzy\n" + WELCOME, "fuzzy"),
        ('msgctxt "title"\n' + WELCOME, "has a context"),
        (WELCOME.replace('im {house}"', 'im {house} "'), "other spaces at its ends"),
        (WELCOME.replace('im {house}"', 'im {house}!"'), "exclaims"),
        (NIGHTS.replace("{n} night", "Welcome to {house}"), "other forms"),
    ],
)
def test_a_translation_that_would_trip_a_reader_is_told(tmp_path: Path, body: str, problem: str) -> None:
    faults = told(tmp_path, body, {"Welcome to {house}": ""})
    assert f"{problem}: Welcome to {{house}}" in faults


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (NIGHTS.replace('msgstr[1] "{n} Nächte"', 'msgstr[1] ""'), "not translated"),
        (NIGHTS.replace("{n} Nächte", "viele Nächte"), "other placeholders"),
    ],
)
def test_a_plural_form_that_would_trip_a_reader_is_told(tmp_path: Path, body: str, problem: str) -> None:
    assert told(tmp_path, body, {"{n} night": "{n} nights"}) == [f"{problem}: {{n}} night"]


def test_a_sentence_left_in_english_is_told(tmp_path: Path) -> None:
    body = 'msgid "Ask us at any time"\nmsgstr "Ask us at any time"\n'
    assert told(tmp_path, body, {"Ask us at any time": ""}) == ["still English: Ask us at any time"]


def test_what_is_used_nowhere_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, WELCOME, {}) == ["used nowhere (prune): Welcome to {house}"]


def test_what_is_obsolete_is_told(tmp_path: Path) -> None:
    body = '#~ msgid "Hello"\n#~ msgstr "Hallo"\n'
    assert told(tmp_path, body, {}) == ["obsolete (prune): Hello"]


def test_the_plural_rule_of_another_language_is_told(tmp_path: Path) -> None:
    header = HEADER.replace("(n != 1)", "(n > 1)")
    assert told(tmp_path, "", {}, header=header)[0].startswith("the header says Language: de, Plural-Forms:")
