"""What a single event of a webhook says, in the shapes of edge_api/messages.py. Pure.

Source: Meta, Webhooks reference and Business-scoped user IDs. Nothing that Meta may leave out is needed, and
a kind that nobody knows is heard as `unsupported`, never an error.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import msgspec

from edge_api.messages import (
    AccountChanged,
    Heard,
    Incoming,
    Media,
    MediaRef,
    NumberChanged,
    Place,
    PreferenceChanged,
    Receipt,
    Sender,
    TemplateChanged,
    shortened,
)

Reached = Literal["sent", "delivered", "read", "played", "failed"]
LATEST: Final = 32_503_680_000  # seconds: the year 3000; a larger number counts milliseconds
RECEIPTS: Final[tuple[Reached, ...]] = get_args(Reached)
MEDIA: Final[tuple[Media, ...]] = get_args(Media)
MOVED: Final = ("user_changed_number", "user_changed_user_id", "customer_changed_number")
RENEWED: Final = ("customer_identity_changed", "user_identity_changed")
LONGEST_TOLD: Final = 500  # characters of an alert
CHANGED: Final = re.compile(r"changed from ([A-Z]{2}\.\w{1,128}) to (\S+)\Z")
LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
ABOUT_THE_ACCOUNT: Final = frozenset(
    {
        "account_alerts", "account_review_update", "account_settings_update", "account_update",
        "automatic_events", "business_capability_update", "business_status_update",
        "message_template_components_update", "message_template_quality_update", "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update", "phone_number_quality_update", "security", "template_category_update",
        "template_correct_category_detection",
    }
)  # fmt: skip


class Part:
    """An object of the body. What is missing, or is something else than expected, is empty."""

    def __init__(self, value: object) -> None:
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}

    def text(self, *names: str) -> str:
        """The first of these that is there; numbers as text."""
        for name in names:
            found = self.value.get(name)
            if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
                return str(found)
        return ""

    def number(self, name: str) -> int:
        text = self.text(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else 0

    def degrees(self, name: str) -> float | None:
        found = self.value.get(name)
        return float(found) if isinstance(found, int | float) and abs(found) <= 180 else None

    def part(self, name: str) -> "Part":
        return Part(self.value.get(name))

    def parts(self, name: str) -> "list[Part]":
        found = self.value.get(name)
        return [Part(each) for each in found] if isinstance(found, list) else []

    def first(self, name: str) -> "Part":
        found = self.parts(name)
        return found[0] if found else Part(None)


class Event:
    """One event with what stands around it."""

    def __init__(self, change: Part) -> None:
        self.field = change.text("field")
        self.value = change.part("value")
        self.number_id = self.value.part("metadata").text("phone_number_id")
        self.contact = self.value.first("contacts")
        self._sent = change

    def sender(self, phone: str, user_id: str) -> Sender:
        """A person by what the event says, and what the contact adds to it."""
        wa_id, known = self.contact.text("wa_id"), self.contact.text("user_id")
        profile = self.contact.part("profile")
        return Sender(wa_id=phone or wa_id, user_id=user_id or known, name=profile.text("name", "username"))

    def at(self, told: Part) -> datetime:
        """When it happened; when it was sent, where that is not told."""
        seconds = told.number("timestamp") or self._sent.number("time")
        return datetime.fromtimestamp(seconds if seconds < LATEST else min(seconds / 1000, LATEST), UTC)


def read(body: bytes) -> Incoming | None:
    """The event of a `deliveries.Single`; None when nothing follows from it. ValueError if it is no JSON."""
    event = Event(Part(_decoded(body)))
    if event.field == "messages":
        message = event.value.first("messages")
        return _message(event, message, body) if message.value else _receipt(event)
    if event.field == "calls":
        call = event.value.first("calls")
        return _message(event, call, body) if call.text("event") == "connect" else None
    if event.field == "user_preferences":
        return _preference(event, event.value.first("user_preferences"))
    if event.field == "message_template_status_update":
        return _template(event.value)
    return AccountChanged(field=event.field, what=_words(event), number_id=event.number_id)


def _decoded(body: bytes) -> object:
    """JSON, half characters of UTF-16 replaced: phones cut texts without looking."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        whole = json.dumps(json.loads(body), ensure_ascii=False)
        return json.loads(LONE_SURROGATE.sub("\ufffd", whole))


# -- messages --------------------------------------------------------------------------------------
def _message(event: Event, told: Part, body: bytes) -> Incoming:
    """What a person did. A message without an id gets one that is the same whenever it comes again."""
    kind = told.text("type")
    user_id = told.text("from_user_id", "user_id")
    wamid = told.text("id") or f"none.{hashlib.sha256(body).hexdigest()}"
    if kind == "system" and (changed := _changed(event, told, wamid)):
        return changed
    heard = Heard(
        wamid=wamid,
        number_id=event.number_id,
        sender=event.sender(told.text("from"), user_id),
        at=event.at(told),
        kind=kind,
        answers=told.part("context").text("id"),
    )
    known = _media if kind in {*MEDIA, "voice"} else READERS.get(kind)
    found = known(told, kind) if known else None
    return msgspec.structs.replace(heard, **(found or {"kind": "unsupported"}))


def _changed(event: Event, told: Part, wamid: str) -> NumberChanged | None:
    """Another number, another user id, or another phone for the same number."""
    system = told.part("system")
    kind = system.text("type")
    if kind not in {*MOVED, *RENEWED}:
        return None
    is_renewed, phone, user_id = kind in RENEWED, told.text("from"), told.text("from_user_id")
    if is_renewed:
        old = new = event.sender(phone, user_id)
    else:
        new = event.sender(system.text("wa_id", "new_wa_id"), system.text("user_id") or user_id)
        old = Sender(wa_id=phone, user_id=system.text("previous_user_id") or _old_user_id(system, new))
    return NumberChanged(
        wamid=wamid,
        number_id=event.number_id,
        sender=old,
        new=new,
        at=event.at(told),
        is_new_identity=is_renewed,
    )


def _old_user_id(system: Part, new: Sender) -> str:
    """The user id that the words name. They hold the person's own name too, so only their end counts."""
    found = CHANGED.search(system.text("body"))
    return found[1] if found and found[2] in {new.wa_id, new.user_id} else ""


Found = dict[str, Any] | None


def _text(told: Part, _: str) -> Found:
    return {"text": told.part("text").text("body")}


def _interactive(told: Part, _: str) -> Found:
    """A tapped button or row, or a form that was filled in."""
    tapped = told.part("interactive")
    reply = tapped.part("button_reply").value or tapped.part("list_reply").value
    if reply:
        return {"choice": Part(reply).text("id"), "text": Part(reply).text("title")}
    form = tapped.part("nfm_reply")
    return {"text": form.text("body")} if form.value else None


def _button(told: Part, _: str) -> Found:
    """A quick reply of a template."""
    button = told.part("button")
    return {"choice": button.text("payload", "text"), "text": button.text("text")}


def _media(told: Part, kind: str) -> Found:
    file = told.part(kind)
    if not file.text("id"):
        return None
    ref = MediaRef(
        id=file.text("id"),
        media=next((each for each in MEDIA if each == kind), "audio"),
        media_type=file.text("mime_type"),
        sha256=file.text("sha256"),
        name=file.text("filename"),
        is_voice=kind == "voice" or file.value.get("voice") is True,
    )
    return {"media": ref, "text": file.text("caption")}


def _location(told: Part, _: str) -> Found:
    place = told.part("location")
    latitude, longitude = place.degrees("latitude"), place.degrees("longitude")
    if latitude is None or longitude is None:
        return None
    name, address = place.text("name"), place.text("address")
    return {"place": Place(latitude=latitude, longitude=longitude, name=name, address=address)}


def _contacts(told: Part, _: str) -> Found:
    """Cards of other people: one line for each."""
    lines = []
    for card in told.parts("contacts"):
        phones = [phone.text("phone", "wa_id") for phone in card.parts("phones")]
        name = card.part("name").text("formatted_name", "first_name")
        lines.append(" ".join(filter(None, [name, *phones])))
    return {"text": "\n".join(filter(None, lines))}


def _reaction(told: Part, _: str) -> Found:
    """An empty text takes the reaction back."""
    reaction = told.part("reaction")
    return {"answers": reaction.text("message_id"), "text": reaction.text("emoji")}


def _edit(told: Part, _: str) -> Found:
    """The new text, or the new words below a file."""
    edit = told.part("edit")
    after = edit.part("message")
    text = after.part("text").text("body") or after.part(after.text("type")).text("caption")
    return {"answers": edit.text("original_message_id"), "text": text}


def _revoke(told: Part, _: str) -> Found:
    return {"answers": told.part("revoke").text("original_message_id")}


def _order(told: Part, _: str) -> Found:
    """What was ordered, a line for each, below what was said."""
    order = told.part("order")
    items = [
        f"{item.text('quantity') or '1'} × {item.text('product_retailer_id')}"
        for item in order.parts("product_items")
    ]
    return {"text": "\n".join(filter(None, [order.text("text"), *items]))}


READERS: Final[dict[str, Callable[[Part, str], Found]]] = {
    "text": _text, "interactive": _interactive, "button": _button, "location": _location,
    "contacts": _contacts, "reaction": _reaction, "edit": _edit, "revoke": _revoke, "order": _order,
}  # fmt: skip


# -- everything else -------------------------------------------------------------------------------
def _receipt(event: Event) -> Receipt | AccountChanged | None:
    """What became of a message of ours; an error of the number where there is no status."""
    told, errors = event.value.first("statuses"), event.value.parts("errors")
    if not told.value and errors:
        return AccountChanged(field=event.field, what=_told_error(errors[0]), number_id=event.number_id)
    status = next((each for each in RECEIPTS if each == told.text("status")), None)
    if status is None or not told.text("id"):
        return None
    pricing = told.part("pricing")
    billable = pricing.value.get("billable")
    return Receipt(
        wamid=told.text("id"),
        number_id=event.number_id,
        status=status,
        at=event.at(told),
        callback=told.text("biz_opaque_callback_data"),
        code=told.first("errors").number("code"),
        category=pricing.text("category"),
        billable=billable if isinstance(billable, bool) else None,
        recipient=event.sender(told.text("recipient_id"), told.text("recipient_user_id")),
    )


def _preference(event: Event, told: Part) -> PreferenceChanged | None:
    wants = told.text("value")
    if wants not in {"stop", "resume"} or told.text("category") not in {"", "marketing_messages"}:
        return None
    return PreferenceChanged(
        number_id=event.number_id,
        sender=event.sender(told.text("wa_id"), told.text("user_id")),
        wants="stop" if wants == "stop" else "resume",
        at=event.at(told),
    )


def _template(value: Part) -> TemplateChanged:
    reason = value.text("reason")
    why = "" if reason in {"", "NONE"} else reason
    told = value.part("rejection_info").text("reason") or value.part("other_info").text(
        "description", "title"
    )
    return TemplateChanged(
        meta_id=value.text("message_template_id"),
        name=value.text("message_template_name"),
        language=value.text("message_template_language"),
        state=value.text("event"),
        reason=shortened(": ".join(filter(None, [why, told])), LONGEST_TOLD),
    )


def _told_error(error: Part) -> str:
    return " ".join(filter(None, [error.text("code"), shortened(error.text("title", "message"), 200)]))


def _words(event: Event) -> str:
    """An update of the account in Meta's words. What nobody knows is not repeated: a guest may be named."""
    if event.field not in ABOUT_THE_ACCOUNT:
        return ""
    return shortened(", ".join(_leaves(event.value.value)), LONGEST_TOLD)


def _leaves(value: object, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in _leaves(each, str(key).replace("_", " "))]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each, name)]
    return [f"{name}: {value}"] if name and value not in {None, ""} else []
