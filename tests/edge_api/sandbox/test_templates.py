"""Templates: handed in, reviewed, paused, disabled, deleted; and what a template message has to bring."""

import pytest
from pywa import errors
from pywa.types import templates as t

from tests.edge_api.sandbox.place import ANA, WABA, Place, eventually

EN = t.TemplateLanguage.ENGLISH
BODY = {"type": "BODY", "text": "Hello {{1}}, room {{2}} is ready.", "example": {"body_text": [["Ana", "4"]]}}
PLAIN = {"type": "BODY", "text": "Your room is ready."}


def body_values(*values: str) -> list[object]:
    return [{"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}]


def send(place: Place, components: list[object], *, name: str = "hello", language: str = "en") -> object:
    template = {"name": name, "language": {"code": language}, "components": components}
    answer = place.send(type="template", template=template)
    return (
        answer.json()["error"]["code"] if answer.is_error else answer.json()["messages"][0]["message_status"]
    )


def hand_in(place: Place, **template: object) -> object:
    told = {"name": "hello", "language": "en", "category": "UTILITY", "components": [PLAIN], **template}
    return place.graph(f"/{WABA}/message_templates", told)


# -- review -------------------------------------------------------------------------------------------
def test_pywa_hands_in_a_template_which_review_lets_pass(place, app):
    place.hold()
    made = place.business().create_template(
        t.Template(
            name="room_ready",
            language=EN,
            category=t.TemplateCategory.UTILITY,
            components=[
                t.BodyText("Hello {{1}}, your room is ready.", "Ana"),
                t.FooterText(text="Harbour House"),
                t.Buttons(buttons=[t.QuickReplyButton(text="Thanks")]),
            ],
        )
    )
    assert made.status == t.TemplateStatus.PENDING
    assert send(place, body_values("Ana"), name="room_ready") == 132001
    place.later("2s")
    eventually(lambda: app.posted)
    (entry,) = app.posted[0].json["entry"]
    assert entry["changes"][0]["field"] == "message_template_status_update"
    assert entry["changes"][0]["value"]["event"] == "APPROVED"
    (listed,) = place.business().get_templates()
    assert (listed.name, listed.status) == ("room_ready", t.TemplateStatus.APPROVED)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{1}} begins", "INVALID_FORMAT"),
        ("It ends with {{1}}.", "INVALID_FORMAT"),
        ("A {{1}} b {{3}} c", "INVALID_FORMAT"),
        ("No {{1}} example", "INVALID_FORMAT"),
        ("A discount for you", "TAG_CONTENT_MISMATCH"),
    ],
)
def test_review_rejects_what_meta_would(place, app, text, reason):
    example = {} if text.startswith("No") else {"example": {"body_text": [["x", "y"]]}}
    place.hold()
    assert hand_in(place, components=[{"type": "BODY", "text": text, **example}]).is_success
    place.later("2s")
    (template,) = place.get("/sandbox/state")["templates"]
    assert (template["status"], template["rejected_reason"]) == ("REJECTED", reason)
    eventually(lambda: app.posted)
    assert app.posted[0].json["entry"][0]["changes"][0]["value"]["reason"] == reason
    assert send(place, body_values("x")) == 132001


def test_review_rejects_what_a_test_asks(place):
    place.settings(rejects={"hello": "SCAM"})
    place.hold()
    hand_in(place)
    place.later("2s")
    assert place.get("/sandbox/state")["templates"][0]["rejected_reason"] == "SCAM"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Hello"},
        {"name": "x" * 513},
        {"language": "english"},
        {"category": "SERVICE"},
        {"components": []},
        {"components": [{"type": "BODY", "text": "x" * 1025}]},
        {"components": [PLAIN, {"type": "FOOTER", "text": "x" * 61}]},
        {"components": [PLAIN, {"type": "HEADER", "format": "TEXT", "text": "x" * 61}]},
        {"components": [PLAIN, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "x" * 26}]}]},
        {"components": [PLAIN, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "x"}] * 11}]},
        {"components": [{"type": "FOOTER", "text": "only"}]},
    ],
)
def test_a_wrong_template_is_not_even_reviewed(place, wrong):
    answer = hand_in(place, **wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert place.get("/sandbox/state")["templates"] == []


def test_a_language_is_handed_in_once(place):
    assert hand_in(place).is_success
    assert hand_in(place).json()["error"]["error_subcode"] == 2388024
    assert hand_in(place, language="de").is_success


def test_pywa_deletes_a_template_in_all_languages(place):
    place.approved(components=[PLAIN])
    place.approved(components=[PLAIN], language="de")
    assert place.business().delete_template("hello")
    assert send(place, []) == 132001
    assert send(place, [], language="de") == 132001


# -- sending ------------------------------------------------------------------------------------------
def test_a_template_is_printed_with_its_values_and_buttons(place):
    buttons = [
        {"type": "QUICK_REPLY", "text": "Thanks"},
        {"type": "URL", "text": "Page", "url": "https://e.org/{{1}}"},
    ]
    parts = [
        {"type": "HEADER", "format": "TEXT", "text": "Welcome"},
        BODY,
        {"type": "FOOTER", "text": "House"},
    ]
    place.approved(components=[*parts, {"type": "BUTTONS", "buttons": buttons}])
    values = [
        *body_values("Ana", "4"),
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "ok"}],
        },
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "w/1"}]},
    ]
    assert send(place, values) == "accepted"
    printed = place.last()["content"]["template"]
    assert printed["header"] == "Welcome"
    assert printed["body"] == "Hello Ana, room 4 is ready."
    assert printed["footer"] == "House"
    assert [button.get("payload") or button.get("url") for button in printed["buttons"]] == [
        "ok",
        "https://e.org/w/1",
    ]


def test_pywa_sends_a_template_with_a_picture(place):
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}}
    place.approved(components=[header, PLAIN])
    wa = place.business()
    picture = t.HeaderImage.params(image="https://example.org/a.jpg")
    assert wa.send_template(ANA, "hello", EN, [picture]).id
    with pytest.raises(errors.TemplateParamFormatMismatch):
        wa.send_template(ANA, "hello", EN, [])


@pytest.mark.parametrize(
    ("code", "components"),
    [
        (132000, body_values("Ana")),
        (132000, body_values("Ana", "4", "more")),
        (132000, []),
        (132007, body_values("Ana\nHolm", "4")),
        (132007, body_values("Ana     Holm", "4")),
        (132005, body_values("x" * 1024, "4")),
        (131008, body_values("", "4")),
        (
            132012,
            [{"type": "body", "parameters": [{"type": "image", "image": {}}, {"type": "text", "text": "4"}]}],
        ),
        (
            132000,
            [*body_values("Ana", "4"), {"type": "header", "parameters": [{"type": "text", "text": "x"}]}],
        ),
    ],
)
def test_parameters_have_to_fit(place, code, components):
    place.approved(components=[BODY])
    assert send(place, components) == code
    assert send(place, body_values("Ana", "4")) == "accepted"


def test_a_language_that_is_not_there_is_refused_as_not_found(place):
    place.approved(components=[PLAIN])
    with pytest.raises(errors.TemplateNotExists) as refusal:
        place.business().send_template(ANA, "hello", t.TemplateLanguage.GERMAN, [])
    assert refusal.value.status_code == 404


def test_low_quality_pauses_three_hours_then_six_then_for_good(place, app):
    place.hold()
    template = place.approved(components=[PLAIN])
    path = f"/sandbox/templates/{template['id']}/status"
    wa = place.business()
    for hours in (3, 6):
        place.post(path, status="PAUSED")
        with pytest.raises(errors.TemplatePaused):
            wa.send_template(ANA, "hello", EN, [])
        place.later(f"{hours * 3600 - 1}s")
        with pytest.raises(errors.TemplatePaused):
            wa.send_template(ANA, "hello", EN, [])
        place.later("1s")
        assert wa.send_template(ANA, "hello", EN, []).id
    place.post(path, status="PAUSED")
    with pytest.raises(errors.TemplateDisabled):
        wa.send_template(ANA, "hello", EN, [])
    place.later("1s")
    changes = lambda: [c for p in app.posted for e in p.json["entry"] for c in e["changes"]]  # noqa: E731
    events = lambda: [c["value"]["event"] for c in changes() if c["field"].startswith("message_template")]  # noqa: E731
    eventually(lambda: events()[1:] and events()[-1] == "DISABLED")
    assert events().count("PAUSED") == 2


def test_marketing_stops_for_who_stopped_it_and_utility_goes_on(place, app):
    place.approved(components=[PLAIN], category="MARKETING")
    place.approved(components=[PLAIN], name="useful")
    place.http.put("/sandbox/people/ana/preference", json={"marketing": "stop"})
    with pytest.raises(errors.UserStoppedMarketingMessages):
        place.business().send_template(ANA, "hello", EN, [])
    assert send(place, [], name="useful") == "accepted"
    place.http.put("/sandbox/people/ana/preference", json={"marketing": "resume"})
    assert send(place, []) == "accepted"
    eventually(lambda: len(app.all("user_preferences")) == 2)
    assert sorted(each["value"] for each in app.all("user_preferences")) == ["resume", "stop"]


def test_an_authentication_template_needs_a_phone_number(place):
    code = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}]}
    place.approved(
        components=[{"type": "BODY", "text": "{{1}} is your code."}, code], category="AUTHENTICATION"
    )
    tomas = place.get("/sandbox/people/tomas/chat")["person"]["user_id"]
    values = [
        *body_values("1234"),
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "1234"}]},
    ]
    template = {"name": "hello", "language": {"code": "en"}, "components": values}
    assert place.send(type="template", template=template).is_success
    refused = place.send(to=None, recipient=tomas, type="template", template=template)
    assert refused.json()["error"]["code"] == 131062
