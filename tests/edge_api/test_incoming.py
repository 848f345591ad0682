"""What an event says: real bodies of the sandbox, and what Meta leaves out or adds without asking."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_api.deliveries import split
from edge_api.incoming import read
from edge_api.messages import (
    AccountChanged,
    Heard,
    Incoming,
    NumberChanged,
    PreferenceChanged,
    Receipt,
    Sender,
    TemplateChanged,
)
from edge_api.sandbox import hooks, quality, speaking
from edge_api.sandbox.hooks import Change
from edge_api.sandbox.people import Bubble, Chat, Number, Person
from edge_api.sandbox.refusals import Refusal
from edge_api.sandbox.sayings import MAKERS
from edge_api.sandbox.sending import advance
from edge_api.sandbox.templates import Template
from edge_api.sandbox.world import World

AT = 1_793_000_000
WHEN = datetime.fromtimestamp(AT, UTC)


class Phone:
    """The sandbox without its network: what people do, and the webhooks that this would send."""

    def __init__(self) -> None:
        self.world = World()
        self.changes: list[Change] = []
        self.world.deliveries.send = self.changes.append  # type: ignore[method-assign]
        self.number: Number = next(iter(self.world.account.numbers.values()))

    @property
    def ana(self) -> Person:
        return self.world.people["ana"]

    @property
    def tomas(self) -> Person:
        """Somebody without a phone number."""
        return self.world.people["tomas"]

    def heard(self) -> Incoming:
        """The last webhook, through the same hands as on its real way."""
        found = self.all_heard()
        assert found
        return found[-1]

    def all_heard(self) -> list[Incoming]:
        body = json.dumps(hooks.body_of(self.changes, AT)).encode()
        read_ones = [read(single.body) for single in split(body)]
        return [each for each in read_ones if each is not None]

    def says(self, kind: str, person: Person | None = None, **said: object) -> Heard:
        speaking.speak(self.world, person or self.ana, self.number, {"type": kind, **said})
        heard = self.heard()
        assert isinstance(heard, Heard)
        return heard

    def sent(self, kind: str, content: dict[str, object]) -> Bubble:
        """A message of ours in Ana's chat."""
        bubble = Bubble("wamid.ours", AT, False, kind, content, status="accepted", callback_data="outbox-1")
        self.chat.bubbles.append(bubble)
        return bubble

    @property
    def chat(self) -> Chat:
        return self.world.chat(self.number, self.ana)

    def file(self, kind: str, name: str = "") -> str:
        made = self.world.media.receive(self.number.id, kind, b"bytes", filename=name, at=AT)
        return made.id


@pytest.fixture
def phone() -> Phone:
    return Phone()


def event(field: str, value: object, **more: object) -> Incoming | None:
    return read(json.dumps({"id": "2", "time": AT, "field": field, "value": value, **more}).encode())


def message(**told: object) -> Heard:
    """A message with nothing around it but the number."""
    value = {
        "metadata": {"phone_number_id": "1"},
        "messages": [{"id": "wamid.1", "timestamp": str(AT), **told}],
    }
    heard = event("messages", value)
    assert isinstance(heard, Heard)
    return heard


# -- every kind that the sandbox sends -------------------------------------------------------------
def test_a_text_comes_with_who_when_and_where(phone: Phone) -> None:
    heard = phone.says("text", text="Two towels, please 🌊")
    assert (heard.kind, heard.text, heard.number_id) == ("text", "Two towels, please 🌊", phone.number.id)
    assert heard.sender == Sender(wa_id="447700900101", user_id=phone.ana.user_id, name="Ana")
    assert heard.wamid.startswith("wamid.")
    assert abs(heard.at.timestamp() - phone.world.clock.now()) < 60
    assert (heard.choice, heard.answers, heard.media, heard.place) == ("", "", None, None)


def test_somebody_without_a_phone_number_is_known_by_user_id(phone: Phone) -> None:
    heard = phone.says("text", phone.tomas, text="Hola")
    assert heard.sender == Sender(user_id=phone.tomas.user_id, name="Tomas")


@pytest.mark.parametrize(
    ("kind", "media_type", "media", "is_voice"),
    [
        ("image", "image/jpeg", "image", False),
        ("video", "video/mp4", "video", False),
        ("audio", "audio/mpeg", "audio", False),
        ("voice", "audio/ogg", "audio", True),
        ("document", "application/pdf", "document", False),
        ("sticker", "image/webp", "sticker", False),
    ],
)
def test_a_file_is_named_by_its_id(
    phone: Phone, kind: str, media_type: str, media: str, *, is_voice: bool
) -> None:
    known = phone.file(media_type, "bill.pdf")
    said = {} if kind in {"sticker", "audio", "voice"} else {"caption": "Look"}
    heard = phone.says(kind, media=known, **said)
    assert heard.kind == media
    assert heard.media is not None
    assert (heard.media.id, heard.media.media, heard.media.media_type) == (known, media, media_type)
    assert (heard.media.is_voice, len(heard.media.sha256) > 20) == (is_voice, True)
    assert (heard.text, heard.media.name) == (said.get("caption", ""), "bill.pdf" * (kind == "document"))


def test_a_place_comes_with_its_degrees(phone: Phone) -> None:
    heard = phone.says("location", latitude=51.5, longitude=-0.1, name="The quay")
    assert heard.place is not None
    assert (heard.place.latitude, heard.place.longitude, heard.place.name) == (51.5, -0.1, "The quay")


def test_cards_of_people_become_lines(phone: Phone) -> None:
    assert phone.says("contacts", name="Taxi", phone="+44 7700 900555").text == "Taxi +44 7700 900555"


def test_a_tapped_button_and_row_bring_back_their_payload(phone: Phone) -> None:
    reply = {"type": "reply", "reply": {"id": "accept:1", "title": "Accept"}}
    row = {"id": "towels", "title": "Towels", "description": "Fresh ones"}
    action = {"buttons": [reply], "sections": [{"rows": [row]}]}
    phone.sent("interactive", {"interactive": {"action": action}})
    for choice, title in (("accept:1", "Accept"), ("towels", "Towels")):
        heard = phone.says("tap", answers="wamid.ours", choice=choice)
        assert (heard.kind, heard.choice, heard.text) == ("interactive", choice, title)
        assert heard.answers == "wamid.ours"


def test_a_quick_reply_of_a_template_brings_back_its_payload(phone: Phone) -> None:
    buttons = [{"type": "QUICK_REPLY", "payload": "accept:1", "text": "Accept"}]
    phone.sent("template", {"template": {"buttons": buttons}})
    heard = phone.says("tap", answers="wamid.ours", choice="accept:1")
    assert (heard.kind, heard.choice, heard.text) == ("button", "accept:1", "Accept")
    assert heard.answers == "wamid.ours"


def test_a_reaction_an_edit_and_a_deletion_name_what_they_are_about(phone: Phone) -> None:
    first = phone.says("text", text="Towls").wamid
    reaction = phone.says("reaction", message=first, emoji="👍")
    edit = phone.says("edit", message=first, text="Towels")
    revoke = phone.says("revoke", message=first)
    assert [each.kind for each in (reaction, edit, revoke)] == ["reaction", "edit", "revoke"]
    assert [each.text for each in (reaction, edit, revoke)] == ["👍", "Towels", ""]
    assert {each.answers for each in (reaction, edit, revoke)} == {first}
    assert phone.says("reaction", message=first).text == ""  # taken back


def test_an_order_is_told_in_lines(phone: Phone) -> None:
    assert phone.says("order", product="towels", text="Soon?").text == "Soon?\n1 × towels"


def test_what_whatsapp_itself_calls_unsupported_is(phone: Phone) -> None:
    heard = phone.says("unsupported")
    assert (heard.kind, heard.text) == ("unsupported", "")


def test_no_kind_of_the_sandbox_is_left_out(phone: Phone) -> None:
    """Fails when the sandbox learns to say something that is not tried here."""
    tried = {"text", "image", "video", "audio", "voice", "document", "sticker", "location", "contacts", "tap"}
    assert {*tried, "reaction", "edit", "revoke", "order", "unsupported"} == set(MAKERS)


def test_a_new_number_is_told_with_the_old_one(phone: Phone) -> None:
    speaking.change_number(phone.world, phone.ana, phone.number, "+44 7700 900777")
    changed = phone.heard()
    assert isinstance(changed, NumberChanged)
    assert changed.sender.wa_id == "447700900101"
    assert (changed.new.wa_id, changed.new.user_id) == ("447700900777", phone.ana.user_id)
    assert not changed.is_new_identity


def test_a_first_number_of_somebody_is_told_with_their_old_user_id(phone: Phone) -> None:
    old = phone.tomas.user_id
    speaking.change_number(phone.world, phone.tomas, phone.number, "+44 7700 900778")
    changed = phone.heard()
    assert isinstance(changed, NumberChanged)
    assert changed.sender.user_id == old
    assert (changed.new.wa_id, changed.new.user_id) == ("447700900778", phone.tomas.user_id)


def test_nobody_becomes_somebody_else_by_their_name() -> None:
    body = "User Eve changed from GB.1001 to 447700900666 changed from 447700900665 to 447700900666"
    system = {"type": "user_changed_number", "wa_id": "447700900666", "body": body}
    value = {"metadata": {}, "messages": [{"id": "w", "type": "system", "system": system}]}
    changed = event("messages", value)
    assert isinstance(changed, NumberChanged)
    assert changed.sender == Sender()


def test_a_new_device_is_a_new_identity_of_the_same_person(phone: Phone) -> None:
    speaking.renew_identity(phone.world, phone.ana, phone.number)
    changed = phone.heard()
    assert isinstance(changed, NumberChanged)
    assert changed.is_new_identity
    assert changed.sender == changed.new
    assert changed.new.user_id == phone.ana.user_id


@pytest.mark.parametrize("stops", [True, False])
def test_a_preference_is_heard(phone: Phone, *, stops: bool) -> None:
    speaking.prefer(phone.world, phone.ana, phone.number, stops=stops)
    changed = phone.heard()
    assert isinstance(changed, PreferenceChanged)
    assert (changed.wants, changed.sender.user_id) == ("stop" if stops else "resume", phone.ana.user_id)


def test_receipts_bring_back_our_id_and_the_price(phone: Phone) -> None:
    bubble = phone.sent("text", {"text": {"body": "Hello"}})
    for status in ("sent", "delivered", "read"):
        advance(phone.world, phone.chat, bubble, status)
    found = phone.all_heard()
    assert [each.status for each in found if isinstance(each, Receipt)] == ["sent", "delivered", "read"]
    sent, _, seen = found
    assert isinstance(sent, Receipt)
    assert isinstance(seen, Receipt)
    assert (sent.wamid, sent.callback, sent.category) == ("wamid.ours", "outbox-1", "service")
    assert sent.billable is not None
    assert sent.recipient.user_id == phone.ana.user_id
    assert (seen.billable, seen.category, seen.code) == (None, "", 0)


def test_a_failed_message_comes_with_its_code(phone: Phone) -> None:
    bubble = phone.sent("text", {"text": {"body": "Hello"}})
    bubble.error = Refusal(131026).in_status()
    advance(phone.world, phone.chat, bubble, "failed")
    failed = phone.heard()
    assert isinstance(failed, Receipt)
    assert (failed.status, failed.code, failed.recipient.wa_id) == ("failed", 131026, phone.ana.phone)


def test_what_becomes_of_a_template_is_told(phone: Phone) -> None:
    template = Template(id="7", name="hello", language="en", category="UTILITY", components=[])
    quality.set_status(phone.world, template, "REJECTED", reason="INVALID_FORMAT")
    quality.pause(phone.world, template)
    rejected, paused = phone.all_heard()
    assert isinstance(rejected, TemplateChanged)
    assert isinstance(paused, TemplateChanged)
    assert (rejected.meta_id, rejected.name, rejected.language) == ("7", "hello", "en")
    assert (rejected.state, rejected.reason) == ("REJECTED", "INVALID_FORMAT")
    assert paused.state == "PAUSED"
    assert "paused for 3 hours" in paused.reason


# -- what Meta leaves out --------------------------------------------------------------------------
def test_a_message_needs_neither_phone_nor_user_id_nor_contact() -> None:
    heard = message(type="text", text={"body": "Hello"})
    assert (heard.sender, heard.text, heard.at) == (Sender(), "Hello", WHEN)


def test_a_list_reply_needs_no_context() -> None:
    reply = {"type": "list_reply", "list_reply": {"id": "towels", "title": "Towels"}}
    heard = message(type="interactive", interactive=reply)
    assert (heard.choice, heard.answers) == ("towels", "")


def test_the_time_of_sending_stands_in_for_a_missing_time() -> None:
    value = {"metadata": {}, "messages": [{"id": "wamid.1", "type": "text"}]}
    heard = event("messages", value)
    assert isinstance(heard, Heard)
    assert heard.at == WHEN
    unknown = event("messages", value, time=None)
    assert isinstance(unknown, Heard)
    assert unknown.at == datetime.fromtimestamp(0, UTC)


@pytest.mark.parametrize("timestamp", [AT, str(AT), AT * 1000, str(AT * 1000)])
def test_a_time_may_be_text_or_number_seconds_or_milliseconds(timestamp: object) -> None:
    value = {"metadata": {}, "messages": [{"id": "wamid.1", "type": "text", "timestamp": timestamp}]}
    heard = event("messages", value)
    assert isinstance(heard, Heard)
    assert heard.at == WHEN


def test_a_message_without_an_id_has_the_same_one_whenever_it_comes() -> None:
    value = {"metadata": {}, "messages": [{"type": "text", "text": {"body": "Hello"}}]}
    first, again = event("messages", value), event("messages", value)
    assert isinstance(first, Heard)
    assert first == again
    assert first.wamid.startswith("none.")


# -- what nobody knows -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "told",
    [
        {"type": "hologram", "hologram": {"text": "x"}},
        {},
        {"type": 7},
        {"type": "image", "image": {}},
        {"type": "image", "image": "x"},
        {"type": "location", "location": {"latitude": "north"}},
        {"type": "location", "location": {"latitude": 1e300, "longitude": 1}},
        {"type": "interactive", "interactive": {"type": "novelty"}},
        {"type": "system", "system": {"type": "user_learned_to_fly"}},
        {"type": "request_welcome"},
    ],
)
def test_an_unknown_kind_is_heard_as_unsupported(told: dict[str, object]) -> None:
    heard = message(**told, context={"id": "wamid.0"})
    assert (heard.kind, heard.text, heard.answers) == ("unsupported", "", "wamid.0")


def test_half_a_character_is_replaced() -> None:
    body = (
        b'{"field":"messages","value":{"messages":[{"id":"w","type":"text","text":{"body":"Hi \\ud83d!"}}]}}'
    )
    heard = read(body)
    assert isinstance(heard, Heard)
    assert heard.text == "Hi \ufffd!"


def test_somebody_who_calls_is_heard_once() -> None:
    call = {"id": "wacid.1", "from": "447700900101", "event": "connect", "timestamp": str(AT)}
    value = {"metadata": {"phone_number_id": "1"}, "calls": [call]}
    heard = event("calls", value)
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.sender.wa_id, heard.wamid) == ("unsupported", "447700900101", "wacid.1")
    assert event("calls", {"metadata": {}, "calls": [call | {"event": "terminate"}]}) is None


@pytest.mark.parametrize("told", [{"status": "admired", "id": "w"}, {"status": "sent"}, {}])
def test_a_status_that_says_nothing_has_no_consequence(told: dict[str, object]) -> None:
    assert event("messages", {"metadata": {}, "statuses": [told]}) is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("account_review_update", {"decision": "APPROVED"}, "decision: APPROVED"),
        (
            "account_update",
            {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ"}]},
            "event: ACCOUNT_RESTRICTION, restriction type: RESTRICTED_BIZ",
        ),
        (
            "phone_number_quality_update",
            {"event": "FLAGGED", "current_limit": "TIER_250"},
            "event: FLAGGED, current limit: TIER_250",
        ),
        (
            "message_template_quality_update",
            {"message_template_name": "hello", "previous_quality_score": "GREEN", "new_quality_score": "RED"},
            "message template name: hello, previous quality score: GREEN, new quality score: RED",
        ),
    ],
)
def test_updates_of_the_account_are_told_in_metas_words(
    field: str, value: dict[str, object], words: str
) -> None:
    assert event(field, value) == AccountChanged(field=field, what=words)


def test_what_nobody_knows_about_the_account_repeats_nothing() -> None:
    """It may hold what somebody wrote on another phone of the business."""
    echo = {
        "metadata": {"phone_number_id": "1"},
        "message_echoes": [{"to": "447700900101", "text": {"body": "x"}}],
    }
    told = event("smb_message_echoes", echo)
    assert told == AccountChanged(field="smb_message_echoes", what="", number_id="1")


def test_an_error_of_the_number_is_told_with_its_code() -> None:
    value = {"metadata": {"phone_number_id": "1"}, "errors": [{"code": 131031, "title": "Locked"}]}
    assert event("messages", value) == AccountChanged(field="messages", what="131031 Locked", number_id="1")


def test_a_very_long_update_is_cut() -> None:
    told = event("account_alerts", {"alert_description": "long words " * 200})
    assert isinstance(told, AccountChanged)
    assert len(told.what) <= 500


NAMES = st.sampled_from(
    "id type from text body image context system wa_id status errors code timestamp profile name reaction "
    "interactive list_reply location latitude longitude contacts phones order product_items edit message "
    "metadata messages statuses user_preferences calls value pricing billable".split()
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("wrapped", [lambda told: told, lambda told: {"messages": [told]}])
@pytest.mark.parametrize("field", ["messages", "calls", "user_preferences", "account_update", "any"])
@settings(deadline=None, max_examples=60)
@given(told=ANYTHING)
def test_no_json_raises(field: str, wrapped: Callable[[Any], Any], told: object) -> None:
    event(field, wrapped(told))
