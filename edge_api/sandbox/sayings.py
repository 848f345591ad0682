"""Kinds of what a person says: from the page's words to the type and content on the wire."""

from collections.abc import Callable

from edge_api.sandbox.media import kind_of
from edge_api.sandbox.messages import LONGEST_TEXT
from edge_api.sandbox.people import Bubble, Chat
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.world import World


class Unsaid(Exception):
    """A person cannot do that: why."""


Made = tuple[str, Json]


def _words(said: Json, name: str = "text") -> str:
    found = said.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > LONGEST_TEXT:
        raise Unsaid(f"{name} is a text of 1 to {LONGEST_TEXT} characters")
    return found


def _text(_: World, __: Chat, said: Json) -> Made:
    return "text", {"text": {"body": _words(said)}}


def _media(world: World, chat: Chat, said: Json) -> Made:
    """A file that was put up before by POST /sandbox/media; voice is audio that was recorded."""
    medium = world.media.media.get(str(said.get("media")))
    if medium is None:
        raise Unsaid("media is the id of a file: POST /sandbox/media first")
    kind = "audio" if said["type"] == "voice" else str(said["type"])
    if kind != "document" and kind_of(medium.mime_type) != kind:
        raise Unsaid(f"{medium.mime_type} cannot be sent as {kind}")
    told: Json = {"mime_type": medium.mime_type, "sha256": medium.sha256, "id": medium.id}
    if kind == "audio":
        told["voice"] = said["type"] == "voice"
    elif kind == "sticker":
        told["animated"] = False
    elif said.get("caption"):
        told["caption"] = _words(said, "caption")
    if kind == "document":
        told["filename"] = medium.filename
    return kind, {kind: told}


def _location(_: World, __: Chat, said: Json) -> Made:
    told: Json = {}
    for name, most in (("latitude", 90), ("longitude", 180)):
        found = said.get(name)
        if not isinstance(found, int | float) or abs(found) > most:
            raise Unsaid(f"{name} is a number of degrees")
        told[name] = found
    return "location", {
        "location": told | {name: said[name] for name in ("name", "address") if said.get(name)}
    }


def _contacts(_: World, __: Chat, said: Json) -> Made:
    name = _words(said, "name")
    phone = {"phone": said.get("phone", ""), "type": "CELL"}
    told = {"name": {"formatted_name": name, "first_name": name}, "phones": [phone]}
    return "contacts", {"contacts": [told]}


def _tap(_: World, chat: Chat, said: Json) -> Made:
    """A tap on what the business offered: `answers` is its message, `choice` the id of button or row."""
    bubble = chat.find(str(said.get("answers")))
    choice = said.get("choice")
    if bubble is None or bubble.mine:
        raise Unsaid("answers names the message with the button")
    template = bubble.content.get("template")
    if isinstance(template, dict):
        for button in template.get("buttons", []):
            if button["type"] == "QUICK_REPLY" and choice in {button["payload"], button["text"]}:
                return "button", {"button": {"payload": button["payload"], "text": button["text"]}}
    interactive = bubble.content.get("interactive")
    action = interactive.get("action", {}) if isinstance(interactive, dict) else {}
    for button in action.get("buttons") or []:
        if button["reply"]["id"] == choice:
            return "interactive", {"interactive": {"type": "button_reply", "button_reply": button["reply"]}}
    for section in action.get("sections") or []:
        for row in section["rows"]:
            if row["id"] == choice:
                return "interactive", {"interactive": {"type": "list_reply", "list_reply": row}}
    raise Unsaid("choice is no button or row of that message")


def _reaction(_: World, chat: Chat, said: Json) -> Made:
    bubble = _meant(chat, said)
    told: Json = {"message_id": bubble.id}
    return "reaction", {"reaction": told | ({"emoji": said["emoji"]} if said.get("emoji") else {})}


def _edit(_: World, chat: Chat, said: Json) -> Made:
    bubble = _meant(chat, said)
    if not bubble.mine or bubble.kind != "text":
        raise Unsaid("a person edits their own text")
    message = {"type": "text", "text": {"body": _words(said)}, "context": {"id": bubble.id}}
    return "edit", {"edit": {"original_message_id": bubble.id, "message": message}}


def _revoke(_: World, chat: Chat, said: Json) -> Made:
    bubble = _meant(chat, said)
    if not bubble.mine:
        raise Unsaid("a person deletes their own messages")
    return "revoke", {"revoke": {"original_message_id": bubble.id}}


def _order(_: World, __: Chat, said: Json) -> Made:
    item = {
        "product_retailer_id": said.get("product", "towels"),
        "quantity": 1,
        "item_price": 0,
        "currency": "EUR",
    }
    return "order", {
        "order": {"catalog_id": "400000000000001", "text": said.get("text", ""), "product_items": [item]}
    }


def _unsupported(_: World, __: Chat, said: Json) -> Made:
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return "unsupported", {"errors": [error], "unsupported": {"type": said.get("what", "poll_creation")}}


def _meant(chat: Chat, said: Json) -> Bubble:
    bubble = chat.find(str(said.get("message")))
    if bubble is None:
        raise Unsaid("message names no message of this chat")
    return bubble


MAKERS: dict[str, Callable[[World, Chat, Json], Made]] = {
    "text": _text, "image": _media, "audio": _media, "voice": _media, "video": _media, "document": _media,
    "sticker": _media, "location": _location, "contacts": _contacts, "tap": _tap, "reaction": _reaction,
    "edit": _edit, "revoke": _revoke, "order": _order, "unsupported": _unsupported,
}  # fmt: skip
