"""Webhooks: signed, shaped as pywa reads them, repeated until 200, in batches, twice and out of order by seed."""

import httpx
import pytest
from pywa import WhatsApp, types
from pywa.types.message_status import MessageStatusType, PricingType
from pywa.types.system import PhoneNumberChange
from pywa.types.user_preferences import UserMarketingPreferences

from tests.edge_api.sandbox.place import ANA, APP, NUMBER, WABA, App, Place, eventually

JPEG = b"\xff\xd8\xff" + bytes(64)


def validator(secret: str) -> WhatsApp:
    """pywa as an app has it: it checks signatures and sends nothing."""
    return WhatsApp(
        token="x",
        server=None,
        verify_token="v",
        app_secret=secret,
        session=httpx.Client(),
        validate_updates=True,
    )


def is_valid(app: App, at: int, *, secret: str = "sandbox-secret", body: bytes | None = None) -> bool:
    posted = app.posted[at]
    checked = posted.body if body is None else body
    return validator(secret).webhook_update_validator(update=checked, hmac_header=posted.signature) is None


def got(app: App, name: str = "messages", count: int = 1) -> list[dict[str, object]]:
    eventually(lambda: len(app.all(name)) >= count)
    return app.all(name)


# -- signatures ---------------------------------------------------------------------------------------
def test_pywa_finds_the_signature_right_and_a_changed_body_wrong(place, app):
    place.says("Grüße 🌊")
    got(app)
    assert is_valid(app, 0)
    assert not is_valid(app, 0, secret="another")
    assert not is_valid(app, 0, body=app.posted[0].body + b" ")


def test_a_new_secret_signs_from_then_on_retries_included(place, app):
    app.answers = [500]
    place.hold()
    place.says()
    eventually(lambda: len(app.posted) == 1)
    eventually(lambda: place.get("/sandbox/deliveries")["deliveries"][0]["tries"])
    place.patch("/sandbox/account", app_secrets=["new-secret", "sandbox-secret"])
    try:
        place.later("1s")
        eventually(lambda: len(app.posted) == 2)
        assert app.posted[0].body == app.posted[1].body
        assert is_valid(app, 0)
        assert is_valid(app, 1, secret="new-secret")
    finally:
        place.patch("/sandbox/account", app_secrets=["sandbox-secret"])


# -- what people do, as pywa reads it --------------------------------------------------------------------
def read(app: App, kind: type) -> object:
    got(app)
    return kind.from_update(validator("sandbox-secret"), app.posted[-1].json)


def test_a_text_names_who_wrote(place, app):
    first = place.says("Hello")
    got(app)
    place.says("Towels?", answers=first)
    got(app, count=2)
    message = read(app, types.Message)
    assert (message.text, message.from_user.name, message.from_user.wa_id) == ("Towels?", "Ana", ANA)
    assert message.from_user.bsuid == place.get("/sandbox/people/ana/chat")["person"]["user_id"]
    assert message.reply_to_message.message_id == first


def test_somebody_without_a_phone_has_a_user_id_alone(place, app):
    place.says("Hi", who="tomas")
    message = read(app, types.Message)
    assert message.from_user.wa_id is None
    assert message.from_user.bsuid.startswith("GB.")
    assert message.from_user.username == "tomas"
    assert "from" not in app.all("messages")[0]
    assert "wa_id" not in app.posted[0].body.decode()


@pytest.mark.parametrize(
    ("kind", "mime"),
    [("image", "image/jpeg"), ("voice", "audio/ogg"), ("audio", "audio/mpeg"), ("video", "video/mp4"),
     ("document", "application/pdf"), ("sticker", "image/webp")],
)  # fmt: skip
def test_media_come_with_id_type_and_hash(place, app, kind, mime):
    put = place.http.post(
        "/sandbox/media?filename=a.bin", content=JPEG, headers={"content-type": mime}
    ).json()
    place.does(kind, media=put["id"])
    message = read(app, types.Message)
    assert message.media.id == put["id"]
    assert message.media.mime_type == mime
    assert message.media.sha256 == put["sha256"]
    if kind == "voice":
        assert message.audio.voice


def test_location_contacts_order_and_the_unsupported(place, app):
    place.does("location", latitude=50.3, longitude=-4.7, name="Quay")
    place.does("contacts", name="Mira Holm", phone="+44 7700 900201")
    place.does("order", product="towels")
    place.does("unsupported")
    kinds = {str(message["type"]): message for message in got(app, count=4)}
    assert kinds["location"]["location"] == {"latitude": 50.3, "longitude": -4.7, "name": "Quay"}
    assert kinds["contacts"]["contacts"][0]["name"]["formatted_name"] == "Mira Holm"
    assert kinds["order"]["order"]["product_items"][0]["product_retailer_id"] == "towels"
    assert kinds["unsupported"]["errors"][0]["code"] == 131051


def test_a_tap_on_a_button_answers_its_message(place, app):
    place.says()
    got(app)
    sent = place.business().send_message(
        ANA, "Well?", buttons=[types.Button("Yes", "yes-4"), types.Button("No", "no-4")]
    )
    place.does("tap", answers=sent.id, choice="yes-4")
    eventually(lambda: app.posted[-1].values("messages") and len(app.all("messages")) == 2)
    tap = types.CallbackButton.from_update(validator("x"), _of(app, "messages", 1))
    assert (tap.data, tap.title, tap.reply_to_message.message_id) == ("yes-4", "Yes", sent.id)


def test_a_tap_in_a_list_brings_its_row(place, app):
    place.says()
    rows = [types.SectionRow("Towels", "towels", "two"), types.SectionRow("Bed", "bed")]
    sent = place.business().send_message(
        ANA, "What?", buttons=types.SectionList("Open", [types.Section("House", rows)])
    )
    place.does("tap", answers=sent.id, choice="towels")
    got(app, count=2)
    tap = types.CallbackSelection.from_update(validator("x"), _of(app, "messages", 1))
    assert (tap.data, tap.title, tap.description) == ("towels", "Towels", "two")


def test_a_tap_in_a_template_brings_its_payload(place, app):
    parts = [
        {"type": "BODY", "text": "Room 4 asks."},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Accept"}]},
    ]
    place.approved(components=parts)
    button = {
        "type": "button",
        "sub_type": "quick_reply",
        "index": 0,
        "parameters": [{"type": "payload", "payload": "take-7"}],
    }
    template = {"name": "hello", "language": {"code": "en"}, "components": [button]}
    sent = place.send(type="template", template=template).json()["messages"][0]["id"]
    place.does("tap", answers=sent, choice="take-7")
    (message,) = got(app)
    assert message["type"] == "button"
    assert message["button"] == {"payload": "take-7", "text": "Accept"}
    assert message["context"]["id"] == sent


def test_what_was_not_offered_cannot_be_tapped(place):
    place.says()
    sent = place.business().send_message(ANA, "Well?", buttons=[types.Button("Yes", "y")])
    refused = place.http.post(
        "/sandbox/people/ana/messages", json={"type": "tap", "answers": sent.id, "choice": "n"}
    )
    assert refused.status_code == 422


def test_reactions_edits_and_deletions_name_their_message(place, app):
    first = place.says("Twels")
    place.does("reaction", message=first, emoji="🌊")
    place.does("edit", message=first, text="Towels")
    place.does("revoke", message=first)
    kinds = {str(message["type"]): message for message in got(app, count=4)}
    assert kinds["reaction"]["reaction"] == {"message_id": first, "emoji": "🌊"}
    assert kinds["edit"]["edit"]["original_message_id"] == first
    assert kinds["edit"]["edit"]["message"]["text"] == {"body": "Towels"}
    assert kinds["revoke"]["revoke"] == {"original_message_id": first}


def test_a_new_number_comes_as_a_system_message(place, app):
    place.says()
    got(app)
    place.http.put("/sandbox/people/ana/phone", json={"phone": "+44 7700 900999"})
    got(app, count=2)
    change = PhoneNumberChange.from_update(validator("x"), _of(app, "messages", 1))
    assert (change.old_wa_id, change.new_wa_id) == (ANA, "447700900999")
    assert place.send(type="text", text={"body": "x"}).json()["error"]["code"] == 131026
    assert place.send(to="447700900999", type="text", text={"body": "x"}).is_success


def test_a_preference_is_told_as_pywa_reads_it(place, app):
    place.http.put("/sandbox/people/ana/preference", json={"marketing": "stop"})
    got(app, "user_preferences")
    told = UserMarketingPreferences.from_update(validator("x"), app.posted[-1].json)
    assert not told
    assert told.from_user.wa_id == ANA


# -- statuses -----------------------------------------------------------------------------------------
def test_statuses_come_with_callback_data_price_and_user_id(place, app):
    place.says()
    place.get("/sandbox/state")
    sent = place.business().send_message(ANA, "Hello", tracker="outbox-9")
    eventually(lambda: place.status_of(sent.id) == "delivered")
    place.post("/sandbox/people/ana/reading")
    eventually(lambda: sorted(app.statuses(sent.id)) == ["delivered", "read", "sent"])
    by_status = {}
    for posted in app.posted:
        if posted.values("statuses"):
            status = types.MessageStatus.from_update(validator("x"), posted.json)
            by_status[status.status] = status
    assert {status.tracker for status in by_status.values()} == {"outbox-9"}
    assert by_status[MessageStatusType.SENT].conversation.expiration is not None
    assert by_status[MessageStatusType.DELIVERED].pricing.type == PricingType.REGULAR
    assert by_status[MessageStatusType.DELIVERED].pricing.billable
    raw = app.all("statuses")[0]
    assert raw["recipient_id"] == ANA
    assert raw["recipient_user_id"].startswith("GB.")


def test_without_a_signal_a_message_waits(place, app):
    place.says()
    place.patch("/sandbox/people/ana", online=False)
    sent = place.business().send_message(ANA, "Hello")
    eventually(lambda: app.statuses(sent.id) == ["sent"])
    place.hold()
    place.later("10h")
    assert place.status_of(sent.id) == "sent"
    place.patch("/sandbox/people/ana", online=True)
    eventually(lambda: app.statuses(sent.id) == ["sent", "delivered"])


# -- until 200 ----------------------------------------------------------------------------------------
def test_a_webhook_is_repeated_with_longer_waits_until_200(place, app):
    app.answers = [500, 404, 302, 201]
    place.hold()
    place.says()
    for tries, wait in ((1, 1), (2, 2), (3, 4), (4, 8)):
        eventually(lambda tries=tries: len(_delivery(place)["tries"]) == tries)
        place.later(f"{wait - 0.1}s")
        assert len(app.posted) == tries
        place.later("0.1s")
    eventually(lambda: _delivery(place)["state"] == "delivered")
    assert [tried["status"] for tried in _delivery(place)["tries"]] == [500, 404, 302, 201, 200]
    assert len({posted.body for posted in app.posted}) == 1
    assert place.get("/sandbox/deliveries")["waiting"] == 0


def test_a_webhook_survives_an_app_that_is_not_there(place, app):
    place.settings(retry_first=0.05)
    place.patch("/sandbox/account", callback="http://127.0.0.1:9/webhook")
    place.says()
    eventually(lambda: len(_delivery(place)["tries"]) >= 2)
    assert _delivery(place)["state"] == "waiting"
    assert _delivery(place)["tries"][0]["error"] == "ConnectError"


def test_after_seven_days_it_is_given_up(place, app):
    app.answers = [500] * 5
    place.hold()
    place.says()
    eventually(lambda: _delivery(place)["tries"])
    place.later("7d")
    eventually(lambda: _delivery(place)["state"] == "given up")


def test_an_old_body_can_be_posted_again(place, app):
    place.says()
    got(app)
    first = place.get("/sandbox/deliveries")["deliveries"][0]["id"]
    place.post(f"/sandbox/deliveries/{first}/repetition")
    eventually(lambda: len(app.posted) == 2)
    assert app.posted[0] == app.posted[1]


# -- batches, twice, out of order -----------------------------------------------------------------------
def test_a_batch_holds_many_updates_in_one_post(place, app):
    place.settings(batch=6, gather=3600)
    for at in range(3):
        place.says(f"Message {at}")
        place.says(f"Message {at}", who="mira")
    eventually(lambda: app.posted)
    (posted,) = app.posted
    assert [message["text"]["body"][-1] for message in posted.values("messages")] == list("001122")
    assert len(posted.values("contacts")) == 2
    assert is_valid(app, 0)


def test_a_batch_does_not_wait_for_ever(place, app):
    place.settings(batch=100, gather=30)
    place.hold()
    place.says()
    place.later("29s")
    assert app.posted == []
    place.later("1s")
    got(app)


def sequence(place: Place, app: App, seed: int) -> list[str]:
    """The texts in the order they came, under duplicates and disorder of that seed."""
    place.reset(seed=seed)
    place.hold()
    place.settings(duplicates=0.4, disorder=0.4, at_once=1)
    app.posted.clear()
    for at in range(20):
        place.says(str(at))
    eventually(
        lambda: len(place.get("/sandbox/deliveries", state="delivered")["deliveries"]) == len(app.posted)
    )
    place.later("1s")
    total = len(place.get("/sandbox/deliveries")["deliveries"])
    eventually(lambda: len(app.posted) == total)
    return [str(message["text"]["body"]) for message in app.all("messages")]


def test_duplicates_and_disorder_come_again_with_their_seed(place, app):
    first = sequence(place, app, seed=7)
    assert len(first) > 20
    assert set(first) == {str(at) for at in range(20)}
    assert first != sorted(first, key=int)
    assert sequence(place, app, seed=7) == first
    assert sequence(place, app, seed=8) != first


# -- subscriptions ------------------------------------------------------------------------------------
def test_an_app_subscribes_by_answering_the_challenge(place, app):
    place.patch("/sandbox/account", callback="")
    api = place.business().api
    token = api.get_app_access_token(int(APP), "sandbox-secret")["access_token"]
    asked = {"app_id": int(APP), "access_token": token, "callback_url": app.url, "fields": ("messages",)}
    app.verify_token = "my-own"
    with pytest.raises(Exception, match="2200"):
        api.set_app_callback_url(**asked, verify_token="another")
    assert place.get("/sandbox/account")["callback"] == ""
    assert api.set_app_callback_url(**asked, verify_token="my-own") == {"success": True}
    place.says()
    got(app)
    place.http.put("/sandbox/people/ana/preference", json={"marketing": "stop"})
    assert place.get("/sandbox/deliveries")["dropped"] == 1
    place.patch("/sandbox/account", subscribed_fields=[])


def test_an_account_without_a_subscribed_app_sends_nothing(place, app):
    wa = place.business()
    headers = {"authorization": "Bearer sandbox-token"}
    assert place.http.delete(f"/v24.0/{WABA}/subscribed_apps", headers=headers).is_success
    place.says()
    assert place.get("/sandbox/deliveries") == {"deliveries": [], "waiting": 0, "dropped": 1}
    wa.api.set_waba_alternate_callback_url(WABA, app.url, "sandbox-verify")
    place.says()
    got(app)
    assert wa.api.get_waba_subscribed_apps(WABA)["data"][0]["override_callback_uri"] == app.url
    wa.api.delete_waba_alternate_callback_url(WABA)


def test_a_number_may_have_an_address_of_its_own(place, app):
    place.patch("/sandbox/account", callback="http://127.0.0.1:9/elsewhere")
    api = place.business().api
    api.set_phone_alternate_callback_url(app.url, "sandbox-verify", NUMBER)
    place.says()
    got(app)
    api.delete_phone_alternate_callback_url(NUMBER)


def _delivery(place: Place) -> dict[str, object]:
    found = place.get("/sandbox/deliveries")["deliveries"]
    return dict(found[0]) if found else {"tries": [], "state": ""}


def _of(app: App, name: str, at: int) -> dict[str, object]:
    """The body that brought the nth message."""
    return dict([posted for posted in app.posted if posted.values(name)][at].json)
