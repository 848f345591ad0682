"""People of the house are told on their browsers, by a service that opens what it gets; on both engines."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edge_api import calls, duty, pushes, vapid
from edge_api.duty import User
from edge_api.push_courier import PushCourier
from edge_api.push_services import Parcel, PushServices, checked
from edge_api.pushes import Browser
from edge_api.sign_in import sessions
from edge_api.sign_in.browsers import Device
from edge_api.sign_in.sessions import Session
from guestlink.crypto import KeyRing, write_keys
from guestlink.errors import InvalidFields
from guestlink.settings import Settings
from tests.databases import Inn, Place, alone
from tests.desk import NOON
from tests.lobby import ANA, HANNE, JORY, MIRA, STRANGER, Lobby
from tests.push_service import KEY, PushService, push_service

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
WORDS = ("Ana", "Lindqvist", "447700900123", "heating", "Heating", "broken")
GOES_ON = """
import os
from edge_api.push_courier import PushCourier
from edge_api.push_services import PushServices
from guestlink import clock
from guestlink.crypto import read_keys
from guestlink.settings import Settings
from tests.desk import words
from edge_api.phrases import Voice

voice = Voice(ring=read_keys(Path(arguments[1])), words=words, templates=lambda *_, **__: None)
courier = PushCourier(place.open(), lambda: voice, PushServices(Settings(home=".", push_url=arguments[0])))
Path(arguments[3]).write_text(str(os.getpid()))
print(courier(clock.from_text(arguments[2])))
"""


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as there:
        yield there


class Told:
    """Mira and Jory on duty and Hanne, whose house it is; each signs in where she is told."""

    def __init__(self, inn: Inn, service: PushService) -> None:
        self.inn, self.service, self.lobby = inn, service, Lobby(inn)
        self.hanne = self.lobby.staff(HANNE, role="host")
        self.mira = self.lobby.staff(MIRA)
        self.jory = self.lobby.staff(JORY, language="de")
        self.stay = inn.add("ana")
        settings = Settings(home=".", push_url=service.url)
        self.courier = PushCourier(inn.database, lambda: self.lobby.voice, PushServices(settings))

    def at(self, user: User, browser: Browser, *, at: datetime = NOON) -> Session:
        """Somebody signs in at a browser, and lets it tell them."""
        device = Device(value="", token=browser.endpoint, browser="Chrome, Android")
        with self.inn.database.write() as tx:
            session = sessions.begin(tx, user, how="code", device=device, at=at)
            who = {"session_id": session.id, "user_id": user.id}
            pushes.listen(tx, self.inn.ring, browser, **who, at=at)
        return session

    def rings(self, at: datetime) -> None:
        with self.inn.database.write() as tx:
            calls.ring_due(tx, self.lobby.voice, at=at)
        self.courier(at)

    def standing(self) -> tuple[dict[str, int], int]:
        with self.inn.database.read() as db:
            found, browsers = pushes.standing(db)
        return {state: count for state, count in found.items() if count}, browsers


@pytest.fixture
def told(inn: Inn, service: PushService) -> Iterator[Told]:
    house = Told(inn, service)
    yield house
    house.courier.close()


# -- who is told, and of what ------------------------------------------------------------------------
def test_an_urgent_request_is_told_on_every_browser_of_who_is_next_without_a_word_of_the_guest(
    told: Told, service: PushService
) -> None:
    told.at(told.mira, service.browser("phone"))
    told.at(told.mira, service.browser("desk"))
    told.at(told.jory, service.browser("tablet"))
    told.lobby.says(ANA, "the heating is broken")
    told.courier(NOON + SECOND)
    assert sorted(push.to for push in service.pushes) == ["desk", "phone"]
    push = service.pushes[0]
    assert push.note["title"] == "Urgent: a new request, Room 1"
    assert (push.note["body"], push.note["urgent"]) == ("Harbour House", True)
    assert not any(word in json.dumps(push.note) for word in WORDS)
    assert (push.headers["urgency"], push.headers["ttl"]) == ("high", "1799")
    assert len(push.headers["topic"]) <= 32
    assert 0 < push.claims["exp"] - NOON.timestamp() <= 24 * 3600
    told.rings(NOON + 5 * MINUTE)
    assert service.titles("tablet") == ["Dringend, und noch hat es niemand: Room 1"]
    assert service.pushes[-1].note["about"] == push.note["about"]
    assert service.pushes[-1].headers["topic"] == push.headers["topic"]


def test_who_was_faster_spares_the_others_the_ring(told: Told, service: PushService) -> None:
    told.at(told.mira, service.browser("phone"))
    told.lobby.says(ANA, "late check-out please")
    told.lobby.taps(MIRA, "Accept")
    told.courier(NOON + SECOND)
    assert service.pushes == []
    assert told.standing() == ({"over": 1}, 1)


def test_a_guest_who_writes_line_after_line_rings_once_until_somebody_has_answered(
    told: Told, service: PushService
) -> None:
    told.at(told.mira, service.browser("phone"))

    def says(text: str, after: timedelta) -> None:
        told.lobby.says(ANA, text, at=NOON + after)
        told.courier(NOON + after)

    says("My key is in the lake", 0 * MINUTE)
    says("And the other one too", 1 * MINUTE)
    assert service.titles("phone") == ["Somebody writes: Room 1"]
    told.lobby.replies(MIRA, "the lake", "We bring you another one.", at=NOON + 2 * MINUTE)
    says("That one fell into the lake as well", 3 * MINUTE)
    assert service.titles("phone") == ["Somebody writes: Room 1"] * 2
    says("The lake has my shoes, too", 19 * MINUTE)
    assert service.titles("phone") == ["Somebody writes: Room 1"] * 3


def test_a_strangers_booking_word_names_no_room(told: Told, service: PushService) -> None:
    told.at(told.mira, service.browser("phone"))
    told.lobby.says(STRANGER, f"My booking word is {told.stay.code}.")
    assert told.lobby.buttons(MIRA) == ["Yes, the guest", "No"]
    told.courier(NOON + SECOND)
    assert service.titles("phone") == ["Somebody writes: Harbour House"]


# -- until when a browser listens --------------------------------------------------------------------
def leaves(told: Told, session: Session) -> None:
    with told.inn.database.write() as tx:
        duty.leave(tx, told.mira, at=NOON, by="test")


def signs_out(told: Told, session: Session) -> None:
    with told.inn.database.write() as tx:
        sessions.end(tx, session, at=NOON, by=session.user_id)


def is_signed_out(told: Told, session: Session) -> None:
    with told.inn.database.write() as tx:
        sessions.end_all(tx, session.user_id, at=NOON, by="host")


def somebody_else_signs_in(told: Told, session: Session) -> None:
    with told.inn.database.write() as tx:
        device = Device(value="", token=session.device, browser="")
        sessions.end_on(tx, device, at=NOON)


@pytest.mark.parametrize("over", [leaves, signs_out, is_signed_out, somebody_else_signs_in])
def test_a_browser_is_told_nothing_more_when_its_session_is_over(
    told: Told, service: PushService, over: Callable[[Told, Session], None]
) -> None:
    session = told.at(told.mira, service.browser("phone"))
    told.at(told.hanne, service.browser("hers"))
    told.lobby.says(ANA, "late check-out please")
    over(told, session)
    told.rings(NOON + SECOND)
    assert service.titles("phone") == []
    assert told.standing()[1] == 1


def test_a_session_that_ran_out_is_told_nothing_though_nobody_ended_it(
    told: Told, service: PushService
) -> None:
    told.at(told.mira, service.browser("phone"), at=NOON - sessions.IDLE)
    told.lobby.says(ANA, "late check-out please")
    told.courier(NOON + SECOND)
    assert service.pushes == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_listens_no_more_is_forgotten(told: Told, service: PushService, status: int) -> None:
    told.at(told.mira, service.browser("phone"))
    service.answers.append((status, {}))
    told.lobby.says(ANA, "late check-out please")
    told.courier(NOON + SECOND)
    assert told.standing() == ({}, 0)


def test_the_same_browser_listens_for_who_is_signed_in_there_now_and_the_eleventh_ends_the_first(
    told: Told, service: PushService
) -> None:
    shared = service.browser("shared")
    told.at(told.mira, shared)
    told.at(told.hanne, shared)
    with told.inn.database.read() as db:
        assert not pushes.sessions_told(db, told.mira.id, at=NOON)
    mine = [told.at(told.mira, service.browser(f"browser-{number}")).id for number in range(pushes.MOST + 1)]
    with told.inn.database.read() as db:
        assert pushes.sessions_told(db, told.mira.id, at=NOON) == set(mine[1:])


# -- what services say -------------------------------------------------------------------------------
def test_a_service_that_is_busy_is_asked_again_when_it_wants_to_be(told: Told, service: PushService) -> None:
    told.at(told.mira, service.browser("phone"))
    service.answers += [(429, {"Retry-After": "120"}), (503, {}), (500, {})]
    told.lobby.says(ANA, "late check-out please")
    tries = []
    for second in (1, 60, 119, 123, 126, 136, 159):
        told.courier(NOON + second * SECOND)
        tries.append(len(service.pushes))
    assert tries == [1, 1, 1, 2, 2, 3, 4]
    assert told.standing() == ({"sent": 1}, 1)


def test_what_could_not_be_told_in_time_is_not_told(told: Told, service: PushService) -> None:
    told.at(told.mira, service.browser("phone"))
    service.answers.append((503, {"Retry-After": "7200"}))
    told.lobby.says(ANA, "late check-out please")
    for minutes in (1, 59, 61, 130):
        told.courier(NOON + minutes * MINUTE)
    assert len(service.pushes) == 1
    assert told.standing()[0] == {"late": 1}


def test_a_refusal_is_not_argued_with_and_a_redirect_not_followed(told: Told, service: PushService) -> None:
    told.at(told.mira, service.browser("phone"))
    service.answers += [(400, {}), (307, {"Location": f"{service.url}/elsewhere"})]
    told.lobby.says(ANA, "late check-out please")
    told.courier(NOON + SECOND)
    told.lobby.says(ANA, "the heating is broken", at=NOON + 2 * SECOND)
    told.courier(NOON + 3 * SECOND)
    told.courier(NOON + 2 * MINUTE)
    assert [push.to for push in service.pushes] == ["phone", "phone"]
    assert told.standing() == ({"refused": 2}, 1)


def test_a_courier_that_dies_in_between_tells_it_at_most_once_more_in_the_place_of_the_first(
    told: Told, service: PushService, place: Place, tmp_path: Path
) -> None:
    told.at(told.mira, service.browser("phone"))
    told.lobby.says(ANA, "late check-out please")
    keys, pid = tmp_path / "ring.json", tmp_path / "pid"
    write_keys(keys, told.inn.ring.stored)

    def die() -> None:
        service.on_push = lambda: None
        os.kill(int(pid.read_text()), signal.SIGKILL)

    service.on_push = die
    words = (service.url, str(keys), "2026-11-07T12:00:01.000Z", str(pid))
    assert alone(GOES_ON, place, *words).code == -signal.SIGKILL
    told.courier(NOON + 30 * SECOND)
    assert len(service.pushes) == 1
    for seconds in (62, 130):
        told.courier(NOON + seconds * SECOND)
    assert len(service.pushes) == 2
    assert len({push.note["about"] for push in service.pushes}) == 1


# -- where it may lead -------------------------------------------------------------------------------
SPELLINGS = [
    "http://push.example.com/a",
    "https://localhost/a",
    "https://localhost./a",
    "https://127.0.0.1/a",
    "https://2130706433/a",
    "https://0x7f.1/a",
    "https://0177.0.0.1/a",
    "https://127.1/a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/a",
    "https://push.example.com:8443/a",
    "https://push.example.com:0/a",
    "https://ana@push.example.com/a",
    "https://push.example.com@127.0.0.1/a",
    "https://push.example.com\\@127.0.0.1/a",
    "https://127\u3002 0.0.1/a",
    "https://push.example.com/a\r\nHost: localhost",
    "https://intranet/a",
    "file:///etc/passwd",
    "//push.example.com/a",
    "https:///a",
    "https://push.example.com/" + "a" * 1000,
]


@pytest.mark.parametrize("endpoint", SPELLINGS)
def test_no_address_of_our_own_network_is_taken_in_whatever_spelling(endpoint: str) -> None:
    good = Browser(endpoint="https://push.example.com/a", p256dh=KEY, auth="BTBZMqHH6r4Tts7J_aSIgg")
    with pytest.raises(InvalidFields) as refused:
        checked(msgspec.structs.replace(good, endpoint=endpoint))
    assert [field for field, _ in refused.value.problems] == ["endpoint"]
    assert checked(good) == good


def test_what_is_no_key_of_a_browser_is_not_taken(service: PushService) -> None:
    good = service.browser("phone")
    off_the_curve = good.p256dh[:-4] + ("AAAA" if good.p256dh[-4:] != "AAAA" else "BBBB")
    for point, secret in (("", good.auth), (off_the_curve, good.auth), (good.p256dh, "c2hvcnQ"), ("é", "é")):
        with pytest.raises(InvalidFields):
            checked(Browser(endpoint=good.endpoint, p256dh=point, auth=secret), own=service.url)


def test_a_name_that_leads_into_our_own_network_is_not_asked(ring: KeyRing, service: PushService) -> None:
    local = service.browser("phone")
    stranger = Browser(endpoint="https://push.example.com/phone", p256dh=local.p256dh, auth=local.auth)
    parcel = Parcel(body=b"{}", seconds=60, urgent=False, topic="t")
    asked: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["203.0.114.1", "127.0.0.1"]

    services = PushServices(Settings(home="."), resolver=resolver)
    assert services.send(ring, stranger, parcel, at=NOON).became == "gone"
    assert services.send(ring, local, parcel, at=NOON).became == "gone"
    assert asked == [("push.example.com", 443)]
    assert service.pushes == []


def test_every_deployment_has_one_pair_of_keys_without_being_asked(ring: KeyRing) -> None:
    assert vapid.public_key(ring) == vapid.public_key(KeyRing(ring.stored))
    assert len(vapid.public_key(ring)) == 87
