"""Who talks with whom on WhatsApp or by e-mail, and the archive of what was said. It neither understands nor
sends.

A conversation is one person and one number of ours, or one person and e-mail (`messages.MAIL`). Addresses
and words are sealed under the guest's key; of staff and strangers, under the system key. What is to be sent
lies in the archive before the outbox names it.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from edge_api import conversation, messages, outbox
from edge_api.messages import MAIL, Heard, Outgoing, Sender
from guestlink import clock, contacts, records
from guestlink.crypto import ColumnKey, KeyRing, SystemKey
from guestlink.database import Reading, Row, Writing
from guestlink.records import Contact

MOST_SHOWN: Final = 500
ALL: Final = 1_000_000


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `conversations`; `wrapped` is the contact's key, gone when the contact was erased."""

    id: str
    number_id: str
    property_id: str | None
    user_id: str | None
    contact_id: str | None
    stay_id: str | None
    address: bytes
    wrapped: bytes | None
    language: str
    heard_at: datetime | None
    waiting_since: datetime | None
    alerted_at: datetime | None
    greeted_at: datetime | None
    opted_out_at: datetime | None
    assigned_to: str | None = None
    version: int

    @property
    def is_lost(self) -> bool:
        """Whether its guest was erased: nothing in it can be read or answered any more."""
        return self.contact_id is not None and self.wrapped is None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the house reads it; `content` is None when its words are gone."""

    id: str
    direction: str
    kind: str
    by: str
    why: str
    at: datetime
    content: Heard | Outgoing | None
    request_id: str | None
    answers: str
    receipt: str
    receipt_at: datetime | None
    state: str
    reason: str


# -- who ---------------------------------------------------------------------------------------------
def load(db: Reading, conversation_id: str) -> Conversation:
    row = db.one("conversation_by_id", id=conversation_id)
    assert row is not None
    return records.shaped(row, Conversation)


def find(db: Reading, ring: KeyRing, sender: Sender, *, number_id: str) -> Conversation | None:
    """The conversation of this phone number or user id; the number first, when both are known."""
    for kind, token in _tokens(ring, sender):
        row = db.one("conversation_by_token", number_id=number_id, kind=kind, token=token)
        if row:
            return load(db, str(row["conversation_id"]))
    return None


def open_with(
    tx: Writing, ring: KeyRing, sender: Sender, *, number_id: str, at: datetime, language: str = ""
) -> Conversation:
    """The conversation with this person, a new one if need be; what is newly known of them is kept."""
    found = find(tx, ring, sender, number_id=number_id)
    if found and found.is_lost:  # whoever was erased and writes again is somebody new
        tx.do("forget_conversation_tokens", conversation_id=found.id)
        found = find(tx, ring, sender, number_id=number_id)
    if found is None or found.is_lost:
        conversation_id = clock.new_id()
        _begin(
            tx, ring, sender, conversation_id=conversation_id, number_id=number_id, at=at, language=language
        )
        _remember(tx, ring, conversation_id, sender, number_id=number_id)
        return load(tx, conversation_id)
    known = address(ring, found)
    fuller = Sender(
        wa_id=sender.wa_id or known.wa_id,
        user_id=sender.user_id or known.user_id,
        name=sender.name or known.name,
    )
    return _readdress(tx, ring, found, fuller) if fuller != known else found


def with_contact(
    tx: Writing, ring: KeyRing, contact: Contact, *, number_id: str, at: datetime, language: str
) -> Conversation | None:
    """The conversation with a guest that we may have to begin; None when no number or user id is known."""
    person = contacts.opened(ring, contact)
    sender = Sender(wa_id=person.wa_id or _dialled(person.phone), user_id=person.bsuid, name=person.name)
    if not sender.wa_id and not sender.user_id:
        return None
    talk = open_with(tx, ring, sender, number_id=number_id, at=at, language=language)
    return talk if talk.contact_id or talk.user_id else bind(tx, ring, talk, contact=contact)


def mail_with(
    tx: Writing, ring: KeyRing, contact: Contact, *, at: datetime, language: str = ""
) -> Conversation | None:
    """The conversation by e-mail with a guest, one for each contact; None when no address is known. It
    follows the contact's address.
    """
    person = contacts.opened(ring, contact)
    if not person.email:
        return None
    sender = Sender(email=person.email, name=person.name)
    talk = _mail_of(tx, ring, contact.id, sender, at=at, language=language)
    talk = talk if talk.contact_id else bind(tx, ring, talk, contact=contact)
    return talk if address(ring, talk) == sender else _readdress(tx, ring, talk, sender)


def mail_with_user(
    tx: Writing, ring: KeyRing, user_id: str, *, email: str, name: str, at: datetime, language: str
) -> Conversation | None:
    """The conversation by e-mail with somebody of the house; None without an address."""
    if not email:
        return None
    sender = Sender(email=email, name=name)
    talk = _mail_of(tx, ring, user_id, sender, at=at, language=language)
    talk = talk if talk.user_id else bind(tx, ring, talk, user_id=user_id)
    return talk if address(ring, talk) == sender else _readdress(tx, ring, talk, sender)


def _mail_of(
    tx: Writing, ring: KeyRing, person_id: str, sender: Sender, *, at: datetime, language: str
) -> Conversation:
    """Found by whose it is, never by the address: two guests may share an agency's."""
    token = ring.blind("conversation-mail", person_id)
    row = tx.one("conversation_by_token", number_id=MAIL, kind=MAIL, token=token)
    if row:
        return load(tx, str(row["conversation_id"]))
    conversation_id = clock.new_id()
    _begin(tx, ring, sender, conversation_id=conversation_id, number_id=MAIL, at=at, language=language)
    told = {"kind": MAIL, "token": token, "conversation_id": conversation_id}
    tx.do("remember_conversation", number_id=MAIL, **told)
    return load(tx, conversation_id)


def _begin(
    tx: Writing,
    ring: KeyRing,
    sender: Sender,
    *,
    conversation_id: str,
    number_id: str,
    at: datetime,
    language: str,
) -> None:
    tx.do(
        "add_conversation",
        id=conversation_id,
        number_id=number_id,
        address=_sealed_address(ring, None, sender, conversation_id),
        language=language,
        made_at=clock.as_text(at),
    )


def address(ring: KeyRing, talk: Conversation) -> Sender:
    """Where messages go; nobody when the guest was erased."""
    if talk.is_lost:
        return Sender()
    text = ring.column_key(talk.wrapped, talk.contact_id).open(
        talk.address, "conversations", "address", row=talk.id
    )
    return msgspec.json.decode(text, type=Sender)


def is_with(ring: KeyRing, talk: Conversation, contact: Contact) -> bool:
    """Whether the address of a conversation is on file for somebody; no more when a number was corrected."""
    person, sender = contacts.opened(ring, contact), address(ring, talk)
    numbers = {contacts.phone_digits(each) for each in (person.phone, person.wa_id)}
    is_known = bool(sender.user_id) and sender.user_id == person.bsuid
    return is_known or contacts.phone_digits(sender.wa_id) in numbers - {""}


def bind(
    tx: Writing,
    ring: KeyRing,
    talk: Conversation,
    *,
    contact: Contact | None = None,
    stay_id: str | None = None,
    property_id: str | None = None,
    user_id: str | None = None,
    language: str = "",
) -> Conversation:
    """Says who a conversation is with and what it is about; what was said before is sealed for them, too."""
    if contact and contact.id != talk.contact_id and not talk.is_lost:
        _reseal(tx, ring, talk, contact)
    tx.do(
        "bind_conversation",
        id=talk.id,
        contact_id=contact.id if contact else talk.contact_id,
        stay_id=stay_id or talk.stay_id,
        property_id=property_id or (contact.property_id if contact else talk.property_id),
        user_id=user_id or talk.user_id,
        language=language or talk.language,
    )
    return load(tx, talk.id)


def moved(tx: Writing, ring: KeyRing, talk: Conversation, new: Sender) -> Conversation:
    """Somebody has another number or user id; the old one is nobody's any more."""
    tx.do("forget_conversation_tokens", conversation_id=talk.id)
    known = address(ring, talk)
    wa_id = new.wa_id if new.wa_id or new.user_id else known.wa_id  # the new number may be hidden
    now = Sender(wa_id=wa_id, user_id=new.user_id or known.user_id, name=known.name)
    return _readdress(tx, ring, talk, now)


def mark(tx: Writing, talk: Conversation, **at: datetime | None) -> Conversation:
    """Sets instants such as `heard_at`, `waiting_since`, `opted_out_at`; None clears one."""
    fields: dict[str, Any] = {
        name: at.get(name, getattr(talk, name))
        for name in ("heard_at", "waiting_since", "alerted_at", "greeted_at", "opted_out_at")
    }
    texts = {name: clock.as_text(value) if value else None for name, value in fields.items()}
    tx.do("mark_conversation", id=talk.id, **texts)
    return load(tx, talk.id)


def silence(tx: Writing, talk: Conversation, *, at: datetime) -> Conversation:
    """This person wants to hear nothing more in this conversation, nor what waits in it."""
    tx.do("bury_waiting", conversation_id=talk.id, reason=conversation.OPTED_OUT, at=clock.as_text(at))
    return mark(tx, talk, opted_out_at=at)


# -- what was said -----------------------------------------------------------------------------------
def keep(
    tx: Writing, ring: KeyRing, talk: Conversation, heard: Heard, *, by: str, at: datetime
) -> str | None:
    """Archives a message that came in; None when it is there already. `at` is when it was received."""
    token = ring.blind("wamid", heard.wamid)
    if tx.one("message_by_wamid", token=token):
        return None
    message_id = clock.new_id()
    _write(
        tx,
        ring,
        talk,
        message_id,
        direction="in",
        kind=heard.kind,
        body=msgspec.json.encode(heard).decode(),
        by_user=by,
        stay_id=talk.stay_id,
        answers=_known_id(tx, ring, heard.answers),
        at=clock.as_text(at),
    )
    learn_wamid(tx, ring, talk, message_id=message_id, wamid=heard.wamid)
    return message_id


def say(
    tx: Writing,
    ring: KeyRing,
    talk: Conversation,
    said: Outgoing,
    *,
    at: datetime,
    by: str,
    why: str,
    request_id: str | None = None,
    stay_id: str | None = None,
    answers: str = "",
    about: str = "",
    expires_at: datetime | None = None,
    not_before: datetime | None = None,
) -> str:
    """Archives what is to be said and puts it into the outbox; returns its id. `answers` is a message of this
    conversation that it replies to, `about` one of another conversation that it tells of.
    """
    message_id = clock.new_id()
    _write(
        tx,
        ring,
        talk,
        message_id,
        direction="out",
        kind=type(said).__struct_config__.tag,
        body=msgspec.json.encode(messages.fitted(said)).decode(),
        by_user=by,
        why=why,
        stay_id=stay_id or talk.stay_id,
        request_id=request_id,
        answers=answers,
        about=about,
        at=clock.as_text(at),
    )
    outbox.put(tx, message_id, talk.id, at=at, not_before=not_before, expires_at=expires_at)
    return message_id


def learn_wamid(tx: Writing, ring: KeyRing, talk: Conversation, *, message_id: str, wamid: str) -> None:
    """Keeps Meta's id of a message: a token to find it by, and the id itself sealed, since a phone number
    stands in it.
    """
    sealed = ring.column_key(talk.wrapped, talk.contact_id).seal(wamid, "messages", "wamid", row=message_id)
    tx.do("learn_wamid", id=message_id, token=ring.blind("wamid", wamid), wamid=sealed)


def wamid_of(db: Reading, ring: KeyRing, message_id: str) -> str:
    """Meta's id of a message, or nothing when it has none or its words are gone."""
    row = db.one("message_by_id", id=message_id)
    key = _key_of(ring, row) if row else None
    return key.open(row["wamid"], "messages", "wamid", row=message_id) if row and row["wamid"] and key else ""


def said(db: Reading, ring: KeyRing, message_id: str) -> Outgoing | None:
    """What is to be sent; None when the guest was erased."""
    row = db.one("message_by_id", id=message_id)
    text = _opened(ring, row) if row else ""
    return msgspec.json.decode(text, type=Outgoing) if text else None


def heard(db: Reading, ring: KeyRing, message_id: str) -> Heard | None:
    """What came in; None when it is gone."""
    row = db.one("message_by_id", id=message_id)
    text = _opened(ring, row) if row and row["direction"] == "in" else ""
    return msgspec.json.decode(text, type=Heard) if text else None


def message_of(db: Reading, ring: KeyRing, wamid: str) -> Row | None:
    """The archive's row of a message that Meta knows by this id, without its words."""
    return db.one("message_by_wamid", token=ring.blind("wamid", wamid)) if wamid else None


def thread(db: Reading, ring: KeyRing, conversation_id: str) -> list[Said]:
    """All that was said in a conversation, oldest first."""
    rows = db.all("messages_of_conversation", conversation_id=conversation_id, most=MOST_SHOWN)
    return [_shown(ring, row) for row in rows]


def page(db: Reading, ring: KeyRing, conversation_id: str, *, before: str, most: int) -> list[Said]:
    """The newest messages of a conversation, or the newest before one of them; the newest first."""
    rows = db.all("messages_before", conversation_id=conversation_id, before=before, most=most)
    return [_shown(ring, row) for row in rows]


def newest(db: Reading, ring: KeyRing, conversation_id: str) -> Said | None:
    """What was said last."""
    row = db.one("newest_message", conversation_id=conversation_id)
    return _shown(ring, row) if row else None


def newest_heard(db: Reading, ring: KeyRing, conversation_id: str) -> Said | None:
    """What the guest said last."""
    row = db.one("newest_heard", conversation_id=conversation_id)
    return _shown(ring, row) if row else None


def _shown(ring: KeyRing, row: Row) -> Said:
    text = _opened(ring, row)
    kind: Any = Heard if row["direction"] == "in" else Outgoing
    plain = ("id", "direction", "kind", "why", "request_id", "answers", "receipt", "state", "reason")
    return Said(
        **{name: row[name] for name in plain},
        by=row["by_user"],
        at=clock.from_text(row["at"]),
        receipt_at=clock.from_text(row["receipt_at"]) if row["receipt_at"] else None,
        content=msgspec.json.decode(text, type=kind) if text else None,
    )


def _known_id(db: Reading, ring: KeyRing, wamid: str) -> str:
    row = message_of(db, ring, wamid)
    return str(row["id"]) if row else ""


def _write(
    tx: Writing, ring: KeyRing, talk: Conversation, message_id: str, *, body: str, **fields: Any
) -> None:
    key = ring.column_key(talk.wrapped, talk.contact_id)
    told = {"why": "", "request_id": None, "about": "", **fields}
    tx.do(
        "add_message",
        id=message_id,
        conversation_id=talk.id,
        contact_id=talk.contact_id,
        body=key.seal(body, "messages", "body", row=message_id),
        **told,
    )


# -- seals and tokens --------------------------------------------------------------------------------
def _key_of(ring: KeyRing, row: Row) -> ColumnKey | SystemKey | None:
    if row["contact_id"] is not None and row["wrapped"] is None:
        return None
    return ring.column_key(row["wrapped"], row["contact_id"])


def _opened(ring: KeyRing, row: Row) -> str:
    key = _key_of(ring, row)
    return key.open(row["body"], "messages", "body", row=str(row["id"])) if key and row["body"] else ""


def _sealed_address(ring: KeyRing, contact: Contact | None, sender: Sender, conversation_id: str) -> bytes:
    key = ring.column_key(contact.wrapped if contact else None, contact.id if contact else None)
    text = msgspec.json.encode(sender).decode()
    return key.seal(text, "conversations", "address", row=conversation_id)


def _readdress(tx: Writing, ring: KeyRing, talk: Conversation, sender: Sender) -> Conversation:
    contact = contacts.load_contact(tx, talk.contact_id) if talk.contact_id else None
    tx.do("readdress_conversation", id=talk.id, address=_sealed_address(ring, contact, sender, talk.id))
    _remember(tx, ring, talk.id, sender, number_id=talk.number_id)
    return load(tx, talk.id)


def _reseal(tx: Writing, ring: KeyRing, talk: Conversation, contact: Contact) -> None:
    tx.do(
        "readdress_conversation",
        id=talk.id,
        address=_sealed_address(ring, contact, address(ring, talk), talk.id),
    )
    new = ring.column_key(contact.wrapped, contact.id)
    for row in tx.all("messages_of_conversation", conversation_id=talk.id, most=ALL):
        key, message_id = _key_of(ring, row), str(row["id"])
        if key is None:
            continue
        columns = {}
        for column in ("body", "wamid"):
            text = key.open(row[column], "messages", column, row=message_id) if row[column] else ""
            columns[column] = new.seal(text, "messages", column, row=message_id) if text else None
        tx.do("reseal_message", id=message_id, contact_id=contact.id, **columns)


def _tokens(ring: KeyRing, sender: Sender) -> list[tuple[str, str]]:
    told = (("wa_id", contacts.phone_digits(sender.wa_id)), ("bsuid", sender.user_id))
    return [(kind, ring.blind(f"conversation-{kind}", value)) for kind, value in told if value]


def _remember(tx: Writing, ring: KeyRing, conversation_id: str, sender: Sender, *, number_id: str) -> None:
    for kind, token in _tokens(ring, sender):
        tx.do(
            "remember_conversation",
            number_id=number_id,
            kind=kind,
            token=token,
            conversation_id=conversation_id,
        )


def _dialled(phone: str) -> str:
    """A phone as WhatsApp takes it; only the last digits are no number."""
    digits = contacts.phone_digits(phone)
    return digits if len(digits) >= 7 and phone.strip().startswith(("+", "00")) else ""
