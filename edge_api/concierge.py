"""What becomes of a guest's message: a request, an answer from the house's texts, a question, or a person.

A request is made at once only where one service is clearly meant and lacks nothing; a mere question never
makes one. Everything that is not understood goes to somebody of the house.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from edge_api import board, calls, correspondence, front_desk, phrases, understanding
from edge_api.callers import Guest
from edge_api.correspondence import Conversation
from edge_api.messages import ASIDES, GuestLinkOf, Heard, Outgoing, shortened
from edge_api.offers import Field, Offer
from edge_api.phrases import Voice
from edge_api.streams import AUTOMATIC
from edge_api.understanding import Index, Match, Understanding
from edge_api.wishes import Asked
from guestlink import clock, language, records
from guestlink.catalogue import Entry
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, Refused, TooMany
from guestlink.language import N_, Catalogue
from guestlink.records import Property

MOST_ROWS: Final = 9  # of a list, with one row left for "something else"
MEANT: Final = 3  # so many guesses are offered
LONGEST_NOTE: Final = 900
FRIENDLY: Final = frozenset("👍🙏❤♥💛💚💙😊☺🙂😀😃😄😁😉🥰😍😘🤗👌👏✌🎉🏻🏼🏽🏾🏿\ufe0f ")
COURTESIES: Final = frozenset({"greeting", "menu", "thanks", "yes", "no"})
ANSWERED_LATELY: Final = timedelta(minutes=30)
PROMISED_LATELY: Final = timedelta(hours=1)
TOKEN: Final = re.compile(r"\[\[[a-z0-9-]+\]\]")
KINDS: Final[Mapping[str, str]] = {
    "image": N_("a photo"),
    "video": N_("a video"),
    "audio": N_("a voice message"),
    "document": N_("a document"),
    "sticker": N_("a sticker"),
    "location": N_("a place on the map"),
    "contacts": N_("a contact"),
}
SOMETHING: Final = N_("something that cannot be shown here")
FREE: Final = N_("free")
NOT_NOW: Final = N_("This cannot be asked for now.")
TOO_MUCH: Final = N_("That is a lot at once. Please wait a little, or call the house.")


class Talker(msgspec.Struct, frozen=True, kw_only=True):
    """A guest who writes: which conversation and stay, in which words we answer, what they said."""

    voice: Voice
    talk: Conversation
    guest: Guest
    words: Catalogue
    link: GuestLinkOf
    heard: Heard
    message_id: str
    at: datetime

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.guest.stay.language, self.guest.house.default_language)))


class _Section(msgspec.Struct, frozen=True):
    """Of a section, what an answer needs."""

    title: str = ""
    summary: str = ""
    text: str = ""
    units: tuple[str, ...] = ()
    only_if: str = ""
    secrets: tuple[str, ...] = ()


def hear(tx: Writing, talker: Talker) -> str:
    """Answers a guest's message, or passes it on; returns what happened, for the inbox's row."""
    heard = talker.heard
    if heard.kind in ASIDES:
        return _aside(tx, talker)
    if heard.choice:
        return _chosen(tx, talker)
    if not heard.text:
        return _pass_on(tx, talker, talker.words.text(KINDS.get(heard.kind, SOMETHING)))
    if heard.media or heard.place:
        return _pass_on(tx, talker, heard.text)
    return _read(tx, talker, heard.text)


def hear_beside(tx: Writing, talker: Talker) -> str:
    """The same for a message that brought them something to read already: mere courtesy needs no more; empty
    then.
    """
    heard = talker.heard
    is_mere_text = bool(heard.text) and not heard.choice and not heard.media
    return "" if is_mere_text and _is_courteous(tx, talker) else hear(tx, talker)


def _is_courteous(db: Reading, talker: Talker) -> bool:
    index = index_of(db, talker.guest.house)
    meant = understanding.understand(talker.heard.text, index, languages=talker.languages)
    return meant.intent in COURTESIES


def _aside(tx: Writing, talker: Talker) -> str:
    """Words that were changed afterwards ask for nothing again; a person reads what they say now."""
    if talker.heard.kind != "edit" or not talker.heard.text or _is_courteous(tx, talker):
        return "noticed"
    return _pass_on(tx, talker, talker.heard.text)


def read_again(tx: Writing, talker: Talker, text: str) -> str:
    """The same for words that waited until we knew which stay they are about."""
    return _read(tx, talker, text)


# -- words -------------------------------------------------------------------------------------------
def _read(tx: Writing, talker: Talker, text: str) -> str:
    if set(text) <= FRIENDLY:
        return "noticed"
    index = index_of(tx, talker.guest.house)
    meant = understanding.understand(text, index, languages=talker.languages)
    match meant.intent:
        case "greeting" | "menu":
            return _menu(tx, talker)
        case "thanks" | "yes" | "no":
            return f"understood as {meant.intent}"
        case "subject":
            return _subject(tx, talker, text, meant)
    return _pass_on(tx, talker, text)


def _subject(tx: Writing, talker: Talker, text: str, meant: Understanding) -> str:
    services = [each for each in meant.matches if each.kind == "service" and _offer(tx, talker, each.key)]
    sections = [each for each in meant.matches if each.kind == "section" and _section(tx, talker, each.key)]
    sure = [each for each in services if each.is_sure]
    if len(sure) == 1 and meant.is_sure and not meant.is_question:
        return _ask(tx, talker, sure[0].key, given=_values(tx, talker, sure[0].key, text), note=text)
    if sections and (meant.is_question or not services or sections[0].score > services[0].score):
        return _answer(tx, talker, sections[0], is_all=not meant.has_more, quote=text)
    if services and meant.is_question:
        return _tell_of_service(tx, talker, services[0])
    if services:
        return _which(tx, talker, services)
    return _pass_on(tx, talker, text)


def _which(tx: Writing, talker: Talker, services: Sequence[Match]) -> str:
    rows = [
        (f"ask:{each.key}", offer.title)
        for each in services[:MEANT]
        if (offer := _offer(tx, talker, each.key))
    ]
    _reply(tx, talker, phrases.which_one(talker.words, rows), why="several things may be meant")
    return "asked what is meant"


def _answer(tx: Writing, talker: Talker, match: Match, *, is_all: bool, quote: str) -> str:
    """What the house's text says. A person hears of it, too, when a trouble was told or more than that."""
    section = _section(tx, talker, match.key)
    assert section is not None
    text = section.summary if section.secrets else TOKEN.sub("", section.text)
    link = msgspec.structs.replace(talker.link, anchor=match.key)
    is_promised = not is_all and _hand_over(tx, talker, quote)
    said = phrases.answer(talker.words, section.title, text, link, is_passed_on=is_promised)
    _reply(tx, talker, said, why="the house's text says it")
    return "answered from the text" if is_all else "answered from the text, and passed on"


def _tell_of_service(tx: Writing, talker: Talker, match: Match) -> str:
    """A question about a service: what the house says of it, and the button that asks for it."""
    offer = _offer(tx, talker, match.key)
    assert offer is not None
    row = tx.one(
        "catalogue_entry",
        property_id=talker.guest.house.id,
        language=offer.language,
        kind="service",
        key=match.key,
    )
    text = msgspec.json.decode(row["body"], type=_Section).text if row else ""
    price = _price(talker, offer)
    said = phrases.of_service(
        talker.words, offer.title, price, TOKEN.sub("", text), payload=f"ask:{match.key}"
    )
    _reply(tx, talker, said, why="the house's text says it")
    return "told of a service"


def welcome(tx: Writing, talker: Talker) -> str:
    """To who said no more than which stay it is about."""
    return _menu(tx, talker)


def _menu(tx: Writing, talker: Talker) -> str:
    rows = [
        (f"ask:{offer.key}", offer.title, _price(talker, offer)) for offer in _offers(tx, talker)[:MOST_ROWS]
    ]
    _reply(tx, talker, phrases.menu(talker.words, rows, talker.link), why="what there is")
    return "showed what there is"


def _pass_on(tx: Writing, talker: Talker, quote: str) -> str:
    if _hand_over(tx, talker, quote):
        over = talker.guest.phase == "departed"
        said = phrases.stay_is_over(talker.words) if over else phrases.passed_on(talker.words)
        _reply(tx, talker, said, why="a person has to answer")
    return "passed on"


def _hand_over(tx: Writing, talker: Talker, quote: str) -> bool:
    """To somebody of the house; whether the guest is to hear of it: once, and not while a person answers."""
    talk = calls.pass_on(
        tx,
        talker.voice,
        talker.talk,
        message_id=talker.message_id,
        quote=quote,
        house=talker.guest.house,
        at=talker.at,
    )
    answered = tx.one("last_who_answered", conversation_id=talk.id, why=calls.ANSWERS)
    is_attended = answered is not None and clock.from_text(answered["at"]) > talker.at - ANSWERED_LATELY
    is_promised = talk.greeted_at is not None and talk.greeted_at > talker.at - PROMISED_LATELY
    if is_attended or is_promised:
        return False
    correspondence.mark(tx, talk, greeted_at=talker.at)
    return True


# -- taps --------------------------------------------------------------------------------------------
def _chosen(tx: Writing, talker: Talker) -> str:
    verb, _, rest = talker.heard.choice.partition(":")
    origin = _origin(tx, talker)
    match verb:
        case "ask":
            key, _, fields = rest.partition(":")
            given = {**_values(tx, talker, key, origin), **_given(tx, talker, key, fields)}
            return _ask(tx, talker, key, given=given, note=origin)
        case "take-back":
            return _take_back(tx, talker, rest)
        case "menu":
            return _menu(tx, talker)
        case "human":
            return _pass_on(tx, talker, origin or talker.heard.text)
    return _pass_on(tx, talker, talker.heard.text)


def _origin(db: Reading, talker: Talker) -> str:
    """The guest's own words at the beginning of a chain of questions."""
    row = correspondence.message_of(db, talker.voice.ring, talker.heard.answers)
    for _ in range(8):
        if row is None or not row["answers"]:
            return ""
        first = correspondence.heard(db, talker.voice.ring, str(row["answers"]))
        if first is None:
            return ""
        if first.text and not first.choice:
            return first.text
        row = correspondence.message_of(db, talker.voice.ring, first.answers)
    return ""


def _take_back(tx: Writing, talker: Talker, request_id: str) -> str:
    try:
        with tx.attempt():
            shown = front_desk.cancel(
                tx,
                talker.voice.ring,
                talker.guest.link.id,
                request_id,
                version=None,
                at=talker.at,
                words=talker.words,
                voice=talker.voice,
            )
    except (Refused, InvalidFields) as error:
        why = talker.words.text(phrases.TOO_LATE) if isinstance(error, Refused) else error.message
        _reply(tx, talker, phrases.problem(talker.words, "", why, talker.link), why="too late")
        return "could not be taken back"
    _reply(
        tx, talker, phrases.taken_back(talker.words, shown.title or talker.words.text(phrases.YOUR_REQUEST))
    )
    return "taken back"


# -- requests ----------------------------------------------------------------------------------------
def _ask(tx: Writing, talker: Talker, key: str, *, given: Mapping[str, str], note: str) -> str:
    """Makes the request, or asks for the first thing that is still missing."""
    offer, original = _offer(tx, talker, key), _original(tx, talker, key)
    if offer is None or original is None:
        _reply(tx, talker, phrases.problem(talker.words, "", talker.words.text(NOT_NOW), talker.link))
        return "not offered now"
    missing = [
        number for number, field in enumerate(original.fields) if field.required and field.name not in given
    ]
    if missing:
        return _ask_for_field(tx, talker, offer, original=original, missing=missing, given=given)
    asked = Asked(
        key=f"wa-{talker.message_id}",
        service=key,
        fields=dict(given),
        note=shortened(note, LONGEST_NOTE),
        language=talker.guest.stay.language,
    )
    try:
        with tx.attempt():
            answered = front_desk.ask(
                tx,
                talker.voice.ring,
                talker.guest.link.id,
                asked,
                at=talker.at,
                words=talker.words,
                voice=talker.voice,
            )
    except (InvalidFields, TooMany, Refused) as error:
        why = talker.words.text(TOO_MUCH) if isinstance(error, TooMany) else error.message
        _reply(
            tx, talker, phrases.problem(talker.words, offer.title, why, talker.link), why="cannot be asked"
        )
        return "could not be asked"
    is_arranged = answered.request.state == "accepted"
    say = phrases.arranged if is_arranged else phrases.asked
    what = answered.request.title
    _reply(
        tx,
        talker,
        say(talker.words, what, answered.request.id),
        why="a request was made",
        request_id=answered.request.id,
    )
    return "arranged" if is_arranged else "asked"


def _ask_for_field(
    tx: Writing,
    talker: Talker,
    offer: Offer,
    *,
    original: Offer,
    missing: Sequence[int],
    given: Mapping[str, str],
) -> str:
    """One question with ready answers where there are few; else the form on the guest's page."""
    if not all(_answers_of(original.fields[number]) for number in missing):
        _reply(tx, talker, phrases.fill_in(talker.words, offer.title, talker.link), why="details are missing")
        return "sent to the form"
    number = missing[0]
    shown = offer.fields[number] if number < len(offer.fields) else original.fields[number]
    so_far = _encoded(original, given)
    rows = [
        (f"ask:{offer.key}:{','.join([*so_far, f'{number}={index}'])}", title)
        for index, title in _titles(original.fields[number], shown)
    ]
    said = phrases.choose(talker.words, offer.title, shown.label, rows)
    _reply(tx, talker, said, why="details are missing")
    return "asked for details"


def _answers_of(field: Field) -> bool:
    if field.kind == "choice":
        return 0 < len(field.choices) <= MOST_ROWS + 1
    return field.kind == "number" and 0 <= field.high - field.low <= MOST_ROWS


def _titles(field: Field, shown: Field) -> list[tuple[int, str]]:
    if field.kind == "number":
        return [(number, str(number)) for number in range(field.low, field.high + 1)]
    choices = shown.choices if len(shown.choices) == len(field.choices) else field.choices
    return list(enumerate(choices))


def _encoded(original: Offer, given: Mapping[str, str]) -> list[str]:
    """What is known so far, short enough for a row's payload: field by number, choice by number."""
    parts = []
    for number, field in enumerate(original.fields):
        value = given.get(field.name, "")
        if field.kind == "choice" and value in field.choices:
            parts.append(f"{number}={field.choices.index(value)}")
        elif field.kind == "number" and value.isdecimal():
            parts.append(f"{number}={value}")
    return parts


def _given(db: Reading, talker: Talker, key: str, text: str) -> dict[str, str]:
    """The opposite of `_encoded`; what does not fit any more, since the file was edited, is left out."""
    original, given = _original(db, talker, key), {}
    for part in text.split(",") if original else ():
        number, _, value = part.partition("=")
        if not (number.isdecimal() and value.isdecimal() and original and int(number) < len(original.fields)):
            continue
        field = original.fields[int(number)]
        if field.kind == "number":
            given[field.name] = value
        elif field.kind == "choice" and int(value) < len(field.choices):
            given[field.name] = field.choices[int(value)]
    return given


def _values(db: Reading, talker: Talker, key: str, text: str) -> dict[str, str]:
    """What the guest's words say already of the fields."""
    offer, original = _offer(db, talker, key), _original(db, talker, key)
    if not text or offer is None or original is None:
        return {}
    today = talker.guest.today
    said = understanding.values_for(text, original.fields, today=today)
    for shown, field in zip(offer.fields, original.fields, strict=False):
        found = understanding.values_for(text, (shown,), today=today).get(shown.name, "")
        if found in shown.choices and len(shown.choices) == len(field.choices):
            said[field.name] = field.choices[shown.choices.index(found)]
    return said


# -- what the house offers ---------------------------------------------------------------------------
def _offers(db: Reading, talker: Talker) -> list[Offer]:
    """Services of this phase of the stay in the guest's language, in the house's order."""
    rows = db.all("catalogue_of_kind", property_id=talker.guest.house.id, kind="service")
    keys = dict.fromkeys(
        str(row["key"]) for row in sorted(rows, key=lambda row: msgspec.json.decode(row["body"], type=_Order))
    )
    found = [_offer(db, talker, key) for key in keys]
    return [offer for offer in found if offer]


class _Order(msgspec.Struct, order=True, frozen=True):
    order: int = 0
    key: str = ""


def _offer(db: Reading, talker: Talker, key: str) -> Offer | None:
    """A service in the guest's language, if it may be asked for at this time of the stay."""
    versions = board.offers(db, talker.guest.house, key)
    if not versions:
        return None
    offer = versions[board.worded_for(talker.guest.stay.language, talker.guest.house, versions)]
    original = versions[board.original(talker.guest.house, versions)]
    return offer if talker.guest.phase in original.phases else None


def _original(db: Reading, talker: Talker, key: str) -> Offer | None:
    versions = board.offers(db, talker.guest.house, key)
    return versions[board.original(talker.guest.house, versions)] if versions else None


def _section(db: Reading, talker: Talker, key: str) -> _Section | None:
    """A section in the guest's language, if it is one for this guest."""
    rows = db.all("catalogue_of_key", property_id=talker.guest.house.id, kind="section", key=key)
    versions = {str(row["language"]): msgspec.json.decode(row["body"], type=_Section) for row in rows}
    if not versions:
        return None
    tag = board.worded_for(talker.guest.stay.language, talker.guest.house, versions)
    section = versions[tag]
    rooms = {part.unit for part in records.periods(db, talker.guest.stay)}
    is_theirs = not section.units or bool(rooms & set(section.units))
    return section if is_theirs and _holds(section.only_if, talker.guest.stay) else None


def _holds(condition: str, stay: records.Stay) -> bool:
    """Whether a section for some guests is for these; what cannot be told from the stay is on the page."""
    return not condition or {"children": stay.children > 0, "pets": stay.pets > 0}.get(condition, False)


def _price(talker: Talker, offer: Offer) -> str:
    if offer.price is None:
        return ""
    if offer.price == 0:
        return talker.words.text(FREE)
    return language.format_money(offer.price, talker.guest.house.currency, talker.words.language)


def index_of(db: Reading, house: Property) -> Index:
    """What the house's texts and services are called, made ready for matching; kept while they stay equal."""
    rows = [
        row
        for kind in ("section", "service")
        for row in db.all("catalogue_of_kind", property_id=house.id, kind=kind)
    ]
    return _index(tuple(msgspec.convert(rows, list[Entry])))


@lru_cache(maxsize=64)
def _index(entries: tuple[Entry, ...]) -> Index:
    return understanding.prepare(understanding.subjects_of(entries))


def _reply(
    tx: Writing, talker: Talker, said: Outgoing, *, why: str = "answers the guest", request_id: str = ""
) -> None:
    correspondence.say(
        tx,
        talker.voice.ring,
        talker.talk,
        said,
        at=talker.at,
        by=AUTOMATIC,
        why=why,
        request_id=request_id or None,
        stay_id=talker.guest.stay.id,
        answers=talker.message_id,
    )
