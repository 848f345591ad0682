"""Walks the way of a message from the settings to Meta and back, and names the first step that does not hold.

Each step says what holds, or what is missing and where in Meta's pages it is mended.
"""

import hmac
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import msgspec

from edge_api import templates
from edge_api.account import WEBHOOK_FIELDS, Account, MetaRefused
from edge_api.codes import action_of, words_of
from edge_api.messages import Sender, Text
from edge_api.meta_hosts import META
from edge_api.outcomes import NotSent, Unknown
from edge_api.whatsapp import Speaker
from guestlink import clock
from guestlink.contacts import phone_digits
from guestlink.crypto import KeyRing
from guestlink.database import Database
from guestlink.errors import GuestLinkError, InvalidInput, NotAllowed, Outage, Refused, SettingsError
from guestlink.settings import Settings

WEBHOOK: Final = "/api/webhooks/whatsapp"
RIGHTS: Final = ("whatsapp_business_messaging", "whatsapp_business_management")
SECONDS: Final = 15.0
STATUS_SECONDS: Final = 30.0
SOON: Final = timedelta(days=14)
CHALLENGE: Final = "1158201444"
NOTHING: Final = b'{"object":"whatsapp_business_account","entry":[]}'
HELLO: Final = "This is a test message from Guest Link."
NEEDED: Final = {
    "whatsapp_token": "Business settings > System users > Generate token makes one.",
    "whatsapp_number_id": "App dashboard > WhatsApp > API Setup shows the phone number ID.",
    "whatsapp_account_id": "App dashboard > WhatsApp > API Setup shows the WhatsApp Business Account ID.",
    "whatsapp_app_id": "App dashboard > App settings > Basic shows the app ID.",
    "whatsapp_app_secrets": "App dashboard > App settings > Basic shows the app secret.",
    "whatsapp_verify_token": "Think of a long word; Meta is told the same one.",
}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `text` is what holds, or what is missing with its mend."""

    name: str
    holds: bool
    text: str
    exit_code: int = 0


class Wire(msgspec.Struct, kw_only=True):
    """What the walk works with. `mends` lets it set up the webhook; `to` is who gets a test message."""

    settings: Settings
    database: Database
    ring: KeyRing
    templates: templates.Templates
    mends: bool = False
    to: str = ""
    speaker: Speaker | None = None
    app_id: str = ""

    @property
    def voice(self) -> Speaker:
        if self.speaker is None:
            self.speaker = Speaker(self.settings)
        return self.speaker

    @property
    def account(self) -> Account:
        return Account(self.voice, self.settings)

    @property
    def url(self) -> str:
        return self.settings.public_url + WEBHOOK


def walk(wire: Wire) -> Iterator[Step]:
    """The steps in order, ending with the first that does not hold."""
    steps: list[tuple[str, Callable[[Wire], str]]] = [
        ("settings", _settings),
        ("token", _token),
        ("number", _number),
        ("answers", _answers),
        ("signature", _signature),
        ("webhook", _webhook),
        ("subscription", _subscription),
        ("templates", _templates),
    ]
    if wire.to:
        steps.append(("message", _message))
    try:
        for name, step in steps:
            try:
                yield Step(name=name, holds=True, text=step(wire))
            except GuestLinkError as error:
                yield Step(name=name, holds=False, text=str(error), exit_code=error.exit_code)
                return
    finally:
        if wire.speaker is not None:
            wire.speaker.close()


def _settings(wire: Wire) -> str:
    settings = wire.settings
    for name, where in NEEDED.items():
        if not getattr(settings, name):
            raise SettingsError(f"The setting {name} is empty.", setting=name, hint=where)
    is_metas = settings.whatsapp_url == META
    if is_metas and not settings.public_url.startswith("https://"):
        told = f"Meta posts webhooks to https addresses only; public_url is {settings.public_url}."
        raise SettingsError(told, setting="public_url", hint="Set it to what guests' links begin with.")
    return f"messages go to {'Meta' if is_metas else settings.whatsapp_url}"


def _token(wire: Wire) -> str:
    again = "Make one: Business settings > System users > Generate token, expiry “Never”, both rights."
    try:
        token = wire.account.token()
    except MetaRefused as error:
        raise NotAllowed(f"Meta does not take the access token. {error.message}", hint=again) from None
    if not token.is_valid:
        raise NotAllowed("The access token is not valid any more.", hint=again)
    missing = [right for right in RIGHTS if right not in token.scopes]
    if missing:
        raise NotAllowed(f"The access token lacks {' and '.join(missing)}.", hint=again)
    wire.app_id = wire.settings.whatsapp_app_id
    if token.app_id and token.app_id != wire.app_id:
        told = f"The access token belongs to app {token.app_id}, whatsapp_app_id is {wire.app_id}."
        raise SettingsError(told, setting="whatsapp_app_id", hint="Use a token of that app, or its id.")
    if not token.expires_at:
        return "valid, without an end"
    end = datetime.fromtimestamp(token.expires_at, UTC)
    warning = " Replace it by one of a system user." if end < clock.now() + SOON else ""
    return f"valid until {end:%Y-%m-%d}.{warning}"


def _number(wire: Wire) -> str:
    wanted = wire.settings.whatsapp_number_id
    numbers = wire.account.numbers()
    found = next((each for each in numbers if each.id == wanted), None)
    if found is None:
        known = ", ".join(f"{each.id} ({each.display_phone_number})" for each in numbers) or "none"
        told = f"The account has no number with the id {wanted}. It has: {known}."
        raise SettingsError(told, setting="whatsapp_number_id", hint=NEEDED["whatsapp_number_id"])
    quality = f", quality {found.quality_rating.lower()}" if found.quality_rating else ""
    return f"{found.display_phone_number} “{found.verified_name}”{quality}"


def _answers(wire: Wire) -> str:
    asked = {
        "hub.mode": "subscribe",
        "hub.verify_token": wire.settings.whatsapp_verify_token,
        "hub.challenge": CHALLENGE,
    }
    answer = _fetched(wire, "GET", params=asked)
    if answer.status_code == httpx.codes.FORBIDDEN:
        raise Refused(
            f"{wire.url} does not know whatsapp_verify_token.",
            hint="Restart `publish.py serve`: it was started with other settings.",
        )
    if answer.status_code != httpx.codes.OK or answer.text != CHALLENGE:
        told = f"{wire.url} answers {answer.status_code} and not with the challenge."
        raise Refused(told, hint="Let the proxy or CDN pass /api/ to `publish.py serve`, query included.")
    return f"{wire.url} repeats the challenge"


def _signature(wire: Wire) -> str:
    for secret in wire.settings.app_secrets:
        signature = "sha256=" + hmac.digest(secret.encode(), NOTHING, "sha256").hex()
        status = _posted(wire, signature)
        if status != httpx.codes.OK:
            told = f"{wire.url} answers {status} to a signed webhook."
            raise Refused(told, hint="Restart `publish.py serve`: it was started with another app secret.")
    if _posted(wire, "sha256=" + "0" * 64) == httpx.codes.OK:
        told = f"{wire.url} takes webhooks that nobody signed."
        raise Refused(told, hint="Something else than `publish.py serve` answers there.")
    return "signed webhooks are taken, others are not"


def _webhook(wire: Wire) -> str:
    secret = wire.settings.app_secrets[0]
    try:
        url, fields = wire.account.webhook(wire.app_id, secret)
    except MetaRefused as error:
        told = f"Meta does not take the app secret. {error.message}"
        where = NEEDED["whatsapp_app_secrets"]
        raise SettingsError(told, setting="whatsapp_app_secrets", hint=where) from None
    missing = [field for field in WEBHOOK_FIELDS if field not in fields]
    if url == wire.url and not missing:
        return "Meta posts to it"
    if wire.mends:
        token = wire.settings.whatsapp_verify_token
        wire.account.set_webhook(wire.app_id, secret, url=wire.url, verify_token=token)
        return "Meta posts to it from now on"
    if url == wire.url and "messages" in fields:
        return f"Meta posts to it, but not {', '.join(missing)}: `publish.py whatsapp check --subscribe`"
    told = f"Meta posts webhooks to {url}." if url and url != wire.url else "Meta posts no messages here."
    where = "`publish.py whatsapp check --subscribe` sets it, or App dashboard > WhatsApp > Configuration."
    raise Refused(told, hint=where)


def _subscription(wire: Wire) -> str:
    if wire.app_id in wire.account.subscribed_apps():
        return "the app gets the account's webhooks"
    if not wire.mends:
        told = "The app is not subscribed to the WhatsApp Business Account, so no message arrives."
        raise Refused(told, hint="`publish.py whatsapp check --subscribe` does that.")
    wire.account.subscribe()
    return "the app gets the account's webhooks from now on"


def _templates(wire: Wire) -> str:
    with wire.database.read() as db:
        languages = templates.languages_in_use(db)
    there = {(each.name, each.language): each for each in wire.account.templates()}
    states: dict[str, list[str]] = {}
    for name in wire.templates.forms:
        for language in languages:
            found = there.get((name, language))
            states.setdefault(found.state if found else "", []).append(f"{name} ({language})")
    approved, waiting = states.pop("APPROVED", []), states.pop("PENDING", [])
    if states:
        first = next(iter(states.values()))[0]
        told = f"{sum(map(len, states.values()))} message templates cannot be used, such as {first}."
        raise Refused(
            told, hint="`publish.py templates` lists them, `publish.py templates submit` hands them in."
        )
    if waiting:
        told = f"{len(waiting)} message templates are still in review."
        raise Outage(told, hint="Meta takes minutes to a day. Try again.")
    return f"{len(approved)} are approved ({', '.join(languages)})"


def _message(wire: Wire) -> str:
    digits = phone_digits(wire.to)
    if not digits:
        raise InvalidInput(f"{wire.to!r} is no phone number.", hint="Give it with the country: +44 …")
    told = wire.voice.send(
        Text(text=HELLO),
        to=Sender(wa_id=digits),
        number_id=wire.settings.whatsapp_number_id,
        callback=f"check-{clock.new_id()}",
    )
    if isinstance(told, NotSent):
        is_closed = action_of(told.code) == "template"
        mend = "Write any word from that phone to our number, then try again." if is_closed else ""
        raise Refused(f"{words_of(told.code)} Meta says: {told.words} ({told.code})", hint=mend)
    if isinstance(told, Unknown):
        raise Outage("We don't know if the test message was sent.", hint="Look at the phone.")
    return _followed(wire, told.wamid)


def _followed(wire: Wire, wamid: str) -> str:
    """What the webhook was told of the message."""
    until = time.monotonic() + STATUS_SECONDS
    while time.monotonic() < until:
        if _was_told(wire, wamid, "failed"):
            raise Refused("Meta took the message and then could not deliver it.", hint="Try another number.")
        if _was_told(wire, wamid, "delivered") or _was_told(wire, wamid, "read"):
            return "delivered, and the webhook was told"
        time.sleep(0.1)
    if _was_told(wire, wamid, "sent"):
        return "sent; the phone has not got it yet"
    told = "Meta took the message, but no status came to the webhook."
    raise Outage(
        told, hint="Look at the phone. If it is there, look at App dashboard > WhatsApp > Configuration."
    )


def _was_told(wire: Wire, wamid: str, status: str) -> bool:
    key = wire.ring.blind("inbox", f"status:{status}:{wamid}")
    with wire.database.read() as db:
        return db.one("event_received", event_key=key) is not None


def _posted(wire: Wire, signature: str) -> int:
    headers = {"x-hub-signature-256": signature, "content-type": "application/json"}
    return _fetched(wire, "POST", content=NOTHING, headers=headers).status_code


def _fetched(wire: Wire, method: str, **more: object) -> httpx.Response:
    try:
        return httpx.request(method, wire.url, timeout=SECONDS, **more)  # type: ignore[arg-type]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        told = f"Nobody answers at {wire.url} ({type(error).__name__})."
        raise Outage(told, hint="Start `publish.py serve`, and let public_url lead to it.") from None
