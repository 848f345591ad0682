"""Bodies of webhooks, as Meta sends them: messages, statuses, preferences, templates. Pure.

Source: Meta, Webhooks reference and Business-scoped user IDs. People without a phone number have no wa_id.
"""

from dataclasses import dataclass

from edge_api.sandbox.people import Bubble, Number, Person
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.templates import Template

SERVICE_IS_BILLED_FROM = 1790812800  # 1 October 2026, 00:00 UTC


@dataclass(frozen=True)
class Change:
    """One update: which account and number it is for, which field, what it says."""

    waba_id: str
    number_id: str
    field: str
    value: Json


def message_change(number: Number, person: Person, message: Json) -> Change:
    """What a person did: a message of any kind, an edit, a deletion, a new number."""
    who: Json = {"from_user_id": person.user_id}
    if person.phone:
        who["from"] = person.phone
    told = _value(number, contacts=[person.contact()], messages=[who | message])
    return Change(number.waba_id, number.id, "messages", told)


def status_change(
    number: Number, person: Person, bubble: Bubble, *, status: str, at: float, conversation: str
) -> Change:
    """sent, delivered, read or failed. A failed one has no contacts, as Meta's has none."""
    told: Json = {"id": bubble.id, "status": status, "timestamp": str(int(at))}
    if person.phone and not bubble.to_user_id:
        told["recipient_id"] = person.phone
    if status != "failed" or bubble.to_user_id:
        told["recipient_user_id"] = person.user_id
    if status == "failed":
        told["errors"] = [bubble.error]
    elif status in {"sent", "delivered"}:
        told |= {
            "conversation": _conversation(bubble, conversation, at),
            "pricing": pricing(bubble.category, at),
        }
    if bubble.callback_data is not None:
        told["biz_opaque_callback_data"] = bubble.callback_data
    if status == "failed":
        return Change(number.waba_id, number.id, "messages", _value(number, statuses=[told]))
    contact = person.contact()
    if status == "sent":
        contact = contact | {"profile": {"name": person.name}}  # the name that is chosen comes with delivery
    return Change(number.waba_id, number.id, "messages", _value(number, contacts=[contact], statuses=[told]))


def pricing(category: str, at: float) -> Json:
    """Per-message pricing. Service replies are billed from October 2026 on, templates always."""
    is_free = category == "service" and at < SERVICE_IS_BILLED_FROM
    kind = "free_customer_service" if is_free else "regular"
    return {"billable": not is_free, "pricing_model": "PMP", "category": category, "type": kind}


def preference_change(number: Number, person: Person, *, stops: bool, at: float) -> Change:
    """A person stops or resumes marketing messages."""
    what = "stop" if stops else "resume"
    told: Json = {
        "user_id": person.user_id,
        "detail": f"User requested to {what} marketing messages",
        "category": "marketing_messages",
        "value": what,
        "timestamp": int(at),
    } | ({"wa_id": person.phone} if person.phone else {})
    value = _value(number, contacts=[person.contact()], user_preferences=[told])
    return Change(number.waba_id, number.id, "user_preferences", value)


def template_change(waba_id: str, template: Template) -> Change:
    """What became of a template: approved, rejected, paused, disabled, reinstated."""
    value: Json = {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": template.reason,
    }
    return Change(waba_id, "", "message_template_status_update", value | template.hints)


def body_of(changes: list[Change], at: float) -> Json:
    """One POST of several updates: entries by account; alike changes of one number share a value."""
    entries: dict[str, list[Json]] = {}
    merged: dict[tuple[str, str, str], Json] = {}
    for change in changes:
        lists = sorted(
            name for name, each in change.value.items() if isinstance(each, list) and name != "contacts"
        )
        key = (change.number_id, change.field, "".join(lists))
        if lists and key in merged:
            _merge(merged[key], change.value, lists)
            continue
        value = {name: list(each) if isinstance(each, list) else each for name, each in change.value.items()}
        if lists:
            merged[key] = value
        entries.setdefault(change.waba_id, []).append({"value": value, "field": change.field})
    told = [{"id": waba_id, "time": int(at), "changes": found} for waba_id, found in entries.items()]
    return {"object": "whatsapp_business_account", "entry": told}


def _merge(into: Json, value: Json, lists: list[str]) -> None:
    for name in [*lists, "contacts"]:
        there, more = into.setdefault(name, []), value.get(name, [])
        assert isinstance(there, list)
        assert isinstance(more, list)
        there.extend(each for each in more if name != "contacts" or each not in there)
    if not into["contacts"]:
        del into["contacts"]


def _value(number: Number, **more: object) -> Json:
    metadata = {"display_phone_number": number.digits, "phone_number_id": number.id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **more}


def _conversation(bubble: Bubble, conversation: str, at: float) -> Json:
    told: Json = {"id": conversation, "origin": {"type": bubble.category}}
    return told | ({"expiration_timestamp": str(int(at) + 24 * 3600)} if bubble.status == "sent" else {})
