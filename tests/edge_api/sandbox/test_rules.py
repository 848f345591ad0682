"""Who may be written to, when, how fast and by whom: each rule of the Cloud API, asked by real pywa."""

import pytest
from pywa import errors, types

from tests.edge_api.sandbox.place import ANA, MIRA, NUMBER, Place, eventually

TOMAS = "tomas"  # known by a user id alone


def user_id(place: Place, who: str) -> str:
    return str(place.get(f"/sandbox/people/{who}/chat")["person"]["user_id"])


# -- the customer service window ----------------------------------------------------------------------
def test_outside_the_window_only_templates_go(place):
    wa = place.business()
    with pytest.raises(errors.ReEngagementMessage) as refusal:
        wa.send_message(ANA, "Hello")
    assert refusal.value.code == 131047
    assert refusal.value.status_code == 400
    place.approved(components=[{"type": "BODY", "text": "Your room is ready."}])
    assert wa.send_template(ANA, "hello", types.templates.TemplateLanguage.ENGLISH, []).id


def test_the_window_closes_after_24_hours_and_a_message_opens_it_again(place):
    wa = place.business()
    place.hold()
    place.says()
    place.later("86399s")
    assert wa.send_message(ANA, "Just in time").id
    place.later("1s")
    with pytest.raises(errors.ReEngagementMessage):
        wa.send_message(ANA, "Too late")
    place.says("Still here")
    assert wa.send_message(ANA, "Again").id


def test_a_window_is_one_person_s(place):
    place.says(who="mira")
    with pytest.raises(errors.ReEngagementMessage):
        place.business().send_message(ANA, "Hello")


def test_late_refusals_come_as_a_status(place, app):
    place.settings(late_refusals=True)
    sent = place.business().send_message(ANA, "Hello", tracker="outbox-1")
    eventually(lambda: app.statuses(sent.id) == ["failed"])
    (status,) = app.all("statuses")
    assert status["errors"][0]["code"] == 131047
    assert status["biz_opaque_callback_data"] == "outbox-1"
    assert "contacts" not in app.posted[0].json["entry"][0]["changes"][0]["value"]


def test_an_unknown_number_is_told_late_too(place, app):
    place.settings(late_refusals=True)
    sent = place.business().send_message("+44 7700 911999", "Hello")
    eventually(lambda: app.statuses(sent.id) == ["failed"])
    assert app.all("statuses")[0]["errors"][0]["code"] == 131026


# -- recipients ---------------------------------------------------------------------------------------
def test_nobody_behind_a_number_is_undeliverable(place):
    with pytest.raises(errors.MessageUndeliverable):
        place.business().send_message("+44 7700 911999", "Hello")


def test_somebody_who_left_whatsapp_is_undeliverable(place):
    place.says()
    place.patch("/sandbox/people/ana", on_whatsapp=False)
    with pytest.raises(errors.MessageUndeliverable):
        place.business().send_message(ANA, "Hello")


def test_a_test_number_writes_to_its_list_only(place):
    place.says()
    place.settings(allowed=[MIRA])
    with pytest.raises(errors.RecipientNotInAllowedList):
        place.business().send_message(ANA, "Hello")
    place.settings(allowed=[ANA])
    assert place.business().send_message(ANA, "Hello").id


def test_a_number_cannot_write_to_itself(place):
    with pytest.raises(errors.RecipientCannotBeSender):
        place.business().send_message("+44 20 7946 0100", "Hello")


def test_strangers_are_made_up_when_a_bench_asks(place):
    place.settings(strangers="create")
    with pytest.raises(errors.ReEngagementMessage):
        place.business().send_message("447700955555", "Hello")


def test_a_person_without_a_phone_is_reached_by_user_id(place):
    place.says(who=TOMAS)
    sent = place.business().send_message(user_id(place, TOMAS), "Hello Tomas")
    eventually(lambda: place.status_of(sent.id, TOMAS) == "delivered")


def test_an_answer_names_the_recipient_as_it_was_asked(place):
    place.says()
    place.says(who=TOMAS)
    by_phone = place.send(to="+44 7700 900101", type="text", text={"body": "x"}).json()
    assert by_phone["contacts"] == [{"input": "+44 7700 900101", "wa_id": ANA}]
    tomas = user_id(place, TOMAS)
    by_id = place.send(to=None, recipient=tomas, type="text", text={"body": "x"}).json()
    assert by_id["contacts"] == [{"input": tomas, "user_id": tomas}]


def test_an_unknown_user_id_is_undeliverable(place):
    with pytest.raises(errors.MessageUndeliverable):
        place.business().send_message("GB.123", "Hello")


# -- how fast -----------------------------------------------------------------------------------------
def test_the_81st_message_of_a_second_is_refused_in_and_out_together(place):
    place.settings(pair_burst=0)
    place.hold()
    for _ in range(30):
        place.says()
    wa = place.business()
    for _ in range(50):
        wa.send_message(ANA, "x")
    with pytest.raises(errors.RateLimitHit):
        wa.send_message(ANA, "one too many")
    told = place.get("/sandbox/log", entries="0")
    assert told["violations"] == {"130429": 1}
    assert told["worst_second"] == {NUMBER: 80}
    place.later("1s")
    assert wa.send_message(ANA, "x").id


def test_a_pair_may_burst_45_and_then_one_every_six_seconds(place):
    place.hold()
    place.says()
    wa = place.business()
    for _ in range(45):
        wa.send_message(ANA, "x")
    with pytest.raises(errors.TooManyMessages):
        wa.send_message(ANA, "46")
    place.later("5.9s")
    with pytest.raises(errors.TooManyMessages):
        wa.send_message(ANA, "46")
    place.later("0.2s")
    assert wa.send_message(ANA, "46").id
    with pytest.raises(errors.TooManyMessages):
        wa.send_message(ANA, "47")
    assert place.get("/sandbox/log", entries="0")["violations"] == {"131056": 3}


def test_one_pair_s_burst_is_not_another_s(place):
    place.hold()
    place.says()
    place.says(who="mira")
    wa = place.business()
    for _ in range(45):
        wa.send_message(ANA, "x")
    assert wa.send_message(MIRA, "x").id


def test_limits_can_be_switched_off(place):
    place.settings(per_second=0, pair_burst=0)
    place.hold()
    place.says()
    wa = place.business()
    for _ in range(100):
        wa.send_message(ANA, "x")
    told = place.get("/sandbox/log", entries="0")
    assert told["violations_in_all"] == 0
    assert told["worst_second"] == {NUMBER: 101}


def test_the_log_says_how_close_two_messages_to_one_person_came(place):
    place.hold()
    place.says()
    wa = place.business()
    wa.send_message(ANA, "x")
    place.later("7s")
    wa.send_message(ANA, "x")
    (pair,) = place.get("/sandbox/log")["pairs"]
    assert pair == {"number": NUMBER, "person": "ana", "sent": 2, "closest_seconds": 7.0}


# -- who may ask --------------------------------------------------------------------------------------
def test_a_wrong_token_is_refused(place):
    with pytest.raises(errors.ExpiredAccessToken) as refusal:
        place.business("another").send_message(ANA, "Hello")
    assert refusal.value.status_code == 401


def test_an_expired_token_is_refused(place):
    place.patch("/sandbox/account", expired=["sandbox-token"])
    try:
        with pytest.raises(errors.ExpiredAccessToken) as refusal:
            place.business().send_message(ANA, "Hello")
        assert refusal.value.subcode == 463
    finally:
        place.patch("/sandbox/account", expired=[])


def test_no_token_is_refused(place):
    assert place.http.post(f"/v24.0/{NUMBER}/messages", json={}).status_code == 401


def test_a_token_needs_the_right(place):
    rights = {"whatsapp_business_management": ["whatsapp_business_management"]}
    place.patch("/sandbox/account", tokens={"sandbox-token": rights["whatsapp_business_management"]})
    try:
        with pytest.raises(errors.PermissionDenied):
            place.business().send_message(ANA, "Hello")
    finally:
        every = ["whatsapp_business_messaging", "whatsapp_business_management"]
        place.patch("/sandbox/account", tokens={"sandbox-token": every})


def test_an_unknown_number_is_no_object(place):
    answer = place.graph("/999/messages", {"messaging_product": "whatsapp"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")


def test_a_number_that_is_not_registered_sends_nothing(place):
    place.says()
    wa = place.business()
    wa.deregister_phone_number()
    try:
        assert place.send(type="text", text={"body": "x"}).json()["error"]["code"] == 133010
    finally:
        wa.register_phone_number("123456")
    assert wa.send_message(ANA, "x").id


def test_pywa_reads_the_number(place):
    number = place.business().get_business_phone_number()
    assert number.id == NUMBER
    assert number.display_phone_number == "+44 20 7946 0100"
    assert [each.id for each in place.business().get_business_phone_numbers()] == [NUMBER]
