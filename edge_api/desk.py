"""Routes of the house for whoever stands at the desk: all about one stay, a first word to its guests, and
answers ready to be sent.
"""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from edge_api import answer_texts, beginnings, phrases, registers, stay_card
from edge_api.answer_texts import Answers, Wanted
from edge_api.beginnings import Rules, Spoken
from edge_api.counters import Asking, HouseCounter, answered, language_of, sent
from edge_api.journey.texts import Shelf
from edge_api.openapi import told
from edge_api.stay_card import StayCard
from edge_api.tokens import houses
from guestlink import records
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.records import Stay


class Beginning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom of a stay somebody wants to write to, and by which channel."""

    contact_id: str
    channel: Spoken


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a conversation."""

    id: str


def desk_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    shelf = Shelf()
    return [*_stays(counter, shelf), *_answers(counter, shelf)]


def _stays(counter: HouseCounter, shelf: Shelf) -> list[HTTPRouteHandler]:
    speaks = phrases.channels(counter.holdings.settings)

    def rules(db: Reading, stay: Stay, language: str) -> Rules:
        book = shelf.book(db, records.house_by_id(db, stay.property_id))
        return Rules(speaks, book.content.off_platform, counter.holdings.words(language))

    @get(
        "/stays/{stay_id:str}/card",
        sync_to_thread=True,
        **told(
            "A stay with its guests, requests and conversations, and what may be asked for it now, in the "
            "language of Accept-Language.",
            name="getStayCard",
            gives={200: (StayCard, None)},
            refuses=(404,),
        ),
    )
    def one(request: Asking, stay_id: FromPath[str]) -> Response[bytes]:
        caller, language, at = counter.caller(request), language_of(request), counter.at()

        def look(db: Reading, ring: KeyRing) -> StayCard:
            stay = registers.stay_of(db, caller.id, stay_id)
            return stay_card.card(db, ring, stay, language=language, rules=rules(db, stay, language), at=at)

        return answered(counter.told(look))

    @post(
        "/stays/{stay_id:str}/conversations",
        status_code=200,
        sync_to_thread=True,
        **told(
            "The conversation with a guest of the stay, begun if there is none; nothing is sent yet.",
            name="beginConversation",
            takes=Beginning,
            sends={"contact_id": "01a203df-e148-7c92-8119-6773653d612b", "channel": "email"},
            gives={200: (Begun, None)},
            refuses=(404, 409, 413, 415, 422),
        ),
    )
    def begin(request: Asking, stay_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, wanted = counter.caller(request), sent(request, body, Beginning)
        language, voice = language_of(request), counter.voice()
        assert voice is not None

        def verb(tx: Writing, _: KeyRing) -> Begun:
            stay = registers.stay_of(tx, caller.id, stay_id)
            talk = beginnings.begin(
                tx,
                voice,
                stay,
                wanted.contact_id,
                channel=wanted.channel,
                rules=rules(tx, stay, language),
                at=counter.at(),
                by=caller.by,
            )
            return Begun(id=talk.id)

        return answered(counter.done(verb))

    return [one, begin]


def _answers(counter: HouseCounter, shelf: Shelf) -> list[HTTPRouteHandler]:
    @get(
        "/answers",
        sync_to_thread=True,
        **told(
            "Answers that are sent again and again, filled for a stay; titles are in the language of "
            "Accept-Language.",
            name="listAnswers",
            gives={200: (Answers, None)},
            refuses=(404,),
        ),
    )
    def every(
        request: Asking,
        *,
        property: Annotated[str, QueryParameter(description="The short name of a house.")] = "",  # noqa: A002
        language: Annotated[str, QueryParameter(description="The guest's, such as `en`.")] = "",
        stay: Annotated[str, QueryParameter(description="The id of a stay; its house counts.")] = "",
        contact: Annotated[str, QueryParameter(description="The id of a guest of the stay.")] = "",
    ) -> Response[bytes]:
        caller, reader = counter.caller(request), language_of(request)

        def look(db: Reading, ring: KeyRing) -> Answers:
            known = registers.stay_of(db, caller.id, stay) if stay else None
            wanted = Wanted(stay=known, contact_id=contact, tongue=language, reader=reader)
            if known:
                found = [records.house_by_id(db, known.property_id)]
            else:
                found = (
                    [registers.property_named(db, caller.id, property)] if property else houses(db, caller.id)
                )
            books = [shelf.book(db, house) for house in found]
            return Answers(
                answers=tuple(each for book in books for each in answer_texts.answers(db, ring, book, wanted))
            )

        return answered(counter.told(look))

    return [every]
