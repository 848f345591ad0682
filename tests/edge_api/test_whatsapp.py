"""The speaker says each kind of message once, knows what an answer proves, fetches from Meta's hosts only.

A real sandbox answers; where an answer must be one that no Cloud API gives, a small server does.
"""

import hashlib
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from edge_api import whatsapp
from edge_api.account import Account, MetaRefused
from edge_api.codes import CANNOT_BE_SAID, FOREIGN_ADDRESS, NO_CONNECTION, NOT_KEPT
from edge_api.drafts import Draft, Link
from edge_api.messages import (
    Buttons,
    Choice,
    File,
    Group,
    GuestLinkOf,
    LinkButton,
    Options,
    Reaction,
    Sender,
    Template,
    Text,
)
from edge_api.meta_hosts import is_trusted
from edge_api.whatsapp import Fetched, NotSent, Sent, Speaker, Unknown
from guestlink.errors import Outage, SettingsError
from guestlink.settings import Settings
from tests.databases import ROOT
from tests.edge_api.sandbox import conftest
from tests.edge_api.sandbox.place import ANA, APP, NUMBER, WABA, Place, eventually
from tests.services import free_port

place, running_place, app = conftest.place, conftest.running_place, conftest.app

GUEST = Sender(wa_id=ANA)
LINK = "https://stay.example.com/w/AbCdEfGhIjKlMnOpQrStUv#0123456789abcdefghijkl"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
Say = Callable[..., Any]


def settings_for(url: str, **more: str) -> Settings:
    told = {
        "home": str(Path.cwd()),
        "public_url": "https://stay.example.com",
        "whatsapp_url": url,
        "whatsapp_token": "sandbox-token",
        "whatsapp_number_id": NUMBER,
        "whatsapp_account_id": WABA,
        "whatsapp_app_id": APP,
    }
    return msgspec.convert(told | more, Settings)


@pytest.fixture
def speaker(place: Place) -> Iterator[Speaker]:
    place.says()
    made = Speaker(settings_for(place.url))
    yield made
    made.close()


@pytest.fixture
def say(speaker: Speaker) -> Say:
    def saying(said: Any, *, to: Sender = GUEST, **more: Any) -> Any:
        told = {"number_id": NUMBER, "callback": "outbox-1", **more}
        return speaker.send(said, to=to, **told)

    return saying


# -- every kind -------------------------------------------------------------------------------------
def test_a_text_arrives_with_the_answered_message_and_its_callback(place: Place, app: Any, say: Say) -> None:
    heard = place.says("Towels?")
    sent = say(Text(text="They are on their way."), answers=heard)
    assert isinstance(sent, Sent)
    bubble = place.last()
    assert (bubble["id"], bubble["content"]["text"]["body"]) == (sent.wamid, "They are on their way.")
    assert bubble["context"] == heard
    eventually(lambda: {each["biz_opaque_callback_data"] for each in app.all("statuses")} == {"outbox-1"})


def test_buttons_lists_and_links_arrive_as_they_were_meant(place: Place, say: Say) -> None:
    choices = (Choice(payload="yes", title="Yes"), Choice(payload="no", title="No"))
    assert isinstance(say(Buttons(text="Shall we?", buttons=choices, footer="Casa Azul")), Sent)
    shown = place.last()["content"]["interactive"]
    assert [each["reply"]["id"] for each in shown["action"]["buttons"]] == ["yes", "no"]
    assert shown["footer"]["text"] == "Casa Azul"
    rows = (
        Choice(payload="towels", title="Towels", text="in the morning"),
        Choice(payload="taxi", title="Taxi"),
    )
    assert isinstance(say(Options(text="What?", button="Choose", groups=(Group(rows=rows),))), Sent)
    shown = place.last()["content"]["interactive"]["action"]["sections"]
    assert [row["id"] for row in shown[0]["rows"]] == ["towels", "taxi"]
    groups = (Group(title="House", rows=rows[:1]), Group(rows=rows[1:]))
    assert isinstance(say(Options(text="What?", button="Choose", groups=groups)), Sent)
    button = LinkButton(text="Your page", label="Open", link=GuestLinkOf(link_id="1"))
    assert isinstance(say(button, url=LINK), Sent)
    assert place.last()["content"]["interactive"]["action"]["parameters"]["url"] == LINK


def test_a_reaction_stands_at_the_message(place: Place, say: Say) -> None:
    heard = place.says("Thank you")
    assert isinstance(say(Reaction(emoji="👍", answers=heard)), Sent)
    reacted = next(bubble for bubble in place.chat() if bubble["id"] == heard)
    assert "👍" in str(reacted["reactions"])


def test_a_picture_and_a_paper_are_put_up_and_sent(place: Place, say: Say) -> None:
    picture = File(media="image", path="a/1", media_type="image/jpeg", text="The door")
    assert isinstance(say(picture, file=JPEG), Sent)
    assert place.last()["content"]["image"]["caption"] == "The door"
    paper = File(media="document", path="a/2", media_type="application/pdf", name="map.pdf")
    assert isinstance(say(paper, file=b"%PDF-1.7 map"), Sent)
    assert place.last()["content"]["document"]["filename"] == "map.pdf"
    assert say(picture) == NotSent(NOT_KEPT)


def test_a_template_brings_its_values_payloads_and_the_end_of_the_link(place: Place, say: Say) -> None:
    asked = {
        "type": "BODY",
        "text": "In {{1}} somebody asks for {{2}} now.",
        "example": {"body_text": [["a", "b"]]},
    }
    replies = [{"type": "QUICK_REPLY", "text": each} for each in ("Accept", "Decline")]
    place.approved(name="asked", components=[asked, {"type": "BUTTONS", "buttons": replies}])
    told = Template(name="asked", language="en", values=("room 4", "a\ntowel"), payloads=("a:1", "d:1"))
    assert isinstance(say(told), Sent)
    shown = place.last()["content"]["template"]
    assert shown["body"] == "In room 4 somebody asks for a towel now."
    assert [each["payload"] for each in shown["buttons"]] == ["a:1", "d:1"]
    button = {"type": "URL", "text": "Open", "url": "https://stay.example.com/{{1}}", "example": ["x"]}
    body = {"type": "BODY", "text": "Your page is ready."}
    place.approved(name="page", language="pt_PT", components=[body, {"type": "BUTTONS", "buttons": [button]}])
    linked = Template(name="page", language="pt", link=GuestLinkOf(link_id="1"))
    assert isinstance(say(linked, url=LINK), Sent)
    assert place.last()["content"]["template"]["buttons"][0]["url"] == LINK
    assert say(linked, url="https://elsewhere.example.com/w/a#b") == NotSent(CANNOT_BE_SAID)


def test_somebody_without_a_phone_number_is_written_to_by_user_id(place: Place, say: Say) -> None:
    place.says("Hi", who="tomas")
    tomas = next(each for each in place.get("/sandbox/state")["people"] if each["id"] == "tomas")
    assert isinstance(say(Text(text="Hello"), to=Sender(user_id=tomas["user_id"])), Sent)
    assert place.last("tomas")["content"]["text"]["body"] == "Hello"


def test_a_user_id_with_letters_is_never_taken_for_a_group(scripted: "Scripted") -> None:
    scripted.answers = [(200, b'{"messages":[{"id":"wamid.1"}]}')]
    with speaking(scripted.url) as speaker:
        sent = speaker.send(
            Text(text="x"), to=Sender(user_id="GB.a1B2c3"), number_id=NUMBER, callback="outbox-1"
        )
    assert sent == Sent("wamid.1")
    told = msgspec.json.decode(scripted.asked[0][1])
    assert (told.get("to"), told["recipient"], told["recipient_type"]) == (None, "GB.a1B2c3", "individual")


def test_too_long_words_are_cut_instead_of_refused(place: Place, say: Say) -> None:
    assert isinstance(say(Text(text="word " * 2000)), Sent)
    assert len(place.last()["content"]["text"]["body"]) <= 4096


def test_reading_and_typing_are_told(place: Place, speaker: Speaker) -> None:
    heard = place.says("Hello?")
    assert speaker.mark_read(heard)
    assert speaker.mark_read(heard, typing=True)
    assert not speaker.mark_read("wamid.nobody")


# -- what an answer proves --------------------------------------------------------------------------
@pytest.mark.parametrize("code", [131056, 130429, 131000, 131016, 190, 368])
def test_a_refusal_is_not_sent_for_certain(place: Place, say: Say, code: int) -> None:
    place.fault("error", code=code, next=1)
    refused = say(Text(text="x"))
    assert isinstance(refused, NotSent)
    assert (refused.code, refused.words != "") == (code, True)
    assert all(bubble["mine"] for bubble in place.chat())


def test_a_closed_window_is_131047(place: Place, say: Say) -> None:
    place.hold()
    place.later("25h")
    assert say(Text(text="x")).code == 131047


@pytest.mark.parametrize(
    ("kind", "more", "sent"),
    [
        ("lost", {}, 1),
        ("unanswered", {}, 1),
        ("cut", {}, 0),
        ("silent", {}, 0),
        ("status", {"status": 502}, 0),
    ],
)
def test_what_may_have_left_is_unknown_and_tried_once(
    place: Place, say: Say, monkeypatch: pytest.MonkeyPatch, kind: str, more: dict[str, Any], sent: int
) -> None:
    monkeypatch.setattr(whatsapp, "TIMES", httpx.Timeout(0.3))
    place.fault(kind, next=1, **more)
    with speaking(place.url) as speaker:
        told = speaker.send(Text(text="x"), to=GUEST, number_id=NUMBER, callback="outbox-1")
    assert isinstance(told, Unknown)
    assert sum(not bubble["mine"] for bubble in place.chat()) == sent


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"messages":[]}', b'{"messages":[{"id":""}]}', b"<html>"]
)
def test_a_yes_that_cannot_be_read_is_unknown(scripted: "Scripted", body: bytes) -> None:
    scripted.answers = [(200, body)]
    with speaking(scripted.url) as speaker:
        told = speaker.send(Text(text="x"), to=GUEST, number_id=NUMBER, callback="1")
    assert isinstance(told, Unknown)
    assert len(scripted.asked) == 1


def test_nobody_at_the_other_end_is_not_sent_for_certain() -> None:
    with speaking(f"http://127.0.0.1:{free_port()}") as speaker:
        told = speaker.send(Text(text="x"), to=GUEST, number_id=NUMBER, callback="1")
        assert isinstance(told, NotSent)
        assert told.code == NO_CONNECTION
        assert isinstance(speaker.upload_media(JPEG, "image/jpeg"), NotSent)
        assert not speaker.mark_read("wamid.1")


def test_a_file_that_could_not_be_put_up_was_not_sent_whatever_the_reason(place: Place, say: Say) -> None:
    picture = File(media="image", path="a/1", media_type="image/jpeg")
    place.fault("lost", on="media", next=1)
    refused = say(picture, file=JPEG)
    assert isinstance(refused, NotSent)
    assert all(bubble["mine"] for bubble in place.chat())


def test_nobody_to_write_to_and_no_link_to_show_is_told_without_asking(say: Say) -> None:
    assert say(Text(text="x"), to=Sender()) == NotSent(CANNOT_BE_SAID)
    button = LinkButton(text="Your page", label="Open", link=GuestLinkOf(link_id="1"))
    assert say(button) == NotSent(CANNOT_BE_SAID)


def test_a_token_is_asked_for_before_anything_is_opened() -> None:
    with pytest.raises(SettingsError) as told:
        Speaker(settings_for("http://127.0.0.1:1", whatsapp_token=""))
    assert told.value.setting == "whatsapp_token"


def test_no_word_number_or_token_reaches_a_log(
    place: Place, say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert isinstance(say(Text(text="the lighthouse")), Sent)
    place.fault("status", status=502, next=1)
    say(Text(text="the lighthouse"))
    assert not [word for word in ("lighthouse", ANA, "sandbox-token") if word in caplog.text]


def test_whoever_serves_never_loads_pywa() -> None:
    told = "import sys, edge_api.app, edge_api.templates; print('pywa' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"


# -- files that guests send -------------------------------------------------------------------------
def media_of(place: Place, body: bytes, media_type: str, name: str = "") -> str:
    told = place.http.post(
        "/sandbox/media", content=body, params={"filename": name}, headers={"content-type": media_type}
    )
    return str(told.json()["id"])


def test_a_photo_comes_as_it_was_sent(place: Place, speaker: Speaker) -> None:
    found = speaker.fetch_media(media_of(place, JPEG, "image/jpeg"))
    assert found == Fetched(JPEG, "image/jpeg", hashlib.sha256(JPEG).hexdigest())
    voice = speaker.fetch_media(media_of(place, b"OggS voice", "audio/ogg; codecs=opus"))
    assert isinstance(voice, Fetched)
    assert voice.media_type == "audio/ogg"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [(b"MZ program", "image/jpeg"), (b"\0\1\2", "text/plain"), (JPEG, "application/x-msdownload")],
)
def test_what_is_not_what_it_says_is_not_kept(
    place: Place, speaker: Speaker, body: bytes, media_type: str
) -> None:
    assert speaker.fetch_media(media_of(place, body, media_type)) == NotSent(NOT_KEPT)


def test_a_file_that_is_gone_cannot_be_had(speaker: Speaker) -> None:
    gone = speaker.fetch_media("4711")
    assert isinstance(gone, NotSent)
    assert gone.code == 131052
    assert speaker.fetch_media("../me") == NotSent(FOREIGN_ADDRESS)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/media/1",
        "http://localhost:{port}/media/1",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{port}/media/1",
        "https://lookaside.fbsbx.com@127.0.0.1:{port}/media/1",
        "https://lookaside.fbsbx.com.example.com/media/1",
        "https://lookaside.fbsbx.com:8443/media/1",
        "http://lookaside.fbsbx.com/media/1",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/media/1",
        "https://",
        "",
    ],
)
def test_a_file_elsewhere_is_never_asked_for(
    scripted: "Scripted", elsewhere: "Scripted", address: str
) -> None:
    """S3: addresses to loopback, link-local and foreign hosts make no connection."""
    scripted.answers = [(200, place_told(address.format(port=elsewhere.port)))]
    with speaking(scripted.url) as speaker:
        assert speaker.fetch_media("1") == NotSent(FOREIGN_ADDRESS)
    assert (len(scripted.asked), elsewhere.asked) == (1, [])


def test_a_redirect_elsewhere_is_not_followed_and_one_within_is(
    scripted: "Scripted", elsewhere: "Scripted"
) -> None:
    scripted.answers = [
        (200, place_told(f"{scripted.url}/media/1")),
        (302, f"location: {elsewhere.url}/media/1".encode()),
        (200, place_told(f"{scripted.url}/media/1")),
        (302, b"location: /media/2"),
        (200, JPEG),
        (200, place_told(f"{scripted.url}/media/1")),
        *[(302, b"location: /media/2")] * 4,
    ]
    with speaking(scripted.url) as speaker:
        assert speaker.fetch_media("1") == NotSent(FOREIGN_ADDRESS)
        assert isinstance(speaker.fetch_media("1"), Fetched)
        assert speaker.fetch_media("1") == NotSent(FOREIGN_ADDRESS)
    assert elsewhere.asked == []


def test_a_file_that_is_larger_than_it_says_is_not_read_to_the_end(scripted: "Scripted") -> None:
    sticker = b"RIFF0000WEBP" + bytes(600 * 1024)
    told = place_told(f"{scripted.url}/media/1", mime_type="image/webp", file_size=100)
    scripted.answers = [(200, told), (200, sticker)]
    with speaking(scripted.url) as speaker:
        assert speaker.fetch_media("1") == NotSent(NOT_KEPT)


def test_a_file_that_arrives_damaged_may_be_had_later(scripted: "Scripted") -> None:
    told = place_told(f"{scripted.url}/media/1", sha256="0" * 64)
    scripted.answers = [(200, told), (200, JPEG), (200, told), (404, b"")]
    with speaking(scripted.url) as speaker:
        assert isinstance(speaker.fetch_media("1"), Unknown)
        assert isinstance(speaker.fetch_media("1"), Unknown)


def test_the_token_goes_to_metas_hosts_and_to_the_api_alone() -> None:
    meta, sandbox = "https://graph.facebook.com", "http://127.0.0.1:8700"
    assert is_trusted(httpx.URL("https://lookaside.fbsbx.com/whatsapp?mid=1"), meta)
    assert not is_trusted(httpx.URL("http://127.0.0.1:8700/media/1"), meta)
    assert is_trusted(httpx.URL("http://127.0.0.1:8700/media/1"), sandbox)
    assert not is_trusted(httpx.URL("http://127.0.0.1:8701/media/1"), sandbox)
    assert not is_trusted(httpx.URL("https://127.0.0.1:8700/media/1"), sandbox)


# -- the account ------------------------------------------------------------------------------------
def test_the_account_tells_its_token_numbers_and_apps(place: Place, speaker: Speaker) -> None:
    account = Account(speaker, settings_for(place.url))
    token = account.token()
    assert (token.is_valid, token.app_id) == (True, APP)
    assert "whatsapp_business_messaging" in token.scopes
    assert [each.id for each in account.numbers()] == [NUMBER]
    place.graph(f"/{WABA}/subscribed_apps", {})
    assert account.subscribed_apps() == [APP]
    account.subscribe()


def test_every_template_is_listed_however_many_pages_there_are(place: Place, speaker: Speaker) -> None:
    account = Account(speaker, settings_for(place.url))
    for number in range(130):
        account.submit(Draft(name=f"house_{number}", language="pt", category="UTILITY", body="All is well."))
    held = account.templates()
    assert {each.name for each in held} >= {f"house_{number}" for number in range(130)}
    assert {each.language for each in held if each.name.startswith("house_")} == {"pt"}


def test_a_template_is_handed_in_and_changed(place: Place, speaker: Speaker) -> None:
    account = Account(speaker, settings_for(place.url))
    link = Link(title="Open your page", base="https://stay.example.com/", example="w/abc#def")
    body = "Your page for {{1}} is ready for you to look at."
    draft = Draft(
        name="page", language="de", category="UTILITY", body=body, examples=("Casa",), link=link, lives=3600
    )
    made = account.submit(draft)
    assert made.state == "PENDING"
    changed = msgspec.structs.replace(draft, body=body.replace("ready", "there"))
    assert account.submit(changed, meta_id=made.id).id == made.id
    eventually(lambda: any(each.state == "APPROVED" for each in account.templates() if each.id == made.id))


def test_what_meta_refuses_and_an_outage_are_two_things(place: Place, speaker: Speaker) -> None:
    account = Account(speaker, settings_for(place.url, whatsapp_account_id="404"))
    with pytest.raises(MetaRefused) as refused:
        account.subscribed_apps()
    assert refused.value.code == 100
    place.fault("outage", seconds=5)
    with pytest.raises(Outage):
        account.numbers()


# -- a server that answers what it is told ----------------------------------------------------------
class Scripted:
    """Answers with what `answers` holds, first one first; a body `location: …` becomes that header."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                script.asked.append((self.path, self.rfile.read(int(self.headers["content-length"] or 0))))
                status, body = script.answers.pop(0)
                self.send_response(status)
                if body.startswith(b"location: "):
                    self.send_header("location", body.partition(b": ")[2].decode())
                    body = b""
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def elsewhere() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


class speaking:  # noqa: N801 - reads as a statement
    """A speaker for a while."""

    def __init__(self, url: str) -> None:
        self._speaker = Speaker(settings_for(url))

    def __enter__(self) -> Speaker:
        return self._speaker

    def __exit__(self, *_: object) -> None:
        self._speaker.close()


def place_told(url: str, *, mime_type: str = "image/jpeg", sha256: str = "", file_size: int = 0) -> bytes:
    told = {"url": url, "mime_type": mime_type, "sha256": sha256, "file_size": file_size, "id": "1"}
    return msgspec.json.encode(told)


# -- codes to sign in ------------------------------------------------------------------------------
def test_a_code_arrives_with_a_button_that_copies_it_in_words_of_metas_own(
    place: Place, speaker: Speaker
) -> None:
    draft = Draft(name="sign_in_code", language="en", category="AUTHENTICATION", body="", lives=600)
    place.approved(**whatsapp.template_body(draft))
    said = Template(name="sign_in_code", language="en", values=("004711",), code="an id")
    assert isinstance(speaker.send(said, to=GUEST, number_id=NUMBER, callback="c"), Sent)
    shown = place.last()["content"]["template"]
    assert shown["body"] == "*004711* is your verification code. For your security, do not share this code."
    assert shown["footer"] == "This code expires in 10 minutes."
    assert shown["buttons"] == [{"type": "OTP", "text": "Copy code", "code": "004711"}]


def test_a_code_without_its_digits_is_never_sent(place: Place, speaker: Speaker) -> None:
    said = Template(name="sign_in_code", language="en", code="an id")
    sent = speaker.send(said, to=GUEST, number_id=NUMBER, callback="c")
    assert isinstance(sent, NotSent)
    assert sent.code == CANNOT_BE_SAID
