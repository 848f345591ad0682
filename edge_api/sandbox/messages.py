"""What a free-form message may look like: every kind, its fields, lengths and counts. Pure.

Source: Meta, Cloud API, Messages. Templates are judged in templates.py.
"""

from collections.abc import Callable

from edge_api.sandbox.fields import Fields, no_two_alike
from edge_api.sandbox.refusals import Refusal

LONGEST_TEXT = 4096
LONGEST_BODY = 1024
LONGEST_CAPTION = 1024
LONGEST_HEADER = LONGEST_FOOTER = 60
LONGEST_CALLBACK_DATA = 512
MEDIA_KINDS = ("image", "audio", "video", "document", "sticker")
MOST_BUTTONS, MOST_ROWS, MOST_SECTIONS, MOST_CONTACTS = 3, 10, 10, 257
LONGEST_EMOJI = 16


def check(kind: str, message: Fields) -> None:
    """Refuses a message that the Cloud API would refuse for its shape; `message[kind]` is the content."""
    checker = CHECKERS.get(kind)
    if checker is None:
        raise Refusal(131051, f"Message type {kind!r} is currently not supported.")
    checker(message)


def media_of(kind: str, content: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    """The media a message names: (kind, object with id or link), headers of interactive messages included."""
    if kind in MEDIA_KINDS:
        return [(kind, content)]
    header = content.get("header")
    if kind == "interactive" and isinstance(header, dict) and header.get("type") in MEDIA_KINDS:
        return [(str(header["type"]), header[str(header["type"])])]
    return []


def _text(message: Fields) -> None:
    text = message.child("text").only("body", "preview_url")
    text.text("body", LONGEST_TEXT)
    text.flag("preview_url")


def check_media(fields: Fields, kind: str) -> None:
    """An object with either an id or a link, and what else this kind of media may carry."""
    allowed = {
        "image": ["caption"],
        "video": ["caption"],
        "document": ["caption", "filename"],
        "audio": ["voice"],
    }
    fields.only("id", "link", *allowed.get(kind, []))
    if fields.has("id") == fields.has("link"):
        raise fields.refused(f"Param {fields.at} must have either an id or a link.")
    if fields.has("link"):
        fields.url("link")
    else:
        fields.text("id", 128)
    fields.text("caption", LONGEST_CAPTION, shortest=0, optional=True)
    fields.text("filename", 240, optional=True)
    fields.flag("voice")


def _media(kind: str) -> Callable[[Fields], None]:
    return lambda message: check_media(message.child(kind), kind)


def _location(message: Fields) -> None:
    location = message.child("location").only("latitude", "longitude", "name", "address")
    location.number("latitude", -90, 90)
    location.number("longitude", -180, 180)
    location.text("name", 1000, shortest=0, optional=True)
    location.text("address", 1000, shortest=0, optional=True)


def _contacts(message: Fields) -> None:
    for contact in message.children("contacts", fewest=1, most=MOST_CONTACTS):
        contact.only("name", "phones", "emails", "addresses", "urls", "org", "birthday")
        name = contact.child("name")
        name.text("formatted_name", 256)
        parts = ("first_name", "last_name", "middle_name", "suffix", "prefix")
        if not any(name.value.get(part) for part in parts):
            raise Refusal(
                131009, "Param name must have formatted_name and at least one of " + ", ".join(parts)
            )


def _reaction(message: Fields) -> None:
    reaction = message.child("reaction").only("message_id", "emoji")
    reaction.text("message_id", 256)
    reaction.text("emoji", LONGEST_EMOJI, shortest=0)


def _interactive(message: Fields) -> None:
    found = Fields(message.child("interactive").value, "interactive", code=131009)
    found.only("type", "header", "body", "footer", "action")
    kind = found.value.get("type")
    if kind not in ACTIONS:
        raise Refusal(131009, f"Interactive type {kind!r} is not one of {', '.join(map(str, ACTIONS))}.")
    longest = LONGEST_TEXT if kind == "list" else LONGEST_BODY
    found.child("body").only("text").text("text", longest)
    if found.has("footer"):
        found.child("footer").only("text").text("text", LONGEST_FOOTER)
    if found.has("header"):
        _header(found.child("header"), only_text=kind == "list")
    ACTIONS[kind](found.child("action"))


def _header(header: Fields, *, only_text: bool) -> None:
    kind = header.one_of("type", ["text"] if only_text else ["text", "image", "video", "document"])
    header.only("type", kind)
    if kind == "text":
        header.text("text", LONGEST_HEADER)
    else:
        check_media(header.child(kind), kind)


def _buttons(action: Fields) -> None:
    action.only("buttons")
    replies = []
    for button in action.children("buttons", fewest=1, most=MOST_BUTTONS):
        button.only("type", "reply").one_of("type", ["reply"])
        replies.append(button.child("reply").only("id", "title"))
    ids, titles = [each.text("id", 256) for each in replies], [each.text("title", 20) for each in replies]
    no_two_alike(action, ids, "button id")
    no_two_alike(action, titles, "title")


def _list(action: Fields) -> None:
    action.only("button", "sections").text("button", 20)
    sections = action.children("sections", fewest=1, most=MOST_SECTIONS)
    ids = []
    for section in sections:
        section.only("title", "rows").text("title", 24, optional=len(sections) == 1)
        for row in section.children("rows", fewest=1, most=MOST_ROWS):
            row.only("id", "title", "description")
            ids.append(row.text("id", 200))
            row.text("title", 24)
            row.text("description", 72, shortest=0, optional=True)
    if len(ids) > MOST_ROWS:
        raise action.refused(f"Total row count exceed max allowed count: {MOST_ROWS}")
    no_two_alike(action, ids, "row id")


def _cta_url(action: Fields) -> None:
    action.only("name", "parameters").one_of("name", ["cta_url"])
    parameters = action.child("parameters").only("display_text", "url")
    parameters.text("display_text", 20)
    parameters.url("url")


def _location_request(action: Fields) -> None:
    action.only("name").one_of("name", ["send_location"])


ACTIONS: dict[object, Callable[[Fields], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _cta_url,
    "location_request_message": _location_request,
}
CHECKERS: dict[str, Callable[[Fields], None]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
    **{kind: _media(kind) for kind in MEDIA_KINDS},
}
