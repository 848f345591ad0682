"""The account at Meta: token, numbers, webhook, templates. People ask about it; a send never does."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from edge_api.codes import NO_CONNECTION
from edge_api.drafts import Draft, our_language
from edge_api.outcomes import NotSent, Unknown
from edge_api.whatsapp import Speaker, asked, template_body
from guestlink.errors import Outage, Refused
from guestlink.settings import Settings

PAGE: Final = 100
WEBHOOK_FIELDS: Final = (
    "messages",
    "user_preferences",
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
    "account_update",
    "account_alerts",
    "account_review_update",
    "business_capability_update",
    "phone_number_quality_update",
    "phone_number_name_update",
    "security",
)

Json = dict[str, Any]


class MetaRefused(Refused):
    """Meta said no to a question about the account. `code` is of edge_api/codes.py."""

    def __init__(self, message: str, *, code: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What Meta knows about the access token; `expires_at` is a Unix time, 0 for never."""

    is_valid: bool = False
    app_id: str = ""
    scopes: tuple[str, ...] = ()
    expires_at: int = 0


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A phone number of the account."""

    id: str
    display_phone_number: str = ""
    verified_name: str = ""
    quality_rating: str = ""


class AtMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A template as Meta holds it, in one of our languages."""

    id: str
    name: str = ""
    language: str = ""
    state: str = ""
    category: str = ""
    reason: str = ""


class Account:
    """What is asked about token, numbers, webhook and templates. It answers or raises MetaRefused, Outage."""

    def __init__(self, speaker: Speaker, settings: Settings) -> None:
        self._api, self._settings = speaker.api, settings
        self._id = settings.whatsapp_account_id

    def token(self) -> Token:
        about = {"input_token": self._settings.whatsapp_token}
        told = _sure(lambda: self._api.send_raw_request("GET", "/debug_token", params=about))
        return msgspec.convert(told.get("data", {}), Token)

    def numbers(self) -> list[Number]:
        fields = ("id", "display_phone_number", "verified_name", "quality_rating")
        return [
            msgspec.convert(each, Number)
            for each in self._pages(
                lambda page: self._api.get_business_phone_numbers(self._id, fields=fields, pagination=page)
            )
        ]

    def webhook(self, app_id: str, app_secret: str) -> tuple[str, set[str]]:
        """Where the app's webhooks go, and which fields it gets; asked in the name of the app, which proves
        its secret.
        """
        about = {"access_token": f"{app_id}|{app_secret}"}
        told = _sure(lambda: self._api.send_raw_request("GET", f"/{app_id}/subscriptions", params=about))
        for each in told["data"]:
            if each.get("object") == "whatsapp_business_account":
                fields = {field["name"] if isinstance(field, dict) else field for field in each["fields"]}
                return str(each.get("callback_url", "")), fields
        return "", set()

    def set_webhook(self, app_id: str, app_secret: str, *, url: str, verify_token: str) -> None:
        """From now on the app's webhooks go to `url`; Meta asks there for its challenge first."""
        token = f"{app_id}|{app_secret}"
        _sure(lambda: self._api.set_app_callback_url(int(app_id), token, url, verify_token, WEBHOOK_FIELDS))

    def subscribed_apps(self) -> list[str]:
        """The ids of the apps that get this account's webhooks."""
        told = _sure(lambda: self._api.get_waba_subscribed_apps(self._id))
        return [str(each["whatsapp_business_api_data"]["id"]) for each in told["data"]]

    def subscribe(self) -> None:
        """From now on the token's app gets this account's webhooks."""
        _sure(lambda: self._api.send_raw_request("POST", f"/{self._id}/subscribed_apps", json={}))

    def templates(self) -> list[AtMeta]:
        fields = ("id", "name", "language", "status", "category", "rejected_reason")
        return [
            _at_meta(each)
            for each in self._pages(
                lambda page: self._api.get_templates(self._id, fields=fields, pagination=page)
            )
        ]

    def submit(self, draft: Draft, *, meta_id: str = "") -> AtMeta:
        """Hands a template in for review: a new one, or other words for the one with `meta_id`."""
        body = template_body(draft)
        if not meta_id:
            told = _sure(lambda: self._api.create_template(self._id, body))
        else:
            change = {name: body[name] for name in ("category", "components")}
            told = _sure(lambda: self._api.send_raw_request("POST", f"/{meta_id}", json=change))
        state = str(told.get("status", "PENDING"))
        category = str(told.get("category", draft.category))
        return AtMeta(
            id=str(told.get("id", meta_id)),
            name=draft.name,
            language=draft.language,
            state=state,
            category=category,
        )

    @staticmethod
    def _pages(ask: Callable[[Json], Json]) -> Iterator[Json]:
        page: Json = {"limit": str(PAGE)}
        while True:
            told = _sure(lambda page=page: ask(page))  # type: ignore[misc]
            yield from told["data"]
            paging = told.get("paging", {})
            if "next" not in paging:
                return
            page = page | {"after": paging["cursors"]["after"]}


def _at_meta(told: Json) -> AtMeta:
    reason = str(told.get("rejected_reason") or "")
    return AtMeta(
        id=str(told["id"]),
        name=str(told.get("name", "")),
        language=our_language(str(told.get("language", ""))),
        state=str(told.get("status", "")),
        category=str(told.get("category", "")),
        reason="" if reason == "NONE" else reason,
    )


def _sure(ask: Callable[[], Any]) -> Json:
    told = asked(ask, lambda answer: answer)
    if isinstance(told, NotSent) and told.code != NO_CONNECTION:
        raise MetaRefused(f"Meta says: {told.words or told.http_status}", code=told.code)
    if isinstance(told, NotSent | Unknown):
        raise Outage("WhatsApp’s servers cannot be reached.", hint="Try again, or check whatsapp_url.")
    if not isinstance(told, Mapping):
        raise Outage("WhatsApp’s servers answered something that cannot be read.")
    return dict(told)
