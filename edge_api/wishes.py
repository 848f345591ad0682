"""What a guest asks for, checked against what the house offers, and made into a command.

It writes nothing but what an instant service changes about the stay.
"""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from edge_api import agreements, board, callers, offers
from edge_api.board import Words
from edge_api.callers import Guest
from edge_api.offers import Mistake, Offer
from edge_api.requests import Ask, Via
from edge_api.streams import AUTOMATIC
from guestlink import catalogue
from guestlink.arrivals import plain_words
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import Refused
from guestlink.language import N_
from guestlink.records import Property

NOT_OFFERED: Final = N_("This cannot be asked for now.")
SAY_WHAT: Final = N_("Please tell us what you need.")
NO_SUCH_CODE: Final = N_("We don't know this code.")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest sends. `key` is made once for each wish, so that it is asked once however often sent."""

    key: str
    service: str = ""
    fields: dict[str, str] = {}
    note: str = ""
    secret: str = ""
    language: str = ""

    def __repr__(self) -> str:
        return "Asked(hidden)"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody of the house took it down; `urgent` also what the service says nothing of."""

    via: Via = ""
    urgent: bool = False


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An `Asked` that was read: the service by language, the words to seal, and what is wrong with them."""

    asked: Asked
    versions: Mapping[str, Offer]
    original: str = ""
    language: str
    words: Words
    mistakes: tuple[Mistake, ...] = ()

    @property
    def offer(self) -> Offer | None:
        return self.versions.get(self.original)


BY_THEMSELVES: Final = Taken()


class _Rules(msgspec.Struct):
    """Of the whole content, the names of codes that texts may tell of."""

    reveal: dict[str, msgspec.Raw] = {}


def cleaned(asked: Asked) -> Asked:
    """The same without characters that nobody sees, and without fields in which nothing was said."""
    fields = {name: text for name, value in asked.fields.items() if (text := plain_words(value))}
    return msgspec.structs.replace(asked, fields=fields, note=plain_words(asked.note))


def read(db: Reading, guest: Guest, asked: Asked) -> Wish:
    """The wish in the words of the house and of the guest, with every mistake in it."""
    versions = board.offers(db, guest.house, asked.service) if asked.service else {}
    wanted = asked.language or guest.stay.language
    note_too_long = [] if len(asked.note) <= offers.LONGEST_NOTE else [_too_long()]
    if not versions:
        return Wish(
            asked=asked,
            versions=versions,
            language=guest.stay.language,
            words=Words(note=asked.note),
            mistakes=(*_of_no_service(db, guest, asked), *note_too_long),
        )
    original = board.original(guest.house, versions)
    language = board.worded_for(wanted, guest.house, versions)
    kept, mistakes = offers.checked_fields(versions, asked.fields, original=original, days=guest.days)
    if guest.phase not in versions[original].phases:
        mistakes.append(Mistake(field="service", message=NOT_OFFERED))
    if asked.secret:  # it is not sealed, so it is one of ours or nothing; a service has none
        mistakes.append(Mistake(field="secret", message=NO_SUCH_CODE))
    return Wish(
        asked=asked,
        versions=versions,
        original=original,
        language=language,
        words=Words(kept, offers.said(versions[language], versions[original], kept), asked.note),
        mistakes=(*mistakes, *note_too_long),
    )


def command(
    tx: Writing, ring: KeyRing, guest: Guest, wish: Wish, *, request_id: str, taken: Taken = BY_THEMSELVES
) -> Ask:
    """The command; price and title are those of this moment, the words are sealed."""
    offer, asked = wish.offer, wish.asked
    key = ring.guest_key(guest.contact.wrapped, guest.contact.id)
    text = msgspec.json.encode(wish.words).decode() if wish.words != Words() else ""
    made = Ask(
        stay_id=guest.stay.id,
        contact_id=guest.contact.id,
        unit_id=callers.unit_of(tx, guest),
        language=wish.language,
        service=asked.service,
        title=wish.versions[wish.language].title if offer else "",
        secret=asked.secret,
        urgent=taken.urgent or bool(asked.secret) or bool(offer and offer.urgent),
        price=offer.price if offer else None,
        per=offer.per if offer else "",
        currency=guest.house.currency if offer and offer.price is not None else "",
        words=board.sealed(key, text, "words", request_id=request_id),
        via=taken.via,
    )
    return _at_once(tx, ring, guest, offer, made=made) if offer else made


def _at_once(tx: Writing, ring: KeyRing, guest: Guest, offer: Offer, *, made: Ask) -> Ask:
    """Promises what needs no person; what cannot be, such as a night in a taken room, waits for one."""
    local = guest.at.astimezone(ZoneInfo(guest.house.zone))
    if not offers.is_answered_at_once(offer, local) or offer.changes == "unit":
        return made
    try:
        change = agreements.agree(
            tx, ring, guest.house, stay=guest.stay, changes=offer.changes, at=guest.at, by=AUTOMATIC
        )
    except Refused:
        return made
    return msgspec.structs.replace(made, at_once=True, change=change)


def _of_no_service(db: Reading, guest: Guest, asked: Asked) -> list[Mistake]:
    if asked.service:
        return [Mistake(field="service", message=NOT_OFFERED)]
    if asked.secret:
        is_known = guest.phase != "departed" and asked.secret in _known_secrets(db, guest.house)
        return [] if is_known else [Mistake(field="secret", message=NO_SUCH_CODE)]
    return [] if asked.note else [Mistake(field="note", message=SAY_WHAT)]


def _known_secrets(db: Reading, house: Property) -> set[str]:
    """Names of codes: those that have a value and those that the host's files tell of."""
    body = catalogue.last_content(db, house)
    told_of = msgspec.json.decode(body, type=_Rules).reveal if body else {}
    return {str(row["name"]) for row in db.all("secret_names", property_id=house.id)} | set(told_of)


def _too_long() -> Mistake:
    return Mistake(field="note", message=offers.TOO_LONG, values={"most": offers.LONGEST_NOTE})
