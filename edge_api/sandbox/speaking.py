"""People write, tap, read, take back, say STOP and change numbers; the app is told by webhooks."""

from edge_api.sandbox.hooks import message_change, preference_change
from edge_api.sandbox.people import Bubble, Chat, Number, Person, message_id
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.sayings import MAKERS, Unsaid
from edge_api.sandbox.sending import advance, arrive
from edge_api.sandbox.world import World


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
    if context := _context(chat, number, person, said):
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


def renew_identity(world: World, person: Person, number: Number) -> None:
    """The person has WhatsApp on a new device: their identity is another, the number is the same."""
    fresh = world.chance.randbytes(16).hex()
    body = f"{person.name}'s identity has changed"
    system: Json = {"body": body, "type": "customer_identity_changed", "identity": fresh}
    told: Json = {"id": message_id(world.chance, person.user_id), "type": "system", "system": system}
    told["timestamp"] = at = str(int(world.clock.now()))
    told["identity"] = {"acknowledged": False, "created_timestamp": at, "hash": fresh}
    chat = world.chat(number, person)
    chat.bubbles.append(Bubble(str(told["id"]), world.clock.now(), True, "system", {"system": system}))
    _tell(world, number, person, told)


def _tell(world: World, number: Number, person: Person, told: Json) -> None:
    world.pace.note_received(number.id, world.clock.now())
    world.note("in", number=number.id, person=person.id, id=told["id"], kind=told["type"])
    world.deliveries.send(message_change(number, person, told))
    world.moved()


def _context(chat: Chat, number: Number, person: Person, said: Json) -> Json:
    """What the message answers. A tap always answers the message with the button."""
    answers = said.get("answers") or ""
    if not answers:
        return {}
    bubble = chat.find(str(answers))
    if bubble is None:
        raise Unsaid("answers names no message of this chat")
    author = person.phone if bubble.mine else number.digits
    told: Json = {"id": bubble.id}
    return told | {"from": author} if author else told


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
