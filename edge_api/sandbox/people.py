"""Guests and staff with WhatsApp on their phones, what their chats hold, and the account they write to."""

import base64
import hashlib
import random
from dataclasses import dataclass, field

from edge_api.sandbox.refusals import Json

WINDOW = 24 * 3600  # seconds: the customer service window
ALL_RIGHTS = ("whatsapp_business_messaging", "whatsapp_business_management")


@dataclass
class Person:
    """Somebody with a phone. Without `phone` the business knows them by `user_id` (BSUID) alone."""

    id: str
    name: str
    user_id: str
    phone: str | None = None
    username: str | None = None
    role: str = "guest"
    on_whatsapp: bool = True
    online: bool = True  # messages arrive; else they wait, as on a phone without signal
    reads: bool = False  # reads at once, without anybody at the phone page
    stopped_marketing: bool = False
    failing: int = 0  # every message to them fails with this code, told by a status

    def told(self) -> Json:
        names = ("id", "name", "user_id", "phone", "username", "role", "on_whatsapp", "online", "reads")
        return {name: getattr(self, name) for name in (*names, "stopped_marketing", "failing")}

    def contact(self) -> Json:
        """As an entry of a webhook's `contacts`."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        told: Json = {"profile": profile, "user_id": self.user_id}
        return told | ({"wa_id": self.phone} if self.phone else {})


@dataclass
class Bubble:
    """One message in a chat, with what became of it."""

    id: str
    at: float
    mine: bool  # the person's own, not the business's
    kind: str
    content: Json
    status: str = ""
    error: Json | None = None
    callback_data: str | None = None
    to_user_id: bool = False
    category: str = "service"
    context: str | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    edited: bool = False

    def told(self) -> Json:
        told: Json = {
            "id": self.id,
            "at": self.at,
            "mine": self.mine,
            "kind": self.kind,
            "content": self.content,
        }
        told |= {"status": self.status, "category": self.category, "callback_data": self.callback_data}
        told |= {"error": self.error, "context": self.context, "reactions": list(self.reactions.values())}
        return told | {"deleted": self.deleted, "edited": self.edited}


@dataclass
class Chat:
    """What a person and a number wrote to each other."""

    number_id: str
    person_id: str
    bubbles: list[Bubble] = field(default_factory=list)
    last_heard: float | None = None  # the person's last message: it opens the window
    typing_until: float = 0.0
    unread: int = 0

    def window_until(self) -> float:
        return 0.0 if self.last_heard is None else self.last_heard + WINDOW

    def find(self, message_id: str) -> Bubble | None:
        return next((each for each in reversed(self.bubbles) if each.id == message_id), None)


@dataclass
class Number:
    """A business phone number."""

    id: str
    display: str
    name: str
    waba_id: str
    registered: bool = True
    callback: str = ""
    quality: str = "GREEN"

    @property
    def digits(self) -> str:
        return "".join(letter for letter in self.display if letter.isdigit())

    def told(self) -> Json:
        told: Json = {
            "id": self.id,
            "verified_name": self.name,
            "display_phone_number": self.display,
            "code_verification_status": "VERIFIED",
            "quality_rating": self.quality,
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "status": "CONNECTED" if self.registered else "PENDING",
            "name_status": "APPROVED",
            "account_mode": "LIVE",
        }
        if self.callback:
            told["webhook_configuration"] = {"phone_number": self.callback}
        return told


@dataclass
class Account:
    """The app, its WhatsApp Business Account and its numbers. Secrets of a sandbox protect nothing."""

    waba_id: str = "200000000000001"
    app_id: str = "300000000000001"
    app_secrets: list[str] = field(default_factory=lambda: ["sandbox-secret"])  # the first one signs
    tokens: dict[str, list[str]] = field(default_factory=lambda: {"sandbox-token": list(ALL_RIGHTS)})
    expired: list[str] = field(default_factory=list)
    verify_token: str = "sandbox-verify"  # noqa: S105 - of a sandbox
    callback: str = ""
    waba_callback: str = ""
    subscribed_fields: list[str] = field(default_factory=list)
    subscribed: bool = True
    numbers: dict[str, Number] = field(default_factory=dict)

    def told(self) -> Json:
        names = ("waba_id", "app_id", "app_secrets", "tokens", "expired", "verify_token", "callback")
        told: Json = {
            name: getattr(self, name) for name in (*names, "waba_callback", "subscribed", "subscribed_fields")
        }
        return told | {"numbers": [number.told() for number in self.numbers.values()]}


def first_account() -> Account:
    account = Account()
    number = Number("100000000000001", "+44 20 7946 0100", "Harbour House", account.waba_id)
    account.numbers[number.id] = number
    return account


def message_id(chance: random.Random, who: str) -> str:
    """A wamid: opaque text that begins as Meta's do."""
    seen = base64.b64encode(f"{who}:".encode() + chance.randbytes(15)).decode().rstrip("=")
    return f"wamid.HBgM{seen}"


def user_id_of(name: str, country: str = "GB") -> str:
    """A business-scoped user id: country, full stop, digits. The same name has the same in every sandbox."""
    return f"{country}.{int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**18:018d}"
