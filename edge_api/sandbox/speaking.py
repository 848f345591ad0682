"""People write, tap, read, take back, say STOP and change numbers; the app is told by webhooks."""

from collections.abc import Callable

from edge_api.sandbox.hooks import message_change, preference_change
from edge_api.sandbox.media import kind_of
from edge_api.sandbox.messages import LONGEST_TEXT
from edge_api.sandbox.people import Bubble, Chat, Number, Person, message_id
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.sending import advance, arrive
from edge_api.sandbox.world import World


class Unsaid(Exception):
    """A person cannot do that: why."""


def speak(world: World, person: Person, number: Number, said: Json) -> Bubble:
    """A person sends a message: `{"type": "text", "text": …}` and so on, see docs/sandbox.md."""
    kind = str(said.get("type", "text"))
    maker = MAKERS.get(kind)
    if maker is None:
        raise Unsaid(f"type is one of {', '.join(MAKERS)}")
    chat = world.chat(number, person)
    at = world.clock.now()
    wire_kind, content = maker(world, chat, said)
    bubble = Bubble(
        message_id(world.chance, person.user_id), at, True, wire_kind, content, status="delivered"
    )
    told: Json = {"id": bubble.id, "timestamp": str(int(at)), "type": wire_kind, **content}
    if context := _context(chat, number, said):
        told["context"], bubble.context = context, str(context["id"])
    chat.last_heard = at
    _show(chat, bubble)
    world.messages[bubble.id] = chat
    _tell(world, number, person, told)
    return bubble


def read(world: World, person: Person, number: Number) -> int:
    """The person opens the chat: every message that arrived is read. Returns how many."""
    chat = world.chat(number, person)
    chat.unread = 0
    arrived = [each for each in chat.bubbles if not each.mine and each.status == "delivered"]
    for bubble in arrived:
        advance(world, chat, bubble, "read")
    return len(arrived)


def find_signal(world: World, person: Person) -> None:
    """The phone is online again: what waited arrives."""
    for chat in list(world.chats.values()):
        if chat.person_id == person.id:
            for bubble in [each for each in chat.bubbles if not each.mine and each.status == "sent"]:
                arrive(world, chat, bubble)


def prefer(world: World, person: Person, number: Number, *, stops: bool) -> None:
    """The person stops or resumes marketing messages in WhatsApp's own settings."""
    person.stopped_marketing = stops
    world.deliveries.send(preference_change(number, person, stops=stops, at=world.clock.now()))
    world.note("preference", number=number.id, person=person.id, stops=stops)
    world.moved()


def change_number(world: World, person: Person, number: Number, phone: str) -> None:
    """The person moves to another phone number; businesses they wrote to are told by a system message."""
    old_user_id = person.user_id
    try:
        old = world.change_number(person, phone)
    except ValueError as error:
        raise Unsaid(str(error)) from None
    body = f"User {person.name} changed from {old or old_user_id} to {person.phone}"
    system: Json = {
        "body": body,
        "wa_id": person.phone,
        "type": "user_changed_number",
        "user_id": person.user_id,
    }
    told: Json = {
        "id": message_id(world.chance, person.user_id),
        "timestamp": str(int(world.clock.now())),
        "type": "system",
        "from": old or person.phone,
        "system": system,
    }
    chat = world.chat(number, person)
    chat.bubbles.append(Bubble(str(told["id"]), world.clock.now(), True, "system", {"system": system}))
    _tell(world, number, person, told)


def _tell(world: World, number: Number, person: Person, told: Json) -> None:
    world.pace.note_received(number.id, world.clock.now())
    world.note("in", number=number.id, person=person.id, id=told["id"], kind=told["type"])
    world.deliveries.send(message_change(number, person, told))
    world.moved()


def _context(chat: Chat, number: Number, said: Json) -> Json:
    """What the message answers. A tap always answers the message with the button."""
    answers = said.get("answers") or ""
    if not answers:
        return {}
    bubble = chat.find(str(answers))
    if bubble is None:
        raise Unsaid("answers names no message of this chat")
    return {"from": "" if bubble.mine else number.digits, "id": bubble.id}


def _show(chat: Chat, bubble: Bubble) -> None:
    """In the chat: reactions, edits and deletions change another bubble."""
    content = bubble.content.get(bubble.kind)
    target = (
        content.get("message_id") or content.get("original_message_id") if isinstance(content, dict) else None
    )
    about = chat.find(str(target)) if target else None
    chat.bubbles.append(bubble)
    if about is None or not isinstance(content, dict):
        return
    if bubble.kind == "reaction":
        about.reactions["person"] = str(content.get("emoji", ""))
    elif bubble.kind == "revoke":
        about.deleted = True
    elif bubble.kind == "edit":
        edited = content["message"]
        assert isinstance(edited, dict)
        about.content, about.edited = {"text": edited["text"]}, True


# -- kinds: what a person says -> the type and content on the wire -----------------------------------
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
