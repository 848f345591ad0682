"""Conversations on the staff board over HTTP: what is read, written, noted, decided; what a file may do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import conversation, correspondence, duty, outbox, phrases, reception, tokens
from edge_api.app import create_app
from edge_api.holdings import Holdings
from edge_api.messages import Heard, MediaRef, Place, Sender
from guestlink import clock, contacts, houses, records
from guestlink.contacts import OptIn
from guestlink.database import Database
from guestlink.houses import HouseDraft
from guestlink.settings import Settings
from guestlink.storage import open_storage
from tests.house import AT, BY, NAME, TODAY, add_stay, make_home, opened

ANA = Sender(wa_id="447700900123", name="Ana")
STRANGER = Sender(wa_id="447700900177", name="Sam")
NUMBER = "100000000000001"
DAY = timedelta(days=1)
HOSTILE = "<img src=x onerror=alert(1)>\u202e gnp.exe \U0001f600" + "W" * 300
KEY = "a-key-of-the-board"


class Hall(NamedTuple):
    """A house where Ana has written; programs of it, and of the house next door."""

    settings: Settings
    database: Database
    client: TestClient[Litestar]
    tokens: dict[str, str]
    mira: str
    clock: list[datetime]

    def ask(self, method: str, path: str, *, who: str = "staff", **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **told.pop("headers", {})}
        return self.client.request(method, f"/api/house/{path}", headers=headers, **told)

    def hears(
        self, text: str = "Is there a piano?", *, wamid: str = "", sender: Sender = ANA, **fields: Any
    ) -> None:
        at, holdings = self.clock[0], Holdings(self.settings)
        wamid = wamid or f"wamid.{clock.new_id()}"
        told = {"kind": "text", "text": text, **fields}
        with self.database.write() as tx:
            heard = Heard(wamid=wamid, number_id=NUMBER, sender=sender, at=at, **told)
            reception.hear(tx, phrases.voice_of(holdings), heard, at=at)

    @property
    def talk(self) -> str:
        with self.database.read() as db:
            found = correspondence.find(db, Holdings(self.settings).ring, ANA, number_id=NUMBER)
        assert found
        return found.id

    def thread(self, **told: Any) -> dict[str, Any]:
        answer = self.ask("GET", f"conversations/{self.talk}", **told)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def writes(self, text: str, *, key: str = KEY, **told: Any) -> httpx.Response:
        return self.ask(
            "POST", f"conversations/{self.talk}/messages", json={"text": text, "key": key}, **told
        )


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    settings = make_home(tmp_path)
    opt_in = OptIn(at=AT, how="booking")
    add_stay(settings, "ANA", unit="room-1", arrives=TODAY - DAY, leaves=TODAY + 2 * DAY, opt_in=opt_in)
    database, ring = opened(settings)
    second = HouseDraft(slug="other-house", zone="Europe/London", currency="GBP", default_language="en")
    with database.write() as tx:
        other, mine = houses.add_property(tx, second, at=AT, by=BY), records.find_property(tx, "planted")
        told = {"role": "staff", "at": AT, "by": BY}
        mira = duty.add_staff(tx, ring, name="Mira", phone="+44 7700 900501", houses=[mine], **told)
        made = {
            who: tokens.make_token(tx, name=who, house=house, user_id=user, **told)
            for who, house, user in (("staff", mine, mira.id), ("other", other, ""))
        }
        told["role"] = "manager"
        made["manager"] = tokens.make_token(tx, name="manager", house=mine, user_id="", **told)
    now = [AT]
    with TestClient(create_app(settings, at=lambda: now[0])) as client:
        hall = Hall(settings, database, client, made, mira.id, now)
        hall.hears()
        yield hall
    database.close()


def test_a_conversation_is_listed_with_who_waits_and_read_whole(hall: Hall) -> None:
    for query in ("", "?waiting=true", "?property=planted"):
        (line,) = hall.ask("GET", f"conversations{query}").json()["conversations"]
        assert (line["who"]["name"], line["unit"], line["property"]) == (NAME, "Room-1", "planted")
        assert line["waiting_since"]
        assert (line["last"]["automatic"], line["waits_for"]["text"]) == (True, "Is there a piano?")
    thread = hall.thread()
    first = thread["messages"][0]
    assert (first["direction"], first["text"], first["automatic"]) == ("in", "Is there a piano?", False)
    assert [each["automatic"] for each in thread["messages"] if each["direction"] == "out"] == [True]
    assert thread["window"]["open_until"] == "2026-05-05T15:59:00Z"


def test_nobody_reads_or_writes_in_another_house(hall: Hall) -> None:
    assert hall.ask("GET", "conversations", who="other").json()["conversations"] == []
    message = hall.thread()["messages"][-1]["id"]
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/messages", {"text": "Yes", "key": KEY}),
        ("POST", "/notes", {"words": "Yes"}),
        ("PUT", "/assignment", {"to": hall.mira}),
        ("POST", "/typing", None),
        ("POST", f"/messages/{message}/retry", None),
    ):
        answer = hall.ask(method, f"conversations/{hall.talk}{path}", who="other", json=body)
        assert answer.status_code == 404, path
    assert hall.ask("GET", f"media/{message}", who="other").status_code == 404


def test_a_stranger_is_shown_to_managers_until_one_says_which_house_is_meant(hall: Hall) -> None:
    hall.hears("Do you have a garage?", sender=STRANGER)
    position = hall.ask("GET", "board").json()["position"]
    for query in ("", "?waiting=true"):
        for who in ("staff", "other"):
            lines = hall.ask("GET", f"conversations{query}", who=who).json()["conversations"]
            assert "Sam" not in [each["who"]["name"] for each in lines]
        line = hall.ask("GET", f"conversations{query}", who="manager").json()["conversations"][0]
        assert (line["who"]["name"], line["property"], line["who"]["contact_id"]) == ("Sam", "", None)
    assert hall.ask("GET", "board", who="manager").json()["conversations_waiting"] == 2
    path = f"conversations/{line['id']}"
    assert hall.ask("GET", path, who="manager").json()["messages"][0]["text"] == "Do you have a garage?"
    assert hall.ask("GET", path).status_code == 404
    answer = {"json": {"text": "Which house?", "key": KEY}}
    assert hall.ask("POST", f"{path}/messages", who="manager", **answer).status_code == 201
    hall.hears("The one by the quay", sender=STRANGER)
    given = {"json": {"property": "planted"}}
    assert hall.ask("PUT", f"{path}/house", who="staff", **given).status_code == 404
    other = {"json": {"property": "other-house"}}
    assert hall.ask("PUT", f"{path}/house", who="manager", **other).status_code == 404
    assert hall.ask("PUT", f"{path}/house", who="manager", **given).json()["property"] == "planted"
    assert hall.ask("PUT", f"{path}/house", who="manager", **given).status_code == 409
    told = hall.ask("GET", f"changes?since={position}").json()["conversations"]
    assert "Sam" in [each["who"]["name"] for each in told]
    assert hall.ask("GET", path, who="other").status_code == 404


def test_the_conversations_of_a_stay_are_those_of_its_guests(hall: Hall) -> None:
    stay = hall.thread()["stay_id"]
    for who, found in (("staff", [hall.talk]), ("other", [])):
        told = hall.ask("GET", f"conversations?stay={stay}", who=who).json()["conversations"]
        assert [each["id"] for each in told] == found
    assert hall.ask("GET", f"conversations?stay={clock.new_id()}").json()["conversations"] == []


def test_a_place_and_a_voice_are_told_as_such(hall: Hall) -> None:
    hall.hears("", kind="location", place=Place(latitude=50.1234, longitude=-4.5, name="The quay"))
    voice = MediaRef(id="901", media="audio", media_type="audio/ogg", name="a.ogg", is_voice=True)
    hall.hears("", kind="audio", media=voice)
    place, voice_line = [each for each in hall.thread()["messages"] if each["direction"] == "in"][-2:]
    assert (place["place"], place["text"]) == ({"latitude": 50.1234, "longitude": -4.5}, "The quay")
    assert (voice_line["media"]["is_voice"], voice_line["media"]["name"]) == (True, "a.ogg")


def test_a_reply_goes_out_once_for_each_key_and_ends_the_waiting(hall: Hall) -> None:
    answers = [hall.writes("Yes, in the hall.") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    said = [each for each in answers[1].json()["messages"] if each["text"] == "Yes, in the hall."]
    assert [(each["by"], each["automatic"], each["state"]) for each in said] == [("Mira", False, "waiting")]
    assert hall.ask("GET", "conversations?waiting=true").json()["conversations"] == []
    assert hall.writes("No.").status_code == 409
    assert hall.writes("  \u200b ", key="another-key").status_code == 422
    assert hall.writes("Yes", key="short").status_code == 400


def test_hostile_words_come_back_as_they_were_written_but_for_what_nobody_sees(hall: Hall) -> None:
    hall.hears(HOSTILE)
    assert HOSTILE in [each["text"] for each in hall.thread()["messages"]]
    assert hall.writes(HOSTILE).json()["messages"][-1]["text"] == HOSTILE.replace("\u202e", "")


def test_the_composer_says_what_may_be_written_now_and_why_not(hall: Hall) -> None:
    assert hall.thread()["composer"] == {
        "free_form": True,
        "template": None,
        "price": None,
        "currency": "",
        "why_not": "",
    }
    hall.clock[0] = AT + 2 * DAY
    closed = hall.thread()
    assert closed["window"] == {"open_until": None}
    assert closed["composer"]["why_not"] == conversation.NO_TEMPLATE
    german = hall.thread(headers={"Accept-Language": "de-AT,de;q=0.9"})["composer"]["why_not"]
    assert german not in {"", conversation.NO_TEMPLATE}
    with hall.database.write() as tx:
        tx.do("begin_template", name="house_writes", language="en", category="UTILITY", at=clock.as_text(AT))
        tx.do(
            "set_template_state",
            name="house_writes",
            language="en",
            state="APPROVED",
            reason="",
            meta_id="1",
            at=clock.as_text(AT),
        )
    announced = hall.thread()["composer"]
    assert (announced["free_form"], announced["why_not"]) == (False, "")
    assert announced["template"]["text"].startswith("There is a message from planted about your stay.")
    message = hall.writes("It is in the hall.").json()["messages"][-1]["id"]
    way = {"route": "template", "category": "utility", "price": None, "currency": ""}
    ended = {"state": "sent", "not_before": "", "route": "template", "code": 0, "reason": ""}
    with hall.database.write() as tx:
        tx.do_many("intend_to_send", [{"id": message, "leased_until": "", **way}])
        tx.do("end_sending", id=message, attempts=1, at=clock.as_text(hall.clock[0]), **ended)
    assert [each["announced"] for each in hall.thread()["messages"] if each["id"] == message] == [True]


def test_what_could_not_be_sent_is_shown_with_its_reason_and_decided(hall: Hall) -> None:
    message = hall.writes("Yes, in the hall.").json()["messages"][-1]["id"]
    path = f"conversations/{hall.talk}/messages/{message}"
    assert hall.ask("POST", f"{path}/retry").status_code == 409

    def bury() -> None:
        with hall.database.write() as tx:
            tx.do("bury_message", id=message, code=0, reason=outbox.TOO_LATE, at=clock.as_text(AT))

    bury()
    last = hall.thread()["messages"][-1]
    assert (last["state"], last["reason"]) == ("dead", outbox.TOO_LATE)
    assert hall.ask("GET", "conversations").json()["conversations"][0]["unsent"] == 1
    assert hall.ask("POST", f"{path}/retry").json()["messages"][-1]["state"] == "waiting"
    bury()
    assert hall.ask("POST", f"{path}/drop").json()["messages"][-1]["state"] == "dropped"
    assert hall.ask("POST", f"{path}/drop").status_code == 409


def test_notes_assignment_and_typing_are_for_the_house_alone(hall: Hall) -> None:
    told = hall.ask("POST", f"conversations/{hall.talk}/notes", json={"words": "Allergic to feathers."})
    assert [(each["by"], each["words"]) for each in told.json()["notes"]] == [
        ("Mira", "Allergic to feathers.")
    ]
    assert len(told.json()["messages"]) == len(hall.thread()["messages"])
    path = f"conversations/{hall.talk}/assignment"
    assert hall.ask("PUT", path, json={"to": hall.mira}).json()["assigned_to"] == hall.mira
    assert hall.ask("PUT", path, json={"to": clock.new_id()}).status_code == 422
    assert hall.ask("PUT", path, json={"to": ""}).json()["assigned_to"] == ""
    position = hall.ask("GET", "board").json()["position"]
    assert hall.ask("POST", f"conversations/{hall.talk}/typing").status_code == 204
    (typing,) = hall.ask("GET", f"changes?since={position}").json()["typing"]
    assert (typing["who"], typing["conversation_id"]) == ("Mira", hall.talk)
    hall.clock[0] = AT + timedelta(minutes=1)
    assert hall.thread()["typing"] == []


def test_old_messages_are_read_page_by_page(hall: Hall) -> None:
    for number in range(60):
        hall.hears(f"Word {number}")
    newest = hall.thread()
    older = hall.ask("GET", f"conversations/{hall.talk}?before={newest['next']}").json()
    texts = [each["text"] for page in (older, newest) for each in page["messages"]]
    assert [text for text in texts if text.startswith("Word")] == [f"Word {number}" for number in range(60)]
    assert older["next"] is None


def test_a_file_never_becomes_a_page_of_ours(hall: Hall) -> None:
    storage = open_storage(hall.settings.media_url, home=Path(hall.settings.home))
    for kind, media_type, shown in (
        ("image", "image/png", "inline"),
        ("document", "text/plain", "attachment"),
    ):
        media = MediaRef(id="900", media=kind, media_type=media_type, name="Ü.html")  # type: ignore[arg-type]
        hall.hears("", kind=kind, media=media)
        message = [each for each in hall.thread()["messages"] if each["direction"] == "in"][-1]
        assert message["media"]["state"] == "waiting"
        assert hall.ask("GET", f"media/{message['id']}").status_code == 404
        holdings = Holdings(hall.settings)
        with hall.database.write() as tx:
            talk = correspondence.load(tx, hall.talk)
            key = holdings.ring.column_key(talk.wrapped, talk.contact_id)
            body = key.seal_bytes(b"<script>alert(1)</script>", "media", "body", row=message["id"])
            storage.put(f"media/{message['id']}", body)
            kept = {"state": "kept", "path": f"media/{message['id']}", "size": 25, "attempts": 1}
            tx.do(
                "record_media",
                message_id=message["id"],
                media_type=media_type,
                not_before="",
                reason="",
                **kept,
            )
        answer = hall.ask("GET", f"media/{message['id']}")
        assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
        for wanted, status, body in (("0-7", 206, b"<script>"), ("-2", 206, b"t>"), ("99-", 416, b"")):
            part = hall.ask("GET", f"media/{message['id']}", headers={"Range": f"bytes={wanted}"})
            assert (part.status_code, part.content) == (status, body)
        assert answer.headers["content-type"].partition(";")[0] == media_type
        assert answer.headers["content-disposition"] == f"{shown}; filename*=UTF-8''%C3%9C.html"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_guests_and_stays_are_found_by_the_beginning_of_a_name_a_number_or_a_code(hall: Hall) -> None:
    stay = hall.thread()["stay"]
    with hall.database.read() as db:
        code = records.find_stay(db, stay).code
    for wanted in (
        "ana",
        "ANAPLA",
        "anaplanted test",
        "stone",
        "",
        "+44 7700 900123",
        "0123",
        stay,
        code.lower(),
        "room 1",
        "1",
    ):
        found = hall.ask("GET", "search", params={"q": wanted}).json()
        is_known = wanted not in {"stone", ""}
        assert [each["guest"] for each in found["stays"]] == [NAME] * is_known, wanted
        assert hall.ask("GET", "search", who="other", params={"q": wanted}).json()["stays"] == []
    for wanted in ("ana", "447700900123"):
        told = hall.ask("GET", "conversations", params={"q": wanted}).json()["conversations"]
        assert [each["id"] for each in told] == [hall.talk], wanted


def test_who_was_written_before_names_could_be_found_is_found_after_a_while(hall: Hall) -> None:
    ring = Holdings(hall.settings).ring
    with hall.database.write() as tx:
        told = {"kind": "name", "token": ring.blind("name", "ana"), "token_too": "", "most": 9}
        (row,) = tx.all("contacts_found", caller=_caller(tx, hall), **told)
        contact = contacts.load_contact(tx, str(row["id"]))
        tx.do("forget_tokens", contact_id=contact.id)
        assert contacts.index_names(tx, ring, most=9) == 1
        assert contacts.index_names(tx, ring, most=9) == 0
    assert len(hall.ask("GET", "search", params={"q": "Anapl"}).json()["stays"]) == 1


def _caller(db: Any, hall: Hall) -> str:
    found = tokens.find(db, hall.tokens["staff"], at=AT)
    assert found
    return found.id
