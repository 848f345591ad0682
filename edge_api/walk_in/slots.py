"""The sheet's forms and a guest's own requests in the slots of a page that is answered without script, as
theme/static/desk.js puts them.

It says only words of the sheet and of the form of `/open`, and asks nobody anything.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from edge_api import trees
from edge_api.answers import Opened
from edge_api.board import Shown
from edge_api.channels import Way, Ways
from edge_api.offers import Days
from edge_api.trees import Element
from guestlink import language as languages

FORMS: Final = ("ask", "arrival", "channels", "rating", "lost")
ACTIONS: Final = {name: f"/open/{name}" for name in ("requests", "arrival", "rating", "channels")}
# What happened -> the slot where it is said.
PLACES: Final = {
    "sent": "requests",
    "cancelled": "requests",
    "kept": "arrival",
    "rated": "rating",
    **{f"{channel}_{said}": channel for channel in ("whatsapp", "email") for said in ("yes", "no")},
}
TYPED: Final = ("text", "number", "date", "time", "tel", "email", "search", None)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the house knows from this guest: requests, newest first, and what was told before."""

    requests: tuple[Shown, ...] = ()
    arrival: Mapping[str, str] = {}
    rating: Mapping[str, str] = {}
    ways: Ways = Ways()
    days: Days


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was not taken: what was typed, what is wrong with which field, the name of a sentence."""

    verb: str
    typed: Mapping[str, str]
    said: str
    status: int
    fields: Sequence[tuple[str, str]] = ()


def place_desk(opened: Opened, sheet: Sequence[Element], desk: Desk, *, new_key: Callable[[], str]) -> None:
    """Puts all forms and requests in their places, each form with a key of its own."""
    page = opened.document
    for template in _templates(sheet, "data-form", "service"):
        service = template.get("data-service")
        for entry in trees.all_with(page, "data-service", service):
            if entry.tag == "li":
                trees.append(entry, template)
    for name in FORMS:
        for template in _templates(sheet, "data-form", name):
            for slot in trees.all_with(page, "data-slot", name):
                trees.fill(slot, template)
    _place_alarms(page, _templates(sheet, "data-form", "alarm"))
    _place_requests(opened, sheet, desk.requests)
    _prefill(page, "arrival", desk.arrival)
    _prefill(page, "rating", desk.rating)
    _show_ways(page, desk.ways, words_of(sheet))
    for slot in trees.all_with(page, "data-slot"):
        slot.set("id", slot.get("id") or f"slot-{slot.get('data-slot')}")
    for form in trees.all_of(page, "form"):
        _ready(form, opened.language, desk, new_key())


def words_of(parts: Sequence[Element]) -> dict[str, str]:
    """The sentences that a sheet or a shell holds for programs, by name."""
    for part in parts:
        for template in [part, *part.iterdescendants("template")]:
            if template.get("data-words") is not None:
                return msgspec.json.decode(trees.text_of(template), type=dict[str, str])
    return {}


def tell(page: Element, slot: str, text: str) -> None:
    """Says a sentence where a form or a list of the slot says what became of it."""
    for place in trees.all_with(page, "data-slot", slot):
        lines = [line for line in place.iterdescendants() if trees.has_class(line, "told")]
        for line in lines[-1:]:
            trees.clear(line, text)


def mark_mistake(page: Element, mistake: Mistake, words: Mapping[str, str]) -> None:
    """Gives a form back as it was typed, with what is wrong with it; the first such place has the focus."""
    said, form = words.get(mistake.said, ""), _form_of(page, mistake)
    if form is None:
        tell(page, "requests", said)
        return
    for around in form.iterancestors("details"):
        around.set("open", "")
    for name, value in mistake.typed.items():
        if name not in {"key", "id", "version"}:
            _write(form, name, value)
    for line in [line for line in form.iterdescendants() if trees.has_class(line, "told")][-1:]:
        trees.clear(line, said)
        line.set("role", "alert")
    wrong = [
        input_
        for number, (field, message) in enumerate(mistake.fields, 1)
        for input_ in _point(form, field, message, f"wrong-{number}")
    ]
    target = wrong[0] if wrong else _first_button(form)
    if target is not None:
        target.set("autofocus", "")


# -- the desk's parts --------------------------------------------------------------------------------
def _templates(sheet: Iterable[Element], name: str, value: str) -> list[Element]:
    return [part for part in sheet if part.tag == "template" and part.get(name) == value]


def _place_alarms(page: Element, templates: Sequence[Element]) -> None:
    """Where a code is shown that can fail, the button that says so."""
    for card in trees.all_with(page, "data-name"):
        inside = {name for part in card.iterdescendants() for name in (part.get("class") or "").split()}
        for template in templates if {"value", "valid"} <= inside else ():
            for part in trees.append(card, template):
                for hidden in _inputs(part, "secret"):
                    hidden.set("value", card.get("data-name"))


def _place_requests(opened: Opened, sheet: Sequence[Element], requests: Sequence[Shown]) -> None:
    words = words_of(sheet)
    frames, items = (_templates(sheet, "data-part", name) for name in ("requests", "request"))
    for slot in trees.all_with(opened.document, "data-slot", "requests"):
        for frame in frames:
            trees.fill(slot, frame)
        trees.show(slot, shown=bool(requests))
        for place in trees.all_with(slot, "data-of", "list"):
            for request in requests:
                for item in trees.append(place, items[0]) if items else ():
                    _fill_request(item, request, opened, words)


def _fill_request(item: Element, request: Shown, opened: Opened, words: Mapping[str, str]) -> None:
    item.set("data-is", request.state)
    asked = languages.format_moment(request.asked_at, opened.zone, opened.language)
    price = (
        [languages.format_money(request.price, request.currency, opened.language)] if request.price else []
    )
    texts = {
        "title": request.title or words.get("anything", ""),
        "state": words.get(f"state_{request.state}", ""),
        "when": words.get("asked", "").replace("{moment}", asked),
        "said": " · ".join([*(value for _, value in request.said), *price]),
        "reason": request.reason,
    }
    for name, text in texts.items():
        for line in trees.all_with(item, "data-of", name):
            trees.clear(line, text)
            trees.show(line, shown=bool(text))
    for form in [item] if item.tag == "form" else trees.all_of(item, "form"):
        if not request.can_cancel:
            trees.remove(form)
        for name, value in (("id", request.id), ("version", str(request.version))):
            for hidden in _inputs(form, name):
                hidden.set("value", value)


def _prefill(page: Element, name: str, values: Mapping[str, str]) -> None:
    for slot in trees.all_with(page, "data-slot", name):
        for field, value in values.items():
            _write(slot, field, value)


def _show_ways(page: Element, ways: Ways, words: Mapping[str, str]) -> None:
    """How the house may write: each form shows how things stand and asks for the contrary."""
    offered = {name: way for name, way in (("whatsapp", ways.whatsapp), ("email", ways.email)) if way}
    for slot in trees.all_with(page, "data-slot", "channels"):
        for box in trees.all_of(slot, "section"):
            trees.show(box, shown=bool(offered))
        for form in trees.all_of(slot, "form"):
            way = offered.get(form.get("data-slot") or "")
            if way is None:
                trees.remove(form)
            else:
                _show_way(form, way, words)


def _show_way(form: Element, way: Way, words: Mapping[str, str]) -> None:
    for hidden in _inputs(form, "agrees"):
        hidden.set("value", "no" if way.agreed else "yes")
    for state in trees.all_with(form, "data-when", "no" if way.agreed else "yes"):
        trees.remove(state)
    where = way.leads_to
    if where and form.get("data-slot") == "whatsapp":
        where = words.get("ends_in", "").replace("{ends}", where)
    for line in trees.all_with(form, "data-of", "leads_to"):
        trees.clear(line, where)
    for label in trees.all_with(form, "data-of", "phone") if where else ():
        trees.remove(label)


def _ready(form: Element, language: str, desk: Desk, key: str) -> None:
    """The form knows its language and its key, and which dates make sense."""
    form.insert(0, form.makeelement("input", {"type": "hidden", "name": "language", "value": language}))
    for hidden in _inputs(form, "key"):
        hidden.set("value", key)
    limit_dates(form, desk.days)


def limit_dates(form: Element, days: Days) -> None:
    """The dates that the house would take."""
    for date_input in trees.all_with(form, "type", "date"):
        date_input.set("min", days.first.isoformat())
        date_input.set("max", days.until_on.isoformat())


# -- forms -------------------------------------------------------------------------------------------
def _inputs(form: Element, name: str) -> list[Element]:
    return trees.all_with(form, "name", name)


def _write(form: Element, name: str, value: str) -> None:
    """What was typed, where it was typed; a hidden field keeps what the page says."""
    for input_ in _inputs(form, name):
        kind = input_.get("type")
        if input_.tag == "textarea":
            trees.clear(input_, value)
        elif input_.tag == "select":
            for option in trees.all_of(input_, "option"):
                is_chosen = option.get("value", trees.text_of(option).strip()) == value
                option.attrib.pop("selected", None)
                if is_chosen:
                    option.set("selected", "")
        elif kind in {"radio", "checkbox"}:
            input_.attrib.pop("checked", None)
            if input_.get("value") == value:
                input_.set("checked", "")
        elif kind in TYPED:
            input_.set("value", value)


def _form_of(page: Element, mistake: Mistake) -> Element | None:
    """The form that was sent: same action, same service, same secret."""
    for form in trees.all_of(page, "form"):
        if form.get("action") == ACTIONS.get(mistake.verb) and all(
            (_inputs(form, name)[0].get("value") or "" if _inputs(form, name) else "")
            == mistake.typed.get(name, "")
            for name in ("service", "secret", "channel")
        ):
            return form
    return None


def _point(form: Element, field: str, message: str, mark: str) -> list[Element]:
    """Says what is wrong with a field behind its label."""
    found = _inputs(form, f"field-{field}") or _inputs(form, field)
    found = [input_ for input_ in found if input_.get("type") != "hidden"]
    if not found:
        return []
    input_ = found[0]
    line = form.makeelement("p", {"class": "wrong", "id": mark})
    line.text = message
    around = "fieldset" if input_.get("type") == "radio" else "label"
    holder = next(iter(input_.iterancestors(around)), input_)
    if around == "fieldset" and holder is not input_:
        holder.append(line)
    else:
        line.tail, holder.tail = holder.tail, None
        holder.addnext(line)
    input_.set("aria-invalid", "true")
    input_.set("aria-describedby", mark)
    return [input_]


def _first_button(form: Element) -> Element | None:
    return next(iter(trees.all_of(form, "button")), None)
