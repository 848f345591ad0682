"""The sheet: a form for each service from its own fields, words for scripts, nothing of any stay."""

import json
import re

import msgspec
import pytest

from generator.files.grammar import Field
from generator.files.host_content import LOST_PROPERTY
from generator.parts.sheet import PLACEHOLDER, WORDS, orders, sheet_orders
from generator.parts.theme import Theme
from generator.parts.wording import Wording
from guestlink.language import LANGUAGES
from tests.generator import sample

PEOPLE = Field(name="people", kind="number", required=True, label="For how many", low=1, high=8)
EATS = Field(name="eats", kind="choice", required=True, label="What you eat", choices=("meat", "no meat"))
NOTE = Field(name="note", kind="text", required=False, label="Allergies")


def content(**changes):
    host = sample.content()
    hamper = msgspec.structs.replace(host.services["hamper"]["en"], **{"fields": (PEOPLE, EATS), **changes})
    isst = msgspec.structs.replace(EATS, label="Was Sie essen", choices=("Fleisch", "ohne Fleisch"))
    german = msgspec.structs.replace(hamper, language="de", title="Korb", fields=(PEOPLE, isst))
    versions = {"en": hamper} if changes else {"en": hamper, "de": german}
    return msgspec.structs.replace(host, services={**host.services, "hamper": versions})


def wording(host, language="en"):
    return Wording(Theme(sample.THEME).catalogue(language), host, sample.house(), language=language)


def sheet(host=None, language="en"):
    path, body = sample.renderer(host or content()).sheet(language)
    return path, body.decode()


def test_a_choice_is_read_in_the_guests_language_and_sent_in_the_hosts():
    host = content()
    korb = orders(host, wording(host, "de"))[0]
    assert [(choice.value, choice.label) for choice in korb.fields[1].choices] == [
        ("meat", "Fleisch"),
        ("no meat", "ohne Fleisch"),
    ]
    assert (korb.title, korb.price) == ("Korb", "12,50\xa0£ pro Person")


def test_a_service_without_a_text_field_has_room_for_a_note():
    host = content()
    assert orders(host, wording(host))[0].note
    with_note = content(fields=(PEOPLE, NOTE))
    assert not orders(with_note, wording(with_note))[0].note


def test_the_form_of_a_service_asks_its_own_fields():
    html = sheet()[1]
    form = re.search(r'<template data-form="service" data-service="hamper">(.*?)</template>', html, re.DOTALL)
    assert form
    assert re.search(r'<input type="number" name="field-people" min="1" max="8"[^>]* required>', form[1])
    assert re.findall(r'name="field-eats" value="([^"]+)"', form[1]) == ["meat", "no meat"]
    assert 'name="note"' in form[1]
    assert 'action="/open/requests"' in form[1]
    assert 'name="key"' in form[1]


def test_the_sheet_has_every_form_and_part_that_the_page_needs():
    html = sheet()[1]
    assert set(re.findall(r'data-form="([a-z]+)"', html)) == {
        *("service", "ask", "arrival", "channels", "rating", "lost", "alarm")
    }
    assert {"request", "requests", "search"} <= set(re.findall(r'data-part="([a-z]+)"', html))


@pytest.mark.parametrize(("phases", "lost"), [(("departed",), LOST_PROPERTY), (("in_house",), "")])
def test_lost_property_is_a_service_that_is_offered_afterwards(phases, lost):
    host = content()
    assert sheet_orders(host, wording(host))["lost"] is None
    service = msgspec.structs.replace(host.services["hamper"]["en"], key=LOST_PROPERTY, phases=phases)
    with_lost = msgspec.structs.replace(host, services={LOST_PROPERTY: {"en": service}})
    order = sheet_orders(with_lost, wording(with_lost))["lost"]
    assert (order.key if order else "") == lost


@pytest.mark.parametrize(
    ("fields", "asked"),
    [((EATS, NOTE), ["field-eats", "field-note"]), ((PEOPLE,), ["field-people", "note"]), (None, ["note"])],
)
def test_what_was_left_behind_is_asked_for_by_the_fields_of_its_service(fields, asked):
    host = content()
    if fields:
        lost = msgspec.structs.replace(
            host.services["hamper"]["en"], key=LOST_PROPERTY, phases=("departed",), fields=fields
        )
        host = msgspec.structs.replace(host, services={LOST_PROPERTY: {"en": lost}})
    form = re.search(r'<template data-form="lost">(.*?)</template>', sheet(host)[1], re.DOTALL)
    assert form
    names = re.findall(r'<(?:input|textarea|select)[^>]* name="([^"]+)"', form[1])
    assert list(dict.fromkeys(names)) == ["service", "key", *asked]
    assert f'name="service" value="{LOST_PROPERTY if fields else ""}"' in form[1]


def test_scripts_find_every_word_and_its_placeholders_in_every_language():
    for language in LANGUAGES:
        html = sheet(language=language)[1]
        told = json.loads(re.findall(r"<template data-words>(.*?)</template>", html)[0])
        assert told.keys() == WORDS.keys()
        for name, message in WORDS.items():
            assert sorted(PLACEHOLDER.findall(told[name])) == sorted(PLACEHOLDER.findall(message))


def test_the_name_of_a_sheet_says_its_bytes():
    path, html = sheet()
    assert re.fullmatch(r"assets/sheets/harbour-house\.en\.[0-9a-f]{16}\.html", path)
    assert sheet() == (path, html)
    assert sheet(content(price=900))[0] != path
    assert sheet(language="de")[0] != path


def test_a_sheet_knows_no_guest():
    html = sheet()[1]
    assert [word for word in sample.PLANTED if word in html] == []
