"""Routes of the house for whoever stands at the desk: all about one stay, and answers ready to be sent."""

from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from edge_api import answer_texts, registers, stay_card
from edge_api.answer_texts import Answers, Wanted
from edge_api.counters import Asking, HouseCounter, answered, language_of
from edge_api.journey.texts import Shelf
from edge_api.openapi import told
from edge_api.stay_card import StayCard
from edge_api.tokens import houses
from guestlink import records
from guestlink.crypto import KeyRing
from guestlink.database import Reading


def desk_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    shelf = Shelf()

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
            return stay_card.card(db, ring, stay, language=language, at=at)

        return answered(counter.told(look))

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

    return [one, every]
