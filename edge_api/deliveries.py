"""What Meta posts to a webhook: whether it is signed, and the single events in it. Pure.

One POST holds up to 1,000 updates in up to 3 MB, delivered at least once and in any order. An event's key
says what happened and not how it travelled: however updates are batched, the same one has the same key.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

LARGEST: Final = 3 * 1024 * 1024  # bytes of one POST
DEEPEST: Final = 32  # levels of arrays and objects; Meta's own need nine
MOST_BRACKETS: Final = 100_000  # arrays and objects in one POST, 100 for each update
SIGNED: Final = b"sha256="
UNREADABLE: Final = "unreadable"
OTHER: Final = "other"
KINDS: Final = {"messages": "message", "statuses": "status"}
LONGEST_NUMBER: Final = 32  # digits of a phone number's id
KNOWN_NAMES: Final = {
    name: f'"{name}"'.encode()
    for name in ("messaging_product", "metadata", "contacts", "messages", "statuses", "user_preferences")
}
STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class Unreadable(ValueError):
    """Not the body of a webhook, whoever signed it."""


class Single(msgspec.Struct, frozen=True, gc=False):
    """One event. `who` is the person it is about, whose events keep their order; `body` is a change as Meta
    sends it with this event alone, as compact JSON.
    """

    key: str
    kind: str  # message, status, other, or unreadable
    who: str
    number_id: str
    body: bytes

    def __repr__(self) -> str:
        return f"Single({self.kind}, hidden)"


class _Change(msgspec.Struct, gc=False):
    value: msgspec.Raw
    field: str = ""


class _Entry(msgspec.Struct, gc=False):
    changes: list[_Change]
    id: msgspec.Raw = msgspec.Raw(b'""')
    time: msgspec.Raw = msgspec.Raw(b"0")


class _Body(msgspec.Struct, gc=False):
    entry: list[_Entry]


class _Metadata(msgspec.Struct, gc=False):
    phone_number_id: str = ""


class _About(msgspec.Struct, gc=False, rename={"sender": "from"}):
    """What identifies a message, a status, a contact, or whatever else stands in a list."""

    id: str = ""
    status: str = ""
    sender: str = ""
    from_user_id: str = ""
    recipient_id: str = ""
    recipient_user_id: str = ""
    wa_id: str = ""
    user_id: str = ""
    timestamp: msgspec.Raw = msgspec.Raw()


_body = msgspec.json.Decoder(_Body).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_metadata = msgspec.json.Decoder(_Metadata).decode
_about = msgspec.json.Decoder(_About).decode
_anything = msgspec.json.Decoder().decode
NOBODY: Final = _About()
NO_CONTACT: Final = (NOBODY, b"")


# -- signatures ------------------------------------------------------------------------------------
def is_signed(body: bytes, header: bytes, secrets: Sequence[str]) -> bool:
    """Whether X-Hub-Signature-256 is right for the raw body and any of the app's secrets."""
    return any(is_right(hmac.digest(secret.encode(), body, "sha256"), header) for secret in secrets)


def is_right(digest: bytes, header: bytes) -> bool:
    """Whether the header is this HMAC-SHA256; bytes are compared, since a header may hold any."""
    return hmac.compare_digest(SIGNED + digest.hex().encode(), header)


# -- single events ---------------------------------------------------------------------------------
def split(body: bytes) -> list[Single]:
    """Every entry, change, message and status of one POST as single events, in their order. Unreadable."""
    if is_deep(body):
        raise Unreadable("The body is nested too deeply.")
    try:
        body.decode()  # the strings that nobody looks at are not looked at by the reader either
        return [
            single for entry in _body(body).entry for each in entry.changes for single in _of(entry, each)
        ]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is no webhook.") from None


def unreadable(body: bytes) -> Single:
    """A body that nobody understands, whole: its bytes are kept as they came."""
    return Single(f"{UNREADABLE}:{hashlib.sha256(body).hexdigest()}", UNREADABLE, "", "", body)


def is_deep(body: bytes) -> bool:
    """Whether arrays and objects lie in each other more than 32 levels deep, or are absurdly many."""
    if body.count(b"{") + body.count(b"[") <= DEEPEST:  # nearly always, strings included
        return False
    brackets = STRING.sub(b"", body).translate(None, NO_BRACKETS)
    if len(brackets) > 2 * MOST_BRACKETS:
        return True
    for _ in range(DEEPEST):
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) in {0, len(brackets)}:
            return bool(shorter)
        brackets = shorter
    return bool(brackets)


def _of(entry: _Entry, change: _Change) -> Iterator[Single]:
    """The events of one change. Lists in an envelope with the number's metadata are split, all but contacts;
    any other value is one event.
    """
    frame, lists = _Frame(entry, change.field), []
    for name, raw in _value(change).items():
        told = bytes(raw)
        if name == "contacts":
            frame.contacts = [(_told(each), bytes(each)) for each in _items(raw)]
        elif told[:1] == b"[":
            lists.append((name, _items(raw)))
        else:
            frame.around(name, told)
    if not lists or not frame.has_metadata:
        yield _whole(entry, change)
        return
    for name, items in lists:
        kind = KINDS.get(name, OTHER) if change.field == "messages" else OTHER
        for item in items:
            yield frame.single(name, kind, bytes(item), is_alone=len(items) == 1)


def _value(change: _Change) -> dict[str, msgspec.Raw]:
    try:
        return _members(change.value)
    except msgspec.ValidationError:
        return {}


def _whole(entry: _Entry, change: _Change) -> Single:
    """A change that is one event: of an account or a template. It has no time of its own, and may come twice
    with the same words: then the entry's time tells the two apart.
    """
    key = _digest(change.field, bytes(entry.id), bytes(entry.time), _canonical(change.value))
    return Single(key, OTHER, "", "", _joined(entry, change.field, bytes(change.value)))


class _Frame:
    """What the events of one change share."""

    def __init__(self, entry: _Entry, field: str) -> None:
        self._entry, self._field = entry, field
        self._around = b""
        self._by_id: dict[str, tuple[_About, bytes]] | None = None
        self.contacts: list[tuple[_About, bytes]] = []
        self.number_id = ""
        self.has_metadata = False

    def around(self, name: str, told: bytes) -> None:
        """A member that every event keeps."""
        self._around += _name(name) + b":" + told + b","
        if name == "metadata":
            self.has_metadata, self.number_id = True, _number_of(told)

    def single(self, name: str, kind: str, item: bytes, *, is_alone: bool) -> Single:
        about = _told(item)
        contact, raw = self._contact(about, is_alone=is_alone)
        told = b'"contacts":[' + raw + b"]," if raw else b""
        value = b"".join((b"{", self._around, told, _name(name), b":[", item, b"]}"))
        if kind == "message" and about.id:
            key = f"message:{about.id}"
        elif kind == "status" and about.id:
            key = f"status:{about.status}:{about.id}"
        else:
            key = self._key(name, about, item)
        body = _joined(self._entry, self._field, value)
        return Single(key, kind, _who(about, contact), self.number_id, body)

    def _contact(self, about: _About, *, is_alone: bool) -> tuple[_About, bytes]:
        """The contact that this is about; the only one when there is but one of both."""
        if len(self.contacts) == is_alone:
            return self.contacts[0] if is_alone else NO_CONTACT
        if self._by_id is None:
            self._by_id = {
                each: found for found in self.contacts for each in (found[0].wa_id, found[0].user_id) if each
            }
        ids = (about.from_user_id, about.recipient_user_id, about.user_id)
        for each in (*ids, about.sender, about.recipient_id, about.wa_id):
            if each and (match := self._by_id.get(each)):
                return match
        return NO_CONTACT

    def _key(self, name: str, about: _About, item: bytes) -> str:
        time = b"" if about.timestamp else bytes(self._entry.time)
        return _digest(self._field, bytes(self._entry.id), time, name.encode(), _canonical(item))


def _told(raw: bytes | msgspec.Raw) -> _About:
    try:
        return _about(raw)
    except msgspec.ValidationError:
        return NOBODY


def _who(about: _About, contact: _About) -> str:
    """A person by their user id where there is one: a phone may be missing, or be another tomorrow."""
    known = about.from_user_id or about.recipient_user_id or about.user_id or contact.user_id
    return known or about.sender or about.recipient_id or about.wa_id or contact.wa_id


def _number_of(metadata: bytes) -> str:
    try:
        found = _metadata(metadata).phone_number_id
    except msgspec.ValidationError:
        return ""
    return found if found.isdecimal() and found.isascii() and len(found) <= LONGEST_NUMBER else ""


def _joined(entry: _Entry, field: str, value: bytes) -> bytes:
    head = (b'{"id":', entry.id, b',"time":', entry.time, b',"field":', _name(field), b',"value":', value)
    return b"".join((*head, b"}"))


def _name(text: str) -> bytes:
    return KNOWN_NAMES.get(text) or msgspec.json.encode(text)


def _digest(field: str, *parts: bytes) -> str:
    found = hashlib.sha256()
    for part in (field.encode(), *parts):
        found.update(len(part).to_bytes(4, "big") + part)
    return f"{OTHER}:{found.hexdigest()}"


def _canonical(raw: bytes | msgspec.Raw) -> bytes:
    """Equal for equal JSON, whatever the order of members and the spaces between them."""
    try:
        return msgspec.json.encode(_anything(raw), order="sorted")
    except (msgspec.MsgspecError, OverflowError, ValueError):  # numbers that nobody can hold
        return bytes(raw)
