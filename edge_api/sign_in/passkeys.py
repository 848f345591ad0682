"""Passkeys (https://www.w3.org/TR/webauthn-3/): made while somebody is signed in, then enough by
themselves. The only speaker of `webauthn`.

They belong to the host of `public_url`, so they work on https and on localhost. Nobody is named before the
browser has answered: it knows itself whose passkeys it has.
"""

import hashlib
import importlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from edge_api import team
from edge_api.rota import User
from edge_api.sign_in.shapes import PasskeyShown
from guestlink import clock, records
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound, Refused

LIFE: Final = timedelta(minutes=5)
NAME: Final = "Guest Link"
MOST: Final = 10  # of one person
BROKEN: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
Json = dict[str, Any]


@cache
def library() -> Any:
    """The library, imported when somebody really uses a passkey: the server need not wait a second for it."""
    return importlib.import_module("webauthn")


@cache
def _structs() -> Any:
    return importlib.import_module("webauthn.helpers.structs")


@cache
def _no_good() -> tuple[type[Exception], ...]:
    """What is raised over answers that do not hold, or are none."""
    errors = importlib.import_module("webauthn.helpers.exceptions")
    return (errors.WebAuthnException, Refused, msgspec.MsgspecError, *BROKEN)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """For whom passkeys are made: one origin, known by its host."""

    origin: str

    @property
    def host(self) -> str:
        host = urlsplit(self.origin).hostname or ""
        try:
            ip_address(host)
        except ValueError:
            if urlsplit(self.origin).scheme == "https" or host == "localhost":
                return host
        raise Refused(
            "Passkeys need https or localhost, and a name in the address.",
            hint="Set public_url to the address under which people open the site.",
        )


# -- making one --------------------------------------------------------------------------------------
def creation_options(tx: Writing, site: Site, user: User, *, name: str, at: datetime) -> Json:
    """What a browser makes a passkey with, for somebody who is signed in."""
    known = tx.all("passkeys_of_user", user_id=user.id)
    if len(known) >= MOST:
        raise Refused(f"There are {MOST} passkeys already.", hint="Take one away first.")
    webauthn, structs = library(), _structs()
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_id=user.id.encode(),
        user_name=name,
        user_display_name=name,
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(row["credential"]))
            for row in known
        ],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )
    return _begun(tx, options, user_id=user.id, at=at)


def create(tx: Writing, site: Site, user_id: str, credential: Json, *, at: datetime) -> PasskeyShown:
    """Keeps a new passkey; Refused for an answer that does not hold."""
    challenge = _spent(tx, credential, user_id=user_id, at=at)
    webauthn = library()
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        known = webauthn.helpers.bytes_to_base64url(made.credential_id)
    except _no_good():
        raise _refused() from None
    if tx.one("passkey_by_credential", credential=known):
        raise _refused()
    passkey_id = clock.new_id()
    tx.do(
        "add_passkey",
        id=passkey_id,
        user_id=user_id,
        credential=known,
        public_key=made.credential_public_key,
        counter=made.sign_count,
        at=clock.as_text(at),
    )
    team.tell(tx, user_id, "passkey-made", {"passkey": passkey_id}, at=at, by=user_id)
    return PasskeyShown(id=passkey_id, made_at=at, used_on=None)


# -- signing in by one -------------------------------------------------------------------------------
def request_options(tx: Writing, site: Site, *, at: datetime) -> Json:
    """What a browser signs in with, whoever sits there."""
    required = _structs().UserVerificationRequirement.REQUIRED
    options = library().generate_authentication_options(rp_id=site.host, user_verification=required)
    return _begun(tx, options, user_id=None, at=at)


def spend(tx: Writing, site: Site, credential: Json, *, at: datetime) -> User | None:
    """Whose passkey has answered; None alike for an unknown one, a wrong answer, an old question, a copy."""
    named = credential.get("id")
    row = tx.one("passkey_by_credential", credential=named) if isinstance(named, str) else None
    try:
        challenge = _spent(tx, credential, user_id=None, at=at)
        if row is None:
            return None
        proven = library().verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=bytes(row["public_key"]),
            credential_current_sign_count=int(row["counter"]),
            require_user_verification=True,
        )
    except _no_good():
        return None
    on = at.astimezone(UTC).date().isoformat()
    tx.do("use_passkey", id=row["id"], counter=proven.new_sign_count, on=on)
    user = team.load_user(tx, str(row["user_id"]))
    return user if team.houses_of(tx, user) else None


# -- what there is -----------------------------------------------------------------------------------
def of_user(db: Reading, user_id: str) -> list[PasskeyShown]:
    return records.shaped_all(db.all("passkeys_of_user", user_id=user_id), PasskeyShown)


def forget(tx: Writing, user_id: str, passkey_id: str, *, at: datetime) -> None:
    """Takes one of somebody's own away."""
    if not tx.do("forget_passkey", id=passkey_id, user_id=user_id):
        raise NotFound("There is no such passkey.")
    team.tell(tx, user_id, "passkey-forgotten", {"passkey": passkey_id}, at=at, by=user_id)


def forget_all(tx: Writing, user_id: str) -> None:
    """Whoever has somebody's telephone or shares their browser comes in by it no more."""
    tx.do("forget_passkeys", user_id=user_id)
    tx.do("forget_pins", user_id=user_id)


# -- questions -----------------------------------------------------------------------------------------
def _begun(tx: Writing, options: Any, *, user_id: str | None, at: datetime) -> Json:
    """Remembers the question of these options, as a hash, for five minutes."""
    told: Json = msgspec.json.decode(library().options_to_json(options))
    tx.do("sweep_challenges", at=clock.as_text(at))
    ends = clock.as_text(at + LIFE)
    tx.do("add_challenge", hash=_hashed(told["challenge"]), user_id=user_id, expires_at=ends)
    return told


def _spent(tx: Writing, credential: Json, *, user_id: str | None, at: datetime) -> bytes:
    """The question that this answers, which counts once; Refused for one that we have not asked this
    person.
    """
    asked = _challenge(credential)
    row = tx.one("challenge_that_counts", hash=_hashed(asked), at=clock.as_text(at))
    if row is None or row["user_id"] != user_id or not tx.do("spend_challenge", hash=_hashed(asked)):
        raise _refused()
    found: bytes = library().base64url_to_bytes(asked)
    return found


def _challenge(credential: Json) -> str:
    """Which question an answer says that it answers."""
    response = credential.get("response")
    data = response.get("clientDataJSON") if isinstance(response, Mapping) else None
    try:
        told = msgspec.json.decode(library().base64url_to_bytes(data))
        asked = told["challenge"]
    except _no_good():
        raise _refused() from None
    if not isinstance(asked, str):
        raise _refused()
    return asked


def _hashed(challenge: str) -> str:
    return hashlib.sha256(challenge.encode()).hexdigest()


def _refused() -> Refused:
    return Refused("This passkey cannot be used.", hint="Begin anew.")
