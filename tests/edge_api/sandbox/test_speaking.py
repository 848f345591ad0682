"""What people do comes to the app as pywa reads it: every kind, taps, edits, new numbers, preferences."""

import pytest
from pywa import types
from pywa.types.system import IdentityChange, PhoneNumberChange
from pywa.types.user_preferences import UserMarketingPreferences

from tests.edge_api.sandbox.place import ANA, App, eventually, got, validator

JPEG = b"\xff\xd8\xff" + bytes(64)


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
    assert message.reply_to_message.id == first
    assert message.reply_to_message.from_user_id == ANA


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
    [
        ("image", "image/jpeg"),
        ("voice", "audio/ogg"),
        ("audio", "audio/mpeg"),
        ("video", "video/mp4"),
        ("document", "application/pdf"),
        ("sticker", "image/webp"),
    ],
)
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
    assert (tap.data, tap.title, tap.reply_to_message.id) == ("yes-4", "Yes", sent.id)


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


def test_a_new_device_comes_as_a_new_identity(place, app):
    place.post("/sandbox/people/ana/identity")
    change = read(app, IdentityChange)
    assert not change.identity.acknowledged
    assert change.identity.hash


def test_a_preference_is_told_as_pywa_reads_it(place, app):
    place.http.put("/sandbox/people/ana/preference", json={"marketing": "stop"})
    got(app, "user_preferences")
    told = UserMarketingPreferences.from_update(validator("x"), app.posted[-1].json)
    assert not told
    assert told.from_user.wa_id == ANA


def _of(app: App, name: str, at: int) -> dict[str, object]:
    """The body that brought the nth message."""
    return dict([posted for posted in app.posted if posted.values(name)][at].json)
