"""The only speaker of pywa: says things to the Cloud API, fetches and uploads files. Never tries twice.

pywa's own client methods guess from a string whether it is a phone, a BSUID or a group, and take a BSUID with
letters for a group; so messages are put together from pywa's types and go through its API client, which is
told `to` or `recipient`.
"""

import base64
import hashlib
import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import httpx
import msgspec
from pywa.client import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import templates as parts
from pywa.types.callback import Button, Section, SectionList, SectionRow, URLButton

from edge_api.attachments import bare_type, begins_as_said, most_bytes
from edge_api.codes import CANNOT_BE_SAID, FOREIGN_ADDRESS, NO_CONNECTION, NOT_KEPT
from edge_api.drafts import Draft, meta_language
from edge_api.messages import (
    Buttons,
    File,
    Letter,
    LinkButton,
    Options,
    Outgoing,
    Reaction,
    Sender,
    Template,
    Text,
    fitted,
)
from edge_api.meta_hosts import META, Elsewhere, is_trusted
from edge_api.outcomes import Fetched, NotSent, Sent, Unknown, refusal
from guestlink.errors import SettingsError
from guestlink.settings import Settings

__all__ = ["Fetched", "NotSent", "Sent", "Speaker", "Unknown", "asked", "template_body"]

TIMES: Final = httpx.Timeout(20.0, connect=5.0, pool=5.0)
# A server that closes an idle connection at the very moment of a send leaves us in doubt: close it first.
LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=15.0)
NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
BROKEN: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError)
UNREADABLE: Final = "the answer cannot be read"
FETCH_SECONDS: Final = 120.0
MOST_REDIRECTS: Final = 3
MEDIA_ID: Final = re.compile(r"[\w-]{1,128}\Z", re.ASCII)
NOT_HANDED_OVER: Final = 131052  # Meta's code for a file that cannot be had
GONE: Final = frozenset({33, 100})
CAPTIONED: Final = frozenset({"image", "video", "document"})

Json = dict[str, Any]
T = TypeVar("T")


class _Place(msgspec.Struct, frozen=True):
    url: str
    mime_type: str
    sha256: str = ""
    file_size: int = 0


class CannotBeSaid(ValueError):
    """No request can be made of this message."""


# -- the speaker -----------------------------------------------------------------------------------
class Speaker:
    """Says things in the name of a number. One for a process; several threads may use it at once."""

    def __init__(self, settings: Settings) -> None:
        if not re.fullmatch(r"[!-~]+", settings.whatsapp_token):
            raise SettingsError(
                "There is no access token for WhatsApp." if not settings.whatsapp_token else "It has spaces.",
                setting="whatsapp_token",
                hint="Set GUESTLINK_WHATSAPP_TOKEN to the access token of a system user.",
            )
        for name in ("pywa", "httpx", "httpcore"):  # they log addresses, bodies and parameters
            logging.getLogger(name).setLevel(logging.ERROR)
        self._public = settings.public_url + "/"
        way = None if settings.whatsapp_url == META else Elsewhere(settings.whatsapp_url, limits=LIMITS)
        self._http = httpx.Client(timeout=TIMES, limits=LIMITS, transport=way)
        self._settings = settings
        self.api = WhatsApp(token=settings.whatsapp_token, session=self._http).api

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        said: Outgoing,
        *,
        to: Sender,
        number_id: str,
        callback: str,
        answers: str = "",
        url: str = "",
        file: bytes = b"",
    ) -> Sent | NotSent | Unknown:
        """Sends one message, once. `callback` comes back in its statuses, `answers` is the wamid it
        replies to, `url` the guest link of a link button or template, `file` the bytes of a File.
        """
        if not (to.wa_id or to.user_id):
            return NotSent(CANNOT_BE_SAID)
        said, media_id = fitted(said), ""
        if isinstance(said, File):
            uploaded = self.upload_media(file, said.media_type, name=said.name, number_id=number_id)
            if not isinstance(uploaded, str):
                return uploaded
            media_id = uploaded
        try:
            kind, content = self._content(said, url, media_id)
        except CannotBeSaid:
            return NotSent(CANNOT_BE_SAID)
        return asked(
            lambda: self.api.send_message(
                sender=number_id,
                to=to.wa_id or None,
                recipient=None if to.wa_id else to.user_id,
                recipient_type="individual",
                typ=kind,
                msg=content,
                reply_to_message_id=answers or None,
                biz_opaque_callback_data=callback or None,
            ),
            lambda told: Sent(_text(told["messages"][0]["id"])),
        )

    def mark_read(self, wamid: str, typing: bool = False, *, number_id: str = "") -> bool:
        """Two blue ticks for this message and all before it, and perhaps that somebody is typing. False
        when it could not be said, which is no harm.
        """
        number = number_id or self._settings.whatsapp_number_id
        if typing:
            told = asked(lambda: self.api.set_indicator(number, wamid, "text"), dict)
        else:
            told = asked(lambda: self.api.mark_message_as_read(number, wamid), dict)
        return isinstance(told, dict)

    # -- files -------------------------------------------------------------------------------------
    def upload_media(
        self, body: bytes, media_type: str, *, name: str = "", number_id: str = ""
    ) -> str | NotSent:
        """The id of the uploaded file, good for 30 days. Whatever goes wrong, no message was sent."""
        if not 0 < len(body) <= most_bytes(media_type):
            return NotSent(NOT_KEPT)
        number = number_id or self._settings.whatsapp_number_id
        told = asked(
            lambda: self.api.upload_media(number, body, media_type, name or "file"),
            lambda answer: _text(answer["id"]),
        )
        return NotSent(NO_CONNECTION, told.reason) if isinstance(told, Unknown) else told

    def fetch_media(self, media_id: str) -> Fetched | NotSent | Unknown:
        """A file that somebody sent, by its id, from Meta's hosts only: the access token goes wherever the
        address leads. NotSent says that it is not kept or cannot be had, Unknown that it may be had later.
        """
        if not MEDIA_ID.match(media_id):
            return NotSent(FOREIGN_ADDRESS)
        place = asked(lambda: self.api.get_media_url(media_id), _place)
        if isinstance(place, NotSent) and place.code in GONE:
            return NotSent(NOT_HANDED_OVER, place.words, place.http_status)
        if not isinstance(place, _Place):
            return place
        if not place.file_size <= most_bytes(place.mime_type):
            return NotSent(NOT_KEPT)
        try:
            body = self._download(place.url, most_bytes(place.mime_type))
        except NEVER_LEFT as error:
            return NotSent(NO_CONNECTION, type(error).__name__)
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Unknown(type(error).__name__)
        return _checked(place, body) if isinstance(body, bytes) else body

    def _download(self, address: str, most: int) -> bytes | NotSent | Unknown:
        until = time.monotonic() + FETCH_SECONDS
        for _ in range(MOST_REDIRECTS + 1):
            url = self._known(address)
            if url is None:
                return NotSent(FOREIGN_ADDRESS)
            stream = self._http.stream("GET", url, headers={"accept-encoding": "identity"})
            with stream as answer:
                if "location" in answer.headers and answer.is_redirect:
                    address = str(url.join(answer.headers["location"]))
                    continue
                if not answer.is_success:
                    return Unknown(f"HTTP {answer.status_code}")
                return _within(answer, most, until)
        return NotSent(FOREIGN_ADDRESS)

    def _known(self, address: str) -> httpx.URL | None:
        """The address, if the access token may go there."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            return None
        return url if is_trusted(url, self._settings.whatsapp_url) else None

    # -- shapes ------------------------------------------------------------------------------------
    def _content(self, said: Outgoing, url: str, media_id: str) -> tuple[str, Json]:
        """Meta's type of a message and what stands below it."""
        match said:
            case Text():
                return "text", {"body": said.text, "preview_url": False}
            case Template():
                return "template", self._template(said, url)
            case File():
                return said.media, _file(said, media_id)
            case Reaction():
                return "reaction", {"message_id": said.answers, "emoji": said.emoji}
            case Buttons():
                buttons = [Button(each.title, each.payload).to_dict() for each in said.buttons]
                return "interactive", _interactive("button", {"buttons": buttons}, said.text, said.footer)
            case Options():
                return "interactive", _interactive("list", _rows(said), said.text, said.footer)
            case LinkButton():
                if not url:
                    raise CannotBeSaid
                action = URLButton(said.label, url).to_dict()
                return "interactive", _interactive("cta_url", action, said.text, said.footer)
            case Letter():
                raise CannotBeSaid

    def _template(self, said: Template, url: str) -> Json:
        components: list[Json] = []
        if said.code:
            (digits,) = said.values or ("",)
            if not digits:
                raise CannotBeSaid
            components.append(parts.AuthenticationBody.params(otp=digits).to_dict())
            components.append(parts.CopyCodeOTPButton.params(otp=digits).to_dict())
        elif said.values:
            components.append(parts.BodyText.params(*cast(Any, said.values)).to_dict())
        for index, payload in enumerate(said.payloads):
            components.append(parts.QuickReplyButton.params(callback_data=payload, index=index).to_dict())
        if said.link is not None:
            if not url.startswith(self._public):
                raise CannotBeSaid
            suffix, index = url.removeprefix(self._public), len(said.payloads)
            components.append(parts.URLButton.params(url_variable=suffix, index=index).to_dict())
        told: Json = {"name": said.name, "language": {"code": meta_language(said.language)}}
        return told | ({"components": components} if components else {})


def _file(said: File, media_id: str) -> Json:
    told: Json = {"id": media_id}
    if said.text and said.media in CAPTIONED:
        told["caption"] = said.text
    if said.name and said.media == "document":
        told["filename"] = said.name
    return told


def _interactive(kind: str, action: Json, text: str, footer: str) -> Json:
    told: Json = {"type": kind, "action": action, "body": {"text": text}}
    return told | ({"footer": {"text": footer}} if footer else {})


def _rows(said: Options) -> Json:
    sections = [
        Section(
            group.title or said.button,
            [SectionRow(row.title, row.payload, row.text or None) for row in group.rows],
        )
        for group in said.groups
    ]
    told = SectionList(said.button, sections).to_dict()
    if len(said.groups) == 1 and not said.groups[0].title:
        del told["sections"][0]["title"]
    return dict(told)


# -- templates -------------------------------------------------------------------------------------
def template_body(draft: Draft) -> Json:
    """A template as Meta takes it for review."""
    if draft.carries_a_code:
        return _code_template(draft)
    components: list[Any] = [parts.BodyText(draft.body, *draft.examples)]
    buttons: list[Any] = [parts.QuickReplyButton(text=title) for title in draft.quick_replies]
    if link := draft.link:
        example = link.base + link.example
        buttons.append(parts.URLButton(text=link.title, url=link.base + "{{1}}", example=example))
    if buttons:
        components.append(parts.Buttons(buttons=buttons))
    return _made(draft, components)


def _code_template(draft: Draft) -> Json:
    """Meta's own words around a code, a warning not to share it, how long it counts, a button that copies
    it.
    """
    components = [
        parts.AuthenticationBody(add_security_recommendation=True),
        parts.AuthenticationFooter(code_expiration_minutes=draft.lives // 60),
        parts.Buttons(buttons=[parts.CopyCodeOTPButton()]),
    ]
    return _made(draft, components)


def _made(draft: Draft, components: list[Any]) -> Json:
    made = parts.Template(
        name=draft.name,
        language=parts.TemplateLanguage(meta_language(draft.language)),
        category=parts.TemplateCategory(draft.category),
        components=components,
        message_send_ttl_seconds=draft.lives or None,
    )
    return dict(msgspec.json.decode(made.to_json()))


# -- answers ---------------------------------------------------------------------------------------
def asked(ask: Callable[[], Any], read: Callable[[Json], T]) -> T | NotSent | Unknown:
    """Asks once, and says what that came to; httpx and pywa raise, nobody else does."""
    try:
        return read(ask())
    except WhatsAppError as error:
        answer = error.raw_response
        return Unknown(UNREADABLE) if answer is None else refusal(answer.status_code, answer.content)
    except NEVER_LEFT as error:
        return NotSent(NO_CONNECTION, type(error).__name__)
    except httpx.HTTPError as error:
        return Unknown(type(error).__name__)
    except BROKEN:
        return Unknown(UNREADABLE)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _place(told: Json) -> _Place:
    return msgspec.convert(told, _Place, strict=False)


def _within(answer: httpx.Response, most: int, until: float) -> bytes | NotSent | Unknown:
    """The body as it came over the wire: unpacking it could make any size of it."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return Unknown("packed")
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > most:
            return NotSent(NOT_KEPT)
        if time.monotonic() > until:
            return Unknown("too slow")
    return bytes(body)


def _checked(place: _Place, body: bytes) -> Fetched | NotSent | Unknown:
    digest = hashlib.sha256(body)
    said = place.sha256
    if said and said not in {digest.hexdigest(), base64.b64encode(digest.digest()).decode()}:
        return Unknown("the file arrived damaged")
    if not body or not begins_as_said(place.mime_type, body):
        return NotSent(NOT_KEPT)
    return Fetched(body, bare_type(place.mime_type), digest.hexdigest())
