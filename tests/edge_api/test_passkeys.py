"""Passkeys: made by who is signed in, then enough alone; a copy, an old question, another page are not."""

import base64
import hashlib
import json
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from edge_api.sign_in import passkeys
from edge_api.sign_in.passkeys import Site
from guestlink.errors import Refused
from tests.edge_api.test_sign_in import Door, at_door, furnished

__all__ = ["at_door", "furnished"]  # fixtures
ORIGIN = "http://localhost:8099"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Telephone:
    """An authenticator in software: one P-256 key for one site, as the standard's section 6 says."""

    def __init__(
        self, *, origin: str = ORIGIN, host: str = "localhost", flags: int = PRESENT | VERIFIED
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(str(id(self.key)).encode()).digest()
        self.origin, self.host, self.flags = origin, host, flags
        self.counter = 0

    def made(self, options: dict[str, Any]) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        named = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(ATTESTED) + named
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = {
            "clientDataJSON": self._client("webauthn.create", options),
            "attestationObject": text(attestation),
        }
        return self._credential(told)

    def answers(self, options: dict[str, Any], *, whose: str = "") -> dict[str, Any]:
        self.counter += 1
        data, client = self._data(), self._client("webauthn.get", options)
        signed = data + hashlib.sha256(base64.urlsafe_b64decode(client + "===")).digest()
        signature = self.key.sign(signed, ec.ECDSA(SHA256()))
        told = {"clientDataJSON": client, "authenticatorData": text(data), "signature": text(signature)}
        return self._credential(told | {"userHandle": text(whose.encode())})

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = text(self.id)
        told = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}}
        return {"credential": told | {"response": response}}

    def _client(self, kind: str, options: dict[str, Any]) -> str:
        told = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return text(json.dumps(told).encode())

    def _data(self, more: int = 0) -> bytes:
        head = hashlib.sha256(self.host.encode()).digest()
        return head + bytes([self.flags | more]) + self.counter.to_bytes(4, "big")


def begun(door: Door, path: str) -> dict[str, Any]:
    answer = door.ask("POST", f"{path}/options")
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()["options"]
    return options


def registered(door: Door) -> Telephone:
    """Ivo has made a passkey and signed out."""
    door.enter()
    telephone = Telephone()
    made = door.ask("POST", "passkeys", json=telephone.made(begun(door, "passkeys")))
    assert made.status_code == 201, made.text
    assert door.ask("DELETE", "session").status_code == 204
    return telephone


def entered(door: Door, telephone: Telephone, options: dict[str, Any] | None = None) -> int:
    asked = options or begun(door, "session/passkey")
    return door.ask("POST", "session/passkey", json=telephone.answers(asked)).status_code


def test_a_passkey_alone_signs_in_and_says_nobodys_name_before(at_door: Door) -> None:
    telephone = registered(at_door)
    asked = begun(at_door, "session/passkey")
    assert (asked["rpId"], asked["allowCredentials"], asked["userVerification"]) == (
        "localhost",
        [],
        "required",
    )
    assert entered(at_door, telephone, asked) == 201
    told = at_door.ask("GET", "session").json()
    assert (told["user"]["name"], told["how"], told["passkeys"]) == ("Ivo", "passkey", 1)
    (listed,) = at_door.ask("GET", "passkeys").json()["passkeys"]
    assert listed["used_on"] == "2026-05-04"


def test_a_question_is_answered_once_and_soon(at_door: Door) -> None:
    telephone = registered(at_door)
    asked = begun(at_door, "session/passkey")
    assert [entered(at_door, telephone, asked) for _ in range(2)] == [201, 401]
    late = begun(at_door, "session/passkey")
    at_door.clock[0] += passkeys.LIFE
    assert entered(at_door, telephone, late) == 401


def test_a_question_for_one_person_makes_no_passkey_for_another_and_lets_nobody_in(at_door: Door) -> None:
    telephone = registered(at_door)
    at_door.enter("Ivo")
    asked = begun(at_door, "passkeys")
    assert entered(at_door, telephone, asked) == 401
    at_door.enter("Maren")
    assert at_door.ask("POST", "passkeys", json=Telephone().made(asked)).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://stay.example.org"},
        {"host": "stay.example.org"},
        {"flags": PRESENT},
    ],
    ids=["another page", "another site", "nobody made sure who it is"],
)
def test_what_does_not_hold_makes_no_passkey(at_door: Door, wrong: dict[str, Any]) -> None:
    at_door.enter()
    made = Telephone(**wrong).made(begun(at_door, "passkeys"))
    assert at_door.ask("POST", "passkeys", json=made).status_code == 409
    assert at_door.ask("GET", "passkeys").json() == {"passkeys": []}


def test_a_copy_of_a_passkey_is_found_out_by_its_counter(at_door: Door) -> None:
    telephone = registered(at_door)
    assert entered(at_door, telephone) == 201
    telephone.counter = 0
    assert entered(at_door, telephone) == 401


def test_an_answer_that_is_none_is_refused_in_words(at_door: Door) -> None:
    telephone = registered(at_door)
    good = telephone.answers(begun(at_door, "session/passkey"))
    name = good["credential"]["id"]
    for response in ({}, {"clientDataJSON": "e30"}, {"clientDataJSON": 5}, {"clientDataJSON": "/"}):
        body = {"credential": {"id": name, "response": response}}
        assert at_door.ask("POST", "session/passkey", json=body).status_code == 401, response
    for name, value in (("signature", "AAAA"), ("authenticatorData", "AAAA"), ("userHandle", None)):
        asked = telephone.answers(begun(at_door, "session/passkey"))
        asked["credential"]["response"][name] = value
        status = at_door.ask("POST", "session/passkey", json=asked).status_code
        assert status in ({201} if name == "userHandle" else {401}), name
    stranger = Telephone()
    assert entered(at_door, stranger) == 401


def test_one_forgets_ones_own_passkeys_alone(at_door: Door) -> None:
    telephone = registered(at_door)
    at_door.enter("Ivo")
    (mine,) = at_door.ask("GET", "passkeys").json()["passkeys"]
    at_door.enter("Maren")
    assert at_door.ask("DELETE", f"passkeys/{mine['id']}").status_code == 404
    at_door.enter("Ivo")
    assert at_door.ask("DELETE", f"passkeys/{mine['id']}").status_code == 204
    assert entered(at_door, telephone) == 401


def test_who_left_has_no_passkey(at_door: Door) -> None:
    telephone = registered(at_door)
    at_door.leaves("Ivo")
    assert entered(at_door, telephone) == 401


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "https://192.0.2.1", "http://stay.example.com"])
def test_passkeys_need_a_name_and_a_secure_page(origin: str) -> None:
    with pytest.raises(Refused, match="https or localhost"):
        _ = Site(origin=origin).host
    assert Site(origin="https://stay.example.com").host == "stay.example.com"
