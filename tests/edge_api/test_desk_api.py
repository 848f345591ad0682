"""What whoever stands at the desk reads over HTTP: all about one stay, answers ready to be sent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api import duty, tokens
from edge_api.app import create_app
from guestlink import catalogue, houses, journal, records
from guestlink.catalogue import Entry
from guestlink.contacts import OptIn, Person
from guestlink.houses import HouseDraft
from guestlink.records import Stay
from guestlink.settings import save_setting
from tests.databases import Place
from tests.desk import offer_services
from tests.house import AT, BY, NAME, PHONE, TODAY, add_stay, make_home, opened

DAY = timedelta(days=1)
TEXTS = {
    ("late", "en"): ("No late check-out", "Sorry, {guest}: {room} is taken from {check_out} on.", 20),
    ("late", "de"): ("Kein spätes Auschecken", "Leider, {guest}: bis {check_out}, {room}.", 20),
    ("hello", "en"): ("Hello", "Hello from {house}.", 10),
}


class Hall(NamedTuple):
    """A house where Ana, who reads German, stays; programs of it, and of the house next door."""

    client: TestClient[Litestar]
    stay: Stay
    tokens: dict[str, str]

    def ask(self, method: str, path: str, *, who: str = "staff", **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **told.pop("headers", {})}
        return self.client.request(method, f"/api/house/{path}", headers=headers, **told)

    def card(self, language: str = "en") -> dict[str, Any]:
        answer = self.ask("GET", f"stays/{self.stay.id}/card", headers={"Accept-Language": language})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def wish(self, key: str, **wish: Any) -> httpx.Response:
        body = {"stay_id": self.stay.id, **wish}
        return self.ask("POST", "requests", json=body, headers={"Idempotency-Key": key})

    def begin(self, contact_id: str, channel: str, *, language: str = "en", **told: Any) -> httpx.Response:
        body = {"contact_id": contact_id, "channel": channel}
        told["headers"] = {"Accept-Language": language}
        return self.ask("POST", f"stays/{self.stay.id}/conversations", json=body, **told)

    def answers(self, query: str, *, reader: str = "en", who: str = "staff") -> httpx.Response:
        return self.ask("GET", f"answers?{query}", who=who, headers={"Accept-Language": reader})


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    settings = make_home(tmp_path_factory.mktemp("desk"))
    opt_in = OptIn(at=AT, how="booking")
    stay = add_stay(
        settings, "ANA", unit="room-1", arrives=TODAY - DAY, leaves=TODAY + 2 * DAY, opt_in=opt_in
    )
    database, ring = opened(settings)
    second = HouseDraft(slug="other-house", zone="Europe/London", currency="GBP", default_language="en")
    with database.write() as tx:
        other, mine = houses.add_property(tx, second, at=AT, by=BY), records.find_property(tx, "planted")
        offer_services(tx, mine)
        _write_answers(tx, mine)
        told: dict[str, Any] = {"role": "staff", "at": AT, "by": BY}
        mira = duty.add_staff(tx, ring, name="Mira", phone="+44 7700 900501", houses=[mine], **told)
        made = {
            who: tokens.make_token(tx, name=who, house=house, user_id=user, **told)
            for who, house, user in (("staff", mine, mira.id), ("other", other, ""))
        }
        tx.do("mark_opened", id=records.stay_links(tx, stay)[0].id, opened_on=str(TODAY), codes_seen_on=None)
    with TestClient(create_app(settings, at=lambda: AT)) as client:
        yield Hall(client, stay, made)
    database.close()


def _write_answers(tx: Any, house: records.Property) -> None:
    """Beside what is there."""
    entries = catalogue.entries(tx, house)
    for (key, tag), (title, text, order) in TEXTS.items():
        told = {"key": key, "language": tag, "title": title, "text": text, "order": order}
        body = msgspec.json.encode({**told, "services": ["late-checkout"] if key == "late" else []})
        entries.append(Entry(language=tag, kind="answer", key=key, body=body.decode()))
    catalogue.remember(tx, house, entries)


# -- one stay ----------------------------------------------------------------------------------------------
def test_a_card_tells_the_stay_its_guests_and_whether_they_agreed_and_opened_their_page(hall: Hall) -> None:
    card = hall.card()
    (guest,) = card["guests"]
    assert (card["line"]["guest"], card["line"]["unit"], card["phase"]) == (NAME, "Room-1", "in_house")
    assert (guest["name"], guest["phone"], guest["opted_in_how"], guest["stopped"]) == (
        NAME,
        PHONE,
        "booking",
        [],
    )
    assert (guest["opened_page"], guest["codes_seen"]) == (str(TODAY), None)
    assert "link" not in str(card)


def test_a_card_offers_what_may_be_asked_for_now_in_the_words_of_whoever_reads_it(hall: Hall) -> None:
    english, german = hall.card()["services"], hall.card("de-AT, en;q=0.5")["services"]
    assert "lost-property" not in [each["key"] for each in english]
    towels = [next(each for each in found if each["key"] == "towels") for found in (english, german)]
    assert [each["title"] for each in towels] == ["Fresh towels", "Handtücher"]
    assert towels[1]["fields"][0]["label"] == "Wie viele"


def test_what_a_guest_said_on_the_phone_is_urgent_and_says_who_wrote_it_down(hall: Hall) -> None:
    wish = {"service": "towels", "fields": {"sets": "2", "kind": "Strand"}, "via": "phone", "urgent": True}
    made = hall.wish("a-key-of-the-phone", **wish)
    assert (made.status_code, made.json()["urgent"]) == (201, True)
    assert made.json()["said"] == [["How many", "2"], ["Which", "beach"]]
    first = hall.ask("GET", f"requests/{made.json()['id']}/history").json()["history"][0]
    assert (first["what"], first["who"], first["via"]) == ("asked", "Mira", "phone")
    assert [each["id"] for each in hall.card()["requests"]] == [made.json()["id"]]


def test_what_is_wrong_with_a_form_is_told_in_the_language_of_who_wrote_it(hall: Hall) -> None:
    body = {"stay_id": hall.stay.id, "service": "towels", "fields": {"sets": "9"}}
    headers = {"Idempotency-Key": "a-key-of-a-mistake", "Accept-Language": "de"}
    (error,) = hall.ask("POST", "requests", json=body, headers=headers).json()["errors"]
    assert (error["field"], error["message"]) == ("sets", "Bitte geben Sie eine Zahl von 1 bis 6 an.")


# -- a first word ------------------------------------------------------------------------------------------
def test_a_conversation_is_begun_once_where_a_channel_reaches_the_guest(place: Place) -> None:
    settings = make_home(place.home, database_url=place.url)
    settings = save_setting(settings, mail_url="smtp://localhost:1025", mail_from="house@example.com")
    told: dict[str, Any] = {"arrives": TODAY, "leaves": TODAY + DAY}
    ben = Person(name="Ben Holm", phone="+44 7700 900171", email="ben@example.com")
    cleo = Person(name="Cleo Holm", email="cleo@example.com")
    stays = [
        add_stay(settings, "BEN", unit="room-1", guest=ben, opt_in=OptIn(at=AT, how="booking"), **told),
        add_stay(settings, "CLEO", unit="room-2", guest=cleo, source="airbnb", **told),
    ]
    database, _ = opened(settings)
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        token = tokens.make_token(tx, name="board", role="staff", house=house, at=AT, by=BY)
    with TestClient(create_app(settings, at=lambda: AT)) as client:
        hall = Hall(client, stays[0], {"staff": token})
        (guest,) = hall.card()["guests"]
        assert guest["ways"] == [
            {"channel": "whatsapp", "why_not": "WhatsApp is not set up."},
            {"channel": "email", "why_not": ""},
        ]
        first, again = (hall.begin(guest["contact_id"], "email") for _ in range(2))
        assert (first.status_code, first.json()) == (200, again.json())
        thread = hall.ask("GET", f"conversations/{first.json()['id']}").json()
        assert (thread["stay_id"], thread["messages"]) == (stays[0].id, [])
        assert thread["composer"]["free_form"]
        refused = hall.begin(guest["contact_id"], "whatsapp", language="de")
        assert (refused.status_code, refused.json()["detail"]) == (409, "WhatsApp ist nicht eingerichtet.")
        other = hall._replace(stay=stays[1])
        assert other.begin(guest["contact_id"], "email").status_code == 404
        forbidden = other.begin(other.card()["guests"][0]["contact_id"], "email")
        assert (forbidden.status_code, "outside it" in forbidden.json()["detail"]) == (409, True)
        reply = {"text": "Good morning", "key": "a-key-of-the-board"}
        assert hall.ask("POST", f"conversations/{thread['id']}/messages", json=reply).status_code == 201
        assert hall.card()["guests"][0]["ways"] == []
    with database.read() as db:
        kinds = [event.kind for event in journal.load(db, f"stay:{stays[0].id}")]
    assert kinds.count("conversation-begun") == 1
    database.close()


# -- answers -----------------------------------------------------------------------------------------------
def test_answers_are_filled_in_the_language_of_the_guest_and_titled_in_that_of_who_picks(hall: Hall) -> None:
    hello, late = hall.answers(f"stay={hall.stay.id}&language=de").json()["answers"]
    assert (hello["title"], hello["language"], hello["open"]) == ("Hello", "en", [])
    assert (late["title"], late["language"]) == ("No late check-out", "de")
    assert late["text"] == f"Leider, {NAME}: bis 11:00, Room-1."
    assert late["services"] == ["late-checkout"]


def test_without_a_stay_an_answer_says_what_is_still_open(hall: Hall) -> None:
    hello, late = hall.answers("property=planted&language=en").json()["answers"]
    assert (hello["open"], late["open"]) == ([], ["guest", "room", "check_out"])
    assert "{guest}" in late["text"]


def test_nobody_reads_a_card_or_answers_of_another_house(hall: Hall) -> None:
    assert hall.ask("GET", f"stays/{hall.stay.id}/card", who="other").status_code == 404
    guest = hall.card()["guests"][0]["contact_id"]
    assert hall.begin(guest, "email", who="other").status_code == 404
    assert hall.answers(f"stay={hall.stay.id}", who="other").status_code == 404
    assert hall.answers("property=planted", who="other").status_code == 404
    assert hall.answers("", who="other").json() == {"answers": []}
