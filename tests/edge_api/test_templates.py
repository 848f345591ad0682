"""Message templates: what a file may say, how a sentence gets its numbers, what becomes of it at Meta."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge_api import templates
from edge_api.drafts import Draft, Link, meta_language, mistakes, our_language
from edge_api.messages import GuestLinkOf, TemplateChanged
from edge_api.templates import load_templates
from edge_api.whatsapp import template_body
from guestlink import alerts
from guestlink.errors import ContentErrors, NotFound
from guestlink.language import LANGUAGES, Catalogue, load_catalogue
from tests.databases import AT, ROOT, Inn

THEME = ROOT / "theme"
GOOD = """category = "UTILITY"
body = "A guest of {house} asks for {what} now. Please look after it."
quick_replies = ["Accept", "Decline"]
lives = "12h"

[examples]
house = "Harbour House"
what = "towels"
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(text: str, name: str = "asked") -> Path:
        (tmp_path / "whatsapp").mkdir(exist_ok=True)
        (tmp_path / "whatsapp" / f"{name}.toml").write_text(text, "utf-8")
        return tmp_path

    return writing


def words(language: str) -> Catalogue:
    return load_catalogue(THEME / "locale", language)


def turned_round(body: str) -> Catalogue:
    """A language that says the same the other way round."""
    said = "Bitte um {what} von einem Gast von {house} kümmern, wenn es geht."
    return Catalogue("de", {body: (said,)}, plural_form=lambda _: 0)


# -- the theme's own --------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
def test_review_would_find_nothing_in_any_template(language: str) -> None:
    forms = load_templates(THEME)
    for name in forms.forms:
        draft = forms.draft(name, words(language), public_url="https://stay.example.com")
        assert list(mistakes(draft)) == [], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_filled_in_every_language(language: str) -> None:
    forms = load_templates(THEME)
    for name, form in forms.forms.items():
        made = forms.rendered(name, language, words(language), **form.examples)
        draft = forms.draft(name, words(language), public_url="https://stay.example.com")
        assert (made.language, made.values) == (language, draft.examples)


def test_what_staff_and_guests_are_told_has_its_template() -> None:
    needed = {"request_new", "request_urgent", "message_waiting"}
    needed |= {"request_confirmed", "request_declined", "house_writes", "stay_link", "companion_link"}
    needed |= {
        f"stay_{moment}" for moment in ("arrival", "codes", "evening", "leaving", "thanks", "ready", "all")
    }
    needed |= {"codes_changed", "house_notice"}
    assert needed <= load_templates(THEME).forms.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_around_a_code_the_words_are_metas_own(language: str) -> None:
    forms = load_templates(THEME)
    made = forms.rendered("sign_in_code", language, words(language))
    assert (made.language, made.values, made.code) == (language, (), "")
    body = template_body(forms.draft("sign_in_code", words(language), public_url="https://stay.example.com"))
    assert (body["category"], body["message_send_ttl_seconds"]) == ("AUTHENTICATION", 600)
    assert [each["type"] for each in body["components"]] == ["BODY", "FOOTER", "BUTTONS"]
    assert body["components"][0]["add_security_recommendation"] is True
    assert body["components"][1]["code_expiration_minutes"] == 10
    (button,) = body["components"][2]["buttons"]
    assert (button["type"], button["otp_type"]) == ("OTP", "COPY_CODE")


def test_a_template_for_codes_has_no_words_of_ours(write: Write) -> None:
    text = 'category = "AUTHENTICATION"\nbody = "Your code is {code}, please."\nlives = "1h"\n'
    with pytest.raises(ContentErrors) as refused:
        load_templates(write(text, "mine"))
    assert {2, 3} <= {problem.line for problem in refused.value.problems}


# -- sentences --------------------------------------------------------------------------------------
def test_values_stand_in_the_order_of_the_translated_sentence(write: Write) -> None:
    forms = load_templates(write(GOOD))
    told = {"house": "Casa Azul", "what": "a cot"}
    german = turned_round(forms.form("asked").body)
    english = forms.rendered("asked", "en", words("en"), payloads=("a:1", "d:1"), **told)
    assert (english.values, english.payloads) == (("Casa Azul", "a cot"), ("a:1", "d:1"))
    assert forms.rendered("asked", "de", german, **told).values == ("a cot", "Casa Azul")
    draft = forms.draft("asked", german, public_url="https://stay.example.com")
    assert draft.body == "Bitte um {{1}} von einem Gast von {{2}} kümmern, wenn es geht."
    assert draft.examples == ("towels", "Harbour House")


def test_long_values_are_shortened_so_that_the_body_holds_and_short_ones_stay() -> None:
    forms = load_templates(THEME)
    body = forms.draft("request_declined", words("de"), public_url="https://stay.example.com").body
    told = {"what": "Late check-out", "reason": "no " * 600}
    made = forms.rendered("request_declined", "de", words("de"), **told)
    assert made.values[0] == "Late check-out"
    assert made.values[1].endswith("…")
    both = forms.rendered("request_declined", "de", words("de"), what="what " * 200, reason="why " * 200)
    assert len(body) + sum(map(len, both.values)) <= 1024
    assert min(map(len, both.values)) > 300


def test_a_language_with_a_region_uses_the_template_of_the_language(write: Write) -> None:
    forms = load_templates(write(GOOD))
    made = forms.rendered("asked", "de-AT", words("de"), house="Casa", what="a cot")
    assert made.language == "de"


def test_a_link_button_ends_with_the_guests_link(write: Write) -> None:
    text = 'category = "UTILITY"\nbody = "Your page is ready."\nlink = "Open your page"\n'
    forms = load_templates(write(text, "page"))
    draft = forms.draft("page", words("de"), public_url="https://stay.example.com")
    assert draft.link is not None
    assert (draft.link.base, draft.link.title) == ("https://stay.example.com/", "Ihre Seite öffnen")
    assert forms.rendered("page", "de", words("de"), link=GuestLinkOf(link_id="1")).link is not None


def test_a_template_that_is_not_there_is_told(write: Write) -> None:
    with pytest.raises(NotFound, match="asked"):
        load_templates(write(GOOD)).rendered("told", "en", words("en"))


def test_metas_languages_are_ours_and_a_foreign_region_is_none_of_them() -> None:
    assert {our_language(meta_language(language)) for language in LANGUAGES} == set(LANGUAGES)
    assert meta_language("pt") == "pt_PT"
    assert our_language("en_US") not in LANGUAGES


# -- mistakes in files ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"UTILITY"', '"MARKETING"', "asked.toml:1: Invalid enum value"),
        ("category", "kategorie", "asked.toml:1: Object contains unknown field `kategorie`"),
        ('body = "A', 'body = ["A', "asked.toml:3: This is not TOML"),
        ('= ["Accept", "Decline"]', "= 2", "asked.toml:3: Expected `array`"),
        ('"12h"', '"24h"', "asked.toml:4: At most 12h"),
        ('"12h"', '"soon"', "asked.toml:4: Expected `str` matching regex"),
        ('"Decline"', '"Accept"', "asked.toml:3: Two buttons have the same words"),
        ('"Decline"', '"A title that is far too long for it"', "must have 1 to 25 characters"),
        ("A guest of {house}", "{house}: a guest", "asked.toml:2: No variable at the start"),
        ("it.", "it in {house}", "asked.toml:2: No variable at the start or the end"),
        (" asks for {what}", " {what}", "asked.toml:2: Between two variables there must be words"),
        ("now.", "now.     Now.", "four spaces"),
        ("now.", "now {.", "curly bracket"),
        ('what = "towels"', "", "asked.toml:2: Every variable needs an example"),
        ('what = "towels"', 'what = "towels"\nroom = "4"', "asked.toml:6: The body has no place {room}"),
        ("Please look after it.", "x" * 1000, "at most 1024"),
        (" asks for {what} now. Please look after it.", " {what}.", "Too few words for 2 variables"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(write: Write, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ContentErrors) as error:
        load_templates(write(GOOD.replace(old, new, 1)))
    assert told in str(error.value)
    assert "whatsapp/asked.toml" in str(error.value)


def test_a_name_that_meta_does_not_take_is_told(write: Write) -> None:
    with pytest.raises(ContentErrors, match="small letters"):
        load_templates(write(GOOD, "Asked-Now"))


def test_the_mistakes_of_all_files_are_told_at_once(write: Write) -> None:
    write(GOOD.replace("UTILITY", "X"), "one")
    with pytest.raises(ContentErrors) as error:
        load_templates(write(GOOD.replace("12h", "99h"), "two"))
    assert len(error.value.problems) == 2


def test_a_button_with_a_variable_or_too_many_of_them_is_refused() -> None:
    draft = Draft(
        name="x", language="en", category="UTILITY", body="All is well.", quick_replies=("a {{1}}",)
    )
    assert "variables" in dict(mistakes(draft))["quick_replies"]
    many = msgspec.structs.replace(draft, quick_replies=("a", "b", "c", "d"))
    assert "At most 3" in dict(mistakes(many))["quick_replies"]


def test_whatever_meta_would_review_again_changes_the_digest() -> None:
    draft = Draft(name="x", language="en", category="UTILITY", body="All is well.")
    link = Link(title="Open", base="https://a.example.com/", example="w/1")
    others = [
        msgspec.structs.replace(draft, **change)  # type: ignore[arg-type]
        for change in (
            {"body": "All is fine."},
            {"link": link},
            {"quick_replies": ("Yes",)},
            {"language": "de"},
        )
    ]
    moved = msgspec.structs.replace(
        others[1], link=msgspec.structs.replace(link, base="https://b.example.com/")
    )
    assert len({each.digest for each in [draft, *others, moved]}) == 6


# -- at Meta ----------------------------------------------------------------------------------------
DRAFT = Draft(name="stay_link", language="pt", category="UTILITY", body="Está pronta.")
LATER = AT + timedelta(minutes=5)


def changed(
    state: str, *, reason: str = "", language: str = "pt_PT", name: str = "stay_link"
) -> TemplateChanged:
    return TemplateChanged(meta_id="71", name=name, language=language, state=state, reason=reason)


def usable(inn: Inn) -> bool:
    with inn.database.read() as db:
        return templates.is_usable(db, "stay_link", "pt")


def open_alerts(inn: Inn) -> list[str]:
    with inn.database.read() as db:
        return [each.subject for each in alerts.open_alerts(db)]


def hand_in(inn: Inn, *, state: str = "PENDING") -> None:
    with inn.database.write() as tx:
        templates.begin(tx, DRAFT, at=AT)
    with inn.database.write() as tx:
        templates.handed_in(tx, DRAFT, meta_id="71", state=state, category="UTILITY", at=AT)


def test_a_template_is_usable_while_meta_approves_of_it(inn: Inn) -> None:
    assert not usable(inn)
    hand_in(inn)
    assert not usable(inn)
    for state, expected in (("APPROVED", True), ("PAUSED", False), ("APPROVED", True), ("DISABLED", False)):
        with inn.database.write() as tx:
            assert templates.record_state(tx, changed(state), at=LATER)
        assert usable(inn) is expected
        assert open_alerts(inn) == ([] if expected else ["stay_link (pt)"])


def test_a_warning_about_quality_stops_nothing_and_a_reinstated_template_is_usable(inn: Inn) -> None:
    hand_in(inn, state="APPROVED")
    for state, expected in (("FLAGGED", True), ("YELLOW", True), ("LOCKED", False), ("REINSTATED", True)):
        with inn.database.write() as tx:
            assert templates.record_state(tx, changed(state), at=LATER)
        assert usable(inn) is expected


def test_a_quick_review_is_not_lost_when_it_comes_before_the_answer(inn: Inn) -> None:
    with inn.database.write() as tx:
        templates.begin(tx, DRAFT, at=AT)
    with inn.database.write() as tx:
        templates.record_state(tx, changed("APPROVED"), at=AT)
    with inn.database.write() as tx:
        templates.handed_in(tx, DRAFT, meta_id="71", state="PENDING", category="UTILITY", at=AT)
    assert usable(inn)


def test_a_rejection_keeps_its_reason(inn: Inn) -> None:
    hand_in(inn)
    with inn.database.write() as tx:
        templates.record_state(tx, changed("REJECTED", reason="INVALID_FORMAT"), at=LATER)
    with inn.database.read() as db:
        held = templates.held_templates(db)["stay_link", "pt"]
    assert (held.words, held.reason, held.meta_id) == ("rejected", "INVALID_FORMAT", "71")


def test_a_template_that_is_none_of_ours_is_left_alone(inn: Inn) -> None:
    hand_in(inn)
    with inn.database.write() as tx:
        assert not templates.record_state(tx, changed("APPROVED", name="sale"), at=LATER)
        assert not templates.record_state(tx, changed("APPROVED", language="pt_BR"), at=LATER)
    assert not usable(inn)


def test_what_meta_did_not_take_is_as_it_was_before(inn: Inn) -> None:
    hand_in(inn, state="APPROVED")
    with inn.database.read() as db:
        old = templates.held_templates(db)["stay_link", "pt"]
    with inn.database.write() as tx:
        templates.begin(tx, DRAFT, at=LATER)
        templates.take_back(tx, DRAFT, old, at=LATER)
    with inn.database.read() as db:
        assert templates.held_templates(db)["stay_link", "pt"] == old
    with inn.database.write() as tx:
        templates.take_back(tx, DRAFT, None, at=LATER)
    assert not usable(inn)


def test_a_refresh_takes_over_what_is_there_and_drops_what_is_gone(inn: Inn) -> None:
    forms = load_templates(THEME)
    hand_in(inn)
    there = [changed("APPROVED"), changed("PENDING", name="house_writes"), changed("APPROVED", name="sale")]
    with inn.database.write() as tx:
        assert templates.refresh(tx, forms, there, {"71": "UTILITY"}, at=LATER) == 2
        assert templates.refresh(tx, forms, there, {"71": "UTILITY"}, at=LATER) == 0
        assert templates.held_templates(tx).keys() == {("stay_link", "pt"), ("house_writes", "pt")}
        assert templates.held_templates(tx)["stay_link", "pt"].body_hash == DRAFT.digest
    assert usable(inn)
    with inn.database.write() as tx:
        assert templates.refresh(tx, forms, [], {}, at=LATER) == 2
    assert not usable(inn)


def test_the_languages_in_use_are_those_of_houses_staff_and_guests(inn: Inn) -> None:
    inn.add("one", language="pt-BR")
    inn.add("two", inn.period("room-2"), language="sv")
    with inn.database.read() as db:
        assert templates.languages_in_use(db) == ("en", "pt")
