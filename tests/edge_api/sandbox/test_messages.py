"""Real pywa sends every kind of message, and is refused where Meta refuses, with the right exception."""

import pytest
from pywa import errors, types

from tests.edge_api.sandbox.place import ANA, Place, eventually

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
CONTACT = types.Contact(
    name=types.Contact.Name(formatted_name="Mira Holm", first_name="Mira"),
    phones=[types.Contact.Phone(phone="+44 7700 900201")],
)
LIST = types.SectionList(
    "Services", [types.Section("House", [types.SectionRow("Towels", "towels", "two of them")])]
)


# -- kinds ------------------------------------------------------------------------------------------
KINDS = {
    "text": lambda wa, _: wa.send_message(ANA, "Hello *Ana*", preview_url=True),
    "buttons": lambda wa, _: wa.send_message(
        ANA, "Well?", header="Towels", footer="House", buttons=[types.Button("Yes", "y")]
    ),
    "list": lambda wa, _: wa.send_message(ANA, "What?", buttons=LIST),
    "link": lambda wa, _: wa.send_message(
        ANA, "Look", buttons=types.URLButton("Your page", "https://example.org/w/1")
    ),
    "image by link": lambda wa, _: wa.send_image(ANA, "https://example.org/a.jpg", caption="The door"),
    "image": lambda wa, _: wa.send_image(ANA, PNG, mime_type="image/png"),
    "image with buttons": lambda wa, _: wa.send_image(
        ANA, PNG, mime_type="image/png", caption="This?", buttons=[types.Button("Yes", "y")]
    ),
    "voice": lambda wa, _: wa.send_voice(ANA, b"OggS", mime_type="audio/ogg"),
    "audio": lambda wa, _: wa.send_audio(ANA, b"ID3", mime_type="audio/mpeg"),
    "video": lambda wa, _: wa.send_video(ANA, b"mp4", mime_type="video/mp4", caption="The way"),
    "sticker": lambda wa, _: wa.send_sticker(ANA, b"RIFF", mime_type="image/webp"),
    "document": lambda wa, _: wa.send_document(
        ANA, b"%PDF", filename="rules.pdf", mime_type="application/pdf"
    ),
    "location": lambda wa, _: wa.send_location(ANA, 51.5, -0.12, name="House", address="Quay 1"),
    "location request": lambda wa, _: wa.request_location(ANA, "Where are you?"),
    "contact": lambda wa, _: wa.send_contact(ANA, CONTACT),
    "reaction": lambda wa, message: wa.send_reaction(ANA, "👍", message),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_arrives(place, kind):
    message = place.says("Hello")
    sent = KINDS[kind](place.business(), message)
    eventually(lambda: place.status_of(sent.id) == "delivered")


def test_a_reply_quotes_and_carries_its_callback_data(place):
    message = place.says("Towels?")
    sent = place.business().send_message(ANA, "Yes", reply_to_message_id=message, tracker="outbox-7")
    assert sent.id.startswith("wamid.")
    assert place.last()["context"] == message
    assert place.last()["callback_data"] == "outbox-7"


def test_marks_of_reading_and_typing_are_seen(place):
    message = place.says("Anybody?")
    assert place.business().indicate_typing(message)
    assert place.get("/sandbox/people/ana/chat")["typing"]
    assert place.status_of(message) == "read"
    place.hold()
    place.later("26s")
    assert not place.get("/sandbox/people/ana/chat")["typing"]


def test_a_mark_on_an_unknown_message_is_refused(place):
    with pytest.raises(errors.InvalidParameter):
        place.business().mark_message_as_read("wamid.nobody")


# -- lengths and counts: one too many is refused, the last that fits is not --------------------------------
def interactive(kind: str, **parts: object) -> dict[str, object]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": "?"}, **parts}}


def buttons(count: int = 1, *, title: str = "T", button_id: str = "i") -> dict[str, object]:
    made = [
        {"type": "reply", "reply": {"id": f"{at}{button_id}", "title": f"{at}{title}"}} for at in range(count)
    ]
    return {"buttons": made}


def twice(**other: str) -> dict[str, object]:
    """Two buttons that differ in one thing only."""
    return {"buttons": [*buttons()["buttons"], *buttons(**other)["buttons"]]}


def rows(
    count: int = 1, *, title: str = "T", row_id: str = "i", description: str = "d"
) -> list[dict[str, str]]:
    return [{"id": f"{at}{row_id}", "title": title, "description": description} for at in range(count)]


def listed(*sections: object, button: str = "Open", **parts: object) -> dict[str, object]:
    return interactive("list", action={"button": button, "sections": list(sections)}, **parts)


def link(text: str = "Go", **parts: object) -> dict[str, object]:
    parameters = {"display_text": text, "url": "https://example.org"}
    return interactive("cta_url", action={"name": "cta_url", "parameters": parameters}, **parts)


PICTURE = {"type": "image", "image": {"link": "https://example.org/a.png"}}
TEXTS = {
    "text 4096": (100, lambda more: {"type": "text", "text": {"body": "x" * (4096 + more)}}),
    "caption 1024": (
        100,
        lambda more: {
            "type": "image",
            "image": {"link": "https://e.org/a.png", "caption": "x" * (1024 + more)},
        },
    ),
    "callback data 512": (
        100,
        lambda more: {"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * (512 + more)},
    ),
    "body of buttons 1024": (
        131009,
        lambda more: interactive("button", body={"text": "x" * (1024 + more)}, action=buttons()),
    ),
    "body of a list 4096": (
        131009,
        lambda more: interactive(
            "list", body={"text": "x" * (4096 + more)}, action={"button": "b", "sections": [{"rows": rows()}]}
        ),
    ),
    "body of a link 1024": (
        131009,
        lambda more: link(body={"text": "x" * (1024 + more)}),
    ),
    "header 60": (
        131009,
        lambda more: interactive(
            "button", header={"type": "text", "text": "x" * (60 + more)}, action=buttons()
        ),
    ),
    "footer 60": (
        131009,
        lambda more: interactive("button", footer={"text": "x" * (60 + more)}, action=buttons()),
    ),
    "button title 20": (131009, lambda more: interactive("button", action=buttons(title="x" * (19 + more)))),
    "button id 256": (
        131009,
        lambda more: interactive("button", action=buttons(button_id="x" * (255 + more))),
    ),
    "buttons 3": (131009, lambda more: interactive("button", action=buttons(3 + more))),
    "list button 20": (131009, lambda more: listed({"rows": rows()}, button="x" * (20 + more))),
    "rows 10": (131009, lambda more: listed({"rows": rows(10 + more)})),
    "rows 10 in all": (
        131009,
        lambda more: listed(
            {"title": "a", "rows": rows(5)}, {"title": "b", "rows": rows(5 + more, row_id="j")}
        ),
    ),
    "row title 24": (131009, lambda more: listed({"rows": rows(title="x" * (24 + more))})),
    "row description 72": (131009, lambda more: listed({"rows": rows(description="x" * (72 + more))})),
    "row id 200": (131009, lambda more: listed({"rows": rows(row_id="x" * (199 + more))})),
    "section title 24": (131009, lambda more: listed({"title": "x" * (24 + more), "rows": rows()})),
    "label of a link 20": (131009, lambda more: link("x" * (20 + more))),
    "latitude 90": (
        100,
        lambda more: {"type": "location", "location": {"latitude": 90 + more, "longitude": 0}},
    ),
}


@pytest.mark.parametrize("limit", TEXTS)
def test_a_limit_holds_to_the_letter(place, limit):
    place.says()
    code, make = TEXTS[limit]
    assert place.send(**make(0)).status_code == 200
    refused = place.send(**make(1))
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == code


WRONG = {
    "no text": (100, {"type": "text", "text": {"body": " "}}),
    "no product": (100, {"messaging_product": "sms", "type": "text", "text": {"body": "x"}}),
    "unknown key": (100, {"type": "text", "text": {"body": "x", "colour": "red"}}),
    "unknown kind": (131051, {"type": "poll", "poll": {}}),
    "group": (100, {"recipient_type": "group", "type": "text", "text": {"body": "x"}}),
    "id and link": (100, {"type": "image", "image": {"id": "1", "link": "https://e.org/a.png"}}),
    "link that is none": (100, {"type": "image", "image": {"link": "ftp://e.org/a.png"}}),
    "unknown medium": (131009, {"type": "image", "image": {"id": "12345"}}),
    "audio with words": (100, {"type": "audio", "audio": {"link": "https://e.org/a.ogg", "caption": "x"}}),
    "same button id twice": (131009, interactive("button", action=twice(title="x"))),
    "same title twice": (131009, interactive("button", action=twice(button_id="x"))),
    "same row id twice": (131009, listed({"rows": rows() + rows(title="Other")})),
    "no row": (131009, listed({"rows": []})),
    "no title among two": (131008, listed({"rows": rows()}, {"title": "b", "rows": rows(row_id="j")})),
    "picture over a list": (131009, listed({"rows": rows()}, header=PICTURE)),
    "no action": (131008, interactive("button")),
    "no given name": (131009, {"type": "contacts", "contacts": [{"name": {"formatted_name": "Mira"}}]}),
    "reaction to nothing": (
        131009,
        {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}},
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_message_is_refused_and_told_why(place, what):
    place.says()
    code, message = WRONG[what]
    error = place.send(**message).json()["error"]
    assert error["code"] == code
    assert error["error_data"]["details"]
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"]
    assert place.get("/sandbox/log")["counted"]["out"] == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"[" * 50_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(place: Place, body: bytes):
    answer = place.graph("/100000000000001/messages", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
