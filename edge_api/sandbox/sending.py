"""The business sends: every rule of the Cloud API in the order it asks them, then the way to the phone."""

import hashlib
from functools import partial

from edge_api.sandbox import messages, templates
from edge_api.sandbox.faults import Fault
from edge_api.sandbox.fields import Fields
from edge_api.sandbox.hooks import status_change
from edge_api.sandbox.people import WINDOW, Bubble, Chat, Number, Person, message_id
from edge_api.sandbox.refusals import Json, Refusal, missing
from edge_api.sandbox.world import World

TOLD_LATE = {131026, 131047, 131049, 131050}  # what Meta mostly finds out after it has answered
COMMON = ("messaging_product", "recipient_type", "to", "recipient", "type", "context")
MORE = ("biz_opaque_callback_data", "recipient_identity_key_hash", "message_activity_sharing")
TYPING_SECONDS = 25.0
RANK = {"": 0, "accepted": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 9}


def send(world: World, number: Number, body: Json, fault: Fault | None = None) -> Json:
    """Takes a message or refuses it. Returns the body of the answer; raises Refusal."""
    fields = Fields(body, "")
    if body.get("messaging_product") != "whatsapp":
        raise missing("messaging_product")
    if "status" in body:
        return _mark_read(world, number, fields)
    bubble = _drafted(world, fields)
    if not number.registered:
        raise Refusal(133010)
    person = find_recipient(world, number, body)
    chat = world.chat(number, person)
    late = Refusal(fault.code) if fault and fault.kind == "failed" else None
    late = _written(world, chat, bubble, fields) or late
    world.pace.take(number.id, person.id, world.clock.now())  # last: what is refused counts for nothing
    if person.failing and late is None:
        late = Refusal(person.failing)
    _keep(world, chat, bubble, late)
    return _accepted(body, person, bubble)


def _drafted(world: World, fields: Fields) -> Bubble:
    """A message of the right shape; whether it may be sent is not asked yet."""
    body = fields.value
    kind = str(body.get("type", "text"))
    fields.only(*COMMON, *MORE, kind)
    if fields.has("recipient_type"):
        fields.one_of("recipient_type", ["individual"])
    if kind != "template":
        messages.check(kind, fields)
    name = str(body.get("to") or body.get("recipient"))
    bubble = Bubble(message_id(world.chance, name), world.clock.now(), False, kind, {})
    data = fields.text("biz_opaque_callback_data", messages.LONGEST_CALLBACK_DATA, optional=True)
    bubble.callback_data = data or None
    bubble.to_user_id = not body.get("to")
    bubble.context = _context(body)
    return bubble


def _written(world: World, chat: Chat, bubble: Bubble, fields: Fields) -> Refusal | None:
    """Puts the content into the bubble. Raises Refusal, or returns one that is told later by a status."""
    try:
        if not world.people[chat.person_id].on_whatsapp:
            raise Refusal(131026)
        bubble.content = _content(world, chat, bubble, fields)
    except Refusal as refusal:
        if not (world.settings.late_refusals and refusal.code in TOLD_LATE):
            raise
        bubble.content = bubble.content or {bubble.kind: fields.value.get(bubble.kind)}
        return refusal
    return None


def find_recipient(world: World, number: Number, body: Json) -> Person:
    """Whom `to` (a phone number, which goes first) or `recipient` (a user id) names. Raises Refusal."""
    to, recipient = body.get("to"), body.get("recipient")
    if not to and not recipient:
        raise missing("to")
    person = world.person_by_phone(str(to)) if to else world.person_by_user_id(str(recipient))
    digits = "".join(letter for letter in str(to or "") if letter.isdigit())
    if to and digits == number.digits:
        raise Refusal(131021)
    if world.settings.allowed is not None and digits not in world.settings.allowed:
        raise Refusal(131030)
    if person is None and to and world.settings.late_refusals and 7 <= len(digits) <= 15:
        person = world.add_person(f"+{digits}", phone=digits, role="nobody")
        person.on_whatsapp = False
    if person is None:
        raise Refusal(
            131026, f"{'The phone number' if to else 'The user id'} belongs to nobody with WhatsApp."
        )
    return person


def _context(body: Json) -> str | None:
    found = body.get("context")
    if found is None:
        return None
    return Fields(found, "context").only("message_id").text("message_id", 256)


def _content(world: World, chat: Chat, bubble: Bubble, fields: Fields) -> Json:
    """What is shown on the phone. Raises Refusal for what depends on chat, media and templates."""
    if bubble.kind == "template":
        return _template(world, world.people[chat.person_id], bubble, fields.child("template"))
    content = fields.value[bubble.kind]
    assert isinstance(content, dict | list)
    at = world.clock.now()
    if isinstance(content, dict):
        for kind, media in messages.media_of(bubble.kind, content):
            if "id" in media:
                found = world.media.check_sendable(kind, str(media["id"]), at)
                bubble.content = {"mime_type": found.mime_type}
    if bubble.kind == "reaction" and isinstance(content, dict):
        reacted = chat.find(str(content["message_id"]))
        if reacted is None or reacted.kind == "reaction":
            raise Refusal(131009, "The message that is reacted to does not exist, or is older than 30 days.")
    if at >= chat.window_until():
        raise Refusal(131047)
    return bubble.content | {bubble.kind: content}


def _template(world: World, person: Person, bubble: Bubble, fields: Fields) -> Json:
    fields.only("name", "language", "components")
    name, language = fields.text("name", 512), fields.child("language").text("code", 12)
    found = templates.may_be_sent(world.template(name, language), name, language)
    bubble.category = found.category.lower()
    printed = templates.fill(found, fields)
    media = printed.get("media")
    if isinstance(media, dict) and "id" in media:
        world.media.check_sendable(str(media["type"]), str(media["id"]), world.clock.now())
    if bubble.to_user_id and found.category == "AUTHENTICATION":
        raise Refusal(131062)
    if found.category == "MARKETING" and person.stopped_marketing:
        raise Refusal(131050)
    return {"template": {"name": name, "language": language, **printed}}


def _keep(world: World, chat: Chat, bubble: Bubble, late: Refusal | None) -> None:
    bubble.status = "accepted"
    world.messages[bubble.id] = chat
    if bubble.kind == "reaction":
        reaction = bubble.content["reaction"]
        assert isinstance(reaction, dict)
        if reacted := chat.find(str(reaction["message_id"])):
            reacted.reactions["business"] = str(reaction["emoji"])
    chat.bubbles.append(bubble)
    chat.typing_until = 0.0
    world.note(
        "out",
        number=chat.number_id,
        person=chat.person_id,
        id=bubble.id,
        kind=bubble.kind,
        callback_data=bubble.callback_data,
    )
    if late:
        bubble.error = late.in_status()
        world.agenda.after(world.settings.sent_after, partial(advance, world, chat, bubble, "failed"))
    else:
        world.agenda.after(world.settings.sent_after, partial(advance, world, chat, bubble, "sent"))
    world.moved()


def advance(world: World, chat: Chat, bubble: Bubble, status: str) -> None:
    """The message gets further, never back; the app is told, and what follows is planned."""
    if RANK[status] <= RANK[bubble.status]:
        return
    number, person = world.account.numbers.get(chat.number_id), world.people.get(chat.person_id)
    if number is None or person is None:
        return
    bubble.status = status
    at = world.clock.now()
    day = f"{chat.number_id}{person.user_id}{bubble.category}{int((chat.last_heard or at) // WINDOW)}"
    conversation = hashlib.sha256(day.encode()).hexdigest()[:32]
    change = status_change(number, person, bubble, status=status, at=at, conversation=conversation)
    world.deliveries.send(change)
    world.note("status", number=number.id, person=person.id, id=bubble.id, status=status)
    if status == "sent":
        world.agenda.after(world.settings.delivered_after, partial(arrive, world, chat, bubble))
    elif status == "delivered":
        chat.unread += bubble.kind != "reaction"
        if person.reads:
            world.agenda.after(world.settings.read_after, partial(advance, world, chat, bubble, "read"))
    world.moved()


def arrive(world: World, chat: Chat, bubble: Bubble) -> None:
    """The phone gets the message, if it has a signal; else it waits for one."""
    person = world.people.get(chat.person_id)
    if person and person.online:
        advance(world, chat, bubble, "delivered")


def _mark_read(world: World, number: Number, fields: Fields) -> Json:
    """The business has read a message, and may be typing."""
    fields.only("messaging_product", "status", "message_id", "typing_indicator").one_of("status", ["read"])
    chat = world.messages.get(fields.text("message_id", 256))
    if chat is None or chat.number_id != number.id:
        raise Refusal(131009, "Message ID is invalid.")
    if fields.has("typing_indicator"):
        fields.child("typing_indicator").only("type").one_of("type", ["text"])
        chat.typing_until = world.clock.now() + TYPING_SECONDS
    for bubble in chat.bubbles:
        if bubble.mine:
            bubble.status = "read"
        if bubble.id == fields.value["message_id"]:
            break
    world.moved()
    return {"success": True}


def _accepted(body: Json, person: Person, bubble: Bubble) -> Json:
    contact: Json = {"input": str(body.get("to") or body.get("recipient"))}
    contact |= {"user_id": person.user_id} if bubble.to_user_id else {"wa_id": person.phone}
    message: Json = {"id": bubble.id}
    if bubble.kind == "template":
        message["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
