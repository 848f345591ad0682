"""The API is what its description says: every route and answer, who may what; and nothing makes it fail."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from edge_api import auth, front_desk, tokens
from edge_api.app import create_app
from edge_api.front_desk import Asked
from edge_api.pacing import Pace
from guestlink import clock, houses, links, records
from guestlink.houses import HouseDraft
from guestlink.settings import Settings
from tests.desk import offer_services, words
from tests.edge_api.conftest import answers
from tests.house import ROOT, add_stay, make_home, opened
from tests.services import free_port, running

DAY = timedelta(days=1)
ROLES: tuple[tokens.Role, ...] = ("trigger", "staff", "manager", "host")
VERBS = ("get", "post", "put", "patch", "delete")
EASED = """
import sys
from pathlib import Path
from edge_api import auth
from edge_api.app import serve
from edge_api.pacing import Pace
from guestlink.settings import load_settings
endless = Pace(burst=10**9, seconds=1e-6)
for name in ("WORKING", "GUESSING", "SPEAKING"):
    setattr(auth, name, endless)
serve(load_settings(Path(sys.argv[1])), "localhost", int(sys.argv[2]))
"""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "unsupported_method",
    "use_after_free",
    "ignored_auth",
)
OPERATIONS = {
    "health": "GET /api/health",
    "healthHead": "HEAD /api/health",
    "live": "GET /api/health/live",
    "liveHead": "HEAD /api/health/live",
    "ready": "GET /api/health/ready",
    "readyHead": "HEAD /api/health/ready",
    "metrics": "GET /api/metrics",
    "openapi": "GET /api/openapi.json",
    "ask": "POST /api/requests",
    "ownRequests": "GET /api/requests",
    "takeBack": "POST /api/requests/{request_id}/cancellation",
    "rateRequest": "PUT /api/requests/{request_id}/rating",
    "tellArrival": "PUT /api/arrival",
    "arrival": "GET /api/arrival",
    "rate": "PUT /api/rating",
    "rating": "GET /api/rating",
    "openPage": "POST /api/openings",
    "channels": "GET /api/guest/channels",
    "setChannel": "PUT /api/guest/channels/{channel}",
    "listRequests": "GET /api/house/requests",
    "askForGuest": "POST /api/house/requests",
    "getRequest": "GET /api/house/requests/{request_id}",
    "getHistory": "GET /api/house/requests/{request_id}/history",
    "postAcceptance": "POST /api/house/requests/{request_id}/acceptance",
    "postAssignment": "POST /api/house/requests/{request_id}/assignment",
    "postCancellation": "POST /api/house/requests/{request_id}/cancellation",
    "postCompletion": "POST /api/house/requests/{request_id}/completion",
    "postDecline": "POST /api/house/requests/{request_id}/decline",
    "postNotes": "POST /api/house/requests/{request_id}/notes",
    "postRelease": "POST /api/house/requests/{request_id}/release",
    "postReopening": "POST /api/house/requests/{request_id}/reopening",
    "listStays": "GET /api/house/stays",
    "addStay": "POST /api/house/stays",
    "getStay": "GET /api/house/stays/{stay_id}",
    "changeStay": "PATCH /api/house/stays/{stay_id}",
    "getLinks": "GET /api/house/stays/{stay_id}/links",
    "getStayCard": "GET /api/house/stays/{stay_id}/card",
    "beginConversation": "POST /api/house/stays/{stay_id}/conversations",
    "listAnswers": "GET /api/house/answers",
    "setReadiness": "PUT /api/house/stays/{stay_id}/readiness",
    "addCompanion": "POST /api/house/stays/{stay_id}/companions",
    "removeCompanion": "DELETE /api/house/stays/{stay_id}/companions/{contact_id}",
    "getContact": "GET /api/house/contacts/{contact_id}",
    "changeContact": "PATCH /api/house/contacts/{contact_id}",
    "listSecrets": "GET /api/house/properties/{slug}/secrets",
    "getSecretHistory": "GET /api/house/properties/{slug}/secrets/{secret}/history",
    "setSecretOfHouse": "PUT /api/house/properties/{slug}/secrets/{secret}",
    "setSecretOfUnit": "PUT /api/house/properties/{slug}/units/{unit}/secrets/{secret}",
    "setSecretOfStay": "PUT /api/house/stays/{stay_id}/secrets/{secret}",
    "listProperties": "GET /api/house/properties",
    "getProperty": "GET /api/house/properties/{slug}",
    "listPeople": "GET /api/house/people",
    "listServices": "GET /api/house/services",
    "listNotices": "GET /api/house/notices",
    "previewNotice": "POST /api/house/notices/{notice}/preview",
    "sendNotice": "POST /api/house/notices/{notice}/sendings",
    "getBoard": "GET /api/house/board",
    "getChanges": "GET /api/house/changes",
    "getLive": "GET /api/house/live",
    "putShiftNote": "PUT /api/house/shift-note",
    "listConversations": "GET /api/house/conversations",
    "getConversation": "GET /api/house/conversations/{conversation_id}",
    "writeToGuest": "POST /api/house/conversations/{conversation_id}/messages",
    "noteConversation": "POST /api/house/conversations/{conversation_id}/notes",
    "assignConversation": "PUT /api/house/conversations/{conversation_id}/assignment",
    "sayWhichHouse": "PUT /api/house/conversations/{conversation_id}/house",
    "typeReply": "POST /api/house/conversations/{conversation_id}/typing",
    "retryMessage": "POST /api/house/conversations/{conversation_id}/messages/{message_id}/retry",
    "dropMessage": "POST /api/house/conversations/{conversation_id}/messages/{message_id}/drop",
    "search": "GET /api/house/search",
    "getMedia": "GET /api/house/media/{message_id}",
    "askForRebuild": "POST /api/rebuilds",
    "watchRebuild": "GET /api/rebuilds/{rebuild_id}",
    "inviteToSignIn": "POST /api/house/people/{user_id}/sign-in-links",
    "listSessionsOf": "GET /api/house/people/{user_id}/sessions",
    "endSessionsOf": "DELETE /api/house/people/{user_id}/sessions",
    "askForCode": "POST /api/session/codes",
    "signIn": "POST /api/session",
    "getSession": "GET /api/session",
    "signOut": "DELETE /api/session",
    "listSessions": "GET /api/sessions",
    "endSession": "DELETE /api/sessions/{session_id}",
    "setPin": "PUT /api/session/pin",
    "forgetPin": "DELETE /api/session/pin",
    "switchPerson": "POST /api/session/switch",
    "passkeyOptions": "POST /api/passkeys/options",
    "addPasskey": "POST /api/passkeys",
    "listPasskeys": "GET /api/passkeys",
    "forgetPasskey": "DELETE /api/passkeys/{passkey_id}",
    "signInOptions": "POST /api/session/passkey/options",
    "signInByPasskey": "POST /api/session/passkey",
}
NOT_DESCRIBED = {"/", "/{path}", "/api", "/api/{rest}", "/api/guest/mail/{token}"}  # the last is for people
FOR_MANAGERS = {"addStay", "changeStay", "getLinks", "changeContact", "setSecretOfHouse", "setSecretOfStay"}
FOR_MANAGERS |= {
    "previewNotice",
    "sendNotice",
    "addCompanion",
    "removeCompanion",
    "holdMessage",
    "sendMessage",
}
FOR_PEOPLE = {"inviteToSignIn", "listSessionsOf", "endSessionsOf"}  # not for programs
FOR_MANAGERS |= FOR_PEOPLE
REFUSED = {"staff": FOR_MANAGERS}
FOR_TRIGGERS = {"askForRebuild", "watchRebuild"}


class House(NamedTuple):
    """Two houses; a guest is in the first. Tokens by role are for it alone; `page` is the guest's."""

    settings: Settings
    tokens: dict[str, str]
    known: dict[str, list[str]]


def make(home: Path) -> House:
    settings, now = make_home(home), clock.now()
    today = now.date()
    stay = add_stay(settings, "ANA", unit="room-1", arrives=today - DAY, leaves=today + 3 * DAY)
    database, ring = opened(settings)
    second = HouseDraft(slug="other-house", zone="Europe/London", currency="GBP", default_language="en")
    with database.write() as tx:
        house = records.find_property(tx, "planted")
        other = houses.add_property(tx, second, at=now, by="marta")
        offer_services(tx, house)
        made = {role: _token(tx, role, house) for role in ROLES}
        made["other"] = _token(tx, "host", other)
        (link,) = records.stay_links(tx, stay)
        asked = Asked(key="a-key-of-ana", note="soap")
        request = front_desk.ask(tx, ring, link.id, asked, at=now, words=words()).request
    database.close()
    made["page"] = links.page_token(ring, link, links.policy_end(stay.until_on))
    known = {
        "request_id": [request.id],
        "stay_id": [stay.id],
        "contact_id": [link.contact_id],
        "slug": ["planted"],
        "notice": ["water"],
        "channel": ["whatsapp", "email"],
        "unit": ["room-1"],
        "secret": ["door-code"],
        "property": ["planted"],
        "service": ["towels", "taxi", ""],
    }
    return House(settings, made, known)


def _token(tx: Any, role: tokens.Role, house: records.Property) -> str:
    name = f"{role} of {house.slug}"
    return tokens.make_token(tx, name=name, role=role, house=house, at=clock.now(), by="marta")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def app(house: House) -> Litestar:
    with pytest.MonkeyPatch.context() as eased:
        for name in ("WORKING", "GUESSING", "SPEAKING"):
            eased.setattr(auth, name, Pace(burst=10**9, seconds=1e-6))
        return create_app(house.settings)


@pytest.fixture(scope="module")
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient[Litestar]) -> dict[str, Any]:
    told: dict[str, Any] = client.get("/api/openapi.json").json()
    return told


def operations(document: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


# -- the description -------------------------------------------------------------------------------
def test_every_route_is_described_and_every_description_has_its_route(
    app: Litestar, document: dict[str, Any]
) -> None:
    served = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format.startswith("/api")
        for method in route.methods
        if method != "OPTIONS" and route.path_format not in NOT_DESCRIBED
    }
    described = {f"{method} {path}" for method, path, _ in operations(document).values()}
    assert described == served


def test_operations_keep_their_names(document: dict[str, Any]) -> None:
    told = {name: f"{method} {path}" for name, (method, path, _) in operations(document).items()}
    assert {name: told.get(name) for name in OPERATIONS} == OPERATIONS


def test_it_is_openapi_3_1_and_tells_of_both_kinds_of_tokens_and_the_cookie(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["components"]["securitySchemes"].keys() == {"page", "house", "session"}


def test_every_error_is_a_problem_and_every_operation_says_what_it_is_for(document: dict[str, Any]) -> None:
    for name, (_, _, operation) in operations(document).items():
        assert operation["summary"].endswith("."), name
        errors = [answer for code, answer in operation["responses"].items() if int(code) >= 400]
        assert errors, name
        for answer in errors:
            (schema,) = (media["schema"] for media in answer["content"].values())
            assert answer["content"].keys() == {"application/problem+json"}, name
            assert schema["$ref"].endswith("/Problem"), name


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    for name, (_, _, operation) in operations(document).items():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert media["schema"], name
            assert "examples" in media or "example" in media, name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= document["components"]["schemas"].keys()


# -- who may what ----------------------------------------------------------------------------------
def ask(client: httpx.Client, house: House, name: str, operation: tuple[str, str, Any], token: str) -> int:
    """One call with known ids and the example of its body."""
    method, path, told = operation
    for parameter, values in house.known.items():
        path = path.replace(f"{{{parameter}}}", values[0])
    path = re.sub(r"{(rebuild|conversation|message)_id}", "01a203df-e148-7c92-8119-6773653d612b", path)
    path += "?seconds=0" if name == "getLive" else ""  # it would go on
    headers = {"Idempotency-Key": f"a-key-for-{name}"} | (
        {"Authorization": f"Bearer {token}"} if token else {}
    )
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    sends = next((each["value"] for each in body.get("examples", {}).values()), None)
    return client.request(method, path, headers=headers, json=sends).status_code


@pytest.mark.parametrize("who", ["", "nonsense", *ROLES, "other", "page"])
def test_only_who_may_is_let_in(
    client: TestClient[Litestar], house: House, document: dict[str, Any], who: str
) -> None:
    """Every operation for everybody: 401 to strangers, 403 to a role that may not, 404 for another house."""
    token = house.tokens.get(who, "gl_" + "A" * 43 if who else "")
    for name, operation in operations(document).items():
        scheme = next((each for need in operation[2].get("security") or [] for each in need), "")
        status = ask(client, house, name, operation, token)
        assert status < 500, name
        if not scheme:
            continue
        if scheme == "session":
            assert status == 401, (name, status)
        elif scheme == "page":
            assert (status == 401) == (who != "page"), (name, status)
        elif name == "metrics":
            assert (status in {200, 403}) == (who in ROLES or who == "other"), (name, status)
        elif who in {"", "nonsense", "page"}:
            assert status == 401, (name, status)
        elif name in REFUSED.get(who, set()) | FOR_PEOPLE or (who == "trigger" and name not in FOR_TRIGGERS):
            assert status == 403, (name, status)
        elif who == "other" and "{" in operation[1]:
            assert status == 404, (name, status)
        else:
            assert status not in {401, 403}, (name, status)


# -- the documents ---------------------------------------------------------------------------------
def test_the_calls_in_the_operators_guide_are_answered_as_it_says(
    client: TestClient[Litestar], house: House
) -> None:
    block = re.search(
        r"<!-- run: api -->\n```sh\n(.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL
    )
    assert block
    (stay,), token = house.known["stay_id"], house.tokens["host"]
    body = {"stay_id": stay, "note": "a word of the guide"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "a-key-of-the-guide"}
    request = client.post("/api/house/requests", json=body, headers=headers).json()["id"]
    parser = argparse.ArgumentParser()
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-X")
    parser.add_argument("--json")
    parser.add_argument("url")
    lines = (
        Template(block[1])
        .substitute(TOKEN=token, STAY=stay, REQUEST=request, HOUSE="planted", UNIT="room-1")
        .splitlines()
    )
    for line in lines:
        called = parser.parse_args(shlex.split(line)[1:])
        kind = {"Content-Type": "application/json"} if called.json else {}
        answer = client.request(
            called.X or ("POST" if called.json else "GET"),
            called.url.removeprefix("https://stay.example.com"),
            headers=kind | dict(header.split(": ", 1) for header in called.H),
            content=called.json,
        )
        assert answer.status_code in {200, 201}, (line, answer.text)


# -- schemathesis ----------------------------------------------------------------------------------
class Served(NamedTuple):
    url: str
    house: House


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real process that never says 429, so that everything behind that answer is tried."""
    home = tmp_path_factory.mktemp("served")
    house, port = make(home), free_port()
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-c", EASED, str(home), str(port)]
    with running(list(command), home, answers=lambda: answers(port)):
        yield Served(f"http://localhost:{port}", house)


def schemathesis(served: Served, who: str, tag: str, *options: str) -> str:
    """Runs it over the operations of a tag; its report."""
    command = [Path(sys.executable).with_name("st"), "run", f"{served.url}/api/openapi.json"]
    command += ["--include-tag", tag, "--seed", "7", "--no-shrink", "--checks", ",".join(CHECKS)]
    command += ["--exclude-operation-id", "getLive"]  # it goes on for minutes
    command += ["--header", f"Authorization: Bearer {served.house.tokens[who]}", *options]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "SCHEMATHESIS_HOOKS": "st_hooks",
        "GUESTLINK_KNOWN": json.dumps(served.house.known),
    }
    done = subprocess.run(
        [*map(str, command)],
        cwd=served.house.settings.home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(("who", "tag"), [("host", "house"), ("page", "page"), ("manager", "health")])
def test_nothing_a_program_sends_makes_the_api_fail_or_answer_otherwise(
    served: Served, who: str, tag: str
) -> None:
    schemathesis(served, who, tag, "--max-examples", "2")


@pytest.mark.faults
@pytest.mark.parametrize(
    ("who", "tag"),
    [("host", "house"), ("staff", "house"), ("trigger", "house"), ("page", "page"), ("manager", "health")],
)
def test_nothing_makes_it_fail_for_minutes(served: Served, who: str, tag: str) -> None:
    schemathesis(served, who, tag, "--max-examples", "40", "--max-time", "120")
