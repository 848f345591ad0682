"""Who may do what: every route for everybody, as the API describes itself. Only who may is answered 2xx.

A new route without a guard, or with another than it says, fails here. For each there is a control: who may is
really answered 2xx by the same call, so that no refusal comes from a call that is none.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import jwt
import pytest
from litestar.testing import TestClient

from edge_api import auth, correspondence, duty, front_desk, tokens
from edge_api.app import create_app
from edge_api.messages import Heard, Sender
from edge_api.pacing import Pace
from edge_api.sign_in import sessions, tickets
from edge_api.sign_in.browsers import Device
from edge_api.sign_in.sessions import Session
from edge_api.wishes import Asked
from guestlink import clock, links, records
from guestlink.database import Writing
from guestlink.records import Link
from guestlink.settings import Settings
from tests.contracts.test_api import FOR_MANAGERS, FOR_PEOPLE, FOR_TRIGGERS, House, make, operations
from tests.desk import words
from tests.house import add_stay, opened

DAY = timedelta(days=1)
COOKIE = "guestlink-staff"
RANKS: Final = ("trigger", "staff", "manager", "host")
OPEN: Final = {  # to everybody: nothing of anybody is told or changed
    *("health", "healthHead", "live", "liveHead", "ready", "readyHead", "openapi"),
    *("askForCode", "signIn", "signInOptions", "signInByPasskey"),
}
LATE: Final = {"getSession", "signOut"}  # a cookie that is over is enough, while its session counts
OF_REQUEST: Final = {"takeBack", "rateRequest"}  # of one guest
NEVER_ASKED: Final = {
    "getLive",
    "switchPerson",
}  # by who may: the one never ends, the other says no without a PIN
OWN: Final = {"endSession", "forgetPasskey"}  # of one person
UNTRIED: Final = {  # no call is good without much around it; whoever may is not refused, and that is seen
    "addPasskey": "an authenticator (tests/edge_api/test_passkeys.py)",
    "forgetPasskey": "a passkey (the same)",
    "switchPerson": "a PIN (tests/edge_api/test_sign_in.py)",
    "getLive": "it never ends",
    "getMedia": "a file",
    "retryMessage": "a message that could not be sent",
    "dropMessage": "the same",
    "holdMessage": "a planned message",
    "tellArrival": "a stay that has not begun at this hour (tests/edge_api/test_guests.py)",
    "sendMessage": "the same",
    "previewNotice": "a published notice",
    "sendNotice": "the same",
    "setChannel": "a number of the house",
    "rate": "a stay that is over",
    "removeCompanion": "a companion",
    "writeToGuest": "a number of the house",
    "sayWhichHouse": "a stranger of no house (tests/edge_api/test_conversations.py)",
    "beginConversation": "a channel that reaches a guest (tests/edge_api/test_desk_api.py)",
}
BEFORE: Final = {  # what has happened to the request of this call
    "postCompletion": ("acceptance",),
    "postReopening": ("acceptance", "completion"),
    "postRelease": ("acceptance",),
    "rateRequest": ("acceptance", "completion"),
}
Operation = tuple[str, str, dict[str, Any]]


class Person(NamedTuple):
    """Who asks, as the columns of the table call them: a guest, a program or a person, in which role of the
    house in question; no role: of another house.
    """

    kind: str
    headers: dict[str, str]
    role: str = ""


class Town:
    """A house with guests, programs and people, and another house."""

    def __init__(self, house: House, client: TestClient[Any]) -> None:
        self.settings: Settings = house.settings
        self.client, self.known = client, dict(house.known)
        self.database, self.ring = opened(house.settings)
        self.users: dict[str, str] = {}
        self.at = clock.now()
        stay = add_stay(
            self.settings, "TOMAS", unit="room-2", arrives=self.at.date() - DAY, leaves=self.at.date() + DAY
        )
        with self.database.write() as tx:
            self._hire(tx)
            (theirs,) = records.stay_links(tx, stay)
            (self.link,) = records.stay_links(tx, records.find_stay(tx, "ANA"))
            self.guests = {"this guest": house.tokens["page"], "another guest": self._page(theirs)}
            self.programs = {role: house.tokens[role] for role in RANKS} | {"": house.tokens["other"]}
            self.refused = self._refused_tokens(tx)
            self.known["conversation_id"] = [self._talk(tx)]
        self.known["message_id"] = self.known["message"] = ["01a203df-e148-7c92-8119-6773653d612b"]
        self.known["user_id"] = [self.users["staff"]]
        self.known["passkey_id"] = self.known["message_id"]

    def _hire(self, tx: Writing) -> None:
        here, there = records.find_property(tx, "planted"), records.find_property(tx, "other-house")
        told: dict[str, Any] = {"at": self.at, "by": "test"}
        duty.add_staff(tx, self.ring, name="Olga", role="host", houses=[here, there], **told)
        for role, houses in (
            ("staff", [here]),
            ("manager", [here]),
            ("host", [here]),
            ("elsewhere", [there]),
        ):
            kind: Any = "host" if role == "elsewhere" else role
            self.users[role] = duty.add_staff(tx, self.ring, name=role, role=kind, houses=houses, **told).id
        both = duty.add_staff(tx, self.ring, name="both", role="host", houses=[there], **told)
        duty.join(tx, here, both, role="staff", **told)
        self.users["both"] = both.id

    def _page(self, link: Link) -> str:
        return links.page_token(self.ring, link, links.policy_end((self.at + DAY).date()))

    def _refused_tokens(self, tx: Writing) -> dict[str, str]:
        house = records.find_property(tx, "planted")
        told: dict[str, Any] = {"role": "host", "house": house, "by": "test"}
        over: dict[str, Any] = {"at": self.at - 2 * DAY, "expires_at": self.at - DAY}
        made = {
            "revoked token": tokens.make_token(tx, name="revoked", at=self.at, **told),
            "expired token": tokens.make_token(tx, name="over", **over, **told),
            "nonsense": "gl_" + "A" * 43,
        }
        tokens.revoke(tx, "revoked", at=self.at, by="test")
        return made

    def _talk(self, tx: Writing) -> str:
        sender = Sender(wa_id="447700900123", name="Ana")
        talk = correspondence.open_with(tx, self.ring, sender, number_id="1", at=self.at)
        contact = records.contacts(tx, records.find_stay(tx, "ANA"))[0]
        talk = correspondence.bind(tx, self.ring, talk, contact=contact, stay_id=self.known["stay_id"][0])
        heard = Heard(wamid="wamid.1", number_id="1", sender=sender, at=self.at, kind="text", text="soap")
        correspondence.keep(tx, self.ring, talk, heard, by="", at=self.at)
        return talk.id

    # -- cookies -----------------------------------------------------------------------------------
    def session(self, who: str, *, at: datetime | None = None) -> Session:
        device = Device(value="", token=f"browser of {who}", browser="")
        with self.database.write() as tx:
            user = duty.load_user(tx, self.users[who])
            return sessions.begin(tx, user, how="code", device=device, at=at or self.at)

    def cookie(self, session: Session, *, at: datetime | None = None, **claims: Any) -> dict[str, str]:
        told = {"session_id": session.id, "user_id": session.user_id, "issuer": self.settings.public_url}
        text = tickets.make(self.ring, at=at or self.at, **told)
        if claims:
            key, algorithm = claims.pop("key", tickets._key(self.ring)), claims.pop("algorithm", "HS256")
            read = jwt.decode(text, options={"verify_signature": False})
            text = jwt.encode(read | claims, key, algorithm=algorithm)
        return {"Cookie": f"{COOKIE}={text}", "Sec-Fetch-Site": "same-origin"}

    def person(self, who: str) -> Person:
        """With a session that has just begun, since some calls end it."""
        role = {"elsewhere": "", "both": "staff"}.get(who, who)
        return Person("person", self.cookie(self.session(who)), role)

    def strangers(self) -> dict[str, Person]:
        """Who is let in nowhere, or hardly anywhere."""
        staff, host = self.session("staff"), self.session("host")
        ended, old = self.session("host"), self.session("host", at=self.at - 8 * DAY)
        key = tickets._key(self.ring)
        with self.database.write() as tx:
            sessions.end(tx, ended, at=self.at, by="test")
            gone = duty.add_staff(
                tx,
                self.ring,
                name=f"gone at {clock.new_id()}",
                role="host",
                at=self.at,
                by="test",
                houses=[records.find_property(tx, "planted")],
            )
        self.users["gone"] = gone.id
        left = self.session("gone")
        with self.database.write() as tx:
            duty.leave(tx, gone, at=self.at, by="test")
        cookies = {
            "ended session": self.cookie(ended),
            "session that is over": self.cookie(old),
            "somebody who left": self.cookie(left),
            "wrong algorithm": self.cookie(host, key=key * 2, algorithm="HS512", iat=0),
            "no algorithm": self.cookie(host, key="", algorithm="none"),
            "wrong key": self.cookie(host, key=bytes(32), aud="staff"),
            "wrong audience": self.cookie(host, aud="guest"),
            "somebody else's session": self.cookie(host, sub=staff.user_id),
            "another site's page": self.cookie(host) | {"Sec-Fetch-Site": "cross-site"},
        }
        found = {name: Person("stranger", headers) for name, headers in cookies.items()}
        found |= {name: Person("stranger", bearer(text)) for name, text in self.refused.items()}
        found["cookie that is over"] = Person("late", self.cookie(host, at=self.at - timedelta(minutes=16)))
        return found | {"nobody": Person("stranger", {})}

    # -- calls -------------------------------------------------------------------------------------
    def request(self, name: str) -> str:
        """A request of Ana's as this call needs it."""
        asked = Asked(key=clock.new_id(), note="soap")
        with self.database.write() as tx:
            made = front_desk.ask(tx, self.ring, self.link.id, asked, at=clock.now(), words=words()).request
        for verb in BEFORE.get(name, ()):
            path = f"/api/house/requests/{made.id}/{verb}"
            assert self.client.post(path, headers=bearer(self.programs["host"]), json={}).is_success
        return made.id

    def prepared(self, name: str, operation: Operation) -> Callable[[Person], Any]:
        """The call of an operation with ids of what is there."""
        method, path, told = operation
        known = dict(self.known)
        if "{request_id}" in path:
            known["request_id"] = [self.request(name)]
        if "{session_id}" in path:
            known["session_id"] = [self.session("staff").id]
        if "{rebuild_id}" in path:
            asked = self.client.post(
                "/api/rebuilds",
                headers=bearer(self.programs["host"]),
                json={"source": "files", "why": "a test"},
            )
            known["rebuild_id"] = [asked.json()["rebuilds"][0]["id"]]
        for parameter, values in known.items():
            path = path.replace(f"{{{parameter}}}", values[0])
        assert "{" not in path, path
        media = told.get("requestBody", {}).get("content", {}).get("application/json", {})
        body = next((each["value"] for each in media.get("examples", {}).values()), None)
        if body is not None:
            body = self.meant(name, dict(body))

        def call(person: Person) -> Any:
            headers = {"Idempotency-Key": clock.new_id()} | person.headers
            self.client.cookies.clear()
            return self.client.request(method, path, headers=headers, json=body)

        return call

    def meant(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        ids = {"stay_id": self.known["stay_id"][0], "property": "planted", "to": self.users["staff"]}
        if name in BEFORE or name.startswith("post"):
            body.pop("version", None)
        return {key: ids.get(key, value) for key, value in body.items()}


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    house = make(tmp_path_factory.mktemp("town"))
    with pytest.MonkeyPatch.context() as eased:
        for name in ("WORKING", "GUESSING", "SPEAKING"):
            eased.setattr(auth, name, Pace(burst=10**9, seconds=1e-6))
        endless = dict.fromkeys(front_desk.LIMIT._fields, 10**9)
        eased.setattr(front_desk, "LIMIT", front_desk.LIMIT._replace(**endless))
        with TestClient(create_app(house.settings)) as client:
            found = Town(house, client)
            yield found
            found.database.close()


@pytest.fixture(scope="module")
def described(town: Town) -> dict[str, Operation]:
    return operations(town.client.get("/api/openapi.json").json())


def scheme_of(operation: Operation) -> set[str]:
    return {each for need in operation[2].get("security") or [] for each in need}


def may(name: str, operation: Operation, person: Person, *, names_house: bool) -> bool:
    """Whether somebody may be answered 2xx. `names_house`: the call is about something of this house."""
    schemes = scheme_of(operation)
    if person.kind == "late":
        return name in LATE
    if "page" in schemes:
        return person.kind == "this guest" or (person.kind == "another guest" and name not in OF_REQUEST)
    if schemes == {"session"}:
        return person.kind == "person" and (name not in OWN or person.role == "staff")
    if person.kind not in {"program", "person"} or (person.kind == "program" and name in FOR_PEOPLE):
        return False
    if not person.role:
        return not names_house
    least = "manager" if name in FOR_MANAGERS or name == "metrics" else "staff"
    return RANKS.index(person.role) >= RANKS.index("trigger" if name in FOR_TRIGGERS else least)


def everybody(town: Town) -> dict[str, Person]:
    guests = {name: Person(name, bearer(text)) for name, text in town.guests.items()}
    programs = {
        f"program, {role or 'elsewhere'}": Person("program", bearer(text), role)
        for role, text in town.programs.items()
    }
    return guests | programs | town.strangers()


def test_what_is_open_to_everybody_is_known(described: dict[str, Operation]) -> None:
    assert {name for name, operation in described.items() if not scheme_of(operation)} == OPEN


def test_only_who_may_is_answered(town: Town, described: dict[str, Operation]) -> None:
    wrong, cells = mistakes(town, described)
    assert not wrong, "\n".join(map(str, wrong))
    assert cells > 1000


def test_a_role_that_nobody_asks_for_would_be_found(
    town: Town, described: dict[str, Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"setSecretOfHouse": described["setSecretOfHouse"]}
    monkeypatch.setattr(auth.Caller, "acting_as", lambda caller, _: caller)
    assert [who for _, who, _ in mistakes(town, one)[0]] == ["person, both"]
    monkeypatch.setattr(auth.Caller, "may", lambda *_: True)
    found = {who for _, who, _ in mistakes(town, one)[0]}
    assert found == {"person, both", "person, staff", "program, staff", "program, trigger"}


def mistakes(town: Town, described: dict[str, Operation]) -> tuple[list[tuple[str, str, object]], int]:
    """Answers that should not be, by operation and who asked; how many calls there were."""
    columns, cells = everybody(town), 0
    wrong: list[tuple[str, str, object]] = []
    for name, operation in described.items():
        if name in OPEN:
            continue
        call = town.prepared(name, operation)
        people = columns | {f"person, {who}": town.person(who) for who in town.users if who != "gone"}
        body = str(town.meant(name, _example(operation)))
        names_house = "{" in operation[1] or "planted" in body or town.known["stay_id"][0] in body
        allowed = {who for who, each in people.items() if may(name, operation, each, names_house=names_house)}
        if name == "metrics":  # of no house: a host of any may
            allowed |= {"person, both"}
        for who in sorted(people.keys() - allowed):
            status = call(people[who]).status_code
            is_unknown = people[who].kind in {"stranger", "late"}
            if status != 401 if is_unknown else status < 400 or status >= 500:
                wrong.append((name, who, status))
        answers = {who: call(people[who]) for who in sorted(allowed, key=_order) if name not in NEVER_ASKED}
        for who, answer in answers.items():
            if answer.status_code in {401, 403}:
                wrong.append((name, who, answer.status_code))
            if "elsewhere" in who and town.known["stay_id"][0] in answer.text:
                wrong.append((name, who, "is told of a stay"))
        if name not in UNTRIED and not any(each.is_success for each in answers.values()):
            wrong.append((name, "control", [each.status_code for each in answers.values()]))
        cells += len(people) - len(allowed) + len(answers)
    return wrong, cells


def _order(who: str) -> tuple[bool, str]:
    """Who belongs here first: what they do once cannot be done again."""
    return "elsewhere" in who, who


def _example(operation: Operation) -> dict[str, Any]:
    media = operation[2].get("requestBody", {}).get("content", {}).get("application/json", {})
    return dict(next((each["value"] for each in media.get("examples", {}).values()), None) or {})
