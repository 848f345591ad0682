"""Routes of the house for what lasts: stays, their links, guests, services, houses and units. Routes only.

Looking is for staff; what changes a stay or a guest, and a guest's link, for managers and hosts.
"""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final, Literal

from litestar import Response, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from edge_api import amendments, registers
from edge_api.amendments import ContactChange, NewCompanion, NewStay, Readiness, StayChange
from edge_api.counters import NEVER_STORED, Asking, HouseCounter, answered, sent
from edge_api.openapi import told
from edge_api.registers import MOST, Wanted
from edge_api.shapes import ContactShown, Links, People, Properties, PropertyShown, Services, Stays, StayShown
from guestlink import companions
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.records import Phase

House = Annotated[str, QueryParameter(description="The short name of a house.")]
Day = Annotated[date | None, QueryParameter(description="A date of the house.")]
CHANGED: Final = (404, 409, 413, 415, 422)
NIGHTS: Final = [{"unit": "room-1", "from_on": "2030-05-04", "until_on": "2030-05-07"}]
NEW_STAY: Final = {
    "property": "harbour-house",
    "uid": "desk-1207",
    "nights": NIGHTS,
    "guest": {"name": "Ana Lindqvist", "email": "ana@example.com"},
}


def host_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    return [
        *_stays(counter),
        *_changed_stays(counter),
        *_companions(counter),
        *_contacts(counter),
        *_houses(counter),
    ]


def _stays(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @get(
        "/stays",
        sync_to_thread=True,
        **told("Stays, by arrival.", name="listStays", gives={200: (Stays, None)}),
    )
    def every(
        request: Asking,
        *,
        property: House = "",  # noqa: A002 - as callers write it
        on: Day = None,
        from_on: Day = None,
        until_on: Day = None,
        phase: Annotated[Phase | Literal[""], QueryParameter(description="Where they stand now.")] = "",
        named: Annotated[str, QueryParameter(description="A reference, stay code, id or unit.")] = "",
        after: Annotated[str, QueryParameter(description="The `next` of the page before.")] = "",
        most: Annotated[int, QueryParameter(ge=1, le=MOST)] = 50,
    ) -> Response[bytes]:
        caller = counter.caller(request)
        wanted = Wanted(
            property=property,
            on=on,
            from_on=from_on,
            until_on=until_on,
            phase=phase,
            named=named,
            after=after,
            most=most,
        )
        at = counter.at()
        return answered(
            counter.told(lambda db, ring: registers.stays_wanted(db, ring, caller.id, wanted, at=at))
        )

    @get(
        "/stays/{stay_id:str}",
        sync_to_thread=True,
        **told("One stay.", name="getStay", gives={200: (StayShown, None)}, refuses=(404,)),
    )
    def one(request: Asking, stay_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)

        def look(db: Reading, ring: KeyRing) -> StayShown:
            stay = registers.stay_of(db, caller.id, stay_id)
            return registers.stay_shown(db, ring, stay, at=counter.at())

        return answered(counter.told(look))

    @get(
        "/stays/{stay_id:str}/links",
        sync_to_thread=True,
        **told(
            "The guests' links, made at this moment; the journal keeps who looked.",
            name="getLinks",
            gives={200: (Links, None)},
            refuses=(404,),
        ),
    )
    def links(request: Asking, stay_id: FromPath[str]) -> Response[bytes]:
        caller, public_url = counter.caller(request, "manager"), counter.holdings.settings.public_url

        def look(tx: Writing, ring: KeyRing) -> Links:
            stay = registers.stay_of(tx, caller.id, stay_id)
            amendments.note_links_shown(tx, stay, at=counter.at(), by=caller.by)
            return registers.links_of(tx, ring, stay, public_url=public_url)

        return answered(counter.done(look))

    return [every, one, links]


def _changed_stays(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @post(
        "/stays",
        sync_to_thread=True,
        **told(
            "A new stay; one with this `uid` is answered as it is.",
            name="addStay",
            takes=NewStay,
            sends=NEW_STAY,
            gives={201: (StayShown, None), 200: (StayShown, None)},
            refuses=CHANGED,
        ),
    )
    def add(request: Asking, body: RawBody) -> Response[bytes]:
        caller, draft = counter.caller(request, "manager"), sent(request, body, NewStay)

        def verb(tx: Writing, ring: KeyRing) -> tuple[StayShown, bool]:
            house = registers.property_named(tx, caller.id, draft.property)
            stay, is_new = amendments.add(tx, ring, house, draft, at=counter.at(), by=caller.by)
            return registers.stay_shown(tx, ring, stay, at=counter.at()), is_new

        shown, is_new = counter.done(verb)
        return answered(shown, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    @patch(
        "/stays/{stay_id:str}",
        sync_to_thread=True,
        **told(
            "Other dates, another unit, agreed times, a cancellation; the sent link goes on.",
            name="changeStay",
            takes=StayChange,
            sends={"check_out": "13:00"},
            gives={200: (StayShown, None)},
            refuses=CHANGED,
        ),
    )
    def change(request: Asking, stay_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, wanted = counter.caller(request, "manager"), sent(request, body, StayChange)

        def verb(tx: Writing, ring: KeyRing) -> StayShown:
            stay = registers.stay_of(tx, caller.id, stay_id)
            stay = amendments.change(tx, ring, stay, wanted, at=counter.at(), by=caller.by)
            return registers.stay_shown(tx, ring, stay, at=counter.at())

        return answered(counter.done(verb))

    @put(
        "/stays/{stay_id:str}/readiness",
        sync_to_thread=True,
        **told(
            "The room is ready, or it is not after all.",
            name="setReadiness",
            takes=Readiness,
            sends={"is_ready": True},
            gives={200: (StayShown, None)},
            refuses=CHANGED,
        ),
    )
    def ready(request: Asking, stay_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, wanted = counter.caller(request), sent(request, body, Readiness)

        def verb(tx: Writing, ring: KeyRing) -> StayShown:
            stay = registers.stay_of(tx, caller.id, stay_id)
            stay = amendments.set_ready(tx, ring, stay, wanted.is_ready, at=counter.at(), by=caller.by)
            return registers.stay_shown(tx, ring, stay, at=counter.at())

        return answered(counter.done(verb))

    return [add, change, ready]


def _companions(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @post(
        "/stays/{stay_id:str}/companions",
        sync_to_thread=True,
        **told(
            "One more person of a stay, with a link of their own.",
            name="addCompanion",
            takes=NewCompanion,
            sends={"name": "Tomas Arrieta", "phone": "+1 555 0142"},
            gives={201: (ContactShown, None)},
            refuses=CHANGED,
        ),
    )
    def add(request: Asking, stay_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, person = counter.caller(request, "manager"), sent(request, body, NewCompanion)

        def verb(tx: Writing, ring: KeyRing) -> ContactShown:
            stay = registers.stay_of(tx, caller.id, stay_id)
            added = amendments.add_companion(tx, ring, stay, person, at=counter.at(), by=caller.by)
            return registers.contact_shown(tx, ring, added)

        return answered(counter.done(verb), HTTPStatus.CREATED)

    @delete(
        "/stays/{stay_id:str}/companions/{contact_id:str}",
        status_code=HTTPStatus.OK,  # so that Litestar lets us answer by ourselves: 204
        sync_to_thread=True,
        **told(
            "Takes a companion off a stay; their link ends, the others go on.",
            name="removeCompanion",
            gives={204: (None, None)},
            refuses=(404, 409),
        ),
    )
    def remove(request: Asking, stay_id: FromPath[str], contact_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request, "manager")

        def verb(tx: Writing, _: KeyRing) -> None:
            stay = registers.stay_of(tx, caller.id, stay_id)
            companion = registers.companion_of(tx, stay, contact_id)
            companions.remove_companion(tx, stay, companion, at=counter.at(), by=caller.by)

        counter.done(verb)
        return Response(b"", status_code=HTTPStatus.NO_CONTENT, headers=NEVER_STORED)

    return [add, remove]


def _contacts(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @get(
        "/contacts/{contact_id:str}",
        sync_to_thread=True,
        **told("A guest in clear.", name="getContact", gives={200: (ContactShown, None)}, refuses=(404,)),
    )
    def one(request: Asking, contact_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)

        def look(db: Reading, ring: KeyRing) -> ContactShown:
            return registers.contact_shown(db, ring, registers.contact_of(db, caller.id, contact_id))

        return answered(counter.told(look))

    @patch(
        "/contacts/{contact_id:str}",
        sync_to_thread=True,
        **told(
            "Another name, number or address, or what they agreed to; pages with the name follow.",
            name="changeContact",
            takes=ContactChange,
            sends={"name": "Ana Lindqvist", "opt_in": {"how": "at the desk", "words": "yes, by WhatsApp"}},
            gives={200: (ContactShown, None)},
            refuses=CHANGED,
        ),
    )
    def change(request: Asking, contact_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, wanted = counter.caller(request, "manager"), sent(request, body, ContactChange)

        def verb(tx: Writing, ring: KeyRing) -> ContactShown:
            contact = registers.contact_of(tx, caller.id, contact_id)
            changed = amendments.change_guest(tx, ring, contact, wanted, at=counter.at(), by=caller.by)
            return registers.contact_shown(tx, ring, changed)

        return answered(counter.done(verb))

    return [one, change]


def _houses(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @get(
        "/properties",
        sync_to_thread=True,
        **told("The houses that the token reaches.", name="listProperties", gives={200: (Properties, None)}),
    )
    def every(request: Asking) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(counter.told(lambda db, _: registers.properties(db, caller.id)))

    @get(
        "/properties/{slug:str}",
        sync_to_thread=True,
        **told(
            "One house with its units.",
            name="getProperty",
            gives={200: (PropertyShown, None)},
            refuses=(404,),
        ),
    )
    def one(request: Asking, slug: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(counter.told(lambda db, _: registers.property_shown(db, caller.id, slug)))

    @get(
        "/services",
        sync_to_thread=True,
        **told(
            "What can be asked for, by house.",
            name="listServices",
            gives={200: (Services, None)},
        ),
    )
    def services(
        request: Asking,
        *,
        property: House = "",  # noqa: A002 - as callers write it
        language: Annotated[str, QueryParameter(description="Such as `en`.")] = "",
    ) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(
            counter.told(
                lambda db, _: registers.services(db, caller.id, property=property, language=language)
            )
        )

    @get(
        "/people",
        sync_to_thread=True,
        **told(
            "Who runs the houses, and who is on duty now.", name="listPeople", gives={200: (People, None)}
        ),
    )
    def people(request: Asking) -> Response[bytes]:
        caller, at = counter.caller(request), counter.at()
        return answered(counter.told(lambda db, ring: registers.people(db, ring, caller.id, at=at)))

    return [every, one, services, people]
